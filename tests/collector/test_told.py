"""What the index is told by who judged a record is what it reads out of the store, to the last row and column."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bench.careful_records import liid_of, stream, target_of
from collector.store import index_units
from collector.told import MAX_TOLD, Told
from tests.collector.conftest import now_us

PATIENT = {"late_us": 3_600_000_000}
"""However slow the machine is, nothing is late."""
TABLES = ("iri_event", "communication", "order_totals", "stream_mark", "whole")


def rows_of(path: Path) -> dict[str, list[Any]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in TABLES}


def departures(records: list[bytes], chance: random.Random) -> list[bytes]:
    """Some records twice, some out of their order, some with a bit turned behind their header."""
    out: list[bytes] = []
    for one in records:
        kind = chance.randrange(12)
        if kind == 0:
            at = chance.randrange(len(one) // 2, len(one))
            out.append(one[:at] + bytes([one[at] ^ 1 << chance.randrange(8)]) + one[at + 1 :])
        elif kind == 1:
            out += [one, one]
        elif kind == 2 and out:
            out.insert(len(out) - 1, one)
        else:
            out.append(one)
    return out


async def test_rows_of_the_index_are_the_same_told_or_read(
    lab: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for liid in range(4):
        kind = "EAVESDROPPING" if liid == 3 else "PRTT"
        more = {"location_authorised": True} if liid == 2 else {}
        lab.court.issue(f"O-{liid}", liid_of(liid), kind, targets=[f"e164:{target_of(liid)}"], **more)
    chance = random.Random(26)
    start_us = now_us() - 20_000_000
    records = [
        one
        for at, kind in enumerate(("sip", "sip-plain", "hi2", "sms"))
        for one in departures(stream(kind, 150, 5, start_us + at * 1_000_000, at, first_cin=1000 * at), chance)
    ]
    messages = stream("t1678", 60, 4, start_us)
    links = [{"name": "hi2", "policy": PATIENT}, {"name": "cdc", "dialect": "t1678", "policy": PATIENT}]

    read: list[Any] = []
    reader = index_units.facts_of_stored
    monkeypatch.setattr(index_units, "facts_of_stored", lambda *values: read.append(values) or reader(*values))
    running = await lab.start(links=links)
    for name, octets in (("hi2", records), ("cdc", messages)):
        client = await connect(running.ports[name])
        for at in range(0, len(octets), 50):
            await client.send(*octets[at : at + 50])
            await asyncio.sleep(0.01)
        await running.settled(len(octets) if name == "hi2" else len(records) + len(messages))
        await client.close()
    verdicts = running.status()["orders"]
    await running.end()
    assert not read, "nothing that was judged in this run is decoded again"
    for verdict in ("accepted", "masked", "flagged", "quarantined", "rejected", "duplicate"):
        assert sum(one[verdict] for one in verdicts), f"nothing was {verdict}"
    told = rows_of(lab.data / "index.sqlite")
    assert len(told["iri_event"]) > 500
    for path in lab.data.glob("index.sqlite*"):
        path.unlink()
    running = await lab.start(links=links)
    assert await asyncio.to_thread(running.service._index.wait, 20.0)
    await running.end()
    assert read, "an index that is made anew reads the store"
    assert rows_of(lab.data / "index.sqlite") == told


def test_what_waits_is_bounded_and_another_batch_says_nothing() -> None:
    told = Told()
    told.put(1, 2, {0: {}, 1: {}})
    assert told.take(2, 2) == {} and told.take(1, 3) == {} and told.take(1, 2) == {}
    big: dict[int, Any] = {key: {} for key in range(MAX_TOLD)}
    told.put(3, MAX_TOLD, big)
    told.put(4, 1, {0: {}})
    assert told.take(4, 1) == {} and told.take(3, MAX_TOLD) == big
    told.put(5, 1, {0: {}})
    assert told.take(5, 1) == {0: {}}
