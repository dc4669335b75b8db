"""`calea-lab explain RECORD|ORDER`: why a record was judged as it was, or what became of an order's records and why.

Read offline from the collector's store and its own copies of the court's documents.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from asn1.errors import DecodeError
from asn1.ps_pdu import decode_ps_pdu
from collector.explain import Step, explain_reason, explain_record
from collector.facts import RecordFacts, facts_of
from collector.registry import Registry
from collector.rows import FORM_RECEIVED
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from lab.cli_order import described
from lab.cli_verify import StorePlace, find_store
from lab.court import Court
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table
from lab.paths import RunPaths
from lab.results import order_rows, totals_of
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import Reason
from mediation.runtime.config import ConfigError

What = Annotated[str, typer.Argument(metavar="RECORD|ORDER", help="a record's sequence number, or an order's name")]


def explain(what: What, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """The decision as a short chain: fact, rule, what the rule says, where it comes from, outcome."""
    place = find_store(data)
    registry = Registry(RunPaths(data).inbox("collector"), Court(RunPaths(data)).public_key())
    registry.reload()
    if what.isascii() and what.isdecimal():
        _record(int(what), place, registry, as_json)
    else:
        _order(what, place, registry, as_json)


def _record(sequence: int, place: StorePlace, registry: Registry, as_json: bool) -> None:
    reader = StoreReader(place.store, Keys(place.keys))
    record = reader.read(sequence)
    if record is None:
        raise ConfigError(f"There is no record {sequence} in {place.store}: it was evicted, or never stored.")
    standing = reader.standings().of(record)
    steps = explain_record(record, _order_of(record, registry), _facts(record), standing)
    if as_json:
        print_json({"record": sequence, "steps": [step._asdict() for step in steps]})
        return
    out = console()
    banner(out)
    table(f"Why record {sequence} was judged as it was", _COLUMNS, [_cells(step) for step in steps], out)


_COLUMNS = ("check", "outcome", "found", "rule", "says", "source")


def _cells(step: Step) -> tuple[str, ...]:
    return (step.check, step.outcome, step.fact, step.rule, step.statement, step.source)


def _order_of(record: StoredRecord, registry: Registry) -> CourtOrder | None:
    for order in registry.current():
        if order.uid == record.uid:
            return registry.version(order.order_id, record.version)
    return None


def _facts(record: StoredRecord) -> RecordFacts | None:
    if record.form != FORM_RECEIVED or record.octets is None:
        return None
    try:
        return facts_of(decode_ps_pdu(record.octets), record.received_us)
    except DecodeError:
        return None


def _order(name: str, place: StorePlace, registry: Registry, as_json: bool) -> None:
    versions = [one for one in registry.current() if one.order_id == name]
    if not versions:
        raise ConfigError(f"The collector has no order {name}: `calea-lab order show` lists those the court signed.")
    row = order_rows(totals_of(place.store), versions)[0]
    steps = [(count, explain_reason(Reason[reason])) for reason, count in row["reasons"].items() if reason != "OK"]
    fields = described(versions[0], 0)
    fields.pop("state_now")
    if as_json:
        reasons: list[dict[str, Any]] = [{"records": count, **step._asdict()} for count, step in steps]
        print_json({"order": fields, "totals": row, "reasons": reasons})
        return
    out = console()
    banner(out)
    table(f"Order {name}", ("", ""), [(key, str(value)) for key, value in fields.items()], out)
    names = ("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")
    table("What became of its records", names, [tuple(row[one] for one in names)], out)
    lines = [(count, step.fact, step.rule, step.statement, step.source) for count, step in steps]
    table("Why not all of it was plainly accepted", ("records", "reason", "rule", "says", "source"), lines, out)
