"""SHARED and impure: clock, configuration, TLS, logs, metrics, status. Nothing here decides anything."""
