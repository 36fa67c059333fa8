"""Signing in to the console, and out of it."""
