"""How many files and sockets a process may have open: raised at start to what the system allows.

The usual soft limit of 1 024 is below the thousand connections that a collector takes beside its own files. The hard
limit is the system administrator's and is left alone.
"""

from __future__ import annotations

import contextlib
import resource
from typing import Final, NamedTuple

OWN_FILES: Final = 128
"""What a process has open besides its connections: segments, logs, journals, its database, the event loop's own."""


MOST_FILES: Final = 1 << 20
"""In place of no bound: what Linux allows one process by default (fs.nr_open)."""


class OpenFiles(NamedTuple):
    """`soft` holds now, `hard` is what it may be raised to."""

    soft: int
    hard: int


def open_files() -> OpenFiles:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unbounded = resource.RLIM_INFINITY
    return OpenFiles(MOST_FILES if soft == unbounded else soft, MOST_FILES if hard == unbounded else hard)


def raise_open_files() -> OpenFiles:
    """The limits behind raising the soft one as far as it goes; unchanged where the system refuses."""
    soft, hard = open_files()
    if soft < hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return open_files()
