"""ETSI records (TS 102 232): from the payload's name to who reads it.

What no reader describes is flagged as content and keeps nothing. Raises DecodeError and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from asn1.errors import DecodeError
from asn1.ps_pdu import PsPdu, event_time, liid_text, payload_times
from asn1.ts33128 import decode_cc
from collector.facts.email import read_email, read_messaging
from collector.facts.hi2 import read_hi2, read_media_description
from collector.facts.mobile import read_mobile
from collector.facts.record import RecordFacts
from collector.facts.sessions import read_header_report, read_packet_report, read_session
from collector.facts.signalling import Signalling, read_sip
from mediation.law.orders import Service

CC_SERVICES: Final = {
    "iPCC": Service.DATA,
    "emailCC": Service.DATA,
    "uMTSCC": Service.DATA,
    "ePSCC": Service.DATA,
    "uMTSCC-CC-PDU": Service.DATA,
    "ePSCC-CC-PDU": Service.DATA,
    "iPMMCC": Service.VOICE,
    "pstnIsdnCC": Service.VOICE,
    "messagingMMCC": Service.VOICE,
    "voipCC-CC-PDU": Service.VOICE,
    "cSvoice-CC-PDU": Service.VOICE,
}
"""Content by what it is; a part of a message (messagingCC) may be of any service, and a person has to look."""
_MOBILE_CC: Final = {
    "uPFCCPDU": Service.DATA,
    "extendedUPFCCPDU": Service.DATA,
    "nIDDCCPDU": Service.DATA,
    "mMSCCPDU": Service.MMS,
}
"""CCPDU of TS 33.128 by service; those of push-to-talk, IMS and RCS are of none that a warrant here can list."""
_KINDS: Final = {
    "iRIPayloadSequence": "iri",
    "cCPayloadSequence": "cc",
    "tRIPayload": "tri",
    "hI1-Operation": "hi1",
    "threeGPP-HI1-Operation": "hi1",
    "encryptionContainer": "encrypted",
}
_NOTICES: Final = frozenset({"liActivated", "liDeactivated", "liModified", "alarms-indicator"})
_NOTICE_FIELDS: Final = frozenset({"domainID", "timeStamp", "lawfulInterceptionIdentifier"})
"""Of a notification, what can hold no words of a communication, where the LIID is the header's and the time is UTC (a
local time is text)."""
SENDS: Final = {"fromTarget": True, "toTarget": False}
IRI_TYPES: Final = {"iRI-Begin": "begin", "iRI-End": "end", "iRI-Continue": "continue", "iRI-Report": "report"}


def facts_of(pdu: PsPdu, arrival_us: int) -> RecordFacts:
    """The facts of one record that arrived at `arrival_us`. Raises DecodeError."""
    header = pdu.header
    event_us, qualifier = event_time(pdu)
    name, payloads = pdu.payload
    kind = _KINDS.get(name, "other")
    content = ("unknown_tags",) if pdu.unknown_tags else ()
    several = kind in ("iri", "cc") and len(payloads) > 1
    payload, iri_type, sends = (name, None, None) if kind != "iri" or several else _what(payloads)
    facts = RecordFacts(
        liid_text(header.liid), header.cin, header.sequence_number, kind, payload, iri_type, None, event_us, qualifier,
        arrival_us, target_sends=sends, content=content, unplaced=header.cin is None,
        stamps_us=_stamps(pdu) if several else (),
    )  # fmt: skip
    if kind == "iri":
        return _iri(facts, payloads)
    if kind == "cc":
        return _cc(facts, payloads)
    if kind == "hi1":
        return _notice(facts, payloads)
    return facts


def _stamps(pdu: PsPdu) -> tuple[int, ...]:
    """The own times of payloads that came together."""
    return tuple(sorted({time_us for time_us, _ in payload_times(pdu) if time_us is not None}))


def _what(payloads: list[dict[str, Any]]) -> tuple[str, str | None, bool | None]:
    """Of a single IRI payload: name of its contents, IRI type, whether the target sends."""
    if len(payloads) != 1:
        return "iRIPayloadSequence", None, None
    payload = payloads[0]
    iri_type = payload.get("iRIType")
    direction = payload.get("sessionDirection") or payload.get("payloadDirection")
    return (
        payload["iRIContents"][0],
        IRI_TYPES.get(iri_type) if isinstance(iri_type, str) else None,
        SENDS.get(direction) if isinstance(direction, str) else None,
    )


def _notice(facts: RecordFacts, contents: tuple[str, Any]) -> RecordFacts:
    """A notification about the interception. Its own octets and words can be anything, so they are content."""
    name, value = contents
    words = (
        name not in _NOTICES
        or not _NOTICE_FIELDS.issuperset(value)
        or value["timeStamp"][0] != "utcTime"
        or ("lawfulInterceptionIdentifier" in value and liid_text(value["lawfulInterceptionIdentifier"]) != facts.liid)
    )
    content = (*facts.content, *(("words_of_a_notice",) if words else ()))
    permitted = (("notice", name),) if name in _NOTICES else ()
    return facts._replace(administrative=True, content=content, permitted=permitted)


def _cc(facts: RecordFacts, payloads: list[dict[str, Any]]) -> RecordFacts:
    names = {payload["cCContents"][0] for payload in payloads}
    name = next(iter(names)) if len(names) == 1 else "mixed"
    direction = payloads[0].get("payloadDirection") if payloads else None
    return facts._replace(
        payload=name,
        service=_mobile_service(payloads) if name == "threeGPP33128DefinedCC" else CC_SERVICES.get(name),
        target_sends=SENDS.get(direction) if isinstance(direction, str) else None,
        content=(*facts.content, "content"),
    )


def _mobile_service(payloads: list[dict[str, Any]]) -> Service | None:
    """None where the payloads are of several services, or of one that cannot be told."""
    found: set[Service | None] = set()
    for payload in payloads:
        try:
            found.add(_MOBILE_CC.get(decode_cc(payload["cCContents"][1])[0]))
        except DecodeError:
            found.add(None)
    return found.pop() if len(found) == 1 else None


def _iri(facts: RecordFacts, payloads: list[dict[str, Any]]) -> RecordFacts:
    if len(payloads) != 1:
        # Aggregated records are judged as one; only what all of them share could be kept apart, so nothing is.
        return facts._replace(payload="aggregated", content=(*facts.content, "aggregated_payloads"))
    name, value = payloads[0]["iRIContents"]
    reader = READERS.get(name)
    if reader is None:
        return facts._replace(content=(*facts.content, "undescribed_payload"))
    return reader(facts, value)


def _multimedia(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    name, contents = value["iPMMIRIContents"]
    location = facts.location or "targetLocation" in value
    if name not in ("sIPMessage", "iRIOnlySIPMessage"):
        content = (*facts.content, "undescribed_signalling")
        return facts._replace(service=Service.VOICE, content=content, location=location)
    more = ("additional_signalling",) if value.get("additionalSignalling") else ()
    return with_signalling(facts, read_sip(contents["sIPContent"]), more, location)


def with_signalling(
    facts: RecordFacts, said: Signalling, more: tuple[str, ...] = (), location: bool = False
) -> RecordFacts:
    """The facts of a record that is one SIP message; `more` content, and whether a place, are beside it."""
    parties = said.parties
    return facts._replace(
        service=said.service,
        originators=said.originators,
        recipients=said.recipients,
        parties=parties,
        parties_known=bool(parties),
        opens=said.opens,
        answers=said.answers,
        content=(*facts.content, *said.content, *more),
        location=facts.location or location or said.location,
        permitted=said.permitted,
        digits=said.digits,
        dialled=said.dialled,
    )


READERS: Final[dict[str, Callable[[RecordFacts, Any], RecordFacts]]] = {
    "iPMMIRI": _multimedia,
    "emailIRI": read_email,
    "messagingIRI": read_messaging,
    "eTSI671IRI": read_hi2,
    "uMTSIRI": read_hi2,
    "ePSIRI": read_hi2,
    "pstnIsdnIRI": read_media_description,
    "iPIRI": read_session,
    "iPIRIOnly": read_header_report,
    "iPIRIPacketReport": read_packet_report,
    "threeGPP33128DefinedIRI": read_mobile,
}
