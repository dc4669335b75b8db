"""The set of papers an order needs (R-045, R-050 … R-057, R-063 … R-066): everything missing is named, nothing guessed.

Whoever takes an order in asks `missing_papers`: the requester's desk, the court's clerk, the agency's registry and the
carrier (R-058). An ordinary request needs complaint number, queried number or address, the application sworn by both,
the signed order. An exigent one needs the declaration instead of the application, and the emergency order, which may
follow within the deadline where the settings say so (conflict C3). Missing papers block in an emergency too (R-045).
Pure: the time is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Protocol

from mediation.law.declaration import missing_of_declaration
from mediation.law.exigent import deadline_us
from mediation.law.lifecycle import OrderEvent, after
from mediation.law.missing import Lacks, Missing, PapersRefusedError
from mediation.law.offences import OffenceList, designated, offence_list
from mediation.law.orders import CourtOrder, OrderKind, PrttDirection, Target, normalise_e164
from mediation.law.papers_fields import papers_from_fields, papers_to_fields
from mediation.law.papers_values import (
    Application,
    Declaration,
    Finding,
    Ground,
    OrderPaper,
    Papers,
    Standard,
    SupervisorNote,
)
from mediation.law.purposes import purpose_refusal
from mediation.law.verdicts import Reason

__all__ = (
    "Application",
    "Declaration",
    "Finding",
    "Ground",
    "Missing",
    "OrderPaper",
    "Papers",
    "PapersRefusedError",
    "Standard",
    "SupervisorNote",
    "check_papers",
    "leave_draft",
    "missing_papers",
    "papers_from_fields",
    "papers_to_fields",
)

INTELLIGENCE: Final = "Intelligence Division"
"""R-064: the only unit that may ask where political activity is investigated."""


class PaperSettings(Protocol):
    """The part of the settings that papers depend on."""

    @property
    def order_may_follow(self) -> bool: ...


def missing_papers(
    order: CourtOrder, papers: Papers | None, settings: PaperSettings, now_us: int | None = None
) -> tuple[Missing, ...]:
    """Every item that the papers of this order lack; empty when the set is complete.

    With `now_us` an emergency order that may follow is missing from its deadline on; without, it may still come.
    """
    held = papers if papers is not None else Papers()
    lacks = Lacks()
    _request(order, held, lacks)
    _purpose(held, lacks)
    _supervisor(order, held.supervisor, lacks)
    if order.kind.exigent:
        lacks.extend(missing_of_declaration(held.declaration, order.kind, order.federal))
    else:
        lacks.need(held.application, "application", "R-054", "an application sworn by investigator and prosecutor")
    if held.application is not None:
        _application(order, held.application, "application.", lacks)
    if held.order_paper is not None:
        lacks.extend(_order_paper(order, held.order_paper))
    elif not _may_follow(order, settings, now_us):
        what = f"{'emergency ' if order.kind.exigent else ''}{'order' if order.kind.metadata_only else 'warrant'}"
        lacks.need(None, "order_paper", "R-051" if order.kind.exigent else "R-050", f"the signed {what} itself")
    _extensions(order, held.extensions, lacks)
    return tuple(lacks.found)


def check_papers(order: CourtOrder, papers: Papers | None, settings: PaperSettings, now_us: int | None = None) -> None:
    """Raises PapersRefusedError naming every item that is missing."""
    missing = missing_papers(order, papers, settings, now_us)
    if missing:
        raise PapersRefusedError(missing)


def leave_draft(
    order: CourtOrder, papers: Papers | None, settings: PaperSettings, now_us: int | None = None
) -> CourtOrder:
    """R-028: the draft as an issued order. Raises PapersRefusedError while the set is unfinished, RefusedError for
    an order that is no draft."""
    state = after(order.state, OrderEvent.ISSUE)
    check_papers(order, papers, settings, now_us)
    return replace(order, state=state)


def _may_follow(order: CourtOrder, settings: PaperSettings, now_us: int | None) -> bool:
    """R-051: whether the emergency order may still come. One that was issued is among the papers."""
    due_us = deadline_us(order)
    if due_us is None or not settings.order_may_follow:
        return False
    issued = order.exigent is not None and order.exigent.order_issued_at_us is not None
    return not issued and (now_us is None or now_us <= due_us)


def _request(order: CourtOrder, papers: Papers, lacks: Lacks) -> None:
    rule = "R-045" if order.kind.exigent else "R-050"
    lacks.need(papers.complaint_number, "complaint_number", rule, "the complaint number of the case")
    lacks.need(papers.queried, "queried", rule, "the queried number or web address")
    lacks.need(order.targets, "target", "R-020", "the order names at least one target")
    if papers.queried and order.targets:
        named = any(_names(papers.queried, target) for target in order.targets)
        lacks.need(named, "queried", rule, f"{papers.queried!r} is none of the targets that the order names")


def _names(queried: str, target: Target) -> bool:
    _, colon, rest = queried.partition(":")
    forms = {queried, rest.strip()} if colon else {queried}
    return target.value.casefold() in {form.casefold() for form in forms} | {normalise_e164(form) for form in forms}


def _purpose(papers: Papers, lacks: Lacks) -> None:
    reasons = papers.supervisor.reasons if papers.supervisor is not None else ""
    refusal = purpose_refusal(papers.purpose, reasons)
    if refusal is not None:
        lacks.need(None, "purpose", refusal.rule, refusal.says, refusal.reason)
    lacks.need(papers.requesting_unit, "requesting_unit", "R-064", "which unit asks")
    stated = papers.political_activity is not None
    lacks.need(stated, "political_activity", "R-064", "whether political activity is investigated, true or false")
    if papers.political_activity:
        theirs = papers.requesting_unit == INTELLIGENCE
        says = f"only the {INTELLIGENCE} investigates political activity"
        lacks.need(theirs, "political_activity", "R-064", says, Reason.PURPOSE_FORBIDDEN)


def _supervisor(order: CourtOrder, note: SupervisorNote | None, lacks: Lacks) -> None:
    lacks.need(note, "supervisor", "R-063", "use and reasons were discussed with a supervisor")
    if note is None:
        return
    lacks.need(note.supervisor, "supervisor.supervisor", "R-063", "which supervisor")
    lacks.need(note.reasons, "supervisor.reasons", "R-063", "the reasons that were discussed")
    before = note.at_us is not None and note.at_us <= order.window.start_us
    lacks.need(before, "supervisor.at", "R-063", "the discussion has a time, and it is before use begins")


def _application(order: CourtOrder, application: Application, path: str, lacks: Lacks) -> None:
    said = Lacks(path)
    for who in ("investigator", "prosecutor"):
        said.need(getattr(application, who), who, "R-054", f"the {who}, by name")
        said.need(getattr(application, f"{who}_swore"), f"{who}_swore", "R-054", f"the {who} swore the application")
    which = offence_list(order.kind, order.federal)
    _offences(application.offences, which, said)
    rule = "R-055" if order.kind.metadata_only else "R-056"
    for finding in _findings(which):
        said.need(finding in application.findings, f"findings.{finding}", rule, _FINDING_SAYS[finding])
    lacks.extend(said.found)


def _findings(which: OffenceList) -> Iterable[Finding]:
    """R-055, R-056. A federal pen register rests on relevance to a federal investigation alone (S1)."""
    if which is OffenceList.FEDERAL_PRTT:
        return (Finding.RELEVANCE,)
    if which is OffenceList.NY_PRTT:
        return (Finding.REASONABLE_SUSPICION, Finding.RELEVANCE)
    return (
        Finding.PROBABLE_CAUSE_OFFENCE,
        Finding.PROBABLE_CAUSE_COMMUNICATIONS,
        Finding.NORMAL_PROCEDURES_EXHAUSTED,
    )


def _offences(offences: tuple[str, ...], which: OffenceList, said: Lacks) -> None:
    said.need(offences, "offences", "R-057", f"at least one offence by its section; the list is: {which}")
    for offence in offences:
        said.need(designated(offence, which), "offences", "R-057", f"{offence!r} is not on the list: {which}")


def _order_paper(order: CourtOrder, paper: OrderPaper) -> list[Missing]:
    """R-052 for a pen register, R-053 for a warrant."""
    rule = "R-052" if order.kind.metadata_only else "R-053"
    said = Lacks("order_paper.")
    said.need(paper.signed, "signed", "R-051" if order.kind.exigent else "R-050", "the judge signed it")
    said.need(paper.applicant, "applicant", rule, "who applied")
    said.need(paper.date_us is not None, "date", rule, "the date it was made")
    said.need(paper.judge, "judge", rule, "the judge, by name")
    said.need(paper.judge_title, "judge_title", rule, "the judge's title")
    said.need(paper.offence_statement, "offence_statement", rule, "a statement of the designated offence")
    _offences(paper.offences, offence_list(order.kind, order.federal), said)
    (_pen_register if order.kind.metadata_only else _warrant)(order, paper, said)
    return said.found


def _if_known(paper: OrderPaper, names: Iterable[str], rule: str, said: Lacks) -> None:
    for name in names:
        shown = getattr(paper, name) or name in paper.not_known
        said.need(shown, name, rule, f"the {name}, or `not_known` says that it is not known")


def _pen_register(order: CourtOrder, paper: OrderPaper, said: Lacks) -> None:
    _if_known(paper, ("subscriber", "subject", "number", "location"), "R-052", said)
    if order.trap_area and order.direction is not PrttDirection.PEN:
        said.need(paper.geographic_limits, "geographic_limits", "R-052", "the limits of the trap and trace")


def _warrant(order: CourtOrder, paper: OrderPaper, said: Lacks) -> None:
    _if_known(paper, ("subject",), "R-053", said)
    said.need(paper.number or paper.location, "location", "R-053", "the facility or place: a number or a location")
    said.need(paper.types, "types", "R-053", "the types of communication to be intercepted")
    if paper.types:
        for service in sorted(order.services - paper.types):
            said.need(None, "types", "R-053", f"the warrant does not describe {service}, which the order takes")
    said.need(paper.agency, "agency", "R-053", "the agency that may intercept")
    said.need(paper.period, "period", "R-053", "the period it covers")
    said.need(paper.auto_termination, "auto_termination", "R-053", "whether it ends with the first such communication")
    said.need(paper.minimisation, "minimisation", "R-053", "the clause that interception is minimised")
    said.need(paper.entry_needed is not None, "entry_needed", "R-053", "whether somebody must enter a place")
    if paper.entry_needed:
        said.need(paper.entry_authority, "entry_authority", "R-053", "the authority to enter")
    if order.kind is OrderKind.COVERT_AUDIO_WARRANT:
        said.need(paper.device, "device", "R-166", "the covert audio device that the warrant allows, by name")


def _extensions(order: CourtOrder, applications: tuple[Application, ...], lacks: Lacks) -> None:
    """R-011, R-013, R-016: each extension is asked for anew, with the same findings."""
    for number in range(1, len(order.extensions_us) + 1):
        path = f"extensions.{number}"
        if number > len(applications):
            rule = "R-011" if order.kind.metadata_only else "R-013"
            lacks.need(None, path, rule, "each extension has a sworn application of its own")
            continue
        one = applications[number - 1]
        _application(order, one, f"{path}.", lacks)
        if not order.kind.metadata_only:
            so_far = one.results or one.explanation
            lacks.need(so_far, f"{path}.results", "R-013", "the results so far, or an explanation why there are none")


_FINDING_SAYS: Final = {
    Finding.REASONABLE_SUSPICION: "reasonable suspicion that a designated crime was, is or will be committed",
    Finding.RELEVANCE: "what is sought is relevant to the investigation",
    Finding.PROBABLE_CAUSE_OFFENCE: "probable cause that a designated offence was, is or will be committed",
    Finding.PROBABLE_CAUSE_COMMUNICATIONS: "probable cause that communications about it will be obtained",
    Finding.NORMAL_PROCEDURES_EXHAUSTED: "normal procedures were tried, are unlikely to succeed or too dangerous",
}
