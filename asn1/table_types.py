"""What a record description is made of, and the walker and encoder that run over it.

Rules of this file. A record type is data: one `Field` row a field (tag, name, type, optionality, clause). Tagging is
IMPLICIT with the one exception X.680 makes: a CHOICE under a context tag is EXPLICIT. Descriptions are frozen; what is
derived from the rows for speed is computed once, when the description is built.

Reading is tolerant where nothing can be misunderstood: fields in any order, constructed strings, unknown elements
(kept, reported with their path), unknown numbers of an ENUMERATED (stay `int`), strings longer than the module's SIZE.
It is strict where two readers could come to two meanings: a field twice, a number outside its range, a missing
mandatory field, octets left over. Writing is strict throughout: `EncodeError` for anything the module does not allow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from asn1 import tlv
from asn1.errors import DecodeError, EncodeError
from asn1.tlv import Buffer

Value = Any
"""int, str, bytes, bool, None, dict (SEQUENCE), list (SEQUENCE OF), (name, value) (CHOICE), or a list of tag nodes."""


class UnknownTag(NamedTuple):
    """An element no row describes: the fields walked to its parent, its tag as text, and all its octets."""

    path: str
    tag: str
    octets: bytes


class Walk:
    """State of one decode: the buffer, the names walked so far, what was unknown, how many elements are left."""

    __slots__ = ("buf", "left", "path", "unknown")

    def __init__(self, buf: Buffer) -> None:
        self.buf = buf
        self.path: list[str] = []
        self.unknown: list[UnknownTag] = []
        self.left = tlv.MAX_ELEMENTS

    def enter(self, name: str, pos: int) -> None:
        """Goes one name deeper; bounds depth and the number of elements."""
        self.path.append(name)
        self.left -= 1
        if self.left < 0:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {tlv.MAX_ELEMENTS} elements", pos)
        if len(self.path) > tlv.MAX_DEPTH:
            raise DecodeError(DecodeError.TOO_DEEP, f"more than {tlv.MAX_DEPTH} values inside each other", pos)

    def check_fits(self, pos: int, content: int, length: int, limit: int) -> None:
        """A content that ends behind `limit`: the record is cut off (at its start), or a length leaves its parent."""
        if length > limit - content:
            code = DecodeError.BAD_LENGTH if pos else DecodeError.TRUNCATED
            raise DecodeError(code, f"{length} octets announced, {limit - content} are there", pos)

    def tree(self, first: int, content: int, length: int, limit: int) -> tuple[Value, int]:
        """The value of an element without description (bytes when primitive, else its tag tree); offset behind it."""
        if not first & tlv.CONSTRUCTED:
            return bytes(self.buf[content : content + length]), content + length
        budget = [self.left]
        inner = limit if length == tlv.INDEFINITE else content + length
        result = tlv.read_tree(self.buf, content, inner, length == tlv.INDEFINITE, len(self.path), budget)
        self.left = budget[0]
        return result

    def keep_unknown(
        self, pos: int, first: int, number: int, content: int, length: int, limit: int
    ) -> tuple[str, Value, int]:
        """Reports the element at `pos` as unknown: its tag as text, its value as a tree, and the offset behind it."""
        self.left -= 1
        if self.left < 0:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {tlv.MAX_ELEMENTS} elements", pos)
        if first >> 6 == tlv.UNIVERSAL and number == 0:
            raise DecodeError(DecodeError.BAD_TAG, "end-of-contents where no indefinite length is open", pos)
        value, behind = self.tree(first, content, length, limit)
        tag = tlv.tag_text(first >> 6, number)
        self.unknown.append(UnknownTag(".".join(self.path), tag, bytes(self.buf[pos:behind])))
        return tag, value, behind


def tag_key(first: int, number: int) -> int:
    """One int for class and number; for low numbers it is the identifier octet without its constructed bit."""
    if number < 0x1F:
        return first & 0xC0 | number
    return 0x100 + (number << 2 | first >> 6)


@dataclass(frozen=True, eq=False)
class Type:
    """A type of the module. `universal` is its universal tag number; None for CHOICE and for undescribed content."""

    name: str

    @property
    def universal(self) -> int | None:
        raise AttributeError(f"{self.name} has no tag")

    @property
    def constructed(self) -> bool:
        return False

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        """Value and offset behind the element whose content starts at `pos` (`length` may be INDEFINITE)."""
        raise DecodeError(DecodeError.BAD_TAG, f"{self.name} cannot be read by itself", pos)

    def write(self, value: Value) -> bytes:
        """Content octets. Raises EncodeError."""
        raise EncodeError(f"{self.name} cannot be written by itself")


@dataclass(frozen=True, eq=False)
class Primitive(Type):
    """A type whose content is plain octets, which `octets` reads; the constructed form is for strings alone."""

    def octets(self, buf: Buffer, pos: int, end: int) -> Value:
        raise DecodeError(DecodeError.BAD_VALUE, f"{self.name} has no content", pos)

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        if first & tlv.CONSTRUCTED:
            raise DecodeError(DecodeError.BAD_TAG, f"{self.name} in constructed form", pos)
        return self.octets(walk.buf, pos, pos + length), pos + length


@dataclass(frozen=True, eq=False)
class Integer(Primitive):
    """INTEGER, checked against its range both ways."""

    low: int | None = None
    high: int | None = None

    @property
    def universal(self) -> int:
        return 2

    def octets(self, buf: Buffer, pos: int, end: int) -> int:
        if 0 < end - pos <= tlv.MAX_INTEGER_OCTETS:
            value = int.from_bytes(buf[pos:end], "big", signed=True)
        else:
            value = tlv.decode_integer(buf, pos, end)
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise DecodeError(DecodeError.BAD_VALUE, f"{value} is outside {self.low}..{self.high}", pos)
        return value

    def write(self, value: Value) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool):
            raise EncodeError(f"an integer was expected, not {type(value).__name__}")
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise EncodeError(f"{value} is outside {self.low}..{self.high}")
        return tlv.encode_integer(value)


@dataclass(frozen=True, eq=False)
class Enumerated(Primitive):
    """ENUMERATED: its name, or the bare `int` for a number this version does not know (X.680 extension marker)."""

    rows: tuple[tuple[int, str], ...] = ()
    _names: dict[int, str] = field(init=False, repr=False)
    _numbers: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", dict(self.rows))
        object.__setattr__(self, "_numbers", {name: number for number, name in self.rows})

    @property
    def universal(self) -> int:
        return 10

    def octets(self, buf: Buffer, pos: int, end: int) -> str | int:
        number = tlv.decode_integer(buf, pos, end)
        return self._names.get(number, number)

    def write(self, value: Value) -> bytes:
        if isinstance(value, int) and not isinstance(value, bool):
            return tlv.encode_integer(value)
        number = self._numbers.get(value) if isinstance(value, str) else None
        if number is None:
            raise EncodeError(f"{value!r} is none of {', '.join(self._numbers)}")
        return tlv.encode_integer(number)


@dataclass(frozen=True, eq=False)
class Boolean(Primitive):
    """BOOLEAN; any non-zero octet is true."""

    @property
    def universal(self) -> int:
        return 1

    def octets(self, buf: Buffer, pos: int, end: int) -> bool:
        if end - pos != 1:
            raise DecodeError(DecodeError.BAD_VALUE, f"a boolean of {end - pos} octets", pos)
        return buf[pos] != 0

    def write(self, value: Value) -> bytes:
        if not isinstance(value, bool):
            raise EncodeError(f"a boolean was expected, not {type(value).__name__}")
        return b"\xff" if value else b"\x00"


@dataclass(frozen=True, eq=False)
class Null(Primitive):
    """NULL, `None`."""

    @property
    def universal(self) -> int:
        return 5

    def octets(self, buf: Buffer, pos: int, end: int) -> None:
        if end != pos:
            raise DecodeError(DecodeError.BAD_VALUE, f"a NULL of {end - pos} octets", pos)

    def write(self, value: Value) -> bytes:
        if value is not None:
            raise EncodeError(f"None was expected, not {type(value).__name__}")
        return b""


@dataclass(frozen=True, eq=False)
class Oid(Primitive):
    """OBJECT IDENTIFIER as dotted text."""

    @property
    def universal(self) -> int:
        return 6

    def octets(self, buf: Buffer, pos: int, end: int) -> str:
        return tlv.decode_oid(buf, pos, end)

    def write(self, value: Value) -> bytes:
        return tlv.encode_oid(_expect_text(value))


LI_ROOT: Final = "0.4.0.2.2"
"""itu-t identified-organization etsi securityDomain lawfulIntercept."""

_LI_ROOT_CONTENT: Final = tlv.encode_oid(LI_ROOT)


@dataclass(frozen=True, eq=False)
class RelativeOid(Primitive):
    """RELATIVE-OID below `LI_ROOT`, as dotted text; OBJECT IDENTIFIER content is read too, since both are in the field.

    The rule: content that begins with the octets of the root (04 00 02 02) is a full identifier and gives full text
    ("0.4.0.2.2.5.5.17.1"); any other content is relative ("5.5.17.1"). No relative identifier below the root begins
    with the arcs 4.0.2.2, so the two cannot be mistaken. Text beginning with the root is written as a full identifier.
    """

    @property
    def universal(self) -> int:
        return 13

    def octets(self, buf: Buffer, pos: int, end: int) -> str:
        if buf[pos : min(end, pos + len(_LI_ROOT_CONTENT))] == _LI_ROOT_CONTENT:
            return tlv.decode_oid(buf, pos, end)
        return tlv.decode_relative_oid(buf, pos, end)

    def write(self, value: Value) -> bytes:
        text = _expect_text(value)
        if text == LI_ROOT or text.startswith(LI_ROOT + "."):
            return tlv.encode_oid(text)
        content = tlv.encode_relative_oid(text)
        if content.startswith(_LI_ROOT_CONTENT):
            raise EncodeError(f"{text} would be read as a full object identifier")
        return content


@dataclass(frozen=True, eq=False)
class GeneralizedTime(Primitive):
    """GeneralizedTime as microseconds UTC."""

    @property
    def universal(self) -> int:
        return 24

    def octets(self, buf: Buffer, pos: int, end: int) -> int:
        return tlv.decode_generalized_time(buf, pos, end)

    def write(self, value: Value) -> bytes:
        if not isinstance(value, int):
            raise EncodeError(f"microseconds were expected, not {type(value).__name__}")
        return tlv.encode_generalized_time(value)


@dataclass(frozen=True, eq=False)
class UtcTime(Primitive):
    """UTCTime as microseconds UTC."""

    @property
    def universal(self) -> int:
        return 23

    def octets(self, buf: Buffer, pos: int, end: int) -> int:
        return tlv.decode_utc_time(buf, pos, end)

    def write(self, value: Value) -> bytes:
        if not isinstance(value, int):
            raise EncodeError(f"microseconds were expected, not {type(value).__name__}")
        return tlv.encode_utc_time(value)


@dataclass(frozen=True, eq=False)
class String(Primitive):
    """A string type. BER lets a sender cut it into segments (X.690 8.23); they are joined when read."""

    low: int = 0
    high: int | None = None

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        if not first & tlv.CONSTRUCTED:
            return self.octets(walk.buf, pos, pos + length), pos + length
        out = bytearray()
        behind = _join_segments(walk, pos, length, limit, out)
        return self.octets(bytes(out), 0, len(out)), behind

    def check_size(self, size: int) -> None:
        if size < self.low or (self.high is not None and size > self.high):
            raise EncodeError(f"size {size} is outside {self.low}..{self.high}")


def _join_segments(walk: Walk, pos: int, length: int, limit: int, out: bytearray) -> int:
    indefinite = length == tlv.INDEFINITE
    end = limit if indefinite else pos + length
    walk.enter("segment", pos)
    while True:
        if indefinite:
            if tlv.at_end_of_contents(walk.buf, pos, end):
                pos += 2
                break
        elif pos >= end:
            break
        first, _, content, size = tlv.read_head(walk.buf, pos, end)
        walk.check_fits(pos, content, size, end)
        if first >> 6 != tlv.UNIVERSAL:
            raise DecodeError(DecodeError.BAD_TAG, "a segment of a string must be a string", pos)
        if first & tlv.CONSTRUCTED:
            pos = _join_segments(walk, content, size, end, out)
        else:
            walk.left -= 1
            if walk.left < 0:
                raise DecodeError(DecodeError.TOO_MANY, f"more than {tlv.MAX_ELEMENTS} elements", pos)
            pos = content + size
            out += walk.buf[content:pos]
    walk.path.pop()
    return pos


@dataclass(frozen=True, eq=False)
class OctetString(String):
    """OCTET STRING as `bytes`; SIZE in octets is checked on writing only."""

    @property
    def universal(self) -> int:
        return 4

    def octets(self, buf: Buffer, pos: int, end: int) -> bytes:
        return bytes(buf[pos:end])

    def write(self, value: Value) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise EncodeError(f"octets were expected, not {type(value).__name__}")
        self.check_size(len(value))
        return bytes(value)


_STRING_TAGS: Final = {"utf-8": 12, "numeric": 18, "printable": 19, "ia5": 22, "visible": 26, "local-time": 24}


@dataclass(frozen=True, eq=False)
class Text(String):
    """A character string as `str`; SIZE in characters is checked on writing only.

    `kind`: utf-8, numeric, printable, ia5, visible, or local-time (a GeneralizedTime kept as it is written, for the
    fields that carry local time with no zone). All but utf-8 are read as ASCII, whatever their narrower set.
    """

    kind: str = "utf-8"

    @property
    def universal(self) -> int:
        return _STRING_TAGS[self.kind]

    def octets(self, buf: Buffer, pos: int, end: int) -> str:
        try:
            return bytes(buf[pos:end]).decode("utf-8" if self.kind == "utf-8" else "ascii")
        except UnicodeDecodeError as error:
            raise DecodeError(DecodeError.BAD_VALUE, f"not {self.kind} text", pos + error.start) from error

    def write(self, value: Value) -> bytes:
        text = _expect_text(value)
        self.check_size(len(text))
        if self.kind == "numeric" and not all(char in "0123456789 " for char in text):
            raise EncodeError(f"not digits: {text!r}")
        try:
            return text.encode("utf-8" if self.kind == "utf-8" else "ascii")
        except UnicodeEncodeError as error:
            raise EncodeError(f"not {self.kind} text") from error


@dataclass(frozen=True, eq=False)
class BitString(String):
    """BIT STRING with named bits, as the list of names that are set (an `int` for a bit without name), ascending."""

    rows: tuple[tuple[int, str], ...] = ()

    @property
    def universal(self) -> int:
        return 3

    def octets(self, buf: Buffer, pos: int, end: int) -> list[str | int]:
        if pos == end or buf[pos] > 7 or (end - pos == 1 and buf[pos]) or end - pos > tlv.MAX_OID_OCTETS:
            raise DecodeError(DecodeError.BAD_VALUE, "not a bit string", pos)
        names = dict(self.rows)
        bits = (end - pos - 1) * 8 - buf[pos]
        return [names.get(bit, bit) for bit in range(bits) if buf[pos + 1 + bit // 8] & 0x80 >> bit % 8]

    def write(self, value: Value) -> bytes:
        numbers = {name: bit for bit, name in self.rows}
        bits: list[int] = []
        for item in value if isinstance(value, list) else [value]:
            bit = numbers.get(item) if isinstance(item, str) else item
            if not isinstance(bit, int) or not 0 <= bit < 8 * (tlv.MAX_OID_OCTETS - 1):
                raise EncodeError(f"not a list of bits: {value!r}")
            bits.append(bit)
        size = max(bits, default=-1) + 1
        octets = bytearray((size + 7) // 8)
        for bit in bits:
            octets[bit // 8] |= 0x80 >> bit % 8
        return bytes((-size % 8,)) + bytes(octets)


@dataclass(frozen=True, eq=False)
class Bits(String):
    """BIT STRING without names, as text of 0 and 1, most significant first; SIZE in bits is checked on writing only."""

    @property
    def universal(self) -> int:
        return 3

    def octets(self, buf: Buffer, pos: int, end: int) -> str:
        if pos == end or buf[pos] > 7 or (end - pos == 1 and buf[pos]) or end - pos > tlv.MAX_OID_OCTETS:
            raise DecodeError(DecodeError.BAD_VALUE, "not a bit string", pos)
        bits = "".join(f"{octet:08b}" for octet in buf[pos + 1 : end])
        return bits[: len(bits) - buf[pos]]

    def write(self, value: Value) -> bytes:
        text = _expect_text(value)
        self.check_size(len(text))
        if set(text) - {"0", "1"} or len(text) > 8 * (tlv.MAX_OID_OCTETS - 1):
            raise EncodeError(f"not bits: {text!r}")
        spare = -len(text) % 8
        return bytes((spare,)) + int(text + "0" * spare or "0", 2).to_bytes((len(text) + spare) // 8, "big")


@dataclass(frozen=True, eq=False)
class Undescribed(Type):
    """A named field whose inner record is not described here: `bytes` when primitive, a tag tree when constructed."""

    @property
    def universal(self) -> None:
        return None

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        return walk.tree(first, pos, length, limit)

    def write(self, value: Value) -> bytes:
        if isinstance(value, list):
            return tlv.encode_tree(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        raise EncodeError(f"{self.name}: octets or a tag tree were expected, not {type(value).__name__}")


def _expect_text(value: Value) -> str:
    if not isinstance(value, str):
        raise EncodeError(f"text was expected, not {type(value).__name__}")
    return value
