"""The processes of a run, one by one: start, wait until ready, look, stop.

A process is stopped only when `/proc` says that its number still belongs to the very process we started (start time and
configuration file agree), so that a stale `run.json` never ends a stranger. One that is a fork (`lab.nursery`) has no
configuration file among its words, and does not outlive who started it: its start time alone names it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lab import nursery
from lab.paths import RunPaths
from mediation.runtime.config import ConfigError, NotReadyError
from mediation.runtime.process import EXIT_CONFIG, EXIT_INTEGRITY, IntegrityError

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """One started process. `started_ticks` is field 22 of `/proc/PID/stat`: with it a number names one process."""

    name: str
    pid: int
    started_ticks: int
    config: str
    ports: Mapping[str, int] = field(default_factory=dict)
    forked: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ports": dict(self.ports)}

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Running:
        return cls(
            value["name"],
            value["pid"],
            value["started_ticks"],
            value["config"],
            dict(value["ports"]),
            value.get("forked", False),
        )

    @property
    def control_port(self) -> int:
        return self.ports["control"]


def _started_ticks(pid: int) -> int | None:
    """None when there is no such process, or only what is left of one."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def alive(process: Running) -> bool:
    if _started_ticks(process.pid) != process.started_ticks:
        return False
    if process.forked:
        return True
    try:
        words = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return process.config.encode() in words


class Child(Protocol):
    """What was started, however. `go`: the line that it waits for; BrokenPipeError when it has ended."""

    @property
    def pid(self) -> int: ...
    def go(self) -> None: ...
    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def wait(self) -> int: ...


class _Started:
    """`python -m MODULE` in a session of its own."""

    def __init__(self, module: str, arguments: Sequence[str], words: Path, root: Path) -> None:
        with words.open("wb") as file:
            self._child = subprocess.Popen(  # noqa: S603  our own module with our own file
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                cwd=root,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    def go(self) -> None:
        assert self._child.stdin is not None, "asked for a pipe"
        with self._child.stdin as word:
            word.write(b"\n")

    def poll(self) -> int | None:
        return self._child.poll()

    def kill(self) -> None:
        self._child.kill()

    def wait(self) -> int:
        if self._child.stdin is not None:
            self._child.stdin.close()
        return self._child.wait()


class Loading:
    """A started process that loads its modules and then waits for our word before it reads, opens or connects to
    anything (`--hold`): what takes time happens beside the others, what has an order keeps it."""

    def __init__(self, name: str, paths: RunPaths, module: str | None = None) -> None:
        """Start NAME, or MODULE, in a session of its own; as a fork of what is loaded already where that is wanted."""
        self._name = name
        self._paths = paths
        self._config = paths.config(name).resolve()
        paths.ready(name).unlink(missing_ok=True)
        paths.log(name).parent.mkdir(parents=True, exist_ok=True)
        arguments = ["--config", str(self._config), "--log", str(paths.log(name).resolve()), "--hold"]
        self._forked = nursery.wanted(os.environ)
        child: type[nursery.Born | _Started] = nursery.Born if self._forked else _Started
        root = Path(__file__).resolve().parent.parent
        self._child: Child = child(module or name, arguments, paths.last_words(name), root)

    def go(self, timeout_s: float = START_TIMEOUT_S) -> Running:
        """Say the word and wait for its `ready.json`.

        Raises `ConfigError`, `IntegrityError` or `NotReadyError` with the process's own sentence when it ends instead.
        """
        try:
            # Who has ended already tells why by its exit code.
            with contextlib.suppress(BrokenPipeError):
                self._child.go()
            return self._until_ready(timeout_s)
        except BaseException:
            # Whoever is interrupted while waiting leaves no process behind that nobody knows of.
            self.drop()
            raise

    def drop(self) -> None:
        """End it, whatever it does."""
        self._child.kill()
        self._child.wait()

    def _until_ready(self, timeout_s: float) -> Running:
        pid, ready = self._child.pid, self._paths.ready(self._name)
        ticks = _started_ticks(pid)
        until = time.monotonic() + timeout_s
        while True:
            ports = _ready_ports(ready, pid)
            if ports is not None and ticks is not None:
                return Running(self._name, pid, ticks, str(self._config), ports, self._forked)
            code = self._child.poll()
            if code is not None:
                raise _failure(self._name, code, self._paths)
            if time.monotonic() > until:
                log = self._paths.log(self._name)
                raise NotReadyError(
                    f"{self._name} was not ready within {timeout_s:.0f} s; its log is {log}. Try again."
                )
            time.sleep(_LOOK_EVERY_S)


def start(name: str, paths: RunPaths, module: str | None = None, timeout_s: float = START_TIMEOUT_S) -> Running:
    """Start one process and wait until it is ready. Raises as `Loading.go`."""
    return Loading(name, paths, module).go(timeout_s)


def _ready_ports(ready: Path, pid: int) -> dict[str, int] | None:
    try:
        value = json.loads(ready.read_text())
    except (OSError, ValueError):
        return None
    return dict(value["ports"]) if value["pid"] == pid else None


def _failure(name: str, code: int, paths: RunPaths) -> Exception:
    lines = paths.last_words(name).read_text(errors="replace").strip().splitlines()
    sentence = lines[-1] if lines else f"it ended with code {code} and said nothing"
    message = f"{name} did not start: {sentence}"
    if code == EXIT_CONFIG:
        return ConfigError(message)
    return IntegrityError(message) if code == EXIT_INTEGRITY else NotReadyError(message)


def signal_process(process: Running, number: signal.Signals) -> None:
    if alive(process):
        os.kill(process.pid, number)


def stop(process: Running, timeout_s: float = STOP_TIMEOUT_S) -> bool:
    """Ask it to end and wait; True when it went by itself, False when it had to be killed."""
    signal_process(process, signal.SIGTERM)
    if wait_for(lambda: not _still_there(process), timeout_s):
        return True
    signal_process(process, signal.SIGKILL)
    wait_for(lambda: not _still_there(process), timeout_s)
    return False


def kill(process: Running) -> None:
    """End it at once, as a power cut would (SIGKILL)."""
    signal_process(process, signal.SIGKILL)
    wait_for(lambda: not _still_there(process), STOP_TIMEOUT_S)


def _still_there(process: Running) -> bool:
    """Our own children stay as zombies until somebody asks for their exit code."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return alive(process)


def wait_for(condition: Callable[[], bool], timeout_s: float, every_s: float = _LOOK_EVERY_S) -> bool:
    """Look until `condition` holds; False when it did not within the time."""
    until = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(every_s)
    return True
