"""The object of `bench run --json`: every key that design section 7 promises, and a median that is one of the runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lab.bench.result import file_name, put_together, read_result, rows, write_result
from lab.bench.run import Measured
from mediation.runtime.config import ConfigError

Made = Callable[..., Measured]
PROMISED = {
    "profile", "dialect", "octets", "liids", "connections", "tls", "seconds", "sent", "received", "accepted",
    "rejected", "stored", "signed", "acknowledged", "lost", "records_per_s", "collector_cpu_s", "records_per_core_s",
    "latency_ms", "peers", "environment",
}  # fmt: skip


def test_every_promised_key_is_there(measured: Made) -> None:
    found = put_together([measured()], {"cpu": "x"}, {"pycrate": 12_000})
    assert set(found) >= PROMISED
    assert set(found["latency_ms"]) >= {"p50", "p99", "p999"}
    assert found["simulation"] is True
    assert found["records_per_core_s"] == 500
    assert json.loads(json.dumps(found)) == found


def test_the_result_of_several_runs_is_their_median(measured: Made) -> None:
    found = put_together([measured(4.0), measured(1.0), measured(2.0)], {}, {})
    assert found["records_per_core_s"] == 500
    assert sorted(one["records_per_core_s"] for one in found["runs"]) == [250, 500, 1000]
    assert "series" in found and all("series" not in one for one in found["runs"])
    assert put_together([measured(1.0), measured(2.0)], {}, {})["records_per_core_s"] == 500, "never the better of two"


def test_one_run_that_does_not_balance_spoils_the_result(measured: Made) -> None:
    good = measured()
    assert good.ledger is not None
    bad = replace(good, ledger=replace(good.ledger, stored=899))
    found = put_together([good, bad, good], {}, {})
    assert found["balanced"] is False
    assert any("stored: 899" in fault for fault in found["faults"])
    assert any("DOES NOT BALANCE" in value for _, value in rows(found))


@pytest.mark.parametrize(
    ("change", "of_load", "words"),
    [
        ({}, {"lost_links": 2}, "2 connections"),
        ({"verified": False}, {}, "does not verify"),
        ({"ledger": None}, {"acknowledged": 9}, "acknowledged: 9"),
    ],
)
def test_other_reasons_why_a_run_counts_for_nothing(
    measured: Made, change: dict[str, Any], of_load: dict[str, Any], words: str
) -> None:
    run = measured()
    assert any(words in fault for fault in replace(run, loaded=replace(run.loaded, **of_load), **change).faults)


def test_of_a_foreign_collector_only_what_the_sender_sees_is_said(measured: Made) -> None:
    found = put_together([replace(measured(), ledger=None, used=None)], {}, {})
    assert found["collector_cpu_s"] is None and found["records_per_core_s"] is None and found["stored"] is None
    assert found["balanced"] is True
    assert rows(found)


def test_what_options_changed_has_a_name_of_its_own() -> None:
    assert file_name("cc200", {}) == "cc200.json"
    assert file_name("cc200", {"octets": 300, "refusals": ["expired"]}) == "cc200+octets=300+refusals=expired.json"


def test_a_file_that_is_no_result_is_refused(measured: Made, tmp_path: Path) -> None:
    place = tmp_path / "made" / "r.json"
    write_result(place, put_together([measured()], {}, {}))
    assert read_result(place)["profile"] == "cc200"
    for text in ("", "[]", "{}"):
        place.write_text(text)
        with pytest.raises(ConfigError, match="no result"):
            read_result(place)
    with pytest.raises(ConfigError):
        read_result(tmp_path / "none.json")
