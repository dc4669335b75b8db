"""What is refused again unread the gate would refuse alike: verdict, reasons, rules, whatever order, link and time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, ps_pdu
from asn1.columns import Columns, LiidTable
from asn1.errors import LocalError
from asn1.ps_pdu import decode_ps_pdu
from collector.accounts import BatchAccount
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_columns import GateLimits, OrderColumns
from collector.gate_scope import CinState
from collector.intake import Pass, Tables, take
from collector.refusals import MAX_DIGESTS, Refusals, Shape
from collector.refused_columns import MAX_PLACES, MAX_REFUSED, NO_POLICY, RefusedColumns, Terms
from collector.rows import Rows, Tally
from collector.stream_table import StreamTable, VerifyColumns
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
    """As the scan has it: -1 for no qualifier."""
    return Shape(12 if fields["voice"] else 2, QUALIFIERS.index(fields["qualifier"]) - 1, int(not fields["direction"]))


@settings(max_examples=400, deadline=None)
@given(
    order=ORDERS, state=STATES, first=RECORDS, then=st.lists(RECORDS, max_size=6), wait_us=st.integers(0, 20_000_000)
)
def test_attack_nothing_is_refused_unread_that_the_gate_would_not_refuse_alike(
    order: CourtOrder, state: CinState, first: dict[str, Any], then: list[dict[str, Any]], wait_us: int
) -> None:
    orders = (order,)
    refusals, cols = Refusals(lambda liid: orders), Columns(4)
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
            octets = record(**fields)
            assert in_the_pass(refusals, cols, octets, now_us) == (known is not None)
            if known is not None:
                refusals.count_again(memoryview(octets))
                [one] = refusals.take()
                assert (one.verdict, one.count, one.octets, one.first) == (known.verdict, 1, len(octets), 0)


def in_the_pass(refusals: Refusals, cols: Columns, octets: bytes, now_us: int) -> bool:
    """Whether the pass of the bulk lane refuses a record, the next of the stream with slot 3, by what is known."""
    liids, streams, verify = LiidTable(), StreamTable(), VerifyColumns(4)
    liid = liids.intern(b"LAB-0001")
    streams.slot_of(liid, 9, 1, create=True)
    assert streams.slot_of(liid, 1, 1, create=True) == 3
    tables, into = Tables(liids, streams, OrderColumns(), refusals.columns), Pass(cols, verify)
    limits, number = GateLimits(POLICY.late_us, POLICY.skew_us), refusals.policy_number(POLICY)
    end = take(octets, 0, len(octets), 4096, tables, False, number, now_us, limits, into, Rows(4), Tally(), 1, 1)
    assert end == len(octets) and not into.bulk and into.refused + cols.n == 1
    return into.refused == 1


def test_a_pass_leaves_a_communication_to_the_careful_lane_once_that_has_a_record_of_it() -> None:
    """The record may change what is known; and what is not the next in its stream is looked at."""
    columns, liids, streams = RefusedColumns(), LiidTable(), StreamTable()
    liid = liids.intern(b"LAB-0001")
    slot = streams.slot_of(liid, 1, 1, create=True)
    columns.know(slot >> 1, Terms(0, 12, 1, 0, 0, 1 << 62, 1 << 62, 1 << 62, 0, 1 << 62))
    cols, verify = Columns(16), VerifyColumns(16)
    tables, into = Tables(liids, streams, OrderColumns(), columns), Pass(cols, verify)
    like, other = numbered(range(9)), record(NOW_US, "timeOfInterception", True, False)

    def refused(*records: bytes, policy: int = 0) -> int:
        streams.set_mark(slot, -1, 0)
        octets = b"".join(records)
        args = (NOW_US, GateLimits(0, 0), into, Rows(16), Tally(), 1, 1)
        assert take(octets, 0, len(octets), 4096, tables, False, policy, *args) == len(octets)
        assert into.refused + cols.n == len(records)
        return into.refused

    assert refused(*like) == 9
    [one] = columns.take()
    assert (one.records, one.first, one.last, len(one.places)) == (9, 0, 8, MAX_PLACES)
    assert refused(other, *like[1:]) == 0, "another direction: judged, and so are those behind it"
    assert refused(*like[:3], *like[2:]) == 3, "a number that comes again"
    assert refused(*like, policy=1) == 0, "another link's"
    assert refused(*like, policy=NO_POLICY) == 0
    columns.take()
    columns.forget(slot >> 1)
    assert refused(*like) == 0
    columns.know_nobodys(liid)
    assert refused(*like[3:], other) == 7, "nobody's, in whatever order it comes"
    assert columns.take()[0].first == 0
    columns.clear()
    assert refused(*like) == 0 and columns.take() == []


def numbered(numbers: Iterable[int]) -> list[bytes]:
    header = decode_ps_pdu(record(NOW_US, "timeOfInterception", True, True)).header
    contents = multimedia.ipmmcc(b"rtp", frame_type="rtpFrame")
    return [ps_pdu.cc_pdu(header._replace(sequence_number=one), contents, "fromTarget") for one in numbers]


def test_refusals_in_the_columns_end_somewhere() -> None:
    columns = RefusedColumns()
    for liid in range(MAX_REFUSED):
        assert columns.know_nobodys(liid) == liid
    with pytest.raises(LocalError):
        columns.know(0, Terms(0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
    columns.clear()
    assert columns.know_nobodys(7) == 0


def test_attack_strangers_without_end_fill_the_columns_and_nothing_else() -> None:
    refusals, view = Refusals(lambda liid: ()), memoryview(b"octets")
    verdict = Verdict(VerdictKind.REJECT, (Reason.NO_ORDER,), ())
    for liid in range(MAX_REFUSED + 10):
        refusals.nobodys(liid, 1, f"L-{liid}", 0, view, verdict)
        refusals.nobodys(liid, 1, f"L-{liid}", 1, view, verdict)
    assert refusals.columns.n == 10
    assert all(one.count == 2 for one in refusals.take())


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
        refusals.count(known, number, memoryview(b"octets"))
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
