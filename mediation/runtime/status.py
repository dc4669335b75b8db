"""The control port of a process: `GET /status` (JSON), `/healthz` and what the process adds. Loopback by default.

All HTTP of all processes is served from here, and only what asks or adds: no route changes or removes something that is
there (R-167).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from asn1.errors import LocalError
from mediation.runtime.config import Listen, NotReadyError
from mediation.runtime.tls import names_in, server_context

METHODS: Final = frozenset({"GET", "POST"})
StatusFn = Callable[[], Mapping[str, Any]]


def peer_names(request: web.Request) -> frozenset[str] | None:
    """What the certificate of who asks speaks for; None over plain HTTP."""
    transport = request.transport
    if transport is None or transport.get_extra_info("ssl_object") is None:
        return None
    return names_in(transport.get_extra_info("peercert"))


async def start_http(
    listen: Listen,
    routes: Iterable[web.RouteDef],
    most_octets: int = 1 << 20,
    middlewares: Sequence[Middleware] = (),
    prepare: Callable[[web.Application], None] = lambda _: None,
    client_certificates: bool = True,
) -> tuple[web.AppRunner, int]:
    """Serve `routes` on `listen`; returns the runner (call `cleanup()`) and the port bound. `prepare` gets the
    application before it is used. Where a CA is configured a certificate of the client is asked for; without
    `client_certificates` one that is not there is no error. Raises `NotReadyError`, and LocalError for a route of
    another method."""
    served = tuple(routes)
    refused = [one for one in served if one.method not in METHODS]
    if refused:
        raise LocalError(f"No process serves {refused[0].method} {refused[0].path}: nothing is edited (R-167).")
    app = web.Application(client_max_size=most_octets, middlewares=middlewares)
    app.add_routes(served)
    prepare(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(
        runner,
        listen.host,
        listen.port,
        ssl_context=server_context(listen.tls, client_certificates) if listen.tls else None,
        reuse_address=True,
    )
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise NotReadyError(
            f"Cannot listen on {listen.host}:{listen.port}: {error.strerror}. "
            "Stop what uses that port or configure another."
        ) from error
    return runner, int(runner.addresses[0][1])


async def start_status(
    listen: Listen, status: StatusFn, more: Iterable[web.RouteDef] = ()
) -> tuple[web.AppRunner, int]:
    """The control port: `/status` answers `status()`, `/healthz` answers `ok`, `more` is the process's own."""

    async def get_status(_: web.Request) -> web.Response:
        return web.json_response(dict(status()))

    async def get_health(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    return await start_http(listen, [web.get("/status", get_status), web.get("/healthz", get_health), *more])
