"""Orders come, change and end over HI1 and X1, over mutual TLS, while another's traffic runs: no record is lost."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization

from asn1 import x1
from asn1.errors import RemoteError
from asn1.hi1_messages import Get, Got, ListObjects
from asn1.hi1_objects import DictionaryEntry, LITask, Notification
from carrier_sim.config import CarrierConfig
from carrier_sim.service import main as carrier_main
from lab.hi1_client import COURT as COURT_NAME
from lab.hi1_client import Hi1Client
from lab.papers import lab_papers
from lab.paths import RunPaths
from mediation.config import MediationConfig
from mediation.interception import did_of
from mediation.law.documents import DocumentAction, extended, make_document, order_from_fields, revoked
from mediation.law.hi1_orders import task_id
from mediation.law.orders import CourtOrder, OrderId
from mediation.runtime.clock import ClockHand, ClockSpec
from mediation.runtime.config import TlsConfig
from mediation.runtime.exchange import Endpoint, exchange, new_session
from mediation.runtime.tls import client_context, make_lab_ca
from mediation.service import run
from tests.mediation.test_service import BASE, COURT, FUNCTIONS, SECOND, Lemf, Stack

FACTOR, SLOW = 100.0, 5.0
MESSAGES, EVERY_S = 400, 0.4
NUMBERS = {"A": ("12125550101", "12125550102"), "B": ("12125550103", "12125550104")}


class Live(Stack):
    """The carrier's two processes as a run of the lab has them, and the court that writes to them."""

    court: Hi1Client
    hand: ClockHand

    def now_us(self) -> int:
        return self.hand.clock.now_us()

    async def send(self, order: CourtOrder, action: DocumentAction = DocumentAction.ISSUE) -> None:
        """Over HI1; refused by nobody."""
        document = make_document(order, COURT, action, self.now_us(), lab_papers(order))
        answer = await asyncio.to_thread(self.court.send, "mediation", document)
        assert answer is not None and answer.error is None, answer

    async def ask(self, *bodies: Any) -> list[Any]:
        return [one.body for one in (await asyncio.to_thread(self.court.ask, "mediation", *bodies)).responses]

    async def traffic(self, name: str) -> None:
        sender, receiver = NUMBERS[name]
        items = [
            {"kind": "sms", "from": sender, "to": receiver, "text": f"SIMULATION {n}", "at_s": n * EVERY_S}
            for n in range(MESSAGES)
        ]
        assert (await self.post("carrier", "/inject", items))[0] == 200


@pytest.fixture
async def live(tmp_path: Path, kept_port: int) -> AsyncIterator[Live]:
    paths = RunPaths(tmp_path)
    make_lab_ca(paths.ca, ("mediation", "ne-sim-1", "admf-sim-1", COURT_NAME), time.time_ns() // 1_000)
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "court.pub").write_bytes(COURT.public_key().public_bytes(serialization.Encoding.PEM, public))

    def tls(name: str) -> dict[str, Path]:
        return {"certificate": paths.ca / f"{name}.pem", "key": paths.ca / f"{name}.key", "ca": paths.ca / "ca.pem"}

    hand = ClockHand(tmp_path / "clock", ClockSpec(time.time_ns() // 1_000, BASE, FACTOR))
    clock = {"shared": tmp_path / "clock"}
    hi2, hi3, stop = Lemf(), Lemf(), asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def launch(process: Any, config: Any) -> dict[str, int]:
        ready: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        tasks.append(asyncio.create_task(process(config, lambda ports: ready.set_result(dict(ports)), stop)))
        await asyncio.wait((tasks[-1], ready), return_when=asyncio.FIRST_COMPLETED)
        if tasks[-1].done():
            await tasks[-1]
        return ready.result()

    async with aiohttp.ClientSession() as client:
        made = Live(tmp_path, hi2, hi3, client)
        made.court, made.hand = Hi1Client(paths), hand
        try:
            carrier = {"data_dir": tmp_path / "carrier", "clock": clock, "retry_s": 0.01, "report_after_s": 0.0}
            carrier["admf_url"] = f"https://127.0.0.1:{kept_port}/X1/ADMF"
            made.ports["carrier"] = await launch(
                carrier_main, CarrierConfig.model_validate(carrier | {"x1_listen": {"tls": tls("ne-sim-1")}})
            )
            values = {
                "data_dir": tmp_path / "mediation", "clock": clock, "court_public_key": tmp_path / "court.pub",
                "x1_url": f"https://127.0.0.1:{made.ports['carrier']['x1']}/X1/NE", "x1_tls": tls("admf-sim-1"),
                "admf_listen": {"port": kept_port, "tls": tls("admf-sim-1")},
                "hi1": {"listen": {"tls": tls("mediation")}}, "ne_id": "ne-sim-1", "admf_id": "admf-sim-1",
                "hi2": {"port": await hi2.start()}, "hi3": {"port": await hi3.start()},
                "network_functions": FUNCTIONS, "reconnect_s": 0.02,
            }  # fmt: skip
            made.ports["mediation"] = await launch(run, MediationConfig.model_validate(values))
            url = f"https://127.0.0.1:{made.ports['mediation']['hi1']}"
            paths.hi1_endpoints.write_text(json.dumps({"mediation": {"url": url, "name": "mediation"}}))
            yield made
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            hi2.stop()
            hi3.stop()


def order(name: str, start_us: int, end_us: int) -> CourtOrder:
    return order_from_fields(
        {
            "order_id": f"O-{name}", "kind": "EAVESDROPPING", "liid": f"LAB-{name}", "services": ["SMS", "MMS"],
            "targets": [f"e164:{NUMBERS[name][0]}"], "start": start_us, "end": end_us,
        }
    )  # fmt: skip


async def test_orders_come_change_and_end_while_another_loses_no_record(live: Live) -> None:
    await live.send(order("A", BASE - SECOND, BASE + 10 * 86_400 * SECOND))
    await live.tasked()
    # What is said takes a busy machine seconds, and the traffic is to outlast it.
    live.hand.go(SLOW)
    await live.traffic("A")
    await live.traffic("B")

    now_us = live.now_us()
    first = order("B", now_us + 2 * SECOND, now_us + 86_400 * SECOND)
    await live.send(first)
    await live.tasked(2)
    less = replace(first, version=2, services=frozenset(one for one in first.services if str(one) == "SMS"))
    await live.send(less)
    longer = extended(less, first.window.end_us + 86_400 * SECOND, live.now_us())
    await live.send(longer, DocumentAction.EXTEND)
    live.hand.go(FACTOR)
    await live.until(lambda: sum(1 for one in live.hi2.records if one.header.liid == b"LAB-B") > 20)
    await live.send(revoked(longer, live.now_us() // SECOND * SECOND), DocumentAction.REVOKE)
    told_us = live.now_us()
    await live.tasked(1)
    await live.idle()

    records: dict[bytes, list[Any]] = defaultdict(list)
    numbers: dict[tuple[bytes, int | None], list[int]] = defaultdict(list)
    for record in live.hi2.records:
        records[record.header.liid].append(record)
        numbers[record.header.liid, record.header.cin].append(record.header.sequence_number)
    assert len(records[b"LAB-A"]) == MESSAGES
    assert all(found == list(range(len(found))) for (liid, _), found in numbers.items() if liid == b"LAB-A")
    times = [one.header.time_us for one in records[b"LAB-B"]]
    assert times and first.window.start_us <= min(times) and max(times) < told_us
    # What of B was intercepted has no hole either: every message between the first and the last is there.
    assert len(times) == round((max(times) - min(times)) / (EVERY_S * SECOND)) + 1

    question = {"ask": "GetTaskDetails", "xid": str(task_id(OrderId("O-A")))}
    status, shown = await live.post("mediation", "/element", question)
    assert status == 200 and shown["task"]["status"]["x2_amount"] == MESSAGES
    status, shown = await live.post("mediation", "/element", question | {"xid": str(uuid.UUID(int=1))})
    assert status == 400 and "2020" in shown["error"]
    assert (await live.post("mediation", "/element", {"ask": "DeactivateAllTasks"}))[0] == 400
    task, listing = await live.ask(
        Get(task_id(OrderId("O-B"))), ListObjects(DictionaryEntry("ETSI", "ObjectType", "Notification"))
    )
    assert isinstance(task, Got) and isinstance(task.object, LITask) and task.object.status is not None
    assert task.object.status.value == "Cancelled" and task.object.generation == 4
    notices = [one.object for one in await live.ask(*(Get(one.identifier) for one in listing.records))]
    said = [
        (one.details.split(":")[0], one.statuses[0].status.value)
        for one in notices
        if isinstance(one, Notification) and one.details and one.statuses and "O-B" in one.details
    ]
    assert said[0] == ("version 1 of O-B", "Active") and said[-1] == ("version 4 of O-B", "Cancelled")


async def test_a_destination_that_is_out_of_reach_is_reported_to_the_admf_and_cleared(live: Live) -> None:
    await live.send(order("A", BASE - SECOND, BASE + 10 * 86_400 * SECOND))
    await live.tasked()
    await live.says("carrier", lambda status: status["destinations_connected"] == 2)
    tls, did = live.court._paths.ca, did_of("x3")
    own = TlsConfig(certificate=tls / "admf-sim-1.pem", key=tls / "admf-sim-1.key", ca=tls / "ca.pem")
    to = Endpoint(f"https://127.0.0.1:{live.ports['carrier']['x1']}/X1/NE", client_context(own), "ne-sim-1.invalid")
    names = {f"destination {did}", f"task {task_id(OrderId('O-A'))}"}
    for port, open_issues in ((9, names), (live.ports["mediation"]["x3"], set())):
        moved = x1.ip_destination(did, "X3Only", "127.0.0.1", port)
        asked = x1.X1Message("ModifyDestination", "admf-sim-1", "ne-sim-1", uuid.uuid4(), BASE, destination=moved)
        async with new_session() as session:
            (reply,) = x1.parse_response(await exchange(session, to, x1.build_request([asked]), x1.MAX_OCTETS))
        assert reply.error is None
        wanted = open_issues
        await live.says("mediation", lambda status, wanted=wanted: set(status["x1_issues"]) == wanted)
    # A look before the very first connection finds it missing and says that as well.
    assert (await live.get("mediation"))["x1_reports"] >= 4


async def test_attack_another_certificate_of_the_same_ca_tasks_nothing_and_orders_nothing(
    live: Live, tmp_path: Path
) -> None:
    """Every lab certificate is good TLS; which identity it speaks for is what counts."""
    ca = RunPaths(tmp_path).ca
    for suffix in ("pem", "key"):
        (ca / f"{COURT_NAME}.{suffix}").write_bytes((ca / f"ne-sim-1.{suffix}").read_bytes())
    one = order("A", BASE, BASE + 86_400 * SECOND)
    document = make_document(one, COURT, papers=lab_papers(one))
    with pytest.raises(RemoteError, match="403"):
        await asyncio.to_thread(live.court.send, "mediation", document)
    assert (await live.get("mediation"))["orders"] == 0
    asked = x1.build_request([x1.X1Message("DeactivateAllTasks", "admf-sim-1", "ne-sim-1", uuid.UUID(int=1), BASE)])
    url = f"https://127.0.0.1:{live.ports['carrier']['x1']}/X1/NE"
    async with new_session() as session:
        for name, code in (("mediation", 1030), ("admf-sim-1", None)):
            tls = TlsConfig(certificate=ca / f"{name}.pem", key=ca / f"{name}.key", ca=ca / "ca.pem")
            to = Endpoint(url, client_context(tls), "ne-sim-1.invalid")
            (reply,) = x1.parse_response(await exchange(session, to, asked, x1.MAX_OCTETS))
            assert (None if reply.error is None else reply.error.code) == code
            with pytest.raises(aiohttp.ClientError):
                await exchange(session, replace(to, name="ne-sim-2.invalid"), asked, x1.MAX_OCTETS)
    bare = ssl.create_default_context(cafile=ca / "ca.pem")
    async with new_session() as session:
        with pytest.raises(aiohttp.ClientError):
            await exchange(session, Endpoint(url, bare, "ne-sim-1.invalid"), asked, x1.MAX_OCTETS)
