"""Every payload format, on X2 and on X3, in both versions: it becomes a record, or its reason is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from asn1 import ip, multimedia, radius
from asn1.errors import DecodeError
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from asn1.ps_tables import PAYLOAD
from asn1.table import encode
from asn1.ts33108_eps import EPS_IRI_CONTENT
from asn1.ts33128 import decode_cc, decode_iri, encode_cc, encode_iri, encode_xiri
from asn1.x2x3 import (
    VERSION_5,
    VERSION_6,
    PayloadDirection,
    PayloadFormat,
    PduType,
    X2X3Pdu,
    decode_pdu,
    encode_pdu,
)
from mediation import foreign
from mediation.config import FaultsModel, MediationConfig
from mediation.convert import Product, product, service_of
from mediation.faults import Faults
from mediation.foreign import NotConvertibleError
from mediation.intake import Intake
from mediation.journal import Journal
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.mediate import Mediation
from mediation.runtime.config import PLAIN_WORDS
from mediation.sequence import Communication
from tests.asn1.test_gtpu import message as tunnel

HEADER = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=0, time_us=1)
T = 1_750_000_000_000_000
PACKET = bytes.fromhex("4500001c000100004011000cc0000201c633640213c413c400080000")
FRAME = bytes(12) + b"\x08\x00" + PACKET
TAGGED = bytes(12) + b"\x81\x00\x00\x07\x08\x00" + PACKET
RTP = bytes.fromhex("80080001000000a000000001") + b"\xd5" * 160
MESSAGE = (
    b"MESSAGE sip:+12125550102@ims.invalid SIP/2.0\r\nFrom: <sip:+12125550101@ims.invalid>;tag=a\r\n"
    b"To: <sip:+12125550102@ims.invalid>\r\nCall-ID: 1@h.invalid\r\nCSeq: 1 MESSAGE\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 6\r\n\r\nCANARY"
)
SIP_IRI = multimedia.sip_iri(bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)), MESSAGE)
SESSION = {"sUPI": ("iMSI", "001010000000001"), "pDUSessionID": 5, "uplinkVolume": 7}
EPS = encode(
    EPS_IRI_CONTENT,
    (
        "iRI-Begin-record",
        {"hi2epsDomainId": "0.4.0.2.2.4.8.16", "lawfulInterceptionIdentifier": b"LAB-1", "timeStamp": ("utcTime", 0)},
    ),
)


def iri_payload(*contents: tuple[str, Any], kind: str = "iRI-Begin") -> bytes:
    return encode(PAYLOAD, ("iRIPayloadSequence", [{"iRIType": kind, "iRIContents": one} for one in contents]))


def cc_payload(contents: tuple[str, Any]) -> bytes:
    return encode(PAYLOAD, ("cCPayloadSequence", [{"cCContents": contents}]))


def pdu(form: int, payload: bytes, kind: PduType, version: int = VERSION_5) -> X2X3Pdu:
    return X2X3Pdu(
        kind, form, PayloadDirection.FROM_TARGET, bytes(16), 7, payload, version, nfid="nf", sequence_number=0,
        timestamp_ns=1_750_000_000_000_000_000,
    )  # fmt: skip


ACCOUNTING = radius.build_radius(radius.ACCOUNTING_REQUEST, 1, [("User-Name", "a"), ("Acct-Status-Type", radius.START)])
CASES: list[tuple[PayloadFormat, PduType, str, bytes, str]] = [
    (PayloadFormat.ETSI_102232_1, PduType.X2, "voice", iri_pdu(HEADER, SIP_IRI, "begin"), "iPMMIRI"),
    (PayloadFormat.ETSI_102232_1, PduType.X3, "data", cc_pdu(HEADER, ip.ipcc(PACKET), "fromTarget"), "iPCC"),
    (PayloadFormat.ETSI_102232_1, PduType.X2, "voice", iri_payload(SIP_IRI), "iPMMIRI"),
    (PayloadFormat.TS_33128, PduType.X2, "data", encode_xiri(("pDUSessionRelease", SESSION)),
     "threeGPP33128DefinedIRI"),
    (PayloadFormat.TS_33128, PduType.X3, "data", encode_cc(("uPFCCPDU", PACKET)), "threeGPP33128DefinedCC"),
    (PayloadFormat.IPV4, PduType.X3, "data", PACKET, "iPCC"),
    (PayloadFormat.IPV4, PduType.X3, "voice", PACKET, "iPMMCC"),
    (PayloadFormat.IPV6, PduType.X3, "data", b"\x60" + bytes(39), "iPCC"),
    (PayloadFormat.ETHERNET, PduType.X3, "data", FRAME, "threeGPP33128DefinedCC"),
    (PayloadFormat.ETHERNET, PduType.X3, "voice", TAGGED, "iPMMCC"),
    (PayloadFormat.RTP, PduType.X3, "voice", RTP, "iPMMCC"),
    (PayloadFormat.SIP, PduType.X2, "voice", MESSAGE, "iPMMIRI"),
    (PayloadFormat.RADIUS, PduType.X2, "data", ACCOUNTING, "iPIRI"),
    (PayloadFormat.GTP_U, PduType.X3, "data", tunnel(), "iPCC"),
    (PayloadFormat.GTP_U, PduType.X3, "voice", tunnel(), "iPMMCC"),
    (PayloadFormat.MSRP, PduType.X3, "voice", b"MSRP a SEND\r\n-------a$\r\n", "iPMMCC"),
    (PayloadFormat.EPS_IRI, PduType.X2, "data", EPS, "ePSIRI"),
    (PayloadFormat.UNSTRUCTURED, PduType.X3, "data", b"octets", "threeGPP33128DefinedCC"),
    (PayloadFormat.PS_PDU_PAYLOAD, PduType.X2, "voice", iri_payload(SIP_IRI), "iPMMIRI"),
    (PayloadFormat.PS_PDU_PAYLOAD, PduType.X3, "data", cc_payload(ip.ipcc(PACKET)), "iPCC"),
]  # fmt: skip
REFUSED: list[tuple[int, PduType, bytes, str]] = [
    *((form, kind, b"octets", why) for form, why in foreign.NO_FORM.items() for kind in (PduType.X2, PduType.X3)
      if form != PayloadFormat.DHCP or kind is PduType.X2),
    *((form, PduType.X2, b"octets", "is not for X2") for form in sorted(foreign.CONTENT)),
    *((form, PduType.X3, b"octets", "is not for X3") for form in (9, 10, 11, 14)),
    (18, PduType.X2, b"", "does not know"),
    (65_535, PduType.X3, b"", "does not know"),
    (PayloadFormat.GTP_U, PduType.X3, tunnel(kind=1), foreign.NO_PACKET),
    (PayloadFormat.GTP_U, PduType.X3, tunnel(b"no packet"), foreign.NO_PACKET),
    (PayloadFormat.PS_PDU_PAYLOAD, PduType.X2, iri_payload(SIP_IRI, SIP_IRI), foreign.SEVERAL_RECORDS),
    (PayloadFormat.PS_PDU_PAYLOAD, PduType.X2, encode(PAYLOAD, ("tRIPayload", ("keep-alive", None))),
     foreign.NO_RECORD),
]  # fmt: skip


def made(role: str, one: X2X3Pdu, metadata_only: bool = False) -> Product | None:
    service_of(role, one)
    return product(role, one, Communication(1), metadata_only)


@pytest.mark.parametrize("version", [VERSION_5, VERSION_6])
@pytest.mark.parametrize(("form", "kind", "role", "payload", "name"), CASES)
def test_each_format_becomes_its_record(
    form: PayloadFormat, kind: PduType, role: str, payload: bytes, name: str, version: int
) -> None:
    arrived = decode_pdu(encode_pdu(pdu(form, payload, kind, version)))
    found = made(role, arrived)
    assert found is not None and found.contents[0] == name
    if found.iri_type is None:
        record = cc_pdu(HEADER, found.contents, found.direction)
    else:
        record = iri_pdu(HEADER, found.contents, found.iri_type, payload_direction=found.direction)
    assert decode_ps_pdu(record).payload[1][0][f"{'cC' if found.iri_type is None else 'iRI'}Contents"][0] == name


@pytest.mark.parametrize(("form", "kind", "payload", "why"), REFUSED)
def test_what_has_no_form_says_why(form: int, kind: PduType, payload: bytes, why: str) -> None:
    for role in ("voice", "data", "messaging", "web"):
        with pytest.raises(NotConvertibleError, match=why):
            made(role, pdu(form, payload, kind))


def test_every_format_and_interface_has_a_case() -> None:
    """A format on an interface that the table of clause 5.4 allows becomes something, or is refused with a reason."""
    seen = {(int(form), kind) for form, kind, *_ in CASES} | {(int(form), kind) for form, kind, *_ in REFUSED}
    missing = {(form, kind) for form in range(18) for kind in (PduType.X2, PduType.X3)} - seen
    assert missing == {(5, PduType.X2), (6, PduType.X2)}, "packets on X2 are reports of their headers (test_convert)"


@pytest.mark.parametrize(("form", "kind", "role", "payload", "name"), CASES)
def test_attack_no_format_carries_content_past_a_pen_register(
    form: PayloadFormat, kind: PduType, role: str, payload: bytes, name: str
) -> None:
    """Neither with the interface that it belongs to nor smuggled on the other, where content is not expected."""
    for one in (pdu(form, payload, kind), pdu(form, payload, PduType.X2), pdu(form, payload, PduType.X3)):
        try:
            found = product(role, one, Communication(1), True)
        except (DecodeError, NotConvertibleError):
            continue
        if found is None:
            continue
        assert found.iri_type is not None, "content under a pen register"
        assert b"CANARY" not in iri_pdu(HEADER, found.contents, found.iri_type)


def test_the_service_is_that_of_the_payload_and_not_of_whoever_sent_it() -> None:
    """A payload of one service from the function of another is judged as what it is, so that R-116 holds."""
    smuggled = pdu(PayloadFormat.PS_PDU_PAYLOAD, iri_payload(SIP_IRI), PduType.X2)
    assert service_of("data", smuggled) is Service.SMS
    assert service_of("data", pdu(PayloadFormat.RTP, RTP, PduType.X3)) is Service.VOICE
    assert (
        service_of("voice", pdu(PayloadFormat.PS_PDU_PAYLOAD, cc_payload(ip.ipcc(PACKET)), PduType.X3)) is Service.DATA
    )
    event = iri_payload(("threeGPP33128DefinedIRI", encode_iri(("pDUSessionRelease", SESSION))))
    assert service_of("voice", pdu(PayloadFormat.PS_PDU_PAYLOAD, event, PduType.X2)) is Service.DATA
    session = encode_xiri(("pDUSessionRelease", SESSION))
    assert service_of("messaging", pdu(PayloadFormat.TS_33128, session, PduType.X2)) is Service.DATA
    eps = pdu(PayloadFormat.EPS_IRI, EPS, PduType.X2)
    assert service_of("data", eps) is Service.DATA and product("data", eps, Communication(1), True) is None


def test_what_was_mediated_before_keeps_its_type_and_its_octets() -> None:
    found = made("voice", pdu(PayloadFormat.PS_PDU_PAYLOAD, iri_payload(SIP_IRI, kind="iRI-Continue"), PduType.X2))
    assert found is not None and (found.contents, found.iri_type) == (SIP_IRI, "continue")
    redacted = made("voice", pdu(PayloadFormat.PS_PDU_PAYLOAD, iri_payload(SIP_IRI), PduType.X2), True)
    assert redacted is not None and redacted.contents[1]["iPMMIRIContents"][0] == "iRIOnlySIPMessage"


def test_frames_and_tunnels_keep_what_they_carry() -> None:
    frame = made("data", pdu(PayloadFormat.ETHERNET, FRAME, PduType.X3))
    assert frame is not None
    assert decode_cc(frame.contents[1]) == ("extendedUPFCCPDU", {"payload": ("uPFEthernetCC", FRAME)})
    packet = made("data", pdu(PayloadFormat.GTP_U, tunnel(), PduType.X3))
    assert packet is not None and packet.contents == ip.ipcc(PACKET)
    with pytest.raises(DecodeError):
        made("data", pdu(PayloadFormat.ETHERNET, bytes(13), PduType.X3))
    with pytest.raises(DecodeError):
        made("data", pdu(PayloadFormat.ETHERNET, bytes(12) + b"\x81\x00", PduType.X3))


@pytest.mark.parametrize(("name", "iri_type"), [("pDUSessionRelease", "end"), ("pDUSessionModification", "continue")])
def test_a_session_event_under_a_pen_register_has_no_place(name: str, iri_type: str) -> None:
    place = {"location": {"locationInfo": {"timeZone": "CANARY"}}}
    event = {"requestType": "modificationRequest"} if name.endswith("Modification") else SESSION
    one = pdu(PayloadFormat.TS_33128, encode_xiri((name, event | place)), PduType.X2)
    found = made("data", one, True)
    assert found is not None and found.iri_type == iri_type
    assert decode_iri(found.contents[1]) == (name, event)


def test_what_cannot_be_converted_is_counted_with_its_reason(tmp_path: Path) -> None:
    xid = UUID(int=7)
    order = CourtOrder(
        OrderId("O-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T - 10**9, T + 10**9),
        (Target(TargetKind.E164, "12125550101"),), services=frozenset(Service),
    )  # fmt: skip
    config = MediationConfig.model_validate(
        {
            "data_dir": tmp_path, "court_public_key": tmp_path / "court.pub", "x1_url": "http://127.0.0.1:1/X1/NE",
            "x1_plain": PLAIN_WORDS, "ne_id": "ne", "admf_id": "admf", "hi2": {"port": 1}, "hi3": {"port": 2},
            "network_functions": {"nf": "data"},
        }
    )  # fmt: skip
    admf: Any = SimpleNamespace(
        orders={xid: order}, changes=0, refused=0, active_tasks=1, inbox_looks=0, activations={}
    )
    journal = Journal(tmp_path / "journal", tmp_path / "key", 1 << 20, 1 << 20, False)
    mediation = Mediation(config, journal, admf, Faults(FaultsModel()))
    sent = [
        pdu(PayloadFormat.PROPRIETARY, b"x", PduType.X2), pdu(PayloadFormat.PROPRIETARY, b"y", PduType.X3),
        pdu(PayloadFormat.DHCP, b"x", PduType.X2), pdu(PayloadFormat.GTP_U, tunnel(), PduType.X3),
    ]  # fmt: skip
    mediation.consume([one._replace(xid=xid.bytes) for one in sent])
    status = mediation.status(Intake(lambda pdus, frames: None, asyncio.Event()))
    assert status["not_convertible"] == {foreign.NO_FORM[4]: 2, foreign.NO_FORM[10]: 1}
    counted = status["per_liid"]["LAB-1"]
    assert (counted["not_convertible"], counted["cc"], counted["undecodable"], counted["scoped_out"]) == (3, 1, 0, 0)


@pytest.mark.parametrize(
    "change",
    [{"dNN": "CANARY words"}, {"sUPI": ("nAI", "CANARY words")}, {"selectedDNN": "CANARY words"}],
    ids=["network", "user", "selected-network"],
)
def test_attack_words_in_a_session_event_take_it_out_of_a_pen_register(change: dict[str, Any]) -> None:
    event = SESSION | {
        "gTPTunnelID": {"tEID": 1}, "pDUSessionType": "iPv4", "dNN": "internet.invalid",
        "requestType": "initialRequest",
    }  # fmt: skip
    del event["uplinkVolume"]
    plain = pdu(PayloadFormat.TS_33128, encode_xiri(("pDUSessionEstablishment", event)), PduType.X2)
    assert made("data", plain, True) is not None
    worded = pdu(PayloadFormat.TS_33128, encode_xiri(("pDUSessionEstablishment", event | change)), PduType.X2)
    assert made("data", worded, True) is None and made("data", worded) is not None


def test_a_user_of_a_kind_that_this_version_does_not_know_is_withheld_under_a_pen_register() -> None:
    """Found by fuzzing: such a user is octets and no text."""
    octets = bytes.fromhex("301381050413130301a20aa808a103840105840107")
    unknown = pdu(PayloadFormat.TS_33128, octets, PduType.X2)
    assert made("data", unknown, True) is None
