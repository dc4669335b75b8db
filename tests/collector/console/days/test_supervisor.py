"""The day of a supervisor: the round of the facilities, the papers that name her, the instructions she gives, the call
that she marks as done, who saw what, and a misuse that is followed up; and what is not hers."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.collector.console.days.day import Day
from tests.collector.console.days.told import CALL, VOICE
from tests.collector.console.world import CASE, MISSING_CASE, OTHER_CASE

pytestmark = pytest.mark.long

HERE = f"/cases/{CASE}"


@pytest.mark.rule("R-084", "R-085", "R-086", "R-118")
def test_a_supervisor_s_day(day: Day) -> None:
    async def walk(day: Day) -> None:
        okafor = await day.person("okafor")

        # The round of a tour.
        await okafor.page.get_by_role("link", name="Inspections").click()
        for facility in ("F1", "F2", "F3", "F4"):
            await okafor.press(f"I have inspected {facility}")
            await okafor.sees(f"{facility} is inspected: that is on record for this tour.")
        await expect(okafor.page.get_by_role("heading", name="Your round")).to_have_count(0)
        assert {one["fields"]["facility"] for one in day.world.entries("inspection")} == {"F1", "F2", "F3", "F4"}

        # A request that names her: she adds the note of her discussion.
        await okafor.go("/my-requests")
        await okafor.follow("Q-1")
        await okafor.sees("Case", "O-1", "No paper was brought.")

        # Everybody signs anew what she changes.
        await okafor.go(f"{HERE}/instructions")
        await okafor.press("I have read them, and sign")
        await okafor.go(f"{HERE}/instructions")
        await okafor.fill(words="SIMULATION. Stop at the first word that has nothing to do with the warrant.")
        await okafor.press("Change the instructions")
        await okafor.sees("The instructions are changed; everybody signs again.", "nobody yet")
        await okafor.press("I have read them, and sign")

        # The worklist: what is new, what was heard, what is done; and the call itself.
        await okafor.go(f"{HERE}/calls/{VOICE}/{CALL}")
        await okafor.sees("Who took part", "+12125550101", "target")
        await okafor.press("Done")
        await okafor.sees("Marked as done.")
        await expect(okafor.row(VOICE[-4:]).or_(okafor.main.locator("tr", has_text="done")).first).to_be_visible()

        # Who saw what of her case.
        await okafor.page.get_by_role("link", name="Who saw what").click()
        await okafor.follow(CASE)
        await okafor.sees("okafor", "read content", f"communication {CALL}")

        # A misuse: looked into, confirmed, suspended at once.
        await okafor.go("/reviews")
        await okafor.choose(user_id="vega", level="command")
        await okafor.press("Open a review")
        name = day.fields("review")["review_id"]
        await okafor.sees(f"Review {name} of vega is open.")
        vega = await day.person("vega", "ST-F2")
        okafor.page.once("dialog", lambda dialog: dialog.accept())
        await okafor.press(f"Confirm {name}")
        await okafor.sees("confirmed: they are suspended at once (R-086)")
        await vega.sign_out()
        await vega.come_in_refused("vega", "This id is suspended (R-086).")
        assert day.fields("sign_in_refused")["why"] == "This id is suspended (R-086)."

    day.walk(walk)


@pytest.mark.rule("R-073", "R-070")
def test_attack_what_is_not_a_supervisor_s(day: Day) -> None:
    async def walk(day: Day) -> None:
        okafor = await day.person("okafor")
        await okafor.finds_nothing(f"/cases/{OTHER_CASE}/who-saw", f"/cases/{MISSING_CASE}/who-saw", denied=False)
        for rest in ("", f"/calls/{VOICE}/{CALL}"):
            await okafor.finds_nothing(f"/cases/{OTHER_CASE}{rest}", f"/cases/{MISSING_CASE}{rest}")
        for path, rule in (("/requests", "R-073"), ("/grants", "R-070"), ("/health", "R-073"), ("/audit", "R-085")):
            await okafor.is_told(path, rule)
        await okafor.finds_nothing(f"/privileged{HERE}", f"/privileged/cases/{MISSING_CASE}")

    day.walk(walk)
