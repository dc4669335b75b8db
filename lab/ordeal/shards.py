"""A fleet whose collectors are killed, and whose database is taken away, under load: what was acknowledged is owed.

A cycle ends one collector with SIGKILL at a moment of chance, in one of four while it is still starting, and starts it
again after another; its links have gone to others meanwhile, and records in flight reach two of them. A restart of
PostgreSQL ends the server at once and starts it again: nothing is acknowledged that was not marked, so acknowledging
pauses, and goes on when it is back. At the end the senders are told that everything is durable, the fleet is stopped,
and every record that was ever sent is looked for in every store.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import math
import os
import random
import shutil
import socket
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asn1.errors import LabError
from lab import nursery, postgres
from lab.ordeal.fleet import HOST, LISTED, Fleet, Found, check
from lab.ordeal.senders import Account, Load, load_of
from mediation.runtime.logs import configure_logs

SENDERS: Final = 4
LIIDS_EACH: Final = 2
RATE_PER_S: Final = 120.0
LONGEST_S: Final = 0.5
"""From one moment of chance to the next."""
STARTING_S: Final = 0.4
"""Within it a collector that is starting is killed again."""
PROGRESS_S: Final = 60.0
"""Within it something more is acknowledged, whoever is away."""
DRAIN_S: Final = 180.0
AWAY_S: Final = 2.0
"""How long PostgreSQL is away."""
SETTLE_S: Final = 0.5
"""What was marked before it went may still be acknowledged for so long."""
DATABASE: Final = "fleet"


@dataclass(slots=True)
class Ordeal:
    """`sent` and `acknowledged` are records; `found` what the stores held at the end; `wrong` are sentences."""

    shards: int
    cycles: int = 0
    kills: int = 0
    restarts: int = 0
    paused: int = 0
    """Restarts during which nothing was acknowledged."""
    sent: int = 0
    acknowledged: int = 0
    connects: int = 0
    found: Found = field(default_factory=Found)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.found.ok and not self.wrong and self.sent == self.acknowledged and self.paused == self.restarts

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok, "shards": self.shards, "cycles": self.cycles, "kills": self.kills,
            "database_restarts": self.restarts, "acknowledging_paused": self.paused, "sent": self.sent,
            "acknowledged": self.acknowledged, "connects": self.connects, **self.found.as_json(),
            "wrong": [*self.wrong, *self.found.wrong][:LISTED], "seconds": round(self.seconds, 1),
        }  # fmt: skip


class Database:
    """A server of our own that can be taken away and comes back where it was. A context."""

    def __init__(self, root: Path) -> None:
        self._directory = postgres.lasting_directory(root / "postgres")
        with socket.socket() as one:
            one.bind((HOST, 0))
            self._port = int(one.getsockname()[1])
        self._server: postgres.Lasting | None = None
        self._databases = 0

    @property
    def url(self) -> str:
        return f"postgresql://{postgres.ROLE}@{HOST}:{self._port}/{DATABASE}"

    def __enter__(self) -> Database:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._server is not None, "it runs"
        return self._server.pid

    def fresh(self) -> str:
        """The URL of a database that nobody has used yet."""
        assert self._server is not None, "it runs"
        self._databases += 1
        name = f"{DATABASE}_{self._databases}"
        self._server.make_database(name)
        return self.url.removesuffix(DATABASE) + name

    def start(self) -> None:
        self._server = postgres.start_lasting(self._directory, HOST, self._port, 100)
        self._server.make_database(DATABASE)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


async def _cycle(fleet: Fleet, load: Load, chance: random.Random, result: Ordeal) -> None:
    await asyncio.sleep(chance.random() * LONGEST_S)
    name = chance.choice(fleet.names)
    before = load.acknowledged
    if not fleet.alive(name):
        result.wrong.append(f"cycle {result.cycles}: {name} had ended by itself")
    await asyncio.to_thread(fleet.kill, name)
    result.kills += 1
    await asyncio.sleep(chance.random() * LONGEST_S)
    if chance.random() < 1 / 4:
        await asyncio.to_thread(fleet.start_and_kill, name, chance.random() * STARTING_S)
        result.kills += 1
    await asyncio.to_thread(fleet.start, name)
    if not await load.until(before + 1, PROGRESS_S):
        result.wrong.append(f"cycle {result.cycles}: nothing was acknowledged within {PROGRESS_S:.0f} s of a kill")
    result.cycles += 1


async def _restart(database: Database, load: Load, result: Ordeal) -> None:
    if not await load.until(load.acknowledged + 50, PROGRESS_S):
        result.wrong.append("nothing was acknowledged before the database went")
    await asyncio.to_thread(database.stop)
    await asyncio.sleep(SETTLE_S)
    before = load.acknowledged
    await asyncio.sleep(AWAY_S)
    result.restarts += 1
    result.paused += load.acknowledged == before
    await asyncio.to_thread(database.start)
    if not await load.until(load.acknowledged + 50, PROGRESS_S):
        result.wrong.append(f"acknowledging did not go on within {PROGRESS_S:.0f} s of the database's return")


async def _under_load(fleet: Fleet, database: Database, load: Load, chance: random.Random, plan: Plan) -> Ordeal:
    result = Ordeal(plan.shards)
    load.start()
    try:
        every = plan.cycles // (plan.restarts + 1) + 1
        until_s = time.monotonic() + plan.within_s
        for number in range(plan.cycles):
            if time.monotonic() > until_s:
                break
            await _cycle(fleet, load, chance, result)
            if (number + 1) % every == 0 and result.restarts < plan.restarts:
                await _restart(database, load, result)
            if plan.tells and (number + 1) % 10 == 0:
                print(f"cycle {number + 1}: {load.made} sent, {load.acknowledged} acknowledged", flush=True)
        while result.restarts < plan.restarts:
            await _restart(database, load, result)
        load.paused = True
        if not await load.until(load.made, DRAIN_S):
            result.wrong.append(f"{load.held} records were not acknowledged within {DRAIN_S:.0f} s at the end")
        result.sent, result.acknowledged = load.made, load.acknowledged
        result.connects = sum(link.status.connects for one in load.senders for link in one.links)
    finally:
        await load.close()
    return result


@dataclass(frozen=True, slots=True)
class Plan:
    shards: int = 4
    cycles: int = 200
    restarts: int = 5
    seed: int = 1
    rate_per_s: float = RATE_PER_S
    within_s: float = math.inf
    """Cycles end after so long, however many there were."""
    tells: bool = False


def run(root: Path, plan: Plan) -> Ordeal:
    """In an empty `root`. Raises LabError when a collector does not come up."""
    began = time.monotonic()
    chance = random.Random(plan.seed)  # noqa: S311  a reproducible run, not a secret
    with Database(root) as database:
        fleet = Fleet(root / "fleet", plan.shards, database.url, SENDERS * LIIDS_EACH)
        try:
            for name in fleet.names:
                fleet.start(name)
            account = Account()
            load = load_of(root, SENDERS, LIIDS_EACH, fleet.peers, plan.rate_per_s, account)
            result = asyncio.run(_under_load(fleet, database, load, chance, plan))
        finally:
            with contextlib.suppress(OSError):
                fleet.stop()
        result.found = check(fleet, account.sent)
    result.seconds = time.monotonic() - began
    return result


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.ordeal.shards", description=__doc__)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--cycles", type=int, default=200, help="collectors killed")
    parser.add_argument("--restarts", type=int, default=5, help="of PostgreSQL")
    parser.add_argument("--rate", type=float, default=RATE_PER_S, help="records a second")
    parser.add_argument("--minutes", type=float, default=math.inf, help="fewer cycles, if they take longer than this")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=None, help="an empty directory for the fleet, left as it is")
    parser.add_argument("--report", type=Path, default=Path("reports/crash-shards.json"))
    given = parser.parse_args()
    plan = Plan(given.shards, given.cycles, given.restarts, given.seed, given.rate, given.minutes * 60, tells=True)
    nursery.want(os.environ)
    # A link says each time that it is lost, and asyncio for each write behind that.
    configure_logs("ordeal", Path(os.devnull))
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with contextlib.ExitStack() as stack:
        root = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calea-shards-")))
        try:
            report = run(root, plan).as_json()
        except LabError as error:
            report = {"ok": False, "wrong": [str(error)]}
    given.report.parent.mkdir(parents=True, exist_ok=True)
    said = {"simulation": True, "seed": given.seed, "rate_per_s": given.rate, **report}
    given.report.write_text(json.dumps(said, indent=2) + "\n")
    print(json.dumps(report))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
