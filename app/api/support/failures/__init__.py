"""Staff learn: failures in groups, and what was decided about each."""
