"""The event log on PostgreSQL: appending, reading without a gap, following, notifying. Knows no read model."""
