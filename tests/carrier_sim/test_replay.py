"""Replay of captures: real SIPp calls, and captures made here for what SIPp's do not hold."""

from __future__ import annotations

import itertools
import struct
from collections import Counter
from pathlib import Path

import pytest

import carrier_sim
from asn1.errors import LocalError
from asn1.packets import parse_ip, parse_rtp, parse_telephone_event
from asn1.radius import ACCOUNTING_REQUEST, START, STOP, build_radius, parse_radius
from asn1.sip import number_of, parse_sdp, parse_sip, sdp_of
from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.packets import ACK, PSH, SYN, TcpFlow, UdpFlow
from carrier_sim.pcap import CaptureError, PcapngWriter, PcapWriter
from carrier_sim.replay import Replay
from carrier_sim.subscribers import Identity, is_fictional, is_fictional_address

SIPP = Path(__file__).parents[1] / "vectors/captures/sipp-calls.pcap"


def replay(
    path: Path, rebase_us: int | None = None, keep_identities: bool = False
) -> tuple[list[InterceptEvent], Replay]:
    numbers = itertools.count(1)
    one = Replay(path, lambda: next(numbers), rebase_us, keep_identities)
    one.prepare()
    return list(one.events()), one


def written(tmp_path: Path, packets: list[bytes], ng: bool = False) -> Path:
    path = tmp_path / "made.pcap"
    with path.open("wb") as stream:
        writer = PcapngWriter(stream) if ng else PcapWriter(stream)
        for index, octets in enumerate(packets):
            writer.write(1_000_000_000_000_000 + index * 10_000, octets)
    return path


def invite(call: str, caller: str, callee: str, host: str, port: int, **extra: str) -> bytes:
    return message(f"INVITE sip:{callee}@192.0.2.9 SIP/2.0", call, caller, callee, "1 INVITE", host, port, **extra)


def answer(call: str, caller: str, callee: str, host: str, port: int, status: str = "200 OK") -> bytes:
    return message(f"SIP/2.0 {status}", call, caller, callee, "1 INVITE", host, port, to_tag=";tag=t")


def message(
    start: str,
    call: str,
    caller: str,
    callee: str,
    cseq: str,
    host: str = "",
    port: int = 0,
    to_tag: str = "",
    **extra: str,
) -> bytes:
    body = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"
        if host
        else ""
    )
    lines = [
        start,
        f"From: <sip:{caller}@ims.invalid>;tag=f",
        f"To: <sip:{callee}@ims.invalid>{to_tag}",
        f"Call-ID: {call}",
        f"CSeq: {cseq}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in extra.items()),
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", body]).encode()


A, B, C = "198.51.100.1", "198.51.100.2", "198.51.100.3"
SIGNALLING = UdpFlow(Address(A, 5060), Address(B, 5060)), UdpFlow(Address(B, 5060), Address(A, 5060))
RTP = b"\x80\x08" + bytes(10) + b"speech"


def rtp(source: tuple[str, int], destination: tuple[str, int]) -> bytes:
    return UdpFlow(Address(*source), Address(*destination)).packet(RTP)


# ---- the real capture


def test_sipp_calls_do_not_cross() -> None:
    events, one = replay(SIPP)
    assert (one.counts.packets, one.counts.sip, one.counts.media) == (1036, 12, 1024)
    assert one.counts.data == one.counts.broken == one.counts.ignored == 0
    kinds = Counter((event.correlation, event.kind) for event in events)
    assert kinds == {
        (1, EventKind.SIP): 6,
        (1, EventKind.MEDIA): 512,
        (2, EventKind.SIP): 6,
        (2, EventKind.MEDIA): 512,
    }
    ports = {1: set(), 2: set()}
    sides = Counter()
    for event in events:
        if event.kind is EventKind.MEDIA and event.source and event.destination and event.sender:
            ports[event.correlation].update({event.source.port, event.destination.port})
            sides[event.correlation, event.sender.identities[0].value] += 1
    assert ports[1] & ports[2] == {16_500} and len(ports[1]) == len(ports[2]) == 2
    assert set(sides.values()) == {256} and len(sides) == 4


def test_sipp_calls_keep_their_octets_and_times() -> None:
    events, _ = replay(SIPP)
    raw = SIPP.read_bytes()
    assert all(event.octets in raw for event in events)
    assert events[0].time_us == 1_795_408_988_463_242 and events[-1].time_us == 1_795_409_002_478_650
    assert [event.phase for event in events if event.correlation == 1 and event.kind is EventKind.SIP] == [
        Phase.OPENS,
        Phase.WITHIN,
        Phase.OPENS,
        Phase.WITHIN,
        Phase.WITHIN,
        Phase.CLOSES,
    ]


def test_rebase_moves_the_first_packet_and_keeps_the_distances() -> None:
    plain, _ = replay(SIPP)
    moved, _ = replay(SIPP, rebase_us=5_000_000)
    assert moved[0].time_us == 5_000_000
    assert {one.time_us - other.time_us for one, other in zip(plain, moved, strict=True)} == {
        plain[0].time_us - 5_000_000
    }


# ---- media


@pytest.mark.parametrize("ng", [False, True])
def test_media_of_one_call_rtcp_strangers_and_stragglers(tmp_path: Path, ng: bool) -> None:
    up, down = SIGNALLING
    packets = [
        up.packet(invite("c1", "+12125550101", "+12125550142", A, 4000)),
        rtp((B, 6000), (A, 4000)),  # early media: only the offered end is known
        down.packet(answer("c1", "+12125550101", "+12125550142", B, 6000)),
        up.packet(invite("c1", "+12125550101", "+12125550142", A, 4000)),  # retransmitted
        rtp((A, 4000), (B, 6000)),
        rtp((A, 4001), (B, 6001)),  # RTCP
        rtp((C, 4000), (B, 6000)),  # a stranger's packet to the same port
        up.packet(
            message("BYE sip:b@b.invalid SIP/2.0", "c1", "+12125550101", "+12125550142", "2 BYE", to_tag=";tag=t")
        ),
        down.packet(message("SIP/2.0 200 OK", "c1", "+12125550101", "+12125550142", "2 BYE", to_tag=";tag=t")),
        rtp((B, 6000), (A, 4000)),  # just behind the end
        *[UdpFlow(Address(C, 1), Address(C, 2)).packet(b"time passes")] * 250,
        rtp((B, 6000), (A, 4000)),  # long after it
    ]
    events, one = replay(written(tmp_path, packets, ng))
    assert (one.counts.sip, one.counts.media, one.counts.data) == (5, 4, 252)
    media = [event for event in events if event.kind is EventKind.MEDIA]
    assert [event.sender is not None and event.sender.identities[0].value for event in media] == [
        "12125550142",
        "12125550101",
        "12125550101",
        "12125550142",
    ]


def test_a_port_taken_over_by_a_new_call_is_the_new_calls(tmp_path: Path) -> None:
    up, down = SIGNALLING
    packets = []
    for call in ("c1", "c2"):
        packets += [
            up.packet(invite(call, "+12125550101", "+12125550142", A, 4000)),
            down.packet(answer(call, "+12125550101", "+12125550142", B, 6000)),
            rtp((A, 4000), (B, 6000)),
        ]
    events, _ = replay(written(tmp_path, packets))
    assert [event.correlation for event in events if event.kind is EventKind.MEDIA] == [1, 2]


def test_early_media_is_nobodys_when_two_calls_offer_one_end(tmp_path: Path) -> None:
    up, _ = SIGNALLING
    packets = [
        up.packet(invite("c1", "+12125550101", "+12125550142", A, 4000)),
        up.packet(invite("c2", "+12125550101", "+12125550143", A, 4000)),
        rtp((B, 6000), (A, 4000)),
    ]
    events, one = replay(written(tmp_path, packets))
    assert one.counts.media == 0 and events[-1].kind is EventKind.DATA


def test_several_media_lines(tmp_path: Path) -> None:
    up, down = SIGNALLING
    packets = []
    for flow, octets, host in (
        (up, invite("c1", "+12125550101", "+12125550142", A, 4000), A),
        (down, answer("c1", "+12125550101", "+12125550142", B, 6000), B),
    ):
        head, _, body = octets.partition(b"\r\n\r\n")
        body += b"m=video 0 RTP/AVP 99\r\nm=audio 7000 RTP/AVP 0\r\na=rtcp:7100\r\n"
        head = head[: head.rindex(b"Content-Length")] + f"Content-Length: {len(body)}".encode()
        packets.append(flow.packet(head + b"\r\n\r\n" + body))
        assert host in body.decode()
    packets += [
        rtp((A, 4000), (B, 6000)),
        rtp((B, 7000), (A, 7000)),
        rtp((B, 7100), (A, 7100)),
        rtp((A, 7001), (B, 7001)),
    ]
    _, one = replay(written(tmp_path, packets))
    assert (one.counts.media, one.counts.data) == (3, 1)


# ---- transport


def fragments(octets: bytes, size: int = 200) -> list[bytes]:
    payload, out = octets[20:], []
    for at in range(0, len(payload), size):
        more = 0x2000 if at + size < len(payload) else 0
        part = payload[at : at + size]
        head = bytearray(octets[:20])
        head[2:4] = struct.pack(">H", 20 + len(part))
        head[6:8] = struct.pack(">H", more | at // 8)
        out.append(bytes(head) + part)
    return out


def test_fragmented_sip_in_any_order(tmp_path: Path) -> None:
    octets = invite("c1", "+12125550101", "+12125550142", A, 4000, X_Padding="x" * 500)
    parts = fragments(SIGNALLING[0].packet(octets))
    assert len(parts) > 3
    for order in (parts, parts[::-1], [*parts[1:], parts[0]]):
        events, _ = replay(written(tmp_path, order))
        assert [event.octets for event in events] == [octets]
    events, one = replay(written(tmp_path, parts[:-1]))
    assert events == [] and one.counts.sip == 0


def test_sip_over_tcp(tmp_path: Path) -> None:
    first = invite("c1", "+12125550101", "+12125550142", A, 4000)
    second = message("BYE sip:b@b.invalid SIP/2.0", "c1", "+12125550101", "+12125550142", "2 BYE", to_tag=";tag=t")
    stream = first + b"\r\n\r\n" + second
    flow = TcpFlow(Address(A, 5060), Address(B, 5060))
    back = TcpFlow(Address(B, 5060), Address(A, 5060))
    cut = [stream[at : at + 100] for at in range(0, len(stream), 100)]
    segments = [flow.packet(0xFFFFFF00 + at * 100, 1, PSH | ACK, part) for at, part in enumerate(cut)]
    segments[2], segments[3] = segments[3], segments[2]
    segments.insert(2, segments[1])
    segments.insert(3, back.packet(1, 100, ACK))
    events, one = replay(written(tmp_path, [flow.packet(0xFFFFFEFF, 0, SYN), *segments]))
    sip = [event for event in events if event.kind is EventKind.SIP]
    assert [event.octets for event in sip] == [first, second] and one.counts.broken == 0
    assert one.counts.data == 1


def test_sms_over_message(tmp_path: Path) -> None:
    up, down = SIGNALLING
    text = message("MESSAGE sip:b@b.invalid SIP/2.0", "m1", "+12125550101", "+12125550142", "1 MESSAGE")
    text = text.replace(b"Content-Length: 0", b"Content-Type: text/plain\r\nContent-Length: 5") + b"hello"
    done = message("SIP/2.0 202 Accepted", "m1", "+12125550101", "+12125550142", "1 MESSAGE", to_tag=";tag=t")
    events, _ = replay(written(tmp_path, [up.packet(text), down.packet(done)]))
    assert [event.phase for event in events] == [Phase.OPENS, Phase.CLOSES]
    assert events[0].octets == text and events[1].receiver == events[0].sender


def test_radius_ties_an_address_to_its_subscriber(tmp_path: Path) -> None:
    def accounting(status: int) -> bytes:
        octets = build_radius(
            ACCOUNTING_REQUEST,
            status,
            [
                ("User-Name", "sim-2125550101@data.invalid"),
                ("Acct-Status-Type", status),
                ("Acct-Session-Id", "S1"),
                ("Calling-Station-Id", "+12125550101"),
                ("3GPP-IMSI", "001012125550101"),
                ("Framed-IP-Address", A),
            ],
        )
        return UdpFlow(Address("192.0.2.20", 40_000), Address("192.0.2.21", 1813)).packet(octets)

    packet = rtp((A, 1000), (C, 2000))
    events, one = replay(written(tmp_path, [accounting(START), packet, accounting(STOP), packet]))
    assert [event.kind.value for event in events] == ["radius", "data", "radius", "data"]
    assert [event.correlation for event in events] == [1, 1, 1, 2]
    assert events[1].sender is not None and Identity("imsi", "001012125550101") in events[1].sender.identities
    assert events[3].sender is not None and events[3].sender.identities == (Identity("ipv4Address", A),)
    assert one.counts.radius == 2


# ---- pseudonyms

REAL = {
    "P_Asserted_Identity": '"J. Doe" <tel:+13155554321>',
    "Contact": "<sip:3155554321@10.1.2.3:5060;transport=udp>",
    "Via": "SIP/2.0/UDP proxy.carrier.example.org:5060;branch=z9hG4bK1",
    "P_Access_Network_Info": "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=310150123",
    "Diversion": "<sip:+442071838750@carrier.example.org>;reason=unconditional",
    "X_Charge": "13155554321",
}


def real_capture(tmp_path: Path) -> Path:
    up, down = (
        UdpFlow(Address("10.1.2.3", 5060), Address("8.8.4.4", 5060)),
        UdpFlow(Address("8.8.4.4", 5060), Address("10.1.2.3", 5060)),
    )
    return written(
        tmp_path,
        [
            up.packet(invite("real@10.1.2.3", "+13155554321", "alice", "10.1.2.3", 4000, **REAL)),
            down.packet(answer("real@10.1.2.3", "+13155554321", "alice", "8.8.4.4", 6000)),
            rtp(("10.1.2.3", 4000), ("8.8.4.4", 6000)),
            TcpFlow(Address("10.1.2.3", 999), Address("2.2.2.2", 80)).packet(1, 1, ACK, b"data"),
            UdpFlow(Address("2a00::1", 999), Address("2a00::2", 80)).packet(b"data"),
            UdpFlow(Address(A, 9), Address("127.0.0.1", 9)).packet(b"+1 917 555 0199 is 9175550199"),
        ],
    )


def test_real_identities_become_fictional_ones(tmp_path: Path) -> None:
    events, one = replay(real_capture(tmp_path))
    assert (one.counts.sip, one.counts.media, one.counts.data) == (2, 1, 3)
    text = b"".join(event.octets for event in events if event.kind is EventKind.SIP)
    for real in (b"3155554321", b"4420718", b"10.1.2.3", b"8.8.4.4", b"carrier", b"Doe", b"310150123"):
        assert real not in text
    for event in events:
        for end in (event.source, event.destination):
            assert end is not None and (is_fictional_address(end.host) or end.host == "127.0.0.1")
        for party in (event.sender, event.receiver):
            assert party is not None
            for identity in party.identities:
                assert is_fictional(identity) or identity.value == "127.0.0.1", identity
    sip = parse_sip(events[0].octets)
    assert not sip.truncated and sip.octets_used == len(events[0].octets)
    assert number_of(sip.from_uri or "") == number_of(sip.asserted_uris[0]) == "19175550198"
    assert sip.header("x-charge") == "19175550198" and number_of((sip.header("contact") or "")[1:]) == "19175550198"
    media = events[2]
    offer = parse_sdp(sdp_of(sip) or b"")[0]
    assert media.source == Address(offer.address or "", offer.port) and media.correlation == events[0].correlation


def test_pseudonymised_packets_have_right_checksums(tmp_path: Path) -> None:
    events, _ = replay(real_capture(tmp_path))
    for event in events:
        if event.kind is EventKind.SIP:
            continue
        packet = parse_ip(event.octets)
        assert packet is not None
        flow = (TcpFlow if packet.protocol == 6 else UdpFlow)(event.source or A, event.destination or A)
        payload = packet.payload(event.octets)
        made = flow.packet(1, 1, ACK, payload) if packet.protocol == 6 else flow.packet(payload)
        assert made == event.octets


def test_same_capture_same_pseudonyms(tmp_path: Path) -> None:
    path = real_capture(tmp_path)
    assert replay(path)[0] == replay(path)[0]


def test_keep_identities_keeps_every_octet(tmp_path: Path) -> None:
    events, _ = replay(real_capture(tmp_path), keep_identities=True)
    assert b"+13155554321" in events[0].octets and events[0].source == Address("10.1.2.3", 5060)
    raw = (tmp_path / "made.pcap").read_bytes()
    assert all(event.octets in raw for event in events)


def test_real_radius_is_rebuilt(tmp_path: Path) -> None:
    attributes = [
        ("User-Name", "jdoe@isp.example.org"),
        ("User-Password", b"secret"),
        ("Acct-Status-Type", START),
        ("Acct-Session-Id", "S1"),
        ("Calling-Station-Id", "+1 315 555 4321"),
        ("3GPP-IMSI", "310150123456789"),
        ("Framed-IP-Address", "10.9.9.9"),
        ("Framed-IPv6-Prefix", "2a00:1::/64"),
        ("3GPP-IMEISV", "4901542032375186"),
        ("3GPP-IMSI-MCC-MNC", "310150"),
    ]
    octets = build_radius(ACCOUNTING_REQUEST, 1, attributes)
    path = written(tmp_path, [UdpFlow(Address("10.0.0.1", 40_000), Address("10.0.0.2", 1813)).packet(octets)])
    (event,), _ = replay(path)
    packet = parse_radius(event.octets)
    assert "User-Password" not in packet.attributes
    assert packet.text("User-Name") == "user-1@data.invalid" and (packet.text("3GPP-IMSI") or "").startswith("00101")
    assert event.sender is not None and all(is_fictional(identity) for identity in event.sender.identities)
    assert b"jdoe" not in event.octets and b"4321" not in event.octets and b"49015420" not in event.octets


def test_numbers_run_out_in_words(tmp_path: Path) -> None:
    up, _ = SIGNALLING
    packets = [up.packet(invite(f"c{n}", f"+1315555{n:04d}", "+12125550142", A, 4000)) for n in range(2_000, 2_402)]
    with pytest.raises(LocalError, match="fictional ones"):
        replay(written(tmp_path, packets))


# ---- hostile and broken files


def test_broken_sip_is_counted_and_the_rest_goes_on(tmp_path: Path) -> None:
    up, _ = SIGNALLING
    packets = [
        up.packet(b"INVITE sip:a@b SIP/2.0\r\nbroken\r\n\r\n"),
        up.packet(b"INVITE sip:a@b SIP/2.0\r\nFrom: <sip:a@b.invalid>\r\n\r\n"),
        b"\x45\x00",
        up.packet(invite("c1", "+12125550101", "+12125550142", A, 4000)),
    ]
    events, one = replay(written(tmp_path, packets))
    assert len(events) == 1 and one.counts.broken == 3


def test_no_file_and_no_capture(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="Cannot read the capture"):
        replay(tmp_path / "none.pcap")
    (tmp_path / "text.pcap").write_text("this is no capture")
    with pytest.raises(CaptureError, match="Not a pcap"):
        replay(tmp_path / "text.pcap")
    with pytest.raises(CaptureError, match="Not a pcap"):
        replay(tmp_path / "text.pcap", keep_identities=True)


# ---- the capture that comes with the simulator


def test_demo_capture_is_one_call_with_speech_and_keys() -> None:
    path = Path(carrier_sim.__file__).parent / "data/demo-call.pcap"
    assert path.stat().st_size < 400_000
    events, one = replay(path)
    assert (one.counts.sip, one.counts.media, one.counts.packets) == (6, 594, 600)
    assert {event.correlation for event in events} == {1}
    digits, sides = "", Counter()
    for event in events:
        if event.kind is not EventKind.MEDIA or event.sender is None:
            continue
        sides[event.sender.identities[0].value] += 1
        packet = parse_ip(event.octets)
        assert packet is not None
        header = parse_rtp(payload := packet.payload(event.octets))
        assert header is not None and header.payload_type in (8, 101)
        if header.payload_type == 101 and header.marker:
            key = parse_telephone_event(payload[header.payload_offset :])
            digits += (key and key.digit) or "?"
    assert digits == "73" and sides == {"12125550101": 297, "12125550142": 297}


@pytest.mark.parametrize(
    "status", ["407 Proxy Authentication Required", "302 Moved Temporarily", "488 Not Acceptable Here"]
)
def test_media_of_a_call_that_was_tried_again_belong_to_it(tmp_path: Path, status: str) -> None:
    """Most calls of real networks are challenged first; their speech was nobody's, seconds later."""
    near, far = (
        UdpFlow(Address("192.0.2.1", 5060), Address("192.0.2.9", 5060)),
        UdpFlow(Address("192.0.2.9", 5060), Address("192.0.2.1", 5060)),
    )
    voice = UdpFlow(Address("192.0.2.1", 4000), Address("192.0.2.9", 6000))
    rtp = struct.pack(">BBHII", 0x80, 8, 1, 160, 7) + b"\xd5" * 160
    path = written(
        tmp_path,
        [
            near.packet(invite("c", "+12125550101", "+12125550142", "192.0.2.1", 4000)),
            far.packet(answer("c", "+12125550101", "+12125550142", "", 0, status)),
            near.packet(message("ACK sip:x SIP/2.0", "c", "+12125550101", "+12125550142", "1 ACK", to_tag=";tag=t")),
            near.packet(invite("c", "+12125550101", "+12125550142", "192.0.2.1", 4000)),
            far.packet(answer("c", "+12125550101", "+12125550142", "192.0.2.9", 6000)),
            *[voice.packet(rtp)] * 1_000,
        ],
    )
    events, _ = replay(path)
    assert len({event.correlation for event in events}) == 1
    assert sum(event.kind is EventKind.MEDIA for event in events) == 1_000
