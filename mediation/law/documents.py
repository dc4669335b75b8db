"""Court documents: one version of an order, with its papers, as the court signs it.

The octets are an HI1 message (TS 103 120, `hi1_orders`) in a signed envelope (`hi1_envelope`). Every document is a
whole version of its order: whatever the court does to it is a higher version of the same order id, with the action that
made it (`acts`). Whoever receives one checks it alone: reading raises DecodeError for octets that are no document,
RefusedError for one that the law does not let in, naming what is missing and the rule. `read_document` says what a
document says; `parse_document` also refuses one whose papers are not complete. Pure: no clock is read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from asn1.hi1 import build_message, parse_message
from mediation.law.acts import (
    approved,
    check_act,
    check_successor,
    denied,
    exigency_ended,
    obtained,
    released,
    terminated,
)
from mediation.law.court_days import COURT_ZONE, add_court_days
from mediation.law.entry import EAVESDROPPING_DAYS, MAX_TARGETS, PRTT_DAYS, DocumentRefusedError, check_order
from mediation.law.extensions import extended, revoked
from mediation.law.fields import FORMAT, order_from_fields, order_to_fields
from mediation.law.hi1_envelope import MAX_DOCUMENT_OCTETS, key_id, open_envelope, seal_envelope
from mediation.law.hi1_orders import OrderMessage, message_of, read_message
from mediation.law.hi1_workflows import ENDING, DocumentAction
from mediation.law.missing import Missing, PapersRefusedError
from mediation.law.orders import CourtOrder
from mediation.law.papers import Papers, PaperSettings, missing_papers
from mediation.law.settings import DEFAULTS, LawSettings

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
    "approved",
    "check_order",
    "check_successor",
    "denied",
    "exigency_ended",
    "extended",
    "key_id",
    "make_document",
    "missing_in",
    "needs_papers",
    "new_court_key",
    "obtained",
    "order_from_fields",
    "order_to_fields",
    "parse_document",
    "read_document",
    "released",
    "revoked",
    "terminated",
)


_NOTHING_FOLLOWS: Final = LawSettings(order_may_follow=False)
_BEHIND: Final = ENDING | {DocumentAction.CUSTODY}


class CourtDocument(NamedTuple):
    """`issued_at_us` is when the court signed. `data_key` comes with a release, and with nothing else."""

    action: DocumentAction
    order: CourtOrder
    issued_at_us: int
    key_id: str
    papers: Papers | None = None
    data_key: bytes | None = None


def new_court_key() -> Ed25519PrivateKey:
    """A key pair for a lab court."""
    return Ed25519PrivateKey.generate()


def make_document(
    order: CourtOrder,
    private_key: Ed25519PrivateKey,
    action: DocumentAction = DocumentAction.ISSUE,
    issued_at_us: int | None = None,
    papers: Papers | None = None,
    data_key: bytes | None = None,
) -> bytes:
    """The signed document of one version of an order. Raises RefusedError for an order that may not be one.

    Without a time it is taken as signed at the order's issue, or else when it begins: good for a first version.
    """
    if issued_at_us is None:
        issued_at_us = order.window.start_us if order.issued_at_us is None else order.issued_at_us
    check_order(order)
    check_act(action, order, issued_at_us, data_key)
    said = OrderMessage(order, action, issued_at_us, papers, data_key)
    return seal_envelope(build_message(message_of(said)), private_key)


def parse_document(octets: bytes, public_key: Ed25519PublicKey, settings: PaperSettings = DEFAULTS) -> CourtOrder:
    """The order of a document that may come in, with all its papers; errors as `read_document`, and PapersRefusedError
    naming every item that is missing (R-028, R-050, R-058)."""
    document = read_document(octets, public_key)
    missing = missing_in(document, settings)
    if missing:
        raise PapersRefusedError(missing)
    return document.order


def read_document(octets: bytes, public_key: Ed25519PublicKey) -> CourtDocument:
    """A document that `public_key` signed and whose order passes the entry checks.

    Raises DecodeError for what is no document, RefusedError for a wrong signature or an order that may not be one.
    """
    opened = open_envelope(octets, public_key)
    said = read_message(parse_message(opened.xml))
    check_act(said.action, said.order, said.signed_at_us, said.data_key)
    return CourtDocument(said.action, said.order, said.signed_at_us, opened.key_id, said.papers, said.data_key)


def needs_papers(document: CourtDocument) -> bool:
    """Whether a document comes with the papers of its order; an end, and what lies behind it, has those of the version
    before."""
    return document.order.version == 1 or document.action not in _BEHIND


def missing_in(document: CourtDocument, settings: PaperSettings = DEFAULTS) -> tuple[Missing, ...]:
    """What the papers of a document lack. An end, and what lies behind it, is never held up by papers: it is the
    version before that needs them.
    The document that brings the emergency order has it with it, whatever may follow."""
    if not needs_papers(document):
        return ()
    if document.action is DocumentAction.APPROVE:
        settings = _NOTHING_FOLLOWS
    return missing_papers(document.order, document.papers, settings)
