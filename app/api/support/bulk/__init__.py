"""Staff help many: one action on all uploads of a search, after a dry run."""
