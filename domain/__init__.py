"""What an upload is: its stages, its events, its invariants. Knows no HTTP, no queue and no driver."""
