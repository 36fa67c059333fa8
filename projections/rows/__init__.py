"""The read model: builds the rows of `uploads` and `results` from events, and is their only writer."""
