"""What comes from outside is text on every page that shows it; a record that was changed on disk is shown as such."""

from __future__ import annotations

import io
import re
import wave
from typing import Any

import numpy as np
import pytest

from tests.collector.console.days.day import Day
from tests.collector.console.days.stage import TAMPERED_CASE
from tests.collector.console.days.told import HOSTILE_CALL, HOSTILE_MESSAGE, MMS, TAMPERED, VOICE
from tests.collector.console.world import CASE

HERE = f"/cases/{CASE}"
SCRIPT = "<script>window.canary=1</script>"


def samples_of(octets: bytes) -> Any:
    """Of both channels of a WAV, a row a sample."""
    with wave.open(io.BytesIO(octets)) as opened:
        return np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, opened.getnchannels())


def test_attack_markup_in_what_was_intercepted_is_text(day: Day) -> None:
    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.go(HERE)
        await rivera.go(f"{HERE}/calls/{VOICE}/{HOSTILE_CALL}")
        await rivera.main.get_by_text("Records of it").click()
        links = rivera.main.locator("a", has_text=re.compile(r"^Record \d+"))
        records = [await one.get_attribute("href") for one in await links.all()]
        assert len(records) >= 3
        for path in records:
            assert path is not None
            await rivera.go(path)
            await rivera.sees("Why it was judged so")
        await rivera.go(f"{HERE}/calls/{VOICE}/{HOSTILE_MESSAGE}")
        await rivera.go(f"{HERE}/calls/{VOICE}/{MMS}")
        await rivera.go(f"{HERE}/messages")
        await rivera.follow(re.compile(r"Open .*0101 and .*0103"))
        await rivera.sees(f"words {SCRIPT}", f"subject {SCRIPT}")
        # Parts that a browser would run are files to save, under a name and a type that nothing runs.
        parts = await rivera.main.locator(f"[href*='/messages/{VOICE}/{MMS}/'], img").evaluate_all(
            "all => all.map((one) => one.getAttribute('href') ?? one.getAttribute('src'))"
        )
        base = next(one for one in parts if f"/{MMS}/" in one).rpartition("/")[0]
        for number in range(5):
            found = await rivera.page.request.get(rivera.address(f"{base}/{number}"))
            assert found.status == 200, (base, number, parts)
            kind = found.headers["content-type"].split(";")[0]
            assert kind in ("text/plain", "application/octet-stream"), (number, kind)
            assert found.headers["x-content-type-options"] == "nosniff"
            if kind == "text/plain":
                assert "sandbox" in found.headers["content-security-policy"]
            else:
                assert found.headers["content-disposition"].startswith("attachment")
                assert not set("<>") & set(found.headers["content-disposition"])
        await rivera.go(f"{HERE}/prtt")
        for path in (f"{HERE}?party={SCRIPT}", f"{HERE}?after={SCRIPT}"):
            rivera.meant(path.replace("<", "%3C").replace(">", "%3E"), 400)
            await rivera.page.goto(rivera.address(path))
            await rivera.is_harmless()

    day.walk(walk)


@pytest.mark.rule("R-090")
def test_attack_a_record_that_was_changed_on_disk_is_shown_as_such_and_never_played(day: Day) -> None:
    async def walk(day: Day) -> None:
        rivera = await day.person("rivera")
        await rivera.go(f"/cases/{TAMPERED_CASE}/instructions")
        await rivera.press("I have read them, and sign")
        whole, damaged = (f"/cases/{TAMPERED_CASE}/calls/{TAMPERED}/{cin}" for cin in (1, 2))
        await rivera.go(damaged)
        await rivera.sees("1 withheld", "TAMPERED (R-090)", "its octets are not the signed ones")
        sounds = [await rivera.page.request.get(rivera.address(f"{one}/sound")) for one in (whole, damaged)]
        # The two calls say the same but for one packet: in its place there is silence, and nothing else differs.
        right, wrong = [samples_of(await one.body()) for one in sounds]
        differs = np.flatnonzero((right != wrong).any(axis=1))
        assert 100 < len(differs) <= 160 and differs[-1] - differs[0] < 160, "20 ms at 8000 a second"
        assert not wrong[differs].any()

        # Its own page says so as well, and its proof fails on the spot; its neighbour's holds.
        await rivera.main.get_by_text("Records of it").click()
        first = await rivera.main.get_by_role("link", name=re.compile(r"Record \d+")).first.get_attribute("href")
        assert first is not None
        base, _, number = first.rpartition("/")
        outcomes = []
        for sequence in range(int(number), int(number) + 22):
            found = await rivera.page.request.get(rivera.address(f"{base}/{sequence}/proof"))
            outcomes.append("NOT PROVEN" in await found.text())
        assert outcomes.count(True) == 1
        await rivera.go(f"{base}/{int(number) + outcomes.index(True)}")
        await rivera.sees("TAMPERED")
        await rivera.press(re.compile("Check this record now"))
        await rivera.sees("THIS RECORD IS NOT PROVEN")
        await rivera.go(first)
        await rivera.press(re.compile("Check this record now"))
        await rivera.sees("This record is what was signed.")

    day.walk(walk)
