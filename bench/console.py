"""How long a page of a case's list takes when the index holds ten million records.

    python -m bench.console [--records 10000000] [--shards 1] [--queries 2000] [--date 2026-01-31]
                            [--out bench/results/console.json]

An index is made in a temporary directory with rows as its own writer makes them (four records of signalling a
communication), put in by the database's bulk insert, and removed again at the end. Then `CaseLibrary` is asked what
pages ask: first pages, pages deep inside, by kind, by party, by duration, spans of time, one communication, what is
new, counts. Half of everything is one case of eight interceptions; the others share the rest. Each kind of question has
its own percentiles, as wall time and as processor time of the asking thread: on a busy machine only the latter means
something. With `--shards` the communications are shared out over as many indexes, half of them with their signalling in
one and their content in another; what is refused in words (the longest of more than can be sorted by hand) counts as an
answer.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from asn1.errors import RefusedError
from bench.environment import environment_card
from bench.verify import make_keys
from collector.console.model.library import CaseLibrary
from collector.console.model.lists import ListQuery
from collector.console.model.scope import Scope
from collector.console.model.shelf import Shelf
from collector.console.model.shelves import Shelves
from collector.store.index import open_database
from collector.store.index_tables import IRI_EVENT, METADATA, WHOLE
from collector.store.index_whole import Kind
from collector.store.store import Store, StoreConfig, StoreHooks
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window

ROOT = Path(__file__).parents[1]
START_US = 1_750_000_000_000_000
EVENTS = 4
"""Records of signalling a communication."""
CASES = 25
LIIDS_A_CASE = 8
NUMBERS = 50_000
SPAN_US = 60 * 86_400_000_000
KINDS = ("CALL",) * 70 + ("SMS",) * 20 + ("DATA",) * 7 + ("SIGNALLING",) * 2 + ("MMS",)
ROWS_A_WRITE = 50_000


def liid_of(case: int, at: int) -> str:
    return f"LAB-{case:03}-{at}"


def target_of(case: int, at: int) -> str:
    return f"+1212555{case * LIIDS_A_CASE + at:04}"


class Made:
    """Communications by a seed, the same at every look; of one shard among `shards`, what it has of them."""

    def __init__(self, communications: int, shard: int = 0, shards: int = 1) -> None:
        self._chance = random.Random(7)
        self._where = random.Random(8)
        self._count = communications
        self._shard, self._shards = shard, shards
        self.tally: dict[tuple[str, str], int] = {}

    def mine(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Half of all has its content in the next shard, which knows that much of it and no more."""
        for row, parties in self.rows():
            home, split = self._where.randrange(self._shards), self._where.random() < 0.5
            if home != self._shard and not (split and (home + 1) % self._shards == self._shard):
                continue
            if home != self._shard:
                content = {"service": None, "content_service": row["service"], "caller": None, "called": None}
                row |= content | {"sends": None, "parties": "[]", "opened": 0, "ended": 0, "answer_us": None, "iri": 0,
                                  "cc_from_target": 50, "begin_us": row["begin_us"] + 6_000_000}  # fmt: skip
                row["end_us"] = max(row["end_us"], row["begin_us"])
                row["duration_us"] = row["end_us"] - row["begin_us"]
                parties = []
            self.tally[row["liid"], row["kind"]] = self.tally.get((row["liid"], row["kind"]), 0) + 1
            yield row, parties

    def rows(self) -> Iterator[tuple[dict[str, Any], list[str]]]:
        step = SPAN_US // self._count
        for cin in range(self._count):
            chance = self._chance
            case = 0 if chance.random() < 0.5 else chance.randrange(1, CASES)
            at = chance.randrange(LIIDS_A_CASE)
            liid, target = liid_of(case, at), target_of(case, at)
            # A few numbers are called again and again, most of them once in a while.
            other = f"+1646555{int(NUMBERS * chance.random() ** 4):05}"
            kind = KINDS[chance.randrange(len(KINDS))]
            begin = START_US + cin * step + chance.randrange(step)
            duration = int(chance.expovariate(1 / 90e6)) if kind in ("CALL", "DATA") else 0
            sends = chance.random() < 0.5
            caller, called = (target, other) if sends else (other, target)
            first = cin * EVENTS
            service = None if kind == "SIGNALLING" else kind.replace("CALL", "VOICE")
            yield {
                "liid": liid, "cin": cin, "first_generation": 0, "generation": 0, "kind": kind,
                "order_id": f"O-{case:03}-{at}", "service": service, "content_service": None,
                "parties": json.dumps(sorted((target, other))), "caller": caller, "called": called,
                "sends": int(sends), "opened": 1, "ended": 1, "answer_us": begin + 5_000_000,
                "end_us": begin + duration, "iri": EVENTS, "cc_from_target": 0, "cc_to_target": 0, "cc_other": 0,
                "first_sequence": first, "last_sequence": first + EVENTS - 1, "begin_us": begin,
                "duration_us": duration,
            }, [target, other]  # fmt: skip


def fill(path: Path, communications: int, shard: int = 0, shards: int = 1) -> dict[str, float]:
    """All tables that lists are made of, of one shard; secondary indices behind the rows."""
    engine = open_database(f"sqlite:///{path}")
    METADATA.create_all(engine)
    indices = [index for table in (WHOLE, IRI_EVENT) for index in table.indexes]
    for index in indices:
        index.drop(engine)
    engine.dispose()
    began = time.process_time()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous=OFF")
    made = Made(communications, shard, shards)
    whole: list[tuple[Any, ...]] = []
    party: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    names = [column.name for column in WHOLE.columns]

    def write() -> None:
        with connection:
            connection.executemany(
                f"INSERT INTO whole ({','.join(names)}) VALUES ({','.join('?' * len(names))})", whole
            )
            connection.executemany(
                "INSERT INTO whole_party (liid, party, kind, begin_us, cin) VALUES (?,?,?,?,?)", party
            )
            connection.executemany(
                "INSERT INTO iri_event (sequence, generation, liid, cin, order_id, event_us, verdict, iri_type, "
                "payload, direction, parties) VALUES (?,0,?,?,?,?,1,1,'iPMMIRI',0,?)",
                events,
            )
        for rows in (whole, party, events):
            rows.clear()

    for row, parties in made.mine():
        whole.append(tuple(row[name] for name in names))
        party += [(row["liid"], one, row["kind"], row["begin_us"], row["cin"]) for one in parties]
        events += [
            (row["first_sequence"] + at, row["liid"], row["cin"], row["order_id"], row["begin_us"] + at, row["parties"])
            for at in range(EVENTS)
        ]
        if len(whole) >= ROWS_A_WRITE:
            write()
    write()
    with connection:
        connection.executemany(
            "INSERT INTO whole_tally (liid, kind, communications) VALUES (?,?,?)",
            [(*key, count) for key, count in made.tally.items()],
        )
        connection.execute("INSERT INTO meta (key, value) VALUES ('records', ?)", (str(communications * EVENTS),))
        connection.execute("INSERT INTO meta (key, value) VALUES ('commit', '1')")
    connection.close()
    rows_s = time.process_time() - began
    engine = open_database(f"sqlite:///{path}")
    for index in indices:
        index.create(engine)
    engine.dispose()
    return {"rows_cpu_s": round(rows_s, 1), "indices_cpu_s": round(time.process_time() - began - rows_s, 1)}


def scope_of(case: int) -> Scope:
    window = Window(START_US, START_US + SPAN_US)
    orders = tuple(
        CourtOrder(
            OrderId(f"O-{case:03}-{at}"), 1, OrderKind.EAVESDROPPING, CaseId(f"C-{case}"), Liid(liid_of(case, at)),
            "LAB", window, (Target(TargetKind.E164, target_of(case, at)[1:]),), frozenset(Service),
        )
        for at in range(LIIDS_A_CASE)
    )  # fmt: skip
    return Scope(f"C-{case}", orders, True)


Question = Callable[[CaseLibrary, Scope, int, random.Random], int]
"""Gives how many rows came."""


def deep(library: CaseLibrary, scope: Scope, case: int, chance: random.Random) -> int:
    begin = START_US + chance.randrange(SPAN_US)
    token = f"{begin}.{chance.randrange(1 << 40)}.{liid_of(case, chance.randrange(LIIDS_A_CASE))}"
    return len(library.page(scope, ListQuery(after=token)).rows)


def by_party(library: CaseLibrary, scope: Scope, case: int, chance: random.Random) -> int:
    if chance.random() < 0.3:
        party = target_of(case, chance.randrange(LIIDS_A_CASE))
    else:
        party = f"+1646555{int(NUMBERS * chance.random() ** 4):05}"
    return len(library.page(scope, ListQuery(party=party)).rows)


def by_time(library: CaseLibrary, scope: Scope, case: int, chance: random.Random) -> int:
    begin = START_US + chance.randrange(SPAN_US)
    query = ListQuery(from_us=begin, to_us=begin + chance.randrange(SPAN_US), descending=False)
    return len(library.page(scope, query).rows)


def of_kind(library: CaseLibrary, scope: Scope, case: int, chance: random.Random) -> int:
    kinds = tuple(chance.sample(list(Kind), chance.randrange(1, 3)))
    return len(library.page(scope, ListQuery(kinds, descending=chance.random() < 0.5)).rows)


def longest(library: CaseLibrary, scope: Scope, case: int, chance: random.Random) -> int:
    return len(library.page(scope, ListQuery(sort="duration", descending=chance.random() < 0.7)).rows)


QUESTIONS: dict[str, Question] = {
    "first page": lambda library, scope, case, chance: len(library.page(scope, ListQuery()).rows),
    "page deep inside": deep,
    "by kind": of_kind,
    "by party": by_party,
    "by span of time": by_time,
    "longest first": longest,
    "new since": lambda library, scope, case, chance: len(
        library.since(scope, {name: at - chance.randrange(2_000) for name, at in library.cursor().items()}).rows
    ),
    "counts": lambda library, scope, case, chance: len(library.counts(scope).kinds),
}


def ask(library: CaseLibrary, queries: int) -> dict[str, Any]:
    chance = random.Random(11)
    scopes = [scope_of(case) for case in range(CASES)]
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in QUESTIONS}
    names = list(QUESTIONS)
    for number in range(queries):
        name = names[number % len(names)]
        case = 0 if chance.random() < 0.5 else chance.randrange(1, CASES)
        wall, cpu = time.perf_counter(), time.thread_time()
        try:
            rows = QUESTIONS[name](library, scopes[case], case, chance)
        except RefusedError:
            rows = 0
        found[name].append((time.perf_counter() - wall, time.thread_time() - cpu, rows))
    everything = [one for held in found.values() for one in held]
    return {name: figures(held) for name, held in {"all": everything, **found}.items()}


def figures(held: list[tuple[float, float, int]]) -> dict[str, Any]:
    def percentiles(values: list[float]) -> dict[str, float]:
        ordered = sorted(values)
        at = {name: ordered[min(int(share * len(ordered)), len(ordered) - 1)] for name, share in SHARES.items()}
        return {name: round(1000 * value, 2) for name, value in at.items()}

    return {
        "queries": len(held),
        "rows_mean": round(statistics.mean(one[2] for one in held), 1),
        "wall_ms": percentiles([one[0] for one in held]),
        "cpu_ms": percentiles([one[1] for one in held]),
    }


SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--queries", type=int, default=2_000)
    parser.add_argument("--date", default=datetime.datetime.now(datetime.UTC).date().isoformat())
    parser.add_argument("--out", type=Path, default=ROOT / "bench/results/console.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="calea-bench-") as temporary:
        directory = Path(temporary)
        names = [""] if given.shards == 1 else [f"collector-{number}" for number in range(1, given.shards + 1)]
        indexes = [directory / f"index{name}.sqlite" for name in names]
        made = [fill(index, given.records // EVENTS, at, given.shards) for at, index in enumerate(indexes)]
        keys = make_keys(directory)
        store = directory / "store"
        Store.open(store, StoreConfig(64 << 20, 8 << 20), keys, StoreHooks(now_us=lambda: START_US)).close()

        def shelf(at: int) -> Shelf:
            number = 0 if given.shards == 1 else at + 1
            return Shelf(f"sqlite:///{indexes[at]}", store, keys, name=names[at], number=number)

        openers = {name: partial(shelf, at) for at, name in enumerate(names)}
        library = CaseLibrary(Shelves.alone(shelf(0)) if given.shards == 1 else Shelves(openers, dict))
        ask(library, len(QUESTIONS) * 5)
        result = {
            "benchmark": "console",
            "simulation": True,
            "records": given.records,
            "communications": given.records // EVENTS,
            "shards": given.shards,
            "index_octets": sum(index.stat().st_size for index in indexes),
            "database": "sqlite",
            "filling": made,
            "load_average_before": round(os.getloadavg()[0], 1),
            "answers": ask(library, given.queries),
            "load_average_after": round(os.getloadavg()[0], 1),
            "environment": environment_card(given.date, {}),
        }
        library.close()
    given.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result["answers"], indent=2))


if __name__ == "__main__":
    main()
