"""The read side: the event log on PostgreSQL, its readers, and the queries of the read model."""
