"""The ordinary record of signalling: judged, counted and written down in one step, where nothing about it is in doubt.

Rules of this file. It takes a record only where every question the gate would ask has one plain answer: readable, the
next in its stream, of a LIID with one order that is in force and asks for nothing special, a target takes part, the
time is well inside the window and agrees with the clock, and what is in it is kept, whole or masked. Of every other
record it changes nothing and answers None; `careful` and `gate` judge it then. So this file may be too strict, never
too lax, and it never refuses anything. A property test holds it against the reference, row by row. One source for two
paths (ADR 0002, ADR 0030): `ordinary.pxd` types it for Cython.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from collector.accounts import BatchAccount, Counts, label
from collector.facts.record import Digits, RecordFacts
from collector.gate import EVENT_STAMPS, ORDERLY, LinkPolicy
from collector.in_force import counts_from_first
from collector.json_text import canonical
from collector.keeping import Keeper
from collector.mask import permitted_value
from collector.minimise import Minimised
from collector.refusals import Refusals
from mediation.law.orders import CourtOrder, OrderUid, PrttDirection, Service, Target, TargetKind
from mediation.law.rules import RULE_OF
from mediation.law.verdicts import Reason, Verdict, VerdictKind, reason_mask

if TYPE_CHECKING:
    from asn1 import plain as cython
    from asn1.columns import Columns
    from collector.assembly import Assembly
    from collector.communications import Communications
    from collector.keyed_digest import KeyedDigest
    from collector.quality import LinkQuality
    from collector.rows import Rows
    from collector.stream_table import VerifyColumns
    from collector.synthetic import OpenBook
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.collector.facts.ordinary import ordinary_facts
    from cython.cimports.collector.mask import ordinary_octets
    from cython.cimports.collector.store.index_details import details_of, masked_details
    from cython.cimports.collector.stream_table import target_of
else:
    from collector.facts.ordinary import ordinary_facts
    from collector.mask import ordinary_octets
    from collector.store.index_details import details_of, masked_details
    from collector.stream_table import target_of

    _UNKNOWN, _OK = 0, 1
    _SIDE, _MASKED = 1, 1

COMPILED: Final[bool] = cython.compiled

_NO_DIGITS: Final = Digits.NONE


class Ended(NamedTuple):
    """A communication whose last IRI came; forgotten from `due_us` on."""

    due_us: int
    liid: int
    cin: int


class Kept:
    """A verdict that keeps a record, ready made: its number, its reasons' mask and names."""

    def __init__(self, kind: VerdictKind, reasons: tuple[Reason, ...]) -> None:
        self.verdict = Verdict(kind, reasons, tuple(RULE_OF[one] for one in reasons if one in RULE_OF))
        self.number = int(kind)
        self.mask = reason_mask(reasons)
        self.masked = kind is VerdictKind.MASK
        self.names = tuple(one.name for one in reasons)


_WHOLE: Final = Kept(VerdictKind.ACCEPT, (Reason.OK,))
_CONTENT: Final = Kept(VerdictKind.MASK, (Reason.SCOPE_CONTENT_ON_PRTT,))
_PLACE: Final = Kept(VerdictKind.MASK, (Reason.SCOPE_LOCATION,))
_BOTH: Final = Kept(VerdictKind.MASK, (Reason.SCOPE_CONTENT_ON_PRTT, Reason.SCOPE_LOCATION))


class Terms:
    """What an ordinary record of a LIID is held against: its only order. `slot` is the order's in every
    batch, -1 before something is kept; `account` and `counts` are those of the open batch."""

    def __init__(self, orders: tuple[CourtOrder, ...], text: str) -> None:
        order = orders[0]
        window = order.effective_window
        self.orders = orders
        self.order = order
        self.order_id: str = order.order_id
        self.text = text
        self.slot = -1
        self.uid: OrderUid = order.uid
        self.start_us = window.start_us
        self.end_us = window.end_us
        self.targets = frozenset(order.targets)
        self.metadata_only = order.kind.metadata_only
        self.services: frozenset[Service] = order.services
        self.location = order.location_authorised
        self.account: BatchAccount | None = None
        self.counts: Counts | None = None
        self.run = -1
        """When the orders were last looked at; no order changes within a run."""


def is_plain(order: CourtOrder) -> bool:
    """Whether an order asks nothing of a record beyond its time, its target and what is in it."""
    return (
        order.state in ORDERLY
        and not order.kind.exigent
        and order.direction is PrttDirection.BOTH
        and not order.trap_area
        and not counts_from_first(order)
        and all(target.kind is not TargetKind.HOST for target in order.targets)
    )


class Run:
    """What holds for all rows of one run: the open batch, the link's policy, the clock."""

    def __init__(
        self,
        batch: Assembly,
        policy: LinkPolicy,
        quality: LinkQuality,
        view: memoryview | bytes,
        number: int,
        now_us: int,
    ) -> None:
        self.batch = batch
        self.rows = batch.rows
        self.said = batch.said
        self.account = batch.account
        self.quality = quality
        self.view = view
        self.number = number
        self.now_us = now_us
        self.skew_us = policy.skew_us
        self.skew_hard_us = policy.skew_hard_us
        self.late_us = policy.late_us
        self.tells_masked = True
        """Whether the index is told of masked records; those of the US dialects it reads, as they were written."""


class Ordinary:
    """One collector's. It shares with the careful lane what is known of communications (`known`), which of them are
    open, which have `ended`, and what is refused again."""

    def __init__(
        self,
        orders_for: Callable[[str], tuple[CourtOrder, ...]],
        known: Communications,
        keeper: Keeper,
        liids: list[bytes],
        minimised: Minimised,
        book: OpenBook,
        ended: deque[Ended],
        refusals: Refusals,
        forget_us: int,
    ) -> None:
        self._orders_for = orders_for
        self._known = known
        self._keeper = keeper
        self._digest: KeyedDigest = keeper.keyed
        self._liids = liids
        self._minimised = minimised
        self._open = book
        self._ended = ended
        self._refusals = refusals
        self._forget_us = forget_us
        self._terms: dict[int, Terms] = {}
        self._runs = 0

    def judge(
        self,
        batch: Assembly,
        policy: LinkPolicy,
        quality: LinkQuality,
        view: memoryview,
        cols: Columns,
        verify: VerifyColumns,
        rows: Sequence[int],
        at: int,
        now_us: int,
    ) -> int:
        """Judges `rows[at:]`, one after the other, with everything that follows from it, up to the first that is not
        kept; the place of that one in `rows`. Of it nothing has been changed. The rows are counted by CIN."""
        self._runs += 1
        run = Run(batch, policy, quality, view, self._runs, now_us)
        end = len(rows)
        while at < end and self._judge(run, cols, verify, rows[at]):
            at += 1
        return at

    def message(
        self,
        batch: Assembly,
        policy: LinkPolicy,
        quality: LinkQuality,
        facts: RecordFacts,
        cols: Columns,
        row: int,
        octets: bytes,
        slot: int,
        now_us: int,
    ) -> Verdict | None:
        """One call-data message of a US dialect, whose facts were read and whose row is filled: the verdict of one that
        is kept. None, and nothing has been changed, of any other. It is not numbered, and how late it came is counted
        already."""
        if slot < 0 or slot & 1 or facts.event_us is None:
            return None
        self._runs += 1
        run = Run(batch, policy, quality, octets, self._runs, now_us)
        run.tells_masked = False
        liid, cin, event_us = cols.liid_view[row], cols.cin_view[row], facts.event_us
        terms = self._terms_of(liid, run.number)
        if terms is None or cin < 0 or terms.text != facts.liid:
            return None
        kept = self._kept(run, terms, facts, event_us, slot, liid, cin)
        if kept is None:
            return None
        self._follow(terms, facts.iri_type, event_us, liid, cin, now_us)
        self._keep(run, terms, facts, kept, octets, cols, row, 0)
        verdict: Verdict = kept.verdict
        return verdict

    def _kept(
        self, run: Run, terms: Terms, facts: RecordFacts, event_us: int, slot: int, liid: int, cin: int
    ) -> Kept | None:
        """How a record is kept about which nothing is in doubt, once its communication knows of it."""
        if self._minimised.any and self._minimised.mode(terms.text, cin, run.now_us) is not None:
            return None
        if facts.qualifier not in EVENT_STAMPS or not _in_time(terms, event_us, run):
            return None
        if facts.stamps_us and not _all_within(terms, facts.stamps_us):
            return None
        kept = _scope(terms, facts)
        if kept is None or not self._take_part(run.account, terms, facts, event_us, slot, liid, cin):
            return None
        return kept

    def _judge(self, run: Run, cols: Columns, verify: VerifyColumns, row: int) -> bool:
        """Whether one row was kept."""
        slot = verify.slots_view[row]
        if slot < 0 or slot & 1 or cols.status_view[row] or verify.flags_view[row] or cols.payloads_view[row] != 1:
            return False
        liid = cols.liid_view[row]
        terms = self._terms_of(liid, run.number)
        cin = cols.cin_view[row]
        if terms is None or cin < 0:
            return False
        start = cols.offset_view[row]
        record = bytes(run.view[start : start + cols.length_view[row]])
        facts = ordinary_facts(record, terms.text, run.now_us, cols.content_tag_view[row])
        if facts is None or facts.event_us is None:
            return False
        event_us = facts.event_us
        kept = self._kept(run, terms, facts, event_us, slot, liid, cin)
        if kept is None:
            return False
        cols.time_us_view[row] = event_us
        run.quality.signalling(event_us, run.now_us)
        self._follow(terms, facts.iri_type, event_us, liid, cin, run.now_us)
        self._keep(run, terms, facts, kept, record, cols, row, verify.epochs_view[row])
        return True

    def _terms_of(self, liid: int, run: int) -> Terms | None:
        """The terms of a LIID; None where more has to be looked at. Orders are compared by identity: whenever one
        changes, all are made anew."""
        terms = self._terms.get(liid)
        if terms is not None:
            if terms.run == run:
                return terms
            if self._orders_for(terms.text) is terms.orders:
                terms.run = run
                return terms
        if liid < 0:
            return None
        text = label(self._liids[liid])
        orders = self._orders_for(text)
        if len(orders) != 1 or not is_plain(orders[0]):
            self._terms.pop(liid, None)
            return None
        terms = self._terms[liid] = Terms(orders, text)
        terms.run = run
        return terms

    def _take_part(
        self, account: BatchAccount, terms: Terms, facts: RecordFacts, event_us: int, slot: int, liid: int, cin: int
    ) -> bool:
        """R-021, R-022: whether a target takes part, and what the communication's state becomes of it. Nothing has been
        changed where it does not."""
        known = self._known
        key = slot >> 1
        target = target_of(known.streams, slot)
        before = known.taking_part.get(key)
        if target != _OK:
            if target != _UNKNOWN or not facts.parties_known:
                return False
        elif before is not None and before.isdisjoint(terms.targets):
            return False
        named: frozenset[Target] | None = None
        if facts.parties_known:
            named = facts.parties & terms.targets
            if not named:
                return False
        self._remember(account, terms, facts, event_us, slot, key, liid, cin, target, before, named)
        return True

    def _remember(
        self,
        account: BatchAccount,
        terms: Terms,
        facts: RecordFacts,
        event_us: int,
        slot: int,
        key: int,
        liid: int,
        cin: int,
        target: int,
        before: frozenset[Target] | None,
        named: frozenset[Target] | None,
    ) -> None:
        """What the record says of its communication; what is refused again by the old state is forgotten."""
        known, changed = self._known, False
        if target == _UNKNOWN:
            known.streams.set_target_state(slot, _OK)
            changed = True
            if named is not None:
                known.taking_part[key] = named
        elif named is not None and before is not None and named is not before and not named <= before:
            known.taking_part[key] = before | named
            changed = True
        if facts.opens and named is not None:
            originates = not terms.targets.isdisjoint(facts.originators)
            if known.originates.get(key) is not originates:
                known.originates[key] = originates
                account.side(self._liids[liid], cin, originates)
                changed = True
        if facts.answers:
            answered_us = known.answered_us.get(key)
            if answered_us is None or answered_us > event_us:
                known.answered_us[key] = event_us
                changed = True
        if changed:
            self._refusals.forget(slot)

    def _follow(self, terms: Terms, iri_type: str | None, event_us: int, liid: int, cin: int, now_us: int) -> None:
        """Which communications are open (R-004)."""
        if iri_type == "end":
            self._open.ended(liid, cin, terms.uid, event_us)
            self._ended.append(Ended(now_us + self._forget_us, liid, cin))
        elif iri_type != "report":
            self._open.kept(liid, cin, terms.uid, event_us)

    def _keep(
        self, run: Run, terms: Terms, facts: RecordFacts, kept: Kept, record: bytes, cols: Columns, row: int, epoch: int
    ) -> None:
        """The row, its count, and what the index is told."""
        rows: Rows = run.rows
        counts = terms.counts
        if counts is None or terms.account is not run.account:
            terms.account = run.account
            counts = terms.counts = run.account.counts(terms.order.order_id, terms.order.version, terms.text)
        counts.delivered += 1
        buffer, offset, length, form = 0, cols.offset_view[row], cols.length_view[row], 0
        if kept.masked:
            side = run.batch.side
            buffer, offset, form = _SIDE, len(side), _MASKED
            side += self._masked(run, terms, facts, record)
            length = len(side) - offset
            counts.masked += 1
            for name in kept.names:
                counts.reasons[name] = counts.reasons.get(name, 0) + 1
        else:
            run.said[rows.n] = details_of(facts, cols.content_tag_view[row], False)
            counts.accepted += 1
        if terms.slot < 0:
            terms.slot = self._keeper.slot(terms.order)
        rows.append_row(
            buffer, offset, length, terms.slot, kept.number, kept.mask, run.now_us, cols.time_us_view[row],
            cols.liid_view[row], cols.cin_view[row], cols.number_view[row], max(epoch, 0), cols.kind_view[row],
            cols.content_tag_view[row], cols.direction_view[row], cols.iri_type_view[row], form,
        )  # fmt: skip

    def _masked(self, run: Run, terms: Terms, facts: RecordFacts, record: bytes) -> bytes:
        """What is kept of a masked record, which the index is told too."""
        digest = self._digest.of(record)
        if not facts.dialled and not (facts.place and terms.location):
            fields, withheld = dict(facts.permitted), list(facts.content)
            if facts.location:
                withheld.append("location")
            octets: bytes | None = ordinary_octets(
                terms.order_id, terms.text, facts.cin, facts.number, facts.payload, facts.iri_type, facts.event_us,
                fields, withheld, len(record), digest,
            )  # fmt: skip
            if octets is not None:
                if run.tells_masked:
                    run.said[run.rows.n] = masked_details(facts.payload, fields, facts.iri_type)
                return octets
        value = permitted_value(terms.order, facts, len(record), digest)
        if run.tells_masked:
            run.said[run.rows.n] = details_of(value, 0, False)
        return canonical(value)


def _in_time(terms: Terms, event_us: int, run: Run) -> bool:
    """R-002, R-096, R-098, R-099: inside the window by more than the skew, and in time by the clock."""
    ahead_us = event_us - run.now_us
    return (
        terms.start_us + run.skew_us <= event_us < terms.end_us - run.skew_us
        and ahead_us <= run.skew_us
        and ahead_us <= run.skew_hard_us
        and -ahead_us <= run.late_us
    )


def _all_within(terms: Terms, stamps_us: tuple[int, ...]) -> bool:
    """Whether times that a payload has beside the record's lie in the window too."""
    for stamp_us in stamps_us:  # noqa: SIM110  no generator: this is compiled
        if not terms.start_us <= stamp_us < terms.end_us:
            return False
    return True


def _scope(terms: Terms, facts: RecordFacts) -> Kept | None:
    """R-110 to R-117: kept whole, or masked; None where anything is refused, set apart or flagged."""
    if facts.digits is not _NO_DIGITS or facts.all_content or facts.unknown_message:
        return None
    if not terms.metadata_only:
        return None if facts.administrative or facts.service not in terms.services else _WHOLE
    hidden = facts.location and not terms.location
    if facts.content:
        return _BOTH if hidden else _CONTENT
    return _PLACE if hidden else _WHOLE
