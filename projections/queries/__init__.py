"""Questions about uploads, each answered by one module with its SQL. Writes nothing."""
