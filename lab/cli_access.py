"""`calea-lab may`: the question itself, with the chain of checks behind the answer."""

from __future__ import annotations

from typing import Annotated

import typer

from collector.desk.explain import explain_access
from lab.cli_order import now_of
from lab.desk import device, entries_of, open_desk, outcome_fields
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from mediation.law.access_facts import Circumstances, Place, Purpose
from mediation.law.actors import Action
from mediation.runtime.config import ConfigError

COLUMNS = ("check", "outcome", "found", "rule", "says", "source")


def _action(text: str) -> Action:
    try:
        return Action(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no action: {', '.join(Action)}.") from None


def may(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="read_content, export_hand_off, …")],
    case_id: Annotated[str, typer.Argument(metavar="CASE")],
    facility: Annotated[str | None, typer.Option(help="where, when not as the entry log says")] = None,
    device_class: Annotated[str, typer.Option("--device", help="with --facility")] = "CALEA_STATION",
    purpose: Annotated[str, typer.Option(help="one of the four purposes")] = Purpose.CRIMINAL_INVESTIGATION,
    reason: Annotated[str, typer.Option(help="why, for the ledger")] = "",
    target: Annotated[str, typer.Option(help="the system a hand-off goes to")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Ask, record the attempt, print the chain of checks. Exit code 0 allowed, 1 denied."""
    asked = _action(action)
    client = device(device_class)
    place = None if facility is None else Place(facility, client, client)
    facts = Circumstances(place=place, purpose=purpose, logged_reason=reason, target_system=target)
    with open_desk(data) as desk:
        outcome = desk.attempt(user_id, asked, case_id, now_of(data), facts)
    _, entries = entries_of(data)
    found = next(one["fields"] for one in entries if one["fields"].get("event_id") == outcome.event_id)
    steps = explain_access(found)
    if as_json:
        print_json({**outcome_fields(outcome), "steps": [step._asdict() for step in steps]})
    else:
        said = "allowed" if outcome.answer.allowed else "denied"
        rows = [(one.check, one.outcome, one.fact, one.rule, one.statement, one.source) for one in steps]
        table(f"{user_id} {action} {case_id}: {said} ({outcome.event_id})", COLUMNS, rows, console())
    raise typer.Exit(0 if outcome.answer.allowed else 1)
