"""The control port: what the process says of itself, on loopback, to whoever asks politely."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from mediation.runtime.config import Listen, NotReadyError
from mediation.runtime.status import start_http, start_status


async def get(port: int, path: str, method: str = "GET", **more: Any) -> tuple[int, str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}{path}", **more) as answer,
    ):
        return answer.status, answer.content_type, await answer.text()


async def test_status_is_asked_anew_each_time_and_health_is_a_word() -> None:
    count = 0

    def status() -> Mapping[str, Any]:
        nonlocal count
        count += 1
        return {"simulation": True, "count": count}

    runner, port = await start_status(Listen(), status)
    try:
        assert await get(port, "/status") == (200, "application/json", '{"simulation": true, "count": 1}')
        assert (await get(port, "/status"))[2] == '{"simulation": true, "count": 2}'
        assert await get(port, "/healthz") == (200, "text/plain", "ok\n")
    finally:
        await runner.cleanup()


async def test_the_port_is_on_loopback_and_free_ports_differ() -> None:
    first, port = await start_status(Listen(), dict)
    second, other = await start_status(Listen(), dict)
    try:
        assert port != other
        assert {address[0] for address in (*first.addresses, *second.addresses)} == {"127.0.0.1"}
    finally:
        await first.cleanup()
        await second.cleanup()


async def test_a_process_adds_routes_of_its_own() -> None:
    async def post(request: web.Request) -> web.Response:
        return web.Response(text=(await request.text()).upper())

    runner, port = await start_status(Listen(), dict, [web.post("/go", post)])
    try:
        assert (await get(port, "/go", "POST", data="now"))[2] == "NOW"
        assert (await get(port, "/status"))[0] == 200
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", 404),
        ("GET", "/../etc/passwd", 404),
        ("GET", "/%2e%2e/etc/passwd", 404),
        ("POST", "/status", 405),
        ("DELETE", "/status", 405),
    ],
)
async def test_nothing_else_is_answered(method: str, path: str, code: int) -> None:
    runner, port = await start_status(Listen(), dict)
    try:
        assert (await get(port, path, method))[0] == code
    finally:
        await runner.cleanup()


async def test_oversized_request_body_is_refused() -> None:
    async def post(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    runner, port = await start_http(Listen(), [web.post("/go", post)])
    try:
        assert (await get(port, "/go", "POST", data=bytes(1 << 20)))[2] == str(1 << 20)
        assert (await get(port, "/go", "POST", data=bytes((1 << 20) + 1)))[0] == 413
    finally:
        await runner.cleanup()


async def test_after_cleanup_nobody_answers() -> None:
    runner, port = await start_status(Listen(), dict)
    await runner.cleanup()
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(port, "/status")


async def test_a_busy_port_is_one_sentence_that_says_what_to_do() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        with pytest.raises(NotReadyError, match=rf"^Cannot listen on 127\.0\.0\.1:{port}: .*configure another\.$"):
            await start_status(Listen(port=port), dict)
