"""What can be read: the event log on PostgreSQL, and everything that follows it."""
