"""Queries about uploads: each module answers one kind, with its SQL. Writes nothing."""
