"""The report of a pen register or trap and trace: who called whom, when and how long, and that nothing else was kept.

Metadata alone (R-110 to R-115), of orders that allow nothing more; of a warrant it shows the same and no content.
"""

from __future__ import annotations

from typing import Final

from collector.console.draw import frequency
from collector.console.draw.svg import Table
from collector.console.model.prtt import PrttPicture, picture
from collector.report.model import Report, ReportKind, Section
from collector.report.parts import (
    Request,
    Sources,
    gather,
    kinds_section,
    lasted,
    made,
    order_section,
    totals_section,
    when,
)

STATEMENT: Final = (
    "This report holds dialling, routing, addressing and signalling information alone. No content was taken under a "
    "pen register: what a carrier delivered beyond it was refused or masked at its delivery, and is counted here by "
    "reason."
)


def build(request: Request, sources: Sources, zone: str = "America/New_York") -> Report:
    """Raises RefusedError for orders that are not in the scope, LocalError for more than a report holds."""
    gathered = gather(request, sources)
    shown = picture(reversed(gathered.rows), request.narrowed.targets, request.from_us, request.to_us, zone)
    sections = [
        order_section(request, sources),
        Section("What this report holds", (), (STATEMENT,)),
        kinds_section(gathered),
        Section("Who called whom", (), (), tuple(tables(shown))),
        Section("When", (), (), (frequency.rows(shown.hours), frequency.rows(shown.days))),
        totals_section(request, sources),
    ]
    rules = ("R-110", "R-111", "R-112", "R-113", "R-114", "R-115")
    return made(ReportKind.PRTT, request, sources, sections, gathered.lines, rules)


def tables(shown: PrttPicture) -> list[Table]:
    pairs = tuple(
        (one.caller, one.called, str(one.calls), str(one.answered), str(one.messages), lasted(one.talk_us),
         when(one.first_us), when(one.last_us))
        for one in shown.pairs
    )  # fmt: skip
    numbers = tuple(
        (one.name, "target" if one.is_target else "", str(one.calls_out), str(one.calls_in), str(one.messages_out),
         str(one.messages_in), str(one.partners), lasted(one.talk_us))
        for one in shown.numbers
    )  # fmt: skip
    common = tuple((one.name, ", ".join(one.orders), str(one.communications)) for one in shown.common)
    lines = tuple(
        (when(one.begin_us), one.caller, one.called, one.kind, "" if one.answered_us is None else when(one.answered_us),
         lasted(one.duration_us), lasted(one.talk_us))
        for one in reversed(shown.lines)
    )  # fmt: skip
    return [
        Table("Pairs", ("From", "To", "Calls", "Answered", "Messages", "Talked", "First", "Last"), pairs),
        Table(
            "Numbers",
            ("Party", "", "Calls out", "Calls in", "Messages out", "Messages in", "Partners", "Talked"),
            numbers,
        ),
        Table("Numbers that several orders have in common", ("Party", "Orders", "Communications"), common),
        Table("Communications", ("Begin", "From", "To", "Kind", "Answered", "Lasted", "Talked"), lines),
    ]
