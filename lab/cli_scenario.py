"""`calea-lab scenario list | show | lint | schema | new`: stories with a known outcome, read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lab.output import JsonOption, banner, console, print_json, table
from lab.scenario.catalogue import Source, find, shipped
from lab.scenario.lint import problems
from lab.scenario.model import ETSI, Scenario
from mediation.runtime.config import ConfigError, NotReadyError

SKELETON: Final = Path(__file__).resolve().parent / "data" / "scenario.yaml"
EXAMPLE: Final = "99"
"""The number of the scenario in the skeleton."""
Which = Annotated[list[str] | None, typer.Argument(metavar="ID|FILE", help="SC-01, …, or a YAML file; repeatable")]
One = Annotated[str, typer.Argument(metavar="ID|FILE")]


def listing(as_json: JsonOption = False) -> None:
    """What is shipped, in which dialect it is delivered, and why a story has no form in another."""
    found = [one.load() for one in shipped().values()]
    if as_json:
        print_json([_listed(one) for one in found])
        return
    rows = [(one.id, one.title, one.form, _others(one)) for one in found]
    table("Scenarios", ("id", "title", "dialect", "in another"), rows, console())


def _listed(scenario: Scenario) -> dict[str, Any]:
    forms = {} if scenario.form != ETSI else {f"{scenario.id}{one}": name for one, name in scenario.forms.items()}
    names = {"id", "title", "briefing", "form", "only", "why"}
    return {**scenario.model_dump(mode="json", include=names), "forms": forms}


def _others(scenario: Scenario) -> str:
    """Of a story as its file has it: its other forms, or why there are none."""
    if scenario.form != ETSI:
        return ""
    return scenario.why.strip() or " ".join(f"{scenario.id}{letter}" for letter in scenario.forms)


def show(
    which: One,
    answers: Annotated[bool, typer.Option("--answers", help="what was to be seen and decided, too")] = False,
    as_json: JsonOption = False,
) -> None:
    """What a trainee reads before a scenario; with --answers, its key."""
    scenario = find(which).load()
    if as_json:
        print_json(_shown(scenario, answers))
        return
    out = console()
    banner(out)
    out.print(f"{scenario.id} {scenario.title}\n\n{scenario.briefing.strip()}\n", markup=False)
    if others := _others(scenario):
        out.print(f"Delivered in {scenario.form}; in another dialect: {others}\n", markup=False)
    if scenario.subscribers:
        people = [(name, one.number, one.says) for name, one in scenario.subscribers.items()]
        table("People", ("name", "number", "who"), people, out)
    if scenario.times:
        table("Times", ("name", "when"), list(scenario.times.items()), out)
    if not answers:
        return
    if scenario.answers:
        rows = [(one.at or "", one.sees, one.decides, " ".join(one.rules)) for one in scenario.answers]
        table("Answers", ("when", "what is there to see", "what is decided", "rules"), rows, out)
    table("What has to come of it", ("it has to hold that",), [(one.says,) for one in scenario.expect], out)
    if scenario.scoring is not None:
        points = [(str(one.points), one.title, one.rule) for one in scenario.scoring.rubric]
        table(f"Points; {scenario.scoring.passing} pass", ("points", "for", "rule"), points, out)


def _shown(scenario: Scenario, answers: bool) -> dict[str, Any]:
    names = {"id", "title", "briefing", "times", "subscribers", "form", "only", "why"}
    more = {"answers", "expect", "scoring"} if answers else set()
    return {"simulation": True, **scenario.model_dump(mode="json", include=names | more, exclude_none=True)}


def lint(which: Which = None, as_json: JsonOption = False) -> None:
    """Look for what is wrong with scenario files without playing them (those that are shipped, when none is named).
    Exit code 2 when something is."""
    sources = [find(one) for one in which] if which else list(shipped().values())
    wrong = [{"file": str(one.path), "error": problem} for one in sources for problem in problems(one, is_command)]
    if as_json:
        print_json({"ok": not wrong, "wrong": wrong})
    else:
        for each in wrong:
            console().print(f"{Path(each['file']).name}: {each['error']}", markup=False, soft_wrap=True)
        if not wrong:
            console().print(f"nothing wrong with {', '.join(one.load().id for one in sources)}", markup=False)
    raise typer.Exit(2 if wrong else 0)


def is_command(name: str) -> bool:
    """Whether the command line has a command of this name."""
    from lab.cli import COMMANDS, GROUPS

    return name in COMMANDS or name in GROUPS


def schema() -> None:
    """The JSON Schema of a scenario file."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    print_json({**draft, **Scenario.model_json_schema(), "title": "A scenario of calea-lab"})


def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="SC-50")],
    file: Annotated[Path | None, typer.Option(help="where to write it; ID.yaml when not given", dir_okay=False)] = None,
) -> None:
    """Write a scenario to begin with: every key with a comment; it lints and runs as it stands."""
    number = name.removeprefix("SC-")
    if not (name.startswith("SC-") and len(number) == len(EXAMPLE) and number.isdecimal() and number.isascii()):
        raise ConfigError(f"{name} cannot name a scenario of yours: SC- and two digits, SC-50.")
    if name in shipped():
        raise ConfigError(f"{name} is shipped with the lab: take a number that no scenario of the list has.")
    path = file or Path(f"{name}.yaml")
    try:
        with path.open("x", encoding="utf-8") as made:
            made.write(
                SKELETON.read_text("utf-8").replace(f"-{EXAMPLE}", f"-{number}").replace(f"O{EXAMPLE}", f"O{number}")
            )
    except FileExistsError as error:
        raise ConfigError(f"{path} is there already: give another --file.") from error
    except OSError as error:
        raise NotReadyError(f"Cannot write {path}: {error.strerror}. Give another --file.") from error
    console().print(f"{path}: write your story, then `calea-lab scenario lint {path}` and `run {path}`", markup=False)


def sources_of(which: list[str] | None, every: bool) -> list[Source]:
    """Raises ConfigError when none is meant, or one that there is not."""
    if not which and not every:
        raise ConfigError("Name a scenario, or take --all: `calea-lab scenario list` names them.")
    return list(shipped().values()) if every else [find(one) for one in which or ()]
