"""One X2/X3 PDU in, one payload out: which alternative, which IRI type, and never content under metadata alone."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import radius
from asn1.errors import DecodeError, EncodeError
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from asn1.sms_tpdu import encode_submit
from asn1.table import decode
from asn1.ts33128 import IRI_PAYLOAD, decode_cc, decode_iri, decode_xiri, encode_cc, encode_xiri
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu
from mediation.convert import Product, advance, product, service_of
from mediation.foreign import NotConvertibleError
from mediation.law.orders import Service
from mediation.sequence import Communication

CANARY = b"CANARY-7f3a"
A, B = IPv4Address("192.0.2.1").packed, IPv4Address("192.0.2.2").packed
ROLES = ("voice", "data", "messaging", "web")
HEADER = PsHeader(liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=0, time_us=1)


def pdu(form: int, payload: bytes, direction: int = PayloadDirection.FROM_TARGET, **more: Any) -> X2X3Pdu:
    kind = PduType.X3 if form in (PayloadFormat.IPV4, PayloadFormat.IPV6) else PduType.X2
    return X2X3Pdu(kind, form, direction, source_ipv4=A, destination_ipv4=B, payload=payload, **more)


def sip(
    start: str, method: str = "INVITE", body: bytes = b"", direction: int = PayloadDirection.FROM_TARGET
) -> X2X3Pdu:
    text = (
        f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:+12125550101@ims.invalid>;tag=a\r\n"
        f"To: <sip:+12125550102@ims.invalid>;tag=b\r\nCall-ID: c@ims.invalid\r\nCSeq: 1 {method}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return pdu(PayloadFormat.SIP, text.encode() + body, direction)


def request(method: str, body: bytes = b"") -> X2X3Pdu:
    return sip(f"{method} sip:+12125550102@ims.invalid SIP/2.0", method, body)


def response(status: int, method: str = "INVITE") -> X2X3Pdu:
    return sip(f"SIP/2.0 {status} Reason", method, direction=PayloadDirection.TO_TARGET)


def checksum_free_ip(protocol: int, transport: bytes, payload: bytes) -> bytes:
    body = transport + payload
    head = b"\x45\x00" + (20 + len(body)).to_bytes(2, "big") + bytes(4) + bytes([64, protocol]) + bytes(2) + A + B
    return head + body


def udp(payload: bytes) -> bytes:
    return checksum_free_ip(17, b"\x12\x34\x00\x35" + (8 + len(payload)).to_bytes(2, "big") + bytes(2), payload)


def tcp(payload: bytes, options: bytes = b"") -> bytes:
    offset = (20 + len(options)) // 4
    return checksum_free_ip(
        6, b"\x12\x34\x01\xbb" + bytes(8) + bytes([offset << 4, 0x18]) + bytes(6) + options, payload
    )


def ipv6_udp(payload: bytes) -> bytes:
    body = b"\x12\x34\x00\x35" + (8 + len(payload)).to_bytes(2, "big") + bytes(2) + payload
    ends = IPv6Address("2001:db8::1").packed + IPv6Address("2001:db8::2").packed
    return b"\x60\x00\x00\x00" + len(body).to_bytes(2, "big") + bytes([17, 64]) + ends + body


def accounting(status: int | None = radius.START, code: int = 4, **attributes: Any) -> X2X3Pdu:
    values: list[tuple[str, Any]] = [("User-Name", "sim@lab.invalid")]
    if status is not None:
        values.append(("Acct-Status-Type", status))
    values += [(name.replace("_", "-"), value) for name, value in attributes.items()]
    octets = radius.build_radius(code, 1, values)
    return pdu(PayloadFormat.RADIUS, octets, PayloadDirection.NOT_APPLICABLE)


def short_message(text: str = CANARY.decode(), name: str = "sMSMessage") -> X2X3Pdu:
    message = {
        "originatingSMSParty": {"gPSI": ("mSISDN", "12125550101")},
        "terminatingSMSParty": {"gPSI": ("mSISDN", "12125550102")},
        "direction": "fromTarget",
        "linkTransferStatus": "transferSucceeded",
        "sMSTPDUData": ("sMSTPDU", encode_submit(text, "12125550102")[0]),
    }
    if name == "sMSReport":
        tpdu = message["sMSTPDUData"]
        message = {"sMSTPDUData": tpdu, "messageType": "submit", "rPMessageReference": 1}
    return pdu(PayloadFormat.TS_33128, encode_xiri((name, message)))


def made(role: str, one: X2X3Pdu, metadata_only: bool = False, state: Communication | None = None) -> Product:
    found = product(role, one, state or Communication(1), metadata_only)
    assert found is not None
    return found


def encoded(one: Product) -> bytes:
    """As it is delivered; it reads back as what it was."""
    if one.iri_type is None:
        octets = cc_pdu(HEADER, one.contents, one.direction)
    else:
        octets = iri_pdu(HEADER, one.contents, one.iri_type, payload_direction=one.direction)
    (payload,) = decode_ps_pdu(octets).payload[1]  # type: ignore[misc]
    assert payload["cCContents" if one.iri_type is None else "iRIContents"][0] == one.contents[0]
    return octets


def talk(*pdus: X2X3Pdu) -> tuple[list[str | None], Communication]:
    state = Communication(1)
    types = []
    for one in pdus:
        product_of = made("voice", one, state=state)
        types.append(product_of.iri_type)
        advance(one, state, product_of)
    return types, state


# --- which service ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "service"),
    [("voice", Service.VOICE), ("data", Service.DATA), ("messaging", Service.SMS), ("web", Service.DATA)],
)
def test_the_network_function_says_which_service(role: str, service: Service) -> None:
    assert service_of(role, pdu(PayloadFormat.IPV4, udp(b"x"))) is service
    assert service_of(role, request("INVITE")) is service


@pytest.mark.parametrize("role", ROLES)
def test_a_sip_message_is_a_short_message_and_so_is_its_answer(role: str) -> None:
    assert service_of(role, request("MESSAGE")) is Service.SMS
    assert service_of(role, response(200, "MESSAGE")) is Service.SMS


# --- voice --------------------------------------------------------------------------------------------------------


def test_an_answered_call_begins_continues_and_ends_once() -> None:
    types, state = talk(
        request("INVITE"), response(100), response(180), response(200), request("ACK"), request("BYE"),
        response(200, "BYE"), response(200, "BYE"),
    )  # fmt: skip
    assert types == ["begin", "continue", "continue", "continue", "continue", "continue", "end", "report"]
    assert state.begun and state.answered and state.ended and state.opens_sent is True


@pytest.mark.parametrize("status", [404, 486, 487, 503, 603])
def test_a_failed_call_ends_with_its_final_answer(status: int) -> None:
    types, state = talk(request("INVITE"), response(180), response(status), request("ACK"))
    assert types == ["begin", "continue", "end", "report"] and not state.answered


@pytest.mark.parametrize("status", [401, 407, 422])
def test_a_call_that_was_challenged_goes_on_with_the_answer_to_that(status: int) -> None:
    types, state = talk(
        request("INVITE"), response(status), request("ACK"), request("INVITE"), response(200), request("BYE"),
        response(200, "BYE"),
    )  # fmt: skip
    assert types == ["begin", *["continue"] * 5, "end"] and state.answered


def test_a_redirection_goes_on_until_the_call_it_leads_to_ends() -> None:
    types, state = talk(
        request("INVITE"), response(302), request("ACK"), request("INVITE"), response(200), request("BYE"),
        response(200, "BYE"),
    )  # fmt: skip
    assert types == ["begin", *["continue"] * 5, "end"] and state.ended and state.legs == []


def test_a_refused_change_within_a_call_does_not_end_it() -> None:
    types, state = talk(request("INVITE"), response(200), request("INVITE"), response(488), request("BYE"))
    assert types == ["begin", "continue", "continue", "continue", "continue"] and not state.ended


def test_a_refused_bye_does_not_end_the_call() -> None:
    assert talk(request("INVITE"), response(200), response(481, "BYE"))[0] == ["begin", "continue", "continue"]


def test_a_cancel_that_is_answered_leaves_the_end_to_the_invite() -> None:
    types, _ = talk(request("INVITE"), request("CANCEL"), response(200, "CANCEL"), response(487))
    assert types == ["begin", "continue", "continue", "end"]


@pytest.mark.parametrize("status", [200, 202, 404])
def test_a_sip_message_begins_and_ends_with_its_answer(status: int) -> None:
    assert talk(request("MESSAGE"), response(status, "MESSAGE"))[0] == ["begin", "end"]


def test_a_registration_is_a_report_and_begins_nothing() -> None:
    types, state = talk(request("REGISTER"), response(200, "REGISTER"), request("INVITE"))
    assert types == ["report", "report", "begin"] and state.begun


def test_a_communication_that_is_first_seen_in_the_middle_begins_there() -> None:
    types, state = talk(response(200), request("BYE"))
    assert types == ["begin", "continue"] and state.answered and state.opens_sent is False


def test_who_opened_stays_who_opened() -> None:
    state = Communication(1)
    for one in (response(180), request("INVITE")):
        advance(one, state, made("voice", one, state=state))
    assert state.opens_sent is False


def test_making_a_product_changes_no_state_and_content_changes_none_either() -> None:
    state = Communication(1)
    before = asdict(state)
    for one in (request("INVITE"), response(200), request("BYE")):
        made("voice", one, state=state)
    assert asdict(state) == before
    content = pdu(PayloadFormat.IPV4, udp(b"x"))
    advance(content, state, made("voice", content, state=state))
    assert asdict(state) == before


def test_signalling_under_a_warrant_is_the_octets_as_they_came() -> None:
    one = request("INVITE", CANARY)
    name, contents = made("voice", one).contents
    form, message = contents["iPMMIRIContents"]
    assert (name, form, message["sIPContent"]) == ("iPMMIRI", "sIPMessage", one.payload)
    assert A in encoded(made("voice", one)) and B in encoded(made("voice", one))


def test_signalling_under_a_pen_register_has_no_body() -> None:
    found = made("voice", request("INVITE", CANARY), True)
    assert found.contents[1]["iPMMIRIContents"][0] == "iRIOnlySIPMessage"
    assert CANARY not in encoded(found)


def test_ipv6_ends_are_named_as_such() -> None:
    ends = IPv6Address("2001:db8::1").packed, IPv6Address("2001:db8::2").packed
    one = request("INVITE")._replace(
        source_ipv4=None, destination_ipv4=None, source_ipv6=ends[0], destination_ipv6=ends[1]
    )
    assert all(end in encoded(made("voice", one)) for end in ends)


# --- content ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("packet", [udp(CANARY), tcp(CANARY), ipv6_udp(CANARY)])
@pytest.mark.parametrize(("role", "name"), [("voice", "iPMMCC"), ("data", "iPCC")])
def test_content_under_a_warrant_is_the_packet_as_it_came(role: str, name: str, packet: bytes) -> None:
    form = PayloadFormat.IPV6 if packet[0] >> 4 == 6 else PayloadFormat.IPV4
    found = made(role, pdu(form, packet))
    assert (found.contents[0], found.iri_type, found.direction) == (name, None, "fromTarget")
    assert packet in encoded(found)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        (PayloadDirection.FROM_TARGET, "fromTarget"),
        (PayloadDirection.TO_TARGET, "toTarget"),
        (PayloadDirection.UNKNOWN, None),
        (PayloadDirection.SEVERAL, None),
        (PayloadDirection.NOT_APPLICABLE, None),
        (99, None),
    ],
)
def test_direction_is_said_only_when_the_point_of_interception_said_it(direction: int, said: str | None) -> None:
    assert made("data", pdu(PayloadFormat.IPV4, udp(b"x"), direction)).direction == said


@pytest.mark.parametrize("packet", [udp(CANARY), tcp(CANARY), tcp(CANARY, b"\x01" * 12), ipv6_udp(CANARY)])
@pytest.mark.parametrize("metadata_only", [True, False])
def test_a_visit_gives_headers_and_never_what_the_packets_carry(packet: bytes, metadata_only: bool) -> None:
    """R-115."""
    form = PayloadFormat.IPV6 if packet[0] >> 4 == 6 else PayloadFormat.IPV4
    found = made("web", pdu(form, packet)._replace(pdu_type=PduType.X2), metadata_only)
    assert (found.contents[0], found.iri_type) == ("iPIRIPacketReport", "report")
    assert found.contents[1]["report"] == ("header", {"header": packet[: -len(CANARY)]})
    assert CANARY not in encoded(found)


def test_a_visit_that_is_no_ip_packet_is_an_error() -> None:
    for octets in (b"", b"\x45", b"\x00" * 40):
        with pytest.raises(DecodeError):
            product("web", pdu(PayloadFormat.IPV4, octets)._replace(pdu_type=PduType.X2), Communication(1), True)


@pytest.mark.parametrize("metadata_only", [True, False])
def test_packets_of_a_visit_are_content_and_only_where_content_is_allowed(metadata_only: bool) -> None:
    found = product("web", pdu(PayloadFormat.IPV4, udp(CANARY)), Communication(1), metadata_only)
    assert (found is None) == metadata_only
    assert found is None or (found.contents[0] == "iPCC" and CANARY in encoded(found))


# --- sessions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "event", "iri_type"),
    [
        (radius.START, 4, "accessAccept", "begin"),
        (radius.INTERIM, 4, "interimUpdate", "continue"),
        (radius.STOP, 4, "accessEnd", "end"),
        (radius.FAILED, 4, "accessFailed", "report"),
        (None, 1, "accessAttempt", "report"),
        (None, 2, "accessAccept", "begin"),
        (None, 3, "accessReject", "report"),
    ],
)
def test_accounting_becomes_session_iri(status: int | None, code: int, event: str, iri_type: str) -> None:
    found = made("data", accounting(status, code))
    contents = found.contents[1]["iPIRIContents"]
    assert (found.contents[0], found.iri_type, contents["accessEventType"]) == ("iPIRI", iri_type, event)
    assert contents["targetUsername"] == b"sim@lab.invalid"
    assert ("endReason" in contents) is (status == radius.STOP)
    encoded(found)


@pytest.mark.parametrize(("status", "code"), [(None, 5), (None, 11), (7, 4), (99, 4)])
def test_other_radius_packets_give_nothing(status: int | None, code: int) -> None:
    assert product("data", accounting(status, code), Communication(1), False) is None


@pytest.mark.parametrize(
    ("status", "code", "event", "iri_type"),
    [
        (radius.START, 4, "interimUpdate", "continue"),
        (radius.FAILED, 4, "accessFailed", "end"),
        (None, 2, "accessAccept", "continue"),
    ],
)
def test_access_that_was_told_is_not_begun_again(status: int | None, code: int, event: str, iri_type: str) -> None:
    found = product("data", accounting(status, code), Communication(1, begun=True), False)
    assert found is not None
    assert (found.contents[1]["iPIRIContents"]["accessEventType"], found.iri_type) == (event, iri_type)


def test_an_answer_that_names_nobody_is_the_matched_identity_s() -> None:
    refused = accounting(None, 3)._replace(
        payload=radius.build_radius(radius.ACCESS_REJECT, 1, []),
        matched_targets=("<e164Number>12125550101</e164Number>",),
        other_targets=("<nai>a@lab.invalid</nai>", "<nai>b@lab.invalid</nai>", "no XML at all"),
    )
    contents = made("data", refused).contents[1]["iPIRIContents"]
    assert (contents["targetUsername"], contents["targetNetworkID"]) == (b"a@lab.invalid", "12125550101")


def test_addresses_and_volumes_of_a_session_are_carried_over() -> None:
    found = made(
        "data",
        accounting(
            radius.STOP, Framed_IP_Address="192.0.2.77", Calling_Station_Id="12125550101" * 3,
            Acct_Input_Octets=5, Acct_Output_Octets=7, Acct_Output_Gigawords=1,
        ),
    )  # fmt: skip
    contents = found.contents[1]["iPIRIContents"]
    assert (contents["octetsTransmitted"], contents["octetsReceived"]) == (5, (1 << 32) + 7)
    assert contents["iPVersion"] == "iPV4" and contents["targetNetworkID"] == ("12125550101" * 3)[:20]
    assert IPv4Address("192.0.2.77").packed in encoded(found)
    wide = made("data", accounting(Framed_IPv6_Prefix="2001:db8:7::/64"))
    assert wide.contents[1]["iPIRIContents"]["iPVersion"] == "iPV6"
    assert IPv6Address("2001:db8:7::").packed in encoded(wide)


# --- short messages -----------------------------------------------------------------------------------------------


def test_a_short_message_under_a_warrant_is_the_same_event() -> None:
    found = made("messaging", short_message())
    assert (found.contents[0], found.iri_type) == ("threeGPP33128DefinedIRI", "report")
    name, event = decode_iri(found.contents[1])
    assert name == "sMSMessage" and event["sMSTPDUData"] == (
        "sMSTPDU",
        encode_submit(CANARY.decode(), "12125550102")[0],
    )
    encoded(found)


def test_a_short_message_under_a_pen_register_has_no_text() -> None:
    found = made("messaging", short_message(), True)
    _, event = decode_iri(found.contents[1])
    form, tpdu = event["sMSTPDUData"]
    assert form == "redactedSMSTPDU" and tpdu[-1] == 0
    assert encode_submit(CANARY.decode(), "12125550102")[0][-8:] not in encoded(found)


def test_another_event_than_a_message_gives_nothing_under_a_pen_register() -> None:
    assert made("messaging", short_message(name="sMSReport")).iri_type == "report"
    assert product("messaging", short_message(name="sMSReport"), Communication(1), True) is None


# --- multimedia messages --------------------------------------------------------------------------------------------

PARTY = {"mMSPartyIDs": [("e164Number", "12125550144")], "nonLocalID": "local"}
MMS: dict[str, Any] = {
    "transactionID": "T1", "version": {"majorVersion": 1, "minorVersion": 3}, "originatingMMSParty": PARTY,
    "subject": CANARY.decode(), "messageClass": "personal", "priority": "normal", "direction": "toTarget",
}  # fmt: skip
EXPIRY = {"expiryPeriod": 60, "periodFormat": "relative"}
PLACED = {"messageID": "m@mms.invalid", "dateTime": 1_800_000_000_000_000, "terminatingMMSParty": [PARTY]}
TYPED = {"contentType": f'multipart/related; start="{CANARY.decode()}"'}
EVENTS: dict[str, dict[str, Any]] = {
    "mMSSend": MMS | PLACED | TYPED | {"direction": "fromTarget", "expiry": EXPIRY, "responseStatus": "ok"},
    "mMSNotification": MMS | {"messageSize": 5_201, "expiry": EXPIRY},
    "mMSRetrieval": MMS | PLACED | TYPED,
}
MATCHED = ("<e164Number>12125550100</e164Number>", "<sipUri>sip:a@ims.invalid</sipUri>", "no xml")


def multimedia(name: str) -> X2X3Pdu:
    octets = encode_xiri((name, EVENTS[name]))
    return pdu(PayloadFormat.TS_33128, octets, PayloadDirection.TO_TARGET, matched_targets=MATCHED)


def multimedia_content() -> X2X3Pdu:
    value = {"version": MMS["version"], "transactionID": "T1", "mMSContent": b"picture " + CANARY}
    one = pdu(PayloadFormat.TS_33128, encode_cc(("mMSCCPDU", value)), PayloadDirection.TO_TARGET)
    return one._replace(pdu_type=PduType.X3)


MULTIMEDIA = (*(multimedia(name) for name in EVENTS), multimedia_content())


@pytest.mark.parametrize("one", MULTIMEDIA)
def test_a_multimedia_message_is_its_own_service(one: X2X3Pdu) -> None:
    assert service_of("messaging", one) is Service.MMS


@pytest.mark.parametrize("name", EVENTS)
def test_a_multimedia_event_under_a_warrant_is_the_same_event_and_names_the_target(name: str) -> None:
    found = made("messaging", multimedia(name))
    assert (found.contents[0], found.iri_type, found.direction) == ("threeGPP33128DefinedIRI", "report", "toTarget")
    value = decode(IRI_PAYLOAD, found.contents[1])
    assert value["event"] == decode_xiri(multimedia(name).payload)
    assert value["targetIdentifiers"] == [{"identifier": ("e164Number", "12125550100"), "provenance": "matchedOn"}]
    encoded(found)


@pytest.mark.parametrize("name", EVENTS)
def test_a_multimedia_event_under_a_pen_register_has_no_subject_and_keeps_its_size(name: str) -> None:
    found = made("messaging", multimedia(name), True)
    kept_name, event = decode_iri(found.contents[1])
    assert kept_name == name and "subject" not in event and CANARY not in encoded(found)
    assert event["originatingMMSParty"] == PARTY
    assert event.get("messageSize") == EVENTS[name].get("messageSize")
    assert event.get("messageID") == EVENTS[name].get("messageID")


def test_the_content_of_a_multimedia_message_is_handed_over_under_a_warrant_alone() -> None:
    found = made("messaging", multimedia_content())
    assert (found.contents[0], found.iri_type, found.direction) == ("threeGPP33128DefinedCC", None, "toTarget")
    assert decode_cc(found.contents[1])[1]["mMSContent"].endswith(CANARY)
    record = decode_ps_pdu(encoded(found))
    assert record.payload[0] == "cCPayloadSequence"
    assert product("messaging", multimedia_content(), Communication(1), True) is None


# --- attacks ------------------------------------------------------------------------------------------------------

SAMPLES = (
    *MULTIMEDIA,
    request("INVITE", CANARY), request("INFO", CANARY), request("MESSAGE", CANARY), response(200),
    pdu(PayloadFormat.IPV4, udp(CANARY)), pdu(PayloadFormat.IPV4, tcp(CANARY)),
    pdu(PayloadFormat.IPV6, ipv6_udp(CANARY)), short_message(), short_message(name="sMSReport"),
)  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("one", SAMPLES)
def test_content_smuggled_under_any_role_stays_out_of_metadata(role: str, one: X2X3Pdu) -> None:
    found = product(role, one, Communication(1), True)
    packed = encode_submit(CANARY.decode(), "12125550102")[0][-8:]
    assert found is None or not (CANARY in encoded(found) or packed in encoded(found))


@settings(max_examples=300, deadline=None)
@given(
    role=st.sampled_from(ROLES),
    form=st.integers(0, 19),
    sample=st.sampled_from(SAMPLES),
    at=st.integers(0, 500),
    octets=st.binary(max_size=20),
    metadata_only=st.booleans(),
    kind=st.sampled_from([PduType.X2, PduType.X3]),
)
def test_any_payload_gives_a_product_that_encodes_or_an_error_of_ours(
    role: str, form: int, sample: X2X3Pdu, at: int, octets: bytes, metadata_only: bool, kind: PduType
) -> None:
    payload = sample.payload
    place = at % (len(payload) + 1)
    one = pdu(form, payload[:place] + octets + payload[place + len(octets) :])._replace(pdu_type=kind)
    state = Communication(1)
    try:
        service_of(role, one)
        found = product(role, one, state, metadata_only)
    except (DecodeError, NotConvertibleError):
        return
    if found is not None:
        with contextlib.suppress(EncodeError):  # the process counts it as undecodable
            encoded(found)
        advance(one, state, found)


def test_attack_a_number_that_is_none_is_refused_and_not_handed_over() -> None:
    sample = next(one for one in SAMPLES if b"12125550101" in one.payload and one.payload_format == 2)
    forged = sample.payload.replace(b"12125550101", b"\x002125550101")
    with pytest.raises(DecodeError, match="no record may hold"):
        product("messaging", pdu(2, forged), Communication(1), False)
