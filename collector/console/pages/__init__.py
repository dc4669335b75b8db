"""The areas of the console, a module each with `routes(context) -> list[Route]`. A new one is put into `AREAS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from collector.console.pages import (
    account,
    api,
    api_acts,
    api_case,
    api_desk,
    applications,
    assets,
    cases,
    court,
    custody,
    entrance,
    exigent,
    faults,
    health,
    home,
    orders,
    oversight,
    people,
    records,
    reports,
    requests,
    stations,
    tickets,
)

if TYPE_CHECKING:
    from collector.console.context import Context
    from collector.console.route import Route

AREAS: Final[tuple[Callable[[Context], list[Route]], ...]] = (
    assets.routes,
    entrance.routes,
    home.routes,
    cases.routes,
    account.routes,
    records.routes,
    reports.routes,
    orders.routes,
    custody.routes,
    requests.routes,
    applications.routes,
    exigent.routes,
    tickets.routes,
    court.routes,
    health.routes,
    faults.routes,
    stations.routes,
    people.routes,
    oversight.routes,
    api.routes,
    api_case.routes,
    api_desk.routes,
    api_acts.routes,
)
"""In the order of the navigation."""
