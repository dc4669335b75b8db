"""The mediation function as a process: the composition root over admf, intake, mediate, journal and delivery.

What arrives in one read is converted, judged, numbered, journalled as one frame and only then sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.hi1 import MAX_OCTETS
from asn1.x2x3 import X2X3Pdu
from mediation.admf import POLL_S, Admf, Files
from mediation.config import MediationConfig
from mediation.control import Control
from mediation.delivery import Link
from mediation.faults import Faults
from mediation.filing import Filing
from mediation.hi1 import CarrierReceiver
from mediation.intake import Intake
from mediation.journal import HI2, HI3, Journal
from mediation.laes_delivery import CccLink, CdcLink
from mediation.laes_records import STREAMS
from mediation.mediate import Mediation
from mediation.notices import Notices
from mediation.runtime.clock import Clock
from mediation.runtime.config import NotReadyError
from mediation.runtime.disk import advice
from mediation.runtime.exchange import Endpoint
from mediation.runtime.handover_keys import read_ring, read_signing_key
from mediation.runtime.hi1_front import Hi1Config, Hi1Front
from mediation.runtime.logs import get_logger
from mediation.runtime.process import ReadyFn
from mediation.runtime.status import start_http, start_status
from mediation.runtime.tls import client_context, peer_name
from mediation.x1_server import X1Reports

FAULT_POLL_S = 0.02
"""How often it is looked for what is due: the run's clock may jump."""


def open_admf(config: MediationConfig, clock: Clock, faults: Faults) -> Admf:
    """The administration function as configured; its inbox is not read yet. Raises NotReadyError."""
    tls = client_context(config.x1_tls) if config.x1_tls else None
    element = Endpoint(config.x1_url, tls, config.x1_peer_name or peer_name(config.ne_id))
    return Admf(
        config.inbox, _public_key(config), element, config.ne_id, config.admf_id, clock, faults,
        Files.within(config.data_dir), config.activation, config.law,
    )  # fmt: skip


def open_hi1(config: MediationConfig, hi1: Hi1Config, admf: Admf, notices: Notices, clock: Clock) -> Hi1Front:
    """The HTTPS front of the inbox."""
    receiver = CarrierReceiver(admf, notices, clock)
    return Hi1Front(config.inbox, _public_key(config), receiver, hi1.issuers, clock.now_us)


def open_mediation(config: MediationConfig, journal: Journal, admf: Admf, faults: Faults) -> Mediation:
    """With the keys that the configuration names. Raises NotReadyError."""
    encryption, integrity = config.encryption, config.integrity
    keys = None if encryption is None else read_ring(encryption.keys_file, encryption.agreed)
    signer_file = None if integrity is None else integrity.signer_file
    signer = None if signer_file is None else read_signing_key(signer_file)
    return Mediation(config, journal, admf, faults, keys, signer, os.urandom)


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
    for name, value in config.faults.active().items():
        log.warning("fault_configured", fault=name, value=value)
    clock = config.clock.clock()
    try:
        config.inbox.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotReadyError(f"Cannot use the inbox {config.inbox}: {error.strerror}. {advice(error)}") from error
    journal = Journal(
        config.data_dir / "journal",
        config.data_dir / "keys" / "journal.key",
        config.journal.capacity_octets,
        config.journal.file_octets,
        config.journal.fsync,
    )
    faults = Faults(config.faults)
    admf = open_admf(config, clock, faults)
    notices = Notices(admf, Filing(config.data_dir / "notifications.jsonl"), clock.now_us)
    admf.tasks.told = notices.told
    admf.read_inbox()
    mediation = open_mediation(config, journal, admf, faults)
    reports = Filing(config.data_dir / "carrier-reports.jsonl")
    handover = config.handover_config()

    def session_us() -> int:
        return time.time_ns() // 1000

    for dialect, one in config.laes.items():
        cdc = CdcLink(f"cdc-{dialect}", STREAMS[dialect], one, journal, config.reconnect_s)
        ccc = None if one.ccc is None else CccLink(f"ccc-{dialect}", one.ccc, one.queue_octets, cdc)
        mediation.laes.links[dialect] = (cdc, ccc)
    mediation.links = (
        Link("hi2", HI2, config.hi2.peers, journal, handover, session_us, config.reconnect_s),
        Link("hi3", HI3, config.hi3.peers, journal, handover, session_us, config.reconnect_s),
        *(link for pair in mediation.laes.links.values() for link in pair if link is not None),
    )
    room = asyncio.Event()
    room.set()

    def consume(pdus: list[X2X3Pdu], frames: list[bytes]) -> None:
        mediation.consume(pdus, clock.now_us(), time.monotonic(), frames)

    intake = Intake(consume, room, mediation)
    control = Control(mediation, admf, reports, clock)
    control.cut_links()
    x2_port = await intake.listen("X2", config.x2_listen)
    x3_port = await intake.listen("X3", config.x3_listen)
    admf.tasks.deliver_to((config.x2_listen.host, x2_port), (config.x3_listen.host, x3_port))
    x1_reports = X1Reports(config.admf_id, config.ne_id, clock.now_us, admf.look_again)
    ports = {"x2": x2_port, "x3": x3_port}
    runners: list[web.AppRunner] = []
    if config.admf_listen is not None:
        runner, ports["admf"] = await start_http(config.admf_listen, x1_reports.routes())
        runners.append(runner)
    if config.hi1 is not None:
        front = open_hi1(config, config.hi1, admf, notices, clock)
        runner, ports["hi1"] = await start_http(config.hi1.listen, front.routes(), MAX_OCTETS)
        runners.append(runner)
    runner, ports["control"] = await start_status(
        config.control, lambda: mediation.status(intake) | control.status() | x1_reports.status(), control.routes()
    )
    runners.append(runner)
    tasks = [asyncio.create_task(one) for one in (admf.run(), *(link.run() for link in mediation.links))]
    tasks.append(asyncio.create_task(_watch_room(journal, config, mediation, room)))
    tasks.append(asyncio.create_task(_release(mediation, clock)))
    if config.laes:
        tasks.append(asyncio.create_task(_surveil(mediation, clock)))
    ready(ports)
    log.info("ready", **ports)
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
        with contextlib.suppress(OSError):
            mediation.due(clock.now_us(), time.monotonic(), everything=True)
        for runner in runners:
            await runner.cleanup()
        with contextlib.suppress(OSError):
            journal.close()


async def _watch_room(journal: Journal, config: MediationConfig, mediation: Mediation, room: asyncio.Event) -> None:
    """Back-pressure towards the points of interception above three quarters of the backlog's bound."""
    high = config.journal.capacity_octets * 3 // 4
    while True:
        if journal.held_octets > high or mediation.laes.full:
            room.clear()
        else:
            room.set()
        await asyncio.sleep(0.05)


async def _release(mediation: Mediation, clock: Clock) -> None:
    """Let go what waits for its time: what a fault held back, content that waits for company, integrity checks."""
    while True:
        mediation.due(clock.now_us(), time.monotonic())
        await asyncio.sleep(FAULT_POLL_S)


async def _surveil(mediation: Mediation, clock: Clock) -> None:
    """Tell which tasks have begun and ended, as soon as it is known."""
    while True:
        mediation.surveil(clock.now_us())
        await asyncio.sleep(POLL_S)
