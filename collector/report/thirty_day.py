"""The report of a whole period: to the court where an extension is asked for, and to the courts within thirty days.

R-139: the report within thirty days of the end (kind of order, offences, how long, how many communications and
persons, what came of it). R-012, R-013: whoever asks for an extension says the results so far, or why there are none.
"""

from __future__ import annotations

from collector.report.model import Report, ReportKind, Section
from collector.report.parts import (
    Request,
    Sources,
    duties_section,
    gather,
    kinds_section,
    made,
    noted_section,
    order_section,
    totals_section,
    when,
    written,
)
from collector.report.ten_day import minimised_section


def build(request: Request, sources: Sources) -> Report:
    """Raises RefusedError without results, LocalError for more than a report holds."""
    results = written("The results, or why there are none,", sources.results)
    gathered = gather(request, sources)
    sections = [
        order_section(request, sources),
        _period(request),
        kinds_section(gathered),
        minimised_section(gathered),
        noted_section(gathered, sources.noted),
        Section("Results", (), (results,)),
        totals_section(request, sources),
        duties_section(request, sources),
    ]
    return made(ReportKind.THIRTY_DAY, request, sources, sections, gathered.lines, ("R-013", "R-139"))


def _period(request: Request) -> Section:
    facts = []
    for order in request.orders:
        window = order.effective_window
        days = (min(window.end_us, request.made_at_us) - window.start_us) / 86_400_000_000
        name = str(order.order_id)
        facts += [
            (f"{name}: in force", f"{when(window.start_us)} to before {when(window.end_us)}"),
            (f"{name}: days so far", f"{max(days, 0):.1f}"),
            (f"{name}: extended at", ", ".join(when(one) for one in order.extensions_us) or "never"),
            (f"{name}: emergency", "yes" if order.kind.exigent else "no"),
            (f"{name}: revoked", "no" if order.revoked_at_us is None else when(order.revoked_at_us)),
        ]
    return Section("The period", tuple(facts))
