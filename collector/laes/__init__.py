"""Links of the US dialects (T1.678, PCESP, IAS): call data over TCP or TLS, content as UDP datagrams.

`receive` has the sockets; `lane` takes call data, `content` what it announces, `judging` puts both before the gate and
the tables of the careful lane. The rest is what these dialects need besides: calls have names instead of numbers
(`naming`, `names`), content is announced by call data (`announced`), nothing is numbered, so what comes again is told
by its octets (`resend`, `restore`), and a datagram may overtake the message that announces it (`hold`).
"""
