"""Voided records: the leaf's form, the set, and nobody who takes a void back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, LocalError, RefusedError
from collector.standing import (
    Entry,
    Standings,
    State,
    entries_of,
    entry_to_json,
    held,
    of_order,
    of_sequences,
    privileged,
    released,
)
from collector.voids import (
    MAX_LEAF_OCTETS,
    Void,
    Voids,
    VoidSum,
    Why,
    merged_ranges,
    ranges_of,
    void_leaves,
    void_of,
)
from mediation.law.verdicts import Reason
from tests.collector.test_standing import T0, UID, record

RANGES = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 12)).map(lambda one: (one[0], sum(one))), max_size=12)


def void(*ranges: tuple[int, int], shard: str = "north", why: Why = Why.LOST) -> Void:
    total = VoidSum(UID, b"LAB-1", 7, 1, 3, 1, 1, 1, (("ACCEPT", 2), ("MASK", 1)))
    return Void(4, tuple(ranges), (total,), shard, why, T0)


def test_a_void_reads_as_it_was_written_and_says_who_has_the_record() -> None:
    made = void((1, 4), (9, 9))
    (leaf,) = void_leaves(made)
    assert void_of(leaf, 10) == made and made.records == 5
    assert set(json.loads(leaf)) == {"void"} and entries_of(leaf, 10) == ()
    assert "shard north" in made.says() and "another shard" in made._replace(shard="").says()


def test_a_long_void_is_several_leaves_and_nothing_of_it_is_lost() -> None:
    ranges = tuple((at, at + 1) for at in range(10**15, 10**15 + 40_000, 4))
    sums = tuple(VoidSum(UID, b"LAB-%d" % at, at, 1, 1, 1, 0, 0, (("ACCEPT", 1),)) for at in range(900))
    leaves = void_leaves(Void(4, ranges, sums, "north", Why.RETURNED, T0))
    assert len(leaves) > 8 and max(map(len, leaves)) <= MAX_LEAF_OCTETS
    read = [void_of(leaf, 10**16) for leaf in leaves]
    assert all(one is not None for one in read)
    assert tuple(one for void in read if void for one in void.ranges) == ranges
    assert tuple(one for void in read if void for one in void.sums) == sums


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"ranges": [[4, 1]]},
        {"ranges": [[4, 5], [1, 2]]},
        {"ranges": [[1, 2], [3, 4]]},
        {"ranges": [[-1, 2]]},
        {"ranges": [[1, 10]]},
        {"ranges": [["x", 2]]},
        {"ranges": 5},
        {"why": "sold"},
        {"shard": "n" * 201},
        {"shard": 5},
        {"sums": [{"order": "zz"}]},
        {"at_us": None},
        {"generation": None},
    ],
)
def test_attack_a_leaf_that_says_nonsense_is_refused_whole(change) -> None:
    (leaf,) = void_leaves(void((1, 4)))
    value = json.loads(leaf)
    value["void"] |= change
    with pytest.raises(DecodeError):
        void_of(json.dumps(value).encode(), 10)


@pytest.mark.parametrize("octets", [b"", b"5", b'{"void": 5}', b'{"void": {}}', b"[" * 5000])
def test_attack_octets_that_are_no_leaf(octets) -> None:
    with pytest.raises(DecodeError):
        void_of(octets, 10)


def test_attack_a_leaf_that_voids_what_is_not_stored_yet() -> None:
    """It would hide whatever comes next, and it would not outlive it."""
    (leaf,) = void_leaves(void((1, 10)))
    with pytest.raises(DecodeError):
        void_of(leaf, 10)
    assert void_of(leaf, 11) is not None


@pytest.mark.parametrize(("by", "role"), [("okafor", "SUP"), ("adair", "JUDGE"), ("SYS", "SYS")])
def test_attack_a_release_of_a_voided_record_is_refused_whoever_asks(by, role) -> None:
    with pytest.raises(RefusedError, match="takes a void back"):
        released(of_sequences([5]), Reason.VOIDED, T0, by, role, "we have it after all")
    with pytest.raises(LocalError):
        held(of_sequences([5]), Reason.VOIDED, T0)


def test_attack_a_release_of_a_void_written_by_hand_is_no_decision() -> None:
    forged = Entry(State.RELEASED, Reason.VOIDED, of_sequences([5]), "okafor", "SUP", "mine", T0)
    with pytest.raises(DecodeError):
        entries_of(entry_to_json(forged), 9)
    with pytest.raises(DecodeError):
        entries_of(entry_to_json(forged._replace(state=State.VOID)), 9)


@pytest.mark.parametrize("lifts", [reason for reason in Reason if reason not in (Reason.OK, Reason.VOIDED)])
def test_a_void_withholds_all_of_a_record_whatever_was_released(lifts) -> None:
    standings = Standings.fold([(20, released(of_order(UID), lifts, T0, "okafor", "SUP", "reviewed"))])
    standings.voids.add(void((5, 6)))
    found = standings.of(record(5), frozenset(Reason))
    assert (found.state, found.reason, found.withheld, found.metadata_shown) == (State.VOID, Reason.VOIDED, True, False)
    assert "north" in found.says() and standings.of(record(7)).state is not State.VOID


def test_a_void_comes_before_a_hold_a_flag_and_a_broken_seal() -> None:
    flag = privileged(of_order(UID), T0, "chen", "TARU", "counsel")
    standings = Standings.fold([(20, held(of_order(UID), Reason.ORDER_LAPSED, T0)), (21, flag)])
    standings.voids.add(void((5, 5)))
    assert standings.of(record(5)).state is State.VOID
    assert standings.of(record(5, fault="its octets are not the signed ones")).state is State.VOID
    assert standings.of(record(6)).state is State.HELD
    assert standings.in_force(0) == standings.entries


@settings(deadline=None)
@given(st.lists(RANGES, max_size=6), st.integers(0, 430))
def test_the_set_is_the_union_whatever_overlaps_and_in_whichever_order(parts, before) -> None:
    voids, told = Voids(), set()
    for at, part in enumerate(parts):
        ranges = merged_ranges(part)
        voids.add(void(*ranges, shard=f"s{at}"))
        told |= {one for first, last in ranges for one in range(first, last + 1)}
    everything = range(440)
    assert {one for one in everything if voids.of(one) is not None} == told and bool(voids) == bool(told)
    assert voids.ranges() == ranges_of(told)
    assert voids.count(50, 300) == len(told & set(range(50, 301)))
    mask = voids.mask(50, 251)
    assert (set() if mask is None else {50 + int(one) for one in np.flatnonzero(mask)}) == told & set(range(50, 301))
    assert {one for part in voids.but((50, 300)) for one in range(part[0], part[1] + 1)} == set(range(50, 301)) - told
    first = {one: at for at in reversed(range(len(parts))) for a, b in parts[at] for one in range(a, b + 1)}
    assert all(found.shard == f"s{first[one]}" for one in told if (found := voids.of(one)) is not None)
    voids.forget(before)
    assert {one for one in range(before, 440) if voids.of(one) is not None} == {one for one in told if one >= before}


@settings(deadline=None)
@given(st.lists(st.integers(0, 60)))
def test_sequences_as_ranges_and_back(sequences) -> None:
    ranges = ranges_of(sequences)
    assert [one for first, last in ranges for one in range(first, last + 1)] == sorted(set(sequences))
    assert merged_ranges(ranges) == ranges


def test_thousands_of_ranges_are_asked_by_bisection() -> None:
    """Counted in comparisons, not in time."""

    class Counted(int):
        looked = 0

        def __lt__(self, other: object) -> bool:
            type(self).looked += 1
            return int(self) < int(other)  # type: ignore[call-overload,no-any-return]

        __hash__ = int.__hash__

    voids = Voids()
    voids.add(void(*((Counted(at), Counted(at)) for at in range(0, 20_000, 2))))
    Counted.looked = 0
    assert voids.of(9_998) is not None and voids.of(9_999) is None
    assert Counted.looked < 200
