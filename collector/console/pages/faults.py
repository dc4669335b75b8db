"""Faults on purpose, for technical staff: what is on, one more, one less. Where the run has a fault proxy.

What there is and what each takes is the proxy's to say, and so is what it refuses; here it is asked who may. Every
attempt is on the desk's ledger with the kind or the id it was about.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web
from pydantic import Field

from asn1.errors import LabError
from collector.console.context import Context
from collector.console.errors import NotFoundError
from collector.console.forms import FormModel
from collector.console.page import Page
from collector.console.pages.health import AREA
from collector.console.route import Route
from mediation.law.actors import Action, Role

_ACTS: Final = frozenset({Role.TARU, Role.TADM})
CHOICES: Final = {
    "direction": {"up": "towards the LEMF", "down": "back"},
    "what": {"data": "records", "tri": "transport-related information", "all": "both"},
    "place": {"payload": "in the payload", "header": "of the header's tag", "frame": "of the frame"},
    "toward": {"client": "who connects", "server": "who listens"},
}
LABELS: Final = {
    "share": "Share of the records, above 0 to 1", "skip": "Records that go by first", "count": "Records at most",
    "liid": "LIID", "seconds": "Seconds until it ends by itself", "milliseconds": "Milliseconds",
    "jitter_ms": "Up to so many milliseconds more", "octets_per_s": "Octets a second", "by": "By so many numbers",
    "copies": "Copies", "point": "Point of interception, * for all", "number": "The wrong number",
    "direction": "Direction", "what": "Of what", "place": "Which bit", "toward": "Who sees it",
}  # fmt: skip
_ELSEWHERE: Final = ("carrier_sim", "mediation")


class FaultForm(FormModel):
    """As it was filled in; the proxy judges it."""

    link: str = Field("", max_length=32)
    direction: str = Field("", max_length=8)
    liid: str = Field("", max_length=50)
    what: str = Field("", max_length=8)
    share: str = Field("", max_length=16)
    skip: str = Field("", max_length=16)
    count: str = Field("", max_length=16)
    seconds: str = Field("", max_length=16)
    milliseconds: str = Field("", max_length=16)
    jitter_ms: str = Field("", max_length=16)
    octets_per_s: str = Field("", max_length=16)
    by: str = Field("", max_length=16)
    copies: str = Field("", max_length=16)
    place: str = Field("", max_length=16)
    toward: str = Field("", max_length=16)
    point: str = Field("", max_length=64)
    number: str = Field("", max_length=20)


def routes(context: Context) -> list[Route]:
    if not context.faults.configured:
        return []
    act, rule = Action.MAINTAIN, "R-081"
    return [
        Route("GET", "/faults", show, act, title="Faults", nav="Faults", area=AREA, roles=_ACTS, rule=rule),
        Route("GET", "/faults/{kind}", ask, act, title="A fault", roles=_ACTS, rule=rule, object=("fault", "kind")),
        Route(
            "POST", "/faults/{kind}", add, act, title="A fault", form=FaultForm, roles=_ACTS, rule=rule,
            object=("fault", "kind"),
        ),
        Route(
            "POST", "/faults/{fault}/clear", clear, act, title="A fault", roles=_ACTS, rule=rule,
            object=("fault", "fault"),
        ),
    ]  # fmt: skip


async def show(page: Page) -> web.Response:
    try:
        told, wrong = await page.context.faults.show(), ""
    except LabError as error:
        told, wrong = {}, str(error)
    on = [{**one, "how": _how(one)} for one in told.get("on", [])]
    return page.render("faults/show.html", on=on, kinds=told.get("kinds", []), wrong=wrong)


def _how(one: dict[str, Any]) -> str:
    shown = {name: value for name, value in one.items() if name not in ("id", "kind", "link", "seen", "hits")}
    return ", ".join(f"{name} {value}" for name, value in shown.items())


async def ask(page: Page) -> web.Response:
    """The form of one kind."""
    try:
        told = await page.context.faults.show()
    except LabError as error:
        return page.redirect("/faults", str(error), "fail")
    kind = next((one for one in told["kinds"] if one["kind"] == page.path("kind")), None)
    if kind is None:
        raise NotFoundError
    links = [] if kind["needs"] in _ELSEWHERE else told["links"]
    return page.render("faults/ask.html", kind=kind, links=links, choices=CHOICES, labels=LABELS)


async def add(page: Page) -> web.Response:
    kind = page.path("kind")
    filled = {name: value for name, value in page.form(FaultForm).model_dump().items() if value}
    try:
        made = await page.context.faults.add(page.user_id, {"kind": kind, **filled})
    except LabError as error:
        return page.redirect("/faults", str(error), "fail")
    return page.redirect("/faults", f"{made} ({kind}) is on.", "warn")


async def clear(page: Page) -> web.Response:
    name = page.path("fault")
    try:
        await page.context.faults.clear(page.user_id, name)
    except LabError as error:
        return page.redirect("/faults", str(error), "fail")
    return page.redirect("/faults", "All faults are off." if name == "all" else f"{name} is off.")
