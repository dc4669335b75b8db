"""What a pen register must not have does not come out of redaction, wherever the sender put it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.sip import parse_sip
from asn1.sms_tpdu import decode_tpdu, encode_deliver, encode_deliver_report, encode_status_report, encode_submit
from asn1.ts33128 import decode_xiri, encode_xiri
from mediation.redact import (
    KEPT_HEADERS,
    Granted,
    message_without_text,
    multimedia_without_content,
    signalling_only,
)

CANARY = "CANARY-7f3a"
T0 = 1_750_000_000_000_000
LINES = (
    "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
    "From: <sip:+12125550101@ims.invalid>;tag=a",
    "To: <sip:+12125550102@ims.invalid>;tag=b",
    "Call-ID: c1@ims.invalid",
    "CSeq: 3 INVITE",
    "Max-Forwards: 70",
)


def sip(start: str, *more: str, body: str = "", lines: tuple[str, ...] = LINES) -> bytes:
    octets = body.encode()
    return ("\r\n".join((start, *lines, *more, f"Content-Length: {len(octets)}", "", "")).encode()) + octets


INVITE = "INVITE sip:+12125550102@ims.invalid SIP/2.0"


# --- SIP ----------------------------------------------------------------------------------------------------------


def test_body_is_taken_out_and_its_length_said_to_be_zero() -> None:
    redacted = signalling_only(sip(INVITE, "Content-Type: application/sdp", body=f"v=0\r\ns={CANARY}\r\n"))
    assert redacted is not None
    message = parse_sip(redacted)
    assert message.body == b"" and message.header("content-length") == "0" and message.header("content-type") is None
    assert CANARY.encode() not in redacted and message.octets_used == len(redacted)


def test_parties_and_dialogue_stay_as_they_were() -> None:
    octets = sip(INVITE, "P-Asserted-Identity: <sip:+12125550101@ims.invalid>", body="x")
    redacted = signalling_only(octets)
    assert redacted is not None
    before, after = parse_sip(octets), parse_sip(redacted)
    for name in ("method", "uri", "call_id", "cseq", "from_uri", "to_uri", "from_tag", "to_tag", "asserted_uris"):
        assert getattr(after, name) == getattr(before, name)
    assert [value for name, value in after.headers if name == "via"] == [LINES[0].partition(": ")[2]]


@pytest.mark.parametrize(
    "start", [INVITE, "SIP/2.0 200 OK", "BYE sip:+12125550102@ims.invalid SIP/2.0", "SIP/2.0 486 Busy Here"]
)
def test_requests_and_responses_keep_what_they_are(start: str) -> None:
    redacted = signalling_only(sip(start, body="x"))
    assert redacted is not None
    before, after = parse_sip(sip(start)), parse_sip(redacted)
    assert (after.method, after.uri, after.status) == (before.method, before.uri, before.status)


def test_words_in_the_reason_phrase_are_taken_out() -> None:
    redacted = signalling_only(sip(f"SIP/2.0 480 {CANARY}"))
    assert redacted is not None and CANARY.encode() not in redacted and parse_sip(redacted).status == 480


@pytest.mark.parametrize(
    "header",
    [
        f"Subject: {CANARY}",
        f"s: {CANARY}",
        f"Alert-Info: <http://host.invalid/{CANARY}>",
        f"Call-Info: <http://host.invalid/{CANARY}>;purpose=card",
        f"Error-Info: <sip:{CANARY}@host.invalid>",
        f"Refer-To: <sip:x@host.invalid?body={CANARY}>",
        f"User-To-User: {CANARY};encoding=hex",
        f"Organization: {CANARY}",
        f"Geolocation: <cid:{CANARY}@host.invalid>",
        f"P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp={CANARY}",
        f"P-Last-Access-Network-Info: 3GPP-NR;utran-cell-id-3gpp={CANARY}",
        f"Cellular-Network-Info: 3GPP-NR;utran-cell-id-3gpp={CANARY}",
        f"Content-Disposition: {CANARY}",
        f"In-Reply-To: {CANARY}",
        f"Info-Package: {CANARY}",
        f"X-Unknown: {CANARY}",
        f"X-Folded: a\r\n {CANARY}",
    ],
)
def test_content_or_place_hidden_in_a_header_is_taken_out(header: str) -> None:
    redacted = signalling_only(sip(INVITE, header))
    assert redacted is not None and CANARY.encode() not in redacted


@settings(max_examples=150, deadline=None)
@given(name=st.from_regex(r"[A-Za-z][A-Za-z-]{0,20}", fullmatch=True) | st.sampled_from(KEPT_HEADERS))
def test_attack_words_in_a_header_of_any_name_are_taken_out(name: str) -> None:
    """A plain header too: its value is written anew from what its kind can hold. A Call-ID is opaque, and the first."""
    if name.lower() in ("content-length", "l"):
        return
    for value in (
        CANARY,
        f"{CANARY} words",
        f'"{CANARY}" <sip:a@h.invalid>;x={CANARY}',
        f"<sip:a@h.invalid;x={CANARY}>",
    ):
        redacted = signalling_only(sip(INVITE, f"{name}: {value}"))
        assert redacted is not None and CANARY.encode() not in redacted


def test_second_message_behind_the_first_is_taken_out() -> None:
    redacted = signalling_only(sip(INVITE) + sip(INVITE, body=CANARY))
    assert redacted is not None and CANARY.encode() not in redacted and redacted.count(b"SIP/2.0\r\n") == 1


def test_body_longer_than_its_length_says_is_taken_out() -> None:
    octets = sip(INVITE).replace(b"Content-Length: 0", b"Content-Length: 3") + b"abc" + CANARY.encode()
    redacted = signalling_only(octets)
    assert redacted is not None and CANARY.encode() not in redacted


def test_what_is_no_sip_gives_nothing() -> None:
    for octets in (b"", b"\0" * 50, CANARY.encode(), b"INVITE\r\n\r\n", sip(INVITE)[:40]):
        assert signalling_only(octets) is None


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=100), cut=st.integers(0, 400))
def test_redacting_twice_changes_nothing_more(body: bytes, cut: int) -> None:
    octets = sip(INVITE).replace(b"Content-Length: 0", b"Content-Length: %d" % len(body)) + body
    once = signalling_only(octets[:cut] if cut < len(octets) else octets)
    assert once is None or signalling_only(once) == once


# --- short messages -----------------------------------------------------------------------------------------------


def event(tpdu: bytes, direction: str = "fromTarget", **more: Any) -> dict[str, Any]:
    return {
        "originatingSMSParty": {"gPSI": ("mSISDN", "12125550101")},
        "terminatingSMSParty": {"gPSI": ("mSISDN", "12125550102")},
        "direction": direction,
        "linkTransferStatus": "transferSucceeded",
        "sMSTPDUData": ("sMSTPDU", tpdu),
        **more,
    }


TEXTS = (CANARY, CANARY * 30, "ü" + CANARY, "見" + CANARY * 20)


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_a_sent_message_is_taken_out_and_its_addresses_stay(text: str) -> None:
    for tpdu in encode_submit(text, "12125550102", reference=9, concatenation=77):
        redacted = message_without_text(event(tpdu))
        form, octets = redacted["sMSTPDUData"]
        assert form == "redactedSMSTPDU" and octets[-1] == 0
        before, after = decode_tpdu(tpdu, True), decode_tpdu(octets, True)
        assert (after.address, after.type, after.reference) == (before.address, before.type, before.reference)
        assert not after.text and not after.udh
        assert octets == bytes([tpdu[0] & ~0x40]) + tpdu[1 : len(octets) - 1] + b"\0"
        assert {**redacted, "sMSTPDUData": None} == {**event(tpdu), "sMSTPDUData": None}


@pytest.mark.parametrize("text", TEXTS)
def test_text_of_a_received_message_is_taken_out_and_its_time_stays(text: str) -> None:
    for tpdu in encode_deliver(text, "12125550102", T0, concatenation=77):
        _, octets = message_without_text(event(tpdu, "toTarget"))["sMSTPDUData"]
        before, after = decode_tpdu(tpdu, False), decode_tpdu(octets, False)
        assert after.timestamp_us == before.timestamp_us == T0 and not after.text
        assert (after.address, after.type) == (before.address, before.type)
        assert octets[-1] == 0 and len(octets) < 30


@pytest.mark.parametrize(("form", "validity"), [(0, b""), (2, b"\xa7"), (1, bytes(7)), (3, bytes(7))])
def test_every_form_of_validity_period_is_known(form: int, validity: bytes) -> None:
    """A wrong length here would leave octets of text in front of the cut."""
    (tpdu,) = encode_submit(CANARY, "12125550102")
    with_period = bytes([tpdu[0] | form << 3]) + tpdu[1:12] + validity + tpdu[12:]
    head = with_period[: 12 + len(validity)]
    assert message_without_text(event(with_period))["sMSTPDUData"] == ("redactedSMSTPDU", head + b"\0")


@pytest.mark.parametrize(
    ("tpdu", "direction"),
    [
        (encode_submit(CANARY, "12125550102")[0], "toTarget"),
        (encode_deliver(CANARY, "12125550102", T0)[0], "fromTarget"),
        (encode_deliver_report(), "fromTarget"),
        (encode_status_report(1, "12125550102", T0, T0), "toTarget"),
        (b"", "fromTarget"),
        (b"\x01\x00", "fromTarget"),
        (b"\x01\x00\xff\x91", "fromTarget"),
        (b"\x03" + CANARY.encode(), "fromTarget"),
    ],
)
def test_what_cannot_be_taken_apart_is_left_out_whole(tpdu: bytes, direction: str) -> None:
    redacted = message_without_text(event(tpdu, direction))
    assert "sMSTPDUData" not in redacted
    assert redacted["originatingSMSParty"] == event(tpdu)["originatingSMSParty"]


def test_tpdu_in_a_form_nobody_knows_is_left_out() -> None:
    whole = event(b"") | {"sMSTPDUData": ("truncatedSMSTPDU", CANARY.encode())}
    assert "sMSTPDUData" not in message_without_text(whole)


def test_text_in_a_tpdu_that_is_called_redacted_is_taken_out_too() -> None:
    (tpdu,) = encode_submit(CANARY, "12125550102")
    forged = event(tpdu) | {"sMSTPDUData": ("redactedSMSTPDU", tpdu)}
    assert message_without_text(forged)["sMSTPDUData"] == message_without_text(event(tpdu))["sMSTPDUData"]


def test_location_is_taken_out() -> None:
    (tpdu,) = encode_submit("x", "12125550102")
    assert "location" not in message_without_text(event(tpdu, location={"locationInfo": {}}))


def test_text_in_an_extension_field_does_not_come_through() -> None:
    (tpdu,) = encode_submit("x", "12125550102")
    octets = encode_xiri(("sMSMessage", event(tpdu)))
    inner = b"\x9f\x50" + bytes([len(CANARY)]) + CANARY.encode()
    grown = _grow(octets, inner)
    assert CANARY.encode() in grown
    name, decoded = decode_xiri(grown)
    assert name == "sMSMessage"
    redacted = message_without_text(decoded)
    assert CANARY.encode() not in encode_xiri((name, redacted))


def _grow(octets: bytes, extra: bytes) -> bytes:
    """XIRIPayload { oid, event { sMSMessage { … } } } with `extra` behind the last field of sMSMessage."""

    def parts(data: bytes) -> tuple[bytes, bytes]:
        size = data[1]
        if size < 0x80:
            return data[:1], data[2 : 2 + size]
        count = size & 0x7F
        length = int.from_bytes(data[2 : 2 + count], "big")
        return data[:1], data[2 + count : 2 + count + length]

    def whole(tag: bytes, body: bytes) -> bytes:
        size = bytes([len(body)]) if len(body) < 0x80 else b"\x82" + len(body).to_bytes(2, "big")
        return tag + size + body

    tag, body = parts(octets)
    oid_octets = 2 + body[1]
    event_tag, event_body = parts(body[oid_octets:])
    message_tag, message_body = parts(event_body)
    message = whole(message_tag, message_body + extra)
    return whole(tag, body[:oid_octets] + whole(event_tag, message))


@settings(max_examples=200, deadline=None)
@given(tpdu=st.binary(max_size=180), sent=st.booleans())
def test_no_tpdu_comes_out_longer_than_its_head(tpdu: bytes, sent: bool) -> None:
    """First octet, reference, address of at most 12, two more, 7 of time or validity, and the empty length."""
    redacted = message_without_text(event(tpdu, "fromTarget" if sent else "toTarget"))
    _, octets = redacted.get("sMSTPDUData", ("", b""))
    assert len(octets) <= 24 and (not octets or octets[-1] == 0)


def test_attack_content_in_the_headers_part_of_a_uri() -> None:
    octets = (
        b"INVITE sip:+12125550142@ims.invalid?body=CANARY SIP/2.0\r\n"
        b'From: "A" <sip:+12125550101@ims.invalid;user=phone?Subject=CANARY&body=CANARY>;tag=a\r\n'
        b"To: sip:+12125550142@ims.invalid?body=CANARY\r\nContact: <sips:x@192.0.2.1:5060?body=CANARY>;expires=60\r\n"
        b"Route: <sip:p.invalid;lr?x=CANARY>, <sip:q.invalid;lr>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
    )
    kept = signalling_only(octets)
    assert kept is not None and b"CANARY" not in kept
    message = parse_sip(kept)
    assert message.uri == "sip:+12125550142@ims.invalid" and message.from_tag == "a"
    assert b"<sip:+12125550101@ims.invalid;user=phone>;tag=a" in kept
    assert b"<sip:p.invalid;lr>, <sip:q.invalid;lr>" in kept and b"expires=60" in kept


# --- what an order names besides ------------------------------------------------------------------------------------


@pytest.mark.rule("R-112")
def test_a_place_stays_where_the_order_names_it() -> None:
    (tpdu,) = encode_submit("x", "12125550102")
    octets = sip(INVITE, f"P-Access-Network-Info: 3GPP-NR;utran-cell-id-3gpp={CANARY}", f"Subject: {CANARY}")
    placed, plain = signalling_only(octets, Granted(place=True)), signalling_only(octets)
    assert placed is not None and placed.count(CANARY.encode()) == 1 and b"Subject" not in placed
    assert plain is not None and CANARY.encode() not in plain
    assert "location" in message_without_text(event(tpdu, location={"locationInfo": {}}), Granted(place=True))


@pytest.mark.rule("R-111")
@pytest.mark.parametrize("body", ["Signal=5\r\nDuration=160\r\n", "5"])
def test_a_key_stays_where_the_order_names_dialled_digits(body: str) -> None:
    octets = sip(INVITE.replace("INVITE", "INFO"), "Content-Type: application/dtmf-relay", body=body)
    keyed, plain = signalling_only(octets, Granted(keys=True)), signalling_only(octets)
    assert keyed is not None and parse_sip(keyed).body == body.encode()
    assert plain is not None and parse_sip(plain).body == b""


@pytest.mark.parametrize("start", [INVITE, INVITE.replace("INVITE", "INFO")])
@pytest.mark.parametrize("body", [f"Signal=5\r\n{CANARY}", CANARY, f"Signal=55 {CANARY}"])
def test_attack_words_beside_a_key_do_not_come_through(start: str, body: str) -> None:
    octets = sip(start, "Content-Type: application/dtmf-relay", body=body)
    redacted = signalling_only(octets, Granted(place=True, keys=True))
    assert redacted is not None and CANARY.encode() not in redacted and parse_sip(redacted).body == b""


@pytest.mark.parametrize(
    "uri",
    [
        "sip:+12125550102;postd=4321@ims.invalid",
        "sip:+12125550102@ims.invalid;postd=4321",
        "tel:+12125550102,,4321",
        "sip:+12125550102pp4321@ims.invalid",
    ],
)
@pytest.mark.rule("R-111")
def test_digits_behind_a_number_are_taken_out(uri: str) -> None:
    redacted = signalling_only(sip(f"INVITE {uri} SIP/2.0", f"Contact: <{uri}>"))
    assert redacted is not None and b"4321" not in redacted


@pytest.mark.parametrize("start", [f"{CANARY} sip:a@h.invalid SIP/2.0", f"INVITE data:,{CANARY} SIP/2.0"])
def test_a_request_that_is_not_known_gives_nothing(start: str) -> None:
    assert signalling_only(sip(start)) is None


def test_an_emergency_call_is_still_a_call() -> None:
    redacted = signalling_only(sip("INVITE urn:service:sos SIP/2.0"))
    assert redacted is not None and redacted.startswith(b"INVITE urn:service:sos SIP/2.0\r\n")


def test_a_name_that_is_shown_stays_and_a_text_does_not() -> None:
    for shown, stays in (("Alex Rivera", True), (f"{CANARY} at 5", False), ("x" * 41, False)):
        redacted = signalling_only(sip(INVITE, f'P-Asserted-Identity: "{shown}" <sip:a@h.invalid>'))
        assert redacted is not None and (f'"{shown}" <sip:a@h.invalid>'.encode() in redacted) is stays
        assert b"<sip:a@h.invalid>" in redacted


def test_a_sender_whose_name_is_a_text_takes_the_message_with_it() -> None:
    """TS 23.040 9.1.2.5: eleven septets are enough for words."""
    name = bytes([0x0E, 0xD0]) + bytes.fromhex("c3a0b3591d0a04")
    (plain,) = encode_deliver("x", "12125550102", T0)
    tpdu = plain[:1] + name + plain[9:]
    assert "sMSTPDUData" not in message_without_text(event(tpdu, "toTarget"))


# --- multimedia messages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        (f'multipart/related; start="{CANARY}"', "multipart/related"),
        ("Text/Plain", "text/plain"),
        (CANARY, "application/octet-stream"),
    ],
)
@pytest.mark.rule("R-113", "R-114")
def test_a_multimedia_message_keeps_its_kind_and_neither_subject_nor_the_names_of_parts(sent: str, left: str) -> None:
    words = dict.fromkeys(("subject", "responseStatusText", "applicID", "auxApplicInfo", "unknown"), CANARY)
    kept = multimedia_without_content("mMSSend", {"messageID": "m1", "contentType": sent, **words})
    assert kept == {"messageID": "m1", "contentType": left}
    assert multimedia_without_content("mMSMBoxUpload", words) is None
