"""What is open to whoever reaches the console: its style and scripts, the lab's CA, a sign of life."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from collector.console.context import Context
from collector.console.errors import NotFoundError
from collector.console.page import Page
from collector.console.route import Door, Route

CA_TYPE: Final = "application/x-x509-ca-cert"
KEPT: Final = "public, max-age=31536000, immutable"


def routes(context: Context) -> list[Route]:
    return [
        Route("GET", "/static/{version}/{name:.+}", static, Door.OPEN),
        Route("GET", "/lab-ca", about_ca, Door.OPEN, title="The lab's CA"),
        Route("GET", "/lab-ca/ca.pem", hand_out_ca, Door.OPEN),
        Route("GET", "/healthz", health, Door.OPEN),
    ]


async def static(page: Page) -> web.Response:
    found = page.context.static.find(page.path("version"), page.path("name"))
    if found is None:
        raise NotFoundError
    return web.Response(body=found.octets, headers={"Content-Type": found.content_type, "Cache-Control": KEPT})


async def about_ca(page: Page) -> web.Response:
    return page.render("entrance/ca.html", path=page.context.config.lab_ca)


async def hand_out_ca(page: Page) -> web.Response:
    octets = await page.work(page.context.config.lab_ca.read_bytes)
    return page.download(octets, "calea-lab-ca-SIMULATION.pem", CA_TYPE)


async def health(page: Page) -> web.Response:
    return web.Response(text="ok\n")
