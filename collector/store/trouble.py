"""What a person is told when the disk under a store fails: what happened, and what to do.

Rules. Nothing is ever tried again: after a failed write or sync nobody knows what is on disk, and a sync that is asked
a second time may answer yes to octets that were dropped. The store stops, so does acknowledging; what a peer was not
told of it sends again. The next start reads what is really there.
"""

from __future__ import annotations

from pathlib import Path

from mediation.runtime.disk import what_to_do


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
