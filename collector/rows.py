"""The rows of a batch on its way to the store: one row a record to be kept, as columns.

Both lanes end here: the bulk lane by `append_lane`, natively, the careful lane row by row. No decision is taken in this
file. One source for two paths (ADR 0002): `rows.pxd` types it for Cython, and the store's kernels read the typed views.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

from asn1.errors import LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
    from asn1.columns import Columns
    from collector.gate_columns import Lane, OrderColumns
    from collector.stream_table import VerifyColumns
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

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


class Rows:
    """`n` rows; every column is an array of signed 64-bit integers with the same capacity, which grows by doubling.

    `buffer` 0 arena, 1 side; `offset`, `length` of the octets there; `order` slot in the batch's orders; `verdict` a
    VerdictKind; `reasons` a mask of Reason; `event_us` NO_TIME absent; `received_us`; `liid` id; `cin`, `number`,
    `epoch`, `kind`, `content_tag`, `direction`, `iri_type` -1 absent; `form` one of FORM_*.

    A view taken of a column shows the rows of that moment: after growth the column is another array.
    """

    def __init__(self, capacity: int) -> None:
        if not 1 <= capacity <= MAX_ROWS:
            raise LocalError(f"a Rows holds 1 to {MAX_ROWS} rows, not {capacity}")
        self.n = 0
        self.capacity = 0
        empty = array("q")
        self.buffer = self.offset = self.length = self.order = self.verdict = self.reasons = empty
        self.event_us = self.received_us = self.liid = self.cin = self.number = self.epoch = empty
        self.kind = self.content_tag = self.direction = self.iri_type = self.form = empty
        self._grow(capacity)

    def __len__(self) -> int:
        return self.n

    def clear(self) -> None:
        """No rows; the capacity stays."""
        self.n = 0

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
        self.buffer = self.buffer_view = self._grown(self.buffer, room)
        self.offset = self.offset_view = self._grown(self.offset, room)
        self.length = self.length_view = self._grown(self.length, room)
        self.order = self.order_view = self._grown(self.order, room)
        self.verdict = self.verdict_view = self._grown(self.verdict, room)
        self.reasons = self.reasons_view = self._grown(self.reasons, room)
        self.event_us = self.event_us_view = self._grown(self.event_us, room)
        self.received_us = self.received_us_view = self._grown(self.received_us, room)
        self.liid = self.liid_view = self._grown(self.liid, room)
        self.cin = self.cin_view = self._grown(self.cin, room)
        self.number = self.number_view = self._grown(self.number, room)
        self.epoch = self.epoch_view = self._grown(self.epoch, room)
        self.kind = self.kind_view = self._grown(self.kind, room)
        self.content_tag = self.content_tag_view = self._grown(self.content_tag, room)
        self.direction = self.direction_view = self._grown(self.direction, room)
        self.iri_type = self.iri_type_view = self._grown(self.iri_type, room)
        self.form = self.form_view = self._grown(self.form, room)
        self.capacity = room

    def _grown(self, old: array[int], room: int) -> array[int]:
        new = array("q", bytes(8 * room))
        new[: self.n] = old[: self.n]
        return new

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
        self.reserve(1)
        row = self.n
        self.buffer[row] = buffer
        self.offset[row] = offset
        self.length[row] = length
        self.order[row] = order
        self.verdict[row] = verdict
        self.reasons[row] = reasons
        self.event_us[row] = event_us
        self.received_us[row] = received_us
        self.liid[row] = liid
        self.cin[row] = cin
        self.number[row] = number
        self.epoch[row] = epoch
        self.kind[row] = kind
        self.content_tag[row] = content_tag
        self.direction[row] = direction
        self.iri_type[row] = iri_type
        self.form[row] = form
        self.n = row + 1
        return row

    def append_lane(
        self,
        cols: Columns,
        lane: Lane,
        verify: VerifyColumns,
        orders: OrderColumns,
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
            _append(self, cols, lane, verify, orders, buffer, now_us, verdict, reasons)
        return self.n - before


def _append(
    rows: Rows,
    cols: Columns,
    lane: Lane,
    verify: VerifyColumns,
    orders: OrderColumns,
    buffer: int,
    now_us: int,
    verdict: int,
    reasons: int,
) -> None:
    at = rows.n
    for row in range(cols.n):
        # A LIID the orders do not hold cannot have been gated by them: leaving the row out shows in the count.
        liid = cols.liid_view[row]
        if not lane.rows_view[row] or not 0 <= liid < orders.n:
            continue
        rows.buffer_view[at] = buffer
        rows.offset_view[at] = cols.offset_view[row]
        rows.length_view[at] = cols.length_view[row]
        rows.order_view[at] = orders.order_slot_view[liid]
        rows.verdict_view[at] = verdict
        rows.reasons_view[at] = reasons
        rows.event_us_view[at] = cols.time_us_view[row]
        rows.received_us_view[at] = now_us
        rows.liid_view[at] = liid
        rows.cin_view[at] = cols.cin_view[row]
        rows.number_view[at] = cols.number_view[row]
        rows.epoch_view[at] = verify.epochs_view[row]
        rows.kind_view[at] = cols.kind_view[row]
        rows.content_tag_view[at] = cols.content_tag_view[row]
        rows.direction_view[at] = cols.direction_view[row]
        rows.iri_type_view[at] = cols.iri_type_view[row]
        rows.form_view[at] = 0
        at += 1
    rows.n = at
