"""What wraps the whole application: which callers may ask, and what every answer tells a browser."""
