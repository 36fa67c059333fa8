"""Signed session tokens and signed links."""
