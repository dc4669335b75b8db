"""What a pen register may have of TS 33.128 events of the packet core and of IMS: no place, no words.

Allow-lists, like those of `redact`: an event without a row here is withheld whole, and so is one whose mandatory fields
tell a place that the order does not name (R-112). Pure.
"""

from __future__ import annotations

import re
from typing import Any, Final

from mediation.redact_sip import NOTHING, Granted, signalling_only

_WHO: Final = ("sUPI", "gPSI", "pEI")
_ACCESS: Final = ("requestType", "accessType", "rATType")
_SESSION: Final = (*_WHO, *_ACCESS, "sUPIUnauthenticated", "pDUSessionID", "pDUSessionType", "sNSSAI", "uEEndpoint")
_FIELDS: Final = {
    "registration": (*_WHO, "registrationType", "registrationResult", "gUTI", "rATType"),
    "deregistration": (*_WHO, "deregistrationDirection", "accessType", "gUTI", "cause"),
    "startOfInterceptionWithRegisteredUE": (
        *_WHO, "registrationResult", "registrationType", "gUTI", "timeOfRegistration",
    ),
    "locationUpdate": (*_WHO, "gUTI"),
    "unsuccessfulAMProcedure": (*_WHO, "failedProcedureType", "failureCause", "gUTI"),
    "pDUSessionEstablishment": (*_SESSION, "gTPTunnelID", "dNN", "selectedDNN", "oldPDUSessionID"),
    "pDUSessionModification": _SESSION,
    "pDUSessionRelease": (
        *_SESSION, "timeOfFirstPacket", "timeOfLastPacket", "uplinkVolume", "downlinkVolume", "fiveGMMCause",
    ),
    "startOfInterceptionWithEstablishedPDUSession": (
        *_SESSION, "gTPTunnelID", "dNN", "timeOfSessionEstablishment",
    ),
    "unsuccessfulSMProcedure": (*_SESSION, "failedProcedureType", "failureCause", "initiator", "dNN"),
}  # fmt: skip
_PLACES: Final = ("location",)
_ALWAYS_A_PLACE: Final = frozenset({"locationUpdate"})
"""Events that are of no use, and not allowed by the module, without the place."""
_NETWORK: Final = re.compile(r"[A-Za-z0-9.-]{1,100}")
_NAI: Final = re.compile(r"[A-Za-z0-9._+%=~-]{1,128}(?:@[A-Za-z0-9.-]{1,128})?")


def session_without_place(name: str, event: dict[str, Any], allowed: Granted = NOTHING) -> dict[str, Any] | None:
    """An AMF or SMF event as a pen register may have it; None where nothing of it may be handed over.

    A network's name and a user's that are no names but could be words take the whole event with them.
    """
    fields = _FIELDS.get(name)
    if fields is None or (name in _ALWAYS_A_PLACE and not allowed.place):
        return None
    kept = {field: event[field] for field in fields if field in event}
    networks = [kept[field] for field in ("dNN", "selectedDNN") if field in kept]
    users = [kept[field][1] for field in ("sUPI", "gPSI") if field in kept]
    if not all(_NETWORK.fullmatch(one) for one in networks):
        return None
    # An alternative that this version does not know has octets in place of text.
    if not all(isinstance(one, str) and _NAI.fullmatch(one) for one in users):
        return None
    if allowed.place:
        kept |= {field: event[field] for field in _PLACES if field in event}
    return kept


def ims_message_without_content(event: dict[str, Any], allowed: Granted = NOTHING) -> dict[str, Any] | None:
    """An iMSMessage whose SIP message is what `redact_sip` leaves of it; None where that is nothing."""
    form, message = event["payload"]
    if form != "encapsulatedSIPMessage":
        return None
    octets = signalling_only(message["sIPContent"], allowed)
    if octets is None:
        return None
    kept: dict[str, Any] = {
        "payload": (form, {**message, "sIPContent": octets}),
        "sessionDirection": event["sessionDirection"],
    }
    if allowed.place and "location" in event:
        kept["location"] = event["location"]
    return kept
