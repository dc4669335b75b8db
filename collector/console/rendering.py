"""Templates: Jinja with everything escaped and nothing undefined let through, and what every template can use.

Filters: `utc` (a time with its zone), `us_iso`, `duration`, `octets`, `record` (the name of a record's number). Values
of each template: `me` (who is signed in, or None), `nav` (what the role may ever open, by area), `flashes()`,
`csrf_token`, `static(name)`, `theme`, `here`, `missing` (what of a fleet is not here, on pages of a case).
What comes from a peer is text: no filter here marks it safe, and a test looks that no template does.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from collector.console.memory import Flash
from collector.console.request_keys import DECLARED, ROUTE, SIGNED_IN, STATION, context_of
from collector.console.route import Door, Route
from collector.console.signed_in import SessionState, SignedIn
from collector.store.stores import record_name
from mediation.law.rules import RULES

THEMES: Final = ("light", "dark")
THEME_COOKIE: Final = "theme"
OURS: Final = "collector.console"


class NavItem(NamedTuple):
    label: str
    path: str
    here: bool


class NavArea(NamedTuple):
    name: str
    items: tuple[NavItem, ...]


def prepare_templates(app: web.Application, packages: Sequence[str] = ()) -> None:
    """`packages`: whose templates are looked for before the console's own."""
    aiohttp_jinja2.setup(
        app,
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(one) for one in (*packages, OURS)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        filters={"utc": utc, "us_iso": us_iso, "duration": duration, "octets": octets, "record": record_name},
    )


def rendered(request: web.Request, template: str, values: Mapping[str, Any]) -> str:
    """A template with what every one of them has."""
    context = context_of(request)
    me = request.get(SIGNED_IN)
    route = request.get(ROUTE)
    theme = request.cookies.get(THEME_COOKIE, "")

    def flashes() -> Sequence[Flash]:
        return () if me is None else context.memory.flashes(me.session)

    common = {
        "me": me,
        "station": request.get(STATION),
        "nav": navigation(request.app[DECLARED], me, request.path),
        "flashes": flashes,
        "csrf_token": "" if me is None else me.csrf,
        "static": context.static.url,
        "theme": theme if theme in THEMES else "",
        "here": request.path,
        "title": "" if route is None else route.title,
        "rules": RULES,
        # What was collected is told by several stores: a page of it says which of them are not here.
        "missing": context.library.missing if me is not None and route is not None and route.case else (),
    }
    return aiohttp_jinja2.render_string(template, request, {**common, **values})


def navigation(declared: Sequence[Route], me: SignedIn | None, path: str) -> tuple[NavArea, ...]:
    """What the role may ever open; nothing for somebody who has to do something else first."""
    if me is None or me.state is not SessionState.OPEN:
        return ()
    shown = [one for one in declared if one.nav and one.access is not Door.OPEN and one.cell(me.role)]
    here = max((one.path for one in shown if _within(path, one.path)), key=len, default="")
    return tuple(
        NavArea(area, tuple(NavItem(one.nav, one.path, one.path == here) for one in found))
        for area, found in groupby(shown, key=lambda one: one.area)
    )


def _within(path: str, page: str) -> bool:
    return path == page or (page != "/" and path.startswith(f"{page}/"))


# Filters


def us_iso(time_us: int) -> str:
    """ISO 8601 UTC to the microsecond."""
    seconds, rest_us = divmod(time_us, 1_000_000)
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{rest_us:06d}Z"


def utc(time_us: int | None, digits: int = 0) -> Markup:
    """A time for a person, with its zone; `digits` of the second's fraction."""
    if time_us is None:
        return Markup('<span class="none">unknown</span>')
    seconds, rest_us = divmod(time_us, 1_000_000)
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    fraction = f".{rest_us:06d}"[: digits + 1] if digits else ""
    return Markup('<time datetime="{}">{} UTC</time>').format(us_iso(time_us), f"{at:%Y-%m-%d %H:%M:%S}{fraction}")


def duration(time_us: int | None) -> str:
    """`1 d 2 h`, `3 min 20 s`, `0.4 s`: the two largest units that say something."""
    if time_us is None:
        return "unknown"
    if abs(time_us) < 10_000_000:
        return f"{time_us / 1e6:.1f} s"
    sign, seconds = ("-" if time_us < 0 else ""), abs(time_us) // 1_000_000
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        many, seconds = divmod(seconds, size)
        if many or (parts and unit != "s"):
            parts.append(f"{many} {unit}")
    return sign + " ".join(parts[:2])


def octets(number: int) -> str:
    size = float(number)
    for unit in ("octets", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            return f"{number} octets" if unit == "octets" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("the last unit takes everything")
