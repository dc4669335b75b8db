"""Exports of what a real collector stored: files, rows, and what must not be in them."""

from __future__ import annotations

import csv
import io
import shutil
import threading
import wave
from pathlib import Path

import pytest
from rich.console import Console

from asn1 import ps_pdu
from asn1.errors import LocalError
from asn1.ip import ipcc
from asn1.segments import Run
from carrier_sim.pcap import read_capture
from collector.explain import explain_record
from collector.export.capture import LINK_RAW, LINK_UPPER_PDU
from collector.export.communications import SYNTHETIC, Communication, Signal, gather
from collector.export.service import export_liid, time_text
from collector.rows import FORM_SYNTHETIC
from collector.standing import (
    Entry,
    Standings,
    held,
    minimised,
    of_communication,
    of_order,
    of_sequences,
    privileged,
    released,
)
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from collector.store.walk import SegmentFile, segment_paths
from lab.show import show_communications
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason

RTP = b"\x80\x08\0\1\0\0\0\1\0\0\0\7"
IP = b"\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2\0\1\0\2\0\x08\0\0"


@pytest.fixture
async def reader(lab, records, connect):
    """A warrant with a call, a message and a data session; a pen register with a call and a message."""
    lab.court.issue("O-1", "LAB-0001")
    lab.court.issue("O-2", "LAB-0002", kind="PRTT", services=[])
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    speech = [records.rtp("LAB-0001", 1, RTP[:3] + bytes([number]) + RTP[4:] + b"\xaa" * 160) for number in range(3)]
    data = ps_pdu.cc_pdu(records.header("LAB-0001", 3, "cc", None, None), ipcc(IP), "fromTarget")
    call = [records.sip("LAB-0001", 1), *speech, records.sip("LAB-0001", 1, "end", method="BYE", to_tag="b")]
    withheld = [records.sip("LAB-0002", 5, body=b"=cmd WITHHELD"), records.sms("LAB-0002", 6, "WITHHELD")]
    await client.send(*call, records.sms("LAB-0001", 2, "=1+1 hello"), data, *withheld)
    await client.barrier(records)
    await client.close()
    await running.end()
    return StoreReader(lab.data / "store", Keys(lab.data / "keys"))


async def test_a_warrant_s_communications_become_sound_packets_text_and_rows(reader, tmp_path: Path) -> None:
    made = export_liid(reader, b"LAB-0001", tmp_path / "out")
    names = sorted(path.name for path in made.files)
    sms = "sms-12125550101-12125550102.txt"
    assert names == ["data-3.pcapng", "events.csv", sms, "voice-1.pcapng", "voice-1.wav"]
    with wave.open(str(tmp_path / "out/voice-1.wav")) as sound:
        assert sound.getnframes() >= 160
    with (tmp_path / "out/data-3.pcapng").open("rb") as stream:
        assert [one.octets for one in read_capture(stream)] == [IP]
    with (tmp_path / "out/voice-1.pcapng").open("rb") as stream:
        links = [one.link for one in read_capture(stream)]
        assert sorted(links) == [LINK_RAW] * 2 + [LINK_UPPER_PDU] * 3
    call, message, session = made.rows
    assert (call["service"], call["iri"], call["cc_from_target"], call["cc_to_target"]) == ("VOICE", 2, 3, 0)
    assert call["parties"] == ["+12125550101", "+12125550102"] and call["begin"] <= call["end"]
    assert (message["service"], message["iri"], session["service"]) == ("SMS", 1, "DATA")
    assert message["exports"] == [str(tmp_path / "out/sms-12125550101-12125550102.txt")]
    assert all("SIMULATION" in path.read_bytes().decode("latin-1") for path in made.files)


async def test_a_pen_register_s_export_names_parties_and_holds_nothing_withheld(reader, tmp_path: Path) -> None:
    made = export_liid(reader, b"LAB-0002", tmp_path / "out")
    assert [path.name for path in made.files] == ["events.csv"]
    assert [(row["service"], row["parties"]) for row in made.rows] == [
        ("VOICE", ["+12125550101", "+12125550102"]),
        ("SMS", ["+12125550101", "+12125550102"]),
    ]
    assert b"WITHHELD" not in b"".join(path.read_bytes() for path in made.files)


async def test_attack_a_cell_is_never_a_formula(reader, tmp_path: Path) -> None:
    made = export_liid(reader, b"LAB-0001", tmp_path / "out")
    with next(path for path in made.files if path.suffix == ".csv").open() as stream:
        rows = list(csv.reader(stream))
    assert len(rows) == 4 and all(row[0] in ("simulation", "SIMULATION") for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


async def test_without_its_data_key_an_order_s_records_are_counted_and_not_read(reader, lab, tmp_path: Path) -> None:
    shutil.rmtree(lab.data / "keys/orders")
    closed = StoreReader(lab.data / "store", Keys(lab.data / "keys"))
    made = export_liid(closed, b"LAB-0001", tmp_path / "out")
    assert [path.name for path in made.files] == ["events.csv"]
    assert sum(row["iri"] + row["cc_from_target"] for row in made.rows) == 7
    assert sum(one.unreadable for one in gather(closed, b"LAB-0001")) == 7


async def test_more_than_may_be_held_at_once_is_said(reader) -> None:
    with pytest.raises(LocalError, match="piece by piece"):
        gather(reader, b"LAB-0001", max_octets=500)


async def test_nothing_stored_makes_no_directory(reader, tmp_path: Path) -> None:
    made = export_liid(reader, b"LAB-NOBODY", tmp_path / "out")
    assert (made.rows, made.files) == ([], []) and not (tmp_path / "out").exists()


def test_times_out_of_range_are_empty() -> None:
    assert time_text(1_700_000_000_000_001) == "2023-11-14T22:13:20.000001Z"
    assert [time_text(one) for one in (None, -1, -(1 << 63), (1 << 63) - 1)] == ["", "", "", ""]


# What was decided later


def decide(lab, *entries: Entry) -> StoreReader:
    """The collector's store with decisions added to it, and a reader that knows them."""
    keys = Keys(lab.data / "keys")
    store = Store.open(lab.data / "store", StoreConfig(16 << 20, 8 << 20), keys, StoreHooks(now_us=lambda: 9))
    done = threading.Event()
    store.stand(entries, lambda info: done.set())
    assert done.wait(10)
    store.close()
    return StoreReader(lab.data / "store", keys)


def cells(made, name: str = "events.csv") -> list[dict[str, str]]:
    with next(path for path in made.files if path.name == name).open() as stream:
        return list(csv.DictReader(stream))


def words(made) -> bytes:
    return b"".join(path.read_bytes() for path in made.files)


UID = order_uid(OrderId("O-1"))


@pytest.mark.rule("R-041", "R-041.1")
async def test_attack_a_held_order_is_exported(reader, lab, tmp_path: Path) -> None:
    """Every row of the order is listed as withheld; no sound, packet, message, party or field of it is written."""
    made = export_liid(decide(lab, held(of_order(UID), Reason.ORDER_LAPSED, 9)), b"LAB-0001", tmp_path / "out")
    assert sorted(path.name for path in made.files) == ["events.csv", "withheld.csv"]
    assert made.withheld == sum(row["withheld"] for row in made.rows) == 7
    assert b"12125550102" not in words(made) and b"hello" not in words(made)
    events = cells(made)
    assert len(events) == 3 and {(row["payload"], row["details"]) for row in events} == {("(withheld)", "")}
    assert all("ORDER_LAPSED (R-041)" in row["withheld"] for row in events)
    assert sum(int(row["records"]) for row in cells(made, "withheld.csv")) == 7
    assert all(row["service"] is None and row["parties"] == [] for row in made.rows)


def said(*payloads: str, service: str | None = None, cin: int = 5, content: int = 0) -> str:
    signals = [Signal(at, at, 0, None, payload, {}, None, None) for at, payload in enumerate(payloads)]
    return Communication("L", cin, service, cc_other=content, signals=signals).what


def test_a_row_says_in_words_what_is_no_call_of_its_own() -> None:
    assert said("surveillanceStatus", cin=-1) == "notices of no call"
    assert said("featureManagement", "servingSystem", service="VOICE", cin=-1) == "notices of no call"
    assert said("directSignalReporting", service="SMS") == "SMS signalling alone"
    assert said("directSignalReporting", SYNTHETIC, service="VOICE") == "VOICE signalling alone"
    assert said("directSignalReporting") == "signalling alone" and said("iRI") == said() == "signalling"
    assert said("directSignalReporting", service="VOICE", content=1) == "VOICE" == said("answer", service="VOICE")


def test_the_table_of_communications_prints_the_words_and_no_number_for_no_call() -> None:
    out = Console(file=io.StringIO(), width=200, color_system=None)
    empty = {"parties": [], "begin": None, "end": None, "iri": 1, "cc_from_target": 0, "cc_to_target": 0, "exports": []}
    show_communications([{"liid": "L", "cin": -1, "service": None, "what": "notices of no call", **empty}], out)
    assert isinstance(out.file, io.StringIO) and "notices of no call" in out.file.getvalue()
    assert "-1" not in out.file.getvalue() and "None" not in out.file.getvalue()


@pytest.mark.rule("R-118", "R-118.1")
async def test_a_minimised_call_is_exported_as_metadata_without_sound(reader, lab, tmp_path: Path) -> None:
    entry = minimised(of_communication(b"LAB-0001", 1), 9, "chen", "TARU", "not about the offence")
    made = export_liid(decide(lab, entry), b"LAB-0001", tmp_path / "out")
    assert sorted(path.name for path in made.files if path.suffix in (".wav", ".pcapng")) == ["data-3.pcapng"]
    assert made.withheld == 5 and made.audio_s == 0
    call = made.rows[0]
    assert call["parties"] == ["+12125550101", "+12125550102"] and call["withheld"] == 5
    shown = [row for row in cells(made) if row["cin"] == "1"]
    assert len(shown) == 2 and all(
        row["payload"] == "iPMMIRI" and "MINIMISED (R-118)" in row["withheld"] for row in shown
    )


@pytest.mark.rule("R-120")
async def test_attack_a_privileged_message_is_read_in_an_export(reader, lab, tmp_path: Path) -> None:
    scope = of_communication(b"LAB-0001", 2)
    flagged = decide(lab, privileged(scope, 9, "chen", "TARU", "counsel"))
    made = export_liid(flagged, b"LAB-0001", tmp_path / "out")
    assert b"hello" not in words(made) and made.messages == 0 and made.withheld == 1
    freed = decide(lab, released(scope, Reason.PRIVILEGED_HOLD, 10, "okafor", "SUP", "wrong number"))
    made = export_liid(freed, b"LAB-0001", tmp_path / "again")
    assert b"hello" in words(made) and made.withheld == 0


@pytest.mark.rule("R-090", "R-090.1")
async def test_attack_one_octet_of_stored_speech_is_flipped_before_an_export(reader, lab, tmp_path: Path) -> None:
    path = segment_paths(lab.data / "store")[0]
    with SegmentFile(path) as file:
        unit = next(file.units(file.header()))
    data = bytearray(path.read_bytes())
    data[unit.data[0].area_at] ^= 1
    path.write_bytes(data)
    made = export_liid(reader, b"LAB-0001", tmp_path / "out")
    assert made.withheld == 1
    assert "TAMPERED (R-090)" in cells(made, "withheld.csv")[0]["why"]
    assert {row["payload"] for row in cells(made)} >= {"(withheld)"}


@pytest.mark.rule("R-093")
async def test_both_records_of_a_conflict_are_listed_and_not_rendered(reader, lab, tmp_path: Path) -> None:
    found = {
        one.number: one.sequence for one in reader.records() if one.liid == b"LAB-0001" and one.cin == 1 and one.kind
    }
    entry = held(of_sequences([found[0], found[2]]), Reason.TAMPERED, 9)
    made = export_liid(decide(lab, entry), b"LAB-0001", tmp_path / "out")
    assert made.withheld == 2 and made.rows[0]["cc_from_target"] == 3
    with wave.open(str(tmp_path / "out/voice-1.wav")) as sound:
        assert sound.getnframes() < 480


@pytest.mark.rule("R-041")
async def test_attack_asking_for_the_explanation_of_a_held_record_yields_none_of_its_content(reader, lab) -> None:
    kept = decide(lab, held(of_order(UID), Reason.ORDER_LAPSED, 9))
    record = kept.read(0)
    steps = explain_record(record, None, None, kept.standings().of(record))
    assert (steps[-1].check, steps[-1].rule) == ("standing", "R-041") and "ORDER_LAPSED" in steps[-1].fact
    free = explain_record(record, None, None, reader.standings().of(record)._replace(state=None, reason=None))
    assert [step.check for step in free][-1] == "store"


@pytest.mark.rule("R-004")
def test_the_collector_s_own_close_is_listed_and_counted_as_nobody_s_record() -> None:
    octets = b'{"synthetic":"close","order":"O-1","truncated_by_order":true}'
    close = StoredRecord(4, UID, 1, 1, FORM_SYNTHETIC, 1, 9, 9, b"L", 7, -1, 0, -1, -1, 1, octets)
    (communication,) = gather(One(close), b"L")
    (signal,) = communication.signals
    assert (signal.payload, signal.fields) == ("(closed by the collector)", {"truncated_by_order": "O-1"})
    assert (communication.iri, communication.unreadable, communication.identities) == (0, 0, set())


class One:
    """A reader of one record."""

    def __init__(self, record: StoredRecord) -> None:
        self.record = record

    def records(self, wanted: object) -> list[StoredRecord]:
        return [self.record]

    def segments(self, liid: bytes) -> dict[tuple[int, int, int], list[Run]]:
        return {}

    def standings(self) -> Standings:
        return Standings()
