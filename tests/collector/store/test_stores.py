"""Several stores read as one: names of records, records as they came, decisions of all of them."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.rows import FORM_RECEIVED
from collector.standing import (
    Scope,
    Standings,
    State,
    held,
    minimised,
    of_communication,
    of_order,
    of_record,
    of_sequences,
    privileged,
    released,
)
from collector.store.stores import (
    MAX_STORES,
    SEQUENCES,
    ManyStandings,
    number_of,
    place_of,
    record_name,
    record_number,
    together,
)
from collector.voids import Void, Why
from mediation.law.orders import OrderId, OrderUid, order_uid
from mediation.law.verdicts import Reason
from mediation.runtime.config import NotReadyError

LIID, CIN = b"LAB-0001", 7
UID = order_uid(OrderId("O-1"))


@given(st.integers(0, MAX_STORES), st.integers(0, 10**15))
def test_a_record_has_one_number_and_one_name(store: int, sequence: int) -> None:
    number = number_of(store, sequence)
    assert place_of(number) == (store, sequence) and record_number(record_name(number)) == number
    assert record_name(sequence) == str(sequence) and (store == 0 or record_name(number) == f"{store}-{sequence}")


@pytest.mark.parametrize(
    "name", ["", "-1", "01", "0-1", "01-1", "1-01", "1-", "-", "1-2-3", "a", "1 ", "٣", f"{MAX_STORES + 1}-1",
             str(SEQUENCES), f"1-{SEQUENCES}", "9" * 40],
)  # fmt: skip
def test_attack_a_name_that_would_be_a_second_one_of_a_record_or_of_none(name: str) -> None:
    with pytest.raises(ValueError, match="names no record"):
        record_number(name)


class Asked(NamedTuple):
    """A record as whoever shows it asks about it."""

    sequence: int
    uid: OrderUid = UID
    liid: bytes = LIID
    cin: int = CIN
    kind: int = 1
    epoch: int = 0
    number: int = 5
    event_us: int = 100
    form: int = FORM_RECEIVED
    reasons: int = 0
    fault: str | None = None


HERE, THERE = Asked(number_of(1, 3)), Asked(number_of(2, 3))


def of(*stores: Standings) -> ManyStandings:
    return ManyStandings(dict(enumerate(stores, 1)))


@pytest.mark.parametrize(
    "scope", [of_order(UID), of_communication(LIID, CIN), of_record(LIID, CIN, 1, 0, 5)]
)  # fmt: skip
def test_a_decision_of_one_store_holds_in_all_of_them(scope: Scope) -> None:
    many = of(Standings([(0, held(scope, Reason.TARGET_MISMATCH, 5))]), Standings())
    assert many.of(HERE).state is many.of(THERE).state is State.HELD


def test_one_that_names_sequences_is_about_its_own_store() -> None:
    many = of(Standings([(9, held(of_sequences([3]), Reason.TARGET_MISMATCH, 5))]), Standings())
    assert many.of(HERE).state is State.HELD and many.of(THERE).state is None


def test_a_release_that_has_reached_one_store_does_not_lift_what_another_still_has() -> None:
    scope = of_communication(LIID, CIN)
    withheld = [(0, privileged(scope, 1, "rivera", "INV"))]
    lifted = [*withheld, (1, released(scope, Reason.PRIVILEGED_HOLD, 2, "okafor", "SUP", "not privileged"))]
    assert of(Standings(lifted), Standings(withheld)).of(HERE).state is State.PRIVILEGED
    assert of(Standings(withheld), Standings(lifted)).of(HERE).state is State.PRIVILEGED
    assert of(Standings(lifted), Standings(lifted)).of(HERE).state is State.RELEASED


def test_the_strictest_is_believed_and_what_a_filter_role_may_see_is_seen() -> None:
    scope = of_communication(LIID, CIN)
    first = Standings([(0, minimised(scope, 1, "rivera", "INV"))])
    second = Standings([(0, privileged(scope, 1, "rivera", "INV"))])
    assert of(first, second).of(HERE).state is State.PRIVILEGED
    assert of(first, second).of(HERE, frozenset({Reason.PRIVILEGED_HOLD})).state is State.MINIMISED


def test_what_a_record_says_of_itself_is_weighed_once_by_its_own_store() -> None:
    flagged = HERE._replace(reasons=1 << Reason.MINIMISED)
    assert (
        of(Standings(), Standings([(0, held(of_order(b"x" * 16), Reason.ORDER_LAPSED, 1))]))
        .of(  # type: ignore[arg-type]
            flagged
        )
        .state
        is State.MINIMISED
    )
    broken = HERE._replace(fault="its octets are not the signed ones")
    assert of(Standings(), Standings()).of(broken).state is State.HELD


def test_a_void_is_of_its_own_store_alone() -> None:
    voided = Standings()
    voided.voids.add(Void(0, ((3, 3),), (), "collector-2", Why.LOST, 1))
    assert of(voided, Standings()).of(HERE).state is State.VOID and of(voided, Standings()).of(THERE).state is None


def test_one_store_alone_answers_for_itself() -> None:
    alone = Standings()
    assert together({0: alone}) is alone
    many = together({1: alone, 2: Standings()})
    before = many.version
    alone.add(0, held(of_order(UID), Reason.ORDER_LAPSED, 1))
    assert many.version != before


def test_attack_a_record_whose_own_store_is_gone_is_judged_by_nobody() -> None:
    """Taken for one that nothing was decided about it would be shown."""
    for many in (ManyStandings({2: Standings()}), ManyStandings({})):
        for record in (HERE, HERE._replace(reasons=1 << Reason.PRIVILEGED_HOLD), HERE._replace(fault="it was changed")):
            with pytest.raises(NotReadyError, match="1-3 cannot be shown"):
                many.of(record)
    assert ManyStandings({2: Standings()}).of(HERE._replace(sequence=-1)).state is None, "of no store"
