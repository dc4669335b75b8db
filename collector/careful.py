"""The careful lane: one record at a time, decoded, judged by the gate, and kept as the verdict says.

Rules. Every row that comes here leaves with exactly one verdict in the batch's account. Accepted rows point at the
received octets; masked rows hold the permitted fields and a keyed digest, quarantined ones a sealed box; of a refused
or repeated record only a note stays. Withheld octets live in the arena until their batch is durable and go nowhere.
A communication's target state comes from its IRI here, and CC inherits it, in this lane and in the bulk lane.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple, Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from asn1.columns import KIND_CC, KIND_IRI, Columns
from asn1.errors import DecodeError
from asn1.ps_pdu import PsPdu, decode_ps_pdu
from collector import gate
from collector.accounts import StreamMark, StreamRange, label
from collector.assembly import Assembly, OrderSlots
from collector.batch import OrderRef
from collector.facts import RecordFacts, facts_of
from collector.gate import Decision, LinkPolicy
from collector.gate_scope import CinState
from collector.mask import permitted_octets
from collector.rows import BUFFER_ARENA, BUFFER_SIDE, FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED
from collector.seal import seal_box, withheld_digest
from collector.stream_table import BELOW_MARK, GAP, NEVER, RESET, StreamTable, VerifyColumns
from collector.verify import Outcome, StreamBook
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULE_OF
from mediation.law.verdicts import Reason, Verdict, VerdictKind, reason_mask

_OVERSIZED: Final = 1 + DecodeError.CODES.index(DecodeError.OVERSIZED)
_DUPLICATE: Final = Verdict(VerdictKind.DUPLICATE, (Reason.DUPLICATE,), (RULE_OF[Reason.DUPLICATE],))
_NOBODY: Final = RecordFacts("", None, 0, "other", "", None, None, None, None, 0)
FORGET_AT_ONCE: Final = 1024
"""Communications forgotten in one turn, so that a wave of endings does not hold up the receiving."""


class Orders(Protocol):
    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]: ...


class Ended(NamedTuple):
    """A communication whose last IRI came; forgotten from `due_us` on."""

    due_us: int
    liid: int
    cin: int


def order_ref(order: CourtOrder) -> OrderRef:
    return OrderRef(order.uid, order.version, order.order_id)


class CarefulLane:
    """`liids`: octets by LIID id. `hmac_key` digests what is withheld, `quarantine` is the key boxes are sealed to."""

    def __init__(
        self,
        orders: Orders,
        streams: StreamTable,
        book: StreamBook,
        slots: OrderSlots,
        liids: list[bytes],
        *,
        hmac_key: bytes,
        quarantine: X25519PublicKey,
        forget_us: int,
    ) -> None:
        self.orders = orders
        self._streams = streams
        self.book = book
        self._slots = slots
        self._liids = liids
        self._hmac_key = hmac_key
        self._quarantine = quarantine
        self._forget_us = forget_us
        self._originates: dict[int, bool] = {}
        self._ended: deque[Ended] = deque()
        self._strangers: set[tuple[int, int]] = set()
        self._no_order = gate.decide((), _NOBODY, LinkPolicy(), CinState()).verdict

    def judge(
        self,
        batch: Assembly,
        policy: LinkPolicy,
        view: memoryview,
        cols: Columns,
        verify: VerifyColumns,
        row: int,
        now_us: int,
    ) -> str | None:
        """One verdict for one row. Answers the DecodeError code of a record that cannot be read, else None."""
        liid_id = cols.liid[row]
        liid = self._liids[liid_id] if liid_id >= 0 else b""
        text = label(liid)
        orders = self.orders.orders_for(text) if liid else ()
        offset, octets = cols.offset[row], cols.length[row]
        status = cols.status[row]
        if status:
            code = DecodeError.CODES[status - 1]
            there = None if status == _OVERSIZED else view[offset : offset + octets]
            self._unreadable(batch, orders, text, cols, row, there, now_us)
            return code
        kind, number, slot = cols.kind[row], cols.number[row], verify.slots[row]
        record = view[offset : offset + octets]
        data = kind in (KIND_IRI, KIND_CC)
        if not orders:
            if data and slot >= 0:
                self._strangers.add((liid_id, cols.cin[row]))
            self._note(batch, None, text, kind, number, record, self._no_order)
            return None
        flags: tuple[Reason, ...] = ()
        if data and slot >= 0:
            outcome = self._sequence(batch, liid, cols.cin[row], kind, number, verify, row)
            if outcome is Outcome.DUPLICATE:
                self._note(batch, orders[0], text, kind, number, record, _DUPLICATE)
                return None
            if outcome is Outcome.GAP:
                flags = (Reason.GAP_DETECTED,)
            elif outcome is Outcome.OUT_OF_ORDER:
                flags = (Reason.OUT_OF_ORDER,)
        try:
            pdu = decode_ps_pdu(record)
            facts = facts_of(pdu, now_us)
        except DecodeError as error:
            self._unreadable(batch, orders, text, cols, row, record, now_us)
            return error.code
        state = self._state(slot) if data else CinState()
        decision = gate.decide(orders, facts, policy, state, flags)
        if data and slot >= 0:
            self._remember(slot, state, decision.cin)
            originates = decision.cin.target_originates
            if originates is not None and originates != state.target_originates:
                batch.account.side(liid, cols.cin[row], originates)
            if facts.iri_type == "end":
                self._ended.append(Ended(now_us + self._forget_us, liid_id, cols.cin[row]))
        self._keep(batch, decision, orders, text, cols, verify, row, record, pdu, facts, now_us)
        return None

    def reset(self, batch: Assembly, cols: Columns, verify: VerifyColumns, row: int) -> None:
        """A cINReset was met: both streams of its communication are in a new epoch, which a restart must know."""
        if not verify.flags[row] & RESET or verify.slots[row] < 0:
            return
        slot, liid = verify.slots[row], self._liids[cols.liid[row]]
        for kind in (KIND_IRI, KIND_CC):
            epoch, target = self._streams.epoch(slot + kind), self._streams.target_state(slot)
            batch.account.mark(StreamMark(liid, cols.cin[row], kind, epoch, -1, target))

    def end_piece(self) -> None:
        """Behind a scanned piece, when no slot of it is in use any more: strangers take no room in the table."""
        for liid, cin in self._strangers:
            self._forget(liid, cin)
        self._strangers.clear()

    def forget_ended(self, now_us: int) -> None:
        """Drop communications that ended long ago, and the oldest ended ones early when the table gets full."""
        crowded = len(self._streams) > self._streams.limit * 3 // 4
        for _ in range(FORGET_AT_ONCE):
            if not self._ended or (self._ended[0].due_us > now_us and not crowded):
                return
            ended = self._ended.popleft()
            self._forget(ended.liid, ended.cin)

    def restore_side(self, slot: int, originates: bool) -> None:
        """For a restart: who called whom."""
        self._originates[slot >> 1] = originates

    def restore_ended(self, liid: int, cin: int, at_us: int) -> None:
        """For a restart: a communication that ended at `at_us`."""
        self._ended.append(Ended(at_us + self._forget_us, liid, cin))

    def _forget(self, liid: int, cin: int) -> None:
        slot = self._streams.slot_of(liid, cin, KIND_IRI)
        if slot < 0:
            return
        self._originates.pop(slot >> 1, None)
        self.book.forget(slot)
        self.book.forget(slot + 1)
        self._streams.forget(liid, cin)

    def _sequence(
        self, batch: Assembly, liid: bytes, cin: int, kind: int, number: int, verify: VerifyColumns, row: int
    ) -> Outcome:
        flags, slot, epoch = verify.flags[row], verify.slots[row], verify.epochs[row]
        if flags & GAP:
            first = verify.expected[row]
            self.book.gap(slot, epoch, first, number - 1)
            batch.account.gaps.append(StreamRange(liid, cin, kind, epoch, first, number - 1))
            return Outcome.GAP
        if not flags & BELOW_MARK:
            return Outcome.IN_ORDER
        outcome = self.book.below(slot, epoch, number)
        if outcome is Outcome.OUT_OF_ORDER:
            batch.account.filled.append(StreamRange(liid, cin, kind, epoch, number, number))
        return outcome

    def _state(self, slot: int) -> CinState:
        if slot < 0:
            return CinState()
        first_us = self._streams.first_cc_us(slot)
        return CinState(
            self._streams.target_state(slot),
            self._originates.get(slot >> 1),
            None if first_us == NEVER else first_us,
        )

    def _remember(self, slot: int, before: CinState, after: CinState) -> None:
        if after.target != before.target:
            self._streams.set_target_state(slot, after.target)
        if after.target_originates is not None:
            self._originates[slot >> 1] = after.target_originates
        if after.first_cc_us is not None and before.first_cc_us is None:
            self._streams.set_first_cc_us(slot, after.first_cc_us)

    def _keep(
        self,
        batch: Assembly,
        decision: Decision,
        orders: tuple[CourtOrder, ...],
        text: str,
        cols: Columns,
        verify: VerifyColumns,
        row: int,
        record: memoryview,
        pdu: PsPdu,
        facts: RecordFacts,
        now_us: int,
    ) -> None:
        order = decision.order or orders[0]
        verdict = decision.verdict
        if verdict.kind in (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED):
            place = (BUFFER_ARENA, cols.offset[row], cols.length[row], FORM_RECEIVED)
        elif verdict.kind is VerdictKind.MASK:
            masked = permitted_octets(order, facts, pdu, withheld_digest(self._hmac_key, record))
            place = (*_aside(batch, masked), FORM_MASKED)
        elif verdict.kind is VerdictKind.QUARANTINE:
            place = (*_aside(batch, seal_box(self._quarantine, record)), FORM_QUARANTINED)
        else:
            self._note(batch, order, text, cols.kind[row], cols.number[row], record, verdict)
            slot = verify.slots[row]
            if slot >= 0 and cols.kind[row] in (KIND_IRI, KIND_CC):
                batch.account.mark(
                    StreamMark(
                        self._liids[cols.liid[row]],
                        cols.cin[row],
                        slot & 1,
                        verify.epochs[row],
                        self._streams.mark(slot),
                        self._streams.target_state(slot),
                    )
                )
            return
        batch.account.verdict(order.order_id, order.version, text, verdict)
        self._row(batch, order, verdict, cols, row, max(verify.epochs[row], 0), place, now_us)

    def _row(
        self,
        batch: Assembly,
        order: CourtOrder,
        verdict: Verdict,
        cols: Columns,
        row: int,
        epoch: int,
        place: tuple[int, int, int, int],
        now_us: int,
    ) -> None:
        buffer, offset, length, form = place
        batch.rows.append(
            buffer=buffer,
            offset=offset,
            length=length,
            order=self._slots.slot(order_ref(order), order.liid),
            verdict=verdict.kind,
            reasons=reason_mask(verdict.reasons),
            received_us=now_us,
            event_us=cols.time_us[row],
            liid=cols.liid[row],
            cin=cols.cin[row],
            number=cols.number[row],
            epoch=epoch,
            kind=cols.kind[row],
            content_tag=cols.content_tag[row],
            direction=cols.direction[row],
            iri_type=cols.iri_type[row],
            form=form,
        )

    def _unreadable(
        self,
        batch: Assembly,
        orders: tuple[CourtOrder, ...],
        text: str,
        cols: Columns,
        row: int,
        record: memoryview | None,
        now_us: int,
    ) -> None:
        """R-100. An oversized record is not there to be kept (`record` None): it is refused."""
        decision = gate.unreadable(orders)
        order, verdict = decision.order, decision.verdict
        if order is None or record is None or verdict.kind is not VerdictKind.QUARANTINE:
            refused = verdict._replace(kind=VerdictKind.REJECT)
            octets = cols.length[row] if record is None else 0
            self._note(batch, order, text, cols.kind[row], cols.number[row], record, refused, octets)
            return
        place = (*_aside(batch, seal_box(self._quarantine, record)), FORM_QUARANTINED)
        batch.account.verdict(order.order_id, order.version, text, verdict)
        self._row(batch, order, verdict, cols, row, 0, place, now_us)

    def _note(
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
        order_id, version = (None, 0) if order is None else (order.order_id, order.version)
        digest = None
        if record is not None:
            octets = len(record)
            digest = withheld_digest(self._hmac_key, record)
        batch.account.verdict(order_id, version, text, verdict)
        batch.account.refusal(order_id, text, kind, number, octets, verdict, digest)


def _aside(batch: Assembly, octets: bytes) -> tuple[int, int, int]:
    """Puts octets into the side buffer; where they lie there."""
    offset = len(batch.side)
    batch.side += octets
    return BUFFER_SIDE, offset, len(octets)
