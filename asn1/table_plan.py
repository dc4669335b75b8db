"""From a record description to the plan of the quick walk (`asn1.walk`): the same rows, flat.

A plan is made when a record is first read, once for each type. What the quick walk does not read is left out of it, and
so left to the reference.
"""

from __future__ import annotations

from typing import Final

from asn1 import tlv, walk
from asn1.table_types import (
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
    UtcTime,
    tag_key,
)
from asn1.walk import Plan

_LOWEST = -(1 << 63)
_HIGHEST = (1 << 63) - 1


def primitive_plan(kind: Type) -> Plan:
    """The plan of a type that has no rows. A type that reads itself in its own way is the reference's; the reader of
    one that only reads its octets so stands for what the walk does not read itself."""
    tag = walk.KEYS if kind.universal is None else tag_key(tlv.UNIVERSAL << 6, kind.universal)
    exact = type(kind)
    if isinstance(kind, Integer) and exact is Integer:
        low, high = (_LOWEST if kind.low is None else kind.low), (_HIGHEST if kind.high is None else kind.high)
        return Plan(walk.INTEGER, tag, low, high)
    if isinstance(kind, Enumerated) and exact is Enumerated:
        return Plan(walk.ENUMERATED, tag, names=dict(kind.rows))
    if exact in _KINDS:
        return Plan(_KINDS[exact], tag)
    own = isinstance(kind, Primitive) and exact.read in (Primitive.read, String.read)
    what = walk.IDENTIFIER if exact in (Oid, RelativeOid) else walk.OTHER
    return Plan(what, tag, reader=kind.octets if own and isinstance(kind, Primitive) else None)


_KINDS: Final[dict[type[Type], int]] = {
    OctetString: walk.OCTETS,
    Text: walk.TEXT,
    Null: walk.NULL,
    Boolean: walk.BOOLEAN,
    Undescribed: walk.TREE,
    UtcTime: walk.UTC_TIME,
    GeneralizedTime: walk.GENERALIZED_TIME,
}
