"""An order at three desks: the investigator applies, the prosecutor swears it too, the judge extends and revokes;
with the revocation what was taken under it is gone."""

from __future__ import annotations

import pytest

from tests.collector.console.days.day import Day
from tests.collector.console.days.told import CALL, VOICE
from tests.collector.console.world import CASE, MISSING_CASE

pytestmark = pytest.mark.long

HERE = f"/cases/{CASE}"


@pytest.mark.rule("R-013", "R-019", "R-054", "R-074")
def test_an_order_is_extended_and_revoked_each_by_whose_it_is(court_day: Day) -> None:
    async def walk(day: Day) -> None:
        rivera, weiss = await day.person("rivera"), await day.person("weiss", "ST-F2")
        adair = await day.person("adair", "ST-F3")
        await rivera.page.get_by_role("link", name="Applications").click()
        await rivera.main.locator("summary", has_text="Order O-1 ").click()
        form = rivera.main.locator("details[open]")
        await form.get_by_label("The prosecutor").fill("weiss")
        await form.get_by_label("What came of it so far").fill("Two names; the place is not known yet.")
        await form.get_by_role("button", name="Swear and send to extend O-1").click()
        await rivera.sees("A-1 is drafted and sworn by you.", "waits for an oath")

        # Not before both have sworn it.
        await adair.page.get_by_role("link", name="Before the court").click()
        await adair.follow("O-1")
        adair.meant("/court/O-1/extend", 409)
        await adair.press("Grant A-1: extend by 30 days")
        await adair.sees("R-054")
        assert day.fields("case_refused")["rule_ids"] == ["R-054"]
        await weiss.go("/applications/A-1")
        await weiss.press("Swear it")
        await weiss.sees("A-1 is sworn by you.")
        await adair.go("/court/O-1")
        await adair.press("Grant A-1: extend by 30 days")
        await adair.sees("version 2")
        await rivera.go(f"{HERE}/calls/{VOICE}/{CALL}")

        # The judge reads nothing that was collected; revoked, and what was taken under it is not there any more.
        await adair.finds_nothing(HERE, f"/cases/{MISSING_CASE}")
        await adair.go("/court/O-1")
        await adair.main.locator("#revoke-reason").fill("no longer needed")
        await adair.press("Revoke")
        await adair.sees("REVOKED")
        await rivera.finds_nothing(f"{HERE}/calls/{VOICE}/{CALL}", f"{HERE}/calls/{VOICE}/99", denied=False)
        await rivera.is_told("/court", "R-073")

    court_day.walk(walk)
    assert [one["fields"]["act"] for one in court_day.world.entries("court_act")] == ["extend", "revoke"]
