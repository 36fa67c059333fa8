"""The service's own PostgreSQL and Valkey, on unix sockets below one data folder. Knows nothing of what they hold."""
