"""The server process: granian, its background tasks, and how it stops."""
