"""`calea-lab demo` and `calea-lab replay`: one whole run from the first process to the offline proof, then its results.

Exit code 0 when every check held, 1 when one did not, 4 when the store does not verify.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Protocol

import typer

from lab import demo as demonstration
from lab import replay as replaying
from lab import scene, show
from lab.kernels import require_compiled
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json
from lab.play import Watch
from lab.show import Progress, Silent
from mediation.runtime.process import EXIT_INTEGRITY

EXIT_CHECKS_FAILED = 1
SERVICES = ["VOICE", "SMS", "DATA"]
TargetOption = Annotated[str, typer.Option("--target", help="the number to intercept, as it stands in the capture")]
ServiceOption = Annotated[
    list[str] | None, typer.Option("--service", help="VOICE, SMS, DATA; repeatable; all three when not given")
]
KeepOption = Annotated[
    bool, typer.Option("--keep-identities", help="do not replace numbers and addresses outside the fictional ranges")
]


ShardsOption = Annotated[
    int, typer.Option("--shards", min=1, help="how many collectors; several share one PostgreSQL (docs/scale.md)")
]


class _Run(Protocol):
    def __call__(self, data: Path, watch: Watch) -> demonstration.Result: ...


def demo(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False, shards: ShardsOption = 1) -> None:
    """Four orders over calls, messages, data and a real capture; ends with every record verified offline."""
    _play(
        lambda data, watch: demonstration.run(data, watch, shards),
        "Demonstration",
        scene.ENDS_S,
        data,
        as_json,
        scene.FAULTS,
    )


def replay(
    capture: Annotated[Path, typer.Argument(help="a pcap or pcapng file", dir_okay=False)],
    target: TargetOption,
    service: ServiceOption = None,
    keep_identities: KeepOption = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
    shards: ShardsOption = 1,
) -> None:
    """Intercept a capture's calls, messages and packets through the whole stack, for one target under one order."""
    plan = replaying.prepare(capture, target, service or SERVICES, keep_identities)
    _play(lambda data, watch: replaying.run(plan, data, watch, shards), "Replay", plan.seconds, data, as_json, "")


def _play(run: _Run, title: str, seconds: float, data: Path, as_json: bool, remark: str) -> None:
    require_compiled()
    out = console()
    with Silent() if as_json else Progress(out, title, seconds) as watch:
        result = run(data, watch)
    if as_json:
        print_json(result.as_json())
    else:
        _show(result, data, remark)
    if not result.report.ok:
        raise typer.Exit(EXIT_INTEGRITY)
    raise typer.Exit(0 if result.ok else EXIT_CHECKS_FAILED)


def _show(result: demonstration.Result, data: Path, remark: str) -> None:
    out = console()
    banner(out)
    if remark:
        out.print(remark)
    show.show_orders(result.rows, out)
    show.show_communications(result.exports.communications, out)
    for path in [one for one in result.exports.files if one.suffix == ".txt"][:1]:
        out.print(f"A conversation, {path}:", markup=False)
        for line in path.read_text("utf-8").splitlines()[2:8]:
            out.print(f"  {line}", markup=False)
    for path in [one for one in result.exports.files if one.suffix == ".wav"][:1]:
        out.print(f"A call to listen to: {path}", markup=False)
    show.show_checks(result.checks, out)
    out.print(result.report.ledgers, markup=False)
    words = "everything held" if result.ok else "SOMETHING DID NOT HOLD"
    out.print(f"{words} ({result.seconds:.1f} s)", style="bold green" if result.ok else "bold red")
    out.print(f"Look further: calea-lab verify {data}; {data / 'exports'}", markup=False)
