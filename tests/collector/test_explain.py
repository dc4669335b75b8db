"""Explanations agree with the verdict they explain, name a rule at every step, and show no withheld content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collector import explain
from collector.facts import RecordFacts
from collector.rows import FORM_MASKED, FORM_NOTICE, FORM_RECEIVED
from collector.standing import entry_to_json, held, of_order
from collector.store.reader import StoredRecord
from collector.voids import Void, Why, void_leaves
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Liid,
    OrderId,
    OrderKind,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.rules import RULES
from mediation.law.verdicts import Reason, VerdictKind, reason_mask

TARGET = Target(TargetKind.E164, "12125550101")
NOW_US = 1_700_000_000_000_000


def order(kind: OrderKind = OrderKind.EAVESDROPPING) -> CourtOrder:
    window = Window(NOW_US - 10, NOW_US + 10)
    services = frozenset({Service.VOICE}) if kind is OrderKind.EAVESDROPPING else frozenset()
    return CourtOrder(OrderId("O-1"), 2, kind, CaseId("C"), Liid("L"), "LEA", window, (TARGET,), services)


def record(verdict: VerdictKind, *reasons: Reason, form: int = FORM_RECEIVED) -> StoredRecord:
    return StoredRecord(
        41, order().uid, 2, int(verdict), form, reason_mask(reasons), NOW_US + 1, NOW_US, b"L", 7, 3, 0, -1, 0, 1, b"x"
    )  # fmt: skip


def facts() -> RecordFacts:
    return RecordFacts(
        "L", 7, 3, "iri", "iPMMIRI", "begin", Service.VOICE, NOW_US, None, NOW_US + 1,
        parties=frozenset({TARGET}), parties_known=True, content=("sip_body",), permitted=(("from", "CANARY"),),
    )  # fmt: skip


def test_an_accepted_record_holds_at_every_check_in_the_gate_s_order() -> None:
    steps = explain.explain_record(record(VerdictKind.ACCEPT, Reason.OK), order(), facts())
    assert [step.check for step in steps] == [
        "parse", "duplicate", "order known", "order state", "exigency", "time", "target", "direction", "kind and scope",
        "minimisation", "store",
    ]  # fmt: skip
    assert {step.outcome for step in steps} == {explain.HOLDS}
    assert "O-1 version 2" in steps[2].fact and "12125550101" in steps[6].fact


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.OK])
def test_every_reason_shows_once_with_a_rule_that_exists(reason: Reason) -> None:
    step = explain.explain_reason(reason)
    assert step.rule in RULES and step.statement == RULES[step.rule].statement and step.fact == reason.name


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (VerdictKind.ACCEPT_FLAGGED, explain.FLAGS),
        (VerdictKind.MASK, explain.WITHHOLDS),
        (VerdictKind.QUARANTINE, explain.SETS_APART),
        (VerdictKind.REJECT, explain.REFUSES),
    ],
)
def test_the_deciding_check_has_the_weight_of_the_verdict(kind: VerdictKind, outcome: str) -> None:
    reason = Reason.LATE_DELIVERY if kind is VerdictKind.ACCEPT_FLAGGED else Reason.SCOPE_CONTENT_ON_PRTT
    steps = explain.explain_record(record(kind, reason), order(OrderKind.PRTT), facts())
    (deciding,) = [step for step in steps if step.fact.startswith(reason.name)]
    assert deciding.outcome == outcome == steps[-1].outcome and kind.name in steps[-1].fact


def test_a_flag_on_a_masked_record_stays_a_flag() -> None:
    both = record(VerdictKind.MASK, Reason.SCOPE_CONTENT_ON_PRTT, Reason.GAP_DETECTED, form=FORM_MASKED)
    steps = explain.explain_record(both, order(OrderKind.PRTT), None)
    found = {step.fact.partition(":")[0]: step.outcome for step in steps if step.outcome != explain.HOLDS}
    assert found["GAP_DETECTED"] == explain.FLAGS
    assert found["SCOPE_CONTENT_ON_PRTT"] == explain.WITHHOLDS
    assert "permitted fields" in steps[-1].fact


def test_attack_asking_for_the_explanation_instead_of_the_record_yields_no_content() -> None:
    steps = explain.explain_record(
        record(VerdictKind.MASK, Reason.SCOPE_CONTENT_ON_PRTT), order(OrderKind.PRTT), facts()
    )
    assert "CANARY" not in repr(steps)


def test_an_order_version_that_is_not_here_is_said() -> None:
    steps = explain.explain_record(record(VerdictKind.ACCEPT, Reason.OK), None, None)
    assert "not here" in steps[2].fact and len(steps) == 11


@pytest.mark.parametrize(
    ("reason", "kind", "outcome"),
    [
        (Reason.EXIGENT_WINDOW_CLOSED, VerdictKind.REJECT, explain.REFUSES),
        (Reason.ORDER_LAPSED, VerdictKind.QUARANTINE, explain.SETS_APART),
        (Reason.OK, VerdictKind.ACCEPT, explain.HOLDS),
    ],
)
def test_an_emergency_shows_its_clocks(reason: Reason, kind: VerdictKind, outcome: str) -> None:
    """R-033, R-036, R-037: first use, when its order was due, and what ends it."""
    use = replace(order(OrderKind.EXIGENT_PRTT), exigent=Exigency(NOW_US - 10))
    steps = explain.explain_record(record(kind, reason), use, facts())
    (step,) = [step for step in steps if step.check == "exigency"]
    due = explain.time_text(NOW_US - 10 + 48 * 3_600_000_000)
    assert step.outcome == outcome and f"order due by {due}" in step.fact and "no emergency order yet" in step.fact
    assert f"ends when the deadline passed without an order, {due} (R-037)" in step.fact
    approved = replace(use, exigent=Exigency(NOW_US - 10, order_issued_at_us=NOW_US))
    (step,) = [
        step for step in explain.explain_record(record(kind, reason), approved, None) if step.check == "exigency"
    ]
    assert f"emergency order issued at {explain.time_text(NOW_US)}" in step.fact and "ends when" not in step.fact
    gone = [one for one in explain.explain_record(record(kind, reason), None, None) if one.check == "exigency"]
    assert [one.fact.removeprefix(f"{reason.name}: ") for one in gone] == ["no emergency use"]


def test_the_store_s_own_leaf_is_said_to_be_one_and_no_check_claims_to_have_looked_at_it() -> None:
    octets = entry_to_json(held(of_order(order().uid), Reason.ORDER_LAPSED, NOW_US))
    own = record(VerdictKind.ACCEPT, Reason.OK, form=FORM_NOTICE)._replace(octets=octets)
    (step,) = explain.explain_record(own, None, None)
    assert step.check == "store" and "HELD for ORDER_LAPSED" in step.fact
    (evicted,) = explain.explain_record(own._replace(octets=b'{"notice":{}}'), None, None)
    assert "evicted" in evicted.fact


def test_what_is_not_withheld_is_explained_by_the_rule_of_minimisation() -> None:
    steps = explain.explain_record(record(VerdictKind.ACCEPT, Reason.OK), order(), facts())
    assert {step.check: step.rule for step in steps}["minimisation"] == "R-118"


def test_a_voided_record_is_explained_without_a_look_at_it() -> None:
    void = Void(0, ((3, 9),), (), "north", Why.LOST, 1_700_000_000_000_000)
    (step,) = explain.explain_void(5, void)
    assert (step.check, step.rule, step.outcome) == ("void", "R-093", explain.WITHHOLDS)
    assert "leaf 5" in step.fact and "shard north" in step.fact
    (leaf,) = void_leaves(void)
    own = record(VerdictKind.ACCEPT, Reason.OK)._replace(form=FORM_NOTICE, octets=leaf, sequence=12)
    assert "voids 7 records" in explain.explain_record(own, None, None)[0].fact
