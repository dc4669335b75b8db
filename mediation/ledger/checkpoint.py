"""Signed checkpoints in the C2SP signed-note form: who, how many leaves, which root, what else is bound, signed.

    <origin>\\n<size>\\n<base64 root>\\n[<extension line>\\n …]\\n— <key name> <base64(key id || signature)>\\n

The key id is the first four octets of SHA-256(name || 0x0A || 0x01 || public key). Ed25519. Notes come from files that
anybody may have written: parsing is bounded and raises DecodeError, verification answers False.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError

MAX_NOTE_OCTETS: Final = 8192
"""A checkpoint is some 300 octets; the rest is room for witnesses' signatures."""

MAX_EXTENSIONS: Final = 16
_ED25519: Final = b"\x01"
_DASH: Final = "— "
_SIGNATURE_TEXT: Final = 92
"""Characters of an Ed25519 signature with its key id in base64."""


class Checkpoint(NamedTuple):
    """`extensions` are further lines under the same signature, without their newline."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def body(self) -> str:
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "\n".join(lines) + "\n"


class Signature(NamedTuple):
    name: str
    key_id: bytes
    octets: bytes


class SignedCheckpoint(NamedTuple):
    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


def key_id(name: str, public_key: bytes) -> bytes:
    """Four octets that hint at the key; `public_key` is the raw 32 octets."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


class Signer:
    """One name and one key."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self.name = name
        self._private_key = private_key
        self._key_id = key_id(name, private_key.public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint) -> str:
        """The whole signed note."""
        body = checkpoint.body()
        blob = base64.b64encode(self._key_id + self._private_key.sign(body.encode())).decode()
        return f"{body}\n{_DASH}{self.name} {blob}\n"


class NoteSigner(Protocol):
    """Whoever signs one ledger's checkpoints: a `Signer`, or a process that has the key."""

    name: str

    def sign(self, checkpoint: Checkpoint) -> str:
        """The whole signed note."""


def parse_body(octets: bytes) -> Checkpoint:
    """The body of a note, before anybody signed it, in its one form. Raises DecodeError."""
    if len(octets) > MAX_NOTE_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a checkpoint note has at most {MAX_NOTE_OCTETS} octets")
    try:
        text = octets.decode("utf-8")
    except UnicodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "a checkpoint note is UTF-8") from error
    if not text.endswith("\n"):
        raise DecodeError(DecodeError.TRUNCATED, "a checkpoint ends with a newline", len(text))
    return _checkpoint(text[:-1])


def parse_note(note: str | bytes) -> SignedCheckpoint:
    """Read a signed note. Raises DecodeError; says nothing about whether a signature holds."""
    if len(note) > MAX_NOTE_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a checkpoint note has at most {MAX_NOTE_OCTETS} octets")
    try:
        text = (note if isinstance(note, bytes) else note.encode("utf-8")).decode("utf-8")
    except UnicodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "a checkpoint note is UTF-8") from error
    body, gap, tail = text.partition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise DecodeError(DecodeError.TRUNCATED, "a note is a body, an empty line and signature lines", len(text))
    return SignedCheckpoint(_checkpoint(body), tuple(_signature(line) for line in tail[:-1].split("\n")))


def _checkpoint(body: str) -> Checkpoint:
    lines = body.split("\n")
    if not 3 <= len(lines) <= 3 + MAX_EXTENSIONS or not all(lines):
        raise DecodeError(DecodeError.BAD_VALUE, f"a checkpoint has 3 to {3 + MAX_EXTENSIONS} lines")
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdigit()) or len(size) > 19 or (len(size) > 1 and size[0] == "0"):
        raise DecodeError(DecodeError.BAD_VALUE, "the second line is not a tree size", 0, "size")
    return Checkpoint(origin, int(size), _base64(root, 32, "root"), tuple(lines[3:]))


class Keyring(Protocol):
    """Keys of a ledger over time (`epochs.KeyHistory`)."""

    def keys_at(self, name: str, size: int) -> tuple[Ed25519PublicKey, ...]:
        """Those that may have signed ledger `name` at `size`."""


Trust = Ed25519PublicKey | Keyring
"""Whom a ledger's reader believes: one key for good, or the keys of its epochs."""


def keys_of(trust: Trust, name: str, size: int) -> tuple[Ed25519PublicKey, ...]:
    """The keys that may have signed ledger `name` at `size`."""
    return (trust,) if isinstance(trust, Ed25519PublicKey) else trust.keys_at(name, size)


def verify_note(note: str | bytes, name: str, trust: Trust) -> Checkpoint | None:
    """The checkpoint when a key of `name`'s signed it, else None. Malformed notes are None too."""
    try:
        signed = parse_note(note)
    except DecodeError:
        return None
    for key in keys_of(trust, name, signed.checkpoint.size):
        if _signed(signed, name, key):
            return signed.checkpoint
    return None


def _signed(signed: SignedCheckpoint, name: str, public_key: Ed25519PublicKey) -> bool:
    hint = key_id(name, public_key.public_bytes_raw())
    for signature in signed.signatures:
        if signature.name != name or signature.key_id != hint:
            continue
        try:
            public_key.verify(signature.octets, signed.checkpoint.body().encode())
        except InvalidSignature:
            continue
        return True
    return False


def _signature(line: str) -> Signature:
    name, _, blob = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not name:
        raise DecodeError(DecodeError.BAD_VALUE, "a signature line starts with a dash and a key name", 0, "signature")
    # A witness's signature carries its time in eight octets more (mediation.ledger.witness).
    octets = _base64(blob, 76 if len(blob) > _SIGNATURE_TEXT else 68, "signature")
    return Signature(name, octets[:4], octets[4:])


def _base64(text: str, octets: int, path: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "not base64", 0, path) from error
    if len(value) != octets or base64.b64encode(value).decode() != text:
        raise DecodeError(DecodeError.BAD_VALUE, f"{len(value)} octets where {octets} belong", 0, path)
    return value
