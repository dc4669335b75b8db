"""What was stored of the US dialects, as people see it: sound, captures, conversations, tables, explanations, index."""

from __future__ import annotations

import csv
import wave
from pathlib import Path
from typing import Any

import pytest

from carrier_sim.pcap import read_capture
from collector.explain import explain_record
from collector.export.communications import gather
from collector.export.service import export_liid
from collector.facts.stored import dialect_of, facts_of_stored
from collector.standing import Standings
from collector.store.index import open_database
from collector.store.index_queries import read_communications, read_marks
from collector.store.index_standing import IndexStanding
from collector.store.keys import Keys
from collector.store.reader import StoreReader

LINKS = [
    {"name": "cdc", "dialect": "t1678", "group": "us"},
    {"name": "ccc", "dialect": "t1678", "transport": "udp", "ccc": "apdu", "group": "us"},
    {"name": "pcdc", "dialect": "pcesp", "group": "cable"},
    {"name": "pccc", "dialect": "pcesp", "transport": "udp", "ccc": 12, "group": "cable"},
    {"name": "icdc", "dialect": "ias", "group": "net"},
    {"name": "iccc", "dialect": "ias", "transport": "udp", "ccc": 20, "group": "net"},
]
TEXT = "=see you at 8"


def message_of(us: Any, call: Any) -> bytes:
    """A SIP MESSAGE as UUContent, with the headers it was cut out of."""
    head = (
        f"MESSAGE sip:+{us.OTHER}@ims.invalid SIP/2.0\r\nFrom: <sip:+{us.TARGET}@ims.invalid>;tag=a\r\n"
        f"To: <sip:+{us.OTHER}@ims.invalid>\r\nCall-ID: x\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n\r\n"
    )
    body = {"sipBodyHeader": [("utf8String", "Content-Type: text/plain")], "sipBodyContents": TEXT.encode()}
    return call.encode(
        "uuContent", callId={"main": call.call}, content=("sip", {"sipBody": body}),
        signalingMsg=[{"signalingProt": "SIP", "sigMsg": head.encode()}],
    )  # fmt: skip


@pytest.fixture
async def reader(lab, us, connect, now_us, send_datagrams):
    """Three warrants, one a dialect, and a pen register."""
    for number in (1, 2, 3):
        lab.court.issue(f"O-{number}", f"LAB-000{number}")
    lab.court.issue("O-4", "LAB-0004", "PRTT")
    running = await lab.start(links=LINKS)
    voice, text = us.T1678Call("LAB-0001", "17", now_us), us.T1678Call("LAB-0001", "18", now_us)
    cable, net = us.PcespCall("LAB-0002", "5,1", now_us), us.IasSession("LAB-0003", "77", now_us)
    pen = us.T1678Call("LAB-0004", "17", now_us)
    clients = [await connect(running.ports[name]) for name in ("cdc", "pcdc", "icdc")]
    await clients[0].send(voice.origination(), voice.opens(), message_of(us, text), pen.origination(), pen.release())
    await clients[1].send(cable.origination(), cable.opens(us.pair(5)))
    await clients[2].send(net.start(9))
    await running.settled(8)
    send_datagrams(running.ports["ccc"], *(voice.apdu(number, number % 2 == 0) for number in range(6)))
    both = [us.datagram(10 + side, us.rtp(1, side == 0), 12, now_us) for side in (0, 1)]
    send_datagrams(running.ports["pccc"], *both)
    send_datagrams(running.ports["iccc"], us.datagram(9, us.rtp(3), 20, now_us, b"LAB-0003"))
    await running.settled(17)
    for client, end in zip(clients, (voice.release(), cable.release(), net.end()), strict=True):
        await client.send(end)
        await client.close()
    await running.settled(20)
    assert running.status()["balanced"] and not running.order("O-1")["quarantined"]
    await running.end()
    return StoreReader(lab.data / "store", Keys(lab.data / "keys"))


async def test_calls_over_the_us_dialects_are_exported_like_any_other(reader, lab, us, now_us, tmp_path: Path) -> None:
    made = export_liid(reader, b"LAB-0001", tmp_path / "out")
    call, message = made.rows
    assert (call["service"], call["iri"], call["cc_from_target"], call["cc_to_target"]) == ("VOICE", 3, 3, 3)
    assert call["parties"] == [f"+{us.TARGET}", f"+{us.OTHER}"] == message["parties"]
    assert (message["service"], made.messages) == ("SMS", 1)
    assert TEXT in (tmp_path / f"out/sms-{us.TARGET}-{us.OTHER}.txt").read_text()
    with wave.open(str(tmp_path / f"out/voice-{call['cin']}.wav")) as sound:
        assert sound.getnframes() >= 160
    with (tmp_path / f"out/voice-{call['cin']}.pcapng").open("rb") as stream:
        packets = [one.octets for one in read_capture(stream)]
    assert packets == [us.rtp(number, number % 2 == 0) for number in range(6)]
    with (tmp_path / "out/events.csv").open(newline="") as stream:
        payloads = [row[6] for row in csv.reader(stream)]
    assert sorted(payloads[1:]) == ["ccOpen", "origination", "release", "uuContent"]

    cable = export_liid(reader, b"LAB-0002", tmp_path / "cable")
    assert [path.suffix for path in cable.files] == [".wav", ".pcapng", ".csv"]
    assert (cable.rows[0]["cc_from_target"], cable.rows[0]["cc_to_target"]) == (1, 1)
    net = export_liid(reader, b"LAB-0003", tmp_path / "net")
    assert [path.name.split("-")[0] for path in net.files] == ["data", "events.csv"]
    assert net.rows[0]["service"] == "DATA"

    [pen] = gather(reader, b"LAB-0004")
    assert pen.service == "VOICE" and pen.parties == [f"+{us.TARGET}", f"+{us.OTHER}"]
    assert [signal.payload for signal in pen.signals] == ["origination", "release"]

    found = [one for one in reader.records() if dialect_of(one.content_tag)]
    for record in found:
        facts = None
        if record.form == 0:
            facts = facts_of_stored(record.content_tag, record.octets, 0, record.liid.decode(), record.cin)
        steps = explain_record(record, None, facts)
        assert str(dialect_of(record.content_tag)) in steps[0].fact
        assert "number -1" not in steps[1].fact

    engine = open_database(f"sqlite:///{lab.data / 'index.sqlite'}")
    rows = {(one["liid"], one["service"]): one for one in read_communications(engine, IndexStanding(Standings(), {}))}
    marks = list(read_marks(engine))
    engine.dispose()
    assert set(rows) == {
        ("LAB-0001", "VOICE"), ("LAB-0001", "SMS"), ("LAB-0002", "VOICE"), ("LAB-0003", "DATA"), ("LAB-0004", "VOICE")
    }  # fmt: skip
    assert rows["LAB-0001", "VOICE"]["parties"] == [us.TARGET, us.OTHER] == rows["LAB-0004", "VOICE"]["parties"]
    assert marks == [], "nothing of them is numbered"
