"""A benchmark for real, in short: a collector and a generator as processes, every record accounted for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from lab.bench.collector import MeasuredCollector
from lab.bench.ledger import Counted
from lab.bench.profiles import changed, named
from lab.bench.run import Blind, measure, measure_foreign


def test_a_run_over_tls_with_refusals_balances_and_verifies(tmp_path: Path) -> None:
    words = ["bench", "run", "cc200-5pct-refused", "--records", "20000", "--tls", "--verify", "--no-peers", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "lab.cli", *words, "--data", str(tmp_path), "--out", str(tmp_path / "result.json")],
        capture_output=True,
        text=True,
        timeout=110,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path / "state")},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert found["sent"] == found["received"] == found["acknowledged"] == 20_000
    assert (found["accepted"], found["rejected"], found["stored"], found["signed"]) == (19_000, 1000, 19_000, 19_000)
    assert found["verified"] and found["balanced"] and not found["lost"]
    assert found["collector_cpu_s"] > 0 and found["records_per_core_s"] > 0
    assert not list((tmp_path / "bench").iterdir())


def test_a_paced_load_of_a_collector_that_is_not_ours(tmp_path: Path) -> None:
    """Only its address is known; it is ours here, so that it can be asked afterwards what it got."""
    profile = changed(named("latency-100k"), {"rate_per_s": 5000, "records": 4000, "liids": 4})
    with MeasuredCollector(tmp_path / "theirs", profile) as theirs:
        found = measure_foreign(profile, tmp_path, "127.0.0.1", theirs.port, Blind(), None, True)
        counted = Counted.of_sums(theirs.sums()["records"])
    assert found.faults == []
    assert (found.loaded.sent, found.loaded.acknowledged, found.loaded.opened) == (4000, 4000, 8)
    assert counted.received == counted.accepted + counted.masked + counted.flagged == 4008
    assert 0 < found.latencies.count <= 4000


def test_call_data_that_nobody_acknowledges_is_counted_at_the_collector(tmp_path: Path) -> None:
    profile = changed(named("prtt-iri"), {"dialect": "t1678", "records": 3000, "liids": 4})
    found = measure(profile, tmp_path, Blind())
    assert found.faults == []
    assert found.ledger is not None and found.ledger.acknowledged is None
    assert found.ledger.counted.received == found.ledger.counted.accepted == found.ledger.stored == 3000
    assert found.latencies.count == 0 and found.records_per_s > 0
