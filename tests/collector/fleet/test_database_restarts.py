"""The fleet's PostgreSQL goes away under load and comes back: acknowledging pauses and goes on, and nothing is lost.

The short form of what `lab.ordeal.shards` does for hours: whole collectors in this process, a server of their own that
ends and starts again, and senders that go on as soon as they are answered. Nothing here waits for a time to pass.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.store.audit_log import read_audit
from lab.ordeal.shards import Database
from tests.collector.conftest import Client, Records, Running
from tests.collector.fleet.test_service_of_a_fleet import names_of, stored

LIID = "LAB-W"
EACH = 5
"""Records between two questions of a sender."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path) as found:
        yield found


class Sender:
    """Content of one call, on and on: the next records when all before them are acknowledged."""

    def __init__(self, records: Records, cin: int, client: Client) -> None:
        self._records = records
        self._cin = cin
        self._client = client
        self.sent: list[bytes] = []
        self.answers = 0
        self.last = False
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self._send(self._records.sip(LIID, self._cin))
        while not self.last:
            await self._send(*(self._records.rtp(LIID, self._cin) for _ in range(EACH)))
        await self._client.close()

    async def _send(self, *octets: bytes) -> None:
        self.sent += octets
        await self._client.send(*octets)
        await self._client.barrier(self._records, 60)
        self.answers += 1


async def until(condition: Callable[[], bool], *tasks: asyncio.Task[Any]) -> None:
    """Looked at again and again; what a task of the test ended with is raised."""
    async with asyncio.timeout(60):
        while not condition():
            for one in tasks:
                if one.done():
                    one.result()
            await asyncio.sleep(0.005)


def fleet_of(running: Running) -> dict[str, Any]:
    found: dict[str, Any] = running.status()["fleet"]
    return found


@pytest.mark.timeout(180)
async def test_acknowledging_pauses_while_the_database_is_away_and_goes_on_with_it(
    lab: Any, records: Records, connect: Any, database: Database
) -> None:
    lab.court.issue("O-W", LIID)
    shards: dict[str, Running] = {}
    for name in ("a", "b"):
        fleet = {"database_url": database.url, "shard": name, "lease_s": 1.0, "hold_ms": 50}
        shards[name] = await lab.start(data_dir=str(lab.root / name), fleet=fleet)
    ports = [one.ports["hi3"] for one in shards.values()]
    senders = [Sender(records, cin, await connect(ports[cin % 2])) for cin in range(4)]
    tasks = [one.task for one in senders]
    for cin in (10, 11):
        await until(lambda: all(one.answers > 3 for one in senders), *tasks)
        await asyncio.to_thread(database.stop)
        # Whoever was on the way is durable here by now, and not marked.
        await until(lambda: all(not fleet_of(one)["connected"] for one in shards.values()), *tasks)
        await until(lambda: all(fleet_of(one)["unmarked"] for one in shards.values()), *tasks)
        before = [one.answers for one in senders]
        # A call that nobody has claimed waits for that; its connection alone.
        late = Sender(records, cin, await connect(ports[cin % 2]))
        await until(lambda: any(fleet_of(one)["wanted"] for one in shards.values()), late.task, *tasks)
        assert [one.answers for one in senders] == before and late.answers == 0
        assert all(one["fleet"]["unmarked"] for one in (shard.status() for shard in shards.values()))
        await asyncio.to_thread(database.start)
        senders.append(late)
        tasks.append(late.task)
        for one in senders:
            one.answers = 0
    await until(lambda: all(one.answers > 3 for one in senders), *tasks)
    for one in senders:
        one.last = True
    await asyncio.gather(*tasks)
    for shard in shards.values():
        state = shard.status()
        assert state["balanced"] and state["fleet"]["connected"] and not state["fleet"]["lost"]
        await shard.end()
    sent = [octets for one in senders for octets in one.sent]
    assert stored(lab, "a", "b") == Counter(names_of(sent))
    for name in shards:
        said = [one["fields"]["connected"] for one in read_audit(lab.root / name / "audit") if one["kind"] == "fleet"]
        assert said == [False, True, False, True], "each time it is said once that it went, and once that it is back"


@pytest.mark.timeout(180)
async def test_a_call_that_moves_while_the_database_is_away_is_stored_once(
    lab: Any, records: Records, connect: Any, database: Database
) -> None:
    """The peer gets no answer, gives its collector up, and sends everything again to another one: that is the one that
    has it, whichever of them the database hears first."""
    lab.court.issue("O-W", LIID)
    fleet = {"database_url": database.url, "lease_s": 1.0, "hold_ms": 50}
    one, two = [await lab.start(data_dir=str(lab.root / name), fleet=fleet | {"shard": name}) for name in ("a", "b")]
    call = records.call(LIID, 1, 40)
    first = await connect(one.ports["hi3"])
    await first.send(*call[:10])
    await first.barrier(records)
    await asyncio.to_thread(database.stop)
    await first.send(*call[10:30])
    await until(lambda: bool(fleet_of(one)["unmarked"]) and not fleet_of(one)["connected"])
    await first.close()
    second = await connect(two.ports["hi3"])
    await second.send(*call[10:])
    answered = asyncio.create_task(second.barrier(records, 60))
    await until(lambda: bool(fleet_of(two)["wanted"]), answered)
    assert not answered.done()
    await asyncio.to_thread(database.start)
    await answered
    await second.close()
    await until(lambda: not fleet_of(one)["unmarked"])
    states = [shard.status() for shard in (one, two)]
    assert all(state["balanced"] for state in states)
    await two.end()
    await one.end()
    assert stored(lab, "a", "b") == Counter(names_of(call))
