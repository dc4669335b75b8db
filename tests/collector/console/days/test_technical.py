"""The day of the technical unit: a request with its papers, checked by a second person, decided, granted by a third and
ended again; an order that ended is sealed; stations, people, health and its alarms; and what they do not see."""

from __future__ import annotations

import hashlib
import re

import pytest
from playwright.async_api import Dialog, expect

from tests.collector.console.days.day import Day, Person
from tests.collector.console.days.stage import ENDED_CASE
from tests.collector.console.days.told import CALL, VOICE
from tests.collector.console.world import CASE, MISSING_CASE, OTHER_CASE

pytestmark = pytest.mark.long

PAPER = b"<script>window.canary=1</script> a scan of the order"


async def agree(dialog: Dialog) -> None:
    await dialog.accept()


@pytest.mark.rule("R-050", "R-070", "R-074", "SD-1", "SD-2")
def test_from_a_request_to_a_grant_and_its_end_each_by_another_person(day: Day) -> None:
    async def ask(vega: Person, order: str) -> None:
        await vega.go("/my-requests")
        await vega.fill(case_id=OTHER_CASE, order_id=order, document_author="weiss", supervisor="okafor")
        await vega.press("Ask")
        await vega.sees("is asked. Add its papers now.")

    async def walk(day: Day) -> None:
        vega, brandt = await day.person("vega", "ST-F1"), await day.person("brandt", "ST-F2")
        chen = await day.person("chen", "ST-F3")
        before = len(day.world.entries("request"))
        await ask(vega, "O-99")
        await ask(vega, "O-3")
        wrong, right = (f"Q-{before + number}" for number in (1, 2))
        await vega.page.set_input_files(
            "input[name=paper]", {"name": "order.html", "mimeType": "text/html", "buffer": PAPER}
        )
        await vega.press("Add it")
        await vega.sees(hashlib.sha256(PAPER).hexdigest(), "order.html")
        await vega.finds_nothing("/my-requests/Q-1", "/my-requests/Q-99", denied=False)
        await vega.is_told(f"/requests/{right}", "R-073", action="check_papers")

        # The first names an order that is not there: found by the check, refused with a reason.
        await brandt.go("/")
        await brandt.sees("Check the papers", f"request {right}")
        await brandt.go(f"/requests/{wrong}")
        await brandt.press("Check the papers now")
        await brandt.sees("DOC_MISSING:order", "1 missing")
        await brandt.fill(reason="no such order")
        await brandt.press("Refuse")
        await brandt.sees("Refused.")
        assert (day.fields("request_decided")["accepted"], day.fields("request_decided")["by"]) == (False, "brandt")

        # The second: not before it was checked, then accepted.
        await brandt.go(f"/requests/{right}")
        name, octets = await brandt.download("order.html")
        assert (name, octets) == ("order.html", PAPER)
        await brandt.fill(reason="in order")
        brandt.meant(f"/requests/{right}/decide", 403)
        await brandt.press("Accept")
        await brandt.on_record("R-050", action="check_papers")
        await brandt.go(f"/requests/{right}")
        await brandt.press("Check the papers now")
        await brandt.sees("The papers are complete.")
        await brandt.fill(reason="in order")
        await brandt.press("Accept")
        await brandt.sees("Accepted.")

        # Granted by another than who checked.
        brandt.meant("/grants", 403)
        await brandt.press("Grant access to vega")
        await brandt.on_record("SD-2", action="grant_access")
        await chen.go(f"/requests/{right}")
        await chen.press("Grant access to vega")
        await chen.sees("vega has access to C-2", "has access")
        assert day.fields("grant")["by"] == "chen" and day.fields("grant")["order_id"] == "O-3"
        await vega.go("/")
        await vega.follow(OTHER_CASE)
        await vega.sees("Call", "O-3")

        # And ended.
        await chen.page.get_by_role("link", name="Grants").click()
        chen.page.once("dialog", agree)
        await chen.press(f"End the access of vega to {OTHER_CASE}")
        await chen.sees(f"The access of vega to {OTHER_CASE} has ended.")
        assert day.fields("grant_ended")["by"] == "chen"
        await vega.is_told(f"/cases/{OTHER_CASE}", "R-074", action="read_call_identifying")

    day.walk(walk)


@pytest.mark.rule("R-131", "R-134")
def test_an_order_that_ended_is_sealed(day: Day) -> None:
    async def walk(day: Day) -> None:
        chen = await day.person("chen")
        await chen.page.get_by_role("link", name="Orders", exact=True).click()
        await expect(chen.row("O-1").first).to_contain_text("ACTIVE")
        await chen.follow("O-1")
        await chen.sees("Papers", "Nothing is missing", "Versions")
        await chen.go("/orders/O-8")
        await chen.sees("has ended", ENDED_CASE, "The order has ended")
        await chen.fill(direction="J-17", custody="Safe 4, room 12")
        await chen.press("Seal")
        await chen.sees("O-8 is sealed", "SEALED")
        assert (day.fields("seal")["order_id"], day.fields("seal")["by"]) == ("O-8", "chen")

    day.walk(walk)


def test_stations_people_health_and_alarms(day: Day) -> None:
    async def walk(day: Day) -> None:
        lund = await day.person("lund")
        await lund.page.get_by_role("link", name="Stations").click()
        await lund.fill(station_id="ST-F2-9")
        await lund.choose(facility="F2")
        await lund.press("Enrol")
        token = await lund.page.locator("#token").inner_text()
        fresh = await day.browser("")
        await fresh.page.goto(fresh.address("/station"))
        await fresh.fill(token=token)
        await fresh.press("Enrol this browser")
        await fresh.come_in("vega")
        await expect(fresh.page.locator(".who")).to_contain_text("ST-F2-9, F2")
        await lund.page.get_by_role("link", name="Sessions").click()
        await expect(lund.row("vega")).to_contain_text("ST-F2-9")
        await lund.page.get_by_role("link", name="Entry log").click()
        await expect(lund.row("vega", "F2").first).to_be_visible()
        await lund.go("/stations")
        lund.page.once("dialog", agree)
        await lund.press("Revoke ST-F2-9")
        await lund.sees("ST-F2-9 is no station any more.")
        await fresh.page.goto(fresh.address("/"))
        await expect(fresh.heading).to_have_text("Sign in")
        assert day.wrote("station")["by"] == "lund"

        await lund.page.get_by_role("link", name="People").click()
        await expect(lund.row("rivera", "INV")).to_contain_text("on duty")
        lund.page.once("dialog", agree)
        await lund.press("One-time password for vega")
        assert len(await lund.page.locator("#password").inner_text()) >= 12

        await lund.page.get_by_role("link", name="Health").click()
        await lund.sees("collector answers", "hi2", "% used", "Alarms")
        await expect(lund.row("O-1")).to_be_visible()
        seen = lund.page.get_by_role("button", name=re.compile("I have seen")).first
        await expect(seen).to_be_visible()
        await seen.click()
        await lund.sees("You have seen it: that is on record.")
        assert day.wrote("alarm_acknowledgement")["by"] == "lund"

    day.walk(walk)


@pytest.mark.rule("R-073", "R-070", "SD-1")
def test_attack_what_technical_staff_do_not_see(day: Day) -> None:
    async def walk(day: Day) -> None:
        chen, lund = await day.person("chen"), await day.person("lund", "ST-F2")
        for rest in ("", f"/calls/{VOICE}/{CALL}"):
            # The technical unit needs a reason, on record; the administrator has no cell at all.
            await chen.is_told(f"/cases/{CASE}{rest}", "R-073", "NEED_TO_KNOW_MISSING")
            await lund.finds_nothing(f"/cases/{CASE}{rest}", f"/cases/{MISSING_CASE}{rest}")
        await chen.go(f"/cases/{CASE}?reason=fault+LAB-12")
        await chen.sees("Call")
        looked = [one["fields"] for one in day.world.entries("access") if one["fields"]["actor_id"] == "chen"]
        assert {(one["note"], one["decision"]) for one in looked[-2:]} == {("fault LAB-12", "ALLOWED")}
        for path, rule in (("/grants", "R-070"), ("/requests", "R-073"), ("/orders", "R-073"), ("/reviews", "R-086")):
            await lund.is_told(path, rule)
        for path, rule in (("/audit", "R-085"), ("/reviews", "R-086"), ("/my-requests", "R-073")):
            await chen.is_told(path, rule)

    day.walk(walk)
