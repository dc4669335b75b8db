"""The orders desk: from a request to a grant and its end, each by another person; what nobody learns on the way."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, expect

from collector.console.orders import line_of
from collector.desk.desk import Desk
from collector.export.sealed import verify_sealed
from collector.store.private_files import read_public_key
from mediation.law.access_facts import DeviceClass
from mediation.law.desk_state import DeskState
from mediation.law.orders import CaseId, CourtOrder, Exigency, Liid, OrderId, OrderKind, Window
from tests.browser import Chromium
from tests.collector.console.walks import accessible, enter
from tests.collector.console.world import CASE, DAY_US, OTHER_CASE, Browser, World

ASK = {"case_id": OTHER_CASE, "order_id": "O-3", "document_author": "weiss", "users": "vega", "supervisor": "okafor"}
HOUR_US = 3_600_000_000


async def upload(browser: Browser, path: str, name: str, octets: bytes) -> Any:
    form = aiohttp.FormData()
    form.add_field("csrf", browser.csrf)
    form.add_field("paper", octets, filename=name, content_type="text/html")
    return await browser.post(path, data=form)


@pytest.mark.rule("R-050", "R-070", "SD-1", "SD-2")
async def test_from_the_request_to_the_grant_and_its_end_each_by_another_person(console: World) -> None:
    vega, brandt, chen = await console.as_("vega"), await console.as_("brandt"), await console.as_("chen")
    asked = await vega.post("/my-requests", ASK)
    assert asked.status == 303 and asked.location == "/my-requests/Q-2"
    octets = b"<script>alert(1)</script>"
    assert (await upload(vega, "/my-requests/Q-2/papers", "order.html", octets)).status == 303
    page = await vega.get("/my-requests/Q-2")
    assert hashlib.sha256(octets).hexdigest() in page.text and ">order.html<" in page.text
    kept = await brandt.get("/requests/Q-2/papers/1")
    assert kept.text.encode() == octets and kept.headers["Content-Type"] == "application/octet-stream"
    assert kept.headers["Content-Disposition"] == 'attachment; filename="order.html"'

    early = await brandt.post("/requests/Q-2/decide", {"accepted": "true", "reason": "in order"})
    assert early.status == 403 and "R-050" in early.text, "nothing is accepted without a check"
    assert (await brandt.post("/requests/Q-2/check")).status == 303
    assert "The papers are complete" in (await brandt.get("/requests/Q-2")).text
    assert (await brandt.post("/requests/Q-2/decide", {"accepted": "true", "reason": "in order"})).status == 303
    assert console.entries("request_decided")[-1]["fields"]["reason"] == "in order"
    grant = {"user_id": "vega", "case_id": OTHER_CASE}
    refused = await brandt.post("/grants", grant)
    assert refused.status == 403 and "SD-2" in refused.text, "not by whoever checked"
    assert (await chen.post("/grants", grant)).status == 303
    assert console.entries("grant")[-1]["fields"]["user_id"] == "vega"
    assert OTHER_CASE in (await vega.get("/")).text
    assert OTHER_CASE in (await chen.get("/grants")).text
    assert (await chen.post("/grants/end", grant)).status == 303
    assert console.entries("grant_ended")[-1]["fields"]["by"] == "chen"


async def test_a_request_for_an_order_that_is_not_there_lacks_it_and_the_asker_is_not_told(console: World) -> None:
    vega, brandt = await console.as_("vega"), await console.as_("brandt")
    answers = []
    for order in ("O-1", "O-99"):
        answer = await vega.post("/my-requests", ASK | {"order_id": order, "case_id": CASE})
        page = await vega.get(answer.location)
        answers.append(re.sub(r"Q-\d|O-\d+|\d\d:\d\d:\d\d", "", page.text))
    assert answers[0] == answers[1], "R-073: the same page for an order that is there and one that is not"
    assert "DOC_MISSING:order" not in answers[1]
    assert "no order of that name" in (await brandt.get("/requests/Q-3")).text
    await brandt.post("/requests/Q-3/check")
    assert console.entries("document_check")[-1]["fields"]["missing"] == ["DOC_MISSING:order"]


async def test_attack_somebody_else_s_request_is_none(console: World) -> None:
    rivera, vega = await console.as_("rivera"), await console.as_("vega")
    assert (await rivera.get("/my-requests/Q-1")).status == 200
    texts = {(await vega.get(f"/my-requests/{name}")).text for name in ("Q-1", "Q-77", "x")}
    assert len(texts) == 1
    assert (await vega.get("/my-requests/Q-1/papers/1")).status == 404
    assert (await upload(vega, "/my-requests/Q-1/papers", "x", b"x")).status == 404
    assert (await vega.get("/requests/Q-1")).status == 403, "checking is the technical unit's"


async def test_attack_a_paper_that_is_too_large_or_none_at_all(console: World) -> None:
    vega = await console.as_("vega")
    await vega.post("/my-requests", ASK)
    assert (await upload(vega, "/my-requests/Q-2/papers", "big", bytes((16 << 20) + 1))).status == 409
    assert (await upload(vega, "/my-requests/Q-2/papers", "huge", bytes(18 << 20))).status == 413
    assert (await upload(vega, "/my-requests/Q-2/papers", "none", b"")).status == 409
    assert (await vega.post("/my-requests/Q-2/papers", {"paper": "text"})).status == 400
    assert (await vega.get("/my-requests/Q-2/papers/9")).status == 404


async def test_a_refusal_has_a_reason(console: World) -> None:
    vega, brandt = await console.as_("vega"), await console.as_("brandt")
    await vega.post("/my-requests", ASK)
    assert (await brandt.post("/requests/Q-2/decide", {"accepted": "false"})).status == 400
    assert (await brandt.post("/requests/Q-2/decide", {"accepted": "false", "reason": "wrong number"})).status == 303
    assert "refused" in (await vega.get("/my-requests/Q-2")).text
    assert (await upload(vega, "/my-requests/Q-2/papers", "late", b"x")).status == 400


async def test_orders_show_their_clocks_their_papers_and_what_is_due(console: World) -> None:
    chen = await console.as_("chen")
    page = await chen.get("/orders", params={"sort": "end", "state": "ACTIVE"})
    assert page.text.count("data-seconds-left") == 3
    page = await chen.get("/orders/O-1")
    assert page.status == 200 and "Nothing is missing" in page.text and "Request Q-1" in page.text
    console.clock.advance(25 * DAY_US)
    page = await chen.get("/orders/O-1")
    assert "has ended" in page.text and "sealing started" in page.text and "OVERDUE" in page.text
    assert {(await chen.get(f"/orders/{name}")).status for name in ("O-9", "x")} == {404}


@pytest.mark.rule("R-033", "R-037")
def test_the_clock_of_an_emergency_runs_until_its_order_is_issued() -> None:
    def order(**exigent: int) -> CourtOrder:
        return CourtOrder(
            order_id=OrderId("O-X"), version=1, kind=OrderKind.EXIGENT_EAV_STATE, case_id=CaseId("C-X"),
            liid=Liid("LAB-X"), agency="LAB-LEA", window=Window(0, 30 * DAY_US), targets=(),
            exigent=Exigency(0, **exigent),
        )  # fmt: skip

    running = line_of(DeskState(), order(), HOUR_US)
    assert running.deadline_us is not None and not running.lapsed
    assert line_of(DeskState(), order(), running.deadline_us + 1).lapsed
    assert line_of(DeskState(), order(order_issued_at_us=HOUR_US), 2 * HOUR_US).deadline_us is None


async def test_the_pages_of_the_desk_in_a_browser(console: World, chromium: Chromium) -> None:
    async def walk(page: Page) -> None:
        await enter(page, console, "chen")
        for path in ("/orders/O-1", "/requests/Q-1"):
            await page.goto(f"{console.base}{path}")
            await accessible(page, path)
        await page.goto(f"{console.base}/orders/O-1")
        left = page.locator("[data-seconds-left] [data-left]").first
        before = await left.inner_text()
        assert re.fullmatch(r"\d+ d \d+ h", before)
        await expect(left).to_have_text(re.compile(r"^\d+ d \d+ h$"))

    seen = await asyncio.to_thread(chromium.run, walk, ignore_https_errors=True)
    assert seen.faults == []


@pytest.mark.rule("R-131", "R-134")
async def test_an_order_is_sealed_once_it_has_ended_and_once(console: World) -> None:
    chen = await console.as_("chen")
    form = {"case_id": CASE, "direction": "DIR-1", "custody": "court vault"}
    early = await chen.post("/orders/O-1/seal", form)
    assert early.status == 409 and "has not ended" in early.text
    refused = console.entries("case_refused")[-1]["fields"]
    assert (refused["act"], refused["by"], refused["rule_ids"]) == ("seal", "chen", ["R-131"])
    console.clock.advance(25 * DAY_US)
    lund = await console.browser("ST-F1")
    await lund.sign_in("chen")
    assert (await lund.post("/orders/O-1/seal", form | {"direction": ""})).status == 400
    assert (await lund.post("/orders/O-1/seal", form | {"case_id": OTHER_CASE})).status == 404
    assert (await lund.post("/orders/O-1/seal", form)).status == 303
    sealed = console.entries("seal")[-1]["fields"]
    assert sealed["records"] > 0 and sealed["custody"] == "court vault" and len(sealed["seal_id"]) == 64
    key = read_public_key(console.template / "collector" / "keys" / "signing.pub")
    assert verify_sealed(console.opened.context.config.sealed / "O-1", key).ok
    again = await lund.post("/orders/O-1/seal", form)
    assert again.status == 409 and "R-027" in again.text
    page = await lund.get("/orders/O-1")
    assert "SEALED" in page.text and "Hand O-1 off" in page.text


@pytest.mark.rule("SD-4", "R-081")
async def test_a_ticket_is_opened_by_one_and_approved_by_another(console: World) -> None:
    lund, chen = await console.as_("lund"), await console.as_("chen")
    ticket = {"user_id": "ito", "minutes": "30", "contract": "K-7", "need_to_know": "true"}
    assert (await lund.post("/tickets", ticket | {"user_id": "nobody"})).status == 400
    assert (await lund.post("/tickets", ticket | {"minutes": "0"})).status == 400
    assert (await lund.post("/tickets", ticket)).status == 303
    refused = await lund.post("/tickets/approve", {"ticket_id": "T-1"})
    assert refused.status == 403 and "SD-4" in refused.text
    assert (await chen.post("/tickets/approve", {"ticket_id": "T-1"})).status == 303
    assert "closes in" in (await lund.get("/tickets")).text
    console.clock.advance(31 * 60_000_000)
    assert "T-1" in (await lund.get("/tickets", params={"state": "over"})).text
    assert "T-1" not in (await lund.get("/tickets", params={"state": "open"})).text


@pytest.mark.rule("R-075", "R-077", "R-079")
async def test_attack_the_station_decides_where_a_check_or_grant_is_made_not_the_entry_log(console: World) -> None:
    """Somebody whom the entry log has at F1 works at a station of F2: what is on record is F2, for every act."""
    brandt, chen, lund = [await console.as_(name, "ST-F2") for name in ("brandt", "chen", "lund")]
    await (await console.as_("vega")).post("/my-requests", ASK)

    def at_f1(desk: Desk, now_us: int) -> None:
        for name in ("brandt", "chen", "lund"):
            desk.enter(name, "F1", DeviceClass.CALEA_STATION, now_us)

    await console.opened.context.desk.act(at_f1)
    grant = {"user_id": "vega", "case_id": OTHER_CASE}
    ticket = {"user_id": "ito", "minutes": "30", "contract": "K-7", "need_to_know": "true"}
    for browser, path, form in (
        (brandt, "/requests/Q-2/check", {}),
        (brandt, "/requests/Q-2/decide", {"accepted": "true", "reason": "in order"}),
        (chen, "/grants", grant),
        (chen, "/grants/end", grant),
        (lund, "/tickets", ticket),
        (chen, "/tickets/approve", {"ticket_id": "T-1"}),
    ):
        assert (await browser.post(path, form)).status == 303, path
        access = console.entries("access")[-1]["fields"]
        assert (access["facility"], access["device_class"]) == ("F2", "CALEA_STATION"), (path, access)
