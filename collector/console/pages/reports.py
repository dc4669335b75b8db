"""Reports of a case: made on the spot of what whoever makes them may see, given out as a file, and put on record.

Nothing is kept here: the ledger has who made which report, what it is based on and the digest of either form, so that a
file can be held against it for good. A report to the court says what a person wrote, and is refused without. The
inventory for discovery leaves the agency, so it asks for the hand-off as well (R-156).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from collector.console.context import Context
from collector.console.forms import FormModel
from collector.console.model.review import who_saw_what
from collector.console.model.scope import Scope
from collector.console.page import Page
from collector.console.route import Asks, Route
from collector.console.scoping import Look, prefix, reading, reason_of, scope_for
from collector.desk.database import categories, synopses
from collector.desk.database.writing import Reading
from collector.report import discovery, prtt, ten_day, thirty_day
from collector.report.html import render_html
from collector.report.model import TITLES, Report, ReportKind, ledger_fields
from collector.report.parts import MAX_TEXT, Noted, Request, Sources
from collector.report.pdf import render_pdf
from mediation.law.actors import Action
from mediation.law.case_log import duties_for, read_log

PATH: Final = "/cases/{case_id}/reports"
ENTRY: Final = "report"
FORMATS: Final = {"pdf": "PDF", "html": "HTML page"}
MAX_LISTED: Final = 200
_BUILDERS: Final[Mapping[ReportKind, Callable[[Request, Sources], Report]]] = {
    ReportKind.PRTT: prtt.build,
    ReportKind.TEN_DAY: ten_day.build,
    ReportKind.THIRTY_DAY: thirty_day.build,
    ReportKind.DISCOVERY: discovery.build,
}


class ReportForm(FormModel):
    """`since` and `until` are days in UTC, both included. The texts are for the reports that need them."""

    kind: ReportKind
    format: Literal["pdf", "html"] = "pdf"
    order_id: str = Field("", max_length=128)
    since: date | None = None
    until: date | None = None
    progress: str = Field("", max_length=MAX_TEXT)
    need: str = Field("", max_length=MAX_TEXT)
    results: str = Field("", max_length=MAX_TEXT)


class MadeRow(NamedTuple):
    """A report that was given out, as the ledger has it."""

    at_us: int
    title: str
    orders: str
    by: str
    records: int
    withheld: int
    model_sha256: str


def routes(context: Context) -> list[Route]:
    about = ("report", "case_id")
    return [
        *reading(PATH, show, "Reports", object=about),
        Route(
            "POST", PATH, make, Action.READ_CALL_IDENTIFYING, case="case_id", title="A report", query=Look,
            form=ReportForm, asks=Asks.WHOLE, object=about, facts=reason_of,
        ),
    ]  # fmt: skip


async def show(page: Page) -> web.Response:
    scope = await scope_for(page)
    base = f"{prefix(page)}/cases/{quote(page.case_id, safe='')}"
    reason = page.query(Look).reason
    return page.render(
        "reports/show.html",
        case_id=page.case_id,
        kinds={str(kind): title for kind, title in TITLES.items()},
        formats=FORMATS,
        orders={order: order for order in sorted(scope.order_ids)},
        made=made_of(page.context.desk.entries, page.case_id),
        may_make=not prefix(page),
        action=f"{base}/reports" + (f"?reason={quote(reason)}" if reason else ""),
        base=base,
        has_case_page=page.has_route("/cases/{case_id}"),
    )


async def make(page: Page) -> web.Response:
    """Raises RefusedError with the sentence where a text is missing, LocalError where it is too much for one report."""
    form, scope = page.form(ReportForm), await scope_for(page)
    if form.kind is ReportKind.DISCOVERY:
        await page.allowed(Action.EXPORT_HAND_OFF, page.case_id, reason_of(page), about=(ENTRY, str(form.kind)))
    request = Request(
        scope,
        page.user_id,
        page.now_us,
        (form.order_id,) if form.order_id else (),
        None if form.since is None else _midnight_us(form.since),
        None if form.until is None else _midnight_us(form.until + timedelta(days=1)),
    )
    noted = await page.context.memory.read(lambda reading: noted_of(reading, scope))
    saw = await page.work(page.context.oversight.look, lambda book: who_saw_what(book, page.case_id))
    log = read_log(page.context.desk.entries)
    sources = Sources(
        page.context.library,
        page.context.desk.registry,
        acts=log.acts,
        duties={str(one.order_id): duties_for(one, log) for one in request.orders},
        noted=noted,
        progress=form.progress,
        need=form.need,
        results=form.results,
        saw=saw,
    )
    report, html, pdf = await page.work(_rendered, form.kind, request, sources)
    fields = ledger_fields(report, html, pdf)
    await page.act(lambda desk, now_us: desk.record(ENTRY, fields, now_us))
    if form.format == "html":
        return page.download(html.encode(), f"{report.stem}.html", "text/html")
    return page.download(pdf, f"{report.stem}.pdf", "application/pdf")


def _rendered(kind: ReportKind, request: Request, sources: Sources) -> tuple[Report, str, bytes]:
    report = _BUILDERS[kind](request, sources)
    return report, render_html(report), render_pdf(report)


def noted_of(reading: Reading, scope: Scope) -> tuple[Noted, ...]:
    """What was written about the communications of these orders: the newest synopsis, and the categories in force."""
    labels = {one.category: one.label for one in categories.listed(reading, retired=True)}
    found: list[Noted] = []
    for liid in scope.liids:
        words, given = synopses.of_liid(reading, liid), categories.of_liid(reading, liid)
        for cin in sorted({*words, *given}):
            synopsis, mine = words.get(cin), given.get(cin, ())
            text, by, at_us = ("", "", None) if synopsis is None else (synopsis.text, synopsis.by, synopsis.at_us)
            names = tuple(labels.get(one.category, one.category) for one in mine)
            found.append(Noted(liid, cin, text, names, by or (mine[0].by if mine else ""), at_us))
    return tuple(found)


def made_of(entries: Sequence[Mapping[str, Any]], case_id: str) -> list[MadeRow]:
    """The reports of a case that were given out, the newest first."""
    mine = [one for one in entries if one["kind"] == ENTRY and one["fields"].get("case_id") == case_id]
    found = []
    for entry in reversed(mine[-MAX_LISTED:]):
        fields = entry["fields"]
        basis = fields.get("basis") or {}
        found.append(
            MadeRow(
                int(fields["made_at_us"]), TITLES[ReportKind(fields["report"])], ", ".join(fields["orders"]),
                str(fields["by"]), int(basis.get("size", 0)), int(fields["withheld"]), str(fields["model_sha256"]),
            )
        )  # fmt: skip
    return found


def _midnight_us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000
