"""Forms of a scenario and the numbers of its people: one file, the same story in another dialect."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.scenario.reading import load
from mediation.runtime.config import ConfigError

STORY = """
id: SC-98
title: one story
briefing: one step
start: 2026-03-01T14:00:00Z
forms: {u: [t1678, ias]}
subscribers: {T: {number: "+12125550100"}}
orders: [{fields: {order_id: O1, liid: LI-98, targets: ["@T"]}}]
faults: {mediation: {content_tasks: [LI-98], wrong_number: {LI-98: "12125550101"}}}
steps:
  - {at: 2026-03-01T15:00:00Z}
  - {only: [etsi], fault: {process: mediation, path: /fault, body: {cut: [hi2]}}}
  - {only: [t1678], fault: {process: mediation, path: /fault, body: {cut: [cdc]}}}
  - {visit: {by: rivera, path: "/cases/C/calls/LI-98/1"}}
expect:
  - {says: for both, records: {liid: LI-98, count: 0}}
  - {says: for one, only: [t1678], records: {liid: LI-98, count: 1}}
"""


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "SC-98.yaml"
    path.write_text(STORY)
    return path


def test_the_file_as_it_stands(story: Path) -> None:
    found = load(story)
    assert found.id == "SC-98" and not found.dialects and found.form == "etsi"
    assert [one.says for one in found.expect] == ["for both"]
    assert len(found.steps) == 3 and found.steps[1].fault is not None and found.steps[1].fault.body == {"cut": ["hi2"]}
    assert found.orders[0].fields["targets"] == ["+12125550100"]


def test_another_form_of_it(story: Path) -> None:
    found = load(story, "u")
    assert (found.id, found.form, found.dialects) == ("SC-98u", "t1678", ["ias", "t1678"])
    assert found.title == "one story (T1678)"
    assert [one.says for one in found.expect] == ["for both", "for one"]
    assert found.orders[0].fields["liid"] == "T1678-98"
    assert found.faults.mediation == {"content_tasks": ["T1678-98"], "wrong_number": {"T1678-98": "12125550101"}}
    assert found.steps[1].fault is not None and found.steps[1].fault.body == {"cut": ["cdc"]}
    assert found.steps[2].visit is not None and found.steps[2].visit.path == "/cases/C/calls/T1678-98/1"


def test_a_card_s_steps_are_those_of_the_form(story: Path) -> None:
    cards = (
        "injects: [{id: card, says: x, steps: [{only: [t1678], drain: true}, {only: [etsi], at: T}, {drain: true}]}]"
    )
    story.write_text(f"{STORY}{cards}\n")
    assert [one.at for one in load(story).injects[0].steps] == ["T", None]
    assert [one.drain for one in load(story, "u").injects[0].steps] == [True, True]


def test_a_form_there_is_none_of(story: Path) -> None:
    with pytest.raises(ConfigError, match="no form 'x'"):
        load(story, "x")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("{u: [t1678, ias]}", "{u: morse}", "forms"),
        ('["@T"]', '["@U"]', "nobody is called @U"),
        ("{T: {number", "{t: {number", "subscribers"),
        ("[{fields:", "[{field:", "orders"),
    ],
)
def test_what_is_wrong_is_named(story: Path, old: str, new: str, why: str) -> None:
    story.write_text(STORY.replace(old, new))
    with pytest.raises(ConfigError, match=why):
        load(story)


@pytest.mark.parametrize(
    "text",
    ["", "- a\n- b\n", "a: [", "x: " + "[" * 5000, "a: 1" + " " * 300_000, "x: " + "[" * 262_000, "{a: " * 65_000,
     "- " * 131_000, "? " * 131_000, "x: " + "[" * 100 + "]" * 100],
)  # fmt: skip
def test_attack_what_is_no_scenario_at_all(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"x\.yaml"):
        load(path)


@pytest.mark.parametrize(
    "line",
    ["id: 0x_", "id: !!int abc", "id: !!float abc", "id: !!bool abc", "id: !!timestamp abc",
     "id: !!timestamp 2026-99-99", "id: " + "9" * 5000, "id: " + "9:" * 3000 + "9.5", "id: !!int {}"],
)  # fmt: skip
def test_attack_a_value_that_is_none_of_its_type_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(f"title: one\n{line}\n")
    with pytest.raises(ConfigError, match=r"x\.yaml"):
        load(path)
    path.write_text("title: one\nid: 0x_\n")
    with pytest.raises(ConfigError, match="line 2 has a value"):
        load(path)


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]", "a: &a {b: *a}",
     "a: &a [x]\n" + "".join(f"{one}: &{one} [{', '.join([f'*{chr(ord(one) - 1)}'] * 99)}]\n" for one in "bcdefgh")],
)  # fmt: skip
def test_attack_aliases_that_never_end_or_grow_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"line \d has an alias"):
        load(path)


@pytest.mark.parametrize("forms", ["{u: [[a]]}", "{u: [{a: b}]}", "{u: [1]}"])
def test_a_form_that_is_no_name_is_no_form(story: Path, forms: str) -> None:
    story.write_text(STORY.replace("{u: [t1678, ias]}", forms))
    with pytest.raises(ConfigError, match="no form 'u'"):
        load(story, "u")
