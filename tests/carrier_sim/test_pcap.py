"""Capture files in every form we claim to read, and damaged ones."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrier_sim.pcap import (
    LINK_ETHERNET,
    LINK_LOOP,
    LINK_NULL,
    LINK_RAW,
    LINK_SLL,
    LINK_SLL2,
    Captured,
    CaptureError,
    PcapngWriter,
    PcapWriter,
    ip_of_frame,
    read_capture,
)

SIPP = Path(__file__).parents[1] / "vectors/captures/sipp-calls.pcap"
IPV4 = b"\x45" + bytes(19) + b"packet"
IPV6 = b"\x60" + bytes(39) + b"packet"
TIME_US = 1_795_408_988_463_242


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "fraction"), [(0xA1B2C3D4, 463_242), (0xA1B23C4D, 463_242_999)])
def test_pcap_orders_and_resolutions(order: str, magic: int, fraction: int) -> None:
    octets = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    octets += struct.pack(order + "IIII", TIME_US // 1_000_000, fraction, 3, 9) + b"abc"
    assert list(read_capture(BytesIO(octets))) == [Captured(TIME_US, 1, b"abc", 9)]


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, 12 + len(body)) + body + struct.pack(order + "I", 12 + len(body))


def pcapng(order: str, options: bytes, ticks: int) -> bytes:
    return (
        block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
        + block(order, 1, struct.pack(order + "HHI", LINK_RAW, 0, 0) + options)
        + block(order, 4, b"name resolution, not for us.")
        + block(order, 6, struct.pack(order + "IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, 3, 5) + b"abc")
        + block(order, 2, struct.pack(order + "HHIIII", 0, 0, ticks >> 32, ticks & 0xFFFFFFFF, 3, 5) + b"def")
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_orders_and_resolutions(order: str) -> None:
    nano = struct.pack(order + "HHB3x", 9, 1, 9)
    shift = struct.pack(order + "HHq", 14, 8, 1_000)
    binary = struct.pack(order + "HHB3x", 9, 1, 0x80 | 10)
    end = struct.pack(order + "HH", 0, 0)
    for options, ticks, time_us in (
        (b"", TIME_US, TIME_US),
        (nano + end, TIME_US * 1_000 + 7, TIME_US),
        (shift + end, TIME_US - 1_000_000_000, TIME_US),
        (binary + end, 1_024 * 1_700_000_000 + 512, 1_700_000_000_500_000),
    ):
        found = list(read_capture(BytesIO(pcapng(order, options, ticks))))
        assert found == [Captured(time_us, LINK_RAW, b"abc", 5), Captured(time_us, LINK_RAW, b"def", 5)]


def test_a_second_section_has_interfaces_of_its_own() -> None:
    assert len(list(read_capture(BytesIO(pcapng("<", b"", 1) + pcapng(">", b"", 2))))) == 4


@pytest.mark.parametrize("writer", [PcapWriter, PcapngWriter])
def test_written_is_read(writer: type) -> None:
    stream = BytesIO()
    out = writer(stream)
    for octets in (IPV4, IPV6, b"odd"):
        out.write(TIME_US, octets)
    stream.seek(0)
    assert list(read_capture(stream)) == [Captured(TIME_US, LINK_RAW, one, len(one)) for one in (IPV4, IPV6, b"odd")]


VLAN = b"\x81\x00\x00\x07"


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (LINK_ETHERNET, bytes(12) + b"\x08\x00" + IPV4),
        (LINK_ETHERNET, bytes(12) + b"\x86\xdd" + IPV6),
        (LINK_ETHERNET, bytes(12) + b"\x88\xa8\x00\x01" + VLAN + b"\x08\x00" + IPV4),
        (LINK_SLL, bytes(14) + b"\x08\x00" + IPV4),
        (LINK_SLL, bytes(14) + VLAN + b"\x86\xdd" + IPV6),
        (LINK_SLL2, b"\x08\x00" + bytes(18) + IPV4),
        (LINK_SLL2, b"\x81\x00" + bytes(18) + b"\x00\x07\x08\x00" + IPV4),
        (LINK_NULL, b"\x02\0\0\0" + IPV4),
        (LINK_NULL, b"\x1e\0\0\0" + IPV6),
        (LINK_LOOP, b"\0\0\0\x02" + IPV4),
        (LINK_RAW, IPV6),
        (12, IPV4),
        (228, IPV4),
        (229, IPV6),
    ],
)
def test_ip_of_every_link_type(link: int, frame: bytes) -> None:
    assert ip_of_frame(link, frame) == (IPV4 if frame.endswith(IPV4) else IPV6)


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (LINK_ETHERNET, bytes(12) + b"\x08\x06" + bytes(28)),
        (LINK_ETHERNET, bytes(13)),
        (LINK_ETHERNET, bytes(12) + VLAN * 6 + b"\x08\x00" + IPV4),
        (LINK_SLL, b""),
        (LINK_SLL2, b"\x08\x06" + bytes(40)),
        (LINK_NULL, b"\x02\0\0\0"),
        (LINK_RAW, b"\x15abc"),
        (105, IPV4),
    ],
)
def test_frames_without_ip(link: int, frame: bytes) -> None:
    assert ip_of_frame(link, frame) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"PK\3\4" + bytes(30),
        b"\xd4\xc3\xb2\xa1" + bytes(8),
        b"\xd4\xc3\xb2\xa1" + bytes(20) + struct.pack("<IIII", 0, 0, 1 << 30, 0),
        b"\x0a\x0d\x0d\x0a" + bytes(30),
        b"\x0a\x0d\x0d\x0a" + struct.pack("<II", 1 << 31, 0x1A2B3C4D),
        block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block("<", 3, bytes(8)),
        block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block("<", 6, bytes(20)),
        block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block("<", 6, bytes(8)),
        block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block("<", 1, bytes(4)),
        block("<", 0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        + block("<", 1, bytes(8) + struct.pack("<HHB3x", 9, 1, 99)),
        pcapng("<", b"", 1)[:-40] + block("<", 6, struct.pack("<IIIII", 0, 0, 0, 999, 999)),
    ],
)
def test_damaged_files_are_refused_in_words(octets: bytes) -> None:
    with pytest.raises(CaptureError):
        list(read_capture(BytesIO(octets)))


@given(st.integers(0, 3_000), st.integers(0, 8 * 3_000 - 1))
@settings(max_examples=100)
def test_cut_or_flipped_gives_only_our_error(cut: int, bit: int) -> None:
    octets = bytearray(SIPP_HEAD)
    octets[bit // 8] ^= 1 << bit % 8
    for changed in (octets, octets[:cut]):
        try:
            for captured in read_capture(BytesIO(changed)):
                ip_of_frame(captured.link, captured.octets)
        except CaptureError:
            continue


SIPP_HEAD = SIPP.read_bytes()[:3_000]


def test_a_file_cut_in_a_packet_ends_there() -> None:
    whole = list(read_capture(BytesIO(SIPP_HEAD)))
    assert list(read_capture(BytesIO(SIPP_HEAD[:-1]))) == whole[: len(whole)]
    assert len(whole) > 3
