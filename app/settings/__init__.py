"""Settings from environment variables: their parsers, defaults and checks."""
