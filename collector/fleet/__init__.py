"""Several collectors, one truth: what their shared PostgreSQL holds, and how a collector asks it (ADR 0045)."""
