"""The day of oversight: the integrity officer asks for a focused audit and reads what the bureau found, Internal
Affairs follows a hint up; none of them reads what was collected."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.async_api import expect

from tests.collector.console.days.day import Day
from tests.collector.console.world import CASE, MISSING_CASE, OTHER_CASE

pytestmark = pytest.mark.long


@pytest.mark.rule("R-085", "R-086")
def test_a_focused_audit_from_the_question_to_its_answer(day: Day) -> None:
    async def walk(day: Day) -> None:
        vega = await day.person("vega", "ST-F1")
        for number in range(3):
            await vega.finds_nothing(f"/cases/{OTHER_CASE}", f"/cases/C-40{number}")
        doyle, reyes = await day.person("doyle", "ST-F2"), await day.person("reyes", "ST-F3")
        await doyle.page.get_by_role("link", name="Focused audits").click()
        await doyle.fill(scope="user:vega outcome:DENIED")
        await doyle.press("Ask the technology bureau")
        await doyle.sees("is asked for; the technology bureau runs it.", "waits for the bureau")
        await doyle.follow("AR-1")
        await doyle.sees("The technology bureau has not run it yet.")
        await reyes.go("/audit/requests/AR-1")
        await reyes.press("Run it")
        await reyes.sees("Run: 6 entries.")
        assert (day.fields("audit_run")["by"], day.fields("audit_run")["entries"]) == ("reyes", 6)
        await doyle.go("/audit/requests/AR-1")
        await doyle.sees("read call identifying", "denied", "R-073")
        await expect(doyle.main.locator("tbody tr")).to_have_count(6)

        # The bureau itself searches everything, and takes it along.
        await reyes.page.get_by_role("link", name="Audit", exact=True).click()
        await reyes.search("Search", user="vega", outcome="DENIED")
        await expect(reyes.page).to_have_url(re.compile("user=vega"))
        await expect(reyes.row("vega").first).to_contain_text("denied")
        name, octets = await reyes.download("Download as CSV")
        rows = list(csv.reader(io.StringIO(octets.decode())))
        assert name == "audit.csv" and rows[0][0].startswith("SIMULATION") and len(rows) == 8

        # Internal Affairs sees the hint, and decides.
        quinn = await day.person("quinn", "ST-F4")
        await quinn.page.get_by_role("link", name="Misuse reviews").click()
        await quinn.sees("vega", "was denied 6 times within a day")
        await quinn.choose(user_id="vega", level="IAB")
        await quinn.press("Open a review")
        await quinn.press(re.compile("Not confirmed"))
        await quinn.sees("is decided: not confirmed (R-086)")
        assert (day.fields("review_decided")["by"], day.fields("review_decided")["confirmed"]) == ("quinn", False)
        await quinn.finds_nothing("/audit/requests/AR-1", "/audit/requests/AR-9", denied=False)

    day.walk(walk)


@pytest.mark.rule("R-085", "SD-5")
def test_attack_who_oversees_reads_nothing_that_was_collected(day: Day) -> None:
    async def walk(day: Day) -> None:
        for user, station in (("doyle", "ST-F1"), ("quinn", "ST-F2"), ("reyes", "ST-F3")):
            one = await day.person(user, station)
            await one.finds_nothing(f"/cases/{CASE}/records/0", f"/cases/{MISSING_CASE}/records/0")
            assert "SD-5" in day.denied(user)["rule_ids"]
            await one.is_told("/orders", "R-073")
            await one.is_told("/who-saw", "R-085")
            if user != "reyes":
                await one.is_told("/audit", "R-085", action="read_full_audit")

    day.walk(walk)
