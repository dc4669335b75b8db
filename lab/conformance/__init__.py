"""Conformance: each clause a case, with its verdict, what was seen on the wire, and how far the clause is known.

We play the end that is missing: a mediation function towards a LEMF, a LEMF towards a mediation function, ADMF and MDF
towards a network element. A case judges the wire alone; where our own stack is the peer it may look inside as well.
"""
