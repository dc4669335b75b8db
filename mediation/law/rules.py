"""All numbered rules, R-001 to R-173 and the separation of duties, and which of them stands behind each reason.

The rows themselves are in `mediation.law.rulebook`, one module a section. `RULE_OF` names the rule behind each reason a
gate may give.
"""

from __future__ import annotations

from typing import Final

from mediation.law.rulebook.access import ACCESS, SEPARATION
from mediation.law.rulebook.closing import CLOSING
from mediation.law.rulebook.delivery import DELIVERY
from mediation.law.rulebook.devices import DEVICES
from mediation.law.rulebook.disclosure import DISCLOSURE
from mediation.law.rulebook.exigent import EXIGENT
from mediation.law.rulebook.kinds import Rule
from mediation.law.rulebook.orders import ORDERS
from mediation.law.rulebook.papers import PAPERS
from mediation.law.rulebook.scope import SCOPE
from mediation.law.verdicts import Reason

_SECTIONS: Final = (
    ORDERS,
    EXIGENT,
    PAPERS,
    ACCESS,
    SEPARATION,
    DELIVERY,
    SCOPE,
    CLOSING,
    DISCLOSURE,
    DEVICES,
)

RULES: Final[dict[str, Rule]] = {rule.number: rule for section in _SECTIONS for rule in section}

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
    Reason.EXIGENT_WINDOW_CLOSED: "R-040",
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
    Reason.MINIMISED: "R-118",
    Reason.PRIVILEGED_HOLD: "R-120",
    Reason.VOIDED: "R-093",
}


def rule(number: str) -> Rule:
    """The rule of that number. Raises KeyError for one that does not exist."""
    return RULES[number]
