"""Makes docs/console: a picture of every page of the console, light and dark, from the demonstration's own data.

    python -m tools.screenshots [--data DIR] [--out docs/console] [--only PART]

Plays the demonstration into DIR (a temporary one when not given; one that holds a demonstration is used as it is),
gives its people accounts and access, serves the console over it on loopback and walks it in the machine's Chromium: for
each role from its home page along the links, until each declared page was seen once. Pages that no link leads to are
named at the end. Pictures have few colours, so that they stay small.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from argon2 import PasswordHasher
from PIL import Image
from playwright.async_api import BrowserContext, Page, async_playwright

from collector.console.config import ConsoleConfig
from collector.console.pages.cases.call import DEFAULT_INSTRUCTIONS
from collector.console.route import Asks, Route
from collector.console.service import Console, wall_us
from collector.desk.database import credentials, instructions
from collector.store.private_files import own_signing_key
from lab import demo
from lab.court_office.config import CourtOfficeConfig
from lab.court_office.service import serve
from lab.desk import CAST, desk_pins, registry_of
from lab.desk_accounts import open_both, seed
from lab.faults.config import FaultsConfig
from lab.faults.service import run as run_faults
from lab.show import Silent
from lab.stack import Stack
from mediation.law.access_facts import DeviceClass
from mediation.runtime.clock import ClockSpec, LineClock
from mediation.runtime.process import ReadyFn
from mediation.runtime.tls import make_lab_ca

OUT: Final = Path(__file__).resolve().parent.parent / "docs" / "console"
WALKERS: Final = ("rivera", "okafor", "chen", "lund", "doyle", "quinn", "reyes", "weiss", "adair", "park")
"""Whose pages are walked, in this order; a page that several see is shown as the first of them has it."""
PASSWORD: Final = "four plain words together"  # noqa: S105  of people who are none, on a console that ends with this
SIZE: Final = {"width": 1180, "height": 820}
COLOURS: Final = 48
DEPTH: Final = 4
TYPED: Final = ("/unlock",)
"""Pages that no link leads to: the console itself sends there."""
SHOWN_FIRST, WAITS = "O-WARRANT", "O-T1678"
"""Orders of the demonstration: whose case has every kind of page, and on which nobody was given access yet."""
VISITS: Final = 5
"""Of one kind of page by one person: other cases have other links."""
_FILES: Final = ("/proof", "/wav", "/pcap", "/csv", "/metrics", "/{number}", "/{part}")
_LEFT_OUT: Final = re.compile(r"^/(static|healthz|sign-out|lab-ca/ca\.pem|api/)")


@dataclass
class Walk:
    """What was seen: route path to picture name."""

    base: str
    out: Path
    routes: list[Route]
    only: str
    seen: dict[str, str] = field(default_factory=dict)

    def route_of(self, path: str) -> Route | None:
        for route in self.routes:
            pattern = re.sub(r"\\\{\w+(:[^}]*)?\\\}", "[^/]+", re.escape(route.path))
            if route.method == "GET" and re.fullmatch(pattern, path):
                return route
        return None


def _is_page(route: Route) -> bool:
    """Neither part of one nor a file to save."""
    return route.asks is not Asks.PART and not route.path.endswith(_FILES) and not _LEFT_OUT.match(route.path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", default="", help="only pages whose path has this in it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        data: Path = given.data or Path(spare) / "demo"
        if not (data / "collector" / "store").exists():
            print("playing the demonstration", file=sys.stderr)
            demo.run(data, Silent())
        given.out.mkdir(parents=True, exist_ok=True)
        return asyncio.run(take(data, given.out, given.only))


async def take(data: Path, out: Path, only: str) -> int:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        print("There is no Chromium here: tools/browser.sh installs one.", file=sys.stderr)
        return 3
    clock = LineClock(ClockSpec(wall_us(), _data_now_us(data), 1.0))
    station = _prepare(data, clock.now_us())
    async with AsyncExitStack() as stack:
        beside = {"court": await _court(data, clock, stack), "faults": await _faults(data, stack)}
        opened = stack.enter_context(Console(_config(data, beside), clock, wall_us).open())
        port = await opened.start(stack)
        routes = [one for one in opened.declared if one.method == "GET" and _is_page(one)]
        walk = Walk(f"https://localhost:{port}", out, routes, only)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        stack.push_async_callback(browser.close)
        context = await browser.new_context(ignore_https_errors=True, viewport=SIZE, reduced_motion="reduce")
        await _open_pages(context, walk, station)
        for user in WALKERS:
            await _sign_in(context, walk, user)
            await _crawl(context, walk)
    missing = sorted({one.path for one in routes} - set(walk.seen))
    for path in missing if not only else ():
        print(f"no link led to {path}", file=sys.stderr)
    _write_index(walk)
    return 0


def _data_now_us(data: Path) -> int:
    """When the demonstration ended, by its own clock: as its last document and record have it."""
    orders = registry_of(data).current()
    return max(order.window.start_us for order in orders) + 180_000_000


def _prepare(data: Path, now_us: int) -> str:
    """Accounts without a change first, access of the investigator to every case; a station's token."""
    make_lab_ca(data / "ca", ("console",), time.time_ns() // 1000)
    _, stations = seed(data)
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with open_both(data) as (desk, database):
        with database.recorded(desk, now_us) as writing:
            for name, *_ in CAST:
                credentials.set_password(writing, name, hashed, "SYS", wall_us())
        for name in ("chen", "brandt"):
            desk.enter(name, "F1", DeviceClass.CALEA_STATION, now_us)
        desk.request_audit("doyle", "user:rivera", now_us)
        for order in registry_of(data).current():
            made = desk.open_request(
                "rivera", order.case_id, order.order_id, now_us, "weiss", (), "okafor", "weiss"
            ).made
            desk.check_request("brandt", made, [], now_us)
            if order == registry_of(data).current()[0]:
                drafted = {
                    "application_id": "A-1", "asked": "extension", "order_id": str(order.order_id),
                    "case_id": str(order.case_id), "agency": order.agency, "investigator": "rivera",
                    "prosecutor": "weiss", "days": 30, "results": "Two names; the place is not known.", "by": "rivera",
                }  # fmt: skip
                desk.record("application", drafted, now_us)
            if order.order_id != WAITS:
                desk.decide_request("brandt", made, True, now_us)
                desk.grant("chen", "rivera", order.case_id, now_us)
                with database.recorded(desk, now_us) as writing:
                    case, text = str(order.case_id), DEFAULT_INSTRUCTIONS
                    written = instructions.write(writing, case, text, 0, "SYS", wall_us())
                    instructions.sign(writing, "rivera", case, written.sha256, wall_us())
    return stations[0].token if stations else ""


async def _court(data: Path, clock: LineClock, stack: AsyncExitStack) -> dict[str, Any]:
    """The office of the court, beside the console; where it is asked."""
    keys = data / "console" / "keys"
    own_signing_key(keys, "console")
    config = CourtOfficeConfig(data_dir=data / "court_office", run=data, command_public_key=keys / "signing.pub")
    return await _beside(lambda ready, stop: serve(config, clock, ready, stop), stack)


async def _faults(data: Path, stack: AsyncExitStack) -> dict[str, Any]:
    """A fault proxy on a link that nobody uses; where it is asked, and its word."""
    word = data / "faults" / "word"
    word.parent.mkdir(parents=True, exist_ok=True)
    word.write_text(secrets.token_urlsafe())
    link = {"name": "hi2", "listen": {}, "to": {"host": "127.0.0.1", "port": 1}}
    config = FaultsConfig.model_validate({"data_dir": word.parent, "word_file": word, "links": [link]})
    place = await _beside(lambda ready, stop: run_faults(config, ready, stop), stack)
    return {"control": place, "word_file": word}


async def _beside(
    serve: Callable[[ReadyFn, asyncio.Event], Coroutine[Any, Any, None]], stack: AsyncExitStack
) -> dict[str, Any]:
    """A process's own work in this one, until the stack is closed; its control port."""
    stop, ready = asyncio.Event(), asyncio.Queue[Mapping[str, int]]()
    serving = asyncio.create_task(serve(ready.put_nowait, stop))

    async def end() -> None:
        stop.set()
        await serving

    stack.push_async_callback(end)
    return {"host": "127.0.0.1", "port": (await ready.get())["control"]}


def _config(data: Path, beside: Mapping[str, Any]) -> ConsoleConfig:
    ca = data / "ca"
    return ConsoleConfig.model_validate(
        {
            "data_dir": data / "console",
            "listen": {"tls": {"certificate": ca / "console.pem", "key": ca / "console.key", "ca": ca / "ca.pem"}},
            "lab_ca": ca / "ca.pem",
            "court_public_key": Stack(data).court.public_key_path,
            "hi1_inbox": data / "collector" / "hi1-inbox",
            "desk": {"data_dir": data / "desk", "pin_directory": desk_pins(data)},
            "collector": {"data_dir": data / "collector"},
            **beside,
            "policy": {"requests_per_s": 10_000, "attempts_per_minute": 1000},
        }
    )


async def _open_pages(context: BrowserContext, walk: Walk, token: str) -> None:
    """What is there before anybody signs in; then this browser is a station."""
    page = await context.new_page()
    for path in ("/sign-in", "/lab-ca", "/station"):
        await page.goto(f"{walk.base}{path}")
        await _picture(page, walk, path)
    await page.get_by_label("Enrolment token").fill(token)
    await page.get_by_role("button", name="Enrol this browser").click()
    await page.wait_for_url("**/sign-in")
    await page.close()


async def _sign_in(context: BrowserContext, walk: Walk, user: str) -> None:
    page = await context.new_page()
    await context.clear_cookies(name="__Host-session")
    await page.goto(f"{walk.base}/sign-in")
    await page.get_by_label("Id").fill(user)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{walk.base}/")
    await page.close()


async def _crawl(context: BrowserContext, walk: Walk) -> None:
    """Along the links, each declared page once."""
    page = await context.new_page()
    waiting, known, visits = [("/", 0), *((path, DEPTH) for path in TYPED)], {"/", *TYPED}, Counter[str]()
    while waiting:
        path, depth = waiting.pop(0)
        route = walk.route_of(urlsplit(path).path)
        if route is None or visits[route.path] >= VISITS:
            continue
        visits[route.path] += 1
        answer = await page.goto(f"{walk.base}{path}", wait_until="domcontentloaded")
        if answer is None or answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            continue
        await _picture(page, walk, route.path)
        links: Any = await page.eval_on_selector_all(
            "a[href^='/']:not([download])", "all => all.map(a => a.getAttribute('href'))"
        )
        links += [f"{link}/reports" for link in links if re.fullmatch(r"/privileged/cases/[^/]+", link)]
        for link in sorted(links, key=lambda one: SHOWN_FIRST not in one):
            if depth < DEPTH and link not in known and not _LEFT_OUT.match(link):
                known.add(link)
                waiting.append((link, depth + 1))
    await page.close()


async def _picture(page: Page, walk: Walk, route: str) -> None:
    if route in walk.seen or walk.only not in route:
        walk.seen.setdefault(route, "")
        return
    name = re.sub(r"[^a-z0-9]+", "-", route.lower()).strip("-") or "home"
    walk.seen[route] = name
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  one of the two it takes
        await page.wait_for_timeout(150)
        octets = await page.screenshot(animations="disabled")
        picture = Image.open(BytesIO(octets)).convert("RGB").quantize(COLOURS)
        picture.save(walk.out / f"{name}-{scheme}.png", optimize=True)
    print(f"{name}: {route}")


def _write_index(walk: Walk) -> None:
    """README.md beside the pictures."""
    lines = [
        "# Pages of the console",
        "",
        "SIMULATION. Made by `python -m tools.screenshots`; each page light and dark.",
        "",
    ]
    for route, name in sorted(walk.seen.items()):
        if (walk.out / f"{name}-light.png").exists() and name:
            lines += [
                f"## `{route}`",
                "",
                f"![{route}, light]({name}-light.png)",
                f"![{route}, dark]({name}-dark.png)",
                "",
            ]
    if not walk.only:
        (walk.out / "README.md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
