"""A complete set of fictional papers for an order of the lab, so that demonstrations and tests have one to take from.

Nothing here is real: names are the lab's cast, numbers and addresses come from the order, which holds reserved ones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mediation.law.declaration import required_standard
from mediation.law.offences import OffenceList, offence_list
from mediation.law.orders import CourtOrder, OrderKind, TargetKind
from mediation.law.papers import (
    Application,
    Declaration,
    Finding,
    Ground,
    OrderPaper,
    Papers,
    SupervisorNote,
)

_HOUR_US: Final = 3_600_000_000
_OFFENCE: Final = {
    OffenceList.NY_PRTT: ("PL 240.30", "aggravated harassment in the second degree"),
    OffenceList.NY_EAVESDROPPING: ("PL 125.25", "murder in the second degree"),
    OffenceList.FEDERAL_EAVESDROPPING: ("18 USC 1951", "interference with commerce by threats or violence"),
    OffenceList.FEDERAL_PRTT: ("18 USC 1951", "interference with commerce by threats or violence"),
}
_FOR_PRTT: Final = frozenset({Finding.REASONABLE_SUSPICION, Finding.RELEVANCE})


def lab_papers(order: CourtOrder) -> Papers:
    """Papers that lack nothing for this order; fictional, the same for the same order. The emergency order is among
    them once it was issued."""
    start_us = order.window.start_us
    section, name = _OFFENCE[offence_list(order.kind, order.federal)]
    before_us = max(start_us - _HOUR_US, 0)
    issued_us: int | None = order.issued_at_us if order.issued_at_us is not None else before_us
    if order.kind.exigent:
        issued_us = None if order.exigent is None else order.exigent.order_issued_at_us
    application = Application(
        investigator="rivera",
        prosecutor="weiss",
        investigator_swore=True,
        prosecutor_swore=True,
        offences=(section,),
        findings=_FOR_PRTT if order.kind.metadata_only else frozenset(Finding) - _FOR_PRTT,
    )
    return Papers(
        complaint_number=f"LAB-{order.case_id}",
        queried=_queried(order),
        purpose="criminal investigation",
        requesting_unit="Detective Bureau",
        political_activity=False,
        supervisor=SupervisorNote("okafor", "the line is used to arrange the offence", before_us),
        application=None if order.kind.exigent else application,
        declaration=_declaration(order, section, before_us) if order.kind.exigent else None,
        order_paper=None if issued_us is None else _order_paper(order, section, name, issued_us),
        extensions=tuple(
            replace(application, results=f"calls of period {number} named two more participants")
            for number, _ in enumerate(order.extensions_us, start=1)
        ),
    )


def _queried(order: CourtOrder) -> str:
    if not order.targets:
        return ""
    first = order.targets[0]
    return f"+{first.value}" if first.kind is TargetKind.E164 else first.value


def _declaration(order: CourtOrder, section: str, at_us: int) -> Declaration:
    return Declaration(
        declared_by="rivera",
        at_us=at_us,
        offence=section,
        emergency=True,
        urgent_need=True,
        primary_purpose=True,
        grounds=frozenset({Ground.DANGER_OF_DEATH}),
        standard=required_standard(order.kind),
    )


def _order_paper(order: CourtOrder, section: str, offence: str, at_us: int) -> OrderPaper:
    common = OrderPaper(
        reference=f"{order.order_id}-1",
        signed=True,
        applicant="weiss",
        date_us=at_us,
        judge="adair",
        judge_title="Justice of the Supreme Court (fictional)",
        agency=order.agency,
        subject="a fictional person",
        number=_queried(order),
        offence_statement=f"the line serves {offence}",
        offences=(section,),
        not_known=frozenset({"subscriber", "location"}),
    )
    if order.kind.metadata_only:
        limits = ", ".join(sorted(order.trap_area))
        return replace(common, geographic_limits=f"numbers that begin with {limits}" if limits else "")
    return replace(
        common,
        types=frozenset(str(service) for service in order.services),
        period="from the start to the end that the order names",
        auto_termination="it does not end by itself when the first such communication was obtained",
        minimisation="interception is conducted so as to minimise what this warrant does not cover",
        entry_needed=False,
        device="a covert audio device (fictional)" if order.kind is OrderKind.COVERT_AUDIO_WARRANT else "",
    )
