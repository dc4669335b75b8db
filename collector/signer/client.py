"""The collector's side of the signer: a checkpoint goes out, a signed note comes back and is checked before it is used.

Rules. Nothing is asked twice: a signer that does not answer, or refuses, means that nothing more is committed, so
nothing more is acknowledged, and the sentence says why. One connection a ledger, for as long as its writer lives.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from collector.signer.wire import KEY, LENGTH, MAX_OCTETS
from mediation.ledger.checkpoint import Checkpoint, Trust, verify_note
from mediation.runtime.config import NotReadyError

ANSWER_S: Final = 10.0
_MAX_ANSWER: Final = 4 * MAX_OCTETS


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
        note = _ask(self._socket, self._path, checkpoint.body().encode())
        if verify_note(note, self.name, self._trust) != checkpoint:
            raise SignerError(f"The signer at {self._path} signs with another key than this collector's. Set it right.")
        return note

    def close(self) -> None:
        self._socket.close()


def ask_public_key(path: Path) -> Ed25519PublicKey:
    """The signer's public key. Raises SignerError."""
    with _connect(path) as connection:
        text = _ask(connection, path, KEY)
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


def _ask(connection: socket.socket, path: Path, question: bytes) -> str:
    try:
        connection.sendall(LENGTH.pack(len(question)) + question)
        length = LENGTH.unpack(_read(connection, LENGTH.size))[0]
        answer = _read(connection, length) if length <= _MAX_ANSWER else b""
    except OSError as error:
        raise SignerError(
            f"The signer at {path} does not answer: {error.strerror or error}. Nothing more is signed, so "
            "nothing more is acknowledged; start it, then the collector."
        ) from error
    if answer[:1] == b"-":
        raise SignerError(
            f"The signer at {path} refuses: {answer[1:].decode('utf-8', 'replace')}. Look at the store with "
            "'calea-lab verify' before anything else."
        )
    return answer[1:].decode("utf-8", "replace")


def _read(connection: socket.socket, octets: int) -> bytes:
    found = b""
    while len(found) < octets:
        piece = connection.recv(octets - len(found))
        if not piece:
            raise ConnectionResetError(0, "it closed the connection")
        found += piece
    return found
