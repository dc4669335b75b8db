"""The element behind X1: what it accepts, what it refuses, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asn1.x2x3 import PduType
from carrier_sim.config import CallItem
from carrier_sim.delivery import DeliveryOptions
from carrier_sim.element import Element, TaskingError
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Task
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity

XID = "00000000-0000-4000-8000-00000000000a"
ALPHA = Identity("e164Number", "12125550101")


@pytest.fixture
async def element() -> AsyncIterator[Element]:
    one = Element(DeliveryOptions(1 << 20, retry_s=0.01))
    yield one
    await one.close()


def task(delivers: Delivers = Delivers.BOTH, dids: tuple[str, ...] = ("d",), targets: tuple = (ALPHA,)) -> Task:
    return Task(XID, targets, delivers, dids)


async def test_codes_of_x1(element: Element, mediation: Any) -> None:
    def code(action: Any, *arguments: Any) -> int:
        with pytest.raises(TaskingError) as caught:
            action(*arguments)
        return caught.value.code

    assert code(element.activate, task()) == 2040
    element.create_destination("d", "127.0.0.1", mediation.port, Delivers.BOTH)
    assert code(element.create_destination, "d", "127.0.0.1", 1, Delivers.X2) == 2030
    assert code(element.modify, task()) == 2020 and code(element.deactivate, XID) == 2020
    assert code(element.activate, task(targets=())) == 3010
    assert code(element.activate, task(targets=(ALPHA, Identity("imei", "49015420323751")))) == 3010
    element.activate(task())
    assert code(element.activate, task()) == 2010
    assert code(element.remove_destination, "d") == 7010 and code(element.remove_destination, "x") == 2040
    element.modify(task(Delivers.X2))
    assert element.tasks[XID].delivers is Delivers.X2
    element.deactivate(XID)
    element.remove_destination("d")
    assert element.tasks == {} and element.dids == ()


@pytest.mark.parametrize(
    ("has", "wants", "fits"),
    [
        ({Delivers.X2}, Delivers.X2, True),
        ({Delivers.X2}, Delivers.X3, False),
        ({Delivers.X2}, Delivers.BOTH, False),
        ({Delivers.X2, Delivers.X3}, Delivers.BOTH, True),
        ({Delivers.BOTH}, Delivers.X3, True),
    ],
)
async def test_destinations_must_fit_the_task(element: Element, has: set, wants: Delivers, fits: bool) -> None:
    for number, delivers in enumerate(sorted(has, key=str)):
        element.create_destination(f"d{number}", "127.0.0.1", 9, delivers)
    wanted = task(wants, element.dids)
    if fits:
        element.activate(wanted)
        return
    with pytest.raises(TaskingError) as caught:
        element.activate(wanted)
    assert caught.value.code == 3040


async def test_call_reaches_the_destination(element: Element, mediation: Any) -> None:
    element.create_destination("d2", "127.0.0.1", mediation.port, Delivers.X2)
    element.create_destination("d3", "127.0.0.1", mediation.port, Delivers.X3)
    element.activate(task(dids=("d2", "d3")))
    schedule = Schedule()
    network = Network(1, 10**15, Directory(1), Clips(), schedule)
    network.add(CallItem(caller=ALPHA.value, callee="12125550142", seconds=1), 10**15)
    events = schedule.due(1 << 62, 10_000)
    element.feed(events)
    await mediation.until(lambda: len(mediation.pdus) == len(events))
    status = element.status()
    assert status["tasks"] == {XID: {"x2": 7, "x3": len(events) - 7}} and status["dropped"] == 0
    assert sum(1 for pdu in mediation.pdus if pdu.pdu_type is PduType.X2) == 7
    assert status["destinations_connected"] == 2 and status["active_tasks"] == 1


@pytest.mark.rule("R-078", "R-078.1")
@pytest.mark.parametrize("address", ["203.0.113.9", "8.8.8.8", "2001:db8::9"])
async def test_attack_a_destination_over_x1_that_leads_out_of_the_closed_network(
    element: Element, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    async def connected(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing connects outwards")

    monkeypatch.setattr(asyncio, "open_connection", connected)
    element.create_destination("d", address, 5080, Delivers.BOTH)
    element.activate(task())
    while not element.status()["destinations_blocked"]:  # noqa: ASYNC110  the event loop turns, no time passes
        await asyncio.sleep(0)
    status = element.status()
    assert status["destinations"]["d"]["blocked"] and status["destinations_connected"] == 0
    said = capsys.readouterr()
    assert "alarm" in said.out + said.err and "R-078" in said.out + said.err
