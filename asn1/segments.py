"""Content in segments: cut before sending, put together after reading. Pure.

Content larger than a link takes goes out as several records, each with a number of its own, between a firstSegmentFlag
and a lastSegmentFlag TRI. A flag has the number of the record that it brackets and none of its own (OpenLI's practice;
the clause was not read). Between the two, records of the stream are segments in the order of their numbers.
`SegmentBook` follows flags and numbers at the receiver; it holds no content. Flags may come again after a reconnect.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, NamedTuple

from asn1.errors import LocalError

MAX_OPEN: Final = 1024
"""Segmented contents open at once, all streams together; beyond it the oldest is given up."""
MAX_SEGMENTS: Final = 4096
"""Records between two flags."""
OPEN_US: Final = 60_000_000
"""How long a content may stay open."""

FIRST: Final = "firstSegmentFlag"
LAST: Final = "lastSegmentFlag"

Contents = tuple[str, Any]


def content_of(contents: Contents) -> bytes | None:
    """The octets of a CCContents that can be cut: packets of iPCC, media of iPMMCC; None for any other."""
    name, value = contents
    if name == "iPMMCC":
        return bytes(value["mMCCContents"])
    if name == "iPCC" and value["iPCCContents"][0] == "iPPackets":
        return bytes(value["iPCCContents"][1])
    return None


def with_content(contents: Contents, octets: bytes) -> Contents:
    """The same CCContents around other octets."""
    name, value = contents
    if name == "iPMMCC":
        return name, {**value, "mMCCContents": octets}
    return name, {**value, "iPCCContents": ("iPPackets", octets)}


def cut(contents: Contents, octets: int) -> list[Contents]:
    """The segments of at most `octets` of content each; one, unchanged, where it is small enough or cannot be cut."""
    if octets < 1:
        raise LocalError("a segment holds at least one octet")
    content = content_of(contents)
    if content is None or len(content) <= octets:
        return [contents]
    return [with_content(contents, content[at : at + octets]) for at in range(0, len(content), octets)]


class Run(NamedTuple):
    """Records `first` to `last`, both included, are one content."""

    first: int
    last: int


class _Open:
    def __init__(self, first: int, since_us: int) -> None:
        self.first = first
        self.since_us = since_us
        self.of_first: object = None


Stream = tuple[Any, ...]
"""Whatever names a stream at the caller's: LIID, CIN, kind, epoch."""


class SegmentBook:
    """Which contents are open. Bounded in number, in time and in records each; `given_up` counts what broke a bound."""

    def __init__(self, max_open: int = MAX_OPEN, max_segments: int = MAX_SEGMENTS, open_us: int = OPEN_US) -> None:
        self._max_open = max_open
        self._max_segments = max_segments
        self._open_us = open_us
        self._open: OrderedDict[Stream, _Open] = OrderedDict()
        self.given_up = 0

    def __len__(self) -> int:
        return len(self._open)

    def first(self, stream: Stream, number: int, now_us: int) -> None:
        """A firstSegmentFlag: record `number` begins a content. One that is still open on the stream is given up,
        unless this is its own flag again."""
        known = self._open.get(stream)
        if known is not None and known.first == number:
            return
        if known is not None:
            del self._open[stream]
            self.given_up += 1
        self._open[stream] = _Open(number, now_us)
        if len(self._open) > self._max_open:
            self._open.popitem(last=False)
            self.given_up += 1

    def last(self, stream: Stream, number: int) -> Run | None:
        """A lastSegmentFlag: record `number` ends the content. The run, or None where none was open or it is none."""
        known = self._open.pop(stream, None)
        if known is None:
            return None
        if not (number - known.first & 0xFFFFFFFF) < self._max_segments:
            self.given_up += 1
            return None
        return Run(known.first, number)

    def later_segment(self, stream: Stream, number: int) -> bool:
        """Whether a record is a segment behind the first: what it carries is the middle of something."""
        known = self._open.get(stream)
        return known is not None and 0 < (number - known.first & 0xFFFFFFFF) < self._max_segments

    def remember(self, stream: Stream, number: int, fact: object) -> None:
        """What the caller knows of a first segment, to be `remembered` for the later ones; nothing for any other."""
        known = self._open.get(stream)
        if known is not None and known.first == number:
            known.of_first = fact

    def remembered(self, stream: Stream) -> object:
        known = self._open.get(stream)
        return None if known is None else known.of_first

    def expire(self, now_us: int) -> None:
        """Give up what has been open for too long."""
        while self._open:
            stream, oldest = next(iter(self._open.items()))
            if now_us - oldest.since_us < self._open_us:
                return
            del self._open[stream]
            self.given_up += 1
