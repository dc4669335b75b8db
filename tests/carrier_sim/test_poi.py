"""Points of interception: what a task gets, what nobody gets, and how PDUs are numbered."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pytest

from asn1.packets import parse_ip
from asn1.sip import parse_sip
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu, decode_pdu, encode_pdu, parse_target_xml
from carrier_sim.config import BackgroundItem, CallItem, DataItem, MmsItem, SmsItem, TrafficItem, WebItem
from carrier_sim.events import EventKind, InterceptEvent
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Emission, Interface, Poi, Task, normalise
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity

BASE_US = 1_800_000_000_000_000
CLIPS = Clips()
XID_A = "00000000-0000-4000-8000-00000000000a"
XID_B = "00000000-0000-4000-8000-00000000000b"
ALPHA = Identity("e164Number", "12125550101")
BRAVO = Identity("e164Number", "12125550142")
CALL = CallItem(caller=ALPHA.value, callee=BRAVO.value, seconds=1)


def run(*items: TrafficItem) -> list[InterceptEvent]:
    schedule = Schedule()
    network = Network(1, BASE_US, Directory(1), CLIPS, schedule)
    for item in items:
        network.add(item, BASE_US)
    return schedule.due(1 << 62, 10**6)


def task(
    xid: str, *targets: Identity, delivers: Delivers = Delivers.BOTH, dids: tuple[str, ...] = ("x2", "x3")
) -> Task:
    return Task(xid, targets, delivers, dids)


def poi_with(*tasks: Task) -> Poi:
    poi = Poi()
    poi.set_destination("x2", Delivers.X2)
    poi.set_destination("x3", Delivers.X3)
    for one in tasks:
        poi.set_task(one)
    return poi


def emit(poi: Poi, events: list[InterceptEvent]) -> list[tuple[Emission, X2X3Pdu]]:
    return [(emission, decode_pdu(emission.octets)) for event in events for emission in poi.handle(event)]


EVERYTHING = (
    CALL,
    SmsItem.model_validate({"from": ALPHA.value, "to": BRAVO.value, "text": "one"}),
    SmsItem.model_validate({"from": ALPHA.value, "to": BRAVO.value, "text": "two", "via": "ims"}),
    DataItem(subscriber=ALPHA.value),
    WebItem(visitors=(ALPHA.value,)),
    MmsItem.model_validate({"from": ALPHA.value, "to": BRAVO.value, "text": "three"}),
)


def test_untasked_identity_emits_nothing() -> None:
    outsider = task(XID_A, Identity("e164Number", "12125550177"), Identity("imsi", "001012125550178"))
    assert emit(poi_with(outsider), run(*EVERYTHING)) == []
    assert emit(poi_with(), run(*EVERYTHING)) == []


def test_only_communications_of_the_target_are_emitted() -> None:
    events = run(*EVERYTHING, BackgroundItem(calls=10, sms=5, sessions=5, exclude=(ALPHA.value,)))
    mine = {event.correlation for event in events if _is_party(event, ALPHA)}
    out = emit(poi_with(task(XID_A, ALPHA)), events)
    assert {pdu.correlation_id for _, pdu in out} == mine
    assert {pdu.xid_text for _, pdu in out} == {XID_A}


def _is_party(event: InterceptEvent, identity: Identity) -> bool:
    return any(party is not None and identity in party.identities for party in (event.sender, event.receiver))


@pytest.mark.parametrize(
    "target",
    [
        Identity("e164Number", "12125550101"),
        Identity("gpsiMsisdn", "12125550101"),
        Identity("imsi", "001012125550101"),
        Identity("supiimsi", "001012125550101"),
        Identity("sipUri", "sip:+12125550101@IMS.invalid;user=phone"),
        Identity("impu", "tel:+1-212-555-0101"),
        Identity("telUri", "tel:+12125550101"),
        Identity("nai", "sim-2125550101@data.invalid"),
        Identity("ipv4Address", "198.51.100.2"),
        Identity("ipv6Address", "2001:0db8:00d4:0001:0000:0000:0000:0001"),
    ],
)
def test_any_identity_of_a_subscriber_will_do(target: Identity) -> None:
    out = emit(poi_with(task(XID_A, target)), run(CALL))
    assert len(out) == len(run(CALL))


@pytest.mark.parametrize("kind", ["imei", "emailAddress", "ipv4Cidr", "ipv4Address", "telUri"])
def test_kinds_without_meaning_here(kind: str) -> None:
    assert normalise(kind, "tel:nonsense") is None


def test_directions_depend_on_whose_side_the_target_is() -> None:
    events = run(CALL)
    by_alpha = [pdu.payload_direction for _, pdu in emit(poi_with(task(XID_A, ALPHA)), events)]
    by_bravo = [pdu.payload_direction for _, pdu in emit(poi_with(task(XID_A, BRAVO)), events)]
    swap = {
        PayloadDirection.FROM_TARGET: PayloadDirection.TO_TARGET,
        PayloadDirection.TO_TARGET: PayloadDirection.FROM_TARGET,
    }
    assert by_alpha[0] == PayloadDirection.FROM_TARGET and by_bravo == [swap[PayloadDirection(d)] for d in by_alpha]


def test_a_task_on_both_parties_sees_each_event_once() -> None:
    events = run(CALL)
    assert len(emit(poi_with(task(XID_A, ALPHA, BRAVO)), events)) == len(events)


def test_two_tasks_on_one_call_each_get_everything() -> None:
    events = run(CALL)
    out = emit(poi_with(task(XID_A, ALPHA), task(XID_B, BRAVO)), events)
    for xid in (XID_A, XID_B):
        assert sum(1 for _, pdu in out if pdu.xid_text == xid) == len(events)


def test_formats_functions_and_interfaces() -> None:
    out = emit(poi_with(task(XID_A, ALPHA)), run(*EVERYTHING, DataItem(subscriber=ALPHA.value, ipv6=True)))
    seen = {(emission.interface, pdu.pdu_type, pdu.payload_format, pdu.nfid) for emission, pdu in out}
    assert seen == {
        (Interface.X2, PduType.X2, PayloadFormat.SIP, "ims-1"),
        (Interface.X3, PduType.X3, PayloadFormat.IPV4, "ims-1"),
        (Interface.X2, PduType.X2, PayloadFormat.TS_33128, "smsf-1"),
        (Interface.X2, PduType.X2, PayloadFormat.TS_33128, "mmsc-1"),
        (Interface.X3, PduType.X3, PayloadFormat.TS_33128, "mmsc-1"),
        (Interface.X2, PduType.X2, PayloadFormat.RADIUS, "upf-1"),
        (Interface.X3, PduType.X3, PayloadFormat.IPV4, "upf-1"),
        (Interface.X3, PduType.X3, PayloadFormat.IPV6, "upf-1"),
    }
    assert all(emission.did == emission.interface.value for emission, _ in out)
    radius = [pdu for _, pdu in out if pdu.payload_format == PayloadFormat.RADIUS]
    assert {pdu.payload_direction for pdu in radius} == {PayloadDirection.NOT_APPLICABLE}


@pytest.mark.parametrize("point", ["*", "ims-1", "ims-1-signalling"])
def test_a_wrong_clock_moves_the_stamps_of_its_point_and_no_others(point: str) -> None:
    right, events = emit(poi_with(task(XID_A, ALPHA)), run(CALL)), run(CALL)
    poi = poi_with(task(XID_A, ALPHA))
    poi.clock_offset_us = {point: 250_000, "upf-1": 9_000_000}
    for (_, one), (_, off) in zip(right, emit(poi, events), strict=True):
        hit = point in ("*", one.nfid, one.ipid)
        assert (off.time_us or 0) - (one.time_us or 0) == (250_000 if hit else 0)
        assert off.payload == one.payload


def test_attributes() -> None:
    events = run(CALL)
    out = emit(poi_with(task(XID_A, ALPHA)), events)
    first = out[0][1]
    assert first.time_us == BASE_US and first.payload == events[0].octets and first.ipid == "ims-1-signalling"
    assert (first.source_address, first.source_port) == ("198.51.100.2", 5060)
    assert (first.destination_address, first.destination_port) == ("198.51.100.43", 5060)
    assert first.matched_targets == ("<e164Number>12125550101</e164Number>",)
    others = dict(found for text in first.other_targets if (found := parse_target_xml(text)) is not None)
    assert others["imsi"] == "001012125550101" and others["ipv6Address"] == "2001:0db8:00d4:0001:0000:0000:0000:0001"
    media = next(pdu for _, pdu in out if pdu.pdu_type is PduType.X3)
    assert media.matched_targets == () and media.nfid and media.ipid and media.time_us is not None


def test_metadata_task_gets_no_content() -> None:
    out = emit(poi_with(task(XID_A, ALPHA, delivers=Delivers.X2)), run(*EVERYTHING))
    assert {pdu.pdu_type for _, pdu in out} == {PduType.X2}


@pytest.mark.parametrize(
    "target", [Identity("host", "SIM.example.invalid."), Identity("ipv4Address", "192.0.2.80")], ids=["name", "address"]
)
def test_pen_register_on_a_host_gets_headers_only(target: Identity) -> None:
    events = run(
        WebItem(visitors=("2125550106", "7185550179"), path="/simcanary15"),
        WebItem(visitors=("2125550106",), host="other.example.invalid", path="/simcanary15"),
    )
    out = emit(poi_with(task(XID_A, target, delivers=Delivers.X2)), events)
    assert out and {pdu.nfid for _, pdu in out} == {"web-1"}
    for _, pdu in out:
        packet = parse_ip(pdu.payload)
        assert packet is not None and packet.payload_length == 0 and packet.source_port is not None
        assert b"simcanary15" not in pdu.payload and b"SIMULATION" not in pdu.payload
        assert "192.0.2.80" in (packet.source, packet.destination)
    visitors = {pdu.source_address for _, pdu in out} - {"192.0.2.80"}
    assert visitors == {"198.51.100.7", "203.0.113.80"}


def test_a_task_for_content_on_a_host_gets_the_packets_too() -> None:
    events = run(WebItem(visitors=("2125550106",), path="/simcanary15"))
    out = emit(poi_with(task(XID_A, Identity("ipv4Address", "192.0.2.80"))), events)
    headers, whole = ([pdu for _, pdu in out if pdu.pdu_type is kind] for kind in (PduType.X2, PduType.X3))
    assert len(headers) == len(whole) > 5 and {pdu.nfid for _, pdu in out} == {"web-1"}
    assert not any(b"simcanary15" in pdu.payload for pdu in headers)
    assert sum(b"simcanary15" in pdu.payload for pdu in whole) == 1


def test_sequence_numbers_run_in_their_context() -> None:
    poi = poi_with(task(XID_A, ALPHA, dids=("x2", "x3", "second")), task(XID_B, BRAVO))
    poi.set_destination("second", Delivers.BOTH)
    out = emit(poi, run(*EVERYTHING, CALL, DataItem(subscriber=ALPHA.value)))
    contexts: dict[tuple, list[int]] = defaultdict(list)
    for emission, pdu in out:
        key = (pdu.xid, emission.did, pdu.nfid, pdu.ipid, pdu.correlation_id, pdu.pdu_type)
        contexts[key].append(pdu.sequence_number or 0)
    assert len(contexts) > 15
    for numbers in contexts.values():
        assert numbers == list(range(len(numbers)))
    counts = poi.counts[XID_A]
    assert counts.x2 + counts.x3 == sum(
        1 for emission, pdu in out if emission.did in ("x2", "x3") and pdu.xid_text == XID_A
    )


def test_sequence_number_wraps() -> None:
    poi = poi_with(task(XID_A, ALPHA))
    events = run(CALL)
    emit(poi, events[:1])
    context = poi._contexts[events[0].correlation]
    context.numbers = dict.fromkeys(context.numbers, 0xFFFFFFFF)
    assert [pdu.sequence_number for _, pdu in emit(poi, events[1:3])] == [0xFFFFFFFF, 0]


@pytest.mark.parametrize("delivers", [Delivers.BOTH, Delivers.X2])
def test_late_task_gets_the_beginning_at_the_time_it_began_to_listen(delivers: Delivers) -> None:
    events = run(CALL)
    poi = poi_with()
    middle = len(events) // 2
    assert emit(poi, events[:middle]) == []
    poi.set_task(task(XID_A, BRAVO, delivers=delivers))
    out = [pdu for _, pdu in emit(poi, events[middle:])]
    invite, answer = parse_sip(out[0].payload), parse_sip(out[1].payload)
    assert invite.method == "INVITE" and answer.status == 200
    assert out[0].time_us == out[1].time_us == events[middle].time_us
    assert out[0].payload_direction == PayloadDirection.TO_TARGET
    rest = (
        events[middle:] if delivers is Delivers.BOTH else [one for one in events[middle:] if one.kind is EventKind.SIP]
    )
    assert len(out) == 2 + len(rest)
    assert [parse_sip(pdu.payload).method for pdu in out if pdu.pdu_type is PduType.X2][2:] == ["BYE", None]


def test_modified_task_goes_on_counting_and_a_removed_one_is_silent() -> None:
    events = run(CALL)
    poi = poi_with(task(XID_A, ALPHA))
    third = len(events) // 3
    before = emit(poi, events[:third])
    poi.set_task(task(XID_A, ALPHA, Identity("imsi", "001012125550150")))
    after = emit(poi, events[third : 2 * third])
    numbers = [pdu.sequence_number or 0 for _, pdu in before + after if pdu.pdu_type is PduType.X3]
    assert all(b == a + 1 for a, b in pairwise(numbers))
    poi.remove_task(XID_A)
    assert emit(poi, events[2 * third :]) == [] and poi.tasks == {}


def test_removed_destination_gets_nothing() -> None:
    poi = poi_with(task(XID_A, ALPHA))
    assert poi.destination_in_use("x3")
    poi.remove_destination("x3")
    assert {emission.did for emission, _ in emit(poi, run(CALL))} == {"x2"}


def test_product_id_stands_in_for_the_xid() -> None:
    poi = poi_with(Task(XID_A, (ALPHA,), Delivers.BOTH, ("x2",), product_id=XID_B))
    assert {pdu.xid_text for _, pdu in emit(poi, run(CALL))} == {XID_B}


def test_memory_of_communications_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carrier_sim.poi.MAX_OPEN_COMMUNICATIONS", 3)
    monkeypatch.setattr("carrier_sim.poi._MAX_CONTEXTS", 3)
    monkeypatch.setattr("carrier_sim.poi._MAX_CLOSED", 2)
    poi = poi_with(task(XID_A, ALPHA))
    opening = [event for event in run(*[CALL] * 10) if event.phase.value != "within"]
    emit(poi, opening)
    assert len(poi._open) <= 3 and len(poi._contexts) <= 3


def test_a_task_that_comes_late_gets_the_opening_of_every_leg_of_a_forwarded_call() -> None:
    """What others lost: the signalling of a session that is up at activation, here of the one that sent the call on."""
    item = CallItem(caller=ALPHA.value, callee=BRAVO.value, forward_to="12125550188", seconds=3, sound="tone")
    events = run(item)
    half = len(events) // 2
    poi = poi_with()
    assert emit(poi, events[:half]) == []
    poi.set_task(task(XID_A, BRAVO))
    later = [pdu for _, pdu in emit(poi, events[half:])]
    signalling = [parse_sip(pdu.payload) for pdu in later if pdu.pdu_type is PduType.X2]
    assert [one.method or one.status for one in signalling[:4]] == ["INVITE", "INVITE", 200, 200]
    assert len({one.call_id for one in signalling[:4]}) == 2
    first_us = events[half].time_us
    assert all(pdu.timestamp_ns == first_us * 1_000 for pdu in later[:4])


@pytest.mark.parametrize("ipv6", [False, True])
def test_content_is_encoded_as_any_other_pdu(ipv6: bool) -> None:
    """The head of a stream is encoded once and patched: each PDU is still what the encoder makes of it."""
    item = CallItem(caller=ALPHA.value, callee=BRAVO.value, seconds=8, ipv6=ipv6)
    emitted = emit(poi_with(task(XID_A, ALPHA)), run(item, DataItem(subscriber=ALPHA.value, packets=200)))
    content = [one for one in emitted if one[1].pdu_type is PduType.X3]
    assert len(content) > 900 and len({pdu.payload_direction for _, pdu in content}) == 2
    for emission, pdu in content:
        assert encode_pdu(pdu) == emission.octets
    for _, group in group_by_context(content).items():
        assert [pdu.sequence_number for pdu in group] == list(range(len(group)))


def group_by_context(emitted: list[tuple[Emission, X2X3Pdu]]) -> dict[tuple[object, ...], list[X2X3Pdu]]:
    found: dict[tuple[object, ...], list[X2X3Pdu]] = defaultdict(list)
    for _, pdu in emitted:
        found[pdu.xid, pdu.nfid, pdu.ipid, pdu.correlation_id].append(pdu)
    return found
