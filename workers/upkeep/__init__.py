"""Work on uploads outside the pipeline: erasure."""
