"""The staff themselves."""
