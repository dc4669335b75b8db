"""What every call-data message of the US dialects has in common, and the one type their tables add.

Rule of this file: a message is a name, its fields by the standard's names, the module that named it, and what no row
describes. An alternative no row describes is a message too: its name is its tag (`[25]`), it has no fields, and its
octets stand in `unknown_tags`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from asn1.errors import DecodeError, EncodeError
from asn1.table import UTF8, Choice, Field, Text, Undescribed, UnknownTag, Value
from asn1.table_types import Walk


class CdcMessage(NamedTuple):
    """One call-data message. `module`: the protocolIdentifier, the protocolVersion, or None for a form without one."""

    name: str
    fields: dict[str, Value]
    module: str | int | None = None
    unknown_tags: tuple[UnknownTag, ...] = ()


class Dialect(NamedTuple):
    """One dialect, as its module describes it.

    `starts`: the identifier octets with which a message may begin; `is_apdu`: whether a record is content (CC-APDU) and
    no message; `module_field`: how the standard calls what `CdcMessage.module` holds.
    """

    name: str
    messages: Choice
    starts: bytes
    decode: Callable[[bytes], CdcMessage]
    encode: Callable[[CdcMessage], bytes]
    is_apdu: Callable[[bytes], bool]
    module_field: str
    reconstructed: bool = False


@dataclass(frozen=True, eq=False)
class Assumed(Undescribed):
    """A named field whose type none of our sources gives.

    Nothing a sender may put there is refused: printable ASCII is read as text, other octets stay octets, a constructed
    element is a tag tree.
    """

    def read(self, walk: Walk, first: int, pos: int, length: int, limit: int) -> tuple[Value, int]:
        value, behind = super().read(walk, first, pos, length, limit)
        if isinstance(value, bytes) and all(0x20 <= octet < 0x7F for octet in value):
            return value.decode("ascii"), behind
        return value, behind

    def write(self, value: Value) -> bytes:
        if not isinstance(value, str):
            return super().write(value)
        if not (value.isascii() and value.isprintable()):
            raise EncodeError(f"{self.name}: not printable ASCII")
        return value.encode("ascii")


ASSUMED: Final = Assumed("assumed")

VISIBLE: Final = Text("VisibleString", kind="visible")

ANY_STRING: Final = Choice(
    "string",
    (
        Field(None, "utf8String", UTF8),
        Field(None, "visibleString", VISIBLE),
        Field(None, "ia5String", Text("IA5String", kind="ia5")),
        Field(None, "printableString", Text("PrintableString", kind="printable")),
        Field(None, "numericString", Text("NumericString", kind="numeric")),
    ),
)
"""An item of a list whose type none of our sources gives: any character string, its type as the alternative."""


def visible(low: int, high: int) -> Text:
    """VisibleString with its SIZE, which is checked on writing alone (over-long evidence is kept)."""
    return Text(f"VisibleString (SIZE ({low}..{high}))", low, high, "visible")


def expect_start(octets: bytes, starts: bytes, dialect: str) -> None:
    """Raises DecodeError WRONG_DIALECT when the first octet is none a record of the dialect begins with."""
    if octets and octets[0] not in starts:
        wanted = " or ".join(f"0x{octet:02x}" for octet in starts)
        raise DecodeError(DecodeError.WRONG_DIALECT, f"0x{octets[0]:02x} begins no {dialect} record ({wanted} does)")


def split(chosen: tuple[str, Value], module: str | int | None, unknown: tuple[UnknownTag, ...]) -> CdcMessage:
    """The message of a decoded CHOICE."""
    name, fields = chosen
    return CdcMessage(name, {} if name.startswith("[") else fields, module, unknown)
