"""The exigent circumstances declaration: what it must say before anything starts without an order.

R-030: the offence, the emergency, the urgent need, the primary purpose, each of them there and true. R-031: flight
alone is not exigent. R-032: reasonable belief for a pen register, probable cause for eavesdropping. Pure.
"""

from __future__ import annotations

from typing import Final

from mediation.law.missing import Lacks, Missing
from mediation.law.offences import designated, offence_list
from mediation.law.orders import OrderKind
from mediation.law.papers_values import Declaration, Ground, Standard

_DANGER: Final = frozenset({Ground.DANGER_OF_DEATH, Ground.DANGER_OF_SERIOUS_INJURY})
_RANK: Final = {standard: rank for rank, standard in enumerate(Standard)}


def required_standard(kind: OrderKind) -> Standard:
    """R-032."""
    return Standard.REASONABLE_BELIEF if kind.metadata_only else Standard.PROBABLE_CAUSE


def missing_of_declaration(
    declaration: Declaration | None, kind: OrderKind, federal: bool = False
) -> tuple[Missing, ...]:
    """Everything the declaration lacks for exigent use of this kind."""
    lacks = Lacks()
    lacks.need(declaration, "declaration", "R-051", "exigent use needs the exigent circumstances declaration")
    if declaration is None:
        return tuple(lacks.found)
    said = Lacks("declaration.")
    said.need(declaration.declared_by, "declared_by", "R-030", "somebody declares it, by name")
    said.need(declaration.at_us is not None, "at", "R-030", "a declaration has a time")
    said.need(declaration.offence, "offence", "R-030", "the designated crime or offence is named")
    if declaration.offence:
        which = offence_list(kind, federal)
        listed = designated(declaration.offence, which)
        said.need(listed, "offence", "R-057", f"{declaration.offence!r} is not on the list: {which}")
    said.need(declaration.emergency, "emergency", "R-030", "an emergency exists because of that crime")
    said.need(
        declaration.urgent_need,
        "urgent_need",
        "R-030",
        "imminent danger of death or serious injury makes a written application impracticable",
    )
    said.need(
        declaration.primary_purpose,
        "primary_purpose",
        "R-030",
        "the primary purpose is to prevent death or serious injury, not arrest or evidence",
    )
    said.need(
        declaration.grounds & _DANGER,
        "grounds",
        "R-031" if declaration.grounds else "R-030",
        "a danger to life or of serious injury is among the grounds; flight alone is not exigent",
    )
    needed = required_standard(kind)
    met = declaration.standard is not None and _RANK[declaration.standard] >= _RANK[needed]
    said.need(met, "standard", "R-032", f"the standard for {kind} is {needed}")
    return tuple(said.found)
