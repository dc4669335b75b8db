"""`calea-lab export evidence`: an order's evidence bundle, for whoever may read what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from collector.export.evidence import Bundle, make_bundle
from lab.case_file import Docket
from lab.cli_case import ByOption, show
from lab.cli_order import newest, now_of
from lab.cli_verify import StorePlace, find_store, find_stores
from lab.court import Court
from lab.desk import desk_exists
from lab.exports import Record, recorded_in
from lab.fleet.of_run import SHARDS_FILE, is_fleet
from lab.fleet.spanning import bundles_of
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json
from lab.paths import RunPaths
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.orders import CourtOrder


def evidence(
    order_id: Annotated[str, typer.Option("--order", metavar="ORDER", help="whose records")],
    by: ByOption,
    reason: Annotated[str, typer.Option(help="why, for the ledger")] = "evidence bundle",
    out: Annotated[Path | None, typer.Option("--out", help="a directory that is not there yet")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Put together everything readable of an order, with its proofs and a verifier, in one directory."""
    target = (out or data / "evidence" / f"{order_id}-{now_of(data) // 1_000_000}").absolute()
    if not desk_exists(data):
        # A demonstration has no desk, and nobody's access to ask about: the export is listed beside its files.
        order = newest(Court(RunPaths(data)), order_id, data)
        _make_and_tell(data, order, target, by, reason, recorded_in(data, now_of(data)), as_json)
        return
    with Docket(data) as docket:
        order = docket.order(order_id)
        action = Action.READ_CALL_IDENTIFYING if order.kind.metadata_only else Action.READ_CONTENT
        asked = docket.ask(by, action, order, "evidence", Circumstances(logged_reason=reason))
        verdict = docket.judge("evidence", by, order, asked)
        if not verdict.allowed:
            raise typer.Exit(show(verdict, {}, as_json))
        with docket.away():
            _make_and_tell(data, order, target, by, reason, docket.record, as_json)


def _make_and_tell(
    data: Path, order: CourtOrder, target: Path, by: str, reason: str, record: Record, as_json: bool
) -> None:
    def make(place: StorePlace, target: Path) -> Bundle:
        return make_bundle(
            place.store, place.audit, place.signing_keys(), order, target, by=by, reason=reason, now_us=now_of(data),
            record=record,
        )  # fmt: skip

    if not is_fleet(data):
        _tell(make(find_store(data), target), as_json)
        return
    places = {place.store.parent.name: place for place in find_stores(data)}
    made = bundles_of(data, target, lambda name, where: make(places[name], where))
    if as_json:
        print_json({"directory": str(target), "shards": {name: _said(one) for name, one in made.items()}})
        return
    for one in made.values():
        _tell(one, as_json)
    console().print(f"{target / SHARDS_FILE} says what of the fleet is lost", markup=False)


def _said(made: Bundle) -> dict[str, Any]:
    return {**made._asdict(), "directory": str(made.directory)}


def _tell(made: Bundle, as_json: bool) -> None:
    if as_json:
        print_json(_said(made))
        return
    out = console()
    out.print(f"{made.directory}: {made.records} records, {made.withheld} withheld and listed", markup=False)
    out.print(f"open {made.directory / 'index.html'}; check with python3 {made.directory / 'verify.py'}", markup=False)
