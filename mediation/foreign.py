"""Payload formats of X2 and X3 that only others send: what each becomes, or why it becomes nothing.

Ours send SIP, RADIUS, TS 33.128 and IP packets. Every other format of TS 103 221-2 clause 5.4 (third-party reading) is
taken too: media packets become iPMMCC, tunnelled packets the iPCC of what is in the tunnel, Ethernet frames and
unstructured data the CCPDU of TS 33.128 that is theirs, an EPS record ePSIRI, and a payload of TS 102 232-1 is handed
through as it is. What has no form to be handed over in raises `NotConvertibleError` with the reason, which the status
counts. Pure; whether any of it may be handed over is for the caller and for scope.
"""

from __future__ import annotations

from typing import Any, Final

from asn1 import gtpu, ip, multimedia, packets
from asn1.errors import DecodeError, RefusedError
from asn1.ps_pdu import decode_ps_pdu
from asn1.ps_tables import PAYLOAD
from asn1.table import decode, decode_reporting
from asn1.ts33108_eps import EPS_IRI_CONTENT
from asn1.ts33128 import encode_cc
from asn1.x2x3 import PayloadFormat, PduType, X2X3Pdu

CONTENT: Final = frozenset(
    {
        PayloadFormat.ETHERNET, PayloadFormat.RTP, PayloadFormat.GTP_U, PayloadFormat.MSRP, PayloadFormat.UNSTRUCTURED,
    }
)  # fmt: skip
"""Formats that are content by what they are, on whatever interface they come."""
HANDED_THROUGH: Final = frozenset({PayloadFormat.ETSI_102232_1, PayloadFormat.PS_PDU_PAYLOAD})
_X2_ALONE: Final = frozenset({PayloadFormat.SIP, PayloadFormat.DHCP, PayloadFormat.RADIUS, PayloadFormat.EPS_IRI})
NO_FORM: Final = {
    int(PayloadFormat.KEEPALIVE): "the payload format of a keep-alive on a PDU that is none",
    int(PayloadFormat.TS_33108): "a TS 33.108 payload does not say which of its records it is",
    int(PayloadFormat.PROPRIETARY): "a proprietary payload",
    int(PayloadFormat.DHCP): "no handover record holds a DHCP message",
    int(PayloadFormat.MIME): "a MIME entity alone does not say of which message it is",
}
"""Why a format has no target form, by its number."""
SEVERAL_RECORDS: Final = "several records in one payload"
NO_PACKET: Final = "a tunnel message that carries no IP packet"
NO_RECORD: Final = "a payload that is neither IRI nor CC"
UNKNOWN_FIELDS: Final = "a payload with fields that this version does not know"
_IRI_TYPES: Final = {"iRI-Begin": "begin", "iRI-End": "end", "iRI-Continue": "continue", "iRI-Report": "report"}
_ETHERNET_HEADER, _TAG_OCTETS = 14, 4
_TAGS: Final = (b"\x81\x00", b"\x88\xa8")


class NotConvertibleError(RefusedError):
    """A payload for which there is no handover record; the message is one of the few reasons of this module."""


def check_interface(pdu: X2X3Pdu) -> None:
    """Raises NotConvertibleError for a format that the table of clause 5.4 does not allow on this interface."""
    form, wanted = pdu.payload_format, None
    if form in _X2_ALONE:
        wanted = PduType.X2
    elif form in CONTENT:
        wanted = PduType.X3
    if wanted is not None and pdu.pdu_type != wanted:
        raise NotConvertibleError(f"payload format {form} is not for {pdu.pdu_type.name}")
    if form in NO_FORM:
        raise NotConvertibleError(NO_FORM[form])
    if form > PayloadFormat.PS_PDU_PAYLOAD:
        raise NotConvertibleError("a payload format that this version does not know")


def content(role: str, pdu: X2X3Pdu) -> tuple[str, Any]:
    """The alternative of CCContents for a format of `CONTENT`. Raises NotConvertibleError, DecodeError."""
    form, octets = pdu.payload_format, pdu.payload
    if form == PayloadFormat.RTP:
        return multimedia.ipmmcc(octets, frame_type="rtpFrame")
    if form == PayloadFormat.MSRP:
        return multimedia.ipmmcc(octets, frame_type="msrpFrame", protocol="mSRP")
    if form == PayloadFormat.GTP_U:
        packet = gtpu.user_packet(octets)
        if packet is None or packets.parse_ip(packet) is None:
            raise NotConvertibleError(NO_PACKET)
        return multimedia.ipmmcc(packet) if role == "voice" else ip.ipcc(packet)
    if form == PayloadFormat.ETHERNET:
        start = _ethernet_payload(octets)
        if role == "voice" and packets.parse_ip(octets[start:]) is not None:
            return multimedia.ipmmcc(octets[start:])
        return _user_plane("uPFEthernetCC", octets)
    return _user_plane("uPFUnstructuredCC", octets)


def _user_plane(name: str, octets: bytes) -> tuple[str, Any]:
    return "threeGPP33128DefinedCC", encode_cc(("extendedUPFCCPDU", {"payload": (name, octets)}))


def _ethernet_payload(octets: bytes) -> int:
    """Where the payload of a frame begins, behind any tags (IEEE 802.1Q)."""
    start = _ETHERNET_HEADER
    while octets[start - 2 : start] in _TAGS:
        start += _TAG_OCTETS
    if start > len(octets):
        raise DecodeError(DecodeError.TRUNCATED, "an Ethernet header is cut", len(octets))
    return start


def eps_record(octets: bytes) -> tuple[tuple[str, Any], str]:
    """The alternative of IRIContents, and the IRI type, of one EpsIRIContent (format 14). Raises DecodeError."""
    record = decode(EPS_IRI_CONTENT, octets)
    kind = record[0].removeprefix("iRI-").removesuffix("-record").lower()
    if kind not in _IRI_TYPES.values():
        raise DecodeError(DecodeError.BAD_VALUE, "no EPS record that this version knows", 0, "epsIRIContent")
    return ("ePSIRI", ("epsIRIsContent", ("epsiRIContent", record))), kind


def sip_of(value: dict[str, Any]) -> tuple[bytes, bytes, bytes] | None:
    """Source, destination (4 or 16 octets) and SIP message of an iPMMIRI; None where it holds no SIP message."""
    name, message = value["iPMMIRIContents"]
    if name not in ("sIPMessage", "iRIOnlySIPMessage"):
        return None
    ends = [_address(message[key]) for key in ("iPSourceAddress", "iPDestinationAddress")]
    return ends[0], ends[1], message["sIPContent"]


def _address(value: dict[str, Any]) -> bytes:
    form, octets = value["iP-value"]
    return octets if form == "iPBinaryAddress" and len(octets) in (4, 16) else bytes(4)


def handed_through(pdu: X2X3Pdu) -> tuple[tuple[str, Any], str | None]:
    """Contents and IRI type (None for CC) of a payload of TS 102 232-1, format 1 or 17.

    Format 17 is PS-PDU.Payload. Format 1 is taken to be that or a whole PS-PDU (*assumed*: what it holds was not read);
    of a PS-PDU the payload counts, since the header is ours to write. Raises NotConvertibleError, DecodeError.
    """
    if pdu.payload[:1] == b"\x30" and pdu.payload_format == PayloadFormat.ETSI_102232_1:
        whole = decode_ps_pdu(pdu.payload)
        (name, value), unknown = whole.payload, whole.unknown_tags
    else:
        (name, value), unknown = decode_reporting(PAYLOAD, pdu.payload)
    if name not in ("iRIPayloadSequence", "cCPayloadSequence"):
        raise NotConvertibleError(NO_RECORD)
    if unknown:
        raise NotConvertibleError(UNKNOWN_FIELDS)
    if len(value) != 1:
        raise NotConvertibleError(SEVERAL_RECORDS)
    if name == "cCPayloadSequence":
        return value[0]["cCContents"], None
    return value[0]["iRIContents"], _IRI_TYPES.get(value[0].get("iRIType"), "report")
