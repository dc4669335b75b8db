"""Scenario files: the shipped ones are sound, and a misspelt word is an error, never a test that passes unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.catalogue import Source, find, shipped
from lab.scenario.evidence import contains
from lab.scenario.reading import load
from lab.scenario.times import at_us
from mediation.runtime.config import ConfigError

SHIPPED = shipped()

SOUND = """
id: SC-99
title: nothing much
briefing: one step
start: T0
times: {T0: 2026-03-01T14:00:00Z}
steps: [{at: T0}]
expect: [{says: nothing came, totals: {order: O1, counts: {delivered: 0}}}]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "SC-99.yaml"
    path.write_text(text)
    return path


def test_a_sound_one_is_read(tmp_path: Path) -> None:
    assert load(written(tmp_path, SOUND)).id == "SC-99"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{at: T0}", "{att: T0}"),
        ("{at: T0}", "{}"),
        ("{at: T0}", "{drain: true, stop: collector}"),
        ("delivered: 0", "delivered: many"),
        ("totals: {order", "total: {order"),
        ("says: nothing came, ", ""),
        ("SC-99", "SCENARIO"),
        ("expect: [{says: nothing came, totals: {order: O1, counts: {delivered: 0}}}]", "expect: []"),
        ("{at: T0}", "{await: {}}"),
        ("title: nothing much", "title: [unclosed"),
    ],
)
def test_a_misspelt_word_is_refused_with_its_place(tmp_path: Path, old: str, new: str) -> None:
    assert old in SOUND
    with pytest.raises(ConfigError, match=r"SC-99\.yaml"):
        load(written(tmp_path, SOUND.replace(old, new)))


def test_each_is_found_by_its_id_and_nothing_else_is() -> None:
    assert {name: find(name) for name in SHIPPED} == SHIPPED
    for unknown in ("SC-", "SC-01x", "SC-01uu", "SC-01.yaml", "../scenarios/SC-01", ""):
        with pytest.raises(ConfigError, match="no scenario"):
            find(unknown)


@pytest.mark.parametrize(("name", "source"), SHIPPED.items(), ids=SHIPPED.keys())
def test_shipped_scenarios_are_sound(name: str, source: Source) -> None:
    scenario = source.load()
    assert scenario.id == name
    times: dict[str, int] = {}
    for name, text in scenario.times.items():
        times[name] = at_us(text, times)
    reached = at_us(scenario.start, times)
    for step in scenario.steps:
        if step.at is not None:
            assert at_us(step.at, times) >= reached, f"{step.at} lies before what was reached"
            reached = at_us(step.at, times)


def test_a_form_has_the_file_it_is_of() -> None:
    assert all(name == source.path.stem + source.letter for name, source in SHIPPED.items())
    assert {source.load().form for source in SHIPPED.values()} == {"etsi", "t1678", "ias"}


def test_a_story_has_another_form_or_says_why_it_has_none() -> None:
    """No case of the two dialects is silently absent."""
    for source in SHIPPED.values():
        scenario = source.load()
        assert bool(scenario.forms) != bool(scenario.why), scenario.id
    numbers = {name[:5] for name, source in SHIPPED.items() if source.letter}
    assert {"SC-08", "SC-09", "SC-10", "SC-11", "SC-13", "SC-15", "SC-17"} <= numbers


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("only: etsi", "give both"),
        ("why: it is so", "give both"),
        ('only: etsi\nwhy: " "', "give both"),
        ("only: morse\nwhy: it is so", "only"),
        ("only: etsi\nwhy: it is so\nforms: {u: t1678}", "no other forms"),
    ],
)
def test_a_reason_is_for_a_story_of_one_dialect_and_is_not_left_out(tmp_path: Path, more: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load(written(tmp_path, f"{SOUND}{more}\n"))


def test_the_page_has_every_form_and_every_reason() -> None:
    page = " ".join((Path(__file__).parents[3] / "docs" / "scenarios.md").read_text("utf-8").split())
    for name, source in SHIPPED.items():
        scenario = source.load()
        assert f"| {name} |" in page if source.letter or scenario.why else name in page, name
        assert " ".join(scenario.why.split()) in page, name


def test_every_one_of_the_list_is_there() -> None:
    numbers = {name[:5] for name in SHIPPED}
    assert numbers >= {f"SC-{number:02d}" for number in range(1, 23) if number not in (14, 21)}


def test_containing() -> None:
    found = {"a": 1, "b": [{"c": 2, "d": 3}, {"c": 4}]}
    assert contains(found, {"b": [{"c": 4}, {"c": 2}]}) and contains(found, {})
    assert not contains(found, {"b": [{"c": 5}]}) and not contains(found, {"a": 1, "e": None})
