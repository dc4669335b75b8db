"""IAS: access to the internet, from RADIUS and from packets, and what causes each of the 12 messages.

Source of the messages: `asn1.laes.ias`. That RADIUS means them in this way is assumed (RFC 2865, RFC 2866 are what was
read), and so is that the subscriber is named as the order names it. One communication is one session, of access and of
packet data at once. Under a pen register packets are told by their headers alone, one report a packet or one a flow;
under a warrant they go out whole as content, and nothing is reported of them beside it. A report of signalling is for
whole scope alone.
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import ip_address
from typing import Any, Final
from zlib import crc32

from asn1 import radius
from asn1.laes import ias
from asn1.laes.message import CdcMessage
from asn1.packets import IpPacket
from asn1.table import Value
from mediation.laes.content import ccc_ids
from mediation.laes.moment import Cause, Moment, visible

_SHOWN: Final = (
    "Acct-Status-Type", "Acct-Session-Id", "Acct-Session-Time", "Acct-Input-Octets", "Acct-Output-Octets",
    "Acct-Input-Packets", "Acct-Output-Packets",
)  # fmt: skip

CAUSES: Final[dict[str, Cause]] = {
    "accessAttempt": Cause("assumed", "a RADIUS Access-Request of the subject, each time it is sent"),
    "accessAccepted": Cause("assumed", "an Access-Accept, or the accounting Start where none was seen"),
    "accessFailed": Cause("assumed", "accounting with status 15, Failed, after an Access-Request nobody answered"),
    "accessSessionEnd": Cause("assumed", "the accounting Stop"),
    "accessRejected": Cause("assumed", "an Access-Reject"),
    "accessSignalingMessageReport": Cause("assumed", "accounting in the middle of a session; under a warrant alone"),
    "packetDataSessionStart": Cause("assumed", "the accounting Start"),
    "packetDataSessionFailed": Cause("assumed", "accounting with status 15, Failed, in any other case"),
    "packetDataSessionEnd": Cause("assumed", "the accounting Stop"),
    "packetDataSessionAlreadyEstablished": Cause(
        "assumed", "accounting in the middle of a session, or a packet of one, whose Start was not seen"
    ),
    "packetDataHeaderReport": Cause("fact", "a packet under a pen register; `reports = \"header\"`"),
    "packetDataSummaryReport": Cause("fact", "the packets of a flow under a pen register; `reports = \"summary\"`"),
}  # fmt: skip


class Stage(IntEnum):
    """How far a communication has come, as `Call.opened` keeps it in the journal."""

    UNSEEN = 0
    SESSION = 1
    ASKED = 2
    ACCEPTED = 3


def accounting(moment: Moment, packet: radius.RadiusPacket) -> tuple[list[CdcMessage], int]:
    """The messages of one RADIUS packet, and the stage behind it. `moment.call.opened` is the stage before."""
    stage = moment.call.opened
    if packet.status_type == radius.INTERIM:
        if stage != Stage.SESSION:
            return [_session(moment, packet, "packetDataSessionAlreadyEstablished")], Stage.SESSION
        return [_signal(moment, packet)] if moment.content else [], stage
    names, stage = _accounted(packet.status_type, stage) or _answered(packet.code, stage)
    return [_session(moment, packet, name) for name in names], stage


def _accounted(status: int | None, stage: int) -> tuple[tuple[str, ...], int] | None:
    if status == radius.START:
        told = stage == Stage.ACCEPTED
        return ("packetDataSessionStart",) if told else ("accessAccepted", "packetDataSessionStart"), Stage.SESSION
    if status == radius.STOP:
        return ("packetDataSessionEnd", "accessSessionEnd"), stage
    if status == radius.FAILED:
        return ("accessFailed" if stage == Stage.ASKED else "packetDataSessionFailed",), stage
    return None


def _answered(code: int, stage: int) -> tuple[tuple[str, ...], int]:
    """Whoever is asked for access again in the middle of a session has that session still."""
    up = stage == Stage.SESSION
    if code == radius.ACCESS_REQUEST:
        return ("accessAttempt",), stage if up else Stage.ASKED
    if code == radius.ACCESS_ACCEPT:
        return ("accessAccepted",), stage if up else Stage.ACCEPTED
    return ("accessRejected",) if code == radius.ACCESS_REJECT else (), stage


def already_established(moment: Moment, packet: IpPacket) -> CdcMessage:
    """A session is met in its middle by a packet."""
    address = _address(packet.source if moment.sends else packet.destination)
    fields = {
        "subscriberIdentity": ("stringUTF8", moment.subject or "unknown"),
        "packetDataSessionID": _id(moment),
        "iPAddress": address,
        "deliveryInformation": delivery(moment),
    }
    return _message(moment, "packetDataSessionAlreadyEstablished", **fields)


def header_report(moment: Moment, packet: IpPacket) -> CdcMessage:
    """One packet by its headers."""
    return _message(moment, "packetDataHeaderReport", contentIdentifier=_content(moment), headerSet=_ends(packet))


def summary_report(moment: Moment, packet: IpPacket, count: int) -> CdcMessage:
    """`count` packets of the flow that `packet` belongs to."""
    ends = _ends(packet) | {"packetCount": count}
    return _message(moment, "packetDataSummaryReport", contentIdentifier=_content(moment), streamSet=ends)


def delivery(moment: Moment) -> dict[str, Any] | None:
    """Where the content goes; None where it does not."""
    site = moment.site
    if not (moment.content and site.form) or site.address is None:
        return None
    where: tuple[str, Any]
    how: tuple[str, Any]
    if site.form == "apdu":
        family = "ipV4" if len(site.address) == 4 else "ipV6"
        where = ("ccAddress", {"leaIPAddress": (family, site.address), "leaPortNumber": str(site.port)})
        how = ("atis-678-ASN1", ias.CC_MODULE)
    else:
        sent, received = ccc_ids(moment.cin)
        where = ("cccId", ("sepCCCpair", {"sepXmitCCC": f"{sent:08X}", "sepRecvCCC": f"{received:08X}"}))
        how = ("scteDatagram", None)
    return {"contentIdentifier": _content(moment), "deliveryIdentifier": where, "ccDeliveryFormat": how}


def _message(moment: Moment, name: str, **fields: Value) -> CdcMessage:
    head = {"caseId": moment.liid, "iAPSystemId": visible(moment.point, 15), "timestamp": moment.time_us}
    return CdcMessage(name, head | {key: value for key, value in fields.items() if value is not None}, ias.MODULE)


def _id(moment: Moment) -> tuple[str, str]:
    return "stringVS", str(moment.cin)


def _content(moment: Moment) -> tuple[str, Any]:
    return "callID", {"main": str(moment.cin)}


_HAS_ACCESS_ID: Final = frozenset({"accessAccepted", "accessSessionEnd"})
_HAS_PACKET_ID: Final = frozenset(
    {"packetDataSessionStart", "packetDataSessionEnd", "packetDataSessionAlreadyEstablished"}
)
_HAS_ADDRESS: Final = (_HAS_ACCESS_ID | _HAS_PACKET_ID | {"accessFailed", "accessRejected"}) - {"accessAttempt"}
_HAS_REASON: Final = frozenset(
    {"accessFailed", "accessSessionEnd", "accessRejected", "packetDataSessionFailed", "packetDataSessionEnd"}
)
_HAS_DELIVERY: Final = frozenset({"packetDataSessionStart", "packetDataSessionAlreadyEstablished"})


def _session(moment: Moment, packet: radius.RadiusPacket, name: str) -> CdcMessage:
    who = moment.subject or packet.text("User-Name") or packet.text("3GPP-IMSI") or "unknown"
    fields: dict[str, Any] = {"subscriberIdentity": ("stringUTF8", who)}
    if moment.place and name in ("accessAttempt", "accessAccepted") and (node := packet.text("NAS-Identifier")):
        fields["networkAccessNodeIdentity"] = ("stringUTF8", node)
    if name in _HAS_ACCESS_ID:
        fields["accessSessionID"] = _id(moment)
    if name in _HAS_PACKET_ID:
        fields |= {"accessSessionID": _id(moment), "packetDataSessionID": _id(moment)}
    if name in _HAS_ADDRESS:
        fields["iPAddress"] = _address_of(packet, name in _HAS_PACKET_ID)
    if name in _HAS_REASON:
        reason = packet.number("Acct-Terminate-Cause")
        fields["reasonForTermination"] = None if reason is None else ("integer", reason)
    if name in _HAS_DELIVERY:
        fields["deliveryInformation"] = delivery(moment)
    return _message(moment, name, **fields)


def _address_of(packet: radius.RadiusPacket, wanted: bool) -> dict[str, Any] | None:
    """The subject's address; where one is wanted and none is known, the unspecified one."""
    text = packet.text("Framed-IP-Address") or (packet.text("Framed-IPv6-Prefix") or "").partition("/")[0]
    if text:
        return _address(text)
    return _address("0.0.0.0") if wanted else None  # noqa: S104  an address nobody has, not one to listen on


def _address(text: str) -> dict[str, Any]:
    packed = ip_address(text).packed
    return {"address": ("ipV4" if len(packed) == 4 else "ipV6", packed), "allocationMethod": ("dynamic", None)}


def _signal(moment: Moment, packet: radius.RadiusPacket) -> CdcMessage:
    said = " ".join(f"{name}={packet.attributes[name]!s}" for name in _SHOWN if name in packet.attributes)
    return _message(
        moment, "accessSignalingMessageReport", accessSessionID=_id(moment),
        signalingMsg=[{"messageType": "radius", "message": said}],
    )  # fmt: skip


def _ends(packet: IpPacket) -> dict[str, Any]:
    ends: dict[str, Any] = {
        "streamID": ("integer", flow_of(packet)),
        "sourceIPaddress": _address(packet.source) | {"allocationMethod": ("unknown", None)},
        "destinationIPaddress": _address(packet.destination) | {"allocationMethod": ("unknown", None)},
    }
    if packet.source_port is not None and packet.destination_port is not None:
        ends |= {"sourcePortNumber": str(packet.source_port), "destinationPortNumber": str(packet.destination_port)}
    return ends


def flow_of(packet: IpPacket) -> int:
    """A number for one direction of one flow: the same packets' ends give the same number."""
    ends = (packet.protocol, packet.source, packet.destination, packet.source_port, packet.destination_port)
    return crc32(repr(ends).encode()) & 0x7FFFFFFF
