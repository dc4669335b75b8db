"""T1.678 call data: one builder an act, and what causes each of its messages.

Source of the messages: `asn1.laes.t1678`. Causes marked `fact` are what our sources say of a message; `assumed` is our
reading of its name and fields, since the procedures of the standard were not read. Bodies appear nowhere but in
UUContent and, as SDP, in the media fields.
"""

from __future__ import annotations

from typing import Any, Final

from asn1.laes import t1678
from asn1.laes.message import CdcMessage
from asn1.laes.t1678 import CC_DELIVERY_HEADER_MODULE
from asn1.sip import sdp_of, user_of
from mediation.laes.calls import Act, Leg, State, key_of
from mediation.laes.moment import (
    Builder,
    Cause,
    Moment,
    digits_of,
    first,
    redirected_from,
    redirected_to,
    seconds,
    visible,
)
from mediation.laes.t1678_fields import (
    call_id,
    content_identifier,
    delivery,
    location,
    media,
    other_party,
    parties,
    party,
    sided,
    subject_party,
    told,
)

_MANAGED: Final = {"*72": "activation", "*73": "deactivation", "*90": "activation", "*91": "deactivation",
                   "*92": "activation", "*93": "deactivation", "*70": "deactivation"}  # fmt: skip
"""Codes of the North American plan that switch a feature on or off; any other code is a signal of the subject."""
_TONES: Final = {486: "busy", 600: "busy", 503: "reorder", 404: "numberUnobtainable", 604: "numberUnobtainable"}
"""Audible signals for a failed call (assumed)."""

CAUSES: Final[dict[str, Cause]] = {
    "answer": Cause("assumed", "a 2xx to the INVITE of a leg that was not answered yet"),
    "ccClose": Cause("assumed", "the last leg of the communication has ended while its content was announced"),
    "ccOpen": Cause("fact", "content is about to be delivered: the first answered leg, or a packet before that"),
    "change": Cause("assumed", "a call that was sent on goes on in another leg: the calls before, the calls now"),
    "origination": Cause("assumed", "the INVITE of a leg that the subject asks for"),
    "redirection": Cause("assumed", "181 Call Is Being Forwarded, or a 3xx to the INVITE"),
    "release": Cause("assumed", "BYE, or a final answer of 400 and above to an INVITE that was never answered"),
    "servingSystem": Cause("assumed", "the final answer to a REGISTER of the subject"),
    "termAttempt": Cause("assumed", "the INVITE of a leg towards the subject"),
    "connTest": Cause("assumed", "POST /connection-test: somebody tries out the link"),
    "confPartyChange": Cause("assumed", "a notice of the conference package that names other parties than the last"),
    "connection": Cause("assumed", "a held leg is resumed, or a leg is answered while another one is up"),
    "connectionBreak": Cause("assumed", "a re-INVITE puts a leg on hold"),
    "dialedDgtExtrn": Cause("fact", "a key after the answer: INFO, or a telephone event in the subject's media"),
    "networkSignal": Cause("assumed", "180 Ringing, 182 Queued, and the tone of a call that fails for the subject"),
    "subjectSignal": Cause("assumed", "hold, resume and transfer by the subject, and a feature code it dials"),
    "directSignalReporting": Cause("fact", "a signalling message that no other message tells of"),
    "mediaAndAddressReporting": Cause("assumed", "SDP in an answer, a re-INVITE or before the answer"),
    "ccChange": Cause("assumed", "the media of announced content change: hold, resume, another codec, another leg"),
    "ccUnavailable": Cause("assumed", "content is authorised and there is no link for it, or its link is cut"),
    "surveillanceStatus": Cause("fact", "the task of an order begins or ends at the network element"),
    "featureManagement": Cause("assumed", "the subject dials a code that switches a feature on or off, such as *72"),
    "uuContent": Cause("fact", "user-to-user content in signalling: a SIP MESSAGE, an unknown body, User-to-User"),
}  # fmt: skip


def _opening(moment: Moment) -> CdcMessage | None:
    leg, message = moment.leg, moment.message
    if leg is None or message is None:
        return None
    common = {"callId": call_id(moment, leg), "calling": party(leg.calling), "called": party(leg.called)}
    if leg.outgoing is False:
        return told(
            moment, "termAttempt", **common, location=location(moment), associateMedia=media(moment.sdp),
            redirectedFromInfo=redirected_from(message, party),
        )  # fmt: skip
    cause = "referred" if message.header("referred-by") else "basicCall"
    return told(
        moment, "origination", **common, input=_asked(leg.called), location=location(moment),
        subjectMedia=media(moment.sdp), originationCause=cause,
    )  # fmt: skip


def _asked(uri: str) -> tuple[str, Any]:
    digits = digits_of(uri)
    return ("userInput", ("generic", digits)) if digits is not None else ("translationInput", ("specific", party(uri)))


def _sent_on(moment: Moment) -> CdcMessage | None:
    before = [call_id(moment, one) for one in moment.other_legs if one.state is not State.CODE]
    now = [call_id(moment, one) for one in moment.call.legs if one.state not in (State.RELEASED, State.CODE)]
    return told(moment, "change", previous={"call-identities": before}, resulting={"call-identities": now})


def _redirection(moment: Moment) -> CdcMessage | None:
    if moment.leg is None or moment.message is None:
        return None
    to = redirected_to(moment.message)
    return told(
        moment, "redirection", callId=call_id(moment, moment.leg), redirectedFrom=party(moment.leg.called),
        redirectedTo=party(to) if to else None,
    )  # fmt: skip


def _alerting(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    if leg is None or moment.on_behalf:
        return None
    signal: dict[str, Any] = {"subjectAudibleSignal": "ringback"} if leg.outgoing else {
        "alertingSignal": "alertingPattern0"
    }  # fmt: skip
    return told(
        moment, "networkSignal", callId=call_id(moment, leg), signaledToPartyId=party(subject_party(leg)), **signal
    )


def _tone(moment: Moment) -> CdcMessage | None:
    """Nobody hears a tone when the subject is called and does not answer, or gives up itself."""
    leg, message = moment.leg, moment.message
    if leg is None or message is None or not leg.outgoing or message.status == 487:
        return None
    return told(
        moment, "networkSignal", callId=call_id(moment, leg), signaledToPartyId=party(subject_party(leg)),
        subjectAudibleSignal=_TONES.get(message.status or 0, "reorder"),
    )  # fmt: skip


def _media(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    sides = sided(moment, "subjectMedia", "associateMedia", listed=True)
    if leg is None or not sides:
        if leg is not None and moment.message is not None and moment.message.status == 182:
            signaled = party(subject_party(leg))
            return told(
                moment, "networkSignal", callId=call_id(moment, leg), signaledToPartyId=signaled, other="queued"
            )
        return None
    return told(moment, "mediaAndAddressReporting", callId=call_id(moment, leg), **sides)


def _answer(moment: Moment) -> CdcMessage | None:
    leg, message = moment.leg, moment.message
    if leg is None or message is None:
        return None
    who = first(message.asserted_uris) or leg.called
    return told(
        moment, "answer", callId=call_id(moment, leg), answering=party(who), location=location(moment),
        answeringMedia=media(moment.sdp),
    )  # fmt: skip


def _joined(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    if leg is None:
        return None
    others = tuple(other_party(one) for one in moment.other_legs if one in moment.call.up)
    calls = [call_id(moment, one) for one in moment.call.up]
    return told(
        moment, "connection", callId=calls, connectedParties=parties(others), newParties=parties((other_party(leg),))
    )


def _break(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    if leg is None:
        return None
    return told(
        moment, "connectionBreak", callId=[call_id(moment, leg)], removedParties=parties((other_party(leg),)),
        suspendedMedia=media(moment.sdp),
    )  # fmt: skip


def _connection(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    if leg is None:
        return None
    return told(
        moment, "connection", callId=[call_id(moment, leg)], connectedParties=parties((other_party(leg),)),
        connectedMedia=media(moment.sdp),
    )  # fmt: skip


def subject_key(moment: Moment) -> str | None:
    """What the subject asked of the network by this message, as the name of a key (the names are ours)."""
    message, leg = moment.message, moment.leg
    if message is None or leg is None or not moment.sends:
        return None
    if message.method == "REFER":
        return "transfer"
    return "hold" if leg.state is State.HELD else "resume"


def _subject_signal(moment: Moment) -> CdcMessage | None:
    key = subject_key(moment)
    if key is None or moment.leg is None:
        return None
    # The module wants an input; nothing was dialled, so it names nobody.
    nothing: tuple[str, Any] = ("userInput", ("specific", {}))
    return told(
        moment, "subjectSignal", callId=call_id(moment, moment.leg), signalingPartyId=party(subject_party(moment.leg)),
        input=nothing, signal={"featureKey": key},
    )  # fmt: skip


def feature_code(leg: Leg) -> tuple[str, str]:
    """(the code, what was dialled behind it)."""
    dialled = user_of(leg.called) or ""
    code = dialled[:4] if dialled[:2] in ("**", "##") else dialled[:3]
    return code, dialled[len(code) :]


def _feature(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    if leg is None:
        return None
    code, rest = feature_code(leg)
    if code in _MANAGED:
        return told(
            moment, "featureManagement", subscriberId=party(leg.calling), featureId=code,
            managementType=_MANAGED[code], activationInfo=rest or None,
        )  # fmt: skip
    dialled = visible(code + rest, 128)
    return told(
        moment, "subjectSignal", callId=call_id(moment, leg), signalingPartyId=party(leg.calling),
        input=("userInput", ("generic", dialled)), signal={"dialedDigits": dialled},
    )  # fmt: skip


def _digits(moment: Moment) -> CdcMessage | None:
    key = moment.digits or (key_of(moment.message) if moment.message is not None else None)
    if not key:
        return None
    return told(moment, "dialedDgtExtrn", callId=call_id(moment, moment.leg), digits=key[:32])


def _conference(moment: Moment) -> CdcMessage | None:
    now, before = moment.call.members, moment.before
    joined = tuple(one for one in now if one not in before)
    removed = tuple(one for one in before if one not in now)
    if not joined and not removed:
        return None
    calls = [call_id(moment, one) for one in moment.call.up] or [call_id(moment, None)]
    return told(
        moment, "confPartyChange", callId=calls, communicatingParties=parties(now) or None,
        joinedParties=parties(joined) or None, removedParties=parties(removed) or None,
    )  # fmt: skip


def _release(moment: Moment) -> CdcMessage | None:
    leg, message = moment.leg, moment.message
    if leg is None or message is None:
        return None
    status = message.status
    cause = {"signalingType": "SIP", "cause": ("generic", str(status))} if status is not None else None
    return told(moment, "release", callId=call_id(moment, leg), location=location(moment), cause=cause)


def _content(name: str) -> Builder:
    def build(moment: Moment) -> CdcMessage | None:
        where = delivery(moment)
        if where is None:
            return None
        more: dict[str, Any] = {}
        if name == "ccOpen":
            apdu = moment.site.form == "apdu"
            more["ccDeliveryFormat"] = ("cc-APDU", CC_DELIVERY_HEADER_MODULE) if apdu else ("scte", "scte")
        if name != "ccClose":
            more |= sided(moment, "subjectMedia", "associateMedia")
        return told(
            moment, name, contentIdentifier=content_identifier(moment), deliveryIdentifier=where, **more
        )  # fmt: skip

    return build


def _content_missing(moment: Moment) -> CdcMessage | None:
    reason = "no link is configured for content" if not moment.site.form else "the link for content is down"
    return told(moment, "ccUnavailable", callId=call_id(moment, moment.leg), unavailabilityReason=reason)


def _user_content(moment: Moment) -> CdcMessage | None:
    """Content, and so for whole scope alone; the signalling beside it is written without."""
    message = moment.message
    if message is None or not moment.content:
        return None
    held: dict[str, Any] = {}
    if message.body and sdp_of(message) is None:
        head = [("visibleString", f"Content-Type: {visible(message.header('content-type') or '', 200)}")]
        held["sipBody"] = {"sipBodyHeader": head, "sipBodyContents": message.body}
    if said := message.header_values("user-to-user"):
        held["sipHeader"] = [("visibleString", f"User-to-User: {visible(one, 500)}") for one in said]
    if not held:
        return None
    return told(
        moment, "uuContent", callId=call_id(moment, moment.leg), content=("sip", held),
        signalingMsg=_raw(moment.octets) if moment.octets else None,
    )  # fmt: skip


def _raw(octets: bytes) -> list[dict[str, Any]]:
    return [{"signalingProt": "SIP", "sigMsg": octets}]


def _registration(moment: Moment) -> CdcMessage | None:
    message = moment.message
    if message is None or message.status is None:
        return None
    held_s = seconds(message)
    failed = message.status >= 300
    kind = "unknown" if held_s is None else "registration" if held_s else "deregistration"
    reason = {"signalingType": "SIP", "cause": ("generic", str(message.status))}
    return told(
        moment, "servingSystem", requestId=call_id(moment, None), registrationType=kind,
        registering=party(message.to_uri or ""), failureReason=reason if failed else None,
        expirationPeriod=("generic", held_s) if held_s is not None and not failed else None,
    )  # fmt: skip


def _signalling(moment: Moment) -> CdcMessage | None:
    if not moment.octets:
        return None
    return told(
        moment, "directSignalReporting", correlationID=moment.cin.to_bytes(4, "big"), signalingMsg=_raw(moment.octets)
    )


BUILDERS: Final[dict[Act, Builder]] = {
    Act.OPENING: _opening,
    Act.FEATURE: _feature,
    Act.ALERTING: _alerting,
    Act.MEDIA: _media,
    Act.REDIRECTION: _redirection,
    Act.SENT_ON: _sent_on,
    Act.ANSWER: _answer,
    Act.JOINED: _joined,
    Act.TONE: _tone,
    Act.BREAK: _break,
    Act.CONNECTION: _connection,
    Act.SUBJECT: _subject_signal,
    Act.DIGITS: _digits,
    Act.CONFERENCE: _conference,
    Act.RELEASE: _release,
    Act.CONTENT_OPEN: _content("ccOpen"),
    Act.CONTENT_CHANGE: _content("ccChange"),
    Act.CONTENT_CLOSE: _content("ccClose"),
    Act.CONTENT_MISSING: _content_missing,
    Act.USER_CONTENT: _user_content,
    Act.REGISTRATION: _registration,
    Act.SIGNALLING: _signalling,
}


def status(liid: str, system: str, time_us: int, active: bool) -> CdcMessage:
    """The task of an order has begun, or has ended."""
    fields = {
        "caseId": liid,
        "reportingSystemId": visible(system, 15),
        "timestamp": time_us,
        "statusEventType": "activation" if active else "deactivation",
        "currentStatus": "fullyActive" if active else "inactive",
    }
    return CdcMessage("surveillanceStatus", fields, t1678.MODULE)


def test(liid: str, system: str, time_us: int) -> CdcMessage:
    """A message that tries out the link and says nothing of anybody."""
    fields = {"caseId": liid, "iAPSystemId": visible(system, 15), "timestamp": time_us, "memo": "SIMULATION"}
    return CdcMessage("connTest", fields, t1678.MODULE)
