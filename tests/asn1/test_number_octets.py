"""Numbers in the octets of MAP, ISUP and DSS1; octets written by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.number_octets import Number, dss1_number, isup_number, map_number, tbcd


@pytest.mark.parametrize(
    ("octets", "digits"),
    [
        ("2143", "1234"), ("21f3", "123"), ("2a", "*2"), ("f1", "1"), ("", None), ("1ff1", None), ("f121", None),
        ("2f", None),
    ],
)  # fmt: skip
def test_semi_octets_are_digits_until_the_filler(octets, digits):
    assert tbcd(bytes.fromhex(octets)) == digits


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        ("91 2121 5505 01f0", Number("12125550100", True)),
        ("a1 1232 5410", Number("21234501", False)),
        ("11 2121", None),
        ("91", None),
        ("91 f121", None),
    ],
)
def test_map_numbers(octets, number):
    assert map_number(bytes.fromhex(octets)) == number


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        ("84 10 2121 5505 1000", Number("12125550010", True)),
        ("03 10 1232 54", Number("212345", False)),
        ("03 10 1232 f4", Number("21234", False)),
        ("84 10 2121 5505 10f0", None),
        ("03 10 1a", None),
        ("03 10", None),
    ],
)
def test_isup_numbers(octets, number):
    assert isup_number(bytes.fromhex(octets)) == number


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        (b"\x91" + b"12125550100", Number("12125550100", True)),
        (b"\x21\x83" + b"2125550100", Number("2125550100", False)),
        (b"\x81*66", Number("*66", False)),
        (b"\x21\x03" + b"212", None),
        (b"\x81", None),
        (b"\x21", None),
        (b"\x81at five", None),
        (b"", None),
    ],
)
def test_dss1_numbers(octets, number):
    assert dss1_number(octets) == number


def test_a_plus_says_that_the_country_is_there():
    assert Number("12125550100", True).text == "+12125550100"
    assert Number("2125550100", False).text == "2125550100"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=30))
def test_any_octets_are_a_number_or_none(octets):
    for read in (map_number, isup_number, dss1_number):
        found = read(octets)
        assert found is None or (found.digits and set(found.digits) <= set("0123456789*#abc"))
