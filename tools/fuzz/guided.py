"""`make fuzz-guided`: atheris (libFuzzer) follows coverage through the decoders, for so many seconds an entry point.

The parent starts one process an entry point, since libFuzzer ends its process; the child (`--child`) imports `asn1`
with instrumented bytecode and hands every input to the same checks as the mutation run. Inputs that found new branches
are kept under build/fuzz and begin the next run. An input that fails is kept by libFuzzer in reports/fuzz and named.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
KEPT: Final = ROOT / "build" / "fuzz"
FOUND: Final = ROOT / "reports" / "fuzz"
_GRACE_S: Final = 120
_RSS_MB: Final = 1024
_INPUT_S: Final = 20
_MAX_LEN: Final = 4096
_STAT: Final = re.compile(r"stat::(number_of_executed_units|new_units_added|peak_rss_mb):\s+(\d+)")
_COVERAGE: Final = re.compile(r"cov: (\d+) ft: (\d+)")


def directory_of(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def child(name: str, arguments: Sequence[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["asn1"]):
        from tools.fuzz.entry_points import ENTRY_POINTS
    from asn1.errors import DecodeError

    entry = next(one for one in ENTRY_POINTS if one.name == name)

    def try_one(octets: bytes) -> None:
        try:
            entry.call(octets)
        except DecodeError:
            return

    atheris.Setup([sys.argv[0], *arguments], try_one)
    atheris.Fuzz()


def run(name: str, begin: Sequence[bytes], seconds: int, seed: int) -> dict[str, Any]:
    """One entry point. `begin` are sound records, on the first run."""
    kept = KEPT / directory_of(name)
    kept.mkdir(parents=True, exist_ok=True)
    FOUND.mkdir(parents=True, exist_ok=True)
    for number, octets in enumerate(begin):
        (kept / f"seed-{number}").write_bytes(octets[:_MAX_LEN])
    options = [f"-max_total_time={seconds}", f"-timeout={_INPUT_S}", f"-rss_limit_mb={_RSS_MB}", f"-max_len={_MAX_LEN}"]
    options += [f"-seed={seed}", "-print_final_stats=1", f"-artifact_prefix={FOUND}/{directory_of(name)}-"]
    command = [sys.executable, "-m", "tools.fuzz.guided", "--child", name, "--", *options, str(kept)]
    began = time.monotonic()
    try:
        ran = subprocess.run(  # noqa: S603  this interpreter and our own arguments
            command, capture_output=True, text=True, errors="replace", timeout=seconds + _GRACE_S, cwd=ROOT, check=False
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"the process did not end within {seconds + _GRACE_S} s"}
    return read(ran.stdout + ran.stderr, ran.returncode, time.monotonic() - began)


def read(said: str, returncode: int, seconds: float) -> dict[str, Any]:
    """What libFuzzer said of its run. `failed` only when the run did."""
    stats = {name: int(value) for name, value in _STAT.findall(said)}
    coverage = _COVERAGE.findall(said)
    told: dict[str, Any] = {
        "inputs": stats.get("number_of_executed_units", 0),
        "kept": stats.get("new_units_added", 0),
        "peak_mb": stats.get("peak_rss_mb", 0),
        "branches": int(coverage[-1][0]) if coverage else 0,
        "seconds": round(seconds, 1),
    }
    if returncode:
        lines = [line for line in said.splitlines() if "Error" in line or "ERROR" in line or "Exception" in line]
        artifact = re.search(r"Test unit written to (\S+)", said)
        told["failed"] = " | ".join(lines[:3])[:300] or f"exit code {returncode}"
        told["input"] = Path(artifact[1]).name if artifact else None
    elif not told["inputs"]:
        told["failed"] = "no input was tried"
    return told


def main() -> int:
    if "--child" in sys.argv:
        at = sys.argv.index("--child")
        child(sys.argv[at + 1], sys.argv[sys.argv.index("--") + 1 :])
    from tools.fuzz.__main__ import write
    from tools.fuzz.entry_points import ENTRY_POINTS
    from tools.fuzz.harness import seeds_of
    from tools.fuzz.seeds import seeds

    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.guided", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each entry point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append", metavar="NAME", help="an entry point; may be repeated")
    parser.add_argument("--report", type=Path, default=Path("reports/fuzz.json"))
    arguments = parser.parse_args()
    found = seeds()
    chosen = [entry for entry in ENTRY_POINTS if not arguments.only or entry.name in arguments.only]
    minutes = len(chosen) * (arguments.seconds + 3) / arguments.workers / 60
    print(f"fuzz: {len(chosen)} entry points, {arguments.seconds} s each: about {minutes:.0f} minutes", flush=True)
    with ThreadPoolExecutor(arguments.workers) as pool:
        told = dict(
            zip(
                [entry.name for entry in chosen],
                pool.map(lambda one: run(one.name, seeds_of(one, found), arguments.seconds, arguments.seed), chosen),
                strict=True,
            )
        )
    failed = {name: one["failed"] for name, one in told.items() if "failed" in one}
    inputs = sum(one.get("inputs", 0) for one in told.values())
    write(arguments.report, "guided", {"seconds_each": arguments.seconds, "inputs": inputs, "entry_points": told})
    for name, why in failed.items():
        print(f"fuzz: {name}: {why}", file=sys.stderr)
    print(f"fuzz: {inputs} guided inputs into {len(told)} entry points, {len(failed)} failures; {arguments.report}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
