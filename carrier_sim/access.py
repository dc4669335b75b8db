"""How a subscriber asks for access: RADIUS Access-Request and what becomes of it, before any accounting.

`accepted`: Access-Accept. `rejected`: Access-Reject. `failed`: nobody answers, and the NAS gives up. `session_failed`:
Access-Accept, and no session can be set up. Of the last two the NAS tells by accounting with status 15, Failed: that
number is reserved for it, and that a NAS uses it so is *assumed*. Sources: RFC 2865 (sections 3, 4.1 to 4.3, 5.44),
RFC 2866 (sections 5.1, 5.10).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from asn1.radius import ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_REQUEST, FAILED, Value, build_radius
from carrier_sim.accounting import NAS_PORT, Accounting
from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import ACCOUNTING_ADDRESS, NAS_ADDRESS, Subscriber

Outcome = Literal["accepted", "rejected", "failed", "session_failed"]

SET_UP_US: Final = 20_000
"""From the first request of an accepted access to the accounting Start."""
_ANSWER_US: Final = 10_000
_TRIES: Final = 3
_RETRY_US: Final = 1_000_000
_ACCESS_PORT: Final = 1812
_NAS_ERROR: Final = 9
_SERVICE_UNAVAILABLE: Final = 15
_FRAMED: Final = 2


class Access(NamedTuple):
    """`session`: the Acct-Session-Id, should accounting tell of it. `identifier`: of the request, 0..255. `password`:
    16 octets, as a hidden one is."""

    start_us: int
    subscriber: Subscriber
    correlation: int
    session: str
    identifier: int
    password: bytes


def access_events(access: Access, outcome: Outcome) -> Iterator[InterceptEvent]:
    """The exchange in time order; an accepted one goes on with accounting, any other is over."""
    request = _request(access)
    yield _event(access, request, access.start_us, Phase.WITHIN)
    answered_us = access.start_us + _ANSWER_US
    if outcome == "rejected":
        yield _answer(access, ACCESS_REJECT, request, (), answered_us, Phase.CLOSES)
        return
    if outcome == "failed":
        # The same request again: the same identifier and authenticator.
        for again in range(1, _TRIES):
            yield _event(access, request, access.start_us + again * _RETRY_US, Phase.WITHIN)
        yield _failure(access, access.start_us + _TRIES * _RETRY_US, _NAS_ERROR)
        return
    subscriber = access.subscriber
    given: list[tuple[str, Value]] = [
        ("User-Name", subscriber.nai),
        ("Service-Type", _FRAMED),
        ("Framed-IP-Address", subscriber.ipv4),
        ("Framed-IPv6-Prefix", f"{subscriber.ipv6.removesuffix('1')}/64"),
    ]
    yield _answer(access, ACCESS_ACCEPT, request, given, answered_us, Phase.WITHIN)
    if outcome == "session_failed":
        yield _failure(access, access.start_us + SET_UP_US, _SERVICE_UNAVAILABLE)


def _request(access: Access) -> bytes:
    subscriber = access.subscriber
    attributes: list[tuple[str, Value]] = [
        ("User-Name", subscriber.nai),
        ("User-Password", access.password),
        ("NAS-IP-Address", NAS_ADDRESS),
        ("NAS-Identifier", "nas-1.invalid"),
        ("NAS-Port-Type", 5),
        ("Service-Type", _FRAMED),
        ("Calling-Station-Id", subscriber.number),
        ("Called-Station-Id", "internet.invalid"),
        ("3GPP-IMSI", subscriber.imsi),
    ]
    return build_radius(ACCESS_REQUEST, access.identifier, attributes)


def _answer(
    access: Access, code: int, request: bytes, given: Sequence[tuple[str, Value]], at_us: int, phase: Phase
) -> InterceptEvent:
    octets = build_radius(code, access.identifier, given, authenticator=request[4:20])
    asked = _event(access, octets, at_us, phase)
    return asked._replace(source=asked.destination, destination=asked.source)


def _event(access: Access, octets: bytes, at_us: int, phase: Phase) -> InterceptEvent:
    nas, server = Address(NAS_ADDRESS, NAS_PORT), Address(ACCOUNTING_ADDRESS, _ACCESS_PORT)
    party = access.subscriber.party
    return InterceptEvent(at_us, EventKind.RADIUS, access.correlation, octets, party, None, nas, server, phase)


def _failure(access: Access, at_us: int, cause: int) -> InterceptEvent:
    accounting = Accounting(access.subscriber, access.correlation, access.session, at_us)
    return accounting.event(FAILED, at_us, cause)
