"""Decoders that other people wrote, judging what this stack emits: `make oracles`.

`corpus` gathers records (what the real pieces emit in memory, and every golden vector), each oracle judges those it
knows, `matrix` counts and writes docs/fidelity.md. Test code: no package of the product imports it. Published ASN.1 and
XML schemas are somebody else's text and never committed: they come with packages of the registries, or from a
directory given with `--modules`.
"""
