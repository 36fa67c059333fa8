"""The work: runs of the pipeline, the queue that starts them, and upkeep."""
