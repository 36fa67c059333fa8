"""Who Darkroom is measured beside: each a server process of its own, with the same rows and the same token check."""
