"""Work on uploads outside the pipeline: erasure, retention, bulk actions and the sweeper of the object storage."""
