"""From the facts of one record of a US dialect, or of a covert recorder, to its verdict and what is kept of it.

Rules. The order of decisions is the gate's; what is kept, and how, is the careful lane's, as for ETSI records. A record
that is of no call lends and borrows no target. Each method gives exactly one verdict, and counts it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from asn1.columns import KIND_IRI, NO_TIME, Columns, LiidTable
from asn1.errors import DecodeError
from asn1.laes.case_id import MAX_OCTETS
from collector import gate
from collector.accounts import StreamMark, label
from collector.assembly import Assembly
from collector.careful import CarefulLane, Judged
from collector.facts import RecordFacts
from collector.fleet.stage import message_digest
from collector.gate_scope import CinState
from collector.laes.link import Arrived
from collector.laes.naming import EITHER
from collector.minimise import Minimised, apply
from collector.pipeline import LinkState
from collector.stream_table import TARGET_OK, StreamTable, VerifyColumns
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULE_OF
from mediation.law.verdicts import Reason, Verdict, VerdictKind

_IRI_TYPES: Final = {"begin": 1, "end": 2, "continue": 3, "report": 4}
_TAKEN: Final = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)
KEPT: Final = (*_TAKEN, VerdictKind.MASK)
_DUPLICATE: Final = Verdict(VerdictKind.DUPLICATE, (Reason.DUPLICATE,), (RULE_OF[Reason.DUPLICATE],))
_NO_ORDER: Final = Verdict(VerdictKind.REJECT, (Reason.NO_ORDER,), (RULE_OF[Reason.NO_ORDER],))


class OnLink(Protocol):
    """What of a link is needed here."""

    @property
    def state(self) -> LinkState: ...


class Judging:
    """`learn` makes a LIID that was met for the first time known to the store's thread. `judged`: verdicts given since
    somebody took note of them."""

    def __init__(
        self,
        careful: CarefulLane,
        streams: StreamTable,
        assembly: Assembly,
        liids: LiidTable,
        learn: Callable[[], None],
        minimised: Minimised,
    ) -> None:
        self.careful = careful
        self.streams = streams
        self.batch = assembly
        self._liids = liids
        self._learn = learn
        self._minimised = minimised
        self._cols = Columns(1)
        self._verify = VerifyColumns(1)
        self.judged = 0

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]:
        return self.careful.orders.orders_for(liid) if liid else ()

    def intern(self, liid: bytes) -> int:
        """The LIID's id; -1 when there is no room."""
        try:
            found = self._liids.intern(liid)
        except DecodeError:
            return -1
        self._learn()
        return found

    def no_order(self, link: OnLink, arrived: Arrived, liid: bytes, kind: int) -> None:
        """R-073."""
        self._refused(link, arrived, liid, kind, Judged(None, _NO_ORDER))

    def no_room(self, link: OnLink, arrived: Arrived, liid: bytes, kind: int) -> None:
        """Strangers have filled the table of LIIDs: nothing can be kept under one that is new to it."""
        self._refused(link, arrived, liid, kind, Judged(DecodeError.TOO_MANY, gate.unreadable(()).verdict))

    def oversized(self, link: OnLink, octets: int, kind: int) -> None:
        """A record that is larger than the link takes, and not there."""
        verdict = gate.unreadable(()).verdict
        self.careful.keeper.note(self.batch, None, "", kind, -1, None, verdict, octets)
        self._count(link, Judged(DecodeError.OVERSIZED, verdict))

    def duplicate(self, link: OnLink, arrived: Arrived, order: CourtOrder, kind: int) -> None:
        """The same message again."""
        note = self.careful.keeper.note
        note(self.batch, order, str(order.liid), kind, -1, memoryview(arrived.octets), _DUPLICATE)
        self._count(link, Judged(None, _DUPLICATE))

    def _refused(self, link: OnLink, arrived: Arrived, liid: bytes, kind: int, judged: Judged) -> None:
        octets = memoryview(arrived.octets)
        self.careful.keeper.note(self.batch, None, label(liid), kind, -1, octets, judged.verdict)
        self._count(link, judged)

    def judge(
        self,
        link: OnLink,
        arrived: Arrived,
        facts: RecordFacts,
        orders: tuple[CourtOrder, ...],
        liid_id: int,
        kind: int,
        code: int,
        side: int,
        now_us: int,
        known: CinState | None = None,
        apart: tuple[Reason, ...] = (),
    ) -> Verdict:
        """`known`: what the record itself proves of its communication. `apart`: why nothing of it may be believed: it
        is set apart where anything of it would be kept, and says nothing of its communication."""
        careful, batch = self.careful, self.batch
        cin = -1 if facts.cin is None else facts.cin
        slot = -1 if cin < 0 else self.streams.slot_of(liid_id, cin, kind, True)
        if slot < 0:
            # Where there is no room for its call, it is of none: it must not go unwatched.
            facts = facts._replace(unplaced=True)
        self._fill(arrived, facts, liid_id, cin, kind, code, side, slot)
        if kind == KIND_IRI and known is None and not apart and arrived.offset is not None:
            ordinary = self._ordinary(link, arrived, facts, orders, cin, slot, now_us)
            if ordinary is not None:
                self._count(link, Judged(None, ordinary))
                return ordinary
        state = CinState() if slot < 0 else careful.state_of(slot)
        decision = gate.decide(orders, facts, link.state.policy, state if known is None else known)
        if apart:
            decision = decision._replace(verdict=_set_apart(decision.verdict, apart), cin=state)
        decision = apply(decision, facts, self._minimised.mode(facts.liid, cin, now_us))
        verdict = decision.verdict
        if slot >= 0:
            careful.settle(batch, decision, state, orders, facts, liid_id, cin, slot, now_us)
            if decision.cin.target != state.target:
                mark = StreamMark(facts.liid.encode(), cin, slot & 1, 0, -1, decision.cin.target)
                batch.account.mark(mark)
        elif verdict.kind in KEPT and facts.event_us is not None:
            careful.orders.kept(decision.order or orders[0], facts.event_us)
        received = None
        if arrived.offset is None and verdict.kind in _TAKEN:
            received = careful.keeper.aside(batch, arrived.octets)
        careful.keep(
            batch, decision, orders, facts.liid, self._cols, self._verify, 0, memoryview(arrived.octets),
            arrived.octets, facts, arrived.arrival_us, received,
        )  # fmt: skip
        self._count(link, Judged(None, verdict))
        return verdict

    def _ordinary(
        self,
        link: OnLink,
        arrived: Arrived,
        facts: RecordFacts,
        orders: tuple[CourtOrder, ...],
        cin: int,
        slot: int,
        now_us: int,
    ) -> Verdict | None:
        """The verdict of a message about which no question is open, its row filled; None, and nothing has happened, of
        any other."""
        if arrived.arrival_us != now_us or facts.event_us is None:
            return None
        before = self.streams.target_state(slot) if slot >= 0 else TARGET_OK
        state = link.state
        verdict = self.careful.ordinary.message(
            self.batch, state.policy, state.quality, facts, self._cols, 0, arrived.octets, slot, now_us
        )
        if verdict is None:
            return None
        self.careful.orders.kept(orders[0], facts.event_us)
        if before != TARGET_OK:
            self.batch.account.mark(StreamMark(facts.liid.encode(), cin, KIND_IRI, 0, -1, TARGET_OK))
        return verdict

    def only_once(self, verdict: Verdict, group: str, octets: bytes) -> None:
        """What was just kept has no number: where streams are shared, equal octets are one record of all collectors."""
        if self.streams.shared and verdict.kind is not VerdictKind.REJECT:
            self.batch.account.once.append((message_digest(group, octets), self.batch.rows.n - 1))

    def refuse(
        self, link: OnLink, arrived: Arrived, order: CourtOrder, kind: int, code: str, reason: Reason, rule: str
    ) -> None:
        """One that its link may not bring, whatever it says; `code` counts it."""
        verdict = Verdict(VerdictKind.REJECT, (reason,), (rule,))
        octets = memoryview(arrived.octets)
        self.careful.keeper.note(self.batch, order, str(order.liid), kind, -1, octets, verdict)
        self._count(link, Judged(code, verdict))

    def unreadable(self, link: OnLink, liid: str, arrived: Arrived, kind: int, error: DecodeError) -> None:
        """R-100. Whose it is, its first elements or its channel say, or nobody."""
        orders = self.orders_for(liid)
        octets = liid.encode()[:MAX_OCTETS]
        facts = RecordFacts(liid, None, -1, "other", "", None, None, None, None, arrived.arrival_us)
        liid_id = self.intern(octets) if orders else -1
        if liid_id < 0:
            orders = ()
        self._fill(arrived, facts, liid_id, -1, kind, -1, EITHER, -1)
        verdict = self.careful.unreadable(
            self.batch, orders, label(octets), self._cols, 0, memoryview(arrived.octets), arrived.arrival_us
        )
        self._count(link, Judged(error.code, verdict))

    def _fill(
        self, arrived: Arrived, facts: RecordFacts, liid_id: int, cin: int, kind: int, code: int, side: int, slot: int
    ) -> None:
        """The one row that the keeper reads."""
        cols, verify = self._cols, self._verify
        cols.offset[0], cols.length[0] = arrived.offset or 0, len(arrived.octets)
        cols.liid[0], cols.cin[0], cols.number[0] = liid_id, cin, -1
        cols.time_us[0] = NO_TIME if facts.event_us is None else facts.event_us
        cols.kind[0], cols.content_tag[0], cols.direction[0] = kind, code, side
        cols.iri_type[0] = _IRI_TYPES.get(facts.iri_type or "", -1)
        verify.slots[0], verify.epochs[0], verify.flags[0] = slot, 0, 0

    def _count(self, link: OnLink, judged: Judged) -> None:
        self.judged += 1
        link.state.records += 1
        link.state.guard.judged(judged.verdict)
        if judged.code is not None:
            link.state.errors[judged.code] += 1


def _set_apart(verdict: Verdict, why: tuple[Reason, ...]) -> Verdict:
    """R-090: what a gate would keep any of is kept sealed, for review; what it refuses stays refused."""
    kind = VerdictKind.REJECT if verdict.kind is VerdictKind.REJECT else VerdictKind.QUARANTINE
    reasons = (*why, *(one for one in verdict.reasons if one is not Reason.OK))
    return Verdict(kind, reasons, tuple(RULE_OF[one] for one in reasons if one in RULE_OF))
