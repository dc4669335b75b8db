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
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import DecodeError
from collector.store.gauge import StoreError
from mediation.ledger.checkpoint import Checkpoint, NoteSigner, Signer, Trust, parse_note, verify_note
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import CompactRange, leaf_hash
from mediation.runtime.disk import advice
from mediation.runtime.process import IntegrityError

ORIGIN: Final = "calea-lab/audit"
MAX_LINE_OCTETS: Final = 1 << 20
"""One entry; an eviction's summary of a whole segment is the largest kind."""

_NOTE_END: Final = re.compile(rb"\n\xe2\x80\x94 [^\n]+\n\n?")


class AuditFullError(StoreError):
    """The audit log has reached its capacity; nothing more may be acknowledged."""


class AuditReport(NamedTuple):
    """`faults` are sentences; empty when every line is under a signed checkpoint or behind the newest one."""

    entries: int
    signed_entries: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


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
        self, directory: Path, keys: SigningKeys, capacity_octets: int = 256 << 20, name: str = ORIGIN
    ) -> None:
        """Raises StoreError when the directory cannot be used, IntegrityError when the log was changed."""
        self._directory = directory
        self._capacity_octets = capacity_octets
        self._signer = keys.signer(name)
        self._lock = threading.Lock()
        report = verify_audit(directory, keys.trust, whole=False, name=name)
        if not report.ok:
            raise IntegrityError(f"The audit log in {directory} was changed: {report.faults[0]}")
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
        self._tree = CompactRange()
        self._previous = bytes(32)
        self._octets = 0
        self._load()
        self._signed = self._whole_notes(report.signed_entries)

    @property
    def entries(self) -> int:
        return self._tree.size

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
        os.close(self._descriptor)
        os.close(self._notes)

    def _take(self, line: bytes) -> None:
        self._tree.append(leaf_hash(line))
        self._previous = hashlib.sha256(line).digest()
        self._octets += len(line) + 1

    def _load(self) -> None:
        data = (self._directory / "audit.jsonl").read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            os.ftruncate(self._descriptor, whole)
        for line in data[:whole].splitlines():
            self._take(line)

    def _whole_notes(self, signed: int) -> int:
        """Cut off what a crash left of a checkpoint, which would spoil the next; then all is signed again."""
        data = (self._directory / "checkpoints.txt").read_bytes()
        whole = max((one.end() for one in _NOTE_END.finditer(data)), default=0)
        if whole != len(data):
            os.ftruncate(self._notes, whole)
        return signed if whole == len(data) else 0


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
    whole = [one for part in text.split(f"{name}\n")[1:] if _parses(one := f"{name}\n{part.rstrip()}\n")]
    return whole[-1] if whole else ""


def audit_lines(directory: Path) -> list[bytes]:
    """The entries as they stand, without their newlines: what the leaves are made of."""
    path = directory / "audit.jsonl"
    data = path.read_bytes() if path.exists() else b""
    return data[: data.rfind(b"\n") + 1].splitlines()


def verify_audit(directory: Path, public_key: Trust, whole: bool = True, name: str = ORIGIN) -> AuditReport:
    """Check every line against its chain and every checkpoint against the lines. With `whole` false, lines that no
    checkpoint covers yet are in order (a crash leaves them)."""
    path, notes_path = directory / "audit.jsonl", directory / "checkpoints.txt"
    if not path.exists():
        return AuditReport(0, 0, ())
    faults: list[str] = []
    # In this order: what is appended in between is behind the notes, never missing under them.
    notes = _notes(notes_path, public_key, faults, name)
    data = path.read_bytes()
    tree, previous, signed = CompactRange(), bytes(32), 0
    for number, line in enumerate(data[: data.rfind(b"\n") + 1].splitlines()):
        try:
            entry = json.loads(line)
            sound = entry["seq"] == number and entry["previous"] == previous.hex()
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            faults.append(f"entry {number} does not continue the chain")
            break
        tree.append(leaf_hash(line))
        previous = hashlib.sha256(line).digest()
        if tree.size in notes:
            if notes.pop(tree.size) != tree.root():
                faults.append(f"the entries up to {number} are not the signed ones")
                break
            signed = tree.size
    if notes and not faults:
        faults.append(f"{max(notes)} entries were signed, {tree.size} are there")
    if whole and not faults and signed != tree.size:
        faults.append(f"the entries behind {signed} are not signed")
    return AuditReport(tree.size, signed, tuple(faults))


def _notes(path: Path, public_key: Trust, faults: list[str], name: str) -> dict[int, bytes]:
    """Size to root of every checkpoint. A last note that is cut off is what a crash leaves."""
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    found: dict[int, bytes] = {}
    parts = text.split(f"{name}\n")[1:]
    for index, part in enumerate(parts):
        checkpoint = verify_note(note := f"{name}\n{part.rstrip()}\n", name, public_key)
        if checkpoint is None:
            if index == len(parts) - 1 and not _parses(note):
                break
            faults.append(f"checkpoint {index} is not signed by this log's key")
            break
        found[checkpoint.size] = checkpoint.root
    return found


def _parses(note: str) -> bool:
    try:
        parse_note(note)
    except DecodeError:
        return False
    return True
