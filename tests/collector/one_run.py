"""One run of the collector from received octets to index rows, with nothing left to chance: for test_both_paths.py.

    python tests/collector/one_run.py ROOT compiled|interpreted|one-by-one

`ROOT/case.json` has the configuration and the pieces as they came in; keys and orders lie in ROOT. What is random in a
collector (salts, nonces, data keys, the keys of sealed boxes) is drawn here from a counter, the clock moves by the
piece, and a batch ends where the case says, so that two runs over the same input leave the same octets. One by one:
compiled, and nothing is refused in the pass of the bulk lane. The report goes to standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any


class Chance:
    """Octets that look random and are the same every time, whichever thread asks first."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)

    def octets(self, count: int) -> bytes:
        name = threading.current_thread().name
        return hashlib.shake_256(f"{name} {next(self._numbers[name])}".encode()).digest(count)


class Peer:
    """A connection's end of the pipeline."""

    def __init__(self) -> None:
        self.outstanding = 0
        self.heard: list[Any] = []

    def tri(self, octets: bytes, position: int) -> None:
        self.heard.append(["tri", hashlib.sha256(octets).hexdigest(), position])

    def durable(self, position: int) -> None:
        self.heard.append(["durable", position])


def main(root: Path, path: str) -> None:
    if path == "interpreted":
        from lab.kernels import use_sources

        use_sources()
    case = json.loads((root / "case.json").read_text())
    # Loading modules may ask for octets of its own, and not as many on both paths.
    boxes, os.urandom = Chance(), Chance().octets
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from collector import careful, seal
    from collector.refused_columns import NO_POLICY

    if path == "one-by-one":
        careful.CarefulLane.policy_number = lambda self, policy: NO_POLICY  # type: ignore[method-assign]

    def box_key() -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(boxes.octets(32))

    seal.X25519PrivateKey = SimpleNamespace(generate=box_key)  # type: ignore[assignment, misc]
    sys.stdout.write(json.dumps(asyncio.run(run(case))) + "\n")


async def run(case: dict[str, Any]) -> dict[str, Any]:
    from collector.accounts import summarise
    from collector.config import CollectorConfig
    from collector.engine import Engine, News
    from collector.in_force import OrdersInForce
    from collector.intake import COMPILED
    from collector.links import link_state
    from collector.minimise import Minimised, SpotChecks
    from collector.opening import open_keys, open_registry
    from collector.store.index import Index
    from collector.store.settings import StoreConfig, StoreHooks
    from collector.store.store import Store

    config = CollectorConfig.model_validate(case["config"])
    clock = SimpleNamespace(now_us=case["now_us"])

    def now_us() -> int:
        return int(clock.now_us)

    directory, failures, blobs = config.data_dir / "store", [], []
    keys = open_keys(config)
    hooks = StoreHooks(now_us=now_us, summarise=summarise, on_failure=failures.append)
    sizes = StoreConfig(config.store.capacity_octets, config.store.segment_octets, config.store.encryption)
    store = Store.open(directory, sizes, keys, hooks)
    registry = open_registry(config, lambda kind, fields: None)
    registry.reload()
    orders = OrdersInForce(registry, lambda order, event_us: None)
    orders.renew()
    engine: Engine

    def committed(info: Any, blob: dict[str, Any]) -> None:
        engine.durable = info.number
        blobs.append([info.number, info.size, info.root.hex(), blob])

    news = News(lambda: None, committed, failures.append)
    engine = Engine(config, keys, store, orders, Minimised(SpotChecks(0, 0)), now_us, news)
    engine.pipeline.refresh(orders.current(), frozenset())
    link, peer, position, carry, ends = link_state(config.links[0], config.law, False), Peer(), 0, b"", []
    assembly, in_the_pass = engine.assembly, 0
    count_again = engine.careful.count_again

    def counted(view: memoryview) -> None:
        nonlocal in_the_pass
        in_the_pass += 1
        count_again(view)

    engine.careful.count_again = counted  # type: ignore[method-assign]
    for piece, ends_batch in case["pieces"]:
        octets = carry + bytes.fromhex(piece)
        arena = assembly.reserve(len(octets))
        assert arena is not None
        start, stop = arena.filled, arena.filled + len(octets)
        arena.view[start:stop] = octets
        fed = engine.pipeline.feed(link, peer, arena.view, start, stop, position)
        position += fed.end - start
        arena.filled = fed.end
        carry = bytes(arena.view[fed.end : stop])
        ends.append([fed.end - start, fed.fatal, fed.skip])
        # A batch that was full is on disk before time goes on, so that no commit takes in what chance put beside it.
        await _settled(assembly)
        clock.now_us += 20_000
        if fed.fatal:
            break
        if ends_batch:
            assembly.flush()
            await _settled(assembly)
    assembly.flush()
    await _settled(assembly)
    store.close()
    index = Index(f"sqlite:///{config.data_dir / 'index.sqlite'}", directory, keys, engine.durable)
    index.start()
    index.notify(engine.durable)
    assert index.wait(20), index.state()
    index.stop()
    segments = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.glob("*.seg"))}
    return {
        "compiled": bool(COMPILED),
        "segments": segments,
        "commits": blobs,
        "index": _tables(config.data_dir / "index.sqlite"),
        "link": [link.records, link.bulk, link.tri, dict(link.errors)],
        "in_the_pass": in_the_pass,
        "peer": peer.heard,
        "ends": ends,
        "failures": failures,
    }


async def _settled(assembly: Any) -> None:
    """What was handed over is durable."""
    async with asyncio.timeout(20):
        while assembly.in_flight:  # noqa: ASYNC110  the writer's thread says when
            await asyncio.sleep(0.001)


def _tables(path: Path) -> dict[str, Any]:
    import sqlite3

    found: dict[str, Any] = {}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for name in sorted(names):
            rows = connection.execute(f"select * from {name}").fetchall()
            found[name] = sorted(json.dumps(row, default=str) for row in rows)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
