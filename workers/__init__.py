"""What gets done: the runs of the pipeline, one stage after the other."""
