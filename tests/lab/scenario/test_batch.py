"""Several scenarios at once: their wishes, and what becomes of results as test cases. Played ones are in tests/e2e."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lab.cli import build
from lab.cli_scenario import SKELETON
from lab.scenario.batch import BROKE, Wish, play, suite
from lab.scenario.catalogue import Source
from mediation.runtime.config import ConfigError

WISH = Wish(Source(SKELETON), Path("nowhere"))
SAYS = [one.says for one in WISH.scenario().expect]
PASSED: dict[str, Any] = {
    "scenario": "SC-99",
    "ok": True,
    "seconds": 12.5,
    "checks": [{"name": says, "ok": True, "found": "2 records"} for says in SAYS]
    + [{"name": "the store verifies", "ok": True, "found": "9 records"}],
}


def test_another_seed_and_another_speed() -> None:
    assert (WISH.scenario().seed, WISH.scenario().speed) == (1, "max")
    other = Wish(WISH.source, WISH.data, seed=7, speed="60").scenario()
    assert (other.seed, other.speed) == (7, 60.0)
    assert Wish(WISH.source, WISH.data, speed="max").scenario().speed == "max"


def test_every_expectation_is_a_case() -> None:
    found = suite(WISH, PASSED)
    assert (found.name, found.seconds, found.began) == ("SC-99", 12.5, "2026-05-04T13:59:00Z")
    assert [one.name for one in found.cases] == [*SAYS, "the store verifies"]
    assert all(not one.why and one.says for one in found.cases) and found.properties["seed"] == "1"


def test_a_failure_says_what_was_wanted_and_what_was_found() -> None:
    checks = [dict(one) for one in PASSED["checks"]]
    checks[0] |= {"ok": False, "found": "no records"}
    case = suite(WISH, {**PASSED, "ok": False, "checks": checks}).cases[0]
    assert not case.broke and case.why.startswith(f"It does not hold that {SAYS[0]}.")
    assert "found: no records" in case.why and '"liid":"LI-99"' in case.why


def test_a_story_that_breaks_is_an_error_in_each_of_its_cases() -> None:
    broken = {"scenario": "SC-99", "ok": False, "error": "SC-99, step 3: nothing came", "checks": []}
    cases = suite(WISH, broken).cases
    assert [one.name for one in cases] == [BROKE, *SAYS]
    assert all(one.broke and "step 3: nothing came" in one.why for one in cases)


def test_a_directory_of_somebody_else_s_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "SC-99").mkdir()
    (tmp_path / "SC-99" / "mine.txt").write_text("mine")
    result = play(Wish(WISH.source, tmp_path))
    assert not result["ok"] and "holds something that no run of ours made" in result["error"]
    assert (tmp_path / "SC-99" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--speed", "fast", "SC-01"], "--speed fast"),
        (["--speed", "nan", "SC-01"], "--speed nan"),
        (["--speed", "0", "SC-01"], "--speed 0"),
        (["SC-01", "SC-01"], "named twice"),
        (["SC-77"], "no scenario SC-77"),
        ([], "Name a scenario"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_begins(tmp_path: Path, words: list[str], says: str) -> None:
    answer = CliRunner().invoke(build("scenario"), ["scenario", "run", "--data", str(tmp_path / "d"), *words])
    assert isinstance(answer.exception, ConfigError) and says in str(answer.exception)
    assert not (tmp_path / "d").exists()
