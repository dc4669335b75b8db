"""A store on a temporary directory, fed by hand."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.batch import Batch, CommitInfo, OrderRef
from collector.rows import Rows
from collector.store.files import Files
from collector.store.frames import SegmentHeader
from collector.store.fresh import FreshUnits
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from collector.store.walk import SegmentFile, segment_paths
from mediation.law.orders import OrderId, order_uid

CAPACITY, SEGMENT = 1 << 20, 256 * 1024


@dataclass
class Bench:
    """Opens stores over one directory and remembers what was acknowledged."""

    root: Path
    encryption: bool = True
    acknowledged: list[bytes] = field(default_factory=list)
    audited: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    now_us: int = 1_700_000_000_000_000
    fresh: FreshUnits | None = None
    keys: Keys = field(init=False)

    def __post_init__(self) -> None:
        quarantine = self.root / "quarantine.pem"
        quarantine.write_bytes(
            X25519PrivateKey.generate()
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        self.keys = Keys.create(self.root / "keys", quarantine)

    @property
    def directory(self) -> Path:
        return self.root / "store"

    @property
    def pin(self) -> Path:
        return self.root / "pin" / "checkpoint"

    def open(self, files: Files | None = None, **changes: Any) -> Store:
        settings = {
            "capacity_octets": CAPACITY,
            "segment_octets": SEGMENT,
            "encryption": self.encryption,
            "pin": self.pin,
        }
        config = StoreConfig(**(settings | changes))
        hooks = StoreHooks(
            now_us=self.tick,
            summarise=lambda records: {"records": sum(1 for _ in records)},
            audit=lambda kind, fields: self.audited.append((kind, fields)),
            on_failure=self.failures.append,
            on_unit=None if self.fresh is None else self.fresh.offer,
        )
        return Store.open(self.directory, config, self.keys, hooks, files)

    def tick(self) -> int:
        self.now_us += 1
        return self.now_us

    def put(self, store: Store, records: list[bytes], note: bytes = b"{}", wait: bool = True) -> threading.Event:
        """Submit one batch of `records`, spread over three orders; they count as acknowledged when durable."""
        rows = Rows(max(len(records), 1))
        arena = b"".join(records)
        offset = 0
        for number, record in enumerate(records):
            rows.append(
                buffer=0, offset=offset, length=len(record), order=number % 3, verdict=1, reasons=1,
                received_us=self.now_us, event_us=self.now_us - 1, liid=number % 2, cin=7, number=number, epoch=0,
                kind=1, content_tag=12, direction=0,
            )  # fmt: skip
            offset += len(record)
        done = threading.Event()

        def durable(info: CommitInfo) -> None:
            self.durable(records, info)
            done.set()

        orders = tuple(OrderRef(order_uid(OrderId(f"O-{n}")), 1, f"O-{n}") for n in range(3))
        view = memoryview(arena)
        store.submit(Batch(rows, (view, memoryview(b"")), orders, lambda liid: b"LAB-%d" % liid, note, durable))
        if wait:
            for _ in range(1000):
                if done.wait(0.01) or self.failures:
                    break
            assert done.is_set() or self.failures
        return done

    def sequences(self) -> list[int]:
        """Of all that is there, what is voided too."""
        reader = StoreReader(self.directory)
        oldest = min((header.first_sequence for header in _headers(self.directory)), default=0)
        voided = [at for first, last in reader.voids().ranges() for at in range(max(first, oldest), last + 1)]
        return sorted([record.sequence for record in reader.records()] + voided)

    def durable(self, records: list[bytes], info: CommitInfo) -> None:
        """They are on disk. On the store's thread."""
        self.acknowledged.extend(records)


def _headers(directory: Path) -> list[SegmentHeader]:
    found = []
    for path in segment_paths(directory):
        with SegmentFile(path) as file:
            found.append(file.header())
    return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def make_records() -> Iterator[Callable[[int, int], list[bytes]]]:
    rng = random.Random(7)

    def make(count: int, octets: int) -> list[bytes]:
        return [rng.randbytes(rng.randrange(1, octets)) for _ in range(count)]

    yield make
