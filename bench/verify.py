"""How fast `calea-lab verify` goes through a whole store: CC records of 200 octets, encrypted at rest.

    python -m bench.verify [--records 3000000] [--date 2026-01-31] [--out bench/results/verify.json]

The store is made first, through the store's own writer, in a temporary directory (about 300 octets a record); then
`verify_store` reads it, cold where the kernel lets the page cache be dropped for its files. One process, one thread
that reckons and one that reads ahead. `queued_seconds` is how long the first was ready to run while others had the
processors (schedstat): on a machine that does nothing else there is none, so `records_per_s_unqueued` leaves it out.
Beside it, in the same run, what SHA-256 of the same octets alone would take through hashlib, record by record and in
one piece: no verifier of RFC 6962 leaves can do less than the latter. Figures of different machines, or of this one
under other load, do not compare: compare ratios inside one file.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench.environment import environment_card
from bench.kernels import RECORD_OCTETS, ROOT, START_US, media_record
from collector.batch import Batch, CommitInfo, OrderRef
from collector.rows import Rows
from collector.store.keys import Keys
from collector.store.pack import COMPILED as PACK_COMPILED
from collector.store.settings import StoreConfig, StoreHooks
from collector.store.store import Store
from collector.store.verifier import verify_store
from collector.store.walk import segment_paths
from mediation.law.orders import OrderId, order_uid
from mediation.ledger.kernel import COMPILED as LEDGER_COMPILED

BATCH_RECORDS = 8192
ORDERS = 4
SEGMENT_OCTETS = 64 << 20
LEAF_OCTETS = 65 + RECORD_OCTETS
"""What is hashed for a leaf: a zero, the envelope, the record."""


def make_keys(directory: Path) -> Keys:
    quarantine = directory / "quarantine.pem"
    public = X25519PrivateKey.generate().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    quarantine.write_bytes(public.public_bytes(serialization.Encoding.PEM, form))
    return Keys.create(directory / "keys", quarantine)


def fill(directory: Path, keys: Keys, records: int) -> None:
    """`records` of them, in batches as a busy collector makes them."""
    rows = Rows(BATCH_RECORDS)
    arena = b"".join(media_record(at % 64, at // 64, START_US + at) for at in range(BATCH_RECORDS))
    for at in range(BATCH_RECORDS):
        rows.append(
            buffer=0, offset=RECORD_OCTETS * at, length=RECORD_OCTETS, order=at % ORDERS, verdict=1, reasons=1,
            received_us=START_US + at, event_us=START_US + at, liid=at % 64, cin=70_000 + at % 64, number=at // 64,
            epoch=0, kind=1, content_tag=12, direction=0,
        )  # fmt: skip
    orders = tuple(OrderRef(order_uid(OrderId(f"BENCH-{n}")), 1, f"BENCH-{n}") for n in range(ORDERS))
    turns = -(-records // BATCH_RECORDS)
    config = StoreConfig(capacity_octets=(turns * BATCH_RECORDS * 320 // SEGMENT_OCTETS + 3) * SEGMENT_OCTETS)
    store = Store.open(directory, config, keys, StoreHooks(now_us=lambda: START_US))
    room = threading.Semaphore(4)

    def durable(_: CommitInfo) -> None:
        room.release()

    try:
        for _ in range(turns):
            room.acquire()
            views = (memoryview(arena), memoryview(b""))
            store.submit(Batch(rows, views, orders, lambda liid: b"LAB-%06d" % liid, b"{}", durable))
    finally:
        store.close()
    if store.failed is not None:
        raise SystemExit(store.failed)


def forget_pages(directory: Path) -> None:
    """Ask the kernel to read the files anew."""
    for path in segment_paths(directory):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def sha256_baseline(records: int) -> dict[str, float]:
    """Records a second of hashlib over the leaves' octets: a call each, and all in one go."""
    leaf, sha256 = bytes(LEAF_OCTETS), hashlib.sha256
    began = time.process_time()
    for _ in range(records):
        sha256(leaf)
    each = records / (time.process_time() - began)
    piece = bytes(LEAF_OCTETS * 4096)
    began = time.process_time()
    for _ in range(records // 4096):
        sha256(piece)
    return {"each": round(each), "one_piece": round(records // 4096 * 4096 / (time.process_time() - began))}


def queued_s() -> float:
    """Seconds that this thread has waited for a processor."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def measure(directory: Path, keys: Keys, warm: bool) -> dict[str, Any]:
    if not warm:
        forget_pages(directory)
    queued, began, cpu = queued_s(), time.perf_counter(), time.process_time()
    report = verify_store(directory, keys.trust, keys)
    seconds, cpu_s, queued = time.perf_counter() - began, time.process_time() - cpu, queued_s() - queued
    if not report.ok or report.unreadable:
        raise SystemExit(f"the store does not verify: {report.tampered[:3]}")
    return {
        "records": report.records,
        "checkpoints": report.checkpoints,
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_s, 3),
        "queued_seconds": round(queued, 3),
        "records_per_s": round(report.records / seconds),
        "records_per_s_unqueued": round(report.records / (seconds - queued)),
        "records_per_cpu_s": round(report.records / cpu_s),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=3_000_000)
    today = datetime.date.today().isoformat()
    parser.add_argument("--date", default=today, help="the day of the run, ISO 8601; today unless told")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results" / "verify.json")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        keys = make_keys(Path(temporary))
        directory = Path(temporary) / "store"
        fill(directory, keys, arguments.records)
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        runs = {"cold": measure(directory, keys, False), "warm": measure(directory, keys, True)}
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    baseline = sha256_baseline(min(arguments.records, 1_000_000))
    fastest = runs["warm"]["records_per_cpu_s"]
    results = {
        "record_octets": RECORD_OCTETS,
        "batch_records": BATCH_RECORDS,
        "environment": environment_card(arguments.date, {"pack": PACK_COMPILED, "ledger": LEDGER_COMPILED}),
        "verify": runs,
        "memory_grown_mib": round(grown_kib / 1024, 1),
        "sha256_records_per_s": baseline,
        "share_of_sha256": {name: round(fastest / value, 3) for name, value in baseline.items()},
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
