"""Staff see what happened to one upload, and how it was at any moment."""
