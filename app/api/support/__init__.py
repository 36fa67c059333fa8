"""The resource /api/support: staff find uploads, see what happened to them, and help."""
