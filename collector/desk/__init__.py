"""The desk: who may do what, on whose word, and every attempt at it, in a signed ledger of its own."""
