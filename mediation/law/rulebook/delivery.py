"""Section E: integrity of records and the quality of their delivery."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Hold, Rule

DELIVERY: Final = (
    Rule("R-090", "Every record is signed, and verified whenever it is read.", "S1"),
    Rule("R-091", "A stored record cannot be changed; there is only appending.", "V CPL 700.35(3); S1"),
    Rule("R-092", "The audit log is chained; a broken chain stops exports.", "D from S1"),
    Rule("R-093", "A record delivered again is counted, not kept twice; one with the same number and other octets "
         "is set apart together with the first.",
         "D"),
    Rule("R-094", "Records out of order are kept with their own times.", "D"),
    Rule("R-095", "Missing sequence numbers are reported; what comes later closes the gap.", "D", Hold.RECORDED),
    Rule("R-096", "What was stamped inside the order and comes late is accepted and flagged.", "D"),
    Rule("R-097", "Signalling reaches the collector within eight seconds in 95 of 100 cases; content that comes "
         "before it is flagged.",
         "M (47 CFR 1.20007), unverified numbers", Hold.RECORDED),
    Rule("R-098", "Clocks agree to 200 milliseconds; beyond, a record is flagged, far beyond set apart.",
         "P, M (unverified)"),
    Rule("R-099", "A record stamped within the clock skew of an edge of the order is flagged for review.", "D"),
    Rule("R-100", "What cannot be read is kept sealed as evidence of delivery, never shown.", "D"),
    Rule("R-101", "What is not known is kept and counted, and withheld where content may hide in it.", "D"),
)  # fmt: skip
