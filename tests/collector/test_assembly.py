"""When a batch goes to the store: at once with company, in a while without; a sink that takes what it is given."""

import asyncio

import pytest

from collector.accounts import Totals
from collector.arena import ArenaPool
from collector.assembly import BUSY_RECORDS, Assembly, OrderSlots
from collector.batch import Batch
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
