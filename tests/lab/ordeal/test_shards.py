"""The short form of the fleet's ordeal, and that its check finds what it is there to find."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.store.walk import SegmentFile
from lab.ordeal import shards
from lab.ordeal.fleet import Fleet, check
from lab.ordeal.senders import Account, Load, digest_of, load_of, rotated
from mediation.runtime.config import Peer


@pytest.mark.timeout(600)
def test_collectors_killed_and_a_database_restarted_lose_and_double_nothing(tmp_path: Path) -> None:
    result = shards.run(tmp_path, shards.Plan(shards=3, cycles=3, restarts=1, seed=5, rate_per_s=200.0))
    assert result.ok, result.as_json()
    assert result.kills >= 3 and result.paused == result.restarts == 1
    assert result.found.stored == result.sent > 100 and sum(result.found.each.values()) == result.sent


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Account]]:
    """One collector that has everything."""
    root = tmp_path_factory.mktemp("alone")
    fleet, account = Fleet(root / "fleet", 1, None, 2), Account()
    fleet.start("collector")

    async def play() -> Load:
        load = load_of(root, 1, 2, fleet.peers, 500.0, account)
        load.start()
        assert await load.until(100, 30)
        load.paused = True
        assert await load.until(load.made, 30)
        await load.close()
        return load

    load = asyncio.run(play())
    assert load.acknowledged == load.made == len(account.sent)
    assert fleet.stop()
    yield fleet, account


def test_a_store_that_has_everything_once_is_sound(sent: tuple[Fleet, Account]) -> None:
    fleet, account = sent
    found = check(fleet, account.sent)
    assert found.ok and found.stored == len(account.sent) and found.voided == 0


def test_a_record_that_is_owed_and_not_there_is_found(sent: tuple[Fleet, Account]) -> None:
    fleet, account = sent
    found = check(fleet, {*account.sent, digest_of(b"never stored")})
    assert not found.ok and (found.lost, found.strange, found.doubled) == (1, 0, 0)


def test_a_record_that_nobody_sent_is_found(sent: tuple[Fleet, Account]) -> None:
    fleet, account = sent
    found = check(fleet, list(account.sent)[1:])
    assert not found.ok and (found.lost, found.strange, found.doubled) == (0, 1, 0)


def test_records_that_two_stores_have_are_found(sent: tuple[Fleet, Account], monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, account = sent
    monkeypatch.setattr(fleet, "names", ("collector", "collector"))
    found = check(fleet, account.sent)
    assert not found.ok and found.doubled == len(account.sent) and not found.lost


def test_a_store_that_was_changed_is_found(sent: tuple[Fleet, Account]) -> None:
    fleet, account = sent
    segment = max((fleet.paths.data / "collector" / "store").glob("seg-*"))
    before = segment.read_bytes()
    with SegmentFile(segment) as file:
        # An octet of a record: what pads a unit to its block proves nothing.
        at = next(unit.data[0].area_at for unit in file.units(file.header()) if unit.data)
    try:
        segment.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
        assert not check(fleet, account.sent).ok
    finally:
        segment.write_bytes(before)


def test_links_begin_at_different_collectors_and_know_them_all() -> None:
    peers = [Peer(port=port) for port in (1, 2, 3)]
    assert [[one.port for one in rotated(peers, by)] for by in range(4)] == [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]]
