"""What the collector reads out of a record, one payload kind at a time: parties, service, content, location.

Octets that are malformed inside are flagged as content or raise DecodeError, which the careful lane answers by sealing
or refusing the record; nothing else is ever raised, and nothing unread is called permitted.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, sms_tpdu, ts33128
from asn1.errors import DecodeError
from asn1.ps_common import ip_address
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, encode_ps_pdu, hi1_pdu, iri_pdu, tri_pdu
from collector.facts import LOCATION_SIP_HEADERS, PLAIN_SIP_HEADERS, RecordFacts, facts_of
from mediation.law.orders import Service, Target, TargetKind

T0 = 1_750_000_000_000_000
ARRIVAL = T0 + 5
A, B = "12125550101", "12125550102"
HEADER = PsHeader(
    liid=b"LAB-1", operator_id=b"SIMOP", cin=7, sequence_number=3, time_us=T0, time_qualifier="timeOfInterception"
)


def e164(*numbers: str) -> frozenset[Target]:
    return frozenset(Target(TargetKind.E164, number) for number in numbers)


def uri(*uris: str) -> frozenset[Target]:
    return frozenset(Target(TargetKind.SIP_URI, one) for one in uris)


def address(*texts: str) -> frozenset[Target]:
    return frozenset(Target(TargetKind.IPV6 if ":" in text else TargetKind.IPV4, text) for text in texts)


def read(octets: bytes) -> RecordFacts:
    return facts_of(decode_ps_pdu(octets), ARRIVAL)


def iri(contents: tuple[str, Any], iri_type: str | None = "begin", **more: Any) -> RecordFacts:
    return read(iri_pdu(HEADER, contents, iri_type, **more))


def sip_text(start: str, *headers: str, body: bytes = b"", caller: str = A, callee: str = B, cseq: str = "") -> bytes:
    lines = [
        start,
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        f'From: "Alex" <sip:+{caller}@ims.invalid>;tag=a',
        f"To: <sip:+{callee}@ims.invalid>",
        "Call-ID: 77@ims.invalid",
        f"CSeq: 12 {cseq or start.partition(' ')[0]}",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


INVITE = f"INVITE sip:+{B}@ims.invalid SIP/2.0"
MESSAGE = f"MESSAGE sip:+{B}@ims.invalid SIP/2.0"


def sip(octets: bytes, **more: Any) -> RecordFacts:
    name, value = multimedia.sip_iri(bytes(4), bytes(4), octets)
    return iri((name, value | more))


def sms(direction: str = "fromTarget", tpdu: Any = None, **more: Any) -> RecordFacts:
    event = {
        "originatingSMSParty": {"gPSI": ("mSISDN", A)},
        "terminatingSMSParty": {"gPSI": ("mSISDN", B)},
        "direction": direction,
        "linkTransferStatus": "transferSucceeded",
    }
    if tpdu is not None:
        event["sMSTPDUData"] = tpdu
    return mobile(("sMSMessage", event | more))


def mobile(event: tuple[str, Any]) -> RecordFacts:
    return iri(("threeGPP33128DefinedIRI", ts33128.encode_iri(event)), "report")


def ipv4(source: str, destination: str, protocol: int, rest: bytes, claimed: int | None = None) -> bytes:
    total = 20 + len(rest) if claimed is None else claimed
    ends = bytes(int(part) for text in (source, destination) for part in text.split("."))
    return b"\x45\0" + total.to_bytes(2, "big") + bytes(5) + bytes([protocol, 0, 0]) + ends + rest


UDP_HEADER = bytes.fromhex("c00000350010 0000")


# --- the header -----------------------------------------------------------------------------------------------------


def test_the_header_says_whose_record_it_is_and_when_it_happened() -> None:
    facts = sip(sip_text(INVITE))
    assert (facts.liid, facts.cin, facts.number, facts.iri_type) == ("LAB-1", 7, 3, "begin")
    assert (facts.event_us, facts.qualifier, facts.arrival_us) == (T0, "timeOfInterception", ARRIVAL)


def test_a_time_in_the_only_payload_counts_where_the_header_has_none() -> None:
    bare = HEADER._replace(time_us=None, time_qualifier=None)
    octets = cc_pdu(bare, ip.ipcc(b"x"), time_us=T0 + 1, time_qualifier="timeOfMediation")
    assert (read(octets).event_us, read(octets).qualifier) == (T0 + 1, "timeOfMediation")
    assert read(cc_pdu(bare, ip.ipcc(b"x"))).event_us is None


def test_a_liid_that_is_no_text_is_told_in_hexadecimal() -> None:
    assert read(cc_pdu(HEADER._replace(liid=b"\x00\xff"), ip.ipcc(b"x"))).liid == "0x00ff"


def test_a_record_without_a_cin_names_no_communication() -> None:
    assert read(cc_pdu(HEADER._replace(cin=None), ip.ipcc(b"x"))).unplaced
    assert not read(cc_pdu(HEADER, ip.ipcc(b"x"))).unplaced


@pytest.mark.parametrize("iri_type", ["begin", "continue", "end", "report", None])
def test_the_type_of_a_report_is_its_own(iri_type: str | None) -> None:
    assert iri(multimedia.sip_iri(bytes(4), bytes(4), sip_text(INVITE)), iri_type).iri_type == iri_type


# --- content and what is no report ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contents", "service"),
    [
        (ip.ipcc(b"\x45"), Service.DATA),
        (multimedia.ipmmcc(b"\x80"), Service.VOICE),
        (("threeGPP33128DefinedCC", b"x"), None),
        (("l2CC", b"x"), None),
    ],
)
@pytest.mark.parametrize(
    ("direction", "sends"), [("fromTarget", True), ("toTarget", False), ("combined", None), (None, None)]
)
def test_every_content_record_is_content_of_its_service(
    contents: tuple[str, Any], service: Service | None, direction: str | None, sends: bool | None
) -> None:
    facts = read(cc_pdu(HEADER, contents, direction))
    assert (facts.kind, facts.payload, facts.service, facts.target_sends) == ("cc", contents[0], service, sends)
    assert facts.content == ("content",) and facts.permitted == () and not facts.parties_known


def test_content_of_two_kinds_in_one_record_is_of_no_known_service() -> None:
    both = [{"cCContents": ip.ipcc(b"x")}, {"cCContents": multimedia.ipmmcc(b"x")}]
    mixed = read(encode_ps_pdu(HEADER, ("cCPayloadSequence", both)))
    assert (mixed.payload, mixed.service, mixed.content) == ("mixed", None, ("content",))
    empty = read(encode_ps_pdu(HEADER, ("cCPayloadSequence", [])))
    assert (empty.payload, empty.service, empty.content) == ("mixed", None, ("content",))
    same = read(encode_ps_pdu(HEADER, ("cCPayloadSequence", [both[0], both[0]])))
    assert (same.payload, same.service) == ("iPCC", Service.DATA)


def test_what_is_neither_report_nor_content_is_named_by_its_kind() -> None:
    notice = {"lawfulInterceptionIdentifier": b"LAB-1", "timeStamp": ("utcTime", T0)}
    records = {
        "tri": tri_pdu(HEADER, "keep-alive"),
        "encrypted": encode_ps_pdu(
            HEADER, ("encryptionContainer", {"encryptionType": "aES-256-CBC", "encryptedPayload": b"x"})
        ),
        "hi1": hi1_pdu(HEADER, "liActivated", notice),
    }
    for kind, octets in records.items():
        facts = read(octets)
        assert facts.kind == kind and facts.service is None and not facts.parties_known
        assert facts.permitted == ((("notice", "liActivated"),) if kind == "hi1" else ())


def test_aggregated_reports_are_judged_as_one_that_keeps_nothing() -> None:
    payload = {"iRIContents": multimedia.sip_iri(bytes(4), bytes(4), sip_text(INVITE))}
    for payloads in ([], [payload, payload]):
        facts = read(encode_ps_pdu(HEADER, ("iRIPayloadSequence", payloads)))
        assert (facts.payload, facts.content, facts.permitted) == ("aggregated", ("aggregated_payloads",), ())
        assert not facts.parties_known and facts.service is None


@pytest.mark.rule("R-004")
def test_each_payload_of_an_aggregated_record_has_a_time_of_its_own() -> None:
    both = [
        {"payloadDirection": "toTarget", "timeStamp": T0 + at, "cCContents": multimedia.ipmmcc(b"rtp")}
        for at in (1_000_000, 0, 1_000_000)
    ]
    facts = read(encode_ps_pdu(HEADER, ("cCPayloadSequence", both)))
    assert facts.stamps_us == (T0, T0 + 1_000_000)
    assert read(encode_ps_pdu(HEADER, ("cCPayloadSequence", both[:1]))).stamps_us == ()


def test_a_report_that_nobody_described_is_content_and_keeps_nothing() -> None:
    facts = iri(("l2IRI", b"CANARY"))
    assert (facts.payload, facts.content, facts.permitted) == ("l2IRI", ("undescribed_payload",), ())
    assert facts.service is None and not facts.parties_known


def test_attack_a_field_that_no_row_describes_is_content() -> None:
    octets = iri_pdu(HEADER, multimedia.sip_iri(bytes(4), bytes(4), sip_text(INVITE)))
    facts = read(_with_extra_field(octets, b"\x9f\x50\x06CANARY"))
    assert "unknown_tags" in facts.content and "CANARY" not in str(facts.permitted)


def _with_extra_field(octets: bytes, extra: bytes) -> bytes:
    """PS-PDU { pSHeader, payload } with `extra` behind the payload."""
    assert octets[:2] == b"\x30\x82"
    body = octets[4:] + extra
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


# --- SIP ------------------------------------------------------------------------------------------------------------


def test_a_call_has_its_caller_its_callee_and_no_content_without_a_body() -> None:
    facts = sip(sip_text(INVITE))
    assert facts.originators == e164(A) | uri(f"sip:+{A}@ims.invalid")
    assert facts.recipients == e164(B) | uri(f"sip:+{B}@ims.invalid")
    assert facts.parties == facts.originators | facts.recipients and facts.parties_known and facts.opens
    assert (facts.kind, facts.payload, facts.service) == ("iri", "iPMMIRI", Service.VOICE)
    assert facts.content == () and not facts.location
    assert dict(facts.permitted) == {
        "method": "INVITE", "transaction": "INVITE", "from": f"sip:+{A}@ims.invalid", "to": f"sip:+{B}@ims.invalid",
        "request_uri": f"sip:+{B}@ims.invalid", "call_id": "77@ims.invalid", "cseq": 12, "body_octets": 0,
        "from_name": "Alex",
    }  # fmt: skip


def test_a_message_inside_a_dialogue_opens_nothing() -> None:
    answered = sip_text(INVITE).replace(b"To: <sip:+12125550102@ims.invalid>", b"To: <sip:x@ims.invalid>;tag=b")
    assert not sip(answered).opens
    assert not sip(sip_text("SIP/2.0 180 Ringing", cseq="INVITE")).opens
    assert not sip(sip_text(INVITE.replace("INVITE", "REGISTER"))).opens


def test_an_answer_names_its_transaction_and_keeps_the_sides_of_the_request() -> None:
    facts = sip(sip_text("SIP/2.0 200 OK", f"P-Asserted-Identity: <sip:+{B}@ims.invalid>", cseq="INVITE"))
    assert facts.originators >= e164(A) and facts.recipients >= e164(B)
    kept = dict(facts.permitted)
    assert (kept["status"], kept["transaction"], "method" in kept) == (200, "INVITE", False)
    assert kept["asserted"] == [f"sip:+{B}@ims.invalid"]


def test_a_sip_message_is_a_short_message_and_its_body_content() -> None:
    """R-113."""
    facts = sip(sip_text(MESSAGE, "Content-Type: text/plain", body=b"CANARY"))
    assert (facts.service, facts.opens, facts.content) == (Service.SMS, True, ("sip_body",))
    assert dict(facts.permitted)["body_octets"] == 6 and "CANARY" not in str(facts.permitted)
    assert sip(sip_text("SIP/2.0 202 Accepted", cseq="MESSAGE")).service is Service.SMS


def test_a_session_description_is_a_body_like_any_other() -> None:
    assert sip(sip_text(INVITE, "Content-Type: application/sdp", body=b"v=0\r\n")).content == ("sip_body",)


def test_attack_words_behind_the_end_of_the_message_are_content() -> None:
    """Content-Length ends the message; what stands behind it would be kept with the record."""
    facts = sip(sip_text(INVITE) + b"CANARY")
    assert facts.content == ("sip_body",) and "CANARY" not in str(facts.permitted)


@pytest.mark.parametrize(
    "header", ["Subject: lunch", "s: lunch", "User-To-User: 00", "X-Private: x", "Call-Info: <http://h.invalid/x>"]
)
def test_a_header_that_is_not_plain_signalling_is_content(header: str) -> None:
    """R-114."""
    facts = sip(sip_text(INVITE, header))
    assert facts.content == ("sip_headers",) and not facts.location


@pytest.mark.parametrize(
    "header",
    [
        "P-Access-Network-Info: 3GPP-NR;utran-cell-id-3gpp=0010100000",
        "Geolocation: <cid:x@ims.invalid>",
        "Cellular-Network-Info: 3GPP-NR",
    ],
)
def test_a_header_that_tells_the_place_is_location_and_no_content(header: str) -> None:
    """R-112."""
    facts = sip(sip_text(INVITE, header))
    assert facts.location and facts.content == () and "3GPP" not in str(facts.permitted)


def test_no_header_is_both_plain_and_a_place_and_none_is_in_short_form() -> None:
    assert not PLAIN_SIP_HEADERS & LOCATION_SIP_HEADERS
    assert all(name == name.lower() and len(name) > 1 for name in PLAIN_SIP_HEADERS | LOCATION_SIP_HEADERS)
    assert not PLAIN_SIP_HEADERS & {"subject", "user-to-user", "call-info", "error-info", "organization"}


@pytest.mark.parametrize("scheme", ["sip:+12125550101@ims.invalid", "im:alex@ims.invalid", "mailto:alex@ims.invalid"])
def test_attack_words_in_the_headers_part_of_an_address_are_content(scheme: str) -> None:
    """Whatever its scheme, an address can carry a subject and a body of its own."""
    octets = sip_text(INVITE, f"P-Asserted-Identity: <{scheme}?subject=CANARY&body=CANARY>")
    facts = sip(octets)
    assert facts.content == ("uri_headers",) and "CANARY" not in str(facts.permitted)
    request = sip(sip_text(f"INVITE {scheme}?body=CANARY SIP/2.0"))
    assert request.content == ("uri_headers",) and "CANARY" not in str(request.permitted)


def test_attack_words_split_by_a_space_in_an_address_are_not_permitted() -> None:
    facts = sip(sip_text(INVITE, "P-Asserted-Identity: <sip:alex@ims.invalid?body=a CANARY>"))
    assert "uri_headers" in facts.content and "CANARY" not in str(facts.permitted)


def test_signalling_carried_beside_the_message_is_content() -> None:
    extra = [("sipHeaderLine", b"Subject: CANARY")]
    facts = sip(sip_text(INVITE), additionalSignalling=extra)
    assert facts.content == ("additional_signalling",) and "CANARY" not in str(facts.permitted)


def test_a_location_beside_the_message_is_location() -> None:
    assert sip(sip_text(INVITE), targetLocation={}).location


def test_other_media_signalling_is_voice_and_not_described() -> None:
    contents = {"iPMMIRIObjId": multimedia.IPMMIRI_OBJ_ID, "iPMMIRIContents": ("originalIPMMMessage", b"CANARY")}
    facts = iri(("iPMMIRI", contents))
    assert (facts.service, facts.content, facts.permitted) == (Service.VOICE, ("undescribed_signalling",), ())
    assert not facts.parties_known


def test_the_variant_for_orders_without_content_is_read_the_same() -> None:
    contents = multimedia.sip_iri(bytes(4), bytes(4), sip_text(INVITE), iri_only=True)
    assert iri(contents).permitted == sip(sip_text(INVITE)).permitted


def test_a_message_that_names_nobody_has_no_known_parties() -> None:
    facts = sip(b"OPTIONS sip:ims.invalid SIP/2.0\r\nCall-ID: 1\r\n\r\n")
    assert not facts.parties_known and facts.parties == frozenset()


@pytest.mark.parametrize("octets", [b"", b"\0\xff", b"INVITE\r\n\r\n", sip_text(INVITE)[:60]])
def test_broken_sip_is_a_decode_error_and_nothing_else(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        sip(octets)


# --- internet access ------------------------------------------------------------------------------------------------

SESSION: dict[str, Any] = {
    "accessEventType": "accessAccept",
    "targetUsername": b"001012125550101@ims.invalid",
    "internetAccessType": "wireless-other",
    "iPVersion": "iPV4",
}


def session(**more: Any) -> RecordFacts:
    return iri(ip.ipiri(SESSION | more))


def test_a_data_session_is_its_user_s_by_name_and_by_number() -> None:
    facts = session(
        targetNetworkID="+1 212-555-0101",
        targetIPAddress=ip_address(bytes([192, 0, 2, 7])),
        additionalIPAddress=ip_address(bytes.fromhex("20010db8") + bytes(11) + b"\x01"),
    )
    assert facts.parties == (
        uri("nai:001012125550101@ims.invalid")
        | {Target(TargetKind.IMSI, "001012125550101")}
        | e164(A)
        | address("192.0.2.7", "2001:db8::1")
    )
    assert facts.originators == facts.parties and facts.parties_known
    assert (facts.service, facts.content, facts.location) == (Service.DATA, (), False)
    assert dict(facts.permitted) == {
        "user": "001012125550101@ims.invalid", "accessEventType": "accessAccept", "iPVersion": "iPV4",
        "internetAccessType": "wireless-other", "targetNetworkID": "+1 212-555-0101", "address": "192.0.2.7",
    }  # fmt: skip


def test_an_address_in_text_and_a_user_that_is_a_number_count() -> None:
    text = {"iP-type": "iPV4", "iP-value": ("iPTextAddress", "192.0.2.9")}
    facts = session(targetUsername=A.encode(), targetIPAddress=text, callBackNumber="2125550102")
    assert facts.parties >= e164(A, B) | address("192.0.2.9")


def test_a_user_name_of_any_octets_is_read() -> None:
    facts = session(targetUsername=b"\xff\xfe")
    assert facts.parties == uri("nai:��") and facts.parties_known


@pytest.mark.parametrize(
    "more",
    [
        {"rawAAAData": b"CANARY"},
        {"nationalIPIRIParameters": {"countryCode": "CA"}},
        {"otherTargetIdentifiers": [("iPAddress", {"iP-type": "iPV4", "iP-value": ("iPTextAddress", "CANARYCANARY")})]},
        {"framedRoutes": [("framedRoute", b"CANARY")]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_accounting_fields_that_no_rule_permits_are_content(more: dict[str, Any]) -> None:
    facts = session(**more)
    assert facts.content == ("raw_aaa",) and "CANARY" not in str(facts.permitted)


@pytest.mark.parametrize("more", [{"targetLocation": "CANARY street"}, {"location": {}}])
def test_the_place_of_a_session_is_location(more: dict[str, Any]) -> None:
    facts = session(**more)
    assert facts.location and facts.content == () and "CANARY" not in str(facts.permitted)


# --- packet headers -------------------------------------------------------------------------------------------------


def test_a_packet_header_report_has_addresses_and_ports_and_no_content() -> None:
    """R-115."""
    facts = iri(ip.packet_header_report(ipv4("192.0.2.1", "198.51.100.2", 17, UDP_HEADER, claimed=60)), "report")
    assert (facts.originators, facts.recipients) == (address("192.0.2.1"), address("198.51.100.2"))
    assert (facts.service, facts.content, facts.parties_known) == (Service.DATA, (), True)
    assert dict(facts.permitted) == {
        "source": "192.0.2.1", "destination": "198.51.100.2", "protocol": 17, "source_port": 49152,
        "destination_port": 53, "total_octets": 60,
    }  # fmt: skip


@pytest.mark.parametrize(
    "packet",
    [
        ipv4("192.0.2.1", "198.51.100.2", 17, UDP_HEADER + b"CANARY"),
        ipv4("192.0.2.1", "198.51.100.2", 1, b"CANARY"),
        ipv4("192.0.2.1", "198.51.100.2", 17, UDP_HEADER + b"CANARY", claimed=28),
        b"\x60" + bytes(3) + b"\0\x06\x3a\x40" + bytes(32) + b"CANARY",
    ],
    ids=["udp", "icmp", "hidden behind the length", "ipv6"],
)
def test_attack_payload_behind_the_headers_of_a_report_is_content(packet: bytes) -> None:
    facts = iri(ip.packet_header_report(packet), "report")
    assert facts.content == ("packet_payload",) and "CANARY" not in str(facts.permitted)


def test_a_report_without_a_packet_is_not_described() -> None:
    facts = iri(ip.packet_header_report(b"CANARY"), "report")
    assert (facts.content, facts.permitted, facts.parties_known) == (("undescribed_payload",), (), False)


# --- mobile messages ------------------------------------------------------------------------------------------------


def test_a_sent_message_has_both_parties_its_size_and_its_text_as_content() -> None:
    """R-113."""
    first, _ = sms_tpdu.encode_submit("CANARY" * 40, B, concatenation=7)
    facts = sms(tpdu=("sMSTPDU", first), messageType="submit", rPMessageReference=9)
    assert (facts.originators, facts.recipients, facts.target_sends) == (e164(A), e164(B), True)
    assert (facts.payload, facts.service, facts.content, facts.opens) == (
        "sMSMessage",
        Service.SMS,
        ("sms_text",),
        True,
    )
    assert dict(facts.permitted) == {
        "direction": "fromTarget", "from": [A], "to": [B], "message_type": "submit", "reference": 9,
        "transfer_status": "transferSucceeded", "segments": 2, "segment": 1,
    }  # fmt: skip


def test_the_address_in_the_message_itself_is_a_party_on_the_far_side() -> None:
    third = "12125550103"
    (out,) = sms_tpdu.encode_submit("x", third)
    assert sms(tpdu=("sMSTPDU", out)).recipients == e164(B, third)
    (received,) = sms_tpdu.encode_deliver("x", third, T0)
    assert sms("toTarget", ("sMSTPDU", received)).originators == e164(A, third)


def test_parties_named_by_imsi_count() -> None:
    facts = sms(originatingSMSParty={"sUPI": ("iMSI", "001012125550101")}, terminatingSMSParty={})
    assert facts.originators == {Target(TargetKind.IMSI, "001012125550101")} and facts.recipients == frozenset()


def test_a_message_without_its_text_has_no_content() -> None:
    (whole,) = sms_tpdu.encode_submit("", B)
    assert sms().content == () == sms(tpdu=("redactedSMSTPDU", whole)).content


@pytest.mark.parametrize(
    ("direction", "tpdu"),
    [
        ("fromTarget", ("sMSTPDU", b"\x01")),
        ("fromTarget", ("sMSTPDU", b"\x03CANARY")),
        ("fromTarget", ("truncatedSMSTPDU", b"CANARY")),
        ("toTarget", ("sMSTPDU", sms_tpdu.encode_submit("CANARY", B)[0])),
        ("fromTarget", ("redactedSMSTPDU", sms_tpdu.encode_submit("CANARY", B)[0])),
    ],
    ids=["one octet", "reserved type", "cut off", "wrong way round", "called redacted"],
)
def test_attack_a_message_that_cannot_be_read_is_content(direction: str, tpdu: tuple[str, bytes]) -> None:
    facts = sms(direction, tpdu)
    assert facts.content == ("sms_text",) and "CANARY" not in str(facts.permitted)


@pytest.mark.parametrize(
    ("first", "user_data"),
    [(0x01, b"\x06CANARY"), (0x41, b"\x0a\x03\x70\x01XCANARY"), (0x41, b"\x09\x08\x70\x06CANARY")],
    ids=["octets", "header and octets", "header alone"],
)
def test_attack_octets_that_are_no_text_and_headers_of_user_data_are_content(first: int, user_data: bytes) -> None:
    """R-113: a message without text may carry as much in other ways."""
    (plain,) = sms_tpdu.encode_submit("", B)
    tpdu = bytes([first]) + plain[1:10] + bytes([0, 4]) + user_data
    facts = sms(tpdu=("sMSTPDU", tpdu))
    assert facts.content == ("sms_text",) and "CANARY" not in str(facts.permitted)


def test_the_place_of_a_message_is_location() -> None:
    assert sms(location={"locationInfo": {}}).location and not sms().location


def test_another_mobile_event_is_not_described() -> None:
    facts = mobile(("pTCRegistration", b"CANARY"))
    assert (facts.payload, facts.content, facts.permitted) == ("pTCRegistration", ("undescribed_payload",), ())
    assert not facts.parties_known


def test_broken_mobile_octets_are_a_decode_error_and_nothing_else() -> None:
    for octets in (b"", b"\x30", b"CANARY"):
        with pytest.raises(DecodeError):
            iri(("threeGPP33128DefinedIRI", octets))


# --- any octets -----------------------------------------------------------------------------------------------------

_SMS = ts33128.encode_iri(
    (
        "sMSMessage",
        {
            "originatingSMSParty": {"gPSI": ("mSISDN", A)},
            "terminatingSMSParty": {"gPSI": ("mSISDN", B)},
            "direction": "fromTarget",
            "linkTransferStatus": "transferSucceeded",
            "sMSTPDUData": ("sMSTPDU", sms_tpdu.encode_submit("text", B)[0]),
        },
    )
)
_SAMPLES = (
    lambda octets: multimedia.sip_iri(bytes(4), bytes(4), octets),
    lambda octets: ip.packet_header_report(octets),
    lambda octets: ip.ipiri(SESSION | {"targetUsername": octets}),
    lambda octets: ("threeGPP33128DefinedIRI", octets),
)
_SEEDS = (sip_text(MESSAGE, body=b"hi"), ipv4("192.0.2.1", "192.0.2.2", 6, bytes(24)), b"user@realm", _SMS)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    octets = bytearray(draw(st.sampled_from(_SEEDS)))
    for at in draw(st.lists(st.integers(0, len(octets) - 1), max_size=4)):
        octets[at] = draw(st.integers(0, 255))
    return bytes(octets[: draw(st.integers(0, len(octets)))])


@settings(max_examples=400, deadline=None)
@given(wrap=st.sampled_from(_SAMPLES), octets=_damaged() | st.binary(max_size=60))
def test_malformed_octets_inside_raise_nothing_but_a_decode_error(wrap: Any, octets: bytes) -> None:
    """What is read names its parties or is flagged, so that it can never be accepted by saying nothing."""
    try:
        facts = iri(wrap(octets))
    except DecodeError:
        return
    assert facts.kind == "iri" and (facts.parties_known or facts.content or facts.permitted)
    assert bool(facts.parties) == facts.parties_known or facts.payload == "sMSMessage"


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_record_is_read_or_is_a_decode_error(data: st.DataObject) -> None:
    whole = iri_pdu(HEADER, ("threeGPP33128DefinedIRI", _SMS), "report")
    octets = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        octets[at] = data.draw(st.integers(0, 255))
    try:
        facts = read(bytes(octets))
    except DecodeError:
        return
    assert facts.arrival_us == ARRIVAL
