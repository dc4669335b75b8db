"""The life of an order (R-027): the whole table of states and events, written by hand; all else is refused."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from asn1.errors import RefusedError
from mediation.law.entry import DocumentRefusedError
from mediation.law.lifecycle import LIFE, OrderEvent, after, attempt, tagged
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)

START, END = 1_000_000, 9_000_000
WARRANT = CourtOrder(
    OrderId("W-1"), 3, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(START, END),
    (Target(TargetKind.E164, "12125550100"),), frozenset({Service.VOICE}), terminate_on_first=True,
)  # fmt: skip
ENDS = (OrderState.EXPIRED, OrderState.TERMINATED, OrderState.REVOKED, OrderState.LAPSED)
LEGAL = {
    (OrderState.DRAFT, OrderEvent.ISSUE): OrderState.ISSUED,
    (OrderState.DRAFT, OrderEvent.REVOKE): OrderState.REVOKED,
    (OrderState.ISSUED, OrderEvent.START): OrderState.ACTIVE,
    (OrderState.ACTIVE, OrderEvent.EXPIRE): OrderState.EXPIRED,
    (OrderState.ACTIVE, OrderEvent.TERMINATE): OrderState.TERMINATED,
    (OrderState.ACTIVE, OrderEvent.REVOKE): OrderState.REVOKED,
    (OrderState.ACTIVE, OrderEvent.LAPSE): OrderState.LAPSED,
    **{(end, OrderEvent.SEAL): OrderState.SEALED for end in ENDS},
    (OrderState.SEALED, OrderEvent.HAND_OFF): OrderState.HANDED_OFF,
    (OrderState.HANDED_OFF, OrderEvent.CLOSE): OrderState.CLOSED,
}


@pytest.mark.rule("R-027")
@pytest.mark.parametrize(("state", "event"), list(itertools.product(OrderState, OrderEvent)))
def test_every_move_is_the_one_of_the_table_or_is_refused(state: OrderState, event: OrderEvent) -> None:
    following = LEGAL.get((state, event))
    if following is not None:
        assert after(state, event) is following
        return
    with pytest.raises(RefusedError, match="R-027") as caught:
        after(state, event)
    possible = [str(move) for at, move in LEGAL if at is state]
    assert all(move in str(caught.value) for move in possible or ["nothing"])


def test_every_state_has_its_row_and_is_reached_from_a_draft() -> None:
    assert set(LIFE) == set(OrderState)
    reached = {OrderState.DRAFT}
    while True:
        more = {to for at, moves in LIFE.items() if at in reached for to in moves.values()} | reached
        if more == reached:
            break
        reached = more
    assert reached == set(OrderState)


def test_attack_no_order_comes_back_to_life_once_it_has_ended() -> None:
    """From an end no chain of events leads to a state that is issued or active."""
    for start in (*ENDS, OrderState.SEALED, OrderState.HANDED_OFF, OrderState.CLOSED):
        seen = {start}
        for _ in OrderState:
            seen |= {to for at in seen for to in LIFE[at].values()}
        assert not seen & {OrderState.DRAFT, OrderState.ISSUED, OrderState.ACTIVE}


def test_attack_nothing_is_handed_off_or_closed_unsealed() -> None:
    into = {state: {at for at, moves in LIFE.items() if state in moves.values()} for state in OrderState}
    assert into[OrderState.HANDED_OFF] == {OrderState.SEALED} and into[OrderState.CLOSED] == {OrderState.HANDED_OFF}
    assert into[OrderState.SEALED] == set(ENDS)


def test_an_attempt_never_raises_and_says_what_came_of_it() -> None:
    started = attempt(WARRANT, OrderEvent.START)
    assert started.moved.state is OrderState.ACTIVE and started.fields["to"] == "ACTIVE" and not started.refused
    refused = attempt(WARRANT, OrderEvent.SEAL)
    assert refused.moved is WARRANT and refused.fields["rule"] == "R-027" and "ISSUED cannot seal" in refused.refused


@pytest.mark.rule("R-010")
def test_a_warrant_for_the_first_communication_ends_when_a_record_is_tagged_as_it() -> None:
    at = 4_000_000
    ended = tagged(WARRANT, at)
    assert (ended.version, ended.state, ended.objective_attained_at_us) == (4, OrderState.TERMINATED, at)
    assert ended.effective_window == Window(START, at)
    for outside in (START - 1, END):
        with pytest.raises(DocumentRefusedError, match="R-010"):
            tagged(WARRANT, outside)
    with pytest.raises(DocumentRefusedError, match="R-010"):
        tagged(ended, at)
    with pytest.raises(DocumentRefusedError, match="R-010"):
        tagged(replace(WARRANT, terminate_on_first=False), at)
