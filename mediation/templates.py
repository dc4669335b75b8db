"""Content records by template: one a shape of record, whoever's it is and however large its packet.

A packet of speech comes fifty times a second and differs from the last in number, time and octets; walking the tables
for each costs more than everything else the mediation function does with it. What a shape is, its header says but for
LIID, CIN, number and time, and its contents but for the packet. The first record of a shape is held against the table's
own encoding, and a shape that does not fit stays with the tables. Pure but for its own cache.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from asn1.errors import LabError
from asn1.ps_pdu import PsHeader, cc_pdu
from asn1.record_template import CC_CONTENT, cc_template, direction_number, packet_of
from asn1.template import NO_CIN, Template

MAX_TEMPLATES: Final = 1_024
"""Beyond it the one longest unused goes."""

Contents = tuple[str, dict[str, Any]]


class Templates:
    """`encode` gives what `cc_pdu` gives."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[object, ...], Template | None] = OrderedDict()

    def of(self, header: PsHeader, contents: Contents, direction: str | None) -> Template | None:
        """The template for records of this shape; None where there is none."""
        name, value = contents
        if header.time_us is None or packet_of(contents) is None:
            return None
        shape = header._replace(liid=b"", cin=None if header.cin is None else 0, sequence_number=0, time_us=0)
        packet = CC_CONTENT[name][0]
        rest = tuple(sorted((field, held) for field, held in value.items() if field != packet))
        key = (shape, name, rest, direction is None)
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        template = self._held[key] = _made(header, contents, direction)
        if len(self._held) > MAX_TEMPLATES:
            self._held.popitem(last=False)
        return template

    def encode(self, header: PsHeader, contents: Contents, direction: str | None) -> bytes:
        """Raises EncodeError as `cc_pdu` does."""
        template = self.of(header, contents, direction)
        if template is None:
            return cc_pdu(header, contents, direction)
        try:
            return _filled(template, header, contents, direction)
        except LabError:
            # A value that no record can hold: the tables say which.
            return cc_pdu(header, contents, direction)


def _made(header: PsHeader, contents: Contents, direction: str | None) -> Template | None:
    try:
        template = cc_template(header, contents, direction)
        like = _filled(template, header, contents, direction) == cc_pdu(header, contents, direction)
    except LabError:
        return None
    return template if like else None


def _filled(template: Template, header: PsHeader, contents: Contents, direction: str | None) -> bytes:
    cin = NO_CIN if header.cin is None else header.cin
    time_us = -1 if header.time_us is None else header.time_us
    packet = packet_of(contents) or b""
    return template.octets(header.liid, cin, header.sequence_number, time_us, packet, direction_number(direction))
