"""The binary headers of WSP and its multipart bodies, as multimedia messages are written with them.

Octets 0..30 say a length, 31 that a length follows, 32..127 begin a text that a zero octet ends, 128..255 are a value
of seven bits. Sources: WAP-230-WSP clause 8.4 and 8.5 and its tables of assigned numbers, as generally known; the prose
was not re-read. Numbers nobody here knows come out as `0x…`. Bounded; raises DecodeError only.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from asn1.errors import DecodeError, EncodeError
from asn1.mime import Part, text_of

MAX_PARTS: Final = 256
MAX_TEXT_OCTETS: Final = 4_096
LENGTH_QUOTE: Final = 31
QUOTE: Final = 0x7F

MEDIA_TYPES: Final = {
    0x00: "*/*", 0x01: "text/*", 0x02: "text/html", 0x03: "text/plain", 0x06: "text/x-vcalendar", 0x07: "text/x-vcard",
    0x08: "text/vnd.wap.wml", 0x0B: "multipart/*", 0x0C: "multipart/mixed", 0x0D: "multipart/form-data",
    0x0E: "multipart/byteranges", 0x0F: "multipart/alternative", 0x10: "application/*", 0x1C: "image/*",
    0x1D: "image/gif", 0x1E: "image/jpeg", 0x1F: "image/tiff", 0x20: "image/png", 0x21: "image/vnd.wap.wbmp",
    0x22: "application/vnd.wap.multipart.*", 0x23: "application/vnd.wap.multipart.mixed",
    0x24: "application/vnd.wap.multipart.form-data", 0x25: "application/vnd.wap.multipart.byteranges",
    0x26: "application/vnd.wap.multipart.alternative", 0x27: "application/xml", 0x28: "text/xml",
    0x33: "application/vnd.wap.multipart.related", 0x3E: "application/vnd.wap.mms-message",
}  # fmt: skip
CHARSETS: Final = {3: "us-ascii", 4: "iso-8859-1", 106: "utf-8", 1000: "iso-10646-ucs-2", 1015: "utf-16"}
"""MIBenum of the IANA registry, of what telephones write."""
_PARAMETERS: Final = {
    0x00: "q", 0x01: "charset", 0x03: "type", 0x05: "name", 0x06: "filename", 0x09: "type", 0x0A: "start",
    0x0B: "start-info", 0x0C: "comment", 0x16: "size", 0x17: "name", 0x18: "filename", 0x19: "start",
    0x1A: "start-info", 0x1B: "comment",
}  # fmt: skip
_HEADERS: Final = {
    0x0B: "content-encoding", 0x0C: "content-language", 0x0D: "content-length", 0x0E: "content-location",
    0x11: "content-type", 0x12: "date", 0x2E: "content-disposition", 0x30: "x-wap-content-uri", 0x40: "content-id",
    0x45: "content-disposition",
}  # fmt: skip
_DISPOSITIONS: Final = {0: "form-data", 1: "attachment", 2: "inline"}
_TYPE_NUMBERS: Final = {name: number for number, name in MEDIA_TYPES.items()}


class Reader:
    """Octets taken one after the other, up to `stop`; every step is checked."""

    __slots__ = ("octets", "pos", "stop")

    def __init__(self, octets: bytes, pos: int = 0, stop: int | None = None) -> None:
        self.octets, self.pos = octets, pos
        self.stop = len(octets) if stop is None else stop

    @property
    def left(self) -> int:
        return self.stop - self.pos

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise DecodeError(DecodeError.TRUNCATED, f"{count} octets were expected", self.pos)
        self.pos += count
        return self.octets[self.pos - count : self.pos]

    def octet(self) -> int:
        return self.take(1)[0]

    def peek(self) -> int:
        if not self.left:
            raise DecodeError(DecodeError.TRUNCATED, "a value was expected", self.pos)
        return self.octets[self.pos]

    def uintvar(self) -> int:
        """Seven bits an octet, at most five octets."""
        value = 0
        for _ in range(5):
            octet = self.octet()
            value = value << 7 | octet & 0x7F
            if not octet & 0x80:
                return value
        raise DecodeError(DecodeError.BAD_LENGTH, "a length of more than five octets", self.pos)

    def within(self) -> Reader:
        """A reader of the octets that a value-length counts; this one goes on behind them."""
        octet = self.octet()
        if octet > LENGTH_QUOTE:
            raise DecodeError(DecodeError.BAD_LENGTH, "a length was expected", self.pos - 1)
        count = self.uintvar() if octet == LENGTH_QUOTE else octet
        start = self.pos
        self.take(count)
        return Reader(self.octets, start, self.pos)

    def text(self) -> str:
        """A text-string or a quoted-string."""
        end = self.octets.find(b"\0", self.pos, min(self.stop, self.pos + MAX_TEXT_OCTETS))
        if end < 0:
            raise DecodeError(DecodeError.TRUNCATED, "a text without its end", self.pos)
        held = self.take(end + 1 - self.pos)[:-1]
        return held[1 if held[:1] in (b"\x7f", b'"') else 0 :].decode("utf-8", "replace")

    def integer(self) -> int:
        """A short-integer, or a long-integer of at most eight octets."""
        octet = self.octet()
        if octet & 0x80:
            return octet & 0x7F
        if not 1 <= octet <= 8:
            raise DecodeError(DecodeError.BAD_VALUE, "not an integer", self.pos - 1)
        return int.from_bytes(self.take(octet), "big")

    def skip_value(self) -> str:
        """A value of a header nobody knows, as text for people."""
        octet = self.peek()
        if octet <= LENGTH_QUOTE:
            inner = self.within()
            return "0x" + inner.take(min(inner.left, 64)).hex()
        return self.text() if octet < 0x80 else str(self.octet() & 0x7F)

    def encoded_string(self) -> str:
        """A text with or without the number of its character set in front."""
        if self.peek() > LENGTH_QUOTE:
            return self.text()
        inner = self.within()
        charset = CHARSETS.get(inner.integer(), "utf-8")
        held = inner.take(inner.left)
        wide = charset in ("utf-16", "iso-10646-ucs-2")
        held = held.removesuffix(b"\0\0") if wide and len(held) % 2 == 0 else held.removesuffix(b"\0")
        return text_of(held[1:] if held[:1] == b"\x7f" and not wide else held, charset)


class ContentType(NamedTuple):
    name: str
    parameters: tuple[tuple[str, str], ...]


def take_content_type(reader: Reader) -> ContentType:
    """A Content-type value: a short one, or a length, a type and parameters (8.4.2.24)."""
    if reader.peek() > LENGTH_QUOTE:
        return ContentType(_media(reader), ())
    inner = reader.within()
    name, parameters = _media(inner), []
    while inner.left:
        parameters.append(_parameter(inner))
    return ContentType(name, tuple(parameters))


def _media(reader: Reader) -> str:
    if 0x20 <= reader.peek() < 0x80:
        return reader.text().lower()
    number = reader.integer()
    return MEDIA_TYPES.get(number, f"0x{number:02x}")


def _parameter(reader: Reader) -> tuple[str, str]:
    if 0x20 <= reader.peek() < 0x80:
        name = reader.text().lower()
        return name, _untyped(reader)
    number = reader.integer()
    name = _PARAMETERS.get(number, f"0x{number:02x}")
    if name == "charset" and not 0x20 <= reader.peek() < 0x80:
        charset = reader.integer()
        return name, CHARSETS.get(charset, str(charset))
    return name, _media(reader) if number == 0x09 else _untyped(reader)


def _untyped(reader: Reader) -> str:
    if 0x20 <= reader.peek() < 0x80:
        return reader.text()
    return str(reader.integer())


def take_parts(reader: Reader) -> list[Part]:
    """A multipart body (8.5): how many parts, then of each the lengths of its headers and its data."""
    count = reader.uintvar()
    if count > MAX_PARTS:
        raise DecodeError(DecodeError.TOO_MANY, f"{count} parts; at most {MAX_PARTS}", reader.pos)
    out = []
    for _ in range(count):
        head_octets, data_octets = reader.uintvar(), reader.uintvar()
        start = reader.pos
        reader.take(head_octets)
        head = Reader(reader.octets, start, reader.pos)
        content_type = take_content_type(head)
        headers = []
        while head.left:
            headers.append(_header(head))
        out.append(Part(content_type.name, content_type.parameters, tuple(headers), reader.take(data_octets)))
    return out


def _header(reader: Reader) -> tuple[str, str]:
    if 0x20 <= reader.peek() < 0x80:
        return reader.text().lower(), reader.text()
    number = reader.octet() & 0x7F
    name = _HEADERS.get(number, f"0x{number:02x}")
    if name == "content-disposition" and reader.peek() <= LENGTH_QUOTE:
        inner = reader.within()
        token = inner.text() if 0x20 <= inner.peek() < 0x80 else _DISPOSITIONS.get(inner.integer(), "attachment")
        found = [token]
        while inner.left:
            key, value = _parameter(inner)
            found.append(f'{key}="{value}"')
        return name, "; ".join(found)
    return name, reader.skip_value()


# --- writing


def uintvar(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def text_string(text: str) -> bytes:
    """Raises EncodeError for a text with a zero in it."""
    octets = text.encode()
    if b"\0" in octets:
        raise EncodeError("a text cannot hold a zero octet")
    return (b"\x7f" if octets[:1] >= b"\x80" else b"") + octets + b"\0"


def with_length(octets: bytes) -> bytes:
    head = bytes([len(octets)]) if len(octets) < LENGTH_QUOTE else bytes([LENGTH_QUOTE]) + uintvar(len(octets))
    return head + octets


def long_integer(value: int) -> bytes:
    octets = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes([len(octets)]) + octets


def content_type(name: str, parameters: tuple[tuple[str, str], ...] = ()) -> bytes:
    """A Content-type value. Parameters: `charset` utf-8 by number, `type`, `start` and `name` as text."""
    number = _TYPE_NUMBERS.get(name)
    media = bytes([number | 0x80]) if number is not None else text_string(name)
    tail = b""
    for key, value in parameters:
        if key == "charset" and value == "utf-8":
            tail += b"\x81\xea"
        elif key in ("type", "start", "name"):
            tail += {"type": b"\x89", "start": b"\x8a", "name": b"\x85"}[key] + text_string(value)
        else:
            tail += text_string(key) + text_string(value)
    return with_length(media + tail) if tail else media


def multipart(parts: list[Part]) -> bytes:
    """A multipart body of parts with the headers content-id and content-location."""
    out = uintvar(len(parts))
    for part in parts:
        head = content_type(part.content_type, part.parameters)
        for name, value in part.headers:
            if name == "content-id":
                head += b"\xc0" + b'"' + text_string(value)
            elif name == "content-location":
                head += b"\x8e" + text_string(value)
            else:
                head += text_string(name) + text_string(value)
        out += uintvar(len(head)) + uintvar(len(part.body)) + head + part.body
    return out
