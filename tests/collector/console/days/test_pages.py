"""Every page there is, as somebody who may open it sees it: axe in light and in dark, the policy, SIMULATION.

The pages come from the declarations, so a new one is looked at by being there: by the first of `READERS` whose role has
a cell for it, at an address made of `VALUES`. One that needs other values has a row in `ADDRESSES`; what is no page,
but a file to save or a part that a page fetches, ends with one of `FILES`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Final, cast

import pytest

from collector.console.context import Context
from collector.console.pages import AREAS
from collector.console.route import Asks, Door, Route
from collector.desk.desk import Desk
from lab.desk import AGENCY
from mediation.law.actors import Role
from tests.collector.console.days.day import Day, Person
from tests.collector.console.days.told import CALL, SESSION, VOICE
from tests.collector.console.world import CASE, MISSING_CASE, OTHER_CASE, PEOPLE

pytestmark = pytest.mark.long

NOBODY: Final = ""
READERS: Final = (NOBODY, "rivera", "chen", "okafor", "reyes", "adair", "park")
"""Who looks, in this order: nobody signed in first, for what is open to them."""
VALUES: Final = {
    "case_id": CASE, "liid": VOICE, "cin": str(CALL), "sequence": "0", "order_id": "O-1", "request_id": "Q-1",
    "application_id": "A-1",
}  # fmt: skip
ADDRESSES: Final = {
    "/cases/{case_id}/sessions/{liid}/{cin}": f"/cases/{CASE}/sessions/{VOICE}/{SESSION}",
    "/cases/{case_id}/messages/between": f"/cases/{CASE}/messages/between?first=%2B12125550101&second=%2B12125550103",
    "/audit/requests/{request_id}": "/audit/requests/AR-1",
}
AT_ONCE: Final = 7
FILES: Final = ("/proof", "/wav", "/pcap", "/csv", "/ca.pem", "/healthz", "/metrics", "/{number}", "/{part}")
_ROLES: Final = {name: Role(role) for name, role, *_ in PEOPLE}


def pages() -> list[Route]:
    # An area asks while it declares whether there is a switchboard of faults; its page has a walk of its own.
    context = cast("Context", SimpleNamespace(faults=SimpleNamespace(configured=False)))
    declared = [route for area in AREAS for route in area(context)]
    return [
        one
        for one in declared
        if one.method == "GET" and not one.api and one.asks is not Asks.PART and not one.path.endswith(FILES)
        and not one.path.startswith("/static/")
    ]  # fmt: skip


def reader_of(route: Route) -> str | None:
    if route.access is Door.OPEN:
        return NOBODY
    return next((name for name in READERS if name and route.cell(_ROLES[name])), None)


def address_of(route: Route) -> str:
    shown = route.path.removeprefix("/privileged")
    made = ADDRESSES.get(shown) or re.sub(r"\{(\w+)[^}]*\}", lambda found: VALUES[found[1]], shown)
    return ("/privileged" if route.path.startswith("/privileged") else "") + made


async def _proof(one: Person) -> None:
    await one.press(re.compile("Check this record now"))
    await one.sees("This record is what was signed.")


async def _opened(one: Person) -> None:
    """What is folded together is looked at as well."""
    await one.main.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


MORE: Final[dict[str, Callable[[Person], Awaitable[None]]]] = {
    "/cases/{case_id}/records/{sequence}": _proof,
    "/cases/{case_id}/calls/{liid}/{cin}": _opened,
}


def test_every_page_has_somebody_who_looks_at_it() -> None:
    assert [one.path for one in pages() if reader_of(one) is None] == []
    assert {reader_of(one) for one in pages()} == set(READERS)


def portions() -> list[tuple[str, list[Route]]]:
    """At most `AT_ONCE` pages of one reader."""
    mine = {reader: [one for one in pages() if reader_of(one) == reader] for reader in READERS}
    return [
        (reader, routes[at : at + AT_ONCE]) for reader, routes in mine.items() for at in range(0, len(routes), AT_ONCE)
    ]


@pytest.mark.parametrize(("reader", "routes"), portions(), ids=lambda one: one if isinstance(one, str) else one[0].path)
def test_pages_are_accessible_in_light_and_dark_and_break_no_policy(
    court_day: Day, reader: str, routes: list[Route]
) -> None:
    def prepare(desk: Desk, now_us: int) -> None:
        assert desk.request_audit("doyle", "user:rivera", now_us).answer.allowed
        desk.open_review("okafor", "vega", "command", now_us)
        drafted = {
            "application_id": "A-1", "asked": "extension", "order_id": "O-1", "case_id": CASE, "agency": AGENCY,
            "investigator": "rivera", "prosecutor": "weiss", "days": 30, "results": "two names", "by": "rivera",
        }  # fmt: skip
        desk.record("application", drafted, now_us)

    async def walk(day: Day) -> None:
        await day.act(prepare)
        one = await (day.person(reader) if reader else day.browser(""))
        for route in routes:
            await one.go(address_of(route))
            if route.path in MORE:
                await MORE[route.path](one)
            await one.is_accessible()

    court_day.walk(walk, color_scheme="light")


def test_refusals_are_accessible_too(day: Day) -> None:
    async def walk(day: Day) -> None:
        one = await day.person("rivera")
        await one.is_told("/orders", "R-073")
        await one.is_accessible()
        await one.finds_nothing(f"/cases/{OTHER_CASE}", f"/cases/{MISSING_CASE}")
        await one.is_accessible()
        one.meant(f"/cases/{CASE}?sort=nonsense", 400)
        await one.page.goto(one.address(f"/cases/{CASE}?sort=nonsense"))
        await one.is_accessible()

    day.walk(walk)
