"""Record descriptions as data, and `decode`/`encode` over them. The rules are in the header of `asn1.table_types`.

    KEEP_ALIVE = Sequence("Example", (
        Field(0, "id", INTEGER_32, clause="5.2"),
        Field(1, "note", UTF8, optional=True),
    ))

From the same rows come the walker, the encoder, and `pyasn1_type`, the reference codec that tests hold ours against.
`decode` first asks the quick walk (`asn1.walk`), which answers for plain records; what it is not sure of, and every
error, is the walker's here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from asn1 import tlv, walk
from asn1.errors import DecodeError, EncodeError
from asn1.table_plan import primitive_plan
from asn1.table_types import (
    LI_ROOT,
    Bits,
    BitString,
    Boolean,
    Enumerated,
    GeneralizedTime,
    Integer,
    Null,
    OctetString,
    Oid,
    Primitive,
    RelativeOid,
    String,
    Text,
    Type,
    Undescribed,
    UnknownTag,
    UtcTime,
    Value,
    Walk,
    tag_key,
)
from asn1.tlv import Buffer
from asn1.walk import Plan

__all__ = (
    "BOOLEAN",
    "GENERALIZED_TIME",
    "INTEGER",
    "LI_ROOT",
    "NULL",
    "OCTETS",
    "OID",
    "RELATIVE_OID",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "UNDESCRIBED",
    "UTC_TIME",
    "UTF8",
    "BitString",
    "Bits",
    "Boolean",
    "Choice",
    "Enumerated",
    "Field",
    "GeneralizedTime",
    "Integer",
    "Null",
    "OctetString",
    "Oid",
    "Primitive",
    "RelativeOid",
    "Sequence",
    "SequenceOf",
    "String",
    "Text",
    "Type",
    "Undescribed",
    "UnknownTag",
    "UtcTime",
    "Value",
    "decode",
    "decode_reference",
    "decode_reporting",
    "encode",
    "enumerated",
    "pyasn1_type",
)

BOOLEAN: Final = Boolean("BOOLEAN")
NULL: Final = Null("NULL")
OID: Final = Oid("OBJECT IDENTIFIER")
RELATIVE_OID: Final = RelativeOid("RELATIVE-OID")
INTEGER: Final = Integer("INTEGER")
UINT8: Final = Integer("INTEGER", 0, 255)
UINT16: Final = Integer("INTEGER", 0, 65_535)
UINT32: Final = Integer("INTEGER", 0, 4_294_967_295)
UINT64: Final = Integer("INTEGER", 0, 18_446_744_073_709_551_615)
OCTETS: Final = OctetString("OCTET STRING")
UTF8: Final = Text("UTF8String")
GENERALIZED_TIME: Final = GeneralizedTime("GeneralizedTime")
UTC_TIME: Final = UtcTime("UTCTime")
UNDESCRIBED: Final = Undescribed("undescribed")


def enumerated(name: str, rows: str) -> Enumerated:
    """An ENUMERATED from `"0=unknown 1=timeOfInterception"`."""
    pairs = (row.split("=") for row in rows.split())
    return Enumerated(name, tuple((int(number), text) for number, text in pairs))


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One row: context tag (None: the type's own), name and type as the module has them, optionality, clause."""

    tag: int | None
    name: str
    type: Type
    optional: bool = False
    clause: str = ""
    explicit: bool = False

    @property
    def is_explicit(self) -> bool:
        """Whether the tag wraps a whole element: asked for, or a CHOICE, which has no tag of its own to replace."""
        return self.tag is not None and (self.explicit or isinstance(self.type, Choice))


_SHORT: Final = tuple(bytes((size,)) for size in range(0x80))
"""The short lengths, ready made: nearly every length written is one of them."""


class _Row:
    """What the walker needs of a field, flat."""

    __slots__ = ("explicit", "identifier", "name", "octets", "type", "whole", "wrapper")

    def __init__(self, row: Field) -> None:
        kind = row.type
        self.name = row.name
        self.type = kind
        self.explicit = row.is_explicit
        self.whole = row.tag is None and isinstance(kind, Choice)
        self.octets = kind.octets if isinstance(kind, Primitive) and not self.explicit else None
        self.identifier = b""
        self.wrapper = b""
        if self.explicit and row.tag is not None:
            self.wrapper = tlv.encode_identifier(tlv.CONTEXT, True, row.tag)
        if self.whole or (self.explicit and isinstance(kind, Choice)):
            return
        if row.tag is not None and not self.explicit:
            self.identifier = tlv.encode_identifier(tlv.CONTEXT, kind.constructed, row.tag)
        elif kind.universal is not None:
            self.identifier = tlv.encode_identifier(tlv.UNIVERSAL, kind.constructed, kind.universal)

    def read(self, walk: Walk, pos: int, first: int, content: int, length: int, limit: int) -> tuple[Value, int]:
        """Value and offset behind, whatever the tagging. `pos` is the start of the element."""
        if self.whole:
            return _choice(self.type).read_whole(walk, pos, limit)
        if not self.explicit:
            return self.type.read(walk, first, content, length, limit)
        if not first & tlv.CONSTRUCTED:
            raise DecodeError(DecodeError.BAD_TAG, f"{self.name} must hold one element, but is primitive", pos)
        end = limit if length == tlv.INDEFINITE else content + length
        value, behind = self.read_inner(walk, content, end)
        if length == tlv.INDEFINITE:
            if not tlv.at_end_of_contents(walk.buf, behind, end):
                raise DecodeError(DecodeError.BAD_LENGTH, f"more than one element inside {self.name}", behind)
            return value, behind + 2
        if behind != end:
            raise DecodeError(DecodeError.BAD_LENGTH, f"more than one element inside {self.name}", behind)
        return value, behind

    def read_inner(self, walk: Walk, pos: int, end: int) -> tuple[Value, int]:
        if isinstance(self.type, Choice):
            return self.type.read_whole(walk, pos, end)
        first, number, content, length = tlv.read_head(walk.buf, pos, end)
        walk.check_fits(pos, content, length, end)
        if first >> 6 != tlv.UNIVERSAL or number != self.type.universal:
            raise DecodeError(DecodeError.BAD_TAG, f"{self.type.name} was expected inside {self.name}", pos)
        return self.type.read(walk, first, content, length, end)

    def write(self, value: Value) -> bytes:
        content = self.type.write(value)
        identifier = self.identifier
        if isinstance(self.type, Undescribed) and isinstance(value, list):
            identifier = bytes((identifier[0] | tlv.CONSTRUCTED,)) + identifier[1:]
        if identifier:
            size = len(content)
            content = identifier + (_SHORT[size] if size < 0x80 else tlv.encode_length(size)) + content
        if self.wrapper:
            size = len(content)
            return self.wrapper + (_SHORT[size] if size < 0x80 else tlv.encode_length(size)) + content
        return content


def _choice(kind: Type) -> Choice:
    if not isinstance(kind, Choice):
        raise EncodeError(f"{kind.name} is not a CHOICE")
    return kind


def _keys(row: Field) -> list[int]:
    """The tags by which a row is found; those of its alternatives for an untagged CHOICE."""
    if row.tag is not None:
        return [tag_key(tlv.CONTEXT << 6, row.tag)]
    if isinstance(row.type, Choice):
        return [key for inner in row.type.fields for key in _keys(inner)]
    if row.type.universal is None:
        raise ValueError(f"{row.name} has neither a tag nor a type with one")
    return [tag_key(tlv.UNIVERSAL << 6, row.type.universal)]


def _dispatch(name: str, fields: tuple[Field, ...]) -> dict[int, _Row]:
    rows: dict[int, _Row] = {}
    for item in fields:
        row = _Row(item)
        for key in _keys(item):
            if key in rows:
                raise ValueError(f"{name}: {item.name} has the tag of {rows[key].name}")
            rows[key] = row
    return rows


@dataclass(frozen=True, eq=False)
class Sequence(Type):
    """SEQUENCE, as a dict by field names; optional fields that are absent are left out."""

    fields: tuple[Field, ...] = ()
    _rows: dict[int, _Row] = field(init=False, repr=False)
    _mandatory: frozenset[str] = field(init=False, repr=False)
    _writers: tuple[tuple[str, bool, _Row], ...] = field(init=False, repr=False)
    root: _Row = field(init=False, repr=False)
    plan: Plan | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", None)
        object.__setattr__(self, "root", _Row(Field(None, self.name, self)))
        object.__setattr__(self, "_rows", _dispatch(self.name, self.fields))
        object.__setattr__(self, "_mandatory", frozenset(row.name for row in self.fields if not row.optional))
        object.__setattr__(self, "_writers", tuple((row.name, row.optional, _Row(row)) for row in self.fields))

    @property
    def universal(self) -> int:
        return 16

    @property
    def constructed(self) -> bool:
        return True

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        if not first & tlv.CONSTRUCTED:
            raise DecodeError(DecodeError.BAD_TAG, f"{self.name} in primitive form", pos)
        indefinite = length == tlv.INDEFINITE
        end = limit if indefinite else pos + length
        buf, rows, path = walk.buf, self._rows, walk.path
        start = pos
        out: dict[str, Value] = {}
        while True:
            if indefinite:
                if tlv.at_end_of_contents(buf, pos, end):
                    pos += 2
                    break
            elif pos >= end:
                break
            head = buf[pos]
            # The common form, low tag number and short length, is read here; read_head does all others.
            if end - pos >= 2 and head & 0x1F != 0x1F and (size := buf[pos + 1]) < 0x80:
                number, content, key = head & 0x1F, pos + 2, head & 0xDF
            else:
                head, number, content, size = tlv.read_head(buf, pos, end)
                key = tag_key(head, number)
            if size > end - content:
                walk.check_fits(pos, content, size, end)
            row = rows.get(key)
            if row is None:
                _, _, pos = walk.keep_unknown(pos, head, number, content, size, end)
                continue
            name = row.name
            if name in out:
                raise DecodeError(DecodeError.BAD_TAG, f"{name} stands here twice", pos)
            if row.octets is not None and not head & tlv.CONSTRUCTED:
                pos = content + size
                try:
                    out[name] = row.octets(buf, content, pos)
                except DecodeError:
                    path.append(name)
                    raise
            else:
                walk.enter(name, pos)
                out[name], pos = row.read(walk, pos, head, content, size, end)
                path.pop()
        if missing := self._mandatory - out.keys():
            names = ", ".join(sorted(missing))
            raise DecodeError(DecodeError.MISSING_FIELD, f"{self.name} lacks {names}", start)
        return out, pos

    def write(self, value: Value) -> bytes:
        if not isinstance(value, dict):
            raise EncodeError(f"{self.name}: a dict was expected, not {type(value).__name__}")
        out: list[bytes] = []
        used = 0
        for name, optional, row in self._writers:
            if name in value:
                used += 1
                try:
                    out.append(row.write(value[name]))
                except EncodeError as error:
                    raise EncodeError(f"{name}: {error}") from error
            elif not optional:
                raise EncodeError(f"{self.name} lacks {name}")
        if used != len(value):
            extra = ", ".join(sorted(set(value) - {row.name for row in self.fields}))
            raise EncodeError(f"{self.name} has no field {extra}")
        return b"".join(out)


@dataclass(frozen=True, eq=False)
class Choice(Type):
    """CHOICE, as (name, value). An alternative no row describes is (`[n]`, octets or tag tree), and reported."""

    fields: tuple[Field, ...] = ()
    _rows: dict[int, _Row] = field(init=False, repr=False)
    _writers: dict[str, _Row] = field(init=False, repr=False)
    root: _Row = field(init=False, repr=False)
    plan: Plan | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", None)
        object.__setattr__(self, "root", _Row(Field(None, self.name, self)))
        object.__setattr__(self, "_rows", _dispatch(self.name, self.fields))
        object.__setattr__(self, "_writers", {row.name: _Row(row) for row in self.fields})

    @property
    def universal(self) -> None:
        return None

    def read_whole(self, walk: Walk, pos: int, limit: int) -> tuple[Value, int]:
        """The alternative whose element starts at `pos`: ((name, value), offset behind)."""
        first, number, content, length = tlv.read_head(walk.buf, pos, limit)
        walk.check_fits(pos, content, length, limit)
        row = self._rows.get(tag_key(first, number))
        if row is None:
            tag, value, behind = walk.keep_unknown(pos, first, number, content, length, limit)
            return (tag, value), behind
        walk.enter(row.name, pos)
        value, behind = row.read(walk, pos, first, content, length, limit)
        walk.path.pop()
        return (row.name, value), behind

    def write(self, value: Value) -> bytes:
        if not isinstance(value, tuple) or len(value) != 2:
            raise EncodeError(f"{self.name}: (name, value) was expected, not {type(value).__name__}")
        name, inner = value
        row = self._writers.get(name)
        if row is None:
            raise EncodeError(f"{self.name} has no alternative {name}")
        try:
            return row.write(inner)
        except EncodeError as error:
            raise EncodeError(f"{name}: {error}") from error


@dataclass(frozen=True, eq=False)
class SequenceOf(Type):
    """SEQUENCE OF, or SET OF where `as_set`, as a list in the order it stands in."""

    item: Type = UNDESCRIBED
    as_set: bool = False
    _row: _Row = field(init=False, repr=False)
    _keys: frozenset[int] = field(init=False, repr=False)
    plan: Plan | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", None)
        row = Field(None, "item", self.item)
        object.__setattr__(self, "_row", _Row(row))
        object.__setattr__(self, "_keys", frozenset(_keys(row)))

    @property
    def universal(self) -> int:
        return 17 if self.as_set else 16

    @property
    def constructed(self) -> bool:
        return True

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        if not first & tlv.CONSTRUCTED:
            raise DecodeError(DecodeError.BAD_TAG, f"{self.name} in primitive form", pos)
        indefinite = length == tlv.INDEFINITE
        end = limit if indefinite else pos + length
        out: list[Value] = []
        while True:
            if indefinite:
                if tlv.at_end_of_contents(walk.buf, pos, end):
                    return out, pos + 2
            elif pos >= end:
                return out, pos
            head, number, content, size = tlv.read_head(walk.buf, pos, end)
            walk.check_fits(pos, content, size, end)
            walk.enter(str(len(out)), pos)
            if self._row.whole or tag_key(head, number) in self._keys:
                value, pos = self._row.read(walk, pos, head, content, size, end)
            else:
                raise DecodeError(DecodeError.BAD_TAG, f"{self.item.name} was expected", pos)
            walk.path.pop()
            out.append(value)

    def write(self, value: Value) -> bytes:
        if not isinstance(value, list | tuple):
            raise EncodeError(f"{self.name}: a list was expected, not {type(value).__name__}")
        out: list[bytes] = []
        for index, item in enumerate(value):
            try:
                out.append(self._row.write(item))
            except EncodeError as error:
                raise EncodeError(f"{index}: {error}") from error
        return b"".join(out)


def _root(record: Type) -> _Row:
    """The row of a record that stands by itself."""
    return record.root if isinstance(record, Sequence | Choice) else _Row(Field(None, record.name, record))


def plan_of(kind: Type) -> Plan:
    """The plan of a type for the quick walk, made when it is first asked for."""
    if not isinstance(kind, Sequence | Choice | SequenceOf):
        return primitive_plan(kind)
    plan = kind.plan
    if plan is None:
        if isinstance(kind, Choice):
            plan, fields = Plan(walk.CHOICE, -1), kind.fields
        elif isinstance(kind, Sequence):
            plan, fields = Plan(walk.SEQUENCE, tag_key(tlv.UNIVERSAL << 6, kind.universal)), kind.fields
        else:
            plan, fields = (
                Plan(walk.LIST, tag_key(tlv.UNIVERSAL << 6, kind.universal)),
                (Field(None, "item", kind.item),),
            )
        object.__setattr__(kind, "plan", plan)
        rows: dict[int, walk.Row] = {}
        for one in fields:
            whole = one.tag is None and isinstance(one.type, Choice)
            row = walk.Row(one.name, plan_of(one.type), one.is_explicit, whole, not one.optional)
            rows |= dict.fromkeys(_keys(one), row)
        plan.set_rows(rows)
    return plan


def decode_reporting(record: Type, octets: Buffer) -> tuple[Value, tuple[UnknownTag, ...]]:
    """The value of exactly one whole element, and what in it no row describes. Raises DecodeError, path filled in."""
    if len(octets) <= walk.MAX_OCTETS:
        value = walk.walk(getattr(record, "plan", None) or plan_of(record), bytes(octets))
        if value is not walk.UNSURE:
            return value, ()
    return decode_reference(record, octets)


def decode_reference(record: Type, octets: Buffer) -> tuple[Value, tuple[UnknownTag, ...]]:
    """`decode_reporting` without the quick walk: for what that leaves over, and to hold it against."""
    walk = Walk(octets)
    try:
        value, behind = _root(record).read_inner(walk, 0, len(octets))
        if behind != len(octets):
            left = len(octets) - behind
            raise DecodeError(DecodeError.BAD_LENGTH, f"{left} octets left over behind {record.name}", behind)
    except DecodeError as error:
        if walk.path:
            raise error.within(".".join(walk.path)) from error
        raise
    return value, tuple(walk.unknown)


def decode(record: Type, octets: Buffer) -> Value:
    """The value of exactly one whole element of `record`; elements no row describes are passed over."""
    return decode_reporting(record, octets)[0]


def encode(record: Type, value: Value) -> bytes:
    """One whole element, definite and minimal. Raises EncodeError with the path to what does not fit."""
    try:
        return _root(record).write(value)
    except EncodeError as error:
        raise EncodeError(f"{record.name}: {error}") from error


def pyasn1_type(record: Type) -> Value:
    """The pyasn1 object built from the same rows (see `asn1.table_pyasn1`)."""
    from asn1.table_pyasn1 import build  # pyasn1 is slow to import and only the cold path asks for it

    return build(record)
