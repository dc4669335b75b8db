"""Records inside records: what a PS-PDU, an X2/X3 PDU or an xIRI carries is judged by itself as well.

Each function gives (layer, octets, hint) one level down; `unfold` goes on until nothing is inside. Octets
our own decoder refuses are not unfolded: they are judged at the level where they were made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from asn1 import packets, x2x3
from asn1.errors import DecodeError
from asn1.laes.ccc import decode_datagram
from asn1.ps_pdu import decode_ps_pdu
from asn1.sip import looks_like_sip
from asn1.table import decode
from tools.oracles.kinds import DESCRIBED, kind_of
from tools.oracles.record import Record

Inner = tuple[str, bytes, str]

_PAYLOADS: Final[dict[int, str]] = {
    x2x3.PayloadFormat.ETSI_102232_1: "ps-pdu",
    x2x3.PayloadFormat.IPV4: "ip",
    x2x3.PayloadFormat.IPV6: "ip",
    x2x3.PayloadFormat.RTP: "rtp",
    x2x3.PayloadFormat.SIP: "sip",
    x2x3.PayloadFormat.RADIUS: "radius",
}
_UDP: Final = 17
_RADIUS_PORTS: Final = frozenset({1812, 1813})


def unfold(record: Record) -> Iterator[Record]:
    """The record, then everything inside it, outermost first."""
    yield record
    try:
        inside = list(_inside(record))
    except DecodeError:
        return
    for layer, octets, hint in inside:
        kind = kind_of(layer, octets, hint)
        if kind is not None:
            held = DESCRIBED.get(layer)
            yield from unfold(Record(layer, kind, octets, f"in {record.source}", held, record.emitted, hint))


def _inside(record: Record) -> Iterator[Inner]:
    octets = record.octets
    if record.layer == "x2x3":
        yield from _of_x2x3(octets)
    elif record.layer == "ps-pdu":
        yield from _of_services(decode_ps_pdu(octets).payload)
    elif record.layer in ("xiri", "iri", "cc"):
        yield from _of_event(decode(DESCRIBED[record.layer], octets))
    elif record.layer == "ip":
        yield from _of_ip(octets)
    elif record.layer == "ccc":
        yield "ip", decode_datagram(octets, int(record.hint)).packet, ""


def _of_x2x3(octets: bytes) -> Iterator[Inner]:
    pdu = x2x3.decode_pdu(octets)
    if pdu.payload_format == x2x3.PayloadFormat.TS_33128:
        yield "cc" if pdu.pdu_type == x2x3.PduType.X3 else "xiri", pdu.payload, ""
    elif (layer := _PAYLOADS.get(pdu.payload_format)) is not None:
        yield layer, pdu.payload, ""


def _of_services(payload: tuple[str, Any]) -> Iterator[Inner]:
    name, services = payload
    if name not in ("iRIPayloadSequence", "cCPayloadSequence"):
        return
    for service in services:
        kind, value = service.get("iRIContents") or service["cCContents"]
        if kind == "threeGPP33128DefinedIRI":
            yield "iri", value, ""
        elif kind == "threeGPP33128DefinedCC":
            yield "cc", value, ""
        elif kind == "iPMMCC":
            yield "ip", value["mMCCContents"], ""
        elif kind == "iPCC" and value["iPCCContents"][0] == "iPPackets":
            yield "ip", value["iPCCContents"][1], ""
        elif kind == "iPMMIRI" and isinstance(value["iPMMIRIContents"][1], dict):
            yield "sip", value["iPMMIRIContents"][1].get("sIPContent", b""), ""


def _of_event(value: dict[str, Any]) -> Iterator[Inner]:
    chosen: tuple[str, Any] = value.get("event") or value.get("pDU") or ("", None)
    name, event = chosen
    if name == "sMSMessage":
        form, tpdu = event.get("sMSTPDUData", ("", b""))
        if form == "sMSTPDU":
            yield "tpdu", tpdu, "from mobile" if _from_mobile(event) else "to mobile"
    elif name == "mMSCCPDU":
        yield "mms", event["mMSContent"], ""
    elif name == "iMSMessage":
        form, message = event.get("payload", ("", None))
        if form == "encapsulatedSIPMessage":
            yield "sip", message["sIPContent"], ""


def _from_mobile(event: dict[str, Any]) -> bool:
    """Which set of TPDU types counts; where the event does not say its type, its direction does."""
    kind = event.get("messageType")
    if kind is None:
        return bool(event["direction"] == "fromTarget")
    return kind in ("submit", "deliverReportAck", "deliverReportError", "command")


def _of_ip(octets: bytes) -> Iterator[Inner]:
    packet = packets.parse_ip(octets)
    if packet is None or packet.fragment or packet.protocol != _UDP:
        return
    payload = packet.payload(octets)
    if looks_like_sip(payload):
        yield "sip", payload, ""
    elif {packet.source_port, packet.destination_port} & _RADIUS_PORTS:
        yield "radius", payload, ""
    elif packets.parse_rtp(payload) is not None:
        yield "rtp", payload, ""
