"""Where octets from outside enter: each decoder, with the kinds of sound records that its mutants are made of.

`covers` names the public functions behind an entry point; a test finds every `decode…` and `parse…` of `asn1` by
itself and fails for one that no entry point covers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from asn1 import (
    conference_info,
    encryption,
    gtpu,
    hi1,
    integrity,
    integrity_check,
    mime,
    mms,
    packets,
    ps_pdu,
    radius,
    recording,
    segments,
    sip,
    tlv,
    ts33128,
    view,
    x1,
    x2x3,
    x2x3_view,
)
from asn1.errors import DecodeError, RefusedError
from asn1.handover import HandoverConfig, LemfSession, MfSession
from asn1.laes import cc_apdu, ias, jstd025, pcesp, t1678
from asn1.laes import describe as laes
from asn1.laes.ccc import HEADER_OCTETS, decode_datagram
from mediation.convert import product, service_of
from mediation.law.hi1_orders import read_message
from mediation.sequence import Communication
from tools.fuzz import quick

_DIALECTS: Final = {one.name: one for one in (t1678.DIALECT, pcesp.DIALECT, ias.DIALECT, jstd025.DIALECT)}
_KEYS: Final = {"aES-192-CBC": bytes(24), "aES-256-CBC": bytes(32)}


class EntryPoint(NamedTuple):
    """`twins`: octets that the scan reads, so compiled and interpreted are compared on every mutant too."""

    name: str
    call: Callable[[bytes], object]
    layers: tuple[str, ...]
    covers: tuple[str, ...] = ()
    twins: bool = False


def _framer(octets: bytes) -> object:
    return x2x3.Framer().feed(octets)


def _x2x3_lines(octets: bytes) -> object:
    return list(x2x3_view.describe_stream([octets[: len(octets) // 2], octets[len(octets) // 2 :]]))


def _foreign(octets: bytes) -> object:
    """As the payload of every format, on both interfaces, under a warrant and under a pen register."""
    made = []
    for form in range(18):
        for kind in (x2x3.PduType.X2, x2x3.PduType.X3):
            pdu = x2x3.X2X3Pdu(kind, form, 3, payload=octets)
            for metadata_only in (False, True):
                try:
                    made.append((service_of("data", pdu), product("data", pdu, Communication(1), metadata_only)))
                except (DecodeError, RefusedError):
                    continue
    return made


def _target_xml(octets: bytes) -> object:
    return x2x3.parse_target_xml(octets.decode("utf-8", "replace"))


def _mf(octets: bytes) -> object:
    session = MfSession(HandoverConfig())
    session.connected(0)
    session.sent(1, 1)
    return session.receive(octets, 2), session.outgoing()


def _lemf(octets: bytes) -> object:
    session = LemfSession(HandoverConfig())
    session.connected(0)
    return session.tri(octets, len(octets), 1), session.outgoing()


def _tlv(octets: bytes) -> object:
    return tlv.read_tlv(octets, 0, len(octets)), tlv.tag_tree(octets, 0, len(octets))


def _decipher(octets: bytes) -> object:
    pdu = ps_pdu.decode_ps_pdu(octets)
    if pdu.payload[0] != "encryptionContainer":
        return None
    found: list[object] = []
    for profile in encryption.PROFILES.values():
        try:
            found.append(encryption.decipher(pdu, profile, _KEYS[profile.algorithm]))
        except DecodeError:
            found.append(None)
    return found


def _integrity(octets: bytes) -> object:
    """One record as data and, where it is a check, as what speaks of it."""
    pdu = ps_pdu.decode_ps_pdu(octets)
    header = pdu.header
    checker = integrity_check.Checker(integrity.IntegrityProfile())
    checker.record(integrity.Chain(header.liid, header.cin or 0, 0), 0, header.sequence_number, octets, 1)
    name, value = pdu.payload
    if name == "tRIPayload" and value[0] == "integrityCheck":
        checker.check(header.liid, header.cin or 0, header.sequence_number, value[1], 2)
    return checker.turn(3), checker.turn(1 << 50)


def _laes_facts(octets: bytes, *, dialect: str) -> object:
    return quick.laes_facts(octets, _DIALECTS[dialect])


def _order(octets: bytes) -> object:
    """A court's message all the way to an order; refusing it by law is an answer, not a failure."""
    try:
        return read_message(hi1.parse_message(octets))
    except RefusedError:
        return None


def _mime(octets: bytes) -> object:
    return mime.parts_of("multipart/related; boundary=simulated", octets), mime.parts_of("multipart/related", octets)


def _segments(octets: bytes) -> object:
    """A stream of records, whatever they are, told to a book of segments as the collector tells it."""
    book = segments.SegmentBook(max_open=4, max_segments=8)
    for number in range(0, len(octets) - 1, 2):
        stream = (b"L", octets[number] & 3, 0)
        what = octets[number + 1]
        if what & 3 == 0:
            book.first(stream, what >> 2, number)
        elif what & 3 == 1:
            book.last(stream, what >> 2)
        else:
            book.later_segment(stream, what >> 2)
        book.expire(number)
    if len(book) > 4:
        raise RuntimeError("the book of segments has lost its bound")
    return book.given_up


def _laes_stream(octets: bytes, *, dialect: str) -> object:
    return list(laes.describe_stream([octets[:7], octets[7:]], dialect))


def _view_stream(octets: bytes) -> object:
    return list(view.describe_stream([octets[:5], octets[5:]]))


def _datagram(octets: bytes, *, header_octets: int) -> object:
    return decode_datagram(octets, header_octets), laes.describe_datagram(octets, header_octets)


_LAES_LAYERS: Final = {
    "t1678": ("t1678", "cc-apdu"),
    "pcesp": ("pcesp",),
    "ias": ("ias", "cc-apdu"),
    "jstd025": ("jstd025",),
}

ENTRY_POINTS: Final = (
    EntryPoint("tlv.read_tlv", _tlv, ("ps-pdu", "xiri", "t1678", "raw")),
    EntryPoint("ps_pdu.decode_ps_pdu", ps_pdu.decode_ps_pdu, ("ps-pdu",), ("ps_pdu.decode_ps_pdu",), twins=True),
    EntryPoint(
        "ps_pdu.decode_encrypted_payload",
        ps_pdu.decode_encrypted_payload,
        ("encrypted payload",),
        ("ps_pdu.decode_encrypted_payload",),
    ),
    EntryPoint("view.describe", view.describe, ("ps-pdu",)),
    EntryPoint("view.describe_stream", _view_stream, ("ps-pdu", "raw"), twins=True),
    EntryPoint("encryption.decipher", _decipher, ("encrypted",)),
    EntryPoint("integrity_check.Checker", _integrity, ("ps-pdu", "integrity")),
    EntryPoint("segments.SegmentBook", _segments, ("raw",)),
    EntryPoint("handover.MfSession", _mf, ("ps-pdu tri",)),
    EntryPoint("handover.LemfSession", _lemf, ("ps-pdu tri",)),
    EntryPoint("collector.facts.facts_of", quick.etsi_facts, ("ps-pdu",)),
    EntryPoint("ts33128.decode_xiri", ts33128.decode_xiri, ("xiri",), ("ts33128.decode_xiri",)),
    EntryPoint("ts33128.decode_iri", ts33128.decode_iri, ("iri",), ("ts33128.decode_iri",)),
    EntryPoint("ts33128.decode_cc", ts33128.decode_cc, ("cc",), ("ts33128.decode_cc",)),
    EntryPoint(
        "sms_tpdu.decode_tpdu submit", partial(quick.tpdu, from_mobile=True), ("tpdu",), ("sms_tpdu.decode_tpdu",)
    ),
    EntryPoint("sms_tpdu.decode_tpdu deliver", partial(quick.tpdu, from_mobile=False), ("tpdu",)),
    EntryPoint("mms.decode_pdu", mms.decode_pdu, ("mms",), ("mms.decode_pdu",)),
    EntryPoint("mms.read_content", mms.read_content, ("mms", "mime")),
    EntryPoint("mime.parts_of", _mime, ("mime",)),
    EntryPoint(
        "conference_info.parse_conference_info",
        conference_info.parse_conference_info,
        ("conference",),
        ("conference_info.parse_conference_info",),
    ),
    EntryPoint("sip.parse_sip", sip.parse_sip, ("sip",), ("sip.parse_sip",)),
    EntryPoint("sdp.parse_sdp", sip.parse_sdp, ("sdp",), ("sdp.parse_sdp",)),
    EntryPoint("packets.parse_ip", packets.parse_ip, ("ip",), ("packets.parse_ip",)),
    EntryPoint("packets.parse_rtp", packets.parse_rtp, ("rtp",), ("packets.parse_rtp",)),
    EntryPoint(
        "packets.parse_telephone_event", packets.parse_telephone_event, ("rtp",), ("packets.parse_telephone_event",)
    ),
    EntryPoint(
        "recording.decode_recording", recording.decode_recording, ("recording",), ("recording.decode_recording",)
    ),
    EntryPoint("radius.parse_radius", radius.parse_radius, ("radius",), ("radius.parse_radius",)),
    EntryPoint("x2x3.decode_pdu", x2x3.decode_pdu, ("x2x3",), ("x2x3.decode_pdu",)),
    EntryPoint("x2x3.Framer", _framer, ("x2x3",)),
    EntryPoint("x2x3_view.describe_stream", _x2x3_lines, ("x2x3",)),
    EntryPoint("mediation.convert", _foreign, ("ps-pdu payload", "gtpu", "ip", "sip", "xiri")),
    EntryPoint("gtpu.user_packet", gtpu.user_packet, ("gtpu",)),
    EntryPoint("x2x3.parse_target_xml", _target_xml, ("target xml",), ("x2x3.parse_target_xml",)),
    EntryPoint("x1.parse_request", x1.parse_request, ("x1",), ("x1.parse_request",)),
    EntryPoint("x1.parse_response", x1.parse_response, ("x1",), ("x1.parse_response",)),
    EntryPoint("hi1.parse_message", hi1.parse_message, ("hi1",), ("hi1.parse_message",)),
    EntryPoint("law.hi1_orders.read_message", _order, ("hi1",)),
    *(
        EntryPoint(
            f"laes.describe {name}",
            partial(laes.describe, dialect=name),
            _LAES_LAYERS[name],
            (f"laes.{name}.decode_message",),
        )
        for name in laes.DIALECTS
    ),
    *(
        EntryPoint(
            f"collector.facts.facts_of_laes {name}",
            partial(_laes_facts, dialect=name),
            _LAES_LAYERS[name],
        )
        for name in laes.DIALECTS
    ),
    *(
        EntryPoint(f"laes.stream {name}", partial(_laes_stream, dialect=name), _LAES_LAYERS[name])
        for name in laes.DIALECTS
    ),
    EntryPoint("laes.cc_apdu.decode_apdu", cc_apdu.decode_apdu, ("cc-apdu",), ("laes.cc_apdu.decode_apdu",)),
    *(
        EntryPoint(
            f"laes.ccc.decode_datagram {octets}",
            partial(_datagram, header_octets=octets),
            (f"ccc {octets}",),
            ("laes.ccc.decode_datagram",),
        )
        for octets in HEADER_OCTETS
    ),
)
