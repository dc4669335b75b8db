"""The whole process over loopback: tasked by X1 octets as an ADMF would send them, delivering to a fake mediation."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from asn1.errors import LabError
from asn1.sip import parse_sip
from asn1.x2x3 import PduType
from carrier_sim.config import CarrierConfig
from carrier_sim.service import Carrier, main
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import PLAIN_WORDS, ConfigError, NotReadyError, load_config

XID = "29f28e1c-f230-486a-a860-f5a784ab9172"
DID = "19867c20-8c94-473e-b9cd-8b72b7b05fd4"
VECTORS = Path(__file__).parents[1] / "vectors"
REAL_AT = 1_800_000_000_000_000
CALL = {"kind": "call", "caller": "+12125550101", "callee": "+12125550142", "seconds": 1}


def x1_request(kind: str, body: str = "", admf: str = "admf-sim-1", element: str = "ne-sim-1") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<X1Request xmlns="http://uri.etsi.org/03221/X1/2017/10" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:common="http://uri.etsi.org/03280/common/2017/07">'
        f'<x1RequestMessage xsi:type="{kind}Request">'
        f"<admfIdentifier>{admf}</admfIdentifier><neIdentifier>{element}</neIdentifier>"
        "<messageTimestamp>2026-11-23T08:00:00.000000Z</messageTimestamp><version>v1.22.1</version>"
        f"<x1TransactionId>3741800e-971b-4aa9-85f4-466d2b1adc7f</x1TransactionId>{body}"
        "</x1RequestMessage></X1Request>"
    )


def task_details(number: str = "12125550101", delivers: str = "X2andX3", xid: str = XID) -> str:
    return (
        f"<taskDetails><xId>{xid}</xId><targetIdentifiers><targetIdentifier><e164Number>{number}</e164Number>"
        f"</targetIdentifier></targetIdentifiers><deliveryType>{delivers}</deliveryType>"
        f"<listOfDIDs><dId>{DID}</dId></listOfDIDs></taskDetails>"
    )


def destination_details(port: int) -> str:
    return (
        f"<destinationDetails><dId>{DID}</dId><deliveryType>X2andX3</deliveryType><deliveryAddress><ipAddressAndPort>"
        "<common:address><common:IPv4Address>127.0.0.1</common:IPv4Address></common:address>"
        f"<common:port><common:TCPPort>{port}</common:TCPPort></common:port>"
        "</ipAddressAndPort></deliveryAddress></destinationDetails>"
    )


class Process:
    """The running service and a client to its two ports."""

    def __init__(self, ports: dict[str, int], client: aiohttp.ClientSession) -> None:
        self._ports, self._client = ports, client

    async def x1(self, kind: str, body: str = "", **identities: str) -> str:
        """Send one request; returns `ok`, an error code, or for others the text of the answer."""
        text = await self.raw_x1(x1_request(kind, body, **identities).encode())
        if found := re.search(r"errorCode>(\d+)<", text):
            return found.group(1)
        return "ok" if "AcknowledgedAndCompleted" in text else text

    async def raw_x1(self, octets: bytes) -> str:
        url = f"http://127.0.0.1:{self._ports['x1']}/X1/NE"
        async with self._client.post(url, data=octets, headers={"Content-Type": "application/xml"}) as answer:
            assert answer.status == 200
            return await answer.text()

    async def get(self, path: str) -> Any:
        async with self._client.get(f"http://127.0.0.1:{self._ports['control']}{path}") as answer:
            return await answer.json()

    async def post(self, path: str, body: object = None) -> tuple[int, Any]:
        async with self._client.post(f"http://127.0.0.1:{self._ports['control']}{path}", json=body) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def running(tmp_path: Path, **values: Any) -> AsyncIterator[Process]:
    config = CarrierConfig.model_validate({"data_dir": tmp_path, "retry_s": 0.01, "x1_plain": PLAIN_WORDS, **values})
    ports: dict[str, int] = {}
    ready, stop = asyncio.Event(), asyncio.Event()

    def set_ready(found: Any) -> None:
        ports.update(found)
        ready.set()

    process = asyncio.create_task(main(config, set_ready, stop))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((process, waiting), timeout=10, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if process.done():
        await process
    try:
        async with aiohttp.ClientSession() as client:
            yield Process(ports, client)
    finally:
        stop.set()
        await asyncio.wait_for(process, 10)


def fast_clock(base_us: int = REAL_AT, factor: float = 1_000.0) -> dict[str, Any]:
    """A clock that is at `base_us` now and runs fast; the mapping to real time is the lab's business otherwise."""
    return {"anchor_us": time.time_ns() // 1_000, "base_us": base_us, "factor": factor}


async def test_tasked_call_is_delivered(tmp_path: Path, mediation: Any) -> None:
    async with running(
        tmp_path, traffic=[{**CALL, "at_s": 1}, {**CALL, "caller": "2125550103"}], clock=fast_clock()
    ) as process:
        assert (await process.get("/status"))["state"] == "hold"
        assert await process.x1("CreateDestination", destination_details(mediation.port)) == "ok"
        assert await process.x1("ActivateTask", task_details()) == "ok"
        assert await process.post("/start") == (200, {"state": "running"})
        await mediation.until(lambda: any(b"200 OK" in p.payload and b"BYE" in p.payload for p in mediation.pdus))
        while (await process.get("/status"))["state"] != "done":
            pass
        status = await process.get("/status")
    assert {pdu.xid_text for pdu in mediation.pdus} == {XID}
    assert len({pdu.correlation_id for pdu in mediation.pdus}) == 1
    x2 = [parse_sip(pdu.payload) for pdu in mediation.pdus if pdu.pdu_type is PduType.X2]
    assert [one.method or one.status for one in x2] == ["INVITE", 100, 180, 200, "ACK", "BYE", 200]
    assert status["tasks"][XID] == {"x2": 7, "x3": len(mediation.pdus) - 7}
    assert status["events_done"] == status["events_total"] == 2 * len(mediation.pdus)
    assert status["simulation"] is True and status["destinations_connected"] == 1


async def test_x1_errors_and_listing(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        assert await process.x1("Ping") == "ok"
        assert await process.x1("ActivateTask", task_details()) == "2040"
        assert await process.x1("CreateDestination", destination_details(9)) == "ok"
        assert await process.x1("CreateDestination", destination_details(9)) == "2030"
        assert await process.x1("ActivateTask", task_details()) == "ok"
        assert await process.x1("ActivateTask", task_details()) == "2010"
        assert await process.x1("ModifyTask", task_details(delivers="X2Only")) == "ok"
        listing = await process.x1("ListAllDetails")
        assert XID in listing and DID in listing
        assert await process.x1("RemoveDestination", f"<dId>{DID}</dId>") == "7010"
        assert await process.x1("DeactivateTask", f"<xId>{XID}</xId>") == "ok"
        assert await process.x1("DeactivateTask", f"<xId>{XID}</xId>") == "2020"
        assert await process.x1("ModifyTask", task_details()) == "2020"
        assert await process.x1("RemoveDestination", f"<dId>{DID}</dId>") == "ok"
        assert await process.x1("RemoveDestination", f"<dId>{DID}</dId>") == "2040"


async def test_x1_refuses_strangers_and_nonsense(tmp_path: Path) -> None:
    async with running(tmp_path) as process:
        assert await process.x1("Ping", admf="somebody-else") == "1040"
        assert await process.x1("Ping", element="another-ne") == "1060"
        for octets in (b"", b"<html/>", b"\xff\xfe", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<a>" * 10_000):
            assert "TopLevelError" in await process.raw_x1(octets)


async def test_inject_runs_at_once_and_refuses_in_words(tmp_path: Path, mediation: Any) -> None:
    async with running(tmp_path, clock=fast_clock()) as process:
        await process.x1("CreateDestination", destination_details(mediation.port))
        await process.x1("ActivateTask", task_details())
        item = {"kind": "sms", "from": "+12125550101", "to": "+12125550142", "text": "simulation"}
        status, answer = await process.post("/inject", item)
        assert (status, answer["communications"]) == (200, 1)
        await mediation.until(lambda: len(mediation.pdus) == 1)
        for wrong, word in (
            ({**item, "to": "+12125551234"}, "fictional"),
            ({**item, "extra": 1}, "extra"),
            ({"kind": "web", "visitors": ["2125550101"], "host": "example.org"}, "not a host"),
            ({**item, "kind": "telegram"}, "kind"),
            ({**CALL, "dtmf": "xyz"}, "dtmf"),
        ):
            status, answer = await process.post("/inject", wrong)
            assert status == 400 and word in answer["error"]


async def test_subscribers_are_listed(tmp_path: Path) -> None:
    async with running(tmp_path, subscribers=4) as process:
        people = await process.get("/subscribers")
        assert len(people) == 4 and people[0]["number"] == "12125550100" and people[0]["imsi"] == "001012125550100"


async def test_replay_keeps_its_place_in_time(tmp_path: Path, mediation: Any) -> None:
    replay = {"file": str(VECTORS / "captures/sipp-calls.pcap"), "rebase_us": REAL_AT}
    async with running(tmp_path, replay=replay, clock=fast_clock(REAL_AT - 60_000_000)) as process:
        await process.x1("CreateDestination", destination_details(mediation.port))
        await process.x1("ActivateTask", task_details("12125550142"))
        await process.post("/start")
        await mediation.until(lambda: len(mediation.pdus) == 1_036)
        status = await process.get("/status")
    assert status["replay"]["sip"] == 12 and status["replay"]["media"] == 1_024 and status["replay"]["error"] is None
    assert mediation.pdus[0].time_us == REAL_AT
    assert max(pdu.time_us for pdu in mediation.pdus) == REAL_AT + 14_015_408
    assert len({pdu.correlation_id for pdu in mediation.pdus}) == 2


async def test_missing_capture_is_said_at_start(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match=r"no capture .*none\.pcap"):
        async with running(tmp_path, replay={"file": "none.pcap"}):
            pass


async def test_damaged_capture_refuses_the_start_or_ends_the_replay(tmp_path: Path) -> None:
    (tmp_path / "text.pcap").write_text("no capture")
    async with running(tmp_path, replay={"file": str(tmp_path / "text.pcap")}) as process:
        status, answer = await process.post("/start")
        assert status == 400 and "Not a pcap" in answer["error"]
        assert (await process.get("/status"))["state"] == "hold"
    octets = (VECTORS / "captures/sipp-calls.pcap").read_bytes()[:40_000] + b"\xff" * 400
    (tmp_path / "cut.pcap").write_bytes(octets)
    config = CarrierConfig.model_validate(
        {
            "data_dir": tmp_path,
            "x1_plain": PLAIN_WORDS,
            "replay": {"file": tmp_path / "cut.pcap", "keep_identities": True},
        }
    )
    carrier = Carrier(config, ManualClock(2**60))
    await carrier.start()
    assert len(carrier.schedule.due(2**60, 10_000)) > 50
    assert "damaged" in carrier.status()["replay"]["error"] and carrier.state == "done"


async def test_custom_speech_is_ready_before_the_traffic(tmp_path: Path) -> None:
    text = "This is a simulation."
    config = CarrierConfig.model_validate(
        {"data_dir": tmp_path, "x1_plain": PLAIN_WORDS, "traffic": [{**CALL, "caller_text": text}]}
    )
    carrier = Carrier(config, ManualClock(REAL_AT))
    await carrier.start()
    await carrier.start()
    assert carrier.status()["communications"] == 1 and carrier.state == "running"


def test_configuration_file(tmp_path: Path) -> None:
    path = tmp_path / "carrier.toml"
    head = f"data_dir = {json.dumps(str(tmp_path))}\nx1_plain = '{PLAIN_WORDS}'\n"
    path.write_text(
        f"{head}start = 'now'\n[[traffic]]\nkind = 'sms'\nfrom = '+1 212 555 0101'\n"
        "to = '2125550142'\ntext = 'simulation'\n[[traffic]]\nkind = 'background'\ncalls = 3\n"
    )
    config = load_config(path, CarrierConfig)
    assert config.traffic[0].sender == "12125550101" and config.traffic[1].calls == 3
    path.write_text(f"{head}[[traffic]]\nkind = 'call'\ncaller = '911'\ncallee = 'x'\n")
    with pytest.raises(ConfigError, match="fictional"):
        load_config(path, CarrierConfig)


def test_errors_have_one_root() -> None:
    assert issubclass(NotReadyError, LabError)


async def test_process_listens_and_ends_on_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "carrier.toml"
    path.write_text(f"data_dir = {json.dumps(str(tmp_path / 'carrier_sim'))}\nx1_plain = '{PLAIN_WORDS}'\n")
    arguments = ("-m", "carrier_sim", "--config", str(path), "--log", str(tmp_path / "log.jsonl"))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=Path(__file__).parents[2])
    ready = tmp_path / "carrier_sim/ready.json"
    for _ in range(2_000):
        if ready.exists():
            break
        await asyncio.sleep(0.01)
    ports = json.loads(ready.read_text())["ports"]
    assert set(ports) == {"x1", "control"}
    async with aiohttp.ClientSession() as client:
        assert await Process(ports, client).x1("Ping") == "ok"
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert not ready.exists() and "TopLevel" not in (tmp_path / "log.jsonl").read_text()


async def test_a_batch_is_scheduled_as_one_or_refused_as_one(tmp_path: Path) -> None:
    async with running(tmp_path, clock=fast_clock(factor=1.0)) as process:
        status = await process.get("/status")
        assert status["schedule_empty"] is True and status["faults"] == {}
        later = {**CALL, "at_s": 3_600}
        assert (await process.post("/inject", [later, later, {**CALL, "seconds": "long"}]))[0] == 400
        assert (await process.post("/inject", {"items": [later], "more": 1}))[0] == 400
        assert (await process.get("/status"))["communications"] == 0
        assert (await process.post("/inject", [later, {**later, "feature": "*66"}]))[1]["communications"] == 3
        assert (await process.post("/inject", {"items": [later]}))[1]["communications"] == 4
        exact = {**CALL, "at_us": REAL_AT + 1_800 * 1_000_000 + 1}
        await process.post("/inject", exact)
        status = await process.get("/status")
        assert status["next_event_us"] == exact["at_us"] and status["schedule_empty"] is False


async def test_a_wrong_clock_can_be_set_and_taken_back_while_running(tmp_path: Path, mediation: Any) -> None:
    async with running(tmp_path, clock=fast_clock()) as process:
        await process.x1("CreateDestination", destination_details(mediation.port))
        await process.x1("ActivateTask", task_details())
        body = {"clock_offset_us": {"smsf-1": 250_000}}
        assert await process.post("/fault", body) == (200, {"faults": body})
        item = {"kind": "sms", "from": "+12125550101", "to": "+12125550142", "text": "a", "at_us": REAL_AT + 7}
        await process.post("/inject", item)
        await mediation.until(lambda: len(mediation.pdus) == 1)
        assert (await process.get("/status"))["faults"] == body
        assert (await process.post("/fault", {"clock_offset_us": {}}))[1] == {"faults": {}}
        await process.post("/inject", item)
        await mediation.until(lambda: len(mediation.pdus) == 2)
        for wrong in ([1], {"explode": 1}, {"clock_offset_us": {"ims-1": "late"}}):
            status, answer = await process.post("/fault", wrong)
            assert status == 400 and answer["error"]
    assert [pdu.time_us for pdu in mediation.pdus] == [REAL_AT + 250_007, REAL_AT + 7]
