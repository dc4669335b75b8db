"""What a record costs a fleet of four collectors against one: CPU time of the collectors, and of PostgreSQL apart.

    python -m bench.shards [--records N] [--rounds N] [--connections N] [--liids N]

Three fleets take the same load in turn, several rounds of it, so that a slow minute of the machine meets all of them:
four shards, a fleet of one, and one collector alone without a fleet. Content of 200 octets over plain TCP, the same
connections and LIIDs, shared out among the shards; marks, claims, leases and the index are in. CPU time is that of the
processes, user and system, from the first octet until the index has caught up, so that the machine's number of cores
does not matter to it; PostgreSQL's is that of the server's processes, whoever of the shards they work for. What the
database wrote and took over the network in that time stands beside it, and how large its tables are. A round in which
not every record was acknowledged and accepted once is void. Result: bench/results/shards.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg

from bench.environment import environment_card
from collector.databases import driver_url
from lab import control
from lab.bench.generating import Generating
from lab.bench.plan import Loaded, Plan
from lab.bench.profiles import PROFILES, changed
from lab.bench.usage import usage_of
from lab.kernels import kernel_names, require_compiled
from lab.ordeal.fleet import Fleet
from lab.ordeal.shards import Database

RESULT: Final = Path(__file__).parent / "results" / "shards.json"
FLEETS: Final = (("four", 4), ("one", 1), ("alone", 0))
"""Shards; 0: a collector without a fleet."""
SETTLE_S: Final = 120.0


def postgres_cpu_s(postmaster: int) -> float:
    """Of the server's process and of all it has and had, so far."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, fields = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if pid == postmaster:
            found += sum(map(int, fields[11:15])) / ticks
        elif int(fields[1]) == postmaster:
            found += sum(map(int, fields[11:13])) / ticks
    return found


def written(url: str) -> dict[str, int]:
    """Of the database so far: transactions, octets of its write-ahead log (of the whole server), octets over the
    network both ways (-1 where nobody can say), octets and rows of the fleet's streams, octets of the indexes."""
    with psycopg.connect(driver_url(url)) as connection:

        def one(statement: LiteralString) -> int:
            row = connection.execute(statement).fetchone()
            return 0 if row is None or row[0] is None else int(row[0])

        return {
            "transactions": one(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            ),
            "wal_octets": one("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"),
            "network_octets": _network_octets(connection.info.port),
            "streams": one("SELECT count(*) FROM fleet.streams"),
            "streams_octets": one("SELECT pg_total_relation_size('fleet.streams')"),
            "index_octets": one(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname LIKE 'index_%'"
            ),
        }


def _network_octets(port: int) -> int:
    """Of the connections that are open to it, by the kernel's account of each."""
    program = shutil.which("ss", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        return -1
    done = subprocess.run([program, "-tinH", "dport", "=", f":{port}"], capture_output=True, text=True, check=False)
    return sum(map(int, re.findall(r"bytes_(?:acked|received):(\d+)", done.stdout)))


def measure(root: Path, shards: int, records: int, connections: int, liids: int, database: Database) -> dict[str, Any]:
    """One fleet, fresh, under the load. Raises LabError; RuntimeError for a round that is void."""
    profile = changed(PROFILES["cc200"], {"connections": connections, "liids": liids})
    url = None if shards == 0 else database.fresh()
    with ExitStack() as stack:
        fleet = Fleet(root, max(shards, 1), url, liids)
        stack.callback(fleet.stop)
        for name in fleet.names:
            fleet.start(name)
        parts = len(fleet.names)
        generators = []
        for part, peer in enumerate(fleet.peers):
            place = root / f"generator-{part}"
            place.mkdir()
            plan = Plan(changed(profile, {"records": records // parts}), peer.host, peer.port, part=part, parts=parts)
            generators.append(stack.enter_context(Generating(plan, place)))
        opened = sum(one.ready() for one in generators)
        _settle(fleet)
        before = {name: usage_of(fleet.pid(name)) for name in fleet.names}
        wrote = {} if url is None else written(url)
        served = postgres_cpu_s(database.pid)
        began = time.monotonic()
        results = _load(generators)
        _settle(fleet)
        seconds = time.monotonic() - began
        used = [usage_of(fleet.pid(name)).since(before[name]) for name in fleet.names]
        served = postgres_cpu_s(database.pid) - served
        database_did = {} if url is None else _since(written(url), wrote)
        sums = [control.get(fleet.control_port(name), "/sums")["records"] for name in fleet.names]
    sent = sum(one.sent for one in results)
    accepted = sum(int(one["accepted"]) + int(one["flagged"]) for one in sums)
    if sent != sum(one.acknowledged or 0 for one in results) or accepted != sent + opened:
        raise RuntimeError(f"void: {sent} sent after {opened} opened, {accepted} accepted")
    collectors = sum(one.cpu_s for one in used)
    return {
        "records": sent,
        "seconds": round(seconds, 2),
        "collectors_cpu_s": round(collectors, 3),
        "postgres_cpu_s": round(served if shards else 0.0, 3),
        "collectors_us_per_record": round(collectors / sent * 1e6, 3),
        "postgres_us_per_record": round(served / sent * 1e6 if shards else 0.0, 3),
        "database": database_did,
        "resident_octets_of_each": [one.resident_octets for one in used],
    }


def _since(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    """What grew is told by how much; what stands is told as it is."""
    grew = ("transactions", "wal_octets", "network_octets")
    return {name: value - before[name] if name in grew else value for name, value in after.items()}


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


def _settle(fleet: Fleet) -> None:
    until = time.monotonic() + SETTLE_S
    for name in fleet.names:
        while time.monotonic() < until:
            pulse = control.get(fleet.control_port(name), "/pulse")
            if not pulse["pending_records"] and not pulse["index_lag_records"]:
                break
            time.sleep(0.05)


def _row(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the rounds the lower of the middle two stands for each figure."""
    figures = ("collectors_us_per_record", "postgres_us_per_record", "seconds")
    return {name: statistics.median_low([one[name] for one in rounds]) for name in figures} | {"rounds": rounds}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.shards", description=__doc__)
    parser.add_argument("--records", type=int, default=400_000, help="of each fleet in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--liids", type=int, default=8)
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()), help="ISO 8601")
    parser.add_argument("--result", type=Path, default=RESULT)
    given = parser.parse_args()
    require_compiled()
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name, _ in FLEETS}
    with tempfile.TemporaryDirectory(prefix="calea-bench-shards-") as directory:
        root = Path(directory)
        with Database(root) as database:
            for number in range(given.rounds):
                for name, shards in FLEETS:
                    place = root / f"{number}-{name}"
                    one = measure(place, shards, given.records, given.connections, given.liids, database)
                    rounds[name].append(one)
                    print(f"round {number + 1}, {name}: {json.dumps(one)}", flush=True)
    found = {name: _row(each) for name, each in rounds.items()}
    ratios = [
        four["collectors_us_per_record"] / one["collectors_us_per_record"]
        for four, one in zip(rounds["four"], rounds["one"], strict=True)
    ]
    whole = [
        (four["collectors_cpu_s"] + four["postgres_cpu_s"]) / (one["collectors_cpu_s"] + one["postgres_cpu_s"])
        for four, one in zip(rounds["four"], rounds["one"], strict=True)
    ]
    result = {
        "profile": "cc200",
        "records": given.records,
        "connections": given.connections,
        "liids": given.liids,
        "fleets": found,
        "four_to_one": {
            "collectors": round(statistics.median_low(ratios), 4),
            "with_postgres": round(statistics.median_low(whole), 4),
            "collectors_of_rounds": [round(one, 4) for one in ratios],
            "with_postgres_of_rounds": [round(one, 4) for one in whole],
        },
        "environment": environment_card(given.date, dict.fromkeys(kernel_names(), True)) | {"cores": os.cpu_count()},
    }
    given.result.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["four_to_one"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
