"""Parts of long messages put together, and reports of delivery put beside what they report. Pure.

A part belongs with others of the same sender, receiver, type, reference and number of parts. References are eight bits
and come again: a part whose place is taken by other words, or that comes more than `JOIN_S` after the rest, begins a
message of its own; one that comes twice counts once. A part that is missing shows. Wide characters that were cut
between two parts are read over both. A status report belongs to the newest message that the same handset sent to that
number with that reference (TS 23.040 clause 9.2.3.6 as generally known).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from asn1.sms_fields import SmsTpdu

MISSING: Final = "[…]"
JOIN_S: Final = 24 * 3_600
REPORT_S: Final = 7 * 24 * 3_600
"""How long a message may take to be delivered: the longest validity that handsets set is a little more."""
_RECEIVED: Final = range(0x00, 0x20)
_TRYING: Final = range(0x20, 0x40)


class Message(NamedTuple):
    """`sender` and `receiver` as `+digits`, or whatever else names them. `text` None: it cannot be read. `delivery`:
    what reports say of it, empty without one. `sequence`: the record it came in, of a long one the first."""

    time_us: int
    sender: str
    receiver: str
    text: str | None
    delivery: str = ""
    sequence: int = -1


class Piece(NamedTuple):
    """What one record holds of a message. `tpdu` None where it did not come as one."""

    message: Message
    tpdu: SmsTpdu | None = None


@dataclass(slots=True)
class _Assembly:
    last_us: int
    pieces: dict[int, Piece] = field(default_factory=dict)

    def takes(self, piece: Piece, number: int) -> bool:
        if abs(piece.message.time_us - self.last_us) > JOIN_S * 1_000_000:
            return False
        held = self.pieces.get(number)
        return held is None or _same(held, piece)


def _same(one: Piece, other: Piece) -> bool:
    assert one.tpdu is not None and other.tpdu is not None
    return (one.tpdu.data, one.tpdu.dcs) == (other.tpdu.data, other.tpdu.dcs)


def join(pieces: Iterable[Piece], reports: Iterable[Piece] = ()) -> list[Message]:
    """The messages, by time. `reports` are status reports; `message.sender` of one is the handset that it came to."""
    found: list[list[Piece]] = []
    open_assemblies: dict[tuple[object, ...], list[_Assembly]] = {}
    for piece in sorted(pieces, key=lambda one: one.message.time_us):
        segment = piece.tpdu.segment if piece.tpdu is not None else None
        if piece.tpdu is None or segment is None:
            found.append([piece])
            continue
        key = (piece.message.sender, piece.message.receiver, piece.tpdu.type, segment.reference, segment.total)
        assemblies = open_assemblies.setdefault(key, [])
        mine = next((one for one in assemblies if one.takes(piece, segment.number)), None)
        if mine is None:
            mine = _Assembly(piece.message.time_us)
            assemblies.append(mine)
        mine.last_us = piece.message.time_us
        mine.pieces.setdefault(segment.number, piece)
    found += [list(one.pieces.values()) for assemblies in open_assemblies.values() for one in assemblies]
    said = _reported(found, list(reports))
    messages = [_whole(pieces)._replace(delivery=said.get(index, "")) for index, pieces in enumerate(found)]
    return sorted(messages, key=lambda message: message.time_us)


def _whole(pieces: list[Piece]) -> Message:
    first = min((piece.message for piece in pieces), key=lambda message: message.time_us)
    tpdu = pieces[0].tpdu
    if tpdu is None or tpdu.segment is None:
        return pieces[0].message
    by_number = {one.tpdu.segment.number: one.tpdu for one in pieces if one.tpdu is not None and one.tpdu.segment}
    out: list[str] = []
    number = 1
    while number <= tpdu.segment.total:
        run = []
        while number in by_number:
            run.append(by_number[number])
            number += 1
        if run:
            out.append(_text(run))
        else:
            out.append(MISSING)
            number += 1
    return first._replace(text="".join(out))


def _text(run: list[SmsTpdu]) -> str:
    """The text of parts that follow each other; what is no text is a hole as well."""
    if all(one.alphabet == "ucs2" and one.text is not None for one in run):
        return b"".join(one.data for one in run).decode("utf-16-be", "replace")
    return "".join(MISSING if one.text is None else one.text for one in run)


def _reported(found: list[list[Piece]], reports: list[Piece]) -> dict[int, str]:
    """By place in `found`: what the status reports say of that message."""
    sent: dict[tuple[str, str, int | None], list[tuple[int, int]]] = {}
    parts: dict[int, int] = {}
    for index, pieces in enumerate(found):
        for piece in pieces:
            if piece.tpdu is not None and piece.tpdu.type == "SMS-SUBMIT":
                key = (piece.message.sender, _digits(piece.tpdu.address), piece.tpdu.reference)
                sent.setdefault(key, []).append((piece.message.time_us, index))
                parts[index] = piece.tpdu.segment.total if piece.tpdu.segment is not None else 1
    said: dict[int, dict[int | None, SmsTpdu]] = {}
    for report in sorted(reports, key=lambda one: one.message.time_us):
        assert report.tpdu is not None
        key = (report.message.sender, _digits(report.tpdu.address), report.tpdu.reference)
        limit = report.message.time_us
        before = [one for one in sent.get(key, []) if limit - REPORT_S * 1_000_000 <= one[0] <= limit]
        if before:
            said.setdefault(max(before)[1], {})[report.tpdu.reference] = report.tpdu
    return {index: _delivery(list(held.values()), parts[index]) for index, held in said.items()}


def _digits(address: str | None) -> str:
    """The last ten digits, which are the same with and without a country code."""
    return (address or "").lstrip("+")[-10:]


def _delivery(reports: list[SmsTpdu], parts: int) -> str:
    """In words: whether the receiver's handset has it (TP-Status, clause 9.2.3.15)."""
    received = sum(one.status in _RECEIVED for one in reports)
    failed = next((one.status for one in reports if (one.status or 0) >= _TRYING.stop), None)
    of = f" {received} of {parts} parts" if parts > 1 else ""
    if failed is not None:
        return f"not delivered, status 0x{failed:02x}{of}"
    return f"received{of}" if received else f"not yet delivered{of}"
