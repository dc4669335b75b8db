"""What the pipeline hands to the store: the rows to keep, where their octets are, and the record of every verdict.

A batch is durable whole or not at all. Its `record` blob says what became of the delivered records that are not kept,
and lies in the commit frame under the same signature as the leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from collector.rows import Rows
from mediation.law.orders import OrderUid


class OrderRef(NamedTuple):
    """The order and version a row is attributed to; `Rows.order` is the index into `Batch.orders`."""

    uid: OrderUid
    version: int
    order_id: str


class CommitInfo(NamedTuple):
    """A commit that is on disk. `size` and `root` are the tree's behind it; `first_sequence`, where a batch is told, is
    that of its own rows."""

    number: int
    first_sequence: int
    size: int
    root: bytes
    time_us: int


@dataclass(frozen=True, slots=True)
class Batch:
    """`buffers` are what `Rows.buffer` 0 (arena) and 1 (side) point into; they stay untouched until `on_durable`.

    `liids` turns a LIID id of the rows into its octets. `on_durable` is called on the writer thread, after the batch
    is on disk and never otherwise.
    """

    rows: Rows
    buffers: tuple[memoryview, memoryview]
    orders: tuple[OrderRef, ...]
    liids: Callable[[int], bytes]
    record: bytes
    on_durable: Callable[[CommitInfo], None]

    octets: int = field(init=False)
    """Octets the batch will take on disk, roughly from above: content, row columns, hashes, the record."""

    def __post_init__(self) -> None:
        octets = self.rows.octets + 128 * self.rows.n + 96 * len(self.orders) + len(self.record) + 1024
        object.__setattr__(self, "octets", octets)
