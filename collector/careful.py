"""The careful lane: one record at a time, decoded, judged by the gate, and kept as the verdict says.

Rules. Every row that comes here leaves with exactly one verdict in the batch's account. The gate decides; minimisation
may take away from what it decided (R-118), and a number that comes again is compared with the first (R-093). A
communication's target state comes from its IRI here, and CC inherits it, in this lane and in the bulk lane. What is
kept, and how, is `keeping`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from asn1.columns import KIND_CC, KIND_IRI, Columns
from asn1.errors import DecodeError
from asn1.ps_pdu import PsPdu, decode_ps_pdu
from collector import gate
from collector.accounts import StreamMark, StreamRange, label
from collector.assembly import Assembly
from collector.communications import Communications
from collector.conflicts import Conflicts, RecordName, Repeat
from collector.deciphering import Opened
from collector.facts import RecordFacts, facts_of
from collector.facts.stored import dialect_of
from collector.fleet.names import Known, StreamName
from collector.gate import Decision, LinkPolicy
from collector.gate_scope import CinState
from collector.holding import Stray
from collector.keeping import Keeper, Place
from collector.link_handover import LinkHandover
from collector.minimise import Minimised, apply
from collector.ordinary import Ended, Ordinary
from collector.quality import LinkQuality
from collector.refusals import Refusals, Shape
from collector.store.index_details import Details, details_of
from collector.stream_table import (
    BELOW_MARK,
    GAP,
    LIID_CIN,
    NEVER,
    TARGET_MISMATCH,
    TARGET_OK,
    StreamTable,
    VerifyColumns,
)
from collector.synthetic import OpenBook
from collector.tri_effects import TriEffects, segment_facts
from collector.verify import Outcome, StreamBook
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULE_OF
from mediation.law.verdicts import Reason, Verdict, VerdictKind

_OVERSIZED: Final = 1 + DecodeError.CODES.index(DecodeError.OVERSIZED)
_DUPLICATE: Final = Verdict(VerdictKind.DUPLICATE, (Reason.DUPLICATE,), (RULE_OF[Reason.DUPLICATE],))
_NOBODY: Final = RecordFacts("", None, 0, "other", "", None, None, None, None, 0)
_TAKEN: Final = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED, VerdictKind.MASK)
FORGET_AT_ONCE: Final = 1024
"""Communications forgotten in one turn, so that a wave of endings does not hold up the receiving."""


class Orders(Protocol):
    """`kept` hears of every record that is kept under an order (R-008)."""

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]: ...

    def kept(self, order: CourtOrder, event_us: int) -> None: ...


class Judged(NamedTuple):
    """What became of a row: the DecodeError code of one that cannot be read, and the verdict."""

    code: str | None
    verdict: Verdict


class CarefulLane:
    """`liids`: octets by LIID id. `open` are the communications that something was kept of. `ordinary` judges the rows
    about which no question is open, and is asked first; `judge` is the reference, and judges any."""

    def __init__(
        self,
        orders: Orders,
        streams: StreamTable,
        book: StreamBook,
        keeper: Keeper,
        liids: list[bytes],
        *,
        conflicts: Conflicts,
        minimised: Minimised,
        forget_us: int,
    ) -> None:
        self.orders = orders
        self._streams = streams
        self._effects = TriEffects(orders, streams, liids)
        self.book = book
        self.open = OpenBook()
        self.strays: list[Stray] = []
        """Found since somebody held them (`collector.holding`)."""
        self.keeper = keeper
        self._liids = liids
        self._conflicts = conflicts
        self._minimised = minimised
        self._forget_us = forget_us
        self._known = Communications(streams)
        self._ended: deque[Ended] = deque()
        self._strangers: set[tuple[int, int]] = set()
        self.closes: Callable[[int, int], bool] = lambda liid, cin: True
        """Whether it is for this collector to close a communication, where others have parts of it."""
        self._refusals = Refusals(orders.orders_for)
        self.ordinary = Ordinary(
            orders.orders_for, self._known, keeper, liids, minimised, self.open, self._ended, self._refusals, forget_us
        )
        self.refused_again = self._refusals.columns
        self._no_order = gate.decide((), _NOBODY, LinkPolicy(), CinState()).verdict

    def judge(
        self,
        batch: Assembly,
        policy: LinkPolicy,
        quality: LinkQuality,
        handover: LinkHandover,
        view: memoryview,
        cols: Columns,
        verify: VerifyColumns,
        row: int,
        opened: Opened | None,
        now_us: int,
    ) -> Judged:
        """One verdict for one row. `opened`: what is in its encryption container, which is what is judged then; what
        is kept of it is as it came."""
        slot = verify.slots[row]
        plain = (
            not (cols.status[row] or verify.flags[row] or handover.by_liid)
            and cols.kind[row] == KIND_CC
            and slot >= 0
            and cols.payloads[row] == 1
            and opened is None
            and not len(handover.segments)
        )
        if plain:
            shape = Shape(cols.content_tag[row], cols.qualifier[row], cols.direction[row])
            known = self._refusals.again(slot, policy, shape, cols.time_us[row], now_us)
            if known is not None:
                start = cols.offset[row]
                self._refusals.count(known, cols.number[row], view[start : start + cols.length[row]])
                return Judged(None, known.verdict)
        liid_id = cols.liid[row]
        liid = self._liids[liid_id] if liid_id >= 0 else b""
        text = label(liid)
        orders = self.orders.orders_for(text) if liid else ()
        offset, octets = cols.offset[row], cols.length[row]
        status = cols.status[row]
        if status:
            there = None if status == _OVERSIZED else view[offset : offset + octets]
            verdict = self.unreadable(batch, orders, text, cols, row, there, now_us)
            return Judged(DecodeError.CODES[status - 1], verdict)
        kind, number, cin = cols.kind[row], cols.number[row], cols.cin[row]
        record = view[offset : offset + octets]
        data = kind in (KIND_IRI, KIND_CC)
        if not orders:
            if data and slot >= 0:
                self._strangers.add((liid_id, cin))
                if handover.by_liid:
                    self._strangers.add((liid_id, LIID_CIN))
            self._refusals.nobodys(liid_id, kind, text, number, record, self._no_order)
            return Judged(None, self._no_order)
        flags: tuple[Reason, ...] = ()
        repeat: RecordName | None = None
        if data and slot >= 0:
            outcome = self._sequence(batch, liid, handover.by_liid, cin, kind, number, verify, row)
            if outcome is Outcome.DUPLICATE:
                if self._streams.shared:
                    # The first may go with its stream before it is marked; then the repeat is not to be answered for.
                    batch.account.repeats.add(StreamName(liid, cin, kind))
                repeat = RecordName(liid, cin, kind, verify.epochs[row], number)
                # A LIID's number that another communication had may be no repeat at all: the peer may count otherwise.
                absent = Repeat.UNKNOWN if handover.by_liid else Repeat.SAME
                compared = self._conflicts.compare(batch, liid_id, repeat, self.keeper.digest(record), absent)
                if compared is Repeat.SAME:
                    self.keeper.note(batch, orders[0], text, kind, number, record, _DUPLICATE)
                    return Judged(None, _DUPLICATE)
                flags = (Reason.TAMPERED if compared is Repeat.OTHER else Reason.DUPLICATE,)
            elif outcome is Outcome.GAP:
                flags = (Reason.GAP_DETECTED,)
            elif outcome is Outcome.OUT_OF_ORDER:
                flags = (Reason.OUT_OF_ORDER,)
        try:
            if opened is None:
                pdu = decode_ps_pdu(bytes(record))
            else:
                pdu = decode_ps_pdu(opened.octets)._replace(octets=bytes(record))
            facts = facts_of(pdu, now_us)
            if facts.kind == "cc":
                facts = segment_facts(handover, facts, liid, cin, verify.epochs[row])
            if facts.event_us is not None:
                cols.time_us[row] = facts.event_us
        except DecodeError as error:
            return Judged(error.code, self.unreadable(batch, orders, text, cols, row, record, now_us))
        if facts.kind == "iri" and facts.event_us is not None and repeat is None:
            quality.signalling(facts.event_us, now_us)
        state = self._known.state_of(slot) if data else CinState()
        decision = gate.decide(orders, facts, policy, state, flags)
        decision = apply(decision, facts, self._minimised.mode(text, cin, now_us))
        if repeat is not None:
            self._repeated(batch, decision, orders, text, cols, verify, row, record, pdu, facts, repeat, flags, now_us)
            return Judged(None, _DUPLICATE)
        if data and slot >= 0:
            self.settle(batch, decision, state, orders, facts, liid_id, cin, slot, now_us)
            if plain and cols.time_us[row] == facts.event_us:
                self._refusals.learn(slot, policy, shape, orders, text, facts, state, decision, now_us)
        self.keep(batch, decision, orders, text, cols, verify, row, record, pdu, facts, now_us)
        return Judged(None, decision.verdict)

    def settle(
        self,
        batch: Assembly,
        decision: Decision,
        state: CinState,
        orders: tuple[CourtOrder, ...],
        facts: RecordFacts,
        liid_id: int,
        cin: int,
        slot: int,
        now_us: int,
    ) -> None:
        """What a judged record says of its communication, whose state was `state` before."""
        liid = self._liids[liid_id]
        if decision.cin.target == TARGET_MISMATCH != state.target and state.first_cc_us is not None:
            # What a target had under this CIN before others opened it stays as it is.
            from_us = facts.event_us if state.target == TARGET_OK else None
            self.strays.append(Stray(liid, cin, from_us))
        self._remember(slot, state, decision.cin)
        originates = decision.cin.target_originates
        if originates is not None and originates != state.target_originates:
            batch.account.side(liid, cin, originates)
        self._follow(decision, orders, facts, liid_id, cin)
        if facts.iri_type == "end":
            self._ended.append(Ended(now_us + self._forget_us, liid_id, cin))

    def _follow(
        self, decision: Decision, orders: tuple[CourtOrder, ...], facts: RecordFacts, liid: int, cin: int
    ) -> None:
        """Which communications are open (R-004), and when an order first took something (R-008)."""
        if decision.verdict.kind not in _TAKEN or facts.event_us is None:
            if facts.iri_type == "end":
                self.open.refused_end(liid, cin)
            return
        order = decision.order or orders[0]
        self.orders.kept(order, facts.event_us)
        if facts.iri_type == "end":
            self.open.ended(liid, cin, order.uid, facts.event_us)
        elif facts.iri_type != "report":
            self.open.kept(liid, cin, order.uid, facts.event_us)

    def orders_changed(self) -> None:
        """What was refused under the orders before is judged anew."""
        self._refusals.orders_changed()
        # What was nobody's may be somebody's now.
        self._forget_strangers()

    def stranger(self, liid: int, cin: int) -> None:
        """A communication of a LIID without an order: its records are refused here, whoever else has others of it."""
        for kind in (KIND_IRI, KIND_CC):
            slot = self._streams.slot_of(liid, cin, kind, True)
            if slot >= 0:
                self._streams.set_claimed(slot, 0)
        self._strangers.add((liid, cin))

    def policy_number(self, policy: LinkPolicy) -> int:
        """By which the pass of the bulk lane knows a link's policy."""
        return self._refusals.policy_number(policy)

    def count_again(self, view: memoryview) -> None:
        """A pass over `view` has refused records for what is known; `end_piece` puts them on record."""
        self._refusals.count_again(view)

    def tri(self, batch: Assembly, handover: LinkHandover, cols: Columns, verify: VerifyColumns, row: int) -> None:
        """A TRI was met, which may change the streams of the records around it."""
        stranger = self._effects.reset(batch, cols, verify, row)
        if stranger is not None:
            self._strangers.add(stranger)
        self._effects.flag(batch, handover, cols, row)

    def end_piece(self, batch: Assembly) -> None:
        """Behind a scanned piece, when no slot of it is in use any more: strangers take no room in the table."""
        for one in self._refusals.take():
            self.keeper.note_sum(batch, one)
            if one.slot >= 0:
                liid, cin, kind = self._streams.key_of(one.slot)
                self._mark(batch, self._liids[liid], cin, kind, one.slot)
        self._forget_strangers()

    def _forget_strangers(self) -> None:
        for liid, cin in self._strangers:
            self.forget(liid, cin)
        self._strangers.clear()

    def forget_ended(self, now_us: int) -> None:
        """Drop communications that ended long ago, and the oldest ended ones early when the table gets full."""
        crowded = len(self._streams) > self._streams.limit * 3 // 4
        for _ in range(FORGET_AT_ONCE):
            if not self._ended or (self._ended[0].due_us > now_us and not crowded):
                return
            ended = self._ended.popleft()
            self.forget(ended.liid, ended.cin)

    def learned(self, slot: int, known: Known) -> None:
        """What another collector knows of the communication of `slot`. A wrong target stays one, what came first came
        first, whoever saw it."""
        before = self.state_of(slot)
        target = max(before.target, known.target)
        if target == TARGET_MISMATCH != before.target and before.first_cc_us is not None:
            key = self._streams.key_of(slot)
            self.strays.append(Stray(self._liids[key.liid], key.cin))
        originates = before.target_originates
        if originates is None and known.originates >= 0:
            originates = bool(known.originates)
        after = before._replace(
            target=target,
            target_originates=originates,
            answered_us=_earliest(before.answered_us, known.answered_us),
            first_cc_us=_earliest(before.first_cc_us, known.first_cc_us),
        )
        self._remember(slot, before, after)
        if after.first_cc_us is not None:
            self._streams.set_first_cc_us(slot, after.first_cc_us)
        if known.last_reset_us > self._streams.last_reset_us(slot):
            self._streams.set_last_reset_us(slot, known.last_reset_us)

    def restore_side(self, slot: int, originates: bool) -> None:
        """For a restart: who called whom."""
        self._refusals.forget(slot)
        self._known.restore_side(slot, originates)

    def close_open(self, batch: Assembly, order: CourtOrder, end_us: int, now_us: int) -> list[dict[str, Any]]:
        """R-004: a synthetic close for every communication of the order that is open; the audit entries' fields."""
        closed = []
        for one in self.open.open_of(order.uid):
            text = label(self._liids[one.liid])
            if self.closes(one.liid, one.cin):
                closed.append(self.keeper.close(batch, order, text, one, end_us, now_us))
            self.open.close(one.liid, one.cin, order.uid, end_us)
            self._ended.append(Ended(now_us + self._forget_us, one.liid, one.cin))
        return closed

    def restore_ended(self, liid: int, cin: int, at_us: int) -> None:
        """For a restart: a communication that ended at `at_us`."""
        self._ended.append(Ended(at_us + self._forget_us, liid, cin))

    def forget(self, liid: int, cin: int) -> None:
        """Nothing is known of this communication any more."""
        slot = self._streams.slot_of(liid, cin, KIND_IRI)
        if slot < 0:
            return
        self._known.forget(slot)
        self.open.forget(liid, cin)
        self._refusals.forget(slot)
        self.book.forget(slot)
        self.book.forget(slot + 1)
        self._streams.forget(liid, cin)

    def _sequence(
        self,
        batch: Assembly,
        liid: bytes,
        by_liid: bool,
        cin: int,
        kind: int,
        number: int,
        verify: VerifyColumns,
        row: int,
    ) -> Outcome:
        flags, slot, epoch = verify.flags[row], verify.counters[row], verify.epochs[row]
        if by_liid:
            cin, kind = LIID_CIN, KIND_IRI
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

    def inherit(self, slot: int, before: int) -> None:
        """The communication of `slot` goes on from that of `before`: the same target takes part, in the same way."""
        self._remember(slot, CinState(), self.state_of(before)._replace(first_cc_us=None, answered_us=None))

    def state_of(self, slot: int) -> CinState:
        return self._known.state_of(slot)

    def _remember(self, slot: int, before: CinState, after: CinState) -> None:
        if after != before:
            self._refusals.forget(slot)
        self._known.remember(slot, before, after)

    def keep(
        self,
        batch: Assembly,
        decision: Decision,
        orders: tuple[CourtOrder, ...],
        text: str,
        cols: Columns,
        verify: VerifyColumns,
        row: int,
        record: memoryview,
        pdu: PsPdu | bytes,
        facts: RecordFacts,
        now_us: int,
        received: Place | None = None,
    ) -> None:
        """A row, or a note. `received`: where the octets received are, when they are not where the row says."""
        order = decision.order or orders[0]
        verdict = decision.verdict
        keeper, tag = self.keeper, cols.content_tag[row]
        said: Details | None = None
        if verdict.kind in (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED):
            place = keeper.received(cols, row) if received is None else received
            said = details_of(facts, tag, dialect_of(tag) is not None)
        elif verdict.kind is VerdictKind.MASK:
            place, value = keeper.masked(batch, order, facts, record)
            # Of the US dialects the index reads what was written: fields within fields are other values in JSON.
            said = details_of(value, tag, False) if isinstance(pdu, PsPdu) else None
        elif verdict.kind is VerdictKind.QUARANTINE:
            place = keeper.sealed(batch, record, record)
        else:
            keeper.note(batch, order, text, cols.kind[row], cols.number[row], record, verdict)
            slot = verify.slots[row]
            if slot >= 0 and cols.kind[row] in (KIND_IRI, KIND_CC):
                self._mark(batch, self._liids[cols.liid[row]], cols.cin[row], slot & 1, slot)
                counter = verify.counters[row]
                if counter != slot:
                    liid = self._liids[cols.liid[row]]
                    mark = self._streams.mark(counter)
                    batch.account.mark(StreamMark(liid, LIID_CIN, KIND_IRI, verify.epochs[row], mark, 0))
            return
        keeper.row(batch, order, text, verdict, cols, row, max(verify.epochs[row], 0), place, now_us, said)

    def _mark(self, batch: Assembly, liid: bytes, cin: int, kind: int, slot: int) -> None:
        """Where a stream stands, which no row that is kept will say."""
        streams = self._streams
        mark = StreamMark(liid, cin, kind, streams.epoch(slot), streams.mark(slot), streams.target_state(slot))
        batch.account.mark(mark)

    def _repeated(
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
        name: RecordName,
        flags: tuple[Reason, ...],
        now_us: int,
    ) -> None:
        """R-093: a number that comes again and is not provably the same record. It is set apart, where the gate would
        have kept anything of it, and so is the first; what is known of its communication stays as it is."""
        order, verdict = decision.order or orders[0], decision.verdict
        others = tuple(one for one in verdict.reasons if one is not Reason.OK and one not in flags)
        reasons = (*flags, *others)
        rules = ("R-093", *(RULE_OF[one] for one in others if one in RULE_OF))
        if verdict.kind is VerdictKind.REJECT:
            refused = Verdict(VerdictKind.REJECT, reasons, rules)
            self.keeper.note(batch, order, text, cols.kind[row], cols.number[row], record, refused)
            return
        if Reason.TAMPERED in flags:
            self._conflicts.hold(name)
        if verdict.kind is VerdictKind.MASK:
            place = self.keeper.sealed_mask(batch, order, facts, pdu, record)
        else:
            place = self.keeper.sealed(batch, record, record)
        apart = Verdict(VerdictKind.QUARANTINE, reasons, rules)
        self.keeper.row(batch, order, text, apart, cols, row, max(verify.epochs[row], 0), place, now_us)

    def unreadable(
        self,
        batch: Assembly,
        orders: tuple[CourtOrder, ...],
        text: str,
        cols: Columns,
        row: int,
        record: memoryview | None,
        now_us: int,
    ) -> Verdict:
        """R-100. An oversized record is not there to be kept (`record` None): it is refused."""
        decision = gate.unreadable(orders)
        order, verdict = decision.order, decision.verdict
        if order is None or record is None or verdict.kind is not VerdictKind.QUARANTINE:
            refused = verdict._replace(kind=VerdictKind.REJECT)
            octets = cols.length[row] if record is None else 0
            self.keeper.note(batch, order, text, cols.kind[row], cols.number[row], record, refused, octets)
            return refused
        place = self.keeper.sealed(batch, record, record)
        self.keeper.row(batch, order, text, verdict, cols, row, 0, place, now_us)
        return verdict


def _earliest(one: int | None, other: int) -> int | None:
    """`other` NEVER for none."""
    if other == NEVER:
        return one
    return other if one is None else min(one, other)
