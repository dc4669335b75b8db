"""Records ready to be sent: a matrix of encoded PS-PDUs of one size, whose changing octets are patched in place.

One PS-PDU is encoded for each stream; numbers, seconds and the names of calls are then overwritten where they stand, in
bulk, by numpy. Every changing field keeps its width (four octets, or eight hexadecimal digits), so no length changes.
A record of content gets the next number of its stream; six records of signalling are one call, which gets the next CIN.
Every record is different from all others, carries the time it is sent, and comes once. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from asn1 import multimedia, ps_pdu
from asn1.errors import LocalError
from lab.bench.profiles import Profile, Refusal

TARGET: Final = "+12125550101"
OTHER: Final = "+12125550102"
FIRST_NUMBER: Final = 0x0100_0000
"""Sequence numbers below 2**31 from here on take four octets; 2.1 thousand million a stream."""
FIRST_CIN: Final = 0x2000_0000
CINS: Final = 0x4000_0000
"""Shared out among the connections."""
FIRST_MICRO: Final = 65_536
"""Microseconds from here to 999 999 take three octets."""
MIN_ROWS: Final = 1024
LEAST_ROWS: Final = 128
"""Of one connection, where there are many: a piece never goes over the end of the rows, and small pieces are dear."""
_MARK: Final = 0x5A5B_5C5D
_MARK_SECOND: Final = 0x6A6B_6C6D
Octets = np.ndarray[Any, np.dtype[np.uint8]]


class Piece(NamedTuple):
    """Whole records, back to back, and how many."""

    octets: memoryview
    records: int


class Records(Protocol):
    """What a connection sends, without end. `record_octets` of one, or the mean where they differ."""

    record_octets: int

    def next(self, records: int, second: int) -> Piece:
        """The next records, `records` of them at most, with `second` as their time."""


class Template(NamedTuple):
    """One encoded record and where its changing octets stand: the counter (a number or a CIN), as four octets and as
    hexadecimal digits, the seconds, the microseconds."""

    octets: bytes
    counter_at: tuple[int, ...]
    hex_at: tuple[int, ...]
    second_at: int
    micro_at: int


@dataclass(frozen=True, slots=True)
class Stream:
    """What one LIID sends on one connection: templates sent in turn, all of one size. `counter`: the first value; it
    grows with each record of content, and with each turn of signalling. `opening`: sent once, before anything else."""

    templates: tuple[Template, ...]
    counter: int
    opening: tuple[bytes, ...] = ()


class Matrix:
    """The records of one connection, in the order they go out, again and again with new numbers."""

    def __init__(self, streams: Sequence[Stream], order: Sequence[int]) -> None:
        """`order`: for each row the stream it is of; a stream's rows take its templates in turn. Raises LocalError."""
        turns = [0] * len(streams)
        rows: list[Template] = []
        ranks = np.zeros(len(order), np.int64)
        for row, at in enumerate(order):
            stream = streams[at]
            rows.append(stream.templates[turns[at] % len(stream.templates)])
            ranks[row] = stream.counter + turns[at] // len(stream.templates)
            turns[at] += 1
        if len({(len(one.octets), *one[1:]) for one in rows}) != 1:
            raise LocalError("The records of one connection must have one size and layout.")
        for at, stream in enumerate(streams):
            if turns[at] % len(stream.templates):
                raise LocalError("A stream's templates must come equally often.")
        steps = np.array([turns[at] // len(streams[at].templates) for at in order], np.int64)
        self._layout = rows[0]
        self._first = ranks
        self._step = steps
        self._cycle = 0
        self._at = 0
        self._octets: Octets = np.frombuffer(b"".join(one.octets for one in rows), np.uint8).reshape(len(rows), -1)
        self._octets = self._octets.copy()
        self.record_octets = int(self._octets.shape[1])
        micros = FIRST_MICRO + np.arange(len(rows), dtype=np.int64) * 977 % 900_000
        self._octets[:, self._layout.micro_at : self._layout.micro_at + 3] = _big_endian(micros)[:, 1:]

    @property
    def rows(self) -> int:
        return len(self._octets)

    def next(self, records: int, second: int) -> Piece:
        """The next records, `records` of them at most (fewer where the matrix ends), with `second` as their time.

        Valid until the same rows come round again: what is handed out must be sent before that.
        """
        begin, end = self._at, min(self._at + records, len(self._octets))
        window = self._octets[begin:end]
        values = self._first[begin:end] + self._cycle * self._step[begin:end]
        octets = _big_endian(values)
        for at in self._layout.counter_at:
            window[:, at : at + 4] = octets
        for at in self._layout.hex_at:
            window[:, at : at + 8] = _hexadecimal(octets)
        window[:, self._layout.second_at : self._layout.second_at + 4] = np.frombuffer(second.to_bytes(4), np.uint8)
        self._at = end
        if end == len(self._octets):
            self._at, self._cycle = 0, self._cycle + 1
        return Piece(window.data.cast("B"), end - begin)


def _big_endian(values: np.ndarray[Any, np.dtype[np.int64]]) -> Octets:
    return values.astype(">u4").view(np.uint8).reshape(-1, 4)


def _hexadecimal(octets: Octets) -> Octets:
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    found = np.empty((len(octets), 8), np.uint8)
    found[:, 0::2] = digits[octets >> 4]
    found[:, 1::2] = digits[octets & 15]
    return found


# ---- what a profile sends


def liid_of(number: int) -> bytes:
    return b"BENCH-%06d" % number


def refused_liid(refusal: Refusal) -> bytes:
    """Of the same length, so that all records of a connection have one size."""
    return b"BENCH-%-6s" % refusal.value[:6].upper().encode().replace(b"-", b"")


def liids_on(profile: Profile, connection: int) -> list[int]:
    """Which LIIDs a connection carries: shared out among the connections, or one each where there are fewer."""
    if profile.liids >= profile.connections:
        return list(range(connection, profile.liids, profile.connections))
    return [connection % profile.liids]


def matrix_of(profile: Profile, connection: int, second: int) -> tuple[Matrix, list[bytes]]:
    """The records of one connection, and those that open their communications: at `second`, the signalling that names
    the target, and the first record of content, so that none of the others begins a stream."""
    span = CINS // profile.connections
    cin = FIRST_CIN + connection * span
    numbers = liids_on(profile, connection)
    least_rows = max(MIN_ROWS // profile.connections, LEAST_ROWS)
    if profile.kind == "iri":
        call = _signalling(liid_of(0), cin)
        streams = [_relabelled(call, liid_of(0), liid_of(one)) for one in numbers]
        calls = [at for at in range(len(streams)) for _ in streams[at].templates]
        return Matrix(streams, calls * -(-least_rows // len(calls))), []
    content = _content(profile)
    first = _media(liid_of(0), cin, content, second)
    streams = [_relabelled(first, liid_of(0), liid_of(one)) for one in numbers]
    refused = [
        _media(refused_liid(one), cin, content, second if one is Refusal.METADATA_ONLY else None)
        for one in (profile.refusals if profile.refused_percent else ())
    ]
    order = _order(len(streams), len(refused), profile.refused_percent, least_rows)
    return Matrix([*streams, *refused], order), [record for one in (*streams, *refused) for record in one.opening]


def _order(streams: int, refused: int, percent: float, least_rows: int) -> list[int]:
    """Streams in turn; of every hundred rows `percent`, evenly among the others, are of the refused ones, in turn."""
    if not refused or not percent:
        return list(range(streams)) * -(-least_rows // streams)
    rows = max(least_rows, int(streams / (1 - percent / 100)) + 1, int(refused * 100 / percent) + 1)
    rows = -(-rows // 100) * 100
    found, good, bad = [], 0, 0
    for row in range(rows):
        if int((row + 1) * percent / 100) > int(row * percent / 100):
            found.append(streams + bad % refused)
            bad += 1
        else:
            found.append(good % streams)
            good += 1
    return found


def _content(profile: Profile) -> bytes:
    """One IP packet of media. Where the octets are of the record, the packet is what a record leaves for it."""
    size = profile.octets
    if profile.octets_of == "record":
        size -= len(_encoded_media(liid_of(0), FIRST_CIN, _packet(100))) - 100
        while len(_encoded_media(liid_of(0), FIRST_CIN, _packet(size))) > profile.octets:
            size -= 1
    return _packet(size)


def _packet(size: int) -> bytes:
    """IPv4, UDP, RTP and G.711, as far as they fit; addresses of RFC 5737, checksums zero."""
    ip = bytes([0x45, 0, *size.to_bytes(2), 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1])
    udp = b"".join(one.to_bytes(2) for one in (40_000, 40_002, max(size - 20, 8), 0))
    rtp = bytes([0x80, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9])
    head = (ip + udp + rtp)[: max(size, 0)]
    return head + bytes(0x55 ^ (at * 7 & 0xFF) for at in range(size - len(head)))


def _header(liid: bytes, cin: int, number: int, second: int = _MARK_SECOND) -> ps_pdu.PsHeader:
    return ps_pdu.PsHeader(
        oid=ps_pdu.PS_DOMAIN_OID,
        liid=liid,
        authorization_country="US",
        delivery_country="US",
        operator_id=b"LABOP",
        network_element_id=b"med-1",
        cin=cin,
        sequence_number=number,
        time_us=second * 1_000_000 + 999_999,
        time_qualifier="timeOfInterception",
    )


def _encoded_media(liid: bytes, cin: int, content: bytes) -> bytes:
    return ps_pdu.cc_pdu(_header(liid, cin, _MARK), multimedia.ipmmcc(content), "fromTarget")


def _media(liid: bytes, cin: int, content: bytes, second: int | None) -> Stream:
    """Opened at `second`, or not at all."""
    template = _marked(_encoded_media(liid, cin, content), binary=1, hexadecimal=0)
    if second is None:
        return Stream((template,), FIRST_NUMBER)
    sip = _encoded_sip(_header(liid, cin, 0, second), _sip("INVITE", 0, cin), "begin")
    media = ps_pdu.cc_pdu(_header(liid, cin, FIRST_NUMBER - 1, second), multimedia.ipmmcc(content), "fromTarget")
    return Stream((template,), FIRST_NUMBER, (sip, media))


def _relabelled(stream: Stream, liid: bytes, other: bytes) -> Stream:
    """The same of another LIID of the same length: a hundred thousand are not encoded one by one."""

    def label(octets: bytes) -> bytes:
        found = octets.replace(liid, other)
        if len(found) != len(octets):
            raise LocalError("The LIIDs of one load must have one length.")
        return found

    templates = tuple(one._replace(octets=label(one.octets)) for one in stream.templates)
    return Stream(templates, stream.counter, tuple(map(label, stream.opening)))


_CALL: Final = (
    ("INVITE", "begin", "fromTarget"),
    ("180 Ringing", "continue", "toTarget"),
    ("200 OK", "continue", "toTarget"),
    ("ACK", "continue", "fromTarget"),
    ("BYE", "continue", "fromTarget"),
    ("200 OK", "end", "toTarget"),
)
_CALL_ID_AT: Final = 260
_SIP_OCTETS: Final = 420
"""Padding puts the name of the call at one place and gives every message one size."""


def _signalling(liid: bytes, cin: int) -> Stream:
    templates = []
    for number, (line, iri_type, direction) in enumerate(_CALL):
        method = "BYE" if iri_type == "end" else "INVITE"
        sip = _sip(line, number, _MARK, method)
        octets = _encoded_sip(_header(liid, _MARK, number), sip, iri_type, direction)
        templates.append(_marked(octets, binary=1, hexadecimal=1))
    return Stream(tuple(templates), cin)


def _encoded_sip(header: ps_pdu.PsHeader, sip: bytes, iri_type: str, direction: str = "fromTarget") -> bytes:
    contents = multimedia.sip_iri(bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]), sip)
    return ps_pdu.iri_pdu(header, contents, iri_type, payload_direction=direction)


def _sip(line: str, number: int, call: int, method: str = "INVITE") -> bytes:
    """A message of `_SIP_OCTETS` of a call from the target; `line`: a method, or a status and its words."""
    answer = line[0].isdigit()
    start = f"SIP/2.0 {line}" if answer else f"{line} sip:{OTHER}@ims.invalid SIP/2.0"
    head = (
        f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{number}\r\n"
        f"From: <sip:{TARGET}@ims.invalid>;tag=1\r\nTo: <sip:{OTHER}@ims.invalid>{';tag=2' if number else ''}\r\n"
        "User-Agent: SIMULATION "
    )
    call_id = f"\r\nCall-ID: {call:08x}@bench.invalid\r\n"
    end = f"CSeq: {1 + (number > 3)} {method if answer else line}\r\nContent-Length: 0\r\nSubject: SIMULATION "
    head += "x" * (_CALL_ID_AT - len(head))
    return (head + call_id + end + "x" * (_SIP_OCTETS - len(head + call_id + end) - 4) + "\r\n\r\n").encode()


def _marked(octets: bytes, binary: int, hexadecimal: int) -> Template:
    """Where the marks stand. Raises LocalError when they are not as often there as they should be."""
    counters = _places(octets, _MARK.to_bytes(4), binary)
    digits = _places(octets, b"%08x" % _MARK, hexadecimal)
    (second,) = _places(octets, _MARK_SECOND.to_bytes(4), 1)
    (micro,) = _places(octets, (999_999).to_bytes(3), 1)
    return Template(octets, counters, digits, second, micro)


def _places(octets: bytes, mark: bytes, wanted: int) -> tuple[int, ...]:
    found = [at for at in range(len(octets) - len(mark) + 1) if octets.startswith(mark, at)]
    if len(found) != wanted:
        raise LocalError(f"A mark is {len(found)} times in the record, not {wanted} times.")
    return tuple(found)
