"""What the reports have in common: where they get their facts, and the sections that several of them hold.

Rules. A report shows what its maker may see and nothing else: it is made with a `Scope`. Which records are withheld is
asked record by record, so that "withheld" in a report is a count of records with a reason and never an impression.
Rows are bounded by MAX_COMMUNICATIONS; whoever needs more makes a report an order, or a span of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from asn1.errors import LocalError, RefusedError
from collector.console.draw.svg import Table
from collector.console.model.calls import Withheld
from collector.console.model.library import CaseLibrary
from collector.console.model.lists import LABELS, EventRow, ListQuery
from collector.console.model.prtt import walk
from collector.console.model.review import SawRow
from collector.console.model.scope import Scope
from collector.export.service import time_text
from collector.registry import Registry
from collector.report.model import Basis, Report, ReportKind, Section
from mediation.law.duties import TABLE, Act, Duty, DutyState, OrderFacts, duties_of, state_of
from mediation.law.orders import CourtOrder

MAX_COMMUNICATIONS: Final = 5_000
MAX_TEXT: Final = 20_000
NONE: Final = "none"


@dataclass(frozen=True)
class Request:
    """Who makes a report of which orders of a case, over which time; `made_at_us` by the caller's clock. No orders: all
    of the scope."""

    scope: Scope
    made_by: str
    made_at_us: int
    order_ids: tuple[str, ...] = ()
    from_us: int | None = None
    to_us: int | None = None

    @property
    def orders(self) -> tuple[CourtOrder, ...]:
        """Raises RefusedError for an order that is not in the scope."""
        chosen = tuple(one for one in self.scope.orders if not self.order_ids or one.order_id in self.order_ids)
        if not chosen or len(chosen) < len(self.order_ids):
            raise RefusedError("A report is made of orders of its case that its maker may read.")
        return chosen

    @property
    def narrowed(self) -> Scope:
        """The scope of the chosen orders alone."""
        scope = self.scope
        return Scope(scope.case_id, self.orders, scope.content, scope.privileged, scope.user)


class Noted(NamedTuple):
    """What somebody wrote about a communication: a synopsis, and the labels of its categories."""

    liid: str
    cin: int
    text: str
    categories: tuple[str, ...]
    by: str
    at_us: int | None


@dataclass(frozen=True)
class Sources:
    """Where the facts come from besides the store. `acts` and `facts` are those of `mediation.law.duties`; `duties` by
    order, where somebody knows of more than the order itself brings about (`case_log.duties_for`); `progress`, `need`
    and `results` are what the report's author writes; `saw` who saw what (`review.who_saw_what`). Made for one report:
    `mark` is when its gathering began."""

    library: CaseLibrary
    registry: Registry
    acts: Sequence[Act] = ()
    facts: Mapping[str, OrderFacts] = field(default_factory=dict)
    duties: Mapping[str, Sequence[Duty]] = field(default_factory=dict)
    noted: Sequence[Noted] = ()
    progress: str = ""
    need: str = ""
    results: str = ""
    saw: Sequence[SawRow] = ()
    mark: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "mark", self.library.mark)


class Gathered(NamedTuple):
    """The communications of a report, and of each how many records are withheld and why. `beside`: communications that
    are held as a whole, where the report is of a span of time: when they were is not said of them (R-041)."""

    rows: tuple[EventRow, ...]
    withheld: Mapping[str, Counter[str]]
    beside: tuple[Withheld, ...] = ()

    @property
    def lines(self) -> tuple[Withheld, ...]:
        """All of them together."""
        total: Counter[str] = Counter()
        for one in self.withheld.values():
            total += one
        return (*(Withheld(count, why) for why, count in sorted(total.items())), *self.beside)


def gather(request: Request, sources: Sources) -> Gathered:
    """Raises LocalError for more communications than a report holds."""
    scope = request.narrowed
    query = ListQuery(from_us=request.from_us, to_us=request.to_us, descending=False)
    rows, more = walk(sources.library, scope, query, MAX_COMMUNICATIONS)
    if more:
        raise LocalError(
            f"A report holds at most {MAX_COMMUNICATIONS} communications: make one for each order, or for less time."
        )
    # One look for all of it: no record is judged without the decisions of its own store.
    among = sources.library.shelves
    judge = scope.judge(sources.library.standings(among))
    withheld: dict[str, Counter[str]] = {}
    for row in rows:
        found = Counter(
            may.why
            for record in sources.library.records(scope, row.liid, row.cin, among=among)
            if (may := judge(record)).why
        )
        if found:
            withheld[row.key] = found
    timed = request.from_us is not None or request.to_us is not None
    held = sources.library.held(scope) if timed else ()
    beside = tuple(one._replace(why=f"whole communications of any time, {one.why}") for one in held)
    return Gathered(tuple(rows), withheld, beside)


def made(
    kind: ReportKind, request: Request, sources: Sources, sections: Iterable[Section], withheld: tuple[Withheld, ...],
    rules: tuple[str, ...],
) -> Report:  # fmt: skip
    basis = tuple(Basis(one.collector, one.size, one.root, one.note) for one in sources.library.checkpoints())
    told, voided = tuple(sections), tuple(_voided(request, sources))
    # Behind all that was asked: what was away at any time of it may lack in what was gathered.
    missing = sources.library.missed(sources.mark)
    return Report(
        kind,
        request.scope.case_id,
        tuple(str(one.order_id) for one in request.orders),
        request.made_at_us,
        request.made_by,
        request.from_us,
        request.to_us,
        (*told, *voided, *_missing(missing), withheld_section(withheld)),
        withheld,
        missing,
        rules,
        basis,
    )


def written(name: str, text: str) -> str:
    """A paragraph that a report cannot do without. Raises RefusedError when it is blank, or endless."""
    if not text.strip():
        raise RefusedError(f"{name} is blank: a court reads it, so somebody has to write it.")
    if len(text) > MAX_TEXT:
        raise RefusedError(f"{name} has more than {MAX_TEXT} characters.")
    return text.strip()


def when(time_us: int | None) -> str:
    return time_text(time_us) or "not known"


def lasted(duration_us: int | None) -> str:
    if duration_us is None:
        return ""
    seconds = duration_us // 1_000_000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


# Sections


def order_section(request: Request, sources: Sources) -> Section:
    """What each order says: the court's own document, whatever anybody remembers."""
    rows = []
    for order in request.orders:
        window = order.effective_window
        papers = sources.registry.papers(str(order.order_id))
        paper = None if papers is None else papers.order_paper
        judge = "" if paper is None else " ".join(one for one in (paper.judge_title, paper.judge) if one)
        targets = ", ".join(sorted(f"{one.kind} {one.value}" for one in order.targets))
        rows.append(
            (
                str(order.order_id), str(order.kind), judge, str(order.jurisdiction), time_text(window.start_us),
                time_text(window.end_us), targets, ", ".join(sorted(order.services)) or "metadata only",
                str(len(order.extensions_us)), str(order.version),
            )
        )  # fmt: skip
    head = ("Order", "Kind", "Judge", "Court", "From", "To before", "Targets", "Services", "Extensions", "Version")
    facts = [("Case", request.scope.case_id)]
    papers = sources.registry.papers(str(request.orders[0].order_id))
    if papers is not None:
        offences = papers.application.offences if papers.application is not None else ()
        facts += [("Complaint", papers.complaint_number), ("Offences", ", ".join(offences) or "not stated")]
    facts.append(
        (
            "Time covered",
            f"{when(request.from_us)} to before {when(request.to_us)}"
            if request.from_us or request.to_us
            else "all that is stored",
        )
    )
    return Section("Orders", tuple(facts), (), (Table("Orders of this report", head, tuple(rows)),))


def totals_section(request: Request, sources: Sources) -> Section:
    """What was delivered and what became of it, as far back as its segments are there."""
    wanted = {str(one.order_id) for one in request.orders}
    names = ("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")
    rows, why = [], []
    for total in sources.library.totals():
        if total["order_id"] in wanted:
            rows.append((str(total["order_id"]), *(str(total[name]) for name in names)))
            why += [(str(total["order_id"]), reason, str(count)) for reason, count in sorted(total["reasons"].items())]
    tables = [Table("Records by verdict", ("Order", *(name.capitalize() for name in names)), tuple(rows))]
    if why:
        tables.append(Table("Records by reason", ("Order", "Reason", "Records"), tuple(why)))
    return Section("What was delivered", (), (), tuple(tables))


def _voided(request: Request, sources: Sources) -> Iterator[Section]:
    """Where records of these orders were voided: how many, and why none of them is missing (ADR 0048)."""
    wanted = {str(one.order_id) for one in request.orders}
    facts = tuple(
        (f"{total['order_id']}: voided", str(total["voided"]))
        for total in sources.library.totals()
        if total["order_id"] in wanted and total["voided"]
    )
    if facts:
        said = (
            "These records are counted above as they were delivered. Another collector has each of them: they are read "
            "there, and counted once among the communications."
        )
        yield Section("Voided", facts, (said,))


def _missing(missing: tuple[str, ...]) -> Iterator[Section]:
    """What of a fleet could not be read: whatever this report says of the orders, it says without that."""
    if missing:
        yield Section("Not here", (), ("Not all that was collected could be read for this report.", *missing))


def kinds_section(gathered: Gathered) -> Section:
    counted = Counter("held" if row.kind is None else LABELS[row.kind] for row in gathered.rows)
    persons = {name for row in gathered.rows for name in row.parties}
    facts = [
        ("Communications", str(len(gathered.rows))),
        *sorted((name, str(count)) for name, count in counted.items()),
    ]
    facts += [
        ("Records of signalling", str(sum(row.iri for row in gathered.rows))),
        ("Records of content", str(sum(row.content_records for row in gathered.rows))),
        ("Parties named", str(len(persons))),
    ]
    return Section("Communications", tuple(facts))


def noted_section(gathered: Gathered, noted: Sequence[Noted]) -> Section:
    """What monitors wrote, and how the communications were put into categories."""
    keys = {row.key: row for row in gathered.rows}
    mine = [one for one in noted if f"{one.liid}/{one.cin}" in keys]
    labels = Counter(label for one in mine for label in one.categories)
    rows = tuple(
        (when(keys[f"{one.liid}/{one.cin}"].begin_us), f"{one.liid}/{one.cin}", ", ".join(one.categories) or NONE,
         one.text, one.by)
        for one in mine
    )  # fmt: skip
    tables = (Table("Synopses", ("Begin", "Communication", "Categories", "Synopsis", "By"), rows),) if rows else ()
    facts = [(f"Category: {label}", str(count)) for label, count in sorted(labels.items())]
    facts.append(("Without a synopsis", str(len(gathered.rows) - len(mine))))
    return Section("What monitors found", tuple(facts), (), tables)


def duties_section(request: Request, sources: Sources) -> Section:
    """What the law wants done about these orders, and how it stands."""
    rows = []
    for order in request.orders:
        name = str(order.order_id)
        duties = sources.duties.get(name) or duties_of(order, sources.facts.get(name, OrderFacts()))
        rows += [_duty_row(one, sources.acts, request.made_at_us) for one in duties]
    head = ("Duty", "Of", "Rule", "Due", "State", "Reference")
    found = tuple(sorted(rows, key=lambda one: (one[3], one[0])))
    return Section("What is due", (), (), (Table("Duties", head, found),))


def _duty_row(duty: Duty, acts: Sequence[Act], now_us: int) -> tuple[str, ...]:
    state = state_of(duty, acts, now_us)
    done = next(
        (one for one in acts if (one.kind, one.subject) == (duty.kind, duty.subject) and one.at_us <= now_us), None
    )
    reference = (
        ""
        if done is None or state in (DutyState.DUE, DutyState.OVERDUE)
        else f"{done.reference} {time_text(done.at_us)}".strip()
    )
    return TABLE[duty.kind].says, duty.subject, duty.rule, time_text(duty.due_us), str(state), reference


def withheld_section(withheld: tuple[Withheld, ...]) -> Section:
    """Listed, with the reason, and never rendered."""
    if not withheld:
        return Section("Withheld", (), ("Nothing of what these orders cover is withheld from this report.",))
    rows = tuple((str(one.records), one.why) for one in withheld)
    said = "These records are stored and are not shown in this report."
    return Section("Withheld", (), (said,), (Table("Withheld", ("Records", "Why"), rows),))
