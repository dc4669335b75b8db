"""What a fleet's PostgreSQL did in a run of `bench.shards`: CPU time of its processes, and what it wrote and sent."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from collector.databases import driver_url

GREW: Final = ("transactions", "wal_octets", "network_octets")
"""Told by how much; the others as they are."""
OF_SERVER: Final = frozenset({"wal_octets", "network_octets"})
"""The same whichever of its databases is asked."""


def cpu_s(postmaster: int) -> float:
    """Of the server's process and of all it has and had, so far, whichever shard they work for."""
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


def did(url: str) -> dict[str, int]:
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


def since(after: Mapping[str, int], before: Mapping[str, int], databases: int) -> dict[str, int]:
    """What happened in between, where each is the sum of so many databases of one server."""
    found = {name: value - before[name] if name in GREW else value for name, value in after.items()}
    for name in found.keys() & OF_SERVER:
        found[name] //= databases
    return found


def _network_octets(port: int) -> int:
    """Of the connections that are open to it, by the kernel's account of each."""
    program = shutil.which("ss", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        return -1
    done = subprocess.run([program, "-tinH", "dport", "=", f":{port}"], capture_output=True, text=True, check=False)
    return sum(map(int, re.findall(r"bytes_(?:acked|received):(\d+)", done.stdout)))
