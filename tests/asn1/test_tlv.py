import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1 import tlv
from asn1.errors import DecodeError, EncodeError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/etsi/tlv.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    octets = bytes.fromhex(vector["octets"])
    if not vector["valid"]:
        with pytest.raises(DecodeError) as caught:
            tlv.read_tlv(octets, 0, len(octets))
        assert caught.value.code == vector["code"]
        return
    found = tlv.read_tlv(octets, 0, len(octets))
    assert octets[found.content : found.content_end].hex() == vector["content"]
    assert found.end == vector["end"]
    assert found.number == vector.get("number", found.number)


@given(st.binary(max_size=64))
def test_any_octets_give_an_element_or_a_decode_error(octets):
    try:
        found = tlv.read_tlv(octets, 0, len(octets))
    except DecodeError:
        return
    assert 0 < found.content <= found.content_end <= found.end <= len(octets)
    try:
        tree = tlv.tag_tree(octets, 0, found.end)
    except DecodeError:
        return
    json.dumps(tree)


trees = st.recursive(
    st.lists(
        st.fixed_dictionaries({"tag": st.sampled_from(["[0]", "[31]", "[UNIVERSAL 4]"]), "octets": st.just("0a")})
    ),
    lambda inner: st.lists(st.fixed_dictionaries({"tag": st.sampled_from(["[3]", "[PRIVATE 200]"]), "items": inner})),
    max_leaves=12,
)


@given(trees)
def test_tag_trees_round_trip(tree):
    octets = tlv.encode_tree(tree)
    assert tlv.tag_tree(octets, 0, len(octets)) == tree


@pytest.mark.parametrize(
    "tree", [[{"tag": "3", "octets": ""}], [{"tag": "[3]", "octets": "0"}], [{"tag": "[3]"}], [{"octets": "00"}]]
)
def test_what_is_no_tree_is_refused(tree):
    with pytest.raises(EncodeError):
        tlv.encode_tree(tree)


def test_children_and_their_limits():
    octets = bytes.fromhex("300780016181026263")
    parent = tlv.read_tlv(octets, 0, len(octets))
    assert [child.number for child in tlv.children(octets, parent)] == [0, 1]
    with pytest.raises(DecodeError):
        list(tlv.children(b"\x80\x00", tlv.read_tlv(b"\x80\x00", 0, 2)))


def test_depth_and_number_of_elements_are_bounded():
    deep = b"\x30\x80" * 40 + b"\0\0" * 40
    with pytest.raises(DecodeError) as caught:
        tlv.read_tlv(deep, 0, len(deep))
    assert caught.value.code == DecodeError.TOO_DEEP
    with pytest.raises(DecodeError) as caught:
        tlv.tag_tree(deep, 0, len(deep))
    assert caught.value.code == DecodeError.TOO_DEEP
    wide = b"\x30\x80" + b"\x80\x00" * (tlv.MAX_ELEMENTS + 1) + b"\0\0"
    for read in (lambda: tlv.read_tlv(wide, 0, len(wide)), lambda: tlv.tag_tree(wide, 0, len(wide))):
        with pytest.raises(DecodeError) as caught:
            read()
        assert caught.value.code == DecodeError.TOO_MANY


@given(st.integers(-(1 << 70), 1 << 70))
def test_integers_round_trip_minimal(value):
    octets = tlv.encode_integer(value)
    assert tlv.decode_integer(octets, 0, len(octets)) == value
    assert len(octets) == 1 or (octets[0], octets[1] >> 7) not in ((0, 0), (0xFF, 1))


def test_padded_integer_is_read_and_an_empty_one_is_not():
    assert tlv.decode_integer(b"\0\0\0\0\0\0\0\x07", 0, 8) == 7
    for octets in (b"", b"\0" * 17):
        with pytest.raises(DecodeError):
            tlv.decode_integer(octets, 0, len(octets))


@pytest.mark.parametrize(
    ("text", "octets"),
    [("0.4.0.2.2.5.1.43", "0400020205012b"), ("2.999.3", "883703"), ("1.3.6.1", "2b0601")],
)
def test_object_identifiers(text, octets):
    content = bytes.fromhex(octets)
    assert tlv.encode_oid(text) == content
    assert tlv.decode_oid(content, 0, len(content)) == text


def test_relative_object_identifiers():
    assert tlv.encode_relative_oid("5.5.17.1") == bytes.fromhex("05051101")
    assert tlv.decode_relative_oid(bytes.fromhex("05051101"), 0, 4) == "5.5.17.1"
    assert tlv.decode_relative_oid(tlv.encode_relative_oid("300.1"), 0, 3) == "300.1"


@pytest.mark.parametrize("octets", ["", "8001", "81", "ff" * 11 + "01", "01" * 129])
def test_bad_object_identifiers(octets):
    content = bytes.fromhex(octets)
    with pytest.raises(DecodeError) as caught:
        tlv.decode_oid(content, 0, len(content))
    assert caught.value.code == DecodeError.BAD_VALUE


@pytest.mark.parametrize("text", ["", "1", "3.1", "1.40", "a.b", "1.-2", "0.0." + str(1 << 65)])
def test_bad_object_identifier_text(text):
    with pytest.raises(EncodeError):
        tlv.encode_oid(text)


@given(st.integers(-(10**15), 10**16))
def test_generalized_time_round_trips(time_us):
    octets = tlv.encode_generalized_time(time_us)
    assert tlv.decode_generalized_time(octets, 0, len(octets)) == time_us


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("19700101000000Z", 0),
        ("20240313123000.250Z", 1_710_333_000_250_000),
        ("20240313123000,25Z", 1_710_333_000_250_000),
        ("20240313143000+0200", 1_710_333_000_000_000),
        ("20240313073000-05", 1_710_333_000_000_000),
        ("2024031312.5Z", 1_710_333_000_000_000),
        ("20240313123000.1234567Z", 1_710_333_000_123_456),
    ],
)
def test_generalized_time_forms(text, time_us):
    assert tlv.decode_generalized_time(text.encode(), 0, len(text)) == time_us


@pytest.mark.parametrize(
    "text", ["", "20240313123000", "20241313123000Z", "20240313256000Z", "x" * 60, "20240313123061Z"]
)
def test_what_is_no_generalized_time(text):
    with pytest.raises(DecodeError) as caught:
        tlv.decode_generalized_time(text.encode(), 0, len(text))
    assert caught.value.code == DecodeError.BAD_VALUE


def test_utc_time():
    assert tlv.decode_utc_time(b"240313123000Z", 0, 13) == 1_710_333_000_000_000
    assert tlv.encode_utc_time(1_710_333_000_999_999) == b"240313123000Z"
    assert tlv.decode_utc_time(b"7001010000Z", 0, 11) == 0
    for text in (b"241313123000Z", b"nonsense"):
        with pytest.raises(DecodeError):
            tlv.decode_utc_time(text, 0, len(text))
    with pytest.raises(EncodeError):
        tlv.encode_utc_time(10**16)
    with pytest.raises(EncodeError):
        tlv.encode_generalized_time(10**18)


def test_time_text():
    assert tlv.time_text(1_710_333_000_000_007) == "2024-03-13T12:30:00.000007Z"
    assert tlv.time_text(10**18) == f"{10**18} us"
    assert tlv.time_text(-62_135_596_800_000_000) == "0001-01-01T00:00:00.000000Z"


def test_tags_have_bounds():
    assert tlv.encode_identifier(tlv.CONTEXT, False, 255) == bytes.fromhex("9f817f")
    for number in (-1, 1 << 28):
        with pytest.raises(EncodeError):
            tlv.encode_identifier(tlv.CONTEXT, False, number)
