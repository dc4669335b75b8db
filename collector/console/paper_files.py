"""Papers that people bring: kept as they came, with their hash on record; to save, never to show.

A paper belongs to a request (`Q-1`), an application (`A-1`) or an order (`subject`). Nothing looks into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from collector.console.errors import NotFoundError
from collector.console.forms import FormModel, Upload
from collector.console.page import Page
from collector.desk.database import Reading, Writing, papers
from collector.desk.database.papers import Paper
from collector.desk.desk import Desk
from mediation.law.orders import CourtOrder

MAX_PAPER_FORM: Final = 17 << 20
"""One file of the largest size, and its form around it."""
_TYPE: Final = "application/octet-stream"


class PaperForm(FormModel):
    paper: Upload


def subject(order: CourtOrder) -> str:
    """Of the papers of an order: no name of a request is one."""
    return f"order.{order.order_id}"


async def listed_for(page: Page, of: str) -> Sequence[Paper]:
    return await page.context.memory.read(lambda reading: papers.listed(reading, of))


async def kept(page: Page, of: str) -> str:
    """Keep the file of the form; a sentence with its hash."""
    file = page.form(PaperForm).paper
    name = file.name.rpartition("/")[2].rpartition("\\")[2] or "paper"
    return f"{name} is kept; its SHA-256 is {await keep(page, of, name, file.octets)}."


async def keep(page: Page, of: str, name: str, octets: bytes) -> str:
    """Its SHA-256. Raises BoundError for one that is empty, too large or one too many."""

    def add(writing: Writing, desk: Desk, now_us: int) -> str:
        return papers.add(writing, of, name, _TYPE, octets, page.user_id, page.wall_us).sha256

    return await page.context.memory.record(add)


async def download(page: Page, of: str) -> web.Response:
    """The one whose number the path names: whoever brought it says what it is. Raises NotFoundError."""
    number = page.number("number")

    def find(reading: Reading) -> tuple[bytes | None, str]:
        names = {one.number: one.name for one in papers.listed(reading, of)}
        return papers.octets(reading, of, number), names.get(number, "paper")

    octets, name = await page.context.memory.read(find)
    if octets is None:
        raise NotFoundError
    return page.download(octets, name, _TYPE)
