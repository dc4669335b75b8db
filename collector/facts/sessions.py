"""Internet access (TS 102 232-3): session reports, and reports of packets by their headers.

Of a packet the network and transport headers are signalling, as far as they hold what every packet of its kind does;
what follows them, and options that can carry octets of somebody's own, are content (DNS names, TLS server names, HTTP
hosts and paths all lie there).
"""

from __future__ import annotations

from typing import Any, Final

from asn1 import packets
from asn1.table import Value
from collector.facts import party_numbers, shapes
from collector.facts.record import RecordFacts, present
from mediation.law.orders import Service, Target, TargetKind

_KEPT: Final = (
    "accessEventType", "internetAccessType", "iPVersion", "targetNetworkID", "startTime", "endTime", "endReason",
    "octetsReceived", "octetsTransmitted", "expectedEndTime",
)  # fmt: skip
_KNOWN: Final = frozenset(
    {
        *_KEPT, "targetUsername", "targetIPAddress", "additionalIPAddress", "callBackNumber", "pOPIPAddress",
        "pOPIdentifier", "pOPPortNumber", "pOPPhoneNumber", "pOPPortID", "authenticationType", "targetCPEID",
    }
)  # fmt: skip
_PLACES: Final = frozenset({"targetLocation", "location"})
_TCP_OPTIONS: Final = frozenset({0, 1, 2, 3, 4, 5, 8})
"""End, no operation, segment size, window scale, SACK permitted, SACK, time stamps: counters and sizes."""
_FRAGMENT: Final = 44
_PORT_OCTETS: Final = 8
_MAC_OCTETS: Final = 6


def read_session(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    contents = value["iPIRIContents"]
    user = contents["targetUsername"].decode("utf-8", "replace")
    parties = {Target(TargetKind.SIP_URI, f"nai:{user.lower()}")}
    local = user.partition("@")[0]
    if local.isascii() and local.isdigit() and 6 <= len(local) <= 15:
        parties.add(Target(TargetKind.IMSI, local))
    for text in (contents.get("targetNetworkID"), contents.get("callBackNumber"), local):
        if text:
            parties |= shapes.number_targets(str(text))
    own = _address(contents.get("targetIPAddress"))
    parties |= own | _address(contents.get("additionalIPAddress"))
    content = list(facts.content)
    if set(contents) - _KNOWN - _PLACES:
        content.append("raw_aaa")
    permitted: list[tuple[str, Any]] = [("user", user if shapes.is_nai(user) else None)]
    for name in _KEPT:
        held = contents.get(name)
        plain = held is None or not isinstance(held, str) or name != "targetNetworkID" or _is_network_id(held)
        permitted.append((name, held if plain else None))
    permitted += [("address", target.value) for target in sorted(own, key=str)]
    if not _plain_texts(contents, user):
        content.append("session_text")
    return facts._replace(
        service=Service.DATA,
        parties=frozenset(parties),
        originators=frozenset(parties),
        parties_known=True,
        content=tuple(content),
        location=facts.location or bool(_PLACES & set(contents)),
        permitted=present(permitted),
    )


def _is_network_id(text: str) -> bool:
    return shapes.is_dial_string(text) or shapes.is_nai(text)


def _plain_texts(contents: dict[str, Any], user: str) -> bool:
    """Whether all that is free to be any text has the shape of an identity."""
    if not shapes.is_nai(user):
        return False
    for name in ("targetNetworkID", "callBackNumber", "pOPPhoneNumber"):
        held = contents.get(name)
        if held is not None and not _is_network_id(held):
            return False
    for name in ("targetIPAddress", "additionalIPAddress", "pOPIPAddress"):
        if name in contents and not _address(contents[name]):
            return False
    equipment, port = contents.get("targetCPEID"), contents.get("pOPPortID")
    return (
        (equipment is None or shapes.is_identifier(equipment))
        and (port is None or len(port) <= _PORT_OCTETS)
        and ("pOPIdentifier" not in contents or _is_point(*contents["pOPIdentifier"]))
    )


def _is_point(form: str, value: Value) -> bool:
    if form == "macAddressType":
        return len(value) == _MAC_OCTETS
    return bool(_address(value)) if form == "ipAddressType" else shapes.is_identifier(value)


def _address(value: dict[str, Any] | None) -> frozenset[Target]:
    return party_numbers.address(value)[1] if value else frozenset()


def read_packet_report(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    name, report = value["report"]
    octets = report["header"] if isinstance(report, dict) else b""
    packet = packets.parse_ip(octets)
    if packet is None:
        return facts._replace(service=Service.DATA, content=(*facts.content, "undescribed_payload"))
    permitted: list[tuple[str, Any]] = [
        ("source", packet.source),
        ("destination", packet.destination),
        ("protocol", packet.protocol),
        ("source_port", packet.source_port),
        ("destination_port", packet.destination_port),
        ("total_octets", packet.total_octets),
    ]
    content = list(facts.content)
    if name == "summary":
        permitted += _plain_counts({key: report[key] for key in _COUNTS if key in report}, content)
    if len(octets) > packet.payload_offset:
        content.append("packet_payload")
    if _has_options(octets, packet):
        content.append("header_options")
    source, destination = shapes.address_target(packet.source), shapes.address_target(packet.destination)
    return facts._replace(
        service=Service.DATA,
        originators=source,
        recipients=destination,
        parties=source | destination,
        parties_known=True,
        content=tuple(content),
        permitted=present(permitted),
    )


_HEADER_SIZES: Final = {"source": (4, 16), "destination": (4, 16), "sourcePort": (2,), "destinationPort": (2,)}
_HEADER_OCTETS: Final = 4
_HEADER_BITS: Final = 6
"""What any other field of an IP, TCP or UDP header has at most; options may be longer, and are withheld."""


def read_header_report(facts: RecordFacts, value: dict[str, Any]) -> RecordFacts:
    """iPIRIOnly: the same of one packet or flow, field by field. Superseded by iPIRIPacketReport."""
    header = value["iPInformation"][1]
    form, transport = value["protocolInformation"]
    if not isinstance(header, dict) or (form != "none" and not isinstance(transport, dict)):
        return facts._replace(service=Service.DATA, content=(*facts.content, "undescribed_payload"))
    fields = {**header, **(transport if isinstance(transport, dict) else {})}
    content = list(facts.content)
    for name, held in fields.items():
        sizes = _HEADER_SIZES.get(name)
        limit = _HEADER_BITS if isinstance(held, str) else _HEADER_OCTETS
        if (len(held) not in sizes) if sizes else name == "options" or len(held) > limit:
            content.append("header_options")
    source, destination = (shapes.address_text(header[name]) for name in ("source", "destination"))
    permitted: list[tuple[str, Any]] = [("source", source), ("destination", destination)]
    for name, key in (("sourcePort", "source_port"), ("destinationPort", "destination_port")):
        if len(fields.get(name, b"")) == _PORT_SIZE:
            permitted.append((key, int.from_bytes(fields[name], "big")))
    counted: dict[str, Any] = {
        name: value[name] for name in ("iPAggregatedNbrOfPackets", "iPAggregatedNbrOfBytes") if name in value
    }
    counted |= value.get("pDSRInformation", {})
    permitted += _plain_counts(counted, content)
    sides = shapes.address_target(source), shapes.address_target(destination)
    return facts._replace(
        service=Service.DATA,
        originators=sides[0],
        recipients=sides[1],
        parties=sides[0] | sides[1],
        parties_known=True,
        content=tuple(dict.fromkeys(content)),
        permitted=present(permitted),
    )


def _plain_counts(counted: dict[str, Any], content: list[str]) -> list[tuple[str, Any]]:
    """Counts, times and triggers; a number of more than 64 bits counts nothing, and goes to `content`."""
    plain = [(name, held) for name, held in counted.items() if isinstance(held, str) or 0 <= held < _MAX_COUNT]
    if len(plain) < len(counted):
        content.append("undescribed_fields")
    return plain


_AGGREGATES: Final = ("iPAggregatedNbrOfPackets", "iPAggregatedNbrOfBytes")
_MAX_COUNT: Final = 1 << 64
_PORT_SIZE: Final = 2
_COUNTS: Final = ("trigger", "packetCount", "byteCount", "firstTimestamp", "lastTimestamp")


def _has_options(octets: bytes, packet: packets.IpPacket) -> bool:
    """IPv4 options, IPv6 extension headers other than the fragment's, TCP options beyond the common ones."""
    start = packet.transport_offset
    plain = 20 if packet.version == 4 else 48 if octets[6] == _FRAGMENT else 40
    if start > plain:
        return True
    if packet.protocol != packets.TCP or packet.source_port is None:
        return False
    at, end = start + 20, packet.payload_offset
    while at < end:
        kind = octets[at]
        if kind not in _TCP_OPTIONS:
            return True
        if kind == 0:
            return any(octets[at:end])
        if kind == 1:
            at += 1
            continue
        size = octets[at + 1] if at + 1 < end else 0
        if size < 2 or at + size > end or size > _OPTION_OCTETS[kind]:
            return True
        at += size
    return False


_OPTION_OCTETS: Final = {2: 4, 3: 3, 4: 2, 5: 34, 8: 10}
"""Longest length of each option that has one (RFC 9293, RFC 7323, RFC 2018)."""
