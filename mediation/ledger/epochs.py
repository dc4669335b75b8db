"""Epochs of a signing key under an offline root: which key may sign which state of which ledger.

A certificate is a signed note of its own kind, one an epoch, none left out:

    calea-lab/epochs
    epoch <n>
    <base64 public key of the epoch>
    <base64 public key of the root>
    <base64 SHA-256 of the body of the certificate before; zeros for the first>
    <ledger name> <size> <base64 root hash>          each ledger as it stood when the epoch began, by name
    (empty line)
    — calea-lab/root <base64(key id || signature)>
    — calea-lab/epochs <…>                           the first alone: its own key, so that who knows it knows the root

Rules. A key signs states from the size at which its epoch began to the size at which the next one did, both included:
a commit that stored nothing leaves the size as it is. What an old key signs beyond that counts for nothing, so whoever
steals one after its epoch can at most repeat what stands under the next certificate. Pure; certificates come from files
that anybody may have written: reading is bounded and raises DecodeError, and nothing is believed that is not signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError
from mediation.ledger.checkpoint import key_id

NAME: Final = "calea-lab/epochs"
ROOT_NAME: Final = "calea-lab/root"
MAX_CERTIFICATE_OCTETS: Final = 8192
MAX_LEDGERS: Final = 16
_DASH: Final = "— "
_FIXED_LINES: Final = 5


class LedgerState(NamedTuple):
    """A ledger's tree: its size and its root hash."""

    size: int
    root: bytes


class Epoch(NamedTuple):
    """One certificate's words. `ledgers` by name; `previous` is the SHA-256 of the body before."""

    number: int
    public_key: bytes
    root_key: bytes
    previous: bytes
    ledgers: tuple[tuple[str, LedgerState], ...]

    def body(self) -> str:
        lines = [
            NAME,
            f"epoch {self.number}",
            _text(self.public_key),
            _text(self.root_key),
            _text(self.previous),
            *(f"{name} {state.size} {_text(state.root)}" for name, state in self.ledgers),
        ]
        return "\n".join(lines) + "\n"

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body().encode()).digest()

    def state(self, name: str) -> LedgerState | None:
        return dict(self.ledgers).get(name)


def following(public_key: bytes, root_key: bytes, previous: Epoch | None, ledgers: Mapping[str, LedgerState]) -> Epoch:
    """The words of the epoch behind `previous` (of the first, without one), in which `public_key` signs."""
    number, digest = (1, bytes(32)) if previous is None else (previous.number + 1, previous.digest)
    return Epoch(number, public_key, root_key, digest, tuple(sorted(ledgers.items())))


def signature_line(name: str, key: Ed25519PrivateKey, epoch: Epoch) -> str:
    """One signature under a certificate: the root's under ROOT_NAME, the first key's own under NAME."""
    hint = key_id(name, key.public_key().public_bytes_raw())
    return f"{_DASH}{name} {_text(hint + key.sign(epoch.body().encode()))}\n"


def certificate(epoch: Epoch, *lines: str) -> str:
    """The note of an epoch under the signatures given."""
    return f"{epoch.body()}\n{''.join(lines)}"


def certify(
    key: Ed25519PrivateKey, root: Ed25519PrivateKey, previous: Epoch | None, ledgers: Mapping[str, LedgerState]
) -> str:
    """The certificate of the epoch behind `previous`, by who has both keys."""
    public, root_public = (one.public_key().public_bytes_raw() for one in (key, root))
    epoch = following(public, root_public, previous, ledgers)
    own = (signature_line(NAME, key, epoch),) if previous is None else ()
    return certificate(epoch, signature_line(ROOT_NAME, root, epoch), *own)


def read_certificate(note: str, unnamed: bool = False) -> Epoch:
    """One certificate whose signatures hold. `unnamed`: the first one before its own key has signed it. Raises
    DecodeError."""
    if len(note.encode("utf-8", "replace")) > MAX_CERTIFICATE_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a certificate has at most {MAX_CERTIFICATE_OCTETS} octets")
    body, gap, tail = note.partition("\n\n")
    lines = body.split("\n")
    if not gap or not tail.endswith("\n") or not _FIXED_LINES <= len(lines) <= _FIXED_LINES + MAX_LEDGERS:
        raise DecodeError(DecodeError.BAD_VALUE, "not the certificate of an epoch")
    number = lines[1].removeprefix("epoch ")
    if lines[0] != NAME or not _is_number(number) or lines[1] != f"epoch {number}":
        raise DecodeError(DecodeError.BAD_VALUE, "a certificate says which epoch it is of", 0, "epoch")
    epoch = Epoch(
        int(number), _octets(lines[2]), _octets(lines[3]), _octets(lines[4]), tuple(map(_ledger, lines[_FIXED_LINES:]))
    )
    if epoch.body() != body + "\n" or epoch.number < 1:
        raise DecodeError(DecodeError.BAD_VALUE, "the certificate is not in its one form")
    signers = [(ROOT_NAME, epoch.root_key)]
    if epoch.number == 1 and not unnamed:
        signers.append((NAME, epoch.public_key))
    for name, key in signers:
        if not _signed(name, key, epoch.body(), tail[:-1].split("\n")):
            raise DecodeError(DecodeError.BAD_VALUE, f"epoch {number} is not signed by {name}", 0, "signature")
    return epoch


class KeyHistory:
    """The epochs of one collector, oldest first. `identity` is the first key: who knows it knows all that follow."""

    def __init__(self, epochs: tuple[Epoch, ...]) -> None:
        self.epochs = epochs

    @classmethod
    def of(cls, certificates: Iterable[str], identity: Ed25519PublicKey) -> KeyHistory:
        """Raises DecodeError unless the certificates are all there, in order, under one root that `identity` named."""
        epochs = tuple(read_certificate(one) for one in certificates)
        if not epochs or epochs[0].public_key != identity.public_bytes_raw():
            raise DecodeError(DecodeError.BAD_VALUE, "the first epoch is of another key than this collector's")
        before: Epoch | None = None
        for number, epoch in enumerate(epochs, 1):
            previous = bytes(32) if before is None else before.digest
            if epoch.number != number or epoch.previous != previous or epoch.root_key != epochs[0].root_key:
                raise DecodeError(DecodeError.BAD_VALUE, f"epoch {number} does not follow the one before it")
            if before is not None and any(
                (state := epoch.state(name)) is None or state.size < old.size for name, old in before.ledgers
            ):
                raise DecodeError(DecodeError.BAD_VALUE, f"epoch {number} begins before the one before it did")
            before = epoch
        return cls(epochs)

    @property
    def identity(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.epochs[0].public_key)

    @property
    def newest(self) -> Epoch:
        return self.epochs[-1]

    def epochs_at(self, name: str, size: int) -> tuple[Epoch, ...]:
        """Those whose key may sign this ledger at this size: one, or two where one epoch ended and the next began."""
        found = []
        for epoch, after in zip(self.epochs, (*self.epochs[1:], None), strict=True):
            begins = epoch.state(name)
            ends = None if after is None else after.state(name)
            if (begins is None or begins.size <= size) and (ends is None or size <= ends.size):
                found.append(epoch)
        return tuple(found)

    def keys_at(self, name: str, size: int) -> tuple[Ed25519PublicKey, ...]:
        return tuple(Ed25519PublicKey.from_public_bytes(one.public_key) for one in self.epochs_at(name, size))


def _ledger(line: str) -> tuple[str, LedgerState]:
    name, size, root = [*line.split(" "), "", ""][:3]
    if not name or not _is_number(size):
        raise DecodeError(DecodeError.BAD_VALUE, "a ledger has a name, a size and a root", 0, "ledger")
    return name, LedgerState(int(size), _octets(root))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "not base64") from error
    if len(value) != 32:
        raise DecodeError(DecodeError.BAD_VALUE, f"{len(value)} octets where 32 belong")
    return value


def _signed(name: str, public_key: bytes, body: str, lines: list[str]) -> bool:
    start = f"{_DASH}{name} "
    hint = key_id(name, public_key)
    for line in lines:
        try:
            blob = base64.b64decode(line.removeprefix(start), validate=True) if line.startswith(start) else b""
        except (binascii.Error, ValueError):
            continue
        if len(blob) != 68 or blob[:4] != hint:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], body.encode())
        except InvalidSignature:
            continue
        return True
    return False
