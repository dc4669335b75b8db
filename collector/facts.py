"""What the gate needs to know of a record, and what a pen register may keep of it.

One careful look at the decoded payload gives `RecordFacts`: who takes part, which service, what of it is content. The
`permitted` fields are an allow-list filled here, beside the code that knows each payload, so that nothing gets in by
being forgotten. Nothing is decided in this file. Raises DecodeError and nothing else, for any record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from asn1 import packets, sip, sms_tpdu
from asn1.errors import DecodeError
from asn1.ps_pdu import PsPdu, event_time, liid_text
from asn1.table import decode_reporting
from asn1.ts33128 import IRI_PAYLOAD
from mediation.law.orders import Service, Target, TargetKind, normalise_e164

PLAIN_SIP_HEADERS: Final = frozenset(
    [
        "accept",
        "accept-encoding",
        "allow",
        "allow-events",
        "authorization",
        "call-id",
        "contact",
        "content-length",
        "content-type",
        "cseq",
        "date",
        "diversion",
        "expires",
        "from",
        "history-info",
        "max-forwards",
        "min-expires",
        "min-se",
        "p-asserted-identity",
        "p-called-party-id",
        "p-charging-vector",
        "privacy",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-require",
        "rack",
        "reason",
        "record-route",
        "remote-party-id",
        "require",
        "retry-after",
        "route",
        "rseq",
        "server",
        "session-expires",
        "supported",
        "to",
        "unsupported",
        "user-agent",
        "via",
        "www-authenticate",
    ]
)
"""Headers that are signalling and nothing else. Any other may carry what a party said (Subject, User-to-User, private
ones) or where a party is (P-Access-Network-Info, Geolocation)."""

LOCATION_SIP_HEADERS: Final = frozenset({"p-access-network-info", "geolocation", "cellular-network-info"})
CC_SERVICES: Final = {"iPCC": Service.DATA, "iPMMCC": Service.VOICE}


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """`kind` is iri, cc, hi1, tri, encrypted or other; `payload` the standard's name of the contents.

    `originators` and `recipients` are the identities on each side; `parties` all, sides unknown included;
    `parties_known` is false where the payload is one we cannot read parties from. `target_sends` is what the record
    says of its direction (None: nothing). `opens` marks the record that establishes who called whom. `content` names
    the items of content found; `location` whether there is any. `permitted` is what a pen register keeps.
    """

    liid: str
    cin: int | None
    number: int
    kind: str
    payload: str
    iri_type: str | None
    service: Service | None
    event_us: int | None
    qualifier: str | None
    arrival_us: int
    originators: frozenset[Target] = frozenset()
    recipients: frozenset[Target] = frozenset()
    parties: frozenset[Target] = frozenset()
    parties_known: bool = False
    target_sends: bool | None = None
    opens: bool = False
    content: tuple[str, ...] = ()
    location: bool = False
    permitted: tuple[tuple[str, Any], ...] = ()


_KINDS: Final = {
    "iRIPayloadSequence": "iri",
    "cCPayloadSequence": "cc",
    "tRIPayload": "tri",
    "hI1-Operation": "hi1",
    "threeGPP-HI1-Operation": "hi1",
    "encryptionContainer": "encrypted",
}
_SENDS: Final = {"fromTarget": True, "toTarget": False}
_IRI_TYPES: Final = {"iRI-Begin": "begin", "iRI-End": "end", "iRI-Continue": "continue", "iRI-Report": "report"}


def facts_of(pdu: PsPdu, arrival_us: int) -> RecordFacts:
    """The facts of one record that arrived at `arrival_us`. Raises DecodeError."""
    header = pdu.header
    event_us, qualifier = event_time(pdu)
    kind = _KINDS.get(pdu.payload[0], "other")
    facts = RecordFacts(
        liid_text(header.liid), header.cin, header.sequence_number, kind, pdu.payload[0], None, None, event_us,
        qualifier, arrival_us,
    )  # fmt: skip
    if pdu.unknown_tags:
        facts = replace(facts, content=("unknown_tags",))
    if kind == "iri":
        return _iri(facts, pdu.payload[1])
    if kind == "cc":
        return _cc(facts, pdu.payload[1])
    return facts


def _cc(facts: RecordFacts, payloads: list[dict[str, Any]]) -> RecordFacts:
    names = {payload["cCContents"][0] for payload in payloads}
    name = next(iter(names)) if len(names) == 1 else "mixed"
    direction = payloads[0].get("payloadDirection") if payloads else None
    return replace(
        facts,
        payload=name,
        service=CC_SERVICES.get(name),
        target_sends=_SENDS.get(direction) if isinstance(direction, str) else None,
        content=(*facts.content, "content"),
    )


def _iri(facts: RecordFacts, payloads: list[dict[str, Any]]) -> RecordFacts:
    if len(payloads) != 1:
        # Aggregated records are judged as one; only what all of them share could be kept apart, so nothing is.
        return replace(facts, payload="aggregated", content=(*facts.content, "aggregated_payloads"))
    payload = payloads[0]
    name, value = payload["iRIContents"]
    iri_type = payload.get("iRIType")
    direction = payload.get("sessionDirection") or payload.get("payloadDirection")
    facts = replace(
        facts,
        payload=name,
        iri_type=_IRI_TYPES.get(iri_type) if isinstance(iri_type, str) else None,
        target_sends=_SENDS.get(direction) if isinstance(direction, str) else None,
    )
    reader = _READERS.get(name)
    if reader is None:
        return replace(facts, content=(*facts.content, "undescribed_payload"))
    return reader(facts, value)


def _number(digits: str | None) -> frozenset[Target]:
    return frozenset({Target(TargetKind.E164, digits)}) if digits else frozenset()


def _uris(uris: tuple[str, ...]) -> frozenset[Target]:
    found: set[Target] = set()
    for uri in uris:
        found |= _number(sip.number_of(uri))
        found.add(Target(TargetKind.SIP_URI, sip.canonical_uri(uri).lower()))
    return frozenset(found)


def _ip_text(value: dict[str, Any]) -> tuple[TargetKind, str] | None:
    name, held = value["iP-value"]
    text = packets.address_text(held) if name == "iPBinaryAddress" and len(held) in (4, 16) else str(held)
    return (TargetKind.IPV6 if ":" in text else TargetKind.IPV4, text) if name else None


def _address(value: dict[str, Any] | None) -> frozenset[Target]:
    found = _ip_text(value) if value else None
    return frozenset({Target(*found)}) if found else frozenset()


def _multimedia(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    name, contents = value["iPMMIRIContents"]
    if name not in ("sIPMessage", "iRIOnlySIPMessage"):
        return replace(facts, service=Service.VOICE, content=(*facts.content, "undescribed_signalling"))
    message = sip.parse_sip(contents["sIPContent"])
    origin, destination = _uris(message.origin_uris), _uris(message.destination_uris)
    method = message.transaction_method
    content = list(facts.content)
    if message.body or message.octets_used < len(contents["sIPContent"]):
        # Octets behind the message that Content-Length ends are no part of it and may be anything.
        content.append("sip_body")
    names = {header for header, _ in message.headers}
    unusual = names - PLAIN_SIP_HEADERS - LOCATION_SIP_HEADERS
    if unusual:
        content.append("sip_headers")
    if any(
        sip.without_uri_headers(text) != text for text in (message.uri or "", *(held for _, held in message.headers))
    ):
        content.append("uri_headers")
    if message.cseq is None and message.header("cseq") is not None:
        content.append("sip_headers")
    if value.get("additionalSignalling"):
        content.append("additional_signalling")
    cseq = message.cseq
    permitted: list[tuple[str, Any]] = [
        ("method", message.method),
        ("status", message.status),
        ("transaction", method),
        ("from", _plain_uri(message.from_uri)),
        ("to", _plain_uri(message.to_uri)),
        ("request_uri", _plain_uri(message.uri)),
        ("asserted", [_plain_uri(uri) for uri in message.asserted_uris]),
        ("call_id", message.call_id),
        ("cseq", cseq[0] if cseq else None),
        ("body_octets", len(message.body)),
    ]
    return replace(
        facts,
        service=Service.SMS if method == "MESSAGE" else Service.VOICE,
        originators=origin,
        recipients=destination,
        parties=origin | destination,
        parties_known=bool(origin | destination),
        opens=message.method in ("INVITE", "MESSAGE") and message.to_tag is None,
        content=tuple(content),
        location=facts.location or "targetLocation" in value or bool(names & LOCATION_SIP_HEADERS),
        permitted=tuple((key, held) for key, held in permitted if held not in (None, [])),
    )


def _plain_uri(uri: str | None) -> str | None:
    return None if uri is None else uri.partition("?")[0]


def _internet(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    contents = value["iPIRIContents"]
    user = contents["targetUsername"].decode("utf-8", "replace")
    parties = {Target(TargetKind.SIP_URI, f"nai:{user.lower()}")}
    local = user.partition("@")[0]
    if local.isascii() and local.isdigit() and 6 <= len(local) <= 15:
        parties.add(Target(TargetKind.IMSI, local))
    for text in (contents.get("targetNetworkID"), contents.get("callBackNumber"), local):
        if text and (number := normalise_e164(str(text))):
            parties.add(Target(TargetKind.E164, number))
    for name in ("targetIPAddress", "additionalIPAddress"):
        parties |= _address(contents.get(name))
    kept = (
        "accessEventType", "internetAccessType", "iPVersion", "targetNetworkID", "startTime", "endTime", "endReason",
        "octetsReceived", "octetsTransmitted", "expectedEndTime",
    )  # fmt: skip
    permitted: list[tuple[str, Any]] = [("user", user)]
    permitted += [(name, contents[name]) for name in kept if name in contents]
    permitted += [("address", target.value) for target in sorted(_address(contents.get("targetIPAddress")), key=str)]
    known = {
        *kept, "targetUsername", "targetIPAddress", "additionalIPAddress", "callBackNumber", "pOPIPAddress",
        "pOPIdentifier", "pOPPortNumber", "pOPPhoneNumber", "pOPPortID", "authenticationType", "targetCPEID",
    }  # fmt: skip
    location = bool({"targetLocation", "location"} & set(contents))
    rest = set(contents) - known - {"targetLocation", "location"}
    return replace(
        facts,
        service=Service.DATA,
        parties=frozenset(parties),
        originators=frozenset(parties),
        parties_known=True,
        content=(*facts.content, "raw_aaa") if rest else facts.content,
        location=facts.location or location,
        permitted=tuple(permitted),
    )


def _packet_report(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    _, report = value["report"]
    octets = report["header"]
    packet = packets.parse_ip(octets)
    if packet is None:
        return replace(facts, service=Service.DATA, content=(*facts.content, "undescribed_payload"))

    def side(text: str) -> frozenset[Target]:
        return frozenset({Target(TargetKind.IPV6 if ":" in text else TargetKind.IPV4, text)})

    permitted: list[tuple[str, Any]] = [
        ("source", packet.source),
        ("destination", packet.destination),
        ("protocol", packet.protocol),
        ("source_port", packet.source_port),
        ("destination_port", packet.destination_port),
        ("total_octets", packet.total_octets),
    ]
    carried = len(octets) - packet.payload_offset
    return replace(
        facts,
        service=Service.DATA,
        originators=side(packet.source),
        recipients=side(packet.destination),
        parties=side(packet.source) | side(packet.destination),
        parties_known=True,
        content=(*facts.content, "packet_payload") if carried > 0 else facts.content,
        permitted=tuple((key, held) for key, held in permitted if held is not None),
    )


def _mobile(facts: RecordFacts, octets: bytes) -> RecordFacts:
    value, unknown = decode_reporting(IRI_PAYLOAD, octets)
    name, event = value["event"]
    content = (*facts.content, "unknown_tags") if unknown else facts.content
    if name != "sMSMessage":
        return replace(facts, payload=name, content=(*content, "undescribed_payload"))
    sends = _SENDS.get(event["direction"]) if isinstance(event["direction"], str) else None
    origin, destination = _sms_party(event["originatingSMSParty"]), _sms_party(event["terminatingSMSParty"])
    message = _sms(event, sends)
    if message is not None:
        other = (
            _number(normalise_e164("+" + message.address)) if message.address and message.address.isdigit() else None
        )
        if other:
            origin, destination = (origin, destination | other) if sends else (origin | other, destination)
        if message.data or message.udh:
            content = (*content, "sms_text")
    elif "sMSTPDUData" in event:
        content = (*content, "sms_text")
    permitted: list[tuple[str, Any]] = [
        ("direction", event["direction"]),
        ("from", sorted(target.value for target in origin)),
        ("to", sorted(target.value for target in destination)),
        ("message_type", event.get("messageType")),
        ("transfer_status", event.get("linkTransferStatus")),
        ("reference", event.get("rPMessageReference")),
        ("segments", message.segment.total if message and message.segment else 1),
        ("segment", message.segment.number if message and message.segment else 1),
    ]
    return replace(
        facts,
        payload=name,
        service=Service.SMS,
        originators=origin,
        recipients=destination,
        parties=origin | destination,
        parties_known=True,
        target_sends=sends if sends is not None else facts.target_sends,
        opens=True,
        content=content,
        location=facts.location or "location" in event,
        permitted=tuple((key, held) for key, held in permitted if held is not None),
    )


def _sms(event: dict[str, Any], sends: bool | None) -> sms_tpdu.SmsTpdu | None:
    """The TPDU of a message, None when there is none, or none that can be read."""
    form, octets = event.get("sMSTPDUData", ("", b""))
    if form not in ("sMSTPDU", "redactedSMSTPDU"):
        return None
    try:
        return sms_tpdu.decode_tpdu(octets, bool(sends))
    except DecodeError:
        return None


def _sms_party(party: dict[str, Any]) -> frozenset[Target]:
    found: set[Target] = set()
    for name in ("sUPI", "gPSI"):
        form, value = party.get(name, ("", ""))
        if form == "iMSI":
            found.add(Target(TargetKind.IMSI, str(value)))
        elif form == "mSISDN":
            found |= _number(normalise_e164(f"+{value}"))
    return frozenset(found)


_READERS: Final[dict[str, Callable[[RecordFacts, Any], RecordFacts]]] = {
    "iPMMIRI": _multimedia,
    "iPIRI": _internet,
    "iPIRIPacketReport": _packet_report,
    "threeGPP33128DefinedIRI": _mobile,
}
