"""The case file: what the ledger says and the court's document does not yet; late records behind the seal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collector import order_watch
from collector.facts import RecordFacts
from collector.gate import LinkPolicy, bulk_terms, decide
from collector.gate_scope import CinState
from lab.case_file import Docket
from lab.case_moves import package_lacks_of
from lab.desk import registry_of
from mediation.law.lifecycle import OrderEvent
from mediation.law.orders import OrderState, Service, Target, TargetKind
from mediation.law.verdicts import Reason, VerdictKind
from mediation.runtime.config import ConfigError
from tests.lab.case_run import CASE, END, HOUR_US, LIID, ORDER, START, VAULT, Run

US, OTHER = Target(TargetKind.E164, "12125550101"), Target(TargetKind.E164, "12125550102")
STATES = ("SEALED", "HANDED_OFF", "CLOSED")


@pytest.fixture
def run(cli: Callable[..., Any], tmp_path: Path) -> Iterator[Run]:
    made = Run(cli, tmp_path / "var")
    made.order(services=["VOICE", "DATA"])
    assert cli("desk", "init", "--data", made.data).code == 0
    made.put(2)
    made.enter("chen")
    yield made
    made.end()


def to(run: Run, state: str) -> None:
    steps = (
        ("seal", ORDER, "--by", "chen", "--custody", VAULT),
        ("hand-off", ORDER, "--to", "CMS-1", "--by", "chen"),
        ("close", ORDER, "--by", "chen", "--disposition", "no-arrest", "--classification", "none"),
    )
    for words in steps[: STATES.index(state) + 1]:
        code, said = run.do(*words)
        assert code == 0, said


def call(event_us: int, arrival_us: int) -> RecordFacts:
    return RecordFacts(
        LIID, 7, 0, "iri", "iPMMIRI", "begin", Service.VOICE, event_us, "timeOfInterception", arrival_us,
        originators=frozenset({US}), recipients=frozenset({OTHER}), parties=frozenset({US, OTHER}), parties_known=True,
        target_sends=True, opens=True,
    )  # fmt: skip


@pytest.mark.rule("R-027", "R-002")
@pytest.mark.parametrize("state", STATES)
def test_a_late_record_is_judged_behind_the_seal_as_before_it(run: Run, state: str) -> None:
    arrival_us = END + HOUR_US
    stamps = (START - 1, START, END - 1, END)
    before = registry_of(run.data).current()
    expected = [decide(before, call(at, arrival_us), LinkPolicy(), CinState()).verdict for at in stamps]
    assert [one.kind for one in expected[1:]] == [VerdictKind.ACCEPT_FLAGGED] * 2 + [VerdictKind.REJECT]
    to(run, state)
    (order,) = registry_of(run.data).current()
    assert order.state is OrderState[state]
    found = [decide((order,), call(at, arrival_us), LinkPolicy(), CinState()).verdict for at in stamps]
    assert found == expected and expected[3].reasons == (Reason.ORDER_EXPIRED,)
    assert bulk_terms(order) == bulk_terms(before[0])
    assert order_watch.state_at(order, arrival_us) is OrderState[state]
    assert order_watch.unsafe([order]) == (frozenset({bytes(order.uid)}) if state == "SEALED" else frozenset())
    kinds = [one.kind for one in order_watch.happenings(order, arrival_us)]
    assert kinds == [one.kind for one in order_watch.happenings(before[0], arrival_us)]


def test_what_a_crash_left_unsigned_is_signed_by_the_next_command(run: Run) -> None:
    to(run, "SEALED")
    sealed = [*run.data.rglob(f"{ORDER}.v2.json")]
    assert len(sealed) == 4
    for path in sealed:
        path.unlink()
    assert [one.state for one in run.versions()] == [OrderState.ISSUED]
    assert run.do("hand-off", ORDER, "--to", "CMS-1", "--by", "chen")[0] == 0
    assert [str(one.state) for one in run.versions()] == ["ISSUED", "SEALED", "HANDED_OFF"]


def test_what_takes_long_leaves_the_desk_to_others(run: Run) -> None:
    with Docket(run.data) as docket:
        with docket.away():
            run.enter("brandt")
            docket.record("alarm", {"rule": "R-131"})
        assert "brandt" in docket.desk.state.present
    assert run.entries("alarm") == [{"rule": "R-131"}]


def test_steps_name_what_they_lack(run: Run) -> None:
    with Docket(run.data) as docket:
        order = docket.order(ORDER)
        found = {event: [one.rule for one in docket.step_lacks(order, event)] for event in
                 (OrderEvent.SEAL, OrderEvent.HAND_OFF, OrderEvent.CLOSE)}  # fmt: skip
        assert found == {OrderEvent.SEAL: [], OrderEvent.HAND_OFF: ["R-131"], OrderEvent.CLOSE: ["R-130"]}
        assert package_lacks_of(docket, order) == () and docket.state(order) is OrderState.EXPIRED


@pytest.mark.rule("R-027")
def test_a_pen_register_is_sealed_before_it_is_handed_off_too(run: Run) -> None:
    run.order(order_id="P-1", liid="LAB-9", case_id="C-9", kind="PRTT", services=[])
    assert run.rules("hand-off", "P-1", "--to", "CMS-1", "--by", "chen") == ["R-027"]
    assert run.do("duties", "P-1")[1]["duties"] == []
    assert run.do("seal", "P-1", "--by", "chen", "--custody", VAULT)[0] == 0


@pytest.mark.rule("R-037")
def test_at_the_deadline_itself_an_emergency_is_not_sealed(run: Run) -> None:
    run.order(order_id="E-1", liid="LAB-8", case_id="C-8", kind="EXIGENT_EAV_STATE", activated_at=START, issued_at=None)
    seal = ("seal", "E-1", "--by", "chen", "--custody", VAULT)
    run.at(START + 24 * HOUR_US)
    assert run.rules(*seal) == ["R-131"]
    run.at(START + 24 * HOUR_US + 1)
    assert run.do(*seal)[0] == 0


@pytest.mark.rule("R-073")
def test_attack_what_one_may_not_know_of_is_refused_without_a_word_about_the_case(run: Run) -> None:
    run.enter("marsh")
    code, said = run.do("hand-off", ORDER, "--to", "CMS-1", "--by", "marsh")
    assert code == 1 and {one["rule"] for one in said["against"]} == {"R-073"}
    assert run.entries("case_refused") == []
    assert CASE not in repr(said["against"])


def test_an_edited_ledger_stops_every_command(run: Run) -> None:
    path = run.data / "desk" / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"chen"', b'"lund"', 1))
    assert run.cli("case", "duties", "--data", run.data).code == 4


def test_an_order_that_nobody_signed_is_one_sentence(run: Run) -> None:
    with Docket(run.data) as docket, pytest.raises(ConfigError, match="No order O-7"):
        docket.order("O-7")
