"""The witness: a process of its own, best of another user or elsewhere, that remembers what the collector signed."""
