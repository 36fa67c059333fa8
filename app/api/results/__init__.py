"""The resources /api/results and /api/blobs: a result and its preview."""
