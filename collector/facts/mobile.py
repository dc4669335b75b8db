"""TS 33.128 events inside a record: short messages, IMS signalling, registrations and PDU sessions; MMS is beside.

An event has rows for what is kept, for what is known and not kept, and for what tells a place; any other field is
content. Fields that are not described in `asn1` decode to a tag tree, may hold anything, and are so content too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

from asn1 import sms_tpdu
from asn1.errors import DecodeError
from asn1.sms_fields import Reader, take_address
from asn1.table import Value, decode_reporting
from asn1.ts33128 import IRI_PAYLOAD
from collector.facts import shapes
from collector.facts.multimedia_messages import READERS as MMS_READERS
from collector.facts.record import RecordFacts, present
from collector.facts.short_messages import LETTER_DIGITS, has_words, read_tpdu
from collector.facts.signalling import identity, media_of, read_sip
from mediation.law.orders import Service, Target, TargetKind

_SENDS: Final = {"fromTarget": True, "toTarget": False}
_SESSION_SENDS: Final = {**_SENDS, "combined": None, "indeterminate": None}
_MAX_MEDIA: Final = 32
_EQUIPMENT_LENGTH: Final = 16
"""Digits of an IMEISV; hardware addresses are shorter."""


def read_mobile(facts: RecordFacts, octets: bytes) -> RecordFacts:
    value, unknown = decode_reporting(IRI_PAYLOAD, octets)
    name, event = value["event"]
    facts = replace(facts, payload=name)
    if unknown:
        facts = replace(facts, content=(*facts.content, "unknown_tags"))
    reader = _READERS.get(name)
    if reader is None:
        return replace(facts, content=(*facts.content, "undescribed_payload"))
    return _named_by_the_carrier(reader(facts, event), value)


def _named_by_the_carrier(facts: RecordFacts, payload: dict[str, Any]) -> RecordFacts:
    """The identities by which the carrier says it chose the record count where its event does not name the target."""
    if "targetIdentifiers" not in payload:
        return facts
    found: set[Target] = set()
    plain = True
    for one in payload["targetIdentifiers"]:
        form, value = one["identifier"]
        if form in ("sUPI", "gPSI", "iMPU"):
            form, value = value
        known = _identity(form, value)
        plain = plain and bool(known) and (not isinstance(value, str) or _is_plain(form, value))
        found |= known
    if not plain:
        facts = replace(facts, content=(*facts.content, "party_text"))
    if facts.parties_known or not found:
        return facts
    return replace(facts, parties=facts.parties | found, parties_known=True)


def _is_plain(form: str, value: str) -> bool:
    if form in ("sIPURI", "tELURI"):
        uri = shapes.uri_of(value)
        return uri.identity is not None and not uri.wrong and "?" not in value
    return shapes.is_nai(value)


def _identity(form: str, value: Value) -> frozenset[Target]:
    if form == "iMSI":
        return frozenset({Target(TargetKind.IMSI, str(value))})
    if form in ("mSISDN", "e164Number"):
        return shapes.number_targets(f"+{value}")
    if form in ("sIPURI", "tELURI"):
        return shapes.uri_targets((str(value),))
    if form == "nAI":
        return frozenset({Target(TargetKind.SIP_URI, f"nai:{str(value).lower()}")})
    if form in ("iPv4Address", "iPv6Address"):
        return shapes.address_target(shapes.address_text(value))
    return frozenset()


def _party(party: dict[str, Any]) -> frozenset[Target]:
    found: set[Target] = set()
    for name in ("sUPI", "gPSI"):
        if name in party:
            found |= _identity(*party[name])
    return frozenset(found)


# --- short messages


def _sms_message(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    sends = _SENDS.get(event["direction"]) if isinstance(event["direction"], str) else None
    origin, destination = _party(event["originatingSMSParty"]), _party(event["terminatingSMSParty"])
    message = _tpdu(event, sends)
    content = list(facts.content)
    if message is not None:
        address = message.address
        other = shapes.number_targets("+" + address) if address and address.isdigit() else frozenset()
        origin, destination = (origin, destination | other) if sends else (origin | other, destination)
        if has_words(message):
            content.append("sms_text")
    elif "sMSTPDUData" in event:
        content.append("sms_text")
    parties = (event["originatingSMSParty"], event["terminatingSMSParty"])
    if not all(_is_plain_party(party) for party in parties):
        content.append("party_text")
    permitted: list[tuple[str, Any]] = [
        ("direction", event["direction"]),
        ("from", sorted(target.value for target in origin if _keeps(target))),
        ("to", sorted(target.value for target in destination if _keeps(target))),
        ("message_type", event.get("messageType")),
        ("transfer_status", event.get("linkTransferStatus")),
        ("reference", event.get("rPMessageReference")),
        ("segments", message.segment.total if message and message.segment else 1),
        ("segment", message.segment.number if message and message.segment else 1),
        ("service_centre_us", message.timestamp_us if message else None),
    ]
    return replace(
        facts,
        service=Service.SMS,
        originators=origin,
        recipients=destination,
        parties=origin | destination,
        parties_known=True,
        target_sends=sends if sends is not None else facts.target_sends,
        opens=True,
        content=tuple(content),
        location=facts.location or "location" in event,
        permitted=tuple((key, held) for key, held in permitted if held is not None),
    )


def _is_plain_party(party: dict[str, Any]) -> bool:
    """Whether what is free to be any text or octets has the shape and the size of an identity."""
    if not all(shapes.is_nai(party[name][1]) for name in ("sUPI", "gPSI") if name in party):
        return False
    if len(party.get("pEI", ("", b""))[1]) > _EQUIPMENT_LENGTH:
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


def _keeps(target: Target) -> bool:
    return target.kind is not TargetKind.SIP_URI or shapes.is_nai(target.value.removeprefix("nai:"))


def _sms_report(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    """The report on a message: it names nobody, and can carry user data of its own."""
    submitted = isinstance(event["messageType"], str) and event["messageType"].startswith("deliverReport")
    message = _tpdu(event, submitted)
    words = message is None or has_words(message)
    permitted: list[tuple[str, Any]] = [
        ("message_type", event["messageType"]),
        ("reference", event["rPMessageReference"]),
        ("failure_cause", message.failure_cause if message else None),
    ]
    return replace(
        facts,
        service=Service.SMS,
        content=(*facts.content, "sms_text") if words else facts.content,
        location=facts.location or "location" in event,
        permitted=present(permitted),
    )


def _tpdu(event: dict[str, Any], sends: bool | None) -> sms_tpdu.SmsTpdu | None:
    """The TPDU of a message, None when there is none, or none that can be read."""
    form, octets = event.get("sMSTPDUData", ("", b""))
    return read_tpdu(octets, bool(sends)) if form in ("sMSTPDU", "redactedSMSTPDU") else None


# --- IMS


def _ims_message(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    form, held = event["payload"]
    direction = event["sessionDirection"]
    sends = _SESSION_SENDS.get(direction) if isinstance(direction, str) else None
    places = {"location", "accessNetworkInformation", "cellularNetworkInformation"} & set(event)
    content = (*facts.content, "undescribed_fields") if "numberTranslationInformation" in event else facts.content
    facts = replace(
        facts,
        content=content,
        location=facts.location or bool(places),
        target_sends=sends if sends is not None else facts.target_sends,
    )
    if form != "encapsulatedSIPMessage":
        return replace(facts, service=Service.VOICE, content=(*content, "undescribed_signalling"))
    said = read_sip(held["sIPContent"])
    return replace(
        facts,
        service=said.service,
        originators=said.originators,
        recipients=said.recipients,
        parties=said.parties,
        parties_known=bool(said.parties),
        opens=said.opens,
        answers=said.answers,
        content=(*content, *said.content),
        location=facts.location or said.location,
        permitted=said.permitted,
        digits=said.digits,
        dialled=said.dialled,
    )


def _active_session(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    """A call that was up when the interception began; so it is answered, since when is not said."""
    calling = [str(one[1]) for one in event["originatingId"]]
    called, diverted = str(event["terminatingId"][1]), event.get("diversionIdentity", ("", ""))[1]
    origin, destination = shapes.uri_targets(tuple(calling)), shapes.uri_targets((called,))
    parties = origin | destination | (shapes.uri_targets((str(diverted),)) if diverted else frozenset())
    everyone = [*calling, called, *([str(diverted)] if diverted else [])]
    wrong = tuple(item for uri in everyone for item in shapes.uri_of(uri).wrong)
    headers = ("uri_headers",) if any("?" in uri for uri in everyone) else ()
    descriptions = event.get("sDPState", [])
    media = [line for description in descriptions for line in media_of(description)][:_MAX_MEDIA]
    places = {"location", "accessNetworkInformation", "cellularNetworkInformation"} & set(event)
    return replace(
        facts,
        service=Service.VOICE,
        originators=origin,
        recipients=destination,
        parties=parties,
        parties_known=True,
        opens=True,
        answers=True,
        content=(*facts.content, *wrong, *headers, *(("sip_body",) if descriptions else ())),
        location=facts.location or bool(places),
        permitted=present(
            [
                ("from", [found for uri in calling if (found := identity(uri)) is not None]),
                ("to", identity(called)),
                ("diverted", identity(str(diverted)) if diverted else None),
                ("media", media),
            ]
        ),
    )


def _content_unavailable(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    """Word that content cannot be delivered: of no use without an order for content."""
    content = (*facts.content, "content_delivery")
    return replace(facts, service=Service.VOICE, content=content, all_content=True)


# --- registrations and PDU sessions


class _Rows(NamedTuple):
    """`kept` by name; `known` without being kept; `places`. `service` None: a registration, of no service."""

    service: Service | None
    kept: tuple[str, ...]
    known: frozenset[str]
    places: frozenset[str]


_WHO: Final = frozenset({"sUPI", "gPSI", "pEI"})
_WHERE: Final = frozenset({"location", "fiveGSTAIList", "uEAreaIndication", "non3GPPAccessEndpoint"})
_REGISTRATION: Final = _Rows(
    None,
    ("registrationType", "registrationResult", "rATType", "deregistrationDirection", "accessType", "cause",
     "timeOfRegistration"),
    _WHO,
    _WHERE,
)  # fmt: skip
_SESSION: Final = _Rows(
    Service.DATA,
    ("pDUSessionID", "pDUSessionType", "requestType", "accessType", "rATType", "timeOfFirstPacket",
     "timeOfLastPacket", "uplinkVolume", "downlinkVolume", "oldPDUSessionID", "timeOfSessionEstablishment",
     "fiveGMMCause"),
    _WHO | {"gTPTunnelID", "sNSSAI", "uEEndpoint", "dNN", "selectedDNN"},
    _WHERE,
)  # fmt: skip


def _session_event(rows: _Rows) -> Callable[[RecordFacts, dict[str, Any]], RecordFacts]:
    def read(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
        parties = set(_party(event))
        ends = event.get("uEEndpoint", [])
        for form, value in [ends] if isinstance(ends, tuple) else ends:
            parties |= _identity(form, value)
        content = list(facts.content)
        if set(event) - set(rows.kept) - rows.known - rows.places:
            content.append("undescribed_fields")
        networks = [event[name] for name in ("dNN", "selectedDNN") if name in event]
        if not all(shapes.is_host(one) for one in networks) or not _is_plain_party(event):
            content.append("session_text")
        named: dict[str, Any] = {name: event[name] for name in rows.kept if isinstance(event.get(name), str | int)}
        return replace(
            facts,
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
                    ("identities", sorted(one.value for one in parties if _keeps(one))),
                    ("network", [one for one in networks if shapes.is_host(one)]),
                ]
            ),
        )

    return read


_READERS: Final[dict[str, Callable[[RecordFacts, dict[str, Any]], RecordFacts]]] = {
    "sMSMessage": _sms_message,
    "sMSReport": _sms_report,
    "iMSMessage": _ims_message,
    "startOfInterceptionForActiveIMSSession": _active_session,
    "iMSCCUnavailable": _content_unavailable,
    **dict.fromkeys(
        ("registration", "deregistration", "locationUpdate", "startOfInterceptionWithRegisteredUE"),
        _session_event(_REGISTRATION),
    ),
    **dict.fromkeys(
        (
            "pDUSessionEstablishment",
            "pDUSessionModification",
            "pDUSessionRelease",
            "startOfInterceptionWithEstablishedPDUSession",
        ),
        _session_event(_SESSION),
    ),
    **MMS_READERS,
}
