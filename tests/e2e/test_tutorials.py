"""A newcomer who pastes every block of a tutorial gets to its last picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import tutorials

pytestmark = pytest.mark.long


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    tutorials.end(tmp_path)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", tutorials.NAMES)
def test_every_block_works_and_every_picture_is_of_something_it_made(name: str, directory: Path) -> None:
    page = tutorials.PAGES / f"{name}.md"
    shown = tutorials.play(page, directory)
    assert shown and isinstance(list(tutorials.pieces(page))[-1], tutorials.Picture | tutorials.Block)
    for picture, made in shown:
        assert "<h1" in made.read_text("utf-8"), picture
        assert (tutorials.PAGES / picture.name).is_file(), "make it: python -m tools.tutorials"
    pictures = page.read_text("utf-8").count("![")
    assert pictures == len(shown), "each picture says what it is of"


def test_a_block_that_fails_is_named_with_its_line_and_what_it_said(tmp_path: Path) -> None:
    page = tmp_path / "odd.md"
    page.write_text("# Odd\n\n```sh\necho 1 > kept\n```\n\n```sh\necho said $(cat kept); false\n```\n")
    with pytest.raises(tutorials.TutorialError, match=r"(?s)odd\.md, line 7: exit code 1.*said 1"):
        tutorials.play(page, tmp_path)


def test_a_picture_of_what_is_not_there_is_named(tmp_path: Path) -> None:
    page = tmp_path / "odd.md"
    page.write_text("<!-- picture of gone.html -->\n![words](gone.png)\n")
    with pytest.raises(tutorials.TutorialError, match=r"gone\.html"):
        tutorials.play(page, tmp_path)
