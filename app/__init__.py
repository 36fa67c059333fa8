"""How it is assembled and served."""
