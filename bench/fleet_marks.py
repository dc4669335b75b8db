"""What a fleet's shared database takes: marks and claims of streams, by how many there are at once.

    python -m bench.fleet_marks [--transactions N] [--date DAY] [--out FILE]

One shard's connection says what a collector would, to a PostgreSQL of its own that waits for its disk. Of each size:
transactions a second, milliseconds of one (lower middle, and the one of a hundred that is slow), CPU of the server's
process and of ours by transaction and by stream, and octets written ahead, which is what a replica is sent. Sizes of
marks are streams in a batch; `quiet` is a batch whose communications are known already, `spoken` one that says
something new of each. Claims are of streams that nobody had, that are ours, and that another shard has. Result:
bench/results/fleet_marks.json with its environment card.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from asn1 import scan
from bench.environment import environment_card
from collector.fleet.names import MarkBatch, Moved, StreamName, nothing_known
from collector.fleet.shared import Limits, SharedMarks
from collector.fleet.tables import plain_url
from lab.postgres import start_lasting

RESULT: Final = Path(__file__).parent / "results" / "fleet_marks.json"
MARK_SIZES: Final = (0, 8, 100, 1_000, 12_000)
CLAIM_SIZES: Final = (1, 8, 100, 1_000, 12_000)
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


class Server:
    """The database as seen beside a shard: what its process used, how far the log was written."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(plain_url(url), autocommit=True)

    def written(self) -> int:
        return int(self._one("SELECT pg_current_wal_insert_lsn() - '0/0'"))

    def settings(self) -> dict[str, str]:
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
        return {name: str(self._one(f"SHOW {name}")) for name in names}

    def cpu_s(self, shard: str) -> float:
        """Of the process that serves a shard; its clock counts ticks."""
        pid = self._one(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()", shard
        )
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def checkpoint(self) -> None:
        """So that whole pages are not written ahead in one run and not in the next."""
        self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        self._connection.close()

    def _one(self, statement: str, *values: object) -> Any:  # noqa: ANN401  a column of any type
        row = self._connection.execute(statement, values).fetchone()
        assert row is not None
        return row[0]


def measured(server: Server, shard: str, size: int, times: int, work: Callable[[int], None]) -> dict[str, Any]:
    """`work(number)` so many times, after three that are not counted."""
    for number in range(3):
        work(number)
    server.checkpoint()
    work(3)
    spans_ms = []
    written, backend_s, ours_s = server.written(), server.cpu_s(shard), time.process_time()
    for number in range(4, times + 4):
        began_s = time.perf_counter()
        work(number)
        spans_ms.append((time.perf_counter() - began_s) * 1000)
    ours_s, backend_s = time.process_time() - ours_s, server.cpu_s(shard) - backend_s
    written = server.written() - written
    spans_ms.sort()
    each = max(1, size)
    return {
        "streams": size,
        "transactions": times,
        "transactions_per_s": round(1000 * times / sum(spans_ms), 1),
        "streams_per_s": round(1000 * times * size / sum(spans_ms)),
        "ms_p50": round(spans_ms[(times - 1) // 2], 3),
        "ms_p99": round(spans_ms[min(times - 1, times * 99 // 100)], 3),
        "server_cpu_ms": round(1000 * backend_s / times, 3),
        "server_cpu_us_a_stream": round(1e6 * backend_s / times / each, 2),
        "shard_cpu_ms": round(1000 * ours_s / times, 3),
        "shard_cpu_us_a_stream": round(1e6 * ours_s / times / each, 2),
        "written_ahead_octets": round(written / times),
        "written_ahead_octets_a_stream": round(written / times / each),
    }


def _names(size: int, offset: int = 0) -> list[StreamName]:
    """Calls of some thousand LIIDs, content and signalling."""
    return [
        StreamName(b"LIID-%06d" % (number % 4096), number >> 1, number & 1) for number in range(offset, offset + size)
    ]


def _marks(url: str, server: Server, transactions: int) -> list[dict[str, Any]]:
    rows = []
    for size in MARK_SIZES:
        for kind in ("quiet", "spoken") if size else ("quiet",):
            shared = SharedMarks(url, "bench")
            work = _marking(shared, shared.register().last_commit + 1, size, kind == "spoken")
            times = max(12, min(transactions, 40 * transactions // max(1, size)))
            rows.append({"what": "mark", "kind": kind} | measured(server, "calea-lab bench", size, times, work))
            print(json.dumps(rows[-1]))
            shared.close()
    return rows


def _marking(shared: SharedMarks, first: int, size: int, spoken: bool) -> Callable[[int], None]:
    names = _names(size)
    tokens = {one.name: one.token for one in shared.claim(names)[0]}

    def work(number: int) -> None:
        moved = tuple(Moved(name, tokens[name], 0, number, None) for name in names)
        signalling = [name for name in names if spoken and name.kind == 0]
        known = tuple(nothing_known(*name[:2])._replace(last_reset_us=first + number) for name in signalling)
        if shared.mark([MarkBatch(first + number, number, "n" * 200, moved, known, ())])[0].lost:
            raise SystemExit("a stream was lost: nobody else is here")

    return work


def _claims(url: str, server: Server, transactions: int) -> list[dict[str, Any]]:
    rows = []
    shared = SharedMarks(url, "bench", Limits(hold_ms=0))
    other = SharedMarks(url, "other", Limits(hold_ms=0))
    shared.register()
    other.register()
    used = 1 << 24
    for size in CLAIM_SIZES:
        times = max(8, min(transactions, 20 * transactions // size))
        fresh = [_names(size, used + number * size) for number in range(times + 4)]
        used += (times + 5) * size

        def taken(number: int, fresh: Sequence[list[StreamName]] = fresh) -> None:
            shared.claim(fresh[number])

        rows.append({"what": "claim", "kind": "nobody's"} | measured(server, "calea-lab bench", size, times, taken))
        print(json.dumps(rows[-1]))
        rows.append({"what": "claim", "kind": "ours"} | measured(server, "calea-lab bench", size, times, taken))
        print(json.dumps(rows[-1]))
        for names in fresh:
            other.claim(names)
        rows.append({"what": "claim", "kind": "another's"} | measured(server, "calea-lab bench", size, times, taken))
        print(json.dumps(rows[-1]))
    beat = {"what": "beat", "kind": "sign of life"}
    rows.append(beat | measured(server, "calea-lab bench", 0, transactions, lambda _: shared.beat()))
    rows.append({"what": "news", "kind": "none"} | measured(server, "calea-lab bench", 0, transactions, _asks(shared)))
    shared.close()
    other.close()
    return rows


def _asks(shared: SharedMarks) -> Callable[[int], None]:
    def work(_: int) -> None:
        shared.news()

    return work


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=400, help="of the smallest size; fewer of the larger")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calea-fleet-marks-")))
        directory.chmod(0o711)
        found = start_lasting(directory / "server", "127.0.0.1", free_port(), 20)
        stack.callback(found.stop)
        url = stack.enter_context(found.database())
        server = Server(url)
        settings = server.settings()
        rows = _marks(url, server, arguments.transactions) + _claims(url, server, arguments.transactions)
        server.close()
    result = {
        "what": "marks and claims of one shard's connection, on one machine with the server",
        "server": settings,
        "load_average": os.getloadavg()[0],
        "rows": rows,
        "environment": environment_card(arguments.date, {"asn1.scan": scan.COMPILED}),
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
