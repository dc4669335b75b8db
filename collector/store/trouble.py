"""What a person is told when the disk under a store fails: what happened, and what to do.

Rules. Nothing is ever tried again: after a failed write or sync nobody knows what is on disk, and a sync that is asked
a second time may answer yes to octets that were dropped. The store stops, so does acknowledging; what a peer was not
told of it sends again. The next start reads what is really there.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

_SPACE: Final = "make room on its file system (or lower the capacity) and start again"
_WRITABLE: Final = "make it writable (look for a mount gone read-only) and start again"
_GONE: Final = "bring the directory back (look for a mount that is gone) and start again"
_WHAT_TO_DO: Final = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EROFS: _WRITABLE,
    errno.EACCES: _WRITABLE,
    errno.EPERM: _WRITABLE,
    errno.ENOENT: _GONE,
    errno.ESTALE: _GONE,
    errno.ENOTCONN: _GONE,
}


def what_to_do(error: OSError) -> str:
    """The second half of a sentence."""
    return _WHAT_TO_DO.get(error.errno or 0, "look at the disk and its kernel messages before starting again")


def stopped(directory: Path, error: Exception) -> str:
    """The sentence of a store that stopped while it ran."""
    if isinstance(error, OSError):
        reason, remedy = error.strerror or str(error), what_to_do(error)
    else:
        reason, remedy = str(error), "report this, and start again"
    return (
        f"The store stopped: {reason} ({directory}). Nothing more is acknowledged; what was acknowledged is kept. "
        f"{remedy[0].upper()}{remedy[1:]}."
    )


def not_opened(directory: Path, error: OSError) -> str:
    """The sentence of a store that could not be opened."""
    return f"Cannot open the store in {directory}: {error.strerror or error}. Nothing was changed; {what_to_do(error)}."
