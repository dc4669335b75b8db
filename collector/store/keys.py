"""The collector's keys, one file each, readable by its owner alone.

signing.key / signing.pub   Ed25519, signs checkpoints
hmac.key                    32 octets, digests of withheld octets
quarantine.pub              X25519; the private half is never here
orders/<uid>.key            AES-256 data key of an order; withdrawing it makes the order's octets unreadable
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from mediation.law.orders import OrderUid
from mediation.runtime.config import NotReadyError

KEY_OCTETS: Final = 32


def write_private(path: Path, octets: bytes) -> None:
    """Create `path` with mode 0600 and these octets, durable under its name, whole or not at all. An existing file is
    an error."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, octets)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        # A link, not a rename: it fails where the name is taken.
        os.link(temporary, path)
    finally:
        temporary.unlink()
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def data_key_id(key: bytes) -> bytes:
    """Eight octets that name a data key without telling anything about it."""
    return hashlib.sha256(b"calea-lab data key\n" + key).digest()[:8]


def pin_name(public_key: Ed25519PublicKey) -> str:
    """The file name of the pinned checkpoint of the store that this key signs."""
    octets = public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"{hashlib.sha256(octets).hexdigest()[:16]}.checkpoint"


def read_public_key(path: Path) -> Ed25519PublicKey:
    """A PEM Ed25519 public key. Raises NotReadyError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NotReadyError(f"Cannot read the public key {path}: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NotReadyError(f"{path} holds another kind of key than Ed25519.")
    return key


class Keys:
    """The keys of one collector directory. `data_key` makes a new order's key on first use."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            signing = serialization.load_pem_private_key((directory / "signing.key").read_bytes(), None)
            self.hmac_key = (directory / "hmac.key").read_bytes()
            quarantine = serialization.load_pem_public_key((directory / "quarantine.pub").read_bytes())
        except (OSError, ValueError) as error:
            raise NotReadyError(f"Cannot read the collector's keys in {directory}: {error}.") from error
        if not isinstance(signing, Ed25519PrivateKey) or not isinstance(quarantine, X25519PublicKey):
            raise NotReadyError(f"The keys in {directory} are of the wrong kind: Ed25519 signs, X25519 seals.")
        self.signing = signing
        self.quarantine = quarantine
        self._data: dict[OrderUid, bytes] = {}

    @classmethod
    def create(cls, directory: Path, quarantine_public_key: Path) -> Keys:
        """Make a fresh set; `quarantine_public_key` is a PEM X25519 public key made elsewhere."""
        try:
            quarantine = quarantine_public_key.read_bytes()
        except OSError as error:
            raise NotReadyError(
                f"Cannot read the quarantine public key {quarantine_public_key}: {error.strerror}. "
                "Make an X25519 key pair away from the collector and give its public half."
            ) from error
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        signing = Ed25519PrivateKey.generate()
        write_private(directory / "hmac.key", os.urandom(KEY_OCTETS))
        (directory / "quarantine.pub").write_bytes(quarantine)
        (directory / "signing.pub").write_bytes(
            signing.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        # The signing key comes last: it is what `exists` looks for.
        write_private(
            directory / "signing.key",
            signing.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        return cls(directory)

    @staticmethod
    def exists(directory: Path) -> bool:
        return (directory / "signing.key").exists()

    def data_key(self, uid: OrderUid) -> bytes:
        """The data key of an order, made when there is none."""
        found = self.find_data_key(uid)
        if found is None:
            found = os.urandom(KEY_OCTETS)
            write_private(self._path(uid), found)
            self._data[uid] = found
        return found

    def find_data_key(self, uid: OrderUid) -> bytes | None:
        """The data key of an order, None when it was withdrawn or never made."""
        if uid not in self._data:
            try:
                key = self._path(uid).read_bytes()
            except FileNotFoundError:
                return None
            if len(key) != KEY_OCTETS:
                raise NotReadyError(f"The data key {self._path(uid)} is damaged. Restore it from a copy.")
            self._data[uid] = key
        return self._data[uid]

    def _path(self, uid: OrderUid) -> Path:
        return self.directory / "orders" / f"{uid.hex()}.key"
