"""Our stack against the cases: all pass, and with each fault injected the case that names it fails.

Three runs of a few processes each; every fault is put on the link, looked at and taken away again in the same run.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from lab.conformance import lemf, mf, own
from lab.conformance.model import Case, Finding, Verdict
from lab.conformance.play import own_run
from lab.conformance.samples import OTHER, TARGET
from lab.conformance.tape import Tape
from lab.faults.client import ask
from lab.faults.model import FAULTS
from lab.processes import wait_for
from lab.stack import Stack

LIID, PEN_LIID = own.LIID, own.PEN_LIID
OF_RECORDS: Final[dict[str, dict[str, Any]]] = {
    "loss": {"skip": 3, "count": 2},
    "reorder": {"skip": 3, "count": 1},
    "duplicate": {"skip": 3, "count": 1},
    "corrupt": {"skip": 3, "count": 1, "place": "header"},
    "sequence_jump": {"skip": 3, "by": 1000},
    "flood": {"skip": 3, "count": 1, "copies": 20},
    "bad_integrity": {"count": 1},
}
"""Faults of records: each of an interception of its own, all at once."""
OF_THE_SENDER: Final[dict[str, dict[str, Any]]] = {
    "over_delivery": {"liid": PEN_LIID},
    "wrong_number": {"liid": LIID, "number": own.NOT_TARGET},
}
OF_THE_LINK: Final[dict[str, dict[str, Any]]] = {
    "clock_skew": {"milliseconds": 20_000},
    "delay": {"link": "hi2", "milliseconds": 1500},
    "missed_keepalive": {"link": "hi2"},
    "cut": {"link": "hi3", "seconds": 0.2},
}
"""Faults that all records suffer from: one after the other."""
LIIDS: Final = {fault: f"CONF-1{number}" for number, fault in enumerate(OF_RECORDS)}
TARGETS: Final = {fault: f"+121255501{60 + number}" for number, fault in enumerate(OF_RECORDS)}
TAKEN: Final[dict[str, dict[str, Any]]] = {
    "half_open": {"link": "hi2"},
    "slow_reader": {"link": "hi2", "octets_per_s": 50_000},
    "wrong_certificate": {"link": "hi2"},
    "expired_certificate": {"link": "hi2"},
}
"""Faults of how a LEMF takes it."""
IMPATIENT: Final = {"half_open": 0.5, "slow_reader": 1.5}
"""How long the runner then waits for an answer, seconds."""


def named(cases: tuple[Case[Any], ...]) -> dict[str, Case[Any]]:
    return {case.fault: case for case in cases if case.fault}


def test_every_fault_is_named_by_one_case() -> None:
    cases = [*named(lemf.CASES), *named(mf.CASES)]
    assert sorted(cases) == sorted(FAULTS) == sorted([*OF_RECORDS, *OF_THE_SENDER, *OF_THE_LINK, *TAKEN])


@pytest.mark.timeout(240)
@pytest.mark.long
def test_what_a_mediation_function_sends_fails_by_each_fault(tmp_path: Path) -> None:
    with own.own_mf(tmp_path / "run", Tape(), tls=False, faults=True) as (watched, stack):
        now_us = stack.clock.now_us()
        for fault, liid in LIIDS.items():
            order = own.orders(now_us)[0] | {"order_id": f"O-{liid}", "liid": liid, "targets": [TARGETS[fault]]}
            stack.court.issue(order)
        assert wait_for(lambda: stack.status("carrier_sim")["active_tasks"] == 2 + len(LIIDS), 20)
        found = asyncio.run(_sent(watched, stack))
    assert found.pop("before") == found.pop("afterwards") == []
    assert found == {fault: [Verdict.FAIL] for fault in (*OF_RECORDS, *OF_THE_SENDER, *OF_THE_LINK)}


async def _sent(watched: mf.Mf, stack: Stack) -> dict[str, list[Any]]:
    cases = named(mf.CASES)
    watched.played.add(mf.NORMAL)
    await watched.observer.start("127.0.0.1", own.ports_of(stack), None)
    try:
        found: dict[str, list[Any]] = {"before": await _wrong(watched, stack)}
        for fault, asked in OF_RECORDS.items():
            await _put(stack, fault, asked | {"link": "hi3", "liid": LIIDS[fault]})
        for fault, asked in OF_THE_SENDER.items():
            await _put(stack, fault, asked)
        await _tasked(stack)
        await _traffic(watched, stack, *TARGETS.values(), own.PEN_TARGET, own.NOT_TARGET)
        for fault in (*OF_RECORDS, *OF_THE_SENDER):
            # What does not decode any more names nobody.
            liid = None if fault == "corrupt" else {**LIIDS, "over_delivery": PEN_LIID, "wrong_number": LIID}[fault]
            found[fault] = [(await cases[fault].check(_narrowed(watched, liid))).verdict]
        await _clear(stack)
        await _tasked(stack)
        for fault, asked in OF_THE_LINK.items():
            await _forget(watched)
            await _put(stack, fault, asked)
            await _calls(watched, stack, TARGET)
            if fault == "missed_keepalive":
                await asyncio.sleep(1.5 * own.OWN_TIMERS["time1_s"])
            watched.late_s = 1.0 if fault == "delay" else own.LATE_S
            found[fault] = [(await cases[fault].check(watched)).verdict]
            await _clear(stack)
        watched.late_s = own.LATE_S
        found["afterwards"] = await _wrong(watched, stack)
    finally:
        await watched.observer.stop()
    return found


async def _clear(stack: Stack) -> None:
    """Take all faults away, and wait for what they hold back."""
    await asyncio.to_thread(ask, stack, "/faults/clear", {"id": "all"})

    def held() -> int:
        return sum(int(one["queued_octets"]) for one in stack.status("faults")["links"].values())

    while await asyncio.to_thread(held):  # noqa: ASYNC110  another process's work
        await asyncio.sleep(0.05)


def _narrowed(watched: mf.Mf, liid: str | None) -> mf.Mf:
    """What was seen of one interception."""
    seen = [one for one in watched.observer.seen if liid is None or one.liid == liid.encode()]
    return replace(watched, observer=replace(watched.observer, seen=seen))


async def _put(stack: Stack, fault: str, asked: dict[str, Any]) -> None:
    await asyncio.to_thread(ask, stack, "/faults/add", {"fault": {"kind": fault, **asked}})


async def _wrong(watched: mf.Mf, stack: Stack) -> list[tuple[str, Finding]]:
    """The cases that name a fault, where they do not pass without it."""
    await _traffic(watched, stack, TARGET, own.PEN_TARGET, own.NOT_TARGET)
    links = set(watched.observer.ports)

    def kept_alive() -> bool:
        return links <= {one.link for one in watched.observer.of(mf.NORMAL) if one.tri == "keep-alive"}

    await watched.observer.until(kept_alive, own.OWN_KEEPALIVE_S)
    found = [(case.id, await case.check(watched)) for case in named(mf.CASES).values()]
    return [one for one in found if one[1].verdict is not Verdict.PASS]


async def _traffic(watched: mf.Mf, stack: Stack, *callers: str) -> None:
    await _forget(watched)
    await _calls(watched, stack, *callers)


async def _forget(watched: mf.Mf) -> None:
    """What was seen before, once nothing of it comes again; who is connected is not forgotten."""
    observer, count = watched.observer, -1
    await observer.until(lambda: {one.link for one in observer.joined if not one.ended} == set(observer.ports), 10)
    while count != len(observer.seen):
        count = len(observer.seen)
        await asyncio.sleep(0.3)
    observer.seen.clear()
    observer.joined[:] = [one for one in observer.joined if not one.ended]


async def _calls(watched: mf.Mf, stack: Stack, *callers: str) -> None:
    calls = [
        {"kind": "call", "caller": one, "callee": OTHER, "seconds": 0.5, "ring_s": 0.5, "sound": "tone"}
        for one in callers
    ]
    await asyncio.to_thread(stack.post, "carrier_sim", "/inject", calls)
    await watched.observer.quiet(0.8, 15)


async def _tasked(stack: Stack) -> None:
    """Until the mediation function has been round twice: tasks are set."""

    def looks() -> int:
        return int(stack.status("mediation").get("inbox_looks", 0))

    before = await asyncio.to_thread(looks)
    while await asyncio.to_thread(looks) < before + 2:  # noqa: ASYNC110  another process's work
        await asyncio.sleep(0.05)


@pytest.mark.timeout(240)
@pytest.mark.long
def test_how_a_lemf_takes_it_fails_by_each_fault(tmp_path: Path) -> None:
    with own.own_lemf(tmp_path / "run", Tape(), faults=True) as (peer, stack):
        found = asyncio.run(_taken(peer, stack))
    assert found == dict.fromkeys(TAKEN, (Verdict.PASS, Verdict.FAIL, Verdict.PASS))


async def _taken(peer: lemf.Lemf, stack: Stack) -> dict[str, tuple[Verdict, ...]]:
    cases = named(lemf.CASES)
    found: dict[str, tuple[Verdict, ...]] = {}
    for fault, asked in TAKEN.items():

        async def verdict(case: Case[Any] = cases[fault]) -> Verdict:
            return (await case.check(peer)).verdict

        before, patient_s = await verdict(), peer.answer_s
        await asyncio.to_thread(ask, stack, "/faults/add", {"fault": {"kind": fault, **asked}})
        peer.answer_s = IMPATIENT.get(fault, patient_s)
        during = await verdict()
        peer.answer_s = patient_s
        await asyncio.to_thread(ask, stack, "/faults/clear", {"id": "all"})
        found[fault] = (before, during, await verdict())
    return found


@pytest.mark.timeout(240)
@pytest.mark.parametrize("role", ["lemf", pytest.param("mf", marks=pytest.mark.long), "ne"])
def test_our_own_stack_passes_every_case(tmp_path: Path, role: Any) -> None:
    done = own_run(role, "etsi", tmp_path / "run", tmp_path / "out", lambda one: None)
    wrong = [(one.case.id, one.finding) for one in done.results
             if one.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)]  # fmt: skip
    assert not wrong and done.ok
    aside = {one.case.id for one in done.results if one.verdict is Verdict.NOT_APPLICABLE}
    assert aside == {"lemf": {"LEMF-US-1", "LEMF-US-2", "LEMF-US-3"}, "mf": {"MF-HI1-1"}, "ne": set()}[role]
