"""`calea-lab inject`: traffic on request, at the carrier of a run (docs/traffic.md)."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json
from lab.stack import Stack
from mediation.runtime.config import ConfigError

MAX_OCTETS = 1 << 20


def inject(
    items: Annotated[
        list[str] | None,
        typer.Argument(metavar="ITEM…", help="each a JSON object, as docs/traffic.md has them; - reads a list of them"),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Let subscribers call, write and browse, now. What no order covers leaves no trace."""
    said = Stack.load(data).post("carrier_sim", "/inject", [part for text in items or ["-"] for part in _read(text)])
    if as_json:
        print_json(said)
    else:
        many = said["communications"]
        console().print(f"They are on their way: {many} communications since the run began.", markup=False)


def _read(text: str) -> list[Any]:
    """Raises ConfigError."""
    octets = sys.stdin.read(MAX_OCTETS + 1) if text == "-" else text
    if len(octets) > MAX_OCTETS:
        raise ConfigError(f"That is more than {MAX_OCTETS} characters of traffic: ask for it in parts.")
    try:
        found = json.loads(octets)
    except ValueError as error:
        raise ConfigError(
            f"This is no JSON ({error}): {octets[:60]!r}. docs/traffic.md shows what it looks like."
        ) from None
    return found if isinstance(found, list) else [found]
