"""`calea-lab doctor`: is this machine ready for a run."""

from __future__ import annotations

import typer

from lab import doctor as examination
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from mediation.runtime.process import EXIT_NOT_READY


def doctor(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Look whether this machine is ready for a run. Exit code 3 when it is not."""
    checks = examination.examine(data)
    if as_json:
        print_json([{"check": one.name, "ok": one.ok, "found": one.found, "advice": one.advice} for one in checks])
    else:
        rows = [
            (one.name, "good" if one.ok else "NOT READY", one.found, "" if one.ok else one.advice) for one in checks
        ]
        table("This machine", ("check", "", "found", "what to do"), rows, console())
    raise typer.Exit(0 if all(one.ok for one in checks) else EXIT_NOT_READY)
