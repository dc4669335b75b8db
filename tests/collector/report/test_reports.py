"""Reports: what each must hold, what is withheld from each, two renderings of one value, and hostile text."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from lxml import html as lxml_html

from asn1.errors import LocalError, RefusedError
from collector.console.model.review import SawRow
from collector.fleet.view import Lost
from collector.report import discovery, parts, prtt, ten_day, thirty_day
from collector.report.html import render_html, style, style_hash
from collector.report.model import canonical, digest, ledger_fields
from collector.report.parts import Noted, Request, Sources
from collector.report.pdf import render_pdf
from collector.standing import held, minimised, of_communication, of_order, privileged
from collector.voids import Why, ranges_of
from mediation.law.duties import Act, DutyKind, OrderFacts
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason

A, B = "+12125550101", "+12125550102"
NOW = 1_800_000_000_000_000
HOSTILE = "<script>alert(1)</script>\u202eFormel \U0001f600 =1+1"


def request(case: Any, *orders: str, **changes: Any) -> Request:
    return Request(case.scope(), "rivera", NOW, tuple(orders), **changes)


def sources(case: Any, **changes: Any) -> Sources:
    said = {"progress": "The supplier was named.", "need": "The place is not known.", "results": "Two calls pertinent."}
    return Sources(case.library, case.registry, **(said | changes))


def tables(report: Any) -> dict[str, Any]:
    return {table.caption: table for section in report.sections for table in section.tables}


async def test_a_pen_register_report_says_who_called_whom_and_no_word(made: Any, sent: Any) -> None:
    case = await made(*sent)
    report = prtt.build(request(case, "O-2"), sources(case))
    found = tables(report)
    assert found["Pairs"].rows[0][:5] == (A, B, "1", "0", "1")
    assert [row[0] for row in found["Records by verdict"].rows] == ["O-2"]
    assert ("O-2", "SCOPE_CONTENT_ON_PRTT", "2") in found["Records by reason"].rows
    assert "WITHHELD" not in canonical(report).decode() and report.withheld == ()
    assert (
        report.order_ids == ("O-2",) and [one.collector for one in report.basis] == [""] and report.basis[0].size > 20
    )


async def test_a_ten_day_report_counts_what_was_minimised_and_says_what_a_person_wrote(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(
        minimised(of_communication(b"LAB-0001", 1), 5, "u", "INV"),
        privileged(of_communication(b"LAB-0001", 2), 6, "u", "INV"),
    )
    noted = [
        Noted("LAB-0001", 1, "about the <weather>", ("Non-pertinent",), "rivera", 7),
        Noted("LAB-0009", 1, "x", (), "y", 1),
    ]
    report = ten_day.build(
        request(case, "O-1"), sources(case, noted=noted, facts={"O-1": OrderFacts(progress_every_days=10)})
    )
    found = tables(report)
    assert found["Withheld from investigators"].rows == (
        ("Minimised", "1", "22"), ("Privileged", "1", "1"), ("Held", "0", "0"),
    )  # fmt: skip
    assert found["Synopses"].rows[0][1:] == ("LAB-0001/1", "Non-pertinent", "about the <weather>", "rivera")
    assert any("progress report" in row[0] for row in found["Duties"].rows)
    assert {one.records for one in report.withheld} == {22, 1}
    text = canonical(report).decode()
    assert "The supplier was named." in text and "The place is not known." in text and "hello" not in text
    for name in ("progress", "need"):
        with pytest.raises(RefusedError, match="blank"):
            ten_day.build(request(case, "O-1"), sources(case, **{name: "  "}))


async def test_a_thirty_day_report_has_the_period_results_and_what_is_due(made: Any, sent: Any) -> None:
    case = await made(*sent)
    acts = [Act(DutyKind.SEAL_STARTED, "O-1", NOW + 1, "S-7")]
    report = thirty_day.build(request(case, "O-1"), sources(case, acts=acts))
    heads = [section.heading for section in report.sections]
    assert heads == [
        "Orders", "The period", "Communications", "Minimisation and privilege", "What monitors found", "Results",
        "What was delivered", "What is due", "Withheld",
    ]  # fmt: skip
    due = {row[0]: row for row in tables(report)["Duties"].rows}
    assert due["the recordings are sealed"][4] == "OVERDUE" and due["written notice within 90 days"][2] == "R-136"
    with pytest.raises(RefusedError, match="blank"):
        thirty_day.build(request(case, "O-1"), sources(case, results=""))


async def test_the_inventory_lists_every_communication_and_what_is_withheld_of_it(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(
        privileged(of_communication(b"LAB-0001", 1), 5, "u", "INV"),
        held(of_order(order_uid(OrderId("O-2"))), Reason.ORDER_LAPSED, 6),
    )
    saw = [SawRow("rivera", "INV", "read_content", "record", "7", 2, 1, 2)]
    report = discovery.build(request(case), sources(case, saw=saw))
    rows = {row[1]: row for row in tables(report)["Every communication that was kept"].rows}
    assert set(rows) == {"LAB-0001/1", "LAB-0001/2", "LAB-0001/3", "LAB-0002/5", "LAB-0002/6"}
    assert "22 PRIVILEGED for PRIVILEGED_HOLD (R-120)" in rows["LAB-0001/1"][-1] and rows["LAB-0001/1"][6] == A
    assert rows["LAB-0002/5"][3] == "Held" and rows["LAB-0002/5"][6:8] == ("", "") and "R-041" in rows["LAB-0002/5"][-1]
    assert tables(report)["From the desk's ledger"].rows[0][0] == "rivera"
    assert any(section.heading == "Integrity" and ("Signed", "yes") in section.facts for section in report.sections)
    assert sum(one.records for one in report.withheld) == 24


async def test_both_renderings_are_the_same_value_and_say_simulation(made: Any, sent: Any) -> None:
    case = await made(*sent)
    noted = [Noted("LAB-0001", 1, HOSTILE, (HOSTILE,), HOSTILE, 7)]
    report = ten_day.build(request(case), sources(case, noted=noted, progress=HOSTILE))
    page, pdf = render_html(report), render_pdf(report)
    assert page == render_html(report) and pdf == render_pdf(report) and digest(report) in page
    root = lxml_html.document_fromstring(page)
    assert not root.xpath("//script|//link|//img|//iframe|//*[@style]|//@href|//@src|//form")
    assert (
        page.count("SIMULATION") >= 3 and HOSTILE not in page and root.xpath("//title")[0].text.startswith("SIMULATION")
    )
    assert pdf.startswith(b"%PDF") and len(pdf) > 2_000
    fields = ledger_fields(report, page, pdf)
    assert (
        fields["model_sha256"] == digest(report)
        and fields["withheld"] == 0
        and fields["basis"]["size"] == report.basis[0].size
    )
    json.dumps(fields)
    assert style() in page and style_hash().startswith("'sha256-")
    assert digest(report) != digest(report._replace(made_at_us=NOW + 1))
    assert report.stem == f"ten-day-C-1-{NOW}"


async def test_attack_a_report_of_an_order_that_its_maker_may_not_read_is_refused(made: Any, sent: Any) -> None:
    case = await made(*sent)
    for orders in (("O-3",), ("O-1", "O-9")):
        with pytest.raises(RefusedError, match="may read"):
            prtt.build(request(case, *orders), sources(case))


async def test_attack_who_reads_no_content_reports_none_and_it_is_said(made: Any, sent: Any) -> None:
    case = await made(*sent)
    plain = Request(case.scope(content=False), "oag", NOW)
    report = discovery.build(plain, sources(case))
    assert any("R-073" in one.why for one in report.withheld)


async def test_more_than_a_report_holds_is_said(made: Any, sent: Any, monkeypatch: Any) -> None:
    case = await made(*sent)
    monkeypatch.setattr(parts, "MAX_COMMUNICATIONS", 2)
    with pytest.raises(LocalError, match="at most 2"):
        discovery.build(request(case), sources(case))
    row = case.library.find(case.scope(), "LAB-0001", 3)
    report = discovery.build(request(case, from_us=row.begin_us, to_us=row.begin_us + 1), sources(case))
    assert [one[1] for one in tables(report)["Every communication that was kept"].rows] == ["LAB-0001/3"]


async def test_attack_a_report_of_a_span_does_not_say_when_something_held_was(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(held(of_order(order_uid(OrderId("O-2"))), Reason.ORDER_LAPSED, 6))
    for span in ({"from_us": 1, "to_us": 2}, {"from_us": 1}):
        report = discovery.build(request(case, **span), sources(case))
        assert not any("LAB-0002" in row[1] for row in tables(report)["Every communication that was kept"].rows)
        assert [one.records for one in report.withheld if "any time" in one.why] == [2]


@pytest.mark.parametrize("build", [prtt.build, ten_day.build, thirty_day.build, discovery.build])
async def test_what_another_collector_has_is_told_as_voided_and_counted_nowhere_else(
    made: Any, sent: Any, build: Any
) -> None:
    case = await made(*sent)
    before = build(request(case, "O-1"), sources(case))
    assert "Voided" not in {section.heading for section in before.sections}
    gone = case.sequences("LAB-0001", 1)[:7]
    done, store = threading.Event(), case.open_store()
    store.void(ranges_of(gone), Why.LOST, "collector-2", lambda info: done.set())
    assert done.wait(10)
    store.close()
    case.reindex()
    report = build(request(case, "O-1"), sources(case))
    (voided,) = [section for section in report.sections if section.heading == "Voided"]
    assert voided.facts == (("O-1: voided", "7"),) and "Another collector has each of them" in voided.text[0]
    other = build(request(case, "O-2"), sources(case))
    assert "Voided" not in {section.heading for section in other.sections}, "none of that order is"
    assert "voided" in render_html(report) and render_pdf(report)[:4] == b"%PDF"


async def test_what_of_a_fleet_is_not_here_is_in_every_report(
    made: Any, sent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await made(*sent)
    lost = Lost("collector-2", ((3, 9),), "is lost")
    shelves = case.library._shelves
    monkeypatch.setattr(shelves, "seen", shelves.seen._replace(missing=(lost,)))
    report = prtt.build(request(case, "O-2"), sources(case))
    (said,) = [section for section in report.sections if section.heading == "Not here"]
    assert said.text[1] == lost.sentence() and "records 3 to 9 (7)" in render_html(report)
    assert ledger_fields(report, "", b"")["missing"] == [lost.sentence()]
