"""The recorders' socket: whole pieces go to the lane, and what is durable is answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.columns import KIND_CC
from asn1.recording import Recording, Sound, sign_recording
from collector.laes.receive import RecordFeed
from collector.receiver import Receiver
from collector.recorder.receive import RecorderConnection

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else None

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def is_closing(self) -> bool:
        return self.closed

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True


class Lane:
    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.large: list[tuple[int, int]] = []
        self.count = 0

    def message(self, name: str, arrived: Any, now_us: int) -> None:
        self.seen.append(arrived.octets)
        self.count += 1

    def oversized(self, name: str, octets: int, kind: int) -> None:
        self.large.append((octets, kind))
        self.count += 1

    def taken(self) -> int:
        count, self.count = self.count, 0
        return count


async def test_pieces_are_taken_whole_and_answered_when_they_are_durable() -> None:
    positions: list[int] = []
    arenas = SimpleNamespace(
        reserve=lambda octets: SimpleNamespace(room=octets, filled=0, view=memoryview(bytearray(octets))),
        scanned=lambda source, position, octets, records: positions.append(position),
        touch=lambda: None, forget=lambda source: None,
    )  # fmt: skip
    reports: list[str] = []
    due: Any = SimpleNamespace(come_due=lambda: None)
    receiver = Receiver(
        due, arenas, None, max_connections=4, spill_octets=1 << 20,  # type: ignore[arg-type]
        backlog_octets=1 << 20, now_us=lambda: 0, session_us=lambda: 0,
        report=lambda link, peer, code, text: reports.append(code), on_defect=reports.append,
    )  # fmt: skip
    link: Any = SimpleNamespace(
        name="rec", connections=0, accepted_connections=0, octets=0, errors=Counter(), closed=Counter(),
        max_record_octets=4096, guard=SimpleNamespace(paused=False),
    )  # fmt: skip
    lane, transport = Lane(), Transport()
    connection = RecorderConnection(RecordFeed(receiver, due, lane, KIND_CC), link, 1.0, 60.0, 4)
    connection.connection_made(transport)
    made = Recording("D1", "LI-14", 1, 0, 5, False, Sound("PCMU", bytes(800)))
    pieces = [sign_recording(made._replace(piece=number), KEY) for number in range(3)]
    large = sign_recording(made._replace(sound=Sound("PCMU", bytes(8000))), KEY)
    octets = b"".join((*pieces, large))
    for at in range(0, len(octets), 700):
        part = octets[at : at + 700]
        connection.get_buffer(-1)[: len(part)] = part
        connection.buffer_updated(len(part))
    assert lane.seen == pieces and lane.large == [(len(large), KIND_CC)]
    whole = sum(map(len, pieces))
    assert positions[-1] == whole
    connection.durable(whole)
    assert transport.written == whole.to_bytes(8, "big")
    connection.get_buffer(-1)[:4] = b"GET "
    connection.buffer_updated(4)
    assert transport.closed and link.errors["WRONG_DIALECT"] == 1
    connection.durable(whole)
    assert len(transport.written) == 8
