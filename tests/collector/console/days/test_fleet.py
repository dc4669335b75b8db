"""The day of an investigator over two collectors: a call that goes on at another is heard on; and one is lost."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack

import pytest
from playwright.async_api import expect

from lab.postgres import Server
from tests.browser import Chromium
from tests.collector.console.days.conftest import _directory
from tests.collector.console.days.day import Day
from tests.collector.console.days.fleet_stage import NAMES, FleetStage, running_fleet
from tests.collector.console.days.listening import HEARD, heard
from tests.collector.console.days.told import CALL, VOICE
from tests.collector.console.world import CASE

pytestmark = pytest.mark.long
HERE = f"/cases/{CASE}"


@pytest.fixture(scope="module")
def fleet(postgres: Server) -> Iterator[FleetStage]:
    with ExitStack() as stack:
        url = stack.enter_context(postgres.database())
        yield running_fleet(_directory(stack), url, stack)


@pytest.fixture
def day(fleet: FleetStage, chromium: Chromium) -> Iterator[Day]:
    with ExitStack() as stack:
        root, parts = _directory(stack), AsyncExitStack()
        stack.callback(lambda: fleet.do(parts.aclose()))
        yield Day(fleet, chromium, fleet.do(fleet.open(root, parts)))


def minimised(stage: FleetStage, name: str, cin: int) -> list[bool | None]:
    """What a collector's own audit log says was commanded of a call."""
    lines = stage.audit_of(name).read_text().splitlines()
    said = [one["fields"] for one in map(json.loads, lines) if one["kind"] == "minimise"]
    return [one.get("on") for one in said if one["cin"] == cin]


async def until_both(stage: FleetStage, cin: int, wanted: list[bool]) -> None:
    async with asyncio.timeout(20):
        while any(minimised(stage, name, cin) != wanted for name in NAMES):  # noqa: ASYNC110  files say when
            await asyncio.sleep(0.05)


@pytest.mark.rule("R-118", "R-074")
def test_a_call_is_heard_on_when_it_goes_on_at_another_collector(day: Day, fleet: FleetStage) -> None:
    cin = fleet.next_cin()
    call = f"{HERE}/calls/{VOICE}/{cin}"

    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.page.context.add_init_script(HEARD)
        await rivera.go(HERE)
        await expect(rivera.page.locator("#missing")).to_have_count(0)
        await fleet.feed(fleet.records.sip(VOICE, cin), *fleet.speech(cin))
        fresh = rivera.page.get_by_role("region", name="Rows as they come").locator("tbody tr")
        await expect(fresh.filter(has_text="going on").first).to_be_visible()
        await rivera.go(f"{HERE}/instructions")
        await rivera.press("I have read them, and sign")
        await rivera.go(call)
        await rivera.press(re.compile("Listen"))
        await expect(rivera.page.locator("#heard")).to_contain_text("Listening")
        await fleet.feed(*fleet.speech(cin))
        await expect(rivera.page.locator("#heard")).to_have_text("Listening.")
        before = await heard(rivera.page)
        assert before > 0

        # The link has failed: what is said now comes to the other collector, which takes the stream.
        await fleet.feed_second(*fleet.speech(cin, 50))
        async with asyncio.timeout(20):
            while await heard(rivera.page) <= before:  # noqa: ASYNC110  the page says when
                await asyncio.sleep(0.05)

        # A command goes to one of them and holds at both.
        await rivera.press(re.compile("Minimise"))
        await expect(rivera.page.locator("#heard")).to_contain_text("Minimised: on record")
        await until_both(fleet, cin, [True])
        await rivera.press(re.compile("Resume"))
        await expect(rivera.page.locator("#heard")).to_contain_text("Minimising has ended")
        await until_both(fleet, cin, [True, False])

        # One call, one ladder, records of both, each proven in its own ledger.
        await fleet.feed_second(fleet.records.sip(VOICE, cin, "end", method="BYE", to_tag="b"))
        await rivera.go(call)
        await rivera.main.get_by_text("Records of it").click()
        for number, name in enumerate(NAMES, 1):
            await rivera.go(call)
            await rivera.main.get_by_text("Records of it").click()
            await rivera.main.get_by_role("link", name=re.compile(rf"Record {number}-\d+")).first.click()
            await rivera.press(re.compile("Check this record now"))
            await rivera.sees("This record is what was signed.", f"Whose ledger: {name}, key")

    day.walk(walk)


def test_what_both_have_is_one_case_until_one_is_lost(day: Day, fleet: FleetStage) -> None:
    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.go(HERE)
        await rivera.sees("Call", "Text message", "Multimedia message", "Data session")
        await rivera.search("Show", sort="duration")
        await expect(rivera.page).to_have_url(re.compile("sort=duration"))
        await rivera.go(HERE)
        await rivera.follow("Conversations")
        await rivera.follow(re.compile(r"Open .*0101 and .*0102"))
        await rivera.sees("hello, the usual place", "at nine")
        await rivera.go(f"{HERE}/prtt")
        await rivera.sees("12125550101", "12125550102")
        await rivera.go(f"{HERE}/instructions")
        await rivera.press("I have read them, and sign")
        await rivera.go(f"{HERE}/calls/{VOICE}/{CALL}")
        _, wav = await rivera.download("Download WAV")
        assert wav[:4] == b"RIFF"
        lund = await day.person("lund", "ST-F2")
        await lund.go("/health")
        await lund.sees("Collectors of the fleet", *NAMES)

        # The disk of one is gone.
        (fleet.root / "collector-2" / "store").rename(fleet.root / "away")
        try:
            async with asyncio.timeout(20):
                while await rivera.page.locator("#missing").count() == 0:
                    await asyncio.sleep(0.3)
                    await rivera.go(HERE)
            await rivera.sees("Not all that was collected is here.", "collector-2 cannot be asked", "records 0 to")
            await rivera.go(f"{HERE}/prtt")
            await rivera.sees("collector-2 cannot be asked")
        finally:
            (fleet.root / "away").rename(fleet.root / "collector-2" / "store")
            shutil.rmtree(fleet.root / "away", ignore_errors=True)

    day.walk(walk)
