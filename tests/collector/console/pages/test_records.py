"""A record's page: tree and octets, the chain, the proof on the spot; and who does not get there."""

from __future__ import annotations

import re

import pytest

from tests.collector.console.world import CASE, OTHER_CASE, World


async def test_a_record_shows_its_fields_its_octets_and_why(console: World) -> None:
    browser = await console.as_("rivera")
    page = await browser.get(f"/cases/{CASE}/records/0")
    assert page.status == 200
    assert 'data-offset="0"' in page.text and re.search(r"<small>[^<]*\d\.\d", page.text)
    assert len(re.findall(r'<span data-at="\d+"', page.text)) > 100
    assert "Why it was judged so" in page.text and "ACCEPT" in page.text


async def test_every_octet_points_to_a_field_of_the_tree(console: World) -> None:
    browser = await console.as_("rivera")
    page = await browser.get(f"/cases/{CASE}/records/0")
    nodes = set(re.findall(r'<tr id="n(\d+)"', page.text))
    marked = set(re.findall(r'data-at="\d+" data-node="(\d+)"', page.text))
    assert marked and marked <= nodes
    assert 'data-node=""' not in page.text.split('class="hex"')[1]


async def test_the_proof_is_made_on_the_spot(console: World) -> None:
    browser = await console.as_("rivera")
    page = await browser.get(f"/cases/{CASE}/records/0/proof")
    assert page.status == 200 and "This record is what was signed." in page.text
    assert "checkpoint" in page.text and "place in the ledger" in page.text


async def test_looking_is_on_record_as_content_and_about_this_record(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.get(f"/cases/{CASE}/records/1")
    fields = [one["fields"] for one in console.entries("access")][-2:]
    assert [(one["action"], one["object_id"]) for one in fields] == [
        ("read_call_identifying", "1"), ("read_content", "1"),
    ]  # fmt: skip


async def test_technical_staff_look_with_a_reason_alone(console: World) -> None:
    browser = await console.as_("chen")
    assert (await browser.get(f"/cases/{CASE}/records/0")).status == 403
    assert (await browser.get(f"/cases/{CASE}/records/0?reason=a+fault+report")).status == 200


@pytest.mark.parametrize("user", ["vega", "novak", "lund", "adair"])
async def test_attack_a_record_of_an_unassigned_case_is_the_same_404_as_none(console: World, user: str) -> None:
    browser = await console.as_(user)
    there = await browser.get(f"/cases/{CASE}/records/0")
    missing = await browser.get("/cases/C-404/records/0")
    assert (there.status, missing.status) == (404, 404)
    assert there.text.replace(CASE, "?") == missing.text.replace("C-404", "?")


async def test_attack_a_record_of_another_case_under_ones_own(console: World) -> None:
    browser = await console.as_("rivera")
    shown = await browser.get(f"/cases/{CASE}/records/0")
    assert shown.status == 200
    others = [n for n in range(60) if (await browser.get(f"/cases/{CASE}/records/{n}")).status == 404]
    assert others, "the store holds a record of another case"
    assert (await browser.get(f"/cases/{OTHER_CASE}/records/{others[0]}")).status == 404


async def test_the_filter_role_reads_what_is_privileged_under_a_path_of_its_own(console: World) -> None:
    browser = await console.as_("park")
    assert (await browser.get(f"/cases/{CASE}/records/0")).status == 404
    assert (await browser.get(f"/privileged/cases/{CASE}/records/0")).status == 200
