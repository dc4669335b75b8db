"""The desk's ledger: an audit log of its own origin and key, whose entries are the desk's state.

    DATA/desk/audit/     audit.jsonl, checkpoints.txt (`collector.store.audit_log`)
    DATA/desk/keys/      signing.key, signing.pub
    DATA/desk/lock       held by the one process that appends
    DATA/desk/verified.json   how far it was verified, signed with its key (`Reading`)

Readers take no lock: they verify the chain and the signatures and fold the entries. An entry that was edited, left out,
replayed or forged is found at the next opening, which then refuses; so is a whole copy older than the newest
checkpoint, which is pinned in a directory elsewhere, in a file named by the signing key. Signing in with a password is
the console's part; the ledger holds none.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector.store.audit_check import (
    MAX_KEPT_OCTETS,
    NOTHING,
    AuditReport,
    Known,
    Looked,
    look,
    opened,
    sealed,
    tree_at,
)
from collector.store.audit_log import AuditLog, OneKey
from collector.store.keys import pin_name
from collector.store.pin import check_pin, pinned_size, write_pin
from collector.store.private_files import own_signing_key, read_public_key
from mediation.law.desk_state import DeskState
from mediation.law.desk_values import DeskError, Entry
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

ORIGIN: Final = "calea-lab/desk"
CAPACITY_OCTETS: Final = 64 << 20
"""About 100,000 attempts. When it is full no access can be recorded, hence none is given."""
KEPT: Final = "verified.json"
KEEP_EVERY: Final = 500
"""Entries behind which it is written down again how far the ledger was verified."""
LOCK_WAIT_S: Final = 5.0
_LOCK_POLL_S: Final = 0.02


class Reading:
    """What a process has read and verified of a desk's ledger; it goes on from there at the next look, and begins where
    the ledger itself was verified last (`verified.json`, signed with its key). Every octet before that is held against
    its digest, so nothing that was changed is passed over; `verify_desk` goes by none of it.

    `state` is the fold of everything read, `lines` the entries themselves (seq, utc_us, kind, fields), oldest first and
    not to be changed."""

    def __init__(self, directory: Path, pins: Path | None = None) -> None:
        """Raises NotReadyError when there is no desk."""
        self._directory = directory
        self._pins = pins
        self.known = _kept(directory)
        self.state = DeskState()
        self.lines: list[dict[str, Any]] = []
        self._base = DeskState()
        self._based = 0
        self._lock = threading.Lock()

    def look(self) -> None:
        """Read on, without a lock of the ledger. Raises IntegrityError when it was changed or is older than its pin."""
        key = desk_key(self._directory)
        while True:
            pinned = None if self._pins is None else pinned_size(self._pins / pin_name(key))
            found = look(self._directory / "audit", key, ORIGIN, self.known, whole=False)
            try:
                self.take(found, key)
            except IntegrityError:
                # A reader has no lock: what was pinned while it read is no rollback.
                if self._pins is None or pinned_size(self._pins / pin_name(key)) == pinned:
                    raise
            else:
                return

    def take(self, found: Looked, key: Ed25519PublicKey) -> None:
        """What somebody looked up, going on from `known`. Raises as `look`."""
        if not found.report.ok:
            raise IntegrityError(f"The desk's ledger in {self._directory} was changed: {found.report.faults[0]}")
        if found.known.size < self.known.size:
            raise IntegrityError(
                f"The desk's ledger in {self._directory} was changed: {self.known.size} entries were signed before."
            )
        if self._pins is not None:
            pin = self._pins / pin_name(key)
            check_pin(pin, ORIGIN, key, tree_at(found, pinned_size(pin)))
        with self._lock:
            whole = found.start.size != self._based
            base = DeskState() if whole else self._base
            octets = (*bytes(found.before).splitlines(), *found.lines) if whole else found.lines
            fresh = [json.loads(line) for line in octets]
            signed = found.known.size - (0 if whole else self._based)
            self._base = fold(fresh[:signed], self._directory, base)
            self.state = fold(fresh[signed:], self._directory, self._base)
            if whole:
                self.lines = fresh
            else:
                # What was appended by this very process is there already.
                self.lines.extend(fresh[len(self.lines) - self._based :])
            self.known, self._based = found.known, found.known.size

    def appended(self, line: dict[str, Any], state: DeskState) -> None:
        """An entry of this process's own."""
        self.lines.append(line)
        self.state = state


class Ledger:
    """Open for appending by one process. `state` and `lines` as of its `Reading`."""

    def __init__(
        self,
        directory: Path,
        capacity_octets: int = CAPACITY_OCTETS,
        wait_s: float = LOCK_WAIT_S,
        pins: Path | None = None,
        reading: Reading | None = None,
    ) -> None:
        """Raises NotReadyError when another process holds it too long or it cannot be used, IntegrityError when it was
        changed or is older than its pin. `reading`: what this process has read of it before."""
        self._directory = directory
        self._capacity_octets = capacity_octets
        self._pins = pins
        self._pin: Path | None = None
        self._left: tuple[int, int, int] | None = None
        self._lock = _locked(directory, wait_s)
        try:
            self._signing = own_signing_key(directory / "keys", "desk")
            self._reading = Reading(directory, pins) if reading is None else reading
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def state(self) -> DeskState:
        return self._reading.state

    @property
    def lines(self) -> list[dict[str, Any]]:
        return self._reading.lines

    def _open(self) -> None:
        known, key = self._reading.known, OneKey(self._signing)
        self._log = AuditLog(self._directory / "audit", key, self._capacity_octets, ORIGIN, known)
        try:
            self._reading.take(self._log.opened, self._signing.public_key())
            self._pin = None if self._pins is None else self._pins / pin_name(self._signing.public_key())
            if self._reading.known.size >= _kept(self._directory).size + KEEP_EVERY:
                self._keep()
        except BaseException:
            self._log.drop()
            raise

    def _keep(self) -> None:
        """How far it was verified, for whoever opens it next."""
        path = self._directory / KEPT
        temporary = path.with_name(path.name + ".tmp")
        temporary.write_bytes(sealed(self._reading.known, ORIGIN, self._signing))
        temporary.replace(path)

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
        self._reading.appended({"seq": number, "utc_us": now_us, "kind": kind, "fields": fields}, after)
        self._write_pin()
        return number

    def close(self) -> None:
        self._log.close()
        os.close(self._lock)

    def _write_pin(self) -> None:
        if self._pin is not None:
            write_pin(self._pin, self._log.note)


def fold(entries: Iterable[dict[str, Any]], directory: Path, state: DeskState | None = None) -> DeskState:
    """The state that entries amount to, after `state`. Raises IntegrityError where one contradicts those before it."""
    state = DeskState() if state is None else state
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
    reading = Reading(directory, pins)
    reading.look()
    return reading.state, reading.lines


def verify_desk(directory: Path, whole: bool = True, pins: Path | None = None) -> AuditReport:
    """Every line against its chain, every checkpoint against the lines, and the lines against the pin."""
    key = desk_key(directory)
    while True:
        pin = None if pins is None else pins / pin_name(key)
        pinned = 0 if pin is None else pinned_size(pin)
        found = look(directory / "audit", key, ORIGIN, whole=whole)
        try:
            if pin is not None:
                check_pin(pin, ORIGIN, key, tree_at(found, pinned_size(pin)))
        except IntegrityError as error:
            # What was pinned while it was read is no rollback.
            if pin is not None and pinned_size(pin) == pinned:
                return found.report._replace(faults=(*found.report.faults, str(error)))
        else:
            return found.report


def desk_key(directory: Path) -> Ed25519PublicKey:
    """What signs the ledger. Raises NotReadyError when there is no desk."""
    path = directory / "keys" / "signing.pub"
    if not path.exists():
        raise NotReadyError(f"There is no desk in {directory}: `calea-lab desk init` makes one.")
    return read_public_key(path)


def _kept(directory: Path) -> Known:
    """How far the ledger was verified last, by what is signed with its own key; NOTHING without that."""
    path = directory / KEPT
    try:
        with path.open("rb") as file:
            return opened(file.read(MAX_KEPT_OCTETS), ORIGIN, desk_key(directory))
    except OSError:
        return NOTHING


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
