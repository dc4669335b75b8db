"""The papers of an order: every missing item is named, whoever asks, emergency or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import RefusedError
from lab.papers import lab_papers
from mediation.law.court_days import HOUR_US
from mediation.law.entry import DocumentRefusedError, check_order
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.papers import (
    Papers,
    PapersRefusedError,
    check_papers,
    leave_draft,
    missing_papers,
    papers_from_fields,
    papers_to_fields,
)
from mediation.law.verdicts import Reason

START = 1_772_373_600_000_000
DAY = 24 * HOUR_US


class Settings(NamedTuple):
    order_may_follow: bool = True


FOLLOWS, UP_FRONT = Settings(), Settings(order_may_follow=False)


def order(kind: OrderKind = OrderKind.PRTT, **changes: Any) -> CourtOrder:
    made = CourtOrder(
        OrderId("O-1"),
        1,
        kind,
        CaseId("C-1"),
        Liid("LAB-1"),
        "LAB-LEA",
        Window(START, START + 20 * DAY),
        (Target(TargetKind.E164, "12125550101"),),
        services=frozenset() if kind.metadata_only else frozenset({Service.VOICE, Service.SMS}),
        exigent=Exigency(START) if kind.exigent else None,
    )
    return replace(made, **changes)


def issued(kind: OrderKind) -> CourtOrder:
    """One whose emergency order, if it takes one, has come."""
    made = order(kind)
    return replace(made, exigent=Exigency(START, START + HOUR_US)) if kind.exigent else made


def fields_of(one: CourtOrder) -> dict[str, Any]:
    return papers_to_fields(lab_papers(one))


def lacks(
    one: CourtOrder, fields: dict[str, Any], settings: Settings = FOLLOWS, now_us: int | None = None
) -> list[str]:
    return [lack.code for lack in missing_papers(one, papers_from_fields(fields), settings, now_us)]


def without(fields: dict[str, Any], path: str) -> dict[str, Any]:
    """The fields without the one at the path."""
    name, _, rest = path.partition(".")
    if not rest:
        return {key: value for key, value in fields.items() if key != name}
    return {**fields, name: without(fields[name], rest)}


def changed(fields: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    name, _, rest = path.partition(".")
    return {**fields, name: changed(fields[name], rest, value) if rest else value}


def leaves(fields: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield path + name


# --- completeness ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("settings", [FOLLOWS, UP_FRONT])
def test_a_complete_set_lacks_nothing(kind: OrderKind, settings: Settings) -> None:
    one = issued(kind)
    assert missing_papers(one, lab_papers(one), settings, START + 10 * DAY) == ()
    check_papers(one, lab_papers(one), settings)


def _findings(fields: dict[str, Any]) -> list[str]:
    found: list[str] = fields.get("application", {}).get("findings", [])
    return found


NEVER_NEEDED = {"order_paper.reference", "order_paper.agency", "order_paper.not_known", "order_paper.number"}
"""Not needed in every kind; where they are, tests of their own say so."""


@pytest.mark.parametrize("kind", OrderKind)
def test_every_field_of_a_complete_set_is_missed_by_its_own_name(kind: OrderKind) -> None:
    one = issued(kind)
    fields = fields_of(one)
    paths = [path for path in leaves(fields) if path not in NEVER_NEEDED and path != "extensions"]
    assert len(paths) > 15
    for path in paths:
        found = lacks(one, without(fields, path))
        findings = [f"DOC_MISSING:application.findings.{each}" for each in _findings(fields)]
        special = {"application.findings": findings, "purpose": ["PURPOSE_FORBIDDEN:purpose"]}
        assert sorted(found) == sorted(special.get(path, [f"DOC_MISSING:{path}"])), path


@pytest.mark.rule("R-050", "R-050.1")
@pytest.mark.parametrize("kind", [OrderKind.PRTT, OrderKind.EAVESDROPPING])
@pytest.mark.parametrize("item", ["complaint_number", "queried", "order_paper"])
def test_each_item_of_an_ordinary_request_has_a_code_of_its_own(kind: OrderKind, item: str) -> None:
    one = order(kind)
    assert lacks(one, without(fields_of(one), item)) == [f"DOC_MISSING:{item}"]
    (lack,) = missing_papers(one, papers_from_fields(without(fields_of(one), item)), FOLLOWS)
    assert (lack.item, lack.rule) == (item, "R-050") and lack.says


@pytest.mark.rule("R-050", "R-050.1")
def test_nothing_at_all_is_told_item_by_item() -> None:
    assert [lack.item for lack in missing_papers(order(), None, FOLLOWS)] == [
        "complaint_number",
        "queried",
        "purpose",
        "requesting_unit",
        "political_activity",
        "supervisor",
        "application",
        "order_paper",
    ]


@pytest.mark.rule("R-050")
def test_an_unsigned_order_is_no_order() -> None:
    one = order()
    assert lacks(one, changed(fields_of(one), "order_paper.signed", False)) == ["DOC_MISSING:order_paper.signed"]


@pytest.mark.parametrize(
    ("queried", "named"),
    [
        ("212-555-0101", True),
        ("1 (212) 555-0101", True),
        ("tel:+12125550101", True),
        ("+12125550102", False),
        ("www.example.invalid", False),
    ],
)
def test_the_queried_number_is_one_of_the_targets(queried: str, named: bool) -> None:
    one = order()
    assert lacks(one, changed(fields_of(one), "queried", queried)) == ([] if named else ["DOC_MISSING:queried"])


def test_a_queried_web_address_is_one_of_the_targets() -> None:
    one = order(targets=(Target(TargetKind.HOST, "www.example.invalid"),))
    assert lacks(one, changed(fields_of(one), "queried", "WWW.example.invalid")) == []


@pytest.mark.rule("R-020")
def test_an_order_without_a_target_is_refused() -> None:
    nobody = order(targets=())
    assert "DOC_MISSING:target" in [lack.code for lack in missing_papers(nobody, lab_papers(order()), FOLLOWS)]
    with pytest.raises(DocumentRefusedError, match=r"DOC_MISSING:target \(R-020\)"):
        check_order(nobody)


# --- the emergency --------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-045", "R-045.1")
@pytest.mark.parametrize("kind", [kind for kind in OrderKind if kind.exigent])
def test_a_life_at_risk_does_not_open_without_the_complaint_number(kind: OrderKind) -> None:
    one = order(kind)
    fields = without(fields_of(one), "complaint_number")
    assert fields["declaration"]["grounds"] == ["danger_of_death"]
    with pytest.raises(PapersRefusedError, match=r"DOC_MISSING:complaint_number \(R-045\)") as refused:
        check_papers(one, papers_from_fields(fields), FOLLOWS)
    assert [lack.item for lack in refused.value.missing] == ["complaint_number"]
    assert lacks(one, changed(fields, "complaint_number", "2026-000-00019")) == []


@pytest.mark.rule("R-051")
def test_exigent_use_needs_the_declaration() -> None:
    one = order(OrderKind.EXIGENT_PRTT)
    assert lacks(one, without(fields_of(one), "declaration")) == ["DOC_MISSING:declaration"]


@pytest.mark.rule("R-051", "R-051.1")
@pytest.mark.parametrize(
    ("kind", "hours"),
    [(OrderKind.EXIGENT_PRTT, 48), (OrderKind.EXIGENT_EAV_STATE, 24), (OrderKind.EXIGENT_EAV_FEDERAL, 48)],
)
def test_the_emergency_order_may_follow_until_the_deadline(kind: OrderKind, hours: int) -> None:
    one = order(kind)
    fields = fields_of(one)
    assert "order_paper" not in fields
    deadline = START + hours * HOUR_US
    assert lacks(one, fields, FOLLOWS, START) == []
    assert lacks(one, fields, FOLLOWS, deadline) == []
    assert lacks(one, fields, FOLLOWS, deadline + 1) == ["DOC_MISSING:order_paper"]
    come = issued(kind)
    assert lacks(come, fields_of(come), FOLLOWS, deadline + 1) == []


@pytest.mark.rule("R-051", "R-051.2")
def test_where_it_may_not_follow_the_emergency_order_is_there_up_front() -> None:
    one, come = order(OrderKind.EXIGENT_EAV_STATE), issued(OrderKind.EXIGENT_EAV_STATE)
    assert lacks(one, fields_of(one), UP_FRONT, START) == ["DOC_MISSING:order_paper"]
    assert lacks(come, fields_of(come), UP_FRONT, START) == []


@pytest.mark.rule("R-051")
def test_an_emergency_order_that_was_issued_is_among_the_papers() -> None:
    come = issued(OrderKind.EXIGENT_PRTT)
    assert lacks(come, without(fields_of(come), "order_paper")) == ["DOC_MISSING:order_paper"]


# --- what order and warrant show ------------------------------------------------------------------------------------


@pytest.mark.rule("R-052", "R-052.1")
@pytest.mark.parametrize(
    "field",
    ["applicant", "date", "judge", "judge_title", "subscriber", "subject", "number", "location", "offence_statement"],
)
def test_a_pen_register_order_shows_each_mandatory_field(field: str) -> None:
    one = order()
    fields = fields_of(one)
    for name in ("subscriber", "subject", "number", "location"):
        fields = changed(fields, f"order_paper.{name}", "shown")
    fields = without(fields, "order_paper.not_known")
    assert lacks(one, fields) == []
    assert lacks(one, without(fields, f"order_paper.{field}")) == [f"DOC_MISSING:order_paper.{field}"]


@pytest.mark.rule("R-052")
def test_what_is_not_known_is_said_to_be_not_known() -> None:
    one = order()
    fields = without(fields_of(one), "order_paper.subject")
    assert lacks(one, fields) == ["DOC_MISSING:order_paper.subject"]
    assert lacks(one, changed(fields, "order_paper.not_known", ["location", "subject", "subscriber"])) == []


@pytest.mark.rule("R-052")
def test_the_limits_of_a_trap_and_trace_are_shown() -> None:
    limited = order(trap_area=frozenset({"1212"}))
    fields = without(fields_of(limited), "order_paper.geographic_limits")
    assert lacks(limited, fields) == ["DOC_MISSING:order_paper.geographic_limits"]
    assert lacks(order(), fields) == []


@pytest.mark.rule("R-053", "R-053.1")
def test_a_warrant_without_types_of_communication_is_refused() -> None:
    one = order(OrderKind.EAVESDROPPING)
    assert lacks(one, changed(fields_of(one), "order_paper.types", [])) == ["DOC_MISSING:order_paper.types"]
    (lack,) = missing_papers(one, papers_from_fields(changed(fields_of(one), "order_paper.types", ["VOICE"])), FOLLOWS)
    assert lack.code == "DOC_MISSING:order_paper.types" and "SMS" in lack.says and lack.rule == "R-053"


@pytest.mark.rule("R-053")
@pytest.mark.parametrize(
    "field",
    ["applicant", "date", "judge", "subject", "offence_statement", "agency", "period", "auto_termination",
     "minimisation", "entry_needed"],
)  # fmt: skip
def test_a_warrant_shows_each_mandatory_field(field: str) -> None:
    one = order(OrderKind.EAVESDROPPING)
    assert lacks(one, without(fields_of(one), f"order_paper.{field}")) == [f"DOC_MISSING:order_paper.{field}"]


@pytest.mark.rule("R-166", "R-166.1")
def test_a_covert_audio_warrant_that_is_silent_on_the_device_is_refused() -> None:
    one = order(OrderKind.COVERT_AUDIO_WARRANT)
    assert lacks(one, fields_of(one)) == []
    for blank in (without(fields_of(one), "order_paper.device"), changed(fields_of(one), "order_paper.device", " ")):
        (lack,) = missing_papers(one, papers_from_fields(blank), FOLLOWS)
        assert (lack.code, lack.rule) == ("DOC_MISSING:order_paper.device", "R-166")
        with pytest.raises(PapersRefusedError, match="R-166"):
            check_papers(one, papers_from_fields(blank), FOLLOWS)
    other = order(OrderKind.EAVESDROPPING)
    assert not papers_from_fields(fields_of(other)).order_paper.device and lacks(other, fields_of(other)) == []


@pytest.mark.rule("R-053")
def test_a_warrant_names_facility_or_place_and_the_authority_to_enter() -> None:
    one = order(OrderKind.EAVESDROPPING)
    fields = fields_of(one)
    assert lacks(one, without(fields, "order_paper.number")) == ["DOC_MISSING:order_paper.location"]
    entry = changed(fields, "order_paper.entry_needed", True)
    assert lacks(one, entry) == ["DOC_MISSING:order_paper.entry_authority"]
    assert lacks(one, changed(entry, "order_paper.entry_authority", "to install a device")) == []


# --- the application ------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-054", "R-054.1")
@pytest.mark.parametrize("who", ["investigator", "prosecutor"])
@pytest.mark.parametrize("kind", [OrderKind.PRTT, OrderKind.EAVESDROPPING])
def test_an_application_that_one_of_the_two_did_not_swear(kind: OrderKind, who: str) -> None:
    one = order(kind)
    unsworn = changed(fields_of(one), f"application.{who}_swore", False)
    assert lacks(one, unsworn) == [f"DOC_MISSING:application.{who}_swore"]


@pytest.mark.rule("R-055", "R-055.1")
@pytest.mark.parametrize("left_out", ["reasonable_suspicion", "relevance"])
def test_one_of_the_two_findings_is_not_enough(left_out: str) -> None:
    one = order()
    kept = [each for each in ("reasonable_suspicion", "relevance") if each != left_out]
    found = missing_papers(one, papers_from_fields(changed(fields_of(one), "application.findings", kept)), FOLLOWS)
    assert [(lack.code, lack.rule) for lack in found] == [(f"DOC_MISSING:application.findings.{left_out}", "R-055")]


EAVESDROPPING_FINDINGS = ("probable_cause_offence", "probable_cause_communications", "normal_procedures_exhausted")


@pytest.mark.rule("R-056", "R-056.1")
@pytest.mark.parametrize("left_out", EAVESDROPPING_FINDINGS)
def test_two_of_the_three_findings_are_not_enough(left_out: str) -> None:
    one = order(OrderKind.EAVESDROPPING)
    kept = [each for each in EAVESDROPPING_FINDINGS if each != left_out]
    found = missing_papers(one, papers_from_fields(changed(fields_of(one), "application.findings", kept)), FOLLOWS)
    assert [(lack.code, lack.rule) for lack in found] == [(f"DOC_MISSING:application.findings.{left_out}", "R-056")]


@pytest.mark.rule("R-055")
def test_a_federal_pen_register_rests_on_relevance() -> None:
    federal = order(jurisdiction=Jurisdiction.FEDERAL)
    assert lacks(federal, changed(fields_of(federal), "application.findings", ["relevance"])) == []
    assert lacks(federal, changed(fields_of(federal), "application.findings", [])) == [
        "DOC_MISSING:application.findings.relevance"
    ]


# --- extensions -----------------------------------------------------------------------------------------------------


def extended(kind: OrderKind, times: int) -> CourtOrder:
    return order(
        kind,
        window=Window(START, START + (times + 1) * 20 * DAY),
        extensions_us=tuple(START + n * 20 * DAY for n in range(1, times + 1)),
    )


@pytest.mark.rule("R-013", "R-013.1")
def test_an_extension_says_what_came_of_it_so_far_or_why_nothing_did() -> None:
    one = extended(OrderKind.EAVESDROPPING, 1)
    fields = fields_of(one)
    (application,) = fields["extensions"]
    blank = {**fields, "extensions": [{**application, "results": "  "}]}
    found = missing_papers(one, papers_from_fields(blank), FOLLOWS)
    assert [(lack.code, lack.rule) for lack in found] == [("DOC_MISSING:extensions.1.results", "R-013")]
    explained = {**blank["extensions"][0], "explanation": "the line was quiet"}
    assert lacks(one, {**fields, "extensions": [explained]}) == []


@pytest.mark.rule("R-011", "R-011.1")
@pytest.mark.parametrize("kind", [OrderKind.PRTT, OrderKind.EAVESDROPPING])
def test_an_extension_repeats_every_finding(kind: OrderKind) -> None:
    one = extended(kind, 1)
    fields = fields_of(one)
    for finding in fields["extensions"][0]["findings"]:
        kept = [each for each in fields["extensions"][0]["findings"] if each != finding]
        weaker = {**fields, "extensions": [{**fields["extensions"][0], "findings": kept}]}
        assert lacks(one, weaker) == [f"DOC_MISSING:extensions.1.findings.{finding}"]


@pytest.mark.rule("R-016", "R-016.1")
@pytest.mark.parametrize("times", [1, 2, 5])
def test_any_number_of_extensions_each_with_an_application_of_its_own(times: int) -> None:
    one = extended(OrderKind.EAVESDROPPING, times)
    fields = fields_of(one)
    check_order(one)
    assert lacks(one, fields) == []
    assert lacks(one, {**fields, "extensions": fields["extensions"][:-1]}) == [f"DOC_MISSING:extensions.{times}"]


# --- supervisor, unit, purpose --------------------------------------------------------------------------------------


@pytest.mark.rule("R-063", "R-063.1")
def test_use_is_discussed_with_a_supervisor_before_and_with_reasons() -> None:
    one = order()
    fields = fields_of(one)
    assert lacks(one, without(fields, "supervisor")) == ["DOC_MISSING:supervisor"]
    assert lacks(one, changed(fields, "supervisor.reasons", " ")) == ["DOC_MISSING:supervisor.reasons"]
    assert lacks(one, changed(fields, "supervisor.at", START)) == []
    assert lacks(one, changed(fields, "supervisor.at", START + 1)) == ["DOC_MISSING:supervisor.at"]


@pytest.mark.rule("R-064", "R-064.1")
def test_political_activity_is_for_the_intelligence_division_alone() -> None:
    one = order()
    flagged = changed(fields_of(one), "political_activity", True)
    assert lacks(one, flagged) == ["PURPOSE_FORBIDDEN:political_activity"]
    assert lacks(one, changed(flagged, "requesting_unit", "Intelligence Division")) == []


@pytest.mark.rule("R-065", "R-065.1")
@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("path", ["purpose", "supervisor.reasons"])
def test_immigration_enforcement_is_refused_for_any_kind_of_order(kind: OrderKind, path: str) -> None:
    one = issued(kind)
    (lack,) = missing_papers(one, papers_from_fields(changed(fields_of(one), path, "Immigration enforcement")), FOLLOWS)
    assert (lack.reason, lack.rule) == (Reason.PURPOSE_FORBIDDEN, "R-065")


@pytest.mark.rule("R-066", "R-066.1")
@pytest.mark.parametrize(
    ("purpose", "refused"),
    [
        ("", True),
        ("   ", True),
        ("curiosity", True),
        ("criminal investigation", False),
        ("civil litigation", False),
        ("disciplinary proceeding", False),
        ("other official business", False),
    ],
)
def test_the_purpose_is_one_of_four(purpose: str, refused: bool) -> None:
    one = order()
    found = missing_papers(one, papers_from_fields(changed(fields_of(one), "purpose", purpose)), FOLLOWS)
    assert [(lack.code, lack.rule) for lack in found] == ([("PURPOSE_FORBIDDEN:purpose", "R-066")] if refused else [])


# --- leaving DRAFT --------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-028", "R-028.1")
@pytest.mark.parametrize("kind", OrderKind)
def test_an_unfinished_set_keeps_the_order_a_draft(kind: OrderKind) -> None:
    one = replace(issued(kind), state=OrderState.DRAFT)
    fields = fields_of(one)
    needed = [name for name in fields if name not in ("extensions",)]
    for name in needed:
        with pytest.raises(PapersRefusedError, match=name):
            leave_draft(one, papers_from_fields(without(fields, name)), FOLLOWS)
    with pytest.raises(PapersRefusedError):
        leave_draft(one, None, FOLLOWS)
    assert leave_draft(one, papers_from_fields(fields), FOLLOWS) == replace(one, state=OrderState.ISSUED)


@pytest.mark.rule("R-028")
def test_only_a_draft_is_issued() -> None:
    with pytest.raises(RefusedError, match="R-027"):
        leave_draft(order(), lab_papers(order()), FOLLOWS)


# --- plain values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", OrderKind)
def test_papers_read_back_as_they_were_written(kind: OrderKind) -> None:
    papers = lab_papers(issued(kind))
    assert papers_from_fields(papers_to_fields(papers)) == papers
    assert papers_to_fields(Papers()) == {}
    assert papers_from_fields({}) == Papers()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"complaint": "x"}, "complaint: no such field"),
        ({"complaint_number": 12}, "complaint_number: a text is needed"),
        ({"complaint_number": "a\nb"}, "complaint_number: a text is one line"),
        ({"complaint_number": "9" * 4_001}, "complaint_number: a text is one line"),
        ({"political_activity": "no"}, "political_activity: 'no' is neither"),
        ({"supervisor": "okafor"}, "supervisor: a mapping"),
        ({"supervisor": {"who": "okafor"}}, "supervisor.who: no such field"),
        ({"supervisor": {"at": "yesterday"}}, "supervisor.at: 'yesterday'"),
        ({"application": {"findings": ["guess"]}}, "application.findings: 'guess' is none of"),
        ({"application": {"findings": "relevance"}}, "application.findings: a list"),
        ({"declaration": {"standard": "hunch"}}, "declaration.standard: 'hunch'"),
        ({"declaration": {"emergency": 1}}, "declaration.emergency: 1 is neither"),
        ({"extensions": [{}, {"sworn": True}]}, "extensions.2.sworn: no such field"),
        ({"order_paper": {"types": ["VOICE"] * 65}}, "order_paper.types: at most 64"),
        ([], "papers: a mapping"),
    ],
)
def test_what_is_no_paper_is_refused_by_its_field(fields: Any, says: str) -> None:
    with pytest.raises(ValueError, match="^" + says.replace("(", r"\(")):
        papers_from_fields(fields)


_NAMES = st.sampled_from(sorted({path.split(".")[-1] for kind in OrderKind for path in leaves(fields_of(order(kind)))}))
_SECTIONS = st.sampled_from(["supervisor", "application", "declaration", "order_paper", "extensions"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES | _SECTIONS, _VALUES, max_size=6) | _VALUES)
def test_whatever_comes_is_papers_or_a_sentence(fields: Any) -> None:
    try:
        papers = papers_from_fields(fields)
    except ValueError:
        return
    assert papers_from_fields(papers_to_fields(papers)) == papers
    for kind in OrderKind:
        assert missing_papers(order(kind), papers, UP_FRONT)
