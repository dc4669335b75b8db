"""SHA-256 of leaves and nodes in each way that this processor has (docs/adr/0052-two-messages-at-a-time.md).

    python -m bench.hashing [--rounds N] [--date 2026-01-31] [--out bench/results/hashing.json]

CPU time of this process, the least of many rounds in which the ways take turns: what else the machine does makes a
round longer, never shorter. A leaf is 65 octets of head and a record; a node is a pair of hashes behind one octet. What
a message costs beside its blocks (its ends copied and padded, its digest written) is in the figures. `taken`: the way
that the collector takes here.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.environment import environment_card
from lab.kernels import require_compiled
from mediation.ledger.ways import COMPILED, HEAD_OCTETS, PAIR_OCTETS, digests, parents, way_for, ways

RESULT: Final = Path(__file__).parent / "results" / "hashing.json"
RECORDS: Final = {"leaf, content of 200 octets": 316, "leaf, content of 1400 octets": 1522}
"""Octets of a record."""
MESSAGES: Final = 512
NODE: Final = "node"


def blocks(octets: int) -> int:
    """Of a message: its octets, one of padding and eight of its length."""
    return -(-(octets + 9) // 64)


def works() -> dict[str, tuple[int, Callable[[str], object]]]:
    """What is hashed: blocks of each message, and what hashes MESSAGES of them in a way."""
    rng = random.Random(1)
    found: dict[str, tuple[int, Callable[[str], object]]] = {}
    for name, octets in RECORDS.items():
        messages = [(rng.randbytes(HEAD_OCTETS), rng.randbytes(octets)) for _ in range(MESSAGES)]
        found[name] = blocks(HEAD_OCTETS + octets), partial(digests, messages)
    found[NODE] = blocks(1 + PAIR_OCTETS), partial(parents, rng.randbytes(PAIR_OCTETS * MESSAGES))
    return found


def measure(rounds: int) -> dict[str, dict[str, dict[str, float]]]:
    """Nanoseconds of a message and of each of its blocks, by what is hashed and by way."""
    least: dict[tuple[str, str], int] = {}
    hashed = works()
    for _ in range(rounds):
        for name, (_, work) in hashed.items():
            for way in ways():
                begin = time.process_time_ns()
                work(way)
                spent = time.process_time_ns() - begin
                least[name, way] = min(spent, least.get((name, way), spent))
    return {
        name: {
            way: {
                "message_ns": round(least[name, way] / MESSAGES, 1),
                "block_ns": round(least[name, way] / MESSAGES / count, 1),
            }
            for way in ways()
        }
        for name, (count, _) in hashed.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    require_compiled()
    result: dict[str, Any] = {
        "what": "CPU time of SHA-256 by way, nanoseconds, the least of the rounds",
        "rounds": arguments.rounds,
        "ways": ways(),
        "taken": way_for(MESSAGES),
        **measure(arguments.rounds),
        "environment": environment_card(arguments.date, {"mediation.ledger.ways": COMPILED}),
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
