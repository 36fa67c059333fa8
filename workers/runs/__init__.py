"""One run of the pipeline over one upload: its attempt, its stages, and what it stores."""
