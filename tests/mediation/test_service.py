"""The whole carrier over loopback: its network, its mediation function and a LEMF that takes and acknowledges."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1 import tlv
from asn1.errors import DecodeError
from asn1.handover import HandoverConfig, LemfSession
from asn1.ps_pdu import PsPdu, decode_ps_pdu
from asn1.ts33128 import decode_cc, decode_iri
from carrier_sim.config import CarrierConfig
from carrier_sim.service import main as carrier_main
from lab.papers import lab_papers
from mediation.config import MediationConfig
from mediation.law.documents import make_document, order_from_fields
from mediation.law.orders import CourtOrder
from mediation.runtime.config import PLAIN_WORDS
from mediation.service import run

SECOND = 1_000_000
BASE = 1_750_000_000 * SECOND
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
T, A = "12125550100", "12125550144"
FUNCTIONS = {"ims-1": "voice", "upf-1": "data", "smsf-1": "messaging", "mmsc-1": "messaging", "web-1": "web"}


def order(number: int = 1, kind: str = "EAVESDROPPING", **changes: Any) -> CourtOrder:
    values: dict[str, Any] = {
        "order_id": f"O-{number}", "kind": kind, "liid": f"LAB-{number}", "targets": [f"e164:{T}"],
        "start": BASE - 3_600 * SECOND, "end": BASE + 10 * 86_400 * SECOND,
    }  # fmt: skip
    if kind == "EAVESDROPPING":
        values["services"] = ["VOICE", "SMS", "MMS"]
    return order_from_fields(values | changes)


class Lemf:
    """Acknowledges whatever comes."""

    def __init__(self) -> None:
        self.octets: list[bytes] = []
        self.connections = 0
        self._server: asyncio.Server | None = None

    @property
    def records(self) -> list[PsPdu]:
        return [decode_ps_pdu(one) for one in self.octets]

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = LemfSession(HandoverConfig())
        session.connected(0)
        self.connections += 1
        buffer, position = b"", 0
        while octets := await reader.read(65_536):
            buffer += octets
            while True:
                try:
                    end = tlv.read_tlv(buffer, 0, len(buffer)).end
                except DecodeError:
                    break
                record, buffer = buffer[:end], buffer[end:]
                position += len(record)
                if decode_ps_pdu(record).payload[0] == "tRIPayload":
                    session.tri(record, position, 1)
                else:
                    self.octets.append(record)
            session.durable(position, 1)
            writer.write(session.outgoing())
        writer.close()


class Stack:
    def __init__(self, data: Path, hi2: Lemf, hi3: Lemf, client: aiohttp.ClientSession) -> None:
        self.data, self.hi2, self.hi3 = data, hi2, hi3
        self.ports: dict[str, dict[str, int]] = {}
        self._client = client

    def issue(self, one: CourtOrder, complete: bool = True) -> None:
        papers = lab_papers(one) if complete else replace(lab_papers(one), complaint_number="")
        inbox = self.data / "mediation" / "hi1-inbox"
        inbox.mkdir(parents=True, exist_ok=True)
        (inbox / f"{one.order_id}.json").write_bytes(make_document(one, COURT, papers=papers))

    async def get(self, process: str, path: str = "/status") -> Any:
        async with self._client.get(f"http://127.0.0.1:{self.ports[process]['control']}{path}") as answer:
            return await answer.json()

    async def post(self, process: str, path: str, body: Any) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.ports[process]['control']}{path}"
        async with self._client.post(url, json=body) as answer:
            return answer.status, await answer.json()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110  what happens is behind a socket
                await asyncio.sleep(0.005)

    async def says(self, process: str, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The status of a process once it is as wished."""
        async with asyncio.timeout(20):
            while not condition(status := await self.get(process)):  # noqa: ASYNC110  it is asked over a socket
                await asyncio.sleep(0.005)
        return dict(status)

    async def tasked(self, count: int = 1) -> None:
        await self.says("carrier", lambda status: status["active_tasks"] == count)

    async def idle(self) -> dict[str, Any]:
        """Until the schedule is empty and everything is acknowledged."""
        async with asyncio.timeout(20):
            while True:
                carrier, mediation = await self.get("carrier"), await self.get("mediation")
                queued = sum(one["queued"] for one in carrier["destinations"].values())
                counts = mediation["per_liid"].values()
                emitted = sum(one["x2"] + one["x3"] for one in carrier["tasks"].values())
                taken = sum(one["x2_in"] + one["x3_in"] for one in counts) + mediation["unknown_xid"]
                if carrier["schedule_empty"] and not queued and emitted == taken and mediation["idle"]:
                    return dict(mediation)
                await asyncio.sleep(0.005)


@asynccontextmanager
async def running(tmp_path: Path, **mediation: Any) -> AsyncIterator[Stack]:
    (tmp_path / "court.pub").write_bytes(
        COURT.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    clock = {"anchor_us": time.time_ns() // 1_000, "base_us": BASE, "factor": 100.0}
    hi2, hi3 = Lemf(), Lemf()
    stop, tasks = asyncio.Event(), []

    async def launch(name: str, process: Any, config: Any) -> dict[str, int]:
        ready: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(process(config, lambda ports: ready.set_result(dict(ports)), stop))
        tasks.append(task)
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        return ready.result()

    async with aiohttp.ClientSession() as client:
        stack = Stack(tmp_path, hi2, hi3, client)
        carrier = CarrierConfig.model_validate(
            {"data_dir": tmp_path / "carrier", "clock": clock, "retry_s": 0.01, "x1_plain": PLAIN_WORDS}
        )
        try:
            stack.ports["carrier"] = await launch("carrier", carrier_main, carrier)
            values = {
                "data_dir": tmp_path / "mediation", "clock": clock, "court_public_key": tmp_path / "court.pub",
                "x1_url": f"http://127.0.0.1:{stack.ports['carrier']['x1']}/X1/NE", "ne_id": "ne-sim-1",
                "x1_plain": PLAIN_WORDS,
                "admf_id": "admf-sim-1", "hi2": {"port": await hi2.start()}, "hi3": {"port": await hi3.start()},
                "network_functions": FUNCTIONS, "reconnect_s": 0.02, **mediation,
            }  # fmt: skip
            stack.ports["mediation"] = await launch("mediation", run, MediationConfig.model_validate(values))
            yield stack
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            hi2.stop()
            hi3.stop()


def sms(count: int, at_s: float = 1.0) -> list[dict[str, Any]]:
    return [{"kind": "sms", "from": T, "to": A, "text": f"SIMULATION {n}", "at_s": at_s + n} for n in range(count)]


MMS = {"kind": "mms", "from": A, "to": T, "subject": "SUBJECT-CANARY", "text": "TEXT-CANARY", "at_s": 1}


def events(lemf: Lemf) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for one in lemf.records:
        name, contents = one.payload[1][0]["iRIContents"]
        if name == "threeGPP33128DefinedIRI":
            found.append(decode_iri(contents))
    return found


def canary_on_disk(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


async def test_a_message_with_a_picture_reaches_the_lemf_whole_under_a_warrant(tmp_path: Path) -> None:
    async with running(tmp_path) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", MMS)
        await stack.until(lambda: len(stack.hi3.octets) == 1)
        await stack.idle()
        assert [name for name, _ in events(stack.hi2)] == ["mMSNotification", "mMSRetrieval"]
        assert events(stack.hi2)[0][1]["subject"] == "SUBJECT-CANARY"
        (content,) = stack.hi3.records
        name, octets = content.payload[1][0]["cCContents"]
        assert name == "threeGPP33128DefinedCC" and content.header.cin == stack.hi2.records[0].header.cin
        body = decode_cc(octets)[1]["mMSContent"]
        assert b"TEXT-CANARY" in body and b"\x89PNG" in body
        assert events(stack.hi2)[0][1]["messageSize"] == len(body)


async def test_of_a_message_with_a_picture_a_pen_register_gets_who_when_and_how_large(tmp_path: Path) -> None:
    async with running(tmp_path) as stack:
        stack.issue(order(kind="PRTT"))
        await stack.tasked()
        await stack.post("carrier", "/inject", MMS)
        await stack.until(lambda: len(stack.hi2.octets) == 2)
        await stack.idle()
        assert not stack.hi3.octets and not any(b"CANARY" in one for one in stack.hi2.octets)
        notice, retrieval = (value for _, value in events(stack.hi2))
        assert notice["messageSize"] > 900 and retrieval["messageID"]
        assert not canary_on_disk(tmp_path)


async def test_one_service_is_overdelivered_and_the_rest_stays_redacted(tmp_path: Path) -> None:
    async with running(tmp_path) as stack:
        stack.issue(order(kind="PRTT"))
        await stack.tasked()
        status, answer = await stack.post("mediation", "/fault", {"overdeliver_content": {"LAB-1": ["MMS"]}})
        assert (status, answer["faults"]) == (200, {"overdeliver_content": {"LAB-1": ["MMS"]}})
        await stack.post("carrier", "/inject", [MMS, {"kind": "call", "caller": T, "callee": A, "seconds": 1}])
        await stack.until(lambda: len(stack.hi2.octets) == 2 + 7)
        assert sum(b"SUBJECT-CANARY" in one for one in stack.hi2.octets) == 2
        assert not any(b"m=audio" in one for one in stack.hi2.octets)


async def test_records_wait_for_a_cut_link_and_keep_their_times(tmp_path: Path) -> None:
    async with running(tmp_path, faults={"cut": ["hi2"]}) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", {"items": sms(20)})
        status = await stack.says("mediation", lambda status: status["unacknowledged_total"] == 20)
        assert not stack.hi2.octets and status["links"]["hi2"]["state"] == "cut" and not status["idle"]
        assert (await stack.post("mediation", "/fault", {"cut": []}))[1]["faults"] == {}
        await stack.until(lambda: len(stack.hi2.octets) == 20)
        times = [one.header.time_us or 0 for one in stack.hi2.records]
        assert times == sorted(times) and times[-1] - times[0] == 19 * SECOND


async def test_records_are_sent_again_and_once_with_another_digit(tmp_path: Path) -> None:
    async with running(tmp_path, faults={"resend_window": 100}) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", sms(10))
        await stack.until(lambda: len(stack.hi2.octets) == 10)
        first = list(stack.hi2.octets)
        body = {"resend": {"liid": "LAB-1", "records": 5, "times": 2}, "conflict": {"liid": "LAB-1"}}
        assert (await stack.post("mediation", "/fault", body))[1]["resent"] == 10
        await stack.until(lambda: len(stack.hi2.octets) == 21)
        assert stack.hi2.octets[10:20] == first[5:] * 2
        odd, last = stack.hi2.records[20], decode_ps_pdu(first[-1])
        assert odd.header == last.header and odd.payload != last.payload
        status, answer = await stack.post("mediation", "/fault", {"resend": {"liid": "LAB-9"}})
        assert status == 400 and "LAB-9" in answer["error"]


async def test_late_skipped_and_swapped_records_leave_as_configured(tmp_path: Path) -> None:
    faults = {"delay": {"LAB-1": {"us": 60 * SECOND, "share": 0.1}}, "skip": {"LAB-1": 0.5}}
    async with running(tmp_path, faults=faults) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", sms(10))
        await stack.until(lambda: len(stack.hi2.octets) == 10)
        times = [one.header.time_us or 0 for one in stack.hi2.records]
        assert times != sorted(times) or times[-1] == max(times)
        assert sorted(one.header.sequence_number for one in stack.hi2.records) == [0] * 5 + [1] * 5
        assert (await stack.idle())["held_back"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fault", {"explode": True}),
        ("/fault", [1]),
        ("/fault", {"swap": {"LAB-1": 3}}),
        ("/activate", {"employee": "sato"}),
        ("/activate", {"order": "O-1"}),
        ("/carrier-report", {"liid": "LAB-1"}),
        ("/carrier-report", {"liid": "LAB-1", "says": "x", "finding": "boredom"}),
    ],
)
async def test_a_wrong_request_is_refused_in_one_sentence(tmp_path: Path, path: str, body: Any) -> None:
    async with running(tmp_path) as stack:
        status, answer = await stack.post("mediation", path, body)
        assert status == 400 and answer["error"] and "\n" not in answer["error"]
        assert (await stack.get("mediation"))["faults"] == {}


@pytest.mark.rule("R-059", "R-059.1")
async def test_attack_a_call_to_activate_without_a_carrier_user_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, activation={"mode": "manual", "employee": ""}) as stack:
        stack.issue(order())
        await stack.says("mediation", lambda status: status["activations"])
        for employee in ("", "  "):
            status, answer = await stack.post("mediation", "/activate", {"order": "O-1", "employee": employee})
            assert status == 400 and "R-059" in answer["error"]
        assert (await stack.get("carrier"))["active_tasks"] == 0
        assert (await stack.post("mediation", "/activate", {"order": "O-1", "employee": "sato"}))[0] == 200
        await stack.tasked()
        status = await stack.get("mediation")
        assert status["activations"]["O-1"] == {"state": "enabled", "employee": "sato"}
        assert status["certifications"] == 1


@pytest.mark.rule("R-062", "R-062.1")
async def test_discovered_over_delivery_opens_a_carrier_report(tmp_path: Path) -> None:
    async with running(tmp_path) as stack:
        stack.issue(order())
        await stack.tasked()
        says = {"liid": "LAB-1", "finding": "over_delivery", "says": "content on a pen register", "by": "chen"}
        status, report = await stack.post("mediation", "/carrier-report", says)
        assert status == 200 and report["number"] == 1 and report["finding"] == "over_delivery"
        assert report["discovered_at_us"] < report["due_us"] and report["agency"] == order().agency
        (line,) = (tmp_path / "mediation" / "carrier-reports.jsonl").read_text().splitlines()
        assert json.loads(line) == report and (await stack.get("mediation"))["carrier_reports"] == 1


async def test_a_rogue_task_is_at_the_element_and_gives_the_lemf_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, faults={"rogue_task": [A]}) as stack:
        await stack.tasked()
        await stack.post("carrier", "/inject", sms(2))
        status = await stack.idle()
        assert status["unknown_xid"] == 2 and not stack.hi2.octets and status["certifications"] == 1


@pytest.mark.rule("R-147", "R-147.1")
async def test_attack_a_subscriber_cannot_see_the_tap_in_their_account(tmp_path: Path) -> None:
    """What the carrier shows of its subscribers is octet for octet the same with the interception and without."""
    async with running(tmp_path) as stack:
        await stack.post("carrier", "/inject", sms(1))
        before = json.dumps(await stack.get("carrier", "/subscribers"))
        stack.issue(order(kind="PRTT"))
        await stack.tasked()
        await stack.post("carrier", "/inject", sms(1))
        await stack.until(lambda: len(stack.hi2.octets) == 1)
        after = json.dumps(await stack.get("carrier", "/subscribers"))
        assert after == before
        for trace in ("LAB-1", "O-1", "task", "xid", "intercept", "order"):
            assert trace not in after


@pytest.mark.rule("R-058", "R-058.1")
async def test_attack_incomplete_papers_reach_no_element(tmp_path: Path) -> None:
    async with running(tmp_path) as stack:
        stack.issue(order(), complete=False)
        await stack.says("mediation", lambda status: status["orders_refused"] == 1)
        carrier = await stack.get("carrier")
        assert carrier["active_tasks"] == 0 and carrier["destinations"] == {}
