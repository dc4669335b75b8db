"""The layout of a segment: reads back exactly, and a changed, stale, foreign or forged octet is seen for what it is."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, LocalError
from collector.store import frames
from collector.store.frames import (
    BLOCK,
    COMMIT,
    DATA,
    FRAME_HEADER_OCTETS,
    CommitBody,
    ExtentHead,
    Extents,
    FrameHead,
    SegmentHeader,
    build_commit_frame,
    build_data_frame,
    commit_chain,
    frame_crc_holds,
    notice_row,
    padded,
    parse_commit,
    parse_data_meta,
    parse_frame_head,
    parse_header,
)
from collector.store.pack import HASH_OCTETS, ROW, ROW_OCTETS

NOTE = "calea-lab/collector\n5\nroot\n\n— calea-lab/collector signature\n"
HEADER = SegmentHeader(
    slot=3, generation=17, first_sequence=5, first_commit=2, segment_octets=1 << 20, created_us=-7,
    chain=bytes(range(32)), salt=bytes(range(16)), origin="calea-lab/collector",
    peaks=(b"\x01" * 32, b"\x02" * 32), note=NOTE,
)  # fmt: skip


def extent(first_row: int = 0, rows: int = 2, offset: int = 0, octets: int = 30, encrypted: int = 1) -> ExtentHead:
    return ExtentHead(b"u" * 16, 1, encrypted, first_row, rows, offset, octets, b"k" * 8, b"n" * 12, b"t" * 16)


EXTENTS = [extent(), extent(2, 1, 30, 12, 0)]
LIIDS = [b"LAB-1", b"", b"x" * 255]
ROWS = b"".join(notice_row(number, 10, 3, 1) for number in range(3))
HASHES = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(3))


@dataclass
class Parsed:
    head: FrameHead
    octets: bytes
    meta: bytes

    def holds(self, header: SegmentHeader = HEADER) -> bool:
        return frame_crc_holds(self.octets, self.meta, self.head.crc, header.seed)


def parsed(frame: bytes) -> Parsed | None:
    head = parse_frame_head(frame[:FRAME_HEADER_OCTETS])
    if head is None:
        return None
    return Parsed(
        head, frame[:FRAME_HEADER_OCTETS], frame[FRAME_HEADER_OCTETS : FRAME_HEADER_OCTETS + head.meta_octets]
    )


def data_frame(header: SegmentHeader = HEADER) -> tuple[bytes, bytes]:
    return build_data_frame(header, 5, EXTENTS, LIIDS, ROWS, HASHES, 42)


BODY = CommitBody(9, -5, b"c" * 32, NOTE, (b"{}", b"", b'{"a":1}' * 100))


# --- segment header -----------------------------------------------------------------------------------------------


def test_a_header_is_one_block_and_reads_back() -> None:
    block = HEADER.pack()
    assert len(block) == BLOCK == 4096 and block[:8] == b"CLABSEG1"
    assert parse_header(block) == HEADER
    assert HEADER.digest == hashlib.sha256(block).digest()


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.tuples(st.integers(0, 0xFFFFFFFF), *[st.integers(0, (1 << 64) - 1)] * 4),
    created_us=st.integers(-(1 << 63), (1 << 63) - 1),
    octets=st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16)),
    origin=st.text(st.characters(codec="utf-8"), max_size=16),
    peaks=st.lists(st.binary(min_size=32, max_size=32), max_size=frames.MAX_PEAKS).map(tuple),
    note=st.text(st.characters(codec="utf-8"), max_size=256),
)
def test_every_header_reads_back(
    numbers: tuple[int, int, int, int, int],
    created_us: int,
    octets: tuple[bytes, bytes],
    origin: str,
    peaks: tuple[bytes, ...],
    note: str,
) -> None:
    header = SegmentHeader(*numbers, created_us, *octets, origin, peaks, note)
    assert parse_header(header.pack()) == header


@pytest.mark.parametrize("change", [{"origin": "x" * 65}, {"origin": "é" * 33}, {"note": "x" * 4000}])
def test_a_header_that_does_not_fit_is_not_written(change: dict[str, str]) -> None:
    with pytest.raises(LocalError, match="too long"):
        HEADER._replace(**change).pack()  # type: ignore[arg-type]


def test_flipped_bit_anywhere_in_a_header_is_refused() -> None:
    block = HEADER.pack()
    used = len(block.rstrip(b"\0"))
    assert used == BLOCK
    for at in [*range(500), *range(500, BLOCK, 97), *range(BLOCK - 4, BLOCK)]:
        changed = bytearray(block)
        changed[at] ^= 1 << at % 8
        with pytest.raises(DecodeError):
            parse_header(bytes(changed))


def resealed(block: bytes, at: int, octets: bytes) -> bytes:
    """A checksum keeps no secret: whoever changes a header can write the right one."""
    body = bytearray(block[:-4])
    body[at : at + len(octets)] = octets
    return bytes(body) + struct.pack("<I", zlib.crc32(body))


@pytest.mark.parametrize(
    ("at", "octets"),
    [
        (8, b"\x02\x00"),
        (10, b"\x01\x00"),
        (100, b"\xff"),
        (101, b"\xff"),
        (102, b"\xff\xff"),
        (104, b"\xff\xfe"),
        (4000, b"x"),
    ],
)
def test_forged_header_with_a_right_checksum_is_refused_or_reads_as_another(at: int, octets: bytes) -> None:
    forged = resealed(HEADER.pack(), at, octets)
    try:
        assert parse_header(forged).digest != HEADER.digest
    except DecodeError as error:
        assert error.code == DecodeError.BAD_VALUE


def test_newer_format_is_refused_by_its_number() -> None:
    with pytest.raises(DecodeError, match="segment format 2; this program reads 1"):
        parse_header(resealed(HEADER.pack(), 8, b"\x02\x00"))


def test_octets_hidden_in_the_unused_part_of_a_header_are_refused() -> None:
    with pytest.raises(DecodeError, match="not zero"):
        parse_header(resealed(HEADER.pack(), 3000, b"hidden"))


@pytest.mark.parametrize("block", [b"", bytes(BLOCK), b"CLABSEG1", HEADER.pack()[:-1], HEADER.pack() + b"\0"])
def test_what_is_no_header_is_refused(block: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_header(block)


# --- frames -------------------------------------------------------------------------------------------------------


def test_a_data_frame_reads_back() -> None:
    frame, digest = data_frame()
    read = parsed(frame)
    assert read is not None and read.holds()
    assert read.head[:5] == (DATA, 17, 5, len(read.meta) + 42, 3)
    meta = parse_data_meta(read.meta, 3, 42)
    assert (list(meta.extents), list(meta.liids), meta.rows, meta.hashes) == (EXTENTS, LIIDS, ROWS, HASHES)
    assert meta.digest == digest == hashlib.sha256(read.meta[: -3 * HASH_OCTETS]).digest()


def test_a_commit_frame_reads_back() -> None:
    frame = build_commit_frame(HEADER, 8, BODY)
    read = parsed(frame)
    assert read is not None and read.holds() and len(frame) == FRAME_HEADER_OCTETS + read.head.meta_octets
    assert read.head[:5] == (COMMIT, 17, 8, len(read.meta), 0)
    assert parse_commit(read.meta) == BODY


def test_an_empty_batch_has_a_frame_too() -> None:
    frame, _ = build_data_frame(HEADER, 0, [], [], b"", b"", 0)
    read = parsed(frame)
    assert read is not None and read.holds()
    assert parse_data_meta(read.meta, 0, 0)[:4] == (Extents(b""), (), b"", b"")


def test_flipped_bit_anywhere_in_a_frame_fails_its_checksum() -> None:
    for frame in (data_frame()[0], build_commit_frame(HEADER, 8, BODY)):
        for at in range(len(frame)):
            for bit in (0, 3, 7):
                changed = bytearray(frame)
                changed[at] ^= 1 << bit
                read = parsed(bytes(changed))
                assert read is None or not read.holds()


def test_stale_frame_of_a_recycled_file_does_not_pass() -> None:
    """Same generation by forgery or by a restored copy: the salt of the use is another."""
    frame, _ = data_frame()
    read = parsed(frame)
    assert read is not None
    assert not read.holds(HEADER._replace(salt=b"another use of it"[:16]))
    recycled, _ = data_frame(HEADER._replace(generation=18))
    assert parsed(recycled) != read


def test_octets_of_a_peer_in_the_shape_of_a_frame_do_not_pass() -> None:
    """A record may be any octets, a whole commit frame included: who does not know the salt cannot seal it."""
    forged = parsed(build_commit_frame(HEADER._replace(salt=bytes(16)), 8, BODY))
    assert forged is not None and not forged.holds()


@pytest.mark.parametrize(
    ("at", "octets"),
    [
        (0, b"\0"),
        (4, b"\x02"),
        (5, b"\x00"),
        (5, b"\x03"),
        (6, b"\x01"),
        (24, b"\xff" * 8),
        (36, b"\xff" * 4),
        (47, b"\x01"),
    ],
)
def test_a_head_with_one_impossible_part_is_no_head(at: int, octets: bytes) -> None:
    head = bytearray(data_frame()[0][:FRAME_HEADER_OCTETS])
    assert parse_frame_head(bytes(head)) is not None
    head[at : at + len(octets)] = octets
    assert parse_frame_head(bytes(head)) is None


def test_the_end_of_a_segments_data_is_no_frame() -> None:
    assert parse_frame_head(bytes(FRAME_HEADER_OCTETS)) is None
    assert parse_frame_head(data_frame()[0][: FRAME_HEADER_OCTETS - 1]) is None


def test_a_liid_that_does_not_fit_is_a_defect_of_ours() -> None:
    with pytest.raises(LocalError, match="255"):
        build_data_frame(HEADER, 5, EXTENTS, [b"x" * 256], ROWS, HASHES, 42)


# --- what a frame says --------------------------------------------------------------------------------------------


def meta_of(extents: list[ExtentHead], area: int = 42) -> bytes:
    read = parsed(build_data_frame(HEADER, 5, extents, LIIDS, ROWS, HASHES, area)[0])
    assert read is not None
    return read.meta


@pytest.mark.parametrize(
    "extents",
    [
        [extent()],
        [extent(), extent(1, 2, 30, 12)],
        [extent(), extent(2, 1, 29, 13)],
        [extent(), extent(2, 1, 30, 11)],
        [extent(), extent(2, 0, 30, 12)],
        [extent(), extent(3, 1, 30, 12)],
        [extent(0, 2, 0, 30, 2), extent(2, 1, 30, 12)],
        [extent(2, 1, 30, 12), extent()],
        [*EXTENTS, extent(3, 1, 42, 0)],
    ],
)
def test_extents_that_overlap_leave_out_or_go_beyond_are_refused(extents: list[ExtentHead]) -> None:
    with pytest.raises(DecodeError):
        parse_data_meta(meta_of(extents), 3, 42)


@pytest.mark.parametrize(("count", "area"), [(2, 42), (4, 42), (0, 0), (3, 41), (3, 43), (3, 0)])
def test_counts_that_do_not_fit_the_frame_are_refused(count: int, area: int) -> None:
    with pytest.raises(DecodeError):
        parse_data_meta(meta_of(EXTENTS), count, area)


def test_a_description_cut_anywhere_or_too_long_is_refused() -> None:
    meta = meta_of(EXTENTS)
    for end in range(len(meta)):
        with pytest.raises(DecodeError):
            parse_data_meta(meta[:end], 3, 42)
    with pytest.raises(DecodeError):
        parse_data_meta(meta + b"\0", 3, 42)


@pytest.mark.parametrize("counts", [(0xFFFFFFFF, 0), (4, 0), (0, 0xFFFFFFFF), (0, (1 << 20) + 1)])
def test_huge_counts_are_refused_before_they_are_believed(counts: tuple[int, int]) -> None:
    with pytest.raises(DecodeError):
        parse_data_meta(struct.pack("<II", *counts) + bytes(1000), 3, 42)


def test_a_commit_cut_anywhere_or_too_long_is_refused() -> None:
    read = parsed(build_commit_frame(HEADER, 8, BODY))
    assert read is not None
    for end in range(len(read.meta)):
        with pytest.raises(DecodeError):
            parse_commit(read.meta[:end])
    with pytest.raises(DecodeError):
        parse_commit(read.meta + b"\0")


@settings(max_examples=200, deadline=None)
@given(octets=st.binary(max_size=300), count=st.integers(0, 3), area=st.integers(0, 100))
def test_any_octets_raise_decode_error_only(octets: bytes, count: int, area: int) -> None:
    for parse in (lambda: parse_data_meta(octets, count, area), lambda: parse_commit(octets)):
        try:
            parse()
        except DecodeError:
            continue
    parse_frame_head(octets)


# --- chain and sizes ----------------------------------------------------------------------------------------------


def test_the_chain_binds_everything_before_and_beside_a_commit() -> None:
    given_ = (b"p" * 32, HEADER.digest, 9, -5, [b"d" * 32, b"e" * 32], (b"{}", b"x"))
    chain = commit_chain(*given_)
    plain = hashlib.sha256(b"p" * 32 + HEADER.digest + struct.pack("<QqI", 9, -5, 2) + b"d" * 32 + b"e" * 32)
    for record in given_[5]:
        plain.update(struct.pack("<Q", len(record)) + record)
    assert chain == plain.digest()
    changes: list[tuple[int, object]] = [
        (0, b"q" * 32), (1, HEADER._replace(note="x").digest), (2, 10), (3, -4), (4, [b"e" * 32, b"d" * 32]),
        (4, [b"d" * 32]), (5, (b"{}x", b"")), (5, (b"{}",)), (5, (b"x", b"{}")), (5, (b"{}", b"x", b"")),
    ]  # fmt: skip
    values = {commit_chain(*(*given_[:at], new, *given_[at + 1 :])) for at, new in changes}  # type: ignore[arg-type]
    assert len(values) == len(changes) and chain not in values


@pytest.mark.parametrize(("octets", "whole"), [(0, 0), (1, 4096), (4095, 4096), (4096, 4096), (4097, 8192)])
def test_units_are_whole_blocks(octets: int, whole: int) -> None:
    assert padded(octets) == whole


def test_the_row_of_the_stores_own_leaf_belongs_to_no_stream() -> None:
    row = notice_row(1_750_000_000_000_000, 77, 3, 1)
    assert len(row) == ROW_OCTETS
    assert ROW.unpack(row) == (
        1, 1_750_000_000_000_000, 1_750_000_000_000_000, -1, -1, 0, 0, 77, 0, -1, 1, 3, -1, -1, -1, 0,
    )  # fmt: skip
