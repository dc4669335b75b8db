"""The rules list in code: every reason a gate gives has a rule, every rule can be cited."""

from __future__ import annotations

import re

import pytest

from mediation.law.rulebook.kinds import Hold
from mediation.law.rules import RULE_OF, RULES, rule
from mediation.law.verdicts import Reason

COUNT = 151
"""Rules R-001 to R-173; some numbers in between are not given out."""


@pytest.mark.parametrize("number", sorted(RULES))
def test_every_rule_is_there_in_words_with_its_source(number: str) -> None:
    found = rule(number)
    assert found.number == number and found.statement.endswith(".") and found.source
    assert bool(found.why) == (found.hold in (Hold.WAITING, Hold.OUTSIDE))


def test_no_rule_of_the_list_is_missing() -> None:
    numbers = [one.number for one in RULES.values()]
    assert numbers == list(RULES)
    assert sum(bool(re.fullmatch(r"R-\d{3}", number)) for number in numbers) == COUNT
    assert sum(bool(re.fullmatch(r"SD-\d", number)) for number in numbers) == 7
    assert len(numbers) == COUNT + 7


def test_every_rule_behind_a_reason_exists() -> None:
    assert set(RULE_OF.values()) <= set(RULES) and Reason.OK not in RULE_OF


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        (Reason.ORDER_NOT_STARTED, "R-002"),
        (Reason.ORDER_EXPIRED, "R-002"),
        (Reason.ORDER_REVOKED, "R-019"),
        (Reason.TARGET_MISMATCH, "R-022"),
        (Reason.DIRECTION_NOT_AUTHORISED, "R-023"),
        (Reason.GEOGRAPHIC_LIMIT, "R-024"),
        (Reason.SCOPE_CONTENT_ON_PRTT, "R-110"),
        (Reason.SCOPE_PCTDD, "R-111"),
        (Reason.SCOPE_LOCATION, "R-112"),
        (Reason.SCOPE_TYPE_NOT_AUTHORISED, "R-116"),
        (Reason.LATE_DELIVERY, "R-096"),
        (Reason.NO_EVENT_TIME, "R-003"),
    ],
)
def test_a_reason_cites_the_rule_of_the_list(reason: Reason, number: str) -> None:
    assert RULE_OF[reason] == number


def test_a_rule_that_does_not_exist_cannot_be_cited() -> None:
    with pytest.raises(KeyError):
        rule("R-999")
