"""MMS events of TS 33.128 (R-113, R-114): who, to whom, when, which way, which message, how large.

Subject, application words and status text are content, as is the content type's name of the parts; a field without a
row here is content too. A notification names no recipient: the carrier has to say whose it is, or its communication.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from asn1.table import Value
from collector.facts import shapes
from collector.facts.record import RecordFacts, present
from mediation.law.orders import Service, Target, TargetKind

_SENDS: Final = {"fromTarget": True, "toTarget": False}
_KEPT: Final = (
    "direction", "dateTime", "mMSDateTime", "prevSentByDateTime", "desiredDeliveryTime", "messageSize", "messageClass",
    "priority", "responseStatus", "status", "senderVisibility", "deliveryReport", "readReport", "reportAllowed",
    "deliveryReportRequested", "stored", "store", "dRMContent", "readStatus", "statusExtension", "storeStatus",
    "retrieveStatus", "deleteResponseStatus", "forwardToOriginator", "forwardCount", "deliveryReportAllowed",
)  # fmt: skip
_IDENTIFIERS: Final = ("messageID", "transactionID", "replaceID", "cancelID")
_RECIPIENTS: Final = ("terminatingMMSParty", "cCRecipients", "bCCRecipients")
_KNOWN: Final = frozenset({*_KEPT, *_IDENTIFIERS, *_RECIPIENTS, "originatingMMSParty", "version", "expiry"})
_WORDS: Final[dict[str, str]] = {
    "subject": "mms_subject",
    "contentType": "mms_content_type",
    "responseStatusText": "mms_text",
    "retrieveStatusText": "mms_text",
    "readStatusText": "mms_text",
    "statusText": "mms_text",
    "storeStatusText": "mms_text",
    "deleteResponseText": "mms_text",
    "applicID": "mms_text",
    "replyApplicID": "mms_text",
    "auxApplicInfo": "mms_text",
}


def _read(facts: RecordFacts, event: dict[str, Any]) -> RecordFacts:
    sends = _SENDS.get(event["direction"]) if isinstance(event.get("direction"), str) else None
    senders = event.get("originatingMMSParty", [])
    senders = senders if isinstance(senders, list) else [senders]
    receivers = [party for name in _RECIPIENTS for party in event.get(name, [])]
    origin, destination = _targets(senders), _targets(receivers)
    content = list(facts.content)
    for name in event:
        if name not in _KNOWN and not (name == "contentType" and event[name] in _BARE_TYPES):
            content.append(_WORDS.get(name, "undescribed_fields"))
    identifiers = {name: event[name] for name in _IDENTIFIERS if name in event}
    if not all(shapes.is_identifier(one) for one in identifiers.values()):
        content.append("mms_text")
    if not all(_kept(form, value) for form, value in _identities([*senders, *receivers])):
        content.append("party_text")
    # A report on delivery has no direction: it tells the target of somebody else's handset.
    target_side = frozenset() if sends is None else origin if sends else destination
    permitted: list[tuple[str, Any]] = [
        *((name, event.get(name)) for name in _KEPT),
        *((name, held) for name, held in identifiers.items() if shapes.is_identifier(held)),
        ("from", _values(senders)),
        ("to", _values(receivers)),
    ]
    return facts._replace(
        service=Service.MMS,
        originators=origin,
        recipients=destination,
        parties=origin | destination,
        parties_known=bool(target_side),
        target_sends=sends if sends is not None else facts.target_sends,
        opens=facts.payload in ("mMSSend", "mMSNotification", "mMSRetrieval"),
        content=tuple(dict.fromkeys(content)),
        permitted=present(permitted),
    )


_BARE_TYPES: Final = frozenset(
    {
        "multipart/related",
        "multipart/mixed",
        "application/vnd.wap.multipart.related",
        "application/vnd.wap.multipart.mixed",
        "application/octet-stream",
        "text/plain",
    }
)
"""Which kind of message it is, without the names of its parts."""


def _identities(parties: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    found = []
    for party in parties:
        for form, value in party["mMSPartyIDs"]:
            found.append(value if form in ("iMPU", "sUPI", "gPSI") else (form, value))
    return found


def _targets(parties: list[dict[str, Any]]) -> frozenset[Target]:
    found: set[Target] = set()
    for form, value in _identities(parties):
        if form in ("e164Number", "mSISDN"):
            found |= shapes.number_targets(f"+{value}")
        elif form == "iMSI":
            found |= shapes.imsi_target(value)
        elif form in ("sIPURI", "tELURI"):
            found |= shapes.uri_targets((str(value),))
        elif form in ("nAI", "iMPI", "emailAddress"):
            found.add(Target(TargetKind.SIP_URI, f"nai:{str(value).lower()}"))
    return frozenset(found)


def _kept(form: str, value: Value) -> bool:
    if form in ("sIPURI", "tELURI"):
        address = shapes.uri_of(str(value))
        return address.identity is not None and not address.wrong and "?" not in str(value)
    return shapes.is_nai(str(value))


def _values(parties: list[dict[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for form, value in _identities(parties):
        if form in ("sIPURI", "tELURI"):
            if (plain := shapes.uri_of(str(value)).identity) is not None:
                found[plain] = None
        elif shapes.is_nai(str(value)):
            found[str(value)] = None
    return list(found)


READERS: Final[dict[str, Callable[[RecordFacts, dict[str, Any]], RecordFacts]]] = dict.fromkeys(
    (
        "mMSSend", "mMSNotification", "mMSNotificationResponse", "mMSRetrieval", "mMSDeliveryAck", "mMSForward",
        "mMSDeliveryReport", "mMSReadReport", "mMSCancel", "mMSSendByNonLocalTarget", "mMSSendToNonLocalTarget",
        "mMSDeliveryReportNonLocalTarget", "mMSReadReportNonLocalTarget", "mMSConvertedFromEmail",
        "mMSConvertedToEmail", "mMSDeleteFromRelay", "mMSMBoxStore", "mMSMBoxUpload", "mMSMBoxDelete",
        "mMSMBoxViewRequest", "mMSMBoxViewResponse",
    ),
    _read,
)  # fmt: skip
