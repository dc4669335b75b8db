"""The checks an order must pass to become one, and the counting of days behind them.

Whoever lets an order in (court, carrier, agency) runs `check_order`; each failure names what is missing or wrong and
the rule that says so. Days are calendar days where the court sits: thirty days from nine in the morning end at nine in
the morning, also across a clock change. Pure: no clock is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from asn1.errors import RefusedError
from mediation.law.court_days import DAY_US, HOUR_US, add_court_days
from mediation.law.exigent import late_approval
from mediation.law.orders import (
    FEDERAL_DAYS,
    FEDERAL_GRACE_DAYS,
    TEMPORARY_WARRANT_HOURS,
    CourtOrder,
    OrderKind,
)

MAX_TARGETS: Final = 64
MAX_EXTENSIONS: Final = 64
MAX_AREAS: Final = 64
MAX_NAMES: Final = 64
MAX_VERSION: Final = (1 << 31) - 1
"""The version is an unsigned 32-bit number in every envelope; half of it is plenty."""
MAX_TIME_US: Final = 253_000_000_000_000_000
"""In the year 9987: far enough, and no calendar arithmetic near it overflows."""

PRTT_DAYS: Final = 60
EAVESDROPPING_DAYS: Final = 30
START_DAYS: Final = 10

_DAYS: Final = {
    OrderKind.PRTT: (PRTT_DAYS, "R-005"),
    OrderKind.EXIGENT_PRTT: (PRTT_DAYS, "R-005"),
    OrderKind.EAVESDROPPING: (EAVESDROPPING_DAYS, "R-006"),
    OrderKind.EXIGENT_EAV_STATE: (EAVESDROPPING_DAYS, "R-006"),
    OrderKind.EXIGENT_EAV_FEDERAL: (EAVESDROPPING_DAYS, "R-006"),
    OrderKind.COVERT_AUDIO_WARRANT: (EAVESDROPPING_DAYS, "R-006"),
}
_NEVER_EXTENDED: Final = (OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AREA: Final = re.compile(r"[0-9]{1,15}")


class DocumentRefusedError(RefusedError):
    """An order that may not be one. `item` is what is missing or wrong, `rule` why it matters."""

    def __init__(self, item: str, rule: str, message: str) -> None:
        super().__init__(f"DOC_MISSING:{item} ({rule}): {message}")
        self.item = item
        self.rule = rule


def latest_end_us(kind: OrderKind, start_us: int, strict_days: bool = False) -> tuple[int, str]:
    """The last end a period of this kind may have, and the rule that says so.

    `strict_days` takes the shorter of calendar days and n times 24 hours (conflict C5).
    """
    days, rule = _DAYS[kind]
    latest_us = add_court_days(start_us, days)
    return (min(latest_us, start_us + days * DAY_US) if strict_days else latest_us), rule


def check_order(order: CourtOrder, strict_days: bool = False) -> None:
    """The entry checks. Raises DocumentRefusedError for the first that fails."""
    _names(order)
    _targets(order)
    _window(order)
    _periods(order, strict_days)
    _issue(order)
    _exigency(order)
    if not order.kind.metadata_only and not order.services:
        raise DocumentRefusedError("services", "R-116", "a warrant lists what it covers: VOICE, SMS, MMS, DATA")


def conflicts(orders: Iterable[CourtOrder], new: CourtOrder) -> tuple[CourtOrder, ...]:
    """R-026: the orders that keep `new` out, being of another agency and on the same LIID. What is delivered under a
    LIID belongs to one agency; two with one target have a LIID and a copy each."""
    return tuple(one for one in orders if one.liid == new.liid and one.agency != new.agency)


def _names(order: CourtOrder) -> None:
    if not 1 <= len(order.liid) <= 25 or not all("\x20" <= letter <= "\x7e" for letter in order.liid):
        raise DocumentRefusedError("liid", "TS 102 232-1 5.2.2", "a LIID has 1 to 25 printable ASCII characters")
    if not _NAME.fullmatch(order.order_id):
        raise DocumentRefusedError(
            "order_id", "R-028", "an order is named by 1 to 64 letters, digits, dots, dashes and underscores"
        )
    lists = {"facilities": order.facilities, "presence": order.presence, "joint_with": order.joint_with}
    if any(len(names) > MAX_NAMES for names in lists.values()):
        raise DocumentRefusedError("presence", "R-028", f"an order names at most {MAX_NAMES} of places or of people")
    named = [(item, name) for item, names in lists.items() for name in sorted(names)]
    for item, text in (("case_id", order.case_id), ("agency", order.agency), *named):
        if not 1 <= len(text) <= 64 or not text.isprintable():
            raise DocumentRefusedError(item, "R-028", "1 to 64 printable characters are needed")
    if not 1 <= order.version <= MAX_VERSION:
        raise DocumentRefusedError("version", "R-028", f"versions are counted from 1 to {MAX_VERSION}")


def _targets(order: CourtOrder) -> None:
    if not order.targets:
        raise DocumentRefusedError("target", "R-020", "the order names nobody to be intercepted")
    if len(order.targets) > MAX_TARGETS:
        raise DocumentRefusedError("target", "R-020", f"an order names at most {MAX_TARGETS} identifiers")
    if len(order.trap_area) > MAX_AREAS or not all(_AREA.fullmatch(area) for area in order.trap_area):
        raise DocumentRefusedError(
            "trap_area", "R-024", f"geographic limits are at most {MAX_AREAS} number prefixes such as 1212"
        )


def _window(order: CourtOrder) -> None:
    window = order.window
    if window.end_us <= window.start_us:
        raise DocumentRefusedError("window", "R-002", "the order ends before it begins")
    if window.start_us < 0 or window.end_us > MAX_TIME_US:
        raise DocumentRefusedError("window", "R-002", "the times are no times of this age")


def _periods(order: CourtOrder, strict_days: bool) -> None:
    """Each period on its own lasts no longer than its kind may (R-005, R-006, R-011, R-012)."""
    window, extensions = order.window, order.extensions_us
    if extensions and order.kind in _NEVER_EXTENDED:
        raise DocumentRefusedError("extensions", "R-017", "an emergency eavesdropping order cannot be extended")
    if len(extensions) > MAX_EXTENSIONS:
        raise DocumentRefusedError("extensions", "R-016", f"at most {MAX_EXTENSIONS} extensions fit one document")
    edges = (window.start_us, *extensions, window.end_us)
    for start_us, end_us in pairwise(edges):
        if end_us <= start_us:
            raise DocumentRefusedError(
                "extensions", "R-014", "extensions begin inside the window, one after the other, each where one ended"
            )
        latest_us, rule = latest_end_us(order.kind, start_us, strict_days)
        if start_us == window.start_us and order.entered_at_us is not None and _counts_from_entry(order):
            latest_us, rule = _latest_federal_end_us(order.entered_at_us, strict_days), "R-008"
        if end_us > latest_us:
            days = _DAYS[order.kind][0]
            what = "an extension" if start_us != window.start_us else "an order"
            raise DocumentRefusedError("window", rule, f"{what} of kind {order.kind} lasts at most {days} days")


def _counts_from_entry(order: CourtOrder) -> bool:
    """R-008 is for warrants that were there before use."""
    return order.federal and not order.kind.metadata_only and not order.kind.exigent


def _latest_federal_end_us(entered_at_us: int, strict_days: bool) -> int:
    """R-008: thirty days from ten days after entry; an earlier first interception cuts it when it is known."""
    begin_us = add_court_days(entered_at_us, FEDERAL_GRACE_DAYS)
    latest_us = add_court_days(begin_us, FEDERAL_DAYS)
    return min(latest_us, begin_us + FEDERAL_DAYS * DAY_US) if strict_days else latest_us


def _issue(order: CourtOrder) -> None:
    """R-007, R-015: an ordinary order begins after its issue; a warrant of the state's within ten days of it."""
    if order.entered_at_us is not None and not order.federal:
        raise DocumentRefusedError("entered_at", "R-008", "only a federal order counts its days from its entry")
    if order.entered_at_us is not None and order.window.start_us < order.entered_at_us and not order.kind.exigent:
        raise DocumentRefusedError("start", "R-008", "a federal order begins when it is entered, or later")
    if order.terminate_on_first and order.kind.metadata_only:
        raise DocumentRefusedError("terminate_on_first", "R-010", "a pen register describes no communication")
    issued_us, start_us = order.issued_at_us, order.window.start_us
    if issued_us is None or order.kind.exigent:
        return
    if start_us < issued_us:
        raise DocumentRefusedError("start", "R-015", "nothing is authorised for the time before the order was issued")
    warrant = not order.kind.metadata_only and not order.federal
    if warrant and start_us > add_court_days(issued_us, START_DAYS):
        raise DocumentRefusedError("start", "R-007", f"a warrant begins within {START_DAYS} days of its issue")


def _exigency(order: CourtOrder) -> None:
    """R-034 to R-043: what an emergency use may say of itself."""
    if order.kind is OrderKind.EXIGENT_EAV_STATE and order.federal:
        raise DocumentRefusedError("jurisdiction", "R-034", "a state emergency warrant is not of a federal court")
    exigency = order.exigent
    if exigency is None:
        return
    if not order.kind.exigent:
        raise DocumentRefusedError("activated_at", "R-036", "only an exigent use is activated before its order")
    start_us, issued_us = order.window.start_us, exigency.order_issued_at_us
    if start_us < exigency.activated_at_us:
        raise DocumentRefusedError("start", "R-036", "nothing was taken before the first activation")
    acts = {
        "denied_at": (exigency.denied_at_us, "R-038"),
        "obtained_at": (exigency.obtained_at_us, "R-039"),
        "exigency_ended_at": (exigency.ended_at_us, "R-040"),
    }
    for item, (at_us, rule) in acts.items():
        if at_us is not None and at_us < exigency.activated_at_us:
            raise DocumentRefusedError(item, rule, "it is before the first activation")
    if late_approval(order) and issued_us is not None and start_us < issued_us:
        raise DocumentRefusedError(
            "order_issued_at", "R-042", "issued after the deadline, it covers only from a start of its own"
        )
    if order.kind is not OrderKind.EXIGENT_EAV_STATE or issued_us is None:
        return
    if order.window.end_us > issued_us + TEMPORARY_WARRANT_HOURS * HOUR_US:
        raise DocumentRefusedError(
            "end", "R-043", f"a temporary warrant ends {TEMPORARY_WARRANT_HOURS} hours after its issue at the latest"
        )
