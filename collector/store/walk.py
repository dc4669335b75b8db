"""Reading segments: from octets on disk to units, records and leaf hashes. Shared by store, reader and verifier.

Nothing here trusts what it reads: sizes are checked against the file, checksums and generations against the header,
and a fault is a `DecodeError` whose offset is the place in the file. Whether a fault is the torn end of a crash or
damage is for the caller to judge.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from asn1.errors import DecodeError, LocalError
from collector.rows import FORM_NOTICE
from collector.store import frames
from collector.store.keys import Keys, data_key_id
from collector.store.pack import HASH_OCTETS, ROW_OCTETS, rehash
from mediation.law.orders import OrderUid
from mediation.ledger.checkpoint import Trust, verify_note

SCAN_OCTETS: Final = 1 << 20
"""Octets read at a time where a file is looked through."""

NO_ORDER: Final = OrderUid(bytes(16))
"""Stands in the order's place in the leaves that the store makes for itself."""

ROW_DTYPE: Final = np.dtype(
    [
        ("reasons", "<u8"),
        ("received_us", "<i8"),
        ("event_us", "<i8"),
        ("cin", "<i8"),
        ("number", "<i8"),
        ("epoch", "<u4"),
        ("liid", "<u4"),
        ("length", "<u4"),
        ("extent", "<u4"),
        ("content_tag", "<i2"),
        ("verdict", "u1"),
        ("form", "u1"),
        ("kind", "i1"),
        ("direction", "i1"),
        ("iri_type", "i1"),
        ("zero", "u1"),
    ]
)


class DataFrame(NamedTuple):
    """One batch on disk. `area_at` is where its octets lie in the file."""

    first_sequence: int
    records: int
    meta: frames.DataMeta
    area_at: int
    area_octets: int

    def rows(self) -> np.ndarray:
        return np.frombuffer(self.meta.rows, ROW_DTYPE)

    def extent_rows(self, extent: frames.ExtentHead) -> memoryview:
        start = ROW_OCTETS * extent.first_row
        return memoryview(self.meta.rows)[start : start + ROW_OCTETS * extent.rows]


class Unit(NamedTuple):
    """What one commit made durable, and where it stands. `end` is the offset of the next unit."""

    offset: int
    end: int
    data: tuple[DataFrame, ...]
    commit: frames.CommitBody
    size: int


class SegmentFile:
    """One segment, open for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        self.octets = os.fstat(self._descriptor).st_size
        self._block = b""

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> SegmentFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, offset: int, octets: int) -> bytes:
        """Raises DecodeError TRUNCATED when the file ends before."""
        data = os.pread(self._descriptor, octets, offset)
        if len(data) != octets:
            raise DecodeError(DecodeError.TRUNCATED, "the segment file ends here", offset + len(data))
        return data

    def header(self) -> frames.SegmentHeader:
        return frames.parse_header(self.read(0, frames.BLOCK))

    def still(self, header: frames.SegmentHeader) -> bool:
        """Whether this is still that use of the file: a segment may be recycled while it is read."""
        block = os.pread(self._descriptor, frames.BLOCK, 0)
        if block != self._block:
            try:
                if frames.parse_header(block).generation != header.generation:
                    return False
            except DecodeError:
                return False
            self._block = block
        return True

    def units(self, header: frames.SegmentHeader, offset: int = frames.BLOCK) -> Iterator[Unit]:
        """The units from `offset` on, until one is not whole and sound. See `unit_at`."""
        while (unit := self.unit_at(header, offset)) is not None:
            yield unit
            offset = unit.end

    def unit_at(self, header: frames.SegmentHeader, offset: int) -> Unit | None:
        """The unit at `offset`, None when there is no sound one (the end of the data, or damage)."""
        start, seed = offset, header.seed
        data: list[DataFrame] = []
        while offset + frames.FRAME_HEADER_OCTETS <= self.octets:
            head_octets = self.read(offset, frames.FRAME_HEADER_OCTETS)
            head = frames.parse_frame_head(head_octets)
            if head is None or head.generation != header.generation:
                return None
            body_at = offset + frames.FRAME_HEADER_OCTETS
            if body_at + head.body_octets > self.octets:
                return None
            meta = self.read(body_at, head.meta_octets)
            if not frames.frame_crc_holds(head_octets, meta, head.crc, seed):
                return None
            offset = body_at + head.body_octets
            try:
                if head.kind == frames.COMMIT:
                    body = frames.parse_commit(meta)
                    return Unit(start, frames.padded(offset), tuple(data), body, head.first_sequence)
                area_octets = head.body_octets - head.meta_octets
                parsed = frames.parse_data_meta(meta, head.records, area_octets)
            except DecodeError:
                return None
            frame = DataFrame(head.first_sequence, head.records, parsed, body_at + head.meta_octets, area_octets)
            if head.records and int(frame.rows()["liid"].max()) >= len(parsed.liids):
                return None
            data.append(frame)
        return None

    def unit_of(self, header: frames.SegmentHeader, sequence: int) -> Unit | None:
        """The unit that holds record `sequence`; only heads of frames are read on the way to it."""
        start = offset = frames.BLOCK
        while offset + frames.FRAME_HEADER_OCTETS <= self.octets:
            head = frames.parse_frame_head(self.read(offset, frames.FRAME_HEADER_OCTETS))
            if head is None or head.generation != header.generation:
                return None
            offset += frames.FRAME_HEADER_OCTETS + head.body_octets
            if head.kind == frames.DATA and head.first_sequence <= sequence < head.first_sequence + head.records:
                return self.unit_at(header, start)
            if head.kind == frames.COMMIT:
                start = offset = frames.padded(offset)
        return None

    def commits_saying(self, header: frames.SegmentHeader, word: bytes, offset: int) -> tuple[int, int]:
        """From the unit at `offset` on, where the last unit ends whose verdict records hold `word` (0: none does), and
        where the last one ends at all. Heads and commit frames are read, and nothing is checked: for who then reads on.
        """
        found, start = 0, offset
        while offset + frames.FRAME_HEADER_OCTETS <= self.octets:
            head = frames.parse_frame_head(self.read(offset, frames.FRAME_HEADER_OCTETS))
            if head is None or head.generation != header.generation:
                break
            offset += frames.FRAME_HEADER_OCTETS
            if offset + head.body_octets > self.octets:
                break
            says = head.kind == frames.COMMIT and word in self.read(offset, head.meta_octets)
            offset += head.body_octets
            if head.kind == frames.COMMIT:
                start = offset = frames.padded(offset)
                found = offset if says else found
        return found, start

    def is_zero(self, offset: int) -> bool:
        """Whether nothing but zeros stands from `offset` to the end of the file."""
        while offset < self.octets:
            chunk = self.read(offset, min(SCAN_OCTETS, self.octets - offset))
            if chunk.count(0) != len(chunk):
                return False
            offset += len(chunk)
        return True

    def later_commit(
        self, header: frames.SegmentHeader, offset: int, last_commit: int, public_key: Trust
    ) -> int | None:
        """Where behind `offset` a commit frame stands whose number is above `last_commit` and whose checkpoint this key
        signed; None for nowhere. The signature is asked for since a peer may send octets that look like a frame.

        Frames inside a unit are not aligned, so every place a frame's magic could stand is looked at.
        """
        magic = frames.FRAME_MAGIC.to_bytes(4, "little")
        while offset < self.octets:
            chunk = self.read(offset, min(SCAN_OCTETS, self.octets - offset))
            at = chunk.find(magic)
            while at >= 0:
                if self._commit_number(header, offset + at, public_key) > last_commit:
                    return offset + at
                at = chunk.find(magic, at + 1)
            offset += max(len(chunk) - 3, 1) if offset + len(chunk) < self.octets else len(chunk)
        return None

    def _commit_number(self, header: frames.SegmentHeader, offset: int, public_key: Trust) -> int:
        try:
            head_octets = self.read(offset, frames.FRAME_HEADER_OCTETS)
            head = frames.parse_frame_head(head_octets)
            if head is None or head.kind != frames.COMMIT or head.generation != header.generation:
                return -1
            meta = self.read(offset + frames.FRAME_HEADER_OCTETS, head.meta_octets)
            if not frames.frame_crc_holds(head_octets, meta, head.crc, header.seed):
                return -1
            commit = frames.parse_commit(meta)
        except DecodeError:
            return -1
        return -1 if verify_note(commit.note, header.origin, public_key) is None else commit.number

    def extent_octets(
        self, header: frames.SegmentHeader, frame: DataFrame, extent: frames.ExtentHead, keys: Keys | None
    ) -> bytes | None:
        """The plain octets of an extent; None when its data key is not there, or another one. Raises DecodeError
        BAD_VALUE when the octets were changed."""
        stored = self.read(frame.area_at + extent.offset, extent.octets)
        if not extent.encrypted:
            return stored
        key = _key_of(extent, keys)
        if key is None:
            return None
        try:
            return AESGCM(key).decrypt(
                extent.nonce, stored + extent.tag, extent_binding(header.generation, frame, extent)
            )
        except InvalidTag as error:
            place = frame.area_at + extent.offset
            raise DecodeError(DecodeError.BAD_VALUE, "the encrypted octets were changed", place) from error

    def changed_octets(self, frame: DataFrame, extent: frames.ExtentHead, keys: Keys) -> bytes | None:
        """What an extent that no longer holds decrypts to all the same: its leaf hashes then tell which of its records
        were changed and which were not. Never to be used without them."""
        key = _key_of(extent, keys)
        if key is None:
            return None
        # GCM encrypts as counter mode does; the first counter block behind the tag's own is number 2.
        cipher = Cipher(algorithms.AES(key), modes.CTR(extent.nonce + b"\0\0\0\2"))
        return cipher.decryptor().update(self.read(frame.area_at + extent.offset, extent.octets))


class OwnLeaf(NamedTuple):
    """A leaf that the store made for itself. `sound`: its octets give the leaf hash that stands beside it."""

    sequence: int
    octets: bytes
    sound: bool


def own_leaves(file: SegmentFile, unit: Unit) -> Iterator[OwnLeaf]:
    """Notices and decisions about records, in their order. A peer's record can never be one: an order has a uid."""
    for data in unit.data:
        for extent in data.meta.extents:
            if extent.uid != NO_ORDER or extent.encrypted:
                continue
            octets = file.read(data.area_at + extent.offset, extent.octets)
            rows = data.rows()[extent.first_row : extent.first_row + extent.rows]
            sound = sound_rows(data, extent, octets)
            ends = np.cumsum(rows["length"], dtype=np.int64).tolist()
            for index in np.flatnonzero(rows["form"] == FORM_NOTICE).tolist():
                end = ends[index]
                start = end - int(rows["length"][index])
                yield OwnLeaf(data.first_sequence + extent.first_row + index, octets[start:end], bool(sound[index]))


def sound_rows(frame: DataFrame, extent: frames.ExtentHead, octets: bytes) -> np.ndarray:
    """For each record of an extent, whether its row and these octets give the leaf hash in the frame (R-090)."""
    first = frame.first_sequence + extent.first_row
    stored = frame.meta.hashes[HASH_OCTETS * extent.first_row : HASH_OCTETS * (extent.first_row + extent.rows)]
    try:
        hashes = rehash(frame.extent_rows(extent), memoryview(octets), uid_version(extent), first)
    except LocalError:
        return np.zeros(extent.rows, bool)
    pair = [np.frombuffer(one, np.uint8).reshape(-1, HASH_OCTETS) for one in (hashes, stored)]
    found: np.ndarray = (pair[0] == pair[1]).all(axis=1)
    return found


def _key_of(extent: frames.ExtentHead, keys: Keys | None) -> bytes | None:
    key = keys.find_data_key(OrderUid(extent.uid), extent.key_id) if keys is not None else None
    return None if key is None or data_key_id(key) != extent.key_id else key


def extent_binding(generation: int, frame: DataFrame, extent: frames.ExtentHead) -> bytes:
    """The associated data of an extent's encryption: it cannot be moved to another segment, place or order."""
    return binding(generation, frame.first_sequence, extent.first_row, extent.uid)


def binding(generation: int, first_sequence: int, first_row: int, uid: bytes) -> bytes:
    """The same before there is a frame; `first_sequence` is the frame's."""
    return b"%b%d %b" % (binding_head(generation, first_sequence), first_row, uid)


def binding_head(generation: int, first_sequence: int) -> bytes:
    """What the bindings of a frame's extents begin with."""
    return b"%d %d " % (generation, first_sequence)


def uid_version(extent: frames.ExtentHead) -> bytes:
    """The 20 octets that stand for the order in leaf hashing."""
    return extent.uid + extent.version.to_bytes(4, "big")


def segment_paths(directory: Path) -> list[Path]:
    return sorted(directory.glob("seg-*.seg"))
