"""Staff find uploads."""
