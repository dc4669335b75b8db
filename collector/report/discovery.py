"""The final inventory: every communication that was kept, what of each is withheld and why, and who saw it.

For the prosecutor, who gives it to the defence (R-156). Privileged, minimised and held communications are listed like
all others, by when and how many records, and nothing of what was said is in it (R-120, R-118, R-041). What is to be
played or read goes in an evidence bundle of its own, which proves itself record by record.
"""

from __future__ import annotations

from collections import Counter

from collector.console.draw.svg import Table
from collector.report.model import Report, ReportKind, Section
from collector.report.parts import (
    Gathered,
    Request,
    Sources,
    duties_section,
    gather,
    kinds_section,
    lasted,
    made,
    order_section,
    totals_section,
    when,
)


def build(request: Request, sources: Sources) -> Report:
    """Raises RefusedError for orders that are not in the scope, LocalError for more than a report holds."""
    gathered = gather(request, sources)
    sections = [
        order_section(request, sources),
        kinds_section(gathered),
        Section("Inventory", (), (), (_inventory(gathered),)),
        _saw(sources),
        totals_section(request, sources),
        duties_section(request, sources),
        _integrity(sources),
    ]
    rules = ("R-041", "R-118", "R-120", "R-136", "R-140", "R-156")
    return made(ReportKind.DISCOVERY, request, sources, sections, gathered.lines, rules)


def _inventory(gathered: Gathered) -> Table:
    rows = []
    for number, row in enumerate(gathered.rows, 1):
        why = gathered.withheld.get(row.key, Counter())
        rows.append(
            (
                str(number), row.key, row.order_id, row.label, when(row.begin_us), lasted(row.duration_us), row.caller,
                row.called, str(row.iri), str(row.content_records), row.records,
                "; ".join(f"{count} {says}" for says, count in sorted(why.items())),
            )
        )  # fmt: skip
    head = (
        "No",
        "Communication",
        "Order",
        "Kind",
        "Begin",
        "Lasted",
        "From",
        "To",
        "Signalling",
        "Content",
        "Records",
        "Withheld",
    )
    return Table("Every communication that was kept", head, tuple(rows))


def _saw(sources: Sources) -> Section:
    rows = tuple(
        (
            one.user, one.role, one.action, f"{one.object_type} {one.object_id}".strip(), str(one.times),
            when(one.first_us), when(one.last_us),
        )
        for one in sources.saw
    )  # fmt: skip
    head = ("Who", "Role", "Did", "What", "Times", "First", "Last")
    return Section("Who saw what", (), (), (Table("From the desk's ledger", head, rows),))


def _integrity(sources: Sources) -> Section:
    found = sources.library.checkpoints()
    if not found:
        return Section("Integrity", (), ("The store has no signed checkpoint.",))
    facts: list[tuple[str, str]] = []
    for one in found:
        of = f"{one.collector}: " if one.collector else ""
        facts += [
            (f"{of}Records under the newest checkpoint", str(one.size)),
            (f"{of}Root", one.root),
            (f"{of}Signed", "yes" if one.signed else "no"),
        ]
    facts.append(("How to check", "calea-lab verify, and calea-lab verify --record N for one of them"))
    return Section("Integrity", tuple(facts))
