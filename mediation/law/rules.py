"""The numbered rules that code enforces so far: what each says, where it comes from, which reason it gives.

Statements are ours; sources carry the marks of the rules list (S1 the collection system's policy, V text read, M from
memory and unverified, D our design). `RULE_OF` names the rule behind each reason a gate may give.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from mediation.law.verdicts import Reason


class Rule(NamedTuple):
    number: str
    statement: str
    source: str


_RULES: Final = (
    Rule("R-001", "An order is of one of the six kinds; anything else is refused at entry.", "S1, S0"),
    Rule("R-002", "An order covers its start and everything before its end, not the end itself.", "D"),
    Rule("R-003", "The time of the event decides, never the time of arrival.", "D"),
    Rule("R-004", "A call that runs past the end of its order is cut there: later content is refused.",
         "S1; V CPL 700.35(2)"),
    Rule("R-005", "A pen register or trap and trace lasts at most 60 days.", "S1; V CPL 705.25(1)"),
    Rule("R-006", "An eavesdropping warrant lasts at most 30 days.", "S1; V CPL 700.10(2)"),
    Rule("R-009", "An eavesdropping warrant ends when its objective is attained.", "S1; V CPL 700.30(7)"),
    Rule("R-019", "A revoked order covers nothing from its revocation on.", "D"),
    Rule("R-020", "An order names at least one target.", "S1; V CPL 705.20(3)(d), 700.30(3)"),
    Rule("R-021", "Numbers are compared after normalising them to E.164.", "D"),
    Rule("R-022", "A record in which the target takes no part is refused and not kept.", "D from 18 USC 3121(c), S1"),
    Rule("R-023", "A pen register covers what the target originates, a trap and trace what it receives.",
         "S1; V CPL 705.00"),
    Rule("R-024", "Outside the geographic limits of a trap and trace, records are set apart.", "V CPL 705.20(3)(d)"),
    Rule("R-025", "Where several orders could cover a record, the one that does authorises it.", "D"),
    Rule("R-037", "An exigent use whose deadline passed without an order has lapsed.", "S1; V 18 USC 3125(b)"),
    Rule("R-073", "A case that an order does not cover stays closed; nothing is kept without an order.", "S1"),
    Rule("R-090", "Every record is signed, and verified whenever it is read.", "S1"),
    Rule("R-093", "A record delivered again is counted, not kept twice.", "D"),
    Rule("R-094", "Records out of order are kept with their own times.", "D"),
    Rule("R-095", "Missing sequence numbers are reported.", "D"),
    Rule("R-096", "What was stamped inside the order and comes late is accepted and flagged.", "D"),
    Rule("R-097", "Signalling reaches the collector in time; content that comes before it is flagged.",
         "M (47 CFR 1.20007)"),
    Rule("R-098", "Clocks agree to 200 milliseconds; beyond, a record is flagged, far beyond set apart.",
         "P, M (unverified)"),
    Rule("R-099", "A record stamped within the clock skew of an edge of the order is flagged for review.", "D"),
    Rule("R-100", "What cannot be read is kept sealed as evidence of delivery, never shown.", "D"),
    Rule("R-101", "What is not known is kept and counted, and withheld where content may hide in it.", "D"),
    Rule("R-110", "A pen register or trap and trace takes no content.", "S1; V 18 USC 3121(c)"),
    Rule("R-111", "Digits dialled after the call is answered are withheld on a pen register.",
         "V 515 F.Supp.2d 325 (summary)"),
    Rule("R-112", "Location is withheld on a pen register unless the order names it.", "M CALEA 103(a)(2)"),
    Rule("R-113", "Of a message, a pen register keeps who, to whom, when, which way and how large.", "S1; I"),
    Rule("R-114", "A subject line is content.", "V 396 F.Supp.2d 45; I"),
    Rule("R-115", "A pen register on a web address yields the visitor's address and the time, nothing else.", "S1; I"),
    Rule("R-116", "A warrant covers the kinds of communication it lists.", "V CPL 700.30(4); S1"),
    Rule("R-117", "Data content needs a warrant that names network traffic.", "S1"),
)  # fmt: skip

RULES: Final[dict[str, Rule]] = {rule.number: rule for rule in _RULES}

RULE_OF: Final[dict[Reason, str]] = {
    Reason.PARSE_ERROR: "R-100",
    Reason.TAMPERED: "R-090",
    Reason.DUPLICATE: "R-093",
    Reason.CASE_UNKNOWN: "R-073",
    Reason.NO_ORDER: "R-073",
    Reason.ORDER_NOT_STARTED: "R-002",
    Reason.ORDER_EXPIRED: "R-002",
    Reason.ORDER_REVOKED: "R-019",
    Reason.ORDER_LAPSED: "R-037",
    Reason.TARGET_MISMATCH: "R-022",
    Reason.DIRECTION_NOT_AUTHORISED: "R-023",
    Reason.SCOPE_CONTENT_ON_PRTT: "R-110",
    Reason.SCOPE_PCTDD: "R-111",
    Reason.SCOPE_LOCATION: "R-112",
    Reason.SCOPE_TYPE_NOT_AUTHORISED: "R-116",
    Reason.LATE_DELIVERY: "R-096",
    Reason.OUT_OF_ORDER: "R-094",
    Reason.GAP_DETECTED: "R-095",
    Reason.CLOCK_SKEW: "R-098",
    Reason.CII_LATE: "R-097",
    Reason.NO_EVENT_TIME: "R-003",
    Reason.GEOGRAPHIC_LIMIT: "R-024",
}


def rule(number: str) -> Rule:
    """The rule of that number. Raises KeyError for one that no code enforces yet."""
    return RULES[number]
