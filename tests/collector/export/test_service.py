"""Exports of what a real collector stored: files, rows, and what must not be in them."""

from __future__ import annotations

import csv
import shutil
import wave
from pathlib import Path

import pytest

from asn1 import ps_pdu
from asn1.errors import LocalError
from asn1.ip import ipcc
from carrier_sim.pcap import read_capture
from collector.export.communications import gather
from collector.export.service import export_liid, time_text
from collector.store.keys import Keys
from collector.store.reader import StoreReader

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
    assert names == ["data-3.pcapng", "events.csv", "sms-12125550101-12125550102.txt", "voice-1.wav"]
    with wave.open(str(tmp_path / "out/voice-1.wav")) as sound:
        assert sound.getnframes() >= 160
    with (tmp_path / "out/data-3.pcapng").open("rb") as stream:
        assert [one.octets for one in read_capture(stream)] == [IP]
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
