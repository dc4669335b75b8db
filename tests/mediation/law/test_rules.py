"""The rules list in code: every reason a gate gives has a rule, every rule can be cited."""

from __future__ import annotations

import re

import pytest

from mediation.law.rules import RULE_OF, RULES, rule
from mediation.law.verdicts import Reason

ENFORCED = [f"R-{number:03}" for number in (*range(1, 7), *range(19, 26), *range(110, 118))]


@pytest.mark.parametrize("number", ENFORCED)
def test_every_core_rule_is_there_in_words_with_its_source(number: str) -> None:
    found = rule(number)
    assert found.number == number and found.statement.endswith(".") and found.source


def test_rules_are_filed_under_their_own_numbers_in_rising_order() -> None:
    assert [one.number for one in RULES.values()] == list(RULES) == sorted(RULES)
    assert all(re.fullmatch(r"R-\d{3}", number) for number in RULES)


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


def test_a_rule_that_no_code_enforces_cannot_be_cited() -> None:
    with pytest.raises(KeyError):
        rule("R-999")
