"""The desk's ledger on disk, and the attacks on it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from asn1.errors import RefusedError
from collector.desk.desk import Desk
from collector.desk.explain import explain_access
from collector.desk.ledger import read_desk, verify_desk
from collector.store.audit_log import AuditFullError
from mediation.law.access_facts import Circumstances, DeviceClass
from mediation.law.actors import Action, Role
from mediation.law.desk_values import DeskError
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.runtime.config import NotReadyError
from mediation.runtime.process import IntegrityError

HOUR = 3_600_000_000
NOW = 800 * HOUR
END = NOW + 20 * HOUR
STATION = DeviceClass.CALEA_STATION
READ = Action.READ_CONTENT
WARRANT = CourtOrder(
    order_id=OrderId("O-1"),
    version=1,
    kind=OrderKind.EAVESDROPPING,
    case_id=CaseId("C-1"),
    liid=Liid("LAB-1"),
    agency="LAB-LEA",
    window=Window(NOW, END),
    targets=(Target(TargetKind.E164, "12125550100"),),
    services=frozenset({Service.VOICE}),
    joint_with=frozenset({"OTHER-LEA"}),
)
CAST = {
    "rivera": "INV",
    "okafor": "SUP",
    "chen": "TARU",
    "brandt": "TARU",
    "lund": "TADM",
    "ito": "VEND",
    "marsh": "OAG",
    "quinn": "IAB",
    "reyes": "ITB",
    "vega": "INV",
}
AWAY = {"marsh", "vega"}


@pytest.fixture
def desk(tmp_path: Path):
    with Desk.open(tmp_path / "desk", lambda: (WARRANT,)) as desk:
        facilities = {"facilities": ["F1", "F2", "F3", "F4"], "case_systems": ["CMS-1"]}
        desk.record("configuration_change", facilities, NOW)
        for name, role in CAST.items():
            agency = "OTHER-LEA" if name in AWAY else "LAB-LEA"
            person = {"user_id": name, "person": f"P-{name}", "role": role, "agency": agency}
            desk.record("user", {**person, "trained_until_us": 2 * END, "background_check": True}, NOW)
            desk.enter(name, "F2", STATION, NOW)
        yield desk


def let_in(desk: Desk, users: tuple[str, ...] = ("rivera",)) -> None:
    assert desk.open_request("rivera", "C-1", "O-1", NOW, "weiss", users, "okafor", "weiss").made == "Q-1"
    assert desk.check_request("brandt", "Q-1", [], NOW).answer.allowed
    assert desk.decide_request("brandt", "Q-1", True, NOW).answer.allowed
    for user in users:
        assert desk.grant("chen", user, "C-1", NOW).answer.allowed


def accesses(desk: Desk, directory: Path) -> list[dict]:
    return [one["fields"] for one in read_desk(directory)[1] if one["kind"] == "access"]


def test_every_attempt_is_one_entry_with_the_minimum_fields(desk: Desk, tmp_path: Path) -> None:
    before = desk.entries
    assert not desk.attempt("rivera", READ, "C-1", NOW).answer.allowed
    assert desk.entries == before + 1
    let_in(desk)
    outcome = desk.attempt("rivera", READ, "C-1", NOW)
    assert outcome.answer.allowed
    found = accesses(desk, tmp_path / "desk")
    names = "event_id utc_time actor_id actor_role facility device_class case_id order_id action object_type object_id"
    assert all({*names.split(), "decision", "reason_codes", "rule_ids", "note"} <= set(one) for one in found)
    assert (found[0]["decision"], found[0]["reason_codes"], found[0]["order_id"]) == (
        "DENIED",
        ["ACCESS_DENIED_ROLE"],
        "",
    )
    assert (found[-1]["event_id"], found[-1]["order_id"], found[-1]["facility"]) == (outcome.event_id, "O-1", "F2")


def test_the_state_survives_the_process(desk: Desk, tmp_path: Path) -> None:
    let_in(desk)
    state = desk.state
    desk.close()
    desk._ledger = Desk.open(tmp_path / "desk", lambda: (WARRANT,))._ledger
    assert desk.state == state and desk.attempt("rivera", READ, "C-1", NOW).answer.allowed
    assert read_desk(tmp_path / "desk")[0] == state and verify_desk(tmp_path / "desk").ok


def test_one_process_at_a_time_writes_and_readers_take_no_lock(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="Another process"):
        Desk.open(tmp_path / "desk", wait_s=0)
    assert read_desk(tmp_path / "desk")[0] == desk.state


@pytest.mark.parametrize("attack", ["edited", "left out", "replayed", "appended", "other key"])
def test_an_edited_or_replayed_ledger_is_refused_at_the_opening(desk: Desk, tmp_path: Path, attack: str) -> None:
    let_in(desk)
    desk.close()
    path = tmp_path / "desk" / "audit" / "audit.jsonl"
    lines = path.read_bytes().splitlines()
    grant = next(line for line in lines if json.loads(line)["kind"] == "grant")
    where = lines.index(grant)
    if attack == "edited":
        lines[where] = grant.replace(b'"rivera"', b'"ito"')
    elif attack == "left out":
        del lines[where]
    elif attack == "replayed":
        lines.append(grant)
    elif attack == "appended":
        entry = json.loads(grant)
        lines.append(json.dumps({**entry, "seq": len(lines)}, sort_keys=True, separators=(",", ":")).encode())
    else:
        for key in (tmp_path / "desk" / "keys").iterdir():
            key.unlink()
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(IntegrityError):
        desk._ledger = Desk.open(tmp_path / "desk")._ledger
    desk._ledger = Desk.open(tmp_path / "other")._ledger


@pytest.mark.rule("R-073", "R-073.1")
@pytest.mark.rule("R-026", "R-026.1")
@pytest.mark.parametrize("who", ["rivera", "marsh", "vega", "ito"])
def test_guessing_case_ids_leaks_nothing_to_the_octet(desk: Desk, tmp_path: Path, who: str) -> None:
    """Neither in the answer nor in the entry that the asker may read as their own trail."""
    for action in Action:
        real = desk.attempt(who, action, "C-1", NOW)
        missing = desk.attempt(who, action, "C-7", NOW)
        assert real.answer == missing.answer
    found = [json.dumps(one) for one in accesses(desk, tmp_path / "desk")]
    for number in range(0, len(found), 2):
        first, second = (json.loads(found[number + part]) for part in (0, 1))
        first["event_id"] = second["event_id"] = ""
        assert json.dumps(first).replace("C-1", "C-7") == json.dumps(second)


@pytest.mark.rule("R-074", "R-074.1", "R-074.2")
def test_at_the_end_of_the_order_the_grant_ends_and_the_session_is_cut(desk: Desk, tmp_path: Path) -> None:
    let_in(desk)
    desk.enter("rivera", "F2", STATION, END - 1)
    assert desk.begin_session("rivera", READ, "C-1", END - 1).made == "S-1"
    assert desk.tick(END - 1) == () and desk.state.sessions["S-1"].ended_us is None
    (end,) = desk.tick(END)
    assert (end.at_us, end.rule) == (END, "R-074")
    assert desk.state.sessions["S-1"].ended_us == END
    assert not desk.attempt("rivera", READ, "C-1", END).answer.allowed
    before = desk.entries
    assert desk.tick(END + 1) == () and desk.entries == before


@pytest.mark.rule("R-072", "R-072.1")
def test_one_id_at_two_facilities_is_an_alarm_and_no_session(desk: Desk, tmp_path: Path) -> None:
    let_in(desk)
    assert desk.begin_session("rivera", READ, "C-1", NOW).answer.allowed
    desk.enter("rivera", "F1", STATION, NOW + 1)
    outcome = desk.begin_session("rivera", READ, "C-1", NOW + 1)
    assert not outcome.answer.allowed and outcome.answer.rules == ("R-072",)
    alarms = [one["fields"] for one in read_desk(tmp_path / "desk")[1] if one["kind"] == "alarm"]
    assert alarms == [{"rule": "R-072", "user_id": "rivera", "facilities": ["F1", "F2"]}]
    desk.end_session("S-1", NOW + 2)
    assert desk.begin_session("rivera", READ, "C-1", NOW + 2).made == "S-2"


@pytest.mark.rule("R-080", "R-080.1")
def test_another_agencys_officer_comes_in_by_order_and_grant(desk: Desk) -> None:
    assert desk.attempt("marsh", READ, "C-1", NOW).answer.rules[0] == "R-080"
    let_in(desk, ("rivera", "marsh"))
    assert desk.attempt("marsh", READ, "C-1", NOW).answer.allowed
    assert desk.attempt("marsh", READ, "C-7", NOW).answer.rules == ("R-080",)


@pytest.mark.rule("SD-1")
@pytest.mark.rule("SD-2")
def test_asking_checking_and_granting_take_three_people(desk: Desk) -> None:
    assert not desk.grant("chen", "rivera", "C-1", NOW).answer.allowed
    desk.open_request("rivera", "C-1", "O-1", NOW, "chen", supervisor="okafor")
    assert desk.check_request("chen", "Q-1", [], NOW).answer.rules == ("SD-2",)
    assert desk.decide_request("brandt", "Q-1", True, NOW).answer.rules == ("R-050",)
    assert desk.check_request("brandt", "Q-1", ["DOC_MISSING:complaint_number"], NOW).answer.allowed
    assert desk.decide_request("brandt", "Q-1", True, NOW).answer.rules == ("R-050",)
    assert desk.check_request("brandt", "Q-1", [], NOW).answer.allowed
    assert desk.decide_request("brandt", "Q-1", True, NOW).answer.allowed
    assert desk.grant("brandt", "rivera", "C-1", NOW).answer.rules == ("SD-2",)
    assert desk.grant("chen", "chen", "C-1", NOW).answer.rules[0] == "SD-1"
    assert desk.grant("lund", "rivera", "C-1", NOW).answer.rules == ("R-070",)
    assert desk.grant("chen", "rivera", "C-1", NOW).made == "G-1"
    assert desk.end_grants("lund", "rivera", "C-1", NOW + 1).made == ""
    assert desk.end_grants("chen", "rivera", "C-1", NOW + 1).made == "G-1"
    assert not desk.attempt("rivera", READ, "C-1", NOW + 1).answer.allowed


def test_a_request_of_another_agency_is_answered_as_one_that_is_not_there(desk: Desk, tmp_path: Path) -> None:
    desk.open_request("vega", "C-9", "O-9", NOW, "weiss")
    answers = [desk.check_request("brandt", name, [], NOW).answer for name in ("Q-1", "Q-99")]
    assert answers[0] == answers[1] and not answers[0].allowed
    assert [one["case_id"] for one in accesses(desk, tmp_path / "desk")[-2:]] == ["", ""]


@pytest.mark.rule("SD-4")
@pytest.mark.rule("R-081", "R-081.1", "R-081.2", "R-081.3")
def test_a_vendors_hour(desk: Desk) -> None:
    minute = 60_000_000
    assert desk.attempt("ito", Action.MAINTAIN, "", NOW).answer.reasons[0].name == "NEED_TO_KNOW_MISSING"
    desk.open_ticket("lund", "ito", NOW, 60, "K-1", True)
    assert desk.approve_ticket("lund", "T-1", NOW).answer.rules == ("SD-4",)
    assert not desk.attempt("ito", Action.MAINTAIN, "", NOW).answer.allowed
    desk.record("user", {"user_id": "novak", "person": "P-n", "role": "TADM", "agency": "LAB-LEA"}, NOW)
    assert desk.approve_ticket("novak", "T-1", NOW).answer.allowed
    assert desk.approve_ticket("novak", "T-1", NOW).answer.rules == ("SD-4",)
    assert desk.attempt("ito", Action.MAINTAIN, "", NOW + 60 * minute - 1).answer.allowed
    assert desk.attempt("ito", READ, "C-1", NOW).answer.rules == ("R-081",)
    assert desk.attempt("ito", Action.MAINTAIN, "", NOW + 60 * minute).answer.reasons[0].name == "ACCESS_EXPIRED"


@pytest.mark.rule("R-170", "R-170.1")
@pytest.mark.rule("R-077", "R-077.1")
@pytest.mark.parametrize(("device", "segment"), [("NYPD_PED", "NYPD_PED"), ("CALEA_STATION", "NYPD_PED")])
def test_a_handheld_with_every_credential_right_and_one_that_lies_are_denied(
    desk: Desk, device: str, segment: str
) -> None:
    let_in(desk)
    desk.enter("rivera", "F2", DeviceClass(device), NOW, DeviceClass(segment))
    answer = desk.attempt("rivera", READ, "C-1", NOW).answer
    assert not answer.allowed and {"R-077", "R-087", "R-170"} <= set(answer.rules)


@pytest.mark.rule("SD-5")
@pytest.mark.rule("SD-6")
def test_an_auditor_writes_nothing_and_the_administrator_turns_nothing_off(desk: Desk) -> None:
    for kind, fields in (("suspension", {"user_id": "rivera"}), ("training", {"user_id": "rivera", "until_us": 1})):
        assert not desk.administer("reyes", kind, fields, NOW).answer.allowed
    assert desk.attempt("lund", Action.TURN_OFF_AUDIT_OR_GATE, "", NOW).answer.rules == ("SD-6",)
    assert not hasattr(desk, "delete") and desk.state.users["rivera"].suspended_us is None


@pytest.mark.rule("SD-1")
def test_an_administrator_changes_nothing_about_themselves(desk: Desk) -> None:
    changed = desk.administer("lund", "transfer", {"user_id": "lund", "at_us": NOW, "role": "TARU"}, NOW)
    assert changed.answer.rules == ("SD-1",) and desk.state.users["lund"].duty_at(NOW).role is Role.TADM
    with pytest.raises(DeskError, match="R-072"):
        desk.administer("lund", "user", {"user_id": "lund2", "person": "P-lund", "role": "TARU"}, NOW)


@pytest.mark.rule("R-084", "R-084.1")
def test_a_tour_without_inspections_is_an_alarm(desk: Desk, tmp_path: Path) -> None:
    tour = desk.state.tour_start_us(NOW)
    for facility in ("F1", "F2", "F3"):
        desk.inspect("okafor", facility, NOW)
    with pytest.raises(RefusedError, match="R-084"):
        desk.inspect("rivera", "F4", NOW)
    assert desk.end_tour(tour, NOW + 8 * HOUR) == ("F4",)
    last = read_desk(tmp_path / "desk")[1][-1]
    assert (last["kind"], last["fields"]["rule"], last["fields"]["facilities"]) == ("alarm", "R-084", ["F4"])
    desk.inspect("okafor", "F4", NOW)
    before = desk.entries
    assert desk.end_tour(tour, NOW + 8 * HOUR) == () and desk.entries == before


@pytest.mark.rule("R-085", "R-085.1")
def test_an_audit_asked_for_by_anyone_else_is_refused(desk: Desk) -> None:
    assert desk.request_audit("quinn", "case C-1", NOW).made == "AR-1"
    for who in ("rivera", "okafor", "chen", "lund", "reyes", "ito"):
        assert desk.request_audit(who, "case C-1", NOW).answer.rules == ("R-085",)


@pytest.mark.rule("R-086")
def test_confirmed_misuse_suspends(desk: Desk) -> None:
    let_in(desk)
    review = desk.open_review("quinn", "rivera", "IAB", NOW)
    with pytest.raises(RefusedError, match="R-086"):
        desk.decide_review("chen", review, True, NOW)
    desk.decide_review("quinn", review, True, NOW)
    assert desk.attempt("rivera", READ, "C-1", NOW).answer.rules == ("R-086",)


@pytest.mark.rule("R-130", "R-130.2")
def test_no_case_is_closed_before_its_hand_off(desk: Desk) -> None:
    desk.record("seal", {"order_id": "O-1", "by": "chen"}, END)
    with pytest.raises(DeskError):
        desk.close_case("chen", "O-1", END)
    desk.record("export", {"order_id": "O-1", "hand_off": True, "target": "CMS-1"}, END)
    desk.close_case("chen", "O-1", END)
    with pytest.raises(DeskError):
        desk.close_case("chen", "O-1", END)


def test_what_cannot_be_recorded_is_not_done(tmp_path: Path) -> None:
    with Desk.open(tmp_path / "desk", capacity_octets=400) as desk, pytest.raises(AuditFullError):
        desk.record("configuration_change", {"facilities": ["F1", "F2", "F3", "F4"], "note": "x" * 300}, NOW)
    assert read_desk(tmp_path / "desk")[1] == []


def test_an_entry_that_contradicts_the_ledger_is_not_written(desk: Desk) -> None:
    before = desk.entries
    with pytest.raises(DeskError):
        desk.record("configuration_change", {"facilities": ["F1", "F2", "F3"]}, NOW)
    assert desk.entries == before


def test_an_explanation_is_made_from_the_entry(desk: Desk, tmp_path: Path) -> None:
    let_in(desk)
    desk.attempt("rivera", READ, "C-1", NOW)
    desk.enter("rivera", "F5", DeviceClass.NYPD_PED, NOW)
    desk.attempt("rivera", READ, "C-1", NOW, Circumstances(purpose="immigration"))
    desk.attempt("ghost", READ, "C-1", NOW)
    allowed, denied, ghost = (explain_access(one) for one in accesses(desk, tmp_path / "desk")[-3:])
    assert {step.outcome for step in allowed} == {"holds"} and "under O-1" in allowed[4].fact
    wrong = {(step.check, step.rule) for step in denied if step.outcome == "refuses"}
    assert {("device", "R-170"), ("place", "R-075"), ("purpose", "R-065"), ("record", "R-092")} <= wrong
    assert [(step.check, step.outcome) for step in ghost] == [("person", "refuses"), ("record", "refuses")]


def test_a_revocation_ends_the_grant_by_the_clock(tmp_path: Path, desk: Desk) -> None:
    let_in(desk)
    desk._orders = lambda: (replace(WARRANT, version=2, revoked_at_us=NOW + HOUR),)
    assert desk.tick(NOW + HOUR - 1) == ()
    assert [one.rule for one in desk.tick(NOW + HOUR)] == ["R-019"]
