"""What is refused again unread the gate would refuse alike: verdict, reasons, rules, whatever order, link and time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, ps_pdu
from asn1.ps_pdu import decode_ps_pdu
from collector.accounts import BatchAccount
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import CinState
from collector.refusals import MAX_DIGESTS, Refusals, Shape
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason, Verdict, VerdictKind

START_US = 1_750_000_000_000_000
END_US = START_US + 3_600_000_000
NOW_US = START_US + 60_000_000
POLICY = LinkPolicy()
TARGET = Target(TargetKind.E164, "12125550101")
QUALIFIERS = (None, "unknown", "timeOfInterception", "timeOfMediation")
EDGES = st.sampled_from([START_US, END_US, NOW_US, NOW_US + POLICY.skew_us, NOW_US - POLICY.late_us])
TIMES = st.builds(lambda edge, by: edge + by, EDGES, st.sampled_from([-300_000_000, -200_001, -1, 0, 1, 200_001]))
RECORDS = st.fixed_dictionaries(
    {"time_us": TIMES, "qualifier": st.sampled_from(QUALIFIERS), "voice": st.booleans(), "direction": st.booleans()}
)
ORDERS = st.builds(
    lambda kind, services, state, revoked_at_us, direction: CourtOrder(
        OrderId("O-1"), 1, kind, CaseId("C"), Liid("LAB-0001"), "LEA", Window(START_US, END_US), (TARGET,), services,
        state=state, revoked_at_us=revoked_at_us, direction=direction,
    ),
    st.sampled_from([OrderKind.EAVESDROPPING, OrderKind.PRTT]),
    st.sampled_from([frozenset({Service.VOICE}), frozenset({Service.DATA})]),
    st.sampled_from([OrderState.ISSUED] * 3 + [OrderState.REVOKED, OrderState.TERMINATED, OrderState.DRAFT]),
    st.sampled_from([None, NOW_US, END_US + 1]),
    st.sampled_from(list(PrttDirection)),
)  # fmt: skip
STATES = st.builds(
    CinState,
    st.sampled_from([0, 1, 1, 2]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, START_US, NOW_US - 1_000_000]),
    st.none(),
    st.sampled_from([None, frozenset({TARGET}), frozenset({Target(TargetKind.E164, "12125550109")})]),
)


def record(time_us: int, qualifier: str | None, voice: bool, direction: bool) -> bytes:
    header = ps_pdu.PsHeader(
        liid=b"LAB-0001", authorization_country="US", operator_id=b"LABOP", cin=1, sequence_number=0, time_us=time_us,
        time_qualifier=qualifier,
    )  # fmt: skip
    contents = multimedia.ipmmcc(b"rtp", frame_type="rtpFrame") if voice else ip.ipcc(b"packet")
    return ps_pdu.cc_pdu(header, contents, "fromTarget" if direction else "toTarget")


def shape(fields: dict[str, Any]) -> Shape:
    return Shape(12 if fields["voice"] else 2, QUALIFIERS.index(fields["qualifier"]), int(fields["direction"]))


@settings(max_examples=400, deadline=None)
@given(
    order=ORDERS, state=STATES, first=RECORDS, then=st.lists(RECORDS, max_size=6), wait_us=st.integers(0, 20_000_000)
)
def test_attack_nothing_is_refused_unread_that_the_gate_would_not_refuse_alike(
    order: CourtOrder, state: CinState, first: dict[str, Any], then: list[dict[str, Any]], wait_us: int
) -> None:
    orders = (order,)
    refusals = Refusals(lambda liid: orders)
    facts = facts_of(decode_ps_pdu(record(**first)), NOW_US)
    decision = decide(orders, facts, POLICY, state)
    refusals.learn(3, POLICY, shape(first), orders, "LAB-0001", facts, state, decision, NOW_US)
    for fields in (first, *then):
        for now_us in (NOW_US, NOW_US + wait_us):
            known = refusals.again(3, POLICY, shape(fields), fields["time_us"], now_us)
            if known is not None:
                judged = decide(orders, facts_of(decode_ps_pdu(record(**fields)), now_us), POLICY, state)
                assert (known.verdict, judged.cin) == (judged.verdict, state)
                assert judged.verdict.kind is VerdictKind.REJECT


@pytest.mark.parametrize("kind", [OrderKind.EAVESDROPPING, OrderKind.PRTT])
def test_content_behind_the_end_and_under_a_pen_register_is_known_again(kind: OrderKind) -> None:
    orders = (
        CourtOrder(
            OrderId("O-1"), 1, kind, CaseId("C"), Liid("LAB-0001"), "LEA", Window(START_US, END_US), (TARGET,),
            frozenset({Service.VOICE}), direction=PrttDirection.BOTH,
        ),
    )  # fmt: skip
    held = [orders]
    refusals, at_us = Refusals(lambda liid: held[0]), NOW_US if kind is OrderKind.PRTT else END_US
    fields = {"time_us": at_us, "qualifier": "timeOfInterception", "voice": True, "direction": True}
    facts, state = facts_of(decode_ps_pdu(record(**fields)), at_us), CinState(1, None, START_US)
    decision = decide(orders, facts, POLICY, state)
    refusals.learn(3, POLICY, shape(fields), orders, "LAB-0001", facts, state, decision, at_us)
    known = refusals.again(3, POLICY, shape(fields), at_us + 1000, at_us + 2000)
    assert known is not None
    for number in range(12):
        refusals.count(known, 3, number, memoryview(b"octets"))
    [one] = refusals.take()
    assert (one.count, one.octets, one.first, one.last, len(one.records)) == (12, 72, 0, 11, MAX_DIGESTS)
    assert refusals.take() == []
    assert refusals.again(3, LinkPolicy(), shape(fields), at_us, at_us) is None, "another link"
    refusals.forget(2)
    assert refusals.again(3, POLICY, shape(fields), at_us, at_us) is None, "its communication has changed"
    refusals.learn(3, POLICY, shape(fields), orders, "LAB-0001", facts, state, decision, at_us)
    held[0] = (*orders, *orders)
    assert refusals.again(3, POLICY, shape(fields), at_us, at_us) is None, "the orders have changed"


def test_refusals_alike_are_accounted_as_one_by_one() -> None:
    verdict = Verdict(VerdictKind.REJECT, (Reason.ORDER_EXPIRED,), ("R-019",))
    single, alike = BatchAccount(), BatchAccount()
    for order in ("O-1", None):
        for number in range(12):
            single.verdict(order, 1, "LAB-1", verdict)
            single.refusal(order, "LAB-1", 1, number, 6, verdict, bytes([number]))
        alike.refused_alike(order, 1, "LAB-1", 1, verdict, (0, 4), 30, 5, lambda index: bytes([index]))
        alike.refused_alike(order, 1, "LAB-1", 1, verdict, (5, 11), 42, 7, lambda index: bytes([5 + index]))
    single.delivered = alike.delivered = 24
    assert single.close(0, 0) == alike.close(0, 0)
