"""`calea-lab order standing [ID]`: what became of the orders, asked of carrier and agency over HI1 (LIST, GET)."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from asn1.errors import RemoteError
from asn1.hi1_messages import Get, Got, Listing, ListObjects
from asn1.hi1_objects import ETSI, Authorisation, DictionaryEntry, HI1Object, LITask, Notification
from lab.hi1_client import Hi1Client
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.paths import RunPaths
from lab.times import iso
from mediation.law.hi1_orders import task_id
from mediation.law.orders import OrderId

RECEIVERS: Final = {"mediation": "carrier", "collector": "agency"}
_AT_ONCE: Final = 64
"""Objects asked for in one message."""


def standing(
    order_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="one order; all when not given")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What stands at carrier and agency: status of each authorisation and of its task, and what became of it."""
    client = Hi1Client(RunPaths(data))
    rows = [row for process in RECEIVERS for row in _of(client, process, order_id)]
    if as_json:
        print_json({"simulation": True, "standing": rows})
        return
    columns = ("at", "order", "version", "authorisation", "task", "provisioned (UTC)", "notices")
    lines = [(*(row[name] for name in ("at", "order", "version", "authorisation", "task", "provisioned")),
              "; ".join(row["notices"]) or "-") for row in rows]  # fmt: skip
    table("Standing (SIMULATION)", columns, lines, console())


def _of(client: Hi1Client, process: str, order_id: str | None) -> list[dict[str, Any]]:
    held = [one for kind in ("Authorisation", "Task", "Notification") for one in _objects(client, process, kind)]
    tasks = {one.object_id: one for one in held if isinstance(one, LITask)}
    notices = [one for one in held if isinstance(one, Notification)]
    rows = []
    for one in held:
        if not isinstance(one, Authorisation) or one.reference is None or order_id not in (None, one.reference):
            continue
        xid = task_id(OrderId(one.reference))
        task = tasks.get(xid)
        span = None if task is None else task.timespan
        provisioned_us = None if span is None else span.provisioning_us
        rows.append(
            {
                "at": RECEIVERS[process],
                "order": one.reference,
                "version": one.generation,
                "authorisation": "-" if one.status is None else one.status.value,
                "task": "-" if task is None or task.status is None else task.status.value,
                "provisioned": "-" if provisioned_us is None else iso(provisioned_us),
                "notices": [str(note.details) for note in notices if xid in (note.associated or ())],
            }
        )
    return rows


def _objects(client: Hi1Client, process: str, kind: str) -> list[HI1Object]:
    (listing,) = _bodies(client, process, ListObjects(DictionaryEntry(ETSI, "ObjectType", kind)))
    if not isinstance(listing, Listing):
        raise RemoteError(f"{process} does not list what it holds.")
    ids = [record.identifier for record in listing.records]
    found: list[HI1Object] = []
    for first in range(0, len(ids), _AT_ONCE):
        asked = _bodies(client, process, *(Get(one) for one in ids[first : first + _AT_ONCE]))
        found += [body.object for body in asked if isinstance(body, Got)]
    return found


def _bodies(client: Hi1Client, process: str, *asked: Get | ListObjects) -> list[Any]:
    answer = client.ask(process, *asked)
    if answer.error is not None:
        raise RemoteError(f"{process} refuses to say what stands: {answer.error.code} {answer.error.description}.")
    return [one.body for one in answer.responses]
