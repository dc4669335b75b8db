"""The desk's fold and its answers: entries in, rights out; nothing that contradicts the ledger becomes a right."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from mediation.law.access_facts import Circumstances, DeviceClass, Place
from mediation.law.actors import Action, Role
from mediation.law.desk import (
    UNKNOWN_USER,
    actor_at,
    ask,
    decide,
    due_cuts,
    due_ends,
    may_ask_for_audit,
    order_state,
    place_of,
    uninspected,
)
from mediation.law.desk_state import DeskState
from mediation.law.desk_values import DeskError, Entry
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason

SECOND = 1_000_000
HOUR = 3600 * SECOND
TOUR = 8 * HOUR
T0 = 100 * TOUR
START, END = T0, T0 + 30 * HOUR
FOREVER = T0 + 1_000_000 * HOUR
OURS, THEIRS = "LAB-LEA", "OTHER-LEA"
FOUR = ["F1", "F2", "F3", "F4"]

WARRANT = CourtOrder(
    order_id=OrderId("O-1"),
    version=1,
    kind=OrderKind.EAVESDROPPING,
    case_id=CaseId("C-1"),
    liid=Liid("LAB-1"),
    agency=OURS,
    window=Window(START, END),
    targets=(Target(TargetKind.E164, "12125550100"),),
    services=frozenset({Service.VOICE}),
)
PEN = replace(WARRANT, order_id=OrderId("O-2"), kind=OrderKind.PRTT, services=frozenset())


class Book:
    """Entries one after the other, as a ledger numbers them."""

    def __init__(self) -> None:
        self.state = DeskState()
        self._numbers = count()

    def add(self, kind: str, when_us: int = START, /, **fields: Any) -> "Book":
        self.state = self.state.apply(Entry(next(self._numbers), when_us, kind, fields))
        return self


def user(book: Book, name: str, role: str, agency: str = OURS, at_us: int = 0, **more: Any) -> None:
    fields = {"trained_until_us": FOREVER, "by": "lund", "unit": "", **more}
    book.add("user", at_us, user_id=name, person=f"P-{name}", role=role, agency=agency, **fields)


@pytest.fixture
def book() -> Book:
    """The cast, everybody at F2, a request that was checked and accepted; no grant yet."""
    book = Book()
    book.add("configuration_change", facilities=FOUR, stations={"ST-2": "F2"}, case_systems=["CMS-1"])
    for name, role, agency in (
        ("rivera", "INV", OURS),
        ("okafor", "SUP", OURS),
        ("chen", "TARU", OURS),
        ("brandt", "TARU", OURS),
        ("lund", "TADM", OURS),
        ("weiss", "PROS", OURS),
        ("ito", "VEND", OURS),
        ("marsh", "OAG", THEIRS),
        ("vega", "INV", THEIRS),
    ):
        user(book, name, role, agency)
        if name != "weiss":
            book.add("entry", user_id=name, facility="F2", device="CALEA_STATION")
    book.add(
        "request",
        request_id="Q-1",
        case_id="C-1",
        order_id="O-1",
        agency=OURS,
        requested_by="rivera",
        document_author="weiss",
        users=["rivera", "marsh"],
        supervisor="okafor",
        prosecutor="weiss",
    )
    book.add("document_check", request_id="Q-1", by="brandt", missing=[])
    return book.add("request_decided", request_id="Q-1", by="brandt", accepted=True)


def granted(book: Book, name: str = "rivera", at_us: int = START, **more: Any) -> Book:
    fields = {"grant_id": f"G-{name}", "case_id": "C-1", "order_id": "O-1", "by": "chen", "end_us": END, **more}
    return book.add("grant", at_us, user_id=name, **{"start_us": at_us, **fields})


def reads(book: Book, who: str, now_us: int = START + HOUR, orders: tuple[CourtOrder, ...] = (WARRANT,)) -> bool:
    return ask(book.state, orders, who, Action.READ_CONTENT, "C-1", now_us).allowed


def test_a_grant_lets_in_and_nothing_else_does(book: Book) -> None:
    assert not reads(book, "rivera")
    assert ask(book.state, (WARRANT,), "chen", Action.GRANT_ACCESS, "C-1", START, Circumstances(beneficiary="rivera"))
    assert reads(granted(book), "rivera")
    assert not reads(book, "vega") and not reads(book, "marsh") and not reads(book, "nobody")
    assert reads(book, "okafor")


def test_an_id_that_nobody_has_is_denied_in_one_way(book: Book) -> None:
    assert ask(book.state, (WARRANT,), "ghost", Action.READ_CONTENT, "C-1", START) == UNKNOWN_USER


@pytest.mark.rule("R-026", "R-026.1")
def test_another_agencys_case_is_answered_as_one_that_is_not_there(book: Book) -> None:
    granted(book)
    for who in ("vega", "marsh"):
        for action in Action:
            real = decide(book.state, (WARRANT, PEN), who, action, "C-1", START + HOUR)
            missing = decide(book.state, (), who, action, "C-1", START + HOUR)
            guessed = decide(book.state, (WARRANT, PEN), who, action, "C-99", START + HOUR)
            assert real == missing == guessed and real.order_id == ""


@pytest.mark.rule("R-073", "R-073.1")
def test_a_case_not_granted_is_answered_as_one_that_is_not_there(book: Book) -> None:
    for action in Action:
        real = decide(book.state, (WARRANT,), "rivera", action, "C-1", START + HOUR)
        assert real == decide(book.state, (WARRANT,), "rivera", action, "C-99", START + HOUR)


@pytest.mark.rule("R-074", "R-074.2")
@pytest.mark.parametrize(("now_us", "allowed"), [(END - 1, True), (END, False), (END + 1, False)])
def test_access_ends_with_the_order(book: Book, now_us: int, allowed: bool) -> None:
    granted(book)
    book.add("entry", now_us, user_id="rivera", facility="F2", device="CALEA_STATION")
    assert reads(book, "rivera", now_us) == allowed


@pytest.mark.rule("R-074")
def test_an_extension_in_time_needs_no_new_grant_and_a_late_one_does(book: Book) -> None:
    granted(book)
    later = END + HOUR
    book.add("entry", later, user_id="rivera", facility="F2", device="CALEA_STATION")
    in_time = replace(WARRANT, version=2, window=Window(START, END + 5 * HOUR), extensions_us=(END,))
    assert reads(book, "rivera", later, (in_time,))
    late = replace(WARRANT, version=2, window=Window(END + HOUR // 2, END + 5 * HOUR))
    assert not reads(book, "rivera", later, (late,))
    granted_again = book.add(
        "grant",
        later,
        grant_id="G-2",
        user_id="rivera",
        case_id="C-1",
        order_id="O-1",
        by="chen",
        start_us=later,
        end_us=late.window.end_us,
    )
    assert reads(granted_again, "rivera", later, (late,))


@pytest.mark.rule("R-074")
def test_a_revocation_ends_access_though_the_grant_says_longer(book: Book) -> None:
    granted(book)
    revoked = replace(WARRANT, version=2, revoked_at_us=START + HOUR)
    assert reads(book, "rivera", START + HOUR - 1, (revoked,))
    assert not reads(book, "rivera", START + HOUR, (revoked,))
    (end,) = due_ends(book.state, (revoked,), START + HOUR)
    assert (end.reason, end.rule, end.at_us) == (Reason.ORDER_REVOKED, "R-019", START + HOUR)


@pytest.mark.rule("R-074", "R-074.1")
def test_a_live_session_is_cut_at_the_end_of_the_order(book: Book) -> None:
    granted(book)
    book.add("entry", END - 5, user_id="rivera", facility="F2", device="CALEA_STATION")
    book.add(
        "session", END - 5, session_id="S-1", user_id="rivera", facility="F2", case_id="C-1", action="read_content"
    )
    assert due_cuts(book.state, (WARRANT,), END - 1) == ()
    (cut,) = due_cuts(book.state, (WARRANT,), END)
    assert (cut.session_id, cut.answer.reasons[0]) == ("S-1", Reason.ACCESS_EXPIRED)
    book.add("session_ended", END, session_id="S-1")
    assert due_cuts(book.state, (WARRANT,), END) == ()


def test_a_lapse_ends_the_grant_by_itself(book: Book) -> None:
    exigent = replace(WARRANT, kind=OrderKind.EXIGENT_EAV_STATE, exigent=Exigency(START))
    granted(book)
    lapse = START + 24 * HOUR
    assert due_ends(book.state, (exigent,), lapse - 1) == ()
    (end,) = due_ends(book.state, (exigent,), lapse + 1)
    assert (end.reason, end.rule, end.at_us) == (Reason.ORDER_LAPSED, "R-037", lapse)
    assert order_state(book.state, exigent, lapse + 1) is OrderState.LAPSED
    book.add("grant_ended", lapse, grant_id="G-rivera", at_us=lapse, by="SYS")
    assert due_ends(book.state, (exigent,), lapse + 1) == ()


@pytest.mark.rule("R-071", "R-071.1")
@pytest.mark.rule("SD-3")
@pytest.mark.parametrize("role", [None, "INV"])
def test_a_grant_at_the_transfer_is_refused_and_one_before_stands(book: Book, role: str | None) -> None:
    at = START + HOUR
    book.add("transfer", user_id="chen", at_us=at, role=role)
    granted(book, at_us=at - 1)
    assert reads(book, "rivera")
    book.add("entry", at, user_id="chen", facility="F2", device="CALEA_STATION")
    answer = ask(book.state, (WARRANT,), "chen", Action.GRANT_ACCESS, "C-1", at, Circumstances(beneficiary="marsh"))
    assert not answer.allowed
    before = ask(book.state, (WARRANT,), "chen", Action.GRANT_ACCESS, "C-1", at - 1, Circumstances(beneficiary="marsh"))
    assert before.allowed
    if role is None:
        assert answer.rules[0] == "R-071"
        # The line itself, had somebody forged it: what the grantor was then goes with it.
        forged = granted(book, "marsh", at_us=at, court_order_id="O-1")
        assert not reads(forged, "marsh", at + 1, (replace(WARRANT, joint_with=frozenset({THEIRS})),))
    else:
        with pytest.raises(DeskError, match="R-070"):
            granted(book, "marsh", at_us=at)


@pytest.mark.rule("R-070", "R-070.1")
@pytest.mark.parametrize("by", ["rivera", "okafor", "lund", "weiss", "ito", "vega"])
def test_a_forged_grant_by_another_than_the_technical_unit_is_refused(book: Book, by: str) -> None:
    with pytest.raises(DeskError, match="R-070"):
        granted(book, "marsh", by=by)


@pytest.mark.rule("SD-1")
def test_sd_1_a_self_grant_is_refused_and_so_is_a_second_account_of_one_person(book: Book) -> None:
    with pytest.raises(DeskError, match="SD-1"):
        granted(book, "chen")
    with pytest.raises(DeskError, match="R-072"):
        book.add("user", user_id="chen2", person="P-chen", role="INV", agency=OURS)


def test_a_replayed_entry_is_refused(book: Book) -> None:
    granted(book)
    with pytest.raises(DeskError, match="already"):
        granted(book)
    book.add("grant_ended", grant_id="G-rivera", at_us=START + 1, by="chen")
    with pytest.raises(DeskError, match="already"):
        granted(book)
    with pytest.raises(DeskError, match="ended already"):
        book.add("grant_ended", grant_id="G-rivera", at_us=END, by="chen")


@pytest.mark.parametrize(
    ("facilities", "ok"),
    [
        pytest.param(FOUR, True, id="four"),
        pytest.param([*FOUR, "F5"], False, marks=pytest.mark.rule("R-075", "R-075.2"), id="five"),
        pytest.param(FOUR[:3], False, marks=pytest.mark.rule("R-075", "R-075.3"), id="three"),
        pytest.param(["F1", "F1", "F2", "F3"], False, id="one twice"),
    ],
)
def test_a_configuration_names_exactly_four_facilities(facilities: list[str], ok: bool) -> None:
    book = Book()
    if ok:
        assert book.add("configuration_change", facilities=facilities).state.facilities == set(FOUR)
        return
    with pytest.raises(DeskError, match="R-075"):
        book.add("configuration_change", facilities=facilities)


def test_a_station_stands_in_one_of_the_four(book: Book) -> None:
    with pytest.raises(DeskError, match="F5"):
        book.add("configuration_change", stations={"ST-5": "F5"})


@pytest.mark.rule("R-079", "R-079.1")
def test_an_entry_of_the_last_tour_does_not_count(book: Book) -> None:
    granted(book)
    assert reads(book, "rivera", START + TOUR - 1)
    assert not reads(book, "rivera", START + TOUR)
    book.add("entry", START + TOUR, user_id="rivera", facility="F2", device="CALEA_STATION")
    assert reads(book, "rivera", START + TOUR)
    book.add("exit", START + TOUR, user_id="rivera")
    assert place_of(book.state, "rivera", START + TOUR) is None and not reads(book, "rivera", START + TOUR)


@pytest.mark.rule("R-077", "R-077.1")
def test_a_handheld_that_claims_to_be_a_station_is_known_by_its_network(book: Book) -> None:
    granted(book)
    book.add("entry", user_id="rivera", facility="F2", device="CALEA_STATION", segment="NYPD_PED")
    answer = ask(book.state, (WARRANT,), "rivera", Action.READ_CONTENT, "C-1", START)
    assert answer.reasons[0] is Reason.ACCESS_DENIED_DEVICE and "R-077" in answer.rules


def test_a_claimed_place_needs_an_entry_at_that_facility(book: Book) -> None:
    granted(book)
    claim = Circumstances(place=Place("F3", DeviceClass.CALEA_STATION, DeviceClass.CALEA_STATION, entered_us=START))
    answer = ask(book.state, (WARRANT,), "rivera", Action.READ_CONTENT, "C-1", START, claim)
    assert answer.rules == ("R-079",)


@pytest.mark.rule("R-080", "R-080.1", "R-080.2")
def test_another_agencys_officer_needs_order_and_grant(book: Book) -> None:
    joint = (replace(WARRANT, joint_with=frozenset({THEIRS})),)
    assert not reads(book, "marsh", orders=joint)
    granted(book, "marsh", court_order_id="O-1")
    assert reads(book, "marsh", orders=joint)
    assert not reads(book, "marsh", orders=(WARRANT,))


@pytest.mark.rule("SD-4")
def test_sd_4_a_ticket_is_approved_by_another_than_its_opener_and_user(book: Book) -> None:
    fields = {"user_id": "ito", "opened_by": "lund", "contract": "K-1", "need_to_know": True}
    book.add("ticket", ticket_id="T-1", minutes=60, **fields)
    for by in ("lund", "ito"):
        with pytest.raises(DeskError, match="SD-4"):
            book.add("ticket_approved", ticket_id="T-1", by=by)


@pytest.mark.rule("R-081", "R-081.2")
@pytest.mark.rule("R-082", "R-082.1")
@pytest.mark.parametrize(("minutes", "allowed"), [(0, True), (59, True), (60, False), (61, False)])
def test_a_vendor_works_inside_the_time_box(book: Book, minutes: int, allowed: bool) -> None:
    at, facts = START + minutes * 60 * SECOND, Circumstances()
    assert ask(book.state, (), "ito", Action.MAINTAIN, "", at, facts).rules == ("R-082", "R-081")
    book.add("background_check", user_id="ito", passed=True)
    book.add("ticket", ticket_id="T-1", minutes=60, user_id="ito", opened_by="lund", contract="K-1", need_to_know=True)
    assert not ask(book.state, (), "ito", Action.MAINTAIN, "", at, facts).allowed
    book.add("ticket_approved", ticket_id="T-1", by="chen")
    answer = ask(book.state, (), "ito", Action.MAINTAIN, "", at, facts)
    assert answer.allowed == allowed and (allowed or answer.reasons == (Reason.ACCESS_EXPIRED,))
    assert not ask(book.state, (WARRANT,), "ito", Action.READ_CONTENT, "C-1", at, facts).allowed


@pytest.mark.rule("R-083", "R-083.1")
def test_training_that_expires_shuts_out_until_it_is_renewed(book: Book) -> None:
    granted(book).add("training", user_id="rivera", until_us=START + HOUR)
    assert reads(book, "rivera", START + HOUR - 1) and not reads(book, "rivera", START + HOUR)
    book.add("training", START + HOUR, user_id="rivera", until_us=END)
    assert reads(book, "rivera", START + HOUR)


@pytest.mark.rule("R-084", "R-084.1")
def test_a_tour_without_an_inspection_of_each_area_is_told(book: Book) -> None:
    assert uninspected(book.state, START) == ("F1", "F2", "F3", "F4")
    for facility in ("F1", "F2", "F4"):
        book.add("inspection", START + TOUR - 1, facility=facility, by="okafor")
    book.add("inspection", START + TOUR, facility="F3", by="okafor")
    assert uninspected(book.state, START) == ("F3",)


@pytest.mark.rule("R-085", "R-085.1")
@pytest.mark.parametrize("role", list(Role))
def test_an_audit_is_asked_for_by_integrity_officers_and_internal_affairs_alone(role: Role) -> None:
    book = Book()
    user(book, "asker", role)
    answer = may_ask_for_audit(actor_at(book.state, "asker", 5), 5)
    assert answer.allowed == (role in (Role.ICO, Role.IAB))
    assert answer.allowed or (answer.reasons, answer.rules) == ((Reason.ACCESS_DENIED_ROLE,), ("R-085",))
    book.add("suspension", user_id="asker")
    assert not may_ask_for_audit(actor_at(book.state, "asker", START), START).allowed
    assert may_ask_for_audit(None, 5) == UNKNOWN_USER


@pytest.mark.rule("R-086")
def test_confirmed_misuse_suspends_at_once_and_an_unfounded_one_does_not(book: Book) -> None:
    granted(book)
    book.add("review", review_id="R-1", user_id="rivera", opened_by="okafor", level="command")
    with pytest.raises(DeskError, match="R-086"):
        book.add("review_decided", review_id="R-1", by="rivera", confirmed=False)
    book.add("review_decided", review_id="R-1", by="okafor", confirmed=False)
    assert reads(book, "rivera")
    book.add("review", review_id="R-2", user_id="rivera", opened_by="okafor", level="IAB")
    book.add("review_decided", START + HOUR, review_id="R-2", by="okafor", confirmed=True)
    assert reads(book, "rivera", START + HOUR - 1) and not reads(book, "rivera", START + HOUR)
    book.add("suspension", START + 2 * HOUR, user_id="rivera", lifted=True)
    assert reads(book, "rivera", START + 2 * HOUR)


@pytest.mark.rule("SD-2")
def test_sd_2_who_wrote_or_asked_does_not_check_and_nothing_unchecked_is_accepted() -> None:
    book = Book()
    user(book, "chen", "TARU")
    book.add(
        "request",
        request_id="Q-1",
        case_id="C-1",
        order_id="O-1",
        agency=OURS,
        requested_by="rivera",
        document_author="chen",
        users=["rivera"],
    )
    for by in ("chen", "rivera"):
        with pytest.raises(DeskError, match="SD-2"):
            book.add("document_check", request_id="Q-1", by=by, missing=[])
    with pytest.raises(DeskError, match="R-050"):
        book.add("request_decided", request_id="Q-1", by="brandt", accepted=True)
    book.add("document_check", request_id="Q-1", by="brandt", missing=["DOC_MISSING:complaint_number"])
    with pytest.raises(DeskError, match="R-050"):
        book.add("request_decided", request_id="Q-1", by="brandt", accepted=True)


@pytest.mark.rule("R-130", "R-130.2")
def test_a_case_is_closed_only_after_the_hand_off(book: Book) -> None:
    with pytest.raises(DeskError, match="R-027"):
        book.add("case_closed", order_id="O-1")
    book.add("seal", order_id="O-1")
    with pytest.raises(DeskError, match="R-027"):
        book.add("case_closed", order_id="O-1")
    book.add("export", order_id="O-1", hand_off=False)
    assert order_state(book.state, WARRANT, END) is OrderState.SEALED
    book.add("export", order_id="O-1", hand_off=True).add("case_closed", order_id="O-1")
    assert order_state(book.state, WARRANT, END) is OrderState.CLOSED


@pytest.mark.rule("R-149", "R-149.1")
def test_after_closing_the_technical_unit_reads_nothing_either(book: Book) -> None:
    reason = Circumstances(logged_reason="delivery fault 7")
    book.add("entry", END, user_id="chen", facility="F2", device="CALEA_STATION")
    book.add("seal", order_id="O-1").add("export", order_id="O-1", hand_off=True)
    assert ask(book.state, (WARRANT,), "chen", Action.READ_CONTENT, "C-1", END, reason).allowed
    book.add("case_closed", order_id="O-1")
    assert ask(book.state, (WARRANT,), "chen", Action.READ_CONTENT, "C-1", END, reason).rules == ("R-149",)


@pytest.mark.rule("R-172", "R-172.1")
@pytest.mark.parametrize("name", ["face_template", "fingerprint", "iris", "voiceprint", "biometric_id", "gait"])
def test_a_biometric_field_is_refused(name: str) -> None:
    book = Book()
    person = {"user_id": "x", "person": "P-x", "role": "INV", "agency": OURS, name: "AA=="}
    with pytest.raises(DeskError, match="R-172"):
        book.add("user", **person)
    user(book, "x", "INV")
    with pytest.raises(DeskError, match="R-172"):
        book.add("entry", user_id="x", facility="F1", device="CALEA_STATION", **{name: "AA=="})
    with pytest.raises(DeskError, match="R-172"):
        book.add("session", session_id="S", user_id="x", facility="F1", case_id="C", action="read_content", **{name: 1})


@pytest.mark.rule("R-072", "R-072.1")
def test_a_second_session_of_one_id_at_another_facility_contradicts_the_ledger(book: Book) -> None:
    session = {"user_id": "rivera", "case_id": "C-1", "action": "read_content"}
    book.add("session", session_id="S-1", facility="F2", **session)
    book.add("session", session_id="S-2", facility="F2", **session)
    with pytest.raises(DeskError, match="R-072"):
        book.add("session", session_id="S-3", facility="F1", **session)


def test_several_orders_of_a_case_answer_as_the_one_that_allows(book: Book) -> None:
    granted(book).add(
        "grant",
        grant_id="G-pen",
        user_id="rivera",
        case_id="C-1",
        order_id="O-2",
        by="chen",
        start_us=START,
        end_us=END,
    )
    decision = decide(book.state, (PEN, WARRANT), "rivera", Action.READ_CONTENT, "C-1", START)
    assert decision.answer.allowed and decision.order_id == "O-1"
    only_pen = decide(book.state, (PEN,), "rivera", Action.READ_CONTENT, "C-1", START)
    assert only_pen.answer.reasons == (Reason.SCOPE_CONTENT_ON_PRTT,)


@pytest.mark.rule("R-050", "R-074")
def test_of_several_orders_of_a_case_access_is_given_for_the_one_whose_papers_were_checked(book: Book) -> None:
    book.add(
        "request", request_id="Q-2", case_id="C-1", order_id="O-2", agency=OURS, requested_by="rivera",
        document_author="weiss", users=["rivera"], supervisor="okafor", prosecutor="weiss",
    )  # fmt: skip
    facts = Circumstances(beneficiary="rivera")

    def given() -> tuple[bool, str]:
        decision = decide(book.state, (WARRANT, PEN), "chen", Action.GRANT_ACCESS, "C-1", START, facts)
        return decision.answer.allowed, decision.order_id

    assert given() == (True, "O-1"), "the other's papers were not checked yet"
    book.add("document_check", request_id="Q-2", by="brandt", missing=[])
    book.add("request_decided", request_id="Q-2", by="brandt", accepted=True)
    assert given() == (True, "O-2")
    granted(book, grant_id="G-2", order_id="O-2")
    assert given() == (True, "O-1"), "what was accepted and not followed by its grant comes first"
    assert not decide(book.state, (PEN,), "chen", Action.GRANT_ACCESS, "C-1", START, facts).answer.allowed


def test_a_supervisor_reads_while_the_case_is_under_review(book: Book) -> None:
    assert reads(book, "okafor")
    assert not reads(book.add("supervision", case_id="C-1", on=False), "okafor")
    assert reads(book.add("supervision", case_id="C-1", on=True), "okafor")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("user", {"user_id": "x", "person": "P-x", "role": "KING", "agency": OURS}),
        ("user", {"user_id": "x", "person": "P-x", "role": "INV", "password": "hunter2"}),
        ("user", {"user_id": "", "person": "P-x", "role": "INV"}),
        ("user", {"user_id": "rivera", "person": "P-x", "role": "INV"}),
        ("entry", {"user_id": "ghost", "facility": "F1", "device": "CALEA_STATION"}),
        ("entry", {"user_id": "rivera", "facility": "F1", "device": "TOASTER"}),
        ("transfer", {"user_id": "rivera", "at_us": -1, "role": "SUP"}),
        ("grant", {"grant_id": "G"}),
        ("request_decided", {"request_id": "Q-9", "accepted": True}),
        ("export", {"hand_off": True}),
    ],
)
def test_an_entry_that_cannot_be_true_is_refused(book: Book, kind: str, fields: dict[str, Any]) -> None:
    with pytest.raises(DeskError):
        book.add(kind, **fields)


def test_entries_of_other_kinds_change_nothing(book: Book) -> None:
    before = book.state
    assert book.add("access", actor_id="rivera").add("alarm", rule="R-084").state is before
