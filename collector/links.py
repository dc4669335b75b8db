"""Listeners: one a configured link, plain or TLS."""

from __future__ import annotations

import asyncio
from typing import Final

from collector.config import LinkConfig
from collector.link_guard import LinkGuard
from collector.pipeline import LinkState
from collector.quality import Limits, LinkQuality
from collector.receive import Connection, Receiver
from mediation.law.settings import LawSettings
from mediation.runtime.config import NotReadyError
from mediation.runtime.tls import server_context

HANDSHAKE_S: Final = 10.0
"""How long a peer may take for its TLS handshake."""


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
        guard=guard,
        quality=LinkQuality(limits),
    )


async def start_link(config: LinkConfig, state: LinkState, receiver: Receiver) -> tuple[asyncio.Server, int]:
    """Listen for a link; the server and the port bound. Raises NotReadyError when the port cannot be had."""
    listen = config.listen
    context = server_context(listen.tls) if listen.tls else None

    def connection() -> Connection:
        return Connection(receiver, state, config.record_s, config.idle_s, config.max_connections)

    try:
        server = await asyncio.get_running_loop().create_server(
            connection,
            listen.host,
            listen.port,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context is not None else None,
            reuse_address=True,
            backlog=256,
        )
    except OSError as error:
        raise NotReadyError(
            f"Cannot listen on {listen.host}:{listen.port} for link {config.name}: {error.strerror}. "
            "Stop what uses that port or configure another."
        ) from error
    return server, int(server.sockets[0].getsockname()[1])
