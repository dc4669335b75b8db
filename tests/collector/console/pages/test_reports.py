"""Reports from a browser: made, saved, on the ledger by their digests; refused without what a court reads."""

from __future__ import annotations

import hashlib

import pytest

from tests.collector.console.world import CASE, World

PATH = f"/cases/{CASE}/reports"
TEXTS = {"progress": "The supplier was named.", "need": "The place is not known.", "results": "Two calls."}


@pytest.mark.parametrize("kind", ["prtt", "ten_day", "thirty_day"])
async def test_a_report_is_a_file_and_an_entry_of_the_ledger(console: World, kind: str) -> None:
    browser = await console.as_("rivera")
    page = await browser.get(PATH)
    assert page.status == 200 and "No report of this case was made yet." in page.text
    made = await browser.post(PATH, {"kind": kind, "format": "html", **TEXTS})
    assert made.status == 200 and made.headers["Content-Disposition"].startswith("attachment")
    assert "SIMULATION" in made.text
    (entry,) = console.entries("report")
    fields = entry["fields"]
    assert fields["html_sha256"] == hashlib.sha256(made.text.encode()).hexdigest() and fields["by"] == "rivera"
    assert fields["basis"]["size"] > 20 and fields["model_sha256"] in made.text
    assert fields["model_sha256"][:16] in (await browser.get(PATH)).text


async def test_a_report_of_one_order_and_some_days_as_pdf(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.get(PATH)
    made = await browser.post(PATH, {"kind": "prtt", "order_id": "O-1", "since": "2001-01-01", "until": "2001-01-02"})
    assert made.status == 200 and made.headers["Content-Type"] == "application/pdf"
    assert console.entries("report")[0]["fields"]["orders"] == ["O-1"]


async def test_a_court_s_report_is_refused_without_what_a_person_writes(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.get(PATH)
    for fields in ({"kind": "ten_day", "need": "x"}, {"kind": "ten_day", "progress": "x"}, {"kind": "thirty_day"}):
        refused = await browser.post(PATH, fields)
        assert refused.status == 409 and "a court reads it" in refused.text
    assert not console.entries("report")
    assert (await browser.post(PATH, {"kind": "gossip"})).status == 400


async def test_attack_an_order_of_another_case_gets_into_no_report(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.get(PATH)
    refused = await browser.post(PATH, {"kind": "prtt", "order_id": "O-3"})
    assert refused.status == 409 and "may read" in refused.text and not console.entries("report")


async def test_attack_the_inventory_leaves_only_with_the_right_to_hand_off(console: World) -> None:
    """While the order lasts, an investigator hands nothing off."""
    browser = await console.as_("rivera")
    await browser.get(PATH)
    refused = await browser.post(PATH, {"kind": "discovery"})
    assert refused.status == 403 and not console.entries("report")
    asked = [one["fields"] for one in console.entries("access")][-1]
    assert (asked["action"], asked["decision"], asked["object_id"]) == ("export_hand_off", "DENIED", "discovery")


@pytest.mark.parametrize("user", ["vega", "novak", "lund", "adair"])
async def test_attack_reports_of_an_unassigned_case_are_the_same_404(console: World, user: str) -> None:
    browser = await console.as_(user)
    assert (await browser.get(PATH)).status == (await browser.get("/cases/C-404/reports")).status == 404
