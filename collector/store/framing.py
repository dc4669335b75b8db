"""A batch on its way to being a data frame: measured, filled, hashed and encrypted in place, in memory used again and
again. One thread's; no file is touched here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.batch import Batch, OrderRef
from collector.store import frames
from collector.store.fresh import FramePlace
from collector.store.keys import Keys, data_key_id
from collector.store.pack import Extent, Plan, fill, measure
from collector.store.unit_buffer import UnitBuffer
from collector.store.walk import NO_ORDER, binding
from mediation.law.orders import OrderUid

TAG_OCTETS: Final = 16
NONCE_OCTETS: Final = 12
"""Both of AES-GCM."""
PIECE_OCTETS: Final = 512 << 10
"""What is copied and hashed is encrypted before it leaves the nearer caches; a longer extent goes in one."""


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
        self._ciphers: dict[OrderUid, tuple[AESGCM, bytes]] = {}

    def forget(self) -> None:
        """At the end of a unit. An order's key is asked for once a unit, since its withdrawal shows on disk, and not
        kept beyond it."""
        self._ciphers.clear()

    def write(
        self, plan: FramePlan, view: memoryview, at: int, header: frames.SegmentHeader, first: int
    ) -> tuple[FramePlace, memoryview]:
        """Put one frame together at `at` of `view`, its first record being `first`; what stands there now, and its
        leaf hashes."""
        batch, packed, layout = plan.batch, plan.packed, plan.layout
        # Behind the area stands a tag for a moment, until the next extent or frame is written over it.
        frame = view[at : at + layout.octets + TAG_OCTETS]
        hashes = frame[layout.hashes_at : layout.area_at]
        area = frame[layout.area_at :]
        orders = b"".join(ref.uid + ref.version.to_bytes(4, "big") for ref in batch.orders)
        rows = frame[layout.rows_at : layout.hashes_at]
        nonces = os.urandom(NONCE_OCTETS * len(packed.extents)) if self._encryption else b""
        extents: list[frames.ExtentHead] = []
        for start, stop in _pieces(packed.extents, PIECE_OCTETS if self._encryption else packed.octets):
            part = packed.extents[start:stop]
            base, end = part[0].offset, part[-1].offset + part[-1].octets
            plain = self._plain.reserve(end - base + 1)[: end - base + 1] if self._encryption else area[base:]
            fill(packed, batch.rows, *batch.buffers, orders, first, rows, hashes, plain, start, stop)
            for number, one in enumerate(part, start):
                nonce = nonces[NONCE_OCTETS * number : NONCE_OCTETS * (number + 1)]
                source = plain[one.offset - base : one.offset - base + one.octets]
                extents.append(self._extent(one, batch.orders[one.order], header, first, source, nonce, area))
        digest = frames.seal_data_frame(frame, layout, header, first, extents, plan.liids)
        place = FramePlace(at, first, packed.records, layout, tuple(extents), tuple(plan.liids), digest)
        return place, hashes

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
        cipher, key_id = self._cipher(ref.uid)
        end = one.offset + one.octets
        bound = binding(header.generation, first_sequence, one.first_row, ref.uid)
        cipher.encrypt_into(nonce, source, bound, area[one.offset : end + TAG_OCTETS])
        return frames.ExtentHead(ref.uid, ref.version, 1, *place, key_id, nonce, bytes(area[end : end + TAG_OCTETS]))

    def _cipher(self, uid: OrderUid) -> tuple[AESGCM, bytes]:
        """The cipher of an order and the name of its key."""
        found = self._ciphers.get(uid)
        if found is None:
            key = self._keys.data_key(uid)
            found = self._ciphers[uid] = (AESGCM(key), data_key_id(key))
        return found


def _pieces(extents: list[Extent], octets: int) -> Iterator[tuple[int, int]]:
    """Runs of extents (first, one behind the last) that take `octets` at most, or are one extent alone."""
    start = taken = 0
    for number, one in enumerate(extents):
        if taken + one.octets > octets and number > start:
            yield start, number
            start, taken = number, 0
        taken += one.octets
    if start < len(extents):
        yield start, len(extents)
