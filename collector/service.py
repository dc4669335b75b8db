"""The collector process put together: the one place where real clocks, sockets, files and threads meet.

Rules. Everything is opened, recovered and checked before the first port listens. Whatever goes wrong where nothing may
go wrong (a batch that does not balance, a failed sync, a full audit log) ends the process with a sentence: then nothing
more is acknowledged, and what was acknowledged is on disk. On a stop, reading ends first, then what was read is
made durable and acknowledged, then connections close.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from aiohttp import web

from asn1.columns import COMPILED as COLUMNS_COMPILED
from asn1.columns import KIND_CC
from asn1.errors import LabError
from asn1.scan import COMPILED as SCAN_COMPILED
from collector import order_watch
from collector.accounts import label, summarise
from collector.auditing import AuditTurn
from collector.batch import CommitInfo
from collector.commands import Commands
from collector.config import CollectorConfig
from collector.control import control_routes
from collector.deciphering import keep_agreed
from collector.engine import Engine, Fleet, News
from collector.fleet.documents import Item
from collector.fleet.errands import ErrandHooks
from collector.fleet.keeper import KeeperHooks
from collector.fleet.member import Member
from collector.fleet.names import Known
from collector.fleet.sharing import Sharing
from collector.gate_columns import COMPILED as GATE_COMPILED
from collector.hi1 import AgencyReceiver, serve_hi1
from collector.holding import Holds
from collector.in_force import FIRST_INTERCEPTION, OrdersInForce
from collector.laes.receive import Feed, RecordFeed
from collector.laes.restore import restore_resend_windows
from collector.link_guard import paused_links
from collector.links import Closable, Feeds, link_state, start_link
from collector.minimise import Minimised, SpotChecks
from collector.opening import config_hash, configuration_change, open_keys, open_registry
from collector.order_turn import OrderTurn, lapses_held, restored_in
from collector.receiver import Receiver
from collector.recorder.lane import stored_pieces
from collector.rows import COMPILED as ROWS_COMPILED
from collector.status import Status, brief_routes, metrics_route
from collector.store.audit_log import AuditLog, read_audit
from collector.store.fresh import FreshUnits
from collector.store.gauge import StoreError
from collector.store.index import Index
from collector.store.keys import pin_name
from collector.store.pack import COMPILED as PACK_COMPILED
from collector.store.private_files import read_public_key
from collector.store.reader import StoreReader
from collector.store.store import Store, StoreConfig, StoreHooks
from mediation.law.orders import CourtOrder
from mediation.ledger.kernel import COMPILED as LEDGER_COMPILED
from mediation.runtime.handover_keys import read_ring
from mediation.runtime.logs import get_logger
from mediation.runtime.open_files import OWN_FILES, open_files
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


GARBAGE_OBJECTS: Final = (50_000, 20, 100)
"""After so many more objects Python looks for cycles among them. What a record leaves behind has none and goes by
itself; to look after every 700 objects, as it does unless told, takes an eighth of the careful lane's time."""


async def run(config: CollectorConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process's own work, as `run_process` wants it."""
    gc.set_threshold(*GARBAGE_OBJECTS)
    await Service(config).run(ready, stop)


class Service:
    def __init__(self, config: CollectorConfig) -> None:
        self._config = config
        self._log = get_logger("collector")
        self._clock = config.clock.clock()
        self._loop = asyncio.get_running_loop()
        self._failed: asyncio.Future[str] = self._loop.create_future()
        self._minimised = Minimised(SpotChecks(config.law.spot_check_us, config.law.spot_check_every_us))
        self._member: Member | None = None
        """Of its fleet, where it is of one."""
        self._sharing: Sharing | None = None

    async def run(self, ready: ReadyFn, stop: asyncio.Event) -> None:
        self._loop.set_exception_handler(self._unexpected)
        with contextlib.ExitStack() as stack:
            self._open(stack)
            servers: list[Closable] = []
            ports: dict[str, int] = {}
            runners: list[web.AppRunner] = []
            tasks: list[asyncio.Task[None]] = []
            try:
                for link, state in zip(self._config.links, self._links, strict=True):
                    server, ports[link.name] = await start_link(link, state, self._receiver, self._feeds)
                    servers.append(server)
                runners += await serve_hi1(self._config, self._receives, self._clock.now_us, ports)
                status = self._status.status
                routes = [
                    metrics_route(status),
                    *brief_routes(self._status),
                    *control_routes(self._resume, self._take, self._enrolled),
                ]
                runner, ports["control"] = await start_status(self._config.control, status, routes)
                runners.append(runner)
                tasks = [asyncio.create_task(self._look_into_inbox()), asyncio.create_task(self._turns())]
                self._index.start()
                if self._member is not None:
                    self._member.start(ports)
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
                for runner in runners:
                    await runner.cleanup()
        if self._failed.done():
            raise StoreError(self._failed.result())

    # Opening

    def _open(self, stack: contextlib.ExitStack) -> None:
        config = self._config
        directory = config.data_dir
        self._keys = open_keys(config)
        self._audit = AuditLog(directory / "audit", self._keys, config.audit.capacity_octets)
        stack.callback(self._close_audit)
        said = read_audit(directory / "audit")
        now_us, sha256 = self._clock.now_us(), config_hash(config)
        changed = configuration_change(said, sha256)
        if changed is not None:
            self._append("configuration_change", changed)
        self._append("start", {"config_sha256": sha256, "compiled": COMPILED})
        fresh = FreshUnits()
        hooks = StoreHooks(
            now_us=self._clock.now_us,
            summarise=summarise,
            is_unsafe=lambda uid: uid in self._order_turn.unsafe,
            audit=self._append,
            settle=self._audit.flush,
            on_failure=self._from_writer,
            on_blocked=self._on_blocked,
            on_unit=fresh.offer,
        )
        pins = config.pin_directory
        store_config = StoreConfig(
            config.store.octets(directory / "store"),
            config.store.segment_octets,
            config.store.encryption,
            pin=pins / pin_name(self._keys.identity) if pins is not None else None,
            block_unsafe_evict=config.store.block_unsafe_evict,
        )
        self._store = Store.open(directory / "store", store_config, self._keys, hooks)
        stack.callback(self._store.close)
        if config.fleet is not None:
            hooks_of_fleet = KeeperHooks(self._fail, self._on_fleet, self._on_learned)
            errands = ErrandHooks(self._on_item, self._on_differing, self._fail, lambda: self._audit.signed)
            self._member = Member(config.fleet, directory / "audit", self._call, hooks_of_fleet, errands)
            stack.callback(self._member.stop)
        self._registry = open_registry(config, self._order_news)
        reload = partial(self._guarded, self._reload_changed)
        self._receives = AgencyReceiver(self._registry, reload, self._clock.now_us)
        self._orders = OrdersInForce(self._registry, self._first_interception)
        paused = paused_links(said)
        keep_agreed(
            self._keys.directory,
            [(one.agreed, read_ring(one.keys_file, one.agreed)) for link in config.links if (one := link.encryption)],
        )
        self._links = tuple(link_state(link, config.law, link.name in paused) for link in config.links)
        for state in self._links:
            state.handover.known = lambda liid: bool(self._orders.orders_for(label(liid)))
        self._sums = AuditTurn(now_us, self._links, said)
        self._minimised.restore(said)
        self._build()
        last_commit = self._recover(said)
        told = self._engine.assembly.told
        self._index = Index(config.database_url, directory / "store", self._keys, last_commit, fresh, told)
        stack.callback(self._index.stop)
        self._registry.reload()
        self._order_turn = OrderTurn(
            self._orders,
            self._engine.careful,
            self._engine.assembly,
            self._store,
            self._keys,
            self._append,
            releases=self._registry.releases,
            key_ids=StoreReader(directory / "store").key_ids,
            said=order_watch.said_in(said),
            restored=restored_in(said),
            held=lapses_held(entry for _, entry in self._store.standings.entries),
        )
        in_force = (entry for _, entry in self._store.standings.entries)
        self._holds = Holds(self._store, self._append, self._clock.now_us, in_force)
        self._engine.pipeline.on_due = self._changed
        self._commands = self._open_commands(said)
        if self._member is not None:
            self._sharing = Sharing(
                self._member.errands,
                config.inbox,
                self._orders,
                self._take_shared,
                lambda: self._changed(self._clock.now_us()),
                self._append,
            )
            self._sharing.documents()
        self._changed(now_us)
        self._engine.careful.forget_ended(now_us)
        self._status = Status(
            self._orders,
            self._minimised,
            self._engine.totals,
            self._links,
            self._engine.assembly,
            self._receiver,
            self._store,
            self._audit,
            self._index,
            COMPILED,
            self._clock.now_us,
            None if self._member is None else self._fleet_status,
        )

    def _open_commands(self, said: list[dict[str, Any]]) -> Commands:
        config = self._config
        key = None if config.command_public_key is None else read_public_key(config.command_public_key)
        commands = Commands(
            key,
            self._orders,
            self._minimised,
            self._store,
            self._engine.devices,
            append=self._append,
            on_change=lambda: self._changed(self._clock.now_us()),
            afterwards=self._afterwards,
            max_age_us=int(config.command_age_s * 1e6),
        )
        commands.restore(said)
        return commands

    def _build(self) -> None:
        """Pipeline and tables, empty."""
        news = News(self._on_room, self._on_commit, self._fail)
        member = self._member
        fleet = None if member is None else Fleet(member.marks, self._store, member.naming)
        self._engine = Engine(
            self._config, self._keys, self._store, self._orders, self._minimised, self._clock.now_us, news, fleet
        )
        self._receiver = Receiver(
            self._engine.pipeline,
            self._engine.assembly,
            self._engine.liids,
            max_connections=self._config.limits.connections,
            spill_octets=self._config.limits.received_octets,
            backlog_octets=min(self._config.limits.backlog_octets, self._config.limits.received_octets // 2),
            now_us=self._clock.now_us,
            session_us=lambda: time.time_ns() // 1000,
            report=self._connection_news,
            on_defect=self._fail,
            claiming=self._engine.claiming,
        )
        engine = self._engine
        self._feeds = Feeds(
            Feed(self._receiver, engine.pipeline, engine.laes),
            RecordFeed(self._receiver, engine.pipeline, engine.recorder, KIND_CC),
        )
        for state in self._links:
            if state.laes is not None:
                engine.laes.add(state, state.laes)
            elif state.recorder:
                engine.recorder.add(state)

    def _recover(self, said: list[dict[str, Any]]) -> int:
        """Totals and marks from what is durable; the number of the last commit."""
        reader = StoreReader(self._config.data_dir / "store")
        commits = reader.commits() if self._store.gauge().segments else iter(())
        member = self._member
        returning = None if member is None else member.returning
        now_us = self._clock.now_us()
        found, first_us = self._engine.recover(said, commits, self._sums.reports.batch, now_us, returning)
        if member is not None:
            returned = member.bring_back(self._store, self._engine.totals)
            self._append("returned", {"shard": member.shard, **returned.told()})
        if found.commits:
            restore_resend_windows(self._config.data_dir / "store", self._keys, self._engine.laes, now_us)
            if any(state.recorder for state in self._links):
                self._engine.recorder.restore(stored_pieces(self._config.data_dir / "store", self._keys))
        self._orders.restore(first_us, said)
        if found.commits:
            self._log.info("recovered", **found._asdict())
            self._append("recovered", found._asdict())
        return found.last_commit

    def _announce(self, ports: dict[str, int]) -> None:
        speed = "compiled" if COMPILED else "interpreted: kernels are not built and everything is slow, run make"
        self._log.info("listening", ports=ports, kernels=speed, simulation=True, records=self._store.size)
        files, connections = open_files().soft, self._config.limits.connections
        if files < connections + OWN_FILES:
            self._log.warning("open_files", limit=files, connections=connections, advice="raise it: ulimit -Hn")

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
            now_us = self._clock.now_us()
            if now_us >= self._engine.pipeline.due_us:
                self._guarded(partial(self._changed, now_us))
            self._status.inbox_looks += 1

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
        if self._member is not None:
            # What is forgotten must not be of the open batch: nobody could say where it stands.
            self._engine.assembly.flush()
            self._member.catalogue(self._store)
        self._engine.careful.forget_ended(self._clock.now_us())
        self._hold()
        self._audit_sums()

    def _audit_sums(self) -> None:
        """What was refused and who was turned away since the last time."""
        for kind, fields in self._sums.entries(self._clock.now_us(), self._engine.totals, self._store.size):
            self._append(kind, fields)
            if kind != "heartbeat":
                self._log.warning(kind, **fields)

    def _reload_changed(self) -> None:
        if self._registry.reload():
            self._changed(self._clock.now_us())
            if self._sharing is not None:
                self._sharing.documents()

    def _changed(self, now_us: int) -> None:
        """Orders, or what is known of them, have changed, or an instant has come that changes them."""
        self._orders.renew()
        due_us = self._order_turn.run(now_us)
        self._engine.pipeline.refresh(self._orders.current(), self._minimised.liids())
        self._engine.pipeline.due_us = due_us

    def _first_interception(self, order: CourtOrder, event_us: int) -> None:
        """R-008. In the middle of a record: what follows from it is done before the next piece is judged."""
        fields = {"actor": "SYS", "order": order.order_id, "uid": order.uid.hex(), "event_us": event_us}
        self._append(FIRST_INTERCEPTION, {**fields, "rules": ["R-008"]})
        if self._sharing is not None:
            self._sharing.first(order, event_us)
        self._engine.pipeline.due_us = 0

    def _hold(self) -> None:
        self._holds.conflicts(self._engine.conflicts.fresh)
        self._holds.strays(self._engine.careful.strays)
        for link in self._links:
            found = link.handover.turn()
            if found and link.handover.integrity is not None and link.handover.integrity.required:
                self._holds.integrity(found, partial(self._engine.epoch, by_liid=link.handover.by_liid))

    def _resume(self, name: str, by: str, note: str) -> dict[str, Any] | None:
        """R-022: a supervisor lets a paused link go on."""
        link = next((one for one in self._links if one.name == name), None)
        if link is None:
            return None
        fields = {"link": name, **link.guard.resume(by, note)}
        self._append("link_resumed", fields)
        self._receiver.resume_link(link)
        return fields

    def _enrolled(self) -> dict[str, Any]:
        return {"devices": self._engine.devices.listed(), "last_command_us": self._commands.last_us}

    def _take(self, name: str, octets: bytes) -> dict[str, Any]:
        done = self._commands.take(name, octets, self._clock.now_us())
        if self._sharing is not None:
            self._sharing.command(name, octets)
        return done

    def _take_shared(self, name: str, octets: bytes, at_us: int) -> dict[str, Any]:
        """A command that another shard took: as old as it was then. A run's clock may be behind the database's."""
        return self._commands.take(name, octets, min(at_us, self._clock.now_us()))

    def _afterwards(self, order: CourtOrder) -> bool:
        """R-119: whether the warrant's papers allow minimising afterwards."""
        papers = self._registry.papers(order.order_id)
        return papers is not None and papers.order_paper is not None and bool(papers.order_paper.minimise_afterwards)

    async def _drain(self) -> None:
        """Stop reading, make durable what was read, acknowledge it, close, and put the last sums on record."""
        self._receiver.stop()
        if not self._failed.done():
            self._guarded(partial(self._feeds.laes.waiting, everything=True))
            self._guarded(self._engine.assembly.flush)
            until_s = self._loop.time() + DRAIN_S
            assembly = self._engine.assembly
            while (assembly.in_flight or assembly.unmarked) and self._loop.time() < until_s and not self._failed.done():
                await asyncio.sleep(0.002)
                self._guarded(assembly.flush)
        self._receiver.close()
        await asyncio.sleep(0)
        self._guarded(self._hold)
        self._guarded(self._audit_sums)

    def _close_audit(self) -> None:
        with contextlib.suppress(LabError):
            self._append("stop", {"failed": self._failed.result() if self._failed.done() else None})
        self._audit.close()

    # News

    def _append(self, kind: str, fields: dict[str, Any]) -> None:
        self._audit.append(kind, fields, self._clock.now_us())

    def _from_writer(self, sentence: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._fail, sentence)

    def _on_blocked(self, sentence: str | None) -> None:
        """R-143, on the writer's thread: the store waits rather than evict, or goes on."""
        self._append("alarm" if sentence else "eviction_goes_on", {"reason": "FIFO_UNSAFE", "why": sentence or ""})
        self._audit.flush()

    def _on_commit(self, info: CommitInfo, blob: dict[str, Any]) -> None:
        self._engine.durable = info.number
        self._sums.batch(blob)
        self._index.notify(info.number)

    def _call(self, heard: Callable[[], None]) -> None:
        """From the thread that asks the fleet's database. The loop is closed where a failed collector is torn down."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(heard)

    def _on_fleet(self, connected: bool, sentence: str) -> None:
        """The fleet's database went away, or is back: nothing is acknowledged meanwhile."""
        self._append("fleet", {"connected": connected, "why": sentence})
        if connected:
            self._log.info("fleet", connected=True)
        else:
            self._append("alarm", {"reason": "FLEET_AWAY", "why": sentence})
            self._log.warning("fleet", connected=False, message=sentence)

    def _on_item(self, item: Item) -> None:
        if self._sharing is not None:
            self._sharing.take(item)

    def _on_differing(self, sentence: str) -> None:
        self._append("alarm", {"reason": "AUDIT_DIFFERS", "why": sentence})
        self._log.error("audit_differs", message=sentence)

    def _on_learned(self, known: tuple[Known, ...]) -> None:
        if self._engine.stage is not None:
            self._engine.stage.learned(known)

    def _fleet_status(self) -> dict[str, Any]:
        assert self._member is not None and self._engine.stage is not None and self._engine.claiming is not None
        stage = self._engine.stage
        return {
            **self._member.status(),
            "unmarked": self._engine.assembly.unmarked,
            "wanted": self._engine.claiming.wanted,
            "lost": stage.lost,
            "voided": stage.voided,
        }

    def _on_room(self) -> None:
        self._receiver.resume()

    def _order_news(self, kind: str, fields: dict[str, object]) -> None:
        self._append(kind, dict(fields))
        self._log.info(kind, **fields)
        self._receives.heard(kind, fields)

    def _connection_news(self, link: str, peer: str, code: str, text: str) -> None:
        self._sums.connection(link, peer, code)
        self._log.warning("connection", link=link, peer=peer, code=code, why=text)

    def _fail(self, sentence: str) -> None:
        if not self._failed.done():
            self._log.error("failed", message=sentence)
            self._failed.set_result(sentence)
        self._engine.assembly.stopped = True

    def _unexpected(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What a callback raised. A peer's broken transport is no defect; anything else ends the process."""
        error = context.get("exception")
        if error is None or isinstance(error, OSError):
            self._log.warning("transport", message=str(error or context.get("message")))
            return
        self._fail(f"The collector met a defect and stops: {type(error).__name__}: {error}")
