"""`calea-lab user add | show | transfer | suspend | train`: people and their duties in the desk's ledger."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lab.cli_order import now_of
from lab.desk import AGENCY, entries_of, open_desk, show_outcome
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.times import iso, when_us
from mediation.law.actors import Role
from mediation.law.desk_values import User
from mediation.runtime.config import ConfigError

By = Annotated[str, typer.Option("--by", help="who does it; recorded, and never about themselves")]
UserId = Annotated[str, typer.Argument(metavar="USER")]


def _role(text: str) -> Role:
    try:
        return Role(text.upper())
    except ValueError:
        raise ConfigError(f"{text!r} is no role: {', '.join(Role)}.") from None


def add(
    user_id: UserId,
    role: Annotated[str, typer.Option(help="INV, SUP, TARU, …")],
    person: Annotated[str, typer.Option(help="the person's badge or tax number; one person, one id")],
    agency: Annotated[str, typer.Option(help="who employs them")] = AGENCY,
    unit: Annotated[str, typer.Option(help="the unit")] = "",
    by: By = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Enter a person. They still need training before they operate anything."""
    fields = {"user_id": user_id, "person": person, "role": str(_role(role)), "agency": agency, "unit": unit}
    _administer(data, by, "user", fields, as_json)


def show(
    user_id: Annotated[str | None, typer.Argument(metavar="[USER]")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """List people, with what they are now."""
    state, _ = entries_of(data)
    now_us = now_of(data)
    found = [_described(one, now_us) for one in state.users.values() if user_id in (None, one.user_id)]
    if user_id is not None and not found:
        raise ConfigError(f"There is no user {user_id}: `calea-lab user show --data {data}` lists them.")
    if as_json:
        print_json(found)
        return
    columns = ("user", "role", "agency", "unit", "trained until", "duties end", "suspended")
    names = ("user_id", "role", "agency", "unit", "trained_until", "duties_end", "suspended")
    table("People of the desk", columns, [tuple(one[name] or "-" for name in names) for one in found], console())


def _described(user: User, now_us: int) -> dict[str, Any]:
    duty, end_us = user.duty_at(now_us), user.duty_end_us(now_us)
    return {
        "user_id": user.user_id,
        "role": str(duty.role),
        "agency": duty.agency,
        "unit": duty.unit,
        "trained_until": None if user.trained_until_us is None else iso(user.trained_until_us),
        "duties_end": None if end_us is None else iso(end_us),
        "suspended": user.suspended_us is not None,
    }


def transfer(
    user_id: UserId,
    at: Annotated[str, typer.Option(help="now, +2h, or ISO 8601 with a zone; exclusive for the old duties")] = "now",
    role: Annotated[str | None, typer.Option(help="the new role; none when they leave")] = None,
    unit: Annotated[str, typer.Option(help="the new unit")] = "",
    by: By = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """End somebody's duties at an instant, with or without new ones (R-071)."""
    fields = {
        "user_id": user_id,
        "at_us": when_us(at, now_of(data), "--at"),
        "role": None if role is None else str(_role(role)),
        "unit": unit,
    }
    _administer(data, by, "transfer", fields, as_json)


def suspend(
    user_id: UserId,
    lift: Annotated[bool, typer.Option("--lift", help="end a suspension")] = False,
    by: By = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Suspend somebody, at once (R-086)."""
    _administer(data, by, "suspension", {"user_id": user_id, "lifted": lift}, as_json)


def train(
    user_id: UserId,
    until: Annotated[str, typer.Option(help="+365d, or ISO 8601 with a zone; exclusive")] = "+365d",
    by: By = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Record somebody's training and when it runs out (R-083)."""
    _administer(
        data, by, "training", {"user_id": user_id, "until_us": when_us(until, now_of(data), "--until")}, as_json
    )


def _administer(data: DataOption, by: str, kind: str, fields: dict[str, Any], as_json: bool) -> None:
    with open_desk(data) as desk:
        outcome = desk.administer(by, kind, fields, now_of(data))
    raise typer.Exit(show_outcome(outcome, as_json))
