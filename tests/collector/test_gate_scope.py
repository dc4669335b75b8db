"""What of a record an order covers, rule by rule: R-110 to R-117, on facts alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.facts import Digits, RecordFacts
from collector.gate import LinkPolicy, decide, unreadable
from collector.gate_scope import TARGET_OK, CinState, advance, check_scope, post_cut_through
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.law.verdicts import Reason, VerdictKind

T = 1_750_000_000_000_000
NUMBER, STRANGER = Target(TargetKind.E164, "12125550100"), Target(TargetKind.E164, "12125550177")
HOST, SITE, VISITOR = (
    Target(TargetKind.HOST, "sim.example.invalid"),
    Target(TargetKind.IPV4, "203.0.113.80"),
    Target(TargetKind.IPV4, "198.51.100.7"),
)
PRTT = CourtOrder(
    OrderId("P-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T - 10**9, T + 10**9), (NUMBER,)
)
WARRANT = replace(PRTT, kind=OrderKind.EAVESDROPPING)
WEB = replace(PRTT, targets=(HOST, SITE))
SEEN = CinState(TARGET_OK)


def record(
    kind: str = "iri", payload: str = "iPMMIRI", service: Service | None = Service.VOICE, **more: Any
) -> RecordFacts:
    facts = RecordFacts("LAB-1", 1, 0, kind, payload, None, service, T, None, T)
    parties = frozenset({NUMBER})
    return facts._replace(**{"parties": parties, "parties_known": True, "originators": parties, **more})


def listed(*services: Service) -> CourtOrder:
    return replace(WARRANT, services=frozenset(services))


def scope(order: CourtOrder, facts: RecordFacts, cin: CinState = SEEN) -> dict[str, list[Reason]]:
    names = ("refusals", "apart", "masks", "raised")
    found: dict[str, list[Reason]] = {name: [] for name in names}
    check_scope(order, facts, cin, *(found[name] for name in names))
    return {name: reasons for name, reasons in found.items() if reasons}


def judged(order: CourtOrder, facts: RecordFacts, cin: CinState = SEEN) -> tuple[VerdictKind, tuple[Reason, ...]]:
    verdict = decide((order,), facts, LinkPolicy(), cin).verdict
    return verdict.kind, verdict.reasons


# --- content ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-110", "R-110.1")
@pytest.mark.parametrize("kind", [OrderKind.PRTT, OrderKind.EXIGENT_PRTT])
@pytest.mark.parametrize("payload", ["iPCC", "iPMMCC", "threeGPP33128DefinedCC", "cc-APDU", "cccDatagram"])
def test_a_pen_register_takes_no_content_whatever_else_the_order_says(kind: OrderKind, payload: str) -> None:
    """Not even one that lists every service, names location and digits."""
    order = replace(PRTT, kind=kind, services=frozenset(Service), location_authorised=True, pctdd_authorised=True)
    for service in (*Service, None):
        facts = record("cc", payload, service, content=("content",))
        assert judged(order, facts)[0] is VerdictKind.REJECT
        assert scope(order, facts) == {"refusals": [Reason.SCOPE_CONTENT_ON_PRTT]}
    whole = record(payload="ccOpen", content=("content_delivery",), all_content=True)
    assert scope(order, whole) == {"refusals": [Reason.SCOPE_CONTENT_ON_PRTT]}


@pytest.mark.rule("R-113", "R-113.1")
@pytest.mark.parametrize("service", [Service.SMS, Service.MMS])
def test_a_message_with_text_is_masked_and_one_without_is_kept(service: Service) -> None:
    spoken = record(payload="sMSMessage", service=service, content=("sms_text",))
    assert judged(PRTT, spoken) == (VerdictKind.MASK, (Reason.SCOPE_CONTENT_ON_PRTT,))
    assert judged(PRTT, spoken._replace(content=()))[0] is VerdictKind.ACCEPT


@pytest.mark.rule("R-122", "R-122.1")
@pytest.mark.parametrize("order", [PRTT, listed(*Service)])
def test_what_is_said_by_another_than_the_target_is_never_kept(order: CourtOrder) -> None:
    stranger = record(parties=frozenset({STRANGER}), originators=frozenset({STRANGER}), content=("sip_body",))
    decision = decide((order,), stranger, LinkPolicy(), CinState())
    assert decision.verdict.kind is VerdictKind.REJECT and decision.verdict.reasons[0] is Reason.TARGET_MISMATCH
    content = record("cc", "iPMMCC", parties=frozenset(), parties_known=False)
    assert judged(order, content, decision.cin)[0] is VerdictKind.REJECT


# --- digits -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-111", "R-111.1", "R-111.2", "R-111.3")
@pytest.mark.parametrize("digits", [Digits.KEYED, Digits.FEATURE, Digits.EXTRACTED])
@pytest.mark.parametrize("answered_us", [T - 1, T, T + 1, None])
def test_digits_from_the_answer_on_are_refused_unless_the_order_names_them(
    digits: Digits, answered_us: int | None
) -> None:
    facts, cin = record(digits=digits), CinState(TARGET_OK, True, None, answered_us)
    before = answered_us == T + 1
    refused = {
        Digits.EXTRACTED: True,
        Digits.KEYED: not before,
        Digits.FEATURE: not before and answered_us is not None,
    }[digits]
    assert post_cut_through(facts, cin) is refused
    assert scope(PRTT, facts, cin) == ({"refusals": [Reason.SCOPE_PCTDD]} if refused else {})
    assert scope(replace(PRTT, pctdd_authorised=True), facts, cin) == {}
    assert scope(listed(Service.VOICE), facts, cin) == {}


def test_digits_without_a_time_are_taken_to_be_late() -> None:
    assert post_cut_through(record(digits=Digits.KEYED, event_us=None), CinState(answered_us=T + 1))


@given(times=st.lists(st.integers(T - 5, T + 5), max_size=6))
def test_the_earliest_answer_of_a_communication_counts(times: list[int]) -> None:
    cin = CinState()
    for at_us in times:
        cin = advance(cin, record(answers=True, event_us=at_us))
        cin = advance(cin, record(event_us=T - 9))
        cin = advance(cin, record(answers=True, event_us=None))
    assert cin.answered_us == (min(times) if times else None)


def test_attack_a_late_second_answer_does_not_make_digits_earlier_than_it_signalling() -> None:
    cin = advance(advance(CinState(), record(answers=True, event_us=T - 9)), record(answers=True, event_us=T + 9))
    assert scope(PRTT, record(digits=Digits.KEYED), cin) == {"refusals": [Reason.SCOPE_PCTDD]}


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-112", "R-112.1")
def test_a_place_is_masked_unless_the_order_names_it() -> None:
    placed = record(location=True)
    assert judged(PRTT, placed) == (VerdictKind.MASK, (Reason.SCOPE_LOCATION,))
    assert judged(replace(PRTT, location_authorised=True), placed)[0] is VerdictKind.ACCEPT
    assert judged(listed(Service.VOICE), placed)[0] is VerdictKind.ACCEPT


def test_a_registration_with_a_place_under_a_warrant_that_names_none_is_set_apart() -> None:
    facts = record(service=None, administrative=True, location=True)
    assert judged(listed(*Service), facts) == (VerdictKind.QUARANTINE, (Reason.SCOPE_LOCATION,))
    assert judged(replace(listed(), location_authorised=True), facts)[0] is VerdictKind.ACCEPT
    assert judged(listed(), facts._replace(location=False))[0] is VerdictKind.ACCEPT


# --- a web address ----------------------------------------------------------------------------------------------------


def visit(one: Target = SITE, **more: Any) -> RecordFacts:
    sides = frozenset({VISITOR, one})
    return record(**{"payload": "iPIRIPacketReport", "service": Service.DATA, "parties": sides, **more})


@pytest.mark.rule("R-115", "R-115.1")
def test_of_a_web_address_only_visits_to_it_by_their_headers_are_taken() -> None:
    assert judged(WEB, visit()) == (VerdictKind.ACCEPT, (Reason.OK,))
    other = Target(TargetKind.IPV4, "203.0.113.81")
    kind, reasons = judged(WEB, visit(other))
    assert kind is VerdictKind.REJECT and Reason.SCOPE_TYPE_NOT_AUTHORISED in reasons
    kind, reasons = judged(WEB, visit(content=("packet_payload",)))
    assert kind is VerdictKind.REJECT and reasons[0] is Reason.SCOPE_CONTENT_ON_PRTT


@pytest.mark.rule("R-115")
@pytest.mark.parametrize("payload", ["iPIRI", "iPMMIRI", "sMSMessage", "packetDataSessionStart"])
def test_attack_a_web_address_yields_no_other_record_of_its_visitor(payload: str) -> None:
    assert scope(WEB, visit(payload=payload)) == {"refusals": [Reason.SCOPE_TYPE_NOT_AUTHORISED]}


def test_an_order_on_a_host_without_its_addresses_takes_nothing() -> None:
    assert judged(replace(PRTT, targets=(HOST,)), visit())[0] is VerdictKind.REJECT


def test_an_order_on_a_line_and_a_host_is_no_order_on_a_web_address_alone() -> None:
    mixed = replace(PRTT, targets=(NUMBER, HOST, SITE))
    assert scope(mixed, record()) == {} == scope(replace(PRTT, targets=(SITE,)), visit())


def test_word_of_the_interception_itself_is_no_visit_and_is_kept() -> None:
    assert scope(WEB, record(payload="surveillanceStatus", service=None, administrative=True)) == {}


# --- warrants ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-116", "R-116.1")
@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("wanted", Service)
@pytest.mark.parametrize("kind", ["iri", "cc"])
def test_a_warrant_takes_the_services_it_lists(service: Service, wanted: Service, kind: str) -> None:
    facts = record(kind, service=service, content=("content",), location=True, digits=Digits.EXTRACTED)
    found = scope(listed(wanted), facts)
    assert found == ({} if service is wanted else {"refusals": [Reason.SCOPE_TYPE_NOT_AUTHORISED]})


@pytest.mark.rule("R-117", "R-117.1")
def test_packets_need_a_warrant_on_network_traffic() -> None:
    packet = record("cc", "iPCC", Service.DATA)
    for order in (listed(), listed(Service.VOICE), listed(Service.VOICE, Service.SMS, Service.MMS)):
        assert judged(order, packet) == (VerdictKind.REJECT, (Reason.SCOPE_TYPE_NOT_AUTHORISED,))
    assert judged(listed(Service.DATA), packet)[0] is VerdictKind.ACCEPT


def test_what_is_of_no_known_service_is_set_apart_under_a_warrant_and_withheld_under_a_pen_register() -> None:
    facts = record(payload="messagingIRI", service=None, content=("undescribed_payload",))
    assert scope(listed(*Service), facts) == {"apart": [Reason.PARSE_ERROR]}
    assert scope(PRTT, facts) == {"masks": [Reason.SCOPE_CONTENT_ON_PRTT]}


@pytest.mark.rule("R-101")
def test_a_message_nobody_described_is_flagged_under_a_warrant_and_masked_under_a_pen_register() -> None:
    facts = record(payload="[25]", service=None, unknown_message=True, content=("unknown_message",))
    assert scope(listed(), facts) == {"raised": [Reason.PARSE_ERROR]}
    assert scope(PRTT, facts) == {"masks": [Reason.PARSE_ERROR, Reason.SCOPE_CONTENT_ON_PRTT]}


@pytest.mark.rule("R-100", "R-100.1")
def test_octets_that_cannot_be_decoded_are_sealed_under_a_warrant_and_refused_under_a_pen_register() -> None:
    """They may hold content, which a pen register keeps in no form."""
    assert unreadable((listed(Service.VOICE),)).verdict[:2] == (VerdictKind.QUARANTINE, (Reason.PARSE_ERROR,))
    assert unreadable((PRTT,)).verdict.kind is VerdictKind.REJECT


@given(
    kind=st.sampled_from(["iri", "cc"]),
    service=st.sampled_from([None, *Service]),
    content=st.booleans(),
    location=st.booleans(),
    digits=st.sampled_from(Digits),
    services=st.frozensets(st.sampled_from(Service)),
    authorised=st.booleans(),
)
def test_attack_nothing_an_order_lists_opens_a_pen_register_to_content(
    kind: str, service: Service | None, content: bool, location: bool, digits: Digits, services: Any, authorised: bool
) -> None:
    order = replace(PRTT, services=services, location_authorised=authorised, pctdd_authorised=authorised)
    facts = record(kind, service=service, content=("x",) if content else (), location=location, digits=digits)
    found = judged(order, facts)[0]
    if kind == "cc":
        assert found is VerdictKind.REJECT
    elif content:
        assert found in (VerdictKind.MASK, VerdictKind.REJECT)
