"""`calea-lab bench compare | report`: two results held against each other, and results as a page with pictures.

Exit code 5 when B is worse than A beyond the interval and the threshold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lab.bench.comparing import Compared, compare_results
from lab.bench.report import page
from lab.bench.result import read_result
from lab.cli_bench import results_directory
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json, table
from mediation.runtime.config import ConfigError

EXIT_REGRESSION = 5
COLUMNS = ("profile", "measure", "A", "B", "B / A", "interval", "")
METHOD = "medians; Welch's interval of the ratio, on the logarithms of the runs"


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="a result of several runs, or a directory of them")],
    b: Annotated[Path, typer.Argument(metavar="B", help="the same after a change")],
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="what is no regression yet: 0.05 is 5 %")] = 0.05,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999, help="of the interval")] = 0.95,
    as_json: JsonOption = False,
) -> None:
    """Hold B against A. A regression is worse beyond chance (the whole interval) and beyond the threshold (medians)."""
    pairs = _pairs(a, b)
    found: list[tuple[str, Compared]] = []
    said: list[str] = []
    for first, second in pairs:
        result = read_result(first)
        compared, words = compare_results(result, read_result(second), threshold, confidence)
        found += [(str(result["profile"]), one) for one in compared]
        said += [word for word in words if word not in said]
    worse = [f"{profile} {one.measure}" for profile, one in found if one.regression]
    if as_json:
        print_json(
            {
                "method": METHOD,
                "threshold": threshold,
                "confidence": confidence,
                "compared": [{"profile": profile, **one.as_dict()} for profile, one in found],
                "regressions": worse,
                "said": said,
            }
        )
    else:
        out = console()
        banner(out)
        table(f"B against A ({METHOD}; {confidence:.0%})", COLUMNS, [_row(*one) for one in found], out)
        for sentence in said:
            out.print(sentence, markup=False)
        out.print(f"REGRESSION: {', '.join(worse)}" if worse else "no regression", markup=False)
    raise typer.Exit(EXIT_REGRESSION if worse else 0)


def _pairs(a: Path, b: Path) -> list[tuple[Path, Path]]:
    if a.is_file() and b.is_file():
        return [(a, b)]
    if a.is_dir() and b.is_dir():
        names = sorted(path.name for path in a.glob("*.json") if (b / path.name).exists() and _is_run(path))
        if names:
            return [(a / name, b / name) for name in names]
        raise ConfigError(f"{a} and {b} have no result of the same name.")
    raise ConfigError(f"Give two result files, or two directories of them: {a} and {b} are not.")


def _is_run(path: Path) -> bool:
    try:
        return "records_per_s" in read_result(path)
    except ConfigError:
        return False


def _row(profile: str, one: Compared) -> tuple[Any, ...]:
    ratio = one.ratio
    better = ratio.of_medians > 1 if one.higher_is_better else ratio.of_medians < 1
    sure = ratio.low > 1 or ratio.high < 1
    words = (
        "REGRESSION"
        if one.regression
        else ("better" if better else "worse, within the threshold")
        if sure
        else "no difference shown"
    )
    return (
        profile,
        one.measure,
        f"{ratio.median_a:,.4g}" if ratio.median_a < 1000 else f"{ratio.median_a:,.0f}",
        f"{ratio.median_b:,.4g}" if ratio.median_b < 1000 else f"{ratio.median_b:,.0f}",
        f"{ratio.of_medians:.3f}",
        f"{ratio.low:.3f} to {ratio.high:.3f}",
        words,
    )


def report(
    results: Annotated[
        list[Path] | None, typer.Argument(metavar="[RESULT]…", help="result files; all of bench/results when not given")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="the page; DATA/bench/report.html when not given")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Write results as one HTML page: throughput, latency, costs and memory as pictures, each with its table."""
    paths = results or [path for path in sorted(results_directory(data).glob("*.json")) if _has_profile(path)]
    if not paths:
        raise ConfigError("There is no result yet: `calea-lab bench run cc200` makes one.")
    where = out_file or data / "bench" / "report.html"
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(page([read_result(path) for path in paths]), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot write {where}: {error.strerror}. Give another place with --out.") from error
    if as_json:
        print_json({"report": str(where), "results": [str(path) for path in paths]})
    else:
        console().print(f"written: {where} ({len(paths)} results)", markup=False)


def _has_profile(path: Path) -> bool:
    try:
        return bool(read_result(path))
    except ConfigError:
        return False
