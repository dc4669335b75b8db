"""The links of the US dialects over loopback: the resend window of call data, and content that waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mediation.journal import Entry, Journal
from mediation.laes_config import CccModel, LaesModel
from mediation.laes_delivery import CccLink, CdcLink
from mediation.laes_records import STREAMS
from tests.mediation.laes.played import config
from tests.mediation.test_laes_service import UsLemf

STREAM = STREAMS["t1678"]


def record(number: int) -> bytes:
    return b"\xa1\x06\x04\x04" + number.to_bytes(4, "big")


def opened(tmp_path: Path, capacity_octets: int = 1 << 20) -> Journal:
    journal = Journal(tmp_path / "journal", tmp_path / "key", capacity_octets, 1 << 20, False)
    journal.start({"next_cin": 1, "held": []})
    return journal


def put(journal: Journal, first: int, count: int) -> int:
    made = journal.append(
        [Entry(STREAM, "LAB-1", record(n), ("x", 1, {"cin": 1})) for n in range(first, first + count)]
    )
    return made[-1].journal_id


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  what happens is behind a socket
            await asyncio.sleep(0.005)


@asynccontextmanager
async def linked(journal: Journal, lemf: UsLemf, **settings: Any) -> AsyncIterator[tuple[CdcLink, CccLink]]:
    ports = await lemf.start()
    one = LaesModel.model_validate({"liids": ["LAB-*"], "cdc": {"port": ports["cdc"]}, **settings})
    cdc = CdcLink("cdc-t1678", STREAM, one, journal, 0.01)
    ccc = CccLink("ccc-t1678", CccModel(port=ports["ccc"], form="apdu"), one.queue_octets, cdc)
    tasks = [asyncio.create_task(cdc.run()), asyncio.create_task(ccc.run())]
    try:
        yield cdc, ccc
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        lemf.stop()
        journal.close()


async def test_what_was_written_is_written_again_after_a_reconnect_octet_for_octet(tmp_path: Path) -> None:
    journal, lemf = opened(tmp_path), UsLemf("t1678")
    put(journal, 0, 5)
    async with linked(journal, lemf) as (cdc, _):
        await until(lambda: len(lemf.octets) == 5)
        assert len(journal.held(STREAM)) == 5
        lemf.writers[0].transport.abort()
        await until(lambda: len(lemf.connections) == 2)
        put(journal, 5, 2)
        cdc.wake()
        await until(lambda: len(lemf.octets) == 12)
        assert lemf.octets == [record(n) for n in (*range(5), *range(7))]
        assert (cdc.status.sent, cdc.status.resent) == ({"LAB-1": 7}, {"LAB-1": 5})
        assert cdc.as_dict()["window_records"] == 7 and cdc.as_dict()["connects"] == 2


@pytest.mark.parametrize("settings", [{"resend_octets": 4_096}, {"resend_s": 0.001}])
async def test_behind_the_window_of_octets_or_seconds_nothing_is_kept(tmp_path: Path, settings: Any) -> None:
    journal, lemf = opened(tmp_path), UsLemf("t1678")
    async with linked(journal, lemf, **settings) as (cdc, _):
        put(journal, 0, 1_000)
        cdc.wake()
        await until(lambda: len(lemf.octets) == 1_000)
        kept = 512 if "resend_octets" in settings else 0
        await until(lambda: len(journal.held(STREAM)) == kept)
        lemf.writers[0].transport.abort()
        await until(lambda: len(lemf.octets) == 1_000 + kept)
        assert lemf.octets[1_000:] == [record(n) for n in range(1_000 - kept, 1_000)]


async def test_a_restart_sends_the_window_once_more_and_nothing_that_was_given_up(tmp_path: Path) -> None:
    journal, lemf = opened(tmp_path), UsLemf("t1678")
    last = put(journal, 0, 10)
    journal.acknowledge(STREAM, last - 4)
    journal.close()
    again, other = opened(tmp_path), UsLemf("t1678")
    async with linked(again, other) as (cdc, _):
        await until(lambda: len(other.octets) == 4)
        assert other.octets == [record(n) for n in range(6, 10)] and cdc.status.sent == {"LAB-1": 4}
    assert not lemf.octets


async def test_numbers_of_content_that_was_never_kept_are_known_after_a_restart(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.append([], notes=[("x", 1, {"cin": 1, "next_cc": 40})])
    journal.close()
    again = Journal(tmp_path / "journal", tmp_path / "key", 1 << 20, 1 << 20, False)
    assert again.notes == [("x", 1, {"cin": 1, "next_cc": 40})]
    again.close()


async def test_content_waits_for_the_call_data_that_announces_it(tmp_path: Path) -> None:
    journal, lemf = opened(tmp_path), UsLemf("t1678")
    async with linked(journal, lemf) as (cdc, ccc):
        cdc.cut(True)
        last = put(journal, 0, 1)
        ccc.offer("LAB-1", b"packet", last)
        ccc.wake()
        await asyncio.sleep(0.05)
        assert not lemf.datagrams and ccc.waiting == {"LAB-1": 1}
        cdc.cut(False)
        cdc.wake()
        await until(lambda: lemf.datagrams == [b"packet"])
        assert lemf.octets and ccc.status.sent == {"LAB-1": 1} and ccc.waiting == {}


async def test_content_beyond_the_bound_is_dropped_and_counted_and_asks_for_back_pressure(tmp_path: Path) -> None:
    journal, lemf = opened(tmp_path), UsLemf("t1678")
    async with linked(journal, lemf, queue_octets=1 << 17) as (_, ccc):
        ccc.cut(True)
        assert not ccc.up
        for _ in range(99):
            ccc.offer("LAB-1", bytes(1_000), -1)
        assert ccc.full is True and not ccc.dropped
        for _ in range(50):
            ccc.offer("LAB-1", bytes(1_000), -1)
        assert ccc.dropped == {"LAB-1": 149 - 131} and ccc.waiting == {"LAB-1": 131}
        ccc.cut(False)
        await until(lambda: ccc.waiting == {})
        assert ccc.full is False and ccc.status.sent["LAB-1"] + ccc.dropped["LAB-1"] == 149


async def test_a_link_that_is_lost_goes_to_the_next_collector_and_its_content_with_it(tmp_path: Path) -> None:
    journal, lemfs = opened(tmp_path), (UsLemf("t1678"), UsLemf("t1678"))
    ports = [await lemf.start() for lemf in lemfs]
    said = {name: {"peers": [{"port": one[name]} for one in ports]} for name in ("cdc", "ccc")}
    one = LaesModel.model_validate({"liids": ["LAB-*"], **said, "ccc": said["ccc"] | {"form": "apdu"}})
    assert one.ccc is not None
    cdc = CdcLink("cdc-t1678", STREAM, one, journal, 0.01)
    ccc = CccLink("ccc-t1678", one.ccc, one.queue_octets, cdc)
    tasks = [asyncio.create_task(cdc.run()), asyncio.create_task(ccc.run())]
    last = put(journal, 0, 5)
    cdc.wake()
    ccc.offer("LAB-1", b"first", last)
    ccc.wake()
    await until(lambda: len(lemfs[0].octets) == 5 and lemfs[0].datagrams == [b"first"])
    lemfs[0].writers[0].transport.abort()
    await until(lambda: len(lemfs[1].octets) == 5)
    last = put(journal, 5, 1)
    cdc.wake()
    ccc.offer("LAB-1", b"second", last)
    ccc.wake()
    await until(lambda: lemfs[1].datagrams == [b"second"])
    assert lemfs[1].octets == [record(n) for n in range(6)] and lemfs[0].datagrams == [b"first"]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for lemf in lemfs:
        lemf.stop()
    journal.close()


@pytest.mark.parametrize(
    ("dialect", "more", "words"),
    [
        ("pcesp", {"ccc": {"port": 2, "form": "apdu"}}, "no CC-APDU"),
        ("jstd025", {"ccc": {"port": 2, "form": "apdu"}}, "no CC-APDU"),
        ("pcesp", {"liids": ["LAB-LONG-1"], "ccc": {"port": 2, "form": "20"}}, "may not fit"),
        ("pcesp", {"liids": ["LAB-*"], "ccc": {"port": 2, "form": "20"}}, "may not fit"),
        ("t1678", {"ccc": {"port": 2, "form": "16"}}, "form"),
        ("t1678", {"ccc": {"port": 2, "form": "4", "tls": {"certificate": "a", "key": "b"}}}, "leave out tls"),
        ("t1678", {"liids": []}, "liids"),
    ],
)
def test_what_no_link_can_carry_is_refused_in_words(dialect: str, more: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        config(dialect, **more)


def test_an_order_that_two_deliveries_would_take_is_refused_in_words() -> None:
    base = config("t1678").model_dump()
    for first, second in (("LAB-*", "LAB-1"), ("LAB-1", "LAB-1"), ("L*", "LAB-*")):
        laes = {"t1678": {"liids": [first], "cdc": {"port": 1}}, "ias": {"liids": [second], "cdc": {"port": 2}}}
        with pytest.raises(ValidationError, match="may name the same order"):
            type(config("t1678")).model_validate(base | {"laes": laes})
    assert config("t1678").dialect_of("LAB-9") == "t1678" and config("t1678").dialect_of("OTHER") is None


async def test_content_that_nobody_listens_for_waits_and_the_datagram_lost_in_finding_out_is_counted(
    tmp_path: Path,
) -> None:
    journal, lemf, other = opened(tmp_path), UsLemf("t1678"), UsLemf("t1678")
    async with linked(journal, lemf) as (_, ccc):
        assert lemf._transport is not None
        port = lemf._transport.get_extra_info("sockname")[1]
        lemf._transport.close()
        await asyncio.sleep(0)
        for number in range(20):
            ccc.offer("LAB-1", b"%02d" % number, -1)
        ccc.wake()
        await until(lambda: ccc.failed == 1)
        assert ccc.status.state == "refused" and ccc.waiting == {"LAB-1": 19} and ccc.dropped == {"LAB-1": 1}
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: other, local_addr=("127.0.0.1", port)
        )
        await until(lambda: len(other.datagrams) + ccc.dropped["LAB-1"] == 20)
        assert other.datagrams[-1] == b"19" and ccc.status.sent["LAB-1"] == len(other.datagrams)
        transport.close()
