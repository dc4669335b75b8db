"""Section A: kinds of orders, their windows, extensions, targets and states."""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.kinds import Rule

ORDERS: Final = (
    Rule("R-001", "An order is of one of the six kinds; anything else is refused at entry.", "S1, S0"),
    Rule("R-002", "An order covers its start and everything before its end, not the end itself.", "D"),
    Rule("R-003", "The time of the event decides, never the time of arrival.", "D"),
    Rule("R-004", "A call that runs past the end of its order is cut there: later content is refused, its record "
         "closed.",
         "S1; V CPL 700.35(2)"),
    Rule("R-005", "A pen register or trap and trace lasts at most 60 days.", "S1; V CPL 705.25(1); V 18 USC 3123"),
    Rule("R-006", "An eavesdropping warrant lasts at most 30 days.", "S1; V CPL 700.10(2); V 18 USC 2518(5)"),
    Rule("R-007", "A New York eavesdropping warrant starts within ten days of its issue.", "V CPL 700.10(2)"),
    Rule("R-008", "Under a federal warrant the thirty days run from the first interception, or from ten days "
         "after entry when that comes first.",
         "M 18 USC 2518(5)"),
    Rule("R-009", "An eavesdropping warrant ends when its objective is attained.", "S1; V CPL 700.30(7)"),
    Rule("R-010", "A warrant that says so ends with the first communication it describes.", "V CPL 700.30(6)"),
    Rule("R-011", "Extending a pen register takes a new sworn application with the same findings, for at most 60 "
         "days.",
         "S1; V CPL 705.25(2)"),
    Rule("R-012", "Extending a warrant is applied for before it ends, for at most 30 days.", "V CPL 700.40"),
    Rule("R-013", "Applying for an extension of a warrant tells the results so far, or why there are none.",
         "V CPL 700.40"),
    Rule("R-014", "An extension in time begins exactly where the period before it ended.", "D"),
    Rule("R-015", "An extension granted after the end leaves a gap in which nothing is taken, nor allowed "
         "afterwards.",
         "D from V CPL 700.40"),
    Rule("R-016", "Extensions are not limited in number; each repeats the findings.", "S1; V CPL 700.40, 705.25"),
    Rule("R-017", "An emergency eavesdropping order is never extended.", "S1"),
    Rule("R-018", "Going on after an emergency eavesdropping order takes an ordinary warrant; it may begin where "
         "the emergency order ended.",
         "D from S1"),
    Rule("R-019", "A revoked order covers nothing from its revocation on.", "D"),
    Rule("R-020", "An order names at least one target.", "S1; V CPL 705.20(3)(d), 700.30(3)"),
    Rule("R-021", "Numbers are compared after normalising them to E.164.", "D"),
    Rule("R-022", "A record in which the target takes no part is refused and not kept.", "D from 18 USC 3121(c), S1"),
    Rule("R-023", "A pen register covers what the target originates, a trap and trace what it receives.",
         "S1; V CPL 705.00"),
    Rule("R-024", "Outside the geographic limits of a trap and trace, records are set apart.",
         "V CPL 705.20(3)(d); V 18 USC 3123(b)(1)(C)"),
    Rule("R-025", "Where several orders could cover a record, the one that does authorises it.", "D"),
    Rule("R-026", "Two agencies with one target have a copy each; neither sees that the other has one.", "D"),
    Rule("R-027", "An order lives through its states in order; none is skipped, but a draft may be revoked.", "D"),
    Rule("R-028", "An order whose papers are not complete stays a draft.", "S1"),
)  # fmt: skip
