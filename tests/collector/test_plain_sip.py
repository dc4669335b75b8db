"""What the quick look at a SIP message answers is what the reference says; every other message it leaves to it.

Messages are made from pieces that are usual, unusual or hostile, and any of them with octets changed; on both paths.
"""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest

from asn1.errors import DecodeError
from collector.facts import plain_sip as compiled
from collector.facts import sip_values
from collector.facts.signalling import Signalling, read_reference, read_sip

ADDRESSES = (
    "<sip:+12125550101@ims.invalid>", "<sip:12125550102@ims.invalid:5060>", "<tel:+12125550103>",
    '"Alex" <sip:+12125550104@ims.invalid>', '"Alex Doe" <sips:2125550105@a.b>', "sip:+12125550101@ims.invalid",
    "<sip:+12125550101@ims.invalid;user=phone>", "<sip:alex@ims.invalid>;x=y", '"at five" <sip:a@b.invalid>',
    '"meet me at 5" <sip:+12125550101@ims.invalid>', "<sip:+12125550101,,99@ims.invalid>", "*",
    "<tel:+1212555;postd=9>",
    "<sip:+12125550101@IMS.invalid>", "<sip:+12125550101@ims.invalid>, <tel:+12125550103>", "<mailto:a@b.invalid>", "",
    "<sip:+12125550101@ims.invalid?subject=x>", "<sip:ims.invalid>", "< sip:+12125550101@ims.invalid >", "<im:a@b.c>",
    '"Alex  Doe" <sip:+12125550104@ims.invalid>', '"O\'Neil" <tel:+12125550103>', "Alex <tel:+12125550103>",
    '"" <tel:+1>',
    "<sip:+1212555010112345@ims.invalid>", "<sip:12@ims.invalid>", "<sip:+12125550101@ims.invalid:>",
    "<tel:12125550101>",
    "<sip:+12125550101@ims.invalid:123456>", "<sip:a%20b@ims.invalid>", "<sip:+12125550101p22@ims.invalid>",
)  # fmt: skip
TAGS = ("", ";tag=ab-1.9", ";tag=a_b", "; tag=x", ";tag=", ";TAG=q", ";tag=a;x=1", ";tag=" + "a" * 65)
NAMES = {
    "From": (ADDRESSES, TAGS), "To": (ADDRESSES, TAGS), "Contact": (ADDRESSES, ("", "", ";expires=60", ";q=0.5")),
    "P-Asserted-Identity": (ADDRESSES, ("",)), "Remote-Party-ID": (ADDRESSES, ("", ";party=calling")),
    "P-Called-Party-ID": (ADDRESSES, ("",)), "Route": (ADDRESSES, ("", ";lr")), "Record-Route": (ADDRESSES, ("",)),
    "P-Associated-URI": (ADDRESSES, ("",)), "Diversion": (ADDRESSES, ("",)), "History-Info": (ADDRESSES, (";index=1",)),
    "Refer-To": (ADDRESSES, ("",)), "Referred-By": (ADDRESSES, ("",)),
    "Via": (
        ("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", "SIP/2.0/TCP a.invalid", "SIP/2.0/UDP A.invalid;branch=z9hG4bK2",
         "SIP/2.0/TLS [2001:db8::1];branch=z9;rport", "SIP/2.0/UDP x;branch=a b", "words",
         "SIP/2.0/UDX x;branch=abcdef",
         "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2"), ("",),
    ),
    "Call-ID": (("a84b4c76e66710@192.0.2.1", "x y", "", "a" * 128, "a" * 129, "a" * 300, "1p2"), ("",)),
    "CSeq": (("1 INVITE", "2 BYE", "3  ACK", "INVITE", "4 PARTY", "12345678901 BYE", "5 MESSAGE", "6 INVITE x"), ("",)),
    "Content-Length": (("0", "5", "1000", "99999", "x", "12345678901", "-1", "007"), ("",)),
    "Content-Type": (
        ("application/sdp", "APPLICATION/SDP", "text/plain;charset=utf-8", "application/dtmf-relay", "words",
         "multipart/mixed;boundary=x", "application/conference-info+xml", "text/plain; note=hello"), ("",),
    ),
    "Max-Forwards": (("70", "", "seventy", "12345678901"), ("",)), "Expires": (("3600", "soon"), ("",)),
    "Allow": (("INVITE, ACK, BYE", "INVITE,PARTY", "", ",,"), ("",)), "Supported": (("100rel, timer", "magic"), ("",)),
    "Privacy": (("id;header", "none", "words"), ("",)), "Event": (("dialog;id=1", "x"), ("",)),
    "Subscription-State": (("active;expires=60", "gone"), ("",)), "Accept": (("application/sdp", "x/y"), ("",)),
    "Alert-Info": (("<urn:alert:service:normal>", "<http://x>"), ("",)),
    "Date": (("Sat, 13 Nov 2010 23:29:00 GMT", "noon"), ("",)), "Reason": (("Q.850;cause=16", "words"), ("",)),
    "Session-Expires": (("90;refresher=uac", "x"), ("",)), "RAck": (("1 1 INVITE", "x"), ("",)),
    "Retry-After": (("5", "five"), ("",)), "P-Access-Network-Info": (("3GPP-E-UTRAN", "x?y"), ("",)),
    "Geolocation": (("<cid:a>",), ("",)), "User-Agent": (("phone/1.0",), ("",)), "Subject": (("at five",), ("",)),
    "f": (ADDRESSES, TAGS), "t": (ADDRESSES, TAGS), "m": (ADDRESSES, ("",)), "v": (("SIP/2.0/UDP a;branch=b",), ("",)),
    "i": (("a@b",), ("",)), "l": (("3", "0"), ("",)), "c": (("application/sdp",), ("",)), "k": (("timer",), ("",)),
    "FROM": (ADDRESSES, TAGS), "call-id": (("c@d",), ("",)), "Content-length": (("4",), ("",)),
    "X-Own": (("words",), ("",)),
    "Not A Name": (("x",), ("",)), "P-Visited-Network-ID": (("x.invalid",), ("",)),
}  # fmt: skip
STARTS = (
    "INVITE {uri} SIP/2.0", "BYE {uri} SIP/2.0", "ACK {uri} SIP/2.0", "MESSAGE {uri} SIP/2.0", "INFO {uri} SIP/2.0",
    "NOTIFY {uri} SIP/2.0", "REFER {uri} SIP/2.0", "PARTY {uri} SIP/2.0", "SIP/2.0 200 OK", "SIP/2.0 180 Ringing",
    "SIP/2.0 302 Moved Temporarily", "SIP/2.0 200", "SIP/2.0 200 ", "SIP/2.0 603 not at five", "SIP/2.0 700 x",
    "SIP/2.0  200 OK", "SIP/2.0 2000", "INVITE  {uri} SIP/2.0", "INVITE {uri} SIP/2.0 ",
    "INVITE {uri} SIP/1.0", "words",
)  # fmt: skip
ASKED = (
    "sip:+12125550102@ims.invalid", "tel:+12125550102", "sip:+12125550102@ims.invalid;user=phone", "sip:ims.invalid",
    "sip:+12125550102@ims.invalid:5060", "sip:+1212,,5@ims.invalid", "urn:service:sos", "mailto:words", "sip:a%20b@c.d",
    "sip:+12125550102@ims.invalid;postd=1", "sip:+12125550102@ims.invalid;words=at-five", "sip:A@B",
)  # fmt: skip
SDP = (
    "v=0", "o=- 1 1 IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1", "c=IN IP6 2001:db8::1", "c=IN IP4 192.0.2.300", "c=IN IP4",
    "c=IN IP4 192.0.2.1/127", "c= IN  IP4  192.0.2.9", "c=XX IP4 192.0.2.1", "c=IN IP4 words", "m=audio 4000 RTP/AVP 0",
    "m=audio 4000/2 RTP/AVP 0 8", "m=video 70000 RTP/AVP 31", "m=audio 0 RTP/AVP 0", "m=audio 4000 RTP/AVP", "m=audio",
    "m=audio  4002  RTP/AVP  0 ", "m=audio x RTP/AVP 0", "a=sendrecv", "a=rtpmap:0 PCMU/8000", "words", "", "m=", "c=",
    "c=IN IP4 01.2.3.4", "m=audio 123456 RTP/AVP 0", "a=rtcp:4001",
)  # fmt: skip
USUAL = ("From", "To", "Call-ID", "CSeq", "Via", "Max-Forwards", "Contact", "P-Asserted-Identity", "Allow")


def message(chance: random.Random, hostile: float) -> bytes:
    """A message; `hostile` is how often a piece is any but the first of its kind."""

    def pick(pieces: Any) -> Any:
        return chance.choice(pieces) if chance.random() < hostile else pieces[0]

    sdp = chance.random() < 0.5
    lines = [pick(STARTS[: chance.choice((1, 9, len(STARTS)))]).format(uri=pick(ASKED))]
    if chance.random() < 0.4:
        lines[0] = chance.choice(STARTS[8:11])
    names = [name for name in USUAL if chance.random() > hostile / 4]
    names += [chance.choice(tuple(NAMES)) for _ in range(chance.randrange(3))] if chance.random() < hostile * 2 else []
    chance.shuffle(names)
    for name in names:
        values, tails = NAMES[name]
        lines.append(f"{name}:{pick((' ', '', '  '))}{pick(values)}{pick(tails)}{pick(('', ' '))}")
    body = b""
    if sdp:
        lines.append("Content-Type: application/sdp")
        body = b"".join(line.encode() + pick((b"\r\n", b"\n")) for line in chance.choices(SDP, k=chance.randrange(9)))
    elif chance.random() < 0.3:
        body = b"Signal=5\r\n" if chance.random() < 0.5 else b"<conference-info>at five</conference-info>"
    if chance.random() < 0.8:
        lines.append(f"Content-Length: {len(body) + pick((0, 1, -1, 7))}")
    end = pick(("\r\n", "\n"))
    octets = (end.join(lines) + 2 * end).encode() + body + pick((b"", b"behind"))
    if chance.random() < hostile / 3:
        at = chance.randrange(len(octets))
        other = bytes([chance.choice((octets[at] ^ 1 << chance.randrange(8), 0x0D, 0x0A, 0x20, 0x09, 0xC3, 0x3F))])
        octets = octets[:at] + other + octets[at + chance.randrange(2) :]
    return octets


def alike(looks: ModuleType, octets: bytes) -> bool:
    """Holds both against each other; whether the quick look was sure."""
    found = looks.read_plain(octets)
    try:
        said = read_reference(octets)
    except DecodeError:
        assert found is None, octets
        with pytest.raises(DecodeError):
            read_sip(octets)
        return False
    assert read_sip(octets) == said
    if found is None:
        return False
    assert Signalling(*found) == said, octets
    # Also in types and in order, but for sets, which have none.
    assert repr(found[3:10]) == repr(tuple(said)[3:10])
    return True


@pytest.fixture(params=["compiled", "interpreted"])
def looks(request: pytest.FixtureRequest, interpreted_twin: Any) -> ModuleType:
    if request.param == "interpreted":
        twin: ModuleType = interpreted_twin("collector.facts.sip_octets", "collector.facts.plain_sip")[
            "collector.facts.plain_sip"
        ]
        assert not twin.COMPILED
        return twin
    if not compiled.COMPILED:
        pytest.fail("collector.facts.plain_sip not compiled: run make, which builds it", pytrace=False)
    return compiled


@pytest.mark.parametrize("hostile", [0.0, 0.1, 0.3, 0.8])
def test_attack_no_message_is_read_otherwise_than_the_reference_reads_it(looks: ModuleType, hostile: float) -> None:
    chance = random.Random(int(hostile * 10))
    rounds = 1500 if looks.COMPILED else 300
    sure = sum(alike(looks, message(chance, hostile)) for _ in range(rounds))
    assert sure * 10 > rounds * {0.0: 8, 0.1: 4, 0.3: 1}.get(hostile, 0), f"{sure} of {rounds}"


def test_every_header_that_can_be_plain_has_its_way(looks: ModuleType) -> None:
    assert set(sip_values.PLAIN_SIP_HEADERS | sip_values.LOCATION_SIP_HEADERS) == set(looks._CODES)


def test_attack_words_are_not_remembered(looks: ModuleType) -> None:
    """What is remembered from one message to the next is plain signalling: words of a party are not kept in memory."""
    memories = (looks._plain_words, looks._media_type, looks._plain_reason, looks._plain_address)
    for one in memories:
        one.cache_clear()
    octets = (
        b"SIP/2.0 486 see you at five\r\nFrom: <sip:at%20five@ims.invalid>\r\nTo: <mailto:at-five>\r\n"
        b"Supported: at-five\r\nUser-Agent: at five\r\nContent-Length: 0\r\n\r\n"
    )
    assert alike(looks, octets)
    assert [one.cache_info().currsize for one in memories] == [0, 0, 0, 0]
