"""docs/standards.md is whole: every module of `asn1` has a row that says how far its standard is known."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def standards() -> ModuleType:
    spec = importlib.util.spec_from_file_location("standards_page", ROOT / "tools" / "standards.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_module_stands_in_one_row(standards: ModuleType) -> None:
    assert standards.faults() == []


def test_a_module_without_a_row_and_a_row_without_a_module_are_told(
    standards: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standards, "modules", lambda: {"tlv", "x"})
    faults = standards.faults()
    assert "asn1/x stands in no row of tools/standards.toml" in faults
    assert any("which is no module of asn1" in fault for fault in faults)


def test_every_row_says_what_it_stands_on_and_what_nobody_read(standards: ModuleType) -> None:
    rows = standards.standards()
    assert len(rows) > 15
    assert all(row["evidence"] and row["unread"] and row["modules"] for row in rows)


def test_the_page_is_the_one_this_tree_makes(standards: ModuleType) -> None:
    assert standards.PAGE.read_text("utf-8") == standards.page(), "run `make rules`"
