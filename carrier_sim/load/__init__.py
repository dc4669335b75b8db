"""The load generator: content of many streams, as fast as a collector or a mediation function can be asked to take it.

`packets` makes media packets from a seed, `streams` puts them into handover records (TS 102 232) or X3 PDUs
(TS 103 221-2), `profile` says what a load is made of, `sender` puts it on sockets.
"""
