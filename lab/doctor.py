"""What a machine needs for a run, looked at one by one: `calea-lab doctor`.

Each check answers good or not and says in one sentence what to do. Nothing is changed; what is written is removed.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lab.kernels import kernel_names, missing_kernels
from mediation.runtime.open_files import OWN_FILES, open_files

LIBRARIES = ("aiohttp", "aiosqlite", "cryptography", "lxml", "numpy", "pyasn1", "pydantic", "scapy", "sqlalchemy")
NEEDED_OCTETS = 1 << 30
"""A demo writes some ten megaoctets; below a gigaoctet a store of useful size has no room."""
SLOW_FSYNC_MS = 50.0
"""Acknowledgements wait for the disk: above this a run works and every latency figure is the disk's."""
MOST_DRIFT_MS = 5.0
_EARLIEST_S = 1_700_000_000
"""A clock before the end of 2023 was never set."""
_WRITES = 20


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    ok: bool
    found: str
    advice: str = ""


def examine(data: Path) -> list[Check]:
    checks: tuple[Callable[[Path], Check], ...] = (
        _linux, _python, _libraries, _kernels, _ports, _open_files, _disk, _fsync, _clock,
    )  # fmt: skip
    return [check(data) for check in checks]


def _linux(_: Path) -> Check:
    return Check("system", sys.platform == "linux", sys.platform, "This project runs on Linux only.")


def _python(_: Path) -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", sys.version_info >= (3, 11), found, "Install Python 3.11 or newer and run `make setup`.")


def _libraries(_: Path) -> Check:
    missing = []
    for name in LIBRARIES:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    found = f"{len(LIBRARIES) - len(missing)} of {len(LIBRARIES)}"
    return Check("libraries", not missing, found, f"Missing: {', '.join(missing)}. Run `make setup`.")


def _kernels(_: Path) -> Check:
    missing, known = missing_kernels(), kernel_names()
    found = f"{len(known) - len(missing)} of {len(known)} compiled"
    return Check("kernels", not missing, found, f"Not compiled: {', '.join(missing)}. Run `make setup`.")


def _ports(_: Path) -> Check:
    try:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
    except OSError as error:
        return Check("loopback", False, str(error), "Allow listening on 127.0.0.1.")
    return Check("loopback", True, f"can listen on 127.0.0.1 (tried {port})")


def _open_files(_: Path) -> Check:
    soft, hard = open_files()
    advice = f"A thousand connections need {1000 + OWN_FILES}: let the administrator raise it (ulimit -Hn)."
    return Check("open files", hard >= 1000 + OWN_FILES, f"{soft}, raised at start to {hard}", advice)


def _existing(directory: Path) -> Path:
    while not directory.exists():
        directory = directory.parent
    return directory


def _disk(data: Path) -> Check:
    where = _existing(data.resolve())
    free = shutil.disk_usage(where).free
    advice = f"Free some space or give --data on another disk than {where}."
    return Check("disk", free >= NEEDED_OCTETS, f"{free / 1e9:.1f} GB free", advice)


def _fsync(data: Path) -> Check:
    where = _existing(data.resolve())
    took = []
    try:
        with tempfile.TemporaryFile(dir=where) as file:
            for _ in range(_WRITES):
                file.write(bytes(4096))
                file.flush()
                began = time.perf_counter()
                os.fdatasync(file.fileno())
                took.append((time.perf_counter() - began) * 1000)
    except OSError as error:
        return Check("fsync", False, str(error.strerror), f"Make {where} writable or give another --data.")
    median = statistics.median(took)
    found = f"{median:.2f} ms median, {max(took):.2f} ms worst"
    slow = ", slow: measure on a faster disk" if median > SLOW_FSYNC_MS else ""
    return Check("fsync", True, found + slow)


def _clock(_: Path) -> Check:
    """The processes of a run compute its time from the wall clock, so that one has to run at its own pace."""
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.1)
    drift_ms = abs((time.time() - wall) - (time.monotonic() - steady)) * 1000
    ok = drift_ms < MOST_DRIFT_MS and wall > _EARLIEST_S
    return Check("clock", ok, f"{drift_ms:.2f} ms drift in 100 ms", "Set the clock, and let only one service set it.")
