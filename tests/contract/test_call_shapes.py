"""Calls with a third party from the network to the agency: every leg of a target's call is handed over, told from
others, ended once, and under a pen register without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from asn1.x2x3 import decode_pdu
from carrier_sim.config import CallItem, FeatureItem, RegisterItem, TrafficItem
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Poi, Task
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import CinState
from collector.mask import permitted_octets
from mediation import convert
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.law.verdicts import VerdictKind
from mediation.redact import granted
from mediation.scope import Scope, ScopeEvent, allow
from mediation.sequence import Communication

T = 1_750_000_000_000_000
A, B, C = "12125550101", "12125550142", "12125550188"
WORDS = "CANARYwords"
KEPT = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)


def call(**values: object) -> CallItem:
    return CallItem.model_validate({"caller": A, "callee": B, "sound": "tone", "uui": WORDS, **values})


SHAPES: dict[str, tuple[TrafficItem, str]] = {
    **{f"forwarded, {why}": (call(forward_to=C, forward=why, seconds=1), A + B + C)
       for why in ("unconditional", "busy", "no_answer", "redirected")},
    "transferred": (call(transfer_to=C, transfer_at_s=1, seconds=4), A + B + C),
    "conference": (call(conference_with=C, conference_at_s=1, seconds=9), A + B + C),
    "updated": (call(update_at_s=1, update="address", seconds=3), A + B),
    "early media": (call(early_media=True, seconds=1), A + B),
    "call waiting": (call(call_waiting=True, seconds=1), A + B),
    "registration": (RegisterItem(subscriber=A), A),
    "feature": (FeatureItem(subscriber=A, code="*72", number=C), A),
}  # fmt: skip
CASES = [(name, number) for name, (_, numbers) in SHAPES.items() for number in (A, B, C) if number in numbers]


def order_of(kind: OrderKind, number: str) -> CourtOrder:
    window = Window(T - 10**9, T + 10**9)
    target = Target(TargetKind.E164, number)
    order = CourtOrder(OrderId("O-1"), 1, kind, CaseId("C-1"), Liid("LAB-1"), "LAB", window, (target,))
    return order if kind.metadata_only else replace(order, services=frozenset({Service.VOICE}))


def handed_over(item: TrafficItem, order: CourtOrder, overdeliver: bool = False) -> list[tuple[str | None, bytes]]:
    """(IRI type, record) of everything the carrier hands over for the order's target."""
    schedule = Schedule()
    Network(1, T, Directory(1), Clips(), schedule).add(item, T)
    poi = Poi()
    poi.set_destination("d", Delivers.BOTH)
    number = order.targets[0].value
    poi.set_task(Task("5f5d6e2a-0000-4000-8000-000000000001", (Identity("e164Number", number),), Delivers.BOTH, ("d",)))
    state, out = Communication(7), []
    for event in schedule.due(1 << 62, 10**6):
        for emission in poi.handle(event):
            pdu = decode_pdu(emission.octets)
            assert pdu.timestamp_ns is not None
            way = convert.DIRECTIONS.get(int(pdu.payload_direction))
            sends = None if way is None else way == "fromTarget"
            content = emission.interface.value == "x3"
            seen = ScopeEvent(pdu.timestamp_ns // 1000, Service.VOICE, content, sends, state.opens_sent)
            scope = allow(order, seen, overdeliver=overdeliver).scope
            if scope is Scope.WITHHOLD:
                continue
            made = convert.product("voice", pdu, state, scope is Scope.METADATA, granted(order))
            assert made is not None
            header = PsHeader(
                liid=b"LAB-1", operator_id=b"SIMOP", cin=7, sequence_number=len(out), time_us=pdu.timestamp_ns // 1000,
                time_qualifier="timeOfInterception",
            )  # fmt: skip
            if made.iri_type is None:
                out.append((None, cc_pdu(header, made.contents, made.direction)))
            else:
                octets = iri_pdu(header, made.contents, made.iri_type, payload_direction=made.direction)
                out.append((made.iri_type, octets))
            convert.advance(pdu, state, made)
    return out


def judged(order: CourtOrder, records: list[tuple[str | None, bytes]]) -> list[tuple[VerdictKind, bytes]]:
    """The agency's verdicts in turn, and what of each record it stores."""
    cin, out = CinState(), []
    for _, octets in records:
        pdu = decode_ps_pdu(octets)
        facts = facts_of(pdu, pdu.header.time_us or T)
        decision = decide((order,), facts, LinkPolicy(), cin)
        cin, kind = decision.cin, decision.verdict.kind
        stored = octets if kind in KEPT else b""
        if kind is VerdictKind.MASK:
            stored = permitted_octets(order, facts, pdu, bytes(32))
        out.append((kind, stored))
    return out


@pytest.mark.parametrize(("name", "number"), CASES)
def test_under_a_warrant_every_leg_of_the_target_s_call_is_taken_and_ends_once(name: str, number: str) -> None:
    order = order_of(OrderKind.EAVESDROPPING, number)
    records = handed_over(SHAPES[name][0], order)
    types = [kind for kind, _ in records if kind]
    assert records and {kind for kind, _ in judged(order, records)} <= set(KEPT)
    if name == "registration":
        assert types == ["report", "report"]
        return
    assert types[0] == "begin" and types[-1] == "end" and set(types[1:-1]) == {"continue"}


@pytest.mark.parametrize(("name", "number"), CASES)
@pytest.mark.rule("R-110", "R-113")
def test_under_a_pen_register_every_leg_is_signalling_at_both_ends(name: str, number: str) -> None:
    order = order_of(OrderKind.PRTT, number)
    records = handed_over(SHAPES[name][0], order)
    stored = judged(order, records)
    assert records and {kind for kind, _ in stored} <= set(KEPT)
    everything = b"".join(octets for _, octets in stored)
    assert WORDS.encode() not in everything and WORDS.encode().hex().encode() not in everything.lower()
    assert b"a=rtpmap" not in everything and b"display-text" not in everything and b"User-Agent" not in everything


@pytest.mark.parametrize(("name", "number"), CASES)
@pytest.mark.rule("R-110", "R-113")
def test_attack_a_carrier_that_withholds_nothing_of_a_call_with_a_third_gains_nothing(name: str, number: str) -> None:
    order = order_of(OrderKind.PRTT, number)
    records = handed_over(SHAPES[name][0], order, overdeliver=True)
    everything = b"".join(octets for _, octets in judged(order, records))
    assert WORDS.encode() not in everything and WORDS.encode().hex().encode() not in everything.lower()
    assert b"a=rtpmap" not in everything and b"display-text" not in everything


@pytest.mark.rule("R-113")
def test_a_pen_register_on_the_host_of_a_conference_yields_who_joined_and_left() -> None:
    order = order_of(OrderKind.PRTT, A)
    stored = [octets for _, octets in judged(order, handed_over(SHAPES["conference"][0], order))]
    notices = [one for one in stored if b"conference-info" in one and b"<user " in one]
    assert [one.count(b"<status>connected") for one in notices] == [1, 2, 3, 2, 1]
    assert C.encode() in notices[2] and B.encode() in notices[2]
    facts = facts_of(decode_ps_pdu(notices[2]), T)
    assert dict(facts.permitted)["conference"] == [f"sip:+{one}@ims.invalid connected" for one in (A, B, C)]


def test_attack_a_call_that_might_come_to_the_target_yet_is_not_the_target_s() -> None:
    """That a call is to be sent on or handed over to somebody does not make it that party's."""
    order = order_of(OrderKind.EAVESDROPPING, C)
    for item in (call(forward_to=C, seconds=1), call(transfer_to=C, transfer_at_s=1, seconds=4)):
        own = {octets for _, octets in handed_over(item, order)}
        others = [one for one in handed_over(item, order_of(OrderKind.EAVESDROPPING, B)) if one[1] not in own]
        first_leg = [one for one in others if one[0] and C.encode() in one[1] and b"REFER" in one[1]]
        first_leg += [one for one in others if one[0] and b"SIP/2.0 181" in one[1]]
        assert first_leg
        assert {kind for kind, _ in judged(order, first_leg)} == {VerdictKind.REJECT}
