"""Cases of a mediation function's content in the US dialects: CC-APDUs, or packets behind a CCC header. Pure.

Datagrams overtake call data, which go another way; so what is announced too late is told by more than `LEAD_S`. When a
packet was intercepted is told by its own stamp, where its form has one, and else by its arrival.
"""

from __future__ import annotations

from typing import Final

from asn1.laes.ccc import CccDatagram
from asn1.ps_pdu import liid_text
from collector.laes.loss import Losses, number_of
from collector.laes.naming import agrees, named_case
from lab.conformance.channels import Channel, Channels
from lab.conformance.mf_us import VOICE
from lab.conformance.model import US, Case, Evidence, Finding, Known, does_not_apply
from lab.conformance.seen import Seen
from lab.conformance.watched import Judge, Mf, at, case, finding

LEAD_S: Final = 1.0
"""How far content may come ahead of what announces it."""
_NONE: Final = "no content was sent"


def _content(mf: Mf) -> list[tuple[Seen, list[Channel]]]:
    channels = Channels.of(mf.told())
    return [(one, channels.carrying(one)) for one in mf.data() if one.content is not None]


def _many(found: list[tuple[Seen, list[Channel]]]) -> str:
    return f"{len(found)} packets of content" if found else ""


def _announced(mf: Mf) -> Finding:
    wrong, found = [], _content(mf)
    for one, carrying in found:
        if not carrying:
            wrong.append(f"announced by nobody: {at(one)}")
        elif (early_s := (min(held.opened.time_us for held in carrying) - one.time_us) / 1e6) > LEAD_S:
            wrong.append(f"{early_s:.1f} s ahead of what announces it: {at(one)}")
    return finding(wrong, _many(found), _NONE)


def _within(mf: Mf) -> Finding:
    """Two points of interception stamp, and each may be wrong by the skew."""
    wrong, found = [], [(one, carrying) for one, carrying in _content(mf) if carrying]
    for one, carrying in found:
        if not any(_between(mf, one, held) for held in carrying):
            wrong.append(f"outside of what its announcement and its close leave: {at(one)}")
    return finding(wrong, _many(found), "no content was sent that was announced")


def _between(mf: Mf, one: Seen, held: Channel) -> bool:
    stamped = one.stamp_us is not None
    slack_us = int((2 * mf.skew_s if stamped else LEAD_S) * 1e6)

    def when_us(record: Seen) -> int:
        return record.stamp_us if stamped and record.stamp_us is not None else record.time_us

    after = when_us(held.opened) - slack_us <= when_us(one)
    return after and (held.closed is None or when_us(one) <= when_us(held.closed) + slack_us)


def _closed(mf: Mf) -> Finding:
    opened = Channels.of(mf.told()).every
    wrong = [f"content was announced and never closed: {at(held.opened)}" for held in opened if held.closed is None]
    return finding(wrong, f"{len(opened)} channels opened and closed" if opened else "", "no content was announced")


def _complete(mf: Mf) -> Finding:
    """By the numbers of CC-APDUs, or of RTP behind a CCC header; other packets have none."""
    losses, wrong, found, numbered = Losses(), [], _content(mf), 0
    for one, carrying in found:
        assert one.content is not None, "content alone"
        numbered += number_of(one.content) is not None
        name = repr(sorted(carrying[0].keys)).encode() if carrying else b""
        missing = losses.seen(name, one.content)
        if missing > 0:
            wrong.append(f"{missing} packets are missing before {at(one)}")
    many = f"{numbered} of {len(found)} packets of content have numbers, and none is missing" if numbered else ""
    none = f"{_many(found)}, and not one has a number" if found else _NONE
    return finding(wrong if losses.missing else [], many, none)


def _own_case(mf: Mf) -> Finding:
    wrong, found = [], [(one, carrying) for one, carrying in _content(mf) if carrying]
    if found and not any(one.liid for one, _ in found):
        return does_not_apply("content of this form names no case")
    for one, carrying in found:
        assert one.content is not None, "content alone"
        named, datagram = named_case(one.content), isinstance(one.content, CccDatagram)
        if not any(agrees(named, held.liid.decode(errors="replace"), datagram) for held in carrying):
            wrong.append(f"it says it is of {named}, on a channel of {liid_text(carrying[0].liid)}: {at(one)}")
    return finding(wrong, _many(found), "no content was sent that was announced")


def _ccc(
    name: str, title: str, clause: str, evidence: Evidence, judge: Judge, dialects: tuple[str, ...] = US,
    **elsewhere: Known,
) -> Case[Mf]:  # fmt: skip
    return case(f"US-{name}", title, clause, evidence, judge, dialects=dialects, elsewhere=elsewhere)


_SESSION: Final = Known("LEA-CmC-Delivery; that it comes first is assumed", "A")
CASES: Final[tuple[Case[Mf], ...]] = (
    _ccc("CCC-1", "Content comes on a channel that was announced, and not before",
         "CCOpen; that it comes first is assumed", "A", _announced, ias=_SESSION),
    _ccc("CCC-2", "Content is of the time between its announcement and its close", "CCOpen, CCClose", "A", _within,
         ias=Known("Packet-Data-Session-Start and -End", "A")),
    _ccc("CCC-3", "What was announced is closed", "CCClose", "A", _closed, VOICE),
    _ccc("CCC-4", "No packet of content is missing", "CCDeliveryHeader sequenceNumber, or RTP inside", "A", _complete),
    _ccc("CCC-5", "Content names no other case than its channel's", "correlationInfo caseId", "A", _own_case,
         pcesp=Known("CCC header of 20 octets", "I")),
)  # fmt: skip
