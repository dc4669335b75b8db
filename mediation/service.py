"""The mediation function as a process: the composition root over admf, intake, scope, convert, journal and delivery.

What arrives in one read is converted, judged, numbered, journalled as one frame and only then sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import DecodeError, EncodeError
from asn1.ps_pdu import PsHeader, cc_pdu, iri_pdu
from asn1.x2x3 import PduType, X2X3Pdu
from mediation import convert
from mediation.admf import Admf
from mediation.config import MediationConfig
from mediation.delivery import Link
from mediation.intake import GapBook, Intake
from mediation.journal import HI2, HI3, Entry, Journal
from mediation.law.orders import CourtOrder
from mediation.runtime.config import NotReadyError
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_status
from mediation.scope import Scope, ScopeEvent, allow
from mediation.sequence import Counters


@dataclass(slots=True)
class LiidCounts:
    x2_in: int = 0
    x3_in: int = 0
    gaps: int = 0
    scoped_out: int = 0
    undecodable: int = 0
    iri: int = 0
    cc: int = 0


@dataclass(slots=True)
class _Totals:
    per_liid: dict[str, LiidCounts] = field(default_factory=dict)
    unknown_xid: int = 0

    def of(self, liid: str) -> LiidCounts:
        return self.per_liid.setdefault(liid, LiidCounts())


class Mediation:
    """Everything between an X2/X3 PDU and the journal."""

    def __init__(self, config: MediationConfig, journal: Journal, admf: Admf) -> None:
        self._config = config
        self._journal = journal
        self._admf = admf
        self._counters = Counters()
        self._gaps = GapBook(resumed=journal.state is not None)
        self.totals = _Totals()
        self.links: tuple[Link, ...] = ()
        if journal.state is not None:
            self._counters.restore(journal.state)
        for note in journal.notes:
            self._counters.note(*note)
        journal.start(self._counters.snapshot())
        self._log = get_logger("mediation")

    def consume(self, pdus: list[X2X3Pdu]) -> None:
        """Journal what scope lets through and wake the links."""
        entries = [entry for pdu in pdus if (entry := self._entry(pdu)) is not None]
        if not entries:
            return
        self._journal.append(entries, self._counters.snapshot() if self._journal.full_file else None)
        for link in self.links:
            link.wake()

    def _entry(self, pdu: X2X3Pdu) -> Entry | None:
        xid = uuid.UUID(bytes=pdu.xid)
        order = self._admf.orders.get(xid)
        if order is None:
            self.totals.unknown_xid += 1
            return None
        counts = self.totals.of(order.liid)
        content = pdu.pdu_type == PduType.X3
        counts.x3_in += content
        counts.x2_in += not content
        counts.gaps += self._gaps.missing(pdu)
        try:
            return self._convert(pdu, str(xid), order, counts)
        except (DecodeError, EncodeError) as error:
            counts.undecodable += 1
            self._log.warning("undecodable", liid=order.liid, why=type(error).__name__)
            return None

    def _convert(self, pdu: X2X3Pdu, xid: str, order: CourtOrder, counts: LiidCounts) -> Entry | None:
        role = self._config.network_functions.get(pdu.nfid or "")
        if role is None or pdu.timestamp_ns is None:
            raise DecodeError(DecodeError.MISSING_FIELD, "a PDU names its network function and its time")
        time_us = pdu.timestamp_ns // 1000
        faults = self._config.faults
        direction = convert.DIRECTIONS.get(int(pdu.payload_direction))
        state = self._counters.communication(xid, pdu.correlation_id)
        sends = None if direction is None else direction == "fromTarget"
        content = pdu.pdu_type == PduType.X3
        event = ScopeEvent(time_us, convert.service_of(role, pdu), content, sends, state.opens_sent)
        slack_us = int(faults.window_slack_s.get(order.liid, 0.0) * 1e6)
        verdict = allow(order, event, slack_us, order.liid in faults.overdeliver_content)
        made = None
        if verdict.scope is not Scope.WITHHOLD:
            made = convert.product(role, pdu, state, verdict.scope is Scope.METADATA)
        if made is None:
            counts.scoped_out += 1
            return None
        number = state.next_cc if made.iri_type is None else state.next_iri
        header = PsHeader(
            liid=order.liid.encode(),
            authorization_country=self._config.authorization_country,
            delivery_country=self._config.delivery_country,
            operator_id=self._config.operator_id.encode(),
            network_element_id=self._config.network_element_id.encode(),
            cin=state.cin,
            sequence_number=number,
            time_us=time_us,
            time_qualifier="timeOfInterception",
            extended_interception_point_id=pdu.ipid.encode() if pdu.ipid else None,
            network_function_id=pdu.nfid.encode() if pdu.nfid else None,
        )
        if made.iri_type is None:
            octets = cc_pdu(header, made.contents, made.direction)
            state.next_cc = number + 1 & 0xFFFFFFFF
            counts.cc += 1
        else:
            octets = iri_pdu(header, made.contents, made.iri_type, payload_direction=made.direction)
            state.next_iri = number + 1 & 0xFFFFFFFF
            counts.iri += 1
        convert.advance(pdu, state, made)
        stream = HI3 if made.iri_type is None else HI2
        return Entry(stream, order.liid, octets, (xid, pdu.correlation_id, asdict(state)))

    def status(self, intake: Intake) -> dict[str, Any]:
        per_liid = {}
        backlog: dict[str, int] = {}
        for stream in (HI2, HI3):
            for held in self._journal.held(stream):
                backlog[held.liid] = backlog.get(held.liid, 0) + 1
        numbered: dict[str, int] = {}
        for xid, order in self._admf.orders.items():
            numbered[order.liid] = numbered.get(order.liid, 0) + self._counters.numbered(str(xid))
        liids = {*self.totals.per_liid, *backlog, *(order.liid for order in self._admf.orders.values())}
        for liid in sorted(liids):
            counted = asdict(self.totals.of(liid))
            for name in ("sent", "resent", "acknowledged"):
                counted[name] = sum(getattr(link.status, name).get(liid, 0) for link in self.links)
            per_liid[liid] = counted | {
                "numbered": numbered.get(liid, 0),
                "backlog": backlog.get(liid, 0),
                "dropped": self._journal.dropped.get(liid, 0),
            }
        waiting = sum(backlog.values())
        return {
            "simulation": True,
            "per_liid": per_liid,
            "links": {link.name: link.status.as_dict() for link in self.links},
            "orders": len(self._admf.orders),
            "orders_refused": self._admf.refused,
            "tasks": self._admf.active_tasks,
            "unknown_xid": self.totals.unknown_xid,
            "intake_connections": intake.connections,
            "broken_streams": intake.broken,
            "unacknowledged_total": waiting,
            "journal_octets": self._journal.held_octets,
            "idle": waiting == 0,
        }


def _public_key(config: MediationConfig) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(config.court_public_key.read_bytes())
    except (OSError, ValueError) as error:
        raise NotReadyError(f"Cannot read the court's public key {config.court_public_key}: {error}.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise NotReadyError(f"{config.court_public_key} is not an Ed25519 public key.")
    return key


async def run(config: MediationConfig, ready: ReadyFn, stop: asyncio.Event) -> None:
    """The process: until `stop` is set. Raises NotReadyError."""
    log = get_logger("mediation")
    for name, value in config.faults.model_dump().items():
        if value:
            log.warning("fault_configured", fault=name, value=value)
    clock = config.clock.clock()
    try:
        config.inbox.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotReadyError(f"Cannot use the inbox {config.inbox}: {error.strerror}. Make it writable.") from error
    journal = Journal(
        config.data_dir / "journal",
        config.data_dir / "keys" / "journal.key",
        config.journal.capacity_octets,
        config.journal.file_octets,
        config.journal.fsync,
    )
    slack_us = {liid: int(seconds * 1e6) for liid, seconds in config.faults.window_slack_s.items()}
    admf = Admf(config.inbox, _public_key(config), config.x1_url, config.ne_id, config.admf_id, clock, slack_us)
    admf.read_inbox()
    mediation = Mediation(config, journal, admf)
    handover = config.handover_config()

    def session_us() -> int:
        return time.time_ns() // 1000

    mediation.links = (
        Link("hi2", HI2, config.hi2, journal, handover, session_us, config.reconnect_s),
        Link("hi3", HI3, config.hi3, journal, handover, session_us, config.reconnect_s),
    )
    room = asyncio.Event()
    room.set()
    intake = Intake(mediation.consume, room)
    x2_port = await intake.listen("X2", config.x2_listen)
    x3_port = await intake.listen("X3", config.x3_listen)
    admf.deliver_to((config.x2_listen.host, x2_port), (config.x3_listen.host, x3_port))
    runner, control_port = await start_status(config.control, lambda: mediation.status(intake))
    tasks = [asyncio.create_task(one) for one in (admf.run(), *(link.run() for link in mediation.links))]
    tasks.append(asyncio.create_task(_watch_room(journal, config, room)))
    ready({"x2": x2_port, "x3": x3_port, "control": control_port})
    log.info("ready", x2=x2_port, x3=x3_port, control=control_port)
    waiter = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({waiter, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {waiter}:
            task.result()
    finally:
        waiter.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await intake.close()
        await runner.cleanup()
        with contextlib.suppress(OSError):
            journal.close()


async def _watch_room(journal: Journal, config: MediationConfig, room: asyncio.Event) -> None:
    """Back-pressure towards the points of interception above three quarters of the backlog's bound."""
    high = config.journal.capacity_octets * 3 // 4
    while True:
        if journal.held_octets > high:
            room.clear()
        else:
            room.set()
        await asyncio.sleep(0.05)
