import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, EncodeError, LocalError
from asn1.laes.ccc import HEADER_OCTETS, CccDatagram, ccc_text, decode_datagram, encode_datagram

PACKET = bytes.fromhex("4500001c000100004011f7c5c0000201c63364011388138800080000")
MOMENT_US = 1_772_373_600_123_000
ONE = {
    4: CccDatagram(10, None, None, PACKET),
    12: CccDatagram(10, MOMENT_US, None, PACKET),
    20: CccDatagram(10, MOMENT_US, b"SIM-0001", PACKET),
}
HEADERS = {
    4: "0000000a",
    12: "0000000a" + "ed4ec4e0" + "1f7ced91",
    20: "0000000a" + "ed4ec4e0" + "1f7ced91" + "53494d2d30303031",
}


@pytest.mark.parametrize("header_octets", HEADER_OCTETS)
def test_each_generation_has_its_header(header_octets):
    octets = bytes.fromhex(HEADERS[header_octets]) + PACKET
    assert encode_datagram(ONE[header_octets], header_octets) == octets
    assert decode_datagram(octets, header_octets) == ONE[header_octets]


def test_an_identifier_reads_as_call_data_writes_it():
    assert ccc_text(10) == "0000000A"


def test_a_generation_read_as_another_is_not_an_ip_packet():
    octets = encode_datagram(ONE[20], 20)
    for other in (4, 12):
        with pytest.raises(DecodeError) as caught:
            decode_datagram(octets, other)
        assert caught.value.code == DecodeError.BAD_VALUE


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(-61_505_152_000_000, 4_233_462_143_999_999),
    st.binary(min_size=8, max_size=8),
)
def test_every_microsecond_of_both_eras_comes_back(ccc_id, time_us, case_id):
    datagram = CccDatagram(ccc_id, time_us, case_id, PACKET)
    assert decode_datagram(encode_datagram(datagram, 20), 20) == datagram


def test_the_turn_of_the_ntp_era_is_a_time_and_all_zeros_are_none():
    turn_us = 2_085_978_496_000_000
    for time_us in (turn_us - 1, turn_us, turn_us + 1):
        assert decode_datagram(encode_datagram(CccDatagram(1, time_us, None, PACKET), 12), 12).time_us == time_us
    unknown = CccDatagram(1, None, None, PACKET)
    octets = encode_datagram(unknown, 12)
    assert octets[4:12] == bytes(8)
    assert decode_datagram(octets, 12) == unknown


@pytest.mark.parametrize("header_octets", HEADER_OCTETS)
def test_a_datagram_cut_inside_its_header_or_without_packet_is_refused(header_octets):
    octets = encode_datagram(ONE[header_octets], header_octets)
    for end in range(header_octets):
        with pytest.raises(DecodeError) as caught:
            decode_datagram(octets[:end], header_octets)
        assert caught.value.code == DecodeError.TRUNCATED
    for packet in (b"", b"\x00", b"\x30" + PACKET):
        with pytest.raises(DecodeError) as caught:
            decode_datagram(octets[:header_octets] + packet, header_octets)
        assert (caught.value.code, caught.value.offset) == (DecodeError.BAD_VALUE, header_octets)


def test_attack_a_datagram_larger_than_any_packet():
    with pytest.raises(DecodeError) as caught:
        decode_datagram(bytes(4) + b"\x45" * 65_536, 4)
    assert caught.value.code == DecodeError.OVERSIZED


@pytest.mark.parametrize(
    ("datagram", "header_octets"),
    [
        (ONE[12], 4),
        (ONE[20], 12),
        (ONE[12], 20),
        (ONE[20]._replace(case_id=b"short"), 20),
        (ONE[4]._replace(ccc_id=1 << 32), 4),
        (ONE[4]._replace(ccc_id=-1), 4),
        (ONE[12]._replace(time_us=-61_505_152_000_001), 12),
        (ONE[12]._replace(time_us=4_233_462_144_000_000), 12),
    ],
)
def test_what_a_generation_has_no_place_for_is_not_written(datagram, header_octets):
    with pytest.raises(EncodeError):
        encode_datagram(datagram, header_octets)


def test_no_other_generation_exists():
    for call in (lambda: encode_datagram(ONE[4], 8), lambda: decode_datagram(PACKET, 8)):
        with pytest.raises(LocalError, match="choose one of"):
            call()
