"""Makes docs/training: pictures of the trainer's console and of a score sheet, from a class that is played for them.

    python -m tools.training_pictures [--data DIR] [--out docs/training]

Begins SC-08t with two trainees, plays their parts by commands (one accepts the wrong number), looks at the trainer's
pages in the machine's Chromium, light and dark, and ends the class. Pictures have few colours, so that they stay small.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.async_api import Page, ViewportSize, async_playwright

from lab.cli import build
from lab.desk import entries_of
from lab.scenario.engine import run_command
from lab.training import trainer
from lab.training.room import Room

OUT: Final = Path(__file__).resolve().parent.parent / "docs" / "training"
PASSWORD: Final = "four plain words together"  # noqa: S105  of a class that ends with this
SIZE: Final = ViewportSize(width=1180, height=820)
COLOURS: Final = 48
MOST_PIXELS: Final = 1700
"""Of a picture's height: what the ledgers say goes on below it."""
PAGES: Final = {"class": "/", "briefing": "/briefing", "sheet-ada": "/trainees/ada", "sheet-ben": "/trainees/ben"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.training_pictures")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        sys.stderr.write("No Chromium here: tools/browser.sh finds or installs one.\n")
        return 3
    with tempfile.TemporaryDirectory() as temporary:
        data = given.data or Path(temporary) / "class"
        card = _command("train", "start", "SC-08t", "--trainee", "ada", "--trainee", "ben", "--speed", "max", data=data)
        try:
            _play(data)
            given.out.mkdir(parents=True, exist_ok=True)
            asyncio.run(_take(card, given.out, executable))
        finally:
            trainer.stop(Room(data))
    return 0


def _command(*words: str, data: Path) -> dict[str, Any]:
    code, printed = run_command(build(words[0]), [*words, "--data", str(data), "--json"])
    if code:
        raise SystemExit(f"{' '.join(words)}: {printed}")
    return dict(json.loads(printed))


def _play(data: Path) -> None:
    """What trainees do at their consoles, as commands: the acts and their entries are the same."""
    room = Room(data)
    run = room.run(room.load().run)
    for number, user in enumerate(("ada", "ben"), 1):
        right, wrong = (f"Q-{one}" for one in _requests(run, f"-{number}"))
        for request, decision in ((right, "accept"), (wrong, "accept" if user == "ben" else "refuse")):
            _command("request", "check", request, "--by", user, data=run)
            _command("request", decision, request, "--by", user, data=run)
    _command("train", "inject", "wrong", data=data)
    _command("train", "inject", "end", data=data)
    for number, user in enumerate(("ada", "ben"), 1):
        words = ("--custody", "court vault 3 (fictional)", "--direction", "JD-08")
        _command("case", "seal", f"O8-{number}", "--by", user, *words, data=run)


def _requests(run: Path, suffix: str) -> tuple[int, int]:
    """The numbers of the requests on the case with the right number and on that with the wrong one."""
    state, _ = entries_of(run)
    found = {one.case_id: int(name.removeprefix("Q-")) for name, one in state.requests.items()}
    return found[f"CASE-08{suffix}"], found[f"CASE-08B{suffix}"]


async def _take(card: dict[str, Any], out: Path, executable: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(ignore_https_errors=True, viewport=SIZE, reduced_motion="reduce")
        page = await context.new_page()
        base, account = card["trainer"]["console"].rstrip("/"), card["trainer"]
        await page.goto(f"{base}/sign-in")
        await page.fill("[name=user_id]", account["user_id"])
        await page.fill("[name=password]", account["password"])
        await page.click("main button[type=submit]")
        await page.goto(f"{base}/account/password")
        for name, value in (("old", account["password"]), ("new", PASSWORD), ("again", PASSWORD)):
            await page.fill(f"[name={name}]", value)
        await page.click("main button[type=submit]")
        for name, path in PAGES.items():
            await page.goto(f"{base}{path}")
            await _picture(page, out, name)
        await browser.close()


async def _picture(page: Page, out: Path, name: str) -> None:
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        octets = await page.screenshot(full_page=True)
        whole = Image.open(BytesIO(octets)).convert("RGB")
        picture = whole.crop((0, 0, whole.width, min(whole.height, MOST_PIXELS))).quantize(COLOURS)
        picture.save(out / f"{name}-{scheme}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
