"""The GSM 7-bit default alphabet with its extension table, packed and unpacked (3GPP TS 23.038 6.1.2, 6.2.1).

National language tables are not here: a text that announces one is left as octets by `asn1.sms_tpdu`.
"""

from __future__ import annotations

from typing import Final

from asn1.errors import EncodeError

ESCAPE: Final = 0x1B

BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS: Final = {char: (code,) for code, char in enumerate(BASIC) if code != ESCAPE} | {
    char: (ESCAPE, code) for code, char in EXTENSION.items()
}


def fits(text: str) -> bool:
    """Whether every character has a place in the default alphabet or its extension."""
    return all(char in _SEPTETS for char in text)


def characters(text: str) -> list[tuple[int, ...]]:
    """The septets of each character, one or two. Raises EncodeError for a character without a place."""
    try:
        return [_SEPTETS[char] for char in text]
    except KeyError as error:
        raise EncodeError(f"{error.args[0]!r} is not in the GSM 7-bit alphabet") from error


def to_text(septets: list[int]) -> str:
    """Text of septets. An escape to a place that is empty shows the basic character there, as 23.038 asks."""
    out: list[str] = []
    escaped = False
    for septet in septets:
        if escaped:
            out.append(EXTENSION.get(septet, " " if septet == ESCAPE else BASIC[septet]))
            escaped = False
        elif septet == ESCAPE:
            escaped = True
        else:
            out.append(BASIC[septet])
    if escaped:
        out.append(" ")
    return "".join(out)


def pack(septets: list[int], fill_bits: int = 0) -> bytes:
    """Septets packed low bits first behind `fill_bits` (0..6) zero bits."""
    bits = 0
    for index, septet in enumerate(septets):
        bits |= septet << fill_bits + 7 * index
    return bits.to_bytes((fill_bits + 7 * len(septets) + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> list[int]:
    """`count` septets from behind `fill_bits` bits; the caller has checked that the octets are there."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    return [bits >> 7 * index & 0x7F for index in range(count)]
