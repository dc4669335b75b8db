"""SHARED and pure: RFC 6962 Merkle tree, signed checkpoints, proofs, the audit chain. No clock, no I/O."""
