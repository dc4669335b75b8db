"""Designated offences: three lists, and which of them counts for which order."""

from __future__ import annotations

import pytest

from mediation.law.offences import SOURCES, OffenceList, designated, offence_list, section_of
from mediation.law.orders import OrderKind


@pytest.mark.rule("R-057", "R-057.1")
def test_harassment_is_designated_for_a_pen_register_and_not_for_eavesdropping() -> None:
    assert designated("PL 240.30", offence_list(OrderKind.PRTT, federal=False))
    assert not designated("PL 240.30", offence_list(OrderKind.EAVESDROPPING, federal=False))
    assert not designated("PL 240.30", offence_list(OrderKind.EAVESDROPPING, federal=True))


@pytest.mark.rule("R-057")
@pytest.mark.parametrize(
    ("kind", "federal", "expected"),
    [
        (OrderKind.PRTT, False, OffenceList.NY_PRTT),
        (OrderKind.EXIGENT_PRTT, False, OffenceList.NY_PRTT),
        (OrderKind.PRTT, True, OffenceList.FEDERAL_PRTT),
        (OrderKind.EAVESDROPPING, False, OffenceList.NY_EAVESDROPPING),
        (OrderKind.COVERT_AUDIO_WARRANT, False, OffenceList.NY_EAVESDROPPING),
        (OrderKind.EXIGENT_EAV_STATE, False, OffenceList.NY_EAVESDROPPING),
        (OrderKind.EAVESDROPPING, True, OffenceList.FEDERAL_EAVESDROPPING),
        (OrderKind.EXIGENT_EAV_FEDERAL, False, OffenceList.FEDERAL_EAVESDROPPING),
    ],
)
def test_the_list_follows_kind_and_court(kind: OrderKind, federal: bool, expected: OffenceList) -> None:
    assert offence_list(kind, federal) is expected


@pytest.mark.rule("R-057")
def test_a_pen_register_takes_the_whole_eavesdropping_list_and_three_additions() -> None:
    prtt = {source.provision for source in SOURCES[OffenceList.NY_PRTT]}
    assert prtt == {"CPL 700.05(8)", "PL 460.10(1)", "PL 215.56, 215.57", "PL 240.30"}
    for source in SOURCES[OffenceList.NY_EAVESDROPPING]:
        for section in source.sections:
            assert designated(section, OffenceList.NY_PRTT)
    for added in ("PL 215.56", "PL 215.57", "PL 240.30"):
        assert not designated(added, OffenceList.NY_EAVESDROPPING)


def test_every_section_listed_is_cited_as_lists_are_read() -> None:
    for sources in SOURCES.values():
        for source in sources:
            assert source.sections
            assert all(section_of(section) == section for section in source.sections)


@pytest.mark.parametrize(
    ("citation", "section"),
    [
        ("PL 240.30", "PL 240.30"),
        ("pl § 240.30(1)", "PL 240.30"),
        (" PL 125.25, murder in the second degree ", "PL 125.25"),
        ("PL 125.25 murder", "PL 125.25"),
        ("18 USC 1951(a)", "18 USC 1951"),
        ("18 usc §§ 1956", "18 USC 1956"),
        ("", None),
        ("murder", None),
        ("PL 240.300000", None),
        ("PL 125.25; PL 240.30", None),
        ("CPL 240.30", None),
    ],
)
def test_citations_as_people_write_them(citation: str, section: str | None) -> None:
    assert section_of(citation) == section


def test_a_section_that_only_begins_like_a_listed_one_is_not_it() -> None:
    assert not designated("PL 240.3", OffenceList.NY_PRTT)
    assert not designated("PL 240.301", OffenceList.NY_PRTT)
    assert not designated("PL 125.25a", OffenceList.NY_PRTT)
    assert not designated("murder", OffenceList.NY_PRTT)


@pytest.mark.rule("R-057")
def test_a_federal_pen_register_serves_a_federal_offence() -> None:
    assert designated("18 USC 371", OffenceList.FEDERAL_PRTT)
    assert not designated("PL 125.25", OffenceList.FEDERAL_PRTT)
    assert not designated("18 USC 371", OffenceList.FEDERAL_EAVESDROPPING)
