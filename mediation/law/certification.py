"""The carrier's side of an interception: what is certified, what is reported.

R-060: each interception is certified with six elements, signed by the employee responsible, at or shortly after the
start. R-061: one made without authorisation is certified too. R-062: unlawful interception or compromise, once
discovered, is reported to the agency. What lets an interception begin is the activation's. Values and checks; who acts
keeps them. Pure.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

from mediation.law.missing import Lacks, Missing
from mediation.law.orders import CourtOrder
from mediation.law.papers_values import Papers

HOUR_US: Final = 3_600_000_000
SHORTLY_US: Final = 24 * HOUR_US
"""How long after the start "shortly after" lasts (R-060): the text names no number, this one is ours."""
REPORT_WITHIN_US: Final = 24 * HOUR_US
"""A "reasonable time" after discovery (R-062): ours too."""
NOBODY: Final = "nobody: no authorisation was presented"
UNAUTHORISED: Final = "UNAUTHORISED"


class CarrierFinding(StrEnum):
    """What a carrier may discover and must report (R-062)."""

    OVER_DELIVERY = "over_delivery"
    UNAUTHORISED_INTERCEPTION = "unauthorised_interception"
    COMPROMISE = "compromise"


@dataclass(frozen=True, slots=True)
class Certification:
    """The first six are the elements of R-060. `order_id` is blank where nothing authorised the interception."""

    circuit: str
    started_at_us: int | None
    presented_by: str
    authorised_by: str
    interception_type: str
    responsible: str
    signed_by: str
    made_at_us: int | None
    liid: str = ""
    order_id: str = ""

    @property
    def authorised(self) -> bool:
        return bool(self.order_id)


@dataclass(frozen=True, slots=True)
class CarrierReport:
    """R-062: what was found, by whom and when; `due_us` is the end of the reasonable time."""

    finding: CarrierFinding
    agency: str
    liid: str
    discovered_at_us: int
    due_us: int
    says: str
    reported_by: str = ""


def certify(
    circuit: str,
    employee: str,
    started_at_us: int,
    made_at_us: int,
    *,
    order: CourtOrder | None = None,
    papers: Papers | None = None,
    liid: str = "",
) -> Certification:
    """The certification of one interception. Without an order it says so and is made all the same (R-061)."""
    if order is None:
        presented_by = authorised_by = NOBODY
    else:
        presented_by, authorised_by = _presented(papers)
    return Certification(
        circuit=circuit,
        started_at_us=started_at_us,
        presented_by=presented_by,
        authorised_by=authorised_by,
        interception_type=UNAUTHORISED if order is None else str(order.kind),
        responsible=employee,
        signed_by=employee,
        made_at_us=made_at_us,
        liid=liid if order is None else str(order.liid),
        order_id="" if order is None else str(order.order_id),
    )


def _presented(papers: Papers | None) -> tuple[str, str]:
    """Who presented the papers, and who signed what authorises: the judge, or in an emergency who declared it."""
    if papers is None:
        return "", ""
    declared = papers.declaration.declared_by if papers.declaration is not None else ""
    sworn = papers.application.investigator if papers.application is not None else ""
    judge = papers.order_paper.judge if papers.order_paper is not None else ""
    return sworn or declared, judge or declared


def missing_of(certification: Certification, shortly_us: int = SHORTLY_US) -> tuple[Missing, ...]:
    """Each element that is missing (R-060); empty for a valid certification."""
    said = Lacks("certification.")
    started_us, made_us = certification.started_at_us, certification.made_at_us
    said.need(certification.circuit, "circuit", "R-060", "the telephone number or circuit")
    said.need(started_us is not None, "started_at", "R-060", "the date and time the interception was enabled")
    said.need(certification.presented_by, "presented_by", "R-060", "the officer who presented the authorisation")
    said.need(certification.authorised_by, "authorised_by", "R-060", "the person who signed the authorisation")
    said.need(certification.interception_type, "interception_type", "R-060", "the type of interception")
    said.need(certification.responsible, "responsible", "R-060", "the carrier's employee who is responsible")
    signed = bool(certification.signed_by) and certification.signed_by == certification.responsible
    said.need(signed, "signed_by", "R-060", "the employee responsible signs it")
    if started_us is not None:
        in_time = made_us is not None and started_us <= made_us <= started_us + shortly_us
        said.need(in_time, "made_at", "R-060", "it is made at the start or shortly after")
    return tuple(said.found)


def certification_to_fields(certification: Certification) -> dict[str, Any]:
    """Plain values for files and audit entries."""
    return asdict(certification)


def certification_from_fields(values: dict[str, Any]) -> Certification:
    """Raises ValueError naming the field that is none, or not of its kind."""
    known = {field.name for field in fields(Certification)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{name}: no such field")
        number = name.endswith("_us")
        if not (value is None or type(value) is int if number else isinstance(value, str)):
            raise ValueError(f"{name}: {value!r} is no {'time in microseconds' if number else 'text'}")
    absent = {name: None if name.endswith("_us") else "" for name in known}
    return Certification(**{**absent, **values})


def carrier_report(
    finding: CarrierFinding, agency: str, liid: str, discovered_at_us: int, says: str, reported_by: str = ""
) -> CarrierReport:
    """The report that a discovery opens (R-062)."""
    return CarrierReport(
        finding, agency, liid, discovered_at_us, discovered_at_us + REPORT_WITHIN_US, says, reported_by
    )


def report_to_fields(report: CarrierReport) -> dict[str, Any]:
    """Plain values for files and audit entries."""
    return {**asdict(report), "finding": str(report.finding)}
