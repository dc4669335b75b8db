"""Processes of a run that need not load: each is a fork of one process that has loaded the modules of all.

For who starts many runs one after another: the scenarios, a class (its run begins anew at each mark and each way back),
the test suite. Loading takes each process of a run a second of CPU time or more, a fork takes none of it. `up`, `demo`
and the benchmark start theirs by `python -m`.

Rules. What is loaded beforehand opens nothing, reads no configuration and holds no key (the standard library's fork
server: one thread, no file of ours). What is born does what `python -m MODULE ARGUMENTS` does, in a session, a
directory, an environment and with standard files of its own. A process asks for it by its own number under
`CALEA_NURSERY` in its environment, so that programs it starts do not ask as well. What is born ends with who asked,
however that one ends: it watches a pipe of which who asked holds the other end.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

WANTED: Final = "CALEA_NURSERY"
LOADED: Final = (
    "carrier_sim.service", "mediation.service", "collector.service", "collector.desk.service",
    "collector.reconcile.service", "collector.console.service", "collector.witness.service", "collector.signer.service",
    "lab.court_office.service", "lab.faults.service", "lab.training.service",
)  # fmt: skip


def want(environment: MutableMapping[str, str]) -> None:
    """From now on the processes that this one starts are forks."""
    environment[WANTED] = str(os.getpid())


def wanted(environment: Mapping[str, str]) -> bool:
    return environment.get(WANTED, "") == str(os.getpid())


class Born:
    """A child that is a fork; like `subprocess.Popen`, as far as `lab.processes` asks."""

    def __init__(self, module: str, arguments: Sequence[str], words: Path, root: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        # `__main__` too: a child would load it again otherwise, whatever program this is.
        context.set_forkserver_preload(["__main__", *LOADED])
        theirs, self._ours = context.Pipe(duplex=False)
        with theirs:
            self._process = context.Process(
                target=_live,
                args=(module, list(arguments), str(words), str(root), dict(os.environ), theirs),
                daemon=True,
            )
            self._process.start()
        assert self._process.pid is not None, "it was started"
        self.pid = self._process.pid

    def go(self) -> None:
        """The line on standard input that it waits for. Raises BrokenPipeError when it has ended."""
        with self._ours:
            os.write(self._ours.fileno(), b"\n")

    def poll(self) -> int | None:
        """Its exit code, once it has one."""
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        self._process.join()
        self._ours.close()
        return self._process.exitcode or 0


def _live(
    module: str, arguments: list[str], words: str, root: str, environment: dict[str, str], word: Connection
) -> None:
    """In the child."""
    # As any program it may have children of its own: a class has its run.
    multiprocessing.current_process().daemon = False
    os.setsid()
    os.chdir(root)
    os.environ.clear()
    os.environ.update(environment)
    with open(words, "wb") as file:  # noqa: PTH123  it becomes the standard output, whatever Python has open
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    with word:
        os.dup2(word.fileno(), 0)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  the process's own, as long as it lives
    threading.Thread(target=_end_with_who_asked, name="asked", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_who_asked() -> None:
    """As by a normal end of who asked, who sends SIGTERM then: killed at once it sends nothing."""
    asker = multiprocessing.parent_process()
    assert asker is not None, "somebody asked"
    asker.join()
    os.kill(os.getpid(), signal.SIGTERM)
