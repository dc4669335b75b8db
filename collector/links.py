"""Listeners: one a configured link: TCP, plain or TLS, or a socket for datagrams."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Final, NamedTuple, Protocol

from asn1.handover import HandoverConfig
from asn1.integrity_check import Checker
from asn1.segments import SegmentBook
from collector.config import LinkConfig
from collector.deciphering import Opener
from collector.facts.stored import RECORDER
from collector.laes.receive import CccSocket, CdcConnection, Feed, RecordFeed
from collector.laes.terms import LaesTerms
from collector.link_guard import LinkGuard
from collector.link_handover import Integrity, LinkHandover
from collector.pipeline import LinkState
from collector.quality import Limits, LinkQuality
from collector.receive import Connection
from collector.receiver import PeerConnection, Receiver
from collector.recorder.receive import RecorderConnection
from mediation.law.settings import LawSettings
from mediation.runtime.config import NotReadyError
from mediation.runtime.handover_keys import read_ring, read_verifying_key
from mediation.runtime.tls import server_context

HANDSHAKE_S: Final = 10.0
"""How long a peer may take for its TLS handshake."""
BACKLOG: Final = 1024
"""Connections that may wait to be accepted: all of a region's delivery functions come back at once after an outage."""


def link_state(config: LinkConfig, law: LawSettings, paused: bool) -> LinkState:
    """`law` has what R-097 and R-098 are measured by; `paused`: the guard's pause outlives a restart."""
    guard = LinkGuard(config.guard.mismatches if config.guard is not None else 0, paused=paused)
    policy = config.policy.policy(law)
    limits = Limits(law.cii_within_us, law.cii_share_percent, skew_us=policy.skew_us)
    return LinkState(
        config.name,
        policy,
        config.policy.gate_limits(law),
        config.max_record_octets,
        laes=_laes_terms(config),
        recorder=config.dialect == RECORDER,
        guard=guard,
        handover=link_handover(config),
        quality=LinkQuality(limits),
    )


def _laes_terms(config: LinkConfig) -> LaesTerms | None:
    if config.dialect in ("etsi", RECORDER):
        return None
    return LaesTerms(
        config.dialect,
        config.group or config.name,
        config.ccc,
        config.resend.octets,
        int(config.resend.seconds * 1e6),
        config.hold.octets,
        int(config.hold.seconds * 1e6),
        config.policy.arrival_stamps,
    )


def link_handover(config: LinkConfig) -> LinkHandover:
    """With the keys that the configuration names. Raises NotReadyError."""
    encryption, integrity = config.encryption, config.integrity
    checks = None
    if integrity is not None:
        key = None if integrity.verifier_file is None else read_verifying_key(integrity.verifier_file)
        checker = Checker(integrity.agreed, key, integrity.limits)
        checks = Integrity(checker, integrity.mode == "required", integrity.plain)
    opener = None
    if encryption is not None:
        opener = Opener(encryption.agreed, read_ring(encryption.keys_file, encryption.agreed))
    return LinkHandover(
        session=HandoverConfig(time2_us=int(config.time2_s * 1e6), negotiate=config.negotiate),
        by_liid=config.sequence_scope == "liid",
        opener=opener,
        integrity=checks,
        segments=SegmentBook(open_us=int(config.segment_s * 1e6)),
        real_us=lambda: time.monotonic_ns() // 1000,
    )


class Closable(Protocol):
    """A listener, to be closed once."""

    def close(self) -> None: ...


class Feeds(NamedTuple):
    """By whom whole records are taken: those of the US dialects, and those of covert recorders."""

    laes: Feed
    recorder: RecordFeed


async def start_link(config: LinkConfig, state: LinkState, receiver: Receiver, feeds: Feeds) -> tuple[Closable, int]:
    """Listen for a link; the listener and the port bound. Raises NotReadyError when the port cannot be had."""
    if config.transport == "udp":
        return _start_datagrams(config, state, feeds.laes)
    listen = config.listen
    context = server_context(listen.tls) if listen.tls else None

    def connection() -> PeerConnection:
        limits = (config.record_s, config.silence_s, config.max_connections)
        if state.recorder:
            return RecorderConnection(feeds.recorder, state, *limits)
        return Connection(receiver, state, *limits) if state.laes is None else CdcConnection(feeds.laes, state, *limits)

    try:
        server = await asyncio.get_running_loop().create_server(
            connection,
            listen.host,
            listen.port,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context is not None else None,
            reuse_address=True,
            backlog=BACKLOG,
        )
    except OSError as error:
        raise _busy(config, error) from error
    port = int(server.sockets[0].getsockname()[1])
    if state.laes is not None:
        feeds.laes.lane.listens(state.name, (listen.host, port))
    return server, port


def _start_datagrams(config: LinkConfig, state: LinkState, feed: Feed) -> tuple[Closable, int]:
    listen = config.listen
    bound = None
    try:
        family, kind, _, _, address = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_DGRAM)[0]
        bound = socket.socket(family, kind)
        bound.bind(address)
    except OSError as error:
        if bound is not None:
            bound.close()
        raise _busy(config, error) from error
    port = int(bound.getsockname()[1])
    feed.lane.listens(state.name, (listen.host, port))
    return CccSocket(feed, state, bound), port


def _busy(config: LinkConfig, error: OSError) -> NotReadyError:
    return NotReadyError(
        f"Cannot listen on {config.listen.host}:{config.listen.port} for link {config.name}: {error.strerror}. "
        "Stop what uses that port or configure another."
    )
