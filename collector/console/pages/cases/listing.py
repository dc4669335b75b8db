"""The list of a case: calls, messages, data, signalling, tests apart; sorted, filtered, saved as views, and live.

Its whole state stands in the address. Rows that come while it is looked at arrive as a stream, which ends with the
right to look (R-074); the list itself stays as it was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from asn1.errors import RefusedError
from collector.console.errors import HttpError
from collector.console.forms import FormModel
from collector.console.model.lists import LABELS, EventRow, ListQuery
from collector.console.model.scope import Scope
from collector.console.page import Page
from collector.console.pages.cases.common import CASE, address, base
from collector.console.rendering import rendered
from collector.console.route import Asks, Route
from collector.console.scoping import Look, reading, scope_for
from collector.console.stream import Event
from collector.console.watch import Watch
from collector.desk.database import Reading, Writing, categories, synopses, views, worklist
from collector.desk.database.worklist import WorkState
from mediation.law.actors import Action

FRESH_S: Final = 0.25
"""How often it is looked for new rows."""
MAX_FRESH: Final = 50
_PARAMS: Final = ("kind", "party", "from", "to", "order", "sort", "dir", "after", "limit")


class ViewForm(FormModel):
    name: str = Field(min_length=1, max_length=100)
    query: str = Field("", max_length=1000)


class Noted(NamedTuple):
    """What people wrote of a communication, for a row of the list."""

    synopsis: str = ""
    labels: tuple[str, ...] = ()
    state: WorkState = WorkState.NEW


def routes() -> list[Route]:
    action = Action.READ_CALL_IDENTIFYING
    return [
        *reading(CASE, show, "Case"),
        *reading(f"{CASE}/live", live, "New rows", asks=Asks.PART),
        Route(
            "POST", f"{CASE}/views", save_view, action, case="case_id", form=ViewForm, asks=Asks.PART, title="A view"
        ),
        Route(
            "POST", f"{CASE}/views/remove", remove_view, action, case="case_id", form=ViewForm, asks=Asks.PART,
            title="A view",
        ),
    ]  # fmt: skip


def asked(page: Page) -> ListQuery:
    """Raises HttpError for a list that cannot be."""
    try:
        return ListQuery.parse({name: page.request.query.get(name, "") for name in _PARAMS})
    except RefusedError as error:
        raise HttpError(400, str(error)) from error


async def show(page: Page) -> web.Response:
    scope, query = await scope_for(page), asked(page)
    library = page.context.library
    found = await page.work(library.page, scope, query)
    counts = await page.work(library.counts, scope)
    held = await page.work(library.held, scope)
    noted = await _noted(page, scope)
    reason = page.query(Look).reason

    def mine(reading: Reading) -> list[views.View]:
        return list(views.of_user(reading, page.user_id))

    return page.render(
        "cases/list.html",
        scope=scope,
        order_names={str(one.order_id): str(one.order_id) for one in scope.orders},
        query=query,
        rows=[(row, address(page, row), noted.get((row.liid, row.cin), Noted())) for row in found.rows],
        next=query.params(after=found.next) if found.next else None,
        first=found.first,
        counts=[(kind, LABELS[kind], count) for kind, count in counts.kinds.items()],
        exact=counts.exact,
        held=held,
        views=await page.context.memory.read(mine),
        view_query="&".join(f"{name}={value}" for name, value in query.params(after="").items()),
        base=base(page),
        lag=(await page.work(library.lag)).records,
        live=f"{page.request.path}/live" + (f"?{urlencode({'reason': reason})}" if reason else ""),
        reason=reason,
    )


async def _noted(page: Page, scope: Scope) -> Mapping[tuple[str, int], Noted]:
    def find(reading: Reading) -> dict[tuple[str, int], Noted]:
        labels = {one.category: one.label for one in categories.listed(reading, retired=True)}
        found: dict[tuple[str, int], Noted] = {}
        for liid in scope.liids:
            said, given = synopses.of_liid(reading, liid), categories.of_liid(reading, liid)
            items = worklist.of_liid(reading, liid)
            for cin in {*said, *given, *items}:
                found[liid, cin] = Noted(
                    synopsis=said[cin].text if cin in said else "",
                    labels=tuple(labels.get(one.category, one.category) for one in given.get(cin, ())),
                    state=items[cin].state if cin in items else WorkState.NEW,
                )
        return found

    return await page.context.memory.read(find)


async def live(page: Page) -> web.StreamResponse:
    """Rows as they begin or go on, the newest first, each as a table row."""
    scope = await scope_for(page)
    library = page.context.library
    cursor = await page.work(library.cursor)

    async def events(watch: Watch) -> AsyncIterator[Event]:
        nonlocal cursor
        while not watch.ended.is_set():
            fresh = await page.work(library.since, scope, cursor, MAX_FRESH)
            cursor = fresh.cursor
            for row in fresh.rows:
                yield Event(_row(page, row))
            if not fresh.more:
                await asyncio.sleep(FRESH_S)

    action = page.route.access
    assert isinstance(action, Action), "a page of a case has an action"
    return await page.stream(events, action, page.case_id)


def _row(page: Page, row: EventRow) -> str:
    values = {"page": page, "row": row, "to": address(page, row), "noted": Noted()}
    return rendered(page.request, "cases/row.html", values)


async def save_view(page: Page) -> web.Response:
    form = page.form(ViewForm)

    def save(writing: Writing) -> None:
        views.save(writing, page.user_id, form.name, form.query, page.wall_us)

    await page.context.memory.write(save)
    return page.redirect(f"{base(page)}?{form.query}", f"The view {form.name} is kept, for you.")


async def remove_view(page: Page) -> web.Response:
    form = page.form(ViewForm)
    await page.context.memory.write(lambda writing: views.remove(writing, page.user_id, form.name))
    return page.redirect(base(page), f"The view {form.name} is gone.")
