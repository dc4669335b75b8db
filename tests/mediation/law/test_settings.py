"""The conflicts of the rules list and their defaults: all nine answered, no number more certain than its source."""

from __future__ import annotations

from dataclasses import fields

from collector.gate import LinkPolicy
from mediation.law.orders import EXIGENT_HOURS
from mediation.law.rules import RULES
from mediation.law.settings import CONFLICTS, DEFAULTS, EMERGENCY_CLOCKS, PROVENANCE, LawSettings


def test_the_defaults_are_those_of_the_rules_list() -> None:
    """C3: the emergency order may follow. C5: calendar days. C9: 8 s for 95 of 100, 200 ms, 5 s beyond."""
    assert LawSettings() == DEFAULTS
    assert DEFAULTS.order_may_follow and not DEFAULTS.strict_days
    assert (DEFAULTS.cii_within_us, DEFAULTS.cii_share_percent) == (8_000_000, 95)
    assert (DEFAULTS.skew_us, DEFAULTS.skew_hard_us) == (200_000, 5_000_000)


def test_every_setting_says_which_rule_it_belongs_to_and_whether_anybody_read_it() -> None:
    names = {field.name for field in fields(LawSettings)}
    assert set(PROVENANCE) == names
    assert {one.rule for one in PROVENANCE.values()} <= set(RULES)
    assert {one.conflict for one in PROVENANCE.values()} - {""} <= {one.number for one in CONFLICTS}
    unread = {name for name, one in PROVENANCE.items() if not one.verified}
    assert unread == {name for name in names if name.endswith("_us") or name.endswith("_percent")}


def test_all_nine_conflicts_are_answered_by_rules_that_exist() -> None:
    assert [one.number for one in CONFLICTS] == [f"C{number}" for number in range(1, 10)]
    for one in CONFLICTS:
        assert one.question and one.answer.endswith(".") and set(one.rules) <= set(RULES)


def test_the_clock_that_closes_the_gates_is_the_first_shown_and_the_strictest_that_runs_after_use() -> None:
    """C1."""
    assert set(EMERGENCY_CLOCKS) == set(EXIGENT_HOURS)
    for kind, clocks in EMERGENCY_CLOCKS.items():
        assert clocks[0].hours == EXIGENT_HOURS[kind][0] == min(one.hours for one in clocks if one.hours)


def test_a_link_without_a_policy_of_its_own_has_the_numbers_of_the_settings() -> None:
    policy = LinkPolicy()
    assert (policy.skew_us, policy.skew_hard_us) == (DEFAULTS.skew_us, DEFAULTS.skew_hard_us)
    assert policy.late_us == policy.cii_wait_us == DEFAULTS.cii_within_us
