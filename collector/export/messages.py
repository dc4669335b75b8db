"""Short messages as conversations: who wrote what to whom and when, one text a pair of parties.

Messages come as TPDUs in TS 33.128 events, as SIP MESSAGE with text, or as SIP MESSAGE with an RP-DATA around a TPDU
(TS 24.341: `application/vnd.3gpp.sms`; RP layer TS 24.011 clause 7.3.1, written from memory of its layout and marked
as assumed). Parts of a long message are joined; a part that is missing shows as […]. Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from asn1 import sip, sms_tpdu
from asn1.errors import DecodeError
from asn1.laes.message import CdcMessage
from asn1.ts33128 import decode_iri
from collector.export.communications import Communication, Signal
from mediation.law.orders import Target, TargetKind

MISSING: Final = "[…]"
_RP_DATA: Final = frozenset((0, 1))
_TEXT_TPDUS: Final = frozenset(("SMS-SUBMIT", "SMS-DELIVER"))


class Message(NamedTuple):
    """`sender` and `receiver` as `+digits`, or whatever else names them. `text` None: it cannot be read."""

    time_us: int
    sender: str
    receiver: str
    text: str | None


class _Part(NamedTuple):
    message: Message
    key: tuple[Any, ...] | None
    number: int
    total: int


def messages_of(communications: Iterable[Communication]) -> list[Message]:
    """Every message in the readable signalling of these communications, by time."""
    whole: list[Message] = []
    joined: dict[tuple[Any, ...], list[_Part]] = {}
    for communication in communications:
        for signal in communication.signals:
            part = _part(signal)
            if part is None:
                continue
            if part.key is None:
                whole.append(part.message)
            else:
                joined.setdefault(part.key, []).append(part)
    whole += [_joined(parts) for parts in joined.values()]
    return sorted(whole, key=lambda message: message.time_us)


def _joined(parts: list[_Part]) -> Message:
    texts = {part.number: part.message.text for part in parts}
    total = max(part.total for part in parts)
    text = "".join(texts.get(index) or MISSING for index in range(1, total + 1))
    return min((part.message for part in parts), key=lambda message: message.time_us)._replace(text=text)


def _part(signal: Signal) -> _Part | None:
    if signal.message is not None:
        return _laes_part(signal, signal.message)
    if signal.facts is None or signal.pdu is None:
        return None
    sender, receiver = _party(signal.facts.originators), _party(signal.facts.recipients)
    _, value = signal.pdu.payload[1][0]["iRIContents"]
    if signal.payload == "sMSMessage":
        _, event = decode_iri(value)
        form, octets = event.get("sMSTPDUData", ("", b""))
        if form != "sMSTPDU":
            return _Part(Message(signal.event_us, sender, receiver, None), None, 1, 1)
        return _tpdu(signal, octets, event.get("direction") == "fromTarget", sender, receiver)
    if signal.payload != "iPMMIRI":
        return None
    name, contents = value["iPMMIRIContents"]
    if name not in ("sIPMessage", "iRIOnlySIPMessage"):
        return None
    return _sip_part(signal, sip.parse_sip(contents["sIPContent"]), sender, receiver)


def _sip_part(signal: Signal, message: sip.SipMessage, sender: str, receiver: str) -> _Part | None:
    if message.method != "MESSAGE":
        return None
    if message.content_type == "application/vnd.3gpp.sms":
        found = rp_data_tpdu(message.body)
        return None if found is None else _tpdu(signal, found[1], found[0], sender, receiver)
    text = message.body.decode("utf-8", "replace") if message.content_type.startswith("text/") else None
    return _Part(Message(signal.event_us, sender, receiver, text), None, 1, 1)


def _laes_part(signal: Signal, message: CdcMessage) -> _Part | None:
    """UUContent with the SIP MESSAGE that it was cut out of: the headers there, the text as its body."""
    form, held = message.fields.get("content", ("", None))
    if message.name != "uuContent" or form != "sip" or "sipBody" not in held:
        return None
    for one in message.fields.get("signalingMsg", ()):
        try:
            said = sip.parse_sip(one["sigMsg"])
        except DecodeError:
            continue
        said = said._replace(body=held["sipBody"]["sipBodyContents"])
        assert signal.facts is not None
        return _sip_part(signal, said, _party(signal.facts.originators), _party(signal.facts.recipients))
    return None


def _tpdu(signal: Signal, octets: bytes, from_mobile: bool, sender: str, receiver: str) -> _Part | None:
    try:
        tpdu = sms_tpdu.decode_tpdu(octets, from_mobile)
    except DecodeError:
        return _Part(Message(signal.event_us, sender, receiver, None), None, 1, 1)
    if tpdu.type not in _TEXT_TPDUS:
        return None
    message = Message(signal.event_us, sender, receiver, tpdu.text)
    if tpdu.segment is None:
        return _Part(message, None, 1, 1)
    key = (sender, receiver, tpdu.type, tpdu.segment.reference, tpdu.segment.total)
    return _Part(message, key, tpdu.segment.number, tpdu.segment.total)


def rp_data_tpdu(octets: bytes) -> tuple[bool, bytes] | None:
    """(whether a handset sent it, TPDU) of an RP-DATA; None for another RP message, or none at all."""
    if len(octets) < 2 or octets[0] & 7 not in _RP_DATA:
        return None
    at = 2
    for _ in range(2):
        if at >= len(octets):
            return None
        at += 1 + octets[at]
    if at >= len(octets) or at + 1 + octets[at] > len(octets):
        return None
    return octets[0] & 7 == 0, octets[at + 1 : at + 1 + octets[at]]


def _party(targets: frozenset[Target]) -> str:
    numbers = sorted(f"+{target.value}" for target in targets if target.kind is TargetKind.E164)
    return next(iter(numbers), None) or next(iter(sorted(target.value for target in targets)), "(unknown)")


def conversations(messages: Iterable[Message]) -> dict[tuple[str, str], list[Message]]:
    """Messages by pair of parties."""
    found: dict[tuple[str, str], list[Message]] = {}
    for message in messages:
        first, second = sorted((message.sender, message.receiver))
        found.setdefault((first, second), []).append(message)
    return found


def conversation_text(messages: Iterable[Message], heading: str) -> str:
    """One line a message; line breaks within a text are shown, so that no text can pass for another line."""
    lines = [heading, ""]
    for message in messages:
        when = datetime.datetime.fromtimestamp(message.time_us / 1e6, datetime.UTC)
        text = "(cannot be read)" if message.text is None else _one_line(message.text)
        lines.append(f"{when:%Y-%m-%d %H:%M:%S}Z  {message.sender} to {message.receiver}:  {text}")
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "⏎" if char == "\n" else "�" for char in text)
