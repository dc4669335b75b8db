"""Call data of T1.678 ready to be sent: calls of three messages, one LIID after another, each call with its own name.

The messages of a LIID are encoded once; what changes, the time and the name of the call, keeps its width and is put in
between the octets that do not. Nothing acknowledges call data, and nothing opens a call but its first message. Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final, NamedTuple

from asn1.errors import LocalError
from asn1.laes import t1678
from asn1.laes.message import CdcMessage
from asn1.table_types import Value
from lab.bench.records import OTHER, TARGET, Piece

_MARK: Final = "5a5b5c5d"
_SECOND: Final = 1_785_425_005
_SYSTEM: Final = "ims-1"


class _Message(NamedTuple):
    """Octets before the time, between the time and the name of the call, and behind."""

    head: bytes
    middle: bytes
    tail: bytes


class CallData:
    """What one connection sends. `calls`: the number of its first call, below 2**32."""

    def __init__(self, liids: Sequence[bytes], calls: int) -> None:
        self._calls = [_call(liid) for liid in liids]
        self._number = calls
        self._done = 0
        sizes = [len(_time(_SECOND)) + len(_MARK) + sum(map(len, one)) for one in self._calls[0]]
        self.record_octets = round(sum(sizes) / len(sizes))
        """The mean of a call's messages."""

    def next(self, records: int, second: int) -> Piece:
        """The next messages, all with `second` as their time."""
        parts: list[bytes] = []
        time = _time(second)
        for _ in range(records):
            call, at = divmod(self._done, len(_FLOW))
            message = self._calls[call % len(self._calls)][at]
            parts += (message.head, time, message.middle, b"%08x" % (self._number + call), message.tail)
            self._done += 1
        return Piece(memoryview(b"".join(parts)), records)


_FLOW: Final[tuple[tuple[str, dict[str, Value]], ...]] = (
    (
        "origination",
        {
            "calling": {"dn": TARGET.lstrip("+")},
            "called": {"dn": OTHER.lstrip("+")},
            "input": ("userInput", ("generic", OTHER.lstrip("+"))),
            "originationCause": "call",
        },
    ),
    ("answer", {"answering": {"dn": OTHER.lstrip("+")}}),
    ("release", {}),
)


def _call(liid: bytes) -> tuple[_Message, ...]:
    return tuple(_split(_encoded(liid, name, fields)) for name, fields in _FLOW)


def _encoded(liid: bytes, name: str, fields: dict[str, Value]) -> bytes:
    head: dict[str, Value] = {
        "caseId": liid.decode(),
        "iAPSystemId": _SYSTEM,
        "timestamp": _SECOND * 1_000_000 + 1,
        "callId": {"main": _MARK, "leg": "1"},
    }
    return t1678.encode_message(CdcMessage(name, head | fields, t1678.MODULE))


def _time(second: int) -> bytes:
    return datetime.datetime.fromtimestamp(second, datetime.UTC).strftime("%Y%m%d%H%M%S").encode()


def _split(octets: bytes) -> _Message:
    """Raises LocalError when a mark is not there once, the time before the call."""
    head, _, rest = octets.partition(_time(_SECOND))
    middle, mark, tail = rest.partition(_MARK.encode())
    if not mark or _MARK.encode() in tail:
        raise LocalError("A message does not have its time and the name of its call once, in this order.")
    return _Message(head, middle, tail)
