"""Pages over the stores of two collectors: as over one, with names that say the store, and what is lost named."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from collector.custody.sealing import COPIES
from collector.databases import driver_url
from collector.export.sealed import verify_sealed
from collector.fleet.tables import make_tables
from collector.store.private_files import read_public_key
from lab.desk import AGENCY
from lab.postgres import Server
from mediation.law.actors import Action
from mediation.runtime.tls import make_lab_ca
from tests.collector.conftest import Court, Lab, now_us
from tests.collector.console.api.test_api_case import ask, token_of
from tests.collector.console.fleet_case import NAMES, collected
from tests.collector.console.world import CASE, DAY_US, STATIONS, World, make_desk, open_world

HERE = f"/cases/{CASE}"
BOTH = (Action.READ_CALL_IDENTIFYING, Action.READ_CONTENT)


@pytest.fixture(scope="session")
def fleet_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    root = tmp_path_factory.mktemp("fleet")
    asyncio.run(collected(Lab(root, Court(root)), agency=AGENCY))
    at_us = now_us()
    make_lab_ca(root / "ca", ("console", *STATIONS), at_us)
    make_desk(root, at_us)
    return root, at_us


@pytest.fixture
async def console(quick_path: Path, fleet_template: tuple[Path, int], postgres: Server) -> AsyncIterator[World]:
    """Its stores are copies of its own: a test may lose one."""
    template, at_us = fleet_template
    root = quick_path / "world"
    shards = {}
    for name in NAMES:
        shutil.copytree(template / name, root / name)
        shards[name] = {"data_dir": root / name, "index_url": f"sqlite:///{root / name / 'index.sqlite'}"}
    with postgres.database() as url:
        with psycopg.connect(driver_url(url), autocommit=True) as connection:
            make_tables(connection)
            for name in NAMES:
                connection.execute(
                    "INSERT INTO fleet.shards (shard, incarnation, last_commit, records, note, beat_us, about) "
                    "VALUES (%s, 1, 0, 12, '', 0, '{}')",
                    (name,),
                )
        async with AsyncExitStack() as stack:
            fleet = {"database_url": url, "shards": shards}
            yield await open_world(root, template, at_us, stack, collector=None, fleet=fleet)


def lose(console: World, name: str) -> None:
    """Its disk is gone, and time for a look has passed."""
    shutil.rmtree(console.root / name / "store")
    shelves = console.opened.context.library._shelves
    shelves._looked_s = float("-inf")


async def test_a_case_is_shown_as_one_and_every_record_has_its_page(console: World) -> None:
    browser = await console.as_("rivera")
    listed = await browser.get(HERE)
    assert listed.status == 200 and 'id="missing"' not in listed.text
    assert listed.text.count("/calls/LAB-0001/1") == 1
    call = await browser.get(f"{HERE}/calls/LAB-0001/1")
    names = set(re.findall(r"/records/([0-9-]+)\"", call.text))
    assert {name.partition("-")[0] for name in names} == {"1", "2"}
    for name in sorted(names):
        record = await browser.get(f"{HERE}/records/{name}")
        assert record.status == 200 and f"Record {name}" in record.text
        proof = await browser.get(f"{HERE}/records/{name}/proof")
        collector = NAMES[int(name[0]) - 1]
        assert "This record is what was signed." in proof.text and f"Whose ledger: {collector}, key" in proof.text
    attempts = {one["fields"]["object_id"] for one in console.entries("access")}
    assert names <= attempts, "on record under the name that says the collector"
    for page in ("messages", "prtt", "reports", "instructions"):
        assert (await browser.get(f"{HERE}/{page}")).status == 200


async def test_attack_one_collector_s_record_by_number_through_another_s_path(console: World) -> None:
    """Rivera has C-1. A record of C-2, one that is not there and what is no name at all are one and the same 404."""
    browser = await console.as_("rivera")
    missing = await browser.get(f"{HERE}/records/1-4000")
    assert missing.status == 404
    library = console.opened.context.library
    sizes = {shelf.number: shelf.reader.size for shelf in library.shelves}
    shown: dict[int, set[int]] = {1: set(), 2: set()}
    asked = [f"{store}-{sequence}" for store in sizes for sequence in range(max(sizes.values()))]
    for name in [*asked, "0", "3", "01-3", "0-3", "3-1", "1-", "-3", "1-3-1", "x", "%D9%A3"]:
        answer = await browser.get(f"{HERE}/records/{name}")
        if answer.status == 200:
            store, _, sequence = name.partition("-")
            shown[int(store)].add(int(sequence))
        else:
            assert (answer.status, answer.text) == (404, missing.text), name
            proof = await browser.get(f"{HERE}/records/{name}/proof")
            assert (proof.status, proof.text) == (404, missing.text), name
    mine = {one.sequence for shelf in library.shelves for one in shelf.reader.records()}
    assert all(shown[store] < mine for store in (1, 2)), "some of either store is another case's"
    other = await console.as_("vega")
    assert (await other.get(f"{HERE}/records/2-3")).status == 404


async def test_the_api_names_records_and_what_is_missing(console: World) -> None:
    token = await token_of(console, "rivera", *BOTH)
    base = f"/api/v1/cases/{CASE}"
    _, listed, _ = await ask(console, f"{base}/communications?sort=duration", token)
    assert {one["cin"] for one in listed["rows"]} == {1, 2, 4} and listed["missing"] == []
    row = next(one for one in listed["rows"] if one["cin"] == 1)
    assert re.fullmatch(r"1-\d+ to 1-\d+, 2-\d+ to 2-\d+", row["records"])
    _, call, _ = await ask(console, f"{base}/communications/LAB-0001/1", token)
    for message in call["messages"]:
        _, record, _ = await ask(console, f"{base}/records/{message['record']}", token)
        assert record["record"] == message["record"]
        _, proof, _ = await ask(console, f"{base}/records/{message['record']}/proof", token)
        assert proof["ok"] and proof["ledger"].startswith(f"collector-{message['record'][0]}, key")
    lose(console, "collector-2")
    _, listed, _ = await ask(console, f"{base}/communications", token)
    assert {one["cin"] for one in listed["rows"]} == {1, 4}
    assert len(listed["missing"]) == 1 and "collector-2" in listed["missing"][0]


async def test_a_lost_collector_is_named_on_every_page_of_a_case(console: World) -> None:
    browser = await console.as_("rivera")
    assert (await browser.get(f"{HERE}/records/2-3")).status == 200
    lose(console, "collector-2")
    for page in ("", "/calls/LAB-0001/1", "/messages", "/prtt", "/reports", "/records/1-2"):
        shown = await browser.get(f"{HERE}{page}")
        assert shown.status == 200, (page, shown.text)
        assert "Not all that was collected is here." in shown.text and "collector-2 cannot be asked" in shown.text, page
        assert "records 0 to 11 (12) are not here to be looked at" in shown.text
    gone = await browser.get(f"{HERE}/records/2-3")
    assert gone.status == 503 and "collector-2 cannot be asked" in gone.text
    health = await (await console.as_("lund")).get("/health")
    assert "collector-2 cannot be asked" in health.text and "Collectors of the fleet" in health.text
    made = await browser.post(f"{HERE}/reports", {"kind": "prtt", "format": "html", "order_id": "O-1"})
    assert made.status == 200 and "Not here" in made.text and "collector-2 cannot be asked" in made.text
    (entry,) = console.entries("report")
    assert "collector-2" in entry["fields"]["missing"][0]
    assert [one["collector"] for one in entry["fields"]["basis"]["roots"]] == ["collector-1"]


async def test_a_report_is_of_both_and_says_on_which_ledgers_it_rests(console: World) -> None:
    browser = await console.as_("rivera")
    await browser.get(f"{HERE}/reports")
    made = await browser.post(f"{HERE}/reports", {"kind": "prtt", "format": "html", "order_id": "O-1"})
    assert made.status == 200 and "Not here" not in made.text
    for name in NAMES:
        assert f"Based on the ledger of {name} at" in made.text
    (entry,) = console.entries("report")
    assert [one["collector"] for one in entry["fields"]["basis"]["roots"]] == list(NAMES)


async def test_health_says_what_is_missing_where_nobody_has_looked_before(console: World) -> None:
    lose(console, NAMES[1])
    assert console.opened.context.library.missing == ()
    health = await (await console.as_("lund")).get("/health")
    assert "collector-2 cannot be asked" in health.text


async def test_health_has_a_row_for_each_collector(console: World) -> None:
    said: dict[str, Any] = {
        "orders": [], "unknown": dict.fromkeys(
            ("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate"), 0
        ),
        "links": [], "ledger": {"records": 3}, "audit": {"entries": 4}, "index_lag_records": 0, "index_error": "",
        "balanced": True,
        "store": {"used_octets": 1, "capacity_octets": 4, "evicted": 0, "octets_per_s": 2.0, "eviction_s": None},
        "fleet": {"shard": "collector-1", "incarnation": 7, "claimed": 41, "lost": 2, "waiting": 5, "error": ""},
    }  # fmt: skip
    health = console.opened.context.health
    health.fold(console.wall.now_us(), "collector-1", said)
    health.fold(console.wall.now_us(), "collector-2", None)
    page = await (await console.as_("lund")).get("/health")
    row = re.search(r'<tr><th scope="row">collector-1</th>.*?</tr>', page.text, re.DOTALL)
    assert row is not None and all(f">{value}<" in row[0] for value in (41, 2, 5)) and "start 7" in row[0]
    assert re.search(r'<th scope="row">collector-2</th>.*?does not answer.*?not heard of', page.text, re.DOTALL)


@pytest.mark.rule("R-131", "R-144")
async def test_an_order_is_sealed_out_of_every_store_and_handed_off_as_one(console: World) -> None:
    console.clock.advance(25 * DAY_US)
    chen = await console.browser("ST-F1")
    await chen.sign_in("chen")
    form = {"case_id": CASE, "direction": "DIR-1", "custody": "court vault"}
    assert (await chen.post("/orders/O-1/seal", form)).status == 303
    sealed = console.entries("seal")[-1]["fields"]
    directory = console.opened.context.config.sealed / "O-1"
    copies = json.loads((directory / COPIES).read_bytes())
    assert list(copies["copies"]) == list(NAMES) and copies["missing"] == []
    assert sealed["seal_id"] == hashlib.sha256((directory / COPIES).read_bytes()).hexdigest()
    counted = 0
    for name in NAMES:
        key = read_public_key(console.root / name / "keys" / "signing.pub")
        report = verify_sealed(directory / name, key)
        assert report.ok, report.faults
        counted += report.records
        manifest = (directory / name / "manifest.json").read_bytes()
        assert copies["copies"][name] == hashlib.sha256(manifest).hexdigest()
    assert sealed["records"] == counted == 30
    other = read_public_key(console.root / "collector-1" / "keys" / "signing.pub")
    assert not verify_sealed(directory / "collector-2", other).ok, "each under its own collector's key"
    form = {"case_id": CASE, "to": "CMS-1", "need": "case file", "receipt": "R-7"}
    handed = await chen.post("/orders/O-1/hand-off", form)
    assert handed.status == 303, handed.text
    package = console.opened.context.config.handed_off / "O-1"
    assert (package / "voice-1.wav").exists(), "half of its speech lies in either store"
    events = (package / "events.csv").read_text()
    assert ",1-" in events and ",2-" in events
    manifest = json.loads(package.with_name("O-1.json").read_bytes())
    assert manifest["communications"] == 3 and "missing" not in manifest


@pytest.mark.rule("R-131")
async def test_attack_a_part_of_an_order_is_not_sealed_for_the_whole(console: World) -> None:
    console.clock.advance(25 * DAY_US)
    lose(console, "collector-2")
    chen = await console.browser("ST-F1")
    await chen.sign_in("chen")
    answer = await chen.post("/orders/O-1/seal", {"case_id": CASE, "direction": "DIR-1", "custody": "court vault"})
    assert answer.status == 503 and "nothing is copied" in answer.text and "collector-2 cannot be asked" in answer.text
    assert not console.entries("seal") and not (console.opened.context.config.sealed / "O-1").exists()
