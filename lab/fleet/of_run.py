"""The collectors of a run: one, named `collector`, or those of a fleet, numbered `collector-1`, `collector-2`, ...

Each of a fleet has a directory, listeners, keys, an inbox and a witness of its own; the database is one. The first is
whom the desk, the console and foreign equipment are told of where only one can be told of. What works with one
collector alone is refused in words, never left out in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from lab.paths import PROCESSES
from mediation.runtime.config import ConfigError

COLLECTOR: Final = "collector"
POSTGRES: Final = "postgres"
SHARDS_FILE: Final = "shards.json"
"""Beside the bundles of a fleet's collectors: which there are, and what is lost."""
PORT_NAMES: Final = ("postgres", "postgres-control")
OWN_PORTS: Final = ("collector-control", "hi1-agency", "witness-control")
"""Of each collector, beside those where handover links come in."""
MOST: Final = 64
CONNECTIONS_EACH: Final = 20
"""To the database: a shard's own few, its index's, and readers."""
_NUMBERED: Final = re.compile(r"(collector|witness)-([1-9][0-9]{0,3})")


def names(shards: int, of: str = COLLECTOR) -> tuple[str, ...]:
    """Of a run's collectors, or of another process that each of them has one of; one alone has no number."""
    return (of,) if shards == 1 else tuple(f"{of}-{number}" for number in range(1, shards + 1))


def base(name: str) -> str:
    """The process that this is one of several of."""
    found = _NUMBERED.fullmatch(name)
    return name if found is None else found[1]


def number(name: str) -> int:
    """1 of a fleet's first, and of what there is one of."""
    found = _NUMBERED.fullmatch(name)
    return 1 if found is None else int(found[2])


def port_of(port: str, name: str) -> str:
    """The name of that port of this collector; the first has those of a run with one."""
    return port if number(name) == 1 else f"{port}-{number(name)}"


def ports(shards: int, links: Iterable[str]) -> tuple[str, ...]:
    """The names of all ports that a fleet has more than one collector."""
    if shards == 1:
        return ()
    each = (*links, *OWN_PORTS)
    more = (port_of(port, name) for name in names(shards)[1:] for port in each)
    return (*PORT_NAMES, *more)


def in_order(processes: Iterable[str]) -> tuple[str, ...]:
    """As they are started."""
    places = {name: place for place, name in enumerate(PROCESSES)}
    return tuple(sorted(processes, key=lambda name: (places[base(name)], number(name))))


def collectors_of(data: Path) -> tuple[str, ...]:
    """The collectors of the run in `data`, as its configurations name them: one whose directory is lost is there."""
    found = {path.stem for path in (data / "config").glob(f"{COLLECTOR}-*.toml")}
    return in_order(name for name in found if base(name) == COLLECTOR) or (COLLECTOR,)


def is_fleet(data: Path) -> bool:
    return collectors_of(data) != (COLLECTOR,)


def check(data: Path, shards: int, more: Mapping[str, bool]) -> None:
    """Raises ConfigError for a number that this run cannot have, and for what does not work with several collectors
    (`more`: the option, and whether it is asked for)."""
    if not 1 <= shards <= MOST:
        raise ConfigError(f"--shards {shards}: a run on one machine has 1 to {MOST} collectors.")
    if shards > 1 and (data / COLLECTOR / "store").exists():
        raise ConfigError(
            f"{data} holds the store of a collector alone: its records are in no fleet's database. Give another --data."
        )
    before = collectors_of(data)
    if before != (COLLECTOR,) and len(before) != shards:
        raise ConfigError(
            f"{data} holds a fleet of {len(before)} collectors: say --shards {len(before)}, or give another --data."
        )
    for option, asked in more.items():
        if asked and shards > 1:
            raise ConfigError(f"{option} works with one collector; leave it out, or leave out --shards.")


def database_url(plan_url: str, host: str, port: int) -> str:
    """What the fleet shares: the server that was given, or that of the run."""
    return plan_url or f"postgresql://calea@{host}:{port}/fleet"


def rotated(peers: list[dict[str, Any]], by: int) -> list[dict[str, Any]]:
    """The same peers, beginning with another: links that begin apart spread over a fleet."""
    by %= len(peers)
    return peers[by:] + peers[:by]
