"""The bulk lane can only say yes, and every yes of it is one of the careful gate: compiled and interpreted.

Rows go through `collector.gate_columns` with the terms that `collector.gate.bulk_terms` gives of an order, as the
pipeline does it; whatever comes out as BULK is decoded and put before `collector.gate.decide`, which has to accept it
without a flag and under the same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, encode_ps_pdu, iri_pdu, tri_pdu
from collector.config import PolicyConfig
from collector.facts import facts_of
from collector.gate import bulk_terms, decide
from collector.gate_scope import TARGET_OK, CinState
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason, VerdictKind

START = 1_750_000_000_000_000
END = START + 3_600_000_000
CUT = START + 1_800_000_000
NOW = START + 900_000_000
WARRANT = CourtOrder(
    OrderId("W-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB",
    Window(START, END), (Target(TargetKind.E164, "12125550101"),), frozenset({Service.VOICE, Service.DATA}),
)  # fmt: skip
PEN_REGISTER = replace(WARRANT, order_id=OrderId("P-1"), kind=OrderKind.PRTT, services=frozenset())
HEADER = PsHeader(
    liid=b"LAB-1", authorization_country="US", delivery_country="US", operator_id=b"SIMOP", cin=1, sequence_number=0,
    time_us=NOW, time_qualifier="timeOfInterception",
)  # fmt: skip
CONTENTS: tuple[tuple[str, Any], ...] = (
    multimedia.ipmmcc(b"\x80\0" + bytes(20), frame_type="rtpFrame"),
    ip.ipcc(b"\x45" + bytes(30)),
    ("uMTSCC", b"x"),
    ("threeGPP33128DefinedCC", b"x"),
)
QUALIFIERS = (None, "unknown", "timeOfInterception", "timeOfMediation", "timeOfAggregation", "7")


def bulk(
    kernels: SimpleNamespace, order: CourtOrder, records: list[bytes], now_us: int, policy: PolicyConfig, target: int
) -> list[int]:
    """Which of the records the column gate lets through, after the target of CIN 1 was found to be `target`."""
    gate, streams = kernels.gate_columns, kernels.stream_table
    liids, table, orders = kernels.columns.LiidTable(), streams.StreamTable(), gate.OrderColumns()
    liid = liids.intern(order.liid.encode())
    table.set_target_state(table.slot_of(liid, 1, 1, create=True), target)
    terms = bulk_terms(order)
    if terms is not None:
        start_us, end_us, tags = terms
        orders.set(liid, True, max(start_us, 0), end_us, tags, 0)
    octets = b"".join(records)
    cols, verify = kernels.columns.Columns(len(records)), streams.VerifyColumns(len(records))
    lane = gate.Lane(len(records))
    assert kernels.scan.scan(octets, 0, len(octets), cols, liids, 1 << 20) == len(octets)
    streams.verify_columns(cols, table, verify)
    given_limits = policy.gate_limits()
    limits = gate.GateLimits(given_limits.late_us, given_limits.skew_us, given_limits.qualifiers)
    count = gate.gate_columns(cols, verify, orders, table, now_us, limits, lane)
    rows = list(lane.rows)
    assert count == sum(rows)
    return rows


def accepted_whole(order: CourtOrder, record: bytes, now_us: int, policy: PolicyConfig) -> None:
    """The careful gate, asked the same, also where a pen register shares the LIID."""
    facts = facts_of(decode_ps_pdu(record), now_us)
    for cin in (CinState(TARGET_OK), CinState(TARGET_OK, False, START)):
        for orders in ((order,), (PEN_REGISTER, order)):
            decision = decide(orders, facts, policy.policy(), cin)
            assert (decision.verdict.kind, decision.verdict.reasons) == (VerdictKind.ACCEPT, (Reason.OK,))
            assert decision.order is order


def test_plain_content_of_either_service_takes_the_bulk_lane_and_the_gate_agrees(kernels: SimpleNamespace) -> None:
    records = [
        cc_pdu(HEADER._replace(sequence_number=n), contents, "fromTarget") for n, contents in enumerate(CONTENTS)
    ]
    policy = PolicyConfig()
    assert bulk(kernels, WARRANT, records, NOW, policy, TARGET_OK) == [1, 1, 0, 0]
    for record in records[:2]:
        accepted_whole(WARRANT, record, NOW, policy)


def test_attack_a_header_time_inside_the_window_hides_no_payload_outside(kernels: SimpleNamespace) -> None:
    """Judged by the payload's own time in both lanes, whatever the header says; and the other way about."""
    policy, contents = PolicyConfig(), CONTENTS[0]
    for header_us, own_us, allowed in ((NOW, END, False), (NOW, START - 1, False), (END, NOW, True)):
        record = cc_pdu(HEADER._replace(time_us=header_us), contents, "fromTarget", time_us=own_us)
        assert bulk(kernels, WARRANT, [record], NOW, policy, TARGET_OK) == [int(allowed)]
        decision = decide((WARRANT,), facts_of(decode_ps_pdu(record), NOW), policy.policy(), CinState(TARGET_OK))
        assert decision.verdict.kind is (VerdictKind.ACCEPT if allowed else VerdictKind.REJECT)
    several = [{"cCContents": contents, "microSecondTimeStamp": {"seconds": at // 10**6, "microSeconds": 0}}
               for at in (NOW, END)]  # fmt: skip
    record = encode_ps_pdu(HEADER, ("cCPayloadSequence", several))
    assert bulk(kernels, WARRANT, [record], NOW, policy, TARGET_OK) == [0]
    decision = decide((WARRANT,), facts_of(decode_ps_pdu(record), NOW), policy.policy(), CinState(TARGET_OK))
    assert decision.verdict.reasons == (Reason.ORDER_EXPIRED,)


edges = st.sampled_from([START, CUT, END]).flatmap(lambda at: st.integers(at - 500_000, at + 500_000))
times = st.none() | edges | st.integers(START, END - 1)
HOUR = 3_600_000_000
begun = edges.map(lambda at: at - 24 * HOUR) | edges.map(lambda at: at - 48 * HOUR) | st.just(START)
DEPARTURES: dict[str, st.SearchStrategy[Any]] = {
    "kind": st.sampled_from(OrderKind),
    "state": st.sampled_from(OrderState),
    "services": st.frozensets(st.sampled_from(Service)),
    "exigent": st.builds(Exigency, begun, *[st.none() | edges] * 4),
    "jurisdiction": st.just(Jurisdiction.FEDERAL),
    "entered_at_us": edges.map(lambda at: at - 40 * 24 * HOUR),
    "first_interception_us": edges.map(lambda at: at - 30 * 24 * HOUR),
    "revoked_at_us": edges,
    "objective_attained_at_us": edges,
    "liid": st.just(b"LAB-2"),
    "cin": st.sampled_from([2, None]),
    "sequence_number": st.just(1),
    "time_us": times,
    "time_qualifier": st.sampled_from(QUALIFIERS),
    "time_form": st.just("generalized"),
    "payload_time_us": times,
    "payload_qualifier": st.sampled_from(QUALIFIERS[:-1]),
    "contents": st.sampled_from(CONTENTS),
    "shape": st.sampled_from(["iri", "tri", "two", "none"]),
    "direction": st.sampled_from(["toTarget", "combined", None]),
    "skew_us": st.sampled_from([0, 1, 600_000]),
    "late_us": st.sampled_from([0, 10**12]),
    "mediation_stamps": st.just(True),
    "behind_us": st.sampled_from([1, -1, 200_000, 200_001, -200_000, -200_001, 8_000_000, 8_000_001]),
    "target": st.sampled_from([0, 2]),
}
departures = st.lists(st.sampled_from(sorted(DEPARTURES)), unique=True, max_size=4).flatmap(
    lambda names: st.fixed_dictionaries({name: DEPARTURES[name] for name in names})
)


def one_record(changes: dict[str, Any]) -> bytes:
    """The plain record with what the changes say of it."""
    head = HEADER._replace(**{name: changes[name] for name in changes if name in PsHeader._fields})
    contents, shape = changes.get("contents", CONTENTS[0]), changes.get("shape", "cc")
    if shape == "iri":
        return iri_pdu(head, ip.packet_header_report(b"\x45" + bytes(27)), "continue")
    if shape == "tri":
        return tri_pdu(head, "cINReset")
    if shape in ("two", "none"):
        return encode_ps_pdu(head, ("cCPayloadSequence", [{"cCContents": contents}] * (2 if shape == "two" else 0)))
    payload_us, qualifier = changes.get("payload_time_us"), changes.get("payload_qualifier")
    return cc_pdu(head, contents, changes.get("direction", "fromTarget"), time_us=payload_us, time_qualifier=qualifier)


@pytest.fixture(scope="module")
def taken() -> Iterator[Counter[bool]]:
    """How many generated records took the bulk lane: a property of nothing would hold for anything."""
    counted: Counter[bool] = Counter()
    yield counted
    assert counted[True] > 50 and counted[False] > 50


@settings(max_examples=400, deadline=None)
@given(changes=departures)
def test_whatever_the_bulk_lane_takes_the_gate_accepts_without_a_flag(
    kernels: SimpleNamespace, taken: Counter[bool], changes: dict[str, Any]
) -> None:
    """A plain record under a plain warrant, changed in up to four ways at once."""
    order_fields = {name for name in DEPARTURES if name in CourtOrder.__dataclass_fields__} - {"liid"}
    order = replace(WARRANT, **{name: changes[name] for name in order_fields if name in changes})
    policy_fields = ("skew_us", "late_us", "mediation_stamps")
    policy = PolicyConfig(**{name: changes[name] for name in policy_fields if name in changes})
    record = one_record(changes)
    event_us = facts_of(decode_ps_pdu(record), 0).event_us
    now_us = (NOW if event_us is None else event_us) + changes.get("behind_us", 0)
    [row] = bulk(kernels, order, [record], now_us, policy, changes.get("target", TARGET_OK))
    taken[bool(row)] += 1
    if row:
        assert "target" not in changes and "shape" not in changes
        accepted_whole(order, record, now_us, policy)


@pytest.mark.parametrize("at", [START, CUT, END])
@pytest.mark.parametrize("skew_us", [0, 3])
def test_at_every_edge_of_a_window_the_bulk_lane_says_no_more_than_the_gate(
    kernels: SimpleNamespace, at: int, skew_us: int
) -> None:
    """R-002, R-019, R-099, microsecond by microsecond."""
    policy, taken = PolicyConfig(skew_us=skew_us), 0
    approved = Exigency(CUT - 60 * HOUR, order_issued_at_us=CUT - 24 * HOUR)
    for order in (
        WARRANT,
        replace(WARRANT, revoked_at_us=CUT),
        replace(WARRANT, objective_attained_at_us=CUT),
        replace(WARRANT, jurisdiction=Jurisdiction.FEDERAL, first_interception_us=CUT - 30 * 24 * HOUR),
        replace(WARRANT, kind=OrderKind.EXIGENT_EAV_FEDERAL, exigent=replace(approved, ended_at_us=CUT)),
        replace(WARRANT, kind=OrderKind.EXIGENT_EAV_STATE, exigent=replace(approved, activated_at_us=CUT - 30 * HOUR)),
    ):
        for event_us in range(at - 5, at + 6):
            record = cc_pdu(HEADER._replace(time_us=event_us), CONTENTS[0], "toTarget")
            [row] = bulk(kernels, order, [record], event_us, policy, TARGET_OK)
            taken += row
            if row:
                accepted_whole(order, record, event_us, policy)
    assert taken > 0, "the lane is used"


EMERGENCIES = [OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL]


@pytest.mark.rule("R-041")
@pytest.mark.parametrize("kind", EMERGENCIES)
def test_attack_content_that_outlives_its_emergency_by_the_fast_lane(kernels: SimpleNamespace, kind: OrderKind) -> None:
    """Stamped well inside, arriving a moment after the deadline: the columns would not see that it lapsed."""
    deadline_us = NOW + 1_000_000
    hours = 24 if kind is OrderKind.EXIGENT_EAV_STATE else 48
    order = replace(WARRANT, kind=kind, exigent=Exigency(deadline_us - hours * HOUR))
    record = cc_pdu(HEADER, CONTENTS[0], "toTarget")
    policy = PolicyConfig()
    for now_us, verdict in ((NOW, VerdictKind.ACCEPT), (deadline_us + 1, VerdictKind.QUARANTINE)):
        assert bulk(kernels, order, [record], now_us, policy, TARGET_OK) == [0]
        facts = facts_of(decode_ps_pdu(record), now_us)
        assert decide((order,), facts, policy.policy(), CinState(TARGET_OK)).verdict.kind is verdict
    approved = replace(order, exigent=Exigency(deadline_us - hours * HOUR, order_issued_at_us=deadline_us))
    assert bulk(kernels, approved, [record], NOW, policy, TARGET_OK) == [1], "approved in time, it takes the bulk lane"
    accepted_whole(approved, record, NOW, policy)


@pytest.mark.parametrize("qualifier", QUALIFIERS)
@pytest.mark.parametrize("stamps", [False, True])
def test_the_lanes_count_the_same_stamps_as_event_time(
    kernels: SimpleNamespace, qualifier: str | None, stamps: bool
) -> None:
    """R-003: a stamp takes the bulk lane exactly where the gate accepts it without a flag."""
    policy = PolicyConfig(mediation_stamps=stamps)
    record = cc_pdu(HEADER._replace(time_qualifier=qualifier), CONTENTS[0], "toTarget")
    [row] = bulk(kernels, WARRANT, [record], NOW, policy, TARGET_OK)
    verdict = decide((WARRANT,), facts_of(decode_ps_pdu(record), NOW), policy.policy(), CinState(TARGET_OK)).verdict
    assert bool(row) is (verdict.kind is VerdictKind.ACCEPT)


@pytest.mark.parametrize("behind_us", [-200_001, -200_000, 0, 8_000_000, 8_000_001])
def test_late_records_and_clocks_that_run_ahead_take_the_bulk_lane_only_unflagged(
    kernels: SimpleNamespace, behind_us: int
) -> None:
    """R-096, R-098, to the microsecond."""
    policy, now_us = PolicyConfig(), NOW + behind_us
    record = cc_pdu(HEADER, CONTENTS[0], "toTarget")
    [row] = bulk(kernels, WARRANT, [record], now_us, policy, TARGET_OK)
    facts = facts_of(decode_ps_pdu(record), now_us)
    verdict = decide((WARRANT,), facts, policy.policy(), CinState(TARGET_OK)).verdict
    assert bool(row) is (verdict.kind is VerdictKind.ACCEPT)
