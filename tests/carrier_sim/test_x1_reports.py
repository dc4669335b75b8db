"""The element tells its ADMF what is wrong and what is right again, until it was heard."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asn1 import x1
from carrier_sim.delivery import DeliveryOptions
from carrier_sim.element import Element
from carrier_sim.keepalive import KeepaliveWatch, State, Timers
from carrier_sim.poi import Delivers, Task
from carrier_sim.provisioning import Provisioning
from carrier_sim.subscribers import Identity
from carrier_sim.x1_reports import MAX_WAITING, Reporter
from mediation.runtime.config import Listen
from mediation.runtime.exchange import Endpoint, new_session
from mediation.runtime.status import start_http
from mediation.x1_server import X1Reports

NOW = 1_750_000_000_000_000
XID, DID, OTHER = (str(uuid.UUID(int=number)) for number in (2, 3, 4))


class Bench:
    """An element, its reporter on a clock set by hand, and the ADMF's own X1 server."""

    def __init__(self, to: Endpoint | None) -> None:
        self.now_s = 100.0
        self.lost = 0
        self.element = Element(DeliveryOptions(1 << 16, retry_s=0.01))
        provisioning = Provisioning(self.element, lambda: NOW)
        self.watch = KeepaliveWatch(Timers(p1_s=60, p2_s=180, p3_s=300))
        self.reporter = Reporter(
            self.element, provisioning, to, ("admf-1", "ne-1"), self.watch, lambda: NOW, lambda: self.now_s
        )
        self.admf = X1Reports("admf-1", "ne-1", lambda: NOW, self._lose)
        self.to = to

    def _lose(self) -> None:
        self.lost += 1

    def look(self, after_s: float = 0.0) -> None:
        self.now_s += after_s
        self.reporter.look()

    async def until_delivering(self, delivers: bool, did: str = DID) -> None:
        async with asyncio.timeout(10):
            while self.element.delivers(did) is not delivers:  # noqa: ASYNC110  the element tells nobody
                await asyncio.sleep(0.002)

    async def tell(self) -> None:
        assert self.to is not None
        async with new_session() as session:
            await self.reporter.send(session, self.to)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench(None)
    runner, port = await start_http(Listen(), made.admf.routes())
    await made.element.close()
    made = Bench(Endpoint(f"http://127.0.0.1:{port}/X1/ADMF"))
    await runner.cleanup()
    runner, port = await start_http(Listen(), made.admf.routes())
    made.to = Endpoint(f"http://127.0.0.1:{port}/X1/ADMF")
    yield made
    await runner.cleanup()
    await made.element.close()


async def test_a_destination_that_goes_down_is_reported_with_its_tasks_and_cleared(
    bench: Bench, mediation: Any
) -> None:
    bench.element.create_destination(DID, "127.0.0.1", mediation.port, Delivers.BOTH)
    bench.element.activate(Task(XID, (Identity("e164Number", "12125550101"),), Delivers.X2, (DID,)))
    await mediation.until(lambda: mediation.connections == 1)
    await bench.until_delivering(True)
    bench.look(60)
    assert bench.reporter.waiting == 0
    await mediation.kill()
    await bench.until_delivering(False)
    bench.look(0)
    bench.look(1.9)
    assert bench.reporter.waiting == 0
    bench.look(0.2)
    bench.look(5)
    assert bench.reporter.waiting == 2
    await bench.tell()
    assert {about: (one.kind, one.code) for about, one in bench.admf.open.items()} == {
        f"destination {DID}": ("NonTerminatingFault", 9020),
        f"task {XID}": ("NonTerminatingFault", 9020),
    }
    await mediation.start()
    await bench.until_delivering(True)
    bench.look()
    await bench.tell()
    assert bench.admf.open == {} and bench.admf.received == 4 and bench.reporter.acknowledged == 4


async def test_a_task_is_clear_when_the_last_of_its_destinations_is(bench: Bench, mediation: Any) -> None:
    for did, port in ((DID, mediation.port), (OTHER, 9)):
        bench.element.create_destination(did, "127.0.0.1", port, Delivers.BOTH)
    bench.element.activate(Task(XID, (Identity("e164Number", "12125550101"),), Delivers.X2, (DID, OTHER)))
    bench.look()
    bench.look(3)
    await bench.until_delivering(True)
    bench.look()
    await bench.tell()
    assert set(bench.admf.open) == {f"destination {OTHER}", f"task {XID}"}
    bench.element.modify_destination(OTHER, "127.0.0.1", mediation.port, Delivers.BOTH)
    await bench.until_delivering(True, OTHER)
    bench.look()
    await bench.tell()
    assert bench.admf.open == {}


async def test_an_element_that_misses_its_admf_says_so_and_lets_go_of_its_tasks(bench: Bench) -> None:
    bench.element.create_destination(DID, "127.0.0.1", 9, Delivers.BOTH)
    bench.element.activate(Task(XID, (Identity("e164Number", "12125550101"),), Delivers.X2, (DID,)))
    bench.reporter.heard()
    bench.look(180)
    await bench.tell()
    assert bench.admf.open["element"].code == 9050 and bench.watch.state is State.WAITING
    assert bench.element.tasks
    bench.look(300)
    assert not bench.element.tasks and bench.watch.state is State.CLEARED
    await bench.tell()
    assert bench.admf.open["element"].code == 10_000 and bench.lost == 1
    bench.reporter.heard()
    await bench.tell()
    assert "element" not in bench.admf.open


async def test_what_nobody_acknowledges_waits_and_is_bounded(bench: Bench) -> None:
    bench.reporter.heard()
    for _ in range(MAX_WAITING + 100):
        bench.look(180)
    assert bench.reporter.waiting == MAX_WAITING
    nobody = Bench(None)
    nobody.reporter.heard()
    nobody.look(180)
    assert nobody.reporter.waiting == 0 and nobody.watch.state is State.REPORTED
    await nobody.element.close()


def report(kind: str = "ReportNEIssue", **changes: Any) -> x1.X1Message:
    values = {"admf_id": "admf-1", "ne_id": "ne-1", "transaction_id": uuid.UUID(int=1), "time_us": NOW}
    body = {"report_type": "Warning", "issue_details": "x"} if kind == "ReportNEIssue" else {}
    return x1.X1Message(kind, **(values | body | changes))


@pytest.mark.parametrize(
    ("message", "certified", "code"),
    [
        (report(), frozenset({"ne-2"}), 1050),
        (report(ne_id="ne-2"), None, 1060),
        (report(admf_id="admf-2"), None, 1040),
        (report(version="v3.0.0"), None, 1020),
        (report("DeactivateAllTasks"), None, 1080),
        (report(), frozenset({"ne-1"}), 0),
        (report("Ping"), frozenset({"ne-1"}), 0),
    ],
)
async def test_attack_a_report_from_another_than_the_element_counts_for_nothing(
    bench: Bench, message: x1.X1Message, certified: Any, code: int
) -> None:
    (reply,) = x1.parse_response(bench.admf.answer(x1.build_request([message]), certified))
    assert (reply.error.code if reply.error else 0) == code
    assert bench.admf.received == (code == 0 and message.kind != "Ping")


async def test_attack_nonsense_is_answered_and_opens_nothing(bench: Bench) -> None:
    for octets in (b"", b"<html/>", b"\xff\xfe", b" " * (x1.MAX_OCTETS + 2)):
        assert b"X1TopLevelErrorResponse" in bench.admf.answer(octets)
    unsound = x1.build_request([report()]).replace(b">Warning<", b">Panic<")
    (reply,) = x1.parse_response(bench.admf.answer(unsound))
    assert reply.error is not None and reply.error.code == 1010 and not bench.admf.open
