"""One module a stage: bytes in, bytes and facts out."""
