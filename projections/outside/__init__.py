"""Readers of the log that tell other services what happened."""
