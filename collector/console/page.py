"""What a handler gets: the request as it was decided and parsed, and the ways to answer it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

from aiohttp import web
from pydantic import BaseModel

from collector.console.access import allowed, asked, facts_for, raise_unless
from collector.console.context import Context
from collector.console.errors import NotFoundError
from collector.console.lists import Column, Filter, Listed, R, listed
from collector.console.rendering import rendered
from collector.console.request_keys import DECLARED, SIGNED_IN, context_of
from collector.console.route import Route
from collector.console.signed_in import SignedIn
from collector.console.stream import Event, send_events
from collector.console.watch import Watch, watching
from collector.desk.desk import Desk, Outcome
from collector.store.stores import record_number
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action, Role
from mediation.law.desk import NOTHING

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Page:
    """One request to one route. `query` and `form` are what `Route.query` and `Route.form` made of it; `case_id` is
    blank for a route without a case; `now_us` is the run's time, `wall_us` the machine's."""

    def __init__(
        self,
        request: web.Request,
        route: Route,
        query: BaseModel | None = None,
        form: BaseModel | None = None,
        case_id: str = "",
    ) -> None:
        self.request = request
        self.route = route
        self.context: Context = context_of(request)
        self.case_id = case_id
        self.outcome: Outcome | None = None
        """Of the attempt that let the handler run; None for a `Door`."""
        self.now_us = self.context.clock.now_us()
        self.wall_us = self.context.wall_us()
        self._query = query
        self._form = form

    # Who asks, and what

    @property
    def signed_in(self) -> SignedIn | None:
        return self.request.get(SIGNED_IN)

    @property
    def user(self) -> SignedIn:
        """Of a route that somebody has to be signed in for."""
        return self.request[SIGNED_IN]

    @property
    def user_id(self) -> str:
        return self.user.user_id

    @property
    def role(self) -> Role | None:
        return self.user.role

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return self.request.match_info[name]

    def number(self, name: str) -> int:
        """A parameter of the path that is a whole number of 64 bits. Raises NotFoundError for anything else."""
        text = self.path(name)
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise NotFoundError
        return int(text)

    def record(self, name: str = "sequence") -> int:
        """A parameter of the path that names a record (`store.stores`). Raises NotFoundError for anything else."""
        try:
            return record_number(self.path(name))
        except ValueError as error:
            raise NotFoundError from error

    def query(self, model: type[M]) -> M:
        """The query string, checked."""
        return cast("M", self._query)

    def form(self, model: type[M]) -> M:
        """What was sent, checked."""
        return cast("M", self._form)

    # What they may

    def may(self, action: Action, case_id: str = "", facts: Circumstances = NOTHING) -> bool:
        """For showing or leaving out a link or a button; never instead of the declaration of the route behind it."""
        return asked(self.request, action, case_id, facts).answer.allowed

    def has_route(self, path: str) -> bool:
        """Whether there is such a page, by the path of its declaration."""
        return any(one.path == path for one in self.request.app[DECLARED])

    def has_cell(self, action: Action) -> bool:
        """Whether the role has a cell for the action at all."""
        return Route("GET", "/", self.route.handler, action).cell(self.role)

    async def allowed(
        self, action: Action, case_id: str = "", facts: Circumstances = NOTHING, about: tuple[str, str] = ("page", "")
    ) -> Outcome:
        """A further attempt, on record; raises NotFoundError or DeniedError when it is not allowed."""
        outcome = await allowed(self.request, action, case_id, facts, about=about)
        raise_unless(outcome, case_id)
        return outcome

    def facts(self, facts: Circumstances = NOTHING) -> Circumstances:
        """With the place of this request: for the desk's own acts (`Desk.open_request`, …)."""
        return facts_for(self.request, facts)

    async def act(self, work: Callable[[Desk, int], T]) -> T:
        """Do something at the desk, in its thread: `work(desk, now_us)`."""
        return await self.context.desk.act(work)

    async def must(self, work: Callable[[Desk, int], Outcome], case_id: str = "") -> Outcome:
        """An act of the desk that asks for itself; raises NotFoundError or DeniedError when it was not allowed."""
        outcome = await self.act(work)
        raise_unless(outcome, case_id)
        return outcome

    async def work(self, work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Run something that blocks (the read model, the database) beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.context.workers, partial(work, *args, **named))

    # Answers

    def render(self, template: str, status: int = 200, /, **values: Any) -> web.Response:  # noqa: ANN401  whatever the template shows
        """A page, or a part of one for htmx."""
        text = rendered(self.request, template, {"page": self, **values})
        return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

    def redirect(self, to: str, says: str = "", tone: str = "done") -> web.Response:
        """After a write: to another page of ours, with a sentence. `tone`: done, warn or fail."""
        if says:
            self.flash(says, tone)
        if not to.startswith("/") or to.startswith(("//", "/\\")):
            to = "/"
        return web.Response(status=303, headers={"Location": to})

    def flash(self, says: str, tone: str = "done") -> None:
        """A sentence for the next page that is shown."""
        if self.signed_in is not None:
            self.context.memory.flash(self.user.session, says, tone)

    def listed(
        self,
        rows: Sequence[R],
        columns: Sequence[Column[R]],
        filters: Sequence[Filter] = (),
        sort: str = "",
        descending: bool = False,
        page_rows: int = 50,
    ) -> Listed[R]:
        """Rows in memory as a list whose state is in the URL (`lists.py`)."""
        return listed(rows, columns, self.request.path, self.request.query, filters, sort, descending, page_rows)

    def download(self, octets: bytes, name: str, content_type: str) -> web.Response:
        """A file to save, never to show."""
        safe = "".join(one if one.isalnum() or one in "-_." else "_" for one in name)[:120]
        headers = {"Content-Disposition": f'attachment; filename="{safe}"'}
        return web.Response(body=octets, content_type=content_type, headers=headers)

    def watching(self, action: Action | None = None, case_id: str = "") -> AbstractAsyncContextManager[Watch]:
        """`async with page.watching(action, case_id) as watch`: a live session, until `watch.ended` (`watch.py`)."""
        facts = NOTHING if self.route.facts is None else self.route.facts(self)
        return watching(self.request, action, case_id, facts)

    async def stream(
        self, events: Callable[[Watch], AsyncIterator[Event]], action: Action | None = None, case_id: str = ""
    ) -> web.StreamResponse:
        """Server-sent events as long as the action is allowed (`stream.py`)."""
        with self.context.streams.one(self.user_id):
            async with self.watching(action, case_id) as watch:
                return await send_events(self.request, events(watch), watch)
