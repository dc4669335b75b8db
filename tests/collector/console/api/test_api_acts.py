"""The acts on orders for programs: the same acts as the pages, with the same refusals."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.court import Court
from mediation.law.actors import Action
from tests.collector.console.api.test_api import token_of
from tests.collector.console.courthouse import open_courthouse
from tests.collector.console.pages.test_court import APPLY, EXIGENT
from tests.collector.console.world import CASE, DAY_US, World

STATION = {"X-Station": "token of ST-F1"}


@pytest.fixture
async def courthouse(
    quick_path: Path, template: tuple[Path, int], open_console: Callable[..., Awaitable[World]]
) -> AsyncIterator[tuple[World, Court]]:
    async with AsyncExitStack() as stack:
        yield await open_courthouse(quick_path, template[1], open_console, stack)


async def program(console: World, user: str) -> Callable[..., Awaitable[tuple[int, Any]]]:
    """Posts, or asks where there is no body."""
    token = await token_of(console, user, *Action)
    browser = await console.browser(station="")
    headers = STATION | {"Authorization": f"Bearer {token}"}

    async def ask(path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        if body is None:
            answer = await browser.get(f"/api/v1/{path}", headers=headers)
        else:
            sent = headers | {"Content-Type": "application/json"}
            answer = await browser.post(f"/api/v1/{path}", headers=sent, data=json.dumps(body))
        return answer.status, json.loads(answer.text)

    return ask


async def test_an_order_s_whole_way_by_programs(courthouse: tuple[World, Court]) -> None:
    console, court = courthouse
    rivera, weiss, adair, chen = [await program(console, name) for name in ("rivera", "weiss", "adair", "chen")]
    status, made = await rivera("applications", APPLY | {"days": 30})
    assert (status, made["application_id"], made["state"]) == (200, "A-1", "waits for an oath")
    octets = b"%PDF sworn"
    paper = {"name": "a.pdf", "octets": base64.b64encode(octets).decode()}
    status, papers = await rivera("applications/A-1/papers", paper)
    assert status == 200 and papers["papers"][0]["size_octets"] == len(octets)
    assert (await rivera("applications/A-1/papers", {"name": "a.pdf", "octets": "no base64!"}))[0] == 400
    assert (await weiss("applications/A-1/swear", {}))[1]["state"] == "before the court"
    status, done = await adair("court/orders/O-1/extend", {"application_id": "A-1"})
    assert (status, done["version"], done["refusals"]) == (200, 2, {})
    assert (await adair("court/orders/O-1"))[1]["applications"][0]["state"] == "granted"
    assert (await chen("court/orders/O-1/revoke", {"reason": "mine"}))[0] == 403
    assert (await adair("court/orders/O-2/revoke", {"reason": "enough"}))[0] == 200
    body = EXIGENT | {"days": 10} | dict.fromkeys(("emergency", "urgent_need", "primary_purpose"), True)
    assert (await chen("exigent", body | {"grounds": ["flight"]}))[0] == 409
    status, begun = await chen("exigent", body)
    assert (status, begun["order_id"]) == (200, "O-4")
    assert (await chen("exigent"))[1]["orders"][0]["deadline_us"] is not None
    assert (await chen("orders/O-4/ends", {"case_id": "C-7", "what": "ended", "reason": "it is over"}))[0] == 200
    console.clock.advance(80 * DAY_US)
    # Of a tour of that day (R-079).
    assert (await (await console.browser()).sign_in("chen")).status == 303
    close = {"case_id": CASE, "disposition": "settled", "classification": "felony"}
    seal = {"case_id": CASE, "direction": "DIR-1", "custody": "court vault"}
    assert (await chen("orders/O-1/close", close))[0] == 409, "it is neither sealed nor handed off"
    assert (await chen("orders/O-1/seal", seal))[0] == 200
    status, handed = await chen("orders/O-1/hand-off", {"case_id": CASE, "to": "CMS-1", "need": "the case file"})
    assert status == 200 and handed["made"]["hand_off"] is True and handed["but"] == "", handed
    assert (await chen("orders/O-1/close", close))[0] == 200
    assert [str(one.state) for one in court.orders() if one.order_id == "O-1"][-1] == "CLOSED"
