"""The reference codec: pyasn1 types built from the same rows, and values carried to and from them.

For the cold path only (conformance messages, cross-checks in tests): pyasn1 is two orders of magnitude slower than our
walker and knows none of our tolerances. `build` gives the type; `reference_encode`/`reference_decode` speak the value
conventions of `asn1.table`, so that the two codecs can be compared value by value and octet by octet. Undescribed
fields have no reference and are left out of it.
"""

from __future__ import annotations

from typing import Any, Final

from pyasn1.codec.ber import decoder, encoder
from pyasn1.codec.cer.encoder import BooleanEncoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import char, namedtype, namedval, tag, univ, useful

from asn1.errors import DecodeError, EncodeError
from asn1.table import Choice, Field, Sequence, SequenceOf
from asn1.table_types import (
    Bits,
    BitString,
    Boolean,
    Enumerated,
    GeneralizedTime,
    Integer,
    Null,
    OctetString,
    Oid,
    RelativeOid,
    Text,
    Type,
    Undescribed,
    UtcTime,
    Value,
)
from asn1.tlv import decode_generalized_time, decode_utc_time, encode_generalized_time, encode_utc_time

Reference = Any
"""An object of pyasn1, which has no types."""

_TEXT: Final = {
    "utf-8": char.UTF8String,
    "numeric": char.NumericString,
    "printable": char.PrintableString,
    "ia5": char.IA5String,
    "visible": char.VisibleString,
    "local-time": useful.GeneralizedTime,
}


class _SingleItemEncoder(encoder.SingleItemEncoder):  # type: ignore[misc]  # pyasn1 has no types
    """BER with the one true the canonical rules know, 0xFF, which ours writes."""

    TAG_MAP: Final = {**encoder.TAG_MAP, univ.Boolean.tagSet: BooleanEncoder()}
    TYPE_MAP: Final = {**encoder.TYPE_MAP, univ.Boolean.typeId: BooleanEncoder()}


class _Encoder(encoder.Encoder):  # type: ignore[misc]  # pyasn1 has no types
    SINGLE_ITEM_ENCODER = _SingleItemEncoder


def build(record: Type) -> Reference:
    """The pyasn1 type of a record description. Raises EncodeError for a type that has no reference."""
    return _build(record, {})


def _build(record: Type, built: dict[int, Reference]) -> Reference:
    """`built` holds what this call has made already: a type that stands in many places is made once."""
    found = built.get(id(record))
    if found is None:
        found = built[id(record)] = _make(record, built)
    return found


def _make(record: Type, built: dict[int, Reference]) -> Reference:
    if isinstance(record, Sequence | Choice):
        base: Reference = univ.Sequence if isinstance(record, Sequence) else univ.Choice
        return base(componentType=namedtype.NamedTypes(*(_named(row, built) for row in _rows(record))))
    if isinstance(record, SequenceOf):
        return (univ.SetOf if record.as_set else univ.SequenceOf)(componentType=_build(record.item, built))
    if isinstance(record, Enumerated):
        return univ.Enumerated(namedValues=namedval.NamedValues(*((name, number) for number, name in record.rows)))
    if isinstance(record, Text):
        return _TEXT[record.kind]()
    for ours, theirs in (
        (Integer, univ.Integer),
        (Boolean, univ.Boolean),
        (Null, univ.Null),
        (Oid, univ.ObjectIdentifier),
        (RelativeOid, univ.RelativeOID),
        (OctetString, univ.OctetString),
        (BitString, univ.BitString),
        (Bits, univ.BitString),
        (GeneralizedTime, useful.GeneralizedTime),
        (UtcTime, useful.UTCTime),
    ):
        if isinstance(record, ours):
            return theirs()
    raise EncodeError(f"{record.name} has no reference type")


def _rows(record: Sequence | Choice) -> list[Field]:
    return [row for row in record.fields if _described(row.type)]


def _described(record: Type) -> bool:
    if isinstance(record, Choice):
        return any(_described(row.type) for row in record.fields)
    return not isinstance(record, Undescribed)


def _named(row: Field, built: dict[int, Reference]) -> Reference:
    kind = _build(row.type, built)
    if row.tag is not None:
        form = tag.tagFormatConstructed if row.type.constructed or row.is_explicit else tag.tagFormatSimple
        context = tag.Tag(tag.tagClassContext, form, row.tag)
        kind = kind.subtype(explicitTag=context) if row.is_explicit else kind.subtype(implicitTag=context)
    return (namedtype.OptionalNamedType if row.optional else namedtype.NamedType)(row.name, kind)


def reference_encode(record: Type, value: Value) -> bytes:
    """`value` (conventions of `asn1.table`) encoded by pyasn1. Raises EncodeError.

    pyasn1 writes an absent optional SEQUENCE of nothing but optional fields as an empty one; ours leaves it out.
    """
    try:
        octets: bytes = _Encoder()(_fill(record, build(record), value))
    except PyAsn1Error as error:
        raise EncodeError(f"{record.name}: {error}") from error
    return octets


def reference_decode(record: Type, octets: bytes) -> Value:
    """`octets` decoded by pyasn1, as a value by the conventions of `asn1.table`. Raises DecodeError."""
    try:
        decoded, rest = decoder.decode(octets, asn1Spec=build(record))
    except PyAsn1Error as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"{record.name}: {error}") from error
    if rest:
        raise DecodeError(DecodeError.BAD_LENGTH, f"{len(rest)} octets left over", len(octets) - len(rest))
    return _take(record, decoded)


def _fill(record: Type, target: Reference, value: Value) -> Reference:
    """`target`, a fresh pyasn1 object, with `value` in it (a new object for primitives, which pyasn1 never changes)."""
    if isinstance(record, Sequence):
        for row in record.fields:
            if row.name in value:
                inner = target.componentType[target.componentType.getPositionByName(row.name)].asn1Object
                target.setComponentByName(row.name, _fill(row.type, inner.clone(), value[row.name]))
        return target
    if isinstance(record, Choice):
        name, held = value
        row = next(row for row in record.fields if row.name == name)
        inner = target.componentType[target.componentType.getPositionByName(name)].asn1Object
        target.setComponentByName(name, _fill(row.type, inner.clone(), held))
        return target
    if isinstance(record, SequenceOf):
        target.clear()
        for index, item in enumerate(value):
            target.setComponentByPosition(index, _fill(record.item, target.componentType.clone(), item))
        return target
    if isinstance(record, GeneralizedTime):
        return target.clone(encode_generalized_time(value).decode("ascii"))
    if isinstance(record, UtcTime):
        return target.clone(encode_utc_time(value).decode("ascii"))
    if isinstance(record, BitString):
        numbers = {name: bit for bit, name in record.rows}
        bits = {numbers.get(item, item) for item in value}
        return target.clone(tuple(int(bit in bits) for bit in range(max(bits, default=-1) + 1)))
    if isinstance(record, Bits):
        return target.clone(tuple(map(int, value)))
    if isinstance(record, Null):
        return target.clone("")
    if isinstance(record, Oid | RelativeOid):
        return target.clone(tuple(int(arc) for arc in value.split(".")))
    return target.clone(value)


def _take(record: Type, held: Reference) -> Value:
    if isinstance(record, Sequence):
        # An absent optional SEQUENCE of optional fields calls itself a value; only `instantiate=False` tells it apart.
        present = {row.name: held.getComponentByName(row.name, None, False) for row in _rows(record)}
        return {
            row.name: _take(row.type, present[row.name])
            for row in _rows(record)
            if present[row.name] is not None and present[row.name].isValue
        }
    if isinstance(record, Choice):
        name = held.getName()
        row = next(row for row in record.fields if row.name == name)
        return (name, _take(row.type, held.getComponent()))
    if isinstance(record, SequenceOf):
        return [_take(record.item, item) for item in held]
    if isinstance(record, Enumerated):
        return dict(record.rows).get(int(held), int(held))
    if isinstance(record, Boolean):
        return bool(held)
    if isinstance(record, Integer):
        return int(held)
    if isinstance(record, Null):
        return None
    if isinstance(record, Oid | RelativeOid):
        return ".".join(str(arc) for arc in held)
    if isinstance(record, GeneralizedTime):
        text = str(held).encode("ascii")
        return decode_generalized_time(text, 0, len(text))
    if isinstance(record, UtcTime):
        text = str(held).encode("ascii")
        return decode_utc_time(text, 0, len(text))
    if isinstance(record, BitString):
        names = dict(record.rows)
        return [names.get(bit, bit) for bit, on in enumerate(held) if on]
    if isinstance(record, Bits):
        return "".join(map(str, held))
    if isinstance(record, Text):
        return str(held)
    return bytes(held)
