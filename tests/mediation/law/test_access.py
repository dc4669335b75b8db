"""The rules of access one by one, each with its boundary, and the separation of duties as attacks."""

from dataclasses import replace

import pytest

from mediation.law.access import facilities_error, knows_of, may, session_ends_us
from mediation.law.access_facts import (
    Actor,
    Answer,
    CaseFile,
    Circumstances,
    DeviceClass,
    Grant,
    Place,
    Purpose,
    RequestFile,
    Ticket,
)
from mediation.law.actors import MATRIX, Action, Role
from mediation.law.orders import OrderState, Window
from mediation.law.rules import RULES
from mediation.law.verdicts import Reason

START, END, NOW = 1_000_000, 9_000_000, 5_000_000
OURS, THEIRS = "LAB-LEA", "OTHER-LEA"
CASE = CaseFile(
    "C-1",
    "O-1",
    OURS,
    Window(START, END),
    OrderState.ACTIVE,
    facilities=frozenset({"F2"}),
    presence=frozenset({"user"}),
    joint_with=frozenset({THEIRS}),
    supervisors=frozenset({"user"}),
    prosecutors=frozenset({"user"}),
    under_review=True,
)
OVER = replace(CASE, window=Window(START, NOW), state=OrderState.EXPIRED)
STATION = Place("F2", DeviceClass.CALEA_STATION, DeviceClass.CALEA_STATION, entered_us=NOW - 1, shift_start_us=START)
GRANT = Grant("user", "C-1", "O-1", "chen", START, Window(START, END), court_order_id="O-1")
TICKET = Ticket("T-1", "user", "lund", "chen", Window(START, END), need_to_know=True, contract="K-1")
REQUEST = RequestFile("Q-1", "C-1", OURS, "rivera", "adair", checked_by="brandt", complete=True)
FACTS = Circumstances(
    facilities=frozenset({"F1", "F2", "F3", "F4"}),
    case_systems=frozenset({"CMS-1"}),
    place=STATION,
    grants=(GRANT,),
    tickets=(TICKET, replace(TICKET, ticket_id="T-2", contract="", case_id="C-1")),
    request=REQUEST,
    logged_reason="delivery fault 7",
    declaration_complete=True,
    papers_complete=True,
    named_employee="Carrier Clerk",
    court_ruling_id="R-9",
    judge_direction_id="D-3",
    target_system="CMS-1",
    requester_confirmed=True,
    supervisory_authorisation=True,
    consent_or_no_privacy=True,
    beneficiary="rivera",
)
READS = (Action.READ_CONTENT, Action.READ_CALL_IDENTIFYING)


def actor(role: Role, **changes: object) -> Actor:
    agency = THEIRS if role is Role.OAG else OURS
    whole = Actor("user", role, agency, trained_until_us=END, background_check=True, access_control=True)
    return replace(whole, **changes)


def ask(
    role: Role, action: Action, facts: Circumstances = FACTS, case: CaseFile | None = CASE, now_us: int = NOW
) -> Answer:
    return may(actor(role), action, case, now_us, facts)


def denied(answer: Answer, reason: Reason, rule: str) -> bool:
    """Denied, and first for this."""
    return not answer.allowed and (answer.reasons[0], answer.rules[0]) == (reason, rule)


@pytest.mark.rule("R-070", "R-070.1")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TARU])
def test_a_grant_by_anyone_but_the_technical_unit_is_refused(role: Role) -> None:
    assert denied(ask(role, Action.GRANT_ACCESS), Reason.ACCESS_DENIED_ROLE, "R-070")
    forged = replace(FACTS, grants=(replace(GRANT, grantor_role=role),))
    assert denied(ask(Role.INV, Action.READ_CONTENT, forged), Reason.ACCESS_DENIED_ROLE, "R-070")


def test_the_technical_unit_grants_on_sound_papers_that_another_member_checked() -> None:
    assert ask(Role.TARU, Action.GRANT_ACCESS).allowed
    for request, reason, rule in (
        (None, Reason.DOC_MISSING, "R-050"),
        (replace(REQUEST, case_id="C-2"), Reason.DOC_MISSING, "R-050"),
        (replace(REQUEST, complete=False), Reason.DOC_MISSING, "R-050"),
        (replace(REQUEST, checked_by=""), Reason.DOC_MISSING, "R-050"),
        (replace(REQUEST, checked_by="user"), Reason.ACCESS_DENIED_ROLE, "SD-2"),
        (replace(REQUEST, agency=THEIRS), Reason.DOC_MISSING, "R-050"),
    ):
        assert denied(ask(Role.TARU, Action.GRANT_ACCESS, replace(FACTS, request=request)), reason, rule)
    nobody = replace(FACTS, beneficiary="")
    assert denied(ask(Role.TARU, Action.GRANT_ACCESS, nobody), Reason.ACCESS_DENIED_ROLE, "R-070")


def test_ending_access_takes_no_papers() -> None:
    facts = replace(FACTS, request=None, ending=True)
    assert ask(Role.TARU, Action.GRANT_ACCESS, facts, OVER).allowed
    assert not ask(Role.INV, Action.GRANT_ACCESS, facts, OVER).allowed


@pytest.mark.rule("R-071", "R-071.1")
@pytest.mark.rule("SD-3")
@pytest.mark.parametrize(("duties_end_us", "allowed"), [(NOW + 1, True), (NOW, False), (NOW - 1, False)])
def test_sd_3_a_member_transferred_out_grants_nothing_from_that_instant(duties_end_us: int, allowed: bool) -> None:
    grantor = actor(Role.TARU, duties_end_us=duties_end_us)
    answer = may(grantor, Action.GRANT_ACCESS, CASE, NOW, FACTS)
    assert answer.allowed == allowed
    assert allowed or denied(answer, Reason.ACCESS_EXPIRED, "R-071")


@pytest.mark.rule("R-071")
def test_a_grant_given_before_the_transfer_stands_and_one_given_at_it_does_not() -> None:
    before = replace(GRANT, granted_us=START, grantor_duties_end_us=START + 1)
    at = replace(before, grantor_duties_end_us=START)
    assert ask(Role.INV, Action.READ_CONTENT, replace(FACTS, grants=(before,))).allowed
    assert denied(ask(Role.INV, Action.READ_CONTENT, replace(FACTS, grants=(at,))), Reason.ACCESS_EXPIRED, "R-071")


@pytest.mark.rule("R-073", "R-073.1")
@pytest.mark.rule("R-026", "R-026.1")
@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", [Role.INV, Role.SUP, Role.TARU, Role.TADM, Role.OAG, Role.VEND, Role.FILT, Role.PROS])
def test_guessing_case_ids_leaks_nothing(role: Role, action: Action) -> None:
    """Not granted, another agency's, in whatever state, and not there at all: one answer, reason by reason."""
    stranger = replace(FACTS, grants=())
    hidden = [replace(CASE, agency=THEIRS, joint_with=frozenset(), prosecutors=frozenset())]
    if role in (Role.INV, Role.OAG, Role.SUP, Role.VEND, Role.PROS):
        hidden.append(replace(CASE, supervisors=frozenset(), prosecutors=frozenset()))
    hidden += [replace(one, state=OrderState.CLOSED, facilities=frozenset({"F1"})) for one in hidden]
    missing = ask(role, action, stranger, None)
    if role is Role.VEND:
        assert not missing.allowed or action is Action.MAINTAIN
    for case in hidden:
        assert ask(role, action, stranger, case) == missing


@pytest.mark.rule("R-073", "R-073.1")
def test_a_case_not_assigned_is_denied() -> None:
    stranger = replace(FACTS, grants=(replace(GRANT, case_id="C-2"),))
    for action in READS:
        assert denied(ask(Role.INV, action, stranger), Reason.ACCESS_DENIED_ROLE, "R-073")
    elsewhere = replace(CASE, supervisors=frozenset({"another"}))
    assert denied(ask(Role.SUP, Action.READ_CONTENT, case=elsewhere), Reason.ACCESS_DENIED_ROLE, "R-073")


@pytest.mark.rule("R-074", "R-074.2")
@pytest.mark.rule("R-130", "R-130.1")
@pytest.mark.parametrize(
    ("now_us", "allowed"), [(START - 1, False), (START, True), (END - 1, True), (END, False), (END + 1, False)]
)
def test_access_lasts_exactly_as_long_as_the_order(now_us: int, allowed: bool) -> None:
    facts = replace(FACTS, place=replace(STATION, entered_us=0, shift_start_us=0))
    reader = actor(Role.INV, trained_until_us=2 * END)
    answer = may(reader, Action.READ_CONTENT, CASE, now_us, facts)
    assert answer.allowed == allowed
    assert allowed or denied(answer, Reason.ACCESS_EXPIRED, "R-074")


@pytest.mark.rule("R-074")
def test_a_grant_longer_than_the_order_gives_nothing_beyond_it() -> None:
    longer = replace(FACTS, grants=(replace(GRANT, window=Window(START, 2 * END)),))
    assert denied(ask(Role.INV, Action.READ_CONTENT, longer, OVER), Reason.ACCESS_EXPIRED, "R-074")


@pytest.mark.rule("R-074", "R-074.1")
@pytest.mark.parametrize(
    ("role", "facts", "case", "ends_us"),
    [
        (Role.INV, FACTS, replace(CASE, window=Window(START, END - 5)), END - 5),
        (Role.INV, replace(FACTS, grants=(replace(GRANT, window=Window(START, END - 7)),)), CASE, END - 7),
        (Role.INV, replace(FACTS, grants=(replace(GRANT, ended_us=NOW + 3),)), CASE, NOW + 3),
        (Role.INV, replace(FACTS, grants=()), CASE, NOW),
        (Role.SUP, FACTS, replace(CASE, window=Window(START, END - 5)), END - 5),
        (Role.OAG, FACTS, replace(CASE, window=Window(START, END - 5)), END - 5),
    ],
)
def test_a_live_session_is_cut_where_the_answer_turns(
    role: Role, facts: Circumstances, case: CaseFile, ends_us: int
) -> None:
    facts = replace(facts, place=replace(STATION, entered_us=0, shift_start_us=0))
    assert session_ends_us(actor(role), case, facts, NOW) == ends_us
    assert not may(actor(role), Action.READ_CONTENT, case, ends_us, facts).allowed
    if ends_us > NOW:
        assert may(actor(role), Action.READ_CONTENT, case, ends_us - 1, facts).allowed


def test_a_session_ends_with_training_and_duties_too() -> None:
    assert session_ends_us(actor(Role.TARU, trained_until_us=NOW + 2), CASE, FACTS, NOW) == NOW + 2
    assert session_ends_us(actor(Role.TARU, duties_end_us=NOW + 1), CASE, FACTS, NOW) == NOW + 1
    assert session_ends_us(actor(Role.FILT, trained_until_us=None), CASE, FACTS, NOW) is None


def at(**changes: object) -> Circumstances:
    return replace(FACTS, place=replace(STATION, **changes))


@pytest.mark.rule("R-075", "R-075.1")
def test_a_fifth_site_is_denied_and_one_the_order_does_not_name() -> None:
    for facility in ("F5", "F3"):
        answer = ask(Role.INV, Action.READ_CONTENT, at(facility=facility))
        assert denied(answer, Reason.ACCESS_DENIED_FACILITY, "R-075")


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(5, marks=pytest.mark.rule("R-075", "R-075.2")),
        pytest.param(3, marks=pytest.mark.rule("R-075", "R-075.3")),
        0,
    ],
)
def test_facilities_are_exactly_four(count: int) -> None:
    names = frozenset(f"F{number}" for number in range(1, count + 1))
    sentence = facilities_error(names)
    assert sentence is not None and "R-075" in sentence
    assert not ask(Role.INV, Action.READ_CONTENT, replace(FACTS, facilities=names)).allowed
    assert facilities_error(FACTS.facilities) is None


@pytest.mark.rule("R-076", "R-076.1")
def test_a_person_missing_from_the_presence_list_is_kept_out() -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, case=replace(CASE, presence=frozenset({"somebody else"})))
    assert (answer.reasons, answer.rules) == ((Reason.ACCESS_DENIED_FACILITY,), ("R-076",))
    assert ask(Role.INV, Action.READ_CONTENT, case=replace(CASE, presence=frozenset())).allowed


@pytest.mark.rule("R-077", "R-077.1")
@pytest.mark.parametrize("segment", [one for one in DeviceClass if one is not DeviceClass.CALEA_STATION])
def test_a_spoofed_device_class_is_denied_by_its_network_segment(segment: DeviceClass) -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, at(segment_device=segment))
    assert Reason.ACCESS_DENIED_DEVICE in answer.reasons and "R-077" in answer.rules and not answer.allowed
    assert denied(ask(Role.INV, Action.READ_CONTENT, at(segment_device=None)), Reason.ACCESS_DENIED_DEVICE, "R-077")


@pytest.mark.rule("R-077")
@pytest.mark.parametrize("device", ["GENERAL_DESKTOP", "PERSONAL_DEVICE", "VENDOR_LAPTOP"])
def test_only_a_station_is_a_client(device: str) -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, at(device=DeviceClass(device)))
    assert denied(answer, Reason.ACCESS_DENIED_DEVICE, "R-077")


@pytest.mark.parametrize(
    ("device", "rule"),
    [
        pytest.param("DIGITAL_CAMERA", "R-169", marks=pytest.mark.rule("R-169")),
        pytest.param("NYPD_PED", "R-170", marks=pytest.mark.rule("R-170", "R-170.1")),
        pytest.param("RECORD_MANAGEMENT", "R-171", marks=pytest.mark.rule("R-171", "R-171.1")),
    ],
)
@pytest.mark.rule("R-087", "R-087.1")
@pytest.mark.parametrize("action", [*READS, Action.EXPORT_HAND_OFF, Action.GRANT_ACCESS, Action.READ_OWN_AUDIT])
def test_cameras_handhelds_and_record_management_are_denied_with_every_credential_right(
    device: str, rule: str, action: Action
) -> None:
    role = Role.TARU if action is Action.GRANT_ACCESS else Role.INV
    case = OVER if action is Action.EXPORT_HAND_OFF else CASE
    assert ask(role, action, case=case).allowed
    answer = ask(role, action, at(device=DeviceClass(device), segment_device=DeviceClass(device)), case)
    assert denied(answer, Reason.ACCESS_DENIED_DEVICE, "R-087") and rule in answer.rules


@pytest.mark.rule("R-079", "R-079.1")
@pytest.mark.parametrize(
    ("entered_us", "allowed"), [(START - 1, False), (START, True), (NOW, True), (NOW + 1, False), (None, False)]
)
def test_an_entry_older_than_the_tour_does_not_count(entered_us: int | None, allowed: bool) -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, at(entered_us=entered_us))
    assert answer.allowed == allowed
    assert allowed or denied(answer, Reason.ACCESS_DENIED_FACILITY, "R-079")


@pytest.mark.rule("R-088", "R-088.1")
@pytest.mark.parametrize("action", [*READS, Action.GRANT_ACCESS, Action.MAINTAIN])
def test_a_remote_session_is_denied_whatever_its_second_factor(action: Action) -> None:
    role = Role.INV if action in READS else Role.TARU
    answer = ask(role, action, at(remote=True, second_factor=True))
    assert denied(answer, Reason.ACCESS_DENIED_FACILITY, "R-088")


def test_no_place_at_all_denies() -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, replace(FACTS, place=None))
    assert set(answer.reasons) == {Reason.ACCESS_DENIED_DEVICE, Reason.ACCESS_DENIED_FACILITY}


@pytest.mark.parametrize(
    ("case", "grants"),
    [
        pytest.param(CASE, (), marks=pytest.mark.rule("R-080", "R-080.1"), id="order, no grant"),
        pytest.param(
            replace(CASE, joint_with=frozenset()),
            (GRANT,),
            marks=pytest.mark.rule("R-080", "R-080.2"),
            id="grant, no order",
        ),
        pytest.param(CASE, (replace(GRANT, court_order_id="O-2"),), id="grant under another court order"),
    ],
)
def test_another_agencys_officer_needs_court_order_and_grant_both(case: CaseFile, grants: tuple[Grant, ...]) -> None:
    assert ask(Role.OAG, Action.READ_CONTENT).allowed
    answer = ask(Role.OAG, Action.READ_CONTENT, replace(FACTS, grants=grants), case)
    assert denied(answer, Reason.ACCESS_DENIED_ROLE, "R-080")


@pytest.mark.parametrize(
    ("tickets", "reason"),
    [
        pytest.param((), Reason.NEED_TO_KNOW_MISSING, marks=pytest.mark.rule("R-081", "R-081.1"), id="none"),
        pytest.param(
            (replace(TICKET, window=Window(START, NOW)),),
            Reason.ACCESS_EXPIRED,
            marks=pytest.mark.rule("R-081", "R-081.2"),
            id="expired",
        ),
        pytest.param((replace(TICKET, need_to_know=False),), Reason.NEED_TO_KNOW_MISSING, id="no need to know"),
        pytest.param((replace(TICKET, contract=""),), Reason.NEED_TO_KNOW_MISSING, id="no contract"),
        pytest.param((replace(TICKET, user_id="other"),), Reason.NEED_TO_KNOW_MISSING, id="another's"),
    ],
)
def test_a_vendor_needs_a_ticket_in_its_time_with_a_need_to_know(tickets: tuple[Ticket, ...], reason: Reason) -> None:
    assert ask(Role.VEND, Action.MAINTAIN).allowed
    assert denied(ask(Role.VEND, Action.MAINTAIN, replace(FACTS, tickets=tickets)), reason, "R-081")


@pytest.mark.rule("R-081")
def test_of_a_vendors_tickets_in_force_a_sound_one_opens() -> None:
    tickets = (replace(TICKET, need_to_know=False), TICKET)
    assert ask(Role.VEND, Action.MAINTAIN, replace(FACTS, tickets=tickets)).allowed


@pytest.mark.rule("R-081", "R-081.3")
@pytest.mark.parametrize("action", READS)
def test_a_vendor_with_a_sound_ticket_reads_no_content(action: Action) -> None:
    answer = ask(Role.VEND, action)
    assert (answer.reasons, answer.rules) == ((Reason.ACCESS_DENIED_ROLE,), ("R-081",))


@pytest.mark.rule("R-082", "R-082.1")
def test_a_vendor_without_a_background_check_is_denied() -> None:
    answer = may(actor(Role.VEND, background_check=False), Action.MAINTAIN, CASE, NOW, FACTS)
    assert (answer.reasons, answer.rules) == ((Reason.ACCESS_DENIED_ROLE,), ("R-082",))


@pytest.mark.rule("R-083", "R-083.1")
@pytest.mark.parametrize(("until_us", "allowed"), [(None, False), (NOW, False), (NOW + 1, True)])
def test_the_untrained_do_not_operate(until_us: int | None, allowed: bool) -> None:
    for role, action in ((Role.INV, Action.READ_CONTENT), (Role.TARU, Action.GRANT_ACCESS)):
        answer = may(actor(role, trained_until_us=until_us), action, CASE, NOW, FACTS)
        assert answer.allowed == allowed
        assert allowed or denied(answer, Reason.NOT_TRAINED, "R-083")


@pytest.mark.rule("R-085")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ITB])
def test_nobody_but_the_technology_bureau_runs_a_full_audit(role: Role) -> None:
    assert denied(ask(role, Action.READ_FULL_AUDIT), Reason.ACCESS_DENIED_ROLE, "R-085")
    assert ask(Role.ITB, Action.READ_FULL_AUDIT).allowed


@pytest.mark.rule("R-086")
@pytest.mark.parametrize("action", list(Action))
def test_the_suspended_do_nothing(action: Action) -> None:
    for role in Role:
        answer = may(actor(role, suspended=True), action, CASE, NOW, FACTS)
        assert denied(answer, Reason.ACCESS_DENIED_ROLE, "R-086")


@pytest.mark.rule("R-120")
@pytest.mark.parametrize("role", list(Role))
def test_a_privileged_hold_is_read_by_the_filter_role_alone(role: Role) -> None:
    answer = ask(role, Action.READ_PRIVILEGED_HOLD)
    assert answer.allowed == (role is Role.FILT)
    assert answer.allowed or denied(answer, Reason.ACCESS_DENIED_ROLE, "R-120")


@pytest.mark.rule("R-041")
@pytest.mark.parametrize("role", [Role.INV, Role.SUP, Role.OAG, Role.VEND, Role.CARR, Role.TADM])
def test_quarantine_is_not_for_investigators(role: Role) -> None:
    lapsed = replace(OVER, state=OrderState.LAPSED)
    assert denied(ask(role, Action.READ_QUARANTINE, case=lapsed), Reason.ACCESS_DENIED_ROLE, "R-041")


@pytest.mark.rule("R-149", "R-149.1")
@pytest.mark.parametrize("action", [Action.READ_CONTENT, Action.READ_QUARANTINE, Action.EXPORT_HAND_OFF, Action.SEAL])
def test_a_closed_case_is_closed_to_technical_staff_too(action: Action) -> None:
    assert ask(Role.TARU, action, case=OVER).allowed
    answer = ask(Role.TARU, action, case=replace(OVER, state=OrderState.CLOSED))
    assert (answer.reasons, answer.rules) == ((Reason.ACCESS_EXPIRED,), ("R-149",))


@pytest.mark.rule("R-110")
@pytest.mark.parametrize("role", [Role.INV, Role.SUP, Role.TARU, Role.OAG])
def test_a_pen_register_has_no_content_to_read(role: Role) -> None:
    pen = replace(CASE, metadata_only=True)
    assert ask(role, Action.READ_CONTENT, case=pen).reasons == (Reason.SCOPE_CONTENT_ON_PRTT,)
    assert ask(role, Action.READ_CALL_IDENTIFYING, case=pen).allowed


@pytest.mark.rule("R-130")
def test_hand_off_by_the_investigator_comes_after_the_order() -> None:
    assert denied(ask(Role.INV, Action.EXPORT_HAND_OFF), Reason.ACCESS_DENIED_ROLE, "R-130")
    assert ask(Role.INV, Action.EXPORT_HAND_OFF, case=OVER).allowed


@pytest.mark.rule("R-151", "R-151.1")
@pytest.mark.parametrize(
    ("role", "action"),
    [
        (Role.TARU, Action.TURN_OVER_TO_PROSECUTOR),
        (Role.PROS, Action.DELIVER_TO_DEFENCE),
        (Role.APO, Action.APPROVE_DISCLOSURE),
    ],
)
def test_a_requester_nobody_confirmed_gets_nothing(role: Role, action: Action) -> None:
    assert ask(role, action).allowed
    answer = ask(role, action, replace(FACTS, requester_confirmed=False))
    assert denied(answer, Reason.ACCESS_DENIED_ROLE, "R-151")


@pytest.mark.rule("R-157", "R-157.1")
def test_an_export_to_another_agency_without_a_court_order_is_refused() -> None:
    abroad = replace(FACTS, recipient_agency=THEIRS)
    assert ask(Role.TARU, Action.EXPORT_HAND_OFF, abroad, OVER).allowed
    answer = ask(Role.TARU, Action.EXPORT_HAND_OFF, abroad, replace(OVER, joint_with=frozenset()))
    assert denied(answer, Reason.ACCESS_DENIED_ROLE, "R-157")


@pytest.mark.rule("R-173", "R-173.1")
@pytest.mark.parametrize("system", ["", "CMS-2", "desktop"])
@pytest.mark.parametrize("role", [Role.INV, Role.SUP, Role.TARU])
def test_a_hand_off_into_an_unknown_system_is_refused(role: Role, system: str) -> None:
    answer = ask(role, Action.EXPORT_HAND_OFF, replace(FACTS, target_system=system), OVER)
    assert denied(answer, Reason.ACCESS_DENIED_ROLE, "R-173")


@pytest.mark.rule("R-065", "R-065.1")
@pytest.mark.parametrize("action", list(Action))
def test_immigration_enforcement_is_refused_by_any_route(action: Action) -> None:
    for role, words in ((one, text) for one in Role for text in ("immigration enforcement", "Civil IMMIGRATION hold")):
        answer = ask(role, action, replace(FACTS, purpose=words))
        assert Reason.PURPOSE_FORBIDDEN in answer.reasons and "R-065" in answer.rules


@pytest.mark.rule("R-066", "R-066.1")
@pytest.mark.rule("R-150", "R-150.1")
@pytest.mark.parametrize("purpose", ["", " ", "curiosity"])
def test_a_blank_or_made_up_purpose_is_refused(purpose: str) -> None:
    answer = ask(Role.INV, Action.READ_CONTENT, replace(FACTS, purpose=purpose))
    assert denied(answer, Reason.PURPOSE_FORBIDDEN, "R-066")
    assert all(ask(Role.INV, Action.READ_CONTENT, replace(FACTS, purpose=one)).allowed for one in Purpose)


@pytest.mark.rule("R-163", "R-163.1")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.TARU])
def test_a_device_installed_by_an_investigator_or_anyone_else_is_refused(role: Role) -> None:
    assert denied(ask(role, Action.INSTALL_COVERT_AUDIO), Reason.ACCESS_DENIED_ROLE, "R-163")


@pytest.mark.rule("R-165", "R-165.1")
def test_a_consent_recording_without_the_supervisor_is_refused() -> None:
    facts = replace(FACTS, supervisory_authorisation=False)
    assert denied(ask(Role.INV, Action.USE_COVERT_AUDIO_WITHOUT_WARRANT, facts), Reason.DOC_MISSING, "R-165")


@pytest.mark.parametrize(
    ("role", "action", "without", "reason", "rule"),
    [
        (Role.INV, Action.START_EXIGENT_USE, {"declaration_complete": False}, Reason.DOC_MISSING, "R-030"),
        (Role.INV, Action.START_EXIGENT_USE, {"papers_complete": False}, Reason.DOC_MISSING, "R-045"),
        (Role.CARR, Action.PROVISION_CARRIER, {"named_employee": " "}, Reason.ACCESS_DENIED_ROLE, "R-059"),
        (Role.TARU, Action.READ_CONTENT, {"logged_reason": " "}, Reason.NEED_TO_KNOW_MISSING, "R-073"),
        (Role.PROS, Action.READ_QUARANTINE, {"court_ruling_id": ""}, Reason.ACCESS_DENIED_ROLE, "R-041"),
        (Role.ICO, Action.READ_QUARANTINE, {"tickets": (TICKET,)}, Reason.NEED_TO_KNOW_MISSING, "R-085"),
        (Role.JUDGE, Action.SEAL, {"judge_direction_id": ""}, Reason.SEAL_MISSING, "R-131"),
        (Role.SUP, Action.USE_COVERT_AUDIO_WITHOUT_WARRANT, {"consent_or_no_privacy": False}, Reason.NO_ORDER, "R-166"),
        (Role.TARU, Action.CHECK_PAPERS, {"request": None}, Reason.ACCESS_DENIED_ROLE, "R-073"),
        (Role.TADM, Action.ADMINISTER, {"beneficiary": "user"}, Reason.ACCESS_DENIED_ROLE, "SD-1"),
    ],
)
def test_each_condition_alone_denies(
    role: Role, action: Action, without: dict[str, object], reason: Reason, rule: str
) -> None:
    assert ask(role, action).allowed
    assert denied(ask(role, action, replace(FACTS, **without)), reason, rule)


def test_accounts_by_the_technical_unit_are_its_access_control_staffs() -> None:
    answer = may(actor(Role.TARU, access_control=False), Action.ADMINISTER, CASE, NOW, FACTS)
    assert (answer.reasons, answer.rules) == ((Reason.ACCESS_DENIED_ROLE,), ("R-070",))


def test_a_supervisor_reads_only_while_the_case_is_under_review() -> None:
    answer = ask(Role.SUP, Action.READ_CONTENT, case=replace(CASE, under_review=False))
    assert (answer.reasons, answer.rules) == ((Reason.ACCESS_DENIED_ROLE,), ("R-073",))


@pytest.mark.rule("SD-1")
def test_sd_1_nobody_grants_to_themselves_or_what_they_asked_for() -> None:
    assert "SD-1" in ask(Role.TARU, Action.GRANT_ACCESS, replace(FACTS, beneficiary="user")).rules
    asked = replace(FACTS, request=replace(REQUEST, requested_by="user"))
    assert ask(Role.TARU, Action.GRANT_ACCESS, asked).rules == ("SD-1",)
    own = replace(FACTS, grants=(replace(GRANT, granted_by="user"),))
    assert ask(Role.INV, Action.READ_CONTENT, own).rules == ("SD-1",)
    assert all(ask(role, Action.GRANT_ACCESS_TO_ONESELF).rules == ("SD-1",) for role in Role)


@pytest.mark.rule("SD-2")
def test_sd_2_the_author_of_an_order_does_not_check_it() -> None:
    written = replace(FACTS, request=replace(REQUEST, document_author="user"))
    assert ask(Role.TARU, Action.CHECK_PAPERS, written).rules == ("SD-2",)


@pytest.mark.rule("SD-4")
@pytest.mark.parametrize(("role", "action"), [(Role.VEND, Action.MAINTAIN), (Role.ICO, Action.READ_QUARANTINE)])
def test_sd_4_a_ticket_opened_and_approved_by_one_person_opens_nothing(role: Role, action: Action) -> None:
    alone = replace(FACTS, tickets=tuple(replace(one, approved_by="lund") for one in FACTS.tickets))
    assert ask(role, action, alone).rules == ("SD-4",)


@pytest.mark.rule("SD-5")
@pytest.mark.parametrize("role", [Role.ICO, Role.IAB, Role.ITB])
def test_sd_5_auditors_write_nothing_and_read_no_content(role: Role) -> None:
    for action in READS:
        assert ask(role, action).rules == ("SD-5",)
    writes = (
        Action.GRANT_ACCESS,
        Action.ADMINISTER,
        Action.CHECK_PAPERS,
        Action.SEAL,
        Action.DELETE_RECORD,
        Action.CHANGE_RECORDING,
        Action.TURN_OFF_AUDIT_OR_GATE,
    )
    assert not any(ask(role, action).allowed for action in writes)


@pytest.mark.rule("SD-6")
@pytest.mark.parametrize("role", list(Role))
def test_sd_6_nobody_turns_off_the_gate_or_edits_or_deletes_a_record(role: Role) -> None:
    assert ask(role, Action.TURN_OFF_AUDIT_OR_GATE).rules == ("SD-6",)
    assert ask(role, Action.CHANGE_RECORDING).rules == ("R-091",)
    assert ask(role, Action.DELETE_RECORD).rules == ("R-141",)


@pytest.mark.rule("SD-7")
@pytest.mark.parametrize("action", READS)
def test_sd_7_the_court_reads_no_investigators_screen(action: Action) -> None:
    assert ask(Role.JUDGE, action).rules == ("SD-7",)
    assert ask(Role.JUDGE, Action.READ_QUARANTINE, replace(FACTS, place=None)).allowed


def test_the_court_knows_every_case_and_a_prosecutor_their_own() -> None:
    other = replace(CASE, agency=THEIRS, prosecutors=frozenset())
    assert knows_of(actor(Role.JUDGE), other, FACTS)
    assert not knows_of(actor(Role.PROS), other, FACTS)
    assert not knows_of(actor(Role.TARU, agency=""), replace(CASE, agency=""), FACTS)


def test_every_rule_an_answer_can_cite_exists() -> None:
    poor = Circumstances(purpose="", place=replace(STATION, device=DeviceClass.NYPD_PED, remote=True))
    cited: set[str] = set()
    for role in Role:
        for action in MATRIX:
            for facts in (FACTS, poor, replace(poor, purpose="immigration", grants=(GRANT,))):
                for case in (CASE, None, replace(OVER, state=OrderState.CLOSED)):
                    cited.update(ask(role, action, facts, case).rules)
    assert len(cited) > 25 and cited <= set(RULES)
