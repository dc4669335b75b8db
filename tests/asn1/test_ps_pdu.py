import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn1.columns import NO_TIME, Columns, LiidTable
from asn1.errors import DecodeError, EncodeError
from asn1.ip import ipcc, packet_header_report
from asn1.multimedia import ipmmcc, sip_iri
from asn1.ps_pdu import (
    PsHeader,
    cc_pdu,
    decode_encrypted_payload,
    decode_ps_pdu,
    encode_encrypted_payload,
    encode_ps_pdu,
    event_time,
    hi1_pdu,
    iri_pdu,
    liid_text,
    record_time,
    tri_pdu,
)
from asn1.ps_tables import CC_CONTENTS, IRI_CONTENTS, TRI_PAYLOAD
from asn1.scan import scan

DIRECTORY = Path(__file__).parents[1] / "vectors/etsi"
VECTORS = json.loads((DIRECTORY / "ps_pdu.json").read_text())["vectors"]
HEADER = PsHeader(
    liid=b"LAB-0001",
    authorization_country="US",
    delivery_country="US",
    operator_id=b"LABOP",
    network_element_id=b"med-1",
    cin=42,
    sequence_number=5,
    time_us=1_710_333_000_123_456,
    time_qualifier="timeOfInterception",
    interception_point_id="POI-1",
    extended_interception_point_id=b"poi-long",
    network_function_id=b"ims-1",
)
QUICK = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors_decode_and_encode_to_the_same_meaning(vector):
    octets = bytes.fromhex(vector["octets"])
    pdu = decode_ps_pdu(octets)
    assert pdu.octets == octets
    assert pdu.header.oid == vector["line"]["ps_domain_oid"]
    if pdu.unknown_tags:
        return
    again = decode_ps_pdu(encode_ps_pdu(pdu.header, pdu.payload))
    assert again[:3] == pdu[:3]


MINIMAL = [
    vector
    for vector in VECTORS
    if not any(word in vector["name"] for word in ("long", "padded", "indefinite", "unknown"))
]


@pytest.mark.parametrize("vector", MINIMAL, ids=lambda vector: vector["name"])
def test_minimal_vectors_are_what_we_write(vector):
    octets = bytes.fromhex(vector["octets"])
    pdu = decode_ps_pdu(octets)
    assert encode_ps_pdu(pdu.header, pdu.payload) == octets


HEADERS = st.builds(
    PsHeader,
    oid=st.sampled_from(["0.4.0.2.2.5.1.17", "0.4.0.2.2.5.1.43", "0.4.0.2.2.5.1.17.0"]),
    liid=st.binary(min_size=1, max_size=25),
    authorization_country=st.sampled_from([None, "US", "--"]),
    delivery_country=st.sampled_from([None, "NL"]),
    operator_id=st.binary(min_size=1, max_size=16),
    network_element_id=st.none() | st.binary(min_size=1, max_size=16),
    cin=st.none() | st.integers(0, 2**32 - 1),
    sequence_number=st.integers(0, 2**32 - 1),
    time_us=st.integers(0, 4 * 10**15),
    time_qualifier=st.sampled_from([None, "timeOfMediation", "9"]),
    interception_point_id=st.sampled_from([None, "POI-1"]),
    extended_interception_point_id=st.none() | st.binary(min_size=1, max_size=30),
    network_function_id=st.none() | st.binary(min_size=1, max_size=30),
    time_form=st.sampled_from(["micro", "generalized"]),
    etsi671_neid=st.sampled_from([None, ("dNS-Format", b"med-1.invalid")]),
    cin_extension=st.sampled_from([None, ("iri-to-iri", b"x"), ("iri-to-CC", {"cc": [b"a", b"b"]})]),
    generalized_time_us=st.none(),
)
PAYLOADS = st.sampled_from(
    [
        ("tRIPayload", ("keep-alive", None)),
        ("cCPayloadSequence", [{"payloadDirection": "fromTarget", "cCContents": ipcc(b"E" * 30)}]),
        ("cCPayloadSequence", [{"payloadDirection": 77, "cCContents": ipmmcc(b"E" * 30)}] * 2),
        ("iRIPayloadSequence", [{"iRIType": "iRI-Report", "iRIContents": packet_header_report(b"E" * 20)}]),
        ("iRIPayloadSequence", [{"iRIContents": sip_iri(bytes(4), bytes(16), b"BYE")}]),
        ("encryptionContainer", {"encryptionType": "none", "encryptedPayload": b"x"}),
    ]
)


@QUICK
@given(HEADERS, PAYLOADS)
def test_headers_round_trip_and_the_scan_reads_the_same(header, payload):
    octets = encode_ps_pdu(header, payload)
    pdu = decode_ps_pdu(octets)
    assert pdu.header == header
    assert pdu.payload == payload
    assert_scan_agrees(octets, pdu)


def assert_scan_agrees(octets, pdu):
    cols, liids = Columns(1), LiidTable()
    assert scan(octets, 0, len(octets), cols, liids, 1 << 20) == len(octets)
    assert cols.n == 1
    assert cols.status[0] == 0
    header = pdu.header
    time_us, _ = event_time(pdu)
    assert liids.octets(cols.liid[0]) == header.liid
    assert cols.cin[0] == (-1 if header.cin is None else header.cin)
    assert cols.number[0] == header.sequence_number
    assert cols.time_us[0] == (NO_TIME if time_us is None else time_us)
    at, size = cols.operator_offset[0], cols.operator_length[0]
    assert octets[at : at + size] == header.operator_id
    assert cols.authorization_country[0] == int.from_bytes((header.authorization_country or "").encode(), "big")
    assert cols.delivery_country[0] == int.from_bytes((header.delivery_country or "").encode(), "big")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(VECTORS), st.data())
def test_mutated_records_never_mean_two_things(vector, data):
    """Whatever both the scan and the decoder take, they take for the same header; else DecodeError alone."""
    octets = bytearray.fromhex(vector["octets"])
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    octets = bytes(octets)
    try:
        pdu = decode_ps_pdu(octets)
        event_time(pdu)
    except DecodeError:
        return
    cols, liids = Columns(1), LiidTable()
    end = scan(octets, 0, len(octets), cols, liids, 1 << 20)
    if end == len(octets) and cols.n == 1 and cols.status[0] == 0:
        assert_scan_agrees(octets, pdu)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(VECTORS), st.data())
def test_cut_records_raise_decode_error(vector, data):
    octets = bytes.fromhex(vector["octets"])
    with pytest.raises(DecodeError):
        decode_ps_pdu(octets[: data.draw(st.integers(0, len(octets) - 1))])


def test_every_service_and_tri_kind_is_known_by_name():
    tri = {row.name for row in TRI_PAYLOAD.fields}
    assert {"keep-alive", "cINReset", "pDUAcknowledgementResponse", "optionComplete"} < tri
    for row in TRI_PAYLOAD.fields:
        value = {
            "integrityCheck": {"includedSequenceNumbers": [0, 2**32 - 1], "checkType": "signature", "checkValue": b""},
            "operatorLeaMessage": {"messagePriority": "error", "message": b"x"},
            "optionRequest": {"requestedOptions": [("pDUAcknowledgement", None)]},
            "optionResponse": {"acceptedOptions": [], "declinedOptions": [("pDUAcknowledgement", None)]},
            "paddingPDU": b"pad",
        }.get(row.name)
        assert decode_ps_pdu(tri_pdu(HEADER, row.name, value)).payload == ("tRIPayload", (row.name, value))
    assert [row.tag for row in IRI_CONTENTS.fields] == [*range(1, 12), *range(14, 21)]
    assert [row.tag for row in CC_CONTENTS.fields] == [1, 2, 4, *range(6, 13), *range(14, 24)]


@pytest.mark.parametrize("record", [IRI_CONTENTS, CC_CONTENTS], ids=["iri", "cc"])
def test_undescribed_services_decode_to_a_tag_tree(record):
    tree = [{"tag": "[0]", "octets": "0502"}, {"tag": "[2]", "items": []}]
    for row in record.fields:
        if row.type.name != "undescribed":
            continue
        make = iri_pdu if record is IRI_CONTENTS else cc_pdu
        assert decode_ps_pdu(make(HEADER, (row.name, tree))).payload[1][0][
            f"{'iRI' if make is iri_pdu else 'cC'}Contents"
        ] == (row.name, tree)


def test_short_cuts():
    pdu = decode_ps_pdu(
        iri_pdu(HEADER, sip_iri(bytes(4), bytes(4), b"x"), "end", time_us=7, payload_direction="toTarget")
    )
    assert pdu.payload[1][0]["iRIType"] == "iRI-End"
    assert pdu.payload[1][0]["microSecondTimeStamp"] == {"seconds": 0, "microSeconds": 7}
    pdu = decode_ps_pdu(cc_pdu(HEADER, ipcc(b"x"), "toTarget", time_us=8, time_qualifier="timeOfAggregation"))
    assert pdu.payload[1][0]["payloadDirection"] == "toTarget"
    notice = {"lawfulInterceptionIdentifier": b"LAB-0001", "timeStamp": ("utcTime", 0)}
    assert decode_ps_pdu(hi1_pdu(HEADER, "liDeactivated", notice)).payload == (
        "hI1-Operation",
        ("liDeactivated", notice),
    )


def test_time_of_a_record():
    bare = HEADER._replace(time_us=None, time_form=None, time_qualifier=None)
    one = decode_ps_pdu(cc_pdu(bare, ipcc(b"x"), time_us=8, time_qualifier="timeOfInterception"))
    assert event_time(one) == (8, "timeOfInterception")
    assert event_time(decode_ps_pdu(cc_pdu(bare, ipcc(b"x")))) == (None, None)
    two = (
        "cCPayloadSequence",
        [{"cCContents": ipcc(b"x"), "microSecondTimeStamp": {"seconds": 1, "microSeconds": 0}}] * 2,
    )
    assert event_time(decode_ps_pdu(encode_ps_pdu(bare, two))) == (1_000_000, None)
    assert record_time(decode_ps_pdu(encode_ps_pdu(bare, two))) == (None, None)
    two[1][1] = {"cCContents": ipcc(b"x")}
    assert event_time(decode_ps_pdu(encode_ps_pdu(bare, two))) == (None, None), "one of them has none"
    headed = HEADER._replace(time_us=500_000, time_qualifier="timeOfAggregation")
    assert event_time(decode_ps_pdu(encode_ps_pdu(headed, two))) == (500_000, "timeOfAggregation")
    assert event_time(decode_ps_pdu(tri_pdu(bare, "testPDU"))) == (None, None)
    both = HEADER._replace(generalized_time_us=1_000_000)
    pdu = decode_ps_pdu(tri_pdu(both, "testPDU"))
    assert (pdu.header.time_us, pdu.header.generalized_time_us) == (HEADER.time_us, 1_000_000)


def test_a_payloads_own_time_outranks_the_headers_for_judging_and_not_for_showing() -> None:
    headed = HEADER._replace(time_us=500_000, time_qualifier="timeOfMediation")
    own = decode_ps_pdu(cc_pdu(headed, ipcc(b"x"), time_us=8))
    assert event_time(own) == (8, "timeOfMediation") and record_time(own) == (500_000, "timeOfMediation")
    said = decode_ps_pdu(cc_pdu(headed, ipcc(b"x"), time_us=8, time_qualifier="timeOfInterception"))
    assert event_time(said) == (8, "timeOfInterception")
    assert event_time(decode_ps_pdu(cc_pdu(headed, ipcc(b"x")))) == (500_000, "timeOfMediation")


def test_encrypted_payloads():
    payload = ("cCPayloadSequence", [{"cCContents": ipcc(b"x")}])
    plaintext = encode_encrypted_payload(1_700_000_000 << 32, payload)
    assert decode_encrypted_payload(plaintext) == (1_700_000_000 << 32, payload)


@pytest.mark.parametrize(
    "header",
    [
        HEADER._replace(liid=b""),
        HEADER._replace(liid=b"x" * 26),
        HEADER._replace(operator_id=b""),
        HEADER._replace(cin=2**32),
        HEADER._replace(sequence_number=-1),
        HEADER._replace(authorization_country="USA"),
        HEADER._replace(oid="not an oid"),
        HEADER._replace(time_us=-1),
        HEADER._replace(time_qualifier="timeOfLunch"),
    ],
)
def test_headers_that_do_not_fit(header):
    with pytest.raises(EncodeError):
        tri_pdu(header, "keep-alive")


def test_liid_text():
    assert liid_text(b"LAB-0001") == "LAB-0001"
    assert liid_text(b"\x00a") == "0x0061"
    assert liid_text("é".encode()) == "0xc3a9"
