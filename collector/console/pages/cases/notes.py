"""What people write of a communication: synopsis with autosave, categories, how far they are with it.

A synopsis is saved over the revision that its author saw; what is typed meanwhile is kept as a draft of their own. Each
save is on the desk's ledger by its digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import web
from pydantic import Field

from asn1.errors import LabError
from collector.console.forms import FormModel
from collector.console.page import Page
from collector.console.pages.cases.common import ABOUT_CALL, CALL, base, named
from collector.console.route import Asks, Route
from collector.console.scoping import Look, scope_for
from collector.desk.database import Reading, Writing, categories, synopses, worklist
from collector.desk.database.worklist import WorkState
from collector.desk.desk import Desk
from mediation.law.actors import Action


class SynopsisForm(FormModel):
    words: str = Field("", max_length=20_000)
    seen: int = Field(0, ge=0)


class CategoryForm(FormModel):
    category: str = Field(max_length=100)
    on: bool = False


class StateForm(FormModel):
    state: WorkState


class Noted(NamedTuple):
    """`draft` is what this reader typed and did not save."""

    synopsis: synopses.Synopsis | None
    draft: synopses.Draft | None
    history: Sequence[synopses.Synopsis]
    categories: Sequence[categories.Category]
    given: frozenset[str]
    state: WorkState


def routes() -> list[Route]:
    def write(path: str, handler: object, form: type[FormModel], title: str) -> Route:
        return Route(
            "POST", f"{CALL}/{path}", handler, Action.READ_CALL_IDENTIFYING, case="case_id", form=form,  # type: ignore[arg-type]
            asks=Asks.PART, object=ABOUT_CALL, title=title, query=Look, facts=None,
        )  # fmt: skip

    return [
        write("synopsis", save, SynopsisForm, "Synopsis"),
        write("draft", autosave, SynopsisForm, "Draft"),
        write("category", turn_category, CategoryForm, "Category"),
        write("state", mark, StateForm, "Worklist"),
    ]


async def noted_of(page: Page, liid: str, cin: int) -> Noted:
    def find(reading: Reading) -> Noted:
        item = worklist.of(reading, liid, cin)
        return Noted(
            synopses.newest(reading, liid, cin),
            synopses.draft(reading, liid, cin, page.user_id),
            synopses.history(reading, liid, cin),
            categories.listed(reading),
            frozenset(one.category for one in categories.of(reading, liid, cin)),
            WorkState.NEW if item is None else item.state,
        )

    return await page.context.memory.read(find)


async def _here(page: Page) -> tuple[str, int, str]:
    """LIID, CIN and address of a communication of this case. Raises NotFoundError."""
    row = await named(page, await scope_for(page))
    return row.liid, row.cin, page.request.path.rsplit("/", 1)[0]


async def save(page: Page) -> web.Response:
    form = page.form(SynopsisForm)
    liid, cin, here = await _here(page)

    def saving(writing: Writing, desk: Desk, now_us: int) -> None:
        synopses.save(writing, liid, cin, form.words, form.seen, page.user_id, page.wall_us)

    try:
        await page.context.memory.record(saving)
    except LabError as error:
        return page.redirect(here, f"{error} Your words are kept as a draft.", "warn")
    return page.redirect(here, "The synopsis is saved.")


async def autosave(page: Page) -> web.Response:
    form = page.form(SynopsisForm)
    liid, cin, _ = await _here(page)

    def keep(writing: Writing) -> None:
        synopses.autosave(writing, liid, cin, form.words, form.seen, page.user_id, page.wall_us)

    await page.context.memory.write(keep)
    return web.json_response({"kept": True})


async def turn_category(page: Page) -> web.Response:
    form = page.form(CategoryForm)
    liid, cin, here = await _here(page)

    def turn(writing: Writing, desk: Desk, now_us: int) -> bool:
        act = categories.assign if form.on else categories.withdraw
        return act(writing, liid, cin, form.category, page.user_id, page.wall_us)

    await page.context.memory.record(turn)
    return page.redirect(here, f"{form.category}: {'given' if form.on else 'taken back'}.")


async def mark(page: Page) -> web.Response:
    form = page.form(StateForm)
    liid, cin, here = await _here(page)

    def turn(writing: Writing, desk: Desk, now_us: int) -> bool:
        return worklist.mark(writing, liid, cin, form.state, page.user_id, page.wall_us)

    await page.context.memory.record(turn)
    return page.redirect(here if form.state is not WorkState.DONE else base(page), f"Marked as {form.state}.")
