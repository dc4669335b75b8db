"""A program of ours as a process that need not load first: a fork of what `lab.nursery` has loaded.

For tests of what a program answers: its files, words and exit code are those of `python -m MODULE WORDS…`. How a
program starts from nothing is tested by those that start one so.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.nursery import LOADED

ROOT = Path(__file__).resolve().parents[1]


def answered(
    module: str, *words: str, environment: Mapping[str, str] | None = None, timeout_s: float = 110
) -> subprocess.CompletedProcess[str]:
    """`python -m MODULE WORDS…` in the directory of the tree, once it has ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *LOADED])
    with tempfile.TemporaryDirectory() as place:
        files = [Path(place) / name for name in ("out", "error")]
        process = context.Process(
            target=_live, args=(module, words, [str(one) for one in files], dict(environment or os.environ))
        )
        process.start()
        process.join(timeout_s)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired([module, *words], timeout_s)
        out, error = (one.read_text() for one in files)
    return subprocess.CompletedProcess([module, *words], process.exitcode, out, error)


def _live(module: str, words: tuple[str, ...], files: list[str], environment: dict[str, str]) -> None:
    """In the child."""
    for number, name in enumerate(files, 1):
        with Path(name).open("wb") as file:
            os.dup2(file.fileno(), number)
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
