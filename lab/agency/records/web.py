"""Record management's pages and its API, in the console's style: its style sheet, macros, headers and passwords.

Rules. Everything but signing in is for who is signed in: an id and a password, a session that ends when nobody uses it,
a token in every form. A handler asks the office, which decides and puts it on record; the page shows the answer with
its rules. Nothing runs inline, nothing is escaped by hand, and what was brought in is text or a download, never a page.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, TypeVar, cast

import aiohttp_jinja2
import jinja2
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from asn1.errors import LabError, RefusedError
from collector.console.headers import put_headers
from collector.console.passwords import Passwords
from collector.console.rendering import duration, octets, us_iso, utc
from collector.console.static_files import StaticFiles
from lab.agency.records.config import RecordsConfig
from lab.agency.records.deeds import DEEDS, Asked
from lab.agency.records.law import ROLES, Task
from lab.agency.records.office import Done, Office
from lab.agency.records.receiving import MAX_ITEM_OCTETS, Receiving
from lab.agency.records.tables import INCIDENTS, PEOPLE, REQUESTS, SESSIONS
from mediation.law.access_facts import Purpose
from mediation.law.actors import Role
from mediation.law.disclosure import DisclosureGround, Outcome, Recipient
from mediation.runtime.status import peer_names

COOKIE: Final = "__Host-records"
HAND_OFF: Final = "hand-off"
DEVICES: Final = "devices"
"""Whose certificates bring packages, and what devices were read out into."""
MAX_FAILED: Final = 8
"""Wrong passwords in a row; then the account waits for a new one."""
FORM_OCTETS: Final = 64 * 1024
ITEM_FIELDS: Final = ("case", "by", "kind", "device", "made_us", "who")
_BOOLEANS: Final = frozenset(
    {
        "appeal_pending", "release", "identity_confirmed", "affiliation_confirmed", "has_jurisdiction", "discovery",
        "harm_likely",
    }
)  # fmt: skip
_PAGES: Final = ("give", "verify", "dispose", "close", "share", "agree", "review", "incident", "report", "told")
"""Deeds that a form may do."""
T = TypeVar("T")


class Me:
    """Who is signed in."""

    def __init__(self, row: Mapping[str, Any], role: str) -> None:
        self.user_id, self.csrf, self.role = str(row["user_id"]), str(row["csrf"]), Role(role)

    def may(self, task: Task) -> bool:
        return self.role in ROLES[task]


ME: Final = web.RequestKey("me", Me)


class Web:
    def __init__(self, office: Office, receiving: Receiving, worker: ThreadPoolExecutor, config: RecordsConfig) -> None:
        self._office = office
        self._receiving = receiving
        self._worker = worker
        self._idle_us = int(config.idle_s * 1e6)
        self._passwords = Passwords(config.argon2_memory_kib, config.argon2_passes)
        self._static = StaticFiles()

    def close(self) -> None:
        self._passwords.close()

    def prepare(self, app: web.Application) -> None:
        app.on_response_prepare.append(put_headers)
        aiohttp_jinja2.setup(
            app,
            loader=jinja2.ChoiceLoader(
                [jinja2.PackageLoader("lab.agency.records"), jinja2.PackageLoader("collector.console")]
            ),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            filters={"utc": utc, "us_iso": us_iso, "duration": duration, "octets": octets},
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/static/{version}/{name:.+}", self._file),
            web.get("/sign-in", self._sign_in_page),
            web.post("/sign-in", self._sign_in),
            web.post("/sign-out", self._sign_out),
            web.get("/", self._home),
            web.get("/cases/{case_id}", self._case),
            web.get("/privacy", self._privacy),
            web.post("/do/{deed}", self._deed),
            web.post("/api/v1/packages", self._package),
            web.post("/api/v1/items", self._item),
            web.post("/api/v1/search", self._api_search),
        ]

    def middlewares(self) -> Sequence[Middleware]:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            path = request.path
            if path.startswith(("/static/", "/api/v1/packages", "/api/v1/items")) or path == "/sign-in":
                return await handler(request)
            me = await self._blocking(self._whose, request.cookies.get(COOKIE, ""))
            if me is None:
                return self._to_sign_in(request)
            request[ME] = me
            return await handler(request)

        return (guard,)

    async def _blocking(self, work: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, partial(work, *given))

    # Signing in

    @staticmethod
    def _to_sign_in(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            return web.json_response({"error": "Sign in first."}, status=401)
        raise web.HTTPSeeOther("/sign-in")

    def _whose(self, token: str) -> Me | None:
        database, now_us = self._office.database, time.time_ns() // 1000
        row = database.one(SESSIONS, session=_hash(token)) if token else None
        if row is None or row["ended_us"] is not None or now_us - row["seen_us"] > self._idle_us:
            return None
        role = database.role(row["user_id"])
        database.set(SESSIONS, {"session": row["session"]}, {"seen_us": now_us})
        return None if role is None else Me(row, role)

    async def _sign_in_page(self, request: web.Request) -> web.Response:
        return self._page(request, "sign_in.html", None, {"fault": ""})

    async def _sign_in(self, request: web.Request) -> web.Response:
        form = await _form(request)
        user_id, password = form.get("user_id", "").strip()[:64], form.get("password", "")
        row = await self._blocking(self._account, user_id)
        open_ = row is not None and row["failed"] < MAX_FAILED
        right = await self._passwords.verify(row["password"] if row is not None and open_ else None, password)
        await self._blocking(self._tried, user_id, row, right)
        if not right:
            says = "This is not the id and password of anybody here, or the account waits for a new password."
            return self._page(request, "sign_in.html", None, {"fault": says}, 403)
        token = secrets.token_urlsafe(32)
        await self._blocking(self._begin, user_id, token)
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict")
        return answer

    def _account(self, user_id: str) -> Mapping[str, Any] | None:
        return self._office.database.one(PEOPLE, user_id=user_id) if user_id else None

    def _tried(self, user_id: str, row: Mapping[str, Any] | None, right: bool) -> None:
        if row is not None:
            failed = 0 if right else row["failed"] + 1
            self._office.database.set(PEOPLE, {"user_id": user_id}, {"failed": failed})
        self._office.put("sign_in", {"by": user_id, "decision": "ALLOWED" if right else "DENIED", "rules": ["R-173"]})

    def _begin(self, user_id: str, token: str) -> None:
        now_us = time.time_ns() // 1000
        row = {"session": _hash(token), "user_id": user_id, "csrf": secrets.token_hex(32), "seen_us": now_us}
        self._office.database.put(SESSIONS, row)

    async def _sign_out(self, request: web.Request) -> web.Response:
        await self._checked(request)
        key = {"session": _hash(request.cookies.get(COOKIE, ""))}
        await self._blocking(self._office.database.set, SESSIONS, key, {"ended_us": time.time_ns() // 1000})
        answer = web.Response(status=303, headers={"Location": "/sign-in"})
        answer.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
        return answer

    # Pages

    async def _home(self, request: web.Request) -> web.Response:
        me, query = request[ME], request.query
        rows: Done | None = None
        if query.get("need"):
            asked = {name: query.get(name, "")[:200] for name in ("case_id", "who", "kind")}
            rows = await self._blocking(self._office.search, me.user_id, query["need"][:400], asked)
        cases = await self._blocking(self._office.database.open_to, me.user_id)
        asked = {name: query.get(name, "") for name in ("case_id", "who", "kind", "need")}
        values = {"cases": cases, "found": rows, "asked": asked, "searches": me.may(Task.SEARCH)}
        return self._page(request, "home.html", me, values)

    async def _case(self, request: web.Request) -> web.Response:
        me, case_id = request[ME], request.match_info["case_id"][:128]
        need = request.query.get("need", "")[:400]
        if not need:
            return self._page(request, "need.html", me, {"case_id": case_id})
        done = await self._blocking(self._office.read, me.user_id, case_id, need)
        if not done.answer.allowed:
            return self._page(request, "refused.html", me, {"done": done.as_json()}, 403)
        words: dict[str, Any] = {
            "case": done.made, "need": need, "tasks": {task.name for task in Task if me.may(task)},
            "outcomes": {one.name: str(one) for one in Outcome},
            "recipients": {str(one): str(one).replace("_", " ") for one in Recipient},
            "purposes": {str(one): str(one) for one in Purpose},
            "grounds": {str(number): f"{number} {one}" for number, one in enumerate(DisclosureGround, 1)},
        }  # fmt: skip
        return self._page(request, "case.html", me, words)

    async def _privacy(self, request: web.Request) -> web.Response:
        me = request[ME]
        if not (me.may(Task.REVIEW) or me.may(Task.NOTICE)):
            return self._page(request, "refused.html", me, {"done": _no_task()}, 403)
        requests: list[Mapping[str, Any]] = []
        incidents: list[Mapping[str, Any]] = []
        summary = None
        # Who may only say that something went wrong learns nothing of other cases here.
        if me.may(Task.SUMMARY):
            requests += await self._blocking(self._office.database.all, REQUESTS)
            incidents += await self._blocking(self._office.database.all, INCIDENTS)
            done = await self._blocking(DEEDS["summary"], self._office, Asked({"by": me.user_id}))
            summary = done.made["counts"]
        tasks = {task.name for task in Task if me.may(task)}
        values = {"requests": requests, "incidents": incidents, "summary": summary, "tasks": tasks}
        return self._page(request, "privacy.html", me, values)

    async def _deed(self, request: web.Request) -> web.Response:
        me, form = request[ME], await self._checked(request)
        deed = request.match_info["deed"]
        if deed not in _PAGES:
            raise web.HTTPNotFound
        fields: dict[str, Any] = {name: value == "true" if name in _BOOLEANS else value for name, value in form.items()}
        if form.get("what"):
            fields["what"] = form["what"].split()
        try:
            done = await self._blocking(DEEDS[deed], self._office, Asked({**fields, "by": me.user_id}))
        except RefusedError as error:
            done_json: dict[str, Any] = {"allowed": False, "against": [{"code": "", "rule": "", "says": str(error)}]}
            return self._page(request, "refused.html", me, {"done": done_json}, 403)
        template = "done.html" if done.answer.allowed else "refused.html"
        return self._page(request, template, me, {"done": done.as_json()}, 200 if done.answer.allowed else 403)

    async def _checked(self, request: web.Request) -> dict[str, str]:
        """A form of this session's own."""
        form = await _form(request)
        if not secrets.compare_digest(form.pop("csrf", "").encode(), request[ME].csrf.encode()):
            raise web.HTTPForbidden(text="The form is not of this session: go back, load the page again and repeat.")
        return form

    def _page(
        self, request: web.Request, template: str, me: Me | None, values: Mapping[str, Any], status: int = 200
    ) -> web.Response:
        common = {
            "me": me,
            "csrf_token": "" if me is None else me.csrf,
            "static": self._static.url,
            "system": self._office.name,
            "privacy": me is not None and (me.may(Task.REVIEW) or me.may(Task.NOTICE)),
        }
        text = aiohttp_jinja2.render_string(template, request, {**common, **values})
        return web.Response(text=text, content_type="text/html", status=status)

    async def _file(self, request: web.Request) -> web.Response:
        found = self._static.find(request.match_info["version"], request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        caching = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Type": found.content_type}
        return web.Response(body=found.octets, headers=caching)

    # What is brought in

    async def _package(self, request: web.Request) -> web.Response:
        if HAND_OFF not in (peer_names(request) or ()):
            return await self._stranger(request)
        query = request.query
        with TemporaryFile() as file:
            async for piece in request.content.iter_chunked(1 << 18):
                file.write(piece)
            file.seek(0)
            stream = cast("BinaryIO", file)
            given = (stream, query.get("by", ""), query.get("investigator", ""), query.get("need", ""))
            return await self._answered(self._receiving.package, *given)

    async def _item(self, request: web.Request) -> web.Response:
        if DEVICES not in (peer_names(request) or ()):
            return await self._stranger(request)
        body = bytearray()
        async for piece in request.content.iter_chunked(1 << 18):
            body += piece
            if len(body) > MAX_ITEM_OCTETS:
                return web.json_response({"error": f"An item has at most {MAX_ITEM_OCTETS} octets."}, status=413)
        said = {name: request.query.get(name, "") for name in ITEM_FIELDS}
        return await self._answered(self._receiving.item, bytes(body), said)

    async def _stranger(self, request: web.Request) -> web.Response:
        names = sorted(peer_names(request) or ())
        await self._blocking(
            self._office.put, "stranger", {"path": request.path, "certificate": names, "rules": ["R-151"]}
        )
        return web.json_response({"error": "Only who is known by certificate brings something here."}, status=403)

    async def _api_search(self, request: web.Request) -> web.Response:
        """`{"need", "case_id", "who", "kind", "from_us", "until_us"}`; the session's token in X-CSRF."""
        me = request[ME]
        if not secrets.compare_digest(request.headers.get("X-CSRF", "").encode(), me.csrf.encode()):
            return web.json_response({"error": "X-CSRF is not of this session."}, status=403)
        try:
            asked = await request.json()
        except ValueError:
            return web.json_response({"error": "The body is a JSON object."}, status=400)
        if not isinstance(asked, dict):
            return web.json_response({"error": "The body is a JSON object."}, status=400)
        return await self._answered(lambda: DEEDS["search"](self._office, Asked({**asked, "by": me.user_id})).as_json())

    async def _answered(self, work: Callable[..., Mapping[str, Any]], *given: object) -> web.Response:
        try:
            done = await self._blocking(work, *given)
        except RefusedError as error:
            return web.json_response({"error": str(error)}, status=403)
        except LabError as error:
            return web.json_response({"error": str(error)}, status=409)
        return web.json_response(dict(done), status=200 if done.get("allowed", True) else 403)


def _no_task() -> dict[str, Any]:
    says = "This page is for the privacy officer, and for who may say that a disclosure was improper."
    return {"allowed": False, "against": [{"code": "ACCESS_DENIED_ROLE", "rule": "R-173", "says": says}]}


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or 0) > FORM_OCTETS:
        raise web.HTTPBadRequest(text="A form of at most 64 KiB is expected.")
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
