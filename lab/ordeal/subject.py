"""What the ordeals are done to: a small store, a writer whose every record can be told again, and the one check.

Record n of a subject is a function of its seed and n, so that whoever finds it can say whether it is the right one, and
n stands in its row, so that a record that is there twice, or not at all, shows. The writer goes on behind the last
record that the store has, as a collector does that knows what it stored. What `acknowledged` heard of is owed.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.batch import Batch, CommitInfo, OrderRef
from collector.rows import FORM_NOTICE, Rows
from collector.store.files import Files
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.settings import MIN_SEGMENT_OCTETS, StoreConfig, StoreHooks
from collector.store.store import Store
from collector.store.verifier import verify_store
from mediation.law.orders import OrderId, order_uid

SEGMENT_OCTETS: Final = MIN_SEGMENT_OCTETS
MAX_RECORD_OCTETS: Final = 700
MAX_BATCH_RECORDS: Final = 60
ORDERS: Final = tuple(OrderRef(order_uid(OrderId(f"O-{n}")), 1, f"O-{n}") for n in range(3))
_RECORD: Final = b'{"n":0}'


def record_of(seed: int, number: int) -> bytes:
    """Record `number`, 32 to `MAX_RECORD_OCTETS` octets."""
    digest = hashlib.blake2b(b"%d %d" % (seed, number), digest_size=32).digest()
    octets = 32 + int.from_bytes(digest[:2], "big") % (MAX_RECORD_OCTETS - 31)
    return (digest * (octets // 32 + 1))[:octets]


@dataclass(frozen=True, slots=True)
class Subject:
    """Where a store under test lies. `pin` lies elsewhere, as in a run."""

    root: Path
    pin: Path
    seed: int
    segments: int = 4

    @classmethod
    def make(cls, root: Path, pin: Path, seed: int, segments: int = 4) -> Subject:
        """Fresh keys in `root`."""
        quarantine = root / "quarantine.pem"
        root.mkdir(parents=True, exist_ok=True)
        quarantine.write_bytes(
            X25519PrivateKey.generate()
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        Keys.create(root / "keys", quarantine)
        return cls(root, pin, seed, segments)

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def capacity_octets(self) -> int:
        return self.segments * SEGMENT_OCTETS

    def keys(self) -> Keys:
        return Keys(self.root / "keys")

    def open(self, files: Files | None = None, on_failure: Callable[[str], None] = lambda sentence: None) -> Store:
        config = StoreConfig(self.capacity_octets, SEGMENT_OCTETS, pin=self.pin)
        hooks = StoreHooks(now_us=lambda: time.time_ns() // 1000, on_failure=on_failure)
        return Store.open(self.store, config, self.keys(), hooks, files)

    def next_number(self) -> int:
        """Behind the newest record that is stored; 0 when there is none."""
        newest = -1
        for commit in StoreReader(self.store).commits():
            for data in commit.data:
                own = data.rows["form"] == FORM_NOTICE
                if not own.all():
                    newest = max(newest, int(data.rows["number"][~own].max()))
        return newest + 1


def put(store: Store, subject: Subject, first: int, count: int, acknowledged: Callable[[int], None]) -> None:
    """Submit records `[first, first + count)`; `acknowledged` hears, on the writer's thread, the number behind them."""
    rows = Rows(count)
    arena = bytearray()
    now_us = time.time_ns() // 1000
    for number in range(first, first + count):
        octets = record_of(subject.seed, number)
        rows.append(
            buffer=0, offset=len(arena), length=len(octets), order=number % 3, verdict=1, reasons=1,
            received_us=now_us, event_us=now_us, liid=number % 2, cin=7, number=number, epoch=0, kind=1,
            content_tag=12, direction=0,
        )  # fmt: skip
        arena += octets

    def durable(_: CommitInfo) -> None:
        acknowledged(first + count)

    view = memoryview(bytes(arena))
    store.submit(Batch(rows, (view, memoryview(b"")), ORDERS, lambda liid: b"LAB-%d" % liid, _RECORD, durable))


def batch_sizes(seed: int) -> random.Random:
    """Chance that can be had again; not a secret."""
    return random.Random(seed)  # noqa: S311


@dataclass(slots=True)
class Found:
    """What a check found: `wrong` are sentences; `lost` and `doubled` count records that were acknowledged."""

    stored: int = 0
    evicted: int = 0
    lost: int = 0
    doubled: int = 0
    over_capacity: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.over_capacity or self.wrong)

    def as_json(self) -> dict[str, Any]:
        return {
            "stored": self.stored,
            "evicted": self.evicted,
            "lost": self.lost,
            "doubled": self.doubled,
            "over_capacity": self.over_capacity,
            "wrong": self.wrong[:5],
        }


def check(subject: Subject, acknowledged: int) -> Found:
    """Everything that must hold of a store that nobody writes, when records below `acknowledged` were acknowledged:
    they are there once, octet for octet, or left with notice; the ledger verifies; capacity holds."""
    found = Found()
    keys = subject.keys()
    sizes = sum(path.stat().st_size for path in subject.store.glob("seg-*"))
    found.over_capacity = sizes > subject.capacity_octets
    report = verify_store(subject.store, keys.signing.public_key(), keys, subject.pin)
    found.wrong += report.tampered
    found.evicted = report.evicted_with_notice
    numbers: list[int] = []
    newest: dict[bytes, int] = {}
    for record in StoreReader(subject.store, keys).records():
        if record.form == FORM_NOTICE:
            continue
        numbers.append(record.number)
        last = newest.get(record.uid, -1)
        if record.number <= last:
            found.wrong.append(f"record {record.number} of an order stands behind its record {last}")
        newest[record.uid] = record.number
        if record.octets != record_of(subject.seed, record.number):
            found.wrong.append(f"record {record.number} is another one: {record.fault}")
    found.stored = len(numbers)
    there = set(numbers)
    found.doubled = len(numbers) - len(there)
    # Only the oldest may be gone, and only where notices say so.
    oldest = min(there, default=0)
    found.lost = sum(1 for number in range(oldest, acknowledged) if number not in there)
    if not found.evicted:
        found.lost += min(oldest, acknowledged)
    return found
