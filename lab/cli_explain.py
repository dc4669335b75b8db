"""`calea-lab explain RECORD|ORDER|ACCESS`: why a record was judged as it was, how an order stands and what became of
its records, or why an attempt at the desk was allowed or denied.

Read offline from the collector's store, its own copies of the court's documents and the desk's ledger. One shape for
all three (docs/explain.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from asn1.errors import DecodeError
from asn1.ps_pdu import liid_text
from collector.desk.explain import explain_access
from collector.explain import Step, explain_reason, explain_record, explain_void
from collector.explain_order import explain_order
from collector.facts import RecordFacts
from collector.facts.stored import facts_of_stored
from collector.registry import Registry
from collector.rows import FORM_RECEIVED
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from lab.cli_order import described, now_of
from lab.cli_verify import StorePlace, find_store, find_stores
from lab.desk import desk_exists, entries_of, registry_of
from lab.fleet.of_run import collectors_of, is_fleet
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table
from lab.paths import RunPaths
from lab.results import order_rows, totals_of
from lab.times import iso
from mediation.law.orders import CourtOrder
from mediation.law.papers import missing_papers
from mediation.law.settings import DEFAULTS
from mediation.law.verdicts import Reason
from mediation.runtime.config import ConfigError

What = Annotated[
    str,
    typer.Argument(
        metavar="RECORD|ORDER|ACCESS",
        help="a record's sequence number (in a fleet collector-2/NUMBER), an order's name, access:NUMBER of the desk",
    ),
]
_ACCESS = "access:"
_INSTANTS = frozenset({"extensions", "first_interception"})


def explain(what: What, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """The decision as a short chain: fact, rule, what the rule says, where it comes from, outcome."""
    if what.startswith(_ACCESS):
        _access(what, data, as_json)
        return
    registry = registry_of(data)
    shard, _, number = what.rpartition("/")
    if not (number.isascii() and number.isdecimal()):
        _order(what, data, registry, as_json)
        return
    if shard and shard not in collectors_of(data):
        raise ConfigError(f"There is no collector {shard} here: say one of {', '.join(collectors_of(data))}.")
    _record(int(number), find_store(data / shard), registry, as_json)


def _access(event_id: str, data: Path, as_json: bool) -> None:
    _, entries = entries_of(data)
    found = [one["fields"] for one in entries if one["kind"] == "access" and one["fields"]["event_id"] == event_id]
    if not found:
        raise ConfigError(f"The desk has no attempt {event_id}: `calea-lab audit show --kind access` lists them.")
    steps = explain_access(found[0])
    if as_json:
        print_json({"access": event_id, "entry": found[0], "steps": [step._asdict() for step in steps]})
        return
    out = console()
    banner(out)
    said = f"Why {event_id} was {found[0]['decision'].lower()}"
    table(said, _COLUMNS, [_cells(step) for step in steps], out)


def _record(sequence: int, place: StorePlace, registry: Registry, as_json: bool) -> None:
    reader = StoreReader(place.store, Keys(place.keys))
    record, void = reader.read(sequence), reader.voids().of(sequence)
    if void is not None:
        _print_steps(sequence, explain_void(sequence, void), as_json)
        return
    if record is None:
        raise ConfigError(f"There is no record {sequence} in {place.store}: it was evicted, or never stored.")
    standing = reader.standings().of(record)
    _print_steps(sequence, explain_record(record, _order_of(record, registry), _facts(record), standing), as_json)


def _print_steps(sequence: int, steps: tuple[Step, ...], as_json: bool) -> None:
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
        return facts_of_stored(
            record.content_tag, record.record or b"", record.received_us, liid_text(record.liid), record.cin
        )
    except DecodeError:
        return None


def _order(name: str, data: Path, registry: Registry, as_json: bool) -> None:
    versions = [one for one in registry.current() if one.order_id == name]
    if not versions:
        raise ConfigError(f"The collector has no order {name}: `calea-lab order show` lists those the court signed.")
    order, now_us = versions[0], now_of(data)
    signed = [one for number in range(1, order.version + 1) if (one := registry.version(name, number)) is not None]
    desk = entries_of(data)[0] if desk_exists(data) else None
    missing = missing_papers(order, registry.papers(name), DEFAULTS, now_us)
    steps = explain_order(order, signed, missing, now_us, desk)
    stores = [place.store for place in find_stores(data)] if is_fleet(data) or RunPaths(data).store.exists() else []
    row = order_rows(totals_of(*stores), versions)[0] if stores else None
    counted = {} if row is None else row["reasons"]
    reasons = [(count, explain_reason(Reason[reason])) for reason, count in counted.items() if reason != "OK"]
    fields = described(order, now_us)
    if as_json:
        told: list[dict[str, Any]] = [{"records": count, **step._asdict()} for count, step in reasons]
        chain = [step._asdict() for step in steps]
        print_json({"order": fields, "steps": chain, "totals": row, "reasons": told})
        return
    out = console()
    banner(out)
    table(f"Order {name}", ("", ""), [(key, _said(key, value)) for key, value in fields.items()], out)
    table("How it stands", _COLUMNS, [_cells(step) for step in steps], out)
    if row is None:
        return
    names = ("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")
    table("What became of its records", names, [tuple(row[one] for one in names)], out)
    if not reasons:
        return
    lines = [(count, step.fact, step.rule, step.statement, step.source) for count, step in reasons]
    table("Why not all of it was plainly accepted", ("records", "reason", "rule", "says", "source"), lines, out)


def _said(name: str, value: object) -> str:
    """A field of an order for people: instants as times, yes and no as words."""
    if isinstance(value, list):
        return ", ".join(_said(name, one) for one in value) or "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and (name.endswith("_at") or name in _INSTANTS):
        return iso(value)
    return str(value)
