"""The witness as a process: fed from a store on this machine or over HTTP, over restarts, evictions and new keys."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from collector.store.epochs import read_trust
from collector.store.keys import pin_name
from collector.store.pin import pinned_size
from collector.store.private_files import read_public_key
from collector.witness.config import WitnessConfig
from collector.witness.feed import Feed, LostError
from collector.witness.service import PATH, WitnessService
from lab.ordeal.subject import Subject
from lab.ordeal.tamper import fill
from mediation.ledger.checkpoint import verify_note
from mediation.ledger.witness import NOTHING, Submission, format_submission, judge, verify_cosigned
from mediation.runtime.clock import ManualClock
from mediation.runtime.process import IntegrityError

ORIGIN, NAME = "calea-lab/collector", "calea-lab/witness"


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    made = Subject.make(tmp_path / "collector", tmp_path / "pin" / "checkpoint", 5)
    made = replace(made, pin=tmp_path / "pin" / pin_name(made.keys().identity))
    fill(made, 6, 5)
    return made


def config(subject: Subject, place: Path, **changes: Any) -> WitnessConfig:
    feed = {"store": str(subject.store), "pin_directory": str(subject.pin.parent), "every_s": 0.01}
    values = {"data_dir": str(place), "keys": str(subject.root / "keys"), "feed": feed}
    return WitnessConfig.model_validate(values | changes)


@asynccontextmanager
async def running(given: WitnessConfig) -> AsyncIterator[tuple[WitnessService, str]]:
    service, stop, ports = WitnessService(given, ManualClock(1_780_000_000_000_000)), asyncio.Event(), asyncio.Future()
    task = asyncio.create_task(service.run(ports.set_result, stop))
    await asyncio.wait([task, ports], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield service, f"http://127.0.0.1:{ports.result()['control']}"
    finally:
        stop.set()
        await task


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


def records_of(subject: Subject) -> int:
    feed, seen = Feed(subject.store, lambda: pinned_size(subject.pin)), NOTHING
    while (submission := feed.next(seen.size)) is not None:
        found = judge(seen, submission, ORIGIN, read_trust(subject.root / "keys"))
        assert found.status == 200, found.why
        seen = found.state
    feed.close()
    return seen.size


async def test_a_witness_follows_a_store_and_remembers(subject: Subject, tmp_path: Path) -> None:
    async with running(config(subject, tmp_path / "w")) as (service, url):
        size = records_of(subject)
        await until(lambda: service.status()["size"] == size)
        fill(subject, 3, 6)
        await until(lambda: service.status()["size"] == records_of(subject) > size)
        async with aiohttp.ClientSession() as session, session.get(url + "/checkpoint") as answer:
            note = await answer.text()
    witness = read_public_key(tmp_path / "w" / "keys" / "signing.pub")
    cosigned = verify_cosigned(note, NAME, witness)
    assert cosigned is not None and cosigned.checkpoint.size == records_of(subject)
    assert verify_note(note, ORIGIN, read_trust(subject.root / "keys")) is not None
    async with running(config(subject, tmp_path / "w")) as (service, _):
        assert service.status()["size"] == cosigned.checkpoint.size and not service.status()["alarms"]


async def test_a_witness_elsewhere_is_fed_over_http(subject: Subject, tmp_path: Path) -> None:
    async with running(config(subject, tmp_path / "there", feed=None)) as (witness, url):
        feed = {
            "store": str(subject.store),
            "pin_directory": str(subject.pin.parent),
            "every_s": 0.01,
            "submit_to": url,
        }
        for _ in range(2):
            # The second time the feeder knows nothing, and is told where the witness stands.
            async with running(config(subject, tmp_path / "here", feed=feed, witness=False)) as (feeder, _):
                fill(subject, 2, 7)
                await until(lambda feeder=feeder: feeder.status()["size"] == records_of(subject))
        assert witness.status()["size"] == records_of(subject) and not witness.status()["alarms"]


async def test_attack_a_store_that_was_rolled_back(subject: Subject, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(subject.store, older)
    fill(subject, 4, 8)
    async with running(config(subject, tmp_path / "w")) as (service, _):
        await until(lambda: service.status()["size"] == records_of(subject))
    shutil.rmtree(subject.store)
    shutil.copytree(older, subject.store)
    subject.pin.unlink()
    fill(subject, 9, 9)
    async with running(config(subject, tmp_path / "w")) as (service, _):
        await until(lambda: service.status()["alarms"])
        assert service.status()["signed"] == 0


async def test_attack_another_collector_s_keys_are_put_in_place(subject: Subject, tmp_path: Path) -> None:
    async with running(config(subject, tmp_path / "w")) as (service, _):
        await until(lambda: service.status()["size"] > 0)
    other = Subject.make(tmp_path / "other", tmp_path / "pin" / "other", 6)
    fill(other, 30, 1)
    shutil.rmtree(subject.root / "keys")
    shutil.copytree(other.root / "keys", subject.root / "keys")
    with pytest.raises(IntegrityError, match="another collector's key"):
        async with running(config(other, tmp_path / "w", keys=str(subject.root / "keys"))) as (service, _):
            service.take(Submission(0, (), "note"))


async def test_hostile_requests_are_answered_and_nothing_is_signed(subject: Subject, tmp_path: Path) -> None:
    async with (
        running(config(subject, tmp_path / "w", feed=None)) as (service, url),
        aiohttp.ClientSession() as session,
    ):
        feed = Feed(subject.store, lambda: pinned_size(subject.pin))
        good = feed.next(0)
        assert good is not None
        for body, status in (
            (b"", 400),
            (b"old 0\n\n" + b"x" * (1 << 20), 400),
            (format_submission(5, (), good.note), 409),
            (format_submission(0, (bytes(32),), good.note), 422),
            (format_submission(0, (), good.note.replace("commits", "commitz")), 403),
        ):
            async with session.post(url + PATH, data=body) as answer:
                assert answer.status == status
        assert service.status()["signed"] == 0 and len(service.status()["alarms"]) == 2
        async with session.get(url + "/checkpoint") as answer:
            assert answer.status == 404
        async with session.post(url + PATH, data=format_submission(*good)) as answer:
            assert answer.status == 200 and NAME in await answer.text()
        feed.close()


def test_a_commit_that_may_not_be_durable_is_not_submitted(subject: Subject) -> None:
    whole = records_of(subject)
    feed = Feed(subject.store)
    submission = feed.next(0)
    assert submission is not None and int(submission.note.split("\n")[1]) < whole
    feed.close()


def test_what_was_evicted_before_it_was_witnessed_is_said(subject: Subject) -> None:
    fill(subject, 90, 3)
    feed = Feed(subject.store, lambda: pinned_size(subject.pin))
    with pytest.raises(LostError, match="the oldest record is"):
        feed.next(3)
    submission = feed.next(0) if feed._tail is not None else None
    assert submission is None


def test_a_process_that_neither_witnesses_nor_feeds_is_refused(subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"give feed\.submit_to"):
        config(subject, tmp_path, witness=False)
    feed = {"store": "s", "submit_to": "http://witness.example.com"}
    with pytest.raises(ValidationError):
        config(subject, tmp_path, feed=feed)
