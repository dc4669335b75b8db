"""Multimedia messages, keys and packets of mobile networks out of content records, as files."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from asn1.errors import DecodeError
from asn1.mime import Part
from asn1.mms import encode_pdu
from asn1.ts33128 import encode_cc
from collector.export import multimedia, pressed
from collector.export.audio import Key
from collector.export.communications import Communication, Packet, Signal
from collector.export.contents import ETHERNET, IP, MMS, frames_of

NOW_US = 1_700_000_000_000_000
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
TEXT = Part("text/plain", (("charset", "utf-8"),), (("content-id", "<t>"),), "Grüße\n2.  forged.txt".encode())
IMAGE = Part("image/png", (), (("content-location", "../../etc/a b.png"),), PICTURE)
SHOWN = Part(
    "application/smil", (), (),
    b'<smil><body><par dur="1s"><img src="../../etc/a b.png"/></par><par><text src=\'cid:t\'/></par></body></smil>',
)  # fmt: skip


def message(*parts: Part) -> bytes:
    headers = [("from", "+12125550101/TYPE=PLMN"), ("subject", "Hello\nsubject: forged")]
    return encode_pdu("m-send-req", headers, ("application/vnd.wap.multipart.related", ()), list(parts))


def written(tmp_path: Path, *contents: bytes) -> dict[str, bytes]:
    packets = [Packet(7 + index, NOW_US, 0, MMS, octets) for index, octets in enumerate(contents)]
    found = multimedia.write(Communication("LAB-1", 3, packets=packets), tmp_path, "SIMULATION")
    assert found.messages == len(contents) and sorted(found.files) == sorted(tmp_path.iterdir())
    return {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_a_message_becomes_a_sheet_and_its_parts_octet_by_octet(tmp_path: Path) -> None:
    files = written(tmp_path, message(SHOWN, TEXT, IMAGE))
    assert set(files) == {
        "mms-3-1.txt", "mms-3-1-1-part.smil.txt", "mms-3-1-2-t.txt", "mms-3-1-3-etc-a-b.png",
    }  # fmt: skip
    assert files["mms-3-1-3-etc-a-b.png"] == PICTURE and files["mms-3-1-2-t.txt"] == TEXT.body
    sheet = files["mms-3-1.txt"].decode()
    assert sheet.startswith("SIMULATION LIID LAB-1 CIN 3 record 7\n2023-11-14 22:13:20Z\n")
    assert "slide 1:\n  mms-3-1-3-etc-a-b.png\n\nslide 2:\n  mms-3-1-2-t.txt  Grüße⏎2.  forged.txt\n" in sheet
    assert "\nsubject: Hello⏎subject: forged\n" in sheet


def test_a_part_that_no_slide_shows_is_shown_behind_them() -> None:
    assert multimedia.slides((SHOWN, TEXT, IMAGE)) == [[2], [1]]
    assert multimedia.slides((SHOWN, TEXT, Part("audio/amr", (), (), b"x"))) == [[1], [2]]
    assert multimedia.slides((TEXT, IMAGE)) == [[0, 1]]
    assert multimedia.slides((Part("application/smil", (), (), b"<par><img src="),)) == []


def test_what_is_no_message_is_kept_as_octets_and_said(tmp_path: Path) -> None:
    files = written(tmp_path, b"\xff\xfe", message(TEXT))
    assert files["mms-3-1.bin"] == b"\xff\xfe" and b"cannot be read" in files["mms-3-1.txt"]
    assert "mms-3-2-1-t.txt" in files


@pytest.mark.parametrize("kind", ["text/html", "application/x-sh", "0x7f", "application/vnd.own"])
def test_attack_a_part_gets_no_ending_that_opens_by_itself(kind: str, tmp_path: Path) -> None:
    files = written(tmp_path, message(Part(kind, (("name", "run.exe"),), (), b"x")))
    assert set(files) == {"mms-3-1.txt", "mms-3-1-1-run.bin"}


def test_the_layer_of_mobile_content_is_told() -> None:
    def cc(*pdu: object) -> bytes:
        return encode_cc(pdu)  # type: ignore[arg-type]

    version = {"majorVersion": 1, "minorVersion": 3}
    wrapped = {
        cc("uPFCCPDU", b"\x45"): [(IP, b"\x45")],
        cc("extendedUPFCCPDU", {"payload": ("uPFIPCC", b"\x60")}): [(IP, b"\x60")],
        cc("extendedUPFCCPDU", {"payload": ("uPFEthernetCC", b"E")}): [(ETHERNET, b"E")],
        cc("extendedUPFCCPDU", {"payload": ("uPFUnstructuredCC", b"E")}): [],
        cc("mMSCCPDU", {"version": version, "transactionID": "T", "mMSContent": b"M"}): [(MMS, b"M")],
    }
    for octets, wanted in wrapped.items():
        assert frames_of("threeGPP33128DefinedCC", octets) == wanted
    assert frames_of("iPCC", {"iPCCContents": ("iPTruncatedPacket", {"truncatedPacket": b"\x45"})}) == [(IP, b"\x45")]
    assert frames_of("emailCC", {}) == []
    with pytest.raises(DecodeError):
        frames_of("threeGPP33128DefinedCC", b"\x30\x01")


def test_keys_of_media_and_signalling_stand_in_one_table() -> None:
    masked = Signal(1, NOW_US + 5, 2, None, "iPMMIRI", {"digits": "42"}, None, None)
    listed = masked._replace(event_us=NOW_US + 7, payload="dialedDigitExtraction", fields={"digits": ["1", "23"]})
    withheld = masked._replace(fields={"digits": "99"}, withheld="minimised")
    communication = Communication("L", 1, signals=[masked, listed, withheld])
    found = pressed.presses(communication, [Key(NOW_US + 9, 1, "*", 80), Key(NOW_US, 0, "5", 160)])
    assert [(one.keys, one.source, one.duration_ms) for one in found] == [
        ("5", "media", 160), ("42", "signalling", None), ("1 23", "signalling", None), ("*", "media", 80),
    ]  # fmt: skip
    rows = list(csv.reader(pressed.table(found, {one.time_us: str(one.time_us) for one in found}).splitlines()))
    assert rows[1] == ["SIMULATION", str(NOW_US), "from the target", "'5", "160", "media"]
    assert rows[4][2:5] == ["to the target", "'*", "80"]
