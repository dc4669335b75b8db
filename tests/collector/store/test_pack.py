"""Rows, octets and leaf hashes of a frame: compiled, interpreted and the definition agree, whatever the lengths.

Compiled, many leaves are hashed side by side; lengths at the edges of SHA-256's blocks and batches of every small size
see that none of them shows in another's hash.
"""

from __future__ import annotations

import hashlib
import random
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import LocalError
from collector import rows as rows_module
from collector.store import pack as imported
from collector.store.pack import ENVELOPE, HASH_OCTETS, ORDER_OCTETS, ROW, ROW_OCTETS

MODULES = ("collector.rows", "collector.store.pack")
ORDERS = b"".join(hashlib.sha256(b"%d" % order).digest()[:16] + (order + 1).to_bytes(4, "big") for order in range(3))
FIRST = 5_000_000_000


@pytest.fixture(scope="module")
def interpreted(interpreted_twin) -> SimpleNamespace:
    modules = interpreted_twin(*MODULES)
    return SimpleNamespace(**{name.rsplit(".", 1)[1]: module for name, module in modules.items()})


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def kinds(request, interpreted) -> SimpleNamespace:
    if request.param == "interpreted":
        assert not interpreted.pack.COMPILED
        return interpreted
    assert imported.COMPILED
    return SimpleNamespace(rows=rows_module, pack=imported)


def packed(kinds: SimpleNamespace, records: list[bytes], seed: int = 1) -> tuple[imported.Packed, list[tuple]]:
    """The records packed, every third of them from the side buffer, and for each its row's columns and octets."""
    rng = random.Random(seed)
    rows = kinds.rows.Rows(max(len(records), 1))
    buffers = (bytearray(), bytearray())
    given_rows = []
    for record in records:
        buffer, order = int(rng.random() < 0.33), rng.randrange(3)
        columns = {
            "received_us": rng.randrange(1 << 62), "event_us": rng.randrange(-(1 << 63), 1 << 62),
            "reasons": rng.randrange(1 << 62), "verdict": rng.randrange(5), "cin": rng.randrange(-1, 1 << 40),
            "number": rng.randrange(-1, 1 << 32), "epoch": rng.randrange(-1, 1 << 31), "liid": rng.randrange(4),
            "kind": rng.randrange(-1, 3), "content_tag": rng.randrange(-1, 3000), "direction": rng.randrange(-1, 3),
            "iri_type": rng.randrange(-1, 5), "form": rng.randrange(5),
        }  # fmt: skip
        rows.append(buffer=buffer, offset=len(buffers[buffer]), length=len(record), order=order, **columns)
        buffers[buffer].extend(record)
        given_rows.append((order, columns, record))
    # One octet more, so that an empty buffer can be addressed.
    arena, side = (memoryview(bytes(buffer) + b"\xff") for buffer in buffers)
    return kinds.pack.pack(rows, arena, side, ORDERS, FIRST), given_rows


def wanted_leaf(order: int, columns: dict[str, int], record: bytes, sequence: int) -> bytes:
    uid_version = ORDERS[ORDER_OCTETS * order : ORDER_OCTETS * (order + 1)]
    version = int.from_bytes(uid_version[16:], "big")
    envelope = ENVELOPE.pack(
        1, columns["verdict"], columns["form"], 0, version, columns["reasons"], sequence, columns["received_us"],
        columns["event_us"], uid_version[:16], len(record), 0,
    )  # fmt: skip
    return hashlib.sha256(b"\0" + envelope + record).digest()


def check(kinds: SimpleNamespace, records: list[bytes], seed: int = 1) -> imported.Packed:
    found, given_rows = packed(kinds, records, seed)
    # Grouped by order, in the order they came.
    placed = sorted(given_rows, key=lambda one: one[0])
    assert bytes(found.octets) == b"".join(record for _, _, record in placed)
    for at, (order, columns, record) in enumerate(placed):
        leaf = bytes(found.hashes[HASH_OCTETS * at : HASH_OCTETS * (at + 1)])
        assert leaf == wanted_leaf(order, columns, record, FIRST + at), (at, len(record))
        row = ROW.unpack_from(found.rows, ROW_OCTETS * at)
        assert row[7] == len(record) and row[:2] == (columns["reasons"], columns["received_us"])
        assert found.liids[row[6]] == columns["liid"] and found.extents[row[8]].order == order
    for extent in found.extents:
        rows = memoryview(found.rows)[ROW_OCTETS * extent.first_row :][: ROW_OCTETS * extent.rows]
        area = memoryview(found.octets)[extent.offset : extent.offset + extent.octets]
        uid_version = ORDERS[ORDER_OCTETS * extent.order :][:ORDER_OCTETS]
        hashes = kinds.pack.rehash(rows, area, uid_version, FIRST + extent.first_row)
        start = HASH_OCTETS * extent.first_row
        assert hashes == found.hashes[start : start + HASH_OCTETS * extent.rows]
    return found


def test_leaves_of_every_length_around_the_edges_of_blocks(kinds: SimpleNamespace) -> None:
    rng = random.Random(3)
    lengths = [*range(270), 300, 511, 512, 513, 4095, 4096, 70_001]
    check(kinds, [rng.randbytes(octets) for octets in lengths])
    rng.shuffle(lengths)
    check(kinds, [rng.randbytes(octets) for octets in lengths], 2)


def test_batches_of_every_small_size(kinds: SimpleNamespace) -> None:
    rng = random.Random(5)
    for count in range(70):
        check(kinds, [rng.randbytes(200) for _ in range(count)], count)


@settings(max_examples=40, deadline=None)
@given(lengths=st.lists(st.integers(1, 700), min_size=1, max_size=60), seed=st.integers(0, 1 << 30))
def test_both_kinds_pack_the_same_octets(interpreted: SimpleNamespace, lengths: list[int], seed: int) -> None:
    rng = random.Random(seed)
    records = [rng.randbytes(octets) for octets in lengths]
    compiled = check(SimpleNamespace(rows=rows_module, pack=imported), records, seed)
    slow = check(interpreted, records, seed)
    assert compiled == slow


def test_a_row_outside_its_buffer_is_refused(kinds: SimpleNamespace) -> None:
    rows = kinds.rows.Rows(1)
    rows.append(buffer=0, offset=3, length=2, order=0, verdict=1, reasons=1, received_us=1, liid=0)
    with pytest.raises(LocalError, match="outside"):
        kinds.pack.pack(rows, memoryview(b"abcd"), memoryview(b""), ORDERS, 0)


def test_rows_that_do_not_add_up_are_refused(kinds: SimpleNamespace) -> None:
    found, _ = packed(kinds, [b"x" * 100] * 20)
    with pytest.raises(LocalError, match="add up"):
        kinds.pack.rehash(memoryview(found.rows), memoryview(found.octets)[:-1], ORDERS[:ORDER_OCTETS], FIRST)


def test_both_kinds_are_tested(interpreted: SimpleNamespace) -> None:
    module: ModuleType = interpreted.pack
    assert imported.COMPILED is True and module.COMPILED is False
