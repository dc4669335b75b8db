"""`calea-lab audit show | verify`: the desk's ledger; whether it and the desk's database are as they were written."""

from __future__ import annotations

from typing import Annotated

import typer

from lab.desk import entries_of, verified
from lab.desk_database import checked
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.times import iso
from mediation.runtime.process import EXIT_INTEGRITY


def show(
    kind: Annotated[str | None, typer.Option(help="only entries of this kind")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """The desk's ledger, oldest first."""
    _, entries = entries_of(data)
    found = [one for one in entries if kind in (None, one["kind"])]
    if as_json:
        print_json(found)
        return
    rows = []
    for one in found:
        fields = one["fields"]
        said = ", ".join(f"{name} {value}" for name, value in fields.items() if value not in ("", None, []))
        rows.append((one["seq"], iso(one["utc_us"]), one["kind"], said))
    table("The desk's ledger", ("entry", "time (UTC)", "kind", "fields"), rows, console())


def verify(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Check every entry of the desk against its chain and the signed checkpoints, and every row of its database against
    the entries. Exit code 4 when anything was changed."""
    report = verified(data)
    database = checked(data) if report.ok else None
    rows, wrong = (0, ()) if database is None else database
    if as_json:
        said = {"entries": report.entries, "signed": report.signed_entries, "faults": list(report.faults)}
        print_json({**said, "database": {"rows": rows, "faults": list(wrong)}})
    else:
        out = console()
        out.print(f"{report.entries} entries: {'whole' if report.ok else '; '.join(report.faults)}", markup=False)
        if database is not None:
            out.print(f"{rows} rows of the database: {'; '.join(wrong) or 'as they were written'}", markup=False)
    raise typer.Exit(0 if report.ok and not wrong else EXIT_INTEGRITY)
