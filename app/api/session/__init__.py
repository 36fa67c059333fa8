"""The resource /api/session: the session of the token, which its owner can end."""
