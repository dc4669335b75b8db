"""Accounts and stations from the command line, and the way to a console that is not there."""

from __future__ import annotations

import ipaddress
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from collector.console.config import ConsoleConfig
from collector.desk.database import DeskDatabase, check_against_ledger, credentials
from lab import desk_accounts
from lab.desk import CAST, FACILITIES, entries_of
from lab.stack import Plan, Stack
from mediation.runtime.config import EXPOSED_WORDS
from mediation.runtime.tls import make_lab_ca

Cli = Callable[..., Any]


@pytest.fixture
def data(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = tmp_path / "var"
    assert cli("desk", "init", "--data", data).code == 0
    monkeypatch.setattr(desk_accounts, "SignInPolicy", Quick)
    return data


class Quick:
    """argon2id that takes no time."""

    argon2_memory_kib, argon2_passes = 8, 1


def asked(cli: Cli, data: Path, *words: str) -> tuple[int, Any]:
    outcome = cli(*words, "--data", data, "--json")
    return outcome.code, json.loads(outcome.out)


def test_training_accounts_are_made_once_and_anew_when_asked_for(cli: Cli, data: Path) -> None:
    code, made = asked(cli, data, "console", "users")
    assert code == 0 and made["simulation"]
    assert {one["user_id"] for one in made["accounts"]} == {one[0] for one in CAST}
    assert [one["facility"] for one in made["stations"]] == list(FACILITIES)
    passwords = [one["password"] for one in made["accounts"]]
    assert len(set(passwords)) == len(CAST) and all(len(one) == 19 for one in passwords)
    code, again = asked(cli, data, "console", "users")
    assert {one["password"] for one in again["accounts"]} == {""} and again["stations"] == []
    code, anew = asked(cli, data, "console", "users", "--anew")
    assert all(one["password"] for one in anew["accounts"]) and anew["stations"] == []
    kept = b"".join(one.read_bytes() for one in data.rglob("*") if one.is_file())
    assert not any(one.encode() in kept for one in passwords), "R-089: no password lies in any file"
    database = DeskDatabase.open(desk_accounts.database_url(data))
    assert check_against_ledger(database, entries_of(data)[1]).ok
    with database.reading() as reading:
        found = credentials.find(reading, "rivera")
    database.close()
    assert found is not None and found.must_change and found.password_hash.startswith("$argon2id$")


def test_a_password_for_somebody_is_given_by_technical_staff_and_never_to_oneself(cli: Cli, data: Path) -> None:
    code, said = asked(cli, data, "user", "password", "rivera")
    assert code == 0 and said["password"]
    code, said = asked(cli, data, "user", "password", "lund", "--by", "lund")
    assert (code, said["allowed"], said["reasons"]) == (1, False, ["ACCESS_DENIED_ROLE"])
    assert asked(cli, data, "user", "password", "chen", "--by", "rivera")[0] == 1
    assert cli("user", "password", "nobody", "--data", data).code == 2


def test_a_station_by_token_or_certificate_until_it_is_revoked(cli: Cli, data: Path, tmp_path: Path) -> None:
    code, said = asked(cli, data, "station", "enrol", "ST-A", "--facility", "F1")
    assert code == 0 and len(said["token"]) > 30
    make_lab_ca(tmp_path / "ca", ("st-b",), 1_780_000_000_000_000)
    by_certificate = (
        "station",
        "enrol",
        "ST-B",
        "--facility",
        "F2",
        "--certificate",
        str(tmp_path / "ca" / "st-b.pem"),
    )
    assert asked(cli, data, *by_certificate)[1]["token"] == ""
    known = {one["station_id"]: one for one in asked(cli, data, "station", "show")[1]}
    assert (known["ST-A"]["known_by"], known["ST-B"]["known_by"]) == ("token", "certificate")
    assert asked(cli, data, "station", "revoke", "ST-A")[0] == 0
    assert {one["station_id"]: one["revoked"] for one in asked(cli, data, "station", "show")[1]}["ST-A"]
    assert cli("station", "revoke", "ST-A", "--data", data).code == 2


@pytest.mark.parametrize(
    "words",
    [("ST-X", "--facility", "F9"), ("ST-X", "--facility", "F1", "--device", "PHONE"),
     ("ST-X", "--facility", "F1", "--certificate", "/nothing.pem")],
)  # fmt: skip
def test_a_station_that_cannot_be_is_said_in_a_sentence(cli: Cli, data: Path, words: tuple[str, ...]) -> None:
    outcome = cli("station", "enrol", *words, "--data", data)
    assert outcome.code == 2 and outcome.err.strip().endswith(".") and "Traceback" not in outcome.err


def test_attack_who_may_not_administer_enrols_nothing(cli: Cli, data: Path) -> None:
    code, said = asked(cli, data, "station", "enrol", "ST-X", "--facility", "F1", "--by", "rivera")
    assert (code, said["allowed"]) == (1, False)
    assert asked(cli, data, "station", "show")[1] == []
    assert entries_of(data)[1][-1]["fields"]["decision"] == "DENIED"


def test_a_console_that_does_not_run_is_said(cli: Cli, data: Path) -> None:
    outcome = cli("console", "open", "--data", data)
    assert outcome.code == 3 and "calea-lab up" in outcome.err


@pytest.mark.rule("R-078")
def test_the_console_is_reached_from_other_machines_only_where_the_lab_says_so_and_inside(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "near")
    stack.prepare(Plan(console=True))
    near = tomllib.loads(stack.paths.config("console").read_text())
    assert (near["listen"]["host"], near["names"]) == ("127.0.0.1", []) and "exposed" not in near["listen"]
    stack.prepare(Plan(console=True, console_host="10.1.2.3"))
    far = tomllib.loads(stack.paths.config("console").read_text())
    assert (far["listen"]["host"], far["listen"]["exposed"], far["names"]) == ("10.1.2.3", EXPOSED_WORDS, ["10.1.2.3"])
    assert ConsoleConfig.model_validate(far).listen.host == "10.1.2.3"
    certificate = x509.load_pem_x509_certificate(Path(far["listen"]["tls"]["certificate"]).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("10.1.2.3") in names.get_values_for_type(x509.IPAddress)
    for held in stack._reserved:
        held.close()


@pytest.mark.rule("R-078")
def test_attack_a_console_for_the_whole_world(cli: Cli, tmp_path: Path) -> None:
    for host in ("0.0.0.0", "203.0.113.9", "console.example.com"):
        outcome = cli("up", "--console-host", host, "--data", tmp_path / "run")
        assert outcome.code == 2 and "R-078" in outcome.err, host
