"""The lab's court: what it signs, for whom, and what it does not sign after what it signed before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asn1.errors import RefusedError
from lab.court import Court, order_and_papers, read_fields
from lab.papers import lab_papers
from lab.paths import RECEIVERS, RunPaths
from mediation.law.documents import (
    DocumentAction,
    approved,
    extended,
    missing_in,
    parse_document,
    released,
    revoked,
)
from mediation.law.orders import Jurisdiction, Window
from mediation.law.papers import Papers
from mediation.runtime.config import ConfigError

DAY, HOUR = 86_400_000_000, 3_600_000_000
START = 1_780_000_000_000_000
FIELDS: dict[str, Any] = {
    "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["12125550101"], "services": ["VOICE"],
    "start": START, "end": START + 10 * DAY,
}  # fmt: skip
EXIGENT = FIELDS | {"kind": "EXIGENT_EAV_FEDERAL"}


@pytest.fixture
def court(tmp_path: Path) -> Court:
    return Court(RunPaths(tmp_path))


def test_an_order_is_sent_with_the_papers_of_the_lab(court: Court, tmp_path: Path) -> None:
    order = court.issue(FIELDS)
    (document,) = court.documents()
    assert document.papers == lab_papers(order) and missing_in(document) == ()
    for inbox in map(RunPaths(tmp_path).inbox, RECEIVERS):
        assert parse_document((inbox / "O-1.v1.json").read_bytes(), court.public_key()) == order


def test_papers_that_are_given_are_sent_as_they_are(court: Court) -> None:
    """Whoever gets them looks: training needs refusals too."""
    court.issue(FIELDS, Papers(complaint_number="C-1"))
    (document,) = court.documents()
    assert document.papers == Papers(complaint_number="C-1") and missing_in(document)
    with pytest.raises(RefusedError, match="DOC_MISSING:queried"):
        court.issue(FIELDS | {"order_id": "O-2"}, Papers(complaint_number="C-1"), complete=True)


def test_what_came_without_papers_binds_no_later_version(court: Court) -> None:
    court.issue(FIELDS, Papers())
    wider = court.issue(FIELDS | {"version": 2, "end": START + 20 * DAY})
    assert missing_in(list(court.documents())[-1]) == () and wider.version == 2


def test_an_emergency_begins_with_its_window_and_its_order_follows(court: Court) -> None:
    order = court.issue(EXIGENT)
    assert order.exigent is not None and order.exigent.activated_at_us == START
    assert order.jurisdiction is Jurisdiction.FEDERAL
    first = next(court.documents())
    assert first.papers is not None and first.papers.order_paper is None and missing_in(first) == ()
    court.sign(approved(order, START + HOUR), DocumentAction.APPROVE, START + HOUR)
    second = list(court.documents())[1]
    assert second.papers is not None and second.papers.order_paper is not None and missing_in(second) == ()


def test_each_extension_brings_an_application_of_its_own(court: Court) -> None:
    order = court.issue(FIELDS, replace(lab_papers(order_and_papers(FIELDS)[0]), complaint_number="C-9"))
    for _ in range(2):
        granted = order.window.end_us - 1
        order = court.sign(extended(order, order.window.end_us + DAY, granted), DocumentAction.EXTEND, granted)
    last = list(court.documents())[-1].papers
    assert last is not None and len(last.extensions) == 2 and last.complaint_number == "C-9"


def test_the_court_does_not_go_back_on_what_it_signed(court: Court) -> None:
    order = court.issue(FIELDS)
    with pytest.raises(RefusedError, match="R-014"):
        court.sign(replace(order, version=2, window=Window(START, START + 11 * DAY)))
    court.sign(revoked(order, START + DAY), DocumentAction.REVOKE, START)
    with pytest.raises(RefusedError, match=r"R-019|R-027"):
        court.sign(replace(order, version=3))
    with pytest.raises(ConfigError, match="already"):
        court.sign(revoked(order, START + DAY), DocumentAction.REVOKE, START)


def test_a_release_goes_to_the_agency_alone_for_it_holds_a_key(court: Court, tmp_path: Path) -> None:
    order = court.issue(FIELDS)
    court.sign(released(order), DocumentAction.RELEASE, START, data_key=bytes(range(32)))
    holders = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("O-1.v2.json")}
    assert holders == {"court", "collector"}


@pytest.mark.parametrize("name", ["", "../x", "a b"])
def test_attack_an_order_s_name_leads_nowhere_else(court: Court, name: str) -> None:
    with pytest.raises(ConfigError, match="name an order"):
        court.issue(FIELDS | {"order_id": name})


def test_a_file_of_fields_has_to_be_plain(tmp_path: Path) -> None:
    file = tmp_path / "order.yaml"
    for text in ("a: &x [1]\nb: *x", "- 1", "a: !!python/name:os.system"):
        file.write_text(text)
        with pytest.raises(ConfigError, match="neither YAML nor JSON"):
            read_fields(file)
