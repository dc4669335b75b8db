"""Attacks on the way in which a request is served, each by its name."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest

from asn1.errors import LocalError
from collector.console.forms import BODY_S
from collector.console.page import Page
from collector.console.route import Door, Route
from mediation.law.actors import Action
from tests.collector.console.world import CASE, MISSING_CASE, OTHER_CASE, World


@pytest.mark.parametrize("shown", ["", "0" * 64, None])
async def test_attack_a_write_without_the_session_s_own_token(console: World, shown: str | None) -> None:
    lund = await console.as_("lund")
    other = await console.as_("chen")
    lund.csrf = other.csrf if shown is None else shown
    answer = await lund.post("/stations", {"station_id": "X", "facility": "F1"})
    assert answer.status == 403 and "older than your session" in answer.text


@pytest.mark.parametrize("origin", ["https://elsewhere.invalid", "null", "http://localhost", ""])
async def test_attack_a_form_that_another_site_sends(console: World, origin: str) -> None:
    lund = await console.as_("lund")
    answer = await lund.post("/stations", {"station_id": "X", "facility": "F1"}, headers={"Origin": origin})
    assert answer.status == 403 and "sent from elsewhere" in answer.text
    assert not [one for one in console.entries("written") if one["fields"]["key"] == ["X"]]


@pytest.mark.parametrize(
    "host", ["elsewhere.invalid", "localhost.elsewhere.invalid", "10.0.0.1", "[::2]", "localhost@x"]
)
async def test_attack_another_name_is_pointed_at_the_console(console: World, host: str) -> None:
    browser = await console.browser()
    answer = await browser.get("/sign-in", headers={"Host": host})
    assert answer.status == 421 and host not in answer.text


async def test_attack_no_header_says_who_or_where_somebody_is(console: World) -> None:
    browser = await console.browser()
    sent = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.invalid", "X-Forwarded-User": "chen"}
    assert (await browser.get("/", headers=sent)).location == "/sign-in"
    await browser.post("/sign-in", {"user_id": "x", "password": "y"}, headers=sent)
    assert console.entries("sign_in_refused")[-1]["fields"]["address"] == "127.0.0.1"


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=y", "\0", "<script>alert(1)</script>", "{{ 7 * 7 }}", "x" * 4000])
async def test_attack_what_is_typed_comes_back_as_text_or_not_at_all(console: World, name: str) -> None:
    lund = await console.as_("lund")
    for answer in (
        await lund.post("/stations", {"station_id": name, "facility": "F1"}),
        await lund.post("/stations", {"station_id": "ST-X", "facility": name}),
        await lund.get("/people", params={"user_id": name, "sort": name, "page": name}),
        await lund.get("/stations", params={"facility": name}),
        await (await console.browser()).sign_in(name, "wrong"),
    ):
        assert answer.status < 500, answer.status
        assert "x=y" not in answer.headers.get("Set-Cookie", "")
        assert "<script>alert" not in answer.text and ">49<" not in answer.text


async def test_attack_a_body_that_is_too_large_is_not_read(console: World) -> None:
    browser = await console.browser()
    for data in (b"password=" + b"x" * 20_000, _chunks(20_000)):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await browser.post("/sign-in", data=data, headers=headers)
        assert answer.status == 413


async def _chunks(octets: int) -> Any:
    yield b"password="
    for _ in range(octets // 1000):
        yield b"x" * 1000


async def test_attack_more_fields_than_a_form_has(console: World) -> None:
    browser = await console.browser()
    answer = await browser.post("/sign-in", {f"f{number}": "1" for number in range(300)})
    assert answer.status == 400
    answer = await browser.post("/sign-in", {"user_id": "lund", "password": "x", "role": "TADM"})
    assert answer.status == 400 and "There is no such field" in answer.text


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/json", b'{"user_id": "lund"}'),
        ("text/plain", b"user_id=lund&password=x"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        ("application/x-www-form-urlencoded", b"user_id=%ff%fe&password=1"),
    ],
)
async def test_attack_a_body_of_another_kind(console: World, kind: str, data: bytes) -> None:
    browser = await console.browser()
    answer = await browser.post("/sign-in", data=data, headers={"Content-Type": kind})
    assert answer.status in (400, 415)


async def test_attack_a_body_that_never_comes(console: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BODY_S < 30
    monkeypatch.setattr("collector.console.forms.BODY_S", 0.2)
    context = ssl.create_default_context(cafile=str(console.template / "ca" / "ca.pem"))
    host, port = console.base.removeprefix("https://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
    head = (
        "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nuser_id="
    )
    writer.write(head.encode())
    async with asyncio.timeout(10):
        assert b" 408 " in await reader.readline()
    writer.close()


async def test_attack_a_guessed_case_is_answered_as_one_that_is_not_there(console: World) -> None:
    """R-073, for each route with a case and somebody who has a cell and knows nothing: the same octets."""
    vega = await console.as_("vega")
    for route in console.opened.declared:
        if not route.case or route.method != "GET" or route.api or route.case not in route.parameters:
            continue
        answers = []
        for case in (CASE, OTHER_CASE, MISSING_CASE):
            path = route.path.replace("{" + route.case + "}", case)
            for name in route.parameters:
                path = path.replace("{" + name + "}", "1")
            answers.append(await vega.get(path))
        assert {one.status for one in answers} == {404}, route.path
        assert len({one.text for one in answers}) == 1, route.path
    assert {one["fields"]["order_id"] for one in console.entries("access") if one["fields"]["actor_id"] == "vega"} <= {
        ""
    }


async def test_attack_an_address_that_asks_without_end(open_console: Any) -> None:
    console = await open_console(policy={"requests_per_s": 1})
    browser = await console.browser()
    statuses = [(await browser.get("/sign-in")).status for _ in range(15)]
    assert statuses.count(200) == 10 and set(statuses[10:]) == {429}
    assert (await browser.get(console.opened.context.static.url("console.css"))).status == 200
    console.wall.advance(1_000_000)
    assert (await browser.get("/sign-in")).status == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])
async def test_attack_a_method_that_edits(console: World, method: str) -> None:
    browser = await console.browser()
    async with browser.session.request(method, f"{console.base}/sign-in") as answer:
        assert answer.status == 405
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_attack_a_route_that_lets_everybody_in_by_omission() -> None:
    async def handler(page: Page) -> Any:
        raise AssertionError

    with pytest.raises(LocalError, match="R-167"):
        Route("DELETE", "/x", handler, Door.OPEN)
    with pytest.raises(LocalError, match="no case"):
        Route("GET", "/x", handler, Action.READ_CONTENT, case="case")
    with pytest.raises(LocalError, match="rule"):
        Route("GET", "/x", handler, Action.READ_CONTENT, roles=frozenset())


async def test_a_failure_of_ours_says_nothing_but_its_number(console: World, capsys: Any) -> None:
    async def broken(*_: Any) -> Any:
        raise ValueError("/secret/path and a secret value")

    lund = await console.as_("lund")
    object.__setattr__(console.opened.context.memory, "read", broken)
    answer = await lund.get("/people")
    assert answer.status == 500
    assert "secret" not in answer.text and "Traceback" not in answer.text and "ValueError" not in answer.text
    assert "secret" not in capsys.readouterr().out


async def test_attack_requests_that_smuggle_another(console: World) -> None:
    """Two lengths, or a length and chunks: refused before any handler."""
    context = ssl.create_default_context(cafile=str(console.template / "ca" / "ca.pem"))
    host, port = console.base.removeprefix("https://").split(":")
    for more in ("Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"):
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        writer.write(f"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n{more}\r\n0\r\n\r\n".encode())
        async with asyncio.timeout(10):
            assert b" 400 " in await reader.readline()
        writer.close()
