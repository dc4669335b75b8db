"""`calea-lab order …`: options and files, versions, both inboxes, refusals in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from collector.store.keys import Keys
from lab.times import iso, when_us
from mediation.law.documents import parse_document, read_document
from mediation.law.orders import OrderKind, TargetKind
from mediation.runtime.config import ConfigError

Cli = Callable[..., Any]
PRTT = ("order", "create", "--kind", "PRTT", "--target", "+1 212 555 0101", "--days", "30")


def test_create_and_show_round_trip(cli: Cli, tmp_path: Path) -> None:
    data = tmp_path / "var"
    code, out, err = cli(*PRTT, "--id", "O-7", "--liid", "LAB-7", "--case", "C-1", "--data", data, "--json")
    assert (code, err) == (0, "")
    created = json.loads(out)
    assert created["targets"] == ["e164:12125550101"]
    (shown,) = json.loads(cli("order", "show", "O-7", "--data", data, "--json").out)
    assert shown == created | {"action": "issue", "signed_at": created["start"], "papers": "complete"}
    assert shown["state_now"] == "active"


def test_the_same_document_takes_two_ways(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path)
    places = [tmp_path / place / "O-1.v1.json" for place in ("court", "mediation/hi1-inbox", "collector/hi1-inbox")]
    assert len({place.read_bytes() for place in places}) == 1
    assert not list(tmp_path.rglob("*.tmp"))
    order = parse_document(places[0].read_bytes(), load_pem_public_key((tmp_path / "court/court.pub").read_bytes()))
    assert order.kind is OrderKind.PRTT
    assert order.targets[0].kind is TargetKind.E164


def test_private_keys_are_for_their_owner_alone(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--data", tmp_path)
    keys = list(tmp_path.rglob("*.key"))
    assert {key.parent.name for key in keys} == {"court"}
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_a_dialect_is_told_by_how_the_liid_begins_and_stays_with_the_next_version(cli: Cli, tmp_path: Path) -> None:
    made = json.loads(cli(*PRTT, "--id", "O-9", "--dialect", "t1678", "--data", tmp_path, "--json").out)
    assert made["liid"] == "T1678-O-9"
    narrower = (*PRTT[:-1], "10", "--id", "O-9", "--data", tmp_path, "--json")
    assert json.loads(cli(*narrower).out)["liid"] == "T1678-O-9"
    for wrong, words in (("morse", "choose one of"), ("ias", "begins with IAS-")):
        code, _, err = cli(*PRTT, "--id", "O-8", "--liid", "LAB-8", "--dialect", wrong, "--data", tmp_path)
        assert code == 2 and words in " ".join(err.split())


def test_names_and_versions_are_made_up(cli: Cli, tmp_path: Path) -> None:
    for expected in (("O-1", 1), ("O-2", 1)):
        made = json.loads(cli(*PRTT, "--data", tmp_path, "--json").out)
        assert (made["order_id"], made["version"]) == expected
    narrower = (*PRTT[:-1], "10", "--id", "O-1", "--data", tmp_path, "--json")
    assert json.loads(cli(*narrower).out)["version"] == 2
    assert [one["version"] for one in json.loads(cli("order", "show", "O-1", "--data", tmp_path, "--json").out)] == [
        1,
        2,
    ]
    newest = json.loads(cli("order", "show", "--data", tmp_path, "--json").out)
    assert [(one["order_id"], one["version"]) for one in newest] == [("O-1", 2), ("O-2", 1)]


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_fields_come_from_a_file_too(cli: Cli, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"order.{suffix}"
    text = (
        "kind: EAVESDROPPING\ntargets: [12125550102]\nservices: [VOICE, SMS]\nstart: 2026-03-01T14:00:00Z\ndays: 10\n"
    )
    if suffix == "json":
        fields = {"kind": "EAVESDROPPING", "targets": ["+12125550102"], "services": ["VOICE", "SMS"], "days": 10}
        text = json.dumps({**fields, "start": "2026-03-01T14:00:00Z"})
    file.write_text(text)
    made = json.loads(cli("order", "create", "--file", file, "--data", tmp_path / "var", "--json").out)
    assert made["targets"] == ["e164:12125550102"]
    assert (made["start"], made["services"]) == ("2026-03-01T14:00:00.000000Z", ["SMS", "VOICE"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "WISH", "--target", "+12125550101", "--days", "1"), "kind"),
        (("--kind", "PRTT", "--target", "+12125550101", "--days", "61"), "60 days"),
        (("--kind", "PRTT", "--target", "nobody", "--days", "1"), "telephone number"),
        (("--kind", "PRTT", "--days", "1"), "target"),
        (("--kind", "PRTT", "--target", "+12125550101"), "end"),
        (("--kind", "PRTT", "--target", "+12125550101", "--end", "tomorrow"), "--end"),
        (("--kind", "EAVESDROPPING", "--target", "+12125550101", "--days", "1"), "services"),
        (("--kind", "PRTT", "--target", "+12125550101", "--days", "1", "--id", "../x"), "name an order"),
        (("--file", "/nowhere/order.yaml"), "Cannot read"),
    ],
)
def test_what_is_no_order_is_refused_in_one_sentence(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    code, out, err = cli("order", "create", *words, "--data", tmp_path)
    assert code == 2
    assert out == "" and said in err and len(err.strip().splitlines()) == 1
    assert not list(tmp_path.rglob("O-*.json"))


def test_show_without_a_court(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("order", "show", "--data", tmp_path)
    assert code == 3 and "order create" in err
    cli(*PRTT, "--data", tmp_path)
    code, _, err = cli("order", "show", "O-9", "--data", tmp_path)
    assert code == 2 and "O-9" in err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", 5),
        ("+90s", 90_000_005),
        ("+1.5m", 90_000_005),
        ("+2h", 7_200_000_005),
        ("+1d", 86_400_000_005),
        ("1970-01-01T00:00:00.000007Z", 7),
        ("1970-01-01T01:00:00+01:00", 0),
    ],
)
def test_times_as_people_write_them(text: str, expected: int) -> None:
    assert when_us(text, 5, "--start") == expected


@pytest.mark.parametrize("text", ["", "later", "1970-01-01T00:00:00", "+5", "-5s", "12"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--start"):
        when_us(text, 0, "--start")


def test_times_are_exact() -> None:
    assert iso(1_772_373_600_000_001) == "2026-03-01T14:00:00.000001Z"
    assert when_us(iso(1_772_373_600_999_999), 0, "--end") == 1_772_373_600_999_999


def test_an_extension_goes_on_where_the_order_ends(cli: Cli, tmp_path: Path) -> None:
    first = json.loads(cli(*PRTT, "--id", "O-1", "--data", tmp_path, "--json").out)
    longer = json.loads(cli("order", "extend", "O-1", "--end", "+10d", "--data", tmp_path, "--json").out)
    assert (longer["version"], longer["start"]) == (2, first["start"]) and longer["end"] > first["end"]
    assert longer["extensions"] and (tmp_path / "collector/hi1-inbox/O-1.v2.json").exists()
    code, _, err = cli("order", "extend", "O-1", "--end", "+400d", "--data", tmp_path)
    assert (code, "R-011" in err or "R-005" in err, err.count("\n")) == (2, True, 1)


def test_an_order_that_has_ended_is_not_extended(cli: Cli, tmp_path: Path) -> None:
    past = ("--start", "2026-01-01T00:00:00Z", "--end", "2026-01-02T00:00:00Z")
    cli("order", "create", "--kind", "PRTT", "--target", "12125550101", "--id", "O-1", *past, "--data", tmp_path)
    code, _, err = cli("order", "extend", "O-1", "--end", "+10d", "--data", tmp_path)
    assert (code, "R-015" in err) == (2, True)
    warrant = ("--kind", "EAVESDROPPING", "--target", "12125550102", "--service", "VOICE", "--id", "O-2")
    cli("order", "create", *warrant, *past, "--data", tmp_path)
    code, _, err = cli("order", "extend", "O-2", "--end", "+10d", "--data", tmp_path)
    assert (code, "R-012" in err) == (2, True), "a warrant's application came too late"


def test_a_revoked_order_covers_nothing_from_its_time_on(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path)
    revoked = json.loads(cli("order", "revoke", "O-1", "--data", tmp_path, "--json").out)
    assert (revoked["version"], revoked["state"], revoked["state_now"]) == (2, "REVOKED", "revoked")
    for word in ("extend", "revoke"):
        end = ("--end", "+1d") if word == "extend" else ()
        assert cli("order", word, "O-NONE", *end, "--data", tmp_path).code == 2


def test_a_later_revocation_never_undoes_an_earlier_one(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path)
    cli("order", "revoke", "O-1", "--data", tmp_path)
    code, _, err = cli("order", "revoke", "O-1", "--at", "+10d", "--data", tmp_path)
    assert (code, "R-019" in err) == (2, True)
    assert json.loads(cli("order", "show", "O-1", "--data", tmp_path, "--json").out)[-1]["state_now"] == "revoked"


def test_what_its_readers_would_refuse_is_not_signed(cli: Cli, tmp_path: Path) -> None:
    foreign = ("order", "create", "--kind", "PRTT", "--target", "+4915112345678", "--days", "3", "--id", "O-1")
    code, _, err = cli(*foreign, "--data", tmp_path)
    assert (code, "would be refused" in err) == (2, True) and not list(tmp_path.rglob("O-1*.json"))
    assert cli("order", "show", "--data", tmp_path).code == 0


def test_a_start_on_the_command_line_outranks_the_file(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    file.write_text("kind: PRTT\ntargets: [12125550102]\nstart: 2026-03-01T14:00:00Z\ndays: 10\n")
    given = ("order", "create", "--file", file, "--data", tmp_path / "var", "--json")
    assert json.loads(cli(*given).out)["start"].startswith("2026-03-01")
    assert json.loads(cli(*given, "--start", "2026-04-01T00:00:00Z").out)["start"].startswith("2026-04-01")
    file.write_bytes(b"\xff\xfe")
    assert cli(*given).code == 2


# --- acts, papers, export and import ----------------------------------------------------------------------------------

EXIGENT = ("order", "create", "--kind", "EXIGENT_PRTT", "--target", "+12125550101", "--days", "5", "--id", "O-1")


def shown(cli: Cli, data: Path) -> list[dict[str, Any]]:
    return list(json.loads(cli("order", "show", "O-1", "--data", data, "--json").out))


def test_an_emergency_begins_with_its_order_and_waits_for_approval(cli: Cli, tmp_path: Path) -> None:
    cli(*EXIGENT, "--data", tmp_path)
    (first,) = shown(cli, tmp_path)
    assert iso(first["activated_at"]) == first["start"] and first["papers"] == "complete"
    assert first["state_now"] == "active"
    assert cli("order", "approve", "O-1", "--data", tmp_path).code == 0
    approved = shown(cli, tmp_path)[-1]
    assert (approved["action"], approved["version"], approved["papers"]) == ("approve", 2, "complete")
    assert approved["order_issued_at"] >= approved["activated_at"]
    code, _, err = cli("order", "approve", "O-1", "--data", tmp_path)
    assert (code, "R-027" in err) == (2, True), "once is enough"


@pytest.mark.rule("R-042")
def test_attack_an_approval_past_its_deadline_is_not_signed(cli: Cli, tmp_path: Path) -> None:
    cli(*EXIGENT, "--start", "2026-03-01T00:00:00Z", "--data", tmp_path)
    late = ("order", "approve", "O-1", "--at", "2026-03-03T00:00:00.000001Z", "--data", tmp_path)
    code, _, err = cli(*late)
    assert (code, "R-042" in err, err.count("\n")) == (2, True, 1)
    assert not (tmp_path / "collector/hi1-inbox/O-1.v2.json").exists()
    assert cli("order", "approve", "O-1", "--at", "2026-03-03T00:00:00Z", "--data", tmp_path).code == 0


def test_a_denied_emergency_ends_and_is_not_approved_afterwards(cli: Cli, tmp_path: Path) -> None:
    cli(*EXIGENT, "--data", tmp_path)
    assert cli("order", "deny", "O-1", "--data", tmp_path).code == 0
    assert (shown(cli, tmp_path)[-1]["action"], shown(cli, tmp_path)[-1]["state_now"]) == ("deny", "ended early")
    code, _, err = cli("order", "approve", "O-1", "--data", tmp_path)
    assert (code, "R-027" in err) == (2, True)


@pytest.mark.parametrize(("word", "rule"), [("obtained", "R-039"), ("ended", "R-040")])
def test_an_emergency_use_reports_its_own_end(cli: Cli, tmp_path: Path, word: str, rule: str) -> None:
    cli(*EXIGENT, "--data", tmp_path)
    ended = json.loads(cli("order", word, "O-1", "--data", tmp_path, "--json").out)
    assert (ended["version"], ended["state_now"]) == (2, "ended early")
    assert shown(cli, tmp_path)[-1]["action"] == word
    code, _, err = cli("order", word, "O-1", "--at", "+1h", "--data", tmp_path)
    assert (code, rule in err or "R-027" in err, err.count("\n")) == (2, True, 1), "never put off"


def lapsed(cli: Cli, data: Path) -> tuple[Keys, Any, bytes]:
    """An emergency use that lapsed: its key is in a box that only the court opens."""
    cli(*EXIGENT, "--start", "2026-03-01T00:00:00Z", "--data", data)
    keys = Keys.create(data / "collector" / "keys", data / "court" / "quarantine.pub")
    court = load_pem_public_key((data / "court/court.pub").read_bytes())
    uid = parse_document((data / "court/O-1.v1.json").read_bytes(), court).uid
    key = keys.data_key(uid)
    keys.withdraw(uid)
    return keys, uid, key


@pytest.mark.rule("R-041")
def test_what_was_held_of_a_lapsed_use_is_released_to_the_agency_alone(cli: Cli, tmp_path: Path) -> None:
    keys, uid, first = lapsed(cli, tmp_path)
    later = keys.data_key(uid)
    assert cli("order", "release", "O-1", "--data", tmp_path).code == 0
    court = load_pem_public_key((tmp_path / "court/court.pub").read_bytes())
    inbox = tmp_path / "collector/hi1-inbox"
    documents = [read_document((inbox / f"O-1.v{one}.json").read_bytes(), court) for one in (2, 3)]
    assert [one.data_key for one in documents] == [later, first] and first != later
    assert {str(one.action) for one in documents} == {"release"}
    assert not list((tmp_path / "mediation").rglob("O-1.v[23].json"))
    assert not list((tmp_path / "reconciler").rglob("O-1.v[23].json"))


def test_attack_a_box_that_the_court_does_not_open_is_not_released(cli: Cli, tmp_path: Path) -> None:
    keys, uid, _ = lapsed(cli, tmp_path)
    (box,) = keys.held_boxes(uid)
    box.write_bytes(box.read_bytes()[:-1] + b"x")
    code, _, err = cli("order", "release", "O-1", "--data", tmp_path)
    assert (code, "does not open" in err, err.count("\n")) == (2, True, 1)
    assert not (tmp_path / "collector/hi1-inbox/O-1.v2.json").exists()


def test_nothing_is_released_where_nothing_is_held(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path)
    code, _, err = cli("order", "release", "O-1", "--data", tmp_path)
    assert (code, "no key to release" in err) == (2, True)


def test_an_attained_objective_ends_an_order(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path)
    ended = json.loads(cli("order", "terminate", "O-1", "--data", tmp_path, "--json").out)
    assert (ended["state"], ended["version"], ended["state_now"]) == ("TERMINATED", 2, "ended early")
    assert [one["action"] for one in shown(cli, tmp_path)] == ["issue", "terminate"]
    for word in ("approve", "deny"):
        code, _, err = cli("order", word, "O-1", "--data", tmp_path)
        assert (code, "R-030" in err) == (2, True), "only an emergency is"


@pytest.mark.parametrize("form", ["hi1", "yaml"])
def test_what_is_exported_is_signed_by_another_court(cli: Cli, tmp_path: Path, form: str) -> None:
    one, other, file = tmp_path / "one", tmp_path / "other", tmp_path / "order"
    cli(*PRTT, "--id", "O-1", "--data", one)
    code, out, _ = cli("order", "export", "O-1", "--form", form, "--data", one)
    assert code == 0
    file.write_text(out)
    assert cli("order", "import", file, "--data", other).code == 0
    public = [load_pem_public_key((data / "court/court.pub").read_bytes()) for data in (one, other)]
    first, second = ((data / "collector/hi1-inbox/O-1.v1.json").read_bytes() for data in (one, other))
    assert parse_document(first, public[0]) == parse_document(second, public[1])
    assert read_document(first, public[0]).papers == read_document(second, public[1]).papers
    code, _, err = cli("order", "import", file, "--data", other)
    assert (code, "already" in err) == (2, True)


def test_one_version_of_several_is_exported(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path)
    cli("order", "revoke", "O-1", "--data", tmp_path)
    assert "REVOKED" in cli("order", "export", "O-1", "--data", tmp_path).out
    assert "REVOKED" not in cli("order", "export", "O-1", "--version", "1", "--data", tmp_path).out
    assert cli("order", "export", "O-1", "--version", "9", "--data", tmp_path).code == 2


@pytest.mark.parametrize("octets", [b"", b"<HI1Message/>", b"\xff", b"[]", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_what_is_no_order_is_not_imported(cli: Cli, tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "order"
    file.write_bytes(octets)
    code, _, err = cli("order", "import", file, "--data", tmp_path / "var")
    assert (code, err.count("\n")) == (2, 1)
    assert cli("order", "import", tmp_path / "nothing", "--data", tmp_path / "var").code == 2


def test_papers_of_a_file_are_those_of_the_order_and_every_missing_item_is_named(cli: Cli, tmp_path: Path) -> None:
    cli(*PRTT, "--id", "O-1", "--data", tmp_path / "first")
    text = cli("order", "export", "O-1", "--data", tmp_path / "first").out
    file = tmp_path / "order.yaml"
    file.write_text(text.replace("LAB-CASE-O-1", "2026-77-0001"))
    assert cli("order", "create", "--file", file, "--data", tmp_path / "second").code == 0
    assert "2026-77-0001" in cli("order", "export", "O-1", "--data", tmp_path / "second").out
    file.write_text(
        text.replace("complaint_number: LAB-CASE-O-1", "").replace("  requesting_unit: Detective Bureau\n", "")
    )
    code, _, err = cli("order", "create", "--file", file, "--data", tmp_path / "third")
    assert (code, err.count("\n")) == (2, 1)
    assert "DOC_MISSING:complaint_number" in err and "DOC_MISSING:requesting_unit" in err


def test_two_ends_are_one_too_many(cli: Cli, tmp_path: Path) -> None:
    words = ("--kind", "PRTT", "--target", "+12125550101", "--days", "30", "--end", "+3d")
    said = cli("order", "create", *words, "--data", tmp_path / "var")
    assert said.code == 2 and "--days or --end" in said.err
    assert not (tmp_path / "var" / "court").exists()


def test_a_revocation_before_the_start_says_that_it_is_from_the_start_on(cli: Cli, tmp_path: Path) -> None:
    words = ("--kind", "PRTT", "--target", "+12125550101", "--days", "30", "--start", "+1d", "--id", "O-1")
    assert cli("order", "create", *words, "--data", tmp_path / "var").code == 0
    said = cli("order", "revoke", "O-1", "--data", tmp_path / "var")
    assert said.code == 0 and "from its start on" in said.out
