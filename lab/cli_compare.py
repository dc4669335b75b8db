"""`calea-lab bundle RUN`, `scenario replay BUNDLE`, `diff A B`: a run as a file, played again elsewhere, held against
another."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from lab.cli_scenario_run import EXIT_CHECKS_FAILED
from lab.comparison import Account, Difference, account_of, differences
from lab.kernels import require_compiled
from lab.output import JsonOption, banner, console, print_json, table
from lab.run_bundle import delivered_of, read_bundle, versions, write_bundle
from lab.scenario.engine import Engine
from lab.scenario.lint import of_scenario
from lab.times import iso
from mediation.runtime.config import ConfigError

SHOWN: Final = 40
Run = Annotated[Path, typer.Argument(metavar="RUN", help="a run's directory: var-scenarios/SC-01")]
Other = Annotated[Path, typer.Argument(metavar="RUN|BUNDLE")]


def bundle(
    data: Run,
    out: Annotated[Path | None, typer.Option(help="where to; RUN.calea.tar when not given", dir_okay=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Make one signed file of a played scenario: story, seed, captures, digests, versions; others can replay it."""
    path = out or Path(f"{data.resolve().name}.calea.tar")
    manifest = write_bundle(data, path, iso(time.time_ns() // 1000))
    if as_json:
        print_json({**manifest, "file": str(path)})
        return
    out_ = console()
    banner(out_)
    out_.print(
        f"{path}: {manifest['scenario']}, seed {manifest['seed']}, {len(manifest['sha256'])} members", markup=False
    )
    out_.print(f"play it elsewhere: calea-lab scenario replay {path.name}", markup=False)


def replay(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", exists=True, dir_okay=False)],
    data: Annotated[Path, typer.Option("--data", help="the new run's directory", file_okay=False)] = Path("var-replay"),
    as_json: JsonOption = False,
) -> None:
    """Play a bundle again and hold what is delivered against it, digest by digest. Exit code 1 when it is not the same,
    4 when the bundle was changed."""
    require_compiled()
    from lab.cli import build

    given = read_bundle(path)
    wrong = list(of_scenario(given.scenario))
    if wrong:
        raise ConfigError(f"{path}: its scenario is not one to be played: {wrong[0]}.")
    out = console()
    other = sorted(name for name, version in versions().items() if given.manifest["versions"].get(name) != version)
    if not as_json:
        banner(out)
        out.print(f"{given.scenario.id}, seed {given.scenario.seed}, signed by {given.signer[:16]}", markup=False)
        if other:
            out.print(f"versions that differ: {', '.join(other)}", markup=False)
    outcome = Engine(given.scenario, data / given.scenario.id, build).play()
    found = delivered_of(outcome.data)
    lost, new = given.delivered - found, found - given.delivered
    same = (given.delivered & found).total()
    apart = differences(dict(given.account), account_of(outcome.data))
    ok = outcome.ok and not lost and not new and not apart
    if as_json:
        print_json({
            "simulation": True, "ok": ok, "scenario": given.scenario.id, "seed": given.scenario.seed, "same": same,
            "only_in_bundle": lost.total(), "only_here": new.total(), "versions_differ": other,
            "differences": [one._asdict() for one in apart], "data": str(outcome.data),
        })  # fmt: skip
    else:
        out.print(f"{same} records to the same octets, {lost.total()} missing, {new.total()} others", markup=False)
        for sign, lines in (("-", lost), ("+", new)):
            for line in sorted(lines)[: SHOWN // 2]:
                out.print(f"{sign} {line}", markup=False, soft_wrap=True)
        _show(apart)
    raise typer.Exit(0 if ok else EXIT_CHECKS_FAILED)


def diff(
    here: Annotated[Path, typer.Argument(metavar="A", help="a run's directory, or a bundle")],
    there: Annotated[Path, typer.Argument(metavar="B")],
    times: Annotated[bool, typer.Option("--times", help="flags about timing too")] = False,
    as_json: JsonOption = False,
) -> None:
    """What is different between two runs, whatever their times and ids: orders, verdicts, communications, what is on
    record. Exit code 1 when something is."""
    found = differences(_account(here, times), _account(there, times))
    if as_json:
        print_json({"simulation": True, "same": not found, "differences": [one._asdict() for one in found]})
    elif not found:
        console().print("the same: orders, verdicts, communications, what is on record", markup=False)
    else:
        _show(found)
    raise typer.Exit(EXIT_CHECKS_FAILED if found else 0)


def _account(path: Path, times: bool) -> Account:
    if path.is_dir():
        return account_of(path, times)
    if not path.exists():
        raise ConfigError(f"There is no {path}: give the directory of a run, or a bundle.")
    if times:
        raise ConfigError(f"{path} is a bundle, which has no flags about timing: leave out --times.")
    return dict(read_bundle(path).account)


def _show(found: list[Difference]) -> None:
    if not found:
        return
    rows = [(one.part, one.what, _words(one.here), _words(one.there)) for one in found[:SHOWN]]
    table(f"{len(found)} differences", ("part", "what", "A", "B"), rows, console())


def _words(value: Any) -> str:  # noqa: ANN401  JSON
    return "-" if value is None else str(value) if isinstance(value, int | str) else json.dumps(value, sort_keys=True)
