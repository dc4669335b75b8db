"""The environment card that stands beside every figure: what machine, what build, when.

The date is an argument: a result must not depend on when its card was rendered.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def _cpu_field(name: str) -> str | None:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return None
    for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None


def _compiler() -> str | None:
    try:
        said = subprocess.run(["cc", "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S607  whichever the machine has
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.splitlines()[0] if said.stdout else None


def cpu_flags() -> list[str]:
    """What the processor says it can do; empty where it does not say."""
    return (_cpu_field("flags") or "").split()


def environment_card(date: str, compiled: dict[str, bool]) -> dict[str, Any]:
    """`date`: ISO 8601, as given by who ran it; `compiled`: kernel name to whether its compiled form ran."""
    flags = cpu_flags()
    return {
        "date": date,
        "cpu": _cpu_field("model name") or platform.processor() or platform.machine(),
        "sha_ni": "sha_ni" in flags,
        "avx512bw": "avx512bw" in flags,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "compiler": _compiler(),
        "compiled": compiled,
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }
