"""Standing: later decisions about stored records, kept apart by their reason, and who may take one back."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, LocalError, RefusedError
from collector.rows import FORM_MASKED, FORM_RECEIVED
from collector.standing import (
    MAX_SEQUENCES,
    Entry,
    Scope,
    Standings,
    State,
    carried_to_json,
    entries_of,
    entry_from_json,
    entry_to_json,
    held,
    minimised,
    of_communication,
    of_order,
    of_record,
    of_sequences,
    privileged,
    released,
    rule_of,
)
from collector.store.reader import StoredRecord
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason, VerdictKind, reason_mask

UID, OTHER = order_uid(OrderId("O-1")), order_uid(OrderId("O-2"))
T0 = 1_700_000_000_000_000


def record(
    sequence=5, uid=UID, cin=7, event_us=T0, form=FORM_RECEIVED, reasons=(Reason.OK,), fault=None, kind=1, number=3
):
    return StoredRecord(
        sequence, uid, 1, VerdictKind.ACCEPT, form, reason_mask(reasons), T0, event_us, b"L", cin, number, kind, -1, 0,
        -1, b"x", 0, fault,
    )  # fmt: skip


def folded(*entries: Entry) -> Standings:
    return Standings.fold(enumerate(entries))


def lift(scope: Scope, reason: Reason, role: str = "SUP") -> Entry:
    return released(scope, reason, T0 + 9, "okafor", role, "reviewed")


def test_nothing_decided_is_nothing_withheld() -> None:
    found = folded().of(record())
    assert (found.state, found.reason, found.withheld, found.says()) == (None, None, False, "")


@pytest.mark.rule("R-041", "R-041.1")
def test_a_lapse_at_the_deadline_holds_every_row_of_the_order_from_the_first_to_the_last() -> None:
    """t0 to t0 + 24 h, what is stored already and what still comes; nothing of another order."""
    day_us = 24 * 3600 * 1_000_000
    standings = folded(held(of_order(UID), Reason.ORDER_LAPSED, T0 + day_us))
    for at_us in (T0, T0 + day_us // 2, T0 + day_us - 1):
        found = standings.of(record(event_us=at_us))
        assert (found.state, found.reason, found.withheld, found.metadata_shown) == (
            State.HELD,
            Reason.ORDER_LAPSED,
            True,
            False,
        )
    assert "R-041" in found.says() and standings.of(record(sequence=1 << 40)).withheld
    assert not standings.of(record(uid=OTHER)).withheld


@pytest.mark.parametrize(
    ("scope", "covered", "not_covered"),
    [
        (of_order(UID), {}, {"uid": OTHER}),
        (of_communication(b"L", 7), {"uid": OTHER}, {"cin": 8}),
        (of_record(b"L", 7, 1, 0, 3), {}, {"number": 4}),
        (of_record(b"L", 7, 1, 0, 3), {}, {"kind": 0}),
        (of_sequences([9, 5]), {}, {"sequence": 6}),
        (of_order(UID, T0, T0 + 10), {"event_us": T0}, {"event_us": T0 + 10}),
        (of_communication(b"L", 7, T0 + 1), {"event_us": T0 + 1}, {"event_us": T0}),
    ],
)
def test_a_decision_covers_what_its_scope_says_and_nothing_else(scope, covered, not_covered) -> None:
    standings = folded(held(scope, Reason.TAMPERED, T0))
    assert standings.of(record(**covered)).state is State.HELD
    assert standings.of(record(**not_covered)).state is None


def test_the_later_decision_for_one_reason_wins() -> None:
    scope = of_communication(b"L", 7)
    taken = (
        held(scope, Reason.TAMPERED, T0),
        lift(of_order(UID), Reason.TAMPERED),
        held(scope, Reason.TAMPERED, T0 + 20),
    )
    assert [folded(*taken[:count]).of(record()).state for count in (1, 2, 3)] == [
        State.HELD,
        State.RELEASED,
        State.HELD,
    ]
    assert not folded(*taken[:2]).of(record()).withheld and "reviewed" in folded(*taken[:2]).of(record()).says()
    backwards = Standings.fold(reversed(list(enumerate(taken))))
    assert backwards.of(record()).state is State.HELD


def test_attack_lifting_a_privilege_flag_does_not_lift_a_hold() -> None:
    everything = of_order(UID)
    standings = folded(
        held(everything, Reason.ORDER_LAPSED, T0),
        privileged(of_communication(b"L", 7), T0, "chen", "TARU", "counsel on the line"),
        lift(of_communication(b"L", 7), Reason.PRIVILEGED_HOLD),
        lift(everything, Reason.MINIMISED),
    )
    assert standings.of(record()).state is State.HELD and standings.of(record()).reason is Reason.ORDER_LAPSED


def test_the_strictest_state_shows() -> None:
    scope = of_order(UID)
    entries = (
        minimised(scope, T0, "chen", "TARU"), privileged(scope, T0, "chen", "TARU"), held(scope, Reason.TAMPERED, T0)
    )  # fmt: skip
    for order in itertools.permutations(entries):
        assert folded(*order).of(record()).state is State.HELD
    assert folded(*entries[:2]).of(record()).state is State.PRIVILEGED
    assert folded(*entries[:2]).of(record()).metadata_shown


@pytest.mark.rule("R-120", "R-120.1")
@pytest.mark.parametrize(
    ("by", "role", "ground", "sentence"),
    [
        ("rivera", "INV", "not a lawyer after all", "Only a supervisor"),
        ("chen", "TARU", "not a lawyer after all", "Only a supervisor"),
        ("okafor", "SUP", "  ", "on what ground"),
        ("", "SUP", "not a lawyer after all", "who decides"),
    ],
)
def test_attack_a_privilege_flag_is_taken_back_without_a_supervisor_or_without_a_reason(
    by, role, ground, sentence
) -> None:
    with pytest.raises(RefusedError, match=sentence):
        released(of_communication(b"L", 7), Reason.PRIVILEGED_HOLD, T0, by, role, ground)
    flagged = folded(privileged(of_communication(b"L", 7), T0, "chen", "TARU"))
    assert flagged.of(record()).withheld
    flagged.add(1, released(of_communication(b"L", 7), Reason.PRIVILEGED_HOLD, T0, "okafor", "SUP", "wrong number"))
    assert not flagged.of(record()).withheld


@pytest.mark.rule("R-118")
def test_a_minimised_span_ends_where_monitoring_went_on() -> None:
    scope = of_communication(b"L", 7, T0 + 10)
    standings = folded(minimised(scope, T0, "chen", "TARU"), lift(of_communication(b"L", 7, T0 + 20), Reason.MINIMISED))
    withheld = [standings.of(record(event_us=T0 + at)).withheld for at in (9, 10, 19, 20)]
    assert withheld == [False, True, True, False]


@pytest.mark.parametrize(
    ("reason", "state"), [(Reason.MINIMISED, State.MINIMISED), (Reason.PRIVILEGED_HOLD, State.PRIVILEGED)]
)
def test_a_record_whose_verdict_withholds_it_is_withheld_until_it_is_released(reason, state) -> None:
    own = record(reasons=(Reason.OK, reason))
    assert folded().of(own).state is state and "since its delivery" in folded().of(own).says()
    assert not folded(lift(of_sequences([5]), reason)).of(own).withheld
    assert not folded().of(record(reasons=(reason,), form=FORM_MASKED)).withheld


@pytest.mark.rule("R-090")
def test_attack_a_release_cannot_make_a_record_readable_whose_seal_is_broken() -> None:
    broken = record(fault="its octets are not the signed ones")
    found = folded(lift(of_order(UID), Reason.TAMPERED)).of(broken)
    assert (found.state, found.reason) == (State.HELD, Reason.TAMPERED) and "R-090" in found.says()


@pytest.mark.parametrize("reason", [Reason.ORDER_LAPSED, Reason.TAMPERED, Reason.MINIMISED, Reason.PRIVILEGED_HOLD])
def test_each_reason_has_its_rule(reason: Reason) -> None:
    expected = {"ORDER_LAPSED": "R-041", "TAMPERED": "R-093", "MINIMISED": "R-118", "PRIVILEGED_HOLD": "R-120"}
    assert rule_of(reason) == expected[reason.name]


scopes = st.one_of(
    st.builds(of_order, st.binary(min_size=16, max_size=16), st.none() | st.integers(0, 1 << 60), st.none()),
    st.builds(of_communication, st.binary(max_size=25), st.integers(-1, 1 << 40)),
    st.builds(of_record, st.binary(max_size=25), *(st.integers(0, 1 << 32) for _ in range(4))),
    st.builds(of_sequences, st.lists(st.integers(0, 1 << 60), min_size=1, max_size=9)),
)
entries = st.one_of(
    st.builds(held, scopes, st.sampled_from([Reason.ORDER_LAPSED, Reason.TAMPERED]), st.integers(0, 1 << 60)),
    st.builds(minimised, scopes, st.integers(0, 1 << 60), st.text(max_size=9), st.text(max_size=9)),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(entries, min_size=1, max_size=5))
def test_leaves_read_back_as_they_were_written(made: list[Entry]) -> None:
    assert entry_from_json(entry_to_json(made[0])) == made[0]
    numbered = tuple((10 * at, entry) for at, entry in enumerate(made))
    assert entries_of(carried_to_json(numbered), 99) == numbered


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_attack_octets_that_are_no_decision(octets: bytes) -> None:
    try:
        assert entries_of(octets, 0) == ()
    except DecodeError as error:
        assert error.code == DecodeError.BAD_VALUE


def test_a_notice_of_another_kind_holds_no_decision() -> None:
    assert entries_of(b'{"notice":{}}', 3) == ()
    with pytest.raises(DecodeError, match="one decision"):
        entry_from_json(b'{"notice":{}}')


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(order=UID, liid=b"L", cin=1),
        Scope(order=UID, sequences=(1,)),
        Scope(liid=b"L"),
        Scope(liid=b"L", cin=1, kind=1),
        Scope(order=UID, kind=1, epoch=0, number=1),
        of_sequences(range(MAX_SEQUENCES + 1)),
    ],
)
def test_a_scope_that_says_nothing_or_two_things_is_no_scope(scope: Scope) -> None:
    with pytest.raises(LocalError):
        held(scope, Reason.TAMPERED, T0)


def test_a_state_and_its_reason_belong_together() -> None:
    with pytest.raises(LocalError, match="not given for"):
        held(of_order(UID), Reason.OK, T0)
    octets = entry_to_json(minimised(of_order(UID), T0, "chen", "TARU")).replace(
        b'"reason":"MINIMISED"', b'"reason":"OK"'
    )
    with pytest.raises(DecodeError):
        entry_from_json(octets)
    with pytest.raises(LocalError, match="characters"):
        held(of_order(UID), Reason.TAMPERED, T0, ground="x" * 1001)


def test_what_is_in_force_says_the_same_as_everything_and_forgets_what_was_replaced() -> None:
    first, again = held(of_order(UID), Reason.TAMPERED, T0), held(of_order(UID), Reason.TAMPERED, T0 + 1)
    gone = held(of_sequences([1, 2]), Reason.TAMPERED, T0)
    part = lift(of_communication(b"L", 7), Reason.TAMPERED)
    idle = lift(of_order(OTHER), Reason.ORDER_LAPSED)
    standings = folded(first, gone, again, part, idle)
    kept = standings.in_force(3)
    assert [entry for _, entry in kept] == [again, part]
    fewer = Standings.fold(kept)
    assert [fewer.of(record(cin=cin)) for cin in (7, 8)] == [standings.of(record(cin=cin)) for cin in (7, 8)]


def test_holding_and_releasing_an_order_again_and_again_leaves_nothing_to_carry() -> None:
    turns = [
        entry
        for _ in range(9)
        for entry in (held(of_order(UID), Reason.TAMPERED, T0), lift(of_order(UID), Reason.TAMPERED))
    ]
    assert folded(*turns).in_force(0) == ()
    assert folded(*turns[:-1]).in_force(0) == ((16, turns[0]),)


def test_a_decision_met_again_counts_once_and_keeps_its_place() -> None:
    standings = folded(held(of_order(UID), Reason.TAMPERED, T0), lift(of_order(UID), Reason.TAMPERED))
    standings.add(0, held(of_order(UID), Reason.TAMPERED, T0))
    assert len(standings) == 2 and not standings.of(record()).withheld
