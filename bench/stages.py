"""Where each nanosecond goes: a collector's CPU time by stage, content over TCP, everything on.

    python -m bench.stages [PROFILE] [--records N] [--liids N] [--plain] [--date DAY] [--out FILE] [--instructions]

The collector runs in this process, as it is shipped, and its stages under clocks of the thread they run on; the sender
is another process and is not counted. What no clock covers is Python, by thread, so that the stages add up to all that
the collector took. The one pass of the bulk lane is told as one stage; what is in it is told in instructions, which do
not depend on what else the machine does: with --instructions, the same kernels under valgrind, twice, with more
records the second time, so that what is not paid by the record falls out. Valgrind knows neither AVX-512 nor the SHA
instructions: there libcrypto hashes, and only the other functions' numbers are those of a collector. Result:
bench/results/stages.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bench.environment import environment_card
from bench.kernels import BUFFER_RECORDS
from collector import pipeline
from collector.assembly import Assembly
from collector.config import CollectorConfig
from collector.intake import COMPILED as INTAKE_COMPILED
from collector.service import run
from collector.store import frames, framing, index, store
from collector.store.files import RealFiles
from collector.store.index_units import Gatherer
from collector.store.pack import COMPILED as PACK_COMPILED
from lab.bench.collector import LINK, prepare
from lab.bench.generating import Generating
from lab.bench.plan import Loaded, Plan
from lab.bench.profiles import PROFILES, Profile
from lab.paths import RunPaths
from mediation.runtime.config import load_config

RESULT: Final = Path(__file__).parent / "results" / "stages.json"
WRITER, INDEX = "store-writer", "index-writer"


class Stages:
    """CPU time by stage, each on its own thread: what a stage calls under another clock is not its own."""

    def __init__(self) -> None:
        self.spent_ns: defaultdict[str, int] = defaultdict(int)
        self.covered_ns: defaultdict[str, int] = defaultdict(int)
        self.calls: defaultdict[str, int] = defaultdict(int)
        self.names: list[str] = []
        """In the order in which they were put under clocks, which is that of the way."""
        self._local = threading.local()
        self._since = 0

    def reset(self) -> None:
        """What is under way at this moment began before, and is not counted."""
        self._since += 1
        self.spent_ns.clear()
        self.covered_ns.clear()
        self.calls.clear()

    def clock(self, owner: Any, name: str, stage: str) -> None:  # noqa: ANN401  a module or a class
        """From now on `owner.name` runs under the clock of `stage`."""
        work: Callable[..., Any] = getattr(owner, name)
        local = self._local
        if stage not in self.names:
            self.names.append(stage)

        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever it is
            before, since = getattr(local, "inner_ns", 0), self._since
            local.inner_ns = 0
            begin = time.thread_time_ns()
            try:
                return work(*args, **kwargs)
            finally:
                spent = time.thread_time_ns() - begin
                own = spent - local.inner_ns
                if since == self._since:
                    self.spent_ns[stage] += own
                    self.covered_ns[threading.current_thread().name] += own
                    self.calls[stage] += 1
                local.inner_ns = before + spent

        setattr(owner, name, timed)


def put_under_clocks(stages: Stages) -> None:
    """The stages in the order of the way."""
    stages.clock(socket.socket, "recv_into", "receive (kernel)")
    stages.clock(pipeline, "take", "scan, verify, gate, row")
    stages.clock(Assembly, "flush", "account of a batch")
    stages.clock(Assembly, "_durable", "acknowledge")
    stages.clock(store, "plan_frame", "measure")
    stages.clock(framing, "fill", "pack and leaf hash")
    stages.clock(framing.Framer, "_extent", "encrypt")
    stages.clock(framing.Framer, "_short", "encrypt")
    stages.clock(frames, "seal_data_frame", "head of a frame")
    stages.clock(framing.Framer, "write", "tree, digest, Python of frames")
    stages.clock(store.Store, "_write_batches", "unit put together")
    stages.clock(frames, "commit_chain", "chain and commit frame")
    stages.clock(frames, "build_commit_frame", "chain and commit frame")
    stages.clock(store.Store, "_note", "root and signature")
    stages.clock(store, "write_all", "write (kernel)")
    stages.clock(RealFiles, "sync", "sync (kernel)")
    stages.clock(Gatherer, "add", "index: sums")
    stages.clock(index, "_write", "index: SQL")


def thread_ns() -> dict[str, int]:
    """CPU time of each thread so far."""
    found = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            found[thread.name] = time.clock_gettime_ns(time.pthread_getcpuclockid(thread.ident))
    return found


def load_it(port: int, root: Path, profile: Profile, begin: Callable[[], None]) -> Loaded:
    """The generator process opens the communications, then sends until everything is acknowledged."""
    with Generating(Plan(profile, "127.0.0.1", port), root) as generating:
        generating.ready()
        begin()
        for said in generating.go():
            if isinstance(said, Loaded):
                return said
    raise SystemExit("the generator did not finish")


async def measure(root: Path, profile: Profile) -> dict[str, Any]:
    """CPU time by stage and by thread, nanoseconds a record."""
    paths = RunPaths(root)
    prepare(paths, profile)
    config = load_config(paths.config("collector"), CollectorConfig)
    stages = Stages()
    put_under_clocks(stages)
    stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
    service = asyncio.create_task(run(config, ports.set_result, stop))
    await asyncio.wait([service, ports], return_when=asyncio.FIRST_COMPLETED)
    if service.done():
        service.result()
    before: dict[str, int] = {}

    def begin() -> None:
        stages.reset()
        before.update(thread_ns(), whole=time.process_time_ns())

    loaded = await asyncio.to_thread(load_it, (await ports)[LINK], root, profile, begin)
    spent, after = time.process_time_ns() - before["whole"], thread_ns()
    stop.set()
    await service
    if loaded.acknowledged != loaded.sent:
        raise SystemExit(f"sent {loaded.sent}, acknowledged {loaded.acknowledged}: the run counts for nothing")
    count = loaded.sent
    by_thread = {name: value - before.get(name, 0) for name, value in after.items()}
    named = {"Python, main thread": "MainThread", "Python, writer": WRITER, "Python, index": INDEX}
    left = {stage: by_thread.get(thread, 0) - stages.covered_ns[thread] for stage, thread in named.items()}
    left["other threads"] = spent - sum(by_thread.get(thread, 0) for thread in named.values())
    spent_ns = {stage: stages.spent_ns[stage] for stage in stages.names} | left
    return {
        "records": count,
        "record_octets": loaded.record_octets,
        "stages_ns": {stage: round(value / count, 1) for stage, value in spent_ns.items()},
        "threads_ns": {name: round(value / count, 1) for name, value in by_thread.items() if value / count >= 0.1},
        "cpu_ns": round(spent / count, 1),
        "records_per_core_s": round(count * 1e9 / spent),
        "calls": dict(stages.calls),
    }


# Instructions.


def instructions() -> dict[str, Any]:
    """Instructions a record by function, those of at least one."""
    if shutil.which("valgrind") is None or shutil.which("callgrind_annotate") is None:
        return {"not_measured": "valgrind is not installed"}
    few, many = 2, 22
    with ThreadPoolExecutor(2) as both:
        counts = list(both.map(_counted, (few, many)))
    records = BUFFER_RECORDS * (many - few)
    found = {name: (counts[1][name] - counts[0].get(name, 0)) / records for name in counts[1]}
    ordered = sorted(((value, name) for name, value in found.items() if value >= 1), reverse=True)
    return {"total": round(sum(found.values())), "by_function": {name: round(value, 1) for value, name in ordered}}


def _counted(rounds: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, "-m", "bench.native"]
        subprocess.run([*command, str(rounds)], check=True, capture_output=True)
        told = subprocess.run(
            ["callgrind_annotate", "--threshold=100", str(out)], check=True, capture_output=True, text=True
        ).stdout
    found: dict[str, int] = {}
    for line in told.splitlines():
        read = re.match(r"\s*([\d,]+) \(.*?\)\s+\S*?:(\S+).*\[(.*)\]$", line)
        if read is None:
            continue
        instructions, symbol, library = int(read[1].replace(",", "")), read[2], Path(read[3]).name
        if "libpython" in library or "python3" in library:
            continue
        name = f"{library.split('.')[0]} (no names)" if symbol.startswith("0x") else _plain(symbol)
        found[name] = found.get(name, 0) + instructions
    return found


def _plain(symbol: str) -> str:
    """A function's name, of what Cython makes of it: each part of the module's name behind its length."""
    read = re.match(r"__pyx_(?:f|pf|pw|fuse)_(?=\d)", symbol)
    if read is None:
        return symbol
    rest, parts = symbol[read.end() :], []
    while (size := re.match(r"\d+", rest)) is not None:
        end = size.end() + int(size[0])
        parts.append(rest[size.end() : end])
        rest = rest[end:].removeprefix("_")
    return ".".join([*parts, rest])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("profile", nargs="?", default="cc200", help="as of calea-lab bench run")
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--liids", type=int, help="other than the profile's, an order each")
    parser.add_argument("--plain", action="store_true", help="encryption at rest off")
    parser.add_argument(
        "--instructions", action="store_true", help="the native stages under valgrind as well: a minute of CPU time"
    )
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    profile = replace(PROFILES[arguments.profile], records=arguments.records, encryption=not arguments.plain)
    if arguments.liids is not None:
        profile = replace(profile, liids=arguments.liids)
    with tempfile.TemporaryDirectory() as directory:
        result = asyncio.run(measure(Path(directory), profile))
    result = {
        "what": "CPU time of the collector by stage, nanoseconds a record; content over TCP, one run",
        "profile": profile.name,
        "octets": profile.octets,
        "liids": profile.liids,
        "encryption_at_rest": not arguments.plain,
        **result,
        "instructions": instructions() if arguments.instructions else {},
        "environment": environment_card(
            arguments.date, {"collector.intake": INTAKE_COMPILED, "collector.store.pack": PACK_COMPILED}
        ),
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
