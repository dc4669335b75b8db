"""The collector's side of the signer: what is to be signed goes out, what comes back is checked before it is used.

Rules. Nothing is asked twice: a signer that does not answer, or refuses, means that nothing more is committed, so
nothing more is acknowledged, and the sentence says why. One connection a ledger, for as long as its writer lives.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector.signer.wire import (
    CERTIFICATE,
    EPOCH,
    KEY,
    LENGTH,
    MANIFEST,
    MAX_MANIFEST_OCTETS,
    MAX_OCTETS,
    NEXT,
    ROOT,
)
from mediation.ledger.checkpoint import Checkpoint, Trust, verify_note
from mediation.runtime.config import NotReadyError

ANSWER_S: Final = 10.0
_LOOK: Final = " Look at the store with 'calea-lab verify' before anything else."
_MAX_ANSWER: Final = 8 * MAX_OCTETS


class SignerError(NotReadyError):
    """The signer is not there, does not answer, or refuses. Nothing is committed without it."""


class RemoteSigner:
    """One ledger's. `trust` is whom its readers believe: a note that they would not believe is not used either."""

    def __init__(self, path: Path, name: str, trust: Trust) -> None:
        self.name = name
        self._path = path
        self._trust = trust
        self._socket = _connect(path)

    def sign(self, checkpoint: Checkpoint) -> str:
        """The whole signed note. Raises SignerError."""
        note = _ask(self._socket, self._path, checkpoint.body().encode(), _LOOK)
        if verify_note(note, self.name, self._trust) != checkpoint:
            raise SignerError(f"The signer at {self._path} signs with another key than this collector's. Set it right.")
        return note

    def close(self) -> None:
        self._socket.close()


class RemoteEpochKeys:
    """As `store.epochs.EpochKeys`, of a signer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def public_key(self) -> Ed25519PublicKey:
        return ask_public_key(self._path)

    def name_root(self, note: str) -> str:
        return self._ask(ROOT + note.encode())

    def next_key(self) -> Ed25519PublicKey:
        return _public_key(self._ask(NEXT), self._path)

    def begin(self, note: str) -> None:
        self._ask(EPOCH + note.encode())

    def _ask(self, question: bytes) -> str:
        with _connect(self._path) as connection:
            return _ask(connection, self._path, question)


def ask_public_key(path: Path) -> Ed25519PublicKey:
    """The public key of the signer's first epoch. Raises SignerError."""
    with _connect(path) as connection:
        return _public_key(_ask(connection, path, KEY), path)


def ask_certificate(path: Path, number: int) -> str:
    """The certificate of that epoch; empty when there is none. Raises SignerError."""
    with _connect(path) as connection:
        return _ask(connection, path, CERTIFICATE + str(number).encode())


def sign_manifest(path: Path, octets: bytes, keys: Sequence[Ed25519PublicKey]) -> bytes:
    """The signature over `octets`, a manifest behind its form and a line feed, by one of `keys`. Raises SignerError."""
    if len(octets) > MAX_MANIFEST_OCTETS:
        raise SignerError(f"A manifest of {len(octets)} octets is larger than the signer's {MAX_MANIFEST_OCTETS}.")
    with _connect(path) as connection:
        text = _ask(connection, path, MANIFEST + octets)
    for key in keys:
        with contextlib.suppress(InvalidSignature, ValueError):
            signature = bytes.fromhex(text)
            key.verify(signature, octets)
            return signature
    raise SignerError(f"The signer at {path} signs with another key than this collector's. Set it right.")


def _public_key(text: str, path: Path) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text))
    except ValueError as error:
        raise SignerError(f"What answers at {path} is no signer. Configure the signer's socket.") from error


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_S)
        connection.connect(path.as_posix())
    except OSError as error:
        connection.close()
        raise SignerError(f"The signer at {path} is not there: {error.strerror or error}. Start it first.") from error
    return connection


def _ask(connection: socket.socket, path: Path, question: bytes, advice: str = "") -> str:
    try:
        connection.sendall(LENGTH.pack(len(question)) + question)
        length = LENGTH.unpack(_read(connection, LENGTH.size))[0]
        answer = _read(connection, length) if length <= _MAX_ANSWER else b""
    except OSError as error:
        raise SignerError(
            f"The signer at {path} does not answer: {error.strerror or error}. Nothing is signed or acknowledged "
            "without it; start it, then the collector."
        ) from error
    if answer[:1] == b"-":
        raise SignerError(f"The signer at {path} refuses: {answer[1:].decode('utf-8', 'replace')}.{advice}")
    return answer[1:].decode("utf-8", "replace")


def _read(connection: socket.socket, octets: int) -> bytes:
    found = b""
    while len(found) < octets:
        piece = connection.recv(octets - len(found))
        if not piece:
            raise ConnectionResetError(0, "it closed the connection")
        found += piece
    return found
