"""What was said on the wire during a case, and its two files: a capture any analyser opens, and our decoded lines.

The capture holds the octets as the application saw them, also where TLS carried them, in TCP segments and datagrams
rebuilt between documentation addresses. Bounded: what does not fit any more is counted and not kept.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn1 import view, x2x3_view
from asn1.errors import LabError
from asn1.laes import describe as laes
from collector.export.capture import Frame, pcapng, tcp_packet, udp_packet

MAX_OCTETS: Final = 4 << 20
MAX_LINES: Final = 500
"""Decoded records of one case."""
SHOWN: Final = 3
"""Of those, in the report itself."""
_PIECE: Final = 32_768
_OURS, _THEIRS = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
_PORT: Final = 40_000
COMMENT: Final = "SIMULATION. calea-lab conformance: octets of the application, segments rebuilt."


class Said(NamedTuple):
    """`ours`: whether we said it. `text`: of X1, which is no record. `datagram`: the form of content, where it came as
    one: `apdu`, or the octets of the CCC header."""

    time_us: int
    connection: int
    ours: bool
    octets: bytes
    text: bool = False
    datagram: str = ""


class Tape:
    def __init__(self) -> None:
        self.said: list[Said] = []
        self.left_out = 0
        self._octets = 0
        self.connections = itertools.count(1)

    def put(self, connection: int, ours: bool, octets: bytes, text: bool = False, datagram: str = "") -> None:
        if self._octets + len(octets) > MAX_OCTETS:
            self.left_out += len(octets)
            return
        self._octets += len(octets)
        self.said.append(Said(time.time_ns() // 1000, connection, ours, octets, text, datagram))

    def since(self, mark: int) -> list[Said]:
        return self.said[mark:]


def capture(said: Iterable[Said]) -> bytes:
    """As a pcapng file."""
    frames = []
    numbers: dict[tuple[int, bool], int] = {}
    for one in said:
        ends = (_OURS, _THEIRS) if one.ours else (_THEIRS, _OURS)
        if one.datagram:
            if (packet := udp_packet(*ends, _PORT, one.octets)) is not None:
                frames.append(Frame(one.time_us, -1, packet))
            continue
        ports = (_PORT + one.connection, 443) if one.ours else (443, _PORT + one.connection)
        for at in range(0, len(one.octets), _PIECE):
            piece = one.octets[at : at + _PIECE]
            sent = numbers.setdefault((one.connection, one.ours), 1)
            heard = numbers.get((one.connection, not one.ours), 1)
            frames.append(Frame(one.time_us, -1, tcp_packet(*ends, *ports, sent, heard, piece)))
            numbers[one.connection, one.ours] = sent + len(piece)
    return pcapng(frames, COMMENT)


def lines(said: Iterable[Said], dialect: str) -> list[dict[str, Any]]:
    """The records in it as `calea-lab decode` prints them, with who said them."""
    found: list[dict[str, Any]] = []
    streams: dict[tuple[int, bool], list[bytes]] = {}
    for one in said:
        who = "runner" if one.ours else "peer"
        if one.text:
            text = one.octets.decode("utf-8", "replace")
            found.append({"by": who, "connection": one.connection, "x1": text})
        elif one.datagram:
            found.append({"by": who, "connection": one.connection} | _describe_datagram(one, dialect))
        else:
            streams.setdefault((one.connection, one.ours), []).append(one.octets)
    for (connection, ours), chunks in streams.items():
        head = {"by": "runner" if ours else "peer", "connection": connection}
        try:
            described = _describe(chunks, dialect)
            found += [head | line for line in itertools.islice(described, MAX_LINES - len(found))]
        except LabError as error:
            found.append(head | {"error": {"message": str(error)}})
    return found[:MAX_LINES]


def _describe(chunks: list[bytes], dialect: str) -> Iterable[dict[str, Any]]:
    if dialect == "etsi":
        return view.describe_stream(chunks)
    return x2x3_view.describe_stream(chunks) if dialect == "x2x3" else laes.describe_stream(chunks, dialect)


def _describe_datagram(one: Said, dialect: str) -> dict[str, Any]:
    if one.datagram == "apdu":
        return laes.describe(one.octets, 0, dialect)
    return laes.describe_datagram(one.octets, int(one.datagram), 0, dialect)


Files = tuple[str, str, tuple[dict[str, Any], ...]]
"""Names of a capture and of decoded lines, and the first lines."""


def write(directory: Path, name: str, said: list[Said], dialect: str) -> Files:
    """The names of both files, and the first lines; empty names where nothing was said."""
    if not said:
        return "", "", ()
    directory.mkdir(parents=True, exist_ok=True)
    shown = lines(said, dialect)
    (directory / f"{name}.pcapng").write_bytes(capture(said))
    (directory / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in shown))
    return f"{directory.name}/{name}.pcapng", f"{directory.name}/{name}.jsonl", tuple(shown[:SHOWN])
