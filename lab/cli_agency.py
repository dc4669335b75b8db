"""`calea-lab agency install | remove | lend | show`: the devices around the collector, and who lets them out.

Exit code 0 done, 1 refused, 2 usage. Every refusal names its rules and is recorded at the desk.
"""

from __future__ import annotations

from typing import Annotated

import typer

from lab.agency import deploying
from lab.case_file import Docket
from lab.cli_case import show as show_verdict
from lab.desk import show_outcome
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.stack import Stack

RecorderArgument = Annotated[str, typer.Argument(metavar="RECORDER")]
OrderOption = Annotated[str, typer.Option("--order", help="the warrant that names the device")]
ByOption = Annotated[str, typer.Option("--by", help="who does it")]


def install(
    recorder: RecorderArgument,
    order: OrderOption,
    by: ByOption,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Install a covert recorder under a warrant (R-163, R-166); the collector then takes its recordings."""
    stack = Stack.load(data)
    with Docket(data) as docket:
        verdict, made = deploying.install(docket, stack, docket.order(order), recorder, by)
    raise typer.Exit(show_verdict(verdict, made, as_json))


def remove(
    recorder: RecorderArgument,
    order: OrderOption,
    by: ByOption,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Take a covert recorder out and return it to its command (R-163, R-164)."""
    stack = Stack.load(data)
    with Docket(data) as docket:
        verdict, made = deploying.remove(docket, stack, docket.order(order), recorder, by)
    raise typer.Exit(show_verdict(verdict, made, as_json))


def lend(
    recorder: RecorderArgument,
    by: ByOption,
    authorised_by: Annotated[str, typer.Option(help="the supervisor who authorises it")] = "",
    consent: Annotated[bool, typer.Option("--consent", help="one party consents, or nobody expects privacy")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Give a recorder out without a warrant (R-165): what it records stays out of the collection system (R-162)."""
    stack = Stack.load(data)
    with Docket(data) as docket:
        outcome = deploying.lend(docket, stack, recorder, by, authorised_by, consent)
    raise typer.Exit(show_outcome(outcome, as_json))


def show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """The devices of a run and how full they are."""
    found = Stack.load(data).status(deploying.PROCESS)["recorders"]
    if as_json:
        print_json({"simulation": True, "recorders": found})
        return
    columns = ("recorder", "out", "streams", "octets", "of", "full")
    keys = ("name", "out", "streaming", "used_octets", "capacity_octets", "full")
    table("Covert recorders", columns, [tuple(str(one[key]) for key in keys) for one in found], console())
