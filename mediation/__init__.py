"""Between carrier and law.

`law`, `ledger` and `runtime` are shared by every process. The rest (admf, intake, scope, convert, sequence,
delivery, service) is the mediation function itself and is imported by `lab` alone.
"""
