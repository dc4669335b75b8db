"""The role × action × grant-state matrix, cell by cell from the policy's own table (vectors/law/role_matrix.csv)."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from mediation.law.access import (
    Actor,
    Answer,
    CaseFile,
    Circumstances,
    DeviceClass,
    Grant,
    Place,
    Ticket,
    facilities_error,
    may,
)
from mediation.law.actors import MATRIX, Action, Role
from mediation.law.orders import OrderState, Window
from mediation.law.verdicts import Reason

TABLE = Path(__file__).parents[2] / "vectors" / "law" / "role_matrix.csv"
FACILITIES = frozenset({"F1", "F2", "F3", "F4"})
START, END, NOW = 1_000_000, 9_000_000, 5_000_000
CASE = CaseFile(
    "C-1",
    Window(START, END),
    OrderState.ACTIVE,
    facilities=frozenset({"F2"}),
    presence=frozenset({"user"}),
    supervisors=frozenset({"user"}),
    under_review=True,
    requested_by="rivera",
    document_author="adair",
    joint_court_order_id="J-1",
)
STATION = Place("F2", DeviceClass.CALEA_STATION, entered_us=NOW - 1, shift_start_us=START)
TICKET = Ticket("T-1", "user", "lund", "chen", Window(START, END), need_to_know=True)
GRANT = Grant("user", "C-1", "chen", Window(START, END), court_order_id="J-1")
EVERYTHING = Circumstances(
    place=STATION,
    grants=(GRANT,),
    tickets=(TICKET,),
    logged_reason="delivery fault 7",
    declaration_complete=True,
    papers_complete=True,
    named_employee="Carrier Clerk",
    court_ruling_id="R-9",
    judge_direction_id="D-3",
    target_is_case_management=True,
    supervisory_authorisation=True,
    consent_or_no_privacy=True,
    beneficiary="rivera",
)
GRANT_STATES = {
    "none": (),
    "other case": (replace(GRANT, case_id="C-2"),),
    "other user": (replace(GRANT, user_id="marsh"),),
    "not yet": (replace(GRANT, window=Window(NOW + 1, END)),),
    "active": (GRANT,),
    "ended": (replace(GRANT, ended_us=NOW),),
    "expired": (replace(GRANT, window=Window(START, NOW)),),
}
NEEDS_GRANT = {"C4", "C7"}
NEVER_ALONE = {"C13"}


def actor(role: Role, **changes: object) -> Actor:
    return replace(Actor("user", role, trained_until_us=END, background_check=True), **changes)


def case_for(action: Action) -> CaseFile:
    """Hand-off comes after the order, everything else during it."""
    return replace(CASE, window=Window(START, NOW)) if action is Action.EXPORT_HAND_OFF else CASE


def ask(role: Role, action: Action, facts: Circumstances = EVERYTHING, case: CaseFile | None = None) -> Answer:
    return may(actor(role), action, case or case_for(action), NOW, facts, FACILITIES)


def table() -> dict[tuple[int, str], str]:
    with TABLE.open(newline="") as file:
        head, *rows = list(csv.reader(file))
    return {(line, role): row[column + 1] for line, row in enumerate(rows) for column, role in enumerate(head[1:])}


def test_the_policys_table_has_a_row_for_each_action() -> None:
    assert len({line for line, _ in table()}) == len(Action) == len(MATRIX)
    assert len(Role) == 18


@pytest.mark.parametrize(("line", "role"), sorted(table()))
def test_each_cell_is_the_policys(line: int, role: str) -> None:
    action = list(Action)[line]
    said = table()[line, role]
    assert MATRIX[action].get(Role(role), "") == said
    answer = ask(Role(role), action)
    assert answer.allowed == (said != "" and said not in NEVER_ALONE)
    assert answer.allowed or answer.rules


@pytest.mark.parametrize("role", [Role.DEF, Role.PUB, Role.INTEL, Role.SYS])
@pytest.mark.parametrize("action", list(Action))
def test_roles_without_a_column_can_do_nothing(role: Role, action: Action) -> None:
    assert not ask(role, action).allowed


@pytest.mark.parametrize("state", sorted(GRANT_STATES))
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_role_action_grant_state(role: Role, action: Action, state: str) -> None:
    cell = MATRIX[action].get(role)
    allowed = cell is not None and cell not in NEVER_ALONE and (cell not in NEEDS_GRANT or state == "active")
    answer = ask(role, action, replace(EVERYTHING, grants=GRANT_STATES[state]))
    assert answer.allowed == allowed
    assert len(answer.reasons) == len(answer.rules)


@pytest.mark.parametrize(
    ("role", "action", "without", "reason", "rule"),
    [
        (Role.INV, Action.START_EXIGENT_USE, {"declaration_complete": False}, Reason.DOC_MISSING, "R-030"),
        (Role.INV, Action.START_EXIGENT_USE, {"papers_complete": False}, Reason.DOC_MISSING, "R-045"),
        (Role.CARR, Action.PROVISION_CARRIER, {"named_employee": ""}, Reason.ACCESS_DENIED_ROLE, "R-059"),
        (Role.TARU, Action.READ_CONTENT, {"logged_reason": " "}, Reason.NEED_TO_KNOW_MISSING, "R-073"),
        (Role.PROS, Action.READ_QUARANTINE, {"court_ruling_id": ""}, Reason.ACCESS_DENIED_ROLE, "R-041"),
        (Role.ICO, Action.READ_QUARANTINE, {"tickets": ()}, Reason.NEED_TO_KNOW_MISSING, "R-085"),
        (Role.INV, Action.EXPORT_HAND_OFF, {"target_is_case_management": False}, Reason.ACCESS_DENIED_ROLE, "R-173"),
        (Role.JUDGE, Action.SEAL, {"judge_direction_id": ""}, Reason.SEAL_MISSING, "R-131"),
        (
            Role.INV,
            Action.USE_COVERT_AUDIO_WITHOUT_WARRANT,
            {"supervisory_authorisation": False},
            Reason.DOC_MISSING,
            "R-165",
        ),
        (Role.SUP, Action.USE_COVERT_AUDIO_WITHOUT_WARRANT, {"consent_or_no_privacy": False}, Reason.NO_ORDER, "R-166"),
        (Role.VEND, Action.MAINTAIN, {"tickets": ()}, Reason.NEED_TO_KNOW_MISSING, "R-081"),
        (
            Role.VEND,
            Action.MAINTAIN,
            {"tickets": (replace(TICKET, need_to_know=False),)},
            Reason.NEED_TO_KNOW_MISSING,
            "R-081",
        ),
        (
            Role.VEND,
            Action.MAINTAIN,
            {"tickets": (replace(TICKET, window=Window(START, NOW)),)},
            Reason.ACCESS_EXPIRED,
            "R-081",
        ),
        (
            Role.VEND,
            Action.MAINTAIN,
            {"tickets": (replace(TICKET, approved_by="lund"),)},
            Reason.ACCESS_DENIED_ROLE,
            "SD-4",
        ),
        (Role.TARU, Action.ADMINISTER, {"beneficiary": "user"}, Reason.ACCESS_DENIED_ROLE, "R-070"),
        (Role.TARU, Action.GRANT_ACCESS, {"beneficiary": "user"}, Reason.ACCESS_DENIED_ROLE, "SD-1"),
        (Role.TARU, Action.GRANT_ACCESS, {"beneficiary": ""}, Reason.ACCESS_DENIED_ROLE, "R-070"),
        (Role.INV, Action.READ_CONTENT, {"purpose": ""}, Reason.PURPOSE_FORBIDDEN, "R-066"),
        (Role.SUP, Action.DRAFT_REQUEST, {"purpose": "immigration enforcement"}, Reason.PURPOSE_FORBIDDEN, "R-065"),
    ],
)
def test_each_condition_alone_denies(
    role: Role, action: Action, without: dict[str, object], reason: Reason, rule: str
) -> None:
    assert ask(role, action).allowed
    answer = ask(role, action, replace(EVERYTHING, **without))
    assert not answer.allowed
    assert (reason, rule) == (answer.reasons[0], answer.rules[0])


@pytest.mark.parametrize(
    ("change", "reason", "rule"),
    [
        ({"device": DeviceClass.GENERAL_DESKTOP}, Reason.ACCESS_DENIED_DEVICE, "R-077"),
        ({"device": DeviceClass.PERSONAL_DEVICE}, Reason.ACCESS_DENIED_DEVICE, "R-077"),
        ({"device": DeviceClass.VENDOR_LAPTOP}, Reason.ACCESS_DENIED_DEVICE, "R-077"),
        ({"device": DeviceClass.NYPD_PED}, Reason.ACCESS_DENIED_DEVICE, "R-087"),
        ({"device": DeviceClass.DIGITAL_CAMERA}, Reason.ACCESS_DENIED_DEVICE, "R-087"),
        ({"device": DeviceClass.RECORD_MANAGEMENT}, Reason.ACCESS_DENIED_DEVICE, "R-087"),
        ({"segment_device": DeviceClass.NYPD_PED}, Reason.ACCESS_DENIED_DEVICE, "R-077"),
        ({"remote": True}, Reason.ACCESS_DENIED_FACILITY, "R-088"),
        ({"facility": "F5"}, Reason.ACCESS_DENIED_FACILITY, "R-075"),
        ({"facility": "F3"}, Reason.ACCESS_DENIED_FACILITY, "R-075"),
        ({"entered_us": None}, Reason.ACCESS_DENIED_FACILITY, "R-079"),
        ({"entered_us": START - 1}, Reason.ACCESS_DENIED_FACILITY, "R-079"),
        ({"entered_us": NOW + 1}, Reason.ACCESS_DENIED_FACILITY, "R-079"),
    ],
)
def test_the_wrong_place_denies_whoever_asks(change: dict[str, object], reason: Reason, rule: str) -> None:
    for role in (Role.INV, Role.SUP, Role.TARU, Role.OAG):
        answer = ask(role, Action.READ_CONTENT, replace(EVERYTHING, place=replace(STATION, **change)))
        assert (reason, rule) == (answer.reasons[0], answer.rules[0])


def test_no_place_at_all_denies() -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, replace(EVERYTHING, place=None))
    assert set(answer.reasons) == {Reason.ACCESS_DENIED_DEVICE, Reason.ACCESS_DENIED_FACILITY}


def test_a_person_missing_from_the_presence_list_is_kept_out() -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, case=replace(CASE, presence=frozenset({"somebody else"})))
    assert answer.rules == ("R-076",)


@pytest.mark.parametrize(
    ("now_us", "allowed"), [(START - 1, False), (START, True), (END - 1, True), (END, False), (END + 1, False)]
)
def test_access_lasts_exactly_as_long_as_the_order(now_us: int, allowed: bool) -> None:
    facts = replace(EVERYTHING, place=replace(STATION, entered_us=0, shift_start_us=0))
    trained = actor(Role.INV, trained_until_us=2 * END)
    assert may(trained, Action.READ_CONTENT, CASE, now_us, facts, FACILITIES).allowed == allowed


@pytest.mark.parametrize(("duties_end_us", "allowed"), [(NOW + 1, True), (NOW, False)])
def test_transferred_out_member_loses_granting_power_at_that_instant(duties_end_us: int, allowed: bool) -> None:
    grantor = actor(Role.TARU, duties_end_us=duties_end_us)
    answer = may(grantor, Action.GRANT_ACCESS, CASE, NOW, EVERYTHING, FACILITIES)
    assert answer.allowed == allowed
    assert allowed or answer.rules[0] == "R-071"


def test_untrained_suspended_and_unchecked_people_are_denied() -> None:
    for changes, rule in (
        ({"trained_until_us": None}, "R-083"),
        ({"trained_until_us": NOW}, "R-083"),
        ({"suspended": True}, "R-086"),
    ):
        answer = may(actor(Role.INV, **changes), Action.READ_CONTENT, CASE, NOW, EVERYTHING, FACILITIES)
        assert answer.rules[0] == rule
    vendor = actor(Role.VEND, background_check=False)
    assert may(vendor, Action.MAINTAIN, CASE, NOW, EVERYTHING, FACILITIES).rules == ("R-082",)


def test_one_cannot_ask_and_grant_nor_write_and_check_the_same_papers() -> None:
    assert ask(Role.TARU, Action.GRANT_ACCESS, case=replace(CASE, requested_by="user")).rules == ("SD-1",)
    assert ask(Role.TARU, Action.CHECK_PAPERS, case=replace(CASE, document_author="user")).rules == ("SD-2",)


def test_other_agency_needs_court_order_and_grant_both() -> None:
    assert not ask(Role.OAG, Action.READ_CONTENT, case=replace(CASE, joint_court_order_id=None)).allowed
    answer = ask(Role.OAG, Action.READ_CONTENT, replace(EVERYTHING, grants=()))
    assert answer.rules == ("R-080",)
    wrong = replace(EVERYTHING, grants=(replace(GRANT, court_order_id="J-2"),))
    assert ask(Role.OAG, Action.READ_CONTENT, wrong).rules == ("R-080",)


def test_unassigned_case_and_missing_case_get_the_same_answer() -> None:
    stranger = replace(EVERYTHING, grants=())
    unassigned = may(actor(Role.INV), Action.READ_CONTENT, replace(CASE, case_id="C-9"), NOW, stranger, FACILITIES)
    assert unassigned.rules[0] == "R-073"
    assert unassigned.reasons[0] == Reason.ACCESS_DENIED_ROLE


def test_closed_case_is_closed_to_technical_staff_too() -> None:
    answer = ask(Role.TARU, Action.READ_CONTENT, case=replace(CASE, state=OrderState.CLOSED))
    assert answer.rules == ("R-149",)


def test_hand_off_only_after_the_order() -> None:
    answer = ask(Role.INV, Action.EXPORT_HAND_OFF, case=CASE)
    assert answer.rules == ("R-130",)


@pytest.mark.parametrize("count", [0, 3, 5])
def test_facilities_are_exactly_four(count: int) -> None:
    sentence = facilities_error(frozenset(f"F{number}" for number in range(count)))
    assert sentence is not None
    assert "R-075" in sentence
    assert facilities_error(FACILITIES) is None
