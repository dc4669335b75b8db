"""Rows of a new communication made at once are those that are made one after the other; on both paths."""

from __future__ import annotations

import random
from collections import Counter
from types import ModuleType
from typing import Any

import pytest

from collector.store import index_rows as compiled
from collector.store.index import _row
from collector.store.index_tables import COMMUNICATION, WHOLE
from collector.store.index_whole import _parties, _whole
from mediation.law.orders import Service

NAMES = (
    "12125550101", "sip:+12125550102@ims.invalid", "001010123456789", "alex@example.invalid", "", "Ünal\n", "x" * 200,
    "tel:+12125550101", "12125550102", "+12125550102", '"quoted"', "\\",
)  # fmt: skip


@pytest.fixture(params=["compiled", "interpreted"])
def rows(request: pytest.FixtureRequest, interpreted_twin: Any) -> tuple[ModuleType, Any]:
    """The kernel, and the class of the sums that it takes."""
    if request.param == "interpreted":
        found = interpreted_twin(
            "collector.store.index_details", "collector.store.index_events", "collector.store.index_rows"
        )
        kernel, events = found["collector.store.index_rows"], found["collector.store.index_events"]
    else:
        from collector.store import index_events as events

        kernel = compiled
    if (request.param == "compiled") != kernel.COMPILED:
        pytest.fail("collector.store.index_rows is not compiled: run make, which builds it", pytrace=False)
    return kernel, events.CommunicationSum


def made(chance: random.Random, one: Any) -> Any:
    """A sum with anything in it."""
    one.order_id = chance.choice(("O-1", None))
    one.service = chance.choice((None, *Service, *map(str, Service)))
    one.content_service = chance.choice((None, *map(str, Service)))
    one.parties = chance.choice((None, set(), set(chance.choices(NAMES, k=4)), {f"1212555{at:04}" for at in range(40)}))
    one.caller, one.called = chance.choice((None, "+12125550101")), chance.choice((None, "alex"))
    one.sends = chance.choice((None, True, False))
    one.opened, one.ended = chance.random() < 0.5, chance.random() < 0.5
    one.answer_us, one.begin_us, one.end_us = (chance.choice((None, chance.randrange(1 << 50))) for _ in range(3))
    one.iri, one.cc_from_target = chance.randrange(9), chance.choice((0, 0, 3))
    one.cc_to_target, one.cc_other = chance.choice((0, 0, 3)), chance.choice((0, 0, 3))
    one.first_sequence, one.last_sequence = chance.randrange(1 << 40), chance.randrange(1 << 40)
    return one


def test_a_new_communication_has_the_rows_of_one_that_is_put_together(rows: tuple[ModuleType, Any]) -> None:
    kernel, kind = rows
    chance = random.Random(51)
    sums = [((at % 3, "LAB-1", chance.choice((at, -1))), made(chance, kind())) for at in range(600)]
    found = kernel.new_rows(sums)
    tally: Counter[tuple[str, str]] = Counter()
    parties: Counter[tuple[Any, ...]] = Counter()
    for (key, one), communication, whole in zip(sums, found.communications, found.wholes, strict=True):
        row = _row(key, one)
        assert communication == tuple(row[name] for name in COMMUNICATION.columns.keys())  # noqa: SIM118  no mapping
        put = _whole([row])
        assert whole == tuple(put[name] for name in WHOLE.columns.keys())  # noqa: SIM118  as above
        assert [type(value) for value in whole] == [type(put[name]) for name in WHOLE.columns.keys()]  # noqa: SIM118
        parties.update(_parties(put))
        tally[put["liid"], put["kind"]] += 1
    assert Counter(found.parties) == parties
    assert found.tally == tally
