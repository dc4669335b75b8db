"""The record store: one writer, first in first out, capacity never exceeded, durable before anybody is told.

Rules. `submit` may be called from any thread; one writer thread takes all batches that wait, writes one unit (their
data frames and one commit frame) and syncs once, then calls `on_durable`. A write or sync that fails is never retried:
the store is FAILED, nothing more is acknowledged, `on_failure` is told. When the segments are used up, exactly the
oldest one goes, so the store is never full (R-161): its notice is committed first, in room kept free for it, its
verdict records are copied to the audit log, then its file is used again under the next generation. Nothing else ever
leaves, no audit entry, seal or manifest among it (R-142), and nothing is ever changed (R-091, R-141, R-167): no method
takes a record's name to remove or replace it. What is not safe to lose is named in the audit
log before it goes (R-143), or holds up everything until it is, where `block_unsafe_evict` says so.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from asn1.errors import LocalError
from collector.batch import Batch, CommitInfo
from collector.rows import FORM_NOTICE
from collector.standing import Entry, Standings
from collector.store import frames
from collector.store.capacity import Rate, check_fits
from collector.store.decisions import DecisionBatch, DecisionBook, carrying_batch, decision_batch
from collector.store.eviction import Contents, Leaving, unsafe_entries
from collector.store.files import Files, RealFiles, write_all
from collector.store.framing import FramePlan, Framer, plan_frame
from collector.store.fresh import FramePlace, FreshUnit
from collector.store.gauge import Gauge, StoreError
from collector.store.keys import Keys
from collector.store.lock import lock_directory
from collector.store.pack import envelope
from collector.store.pin import check_own_pin, check_pin, pinned_size, read_pin, write_pin
from collector.store.reader import Wanted
from collector.store.recovery import SegmentState, chain_line, recover
from collector.store.sealing import TAG_OCTETS
from collector.store.settings import (
    AHEAD_TIMES,
    BLOCKED_POLL_S,
    CARRY_SHARE,
    CLOCK_STEP_US,
    GROUP_OCTETS,
    MAX_CARRY_OCTETS,
    MIN_SEGMENT_OCTETS,
    NOTICE_ROOM_OCTETS,
    PIN_AFTER_S,
    StoreConfig,
    StoreHooks,
)
from collector.store.trouble import not_opened, stopped
from collector.store.unit_buffer import UnitBuffer
from collector.store.voiding import VoidBatch, find, void_batch, voids_of
from collector.store.walk import NO_ORDER, Unit
from collector.voids import Range, Voids, VoidSum, Why, merged_ranges
from mediation.law.verdicts import VerdictKind
from mediation.ledger.checkpoint import Checkpoint
from mediation.ledger.kernel import CompactRange, leaf_hash

__all__ = ["Store", "StoreConfig", "StoreHooks"]


class _ClosedWhileBlocked(Exception):  # noqa: N818  not an error: the writer thread's way out
    """The store is to close, and what waits cannot be stored."""


class Store:
    """Opened with `Store.open`; every public method may be called from any thread."""

    def __init__(self, directory: Path, config: StoreConfig, keys: Keys, hooks: StoreHooks, files: Files) -> None:
        self.directory = directory
        self.config = config
        self._keys = keys
        self._hooks = hooks
        self._files = files
        self._signer = keys.signer(config.origin)
        self._condition = threading.Condition()
        self._waiting: deque[Batch] = deque()
        self._pending_octets = 0
        self._writing = False
        self._closing = False
        self.failed: str | None = None
        self._lock_descriptor = lock_directory(directory)
        self._segments: list[SegmentState] = []
        self._tree = CompactRange()
        self._chain = bytes(32)
        self._next_commit = 0
        self._notice_chain = bytes(32)
        self._evicted = 0
        self._descriptor = -1
        self._next_path: Path | None = None
        """Of the segment that a new file is made for next; None when a file is used again."""
        self._end = 0
        self._last_note = ""
        self._pinned = ""
        self._pin_text = ""
        self._last_us = 0
        self._rate = Rate()
        self._carry_octets = min(config.segment_octets // CARRY_SHARE, MAX_CARRY_OCTETS)
        self._decisions = DecisionBook(self._carry_octets - 2 * frames.BLOCK)
        self.block_unsafe_evict = config.block_unsafe_evict
        """R-143; may be set while running."""
        self.blocked: str | None = None
        """A sentence while nothing is stored because what would go is not safe to lose."""
        self._buffer = UnitBuffer()
        self._leaving = Leaving(hooks.summarise)
        self._framer = Framer(keys, config.encryption)
        self._void_lock = threading.Lock()
        """Nobody voids a record twice."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    @classmethod
    def open(
        cls, directory: Path, config: StoreConfig, keys: Keys, hooks: StoreHooks, files: Files | None = None
    ) -> Store:
        """Recover and start the writer. Raises StoreError (exit 3) or IntegrityError (exit 4), saying what to do."""
        if config.segment_octets < MIN_SEGMENT_OCTETS or config.slots < 2:
            raise StoreError(
                f"A store needs room for two segments of at least {MIN_SEGMENT_OCTETS} octets; configured are "
                f"{config.capacity_octets} octets in segments of {config.segment_octets}. Raise capacity_octets."
            )
        try:
            directory.mkdir(parents=True, exist_ok=True)
            store = cls(directory, config, keys, hooks, files or RealFiles())
        except OSError as error:
            raise StoreError(not_opened(directory, error)) from error
        try:
            store._recover()
        except OSError as error:
            store._unlock()
            raise StoreError(not_opened(directory, error)) from error
        except Exception:
            store._unlock()
            raise
        store._thread.start()
        return store

    def submit(self, batch: Batch) -> None:
        """Queue a batch. Raises StoreError when the store has failed or closed, LocalError when it can never fit."""
        octets = batch.octets
        room = self.config.segment_octets - frames.BLOCK - NOTICE_ROOM_OCTETS - self._carry_octets
        if octets + frames.BLOCK > room:
            raise LocalError(f"a batch of {octets} octets does not fit a segment's {room}; submit smaller ones")
        with self._condition:
            if self.failed is not None:
                raise StoreError(self.failed)
            if self._closing:
                raise StoreError("The store is closed.")
            self._waiting.append(batch)
            self._pending_octets += octets
            self._condition.notify()

    def stand(self, entries: Sequence[Entry], on_durable: Callable[[CommitInfo], None] = lambda info: None) -> None:
        """Queue decisions about stored records (`standing.py`), one signed leaf each; in force when durable. As
        `submit`, and RefusedError when the store could not carry them for as long as they are in force."""
        batch = decision_batch(entries, self._hooks.now_us(), on_durable)
        with self._condition:
            self._decisions.expect(batch.entries, self._segments[0].header.first_sequence if self._segments else 0)
        self.submit(batch)

    def void(
        self, ranges: Sequence[Range], why: Why, shard: str, on_durable: Callable[[CommitInfo], None]
    ) -> tuple[VoidSum, ...]:
        """Queue the void of durable records (`collector.voids`; sequences, both ends included, in any order): signed
        leaves, in force when durable, never taken back. Returns what the records were, segment by segment. What is
        voided already or was evicted is left out of it; where nothing is left, nothing is written, and `on_durable` is
        not called. `shard` is who may have them, "" where nobody knows. As `submit`, and LocalError for records that
        are not durable yet, or that no peer sent. The records' columns are read from disk on the caller's thread."""
        with self._void_lock:
            segments = tuple(self._segments)
            oldest = segments[0].header.first_sequence if segments else 0
            wanted = [(max(first, oldest), last) for first, last in merged_ranges(ranges) if last >= oldest]
            if wanted and wanted[-1][1] >= (segments[-1].next_sequence if segments else 0):
                raise LocalError(f"record {wanted[-1][1]} is to be voided and is not durable yet")
            left = self._decisions.not_voided(wanted)
            if not left:
                return ()
            now_us = self._hooks.now_us()
            voids = voids_of([(one.path, one.header) for one in segments], left, shard, why, now_us)
            self.submit(void_batch(voids, now_us, on_durable))
            self._decisions.expect_voids(voids)
        return tuple(one for void in voids for one in void.sums)

    def find(self, first: int, last: int, wanted: Wanted) -> tuple[Range, ...]:
        """The durable records of `[first, last]` that `wanted` selects by their columns, for who voids them
        (`voiding.of_streams`; `CommitInfo` has a commit's first record and where it ends). Read from disk on the
        caller's thread. Raises LocalError for records that are not there."""
        return find([(one.path, one.header) for one in tuple(self._segments)], first, last, wanted)

    @property
    def voids(self) -> Voids:
        """Records that are voided, durably."""
        return self._decisions.standings.voids

    @property
    def standings(self) -> Standings:
        """The decisions that are durable."""
        return self._decisions.standings

    @property
    def pending_octets(self) -> int:
        """Octets of batches that are submitted and not durable yet."""
        return self._pending_octets

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being written."""
        return not self._waiting and not self._writing

    @property
    def size(self) -> int:
        """Records ever stored: the size of the tree, and the next sequence number."""
        return self._tree.size

    @property
    def last_note(self) -> str:
        """The newest signed checkpoint; empty before the first commit."""
        return self._last_note

    def segments(self) -> tuple[SegmentState, ...]:
        """All there are, oldest first, as of now."""
        return tuple(self._segments)

    def gauge(self) -> Gauge:
        segments = tuple(self._segments)
        octets = sum(one.header.segment_octets for one in segments)
        used = sum(one.data_end for one in segments[:-1]) + self._end
        oldest = segments[0].header.first_sequence if segments else 0
        capacity, size = self.config.capacity_octets, self.config.segment_octets
        room = (capacity - octets) // size * size + (size - self._end if segments else 0)
        per_s = self._rate.per_s(self._hooks.now_us())
        until_s = room / per_s if per_s > 0 else None
        return Gauge(octets, used, capacity, oldest, self._tree.size, self._evicted, len(segments), per_s, until_s)

    def close(self) -> None:
        """Write what waits, then stop."""
        with self._condition:
            if self._closing:
                return
            self._closing = True
            self._condition.notify()
        self._thread.join()
        self._files.expect_nothing()
        self._leaving.drop()
        if self._descriptor >= 0:
            self._files.close(self._descriptor)
            self._descriptor = -1
        self._unlock()

    # Recovery

    def _recover(self) -> None:
        durable = 0 if self.config.pin is None else pinned_size(self.config.pin)
        found = recover(self.directory, self.config.origin, self._keys, durable)
        check_fits(self.directory, self.config, tuple(one.header.segment_octets for one in found.segments))
        for path in self.directory.glob("seg-*.tmp"):
            path.unlink()
        self._segments = list(found.segments)
        self._tree, self._chain, self._next_commit = found.tree, found.chain, found.next_commit
        self._evicted, self._notice_chain, self._last_us = found.evicted, found.notice_chain, found.last_us
        for leaf, one in found.standings:
            self._decisions.add(leaf, one)
        for void in found.voids:
            self._decisions.voided(void)
        self._decisions.forget_voids(found.evicted)
        if self.config.pin is not None:
            check_pin(self.config.pin, self.config.origin, self._keys.trust, self._tree)
            self._pin_text = read_pin(self.config.pin)
        if found.segments:
            newest = found.segments[-1]
            self._descriptor = self._files.open(newest.path)
            self._end = newest.data_end
            self._next_path = self._expected_path()
            if found.discarded_at is not None:
                self._cut(found.discarded_at, newest)
        if found.torn:
            # The notice of that file's segment is committed; what was left to do is using the file again.
            found.torn[0].unlink()
        if self._tree.size or self._next_commit:
            self._last_note = self._note()

    def _cut(self, at: int, newest: SegmentState) -> None:
        """Blank a unit that was never finished, so that it can never be taken for one."""
        step = 1 << 20
        blank = self._buffer.reserve(step)
        blank[:step] = bytes(step)
        offset = at
        while offset < newest.header.segment_octets:
            octets = min(step, newest.header.segment_octets - offset)
            write_all(self._files, self._descriptor, blank[:octets], offset)
            offset += octets
        self._files.sync(self._descriptor)
        self._hooks.audit("store_tail_cut", {"segment": newest.path.name, "offset": at})
        self._hooks.settle()

    def _unlock(self) -> None:
        if self._lock_descriptor >= 0:
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    # The writer thread

    def _run(self) -> None:
        try:
            self._carry()
            while (batches := self._take()) is not None:
                self._commit(batches)
            self._write_pin()
        except _ClosedWhileBlocked:
            # What waits was never acknowledged: it comes again.
            self._write_pin()
        except (OSError, LocalError) as error:
            self._fail(stopped(self.directory, error))

    def _take(self) -> list[Batch] | None:
        with self._condition:
            self._writing = False
            while not self._waiting:
                if self._closing:
                    return None
                unpinned = self._pinned != self._last_note
                if not self._condition.wait(PIN_AFTER_S if unpinned else None) and unpinned:
                    self._write_pin()
            batches = [self._waiting.popleft()]
            octets = batches[0].octets
            limit = min(GROUP_OCTETS, (self.config.segment_octets - frames.BLOCK - NOTICE_ROOM_OCTETS) // 2)
            while self._waiting and octets + (more := self._waiting[0].octets) <= limit:
                batches.append(self._waiting.popleft())
                octets += more
            self._writing = True
        return batches

    def _fail(self, sentence: str) -> None:
        with self._condition:
            self.failed = sentence
            self._waiting.clear()
        self._hooks.on_failure(sentence)

    def _commit(self, batches: list[Batch]) -> None:
        octets = sum(batch.octets for batch in batches)
        plans = [plan_frame(batch) for batch in batches if batch.rows.n]
        records = tuple(batch.record for batch in batches)
        unit = sum(plan.layout.octets for plan in plans) + frames.commit_frame_octets(records)
        self._make_room(frames.padded(unit))
        info = self._write_batches(plans, records)
        sequence = info.first_sequence
        for plan in plans:
            if isinstance(plan.batch, VoidBatch):
                for void in plan.batch.voids:
                    self._decisions.voided(void)
            if isinstance(plan.batch, DecisionBatch):
                for at, entry in enumerate(plan.batch.entries, sequence):
                    self._decisions.add(at, (at, entry))
            sequence += plan.packed.records
        with self._condition:
            self._pending_octets -= octets
        first = info.first_sequence
        for batch in batches:
            batch.on_durable(info._replace(first_sequence=first))
            first += batch.rows.n
        self._look_ahead()

    def _look_ahead(self) -> None:
        """What the next segment needs, as far as this one is filled: a file, or what is in the one that goes."""
        if self._next_path is not None:
            self._files.expect(self._next_path, self.config.segment_octets, AHEAD_TIMES * self._end)
        else:
            self._leaving.reach(self._segments[0], AHEAD_TIMES * self._end / self.config.segment_octets)

    def _write_batches(self, plans: list[FramePlan], records: tuple[bytes, ...]) -> CommitInfo:
        """One unit in the newest segment, where its room was seen to."""
        first, header = self._tree.size, self._segments[-1].header
        unit = sum(plan.layout.octets for plan in plans) + frames.commit_frame_octets(records)
        self._buffer.reserve(frames.padded(unit) + TAG_OCTETS)
        at, places = 0, []
        self._framer.begin()
        for plan in plans:
            places.append(self._framer.write(plan, self._buffer.view, at, header, self._tree))
            at += plan.layout.octets
        return self._write_unit(at, places, records, first)

    def _note(self) -> str:
        body = Checkpoint(self.config.origin, self._tree.size, self._tree.root(), (chain_line(self._chain),))
        return self._signer.sign(body)

    def _write_unit(
        self, at: int, places: list[FramePlace], records: tuple[bytes, ...], first_sequence: int
    ) -> CommitInfo:
        """Sign, write, sync. The data frames stand in the buffer up to `at`; the tree has grown already; the end of
        the segment moves only when all is on disk."""
        time_us = self._commit_time_us()
        number = self._next_commit
        header = self._segments[-1].header
        digests = [place.digest for place in places]
        self._chain = frames.commit_chain(self._chain, header.digest, number, time_us, digests, records)
        note = self._note()
        body = frames.CommitBody(number, time_us, self._chain, note, records)
        commit = frames.build_commit_frame(header, self._tree.size, body)
        octets = frames.padded(at + len(commit))
        if self._end + octets > self.config.segment_octets or octets > len(self._buffer.view):
            raise LocalError("a unit grew beyond its segment; this is a defect of the store")
        unit = self._buffer.view[:octets]
        unit[at : at + len(commit)] = commit
        unit[at + len(commit) :] = bytes(octets - at - len(commit))
        write_all(self._files, self._descriptor, unit, self._end)
        self._files.sync(self._descriptor)
        newest = self._segments[-1]
        self._files.still_there(self._descriptor, newest.path)
        self._rate.note(time_us, octets)
        if self._hooks.on_unit is not None:
            data = tuple(place.frame(unit, self._end) for place in places)
            written = Unit(self._end, self._end + octets, data, body, self._tree.size)
            self._hooks.on_unit(FreshUnit(newest.path, header, written))
        self._end += octets
        self._next_commit += 1
        self._segments[-1] = newest._replace(
            data_end=self._end, next_sequence=self._tree.size, commits=newest.commits + 1
        )
        self._last_note = note
        return CommitInfo(number, first_sequence, self._tree.size, self._tree.root(), time_us)

    def _commit_time_us(self) -> int:
        """The clock's, as it is; that it was set back is on record before anything is committed under it."""
        time_us = self._hooks.now_us()
        if time_us < self._last_us - CLOCK_STEP_US:
            self._hooks.audit("clock_set_back", {"last_commit_us": self._last_us, "now_us": time_us})
            self._hooks.settle()
        self._last_us = time_us
        return time_us

    # Segments

    def _make_room(self, octets: int) -> None:
        """A segment with room for a unit of `octets`, evicting the oldest when all are used."""
        if self._segments and self._end + octets + NOTICE_ROOM_OCTETS <= self.config.segment_octets:
            return
        recycled = self._evict() if self._expected_path() is None else None
        self._begin_segment(recycled)
        self._next_path = self._expected_path()
        self._carry()

    def _begin_segment(self, recycled: SegmentState | None) -> None:
        """A fresh segment in a new file, or in the file of the one that went."""
        generation = self._segments[-1].header.generation + 1 if self._segments else 0
        slot = recycled.header.slot if recycled is not None else self._free_slot()
        header = frames.SegmentHeader(
            slot,
            generation,
            self._tree.size,
            self._next_commit,
            self.config.segment_octets,
            self._hooks.now_us(),
            self._chain,
            os.urandom(frames.SALT_OCTETS),
            self.config.origin,
            self._tree.peaks(),
            self._last_note,
        )
        path = self._path(slot)
        if self._descriptor >= 0:
            self._files.close(self._descriptor)
            self._descriptor = -1
        if recycled is None:
            self._files.create(path, self.config.segment_octets, header.pack())
            self._descriptor = self._files.open(path)
        else:
            self._descriptor = self._files.open(path)
            block = self._buffer.reserve(frames.BLOCK)[: frames.BLOCK]
            block[:] = header.pack()
            write_all(self._files, self._descriptor, block, 0)
            self._files.sync(self._descriptor)
        self._segments.append(SegmentState(path, header, frames.BLOCK, self._tree.size, 0))
        self._end = frames.BLOCK

    def _expected_path(self) -> Path | None:
        """Where the next segment goes while there is room for one more file; None when the oldest's is used again."""
        used = sum(one.header.segment_octets for one in self._segments)
        if used + self.config.segment_octets > self.config.capacity_octets:
            return None
        return self._path(self._free_slot())

    def _path(self, slot: int) -> Path:
        return self.directory / f"seg-{slot:06d}.seg"

    def _free_slot(self) -> int:
        """The lowest number that no segment's file has. One in between is free where power went while a file was being
        used again, and recovery took it away: the count of segments is then the number of one that is there."""
        taken = {one.header.slot for one in self._segments}
        return next(slot for slot in range(len(taken) + 1) if slot not in taken)

    def _carry(self) -> None:
        """Write again what decisions in force stand nowhere but in the segment that will go next: the first thing that
        is written into a fresh one, behind a crash as well."""
        if len(self._segments) < 2 or self._segments[-1].commits:
            return
        entries = self._decisions.to_carry(self._segments[0].next_sequence, self._segments[0].header.first_sequence)
        if not entries:
            return
        batch = carrying_batch(entries, self._hooks.now_us())
        first = self._tree.size
        self._write_batches([plan_frame(batch)], (batch.record,))
        for one in entries:
            self._decisions.add(first, one)

    def _evict(self) -> SegmentState:
        """Commit the notice of the oldest segment, copy its verdict records to the audit log, let it go."""
        oldest = self._segments[0]
        contents = self._leaving.take(oldest)
        self._warn_of_unsafe(oldest, contents)
        count = oldest.next_sequence - oldest.header.first_sequence
        fields: dict[str, Any] = {
            "segment": oldest.path.name,
            "generation": oldest.header.generation,
            "first_sequence": oldest.header.first_sequence,
            "next_sequence": oldest.next_sequence,
            "count": count,
            "octets": contents.octets,
            "orders": contents.counts,
            "minimum_before": oldest.header.first_sequence,
            "minimum_after": oldest.next_sequence,
            "previous": self._notice_chain.hex(),
        }
        self._notice_chain = leaf_hash(_canonical(fields))
        fields["chain"] = self._notice_chain.hex()
        self._hooks.audit("eviction", {**fields, "summary": contents.summary})
        self._hooks.settle()
        self._commit_notice(_canonical({"notice": fields}))
        self._evicted += count
        self._segments.pop(0)
        self._decisions.forget_voids(oldest.next_sequence)
        return oldest

    def _warn_of_unsafe(self, oldest: SegmentState, contents: Contents) -> None:
        """R-143: name what is not safe to lose, on record, before it goes; wait with `block_unsafe_evict`."""
        told = False
        while unsafe := [uid for uid in contents.ranges if self._hooks.is_unsafe(uid)]:
            waits = self.block_unsafe_evict
            if not (waits and told):
                for uid in unsafe:
                    for fields in unsafe_entries(oldest, uid, contents.ranges[uid], waits):
                        self._hooks.audit("fifo_unsafe", fields)
                self._hooks.settle()
                told = True
            if not waits:
                break
            self._wait_blocked(oldest, len(unsafe))
        if self.blocked is not None:
            self.blocked = None
            self._hooks.on_blocked(None)

    def _wait_blocked(self, oldest: SegmentState, orders: int) -> None:
        if self.blocked is None:
            self.blocked = (
                f"The store is full and {oldest.path.name} holds records of {orders} orders that are active or not "
                "handed off: nothing more is acknowledged. Hand them off, or lift block_unsafe_evict."
            )
            self._hooks.on_blocked(self.blocked)
        with self._condition:
            if not self._closing:
                self._condition.wait(BLOCKED_POLL_S)
            if self._closing:
                raise _ClosedWhileBlocked

    def _commit_notice(self, notice: bytes) -> None:
        """The notice as a signed leaf of its own, in the room kept free for it."""
        time_us, first = self._hooks.now_us(), self._tree.size
        head = envelope(VerdictKind.ACCEPT, FORM_NOTICE, 0, 1, first, time_us, time_us, NO_ORDER, len(notice))
        row = frames.notice_row(time_us, len(notice), FORM_NOTICE, VerdictKind.ACCEPT)
        leaf = leaf_hash(head + notice)
        extent = frames.ExtentHead(NO_ORDER, 0, 0, 0, 1, 0, len(notice), bytes(8), bytes(12), bytes(16))
        header = self._segments[-1].header
        head_octets, digest = frames.build_data_frame(header, first, [extent], [b"-"], row, leaf, len(notice))
        layout = frames.data_frame_layout(1, [b"-"], 1, len(notice))
        self._tree.append(leaf)
        octets = head_octets + notice
        buffer = self._buffer.reserve(frames.padded(len(octets) + frames.commit_frame_octets((notice,))))
        buffer[: len(octets)] = octets
        place = FramePlace(0, first, 1, layout, frames.Extents.of([extent]), (b"-",), digest)
        self._write_unit(len(octets), [place], (notice,), first)

    def _write_pin(self) -> None:
        if self.config.pin is not None and self._last_note:
            check_own_pin(self.config.pin, self._pin_text)
            write_pin(self.config.pin, self._last_note)
            self._pin_text = self._last_note
        self._pinned = self._last_note


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
