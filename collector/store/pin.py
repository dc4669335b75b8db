"""The pinned checkpoint: the newest signed state of a store, kept outside it, so that going back shows.

Written when the writer has had nothing to do for a moment, and at the end, so it may be older than the store, never
newer than what is durable.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from collector.store.gauge import StoreError
from mediation.ledger.checkpoint import Trust, verify_note
from mediation.ledger.kernel import CompactRange
from mediation.runtime.process import IntegrityError


def check_pin(pin: Path, origin: str, public_key: Trust, tree: CompactRange) -> None:
    """Refuse to go on from a state older than the pinned one: a rollback, or a restored backup.

    Raises IntegrityError for that, StoreError when there is no place to keep a pin.
    """
    try:
        pin.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(pin.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "it may not be written to")
    except OSError as error:
        raise StoreError(
            f"Cannot keep the newest checkpoint in {pin.parent}: {error.strerror}. Make it writable or configure "
            "another pin_directory."
        ) from error
    if not pin.exists():
        return
    pinned = verify_note(pin.read_bytes(), origin, public_key)
    if pinned is None or pinned.origin != origin:
        raise IntegrityError(
            f"The pinned checkpoint {pin} is not signed by this store's key. If the store was set up anew on purpose, "
            "remove the pin."
        )
    if pinned.size > tree.size:
        raise IntegrityError(
            f"The store holds {tree.size} records, but {pinned.size} were committed before (pin {pin}): it was rolled "
            "back or restored from an old copy. Restore the newest state."
        )
    if pinned.size == tree.size and pinned.root != tree.root():
        raise IntegrityError(f"The store and its pinned checkpoint {pin} disagree: the store was replaced.")


def pinned_size(pin: Path) -> int:
    """The number of entries that the pin says were committed, 0 without one; whether it is to be believed is
    `check_pin`'s to say. Raises StoreError when it cannot be read."""
    try:
        return int(pin.read_text("utf-8").split("\n")[1])
    except FileNotFoundError:
        return 0
    except (OSError, ValueError, IndexError) as error:
        raise StoreError(f"The pinned checkpoint {pin} cannot be read. Restore it from a copy.") from error


def read_pin(pin: Path) -> str:
    """The pinned note as it stands; empty without one. Raises OSError."""
    try:
        return pin.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def check_own_pin(pin: Path, last: str) -> None:
    """Raises StoreError when the pin is not what was written `last`: two processes keep a ledger with one key."""
    if read_pin(pin) not in ("", last):
        raise StoreError(
            f"Another process pinned a checkpoint in {pin}: it uses the same keys for a ledger of its own. Stop it; no "
            "two collectors may have one key. Look at both stores with 'calea-lab verify'."
        )


def write_pin(pin: Path, note: str) -> None:
    """Whole or not at all. Raises OSError."""
    temporary = pin.with_name(pin.name + ".tmp")
    temporary.write_text(note, "utf-8")
    temporary.replace(pin)
