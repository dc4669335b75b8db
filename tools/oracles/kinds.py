"""What a record is called in the matrix: its layer, and the alternative that our own decoder finds in it.

Names are found by decoding, never kept in a list, so a new event or message has its row on the day it has octets. A
record our decoder refuses, or finds unknown elements in, has no kind: nothing of ours looks like that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lxml import etree

from asn1 import hi1, mms, packets, ps_tables, radius, sip, sms_tpdu, ts33128, view, x2x3
from asn1.errors import DecodeError
from asn1.laes import cc_apdu, describe, ias, jstd025, pcesp, t1678
from asn1.laes.ccc import decode_datagram
from asn1.table import Choice, Sequence, Type, decode_reporting
from tools.oracles.record import Record

DESCRIBED: Final[dict[str, Type]] = {
    "ps-pdu": ps_tables.PS_PDU,
    "xiri": ts33128.XIRI_PAYLOAD,
    "iri": ts33128.IRI_PAYLOAD,
    "cc": ts33128.CC_PAYLOAD,
    "t1678": t1678.LAES_PROTOCOL,
    "pcesp": pcesp.CDC_PDU,
    "ias": ias.IAS_PROTOCOL,
    "jstd025": jstd025.LAES_PROTOCOL,
    "cc-apdu": cc_apdu.CC_APDU,
}
"""The layers that are BER and have a description."""

_CODECS: Final = {0: "PCMU", 8: "PCMA", 13: "comfort noise", 101: "telephone-event"}


def kind_of(layer: str, octets: bytes, hint: str = "") -> str | None:
    """The row of the matrix, or None for octets that are no sound record of that layer."""
    try:
        namer = _NAMERS.get(layer)
        if namer is not None:
            return namer(octets, hint)
        record = DESCRIBED.get(layer)
        return None if record is None else described_kind(record, octets)
    except DecodeError:
        return None


def record_of(layer: str, octets: bytes, source: str, hint: str = "") -> Record:
    """A record that one of our pieces emitted. Raises ValueError where our own decoder does not read it."""
    kind = kind_of(layer, octets, hint)
    if kind is None:
        raise ValueError(f"{source}: our own decoder does not read this {layer}: {octets[:40].hex()}…")
    return Record(layer, kind, octets, source, DESCRIBED.get(layer), True, hint)


def described_kind(record: Type, octets: bytes) -> str | None:
    """`XIRIPayload sMSMessage`: the description's name and the alternatives chosen in it; None with unknown tags."""
    value, unknown = decode_reporting(record, octets)
    if unknown:
        return None
    chosen = ".".join(_alternatives(record, value))
    return f"{record.name} {chosen}".strip()


def _of_records(record: Type) -> bool:
    return isinstance(record, Choice) and any(isinstance(row.type, Sequence) for row in record.fields)


def _alternatives(record: Type, value: Any) -> list[str]:  # noqa: ANN401  a decoded value has any shape
    if isinstance(record, Choice):
        rows = {row.name: row.type for row in record.fields}
        below = _alternatives(rows[value[0]], value[1]) if _of_records(rows[value[0]]) else []
        return [value[0], *below]
    if isinstance(record, Sequence):
        for row in record.fields:
            if row.name in value and _of_records(row.type):
                return _alternatives(row.type, value[row.name])
    return []


def _ps_pdu(octets: bytes, _: str) -> str | None:
    line = view.describe(octets)
    if "error" in line or line.get("unknown_tags"):
        return None
    return f"PS-PDU {line['payload']}"


def _x2x3(octets: bytes, _: str) -> str:
    pdu = x2x3.decode_pdu(octets)
    if pdu.pdu_type in (x2x3.PduType.KEEPALIVE, x2x3.PduType.KEEPALIVE_ACK):
        return f"X2/X3 {pdu.pdu_type.name}"
    name = next((form.name for form in x2x3.PayloadFormat if form == pdu.payload_format), str(pdu.payload_format))
    return f"{pdu.pdu_type.name} {name}"


def _tpdu(octets: bytes, hint: str) -> str:
    return sms_tpdu.decode_tpdu(octets, hint == "from mobile").type


def _sip(octets: bytes, _: str) -> str:
    message = sip.parse_sip(octets)
    if message.status is None:
        return f"SIP {message.method}"
    return f"SIP {message.status // 100}xx"


def _ip(octets: bytes, _: str) -> str | None:
    packet = packets.parse_ip(octets)
    return None if packet is None or packet.truncated else f"IPv{packet.version} packet"


def _rtp(octets: bytes, _: str) -> str | None:
    header = packets.parse_rtp(octets)
    return None if header is None else f"RTP {_CODECS.get(header.payload_type, header.payload_type)}"


def _radius(octets: bytes, _: str) -> str:
    names = {1: "Access-Request", 2: "Access-Accept", 3: "Access-Reject", 4: "Accounting-Request"}
    code = radius.parse_radius(octets).code
    return f"RADIUS {names.get(code, code)}"


def _laes(dialect: str) -> Callable[[bytes, str], str | None]:
    def name(octets: bytes, _: str) -> str | None:
        line = describe.describe(octets, dialect=dialect)
        if "error" in line or line.get("unknown_tags"):
            return None
        return f"{dialect.upper()} {line['payload']}"

    return name


def _ccc(octets: bytes, hint: str) -> str:
    decode_datagram(octets, int(hint))
    return f"CCC datagram, header of {hint} octets"


def _cc_apdu(octets: bytes, _: str) -> str:
    cc_apdu.decode_apdu(octets)
    return "CC-APDU"


def _hi1(octets: bytes, _: str) -> str:
    message = hi1.parse_message(octets)
    bodies = [type(action.body).__name__ for action in message.requests]
    bodies += [type(action.body).__name__ for action in message.responses]
    return f"HI1 {'+'.join(sorted(set(bodies))) or 'refusal'}"


def _wav(_: bytes, __: str) -> str:
    return "Sound of a call (WAV)"


def _pcapng(_: bytes, __: str) -> str:
    return "Packets of a communication (pcapng)"


def _mms(octets: bytes, _: str) -> str:
    return f"MMS {mms.decode_pdu(octets).message_type}"


def _x1(octets: bytes, _: str) -> str | None:
    """By the schema's own type names: this project's two parsers are not asked, so both directions have one name."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError:
        return None
    xsi = "{http://www.w3.org/2001/XMLSchema-instance}type"
    kinds = [str(child.get(xsi)).rpartition(":")[2] for child in root if child.get(xsi)]
    return f"X1 {'+'.join(sorted(set(kinds))) or etree.QName(root).localname}"


_NAMERS: Final[dict[str, Callable[[bytes, str], str | None]]] = {
    "ps-pdu": _ps_pdu,
    "x2x3": _x2x3,
    "tpdu": _tpdu,
    "sip": _sip,
    "ip": _ip,
    "rtp": _rtp,
    "radius": _radius,
    "t1678": _laes("t1678"),
    "pcesp": _laes("pcesp"),
    "ias": _laes("ias"),
    "jstd025": _laes("jstd025"),
    "cc-apdu": _cc_apdu,
    "ccc": _ccc,
    "hi1": _hi1,
    "x1": _x1,
    "mms": _mms,
    "wav": _wav,
    "pcapng": _pcapng,
}
