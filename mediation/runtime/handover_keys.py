"""Keys that two ends have agreed for what passes between them: a file, never a configuration and never a log.

The file of ciphering keys is JSON, `{"default": "<hex>", "liids": {"<LIID>": "<hex>"}}`; both parts may be absent.
LIIDs that are not printable are written as `asn1.ps_pdu.liid_text` does, 0x and hexadecimal digits. Signing and
verifying keys are PEM files. Raises NotReadyError, which names the file and shows nothing of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.encryption import Profile, check_key
from asn1.errors import LocalError
from asn1.integrity import PrivateKey, PublicKey
from asn1.ps_pdu import liid_text
from mediation.runtime.config import NotReadyError


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Ciphering keys by LIID, and one for all others."""

    default: bytes | None = field(default=None, repr=False)
    liids: dict[str, bytes] = field(default_factory=dict, repr=False)

    def of(self, liid: bytes) -> bytes | None:
        return self.liids.get(liid_text(liid), self.default)


def read_ring(path: Path, profile: Profile) -> KeyRing:
    """The keys of one link, each of the length that the profile's algorithm wants."""
    try:
        value = json.loads(path.read_bytes())
        default = value.get("default")
        liids = {str(liid): bytes.fromhex(key) for liid, key in value.get("liids", {}).items()}
        ring = KeyRing(None if default is None else bytes.fromhex(default), liids)
    except OSError as error:
        raise NotReadyError(f"Cannot read the handover keys {path}: {error.strerror}.") from error
    except (ValueError, AttributeError, TypeError) as error:
        raise NotReadyError(
            f'{path} holds no handover keys: JSON with "default" and "liids", keys in hexadecimal digits, is expected.'
        ) from error
    try:
        for key in (*liids.values(), *([] if ring.default is None else [ring.default])):
            check_key(profile, key)
    except LocalError as error:
        raise NotReadyError(f"{path}: {error}") from error
    return ring


def read_signing_key(path: Path) -> PrivateKey:
    """What integrity checks are signed with: ECDSA or EdDSA."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotReadyError(f"Cannot read the signing key {path}: {type(error).__name__}.") from error
    if not isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey):
        raise NotReadyError(f"{path} holds another kind of key than ECDSA or EdDSA signs with.")
    return key


def read_verifying_key(path: Path) -> PublicKey:
    """Whose integrity checks are believed."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise NotReadyError(f"Cannot read the public key {path}: {type(error).__name__}.") from error
    if not isinstance(key, EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | DSAPublicKey):
        raise NotReadyError(f"{path} holds another kind of key than ECDSA, EdDSA or DSA verifies with.")
    return key
