"""Messages as conversations: who wrote what to whom, with pictures that are harmless and words that are text."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from collector.console.model.conversations import conversation, conversations, mms_part
from collector.console.page import Page
from collector.console.pages.cases.common import CASE, base, cin_of
from collector.console.route import Asks, Route
from collector.console.scoping import Look, reading, scope_for

SANDBOX = "default-src 'none'; sandbox"


class PairQuery(Look):
    first: str = Field("", max_length=200)
    second: str = Field("", max_length=200)
    before: str = Field("", max_length=200)


def routes() -> list[Route]:
    return [
        *reading(f"{CASE}/messages", show, "Messages"),
        *reading(f"{CASE}/messages/between", between, "Conversation", PairQuery),
        *reading(f"{CASE}/messages/{{liid}}/{{cin}}/{{sequence}}/{{part}}", part, "Part of a message", asks=Asks.PART,
                 object=("record", "sequence")),
    ]  # fmt: skip


async def show(page: Page) -> web.Response:
    scope = await scope_for(page)
    found = await page.work(conversations, page.context.library, scope)
    return page.render("cases/messages.html", found=found, base=base(page))


async def between(page: Page) -> web.Response:
    scope, query = await scope_for(page), page.query(PairQuery)
    found = await page.work(conversation, page.context.library, scope, query.first, query.second, query.before)
    return page.render("cases/conversation.html", found=found, base=base(page))


async def part(page: Page) -> web.Response:
    """A picture is one that was made anew; everything else is text or a file to save."""
    scope = await scope_for(page)
    made = await page.work(
        mms_part, page.context.library, scope, page.path("liid"), cin_of(page), page.record(),
        page.number("part"),
    )  # fmt: skip
    if not made.inline:
        return page.download(made.octets, made.name, made.content_type)
    headers = {"Content-Security-Policy": SANDBOX, "Content-Type": made.content_type}
    return web.Response(body=made.octets, headers=headers)
