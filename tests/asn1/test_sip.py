"""SIP and SDP as they come: compact, folded, multipart, cut, and hostile."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError
from asn1.sip import (
    MAX_MESSAGE_OCTETS,
    canonical_uri,
    host_of,
    looks_like_sip,
    message_octets,
    number_of,
    parse_sdp,
    parse_sip,
    sdp_of,
    user_of,
)

SDP = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\n"
    b"m=audio 16000/2 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtcp:16009 IN IP4 192.0.2.1\r\n"
    b"m=video 0 RTP/AVP 99\r\nc=IN IP6 2001:db8::5\r\na=rtpmap:99 H264/90000\r\na=inactive\r\n"
)
INVITE = (
    b"INVITE sip:+12125550142@192.0.2.9:5060;user=phone SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b'f: "Doe, \\"J\\" <sip:no@trap.invalid>" <sip:+12125550101@ims.invalid>;tag=abc\r\n'
    b"t: sip:+12125550142@ims.invalid;x=y\r\n"
    b"i: call-1@192.0.2.1\r\n"
    b"CSeq: 1\r\n INVITE\r\n"
    b"P-Asserted-Identity: <sip:+12125550101@ims.invalid>,\r\n\t<tel:+1-212-555-0101>\r\n"
    b"P-Called-Party-ID: <sip:+12125550143@ims.invalid>\r\n"
    b"c: application/sdp\r\n"
    b"l: " + str(len(SDP)).encode() + b"\r\n\r\n" + SDP
)


def test_invite() -> None:
    message = parse_sip(INVITE + b"next message")
    assert message.method == "INVITE" and message.status is None and message.octets_used == len(INVITE)
    assert message.call_id == "call-1@192.0.2.1" and message.cseq == (1, "INVITE")
    assert message.from_uri == "sip:+12125550101@ims.invalid" and message.from_tag == "abc" and message.to_tag is None
    assert message.to_uri == "sip:+12125550142@ims.invalid"
    assert message.asserted_uris == ("sip:+12125550101@ims.invalid", "tel:+1-212-555-0101")
    assert message.origin_uris == ("sip:+12125550101@ims.invalid", "tel:+1-212-555-0101")
    assert [number_of(uri) for uri in message.destination_uris] == ["12125550142", "12125550142", "12125550143"]
    assert message.body == SDP and not message.truncated


def test_response_speaks_of_the_responder() -> None:
    message = parse_sip(
        b"SIP/2.0 200 OK\nFrom: <sip:a@x.invalid>;tag=1\nTo: <sip:b@x.invalid>;tag=2\nCSeq: 3 BYE\n"
        b"P-Asserted-Identity: <sip:c@x.invalid>\nRemote-Party-ID: <sip:d@x.invalid>;party=called\n\nbody"
    )
    assert message.status == 200 and message.reason == "OK" and message.transaction_method == "BYE"
    assert message.origin_uris == ("sip:a@x.invalid",)
    assert message.destination_uris == ("sip:b@x.invalid", "sip:c@x.invalid", "sip:d@x.invalid")
    assert message.body == b"body" and message.to_tag == "2"


def test_sdp() -> None:
    message = parse_sip(INVITE)
    body = sdp_of(message)
    assert body is not None
    audio, video = parse_sdp(body)
    assert (audio.kind, audio.address, audio.port, audio.rtcp_port) == ("audio", "192.0.2.1", 16000, 16009)
    assert audio.direction == "sendonly" and audio.formats == ("8", "101")
    assert [audio.payload_name(kind) for kind in (8, 101, 0, 96)] == ["PCMA", "TELEPHONE-EVENT", "PCMU", None]
    assert (video.address, video.port, video.direction) == ("2001:db8::5", 0, "inactive")


def test_multipart() -> None:
    body = (
        b"--b1\r\nContent-Type: application/isup\r\n\r\nxx\r\n"
        b"--b1\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"\r\n--b1--\r\n"
    )
    head = b'INVITE sip:a@b SIP/2.0\r\nContent-Type: multipart/mixed;boundary="b1"\r\n\r\n'
    found = sdp_of(parse_sip(head + body))
    assert found is not None and parse_sdp(found) == parse_sdp(SDP)
    assert sdp_of(parse_sip(b"INVITE sip:a@b SIP/2.0\r\nContent-Type: multipart/mixed\r\n\r\n" + body)) is None
    assert sdp_of(parse_sip(b"INVITE sip:a@b SIP/2.0\r\nContent-Type: text/plain\r\n\r\n" + SDP)) is None


def test_a_description_inside_a_part_of_a_part_is_found_and_words_that_look_like_a_boundary_are_none() -> None:
    inner = (
        b"--in\nContent-Type: text/plain\n\n--out is no boundary here\n--in\nc: x\nContent-type: application/sdp\n\n"
    )
    body = b"--out\nContent-Type: multipart/alternative; boundary=in\n\n" + inner + SDP + b"\n--in--\n\n--out--\n"
    head = b"INVITE sip:a@b SIP/2.0\r\nc: multipart/mixed\r\n ;boundary=out\r\n\r\n"
    found = sdp_of(parse_sip(head + body))
    assert found is not None and parse_sdp(found) == parse_sdp(SDP)
    deep = b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 20
    assert (
        sdp_of(parse_sip(b"INVITE sip:a@b SIP/2.0\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n" + deep)) is None
    )


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("tel:+12125550101", "12125550101"),
        ("tel:+1-(212) 555.0101".replace(" ", ""), "12125550101"),
        ("sip:+12125550101@ims.invalid;user=phone", "12125550101"),
        ("sips:2125550101@ims.invalid", "12125550101"),
        ("sip:12125550101:secret@ims.invalid", "12125550101"),
        ("sip:%2B12125550101@ims.invalid", "12125550101"),
        ("sip:+12125550101;npdi;rn=+12125550000@ims.invalid", "12125550101"),
        ("tel:5550101;phone-context=+1212", "12125550101"),
        ("tel:911", None),
        ("sip:alice@ims.invalid", None),
        ("sip:ims.invalid", None),
        ("sip:192.0.2.1:5060", None),
        ("mailto:a@b", None),
        ("tel:+1234567890123456", None),
    ],
)
def test_number_of(uri: str, number: str | None) -> None:
    assert number_of(uri) == number


def test_parts_of_uris() -> None:
    assert user_of("sip:alice:pw@Host.invalid") == "alice"
    assert (
        host_of("sip:alice@Host.Invalid:5060;lr") == "host.invalid"
        and host_of("sip:[2001:DB8::1]:5060") == "2001:db8::1"
    )
    assert host_of("tel:+1212") is None
    assert canonical_uri("SIP:+12125550101@IMS.invalid:5060;user=phone") == "sip:+12125550101@ims.invalid"
    assert canonical_uri("sips:ims.invalid") == "sips:ims.invalid"
    assert canonical_uri("tel:+12125550101;x=y") == "tel:+12125550101" and canonical_uri("urn:a") == "urn:a"


def test_stream() -> None:
    stream = INVITE + b"\r\n" + INVITE
    assert message_octets(stream) == len(INVITE)
    assert message_octets(stream[len(INVITE) :]) == len(INVITE) + 2
    assert all(message_octets(INVITE[:cut]) is None for cut in range(0, len(INVITE), 7))
    with pytest.raises(DecodeError):
        message_octets(b"GET / HTTP/1.1\r\nHost: x\r\n")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\n\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nno colon\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nA: " + b"b" * 9000 + b"\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nA: b\r\n" + b" ccccccccccccccccccccccccccccc\r\n" * 600 + b"\r\n",
        b"SIP/2.0 999 Odd\r\n\r\n",
        b"INVITE " + b"a" * MAX_MESSAGE_OCTETS,
    ],
)
def test_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_sip(octets)


def test_cut_body_is_marked() -> None:
    assert parse_sip(INVITE[:-10]).truncated


@given(st.integers(0, len(INVITE)), st.integers(0, len(INVITE) * 8 - 1))
@settings(max_examples=300)
def test_cut_and_flipped_gives_only_our_error(cut: int, bit: int) -> None:
    octets = bytearray(INVITE)
    octets[bit // 8] ^= 1 << bit % 8
    try:
        message = parse_sip(octets[:cut])
    except DecodeError:
        return
    for uri in (*message.origin_uris, *message.destination_uris):
        number_of(uri)
        canonical_uri(uri)
    parse_sdp(sdp_of(message) or b"")
    assert message.cseq is None or message.cseq[0] >= 0


@given(st.binary(max_size=300))
def test_sdp_noise(octets: bytes) -> None:
    parse_sdp(SDP + octets)


def test_looks_like_sip() -> None:
    assert looks_like_sip(INVITE) and looks_like_sip(b"\r\nSIP/2.0 100 Trying\r\n")
    assert not looks_like_sip(b"GET / HTTP/1.1\r\n") and not looks_like_sip(b"\x80\x08")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 INVITE", (1, "INVITE")),
        ("4294967295\tBYE", (4294967295, "BYE")),
        ("1 INVITE and some words", None),
        ("12345678901 INVITE", None),
        ("INVITE", None),
        ("1", None),
        ("¹ INVITE", None),
    ],
)
def test_cseq_is_a_number_and_one_method(text: str, found: tuple[int, str] | None) -> None:
    message = parse_sip(f"SIP/2.0 200 OK\r\nCall-ID: x\r\nCSeq: {text}\r\n\r\n".encode())
    assert message.cseq == found
