"""What a record costs a fleet of four collectors against a fleet of one: CPU time of the collectors, and of PostgreSQL.

    python -m bench.shards [--rounds N] [--seconds S] [--rate R] [--scene NAME]... [--fleet NAME]...

What is compared. A collector works for each record, for each batch, and for each second that it is up. A batch costs
nearly the same whether ten records are in it or a thousand, and how many are in it hangs on what one shard is sent, not
on what the fleet is. So the cost of a record is compared where each of four shards is sent what the one is sent (ADR
0053). Who is compared takes each scene in turn, in several rounds, so that a slow minute of the machine meets all:

    four    four shards of one fleet
    one     a fleet of one: its marks, claims, lease and index in PostgreSQL are as those of the four
    apart   four fleets of one, side by side: what four cost because they run on one machine, and not because they share
    alone   a collector without a fleet

    idle    nothing is sent: what being up costs in a second
    each    each shard is sent RATE records a second, on connections of its own
    flat    each shard is sent as much as it takes, on as many connections; the machine is the limit
    split   the one is sent RATE a second, the four a quarter of it each: a fleet four times larger than its load

Content of 200 octets over plain TCP. CPU time is that of the processes, user and system, from the first octet until the
index has caught up, so the number of cores does not matter to it; it is told by thread, too. Nothing is taken off it:
what being up costs is in every figure. What all others used of the machine meanwhile stands beside each round, since a
busy machine makes larger batches. A run in which not every record was acknowledged and accepted once is void and made
again, and so is one in which a sender fell behind its schedule. Result: bench/results/shards.json.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import shards_database
from bench.environment import environment_card
from lab import control
from lab.bench.generating import Generating
from lab.bench.plan import Loaded, Plan
from lab.bench.profiles import PROFILES, changed
from lab.bench.schedule import Latencies
from lab.bench.usage import named_threads, usage_of
from lab.kernels import kernel_names, require_compiled
from lab.ordeal.fleet import Fleet
from lab.ordeal.shards import Database
from mediation.runtime.config import Peer

RESULT: Final = Path(__file__).parent / "results" / "shards.json"


class VoidError(Exception):
    """A run that says nothing."""


class Kind(NamedTuple):
    """So many fleets of so many shards; without a database, a collector without a fleet."""

    fleets: int
    shards: int
    database: bool = True

    @property
    def collectors(self) -> int:
        return self.fleets * self.shards


KINDS: Final = {"four": Kind(1, 4), "one": Kind(1, 1), "apart": Kind(4, 1), "alone": Kind(1, 1, database=False)}
COMPARED: Final = (("four", "one"), ("four", "apart"), ("apart", "one"), ("alone", "one"))
MOST: Final = max(one.collectors for one in KINDS.values())
SCENES: Final = ("idle", "each", "flat", "split")
CONNECTIONS: Final = 2 * MOST
"""Of all that are sent to; orders are for all LIIDs, whoever is compared."""
LIIDS: Final = 8 * MOST
SETTLE_S: Final = 120.0
LOOK_S: Final = 0.2
"""Between two looks whether an index has caught up: each costs the collector something."""
TRIES: Final = 3
LATE_S: Final = 0.5
"""A sender that is later than that was not sending at its rate."""


class Sent(NamedTuple):
    """To one collector: one of so many parts of the connections and LIIDs. `rate_per_s` None: as much as it takes."""

    parts: int
    rate_per_s: int | None


def sent_to_each(scene: str, collectors: int, rate_per_s: int) -> Sent | None:
    """Where so many are sent to, all alike; None for nothing. But for `split`, a collector is sent the same, octet for
    octet, whoever is beside it."""
    if scene == "idle":
        return None
    if scene == "split":
        return Sent(collectors, rate_per_s // collectors)
    return Sent(MOST, None if scene == "flat" else rate_per_s)


class Collectors:
    """All that are compared with others at once. A context: what was started is ended."""

    def __init__(self, root: Path, kind: Kind, database: Database) -> None:
        self.urls = [database.fresh() for _ in range(kind.fleets)] if kind.database else []
        self._fleets = [
            Fleet(root / str(number), kind.shards, self.urls[number] if self.urls else None, LIIDS)
            for number in range(kind.fleets)
        ]
        self.peers = [peer for fleet in self._fleets for peer in fleet.peers]

    def __enter__(self) -> Collectors:
        try:
            for fleet in self._fleets:
                for name in fleet.names:
                    fleet.start(name)
        except BaseException:
            # Those that came up before one that did not, or before we were ended.
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        for fleet in self._fleets:
            fleet.stop()

    @property
    def pids(self) -> list[int]:
        return [fleet.pid(name) for fleet in self._fleets for name in fleet.names]

    @property
    def ports(self) -> list[int]:
        """Of their control."""
        return [fleet.control_port(name) for fleet in self._fleets for name in fleet.names]

    def sums(self) -> list[dict[str, Any]]:
        return [control.get(port, "/sums") for port in self.ports]

    def settle(self) -> None:
        """Until nothing is under way and the indexes have caught up."""
        until = time.monotonic() + SETTLE_S
        for port in self.ports:
            while time.monotonic() < until:
                pulse = control.get(port, "/pulse")
                if not pulse["pending_records"] and not pulse["index_lag_records"]:
                    break
                time.sleep(LOOK_S)

    def databases_did(self) -> Counter[str]:
        """Of all their databases together."""
        found: Counter[str] = Counter()
        for url in self.urls:
            found.update(shards_database.did(url))
        return found


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds of the collectors, of PostgreSQL, of the whole machine; and of the collectors by names of threads."""

    seconds: float
    collectors_s: float
    postgres_s: float
    machine_s: float
    threads_s: dict[str, float]
    resident_octets: list[int]


class Meter:
    """What is used from now on."""

    def __init__(self, collectors: Collectors, database: Database) -> None:
        self._collectors = collectors
        self._database = database
        self._before = {pid: usage_of(pid) for pid in collectors.pids}
        self._postgres_s = shards_database.cpu_s(database.pid)
        self._machine_s = _machine_s()
        self._began_s = time.monotonic()

    def read(self) -> Used:
        seconds = time.monotonic() - self._began_s
        used = {pid: usage_of(pid).since(before) for pid, before in self._before.items()}
        machine_s = _machine_s() - self._machine_s
        postgres_s = shards_database.cpu_s(self._database.pid) - self._postgres_s
        threads: Counter[str] = Counter()
        for (pid, one), said in zip(used.items(), self._collectors.sums(), strict=True):
            threads.update(named_threads(one, pid, said["threads"]))
        return Used(
            seconds,
            sum(one.cpu_s for one in used.values()),
            postgres_s,
            machine_s,
            dict(threads),
            [one.resident_octets for one in used.values()],
        )


def _machine_s() -> float:
    """CPU seconds of all processes there are and were, on all cores."""
    user, nice, system, _, _, interrupts, soft, *_ = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def measure(root: Path, scene: str, kind: Kind, given: argparse.Namespace, database: Database) -> dict[str, Any]:
    """Fresh ones, in one scene. Raises LabError; VoidError for a run that is void."""
    each = sent_to_each(scene, kind.collectors, given.rate)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        collectors = stack.enter_context(Collectors(root, kind, database))
        generators = [stack.enter_context(one) for one in _generators(root, each, collectors.peers, given.seconds)]
        opened = sum(one.ready() for one in generators)
        collectors.settle()
        wrote = collectors.databases_did()
        meter = Meter(collectors, database)
        loads = _load(generators)
        if not generators:
            time.sleep(given.seconds)
        collectors.settle()
        used = meter.read()
        did = shards_database.since(collectors.databases_did(), wrote, len(collectors.urls))
        sums = collectors.sums()
    sent = sum(one.sent for one in loads)
    _check(loads, sent, opened, sums)
    others_s = used.machine_s - used.collectors_s - used.postgres_s - sum(one.cpu_s for one in loads)
    postgres_s = used.postgres_s if kind.database else 0.0
    return {
        "seconds": round(used.seconds, 2),
        "collectors_cpu_ms_a_second": round(1e3 * used.collectors_s / used.seconds, 2),
        "postgres_cpu_ms_a_second": round(1e3 * postgres_s / used.seconds, 2),
        "threads_cpu_ms_a_second": _sorted({key: 1e3 * s / used.seconds for key, s in used.threads_s.items()}),
        "others_cores": round(max(others_s, 0.0) / used.seconds, 2),
        **({} if not sent else _of_records(sent, used, loads, postgres_s)),
        "batches_marked": sum(one["fleet"]["marked_commit"] + 1 for one in sums) if kind.database else None,
        "database": did,
        "resident_octets_of_each": used.resident_octets,
    }


def _of_records(sent: int, used: Used, loads: list[Loaded], postgres_s: float) -> dict[str, Any]:
    latencies = [
        Latencies(bins, one.largest_us[group]) for one in loads for group, bins in one.latencies.items() if bins
    ]
    return {
        "records": sent,
        "records_per_s": round(sent / max(one.seconds for one in loads)),
        "collectors_us_per_record": round(used.collectors_s / sent * 1e6, 3),
        "postgres_us_per_record": round(postgres_s / sent * 1e6, 3),
        "threads_us_per_record": _sorted({key: s / sent * 1e6 for key, s in used.threads_s.items()}),
        "latency_ms": reduce(Latencies.merged, latencies).as_ms(),
    }


def _sorted(found: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 3) for key, value in sorted(found.items(), key=lambda one: -one[1]) if value >= 0.0005}


def _generators(root: Path, each: Sent | None, peers: list[Peer], seconds: float) -> list[Generating]:
    if each is None:
        return []
    changes = {"connections": CONNECTIONS, "liids": LIIDS, "rate_per_s": each.rate_per_s, "seconds": seconds}
    profile = changed(PROFILES["cc200"], changes)
    found = []
    for part, peer in enumerate(peers):
        place = root / f"generator-{part}"
        place.mkdir()
        found.append(Generating(Plan(profile, peer.host, peer.port, part=part, parts=each.parts), place))
    return found


def _check(loads: list[Loaded], sent: int, opened: int, sums: list[dict[str, Any]]) -> None:
    accepted = sum(int(one["records"]["accepted"]) + int(one["records"]["flagged"]) for one in sums)
    if sent != sum(one.acknowledged or 0 for one in loads) or accepted != sent + opened:
        raise VoidError(f"{sent} sent after {opened} opened, {accepted} accepted")
    late_s = max((one.behind_s for one in loads), default=0.0)
    if late_s > LATE_S or any(one.unsent for one in loads):
        raise VoidError(f"a sender was {late_s:.1f} s behind its schedule")


def _load(generators: list[Generating]) -> list[Loaded]:
    """All at once, each listened to by a thread of its own."""
    results: list[Loaded] = []

    def listen(one: Generating) -> None:
        results.extend(said for said in one.go() if isinstance(said, Loaded))

    threads = [threading.Thread(target=listen, args=(one,)) for one in generators]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def row(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the rounds the lower of the middle two stands for each figure."""
    figures = [name for name, value in rounds[0].items() if isinstance(value, float | int)]
    threads = "threads_us_per_record" if "threads_us_per_record" in rounds[0] else "threads_cpu_ms_a_second"
    names = {name for one in rounds for name in one[threads]}
    middle = {name: statistics.median_low([one[threads].get(name, 0.0) for one in rounds]) for name in names}
    return {
        **{name: statistics.median_low([one[name] for one in rounds]) for name in figures},
        threads: _sorted(middle),
        "rounds": rounds,
    }


def ratios(these: list[dict[str, Any]], others: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures of some to those of others in the same rounds, and the middle of these."""
    pairs = list(zip(these, others, strict=True))
    figure = "collectors_us_per_record" if "records" in others[0] else "collectors_cpu_ms_a_second"
    database = figure.replace("collectors", "postgres")
    found = [this[figure] / one[figure] for this, one in pairs]
    whole = [(this[figure] + this[database]) / (one[figure] + one[database]) for this, one in pairs]
    return {
        "collectors": round(statistics.median_low(found), 4),
        "with_postgres": round(statistics.median_low(whole), 4),
        "collectors_of_rounds": [round(one, 4) for one in found],
        "with_postgres_of_rounds": [round(one, 4) for one in whole],
    }


def _terminated(number: int, frame: object) -> None:
    """As Ctrl-C: what was started is ended before we go, and a second word does not disturb that."""
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.shards", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of load in each run")
    parser.add_argument("--rate", type=int, default=20_000, help="records a second, of a shard")
    parser.add_argument("--scene", action="append", choices=SCENES, help="all, unless some are named")
    parser.add_argument("--fleet", action="append", choices=tuple(KINDS), help="all, unless some are named")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()), help="ISO 8601")
    parser.add_argument("--result", type=Path, default=RESULT)
    given = parser.parse_args()
    require_compiled()
    for ended_by in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended_by, _terminated)
    scenes, fleets = given.scene or SCENES, given.fleet or tuple(KINDS)
    rounds: dict[str, dict[str, list[dict[str, Any]]]] = {
        scene: {name: [] for name in KINDS if name in fleets} for scene in SCENES if scene in scenes
    }
    with tempfile.TemporaryDirectory(prefix="calea-bench-shards-") as directory:
        root = Path(directory)
        with ExitStack() as stack:
            database = Database(root)
            # It may fail when its server is up already.
            stack.callback(database.stop)
            stack.enter_context(database)
            for number in range(given.rounds):
                for scene, of_kinds in rounds.items():
                    for name, taken in of_kinds.items():
                        one = _measured(root / f"{number}-{scene}-{name}", scene, KINDS[name], given, database)
                        taken.append(one)
                        print(f"round {number + 1}, {scene}, {name}: {json.dumps(one)}", flush=True)
                # Each round is one more, and what there is stands.
                given.result.write_text(json.dumps(_result(rounds, given), indent=1) + "\n")
    return 0


def _measured(root: Path, scene: str, kind: Kind, given: argparse.Namespace, database: Database) -> dict[str, Any]:
    """A void run is said and made again."""
    for number in range(TRIES):
        try:
            return measure(root / str(number), scene, kind, given, database)
        except VoidError as error:
            print(f"void: {error}", flush=True)
    raise SystemExit(f"{TRIES} runs were void: this machine cannot carry the load; give a lower --rate")


def _result(rounds: dict[str, dict[str, list[dict[str, Any]]]], given: argparse.Namespace) -> dict[str, Any]:
    scenes = {
        scene: {name: row(taken) for name, taken in of_kinds.items()}
        | {
            f"{name}_to_{other}": ratios(of_kinds[name], of_kinds[other])
            for name, other in COMPARED
            if name in of_kinds and other in of_kinds
        }
        for scene, of_kinds in rounds.items()
    }
    for scene, found in scenes.items():
        print(scene, json.dumps({name: one for name, one in found.items() if "_to_" in name}))
    return {
        "command": " ".join(("python -m bench.shards", *sys.argv[1:])),
        "profile": "cc200",
        "rate_per_s_of_a_shard": given.rate,
        "connections_of_a_shard": CONNECTIONS // MOST,
        "liids_of_a_shard": LIIDS // MOST,
        "scenes": scenes,
        "environment": environment_card(given.date, dict.fromkeys(kernel_names(), True)),
    }


if __name__ == "__main__":
    raise SystemExit(main())
