"""`calea-lab order create | show | extend | revoke`: the lab's court signs, and says what it signed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lab.court import Court, read_fields
from lab.dialects import liid_for
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.paths import RunPaths
from lab.stack import Stack, real_time
from lab.times import iso, when_us
from mediation.law.documents import (
    CourtDocument,
    DocumentAction,
    extended,
    missing_in,
    order_to_fields,
    revoked,
)
from mediation.law.orders import CourtOrder
from mediation.runtime.clock import LineClock
from mediation.runtime.config import ConfigError


def now_of(data: Path) -> int:
    """The run's own time where there is a run, else the wall clock; microseconds."""
    clock = Stack.load(data).clock if RunPaths(data).run_file.exists() else LineClock(real_time())
    return clock.now_us()


def create(
    kind: Annotated[str | None, typer.Option(help="PRTT, EAVESDROPPING, EXIGENT_PRTT, …")] = None,
    target: Annotated[list[str] | None, typer.Option(help="+12125550101, imsi:…, sip:…, host:…; repeatable")] = None,
    service: Annotated[list[str] | None, typer.Option(help="VOICE, SMS, MMS, DATA; repeatable")] = None,
    order_id: Annotated[str | None, typer.Option("--id", help="the order's name; made up when not given")] = None,
    liid: Annotated[str | None, typer.Option(help="label of the interception; the order's name when not given")] = None,
    dialect: Annotated[
        str, typer.Option(help="how it is delivered: etsi, t1678, pcesp or ias; told by how the LIID begins")
    ] = "etsi",
    start: Annotated[
        str | None, typer.Option(help="now, +90s, +2h, +3d, or ISO 8601 with a zone; now when not given")
    ] = None,
    end: Annotated[str | None, typer.Option(help="as --start; exclusive")] = None,
    days: Annotated[int | None, typer.Option(help="calendar days from the start, instead of --end")] = None,
    direction: Annotated[str | None, typer.Option(help="PRTT: PEN, TRAP or BOTH")] = None,
    case: Annotated[str | None, typer.Option(help="the case the order belongs to")] = None,
    agency: Annotated[str | None, typer.Option(help="who collects")] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="STATE or FEDERAL")] = None,
    activated: Annotated[
        str | None, typer.Option(help="exigent: the first activation, as --start; the start when not given")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="the same fields, and papers, from a YAML or JSON file")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign an order and send it to the carrier and to the agency. A known --id makes a new version."""
    if days is not None and end is not None:
        raise ConfigError("Give --days or --end: each says when the order ends.")
    court = Court(RunPaths(data))
    now_us = now_of(data)
    fields: dict[str, Any] = read_fields(file) if file is not None else {}
    given: dict[str, Any] = {
        "kind": kind,
        "targets": target or None,
        "services": service or None,
        "order_id": order_id,
        "liid": liid,
        "direction": direction,
        "case_id": case,
        "agency": agency,
        "jurisdiction": jurisdiction,
        "days": days,
    }
    fields.update({name: value for name, value in given.items() if value is not None})
    if end is not None:
        fields["end"] = when_us(end, now_us, "--end")
    if start is not None or "start" not in fields:
        fields["start"] = when_us(start or "now", now_us, "--start")
    if activated is not None:
        fields["activated_at"] = when_us(activated, now_us, "--activated")
    court.make_keys()
    _fill(fields, court, dialect)
    tell(court.issue(fields, issued_at_us=now_us, complete=True), now_us, "Signed and sent", as_json, court.refusals)


def _fill(fields: dict[str, Any], court: Court, dialect: str) -> None:
    if not fields.get("order_id"):
        known = {one.order_id for one in court.orders()}
        fields["order_id"] = next(name for name in (f"O-{n}" for n in range(1, len(known) + 2)) if name not in known)
    name = str(fields["order_id"])
    # A new version keeps the label it has, and with it the dialect.
    labels = [one.liid for one in court.orders() if one.order_id == name]
    fields["liid"] = liid_for(dialect, fields.get("liid") or next(reversed(labels), None), name)
    fields.setdefault("version", court.newest_version(str(fields["order_id"])) + 1)


def show(
    order_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="one order with all its versions")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """List the orders that were signed here, with their state by the clock of the run."""
    now_us = now_of(data)
    documents = list(Court(RunPaths(data)).documents())
    if order_id is None:
        documents = list({one.order.order_id: one for one in documents}.values())
    else:
        documents = [one for one in documents if one.order.order_id == order_id]
        if not documents:
            raise ConfigError(f"No order {order_id} in {data}: `calea-lab order show --data {data}` lists them.")
    found = [described(one.order, now_us) | _signed(one) for one in documents]
    if as_json:
        print_json(found)
        return
    _show(found, f"Orders at {iso(now_us)}")
    if order_id is not None:
        columns = ("version", "action", "signed (UTC)", "papers")
        rows = [(one["version"], one["action"], one["signed_at"], one["papers"]) for one in found]
        table(f"What the court signed of {order_id}", columns, rows, console())


def _signed(document: CourtDocument) -> dict[str, Any]:
    missing = missing_in(document)
    return {
        "action": str(document.action),
        "signed_at": iso(document.issued_at_us),
        "papers": "; ".join(f"{one.code} ({one.rule})" for one in missing) or "complete",
    }


def extend(
    order_id: Annotated[str, typer.Argument(metavar="ID")],
    end: Annotated[str, typer.Option(help="+30d (from the present end), or ISO 8601 with a zone; exclusive")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign an extension: a new version that goes on where the order ends. Too late or too long is refused."""
    court, now_us = Court(RunPaths(data)), now_of(data)
    order = newest(court, order_id, data)
    longer = extended(order, when_us(end, order.window.end_us, "--end"), now_us)
    tell(court.sign(longer, DocumentAction.EXTEND, now_us), now_us, "Extended", as_json, court.refusals)


def revoke(
    order_id: Annotated[str, typer.Argument(metavar="ID")],
    at: Annotated[
        str, typer.Option(help="now, +90s, or ISO 8601 with a zone; nothing from then on is covered")
    ] = "now",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign a revocation: a new version that covers nothing from its time on."""
    court, now_us = Court(RunPaths(data)), now_of(data)
    order = newest(court, order_id, data)
    at_us = when_us(at, now_us, "--at")
    ended = revoked(order, at_us)
    early = at_us < order.window.start_us
    what = "Revoked from its start on, since --at lies before it" if early else "Revoked"
    tell(court.sign(ended, DocumentAction.REVOKE, now_us), now_us, what, as_json, court.refusals)


def newest(court: Court, order_id: str, data: Path) -> CourtOrder:
    """The newest version of an order. Raises `ConfigError` when there is none."""
    versions = [one for one in court.orders() if one.order_id == order_id]
    if not versions:
        raise ConfigError(f"No order {order_id} in {data}: `calea-lab order show --data {data}` lists them.")
    return max(versions, key=lambda one: one.version)


def tell(order: CourtOrder, now_us: int, what: str, as_json: bool, refusals: Mapping[str, str]) -> None:
    """What was signed and sent, and what the receivers had against it."""
    if as_json:
        print_json(described(order, now_us) | ({"refused_by": dict(refusals)} if refusals else {}))
        return
    _show([described(order, now_us)], f"{what}: {order.order_id} version {order.version}")
    for process, why in refusals.items():
        console().print(f"{process} refuses it: {why}", markup=False)


def described(order: CourtOrder, now_us: int) -> dict[str, Any]:
    """An order for people and programs: its fields, times as text, and its state now."""
    return {
        **order_to_fields(order),
        "start": iso(order.window.start_us),
        "end": iso(order.window.end_us),
        "state_now": state_now(order, now_us),
    }


def state_now(order: CourtOrder, now_us: int) -> str:
    """By the effective window alone (R-002, R-009, R-019, R-040); what the processes make of it they say themselves."""
    window = order.effective_window
    if now_us < window.start_us:
        return "not started"
    if window.contains(now_us):
        return "active"
    if window.end_us == order.window.end_us:
        return "expired"
    return "revoked" if order.revoked_at_us == window.end_us else "ended early"


def _show(found: list[dict[str, Any]], title: str) -> None:
    out = console()
    rows = [
        (
            one["order_id"],
            one["version"],
            one["kind"],
            one["liid"],
            " ".join(one["targets"]),
            " ".join(one["services"]) or "-",
            one["start"],
            one["end"],
            one["state_now"],
        )
        for one in found
    ]
    columns = ("order", "version", "kind", "LIID", "targets", "services", "start (UTC)", "end (UTC)", "state")
    table(title, columns, rows, out)
    if not rows:
        out.print("None yet: calea-lab order create --kind PRTT --target +12125550101 --days 30", markup=False)
