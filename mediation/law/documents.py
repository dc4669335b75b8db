"""Court documents: an order as the court signs it.

    {"document": {"format": 1, "action": "issue", "order_id": …, …}, "key_id": "<8 hex>", "signature": "<base64>"}

The signature, Ed25519, is over the canonical JSON of `document` (sorted keys, no spaces, UTF-8). Every document is a
whole version of its order: an extension or a revocation is a higher version of the same order id, with the action that
made it. Whoever receives one checks it alone: reading raises DecodeError for octets that are no document, RefusedError
for one that the law does not let in, naming what is missing and the rule. Pure: no clock is read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from enum import StrEnum
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.errors import DecodeError, RefusedError
from mediation.law.court_days import COURT_ZONE, add_court_days
from mediation.law.entry import EAVESDROPPING_DAYS, MAX_TARGETS, PRTT_DAYS, DocumentRefusedError, check_order
from mediation.law.extensions import extended, revoked
from mediation.law.fields import FORMAT, order_from_fields, order_to_fields, time_us
from mediation.law.orders import CourtOrder

__all__ = (
    "COURT_ZONE",
    "EAVESDROPPING_DAYS",
    "FORMAT",
    "MAX_DOCUMENT_OCTETS",
    "MAX_TARGETS",
    "PRTT_DAYS",
    "CourtDocument",
    "DocumentAction",
    "DocumentRefusedError",
    "add_court_days",
    "check_order",
    "extended",
    "key_id",
    "make_document",
    "new_court_key",
    "order_from_fields",
    "order_to_fields",
    "parse_document",
    "read_document",
    "revoked",
)

MAX_DOCUMENT_OCTETS: Final = 64 * 1024
_ENVELOPE: Final = frozenset({"document", "key_id", "signature"})


class DocumentAction(StrEnum):
    """What a document does: the version is a first one (or an amendment), an extension, or the revocation."""

    ISSUE = "issue"
    EXTEND = "extend"
    REVOKE = "revoke"


class CourtDocument(NamedTuple):
    """`issued_at_us` is None in a document that does not say when the court signed it."""

    action: DocumentAction
    order: CourtOrder
    issued_at_us: int | None
    key_id: str


def new_court_key() -> Ed25519PrivateKey:
    """A key pair for a lab court."""
    return Ed25519PrivateKey.generate()


def key_id(public_key: Ed25519PublicKey) -> str:
    """Eight hexadecimal digits to tell keys apart; nothing is trusted because of them."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:8]


def make_document(
    order: CourtOrder,
    private_key: Ed25519PrivateKey,
    action: DocumentAction = DocumentAction.ISSUE,
    issued_at_us: int | None = None,
) -> bytes:
    """The signed document of one version of an order. Raises RefusedError for an order that may not be one."""
    check_order(order)
    _check_action(action, order, issued_at_us)
    document = {**order_to_fields(order), "action": str(action)}
    if issued_at_us is not None:
        document["signed_at"] = issued_at_us
    envelope = {
        "document": document,
        "key_id": key_id(private_key.public_key()),
        "signature": base64.b64encode(private_key.sign(_canonical(document))).decode(),
    }
    return json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n"


def parse_document(octets: bytes, public_key: Ed25519PublicKey) -> CourtOrder:
    """The order of a document that `public_key` signed and that passes the entry checks; errors as `read_document`."""
    return read_document(octets, public_key).order


def read_document(octets: bytes, public_key: Ed25519PublicKey) -> CourtDocument:
    """A document that `public_key` signed and whose order passes the entry checks.

    Raises DecodeError for what is no document, RefusedError for a wrong signature or missing papers.
    """
    document, signature, named_key = _envelope(octets)
    try:
        public_key.verify(signature, _canonical(document))
    except (InvalidSignature, ValueError, RecursionError) as error:
        raise RefusedError(
            f"The document is not signed by the court's key {key_id(public_key)}; it is not an order."
        ) from error
    fields = {name: value for name, value in document.items() if name not in ("action", "signed_at")}
    try:
        action = DocumentAction(str(document.get("action", "issue")))
        signed_at = document.get("signed_at")
        issued_at_us = None if signed_at is None else time_us(signed_at, "signed_at")
        order = order_from_fields(fields)
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"DOC_MISSING:{error}") from error
    _check_action(action, order, issued_at_us)
    return CourtDocument(action, order, issued_at_us, named_key)


def _envelope(octets: bytes) -> tuple[dict[str, Any], bytes, str]:
    if len(octets) > MAX_DOCUMENT_OCTETS:
        raise DecodeError(DecodeError.OVERSIZED, f"a court document has at most {MAX_DOCUMENT_OCTETS} octets")
    try:
        envelope = json.loads(octets.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "a court document is JSON, this is not") from error
    if not isinstance(envelope, dict) or not set(envelope) <= _ENVELOPE:
        raise DecodeError(DecodeError.BAD_VALUE, "a court document has document, key_id and signature, nothing else")
    document, written, named_key = envelope.get("document"), envelope.get("signature"), envelope.get("key_id", "")
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DecodeError(DecodeError.BAD_VALUE, f"not a court document of format {FORMAT}")
    if not isinstance(written, str) or not isinstance(named_key, str):
        raise DecodeError(DecodeError.MISSING_FIELD, "the document is not signed")
    try:
        return document, base64.b64decode(written, validate=True), named_key
    except (ValueError, binascii.Error) as error:
        raise DecodeError(DecodeError.BAD_VALUE, "the signature is not base64") from error


def _check_action(action: DocumentAction, order: CourtOrder, issued_at_us: int | None) -> None:
    if action is DocumentAction.EXTEND:
        if not order.extensions_us:
            raise DocumentRefusedError("extensions", "R-014", "an extension says where it takes over")
        if issued_at_us is not None and issued_at_us >= order.extensions_us[-1]:
            raise DocumentRefusedError("extensions", "R-015", "the extension was granted after the order had ended")
    if action is DocumentAction.REVOKE and order.revoked_at_us is None:
        raise DocumentRefusedError("revoked_at", "R-019", "a revocation says from when on")


def _canonical(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
