"""Our stack against the cases: all pass, and with each fault injected the case that names it fails.

Runs of a few processes each; every fault is put on the link, looked at and taken away again in the same run.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from lab import dialects
from lab.conformance import lemf, mf, own
from lab.conformance.model import US, Case, Finding, Verdict
from lab.conformance.play import Foreign, foreign_run, own_run
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


US_OF_RECORDS: Final[dict[str, dict[str, Any]]] = {
    # Of a session the first message is its beginning's beginning: the second has to go as well.
    "loss": {"count": 2},
    "reorder": {"count": 1},
    "duplicate": {"count": 1},
    "corrupt": {"count": 1, "place": "header"},
    "flood": {"count": 1, "copies": 20},
}
"""Faults of call data in a US dialect, one after the other: its records say nothing to the proxy."""


def named(cases: tuple[Case[Any], ...], dialect: str = "etsi") -> dict[str, Case[Any]]:
    found = [case for case in cases if case.fault and dialect in case.dialects]
    assert len({case.fault for case in found}) == len(found)
    return {case.fault: case for case in found}


def test_every_fault_is_named_by_one_case() -> None:
    cases = [*named(lemf.CASES), *named(mf.CASES)]
    assert sorted(cases) == sorted(FAULTS) == sorted([*OF_RECORDS, *OF_THE_SENDER, *OF_THE_LINK, *TAKEN])


@pytest.mark.parametrize("dialect", US)
def test_every_fault_of_call_data_is_named_by_one_case_in_a_us_dialect(dialect: str) -> None:
    """Those of PS-PDUs are refused there, and how a LEMF takes it is the LEMF's cases to find."""
    told = {fault for fault, said in FAULTS.items() if said.needs != "ps-pdu"} - {*TAKEN}
    assert named(mf.CASES, dialect).keys() == told == {*US_OF_RECORDS, *OF_THE_SENDER, *US_OF_THE_LINK}


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


US_OF_THE_LINK: Final[dict[str, dict[str, Any]]] = {
    "clock_skew": {"milliseconds": 20_000},
    "delay": {"milliseconds": 1500},
    # The last: behind it all that was sent before comes again.
    "cut": {"seconds": 0.2},
}


@pytest.mark.timeout(240)
@pytest.mark.long
@pytest.mark.parametrize("dialect", US)
def test_what_a_mediation_function_sends_in_a_us_dialect_fails_by_each_fault(tmp_path: Path, dialect: str) -> None:
    with own.own_us_mf(tmp_path / "run", Tape(), dialect, tls=False, faults=True) as (watched, stack):
        found = asyncio.run(_us_sent(watched, stack, dialect))
    assert found.pop("before") == found.pop("afterwards") == []
    assert found.pop("content") == Verdict.FAIL
    assert found == dict.fromkeys((*US_OF_RECORDS, *OF_THE_SENDER, *US_OF_THE_LINK), Verdict.FAIL)


async def _us_sent(watched: mf.Mf, stack: Stack, dialect: str) -> dict[str, Any]:
    cases, cdc, observer = named(mf.CASES, dialect), f"cdc-{dialect}", watched.observer
    watched.played.add(mf.NORMAL)
    await observer.start("127.0.0.1", own.ports_of(stack, dialect), None, own.datagram_ports_of(stack, dialect))

    async def everything(*callers: str) -> None:
        await _forget(watched)
        await _us_calls(watched, stack, dialect, *callers)

    async def wrong() -> list[tuple[str, Finding]]:
        await everything(TARGET, own.PEN_TARGET, own.NOT_TARGET)
        verdicts = [(case.id, await case.check(watched)) for case in cases.values()]
        return [one for one in verdicts if one[1].verdict is not Verdict.PASS]

    try:
        found: dict[str, Any] = {"before": await wrong()}
        for fault, asked in US_OF_RECORDS.items():
            await _forget(watched)
            await _put(stack, fault, asked | {"link": cdc})
            await _us_calls(watched, stack, dialect, TARGET)
            found[fault] = (await cases[fault].check(watched)).verdict
            await _clear(stack)
        await _forget(watched)
        await _put(stack, "loss", {"link": f"ccc-{dialect}", "skip": 3, "count": 2})
        await _us_calls(watched, stack, dialect, TARGET)
        complete = next(case for case in mf.CASES if case.id == "MF-US-CCC-4")
        found["content"] = (await complete.check(watched)).verdict
        await _clear(stack)
        for fault, asked in OF_THE_SENDER.items():
            marked = asked | {"liid": dialects.MARKS[dialect] + asked["liid"]}
            await _put(stack, fault, marked)
            await _tasked(stack)
            await everything(own.PEN_TARGET if fault == "over_delivery" else own.NOT_TARGET)
            found[fault] = (await cases[fault].check(watched)).verdict
            await _clear(stack)
            await _tasked(stack)
        for fault, asked in US_OF_THE_LINK.items():
            await _forget(watched)
            await _put(stack, fault, asked if fault == "clock_skew" else asked | {"link": cdc})
            await _us_calls(watched, stack, dialect, TARGET)
            watched.late_s = 1.0 if fault == "delay" else own.LATE_S
            found[fault] = (await cases[fault].check(watched)).verdict
            await _clear(stack)
        watched.late_s = own.LATE_S
        found["afterwards"] = await wrong()
    finally:
        await observer.stop()
    return found


async def _us_calls(watched: mf.Mf, stack: Stack, dialect: str, *callers: str) -> None:
    """A call, or a session, of each, until those that an order is for are over."""
    await asyncio.to_thread(stack.post, "carrier_sim", "/inject", own.us_items(dialect, callers))
    ends = len(callers) - (own.NOT_TARGET in callers and len(callers) > 1)
    await watched.observer.until(lambda: watched.ended(mf.NORMAL) >= ends, 20)
    await watched.observer.quiet(0.6, 15)


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
@pytest.mark.parametrize(("role", "dialect"), [
    ("lemf", "etsi"), ("ne", "etsi"), pytest.param("mf", "etsi", marks=pytest.mark.long),
    ("mf", "ias"), *(pytest.param("mf", one, marks=pytest.mark.long) for one in US if one != "ias"),
])  # fmt: skip
def test_our_own_stack_passes_every_case(tmp_path: Path, role: Any, dialect: str) -> None:
    done = own_run(role, dialect, tmp_path / "run", tmp_path / "out", lambda one: None)
    wrong = [(one.case.id, one.finding) for one in done.results
             if one.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE)]  # fmt: skip
    assert not wrong and done.ok
    aside = {one.case.id for one in done.results
             if one.verdict is Verdict.NOT_APPLICABLE and dialect in one.case.dialects}  # fmt: skip
    assert aside == {("mf", "etsi"): {"MF-HI1-1"}, ("mf", "pcesp"): {"MF-US-CCC-5"}}.get((role, dialect), set())


@pytest.mark.timeout(240)
@pytest.mark.long
def test_a_foreign_mediation_function_in_a_us_dialect_is_judged_where_it_was_told_to_deliver(tmp_path: Path) -> None:
    """Ours plays the foreign one; whoever is asked makes a call, and nothing else is known of it."""
    asked: list[str] = []
    with own.own_us_mf(tmp_path / "run", Tape(), "pcesp") as (known, stack):

        def ask_for(words: str) -> None:
            asked.append(words.partition(":")[0])
            stack.post("carrier_sim", "/inject", own.us_items("pcesp", (TARGET, own.PEN_TARGET)))

        foreign = Foreign(
            listen=("127.0.0.1", own.ports_of(stack, "pcesp")["cdc"]),
            listen_hi3=("127.0.0.1", own.datagram_ports_of(stack, "pcesp")["ccc"]), ccc="12",
            tls=own.tls_files(stack, own.LEMF), wait_s=20.0,
            targets=tuple((liid.decode(), number) for liid, number in known.targets.items()),
            metadata_only=tuple(liid.decode() for liid in known.metadata_only),
        )  # fmt: skip
        done = foreign_run("mf", "pcesp", foreign, tmp_path / "out", lambda one: None, ask_for)
    aside = {one.case.id: one.finding for one in done.results
             if "pcesp" in one.case.dialects and one.verdict is not Verdict.PASS}  # fmt: skip
    assert aside.keys() == {"MF-TGT-2", "MF-US-CCC-5"}, aside
    assert asked == [mf.NORMAL, mf.AWAY, mf.HOSTILE, mf.WRONG]
    assert sorted(path.name for path in (tmp_path / "out" / "exchanges").iterdir()) == [
        f"MF-{phase}.{kind}" for phase in ("away", "hostile", "normal") for kind in ("jsonl", "pcapng")
    ]
