"""Listening without a mouse: from the sign-in to the sign-out there is only the keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.collector.console.days.day import Day
from tests.collector.console.days.listening import HEARD, heard
from tests.collector.console.days.told import VOICE
from tests.collector.console.world import CASE, PASSWORD

MOST_TABS = 120
NO_MOUSE = """
window.pointed = 0;
for (const kind of ["mousedown", "pointerdown", "touchstart"]) addEventListener(kind, () => { pointed += 1; }, true);
"""


async def to(page: Page, wanted: Locator) -> None:
    """With Tab alone; where it is shown, and the focus is seen."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("one => one === document.activeElement"):
            assert await wanted.evaluate("one => getComputedStyle(one).outlineStyle") != "none", "the focus is seen"
            return
    raise AssertionError(f"{MOST_TABS} tabs do not lead to {wanted}")


@pytest.mark.long
def test_a_call_is_listened_to_from_the_keyboard_alone(day: Day) -> None:
    stage, cin = day.stage, day.stage.next_cin()
    call = f"/cases/{CASE}/calls/{VOICE}/{cin}"

    async def walk(day: Day) -> None:
        one = await day.browser()
        page, keys, said = one.page, one.page.keyboard, one.page.locator("#heard")
        await page.context.add_init_script(NO_MOUSE + HEARD)
        await stage.feed(stage.records.sip(VOICE, cin), *stage.speech(cin))

        # The station's token, then id and password: the fields come in the order of the page.
        await page.goto(one.address("/station"))
        await to(page, page.get_by_label("Enrolment token"))
        await keys.type("token of ST-F1")
        await keys.press("Enter")
        await page.wait_for_url("**/sign-in")
        await expect(page.get_by_label("Id")).to_be_focused()
        await keys.type("rivera")
        await keys.press("Tab")
        await keys.type(PASSWORD)
        await keys.press("Enter")
        await expect(one.heading).to_contain_text("rivera")
        one.user = "rivera"

        # The case, the call, the instructions first.
        await to(page, page.get_by_role("link", name="Skip to the content"))
        await keys.press("Enter")
        await to(page, one.main.get_by_role("link", name=CASE, exact=True))
        await keys.press("Enter")
        link = page.get_by_role("region", name="Communications").locator(f"a[href='{call}']")
        await to(page, link)
        await keys.press("Enter")
        await to(page, one.main.get_by_role("link", name="Instructions"))
        await keys.press("Enter")
        await to(page, one.main.get_by_role("button", name="I have read them, and sign"))
        await keys.press("Enter")
        await one.sees("You have signed the minimisation instructions.")
        await to(page, link)
        await keys.press("Enter")

        # L, M, M, P.
        await expect(one.main.get_by_role("button", name="L Listen")).to_be_visible()
        await keys.press("l")
        await expect(said).to_contain_text("waiting for sound")
        await stage.feed(*stage.speech(cin))
        await expect(said).to_have_text("Listening.")
        assert await heard(page) > 0
        await keys.press("m")
        await expect(said).to_contain_text("Minimised: on record")
        await keys.press("m")
        await expect(said).to_contain_text("Minimising has ended")
        assert [one.get("on") for one in stage.entries("minimise") if one["cin"] == cin] == [True, False]

        # In a field the same keys are letters.
        await to(page, page.get_by_label("Synopsis"))
        await keys.type("They meet at nine, I made out no more: lmp.")
        await to(page, one.main.get_by_role("button", name="Save the synopsis"))
        await keys.press("Enter")
        await one.sees("The synopsis is saved.")
        await expect(page.get_by_label("Synopsis")).to_have_value("They meet at nine, I made out no more: lmp.")
        page.once("dialog", lambda dialog: dialog.accept())
        await keys.press("p")
        await expect(said).to_contain_text("Marked privileged (R-120)")
        assert stage.entries("standing")[-1]["cin"] == cin

        await to(page, page.get_by_role("button", name="Sign out"))
        await keys.press("Enter")
        await expect(one.heading).to_have_text("Sign in")
        assert await page.evaluate("pointed") == 0

    day.walk(walk)
    assert day.wrote("synopsis")["by"] == "rivera"
