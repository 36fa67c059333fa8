"""The event log on PostgreSQL: append, read in order, follow and notify. Knows no read model."""
