"""Hosts for tests: network namespaces on one machine (tools/namespaces.sh), and what is done on each of them.

    with Network("collector-1", "mf", "db") as network:
        network.inside("mf", work)                     # in a thread whose network is that host's
        network.cut("collector-1", "hi")               # as one pulls a cable: nobody is told

What is started inside a host lives there: a process that `work` starts, a socket that it opens. Files are everybody's.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

SCRIPT: Final = Path(__file__).resolve().parents[2] / "tools" / "namespaces.sh"
NOT_PERMITTED: Final = 3
HI, DB = "hi", "db"
"""The two networks: of delivery, and of the database."""
_CLONE_NEWNET: Final = 0x40000000

T = TypeVar("T")


class NotPermittedError(Exception):
    """No namespaces may be made here; a sentence why."""


class Network:
    """Hosts by name; a context. Raises NotPermittedError."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts
        self._name = f"calea-{os.getpid()}"
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def __enter__(self) -> Network:
        _run("up", self._name, *self.hosts)
        for host in self.hosts:
            self._threads[host] = ThreadPoolExecutor(1, f"host-{host}", _enter, (f"{self._name}-{host}",))
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._threads.values():
            one.shutdown()
        _run("down", self._name)

    def address(self, host: str, network: str) -> str:
        return f"10.77.{(HI, DB).index(network) + 1}.{self.hosts.index(host) + 1}"

    def inside(self, host: str, work: Callable[[], T]) -> T:
        """What `work` answers on that host. One thing at a time a host."""
        return self._threads[host].submit(work).result()

    def cut(self, host: str, network: str) -> None:
        _run("cut", self._name, host, network)

    def mend(self, host: str, network: str) -> None:
        _run("mend", self._name, host, network)


def _run(*words: str) -> None:
    done = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=600, check=False)
    said = done.stderr.strip()
    if done.returncode == NOT_PERMITTED:
        raise NotPermittedError(said)
    assert done.returncode == 0, said


def _enter(namespace: str) -> None:
    """This thread's network is that of the namespace from now on, and so is that of all that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}", "rb") as file:  # noqa: PTH123  the descriptor is wanted
        if libc.setns(file.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter the network namespace {namespace}")
