"""Who takes part, in the words of the US dialects: identities of a party, and the shape each may be kept in.

A party of T1.678 can carry a subaddress, a calling card number, SIP headers: those are what somebody said, or a key to
something, and are withheld. A field without a row here is withheld too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from asn1.table import Value
from collector.facts import shapes
from mediation.law.orders import Target, TargetKind


class Parties(NamedTuple):
    """`kept` per party by field; `targets` what they are known by; `wrong` whether anything in them was withheld."""

    kept: list[dict[str, Any]]
    targets: frozenset[Target]
    wrong: bool


def _dial(value: Value) -> tuple[Any, frozenset[Target]]:
    if not shapes.is_dial_string(value):
        return None, frozenset()
    return value, shapes.number_targets(value)


def _imsi(value: Value) -> tuple[Any, frozenset[Target]]:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 15:
        return None, frozenset()
    return value, frozenset({Target(TargetKind.IMSI, value)})


def _token(value: Value) -> tuple[Any, frozenset[Target]]:
    return (value if shapes.is_identifier(value) else None), frozenset()


def _nai(value: Value) -> tuple[Any, frozenset[Target]]:
    if not shapes.is_nai(value):
        return None, frozenset()
    return value, frozenset({Target(TargetKind.SIP_URI, f"nai:{value.lower()}")})


def _host(value: Value) -> tuple[Any, frozenset[Target]]:
    return (value if shapes.is_host(value) else None), frozenset()


def _address(value: Value) -> tuple[Any, frozenset[Target]]:
    """T1.678 has octets under the name of their family, PCESP text."""
    if isinstance(value, tuple):
        text = shapes.address_text(value[1]) if isinstance(value[1], bytes) else None
    else:
        text = value if isinstance(value, str) and shapes.is_address(value) else None
    return text, shapes.address_target(text)


def _name(value: Value) -> tuple[Any, frozenset[Target]]:
    names = value if isinstance(value, list) else [value]
    return (names if all(shapes.is_name(one) for one in names) else None), frozenset()


def _uris(value: Value) -> tuple[Any, frozenset[Target]]:
    """A set of character strings, each (type, text): addresses of any scheme, or bare numbers."""
    texts = [one[1] if isinstance(one, tuple) else one for one in (value if isinstance(value, list) else [value])]
    kept: list[str] = []
    found: set[Target] = set()
    for text in texts:
        if not isinstance(text, str):
            return None, frozenset()
        if shapes.is_dial_string(text):
            kept.append(text)
            found |= shapes.number_targets(text)
            continue
        uri = shapes.uri_of(text)
        if uri.identity is None or uri.wrong or uri.appended or "?" in text:
            return None, frozenset(found)
        kept.append(uri.identity)
        found |= shapes.uri_targets((uri.identity,))
    return kept, frozenset(found)


_ROWS: Final[dict[str, Callable[[Any], tuple[Any, frozenset[Target]]]]] = {
    "esn": _token,
    "imei": _token,
    "tei": _token,
    "spid": _token,
    "imsi": _imsi,
    "min": _dial,
    "dn": _dial,
    "userProvided": _dial,
    "ipAddress": _address,
    "x121": _dial,
    "trunkId": _token,
    "genericAddress": _uris,
    "genericName": _name,
    "port": _token,
    "uri": _uris,
    "nai": _nai,
    "mac802": _token,
    "fqdn": _host,
}
IDENTITIES: Final = ("dn", "uri", "genericAddress", "nai", "imsi", "min", "ipAddress", "fqdn")
"""Those of them that name somebody, the commonest first."""
PARTY_FIELDS: Final = frozenset(_ROWS)
"""Fields of a party that may be kept when they have their shape."""


def parties_of(value: Value) -> Parties:
    """One PartyId, or a list of them."""
    kept: list[dict[str, Any]] = []
    found: set[Target] = set()
    wrong = False
    for party in value if isinstance(value, list) else [value]:
        fields: dict[str, Any] = {}
        for name, held in party.items():
            row = _ROWS.get(name)
            plain, targets = (None, frozenset[Target]()) if row is None else row(held)
            found |= targets
            if plain is None:
                wrong = True
            else:
                fields[name] = plain
        kept.append(fields)
    return Parties(kept, frozenset(found), wrong)
