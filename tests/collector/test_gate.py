"""The agency's gate, check by check, with the rules' boundary cases; expectations come from the rules, not the code."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.columns import KIND_CC
from asn1.laes import pcesp, t1678
from collector.explain import explain_decision
from collector.facts import RecordFacts, facts_of_laes
from collector.gate import Decision, LinkPolicy, bulk_terms, decide, unreadable
from collector.gate_scope import CinState
from collector.stream_table import TARGET_MISMATCH, TARGET_OK, TARGET_UNKNOWN
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.rules import RULES
from mediation.law.verdicts import Reason, VerdictKind

START, END = 1_700_000_000_000_000, 1_700_086_400_000_000
MID = (START + END) // 2
US = Target(TargetKind.E164, "12125550101")
OTHER = Target(TargetKind.E164, "12125550102")
POLICY = LinkPolicy()
NOTHING_KNOWN = CinState()
WARRANT = CourtOrder(
    OrderId("O-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("L-1"), "LEA", Window(START, END), (US,),
    frozenset({Service.VOICE, Service.SMS}),
)  # fmt: skip
PRTT = replace(WARRANT, kind=OrderKind.PRTT, services=frozenset())


def iri(event_us: int | None = MID, **changes: Any) -> RecordFacts:
    """The record that opens a call from the target."""
    base = RecordFacts(
        "L-1", 7, 0, "iri", "iPMMIRI", "begin", Service.VOICE, event_us, "timeOfInterception",
        MID if event_us is None else event_us + 1_000,
        originators=frozenset({US}), recipients=frozenset({OTHER}), parties=frozenset({US, OTHER}), parties_known=True,
        target_sends=True, opens=True,
    )  # fmt: skip
    return base._replace(**changes)


def cc(event_us: int | None = MID, **changes: Any) -> RecordFacts:
    return iri(
        event_us,
        **{
            "kind": "cc", "payload": "iPMMCC", "iri_type": None, "parties": frozenset(), "originators": frozenset(),
            "recipients": frozenset(), "parties_known": False, "opens": False, "content": ("content",),
        } | changes,
    )  # fmt: skip


def judged(
    order: CourtOrder, facts: RecordFacts, cin: CinState = NOTHING_KNOWN, **more: Any
) -> tuple[VerdictKind, set[Reason]]:
    verdict = decide((order,), facts, more.pop("link", POLICY), cin, **more).verdict
    return verdict.kind, set(verdict.reasons) - {Reason.OK}


OK_CIN = CinState(TARGET_OK, True)

# ---- time


@pytest.mark.parametrize(
    ("event_us", "kind", "reason"),
    [
        (START - 1, VerdictKind.REJECT, Reason.ORDER_NOT_STARTED),
        (START, VerdictKind.ACCEPT_FLAGGED, Reason.CLOCK_SKEW),
        (START + POLICY.skew_us - 1, VerdictKind.ACCEPT_FLAGGED, Reason.CLOCK_SKEW),
        (START + POLICY.skew_us, VerdictKind.ACCEPT, None),
        (END - POLICY.skew_us - 1, VerdictKind.ACCEPT, None),
        (END - POLICY.skew_us, VerdictKind.ACCEPT_FLAGGED, Reason.CLOCK_SKEW),
        (END - 1, VerdictKind.ACCEPT_FLAGGED, Reason.CLOCK_SKEW),
        (END, VerdictKind.REJECT, Reason.ORDER_EXPIRED),
        (END + 1, VerdictKind.REJECT, Reason.ORDER_EXPIRED),
    ],
)
@pytest.mark.parametrize("make", [iri, cc])
@pytest.mark.rule("R-002", "R-002.1", "R-002.2", "R-002.3", "R-002.4")
@pytest.mark.rule("R-004", "R-004.1")
@pytest.mark.rule("R-099")
def test_the_window_is_half_open_and_its_edges_are_flagged(
    make: Any, event_us: int, kind: VerdictKind, reason: Reason | None
) -> None:
    """R-002, R-099."""
    assert judged(WARRANT, make(event_us), OK_CIN) == (kind, {reason} if reason else set())


@pytest.mark.rule("R-003", "R-003.1", "R-003.2")
@pytest.mark.rule("R-096", "R-096.1")
def test_event_time_decides_and_not_arrival() -> None:
    """Made inside and delivered after the end is accepted, flagged as late; made after the end never is."""
    late = iri(END - 1_000_000, arrival_us=END + 3_600_000_000)
    assert judged(WARRANT, late) == (VerdictKind.ACCEPT_FLAGGED, {Reason.LATE_DELIVERY})
    for arrival_us in (END - 1_000, END, END + 1):
        assert judged(WARRANT, iri(END, arrival_us=arrival_us)) == (VerdictKind.REJECT, {Reason.ORDER_EXPIRED})


@pytest.mark.parametrize(("delay_us", "late"), [(POLICY.late_us, False), (POLICY.late_us + 1, True)])
def test_late_is_later_than_the_limit(delay_us: int, late: bool) -> None:
    """R-096."""
    kind, reasons = judged(WARRANT, iri(MID, arrival_us=MID + delay_us))
    assert (kind is VerdictKind.ACCEPT_FLAGGED, Reason.LATE_DELIVERY in reasons) == (late, late)


@pytest.mark.parametrize(
    ("ahead_us", "kind"),
    [
        pytest.param(200_000, VerdictKind.ACCEPT, marks=pytest.mark.rule("R-098", "R-098.1")),
        (POLICY.skew_us + 1, VerdictKind.ACCEPT_FLAGGED),
        pytest.param(201_000, VerdictKind.ACCEPT_FLAGGED, marks=pytest.mark.rule("R-098", "R-098.2")),
        (POLICY.skew_hard_us, VerdictKind.ACCEPT_FLAGGED),
        pytest.param(5_000_001, VerdictKind.QUARANTINE, marks=pytest.mark.rule("R-098", "R-098.3")),
    ],
)
def test_a_stamp_from_the_future_is_flagged_and_far_from_it_set_apart(ahead_us: int, kind: VerdictKind) -> None:
    """R-098."""
    found, reasons = judged(WARRANT, iri(MID, arrival_us=MID - ahead_us))
    assert found is kind and (Reason.CLOCK_SKEW in reasons) is (kind is not VerdictKind.ACCEPT)


@pytest.mark.rule("R-099", "R-099.1", "R-099.2")
def test_a_stamp_near_the_end_is_flagged_and_one_past_it_refused_whatever_the_skew() -> None:
    for skew_us in (200_000, 250_000):
        link = LinkPolicy(skew_us=skew_us)
        near = iri(END - 100_000, arrival_us=END)
        assert judged(WARRANT, near, link=link) == (VerdictKind.ACCEPT_FLAGGED, {Reason.CLOCK_SKEW})
        past = judged(WARRANT, iri(END + 1_000, arrival_us=END), link=link)
        assert past == (VerdictKind.REJECT, {Reason.ORDER_EXPIRED})
        begun = iri(START + 100_000, arrival_us=START + 100_000)
        assert judged(WARRANT, begun, link=link) == (VerdictKind.ACCEPT_FLAGGED, {Reason.CLOCK_SKEW})
        assert judged(WARRANT, iri(START - 1_000), link=link) == (VerdictKind.REJECT, {Reason.ORDER_NOT_STARTED})


@pytest.mark.parametrize("order", [WARRANT, PRTT])
def test_without_a_time_a_record_is_set_apart(order: CourtOrder) -> None:
    """R-003."""
    kind, reasons = judged(order, iri(None))
    assert kind is VerdictKind.QUARANTINE and Reason.NO_EVENT_TIME in reasons


@pytest.mark.rule("R-022")
def test_attack_a_record_without_a_cin_lends_its_target_to_no_content() -> None:
    opening = decide((WARRANT,), iri(unplaced=True), POLICY, CinState())
    assert opening.cin.target == TARGET_UNKNOWN and opening.verdict.kind is VerdictKind.ACCEPT
    kind, reasons = judged(WARRANT, cc(unplaced=True), cin=CinState(target=TARGET_OK))
    assert kind is VerdictKind.QUARANTINE and Reason.PARSE_ERROR in reasons
    assert judged(PRTT, cc(unplaced=True))[0] is VerdictKind.REJECT


def test_attack_what_came_before_the_order_is_not_kept_for_want_of_a_time() -> None:
    hard_us = POLICY.skew_hard_us
    before = judged(WARRANT, iri(None, arrival_us=START - hard_us - 1))
    assert before == (VerdictKind.REJECT, {Reason.ORDER_NOT_STARTED})
    assert judged(WARRANT, iri(None, arrival_us=START - hard_us))[0] is VerdictKind.QUARANTINE


@pytest.mark.parametrize(("stamps", "kind"), [(False, VerdictKind.ACCEPT_FLAGGED), (True, VerdictKind.ACCEPT)])
def test_a_stamp_of_the_mediation_counts_where_the_link_says_so(stamps: bool, kind: VerdictKind) -> None:
    facts = iri(MID, qualifier="timeOfMediation")
    assert judged(WARRANT, facts, link=LinkPolicy(mediation_stamps=stamps))[0] is kind


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param(
            {"revoked_at_us": MID, "state": OrderState.REVOKED},
            Reason.ORDER_REVOKED,
            marks=pytest.mark.rule("R-019", "R-019.1"),
        ),
        pytest.param(
            {"objective_attained_at_us": MID},
            Reason.ORDER_EXPIRED,
            marks=pytest.mark.rule("R-009", "R-009.1", "R-009.2"),
        ),
    ],
)
def test_an_order_ends_at_the_instant_of_its_revocation_or_its_objective(changes: Any, reason: Reason) -> None:
    """R-019, R-009: what was stamped before stays."""
    order = replace(WARRANT, **changes)
    assert judged(order, iri(MID)) == (VerdictKind.REJECT, {reason})
    assert judged(order, iri(MID - 1, arrival_us=MID))[0] is VerdictKind.ACCEPT_FLAGGED
    assert judged(order, iri(MID - 1_000_000))[0] is VerdictKind.ACCEPT


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        pytest.param(OrderState.DRAFT, Reason.NO_ORDER, marks=pytest.mark.rule("R-028", "R-028.1")),
        (OrderState.REVOKED, Reason.ORDER_REVOKED),
        (OrderState.LAPSED, Reason.ORDER_LAPSED),
        (OrderState.TERMINATED, Reason.ORDER_EXPIRED),
    ],
)
def test_an_order_that_has_ended_without_a_time_covers_nothing(state: OrderState, reason: Reason) -> None:
    """R-027, R-037."""
    for facts in (iri(MID), cc(MID)):
        assert judged(replace(WARRANT, state=state), facts, OK_CIN) == (VerdictKind.REJECT, {reason})


# ---- whose order, whose call


def test_without_an_order_nothing_is_kept() -> None:
    """R-073."""
    decision = decide((), iri(), POLICY, CinState())
    assert (decision.verdict.kind, decision.verdict.reasons, decision.order) == (
        VerdictKind.REJECT, (Reason.NO_ORDER,), None,
    )  # fmt: skip


def test_a_record_in_which_the_target_takes_no_part_is_refused_with_its_content() -> None:
    """R-022: signalling settles it for the communication, content inherits it."""
    strangers = frozenset({OTHER, Target(TargetKind.E164, "12125550103")})
    decision = decide((WARRANT,), iri(parties=strangers, originators=strangers), POLICY, CinState())
    assert set(decision.verdict.reasons) == {Reason.TARGET_MISMATCH} and decision.cin.target == TARGET_MISMATCH
    assert judged(WARRANT, cc(), decision.cin) == (VerdictKind.REJECT, {Reason.TARGET_MISMATCH})


def test_content_inherits_the_target_check_of_its_signalling() -> None:
    decision = decide((WARRANT,), iri(), POLICY, CinState())
    assert decision.cin.target == TARGET_OK and decision.cin.target_originates is True
    assert judged(WARRANT, cc(), decision.cin) == (VerdictKind.ACCEPT, set())


@pytest.mark.parametrize(("wait_us", "late"), [(POLICY.cii_wait_us, False), (POLICY.cii_wait_us + 1, True)])
def test_content_that_waits_too_long_for_its_signalling_is_flagged(wait_us: int, late: bool) -> None:
    """R-097, counted from the first content of the communication."""
    first = decide((WARRANT,), cc(MID), POLICY, CinState())
    assert first.cin.first_cc_us == MID and first.cin.target == TARGET_UNKNOWN
    later = cc(MID + wait_us, arrival_us=MID + wait_us)
    assert (Reason.CII_LATE in judged(WARRANT, later, first.cin)[1]) is late


def test_signalling_whose_parties_cannot_be_read_is_set_apart_until_the_target_is_known() -> None:
    unknown = iri(parties=frozenset(), originators=frozenset(), parties_known=False, opens=False)
    assert judged(WARRANT, unknown)[0] is VerdictKind.QUARANTINE
    assert judged(WARRANT, unknown, OK_CIN)[0] is VerdictKind.ACCEPT
    assert judged(PRTT, unknown)[0] is VerdictKind.REJECT
    inheriting = unknown._replace(inherits=True)
    assert judged(PRTT, inheriting, CinState(TARGET_MISMATCH)) == (VerdictKind.REJECT, {Reason.TARGET_MISMATCH})


@pytest.mark.parametrize(
    ("direction", "originates", "kept"),
    [
        (PrttDirection.PEN, True, True),
        pytest.param(PrttDirection.PEN, False, False, marks=pytest.mark.rule("R-023", "R-023.1")),
        (PrttDirection.TRAP, True, False),
        (PrttDirection.TRAP, False, True),
        (PrttDirection.BOTH, True, True),
        (PrttDirection.BOTH, False, True),
    ],
)
def test_a_pen_register_and_a_trap_and_trace_take_one_direction_each(
    direction: PrttDirection, originates: bool, kept: bool
) -> None:
    """R-023: by who opened the communication, for all its records."""
    order = replace(PRTT, direction=direction)
    sides = {"originators": frozenset({US if originates else OTHER}), "target_sends": originates}
    opening = decide((order,), iri(**sides), POLICY, CinState())
    assert (opening.verdict.kind is VerdictKind.ACCEPT) is kept
    answer = iri(target_sends=not originates, opens=False, originators=frozenset({OTHER if originates else US}))
    kind, reasons = judged(order, answer, opening.cin)
    assert (kind is VerdictKind.ACCEPT) is kept and (Reason.DIRECTION_NOT_AUTHORISED in reasons) is not kept


@pytest.mark.rule("R-023", "R-023.2")
def test_a_call_that_the_target_redirects_is_a_pen_register_s_from_there() -> None:
    """The call came in; sending it on is the target's own act. What else belongs to the call stays a trap's."""
    pen, trap = replace(PRTT, direction=PrttDirection.PEN), replace(PRTT, direction=PrttDirection.TRAP)
    came_in = CinState(TARGET_OK, False)
    redirection = iri(opens=False, target_sends=None, inherits=True, parties_known=False, redirects=True)
    assert judged(pen, redirection, came_in) == (VerdictKind.ACCEPT, set())
    assert judged(trap, redirection, came_in) == (VerdictKind.REJECT, {Reason.DIRECTION_NOT_AUTHORISED})
    release = redirection._replace(redirects=False)
    assert judged(pen, release, came_in)[0] is VerdictKind.REJECT
    assert judged(trap, release, came_in)[0] is VerdictKind.ACCEPT
    vectors = Path(__file__).parents[1] / "vectors" / "us"
    for name, dialect, module in (("vop_redirection", "t1678", t1678), ("pcesp_redirection", "pcesp", pcesp)):
        message = module.decode_message((vectors / f"{name}.ber").read_bytes())
        assert facts_of_laes(message, MID, dialect).redirects


@pytest.mark.parametrize(("originators", "kept"), [({US}, True), ({OTHER}, False)])
def test_where_nothing_says_the_direction_the_parties_do(originators: set[Target], kept: bool) -> None:
    order = replace(PRTT, direction=PrttDirection.PEN)
    facts = iri(opens=False, target_sends=None, originators=frozenset(originators))
    assert (judged(order, facts)[0] is VerdictKind.ACCEPT) is kept


@pytest.mark.rule("R-025", "R-025.1")
def test_content_on_a_number_with_a_pen_register_and_a_warrant_is_the_warrants_alone() -> None:
    """Whichever was entered first; what both cover names the other too."""
    for orders in ((PRTT, WARRANT), (WARRANT, PRTT)):
        for facts in (cc(), iri(content=("sip_body",)), iri(content=("sms_text",), service=Service.SMS)):
            decision = decide(orders, facts, POLICY, OK_CIN)
            assert decision.order is WARRANT and decision.verdict.kind is VerdictKind.ACCEPT
        assert decide(orders, cc(), POLICY, OK_CIN).also == ()
        assert decide(orders, iri(content=("sip_body",)), POLICY, OK_CIN).also == (PRTT,), "masked, but covered"
        plain = decide(orders, iri(), POLICY, OK_CIN)
        assert plain.order is orders[0] and plain.also == (orders[1],)
    apart = unreadable((PRTT, WARRANT))
    assert (apart.order, apart.verdict.kind) == (WARRANT, VerdictKind.QUARANTINE)
    assert decide((PRTT, replace(WARRANT, window=Window(END, END + 1))), cc(), POLICY, OK_CIN).verdict.kind is (
        VerdictKind.REJECT
    ), "a warrant that has not begun lends the pen register nothing"


def test_the_order_that_authorises_most_has_the_record() -> None:
    """R-025: a pen register and a warrant on one LIID."""
    both = decide((PRTT, WARRANT), cc(), POLICY, OK_CIN)
    assert both.order is WARRANT and both.verdict.kind is VerdictKind.ACCEPT
    masked = decide(
        (replace(WARRANT, services=frozenset({Service.DATA})), PRTT), iri(content=("sip_body",)), POLICY, OK_CIN
    )
    assert masked.order is PRTT and masked.verdict.kind is VerdictKind.MASK


# ---- kind and scope


@pytest.mark.parametrize("kind", [OrderKind.PRTT, OrderKind.EXIGENT_PRTT])
def test_a_pen_register_takes_no_content_and_masks_what_carries_some(kind: OrderKind) -> None:
    """R-110."""
    order = replace(PRTT, kind=kind)
    assert judged(order, cc(), OK_CIN) == (VerdictKind.REJECT, {Reason.SCOPE_CONTENT_ON_PRTT})
    for item in ("sip_body", "sms_text", "unknown_tags", "undescribed_payload", "uri_headers"):
        assert judged(order, iri(content=(item,))) == (VerdictKind.MASK, {Reason.SCOPE_CONTENT_ON_PRTT})
    assert judged(order, iri()) == (VerdictKind.ACCEPT, set())


@pytest.mark.parametrize(("authorised", "kind"), [(False, VerdictKind.MASK), (True, VerdictKind.ACCEPT)])
def test_location_is_withheld_on_a_pen_register_unless_the_order_names_it(authorised: bool, kind: VerdictKind) -> None:
    """R-112."""
    assert judged(replace(PRTT, location_authorised=authorised), iri(location=True))[0] is kind
    assert judged(WARRANT, iri(location=True))[0] is VerdictKind.ACCEPT


@pytest.mark.parametrize("service", list(Service))
@pytest.mark.parametrize("make", [iri, cc])
def test_a_warrant_covers_the_services_it_lists(make: Any, service: Service) -> None:
    """R-116, R-117."""
    kind, reasons = judged(WARRANT, make(service=service), OK_CIN)
    listed = service in WARRANT.services
    assert (kind is VerdictKind.ACCEPT) is listed
    assert listed or (kind, reasons) == (VerdictKind.REJECT, {Reason.SCOPE_TYPE_NOT_AUTHORISED})


def test_a_service_that_cannot_be_told_is_set_apart() -> None:
    assert judged(WARRANT, iri(service=None)) == (VerdictKind.QUARANTINE, {Reason.PARSE_ERROR})


@pytest.mark.parametrize("kind", ["encrypted", "other"])
def test_attack_content_hidden_in_an_encrypted_or_unknown_payload(kind: str) -> None:
    """R-101: under a pen register refused, under a warrant set apart, never plain."""
    facts = iri(kind=kind, payload="encryptionContainer", parties_known=False, parties=frozenset())
    assert judged(PRTT, facts)[0] is VerdictKind.REJECT
    assert judged(WARRANT, facts)[0] is VerdictKind.QUARANTINE


def test_a_notification_of_the_carrier_is_kept_whole() -> None:
    assert judged(PRTT, iri(kind="hi1", payload="liActivated", parties_known=False))[0] is VerdictKind.ACCEPT


def test_what_cannot_be_decoded_is_sealed_under_a_warrant_and_refused_under_a_pen_register() -> None:
    """R-100."""
    assert unreadable((WARRANT,)).verdict.kind is VerdictKind.QUARANTINE
    assert unreadable((PRTT,)).verdict.kind is VerdictKind.REJECT
    nobody = unreadable(())
    assert (nobody.verdict.kind, nobody.order) == (VerdictKind.REJECT, None)


# ---- the whole


def test_the_first_failure_decides_and_all_are_listed() -> None:
    facts = cc(END, arrival_us=END - 10, service=Service.DATA)
    verdict = decide((WARRANT,), facts, POLICY, CinState(TARGET_MISMATCH), (Reason.GAP_DETECTED,)).verdict
    assert verdict.kind is VerdictKind.REJECT
    assert verdict.reasons == (
        Reason.ORDER_EXPIRED, Reason.TARGET_MISMATCH, Reason.SCOPE_TYPE_NOT_AUTHORISED, Reason.GAP_DETECTED,
    )  # fmt: skip


@pytest.mark.parametrize("flag", [Reason.OUT_OF_ORDER, Reason.GAP_DETECTED])
def test_findings_of_verification_flag_and_never_refuse(flag: Reason) -> None:
    """R-094, R-095."""
    assert judged(WARRANT, iri(), flags=(flag,)) == (VerdictKind.ACCEPT_FLAGGED, {flag})


def test_every_reason_given_has_a_rule_and_an_explanation() -> None:
    decisions: list[Decision] = [
        decide((order,), facts, POLICY, CinState())
        for order in (WARRANT, PRTT)
        for facts in (iri(END), cc(), iri(None), iri(service=None), iri(content=("x",), location=True))
    ]
    for decision in decisions:
        for step in explain_decision(decision):
            assert step.rule in RULES and step.statement
    assert explain_decision(decide((), iri(), POLICY, CinState()))[0].rule == "R-073"


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(list(OrderKind)),
    services=st.frozensets(st.sampled_from(list(Service))),
    state=st.sampled_from(list(OrderState)),
    event_us=st.one_of(st.none(), st.integers(START - 10, START + 10), st.integers(END - 10, END + 10), st.just(MID)),
    arrival=st.integers(-20_000_000, 20_000_000),
    record=st.sampled_from(["iri", "cc", "hi1", "encrypted", "other"]),
    service=st.sampled_from([None, *Service]),
    content=st.sampled_from([(), ("sip_body",)]),
    target=st.sampled_from([TARGET_UNKNOWN, TARGET_OK, TARGET_MISMATCH]),
    known=st.booleans(),
)
def test_no_facts_get_content_past_a_pen_register_or_anything_past_the_window(
    kind: OrderKind, services: frozenset[Service], state: OrderState, event_us: int | None, arrival: int, record: str,
    service: Service | None, content: tuple[str, ...], target: int, known: bool,
) -> None:  # fmt: skip
    order = replace(WARRANT, kind=kind, services=services, state=state)
    facts = iri(
        event_us, kind=record, service=service, content=content, parties_known=known,
        arrival_us=(event_us or MID) + arrival,
    )  # fmt: skip
    verdict = decide((order,), facts, POLICY, CinState(target)).verdict
    readable = verdict.kind in (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)
    kept = readable or verdict.kind is VerdictKind.MASK
    if event_us is None or not order.window.contains(event_us):
        assert not kept
    if kind.metadata_only and (record == "cc" or content) and record != "hi1":
        assert not readable
    if not kind.metadata_only and readable and record in ("iri", "cc"):
        assert service in services
    assert verdict.reasons and len(set(verdict.reasons)) == len(verdict.reasons)


@pytest.mark.parametrize(
    "order", [WARRANT, PRTT, replace(WARRANT, state=OrderState.LAPSED), replace(WARRANT, state=OrderState.DRAFT)]
)
def test_only_a_living_warrant_has_terms_for_the_bulk_lane(order: CourtOrder) -> None:
    terms = bulk_terms(order)
    assert (terms is not None) is (order is WARRANT)
    if terms is not None:
        start_us, end_us, mask = terms
        assert (start_us, end_us) == (START, END) and mask and KIND_CC == 1


# ---- what one record does to its communication, and how findings outweigh each other


@pytest.mark.parametrize(
    ("qualifier", "flagged", "flagged_where_mediation_counts"),
    [
        (None, False, False),
        ("unknown", False, False),
        ("timeOfInterception", False, False),
        ("timeOfMediation", True, False),
        ("timeOfAggregation", True, True),
        ("9", True, True),
    ],
)
def test_only_a_stamp_of_the_event_itself_passes_unflagged(
    qualifier: str | None, flagged: bool, flagged_where_mediation_counts: bool
) -> None:
    """R-003: a stamp made when records were put together says nothing of the event."""
    for stamps, expected in ((False, flagged), (True, flagged_where_mediation_counts)):
        kind, reasons = judged(WARRANT, cc(qualifier=qualifier), OK_CIN, link=LinkPolicy(mediation_stamps=stamps))
        assert (kind, reasons) == (
            (VerdictKind.ACCEPT_FLAGGED, {Reason.NO_EVENT_TIME}) if expected else (VerdictKind.ACCEPT, set())
        )


@pytest.mark.parametrize("order", [WARRANT, PRTT])
def test_attack_a_number_one_digit_off_is_refused(order: CourtOrder) -> None:
    """R-022."""
    near_miss = frozenset({Target(TargetKind.E164, "12125550100")})
    assert judged(order, iri(parties=near_miss, originators=near_miss)) == (
        VerdictKind.REJECT,
        {Reason.TARGET_MISMATCH},
    )


def test_attack_one_good_record_does_not_redeem_a_communication_of_strangers() -> None:
    decision = decide((WARRANT,), iri(), POLICY, CinState(TARGET_MISMATCH))
    assert decision.cin.target == TARGET_MISMATCH
    assert judged(WARRANT, cc(), decision.cin) == (VerdictKind.REJECT, {Reason.TARGET_MISMATCH})


def test_a_record_without_the_target_inside_its_own_communication_is_refused_alone() -> None:
    alone = frozenset({OTHER})
    decision = decide((WARRANT,), iri(iri_type="continue", parties=alone, originators=alone), POLICY, OK_CIN)
    assert decision.verdict.reasons == (Reason.TARGET_MISMATCH,) and decision.cin == OK_CIN


def test_a_record_refused_by_its_time_still_tells_whose_communication_it_is() -> None:
    """The call began before the order did; its content inside the window is the target's all the same."""
    decision = decide((WARRANT,), iri(START - 1), POLICY, CinState())
    assert decision.verdict.kind is VerdictKind.REJECT and decision.cin.target == TARGET_OK
    assert judged(WARRANT, cc(), decision.cin) == (VerdictKind.ACCEPT, set())


def test_only_records_that_open_a_communication_say_who_called_whom() -> None:
    called = iri(originators=frozenset({OTHER}), recipients=frozenset({US}))
    assert decide((WARRANT,), called, POLICY, CinState()).cin.target_originates is False
    for known in (None, True):
        later = decide((WARRANT,), called._replace(opens=False), POLICY, CinState(TARGET_OK, known))
        assert later.cin.target_originates is known


def test_content_without_a_time_does_not_start_the_wait_for_its_signalling() -> None:
    decision = decide((WARRANT,), cc(None), POLICY, CinState())
    assert decision.cin == CinState() and Reason.CII_LATE not in decision.verdict.reasons


def test_every_failure_is_listed_in_the_order_of_the_checks_with_its_rule() -> None:
    order = replace(PRTT, state=OrderState.LAPSED, direction=PrttDirection.PEN)
    stranger = frozenset({OTHER})
    facts = iri(END, parties=stranger, originators=stranger, content=("sms_text",), location=True)
    verdict = decide((order,), facts, POLICY, CinState(TARGET_OK, False), (Reason.GAP_DETECTED,)).verdict
    assert verdict.reasons == (
        Reason.ORDER_LAPSED, Reason.ORDER_EXPIRED, Reason.TARGET_MISMATCH, Reason.DIRECTION_NOT_AUTHORISED,
        Reason.SCOPE_CONTENT_ON_PRTT, Reason.SCOPE_LOCATION, Reason.GAP_DETECTED,
    )  # fmt: skip
    assert verdict.rules == ("R-037", "R-002", "R-022", "R-023", "R-110", "R-112", "R-095")


def test_a_refusal_outweighs_setting_apart_and_the_same_reason_is_named_once() -> None:
    apart = iri(arrival_us=MID - POLICY.skew_hard_us - 1, service=Service.DATA)
    verdict = decide((WARRANT,), apart, POLICY, OK_CIN).verdict
    assert (verdict.kind, verdict.reasons) == (
        VerdictKind.REJECT,
        (Reason.SCOPE_TYPE_NOT_AUTHORISED, Reason.CLOCK_SKEW),
    )
    twice = iri(None, parties_known=False, service=None, qualifier="timeOfMediation")
    assert decide((WARRANT,), twice, POLICY, CinState()).verdict.reasons == (Reason.NO_EVENT_TIME, Reason.PARSE_ERROR)


def test_of_orders_that_authorise_the_same_the_first_named_has_the_record_and_a_mask_beats_setting_apart() -> None:
    """R-025."""
    twin = replace(WARRANT, order_id=OrderId("O-2"))
    for orders in ((WARRANT, twin), (twin, WARRANT)):
        assert decide(orders, cc(), POLICY, OK_CIN).order is orders[0]
    unknown = iri(content=("undescribed_payload",), service=None)
    decision = decide((WARRANT, PRTT), unknown, POLICY, OK_CIN)
    assert decision.order is PRTT and decision.verdict.kind is VerdictKind.MASK


INSIDE, OUTSIDE = Target(TargetKind.E164, "12125550177"), Target(TargetKind.E164, "13105550199")


@pytest.mark.parametrize(("caller", "kind"), [(INSIDE, VerdictKind.ACCEPT), (OUTSIDE, VerdictKind.QUARANTINE)])
@pytest.mark.parametrize("callee_speaks", [False, True])
def test_a_trap_and_trace_sets_callers_from_outside_its_area_apart(
    caller: Target, kind: VerdictKind, callee_speaks: bool
) -> None:
    """R-024, for the record that opens the call and for those the target sends back."""
    order = replace(PRTT, direction=PrttDirection.TRAP, trap_area=frozenset({"1212", "1646"}))
    both = frozenset({US, caller})
    facts = iri(
        originators=frozenset({US if callee_speaks else caller}), parties=both, target_sends=callee_speaks,
        opens=not callee_speaks,
    )  # fmt: skip
    found, reasons = judged(order, facts, CinState(TARGET_OK, False))
    assert found is kind and (Reason.GEOGRAPHIC_LIMIT in reasons) is (kind is VerdictKind.QUARANTINE)


@pytest.mark.rule("R-024", "R-024.1")
def test_without_limits_callers_from_anywhere_are_taken() -> None:
    order = replace(PRTT, direction=PrttDirection.TRAP)
    facts = iri(originators=frozenset({OUTSIDE}), parties=frozenset({US, OUTSIDE}), target_sends=False)
    assert judged(order, facts, CinState(TARGET_OK, False)) == (VerdictKind.ACCEPT, set())


def test_the_area_of_a_trap_and_trace_does_not_bind_what_the_target_originates() -> None:
    order = replace(PRTT, trap_area=frozenset({"1212"}))
    facts = iri(parties=frozenset({US, OUTSIDE}), recipients=frozenset({OUTSIDE}))
    assert judged(order, facts)[0] is VerdictKind.ACCEPT


@pytest.mark.parametrize("apart", [{"event_us": None}, {"arrival_us": MID - 10**9}])
def test_attack_content_under_a_pen_register_made_to_be_set_apart(apart: dict[str, Any]) -> None:
    """What is withheld is kept in no form, sealed neither."""
    facts = iri(**{"event_us": MID, "content": ("sms_text",)} | apart)
    kind, reasons = judged(PRTT, facts)
    assert kind is VerdictKind.REJECT and Reason.SCOPE_CONTENT_ON_PRTT in reasons
    assert judged(PRTT, facts._replace(content=()))[0] is VerdictKind.QUARANTINE


@pytest.mark.rule("R-004")
@pytest.mark.parametrize("outside", [START - 1, END])
def test_attack_content_from_beyond_the_window_aggregated_under_a_time_inside(outside: int) -> None:
    """Each payload of a record has a time of its own, and each of them counts."""
    kind, reasons = judged(WARRANT, cc(stamps_us=tuple(sorted((MID, outside)))), OK_CIN)
    assert kind is VerdictKind.REJECT
    assert reasons == {Reason.ORDER_EXPIRED if outside == END else Reason.ORDER_NOT_STARTED}
    assert judged(WARRANT, cc(stamps_us=(START, END - 1)), OK_CIN) == (VerdictKind.ACCEPT, set())


# ---- whose target takes part

THIRD = Target(TargetKind.E164, "12125550109")


def stranger_call() -> RecordFacts:
    return iri(originators=frozenset({OTHER}), recipients=frozenset({THIRD}), parties=frozenset({OTHER, THIRD}))


@pytest.mark.rule("R-022", "R-025")
def test_attack_content_does_not_inherit_the_target_of_another_order_on_its_liid() -> None:
    """A pen register on somebody else, under the same LIID, opens no call to the warrant."""
    register = replace(PRTT, order_id=OrderId("O-2"), targets=(OTHER,))
    for orders in ((WARRANT, register), (register, WARRANT)):
        opened = decide(orders, stranger_call(), POLICY, NOTHING_KNOWN)
        assert opened.order == register and opened.cin.target == TARGET_OK
        verdict = decide(orders, cc(), POLICY, opened.cin).verdict
        assert verdict.kind is VerdictKind.REJECT
        both = decide(orders, iri(), POLICY, NOTHING_KNOWN)
        assert decide(orders, cc(), POLICY, both.cin).order == WARRANT


@pytest.mark.rule("R-022")
def test_attack_content_of_a_call_of_a_target_that_a_later_version_dropped() -> None:
    opened = decide((replace(WARRANT, targets=(US, OTHER)),), stranger_call(), POLICY, NOTHING_KNOWN)
    assert judged(WARRANT, cc(), opened.cin) == (VerdictKind.REJECT, {Reason.TARGET_MISMATCH})


@pytest.mark.rule("R-022", "R-025")
def test_content_is_set_apart_where_nobody_can_tell_any_more_whose_target_takes_part() -> None:
    """Behind a restart only that somebody's does is known."""
    register = replace(PRTT, order_id=OrderId("O-2"), targets=(OTHER,))
    verdict = decide((WARRANT, register), cc(), POLICY, OK_CIN).verdict
    assert (verdict.kind, verdict.reasons) == (VerdictKind.QUARANTINE, (Reason.TARGET_MISMATCH,))
    alike = replace(register, targets=WARRANT.targets)
    assert decide((WARRANT, alike), cc(), POLICY, OK_CIN).verdict.kind is VerdictKind.ACCEPT


@pytest.mark.rule("R-022", "R-122")
def test_attack_an_opening_record_of_others_takes_the_cin_away_for_good() -> None:
    others = {"originators": frozenset(), "recipients": frozenset(), "parties": frozenset({OTHER})}
    known = decide((WARRANT,), iri(), POLICY, NOTHING_KNOWN).cin
    within = decide((WARRANT,), iri(iri_type="continue", **others), POLICY, known).cin
    assert (known.target, within.target) == (TARGET_OK, TARGET_OK)
    taken = decide((WARRANT,), iri(**others), POLICY, known).cin
    assert judged(WARRANT, cc(), taken) == (VerdictKind.REJECT, {Reason.TARGET_MISMATCH})
    back = decide((WARRANT,), iri(), POLICY, taken).cin
    assert judged(WARRANT, cc(), back) == (VerdictKind.REJECT, {Reason.TARGET_MISMATCH})
