"""The compiled and the interpreted path leave the same octets: segments, roots, verdicts, index rows, answers.

Whole runs over the same input, made at random from a seed: content, signalling, pen registers whose records are masked
or refused, orders that are over, LIIDs of nobody, gaps, repeats, repeats that were changed, numbers that go back, TRIs,
octets changed at random, records cut where a read ends. See one_run.py for what is kept from chance.
"""

from __future__ import annotations

import hmac
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from collector.config import CollectorConfig
from collector.opening import open_keys

ROOT = Path(__file__).resolve().parents[2]
DAY_US = 86_400_000_000
LIIDS = ("LAB-W", "LAB-P", "LAB-E", "LAB-NOBODY")


class ByLiid(dict[Any, int]):
    """The counters of a peer that numbers all of a LIID's records together."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[0], default)

    def __setitem__(self, key: Any, value: int) -> None:
        super().__setitem__(key[0], value)


def a_stream(records: Any, seed: int, count: int) -> list[bytes]:
    """Records as a careless peer might send them."""
    chance = random.Random(seed)
    sent: list[bytes] = [records.sip(liid, cin) for liid in LIIDS for cin in (1, 2) if (liid, cin) != ("LAB-W", 2)]
    while len(sent) < count:
        liid = chance.choice(("LAB-W", "LAB-W", "LAB-W", *LIIDS))
        cin = chance.choice((1, 1, 1, 2, 3))
        kind = chance.random()
        if kind < 0.04:
            sent.append(records.sip(chance.choice((liid, "LAB-P")), 1, "continue", method="MESSAGE", body=b"words"))
        elif kind < 0.06:
            sent.append(records.sms(liid, cin, "words"))
        elif kind < 0.08:
            sent.append(records.keep_alive(len(sent)))
        elif kind < 0.11:
            records.counters[liid.encode(), cin, "cc"] = records.counters.get((liid.encode(), cin, "cc"), 0) + 2
        elif kind < 0.14:
            sent.append(chance.choice(sent))
        elif kind < 0.16:
            last = records.counters.get((liid.encode(), cin, "cc"), 1) - 1
            sent.append(records.rtp(liid, cin, b"\x80\x00other", number=max(last, 0)))
        elif kind < 0.19:
            octets = bytearray(chance.choice(sent))
            octets[chance.randrange(4, len(octets))] ^= 1 << chance.randrange(8)
            sent.append(bytes(octets))
        else:
            # Media comes in runs, a packet every 20 ms or so.
            for _ in range(chance.randrange(1, 12)):
                sent.append(records.rtp(liid, cin, bytes([128, 0]) + bytes(chance.choice((20, 158)))))
    return sent


def in_pieces(octets: bytes, seed: int) -> list[tuple[str, bool]]:
    chance, found, at = random.Random(seed), [], 0
    while at < len(octets):
        size = chance.choice((50, 700, 5_000, 20_000))
        found.append((octets[at : at + size].hex(), chance.random() < 0.3))
        at += size
    return found


@pytest.mark.parametrize(("seed", "scope"), [(1, "communication"), (2, "communication"), (3, "liid")])
def test_both_paths_leave_the_same_octets(lab: Any, records: Any, seed: int, scope: str) -> None:
    lab.court.issue("O-W", "LAB-W")
    lab.court.issue("O-P", "LAB-P", "PRTT")
    begun_us = (records_us() - 3 * DAY_US) // 1_000_000 * 1_000_000
    lab.court.issue("O-E", "LAB-E", start=begun_us, end=begun_us + DAY_US)
    values = lab.values(
        links=[{"name": "hi", "interface": "both", "sequence_scope": scope, "max_record_octets": 4096}],
        store={"capacity_octets": 1 << 20, "segment_octets": 256 << 10},
    )
    open_keys(CollectorConfig.model_validate(values))
    if scope == "liid":
        records.counters = ByLiid()
    octets = b"".join(a_stream(records, seed, 1800))
    case = {"config": values, "now_us": records_us(), "pieces": in_pieces(octets, seed)}
    (lab.root / "case.json").write_text(json.dumps(case))
    first = shutil.copytree(lab.data, lab.root / "kept")
    compiled = run(lab.root, "compiled")
    # The same keys and an empty store, in the same place: the configuration names it.
    shutil.rmtree(lab.data)
    first.rename(lab.data)
    interpreted = run(lab.root, "interpreted")
    assert (compiled.pop("compiled"), interpreted.pop("compiled")) == (True, False)
    assert not compiled["failures"]
    for name, value in compiled.items():
        assert interpreted[name] == value, name
    told = json.dumps(compiled["commits"])
    for verdict in ("accepted", "masked", "quarantined", "rejected", "duplicate", "gaps"):
        assert f'"{verdict}"' in told, f"the case has nothing {verdict}"
    assert (compiled["in_the_pass"] == 0) == (scope == "liid")
    received, bulk, tris, _ = compiled["link"]
    assert received > 1500 and bulk > 300 and tris > 2
    assert len(compiled["segments"]) > 1


@pytest.mark.parametrize("seed", [4, 5])
def test_what_the_pass_refuses_again_the_careful_lane_refuses_alike(lab: Any, records: Any, seed: int) -> None:
    """All but the order in which a batch's account names what it counted, and which of many alike it has digests of."""
    lab.court.issue("O-W", "LAB-W")
    lab.court.issue("O-P", "LAB-P", "PRTT")
    begun_us = (records_us() - 3 * DAY_US) // 1_000_000 * 1_000_000
    lab.court.issue("O-E", "LAB-E", start=begun_us, end=begun_us + DAY_US)
    values = lab.values(
        links=[{"name": "hi", "interface": "both", "max_record_octets": 4096}],
        store={"capacity_octets": 16 << 20, "segment_octets": 4 << 20},
    )
    hmac_key = open_keys(CollectorConfig.model_validate(values)).hmac_key
    stream = a_stream(records, seed, 1500)
    case = {"config": values, "now_us": records_us(), "pieces": in_pieces(b"".join(stream), seed)}
    (lab.root / "case.json").write_text(json.dumps(case))
    shutil.copytree(lab.data, lab.root / "kept")
    found = []
    for path in ("compiled", "one-by-one"):
        found.append(run(lab.root, path))
        shutil.rmtree(lab.data)
        shutil.copytree(lab.root / "kept", lab.data)
    passes, looks = found
    assert passes["in_the_pass"] > 10 and not looks["in_the_pass"]
    for name in ("link", "peer", "ends", "failures"):
        assert passes[name] == looks[name], name
    assert [one[:3] for one in passes["commits"]] == [one[:3] for one in looks["commits"]]
    for one, other in zip(passes["commits"], looks["commits"], strict=True):
        for name in one[3]:
            assert ordered(one[3][name]) == ordered(other[3][name]), name
        assert one[3].keys() == other[3].keys()
    sent = {hmac.digest(hmac_key, record, "sha256").hex() for record in stream}
    digests = [one for commit in passes["commits"] for two in commit[3].get("refusals", ()) for one in two["hmac"]]
    assert len(digests) > 20 and set(digests) <= sent
    for table, rows in passes["index"].items():
        if table != "batch":
            assert looks["index"][table] == rows, table


def ordered(value: Any) -> Any:
    """Lists of an account in an order of their own; of digests only how many."""
    if isinstance(value, dict):
        return {name: len(one) if name == "hmac" else ordered(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted((ordered(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def records_us() -> int:
    return time.time_ns() // 1000


def run(root: Path, path: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("one_run.py")), str(root), path],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
