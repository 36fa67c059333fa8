"""The HTTP contract: controllers, bodies and the one table of errors."""
