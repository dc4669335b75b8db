"""Content records by template: encoded once for a stream and a size, then patched.

A packet of speech comes fifty times a second and differs from the last in number, time and octets; walking the tables
for each costs more than everything else the mediation function does with it. A template is found by encoding records
that differ in one of the four fields, so that nothing is known here of how a record is laid out; its first use is held
against the table's own encoding, and a stream that does not fit stays with the tables. Pure but for its own cache.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, NamedTuple

from asn1.ps_pdu import PsHeader, cc_pdu

MAX_TEMPLATES: Final = 4_096
"""One a stream, size and width of number and time; beyond it the one longest unused goes."""
_SECOND_US: Final = 1_000_000
_LOW: Final = (0, 0x01, 0x0101, 0x010101, 0x01010101)
_HIGH: Final = (0, 0x7E, 0x7E7E, 0x0E0E0E, 0x7E7E7E7E)
"""By width in octets: numbers of that width that differ in every octet, microseconds below a second among them."""
_WIDEST: Final = 1 << 31

Contents = tuple[str, dict[str, Any]]


class _Template(NamedTuple):
    octets: bytes
    number: int
    seconds: int
    microseconds: int
    payload: int


class Templates:
    """`encode` gives what `cc_pdu` gives."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[object, ...], _Template | None] = OrderedDict()

    def encode(self, header: PsHeader, contents: Contents, direction: str | None) -> bytes:
        """Raises EncodeError as `cc_pdu` does."""
        found = _payload_of(contents)
        time_us, number = header.time_us, header.sequence_number
        if found is None or time_us is None or not 0 <= number < _WIDEST:
            return cc_pdu(header, contents, direction)
        field, payload = found
        seconds, microseconds = divmod(time_us, _SECOND_US)
        if not 1 << 24 < seconds < _WIDEST or not payload:
            return cc_pdu(header, contents, direction)
        widths = _width(number), _width(microseconds)
        rest = tuple(sorted((name, held) for name, held in contents[1].items() if name != field))
        key = (header._replace(sequence_number=0, time_us=0), contents[0], rest, direction, len(payload), *widths)
        if key in self._held:
            self._held.move_to_end(key)
            template = self._held[key]
            return (
                cc_pdu(header, contents, direction)
                if template is None
                else _patched(template, number, seconds, microseconds, payload, widths)
            )
        octets = cc_pdu(header, contents, direction)
        template = _learn(header, contents, direction, field, len(payload), widths)
        if template is not None and _patched(template, number, seconds, microseconds, payload, widths) != octets:
            template = None
        self._held[key] = template
        if len(self._held) > MAX_TEMPLATES:
            self._held.popitem(last=False)
        return octets


def _payload_of(contents: Contents) -> tuple[str, bytes] | None:
    """The field that holds the packet, and the packet."""
    name, value = contents
    if name == "iPMMCC":
        return "mMCCContents", value["mMCCContents"]
    if name == "iPCC" and value["iPCCContents"][0] == "iPPackets":
        return "iPCCContents", value["iPCCContents"][1]
    return None


def _width(number: int) -> int:
    """Octets of an INTEGER's content."""
    return number.bit_length() // 8 + 1


def _learn(
    header: PsHeader, contents: Contents, direction: str | None, field: str, size: int, widths: tuple[int, int]
) -> _Template | None:
    name, value = contents

    def encoded(number: int, seconds: int, microseconds: int, fill: int) -> bytes:
        packet: Any = bytes((fill,)) * size
        held = ("iPPackets", packet) if name == "iPCC" else packet
        stamped = header._replace(sequence_number=number, time_us=seconds * _SECOND_US + microseconds)
        return cc_pdu(stamped, (name, value | {field: held}), direction)

    low = [_LOW[widths[0]], 0x41414141, _LOW[widths[1]], 0x00]
    high = (_HIGH[widths[0]], 0x7E7E7E7E, _HIGH[widths[1]], 0xFF)
    base = encoded(low[0], low[1], low[2], low[3])
    places = []
    for index, width in enumerate((widths[0], 4, widths[1], size)):
        said = [high[at] if at == index else value for at, value in enumerate(low)]
        other = encoded(said[0], said[1], said[2], said[3])
        changed = [at for at, (one, two) in enumerate(zip(base, other, strict=False)) if one != two]
        if len(other) != len(base) or changed != list(range(changed[0], changed[0] + width)):
            return None
        places.append(changed[0])
    return _Template(base, *places)


def _patched(
    template: _Template, number: int, seconds: int, microseconds: int, payload: bytes, widths: tuple[int, int]
) -> bytes:
    out = bytearray(template.octets)
    at = template.number
    out[at : at + widths[0]] = number.to_bytes(widths[0], "big")
    at = template.seconds
    out[at : at + 4] = seconds.to_bytes(4, "big")
    at = template.microseconds
    out[at : at + widths[1]] = microseconds.to_bytes(widths[1], "big")
    at = template.payload
    out[at : at + len(payload)] = payload
    return bytes(out)
