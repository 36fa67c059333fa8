"""Readers of the log that send data to other services."""
