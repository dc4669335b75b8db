"""What a TRI does to the streams of the records around it: CIN resets and segment flags.

Rules. Only what an order names leaves a trace. A reset and a closed run of segments are kept with the batch, so that a
restart and whoever reads what is stored know of them. A segment behind the first is the middle of something: where
nothing can be read of it, it is of its first one's service, if both are of one payload; what can be read of it stands,
so that no flag makes one service out of another.
"""

from __future__ import annotations

from typing import Protocol

from asn1.columns import KIND_CC, KIND_IRI, Columns
from collector.accounts import StreamMark, StreamRange, label
from collector.assembly import Assembly
from collector.facts import RecordFacts
from collector.link_handover import FLAGS, LinkHandover, counter_epoch
from collector.stream_table import NEVER, RESET, StreamTable, VerifyColumns
from mediation.law.orders import CourtOrder


class Orders(Protocol):
    """What of the orders is needed here."""

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]: ...


class TriEffects:
    """`liids`: octets by LIID id."""

    def __init__(self, orders: Orders, streams: StreamTable, liids: list[bytes]) -> None:
        self._orders = orders
        self._streams = streams
        self._liids = liids

    def reset(self, batch: Assembly, cols: Columns, verify: VerifyColumns, row: int) -> tuple[int, int] | None:
        """A cINReset was met: both streams of its communication are in a new epoch, which a restart must know. The
        communication, where it is a stranger's and is to be forgotten."""
        if not verify.flags[row] & RESET or verify.slots[row] < 0:
            return None
        slot, liid = verify.slots[row], self._liids[cols.liid[row]]
        cin = self._streams.key_of(slot).cin
        if not self._orders.orders_for(label(liid)):
            return cols.liid[row], cin
        for kind in (KIND_IRI, KIND_CC):
            epoch, target = self._streams.epoch(slot + kind), self._streams.target_state(slot)
            batch.account.mark(StreamMark(liid, cin, kind, epoch, -1, target))
        stamp_us = self._streams.last_reset_us(slot)
        if stamp_us != NEVER:
            batch.account.resets[liid, cin] = stamp_us
        return None

    def flag(self, batch: Assembly, handover: LinkHandover, cols: Columns, row: int) -> None:
        """A segment flag was met. The run that it closes is kept with the batch."""
        name = FLAGS.get(cols.content_tag[row])
        if name is None or cols.liid[row] < 0:
            return
        liid_id, cin = cols.liid[row], cols.cin[row]
        liid = self._liids[liid_id]
        if not self._orders.orders_for(label(liid)):
            return
        epoch = counter_epoch(self._streams, liid_id, cin, handover.by_liid)
        run = handover.flag(name, liid, cin, epoch, cols.number[row])
        if run is not None:
            batch.account.segments.append(StreamRange(liid, cin, KIND_CC, epoch, run.first, run.last))


def segment_facts(handover: LinkHandover, facts: RecordFacts, liid: bytes, cin: int, epoch: int) -> RecordFacts:
    """The facts of a content record, which may be a segment."""
    stream = (liid, cin, KIND_CC, epoch)
    if not handover.segments.later_segment(stream, facts.number):
        handover.segments.remember(stream, facts.number, facts)
        return facts
    first = handover.segments.remembered(stream)
    if facts.service is None and isinstance(first, RecordFacts) and first.payload == facts.payload:
        return facts._replace(service=first.service)
    return facts
