"""What a signer keeps: its keys, what it signed, and a log of what it was asked besides checkpoints.

    signing.key, signing.pub     the key of the newest epoch, made at the first start or moved here from the collector's
                                 directory; the public half of the first epoch's
    epochs/NNNN.cert             the epochs so far, where the key was changed (`store.epochs`)
    signing.next                 the key of the next epoch, until it begins
    root.pub                     put here by the operator: the root that may certify epochs
    signed.json                  by ledger: the states `confirmed` and `pending`, and how often one was taken back
    audit/                       an entry a manifest, an epoch and a state that was taken back (`store.audit_log`)

What is signed is remembered on disk before its signature is given away, and what cannot be put on record is not signed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import RefusedError
from collector.signer.purposes import Signed
from collector.store.audit_log import AuditFullError, AuditLog
from collector.store.epochs import OwnEpochKeys, add_certificate, certificates, current_key, read_history, read_next_key
from collector.store.private_files import private_pem, read_public_key, sync_directory, write_private
from mediation.ledger.checkpoint import NoteSigner, Signer, Trust
from mediation.ledger.epochs import LedgerState
from mediation.runtime.config import NotReadyError
from mediation.runtime.disk import advice
from mediation.runtime.process import IntegrityError

AUDIT: Final = "calea-lab/signer"
AUDIT_OCTETS: Final = 64 << 20
"""About 150,000 manifests. When it is full none is signed any more, and nothing is taken back; a ledger still grows."""


class SignerMemory:
    """Raises NotReadyError when a file cannot be used, IntegrityError when it is not what was written."""

    def __init__(self, directory: Path, audit_octets: int = AUDIT_OCTETS) -> None:
        self._directory = directory
        self._audit_octets = audit_octets
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.key = _own_key(directory)
            self.key, history = current_key(directory, self.key)
            self.trust: Trust = self.key.public_key() if history is None else history
            self.signed = self._read()
            self._audit = AuditLog(directory / "audit", self, audit_octets, AUDIT)
        except OSError as error:
            raise NotReadyError(f"Cannot use {directory}: {error.strerror}. {advice(error)}") from error

    @property
    def identity(self) -> Ed25519PublicKey:
        """The first epoch's key."""
        return read_public_key(self._directory / "signing.pub")

    @property
    def epochs(self) -> list[str]:
        """Certificates, oldest first."""
        return certificates(self._directory)

    @property
    def root(self) -> Ed25519PublicKey | None:
        path = self._directory / "root.pub"
        return read_public_key(path) if path.exists() else None

    def signer(self, name: str) -> NoteSigner:
        """As `store.audit_log.SigningKeys`."""
        return Signer(name, self.key)

    def close(self) -> None:
        self._audit.close()

    def keep(self, origin: str, signed: Signed) -> None:
        """Durable when this returns. Raises OSError."""
        if signed == self.signed.get(origin):
            return
        after = {**self.signed, origin: signed}
        states = {
            name: {
                "confirmed": [one.confirmed.size, one.confirmed.root.hex()],
                "pending": [one.pending.size, one.pending.root.hex()],
                "taken_back": one.taken_back,
            }
            for name, one in after.items()
        }
        temporary = self._directory / "signed.tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, json.dumps(states, sort_keys=True).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self._directory / "signed.json")
        sync_directory(self._directory)
        self.signed = after

    def record(self, kind: str, fields: Mapping[str, Any], now_us: int) -> None:
        """An entry, durable and signed. Raises RefusedError when there is no room for it, OSError."""
        try:
            self._audit.append(kind, dict(fields), now_us)
        except AuditFullError as error:
            raise RefusedError("the signer's own log is full: archive it") from error
        self._audit.flush()

    def next_key(self) -> Ed25519PublicKey:
        """The public half of the next epoch's key, made when there is none. Raises OSError."""
        made = self.following()
        return OwnEpochKeys(self._directory, self.key).next_key() if made is None else made

    def following(self) -> Ed25519PublicKey | None:
        """The next key, where one was made."""
        made = read_next_key(self._directory)
        return None if made is None else made.public_key()

    def begin_epoch(self, note: str) -> None:
        """Put the certificate in place, and sign with its key from now on. Raises OSError."""
        add_certificate(self._directory, note)
        self.key, history = current_key(self._directory, self.key)
        assert history is not None
        self.trust = history
        self._audit.close()
        self._audit = AuditLog(self._directory / "audit", self, self._audit_octets, AUDIT)

    def _read(self) -> dict[str, Signed]:
        path = self._directory / "signed.json"
        if not path.exists():
            return {}
        try:
            return {
                name: Signed(_state(one["confirmed"]), _state(one["pending"]), int(one["taken_back"]))
                for name, one in json.loads(path.read_bytes()).items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IntegrityError(
                f"{path} is not what this signer wrote. Restore it from a copy: without it the signer cannot know what "
                "it signed."
            ) from error


def _state(value: list[object]) -> LedgerState:
    size, root = value
    return LedgerState(int(str(size)), bytes.fromhex(str(root)))


def _own_key(directory: Path) -> Ed25519PrivateKey:
    path = directory / "signing.key"
    if not path.exists():
        if (directory / "signed.json").exists():
            raise IntegrityError(f"{path} is gone, though something was signed with it. Restore it from a copy.")
        write_private(path, private_pem(Ed25519PrivateKey.generate()))
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise NotReadyError(f"Cannot use the signer's key {path}: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotReadyError(f"{path} holds another kind of key than Ed25519.")
    public = directory / "signing.pub"
    if not public.exists():
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    identity = read_public_key(public)
    if read_history(directory, identity) is None and identity != key.public_key():
        raise NotReadyError(f"{public} is of another key than {path}: bring the epochs directory of that key too.")
    return key
