"""Each finding, and its absence where everything is as it should be."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.reconcile.compare import (
    Code,
    Facts,
    Finding,
    Ledger,
    LedgerFact,
    Limits,
    OrderFact,
    StreamFact,
    TaskFact,
    UnseenFact,
    compare,
    render,
)
from mediation.law.orders import OrderState

START, END = 1_000_000_000, 9_000_000_000
GRACE, QUIET, SILENCE = 10_000_000, 60_000_000, 180_000_000
LIMITS = Limits(GRACE, QUIET, SILENCE)
NOW = START + 1_000_000_000
NUMBER, OTHER = ("e164Number", "12125550101"), ("e164Number", "12125550102")
ORDER = OrderFact("O-1", 1, "LAB-1", "xid-1", frozenset({NUMBER}), START, END, OrderState.ISSUED, START - 1)
TASK = TaskFact("ne-1", "xid-1", frozenset({NUMBER}))
STREAM = StreamFact("LAB-1", 10, 10, START, NOW, NOW, None, True)
STORE = LedgerFact(Ledger.STORE, 10, 9, True, START)
AUDIT = LedgerFact(Ledger.AUDIT, 5, 4, True, START, (), NOW - 1)
SOUND = Facts((ORDER,), (TASK,), (STREAM,), (STORE, AUDIT))


def found(facts: Facts, now_us: int = NOW) -> list[tuple[Code, str]]:
    return [one.key for one in compare(facts, LIMITS, now_us)]


def only(facts: Facts, now_us: int = NOW) -> Finding:
    (finding,) = compare(facts, LIMITS, now_us)
    return finding


def test_what_agrees_gives_no_finding() -> None:
    assert found(SOUND) == []


# Tasks


def test_shadow_task_on_a_stranger_is_found() -> None:
    shadow = TaskFact("ne-1", "xid-9", frozenset({OTHER}))
    finding = only(SOUND._replace(tasks=(TASK, shadow)))
    assert finding.key == (Code.TASK_WITHOUT_ORDER, "ne-1/xid-9")
    assert "12125550102" in finding.sentence and finding.rules == ("R-058", "R-059")


def test_second_task_on_an_ordered_number_is_found() -> None:
    assert found(SOUND._replace(tasks=(TASK, replace(TASK, xid="xid-9")))) == [(Code.TASK_WITHOUT_ORDER, "ne-1/xid-9")]


def test_task_without_order_has_no_grace() -> None:
    assert found(Facts(tasks=(TASK,)), START - 5) == [(Code.TASK_WITHOUT_ORDER, "ne-1/xid-1")]


@pytest.mark.parametrize(("now_us", "expected"), [(START - 1, 1), (START, 0)])
def test_task_before_its_order_starts_is_without_order(now_us: int, expected: int) -> None:
    facts = Facts((ORDER,), (TASK,))
    assert len(found(facts, now_us)) == expected
    if expected:
        assert "R-002" in only(facts, now_us).rules


def test_task_of_a_draft_is_without_order() -> None:
    finding = only(Facts((replace(ORDER, state=OrderState.DRAFT),), (TASK,)))
    assert finding.code is Code.TASK_WITHOUT_ORDER and "R-028" in finding.rules


@pytest.mark.parametrize(("now_us", "expected"), [(END - 1, 0), (END, 0), (END + GRACE - 1, 0), (END + GRACE, 1)])
def test_task_outlives_its_order_when_the_grace_is_over(now_us: int, expected: int) -> None:
    facts = Facts((ORDER,), (TASK,))
    assert [code for code, _ in found(facts, now_us)] == [Code.TASK_OUTLIVES_ORDER] * expected


@pytest.mark.parametrize(
    ("order", "rule"),
    [
        (replace(ORDER, end_us=NOW - GRACE), "R-002"),
        (replace(ORDER, end_us=NOW - GRACE, state=OrderState.REVOKED), "R-019"),
        (replace(ORDER, state=OrderState.LAPSED, seen_us=NOW - GRACE), "R-037"),
        (replace(ORDER, end_us=NOW - GRACE, attained=True), "R-009"),
    ],
)
def test_task_outliving_its_order_names_how_that_ended(order: OrderFact, rule: str) -> None:
    finding = only(Facts((order,), (TASK,)))
    assert finding.code is Code.TASK_OUTLIVES_ORDER and finding.rules == (rule, "R-146")


def test_revocation_of_long_ago_counts_from_when_it_could_be_read() -> None:
    order = replace(ORDER, version=2, end_us=NOW - 10 * GRACE, state=OrderState.REVOKED, seen_us=NOW - GRACE + 1)
    assert found(Facts((order,), (TASK,))) == []
    assert found(Facts((order,), (TASK,)), NOW + 1) == [(Code.TASK_OUTLIVES_ORDER, "ne-1/xid-1")]


def test_ended_order_without_task_is_as_it_should_be() -> None:
    assert found(Facts((ORDER,)), END + 10 * GRACE) == []


# Numbers


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (frozenset({OTHER}), ("12125550102, which the order does not name", "not aimed at e164Number 12125550101")),
        (frozenset({NUMBER, OTHER}), ("aimed at e164Number 12125550102",)),
        (frozenset({("imsi", "12125550101")}), ("imsi 12125550101",)),
    ],
)
def test_wrong_number_is_found(targets: frozenset[tuple[str, str]], words: tuple[str, ...]) -> None:
    finding = only(SOUND._replace(tasks=(replace(TASK, targets=targets),)))
    assert finding.key == (Code.WRONG_NUMBER, "ne-1/xid-1") and finding.rules == ("R-021", "R-022")
    assert all(word in finding.sentence for word in words)


def test_missing_number_is_wrong_too() -> None:
    order = replace(ORDER, targets=frozenset({NUMBER, OTHER}))
    assert found(SOUND._replace(orders=(order,))) == [(Code.WRONG_NUMBER, "ne-1/xid-1")]


@pytest.mark.parametrize(("age_us", "expected"), [(0, 0), (GRACE - 1, 0), (GRACE, 1)])
def test_former_number_is_right_while_a_new_version_is_on_its_way(age_us: int, expected: int) -> None:
    order = replace(
        ORDER, version=2, targets=frozenset({OTHER}), former_targets=frozenset({NUMBER}), seen_us=NOW - age_us
    )
    assert len(found(SOUND._replace(orders=(order,)))) == expected


def test_wrong_number_of_a_new_order_has_no_grace() -> None:
    facts = SOUND._replace(orders=(replace(ORDER, seen_us=NOW),), tasks=(replace(TASK, targets=frozenset({OTHER})),))
    assert found(facts) == [(Code.WRONG_NUMBER, "ne-1/xid-1")]


def test_element_that_hides_its_numbers_is_a_finding_once() -> None:
    facts = SOUND._replace(
        orders=(ORDER, replace(ORDER, order_id="O-2", xid="xid-2", liid="LAB-2")),
        tasks=(replace(TASK, targets=None), TaskFact("ne-1", "xid-2", None)),
    )
    assert found(facts) == [(Code.NUMBERS_UNSEEN, "ne-1")]


# Orders


@pytest.mark.parametrize(("seen_us", "expected"), [(NOW, 0), (NOW - GRACE + 1, 0), (NOW - GRACE, 1)])
def test_order_without_task_is_found_when_the_grace_is_over(seen_us: int, expected: int) -> None:
    facts = Facts((replace(ORDER, seen_us=seen_us),))
    assert found(facts) == [(Code.ORDER_WITHOUT_TASK, "O-1")] * expected


@pytest.mark.parametrize(("now_us", "expected"), [(START - 1, 0), (START + GRACE - 1, 0), (START + GRACE, 1)])
def test_grace_of_an_order_counts_from_its_start(now_us: int, expected: int) -> None:
    assert found(Facts((ORDER,)), now_us) == [(Code.ORDER_WITHOUT_TASK, "O-1")] * expected


def test_task_at_any_element_serves_its_order() -> None:
    assert found(SOUND._replace(tasks=(replace(TASK, element="ne-2"),))) == []


def test_draft_and_future_order_need_no_task() -> None:
    assert found(Facts((replace(ORDER, state=OrderState.DRAFT), replace(ORDER, start_us=NOW + 1)))) == []


# Streams


def test_stream_without_order_and_task_is_found() -> None:
    finding = only(SOUND._replace(streams=(STREAM, replace(STREAM, liid="GHOST", stored=0))))
    assert finding.key == (Code.STREAM_WITHOUT_EITHER, "GHOST") and "R-073" in finding.rules


def test_stream_of_a_draft_is_without_order() -> None:
    facts = Facts((replace(ORDER, state=OrderState.DRAFT),), (), (STREAM,))
    assert found(facts) == [(Code.STREAM_WITHOUT_EITHER, "LAB-1")]


@pytest.mark.parametrize(("age_us", "fresh", "expected"), [(QUIET - 1, False, 1), (QUIET, False, 0), (QUIET, True, 1)])
def test_stream_counts_while_it_comes_in_and_once_after_a_pause_of_the_watch(
    age_us: int, fresh: bool, expected: int
) -> None:
    stream = replace(STREAM, liid="GHOST", seen_us=NOW - age_us, fresh=fresh)
    assert len(found(Facts(streams=(stream,)))) == expected


def test_stream_goes_on_after_order_and_task_ended() -> None:
    now_us = END + 5 * GRACE
    stream = replace(STREAM, seen_us=now_us, outside_us=now_us)
    finding = only(Facts((ORDER,), (), (stream,)), now_us)
    assert finding.key == (Code.STREAM_WITHOUT_EITHER, "LAB-1") and "O-1" in finding.sentence


def test_what_trails_in_after_an_end_is_no_stream() -> None:
    trailing = replace(STREAM, seen_us=END + 5 * GRACE, outside_us=END + GRACE - 1)
    assert found(Facts((ORDER,), (), (trailing,)), END + 5 * GRACE) == []


def test_late_delivery_of_what_was_inside_is_no_stream_without_order() -> None:
    late = replace(STREAM, seen_us=END + 5 * GRACE, outside_us=None)
    assert found(Facts((ORDER,), (), (late,)), END + 5 * GRACE) == []


def test_stream_fed_by_an_outliving_task_is_told_by_the_task() -> None:
    now_us = END + 5 * GRACE
    facts = Facts((ORDER,), (TASK,), (replace(STREAM, seen_us=now_us, outside_us=now_us),))
    assert found(facts, now_us) == [(Code.TASK_OUTLIVES_ORDER, "ne-1/xid-1")]


def test_other_order_in_force_covers_the_liid() -> None:
    now_us = END + 5 * GRACE
    successor = replace(ORDER, order_id="O-2", xid="xid-2", start_us=END, end_us=END + START * 9)
    stream = replace(STREAM, seen_us=now_us, outside_us=now_us)
    tasks = (replace(TASK, xid="xid-2"),)
    assert found(Facts((ORDER, successor), tasks, (stream,)), now_us) == []


# Ledgers


@pytest.mark.parametrize("ledger", [STORE, AUDIT])
def test_rollback_to_an_older_checkpoint_is_found(ledger: LedgerFact) -> None:
    codes = found(Facts(ledgers=(replace(ledger, size=8, seen_size=9, holds=False),)))
    assert (Code.ROLLBACK, str(ledger.ledger)) in codes
    assert ((Code.AUDIT_SILENCED, "audit") in codes) is (ledger is AUDIT)


@pytest.mark.parametrize("ledger", [STORE, AUDIT])
def test_rollback_that_grew_again_is_found(ledger: LedgerFact) -> None:
    finding = only(Facts(ledgers=(replace(ledger, size=100, holds=False),)))
    assert finding.code is Code.ROLLBACK and "went on differently" in finding.sentence


@pytest.mark.parametrize("ledger", [STORE, AUDIT])
def test_ledger_that_did_not_grow_is_no_rollback(ledger: LedgerFact) -> None:
    assert found(Facts(ledgers=(replace(ledger, seen_size=ledger.size),))) == []


def test_broken_chain_of_the_audit_is_a_silenced_audit() -> None:
    finding = only(Facts(ledgers=(replace(AUDIT, size=1, holds=False, faults=("entry 2 does not continue",)),)))
    assert finding.code is Code.AUDIT_SILENCED and "entry 2" in finding.sentence and finding.rules == ("R-092",)


def test_store_signed_by_another_key_is_a_replaced_store() -> None:
    finding = only(Facts(ledgers=(replace(STORE, faults=("commit 3 is not signed",)),)))
    assert finding.key == (Code.ROLLBACK, "store") and "commit 3" in finding.sentence


@pytest.mark.parametrize(("age_us", "expected"), [(SILENCE - 1, 0), (SILENCE, 1)])
def test_audit_without_new_sign_of_life_is_silenced(age_us: int, expected: int) -> None:
    facts = Facts(ledgers=(replace(AUDIT, beat_us=NOW - age_us),))
    assert found(facts) == [(Code.AUDIT_SILENCED, "audit")] * expected


@pytest.mark.parametrize(("age_us", "expected"), [(SILENCE - 1, 0), (SILENCE, 1)])
def test_audit_that_never_gave_a_sign_is_silenced(age_us: int, expected: int) -> None:
    facts = Facts(ledgers=(replace(AUDIT, beat_us=None, watched_since_us=NOW - age_us),))
    assert len(found(facts)) == expected


@pytest.mark.parametrize(("age_us", "expected"), [(GRACE - 1, 0), (GRACE, 1)])
def test_collector_that_starts_beside_us_has_time_for_its_first_sign(age_us: int, expected: int) -> None:
    facts = Facts(ledgers=(replace(AUDIT, beat_us=START, watched_since_us=NOW - age_us),))
    assert len(found(facts)) == expected


def test_regular_stop_is_said_and_stays_a_finding() -> None:
    assert "was stopped" in only(Facts(ledgers=(replace(AUDIT, beat_us=NOW - SILENCE, stopped=True),))).sentence


# Sources


def test_unseen_element_is_a_finding_and_no_order_is_blamed() -> None:
    facts = Facts((ORDER,), unseen=(UnseenFact("ne-1", "no answer", NOW - GRACE, True),))
    assert found(facts) == [(Code.SOURCE_UNSEEN, "ne-1")]
    assert found(facts, NOW - 1) == []


def test_unseen_store_does_not_hide_a_missing_task() -> None:
    facts = Facts((ORDER,), unseen=(UnseenFact("store", "gone", NOW, False),))
    assert found(facts) == [(Code.ORDER_WITHOUT_TASK, "O-1")]


def test_findings_are_sorted_and_said_in_words() -> None:
    facts = Facts((ORDER,), (replace(TASK, xid="xid-9"),), (replace(STREAM, liid="GHOST"),))
    findings = compare(facts, LIMITS, NOW)
    assert [one.code for one in findings] == [
        Code.TASK_WITHOUT_ORDER,
        Code.ORDER_WITHOUT_TASK,
        Code.STREAM_WITHOUT_EITHER,
    ]
    text = render(findings)
    assert all(one.sentence in text and one.subject in text for one in findings)
    assert text.endswith("3 findings.\n") and "[R-058, R-059]" in text
    assert render([]) == "Orders, tasks, streams and ledgers agree.\n"


order_strategy = st.builds(replace, st.just(ORDER), state=st.sampled_from(OrderState), seen_us=st.integers(0, END))
facts_strategy = st.builds(
    Facts,
    st.lists(order_strategy, max_size=2).map(tuple),
    st.lists(st.builds(replace, st.just(TASK), xid=st.sampled_from(["xid-1", "xid-2"])), max_size=3).map(tuple),
    st.lists(st.builds(replace, st.just(STREAM), liid=st.sampled_from(["LAB-1", "X"])), max_size=3).map(tuple),
    st.just((STORE, AUDIT)),
    st.lists(st.builds(UnseenFact, st.text(), st.text(), st.integers(), st.booleans()), max_size=1).map(tuple),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(facts_strategy, st.integers(0, 2 * END))
def test_a_task_is_silent_only_under_its_order_in_force_or_in_grace(facts: Facts, now_us: int) -> None:
    findings = compare(facts, LIMITS, now_us)
    assert len({one.key for one in findings}) == len(findings)
    blamed = {one.subject for one in findings if one.code in (Code.TASK_WITHOUT_ORDER, Code.TASK_OUTLIVES_ORDER)}
    for task in facts.tasks:
        if f"{task.element}/{task.xid}" not in blamed:
            order = next(one for one in reversed(facts.orders) if one.xid == task.xid)
            assert order.state is not OrderState.DRAFT and order.start_us <= now_us
            assert now_us < max(order.ended_us, order.seen_us) + GRACE
