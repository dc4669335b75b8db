"""What a signer remembers, and what it therefore refuses. `judge` is pure; `SignerMemory` keeps its answer on disk.

    signing.key, signing.pub     the key: made at the first start, or moved here from the collector's directory
    signed.json                  by ledger: the states `confirmed` and `pending`, and how often one was taken back

Rules. A ledger only grows: no shorter tree, no two roots for one size. One state may be taken back: the newest, by who
connects anew, for a collector that crashed between a signature and its disk does not have what it asked to sign. A
state is confirmed, and never taken back, once a larger one is asked for on top of it: the writer begins a unit only
when the one before is on disk. Each time is counted and logged. What is signed is remembered on disk before its
signature is given away.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import RefusedError
from collector.store.private_files import private_pem, sync_directory, write_private
from mediation.ledger.epochs import LedgerState
from mediation.ledger.kernel import EMPTY_ROOT
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

_NOTHING: Final = LedgerState(0, EMPTY_ROOT)


class Signed(NamedTuple):
    """Of one ledger. `pending` is the newest state that was signed; `taken_back` how often one was given up."""

    confirmed: LedgerState = _NOTHING
    pending: LedgerState = _NOTHING
    taken_back: int = 0


def judge(signed: Signed, asked: LedgerState, fresh: bool) -> Signed:
    """What is remembered once `asked` is signed; `fresh`: it is the first that its connection asks for. Raises
    RefusedError."""
    if asked == signed.pending:
        return signed
    if asked.size > signed.pending.size:
        return Signed(signed.pending, asked, signed.taken_back)
    confirmed = signed.confirmed
    if fresh and (asked.size > confirmed.size or asked == confirmed):
        return Signed(confirmed, asked, signed.taken_back + 1)
    if asked.size == signed.pending.size:
        raise RefusedError(f"another root was signed for {asked.size} entries: nobody gets two for one size")
    raise RefusedError(f"{signed.pending.size} entries were signed, and {asked.size} are fewer: a ledger only grows")


class SignerMemory:
    """Raises NotReadyError when a file cannot be used, IntegrityError when it is not what was written."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.key = _own_key(directory)
            self._signed = self._read()
        except OSError as error:
            raise NotReadyError(f"Cannot use {directory}: {error.strerror}. Make it writable.") from error

    def signed(self, origin: str) -> Signed:
        return self._signed.get(origin, Signed())

    def keep(self, origin: str, signed: Signed) -> None:
        """Durable when this returns. Raises OSError."""
        if signed == self.signed(origin):
            return
        after = {**self._signed, origin: signed}
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
        self._signed = after

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
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (directory / "signing.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    return key
