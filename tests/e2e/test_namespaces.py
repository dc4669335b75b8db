"""A fleet over several hosts: the configuration that a lab on one machine has, with addresses of other machines.

Three hosts with a collector each, one with PostgreSQL, one from which a mediation function's links deliver. Cables are
pulled and hosts vanish without a word to anybody, which no process on one machine can do to another: nothing is
refused, nothing is reset, what is sent is simply not answered (ADR 0054).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from asn1.handover import HandoverConfig
from collector.fleet.queries import FleetIndex
from collector.fleet.view import Lost
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from lab import nursery, postgres
from lab.fleet.spanning import check_fleet
from lab.ordeal.fleet import Fleet, check
from lab.ordeal.senders import Account, Load, load_of
from mediation.delivery import Link
from tests.e2e.namespaces import DB, HI, Network, NotPermittedError

SHARDS = ("collector-1", "collector-2", "collector-3")
FIRST, *OTHERS = SHARDS
MF, DATABASE = "mf", "db"
PORT = 5432
SENDERS, LIIDS, RATE_PER_S = 2, 2, 150.0
SESSION = HandoverConfig(ack_every_records=64, ack_after_us=20_000, time1_us=500_000, time3_us=3_500_000)
"""A link gives up who has not answered for four seconds: longer than a shard takes to see that its database is gone."""
WITHIN_S = 60.0
SETTLE_S = 0.5
"""What was marked before a cable was pulled may still be acknowledged for so long."""

Scenario = Callable[[Load], Awaitable[None]]


class Hosts(NamedTuple):
    network: Network
    server: postgres.Lasting


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """Skipped only where nobody lets us make namespaces, with the sentence of who refused."""
    try:
        with Network(*SHARDS, MF, DATABASE) as network, _database(network) as server:
            yield Hosts(network, server)
    except NotPermittedError as error:
        pytest.skip(str(error))


class _database:  # noqa: N801  a context, as it is said
    """PostgreSQL on its host, for everybody in the database's network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._directory = postgres.lasting_directory(Path(tempfile.gettempdir()) / f"calea-lab-hosts-{os.getpid()}")

    def __enter__(self) -> postgres.Lasting:
        self._network.inside(DATABASE, self._start)
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _start(self) -> None:
        where = f"127.0.0.1,{self._network.address(DATABASE, DB)}"
        self._server = postgres.start_lasting(self._directory, where, PORT, 100)
        with (self._directory / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 10.77.2.0/24 trust\n")
        os.kill(self._server.pid, signal.SIGHUP)


class Ground:
    """A fleet on its hosts, and who delivers to it."""

    def __init__(self, hosts: Hosts, root: Path) -> None:
        self.network = hosts.network
        name = f"fleet_{root.name}".lower()[:60]
        self.network.inside(DATABASE, lambda: hosts.server.make_database(name))
        self.url = f"postgresql://{postgres.ROLE}@{self.network.address(DATABASE, DB)}:{PORT}/{name}"
        addresses = [self.network.address(one, HI) for one in SHARDS]
        self.fleet = Fleet(root / "fleet", len(SHARDS), self.url, SENDERS * LIIDS, addresses, self.network.inside)
        self.account = Account()
        self._root = root

    def play(self, scenario: Scenario) -> Load:
        """Under load; at the end everything that was sent is acknowledged."""

        async def run() -> Load:
            await asyncio.gather(*(asyncio.to_thread(self.fleet.start, name) for name in SHARDS))
            load = load_of(self._root, SENDERS, LIIDS, self.fleet.peers, RATE_PER_S, self.account, SESSION)
            load.start()
            try:
                assert await load.until(100, WITHIN_S)
                await scenario(load)
                assert await load.until(load.acknowledged + 100, WITHIN_S)
                load.paused = True
                assert await load.until(load.made, WITHIN_S), f"{load.held} records were never acknowledged"
            finally:
                await load.close()
            return load

        try:
            return self.network.inside(MF, lambda: asyncio.run(run()))
        finally:
            self.fleet.stop()

    def at(self, load: Load, shard: str) -> list[Link]:
        """The links that deliver there, or try to."""
        host = self.network.address(shard, HI)
        return [link for one in load.senders for link in one.links if link.status.peer.startswith(f"{host}:")]

    async def state(self, shard: str) -> dict[str, Any]:
        """What it says of its fleet, asked on its own host."""
        status = await asyncio.to_thread(self.network.inside, shard, lambda: self.fleet.status(shard))
        found: dict[str, Any] = status["fleet"]
        return found


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.05)


def acknowledged(link: Link) -> int:
    return sum(link.status.acknowledged.values())


async def gone_on(links: list[Link], by: int) -> None:
    """Until each has had so many more acknowledged."""
    wanted = {id(link): acknowledged(link) + by for link in links}

    async def done() -> bool:
        return all(acknowledged(link) >= wanted[id(link)] for link in links)

    await until(done)


@pytest.fixture
def ground(hosts: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ground:
    # A fork of what is loaded would live where that was loaded.
    monkeypatch.delenv(nursery.WANTED, raising=False)
    return Ground(hosts, tmp_path)


@pytest.mark.timeout(300)
def test_a_cable_is_pulled_and_its_streams_go_on_at_a_peer(ground: Ground) -> None:
    """The collector is alive and has its database: nobody but the link knows that it cannot be reached."""
    network = ground.network

    async def scenario(load: Load) -> None:
        links = ground.at(load, FIRST)
        assert links
        await asyncio.to_thread(network.cut, FIRST, HI)

        async def left() -> bool:
            return not ground.at(load, FIRST)

        await until(left)
        await gone_on(links, 20)
        assert (await ground.state(FIRST))["connected"]
        await asyncio.to_thread(network.mend, FIRST, HI)

    load = ground.play(scenario)
    found = network.inside(MF, lambda: check(ground.fleet, ground.account.sent))
    assert found.ok, found.as_json()
    assert found.stored == load.made and all(found.each[name] for name in SHARDS)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_shard_without_its_database_acknowledges_nothing_and_voids_what_others_took(ground: Ground) -> None:
    """It takes everything in and stores it; its peers give it up and send that to others. Back, it finds its tokens
    spent: what it stored meanwhile is another's."""
    network = ground.network

    async def scenario(load: Load) -> None:
        links = ground.at(load, FIRST)
        await asyncio.to_thread(network.cut, FIRST, DB)

        async def waits() -> bool:
            return bool((await ground.state(FIRST))["unmarked"])

        await until(waits)
        await asyncio.sleep(SETTLE_S)
        before = {id(link): acknowledged(link) for link in links}
        looks = 0
        while left := ground.at(load, FIRST):
            assert [acknowledged(link) for link in left] == [before[id(link)] for link in left]
            looks += 1
            await asyncio.sleep(0.02)
        assert looks > 10
        await gone_on(links, 20)
        assert not (await ground.state(FIRST))["connected"]
        await asyncio.to_thread(network.mend, FIRST, DB)

        async def returned() -> bool:
            state = await ground.state(FIRST)
            return bool(state["connected"] and not state["unmarked"] and state["voided"])

        await until(returned)
        assert (await ground.state(FIRST))["lost"]

    load = ground.play(scenario)
    found = network.inside(MF, lambda: check(ground.fleet, ground.account.sent))
    assert found.ok, found.as_json()
    assert found.stored == load.made and found.voided
    entries = read_audit(ground.fleet.paths.data / FIRST / "audit")
    assert [one["fields"]["connected"] for one in entries if one["kind"] == "fleet"] == [False, True]


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_host_is_lost_for_good_and_what_it_held_is_named(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    network, data = ground.network, ground.fleet.paths.data

    async def scenario(load: Load) -> None:
        links = ground.at(load, FIRST)
        for one in (HI, DB):
            await asyncio.to_thread(network.cut, FIRST, one)
        await asyncio.to_thread(ground.fleet.kill, FIRST)
        shutil.rmtree(data / FIRST)
        await gone_on(links, 20)

    try:
        load = ground.play(scenario)
    finally:
        for one in (HI, DB):
            network.mend(FIRST, one)

    def verified(name: str) -> Any:
        keys = Keys(data / name / "keys")
        return verify_store(data / name / "store", keys.trust, keys, None, data / name / "audit")

    def asked() -> tuple[Lost, ...]:
        readers = {name: StoreReader(data / name / "store", Keys(data / name / "keys")) for name in OTHERS}
        index = FleetIndex.open(ground.url, {name: reader.standings for name, reader in readers.items()})
        index.close()
        return index.missing

    report = network.inside(MF, lambda: check_fleet(data, verified))
    (lost,) = report.lost
    assert not report.ok and not report.unknown and all(one.ok for one in report.reports.values())
    assert lost.shard == FIRST and lost.ranges == ((0, lost.records - 1),) and "is lost" in lost.why
    (missing,) = network.inside(MF, asked)
    assert (missing.shard, missing.ranges) == (FIRST, lost.ranges)
    # What others have is there once; what is nowhere else lies in the range that is named.
    monkeypatch.setattr(ground.fleet, "names", tuple(OTHERS))
    found = network.inside(MF, lambda: check(ground.fleet, ground.account.sent))
    assert (found.doubled, found.strange) == (0, 0) and found.stored == load.made - found.lost
    assert 0 < found.lost <= lost.records
