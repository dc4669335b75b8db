"""A case as the console reads it: what a real collector stored of two orders, and a library beside it."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from asn1 import ps_pdu
from asn1.columns import KIND_CC
from asn1.ip import ipcc
from collector.batch import Batch, OrderRef
from collector.console.model.library import CaseLibrary
from collector.console.model.scope import Scope, scope_of
from collector.registry import Registry
from collector.rows import Rows
from collector.standing import Entry
from collector.store.index import Index
from collector.store.keys import Keys
from collector.store.private_files import read_public_key
from collector.store.reader import StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from mediation.law.orders import OrderId, order_uid
from tests.collector.console.world import World, make_template, open_world

CASE = "C-1"


def rtp(number: int, payload: bytes = b"\xaa" * 160, ssrc: int = 7, kind: int = 8) -> bytes:
    """An RTP packet of 20 ms."""
    head = bytes((0x80, kind)) + number.to_bytes(2, "big") + (160 * number & 0xFFFFFFFF).to_bytes(4, "big")
    return head + ssrc.to_bytes(4, "big") + payload


@dataclass
class Case:
    """`library` reads what is stored; `decide` puts decisions into the store."""

    root: Path
    library: CaseLibrary
    registry: Registry
    opened: list[CaseLibrary] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.root / "collector"

    def scope(self, content: bool = True, privileged: bool = False, **changes: Any) -> Scope:
        made = scope_of(CASE, self.registry.current(), content, privileged)
        return Scope(**{name: getattr(made, name) for name in made.__dataclass_fields__} | changes)

    def open_store(self) -> Store:
        """The store, written to by the test in the collector's place."""
        return Store.open(
            self.data / "store",
            StoreConfig(capacity_octets=16 << 20, segment_octets=8 << 20),
            Keys(self.data / "keys"),
            StoreHooks(lambda: time.time_ns() // 1000, lambda records: {}),
        )

    def decide(self, *entries: Entry, store: Store | None = None) -> None:
        mine = self.open_store() if store is None else store
        done = threading.Event()
        mine.stand(entries, lambda info: done.set())
        assert done.wait(10)
        if store is None:
            mine.close()
            self.reindex()

    def feed(
        self, store: Store, *rows: tuple[bytes, dict[str, Any]], order: str = "O-1", liid: str = "LAB-0001"
    ) -> None:
        """One committed batch of records of an order, each with what its row says otherwise than content of CIN 1."""
        made, arena = Rows(len(rows)), b"".join(octets for octets, _ in rows)
        offset = 0
        for number, (octets, changes) in enumerate(rows):
            columns = {
                "buffer": 0, "offset": offset, "length": len(octets), "order": 0, "verdict": 1, "reasons": 1,
                "received_us": 1, "event_us": 1, "liid": 0, "cin": 1, "number": 1_000 + number, "epoch": 0,
                "kind": KIND_CC, "content_tag": 12, "direction": 0,
            }  # fmt: skip
            made.append(**(columns | changes))
            offset += len(octets)
        orders = (OrderRef(order_uid(OrderId(order)), 1, order),)
        note = json.dumps({"orders": [{"order": order, "liid": liid}]}).encode()
        done = threading.Event()
        view = (memoryview(arena), memoryview(b""))
        store.submit(Batch(made, view, orders, lambda _: liid.encode(), note, lambda info: done.set()))
        assert done.wait(10)

    def reindex(self) -> None:
        last = max(one.number for one in StoreReader(self.data / "store").commits())
        index = Index(f"sqlite:///{self.data / 'index.sqlite'}", self.data / "store", Keys(self.data / "keys"), last)
        index.start()
        assert index.wait(20)
        index.stop()

    def sequences(self, liid: str, cin: int) -> list[int]:
        return [one.sequence for one in self.library.records(self.scope(), liid, cin)]


def open_library(data: Path) -> CaseLibrary:
    return CaseLibrary.of_one(
        f"sqlite:///{data / 'index.sqlite'}", data / "store", Keys(data / "keys"), audit=data / "audit"
    )


@pytest.fixture
def reopened() -> Iterator[Callable[[Path], CaseLibrary]]:
    """Another library over the same directory."""
    found: list[CaseLibrary] = []

    def again(data: Path) -> CaseLibrary:
        found.append(open_library(data))
        return found[-1]

    yield again
    for one in found:
        one.close()


@pytest.fixture
def make_rtp() -> Callable[..., bytes]:
    return rtp


@pytest.fixture
async def made(lab: Any, records: Any, connect: Any) -> AsyncIterator[Callable[..., Awaitable[Case]]]:
    """Sends records to a collector with a warrant (LAB-0001) and a pen register (LAB-0002), both of C-1, and another
    case's warrant (LAB-0003); gives the case. What to send is a function of the fixture `records`."""
    opened: list[CaseLibrary] = []

    async def make(*sent: bytes, **orders: Any) -> Case:
        lab.court.issue("O-1", "LAB-0001", case_id=CASE, **orders)
        lab.court.issue("O-2", "LAB-0002", kind="PRTT", services=[], case_id=CASE)
        lab.court.issue("O-3", "LAB-0003", case_id="C-2")
        running = await lab.start()
        client = await connect(running.ports["hi2"])
        await client.send(*sent)
        await client.barrier(records)
        await client.close()
        await running.end()
        library = open_library(lab.data)
        opened.append(library)
        registry = Registry(lab.court.inbox, read_public_key(lab.root / "court.pub"), reads_only=True)
        registry.reload()
        case = Case(lab.root, library, registry)
        case.reindex()
        return case

    yield make
    for library in opened:
        library.close()


@pytest.fixture
def sent(records: Any) -> list[bytes]:
    """A call, a message and a session under the warrant; a call and a message under the pen register; one elsewhere."""
    speech = [
        records.rtp("LAB-0001", 1, rtp(number), direction="fromTarget" if number % 2 else "toTarget")
        for number in range(20)
    ]
    ip = b"\x45\0\0\x24\0\0\0\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2\0\x35\x14\xe9\0\x10\0\0" + b"\0\1\0\0\0\0\0\0"
    data = ps_pdu.cc_pdu(records.header("LAB-0001", 3, "cc", None, None), ipcc(ip), "fromTarget")
    return [
        records.sip("LAB-0001", 1), *speech, records.sip("LAB-0001", 1, "end", method="BYE", to_tag="b"),
        records.sms("LAB-0001", 2, "hello <b>you</b>"), data,
        records.sip("LAB-0002", 5, body=b"WITHHELD"), records.sms("LAB-0002", 6, "WITHHELD"),
        records.sip("LAB-0003", 7),
    ]  # fmt: skip


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A store, a court and a desk that the consoles of all tests start from, and when they were made."""
    root = tmp_path_factory.mktemp("template")
    return root, make_template(root)


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where there is one: the desk's ledger makes every attempt durable, which takes a disk most
    of a test's time. What durability is worth is tested elsewhere."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as directory:
        yield Path(directory)


@pytest.fixture
async def open_console(quick_path: Path, template: tuple[Path, int]) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """A console with other settings: `await open_console(policy={"idle_s": 60})`."""
    async with AsyncExitStack() as stack:

        async def start(**changes: Any) -> World:
            return await open_world(quick_path, *template, stack, **changes)

        yield start


@pytest.fixture
async def console(open_console: Callable[..., Awaitable[World]]) -> World:
    """The console as it is by default (`world.py`): `browser = await console.as_("rivera")`."""
    return await open_console()
