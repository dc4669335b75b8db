"""From what a point of interception saw to what TS 102 232 hands over: one X2 or X3 PDU in, one payload out.

SIP becomes iPMMIRI (part 5), media packets iPMMCC, user packets iPCC (part 3), session accounting iPIRI, a short or
multimedia message the same TS 33.128 event as IRI, the content of a multimedia message the same CCPayload (part 7), a
visit to a watched host a packet header report; formats that only others send are in `foreign`. An IRI of TS 33.128
names the target as the point of interception matched it: a notification of a multimedia message names no recipient of
its own. Which IRI type a
record has follows the practice table of the facts (part 5's own prose was not read). Pure: the communication's state is
changed only by `advance`, after scope has let the record through.
"""

from __future__ import annotations

from ipaddress import ip_address as parse_address
from typing import Any, Final, NamedTuple
from zlib import crc32

from asn1 import ip, multimedia, packets, radius, sip
from asn1.errors import DecodeError, EncodeError
from asn1.ps_common import ip_address
from asn1.table import Value
from asn1.ts33128 import decode_cc, decode_iri, decode_xiri, encode_cc, encode_iri
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu, parse_target_xml
from mediation import foreign, redact
from mediation.foreign import NotConvertibleError
from mediation.law.orders import Service
from mediation.redact_mobile import ims_message_without_content, session_without_place
from mediation.sequence import Communication

SERVICES: Final = {
    "voice": Service.VOICE,
    "data": Service.DATA,
    "messaging": Service.SMS,
    "web": Service.DATA,
}
DIRECTIONS: Final = {
    int(PayloadDirection.TO_TARGET): "toTarget",
    int(PayloadDirection.FROM_TARGET): "fromTarget",
}
_EVENTS: Final = {
    radius.START: ("accessAccept", "begin"),
    radius.INTERIM: ("interimUpdate", "continue"),
    radius.STOP: ("accessEnd", "end"),
}
_REPORTS: Final = {
    radius.ACCESS_REQUEST: ("accessAttempt", "report"),
    radius.ACCESS_REJECT: ("accessReject", "report"),
}
_MAX_LEGS: Final = 16
"""More than any conference of ours; beyond it the oldest is taken to have ended."""
_IDENTIFIERS: Final = {"e164Number": "e164Number", "imsi": "iMSI", "nai": "nAI"}
"""X2 target identifiers that TS 33.128 names too."""


_HANDED: Final = {
    "iPIRI": Service.DATA,
    "iPIRIOnly": Service.DATA,
    "iPIRIPacketReport": Service.DATA,
    "iPCC": Service.DATA,
    "iPMMCC": Service.VOICE,
}
"""Services of payloads that are handed through, by their names; of others the network function's."""
_MOBILE: Final = (
    ("mMS", Service.MMS), ("sMS", Service.SMS), ("iMS", Service.VOICE), ("pDU", Service.DATA), ("uPF", Service.DATA),
    ("extendedUPF", Service.DATA), ("startOfInterceptionForActiveIMS", Service.VOICE),
)  # fmt: skip
_IRI_TYPES: Final = {
    "pDUSessionEstablishment": "begin",
    "startOfInterceptionWithEstablishedPDUSession": "begin",
    "pDUSessionModification": "continue",
    "pDUSessionRelease": "end",
}
"""IRI types of TS 33.128 events that are no reports. *Assumed*: the standard's table by event was not read."""


class Product(NamedTuple):
    """What is to be handed over: `contents` an alternative of IRIContents or CCContents. `iri_type` None for CC."""

    contents: tuple[str, Any]
    iri_type: str | None
    direction: str | None


def service_of(role: str, pdu: X2X3Pdu) -> Service:
    """Which service a PDU belongs to, by what it holds and not by who sent it where that can be told; a SIP MESSAGE is
    a short message. Raises DecodeError for broken octets, NotConvertibleError for a payload without a target form."""
    form = pdu.payload_format
    foreign.check_interface(pdu)
    if form == PayloadFormat.SIP:
        return _sip_service(pdu.payload, SERVICES[role])
    if form in (PayloadFormat.RTP, PayloadFormat.MSRP):
        return Service.VOICE
    if form == PayloadFormat.TS_33128:
        return _mobile_service(*(decode_cc if pdu.pdu_type == PduType.X3 else decode_xiri)(pdu.payload), role)
    if form in foreign.HANDED_THROUGH:
        (name, value), _ = foreign.handed_through(pdu)
        if name == "iPMMIRI":
            held = foreign.sip_of(value)
            return Service.VOICE if held is None else _sip_service(held[2], Service.VOICE)
        if name in ("threeGPP33128DefinedIRI", "threeGPP33128DefinedCC"):
            return _mobile_service(*(decode_iri if name.endswith("IRI") else decode_cc)(value), role)
        return _HANDED.get(name, SERVICES[role])
    return SERVICES[role]


def _sip_service(octets: bytes, otherwise: Service) -> Service:
    return Service.SMS if sip.parse_sip(octets).transaction_method == "MESSAGE" else otherwise


def _mobile_service(name: str, value: Value, role: str) -> Service:
    """By the prefix of an event of TS 33.128, or of a CCPDU."""
    if name == "iMSMessage" and value["payload"][0] == "encapsulatedSIPMessage":
        return _sip_service(value["payload"][1]["sIPContent"], Service.VOICE)
    return next((service for prefix, service in _MOBILE if name.startswith(prefix)), SERVICES[role])


def product(
    role: str, pdu: X2X3Pdu, state: Communication, metadata_only: bool, allowed: redact.Granted = redact.NOTHING
) -> Product | None:
    """The payload for one PDU; None when nothing of it may or can be handed over. Raises DecodeError.

    `role` is what the network function does: voice, data, messaging or web. `metadata_only` withholds content, but for
    what the order `allowed` besides."""
    direction = DIRECTIONS.get(int(pdu.payload_direction))
    form = pdu.payload_format
    if form == PayloadFormat.SIP:
        return _sip(pdu, state, direction, metadata_only, allowed)
    if form == PayloadFormat.RADIUS:
        return _accounting(pdu, state, direction)
    if form == PayloadFormat.TS_33128:
        return _mobile(pdu, direction, metadata_only, allowed)
    if form in foreign.HANDED_THROUGH:
        return _handed_through(pdu, state, direction, metadata_only, allowed)
    if form == PayloadFormat.EPS_IRI:
        return None if metadata_only else Product(*foreign.eps_record(pdu.payload), direction)
    if form in foreign.CONTENT:
        return None if metadata_only else Product(foreign.content(role, pdu), None, direction)
    if form not in (PayloadFormat.IPV4, PayloadFormat.IPV6):
        foreign.check_interface(pdu)
        raise NotConvertibleError(f"payload format {form}")
    if role == "web" and pdu.pdu_type == PduType.X2:
        return _visit(pdu.payload, direction)
    if metadata_only:
        return None
    contents = multimedia.ipmmcc(pdu.payload) if role == "voice" else ip.ipcc(pdu.payload)
    return Product(contents, None, direction)


def _handed_through(
    pdu: X2X3Pdu, state: Communication, direction: str | None, metadata_only: bool, allowed: redact.Granted
) -> Product | None:
    """What was mediated before it came. Under a pen register SIP alone is taken apart, and all else withheld."""
    contents, iri_type = foreign.handed_through(pdu)
    if not metadata_only:
        return Product(contents, iri_type, direction)
    held = foreign.sip_of(contents[1]) if contents[0] == "iPMMIRI" else None
    if held is None or iri_type is None:
        return None
    source, destination, octets = held
    redacted = redact.signalling_only(octets, allowed)
    if redacted is None:
        return None
    return Product(multimedia.sip_iri(source, destination, redacted, iri_only=True), iri_type, direction)


def _mobile(pdu: X2X3Pdu, direction: str | None, metadata_only: bool, allowed: redact.Granted) -> Product | None:
    content = pdu.pdu_type == PduType.X3
    name, event = (decode_cc if content else decode_xiri)(pdu.payload)
    if metadata_only:
        event = None if content else _without_content(name, event, allowed)
        if event is None:
            return None
    try:
        if content:
            return Product(("threeGPP33128DefinedCC", encode_cc((name, event))), None, direction)
        octets = encode_iri((name, event), _matched(pdu))
    except EncodeError as error:
        # Reading is more patient than writing: what no record may hold is not handed over.
        raise DecodeError(DecodeError.BAD_VALUE, "a field has a value that no record may hold", 0, name) from error
    return Product(("threeGPP33128DefinedIRI", octets), _IRI_TYPES.get(name, "report"), direction)


def _without_content(name: str, event: dict[str, Any], allowed: redact.Granted) -> dict[str, Any] | None:
    """What of an event a pen register may have; None for an event nobody has looked at."""
    if name == "sMSMessage":
        return redact.message_without_text(event, allowed)
    if name == "iMSMessage":
        return ims_message_without_content(event, allowed)
    if name.startswith("mMS"):
        return redact.multimedia_without_content(name, event)
    return session_without_place(name, event, allowed)


def _matched(pdu: X2X3Pdu) -> list[tuple[tuple[str, Any], str]]:
    """The identities the task matched, as TS 33.128 writes them."""
    found = [one for text in pdu.matched_targets if (one := parse_target_xml(text)) is not None]
    return [((_IDENTIFIERS[kind], value), "matchedOn") for kind, value in found if kind in _IDENTIFIERS]


def advance(pdu: X2X3Pdu, state: Communication, made: Product) -> None:
    """The communication has gone on by this record."""
    if made.iri_type is None:
        return
    if not state.begun and made.direction is not None and state.opens_sent is None:
        state.opens_sent = made.direction == "fromTarget"
    state.begun = state.begun or made.iri_type == "begin"
    state.ended = state.ended or made.iri_type == "end"
    if pdu.payload_format == PayloadFormat.SIP:
        _follow(sip.parse_sip(pdu.payload), state)


def _follow(message: sip.SipMessage, state: Communication) -> None:
    """Which dialogues of the communication are up, and whether they were answered."""
    leg, known = _leg(message), _known(message, state)
    if message.method == "INVITE" and message.to_tag is None and known is None:
        state.legs = [*state.legs[-_MAX_LEGS + 1 :], leg << 1]
    elif _ends_leg(message, state):
        state.legs = [one for one in state.legs if one >> 1 != leg]
    elif message.status is not None and 200 <= message.status < 300 and message.transaction_method == "INVITE":
        state.answered = True
        state.legs = [one | (one >> 1 == leg) for one in state.legs]


def _leg(message: sip.SipMessage) -> int:
    return crc32((message.call_id or "").encode("utf-8", "surrogateescape"))


def _known(message: sip.SipMessage, state: Communication) -> int | None:
    leg = _leg(message)
    return next((one for one in state.legs if one >> 1 == leg), None)


def _ends_leg(message: sip.SipMessage, state: Communication) -> bool:
    """An answered BYE, or an INVITE that failed before any answer and is not to be tried again."""
    if message.status is None or message.status < 200:
        return False
    if message.transaction_method == "BYE":
        return message.status < 300
    known = _known(message, state)
    answered = state.answered if known is None else bool(known & 1)
    failed = message.status >= 300 and not sip.tries_again(message.status)
    return message.transaction_method == "INVITE" and failed and not answered


def _sip(
    pdu: X2X3Pdu, state: Communication, direction: str | None, metadata_only: bool, allowed: redact.Granted
) -> Product | None:
    message = sip.parse_sip(pdu.payload)
    octets: bytes | None = pdu.payload
    if metadata_only:
        octets = redact.signalling_only(pdu.payload, allowed)
    if octets is None:
        return None
    source = pdu.source_ipv4 or pdu.source_ipv6 or bytes(4)
    destination = pdu.destination_ipv4 or pdu.destination_ipv6 or bytes(4)
    contents = multimedia.sip_iri(source, destination, octets, iri_only=metadata_only)
    return Product(contents, _sip_type(message, state), direction)


def _sip_type(message: sip.SipMessage, state: Communication) -> str:
    """Begin, Continue, End or Report, by the practice of the field (services.md section 1)."""
    method = message.transaction_method
    if state.ended or method == "REGISTER":
        return "report"
    if not state.begun:
        return "begin"
    if method == "MESSAGE" and message.status is not None and message.status >= 200:
        return "end"
    if _ends_leg(message, state) and not any(one >> 1 != _leg(message) for one in state.legs):
        return "end"
    return "continue"


def _accounting(pdu: X2X3Pdu, state: Communication, direction: str | None) -> Product | None:
    packet = radius.parse_radius(pdu.payload)
    found = _access_event(packet, state.begun)
    if found is None:
        return None
    event, iri_type = found
    known = _identities(pdu)
    user = packet.text("User-Name") or packet.text("3GPP-IMSI") or known.get("nai") or known.get("imsi") or ""
    contents: dict[str, Any] = {
        "accessEventType": event,
        "targetUsername": user.encode(),
        "internetAccessType": "wireless-other",
        "iPVersion": "iPV4",
    }
    if address := packet.text("Framed-IP-Address"):
        contents["targetIPAddress"] = ip_address(parse_address(address).packed)
    elif prefix := packet.text("Framed-IPv6-Prefix"):
        contents["iPVersion"] = "iPV6"
        contents["targetIPAddress"] = ip_address(parse_address(prefix.partition("/")[0]).packed)
    if station := packet.text("Calling-Station-Id") or known.get("e164Number"):
        contents["targetNetworkID"] = station[:20]
    if packet.status_type == radius.STOP:
        contents["endReason"] = "regularLogoff"
    for name, count in (("octetsReceived", packet.output_octets), ("octetsTransmitted", packet.input_octets)):
        if count is not None:
            contents[name] = count
    return Product(ip.ipiri(contents), iri_type, direction)


def _access_event(packet: radius.RadiusPacket, begun: bool) -> tuple[str, str] | None:
    """(event, IRI type), None for what tells nothing. `begun`: access was told already, by its Access-Accept or by a
    Start: what would tell it again goes on with it (assumed), and a failure ends it (assumed)."""
    if packet.status_type == radius.START and begun:
        return "interimUpdate", "continue"
    if packet.status_type == radius.FAILED:
        return "accessFailed", "end" if begun else "report"
    if packet.status_type in _EVENTS:
        return _EVENTS[packet.status_type]
    if packet.code == radius.ACCESS_ACCEPT:
        return "accessAccept", "continue" if begun else "begin"
    return _REPORTS.get(packet.code)


def _identities(pdu: X2X3Pdu) -> dict[str, str]:
    """Whom the point of interception took it for, by kind of identity: an answer of RADIUS names nobody."""
    found: dict[str, str] = {}
    for text in (*pdu.matched_targets, *pdu.other_targets):
        if (one := parse_target_xml(text)) is not None:
            found.setdefault(*one)
    return found


def _visit(octets: bytes, direction: str | None) -> Product | None:
    """A visit to a watched host: the headers of its packets, never what they carry (R-115)."""
    packet = packets.parse_ip(octets)
    if packet is None:
        raise DecodeError(DecodeError.BAD_VALUE, "no IP packet", 0, "payload")
    return Product(ip.packet_header_report(octets[: packet.payload_offset]), "report", direction)
