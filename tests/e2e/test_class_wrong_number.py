"""SC-08t as a class of the technical unit; then what its trainer sees, and who tries to get there without right."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from collector.console.dispatch import SESSION_COOKIE, STATION_COOKIE
from collector.console.memory import csrf_of
from collector.store.audit_log import read_audit
from lab.console_client import Browser
from lab.training import trainer
from lab.training.marking import sheets
from lab.training.room import Room
from mediation.runtime.process import IntegrityError
from tests.e2e.classes import Begun, played, seats
from tests.e2e.seats import PASSWORD

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def number_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    """dee does everything right; eli accepts the request whose number is wrong."""
    with played(tmp_path_factory.mktemp("class") / "var", "SC-08t", "dee", "eli", play=play) as begun:
        yield begun


async def play(begun: Begun) -> None:
    async with seats(begun) as people:
        for one in people:
            right, wrong = [await one.request_of(f"CASE-08{letter}-{one.number}") for letter in ("", "B")]
            await one.checks(right)
            await one.decides(right, True, "the number is that of the complaint")
            await one.checks(wrong)
            await one.decides(wrong, one.user_id == "eli", "013 is not 012")
        await begun.answered("grant", 3)
        await begun.aside("inject", "wrong")
        for one in people:
            await one.acknowledges(f"TARGET_MISMATCH O8-{one.number}")
        await begun.aside("inject", "end")
        for one in people:
            await one.seals(f"O8-{one.number}", f"CASE-08-{one.number}")


def test_the_technical_unit_by_the_book_has_a_hundred_points(number_class: Begun) -> None:
    assert number_class.totals()["dee"] == 100, number_class.lost()["dee"]


def test_who_accepts_the_wrong_number_loses_those_points_and_reads_why(number_class: Begun) -> None:
    lost = number_class.lost()["eli"]
    assert set(lost) == {"refused"} and number_class.totals()["eli"] == 70
    assert "CASE-08B-2 is accepted (desk/" in lost["refused"]["why"] and "R-022" in lost["refused"]["why"]


# The trainer's console


@pytest.fixture(scope="module")
def desk(number_class: Begun) -> Browser:
    """The trainer, signed in."""
    browser = stranger(number_class)
    browser.get("/sign-in")
    account = number_class.card["trainer"]
    assert browser.post("/sign-in", {"user_id": account["user_id"], "password": account["password"]}).status == 303
    browser.get("/account/password")
    changed = {"old": account["password"], "new": PASSWORD, "again": PASSWORD}
    assert browser.post("/account/password", changed).status == 303
    assert browser.get("/").status == 200
    return browser


def stranger(begun: Begun, cookies: Mapping[str, str] = MappingProxyType({})) -> Browser:
    """Somebody who knows the address of the trainer's console, and shows these cookies."""
    return Browser(begun.card["trainer"]["console"], Path(begun.card["ca"]), cookies)


def test_the_trainer_sees_class_feed_key_and_sheets(number_class: Begun, desk: Browser) -> None:
    text = desk.get("/").text
    for words in (
        "SIMULATION",
        "dee",
        "100 of 100",
        "70 of 100",
        "eli",
        "Play wrong",
        "Go back to start",
        "Entries of all ledgers, the newest first",
    ):
        assert words in text, words
    # Which entries are the newest depends on the tests before this one.
    assert "<code>desk/" in text
    assert "what the carrier delivers" in desk.get("/briefing").text.lower()
    sheet = desk.get("/trainees/eli").text
    assert "CASE-08B-2 is accepted (desk/" in sheet and "<svg" in sheet and "Answer key" in sheet
    for name, begins in (("pdf", "%PDF"), ("csv", "simulation,scenario"), ("html", "<!DOCTYPE html>")):
        answer = desk.get(f"/trainees/eli/{name}")
        assert answer.status == 200 and answer.text.startswith(begins)
    assert "style=" not in text and "<script>" not in text
    assert desk.get("/class/feed").status == desk.get("/class/clock").status == 200


def test_what_the_trainer_does_is_done_and_on_record(number_class: Begun, desk: Browser) -> None:
    desk.get("/")
    assert desk.post("/class/pause", {}).status == 303
    assert number_class.do("status")["paused"]
    desk.get("/")
    assert desk.post("/class/resume", {}).status == 303
    assert not number_class.do("status")["paused"]
    told = [one["kind"] for one in read_audit(number_class.data / "trainer" / "desk" / "audit")]
    assert {"class_card", "class_paused", "class_resumed", "sign_in"} <= set(told)


def test_attack_a_trainee_is_nobody_at_the_trainers_console(number_class: Begun) -> None:
    cookies = {name: number_class.cookies["dee", name] for name in (SESSION_COOKIE, STATION_COOKIE)}
    browser = stranger(number_class, cookies)
    for path in ("/", "/trainees/dee", "/trainees/dee/pdf", "/briefing", "/class/feed"):
        answer = browser.get(path)
        assert (answer.status, answer.location) == (303, "/sign-in"), path
    csrf = csrf_of(cookies[SESSION_COOKIE])
    for path, fields in (
        ("/class/rewind", {"mark": "start"}),
        ("/class/inject", {"card": "wrong"}),
        ("/class/pause", {}),
    ):
        assert browser.post(path, {**fields, "csrf": csrf}).status == 401, path
    fresh = stranger(number_class)
    fresh.get("/sign-in")
    assert fresh.post("/sign-in", {"user_id": "dee", "password": PASSWORD}).status == 401
    said = number_class.do("status")
    assert said["run"] == 1 and not said["paused"] and said["played"].count("wrong") == 1


def test_attack_a_page_from_elsewhere_moves_nothing(number_class: Begun, desk: Browser) -> None:
    desk.get("/")
    assert desk.post("/class/pause", {"csrf": "0" * 64}).status == 403
    foreign = stranger(number_class, desk.cookies)
    foreign.get("/")
    foreign._origin = "https://elsewhere.invalid"
    assert foreign.post("/class/pause", {}).status == 403
    # The control port takes JSON alone: a form of a browser, which any page may send, is refused before it is read.
    found = trainer.running(Room(number_class.data))
    for media_type in ("application/x-www-form-urlencoded", "text/plain"):
        connection = http.client.HTTPConnection("127.0.0.1", found.control_port, timeout=5)
        connection.request("POST", "/pause", b"{}", {"Content-Type": media_type})
        assert connection.getresponse().status == 415
        connection.close()
    assert not number_class.do("status")["paused"]


def test_attack_names_that_are_none_of_the_class_are_not_told_apart(number_class: Begun, desk: Browser) -> None:
    shown = {desk.get(f"/trainees/{name}").text.count("dee") for name in ("rivera", "nobody", "..%2Fdee", "trainer")}
    assert shown == {0}
    answers = [desk.get(f"/trainees/{name}/csv").status for name in ("rivera", "nobody", "..%2Fdee", "trainer")]
    assert answers == [404] * 4
    desk.get("/")
    assert desk.post("/class/inject", {"card": "no-such-card"}).status == 400
    assert desk.post("/class/inject", {"card": "wrong", "trainee": "rivera"}).status == 400
    assert desk.post("/class/rewind", {"mark": "../start"}).status == 400
    assert desk.post("/class/speed", {"speed": "-1"}).status == 409
    assert desk.post("/class/mark", {"mark": "x", "more": "y"}).status == 400


def test_attack_no_act_outside_the_signed_audit_betters_a_score(number_class: Begun, tmp_path: Path) -> None:
    """The class's directory is copied, and somebody with the disk in hand works on the copy."""
    room, held = Room(tmp_path / "copy"), Room(number_class.data).load()
    shutil.copytree(number_class.run, room.run(1), ignore=shutil.ignore_patterns("*.sock"))

    def total() -> int:
        return sheets(room, held, 1, "eli")[0].score.total

    assert total() == 70
    # A row in the desk's database that no ledger knows.
    database = sqlite3.connect(room.run(1) / "desk" / "desk.sqlite")
    database.execute("update alarm_acknowledgement set by = 'eli'")
    database.commit()
    database.close()
    assert total() == 70
    # A line behind the newest checkpoint, chained as it has to be, signed by nobody.
    log = room.run(1) / "desk" / "audit" / "audit.jsonl"
    whole = log.read_bytes()
    last = whole.splitlines()[-1]
    entry = json.loads(last)
    entry |= {"seq": entry["seq"] + 1, "previous": hashlib.sha256(last).hexdigest(), "kind": "request_decided"}
    entry["fields"] = {"request_id": "Q-4", "by": "eli", "accepted": False}
    log.write_bytes(whole + json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert total() == 70
    # A line that was signed, and now says something else: no score at all.
    log.write_bytes(
        whole.replace(b'"accepted":true,"by":"eli","reason":"013', b'"accepted":false,"by":"eli","reason":"013', 1)
    )
    assert log.read_bytes() != whole
    with pytest.raises(IntegrityError):
        total()
