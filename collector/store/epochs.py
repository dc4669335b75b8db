"""The epochs of a collector's signing key on disk: certificates beside the keys, and the change from one to the next.

    epochs/NNNN.cert     one certificate an epoch, none left out
    signing.next         the key of an epoch whose certificate is being put in place; gone behind it

The root's private key is never here: whoever begins an epoch brings it. The old private key goes with its epoch. Where
a signer has the signing key, it keeps the same files, and makes the change first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError
from collector.store.private_files import (
    private_pem,
    read_public_key,
    sync_directory,
    write_private,
    write_private_anew,
)
from mediation.ledger.checkpoint import Trust
from mediation.ledger.epochs import (
    NAME,
    ROOT_NAME,
    Epoch,
    KeyHistory,
    LedgerState,
    certificate,
    following,
    read_certificate,
    signature_line,
)
from mediation.runtime.config import NotReadyError

_NEXT: Final = "signing.next"


def read_trust(directory: Path) -> Trust:
    """Whom readers believe, from a directory of keys: its first key, or the epochs that it vouches for. Raises
    NotReadyError."""
    identity = read_public_key(directory / "signing.pub")
    return read_history(directory, identity) or identity


def read_history(directory: Path, identity: Ed25519PublicKey) -> KeyHistory | None:
    """The certified epochs of a directory of keys; None when there are none. Raises NotReadyError."""
    paths = sorted((directory / "epochs").glob("*.cert"))
    if not paths:
        return None
    try:
        if [path.name for path in paths] != [f"{number:04}.cert" for number in range(1, len(paths) + 1)]:
            raise DecodeError(DecodeError.MISSING_FIELD, "a certificate is missing")
        return KeyHistory.of((path.read_text("utf-8", "replace") for path in paths), identity)
    except (DecodeError, OSError) as error:
        raise NotReadyError(
            f"The epochs of the signing key in {directory / 'epochs'} do not hold: {error}. Restore them from a copy."
        ) from error


def current_key(directory: Path, signing: Ed25519PrivateKey) -> tuple[Ed25519PrivateKey, KeyHistory | None]:
    """The key of the newest epoch, and all epochs; a change of keys that a crash cut short is finished. Raises
    NotReadyError."""
    history = read_history(directory, read_public_key(directory / "signing.pub"))
    following = directory / _NEXT
    if history is None or history.newest.public_key == signing.public_key().public_bytes_raw():
        following.unlink(missing_ok=True)
        return signing, history
    try:
        fresh = serialization.load_pem_private_key(following.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise NotReadyError(
            f"The newest epoch in {directory / 'epochs'} is of another key than signing.key, and there is no other: "
            "restore the directory from a copy."
        ) from error
    if not isinstance(fresh, Ed25519PrivateKey) or fresh.public_key().public_bytes_raw() != history.newest.public_key:
        raise NotReadyError(f"{following} is not the key of the newest epoch. Restore {directory} from a copy.")
    following.replace(directory / "signing.key")
    sync_directory(directory)
    return fresh, history


def read_next_key(directory: Path) -> Ed25519PrivateKey | None:
    """The key of an epoch that has not begun, where one was made. Raises NotReadyError."""
    path = directory / _NEXT
    if not path.exists():
        return None
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        raise NotReadyError(f"Cannot read {path}: {error}. Remove it: nothing was signed with it.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NotReadyError(f"{path} holds another kind of key than Ed25519. Remove it.")
    return key


class EpochKeys(Protocol):
    """Whoever has the signing key: its directory, or the process that holds it."""

    def public_key(self) -> Ed25519PublicKey:
        """Of the newest epoch."""

    def name_root(self, note: str) -> str:
        """The key's own signature under the first certificate, which has the root's."""

    def next_key(self) -> Ed25519PublicKey:
        """The public half of the key that follows, made and durable, not in force."""

    def begin(self, note: str) -> None:
        """The certificate of the next epoch: its key signs from now on, where the change is this one's to make."""


class OwnEpochKeys:
    """The signing key in a directory of keys. The key that follows comes into force with its certificate in place,
    when the directory is opened next (`current_key`)."""

    def __init__(self, directory: Path, signing: Ed25519PrivateKey) -> None:
        self._directory = directory
        self._signing = signing

    def public_key(self) -> Ed25519PublicKey:
        return self._signing.public_key()

    def name_root(self, note: str) -> str:
        return signature_line(NAME, self._signing, read_certificate(note, unnamed=True))

    def next_key(self) -> Ed25519PublicKey:
        fresh = Ed25519PrivateKey.generate()
        write_private_anew(self._directory / _NEXT, private_pem(fresh))
        return fresh.public_key()

    def begin(self, note: str) -> None:
        pass


def begin_epoch(
    directory: Path,
    keys: EpochKeys,
    history: KeyHistory | None,
    root: Ed25519PrivateKey,
    ledgers: Mapping[str, LedgerState],
) -> Epoch:
    """Certify the first key (`history` None), or make a new one that signs from these states on. In force for whoever
    opens the directory's keys next: for a collector that does not run. Raises NotReadyError."""
    root_key = root.public_key().public_bytes_raw()
    if history is None:
        epoch = following(keys.public_key().public_bytes_raw(), root_key, None, ledgers)
        lines = [signature_line(ROOT_NAME, root, epoch)]
        lines.append(keys.name_root(certificate(epoch, *lines)))
    else:
        if history.newest.root_key != root_key:
            raise NotReadyError("This is not the root key under which the collector's epochs stand. Bring that one.")
        # The key first, its certificate second, its name last: whatever a crash leaves is gone on with.
        epoch = following(keys.next_key().public_bytes_raw(), root_key, history.newest, ledgers)
        lines = [signature_line(ROOT_NAME, root, epoch)]
    note = certificate(epoch, *lines)
    keys.begin(note)
    add_certificate(directory, note)
    return read_certificate(note)


def add_certificate(directory: Path, note: str) -> None:
    """Put a certificate in its place, durable. Raises DecodeError when it is none, FileExistsError."""
    path = directory / "epochs" / f"{read_certificate(note).number:04}.cert"
    write_private(path, note.encode())
    sync_directory(path.parent)


def certificates(directory: Path) -> list[str]:
    """The notes as they stand, oldest first."""
    return [path.read_text("utf-8", "replace") for path in sorted((directory / "epochs").glob("*.cert"))]


class TrustOnDisk:
    """Certificates as they stand at each question, for who watches a collector that goes on: a key is changed while the
    watcher runs. Whoever puts something else in their place is believed in nothing."""

    def __init__(self, directory: Path, identity: Ed25519PublicKey) -> None:
        self._directory = directory
        self._identity = identity
        self._names: tuple[str, ...] | None = None
        self._history: KeyHistory | None = None

    def keys_at(self, name: str, size: int) -> tuple[Ed25519PublicKey, ...]:
        names = tuple(sorted(path.name for path in (self._directory / "epochs").glob("*.cert")))
        if names != self._names:
            try:
                self._history = read_history(self._directory, self._identity)
            except NotReadyError:
                return ()
            self._names = names
        return (self._identity,) if self._history is None else self._history.keys_at(name, size)
