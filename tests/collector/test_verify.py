"""Missing numbers: a number below the mark fills a gap once and is a repetition ever after; memory stays bounded.

The model is a plain set of missing numbers; the book must tell the same with ranges.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.verify import MAX_RANGES, Outcome, StreamBook

SLOT, EPOCH = 6, 0


def book(*gaps: tuple[int, int]) -> StreamBook:
    made = StreamBook()
    for first, last in gaps:
        made.gap(SLOT, EPOCH, first, last)
    return made


def missing(one: StreamBook) -> list[list[int]]:
    return one.missing(SLOT, EPOCH)


def test_a_number_of_a_stream_without_gaps_came_before() -> None:
    assert StreamBook().below(SLOT, EPOCH, 5) is Outcome.DUPLICATE


def test_a_missing_number_that_comes_late_is_out_of_order_and_the_second_time_a_duplicate() -> None:
    """R-093, R-094."""
    one = book((5, 5))
    assert one.below(SLOT, EPOCH, 5) is Outcome.OUT_OF_ORDER
    assert one.below(SLOT, EPOCH, 5) is Outcome.DUPLICATE
    assert missing(one) == [] and one.open_gaps == 0


@pytest.mark.parametrize(
    ("number", "left"),
    [(5, [[6, 8]]), (6, [[5, 5], [7, 8]]), (8, [[5, 7]]), (4, None), (9, None)],
)
def test_a_number_takes_itself_out_of_its_range(number: int, left: list[list[int]] | None) -> None:
    one = book((5, 8))
    outcome = one.below(SLOT, EPOCH, number)
    assert outcome is (Outcome.DUPLICATE if left is None else Outcome.OUT_OF_ORDER)
    assert missing(one) == ([[5, 8]] if left is None else left)


def test_a_gap_of_no_number_is_none() -> None:
    assert missing(book((5, 4))) == []


def test_attack_a_repetition_in_another_epoch_fills_no_gap_of_this_one() -> None:
    one = book((5, 5))
    for slot, epoch in ((SLOT, 1), (SLOT + 1, EPOCH)):
        assert one.below(slot, epoch, 5) is Outcome.DUPLICATE
    assert missing(one) == [[5, 5]]


def test_attack_a_peer_that_skips_for_ever_costs_bounded_memory_and_what_is_given_up_is_counted() -> None:
    one = StreamBook()
    for number in range(0, 4 * MAX_RANGES, 2):
        one.gap(SLOT, EPOCH, number, number)
    assert len(missing(one)) == MAX_RANGES == one.open_gaps and one.given_up == MAX_RANGES
    assert one.below(SLOT, EPOCH, 0) is Outcome.DUPLICATE, "the oldest gap is forgotten"
    assert one.below(SLOT, EPOCH, 4 * MAX_RANGES - 2) is Outcome.OUT_OF_ORDER
    one.gap(SLOT, EPOCH, 10**6, 10**6 + 9)
    one.gap(SLOT, EPOCH, 2 * 10**6, 2 * 10**6)
    assert len(missing(one)) == MAX_RANGES and one.given_up == MAX_RANGES + 1


def test_splitting_the_given_up_range_counts_all_its_numbers() -> None:
    one = book((0, 9))
    for number in range(20, 20 + 2 * MAX_RANGES, 2):
        one.gap(SLOT, EPOCH, number, number)
    assert one.given_up == 10


def test_what_a_restart_puts_back_is_what_was_missing() -> None:
    one = book((1, 3), (7, 9))
    other = StreamBook()
    other.restore(SLOT, EPOCH, missing(one))
    other.restore(SLOT, 1, [])
    assert missing(other) == missing(one) and other.open_gaps == 2
    missing(one)[0][0] = 99
    assert missing(one) == [[1, 3], [7, 9]], "what is given out is a copy"
    ranges = [[number, number] for number in range(MAX_RANGES + 3)]
    other.restore(SLOT, EPOCH, ranges)
    assert missing(other) == ranges[3:], "never more than are remembered, the newest ones"


def test_a_forgotten_communication_leaves_its_slot_clean_and_its_neighbours_alone() -> None:
    one = book((5, 5))
    one.gap(SLOT, 1, 6, 6)
    one.gap(SLOT + 2, EPOCH, 7, 7)
    one.forget(SLOT)
    one.forget(99)
    assert missing(one) == [] == one.missing(SLOT, 1) and one.missing(SLOT + 2, EPOCH) == [[7, 7]]


@settings(max_examples=150, deadline=None)
@given(numbers=st.lists(st.integers(0, 40), max_size=80))
def test_every_number_is_told_as_a_set_of_numbers_would_tell_it(numbers: list[int]) -> None:
    """Whatever order they come in: first time in order, over a gap or into one; any other time a duplicate."""
    one, seen, mark = StreamBook(), set[int](), -1
    for number in numbers:
        if number > mark:
            one.gap(SLOT, EPOCH, mark + 1, number - 1)
            mark = number
        else:
            expected = Outcome.DUPLICATE if number in seen else Outcome.OUT_OF_ORDER
            assert one.below(SLOT, EPOCH, number) is expected
        seen.add(number)
        held = {n for first, last in missing(one) for n in range(first, last + 1)}
        assert held == set(range(mark + 1)) - seen
        assert all(first <= last for first, last in missing(one))
