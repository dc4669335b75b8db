"""Every field's octets: the tree covers the record, each leaf reads back from its own octets, all of it is found."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import multimedia, ps_pdu, spans, tlv, ts33128
from asn1.errors import DecodeError
from asn1.laes import cc_apdu, ias, pcesp, t1678
from asn1.ps_tables import PS_PDU
from asn1.spans import ROOT, Span, octets_text, ps_pdu_spans
from asn1.table import decode

VECTORS = Path(__file__).parents[1] / "vectors"
ROOTS = {"pcesp": pcesp.CDC_PDU, "ias": ias.IAS_PROTOCOL, "vop": t1678.LAES_PROTOCOL, "cc": cc_apdu.CC_APDU}


def etsi_records() -> list[Any]:
    found = []
    for path in sorted((VECTORS / "etsi").glob("records_*.json")):
        held = json.loads(path.read_text())
        for case in held["vectors"] if held["record"] == "ps_tables.PS_PDU" else ():
            found.append(pytest.param(bytes.fromhex(case["octets"]), id=f"{path.stem}-{case['name']}"))
    assert len(found) > 50
    return found


def us_records() -> list[Any]:
    return [
        pytest.param(ROOTS[path.stem.partition("_")[0]], path.read_bytes(), id=path.stem)
        for path in sorted((VECTORS / "us").glob("*.ber"))
        if not path.stem.endswith("pair")
    ]


def checked(octets: bytes, found: tuple[Span, ...]) -> None:
    """The tree is one, its spans nest without a gap, and leaves are elements."""
    assert found[0].parent == ROOT and (found[0].offset, found[0].length) == (0, len(octets))
    ends: dict[int, int] = {}
    for one in found[1:]:
        above = found[one.parent]
        assert one.depth == above.depth + 1 and one.parent < one.number
        assert above.content <= one.offset or above.offset == one.offset
        assert one.offset + one.length <= above.offset + above.length
        assert one.offset == ends.get(one.parent, one.offset), "siblings follow each other without a gap"
        ends[one.parent] = one.offset + one.length
    parents = {one.parent for one in found}
    for one in found:
        if one.kind == "line":
            continue
        element = tlv.read_tlv(octets, one.offset, one.offset + one.length)
        assert (element.end, element.content) == (one.offset + one.length, one.content)
        if one.number not in parents and one.value.startswith("0x") and "…" not in one.value:
            assert one.value == f"0x{octets[element.content : element.content_end].hex()}" or element.constructed


@pytest.mark.parametrize("octets", etsi_records())
def test_the_tree_of_an_etsi_record_covers_it(octets: bytes) -> None:
    try:
        decode(PS_PDU, octets)
    except DecodeError:
        with pytest.raises(DecodeError):
            ps_pdu_spans(octets)
        return
    checked(octets, ps_pdu_spans(octets))


@pytest.mark.parametrize(("root", "octets"), us_records())
def test_the_tree_of_a_us_record_covers_it(root: Any, octets: bytes) -> None:
    found = spans.spans(root, octets)
    checked(octets, found)
    assert any(one.value for one in found)


def header(**more: Any) -> ps_pdu.PsHeader:
    return ps_pdu.PsHeader(
        liid=b"LAB-0001", authorization_country="US", operator_id=b"SIMOP", cin=7, sequence_number=3, time_us=5, **more
    )


SIP = b"INVITE sip:b@x.invalid SIP/2.0\r\nFrom: <sip:a@x.invalid>\r\n\r\nv=0\r\n"


def test_a_sip_message_is_shown_line_by_line_each_with_its_octets() -> None:
    octets = ps_pdu.iri_pdu(header(), multimedia.sip_iri(b"\xc0\0\2\1", b"\xc0\0\2\2", SIP), "begin")
    found = ps_pdu_spans(octets)
    checked(octets, found)
    lines = [one for one in found if one.kind == "line"]
    assert [(one.name, one.value) for one in lines][:2] == [
        ("line 1", "INVITE sip:b@x.invalid SIP/2.0"), ("From", "<sip:a@x.invalid>"),
    ]  # fmt: skip
    assert b"".join(octets[one.offset : one.offset + one.length] for one in lines) == SIP
    (held,) = [one for one in found if one.name == "lawfulInterceptionIdentifier"]
    assert (held.value, octets[held.content : held.offset + held.length]) == ("LAB-0001", b"LAB-0001")


def test_a_record_inside_an_octet_string_is_looked_into_where_it_stands() -> None:
    message = {
        "originatingSMSParty": {"gPSI": ("mSISDN", "12125550101")},
        "terminatingSMSParty": {},
        "direction": "fromTarget",
        "linkTransferStatus": "transferSucceeded",
    }
    event = ts33128.encode_iri(("sMSMessage", message))
    octets = ps_pdu.iri_pdu(header(), ("threeGPP33128DefinedIRI", event), "report")
    found = ps_pdu_spans(octets)
    checked(octets, found)
    (number,) = [one for one in found if one.name == "mSISDN"]
    assert number.value == "12125550101" and octets[number.content : number.offset + number.length] == b"12125550101"
    broken = ps_pdu.iri_pdu(header(), ("threeGPP33128DefinedIRI", b"\x30\x09junk"), "report")
    assert ps_pdu_spans(broken)[-1].value.startswith("0x3009")


def test_values_are_one_line_and_bounded() -> None:
    assert octets_text(b"a" * 500).endswith("…") and len(octets_text(bytes(500))) < 260
    assert octets_text(b"") == "" and octets_text(b"a\nb") == "0x610a62"
    clauses = {
        one.clause for one in ps_pdu_spans(ps_pdu.iri_pdu(header(), multimedia.sip_iri(b"\1\2\3\4", b"\1\2\3\5", SIP)))
    }
    assert "6.2.3" in clauses


@given(st.binary(max_size=80))
@settings(deadline=None)
def test_attack_any_octets_are_a_tree_or_a_decode_error(octets: bytes) -> None:
    for root in (PS_PDU, t1678.LAES_PROTOCOL, cc_apdu.CC_APDU):
        with contextlib.suppress(DecodeError):
            checked(octets, spans.spans(root, octets))


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_attack_a_bit_flipped_anywhere_is_a_tree_or_a_decode_error(data: Any) -> None:
    octets = bytearray(ps_pdu.iri_pdu(header(), multimedia.sip_iri(b"\xc0\0\2\1", b"\xc0\0\2\2", SIP), "begin"))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decode(PS_PDU, octets)
    except DecodeError:
        return
    checked(bytes(octets), ps_pdu_spans(bytes(octets)))


def test_attack_values_inside_each_other_without_end_are_refused() -> None:
    deep = b""
    for _ in range(200):
        deep = b"\xbf\x63" + tlv.encode_length(len(deep)) + deep
    octets = b"\x30" + tlv.encode_length(len(deep)) + deep
    with pytest.raises(DecodeError):
        ps_pdu_spans(octets)
