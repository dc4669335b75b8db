"""Records that we send as a mediation function, and the same octets written in other ways that BER allows. Pure.

Identities are fictional (555-01XX, TEST-NET); the interception is the one the run names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from asn1 import multimedia, tlv
from asn1.laes.describe import dialect_named
from asn1.laes.message import CdcMessage
from asn1.ps_pdu import PS_DOMAIN_OID, PsHeader, cc_pdu, encode_ps_pdu, hi1_pdu, iri_pdu, micro_stamp, tri_pdu
from asn1.table import Value

Form = Literal["indefinite", "padded"]
TARGET: Final = "+12125550101"
OTHER: Final = "+12125550102"
_SOURCE, _DESTINATION = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
_ROOT, _, _ = PS_DOMAIN_OID.rpartition(".")
UNKNOWN_FIELD: Final = bytes.fromhex("9f2803414243")
"""Context tag 40, which no version of the module has, with three octets."""
_US_MODULE: Final = {"t1678": "1.2.840.113737.2.1.0.0.0.1", "pcesp": "v4", "ias": "1.2.840.113737.2.1.1.0.0"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose records: the LIID, and the header fields that are the same in all of them."""

    liid: bytes

    def header(self, number: int, time_us: int, cin: int = 1, version: int = 43, **more: Any) -> PsHeader:  # noqa: ANN401
        return PsHeader(
            oid=f"{_ROOT}.{version}",
            liid=self.liid,
            authorization_country="US",
            delivery_country="US",
            operator_id=b"CONF",
            network_element_id=b"runner-1",
            cin=cin,
            sequence_number=number,
            time_us=time_us,
            time_qualifier="timeOfInterception",
        )._replace(**more)

    def iri(self, header: PsHeader, kind: str = "begin", method: str = "INVITE") -> bytes:
        contents = multimedia.sip_iri(_SOURCE, _DESTINATION, _sip(method, header.cin or 0))
        return iri_pdu(header, contents, kind, payload_direction="fromTarget")

    def cc(self, header: PsHeader, octets: int = 160) -> bytes:
        return cc_pdu(header, multimedia.ipmmcc(_packet(octets)), "fromTarget")

    def aggregated(self, header: PsHeader, payloads: int) -> bytes:
        """Content that waited for company: each payload with a time of its own (6.2.3)."""
        held = [
            {
                "payloadDirection": "fromTarget",
                "cCContents": multimedia.ipmmcc(_packet(80)),
                "microSecondTimeStamp": micro_stamp((header.time_us or 0) + at * 20_000),
            }
            for at in range(payloads)
        ]
        return encode_ps_pdu(header._replace(time_qualifier="timeOfAggregation"), ("cCPayloadSequence", held))

    def tri(self, number: int, time_us: int, name: str, value: Value = None, cin: int = 0) -> bytes:
        return tri_pdu(self.header(number, time_us, cin, time_qualifier=None), name, value)

    def notice(self, number: int, time_us: int, name: str = "liActivated") -> bytes:
        seconds = time_us // 1_000_000 * 1_000_000
        stamp: Value = ("utcTime", seconds)
        value = {"lawfulInterceptionIdentifier": self.liid, "timeStamp": stamp}
        return hi1_pdu(self.header(number, time_us, 0), name, value)


def _sip(method: str, call: int) -> bytes:
    return (
        f"{method} sip:{OTHER}@ims.invalid SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKconf{call}\r\n"
        f"From: <sip:{TARGET}@ims.invalid>;tag=1\r\nTo: <sip:{OTHER}@ims.invalid>\r\n"
        f"Call-ID: conformance-{call}@lab.invalid\r\nCSeq: 1 {method}\r\nSubject: SIMULATION\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def _packet(content: int) -> bytes:
    """IPv4, UDP, RTP and G.711 silence."""
    rtp = bytes((0x80, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9)) + b"\xd5" * content
    udp = b"".join(one.to_bytes(2) for one in (40_000, 40_002, 8 + len(rtp), 0)) + rtp
    head = bytes((0x45, 0, *(20 + len(udp)).to_bytes(2), 0, 1, 0, 0, 64, 17, 0, 0))
    return head + _SOURCE + _DESTINATION + udp


# The same record written otherwise


def written(octets: bytes, form: Form) -> bytes:
    """The same elements: constructed ones of indefinite length, or every length in its longest form (X.690 8.1.3)."""
    return b"".join(_element(octets, one, form) for one in _elements(octets, 0, len(octets)))


def _elements(octets: bytes, pos: int, end: int) -> list[tlv.Tlv]:
    found = []
    while pos < end:
        found.append(tlv.read_tlv(octets, pos, end))
        pos = found[-1].end
    return found


def _element(octets: bytes, one: tlv.Tlv, form: Form) -> bytes:
    identifier = tlv.encode_identifier(one.tag_class, one.constructed, one.number)
    content = octets[one.content : one.content_end]
    if one.constructed:
        content = b"".join(_element(octets, child, form) for child in tlv.children(octets, one))
    if form == "indefinite" and one.constructed:
        return identifier + b"\x80" + content + b"\0\0"
    if form == "padded":
        return identifier + b"\x88" + len(content).to_bytes(8) + content
    return identifier + tlv.encode_length(len(content)) + content


def extended(octets: bytes, where: Literal["header", "payload"]) -> bytes:
    """With a field that no version knows at the end of the header, or of the record itself."""
    outer = tlv.read_tlv(octets, 0, len(octets))
    header, *rest = tlv.children(octets, outer)
    more = UNKNOWN_FIELD if where == "header" else b""
    made = tlv.encode_tlv(2, True, 1, octets[header.content : header.content_end] + more)
    behind = b"".join(octets[one.start : one.end] for one in rest)
    return tlv.encode_tlv(0, True, 16, made + behind + (UNKNOWN_FIELD if where == "payload" else b""))


def without(octets: bytes, number: int) -> bytes:
    """Without that field of the header; all lengths fit."""
    outer = tlv.read_tlv(octets, 0, len(octets))
    header, *rest = tlv.children(octets, outer)
    kept = [one for one in tlv.children(octets, header) if one.number != number]
    parts = [octets[one.start : one.end] for one in (*kept, *rest)]
    made = tlv.encode_tlv(2, True, 1, b"".join(parts[: len(kept)]))
    return tlv.encode_tlv(0, True, 16, made + b"".join(parts[len(kept) :]))


def nested(depth: int) -> bytes:
    """A record-like element with so many values inside each other, all of indefinite length, and no end."""
    return b"\x30\x80" + b"\xa1\x80" * depth


# US dialects


def appended(octets: bytes) -> bytes:
    """A message with a field that no version knows at the end of what it holds."""
    return b"".join(_appended(octets, one) for one in _elements(octets, 0, len(octets)))


def _appended(octets: bytes, one: tlv.Tlv, outermost: bool = True) -> bytes:
    """Around a message there are the module's name and one or two choices, which hold one element each."""
    held = list(tlv.children(octets, one))
    parts = [octets[child.start : child.end] for child in held]
    if outermost or len(held) == 1:
        parts[-1] = _appended(octets, held[-1], False)
    else:
        parts.append(UNKNOWN_FIELD)
    return tlv.encode_tlv(one.tag_class, True, one.number, b"".join(parts))


def us_call(dialect: str, liid: str, time_us: int, number: int = 1) -> list[bytes]:
    """A short call, or a session where the dialect tells of access, as call data."""
    known = dialect_named(dialect)
    messages = _us(dialect, liid, time_us, number)
    return [known.encode(CdcMessage(name, fields, _US_MODULE[dialect])) for name, fields in messages]


def _us(dialect: str, liid: str, time_us: int, number: int) -> list[tuple[str, dict[str, Any]]]:
    dn, other = TARGET[1:], OTHER[1:]
    stamp_us = time_us // 1000 * 1000
    if dialect == "ias":
        whole = stamp_us // 1_000_000 * 1_000_000
        who: dict[str, Any] = {"caseId": liid, "iAPSystemId": "upf-1", "timestamp": whole}
        who |= {"subscriberIdentity": ("stringUTF8", dn)}
        address = {"address": ("ipV4", _DESTINATION), "allocationMethod": ("dynamic", None)}
        session = {"iPAddress": address, "accessSessionID": ("stringVS", str(number))}
        return [("accessAttempt", who), ("accessAccepted", who | session),
                ("accessSessionEnd", who | session | {"reasonForTermination": ("integer", 1)})]  # fmt: skip
    if dialect == "pcesp":
        at: dict[str, Any] = {"caseId": liid, "accessingElementId": "ims-1", "eventTime": stamp_us,
              "callId": {"sequencenumber": f"{number},1", "systemidentity": "runner-1"}}  # fmt: skip
        ends: dict[str, Any] = {
            "calling": {"dn": dn}, "called": {"dn": other}, "input": ("userinput", other), "reserved0": None,
        }  # fmt: skip
        return [("origination", at | ends), ("answer", at | {"answering": {"dn": other}}), ("release", at)]
    at = {"caseId": liid, "iAPSystemId": "ims-1", "timestamp": stamp_us, "callId": {"main": str(number), "leg": "1"}}
    ends = {
        "calling": {"dn": dn}, "called": {"dn": other}, "input": ("userInput", ("generic", other)),
        "originationCause": "basicCall",
    }  # fmt: skip
    return [("origination", at | ends), ("answer", at | {"answering": {"dn": other}}), ("release", at)]
