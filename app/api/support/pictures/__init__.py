"""Agents look at the pictures of an upload: recorded, through short links, never cached."""
