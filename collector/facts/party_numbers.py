"""Who takes part, in the octets of TS 101 671 and TS 33.108: each identity of a party, and the shape it may be kept in.

A field that has no row here, or octets that are none of what their field is for, are withheld: `wrong`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from asn1.number_octets import Number, dss1_number, isup_number, map_number, tbcd
from collector.facts import shapes
from mediation.law.orders import Target, TargetKind

_MASK_OCTETS: Final = 4
_FORMATS: Final[dict[str, Callable[[bytes], Number | None]]] = {
    "iSUP-Format": isup_number,
    "dSS1-Format": dss1_number,
    "mAP-Format": map_number,
}

Identity = tuple[str | None, frozenset[Target]]
"""The text to keep, None where it has not the shape of an identity, and what it is known by."""
_NOBODY: Final[frozenset[Target]] = frozenset()
_WRONG: Final[Identity] = (None, _NOBODY)


class Party(NamedTuple):
    """`kept`: its identities as text; `targets`; `wrong`: whether anything in it is withheld."""

    kept: list[str]
    targets: frozenset[Target]
    wrong: bool


def number(found: Number | None) -> Identity:
    """A decoded number of telephone length, or a code to the network; digits that go on behind one are withheld."""
    if found is None or not shapes.is_dial_string(found.text) or shapes.appended_digits(found.text, None):
        return _WRONG
    return found.text, shapes.number_targets(found.text)


def node_number(octets: bytes) -> Identity:
    """E.164 address in the form of the ISUP calling party number."""
    return number(isup_number(octets))


def party_number(value: tuple[str, Any]) -> Identity:
    """CallingPartyNumber, CalledPartyNumber."""
    read = _FORMATS.get(value[0])
    return number(read(value[1])) if read and isinstance(value[1], bytes) else _WRONG


def uri(octets: bytes) -> Identity:
    """An address of any scheme, without headers part and parameters of its own."""
    text = _ascii(octets)
    if text is None:
        return _WRONG
    found = shapes.uri_of(text)
    if found.identity is None or found.wrong or found.appended or "?" in text:
        return _WRONG
    return found.identity, shapes.uri_targets((found.identity,))


def nai(text: str) -> Identity:
    """A user name or a mail address."""
    if not shapes.is_nai(text):
        return _WRONG
    return text, frozenset({Target(TargetKind.SIP_URI, f"nai:{text.lower()}")})


def address(value: dict[str, Any]) -> Identity:
    """IPAddress of TS 102 232-1 and TS 101 671."""
    form, held = value["iP-value"]
    text = shapes.address_text(held) if form == "iPBinaryAddress" else held
    if not isinstance(text, str) or not shapes.is_address(text) or len(value.get("iPv4SubnetMask", b"")) > _MASK_OCTETS:
        return _WRONG
    return text, shapes.address_target(text)


def data_node(value: tuple[str, Any]) -> Identity:
    """DataNodeAddress; an X.25 address is withheld, nothing here can read one."""
    return address(value[1]) if value[0] == "ipAddress" else _WRONG


def imsi(octets: bytes) -> Identity:
    digits = tbcd(octets)
    return (digits if shapes.is_imsi(digits) else None), shapes.imsi_target(digits)


def imei(octets: bytes) -> Identity:
    digits = tbcd(octets)
    return (digits if shapes.is_equipment(digits) else None), _NOBODY


def token(octets: bytes) -> Identity:
    text = _ascii(octets)
    return (text if shapes.is_identifier(text) else None), _NOBODY


def _name(text: str) -> Identity:
    return (text if shapes.is_name(text) else None), _NOBODY


def _plain(value: str | int) -> Identity:
    return str(value), _NOBODY


def _ascii(octets: bytes) -> str | None:
    return octets.decode("ascii") if octets.isascii() else None


_ROWS: Final[dict[str, Callable[[Any], Identity]]] = {
    "imei": imei,
    "tei": token,
    "imsi": imsi,
    "callingPartyNumber": party_number,
    "calledPartyNumber": party_number,
    "msISDN": lambda octets: number(map_number(octets)),
    "e164-Format": node_number,
    "sip-uri": uri,
    "tel-url": uri,
    "tel-uri": uri,
    "x-3GPP-Asserted-Identity": uri,
    "xUI": uri,
    "party-Validity": _plain,
    "alphanumeric": _name,
}


def party_of(value: dict[str, Any]) -> Party:
    """One PartyInformation: its identity, and of its services no more than which notice of one was given."""
    wrong = bool(set(value) - {"party-Qualifier", "partyIdentity", *_SERVICES})
    kept: list[str] = []
    targets: set[Target] = set()
    for field, held in value["partyIdentity"].items():
        text, known = _identity(field, held)
        targets |= known
        if text is None:
            wrong = True
        elif field != "party-Validity":
            kept.append(text)
    for field, is_plain in _SERVICES.items():
        wrong = wrong or (field in value and not is_plain(value[field]))
    return Party(kept, frozenset(targets), wrong)


class NotPlain(Exception):  # noqa: N818  not an error: it keeps what is not plain from being remembered
    pass


@lru_cache(2048)
def plain_identity(field: str, held: Any) -> Identity:  # noqa: ANN401  each field has its own type
    """The records of a call name the same parties. Raises for what has not the shape of an identity."""
    read = _ROWS.get(field)
    found = read(held) if read else _WRONG
    if found[0] is None:
        raise NotPlain
    return found


def _identity(field: str, held: Any) -> Identity:  # noqa: ANN401  each field has its own type
    try:
        return plain_identity(field, held)
    except (NotPlain, TypeError):
        # Not plain, or a value of several parts, which cannot be remembered.
        read = _ROWS.get(field)
        return read(held) if read else _WRONG


def _only_notices(value: dict[str, Any]) -> bool:
    """Of supplementary services a waiting, held or joined call; parameters of the networks may carry anything."""
    notices = value.get("non-Standard-Supplementary-Services", [])
    return set(value) <= {"non-Standard-Supplementary-Services"} and all(
        form == "simpleIndication" for form, _ in notices
    )


def _plain_session(value: dict[str, Any]) -> bool:
    gprs = value.get("gPRS-parameters", {})
    nodes = [gprs[name] for name in ("pDP-address-allocated-to-the-target", "additionalIPaddress") if name in gprs]
    name = _ascii(gprs.get("aPN", b"x"))
    sizes = len(gprs.get("pDP-type", b"")) <= 2 and len(gprs.get("nSAPI", b"")) <= 1
    return sizes and name is not None and shapes.is_host(name) and all(data_node(node)[0] is not None for node in nodes)


_SERVICES: Final[dict[str, Callable[[dict[str, Any]], bool]]] = {
    "services-Information": lambda value: not value,
    "supplementary-Services-Information": _only_notices,
    "services-Data-Information": _plain_session,
}
"""What a party can carry beside its identity, and when it is plain signalling."""
