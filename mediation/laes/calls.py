"""The state machine of a call, as the US dialects tell it: which acts a SIP message is, by a table.

A communication has legs, one a SIP dialogue, numbered from 1: a call that is sent on, handed over or joined to others
has several. Each leg has a state; `TABLE` says which acts an input is there and what comes after. What has no row
leaves the state alone and is told as raw signalling, so that nothing of it is lost where a dialect can carry that. That
the acts follow SIP in this way is our reading: the standards' own procedures were not read. Pure; a `Call` is a plain
value that goes into the journal with the records.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final, NamedTuple
from zlib import crc32

from asn1.sdp import parse_sdp
from asn1.sip import SipMessage, sdp_of, user_of

MAX_LEGS: Final = 16
"""More than any conference here has; beyond it the oldest is forgotten."""
MAX_MEMBERS: Final = 64
_KEY_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
_KEY: Final = re.compile(rb"\s*(?:signal ?= ?)?([0-9a-d*#])\s*(?:duration ?= ?[0-9]{1,6}\s*)?", re.IGNORECASE)
_CODE: Final = re.compile(r"[*#]{1,2}[0-9]{2,3}[0-9*#+]{0,20}")
_USER: Final = re.compile(r"<user\b[^>]{0,200}?\bentity=\"([^\"<>]{1,200})\"(.{0,2000}?)</user>", re.DOTALL)
_STATUS: Final = re.compile(r"<status>\s*([a-z-]{1,20})\s*</status>")


class State(StrEnum):
    IDLE = "idle"
    OFFERED = "offered"
    ANSWERED = "answered"
    HELD = "held"
    DIVERTED = "diverted"
    """The called side answered 302: the caller's network will try again."""
    CODE = "code"
    """A feature code, dialled to the network itself: no call."""
    RELEASED = "released"


class Input(StrEnum):
    OFFER = "offer"
    CODE = "code"
    RINGING = "ringing"
    PROGRESS = "progress"
    FORWARDED = "forwarded"
    DIVERTED = "diverted"
    ANSWER = "answer"
    FAILED = "failed"
    HOLD = "hold"
    RESUME = "resume"
    MEDIA = "media"
    KEYS = "keys"
    REFER = "refer"
    NOTICE = "notice"
    BYE = "bye"
    OTHER = "other"


class Act(StrEnum):
    """What is to be told. A dialect has a builder for each it has a message for."""

    OPENING = "opening"
    FEATURE = "feature"
    ALERTING = "alerting"
    MEDIA = "media"
    REDIRECTION = "redirection"
    SENT_ON = "sent_on"
    ANSWER = "answer"
    JOINED = "joined"
    TONE = "tone"
    BREAK = "break"
    CONNECTION = "connection"
    SUBJECT = "subject"
    SERVICE = "service"
    DIGITS = "digits"
    CONFERENCE = "conference"
    RELEASE = "release"
    CONTENT_OPEN = "content_open"
    CONTENT_CHANGE = "content_change"
    CONTENT_CLOSE = "content_close"
    CONTENT_MISSING = "content_missing"
    USER_CONTENT = "user_content"
    REGISTRATION = "registration"
    SIGNALLING = "signalling"


Row = tuple[State, tuple[Act, ...]]
_RAW: Final = (Act.SIGNALLING,)
_ENDS: Final[dict[Input, Row]] = {Input.BYE: (State.RELEASED, (Act.RELEASE,))}
_TALKING: Final[dict[Input, Row]] = {
    **_ENDS,
    Input.KEYS: (State.ANSWERED, (Act.DIGITS,)),
    Input.REFER: (State.ANSWERED, (Act.SUBJECT, Act.SERVICE)),
    Input.NOTICE: (State.ANSWERED, (Act.CONFERENCE,)),
    Input.ANSWER: (State.ANSWERED, (Act.MEDIA,)),
    Input.MEDIA: (State.ANSWERED, (Act.MEDIA, Act.CONTENT_CHANGE)),
}
TABLE: Final[dict[State, dict[Input, Row]]] = {
    State.IDLE: {
        Input.OFFER: (State.OFFERED, (Act.OPENING,)),
        Input.CODE: (State.CODE, (Act.FEATURE,)),
        Input.ANSWER: (State.ANSWERED, (Act.ANSWER,)),
        Input.NOTICE: (State.IDLE, (Act.CONFERENCE,)),
    },
    State.OFFERED: {
        **_ENDS,
        Input.RINGING: (State.OFFERED, (Act.ALERTING,)),
        Input.PROGRESS: (State.OFFERED, (Act.MEDIA,)),
        Input.FORWARDED: (State.OFFERED, (Act.REDIRECTION,)),
        Input.DIVERTED: (State.DIVERTED, (Act.REDIRECTION,)),
        Input.ANSWER: (State.ANSWERED, (Act.ANSWER,)),
        Input.FAILED: (State.RELEASED, (Act.TONE, Act.RELEASE)),
        Input.KEYS: (State.OFFERED, (Act.DIGITS,)),
    },
    State.ANSWERED: {
        **_TALKING,
        Input.HOLD: (State.HELD, (Act.SUBJECT, Act.BREAK, Act.CONTENT_CHANGE)),
    },
    State.HELD: {
        **{taken: (State.HELD, acts) if after is State.ANSWERED else (after, acts)
           for taken, (after, acts) in _TALKING.items()},
        Input.RESUME: (State.ANSWERED, (Act.SUBJECT, Act.CONNECTION, Act.CONTENT_CHANGE)),
    },
    State.DIVERTED: {Input.BYE: (State.RELEASED, (Act.RELEASE,))},
    State.CODE: {Input.BYE: (State.RELEASED, _RAW), Input.FAILED: (State.RELEASED, _RAW)},
    State.RELEASED: {Input.NOTICE: (State.RELEASED, (Act.CONFERENCE,))},
}  # fmt: skip
"""Anything absent leaves the state unchanged and is raw signalling."""

_LIVE: Final = frozenset({State.OFFERED, State.ANSWERED, State.HELD})
_UP: Final = frozenset({State.ANSWERED, State.HELD})


class Leg(NamedTuple):
    """`label` is a number made of the Call-ID. `outgoing`: whether the subject's side asked for it. `calling`, `called`
    are addresses as signalled; `sent_on`: it was forwarded or redirected."""

    number: int
    label: int
    state: State
    outgoing: bool | None
    calling: str
    called: str
    sent_on: bool = False


class Call(NamedTuple):
    """`opened`: legs so far, or in IAS the stage of the access. `content`: `""` until it was told where it goes, then
    `open`, `closed`, or `missing` where it cannot be delivered.
    `key_type`: payload type of telephone events by the SDP, -1 when unknown; `key_stamp`: RTP time of the last key.
    `members`: who takes part in the conference by its last notice."""

    legs: tuple[Leg, ...] = ()
    opened: int = 0
    content: str = ""
    key_type: int = -1
    key_stamp: int = -1
    members: tuple[str, ...] = ()

    @property
    def plain(self) -> list[Any]:
        return [[list(leg) for leg in self.legs], *self[1:5], list(self.members)]

    @staticmethod
    def of(plain: list[Any] | None) -> Call:
        if not plain:
            return Call()
        legs, opened, content, key_type, key_stamp, members = plain
        known = tuple(Leg(one[0], one[1], State(one[2]), *one[3:]) for one in legs)
        return Call(known, opened, content, key_type, key_stamp, tuple(members))

    def leg(self, number: int) -> Leg | None:
        return next((one for one in self.legs if one.number == number), None)

    @property
    def up(self) -> tuple[Leg, ...]:
        """The legs that were answered and not released."""
        return tuple(one for one in self.legs if one.state in _UP)

    @property
    def over(self) -> bool:
        return not any(one.state in _LIVE or one.state is State.DIVERTED for one in self.legs)


class Step(NamedTuple):
    """One message has been taken in: the call behind it, the leg it belongs to (None: to none), what is to be told.
    `before` is the leg as it was."""

    call: Call
    leg: Leg | None
    acts: tuple[Act, ...]
    before: Leg | None = None


def input_of(message: SipMessage, leg: Leg | None, outgoing: bool | None) -> Input:
    """What a message is to a leg. A pen register's has no SDP: a re-INVITE is then nothing but signalling."""
    if message.method is None:
        return _response(message)
    if message.method == "INVITE" and message.to_tag is None and (leg is None or leg.state is State.DIVERTED):
        code = outgoing is not False and _CODE.fullmatch(user_of(message.uri or "") or "")
        return Input.CODE if code else Input.OFFER
    if message.method in ("INVITE", "UPDATE"):
        return _renewal(message, leg)
    if message.method == "INFO" and key_of(message) is not None:
        return Input.KEYS
    if message.method == "NOTIFY" and members_of(message) is not None:
        return Input.NOTICE
    return {"BYE": Input.BYE, "REFER": Input.REFER}.get(message.method, Input.OTHER)


def _response(message: SipMessage) -> Input:
    status = message.status or 0
    if message.transaction_method != "INVITE":
        return Input.OTHER
    if status < 200:
        known = {180: Input.RINGING, 181: Input.FORWARDED, 182: Input.PROGRESS, 183: Input.PROGRESS}
        return known.get(status, Input.OTHER)
    if status < 300:
        return Input.ANSWER
    return Input.DIVERTED if status < 400 else Input.FAILED


def _renewal(message: SipMessage, leg: Leg | None) -> Input:
    """A re-INVITE or UPDATE by the direction of its first medium."""
    sdp = sdp_of(message)
    media = parse_sdp(sdp) if sdp else []
    if not media:
        return Input.OTHER
    stopped = media[0].direction in ("sendonly", "inactive")
    held = leg is not None and leg.state is State.HELD
    if stopped and not held:
        return Input.HOLD
    return Input.RESUME if held and not stopped else Input.MEDIA


def key_of(message: SipMessage) -> str | None:
    """The key of an INFO that is one key and nothing else."""
    if message.content_type not in _KEY_TYPES or message.truncated:
        return None
    found = _KEY.fullmatch(message.body)
    return found.group(1).decode().upper() if found else None


def members_of(message: SipMessage) -> tuple[str, ...] | None:
    """Who takes part by a notice of the conference package (RFC 4575), in its order; None for any other body. It is
    read by pattern and not as XML: there is nothing for an entity to expand to."""
    if message.content_type != "application/conference-info+xml":
        return None
    text = message.body.decode("utf-8", "replace")
    found = []
    for match in _USER.finditer(text):
        status = _STATUS.search(match.group(2))
        if status is not None and status.group(1) == "connected":
            found.append(match.group(1))
    return tuple(dict.fromkeys(found))[:MAX_MEMBERS]


def step(call: Call, message: SipMessage, sends: bool | None) -> Step:
    """Take in one message. `sends`: whether it came from the subject's side, None when the point did not say."""
    label = crc32((message.call_id or "").encode("utf-8", "surrogateescape"))
    before = next((one for one in reversed(call.legs) if one.label == label), None)
    outgoing = sends if message.method is not None or sends is None else not sends
    taken = input_of(message, before, outgoing)
    if before is None and taken in (Input.OFFER, Input.CODE, Input.ANSWER):
        before = Leg(call.opened + 1, label, State.IDLE, outgoing, message.from_uri or "", _called(message))
    elif before is not None and before.state is State.DIVERTED and taken is Input.OFFER:
        # The caller's network tries again under the same Call-ID (RFC 3261 section 8.1.3.4): another leg.
        old = before._replace(state=State.RELEASED)
        call = call._replace(legs=tuple(old if one.number == before.number else one for one in call.legs))
        before = Leg(call.opened + 1, label, State.IDLE, outgoing, message.from_uri or "", _called(message))
    if before is None:
        return Step(_noticed(call, message, taken), None, (Act.CONFERENCE,) if taken is Input.NOTICE else _RAW)
    state, acts = TABLE[before.state].get(taken, (before.state, _RAW))
    sent_on = before.sent_on or taken in (Input.FORWARDED, Input.DIVERTED)
    after = before._replace(state=state, sent_on=sent_on)
    others = tuple(one for one in call.legs if one.number != after.number)
    if after.number > call.opened and taken is Input.OFFER and any(one.sent_on for one in others):
        acts = (Act.SENT_ON,)
    forwarded = any(one.sent_on for one in (*others, after))
    if Act.ANSWER in acts and any(one.state in _UP for one in others) and not forwarded:
        acts = (*acts, Act.JOINED)
    legs = tuple(sorted((*others, after)))[-MAX_LEGS:]
    made = _noticed(call._replace(legs=legs, opened=max(call.opened, after.number)), message, taken)
    return Step(made._replace(key_type=_key_type(message, made.key_type)), after, acts, before)


def _called(message: SipMessage) -> str:
    """Whom a request is for: its Request-URI where that names a user, as a redirected call keeps its old To."""
    if message.uri and user_of(message.uri):
        return message.uri
    return message.to_uri or ""


def _noticed(call: Call, message: SipMessage, taken: Input) -> Call:
    return call._replace(members=members_of(message) or ()) if taken is Input.NOTICE else call


def _key_type(message: SipMessage, known: int) -> int:
    sdp = sdp_of(message)
    for media in parse_sdp(sdp) if sdp else []:
        for number, name in media.rtpmap:
            if name.partition("/")[0].upper() == "TELEPHONE-EVENT":
                return number
    return known
