"""`calea-lab scenario run`: stories played through the real processes, one after the other or side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lab import junit
from lab.cli_scenario import Which, sources_of
from lab.kernels import require_compiled
from lab.output import JsonOption, banner, console, print_json
from lab.results import Check
from lab.scenario.batch import Wish, play, play_all, suite, usual_jobs
from lab.show import show_checks
from mediation.runtime.config import ConfigError

EXIT_CHECKS_FAILED: Final = 1
All = Annotated[bool, typer.Option("--all", help="every scenario that is shipped")]
Data = Annotated[Path, typer.Option("--data", help="directory of the runs, one below it for each", file_okay=False)]


def run(
    which: Which = None,
    every: All = False,
    data: Data = Path("var-scenarios"),
    jobs: Annotated[int | None, typer.Option(min=1, max=16, help="how many at a time; one a core")] = None,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="a JUnit report", dir_okay=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, max=(1 << 32) - 1, help="another than the scenario's")] = None,
    speed: Annotated[str, typer.Option(help="max, or so many times as fast as real time")] = "",
    as_json: JsonOption = False,
) -> None:
    """Play scenarios, each in a fresh run of its own. Exit code 1 when an expectation does not hold."""
    _check_speed(speed)
    wishes = [Wish(one, data, seed, speed) for one in sources_of(which, every)]
    scenarios = [one.scenario() for one in wishes]
    if len({one.id for one in scenarios}) < len(scenarios):
        raise ConfigError("Each scenario is played once: one is named twice.")
    require_compiled()
    if len(wishes) == 1 and not as_json:
        results = [_aloud(wishes[0])]
    else:
        results = play_all(wishes, jobs or usual_jobs(), (lambda _: None) if as_json else _line)
    if junit_file is not None:
        suites = [suite(wish, result) for wish, result in zip(wishes, results, strict=True)]
        junit.write(junit_file, "calea-lab scenario (SIMULATION)", suites)
    ok = all(one["ok"] for one in results)
    if as_json:
        print_json({"simulation": True, "ok": ok, "scenarios": results})
    raise typer.Exit(0 if ok else EXIT_CHECKS_FAILED)


def _check_speed(speed: str) -> None:
    try:
        good = speed in ("", "max") or 0 < float(speed) <= 10_000
    except ValueError:
        good = False
    if not good:
        raise ConfigError(f"--speed {speed}: max, or a number up to 10000 such as 60.")


def _aloud(wish: Wish) -> dict[str, Any]:
    """One scenario, step by step on the screen."""
    out, scenario = console(), wish.scenario()
    banner(out)
    out.print(f"{scenario.id} {scenario.title}\n{scenario.briefing.strip()}", markup=False)
    result = play(wish, lambda text: out.print(f"  {text}", markup=False))
    show_checks([Check(**one) for one in result["checks"]], out)
    _line(result)
    return result


def _line(result: dict[str, Any]) -> None:
    out = console()
    if "error" in result:
        out.print(f"{result['scenario']}: {result['error']}", style="bold red", markup=False)
        return
    words = "as expected" if result["ok"] else "NOT AS EXPECTED"
    style = "bold green" if result["ok"] else "bold red"
    out.print(f"{result['scenario']}: {words} ({result['seconds']:.1f} s)", style=style, markup=False)
    for check in result["checks"]:
        if not check["ok"]:
            out.print(f"  {check['name']}: {check['found']}", markup=False)
