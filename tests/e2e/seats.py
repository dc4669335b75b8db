"""A scripted trainee: at a station, over the console's pages, as a browser asks. Nothing of it knows the score.

`Seat` is one person in one browser; each method is one thing that a person does.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.collector.console.world import Answer, Browser

PASSWORD = "four plain words together"


@dataclass
class Seat:
    """`number` is the trainee's in the class."""

    browser: Browser
    user_id: str
    number: int

    async def come_in(self, password: str, station_token: str) -> None:
        """Enrol the station, sign in, choose a password."""
        await self.browser.get("/station")
        await self.done("/station", {"token": station_token})
        await self.browser.get("/sign-in")
        assert (await self.browser.sign_in(self.user_id, password)).status == 303
        await self.browser.get("/account/password")
        await self.done("/account/password", {"old": password, "new": PASSWORD, "again": PASSWORD})
        await self.browser.get("/")

    async def done(self, path: str, fields: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        answer = await self.browser.post(path, fields, **more)
        assert answer.status in (200, 303), f"{self.user_id} {path}: {answer.status} {_words(answer.text)}"
        return answer

    async def page(self, path: str) -> str:
        answer = await self.browser.get(path)
        assert answer.status == 200, f"{self.user_id} {path}: {answer.status} {_words(answer.text)}"
        return answer.text

    # An investigator's

    async def asks_for_access(self, case_id: str, order_id: str) -> str:
        """With the supervisor's name and a paper; the request."""
        asked = {"case_id": case_id, "order_id": order_id, "document_author": "weiss", "supervisor": "okafor"}
        answer = await self.done("/my-requests", asked | {"prosecutor": "weiss"})
        request = answer.location.rpartition("/")[2]
        await self.page(answer.location)
        form = aiohttp.FormData({"csrf": self.browser.csrf})
        form.add_field("paper", b"the application and the order (fictional)", filename="papers.txt")
        await self.done(f"/my-requests/{request}/papers", data=form)
        return request

    async def signs_instructions(self, case_id: str) -> None:
        text = await self.page(f"/cases/{case_id}/instructions")
        shown = re.search(r'name="sha256" value="([0-9a-f]*)"', text)
        await self.done(f"/cases/{case_id}/instructions/sign", {"sha256": shown[1] if shown else ""})

    async def call(self, case_id: str, which: int = 0) -> str:
        """The address of the case's first call, or of a later one."""
        found: list[str] = []
        for _ in range(100):
            text = await self.page(f"/cases/{case_id}?kind=CALL&sort=begin")
            found = sorted(set(re.findall(rf"/cases/{case_id}/calls/[^/\"?]+/\d+", text)), key=_cin)
            if len(found) > which:
                return found[which]
            await asyncio.sleep(0.1)
        raise AssertionError(f"{self.user_id} sees {len(found)} calls of {case_id}")

    @contextlib.asynccontextmanager
    async def listening(self, call: str) -> AsyncIterator[asyncio.Task[bytes]]:
        """The ear at the line, until it is cut off or taken away; the task ends with what was heard last."""
        url = f"{self.browser.base}{call}/listen?channel=mixed"
        async with self.browser.session.get(url) as answer:
            assert answer.status == 200, f"{self.user_id} listens to {call}: {answer.status}"
            hearing = asyncio.create_task(_hear(answer))
            try:
                yield hearing
            finally:
                hearing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await hearing

    async def minimises(self, call: str, act: str) -> None:
        await self.page(call)
        await self.done(f"{call}/minimise", {"act": act, "mode": "live-only"})

    async def marks_privileged(self, call: str) -> None:
        await self.page(call)
        await self.done(f"{call}/privileged", {"on": "true", "reason": "0133 is the lawyer"})

    async def proves(self, case_id: str, sequence: int) -> str:
        await self.page(f"/cases/{case_id}/records/{sequence}")
        return await self.page(f"/cases/{case_id}/records/{sequence}/proof")

    async def reports(self, case_id: str) -> None:
        await self.page(f"/cases/{case_id}/reports")
        words = {"progress": "two participants are known by number now", "need": "where they meet is not known"}
        await self.done(f"/cases/{case_id}/reports", {"kind": "ten_day", "format": "html"} | words)

    # The technical unit's

    async def request_of(self, case_id: str, newest: bool = False) -> str:
        """The address of the request on a case: the first, or the newest."""
        text = await self.page("/requests?sort=request_id&dir=asc")
        rows = re.findall(r"<tr>.*?</tr>", text, re.DOTALL)
        found = [re.search(r'href="(/requests/[^"/?]+)"', row) for row in rows if re.search(rf">\s*{case_id}\s*<", row)]
        named = sorted({one[1] for one in found if one}, key=lambda path: int(path.rpartition("-")[2]))
        assert named, f"{self.user_id} sees no request on {case_id}"
        return named[-1] if newest else named[0]

    async def checks(self, request: str) -> None:
        await self.page(request)
        await self.done(f"{request}/check")

    async def decides(self, request: str, accepted: bool, reason: str) -> None:
        await self.page(request)
        await self.done(f"{request}/decide", {"accepted": "true" if accepted else "false", "reason": reason})

    async def grants(self, user_id: str, case_id: str) -> None:
        await self.page("/grants")
        await self.done("/grants", {"user_id": user_id, "case_id": case_id})

    async def acknowledges(self, says: str) -> None:
        """The alarm of Health that says so."""
        text = await self.page("/health")
        rows = [row for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if all(one in row for one in says.split())]
        found = re.search(r'name="alarm_id" value="([^"]+)"', "".join(rows))
        assert found is not None, f"{self.user_id} sees no alarm {says} to acknowledge"
        await self.done("/health/acknowledge", {"alarm_id": found[1], "note": "seen, and told"})

    async def seals(self, order_id: str, case_id: str) -> None:
        await self.page(f"/orders/{order_id}")
        words = {"case_id": case_id, "direction": "JD-08", "custody": "court vault 3 (fictional)"}
        await self.done(f"/orders/{order_id}/seal", words)


async def seat(stack: contextlib.AsyncExitStack, base: str, ca: Path, user_id: str, number: int) -> Seat:
    """Somebody in a browser that nobody has used yet."""
    context = ssl.create_default_context(cafile=str(ca))
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context), cookie_jar=aiohttp.CookieJar(unsafe=True)
    )
    await stack.enter_async_context(session)
    return Seat(Browser(session, base.rstrip("/")), user_id, number)


async def _hear(answer: aiohttp.ClientResponse) -> bytes:
    last = b""
    async for part in answer.content.iter_any():
        last = part
    return last


def _cin(path: str) -> int:
    return int(path.rpartition("/")[2])


def _words(html: str) -> str:
    main = html[html.find("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main))[:400]
