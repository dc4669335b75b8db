"""From received octets to judged rows: scan, verify, column gate, then the two lanes (docs/adr/0007-two-lanes.md).

Rules. One scan decides framing and header for both lanes; where a link's records are ciphered, what is inside of a
record takes the place of what it came in. What the column gate calls BULK is accepted without becoming
a Python object; every other row goes through the careful lane, in the order received. Each row of a piece is a TRI for
the connection's session or gets exactly one verdict. Where streams are shared among collectors (ADR 0047), a record
whose stream is not claimed is not judged, nor anything behind it: the piece ends before it, and says what to claim for
the rest. Streams of LIIDs without an order are nobody's: their records are refused wherever they come in. Nothing here
opens, writes or waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

import numpy as np

from asn1.columns import KIND_CC, KIND_IRI, KIND_TRI, Columns, LiidTable
from asn1.errors import DecodeError, LocalError
from asn1.scan import scan
from collector.accounts import label
from collector.assembly import Assembly, OrderSlots, Source
from collector.careful import CarefulLane
from collector.deciphering import Opened
from collector.fleet.names import StreamName
from collector.gate import LinkPolicy, bulk_terms
from collector.gate_columns import CAREFUL, GateLimits, Lane, OrderColumns, gate_columns
from collector.intake import Pass, Tables, take
from collector.keeping import order_ref
from collector.laes.terms import LaesTerms
from collector.link_guard import LinkGuard
from collector.link_handover import LinkHandover
from collector.order_watch import NEVER_US
from collector.quality import LinkQuality
from collector.refused_columns import NO_POLICY
from collector.stream_table import StreamTable, VerifyColumns, unclaimed_rows, verify_columns
from mediation.law.orders import CourtOrder, Target
from mediation.law.verdicts import Reason, VerdictKind, reason_mask

_OK: Final = reason_mask((Reason.OK,))
MAX_WANTED: Final = 4096
"""Streams asked for at once; those of the records behind are asked for when it is their turn."""


@dataclass(slots=True)
class LinkState:
    """One link as the pipeline sees it, and what came in on it since the start. `errors` by code. `laes`: of a link of
    a US dialect, which has lanes of its own (`collector.laes`); `recorder`: of covert recorders
    (`collector.recorder`)."""

    name: str
    policy: LinkPolicy
    limits: GateLimits
    max_record_octets: int
    connections: int = 0
    octets: int = 0
    records: int = 0
    bulk: int = 0
    tri: int = 0
    accepted_connections: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    laes: LaesTerms | None = None
    recorder: bool = False
    guard: LinkGuard = field(default_factory=LinkGuard)
    handover: LinkHandover = field(default_factory=LinkHandover)
    quality: LinkQuality = field(default_factory=LinkQuality)


class Peer(Source, Protocol):
    """A connection: takes the TRI records that ended at `position` octets of it."""

    def tri(self, octets: bytes, position: int) -> None: ...


class Fed(NamedTuple):
    """`end`: where the first record starts that is not there whole. `fatal`: a code when framing is lost. `skip`:
    octets of an oversized record that are still to come and to be thrown away. `wanted`: where it ended before a record
    whose stream is not claimed, the streams to claim before the rest is fed again."""

    end: int
    fatal: str | None
    skip: int
    wanted: tuple[StreamName, ...] = ()


class Pipeline:
    """`capacity`: rows scanned in one piece. `liids` and `octets` belong together: id to octets. From `due_us` on
    `on_due` is called before anything more is judged: what an instant changes holds for the first record behind it."""

    def __init__(
        self,
        liids: LiidTable,
        octets: list[bytes],
        streams: StreamTable,
        slots: OrderSlots,
        careful: CarefulLane,
        assembly: Assembly,
        *,
        capacity: int,
        now_us: Callable[[], int],
    ) -> None:
        self._liids = liids
        self._octets = octets
        self._streams = streams
        self._slots = slots
        self._careful = careful
        self._assembly = assembly
        self._now_us = now_us
        self.due_us = NEVER_US
        self.on_due: Callable[[int], None] = lambda now_us: None
        self._orders = OrderColumns()
        self._known: set[int] = set()
        self._targets: dict[str, set[Target]] = {}
        self._cols = Columns(capacity)
        self._verify = VerifyColumns(capacity)
        self._lane = Lane(capacity)
        self._pass = Pass(self._cols, self._verify)
        self._tables = Tables(liids, streams, self._orders, careful.refused_again)
        self._tris = 0
        self._unclaimed = False
        self._ahead = Columns(capacity) if streams.shared else self._cols

    def refresh(self, orders: tuple[CourtOrder, ...], careful: frozenset[str] = frozenset()) -> None:
        """The orders have changed: tell the bulk lane. It serves a LIID only where exactly one order takes content, and
        names every target that any order on the LIID names or named: a communication's state does not say which of
        them takes part. Those in `careful` not at all."""
        terms: dict[str, list[tuple[CourtOrder, tuple[int, int, int]]]] = {}
        for order in orders:
            self._targets.setdefault(order.liid, set()).update(order.targets)
            found = bulk_terms(order)
            if found is not None:
                terms.setdefault(order.liid, []).append((order, found))
        for liid_id in self._known:
            self._orders.clear(liid_id)
        self._known.clear()
        for liid, candidates in terms.items():
            if len(candidates) != 1 or liid in careful:
                continue
            order, (start_us, end_us, tags) = candidates[0]
            if not self._targets[liid] <= set(order.targets):
                continue
            try:
                liid_id = self._liids.intern(liid.encode("ascii"))
                slot = self._slots.slot(order_ref(order), order.liid)
                self._orders.set(liid_id, True, max(start_us, 0), end_us, tags, slot)
            except (DecodeError, LocalError, UnicodeEncodeError):
                # A LIID or a window that the columns cannot hold: its records take the careful lane.
                continue
            self._known.add(liid_id)
        self._careful.orders_changed()
        self.learn()

    def feed(self, link: LinkState, peer: Peer, view: memoryview, start: int, stop: int, position: int) -> Fed:
        """Judge the whole records of `view[start:stop]`; `position` is how many octets of the connection lie before."""
        cols, handover = self._cols, link.handover
        at = start
        self.come_due()
        # Where all records of a piece are looked at beside the gate, they are needed as columns, all of them.
        piece = self._taken if handover.opener is None and handover.integrity is None else self._scanned
        while True:
            end, records = piece(link, peer, view, at, stop, position - start)
            if records:
                self._assembly.scanned(peer, position + end - start, end - at, records - self._tris)
            if cols.fatal:
                return Fed(end, DecodeError.CODES[cols.fatal - 1], 0)
            if self._unclaimed:
                wanted = self._wanted(view, end, stop, link)
                if wanted:
                    return Fed(end, None, 0, wanted)
                at = end
                continue
            if records < cols.capacity or end >= stop:
                return Fed(end, None, cols.skip)
            at = end

    def _wanted(self, view: memoryview, start: int, stop: int, link: LinkState) -> tuple[StreamName, ...]:
        """What to claim for the records of `view[start:stop]`, whose first is one of those that wait. Nothing where
        all of them are nobody's, which is noted: then it goes on at once."""
        ahead, careful = self._ahead, self._careful
        scan(view, start, stop, ahead, self._liids, link.max_record_octets)
        self.learn()
        found: dict[StreamName, None] = {}
        for row in unclaimed_rows(ahead, self._streams, link.handover.opener is not None):
            liid_id, cin = ahead.liid[row], ahead.cin[row]
            liid = self._octets[liid_id]
            if not careful.orders.orders_for(label(liid)):
                careful.stranger(liid_id, cin)
                continue
            kinds = (ahead.kind[row],) if ahead.kind[row] in (KIND_IRI, KIND_CC) else (KIND_IRI, KIND_CC)
            for kind in kinds:
                found[StreamName(liid, cin, kind)] = None
            if len(found) >= MAX_WANTED:
                break
        return tuple(found)

    def come_due(self) -> None:
        """What an instant changes is done before anything behind it is judged."""
        if self._now_us() >= self.due_us:
            self.on_due(self._now_us())

    def learn(self) -> None:
        """Octets of LIIDs met for the first time, for this thread and for the writer's."""
        for liid_id in range(len(self._octets), len(self._liids)):
            self._octets.append(self._liids.octets(liid_id))

    def _taken(
        self, link: LinkState, peer: Peer, view: memoryview, start: int, stop: int, shift: int
    ) -> tuple[int, int]:
        """One pass; where it ended and how many records it met. `shift` turns offsets into positions on the
        connection."""
        cols, batch, now_us = self._cols, self._assembly, self._now_us()
        handover = link.handover
        # Where records are counted by LIID, belong together, or must be looked at in their order, none is refused again
        # without a look.
        ordered = handover.by_liid or len(handover.segments) or link.guard.mismatches
        policy = NO_POLICY if ordered else self._careful.policy_number(link.policy)
        end = take(
            view, start, stop, link.max_record_octets, self._tables, handover.by_liid, policy, now_us, link.limits,
            self._pass, batch.rows, batch.tally, VerdictKind.ACCEPT, _OK,
        )  # fmt: skip
        bulk, refused, self._unclaimed = self._pass.bulk, self._pass.refused, self._pass.unclaimed
        records = cols.n + bulk + refused
        if refused:
            self._careful.count_again(view)
        if records:
            self.learn()
            link.records += records
            link.bulk += bulk
            self._judge(link, peer, view, shift, range(cols.n), self._pass.before, bulk, {}, now_us)
        if refused and not cols.n:
            self._careful.end_piece(batch)
        return end, records

    def _scanned(
        self, link: LinkState, peer: Peer, view: memoryview, start: int, stop: int, shift: int
    ) -> tuple[int, int]:
        """The same in steps, for a link whose records are deciphered, or checked for integrity."""
        cols, verify, lane, batch = self._cols, self._verify, self._lane, self._assembly
        end = scan(view, start, stop, cols, self._liids, link.max_record_octets)
        self._unclaimed = False
        if self._streams.shared:
            waiting = unclaimed_rows(cols, self._streams, link.handover.opener is not None)
            if waiting:
                # Before anything is opened: what opens it counts octets.
                end = cols.offset[waiting[0]]
                scan(view, start, end, cols, self._liids, link.max_record_octets)
                self._unclaimed = True
        if not cols.n:
            return end, 0
        self.learn()
        now_us = self._now_us()
        handover = link.handover
        opener = handover.opener
        opened = {} if opener is None else opener.open(view, cols, self._liids, link.max_record_octets, link.errors)
        verify_columns(cols, self._streams, verify, handover.by_liid)
        handover.records(self._octets, cols, verify, view, opened)
        bulk = gate_columns(cols, verify, self._orders, self._streams, now_us, link.limits, lane)
        batch.tally.reserve(self._orders.slots)
        batch.rows.append_lane(cols, lane, verify, batch.tally, 0, now_us, VerdictKind.ACCEPT, _OK)
        link.records += cols.n
        link.bulk += bulk
        careful = np.flatnonzero(np.frombuffer(lane.rows, np.int8)[: cols.n] == CAREFUL).tolist()
        before = {row: row - index for index, row in enumerate(careful)}
        self._judge(link, peer, view, shift, careful, before, bulk, opened, now_us)
        return end, cols.n

    def _judge(
        self,
        link: LinkState,
        peer: Peer,
        view: memoryview,
        shift: int,
        rows: Sequence[int],
        before: Mapping[int, int] | Sequence[int],
        bulk: int,
        opened: dict[int, Opened],
        now_us: int,
    ) -> None:
        """The rows that are not BULK, in their order; `before` says how many BULK records came before each."""
        cols, verify, batch = self._cols, self._verify, self._assembly
        careful, guard, handover = self._careful, link.guard, link.handover
        self._tris = seen = at = 0
        plain = not opened and not handover.by_liid
        while at < len(rows):
            if plain:
                first = at
                at = careful.ordinary.judge(batch, link.policy, link.quality, view, cols, verify, rows, at, now_us)
                if at > first:
                    # All of them have their target.
                    guard.accepted()
                    seen = before[rows[at - 1]]
                    continue
            row = rows[at]
            at += 1
            if before[row] > seen:
                guard.accepted()
                seen = before[row]
            if cols.kind[row] == KIND_TRI and not cols.status[row]:
                offset, octets = cols.offset[row], cols.length[row]
                self._tris += 1
                careful.tri(batch, handover, cols, verify, row)
                inside = opened.get(row)
                record = bytes(view[offset : offset + octets]) if inside is None else inside.octets
                peer.tri(record, shift + offset + octets)
                continue
            judged = careful.judge(
                batch, link.policy, link.quality, handover, view, cols, verify, row, opened.get(row), now_us
            )
            guard.judged(judged.verdict)
            if judged.code is not None:
                link.errors[judged.code] += 1
        if bulk > seen:
            guard.accepted()
        link.tri += self._tris
        if rows:
            careful.end_piece(batch)
