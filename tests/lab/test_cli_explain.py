"""`calea-lab explain` of an attempt and of an order, without a store: one shape."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Cli = Callable[..., Any]
KEYS = {"check", "fact", "rule", "statement", "source", "outcome"}


def test_an_attempt_is_explained_from_its_entry(cli: Cli, tmp_path: Path) -> None:
    cli("desk", "init", "--data", tmp_path)
    asked = json.loads(cli("may", "rivera", "read_content", "C-1", "--data", tmp_path, "--json").out)
    told = json.loads(cli("explain", asked["event_id"], "--data", tmp_path, "--json").out)
    assert told["steps"] == asked["steps"] and all(set(step) == KEYS for step in told["steps"])
    assert told["entry"]["reason_codes"] == asked["reasons"]
    assert "R-077" in cli("explain", asked["event_id"], "--data", tmp_path).out


def test_an_order_is_explained_with_papers_versions_and_standing(cli: Cli, tmp_path: Path) -> None:
    order = ("--kind", "EXIGENT_PRTT", "--target", "+12125550101", "--days", "2", "--id", "O-1")
    created = cli("order", "create", *order, "--data", tmp_path)
    assert created.code == 0, created.err
    told = json.loads(cli("explain", "O-1", "--data", tmp_path, "--json").out)
    assert all(set(step) == KEYS for step in told["steps"]) and told["totals"] is None
    by_check = {step["check"]: step for step in told["steps"]}
    assert set(by_check) == {"papers", "versions", "window", "exigent clock", "standing"}
    assert by_check["papers"]["outcome"] == "holds" and "ACTIVE" in by_check["standing"]["fact"]
    assert "How it stands" in cli("explain", "O-1", "--data", tmp_path).out


def test_a_deadline_still_to_come_is_not_said_to_have_passed(cli: Cli, tmp_path: Path) -> None:
    order = ("--kind", "EXIGENT_PRTT", "--target", "+12125550101", "--days", "2", "--id", "O-1")
    assert cli("order", "create", *order, "--data", tmp_path).code == 0
    clock = [
        step
        for step in json.loads(cli("explain", "O-1", "--data", tmp_path, "--json").out)["steps"]
        if step["check"] == "exigent clock"
    ]
    assert [step["outcome"] for step in clock] == ["flags"] and clock[0]["fact"].startswith("no order yet; deadline ")
    said = cli("explain", "O-1", "--data", tmp_path).out
    assert "Why not all" not in said
    (line,) = [line for line in said.splitlines() if line.startswith("  activated_at")]
    assert line.endswith("Z")
