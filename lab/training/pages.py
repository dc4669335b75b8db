"""The trainer's pages: the class as it goes, what is done to it, the sheet of each trainee.

The same dispatcher as every page of the console: signed in on the trainer's own desk, written to with the session's own
token from our own origin, parsed within bounds. What is done to the class is on the trainer's ledger before it is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from aiohttp import web
from pydantic import Field

from collector.console.context import Context
from collector.console.draw import timeline
from collector.console.errors import FormError, NotFoundError
from collector.console.forms import FormModel
from collector.console.page import Page
from collector.console.route import Door, Route
from lab.scenario.times import at_us
from lab.training.after_action import picture, table
from lab.training.director import Director
from lab.training.jobs import Jobs
from lab.training.marking import sheets
from lab.training.opening import training_of
from lab.training.sheet import Sheet, as_csv, as_html, as_pdf, lines_table
from mediation.runtime.config import ConfigError

AREA: Final = "Class"
FEED_ROWS: Final = 40


class CardForm(FormModel):
    card: str = Field(max_length=64)
    trainee: str = Field("", max_length=64)


class MarkForm(FormModel):
    mark: str = Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")


class SpeedForm(FormModel):
    speed: Literal["max"] | float


class EmptyForm(FormModel):
    """Nothing but the token."""


def routes(context: Context, director: Director, jobs: Jobs) -> list[Route]:
    desk = _Pages(director, jobs)

    def get(path: str, handler: Callable[[Page], Awaitable[web.Response]], title: str = "", nav: str = "") -> Route:
        return Route("GET", path, handler, Door.SIGNED_IN, title=title, nav=nav, area=AREA if nav else "")

    def post(path: str, handler: Callable[[Page], Awaitable[web.Response]], form: type[FormModel] = EmptyForm) -> Route:
        return Route("POST", path, handler, Door.SIGNED_IN, title="The class", form=form)

    return [
        get("/", desk.show, "The class", "The class"),
        get("/briefing", desk.briefing, "Briefing and answer key", "Briefing and answer key"),
        get("/class/clock", desk.clock),
        get("/class/feed", desk.feed),
        get("/trainees/{user_id}", desk.trainee, "Score sheet"),
        get("/trainees/{user_id}/pdf", desk.pdf),
        get("/trainees/{user_id}/csv", desk.csv),
        get("/trainees/{user_id}/html", desk.html),
        post("/class/inject", desk.inject, CardForm),
        post("/class/pause", desk.pause),
        post("/class/resume", desk.resume),
        post("/class/speed", desk.speed, SpeedForm),
        post("/class/mark", desk.mark, MarkForm),
        post("/class/rewind", desk.rewind, MarkForm),
    ]


class _Pages:
    def __init__(self, director: Director, jobs: Jobs) -> None:
        self._director = director
        self._jobs = jobs

    async def show(self, page: Page) -> web.Response:
        view, story = self._director.view, self._director.stories[0].scenario
        return page.render(
            "trainer/class.html",
            view=view,
            story=story,
            now_us=self._director.now_us,
            sheets=await self._sheets(page),
            cues={cue.plays: cue.by for cue in training_of(story).cues},
            rows=self._director.feed(FEED_ROWS),
            users={one.user_id for one in view.held.trainees},
        )

    async def clock(self, page: Page) -> web.Response:
        return page.render("trainer/clock.html", view=self._director.view, now_us=self._director.now_us)

    async def feed(self, page: Page) -> web.Response:
        users = {one.user_id for one in self._director.view.held.trainees}
        return page.render("trainer/feed.html", rows=self._director.feed(FEED_ROWS), users=users)

    async def briefing(self, page: Page) -> web.Response:
        engine = self._director.stories[0]
        answers = [(None if one.at is None else at_us(one.at, engine.times), one) for one in engine.scenario.answers]
        return page.render("trainer/briefing.html", story=engine.scenario, answers=answers)

    # Sheets

    async def trainee(self, page: Page) -> web.Response:
        sheet = await self._sheet(page)
        return page.render(
            "trainer/trainee.html",
            sheet=sheet,
            lines=lines_table(sheet),
            drawn=timeline.svg(picture(sheet.moments), "After action", "points of the answer key and entries"),
            table=table(sheet.moments),
        )

    async def pdf(self, page: Page) -> web.Response:
        sheet = await self._sheet(page)
        return page.download(await page.work(as_pdf, sheet), f"{sheet.stem}.pdf", "application/pdf")

    async def csv(self, page: Page) -> web.Response:
        sheet = await self._sheet(page)
        return page.download(as_csv(sheet).encode(), f"{sheet.stem}.csv", "text/csv")

    async def html(self, page: Page) -> web.Response:
        sheet = await self._sheet(page)
        return page.download(as_html(sheet).encode(), f"{sheet.stem}.html", "text/html")

    async def _sheets(self, page: Page, only: str = "") -> tuple[Sheet, ...]:
        return await page.work(sheets, self._director.room, self._director.view.held, None, only)

    async def _sheet(self, page: Page) -> Sheet:
        """Of somebody who is in the class. Raises NotFoundError for anybody else."""
        user_id = page.path("user_id")
        if user_id not in {one.user_id for one in self._director.view.held.trainees}:
            raise NotFoundError
        return (await self._sheets(page, user_id))[0]

    # What is done to the class

    async def inject(self, page: Page) -> web.Response:
        form = page.form(CardForm)
        try:
            card = self._director.stories[0].scenario.card(form.card)
            if form.trainee:
                self._director.view.held.trainee(form.trainee)
        except ConfigError as error:
            raise FormError({"card": str(error)}) from error
        self._jobs.submit(lambda: self._director.inject(card.id, form.trainee, page.user_id))
        return page.redirect("/", f"Being played: {card.says}.")

    async def pause(self, page: Page) -> web.Response:
        await page.work(self._director.pause, page.user_id)
        return page.redirect("/", "The class is paused: its clock stands, and nobody is answered.")

    async def resume(self, page: Page) -> web.Response:
        await page.work(self._director.resume, page.user_id)
        return page.redirect("/", "The class goes on.")

    async def speed(self, page: Page) -> web.Response:
        speed = page.form(SpeedForm).speed
        await page.work(self._director.set_speed, speed, page.user_id)
        return page.redirect("/", f"The speed is {speed}.")

    async def mark(self, page: Page) -> web.Response:
        name = page.form(MarkForm).mark
        if any(one.name == name for one in self._director.view.held.marks):
            raise FormError({"mark": "There is a mark of that name already."})
        self._jobs.submit(lambda: self._director.mark(name, page.user_id))
        return page.redirect("/", f"The class is being kept as {name}; its processes begin again in a moment.")

    async def rewind(self, page: Page) -> web.Response:
        name = page.form(MarkForm).mark
        try:
            self._director.view.held.mark(name)
        except ConfigError as error:
            raise FormError({"mark": str(error)}) from error
        self._jobs.submit(lambda: self._director.rewind(name, page.user_id))
        return page.redirect("/", f"Going back to {name}; the run before is kept.")
