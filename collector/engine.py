"""What judges and keeps, put together: tables, lanes, the open batch, all sized by the configuration.

Rules. Nothing is opened here and nothing decided; after `recover` the tables stand where the last run left them. One
thread, the event loop's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, Protocol

from asn1.columns import LiidTable
from asn1.errors import DecodeError
from asn1.integrity import Chain
from collector.accounts import Totals
from collector.arena import PAGE_OCTETS, ArenaPool
from collector.assembly import Assembly, BatchSink, OrderSlots
from collector.batch import CommitInfo
from collector.careful import CarefulLane, Orders
from collector.config import CollectorConfig
from collector.conflicts import Conflicts
from collector.fleet.claiming import Claiming, Claims
from collector.fleet.returning import Returning
from collector.fleet.stage import Marking, Stage, Voiding
from collector.keeping import Keeper
from collector.laes.lane import LaesLane
from collector.minimise import Minimised
from collector.pipeline import Pipeline
from collector.receive import MIN_READ_OCTETS
from collector.recorder.devices import Devices
from collector.recorder.lane import RecorderLane
from collector.recovery import Recovered, Recovery, totals_of
from collector.store.keys import Keys
from collector.store.originals import Originals
from collector.store.reader import CommitView
from collector.stream_table import LIID_CIN, StreamTable
from collector.verify import StreamBook
from mediation.law.orders import OrderUid

MIN_ARENA_OCTETS: Final = 4 << 20
MAX_PIECE_ROWS: Final = 4096
_PIECE_ROW_OCTETS: Final = 512
"""What a row of the careful lane adds to a batch at most: its columns, its note, its mark."""


class News(NamedTuple):
    """Who hears of the assembly's events."""

    on_room: Callable[[], None]
    on_commit: Callable[[CommitInfo, dict[str, Any]], None]
    on_failure: Callable[[str], None]


class SharedStreams(Claims, Marking, Protocol):
    """Who claims and marks."""


class Fleet(NamedTuple):
    """Of a collector that shares streams with others: who marks and claims them, and voids what others have. `naming`:
    the key under which all of them number calls."""

    marks: SharedStreams
    store: Voiding
    naming: bytes


class Engine:
    """`durable` is the number of the newest commit that is on disk and known to be."""

    def __init__(
        self,
        config: CollectorConfig,
        keys: Keys,
        store: BatchSink,
        orders: Orders,
        minimised: Minimised,
        now_us: Callable[[], int],
        news: News,
        fleet: Fleet | None = None,
    ) -> None:
        self._by_liid = any(link.sequence_scope == "liid" for link in config.links)
        limits, room = config.limits, config.store.segment_octets // 2
        self.liids = LiidTable(secrets.randbits(31), limits.liids)
        self._streams = StreamTable(secrets.randbits(31), limits.communications, fleet is not None)
        octets: list[bytes] = []
        slots, self.totals = OrderSlots(), Totals()
        self.durable = -1
        originals = Originals(config.data_dir / "store", keys, lambda: self.durable)
        self.conflicts = Conflicts(originals, keys.hmac_key)
        self.careful = CarefulLane(
            orders,
            self._streams,
            StreamBook(),
            Keeper(slots, hmac_key=keys.hmac_key, quarantine=keys.quarantine),
            octets,
            conflicts=self.conflicts,
            minimised=minimised,
            forget_us=int(limits.forget_s * 1e6),
        )
        wanted = max(MIN_ARENA_OCTETS, config.largest_record_octets + 2 * MIN_READ_OCTETS)
        arena = min(-(-wanted // PAGE_OCTETS) * PAGE_OCTETS, limits.received_octets // 2 // PAGE_OCTETS * PAGE_OCTETS)
        self.assembly = Assembly(
            store,
            ArenaPool(arena, max(limits.received_octets // arena, 2)),
            slots,
            octets,
            self.totals,
            limit_octets=min(room // 2, 8 << 20),
            linger_us=limits.linger_us,
            on_room=news.on_room,
            on_commit=news.on_commit,
            on_failure=news.on_failure,
        )
        self.pipeline = Pipeline(
            self.liids,
            octets,
            self._streams,
            slots,
            self.careful,
            self.assembly,
            capacity=max(64, min(MAX_PIECE_ROWS, room // 4 // _PIECE_ROW_OCTETS)),
            now_us=now_us,
        )

        naming = keys.hmac_key if fleet is None else fleet.naming
        self.laes = LaesLane(
            self.careful,
            self._streams,
            self.assembly,
            self.liids,
            self.pipeline.learn,
            minimised,
            naming,
        )
        self.devices = Devices()
        self.recorder = RecorderLane(
            self.careful,
            self._streams,
            self.assembly,
            self.liids,
            self.pipeline.learn,
            minimised,
            naming,
            self.devices,
        )
        self.claiming: Claiming | None = None
        self.stage: Stage | None = None
        if fleet is not None:
            self.stage = Stage(
                fleet.marks, fleet.store, self._streams, self.liids, octets, self.careful, self.pipeline.learn
            )
            self.claiming = Claiming(fleet.marks, self.stage.claimed)
            self.assembly.stage = self.stage
            self.careful.closes = self.stage.closes

    def epoch(self, chain: Chain, by_liid: bool) -> int | None:
        """The epoch that a stream's counter is in; None where nothing of its communication is known."""
        try:
            liid = self.liids.intern(chain.liid)
        except DecodeError:
            return None
        slot = self._streams.slot_of(liid, chain.cin, chain.kind)
        if slot >= 0 and by_liid:
            slot = self._streams.slot_of(liid, LIID_CIN, 0)
        return None if slot < 0 else self._streams.epoch(slot)

    def recover(
        self,
        said: list[dict[str, Any]],
        commits: Iterator[CommitView],
        hear: Callable[[dict[str, Any]], None],
        now_us: int,
        returning: Returning | None = None,
    ) -> tuple[Recovered, dict[OrderUid, int]]:
        """Totals, marks and open communications from what is durable; what was found, and the earliest kept event of
        every order. `said` is the audit log, `hear` gets every batch's account."""
        summed = totals_of(said, self.totals)

        def heard(blob: dict[str, Any]) -> None:
            hear(blob)
            self.laes.restore_claims(blob, now_us)

        recovery = Recovery(
            self.totals, summed, self.liids, self._streams, self.careful, heard, self._by_liid, returning
        )
        found = recovery.run(commits)
        self.pipeline.learn()
        self.assembly.number_from(self.totals.last_batch + 1)
        self.durable = found.last_commit
        return found, recovery.first_us
