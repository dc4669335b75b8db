"""A fleet in front of which records are spread by their stream, for tests that were written for one collector.

`FleetLab` is `tests.collector.conftest.Lab` with shards in place of the one collector: a test issues orders, sends to
`ports`, asks `order` and `stored`, and need not know how many there are. The front is a socket of its own for each
link: it takes a connection's records apart, sends each to the shard of its stream, and answers a keep-alive when all
shards have. A shard's own counters, its links' errors and its ledger stay its own.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asn1 import tlv
from asn1.columns import KIND_TRI, Columns, LiidTable
from asn1.errors import DecodeError
from asn1.ps_pdu import decode_ps_pdu
from asn1.scan import scan
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from collector.store.verifier import VerifyReport, verify_store
from lab.fleet.merged import merged
from tests.collector.conftest import Court, Lab, Running, until_delivered

DIRECTORIES = "collector"


def names(shards: int) -> list[str]:
    return [f"shard-{number}" for number in range(1, shards + 1)]


class Front:
    """One listener for the same link of every shard."""

    def __init__(self, ports: list[int]) -> None:
        self._ports = ports
        self._server: asyncio.Server | None = None
        self._served: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        # Who is hung up on ends by itself: a task that is cancelled would be a defect to the collectors in this loop.
        for writer in self._served.values():
            writer.close()
        if self._served:
            await asyncio.wait(self._served, timeout=10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._served[task] = writer
        ends = [await asyncio.open_connection("127.0.0.1", port) for port in self._ports]
        answered: dict[int, int] = {}
        answers = [asyncio.create_task(self._answers(end[0], writer, answered)) for end in ends]
        buffer = b""
        try:
            while octets := await reader.read(65_536):
                buffer += octets
                while (end := _whole(buffer)) is not None:
                    record, buffer = buffer[:end], buffer[end:]
                    for at in self._targets(record):
                        ends[at][1].write(record)
                for _, out in ends:
                    await out.drain()
        finally:
            for _, out in ends:
                out.close()
            for one in answers:
                one.cancel()
            writer.close()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: dict[int, int]) -> None:
        buffer = b""
        while octets := await reader.read(4096):
            buffer += octets
            while (end := _whole(buffer)) is not None:
                answer, buffer = buffer[:end], buffer[end:]
                number = decode_ps_pdu(answer).header.sequence_number
                seen[number] = seen.get(number, 0) + 1
                if seen[number] == len(self._ports):
                    writer.write(answer)

    def _targets(self, record: bytes) -> list[int]:
        """Whose it is: everybody's, where it is of no stream. The header is enough: what is damaged behind it is of the
        same stream as what is whole."""
        columns, liids, everybody = Columns(1), LiidTable(), len(self._ports)
        scan(record, 0, len(record), columns, liids, 1 << 20)
        if not columns.n or columns.status[0]:
            return [0]
        if columns.kind[0] == KIND_TRI:
            return list(range(everybody))
        return [(sum(liids.octets(columns.liid[0])) + columns.cin[0] * 3 + columns.kind[0]) % everybody]


def _whole(buffer: bytes) -> int | None:
    try:
        end = tlv.read_tlv(buffer, 0, len(buffer)).end
    except DecodeError:
        return None
    return end if end <= len(buffer) else None


@dataclass
class FleetRunning:
    """As `Running`, of all shards together."""

    shards: list[Running]
    fronts: list[Front]
    ports: dict[str, int]

    async def end(self) -> None:
        for one in self.fronts:
            await one.stop()
        for shard in self.shards:
            await shard.end()

    def status(self) -> dict[str, Any]:
        each = [shard.status() for shard in self.shards]
        found = merged(each)
        return found | {
            "balanced": all(one["balanced"] for one in each),
            "links": [link for one in each for link in one["links"]],
        }

    def order(self, name: str) -> dict[str, Any]:
        return next(one for one in self.status()["orders"] if one["order"] == name)

    async def settled(self, delivered: int) -> None:
        await until_delivered(self.status, delivered, 90)


@dataclass
class FleetLab:
    """`shards` collectors over the database at `url`; one and no fleet where there is no url. All read one inbox."""

    root: Path
    court: Court
    shards: int
    url: str | None
    _labs: list[Lab] = field(default_factory=list)

    def __post_init__(self) -> None:
        places = [self.root] if self.url is None else [self.root / name for name in names(self.shards)]
        self._labs = [Lab(place, self.court) for place in places]

    async def start(self, **changes: Any) -> FleetRunning:
        started = []
        for lab, name in zip(self._labs, names(self.shards), strict=False):
            fleet = {} if self.url is None else {"fleet": {"database_url": self.url, "shard": name}}
            keys = {one: str(self.root / f"{one.removesuffix('_public_key')}.pub") for one in _KEYS}
            started.append(await lab.start(**(changes | fleet | keys)))
        ports, fronts = dict(started[0].ports), list[Front]()
        if self.url is not None:
            for link in changes.get("links", [{"name": "hi2"}, {"name": "hi3"}]):
                fronts.append(Front([one.ports[link["name"]] for one in started]))
                ports[link["name"]] = await fronts[-1].start()
        return FleetRunning(started, fronts, ports)

    def stored(self) -> list[StoredRecord]:
        """Of all shards, what is voided left out."""
        return [
            record
            for lab in self._labs
            for record in StoreReader(lab.data / "store", Keys(lab.data / "keys")).records()
        ]

    def verified(self) -> list[VerifyReport]:
        found = []
        for lab in self._labs:
            keys = Keys(lab.data / "keys")
            found.append(verify_store(lab.data / "store", keys.signing.public_key(), keys))
        return found


_KEYS = ("court_public_key", "quarantine_public_key")
