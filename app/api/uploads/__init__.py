"""The resource /api/uploads: submit, retry and cancel."""
