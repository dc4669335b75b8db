"""Orders as values: kinds, the one window predicate, what cuts a window, numbers in one form."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    Target,
    TargetKind,
    Window,
    normalise_e164,
    order_uid,
)

START, END = 1_000_000, 9_000_000
ORDER = CourtOrder(
    OrderId("O-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(START, END),
    (Target(TargetKind.E164, "12125550101"),),
)  # fmt: skip


def test_there_are_six_kinds_and_two_of_them_take_no_content() -> None:
    """R-001, R-110."""
    assert {str(kind): kind.metadata_only for kind in OrderKind} == {
        "PRTT": True,
        "EXIGENT_PRTT": True,
        "EAVESDROPPING": False,
        "EXIGENT_EAV_STATE": False,
        "EXIGENT_EAV_FEDERAL": False,
        "COVERT_AUDIO_WARRANT": False,
    }


@pytest.mark.rule("R-002", "R-002.1", "R-002.2", "R-002.3", "R-002.4")
@pytest.mark.parametrize(
    ("at", "inside"), [(START - 1, False), (START, True), (END - 1, True), (END, False), (END + 1, False)]
)
def test_a_window_holds_its_start_and_not_its_end(at: int, inside: bool) -> None:
    """R-002."""
    assert Window(START, END).contains(at) is inside


def test_an_empty_window_holds_nothing() -> None:
    assert not any(Window(5, end).contains(5) for end in (4, 5))


@pytest.mark.rule("R-009", "R-009.1", "R-009.2")
@pytest.mark.rule("R-019", "R-019.1")
@pytest.mark.parametrize(
    ("revoked", "attained", "end"),
    [
        (None, None, END),
        (5_000_000, None, 5_000_000),
        (None, 4_000_000, 4_000_000),
        (5_000_000, 4_000_000, 4_000_000),
        (3_000_000, 4_000_000, 3_000_000),
        (END + 1, END + 2, END),
        (0, None, 0),
    ],
)
def test_the_earliest_end_cuts_the_window(revoked: int | None, attained: int | None, end: int) -> None:
    """R-009, R-019. An end after the window does not lengthen it; one before its start leaves nothing."""
    order = replace(ORDER, revoked_at_us=revoked, objective_attained_at_us=attained)
    assert order.effective_window == Window(START, end) and order.window == Window(START, END)
    assert not order.effective_window.contains(end) and order.effective_window.contains(end - 1) is (end > START)


DAY = 86_400_000_000
ENTRY = 1_780_318_800_000_000


def test_federal_days_cut_warrants_alone_and_only_the_period_before_an_extension() -> None:
    """R-008. An extension that takes over in time is not cut; one after the thirty days had run out takes over
    nothing."""
    wide = Window(ENTRY, ENTRY + 100 * DAY)
    warrant = replace(ORDER, kind=OrderKind.EAVESDROPPING, jurisdiction=Jurisdiction.FEDERAL, window=wide)
    assert warrant.effective_window == wide, "nothing is known to count from"
    seen = replace(warrant, first_interception_us=ENTRY + DAY)
    assert seen.effective_window.end_us == ENTRY + 31 * DAY
    assert replace(seen, kind=OrderKind.PRTT).effective_window == wide
    assert replace(seen, jurisdiction=Jurisdiction.STATE).effective_window == wide
    assert replace(seen, extensions_us=(ENTRY + 31 * DAY,)).effective_window == wide
    assert replace(seen, extensions_us=(ENTRY + 31 * DAY + 1,)).effective_window.end_us == ENTRY + 31 * DAY
    emergency = replace(seen, kind=OrderKind.EXIGENT_EAV_FEDERAL, exigent=Exigency(ENTRY, order_issued_at_us=ENTRY))
    assert emergency.federal and emergency.effective_window.end_us == ENTRY + 31 * DAY
    assert replace(emergency, jurisdiction=Jurisdiction.STATE).federal, "the kind says so"


def test_an_order_is_known_by_the_first_half_of_its_name_s_hash() -> None:
    expected = hashlib.sha256(b"O-1").digest()[:16]
    assert order_uid(OrderId("O-1")) == expected == ORDER.uid == replace(ORDER, version=9).uid
    assert order_uid(OrderId("O-2")) != expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("2125550100", "12125550100", marks=pytest.mark.rule("R-021", "R-021.1")),
        pytest.param("+1 212-555-0100", "12125550100", marks=pytest.mark.rule("R-021", "R-021.1")),
        pytest.param("12125550100", "12125550100", marks=pytest.mark.rule("R-021", "R-021.1")),
        ("(212) 555.0100", "12125550100"),
        pytest.param("2125550101", "12125550101", marks=pytest.mark.rule("R-021", "R-021.2")),
        ("+44 20 7946 0000", "442079460000"),
        ("+1", "1"),
        ("+123456789012345", "123456789012345"),
        ("+1234567890123456", None),
        pytest.param("22125550100", None, marks=pytest.mark.rule("R-021", "R-021.3")),
        ("5550100", None),
        ("", None),
        ("+", None),
        ("++12125550100", None),
        ("1212555O100", None),
        ("２１２５５５０１００", None),
        ("212555010²", None),
    ],
)
def test_numbers_are_compared_in_one_form(text: str, number: str | None) -> None:
    """R-021: eleven digits that do not start with 1 are no number here."""
    assert normalise_e164(text) == number


@given(st.text(max_size=20) | st.from_regex(r"\+?[0-9 ().-]{0,18}", fullmatch=True))
def test_a_normal_form_is_digits_and_normalises_to_itself(text: str) -> None:
    number = normalise_e164(text)
    if number is not None:
        assert number.isascii() and number.isdigit() and 1 <= len(number) <= 15
        assert normalise_e164("+" + number) == number
