"""A run of several collectors: their names, what they share, and its own PostgreSQL where it has one."""
