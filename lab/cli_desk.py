"""`calea-lab desk init | enter | leave | tick`: the desk itself, and who is in which facility."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.cli_order import now_of
from lab.desk import CAST, FACILITIES, desk_directory, device, make_desk, open_desk
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json
from lab.times import iso
from mediation.runtime.config import ConfigError


def init(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Make a desk with the four facilities and the lab's cast."""
    entries = make_desk(data, now_of(data))
    made = {"desk": str(desk_directory(data)), "facilities": list(FACILITIES), "users": [one[0] for one in CAST]}
    if as_json:
        print_json({**made, "entries": entries})
    else:
        names = ", ".join(f"{name} {role}" for name, role, *_ in CAST)
        console().print(f"{made['desk']}: facilities {', '.join(FACILITIES)}; {names}", markup=False)


def enter(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    facility: Annotated[str, typer.Option(help="F1 to F4")],
    device_class: Annotated[str, typer.Option("--device", help="CALEA_STATION, NYPD_PED, …")] = "CALEA_STATION",
    segment: Annotated[
        str | None, typer.Option(help="what the client's network is known for; the device when not given")
    ] = None,
    remote: Annotated[bool, typer.Option("--remote", help="from outside")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Write a row of a facility's entry log (R-079); it counts for the tour it is written in."""
    now_us = now_of(data)
    network = None if segment is None else device(segment)
    with open_desk(data) as desk:
        if facility not in desk.state.facilities:
            places = ", ".join(sorted(desk.state.facilities))
            raise ConfigError(f"{facility} is none of the facilities {places} (R-075): give --facility one of them.")
        desk.enter(user_id, facility, device(device_class), now_us, network, remote)
        number = desk.entries - 1
    if as_json:
        print_json({"entry": number, "user": user_id, "facility": facility, "at": iso(now_us)})
    else:
        console().print(f"{user_id} is at {facility} since {iso(now_us)}", markup=False)


def leave(
    user_id: Annotated[str, typer.Argument(metavar="USER")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """End somebody's presence."""
    with open_desk(data) as desk:
        number = desk.record("exit", {"user_id": user_id}, now_of(data))
    if as_json:
        print_json({"entry": number, "user": user_id})
    else:
        console().print(f"{user_id} has left", markup=False)


def tick(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """End what time has ended: grants whose order is over or lapsed, and the sessions under them (R-074)."""
    with open_desk(data) as desk:
        ends = desk.tick(now_of(data))
    found = [
        {"grant": one.grant_id, "ended": iso(one.at_us), "reason": one.reason.name, "rule": one.rule} for one in ends
    ]
    if as_json:
        print_json(found)
    else:
        for one in found:
            console().print(f"{one['grant']} ended {one['ended']}: {one['reason']} ({one['rule']})", markup=False)
