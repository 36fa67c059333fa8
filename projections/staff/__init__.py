"""The people who help: their tokens and roles, and the audit log of what they looked at."""
