"""SHARED and pure: orders, windows, scopes, verdicts, reason codes and the numbered rules. No clock, no I/O."""
