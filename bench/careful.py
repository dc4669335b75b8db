"""What the careful lane takes: signalling under pen registers, judged field by field, sealed, stored and indexed.

    python -m bench.careful [--kinds sip,sip-plain,hi2,sms,t1678] [--records N] [--liids N] [--runs N] [--profile]

The collector as `collector.service` puts it together, without its sockets: records go into an arena and through
`Pipeline.feed` (or the lane of their US dialect), batches into the store, units into the SQL index. Figures are of CPU
time of the whole process (user and system, all threads) from the first octet to the last row of the index, and what
they are divided by is a loop of SHA-256 in the same process, so that runs on a busy machine compare. Where the time
goes is told by thread and, of ETSI records, by stage (`bench.careful_stages`); `--profile` tells it by function. Every
run ends with a count: delivered = accepted + flagged + masked + rejected + quarantined + duplicate, and as many events
in the index as IRI records are stored; otherwise it is void.
Result: bench/results/careful.json with its environment card.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import gc
import hashlib
import json
import pstats
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import create_engine, text

from asn1 import walk
from asn1.laes.stream import Framer
from bench.careful_records import FLOWS, liid_of, stream, target_of
from bench.careful_stages import stages_us
from bench.environment import environment_card
from collector import json_text, keyed_digest, mask, ordinary, quality, synthetic
from collector.config import CollectorConfig
from collector.facts import ordinary as ordinary_facts
from collector.facts import plain_calls, plain_cdc, plain_messages, plain_sip, plain_tpdu
from collector.laes.receive import Feed, _starts
from collector.pipeline import LinkState
from collector.service import GARBAGE_OBJECTS, Service
from collector.store import index_rows
from lab.papers import lab_papers
from mediation.law.documents import make_document, order_from_fields

RESULT = Path(__file__).parent / "results" / "careful.json"
DAY_US = 86_400_000_000
READ_OCTETS = 256 * 1024
"""What a busy socket gives at a time."""


def _pem(key: Any) -> bytes:  # noqa: ANN401  either kind of private key
    return bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def prepare(root: Path, liids: int, now_us: int) -> CollectorConfig:
    court = Ed25519PrivateKey.generate()
    (root / "court.pub").write_bytes(_pem(court))
    (root / "quarantine.pub").write_bytes(_pem(X25519PrivateKey.generate()))
    inbox = root / "inbox"
    inbox.mkdir(parents=True)
    start = (now_us - DAY_US) // 1_000_000 * 1_000_000
    for liid in range(liids):
        values = {
            "order_id": f"PRTT-{liid}", "kind": "PRTT", "liid": liid_of(liid), "targets": [f"e164:{target_of(liid)}"],
            "start": start, "end": start + 20 * DAY_US,
        }  # fmt: skip
        order = order_from_fields(values)
        (inbox / f"{order.order_id}.v1.json").write_bytes(make_document(order, court, papers=lab_papers(order)))
    policy = {"late_us": 3_600_000_000}
    return CollectorConfig.model_validate(
        {
            "data_dir": str(root / "collector"),
            "court_public_key": str(root / "court.pub"),
            "quarantine_public_key": str(root / "quarantine.pub"),
            "hi1_inbox": str(inbox),
            "links": [
                {"name": "hi2", "interface": "HI2", "policy": policy},
                {"name": "cdc", "dialect": "t1678", "policy": policy},
            ],
            "store": {"capacity_octets": 2 << 30, "segment_octets": 256 << 20},
        }
    )


class Peer:
    """A connection that nobody is at the other end of."""

    def __init__(self) -> None:
        self.outstanding = 0
        self.acknowledged = 0

    def tri(self, octets: bytes, position: int) -> None:
        raise AssertionError("there are no TRI records here")

    def durable(self, position: int) -> None:
        self.acknowledged = position


class Source(Peer):
    """A connection of call data."""

    def __init__(self, link: LinkState) -> None:
        super().__init__()
        self.link = link
        self.position = 0


class Bench:
    def __init__(self, service: Service) -> None:
        self.engine, self.index, self.orders = service._engine, service._index, service._orders
        self.links = service._links
        self.receiver = service._receiver

    async def etsi(self, octets: bytes) -> None:
        """What a connection does with what it reads."""
        assembly, pipeline, peer = self.engine.assembly, self.engine.pipeline, Peer()
        position, carried = 0, b""
        view = memoryview(octets)
        for at in range(0, len(octets), READ_OCTETS):
            piece = carried + view[at : at + READ_OCTETS]
            while (arena := assembly.reserve(len(piece))) is None:  # noqa: ASYNC110  the assembly has no event
                await asyncio.sleep(0.001)
            start = arena.filled
            arena.view[start : start + len(piece)] = piece
            fed = pipeline.feed(self.links[0], peer, arena.view, start, start + len(piece), position)
            assert fed.fatal is None
            carried = bytes(arena.view[fed.end : start + len(piece)])
            arena.filled = fed.end
            position += fed.end - start
            assembly.touch()
            await asyncio.sleep(0)
        assert not carried

    async def t1678(self, octets: bytes) -> None:
        link = self.links[1]
        assert link.laes is not None
        feed = Feed(self.receiver, self.engine.pipeline, self.engine.laes)
        framer = Framer(_starts(link.laes), link.max_record_octets)
        source: Any = Source(link)
        for at in range(0, len(octets), READ_OCTETS):
            for frame in framer.feed(octets[at : at + READ_OCTETS]):
                assert frame.error is None
                while not feed.judge(source, frame.octets):
                    self.receiver.paused = False
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """Until everything is durable and in the index."""
        assembly = self.engine.assembly
        assembly.flush()
        while assembly.in_flight or assembly.pending_records:
            assembly.touch()
            await asyncio.sleep(0.001)
        if not await asyncio.to_thread(self.index.wait, 600.0):
            raise SystemExit(f"the index has failed: {self.index.state().error}")


def hash_baseline() -> float:
    """CPU seconds of a fixed work: what the machine is worth at the moment."""
    block = bytes(64 * 1024)
    before = time.thread_time()
    for _ in range(1500):
        hashlib.sha256(block).digest()
    return time.thread_time() - before


def thread_seconds() -> dict[str, float]:
    """CPU seconds of each thread so far, by its name."""
    found: dict[str, float] = {}
    for thread in threading.enumerate():
        try:
            said = Path(f"/proc/self/task/{thread.native_id}/schedstat").read_text().split()
        except OSError:
            continue
        found[thread.name] = found.get(thread.name, 0.0) + int(said[0]) / 1e9
    return found


async def measure(kind: str, records: int, liids: int, profile: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        root = Path(directory)
        now_us = time.time_ns() // 1000
        config = prepare(root, liids, now_us)
        gc.set_threshold(*GARBAGE_OBJECTS)
        service = Service(config)
        service._open(stack)
        service._index.start()
        service._audit.flush()
        bench = Bench(service)
        sent = stream(kind, records, liids, now_us - 30_000_000)
        octets = b"".join(sent)
        feed = bench.t1678 if kind == "t1678" else bench.etsi
        baseline = hash_baseline()
        profiler = cProfile.Profile() if profile else None
        threads = thread_seconds()
        cpu, wall = time.process_time(), time.perf_counter()
        if profiler is not None:
            profiler.enable()
        await feed(octets)
        await bench.settle()
        if profiler is not None:
            profiler.disable()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        spent = {name: seconds - threads.get(name, 0.0) for name, seconds in thread_seconds().items()}
        baseline = (baseline + hash_baseline()) / 2
        if profiler is not None:
            pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
        totals = bench.engine.totals
        verdicts = dict.fromkeys(("accepted", "flagged", "masked", "quarantined", "rejected", "duplicate"), 0)
        reasons: dict[str, int] = {}
        for counts in (*totals.orders.values(), *totals.unknown.values()):
            for name in verdicts:
                verdicts[name] += getattr(counts, name)
            for reason, times in counts.reasons.items():
                reasons[reason] = reasons.get(reason, 0) + times
        with create_engine(config.database_url).connect() as connection:
            events = connection.execute(text("SELECT count(*) FROM iri_event")).scalar_one()
        kept = sum(verdicts[name] for name in ("accepted", "flagged", "masked", "quarantined"))
        if sum(verdicts.values()) != records or events != kept:
            raise SystemExit(f"void: {records} sent, verdicts {verdicts}, {events} events in the index")
        by_thread = {name: 1e6 * seconds / records for name, seconds in sorted(spent.items()) if seconds > 0.001}
        order = service._orders.current()[0]
        parts = {} if kind == "t1678" else stages_us(sent, order, config.database_url, root, by_thread)
        return {
            "kind": kind,
            "records": records,
            "liids": liids,
            "mean_octets": round(len(octets) / records),
            "verdicts": {name: count for name, count in verdicts.items() if count},
            "reasons": reasons,
            "index_events": events,
            "cpu_s": round(cpu, 4),
            "wall_s": round(wall, 4),
            "records_per_core_s": round(records / cpu),
            "us_per_record": round(1e6 * cpu / records, 2),
            "us_per_record_by_thread": {name: round(us, 2) for name, us in by_thread.items()},
            "us_per_record_by_stage": parts,
            "sha256_baseline_s": round(baseline, 4),
            "records_per_baseline": round(records / cpu * baseline),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default=",".join(FLOWS))
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--liids", type=int, default=64)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--result", type=Path, default=RESULT)
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    arguments = parser.parse_args()
    best = {}
    for kind in arguments.kinds.split(","):
        runs = [
            asyncio.run(measure(kind, arguments.records, arguments.liids, arguments.profile))
            for _ in range(arguments.runs)
        ]
        middle = sorted(runs, key=lambda run: run["us_per_record"])[len(runs) // 2]
        best[kind] = {**middle, "us_per_record_of_runs": sorted(run["us_per_record"] for run in runs)}
        print(json.dumps(best[kind]))
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    compiled = {
        "asn1.walk": walk.COMPILED,
        "collector.facts.ordinary": ordinary_facts.COMPILED,
        "collector.facts.plain_calls": plain_calls.COMPILED,
        "collector.facts.plain_cdc": plain_cdc.COMPILED,
        "collector.facts.plain_messages": plain_messages.COMPILED,
        "collector.facts.plain_sip": plain_sip.COMPILED,
        "collector.facts.plain_tpdu": plain_tpdu.COMPILED,
        "collector.json_text": json_text.COMPILED,
        "collector.keyed_digest": keyed_digest.COMPILED,
        "collector.mask": mask.COMPILED,
        "collector.ordinary": ordinary.COMPILED,
        "collector.quality": quality.COMPILED,
        "collector.store.index_rows": index_rows.COMPILED,
        "collector.synthetic": synthetic.COMPILED,
    }
    card = environment_card(arguments.date, compiled)
    if not arguments.profile:
        found = {"results": best, "peak_mib": peak_mib, "environment": card}
        arguments.result.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
