"""Key files: written whole or not at all, for their owner alone, and read with a sentence where they cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mediation.runtime.config import NotReadyError


def write_private(path: Path, octets: bytes) -> None:
    """Create `path` with mode 0600 and these octets, durable under its name, whole or not at all. An existing file is
    an error."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(path.name + ".tmp")
    # What a crash left there may be the very file that `path` names: it is not to be emptied.
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
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


def read_public_key(path: Path) -> Ed25519PublicKey:
    """A PEM Ed25519 public key. Raises NotReadyError."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NotReadyError(f"Cannot read the public key {path}: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NotReadyError(f"{path} holds another kind of key than Ed25519.")
    return key


def write_private_anew(path: Path, octets: bytes) -> None:
    """As `write_private`, where a file of that name may be what an interrupted turn left."""
    path.unlink(missing_ok=True)
    write_private(path, octets)


def private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def own_signing_key(directory: Path, whose: str) -> Ed25519PrivateKey:
    """The Ed25519 key of a process that has one of its own, made on first use: `signing.key`, and `signing.pub` beside
    it. `whose` stands in the sentence of the NotReadyError that a key which cannot be used raises."""
    path = directory / "signing.key"
    try:
        if not path.exists():
            fresh = Ed25519PrivateKey.generate()
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            (directory / "signing.pub").write_bytes(
                fresh.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
            write_private(path, private_pem(fresh))
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise NotReadyError(f"Cannot use the {whose}'s key {path}: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotReadyError(f"{path} holds another kind of key than Ed25519.")
    return key
