"""The desk's ledger: an audit log of its own origin and key, whose entries are the desk's state.

    DATA/desk/audit/     audit.jsonl, checkpoints.txt (`collector.store.audit_log`)
    DATA/desk/keys/      signing.key, signing.pub
    DATA/desk/lock       held by the one process that appends

Readers take no lock: they verify the chain and the signatures and fold the entries. An entry that was edited, left out,
replayed or forged is found at the next opening, which then refuses; so is a whole copy older than the newest
checkpoint, which is pinned in a directory elsewhere, in a file named by the signing key. Signing in with a password is
the console's part; the ledger holds none.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector.store.audit_log import AuditLog, AuditReport, OneKey, read_audit, verify_audit
from collector.store.keys import pin_name
from collector.store.pin import check_pin, pinned_size, write_pin
from collector.store.private_files import own_signing_key, read_public_key
from mediation.law.desk_state import DeskState
from mediation.law.desk_values import DeskError, Entry
from mediation.ledger.kernel import CompactRange, leaf_hash
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

ORIGIN: Final = "calea-lab/desk"
CAPACITY_OCTETS: Final = 64 << 20
"""About 100,000 attempts. When it is full no access can be recorded, hence none is given."""
LOCK_WAIT_S: Final = 5.0
_LOCK_POLL_S: Final = 0.02


class Ledger:
    """Open for appending by one process. `state` is the fold of everything written, `lines` the entries themselves
    (seq, utc_us, kind, fields), oldest first and not to be changed."""

    def __init__(
        self,
        directory: Path,
        capacity_octets: int = CAPACITY_OCTETS,
        wait_s: float = LOCK_WAIT_S,
        pins: Path | None = None,
    ) -> None:
        """Raises NotReadyError when another process holds it too long or it cannot be used, IntegrityError when it was
        changed or is older than its pin."""
        self._directory = directory
        self._capacity_octets = capacity_octets
        self._pins = pins
        self._pin: Path | None = None
        self._left: tuple[int, int, int] | None = None
        self._lock = _locked(directory, wait_s)
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        signing = own_signing_key(self._directory / "keys", "desk")
        self._log = AuditLog(self._directory / "audit", OneKey(signing), self._capacity_octets, ORIGIN)
        try:
            self._pin = _checked_pin(self._directory, signing.public_key(), self._pins)
            self.lines = read_audit(self._directory / "audit")
            self.state = fold(self.lines, self._directory)
        except BaseException:
            self._log.close()
            raise

    def let_go(self) -> None:
        """Let others write, until `take_again`. Nothing is appended meanwhile."""
        self._left = self._stamp()
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def take_again(self, wait_s: float = LOCK_WAIT_S) -> None:
        """Hold it again. What others wrote is read as at the first opening, and raises the same."""
        _hold(self._lock, self._directory, wait_s)
        if self._stamp() == self._left:
            return
        try:
            self._log.close()
            self._open()
        except BaseException:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            raise

    def _stamp(self) -> tuple[int, int, int]:
        """Whether the file is the one that was left: another, longer or touched is not."""
        found = (self._directory / "audit" / "audit.jsonl").stat()
        return found.st_ino, found.st_size, found.st_ctime_ns

    @property
    def entries(self) -> int:
        return self._log.entries

    def append(self, kind: str, fields: dict[str, Any], now_us: int) -> int:
        """One entry, durable and signed; its number. Raises DeskError, with nothing written, for one that contradicts
        the ledger, AuditFullError when there is no room for it."""
        after = self.state.apply(Entry(self.entries, now_us, kind, fields))
        number = self._log.append(kind, fields, now_us)
        self._log.flush()
        self.state = after
        self.lines.append({"seq": number, "utc_us": now_us, "kind": kind, "fields": fields})
        self._write_pin()
        return number

    def close(self) -> None:
        self._log.close()
        os.close(self._lock)

    def _write_pin(self) -> None:
        if self._pin is not None:
            write_pin(self._pin, self._log.note)


def fold(entries: Iterable[dict[str, Any]], directory: Path) -> DeskState:
    """The state that entries amount to. Raises IntegrityError where one contradicts those before it."""
    state = DeskState()
    for entry in entries:
        try:
            state = state.apply(entry_of(entry))
        except DeskError as error:
            raise IntegrityError(f"Entry {entry['seq']} of the desk in {directory} cannot be true: {error}") from error
    return state


def entry_of(line: dict[str, Any]) -> Entry:
    return Entry(line["seq"], line["utc_us"], line["kind"], line["fields"])


def read_desk(directory: Path, pins: Path | None = None) -> tuple[DeskState, list[dict[str, Any]]]:
    """State and entries for a reader, verified, without a lock. Raises IntegrityError when the ledger was changed or is
    older than its pin, NotReadyError when there is none."""
    report = verify_desk(directory, False, pins)
    if not report.ok:
        raise IntegrityError(f"The desk's ledger in {directory} was changed: {report.faults[0]}")
    entries = read_audit(directory / "audit")
    return fold(entries, directory), entries


def verify_desk(directory: Path, whole: bool = True, pins: Path | None = None) -> AuditReport:
    """Every line against its chain, every checkpoint against the lines, and the lines against the pin."""
    key = desk_key(directory)
    report = verify_audit(directory / "audit", key, whole, ORIGIN)
    try:
        _checked_pin(directory, key, pins)
    except IntegrityError as error:
        return report._replace(faults=(*report.faults, str(error)))
    return report


def desk_key(directory: Path) -> Ed25519PublicKey:
    """What signs the ledger. Raises NotReadyError when there is no desk."""
    path = directory / "keys" / "signing.pub"
    if not path.exists():
        raise NotReadyError(f"There is no desk in {directory}: `calea-lab desk init` makes one.")
    return read_public_key(path)


def _checked_pin(directory: Path, key: Ed25519PublicKey, pins: Path | None) -> Path | None:
    """Where the newest checkpoint is pinned. Raises IntegrityError when the ledger is older than that or another one,
    StoreError when the pin cannot be kept."""
    if pins is None:
        return None
    pin = pins / pin_name(key)
    path = directory / "audit" / "audit.jsonl"
    while True:
        tree = CompactRange()
        pinned = pinned_size(pin)
        for line in path.read_bytes().splitlines()[:pinned] if path.exists() else ():
            tree.append(leaf_hash(line))
        try:
            check_pin(pin, ORIGIN, key, tree)
        except IntegrityError:
            # A reader has no lock: what was pinned while it read is no rollback.
            if pinned_size(pin) == pinned:
                raise
        else:
            return pin


def _locked(directory: Path, wait_s: float) -> int:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise NotReadyError(f"Cannot use the desk's directory {directory}: {error.strerror}.") from error
    try:
        _hold(descriptor, directory, wait_s)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _hold(descriptor: int, directory: Path, wait_s: float) -> None:
    until_s = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until_s:
                raise NotReadyError(f"Another process is writing to the desk in {directory}. Try again.") from None
            time.sleep(_LOCK_POLL_S)
