"""`calea-lab case seal | hand-off | close | duties | destroy`: an order behind its end, and what is due by when.

Exit code 0 done, 1 refused (or, with `duties --check`, late), 2 usage. Every refusal names its rules and is recorded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from collector.custody.said import Said
from lab.case_file import Docket, Verdict, alarm_fields
from lab.case_moves import close as close_case
from lab.case_moves import hand_off as hand_over
from lab.case_moves import seal as seal_order
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.times import iso
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.case_log import duties_for
from mediation.law.custody import destruction_lacks
from mediation.law.disclosure import Disposition, Outcome
from mediation.law.duties import state_of
from mediation.runtime.config import ConfigError

OrderArgument = Annotated[str, typer.Argument(metavar="ORDER")]
ByOption = Annotated[str, typer.Option("--by", help="who does it")]


def seal(
    order_id: OrderArgument,
    by: ByOption,
    custody: Annotated[str, typer.Option(help="where the judge orders the original to be kept")] = "",
    direction: Annotated[
        str, typer.Option(help="the judge's direction; the document of the sealed version when not given")
    ] = "",
    directory: Annotated[
        Path | None, typer.Option(help="where the copy goes; DATA/sealed/ORDER when not given")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Seal an order that has ended: a copy outside the store that proves itself (R-131, R-134, R-144)."""
    with Docket(data) as docket:
        order = docket.order(order_id)
        verdict, made = seal_order(docket, order, by, custody, direction, directory)
        docket.raise_alarms([order])
    raise typer.Exit(show(verdict, made, as_json))


def hand_off(
    order_id: OrderArgument,
    by: ByOption,
    to: Annotated[str, typer.Option(help="a configured case-management system")],
    need: Annotated[str, typer.Option(help="why it needs it")] = "long-term keeping of the case file",
    receipt: Annotated[str, typer.Option(help="what that system answered")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Hand a sealed order over to case management, with a manifest of every file (R-130, R-142, R-173)."""
    with Docket(data) as docket:
        verdict, made = hand_over(docket, docket.order(order_id), by, to, need, receipt)
    raise typer.Exit(show(verdict, made, as_json))


def close(
    order_id: OrderArgument,
    by: ByOption,
    disposition: Annotated[str, typer.Option(help=", ".join(one.name.lower() for one in Outcome))] = "",
    classification: Annotated[str, typer.Option(help="decides how long the city's schedule keeps it")] = "",
    appeal_pending: Annotated[bool, typer.Option("--appeal-pending", help="an appeal is still pending")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Close a case after its final disposition; nobody opens it again (R-145, R-149)."""
    outcome = None if not disposition.strip() else outcome_of(disposition)
    with Docket(data) as docket:
        order = docket.order(order_id)
        verdict, made = close_case(docket, order, by, Disposition(outcome, classification, appeal_pending))
    raise typer.Exit(show(verdict, made, as_json))


def outcome_of(text: str) -> Outcome:
    try:
        return Outcome[text.strip().upper().replace("-", "_")]
    except KeyError:
        raise ConfigError(f"{text!r} is no disposition: {', '.join(one.name.lower() for one in Outcome)}.") from None


def destroy(
    order_id: OrderArgument,
    by: ByOption = "adair",
    judge_order: Annotated[str, typer.Option("--judge-order", help="the issuing judge's order")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Ask whether a sealed original may be destroyed (R-133), and record the answer. Nothing is deleted here: this lab
    has no command that deletes, and its store lets go of its oldest records alone (R-141)."""
    with Docket(data) as docket:
        order = docket.order(order_id)
        facts = Circumstances(judge_direction_id=judge_order)
        asked = docket.ask(by, Action.ORDER_DESTRUCTION_OR_CUSTODY, order, "destruction", facts)
        lacks = destruction_lacks(order.effective_window.end_us, docket.now_us, judge_order)
        verdict = docket.judge("destroy", by, order, asked, missing=lacks)
        made = {"order_id": order_id, "case_id": order.case_id, "by": by, "judge_order": judge_order, "deleted": False}
        if verdict.allowed:
            docket.record("destruction_permitted", made)
    raise typer.Exit(show(verdict, made if verdict.allowed else {}, as_json))


def duties(
    order_id: Annotated[str | None, typer.Argument(metavar="[ORDER]", help="all orders when not given")] = None,
    check: Annotated[bool, typer.Option("--check", help="exit code 1 when something is late or overdue")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What must be done by when, and what is late by the run's clock. Each alarm is recorded once."""
    with Docket(data) as docket:
        orders = docket.orders() if order_id is None else (docket.order(order_id),)
        alarms = docket.raise_alarms(orders)
        log, now_us = docket.log(), docket.now_us
    found = dict.fromkeys(one for order in orders for one in duties_for(order, log))
    rows = [
        {
            "duty": str(one.kind),
            "subject": one.subject,
            "rule": one.rule,
            "from": iso(one.from_us),
            "due": iso(one.due_us),
            "state": str(state_of(one, log.acts, now_us)),
        }
        for one in sorted(found, key=lambda each: (each.due_us, each.kind, each.subject))
    ]
    if as_json:
        print_json({"at": iso(now_us), "duties": rows, "alarms": [alarm_fields(one) for one in alarms]})
    else:
        columns = ("duty", "subject", "rule", "due (UTC)", "state")
        cells = [(one["duty"], one["subject"], one["rule"], one["due"], one["state"]) for one in rows]
        table(f"Duties at {iso(now_us)}", columns, cells, console())
        for alarm in alarms:
            console().print(f"{alarm.severity}: {alarm.says}", markup=False)
    raise typer.Exit(1 if check and alarms else 0)


def show(verdict: Verdict, made: dict[str, Any], as_json: bool) -> int:
    """Prints the answer with everything that stands against it; the exit code."""
    if as_json:
        print_json(
            {"allowed": verdict.allowed, "event_id": verdict.event_id, **made, "against": _rows(verdict.against)}
        )
    else:
        out = console()
        out.print(f"{'allowed' if verdict.allowed else 'refused'} ({verdict.event_id})", markup=False)
        for name, value in made.items():
            out.print(f"  {name}: {value}", markup=False)
        for one in verdict.against:
            out.print(f"  {one.code}: {one.rule} {one.says}", markup=False)
    return 0 if verdict.allowed else 1


def _rows(against: tuple[Said, ...]) -> list[dict[str, str]]:
    return [one._asdict() for one in against]
