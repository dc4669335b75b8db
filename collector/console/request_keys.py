"""Under which names an application and a request carry what the console put there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from aiohttp import web

from collector.console.place import StationAt
from collector.console.route import Route
from collector.console.signed_in import SignedIn

if TYPE_CHECKING:
    from collector.console.context import Context

CONTEXT: Final[web.AppKey[Context]] = web.AppKey("context")
DECLARED: Final[web.AppKey[Sequence[Route]]] = web.AppKey("declared")
"""Every route of the console."""
SIGNED_IN: Final = web.RequestKey("signed_in", SignedIn)
"""Absent while nobody is signed in."""
STATION: Final = web.RequestKey("station", StationAt)
"""The enrolled station, whoever sits there; absent at any other device."""
ROUTE: Final = web.RequestKey("route", Route)


def context_of(request: web.Request) -> Context:
    return request.app[CONTEXT]


def signed_in_of(request: web.Request) -> SignedIn:
    """Of a request behind the dispatcher's check that somebody is."""
    return request[SIGNED_IN]
