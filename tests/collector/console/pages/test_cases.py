"""The case view over HTTP: list, call, sound, notes, conversations, PRTT; and what nobody gets there."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from collector.console.model.library import CaseLibrary
from tests.collector.console.world import CASE, OTHER_CASE, Browser, World

CALL = f"/cases/{CASE}/calls/LAB-0001/1"


async def signed(console: World, user: str = "rivera") -> Browser:
    browser = await console.as_(user)
    assert (await browser.post(f"/cases/{CASE}/instructions/sign", {"sha256": ""})).status == 303
    return browser


async def test_the_list_has_calls_and_messages_of_the_case_and_no_other(console: World) -> None:
    page = await (await console.as_("rivera")).get(f"/cases/{CASE}")
    assert page.status == 200
    assert "/calls/LAB-0001/1" in page.text and "/calls/LAB-0001/3" in page.text
    assert "LAB-0003" not in page.text


async def test_the_list_filters_and_keeps_its_state_in_the_address(console: World) -> None:
    browser = await console.as_("rivera")
    page = await browser.get(f"/cases/{CASE}?kind=sms")
    assert "/calls/LAB-0001/2" in page.text and "/calls/LAB-0001/1" not in page.text.split("Communications")[-1]
    assert (await browser.get(f"/cases/{CASE}?sort=nonsense")).status == 400


async def test_a_view_is_kept_and_taken_away_again(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.post(f"/cases/{CASE}/views", {"name": "messages", "query": "kind=sms"})
    assert f"/cases/{CASE}?kind=sms" in (await browser.get(f"/cases/{CASE}")).text
    await browser.post(f"/cases/{CASE}/views/remove", {"name": "messages"})
    assert ">messages</a>" not in (await browser.get(f"/cases/{CASE}")).text


async def test_a_call_shows_who_its_ladder_and_its_media(console: World) -> None:
    page = await (await console.as_("rivera")).get(CALL)
    assert page.status == 200
    for said in ("Who took part", "INVITE", "<svg", "The same as a table", "sign"):
        assert said in page.text, said


async def test_nothing_is_heard_before_the_instructions_are_signed(console: World) -> None:
    browser = await console.as_("rivera")
    for path in ("sound", "peaks", "wav", "listen"):
        assert (await browser.get(f"{CALL}/{path}")).status == 409, path
    await signed(console)
    async with browser.session.get(f"{console.base}{CALL}/sound", headers={"Range": "bytes=0-43"}) as answer:
        octets = await answer.read()
    assert (answer.status, octets[:4], len(octets)) == (206, b"RIFF", 44)
    assert answer.headers["Content-Range"].startswith("bytes 0-43/")


async def test_new_instructions_are_signed_anew(console: World) -> None:
    browser = await signed(console)
    okafor = await console.as_("okafor")
    shown = await okafor.get(f"/cases/{CASE}/instructions")
    assert "Change the instructions" in shown.text
    made = await okafor.post(f"/cases/{CASE}/instructions", {"words": "Less than before.", "seen": "1"})
    assert made.status == 303
    assert (await browser.get(f"{CALL}/sound")).status == 409
    assert (await browser.post(f"/cases/{CASE}/instructions", {"words": "x", "seen": "2"})).status == 403


@pytest.mark.parametrize(("asked", "status"), [("bytes=99999999-", 416), ("bytes=10-5", 416), ("nonsense", 206)])
async def test_attack_a_range_that_is_none(console: World, asked: str, status: int) -> None:
    browser = await signed(console)
    async with browser.session.get(f"{console.base}{CALL}/sound", headers={"Range": asked}) as answer:
        assert answer.status == status


async def test_the_waveform_and_the_way_from_a_position_to_its_record(console: World) -> None:
    browser = await signed(console)
    peaks = json.loads((await browser.get(f"{CALL}/peaks?buckets=10")).text)
    assert peaks["seconds"] > 0 and len(peaks["low"]) == 2
    found = json.loads((await browser.get(f"{CALL}/at?second=0.05")).text)
    assert (await browser.get(f"/cases/{CASE}/records/{found['record']}")).status == 200


async def test_the_wav_is_a_marked_download(console: World) -> None:
    browser = await signed(console)
    async with browser.session.get(f"{console.base}{CALL}/wav") as answer:
        assert answer.status == 200 and "SIMULATION" in answer.headers["Content-Disposition"]
        assert (await answer.read())[:4] == b"RIFF"


@pytest.mark.parametrize(("since_s", "pressed", "word"), [(None, "false", "Minimise"), (75, "true", "Resume")])
async def test_a_page_that_is_opened_again_knows_that_the_call_is_minimised(
    console: World, monkeypatch: pytest.MonkeyPatch, since_s: int | None, pressed: str, word: str
) -> None:
    browser = await signed(console)

    def since(_self: CaseLibrary, liid: str, cin: int) -> int | None:
        return None if since_s is None else console.clock.now_us() - 1_000_000 * since_s

    monkeypatch.setattr(CaseLibrary, "minimised_since", since)
    text = (await browser.get(CALL)).text
    button = text[text.index('id="minimise"') :].split("</button>")[0]
    assert f'aria-pressed="{pressed}"' in button and word in button
    assert ('data-seconds="75"' in button) == (since_s is not None)


async def test_a_synopsis_is_drafted_saved_and_never_over_a_newer_one(console: World) -> None:
    browser = await console.as_("rivera")
    assert (await browser.post(f"{CALL}/draft", {"words": "half a sen", "seen": "0"})).status == 200
    assert "half a sen" in (await browser.get(CALL)).text
    assert (await browser.post(f"{CALL}/synopsis", {"words": "They talked about parcels.", "seen": "0"})).status == 303
    assert "They talked about parcels." in (await browser.get(CALL)).text
    await browser.post(f"{CALL}/synopsis", {"words": "over it", "seen": "0"})
    assert "over it" not in (await browser.get(f"/cases/{CASE}")).text
    assert "They talked about parcels." in (await browser.get(f"/cases/{CASE}")).text
    assert [one["fields"]["table"] for one in console.entries("written")].count("synopsis") == 1


async def test_categories_and_the_worklist(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.post(f"{CALL}/category", {"category": "pertinent", "on": "true"})
    await browser.post(f"{CALL}/state", {"state": "heard"})
    page = await browser.get(f"/cases/{CASE}")
    assert "Pertinent" in page.text and "heard" in page.text
    await browser.post(f"{CALL}/category", {"category": "pertinent", "on": "false"})
    assert "Pertinent" not in (await browser.get(f"/cases/{CASE}")).text


async def test_attack_markup_in_a_message_is_text(console: World) -> None:
    browser = await console.as_("rivera")
    listed = await browser.get(f"/cases/{CASE}/messages")
    assert listed.status == 200 and "between?" in listed.text
    path = next(
        one for one in listed.text.split('"') if "/messages/between?" in one
    )  # fmt: skip
    page = await browser.get(path.replace("&amp;", "&"))
    assert page.status == 200 and "hello &lt;b&gt;you&lt;/b&gt;" in page.text and "<b>you</b>" not in page.text


async def test_who_called_whom_has_tables_and_pictures(console: World) -> None:
    page = await (await console.as_("rivera")).get(f"/cases/{CASE}/prtt?days=3650")
    assert page.status == 200 and page.text.count("<svg") == 3 and "Pairs" in page.text


async def test_visitors_say_what_to_do_where_there_are_none(console: World) -> None:
    page = await (await console.as_("rivera")).get(f"/cases/{CASE}/visitors")
    assert page.status == 200 and "no order names a host" in page.text


@pytest.mark.parametrize("path", ["", "/messages", "/prtt", "/visitors", "/calls/LAB-0001/1", "/instructions"])
async def test_attack_an_unassigned_case_is_the_same_404_as_a_missing_one(console: World, path: str) -> None:
    for user in ("vega", "novak"):
        browser = await console.as_(user)
        there = await browser.get(f"/cases/{CASE}{path}")
        missing = await browser.get(f"/cases/C-404{path}")
        assert (there.status, missing.status) == (404, 404)
        assert there.text.replace(CASE, "?") == missing.text.replace("C-404", "?")


async def test_attack_a_call_of_another_case_under_ones_own(console: World) -> None:
    browser = await signed(console)
    for path in ("", "/sound", "/peaks"):
        assert (await browser.get(f"/cases/{CASE}/calls/LAB-0003/7{path}")).status == 404, path
    for path, form in (("/draft", {"words": "x", "seen": "0"}), ("/state", {"state": "done"})):
        assert (await browser.post(f"/cases/{CASE}/calls/LAB-0003/7{path}", form)).status == 404, path
    answer = await browser.post(f"/cases/{CASE}/calls/{quote('LAB-0003')}/7/minimise", {"act": "start"})
    assert answer.status == 404
    assert (await browser.get(f"/cases/{OTHER_CASE}")).status == 404


async def test_a_supervisor_may_not_listen_live_without_a_review(console: World) -> None:
    assert (await (await console.as_("okafor")).get(f"{CALL}/listen")).status in (403, 409)


async def test_the_filter_role_has_the_same_pages_under_a_path_of_its_own(console: World) -> None:
    browser = await console.as_("park")
    assert (await browser.get(f"/privileged/cases/{CASE}")).status == 200
    assert (await browser.get(f"/privileged{CALL}")).status == 200
