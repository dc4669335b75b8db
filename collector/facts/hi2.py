"""Calls, short messages and packet sessions of TS 101 671 and TS 33.108: eTSI671IRI, uMTSIRI, ePSIRI; and pstnIsdnIRI.

A field has a row that keeps it, one that knows it and says when it is plain, or one as a place; any other is content,
and so is one that has not its shape (SIZE is not checked when a record is read, so here it is). Several records in one
are judged like aggregated payloads: nothing is kept apart. The times that a record carries inside count too (R-002).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from asn1.hi2_records import Hi2Record, hi2_records, short_message
from asn1.ps_pdu import liid_text
from collector.facts import party_numbers, shapes
from collector.facts.party_numbers import Party
from collector.facts.record import RecordFacts, present
from collector.facts.short_messages import has_words, read_tpdu
from mediation.law.orders import Service, Target

EVENTS: Final = ("umts-Cs-Event", "gPRSevent", "ePSevent")
KEPT: Final = (
    *EVENTS, "intercepted-Call-Direct", "intercepted-Call-State", "nature-Of-The-intercepted-call", "initiator",
    "iMSevent", "cSREvent",
)  # fmt: skip
"""Numbers and names of the standard's own lists."""
DURATIONS: Final = ("ringingDuration", "conversationDuration")
RELEASE: Final = "release-Reason-Of-Intercepted-Call"
PLACES: Final = frozenset(
    {
        "locationOfTheTarget", "extendedLocParameters", "locationErrorCode", "pANI-Header-Info", "uLITimestamp",
        "heNBLocation", "heNBIdentity", "heNBiPAddress", "csgIdentity", "additionalCellIDs", "servingSystem",
        "sgsnAddress", "ggsnAddress", "servingSGSN-number", "servingSGSN-address", "servingS4-SGSN-address",
        "servingNodeAddress", "visitedNetworkId", "serving-System-Identifier", "current-Previous-Systems",
        "current-previous-systems",
    }
)  # fmt: skip
"""Where the target is, and through which node of whose network it is served."""
_PARTIES: Final = ("serverCenterAddress", "serviceCenterAddress")
_SHORT_OCTETS: Final = 8
"""Of a number that networks give to a session: too few for words. Longer ones are withheld."""
_SENDS: Final = {"originating-Target": True, "terminating-Target": False}
_CALL_EVENTS: Final = frozenset(
    {"call-establishment", "answer", "supplementary-Service", "handover", "release", "subscriber-Controlled-Input"}
)
_REGISTRATIONS: Final = frozenset(
    {
        "gPRSAttach", "gPRSDetach", "locationInfoUpdate", "cellOrRAUpdate", "servingSystem", "e-UTRANAttach",
        "e-UTRANDetach", "trackingAreaEpsLocationUpdate", "servingEvolvedPacketSystem", "location-update",
        "serving-System", "hLR-Subscriber-Record-Change", "hSS-Subscriber-Record-Change", "registration-Termination",
        "location-Up-Date", "cancel-Location", "register-Location", "location-Information-Request",
        "cancel-UmtsHI2Location", "register-UmtsHI2Location", "startOfInterceptionWithMSAttached",
        "startOfInterceptWithEUTRANAttachedUE",
    }
)  # fmt: skip
_SERVICES: Final = {
    "gSM-ISDN-PSTN-circuit-call": Service.VOICE,
    "tETRA-circuit-call": Service.VOICE,
    "uMTS-circuit-call": Service.VOICE,
    "lTE-circuit-call": Service.VOICE,
    "gSM-SMS-Message": Service.SMS,
    "lTE-SMS-Message": Service.SMS,
    "teTRA-Packet-Data": Service.DATA,
    "gPRS-Packet-Data": Service.DATA,
}
"""Of the nature of a call. UUS messages are words that ride on a call, and of no service a warrant could list."""


def read_hi2(facts: RecordFacts, value: tuple[str, Any]) -> RecordFacts:
    records = hi2_records(value)
    if not records:
        return facts._replace(content=(*facts.content, "undescribed_payload"))
    own = {time_us for record in records for time_us in _times(record) if not _same_second(time_us, facts.event_us)}
    facts = facts._replace(stamps_us=tuple(sorted({*facts.stamps_us, *own})))
    if len(records) > 1:
        return facts._replace(content=(*facts.content, "aggregated_payloads"))
    return _read(facts, records[0])


def _times(record: Hi2Record) -> list[int]:
    """The record's own times, so far as they say their zone."""
    held = (record.parameters.get("timeStamp"), record.parameters.get("sMS", {}).get("timeStamp"))
    return [stamp[1] for stamp in held if stamp is not None and stamp[0] == "utcTime"]


def _same_second(time_us: int, event_us: int | None) -> bool:
    """UTCTime tells whole seconds: one that holds the header's time says the same, less exactly."""
    return event_us is not None and time_us <= event_us < time_us + 1_000_000


class _Sides(NamedTuple):
    originators: frozenset[Target]
    recipients: frozenset[Target]
    kept: list[tuple[str, Any]]
    wrong: bool


def _read(facts: RecordFacts, record: Hi2Record) -> RecordFacts:
    fields = record.parameters
    sends = _SENDS.get(str(fields.get("intercepted-Call-Direct", fields.get("initiator"))))
    sides = _sides(fields.get("partyInformation", []), sends)
    content = [*facts.content, *_withheld(facts, fields)]
    if sides.wrong:
        content.append("party_text")
    message = _message(record, sides, content) if "sMS" in fields else None
    if message is not None:
        sides = message
    events = [fields[name] for name in EVENTS if name in fields]
    service, registration = service_of(fields, events)
    parties = sides.originators | sides.recipients
    kind = facts.iri_type or record.kind
    permitted: list[tuple[str, Any]] = [
        *((name, fields.get(name)) for name in KEPT),
        *((name, _duration(fields[name])) for name in DURATIONS if name in fields),
        (RELEASE, fields[RELEASE].hex() if len(fields.get(RELEASE, b"-")) == 2 else None),
        *sides.kept,
    ]
    return facts._replace(
        iri_type=kind,
        service=service,
        administrative=registration,
        originators=sides.originators,
        recipients=sides.recipients,
        parties=parties,
        parties_known=bool(parties),
        inherits=not parties and kind in ("continue", "end"),
        target_sends=facts.target_sends if sends is None else sends,
        opens=kind == "begin" or "sMS" in fields,
        answers=fields.get("intercepted-Call-State") == "connected" or "answer" in events,
        content=tuple(dict.fromkeys(content)),
        location=facts.location or not PLACES.isdisjoint(fields),
        permitted=present(permitted),
    )


def service_of(fields: dict[str, Any], events: list[str | int]) -> tuple[Service | None, bool]:
    """Of which service a record with these parameters and events is, and whether it is a registration, which is of
    none."""
    service = _service(fields, events)
    return service, service is None and bool(events) and _REGISTRATIONS.issuperset(map(str, events))


def _service(fields: dict[str, Any], events: list[str | int]) -> Service | None:
    if "sMS" in fields or "sMS" in events:
        return Service.SMS
    if "nature-Of-The-intercepted-call" in fields:
        return _SERVICES.get(fields["nature-Of-The-intercepted-call"])
    if "iMSevent" in fields or not _CALL_EVENTS.isdisjoint(events) or "intercepted-Call-State" in fields:
        return Service.VOICE
    if events and _REGISTRATIONS.isdisjoint(events) and all(isinstance(event, str) for event in events):
        return Service.DATA
    return None


def _sides(parties: list[dict[str, Any]], sends: bool | None) -> _Sides:
    """A packet session has one party, the target: it set the session up unless the record says otherwise."""
    originators: set[Target] = set()
    recipients: set[Target] = set()
    kept: dict[str, list[str]] = {}
    wrong = False
    for one in parties:
        party: Party = party_numbers.party_of(one)
        wrong = wrong or party.wrong
        qualifier = one["party-Qualifier"]
        side, name = QUALIFIERS.get(str(qualifier), (None, "others"))
        if name == "identities":
            side = "to" if sends is False else "from"
        if side != "to":
            originators |= party.targets
        if side != "from":
            recipients |= party.targets
        if party.kept:
            kept.setdefault(name, []).extend(party.kept)
    return _Sides(frozenset(originators), frozenset(recipients), list(kept.items()), wrong)


QUALIFIERS: Final[dict[str, tuple[str | None, str]]] = {
    "originating-Party": ("from", "from"),
    "terminating-Party": ("to", "to"),
    "forwarded-to-Party": ("to", "forwarded_to"),
    "gPRS-Target": (None, "identities"),
    "gPRSorEPS-Target": (None, "identities"),
}


def _message(record: Hi2Record, sides: _Sides, content: list[str]) -> _Sides:
    """The sides of a short message, the number inside it among them; what in it is words goes to `content`."""
    held = record.parameters["sMS"]["sMS-Contents"]
    kept = [*sides.kept, *((name, held[name]) for name in ("transfer-status",) if name in held)]
    if held.get("enhancedContent", {}).get("content"):
        content.append("sms_text")
    found = short_message(record)
    if found is None:
        return sides._replace(kept=kept)
    octets, from_mobile = found
    tpdu = read_tpdu(octets, from_mobile)
    if tpdu is None or has_words(tpdu):
        content.append("sms_text")
    if tpdu is None:
        return sides._replace(kept=kept)
    other: frozenset[Target] = frozenset()
    if tpdu.address and tpdu.address.isdigit():
        other = shapes.number_targets("+" + tpdu.address)
        kept.append(("other_party", tpdu.address))
    segment = tpdu.segment
    kept += [("segments", segment.total if segment else 1), ("segment", segment.number if segment else 1)]
    if from_mobile:
        return sides._replace(recipients=sides.recipients | other, kept=kept)
    return sides._replace(originators=sides.originators | other, kept=kept)


def _withheld(facts: RecordFacts, fields: dict[str, Any]) -> list[str]:
    """The items of content among the parameters themselves."""
    found: list[str] = []
    for name, held in fields.items():
        if name in KEPT or name in PLACES or name in ("partyInformation", "sMS"):
            continue
        if name in _PARTIES:
            if party_numbers.party_of(held).wrong:
                found.append("party_text")
        elif name == "lawfulInterceptionIdentifier":
            # One identifier without, another within: whose the record is cannot be told by either.
            if liid_text(held) != facts.liid:
                found.append("foreign_identifier")
        elif not (plain := _PLAIN.get(name)) or not plain(held):
            found.append(_NAMES.get(name, "undescribed_fields"))
    return found


_NAMES: Final = {"sIPMessage": "undescribed_signalling", "national-Parameters": "undescribed_fields"}


def _duration(octets: bytes) -> str | None:
    """HHMMSS in semi-octets, as hours:minutes:seconds."""
    text = octets.hex()
    return f"{text[:2]}:{text[2:4]}:{text[4:]}" if len(text) == 6 and text.isdigit() else None


def _sized(low: int, high: int) -> Callable[[bytes], bool]:
    return lambda octets: low <= len(octets) <= high


def _is_token(octets: bytes) -> bool:
    return party_numbers.token(octets)[0] is not None


def _is_node(value: tuple[str, Any]) -> bool:
    return party_numbers.data_node(value)[0] is not None


def _is_network(value: dict[str, Any]) -> bool:
    form, held = value.get("network-Element-Identifier", ("dNS-Format", b"-"))
    if form == "iP-Address":
        element = party_numbers.address(held)[0] is not None
    elif form == "e164-Format":
        element = party_numbers.node_number(held)[0] is not None
    else:
        element = isinstance(held, bytes) and len(held) <= 25 and _is_token(held)
    return element and len(value["operator-Identifier"]) <= 5 and _is_token(value["operator-Identifier"])


def _is_communication(value: dict[str, Any]) -> bool:
    number = value.get("communication-Identity-Number", b"0")
    return number.isdigit() and len(number) <= 8 and _is_network(value["network-Identifier"])


def _is_link_information(value: dict[str, Any]) -> bool:
    """Of the links for content nothing but their state: numbers and causes of the agency's own side are of no use."""
    return all(set(link) <= {"cCLink-State", "release-Time"} for link in value.values())


_PLAIN: Final[dict[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("domainID", "hi2DomainId", "hi2CSDomainId", "hi2epsDomainId", "iRIversion"), lambda value: True),
    "timeStamp": lambda value: value[0] in ("utcTime", "localTime"),
    "communicationIdentifier": _is_communication,
    "networkIdentifier": _is_network,
    "cC-Link-Identifier": lambda octets: octets.isdigit() and len(octets) <= 8,
    "callContentLinkInformation": _is_link_information,
    **dict.fromkeys(DURATIONS, lambda octets: _duration(octets) is not None),
    RELEASE: _sized(2, 2),
    "gPRSOperationErrorCode": _sized(0, 2),
    **dict.fromkeys(("gPRSCorrelationNumber", "ePSCorrelationNumber"), _sized(1, _SHORT_OCTETS)),
    "qOS": lambda value: isinstance(value[1], bytes) and len(value[1]) <= _SHORT_OCTETS,
    **dict.fromkeys(("sMSOriginatingAddress", "sMSTerminatingAddress"), _is_node),
}
"""Known without being kept, and when a value of theirs is plain."""


def read_media_description(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    """pstnIsdnIRI tells how the speech of a call is coded; whose call it is its communication says."""
    form, held = value["pstnIsdnIRIContents"]
    facts = facts._replace(service=Service.VOICE, inherits=True)
    if form != "supplementaryInfo":
        return facts._replace(content=(*facts.content, "undescribed_payload"))
    plain = {"informationAppliesTo", "mediaFormat", "frameType", "alternateProtocol"}
    content = facts.content if set(held) <= plain else (*facts.content, "session_description")
    permitted = [("mediaFormat", held["mediaFormat"]), ("frameType", held.get("frameType"))]
    return facts._replace(content=content, permitted=present(permitted))
