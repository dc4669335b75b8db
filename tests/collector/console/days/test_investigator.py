"""The day of an investigator: papers read and signed, a call listened to while it goes on, what was said written down,
messages, data, visitors, who called whom, a record with its proof; and everything that is not theirs."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import expect

from collector.desk.desk import Desk, Outcome
from tests.collector.console.days.day import Day, Person
from tests.collector.console.days.listening import HEARD, heard, last_heard_s
from tests.collector.console.days.told import CALL, SESSION, VOICE
from tests.collector.console.world import CASE, MISSING_CASE, OTHER_CASE

HERE = f"/cases/{CASE}"


@pytest.mark.rule("R-118", "R-119", "R-120")
def test_a_call_is_listened_to_while_it_goes_on(day: Day) -> None:
    stage, cin = day.stage, day.stage.next_cin()
    call = f"{HERE}/calls/{VOICE}/{cin}"

    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.page.context.add_init_script(HEARD)
        await rivera.go(HERE)
        await stage.feed(stage.records.sip(VOICE, cin), *stage.speech(cin))
        fresh = rivera.page.get_by_role("region", name="Rows as they come").locator("tbody tr")
        await expect(fresh.filter(has_text="going on").first).to_be_visible()

        # Not before the instructions are read and signed.
        await rivera.go(call)
        await rivera.sees("Read and sign the minimisation instructions")
        await expect(rivera.page.get_by_role("button", name=re.compile("Listen"))).to_have_count(0)
        await rivera.follow("Instructions")
        await rivera.sees("Stop as soon as it is clear", "nobody yet")
        await rivera.press("I have read them, and sign")
        await rivera.sees("You have signed the minimisation instructions.")
        assert day.wrote("instruction_signature")["by"] == "rivera"

        await rivera.go(call)
        await rivera.press(re.compile("Listen"))
        await expect(rivera.page.locator("#heard")).to_contain_text("Listening")
        await stage.feed(*stage.speech(cin))
        await expect(rivera.page.locator("#heard")).to_have_text("Listening.")
        assert await heard(rivera.page) > 0

        # Minimise, with the time it lasts; a spot check; and on.
        await rivera.page.clock.install()
        await rivera.press(re.compile("Minimise"))
        await expect(rivera.page.locator("#heard")).to_contain_text("Minimised: on record")
        await rivera.page.clock.run_for(65_000)
        await expect(
            rivera.page.get_by_role("button", name=re.compile(r"Resume \(minimised for 1:0\d\)"))
        ).to_be_visible()
        said = stage.entries("minimise")[-1]
        assert (said["by"], said["cin"], said["on"], said["mode"]) == ("rivera", cin, True, "live-only")
        await rivera.press(re.compile("Spot check"))
        await expect(rivera.page.locator("#heard")).to_contain_text("you may listen in for a moment")
        await rivera.press(re.compile("Resume"))
        await expect(rivera.page.locator("#heard")).to_contain_text("Minimising has ended")
        assert [one.get("on") for one in stage.entries("minimise") if one["cin"] == cin] == [True, None, False]

        # A lawyer: privileged, and it is over for whoever marked it.
        rivera.page.once("dialog", lambda dialog: dialog.accept())
        await rivera.press("P Privileged")
        await expect(rivera.page.locator("#heard")).to_contain_text("Not listening")
        standing = stage.entries("standing")[-1]
        assert (standing["by"], standing["cin"], standing["privileged"]) == ("rivera", cin, True)
        await stage.feed(*stage.speech(cin))
        await rivera.go(call)
        await rivera.sees("withheld", "R-120")

    day.walk(walk)
    actions = {one["fields"]["action"] for one in day.world.entries("access") if one["fields"]["actor_id"] == "rivera"}
    assert {"read_content", "minimise", "mark_privileged"} <= actions


@pytest.mark.rule("R-074", "R-074.1")
def test_sound_stops_within_a_second_of_the_end_of_a_grant_and_the_page_says_why(day: Day) -> None:
    stage, cin = day.stage, day.stage.next_cin()

    def end(desk: Desk, now_us: int) -> Outcome:
        return desk.end_grants("chen", "rivera", CASE, now_us)

    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.page.context.add_init_script(HEARD)
        await rivera.go(f"{HERE}/instructions")
        await rivera.press("I have read them, and sign")
        await stage.feed(stage.records.sip(VOICE, cin), *stage.speech(cin))
        await rivera.go(f"{HERE}/calls/{VOICE}/{cin}")
        await rivera.press(re.compile("Listen"))
        await expect(rivera.page.locator("#heard")).to_contain_text("waiting for sound")
        await stage.feed(*stage.speech(cin))
        await expect(rivera.page.locator("#heard")).to_have_text("Listening.")
        rivera.meant(f"{HERE}/calls/{VOICE}/{cin}", 403)
        await day.act(end)
        ended_s = time.time()
        await stage.feed(*stage.speech(cin, 200))
        await expect(rivera.page.get_by_role("alert")).to_contain_text("R-074")
        await expect(rivera.page.locator("#heard")).to_have_text("Not listening.")
        assert await last_heard_s(rivera.page) - ended_s < 1.0
        assert await rivera.page.evaluate("heard.context.state") == "closed"
        await rivera.is_told(f"{HERE}/calls/{VOICE}/{cin}", "R-074", action="read_call_identifying")
        await rivera.is_told(HERE, "R-074")

    day.walk(walk)
    assert all(one["fields"]["session_id"] for one in day.world.entries("session_ended"))


@pytest.mark.long
def test_what_is_written_read_and_taken_along(day: Day) -> None:
    call = f"{HERE}/calls/{VOICE}/{CALL}"

    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.follow(CASE)
        await rivera.sees("Call", "Text message", "Multimedia message", "Data session", "O-1", "O-2")

        # The list keeps its state in the address, and a view is one.
        await rivera.search("Show", kind="sms")
        await expect(rivera.page).to_have_url(re.compile("kind=sms", re.IGNORECASE))
        await rivera.main.get_by_text("Keep this view").click()
        await rivera.fill(name="only texts")
        await rivera.press("Keep")
        await rivera.sees("The view only texts is kept, for you.")
        await rivera.go(HERE)
        await rivera.follow("only texts")
        await expect(rivera.page).to_have_url(re.compile("kind=sms", re.IGNORECASE))

        # Synopsis with a draft of itself, categories, how far one is.
        await rivera.go(call)
        await rivera.fill(words="They meet at nine.")
        await rivera.sees("Kept as a draft.")
        await rivera.go(call)
        await rivera.sees("is not saved yet")
        await expect(rivera.page.get_by_label("Synopsis")).to_have_value("They meet at nine.")
        await rivera.press("Save the synopsis")
        await rivera.sees("The synopsis is saved.")
        await rivera.press("Pertinent")
        await rivera.sees("pertinent: given.")
        await expect(rivera.page.get_by_role("button", name="Pertinent", exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
        await rivera.press("Heard")
        await rivera.sees("Marked as heard.")
        await rivera.go(HERE)
        await expect(rivera.row("They meet at nine.")).to_contain_text("Pertinent")

        # The stored call: signed first, then played and taken along.
        await rivera.go(f"{HERE}/instructions")
        await rivera.press("I have read them, and sign")
        await rivera.go(call)
        await expect(rivera.page.get_by_role("img", name=re.compile("Waveform"))).to_be_visible()
        name, wav = await rivera.download("Download WAV")
        assert name == f"SIMULATION-{VOICE}-{CALL}.wav" and wav[:4] == b"RIFF" and len(wav) > 16_000

        # Messages, data, visitors, who called whom.
        await rivera.go(HERE)
        await rivera.follow("Conversations")
        await rivera.follow(re.compile(r"Open .*0101 and .*0102"))
        await rivera.sees("hello, the usual place", "at nine")
        await rivera.go(f"{HERE}/sessions/{VOICE}/{SESSION}")
        await rivera.sees("www.example.invalid", "203.0.113.80")
        name, capture = await rivera.download(re.compile("pcapng"))
        assert name.endswith(".pcapng") and capture[:4] == b"\x0a\x0d\x0d\x0a" and b"SIMULATION" in capture
        await rivera.go(f"{HERE}/visitors")
        await rivera.sees("sim.example.invalid", "192.0.2.1")
        await rivera.go(f"{HERE}/prtt")
        await rivera.sees("12125550101", "12125550102", "Frequency", "In common")
        name, page = await _report(rivera)
        assert name.endswith(".html") and b"SIMULATION" in page

        # From the call to a record, and why it can be believed.
        await rivera.go(call)
        await rivera.main.get_by_text("Records of it").click()
        await rivera.main.get_by_role("link", name=re.compile(r"Record \d+")).first.click()
        await rivera.sees("Why it was judged so", "R-")
        await rivera.main.get_by_role("button", name="cSeq").or_(rivera.main.locator("button.pick")).first.click()
        await expect(rivera.main.locator("tr.marked, [aria-pressed='true']").first).to_be_visible()
        await rivera.press(re.compile("Check this record now"))
        await rivera.sees("This record is what was signed.", "checkpoint", "In plain words")
        await rivera.go("/audit/own")
        await rivera.sees("read content")

    day.walk(walk)
    for kind in ("synopsis", "category_assignment", "worklist_item", "instruction_signature"):
        assert day.wrote(kind)["by"] == "rivera"
    assert day.fields("report")["by"] == "rivera"


async def _report(rivera: Person) -> tuple[str, bytes]:
    await rivera.follow("Reports")
    await rivera.choose(kind="prtt", format="html")
    return await rivera.download(re.compile("Make"), "button")


@pytest.mark.rule("R-073")
def test_attack_what_is_not_an_investigator_s(day: Day) -> None:
    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        for rest in ("", f"/calls/{VOICE}/1"):
            await rivera.finds_nothing(f"/cases/{OTHER_CASE}{rest}", f"/cases/{MISSING_CASE}{rest}")
        await rivera.finds_nothing(f"{HERE}/calls/LAB-0003/7", f"{HERE}/calls/LAB-0003/99", denied=False)
        for path, rule in (
            ("/orders", "R-073"), ("/grants", "R-070"), ("/health", "R-073"), ("/stations", "R-073"),
            ("/audit", "R-085"), ("/tours", "R-084"), ("/reviews", "R-086"),
        ):  # fmt: skip
            await rivera.is_told(path, rule)
        # At a browser that is no station nothing collected is shown.
        elsewhere = await day.browser("")
        await elsewhere.come_in("vega")
        await elsewhere.sees("Enrol this browser as a station", "You know of no case.")
        await elsewhere.finds_nothing(HERE, f"/cases/{MISSING_CASE}")

    day.walk(walk)
