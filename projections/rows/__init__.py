"""The read model: turns events into the rows of `uploads` and `results`, and is their only writer."""
