"""The quick look at a short message TPDU: who else is in it, how many parts it has, and whether it holds words.

Rules of this file. It answers only where it is sure: a SUBMIT, a DELIVER, their reports or a status report without a
user data header, with an address of digits, each octet of it accounted for. Every other TPDU, and every error, is left
to `asn1.sms_tpdu` by the answer None. What is answered is what `short_messages` says of the TPDU that is decoded there;
a property test holds the one against the other. Words are seen to be there, and not read. One source for two paths
(ADR 0002, ADR 0051): `plain_tpdu.pxd` types it for Cython. Clauses are those of 3GPP TS 23.040.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.asn1.walk import civil_us
else:
    from asn1.walk import civil_us

    _NONE = -1
    _NO_TIME = -(1 << 63)
    _MAX_DIGITS = 20
    _MAX_USER_DATA = 140

COMPILED: Final[bool] = cython.compiled

_DIGITS: Final = "0123456789*#abc"
_QUARTER_US: Final = 900_000_000


class Skim:
    """What was seen. `address` is None where the type has none, `cause` -1 and `time_us` the least number where nothing
    says them; `words`: user data of any kind. `at`: how far it was looked at."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.cause = _NONE
        self.time_us = _NO_TIME
        self.words = False
        self.at = 0

    def said_us(self) -> int | None:
        """The service centre's time stamp."""
        return None if self.time_us == _NO_TIME else self.time_us


def skim(octets: bytes, from_mobile: bool) -> Skim | None:
    """One whole TPDU; `from_mobile` is true for what a handset sent. None where the reference has to look."""
    size = len(octets)
    if size < 2:
        return None
    if cython.compiled:  # noqa: SIM108  mypy passes over a branch, not over an expression
        buf = cython.cast("const unsigned char*", octets)
    else:
        buf = octets
    first = buf[0]
    kind = first & 3
    if kind == 3 or first & 0x40:
        return None
    found = Skim()
    found.at = 1
    sure = False
    if kind == 0:
        sure = _report(buf, size, False, found) if from_mobile else _deliver(buf, size, found)
    elif kind == 1:
        sure = _submit(buf, size, first >> 3 & 3, found) if from_mobile else _report(buf, size, True, found)
    elif not from_mobile:
        sure = _status(buf, size, found)
    return found if sure and found.at == size else None


def _deliver(buf: bytes, size: int, found: Skim) -> bool:
    if not _address(buf, size, found) or size - found.at < 2:
        return False
    dcs = buf[found.at + 1]
    found.at += 2
    return _time(buf, size, found) and _user_data(buf, size, dcs, found)


def _submit(buf: bytes, size: int, validity: int, found: Skim) -> bool:
    """`validity`: the form of the validity period (9.2.3.3), which says how many octets it takes."""
    found.at += 1
    if not _address(buf, size, found) or size - found.at < 2:
        return False
    dcs = buf[found.at + 1]
    found.at += 2
    if validity == 2:
        found.at += 1
    elif validity:
        found.at += 7
    return _user_data(buf, size, dcs, found)


def _status(buf: bytes, size: int, found: Skim) -> bool:
    found.at += 1
    if not _address(buf, size, found) or not _time(buf, size, found):
        return False
    sent_us = found.time_us
    if not _time(buf, size, found) or found.at >= size:
        return False
    found.time_us = sent_us
    found.at += 1
    return found.at == size or _by_indicator(buf, size, found)


def _report(buf: bytes, size: int, submitted: bool, found: Skim) -> bool:
    if buf[found.at] >= 0x80:
        found.cause = buf[found.at]
        found.at += 1
    if not submitted:
        return _by_indicator(buf, size, found)
    # The time stands between the parameter indicator and what that announces.
    if found.at >= size:
        return False
    indicator = buf[found.at]
    found.at += 1
    return _time(buf, size, found) and _announced(buf, size, indicator, found)


def _by_indicator(buf: bytes, size: int, found: Skim) -> bool:
    if found.at >= size:
        return False
    indicator = buf[found.at]
    found.at += 1
    return _announced(buf, size, indicator, found)


def _announced(buf: bytes, size: int, indicator: int, found: Skim) -> bool:
    """TP-PI (9.2.3.27): which of protocol identifier, coding scheme and user data follow."""
    dcs = 0
    if indicator & 0x80:
        return False
    if indicator & 1:
        found.at += 1
    if indicator & 2:
        if found.at >= size:
            return False
        dcs = buf[found.at]
        found.at += 1
    if not indicator & 4:
        return True
    return _user_data(buf, size, dcs, found)


def _address(buf: bytes, size: int, found: Skim) -> bool:
    """9.1.2.5, of digits; a name in letters is the reference's."""
    at = found.at
    if size - at < 2:
        return False
    digits = buf[at]
    end = at + 2 + (digits + 1) // 2
    if digits > _MAX_DIGITS or digits == 0 or end > size or buf[at + 1] & 0x70 == 0x50:
        return False
    text = ""
    for place in range(digits):
        octet = buf[at + 2 + place // 2]
        half = octet >> 4 if place & 1 else octet & 0x0F
        if half == 0x0F:
            return False
        text += _DIGITS[half]
    found.address = text
    found.at = end
    return True


def _time(buf: bytes, size: int, found: Skim) -> bool:
    """TP-SCTS or TP-DT (9.2.3.11)."""
    at = found.at
    if size - at < 7:
        return False
    year, month, day = _swapped(buf[at]), _swapped(buf[at + 1]), _swapped(buf[at + 2])
    hour, minute, second = _swapped(buf[at + 3]), _swapped(buf[at + 4]), _swapped(buf[at + 5])
    quarters = _swapped(buf[at + 6] & 0xF7)
    if year < 0 or quarters < 0:
        return False
    time_us = civil_us(year + (1900 if year >= 90 else 2000), month, day, hour, minute, second)
    if time_us == _NO_TIME:
        return False
    behind_us = _QUARTER_US * quarters
    found.time_us = time_us + behind_us if buf[at + 6] & 0x08 else time_us - behind_us
    found.at = at + 7
    return True


def _swapped(octet: int) -> int:
    """Two digits, the first in the low half; -1 where they are none."""
    low, high = octet & 0x0F, octet >> 4
    return -1 if low > 9 or high > 9 else 10 * low + high


def _user_data(buf: bytes, size: int, dcs: int, found: Skim) -> bool:
    """TP-UDL and TP-UD (9.2.3.16, 9.2.3.24)."""
    if found.at >= size:
        return False
    octets = buf[found.at]
    if _is_packed(dcs):
        octets = (octets * 7 + 7) // 8
    found.at += 1 + octets
    if octets:
        found.words = True
    return found.at <= size and octets <= _MAX_USER_DATA


def _is_packed(dcs: int) -> bool:
    """Whether user data is counted in septets (TS 23.038 clause 4)."""
    group = dcs >> 4
    if group < 8:
        return not dcs & 0x20 and dcs & 0x0C in (0x00, 0x0C)
    return group != 14 and not (group == 15 and dcs & 0x04)
