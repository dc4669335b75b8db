"""The quick paths of the careful lane change nothing but its speed: the same records through a collector that has them
and one that has not give the same verdicts, reasons, kept octets and rows of the index.

Records of every kind: whole, masked, refused, set apart, sent twice, out of order, and malformed by one bit.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from asn1 import walk
from bench.careful_records import liid_of, stream, target_of
from collector import careful, keeping, mask
from collector.facts import laes, party_numbers, plain_cdc, plain_messages, plain_sip, signalling
from collector.json_text import reference
from collector.seal import kept_digest
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.told import Told
from tests.collector.conftest import now_us
from tests.collector.test_told import PATIENT, TABLES, departures

LINKS = [{"name": "hi2", "policy": PATIENT}, {"name": "cdc", "dialect": "t1678", "policy": PATIENT}]


def slowly(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Takes every quick path away; what was asked for instead."""
    asked: list[str] = []

    def instead(name: str, answer: Any) -> Any:
        return lambda *values: asked.append(name) or (answer(*values) if callable(answer) else answer)

    slow = instead("ordinary", lambda *values: values[7])
    message = instead("message", None)
    monkeypatch.setattr(careful, "Ordinary", lambda *values: SimpleNamespace(judge=slow, message=message))
    monkeypatch.setattr(laes, "cdc_facts", instead("cdc_facts", None))
    monkeypatch.setattr(walk, "walk", instead("walk", walk.UNSURE))
    monkeypatch.setattr(signalling, "read_plain", instead("read_plain", None))
    monkeypatch.setattr(keeping, "canonical", instead("canonical", reference))
    monkeypatch.setattr(mask, "canonical", instead("canonical", reference))
    monkeypatch.setattr(Told, "put", instead("put", None))
    return asked


def told_rows(path: Path) -> dict[str, list[Any]]:
    """The index, but for places in the store: those follow from when a batch was full."""
    found = {}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for table in TABLES:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            names = [name for name in names if not name.endswith("sequence")]
            found[table] = sorted(connection.execute(f"SELECT {', '.join(names)} FROM {table}"), key=repr)
    return found


async def run(lab: Any, connect: Any, records: list[bytes], messages: list[bytes]) -> dict[str, Any]:
    """What a fresh collector made of the records, but for when they came and what is random in a sealed box."""
    running = await lab.start(links=LINKS)
    sent = 0
    for name, octets in (("hi2", records), ("cdc", messages)):
        client = await connect(running.ports[name])
        for at in range(0, len(octets), 60):
            await client.send(*octets[at : at + 60])
            sent += len(octets[at : at + 60])
            await running.settled(sent)
        await client.close()
    totals = {one["order"]: {name: one[name] for name in one if name != "state"} for one in running.status()["orders"]}
    unknown = running.status()["unknown"]
    await running.end()
    stored = StoreReader(lab.data / "store", Keys(lab.data / "keys")).records()
    kept = [
        (one.uid, one.verdict, one.reasons, one.form, one.event_us, one.number, kept_digest(one.octets) or one.octets)
        for one in stored
    ]
    index = told_rows(lab.data / "index.sqlite")
    for path in (lab.data / "store", lab.data / "audit"):
        shutil.rmtree(path)
    for path in lab.data.glob("index.sqlite*"):
        path.unlink()
    return {"totals": totals, "unknown": unknown, "kept": sorted(kept, key=repr), "index": index}


async def test_quick_or_slow_everything_that_is_kept_and_said_is_the_same(
    lab: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for liid in range(4):
        kind = "EAVESDROPPING" if liid == 3 else "PRTT"
        more = {"location_authorised": True, "pctdd_authorised": True} if liid == 2 else {}
        lab.court.issue(f"O-{liid}", liid_of(liid), kind, targets=[f"e164:{target_of(liid)}"], **more)
    chance = random.Random(7)
    start_us = now_us() - 20_000_000
    records = [
        one
        for at, kind in enumerate(("sip", "hi2", "sms", "sip-plain"))
        for one in departures(stream(kind, 160, 5, start_us + at * 1_000_000, at, first_cin=1000 * at), chance)
    ]
    messages = stream("t1678", 40, 4, start_us)
    with monkeypatch.context() as patch:
        asked = slowly(patch)
        slow = await run(lab, connect, records, messages)
        assert set(asked) == {"ordinary", "message", "cdc_facts", "walk", "read_plain", "canonical", "put"}
    for memory in (plain_sip._plain_address, party_numbers.plain_identity, plain_messages._person, plain_cdc._number):
        memory.cache_clear()
    quick = await run(lab, connect, records, messages)
    assert quick["totals"] == slow["totals"] and quick["unknown"] == slow["unknown"]
    assert quick["kept"] == slow["kept"]
    assert quick["index"] == slow["index"]
    everything = {
        name for one in quick["totals"].values() for name, count in one.items() if isinstance(count, int) and count
    }
    assert {"accepted", "masked", "quarantined", "rejected", "duplicate"} <= everything
