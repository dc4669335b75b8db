"""`calea-lab bench run` with a measuring function of the test's own: options, files, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab import cli_bench, cli_bench_search
from lab.bench.ledger import Counted, Ledger
from lab.bench.plan import Loaded
from lab.bench.profiles import Profile, Refusal
from lab.bench.run import Measured
from lab.bench.usage import Usage

Cli = Callable[..., Any]


class Measuring:
    """Stands in for a run: remembers the profiles, balances unless told otherwise."""

    def __init__(self) -> None:
        self.profiles: list[Profile] = []
        self.stored = 900
        self.targets: list[tuple[str, int]] = []

    def __call__(self, profile: Profile, data: Path, watch: Any, **_: Any) -> Measured:
        self.profiles.append(profile)
        watch.stage("running")
        loaded = Loaded(1000, 1000, 4, 2.0, 0.5, {"flood": [[0, 1000]]}, {"flood": 1}, 316)
        ledger = Ledger(1000, 1000, Counted(1000, 900, rejected=100), self.stored, 900)
        return Measured(profile, loaded, (), ledger, Usage(2.0, 1.5, 0.5, {}, 1 << 20, 1 << 20))

    def foreign(self, profile: Profile, data: Path, host: str, port: int, *_: Any) -> Measured:
        self.targets.append((host, port))
        return replace(self(profile, data, cli_bench.Blind()), ledger=None, used=None)


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> Measuring:
    found = Measuring()
    monkeypatch.setattr(cli_bench, "measure", found)
    monkeypatch.setattr(cli_bench, "measure_foreign", found.foreign)
    monkeypatch.setattr(cli_bench, "measure_peers", lambda profile: {"pycrate": 12_000})
    return found


def test_one_profile_as_it_is(cli: Cli, measuring: Measuring, tmp_path: Path) -> None:
    done = cli("bench", "run", "cc200", "--out", tmp_path, "--date", "2026-01-31")
    assert done.code == 0, done.err
    assert "SIMULATION" in done.out and "balanced" in done.out and "12,000 a core-second" in done.out
    value = json.loads((tmp_path / "cc200.json").read_text())
    assert (value["records_per_core_s"], value["environment"]["date"]) == (500, "2026-01-31")


def test_options_change_the_profile_and_the_name_of_the_file(cli: Cli, measuring: Measuring, tmp_path: Path) -> None:
    words = ("--octets", 300, "--tls", "--refused", 10, "--refusal", "expired", "--no-encryption", "--rate", 5000)
    done = cli("bench", "run", "cc200", *words, "--runs", 2, "--json", "--out", tmp_path)
    assert done.code == 0, done.err
    value = json.loads(done.out)
    profile = measuring.profiles[0]
    assert (profile.octets, profile.tls, profile.encryption, profile.rate_per_s) == (300, True, False, 5000)
    assert profile.refusals == (Refusal.EXPIRED,) and len(value["runs"]) == 2
    assert value["changes"]["octets"] == 300
    assert [path.name for path in tmp_path.iterdir()] != ["cc200.json"]


def test_a_run_that_does_not_balance_is_exit_code_1(cli: Cli, measuring: Measuring, tmp_path: Path) -> None:
    measuring.stored = 899
    done = cli("bench", "run", "cc200", "--out", tmp_path)
    assert done.code == 1
    assert "DOES NOT BALANCE" in done.out


def test_all_profiles_one_after_another(cli: Cli, measuring: Measuring, tmp_path: Path) -> None:
    done = cli("bench", "run", "--all", "--records", 100, "--out", tmp_path / "all", "--json")
    assert done.code == 0, done.err
    assert len(json.loads(done.out)) == len(measuring.profiles) == len(list((tmp_path / "all").iterdir()))


def test_a_foreign_collector_is_loaded_without_its_figures(cli: Cli, measuring: Measuring, tmp_path: Path) -> None:
    done = cli("bench", "run", "cc200", "--peer", "127.0.0.1:4000", "--json", "--no-peers", "--out", tmp_path)
    assert done.code == 0, done.err
    assert measuring.targets == [("127.0.0.1", 4000)]
    assert json.loads(done.out)["collector_cpu_s"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one profile"),
        (("cc200", "--all"), "Name one profile"),
        (("cc201",), "no profile"),
        (("cc200", "--rate", 5, "--flat-out"), "pace"),
        (("cc200", "--peer", "somewhere"), "HOST:PORT"),
        (("cc200", "--peer", "8.8.8.8:53"), "closed network"),
        (("cc200", "--peer", "127.0.0.1:4000", "--tls"), "--ca"),
    ],
)
def test_what_cannot_be_meant_is_exit_code_2(cli: Cli, measuring: Measuring, words: Any, said: str) -> None:
    done = cli("bench", "run", *words)
    assert done.code == 2
    assert said in done.err


def test_search_finds_a_knee_and_writes_its_result(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def measure(profile: Profile, data: Path, watch: Any) -> Measured:
        rate = profile.rate_per_s or 0
        latency_bin = 500 if rate <= 80_000 else 1500
        loaded = Loaded(10, 10, 4, 2.0, 0.5, {"paced": [[latency_bin, 10]]}, {"paced": 10_000_000}, 316)
        ledger = Ledger(10, 10, Counted(10, 10), 10, 10)
        return Measured(profile, loaded, (), ledger, Usage(1.0, 1.0, 0.0, {}, 1, 1))

    monkeypatch.setattr(cli_bench_search, "measure", measure)
    done = cli("bench", "search", "cc200", "--precision", 0.1, "--out", tmp_path / "s.json")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "s.json").read_text())["search"]
    assert found["knee_per_s"] <= 80_000 < found["failed_at_per_s"] <= found["knee_per_s"] * 1.11
    assert found["limits"]["p99_ms"] == 50.0 and "the knee is at" in done.out
    assert cli("bench", "search", "cc200", "--p99", 0.1, "--from", 200, "--out", tmp_path / "n.json").code == 1


def test_compare_is_exit_code_5_on_a_regression_alone(
    cli: Cli, measuring: Measuring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, cpu_s in (("a", 2.0), ("b", 4.0)):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(cli_bench, "measure", lambda *given, cpu_s=cpu_s, **_: replace(
            measuring(*given), used=Usage(cpu_s, cpu_s, 0.0, {}, 1 << 20, 1 << 20)))  # fmt: skip
        assert cli("bench", "run", "cc200", "--runs", 3, "--out", tmp_path / name, "--no-peers").code == 0
    worse = cli("bench", "compare", tmp_path / "a", tmp_path / "b")
    assert worse.code == 5 and "REGRESSION: cc200 records_per_core_s" in worse.out
    better = cli("bench", "compare", tmp_path / "b" / "cc200.json", tmp_path / "a" / "cc200.json", "--json")
    assert better.code == 0 and json.loads(better.out)["regressions"] == []
    assert cli("bench", "compare", tmp_path / "a", tmp_path / "none").code == 2


def test_report_is_a_page(cli: Cli, measuring: Measuring, tmp_path: Path) -> None:
    assert cli("bench", "run", "cc200", "--out", tmp_path / "r.json", "--no-peers").code == 0
    done = cli("bench", "report", tmp_path / "r.json", "--out", tmp_path / "p" / "r.html", "--json")
    assert done.code == 0, done.err
    assert "SIMULATION" in (tmp_path / "p" / "r.html").read_text()
    assert cli("bench", "report", tmp_path / "none.json", "--out", tmp_path / "x.html").code == 2
