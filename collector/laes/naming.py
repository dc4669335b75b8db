"""Which call a record of a US dialect belongs to, and which content a message announces. Pure.

Calls have names here, not numbers. A name is a text: the main part of a CallId (its legs are one call), the session of
an internet access, or a correlation identifier. Content is known by keys: its CCC-Identifier, its content identifier,
or the address that it is delivered to. What a later version put in place of any of these names nothing. Raises nothing,
for any message that a decoder of `asn1.laes` gave.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asn1 import sdp
from asn1.laes.cc_apdu import CcApdu
from asn1.laes.ccc import CccDatagram, ccc_text
from asn1.laes.message import CdcMessage
from asn1.packets import UDP, parse_ip
from asn1.table import Value
from collector.store.index_lists import write_list

FROM_TARGET: Final = 0
TO_TARGET: Final = 1
EITHER: Final = -1

Key = tuple[str, str]
"""What content is known by: `ccc`, `content` or `address`, and the value as text."""
Endpoint = tuple[str, int]
OPENS: Final = frozenset({"ccOpen", "ccopen", "ccChange", "ccchange"})
CLOSES: Final = frozenset({"ccClose", "ccclose"})
_CALL_FIELDS: Final = ("callId", "old")
_SESSION_FIELDS: Final = ("packetDataSessionID", "accessSessionID")
_FLOWS: Final = {"downstream": TO_TARGET, "upstream": FROM_TARGET}
_CCC_SIDES: Final = {
    "sepXmitCCC": FROM_TARGET,
    "sepRecvCCC": TO_TARGET,
    "indXmitCCC": FROM_TARGET,
    "indRecvCCC": TO_TARGET,
}


class Announcement(NamedTuple):
    """Content that a message announces or closes: by which keys it is known, which way each goes; `subject` are the
    ends of the target's media, where its SDP says them; `calls` the names of all calls that share it, in order."""

    keys: tuple[tuple[Key, int], ...]
    subject: frozenset[Endpoint]
    calls: tuple[str, ...]


def call_of(message: CdcMessage) -> str | None:
    """The name of a message's call; None where it names none."""
    calls = _calls(message.fields)
    if calls:
        return _call_name(calls[0])
    for name in _SESSION_FIELDS:
        if name in message.fields:
            return _value_name(name, message.fields[name])
    if "correlationID" in message.fields:
        return _content_name(("correlationID", message.fields["correlationID"]))
    return _content_name(message.fields.get("contentIdentifier"))


def successor_of(message: CdcMessage) -> str | None:
    """The name of the call that a redirection makes of its own; None for any other message."""
    call = message.fields.get("newCallId") or message.fields.get("new")
    return _call_name(call) if isinstance(call, Mapping) else None


def content_of(message: CdcMessage) -> Key | None:
    """The content identifier of a report about packets, by which the session is known that announced it."""
    name = _content_name(message.fields.get("contentIdentifier"))
    return None if name is None else ("content", name)


def announcement_of(message: CdcMessage) -> Announcement | None:
    """What a message announces or closes of content; None when it does neither."""
    fields = message.fields
    if message.name in OPENS or message.name in CLOSES:
        delivery = fields
    elif "deliveryInformation" in fields:
        delivery = fields["deliveryInformation"]
    else:
        return None
    flow = _FLOWS.get(str(fields.get("flowDirection")), EITHER)
    keys: list[tuple[Key, int]] = []
    content = _content_name(delivery.get("contentIdentifier"))
    if content is not None:
        keys.append((("content", content), EITHER))
    form, held = delivery.get("deliveryIdentifier", ("", None))
    if form == "ccAddress":
        keys += [(("address", address), EITHER) for address in _address(held)]
    else:
        keys += _channels(held if form == "cccId" else fields.get("cCCId"), flow)
    return Announcement(tuple(keys), _subject(fields), tuple(dict.fromkeys(map(_call_name, _calls(fields)))))


def keys_of(record: CcApdu | CccDatagram, address: Endpoint) -> tuple[Key, ...]:
    """What a piece of content is known by, the surest first; `address` is the link's own, and stands for content that
    has no identifier, or a number that was announced by address."""
    here = ("address", f"{address[0]}:{address[1]}")
    if isinstance(record, CccDatagram):
        return (("ccc", ccc_text(record.ccc_id)), here)
    content = _content_name(_correlation(record).get("contentIdentifier"))
    return (here,) if content is None else (("content", content),)


def stamp_of(record: CcApdu | CccDatagram) -> int | None:
    """When a piece of content was intercepted, by its own label; None where that says nothing."""
    stamp = record.time_us if isinstance(record, CccDatagram) else (record.header or {}).get("timeStamp")
    return stamp if isinstance(stamp, int) else None


def named_case(record: CcApdu | CccDatagram) -> str | None:
    """The case that a piece of content says it is of; None when it says none. Of a datagram it may be the first eight
    octets of a longer one."""
    if isinstance(record, CcApdu):
        case = _correlation(record).get("caseId")
        return None if case is None else str(case)
    octets = (record.case_id or b"").rstrip(b"\0")
    return octets.decode("ascii", "backslashreplace") or None


def agrees(named: str | None, liid: str, datagram: bool) -> bool:
    """Whether the case that a piece of content says allows that it is of `liid`."""
    return named is None or named == liid or (datagram and len(named) == 8 and liid.startswith(named))


def side_of(record: CcApdu | CccDatagram, subject: frozenset[Endpoint]) -> int:
    """Which way a piece of content goes, by its label or by the ends of its packet."""
    if isinstance(record, CcApdu):
        direction = (record.header or {}).get("packetDirection")
        if direction in ("fromSubject", "toSubject"):
            return FROM_TARGET if direction == "fromSubject" else TO_TARGET
    if not subject:
        return EITHER
    packet = parse_ip(record.payload if isinstance(record, CcApdu) else record.packet)
    if packet is None or packet.protocol != UDP:
        return EITHER
    source = _within(packet.source, packet.source_port, subject)
    destination = _within(packet.destination, packet.destination_port, subject)
    if source == destination:
        return EITHER
    return FROM_TARGET if source else TO_TARGET


def _within(address: str, port: int | None, ends: frozenset[Endpoint]) -> bool:
    """RTP at the port named, its RTCP at the next."""
    return port is not None and ((address, port) in ends or (address, port - 1) in ends)


def _correlation(apdu: CcApdu) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (apdu.header or {}).get("correlationInfo", {})
    return found


def _calls(fields: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """Every CallId that says which call a message is of, the first named first."""
    for name in _CALL_FIELDS:
        held = fields.get(name)
        if isinstance(held, Mapping):
            return [held]
        if held:
            return list(held)
    form, held = fields.get("ccOpenOption", ("", None))
    if form == "ccOpenTime":
        return list(held)
    previous = fields.get("previous")
    return list(previous["call-identities"]) if previous is not None else []


def _call_name(call: Mapping[str, str]) -> str:
    parts = [call["main"]] if "main" in call else [call[name] for name in ("sequencenumber", "systemidentity")]
    return f"call {write_list(parts)}"


def _value_name(kind: str, value: tuple[str, Value]) -> str | None:
    held = value[1]
    if isinstance(held, bytes):
        return f"{kind} {held.hex()}"
    return f"{kind} {held}" if isinstance(held, str | int) else None


def _content_name(identifier: tuple[str, Any] | None) -> str | None:
    if identifier is None:
        return None
    form, held = identifier
    if form == "callID":
        return _call_name(held)
    return f"correlation {held.hex()}" if form == "correlationID" else None


def _channels(ccc: tuple[str, Any] | None, flow: int) -> list[tuple[Key, int]]:
    if ccc is None:
        return []
    form, held = ccc
    texts = held if isinstance(held, Mapping) else {form: held}
    known = [(name, text) for name, text in texts.items() if isinstance(text, str)]
    return [(("ccc", text.upper()), _CCC_SIDES.get(name, flow)) for name, text in known]


def _address(value: Mapping[str, Any]) -> list[str]:
    octets = value["leaIPAddress"][1]
    if not isinstance(octets, bytes) or len(octets) not in (4, 16):
        return []
    address = ipaddress.ip_address(octets)
    return [f"{address}:{value['leaPortNumber']}"]


def _subject(fields: Mapping[str, Any]) -> frozenset[Endpoint]:
    return frozenset(
        (media.address, media.port) for media in sdp.parse_sdp(subject_sdp(fields)) if media.address and media.port
    )


def subject_sdp(fields: Mapping[str, Any]) -> bytes:
    """The SDP of the target's media as a message carries it; empty when it has none."""
    return _sdp(fields.get("subjectMedia")) or _sdp(fields.get("subject"))


def media_sdp(fields: Mapping[str, Any]) -> list[bytes]:
    """Every SDP of a message, whosever media it describes."""
    names = ("subjectMedia", "associateMedia", "answeringMedia", "subject", "associate")
    return [text for name in names if (text := _sdp(fields.get(name)))]


def _sdp(value: Value) -> bytes:
    """PCESP has the text itself, T1.678 a description that may hold one; of several the first."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        form, held = value.get("characteristics", ("", None))
        value = held if form == "sdp" else None
    return value.encode() if isinstance(value, str) else b""
