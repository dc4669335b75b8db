"""A template gives the octets that the tables give: every header, content, width and order, on both paths."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, record_template
from asn1.errors import LocalError
from asn1.ps_pdu import PsHeader, cc_pdu, iri_pdu
from asn1.ps_tables import PS_PDU
from asn1.table import decode

SECOND = 1_000_000
HEADER = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=3, time_us=1_750_000_000 * SECOND)
DIRECTIONS = ["fromTarget", "toTarget", "indeterminate", "combined", "notapplicable", None]
TRUNCATED = ("iPCC", {"iPCCObjId": ip.IPCC_OBJ_ID, "iPCCContents": ("iPTruncatedPacket", {"truncatedPacket": b""})})
# What a template must not mind: short and long forms of every length around the holes.
SIZES = st.one_of(st.integers(0, 300), st.sampled_from([1_400, 4_096, 65_400, 65_535, 65_536]))
UINT32 = st.one_of(st.integers(0, 300), st.integers(32_700, 32_800), st.integers(0, (1 << 32) - 1))
TIMES = st.builds(
    lambda seconds, micros: seconds * SECOND + micros,
    st.one_of(st.integers(0, 1 << 33), st.just(1_750_000_000), st.just(1 << 31), st.just(4_000_000_000_000 - 1)),
    st.one_of(st.integers(0, SECOND - 1), st.integers(0, 300)),
)


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def module(request: pytest.FixtureRequest, interpreted_twin: Any) -> ModuleType:
    if request.param == "interpreted":
        return interpreted_twin("asn1.template")["asn1.template"]
    found = importlib.import_module("asn1.template")
    assert found.COMPILED, "run make, which builds the kernels"
    return found


@pytest.fixture
def template_of(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`cc_template` and `iri_template` with the kernel of the test."""
    monkeypatch.setattr(record_template, "Template", module.Template)
    return record_template


def contents_of(kind: str, packet: bytes) -> tuple[str, Any]:
    if kind == "iPCC":
        return ip.ipcc(packet)
    return multimedia.ipmmcc(packet, frame_type=kind, stream=b"stream" if kind == "udpFrame" else None)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    header=st.builds(
        lambda **fields: PsHeader(**fields),
        authorization_country=st.sampled_from([None, "US"]),
        delivery_country=st.sampled_from([None, "US"]),
        operator_id=st.binary(min_size=1, max_size=16),
        network_element_id=st.sampled_from([None, b"m", b"mediation-functi"]),
        time_qualifier=st.sampled_from([None, "timeOfInterception", "timeOfMediation"]),
        interception_point_id=st.sampled_from([None, "POI-1"]),
        extended_interception_point_id=st.sampled_from([None, b"x" * 200]),
        network_function_id=st.sampled_from([None, b"ims-1"]),
        etsi671_neid=st.none(),
    ),
    has_cin=st.booleans(),
    kind=st.sampled_from(["iPCC", "ipFrame", "udpFrame", "rtpFrame"]),
    has_direction=st.booleans(),
    learned=st.binary(max_size=3),
    records=st.lists(
        st.tuples(
            st.binary(min_size=1, max_size=25), UINT32, UINT32, TIMES, SIZES, st.integers(0, 255), st.integers(0, 4)
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_any_record_is_what_the_tables_make_of_it(
    template_of: Any, header: PsHeader, has_cin: bool, kind: str, has_direction: bool, learned: bytes, records: Any
) -> None:
    basis = header._replace(liid=b"X", cin=7 if has_cin else None, time_us=0)
    template = template_of.cc_template(basis, contents_of(kind, learned), "toTarget" if has_direction else None)
    out, at, expected = bytearray(400_000), 0, b""
    for liid, cin, number, time_us, size, fill, way in records:
        packet = bytes((fill,)) * size
        direction = DIRECTIONS[way] if has_direction else None
        one = basis._replace(liid=liid, cin=cin if has_cin else None, sequence_number=number, time_us=time_us)
        expected = cc_pdu(one, contents_of(kind, packet), direction)
        values = (liid, cin if has_cin else -1, number, time_us, packet, record_template.direction_number(direction))
        end = template.write(out, at, *values)
        assert bytes(out[at:end]) == expected == template.octets(*values)
        at = end if end < 200_000 else 0


@pytest.mark.parametrize("direction", ["fromTarget", None])
@pytest.mark.parametrize("iri_only", [True, False])
def test_signalling_too_where_the_direction_stands_behind_the_content(
    template_of: Any, direction: str | None, iri_only: bool
) -> None:
    def made(sip: bytes) -> Any:
        return multimedia.sip_iri(bytes(4), bytes(16), sip, iri_only=iri_only)

    template = template_of.iri_template(HEADER, made(b""), "begin", direction)
    for number, size in enumerate([0, 5, 100, 200, 1_000, 70_000, 5]):
        one = HEADER._replace(sequence_number=number)
        expected = iri_pdu(one, made(b"s" * size), "begin", payload_direction=direction)
        way = record_template.direction_number(direction)
        assert template.octets(b"LAB-1", 3, number, HEADER.time_us, b"s" * size, way) == expected


def test_packet_reports_too(template_of: Any) -> None:
    template = template_of.iri_template(HEADER, ip.packet_header_report(b""), "report", "toTarget")
    expected = iri_pdu(HEADER, ip.packet_header_report(b"h" * 40), "report", payload_direction="toTarget")
    assert template.octets(b"LAB-1", 3, 0, HEADER.time_us, b"h" * 40, 1) == expected
    assert decode(PS_PDU, expected)


def test_places_are_those_of_the_record_written_last(template_of: Any, module: ModuleType) -> None:
    template = template_of.iri_template(HEADER, multimedia.sip_iri(bytes(4), bytes(4), b""), "begin", "toTarget")
    with pytest.raises(LocalError, match="no record yet"):
        template.place(module.NUMBER)
    content = b"content of the record"
    values = {
        module.LIID: b"LAB-7", module.CIN: bytes((0, 0xFF, 0xFF)), module.NUMBER: b"\x01\x02\x03\x04",
        module.SECONDS: (1_750_000_000).to_bytes(4, "big"), module.MICROSECONDS: b"\x03\xe8", module.DIRECTION: b"\1",
        module.CONTENT: content,
    }  # fmt: skip
    record = template.octets(b"LAB-7", 0xFFFF, 0x01020304, 1_750_000_000_001_000, content, 1)
    for hole, value in values.items():
        at, octets = template.place(hole)
        assert record[at : at + octets] == value
    for hole in (-1, module.HOLES):
        with pytest.raises(LocalError):
            template.place(hole)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"liid": b""}, "LIID"), ({"liid": b"x" * 26}, "LIID"), ({"cin": -1}, "CIN"), ({"cin": 1 << 32}, "CIN"),
        ({"number": -1}, "number"), ({"number": 1 << 32}, "number"), ({"time_us": -1}, "time"),
        ({"time_us": (1 << 62) + 1}, "time"), ({"direction": -1}, "direction"), ({"direction": 128}, "direction"),
        ({"at": -1}, "octet -1"), ({"at": 301}, "octet 301"), ({"at": 200}, "does not fit"),
    ],
)  # fmt: skip
def test_what_no_record_can_hold_is_refused_and_nothing_is_written(
    template_of: Any, values: dict[str, Any], said: str
) -> None:
    template = template_of.cc_template(HEADER, multimedia.ipmmcc(b""), "toTarget")
    given_ = {"at": 0, "liid": b"L", "cin": 0, "number": 0, "time_us": 0, "content": bytes(50), "direction": 0}
    out = bytearray(300)
    with pytest.raises(LocalError, match=said):
        template.write(out, **(given_ | values))
    assert not any(out)


def test_a_template_without_a_hole_for_it_takes_no_cin_and_no_direction(template_of: Any) -> None:
    template = template_of.cc_template(HEADER._replace(cin=None), multimedia.ipmmcc(b""), None)
    assert not template.has_cin and not template.has_direction
    with pytest.raises(LocalError, match="CIN"):
        template.octets(b"L", 0, 0, 0, b"")
    with pytest.raises(LocalError, match="direction"):
        template.octets(b"L", -1, 0, 0, b"", 0)
    assert template.octets(b"LAB-1", -1, 0, HEADER.time_us, b"")


@pytest.mark.parametrize(
    ("header", "contents"),
    [
        (HEADER, ("threeGPP33128DefinedCC", b"x")),
        (HEADER._replace(time_us=None), multimedia.ipmmcc(b"")),
        (HEADER._replace(time_form="generalized"), multimedia.ipmmcc(b"")),
        (HEADER, TRUNCATED),
    ],
)
def test_what_has_no_such_holes_makes_no_template(template_of: Any, header: PsHeader, contents: Any) -> None:
    with pytest.raises(LocalError):
        template_of.cc_template(header, contents, None)


def test_places_that_are_none_make_no_template(module: ModuleType) -> None:
    record = cc_pdu(HEADER, multimedia.ipmmcc(b""), None)
    with pytest.raises(LocalError, match="needs the places"):
        module.Template(record, {module.LIID: 0})
    with pytest.raises(LocalError, match="not the place"):
        module.Template(record, {0: 3, 2: 1, 3: 5, 4: 7, 6: 9})
    with pytest.raises(LocalError, match="one record"):
        module.Template(record + record, {0: 3, 2: 1, 3: 5, 4: 7, 6: 9})


def test_constants_are_the_same_on_both_paths(module: ModuleType) -> None:
    holes = [module.LIID, module.CIN, module.NUMBER, module.SECONDS, module.MICROSECONDS, module.DIRECTION]
    assert [*holes, module.CONTENT, module.HOLES] == list(range(8))
    types = Path(__file__).parents[2].joinpath("asn1/template.pxd").read_text()
    if not module.COMPILED:
        for name, value in re.findall(r"(_[A-Z_]+) = (-?\d+)", types):
            assert getattr(module, name) == int(value)
