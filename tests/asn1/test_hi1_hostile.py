"""HI1 messages from an enemy: DTDs, entities, bombs, depth, size, cuts and flipped bits. DecodeError or a message."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import hi1
from asn1.errors import DecodeError
from asn1.hi1_messages import HI1Message
from asn1.hi1_xml import MAX_DEPTH, MAX_ELEMENTS, MAX_OCTETS

VECTORS = Path(__file__).parents[1] / "vectors" / "etsi" / "hi1"
CREATE = (VECTORS / "create_request.xml").read_bytes()
KEPT = (VECTORS / "kept_request.xml").read_bytes()
ROOT = b"<HI1Message"
DTD = b"<!DOCTYPE HI1Message ["


def refused(octets: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        hi1.parse_message(octets)
    return caught.value


def with_doctype(inside: bytes, reference: bytes = b"") -> bytes:
    octets = CREATE.replace(ROOT, DTD + inside + b"]>" + ROOT, 1)
    return octets.replace(b"O-1", reference or b"O-1")


def test_attack_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    error = refused(with_doctype(f'<!ENTITY x SYSTEM "file://{secret}">'.encode(), b"&x;"))
    assert error.code == DecodeError.BAD_VALUE and "SECRET" not in str(error)


def test_attack_external_dtd_is_not_fetched() -> None:
    octets = CREATE.replace(ROOT, b'<!DOCTYPE HI1Message SYSTEM "http://192.0.2.1/x.dtd">' + ROOT, 1)
    assert "type definition" in refused(octets).message


def test_attack_billion_laughs() -> None:
    bomb = b'<!ENTITY a "lol">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
    assert refused(with_doctype(bomb, b"&m;")).code == DecodeError.BAD_VALUE


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7"])
def test_attack_a_dtd_hidden_in_another_encoding(encoding: str) -> None:
    text = with_doctype(b'<!ENTITY a "x">', b"&a;").decode().replace("utf-8", encoding)
    refused(text.encode(encoding))


def test_attack_an_undeclared_entity_is_no_text() -> None:
    refused(CREATE.replace(b"O-1", b"&x;"))


def test_attack_huge_trees_are_refused_before_they_are_built() -> None:
    many = CREATE.replace(b"<doc:DocumentName>", b"<a/>" * (2 * MAX_ELEMENTS + 64) + b"<doc:DocumentName>")
    assert refused(many).code == DecodeError.TOO_MANY
    fewer = CREATE.replace(b"<doc:DocumentName>", b"<a/>" * MAX_ELEMENTS + b"<doc:DocumentName>")
    assert refused(fewer).code == DecodeError.TOO_MANY
    assert refused(CREATE + b" " * MAX_OCTETS).code == DecodeError.OVERSIZED


def test_attack_deep_trees_are_refused() -> None:
    for depth in (MAX_DEPTH, 255, 5_000):
        nested = b"<a>" * depth + b"</a>" * depth
        error = refused(CREATE.replace(b"<doc:DocumentName>", nested + b"<doc:DocumentName>"))
        assert error.code in (DecodeError.TOO_DEEP, DecodeError.BAD_VALUE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"HI1Message", b"HI2Message"),
        (b"common/2019/10/Core", b"common/2019/10/Other"),
        (b'xsi:type="auth:AuthorisationObject"', b""),
        (b'xsi:type="auth:AuthorisationObject"', b'xsi:type="none:AuthorisationObject"'),
        (b'xsi:type="auth:AuthorisationObject"', b'xsi:type=":"'),
        (b"<CREATE>", b'<CREATE a="1">'),
        (b"<CREATE>", b"<CREATE>text"),
        (b"<auth:AuthorisationReference>", b"<auth:AuthorisationReference><b/>"),
        (b"11111111-1111-4111-8111-111111111111", b"1111"),
        (b"11111111-1111", b"AAAAAAAA-1111"),
        (b"2026-03-31T13:00:00Z", b"2026-03-31T13:00:00"),
        (b"2026-03-31T13:00:00Z", b"2026-02-31T13:00:00Z"),
        (b"2026-03-31T13:00:00Z", b"1969-12-31T23:59:59Z"),
        (b"2026-03-31T13:00:00Z", b"0001-01-01T00:00:00+14:00"),
        (b"00.000001Z", b"00.00001Z"),
        (b"ActionIdentifier>0<", b"ActionIdentifier>-1<"),
        (b"ActionIdentifier>0<", b"ActionIdentifier>1e3<"),
        (b"ActionIdentifier>0<", b"ActionIdentifier>" + b"9" * 5000 + b"<"),
        (b"IsEmergency>false", b"IsEmergency>no"),
        (b"U0lNVUxBVEVE", b"U0lNVUxBVEV!"),
        (b"U0lNVUxBVEVE", b"U0lNVUxBVEV"),
        (b"<CREATE>", b"<GET><Identifier>22222222-2222-4222-8222-222222222222</Identifier></GET><CREATE>"),
        (b"<TransactionIdentifier>aaaaaaaa-0000-4000-8000-000000000001</TransactionIdentifier>", b""),
        (b"LAB-0001", b"LAB-0001\xc3\xa4"),
        (b"<auth:CSPID><CountryCode>XX</CountryCode><UniqueIdentifier>SIMOP</UniqueIdentifier></auth:CSPID>", b""),
    ],
)
def test_what_is_not_as_the_schema_says_is_refused(old: bytes, new: bytes) -> None:
    assert old in CREATE
    refused(CREATE.replace(old, new))


def test_attack_two_verbs_nobody_knows_are_not_one() -> None:
    refused(KEPT.replace(b"<GETCSPCONFIG/>", b"<GETCSPCONFIG/><GETCSPCONFIG/>"))


@pytest.mark.parametrize("inside", [b"", b"<a/>", b"<CountryCode>XX</CountryCode>"])
def test_lab_parameters_have_a_country_and_no_foreign_fields(inside: bytes) -> None:
    octets = CREATE.replace(
        b"</HI1Object>\n          </CREATE>",
        b'<auth:NationalAuthorisationParameters xmlns:l="urn:calea-lab:hi1:1" xsi:type="l:OrderParameters">'
        + inside
        + b"</auth:NationalAuthorisationParameters></HI1Object></CREATE>",
        1,
    )
    refused(octets)


@pytest.mark.parametrize("octets", [b"", b"\xff\xfe", b"\x00" * 40, b"<", b"<HI1Message/>", b"{}", b"\xef\xbb\xbf"])
def test_what_is_no_xml_is_refused(octets: bytes) -> None:
    refused(octets)


@pytest.mark.parametrize("octets", [CREATE, KEPT])
def test_a_message_cut_anywhere_is_refused(octets: bytes) -> None:
    whole = octets.rstrip()
    for at in range(0, len(whole), 7):
        refused(whole[:at])
    refused(whole[:-1])


@settings(max_examples=400, deadline=None)
@given(
    octets=st.sampled_from([CREATE, KEPT, (VECTORS / "responses.xml").read_bytes()]),
    changes=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_attack_any_octets_changed_give_a_message_or_decode_error(
    octets: bytes, changes: list[tuple[int, int]]
) -> None:
    changed = bytearray(octets)
    for at, value in changes:
        changed[at % len(changed)] = value
    try:
        message = hi1.parse_message(bytes(changed))
    except DecodeError:
        return
    assert hi1.parse_message(hi1.build_message(message)) == message


@settings(max_examples=200, deadline=None)
@given(octets=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "ignore")))
def test_any_octets_give_a_message_or_decode_error(octets: bytes) -> None:
    try:
        found = hi1.parse_message(octets)
    except DecodeError:
        return
    assert isinstance(found, HI1Message)
