"""Applications to the court as the desk's ledger has them: who swore them, what they ask, what became of them. Pure.

    read_applications(entries)      by id, of the kinds `application`, `application_sworn`, `application_decided`
    lacks_of(application, order)    what the court would miss

An application is sworn by investigator and prosecutor (R-054); one for an extension is new each time (R-011, R-016) and
says what came of the interception so far (R-013). Whoever drafts it swears it by that; the other swears it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from mediation.law.missing import Lacks, Missing
from mediation.law.orders import CourtOrder, OrderKind


class Asked(StrEnum):
    EXTENSION = "extension"
    EMERGENCY_ORDER = "emergency order"


@dataclass(frozen=True, slots=True)
class CourtApplication:
    """`days`: how long an extension is to last. `granted` is None while the court has not decided; `version` then names
    the order's version that came of it."""

    application_id: str
    asked: Asked
    order_id: str
    case_id: str
    agency: str
    investigator: str
    prosecutor: str
    days: int
    results: str
    at_us: int
    swore: frozenset[str] = frozenset()
    granted: bool | None = None
    decided_by: str = ""
    reason: str = ""
    version: int | None = None

    @property
    def sworn(self) -> bool:
        return {self.investigator, self.prosecutor} <= self.swore

    @property
    def people(self) -> frozenset[str]:
        return frozenset((self.investigator, self.prosecutor))


def read_applications(entries: Iterable[Mapping[str, Any]]) -> dict[str, CourtApplication]:
    """Of a verified ledger's entries (`kind`, `utc_us`, `fields`)."""
    found: dict[str, CourtApplication] = {}
    for entry in entries:
        if not str(entry["kind"]).startswith("application"):
            continue
        said, name = entry["fields"], str(entry["fields"].get("application_id", ""))
        if entry["kind"] == "application":
            found[name] = CourtApplication(
                name, Asked(said["asked"]), str(said["order_id"]), str(said["case_id"]), str(said["agency"]),
                str(said["investigator"]), str(said["prosecutor"]), int(said["days"]), str(said["results"]),
                int(entry["utc_us"]), frozenset((str(said["by"]),)),
            )  # fmt: skip
        elif name in found and entry["kind"] == "application_sworn":
            found[name] = replace(found[name], swore=found[name].swore | {str(said["by"])})
        elif name in found and entry["kind"] == "application_decided":
            found[name] = replace(
                found[name], granted=said["granted"] is True, decided_by=str(said["by"]), reason=str(said["reason"]),
                version=said.get("version"),
            )  # fmt: skip
    return found


def lacks_of(application: CourtApplication, order: CourtOrder) -> tuple[Missing, ...]:
    """What it lacks before the court, item by item. Whether the order may be extended at all is `extensions`'."""
    lacks = Lacks("application.")
    for who in ("investigator", "prosecutor"):
        name = getattr(application, who)
        lacks.need(name, who, "R-054", f"the {who}, by name")
        lacks.need(not name or name in application.swore, f"{who}_swore", "R-054", f"the {who} swore the application")
    if application.asked is Asked.EXTENSION:
        lacks.need(application.days >= 1, "days", "R-011", "how long the extension lasts")
        if order.kind is OrderKind.EAVESDROPPING:
            lacks.need(application.results, "results", "R-013", "what came of it so far, or why nothing did")
    else:
        lacks.need(order.kind.exigent, "order", "R-033", "the order is an emergency use that waits for its order")
    lacks.need(application.granted is None, "decided", "R-011", "it was decided: what follows is a new application")
    return tuple(lacks.found)
