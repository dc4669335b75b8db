import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, LocalError
from asn1.laes import cc_apdu, jstd025, t1678
from asn1.laes.ccc import CccDatagram, encode_datagram
from asn1.laes.describe import DIALECTS, describe, describe_datagram, describe_stream
from asn1.laes.message import CdcMessage

DIRECTORY = Path(__file__).parents[2] / "vectors/us"
VECTORS = {path.stem: path.read_bytes() for path in sorted(DIRECTORY.glob("*.ber"))}
CASE = {"caseId": "SIM-1", "timestamp": 1_772_373_600_000_000}
PACKET = bytes.fromhex("4500001c000100004011f7c5c0000201c63364011388138800080000")


def test_dialects_are_four_and_one_of_them_is_marked():
    assert DIALECTS == ("t1678", "pcesp", "ias", "jstd025")
    octets = jstd025.encode_message(CdcMessage("connTest", {**CASE, "memo": "lab"}))
    line = describe(octets, 0, "jstd025")
    assert line["reconstructed"] is True
    assert (line["payload"], line["fields"]) == ("connTest", {"memo": "lab"})
    assert "reconstructed" not in describe(octets, 0, "t1678")


def test_a_packet_envelope_is_a_tag_tree():
    for held, shown in ((b"\x41", "41"), ([{"tag": "[0]", "octets": "41"}], [{"tag": "[0]", "octets": "41"}])):
        octets = jstd025.encode_message(CdcMessage("packetEnvelope", {"packetEnvelope": held}))
        assert json.loads(json.dumps(describe(octets, 0, "jstd025")))["fields"] == {"packetEnvelope": shown}


def test_an_unknown_message_is_a_line_with_its_tag_and_octets():
    line = describe(bytes.fromhex("a009" + "80032a0304" + "a102" + "9900"), 4, "t1678")
    assert line == {
        "offset": 4,
        "octets": 11,
        "dialect": "t1678",
        "payload": "[25]",
        "kind": "cdc",
        "fields": {"protocolIdentifier": "1.2.3.4"},
        "unknown_tags": [{"path": "enhancedProtocol.laesMessage", "tag": "[25]", "octets": "9900"}],
    }


def test_a_sip_body_is_what_a_uu_content_carries():
    body = {"sipBodyHeader": [("utf8String", "Content-Type: text/plain")], "sipBodyContents": b"SIM TEXT"}
    fields = {**CASE, "callId": {"main": "1"}, "content": ("sip", {"sipBody": body})}
    line = describe(t1678.encode_message(CdcMessage("uuContent", fields)), 0, "t1678")
    assert line["content_octets"] == 8
    assert line["content_sha256"] == hashlib.sha256(b"SIM TEXT").hexdigest()
    assert line["fields"]["content"]["sip"]["sipBody"]["sipBodyContents"] == b"SIM TEXT".hex()


def test_several_signalling_messages_have_no_one_hash():
    message = {"signalingProt": "SIP", "sigMsg": b"x"}
    fields = {**CASE, "correlationID": b"1", "signalingMsg": [message, message]}
    line = describe(t1678.encode_message(CdcMessage("directSignalReporting", fields)), 0, "t1678")
    assert "content_octets" not in line
    assert len(line["fields"]["signalingMsg"]) == 2


def test_a_surveillance_status_is_told_by_who_reports_it():
    fields = {**CASE, "reportingSystemId": "DF1", "statusEventType": "change", "currentStatus": 7}
    line = describe(t1678.encode_message(CdcMessage("surveillanceStatus", fields)), 0, "t1678")
    assert line["interception_point_id"] == "DF1"
    assert line["fields"] == {"statusEventType": "change", "currentStatus": 7}


@pytest.mark.parametrize(
    ("direction", "shown"), [("fromSubject", "fromTarget"), ("toSubject", "toTarget"), (9, "9"), (None, None)]
)
def test_directions_are_told_in_the_words_of_every_dialect(direction, shown):
    header = {"correlationInfo": {"contentIdentifier": ("correlationID", b"\x01")}}
    if direction is not None:
        header["packetDirection"] = direction
    line = describe(cc_apdu.encode_apdu(cc_apdu.CcApdu(header, PACKET)), 0, "ias")
    assert line.get("direction") == shown
    assert "liid" not in line


@pytest.mark.parametrize(
    ("header_octets", "case_id", "liid"),
    [(4, None, None), (12, None, None), (20, b"SIM-0001", "SIM-0001"), (20, bytes(7) + b"\x09", "0x0000000000000009")],
)
def test_a_datagram_is_described_by_size_and_hash(header_octets, case_id, liid):
    time_us = None if header_octets == 4 else 1_772_373_600_123_000
    octets = encode_datagram(CccDatagram(10, time_us, case_id, PACKET), header_octets)
    line = describe_datagram(octets, header_octets, 3)
    wanted = {
        "offset": 3,
        "octets": len(octets),
        "dialect": "pcesp",
        "liid": liid,
        "timestamp": None if time_us is None else "2026-03-01T14:00:00.123000Z",
        "payload": "cccDatagram",
        "kind": "ccc",
        "content_octets": 28,
        "content_sha256": hashlib.sha256(PACKET).hexdigest(),
        "fields": {"cccId": "0000000A"},
    }
    assert line == {key: value for key, value in wanted.items() if value is not None}


def test_errors_are_lines_and_say_where():
    assert describe_datagram(b"\0\0", 4, 9)["error"] == {
        "code": "TRUNCATED",
        "message": "a header of 4 octets was expected, 2 are there",
        "at": 9,
    }
    octets = VECTORS["vop_answer"]
    line = describe(octets[:-1], 100, "t1678")
    assert line == {
        "offset": 100,
        "error": {"code": "TRUNCATED", "message": "96 octets announced, 95 are there", "at": 100},
    }
    broken = octets.replace(b"20260301140000.123Z", b"20261301140000.123Z")
    error = describe(broken, 100, "t1678")["error"]
    assert (error["code"], error["at"]) == ("BAD_VALUE", 100 + broken.index(b"20261301"))
    assert error["message"].startswith("enhancedProtocol.laesMessage.answer.timestamp: ")


def test_unknown_dialects_and_generations_are_our_own_error():
    for call in (
        lambda: describe(b"", 0, "etsi"),
        lambda: list(describe_stream([b""], "morse")),
        lambda: describe_datagram(b"", 4, dialect="morse"),
        lambda: describe_datagram(b"", 5),
    ):
        with pytest.raises(LocalError, match="choose one of"):
            call()


def records(dialect):
    start = {"t1678": "vop_", "pcesp": "pcesp_", "ias": "ias_"}[dialect]
    found = [octets for name, octets in VECTORS.items() if name.startswith(start)]
    return found if dialect == "pcesp" else [*found, VECTORS["cc_apdu"]]


@pytest.mark.parametrize("dialect", ["t1678", "pcesp", "ias"])
def test_a_stream_of_messages_and_apdus_gives_one_line_each(dialect):
    held = records(dialect)
    whole = b"".join(held)
    lines = list(describe_stream([whole[at : at + 7] for at in range(0, len(whole), 7)], dialect))
    offset = 0
    for octets, line in zip(held, lines, strict=True):
        assert line == describe(octets, offset, dialect)
        offset += len(octets)


def test_a_malformed_record_is_one_error_line_and_decoding_goes_on():
    good = VECTORS["vop_answer"]
    broken = good.replace(b"20260301140000.123Z", b"20261301140000.123Z")
    lines = list(describe_stream([good + broken + good + b"\xa0\x05"], "t1678"))
    assert ["error" in line for line in lines] == [False, True, False, True]
    assert lines[3] == {
        "offset": 3 * len(good),
        "error": {"code": "TRUNCATED", "message": "the stream ends inside a record", "at": 3 * len(good)},
    }


def test_a_stream_of_another_dialect_ends_at_its_first_octet():
    lines = list(describe_stream([VECTORS["vop_answer"], VECTORS["vop_answer"]], "pcesp"))
    assert [line["error"]["code"] for line in lines] == [DecodeError.WRONG_DIALECT]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_a_line_is_always_json_whatever_was_cut_or_flipped(data):
    octets = bytearray(VECTORS[data.draw(st.sampled_from(sorted(VECTORS)))])
    for _ in range(data.draw(st.integers(0, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    octets = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    for dialect in DIALECTS:
        for line in (describe(octets, 0, dialect), *describe_stream([octets], dialect)):
            assert json.loads(json.dumps(line)) == line
    for header_octets in (4, 12, 20):
        line = describe_datagram(octets, header_octets)
        assert json.loads(json.dumps(line)) == line
