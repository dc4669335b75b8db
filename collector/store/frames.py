"""The octets of a segment: header block, data frames, commit frames. Layout only; no file is touched here.

A segment is a preallocated file. Block 0 (4096 octets) is its header; from octet 4096 on stand *units*, each padded to
4096: one data frame for each batch of a group, then one commit frame. Everything but the octets area of a data frame
is under a CRC-32; the octets area is under AEAD tags and leaf hashes, which say more and cost nothing extra. Numbers
are little endian. Every frame carries its segment's generation, and its checksum begins with the salt of that use of
the file: neither a stale frame of a recycled file nor octets a peer sent in the shape of a frame pass for one.
Layout byte by byte: docs/store.md; reasons: docs/adr/0003-segment-format.md. Parsing raises DecodeError, nothing else.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, overload

import numpy as np

from asn1.errors import DecodeError, LocalError
from collector.store.crc import crc32
from collector.store.pack import HASH_OCTETS, ROW, ROW_OCTETS

FORMAT_VERSION: Final = 1
BLOCK: Final = 4096
MAGIC: Final = b"CLABSEG1"
FRAME_MAGIC: Final = 0x52464C43
DATA: Final = 1
COMMIT: Final = 2
MAX_PEAKS: Final = 64
MAX_FRAME_OCTETS: Final = 1 << 31

SALT_OCTETS: Final = 16
MAX_ORIGIN_OCTETS: Final = 64
MAX_LIIDS: Final = 1 << 20
MAX_NOTE_OCTETS: Final = 1024
"""A checkpoint with one signature and one extension line takes some 400."""

_SEGMENT: Final = struct.Struct("<8sHHIQQQQq32s16sBBH64s")
_FRAME: Final = struct.Struct("<IBBHQQQIII")
FRAME_HEADER_OCTETS: Final = 48
_EXTENT: Final = struct.Struct("<16sIIIIQQ8s12s16s")
EXTENT_OCTETS: Final = _EXTENT.size
_PLACE: Final = struct.Struct("<20xIIIQQ36x")
"""Of an extent, what says where it is, and whether it is encrypted."""
_COMMIT: Final = struct.Struct("<Qq32sII")
_ONE: Final = tuple(bytes([octets]) for octets in range(256))


class SegmentHeader(NamedTuple):
    """`slot` is the file, `generation` counts uses of all files and orders the segments. `first_sequence` is the tree
    size when the segment began and `peaks` the compact range of that tree, so that what survives an eviction verifies
    without what went; `chain` is the commit chain's value there, `first_commit` the number of the next commit and
    `note` the checkpoint that signed that state (empty before the first commit). `salt` is chance, new with each
    use."""

    slot: int
    generation: int
    first_sequence: int
    first_commit: int
    segment_octets: int
    created_us: int
    chain: bytes
    salt: bytes
    origin: str
    peaks: tuple[bytes, ...]
    note: str

    def pack(self) -> bytes:
        """The block. Raises LocalError when origin or note are longer than a header holds."""
        origin, note = self.origin.encode(), self.note.encode()
        fixed = _SEGMENT.pack(
            MAGIC,
            FORMAT_VERSION,
            0,
            self.slot,
            self.generation,
            self.first_sequence,
            self.first_commit,
            self.segment_octets,
            self.created_us,
            self.chain,
            self.salt,
            len(self.peaks),
            len(origin) & 0xFF,
            len(note),
            origin,
        )
        body = (fixed + b"".join(self.peaks) + note).ljust(BLOCK - 4, b"\0")
        if len(body) != BLOCK - 4 or len(origin) > MAX_ORIGIN_OCTETS:
            raise LocalError(f"origin or checkpoint are too long for a segment header: {self.origin!r}")
        return body + struct.pack("<I", zlib.crc32(body))

    @property
    def seed(self) -> int:
        """What the checksums of this segment's frames begin with."""
        return zlib.crc32(self.salt)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the block; every commit of the segment binds it."""
        return hashlib.sha256(self.pack()).digest()


def parse_header(block: bytes) -> SegmentHeader:
    """The header of a segment. Raises DecodeError BAD_VALUE when the block is none, or was changed."""
    if len(block) != BLOCK or block[:8] != MAGIC:
        raise DecodeError(DecodeError.BAD_VALUE, "no segment header")
    if zlib.crc32(block[:-4]) != struct.unpack_from("<I", block, BLOCK - 4)[0]:
        raise DecodeError(DecodeError.BAD_VALUE, "the segment header's checksum is wrong")
    fixed = _SEGMENT.unpack_from(block)
    _, version, _, slot, generation, first, commit, octets, created, chain, salt, count, name, note, origin = fixed
    if version != FORMAT_VERSION:
        raise DecodeError(DecodeError.BAD_VALUE, f"segment format {version}; this program reads {FORMAT_VERSION}")
    end = _SEGMENT.size + 32 * count + note
    if count > MAX_PEAKS or name > MAX_ORIGIN_OCTETS or end > BLOCK - 4:
        raise DecodeError(DecodeError.BAD_VALUE, "the segment header's counts are out of range")
    at = _SEGMENT.size
    peaks = tuple(block[at + 32 * peak : at + 32 * peak + 32] for peak in range(count))
    try:
        texts = origin[:name].decode("utf-8"), block[end - note : end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError(DecodeError.BAD_VALUE, "the segment header's texts are not UTF-8") from error
    header = SegmentHeader(slot, generation, first, commit, octets, created, chain, salt, texts[0], peaks, texts[1])
    if header.pack() != block:
        raise DecodeError(DecodeError.BAD_VALUE, "the segment header's unused octets are not zero")
    return header


class FrameHead(NamedTuple):
    """`meta_octets` behind the head are under the CRC, the rest of `body_octets` is the octets area."""

    kind: int
    generation: int
    first_sequence: int
    body_octets: int
    records: int
    meta_octets: int
    crc: int


def _head(
    kind: int, header: SegmentHeader, first_sequence: int, count: int, meta: bytes | memoryview, area_octets: int
) -> bytes:
    fields = (header.generation, first_sequence, len(meta) + area_octets, count, len(meta))

    def head(crc: int) -> bytes:
        packed = _FRAME.pack(FRAME_MAGIC, FORMAT_VERSION, kind, 0, *fields, crc)
        return packed.ljust(FRAME_HEADER_OCTETS, b"\0")

    return head(crc32(meta, zlib.crc32(head(0), header.seed)))


def parse_frame_head(octets: bytes) -> FrameHead | None:
    """The head of a frame; None when there is none (the end of a segment's data, or damage)."""
    if len(octets) < FRAME_HEADER_OCTETS:
        return None
    magic, version, kind, zero, generation, first, body, count, meta, crc = _FRAME.unpack_from(octets)
    if magic != FRAME_MAGIC or version != FORMAT_VERSION or kind not in (DATA, COMMIT) or zero:
        return None
    if meta > body or body > MAX_FRAME_OCTETS or any(octets[_FRAME.size : FRAME_HEADER_OCTETS]):
        return None
    return FrameHead(kind, generation, first, body, count, meta, crc)


def frame_crc_holds(head_octets: bytes, meta: bytes, crc: int, seed: int) -> bool:
    zeroed = head_octets[: _FRAME.size - 4] + bytes(FRAME_HEADER_OCTETS - _FRAME.size + 4)
    return crc32(meta, zlib.crc32(zeroed, seed)) == crc


class ExtentHead(NamedTuple):
    """The records of one order in a data frame. `encrypted` is 0 or 1: AES-256-GCM, the tag kept here. `key_id` names
    the data key, so that a wrong key is told from changed octets."""

    uid: bytes
    version: int
    encrypted: int
    first_row: int
    rows: int
    offset: int
    octets: int
    key_id: bytes
    nonce: bytes
    tag: bytes


EXTENT_DTYPE: Final = np.dtype(
    [
        ("uid", "V16"),
        ("version", "<u4"),
        ("encrypted", "<u4"),
        ("first_row", "<u4"),
        ("rows", "<u4"),
        ("offset", "<u8"),
        ("octets", "<u8"),
        ("key_id", "V8"),
        ("nonce", "V12"),
        ("tag", "V16"),
    ]
)
"""An extent as it stands in a frame."""


class Extents(Sequence[ExtentHead]):
    """The extents of a data frame as they stand there, `packed`. There may be as many as records, so that they become
    values one at a time, when somebody looks at them."""

    __slots__ = ("packed",)

    def __init__(self, packed: bytes) -> None:
        self.packed = packed

    @classmethod
    def of(cls, extents: Sequence[ExtentHead]) -> Extents:
        return extents if isinstance(extents, cls) else cls(b"".join([_EXTENT.pack(*one) for one in extents]))

    def __len__(self) -> int:
        return len(self.packed) // EXTENT_OCTETS

    def __iter__(self) -> Iterator[ExtentHead]:
        return map(ExtentHead._make, _EXTENT.iter_unpack(self.packed))

    @overload
    def __getitem__(self, at: int) -> ExtentHead: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[ExtentHead, ...]: ...
    def __getitem__(self, at: int | slice) -> ExtentHead | tuple[ExtentHead, ...]:
        if isinstance(at, slice):
            return tuple(self)[at]
        number = at + len(self) if at < 0 else at
        if not 0 <= number < len(self):
            raise IndexError(at)
        return ExtentHead._make(_EXTENT.unpack_from(self.packed, EXTENT_OCTETS * number))

    def uid(self, number: int) -> bytes:
        """The order's, of one of them."""
        at = EXTENT_OCTETS * number
        return self.packed[at : at + 16]

    def at_rows(self, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """In which of them rows of the frame are, by their numbers."""
        first_rows = np.frombuffer(self.packed, EXTENT_DTYPE)["first_row"]
        return np.searchsorted(first_rows, rows, "right") - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extents) and self.packed == other.packed

    def __hash__(self) -> int:
        return hash(self.packed)


class DataMeta(NamedTuple):
    """What a data frame says before its octets. `rows` 64 octets each (see pack.py), `hashes` 32 each."""

    extents: Extents
    liids: tuple[bytes, ...]
    rows: bytes
    hashes: bytes
    digest: bytes


class Layout(NamedTuple):
    """Where the parts of a data frame stand, counted from its head. `octets` is its size."""

    rows_at: int
    hashes_at: int
    area_at: int
    octets: int


def data_frame_layout(extents: int, liids: list[bytes], records: int, area_octets: int) -> Layout:
    """Raises LocalError for a LIID of more than 255 octets."""
    names = list(map(len, liids))
    if names and max(names) > 255:
        raise LocalError("a batch names a LIID of more than 255 octets; this is a defect of the pipeline")
    rows_at = FRAME_HEADER_OCTETS + 8 + EXTENT_OCTETS * extents + len(names) + sum(names)
    hashes_at = rows_at + ROW_OCTETS * records
    area_at = hashes_at + HASH_OCTETS * records
    return Layout(rows_at, hashes_at, area_at, area_at + area_octets)


def seal_data_frame(
    frame: memoryview,
    layout: Layout,
    header: SegmentHeader,
    first_sequence: int,
    extents: Extents,
    liids: list[bytes],
) -> memoryview:
    """Write head, extents and LIIDs of a frame whose rows and hashes stand in `frame` already; the meta without hashes,
    of which the commit chain takes the SHA-256. The octets area is not looked at."""
    names = b"".join([_ONE[len(liid)] + liid for liid in liids])
    described = struct.pack("<II", len(extents), len(liids)) + extents.packed + names
    frame[FRAME_HEADER_OCTETS : layout.rows_at] = described
    meta = frame[FRAME_HEADER_OCTETS : layout.area_at]
    count = (layout.hashes_at - layout.rows_at) // ROW_OCTETS
    area_octets = layout.octets - layout.area_at
    frame[:FRAME_HEADER_OCTETS] = _head(DATA, header, first_sequence, count, meta, area_octets)
    return frame[FRAME_HEADER_OCTETS : layout.hashes_at]


def build_data_frame(
    header: SegmentHeader,
    first_sequence: int,
    extents: Sequence[ExtentHead],
    liids: list[bytes],
    rows: bytes | bytearray,
    hashes: bytes | bytearray,
    area_octets: int,
) -> tuple[bytes, bytes]:
    """(frame head and meta, digest of the meta without hashes); the caller appends the octets area.

    Raises LocalError for a LIID of more than 255 octets.
    """
    layout = data_frame_layout(len(extents), liids, len(rows) // ROW_OCTETS, area_octets)
    frame = bytearray(layout.area_at)
    frame[layout.rows_at : layout.hashes_at] = rows
    frame[layout.hashes_at :] = hashes
    described = seal_data_frame(memoryview(frame), layout, header, first_sequence, Extents.of(extents), liids)
    return bytes(frame), hashlib.sha256(described).digest()


def parse_data_meta(meta: bytes, count: int, area_octets: int) -> DataMeta:
    """Raises DecodeError when the parts do not add up; the extents cover rows and area whole, in order, once."""
    liids: list[bytes] = []
    try:
        extent_count, liid_count = struct.unpack_from("<II", meta)
        if extent_count > count or liid_count > MAX_LIIDS:
            raise DecodeError(DecodeError.TOO_MANY, "a data frame names more orders or LIIDs than it can have")
        at = 8 + EXTENT_OCTETS * extent_count
        if at > len(meta):
            raise DecodeError(DecodeError.TRUNCATED, "a data frame's description is cut off")
        extents = Extents(meta[8:at])
        row, offset = _covered(extents)
        for _ in range(liid_count):
            liids.append(meta[at + 1 : at + 1 + meta[at]])
            at += 1 + meta[at]
    except (struct.error, IndexError) as error:
        raise DecodeError(DecodeError.TRUNCATED, "a data frame's description is cut off") from error
    end = at + ROW_OCTETS * count
    if end + HASH_OCTETS * count != len(meta) or row != count or offset != area_octets:
        raise DecodeError(DecodeError.BAD_LENGTH, "a data frame's extents, rows and hashes do not add up", at)
    return DataMeta(extents, tuple(liids), meta[at:end], meta[end:], hashlib.sha256(meta[:end]).digest())


def _covered(extents: Extents) -> tuple[int, int]:
    """How many rows and octets the extents cover. Raises DecodeError where they do not follow on each other."""
    row = offset = 0
    for encrypted, first_row, rows, at, octets in _PLACE.iter_unpack(extents.packed):
        if first_row != row or at != offset or encrypted > 1 or not rows:
            raise DecodeError(DecodeError.BAD_VALUE, "the extents of a data frame do not follow on each other", 8)
        row, offset = row + rows, offset + octets
    return row, offset


class CommitBody(NamedTuple):
    """`chain` is the value behind this commit; `note` the signed checkpoint; `records` one blob a batch."""

    number: int
    time_us: int
    chain: bytes
    note: str
    records: tuple[bytes, ...]


def commit_chain(
    previous: bytes, header_digest: bytes, number: int, time_us: int, digests: list[bytes], records: tuple[bytes, ...]
) -> bytes:
    """SHA-256 over the previous value, the segment's header, the commit, its data frames' digests and its records:
    what the note binds beside the leaves."""
    chain = hashlib.sha256(previous + header_digest + struct.pack("<QqI", number, time_us, len(digests)))
    for digest in digests:
        chain.update(digest)
    for record in records:
        chain.update(struct.pack("<Q", len(record)) + record)
    return chain.digest()


def commit_frame_octets(records: tuple[bytes, ...]) -> int:
    """What a commit frame with these verdict records takes at most."""
    return FRAME_HEADER_OCTETS + _COMMIT.size + MAX_NOTE_OCTETS + sum(4 + len(record) for record in records)


def build_commit_frame(header: SegmentHeader, size: int, body: CommitBody) -> bytes:
    note = body.note.encode()
    meta = _COMMIT.pack(body.number, body.time_us, body.chain, len(note), len(body.records)) + note
    meta += b"".join(struct.pack("<I", len(record)) + record for record in body.records)
    return _head(COMMIT, header, size, 0, meta, 0) + meta


def parse_commit(meta: bytes) -> CommitBody:
    try:
        number, time_us, chain, note_octets, count = _COMMIT.unpack_from(meta)
        at = _COMMIT.size
        note = meta[at : at + note_octets].decode("utf-8")
        at += note_octets
        records = []
        for _ in range(count):
            (octets,) = struct.unpack_from("<I", meta, at)
            records.append(meta[at + 4 : at + 4 + octets])
            at += 4 + octets
    except (struct.error, UnicodeDecodeError) as error:
        raise DecodeError(DecodeError.TRUNCATED, "a commit frame's parts do not add up") from error
    if at != len(meta):
        raise DecodeError(DecodeError.BAD_LENGTH, "a commit frame's parts do not add up", at)
    return CommitBody(number, time_us, chain, note, tuple(records))


def padded(octets: int) -> int:
    """`octets` rounded up to whole blocks."""
    return -(-octets // BLOCK) * BLOCK


def notice_row(time_us: int, octets: int, form: int, verdict: int) -> bytes:
    """The row of a leaf that the store made for itself: no stream, no kind."""
    return ROW.pack(1, time_us, time_us, -1, -1, 0, 0, octets, 0, -1, verdict, form, -1, -1, -1, 0)
