"""What withheld and quarantined octets leave behind: a keyed digest, or a box the collector cannot open.

A masked or refused record keeps HMAC-SHA-256 of its original, since a plain hash of a short message could be guessed.
A quarantined record is sealed to a public key (X25519, HKDF-SHA-256, AES-256-GCM) whose private half lies elsewhere;
before the box stands its keyed digest, so that the collector tells the same record delivered again from another one
under the same number (R-093) without being able to read either. Boxes of the first version have no digest.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from asn1.errors import DecodeError

BOX_OVERHEAD_OCTETS: Final = 32 + 16
_INFO: Final = b"calea-lab quarantine v1"
_NONCE: Final = bytes(12)
"""The key of a box is used once, so its nonce may be fixed."""
_KEPT: Final = b"CLQBOX2\0"
"""Begins what is stored of a quarantined record. A box of the first version begins with a point of a curve instead,
which is the same eight octets once in 2**64."""
DIGEST_OCTETS: Final = 32


def withheld_digest(key: bytes, octets: bytes | memoryview) -> bytes:
    """HMAC-SHA-256, 32 octets. `key` lies apart from the store."""
    return hmac.digest(key, octets, "sha256")


def seal_box(public_key: X25519PublicKey, octets: bytes | memoryview) -> bytes:
    """Ephemeral public key (32 octets) and ciphertext with tag. Only the holder of the private key reads it."""
    ephemeral = X25519PrivateKey.generate()
    own = ephemeral.public_key().public_bytes_raw()
    key = _derive(ephemeral.exchange(public_key), own, public_key.public_bytes_raw())
    return own + AESGCM(key).encrypt(_NONCE, bytes(octets), own)


def open_box(private_key: X25519PrivateKey, box: bytes) -> bytes:
    """The octets of a box. Raises DecodeError when it was not sealed to this key or was changed."""
    if len(box) < BOX_OVERHEAD_OCTETS:
        raise DecodeError(DecodeError.TRUNCATED, f"a sealed box has at least {BOX_OVERHEAD_OCTETS} octets", len(box))
    own, sealed = box[:32], box[32:]
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(own))
        key = _derive(shared, own, private_key.public_key().public_bytes_raw())
        return AESGCM(key).decrypt(_NONCE, sealed, own)
    except (InvalidTag, ValueError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "the box was changed or sealed to another key") from error


def seal_kept(public_key: X25519PublicKey, octets: bytes | memoryview, digest: bytes) -> bytes:
    """What is stored of a quarantined record: its `withheld_digest`, then its box."""
    return _KEPT + digest + seal_box(public_key, octets)


def kept_digest(stored: bytes) -> bytes | None:
    """The keyed digest of a quarantined record's original; None for a box of the first version, which has none."""
    if not stored.startswith(_KEPT) or len(stored) < len(_KEPT) + DIGEST_OCTETS + BOX_OVERHEAD_OCTETS:
        return None
    return stored[len(_KEPT) : len(_KEPT) + DIGEST_OCTETS]


def open_kept(private_key: X25519PrivateKey, stored: bytes) -> bytes:
    """The original of a quarantined record, as stored by either version. Raises DecodeError."""
    prefix = 0 if kept_digest(stored) is None else len(_KEPT) + DIGEST_OCTETS
    return open_box(private_key, stored[prefix:])


def _derive(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, ephemeral + recipient, _INFO).derive(shared)
