"""Orders as YAML: what stands there is what is read, and what is written reads back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, RefusedError
from lab.papers import lab_papers
from mediation.law.fields import order_from_fields
from mediation.law.order_yaml import MAX_YAML_CHARACTERS, fields_from_yaml, order_from_yaml, order_to_yaml
from mediation.law.papers import Papers

DAY = 86_400_000_000
START = 1_780_000_000_000_001
FIELDS: dict[str, Any] = {
    "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"], "start": START,
    "end": START + 10 * DAY, "services": ["VOICE", "SMS"], "location_authorised": True,
}  # fmt: skip
ORDER = order_from_fields(FIELDS)
TEXT = """
order_id: O-1
kind: PRTT
liid: 0123
agency: no
targets: [12125550101, "imsi:001012125550101"]
start: 2026-03-01T14:00:00Z
days: 10
location_authorised: true
case_id:
"""


def test_a_file_by_hand_is_an_order() -> None:
    order, papers = order_from_yaml(TEXT)
    assert (order.liid, order.agency, order.location_authorised, papers) == ("0123", "no", True, None)
    assert [target.value for target in order.targets] == ["12125550101", "001012125550101"]
    assert order.window.start_us == 1_772_373_600_000_000 and order.case_id == "CASE-O-1"


@pytest.mark.parametrize("papers", [None, Papers(), lab_papers(ORDER)])
def test_what_is_written_reads_back(papers: Papers | None) -> None:
    assert order_from_yaml(order_to_yaml(ORDER, papers)) == (ORDER, papers)


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20).filter(str.isprintable), min_size=3, max_size=3),
    liid=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=25),
)
def test_any_words_of_papers_read_back_as_words(texts: list[str], liid: str) -> None:
    papers = replace(lab_papers(ORDER), complaint_number=texts[0], queried=texts[1], requesting_unit=texts[2])
    order = order_from_fields(FIELDS | {"liid": liid})
    read, found = order_from_yaml(order_to_yaml(order, papers))
    assert read == order and found is not None
    words = [found.complaint_number, found.queried, found.requesting_unit]
    assert words == [text.strip() for text in texts], "papers are read without the blanks around them"


def test_in_the_papers_plain_words_and_numbers_are_typed_and_quoted_ones_are_not() -> None:
    fields = fields_from_yaml('papers: {a: true, b: "true", c: 12, d: "12", e: 012, f: no, g: [false, -3]}')
    assert fields["papers"] == {"a": True, "b": "true", "c": 12, "d": "12", "e": "012", "f": "no", "g": [False, -3]}


def test_json_is_yaml_too() -> None:
    assert fields_from_yaml('{"days": 10, "targets": ["+12125550102"], "pctdd_authorised": false}') == {
        "days": "10", "targets": ["+12125550102"], "pctdd_authorised": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "word",
        "a: &x 1",
        "a: *x",
        "a: !!int 1",
        "a: !!python/object/apply:os.system [ls]",
        "a: 1\na: 2",
        "papers: {a: 1, a: 2}",
        "papers: {}\npapers: {}",
        "{[a]: 1}",
        "a: {b: 1}",
        "a: [[1]]",
        "a: " + "[" * 20 + "]" * 20,
        "[" * 5000,
        "a: \x00",
        "a: 1\n---\nb: 2",
        "'",
        "x" * (MAX_YAML_CHARACTERS + 1),
    ],
)
def test_what_is_no_plain_mapping_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        fields_from_yaml(text)


def test_attack_aliases_that_grow_are_refused() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(DecodeError, match="anchors"):
        fields_from_yaml(bomb)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("kind: PRTT", "kind: WIRETAP"), "R-001"),
        (("kind: PRTT", "kind:"), "kind"),
        (("days: 10", "days: 61"), "R-005"),
        (("location_authorised: true", "location_authorised: yes"), "location_authorised"),
        (("days: 10", "days: 10\nsurprise: 1"), "surprise"),
        (("days: 10", "days: 10\npapers: {surprise: 1}"), "surprise"),
        (("days: 10", "days: 10\npapers: word"), "papers"),
    ],
)
def test_what_the_law_does_not_let_in_is_refused_by_its_name(change: tuple[str, str], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        order_from_yaml(TEXT.replace(*change))


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80) | st.text(st.sampled_from("ab:-[]{}\n \"'&*!#1"), max_size=60))
def test_any_text_is_fields_or_refused(text: str) -> None:
    try:
        found = fields_from_yaml(text)
    except DecodeError:
        return
    assert isinstance(found, dict)
