"""The parts a short message TPDU is made of: types, addresses, time stamps, user data; read and written.

Text is read in the GSM 7-bit default alphabet with its extension, and in UCS-2 (surrogate pairs included, as every
handset sends them); 8-bit data, compressed text and national language tables stay octets, `text` None. Clause numbers
are those of 3GPP TS 23.040 as generally known; the prose was not re-read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, NamedTuple

from asn1 import sms_alphabet
from asn1.errors import DecodeError, EncodeError
from asn1.tlv import Buffer

TpduType = Literal[
    "SMS-DELIVER", "SMS-DELIVER-REPORT", "SMS-SUBMIT", "SMS-SUBMIT-REPORT", "SMS-COMMAND", "SMS-STATUS-REPORT"
]
Alphabet = Literal["gsm7", "8bit", "ucs2"]

MAX_USER_DATA_OCTETS: Final = 140
MAX_SEPTETS: Final = 160
MAX_PARTS: Final = 255
CONCATENATION_8: Final = 0x00
CONCATENATION_16: Final = 0x08
_LANGUAGE_SHIFTS: Final = (0x24, 0x25)
_DIGITS: Final = "0123456789*#abc"
_ALPHANUMERIC: Final = 5
INTERNATIONAL: Final = 0x91
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Segment(NamedTuple):
    """Place of one part of a concatenated message: `number` 1..`total` (9.2.3.24.1, 9.2.3.24.8)."""

    reference: int
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class SmsTpdu:
    """One TPDU. What its type does not have is None (or empty).

    `address`: digits (with * # a b c) or, for an alphanumeric sender, text; `address_type` its type-of-address octet.
    `data`: user data octets behind the user data header, as packed; `udh`: the header's elements, (identifier, octets).
    `timestamp_us`: service centre time stamp, microseconds UTC; `zone_quarters` its zone in quarters of an hour.
    """

    type: TpduType
    address: str | None = None
    address_type: int | None = None
    text: str | None = None
    data: bytes = b""
    dcs: int | None = None
    pid: int | None = None
    udh: tuple[tuple[int, bytes], ...] = ()
    segment: Segment | None = None
    reference: int | None = None
    timestamp_us: int | None = None
    zone_quarters: int | None = None
    discharge_us: int | None = None
    status: int | None = None
    failure_cause: int | None = None
    status_report: bool = False
    more_messages: bool = False

    @property
    def alphabet(self) -> Alphabet | None:
        """The alphabet that `dcs` says; None when there is no user data or it is compressed."""
        return None if self.dcs is None else alphabet_of(self.dcs)


class Reader:
    """Octets taken one after the other; every step is checked."""

    __slots__ = ("octets", "pos")

    def __init__(self, octets: Buffer) -> None:
        self.octets = bytes(octets)
        self.pos = 0

    def take(self, count: int) -> bytes:
        if count > len(self.octets) - self.pos:
            raise DecodeError(DecodeError.TRUNCATED, f"{count} octets were expected", self.pos)
        self.pos += count
        return self.octets[self.pos - count : self.pos]

    def octet(self) -> int:
        return self.take(1)[0]

    @property
    def left(self) -> int:
        return len(self.octets) - self.pos


def alphabet_of(dcs: int) -> Alphabet | None:
    """The alphabet a data coding scheme says, None for compressed text. 23.038 clause 4.

    Reserved groups are read as the default alphabet, as the clause asks.
    """
    group = dcs >> 4
    if group < 8:
        if dcs & 0x20:
            return None
        return ("gsm7", "8bit", "ucs2", "gsm7")[dcs >> 2 & 3]
    if group == 14:
        return "ucs2"
    if group == 15 and dcs & 0x04:
        return "8bit"
    return "gsm7"


def _swapped(octet: int) -> int:
    low, high = octet & 0x0F, octet >> 4
    if low > 9 or high > 9:
        raise ValueError(f"0x{octet:02x} is not two digits")
    return low * 10 + high


def take_time(reader: Reader) -> tuple[int, int]:
    """TP-SCTS or TP-DT (9.2.3.11): microseconds UTC and the zone in quarters of an hour."""
    start = reader.pos
    raw = reader.take(7)
    try:
        year, month, day, hour, minute, second = (_swapped(octet) for octet in raw[:6])
        quarters = _swapped(raw[6] & 0xF7)
        moment = datetime(1900 + year if year >= 90 else 2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"not a time stamp: {error}", start) from error
    if raw[6] & 0x08:
        quarters = -quarters
    return (moment - timedelta(minutes=15 * quarters) - _EPOCH) // timedelta(microseconds=1), quarters


def take_address(reader: Reader) -> tuple[str, int]:
    """TP-OA, TP-DA or TP-RA (9.1.2.5): address and type-of-address octet."""
    start = reader.pos
    digits = reader.octet()
    if digits > 20:
        raise DecodeError(DecodeError.BAD_VALUE, f"an address of {digits} semi-octets; at most 20", start)
    kind = reader.octet()
    value = reader.take((digits + 1) // 2)
    if kind >> 4 & 7 == _ALPHANUMERIC:
        return sms_alphabet.to_text(sms_alphabet.unpack(value, digits * 4 // 7)), kind
    nibbles = [nibble for octet in value for nibble in (octet & 0x0F, octet >> 4)][:digits]
    if any(nibble == 0x0F for nibble in nibbles):
        raise DecodeError(DecodeError.BAD_VALUE, "an address with a filler among its digits", start)
    return "".join(_DIGITS[nibble] for nibble in nibbles), kind


class UserData(NamedTuple):
    text: str | None
    data: bytes
    udh: tuple[tuple[int, bytes], ...]
    segment: Segment | None


def take_user_data(reader: Reader, dcs: int, has_header: bool) -> UserData:
    """TP-UDL and TP-UD (9.2.3.16, 9.2.3.24)."""
    start = reader.pos
    length = reader.octet()
    alphabet = alphabet_of(dcs)
    octets = reader.take((length * 7 + 7) // 8 if alphabet == "gsm7" else length)
    if len(octets) > MAX_USER_DATA_OCTETS:
        raise DecodeError(DecodeError.BAD_VALUE, f"user data of {len(octets)} octets", start)
    header_octets = 0
    udh: tuple[tuple[int, bytes], ...] = ()
    if has_header:
        if not octets or octets[0] + 1 > len(octets):
            raise DecodeError(DecodeError.BAD_LENGTH, "the user data header is longer than the user data", start + 1)
        header_octets = octets[0] + 1
        udh = _elements(octets[1:header_octets], start + 2)
    data = octets[header_octets:]
    text: str | None = None
    if any(identifier in _LANGUAGE_SHIFTS for identifier, _ in udh):
        text = None
    elif alphabet == "gsm7":
        header_septets = (header_octets * 8 + 6) // 7
        if header_septets > length:
            raise DecodeError(DecodeError.BAD_LENGTH, "the user data header is longer than the user data", start)
        fill = header_septets * 7 - header_octets * 8
        text = sms_alphabet.to_text(sms_alphabet.unpack(data, length - header_septets, fill))
    elif alphabet == "ucs2":
        text = data.decode("utf-16-be", "replace")
    return UserData(text, data, udh, _segment(udh))


def _elements(octets: bytes, start: int) -> tuple[tuple[int, bytes], ...]:
    out: list[tuple[int, bytes]] = []
    pos = 0
    while pos < len(octets):
        if pos + 2 > len(octets) or pos + 2 + octets[pos + 1] > len(octets):
            raise DecodeError(DecodeError.BAD_LENGTH, "an information element runs past its header", start + pos)
        end = pos + 2 + octets[pos + 1]
        out.append((octets[pos], octets[pos + 2 : end]))
        pos = end
    return tuple(out)


def _segment(udh: tuple[tuple[int, bytes], ...]) -> Segment | None:
    """The last concatenation element counts; one with impossible numbers is passed over (9.2.3.24)."""
    found: Segment | None = None
    for identifier, value in udh:
        if identifier == CONCATENATION_8 and len(value) == 3:
            candidate = Segment(value[0], value[1], value[2])
        elif identifier == CONCATENATION_16 and len(value) == 4:
            candidate = Segment(value[0] << 8 | value[1], value[2], value[3])
        else:
            continue
        if 1 <= candidate.number <= candidate.total:
            found = candidate
    return found


def encode_address(address: str, address_type: int) -> bytes:
    if address_type >> 4 & 7 == _ALPHANUMERIC:
        septets = [code for codes in sms_alphabet.characters(address) for code in codes]
        if not 0 < len(septets) <= 11:
            raise EncodeError(f"an alphanumeric address has 1 to 11 characters: {address!r}")
        return bytes(((len(septets) * 7 + 3) // 4, address_type)) + sms_alphabet.pack(septets)
    if not 0 < len(address) <= 20 or any(char not in _DIGITS for char in address):
        raise EncodeError(f"an address has 1 to 20 of the characters {_DIGITS}: {address!r}")
    nibbles = [_DIGITS.index(char) for char in address] + [0x0F] * (len(address) % 2)
    pairs = bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
    return bytes((len(address), address_type)) + pairs


def encode_time(time_us: int, zone_quarters: int) -> bytes:
    if not -56 <= zone_quarters <= 56:
        raise EncodeError(f"a zone of {zone_quarters} quarters of an hour")
    try:
        moment = _EPOCH + timedelta(microseconds=time_us) + timedelta(minutes=15 * zone_quarters)
    except OverflowError as error:
        raise EncodeError(f"time {time_us} is out of range") from error
    if not 1990 <= moment.year <= 2089:
        raise EncodeError(f"year {moment.year} does not fit a time stamp")
    fields = (moment.year % 100, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    octets = [value % 10 << 4 | value // 10 for value in (*fields, abs(zone_quarters))]
    if zone_quarters < 0:
        octets[6] |= 0x08
    return bytes(octets)


def _split(units: list[bytes] | list[tuple[int, ...]], single: int, part: int) -> list[list[bytes | tuple[int, ...]]]:
    """Characters into parts by their sizes; a character (escape or surrogate pair) is never torn."""
    if sum(map(len, units)) <= single:
        return [list(units)]
    parts: list[list[bytes | tuple[int, ...]]] = [[]]
    room = part
    for unit in units:
        if len(unit) > room:
            parts.append([])
            room = part
        parts[-1].append(unit)
        room -= len(unit)
    return parts


def encode_user_data(text: str, alphabet: Alphabet | None, concatenation: int) -> list[tuple[bool, int, bytes]]:
    """The parts of a text: (has header, dcs, TP-UDL and TP-UD)."""
    chosen = alphabet or ("gsm7" if sms_alphabet.fits(text) else "ucs2")
    if chosen == "8bit":
        raise EncodeError("text has the alphabets gsm7 and ucs2")
    header_room = 6
    parts: list[list[bytes | tuple[int, ...]]]
    if chosen == "gsm7":
        parts = _split(sms_alphabet.characters(text), MAX_SEPTETS, (MAX_USER_DATA_OCTETS - header_room) * 8 // 7)
    else:
        try:
            wide = [char.encode("utf-16-be") for char in text]
        except UnicodeEncodeError as error:
            raise EncodeError("a lone surrogate cannot be sent") from error
        parts = _split(wide, MAX_USER_DATA_OCTETS, MAX_USER_DATA_OCTETS - header_room)
    if len(parts) > MAX_PARTS:
        raise EncodeError(f"the text needs {len(parts)} parts; at most {MAX_PARTS} can be numbered")
    out: list[tuple[bool, int, bytes]] = []
    for number, units in enumerate(parts, 1):
        header = b""
        if len(parts) > 1:
            header = bytes((5, CONCATENATION_8, 3, concatenation & 0xFF, len(parts), number))
        if chosen == "gsm7":
            header_septets = (len(header) * 8 + 6) // 7
            septets = [int(code) for codes in units for code in codes]
            body = sms_alphabet.pack(septets, header_septets * 7 - len(header) * 8)
            out.append((bool(header), 0x00, bytes((header_septets + len(septets),)) + header + body))
        else:
            body = b"".join(bytes(unit) for unit in units)
            out.append((bool(header), 0x08, bytes((len(header) + len(body),)) + header + body))
    return out
