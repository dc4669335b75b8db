"""A load is what the ordinary encoders make of the same values, packet by packet, on both paths."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, record_template
from asn1.columns import Columns, LiidTable
from asn1.errors import LocalError
from asn1.packets import parse_ip, parse_rtp
from asn1.ps_pdu import PsHeader, cc_pdu
from asn1.scan import scan
from asn1.x2x3 import Framer, PayloadDirection, PayloadFormat, PduType, X2X3Pdu, encode_pdu
from carrier_sim.load import profile as profile_module
from carrier_sim.load.profile import Profile

ROOT = Path(__file__).parents[3]
NAMES = ("asn1.template", "carrier_sim.load.packets", "carrier_sim.load.streams")
START_US = 1_750_000_000_000_000


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kernels(request: pytest.FixtureRequest, interpreted_twin: Any) -> SimpleNamespace:
    if request.param == "interpreted":
        found = interpreted_twin(*NAMES)
    else:
        found = {name: importlib.import_module(name) for name in NAMES}
        assert all(module.COMPILED for module in found.values()), "run make, which builds the kernels"
    return SimpleNamespace(**{name.rpartition(".")[2]: module for name, module in found.items()})


@pytest.fixture
def load(kernels: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`profile` on the kernels of the test."""
    monkeypatch.setattr(record_template, "Template", kernels.template.Template)
    monkeypatch.setattr(profile_module, "Packets", kernels.packets.Packets)
    monkeypatch.setattr(profile_module, "Streams", kernels.streams.Streams)
    monkeypatch.setattr(profile_module, "X3Streams", kernels.streams.X3Streams)
    return profile_module


SIZES = st.sampled_from([40, 41, 120, 127, 128, 200, 201, 1_400, 9_000, 65_535])
PROFILES = st.builds(
    lambda liids, more, **fields: Profile(streams=liids + more, liids=liids, **fields),
    liids=st.integers(1, 4),
    more=st.integers(0, 5),
    sizes=st.lists(
        st.sampled_from([40, 41, 120, 127, 128, 200, 201, 1_400, 9_000, 65_535]), min_size=1, max_size=4
    ).map(tuple),
    service=st.sampled_from(["voice", "data"]),
    seed=st.integers(0, 5),
    first_number=st.sampled_from([0, 120, 255, 32_760, 65_530, (1 << 31) - 3]),
    first_cin=st.sampled_from([1, 126, 65_535]),
)
STEPS = st.sampled_from([0, 1, 7, 20_000, 333_333])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(profile=PROFILES, records=st.lists(st.integers(0, 9), min_size=1, max_size=3), step_us=STEPS)
def test_records_are_what_the_tables_make_of_the_same_packets(
    load: Any, profile: Profile, records: list[int], step_us: int
) -> None:
    streams = load.record_streams(profile)
    liids, cins = profile.labels()
    numbers = [profile.first_number] * profile.streams
    out, at, made, expected = bytearray(70_000 * sum(records) + 1), 0, 0, b""
    for count in records:
        at = streams.fill(out, at, count, START_US + made * step_us, step_us)
        for one in range(made, made + count):
            stream = one % profile.streams
            number = numbers[stream]
            numbers[stream] += 1
            packet = streams.packets.packet(stream, number)
            header = PsHeader(
                liid=liids[stream], authorization_country="US", delivery_country="US", operator_id=b"LABOP",
                network_element_id=b"med-1", cin=cins[stream], sequence_number=number,
                time_us=START_US + one * step_us, time_qualifier="timeOfInterception",
            )  # fmt: skip
            contents: Any = multimedia.ipmmcc(packet) if profile.service == "voice" else ip.ipcc(packet)
            expected += cc_pdu(header, contents, "toTarget" if number % 2 else "fromTarget")
        made += count
    assert bytes(out[:at]) == expected and list(streams.numbers) == numbers


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(profile=PROFILES, records=st.integers(0, 12), step_us=STEPS)
def test_x3_pdus_are_what_the_encoder_makes_of_the_same_packets(
    load: Any, profile: Profile, records: int, step_us: int
) -> None:
    streams = load.x3_streams(profile)
    _, cins = profile.labels()
    nfid, ipid = ("ims-1", "ims-1-media") if profile.service == "voice" else ("upf-1", "upf-1-packets")
    out = bytearray(70_000 * records + 1)
    end = streams.fill(out, 0, records, START_US, step_us)
    expected = b""
    for one in range(records):
        stream, number = one % profile.streams, profile.first_number + one // profile.streams
        way = PayloadDirection.TO_TARGET if number % 2 else PayloadDirection.FROM_TARGET
        expected += encode_pdu(
            X2X3Pdu(
                PduType.X3, PayloadFormat.IPV4, way, load.xid_of(profile, stream % profile.liids), cins[stream],
                streams.packets.packet(stream, number), nfid=nfid, ipid=ipid, sequence_number=number,
                timestamp_ns=(START_US + one * step_us) * 1000,
            )
        )  # fmt: skip
    assert bytes(out[:end]) == expected
    assert len(Framer().feed(bytes(out[:end]))) == records


def checksum(octets: bytes) -> int:
    total = sum(int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(octets), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(profile=PROFILES, stream=st.integers(0, (1 << 31) - 1), number=st.integers(0, (1 << 32) - 1))
def test_packets_are_sound(load: Any, profile: Profile, stream: int, number: int) -> None:
    packet = load.packets(profile).packet(stream, number)
    assert len(packet) == profile.sizes[(stream + number) % len(profile.sizes)]
    assert checksum(packet[:20]) == 0xFFFF
    pseudo = packet[12:20] + b"\0\x11" + (len(packet) - 20).to_bytes(2, "big")
    assert checksum(pseudo + packet[20:]) == 0xFFFF and packet[26:28] != b"\0\0"
    read = parse_ip(packet)
    assert read is not None and (read.source, read.destination) == ("192.0.2.10", "198.51.100.20")
    rtp = parse_rtp(packet[28:])
    assert rtp is not None
    assert (rtp.sequence_number, rtp.timestamp, rtp.ssrc) == (number & 0xFFFF, number * 160 & 0xFFFFFFFF, stream)


def test_a_seed_is_a_run(load: Any) -> None:
    def filled(seed: int) -> bytes:
        out = bytearray(100_000)
        return bytes(out[: load.record_streams(Profile(10, 5, seed=seed)).fill(out, 0, 100, START_US, 1)])

    assert filled(1) == filled(1) != filled(2)


def test_a_load_of_many_labels_is_read_back_by_the_scan(load: Any) -> None:
    profile = Profile(streams=3_000, liids=1_000)
    out = bytearray(3_000 * 400)
    end = load.record_streams(profile).fill(out, 0, 3_000, START_US, 10)
    cols, liids = Columns(4_000), LiidTable()
    assert scan(out, 0, end, cols, liids, 1 << 16) == end
    assert (cols.n, len(liids)) == (3_000, 1_000) and not any(cols.status)
    assert cols.cin[:1_001].tolist() == [1] * 1_000 + [2]


def test_what_does_not_fit_is_said_and_can_be_gone_on_with(load: Any) -> None:
    streams = load.record_streams(Profile(2, 1))
    out = bytearray(1_000)
    with pytest.raises(LocalError, match="do not fit"):
        streams.fill(out, 0, 10, START_US, 1)
    assert sum(streams.numbers) == 3
    with pytest.raises(LocalError, match="cannot be filled"):
        streams.fill(out, 1_001, 1, START_US, 1)
    with pytest.raises(LocalError, match="none since 1970"):
        streams.fill(out, 0, 1, -1, 1)
    with pytest.raises(LocalError, match="do not fit"):
        load.x3_streams(Profile()).fill(out, 900, 1, START_US, 1)


def test_attack_a_stream_out_of_numbers_gives_none_twice(load: Any) -> None:
    streams = load.record_streams(Profile(first_number=(1 << 32) - 2))
    out = bytearray(2_000)
    with pytest.raises(LocalError, match="out of numbers"):
        streams.fill(out, 0, 3, START_US, 1)
    assert list(streams.numbers) == [1 << 32]


@pytest.mark.parametrize(
    "fields",
    [
        {"streams": 0}, {"streams": 2, "liids": 3}, {"sizes": ()}, {"sizes": (39,)}, {"sizes": (65_536,)},
        {"service": "fax"}, {"prefix": "x" * 20},
    ],
)  # fmt: skip
def test_a_profile_that_is_none_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(LocalError):
        Profile(**fields)


def test_kernels_refuse_what_would_leave_their_arrays(kernels: SimpleNamespace, load: Any) -> None:
    packets = load.packets(Profile())
    head = packets.packet(0, 0)
    for values in (
        (b"", [200], bytes(400)),
        (head, [], bytes(400)),
        (head, [200], bytes(401)),
        (head, [200], bytes(200)),
    ):
        with pytest.raises(LocalError):
            kernels.packets.Packets(*values)
    with pytest.raises(LocalError):
        packets.packet(-1, 0)
    x3 = kernels.streams.X3Streams
    for values in (
        (bytes(20), (0, 4, 8), [bytes(16)], [0], packets), (bytes(60), (0, 4, 60), [bytes(16)], [0], packets),
        (bytes(60), (0, 4, 8), [bytes(15)], [0], packets), (bytes(60), (0, 4, 8), [bytes(16)], [-1], packets),
        (bytes(60), (0, 4, 8), [bytes(16)], [0], packets, 7), (bytes(60), (0, 4, 8), [], [], packets),
    ):  # fmt: skip
        with pytest.raises(LocalError):
            x3(*values)


def test_constants_of_the_types_files_are_those_of_the_sources(interpreted_twin: Any) -> None:
    found = 0
    for name, module in interpreted_twin(*NAMES).items():
        types = (ROOT / (name.replace(".", "/") + ".pxd")).read_text()
        values = dict(re.findall(r"^    (_[A-Z_]+) = (-?\d+)$", types, re.M))
        defines = dict(re.findall(r"#define (\w+) \(\(int64_t\)(\d+)\)", types))
        values |= {one: defines[macro] for one, macro in re.findall(r'const int64_t (_[A-Z_]+) "(\w+)"', types)}
        for constant, value in values.items():
            assert getattr(module, constant) == int(value), f"{name}.{constant}"
        found += len(values)
    assert found >= 15
