"""What is written down of a judged record: a row that is kept, or a note in the batch's account.

Rules. Accepted rows point at the received octets; masked rows hold the permitted fields and a keyed digest, quarantined
ones a sealed box; of a refused or repeated record only a note stays, so nothing that was said by or to a wrong target
is ever stored (R-122). Withheld octets live in the arena until their batch is durable and go nowhere. What the
collector makes itself (R-004) is a row that nobody delivered.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from asn1.columns import KIND_IRI, Columns
from asn1.ps_pdu import PsPdu
from collector.assembly import Assembly, OrderSlots
from collector.batch import OrderRef
from collector.facts import RecordFacts
from collector.json_text import canonical
from collector.keyed_digest import KeyedDigest
from collector.mask import permitted_octets, permitted_value
from collector.refusals import Sum
from collector.rows import (
    BUFFER_ARENA,
    BUFFER_SIDE,
    FORM_MASKED,
    FORM_QUARANTINED,
    FORM_RECEIVED,
    FORM_SYNTHETIC,
)
from collector.seal import seal_kept
from collector.store.index_details import Details
from collector.synthetic import Communication, close_octets
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import Reason, Verdict, VerdictKind, reason_mask

IRI_END: Final = 2
"""iRIType of an iRI-End record."""
_mask_of = lru_cache(1024)(reason_mask)
Place = tuple[int, int, int, int]
"""Buffer, offset, length, form."""


def order_ref(order: CourtOrder) -> OrderRef:
    return OrderRef(order.uid, order.version, order.order_id)


class Keeper:
    """`hmac_key` digests what is withheld, `quarantine` is the key boxes are sealed to."""

    def __init__(self, slots: OrderSlots, *, hmac_key: bytes, quarantine: X25519PublicKey) -> None:
        self._slots = slots
        self._known: dict[tuple[str, int], int] = {}
        self.keyed = KeyedDigest(hmac_key)
        self._quarantine = quarantine

    def digest(self, octets: bytes | memoryview) -> bytes:
        return self.keyed(octets)

    def received(self, cols: Columns, row: int) -> Place:
        """Kept as it was received."""
        return (BUFFER_ARENA, cols.offset[row], cols.length[row], FORM_RECEIVED)

    def masked(
        self, batch: Assembly, order: CourtOrder, facts: RecordFacts, record: memoryview
    ) -> tuple[Place, dict[str, Any]]:
        """The permitted fields; also as the value that was written."""
        value = permitted_value(order, facts, len(record), self.digest(record))
        return (*_aside(batch, canonical(value)), FORM_MASKED), value

    def aside(self, batch: Assembly, octets: bytes) -> Place:
        """Kept as it was received, of octets that are in no arena."""
        return (*_aside(batch, octets), FORM_RECEIVED)

    def sealed(self, batch: Assembly, octets: bytes | memoryview, record: memoryview) -> Place:
        """`octets` in a sealed box, beside the digest of the record as it was received."""
        return (*_aside(batch, seal_kept(self._quarantine, octets, self.digest(record))), FORM_QUARANTINED)

    def sealed_mask(
        self, batch: Assembly, order: CourtOrder, facts: RecordFacts, pdu: PsPdu, record: memoryview
    ) -> Place:
        """Set apart, and of a record whose whole may be kept in no form, not even sealed."""
        return self.sealed(batch, permitted_octets(order, facts, pdu, self.digest(record)), record)

    def row(
        self,
        batch: Assembly,
        order: CourtOrder,
        text: str,
        verdict: Verdict,
        cols: Columns,
        row: int,
        epoch: int,
        place: Place,
        now_us: int,
        said: Details | None = None,
    ) -> None:
        """One row that is kept, counted under its order. `said`: what the index is told of it."""
        buffer, offset, length, form = place
        kind, rows = cols.kind[row], batch.rows
        if said is not None and kind == KIND_IRI:
            batch.said[rows.n] = said
        batch.account.verdict(order.order_id, order.version, text, verdict)
        rows.append_row(
            buffer, offset, length, self.slot(order), verdict.kind, _mask_of(verdict.reasons), now_us,
            cols.time_us[row], cols.liid[row], cols.cin[row], cols.number[row], epoch, kind, cols.content_tag[row],
            cols.direction[row], cols.iri_type[row], form,
        )  # fmt: skip

    def slot(self, order: CourtOrder) -> int:
        """The order's number in every batch."""
        key = (order.order_id, order.version)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._slots.slot(order_ref(order), order.liid)
        return found

    def note(
        self,
        batch: Assembly,
        order: CourtOrder | None,
        text: str,
        kind: int,
        number: int,
        record: memoryview | None,
        verdict: Verdict,
        octets: int = 0,
    ) -> None:
        """All that stays of a record that is not kept; `octets` is its length where it is not there itself."""
        order_id, version = (None, 0) if order is None else (order.order_id, order.version)
        digest = None
        if record is not None:
            octets = len(record)
            digest = self.digest(record)
        batch.account.verdict(order_id, version, text, verdict)
        batch.account.refusal(order_id, text, kind, number, octets, verdict, digest)

    def note_sum(self, batch: Assembly, one: Sum) -> None:
        """`note` for records that were all refused alike."""
        order_id, version = (None, 0) if one.order is None else (one.order.order_id, one.order.version)
        batch.account.refused_alike(
            order_id, version, one.text, one.kind, one.verdict, (one.first, one.last), one.octets, one.count,
            lambda index: self.digest(one.records[index]),
        )  # fmt: skip

    def close(
        self, batch: Assembly, order: CourtOrder, text: str, one: Communication, end_us: int, now_us: int
    ) -> dict[str, Any]:
        """R-004: the synthetic close of one communication; its audit fields."""
        octets = close_octets(order, text, one.cin, end_us)
        buffer, offset, length = _aside(batch, octets)
        batch.account.made(order.order_id, order.version, text)
        batch.rows.append(
            buffer=buffer,
            offset=offset,
            length=length,
            order=self.slot(order),
            verdict=VerdictKind.ACCEPT,
            reasons=reason_mask((Reason.OK,)),
            received_us=now_us,
            event_us=end_us,
            liid=one.liid,
            cin=one.cin,
            kind=KIND_IRI,
            iri_type=IRI_END,
            form=FORM_SYNTHETIC,
        )
        return {"actor": "SYS", "order": order.order_id, "liid": text, "cin": one.cin, "at_us": end_us}


def _aside(batch: Assembly, octets: bytes) -> tuple[int, int, int]:
    """Puts octets into the side buffer; where they lie there."""
    offset = len(batch.side)
    batch.side += octets
    return BUFFER_SIDE, offset, len(octets)
