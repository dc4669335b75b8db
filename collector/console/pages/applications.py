"""Applications to the court: drafted and sworn by investigator or prosecutor, sworn by the other, with their papers."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from collector.console.cases import known_cases
from collector.console.context import Context
from collector.console.court import ApplyForm, application_of, applications, apply, swear
from collector.console.lists import Column, Filter
from collector.console.page import Page
from collector.console.pages.orders import AREA
from collector.console.paper_files import MAX_PAPER_FORM, PaperForm, download, kept, listed_for
from collector.console.route import Route
from mediation.law.actors import Action, Role
from mediation.law.applications import Asked, CourtApplication

STATES: Final = {one: one for one in ("waits for an oath", "before the court", "granted", "not granted")}


def routes(context: Context) -> list[Route]:
    oath, one, about = Action.SWEAR_APPLICATION, "/applications/{application_id}", ("application", "application_id")
    return [
        Route("GET", "/applications", show_all, oath, title="Applications", nav="Applications", area=AREA),
        Route("POST", "/applications", post, oath, title="An application", form=ApplyForm),
        Route("GET", one, show, oath, title="An application", object=about),
        Route("POST", one + "/swear", post_swear, oath, title="An application", object=about),
        Route("POST", one + "/papers", add_paper, oath, title="A paper", form=PaperForm, object=about,
              most_octets=MAX_PAPER_FORM),
        Route("GET", one + "/papers/{number}", get_paper, oath, object=about),
    ]  # fmt: skip


def state_word(one: CourtApplication) -> str:
    if one.granted is not None:
        return "granted" if one.granted else "not granted"
    return "before the court" if one.sworn else "waits for an oath"


async def show_all(page: Page) -> web.Response:
    desk = page.context.desk
    mine = [one for one in (await applications(page)).values() if page.user_id in one.people]
    columns = [
        Column[CourtApplication]("application_id", "Application", lambda one: one.application_id,
                                 order=lambda one: int(one.application_id[2:])),
        Column[CourtApplication]("asked", "Asks", lambda one: str(one.asked)),
        Column[CourtApplication]("case_id", "Case", lambda one: one.case_id),
        Column[CourtApplication]("order_id", "Order", lambda one: one.order_id),
        Column[CourtApplication]("at", "Drafted", lambda one: one.at_us),
        Column[CourtApplication]("state", "State", state_word),
    ]  # fmt: skip
    filters = [Filter("case_id", "Case"), Filter("state", "State", STATES)]
    cases = () if page.role is None else known_cases(desk.state, desk.orders, page.user_id, page.role, page.now_us)
    return page.render(
        "applications/list.html",
        listed=page.listed(mine, columns, filters, sort="application_id", descending=True),
        orders=[one for case in cases for one in case.orders],
        asked={str(one): str(one) for one in Asked},
        other="prosecutor" if page.role is Role.INV else "investigator",
    )


async def post(page: Page) -> web.Response:
    name = await apply(page)
    return page.redirect(f"/applications/{name}", f"{name} is drafted and sworn by you. Add its papers now.")


async def show(page: Page) -> web.Response:
    found = await application_of(page, page.path("application_id"))
    return page.render(
        "applications/show.html",
        one=found,
        state=state_word(found),
        files=await listed_for(page, found.application_id),
        base=f"/applications/{found.application_id}",
    )


async def post_swear(page: Page) -> web.Response:
    found = await application_of(page, page.path("application_id"))
    await swear(page, found)
    return page.redirect(f"/applications/{found.application_id}", f"{found.application_id} is sworn by you.")


async def add_paper(page: Page) -> web.Response:
    found = await application_of(page, page.path("application_id"))
    return page.redirect(f"/applications/{found.application_id}", await kept(page, found.application_id))


async def get_paper(page: Page) -> web.Response:
    return await download(page, (await application_of(page, page.path("application_id"))).application_id)
