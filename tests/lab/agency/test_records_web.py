"""Record management over HTTP: signing in, tokens, what is escaped, who may bring something."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.console.headers import CONTENT_SECURITY_POLICY
from collector.store.audit_log import AuditLog, OneKey, read_audit
from lab.agency.records.config import SCHEDULE, RecordsConfig
from lab.agency.records.database import Database
from lab.agency.records.office import Office
from lab.agency.records.receiving import Receiving
from lab.agency.records.tables import PEOPLE
from lab.agency.records.web import COOKIE, MAX_FAILED, Web

T = 1_780_000_000_000_000
PASSWORD = "a-fictional-password"
EVIL = "<script>alert(1)</script>"


class Site:
    def __init__(self, client: TestClient[Any, Any], office: Office, receiving: Receiving, place: Path) -> None:
        self.client, self.office, self.receiving, self.place = client, office, receiving, place
        self.token = ""

    async def sign_in(self, user_id: str, password: str = PASSWORD) -> int:
        answer = await self.client.post(
            "/sign-in", data={"user_id": user_id, "password": password}, allow_redirects=False
        )
        cookie = answer.cookies.get(COOKIE)
        self.token = "" if cookie is None else cookie.value
        return answer.status

    async def get(self, path: str) -> tuple[int, str]:
        answer = await self.client.get(path, headers=self._headers(), allow_redirects=False)
        return answer.status, await answer.text()

    async def post(self, path: str, **fields: str) -> tuple[int, str]:
        answer = await self.client.post(path, data=fields, headers=self._headers(), allow_redirects=False)
        return answer.status, await answer.text()

    async def csrf(self) -> str:
        _, text = await self.get("/")
        return str(re.search(r'name="csrf" value="([0-9a-f]+)"', text)[1])  # type: ignore[index]

    def _headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.token}"} if self.token else {}

    def kinds(self) -> list[str]:
        return [one["kind"] for one in read_audit(self.place / "audit")]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    key = Ed25519PrivateKey.generate()
    database = Database(f"sqlite:///{tmp_path / 'r.sqlite'}")
    audit = AuditLog(tmp_path / "audit", OneKey(key), name="calea-lab/records")
    office = Office("CMS-1", tmp_path, database, audit, SCHEDULE, [bytes(32)], lambda: T)
    receiving = Receiving(office, key)
    config = RecordsConfig(data_dir=tmp_path, collector_key=tmp_path / "none", argon2_memory_kib=1024, argon2_passes=1)
    with ThreadPoolExecutor(1) as worker:
        pages = Web(office, receiving, worker, config)
        for user_id, role in (("rivera", "INV"), ("okafor", "SUP"), ("ames", "APO")):
            row = {"user_id": user_id, "role": role, "password": pages._passwords.hashed(PASSWORD)}
            database.put(PEOPLE, row)
        app = web.Application(middlewares=pages.middlewares())
        app.add_routes(pages.routes())
        pages.prepare(app)
        async with TestClient(TestServer(app)) as client:
            client.session.cookie_jar.clear()
            yield Site(client, office, receiving, tmp_path)
        pages.close()
    audit.close()
    database.close()


def brought(site: Site, **more: str) -> str:
    said = {"case": "C-1", "by": "rivera", "kind": "image", "device": "CAM1", "made_us": str(T - 5), **more}
    return str(site.receiving.item(b"picture", said)["item_id"])


@pytest.mark.rule("R-173")
async def test_nobody_sees_anything_who_is_not_signed_in(site: Site) -> None:
    brought(site)
    for path in ("/", "/cases/C-1?need=x", "/privacy"):
        status, text = await site.get(path)
        assert status == 303 and "CAM1" not in text
    assert (await site.post("/do/close", case_id="C-1"))[0] == 303
    assert (await site.client.post("/api/v1/search", json={})).status == 401
    assert await site.sign_in("rivera", "wrong") == 403 and await site.sign_in("nobody") == 403
    assert await site.sign_in("rivera") == 303
    status, text = await site.get("/")
    assert status == 200 and "C-1" in text and site.kinds().count("sign_in") == 3


async def test_an_account_waits_for_a_new_password_after_too_many_wrong_ones(site: Site) -> None:
    for _ in range(MAX_FAILED):
        await site.sign_in("rivera", "wrong")
    assert await site.sign_in("rivera") == 403 and await site.sign_in("okafor") == 303


async def test_attack_a_form_of_another_session_does_nothing(site: Site) -> None:
    brought(site)
    await site.sign_in("okafor")
    theirs = await site.csrf()
    await site.sign_in("okafor")
    for csrf in ("", theirs, "0" * 64):
        status, _ = await site.post("/do/dispose", csrf=csrf, case_id="C-1", outcome="SETTLED", classification="felony")
        assert status == 403
    assert (await site.post("/sign-out", csrf="x"))[0] == 403
    standing = site.office.database.standing("C-1")
    assert standing is not None and standing.disposition.outcome is None
    csrf = await site.csrf()
    fields = {"case_id": "C-1", "outcome": "SETTLED", "classification": "felony"}
    assert (await site.post("/do/dispose", csrf=csrf, **fields))[0] == 200
    assert (await site.post("/do/close", csrf=csrf, case_id="C-1"))[0] == 200
    assert (await site.post("/sign-out", csrf=csrf))[0] == 303 and (await site.get("/"))[0] == 303


async def test_attack_what_was_brought_in_is_text_and_runs_nowhere(site: Site) -> None:
    brought(site, device=EVIL, who=EVIL)
    await site.sign_in("rivera")
    for path in ("/cases/C-1?need=trial", f"/?need=trial&who={EVIL}", f"/cases/{EVIL}?need={EVIL}", f"/cases/{EVIL}"):
        answer = await site.client.get(path, headers={"Cookie": f"{COOKIE}={site.token}"})
        text = await answer.text()
        assert EVIL not in text and "<script" not in text
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_page_says_why_it_is_refused_and_a_case_opens_for_a_need(site: Site) -> None:
    brought(site)
    await site.sign_in("okafor")
    status, text = await site.get("/cases/C-1?need=trial")
    assert status == 403 and "R-073" in text
    await site.sign_in("rivera")
    status, text = await site.get("/cases/C-1")
    assert status == 200 and "CAM1" not in text and "need" in text
    status, text = await site.get("/cases/C-1?need=trial")
    assert status == 200 and "CAM1" in text and "Disclose" not in text
    site.office.incident("okafor", "C-9", "a secret of another case", None)
    status, text = await site.get("/privacy")
    assert status == 200 and "another case" not in text and "Requests of the public" not in text
    await site.sign_in("ames")
    status, text = await site.get("/privacy")
    assert (
        status == 200
        and "Requests of the public" in text
        and "another case" in text
        and "Disclosures in numbers" in text
    )


async def test_attack_nobody_without_the_certificate_brings_anything(site: Site) -> None:
    await site.sign_in("okafor")
    for path in ("/api/v1/packages?by=x&need=y", "/api/v1/items?case=C-1"):
        answer = await site.client.post(path, data=b"x", headers={"Cookie": f"{COOKIE}={site.token}"})
        assert answer.status == 403
    assert site.kinds().count("stranger") == 2 and not (site.place / "items").exists()


async def test_search_over_the_api_wants_the_sessions_token(site: Site) -> None:
    brought(site)
    await site.sign_in("rivera")
    csrf = await site.csrf()
    headers = {"Cookie": f"{COOKIE}={site.token}"}
    asked = {"need": "the trial", "kind": "image"}
    assert (await site.client.post("/api/v1/search", json=asked, headers=headers)).status == 403
    answer = await site.client.post("/api/v1/search", json=asked, headers={**headers, "X-CSRF": csrf})
    assert answer.status == 200 and [row["kind"] for row in (await answer.json())["rows"]] == ["image"]
    for wrong in ([1], {"need": 5}, {"need": "x", "from_us": "soon"}):
        answer = await site.client.post("/api/v1/search", json=wrong, headers={**headers, "X-CSRF": csrf})
        assert answer.status in (400, 403)


async def test_attack_deeds_that_no_form_has_are_not_there(site: Site) -> None:
    await site.sign_in("okafor")
    csrf = await site.csrf()
    for deed in ("read", "search", "public-request", "drop", "../give"):
        assert (await site.post(f"/do/{deed}", csrf=csrf))[0] == 404
