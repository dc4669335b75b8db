"""Where every field of a record stands: the tree of a description laid over the octets, for whoever looks at both.

    spans(PS_PDU, octets) -> the elements in the order in which they stand, each with its octets, name, value and clause

Rules of this file. The same rows as `asn1.table` decodes by, read once more for their places: what decodes there is
walked here to the same values, and what no row describes is there under its tag. An element's octets are its
identifier, its length and its content, with the two octets behind an indefinite one; a parent's hold its children's.
Octets that hold a record of their own (TS 33.128 in an OCTET STRING, the lines of a SIP message) are looked into.
Bounded in elements and depth; raises DecodeError and nothing else.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from asn1 import ps_tables, tlv, ts33128
from asn1.errors import DecodeError
from asn1.table import Choice, Field, GeneralizedTime, Sequence, SequenceOf, Type, Undescribed, UtcTime
from asn1.table_types import Walk
from asn1.tlv import Tlv

MAX_SPANS: Final = 20_000
MAX_VALUE: Final = 200
"""Characters of a value; the octets are there to be looked at."""
MAX_LINES: Final = 500
ROOT: Final = -1
INSIDE: Final = {"threeGPP33128DefinedIRI": ts33128.IRI_PAYLOAD, "threeGPP33128DefinedCC": ts33128.CC_PAYLOAD}
"""OCTET STRINGs that are a record of their own."""
SIP_FIELDS: Final = frozenset({"sIPContent", "sigMsg", "sipBodyContents"})
"""OCTET STRINGs that are lines of text."""


class Span(NamedTuple):
    """One element: octets `[offset, offset + length)`, its content from `content` on. `parent` is an index into the
    same tuple, ROOT for the first; `number` is its own. `value` is "" where there are children. `kind`: the type's
    name, or `unknown` for what no row describes, or `line` for a line of text."""

    number: int
    parent: int
    depth: int
    name: str
    value: str
    clause: str
    offset: int
    length: int
    content: int
    kind: str


def spans(record: Type, octets: bytes, name: str = "") -> tuple[Span, ...]:
    """The elements of exactly one record. Raises DecodeError."""
    walk = _Spans(octets)
    found = tlv.read_tlv(octets, 0, len(octets))
    if found.end != len(octets):
        raise DecodeError(DecodeError.BAD_LENGTH, "octets left over behind the record", found.end)
    walk.element(record, found, name or record.name, "", ROOT, 0)
    return tuple(walk.found)


def ps_pdu_spans(octets: bytes) -> tuple[Span, ...]:
    return spans(ps_tables.PS_PDU, octets, "PS-PDU")


class _Spans:
    def __init__(self, octets: bytes, base: int = 0, found: list[Span] | None = None) -> None:
        self._octets = octets
        self._base = base
        self.found: list[Span] = [] if found is None else found

    def element(self, kind: Type, at: Tlv, name: str, clause: str, parent: int, depth: int) -> None:
        """An element whose content is of `kind`; of a CHOICE it is one of the alternatives itself."""
        if isinstance(kind, Choice):
            row = _row_of(kind.fields, at)
            if row is None:
                self._unknown(at, parent, depth)
            else:
                self._field(row, at, parent, depth, clause)
            return
        if isinstance(kind, Sequence):
            me = self._add(at, name, "", clause, parent, depth, kind.name)
            for child in tlv.children(self._octets, at):
                row = _row_of(kind.fields, child)
                if row is None:
                    self._unknown(child, me, depth + 1)
                else:
                    self._field(row, child, me, depth + 1)
        elif isinstance(kind, SequenceOf):
            me = self._add(at, name, "", clause, parent, depth, kind.name)
            for number, child in enumerate(tlv.children(self._octets, at)):
                self.element(kind.item, child, f"{number}", "", me, depth + 1)
        elif isinstance(kind, Undescribed):
            self._tree(at, name, clause, parent, depth, kind.name)
        else:
            self._leaf(kind, at, name, clause, parent, depth)

    def _field(self, row: Field, at: Tlv, parent: int, depth: int, clause: str = "") -> None:
        clause = row.clause or clause
        if row.tag is None and isinstance(row.type, Choice):
            me = self._add(at, row.name, "", clause, parent, depth, row.type.name)
            self.element(row.type, at, row.name, "", me, depth + 1)
        elif row.is_explicit:
            me = self._add(at, row.name, "", clause, parent, depth, row.type.name)
            inner = tlv.read_tlv(self._octets, at.content, at.content_end)
            name = row.type.name
            self.element(row.type, inner, name, "", me, depth + 1)
        else:
            self.element(row.type, at, row.name, clause, parent, depth)

    def _leaf(self, kind: Type, at: Tlv, name: str, clause: str, parent: int, depth: int) -> None:
        first, _, content, length = tlv.read_head(self._octets, at.start, at.end)
        value, _ = kind.read(Walk(self._octets), first, content, length, at.end)
        me = self._add(at, name, value_text(kind, value), clause, parent, depth, kind.name)
        whole = isinstance(value, bytes) and not at.constructed
        if whole and name in INSIDE:
            self._inside(INSIDE[name], value, at.content, me, depth + 1)
        elif whole and name in SIP_FIELDS:
            self._lines(value, at.content, me, depth + 1)

    def _inside(self, record: Type, octets: bytes, at: int, parent: int, depth: int) -> None:
        """A record of its own; where it is none, its octets are all there is to see."""
        before = len(self.found)
        inner = _Spans(octets, self._base + at, self.found)
        try:
            found = tlv.read_tlv(octets, 0, len(octets))
            inner.element(record, found, record.name, "", parent, depth)
        except DecodeError as error:
            if error.code in (DecodeError.TOO_MANY, DecodeError.TOO_DEEP):
                raise
            del self.found[before:]
            return
        self._emptied(parent)

    def _lines(self, octets: bytes, at: int, parent: int, depth: int) -> None:
        start = 0
        for number, line in enumerate(octets.splitlines(keepends=True)[:MAX_LINES]):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            head, colon, rest = text.partition(":")
            named = bool(colon) and " " not in head and bool(head)
            name, value = (head, rest.strip()) if named else (f"line {number + 1}", text)
            place = self._base + at + start
            self._append(parent, depth, _plain(name), _plain(value), "", place, len(line), place, "line")
            start += len(line)
        if start:
            self._emptied(parent)

    def _unknown(self, at: Tlv, parent: int, depth: int) -> None:
        self._tree(at, tlv.tag_text(at.tag_class, at.number), "", parent, depth, "unknown")

    def _tree(self, at: Tlv, name: str, clause: str, parent: int, depth: int, kind: str) -> None:
        octets = self._octets[at.content : at.content_end]
        value = "" if at.constructed else octets_text(octets)
        me = self._add(at, name, value, clause, parent, depth, kind)
        if at.constructed:
            for child in tlv.children(self._octets, at):
                self._unknown(child, me, depth + 1)

    def _add(self, at: Tlv, name: str, value: str, clause: str, parent: int, depth: int, kind: str) -> int:
        return self._append(
            parent, depth, name, value, clause, self._base + at.start, at.end - at.start, self._base + at.content, kind
        )

    def _append(
        self,
        parent: int,
        depth: int,
        name: str,
        value: str,
        clause: str,
        offset: int,
        length: int,
        content: int,
        kind: str,
    ) -> int:
        index = len(self.found)
        if index >= MAX_SPANS:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_SPANS} elements", offset)
        if depth > 2 * tlv.MAX_DEPTH:
            raise DecodeError(DecodeError.TOO_DEEP, f"more than {2 * tlv.MAX_DEPTH} elements inside each other", offset)
        self.found.append(Span(index, parent, depth, name, value, clause, offset, length, content, kind))
        return index

    def _emptied(self, index: int) -> None:
        """What has children has no value of its own."""
        self.found[index] = self.found[index]._replace(value="")


def _row_of(fields: tuple[Field, ...], at: Tlv) -> Field | None:
    return next((row for row in fields if _matches(row, at)), None)


def _matches(row: Field, at: Tlv) -> bool:
    if row.tag is not None:
        return at.tag_class == tlv.CONTEXT and at.number == row.tag
    if isinstance(row.type, Choice):
        return any(_matches(inner, at) for inner in row.type.fields)
    return at.tag_class == tlv.UNIVERSAL and at.number == row.type.universal


def value_text(kind: Type, value: Any) -> str:  # noqa: ANN401  a value of the tables
    """A value in one line: octets as text where they print, else in hexadecimal; times in ISO 8601."""
    if isinstance(value, bytes | bytearray | memoryview):
        return octets_text(bytes(value))
    if isinstance(kind, GeneralizedTime | UtcTime):
        return tlv.time_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return _plain(str(value))


def octets_text(octets: bytes) -> str:
    """As LIIDs are written: itself when it is printable ASCII, else `0x` and hexadecimal; a long one cut."""
    if octets and all(0x20 <= octet <= 0x7E for octet in octets):
        return _plain(octets.decode("ascii"))
    shown = octets[: MAX_VALUE // 2]
    more = f"… ({len(octets)} octets)" if len(shown) < len(octets) else ""
    return f"0x{shown.hex()}{more}" if octets else ""


def _plain(text: str) -> str:
    """One line, whatever a peer wrote."""
    shown = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:MAX_VALUE])
    return shown + ("…" if len(text) > MAX_VALUE else "")
