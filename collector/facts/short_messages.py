"""What of a short message TPDU is the message: its user data, and a sender's name that is words."""

from __future__ import annotations

from typing import Final

from asn1 import sms_tpdu
from asn1.errors import DecodeError
from collector.facts import shapes

LETTER_DIGITS: Final = str.maketrans("abc", "000")
"""Semi-octets 12 to 14 are written a, b and c (TS 23.040, 9.1.2.3)."""


def read_tpdu(octets: bytes, from_mobile: bool) -> sms_tpdu.SmsTpdu | None:
    """None for octets that are no TPDU of that direction."""
    try:
        return sms_tpdu.decode_tpdu(octets, from_mobile)
    except DecodeError:
        return None


def has_words(message: sms_tpdu.SmsTpdu) -> bool:
    """User data of any kind; an alphanumeric sender's name has no figures, or it is words."""
    address = message.address
    written = address is not None and not shapes.is_dial_string(address.translate(LETTER_DIGITS))
    return bool(message.data or message.udh) or (written and not shapes.is_name(address))
