"""The gate and the store on one collector and on four: the same records, the same verdicts, the same stored once.

What the gate and the store are by themselves knows of no shards: the gate is a function of a record and its order, a
store has one writer. What could make a difference is what goes with a stream from shard to shard, and what is summed
over them, so each test here runs on one collector and on four, with records spread by their stream.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.careful_records import liid_of, stream, target_of
from collector.rows import FORM_NOTICE, FORM_SYNTHETIC
from lab.postgres import Server
from tests.collector.conftest import Court, now_us
from tests.collector.fleet.on_four import FleetLab
from tests.collector.test_told import PATIENT, departures

LINKS = [{"name": "hi2", "policy": PATIENT}]
VERDICTS = ("delivered", "accepted", "masked", "flagged", "quarantined", "rejected", "duplicate")


@pytest.fixture(params=[1, 4], ids=["one", "four"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, postgres: Server) -> Iterator[FleetLab]:
    court = Court(tmp_path)
    if request.param == 1:
        yield FleetLab(tmp_path, court, 1, None)
        return
    with postgres.database() as url:
        yield FleetLab(tmp_path, court, request.param, url.replace("+psycopg", ""))


async def test_a_call_under_a_warrant_is_stored_once_and_acknowledged(
    lab: FleetLab, records: Any, connect: Any
) -> None:
    lab.court.issue("O-1", "LAB-0001")
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    call = records.call("LAB-0001", 1, 200)
    await client.send(*call)
    await client.barrier(records, 60)
    counts = running.order("O-1")
    assert counts["delivered"] == counts["accepted"] == len(call)
    assert running.status()["balanced"]
    await client.close()
    await running.end()
    assert sorted(record.octets or b"" for record in lab.stored()) == sorted(call)
    assert all(report.ok for report in lab.verified())


async def test_what_is_sent_again_is_a_duplicate_also_after_a_restart(
    lab: FleetLab, records: Any, connect: Any
) -> None:
    lab.court.issue("O-1", "LAB-0001")
    call = records.call("LAB-0001", 1, 50)
    for _ in range(2):
        running = await lab.start()
        for _ in range(2):
            client = await connect(running.ports["hi2"])
            await client.send(*call)
            await client.barrier(records, 60)
            await client.close()
        await running.end()
    running = await lab.start()
    counts = running.order("O-1")
    assert (counts["accepted"], counts["duplicate"]) == (len(call), 3 * len(call))
    assert counts["delivered"] == 4 * len(call) and running.status()["balanced"]
    await running.end()
    assert len(lab.stored()) == len(call)


async def test_what_no_order_covers_is_refused_wherever_it_arrives(lab: FleetLab, records: Any, connect: Any) -> None:
    lab.court.issue("O-1", "LAB-0001", "PRTT", start=now_us() // 1_000_000 * 1_000_000 - 86_400_000_000)
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    await client.send(*records.call("LAB-0001", 1, 20), *records.call("LAB-0002", 2, 20))
    await client.barrier(records, 60)
    counts, unknown = running.order("O-1"), running.status()["unknown"]
    assert counts["rejected"] + counts["masked"] == 20 + 2 - counts["accepted"]
    assert unknown["delivered"] == unknown["rejected"] == 22
    await client.close()
    await running.end()
    assert not [one for one in lab.stored() if one.liid == b"LAB-0002"]


def _mixed() -> tuple[list[bytes], random.Random]:
    """Everything a pen register and a warrant may meet: whole, cut, refused, sent twice, out of order, damaged."""
    chance = random.Random(26)
    start_us = now_us() - 20_000_000
    found = [
        one
        for at, kind in enumerate(("sip", "sip-plain", "hi2", "sms"))
        for one in departures(stream(kind, 150, 5, start_us + at * 1_000_000, at, first_cin=1000 * at), chance)
    ]
    return found, chance


async def _judged(lab: FleetLab, octets: list[bytes], connect: Any) -> tuple[dict[str, Any], Counter[Any]]:
    for liid in range(4):
        kind = "EAVESDROPPING" if liid == 3 else "PRTT"
        more = {"location_authorised": True} if liid == 2 else {}
        lab.court.issue(f"O-{liid}", liid_of(liid), kind, targets=[f"e164:{target_of(liid)}"], **more)
    running = await lab.start(links=LINKS)
    client = await connect(running.ports["hi2"])
    for at in range(0, len(octets), 50):
        await client.send(*octets[at : at + 50])
        await asyncio.sleep(0.01)
    await running.settled(len(octets))
    rows = {one["order"]: {name: one[name] for name in (*VERDICTS, "reasons")} for one in running.status()["orders"]}
    assert running.status()["balanced"]
    await client.close()
    await running.end()
    kept = Counter(
        (one.liid, one.cin, one.kind, one.number, one.verdict, one.form, one.reasons, one.event_us)
        for one in lab.stored()
        if one.form not in (FORM_NOTICE, FORM_SYNTHETIC)
    )
    assert all(report.ok for report in lab.verified())
    return rows, kept


async def test_four_judge_and_keep_as_one_does(tmp_path: Path, postgres: Server, connect: Any) -> None:
    octets, _ = _mixed()
    for name in ("one", "four"):
        (tmp_path / name).mkdir()
    alone = await _judged(FleetLab(tmp_path / "one", Court(tmp_path / "one"), 1, None), octets, connect)
    with postgres.database() as url:
        four = FleetLab(tmp_path / "four", Court(tmp_path / "four"), 4, url.replace("+psycopg", ""))
        fleet = await _judged(four, octets, connect)
    assert fleet[0] == alone[0] and fleet[1] == alone[1]
    for verdict in VERDICTS:
        assert sum(one[verdict] for one in alone[0].values()), f"nothing was {verdict}"
