"""`calea-lab agency …`: the devices around the collector and who lets them out; record management and what goes there.

Exit code 0 done, 1 refused, 2 usage. Every refusal names its rules and is recorded at the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from collector.console.passwords import Passwords, one_time_password
from lab import control
from lab.agency import deploying, handing_off
from lab.agency.records.config import RecordsConfig
from lab.agency.records.database import Database
from lab.agency.records.deeds import DEEDS
from lab.agency.records.tables import PEOPLE
from lab.case_file import Docket
from lab.cli_case import show as show_verdict
from lab.desk import show_outcome
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.paths import RunPaths
from lab.stack import Stack
from lab.times import when_us
from mediation.runtime.config import ConfigError, NotReadyError, load_config

_NAMED = {"verify": "package_id", "review": "request_id", "report": "incident_id", "told": "disclosure_id"}
"""What the `--id` of a deed names."""
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
    said = Stack.load(data).status(deploying.PROCESS)
    if as_json:
        print_json(said)
        return
    found = said["recorders"]
    columns = ("recorder", "out", "streams", "octets", "of", "full")
    keys = ("name", "out", "streaming", "used_octets", "capacity_octets", "full")
    table("Covert recorders", columns, [tuple(str(one[key]) for key in keys) for one in found], console())
    held = ("name", "used_octets", "capacity_octets", "full", "vpn")
    rows = [tuple(str(one[key]) for key in held) for one in (*said["cameras"], *said["handhelds"])]
    table("Cameras and handhelds", ("device", "octets", "of", "full", "VPN"), rows, console())


def look(
    handheld: Annotated[str, typer.Argument(metavar="HANDHELD")],
    by: ByOption,
    password: Annotated[str, typer.Option(help="theirs in record management")],
    need: Annotated[str, typer.Option(help="what for")] = "",
    case: Annotated[str, typer.Option(help="of this case")] = "",
    who: Annotated[str, typer.Option(help="a number, a person or a device")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Look something up in record management from a handheld, through its VPN (R-170)."""
    port = Stack.load(data).running[deploying.PROCESS].control_port
    asked = {"by": by, "password": password, "need": need, "case_id": case, "who": who}
    status, answer = control.answer(port, f"/handhelds/{handheld}/look", asked)
    if as_json:
        print_json(answer)
    else:
        _tell({"allowed": status == 200, **answer})
    raise typer.Exit(0 if status == 200 else 1)


def hand_over(
    order: Annotated[str, typer.Argument(metavar="ORDER")],
    by: ByOption,
    to: Annotated[str, typer.Option(help="a configured case-management system")] = "CMS-1",
    investigator: Annotated[str, typer.Option(help="who keeps it from now on")] = "rivera",
    need: Annotated[str, typer.Option(help="why it needs it")] = "long-term keeping of the case file",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Hand a sealed order over to record management: its evidence bundle goes, a signed receipt comes back (R-130)."""
    stack = Stack.load(data)
    with Docket(data) as docket:
        verdict, made = handing_off.hand_over(docket, stack, docket.order(order), by, to, investigator, need)
    raise typer.Exit(show_verdict(verdict, made, as_json))


def records(
    deed: Annotated[str, typer.Argument(help=", ".join(DEEDS))],
    fields: Annotated[list[str] | None, typer.Argument(metavar="NAME=VALUE…", help="times as ISO 8601")] = None,
    by: Annotated[str, typer.Option("--by", help="who does it")] = "",
    identifier: Annotated[str, typer.Option("--id", help="of the package, request, incident or disclosure")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Do something in record management, as somebody. Exit code 1 when it is refused, with the rules."""
    if deed not in DEEDS:
        raise ConfigError(f"{deed!r} is no deed: {', '.join(DEEDS)}.")
    stack = Stack.load(data)
    if handing_off.PROCESS not in stack.alive:
        raise NotReadyError(f"No record management runs in {data}: `calea-lab up --agency` starts it.")
    asked = {"by": by, **dict(_field(one, stack.clock.now_us()) for one in fields or ())}
    if identifier:
        asked[_NAMED.get(deed, "case_id")] = identifier
    port = stack.running[handing_off.PROCESS].control_port
    status, answer = control.answer(port, f"/do/{deed}", asked)
    if as_json:
        print_json(answer)
    else:
        _tell(answer)
    raise typer.Exit(0 if status == 200 else 1)


def _field(text: str, now_us: int) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"{text!r} is no NAME=VALUE.")
    if name.endswith("_us"):
        return name, when_us(value, now_us, name)
    if name == "what":
        return name, value.split(",")
    return name, {"true": True, "false": False}.get(value, value)


def _tell(answer: Mapping[str, Any]) -> None:
    out = console()
    if "error" in answer:
        out.print(str(answer["error"]), markup=False)
        return
    out.print("allowed" if answer.get("allowed") else "refused", markup=False)
    for name, value in answer.items():
        if name not in ("allowed", "against"):
            out.print(f"  {name}: {value}", markup=False)
    for one in answer.get("against", ()):
        out.print(f"  {one['code']}: {one['rule']} {one['says']}", markup=False)


def password(
    user: Annotated[str, typer.Argument(metavar="USER")], data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """A new password of somebody in record management. Shown once."""
    made = one_time_password()
    config = load_config(RunPaths(data).config(handing_off.PROCESS), RecordsConfig)
    hasher, database = Passwords(config.argon2_memory_kib, config.argon2_passes), Database(config.database_url)
    try:
        if database.one(PEOPLE, user_id=user) is None:
            raise ConfigError(f"Record management knows no {user}.")
        database.set(PEOPLE, {"user_id": user}, {"password": hasher.hashed(made), "failed": 0})
    finally:
        hasher.close()
        database.close()
    if as_json:
        print_json({"user": user, "password": made})
    else:
        console().print(f"{user}: {made}", markup=False)
