"""The rows of a batch on its way to the store: one row a record to be kept, as columns.

Both lanes end here: the bulk lane natively, the careful lane row by row. No decision is taken in this file. A row
lies in one piece of memory, in the layout of the segment format, so that it is written once and copied once; the
columns are views of it. One source for two paths (ADR 0002): `rows.pxd` types it for Cython, and the store's kernels
read the typed views.
"""

from __future__ import annotations

import struct
from array import array
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
    from asn1.columns import Columns
    from collector.gate_columns import Lane
    from collector.stream_table import VerifyColumns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.collector.kept_row import write_row

COMPILED: Final[bool] = cython.compiled

MAX_ROWS: Final = 1 << 24
"""Rows of one batch; a batch is bounded by its buffers long before."""

BUFFER_ARENA: Final = 0
BUFFER_SIDE: Final = 1

FORM_RECEIVED: Final = 0
FORM_MASKED: Final = 1
FORM_QUARANTINED: Final = 2
FORM_NOTICE: Final = 3
FORM_SYNTHETIC: Final = 4

COLUMNS: Final = (
    "buffer",
    "offset",
    "length",
    "order",
    "verdict",
    "reasons",
    "event_us",
    "received_us",
    "liid",
    "cin",
    "number",
    "epoch",
    "kind",
    "content_tag",
    "direction",
    "iri_type",
    "form",
)
"""The names of the columns, in the order of the segment format."""

NO_TIME: Final = -(1 << 63)

ROW_OCTETS: Final = 64
ROW: Final = struct.Struct("<qqqqqiiiihBBbbbB")
"""`collector.store.pack` has the layout. Here `liid` is an id and `order` a slot; the frame has numbers of its own."""
ROW_TYPE: Final = np.dtype(
    [
        ("reasons", "<i8"),
        ("received_us", "<i8"),
        ("event_us", "<i8"),
        ("cin", "<i8"),
        ("number", "<i8"),
        ("epoch", "<i4"),
        ("liid", "<i4"),
        ("length", "<i4"),
        ("order", "<i4"),
        ("content_tag", "<i2"),
        ("verdict", "u1"),
        ("form", "u1"),
        ("kind", "i1"),
        ("direction", "i1"),
        ("iri_type", "i1"),
        ("zero", "u1"),
    ]
)
Column = np.ndarray[Any, np.dtype[Any]]


class Tally:
    """How many records by order slot, for slots below `slots`: as cheap for one slot of 100 000 as for one of four."""

    def __init__(self) -> None:
        self.slots = 0
        self.n = 0
        self.counts = self.counts_view = array("q")
        self.touched = self.touched_view = array("i")

    def reserve(self, slots: int) -> None:
        """Room for slots below `slots`."""
        if slots <= self.slots:
            return
        room = max(64, 2 * self.slots, slots)
        counts, touched = array("q", bytes(8 * room)), array("i", bytes(4 * room))
        counts[: self.slots], touched[: self.slots] = self.counts, self.touched
        self.counts = self.counts_view = counts
        self.touched = self.touched_view = touched
        self.slots = room

    def take(self) -> list[tuple[int, int]]:
        """(slot, records), ascending; all counts are 0 afterwards."""
        found = [(slot, self.counts[slot]) for slot in sorted(self.touched[: self.n])]
        for slot, _ in found:
            self.counts[slot] = 0
        self.n = 0
        return found


def count_one(tally: Tally, slot: int) -> None:
    """One record more. The slot must be one of the tally's."""
    if tally.counts_view[slot] == 0:
        tally.touched_view[tally.n] = slot
        tally.n += 1
    tally.counts_view[slot] += 1


class Rows:
    """`n` rows of `octets` octets together; every column has the same capacity, which grows by doubling.

    `buffer` 0 arena, 1 side; `offset`, `length` of the octets there; `order` slot in the batch's orders; `verdict` a
    VerdictKind; `reasons` a mask of Reason; `event_us` NO_TIME absent; `received_us`; `liid` id; `cin`, `number`,
    `epoch`, `kind`, `content_tag`, `direction`, `iri_type` -1 absent; `form` one of FORM_*. Of an epoch the lowest 32
    bits are kept.

    `table` holds all of a row but `buffer` and `offset`, in ROW_OCTETS octets. A view taken of a column shows the rows
    of that moment: after growth the column is another array.
    """

    def __init__(self, capacity: int) -> None:
        if not 1 <= capacity <= MAX_ROWS:
            raise LocalError(f"a Rows holds 1 to {MAX_ROWS} rows, not {capacity}")
        self.n = 0
        self.octets = 0
        self.capacity = 0
        self.table = self.table_view = bytearray()
        self.buffer = self.buffer_view = array("b")
        self.offset = self.offset_view = array("q")
        self._grow(capacity)

    def __len__(self) -> int:
        return self.n

    def clear(self) -> None:
        """No rows; the capacity stays."""
        self.n = 0
        self.octets = 0

    def reserve(self, extra: int) -> None:
        """Makes room for `extra` more rows. LocalError beyond MAX_ROWS."""
        wanted = self.n + extra
        if wanted <= self.capacity:
            return
        if wanted > MAX_ROWS:
            raise LocalError(f"a batch of {wanted} rows is more than {MAX_ROWS}; commit before")
        room = self.capacity
        while room < wanted:
            room *= 2
        self._grow(min(room, MAX_ROWS))

    def _grow(self, room: int) -> None:
        table = bytearray(ROW_OCTETS * room)
        table[: ROW_OCTETS * self.n] = self.table[: ROW_OCTETS * self.n]
        buffer, offset = array("b", bytes(room)), array("q", bytes(8 * room))
        buffer[: self.n] = self.buffer[: self.n]
        offset[: self.n] = self.offset[: self.n]
        self.table = self.table_view = table
        self.buffer = self.buffer_view = buffer
        self.offset = self.offset_view = offset
        rows = np.frombuffer(table, ROW_TYPE)
        self.reasons = self.reasons_view = rows["reasons"]
        self.received_us = self.received_us_view = rows["received_us"]
        self.event_us = self.event_us_view = rows["event_us"]
        self.cin = self.cin_view = rows["cin"]
        self.number = self.number_view = rows["number"]
        self.epoch = self.epoch_view = rows["epoch"]
        self.liid = self.liid_view = rows["liid"]
        self.length = self.length_view = rows["length"]
        self.order = self.order_view = rows["order"]
        self.content_tag = self.content_tag_view = rows["content_tag"]
        self.verdict = self.verdict_view = rows["verdict"]
        self.form = self.form_view = rows["form"]
        self.kind = self.kind_view = rows["kind"]
        self.direction = self.direction_view = rows["direction"]
        self.iri_type = self.iri_type_view = rows["iri_type"]
        self.capacity = room

    def append(
        self,
        *,
        buffer: int,
        offset: int,
        length: int,
        order: int,
        verdict: int,
        reasons: int,
        received_us: int,
        event_us: int = NO_TIME,
        liid: int = -1,
        cin: int = -1,
        number: int = -1,
        epoch: int = -1,
        kind: int = -1,
        content_tag: int = -1,
        direction: int = -1,
        iri_type: int = -1,
        form: int = FORM_RECEIVED,
    ) -> int:
        """One row of the careful lane; answers its index."""
        return self.append_row(
            buffer, offset, length, order, verdict, reasons, received_us, event_us, liid, cin, number, epoch, kind,
            content_tag, direction, iri_type, form,
        )  # fmt: skip

    def append_row(
        self,
        buffer: int,
        offset: int,
        length: int,
        order: int,
        verdict: int,
        reasons: int,
        received_us: int,
        event_us: int,
        liid: int,
        cin: int,
        number: int,
        epoch: int,
        kind: int,
        content_tag: int,
        direction: int,
        iri_type: int,
        form: int,
    ) -> int:
        """`append` for those who append many: everything is said, in this order."""
        self.reserve(1)
        write(
            self, buffer, offset, length, order, verdict, reasons, received_us, event_us, liid, cin, number, epoch,
            kind, content_tag, direction, iri_type, form,
        )  # fmt: skip
        return self.n - 1

    def append_lane(
        self,
        cols: Columns,
        lane: Lane,
        verify: VerifyColumns,
        tally: Tally,
        buffer: int,
        now_us: int,
        verdict: int,
        reasons: int,
    ) -> int:
        """The BULK rows of a gated `cols`, in their order, all with one verdict; answers how many."""
        if cols.n > lane.capacity or cols.n > verify.capacity:
            raise LocalError(
                f"{cols.n} rows do not fit {lane.capacity} of the lane and {verify.capacity} of the verify"
            )
        self.reserve(cols.n)
        before = self.n
        with cython.nogil:
            _append(self, cols, lane, verify, tally, buffer, now_us, verdict, reasons)
        return self.n - before

    def gather_orders(self, slots: int) -> list[int]:
        """The order slots below `slots` that there are rows of, ascending; the rows' slots are renumbered to match.
        LocalError for a row of any other."""
        numbers = array("i", bytes(4 * max(slots, 1)))
        found = _mark_orders(self, numbers, slots)
        if found < 0:
            raise LocalError("a row has an order that nobody knows; this is a defect of the pipeline")
        present = np.flatnonzero(np.frombuffer(numbers, np.int32)).tolist()
        if found < slots:
            for number, slot in enumerate(present):
                numbers[slot] = number
            _renumber(self, numbers)
        return present


def write(
    rows: Rows,
    buffer: int,
    offset: int,
    length: int,
    order: int,
    verdict: int,
    reasons: int,
    received_us: int,
    event_us: int,
    liid: int,
    cin: int,
    number: int,
    epoch: int,
    kind: int,
    content_tag: int,
    direction: int,
    iri_type: int,
    form: int,
) -> None:
    """The next row. There must be room for it."""
    at = rows.n
    rows.buffer_view[at] = buffer
    rows.offset_view[at] = offset
    if cython.compiled:
        write_row(
            cython.address(rows.table_view[64 * at]), reasons, received_us, event_us, cin, number, epoch, liid, length,
            order, content_tag, verdict, form, kind, direction, iri_type,
        )  # fmt: skip
    else:
        epoch = (epoch + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
        ROW.pack_into(
            rows.table, 64 * at, reasons, received_us, event_us, cin, number, epoch, liid, length, order, content_tag,
            verdict, form, kind, direction, iri_type, 0,
        )  # fmt: skip
    rows.n = at + 1
    rows.octets += length


def _append(
    rows: Rows,
    cols: Columns,
    lane: Lane,
    verify: VerifyColumns,
    tally: Tally,
    buffer: int,
    now_us: int,
    verdict: int,
    reasons: int,
) -> None:
    for row in range(cols.n):
        if lane.rows_view[row]:
            append_scanned(rows, cols, row, lane.slots_view[row], verify, tally, buffer, now_us, verdict, reasons)


def append_scanned(
    rows: Rows,
    cols: Columns,
    row: int,
    order: int,
    verify: VerifyColumns,
    tally: Tally,
    buffer: int,
    now_us: int,
    verdict: int,
    reasons: int,
) -> None:
    """A scanned row as it was received, and counted. There must be room for it."""
    write(
        rows, buffer, cols.offset_view[row], cols.length_view[row], order, verdict, reasons, now_us,
        cols.time_us_view[row], cols.liid_view[row], cols.cin_view[row], cols.number_view[row],
        verify.epochs_view[row], cols.kind_view[row], cols.content_tag_view[row], cols.direction_view[row],
        cols.iri_type_view[row], 0,
    )  # fmt: skip
    count_one(tally, order)


def _mark_orders(rows: Rows, numbers: array[int], slots: int) -> int:
    """Sets `numbers` at every order that there are rows of; how many there are, -1 when one is none."""
    found = 0
    for row in range(rows.n):
        order = rows.order_view[row]
        if not 0 <= order < slots:
            return -1
        if numbers[order] == 0:
            numbers[order] = 1
            found += 1
    return found


def _renumber(rows: Rows, numbers: array[int]) -> None:
    for row in range(rows.n):
        rows.order_view[row] = numbers[rows.order_view[row]]
