"""Calls that are sent on, handed over or joined: who sees which leg, in which order, and with which words."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pydantic import ValidationError

from asn1.packets import parse_ip, parse_rtp
from asn1.sip import SipMessage, parse_sdp, parse_sip, sdp_of
from carrier_sim.conference import FACTORY
from carrier_sim.config import CallItem, FeatureItem, RegisterItem, TrafficItem
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.mixing import mixed
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Interface, Poi, Task
from carrier_sim.speech import Clips, alaw_of_linear, linear_of_alaw
from carrier_sim.subscribers import Directory, Identity, is_fictional

BASE_US = 1_800_000_000_000_000
CLIPS = Clips()
A, B, C = "12125550101", "12125550142", "12125550188"
BUSY = ("busy", "no_answer", "unconditional")


def run(*items: TrafficItem) -> list[InterceptEvent]:
    schedule = Schedule()
    network = Network(1, BASE_US, Directory(1), CLIPS, schedule)
    for item in items:
        network.add(item, BASE_US)
    return schedule.due(1 << 62, 10**6)


def call(**values: object) -> CallItem:
    return CallItem.model_validate({"caller": A, "callee": B, "sound": "tone", **values})


def messages(events: list[InterceptEvent]) -> list[SipMessage]:
    return [parse_sip(event.octets) for event in events if event.kind is EventKind.SIP]


def flow(events: list[InterceptEvent]) -> list[str]:
    return [one.method or f"{one.status} {one.transaction_method}" for one in messages(events)]


def party(number: str) -> Any:
    return Directory(1).get(number).party


def seen_by(number: str, events: list[InterceptEvent]) -> list[InterceptEvent]:
    """What a point of interception with a task on this number alone lets out."""
    poi = Poi()
    poi.set_destination("d", Delivers.BOTH)
    poi.set_task(Task("5f5d6e2a-0000-4000-8000-000000000001", (Identity("e164Number", number),), Delivers.BOTH, ("d",)))
    return [event for event in events if poi.handle(event)]


SHAPES = {
    "unconditional": call(forward_to=C, seconds=1, ring_s=0.6),
    "busy": call(forward_to=C, forward="busy", seconds=1),
    "no answer": call(forward_to=C, forward="no_answer", seconds=1, uui="CANARY"),
    "redirected": call(forward_to=C, forward="redirected", seconds=1),
    "transferred": call(transfer_to=C, transfer_at_s=1, seconds=4),
    "transferred by the caller": call(transfer_to=C, transfer_at_s=1, seconds=4, transfer_by="caller"),
    "conference": call(conference_with=C, conference_at_s=1, seconds=9),
    "early media": call(early_media=True, seconds=1),
    "early media without answer": call(early_media=True, seconds=2, outcome="no_answer"),
    "call waiting": call(call_waiting=True, seconds=1),
    "codec changed": call(update_at_s=1, update="codec", seconds=3),
    "address changed": call(update_at_s=1, update="address", seconds=3),
    "registration": RegisterItem(subscriber=A),
    "feature": FeatureItem(subscriber=A, code="*72", number=C),
}


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_one_communication_in_order_and_says_nothing_real(name: str) -> None:
    events = run(SHAPES[name])
    assert all(one.time_us <= other.time_us for one, other in itertools.pairwise(events))
    assert len({event.correlation for event in events}) == 1
    phases = [event.phase for event in events]
    assert phases.count(Phase.CLOSES) == 1 and phases[-1] is Phase.CLOSES and phases[0] is Phase.OPENS
    for message in messages(events):
        for header in ("from", "to", "p-asserted-identity", "diversion", "history-info", "refer-to", "referred-by"):
            for uri in message.uris(header):
                assert uri.startswith("tel:") or is_fictional(Identity("sipUri", uri.partition(";")[0]))


@pytest.mark.parametrize("name", SHAPES)
def test_each_message_names_whoever_it_is_intercepted_for(name: str) -> None:
    """What a point of interception lets out for a number, the agency can tell to be of that number."""
    events = run(SHAPES[name])
    for number in (A, B, C):
        for message in messages(seen_by(number, events)):
            named = (*message.origin_uris, *message.destination_uris, *message.redirected_by)
            assert any(number in uri for uri in named), message


@pytest.mark.parametrize("condition", BUSY)
def test_a_call_forwarded_by_the_network_has_two_legs(condition: str) -> None:
    events = run(call(forward_to=C, forward=condition, seconds=1))
    found = messages(events)
    legs = list(dict.fromkeys(one.call_id for one in found))
    assert len(legs) == 2
    first, second = ([one for one in found if one.call_id == leg] for leg in legs)
    forwarded = next(one for one in first if one.status == 181)
    assert forwarded.redirected_to == (
        f"sip:+{C}@ims.invalid;cause={dict(zip(BUSY, (486, 408, 302), strict=True))[condition]}",
    )
    invite = second[0]
    assert invite.method == "INVITE" and invite.uri is not None and C in invite.uri
    assert B in (invite.header("diversion") or "") and B in (invite.to_uri or "") and A in (invite.from_uri or "")
    assert invite.redirected_by == (f"sip:+{B}@ims.invalid",)
    assert [one.status for one in first if one.status and one.transaction_method == "INVITE"].count(180) == (
        2 if condition == "no_answer" else 1
    )
    assert C in next(one for one in first if one.status == 200).asserted_uris[0]


def test_both_legs_are_the_forwarder_s_the_first_the_caller_s_the_second_the_third_s() -> None:
    events = run(call(forward_to=C, seconds=1))
    everything = len(messages(events))
    legs = {number: len(messages(seen_by(number, events))) for number in (A, B, C)}
    assert legs[B] == everything and legs[A] + legs[C] == everything and legs[C] == 6
    media = [event for event in events if event.kind is EventKind.MEDIA]
    assert media and all(len([e for e in seen_by(number, events) if e in media]) == len(media) for number in (A, B, C))
    poi = Poi()
    poi.set_destination("d", Delivers.BOTH)
    poi.set_task(Task("5f5d6e2a-0000-4000-8000-000000000001", (Identity("e164Number", B),), Delivers.BOTH, ("d",)))
    sent = [one for event in media for one in poi.handle(event)]
    assert {one.interface for one in sent} == {Interface.X3} and len(sent) == len(media)


def test_a_handset_redirects_with_302_and_the_caller_asks_again_under_the_same_call_id() -> None:
    found = messages(run(call(forward_to=C, forward="redirected", seconds=1)))
    assert len({one.call_id for one in found}) == 1
    moved = next(one for one in found if one.status == 302)
    assert C in moved.redirected_to[0]
    again = [one for one in found if one.method == "INVITE"][1]
    assert again.cseq == (2, "INVITE") and again.from_tag == found[0].from_tag and again.to_tag is None
    assert C in (again.uri or "") and again.redirected_by == (f"sip:+{B}@ims.invalid",)


@pytest.mark.parametrize("by", ["caller", "callee"])
def test_a_transfer_leaves_the_transferor_out(by: str) -> None:
    events = run(call(transfer_to=C, transfer_at_s=1, seconds=4, transfer_by=by))
    transferor, other = (A, B) if by == "caller" else (B, A)
    own = seen_by(transferor, events)
    methods = [one.method for one in messages(own) if one.method]
    assert methods == ["INVITE", "ACK", "INVITE", "ACK", "REFER", "NOTIFY", "NOTIFY", "BYE"]
    assert C in next(one for one in messages(own) if one.method == "REFER").uris("refer-to")[0]
    assert all(
        C not in event.octets.decode("latin-1").split("Refer-To")[0] for event in own if event.kind is EventKind.SIP
    )
    bye_us = next(event.time_us for event in own if event.octets.startswith(b"BYE"))
    assert max(event.time_us for event in own) <= bye_us + 5_000
    later = [e for e in events if e.kind is EventKind.MEDIA and e.time_us > bye_us]
    assert later and {e.sender for e in later} == {party(other), party(C)}
    assert len(seen_by(other, events)) == len(events) and seen_by(C, events)
    sequences = [(one.method, one.cseq) for one in messages(own) if one.method not in (None, "ACK")]
    assert len(set(sequences)) == len(sequences)


def test_a_conference_of_three() -> None:
    events = run(call(conference_with=C, conference_at_s=1, seconds=9))
    own = messages(seen_by(A, events))
    assert next(one for one in own if one.uri == FACTORY).method == "INVITE"
    answered = next(one for one in own if one.status == 200 and "isfocus" in (one.header("contact") or ""))
    focus = answered.uris("contact")[0]
    refers = [one for one in own if one.method == "REFER"]
    assert [one.uris("refer-to") for one in refers] == [(focus,), (focus,)]
    notices = [one for one in own if one.method == "NOTIFY" and one.content_type == "application/conference-info+xml"]
    counts = [one.body.count(b"<status>connected") for one in notices]
    assert counts == [1, 2, 3, 2, 1]
    assert notices[-1].header("subscription-state") == "terminated;reason=noresource"
    for number in (B, C):
        joined = [one for one in messages(seen_by(number, events)) if one.method == "INVITE" and one.uri == focus]
        assert len(joined) == 1 and A in joined[0].uris("referred-by")[0]
    assert all(one.uri != focus for one in own if one.from_uri and A not in one.from_uri and one.method == "INVITE")


def test_media_go_where_the_descriptions_say_in_every_shape() -> None:
    for name, item in SHAPES.items():
        events = run(item)
        said: set[tuple[str | None, int]] = set()
        for event in events:
            if event.kind is EventKind.SIP:
                body = sdp_of(parse_sip(event.octets))
                said |= {(line.address, line.port) for line in parse_sdp(body or b"")}
                continue
            packet = parse_ip(event.octets)
            assert packet is not None
            assert (packet.source, packet.source_port) in said, name
            assert (packet.destination, packet.destination_port) in said, name


def test_a_changed_session_changes_its_media() -> None:
    kinds, ports = [], []
    for change in ("codec", "address"):
        events = run(call(update_at_s=1, update=change, seconds=3))
        found = [
            parse_ip(event.octets) for event in events if event.kind is EventKind.MEDIA and event.sender == party(A)
        ]
        payloads = [event.octets for event in events if event.kind is EventKind.MEDIA and event.sender == party(A)]
        heads = [parse_rtp(packet.payload(octets)) for packet, octets in zip(found, payloads, strict=True) if packet]
        kinds.append({head.payload_type for head in heads if head})
        ports.append({packet.source_port for packet in found if packet})
    assert kinds == [{0, 8}, {8}] and [len(one) for one in ports] == [1, 2]
    assert "UPDATE" in flow(run(call(update_at_s=1, update="address", seconds=3)))


def test_a_hold_leaves_no_gap_in_the_numbers_of_the_packets() -> None:
    """RFC 3550 5.1: they count packets sent; a receiver takes a gap for loss."""
    events = [event for event in run(call(hold_at_s=1, hold_s=1, seconds=4)) if event.kind is EventKind.MEDIA]
    for side in (A, B):
        sent = [(parse_ip(one.octets), one) for one in events if one.sender == party(side)]
        heads = [parse_rtp(packet.payload(one.octets)) for packet, one in sent if packet]
        steps = {(after.sequence_number - before.sequence_number) % 65536
                 for before, after in itertools.pairwise(head for head in heads if head)}  # fmt: skip
        pauses = [after.time_us - before.time_us for (_, before), (_, after) in itertools.pairwise(sent)]
        assert steps == {1} and max(pauses) >= 900_000


def test_early_media_is_heard_by_the_caller_alone() -> None:
    events = run(call(early_media=True, seconds=2, outcome="no_answer"))
    media = [event for event in events if event.kind is EventKind.MEDIA]
    assert media and {event.receiver for event in media} == {party(A)}
    assert "183 INVITE" in flow(events)


def test_words_sent_along_stand_in_the_invite_alone() -> None:
    found = messages(run(call(uui="CANARY", seconds=1)))
    assert [one.method for one in found if one.header("user-to-user")] == ["INVITE"]
    assert b"CANARY".hex() in (found[0].header("user-to-user") or "")


def test_a_tone_in_the_alert_says_call_waiting() -> None:
    found = messages(run(call(call_waiting=True, seconds=1)))
    assert next(one for one in found if one.status == 180).header("alert-info") == "<urn:alert:service:call-waiting>"


def test_a_registration_and_a_code_with_a_number() -> None:
    first, second = messages(run(RegisterItem(subscriber=A, expires_s=0)))
    assert (first.method, second.status) == ("REGISTER", 200) and "expires=0" in (first.header("contact") or "")
    assert second.uris("p-associated-uri") == (f"sip:+{A}@ims.invalid", f"tel:+{A}")
    dialled = messages(run(FeatureItem(subscriber=A, code="*72", number=C)))[0]
    assert dialled.uri == f"sip:*72{C}@ims.invalid;user=phone"


def test_voices_are_added_up() -> None:
    one, two = bytes(range(160)), bytes(reversed(range(160)))
    both = next(mixed([iter([one]), iter([two])]))
    assert both is not None
    wanted = [max(-32_768, min(32_767, linear_of_alaw(a) + linear_of_alaw(b))) for a, b in zip(one, two, strict=True)]
    assert both == bytes(alaw_of_linear(value) for value in wanted)
    assert next(mixed([iter([one]), iter([None])])) == one and next(mixed([iter([None]), iter([None])])) is None


@pytest.mark.parametrize(
    "values",
    [
        {"forward_to": C, "transfer_to": "12125550189", "seconds": 9},
        {"forward_to": A},
        {"forward_to": C, "outcome": "busy"},
        {"transfer_to": C, "seconds": 2},
        {"conference_with": C, "seconds": 6},
        {"conference_with": C, "seconds": 20, "ipv6": True},
        {"transfer_to": C, "seconds": 20, "dtmf": "1"},
        {"forward_to": "+4912345"},
    ],
)
def test_a_call_of_two_shapes_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        call(**values)
