"""Each kept field of a call-data message in the shape it may be kept in; what has another shape is withheld.

A handler answers (what is kept, identities found, whether all of the field is kept). None kept: nothing of it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from asn1.table import Value
from collector.facts import shapes
from collector.facts.laes_parties import parties_of
from mediation.law.orders import Target, TargetKind

_PORT: Final = re.compile(r"[0-9]{1,5}")
_LABEL: Final = re.compile(r"[0-9A-Fa-f]{1,8}")
_FEATURE: Final = re.compile(r"[A-Za-z0-9*#_.:-]{1,64}")
_OPAQUE_OCTETS: Final = 8
"""Longest octet string that is kept as a number nobody can read anything in."""


class Held(NamedTuple):
    kept: Any
    targets: frozenset[Target] = frozenset()
    whole: bool = True


_NOTHING: Final = Held(None, frozenset(), False)
Handler = Callable[[Any], Held]


def _identifier(value: Value) -> Held:
    return Held(value) if shapes.is_identifier(value) else _NOTHING


def _word(value: Value) -> Held:
    """A word of an enumeration, or its number where this version does not know it."""
    return Held(value) if isinstance(value, int | None) or shapes.is_identifier(value) else _NOTHING


def _feature(value: Value) -> Held:
    """A key or a service by its name or code."""
    return Held(value) if isinstance(value, str) and _FEATURE.fullmatch(value) else _NOTHING


def _dial_string(value: Value) -> Held:
    return Held(value) if shapes.is_dial_string(value) else _NOTHING


def _memo(value: Value) -> Held:
    return Held(value) if shapes.is_name(value) else _NOTHING


def _call_id(value: Value) -> Held:
    """One CallId, or a list of them: dictionaries of short texts; anything else was no CallId."""
    calls = value if isinstance(value, list) else [value]
    plain = all(isinstance(call, dict) and all(map(shapes.is_identifier, call.values())) for call in calls)
    return Held(value) if plain else _NOTHING


def _calls(value: Value) -> Held:
    """`previous` and `resulting`: the calls, never where their content goes."""
    held = _call_id(value["call-identities"])
    return held._replace(whole=held.whole and set(value) == {"call-identities"})


def _content_identifier(value: Value) -> Held:
    form, held = value
    return _correlation(held) if form == "correlationID" else _call_id(held)


def _correlation(value: Value) -> Held:
    return Held(value.hex()) if isinstance(value, bytes) and len(value) <= _OPAQUE_OCTETS else _NOTHING


def _parties(value: Value) -> Held:
    found = parties_of(value)
    return Held(found.kept, found.targets, not found.wrong)


def _conference(value: Value) -> Held:
    """PCESP: parties with the channels of their content, which are left out."""
    kept: list[Any] = []
    targets: frozenset[Target] = frozenset()
    whole = True
    for one in value:
        found = parties_of(one.get("partyId", []))
        kept += found.kept
        targets |= found.targets
        whole = whole and not found.wrong and set(one) <= {"partyId"}
    return Held(kept, targets, whole)


def _redirected(value: Value) -> Held:
    kept: dict[str, Any] = {}
    targets: frozenset[Target] = frozenset()
    whole = True
    for name, held in value.items():
        if name == "numRedirections":
            kept[name] = held
            continue
        found = parties_of(held)
        kept[name] = found.kept[0]
        targets |= found.targets
        whole = whole and not found.wrong
    return Held(kept, targets, whole)


def _cause(value: Value) -> Held:
    form, held = value["cause"]
    if form == "generic" and shapes.is_identifier(held) and shapes.is_identifier(value["signalingType"]):
        return Held({"signalingType": value["signalingType"], "cause": held})
    return _NOTHING


def _expiration(value: Value) -> Held:
    return Held(value[1]) if isinstance(value[1], int) else _NOTHING


_SHOWN_NUMBERS: Final = ("calledNumber", "callingNumber", "originalCalledNumber", "lastRedirectingNumber")
_SHOWN_NAMES: Final = ("callingName", "redirectingName", "messageWaitingNotif")


def _display(value: Value) -> Held:
    """What a handset shows: numbers and names; its general text is words, and so is a number that is none."""
    kept = {name: held for name, held in value.items() if name in _SHOWN_NUMBERS and shapes.is_dial_string(held)}
    kept |= {name: held for name, held in value.items() if name in _SHOWN_NAMES and shapes.is_name(held)}
    return Held(kept, frozenset(), len(kept) == len(value))


def _signal(value: Value) -> Held:
    """Keys to the network: hook flash and feature keys. Digits are told apart by `laes`, other words withheld."""
    names = ("switchhookFlash", "featureKey")
    kept = {name: held for name, held in value.items() if name in names and _FEATURE.fullmatch(held)}
    return Held(kept or None, frozenset(), set(value) <= {*kept, "dialedDigits"})


def _value(value: Value) -> Held:
    """VALUE of IAS: a text, a number or octets."""
    form, held = value
    if form == "octets":
        return _correlation(held)
    return Held(held) if isinstance(held, int) or shapes.is_identifier(held) else _NOTHING


def _subscriber(value: Value) -> Held:
    found = _value(value)
    text = str(found.kept) if found.kept is not None and value[0] != "octets" else ""
    if not shapes.is_nai(text):
        return found._replace(kept=None, whole=False) if value[0] != "octets" else found
    targets = {Target(TargetKind.SIP_URI, f"nai:{text.lower()}")} | shapes.number_targets(text)
    local = text.partition("@")[0]
    targets |= shapes.number_targets(local)
    if local.isascii() and local.isdigit() and 6 <= len(local) <= 15:
        targets.add(Target(TargetKind.IMSI, local))
    return found._replace(targets=frozenset(targets))


def _ip_address(value: Value) -> Held:
    """IPAddress of IAS: octets under the name of their family, how they were given out, a label, a length."""
    text = shapes.address_text(value["address"][1])
    if text is None:
        return _NOTHING
    kept: dict[str, Any] = {"address": text, "allocation": value["allocationMethod"][0]}
    label, length = value.get("iPv6FlowLabel"), value.get("prefixLen")
    plain = label is None or _LABEL.fullmatch(label) is not None
    if label is not None and plain:
        kept["iPv6FlowLabel"] = label
    if length is not None:
        kept["prefixLen"] = length
    return Held(kept, shapes.address_target(text), plain)


def _access_method(value: Value) -> Held:
    kept: dict[str, Any] = {}
    kind = value.get("accessType")
    if kind is not None and kind[0] != "other":
        kept["accessType"] = kind[0]
    if shapes.is_identifier(value.get("accessEquipmentID")):
        kept["accessEquipmentID"] = value["accessEquipmentID"]
    if "partOfMultipleLogin" in value:
        kept["partOfMultipleLogin"] = True
    return Held(kept, frozenset(), len(kept) == len(value))


def _packet_set(value: Value) -> Held:
    """Header and stream sets: ends, ports and counts."""
    kept: dict[str, Any] = {}
    targets: frozenset[Target] = frozenset()
    whole = True
    for name, held in value.items():
        if name in ("sourceIPaddress", "destinationIPaddress"):
            found = _ip_address(held)
            targets |= found.targets
        elif name in ("sourcePortNumber", "destinationPortNumber"):
            found = Held(held) if _PORT.fullmatch(held) else _NOTHING
        elif name == "packetCount":
            found = Held(held)
        else:
            found = _value(held) if name == "streamID" else _NOTHING
        whole = whole and found.whole
        if found.kept is not None:
            kept[name] = found.kept
    return Held(kept, targets, whole)


PARTIES: Final = shapes.word_set(
    "answering calling called redirectedFrom redirectedTo redirectedfrom redirectedto registering requesting "
    "registrar communicatingParties removedParties joinedParties connectedParties newParties remainingParties "
    "droppedParties signaledToPartyId signalingPartyId signaledPartyId signaledFromPartyId "
    "subjectContactAddresses associateContactAddresses redirectedToPartyContactAddresses subscriberId "
    "firstCallCalling secondCallCalling"
)
"""Fields that name one party, or a list of them."""

HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("callId", "newCallId", "requestId", "old", "new", "relatedCallId"), _call_id),
    **dict.fromkeys(("previous", "resulting"), _calls),
    **dict.fromkeys(
        PARTIES,
        _parties,
    ),
    **dict.fromkeys(("communicating", "removed", "joined"), _conference),
    **dict.fromkeys(("cause", "failureReason"), _cause),
    **dict.fromkeys(("transitCarrierId", "originationCause"), _identifier),
    **dict.fromkeys(
        ("registrationType", "alertingSignal", "subjectAudibleSignal", "statusEventType", "currentStatus",
         "managementType"),
        _word,
    ),
    **dict.fromkeys(("featureId", "serviceName"), _feature),
    **dict.fromkeys(
        ("accessSessionID", "packetDataSessionID", "accessSessionCharacteristics", "reasonForTermination"), _value
    ),
    **dict.fromkeys(("headerSet", "streamSet"), _packet_set),
    "accessMethod": _access_method,
    "activationInfo": _dial_string,
    "contentIdentifier": _content_identifier,
    "correlationID": _correlation,
    "expirationPeriod": _expiration,
    "iPAddress": _ip_address,
    "memo": _memo,
    "redirectedFromInfo": _redirected,
    "signal": _signal,
    "subscriberIdentity": _subscriber,
    "terminalDisplayInfo": _display,
}  # fmt: skip
