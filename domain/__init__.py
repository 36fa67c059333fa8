"""The upload: its stages, events and invariants. Knows no HTTP, no queue and no database driver."""
