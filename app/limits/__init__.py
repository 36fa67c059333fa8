"""Limits on what one client may ask for."""
