"""Where accepted records live: segments, commits, recovery, eviction, the SQL index."""
