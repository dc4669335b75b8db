"""TS 33.128 events of the packet core: registrations, subscriber records, PDU sessions, packet reports, places alone.

An event has rows for what is kept, for what is known and not kept, and for what tells a place; any other field is
content, whether it is described or not. What is known has the sizes that the module gives it, or it is content too:
reading is patient with a string that is longer than it may be, and there words would have room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from asn1.errors import EncodeError
from asn1.table import encode
from asn1.ts33128_events import IRI_EVENT
from collector.facts import shapes
from collector.facts.mobile_parties import is_plain_party, keeps, party_targets, target_of
from collector.facts.record import RecordFacts, present
from mediation.law.orders import Service, Target

Reader = Callable[[RecordFacts, dict[str, Any]], RecordFacts]


class _Rows(NamedTuple):
    """`kept` by name; `known` without being kept; `places`. `service` None: a registration, of no service."""

    service: Service | None
    kept: tuple[str, ...]
    known: frozenset[str]
    places: frozenset[str]


_WHO: Final = frozenset({"sUPI", "gPSI", "pEI", "gUTI", "sUPIUnauthenticated"})
_WHERE: Final = frozenset(
    {"location", "fiveGSTAIList", "uEAreaIndication", "non3GPPAccessEndpoint", "accessInfo", "servingNetwork"}
)
"""What tells a place, or a network that does; the accesses of a session over two have their addresses inside."""
_REGISTRATION: Final = _Rows(
    None,
    ("registrationType", "registrationResult", "rATType", "deregistrationDirection", "accessType", "cause",
     "timeOfRegistration", "failedProcedureType"),
    _WHO | {"failureCause"},
    _WHERE,
)  # fmt: skip
_SUBSCRIPTION: Final = _Rows(
    None,
    ("servingSystemMethod", "subscriberRecordChangeMethod", "cancelLocationMethod", "roamingIndicator", "rATType"),
    _WHO | {
        "iMSI", "oldSUPI", "oldGPSI", "oldPEI", "deregistrationData", "locationInfoRequest", "currentLocationIndicator",
        "tADSInfo", "fiveGSUserStateInfo", "authAAA", "aKMAIndicator",
    },
    frozenset(
        {"location", "gUAMI", "gUMMEI", "pLMNID", "vPLMNID", "oldPLMNID", "newPLMNID", "aMFDeregistrationInfo"}
    ),
)  # fmt: skip
_PLACE_ALONE: Final = _Rows(None, ("rATType",), _WHO | {"deprecatedPEI", "iMPU", "iMSI", "mSISDN"}, _WHERE)
_SESSION: Final = _Rows(
    Service.DATA,
    ("pDUSessionID", "pDUSessionType", "requestType", "accessType", "rATType", "timeOfFirstPacket",
     "timeOfLastPacket", "uplinkVolume", "downlinkVolume", "oldPDUSessionID", "timeOfSessionEstablishment",
     "fiveGMMCause", "failedProcedureType", "failureCause", "initiator", "requestIndication"),
    _WHO | {
        "gTPTunnelID", "sNSSAI", "requestedSlice", "uEEndpoint", "dNN", "selectedDNN", "mAUpgradeIndication",
        "mAAcceptedIndication",
    },
    _WHERE,
)  # fmt: skip


def _by_rows(name: str, rows: _Rows) -> Reader:
    def read(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
        parties = set(party_targets(event))
        ends = event.get("uEEndpoint", [])
        for form, value in [ends] if isinstance(ends, tuple) else ends:
            parties |= target_of(form, value)
        content = list(facts.content)
        if set(event) - set(rows.kept) - rows.known - rows.places or not _in_its_sizes(name, event):
            content.append("undescribed_fields")
        networks = [event[field] for field in ("dNN", "selectedDNN") if field in event]
        if not all(shapes.is_host(one) for one in networks) or not is_plain_party(event):
            content.append("session_text")
        named: dict[str, Any] = {field: event[field] for field in rows.kept if isinstance(event.get(field), str | int)}
        return facts._replace(
            service=rows.service,
            administrative=rows.service is None,
            originators=frozenset(parties),
            parties=frozenset(parties),
            parties_known=bool(parties),
            content=tuple(content),
            location=facts.location or bool(rows.places & set(event)),
            permitted=present(
                [
                    *named.items(),
                    ("identities", sorted(one.value for one in parties if keeps(one))),
                    ("network", [one for one in networks if shapes.is_host(one)]),
                ]
            ),
        )

    return read


def _in_its_sizes(name: str, event: dict[str, Any]) -> bool:
    """Whether the event is one that may be written: digits where there are digits, sizes as the module has them."""
    try:
        encode(IRI_EVENT, (name, event))
    except EncodeError:
        return False
    return True


_ENDS: Final = ("sourceIPAddress", "destinationIPAddress")
_REPORTED: Final = (
    "pDUSessionID", "sourcePort", "destinationPort", "nextLayerProtocol", "direction", "packetSize",
    "pDSRSummaryTrigger", "firstPacketTimestamp", "lastPacketTimestamp", "packetCount", "byteCount",
)  # fmt: skip
_SENDS: Final = {"fromTarget": True, "toTarget": False}


def _packet_report(name: str) -> Reader:
    """Who, to whom, when and how much: packet headers are signalling, and nothing else is in such a report."""

    def read(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
        known = {*_ENDS, *_REPORTED, "iPv6flowLabel", "useSessionTrigger"}
        plain = set(event) <= known and _in_its_sizes(name, event)
        source, destination = (_address(event[end]) for end in _ENDS)
        sends = _SENDS.get(event["direction"]) if isinstance(event["direction"], str) else None
        return facts._replace(
            service=Service.DATA,
            originators=source,
            recipients=destination,
            parties=source | destination,
            parties_known=True,
            target_sends=sends if sends is not None else facts.target_sends,
            content=facts.content if plain else (*facts.content, "undescribed_fields"),
            permitted=present(
                [
                    *((field, event.get(field)) for field in _REPORTED),
                    ("source", next((one.value for one in source), None)),
                    ("destination", next((one.value for one in destination), None)),
                ]
            ),
        )

    return read


def _address(value: tuple[str, Any]) -> frozenset[Target]:
    form, octets = value
    return target_of(form, octets) if isinstance(octets, bytes) else frozenset()


_ROWS: Final = {
    **dict.fromkeys(
        ("registration", "deregistration", "locationUpdate", "startOfInterceptionWithRegisteredUE",
         "unsuccessfulAMProcedure", "aMFIdentifierAssociation", "aMFIdentifierDeassociation"),
        _REGISTRATION,
    ),
    **dict.fromkeys(
        ("servingSystemMessage", "subscriberRecordChangeMessage", "cancelLocationMessage",
         "uDMLocationInformationResult", "uDMUEInformationResponse", "uDMUEAuthenticationResponse",
         "hSSServingSystemMessage"),
        _SUBSCRIPTION,
    ),
    **dict.fromkeys(("lALSReport", "separatedLocationReporting"), _PLACE_ALONE),
    **dict.fromkeys(
        ("pDUSessionEstablishment", "pDUSessionModification", "pDUSessionRelease",
         "startOfInterceptionWithEstablishedPDUSession", "unsuccessfulSMProcedure", "sMFMAPDUSessionEstablishment",
         "sMFMAPDUSessionModification", "sMFMAPDUSessionRelease", "startOfInterceptionWithEstablishedMAPDUSession",
         "unsuccessfulMASMProcedure", "sMFPDUtoMAPDUSessionModification"),
        _SESSION,
    ),
}  # fmt: skip
READERS: Final[dict[str, Reader]] = {
    **{name: _by_rows(name, rows) for name, rows in _ROWS.items()},
    **{name: _packet_report(name) for name in ("pDHeaderReport", "pDSummaryReport")},
}
