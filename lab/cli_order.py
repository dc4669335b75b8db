"""`calea-lab order create | show | extend | revoke`: the lab's court signs, and says what it signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lab.court import Court, read_fields
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.paths import RunPaths
from lab.stack import Stack, real_time
from lab.times import iso, when_us
from mediation.law.documents import extended, order_to_fields, revoked
from mediation.law.orders import CourtOrder
from mediation.runtime.clock import Clock, LineClock
from mediation.runtime.config import ConfigError


def _clock(data: Path) -> Clock:
    """The run's own time where there is a run, else the wall clock."""
    return Stack.load(data).clock if RunPaths(data).run_file.exists() else LineClock(real_time())


def create(
    kind: Annotated[str | None, typer.Option(help="PRTT, EAVESDROPPING, EXIGENT_PRTT, …")] = None,
    target: Annotated[list[str] | None, typer.Option(help="+12125550101, imsi:…, sip:…, host:…; repeatable")] = None,
    service: Annotated[list[str] | None, typer.Option(help="VOICE, SMS, MMS, DATA; repeatable")] = None,
    order_id: Annotated[str | None, typer.Option("--id", help="the order's name; made up when not given")] = None,
    liid: Annotated[str | None, typer.Option(help="label of the interception; the order's name when not given")] = None,
    start: Annotated[
        str | None, typer.Option(help="now, +90s, +2h, +3d, or ISO 8601 with a zone; now when not given")
    ] = None,
    end: Annotated[str | None, typer.Option(help="as --start; exclusive")] = None,
    days: Annotated[int | None, typer.Option(help="calendar days from the start, instead of --end")] = None,
    direction: Annotated[str | None, typer.Option(help="PRTT: PEN, TRAP or BOTH")] = None,
    case: Annotated[str | None, typer.Option(help="the case the order belongs to")] = None,
    agency: Annotated[str | None, typer.Option(help="who collects")] = None,
    file: Annotated[Path | None, typer.Option(help="the same fields from a YAML or JSON file")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign an order and send it to the carrier and to the agency. A known --id makes a new version."""
    court = Court(RunPaths(data))
    now_us = _clock(data).now_us()
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
        "days": days,
    }
    fields.update({name: value for name, value in given.items() if value is not None})
    if end is not None:
        fields["end"] = when_us(end, now_us, "--end")
    if start is not None or "start" not in fields:
        fields["start"] = when_us(start or "now", now_us, "--start")
    court.make_keys()
    _fill(fields, court)
    order = court.issue(fields)
    if as_json:
        print_json(described(order, now_us))
    else:
        _show([described(order, now_us)], f"Signed and sent: {order.order_id} version {order.version}")


def _fill(fields: dict[str, Any], court: Court) -> None:
    if not fields.get("order_id"):
        known = {one.order_id for one in court.orders()}
        fields["order_id"] = next(name for name in (f"O-{n}" for n in range(1, len(known) + 2)) if name not in known)
    fields.setdefault("liid", fields["order_id"])
    fields.setdefault("version", court.newest_version(str(fields["order_id"])) + 1)


def show(
    order_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="one order with all its versions")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """List the orders that were signed here, with their state by the clock of the run."""
    now_us = _clock(data).now_us()
    orders = list(Court(RunPaths(data)).orders())
    if order_id is not None:
        orders = [one for one in orders if one.order_id == order_id]
        if not orders:
            raise ConfigError(f"No order {order_id} in {data}: `calea-lab order show --data {data}` lists them.")
    else:
        newest = {one.order_id: one for one in orders}
        orders = list(newest.values())
    found = [described(order, now_us) for order in orders]
    if as_json:
        print_json(found)
    else:
        _show(found, f"Orders at {iso(now_us)}")


def extend(
    order_id: Annotated[str, typer.Argument(metavar="ID")],
    end: Annotated[str, typer.Option(help="+30d (from the present end), or ISO 8601 with a zone; exclusive")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign an extension: a new version that goes on where the order ends. Too late or too long is refused."""
    court, now_us = Court(RunPaths(data)), _clock(data).now_us()
    order = _newest(court, order_id, data)
    longer = extended(order, when_us(end, order.window.end_us, "--end"), now_us)
    _signed(court.sign(longer), now_us, "Extended", as_json)


def revoke(
    order_id: Annotated[str, typer.Argument(metavar="ID")],
    at: Annotated[
        str, typer.Option(help="now, +90s, or ISO 8601 with a zone; nothing from then on is covered")
    ] = "now",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Sign a revocation: a new version that covers nothing from its time on."""
    court, now_us = Court(RunPaths(data)), _clock(data).now_us()
    order = _newest(court, order_id, data)
    _signed(court.sign(revoked(order, when_us(at, now_us, "--at"))), now_us, "Revoked", as_json)


def _newest(court: Court, order_id: str, data: Path) -> CourtOrder:
    versions = [one for one in court.orders() if one.order_id == order_id]
    if not versions:
        raise ConfigError(f"No order {order_id} in {data}: `calea-lab order show --data {data}` lists them.")
    return max(versions, key=lambda one: one.version)


def _signed(order: CourtOrder, now_us: int, what: str, as_json: bool) -> None:
    if as_json:
        print_json(described(order, now_us))
    else:
        _show([described(order, now_us)], f"{what}: {order.order_id} version {order.version}")


def described(order: CourtOrder, now_us: int) -> dict[str, Any]:
    """An order for people and programs: its fields, times as text, and its state now."""
    return {
        **order_to_fields(order),
        "start": iso(order.window.start_us),
        "end": iso(order.window.end_us),
        "state_now": state_now(order, now_us),
    }


def state_now(order: CourtOrder, now_us: int) -> str:
    """By the effective window alone (R-002, R-009, R-019); what the processes make of it they say themselves."""
    window = order.effective_window
    if now_us < window.start_us:
        return "not started"
    if window.contains(now_us):
        return "active"
    return "expired" if window.end_us == order.window.end_us else "revoked"


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
