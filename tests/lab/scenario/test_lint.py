"""Lint: each kind of mistake is named with its place; the shipped files and the skeleton have none; the schema fits."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from lab.cli import build
from lab.cli_scenario import SKELETON, is_command
from lab.scenario.catalogue import Source, shipped
from lab.scenario.lint import problems
from lab.scenario.model import Scenario
from lab.scenario.reading import read

SHIPPED = shipped()

TEXT = SKELETON.read_text("utf-8")
SCHEMA = Scenario.model_json_schema()


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_is_wrong_with_what_is_shipped(name: str) -> None:
    assert problems(SHIPPED[name], is_command) == []


def test_the_schema_is_one_and_every_shipped_file_fits_it() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    judge = jsonschema.Draft202012Validator(SCHEMA)
    for path in {one.path for one in SHIPPED.values()}:
        judge.validate(read(path))
    judge.validate(read(SKELETON))
    for key in ("subscribers", "orders", "traffic", "loads", "faults", "injects", "expect", "scoring", "speed", "seed"):
        assert key in SCHEMA["properties"], key


@pytest.mark.parametrize(
    "wrong", [{"titel": "x"}, {"speed": "fast"}, {"seed": -1}, {"steps": [{"att": "T0"}]}, {"expect": []}]
)
def test_the_schema_refuses_what_the_model_refuses(wrong: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate({**read(SKELETON), **wrong})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("rules: [R-110, R-113]", "rules: [R-110, R-999]", "there is no R-999"),
        ("T0: 2026-05-04T14:00:00Z", "T0: yesterday", "'yesterday' is no time"),
        ("  - at: T0\n  - await", "  - at: T0-1d\n  - await", "goes forward only"),
        ('"=END", issued_at', '"=FIN", issued_at', "O99 cannot be signed"),
        ("kind: PRTT", "kind: WIRETAP", "O99 cannot be signed"),
        ("papers: {purpose: criminal investigation}", "papers: {purpose: [1]}", "O99 cannot be signed"),
        ('text: "SIM-CANARY-99"}', 'txt: "SIM-CANARY-99"}', "txt"),
        ("faults: {carrier: {}, mediation: {}}", "faults: {carrier: {}, mediation: {cutt: [hi2]}}", "cutt"),
        ("- play: another", "- play: a-third", "there is no inject a-third"),
        ("- play: another", "- command: {words: [sing, a, song]}", "no command sing"),
        ("- play: another", "- command: {words: [may, $WHO]}", "$WHO was not kept"),
        ("- play: another", "- visit: {by: rivera, path: /x, keep: {A: 'no group'}}", "0 groups"),
        ("- play: another", "- silence: nobody-listens", "there is no nobody-listens"),
        ("- play: another", "- fault: {process: mediation, path: /fault, body: {cut: [hi9]}}", "hi9"),
        ("- play: another", "- link_fault: {add: {kind: cut, link: hi2, spoon: 1}}", "spoon"),
        ("- play: another", "- command: {words: [verify, /etc]}", "leads out of the run"),
        ("- play: another", "- command: {words: [verify, ../other]}", "leads out of the run"),
        ("- play: another", "- command: {words: [export, evidence, --out, x]}", "leads out of the run"),
        ("- play: another", "- command: {words: [verify, --data=elsewhere]}", "leads out of the run"),
        ("speed: max", "configuration: {collector: {data_dir: x}}", "is the lab's to say"),
        ("speed: max", "configuration: {mediation: {hi2: {host: localhost, port: 1}}}", "is the lab's to say"),
        ("speed: max", "configuration: {link: {listen: {port: 1}}}", "is the lab's to say"),
        ("span: 12s", "span: soon", "soon"),
        ("verdicts: [ACCEPT, ACCEPT_FLAGGED, MASK]", "verdicts: [ACCEPTED]", "there is no ACCEPTED"),
        ("kind: cc, count: 0", "kind: cc, reasons: [NO_SUCH], count: 0", "there is no NO_SUCH"),
        ("points: 100\n", "points: 99\n", "99"),
        ("T: {number: \"+12125550100\"", "T: {number: \"+13105551234\"", "13105551234 could be somebody's number"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in TEXT
    path = tmp_path / "SC-99.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    assert says in "\n".join(problems(Source(path), is_command))


def test_a_scenario_without_answers_is_not_finished(tmp_path: Path) -> None:
    path = tmp_path / "SC-99.yaml"
    begin, end = TEXT.index("answers:"), TEXT.index("seed:")
    path.write_text(TEXT[:begin] + TEXT[end:])
    assert "it has no answers" in "\n".join(problems(Source(path), is_command))


def test_a_new_one_lints_and_another_s_file_is_never_written_over(tmp_path: Path) -> None:
    runner, app = CliRunner(), build("scenario")
    path = tmp_path / "mine.yaml"
    assert runner.invoke(app, ["scenario", "new", "SC-50", "--file", str(path)]).exit_code == 0
    assert problems(Source(path), is_command) == []
    assert Source(path).load().id == "SC-50" and "99" not in path.read_text()
    before = path.read_bytes()
    assert runner.invoke(app, ["scenario", "new", "SC-50", "--file", str(path)]).exit_code != 0
    assert path.read_bytes() == before
    for name in ("SC-5", "SC-01", "../SC-50", "SC-٥٠"):
        assert runner.invoke(app, ["scenario", "new", name, "--file", str(tmp_path / "x.yaml")]).exit_code != 0
    assert not (tmp_path / "x.yaml").exists()


def test_the_briefing_is_for_trainees_and_the_key_for_who_asks() -> None:
    runner, app = CliRunner(), build("scenario")
    shown = runner.invoke(app, ["scenario", "show", "SC-03"]).output
    key = runner.invoke(app, ["scenario", "show", "SC-03", "--answers"]).output
    assert "A life is at risk" in shown and "R-041" not in shown and "R-041" in key
    told = json.loads(runner.invoke(app, ["scenario", "show", "SC-03", "--json"]).output)
    assert "answers" not in told and "expect" not in told


def test_a_wrong_file_is_an_exit_code_of_two(tmp_path: Path) -> None:
    path = tmp_path / "SC-99.yaml"
    path.write_text(TEXT.replace("R-113", "R-999"))
    answer = CliRunner().invoke(build("scenario"), ["scenario", "lint", str(path)])
    assert answer.exit_code == 2 and "R-999" in answer.output
