"""When a batch goes to the store: at once with company, in a while without; a sink that takes what it is given."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from collector import assembly as assembly_module
from collector.accounts import BatchAccount, Totals
from collector.arena import ArenaPool
from collector.assembly import BUSY_RECORDS, Assembly, OrderSlots
from collector.batch import Batch, CommitInfo
from collector.fleet.names import Marked
from collector.fleet.stage import Part
from collector.rows import Rows
from mediation.law.verdicts import Reason, Verdict, VerdictKind

REFUSED = Verdict(VerdictKind.REJECT, (Reason.NO_ORDER,), ())
LONG_US = 3_600_000_000


class Sink:
    def __init__(self) -> None:
        self.taken: list[Batch] = []

    def submit(self, batch: Batch) -> None:
        self.taken.append(batch)


class Peer:
    def __init__(self) -> None:
        self.outstanding = 0
        self.upto = 0

    def durable(self, position: int) -> None:
        self.upto = position


def assembly_of(sink: Sink, linger_us: int) -> Assembly:
    return Assembly(
        sink, ArenaPool(1 << 20, 2), OrderSlots(), [], Totals(), limit_octets=1 << 20, linger_us=linger_us,
        on_room=lambda: None, on_commit=lambda info, blob: None, on_failure=pytest.fail,
    )  # fmt: skip


def come(assembly: Assembly, peer: Peer, records: int) -> None:
    """So many that are refused: counted, and nothing to keep."""
    for _ in range(records):
        assembly.account.verdict(None, 0, "LAB-1", REFUSED)
    assembly.scanned(peer, 100, 100 * records, records)
    assembly.touch()


async def a_turn() -> None:
    """Everything that is due at once has been called."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_few_records_wait_for_company_and_no_longer_than_until_it_has_come() -> None:
    sink, peer = Sink(), Peer()
    assembly = assembly_of(sink, LONG_US)
    come(assembly, peer, BUSY_RECORDS - 1)
    await a_turn()
    assert sink.taken == []
    come(assembly, peer, 1)
    await a_turn()
    assert len(sink.taken) == 1 and peer.outstanding == 1


async def test_enough_records_go_at_once_and_without_a_wait_any_number_does() -> None:
    for records, linger_us in ((BUSY_RECORDS, LONG_US), (1, 0)):
        sink = Sink()
        come(assembly_of(sink, linger_us), Peer(), records)
        await a_turn()
        assert len(sink.taken) == 1


async def test_what_comes_while_a_batch_is_on_its_way_waits_for_it() -> None:
    sink, peer = Sink(), Peer()
    assembly = assembly_of(sink, LONG_US)
    come(assembly, peer, BUSY_RECORDS)
    await a_turn()
    come(assembly, peer, BUSY_RECORDS)
    await a_turn()
    assert len(sink.taken) == 1 and assembly.pending_records == 2 * BUSY_RECORDS


class Marks:
    """A stage whose batches are marked when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[Marked], None]] = []

    def part(self, rows: Rows, account: BatchAccount) -> Part:
        return Part((), (), ())

    def mark(self, number: int, info: CommitInfo, part: Part, done: Callable[[Marked], None]) -> None:
        self.waiting.append(done)

    def void(self, rows: Rows, info: CommitInfo, part: Part, marked: Marked) -> dict[str, Any] | None:
        return None

    def apply(self, part: Part, marked: Marked) -> None:
        pass

    def answer(self) -> None:
        self.waiting.pop(0)(Marked(0, frozenset(), frozenset(), ()))


async def durable(sink: Sink, at: int) -> None:
    sink.taken[at].on_durable(CommitInfo(at, 0, 0, bytes(32), 0))
    await a_turn()


async def one_that_is_durable_and_not_marked(linger_us: int) -> tuple[Sink, Peer, Marks, Assembly]:
    sink, peer, marks = Sink(), Peer(), Marks()
    assembly = assembly_of(sink, linger_us)
    assembly.stage = marks
    come(assembly, peer, BUSY_RECORDS)
    await a_turn()
    await durable(sink, 0)
    assert (len(sink.taken), assembly.unmarked, peer.upto) == (1, 1, 0)
    return sink, peer, marks, assembly


async def test_a_batch_grows_while_one_is_not_marked_and_goes_when_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly_module, "HOLD_S", 3600.0)
    for records, linger_us in ((BUSY_RECORDS, LONG_US), (1, 0)):
        sink, peer, marks, assembly = await one_that_is_durable_and_not_marked(linger_us)
        come(assembly, peer, records)
        await a_turn()
        assert len(sink.taken) == 1
        marks.answer()
        await a_turn()
        assert (len(sink.taken), peer.upto) == (2, 100)


async def test_few_records_behind_a_marked_batch_wait_for_company_as_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly_module, "HOLD_S", 3600.0)
    sink, peer, marks, assembly = await one_that_is_durable_and_not_marked(LONG_US)
    come(assembly, peer, BUSY_RECORDS - 1)
    marks.answer()
    await a_turn()
    assert len(sink.taken) == 1
    come(assembly, peer, 1)
    await a_turn()
    assert len(sink.taken) == 2


async def test_what_comes_goes_to_disk_though_nothing_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly_module, "HOLD_S", 0.0)
    sink, peer, marks, assembly = await one_that_is_durable_and_not_marked(LONG_US)
    for at in range(1, 4):
        come(assembly, peer, 1)
        await a_turn()
        await durable(sink, at)
    assert (len(marks.waiting), peer.upto) == (4, 0)


async def test_a_large_batch_does_not_wait_to_be_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly_module, "HOLD_S", 3600.0)
    sink, peer, _, assembly = await one_that_is_durable_and_not_marked(LONG_US)
    assembly.account.verdict(None, 0, "LAB-1", REFUSED)
    assembly.scanned(peer, 200, 1 << 20, 1)
    assert len(sink.taken) == 2
