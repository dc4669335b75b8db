"""What may be enabled, by whom: every state times every event, papers first, then a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from asn1.errors import RefusedError
from lab.papers import lab_papers
from mediation.activation import (
    TRANSITIONS,
    Activation,
    ActivationEvent,
    ActivationState,
    acted,
    asks_for_more,
    covered,
    next_state,
    received,
)
from mediation.law.documents import order_from_fields
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, Service, Target, TargetKind, Window
from mediation.law.papers import missing_papers
from mediation.law.settings import LawSettings

HOUR = 3_600_000_000
START = 1_750_000_000_000_000
LACKS = (Missing("complaint_number", "R-050", "the complaint number of the case"),)


def order(version: int = 1, **changes: Any) -> CourtOrder:
    values = {
        "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"],
        "start": START, "end": START + 100 * HOUR, "services": ["VOICE", "SMS"], "version": version,
    }  # fmt: skip
    return replace(order_from_fields(values), **changes)


def awaiting() -> Activation:
    return received(Activation(), order(), lab_papers(order()), ())


def enabled() -> Activation:
    return acted(awaiting(), "nakamura", START)


S, E = ActivationState, ActivationEvent
EXPECTED = {
    (S.UNKNOWN, E.LACKING): S.REFUSED,
    (S.UNKNOWN, E.WIDER): S.AWAITING,
    (S.REFUSED, E.LACKING): S.REFUSED,
    (S.REFUSED, E.WIDER): S.AWAITING,
    (S.AWAITING, E.LACKING): S.AWAITING,
    (S.AWAITING, E.WIDER): S.AWAITING,
    (S.AWAITING, E.NARROWER): S.AWAITING,
    (S.AWAITING, E.ACT): S.ENABLED,
    (S.ENABLED, E.LACKING): S.ENABLED,
    (S.ENABLED, E.WIDER): S.AWAITING,
    (S.ENABLED, E.NARROWER): S.ENABLED,
}


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("event", E)
def test_every_state_times_every_event(state: ActivationState, event: ActivationEvent) -> None:
    if (state, event) in EXPECTED:
        assert next_state(state, event) is EXPECTED[state, event]
    else:
        with pytest.raises(RefusedError, match="takes no"):
            next_state(state, event)
    assert set(TRANSITIONS) == set(S)


def test_nothing_is_enabled_by_no_path_without_an_act() -> None:
    """R-059: only ACT leads to ENABLED, and only from where the papers are complete."""
    leads = {(state, event) for state, row in TRANSITIONS.items() for event, to in row.items() if to is S.ENABLED}
    assert leads == {(S.AWAITING, E.ACT), (S.ENABLED, E.LACKING), (S.ENABLED, E.NARROWER)}


@pytest.mark.rule("R-059", "R-059.1")
@pytest.mark.parametrize("nobody", ["", " ", "\t\n"])
def test_attack_activation_without_a_name_is_refused(nobody: str) -> None:
    held = awaiting()
    with pytest.raises(RefusedError, match="R-059"):
        acted(held, nobody, START)
    assert held.state is S.AWAITING and covered(held) is None


@pytest.mark.rule("R-058", "R-058.1")
def test_attack_activation_without_the_carriers_copy_of_the_papers_is_refused() -> None:
    missing = missing_papers(order(), None, LawSettings())
    refused = received(Activation(), order(), None, missing)
    assert refused.state is S.REFUSED and covered(refused) is None
    with pytest.raises(RefusedError, match=r"DOC_MISSING:complaint_number.*R-058"):
        acted(refused, "nakamura", START)
    with pytest.raises(RefusedError, match="R-058"):
        acted(Activation(), "nakamura", START)


@pytest.mark.rule("R-058", "R-058.1")
def test_attack_an_end_that_comes_first_cannot_be_enabled_without_papers() -> None:
    first = received(Activation(), replace(order(), version=2, revoked_at_us=START + 1), None, ())
    with pytest.raises(RefusedError, match="R-058"):
        acted(first, "nakamura", START)
    assert covered(first) is None


def test_the_act_is_by_whom_and_when_and_happens_once() -> None:
    done = enabled()
    assert (done.employee, done.enabled_at_us, done.enabled) == ("nakamura", START, order())
    assert covered(done) == order()
    with pytest.raises(RefusedError, match="takes no"):
        acted(done, "nakamura", START)


def test_an_older_version_changes_nothing_and_papers_may_follow() -> None:
    done = enabled()
    assert received(done, order(), None, LACKS) is done
    assert received(done, order(2), None, LACKS).state is S.ENABLED
    after = received(received(Activation(), order(), None, LACKS), order(), lab_papers(order()), ())
    assert after.state is S.AWAITING and after.lacks == ()


NARROWER: dict[str, dict[str, Any]] = {
    "ends earlier": {"window": Window(START, START + HOUR)},
    "revoked": {"revoked_at_us": START + HOUR},
    "fewer services": {"services": frozenset({Service.VOICE})},
    "nothing": {},
}
WIDER: dict[str, dict[str, Any]] = {
    "ends later": {"window": Window(START, START + 101 * HOUR)},
    "starts earlier": {"window": Window(START - HOUR, START + HOUR)},
    "another target": {"targets": (Target(TargetKind.E164, "12125550102"),)},
    "more targets": {"targets": (*order().targets, Target(TargetKind.E164, "12125550102"))},
    "more services": {"services": frozenset(Service)},
    "places": {"location_authorised": True},
    "keys": {"pctdd_authorised": True},
    "another LIID": {"liid": "LAB-2"},
}


@pytest.mark.parametrize("change", NARROWER)
def test_a_version_that_asks_for_no_more_needs_no_new_act(change: str) -> None:
    new = order(2, **NARROWER[change])
    assert not asks_for_more(order(), new)
    after = received(enabled(), new, None, ())
    assert after.state is S.ENABLED and covered(after) == new and after.papers == lab_papers(order())


@pytest.mark.parametrize("change", WIDER)
def test_attack_a_version_that_asks_for_more_is_not_enabled_by_the_act_for_less(change: str) -> None:
    new = order(2, **WIDER[change])
    assert asks_for_more(order(), new)
    after = received(enabled(), new, lab_papers(new), ())
    assert after.state is S.AWAITING and covered(after) != new
    assert covered(acted(after, "second", START + 1)) == new


def test_what_was_enabled_goes_on_while_more_waits_and_only_if_the_court_left_it_standing() -> None:
    longer = received(enabled(), order(2, **WIDER["ends later"]), None, ())
    assert covered(longer) == order()
    moved = received(enabled(), order(2, **WIDER["another target"]), None, ())
    assert covered(moved) is None


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [((), (), False), ((), ("1212",), False), (("1212",), (), True), (("1212",), ("1646",), True),
     (("1212", "1646"), ("1212",), False)],
)  # fmt: skip
def test_a_geographic_limit_that_goes_asks_for_more(
    before: tuple[str, ...], after: tuple[str, ...], more: bool
) -> None:
    one, other = order(trap_area=frozenset(before)), order(2, trap_area=frozenset(after))
    assert asks_for_more(one, other) is more
