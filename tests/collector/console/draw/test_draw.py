"""Pictures: well-formed, with nothing that a strict page forbids, whatever a peer called itself; and their tables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from collector.console.draw import frequency, ladder, links, svg, timeline
from collector.console.model.calls import Arrow, Ladder
from collector.console.model.lists import EventRow
from collector.console.model.prtt import MAX_DAYS, MAX_NODES, days, hours, picture
from collector.store.index_whole import Kind

T = 1_700_000_000_000_000
HOUR = 3_600_000_000
HOSTILE = '"><script>alert(1)</script><a href="javascript:x" style="x" onload=y>&\x00\u202e'
NAMES = st.one_of(st.text(max_size=30), st.just(HOSTILE), st.sampled_from(["+12125550101", "+12125550102"]))
FORBIDDEN = {"style", "href", "{http://www.w3.org/1999/xlink}href", "src", "onload", "onclick"}


def row(cin: int = 1, caller: str = "+12125550101", called: str = "+12125550102", **changes: Any) -> EventRow:
    values = {
        "liid": "L", "cin": cin, "order_id": "O-1", "kind": Kind.CALL, "caller": caller, "called": called,
        "parties": tuple(sorted({caller, called})), "target_sends": True, "begin_us": T + cin * HOUR,
        "end_us": T + cin * HOUR + 60_000_000, "answer_us": T + cin * HOUR + 10_000_000, "duration_us": 60_000_000,
        "ended": True, "iri": 2, "cc_from_target": 0, "cc_to_target": 0, "cc_other": 0, "sorted_us": T,
        "parts": ((cin, cin),),
    }  # fmt: skip
    return EventRow(**(values | changes))


def sound(markup: Any) -> etree._Element:
    """The picture as a browser's XML parser reads it: one svg, no scripts, no styles, nothing from elsewhere."""
    root = etree.fromstring(str(markup).encode())
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("class", "").startswith("draw ")
    assert root.get("role") == "img" and root.get("aria-label")
    for one in root.iter():
        assert etree.QName(one).localname in {
            "svg", "g", "title", "desc", "text", "line", "rect", "circle", "polygon",
        }  # fmt: skip
        assert not FORBIDDEN & set(one.attrib), one.attrib
        for value in one.attrib.values():
            assert "nan" not in value and "inf" not in value
    return root


@given(st.lists(st.tuples(NAMES, NAMES, NAMES, st.booleans()), max_size=8))
@settings(deadline=None)
def test_attack_no_name_gets_out_of_a_ladder(values: Any) -> None:
    arrows = tuple(
        Arrow(at, T + at, source, destination, label, HOSTILE, "request", HOSTILE if withheld else "")
        for at, (source, destination, label, withheld) in enumerate(values)
    )
    ends = [end for one in arrows for end in (one.source, one.destination) if end]
    made = Ladder(tuple(dict.fromkeys(ends)), arrows, 3)
    sound(ladder.svg(made))
    assert len(ladder.rows(made).rows) == len(arrows) and "3 more" in ladder.rows(made).caption


@given(st.lists(st.tuples(st.integers(0, 50), NAMES, NAMES, st.booleans()), max_size=12))
@settings(deadline=None)
def test_attack_no_name_gets_out_of_charts(values: Any) -> None:
    held = [
        row(cin, caller, called, **({"kind": None, "begin_us": None, "withheld": "HELD"} if gone else {}))
        for cin, caller, called, gone in values
    ]
    made = picture(held, frozenset({"+12125550101"}))
    sound(links.svg(made.links))
    for one in (made.hours, made.days):
        sound(frequency.svg(one))
    when = timeline.timeline(held)
    sound(timeline.svg(when))
    assert len(timeline.rows(when).rows) + when.cut == len(held)
    assert len(links.rows(made.links).rows) == len(made.links.edges)
    assert made.rows == len(held) and sum(one.records for one in made.withheld) == sum(gone for *_, gone in values)


def test_a_ladder_has_a_line_a_message_and_a_lane_an_end() -> None:
    arrows = (
        Arrow(1, T, "a", "b", "INVITE", "record 1", "request"), Arrow(2, T + 1, "b", "a", "200 INVITE", "", "response"),
        Arrow(3, T + 2, "", "", "(withheld)", "", "message", "HELD"), Arrow(4, T + 3, "a", "a", "x", "", "message"),
    )  # fmt: skip
    root = sound(ladder.svg(Ladder(("a", "b"), arrows, 0)))
    words = [one.text for one in root.iter("{*}text")]
    assert {"INVITE", "200 INVITE", "(withheld)", "a", "b", "22:13:20.000Z"} <= set(words)
    assert len(root.findall(".//{*}polygon")) == 3


def test_who_called_whom_is_counted_and_common_numbers_are_found() -> None:
    other = row(4, "+12125550103", "+12125550102", order_id="O-2", kind=Kind.SMS, answer_us=None)
    made = picture([row(1), row(2), row(3, answer_us=None), other], frozenset({"+12125550101", "+12125550103"}))
    first = made.pairs[0]
    assert (first.caller, first.calls, first.answered, first.messages, first.talk_us) == (
        "+12125550101", 3, 2, 0, 100_000_000,
    )  # fmt: skip
    numbers = {one.name: one for one in made.numbers}
    assert (numbers["+12125550102"].calls_in, numbers["+12125550102"].messages_in) == (3, 1)
    assert numbers["+12125550102"].partners == 2 and numbers["+12125550101"].is_target
    (common,) = made.common
    assert (common.name, common.orders, common.communications) == ("+12125550102", ("O-1", "O-2"), 4)
    assert [(one.name, one.is_target) for one in made.links.nodes][:2] == [
        ("+12125550101", True), ("+12125550103", True),
    ]  # fmt: skip
    assert [line.talk_us for line in made.lines] == [50_000_000, 50_000_000, None, None]


def test_hours_and_days_are_those_of_the_zone() -> None:
    rows = [row(begin_us=T), row(begin_us=T + 3 * HOUR)]
    assert {one.label for one in hours(rows, "UTC").bins if one.communications} == {"22:00", "01:00"}
    assert {one.label for one in hours(rows, "America/New_York").bins if one.communications} == {"17:00", "20:00"}
    assert [one.label for one in days(rows, "UTC").bins] == ["2023-11-14", "2023-11-15"]
    assert [one.label for one in days(rows, "America/New_York").bins] == ["2023-11-14"]
    assert len(days([row(begin_us=1), row(begin_us=T)], "UTC").bins) == MAX_DAYS and not days([], "UTC").bins


def test_a_chart_of_many_parties_is_bounded() -> None:
    made = picture([row(at, called=f"+1212555{at:04}") for at in range(200)], frozenset())
    assert (len(made.links.nodes), made.links.cut) == (MAX_NODES, 160)
    assert "160 parties" in links.rows(made.links).caption


def test_long_words_are_cut_and_whole_in_the_tooltip() -> None:
    made = str(svg.text(1.5, 2, "x" * 99))
    assert f"<title>{'x' * 99}</title>" in made and 'x="1.5"' in made and re.search(r">x{47}…</text>", made)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_attack_characters_that_no_xml_may_hold_are_replaced(character: str) -> None:
    sound(svg.drawing(10, 10, "t", "d", [svg.text(0, 0, f"a{character}b")], "x"))
