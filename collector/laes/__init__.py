"""Links of the US dialects (T1.678, PCESP, IAS): call data over TCP or TLS, content as UDP datagrams.

`receive` has the sockets; `lane` judges, with the gate and the tables of the careful lane; `naming`, `announced`,
`resend` and `hold` are what these dialects need besides: calls have names instead of numbers, content is announced by
call data, nothing is numbered, and a datagram may overtake the message that announces it.
"""
