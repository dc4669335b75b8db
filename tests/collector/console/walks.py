"""What walks through the console in a real browser have in common: coming in as a person does, and the look of axe."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.collector.console.world import PASSWORD, World

RUN = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


async def enter(page: Page, world: World, user: str, station: str = "ST-F1") -> None:
    """As a person does it: the station's token once, then id and password."""
    await page.goto(f"{world.base}/station")
    await page.get_by_label("Enrolment token").fill(f"token of {station}")
    await page.get_by_role("button", name="Enrol this browser").click()
    await page.get_by_label("Id").fill(user)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(user)


async def accessible(page: Page, where: str) -> None:
    """No violation that axe finds."""
    found = (await Axe().run(page, options=RUN)).response["violations"]
    said = [f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}" for one in found]
    assert said == [], (where, said)
