"""What an act happened to: whose case, when, in which leg, and what of the message may be told.

A builder of a dialect gets one `Moment` and answers a message or None, where the act has no message there or the moment
lacks what it must have. `message` and `octets` are what scope left of the signalling; nothing else of it is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from asn1.laes.message import CdcMessage
from asn1.sip import SipMessage, number_of, sdp_of, user_of
from mediation.laes.calls import Call, Leg

_PRINTABLE: Final = re.compile(r"[^ -~]")


class Site(NamedTuple):
    """What is the same for all of a delivery. `system`: the mediation function's own name; `address`, `port`: where
    content goes, None where none is configured; `form`: `apdu`, `4`, `12`, `20`, or "" without content."""

    system: str
    form: str = ""
    address: bytes | None = None
    port: int = 0


class Moment(NamedTuple):
    """`sends`: from the subject's side, to it, or None. `cin`: the communication. `point`: the network function.
    `place`: whether places are authorised. `content`: whether content is.
    `digits`: a key heard in the media. `subject`: the identity the order is for."""

    site: Site
    liid: str
    point: str
    time_us: int
    cin: int
    sends: bool | None
    call: Call
    leg: Leg | None = None
    message: SipMessage | None = None
    octets: bytes = b""
    before: tuple[str, ...] = ()
    place: bool = False
    content: bool = False
    digits: str = ""
    subject: str = ""

    @property
    def sdp(self) -> str | None:
        """The session description as text, where there is one and it may be told."""
        found = sdp_of(self.message) if self.message is not None else None
        return found.decode("utf-8", "replace") if found else None

    @property
    def on_behalf(self) -> bool:
        """Whether the network made the leg, for a call that was sent on: the subject hears nothing of it."""
        return any(one.sent_on for one in self.other_legs) and not (self.leg is not None and self.leg.sent_on)

    @property
    def other_legs(self) -> tuple[Leg, ...]:
        """The legs before this one, oldest first."""
        return tuple(one for one in self.call.legs if self.leg is None or one.number != self.leg.number)


Builder = Callable[[Moment], CdcMessage | None]


class Cause(NamedTuple):
    """Why a message is sent, and whether that is a `fact` of our sources or `assumed`; or why nothing here causes it,
    which is `none`."""

    evidence: str
    words: str


def visible(text: str, octets: int) -> str:
    """As VisibleString of at most so many octets."""
    return _PRINTABLE.sub("?", text)[:octets]


def digits_of(uri: str) -> str | None:
    """The number of an address, or the code in it."""
    number = number_of(uri)
    if number is not None:
        return number
    user = user_of(uri)
    return user if user is not None and re.fullmatch(r"[0-9*#+]{1,32}", user) else None


def diverting(message: SipMessage) -> tuple[str, ...]:
    """Whom the call was sent on by, the last first (RFC 5806, RFC 7044 as practised)."""
    found = message.uris("diversion")
    if found:
        return found
    history = message.uris("history-info")
    return tuple(reversed(history[:-1]))


def redirected_from(message: SipMessage, party: Callable[[str], dict[str, Any]]) -> dict[str, Any] | None:
    """By whom a call was sent on; None for one that was not."""
    by = diverting(message)
    if not by:
        return None
    return {"lastRedirecting": party(by[0]), "originalCalled": party(by[-1]), "numRedirections": len(by)}


def redirected_to(message: SipMessage) -> str:
    """Where a 181 or a 302 says that the call goes: its Contact, else the last entry of its History-Info."""
    history = message.uris("history-info")
    if message.status is not None and 300 <= message.status < 400:
        history = message.uris("contact") or history[-1:]
    return history[-1] if history else ""


def seconds(message: SipMessage) -> int | None:
    """For how long a registration holds, as its answer or its request says it."""
    contact = re.search(r";\s*expires\s*=\s*\"?([0-9]{1,10})", message.header("contact") or "")
    text = contact.group(1) if contact else (message.header("expires") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def first(values: Iterable[str]) -> str:
    return next(iter(values), "")
