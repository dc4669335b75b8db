import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import sms_alphabet
from asn1.errors import DecodeError, EncodeError
from asn1.sms_tpdu import (
    Segment,
    decode_tpdu,
    encode_deliver,
    encode_deliver_report,
    encode_status_report,
    encode_submit,
    encode_submit_report,
)
from asn1.tlv import time_text

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/etsi/sms_tpdu.json").read_text())["vectors"]
NOON = 1_710_331_200_000_000
QUICK = settings(max_examples=120, deadline=None, derandomize=True)
GSM = st.text(
    "".join(char for char in sms_alphabet.BASIC if char != "\x1b") + "".join(sms_alphabet.EXTENSION.values()),
    max_size=400,
)
WIDE = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    octets = bytes.fromhex(vector["octets"])
    if "code" in vector:
        with pytest.raises(DecodeError) as caught:
            decode_tpdu(octets, vector["from_mobile"])
        assert caught.value.code == vector["code"]
        return
    tpdu = decode_tpdu(octets, vector["from_mobile"])
    assert (tpdu.type, tpdu.address, tpdu.text) == (vector["type"], vector["address"], vector["text"])
    if "timestamp" in vector:
        assert time_text(tpdu.timestamp_us) == vector["timestamp"]


def test_the_alphabet_has_128_places():
    assert len(sms_alphabet.BASIC) == 128
    assert len(set(sms_alphabet.BASIC)) == 128


@QUICK
@given(GSM | WIDE)
def test_texts_survive_both_ways_and_are_never_torn(text):
    submitted = encode_submit(text, "12125550102", reference=250, concatenation=7)
    delivered = encode_deliver(text, "12125550101", NOON, concatenation=7, zone_quarters=-20)
    for parts, from_mobile in ((submitted, True), (delivered, False)):
        read = [decode_tpdu(octets, from_mobile) for octets in parts]
        assert "".join(tpdu.text for tpdu in read) == text
        assert all(len(octets) <= 164 for octets in parts)
        if len(read) > 1:
            assert [tpdu.segment for tpdu in read] == [Segment(7, len(read), number + 1) for number in range(len(read))]
        else:
            assert read[0].segment is None
        for tpdu in read:
            tpdu.text.encode("utf-8")


def test_part_sizes():
    assert [len(encode_submit("x" * size, "1")) for size in (0, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [len(encode_submit("я" * size, "1")) for size in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert len(encode_submit("€" * 80, "1")) == 1
    assert len(encode_submit("x" * 71, "1", alphabet="ucs2")) == 2


def test_submit_fields():
    first, second = (
        decode_tpdu(octets, True)
        for octets in encode_submit("x" * 200, "12125550102", reference=255, status_report=True)
    )
    assert (first.reference, second.reference) == (255, 0)
    assert first.status_report
    assert first.address_type == 0x91
    assert first.alphabet == "gsm7"
    assert first.udh == ((0, bytes((0, 2, 1))),)


def test_deliver_fields():
    tpdu = decode_tpdu(encode_deliver("hi", "LAB-NEWS", NOON, address_type=0xD0, zone_quarters=8)[0], False)
    assert (tpdu.address, tpdu.timestamp_us, tpdu.zone_quarters, tpdu.more_messages) == ("LAB-NEWS", NOON, 8, False)
    many = [decode_tpdu(octets, False) for octets in encode_deliver("x" * 300, "*100#", NOON)]
    assert [tpdu.more_messages for tpdu in many] == [True, False]
    assert many[0].address == "*100#"


def test_reports():
    report = decode_tpdu(encode_status_report(7, "12125550102", NOON, NOON + 60_000_000, 0x41), False)
    assert (report.type, report.reference, report.status) == ("SMS-STATUS-REPORT", 7, 0x41)
    assert report.discharge_us - report.timestamp_us == 60_000_000
    accepted = decode_tpdu(encode_submit_report(NOON), False)
    assert (accepted.type, accepted.failure_cause, accepted.timestamp_us) == ("SMS-SUBMIT-REPORT", None, NOON)
    assert decode_tpdu(encode_submit_report(NOON, failure_cause=0xC3), False).failure_cause == 0xC3
    assert decode_tpdu(encode_deliver_report(), True).type == "SMS-DELIVER-REPORT"
    assert decode_tpdu(encode_deliver_report(failure_cause=0xD0), True).failure_cause == 0xD0
    with_text = decode_tpdu(bytes.fromhex("0007000005e8329bfd06"), True)
    assert (with_text.pid, with_text.dcs, with_text.text) == (0, 0, "hello")


def test_command():
    tpdu = decode_tpdu(bytes.fromhex("0205000107" + "0b912121550502f2" + "02abcd"), True)
    assert (tpdu.type, tpdu.reference, tpdu.data) == ("SMS-COMMAND", 5, b"\xab\xcd")


@pytest.mark.parametrize(
    ("dcs", "alphabet", "text"),
    [
        (0x04, "8bit", None),
        (0x08, "ucs2", "\u4100"),
        (0x0C, "gsm7", "A@"),
        (0x20, None, None),
        (0xC8, "gsm7", "A@"),
        (0xE8, "ucs2", "\u4100"),
        (0xF0, "gsm7", "A@"),
        (0xF4, "8bit", None),
    ],
)
def test_data_coding_schemes(dcs, alphabet, text):
    tpdu = decode_tpdu(bytes.fromhex(f"0100039121f300{dcs:02x}024100"), True)
    assert (tpdu.alphabet, tpdu.text, tpdu.data) == (alphabet, text, b"A\0")


def test_national_language_tables_stay_octets():
    tpdu = decode_tpdu(bytes.fromhex("4100039121f30000" + "05" + "03240101" + "41"), True)
    assert tpdu.text is None
    assert tpdu.udh == ((0x24, b"\x01"),)


@pytest.mark.parametrize(
    "element",
    ["0003070200", "0003070203", "080400070200", "00020702", "0500"],
)
def test_impossible_concatenation_is_passed_over(element):
    header = bytes.fromhex(element)
    user = bytes((len(header),)) + header
    octets = bytes.fromhex("4100039121f30004") + bytes((len(user),)) + user
    assert decode_tpdu(octets, True).segment is None


def test_sixteen_bit_concatenation():
    user = bytes.fromhex("06080401020302" + "41")
    octets = bytes.fromhex("4100039121f30004") + bytes((len(user),)) + user
    assert decode_tpdu(octets, True).segment == Segment(0x0102, 3, 2)


@QUICK
@given(st.binary(max_size=180), st.booleans())
def test_any_octets_give_a_tpdu_or_a_decode_error(octets, from_mobile):
    try:
        tpdu = decode_tpdu(octets, from_mobile)
    except DecodeError:
        return
    if tpdu.text is not None:
        tpdu.text.encode("utf-8")


@QUICK
@given(st.data())
def test_cut_tpdus_raise_decode_error(data):
    octets = data.draw(st.sampled_from(encode_submit("x" * 200, "12125550102") + encode_deliver("я" * 90, "1", NOON)))
    at = data.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(DecodeError):
        decode_tpdu(octets[:at], octets[0] & 3 != 0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: encode_submit("x", ""),
        lambda: encode_submit("x", "+1212"),
        lambda: encode_submit("x", "1" * 21),
        lambda: encode_submit("x" * 40_000, "1"),
        lambda: encode_submit("\ud800", "1"),
        lambda: encode_submit("я", "1", alphabet="gsm7"),
        lambda: encode_submit("x", "1", alphabet="8bit"),
        lambda: encode_deliver("x", "toolonganame", NOON, address_type=0xD0),
        lambda: encode_deliver("x", "1", 10**18),
        lambda: encode_deliver("x", "1", 0),
        lambda: encode_deliver("x", "1", NOON, zone_quarters=99),
        lambda: encode_submit_report(NOON, failure_cause=1),
    ],
)
def test_what_cannot_be_sent(call):
    with pytest.raises(EncodeError):
        call()


def test_escapes_at_odd_places():
    assert sms_alphabet.to_text([0x1B, 0x65, 0x1B, 0x41, 0x1B, 0x1B, 0x1B]) == "€A  "
