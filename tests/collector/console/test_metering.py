"""What the console says of itself: counts and times by declared path, and nothing that anybody could be told by."""

from __future__ import annotations

from contextlib import AsyncExitStack

import aiohttp

from collector.console.metering import EDGES_S, Meter, metrics_route
from mediation.runtime.config import Listen
from mediation.runtime.status import start_status
from tests.collector.console.world import CASE, World


async def scraped(console: World) -> str:
    opened = console.opened
    async with AsyncExitStack() as stack:
        runner, port = await start_status(Listen(), opened.status, [metrics_route(opened.meter, opened.status)])
        stack.push_async_callback(runner.cleanup)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            return await answer.text()


async def test_answers_are_counted_by_the_declared_path_and_by_nothing_that_was_asked(console: World) -> None:
    rivera = await console.as_("rivera")
    assert (await rivera.get(f"/cases/{CASE}")).status == 200
    assert (await rivera.get("/cases/C-99")).status == 404
    assert (await rivera.get("/no/such/page/for/rivera")).status == 404
    text = await scraped(console)
    assert 'calea_console_answers_total{method="GET",path="/cases/{case_id}",status="200"} 1.0' in text
    assert 'calea_console_answers_total{method="GET",path="/cases/{case_id}",status="404"} 1.0' in text
    assert 'path="(none of ours)",status="404"} 1.0' in text
    assert 'calea_console_answer_seconds_count{path="/cases/{case_id}"} 2.0' in text
    assert "calea_console_desk_entries" in text and "calea_console_streams 0.0" in text
    assert CASE not in text and "rivera" not in text


def test_a_time_falls_into_its_bucket_and_a_stream_into_none() -> None:
    meter = Meter(lambda: 0.0)
    for took_s in (EDGES_S[0], 0.09, 99.0, None):
        meter.count("GET", "/x", 200, took_s)
    assert meter.answers["GET", "/x", 200] == 4
    buckets = meter.buckets["/x"]
    assert buckets[0] == 1 and buckets[EDGES_S.index(0.1)] == 1 and buckets[-1] == 1 and sum(buckets) == 3
