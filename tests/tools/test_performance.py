"""The page of figures: nothing typed by hand, nothing missed without a reason, no void run on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tools import performance
from tools.performance import TARGETS, faults, page, read_results, rows


def _result(per_core_s: int, **more: Any) -> dict[str, Any]:
    return {
        "records_per_core_s": per_core_s, "records_per_s": per_core_s, "record_octets": 316, "balanced": True,
        "memory_mib": {"resident": 100.0, "peak": 120.0}, "received": 1000, "cpu": {"threads_s": {"main": 0.001}},
        "latency_ms": {"p50": 0.9, "p99": 6.0},
        "environment": {"date": "2026-01-31", "cpu": "x", "load_average": [0.1]}, **more,
    }  # fmt: skip


GOOD = {
    "cc200": _result(1_600_000, peers={"pyasn1": 2500, "pycrate": "not installed"}),
    "cc200-5pct-refused": _result(1_400_000),
    "cc200-tls": _result(850_000),
    "latency-100k": _result(1),
    "verify": {"verify": {"warm": {"records_per_cpu_s": 1_900_000}}},
    "sending": {"records_per_core_s": 1_200_000, "rows": {"template_fill": {"records_per_core_s": 20_000_000}}},
    "careful": {
        "results": {
            "sip": {"records_per_core_s": 40_000, "us_per_record_by_thread": {"index-writer": 8.0, "main": 17.0}}
        }
    },
    "stages": {"stages_ns": {"scan": 40.0, "hash": 120.0}, "environment": {"cpu": "x"}},
}


def _row(key: str) -> performance.Row:
    return next(row for row in rows(GOOD, {}) if row.target.key == key)


@pytest.mark.parametrize(
    ("key", "value", "verdict"),
    [
        ("plain", 1_600_000, "yes; not 2.00 M yet: 20% short"),
        ("tls", 850_000, "no: 6% short"),
        ("refused", 1_600_000 / 1_400_000, "yes"),
        ("latency-50", 0.9, "yes"),
        ("latency-99", 6.0, "no: 20% above"),
        ("verify", 1_900_000, "yes"),
        ("sending", 1_200_000, "yes"),
        ("interpreted", None, "not measured"),
    ],
)
def test_verdicts(key: str, value: float | None, verdict: str) -> None:
    row = _row(key)
    assert row.value == (None if value is None else pytest.approx(value))
    assert row.verdict == verdict


def test_every_row_of_the_target_table_is_there() -> None:
    """perf.md's table, and the fairness of issue 6."""
    assert {one.key for one in TARGETS} == {
        "plain", "tls", "large", "large-tls", "careful", "latency-50", "latency-99", "liids", "refused", "interpreted",
        "verify", "sending", "fairness", "fairness-links",
    }  # fmt: skip
    text = page(GOOD, {})
    assert all(one.what in text and one.command in text for one in TARGETS)


def test_a_missed_target_needs_its_reason() -> None:
    found = rows(GOOD, {"tls": "the records are decrypted twice."})
    said = faults(found, GOOD, {"tls": "the records are decrypted twice."})
    assert said == ["latency-99 is not reached and tools/performance.toml does not say why."]
    text = page(GOOD, {"tls": "the records are decrypted twice.", "verify": "never shown"})
    assert "decrypted twice" in text and "never shown" not in text


def test_a_void_run_may_not_stand_on_the_page() -> None:
    results = {**GOOD, "cc1400": _result(600_000, balanced=False)}
    assert any("cc1400.json does not balance" in said for said in faults(rows(results, {}), results, {}))
    assert "no target" in faults([], GOOD, {"colour": "blue"})[-1]


def test_peers_costs_and_cards_stand_beside() -> None:
    text = page(GOOD, {})
    assert "pyasn1 2.5 k, pycrate: not installed" in text
    assert "| hash | 120.0 | 75% |" in text and "By thread" in text
    assert "sending side: template fill | 20.00 M | 50 |" in text
    assert "careful lane, in process: sip | 40 k | 25,000 |" in text and "| main | 17,000.0 | 68% |" in text
    assert "SIMULATION" in text and "(load 0.1)" in text


def test_an_empty_directory_makes_a_page_that_says_so(tmp_path: Path) -> None:
    assert "not measured" in page(read_results(tmp_path), {})


def test_another_machine_stands_beside_this_one_target_by_target() -> None:
    there = {name: one for name, one in GOOD.items() if name in ("cc200", "cc200-tls")}
    text = page(GOOD, {}, there)
    section = text.partition("## The same on another machine")[2]
    assert "end to end, content of 200 octets" in section and "over TLS" in section
    assert "1400" not in section and "5 % refused" not in section, "only what was measured on both"
    assert "another machine" not in page(GOOD, {})
