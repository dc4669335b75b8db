"""`calea-lab fault list | add | show | clear`: what goes wrong on purpose on the links of a run (docs/faults.md)."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from lab.faults import client
from lab.faults.board import ALL
from lab.faults.model import FAULTS
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json, table
from lab.stack import Stack
from mediation.runtime.config import ConfigError

Which = Annotated[str, typer.Argument(metavar="KIND", help="`calea-lab fault list` names them")]


def listing(as_json: JsonOption = False) -> None:
    """The faults there are, where each acts, and what it takes."""
    rows = [(name, said.needs, said.words, ", ".join(said.takes)) for name, said in FAULTS.items()]
    if as_json:
        print_json([dict(zip(("kind", "needs", "says", "takes"), row, strict=True)) for row in rows])
        return
    table("Faults", ("kind", "of", "what happens", "takes"), rows, console())


def add(
    kind: Which,
    data: DataOption = DEFAULT_DATA,
    link: Annotated[str, typer.Option(help="hi2, hi3, cdc-t1678, …; of a fault of the link")] = "",
    direction: Annotated[str | None, typer.Option(help="up: towards the LEMF; down: back")] = None,
    liid: Annotated[str | None, typer.Option(help="records of this interception alone")] = None,
    what: Annotated[str | None, typer.Option(help="data, tri or all")] = None,
    share: Annotated[float | None, typer.Option(help="of the records, above 0 to 1")] = None,
    skip: Annotated[int | None, typer.Option(help="records that go by first")] = None,
    count: Annotated[int | None, typer.Option(help="records at most")] = None,
    seconds: Annotated[float | None, typer.Option(help="after which it ends by itself")] = None,
    milliseconds: Annotated[int | None, typer.Option(help="of a delay, or of a clock's error")] = None,
    jitter_ms: Annotated[int | None, typer.Option(help="of a delay: up to so much more")] = None,
    octets_per_s: Annotated[int | None, typer.Option(help="of a slow reader")] = None,
    by: Annotated[int | None, typer.Option(help="numbers of a sequence jump")] = None,
    copies: Annotated[int | None, typer.Option(help="of a record in a flood")] = None,
    place: Annotated[str | None, typer.Option(help="of a corrupt bit: payload, header or frame")] = None,
    toward: Annotated[str | None, typer.Option(help="who sees the certificate: client or server")] = None,
    point: Annotated[str | None, typer.Option(help="whose clock: an IPID, an NFID, or * for all")] = None,
    number: Annotated[str | None, typer.Option(help="the wrong number")] = None,
    as_json: JsonOption = False,
) -> None:
    """Let something go wrong, from now on."""
    asked: dict[str, Any] = {
        "direction": direction, "liid": liid, "what": what, "share": share, "skip": skip, "count": count,
        "seconds": seconds, "milliseconds": milliseconds, "jitter_ms": jitter_ms, "octets_per_s": octets_per_s,
        "by": by, "copies": copies, "place": place, "toward": toward, "point": point, "number": number,
    }  # fmt: skip
    said = {name: value for name, value in asked.items() if value is not None}
    if link:
        said["link"] = link
    made = client.ask(Stack.load(data), "/faults/add", {"fault": {"kind": kind, **said}})
    if as_json:
        print_json(made)
        return
    console().print(f"{made['id']}: {FAULTS[kind].words}.", markup=False)
    console().print(f"Ends with: calea-lab fault clear {made['id']} --data {data}", markup=False)


def show(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """What is on, and what each has taken so far."""
    found = client.ask(Stack.load(data), "/faults")
    if as_json:
        print_json(found)
        return
    out = console()
    out.print(f"links: {', '.join(found['links'])}", markup=False)
    if not found["on"]:
        out.print("No fault is on.")
        return
    rows = [
        (
            one["id"],
            one["kind"],
            one.get("link", "-"),
            ", ".join(f"{name}={value}" for name, value in one.items() if name not in _SHOWN) or "-",
            one["hits"],
        )
        for one in found["on"]
    ]
    table("Faults that are on", ("id", "kind", "link", "how", "taken"), rows, out)


_SHOWN = frozenset({"id", "kind", "link", "seen", "hits"})


def clear(
    fault: Annotated[str, typer.Argument(metavar="[ID]", help="F1, F2, …")] = "",
    every: Annotated[bool, typer.Option("--all", help="every fault that is on")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Let it go right again."""
    if bool(fault) == every:
        raise ConfigError("Name one fault, or take --all: `calea-lab fault show` names those that are on.")
    gone = client.ask(Stack.load(data), "/faults/clear", {"id": ALL if every else fault})
    if as_json:
        print_json(gone)
    else:
        console().print(f"cleared: {', '.join(gone['cleared']) or 'none was on'}", markup=False)
