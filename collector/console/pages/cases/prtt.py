"""Pen register tables: who called whom, when, for how long; numbers in common; pictures of frequency."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from pydantic import Field

from collector.console.draw import frequency, links
from collector.console.errors import HttpError
from collector.console.lists import Column, Filter
from collector.console.model.prtt import CallLine, prtt
from collector.console.page import Page
from collector.console.pages.cases.common import CASE, base
from collector.console.route import Route
from collector.console.scoping import Look, reading, scope_for

DAYS: Final = 90
DAY_US: Final = 86_400_000_000


class SpanQuery(Look):
    days: int = Field(DAYS, ge=1, le=3650)


def routes() -> list[Route]:
    return [*reading(f"{CASE}/prtt", show, "Who called whom", SpanQuery)]


async def show(page: Page) -> web.Response:
    scope = await scope_for(page)
    days = page.query(SpanQuery).days
    to_us = page.now_us + 1
    from_us = max(to_us - days * DAY_US, 0)
    if from_us >= to_us:
        raise HttpError(400, "There is no time to look at.")
    found = await page.work(prtt, page.context.library, scope, from_us, to_us)
    columns: list[Column[CallLine]] = [
        Column("begin", "Begin", lambda one: one.begin_us),
        Column("caller", "From", lambda one: one.caller),
        Column("called", "To", lambda one: one.called),
        Column("kind", "Kind", lambda one: str(one.kind).lower()),
        Column("talk", "Spoken", lambda one: one.talk_us),
        Column("order", "Order", lambda one: one.order_id),
    ]
    filters = [Filter("caller", "From"), Filter("called", "To")]
    return page.render(
        "cases/prtt.html",
        picture=found,
        listed=page.listed(found.lines, columns, filters, sort="begin", descending=True),
        hours=(frequency.svg(found.hours), frequency.rows(found.hours)),
        days_picture=(frequency.svg(found.days), frequency.rows(found.days)),
        chart=(links.svg(found.links), links.rows(found.links)),
        days=days,
        base=base(page),
    )
