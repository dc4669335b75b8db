"""PCESP call data: one builder an act, and what causes each of its 14 messages.

Source of the messages: `asn1.laes.pcesp`, the published module; `fact` marks what it says of a message, `assumed` our
reading. It has no message for signalling as such, for registrations or for user-to-user content: those acts have no
builder, and the mediation function counts what they would have told. Its CallId is made of the communication and the
leg, with the mediation function's own name as the system.
"""

from __future__ import annotations

from typing import Any, Final

from asn1.laes import t1678_types
from asn1.laes.message import CdcMessage
from asn1.laes.pcesp import AUDIBLE_SIGNAL
from asn1.table import Value
from mediation.laes import t1678
from mediation.laes.calls import Act, Leg, key_of
from mediation.laes.content import ccc_ids
from mediation.laes.moment import Builder, Cause, Moment, digits_of, first, redirected_from, redirected_to, visible

_TONES: Final = {name: dict(AUDIBLE_SIGNAL.rows)[number] for number, name in t1678_types.AUDIBLE_SIGNAL.rows}
"""The tones of T1.678 as PCESP calls them; their numbers are the same."""
_BOTH: Final = "downstream-and-upstream"

CAUSES: Final[dict[str, Cause]] = {
    "answer": Cause("fact", "a 2xx to the INVITE of a leg: the call is answered or cut through both ways"),
    "ccclose": Cause("assumed", "the last leg of the communication has ended while its content was announced"),
    "ccopen": Cause("assumed", "content is about to be delivered: the first answered leg, or a packet before that"),
    "origination": Cause("assumed", "the INVITE of a leg that the subject asks for"),
    "redirection": Cause("assumed", "181 Call Is Being Forwarded or a 3xx to the INVITE, and the leg it goes on in"),
    "release": Cause("assumed", "BYE, or a final answer of 400 and above to an INVITE that was never answered"),
    "terminationattempt": Cause("assumed", "the INVITE of a leg towards the subject"),
    "ccchange": Cause("assumed", "the media of announced content change: hold, resume, another codec, another leg"),
    "dialeddigitextraction": Cause("fact", "a key after the answer: INFO, or a telephone event in the subject's media"),
    "networksignal": Cause("assumed", "180 Ringing, 182 Queued, and the tone of a call that fails for the subject"),
    "subjectsignal": Cause("assumed", "hold, resume and transfer by the subject, and a feature code it dials"),
    "mediareport": Cause("assumed", "SDP in an answer, a re-INVITE or before the answer"),
    "serviceinstance": Cause("assumed", "a REFER within a call, by either side: the call is transferred"),
    "confpartychange": Cause("assumed", "a notice of the conference package that names other parties than the last"),
}


def call_id(moment: Moment, leg: Leg | None) -> dict[str, Any]:
    number = 1 if leg is None else leg.number
    return {"sequencenumber": f"{moment.cin},{number}", "systemidentity": visible(moment.site.system, 15)}


def party(uri: str) -> dict[str, Any]:
    digits = digits_of(uri)
    if digits is not None and len(digits) <= 15:
        return {"dn": digits}
    return {"genericAddress": visible(uri, 32)} if uri else {}


def _message(moment: Moment, name: str, **fields: Value) -> CdcMessage:
    head = {"caseId": moment.liid, "accessingElementId": visible(moment.point, 15), "eventTime": moment.time_us}
    return CdcMessage(name, head | {key: value for key, value in fields.items() if value is not None}, "v4")


def _opening(moment: Moment) -> CdcMessage | None:
    leg, message = moment.leg, moment.message
    if leg is None or message is None:
        return None
    common = {"callId": call_id(moment, leg), "calling": party(leg.calling), "called": party(leg.called)}
    if leg.outgoing is False:
        info = redirected_from(message, party)
        return _with_null(_message(moment, "terminationattempt", **common, redirectedFromInfo=info), "reserved0")
    asked = digits_of(leg.called)
    form = ("userinput", asked) if asked is not None else ("translationinput", visible(leg.called, 32) or "?")
    return _with_null(_message(moment, "origination", **common, input=form), "reserved0")


def _with_null(message: CdcMessage, *names: str) -> CdcMessage:
    """The reserved NULLs that the module has as mandatory."""
    return message._replace(fields=message.fields | dict.fromkeys(names))


def _redirection(moment: Moment) -> CdcMessage | None:
    if moment.leg is None or moment.message is None:
        return None
    made = _message(
        moment, "redirection", old=call_id(moment, moment.leg), redirectedto=party(redirected_to(moment.message)),
        redirectedfrom=party(moment.leg.called),
    )  # fmt: skip
    return _with_null(made, "reserved0", "reserved1")


def _sent_on(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    before = next((one for one in reversed(moment.other_legs) if one.sent_on), None)
    if leg is None or before is None:
        return None
    made = _message(
        moment, "redirection", old=call_id(moment, before), redirectedto=party(leg.called), new=call_id(moment, leg),
        redirectedfrom=party(before.called),
    )  # fmt: skip
    return _with_null(made, "reserved0", "reserved1")


def _service(moment: Moment) -> CdcMessage | None:
    leg, message = moment.leg, moment.message
    if leg is None or message is None:
        return None
    to = first(message.uris("refer-to"))
    return _message(
        moment, "serviceinstance", callId=call_id(moment, leg), serviceName="callTransfer",
        calling=party(leg.calling), called=party(to) if to else None,
    )  # fmt: skip


def _signal(moment: Moment, **signal: Value) -> CdcMessage | None:
    leg = moment.leg
    if leg is None:
        return None
    subject = party(leg.calling if leg.outgoing else leg.called)
    return _message(moment, "networksignal", callId=call_id(moment, leg), signaledToPartyId=subject, **signal)


def _alerting(moment: Moment) -> CdcMessage | None:
    if moment.on_behalf:
        return None
    if moment.leg is not None and moment.leg.outgoing:
        return _signal(moment, subjectAudibleSignal="ringbackTone")
    return _signal(moment, alertingSignal="alertingPattern0")


def _tone(moment: Moment) -> CdcMessage | None:
    made = t1678.BUILDERS[Act.TONE](moment)
    return None if made is None else _signal(moment, subjectAudibleSignal=_TONES[made.fields["subjectAudibleSignal"]])


def _sides(moment: Moment) -> dict[str, Any]:
    if moment.sdp is None or moment.sends is None:
        return {}
    return {"subject" if moment.sends else "associate": moment.sdp}


def _media(moment: Moment) -> CdcMessage | None:
    sides = _sides(moment)
    if sides and moment.leg is not None:
        return _message(moment, "mediareport", callId=call_id(moment, moment.leg), **sides)
    queued = moment.message is not None and moment.message.status == 182
    return _signal(moment, other="queued") if queued else None


def _answer(moment: Moment) -> CdcMessage | None:
    leg, message = moment.leg, moment.message
    if leg is None or message is None:
        return None
    who = first(message.asserted_uris) or leg.called
    return _message(moment, "answer", callId=call_id(moment, leg), answering=party(who))


def _subject_signal(moment: Moment) -> CdcMessage | None:
    key, leg = t1678.subject_key(moment), moment.leg
    if key is None or leg is None:
        return None
    subject = party(leg.calling if leg.outgoing else leg.called)
    return _message(
        moment, "subjectsignal", callId=call_id(moment, leg), signal={"featureKey": key}, signaledFromPartyId=subject
    )


def _feature(moment: Moment) -> CdcMessage | None:
    leg = moment.leg
    if leg is None:
        return None
    signal = {"dialedDigits": visible("".join(t1678.feature_code(leg)), 128)}
    return _message(
        moment, "subjectsignal", callId=call_id(moment, leg), signal=signal, signaledFromPartyId=party(leg.calling)
    )


def _digits(moment: Moment) -> CdcMessage | None:
    key = moment.digits or (key_of(moment.message) if moment.message is not None else None)
    if not key:
        return None
    return _message(moment, "dialeddigitextraction", callId=call_id(moment, moment.leg), digits=key[:32])


def _conference(moment: Moment) -> CdcMessage | None:
    now, before = moment.call.members, moment.before
    joined = [one for one in now if one not in before]
    removed = [one for one in before if one not in now]
    if not joined and not removed:
        return None
    return _message(
        moment, "confpartychange", callId=call_id(moment, moment.leg), communicating=_conferees(list(now)),
        joined=_conferees(joined), removed=_conferees(removed),
    )  # fmt: skip


def _conferees(uris: list[str]) -> list[dict[str, Any]] | None:
    return [{"partyId": [party(uri)]} for uri in uris] or None


def _release(moment: Moment) -> CdcMessage | None:
    return None if moment.leg is None else _message(moment, "release", callId=call_id(moment, moment.leg))


def _identity(moment: Moment) -> tuple[str, Any]:
    sent, received = ccc_ids(moment.cin)
    return "sepCCCpair", {"sepXmitCCC": f"{sent:08X}", "sepRecvCCC": f"{received:08X}"}


def _content_call(moment: Moment) -> dict[str, Any]:
    """The call that the content was first announced with, whichever leg has changed."""
    return call_id(moment, next(iter(moment.call.legs), None))


def _content_open(moment: Moment) -> CdcMessage | None:
    if not moment.site.form:
        return None
    calls = [call_id(moment, leg) for leg in moment.call.legs] or [call_id(moment, None)]
    return _message(
        moment, "ccopen", ccOpenOption=("ccOpenTime", calls), cCCId=_identity(moment), flowDirection=_BOTH,
        **_sides(moment),
    )  # fmt: skip


def _content_change(moment: Moment) -> CdcMessage | None:
    if not moment.site.form:
        return None
    return _message(
        moment, "ccchange", callId=_content_call(moment), cCCId=_identity(moment), flowDirection=_BOTH,
        resourceState="committed", **_sides(moment),
    )  # fmt: skip


def _content_close(moment: Moment) -> CdcMessage | None:
    if not moment.site.form:
        return None
    return _message(moment, "ccclose", cCCId=_identity(moment), flowDirection=_BOTH)


BUILDERS: Final[dict[Act, Builder]] = {
    Act.OPENING: _opening,
    Act.FEATURE: _feature,
    Act.ALERTING: _alerting,
    Act.MEDIA: _media,
    Act.REDIRECTION: _redirection,
    Act.SENT_ON: _sent_on,
    Act.ANSWER: _answer,
    Act.TONE: _tone,
    Act.SUBJECT: _subject_signal,
    Act.SERVICE: _service,
    Act.DIGITS: _digits,
    Act.CONFERENCE: _conference,
    Act.RELEASE: _release,
    Act.CONTENT_OPEN: _content_open,
    Act.CONTENT_CHANGE: _content_change,
    Act.CONTENT_CLOSE: _content_close,
}
"""An act without a row has no message in this dialect."""
