"""The page of an evidence bundle in a real Chromium, opened from the file system as a court's expert would."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, expect

from tests.browser import Chromium
from tests.collector.export.filled import SECRET, Filled


async def test_the_page_opens_from_the_file_system(filled: Filled, chromium: Chromium) -> None:
    """Players that play, a conversation to read, no script, no error, nothing from a network; in both colours."""
    made = filled.make()
    index = (made.directory / "index.html").as_uri()

    async def walk(page: Page) -> None:
        dialogs: list[str] = []
        page.on("dialog", lambda one: dialogs.append(one.message))
        await page.goto(index)
        await expect(page).to_have_title("Evidence of order O-1 (SIMULATION)")
        await expect(page.get_by_text("SIMULATION: calea-lab intercepts nobody")).to_be_visible()
        player = page.locator("audio").first
        await expect(player).to_be_visible()
        played = await player.evaluate(PLAY)
        assert played["error"] is None and played["seconds"] > 0 and played["played"]
        talk = page.locator("section.talk")
        await expect(talk.get_by_text(SECRET)).to_be_visible()
        assert await page.locator("script").count() == 0 and dialogs == []
        for path in await page.locator("a").evaluate_all("links => links.map(one => one.href)"):
            assert path.startswith(made.directory.as_uri() + "/")
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0

    for scheme in ("light", "dark"):
        seen = await asyncio.to_thread(chromium.run, walk, color_scheme=scheme)
        assert seen.faults == []
        assert seen.requests and all(one.startswith(made.directory.as_uri() + "/") for one in seen.requests)


PLAY = """async player => {
    const ended = new Promise(done => { player.onended = done; player.onerror = done; });
    player.muted = true;
    try { await player.play(); } catch (error) { return {error: String(error), seconds: 0, played: false}; }
    await ended;
    return {
        error: player.error && player.error.message, seconds: player.duration, played: player.currentTime > 0
    };
}"""


async def test_the_policy_of_the_page_holds(filled: Filled, chromium: Chromium) -> None:
    """What gets into the page past its making runs no script and fetches nothing."""
    made = filled.make()
    path = made.directory / "index.html"
    planted = '<script>document.title = "owned"</script><img src="http://192.0.2.1/x.png"><iframe src="x"></iframe>'
    path.write_text(path.read_text("utf-8").replace("</body>", f"{planted}</body>"), "utf-8")
    titles: list[str] = []

    async def walk(page: Page) -> None:
        await page.goto(path.as_uri())
        titles.append(await page.title())

    seen = await asyncio.to_thread(chromium.run, walk)
    assert titles == ["Evidence of order O-1 (SIMULATION)"]
    assert len(seen.faults) >= 2 and all("Content Security Policy" in one or "csp" in one for one in seen.faults)
