"""The collector's gate: may this record be kept, whole, in part, sealed, or not at all?

The rules of this file. `decide` is pure: orders, facts and times in, one decision out; it does not raise, write or read
a clock. Checks run in the fixed order parse, LIID and order known, order state, time, target, direction, kind and
scope; the first failure decides and all failures are listed, each with its rule. What no check allows is refused. It
believes nothing of the carrier's: only the court orders that the agency itself received count (R-073).

An emergency use that lapsed (R-037, R-038) gives nothing from its end on, and what was stamped before that and arrives
after it is set apart for legal review (R-041).

Duplicates and gaps are settled before, by `verify.py`; octets are withheld after, by `mask.py`; why a decision was made
is told by `explain.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from collector.facts import RecordFacts
from collector.gate_scope import TARGET_MISMATCH, TARGET_OK, TARGET_UNKNOWN, CinState, advance, check_scope
from mediation.law.exigent import End, exigency_of, lapse_us, lapsed, lapsed_period, late_approval, use_ends
from mediation.law.orders import CourtOrder, OrderState, PrttDirection, Service, Target, TargetKind, Window
from mediation.law.rules import RULE_OF
from mediation.law.settings import DEFAULTS
from mediation.law.verdicts import Reason, Verdict, VerdictKind

_BULK_TAGS: Final = {Service.DATA: 2, Service.VOICE: 12}
"""CCContents alternatives by service: iPCC[2], iPMMCC[12] (TS 102 232-1, Payload)."""


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """What holds for the records of one link. The 200 ms and 8 s come from sources nobody here has read in full
    (`settings.PROVENANCE`, C9), hence configuration.

    `skew_us`: R-098, R-099. `skew_hard_us`: beyond it a record is set apart. `late_us`: R-096. `cii_wait_us`: how long
    content may come before its signalling (R-097). `mediation_stamps`: whether stamps made at mediation only count.
    """

    skew_us: int = DEFAULTS.skew_us
    skew_hard_us: int = DEFAULTS.skew_hard_us
    late_us: int = DEFAULTS.cii_within_us
    cii_wait_us: int = DEFAULTS.cii_within_us
    mediation_stamps: bool = False


class Decision(NamedTuple):
    """`order` is the one that authorises the record, or that was tried (None: no order for the LIID). `cin` is what
    the communication's state becomes. `also` are the other orders that would cover the record (R-025)."""

    verdict: Verdict
    order: CourtOrder | None
    cin: CinState
    also: tuple[CourtOrder, ...] = ()


EVENT_STAMPS: Final = frozenset({None, "unknown", "timeOfInterception"})
"""Qualifiers of stamps that may be the event's own time (R-003); the column gate takes the same ones."""

ORDERLY: Final = frozenset({OrderState.ISSUED, OrderState.ACTIVE})
"""States in which an order's window alone says when it holds (R-027)."""

_ENDED: Final = {
    OrderState.REVOKED: Reason.ORDER_REVOKED,
    OrderState.LAPSED: Reason.ORDER_LAPSED,
    OrderState.TERMINATED: Reason.ORDER_EXPIRED,
}
_COVERS: Final = frozenset({VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED, VerdictKind.MASK})
_RANK: Final = {
    VerdictKind.ACCEPT: 5,
    VerdictKind.ACCEPT_FLAGGED: 4,
    VerdictKind.MASK: 3,
    VerdictKind.QUARANTINE: 2,
    VerdictKind.REJECT: 1,
}


def decide(
    orders: tuple[CourtOrder, ...],
    facts: RecordFacts,
    link: LinkPolicy,
    cin: CinState,
    flags: tuple[Reason, ...] = (),
) -> Decision:
    """The decision on one record. `orders` are the current versions that name its LIID; `flags` are what verification
    found (OUT_OF_ORDER, GAP_DETECTED): they flag, they never refuse."""
    if not orders:
        return Decision(_verdict(VerdictKind.REJECT, [Reason.NO_ORDER]), None, cin)
    if len(orders) == 1:
        only = _judge(orders[0], facts, link, _seen_by(orders[0], cin), flags, False)
        return Decision(only.verdict, only.order, _for_all(orders, facts, cin, only.cin))
    decisions = [_judge(order, facts, link, _seen_by(order, cin), flags, _doubtful(orders, cin)) for order in orders]
    # the order that authorises most of the record has it; between equals the first named.
    best = max(decisions, key=lambda one: _RANK[one.verdict.kind])
    also = tuple(one.order for one in decisions if one.order and one is not best and one.verdict.kind in _COVERS)
    return best._replace(also=also, cin=_for_all(orders, facts, cin, best.cin))


def unreadable(orders: tuple[CourtOrder, ...]) -> Decision:
    """R-100: a record that cannot be decoded, of a LIID with an order, is kept sealed; without one, nothing is kept. It
    may be content, so a pen register keeps nothing of it, and a warrant beside it does (R-025)."""
    if not orders:
        return Decision(_verdict(VerdictKind.REJECT, [Reason.PARSE_ERROR, Reason.NO_ORDER]), None, CinState())
    order = next((one for one in orders if not one.kind.metadata_only), orders[0])
    kind = VerdictKind.REJECT if order.kind.metadata_only else VerdictKind.QUARANTINE
    return Decision(_verdict(kind, [Reason.PARSE_ERROR]), order, CinState())


def bulk_terms(order: CourtOrder) -> tuple[int, int, int] | None:
    """What the column gate may accept under this order without looking further: window and mask of CCContents
    alternatives. None when the order takes no content, or a device's alone, has ended otherwise than by its window, or
    may lapse: then the time of arrival counts too (R-041), which columns do not look at."""
    if order.kind.metadata_only or order.kind.for_device or order.state in _ENDED or order.state is OrderState.DRAFT:
        return None
    if lapsed_period(order) is not None:
        return None
    window = order.effective_window
    mask = 0
    for service, tag in _BULK_TAGS.items():
        if service in order.services:
            mask |= 1 << tag
    return window.start_us, window.end_us, mask


def _verdict(kind: VerdictKind, reasons: list[Reason]) -> Verdict:
    return _verdict_of(kind, tuple(reasons))


@lru_cache(1024)
def _verdict_of(kind: VerdictKind, reasons: tuple[Reason, ...]) -> Verdict:
    found = tuple(dict.fromkeys(reasons)) or (Reason.OK,)
    return Verdict(kind, found, tuple(RULE_OF[reason] for reason in found if reason in RULE_OF))


class _Terms(NamedTuple):
    """What follows from an order alone, whatever the record."""

    order: CourtOrder
    window: Window
    targets: frozenset[Target]
    metadata_only: bool
    exigent: bool


_KNOWN: Final[dict[int, _Terms]] = {}
_MOST_KNOWN: Final = 65_536


def _terms(order: CourtOrder) -> _Terms:
    """Worked out once for each order. Found again by the very object, which the terms themselves hold, so that no other
    can have taken its place; an order never changes."""
    found = _KNOWN.get(id(order))
    if found is None:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        kind = order.kind
        found = _Terms(order, order.effective_window, frozenset(order.targets), kind.metadata_only, kind.exigent)
        _KNOWN[id(order)] = found
    return found


def _seen_by(order: CourtOrder, cin: CinState) -> CinState:
    """R-022: whether a target of this order takes part. That one of another order on the LIID does, or one that this
    order named in an earlier version, says nothing for it."""
    if cin.target != TARGET_OK or cin.taking_part is None or not cin.taking_part.isdisjoint(_terms(order).targets):
        return cin
    return cin._replace(target=TARGET_MISMATCH)


def _doubtful(orders: tuple[CourtOrder, ...], cin: CinState) -> bool:
    """Whether a target takes part and nobody can tell any more whose of several orders."""
    alike = len({frozenset(order.targets) for order in orders}) == 1
    return cin.target == TARGET_OK and cin.taking_part is None and not alike


def _for_all(orders: tuple[CourtOrder, ...], facts: RecordFacts, before: CinState, best: CinState) -> CinState:
    """What the communication's state becomes, for every order on the LIID. Records that name no communication are none:
    no one of them lends its target to another. An opening record of others under a CIN that a target had takes the CIN
    away from the target: what follows is theirs (R-022, R-122)."""
    if facts.unplaced:
        return before
    target, taking_part = before.target, before.taking_part
    if facts.kind == "iri" and facts.parties_known and target != TARGET_MISMATCH:
        named = _named(orders, facts.parties)
        if target == TARGET_UNKNOWN:
            target, taking_part = (TARGET_OK, named) if named else (TARGET_MISMATCH, None)
        elif facts.iri_type == "begin" and not named:
            target, taking_part = TARGET_MISMATCH, None
        elif taking_part is not None and not named <= taking_part:
            taking_part |= named
    if target == best.target and taking_part is best.taking_part:
        return best
    return best._replace(target=target, taking_part=taking_part)


def _named(orders: tuple[CourtOrder, ...], parties: frozenset[Target]) -> frozenset[Target]:
    """Those of the parties that any of the orders names."""
    if len(orders) == 1:
        return parties & _terms(orders[0]).targets
    return parties & frozenset().union(*(_terms(order).targets for order in orders))


def _judge(
    order: CourtOrder,
    facts: RecordFacts,
    link: LinkPolicy,
    cin: CinState,
    flags: tuple[Reason, ...],
    doubtful: bool,
) -> Decision:
    terms = _terms(order)
    refusals: list[Reason] = []
    raised: list[Reason] = list(flags)
    apart: list[Reason] = []
    masks: list[Reason] = []
    refusals += _state(order)
    refusals += _time(terms, facts, link, raised, apart)
    after = cin
    if facts.kind in ("iri", "cc"):
        cin = advance(cin, facts)
        after = _target(terms, facts, link, cin, refusals, raised, apart)
        if doubtful and facts.kind == "cc":
            apart.append(Reason.TARGET_MISMATCH)
        if terms.metadata_only:
            refusals += _direction(terms, facts, after)
            apart += _area(terms, facts, after)
        check_scope(order, facts, after, refusals, apart, masks, raised)
    elif facts.kind == "hi1":
        masks += [_hidden(order)] if terms.metadata_only and facts.content else []
    else:
        (refusals if terms.metadata_only else apart).append(_hidden(order))
    kind, reasons = VerdictKind.ACCEPT, raised
    if refusals or (apart and masks):
        # Setting apart keeps all octets, sealed; what an order withholds is kept in no form.
        kind, reasons = VerdictKind.REJECT, [*refusals, *apart, *masks, *raised]
    elif apart:
        kind, reasons = VerdictKind.QUARANTINE, [*apart, *masks, *raised]
    elif masks:
        kind, reasons = VerdictKind.MASK, [*masks, *raised]
    elif raised:
        kind = VerdictKind.ACCEPT_FLAGGED
    return Decision(_verdict(kind, reasons), order, after)


def _hidden(order: CourtOrder) -> Reason:
    """Encrypted and unknown payloads: under a pen register they may hide content, else they cannot be judged."""
    return Reason.SCOPE_CONTENT_ON_PRTT if order.kind.metadata_only else Reason.PARSE_ERROR


def _state(order: CourtOrder) -> list[Reason]:
    """R-027, R-028. A revocation, or an end by the objective attained, that carries its time is judged by that time, so
    that what was stamped before stays. So is the lapse of an emergency use; any other lapse ends all of it (R-037)."""
    if order.state in ORDERLY:
        return []
    if order.state is OrderState.DRAFT:
        return [Reason.NO_ORDER]
    if order.state is OrderState.LAPSED and order.kind.exigent:
        return []
    ended = _ENDED.get(order.state)
    own_time_us = {
        OrderState.REVOKED: order.revoked_at_us,
        OrderState.TERMINATED: order.objective_attained_at_us,
    }.get(order.state)
    return [ended] if ended is not None and own_time_us is None else []


def _time(
    terms: _Terms, facts: RecordFacts, link: LinkPolicy, raised: list[Reason], apart: list[Reason]
) -> list[Reason]:
    """R-002, R-003, R-009, R-019, R-033 to R-043 on event time; R-096, R-098, R-099 flag."""
    order, window, event_us = terms.order, terms.window, facts.event_us
    for stamp_us in facts.stamps_us:
        if terms.exigent and _set_apart(order, stamp_us, facts.arrival_us):
            apart.append(Reason.ORDER_LAPSED)
        elif not window.contains(stamp_us):
            return _outside(order, window, stamp_us)
    if event_us is None:
        if facts.arrival_us + link.skew_hard_us < window.start_us:
            # Whenever it happened, it was before it came.
            return [Reason.ORDER_NOT_STARTED]
        apart.append(Reason.NO_EVENT_TIME)
        return []
    mediated = facts.qualifier == "timeOfMediation" and link.mediation_stamps
    if facts.qualifier not in EVENT_STAMPS and not mediated:
        raised.append(Reason.NO_EVENT_TIME)
    if terms.exigent and _set_apart(order, event_us, facts.arrival_us):
        apart.append(Reason.ORDER_LAPSED)
    elif not window.contains(event_us):
        return _outside(order, window, event_us)
    ahead = event_us - facts.arrival_us
    if ahead > link.skew_hard_us:
        apart.append(Reason.CLOCK_SKEW)
    elif ahead > link.skew_us or event_us - window.start_us < link.skew_us or window.end_us - event_us <= link.skew_us:
        raised.append(Reason.CLOCK_SKEW)
    if -ahead > link.late_us:
        raised.append(Reason.LATE_DELIVERY)
    return []


def _set_apart(order: CourtOrder, event_us: int, arrival_us: int) -> bool:
    """R-041, R-042: whether the record was stamped in a use that has lapsed before it arrived."""
    period = lapsed_period(order)
    if period is None:
        return order.state is OrderState.LAPSED and order.effective_window.contains(event_us)
    over = order.state is OrderState.LAPSED or lapse_us(order) is None or lapsed(order, arrival_us)
    return over and period.contains(event_us)


def _outside(order: CourtOrder, window: Window, event_us: int) -> list[Reason]:
    """R-002, R-019, R-037 to R-043: why the order does not cover this time."""
    exigency = exigency_of(order)
    if event_us < window.start_us:
        late = late_approval(order) and exigency is not None and event_us >= exigency.activated_at_us
        return [Reason.EXIGENT_WINDOW_CLOSED, Reason.ORDER_LAPSED] if late else [Reason.ORDER_NOT_STARTED]
    found: list[Reason] = []
    ended = [one.end for one in use_ends(order) if event_us >= one.at_us]
    if any(end is not End.TEMPORARY for end in ended):
        found += [Reason.EXIGENT_WINDOW_CLOSED, Reason.ORDER_LAPSED]
    if order.revoked_at_us is not None and event_us >= order.revoked_at_us:
        found.append(Reason.ORDER_REVOKED)
    return found or [Reason.ORDER_EXPIRED]


def _target(
    terms: _Terms,
    facts: RecordFacts,
    link: LinkPolicy,
    cin: CinState,
    refusals: list[Reason],
    raised: list[Reason],
    apart: list[Reason],
) -> CinState:
    """R-021, R-022. IRI establishes whether the target takes part; CC inherits it."""
    targets = terms.targets
    if facts.kind == "iri":
        if not facts.parties_known:
            known = cin.target == TARGET_OK
            if facts.inherits and cin.target == TARGET_MISMATCH:
                refusals.append(Reason.TARGET_MISMATCH)
            elif not known and not facts.inherits:
                (refusals if terms.metadata_only else apart).append(_hidden(terms.order))
            return cin
        taking_part = not targets.isdisjoint(facts.parties)
        originates = cin.target_originates
        if facts.opens and taking_part:
            originates = not targets.isdisjoint(facts.originators)
        if not taking_part:
            refusals.append(Reason.TARGET_MISMATCH)
        if cin.target == TARGET_UNKNOWN:
            cin = cin._replace(target=TARGET_OK if taking_part else TARGET_MISMATCH)
        return cin if originates is cin.target_originates else cin._replace(target_originates=originates)
    if facts.unplaced:
        # content that belongs to no communication has nobody's signalling to say whose it is.
        apart.append(Reason.PARSE_ERROR)
        return cin
    if cin.target == TARGET_MISMATCH:
        refusals.append(Reason.TARGET_MISMATCH)
    elif cin.target == TARGET_UNKNOWN:
        first_us = facts.event_us if cin.first_cc_us is None else cin.first_cc_us
        if first_us is not None and facts.arrival_us - first_us > link.cii_wait_us:
            raised.append(Reason.CII_LATE)
    if cin.first_cc_us is None and facts.event_us is not None:
        cin = cin._replace(first_cc_us=facts.event_us)
    return cin


def _direction(terms: _Terms, facts: RecordFacts, cin: CinState) -> list[Reason]:
    """R-023: the communication's direction, once known, holds for all its records, but for the one by which the target
    redirects it: that is an act of the target's own, and a pen register's."""
    order = terms.order
    if not terms.metadata_only or order.direction is PrttDirection.BOTH or facts.administrative:
        return []
    originates = cin.target_originates if cin.target_originates is not None else facts.target_sends
    if originates is None:
        originates = not terms.targets.isdisjoint(facts.originators)
    wanted = order.direction is PrttDirection.PEN
    return [] if (originates or facts.redirects) == wanted else [Reason.DIRECTION_NOT_AUTHORISED]


def _area(terms: _Terms, facts: RecordFacts, cin: CinState) -> list[Reason]:
    """R-024: who calls the target of a trap and trace from outside its geographic limits is set apart. The other party
    is the same in every record of the communication, whichever way it went."""
    order = terms.order
    if not terms.metadata_only or not order.trap_area or not facts.parties_known:
        return []
    originates = cin.target_originates if cin.target_originates is not None else facts.target_sends
    if originates is not False:
        return []
    callers = {one.value for one in facts.parties - terms.targets if one.kind is TargetKind.E164}
    return [] if any(caller.startswith(tuple(order.trap_area)) for caller in callers) else [Reason.GEOGRAPHIC_LIMIT]
