"""The whole carrier over loopback, its orders delivered in the US dialects to a LEMF that reads and says nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from asn1.laes import ias, jstd025, pcesp, t1678
from asn1.laes.cc_apdu import decode_apdu
from asn1.laes.ccc import decode_datagram
from asn1.laes.describe import framer_of
from asn1.laes.message import CdcMessage
from tests.mediation.test_service import BASE, SECOND, A, T, order, running

DECODERS = {"t1678": t1678, "pcesp": pcesp, "ias": ias, "jstd025": jstd025}
CALL = {"kind": "call", "caller": T, "callee": A, "seconds": 2, "dtmf": "7", "caller_text": "CANARY", "at_s": 1}
TEXT = {"kind": "sms", "from": T, "to": A, "text": "SIMULATION CANARY", "via": "ims", "at_s": 1}
DATA = {"kind": "data", "subscriber": T, "seconds": 2, "packets": 20, "at_s": 1}


class UsLemf(asyncio.DatagramProtocol):
    """Call data of every connection, one after the other, and the datagrams of content."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.octets: list[bytes] = []
        self.connections: list[list[bytes]] = []
        self.datagrams: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> dict[str, Any]:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        return {"cdc": self._server.sockets[0].getsockname()[1], "ccc": self._transport.get_extra_info("sockname")[1]}

    def stop(self) -> None:
        if self._server is not None and self._transport is not None:
            self._server.close()
            self._transport.close()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.datagrams.append(data)

    @property
    def messages(self) -> list[CdcMessage]:
        return [DECODERS[self.dialect].decode_message(one) for one in self.octets]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.messages]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer, mine = framer_of(self.dialect), list[bytes]()
        self.connections.append(mine)
        self.writers.append(writer)
        while octets := await reader.read(65_536):
            frames = [frame.octets for frame in framer.feed(octets)]
            mine += frames
            self.octets += frames
        writer.close()


def delivery(ports: dict[str, Any], form: str | None, **more: Any) -> dict[str, Any]:
    content = {} if form is None else {"ccc": {"port": ports["ccc"], "form": form}}
    return {"liids": ["LAB-*"] if form != "20" else ["LAB-1"], "cdc": {"port": ports["cdc"]}, **content, **more}


async def test_a_warrant_over_t1678_has_the_call_its_keys_and_its_content(tmp_path: Path) -> None:
    lemf = UsLemf("t1678")
    async with running(tmp_path, laes={"t1678": delivery(await lemf.start(), "apdu")}) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", CALL)
        status = await stack.idle()
        await stack.until(lambda: "ccClose" in lemf.names)
        assert lemf.names[:4] == ["surveillanceStatus", "origination", "directSignalReporting", "networkSignal"]
        assert {"answer", "ccOpen", "dialedDgtExtrn", "release", "ccClose"} <= set(lemf.names)
        assert not stack.hi2.octets and not stack.hi3.octets
        counts = status["per_liid"]["LAB-1"]
        await stack.until(lambda: len(lemf.datagrams) == counts["x3_in"])
        assert counts["numbered"] == len(lemf.octets) + len(lemf.datagrams) and counts["unmapped"] == 0
        (opened,) = (one for one in lemf.messages if one.name == "ccOpen")
        numbers = []
        for octets in lemf.datagrams:
            header = decode_apdu(octets).header
            assert header is not None
            assert header["correlationInfo"]["contentIdentifier"] == opened.fields["contentIdentifier"]
            assert header["correlationInfo"]["caseId"] == "LAB-1" == opened.fields["caseId"]
            numbers.append(header["sequenceNumber"])
        assert numbers == list(range(len(numbers)))
    lemf.stop()


@pytest.mark.parametrize(("dialect", "form"), [("pcesp", "12"), ("pcesp", "20"), ("t1678", "4"), ("jstd025", "4")])
async def test_content_goes_behind_a_header_under_the_identities_announced(
    tmp_path: Path, dialect: str, form: str
) -> None:
    lemf = UsLemf(dialect)
    async with running(tmp_path, laes={dialect: delivery(await lemf.start(), form)}) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", CALL)
        await stack.idle()
        await stack.until(lambda: "release" in lemf.names and bool(lemf.datagrams))
        (opened,) = (one for one in lemf.messages if one.name.lower() == "ccopen")
        pair = (opened.fields.get("cCCId") or opened.fields["deliveryIdentifier"][1])[1]
        seen = {f"{decode_datagram(one, int(form)).ccc_id:08X}" for one in lemf.datagrams}
        assert seen == {pair["sepXmitCCC"], pair["sepRecvCCC"]}
        if form == "20":
            assert {decode_datagram(one, 20).case_id for one in lemf.datagrams} == {b"LAB-1\0\0\0"}
    lemf.stop()


async def test_a_warrant_over_ias_has_the_session_and_its_packets(tmp_path: Path) -> None:
    lemf = UsLemf("ias")
    async with running(tmp_path, laes={"ias": delivery(await lemf.start(), "apdu")}) as stack:
        stack.issue(order(services=["DATA"]))
        await stack.tasked()
        await stack.post("carrier", "/inject", DATA)
        status = await stack.idle()
        await stack.until(lambda: "accessSessionEnd" in lemf.names)
        assert set(lemf.names) >= {"accessAccepted", "packetDataSessionStart", "accessSignalingMessageReport"}
        await stack.until(lambda: len(lemf.datagrams) == status["per_liid"]["LAB-1"]["x3_in"])
    lemf.stop()


@pytest.mark.parametrize(
    ("dialect", "form"), [("t1678", "apdu"), ("t1678", "12"), ("pcesp", "20"), ("ias", "apdu"), ("jstd025", "12")]
)
async def test_attack_what_a_pen_register_withholds_leaves_in_no_dialect(
    tmp_path: Path, dialect: str, form: str
) -> None:
    """Speech, text, keys and packets of a target, under an order for none of it, with the element told to give all."""
    lemf = UsLemf(dialect)
    laes = {dialect: delivery(await lemf.start(), form)}
    async with running(tmp_path, laes=laes, faults={"content_tasks": ["LAB-1"]}) as stack:
        stack.issue(order(kind="PRTT"))
        await stack.tasked()
        await stack.post("carrier", "/inject", [CALL, TEXT, DATA, {**CALL, "info_digits": "9", "at_s": 5}])
        status = await stack.idle()
        assert status["per_liid"]["LAB-1"]["x3_in"] > 50 and status["per_liid"]["LAB-1"]["cc"] == 0
        await stack.until(lambda: len(lemf.octets) == status["per_liid"]["LAB-1"]["numbered"] > 1)
        assert not lemf.datagrams
        said = b"".join(lemf.octets)
        assert b"CANARY" not in said and b"m=audio" not in said and b"Signal=" not in said
        content = {"ccopen", "ccclose", "ccchange", "ccunavailable", "uucontent", "dialeddgtextrn",
                   "dialeddigitextraction", "mediareport", "mediaandaddressreporting"}  # fmt: skip
        assert content.isdisjoint(name.lower() for name in lemf.names)
        for path in (tmp_path / "mediation").rglob("*"):
            assert not path.is_file() or b"CANARY" not in path.read_bytes()
    lemf.stop()


async def test_a_test_message_and_a_cut_content_link_say_what_they_are(tmp_path: Path) -> None:
    lemf = UsLemf("t1678")
    async with running(
        tmp_path, laes={"t1678": delivery(await lemf.start(), "apdu")}, faults={"cut": ["ccc"]}
    ) as stack:
        stack.issue(order())
        await stack.tasked()
        assert (await stack.post("mediation", "/connection-test", {"liid": "LAB-1"}))[0] == 200
        await stack.until(lambda: "connTest" in lemf.names)
        status, answer = await stack.post("mediation", "/connection-test", {"liid": "LAB-9"})
        assert status == 400 and "LAB-9" in answer["error"]
        await stack.post("carrier", "/inject", CALL)
        said = await stack.idle()
        await stack.until(lambda: "release" in lemf.names)
        assert "ccUnavailable" in lemf.names and "ccOpen" not in lemf.names and not lemf.datagrams
        assert said["per_liid"]["LAB-1"]["cc"] == 0 and said["links"]["ccc-t1678"]["state"] == "cut"
    lemf.stop()


async def test_the_begin_and_the_end_of_a_task_are_told_without_any_traffic(tmp_path: Path) -> None:
    lemf = UsLemf("t1678")
    async with running(tmp_path, laes={"t1678": delivery(await lemf.start(), None)}) as stack:
        now = (await stack.get("mediation"))["orders"]
        assert now == 0
        stack.issue(order(end=BASE + 200 * SECOND))
        await stack.until(lambda: lemf.names == ["surveillanceStatus"] * 2)
        assert [one.fields["statusEventType"] for one in lemf.messages] == ["activation", "deactivation"]
    lemf.stop()


async def test_a_lost_connection_loses_no_call_data(tmp_path: Path) -> None:
    lemf = UsLemf("t1678")
    async with running(tmp_path, laes={"t1678": delivery(await lemf.start(), "apdu")}) as stack:
        stack.issue(order())
        await stack.tasked()
        await stack.post("carrier", "/inject", [TEXT, {**TEXT, "at_s": 60}])
        await stack.until(lambda: len(lemf.octets) >= 2)
        lemf.writers[0].transport.abort()
        status = await stack.idle()
        made = status["per_liid"]["LAB-1"]["numbered"]
        await stack.until(lambda: len(set(lemf.octets)) == made == 7)
        assert status["links"]["cdc-t1678"]["connects"] == 2
    lemf.stop()


async def test_a_pen_register_on_a_host_gets_counts_of_flows_when_their_time_has_come(tmp_path: Path) -> None:
    lemf = UsLemf("ias")
    laes = {"ias": delivery(await lemf.start(), "apdu", reports="summary", summary_s=30.0)}
    async with running(tmp_path, laes=laes) as stack:
        stack.issue(order(kind="PRTT", targets=["host:sim.example.invalid", "ipv4Address:192.0.2.80"]))
        await stack.tasked()
        await stack.post("carrier", "/inject", {"kind": "web", "visitors": [A], "at_s": 1})
        status = await stack.idle()
        await stack.until(lambda: len(lemf.octets) == status["per_liid"]["LAB-1"]["numbered"] == 2)
        counts = [one.fields["streamSet"]["packetCount"] for one in lemf.messages]
        assert lemf.names == ["packetDataSummaryReport"] * 2 and sum(counts) == status["per_liid"]["LAB-1"]["x2_in"]
        assert status["per_liid"]["LAB-1"]["unmapped"] == 0
    lemf.stop()
