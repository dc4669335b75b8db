import hashlib
import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import sms_tpdu, ts33128, view
from asn1.errors import LocalError
from asn1.ip import ipiri
from asn1.ps_pdu import PsHeader, cc_pdu, hi1_pdu, iri_pdu, tri_pdu

DIRECTORY = Path(__file__).parents[1] / "vectors/etsi"
VECTORS = json.loads((DIRECTORY / "ps_pdu.json").read_text())["vectors"]
INVALID = json.loads((DIRECTORY / "ps_pdu_invalid.json").read_text())["vectors"]
KEYS = [
    "offset",
    "octets",
    "dialect",
    "liid",
    "authorization_country",
    "delivery_country",
    "operator_id",
    "network_element_id",
    "cin",
    "sequence_number",
    "timestamp",
    "timestamp_qualifier",
    "interception_point_id",
    "ps_domain_oid",
    "payload",
    "kind",
    "iri_type",
    "direction",
    "content_octets",
    "content_sha256",
    "fields",
    "unknown_tags",
]
HEADER = PsHeader(liid=b"LAB-0001", operator_id=b"LABOP", cin=1, time_us=1_710_333_000_000_000)


def at_least(wanted, found):
    if isinstance(wanted, dict):
        assert isinstance(found, dict)
        for key, value in wanted.items():
            at_least(value, found[key])
    else:
        assert found == wanted


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    octets = bytes.fromhex(vector["octets"])
    line = view.describe(octets, 1000)
    wanted = {**vector["line"], "offset": 1000, "octets": len(octets)}
    at_least(wanted.pop("fields", {}), line.get("fields", {}))
    unknown = line.pop("unknown_tags", [])
    assert unknown == wanted.pop("unknown_tags", [])
    assert {key: value for key, value in line.items() if key != "fields"} == wanted
    json.dumps(line)


@pytest.mark.parametrize("vector", INVALID, ids=lambda vector: vector["name"])
def test_invalid_vectors(vector):
    line = view.describe(bytes.fromhex(vector["octets"]), 50)
    assert set(line) == {"offset", "error"}
    assert line["offset"] == 50
    assert line["error"]["code"] == vector["code"], line
    assert line["error"]["message"]
    assert line["error"]["at"] >= 50


def stream():
    return [bytes.fromhex(vector["octets"]) for vector in VECTORS]


def test_a_stream_gives_the_lines_of_its_records():
    records = stream()
    offsets = itertools.accumulate([0, *map(len, records[:-1])])
    assert list(view.describe_stream([b"".join(records)])) == [
        view.describe(octets, offset) for octets, offset in zip(records, offsets, strict=True)
    ]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 6000), max_size=12))
def test_split_anywhere(cuts):
    octets = b"".join(stream())
    edges = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    chunks = [octets[begin:end] for begin, end in itertools.pairwise(edges)]
    assert list(view.describe_stream(chunks)) == list(view.describe_stream([octets]))


def test_octet_by_octet():
    octets = b"".join(stream())
    assert list(view.describe_stream(octets[at : at + 1] for at in range(len(octets)))) == list(
        view.describe_stream([octets])
    )


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=120), st.integers(0, 200))
def test_any_octets_give_lines(junk, cut):
    octets = b"".join(stream()[:3])
    for line in view.describe_stream([octets[:cut], junk, octets[cut:]]):
        assert set(line) == {"offset", "error"} or set(line) <= set(KEYS)
        json.dumps(line, allow_nan=False)


def test_flipped_bits_give_lines():
    chance = random.Random(7)
    for octets in stream():
        for _ in range(60):
            flipped = bytearray(octets)
            flipped[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
            line = view.describe(bytes(flipped))
            assert "error" in line or [key for key in KEYS if key in line] == list(line)
            json.dumps(line)


def test_keys_stand_in_the_documented_order():
    for octets in stream():
        line = view.describe(octets)
        assert list(line) == [key for key in KEYS if key in line]


def test_decoding_goes_on_behind_a_malformed_record():
    good = tri_pdu(HEADER, "keep-alive")
    bad = next(bytes.fromhex(vector["octets"]) for vector in INVALID if vector["name"] == "two-liids")
    lines = list(view.describe_stream([good + bad + good]))
    assert [line.get("error", {}).get("code") for line in lines] == [None, "BAD_TAG", None]
    assert lines[2]["offset"] == len(good) + len(bad)


def test_an_oversized_record_is_passed_over():
    good, large = tri_pdu(HEADER, "keep-alive"), tri_pdu(HEADER, "paddingPDU", b"x" * 5000)
    for chunks in ([good + large + good], [good + large[:100], large[100:] + good]):
        lines = list(view.describe_stream(chunks, max_record_octets=1000))
        assert [line.get("error", {}).get("code") for line in lines] == [None, "OVERSIZED", None]
    lines = list(view.describe_stream([large[:3000]], max_record_octets=1000))
    assert [line["error"]["code"] for line in lines] == ["OVERSIZED", "TRUNCATED"]


def test_lost_framing_ends_the_stream_with_an_error():
    good = tri_pdu(HEADER, "keep-alive")
    lines = list(view.describe_stream([good + b"\x31\x00" + good]))
    assert [line.get("error", {}).get("code") for line in lines] == [None, "WRONG_DIALECT"]
    lines = list(view.describe_stream([good + good[:-4]]))
    assert lines[1]["error"] == {"code": "TRUNCATED", "message": "the octets end inside the record", "at": len(good)}


def test_more_records_than_one_pass_takes():
    records = [tri_pdu(HEADER._replace(sequence_number=number), "keep-alive") for number in range(2500)]
    lines = list(view.describe_stream([b"".join(records)]))
    assert [line["sequence_number"] for line in lines] == list(range(2500))


def test_octets_behind_a_single_record_are_an_error():
    good = tri_pdu(HEADER, "keep-alive")
    assert view.describe(good + good)["error"]["code"] == "BAD_LENGTH"
    assert view.describe(b"")["error"]["code"] == "TRUNCATED"


def test_unknown_dialect():
    with pytest.raises(LocalError, match="choose one of etsi"):
        view.describe(b"", 0, "morse")
    with pytest.raises(LocalError):
        list(view.describe_stream([], "morse"))


def sms(data, **more):
    event = {
        "originatingSMSParty": {"gPSI": ("mSISDN", "12125550101")},
        "terminatingSMSParty": {},
        "direction": "fromTarget",
        "linkTransferStatus": "transferSucceeded",
        **more,
    }
    if data is not None:
        event["sMSTPDUData"] = ("sMSTPDU", data)
    return view.describe(
        iri_pdu(HEADER, ("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", event))), "report")
    )


def test_short_messages_are_read():
    line = sms(sms_tpdu.encode_submit("Grüße €", "12125550102", reference=4)[0], messageType="submit")
    assert line["fields"]["tpdu"] == {"type": "SMS-SUBMIT", "address": "12125550102", "text": "Grüße €", "reference": 4}
    parts = sms_tpdu.encode_deliver("x" * 200, "12125550102", HEADER.time_us, concatenation=9)
    line = sms(parts[1], messageType="deliver", direction="toTarget")
    assert line["fields"]["tpdu"]["segment"] == {"reference": 9, "total": 2, "number": 2}
    assert line["fields"]["tpdu"]["timestamp"] == "2024-03-13T12:30:00.000000Z"
    assert line["content_sha256"] == hashlib.sha256(parts[1]).hexdigest()


def test_a_short_message_without_or_with_a_broken_tpdu():
    assert "content_octets" not in sms(None)
    line = sms(b"\x03")
    assert "tpdu" not in line["fields"]
    assert line["content_octets"] == 1


def test_a_malformed_wrapped_payload_is_an_error_of_the_record():
    line = view.describe(iri_pdu(HEADER, ("threeGPP33128DefinedIRI", b"\x30\x01"), "report"), 9)
    assert line["offset"] == 9
    assert line["error"]["code"] == "TRUNCATED"
    assert line["error"]["message"].startswith("threeGPP33128DefinedIRI")


@pytest.mark.parametrize(
    ("pdu", "content"),
    [
        (("uPFCCPDU", b"E1"), b"E1"),
        (("extendedUPFCCPDU", {"payload": ("uPFIPCC", b"E2"), "qFI": 1}), b"E2"),
        (
            (
                "mMSCCPDU",
                {"version": {"majorVersion": 1, "minorVersion": 3}, "transactionID": "t", "mMSContent": b"E3"},
            ),
            b"E3",
        ),
    ],
)
def test_content_of_33128_is_told_by_hash_and_not_repeated(pdu, content):
    line = view.describe(cc_pdu(HEADER, ("threeGPP33128DefinedCC", ts33128.encode_cc(pdu)), "toTarget"))
    assert line["content_sha256"] == hashlib.sha256(content).hexdigest()
    assert content.hex() not in json.dumps(line["fields"])


def test_raw_mobile_content_and_sip_in_33128():
    line = view.describe(cc_pdu(HEADER, ("ePSCC", b"raw"), "toTarget"))
    assert (line["payload"], line["content_octets"]) == ("ePSCC", 3)
    message = {
        "iPSourceAddress": ("iPv4Address", bytes(4)),
        "iPDestinationAddress": ("iPv4Address", bytes(4)),
        "sIPContent": b"BYE",
    }
    event = ("iMSMessage", {"payload": ("encapsulatedSIPMessage", message), "sessionDirection": "fromTarget"})
    line = view.describe(iri_pdu(HEADER, ("threeGPP33128DefinedIRI", ts33128.encode_iri(event)), "continue"))
    assert line["content_octets"] == 3


def test_header_extras_and_aggregation():
    header = HEADER._replace(
        interception_point_id="POI-1",
        extended_interception_point_id=b"\x01",
        network_function_id=b"upf-1",
        etsi671_neid=("dNS-Format", b"n"),
        cin_extension=("iri-to-iri", b"c"),
        generalized_time_us=0,
    )
    line = view.describe(tri_pdu(header, "testPDU"))
    assert line["interception_point_id"] == "POI-1"
    assert line["fields"] == {
        "timeStamp": "1970-01-01T00:00:00.000000Z",
        "extendedInterceptionPointID": "01",
        "networkFunctionIdentifier": "7570662d31",
        "eTSI671NEID": {"dNS-Format": "6e"},
        "cINExtension": {"iri-to-iri": "63"},
    }
    contents = ipiri(
        {"accessEventType": "accessEnd", "targetUsername": b"u", "internetAccessType": "fTTx", "iPVersion": "iPV4"}
    )
    line = view.describe(iri_pdu(HEADER, contents, "end", session_direction="combined", payload_direction="toTarget"))
    assert (line["direction"], line["fields"]["sessionDirection"]) == ("toTarget", "combined")
    line = view.describe(iri_pdu(HEADER, contents, "end", session_direction="combined"))
    assert line["direction"] == "combined"
    assert "sessionDirection" not in line["fields"]


def test_notices():
    notice = {
        "lawfulInterceptionIdentifier": b"LAB-0001",
        "timeStamp": ("localTime", {"generalizedTime": "20240313123000", "winterSummerIndication": "winterTime"}),
    }
    line = view.describe(hi1_pdu(HEADER, "liModified", notice))
    assert (line["payload"], line["kind"]) == ("liModified", "hi1")
    assert line["fields"]["timeStamp"] == {
        "localTime": {"generalizedTime": "20240313123000", "winterSummerIndication": "winterTime"}
    }


def test_the_interpreted_scan_gives_the_same_lines(interpreted, monkeypatch):
    chance = random.Random(11)
    streams = [b"".join(stream()), *(bytes.fromhex(vector["octets"]) for vector in INVALID)]
    for octets in stream():
        flipped = bytearray(octets)
        flipped[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        streams.append(bytes(flipped) + octets)
    compiled_lines = [list(view.describe_stream([octets])) for octets in streams]
    for name, module in (
        ("scan", interpreted.scan),
        ("Columns", interpreted.columns),
        ("LiidTable", interpreted.columns),
    ):
        monkeypatch.setattr(view, name, getattr(module, name))
    assert [list(view.describe_stream([octets])) for octets in streams] == compiled_lines
