"""The day of those from elsewhere: a vendor with a ticket, and another agency's officer whom an order brings in."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from collector.desk.desk import Desk
from tests.collector.console.days.day import Day
from tests.collector.console.days.stage import HOUR_US, JOINT_CASE, JOINT_HOURS
from tests.collector.console.days.told import JOINT, VOICE
from tests.collector.console.world import CASE, MISSING_CASE

pytestmark = pytest.mark.long

MINUTE_US = 60_000_000


@pytest.mark.rule("R-081", "R-081.1", "R-082", "SD-4")
def test_a_vendor_works_for_the_hour_of_a_ticket(day: Day) -> None:
    async def walk(day: Day) -> None:
        ito, chen, lund = await day.person("ito"), await day.person("chen", "ST-F2"), await day.person("lund", "ST-F3")
        await ito.sees("You know of no case.")
        await ito.is_told("/health", "R-081", action="maintain")

        # One opens the ticket, another approves it; until then it opens nothing.
        await chen.page.get_by_role("link", name="Tickets").click()
        await chen.fill(user_id="ito", contract="K-7")
        await chen.page.get_by_label("They need it for the fault").check()
        await chen.press("Open it")
        await chen.sees("waits for somebody else's approval", "another than you")
        await ito.is_told("/health", "R-081")
        await lund.go("/")
        await lund.sees("Approve or leave a ticket")
        await lund.go("/tickets")
        await lund.press("Approve T-1")
        await lund.sees("Ticket T-1 is open from now on.", "closes in")
        assert (day.fields("ticket_approved")["by"], day.fields("ticket_approved")["ticket_id"]) == ("lund", "T-1")

        # What a fault needs: sums, no order, no alarm to acknowledge, nothing of any case.
        await ito.go("/health")
        await ito.sees("collector answers", "hi2", "(all)")
        await ito.sees_nothing_of("O-1", "O-2", VOICE, "I have seen it")
        for path, rule in (("/orders", "R-073"), ("/stations", "R-073"), ("/audit", "R-085")):
            await ito.is_told(path, rule)
        await ito.finds_nothing(f"/cases/{CASE}/calls/{VOICE}/1", f"/cases/{MISSING_CASE}/calls/{VOICE}/1")
        assert "R-081" in day.denied("ito")["rule_ids"]

        # The sixtieth minute, and the sixty-first.
        day.world.clock.advance(59 * MINUTE_US)
        await ito.go("/health")
        await ito.go("/")  # the plots ask every few seconds, and after the hour would be refused beside the page
        day.world.clock.advance(MINUTE_US)
        await ito.is_told("/health", "R-081", "ACCESS_EXPIRED", action="maintain")
        await lund.go("/tickets")
        await expect(lund.row("T-1")).to_contain_text("over")

    day.walk(walk)


@pytest.mark.rule("R-080", "R-074", "R-026")
def test_another_agency_s_officer_reads_the_case_of_their_order_and_no_longer(day: Day) -> None:
    def ask(desk: Desk, now_us: int) -> None:
        """What the agency's own people do at the desk before they can be let in."""
        made = desk.open_request(
            "rivera", JOINT_CASE, "O-5", now_us, "weiss", ("marsh", "novak"), "okafor", "weiss"
        ).made
        assert desk.check_request("brandt", made, [], now_us).answer.allowed
        assert desk.decide_request("brandt", made, True, now_us, "joint work").answer.allowed

    async def walk(day: Day) -> None:
        marsh = await day.person("marsh")
        await marsh.sees("You know of no case.")
        await marsh.finds_nothing(f"/cases/{JOINT_CASE}", f"/cases/{MISSING_CASE}")
        assert "R-080" in day.denied("marsh")["rule_ids"]

        await day.act(ask)
        await marsh.finds_nothing(f"/cases/{JOINT_CASE}", f"/cases/{MISSING_CASE}")
        chen = await day.person("chen", "ST-F2")
        await chen.go("/requests")
        await chen.follow(f"Q-{len(day.world.entries('request'))}")
        await chen.press("Grant access to marsh")
        await chen.sees(f"marsh has access to {JOINT_CASE}")
        assert day.fields("grant")["court_order_id"] == "O-5"

        await marsh.go("/")
        await marsh.follow(JOINT_CASE)
        await marsh.sees("Call", "O-5")
        await marsh.go(f"/cases/{JOINT_CASE}/calls/{JOINT}/9")
        await marsh.sees("Who took part", "Read and sign the minimisation instructions")
        for other in (CASE, "C-2"):
            await marsh.finds_nothing(f"/cases/{other}", f"/cases/{MISSING_CASE}")
        await marsh.finds_nothing(
            f"/cases/{JOINT_CASE}/calls/{VOICE}/1", f"/cases/{JOINT_CASE}/calls/{VOICE}/99", denied=False
        )
        for path, rule in (("/orders", "R-073"), ("/health", "R-073")):
            await marsh.is_told(path, rule)

        # Their order ends: so does their access, and the page says why.
        day.world.clock.advance(JOINT_HOURS * HOUR_US)
        await marsh.is_told(f"/cases/{JOINT_CASE}", "R-074", "ACCESS_EXPIRED", action="read_call_identifying")
        await marsh.is_told(f"/cases/{JOINT_CASE}/calls/{JOINT}/9", "R-074")

    day.walk(walk)
