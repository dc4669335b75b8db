"""What stands against an act, in one form whoever found it: the code, the rule, plain words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from mediation.law.access_facts import Answer
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder
from mediation.law.rules import RULES


class Said(NamedTuple):
    """One thing that stands against it."""

    code: str
    rule: str
    says: str


def said_of(answer: Answer) -> tuple[Said, ...]:
    """What an answer has against it, each with the words of its rule."""
    pairs = zip(answer.reasons, answer.rules, strict=True) if not answer.allowed else ()
    return tuple(Said(reason.name, rule, RULES[rule].statement) for reason, rule in pairs)


def said_of_missing(missing: Iterable[Missing]) -> tuple[Said, ...]:
    return tuple(Said(one.code, one.rule, one.says) for one in missing)


def refusal_fields(act: str, by: str, order: CourtOrder, against: Iterable[Said]) -> dict[str, Any]:
    """The `case_refused` entry of a refused act."""
    found = tuple(against)
    return {
        "order_id": str(order.order_id),
        "case_id": str(order.case_id),
        "act": act,
        "by": by,
        "codes": [one.code for one in found],
        "rule_ids": [one.rule for one in found],
    }
