"""The batch being put together, and its way to the store and back: adaptive group commit.

Rules. A batch goes to the store as soon as the writer is idle, else it grows, until it is as large as a commit may be;
at low rates it waits `linger_us` for company, since a sync for each single record would cost more than it brings.
A connection's position becomes durable when everything received on it up to there is: in a batch that is on disk, or
nothing that had to be kept. Nothing is acknowledged otherwise. One thread, the event loop's; the store calls back on
its writer thread and is brought over by `call_soon_threadsafe`.

Where streams are shared among collectors (ADR 0047) a batch that is on disk is not done before it is marked: until then
nothing of it is told, its memory is held, and what repeats it finds it. While one waits to be marked the next one
grows, for `HOLD_S` at most (ADR 0053): writing waits no longer for marking, whether the shared database answers or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import numpy as np

from collector.account_lines import line_of
from collector.accounts import BatchAccount, Totals
from collector.arena import Arena, ArenaPool
from collector.batch import Batch, CommitInfo, OrderRef
from collector.fleet.names import Known, Marked, Moved, StreamName
from collector.rows import Rows, Tally
from collector.store.index_details import Details
from collector.told import Told

BUSY_RECORDS: Final = 32
"""So many waiting records are company enough: 1.5 ms at 20 000 records a second."""
HOLD_S: Final = 0.02
"""How long a batch grows behind one that is not marked yet: twice as long as a turn of marking (`fleet.keeper`)."""
ROW_OVERHEAD_OCTETS: Final = 128
SHARED_ROW_OCTETS: Final = 256
"""The same where the account also says which streams were moved: each row may be of another."""
ROWS: Final = 1024
SPARE_ROWS: Final = 8
"""Row buffers kept for the next batches."""


class BatchSink(Protocol):
    """What of the store is needed here."""

    def submit(self, batch: Batch) -> None: ...


class Source(Protocol):
    """A connection: `outstanding` batches hold something of it; `durable` says how far it may acknowledge. `lost`: as
    far as that all is durable or need not be, but for what another collector is to have again."""

    outstanding: int

    def durable(self, position: int) -> None: ...

    def lost(self, position: int) -> None: ...


class Part(Protocol):
    """What of a batch other collectors must know."""

    @property
    def moved(self) -> tuple[Moved, ...]: ...

    @property
    def known(self) -> tuple[Known, ...]: ...

    @property
    def made(self) -> tuple[tuple[int, StreamName], ...]: ...


P = TypeVar("P", bound=Part)


class Stage(Protocol[P]):
    """What a batch goes through between durable and done, where streams are shared (`collector.fleet.stage`)."""

    def part(self, rows: Rows, account: BatchAccount) -> P: ...

    def mark(self, number: int, info: CommitInfo, part: P, done: Callable[[Marked], None]) -> None: ...

    def void(self, rows: Rows, info: CommitInfo, part: P, marked: Marked) -> dict[str, Any] | None: ...

    def apply(self, part: P, marked: Marked) -> None: ...


class OrderSlots:
    """A number for every order version that records were attributed to; `Rows.order` while a batch is open."""

    def __init__(self) -> None:
        self._slots: dict[tuple[str, int], int] = {}
        self.refs: list[OrderRef] = []
        self.liids: list[str] = []
        self.lines: list[bytes] = []
        """What each says of itself in a batch's account."""

    def slot(self, ref: OrderRef, liid: str) -> int:
        found = self._slots.setdefault((ref.order_id, ref.version), len(self.refs))
        if found == len(self.refs):
            self.refs.append(ref)
            self.liids.append(liid)
            self.lines.append(line_of(ref.order_id, ref.version, liid))
        return found


@dataclass(slots=True, eq=False)
class _Ticket:
    """A batch on its way. `part`: what of it other collectors must know."""

    number: int
    arena: Arena | None
    rows: Rows
    side: bytearray
    blob: dict[str, Any]
    bulk: list[tuple[int, int]]
    """Slots and records accepted of them, of which the blob says nothing."""
    records: int
    positions: dict[Source, int] = field(default_factory=dict)
    part: Any = None


class Assembly:
    """`limit_octets`: what a batch may take on disk. `on_room` hears that an arena came free, `on_commit` of every
    durable batch, `on_failure` when the store takes no more."""

    def __init__(
        self,
        sink: BatchSink,
        pool: ArenaPool,
        slots: OrderSlots,
        liids: list[bytes],
        totals: Totals,
        *,
        limit_octets: int,
        linger_us: int,
        on_room: Callable[[], None],
        on_commit: Callable[[CommitInfo, dict[str, Any]], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._sink = sink
        self.pool = pool
        self.slots = slots
        self._liids = liids
        self.totals = totals
        self._limit_octets = limit_octets
        self._linger_s = linger_us / 1e6
        self._on_room = on_room
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._spare: list[Rows] = []
        self._timer: asyncio.Handle | None = None
        self._next_number = 0
        self._positions: dict[Source, int] = {}
        self.tally = Tally()
        """Records of the bulk lane in the open batch, by order slot."""
        self.arena: Arena | None = None
        self._flying: list[_Ticket] = []
        self._flying_records = 0
        self.stage: Stage[Any] | None = None
        """Set before the first record, where streams are shared."""
        self._unmarked: list[_Ticket] = []
        self.told = Told()
        """What the rows of signalling say, for the index."""
        self.stopped = False
        self._begin()

    def _begin(self) -> None:
        self.rows = self._spare.pop() if self._spare else Rows(ROWS)
        self.side = bytearray()
        self.said: dict[int, Details] = {}
        """By row."""
        self.account = BatchAccount()
        self._scanned_octets = 0

    @property
    def in_flight(self) -> int:
        """Batches handed over and not durable yet."""
        return len(self._flying)

    @property
    def unmarked(self) -> int:
        """Batches that are durable and not marked yet."""
        return len(self._unmarked)

    @property
    def pending_records(self) -> int:
        """Records judged and not durable, or not marked, yet."""
        return self.account.delivered + self._flying_records

    @property
    def newest_number(self) -> int:
        """The number of the newest batch that holds anything; durable once the totals have it."""
        return self._next_number - (1 if self.account.empty and not self.rows.n else 0)

    def number_from(self, number: int) -> None:
        """Behind a recovery: the next batch's number."""
        self._next_number = number

    # Filling

    def reserve(self, octets: int) -> Arena | None:
        """The arena to receive into, with at least `octets` of room; None when the pool is empty."""
        arena = self.arena
        if arena is not None:
            if arena.room >= octets:
                return arena
            # Rows of one batch point into one arena.
            self.flush()
            self.pool.drop(arena)
        self.arena = self.pool.take()
        return self.arena

    def scanned(self, source: Source, position: int, octets: int, records: int) -> None:
        """A piece of `source` up to `position` has been judged: `records` delivered in `octets`."""
        self._positions[source] = position
        self.account.delivered += records
        self._scanned_octets += octets
        if self._estimate() >= self._limit_octets:
            self.flush()

    def _estimate(self) -> int:
        account = self.account
        row_octets = ROW_OVERHEAD_OCTETS if self.stage is None else SHARED_ROW_OCTETS
        return self._scanned_octets + row_octets * self.rows.n + len(self.side) + account.octets

    # Handing over

    def touch(self) -> None:
        """Something came in: see that it goes on its way in time."""
        if self.in_flight or self.stopped:
            return
        if self._unmarked:
            if self._timer is None:
                self._timer = self._loop.call_later(HOLD_S, self._due)
            return
        busy = self.account.delivered >= BUSY_RECORDS or not self._linger_s
        if busy:
            # The company that it waited for has come.
            self._wait_no_longer()
        if self._timer is not None:
            return
        if busy:
            # Not at once: other connections that are ready in this turn of the loop join.
            self._timer = self._loop.call_soon(self._due)
        else:
            self._timer = self._loop.call_later(self._linger_s, self._due)

    def _wait_no_longer(self) -> None:
        if isinstance(self._timer, asyncio.TimerHandle):
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        self.flush()

    def flush(self) -> None:
        """Hand over what there is. Raises LocalError when it does not balance."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.stopped:
            return
        if self.account.empty and not self.rows.n:
            self._settle()
            return
        refs, liids, lines = self.slots.refs, self.slots.liids, self.slots.lines
        bulk = self.tally.take()
        if self.account.of_bulk_alone:
            self.account.bulk_lines([(records, lines[slot]) for slot, records in bulk])
        else:
            named = [(refs[slot], slot, records) for slot, records in bulk]
            bulk = [
                (slot, records)
                for ref, slot, records in named
                if self.account.bulk(ref.order_id, ref.version, liids[slot], records, lines[slot])
            ]
        part = None
        if self.stage is not None:
            part = self.stage.part(self.rows, self.account)
            account = self.account
            account.moved, account.known, account.closes = part.moved, part.known, part.made
        blob, record = self.account.close(self._next_number, self.rows.n)
        orders = tuple(refs[slot] for slot in self.rows.gather_orders(len(refs)))
        if self.said:
            self.told.put(self._next_number, self.rows.n, self._in_frame())
        arena = self.arena
        ticket = _Ticket(
            self._next_number, arena, self.rows, self.side, blob, bulk, self.account.delivered, self._positions, part
        )
        batch = Batch(
            self.rows,
            (memoryview(b"") if arena is None else arena.view, memoryview(self.side)),
            orders,
            self._liids.__getitem__,
            record,
            partial(self._from_writer, ticket),
        )
        for source in self._positions:
            source.outstanding += 1
        self._next_number += 1
        self._positions = {}
        if arena is not None:
            self.pool.hold(arena)
        self._flying.append(ticket)
        self._flying_records += ticket.records
        self._begin()
        try:
            self._sink.submit(batch)
        except Exception as error:
            self.stopped = True
            self._on_failure(str(error))

    def _in_frame(self) -> dict[int, Details]:
        """What rows say by their place in the frame: the store puts the rows of an order together."""
        column = np.asarray(self.rows.order)[: self.rows.n]
        places = np.empty(len(column), np.int64)
        places[np.argsort(column, kind="stable")] = np.arange(len(column))
        at = places[np.fromiter(self.said, np.int64, len(self.said))].tolist()
        return dict(zip(at, self.said.values(), strict=True))

    def _settle(self) -> None:
        """Nothing of the open batch must be kept: positions with nothing on its way are durable as they are."""
        for source in [one for one in self._positions if not one.outstanding]:
            source.durable(self._positions.pop(source))

    def _from_writer(self, ticket: _Ticket, info: CommitInfo) -> None:
        # The loop is closed when a failed collector is being torn down; nobody is to be told then.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._durable, ticket, info)

    def _durable(self, ticket: _Ticket, info: CommitInfo) -> None:
        self._flying.remove(ticket)
        if self.stage is not None:
            self._unmarked.append(ticket)
            self.stage.mark(ticket.number, info, ticket.part, partial(self._marked, ticket, info))
            self._next()
            return
        freed = self._done(ticket, info, None)
        self._next()
        if freed:
            self._on_room()

    def _marked(self, ticket: _Ticket, info: CommitInfo, marked: Marked) -> None:
        """The others agree, or have taken something of it."""
        if self.stopped:
            return
        assert self.stage is not None
        if marked.lost:
            # What was judged under the token that is lost goes under it, and is voided when its turn comes.
            self.flush()
        voided = None
        if marked.lost or marked.twice:
            voided = self.stage.void(ticket.rows, info, ticket.part, marked)
        self.stage.apply(ticket.part, marked)
        self._unmarked.remove(ticket)
        if not self._unmarked:
            self._wait_no_longer()
        freed = self._done(ticket, info, marked)
        if voided is not None:
            self.totals.apply(voided)
        self._next()
        if freed:
            self._on_room()

    def _done(self, ticket: _Ticket, info: CommitInfo, marked: Marked | None) -> bool:
        """Everybody may know; whether an arena came free."""
        self._flying_records -= ticket.records
        self.totals.apply(ticket.blob)
        refs, liids = self.slots.refs, self.slots.liids
        self.totals.accepted([(refs[slot].order_id, liids[slot], records) for slot, records in ticket.bulk])
        freed = ticket.arena is not None and self.pool.drop(ticket.arena)
        if len(self._spare) < SPARE_ROWS:
            ticket.rows.clear()
            self._spare.append(ticket.rows)
        lost = marked is not None and bool(marked.lost)
        for source, position in ticket.positions.items():
            source.outstanding -= 1
            if lost:
                source.lost(position)
            else:
                source.durable(position)
        self._on_commit(info, ticket.blob)
        return freed

    def _next(self) -> None:
        """The writer may be idle."""
        if self.account.empty:
            self._settle()
        else:
            self.touch()

    def find(self, liid: int, cin: int, kind: int, epoch: int, number: int) -> tuple[int, bytes] | None:
        """Form and octets of a record that is kept and under way (R-093); None when it is not here."""
        open_arena = None if self.arena is None else self.arena.view
        under_way = (*self._flying, *self._unmarked)
        flying = ((one.rows, None if one.arena is None else one.arena.view, one.side) for one in under_way)
        for rows, arena, side in ((self.rows, open_arena, self.side), *flying):
            for row in (rows.number[: rows.n] == number).nonzero()[0].tolist():
                here = (rows.liid[row], rows.cin[row], rows.kind[row], rows.epoch[row])
                buffer = side if rows.buffer[row] else arena
                if here == (liid, cin, kind, epoch) and buffer is not None:
                    start = rows.offset[row]
                    return int(rows.form[row]), bytes(memoryview(buffer)[start : start + int(rows.length[row])])
        return None

    def forget(self, source: Source) -> None:
        """A closed connection wants no more news."""
        self._positions.pop(source, None)
