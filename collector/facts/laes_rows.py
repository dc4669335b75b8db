"""What of each call-data message of the US dialects a pen register keeps (facts table of the gate, T1.678 and PCESP).

One row a message: the fields that are kept, each only in its shape (`laes_fields`), and what the message is. Every
field without a row is withheld, whatever a later version puts there. J-STD-025 has T1.678's rows.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collector.facts.shapes import word_set
from mediation.law.orders import Service


class Row(NamedTuple):
    """`service`: of which communication (None: of none). `subject`: the field that names the target, when it is there.
    `whole`: content and nothing besides. `iri_type` as in `RecordFacts`. `signalling`: the field of whole signalling
    messages that are read each by itself."""

    kept: frozenset[str] = frozenset()
    service: Service | None = Service.VOICE
    subject: str | None = None
    sends: bool | None = None
    whole: bool = False
    iri_type: str = "continue"
    signalling: str | None = None


def _row(
    kept: str,
    service: Service | None = Service.VOICE,
    subject: str | None = None,
    sends: bool | None = None,
    iri_type: str = "continue",
) -> Row:
    return Row(word_set(kept), service, subject, sends, False, iri_type)


_WHOLE: Final = Row(whole=True)
_STATUS: Final = _row(
    "statusEventType currentStatus memo", service=None, iri_type="report"
)  # fmt: skip

T1678: Final[dict[str, Row]] = {
    "answer": _row("callId answering"),
    "ccClose": _WHOLE,
    "ccOpen": _WHOLE,
    "change": _row("previous resulting"),
    "origination": _row(
        "callId calling called input transitCarrierId originationCause", subject="calling", sends=True, iri_type="begin"
    ),
    "packetEnvelope": Row(service=Service.DATA, whole=True),
    "redirection": _row("callId newCallId redirectedFrom redirectedTo transitCarrierId"),
    "release": _row("callId cause", iri_type="end"),
    "servingSystem": _row(
        "requestId registrationType registering requesting registrar failureReason expirationPeriod",
        subject="registering",
        iri_type="report",
    ),
    "termAttempt": _row("callId calling called redirectedFromInfo", subject="called", sends=False, iri_type="begin"),
    "connTest": _STATUS,
    "confPartyChange": _row("callId communicatingParties removedParties joinedParties"),
    "connection": _row("callId connectedParties newParties"),
    "connectionBreak": _row("callId removedParties remainingParties droppedParties"),
    "dialedDgtExtrn": _row("callId"),
    "networkSignal": _row("callId signaledToPartyId alertingSignal subjectAudibleSignal terminalDisplayInfo"),
    "subjectSignal": _row("callId signalingPartyId signaledPartyId signal"),
    "directSignalReporting": _row("correlationID")._replace(signalling="signalingMsg"),
    "mediaAndAddressReporting": _row(
        "callId subjectContactAddresses associateContactAddresses redirectedToPartyContactAddresses"
    ),
    "ccChange": _WHOLE,
    "ccUnavailable": _WHOLE,
    "surveillanceStatus": _STATUS,
    "featureManagement": _row(
        "subscriberId featureId managementType activationInfo", subject="subscriberId", iri_type="report"
    ),
    "uuContent": _WHOLE,
}
PCESP: Final[dict[str, Row]] = {
    "answer": T1678["answer"],
    "ccclose": _WHOLE,
    "ccopen": _WHOLE,
    "origination": T1678["origination"],
    "redirection": _row("old new redirectedto redirectedfrom transitCarrierId"),
    "release": T1678["release"],
    "terminationattempt": T1678["termAttempt"],
    "ccchange": _WHOLE,
    "dialeddigitextraction": T1678["dialedDgtExtrn"],
    "networksignal": T1678["networkSignal"],
    "subjectsignal": _row("callId signaledFromPartyId signal"),
    "mediareport": _row("callId"),
    "serviceinstance": _row("callId relatedCallId serviceName firstCallCalling secondCallCalling called calling"),
    "confpartychange": _row("callId communicating removed joined"),
}
_SUBSCRIBER: Final = "subscriberIdentity accessMethod iPAddress accessSessionID packetDataSessionID"
_ACCESS: Final = _row(
    f"{_SUBSCRIBER} accessSessionCharacteristics reasonForTermination",
    service=Service.DATA,
    subject="subscriberIdentity",
)
IAS: Final[dict[str, Row]] = {
    "accessAttempt": _ACCESS._replace(iri_type="report"),
    "accessAccepted": _ACCESS._replace(iri_type="begin"),
    "accessFailed": _ACCESS._replace(iri_type="report"),
    "accessSessionEnd": _ACCESS._replace(iri_type="end"),
    "accessRejected": _ACCESS._replace(iri_type="report"),
    "accessSignalingMessageReport": _row("accessSessionID", service=Service.DATA, iri_type="report"),
    "packetDataSessionStart": _ACCESS._replace(iri_type="begin"),
    "packetDataSessionFailed": _ACCESS._replace(iri_type="report"),
    "packetDataSessionEnd": _ACCESS._replace(iri_type="end"),
    "packetDataSessionAlreadyEstablished": _ACCESS._replace(iri_type="begin"),
    "packetDataHeaderReport": _row("contentIdentifier headerSet", service=Service.DATA, iri_type="report"),
    "packetDataSummaryReport": _row("contentIdentifier streamSet", service=Service.DATA, iri_type="report"),
}
ROWS: Final[dict[str, dict[str, Row]]] = {"t1678": T1678, "jstd025": T1678, "pcesp": PCESP, "ias": IAS}
"""By dialect, then by message."""

PLACES: Final = word_set("location visitedSystemIdentity systemIdentity networkAddress networkAccessNodeIdentity")
"""Fields that tell where somebody is, or which system serves them there."""
ENVELOPE: Final = word_set(
    "caseId iAPSystemId reportingSystemId accessingElementId timestamp eventTime reserved0 reserved1"
)
DELIVERY: Final = word_set("deliveryIdentifier ccDeliveryFormat deliveryInformation cCCId")
ITEMS: Final[dict[str, str]] = {
    **dict.fromkeys(DELIVERY, "content_delivery"),
    **dict.fromkeys(("psp", "protocolSignal", "refer"), "parsed_signalling"),
    "signalingMsg": "signalling_messages",
    **dict.fromkeys(
        ("answeringMedia", "subjectMedia", "associateMedia", "connectedMedia", "suspendedMedia",
         "redirectedToPartyMedia", "subject", "associate"),
        "media",
    ),
    "other": "signal_text",
    "otherSignalingInformation": "signal_text",
}  # fmt: skip
"""What the withheld fields are called; any other is `undescribed_fields`."""
