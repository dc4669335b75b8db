"""The audit log: one line an entry, chained, under its own tree and signed checkpoints, never evicted.

    audit.jsonl        canonical JSON lines: seq, utc_us, kind, fields, previous (SHA-256 of the line before, hex)
    checkpoints.txt    signed notes over the lines (leaf = the line without its newline), one a flush

Rules. Appending is refused with `AuditFullError` when the capacity is used up: then acknowledging stops, since what
cannot be recorded may not be done. Lines behind the newest checkpoint are what a crash left: they stay, since each is
whole or is cut at the last newline. Never content: callers give counts, codes and identifiers.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.store.audit_check import NOTHING, AuditReport, Known, look, parses
from collector.store.gauge import StoreError
from mediation.ledger.checkpoint import Checkpoint, NoteSigner, Signer, Trust
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import leaf_hash
from mediation.runtime.disk import advice
from mediation.runtime.process import IntegrityError

__all__ = (
    "ORIGIN",
    "AuditFullError",
    "AuditLog",
    "AuditReport",
    "OneKey",
    "SigningKeys",
    "audit_lines",
    "newest_note",
    "read_audit",
    "verify_audit",
)

ORIGIN: Final = "calea-lab/audit"
MAX_LINE_OCTETS: Final = 1 << 20
"""One entry; an eviction's summary of a whole segment is the largest kind."""


class AuditFullError(StoreError):
    """The audit log has reached its capacity; nothing more may be acknowledged."""


class SigningKeys(Protocol):
    """What of the keys is needed here."""

    def signer(self, name: str) -> NoteSigner: ...

    @property
    def trust(self) -> Trust: ...


@dataclass(frozen=True, slots=True)
class OneKey:
    """The keys of a log whose owner has one for good, and no others."""

    signing: Ed25519PrivateKey

    def signer(self, name: str) -> NoteSigner:
        return Signer(name, self.signing)

    @property
    def trust(self) -> Trust:
        return self.signing.public_key()


class AuditLog:
    """Open for appending by one process. Safe to call from any thread."""

    def __init__(
        self,
        directory: Path,
        keys: SigningKeys,
        capacity_octets: int = 256 << 20,
        name: str = ORIGIN,
        known: Known = NOTHING,
    ) -> None:
        """`known` is how far whoever opens it verified it before. Raises StoreError when the directory cannot be used,
        IntegrityError when the log was changed."""
        self._directory = directory
        self._capacity_octets = capacity_octets
        self._signer = keys.signer(name)
        self._lock = threading.Lock()
        found = look(directory, keys.trust, name, known, whole=False)
        if not found.report.ok:
            raise IntegrityError(f"The audit log in {directory} was changed: {found.report.faults[0]}")
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(directory / "audit.jsonl", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._notes = os.open(directory / "checkpoints.txt", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise StoreError(
                f"Cannot use the audit directory {directory}: {error.strerror}. {advice(error)}"
            ) from error
        self.note = ""
        """The newest checkpoint that was signed since this log was opened."""
        self.opened = found
        """What was found when it was opened."""
        self._tree, self._previous, self._octets = found.tree, found.previous, found.octets
        if os.fstat(self._descriptor).st_size != found.octets:
            # What a crash left of a line.
            os.ftruncate(self._descriptor, found.octets)
        self._signed = found.report.signed_entries
        if os.fstat(self._notes).st_size != found.note_octets:
            # What a crash left of a checkpoint would spoil the next; then all is signed again.
            os.ftruncate(self._notes, found.note_octets)
            self._signed = 0

    @property
    def entries(self) -> int:
        return self._tree.size

    @property
    def signed(self) -> int:
        """Entries that are durable under a checkpoint."""
        return self._signed

    @property
    def state(self) -> LedgerState:
        """Of all entries, signed or not."""
        return LedgerState(self._tree.size, self._tree.root())

    def append(self, kind: str, fields: dict[str, Any], now_us: int) -> int:
        """One entry; its number. Durable and signed with the next `flush`. Raises AuditFullError."""
        with self._lock:
            entry = {
                "seq": self._tree.size,
                "utc_us": now_us,
                "kind": kind,
                "fields": fields,
                "previous": self._previous.hex(),
            }
            line = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
            if len(line) > MAX_LINE_OCTETS:
                raise StoreError(f"An audit entry of {len(line)} octets is larger than {MAX_LINE_OCTETS}.")
            if self._octets + len(line) + 1 > self._capacity_octets:
                raise AuditFullError(
                    f"The audit log has used its {self._capacity_octets} octets; acknowledging stops. Archive it and "
                    "raise its capacity."
                )
            os.write(self._descriptor, line + b"\n")
            self._take(line)
            return self._tree.size - 1

    def flush(self) -> None:
        """Make all entries durable under a signed checkpoint."""
        with self._lock:
            if self._signed == self._tree.size:
                return
            os.fdatasync(self._descriptor)
            note = self._signer.sign(Checkpoint(self._signer.name, self._tree.size, self._tree.root()))
            os.write(self._notes, note.encode() + b"\n")
            self.note = note
            os.fdatasync(self._notes)
            self._signed = self._tree.size

    def close(self) -> None:
        self.flush()
        self.drop()

    def drop(self) -> None:
        """Close it without signing anything more: for who found that it is not to be gone on with."""
        os.close(self._descriptor)
        os.close(self._notes)

    def _take(self, line: bytes) -> None:
        self._tree.append(leaf_hash(line))
        self._previous = hashlib.sha256(line).digest()
        self._octets += len(line) + 1


def read_audit(directory: Path) -> list[dict[str, Any]]:
    """All whole entries, oldest first; an empty list when there is no log."""
    path = directory / "audit.jsonl"
    if not path.exists():
        return []
    data = path.read_bytes()
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def newest_note(directory: Path, name: str = ORIGIN) -> str:
    """The newest whole checkpoint of a log, empty when there is none; whether it holds is `verify_audit`'s to say."""
    path = directory / "checkpoints.txt"
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    whole = [one for part in text.split(f"{name}\n")[1:] if parses(one := f"{name}\n{part.rstrip()}\n")]
    return whole[-1] if whole else ""


def audit_lines(directory: Path) -> list[bytes]:
    """The entries as they stand, without their newlines: what the leaves are made of."""
    path = directory / "audit.jsonl"
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1].splitlines()


def verify_audit(directory: Path, public_key: Trust, whole: bool = True, name: str = ORIGIN) -> AuditReport:
    """Check every line against its chain and every checkpoint against the lines. With `whole` false, lines that no
    checkpoint covers yet are in order (a crash leaves them)."""
    return look(directory, public_key, name, whole=whole).report
