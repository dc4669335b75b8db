"""What a witness remembers, on disk: its key, whose ledger it is, the newest checkpoint with its own signature.

    keys/signing.key, .pub     the witness's own Ed25519 key
    collector.pub              the collector's first key, as it was when first met
    checkpoint                 the newest checkpoint that was signed, with the witness's line

The checkpoint is on disk before its signature is given away: a witness that crashed would otherwise sign a ledger that
it should have known to be shortened.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector.store.private_files import own_signing_key, read_public_key, sync_directory, write_private
from mediation.ledger.epochs import LedgerState
from mediation.ledger.witness import NOTHING, verify_cosigned
from mediation.runtime.config import NotReadyError
from mediation.runtime.disk import advice
from mediation.runtime.process import IntegrityError


class Memory:
    """Raises NotReadyError when a file cannot be used, IntegrityError when it is not what was written."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        try:
            self.key = own_signing_key(directory / "keys", "witness")
            self.state = self._read()
        except OSError as error:
            raise NotReadyError(f"Cannot use {directory}: {error.strerror}. {advice(error)}") from error

    @property
    def checkpoint(self) -> Path:
        return self._directory / "checkpoint"

    def collector_key(self, keys: Path) -> Ed25519PublicKey:
        """The collector's first key: as remembered, or as read now and remembered from now on. Raises NotReadyError
        while there is none, IntegrityError when another one lies there now."""
        remembered, there = self._directory / "collector.pub", read_public_key(keys / "signing.pub")
        if not remembered.exists():
            form = serialization.PublicFormat.SubjectPublicKeyInfo
            write_private(remembered, there.public_bytes(serialization.Encoding.PEM, form))
        known = read_public_key(remembered)
        if known.public_bytes_raw() != there.public_bytes_raw():
            raise IntegrityError(
                f"{keys} holds another collector's key than the one witnessed so far. If the collector was set up anew "
                f"on purpose, empty {self._directory}."
            )
        return known

    def keep(self, note: str, state: LedgerState) -> None:
        """Durable when this returns. Raises OSError."""
        temporary = self.checkpoint.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            os.write(descriptor, note.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self.checkpoint)
        sync_directory(self._directory)
        self.state = state

    def _read(self) -> LedgerState:
        if not self.checkpoint.exists():
            return NOTHING
        found = verify_cosigned(self.checkpoint.read_bytes(), self._name, self.key.public_key())
        if found is None:
            raise IntegrityError(f"{self.checkpoint} is not what this witness signed. Restore it from a copy.")
        return LedgerState(found.checkpoint.size, found.checkpoint.root)
