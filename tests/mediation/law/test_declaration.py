"""The exigent circumstances declaration: four elements, a danger, and the standard of its kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mediation.law.declaration import missing_of_declaration, required_standard
from mediation.law.orders import OrderKind
from mediation.law.papers_values import Declaration, Ground, Standard

EXIGENT = [kind for kind in OrderKind if kind.exigent]
WHOLE = Declaration(
    declared_by="rivera",
    at_us=1_772_373_600_000_000,
    offence="PL 135.20",
    emergency=True,
    urgent_need=True,
    primary_purpose=True,
    grounds=frozenset({Ground.DANGER_OF_DEATH}),
    standard=Standard.PROBABLE_CAUSE,
)


def whole(kind: OrderKind) -> Declaration:
    return replace(WHOLE, offence="18 USC 1201") if kind is OrderKind.EXIGENT_EAV_FEDERAL else WHOLE


def items(declaration: Declaration, kind: OrderKind = OrderKind.EXIGENT_PRTT) -> list[tuple[str, str]]:
    return [(lack.item, lack.rule) for lack in missing_of_declaration(declaration, kind)]


@pytest.mark.rule("R-030")
@pytest.mark.parametrize("kind", EXIGENT)
def test_four_true_elements_are_a_declaration(kind: OrderKind) -> None:
    assert items(whole(kind), kind) == []


@pytest.mark.rule("R-030", "R-030.1")
@pytest.mark.parametrize("kind", EXIGENT)
@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("offence", ""),
        ("emergency", False),
        ("emergency", None),
        ("urgent_need", False),
        ("urgent_need", None),
        ("primary_purpose", False),
        ("primary_purpose", None),
        ("declared_by", " "),
        ("at_us", None),
        ("grounds", frozenset()),
    ],
)
def test_an_element_that_is_false_or_blank_refuses_it(kind: OrderKind, element: str, value: Any) -> None:
    lacking = items(replace(whole(kind), **{element: value}), kind)
    assert lacking == [(f"declaration.{element.removesuffix('_us')}", "R-030")]


@pytest.mark.rule("R-031", "R-031.1")
def test_flight_alone_is_not_exigent() -> None:
    assert items(replace(WHOLE, grounds=frozenset({Ground.FLIGHT}))) == [("declaration.grounds", "R-031")]


@pytest.mark.rule("R-031", "R-031.2")
@pytest.mark.parametrize("danger", [Ground.DANGER_OF_DEATH, Ground.DANGER_OF_SERIOUS_INJURY])
def test_flight_with_danger_to_life_is_exigent(danger: Ground) -> None:
    assert items(replace(WHOLE, grounds=frozenset({Ground.FLIGHT, danger}))) == []


@pytest.mark.rule("R-032", "R-032.1")
@pytest.mark.parametrize("kind", [OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL])
@pytest.mark.parametrize("standard", [Standard.REASONABLE_SUSPICION, Standard.REASONABLE_BELIEF, None])
def test_eavesdropping_on_less_than_probable_cause_is_refused(kind: OrderKind, standard: Standard | None) -> None:
    assert items(replace(whole(kind), standard=standard), kind) == [("declaration.standard", "R-032")]
    assert required_standard(kind) is Standard.PROBABLE_CAUSE


@pytest.mark.rule("R-032")
@pytest.mark.parametrize(
    ("standard", "enough"),
    [
        (Standard.REASONABLE_SUSPICION, False),
        (Standard.REASONABLE_BELIEF, True),
        (Standard.PROBABLE_CAUSE, True),
        (None, False),
    ],
)
def test_a_pen_register_needs_reasonable_belief(standard: Standard | None, enough: bool) -> None:
    assert items(replace(WHOLE, standard=standard)) == ([] if enough else [("declaration.standard", "R-032")])


@pytest.mark.rule("R-057")
def test_the_offence_declared_is_on_the_list_of_the_kind() -> None:
    harassment = replace(WHOLE, offence="PL 240.30")
    assert items(harassment, OrderKind.EXIGENT_PRTT) == []
    assert items(harassment, OrderKind.EXIGENT_EAV_STATE) == [("declaration.offence", "R-057")]


@pytest.mark.rule("R-051")
def test_no_declaration_is_one_item() -> None:
    assert [lack.item for lack in missing_of_declaration(None, OrderKind.EXIGENT_PRTT)] == ["declaration"]
