"""Messages and events of TS 33.128 as the collector reads them, and SIP header by header, with words hidden everywhere.

A field is kept in the shape of an identity, a number or a name, or not at all. The canary has blanks and figures, so
that it is none of them: wherever it stands, the record must not be accepted as received, nor the mask show it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, sms_tpdu, ts33128
from asn1.errors import DecodeError, EncodeError
from asn1.ip import IPIRI_CONTENTS
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from asn1.table import Choice, Sequence, SequenceOf, Type
from asn1.table_types import (
    BitString,
    Boolean,
    Enumerated,
    GeneralizedTime,
    Integer,
    Null,
    OctetString,
    Text,
    Undescribed,
)
from collector.facts import LOCATION_SIP_HEADERS, PLAIN_SIP_HEADERS, Digits, RecordFacts, facts_of, shapes
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_OK, CinState
from collector.mask import permitted_octets
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.law.verdicts import VerdictKind

T = 1_750_000_000_000_000
A, B = "12125550101", "12125550102"
CANARY = "CANARY 7f3a words"
FORMS = (CANARY.lower(), CANARY.encode().hex(), CANARY.replace(" ", "%20").lower(), "canary")
ORDER = CourtOrder(
    OrderId("P-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T - 10**9, T + 10**9),
    (Target(TargetKind.E164, A), Target(TargetKind.IMSI, "001010000000001")),
)  # fmt: skip
WARRANT = replace(ORDER, kind=OrderKind.EAVESDROPPING, services=frozenset(Service))
HEADER = PsHeader(
    liid=b"LAB-1", operator_id=b"SIMOP", cin=7, sequence_number=3, time_us=T, time_qualifier="timeOfInterception"
)
PARTY, OTHER = ({"mMSPartyIDs": [("e164Number", one)], "nonLocalID": "local"} for one in (A, B))


def read(contents: tuple[str, Any]) -> RecordFacts:
    return facts_of(decode_ps_pdu(iri_pdu(HEADER, contents, "report")), T + 5)


def mobile(name: str, event: Any, **more: Any) -> RecordFacts:
    return read(("threeGPP33128DefinedIRI", ts33128.encode_iri((name, event), **more)))


def judged(facts: RecordFacts, order: CourtOrder = ORDER, target: int = TARGET_OK) -> VerdictKind:
    return decide((order,), facts, LinkPolicy(), CinState(target)).verdict.kind


def leaf(facts: RecordFacts, order: CourtOrder = ORDER) -> str:
    return permitted_octets(order, facts, b"", bytes(32)).decode().lower()


def fields(facts: RecordFacts) -> dict[str, Any]:
    return dict(json.loads(leaf(facts))["fields"])


# --- multimedia messages ----------------------------------------------------------------------------------------------

COMMON: dict[str, Any] = {"transactionID": "T1", "version": {"majorVersion": 1, "minorVersion": 3}}
SEND: dict[str, Any] = COMMON | {
    "dateTime": T, "originatingMMSParty": PARTY, "terminatingMMSParty": [OTHER],
    "direction": "fromTarget", "expiry": {"expiryPeriod": 60, "periodFormat": "relative"},
    "contentType": "multipart/related", "responseStatus": "ok", "messageID": "m1@mms.invalid",
}  # fmt: skip


def send(**more: Any) -> RecordFacts:
    return mobile("mMSSend", SEND | more)


@pytest.mark.rule("R-113", "R-113.1")
def test_of_a_multimedia_message_a_pen_register_keeps_who_when_and_how_large() -> None:
    facts = send(subject=CANARY)
    assert (facts.service, facts.parties_known, facts.opens, facts.target_sends) == (Service.MMS, True, True, True)
    assert judged(facts) is VerdictKind.MASK and judged(facts, WARRANT) is VerdictKind.ACCEPT
    kept = dict(facts.permitted)
    assert (kept["from"], kept["to"], kept["direction"]) == ([A], [B], "fromTarget")
    assert (kept["messageID"], kept["dateTime"]) == ("m1@mms.invalid", T)
    assert CANARY.lower() not in leaf(facts)


@pytest.mark.rule("R-114", "R-114.1")
def test_the_subject_of_a_multimedia_message_is_content() -> None:
    facts = send(subject="lunch")
    assert facts.content == ("mms_subject",) and judged(facts) is VerdictKind.MASK and "lunch" not in leaf(facts)
    assert send().content == () and judged(send()) is VerdictKind.ACCEPT


@pytest.mark.rule("R-116")
def test_a_multimedia_message_needs_a_warrant_that_lists_it() -> None:
    for services, kind in (
        (frozenset({Service.MMS}), VerdictKind.ACCEPT),
        (frozenset({Service.SMS}), VerdictKind.REJECT),
    ):
        assert judged(send(subject="x"), replace(WARRANT, services=services)) is kind


def test_a_notification_has_the_size_and_the_carrier_says_whose_it_is() -> None:
    notice = COMMON | {
        "originatingMMSParty": OTHER, "direction": "toTarget", "messageClass": "personal", "messageSize": 5_201,
        "expiry": {"expiryPeriod": 60, "periodFormat": "relative"},
    }  # fmt: skip
    named = mobile("mMSNotification", notice, targets=[(("e164Number", A), "matchedOn")])
    assert named.parties_known and dict(named.permitted)["messageSize"] == 5_201
    assert judged(named, target=0) is VerdictKind.ACCEPT
    bare = mobile("mMSNotification", notice)
    assert not bare.parties_known and judged(bare, target=0) is VerdictKind.REJECT
    stranger = mobile("mMSNotification", notice, targets=[(("e164Number", "12125550177"), "matchedOn")])
    assert judged(stranger, target=0) is VerdictKind.REJECT


def test_the_content_of_a_multimedia_message_is_content_of_its_service() -> None:
    value = {"version": COMMON["version"], "transactionID": "T1", "mMSContent": CANARY.encode()}
    record = cc_pdu(HEADER, ("threeGPP33128DefinedCC", ts33128.encode_cc(("mMSCCPDU", value))), "fromTarget")
    facts = facts_of(decode_ps_pdu(record), T)
    assert (facts.kind, facts.service) == ("cc", Service.MMS)
    assert judged(facts) is VerdictKind.REJECT and judged(facts, WARRANT) is VerdictKind.ACCEPT
    packet = cc_pdu(HEADER, ("threeGPP33128DefinedCC", ts33128.encode_cc(("uPFCCPDU", b"x"))), "fromTarget")
    assert facts_of(decode_ps_pdu(packet), T).service is Service.DATA


# --- other events -----------------------------------------------------------------------------------------------------

INVITE = (
    f"INVITE sip:+{B}@ims.invalid SIP/2.0\r\nFrom: <sip:+{A}@ims.invalid>;tag=a\r\nTo: <sip:+{B}@ims.invalid>\r\n"
    "Call-ID: 1@h.invalid\r\nCSeq: 1 INVITE\r\n"
)


def test_ims_signalling_in_an_event_is_read_like_any_other() -> None:
    def event(octets: bytes, **more: Any) -> RecordFacts:
        message = {"iPSourceAddress": ("iPv4Address", bytes(4)), "iPDestinationAddress": ("iPv4Address", bytes(4)),
                   "sIPContent": octets}  # fmt: skip
        payload = ("encapsulatedSIPMessage", message)
        return mobile("iMSMessage", {"payload": payload, "sessionDirection": "fromTarget", **more})

    plain = event(f"{INVITE}\r\n".encode())
    assert (plain.service, plain.opens, plain.content, plain.target_sends) == (Service.VOICE, True, (), True)
    assert judged(plain, target=0) is VerdictKind.ACCEPT
    assert judged(event(f"{INVITE}\r\nCANARY".encode())) is VerdictKind.MASK
    placed = event(f"{INVITE}\r\n".encode(), location={"locationInfo": {}})
    assert placed.location and judged(placed) is VerdictKind.MASK
    assert event(f"{INVITE}\r\n".encode(), accessNetworkInformation=[{"accessNetworkInfo": "x"}]).location
    party = {"partyIndication": "callingParty", "translationInput": ("iMSIdentities", ("iMPI", "x"))}
    assert "undescribed_fields" in event(f"{INVITE}\r\n".encode(), numberTranslationInformation=[party]).content


def test_a_call_that_was_up_when_the_interception_began_is_answered() -> None:
    description = b"v=0\r\ns=CANARY words\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 0\r\n"
    event = {"originatingId": [("sIPURI", f"sip:+{A}@ims.invalid")], "terminatingId": ("tELURI", f"tel:+{B}")}
    facts = mobile("startOfInterceptionForActiveIMSSession", event | {"sDPState": [description]})
    assert facts.answers and facts.parties_known and facts.content == ("sip_body",)
    assert fields(facts)["media"] == [{"port": 4000, "address": "192.0.2.9"}]
    assert mobile("startOfInterceptionForActiveIMSSession", event).content == ()


def test_word_that_content_cannot_be_delivered_is_refused_on_a_pen_register() -> None:
    facts = mobile("iMSCCUnavailable", {"cCUnavailableReason": CANARY})
    assert judged(facts) is VerdictKind.REJECT and judged(facts, WARRANT) is VerdictKind.ACCEPT


def test_the_report_on_a_message_may_carry_words_of_its_own() -> None:
    def report(octets: bytes) -> RecordFacts:
        event = {"sMSTPDUData": ("sMSTPDU", octets), "messageType": "deliverReportAck", "rPMessageReference": 7}
        return mobile("sMSReport", event)

    plain = report(sms_tpdu.encode_deliver_report())
    assert (plain.service, plain.content, judged(plain)) == (Service.SMS, (), VerdictKind.ACCEPT)
    assert fields(plain)["reference"] == 7
    assert report(b"CANARY").content == ("sms_text",) and judged(report(b"CANARY")) is VerdictKind.MASK


SESSION: dict[str, Any] = {
    "sUPI": ("iMSI", "001010000000001"), "pDUSessionID": 5, "gTPTunnelID": {"tEID": 1}, "pDUSessionType": "iPv4",
    "uEEndpoint": [("iPv4Address", bytes([192, 0, 2, 7]))], "dNN": "internet.invalid", "requestType": "initialRequest",
}  # fmt: skip


@pytest.mark.rule("R-112")
def test_the_place_of_a_session_is_stripped_unless_the_order_names_it() -> None:
    facts = mobile("pDUSessionEstablishment", SESSION)
    assert (facts.service, judged(facts, target=0)) == (Service.DATA, VerdictKind.ACCEPT)
    assert fields(facts)["identities"] == ["001010000000001", "192.0.2.7"] and fields(facts)["network"]
    placed = mobile("pDUSessionEstablishment", SESSION | {"location": {"locationInfo": {"timeZone": "CANARY"}}})
    assert judged(placed) is VerdictKind.MASK and "canary" not in leaf(placed)
    assert judged(placed, replace(ORDER, location_authorised=True)) is VerdictKind.ACCEPT


def test_a_registration_is_of_no_service_and_its_place_needs_an_order_that_names_it() -> None:
    event = {"sUPI": ("iMSI", "001010000000001"), "location": {"locationInfo": {}}}
    facts = mobile("locationUpdate", event)
    assert facts.administrative and judged(facts) is VerdictKind.MASK
    assert judged(facts, WARRANT) is VerdictKind.QUARANTINE
    assert judged(facts, replace(WARRANT, location_authorised=True)) is VerdictKind.ACCEPT


PLMN = {"mCC": "001", "mNC": "01"}
GUTI = PLMN | {"aMFRegionID": 1, "aMFSetID": 2, "aMFPointer": 3, "fiveGTMSI": 4}
REGISTRATION: dict[str, Any] = {
    "sUPI": ("iMSI", "001010000000001"), "registrationType": "initial", "registrationResult": "threeGPPAccess",
    "gUTI": GUTI,
}  # fmt: skip


def test_of_a_registration_who_and_what_are_kept() -> None:
    facts = mobile("registration", REGISTRATION)
    assert (facts.administrative, facts.content, facts.location) == (True, (), False)
    assert judged(facts) is judged(facts, WARRANT) is VerdictKind.ACCEPT
    assert dict(facts.permitted) == {
        "registrationType": "initial", "registrationResult": "threeGPPAccess", "identities": ["001010000000001"],
    }  # fmt: skip
    failed = {"failedProcedureType": "registration", "failureCause": ("fiveGMMCause", 3), "sUPI": REGISTRATION["sUPI"]}
    assert judged(mobile("unsuccessfulAMProcedure", failed)) is VerdictKind.ACCEPT


@pytest.mark.rule("R-112")
@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("lALSReport", {"gPSI": ("mSISDN", A), "location": {"locationInfo": {"timeZone": "-04:00"}}}),
        ("separatedLocationReporting", {"sUPI": REGISTRATION["sUPI"], "location": {"coarseLocation": (
            "tS36413CoarseUELocation", b"CANARY")}}),
        ("registration", REGISTRATION | {"fiveGSTAIList": [{"pLMNID": PLMN, "tAC": b"\0\7"}]}),
        ("servingSystemMessage", {"sUPI": REGISTRATION["sUPI"], "servingSystemMethod": "amf3GPPAccessRegistration",
                                  "pLMNID": PLMN}),
        ("cancelLocationMessage", {"sUPI": REGISTRATION["sUPI"], "cancelLocationMethod": "aMF3GPPAccessDeregistration",
                                   "pLMNID": PLMN}),
    ],
)  # fmt: skip
def test_attack_what_tells_a_place_is_withheld_unless_the_order_names_it(name: str, event: dict[str, Any]) -> None:
    facts = mobile(name, event)
    assert facts.location and judged(facts) is VerdictKind.MASK
    assert all(word not in leaf(facts) for word in ("canary", "04:00", "0007", "mnc", "plmn"))
    assert judged(facts, WARRANT) is VerdictKind.QUARANTINE
    assert judged(facts, replace(ORDER, location_authorised=True)) is VerdictKind.ACCEPT


def test_attack_words_in_place_of_digits_are_content() -> None:
    """Reading is patient with a country code of any length, and there words would have room."""
    octets = ts33128.encode_iri(("registration", REGISTRATION))
    forged = octets.replace(b"\x81\x03001", b"\x81\x03now", 1)
    assert forged != octets
    facts = read(("threeGPP33128DefinedIRI", forged))
    assert "undescribed_fields" in facts.content and judged(facts) is VerdictKind.MASK


def test_a_packet_report_tells_who_when_and_how_much() -> None:
    event = {
        "pDUSessionID": 5, "sourceIPAddress": ("iPv4Address", bytes([192, 0, 2, 7])), "sourcePort": 40_000,
        "destinationIPAddress": ("iPv4Address", bytes([192, 0, 2, 80])), "destinationPort": 443,
        "nextLayerProtocol": 6, "direction": "fromTarget", "packetSize": 60,
    }  # fmt: skip
    facts = mobile("pDHeaderReport", event, targets=[(("iMSI", "001010000000001"), "matchedOn")])
    assert (facts.service, facts.content, facts.target_sends) == (Service.DATA, (), True)
    kept = dict(facts.permitted)
    assert (kept["source"], kept["destination"], kept["packetSize"]) == ("192.0.2.7", "192.0.2.80", 60)


# --- a canary in every field ------------------------------------------------------------------------------------------


def least(kind: Type) -> Any:
    if isinstance(kind, Sequence):
        needed = {row.name: least(row.type) for row in kind.fields if not row.optional}
        return needed | ({"sIPContent": f"{INVITE}\r\n".encode()} if "sIPContent" in needed else {})
    if isinstance(kind, Choice):
        return (kind.fields[0].name, least(kind.fields[0].type))
    if isinstance(kind, SequenceOf):
        return [least(kind.item)]
    if isinstance(kind, Enumerated):
        return kind.rows[0][1]
    if isinstance(kind, Text):
        return "1" * max(kind.low or 1, 1)
    if isinstance(kind, OctetString):
        return bytes(kind.low or 0)
    plain: tuple[tuple[type[Type], Any], ...] = (
        (GeneralizedTime, T), (Integer, 1), (Boolean, True), (Null, None), (BitString, []), (Undescribed, b"\x80\0"),
    )  # fmt: skip
    return next((value for of, value in plain if isinstance(kind, of)), "1.2.3")


def hidden(kind: Type, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value of a type with the canary in one place, by the path to that place."""
    if isinstance(kind, Sequence | Choice):
        for row in kind.fields:
            for path, value in hidden(row.type, depth + 1):
                one = {**least(kind), row.name: value} if isinstance(kind, Sequence) else (row.name, value)
                yield f"{row.name}.{path}", one
    elif isinstance(kind, SequenceOf):
        for path, value in hidden(kind.item, depth + 1):
            yield path, [least(kind.item), value]
    elif isinstance(kind, Text):
        yield "", CANARY
    elif isinstance(kind, OctetString | Undescribed):
        yield "", CANARY.encode()


DESCRIBED = sorted(
    row.name for row in ts33128.IRI_EVENT.fields if isinstance(row.type, Sequence) and row.name is not None
)


@pytest.mark.rule("R-110", "R-113")
@pytest.mark.parametrize("name", DESCRIBED)
def test_attack_words_in_any_field_of_an_event_are_kept_nowhere(name: str) -> None:
    kind = next(row.type for row in ts33128.IRI_EVENT.fields if row.name == name)
    seen = 0
    for path, event in hidden(kind):
        try:
            facts = mobile(name, event)
        except (EncodeError, DecodeError):
            # What cannot be sent, and what cannot be read, which is refused on a pen register.
            continue
        seen += 1
        assert facts.content or facts.location, path
        for order in (ORDER, replace(ORDER, pctdd_authorised=True)):
            assert judged(facts, order) in (VerdictKind.MASK, VerdictKind.REJECT), path
            assert not any(form in leaf(facts, order) for form in FORMS), path
    assert seen or name in ("pDHeaderReport", "pDSummaryReport"), "only numbers and addresses hold no words"


@pytest.mark.parametrize("path", [path for path, _ in hidden(IPIRI_CONTENTS)])
def test_attack_words_in_any_field_of_a_session_report_are_kept_nowhere(path: str) -> None:
    contents = next(value for found, value in hidden(IPIRI_CONTENTS) if found == path)
    try:
        facts = read(ip.ipiri({**contents, "targetNetworkID": contents.get("targetNetworkID", A)}))
    except EncodeError:
        return
    assert judged(facts) in (VerdictKind.MASK, VerdictKind.REJECT), path
    assert not any(form in leaf(facts) for form in FORMS)


# --- SIP --------------------------------------------------------------------------------------------------------------


def sip(
    *headers: str, start: str = f"INVITE sip:+{B}@ims.invalid SIP/2.0", body: bytes = b"", cseq: str = ""
) -> RecordFacts:
    lines = [
        start, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", f"From: <sip:+{A}@ims.invalid>;tag=a",
        f"To: <sip:+{B}@ims.invalid>", "Call-ID: 77@ims.invalid", f"CSeq: 12 {cseq or start.partition(' ')[0]}",
        *headers, f"Content-Length: {len(body)}",
    ]  # fmt: skip
    return read(multimedia.sip_iri(bytes(4), bytes(4), "\r\n".join(lines).encode() + b"\r\n\r\n" + body))


def test_plain_signalling_of_every_kind_is_no_content() -> None:
    facts = sip(
        f'P-Asserted-Identity: "Alex Rivera" <sip:+{A}@ims.invalid;user=phone>, <tel:+{A}>',
        "Contact: <sip:a@192.0.2.1:5060;transport=udp>;expires=60", "Allow: INVITE, ACK", "Supported: 100rel,timer",
        "Max-Forwards: 70", "Session-Expires: 1800;refresher=uac", "Privacy: id;user", "Route: <sip:p.invalid;lr>",
        "Date: Sun, 15 Jun 2025 15:06:40 GMT", "Reason: Q.850;cause=16", "Accept: application/sdp",
        f"Diversion: <sip:+{B}@ims.invalid>;reason=no-answer;counter=1", f"History-Info: <sip:+{B}@h.invalid>;index=1",
    )  # fmt: skip
    assert facts.content == () and judged(facts) is VerdictKind.ACCEPT


@pytest.mark.parametrize("name", sorted(PLAIN_SIP_HEADERS - {"content-length"}))
def test_attack_words_in_a_plain_header_are_content(name: str) -> None:
    """Its value has the shape that its kind has, or it is masked; a Call-ID has no blanks."""
    for value in (CANARY, f'"{CANARY}" <sip:a@h.invalid>', f"<sip:a@h.invalid;x={CANARY}>", f'70;text="{CANARY}"'):
        facts = sip(f"{name}: {value}")
        assert judged(facts) is VerdictKind.MASK and not any(form in leaf(facts) for form in FORMS), (name, value)


@pytest.mark.parametrize("name", sorted(LOCATION_SIP_HEADERS))
def test_attack_a_place_in_a_header_is_kept_nowhere(name: str) -> None:
    facts = sip(f"{name}: 3GPP-NR;cell=CANARY")
    assert facts.location and judged(facts) is VerdictKind.MASK and "canary" not in leaf(facts)


@pytest.mark.parametrize(
    ("start", "item"),
    [
        (f"SIP/2.0 480 {CANARY}", "reason_text"),
        (f"CANARY sip:+{B}@ims.invalid SIP/2.0", "sip_method"),
        ("INVITE sip:CANARY%207f3a%20words@ims.invalid SIP/2.0", "uri_user"),
        ("INVITE sip:a:CANARY@ims.invalid SIP/2.0", "uri_user"),
        ("INVITE sip:a@ims.invalid;note=CANARY SIP/2.0", "uri_parameters"),
        ("INVITE data:text/plain,CANARY SIP/2.0", "uri_scheme"),
        ("INVITE tel:CANARY SIP/2.0", "uri_user"),
    ],
)
def test_attack_words_in_the_first_line_are_content(start: str, item: str) -> None:
    facts = sip(start=start, cseq="INVITE")
    assert item in facts.content and "canary" not in leaf(facts) and judged(facts) is VerdictKind.MASK


def test_a_name_that_is_shown_is_kept_and_a_text_is_not() -> None:
    named = sip(f'f: "Alex Rivera" <sip:+{A}@ims.invalid>;tag=a')
    assert named.content == ()
    for text in ("meet at 5", "a b c d e f g", "x" * 49):
        assert sip(f'P-Asserted-Identity: "{text}" <sip:+{A}@ims.invalid>').content == ("display_text",)


def test_of_a_session_description_addresses_and_ports_are_kept() -> None:
    body = b"v=0\r\no=CANARY 1 1 IN IP4 h.invalid\r\ns=CANARY\r\nc=IN IP4 192.0.2.9\r\n"
    body += b"m=audio 4000 RTP/AVP 0\r\na=CANARY\r\n"
    facts = sip("Content-Type: application/sdp", body=body)
    assert fields(facts)["media"] == [{"port": 4000, "address": "192.0.2.9"}] and "canary" not in leaf(facts)
    named = sip("Content-Type: application/sdp", body=body.replace(b"192.0.2.9", b"canary.invalid"))
    assert fields(named)["media"] == [{"port": 4000}] and "canary" not in leaf(named)


# --- keys -------------------------------------------------------------------------------------------------------------

INFO = f"INFO sip:+{B}@ims.invalid SIP/2.0"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"),
        ("application/dtmf-relay", b"Signal= *\nDuration= 100"),
        ("application/dtmf", b"5"),
    ],
)
@pytest.mark.rule("R-111")
def test_a_key_by_info_is_a_key_and_no_body(kind: str, body: bytes) -> None:
    facts = sip(f"Content-Type: {kind}", start=INFO, body=body)
    assert facts.digits is Digits.KEYED and facts.content == () and len(facts.dialled[0][1]) == 1
    for cin, expected in ((CinState(TARGET_OK), "REJECT"), (CinState(TARGET_OK, True, None, T), "REJECT"),
                          (CinState(TARGET_OK, True, None, T + 1), "ACCEPT")):  # fmt: skip
        assert decide((ORDER,), facts, LinkPolicy(), cin).verdict.kind.name == expected
    assert judged(facts, replace(ORDER, pctdd_authorised=True)) is VerdictKind.ACCEPT


@pytest.mark.parametrize("body", [b"Signal=5\r\nDuration=160\r\nCANARY", b"CANARY", b"Signal=55", b"5 CANARY", b""])
def test_attack_words_beside_a_key_are_a_body(body: bytes) -> None:
    facts = sip("Content-Type: application/dtmf-relay", start=INFO, body=body)
    assert facts.digits is Digits.NONE and facts.dialled == ()
    assert facts.content == (("sip_body",) if body else ())
    assert "canary" not in leaf(facts, replace(ORDER, pctdd_authorised=True))


@pytest.mark.parametrize(
    "uri",
    [f"sip:+{B};postd=4321@ims.invalid", f"sip:+{B}@ims.invalid;postd=4321", f"tel:+{B};postd=pp4321",
     f"tel:+{B},,4321", f"sip:+{B}pp4321@ims.invalid"],
)  # fmt: skip
@pytest.mark.rule("R-111")
def test_attack_digits_behind_a_number_are_withheld_whatever_the_time(uri: str) -> None:
    for facts in (sip(start=f"INVITE {uri} SIP/2.0"), sip(f"Contact: <{uri}>")):
        assert facts.digits is Digits.EXTRACTED and judged(facts) is VerdictKind.REJECT
        assert "4321" not in leaf(facts)


def test_set_up_digits_and_codes_to_the_network_are_signalling() -> None:
    for user in (f"+{B}", "*66", "%2331", "911"):
        facts = sip(start=f"INVITE sip:{user}@ims.invalid;user=phone SIP/2.0")
        assert facts.digits is Digits.NONE and judged(facts) is VerdictKind.ACCEPT


def test_the_answer_of_a_call_is_an_ok_to_its_invite() -> None:
    assert sip(start="SIP/2.0 200 OK", cseq="INVITE").answers
    others = (("SIP/2.0 180 Ringing", "INVITE"), ("SIP/2.0 200 OK", "BYE"), ("SIP/2.0 486 Busy Here", "INVITE"))
    for start, cseq in others:
        assert not sip(start=start, cseq=cseq).answers


# --- packets ----------------------------------------------------------------------------------------------------------


def tcp(options: bytes = b"", ip_options: bytes = b"") -> bytes:
    rest = bytes.fromhex("9c400050000000010000000050020000 00000000")
    rest = rest[:12] + bytes([(5 + len(options) // 4) << 4]) + rest[13:] + options
    head = bytes([0x45 + len(ip_options) // 4, 0]) + (20 + len(ip_options) + len(rest)).to_bytes(2, "big")
    return head + bytes(5) + b"\x06\0\0" + bytes([192, 0, 2, 7, 203, 0, 113, 80]) + ip_options + rest


def test_the_common_options_of_a_connection_are_counters_and_sizes() -> None:
    for options in (b"", b"\2\4\5\xb4", b"\1\3\3\7", b"\4\2\1\1", b"\x08\x0a" + bytes(8) + b"\1\1", b"\0\0\0\0"):
        assert read(ip.packet_header_report(tcp(options))).content == ()


@pytest.mark.parametrize(
    "packet",
    [
        tcp(b"\xfd\x08CANARY"), tcp(b"\x22\x08CANARY"), tcp(b"\2\x08CANARY"), tcp(b"\0CANARY\0"), tcp(b"\2\1AA"),
        tcp(ip_options=b"\x94\x08CANARY"),
        b"\x60\0\0\0\0\x10\0\x40" + bytes(32) + b"\x3b\1\1\4CANARYCANAR\0",
    ],
)  # fmt: skip
def test_attack_words_in_the_options_of_a_packet_are_content(packet: bytes) -> None:
    facts = read(ip.packet_header_report(packet))
    assert "header_options" in facts.content and "canary" not in leaf(facts)


def test_a_summary_has_its_counts() -> None:
    report = {"header": tcp(), "indications": [], "trigger": "flowEnd", "packetCount": 12, "byteCount": 3_400}
    facts = read(("iPIRIPacketReport", {"iPIRIPacketReportObjId": "5.3.20.4", "report": ("summary", report)}))
    kept = dict(facts.permitted)
    assert (kept["packetCount"], kept["byteCount"], kept["trigger"]) == (12, 3_400, "flowEnd")


# --- shapes -----------------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=80))
def test_no_shape_takes_a_text_with_blanks_but_names_and_dialling_strings(text: str) -> None:
    for shape in (shapes.is_identifier, shapes.is_nai, shapes.is_host):
        assert not (shape(text) and any(letter.isspace() for letter in text))
    assert not (shapes.is_name(text) and any(letter.isdigit() for letter in text))
    assert not (shapes.is_dial_string(text) and any(letter.isalpha() for letter in text))
    found = shapes.uri_of(text)
    assert found.identity is None or not any(letter.isspace() for letter in found.identity)


@settings(max_examples=100, deadline=None)
@given(text=st.text("0123456789*#+,;pw()- .", max_size=40), called=st.none() | st.just(B))
def test_any_string_of_keys_is_judged_without_an_error(text: str, called: str | None) -> None:
    assert shapes.appended_digits(text, called) in (True, False)
