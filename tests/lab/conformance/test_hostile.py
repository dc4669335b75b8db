"""The runner against peers that do anything: every case gets a verdict, in bounded time and memory, and never a pass
for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from asn1.ps_pdu import PsHeader, tri_pdu
from lab.conformance import lemf, mf, tape, wire
from lab.conformance.model import US, Case, Result, Verdict, passed
from lab.conformance.observer import MAX_SEEN, Observer
from lab.conformance.run import run_cases
from lab.conformance.samples import us_call
from lab.conformance.tape import Tape, capture, lines
from lab.dialects import FORMS

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def against(serve: Serve, cases: tuple[Case[Any], ...], out: Path) -> tuple[Result, ...]:
    """Cases of a LEMF, with one that serves so."""

    async def whole() -> tuple[Result, ...]:
        async def bounded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                await serve(reader, writer)
            writer.transport.abort()

        server = await asyncio.start_server(bounded, "127.0.0.1", 0)
        said = Tape()
        peer = lemf.Lemf("127.0.0.1", server.sockets[0].getsockname()[1], b"L", said, answer_s=0.05, quiet_s=0.02)
        try:
            return await run_cases(cases, peer, said, "etsi", out)
        finally:
            server.close()

    return asyncio.run(whole())


async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends at once."""


async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    random = Random(7)
    for _ in range(40):
        writer.write(random.randbytes(3_000))
        await writer.drain()
    await reader.read(1)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(bytes(65_536))
        await writer.drain()


async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x30\x84\x7f\xff\xff\xff")
    while await reader.read(65_536):
        pass


async def liar(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers what nobody asked, with shapes that are right and contents that are not."""
    header = PsHeader(liid=b"-", operator_id=b"X", cin=0, sequence_number=1, time_us=0)
    nothing: dict[str, Any] = {"acceptedOptions": [], "declinedOptions": []}
    while await reader.read(65_536):
        for name, value in (("optionResponse", nothing), ("keep-aliveResponse", None), ("testPDU", None)):
            writer.write(tri_pdu(header._replace(sequence_number=99), name, value))


@pytest.mark.parametrize("serve", [slam, noise, half, liar])
def test_attack_a_hostile_lemf_gets_verdicts_and_passes_nothing_that_it_must_answer(
    tmp_path: Path, serve: Serve
) -> None:
    wanted = {"LEMF-KA-1", "LEMF-KA-2", "LEMF-OPT-1", "LEMF-FRM-1", "LEMF-BAD-6", "LEMF-EXT-1", "LEMF-FRM-4"}
    cases = tuple(one for one in lemf.CASES if one.id in wanted)
    found = {one.case.id: one.verdict for one in against(serve, cases, tmp_path)}
    assert found.keys() == wanted and Verdict.PASS not in found.values()


def test_attack_a_peer_that_talks_without_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_HEARD", 1 << 18)
    monkeypatch.setattr(tape, "MAX_OCTETS", 1 << 18)
    (one,) = against(endless, tuple(case for case in lemf.CASES if case.id == "LEMF-KA-1"), tmp_path)
    assert one.verdict is Verdict.FAIL
    assert (tmp_path / one.capture).stat().st_size < 1 << 19


def test_nobody_there_fails_in_words(tmp_path: Path) -> None:
    async def whole() -> tuple[Result, ...]:
        said = Tape()
        peer = lemf.Lemf("127.0.0.1", 9, b"L", said, answer_s=0.05, quiet_s=0.02)
        return await run_cases(lemf.CASES[:3], peer, said, "etsi", tmp_path)

    for one in asyncio.run(whole()):
        assert one.verdict is Verdict.FAIL and one.finding.says.startswith("no connection")


def test_attack_a_defect_of_the_runner_is_no_pass_and_ends_no_run(tmp_path: Path) -> None:
    async def broken(peer: object) -> Any:
        raise KeyError("something nobody thought of")

    async def good(peer: object) -> Any:
        return passed("fine")

    cases = (Case("X-1", "breaks", "-", "A", broken), Case("X-2", "is good", "-", "A", good),
             Case("X-3", "is of another dialect", "-", "A", broken, dialects=("ias",)))  # fmt: skip
    found = asyncio.run(run_cases(cases, None, Tape(), "etsi", tmp_path))
    assert [one.verdict for one in found] == [Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE]


@pytest.mark.parametrize("framing", ["ps-pdu", "x2x3"])
def test_attack_a_watching_receiver_keeps_no_more_than_it_may(framing: Any) -> None:
    async def whole() -> Observer:
        observer = Observer(Tape(), framing)
        await observer.start("127.0.0.1", {"hi2": 0}, None)
        try:
            for seed in range(3):
                _, writer = await asyncio.open_connection("127.0.0.1", observer.ports["hi2"])
                writer.write(b"\x30\x00" * 30_000 + Random(seed).randbytes(20_000))
                await writer.drain()
                writer.close()
            await observer.until(lambda: len(observer.joined) == 3 and all(one.ended for one in observer.joined), 20)
        finally:
            await observer.stop()
        return observer

    observer = asyncio.run(whole())
    assert len(observer.joined) == 3 and len(observer.seen) <= MAX_SEEN
    # All cases have a verdict over what is no record at all.
    watched = mf.Mf(observer, played=set(mf.PHASES))
    found = asyncio.run(
        run_cases(mf.CASES, watched, observer.tape, "etsi", Path("/nowhere"), files=lambda _: ("", "", ()))
    )
    assert {one.case.id: one.verdict for one in found}["MF-FRM-1"] is Verdict.FAIL


@pytest.mark.parametrize("dialect", US)
@pytest.mark.parametrize("seed", range(3))
def test_attack_call_data_and_content_that_are_none_get_verdicts_and_pass_nothing(dialect: str, seed: int) -> None:
    """Noise on both links, and records of the dialect with octets changed at random."""
    chance = Random(seed)

    async def whole() -> mf.Mf:
        observer = Observer(Tape(), "ber", dialect, FORMS[dialect])
        await observer.start("127.0.0.1", {"cdc": 0}, None, {"ccc": 0})
        sender = socket.socket(type=socket.SOCK_DGRAM)
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", observer.ports["cdc"])
            for octets in us_call(dialect, "L-1", 1_750_000_000_000_000) * 60:
                broken = bytearray(octets)
                for _ in range(chance.randrange(4)):
                    broken[chance.randrange(4, len(broken))] = chance.randrange(256)
                writer.write(bytes(broken))
                sender.sendto(bytes(broken), ("127.0.0.1", observer.datagram_ports["ccc"]))
            sender.sendto(b"", ("127.0.0.1", observer.datagram_ports["ccc"]))
            writer.write(chance.randbytes(20_000))
            await writer.drain()
            writer.close()
            await observer.until(lambda: bool(observer.joined) and all(one.ended for one in observer.joined), 20)
        finally:
            sender.close()
            await observer.stop()
        return mf.Mf(observer, set(mf.PHASES), {b"L-1": "+12125550101"}, frozenset({b"L-1"}), ("+12125550104",), True)

    watched = asyncio.run(whole())
    assert watched.observer.seen and capture(watched.observer.tape.said) and lines(watched.observer.tape.said, dialect)
    found = asyncio.run(
        run_cases(mf.CASES, watched, watched.observer.tape, dialect, Path("/nowhere"), files=lambda _: ("", "", ()))
    )
    assert not [one.finding for one in found if "did not expect" in one.finding.says]
    verdicts = {one.case.id: one.verdict for one in found}
    assert verdicts["MF-FRM-1"] is Verdict.FAIL and verdicts["MF-US-CCC-1"] is not Verdict.PASS
