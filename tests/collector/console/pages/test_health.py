"""Health: what the processes say, folded; alarms that somebody has seen; what a vendor does not learn."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from collector.console.model.health import Health
from collector.console.pages.health import refusals
from collector.console.polling import once
from mediation.runtime.config import Peer
from tests.collector.console.world import World

QUALITY = {"measured": 10, "late": 2, "samples": 1, "failed": 1, "ahead": 0, "histogram": {"1.0": 8, "more": 2}}
COUNTS = dict.fromkeys(("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate"), 3)


def status(**changes: Any) -> dict[str, Any]:
    """What a collector says of itself, as far as it is read here."""
    link = {
        "name": "hi2-1", "connections": 1, "records": 100, "octets": 9000, "tri": 4, "errors": {}, "closed": {},
        "paused": True, "quality": QUALITY,
    }  # fmt: skip
    store = {"used_octets": 50, "capacity_octets": 100, "octets_per_s": 1.0, "eviction_s": 60.0, "evicted": 0}
    return {
        "balanced": True, "index_error": "", "index_lag_records": 0, "store": store, "ledger": {"records": 7},
        "audit": {"entries": 9}, "links": [link], "unknown": COUNTS,
        "orders": [{"order": "O-1", "state": "ACTIVE", **COUNTS}, {"order": "O-2", "state": "ACTIVE", **COUNTS}],
    } | changes  # fmt: skip


async def test_it_shows_links_store_refusals_and_alarms(console: World) -> None:
    console.opened.context.health.fold(console.wall.now_us(), "collector", status())
    page = await (await console.as_("chen")).get("/health")
    assert page.status == 200
    for said in ("hi2-1", "paused", "50.0 % used", "O-1", "Link hi2-1 is paused", "2 of 10"):
        assert said in page.text, said


async def test_a_series_is_json_for_the_plot(console: World) -> None:
    console.opened.context.health.fold(console.wall.now_us(), "collector", status())
    answer = await (await console.as_("chen")).get("/health/series/store_share")
    assert json.loads(answer.text)["values"] == [0.5]
    assert json.loads((await (await console.as_("chen")).get("/health/series/nonsense")).text)["values"] == []


async def test_who_has_seen_an_alarm_is_on_record_and_the_first_stands(console: World) -> None:
    console.opened.context.health.fold(console.wall.now_us(), "collector", status())
    form = {"alarm_id": "health/link/hi2-1/paused"}
    assert (await (await console.as_("chen")).post("/health/acknowledge", form)).status == 303
    assert console.entries("written")[-1]["fields"]["by"] == "chen"
    page = await (await console.as_("lund")).get("/health")
    assert "I have seen: Link hi2-1 is paused" not in page.text and "chen" in page.text
    written = len(console.entries("written"))
    await (await console.as_("lund")).post("/health/acknowledge", form)
    assert len(console.entries("written")) == written


async def test_attack_whoever_maintains_nothing_sees_no_health(console: World) -> None:
    for user in ("rivera", "okafor", "adair"):
        assert (await (await console.as_(user)).get("/health")).status == 403


def test_a_vendor_sees_sums_in_the_place_of_orders() -> None:
    health = Health()
    health.fold(1, "collector", status())
    (row,) = refusals(health.view(1), by_order=False)
    assert (row.order_id, row.delivered) == ("(all)", 9)
    assert [one.order_id for one in refusals(health.view(1), by_order=True)] == ["O-1", "O-2", "(no order)"]


async def test_a_process_that_does_not_answer_or_answers_nonsense_is_that() -> None:
    async def nonsense(_: web.Request) -> web.Response:
        return web.Response(text="[1, 2")

    app = web.Application()
    app.router.add_get("/status", nonsense)
    async with TestServer(app) as server:
        assert server.port is not None
        health = Health()
        watched = {"collector": Peer(host="127.0.0.1", port=server.port), "witness": Peer(host="127.0.0.1", port=9)}
        await once(health, watched, lambda: 1)
    assert [(one.name, one.answers) for one in health.view(1).processes] == [("collector", False), ("witness", False)]
