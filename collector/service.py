"""The collector process put together: the one place where real clocks, sockets, files and threads meet.

Rules. Everything is opened, recovered and checked before the first port listens. Whatever goes wrong where nothing may
go wrong (a batch that does not balance, a failed sync, a full audit log) ends the process with a sentence: then nothing
more is acknowledged, and what was acknowledged is on disk. On a stop, reading ends first, then what was read is
made durable and acknowledged, then connections close.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from asn1.columns import COMPILED as COLUMNS_COMPILED
from asn1.columns import LiidTable
from asn1.errors import LabError
from asn1.handover import HandoverConfig
from asn1.scan import COMPILED as SCAN_COMPILED
from collector.accounts import Totals, summarise
from collector.arena import PAGE_OCTETS, ArenaPool
from collector.assembly import Assembly, OrderSlots
from collector.auditing import AuditTally
from collector.batch import CommitInfo
from collector.careful import CarefulLane
from collector.config import CollectorConfig
from collector.gate_columns import COMPILED as GATE_COMPILED
from collector.links import link_state, start_link
from collector.pipeline import Pipeline
from collector.receive import MIN_READ_OCTETS, Receiver
from collector.recovery import Recovery, totals_of
from collector.registry import Registry
from collector.rows import COMPILED as ROWS_COMPILED
from collector.status import Status, metrics_route
from collector.store.audit_log import AuditLog, read_audit
from collector.store.gauge import StoreError
from collector.store.index import Index
from collector.store.keys import Keys, pin_name, read_public_key
from collector.store.pack import COMPILED as PACK_COMPILED
from collector.store.reader import StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from collector.stream_table import StreamTable
from collector.verify import StreamBook
from mediation.ledger.kernel import COMPILED as LEDGER_COMPILED
from mediation.runtime.config import ConfigError, NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status

COMPILED: Final = (
    COLUMNS_COMPILED and SCAN_COMPILED and GATE_COMPILED and ROWS_COMPILED and PACK_COMPILED and LEDGER_COMPILED
)
INBOX_S: Final = 0.2
"""How often the inbox is looked into (docs/architecture.md)."""
TURN_S: Final = 1.0
"""How often time limits are checked and the audit log is written and signed."""
DRAIN_S: Final = 10.0
"""How long a stop waits for what was read to become durable."""
MIN_ARENA_OCTETS: Final = 1 << 20
MAX_PIECE_ROWS: Final = 4096
_PIECE_ROW_OCTETS: Final = 512
"""What a row of the careful lane adds to a batch at most: its columns, its note, its mark."""


async def run(config: CollectorConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    await Service(config).run(ready, stop)


class Service:
    def __init__(self, config: CollectorConfig) -> None:
        self._config = config
        self._log = get_logger("collector")
        self._clock = config.clock.clock()
        self._loop = asyncio.get_running_loop()
        self._failed: asyncio.Future[str] = self._loop.create_future()
        self._tally = AuditTally(self._clock.now_us())
        self._errors_told: Counter[tuple[str, str]] = Counter()

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        self._loop.set_exception_handler(self._unexpected)
        with contextlib.ExitStack() as stack:
            self._open(stack)
            servers: list[asyncio.Server] = []
            ports: dict[str, int] = {}
            runner = None
            tasks: list[asyncio.Task[None]] = []
            try:
                for link, state in zip(self._config.links, self._links, strict=True):
                    server, ports[link.name] = await start_link(link, state, self._receiver)
                    servers.append(server)
                status = self._status.status
                runner, ports["control"] = await start_status(self._config.control, status, [metrics_route(status)])
                tasks = [asyncio.create_task(self._look_into_inbox()), asyncio.create_task(self._turns())]
                self._index.start()
                # Before the first record: a store with records always has a signed audit log beside it.
                self._audit.flush()
                self._announce(ports)
                ready(ports)
                await self._until(stop)
            finally:
                for server in servers:
                    server.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._drain()
                if runner is not None:
                    await runner.cleanup()
        if self._failed.done():
            raise StoreError(self._failed.result())

    # Opening

    def _open(self, stack: contextlib.ExitStack) -> None:
        config = self._config
        directory = config.data_dir
        self._keys = self._open_keys()
        self._audit = AuditLog(directory / "audit", self._keys, config.audit.capacity_octets)
        stack.callback(self._close_audit)
        now_us = self._clock.now_us()
        self._append("start", {"config_sha256": self._config_hash(), "compiled": COMPILED})
        hooks = StoreHooks(
            now_us=self._clock.now_us,
            summarise=summarise,
            is_unsafe=lambda uid: uid in self._active,
            audit=self._from_store,
            on_failure=self._from_writer,
        )
        self._active: frozenset[bytes] = frozenset()
        pins = config.pin_directory
        store_config = StoreConfig(
            config.store.capacity_octets,
            config.store.segment_octets,
            config.store.encryption,
            pin=pins / pin_name(self._keys.signing.public_key()) if pins is not None else None,
        )
        self._store = Store.open(directory / "store", store_config, self._keys, hooks)
        stack.callback(self._store.close)
        self._build()
        last_commit = self._recover()
        self._index = Index(config.database_url, directory / "store", self._keys, last_commit)
        stack.callback(self._index.stop)
        self._registry = self._open_registry()
        self._careful.orders = self._registry
        self._reload()
        self._careful.forget_ended(now_us)
        self._status = Status(
            self._registry,
            self._totals,
            self._links,
            self._assembly,
            self._receiver,
            self._store,
            self._audit,
            self._index,
            COMPILED,
        )

    def _open_keys(self) -> Keys:
        config, directory = self._config, self._config.data_dir / "keys"
        try:
            config.data_dir.mkdir(parents=True, exist_ok=True)
            if Keys.exists(directory):
                return Keys(directory)
            if config.quarantine_public_key is None:
                raise ConfigError(
                    "quarantine_public_key is missing: the first start needs the public half of an X25519 key pair "
                    "that is kept away from the collector."
                )
            return Keys.create(directory, config.quarantine_public_key)
        except OSError as error:
            raise NotReadyError(
                f"Cannot use the data directory {config.data_dir}: {error.strerror}. "
                "Make it a directory that may be written to, or configure another data_dir."
            ) from error

    def _open_registry(self) -> Registry:
        inbox = self._config.inbox
        public_key = read_public_key(self._config.court_public_key)
        try:
            inbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotReadyError(
                f"Cannot use the inbox {inbox}: {error.strerror}. Configure another hi1_inbox."
            ) from error
        return Registry(inbox, public_key, self._order_news)

    def _build(self) -> None:
        """Pipeline and tables, empty."""
        config, limits = self._config, self._config.limits
        room = config.store.segment_octets // 2
        self._liids = LiidTable(secrets.randbits(31), limits.liids)
        self._streams = StreamTable(secrets.randbits(31), limits.communications)
        octets: list[bytes] = []
        slots, self._totals = OrderSlots(), Totals()
        self._careful = CarefulLane(
            _NoOrders(),
            self._streams,
            StreamBook(),
            slots,
            octets,
            hmac_key=self._keys.hmac_key,
            quarantine=self._keys.quarantine,
            forget_us=int(limits.forget_s * 1e6),
        )
        wanted = max(MIN_ARENA_OCTETS, config.largest_record_octets + 2 * MIN_READ_OCTETS)
        arena = min(-(-wanted // PAGE_OCTETS) * PAGE_OCTETS, limits.received_octets // 2 // PAGE_OCTETS * PAGE_OCTETS)
        self._assembly = Assembly(
            self._store,
            ArenaPool(arena, max(limits.received_octets // arena, 2)),
            slots,
            octets,
            self._totals,
            limit_octets=min(room // 2, 8 << 20),
            linger_us=limits.linger_us,
            on_room=self._on_room,
            on_commit=self._on_commit,
            on_failure=self._fail,
        )
        self._pipeline = Pipeline(
            self._liids,
            octets,
            self._streams,
            slots,
            self._careful,
            self._assembly,
            capacity=max(64, min(MAX_PIECE_ROWS, room // 4 // _PIECE_ROW_OCTETS)),
            now_us=self._clock.now_us,
        )
        self._links = tuple(link_state(link) for link in config.links)
        self._receiver = Receiver(
            self._pipeline,
            self._assembly,
            self._liids,
            HandoverConfig(),
            max_connections=limits.connections,
            spill_octets=limits.received_octets,
            now_us=self._clock.now_us,
            report=self._connection_news,
            on_defect=self._fail,
        )

    def _recover(self) -> int:
        """Totals and marks from what is durable; the number of the last commit."""
        through = totals_of(read_audit(self._config.data_dir / "audit"), self._totals)
        recovery = Recovery(self._totals, through, self._liids, self._streams, self._careful)
        reader = StoreReader(self._config.data_dir / "store")
        found = recovery.run(reader.commits() if self._store.gauge().segments else iter(()))
        self._assembly.number_from(self._totals.last_batch + 1)
        if found.commits:
            self._log.info("recovered", **found._asdict())
            self._append("recovered", found._asdict())
        return found.last_commit

    def _config_hash(self) -> str:
        return hashlib.sha256(self._config.model_dump_json().encode()).hexdigest()

    def _announce(self, ports: dict[str, int]) -> None:
        speed = "compiled" if COMPILED else "interpreted: kernels are not built and everything is slow, run make"
        self._log.info("listening", ports=ports, kernels=speed, simulation=True, records=self._store.size)

    # Running

    async def _until(self, stop: asyncio.Event) -> None:
        """Until a stop is asked for or something failed."""
        waiting = asyncio.create_task(stop.wait())
        self._failed.add_done_callback(lambda _: waiting.cancel())
        await asyncio.wait([waiting])

    async def _look_into_inbox(self) -> None:
        while True:
            await asyncio.sleep(INBOX_S)
            self._guarded(self._reload_changed)

    async def _turns(self) -> None:
        while True:
            await asyncio.sleep(TURN_S)
            self._guarded(self._turn)
            await asyncio.to_thread(self._guarded, self._audit.flush)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except (LabError, OSError) as error:
            self._loop.call_soon_threadsafe(self._fail, str(error))

    def _turn(self) -> None:
        self._receiver.sweep()
        self._careful.forget_ended(self._clock.now_us())
        self._audit_sums()

    def _audit_sums(self) -> None:
        """What was refused and who was turned away since the last time."""
        now_us = self._clock.now_us()
        totals = {
            "delivered": sum(counts.delivered for counts in self._totals.orders.values()),
            "unknown": self._totals.unknown_counts.delivered,
            "records": self._store.size,
            "balanced": self._totals.balanced,
        }
        for kind, fields in [*self._record_errors(), *self._tally.turn(now_us, totals)]:
            self._append(kind, fields)
            if kind != "heartbeat":
                self._log.warning(kind, **fields)

    def _record_errors(self) -> list[tuple[str, dict[str, Any]]]:
        """Records that could not be read since the last time, by link and code; their verdicts stand beside them."""
        found: list[tuple[str, dict[str, Any]]] = []
        for link in self._links:
            for code, count in link.errors.items():
                fresh = count - self._errors_told[link.name, code]
                if fresh:
                    self._errors_told[link.name, code] = count
                    found.append(("record_error", {"link": link.name, "code": code, "count": fresh}))
        return found

    def _reload_changed(self) -> None:
        if self._registry.reload():
            self._refresh()

    def _reload(self) -> None:
        self._registry.reload()
        self._refresh()

    def _refresh(self) -> None:
        orders = self._registry.current()
        self._active = frozenset(bytes(order.uid) for order in orders)
        self._pipeline.refresh(orders)

    async def _drain(self) -> None:
        """Stop reading, make durable what was read, acknowledge it, close, and put the last sums on record."""
        self._receiver.stop()
        if not self._failed.done():
            self._guarded(self._assembly.flush)
            until_s = self._loop.time() + DRAIN_S
            while self._assembly.in_flight and self._loop.time() < until_s and not self._failed.done():
                await asyncio.sleep(0.002)
                self._guarded(self._assembly.flush)
        self._receiver.close()
        await asyncio.sleep(0)
        self._guarded(self._audit_sums)

    def _close_audit(self) -> None:
        with contextlib.suppress(LabError):
            self._append("stop", {"failed": self._failed.result() if self._failed.done() else None})
        self._audit.close()

    # News

    def _append(self, kind: str, fields: dict[str, Any]) -> None:
        self._audit.append(kind, fields, self._clock.now_us())

    def _from_store(self, kind: str, fields: dict[str, Any]) -> None:
        """On the writer's thread. What is evicted must be on record, durably, before it goes."""
        self._append(kind, fields)
        self._audit.flush()

    def _from_writer(self, sentence: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._fail, sentence)

    def _on_commit(self, info: CommitInfo, blob: dict[str, Any]) -> None:
        self._tally.batch(blob)
        self._index.notify(info.number)

    def _on_room(self) -> None:
        self._receiver.resume()

    def _order_news(self, kind: str, fields: dict[str, object]) -> None:
        self._append(kind, dict(fields))
        self._log.info(kind, **fields)

    def _connection_news(self, link: str, peer: str, code: str, text: str) -> None:
        self._tally.connection(link, peer, code)
        self._log.warning("connection", link=link, peer=peer, code=code, why=text)

    def _fail(self, sentence: str) -> None:
        if not self._failed.done():
            self._log.error("failed", message=sentence)
            self._failed.set_result(sentence)
        self._assembly.stopped = True

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What a callback raised. A peer's broken transport is no defect; anything else ends the process."""
        error = context.get("exception")
        if error is None or isinstance(error, OSError):
            self._log.warning("transport", message=str(error or context.get("message")))
            return
        self._fail(f"The collector met a defect and stops: {type(error).__name__}: {error}")


class _NoOrders:
    """Until the registry is read there is no order."""

    def orders_for(self, liid: str) -> tuple[()]:
        return ()
