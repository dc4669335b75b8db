"""One X2 or X3 PDU to the messages and the content of a US dialect.

The rules of this file. What scope withheld is taken away first, and everything behind works on what is left: SIP
written anew without bodies, no content at all. Nothing is changed here: the caller keeps the `Call` that comes back
once the records are made. What a dialect has no message for is said by an empty answer, and counted by the caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from asn1 import packets, radius, sip
from asn1.errors import DecodeError
from asn1.laes import ias as ias_wire
from asn1.laes import jstd025 as jstd025_wire
from asn1.laes import pcesp as pcesp_wire
from asn1.laes import t1678 as t1678_wire
from asn1.laes.message import CdcMessage, Dialect
from asn1.x2x3 import PayloadFormat, PduType, X2X3Pdu
from mediation import redact
from mediation.laes import ias, jstd025, pcesp, t1678
from mediation.laes.calls import Act, Call, Leg, State, Step, key_of, members_of, step
from mediation.laes.moment import Builder, Cause, Moment

_FRAGMENTS: Final = ("message/sipfrag",)
_LENGTH: Final = re.compile(rb"(?im)^((?:content-length|l)[ \t]*:[ \t]*)[0-9]+")


@dataclass(frozen=True, slots=True)
class Tongue:
    """One dialect at the sending side. `access`: it tells of internet access, and of no calls."""

    wire: Dialect
    causes: dict[str, Cause]
    builders: dict[Act, Builder] = field(default_factory=dict)
    access: bool = False


TONGUES: Final[dict[str, Tongue]] = {
    "t1678": Tongue(t1678_wire.DIALECT, t1678.CAUSES, t1678.BUILDERS),
    "pcesp": Tongue(pcesp_wire.DIALECT, pcesp.CAUSES, pcesp.BUILDERS),
    "jstd025": Tongue(jstd025_wire.DIALECT, jstd025.CAUSES, jstd025.BUILDERS),
    "ias": Tongue(ias_wire.DIALECT, ias.CAUSES, access=True),
}


class Told(NamedTuple):
    """`call` is the state behind the PDU. `packet`: what goes out as content, behind the messages."""

    call: Call
    messages: tuple[CdcMessage, ...] = ()
    packet: bytes | None = None


def tell(tongue: Tongue, role: str, pdu: X2X3Pdu, at: Moment, allowed: redact.Granted, up: bool) -> Told:
    """Everything one PDU gives. `at` is the moment without what the PDU itself says; `at.content` whether scope is
    whole; `up` whether the link for content is. Raises DecodeError."""
    if pdu.payload_format == PayloadFormat.SIP and not tongue.access:
        return _signalling(tongue, pdu.payload, at, allowed, up)
    if pdu.payload_format == PayloadFormat.RADIUS and tongue.access:
        packet = radius.parse_radius(pdu.payload)
        messages, stage = ias.accounting(at, packet)
        content = "open" if any("deliveryInformation" in one.fields for one in messages) else at.call.content
        return Told(at.call._replace(opened=int(stage), content=content), tuple(messages))
    if pdu.payload_format not in (PayloadFormat.IPV4, PayloadFormat.IPV6):
        return Told(at.call)
    if role == "web" and pdu.pdu_type == PduType.X2:
        return _header(tongue, pdu.payload, at)
    if not at.content or pdu.pdu_type != PduType.X3 or tongue.access == (role == "voice"):
        return Told(at.call)
    return _packet(tongue, pdu.payload, at, up)


def _signalling(tongue: Tongue, octets: bytes, at: Moment, allowed: redact.Granted, up: bool) -> Told:
    kept = octets if at.content else redact.signalling_only(octets, allowed)
    if kept is None:
        return Told(at.call)
    message = sip.parse_sip(kept)
    extra = (Act.USER_CONTENT,) if at.content and _is_user_content(message) else ()
    # Text is told once, in its own message: the signalling beside it goes without.
    shown = _without_body(kept, message) if extra else kept
    at = at._replace(message=message, octets=shown, before=at.call.members)
    method = message.transaction_method
    if method == "REGISTER":
        answered = message.status is not None and message.status >= 200
        return _built(tongue, at, (Act.REGISTRATION,) if answered else (Act.SIGNALLING,))
    if method == "MESSAGE":
        return _built(tongue, at, (Act.SIGNALLING, *extra))
    made = step(at.call, message, at.sends)
    call, acts = _with_content(made, at, up)
    return _built(tongue, at._replace(call=call, leg=made.leg or _talking(call)), (*acts, *extra))


def _without_body(octets: bytes, message: sip.SipMessage) -> bytes:
    """The headers as they came, Content-Type among them, and a length of none."""
    end = len(octets) - len(message.body) if octets.endswith(message.body) else 0
    return _LENGTH.sub(rb"\g<1>0", octets[:end])


def _is_user_content(message: sip.SipMessage) -> bool:
    """A User-to-User header, or a body that is no description of media, no key, no notice and no piece of SIP."""
    if message.header("user-to-user"):
        return True
    if not message.body or sip.sdp_of(message) is not None or message.content_type in _FRAGMENTS:
        return False
    return key_of(message) is None and members_of(message) is None


def _with_content(made: Step, at: Moment, up: bool) -> tuple[Call, tuple[Act, ...]]:
    """The acts, and those that announce content where it is authorised."""
    call = made.call
    acts: list[Act] = [one for one in made.acts if one is not Act.CONTENT_CHANGE]
    if not at.content:
        return call, tuple(acts)
    if Act.ANSWER in acts:
        if call.content in ("", "closed", "missing"):
            call, act = _announced(call, up and bool(at.site.form))
            acts.append(act)
        else:
            acts.append(Act.CONTENT_CHANGE)
    elif Act.CONTENT_CHANGE in made.acts and call.content == "open":
        acts.append(Act.CONTENT_CHANGE)
    if made.leg is not None and made.leg.state is State.RELEASED and call.over and call.content == "open":
        acts.append(Act.CONTENT_CLOSE)
        call = call._replace(content="closed")
    return call, tuple(acts)


def _announced(call: Call, possible: bool) -> tuple[Call, Act]:
    if possible:
        return call._replace(content="open"), Act.CONTENT_OPEN
    return call._replace(content="missing"), Act.CONTENT_MISSING


def _built(tongue: Tongue, at: Moment, acts: tuple[Act, ...]) -> Told:
    """The messages of the acts; where none of them has one, the signalling itself."""
    made = [_build(tongue, at, act) for act in acts]
    if not any(made):
        made = [_build(tongue, at, Act.SIGNALLING)]
    return Told(at.call, tuple(one for one in made if one is not None))


def _build(tongue: Tongue, at: Moment, act: Act) -> CdcMessage | None:
    builder = tongue.builders.get(act)
    return None if builder is None else builder(at)


def _header(tongue: Tongue, octets: bytes, at: Moment) -> Told:
    packet = packets.parse_ip(octets)
    if packet is None:
        raise DecodeError(DecodeError.BAD_VALUE, "no IP packet", 0, "payload")
    return Told(at.call, (ias.header_report(at, packet),) if tongue.access else ())


def _packet(tongue: Tongue, octets: bytes, at: Moment, up: bool) -> Told:
    """A packet of content. The first may come before the signalling that answers the call; one that cannot go out is
    told once, and when it is over where content goes from then on."""
    packet = packets.parse_ip(octets)
    if packet is None:
        raise DecodeError(DecodeError.BAD_VALUE, "no IP packet", 0, "payload")
    call, messages = at.call, list[CdcMessage]()
    possible = up and bool(at.site.form)
    lost = call.content == "open" and not possible and not tongue.access
    if lost or call.content == "" or (call.content == "missing" and possible):
        call, act = _announced(call, possible)
        at = at._replace(call=call, leg=_talking(call))
        if tongue.access:
            call = call._replace(opened=int(ias.Stage.SESSION))
            messages.append(ias.already_established(at, packet))
        elif (built := _build(tongue, at, act)) is not None:
            messages.append(built)
    if not tongue.access and at.sends:
        call, digit = _key(call, packet, octets)
        if digit:
            at = at._replace(call=call, leg=_talking(call), digits=digit)
            messages += [one for one in (_build(tongue, at, Act.DIGITS),) if one is not None]
    return Told(call, tuple(messages), octets if possible and call.content != "missing" else None)


def _talking(call: Call) -> Leg | None:
    """The leg a packet is taken to belong to: the newest that is up, else the newest."""
    return next(iter((*reversed(call.up), *reversed(call.legs))), None)


def _key(call: Call, packet: packets.IpPacket, octets: bytes) -> tuple[Call, str]:
    """A key that the subject lets go of: the last packet of a telephone event (RFC 4733), told once."""
    if call.key_type < 0 or packet.protocol != packets.UDP:
        return call, ""
    payload = packet.payload(octets)
    header = packets.parse_rtp(payload)
    if header is None or header.payload_type != call.key_type or header.timestamp == call.key_stamp:
        return call, ""
    event = packets.parse_telephone_event(payload[header.payload_offset :][: header.payload_length])
    if event is None or not event.end or event.digit is None:
        return call, ""
    return call._replace(key_stamp=header.timestamp), event.digit
