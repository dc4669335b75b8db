"""Hostile octets into every decoder: `make fuzz` mutates what is sound, `make fuzz-guided` follows coverage.

What must hold for every input: the decoder returns or raises `DecodeError`, nothing else, within bounded time and
memory; and what the compiled scan makes of a stream is what the interpreted one makes of it, column by column and line
by line. Test code: no package of the product imports it.
"""
