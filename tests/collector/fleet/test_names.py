"""What is known of a communication, merged: the same whoever says it first, but for the direction of the first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collector.fleet.names import Known, merged, nothing_known
from collector.stream_table import NEVER, TARGET_MISMATCH, TARGET_OK

_TIMES = st.one_of(st.just(NEVER), st.integers(0, 1 << 60))
KNOWN = st.builds(Known, st.just(b"L"), st.just(7), st.integers(0, 2), st.integers(-1, 1), _TIMES, _TIMES, _TIMES)


def test_a_mismatch_is_not_talked_away() -> None:
    known = merged(
        nothing_known(b"L", 7)._replace(target=TARGET_MISMATCH), nothing_known(b"L", 7)._replace(target=TARGET_OK)
    )
    assert known.target == TARGET_MISMATCH


@given(KNOWN, KNOWN)
def test_of_two_times_the_earlier_and_of_resets_the_later(one: Known, other: Known) -> None:
    known = merged(one, other)
    assert known.answered_us == min((t for t in (one.answered_us, other.answered_us) if t != NEVER), default=NEVER)
    assert known.first_cc_us == min((t for t in (one.first_cc_us, other.first_cc_us) if t != NEVER), default=NEVER)
    assert known.last_reset_us == max(one.last_reset_us, other.last_reset_us)


@given(KNOWN, KNOWN, KNOWN)
def test_merging_is_the_same_however_it_is_grouped(one: Known, other: Known, third: Known) -> None:
    assert merged(merged(one, other), third) == merged(one, merged(other, third))
    assert merged(one, one) == one == merged(one, nothing_known(b"L", 7))
    assert merged(one, other)._replace(originates=0) == merged(other, one)._replace(originates=0)
