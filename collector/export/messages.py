"""Short messages as conversations: who wrote what to whom and when, one text a pair of parties.

Messages come as TPDUs in TS 33.128 events, as SIP MESSAGE with text, or as SIP MESSAGE with an RP-DATA around a TPDU
(TS 24.341: `application/vnd.3gpp.sms`; RP layer TS 24.011 clause 7.3.1, written from memory of its layout and marked
as assumed), or as TPDUs in the records of TS 101 671 and TS 33.108. How parts are joined and reports of delivery are
told stands in `joining`. Pure.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Final

from asn1 import sip, sms_tpdu
from asn1.errors import DecodeError
from asn1.hi2_records import NAMES as HI2_NAMES
from asn1.hi2_records import hi2_records, short_message
from asn1.laes.message import CdcMessage
from asn1.mime import parameters_of, text_of
from asn1.ts33128 import decode_iri
from collector.export.communications import Communication, Signal
from collector.export.joining import Message, Piece, join
from mediation.law.orders import Target, TargetKind, normalise_e164

_RP_DATA: Final = frozenset((0, 1))
_TEXT_TPDUS: Final = frozenset(("SMS-SUBMIT", "SMS-DELIVER"))
_REPORT: Final = "SMS-STATUS-REPORT"
_FROM_MOBILE: Final = frozenset(("submit", "command", "deliverReportAck", "deliverReportError"))


def messages_of(communications: Iterable[Communication]) -> list[Message]:
    """Every message in the readable signalling of these communications, by time."""
    signals = [signal for communication in communications for signal in communication.signals]
    pieces = [piece for signal in signals for piece in _pieces(signal)]
    reports = [one for one in pieces if one.tpdu is not None and one.tpdu.type == _REPORT]
    return join((one for one in pieces if one.tpdu is None or one.tpdu.type in _TEXT_TPDUS), reports)


def _pieces(signal: Signal) -> list[Piece]:
    if signal.message is not None:
        return _laes_pieces(signal, signal.message)
    if signal.facts is None or signal.pdu is None:
        return []
    ends = _party(signal.facts.originators), _party(signal.facts.recipients)
    _, value = signal.pdu.payload[1][0]["iRIContents"]
    if signal.payload == "sMSMessage":
        _, event = decode_iri(value)
        form, octets = event.get("sMSTPDUData", ("", b""))
        if form != "sMSTPDU":
            return [_unread(signal, *ends)]
        kind = event.get("messageType")
        sent = event.get("direction") == "fromTarget" if kind is None else kind in _FROM_MOBILE
        return [_tpdu(signal, octets, sent, *ends)]
    if signal.payload in HI2_NAMES:
        records = hi2_records(value) or ()
        return [_tpdu(signal, *found, *ends) for record in records if (found := short_message(record)) is not None]
    if signal.payload != "iPMMIRI":
        return []
    name, contents = value["iPMMIRIContents"]
    if name not in ("sIPMessage", "iRIOnlySIPMessage"):
        return []
    return _sip_pieces(signal, sip.parse_sip(contents["sIPContent"]), *ends)


def _sip_pieces(signal: Signal, message: sip.SipMessage, sender: str, receiver: str) -> list[Piece]:
    if message.method != "MESSAGE":
        return []
    if message.content_type == "application/vnd.3gpp.sms":
        found = rp_data_tpdu(message.body)
        return [] if found is None else [_tpdu(signal, found[1], found[0], sender, receiver, addressed=True)]
    text = None
    if message.content_type.startswith("text/"):
        parameters = dict(parameters_of(message.header("content-type") or ""))
        text = text_of(message.body, parameters.get("charset", "utf-8"))
    return [Piece(Message(signal.event_us, sender, receiver, text, sequence=signal.sequence))]


def _laes_pieces(signal: Signal, message: CdcMessage) -> list[Piece]:
    """UUContent with the SIP MESSAGE that it was cut out of: the headers there, the text as its body."""
    form, held = message.fields.get("content", ("", None))
    if message.name != "uuContent" or form != "sip" or "sipBody" not in held:
        return []
    for one in message.fields.get("signalingMsg", ()):
        try:
            said = sip.parse_sip(one["sigMsg"])
        except DecodeError:
            continue
        said = said._replace(body=held["sipBody"]["sipBodyContents"])
        assert signal.facts is not None
        return _sip_pieces(signal, said, _party(signal.facts.originators), _party(signal.facts.recipients))
    return []


def _unread(signal: Signal, sender: str, receiver: str) -> Piece:
    return Piece(Message(signal.event_us, sender, receiver, None, sequence=signal.sequence))


def _tpdu(
    signal: Signal, octets: bytes, from_mobile: bool, sender: str, receiver: str, *, addressed: bool = False
) -> Piece:
    """`addressed`: the parties of the record are handset and service centre, so that the TPDU names who is at the other
    end of the message."""
    try:
        tpdu = sms_tpdu.decode_tpdu(octets, from_mobile)
    except DecodeError:
        return _unread(signal, sender, receiver)
    if tpdu.type == _REPORT:
        return Piece(Message(signal.event_us, receiver, sender, None, sequence=signal.sequence), tpdu)
    if addressed and tpdu.address:
        number = f"+{found}" if (found := normalise_e164(tpdu.address)) is not None else tpdu.address
        sender, receiver = (sender, number) if tpdu.type == "SMS-SUBMIT" else (number, receiver)
    return Piece(Message(signal.event_us, sender, receiver, tpdu.text, sequence=signal.sequence), tpdu)


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
        delivery = f" ({message.delivery})" if message.delivery else ""
        ends = f"{_one_line(message.sender)} to {_one_line(message.receiver)}"
        lines.append(f"{when:%Y-%m-%d %H:%M:%S}Z  {ends}{delivery}:  {text}")
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "⏎" if char == "\n" else "�" for char in text)
