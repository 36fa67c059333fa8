"""The photographs that are shipped, and what the tests derive from them."""
