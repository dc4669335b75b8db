"""What one link says and hears beside its records: TRIs, ciphering, integrity checks, segments.

Rules. TRIs are counted by name; an operator message is kept as text of bounded length, of which nothing can move a
cursor or change its direction, and goes on record; a check and a segment flag go where they are understood. Integrity
is looked at late, in turns: findings go on record, into the reports and the status, and hold records only where the
link says that checks are required. Nothing here drops a record. One thread, the event loop's.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from asn1.columns import KIND_CC, KIND_IRI, KIND_TRI, Columns
from asn1.handover import HandoverConfig
from asn1.integrity import Chain
from asn1.integrity_check import Checker, Finding
from asn1.ps_pdu import PsPdu, liid_text
from asn1.segments import FIRST, LAST, Run, SegmentBook
from collector.deciphering import Opened, Opener
from collector.stream_table import LIID_CIN, StreamTable, VerifyColumns

MAX_MESSAGES: Final = 16
"""Operator messages shown in the status."""
MAX_UNTOLD: Final = 16
"""Operator messages and findings that one turn puts on record singly; beyond, they are counted."""
MAX_MESSAGE: Final = 255
"""Characters; the standard allows so many octets."""
FLAGS: Final = {5: FIRST, 6: LAST}
"""Alternatives of TRIPayload."""
_AUDITED: Final = ("testPDU", "paddingPDU", "cINReset")
"""Counted on record, once a turn; the others have entries of their own, or come too often to say anything."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
ENTRIES = list[tuple[str, dict[str, Any]]]


def message_text(octets: bytes) -> str:
    """An operator's words as they may be shown: UTF-8, else a mark; whatever controls a terminal or turns the writing
    round is a mark too."""
    text = octets[:MAX_MESSAGE].decode("utf-8", "replace")
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(one) in _HIDDEN else one for one in text)


class Integrity(NamedTuple):
    """Of one link; `required`: what does not hold is held. `plain`: digests are over the form before ciphering."""

    checker: Checker
    required: bool
    plain: bool


@dataclass(slots=True)
class LinkHandover:
    """`session`: timers and options of each connection. `by_liid`: the peer counts by LIID. `real_us`: a clock that
    only goes forward, since what waits here waits for a peer whose timers are real."""

    session: HandoverConfig = field(default_factory=HandoverConfig)
    by_liid: bool = False
    opener: Opener | None = None
    integrity: Integrity | None = None
    segments: SegmentBook = field(default_factory=SegmentBook)
    tris: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MAX_MESSAGES))
    findings: Counter[str] = field(default_factory=Counter)
    untold: ENTRIES = field(default_factory=list)
    uncounted: Counter[str] = field(default_factory=Counter)
    real_us: Callable[[], int] = lambda: 0
    known: Callable[[bytes], bool] = lambda liid: True
    """Whether an order names a LIID: of any other nothing is kept in memory, and its checks are nobody's."""

    def heard(self, name: str, pdu: PsPdu, now_us: int) -> None:
        """A TRI that asks for nothing."""
        self.tris[name] += 1
        value = pdu.payload[1][1]
        if name == "operatorLeaMessage":
            told = {"priority": str(value["messagePriority"]), "text": message_text(value["message"]), "at_us": now_us}
            self.messages.append(told)
            self._tell("operator_message", told)
        elif name == "integrityCheck" and self.integrity is not None and self.known(pdu.header.liid):
            cin = -1 if pdu.header.cin is None else pdu.header.cin
            self.integrity.checker.check(pdu.header.liid, cin, pdu.header.sequence_number, value, self.real_us())

    def flag(self, name: str, liid: bytes, cin: int, epoch: int, number: int) -> Run | None:
        """A segment flag of a content stream; the run of records that it closes."""
        now_us = self.real_us()
        self.segments.expire(now_us)
        stream = (liid, cin, KIND_CC, epoch)
        if name == FIRST:
            self.segments.first(stream, number, now_us)
            return None
        return self.segments.last(stream, number) if name == LAST else None

    def records(
        self,
        liids: list[bytes],
        cols: Columns,
        verify: VerifyColumns,
        view: memoryview,
        opened: dict[int, Opened],
    ) -> None:
        """The data records and segment flags of a scanned piece, whatever becomes of them, for their integrity
        checks."""
        if self.integrity is None:
            return
        checker, plain, now_us = self.integrity.checker, self.integrity.plain, self.real_us()
        known: dict[int, bool] = {}
        for row in range(cols.n):
            kind = cols.kind[row]
            flag = FLAGS.get(cols.content_tag[row]) if kind == KIND_TRI else None
            if cols.status[row] or cols.liid[row] < 0:
                continue
            if flag is None and (kind not in (KIND_IRI, KIND_CC) or verify.slots[row] < 0):
                continue
            liid = cols.liid[row]
            if liid not in known:
                known[liid] = self.known(liids[liid])
            if not known[liid]:
                continue
            start, inside = cols.offset[row], opened.get(row)
            octets = inside.plain_form if inside and plain else bytes(view[start : start + cols.length[row]])
            if flag is not None:
                chain = Chain(liids[liid], cols.cin[row], KIND_CC)
                checker.flag(chain, flag == FIRST, cols.number[row], octets, now_us)
                continue
            chain = Chain(liids[liid], cols.cin[row], kind)
            checker.record(chain, verify.epochs[row], cols.number[row], octets, now_us)

    def turn(self) -> list[Finding]:
        """Integrity findings since the last time."""
        now_us = self.real_us()
        self.segments.expire(now_us)
        if self.integrity is None:
            return []
        found = self.integrity.checker.turn(now_us)
        for one in found:
            self.findings[str(one.fault)] += 1
            numbers = sorted(place.number for place in one.records)
            fields = {
                "fault": str(one.fault), "liid": liid_text(one.chain.liid), "cin": one.chain.cin,
                "kind": one.chain.kind, "records": len(numbers), "says": one.says,
                "held": self.integrity.required and bool(numbers or one.absent), "rules": ["R-090"],
            }  # fmt: skip
            if numbers:
                fields |= {"first": numbers[0], "last": numbers[-1]}
            self._tell("integrity_finding", fields)
        return found

    def entries(self, link: str) -> ENTRIES:
        """What goes on record since the last time."""
        found = [(kind, {"link": link, **fields}) for kind, fields in self.untold]
        found += [(kind, {"link": link, "more": count}) for kind, count in self.uncounted.items()]
        fresh = {name: self.tris[name] - self.told[name] for name in _AUDITED if self.tris[name] > self.told[name]}
        if fresh:
            found.append(("tri_count", {"link": link, "tris": fresh}))
            self.told.update(fresh)
        self.untold.clear()
        self.uncounted.clear()
        return found

    def state(self) -> dict[str, Any]:
        checker = None if self.integrity is None else self.integrity.checker
        return {
            "tris": dict(self.tris),
            "messages": list(self.messages),
            "segments": {"open": len(self.segments), "given_up": self.segments.given_up},
            "integrity": None if checker is None or self.integrity is None else {
                "required": self.integrity.required, "pending": checker.pending,
                "records_checked": checker.records_checked, "hashes_right": checker.hashes_right,
                "signatures_right": checker.signatures_right, "findings": dict(self.findings),
            },
        }  # fmt: skip

    def _tell(self, kind: str, fields: dict[str, Any]) -> None:
        if len(self.untold) < MAX_UNTOLD:
            self.untold.append((kind, fields))
        else:
            self.uncounted[kind] += 1


def counter_epoch(streams: StreamTable, liid: int, cin: int, by_liid: bool) -> int:
    """The epoch that the next content record of a communication has."""
    slot = streams.slot_of(liid, LIID_CIN, KIND_IRI) if by_liid else streams.slot_of(liid, cin, KIND_CC)
    return 0 if slot < 0 else streams.epoch(slot)
