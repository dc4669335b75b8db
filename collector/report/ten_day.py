"""The progress report to the judge at the interval that the judge set, by custom ten days (R-067).

It says what was intercepted since the last one, how it was minimised, what came of it, and why the interception should
go on. The last two are written by a person; the report is refused without them.
"""

from __future__ import annotations

from collector.console.draw.svg import Table
from collector.report.model import Report, ReportKind, Section
from collector.report.parts import (
    Gathered,
    Request,
    Sources,
    duties_section,
    gather,
    kinds_section,
    made,
    noted_section,
    order_section,
    totals_section,
    written,
)


def build(request: Request, sources: Sources) -> Report:
    """Raises RefusedError without progress and need, LocalError for more than a report holds."""
    progress, need = written("Progress", sources.progress), written("The need to go on", sources.need)
    gathered = gather(request, sources)
    sections = [
        order_section(request, sources),
        kinds_section(gathered),
        minimised_section(gathered),
        noted_section(gathered, sources.noted),
        Section("Progress toward the objective", (), (progress,)),
        Section("Why the interception should go on", (), (need,)),
        totals_section(request, sources),
        duties_section(request, sources),
    ]
    return made(ReportKind.TEN_DAY, request, sources, sections, gathered.lines, ("R-067", "R-009", "R-118"))


def minimised_section(gathered: Gathered) -> Section:
    """R-118, R-120: how many communications were minimised or flagged as privileged, whole or in part."""
    rows = []
    for name in ("MINIMISED", "PRIVILEGED", "HELD"):
        of = [key for key, found in gathered.withheld.items() if any(why.startswith(name) for why in found)]
        records = sum(
            count for found in gathered.withheld.values() for why, count in found.items() if why.startswith(name)
        )
        rows.append((name.capitalize(), str(len(of)), str(records)))
    head = ("What", "Communications", "Records")
    return Section("Minimisation and privilege", (), (), (Table("Withheld from investigators", head, tuple(rows)),))
