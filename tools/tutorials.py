"""Plays the tutorials of docs/tutorials as a newcomer would, block by block, and takes their pictures.

    python -m tools.tutorials [NAME …]       play in empty directories, take the pictures into docs/tutorials
    python -m tools.tutorials --no-pictures  play only

A block is what stands between ```sh and ```. All blocks of a page are pasted into a shell, one after the other, in one
directory, empty at first, with `calea-lab` on the path; the first that fails ends it. A picture is named in the text as
`![words](NAME.png)` behind a line `<!-- picture of PATH -->`: PATH is a page that the blocks before it have made.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import async_playwright

ROOT: Final = Path(__file__).resolve().parent.parent
PAGES: Final = ROOT / "docs" / "tutorials"
NAMES: Final = ("tester", "benchmark", "training")
BLOCK_S: Final = 300
_PIECE: Final = re.compile(
    r"^```sh\n(?P<block>.*?)^```$|^<!-- picture of (?P<of>\S+) -->\n!\[(?P<words>[^\]]*)\]\((?P<name>\S+)\)$",
    re.DOTALL | re.MULTILINE,
)
SIZE: Final = {"width": 1100, "height": 760}
COLOURS: Final = 64


@dataclass(frozen=True, slots=True)
class Block:
    """What is pasted at once. `line`: where it stands in the page."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`of`: the page that is shown, below the directory of the tutorial."""

    of: str
    name: str


class TutorialError(Exception):
    """A newcomer would be stuck here."""


def pieces(page: Path) -> Iterator[Block | Picture]:
    text = page.read_text("utf-8")
    for found in _PIECE.finditer(text):
        if found["block"] is not None:
            yield Block(text.count("\n", 0, found.start()) + 1, found["block"])
        else:
            yield Picture(found["of"], found["name"])


def play(page: Path, directory: Path) -> list[tuple[Picture, Path]]:
    """Paste every block; the pictures that the text shows, each with the page it is of. Raises TutorialError."""
    environment = {
        **os.environ,
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "XDG_STATE_HOME": str(directory / ".state"),
        "TERM": "dumb",
    }
    shown = []
    for piece in pieces(page):
        if isinstance(piece, Picture):
            made = directory / piece.of
            if not made.is_file() or b"SIMULATION" not in made.read_bytes():
                raise TutorialError(f"{page.name} shows {piece.of}, and the blocks before it have not made it")
            shown.append((piece, made))
            continue
        try:
            done = subprocess.run(  # noqa: S603  the page's own block
                ["/bin/bash", "-euo", "pipefail", "-c", piece.text],
                cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BLOCK_S,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise TutorialError(f"{page.name}, line {piece.line}: not done within {BLOCK_S} s") from None
        if done.returncode:
            said = done.stdout.decode(errors="replace")[-2000:]
            raise TutorialError(f"{page.name}, line {piece.line}: exit code {done.returncode}\n{said}")
    return shown


async def take(shown: list[tuple[Picture, Path]], executable: str) -> None:
    """The pictures, into docs/tutorials, with few colours so that they stay small."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = await browser.new_page(viewport=SIZE)
        for picture, made in shown:
            await page.goto(made.as_uri())
            octets = await page.screenshot()
            Image.open(BytesIO(octets)).convert("RGB").quantize(COLOURS).save(PAGES / picture.name, optimize=True)
        await browser.close()


def end(directory: Path) -> None:
    """A tutorial that was left in the middle leaves no process behind."""
    for found, words in (("class.json", ("train", "stop")), ("run.json", ("down",))):
        for one in directory.rglob(found):
            subprocess.run(  # noqa: S603  our own command
                [str(ROOT / ".venv" / "bin" / "calea-lab"), *words, "--data", str(one.parent)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.tutorials")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--no-pictures", action="store_true")
    given = parser.parse_args()
    for name in given.names or NAMES:
        with tempfile.TemporaryDirectory(prefix="tutorial-") as spare:
            directory = Path(spare)
            try:
                shown = play(PAGES / f"{name}.md", directory)
                if not given.no_pictures:
                    from tests.browser import find_chromium

                    executable = find_chromium()
                    if executable is None:
                        raise TutorialError("there is no Chromium here: tools/browser.sh finds or installs one")
                    asyncio.run(take(shown, str(executable)))
            except TutorialError as error:
                print(f"tutorials: {error}", file=sys.stderr)
                return 1
            finally:
                end(directory)
        print(f"{name}: {len(shown)} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
