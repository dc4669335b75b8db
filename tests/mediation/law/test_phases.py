"""Sealed, handed off, closed: one step a version, only behind the end, and nothing else changes with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import RefusedError
from lab.papers import lab_papers
from mediation.law.documents import DocumentAction, check_successor, make_document, missing_in, read_document
from mediation.law.fields import order_from_fields
from mediation.law.lifecycle import OrderEvent
from mediation.law.orders import CourtOrder, Exigency, OrderState, Window
from mediation.law.phases import EVENTS, advanced
from mediation.law.settings import LawSettings

COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HOUR = 3_600_000_000
START = 1_750_000_000_000_000
END = START + 10 * 24 * HOUR
STEPS = tuple(EVENTS)


def order(**more: Any) -> CourtOrder:
    fields = {"order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["12125550101"], "start": START,
              "end": END, "services": ["VOICE"], "issued_at": START}  # fmt: skip
    return order_from_fields(fields | more)


USE = order(kind="EXIGENT_EAV_STATE", activated_at=START, issued_at=None)
DEADLINE = START + 24 * HOUR


def follows(known: CourtOrder, new: CourtOrder, at_us: int) -> None:
    check_successor(known, new, DocumentAction.CUSTODY, at_us, None)


@pytest.mark.rule("R-027")
@pytest.mark.parametrize(
    ("known", "end_us"),
    [
        (order(), END),
        (order(state="EXPIRED"), END),
        (order(state="REVOKED", revoked_at=START + HOUR), START + HOUR),
        (order(state="TERMINATED", objective_attained_at=START + HOUR), START + HOUR),
        (USE, DEADLINE + 1),
        (replace(USE, state=OrderState.LAPSED), DEADLINE + 1),
        (replace(USE, exigent=Exigency(START, denied_at_us=START + HOUR)), START + HOUR + 1),
    ],
)
def test_the_three_steps_follow_any_end_and_each_other(known: CourtOrder, end_us: int) -> None:
    with pytest.raises(RefusedError, match="R-131"):
        follows(known, advanced(known, OrderEvent.SEAL), end_us - 1)
    for state, event in EVENTS.items():
        new = advanced(known, event)
        assert (new.state, new.version, new.effective_window) == (state, known.version + 1, known.effective_window)
        follows(known, new, end_us)
        known = new


@pytest.mark.rule("R-027", "R-027.1")
@pytest.mark.parametrize("known", [order(), *(order(state=str(one)) for one in STEPS)], ids=lambda one: str(one.state))
@pytest.mark.parametrize("state", STEPS)
def test_no_step_is_left_out_or_taken_back(known: CourtOrder, state: OrderState) -> None:
    reached = STEPS.index(known.state) + 1 if known.state in EVENTS else 0
    new = replace(known, version=known.version + 1, state=state)
    if STEPS.index(state) == reached:
        follows(known, new, END)
    else:
        with pytest.raises(RefusedError, match="R-027"):
            follows(known, new, END)


def test_attack_a_seal_that_brings_a_longer_window_or_another_target_with_it() -> None:
    sealed = advanced(order(), OrderEvent.SEAL)
    for changed in (
        replace(sealed, window=Window(START, END - 1)),
        replace(sealed, targets=order(targets=["12125550102"]).targets),
        replace(sealed, liid="LAB-2"),
        replace(sealed, revoked_at_us=START + 1),
    ):
        with pytest.raises(RefusedError, match="R-027"):
            follows(order(), changed, END)


@pytest.mark.parametrize("state", ["REVOKED", "TERMINATED", "LAPSED"])
def test_an_end_without_its_instant_is_not_sealed_over(state: str) -> None:
    known = order(state=state)
    with pytest.raises(RefusedError, match="since when"):
        follows(known, advanced(known, OrderEvent.SEAL), END)


def test_the_deadline_itself_still_belongs_to_the_emergency_order() -> None:
    with pytest.raises(RefusedError, match="R-131"):
        follows(USE, advanced(USE, OrderEvent.SEAL), DEADLINE)


@pytest.mark.parametrize("state", ["SEALED", "HANDED_OFF", "CLOSED"])
def test_nothing_but_a_release_and_the_next_step_follows(state: str) -> None:
    known = order(state=state)
    for action in DocumentAction:
        if action not in (DocumentAction.RELEASE, DocumentAction.CUSTODY):
            with pytest.raises(RefusedError, match="R-027"):
                check_successor(known, replace(known, version=2), action, END, None)


def test_documents_of_custody_read_back_and_need_no_papers_of_their_own() -> None:
    sealed = advanced(USE, OrderEvent.SEAL)
    octets = make_document(sealed, COURT, DocumentAction.CUSTODY, END, lab_papers(USE))
    read = read_document(octets, COURT.public_key())
    assert (read.action, read.order) == (DocumentAction.CUSTODY, sealed)
    assert missing_in(read, LawSettings(order_may_follow=False)) == ()
    with pytest.raises(RefusedError, match="how far"):
        make_document(replace(sealed, state=OrderState.ISSUED), COURT, DocumentAction.CUSTODY, END)
