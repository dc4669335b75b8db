"""docs/rules.md is whole: no rule without code and test, no boundary case without a test, and made of this tree."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mediation.law.rulebook.kinds import Hold
from mediation.law.rules import RULES

ROOT = Path(__file__).resolve().parent.parent
LEAST_HELD = 140
"""Of 151: what this state enforces or records; never fewer."""


@pytest.fixture(scope="module")
def rules() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rules_page", ROOT / "tools" / "rules.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_no_rule_has_lost_its_code_its_test_or_a_boundary_case(rules: ModuleType) -> None:
    assert rules.faults() == []


def test_the_page_is_the_one_this_tree_makes(rules: ModuleType) -> None:
    assert rules.PAGE.read_text("utf-8") == rules.page(), "run `make rules`"


def test_at_least_so_many_rules_are_enforced_or_recorded() -> None:
    held = [one for one in RULES.values() if one.number.startswith("R-") and one.hold in (Hold.ENFORCED, Hold.RECORDED)]
    assert len(held) >= LEAST_HELD


def test_every_boundary_of_the_list_belongs_to_a_rule(rules: ModuleType) -> None:
    cases = rules.boundaries()
    assert len({one.case for one in cases}) == len(cases) >= 200
    assert all(one.rule in RULES and one.case.startswith(f"{one.rule}.") for one in cases)


def test_a_rule_that_loses_its_mark_is_found(rules: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = rules.proofs()
    monkeypatch.setattr(rules, "proofs", lambda: [one for one in marks if one.rule != "R-002"])
    assert any(fault.startswith("R-002 is enforced, and no test") for fault in rules.faults())
    assert any(fault.startswith("R-002.4 has no test") for fault in rules.faults())


def test_a_mark_of_a_case_that_does_not_exist_is_found(rules: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = [*rules.proofs(), rules.Proof("test_x.py::test_y", "R-002", ("R-002.99",))]
    monkeypatch.setattr(rules, "proofs", lambda: marks)
    assert "test_x.py::test_y: R-002.99 is no case of R-002" in rules.faults()
