"""Both receivers over real sockets on loopback: call data over TCP, content over UDP, and what hostile peers send."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from asn1.laes import t1678
from collector.explain import explain_record
from collector.rows import FORM_MASKED, FORM_NOTICE, FORM_RECEIVED
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from mediation.runtime.tls import make_lab_ca

LINKS = [
    {"name": "cdc", "dialect": "t1678", "group": "us", "record_s": 0.3, "max_record_octets": 8192},
    {"name": "ccc", "dialect": "t1678", "transport": "udp", "ccc": "apdu", "group": "us", "max_record_octets": 8192},
]


def stored(lab: Any) -> list[Any]:
    found = StoreReader(lab.data / "store", Keys(lab.data / "keys")).records()
    return [one for one in found if one.form != FORM_NOTICE]


def errors(running: Any, name: str) -> dict[str, int]:
    link = next(one for one in running.status()["links"] if one["name"] == name)
    return dict(link["errors"] | link["closed"])


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while True:
            if condition():
                return
            await asyncio.sleep(0.005)


@pytest.fixture
async def running(lab: Any) -> Any:
    lab.court.issue("O-1", "LAB-0001")
    lab.court.issue("O-2", "LAB-0002", "PRTT")
    one = await lab.start(links=LINKS)
    yield one
    if not one.task.done():
        await one.end()


async def test_a_call_comes_over_both_links_and_is_stored_once(
    running, lab, us, connect, now_us, send_datagrams
) -> None:
    """Replayed after a reconnect, and again after a restart: the same messages, stored once."""
    call = us.T1678Call("LAB-0001", "17", now_us)
    messages = [call.origination(), call.opens(), call.answer()]
    packets = [call.apdu(number, number % 2 == 0) for number in range(10)]
    client = await connect(running.ports["cdc"])
    await client.send(*messages)
    await running.settled(3)
    send_datagrams(running.ports["ccc"], *packets)
    await running.settled(13)
    await client.close()
    again = await connect(running.ports["cdc"])
    await again.send(*messages, call.closes(), call.release())
    await running.settled(18)
    counts = running.order("O-1")
    assert (counts["accepted"], counts["duplicate"], counts["delivered"]) == (15, 3, 18)
    assert running.status()["balanced"]
    await again.close()
    await running.end()
    records = stored(lab)
    assert [one.octets for one in records] == [*messages, *packets, call.closes(), call.release()]
    assert {one.form for one in records} == {FORM_RECEIVED} and len({one.cin for one in records}) == 1
    restarted = await lab.start(links=LINKS)
    once_more = await connect(restarted.ports["cdc"])
    await once_more.send(*messages, call.closes())
    await restarted.settled(22)
    assert restarted.order("O-1")["duplicate"] == 7
    await once_more.close()
    await restarted.end()
    keys = Keys(lab.data / "keys")
    assert verify_store(lab.data / "store", keys.signing.public_key(), keys).ok


@pytest.mark.rule("R-022")
async def test_a_wrong_number_pauses_links_of_a_us_dialect_too(lab, us, connect, now_us, send_datagrams) -> None:
    """Call data and content each by itself; what is not read meanwhile is judged when it goes on, and is its call's."""
    lab.court.issue("O-1", "LAB-0001")
    one = await lab.start(links=[link | {"guard": {"mismatches": 3}} for link in LINKS])
    strange = us.T1678Call("LAB-0001", "18", now_us, caller="12125550188")
    messages = [strange.origination(), strange.opens(), strange.answer(), strange.closes(), strange.release()]
    client = await connect(one.ports["cdc"])

    def paused(name: str) -> bool:
        return next(link["paused"] for link in one.status()["links"] if link["name"] == name)

    await client.send(*messages[:3])
    await until(lambda: paused("cdc"))
    send_datagrams(one.ports["ccc"], *(strange.apdu(number) for number in range(9)))
    await until(lambda: paused("ccc"))
    await client.send(*messages[3:])
    await one.settled(6)
    one.service._resume("cdc", "okafor", "a typo at the carrier")
    await one.settled(8)
    one.service._resume("ccc", "okafor", "the same in speech")
    await one.settled(14)
    assert (one.order("O-1")["rejected"], one.order("O-1")["reasons"]["TARGET_MISMATCH"]) == (14, 14)
    await client.close()
    await one.end()
    assert stored(lab) == []


async def test_content_is_placed_behind_a_restart_by_what_was_announced_before(
    running, lab, us, connect, now_us, send_datagrams
) -> None:
    call = us.T1678Call("LAB-0001", "17", now_us)
    strange = us.T1678Call("LAB-0001", "18", now_us, caller="12125550188")
    client = await connect(running.ports["cdc"])
    await client.send(call.origination(), call.opens(), strange.origination(), strange.opens())
    await running.settled(4)
    await client.close()
    await running.end()
    restarted = await lab.start(links=LINKS)
    send_datagrams(restarted.ports["ccc"], call.apdu(0), strange.apdu(0))
    await restarted.settled(6)
    counts = restarted.order("O-1")
    assert (counts["accepted"], counts["rejected"]) == (3, 3), "a stranger's content stays refused"
    await restarted.end()
    assert len({one.cin for one in stored(lab)}) == 1


async def test_what_waits_at_a_stop_gets_its_verdict(running, lab, us, now_us, send_datagrams) -> None:
    """Nobody announced it: it names a case that a warrant has, so it is set apart."""
    send_datagrams(running.ports["ccc"], us.T1678Call("LAB-0001", "17", now_us).apdu(0))
    await until(lambda: next(one for one in running.status()["links"] if one["name"] == "ccc")["octets"])
    assert running.order("O-1")["delivered"] == 0
    await running.end()
    [record] = stored(lab)
    assert (record.verdict, record.cin) == (4, -1)
    [parse] = [step for step in explain_record(record, None, None) if step.check == "parse"]
    assert parse.outcome == "sets apart" and "announced by nobody" in parse.fact


async def test_attack_a_stream_that_never_ends_a_record_is_closed(running, us, connect) -> None:
    """An indefinite length without end, and one octet at a time."""
    endless = await connect(running.ports["cdc"])
    endless.writer.write(b"\xa1\x80" + b"\x85\x01x" * 4000)
    assert await asyncio.wait_for(endless.reader.read(1), 5) == b""
    slow = await connect(running.ports["cdc"])
    await slow.send(b"\xa1\x82\x10\x00\xa5")
    await until(lambda: errors(running, "cdc").get("HALF_RECORD"))
    assert errors(running, "cdc") == {"OVERSIZED": 1, "HALF_RECORD": 1}
    for client in (endless, slow):
        await client.close()


async def test_attack_records_larger_than_the_link_takes(running, lab, us, connect, now_us, send_datagrams) -> None:
    """Counted, refused and passed over; what stands behind is taken. Nothing of them is kept."""
    call = us.T1678Call("LAB-0001", "17", now_us)
    big = call.origination(signalingMsg=[{"signalingProt": "SIP", "sigMsg": us.CANARY.encode() * 1000}])
    client = await connect(running.ports["cdc"])
    await client.send(big, call.answer())
    send_datagrams(running.ports["ccc"], us.CANARY.encode() * 4000)
    await running.settled(3)
    status = running.status()
    assert status["unknown"]["rejected"] == 2 and running.order("O-1")["accepted"] == 1
    assert errors(running, "cdc") == {"OVERSIZED": 1} == errors(running, "ccc")
    await client.close()
    await running.end()
    files = [path for path in lab.data.rglob("*") if path.is_file()]
    assert not [path for path in files if us.CANARY.encode() in path.read_bytes()]


async def test_attack_a_flood_of_datagrams_nobody_announced(running, lab, us, connect, now_us, send_datagrams) -> None:
    """Every one that was read gets a verdict, the kernel's own losses are told, and the other link goes on."""
    flood = us.T1678Call("LAB-9999", "1", now_us)
    octets = [flood.apdu(number) for number in range(500)]
    for _ in range(10):
        send_datagrams(running.ports["ccc"], *octets)
        await asyncio.sleep(0)
    call = us.T1678Call("LAB-0001", "17", now_us)
    client = await connect(running.ports["cdc"])
    await client.send(call.origination())
    await running.settled(1)
    assert running.order("O-1")["accepted"] == 1
    await client.close()
    await running.end()
    fields = [entry["fields"] for entry in read_audit(lab.data / "audit")]
    assert running.status()["balanced"] and fields
    unknown = running.status()["unknown"]["rejected"]
    lost = errors(running, "ccc").get("KERNEL_DROPPED", 0)
    assert 0 < unknown <= 5000 and unknown + lost <= 5000
    assert len(stored(lab)) == 1


async def test_a_pen_register_keeps_no_content_of_either_link(
    running, lab, us, connect, now_us, send_datagrams
) -> None:
    """R-110: content is refused, call data is kept in its permitted fields; nothing else is anywhere."""
    call = us.T1678Call("LAB-0002", "17", now_us)
    spoken = us.T1678Call("LAB-0002", "17", now_us)
    client = await connect(running.ports["cdc"])
    opening = call.origination(signalingMsg=[{"signalingProt": "SIP", "sigMsg": us.CANARY.encode()}])
    await client.send(opening, call.opens())
    await running.settled(2)
    payload = us.rtp(1, payload=us.CANARY.encode() * 8)
    apdu = t1678.cc_apdu.encode_apdu(t1678.cc_apdu.decode_apdu(spoken.apdu(1))._replace(payload=payload))
    send_datagrams(running.ports["ccc"], apdu)
    await running.settled(3)
    counts = running.order("O-2")
    assert (counts["masked"], counts["rejected"]) == (1, 2)
    await client.close()
    await running.end()
    [record] = stored(lab)
    assert record.form == FORM_MASKED and json.loads(record.octets)["fields"]["calling"] == [{"dn": us.TARGET}]
    files = [path for path in lab.data.rglob("*") if path.is_file()]
    assert not [path for path in files if us.CANARY.encode() in path.read_bytes()]


async def test_call_data_comes_over_tls(lab, us, now_us, tmp_path) -> None:
    make_lab_ca(tmp_path / "ca", ("mediation", "collector"), now_us)
    ca = tmp_path / "ca"
    tls = {"certificate": str(ca / "collector.pem"), "key": str(ca / "collector.key"), "ca": str(ca / "ca.pem")}
    lab.court.issue("O-1", "LAB-0001")
    running = await lab.start(links=[{"name": "cdc", "dialect": "pcesp", "listen": {"tls": tls}}])
    context = ssl.create_default_context(cafile=str(ca / "ca.pem"))
    context.load_cert_chain(ca / "mediation.pem", ca / "mediation.key")
    context.check_hostname = False
    _, writer = await asyncio.open_connection("127.0.0.1", running.ports["cdc"], ssl=context)
    call = us.PcespCall("LAB-0001", "17,1", now_us)
    writer.write(call.origination() + call.release())
    await running.settled(2)
    assert running.order("O-1")["accepted"] == 2
    writer.close()
    await running.end()
