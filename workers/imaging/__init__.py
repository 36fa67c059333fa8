"""Pictures, opened and made in a child process with a memory and a time limit. Knows no upload and no storage."""
