"""The pages of faults in a real Chromium: from the list to a form to a fault that is on, and off again."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, expect

from lab.faults.service import Proxy
from tests.browser import Chromium
from tests.collector.console.pages.test_faults import Open, proxy
from tests.collector.console.walks import accessible, enter

__all__ = ["proxy"]


async def test_a_fault_is_put_on_and_ended_in_a_browser(
    open_console: Open,
    proxy: tuple[Proxy, dict[str, Any]],
    chromium: Chromium,
) -> None:
    made, place = proxy
    console = await open_console(**place)

    async def walk(page: Page) -> None:
        await enter(page, console, "lund")
        await page.get_by_role("link", name="Faults", exact=True).click()
        await accessible(page, "the list of faults")
        await page.get_by_role("link", name="corrupt").click()
        await page.get_by_label("Records at most").fill("5")
        await accessible(page, "the form of a fault")
        await page.get_by_role("button", name="Let it go wrong").click()
        await expect(page.get_by_text("F1 (corrupt) is on.")).to_be_visible()
        await accessible(page, "a fault that is on")
        await page.get_by_role("button", name="End F1").click()
        await expect(page.get_by_text("F1 is off.")).to_be_visible()

    seen = await asyncio.to_thread(chromium.run, walk, ignore_https_errors=True)
    assert seen.faults == [] and not made.board.standing
