"""Every declaration against the table of the law, over HTTP: what a role has no cell for, it does not get."""

from __future__ import annotations

import re

import pytest

from collector.console.route import Asks, Door, Route
from mediation.law.actors import MATRIX, Action, Role
from tests.collector.console.world import CASE, PEOPLE, Browser, World

BY_ROLE = {Role(role): name for name, role, *_ in reversed(PEOPLE)}
"""One person of each role that signs in; rivera for INV, since she is the first."""
VALUES = {"case_id": CASE}


def path_of(route: Route) -> str:
    """A path of this route, with the known case in it and 1 for anything else."""
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: VALUES.get(found[1], "1"), route.path)


async def answered(browser: Browser, route: Route) -> int:
    """The status alone: some answers go on for as long as they may."""
    path = path_of(route)
    if route.method == "POST":
        return (await browser.post(path)).status
    headers = {"Sec-Fetch-Dest": "document"}
    async with browser.session.get(f"{browser.base}{path}", headers=headers, allow_redirects=False) as answer:
        return answer.status


@pytest.mark.parametrize("role", sorted(BY_ROLE))
async def test_every_cell_of_the_permission_matrix_over_http(console: World, role: Role) -> None:
    declared = [one for one in console.opened.declared if isinstance(one.access, Action) and not one.api]
    assert declared
    browser = await console.as_(BY_ROLE[role])
    for route in declared:
        status = await answered(browser, route)
        assert isinstance(route.access, Action)
        cell = MATRIX[route.access].get(role)
        narrowed = route.roles is not None and role not in route.roles
        place = f"{role} {route.method} {route.path}: {status}"
        if cell is None or narrowed:
            # Before anything they sent is read. Who knows of a case and is narrowed by a rule of the route's own is
            # told that rule.
            in_path = route.case in route.parameters
            assert status in ((403,) if not in_path else (404,) if cell is None else (404, 403)), place
        elif cell == "Y":
            assert status not in (500, 401), place
        else:
            assert status not in (500, 401), place


async def test_attack_nobody_signed_in_gets_no_page_but_the_open_ones(console: World) -> None:
    browser = await console.browser()
    for route in console.opened.declared:
        answer = await (browser.get if route.method == "GET" else browser.post)(path_of(route))
        if route.access is Door.OPEN:
            assert answer.status in (200, 400, 404), route.path
        else:
            assert answer.status in (303, 401, 403), route.path
            assert answer.status != 303 or answer.location == "/sign-in"


@pytest.mark.parametrize("user", sorted({name for name, *_ in PEOPLE}))
async def test_the_navigation_offers_only_what_the_role_may_ever_open(console: World, user: str) -> None:
    browser = await console.as_(user)
    page = await browser.get("/")
    assert page.status == 200
    offered = re.findall(r'<li><a href="([^"]+)"', page.text.split("<main")[0])
    role = next(Role(one[1]) for one in PEOPLE if one[0] == user)
    for path in offered:
        route = next(one for one in console.opened.declared if one.path == path and one.method == "GET")
        assert route.cell(role), path


async def test_every_page_says_simulation_and_where_its_times_are(console: World) -> None:
    browser = await console.as_("lund")
    for route in console.opened.declared:
        part = route.asks is Asks.PART
        if (
            part
            or route.method != "GET"
            or route.api
            or "{" in route.path
            or route.path in ("/healthz", "/lab-ca/ca.pem")
        ):
            continue
        answer = await browser.get(route.path)
        if answer.status == 200:
            assert "SIMULATION" in answer.text, route.path
            assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", answer.text), route.path
            assert all("UTC</time>" in one for one in re.findall(r"<time.*?</time>", answer.text)), route.path
