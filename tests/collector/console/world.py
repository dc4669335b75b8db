"""A console over a small store with known orders and calls, a desk with people of every role, and browsers to it.

The store, the court and the desk are made once a session (`make_template`) and the desk copied for each test, so that a
test may write to it. Clocks are by hand: `world.clock` is the law's, `world.wall` the machine's.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from argon2 import PasswordHasher

from collector.console.config import ConsoleConfig
from collector.console.memory import hash_of
from collector.console.pages import AREAS
from collector.console.service import Console, Opened
from collector.desk.database import DeskDatabase, credentials, stations
from collector.desk.desk import Desk
from collector.registry import Registry
from collector.store.private_files import read_public_key
from lab.desk import AGENCY, CAST, FACILITIES, OTHER_AGENCY
from mediation.law.access_facts import DeviceClass
from mediation.runtime.clock import ManualClock
from mediation.runtime.tls import make_lab_ca
from tests.collector.conftest import Client, Court, Lab, Records, now_us

DAY_US = 86_400_000_000
PASSWORD = "four plain words together"
CASE, OTHER_CASE, MISSING_CASE = "C-1", "C-2", "C-9"
PEOPLE = (*CAST, ("vega", "INV", AGENCY, "Detective Bureau"), ("novak", "OAG", OTHER_AGENCY, "Task force"))
"""Of every role that signs in. rivera is granted C-1, okafor supervises it; vega and novak know of nothing."""
STATIONS = {f"ST-{name}": name for name in FACILITIES}
POLICY = {"argon2_memory_kib": 8, "argon2_passes": 1, "attempts_per_minute": 1000, "requests_per_s": 10_000}


def make_template(root: Path) -> int:
    """Everything a test starts from; the time it was made at."""
    lab = Lab(root, Court(root))
    lab.court.issue("O-1", "LAB-0001", case_id=CASE, agency=AGENCY)
    lab.court.issue("O-2", "LAB-0002", kind="PRTT", services=[], case_id=CASE, agency=AGENCY)
    lab.court.issue("O-3", "LAB-0003", case_id=OTHER_CASE, agency=AGENCY)
    asyncio.run(_collected(lab))
    at_us = now_us()
    names = ("console", *STATIONS)
    make_lab_ca(root / "ca", names, at_us)
    make_desk(root, at_us)
    return at_us


async def _collected(lab: Lab) -> None:
    """Two calls and a message under the warrant, a call under the pen register, one of another case."""
    records = Records()
    running = await lab.start()
    client = await Client.connect(running.ports["hi2"])
    await client.send(
        *records.call("LAB-0001", 1),
        records.sms("LAB-0001", 2, "hello <b>you</b>"),
        *records.call("LAB-0001", 3, packets=4),
        records.sip("LAB-0002", 5),
        records.sip("LAB-0003", 7),
    )
    await client.barrier(records)
    await client.close()
    await running.end()


def make_desk(root: Path, at_us: int, *granted: tuple[str, str, str]) -> None:
    """A desk in `root` with everybody, their stations, and access: rivera to C-1, and `granted` (user, case, order)."""
    registry = Registry(root / "inbox", read_public_key(root / "court.pub"), reads_only=True)
    registry.reload()
    database = DeskDatabase.open(f"sqlite:///{root / 'desk' / 'desk.sqlite'}")
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with Desk.open(root / "desk", registry.current, pins=root / "pins") as desk:
        desk.record(
            "configuration_change",
            {"facilities": list(FACILITIES), "stations": STATIONS, "case_systems": ["CMS-1"], "by": "SYS"},
            at_us,
        )
        for name, role, agency, unit in PEOPLE:
            person = {
                "user_id": name, "person": f"LAB-{name}", "role": role, "agency": agency, "unit": unit,
                "trained_until_us": at_us + 365 * DAY_US, "background_check": role == "VEND",
                "access_control": role == "TARU", "by": "SYS",
            }  # fmt: skip
            desk.record("user", person, at_us)
        with database.recorded(desk, at_us) as writing:
            for name, *_ in PEOPLE:
                credentials.set_password(writing, name, hashed, "SYS", at_us)
            for station, facility in STATIONS.items():
                token = hash_of(f"token of {station}")
                stations.enrol(writing, station, facility, DeviceClass.CALEA_STATION, "lund", at_us, token_sha256=token)
        desk.enter("chen", "F1", DeviceClass.CALEA_STATION, at_us)
        for user, case, order in (("rivera", CASE, "O-1"), *granted):
            made = desk.open_request("rivera", case, order, at_us, "weiss", (user,), "okafor", "weiss").made
            assert desk.check_request("brandt", made, [], at_us).answer.allowed
            assert desk.decide_request("brandt", made, True, at_us).answer.allowed
            assert desk.grant("chen", user, case, at_us).answer.allowed
    database.close()


@dataclass
class Answer:
    status: int
    text: str
    headers: Mapping[str, str]
    url: str

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]*)"', self.text)
        return found[1] if found else ""


class Browser:
    """A browser as far as a server sees one: cookies, its origin, the token of the page it last saw."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.session = session
        self.base = base
        self.csrf = ""
        self.user = ""

    async def get(self, path: str, **more: Any) -> Answer:
        headers = {"Sec-Fetch-Dest": "document"} | more.pop("headers", {})
        return await self._ask("GET", path, headers=headers, **more)

    async def post(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """As a form of the page that was seen last sends it. A value that is a list is sent once each."""
        pairs = [("csrf", self.csrf)]
        for name, value in (fields or {}).items():
            pairs += [(name, one) for one in value] if isinstance(value, list | tuple) else [(name, value)]
        more.setdefault("data", aiohttp.FormData(pairs))
        headers = {"Origin": self.base} | more.pop("headers", {})
        return await self._ask("POST", path, headers=headers, **more)

    async def _ask(self, method: str, path: str, **more: Any) -> Answer:
        async with self.session.request(method, f"{self.base}{path}", allow_redirects=False, **more) as answer:
            found = Answer(answer.status, await answer.text(errors="replace"), answer.headers, str(answer.url))
        self.csrf = found.csrf or self.csrf
        return found

    def cookie(self, name: str) -> str:
        return next((one.value for one in self.session.cookie_jar if one.key == name), "")

    def put_cookie(self, name: str, value: str) -> None:
        jar = self.session.cookie_jar
        jar.update_cookies({name: value}, aiohttp.client.URL(self.base))

    async def sign_in(self, user: str, password: str = PASSWORD, code: str = "") -> Answer:
        answer = await self.post("/sign-in", {"user_id": user, "password": password, "code": code})
        if answer.status == 303:
            self.user = user
            await self.get("/")
        return answer


@dataclass
class World:
    """`opened` is the console itself, `base` its address."""

    root: Path
    template: Path
    clock: ManualClock
    wall: ManualClock
    opened: Opened
    base: str
    stack: AsyncExitStack
    signed_in: dict[tuple[str, str], Browser] = field(default_factory=dict)

    async def browser(self, station: str = "ST-F1", certificate: str = "") -> Browser:
        """One that nobody has signed in at; at no station when that is blank, by certificate where one is named."""
        context = ssl.create_default_context(cafile=str(self.template / "ca" / "ca.pem"))
        if certificate:
            context.load_cert_chain(
                self.template / "ca" / f"{certificate}.pem", self.template / "ca" / f"{certificate}.key"
            )
        connector = aiohttp.TCPConnector(ssl=context)
        session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar())
        await self.stack.enter_async_context(session)
        browser = Browser(session, self.base)
        if station and not certificate:
            browser.put_cookie("__Host-station", f"token of {station}")
        return browser

    async def as_(self, user: str, station: str = "ST-F1") -> Browser:
        """Somebody signed in at a station; once a test."""
        if (user, station) not in self.signed_in:
            browser = await self.browser(station)
            answer = await browser.sign_in(user)
            assert answer.status == 303, answer.text
            self.signed_in[user, station] = browser
        return self.signed_in[user, station]

    @property
    def desk(self) -> Path:
        return self.root / "desk"

    def entries(self, kind: str = "") -> list[dict[str, Any]]:
        """Of the desk's ledger, oldest first, as the console sees them."""
        return [one for one in self.opened.context.desk.entries if kind in ("", one["kind"])]


def config_of(root: Path, template: Path, **changes: Any) -> ConsoleConfig:
    ca = template / "ca"
    values: dict[str, Any] = {
        "data_dir": root / "console",
        "listen": {"tls": {"certificate": ca / "console.pem", "key": ca / "console.key", "ca": ca / "ca.pem"}},
        "lab_ca": ca / "ca.pem",
        "court_public_key": template / "court.pub",
        "hi1_inbox": template / "inbox",
        "desk": {"data_dir": root / "desk", "pin_directory": root / "pins"},
        "collector": {"data_dir": template / "collector"},
    }
    policy = POLICY | changes.pop("policy", {})
    return ConsoleConfig.model_validate(values | {"policy": policy} | changes)


async def open_world(root: Path, template: Path, at_us: int, stack: AsyncExitStack, **changes: Any) -> World:
    """A console of a test's own; `changes` are of its configuration, `areas` come to those it has, `clock` is another
    than one that stands."""
    for part in ("desk", "pins"):
        shutil.copytree(template / part, root / part)
    clock, wall = changes.pop("clock", None) or ManualClock(at_us), ManualClock(at_us)
    areas = (*AREAS, *changes.pop("areas", ()))
    opened = stack.enter_context(Console(config_of(root, template, **changes), clock, wall.now_us, areas).open())
    port = await opened.start(stack)
    return World(root, template, clock, wall, opened, f"https://localhost:{port}", stack)
