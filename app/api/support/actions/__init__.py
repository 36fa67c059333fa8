"""Staff help: what they do to one upload."""
