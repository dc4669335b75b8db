"""A batch on its way to being a data frame: measured, filled, hashed and encrypted in place, in memory used again and
again. One thread's; no file is touched here."""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.batch import Batch, OrderRef
from collector.store import frames
from collector.store.fresh import FramePlace
from collector.store.keys import Keys, data_key_id
from collector.store.pack import Extent, Plan, fill, measure
from collector.store.sealing import NONCE_OCTETS, TAG_OCTETS, seal
from collector.store.unit_buffer import UnitBuffer
from collector.store.walk import NO_ORDER, binding, binding_head
from mediation.law.orders import OrderUid
from mediation.ledger.kernel import CompactRange

PIECE_OCTETS: Final = 512 << 10
"""What is copied and hashed is encrypted before it leaves the nearer caches; a longer extent goes in one."""


SHORT_OCTETS: Final = 16 << 10
"""Extents that are shorter, in the mean of a piece, are encrypted together: a call for each, with the interpreter held
in between, costs more than the faster cipher brings that it leads to."""


Table = np.ndarray[Any, np.dtype[np.int64]]
"""Extents as `pack.Plan` has them."""
_ORDER, _FIRST_ROW, _ROWS, _OFFSET, _OCTETS = range(len(Extent._fields))
_ORDER_DTYPE: Final = np.dtype([("uid", "V16"), ("version", ">u4")])
"""What `pack.fill` wants of an order."""


class FramePlan(NamedTuple):
    """A batch that is about to become a data frame."""

    batch: Batch
    packed: Plan
    liids: list[bytes]
    layout: frames.Layout


def plan_frame(batch: Batch) -> FramePlan:
    """Raises LocalError for a batch that points outside its buffers."""
    packed = measure(batch.rows, len(batch.buffers[0]), len(batch.buffers[1]), len(batch.orders))
    liids = [batch.liids(liid) for liid in packed.liids]
    layout = frames.data_frame_layout(len(packed.extents), liids, packed.records, packed.octets)
    return FramePlan(batch, packed, liids, layout)


class Framer:
    """`encryption`: octets are encrypted under their order's data key, but for the store's own leaves."""

    def __init__(self, keys: Keys, encryption: bool) -> None:
        self._keys = keys
        self._encryption = encryption
        self._plain = UnitBuffer()
        self._found: dict[OrderUid, tuple[bytes, bytes]] = {}
        """Data keys and their names."""
        self._settled: int | None = None

    def begin(self) -> None:
        """Before each unit. Orders' keys are kept from one to the next only where the disk says that none was withdrawn
        since, by whatever process: else each is asked for again."""
        settled = self._keys.settled(time.time_ns())
        if settled is None or settled != self._settled:
            self._found.clear()
        self._settled = settled

    def write(
        self, plan: FramePlan, view: memoryview, at: int, header: frames.SegmentHeader, tree: CompactRange
    ) -> FramePlace:
        """Put one frame together at `at` of `view`, its records being the next of `tree`, which grows by them; what
        stands there now."""
        first = tree.size
        batch, packed, layout = plan.batch, plan.packed, plan.layout
        # Behind the area stands a tag for a moment, until the next extent or frame is written over it.
        frame = view[at : at + layout.octets + TAG_OCTETS]
        hashes = frame[layout.hashes_at : layout.area_at]
        area = frame[layout.area_at :]
        uids = [ref.uid for ref in batch.orders]
        named = np.empty(len(uids), _ORDER_DTYPE)
        named["uid"], named["version"] = np.frombuffer(b"".join(uids), "V16"), [ref.version for ref in batch.orders]
        orders = named.tobytes()
        rows = frame[layout.rows_at : layout.hashes_at]
        nonces = os.urandom(NONCE_OCTETS * len(packed.extents)) if self._encryption else b""
        own = NO_ORDER in uids
        packed_extents: list[bytes] = []
        for start, stop in _pieces(packed.extents, PIECE_OCTETS if self._encryption else packed.octets):
            part = packed.extents[start:stop]
            base, end = int(part[0, _OFFSET]), int(part[-1, _OFFSET] + part[-1, _OCTETS])
            plain = self._plain.reserve(end - base + 1)[: end - base + 1] if self._encryption else area[base:]
            fill(packed, batch.rows, *batch.buffers, orders, first, rows, hashes, plain, start, stop)
            if self._encryption and len(part) > 1 and end - base < SHORT_OCTETS * len(part) and not own:
                some = nonces[NONCE_OCTETS * start : NONCE_OCTETS * stop]
                packed_extents.append(self._short(part, named, uids, header, first, plain, base, some, area))
                continue
            found = []
            for number, values in enumerate(part.tolist(), start):
                one = Extent(*values)
                nonce = nonces[NONCE_OCTETS * number : NONCE_OCTETS * (number + 1)]
                source = plain[one.offset - base : one.offset - base + one.octets]
                found.append(self._extent(one, batch.orders[one.order], header, first, source, nonce, area))
            packed_extents.append(frames.Extents.of(found).packed)
        extents = frames.Extents(b"".join(packed_extents))
        described = frames.seal_data_frame(frame, layout, header, first, extents, plan.liids)
        # Rows are one long message: it is hashed while there are nodes to hash beside it.
        digest = tree.extend_beside(hashes, described)
        return FramePlace(at, first, packed.records, layout, extents, tuple(plan.liids), digest)

    def _extent(
        self,
        one: Extent,
        ref: OrderRef,
        header: frames.SegmentHeader,
        first_sequence: int,
        source: memoryview,
        nonce: bytes,
        area: memoryview,
    ) -> frames.ExtentHead:
        """Encrypt one extent into its place; what is not encrypted is brought there as it is."""
        place = (one.first_row, one.rows, one.offset, one.octets)
        if not self._encryption or ref.uid == NO_ORDER:
            if self._encryption:
                area[one.offset : one.offset + one.octets] = source
            return frames.ExtentHead(ref.uid, ref.version, 0, *place, bytes(8), bytes(12), bytes(TAG_OCTETS))
        key, key_id = self._key(ref.uid)
        end = one.offset + one.octets
        bound = binding(header.generation, first_sequence, one.first_row, ref.uid)
        AESGCM(key).encrypt_into(nonce, source, bound, area[one.offset : end + TAG_OCTETS])
        return frames.ExtentHead(ref.uid, ref.version, 1, *place, key_id, nonce, bytes(area[end : end + TAG_OCTETS]))

    def _short(
        self,
        part: Table,
        named: np.ndarray[Any, Any],
        uids: list[OrderUid],
        header: frames.SegmentHeader,
        first_sequence: int,
        plain: memoryview,
        base: int,
        nonces: bytes,
        area: memoryview,
    ) -> bytes:
        """The same of many short extents, together, none of them the store's own; `plain` begins with the octets that
        go to `base`, `named` and `uids` are the batch's orders. As they stand in the frame: each as a value of its own
        costs more than its octets."""
        orders, known = part[:, _ORDER], self._found
        ours = [uids[order] for order in orders.tolist()]
        keys, key_ids = zip(*[known.get(uid) or self._key(uid) for uid in ours], strict=True)
        head = binding_head(header.generation, first_sequence)
        bindings = [b"%b%d %b" % (head, row, uid) for row, uid in zip(part[:, _FIRST_ROW].tolist(), ours, strict=True)]
        bound = np.fromiter(map(len, bindings), np.int64, len(bindings))
        places = np.stack(
            (part[:, _OFFSET] - base, part[:, _OCTETS], part[:, _OFFSET], np.cumsum(bound) - bound, bound), axis=1
        )
        tags = seal(b"".join(keys), nonces, b"".join(bindings), array("q", places.tobytes()), plain, area)
        found = np.empty(len(part), frames.EXTENT_DTYPE)
        found["uid"], found["version"], found["encrypted"] = named["uid"][orders], named["version"][orders], 1
        for name, column in (("first_row", _FIRST_ROW), ("rows", _ROWS), ("offset", _OFFSET), ("octets", _OCTETS)):
            found[name] = part[:, column]
        found["key_id"] = np.frombuffer(b"".join(key_ids), "V8")
        found["nonce"], found["tag"] = np.frombuffer(nonces, "V12"), np.frombuffer(bytes(tags), "V16")
        return found.tobytes()

    def _key(self, uid: OrderUid) -> tuple[bytes, bytes]:
        """An order's data key and its name."""
        found = self._found.get(uid)
        if found is None:
            key = self._keys.data_key(uid)
            found = self._found[uid] = (key, data_key_id(key))
        return found


def _pieces(extents: Table, octets: int) -> Iterator[tuple[int, int]]:
    """Runs of extents (first, one behind the last) that take `octets` at most, or are one extent alone."""
    ends = extents[:, _OFFSET] + extents[:, _OCTETS]
    start = 0
    while start < len(ends):
        stop = max(int(np.searchsorted(ends, extents[start, _OFFSET] + octets, "right")), start + 1)
        yield start, stop
        start = stop
