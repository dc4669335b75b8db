"""`calea-lab scenario list | lint | run | schema`: stories with a known outcome, played through the real processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from asn1.errors import LabError
from lab.kernels import require_compiled
from lab.output import JsonOption, banner, console, print_json, table
from lab.scenario.catalogue import Source, find, shipped
from lab.scenario.engine import Engine, Outcome
from lab.scenario.model import Scenario
from lab.show import show_checks
from mediation.runtime.config import ConfigError

EXIT_CHECKS_FAILED = 1
Which = Annotated[list[str] | None, typer.Argument(metavar="ID|FILE", help="SC-01, …, or a YAML file; repeatable")]
All = Annotated[bool, typer.Option("--all", help="every scenario that is shipped")]
Data = Annotated[Path, typer.Option("--data", help="directory of the runs, one below it for each", file_okay=False)]


def listing(as_json: JsonOption = False) -> None:
    """What is shipped, with a line of briefing each."""
    found = [one.load() for one in shipped().values()]
    if as_json:
        print_json([{"id": one.id, "title": one.title, "briefing": one.briefing} for one in found])
        return
    table("Scenarios", ("id", "title"), [(one.id, one.title) for one in found], console())


def lint(which: Which = None, as_json: JsonOption = False) -> None:
    """Read scenario files without playing them. Exit code 2 when one is wrong."""
    wrong: list[dict[str, str]] = []
    for source in _sources(which, not which):
        try:
            source.load()
        except ConfigError as error:
            wrong.append({"file": str(source.path), "error": str(error)})
    if as_json:
        print_json({"ok": not wrong, "wrong": wrong})
    for one in () if as_json else wrong:
        console().print(one["error"], markup=False)
    raise typer.Exit(2 if wrong else 0)


def schema() -> None:
    """The JSON Schema of a scenario file."""
    print_json(Scenario.model_json_schema())


def run(
    which: Which = None, every: All = False, data: Data = Path("var-scenarios"), as_json: JsonOption = False
) -> None:
    """Play scenarios, each in a fresh run of its own. Exit code 1 when an expectation does not hold."""
    require_compiled()
    if not which and not every:
        raise ConfigError("Name a scenario, or take --all: `calea-lab scenario list` names them.")
    results: list[dict[str, Any]] = []
    for source in _sources(which, every):
        results.append(_play(source.load(), data, as_json))
    if as_json:
        print_json({"simulation": True, "ok": all(one["ok"] for one in results), "scenarios": results})
    raise typer.Exit(0 if all(one["ok"] for one in results) else EXIT_CHECKS_FAILED)


def _play(scenario: Scenario, data: Path, as_json: bool) -> dict[str, Any]:
    from lab.cli import build

    out = console()
    if not as_json:
        banner(out)
        out.print(f"{scenario.id} {scenario.title}\n{scenario.briefing.strip()}", markup=False)
    tell = (lambda text: None) if as_json else (lambda text: out.print(f"  {text}", markup=False))
    try:
        outcome: Outcome = Engine(scenario, data / scenario.id, build, tell).play()
    except LabError as error:
        if not as_json:
            out.print(str(error), style="bold red", markup=False)
        return {"scenario": scenario.id, "title": scenario.title, "ok": False, "error": str(error), "checks": []}
    if not as_json:
        show_checks(outcome.checks, out)
        words = "as expected" if outcome.ok else "NOT AS EXPECTED"
        out.print(f"{scenario.id}: {words} ({outcome.seconds:.1f} s)", style="bold green" if outcome.ok else "bold red")
    return outcome.as_json()


def _sources(which: list[str] | None, every: bool) -> list[Source]:
    return list(shipped().values()) if every else [find(one) for one in which or ()]
