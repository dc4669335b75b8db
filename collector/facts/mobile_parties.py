"""Identities of the parties of TS 33.128 events: which target each is, and whether it has the shape of one."""

from __future__ import annotations

from typing import Any, Final

from asn1.errors import DecodeError
from asn1.sms_fields import Reader, take_address
from asn1.table import Value
from collector.facts import shapes
from collector.facts.short_messages import LETTER_DIGITS
from mediation.law.orders import Target, TargetKind

_PERSONS: Final = ("sUPI", "gPSI", "iMPU", "oldSUPI", "oldGPSI")
_BARE: Final = ("iMSI", "mSISDN")
_EQUIPMENT: Final = ("pEI", "oldPEI", "deprecatedPEI")


def is_plain(form: str, value: str) -> bool:
    if form in ("sIPURI", "tELURI"):
        uri = shapes.uri_of(value)
        return uri.identity is not None and not uri.wrong and "?" not in value
    return shapes.is_imsi(value) if form == "iMSI" else shapes.is_nai(value)


def target_of(form: str, value: Value) -> frozenset[Target]:
    if form == "iMSI":
        return shapes.imsi_target(value)
    if form in ("mSISDN", "e164Number"):
        return shapes.number_targets(f"+{value}")
    if form in ("sIPURI", "tELURI"):
        return shapes.uri_targets((str(value),))
    if form == "nAI":
        return frozenset({Target(TargetKind.SIP_URI, f"nai:{str(value).lower()}")})
    if form in ("iPv4Address", "iPv6Address"):
        return shapes.address_target(shapes.address_text(value))
    return frozenset()


def party_targets(party: dict[str, Any]) -> frozenset[Target]:
    found: set[Target] = set()
    for name in _PERSONS:
        if name in party:
            found |= target_of(*party[name])
    for name in _BARE:
        if name in party:
            found |= target_of(name, party[name])
    return frozenset(found)


def is_plain_party(party: dict[str, Any]) -> bool:
    """Whether what is free to be any text or octets has the shape and the size of an identity."""
    if not all(is_plain(*party[name]) for name in _PERSONS if name in party):
        return False
    if not all(shapes.is_nai(party[name]) for name in _BARE if name in party):
        return False
    if not all(shapes.is_equipment(party[name][1]) for name in _EQUIPMENT if name in party):
        return False
    return "sMSAddress" not in party or _is_address(party["sMSAddress"])


def _is_address(octets: bytes) -> bool:
    """An address by itself (TS 23.040, 9.1.2.5): digits, or letters that are a name."""
    reader = Reader(octets)
    try:
        text, _ = take_address(reader)
    except DecodeError:
        return False
    return reader.left == 0 and (shapes.is_dial_string(text.translate(LETTER_DIGITS)) or shapes.is_name(text))


def keeps(target: Target) -> bool:
    return target.kind is not TargetKind.SIP_URI or shapes.is_nai(target.value.removeprefix("nai:"))
