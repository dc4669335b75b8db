"""The desk's commands: a case from the request to the revoked grant, and what each answer says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collector.desk.database import synopses
from lab.desk_accounts import open_both

Cli = Callable[..., Any]


@pytest.fixture
def data(cli: Cli, tmp_path: Path) -> Path:
    data = tmp_path / "var"
    target = ("--target", "+12125550101", "--service", "VOICE", "--days", "30")
    cli("order", "create", "--kind", "EAVESDROPPING", *target, "--id", "O-1", "--case", "C-1", "--data", data)
    assert cli("desk", "init", "--data", data).code == 0
    for name in ("rivera", "marsh"):
        assert cli("desk", "enter", name, "--facility", "F2", "--data", data).code == 0
    return data


def asked(cli: Cli, data: Path, *words: str) -> tuple[int, Any]:
    outcome = cli(*words, "--data", data, "--json")
    return outcome.code, json.loads(outcome.out)


def test_from_the_request_to_the_end_of_the_grant(cli: Cli, data: Path) -> None:
    question = ("may", "rivera", "read_content", "C-1")
    code, said = asked(cli, data, *question)
    assert (code, said["reasons"]) == (1, ["ACCESS_DENIED_ROLE"])
    assert said["steps"][-2]["rule"] == "R-073" and said["steps"][-2]["outcome"] == "refuses"
    for words in (("open", "C-1", "--order", "O-1"), ("check", "Q-1"), ("accept", "Q-1")):
        assert asked(cli, data, "request", *words)[0] == 0
    assert asked(cli, data, "grant", "rivera", "C-1", "--by", "brandt")[0] == 1
    assert asked(cli, data, "grant", "rivera", "C-1")[1]["made"] == "G-1"
    code, said = asked(cli, data, *question)
    assert code == 0 and {step["outcome"] for step in said["steps"]} == {"holds"}
    assert asked(cli, data, *question, "--facility", "F3")[0] == 1
    assert asked(cli, data, *question, "--purpose", "immigration enforcement")[0] == 1
    assert asked(cli, data, "grant", "rivera", "C-1", "--end")[0] == 0
    assert asked(cli, data, *question)[0] == 1
    assert asked(cli, data, "audit", "verify")[1]["faults"] == []
    kinds = [one["fields"]["decision"] for one in asked(cli, data, "audit", "show", "--kind", "access")[1]]
    assert kinds.count("DENIED") == 5


@pytest.mark.rule("R-073", "R-073.1")
def test_a_guessed_case_is_answered_like_one_that_is_not_there(cli: Cli, data: Path) -> None:
    for who in ("rivera", "marsh", "ito"):
        answers = [asked(cli, data, "may", who, "read_content", case)[1] for case in ("C-1", "C-9")]
        texts = [json.dumps({**one, "event_id": "", "steps": one["steps"][:-1]}) for one in answers]
        assert texts[0].replace("C-1", "C-9") == texts[1]


def test_papers_that_are_not_there_are_named(cli: Cli, data: Path) -> None:
    asked(cli, data, "request", "open", "C-1", "--order", "O-9")
    outcome = cli("request", "check", "Q-1", "--data", data)
    assert outcome.code == 1 and "DOC_MISSING:order" in outcome.err
    assert asked(cli, data, "request", "accept", "Q-1")[1]["reasons"] == ["DOC_MISSING"]


def test_tickets_and_people(cli: Cli, data: Path) -> None:
    assert asked(cli, data, "ticket", "open", "ito", "--contract", "K-1", "--need-to-know")[1]["made"] == "T-1"
    assert asked(cli, data, "ticket", "approve", "T-1", "--by", "lund")[1]["rules"][0]["rule"] == "SD-4"
    assert asked(cli, data, "ticket", "approve", "T-1")[0] == 0
    assert asked(cli, data, "may", "ito", "maintain", "")[0] == 0
    assert asked(cli, data, "user", "add", "nova", "--role", "INV", "--person", "LAB-nova")[0] == 0
    assert asked(cli, data, "user", "train", "nova")[0] == 0
    assert asked(cli, data, "user", "transfer", "chen", "--role", "INV")[0] == 0
    assert asked(cli, data, "user", "suspend", "rivera")[0] == 0
    shown = {one["user_id"]: one for one in asked(cli, data, "user", "show")[1]}
    assert (shown["chen"]["role"], shown["rivera"]["suspended"]) == ("INV", True)
    assert asked(cli, data, "user", "train", "lund", "--by", "lund")[0] == 1
    assert cli("user", "add", "nova2", "--role", "INV", "--person", "LAB-nova", "--data", data).err.count("R-072") == 1
    assert asked(cli, data, "desk", "tick")[1] == []
    assert asked(cli, data, "desk", "leave", "rivera")[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("may", "rivera", "fly", "C-1"),
        ("desk", "enter", "rivera", "--facility", "F1", "--device", "TOASTER"),
        ("desk", "init"),
        ("user", "add", "x", "--role", "KING", "--person", "P"),
        ("user", "show", "ghost"),
        ("request", "check", "Q-9"),
        ("explain", "access:9999"),
        ("explain", "O-9"),
    ],
)
def test_what_is_not_there_is_one_sentence(cli: Cli, data: Path, words: tuple[str, ...]) -> None:
    outcome = cli(*words, "--data", data)
    assert outcome.code == 2 and outcome.err.count("\n") == 1


def test_an_edited_ledger_is_an_integrity_failure(cli: Cli, data: Path) -> None:
    path = data / "desk" / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"rivera"', b'"ito"', 1))
    assert cli("may", "rivera", "read_content", "C-1", "--data", data).code == 4
    assert cli("audit", "verify", "--data", data).code == 4


@pytest.mark.rule("R-075")
def test_attack_nobody_is_entered_at_a_place_that_is_none(cli: Cli, data: Path) -> None:
    said = cli("desk", "enter", "rivera", "--facility", "F9", "--data", data)
    assert said.code == 2 and "F1, F2, F3, F4 (R-075)" in said.err
    assert asked(cli, data, "audit", "show", "--kind", "entry")[1][-1]["fields"]["facility"] == "F2"


def test_a_ticket_is_somebody_s(cli: Cli, data: Path) -> None:
    said = cli("ticket", "open", "nobody", "--data", data)
    assert said.code == 2 and "no user nobody" in said.err


def test_audit_verify_holds_the_database_against_the_ledger(cli: Cli, data: Path) -> None:
    assert asked(cli, data, "audit", "verify")[1]["database"] == {"rows": 0, "faults": []}
    with open_both(data) as (desk, database), database.recorded(desk, 7) as writing:
        synopses.save(writing, "LAB-0001", 7, "They speak of a boat.", 0, "rivera", 7)
    said = cli("audit", "verify", "--data", data)
    assert said.code == 0 and "1 rows of the database: as they were written" in said.out
    with sqlite3.connect(data / "desk" / "desk.sqlite") as behind:
        behind.execute("UPDATE synopsis SET text = 'They speak of a bank.'")
    code, found = asked(cli, data, "audit", "verify")
    assert code == 4 and found["faults"] == []
    assert found["database"]["faults"] == ["synopsis LAB-0001/7 revision 1 is not as it was written"]
    with sqlite3.connect(data / "desk" / "desk.sqlite") as behind:
        behind.execute("DELETE FROM desk_version")
    older = cli("audit", "verify", "--data", data)
    assert older.code == 3 and "start the console once" in older.err
