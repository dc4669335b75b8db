"""What each traffic item puts on the wire, and that the same seed puts the same octets there."""

from __future__ import annotations

import hashlib
import itertools
import tracemalloc
import zlib
from email import message_from_bytes

import pytest

from asn1.errors import LocalError
from asn1.mms import read_content
from asn1.packets import parse_ip, parse_rtp, parse_telephone_event
from asn1.radius import INTERIM, START, STOP, parse_radius
from asn1.sip import parse_sdp, parse_sip, sdp_of
from asn1.sms_tpdu import decode_tpdu
from asn1.ts33128 import decode_cc, decode_xiri
from carrier_sim.config import BackgroundItem, CallItem, DataItem, MmsItem, SmsItem, TrafficItem, WebItem
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.network import Network, Schedule
from carrier_sim.speech import (
    ULAW_OF_ALAW,
    Clips,
    alaw_of_linear,
    linear_of_alaw,
    ulaw_of_linear,
)
from carrier_sim.subscribers import Directory
from carrier_sim.web import host_address

BASE_US = 1_800_000_000_000_000
CLIPS = Clips()


def run(*items: TrafficItem, seed: int = 1) -> list[InterceptEvent]:
    schedule = Schedule()
    network = Network(seed, BASE_US, Directory(seed), CLIPS, schedule)
    for item in items:
        network.add(item, BASE_US)
    return schedule.due(1 << 62, 10**6)


def call(**values: object) -> CallItem:
    return CallItem.model_validate({"caller": "+12125550101", "callee": "+12125550142", **values})


def sip_flow(events: list[InterceptEvent]) -> list[str]:
    messages = [parse_sip(event.octets) for event in events if event.kind is EventKind.SIP]
    return [message.method or f"{message.status} {message.transaction_method}" for message in messages]


ALL_KINDS = (
    call(seconds=2, dtmf="73#"),
    call(outcome="busy", at_s=1),
    SmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "hello", "at_s": 1}),
    SmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "hello", "via": "ims"}),
    DataItem(subscriber="2125550101", ipv6=True),
    WebItem(visitors=("2125550106", "7185550179"), path="/simcanary15"),
    BackgroundItem(calls=3, sms=3, sessions=3),
    MmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "hello"}),
    call(seconds=4, feature="*66", info_digits="12", hold_at_s=1, hold_s=1, sound="tone"),
)


def digest(events: list[InterceptEvent]) -> str:
    return hashlib.sha256(repr(events).encode()).hexdigest()


def test_same_seed_same_octets() -> None:
    assert digest(run(*ALL_KINDS)) == digest(run(*ALL_KINDS))
    assert digest(run(*ALL_KINDS)) != digest(run(*ALL_KINDS, seed=2))


def test_events_leave_in_order_of_time() -> None:
    events = run(*ALL_KINDS)
    assert all(one.time_us <= other.time_us for one, other in itertools.pairwise(events))
    assert len({event.correlation for event in events}) == 19


def test_another_communication_changes_no_other() -> None:
    alone = run(call(seconds=1))
    beside = [event for event in run(call(seconds=1), call(at_s=0.5)) if event.correlation == alone[0].correlation]
    assert beside == alone


@pytest.mark.parametrize(
    ("outcome", "flow"),
    [
        ("answered", ["INVITE", "100 INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]),
        ("no_answer", ["INVITE", "100 INVITE", "180 INVITE", "CANCEL", "200 CANCEL", "487 INVITE", "ACK"]),
        ("busy", ["INVITE", "100 INVITE", "180 INVITE", "486 INVITE", "ACK"]),
        ("not_found", ["INVITE", "100 INVITE", "404 INVITE", "ACK"]),
    ],
)
def test_call_flows(outcome: str, flow: list[str]) -> None:
    events = run(call(outcome=outcome, seconds=2))
    assert sip_flow(events) == flow
    phases = [event.phase for event in events if event.kind is EventKind.SIP]
    assert phases[0] is Phase.OPENS and phases[-1] is Phase.CLOSES and phases.count(Phase.CLOSES) == 1
    assert (outcome == "answered") == any(event.kind is EventKind.MEDIA for event in events)


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.parametrize(("codec", "payload_type"), [("PCMA", 8), ("PCMU", 0)])
def test_media_goes_where_sdp_says(codec: str, payload_type: int, ipv6: bool) -> None:
    events = run(call(seconds=3, codec=codec, ipv6=ipv6))
    offers = [
        parse_sdp(body)[0]
        for event in events
        if event.kind is EventKind.SIP and (body := sdp_of(parse_sip(event.octets))) is not None
    ]
    ends = [(offer.address, offer.port) for offer in offers]
    media = [event for event in events if event.kind is EventKind.MEDIA]
    assert len(ends) == 2 and offers[0].payload_name(payload_type) == codec
    sent = {0: 0, 1: 0}
    for event in media:
        packet = parse_ip(event.octets)
        assert packet is not None
        source, destination = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
        side = ends.index(source)
        assert destination == ends[1 - side] and event.source == source and event.destination == destination
        rtp = parse_rtp(packet.payload(event.octets))
        assert rtp is not None and (rtp.payload_type, rtp.payload_length) == (payload_type, 160)
        sent[side] += 1
    # 3 s less 60 ms around the release, a packet each 20 ms.
    assert sent == {0: 147, 1: 147}


def test_rtp_runs_without_a_gap_and_carries_speech() -> None:
    events = run(call(seconds=5))
    numbers: dict[int, list[int]] = {}
    spoken: dict[int, bytes] = {}
    for event in events:
        if event.kind is EventKind.MEDIA:
            packet = parse_ip(event.octets)
            assert packet is not None
            rtp = parse_rtp(payload := packet.payload(event.octets))
            assert rtp is not None
            numbers.setdefault(rtp.ssrc, []).append(rtp.sequence_number)
            spoken[rtp.ssrc] = spoken.get(rtp.ssrc, b"") + payload[rtp.payload_offset :]
    assert len(numbers) == 2
    for sequence in numbers.values():
        assert all((b - a) & 0xFFFF == 1 for a, b in itertools.pairwise(sequence))
    caller = CLIPS.of("caller")[0].octets
    assert any(speech.startswith(caller[:16_000]) for speech in spoken.values())


def test_keys_follow_rfc_4733() -> None:
    events = run(call(seconds=4, dtmf="7*A"))
    found = []
    for event in events:
        if event.kind is not EventKind.MEDIA:
            continue
        packet = parse_ip(event.octets)
        assert packet is not None
        rtp = parse_rtp(payload := packet.payload(event.octets))
        assert rtp is not None
        if rtp.payload_type == 101:
            key = parse_telephone_event(payload[rtp.payload_offset :])
            assert key is not None
            found.append((key.digit, rtp.marker, key.end, key.duration, rtp.timestamp))
    assert len(found) == 30
    for at, digit in ((0, "7"), (10, "*"), (20, "A")):
        one = found[at : at + 10]
        assert {key[0] for key in one} == {digit} and len({key[4] for key in one}) == 1
        assert [key[1] for key in one] == [True] + [False] * 9
        assert [key[2] for key in one] == [False] * 7 + [True] * 3
        assert [key[3] for key in one] == [160 * step for step in (1, 2, 3, 4, 5, 6, 7, 8, 8, 8)]


def test_sms_over_smsf_has_two_legs() -> None:
    item = SmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "Simulated é text"})
    submit, deliver = run(item)
    assert submit.correlation == deliver.correlation
    assert submit.sender is not None and submit.receiver is None and deliver.sender is None
    for event, from_mobile, direction, number in (
        (submit, True, "fromTarget", "12125550142"),
        (deliver, False, "toTarget", "12125550101"),
    ):
        name, message = decode_xiri(event.octets)
        assert name == "sMSMessage" and message["direction"] == direction
        tpdu = decode_tpdu(message["sMSTPDUData"][1], from_mobile)
        assert (tpdu.text, tpdu.address) == ("Simulated é text", number)


def test_long_sms_comes_in_parts() -> None:
    item = SmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "simulation " * 30})
    events = run(item)
    texts = [
        decode_tpdu(decode_xiri(event.octets)[1]["sMSTPDUData"][1], event.sender is not None).text for event in events
    ]
    assert len(events) == 6 and "".join(texts[::1]).count("simulation") >= 58
    assert [event.time_us for event in events] == sorted(event.time_us for event in events)


def test_sms_over_ims() -> None:
    item = SmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "hej", "via": "ims"})
    events = run(item)
    assert sip_flow(events) == ["MESSAGE", "200 MESSAGE"]
    assert parse_sip(events[0].octets).body == b"hej"


def mms(**values: object) -> list[InterceptEvent]:
    return run(MmsItem.model_validate({"from": "2125550144", "to": "2125550100", "text": "CANARY", **values}))


def test_mms_has_two_legs_and_its_content_beside_each() -> None:
    events = mms(subject="hello")
    assert len({event.correlation for event in events}) == 1
    signalled = [decode_xiri(event.octets) for event in events if event.kind is EventKind.MMS]
    assert [name for name, _ in signalled] == ["mMSSend", "mMSNotification", "mMSRetrieval"]
    sent, notice, retrieval = (value for _, value in signalled)
    assert sent["messageID"] == retrieval["messageID"] and notice["transactionID"] == retrieval["transactionID"]
    assert sent["direction"] == "fromTarget" and notice["direction"] == retrieval["direction"] == "toTarget"
    for one in (sent, notice, retrieval):
        assert (
            one["originatingMMSParty"]["mMSPartyIDs"] == [("e164Number", "12125550144")] and one["subject"] == "hello"
        )
    for one in (sent, retrieval):
        assert one["terminatingMMSParty"][0]["mMSPartyIDs"] == [("e164Number", "12125550100")]
    contents = [decode_cc(event.octets)[1] for event in events if event.kind is EventKind.MMS_CONTENT]
    assert [one["transactionID"] for one in contents] == [sent["transactionID"], retrieval["transactionID"]]
    assert notice["messageSize"] == len(contents[1]["mMSContent"])
    assert [event.sender is None for event in events] == [False, False, True, True, True]
    assert events[-1].phase is Phase.CLOSES


@pytest.mark.parametrize("form", ["pdu", "mime"])
def test_an_mms_has_a_picture_that_says_what_it_is(form: str) -> None:
    content = read_content(decode_cc(mms(form=form, subject="hello")[1].octets)[1]["mMSContent"])
    smil, text, picture = content.parts
    assert smil.content_type == "application/smil" and b'src="simulation.png"' in smil.body
    assert text.text == "CANARY" and (picture.content_type, picture.name) == ("image/png", "simulation.png")
    if form == "pdu":
        assert (content.message_type, content.header("subject")) == ("m-send-req", "hello")
        assert content.texts("to") == ("+12125550100",) and content.header("from") == "+12125550144/TYPE=PLMN"
    octets = picture.body
    assert b"calea-lab SIMULATION" in octets
    at, kinds, pixels = 8, [], b""
    while not kinds or kinds[-1] != b"IEND":
        size, kind = int.from_bytes(octets[at : at + 4], "big"), octets[at + 4 : at + 8]
        held = octets[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + held) == int.from_bytes(octets[at + 8 + size : at + 12 + size], "big")
        pixels += zlib.decompress(held) if kind == b"IDAT" else b""
        kinds.append(kind)
        at += 12 + size
    assert kinds == [b"IHDR", b"tEXt", b"IDAT", b"IEND"] and len(pixels) == 16 * 49 and at == len(octets)


def test_an_mms_as_mime_is_one_to_another_reader_too() -> None:
    sent, content = mms(form="mime")[:2]
    content_type = decode_xiri(sent.octets)[1]["contentType"]
    body = decode_cc(content.octets)[1]["mMSContent"]
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    assert [part.get_content_type() for part in message.get_payload()] == [
        "application/smil",
        "text/plain",
        "image/png",
    ]


@pytest.mark.parametrize(("picture", "size"), [(True, 20_000), (True, 300_000), (False, 20_000), (False, 0)])
def test_an_mms_is_as_large_as_wished(picture: bool, size: int) -> None:
    body = decode_cc(mms(picture=picture, size_octets=size)[1].octets)[1]["mMSContent"]
    assert size <= len(body) < size + 1_500 and (b"simulation.png" in body) is picture


@pytest.mark.parametrize("code", ["*66", "#31", "*1234"])
def test_a_feature_code_is_dialled_while_the_call_rings(code: str) -> None:
    events = run(call(feature=code, seconds=2))
    own, other = sorted({event.correlation for event in events})
    answer = next(e.time_us for e in events if e.correlation == own and e.octets.startswith(b"SIP/2.0 200"))
    feature = [event for event in events if event.correlation == other]
    assert sip_flow(feature) == ["INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]
    assert all(BASE_US + 180_000 < event.time_us < answer for event in feature)
    invite = parse_sip(feature[0].octets)
    assert (invite.uri or "").startswith(f"sip:{code.replace('#', '%23')}@") and not invite.body
    caller = Directory(1).get("2125550101").party
    assert {event.sender or event.receiver for event in feature} == {caller}
    assert [feature[0].phase, feature[-1].phase] == [Phase.OPENS, Phase.CLOSES]


def test_keys_can_be_sent_as_info_after_the_answer() -> None:
    events = run(call(seconds=5, info_digits="12#"))
    messages = [(event, parse_sip(event.octets)) for event in events if event.kind is EventKind.SIP]
    answer = next(event.time_us for event, one in messages if one.status == 200)
    info = [(event, one) for event, one in messages if one.method == "INFO"]
    assert [one.body.split(b"\r\n")[0] for _, one in info] == [b"Signal=1", b"Signal=2", b"Signal=#"]
    assert all(event.time_us > answer for event, _ in info)
    assert sip_flow(events)[-2:] == ["BYE", "200 BYE"]
    numbers = [one.cseq for event, one in messages if one.method in ("INVITE", "INFO", "BYE") and one.cseq]
    assert [number for number, method in numbers if method == "INFO"] == [2, 3, 4]


def test_keys_that_do_not_fit_into_the_call_are_not_sent() -> None:
    assert "INFO" not in sip_flow(run(call(seconds=0.5, info_digits="12")))


def test_hold_is_signalled_and_silent() -> None:
    events = run(call(seconds=6, ring_s=1, hold_at_s=2, hold_s=2))
    answer = BASE_US + 1_000_000
    modes = [
        (event.time_us, line)
        for event in events
        if event.kind is EventKind.SIP
        for line in event.octets.split(b"\r\n")
        if line in (b"a=sendonly", b"a=recvonly", b"a=sendrecv")
    ]
    assert [mode for _, mode in modes] == [
        b"a=sendrecv", b"a=sendrecv", b"a=sendonly", b"a=recvonly", b"a=sendrecv", b"a=sendrecv",
    ]  # fmt: skip
    assert (modes[2][0], modes[4][0]) == (answer + 2_000_000, answer + 4_000_000)
    sent = [event.time_us for event in events if event.kind is EventKind.MEDIA]
    assert not [at for at in sent if answer + 2_000_000 <= at < answer + 4_000_000]
    assert [at for at in sent if at < answer + 2_000_000] and [at for at in sent if at >= answer + 4_000_000]


def test_a_long_call_is_never_unrolled() -> None:
    schedule = Schedule()
    network = Network(1, BASE_US, Directory(1), CLIPS, schedule)
    network.add(call(seconds=240, sound="silence", ring_s=1), BASE_US)
    tracemalloc.start()
    sent, seen = 0, set()
    while not schedule.empty:
        for event in schedule.due(1 << 62, 1_000):
            if event.kind is EventKind.MEDIA:
                sent += 1
                seen.add(event.octets[-160:])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent == 2 * 50 * 240 - 6 and len(seen) == 1 and peak < 2_000_000


def test_tone_is_one_steady_frame_and_none_is_none() -> None:
    steady = {event.octets[-160:] for event in run(call(seconds=2, sound="tone")) if event.kind is EventKind.MEDIA}
    assert len(steady) == 1 and len(set(next(iter(steady)))) > 5
    assert not any(event.kind is EventKind.MEDIA for event in run(call(seconds=2, sound="none")))


@pytest.mark.parametrize("at_us", [BASE_US - 1, BASE_US + 7])
def test_an_absolute_time_is_kept_to_the_microsecond(at_us: int) -> None:
    assert run(call(at_us=at_us))[0].time_us == at_us
    assert (
        run(SmsItem.model_validate({"from": "2125550101", "to": "2125550142", "text": "a", "at_us": at_us}))[0].time_us
        == at_us
    )
    with pytest.raises(ValueError, match="not both"):
        call(at_us=at_us, at_s=1)


@pytest.mark.parametrize(("packets", "seconds"), [(0, 0), (20, 5), (300, 10)])
def test_session_accounts_for_its_packets(packets: int, seconds: int) -> None:
    events = run(DataItem(subscriber="2125550101", packets=packets, seconds=seconds))
    radius = [parse_radius(event.octets) for event in events if event.kind is EventKind.RADIUS]
    data = [event for event in events if event.kind is EventKind.DATA]
    assert [packet.status_type for packet in radius] == [START, INTERIM, STOP] and len(data) >= packets
    party = Directory(1).get("2125550101").party
    assert radius[-1].input_octets == sum(len(event.octets) for event in data if event.sender == party)
    assert radius[-1].output_octets == sum(len(event.octets) for event in data if event.receiver == party)
    assert {packet.text("Acct-Session-Id") for packet in radius} == {radius[0].text("Acct-Session-Id")}
    assert all(one.time_us <= other.time_us for one, other in itertools.pairwise(events))


def test_visit_names_the_host_as_a_party() -> None:
    events = run(WebItem(visitors=("2125550106", "7185550179"), path="/simcanary15"))
    data = [event for event in events if event.kind is EventKind.DATA]
    assert any(b"GET /simcanary15" in event.octets for event in data)
    for event in data:
        parties = (event.sender, event.receiver)
        assert sum(1 for party in parties if party is not None and party.identities[0].kind == "host") == 1
    assert {event.source.host for event in data if event.source} == {"198.51.100.7", "203.0.113.80", "192.0.2.80"}
    with pytest.raises(LocalError, match="not a host"):
        host_address("example.org")
    with pytest.raises(ValueError, match="not a host"):
        WebItem(visitors=("2125550106",), host="example.org")


def test_background_leaves_the_excluded_alone() -> None:
    events = run(BackgroundItem(calls=20, sms=10, sessions=10, exclude=("2125550100",)))
    left_out = Directory(1).get("2125550100").party
    assert events and all(left_out not in (event.sender, event.receiver) for event in events)
    everyone = tuple(one.number for one in Directory(1).everyone)
    assert run(BackgroundItem(calls=5, exclude=everyone)) == []


def test_clips_are_speech_that_says_it_is_simulated() -> None:
    assert sum(len(clip.octets) for clip in CLIPS.all) < 600_000
    for clip in CLIPS.all:
        assert "simulat" in clip.text.lower() or "nothing" in clip.text
        assert len(clip.octets) % 160 == 0 and len(set(clip.octets)) > 100
    assert {clip.role for clip in CLIPS.all} == {"caller", "callee"}


def test_custom_text_is_spoken_or_replaced_by_a_clip() -> None:
    clips = Clips()
    speech = clips.render("caller", "This is a simulation.")
    assert (speech is not None) == clips.can_render
    if speech is not None:
        assert len(speech) > 4_000 and len(set(speech)) > 50
        assert clips.render("caller", "This is a simulation.") is speech
    assert sip_flow(run(call(seconds=1, caller_text="This is a simulation.")))[-1] == "200 BYE"


def test_g711_tables() -> None:
    for code in range(256):
        assert alaw_of_linear(linear_of_alaw(code)) == code
    for sample in range(-32_768, 32_768, 97):
        assert abs(linear_of_alaw(alaw_of_linear(sample)) - sample) <= max(16, abs(sample) // 16)
    assert ulaw_of_linear(0) == 0xFF and ulaw_of_linear(32_767) == 0x80 and ulaw_of_linear(-32_768) == 0x00
    assert len(set(ULAW_OF_ALAW)) > 200
