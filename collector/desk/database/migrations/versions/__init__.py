"""One module a version, named by its number; each is as it was when it was released and never changed."""
