"""RADIUS access and accounting packets: read by name, built for the simulator.

Sources: RFC 2865 (packet, attributes), RFC 2866 (accounting), RFC 2869 (gigawords), RFC 3162 (IPv6 attributes),
TS 29.061 clause 16.4.7 for the 3GPP vendor attributes (numbers as third parties use them; the clause is unread).
`parse_radius` raises `DecodeError` only. A password attribute stays octets and is never turned into text.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Final, NamedTuple

from asn1.errors import DecodeError, EncodeError

ACCESS_REQUEST: Final = 1
ACCESS_ACCEPT: Final = 2
ACCESS_REJECT: Final = 3
ACCOUNTING_REQUEST: Final = 4
ACCOUNTING_RESPONSE: Final = 5

START: Final = 1
STOP: Final = 2
INTERIM: Final = 3
FAILED: Final = 15
"""Reserved for Failed (RFC 2866 section 5.1)."""

VENDOR_3GPP: Final = 10_415

MAX_PACKET_OCTETS: Final = 4_096
"""RFC 2865 section 3."""

_VENDOR_SPECIFIC: Final = 26

Value = str | int | bytes

_TYPES: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        1: ("User-Name", "text"),
        2: ("User-Password", "octets"),
        4: ("NAS-IP-Address", "ipv4"),
        5: ("NAS-Port", "integer"),
        6: ("Service-Type", "integer"),
        7: ("Framed-Protocol", "integer"),
        8: ("Framed-IP-Address", "ipv4"),
        9: ("Framed-IP-Netmask", "ipv4"),
        25: ("Class", "octets"),
        30: ("Called-Station-Id", "text"),
        31: ("Calling-Station-Id", "text"),
        32: ("NAS-Identifier", "text"),
        40: ("Acct-Status-Type", "integer"),
        41: ("Acct-Delay-Time", "integer"),
        42: ("Acct-Input-Octets", "integer"),
        43: ("Acct-Output-Octets", "integer"),
        44: ("Acct-Session-Id", "text"),
        45: ("Acct-Authentic", "integer"),
        46: ("Acct-Session-Time", "integer"),
        47: ("Acct-Input-Packets", "integer"),
        48: ("Acct-Output-Packets", "integer"),
        49: ("Acct-Terminate-Cause", "integer"),
        52: ("Acct-Input-Gigawords", "integer"),
        53: ("Acct-Output-Gigawords", "integer"),
        55: ("Event-Timestamp", "integer"),
        61: ("NAS-Port-Type", "integer"),
        87: ("NAS-Port-Id", "text"),
        95: ("NAS-IPv6-Address", "ipv6"),
        97: ("Framed-IPv6-Prefix", "prefix"),
        168: ("Framed-IPv6-Address", "ipv6"),
    }
)

_3GPP_TYPES: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        1: ("3GPP-IMSI", "text"),
        5: ("3GPP-GPRS-Negotiated-QoS-Profile", "text"),
        8: ("3GPP-IMSI-MCC-MNC", "text"),
        20: ("3GPP-IMEISV", "text"),
    }
)

_BY_NAME: Final[Mapping[str, tuple[int, int, str]]] = MappingProxyType(
    {name: (0, number, kind) for number, (name, kind) in _TYPES.items()}
    | {name: (VENDOR_3GPP, number, kind) for number, (name, kind) in _3GPP_TYPES.items()}
)


class RadiusPacket(NamedTuple):
    """One packet. `attributes`: first value of each known attribute by its standard name; addresses as text.

    `unknown` keeps (vendor or 0, type, octets) of every attribute without a name here. `raw` is every attribute in
    order as (type, octets).
    """

    code: int
    identifier: int
    authenticator: bytes
    attributes: Mapping[str, Value]
    unknown: tuple[tuple[int, int, bytes], ...]
    raw: tuple[tuple[int, bytes], ...]

    def text(self, name: str) -> str | None:
        value = self.attributes.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: str) -> int | None:
        value = self.attributes.get(name)
        return value if isinstance(value, int) else None

    @property
    def status_type(self) -> int | None:
        """`START`, `STOP`, `INTERIM` or another number; None outside accounting."""
        return self.number("Acct-Status-Type")

    @property
    def input_octets(self) -> int | None:
        """From the subscriber, gigawords included (RFC 2869 section 5.1)."""
        return self._wide("Acct-Input-Octets", "Acct-Input-Gigawords")

    @property
    def output_octets(self) -> int | None:
        """To the subscriber, gigawords included."""
        return self._wide("Acct-Output-Octets", "Acct-Output-Gigawords")

    def _wide(self, low: str, high: str) -> int | None:
        octets = self.number(low)
        return None if octets is None else (self.number(high) or 0) << 32 | octets


def parse_radius(octets: bytes | bytearray | memoryview) -> RadiusPacket:
    """Read one packet; octets behind its length are padding (RFC 2865 section 3). Raises `DecodeError`."""
    data = bytes(octets[: MAX_PACKET_OCTETS + 1])
    if len(data) < 20:
        raise DecodeError(DecodeError.TRUNCATED, "a RADIUS packet has at least 20 octets", len(data))
    code, identifier, length = struct.unpack_from(">BBH", data)
    if not 20 <= length <= MAX_PACKET_OCTETS:
        raise DecodeError(DecodeError.BAD_LENGTH, f"packet length {length}", 2, "length")
    if length > len(data):
        raise DecodeError(DecodeError.TRUNCATED, f"{length} octets announced, {len(data)} there", len(data))
    attributes: dict[str, Value] = {}
    unknown: list[tuple[int, int, bytes]] = []
    raw: list[tuple[int, bytes]] = []
    for kind, value, at in _walk(data, 20, length, "attributes"):
        raw.append((kind, value))
        if kind == _VENDOR_SPECIFIC:
            _vendor(value, at, attributes, unknown)
        elif kind in _TYPES:
            name, form = _TYPES[kind]
            attributes.setdefault(name, _read(form, value, at, name))
        else:
            unknown.append((0, kind, value))
    return RadiusPacket(code, identifier, data[4:20], MappingProxyType(attributes), tuple(unknown), tuple(raw))


def _walk(data: bytes, position: int, end: int, path: str, base: int = 0) -> Iterable[tuple[int, bytes, int]]:
    while position < end:
        if position + 2 > end:
            raise DecodeError(DecodeError.TRUNCATED, "an attribute header is cut", base + position, path)
        kind, length = data[position], data[position + 1]
        if length < 2 or position + length > end:
            raise DecodeError(DecodeError.BAD_LENGTH, f"attribute {kind} of {length} octets", base + position, path)
        yield kind, data[position + 2 : position + length], base + position
        position += length


def _vendor(value: bytes, at: int, attributes: dict[str, Value], unknown: list[tuple[int, int, bytes]]) -> None:
    vendor = int.from_bytes(value[:4], "big")
    if len(value) < 4 or vendor != VENDOR_3GPP:
        unknown.append((vendor, 0, value[4:]))
        return
    for kind, inner, inner_at in _walk(value, 4, len(value), "Vendor-Specific", at + 2):
        if kind in _3GPP_TYPES:
            name, form = _3GPP_TYPES[kind]
            attributes.setdefault(name, _read(form, inner, inner_at, name))
        else:
            unknown.append((vendor, kind, inner))


def _read(form: str, value: bytes, at: int, name: str) -> Value:
    try:
        if form == "text":
            return value.decode("utf-8")
        if form == "integer" and len(value) == 4:
            return int.from_bytes(value, "big")
        if form == "ipv4" and len(value) == 4:
            return str(IPv4Address(value))
        if form == "ipv6" and len(value) == 16:
            return str(IPv6Address(value))
        if form == "prefix" and 2 <= len(value) <= 18 and value[1] <= 128:
            return f"{IPv6Address(value[2:].ljust(16, bytes(1)))}/{value[1]}"
    except UnicodeDecodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "not UTF-8", at, name) from error
    if form == "octets":
        return value
    raise DecodeError(DecodeError.BAD_LENGTH, f"{len(value)} octets", at, name)


def build_radius(
    code: int,
    identifier: int,
    attributes: Iterable[tuple[str, Value]],
    secret: bytes = b"simulation",
    authenticator: bytes = bytes(16),
) -> bytes:
    """Build a packet; `attributes` are (standard name, value), in order, addresses as text.

    The authenticator is the accounting one (RFC 2866 section 3: MD5 over packet and secret), also for access
    requests, where any unpredictable value would do: the same input always gives the same octets. An answer is given
    the `authenticator` of its request, which is digested in place of its own (RFC 2865 section 3). Raises
    `EncodeError`.
    """
    body = b"".join(_write(name, value) for name, value in attributes)
    length = 20 + len(body)
    if length > MAX_PACKET_OCTETS:
        raise EncodeError(f"RADIUS packet of {length} octets, {MAX_PACKET_OCTETS} is the most")
    head = struct.pack(">BBH", code, identifier & 0xFF, length)
    digest = hashlib.md5(head + authenticator + body + secret, usedforsecurity=False).digest()
    return head + digest + body


def _write(name: str, value: Value) -> bytes:
    if name not in _BY_NAME:
        raise EncodeError(f"RADIUS attribute {name} is not known")
    vendor, kind, form = _BY_NAME[name]
    try:
        octets = _octets_of(form, value)
    except (ValueError, OverflowError) as error:
        raise EncodeError(f"RADIUS attribute {name}: {error}") from error
    if vendor:
        octets = struct.pack(">IBB", vendor, kind, len(octets) + 2) + octets if len(octets) <= 247 else bytes(254)
        kind = _VENDOR_SPECIFIC
    if len(octets) > 253:
        raise EncodeError(f"RADIUS attribute {name} is longer than 253 octets")
    return bytes((kind, len(octets) + 2)) + octets


def _octets_of(form: str, value: Value) -> bytes:
    if form == "octets" and isinstance(value, bytes):
        return value
    if form == "integer" and isinstance(value, int):
        return value.to_bytes(4, "big")
    if isinstance(value, str):
        if form == "text":
            return value.encode()
        if form == "ipv4":
            return IPv4Address(value).packed
        if form == "ipv6":
            return IPv6Address(value).packed
        if form == "prefix":
            address, _, bits = value.partition("/")
            return bytes((0, int(bits))) + IPv6Address(address).packed
    raise ValueError(f"{type(value).__name__} does not fit {form}")
