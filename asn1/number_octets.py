"""Telephone numbers as HI2 carries them: in the octets of MAP, ISUP and DSS1 (TS 29.002, EN 300 356, EN 300 403-1).

The formats are those generally known; their prose was not re-read here. Every function gives None for octets that are
no number of its format, and raises nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

INTERNATIONAL: Final = 1
"""Type of number in MAP and DSS1."""
_ISUP_INTERNATIONAL: Final = 4
"""Nature of address indicator in ISUP."""
_EXTENDED: Final = 0x80
_TBCD: Final = "0123456789*#abc"


class Number(NamedTuple):
    """`digits`, and whether they begin with the country code."""

    digits: str
    international: bool

    @property
    def text(self) -> str:
        """Written with a plus where the country code is there."""
        return f"+{self.digits}" if self.international else self.digits


def tbcd(octets: bytes) -> str | None:
    """Digits two an octet, the first in the low half; a filler of 15 ends them."""
    digits = ""
    for at, octet in enumerate(octets):
        for half, value in enumerate((octet & 0x0F, octet >> 4)):
            if value < len(_TBCD):
                digits += _TBCD[value]
            elif at != len(octets) - 1 or half == 0:
                return None
    return digits or None


def map_number(octets: bytes) -> Number | None:
    """AddressString: an octet with the type of number, then the digits."""
    if len(octets) < 2 or not octets[0] & _EXTENDED:
        return None
    digits = tbcd(octets[1:])
    return None if digits is None else Number(digits, octets[0] >> 4 & 7 == INTERNATIONAL)


def isup_number(octets: bytes) -> Number | None:
    """Calling or called party number parameter: nature of address with the odd flag, numbering plan, then digits."""
    if len(octets) < 3:
        return None
    digits = ""
    for octet in octets[2:]:
        digits += f"{octet & 0x0F:x}{octet >> 4:x}"
    if octets[0] & 0x80:
        if digits[-1] != "0":
            return None
        digits = digits[:-1]
    digits = digits.removesuffix("f")
    if not digits.isdigit():
        return None
    return Number(digits, octets[0] & 0x7F == _ISUP_INTERNATIONAL)


def dss1_number(octets: bytes) -> Number | None:
    """Value part of the information element: type and plan, presentation where the first octet says so, IA5 digits."""
    start = 1 if octets and octets[0] & _EXTENDED else 2
    if len(octets) <= start or (start == 2 and not octets[1] & _EXTENDED):
        return None
    text = octets[start:].decode("latin-1")
    if not all(char in "0123456789*#" for char in text):
        return None
    return Number(text, octets[0] >> 4 & 7 == INTERNATIONAL)
