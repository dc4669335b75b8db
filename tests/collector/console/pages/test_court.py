"""What becomes of an order in the browser: applied for, sworn, extended, revoked, approved, denied, begun at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from lab.court import Court
from lab.paths import RunPaths
from tests.collector.console.courthouse import open_courthouse
from tests.collector.console.pages.test_orders import upload
from tests.collector.console.world import CASE, DAY_US, OTHER_CASE, World

HOUR_US = 3_600_000_000
APPLY = {
    "case_id": CASE,
    "order_id": "O-1",
    "asked": "extension",
    "other": "weiss",
    "days": "30",
    "results": "two names",
}
EXIGENT = {
    "kind": "EXIGENT_EAV_STATE", "case_id": "C-7", "target": "+12125550199", "services": ["VOICE", "SMS"], "days": "10",
    "complaint_number": "LAB-77", "purpose": "criminal investigation", "requesting_unit": "Detective Bureau",
    "supervisor": "okafor", "reasons": "a life is in danger", "declared_by": "rivera", "offence": "PL 125.25",
    "emergency": "true", "urgent_need": "true", "primary_purpose": "true", "grounds": ["danger_of_death"],
    "standard": "probable_cause", "prosecutor": "weiss",
}  # fmt: skip


@pytest.fixture
async def courthouse(
    quick_path: Path, template: tuple[Path, int], open_console: Callable[..., Awaitable[World]]
) -> AsyncIterator[tuple[World, Court]]:
    async with AsyncExitStack() as stack:
        yield await open_courthouse(quick_path, template[1], open_console, stack)


def acts(console: World) -> list[str]:
    return [one["fields"]["act"] for one in console.entries("court_act")]


@pytest.mark.rule("R-011", "R-013", "R-014", "R-054")
async def test_an_extension_is_sworn_by_two_and_granted_by_the_judge(courthouse: tuple[World, Court]) -> None:
    console, court = courthouse
    rivera, weiss, adair = await console.as_("rivera"), await console.as_("weiss", ""), await console.as_("adair", "")
    refused = await rivera.post("/applications", APPLY | {"results": ""})
    assert refused.status == 409 and "R-013" in refused.text
    assert (await rivera.post("/applications", APPLY | {"other": "chen"})).status == 400, "the prosecutor swears it too"
    asked = await rivera.post("/applications", APPLY)
    assert (asked.status, asked.location) == (303, "/applications/A-1"), asked.text
    assert (await upload(rivera, "/applications/A-1/papers", "sworn.pdf", b"%PDF")).status == 303
    early = await adair.post("/court/O-1/extend", {"application_id": "A-1"})
    assert early.status == 409 and "R-054" in early.text
    assert console.entries("case_refused")[-1]["fields"]["rule_ids"] == ["R-054"]
    assert (await weiss.post("/applications/A-1/swear")).status == 303
    page = await adair.get("/court/O-1")
    assert "sworn by both" in page.text and "sworn.pdf" in page.text
    kept = await adair.get("/court/O-1/applications/A-1/papers/1")
    assert (kept.status, kept.text) == (200, "%PDF")
    before = next(one for one in console.opened.context.desk.orders if one.order_id == "O-1")
    done = await adair.post("/court/O-1/extend", {"application_id": "A-1"})
    assert (done.status, done.location) == (303, "/court/O-1"), done.text
    order = next(one for one in console.opened.context.desk.orders if one.order_id == "O-1")
    assert order.version == 2 and order.extensions_us == (before.window.end_us,)
    papers = [one.papers for one in court.documents() if one.order.order_id == "O-1"][-1]
    assert papers is not None and papers.extensions[-1].results == "two names"
    assert papers.extensions[-1].investigator == "rivera"
    again = await adair.post("/court/O-1/extend", {"application_id": "A-1"})
    assert again.status == 409, "an application is decided once"
    assert "granted" in (await weiss.get("/applications/A-1")).text
    assert acts(console) == ["extend"]


@pytest.mark.rule("R-012", "R-015")
async def test_an_extension_after_the_end_is_refused_by_the_court_and_that_is_on_record(
    courthouse: tuple[World, Court],
) -> None:
    console, _ = courthouse
    rivera, weiss = await console.as_("rivera"), await console.as_("weiss", "")
    await rivera.post("/applications", APPLY)
    await weiss.post("/applications/A-1/swear")
    console.clock.advance(25 * DAY_US)
    adair = await console.as_("adair", "")
    late = await adair.post("/court/O-1/extend", {"application_id": "A-1"})
    assert late.status == 409 and "R-012" in late.text
    refused = console.entries("case_refused")[-1]["fields"]
    assert (refused["act"], refused["codes"], refused["by"]) == ("extend", ["COURT_REFUSED"], "adair")
    assert (await adair.post("/court/O-1/refuse", {"application_id": "A-1", "reason": "too late"})).status == 303
    assert "not granted" in (await rivera.get("/applications/A-1")).text


@pytest.mark.rule("R-019", "R-074")
async def test_a_revocation_ends_the_order_now(courthouse: tuple[World, Court]) -> None:
    console, _ = courthouse
    adair, chen = await console.as_("adair", ""), await console.as_("chen")
    assert (await adair.post("/court/O-1/revoke", {})).status == 400, "a reason is needed"
    assert (await adair.post("/court/O-1/revoke", {"reason": "no longer needed"})).status == 303
    order = next(one for one in console.opened.context.desk.orders if one.order_id == "O-1")
    assert order.effective_window.end_us == console.clock.now_us()
    assert "REVOKED" in (await chen.get("/orders/O-1")).text
    assert (await adair.post("/court/O-1/revoke", {"reason": "again"})).status == 409


@pytest.mark.rule("R-030", "R-034", "R-045", "R-037")
async def test_exigent_start_by_an_investigator_its_clock_and_its_lapse(courthouse: tuple[World, Court]) -> None:
    console, court = courthouse
    rivera, chen, adair = await console.as_("rivera"), await console.as_("chen"), await console.as_("adair", "")
    assert "order within 24 hours" in (await rivera.get("/exigent")).text
    no_danger = await rivera.post("/exigent", EXIGENT | {"grounds": ["flight"]})
    assert no_danger.status == 403 and "R-030" in no_danger.text, "flight alone is not exigent"
    no_paper = await rivera.post("/exigent", EXIGENT | {"complaint_number": ""})
    assert no_paper.status == 403 and "R-045" in no_paper.text
    weak = await rivera.post("/exigent", EXIGENT | {"standard": "reasonable_belief"})
    assert weak.status == 403
    assert court.newest_version("O-4") == 0, "nothing began"
    begun = await rivera.post("/exigent", EXIGENT)
    assert begun.status == 303 and begun.location == "/my-requests/Q-2", begun.text
    assert (await upload(rivera, "/my-requests/Q-2/papers", "declaration.pdf", b"%PDF")).status == 303
    request = console.opened.context.desk.state.requests["Q-2"]
    assert (request.order_id, request.case_id, request.users) == ("O-4", "C-7", {"rivera"})
    page = await chen.get("/orders/O-4")
    assert page.status == 200 and "emergency order due in" in page.text
    assert "O-4" in (await chen.get("/exigent")).text
    assert "order due in" in (await adair.get("/court")).text
    console.clock.advance(24 * HOUR_US + 1)
    assert "lapsed" in (await chen.get("/orders/O-4")).text
    late = await adair.post("/court/O-4/approve", {"reason": "late"})
    assert late.status == 409 and "R-042" in late.text


@pytest.mark.rule("R-033", "R-034")
async def test_the_emergency_order_comes_in_time_or_is_denied(courthouse: tuple[World, Court]) -> None:
    console, _ = courthouse
    chen, adair = await console.as_("chen"), await console.as_("adair", "")
    for case in ("C-7", "C-8"):
        begun = await chen.post("/exigent", EXIGENT | {"case_id": case})
        assert begun.status == 303 and begun.location.startswith("/orders/O-"), begun.text
    assert (await upload(chen, "/orders/O-4/papers", "declaration.pdf", b"%PDF")).status == 303
    assert "declaration.pdf" in (await chen.get("/orders/O-4")).text
    console.clock.advance(5 * HOUR_US)
    done = await adair.post("/court/O-4/approve", {"reason": "issued"})
    assert done.status == 303, done.text
    assert (await adair.post("/court/O-5/deny", {"reason": "no danger"})).status == 303
    orders = {one.order_id: one for one in console.opened.context.desk.orders}
    assert orders["O-4"].exigent is not None and orders["O-4"].exigent.order_issued_at_us == console.clock.now_us()
    assert orders["O-5"].effective_window.end_us == console.clock.now_us()
    assert acts(console) == ["begin", "begin", "approve", "deny"]


@pytest.mark.rule("R-009", "R-039", "R-040")
@pytest.mark.parametrize("what", ["obtained", "ended", "terminate"])
async def test_the_technical_unit_tells_the_court_that_a_use_is_over(
    courthouse: tuple[World, Court], what: str
) -> None:
    console, _ = courthouse
    chen = await console.as_("chen")
    await chen.post("/exigent", EXIGENT)
    console.clock.advance(HOUR_US)
    form = {"case_id": "C-7", "what": what, "reason": "it is"}
    assert (await chen.post("/orders/O-4/ends", form | {"what": "revoke"})).status == 400
    assert (await chen.post("/orders/O-4/ends", form | {"case_id": CASE})).status == 404
    assert (await chen.post("/orders/O-4/ends", form)).status == 303
    order = next(one for one in console.opened.context.desk.orders if one.order_id == "O-4")
    assert order.effective_window.end_us == console.clock.now_us()


@pytest.mark.rule("R-027", "SD-7")
async def test_attack_the_judge_s_acts_are_the_judge_s_alone(courthouse: tuple[World, Court]) -> None:
    console, court = courthouse
    for user in ("rivera", "okafor", "chen", "lund", "weiss", "doyle"):
        browser = await console.as_(user)
        for act in ("extend", "approve", "deny", "revoke", "release", "refuse"):
            answer = await browser.post(f"/court/O-1/{act}", {"reason": "mine", "application_id": "A-1"})
            assert answer.status == 403, (user, act)
        assert (await browser.get("/court/O-1")).status == 403
    adair = await console.as_("adair", "")
    assert (await adair.get(f"/cases/{CASE}")).status == 404, "and the judge reads nothing that was collected"
    assert court.newest_version("O-1") == 1


async def test_attack_an_application_about_a_case_that_is_not_theirs_is_one_about_none(
    courthouse: tuple[World, Court],
) -> None:
    console, _ = courthouse
    rivera, vega = await console.as_("rivera"), await console.as_("vega")
    texts = {
        (await rivera.post("/applications", APPLY | {"case_id": case, "order_id": order})).text
        for case, order in ((OTHER_CASE, "O-3"), ("C-99", "O-99"), (CASE, "O-3"))
    }
    assert len(texts) == 1
    await rivera.post("/applications", APPLY)
    assert (await vega.get("/applications/A-1")).status == 404
    assert (await vega.post("/applications/A-1/swear")).status == 404


async def test_attack_without_the_token_of_the_page_nothing_is_signed(courthouse: tuple[World, Court]) -> None:
    console, court = courthouse
    adair, chen = await console.as_("adair", ""), await console.as_("chen")
    writes = (
        (adair, "/court/O-1/revoke", {"reason": "x"}),
        (chen, "/exigent", EXIGENT),
        (chen, "/orders/O-1/hand-off", {"case_id": CASE, "to": "CMS-1", "need": "x"}),
        (chen, "/orders/O-1/ends", {"case_id": CASE, "what": "terminate", "reason": "x"}),
    )
    for browser, path, form in writes:
        # An error page has the token of the session too.
        browser.csrf = "0" * 64
        assert (await browser.post(path, form)).status == 403, path
    elsewhere = {"Origin": "https://evil.invalid"}
    assert (await adair.post("/court/O-1/revoke", {"reason": "x"}, headers=elsewhere)).status == 403
    assert court.newest_version("O-1") == 1


@pytest.mark.rule("R-130", "R-131", "R-142", "R-145", "R-149", "R-173")
async def test_an_ended_order_is_sealed_handed_off_and_closed_each_on_the_court_s_documents(
    courthouse: tuple[World, Court],
) -> None:
    console, court = courthouse
    console.clock.advance(25 * DAY_US)
    chen, okafor = await console.as_("chen"), await console.as_("okafor")
    seal = {"case_id": CASE, "direction": "DIR-1", "custody": "court vault"}
    hand = {"case_id": CASE, "to": "CMS-1", "need": "the case file", "receipt": "CMS-1/77"}
    close = {"case_id": CASE, "disposition": "no_arrest", "classification": "felony"}
    early = await okafor.post("/orders/O-1/hand-off", hand)
    assert early.status == 409 and "R-131" in early.text, "it is sealed first"
    assert (await chen.post("/orders/O-1/seal", seal)).status == 303
    early = await chen.post("/orders/O-1/close", close)
    assert early.status == 409 and "R-130" in early.text, "it is handed off first"
    assert (await okafor.post("/orders/O-1/hand-off", hand | {"to": "CMS-9"})).status == 403, "R-173"
    assert (await okafor.post("/orders/O-1/hand-off", hand | {"need": "immigration enforcement"})).status == 403
    page = await okafor.get(f"/cases/{CASE}/custody")
    assert page.status == 200 and "Hand O-1 off" in page.text and "court vault" in page.text
    handed = await okafor.post("/orders/O-1/hand-off", hand | {"back": f"/cases/{CASE}/custody"})
    assert (handed.status, handed.location) == (303, f"/cases/{CASE}/custody"), handed.text
    entry = console.entries("export")[-1]["fields"]
    assert entry["hand_off"] is True and entry["receipt"] == "CMS-1/77"
    manifest = json.loads((console.opened.context.config.handed_off / "O-1.json").read_bytes())
    assert manifest["files"] and manifest["seal"] == console.entries("seal")[-1]["fields"]["seal_id"]
    not_final = await chen.post("/orders/O-1/close", close | {"appeal_pending": "true"})
    assert not_final.status == 409 and "R-145" in not_final.text
    first = next(iter(manifest["files"]))
    path = console.opened.context.config.handed_off / "O-1" / first
    kept = path.read_bytes()
    path.write_bytes(kept + b"x")
    changed = await chen.post("/orders/O-1/close", close)
    assert changed.status == 409 and "not there, or changed" in changed.text
    path.write_bytes(kept)
    assert (await chen.post("/orders/O-1/close", close)).status == 303
    states = [str(one.state) for one in court.orders() if one.order_id == "O-1"]
    assert states[1:] == ["SEALED", "HANDED_OFF", "CLOSED"]
    refused = console.entries("case_refused")
    assert {one["fields"]["act"] for one in refused} == {"hand off", "close"}
    again = await chen.post("/orders/O-1/close", close)
    assert again.status == 409 and "R-027" in again.text, "another order of the case is still open, this one is not"


async def test_the_office_keeps_its_own_signed_record_of_what_it_was_asked(
    courthouse: tuple[World, Court], quick_path: Path
) -> None:
    console, _ = courthouse
    adair = await console.as_("adair", "")
    await adair.post("/court/O-1/revoke", {"reason": "done"})
    await adair.post("/court/O-1/revoke", {"reason": "again"})
    lines = (quick_path / "court_office" / "audit" / "audit.jsonl").read_text().splitlines()
    kinds: list[Any] = [(json.loads(one)["kind"], json.loads(one)["fields"]["by"]) for one in lines]
    assert kinds == [("court_act", "adair"), ("court_refused", "adair")]
    assert RunPaths(quick_path / "run").inbox("collector").exists()
