"""A backup of the whole service in a folder: the database first, then the objects, then the manifest."""
