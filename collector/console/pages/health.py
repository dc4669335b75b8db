"""How the machine is, for technical staff: links, gaps, late deliveries, refusals, the store, alarms, reconciliation.

What is shown is counts and names of links and orders, never what was collected. Whoever maintains without having a
hand in cases (a vendor with a ticket) sees sums in the place of orders (R-081). An alarm that is acknowledged goes on
until its cause is gone; who has seen it is on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from pydantic import BaseModel, Field

from collector.console.context import Context
from collector.console.forms import FormModel
from collector.console.model.audit import COLLECTOR
from collector.console.model.health import HealthView, RefusalRow, Series
from collector.console.model.review import AlarmRow
from collector.console.model.review import alarms as audit_alarms
from collector.console.page import Page
from collector.console.route import Asks, Route
from collector.desk.database import Reading, Writing, alarms
from collector.desk.database.alarms import Acknowledgement
from collector.desk.desk import Desk
from mediation.law.actors import Action, Role

AREA: Final = "Technical"
ALARMS: Final = 50
PLOTS: Final = {
    "records_per_s": "Records a second",
    "refused_per_s": "Refused a second",
    "octets_per_s": "Octets a second into the store",
    "late_share": "Share of signalling that came late",
    "index_lag": "Records that lists are behind",
    "store_share": "Share of the store that is used",
}
_ACTS: Final = frozenset({Role.TARU, Role.TADM})


class AcknowledgeForm(FormModel):
    alarm_id: str = Field(max_length=128)
    note: str = Field("", max_length=200)


class Plot(BaseModel):
    """One series, as the plot takes it."""

    name: str
    times_s: tuple[float, ...]
    values: tuple[float | None, ...]


def routes(context: Context) -> list[Route]:
    act = Action.MAINTAIN
    return [
        Route("GET", "/health", show, act, title="Health", nav="Health", area=AREA),
        Route("GET", "/health/now", now, act, asks=Asks.PART),
        Route("GET", "/health/series/{name}", series, act, asks=Asks.PART, answer=Plot),
        Route(
            "POST", "/health/acknowledge", acknowledge, act, title="An alarm", form=AcknowledgeForm, roles=_ACTS,
            rule="R-081",
        ),
    ]  # fmt: skip


async def show(page: Page) -> web.Response:
    return page.render("health/show.html", plots=PLOTS, **await _now(page))


async def now(page: Page) -> web.Response:
    """The part that is fetched again and again."""
    return page.render("health/now.html", **await _now(page))


async def _now(page: Page) -> dict[str, object]:
    view = page.context.health.view(page.wall_us)
    told = await page.work(page.context.oversight.look, audit_alarms)
    logged = [one for one in told if one.alarm_id.startswith(COLLECTOR)][:ALARMS]
    names = [one.alarm_id for one in view.alarms] + [one.alarm_id for one in logged]

    def find(reading: Reading) -> Mapping[str, Acknowledgement]:
        return alarms.of(reading, names)

    return {
        "view": view,
        "refusals": refusals(view, page.role is not Role.VEND),
        "logged": logged if page.role is not Role.VEND else list[AlarmRow](),
        "seen": await page.context.memory.read(find),
        "acts": page.role in _ACTS,
        "empty": not view.processes,
        "missing_parts": await page.work(page.context.library.look),
    }


def refusals(view: HealthView, by_order: bool) -> tuple[RefusalRow, ...]:
    """By order, or all of them in one row."""
    if by_order or not view.refusals:
        return view.refusals
    names = RefusalRow._fields[1:-1]
    sums = {name: sum(getattr(row, name) for row in view.refusals) for name in names}
    return (RefusalRow(order_id="(all)", state="", **sums),)


async def series(page: Page) -> Plot:
    name = page.path("name")
    found = page.context.health.view(page.wall_us).series.get(name, Series((), ()))
    return Plot(name=name, times_s=found.times_s, values=found.values)


async def acknowledge(page: Page) -> web.Response:
    form = page.form(AcknowledgeForm)

    def seen(writing: Writing, desk: Desk, now_us: int) -> bool:
        return alarms.acknowledge(writing, form.alarm_id, page.user_id, page.wall_us, form.note)

    if await page.context.memory.record(seen):
        return page.redirect(
            "/health", "You have seen it: that is on record. The alarm goes on until its cause is gone."
        )
    return page.redirect("/health", "Somebody else has seen it before; theirs stands.", "warn")
