"""What `decode` prints for the services of parts 2 to 7 and for HI1: one line for each golden vector."""

import hashlib
import json

import pytest

from asn1 import view
from asn1.hi2_records import Hi2Record, hi2_records, short_message
from asn1.ps_pdu import PsHeader, decode_ps_pdu, iri_pdu
from tests.asn1.record_walk import vectors

HEADER = PsHeader(liid=b"LAB-0001", operator_id=b"LABOP", cin=1, time_us=1_710_333_000_000_000)
RECORDS = {
    vector.name.removeprefix("records_"): vector.octets
    for vector in vectors()
    if vector.name.startswith("records_") and vector.record == "ps_tables.PS_PDU"
}
KINDS = {
    "iRIPayloadSequence": "iri",
    "cCPayloadSequence": "cc",
    "tRIPayload": "tri",
    "hI1-Operation": "hi1",
    "threeGPP-HI1-Operation": "hi1",
    "encryptionContainer": "encrypted",
}


def line_of(name):
    return view.describe(RECORDS[name])


@pytest.mark.parametrize("name", RECORDS)
def test_every_record_has_a_line_with_its_payload_kind_and_fields(name):
    octets = RECORDS[name]
    line = view.describe(octets)
    assert "error" not in line
    assert "unknown_tags" not in line
    kind, value = decode_ps_pdu(octets).payload
    assert line.get("kind") == KINDS.get(kind)
    payload = kind
    if kind in ("tRIPayload", "hI1-Operation", "threeGPP-HI1-Operation"):
        payload = value[0]
    elif kind in ("iRIPayloadSequence", "cCPayloadSequence"):
        payload = (value[0].get("iRIContents") or value[0]["cCContents"])[0]
    assert line["payload"] == payload
    json.dumps(line)


CONTENT = {
    "part2/email-content-whole": (
        b"From: alex@mail.invalid\r\nTo: sam@mail.invalid\r\nSubject: harbour\r\n\r\nAt five.\r\n"
    ),
    "part2/email-content-packet": b"\x45" + bytes(19),
    "part2/voicemail-content": b"\xff" * 40,
    "part2/voicemail-media-packet": b"\x80\0" + b"\xff" * 30,
    "part6/speech-first": b"\xd5" * 160,
    "part6/speech-next": b"\xd5" * 160,
}
HEADERS = bytes.fromhex("4500003c0000000040060000cb007150c6336407")


@pytest.mark.parametrize(
    "name",
    [*CONTENT, *(f"part7/{name}" for name in ("uMTSCC-CC-PDU", "ePSCC-CC-PDU", "voipCC-CC-PDU", "cSvoice-CC-PDU")),
     "part7/umts-content", "part7/eps-content"],
)  # fmt: skip
def test_content_is_told_by_size_and_hash_and_never_repeated(name):
    line = line_of(name)
    content = CONTENT.get(name, HEADERS)
    assert line["content_octets"] == len(content)
    assert line["content_sha256"] == hashlib.sha256(content).hexdigest()
    assert content.hex() not in json.dumps(line)


def test_a_message_of_h323_is_content_beside_its_addresses():
    line = line_of("part5/h323Message")
    octets = bytes.fromhex(next(iter(line["fields"]["iPMMIRIContents"]["h323Message"]["h323Content"].values())))
    assert line["content_octets"] == len(octets) > 0
    assert line["content_sha256"] == hashlib.sha256(octets).hexdigest()


def test_an_email_event():
    line = line_of("part2/email-sent")
    assert (line["payload"], line["kind"], line["iri_type"]) == ("emailIRI", "iri", "continue")
    assert line["fields"]["eventType"] == "e-mail-send"
    assert line["fields"]["e-mail-Recipients"] == ["sam@mail.invalid", "kim@mail.invalid"]


@pytest.mark.parametrize("name", ["hi2/short-message", "part7/eps-short-message", "part7/umts-circuit-short-message"])
def test_a_short_message_of_hi2_is_read_beside_its_octets(name):
    line = line_of(name)
    assert line["fields"]["tpdu"]["text"] == "hello"
    assert line["content_octets"] == 18


def test_the_first_short_message_is_read_and_an_enhanced_one_is_not():
    line = line_of("hi2/short-message-enhanced")
    assert "tpdu" not in line["fields"]
    assert "content_octets" not in line


def test_a_record_says_its_kind_where_the_payload_does_not():
    begin = decode_ps_pdu(RECORDS["hi2/call-begin"]).payload[1][0]["iRIContents"]
    assert view.describe(iri_pdu(HEADER, begin))["iri_type"] == "begin"
    assert view.describe(iri_pdu(HEADER, begin, "report"))["iri_type"] == "report"
    both = decode_ps_pdu(RECORDS["hi2/two-records-in-one"]).payload[1][0]["iRIContents"]
    assert "iri_type" not in view.describe(iri_pdu(HEADER, both))


def test_the_wrapping_of_records_comes_off():
    call = {"intercepted-Call-State": "idle"}
    assert hi2_records(("iRI-Parameters", call)) == (Hi2Record(None, call),)
    assert hi2_records(("iRIsContent", ("iRIContent", ("iRI-End-record", call)))) == (Hi2Record("end", call),)
    several = [("iRI-Begin-record", call), ("iRI-Report-record", call)]
    assert [record.kind for record in hi2_records(("iRIsContent", ("iRISequence", several))) or ()] == [
        "begin",
        "report",
    ]
    for unknown in (("[7]", []), ("iRIsContent", ("[9]", b"")), ("iRIsContent", ("iRISequence", [("[9]", [{}])]))):
        assert hi2_records(unknown) is None
    assert short_message(Hi2Record(None, call)) is None
