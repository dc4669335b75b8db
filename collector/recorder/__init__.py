"""Covert recorders' link: recordings under a warrant come in here, judged like everything else (R-162, ADR 0038)."""
