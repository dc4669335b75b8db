"""CINs and sequence numbers: one a communication, counted up, the same after any restart."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediation import sequence
from mediation.sequence import Communication, Counters, plain


def test_one_cin_for_each_task_and_correlation() -> None:
    counters = Counters()
    keys = [("a", 1), ("a", 2), ("b", 1)]
    assert [counters.communication(*key).cin for key in keys] == [1, 2, 3]
    assert [counters.communication(*key).cin for key in reversed(keys)] == [3, 2, 1]
    assert counters.communication("a", 1) is counters.communication("a", 1)


def test_numbers_begin_at_zero_and_iri_and_cc_count_apart() -> None:
    one = Counters().communication("a", 1)
    assert (one.next_iri, one.next_cc, one.begun, one.answered, one.ended, one.opens_sent) == (
        0, 0, False, False, False, None,
    )  # fmt: skip


def test_numbered_counts_both_kinds_of_one_task() -> None:
    counters = Counters()
    for key, iri, cc in ((("a", 1), 3, 4), (("a", 2), 0, 5), (("b", 1), 100, 0)):
        one = counters.communication(*key)
        one.next_iri, one.next_cc = iri, cc
    assert (counters.numbered("a"), counters.numbered("b"), counters.numbered("c")) == (12, 100, 0)


def test_a_forgotten_communication_gets_a_new_cin_and_never_its_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "MAX_COMMUNICATIONS", 3)
    counters = Counters()
    for correlation in range(3):
        counters.communication("a", correlation)
    counters.communication("a", 0)
    counters.communication("a", 3)
    assert len(counters.snapshot()["held"]) == 3
    assert counters.communication("a", 0).cin == 1, "used last, so kept"
    assert counters.communication("a", 1).cin == 5, "unused longest, so forgotten"


def test_flood_of_correlations_holds_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence, "MAX_COMMUNICATIONS", 50)
    counters = Counters()
    cins = {counters.communication("a", correlation).cin for correlation in range(1000)}
    assert len(cins) == 1000 and len(counters.snapshot()["held"]) == 50


def test_cins_wrap_past_zero() -> None:
    counters = Counters()
    counters.restore({"next_cin": 0xFFFFFFFF, "held": []})
    assert [counters.communication("a", number).cin for number in range(2)] == [0xFFFFFFFF, 1]


def test_a_note_puts_one_communication_back_and_no_cin_is_given_twice() -> None:
    counters = Counters()
    counters.note("a", 1, asdict(Communication(7, 3, 2, True, True, False, True)))
    assert counters.communication("a", 1) == Communication(7, 3, 2, True, True, False, True)
    assert counters.communication("a", 2).cin == 8
    counters.note("b", 1, asdict(Communication(2)))
    assert counters.communication("b", 2).cin == 9


steps = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.booleans()), max_size=60)


@settings(max_examples=100, deadline=None)
@given(before=steps, journalled=steps, after=steps)
def test_a_restart_from_snapshot_and_notes_goes_on_with_the_same_numbers(
    before: list[tuple[str, int, bool]], journalled: list[tuple[str, int, bool]], after: list[tuple[str, int, bool]]
) -> None:
    def use(counters: Counters, step: tuple[str, int, bool]) -> tuple[int, int]:
        xid, correlation, content = step
        one = counters.communication(xid, correlation)
        if content:
            one.next_cc += 1
            return one.cin, one.next_cc
        one.next_iri += 1
        return one.cin, one.next_iri

    kept = Counters()
    for step in before:
        use(kept, step)
    snapshot = json.loads(json.dumps(kept.snapshot()))
    notes = []
    for step in journalled:
        use(kept, step)
        notes.append((step[0], step[1], asdict(kept.communication(step[0], step[1]))))
    again = Counters()
    again.restore(snapshot)
    for note in json.loads(json.dumps(notes)):
        again.note(*note)
    assert again.snapshot() == kept.snapshot()
    assert [use(again, step) for step in after] == [use(kept, step) for step in after]


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 1, 3), (3, 2, 1), (1, 3, 3)])
def test_records_that_left_out_of_order_give_no_number_again_after_a_restart(order: tuple[int, ...]) -> None:
    counters = Counters()
    for number in order:
        counters.note("x", 7, plain(Communication(4, next_iri=number, begun=number > 1)))
    assert counters.communication("x", 7) == Communication(4, next_iri=3, begun=True)
    assert counters.next_cin == 5
    assert plain(Communication(4)) == asdict(Communication(4))
