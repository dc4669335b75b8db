"""Data sessions: flows with their hosts, the capture as a file; and the visitors of a host under a pen register."""

from __future__ import annotations

from aiohttp import web

from collector.console.model.sessions import capture, session_page, visitors
from collector.console.page import Page
from collector.console.pages.cases.common import ABOUT_CALL, CASE, base, cin_of
from collector.console.pages.cases.listing import asked
from collector.console.pages.cases.notes import noted_of
from collector.console.route import Route
from collector.console.scoping import prefix, reading, scope_for

SESSION = CASE + "/sessions/{liid}/{cin}"


def routes() -> list[Route]:
    return [
        *reading(SESSION, show, "Data session", object=ABOUT_CALL),
        *reading(f"{SESSION}/pcap", pcap, "Capture", object=ABOUT_CALL),
        *reading(f"{CASE}/visitors", show_visitors, "Visitors"),
    ]


async def show(page: Page) -> web.Response:
    scope = await scope_for(page)
    found = await page.work(session_page, page.context.library, scope, page.path("liid"), cin_of(page))
    return page.render(
        "cases/session.html", session=found, row=found.row, base=base(page), here=page.request.path,
        notes_path=page.request.path.replace("/sessions/", "/calls/", 1),
        noted=await noted_of(page, found.row.liid, found.row.cin), writes=not prefix(page),
    )  # fmt: skip


async def pcap(page: Page) -> web.Response:
    scope = await scope_for(page)
    octets = await page.work(capture, page.context.library, scope, page.path("liid"), cin_of(page))
    name = f"SIMULATION-{page.path('liid')}-{page.path('cin')}.pcapng"
    return page.download(octets, name, "application/octet-stream")


async def show_visitors(page: Page) -> web.Response:
    scope, query = await scope_for(page), asked(page)
    found = await page.work(visitors, page.context.library, scope, query)
    return page.render(
        "cases/visitors.html", found=found, base=base(page),
        next=query.params(after=found.next) if found.next else None,
    )  # fmt: skip
