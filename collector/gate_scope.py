"""What of a record a lawful order covers: kinds of communication, and under a pen register each field (R-110 to R-117).

The rules of this file. Only the question "what of it" is answered here; whether there is an order, a time and a target
is the gate's. Pure: it adds to the lists it is given. What it does not know of, it withholds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.facts import COVERT_AUDIO, Digits, RecordFacts
from mediation.law.orders import CourtOrder, Target, TargetKind
from mediation.law.verdicts import Reason

TARGET_UNKNOWN: Final = 0
TARGET_OK: Final = 1
TARGET_MISMATCH: Final = 2

_ADDRESSES: Final = frozenset({TargetKind.IPV4, TargetKind.IPV6})
_VISITS: Final = frozenset({"iPIRIPacketReport", "packetDataHeaderReport", "packetDataSummaryReport"})
"""Reports of packets by their headers, in ETSI's and in the IAS dialect."""


class CinState(NamedTuple):
    """What is known of a communication. `target_originates`: who called whom, from its opening record.
    `first_cc_us`: event time of its first content; `answered_us`: of its answer; None before. `taking_part`: which of
    all targets its signalling named; None where that is not known any more (a restart)."""

    target: int = TARGET_UNKNOWN
    target_originates: bool | None = None
    first_cc_us: int | None = None
    answered_us: int | None = None
    taking_part: frozenset[Target] | None = None


def advance(cin: CinState, facts: RecordFacts) -> CinState:
    """The state as this record leaves it, as far as scope is concerned: the earliest answer counts."""
    if not facts.answers or facts.event_us is None:
        return cin
    if cin.answered_us is not None and cin.answered_us <= facts.event_us:
        return cin
    return cin._replace(answered_us=facts.event_us)


def check_scope(
    order: CourtOrder,
    facts: RecordFacts,
    cin: CinState,
    refusals: list[Reason],
    apart: list[Reason],
    masks: list[Reason],
    raised: list[Reason],
) -> None:
    """R-101, R-110 to R-117. `raised` flags a record that is kept."""
    metadata_only = order.kind.metadata_only
    if facts.unknown_message:
        # kept and counted, but nobody can say what of it is content.
        (masks if metadata_only else raised).append(Reason.PARSE_ERROR)
    if metadata_only:
        _pen_register(order, facts, cin, refusals, masks)
    elif not facts.unknown_message:
        _warrant(order, facts, refusals, apart)


def post_cut_through(facts: RecordFacts, cin: CinState) -> bool:
    """R-111: whether the keys of a record were pressed into an answered call. At the answer's own instant they were,
    and where no answer was seen they are taken to be, but for a code that the network itself acts upon."""
    if facts.digits is Digits.NONE:
        return False
    if facts.digits is Digits.EXTRACTED:
        return True
    if cin.answered_us is None:
        return facts.digits is Digits.KEYED
    return facts.event_us is None or facts.event_us >= cin.answered_us


def _warrant(order: CourtOrder, facts: RecordFacts, refusals: list[Reason], apart: list[Reason]) -> None:
    """R-116, R-117: only what the warrant lists; DATA is network traffic, of which no other word is the authority.
    R-162, R-166: what a device recorded takes a warrant for a device, and such a warrant takes nothing else."""
    if order.kind.for_device != (facts.payload == COVERT_AUDIO):
        refusals.append(Reason.SCOPE_TYPE_NOT_AUTHORISED)
    elif facts.administrative:
        if facts.location and not order.location_authorised:
            # A registration that tells a place is of no service a warrant could list; a person has to look at it.
            apart.append(Reason.SCOPE_LOCATION)
    elif facts.service is None:
        apart.append(Reason.PARSE_ERROR)
    elif facts.service not in order.services:
        refusals.append(Reason.SCOPE_TYPE_NOT_AUTHORISED)


def _pen_register(
    order: CourtOrder, facts: RecordFacts, cin: CinState, refusals: list[Reason], masks: list[Reason]
) -> None:
    """R-110 to R-115: refused is what is content as a whole, masked what has some beside its signalling."""
    if facts.kind == "cc" or facts.all_content:
        refusals.append(Reason.SCOPE_CONTENT_ON_PRTT)
        return
    if facts.digits is not Digits.NONE and not order.pctdd_authorised and post_cut_through(facts, cin):
        refusals.append(Reason.SCOPE_PCTDD)
    if _on_web_address(order) and not facts.administrative:
        _visit(order, facts, refusals)
    if facts.content:
        masks.append(Reason.SCOPE_CONTENT_ON_PRTT)
    if facts.location and not order.location_authorised:
        masks.append(Reason.SCOPE_LOCATION)


def _on_web_address(order: CourtOrder) -> bool:
    """An order on a host, and on no line: it names the host and its addresses, which packets carry in its stead."""
    if all(target.kind is not TargetKind.HOST for target in order.targets):
        return False
    kinds = {target.kind for target in order.targets}
    return kinds <= {TargetKind.HOST, *_ADDRESSES}


def _visit(order: CourtOrder, facts: RecordFacts, refusals: list[Reason]) -> None:
    """R-115: packets between a visitor and the host that is asked about, by their headers alone."""
    hosts = {target for target in order.targets if target.kind in _ADDRESSES}
    if facts.payload not in _VISITS or hosts.isdisjoint(facts.parties):
        refusals.append(Reason.SCOPE_TYPE_NOT_AUTHORISED)
    if facts.content:
        refusals.append(Reason.SCOPE_CONTENT_ON_PRTT)
