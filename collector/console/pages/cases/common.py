"""What the pages of a case share: its address, and the communication that a path names."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from collector.console.model.lists import EventRow
from collector.console.model.scope import Scope
from collector.console.page import Page
from collector.console.scoping import prefix
from collector.store.index_whole import Kind

CASE: Final = "/cases/{case_id}"
CALL: Final = CASE + "/calls/{liid}/{cin}"
ABOUT_CALL: Final = ("communication", "cin")
_PAGES: Final = {Kind.CALL: "calls", Kind.DATA: "sessions"}
"""Kinds with a page of their own; every other communication is shown as a call is, by its signalling."""


def base(page: Page) -> str:
    """The path of the case, for links."""
    return f"{prefix(page)}/cases/{quote(page.case_id, safe='')}"


def address(page: Page, row: EventRow) -> str:
    """Of the page of a communication."""
    kind = _PAGES.get(row.kind, "calls") if row.kind is not None else "calls"
    return f"{base(page)}/{kind}/{quote(row.liid, safe='')}/{row.cin}"


async def named(page: Page, scope: Scope) -> EventRow:
    """The communication that the path names. Raises NotFoundError."""
    return await page.work(page.context.library.find, scope, page.path("liid"), cin_of(page))


def cin_of(page: Page) -> int:
    """Notices of no call have the CIN -1."""
    return -1 if page.path("cin") == "-1" else page.number("cin")
