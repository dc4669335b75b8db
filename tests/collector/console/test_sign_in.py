"""Coming in: what is asked, what is said, what goes on record, and when it is over."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from sqlalchemy import create_engine, text

from collector.console import totp
from collector.console.memory import hash_of
from collector.console.sign_in import WRONG
from tests.collector.console.world import PASSWORD, Answer, World

S = 1_000_000
NEW = "five other words put together"


def sentence(answer: Answer) -> str:
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found[1] if found else ""


async def test_signing_in_is_a_session_an_entry_log_row_and_a_record(console: World) -> None:
    browser = await console.browser("ST-F3")
    answer = await browser.sign_in("rivera")
    assert (answer.status, answer.location) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    for word in ("__Host-session=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    assert (await browser.get("/")).status == 200
    entered = console.entries("entry")[-1]["fields"]
    assert (entered["user_id"], entered["facility"], entered["device"]) == ("rivera", "F3", "CALEA_STATION")
    said = console.entries("sign_in")[-1]["fields"]
    assert (said["user_id"], said["station"], said["address"]) == ("rivera", "ST-F3", "127.0.0.1")
    assert browser.cookie("__Host-session") not in str(console.entries()), "the ledger knows hashes alone"


@pytest.mark.parametrize(
    ("user", "password"), [("nobody", PASSWORD), ("rivera", "wrong"), ("", ""), ("rivera", "x" * 900)]
)
async def test_attack_who_exists_cannot_be_told_from_the_answer(console: World, user: str, password: str) -> None:
    browser = await console.browser()
    answer = await browser.sign_in(user, password)
    if user:
        assert (answer.status, sentence(answer)) == (401, WRONG)
        assert console.entries("sign_in_refused")[-1]["fields"]["user_id"] == user
        known = await (await console.browser()).sign_in("okafor", "wrong")
        assert known.text.replace("okafor", user) == answer.text, "the same octets for an unknown id"
    else:
        assert answer.status == 400
    assert "__Host-session" not in answer.headers.get("Set-Cookie", "")


async def test_attack_passwords_are_not_tried_on_and_on(console: World) -> None:
    browser = await console.browser()
    for _ in range(5):
        assert (await browser.sign_in("rivera", "wrong")).status == 401
    locked = await browser.sign_in("rivera")
    assert (locked.status, sentence(locked)) == (401, WRONG), "the right password says nothing of the lock"
    assert [one["fields"]["why"] for one in console.entries("sign_in_refused")][-2:] == ["wrong password", "locked"]
    console.wall.advance(901 * S)
    assert (await browser.sign_in("rivera")).status == 303


async def test_attack_attempts_are_counted_by_address_and_by_id(open_console) -> None:
    console = await open_console(policy={"attempts_per_minute": 3})
    for number in range(3):
        assert (await (await console.browser()).sign_in(f"guess-{number}", "wrong")).status == 401
    answer = await (await console.browser()).sign_in("rivera")
    assert answer.status == 429 and int(answer.headers["Retry-After"]) >= 1
    console.wall.advance(60 * S)
    assert (await (await console.browser()).sign_in("rivera")).status == 303


async def test_attack_a_session_fixed_before_the_sign_in_is_not_the_one_after(console: World) -> None:
    browser = await console.browser()
    browser.put_cookie("__Host-session", "chosen-by-the-attacker")
    await browser.sign_in("rivera")
    assert browser.cookie("__Host-session") != "chosen-by-the-attacker"
    thief = await console.browser()
    thief.put_cookie("__Host-session", "chosen-by-the-attacker")
    assert (await thief.get("/")).location == "/sign-in"


async def test_signing_in_again_ends_the_session_whose_cookie_came_along(console: World) -> None:
    browser = await console.browser()
    await browser.sign_in("rivera")
    first = browser.cookie("__Host-session")
    await browser.sign_in("rivera")
    old = await console.browser()
    old.put_cookie("__Host-session", first)
    assert (await old.get("/")).location == "/sign-in"


@pytest.mark.parametrize("station", ["ST-F2", ""])
async def test_attack_a_stolen_cookie_from_another_station_ends_the_session(console: World, station: str) -> None:
    browser = await console.as_("rivera", "ST-F1")
    thief = await console.browser(station)
    thief.put_cookie("__Host-session", browser.cookie("__Host-session"))
    assert (await thief.get("/")).location == "/sign-in"
    assert (await browser.get("/")).location == "/sign-in", "the session is over for its owner too: they sign in again"
    written = [one["fields"] for one in console.entries("written")]
    session = hash_of(browser.cookie("__Host-session"))
    assert [one["by"] for one in written if one["key"] == [session]] == ["rivera", "SYS"]


async def test_sign_out_ends_the_session_on_the_server(console: World) -> None:
    browser = await console.browser()
    await browser.sign_in("rivera")
    token = browser.cookie("__Host-session")
    assert (await browser.post("/sign-out")).location == "/sign-in"
    browser.put_cookie("__Host-session", token)
    assert (await browser.get("/")).location == "/sign-in"


async def test_who_does_nothing_gives_the_password_again(console: World) -> None:
    browser = await console.as_("lund")
    console.wall.advance(906 * S)
    assert (await browser.get("/stations")).location == "/unlock"
    assert (await browser.post("/stations", {"station_id": "X", "facility": "F1"})).status == 401
    page = await browser.get("/unlock")
    assert page.status == 200 and 'href="/stations"' not in page.text
    assert (await browser.post("/unlock", {"password": "wrong"})).status == 401
    assert (await browser.get("/stations")).location == "/unlock"
    assert (await browser.post("/unlock", {"password": PASSWORD})).location == "/"
    assert (await browser.get("/stations")).status == 200


async def test_a_session_lasts_a_tour_at_most_and_clicks_keep_it_until_then(console: World) -> None:
    browser = await console.as_("lund")
    for _ in range(47):
        console.wall.advance(600 * S)
        assert (await browser.get("/account")).status == 200
    console.wall.advance(600 * S)
    assert (await browser.get("/account")).location == "/sign-in"


async def test_a_one_time_password_is_changed_before_anything_else(console: World) -> None:
    lund = await console.as_("lund")
    page = await lund.post("/people/password", {"user_id": "rivera"})
    found = re.search(r'id="password">([^<]+)<', page.text)
    assert found is not None
    browser = await console.browser("ST-F2")
    await browser.sign_in("rivera", found[1])
    assert (await browser.get("/account")).location == "/account/password"
    page = await browser.get("/account/password")
    assert page.status == 200
    for new, again in (
        ("short", "short"),
        (NEW, "another"),
        (found[1], found[1]),
        ("rivera rivera rivera", "rivera rivera rivera"),
    ):
        answer = await browser.post("/account/password", {"old": found[1], "new": new, "again": again})
        assert answer.status == 400, new
    assert (await browser.post("/account/password", {"old": found[1], "new": NEW, "again": NEW})).location == "/"
    assert (await browser.get("/account")).status == 200
    assert (await (await console.browser()).sign_in("rivera", found[1])).status == 401
    assert (await (await console.browser("ST-F2")).sign_in("rivera", NEW)).status == 303


async def test_a_second_factor_is_asked_for_once_enrolled_and_no_code_counts_twice(console: World) -> None:
    browser = await console.as_("rivera")
    page = await browser.get("/account/code")
    found = re.search(r'name="secret" value="([A-Z2-7]+)"', page.text)
    assert found is not None and "otpauth://totp/" in page.text
    secret = base64.b32decode(found[1])

    def code() -> str:
        return totp.code_at(secret, totp.step_at(console.wall.now_us()))

    wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
    assert (await browser.post("/account/code", {"secret": found[1], "code": wrong})).status == 400
    assert (await browser.post("/account/code", {"secret": found[1], "code": code()})).location == "/account"
    other = await console.browser()
    assert (await other.sign_in("rivera", code=code())).status == 401, "the code of the enrolment was used"
    console.wall.advance(60 * S)
    assert (await other.sign_in("rivera")).status == 401
    assert (await other.sign_in("rivera", code=code())).status == 303
    assert (await (await console.browser()).sign_in("rivera", code=code())).status == 401


async def test_where_a_second_factor_is_required_it_comes_first(open_console) -> None:
    console = await open_console(policy={"second_factor": "required"})
    browser = await console.browser()
    await browser.sign_in("rivera")
    assert (await browser.get("/")).location == "/account/code"


async def test_where_a_guard_keeps_the_entry_log_nobody_comes_in_without_a_row(open_console) -> None:
    console = await open_console(policy={"entry_log": "guard"})
    answer = await (await console.browser()).sign_in("rivera")
    assert answer.status == 401 and "R-079" in answer.text
    assert (await (await console.browser()).sign_in("chen")).status == 303, "chen came through the door"
    assert (await (await console.browser("ST-F2")).sign_in("chen")).status == 401, "not through that one"


async def test_attack_one_id_at_two_facilities_is_an_alarm_and_the_first_session_ends(console: World) -> None:
    first, second = await console.as_("rivera", "ST-F1"), await console.as_("rivera", "ST-F2")
    assert (await second.get("/")).status == 200
    assert (await first.get("/")).location == "/sign-in"
    alarm = console.entries("alarm")[-1]["fields"]
    assert (alarm["rule"], alarm["facilities"]) == ("R-072", ["F1", "F2"])


async def test_a_station_by_its_certificate(console: World) -> None:
    lund = await console.as_("lund")
    pem = (console.template / "ca" / "ST-F4.pem").read_text()
    der = base64.b64decode("".join(pem.split("-----")[2].split()))
    fingerprint = hashlib.sha256(der).hexdigest()
    await lund.post("/stations", {"station_id": "ST-C", "facility": "F4", "fingerprint": fingerprint})
    browser = await console.browser(certificate="ST-F4")
    assert "ST-C" in (await browser.get("/station")).text
    await browser.sign_in("okafor")
    thief = await console.browser("ST-F4")
    thief.put_cookie("__Host-session", browser.cookie("__Host-session"))
    assert (await thief.get("/")).location == "/sign-in", "the cookie without the certificate is a stolen one"


async def test_a_revoked_station_is_none_and_its_sessions_end(console: World) -> None:
    rivera, lund = await console.as_("rivera", "ST-F2"), await console.as_("lund")
    assert (await lund.post("/stations/revoke", {"station_id": "ST-F2"})).status == 303
    assert (await rivera.get("/")).location == "/sign-in"
    assert (await lund.post("/stations/revoke", {"station_id": "ST-F2"})).status == 404


async def test_an_enrolment_token_is_good_once(console: World) -> None:
    lund = await console.as_("lund")
    page = await lund.post("/stations", {"station_id": "ST-N", "facility": "F2"})
    found = re.search(r'id="token">([^<]+)<', page.text)
    assert found is not None
    browser = await console.browser(station="")
    assert (await browser.post("/station", {"token": found[1]})).location == "/sign-in"
    assert "ST-N" in (await browser.get("/station")).text
    other = await console.browser(station="")
    assert (await other.post("/station", {"token": found[1]})).status == 400


async def test_attack_a_row_put_into_the_database_past_the_console_lets_nobody_in(console: World) -> None:
    browser = await console.browser()
    await browser.sign_in("vega")
    engine = create_engine(f"sqlite:///{console.desk / 'desk.sqlite'}")
    with engine.begin() as connection:
        connection.execute(text("update console_session set user_id = 'chen' where user_id = 'vega'"))
        hashed = "(select password_hash from credential where user_id = 'vega')"
        changed = f"set password_hash = {hashed}, revision = revision + 1 where user_id = 'lund'"
        connection.execute(text(f"update credential {changed}"))
    assert (await browser.get("/")).location == "/sign-in"
    assert (await (await console.browser()).sign_in("lund")).status == 401
