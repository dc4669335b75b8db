"""A batch on its way to being a data frame: measured, filled, hashed and encrypted in place, in memory used again and
again. One thread's; no file is touched here."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.batch import Batch, OrderRef
from collector.store import frames
from collector.store.fresh import FramePlace
from collector.store.keys import Keys, data_key_id
from collector.store.pack import Extent, Plan, fill, measure
from collector.store.unit_buffer import UnitBuffer
from collector.store.walk import NO_ORDER, extent_binding
from mediation.law.orders import OrderUid

TAG_OCTETS: Final = 16
"""Of AES-GCM."""


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
        encrypted = self._encryption
        plain = self._plain.reserve(packed.octets + 1)[: packed.octets + 1] if encrypted else area
        orders = b"".join(ref.uid + ref.version.to_bytes(4, "big") for ref in batch.orders)
        rows = frame[layout.rows_at : layout.hashes_at]
        fill(packed, batch.rows, batch.buffers[0], batch.buffers[1], orders, first, rows, hashes, plain)
        extents = [self._extent(one, batch.orders[one.order], header, first, plain, area) for one in packed.extents]
        digest = frames.seal_data_frame(frame, layout, header, first, extents, plan.liids)
        place = FramePlace(at, first, packed.records, layout, tuple(extents), tuple(plan.liids), digest)
        return place, hashes

    def _extent(
        self,
        one: Extent,
        ref: OrderRef,
        header: frames.SegmentHeader,
        first_sequence: int,
        plain: memoryview,
        area: memoryview,
    ) -> frames.ExtentHead:
        """Encrypt one extent into its place; what is not encrypted is brought there as it is."""
        place = (one.first_row, one.rows, one.offset, one.octets)
        source = plain[one.offset : one.offset + one.octets]
        if not self._encryption or ref.uid == NO_ORDER:
            if self._encryption:
                area[one.offset : one.offset + one.octets] = source
            return frames.ExtentHead(ref.uid, ref.version, 0, *place, bytes(8), bytes(12), bytes(TAG_OCTETS))
        (cipher, key_id), nonce = self._cipher(ref.uid), os.urandom(12)
        head = frames.ExtentHead(ref.uid, ref.version, 1, *place, key_id, nonce, bytes(TAG_OCTETS))
        binding = extent_binding(header.generation, first_sequence, head)
        end = one.offset + one.octets
        cipher.encrypt_into(nonce, source, binding, area[one.offset : end + TAG_OCTETS])
        return head._replace(tag=bytes(area[end : end + TAG_OCTETS]))

    def _cipher(self, uid: OrderUid) -> tuple[AESGCM, bytes]:
        """The cipher of an order and the name of its key."""
        found = self._ciphers.get(uid)
        if found is None:
            key = self._keys.data_key(uid)
            found = self._ciphers[uid] = (AESGCM(key), data_key_id(key))
        return found
