"""X2/X3 PDUs: golden octets, round trips, truncation, bit flips, split streams, hostile lengths."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, EncodeError
from asn1.x2x3 import (
    Framer,
    PayloadDirection,
    PayloadFormat,
    PduType,
    RelatedXid,
    X2X3Pdu,
    decode_pdu,
    encode_pdu,
    keepalive,
    keepalive_ack,
    parse_target_xml,
    target_xml,
)

XID = bytes(range(16))

FULL = X2X3Pdu(
    PduType.X2,
    PayloadFormat.SIP,
    PayloadDirection.FROM_TARGET,
    XID,
    0x0102030405060708,
    b"INVITE",
    6,
    nfid="ims-1",
    ipid="poi-1",
    sequence_number=0xFFFFFFFF,
    timestamp_ns=1_795_408_988_463_242_123,
    source_ipv4=bytes((192, 0, 2, 1)),
    destination_ipv4=bytes((192, 0, 2, 2)),
    source_ipv6=bytes(15) + b"\1",
    destination_ipv6=bytes(15) + b"\2",
    source_port=5060,
    destination_port=5061,
    ip_protocol=17,
    matched_targets=("<imsi>001010000000001</imsi>", "<e164Number>12125550101</e164Number>"),
    other_targets=("<nai>a@b.invalid</nai>",),
    domain_id="domain",
    etsi_102232_1=b"1",
    ts_33128=b"2",
    ts_33108=b"3",
    proprietary=b"4",
    mime_type="text/plain",
    mime_encoding="8bit",
    related_xid=RelatedXid(XID[::-1], 7, 9),
    sdp="v=0\r\n",
    extra=((99, b"unknown"),),
)


def test_golden_keepalive() -> None:
    octets = encode_pdu(keepalive(5))
    assert octets == bytes.fromhex("00050003000000300000000000000000") + bytes(24) + bytes.fromhex("0008000400000005")
    answer = keepalive_ack(decode_pdu(octets))
    assert (answer.pdu_type, answer.sequence_number, answer.version) == (PduType.KEEPALIVE_ACK, 5, 5)


def test_golden_x3() -> None:
    pdu = X2X3Pdu(PduType.X3, 5, 2, XID, 1, b"\x45", nfid="u", sequence_number=0, timestamp_ns=1_500_000_001)
    assert encode_pdu(pdu).hex() == (
        "0005"
        "0002"
        "00000041"
        "00000001"
        "0005"
        "0002" + XID.hex() + "0000000000000001"
        "0006"
        "0001"
        "75"
        "0008"
        "0004"
        "00000000"
        "0009"
        "0008"
        "00000001"
        "1dcd6501"
        "45"
    )


def test_every_attribute_survives() -> None:
    assert decode_pdu(encode_pdu(FULL)) == FULL
    assert FULL.time_us == 1_795_408_988_463_242
    assert FULL.xid_text == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert (FULL.source_address, FULL.destination_address) == ("192.0.2.1", "192.0.2.2")
    assert FULL._replace(source_ipv4=None).source_address == "::1"
    assert keepalive(0).source_address is None and keepalive(0).time_us is None


attribute_values = st.fixed_dictionaries(
    {},
    optional={
        "nfid": st.text(max_size=20),
        "ipid": st.text(max_size=20),
        "sequence_number": st.integers(0, 2**32 - 1),
        "timestamp_ns": st.integers(0, 2**32 * 10**9 - 1),
        "source_ipv4": st.binary(min_size=4, max_size=4),
        "destination_ipv6": st.binary(min_size=16, max_size=16),
        "source_port": st.integers(0, 65_535),
        "ip_protocol": st.integers(0, 255),
        "matched_targets": st.lists(st.text(max_size=20), max_size=3).map(tuple),
        "extra": st.lists(st.tuples(st.integers(23, 65_535), st.binary(max_size=20)), max_size=3).map(tuple),
    },
)


@given(
    st.sampled_from([PduType.X2, PduType.X3]),
    st.integers(0, 65_535),
    st.binary(min_size=16, max_size=16),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=100),
    attribute_values,
)
def test_round_trip(kind: PduType, form: int, xid: bytes, correlation: int, payload: bytes, values: dict) -> None:
    pdu = X2X3Pdu(kind, form, 3, xid, correlation, payload, **values)
    assert decode_pdu(encode_pdu(pdu)) == pdu


@given(st.data())
@settings(max_examples=200)
def test_truncated_or_flipped_gives_only_our_error(data: st.DataObject) -> None:
    octets = bytearray(encode_pdu(FULL))
    if data.draw(st.booleans()):
        octets = octets[: data.draw(st.integers(0, len(octets) - 1))]
        with pytest.raises(DecodeError):
            decode_pdu(octets)
        return
    bit = data.draw(st.integers(0, len(octets) * 8 - 1))
    octets[bit // 8] ^= 1 << bit % 8
    try:
        decode_pdu(octets)
    except DecodeError:
        return


@given(st.binary(max_size=200))
def test_noise_gives_only_our_error(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_pdu(octets)


@given(st.lists(st.integers(1, 90), max_size=40))
def test_split_anywhere_gives_the_same_pdus(cuts: list[int]) -> None:
    pdus = [FULL, keepalive(1), FULL._replace(payload=b"", extra=())]
    stream = b"".join(encode_pdu(pdu) for pdu in pdus)
    framer, out, position = Framer(), [], 0
    for cut in [*cuts, len(stream)]:
        out += framer.feed(stream[position : position + cut])
        position += cut
    assert out == pdus and framer.pending_octets == 0


def test_first_of_a_repeated_attribute_counts() -> None:
    octets = encode_pdu(keepalive(1)._replace(extra=((8, b"\0\0\0\2"),)))
    pdu = decode_pdu(octets)
    assert pdu.sequence_number == 1 and pdu.extra == ((8, b"\0\0\0\2"),)


def test_minor_versions_pass_and_major_ones_do_not() -> None:
    assert decode_pdu(encode_pdu(FULL._replace(version=0x00FF))).version == 0x00FF
    with pytest.raises(DecodeError, match="major version 5"):
        decode_pdu(b"\x05\x00" + encode_pdu(FULL)[2:])


def test_flood_in_a_length_field_is_refused_at_once() -> None:
    for header, payload in ((0xFFFFFFFF, 0), (40, 0xFFFFFFFF), (39, 0)):
        with pytest.raises(DecodeError):
            Framer().feed(struct.pack(">HHII", 5, 1, header, payload))


def test_pdus_before_lost_framing_are_kept() -> None:
    framer = Framer()
    assert framer.feed(encode_pdu(FULL) + b"\xff\xff" + bytes(40)) == [FULL]
    assert framer.error is not None
    with pytest.raises(DecodeError):
        framer.feed(encode_pdu(FULL))


def test_a_broken_pdu_in_a_whole_frame_is_skipped_and_counted() -> None:
    broken = bytearray(encode_pdu(keepalive(1)))
    broken[43] = 3
    framer = Framer()
    assert framer.feed(bytes(broken) + encode_pdu(FULL)) == [FULL]
    assert framer.broken == 1 and framer.last_error is not None and framer.error is None


@pytest.mark.parametrize(
    "change",
    [
        {"xid": b"short"},
        {"correlation_id": -1},
        {"sequence_number": 2**32},
        {"source_ipv4": b"abc"},
        {"timestamp_ns": 2**64},
        {"related_xid": RelatedXid(b"x", 1)},
        {"payload": bytes((1 << 20) + 1)},
        {"source_port": 70_000},
    ],
)
def test_values_out_of_range_are_our_own_fault(change: dict) -> None:
    with pytest.raises(EncodeError):
        encode_pdu(FULL._replace(**change))


@given(
    st.sampled_from(["imsi", "sipUri", "host"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30),
)
def test_target_xml_round_trip(kind: str, value: str) -> None:
    assert parse_target_xml(target_xml(kind, value)) == (kind, value.strip())


def test_target_xml_tolerates_prefixes_and_refuses_nesting() -> None:
    assert parse_target_xml('<ns1:imsi xmlns:ns1="urn:x"> 00101 </ns1:imsi>') == ("imsi", "00101")
    assert parse_target_xml("<ipv4Cidr><a>1</a></ipv4Cidr>") is None
    assert parse_target_xml("12125550101") is None


# --- golden PDUs --------------------------------------------------------------------------------------------------

GOLDEN = json.loads((Path(__file__).parents[1] / "vectors/etsi/x2x3.json").read_text())["vectors"]
OCTET_FIELDS = (
    "payload", "xid", "source_ipv4", "destination_ipv4", "source_ipv6", "destination_ipv6", "etsi_102232_1",
    "ts_33128", "ts_33108", "proprietary",
)  # fmt: skip


def expected(fields: dict) -> X2X3Pdu:
    values = {name: bytes.fromhex(held) if name in OCTET_FIELDS else held for name, held in fields.items()}
    values["pdu_type"] = PduType(values["pdu_type"])
    for name in ("matched_targets", "other_targets"):
        values[name] = tuple(values.get(name, ()))
    values["extra"] = tuple((kind, bytes.fromhex(octets)) for kind, octets in values.get("extra", ()))
    if "related_xid" in values:
        xid, correlation, number = values["related_xid"]
        values["related_xid"] = RelatedXid(bytes.fromhex(xid), correlation, number)
    return X2X3Pdu(**values)


@pytest.mark.parametrize("vector", GOLDEN, ids=lambda vector: vector["name"])
def test_golden_pdus_are_read_and_written(vector: dict) -> None:
    octets = bytes.fromhex(vector["octets"])
    pdu = decode_pdu(octets)
    assert pdu == expected(vector["fields"])
    assert encode_pdu(pdu) == octets
    assert Framer().feed(octets * 2) == [pdu, pdu]


def test_golden_pdus_cover_every_format_interface_version_and_attribute() -> None:
    held = [vector["fields"] for vector in GOLDEN]
    assert {(one["payload_format"], one["version"]) for one in held} == {(f, v) for f in range(18) for v in (5, 6)}
    assert {(one["pdu_type"], one["version"]) for one in held} == {(kind, v) for kind in range(1, 5) for v in (5, 6)}
    named = set().union(*held)
    assert set(X2X3Pdu._fields) <= named, "every attribute of the tables has a golden PDU"
