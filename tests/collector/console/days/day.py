"""Somebody's day at the console: people at browsers of their own, and what every page of theirs is held against.

A page that was opened says SIMULATION, ran no canary and asked nobody elsewhere; no walk leaves a fault on the console
of its browser. A refusal is asserted twice: in the words of the page, and on record.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from playwright.async_api import Locator, Page, Response, expect

from collector.desk.desk import Desk
from tests.browser import Chromium, Opens, Seen
from tests.collector.console.days.stage import Stage
from tests.collector.console.walks import accessible, enter, sign_in
from tests.collector.console.world import PASSWORD, World

T = TypeVar("T")
EVENT: Final = re.compile(r"On record as (access:\d+)")
Walk = Callable[["Day"], Awaitable[None]]


@dataclass
class Day:
    """`world` is the console of this walk alone."""

    stage: Stage
    chromium: Chromium
    world: World
    people: list[Person] = field(default_factory=list)
    _opens: Opens | None = None
    _seen: Seen = field(default_factory=Seen)

    def walk(self, walk: Walk, **context: Any) -> None:
        """Take the walk in the browser, then hold all it did against what no page does."""

        async def going(opens: Opens, seen: Seen) -> None:
            self._opens, self._seen = opens, seen
            await walk(self)
            for one in self.people:
                await one.is_harmless()

        seen = self.chromium.visit(going, ignore_https_errors=True, **context)
        assert seen.faults == [], seen.faults
        elsewhere = [one for one in seen.requests if not one.startswith((self.world.base, "blob:", "data:"))]
        assert elsewhere == [], elsewhere

    async def browser(self, station: str = "ST-F1") -> Person:
        """One that nobody has signed in at; blank: it is no station."""
        assert self._opens is not None
        one = Person(self, await self._opens(), station)
        self.people.append(one)
        return one

    async def person(self, user: str, station: str = "ST-F1") -> Person:
        """Somebody at a browser of their own, signed in at a station."""
        one = await self.browser(station)
        await enter(one.page, self.world, user, station)
        one.user = user
        return one

    async def act(self, work: Callable[[Desk, int], T]) -> T:
        """What somebody does elsewhere meanwhile, at the desk itself."""
        doing = self.world.opened.context.desk.act(work)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(doing, self.stage.loop))

    def denied(self, user: str) -> dict[str, Any]:
        """The newest attempt of somebody that was refused, as the ledger has it."""
        mine = [one["fields"] for one in self.world.entries("access") if one["fields"]["actor_id"] == user]
        refused = [one for one in mine if one["decision"] == "DENIED"]
        assert refused, f"no refusal of {user} is on record"
        return refused[-1]

    def wrote(self, table: str) -> dict[str, Any]:
        """Of the newest row of a table of the desk's database, as the ledger has it."""
        found = [one["fields"] for one in self.world.entries("written") if one["fields"]["table"] == table]
        assert found, (table, sorted({one["fields"]["table"] for one in self.world.entries("written")}))
        fields: dict[str, Any] = found[-1]
        return fields

    def fields(self, kind: str) -> dict[str, Any]:
        """Of the newest entry of a kind."""
        found = self.world.entries(kind)
        assert found, f"no {kind} is on record"
        fields: dict[str, Any] = found[-1]["fields"]
        return fields


@dataclass
class Person:
    day: Day
    page: Page
    station: str = ""
    user: str = ""

    # Going

    async def go(self, path: str) -> None:
        answer = await self._goto(path)
        assert answer.status == 200, (path, answer.status)
        await self.is_harmless()

    async def _goto(self, path: str) -> Response:
        answer = await self.page.goto(self.address(path), wait_until="domcontentloaded")
        assert answer is not None
        return answer

    def address(self, path: str) -> str:
        return f"{self.day.world.base}{path}"

    async def come_in(self, user: str) -> None:
        """The next person at this browser."""
        await sign_in(self.page, self.day.world, user)
        self.user = user

    async def come_in_refused(self, user: str, why: str) -> None:
        """With the right password, and turned away."""
        self.meant("/sign-in", 401)
        await self.page.goto(self.address("/sign-in"))
        await self.fill(user_id=user, password=PASSWORD)
        await self.press("Sign in")
        await self.sees(why)

    async def sign_out(self) -> None:
        await self.press("Sign out")
        await expect(self.heading).to_have_text("Sign in")

    async def press(self, name: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("button", name=name, exact=isinstance(name, str)).click()

    async def follow(self, name: str | re.Pattern[str]) -> None:
        await self.main.get_by_role("link", name=name, exact=isinstance(name, str)).click()

    async def fill(self, **fields: str) -> None:
        """Fields of a form that writes, by their names."""
        for name, value in fields.items():
            await self.main.locator(f"form[method=post] [name='{name}']:visible").fill(value)

    async def choose(self, **fields: str) -> None:
        for name, value in fields.items():
            await self.main.locator(f"form[method=post] select[name='{name}']").select_option(value)

    async def search(self, press: str, **fields: str) -> None:
        """With the form that filters a list; `press` sends it."""
        for name, value in fields.items():
            field = self.main.locator(f"form[role=search] [name='{name}']")
            if await field.evaluate("one => one.tagName") == "SELECT":
                await field.select_option(value)
            else:
                await field.fill(value)
        await self.press(press)

    async def download(self, name: str | re.Pattern[str], role: Any = "link") -> tuple[str, bytes]:
        """Name and octets of what a press saves."""
        async with self.page.expect_download() as coming:
            await self.main.get_by_role(role, name=name).first.click()
        saved = await coming.value
        return saved.suggested_filename, (await saved.path()).read_bytes()

    # Seeing

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    def row(self, *words: str) -> Locator:
        """The row of a table that has all these words."""
        found = self.main.locator("tbody tr")
        for one in words:
            found = found.filter(has_text=one)
        return found

    async def sees(self, *words: str) -> None:
        for one in words:
            await expect(self.main).to_contain_text(one)

    async def sees_nothing_of(self, *words: str) -> None:
        for one in words:
            await expect(self.main).not_to_contain_text(one)

    async def is_harmless(self) -> None:
        await expect(self.page.locator("body")).to_contain_text("SIMULATION")
        assert await self.page.evaluate("window.canary") is None, self.page.url
        assert await self.page.locator("[onerror], [onload], script:not([src]), base, iframe, object").count() == 0

    async def is_accessible(self) -> None:
        await accessible(self.page, self.page.url)

    # Being refused

    async def is_told(self, path: str, rule: str, *words: str, action: str = "") -> None:
        """403: the page names the rule in words, and the ledger has the same attempt as refused."""
        self.meant(path, 403)
        answer = await self._goto(path)
        assert answer.status == 403, (path, answer.status)
        await self.on_record(rule, *words, action=action)

    async def on_record(self, rule: str, *words: str, action: str = "") -> None:
        """The page that is shown is a refusal by this rule."""
        await self.sees(rule, *words)
        found = EVENT.search(await self.main.inner_text())
        assert found, "a refusal says under which number it is on record"
        entry = self.day.denied(self.user)
        assert (entry["event_id"], entry["actor_id"]) == (found[1], self.user)
        assert rule in entry["rule_ids"] and action in ("", entry["action"]), entry
        await self.is_harmless()

    async def finds_nothing(self, path: str, like: str, denied: bool = True) -> None:
        """404, word for word as for `like`, which is nowhere; both are on record, and neither names an order (R-073).
        Not `denied`: the attempt itself was allowed (in a case of theirs, a list of their own) and there is no such
        thing in it."""
        texts = []
        for one in (path, like):
            self.meant(one, 404)
            before = len(self.day.world.entries("access"))
            answer = await self._goto(one)
            assert answer.status == 404, (one, answer.status)
            texts.append(await self.page.content())
            made = [each["fields"] for each in self.day.world.entries("access")[before:]]
            if denied:
                said = {(each["actor_id"], each["decision"], each["order_id"]) for each in made}
                assert said == {(self.user, "DENIED", "")}, made
        assert texts[0] == texts[1], "the two can be told apart"

    def meant(self, path: str, status: int) -> None:
        self.day._seen.refusals.add((self.address(path), status))
