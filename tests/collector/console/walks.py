"""What walks through the console in a real browser have in common: coming in as a person does, and the look of axe."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, expect

from tests.collector.console.world import PASSWORD, World

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules whose answer depends on the palette; for everything else it is the same page."""
LOOK = """async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"] });
  return found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 200)}`);
}"""


async def enter(page: Page, world: World, user: str, station: str = "ST-F1") -> None:
    """As a person does it: the station's token once, then id and password."""
    await page.goto(f"{world.base}/station")
    await page.get_by_label("Enrolment token").fill(f"token of {station}")
    await page.get_by_role("button", name="Enrol this browser").click()
    await page.wait_for_url("**/sign-in")
    await sign_in(page, world, user)


async def sign_in(page: Page, world: World, user: str) -> None:
    if not page.url.endswith("/sign-in"):
        await page.goto(f"{world.base}/sign-in")
    await page.get_by_label("Id").fill(user)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(user)


async def accessible(page: Page, where: str) -> None:
    """No violation that axe finds, in light and, for what colours make of it, in dark."""
    await page.evaluate(AXE_SCRIPT)
    for scheme, only in (("light", RULES), ("dark", COLOURS)):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  one of the two it takes
        assert await page.evaluate(LOOK, only) == [], f"{where} {scheme}"
