"""Faults in the console: technical staff alone, over the proxy's control port with its word, and on the record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collector.console.config import FaultsPlace
from lab.faults.config import FaultsConfig
from lab.faults.model import FAULTS
from lab.faults.service import Proxy
from mediation.runtime.config import Listen, Peer
from mediation.runtime.status import start_status
from tests.collector.console.world import PEOPLE, World

WORD = "the word of this test's proxy"
Open = Callable[..., Awaitable[World]]


@pytest.fixture
async def proxy(tmp_path: Path) -> AsyncIterator[tuple[Proxy, dict[str, Any]]]:
    """A real one, whose link leads to nobody, and how the console finds it."""
    word = tmp_path / "word"
    word.write_text(WORD)
    link = {"name": "hi2", "listen": {}, "to": {"port": 9}}
    made = Proxy(
        FaultsConfig.model_validate({"data_dir": tmp_path, "word_file": word, "links": [link]}), lambda: 1_000_000
    )
    runner, port = await start_status(Listen(), made.status, made.routes())
    try:
        yield made, {"faults": {"control": {"port": port}, "word_file": word}}
    finally:
        await runner.cleanup()


async def test_technical_staff_lets_it_go_wrong_and_right_again_on_the_record(
    open_console: Open, proxy: tuple[Proxy, dict[str, Any]]
) -> None:
    made, place = proxy
    console = await open_console(**place)
    browser = await console.as_("lund")
    page = await browser.get("/faults")
    assert page.status == 200 and "No fault is on" in page.text and all(kind in page.text for kind in FAULTS)
    form = await browser.get("/faults/loss")
    assert 'name="share"' in form.text and 'name="copies"' not in form.text and ">hi2<" in form.text
    assert (await browser.post("/faults/loss", {"link": "hi2", "share": "0.5", "count": "3"})).location == "/faults"
    (one,) = made.board.standing.values()
    assert (one.request.kind, one.request.share, one.request.count) == ("loss", 0.5, 3)
    shown = await browser.get("/faults")
    assert "F1" in shown.text and "share 0.5" in shown.text
    await browser.post("/faults/F1/clear")
    assert not made.board.standing
    about = [entry["fields"].get("object_id") for entry in console.entries("access")]
    assert {"loss", "F1"} <= set(about)


async def test_what_the_proxy_refuses_is_said_in_its_words(
    open_console: Open, proxy: tuple[Proxy, dict[str, Any]]
) -> None:
    made, place = proxy
    browser = await (await open_console(**place)).as_("lund")
    for kind, fields, says in (
        ("wrong_certificate", {"link": "hi2"}, "does not end at the proxy"),
        ("loss", {"link": "nowhere"}, "There is no link"),
        ("loss", {"link": "hi2", "share": "much"}, "share"),
        ("over_delivery", {"liid": "L-1"}, "knows no control port"),
    ):
        await browser.post(f"/faults/{kind}", fields)
        assert says in (await browser.get("/faults")).text
    assert not made.board.standing and (await browser.get("/faults/earthquake")).status == 404


@pytest.mark.parametrize("user", [name for name, role, *_ in PEOPLE if role not in ("TARU", "TADM")])
async def test_attack_nobody_else_touches_the_links(
    open_console: Open, proxy: tuple[Proxy, dict[str, Any]], user: str
) -> None:
    made, place = proxy
    browser = await (await open_console(**place)).as_(user)
    assert (await browser.get("/faults")).status == 403
    assert (await browser.post("/faults/cut", {"link": "hi2"})).status == 403
    assert (await browser.post("/faults/all/clear")).status == 403
    assert not made.board.standing


async def test_attack_a_form_from_elsewhere_changes_nothing(
    open_console: Open, proxy: tuple[Proxy, dict[str, Any]]
) -> None:
    made, place = proxy
    browser = await (await open_console(**place)).as_("lund")
    browser.csrf = "0" * 64
    assert (await browser.post("/faults/cut", {"link": "hi2"})).status == 403
    assert not made.board.standing


async def test_without_a_proxy_there_is_no_page(console: World) -> None:
    lund = await console.as_("lund")
    assert (await lund.get("/faults")).status == 404 and "/faults" not in (await lund.get("/")).text


async def test_a_proxy_that_is_gone_is_said(open_console: Open, tmp_path: Path) -> None:
    (tmp_path / "word").write_text(WORD)
    console = await open_console(faults={"control": {"port": 9}, "word_file": tmp_path / "word"})
    assert "does not answer" in (await (await console.as_("lund")).get("/faults")).text


def test_attack_the_word_goes_to_no_other_machine(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="loopback"):
        FaultsPlace(control=Peer(host="10.0.0.7", port=1), word_file=tmp_path / "word")
