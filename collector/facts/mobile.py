"""TS 33.128 events inside a record: short messages and IMS signalling; MMS and the packet core are beside.

An event has rows for what is kept, for what is known and not kept, and for what tells a place; any other field is
content. Fields that are not described in `asn1` decode to a tag tree, may hold anything, and are so content too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from asn1 import sms_tpdu
from asn1.table import decode_reporting
from asn1.ts33128 import IRI_PAYLOAD
from collector.facts import shapes
from collector.facts.mobile_parties import is_plain, is_plain_party, keeps, party_targets, target_of
from collector.facts.multimedia_messages import READERS as MMS_READERS
from collector.facts.packet_core import READERS as PACKET_CORE_READERS
from collector.facts.record import RecordFacts, present
from collector.facts.short_messages import has_words, read_tpdu
from collector.facts.signalling import identity, media_of, read_sip
from mediation.law.orders import Service, Target

_SENDS: Final = {"fromTarget": True, "toTarget": False}
_SESSION_SENDS: Final = {**_SENDS, "combined": None, "indeterminate": None}
_MAX_MEDIA: Final = 32


def read_mobile(facts: RecordFacts, octets: bytes) -> RecordFacts:
    value, unknown = decode_reporting(IRI_PAYLOAD, octets)
    name, event = value["event"]
    facts = facts._replace(payload=name)
    if unknown:
        facts = facts._replace(content=(*facts.content, "unknown_tags"))
    reader = _READERS.get(name)
    if reader is None:
        return facts._replace(content=(*facts.content, "undescribed_payload"))
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
        known = target_of(form, value)
        plain = plain and bool(known) and (not isinstance(value, str) or is_plain(form, value))
        found |= known
    if not plain:
        facts = facts._replace(content=(*facts.content, "party_text"))
    if facts.parties_known or not found:
        return facts
    return facts._replace(parties=facts.parties | found, parties_known=True)


# --- short messages


def _sms_message(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    sends = _SENDS.get(event["direction"]) if isinstance(event["direction"], str) else None
    origin, destination = party_targets(event["originatingSMSParty"]), party_targets(event["terminatingSMSParty"])
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
    if not all(is_plain_party(party) for party in parties) or not _is_node(event.get("peerNFAddress")):
        content.append("party_text")
    permitted: list[tuple[str, Any]] = [
        ("direction", event["direction"]),
        ("from", sorted(target.value for target in origin if keeps(target))),
        ("to", sorted(target.value for target in destination if keeps(target))),
        ("message_type", event.get("messageType")),
        ("transfer_status", event.get("linkTransferStatus")),
        ("reference", event.get("rPMessageReference")),
        ("segments", message.segment.total if message and message.segment else 1),
        ("segment", message.segment.number if message and message.segment else 1),
        ("service_centre_us", message.timestamp_us if message else None),
    ]
    return facts._replace(
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


def _is_node(value: tuple[str, Any] | None) -> bool:
    """Whether the address of the service centre, where there is one, has the size of an address."""
    if value is None:
        return True
    form, held = value
    return bool(target_of(*held) if form == "iPAddress" else target_of(form, held))


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
    return facts._replace(
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
    facts = facts._replace(
        content=content,
        location=facts.location or bool(places),
        target_sends=sends if sends is not None else facts.target_sends,
    )
    if form == "modifiedSIPMessage" and isinstance(held, dict):
        # What was changed in it may be told in words.
        content, held = (*content, "signalling_changes"), held["modifiedSIPContent"]
    elif form != "encapsulatedSIPMessage":
        return facts._replace(service=Service.VOICE, content=(*content, "undescribed_signalling"))
    said = read_sip(held["sIPContent"])
    return facts._replace(
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
    return facts._replace(
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
    return facts._replace(service=Service.VOICE, content=content, all_content=True)


_READERS: Final[dict[str, Callable[[RecordFacts, dict[str, Any]], RecordFacts]]] = {
    "sMSMessage": _sms_message,
    "sMSReport": _sms_report,
    "iMSMessage": _ims_message,
    "startOfInterceptionForActiveIMSSession": _active_session,
    "iMSCCUnavailable": _content_unavailable,
    **PACKET_CORE_READERS,
    **MMS_READERS,
}
