"""The signer: a process of its own that holds the signing key, for who takes the collector does not take it."""
