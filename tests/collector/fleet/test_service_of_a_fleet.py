"""Whole collectors of one fleet over one PostgreSQL: connections move, shards are killed and come back."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from asn1.ps_pdu import decode_ps_pdu
from collector.config import CollectorConfig
from collector.databases import driver_url
from collector.opening import open_keys
from collector.store.audit_log import read_audit
from collector.store.reader import StoreReader
from lab.postgres import Server
from mediation.runtime.config import NotReadyError

LIID = "LAB-W"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    with postgres.database() as found:
        yield found


@pytest.fixture
def shard(lab: Any, url: str) -> Callable[..., dict[str, Any]]:
    """Changes to the configuration that make a collector the shard of a name."""
    lab.court.issue("O-W", LIID)

    def values(name: str, **changes: Any) -> dict[str, Any]:
        fleet = {"database_url": url, "shard": name, "lease_s": 1.0, "hold_ms": 50}
        return {"data_dir": str(lab.root / name), "fleet": fleet, **changes}

    return values


def stored(lab: Any, *names: str) -> Counter[tuple[bytes, int, int, int]]:
    """What stands in the stores: LIID, CIN, kind, number; voided rows are not there."""
    found: Counter[tuple[bytes, int, int, int]] = Counter()
    for name in names:
        config = CollectorConfig.model_validate(lab.values(data_dir=str(lab.root / name)))
        for record in StoreReader(config.data_dir / "store", open_keys(config)).records():
            if record.number >= 0:
                found[record.liid, record.cin, record.kind, record.number] += 1
    return found


def names_of(octets: list[bytes]) -> list[tuple[bytes, int, int, int]]:
    found = []
    for one in octets:
        pdu = decode_ps_pdu(one)
        header = pdu.header
        kind = 0 if pdu.payload[0] == "iRIPayloadSequence" else 1
        found.append((header.liid, header.cin or 0, kind, header.sequence_number))
    return found


async def test_a_call_goes_over_in_its_middle(
    lab: Any, records: Any, connect: Any, shard: Callable[..., dict[str, Any]]
) -> None:
    one, two = await lab.start(**shard("a")), await lab.start(**shard("b"))
    sent = records.call(LIID, 1, 40)
    client = await connect(one.ports["hi3"])
    await client.send(*sent[:20])
    await client.barrier(records)
    await client.close()
    client = await connect(two.ports["hi3"])
    await client.send(*sent[15:])
    await client.barrier(records)
    states = [each.status() for each in (one, two)]
    await client.close()
    await two.end()
    await one.end()
    assert [state["orders"][0]["accepted"] for state in states] == [20, 22]
    assert states[1]["orders"][0]["duplicate"] == 5
    assert states[1]["fleet"]["connected"] and states[1]["fleet"]["unmarked"] == 0
    assert stored(lab, "a", "b") == Counter(names_of(sent))
    assert all(state["balanced"] for state in states)


async def test_the_loser_of_a_stream_closes_its_connection_and_the_peer_sends_again(
    lab: Any, records: Any, connect: Any, shard: Callable[..., dict[str, Any]]
) -> None:
    one, two = await lab.start(**shard("a")), await lab.start(**shard("b"))
    sent = records.call(LIID, 1, 10)
    first, second = await connect(one.ports["hi3"]), await connect(two.ports["hi3"])
    await first.send(*sent[:4])
    await first.barrier(records)
    await second.send(*sent[:8])
    await second.barrier(records)
    await asyncio.sleep(0.06)
    await first.send(*sent[4:8])
    assert await asyncio.wait_for(first.reader.read(), 10) == b"", "closed, and nothing answered"
    state = one.status()
    assert state["fleet"]["voided"] == 4
    assert [link["closed"] for link in state["links"] if link["name"] == "hi3"] == [{"STREAM_MOVED": 1}]
    again = await connect(two.ports["hi3"])
    await again.send(*sent[4:])
    await again.barrier(records)
    for client in (first, second, again):
        await client.close()
    await one.end()
    await two.end()
    assert stored(lab, "a", "b") == Counter(names_of(sent))


async def test_a_court_document_let_in_at_one_shard_is_in_force_at_the_other(
    lab: Any, shard: Callable[..., dict[str, Any]], url: str
) -> None:
    inboxes = {name: lab.root / f"inbox-{name}" for name in ("a", "b")}
    for one in inboxes.values():
        one.mkdir()
    one, two = [await lab.start(**shard(name, hi1_inbox=str(inboxes[name]))) for name in ("a", "b")]
    document = next(lab.court.inbox.glob("*.json"))
    fresh = inboxes["a"] / "new"
    fresh.write_bytes(document.read_bytes())
    fresh.rename(inboxes["a"] / document.name)
    async with asyncio.timeout(30):
        while True:
            if two.status()["orders"] and two.order("O-W")["kind"] is not None:
                break
            await asyncio.sleep(0.02)
    assert two.order("O-W")["liid"] == one.order("O-W")["liid"] == LIID
    await one.end()
    await two.end()
    with psycopg.connect(driver_url(url)) as connection:
        audit = connection.execute("SELECT count(*) FROM fleet.audit").fetchone()
    signed = sum(len(read_audit(lab.root / name / "audit")) for name in ("a", "b"))
    assert audit is not None and 0 < audit[0] <= signed


async def test_a_shard_whose_database_cannot_be_reached_says_so(
    lab: Any, shard: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.fleet.member.PATIENCE_S", 0.0)
    values = shard("a")
    values["fleet"] |= {"database_url": "postgresql://127.0.0.1:1/none"}
    with pytest.raises(NotReadyError, match="fleet's database cannot be asked"):
        await lab.start(**values, index_url=f"sqlite:///{lab.root / 'index.sqlite'}")


async def test_attack_a_store_put_back_to_an_older_day_is_not_taken_for_the_shard(
    lab: Any, records: Any, connect: Any, shard: Callable[..., dict[str, Any]]
) -> None:
    running = await lab.start(**shard("a"))
    client = await connect(running.ports["hi3"])
    await client.send(*records.call(LIID, 1, 4))
    await client.barrier(records)
    await client.close()
    await running.end()
    (lab.root / "a").rename(lab.root / "away")
    with pytest.raises(NotReadyError, match="not the store that the shard had"):
        await lab.start(**shard("a"))


async def test_a_link_that_counts_by_liid_is_refused(lab: Any, shard: Callable[..., dict[str, Any]]) -> None:
    links = [{"name": "hi3", "interface": "HI3", "sequence_scope": "liid"}]
    with pytest.raises(ValueError, match="cannot be in a fleet"):
        CollectorConfig.model_validate(lab.values(**shard("a", links=links)))


class Process:
    """A shard in a process of its own, that can be killed."""

    def __init__(self, lab: Any, values: dict[str, Any]) -> None:
        self.directory = Path(values["data_dir"])
        self.config = lab.root / f"{self.directory.name}.json"
        self.config.write_text(json.dumps(lab.values(**values)))
        self.process: asyncio.subprocess.Process | None = None
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        ready = self.config.with_suffix(".ready")
        ready.unlink(missing_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _RUN, str(self.config), str(ready), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(60):
            while not ready.exists():
                assert self.process.returncode is None
                await asyncio.sleep(0.01)
        self.ports = json.loads(ready.read_text())

    async def end(self, how: int) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        await self.process.wait()


_RUN = """
import asyncio, json, pathlib, signal, sys
from collector.config import CollectorConfig
from collector.databases import driver_url
from collector.service import run

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    config = CollectorConfig.model_validate(json.load(open(sys.argv[1])))
    ready = pathlib.Path(sys.argv[2])

    def listening(ports):
        ready.with_suffix(".new").write_text(json.dumps(ports))
        ready.with_suffix(".new").rename(ready)

    await run(config, listening, stop)

asyncio.run(main())
"""


@pytest.fixture
async def processes(lab: Any, shard: Callable[..., dict[str, Any]]) -> AsyncIterator[dict[str, Process]]:
    found = {name: Process(lab, shard(name)) for name in ("a", "b")}
    yield found
    for one in found.values():
        if one.process is not None and one.process.returncode is None:
            await one.end(signal.SIGKILL)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_shard_is_killed_again_and_again_and_every_acknowledged_record_is_stored_once(
    lab: Any, records: Any, connect: Any, processes: dict[str, Process]
) -> None:
    """One sender that goes to the other shard whenever its own is killed, and sends again what nobody answered for."""
    for one in processes.values():
        await one.start()
    sent = [octets for cin in range(1, 9) for octets in records.call(LIID, cin, 60)]
    acknowledged, at = 0, "a"
    for cycle in range(6):
        client = await connect(processes[at].ports["hi3"])
        await client.send(*sent[acknowledged : acknowledged + 50])
        await client.barrier(records)
        acknowledged += 50
        # More is on its way when the shard dies, at another moment each time.
        await client.send(*sent[acknowledged : acknowledged + 30])
        await asyncio.sleep(0.002 * cycle)
        await processes[at].end(signal.SIGKILL)
        await client.close()
        killed, at = at, "b" if at == "a" else "a"
        if cycle % 2:
            await processes[killed].start()
            client = await connect(processes[at].ports["hi3"])
        else:
            client = await connect(processes[at].ports["hi3"])
            await client.send(*sent[acknowledged : acknowledged + 20])
            await client.barrier(records)
            acknowledged += 20
            await processes[killed].start()
        await client.close()
    client = await connect(processes[at].ports["hi3"])
    await client.send(*sent[acknowledged:])
    await client.barrier(records)
    await client.close()
    for one in processes.values():
        await one.end(signal.SIGTERM)
    assert stored(lab, "a", "b") == Counter(names_of(sent))
    returned = [fields for name in ("a", "b") for fields in _returned(lab.root / name)]
    assert len(returned) == 8


def _returned(directory: Path) -> list[dict[str, Any]]:
    return [one["fields"] for one in read_audit(directory / "audit") if one["kind"] == "returned"]
