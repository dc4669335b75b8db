"""Oversight over HTTP: what one did oneself, the whole log for who runs audits, tours, reviews, who saw what."""

from __future__ import annotations

import pytest

from collector.console.model.audit import AuditPage, AuditRow
from collector.console.pages.oversight import csv_of
from tests.collector.console.world import CASE, OTHER_CASE, World


async def test_everybody_reads_what_they_did_and_nothing_else(console: World) -> None:
    await (await console.as_("chen")).get("/stations")
    rivera = await console.as_("rivera")
    await rivera.get(f"/cases/{CASE}/records/0")
    page = await rivera.get("/audit/own?user=chen")
    assert page.status == 200 and "read call identifying" in page.text
    assert "chen" not in page.text.split("<main")[1]


async def test_the_whole_log_is_the_bureau_s(console: World) -> None:
    page = await (await console.as_("reyes")).get("/audit?user=rivera")
    assert page.status == 200
    for user in ("doyle", "quinn", "okafor", "chen"):
        assert (await (await console.as_(user)).get("/audit")).status == 403, user


async def test_a_focused_audit_is_asked_for_run_and_then_read_by_who_asked(console: World) -> None:
    await (await console.as_("rivera")).get(f"/cases/{CASE}/records/0")
    doyle, reyes = await console.as_("doyle"), await console.as_("reyes")
    asked = await doyle.post("/audit/requests", {"scope": "user:rivera"})
    assert asked.status == 303
    assert "has not run it yet" in (await doyle.get("/audit/requests/AR-1")).text
    ran = await reyes.post("/audit/requests/AR-1/run")
    assert ran.status == 303 and console.entries("audit_run")[-1]["fields"]["by"] == "reyes"
    page = await doyle.get("/audit/requests/AR-1")
    assert "rivera" in page.text and "read call identifying" in page.text
    assert (await (await console.as_("quinn")).get("/audit/requests/AR-1")).status == 404


async def test_attack_somebody_who_may_not_ask_asks_for_an_audit(console: World) -> None:
    for user in ("rivera", "chen", "reyes"):
        assert (await (await console.as_(user)).post("/audit/requests", {"scope": "user:chen"})).status == 403, user
    assert console.entries("audit_request") == []


async def test_a_supervisor_makes_the_round_of_a_tour(console: World) -> None:
    okafor = await console.as_("okafor")
    before = await okafor.get("/tours")
    assert "I have inspected F1" in before.text
    assert (await okafor.post("/tours", {"facility": "F1"})).status == 303
    after = await okafor.get("/tours")
    assert "I have inspected F1" not in after.text and "I have inspected F2" in after.text
    assert (await (await console.as_("doyle")).post("/tours", {"facility": "F2"})).status == 403


async def test_a_confirmed_misuse_suspends_at_once_and_nobody_decides_about_themselves(console: World) -> None:
    quinn = await console.as_("quinn")
    vega = await console.as_("vega")
    assert (await quinn.post("/reviews", {"user_id": "vega", "level": "IAB"})).status == 303
    name = console.entries("review")[-1]["fields"]["review_id"]
    assert (await vega.get("/")).status == 200
    assert (await quinn.post("/reviews/decide", {"review_id": name, "confirmed": "true"})).status == 303
    assert (await vega.get("/audit/own")).status in (303, 401, 403)


async def test_a_supervisor_sees_who_saw_what_of_their_cases_alone(console: World) -> None:
    await (await console.as_("rivera")).get(f"/cases/{CASE}/records/0")
    okafor = await console.as_("okafor")
    page = await okafor.get(f"/cases/{CASE}/who-saw")
    assert page.status == 200 and "rivera" in page.text and "record 0" in page.text
    assert (await okafor.get(f"/cases/{OTHER_CASE}/who-saw")).status == 404


async def test_attack_a_search_that_is_none(console: World) -> None:
    reyes = await console.as_("reyes")
    for query in ("limit=0", "limit=9999999", "from=x", "after=1.2", "text=" + "a" * 300):
        assert (await reyes.get(f"/audit?{query}")).status == 400, query


@pytest.mark.parametrize("note", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx"])
def test_attack_a_formula_in_the_csv(note: str) -> None:
    row = AuditRow("desk", 1, 2, "access", "rivera", "INV", "", "", "x", "", "", "", (), (), "", note)
    text = csv_of(AuditPage((row,), "", 0)).decode()
    assert text.startswith("SIMULATION") and f"'{note}" in text


async def test_the_csv_is_a_download(console: World) -> None:
    answer = await (await console.as_("reyes")).get("/audit/csv")
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"]
