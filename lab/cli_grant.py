"""`calea-lab request …`, `grant`, `ticket …`: who asks, who checks, who lets in; each is another person."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.cli_order import now_of
from lab.desk import open_desk, registry_of, show_outcome
from lab.output import DEFAULT_DATA, DataOption, JsonOption
from mediation.law.papers import missing_papers
from mediation.law.settings import DEFAULTS
from mediation.runtime.config import ConfigError

RequestId = Annotated[str, typer.Argument(metavar="REQUEST")]
TicketId = Annotated[str, typer.Argument(metavar="TICKET")]
Checker = Annotated[str, typer.Option("--by", help="a member of the technical unit")]


def open_request(
    case_id: Annotated[str, typer.Argument(metavar="CASE")],
    order_id: Annotated[str, typer.Option("--order", help="the order whose papers the access stands on")],
    by: Annotated[str, typer.Option("--by", help="who asks")] = "rivera",
    user: Annotated[list[str] | None, typer.Option(help="for whom; who asks when not given; repeatable")] = None,
    author: Annotated[str, typer.Option(help="who wrote the order document")] = "weiss",
    supervisor: Annotated[str, typer.Option(help="who supervises the case")] = "okafor",
    prosecutor: Annotated[str, typer.Option(help="whose case it is")] = "weiss",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Ask for access to a case."""
    with open_desk(data) as desk:
        outcome = desk.open_request(by, case_id, order_id, now_of(data), author, user or (), supervisor, prosecutor)
    raise typer.Exit(show_outcome(outcome, as_json))


def check(
    request_id: RequestId, by: Checker = "brandt", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Check the papers of a request's order; each missing item is recorded by name."""
    now_us = now_of(data)
    with open_desk(data) as desk:
        request = desk.state.requests.get(request_id)
        if request is None:
            raise ConfigError(f"There is no request {request_id}: `calea-lab request open` makes one.")
        registry = registry_of(data)
        order = next((one for one in registry.current() if one.order_id == request.order_id), None)
        if order is None or order.case_id != request.case_id:
            missing = ["DOC_MISSING:order"]
        else:
            papers = registry.papers(order.order_id)
            missing = [one.code for one in missing_papers(order, papers, DEFAULTS, now_us)]
        outcome = desk.check_request(by, request_id, missing, now_us)
    for item in missing if outcome.answer.allowed else ():
        typer.echo(item, err=True)
    raise typer.Exit(show_outcome(outcome, as_json) or int(bool(missing)))


def accept(
    request_id: RequestId, by: Checker = "brandt", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Accept a request whose papers a check found complete."""
    _decide(request_id, by, True, data, as_json)


def refuse(
    request_id: RequestId, by: Checker = "brandt", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Refuse a request."""
    _decide(request_id, by, False, data, as_json)


def _decide(request_id: str, by: str, accepted: bool, data: DataOption, as_json: bool) -> None:
    with open_desk(data) as desk:
        outcome = desk.decide_request(by, request_id, accepted, now_of(data))
    raise typer.Exit(show_outcome(outcome, as_json))


def grant(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    case_id: Annotated[str, typer.Argument(metavar="CASE")],
    by: Checker = "chen",
    end: Annotated[bool, typer.Option("--end", help="end their access instead")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Let a user into a case for as long as its order lasts, or end it. Another than whoever checked the papers."""
    with open_desk(data) as desk:
        act = desk.end_grants if end else desk.grant
        outcome = act(by, user_id, case_id, now_of(data))
    raise typer.Exit(show_outcome(outcome, as_json))


def open_ticket(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    minutes: Annotated[int, typer.Option(min=1, max=24 * 60, help="the time box, from its approval on")] = 60,
    contract: Annotated[str, typer.Option(help="the vendor's contract")] = "",
    need_to_know: Annotated[bool, typer.Option("--need-to-know", help="that they need it for the fault")] = False,
    case_id: Annotated[str, typer.Option("--case", help="an integrity case's")] = "",
    by: Annotated[str, typer.Option("--by", help="who opens it")] = "lund",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Open a ticket; it opens nothing until another person approves it (SD-4)."""
    with open_desk(data) as desk:
        if user_id not in desk.state.users:
            raise ConfigError(f"There is no user {user_id}: `calea-lab user add` enters one, `user show` lists them.")
        outcome = desk.open_ticket(by, user_id, now_of(data), minutes, contract, need_to_know, case_id)
    raise typer.Exit(show_outcome(outcome, as_json))


def approve(
    ticket_id: TicketId, by: Checker = "chen", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Approve a ticket; its time begins."""
    with open_desk(data) as desk:
        outcome = desk.approve_ticket(by, ticket_id, now_of(data))
    raise typer.Exit(show_outcome(outcome, as_json))
