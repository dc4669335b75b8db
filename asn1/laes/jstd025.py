"""J-STD-025-A, RECONSTRUCTED: nobody here has read it, and no decoder or record of it is public.

What this is: the T1.678 tables cut back to the messages that J-STD-025-A is known to have, with its CallId. Evidence:
tags 1-5, 7-11 and 13-17 agree in its two descendants or are reserved there; tag 6 (PacketEnvelope, kept as a tag tree)
and tag 12 are inferred; the parameters of each message are T1.678's, assumed, and so is the outer form (the bare
message). Its octets cannot be told from T1.678's bare form, so the dialect is chosen by configuration alone, and every
line it gives is marked `reconstructed`. For lab use between two ends of this kind; it proves nothing about equipment.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import EncodeError
from asn1.laes import t1678, t1678_types
from asn1.laes.message import CdcMessage, Dialect, expect_start, split, visible
from asn1.table import UNDESCRIBED, Choice, Field, Sequence, SequenceOf, Type, decode_reporting, encode

LAST_TAG: Final = 17
"""The messages behind it came with T1.678."""

CALL_ID: Final = Sequence(
    "CallId", (Field(0, "sequencenumber", visible(1, 25)), Field(1, "systemidentity", visible(1, 15)))
)


def _with_its_call_id(kind: Type) -> Type:
    """`kind` with every T1.678 CallId in it replaced; the same object where there is none."""
    if kind is t1678_types.CALL_ID:
        return CALL_ID
    if isinstance(kind, SequenceOf):
        item = _with_its_call_id(kind.item)
        return kind if item is kind.item else SequenceOf(kind.name, item, kind.as_set)
    if not isinstance(kind, Sequence | Choice):
        return kind
    rows = tuple(
        Field(row.tag, row.name, _with_its_call_id(row.type), row.optional, row.clause, row.explicit)
        for row in kind.fields
    )
    if all(new.type is old.type for new, old in zip(rows, kind.fields, strict=True)):
        return kind
    return Sequence(kind.name, rows) if isinstance(kind, Sequence) else Choice(kind.name, rows)


def _messages() -> Choice:
    rows = [
        Field(row.tag, row.name, _with_its_call_id(row.type))
        for row in t1678.LAES_MESSAGE.fields
        if row.tag is not None and row.tag <= LAST_TAG
    ]
    return Choice("LAESMessage", (*rows, Field(6, "packetEnvelope", UNDESCRIBED)))


LAES_MESSAGE: Final = _messages()
LAES_PROTOCOL: Final = Choice("LAESProtocol (reconstructed)", (Field(1, "laesMessage", LAES_MESSAGE),))
_STARTS: Final = b"\xa1"


def decode_message(octets: bytes) -> CdcMessage:
    """Exactly one record. A PacketEnvelope gives its tag tree under the field `packetEnvelope`. Raises DecodeError."""
    expect_start(octets, _STARTS, "J-STD-025")
    (_, (name, fields)), unknown = decode_reporting(LAES_PROTOCOL, octets)
    if name == "packetEnvelope":
        return CdcMessage(name, {name: fields}, None, unknown)
    return split((name, fields), None, unknown)


def encode_message(message: CdcMessage) -> bytes:
    """One record. Unknown tags are not written. Raises EncodeError."""
    if message.module is not None:
        raise EncodeError("the reconstructed dialect has no protocol identifier")
    fields = message.fields
    if message.name == "packetEnvelope":
        fields = fields.get("packetEnvelope", b"")
    return encode(LAES_PROTOCOL, ("laesMessage", (message.name, fields)))


def is_apdu(octets: bytes) -> bool:
    """No record of this dialect is known to be content."""
    return False


DIALECT: Final = Dialect(
    "jstd025", LAES_MESSAGE, _STARTS, decode_message, encode_message, is_apdu, "protocolIdentifier", reconstructed=True
)
