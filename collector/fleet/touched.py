"""Which claimed streams the rows of a batch are of, in one pass (ADR 0047).

A stream is named once, in the order of its first row. Rows without a number are of no stream, and neither are those of
a communication that had no room in the table. One source for two paths (ADR 0002): `touched.pxd` types it for Cython.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asn1 import plain as cython
    from collector.rows import Rows
    from collector.stream_table import StreamTable
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

COMPILED: Final[bool] = cython.compiled


class Touched:
    """One collector's; of a table it remembers by slot in which turn a stream was named."""

    def __init__(self, streams: StreamTable) -> None:
        self._streams = streams
        self._turn = 0
        self._slots = 0
        self._named = self._named_view = array("q")

    def slots(self, rows: Rows) -> list[int]:
        """The slots of the streams that `rows` are of."""
        streams = self._streams
        wanted = 2 * streams.fresh
        if wanted > self._slots:
            grown = array("q", bytes(8 * max(2 * self._slots, wanted, 128)))
            grown[: self._slots] = self._named
            self._named = self._named_view = grown
            self._slots = len(grown)
        self._turn += 1
        turn = self._turn
        liid, cin, kind = -1, -1, -1
        found = []
        for row in range(rows.n):
            if rows.number_view[row] < 0 or rows.kind_view[row] > 1:
                continue
            if rows.liid_view[row] == liid and rows.cin_view[row] == cin and rows.kind_view[row] == kind:
                continue
            liid, cin, kind = rows.liid_view[row], rows.cin_view[row], rows.kind_view[row]
            slot = streams.find(liid, cin)
            if slot < 0:
                continue
            slot = 2 * slot + kind
            if self._named_view[slot] != turn:
                self._named_view[slot] = turn
                found.append(slot)
        return found
