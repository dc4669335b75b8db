"""`calea-lab bench`: how much a collector takes, with every record gated, signed and durable.

`profiles` says what is sent, `records` encodes it, `schedule` says when, `generator` is the process that sends,
`collector` the process that is measured, `run` the two together, `ledger` whether every record is accounted for.
"""
