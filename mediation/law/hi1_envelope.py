"""An HI1 message under a court's signature: detached Ed25519 over the octets of the XML as they are.

    {"hi1": "<base64 of the XML>", "key_id": "<8 hex>", "signature": "<base64>", "version": 1}

The standard leaves signing to national profiles (9.2.3, third-party reading); this one is the lab's own. It signs the
octets, never a re-encoding, behind a prefix that no other format's signed text begins with. An envelope has one
spelling: one changed octet anywhere, also where JSON or base64 would not mind, and it is refused. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError, RefusedError

VERSION: Final = 1
MAX_DOCUMENT_OCTETS: Final = 1 << 20
"""Of the envelope: an order with its papers takes some 20 KiB."""
SIGNATURE: Final = "Calea-Lab-Signature"
"""The HTTP header beside a body that is the XML alone: `<key id>:<base64 of the signature>`."""
_PREFIX: Final = b"calea-lab HI1 envelope 1\n"


class Opened(NamedTuple):
    xml: bytes
    key_id: str


def key_id(public_key: Ed25519PublicKey) -> str:
    """Eight hexadecimal digits to tell keys apart; nothing is trusted because of them."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:8]


def seal_envelope(xml: bytes, key: Ed25519PrivateKey) -> bytes:
    """The envelope of a message. Raises RefusedError for one that no reader would take."""
    octets = _spelled(xml, key_id(key.public_key()), key.sign(_PREFIX + xml))
    if len(octets) > MAX_DOCUMENT_OCTETS:
        raise RefusedError(f"A court document has at most {MAX_DOCUMENT_OCTETS} octets; this one has {len(octets)}.")
    return octets


def open_envelope(octets: bytes, public_key: Ed25519PublicKey) -> Opened:
    """The XML that `public_key` signed. Raises DecodeError for no envelope, RefusedError for any other signature."""
    if len(octets) > MAX_DOCUMENT_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"it has more than {MAX_DOCUMENT_OCTETS} octets")
    try:
        held = json.loads(octets.decode())
        xml = base64.b64decode(held["hi1"], validate=True)
        signature = base64.b64decode(held["signature"], validate=True)
        named = held["key_id"]
        same = _spelled(xml, named, signature) == octets
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "it is no signed envelope of HI1") from error
    if not same:
        raise DecodeError(DecodeError.BAD_VALUE, "the envelope is not spelled as envelopes are")
    try:
        public_key.verify(signature, _PREFIX + xml)
    except (InvalidSignature, ValueError) as error:
        raise RefusedError(
            f"The document is not signed by the court's key {key_id(public_key)}; it is not an order."
        ) from error
    if named != key_id(public_key):
        raise RefusedError(f"The document names another key than the court's {key_id(public_key)}.")
    return Opened(xml, named)


def join_envelope(xml: bytes, named_key: str, signature: bytes) -> bytes:
    """The envelope of octets and a signature that came apart; nothing is checked here."""
    return _spelled(xml, named_key, signature)


def split_envelope(octets: bytes) -> tuple[bytes, str, bytes]:
    """The XML, the key's id and the signature of an envelope that was sealed here. Raises DecodeError."""
    try:
        held = json.loads(octets)
        xml, signature = (base64.b64decode(held[name], validate=True) for name in ("hi1", "signature"))
        return xml, str(held["key_id"]), signature
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "it is no signed envelope of HI1") from error


def _spelled(xml: bytes, named_key: str, signature: bytes) -> bytes:
    held = {
        "hi1": base64.b64encode(xml).decode(),
        "key_id": named_key,
        "signature": base64.b64encode(signature).decode(),
        "version": VERSION,
    }
    return json.dumps(held, indent=1, sort_keys=True).encode() + b"\n"
