"""The pages for the browser."""
