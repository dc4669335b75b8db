"""Power cuts in the middle of a run: the mediation function and the collector each ended with SIGKILL and restarted."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.crash import VICTIMS, Cut, cuts_of, run_cycle


def test_the_totals_balance_and_nothing_is_stored_twice_behind_power_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    cuts = (Cut(1_500, "collector"), Cut(3_500, "mediation"), Cut(5_500, "collector"))
    outcome = run_cycle(tmp_path / "var", 7, cuts)
    assert outcome.made == len(cuts)
    assert [(check.name, check.found) for check in outcome.checks if not check.ok] == []
    # What was on its way at a cut came again and was known again: else the cuts cut nothing.
    assert outcome.totals["duplicate"] > 0


def test_cuts_are_seeded_and_meet_both_processes() -> None:
    assert cuts_of(3, 4) == cuts_of(3, 4) != cuts_of(4, 4)
    assert {cut.name for cut in cuts_of(1, 2)} == set(VICTIMS)
    assert list(cuts_of(9, 5)) == sorted(cuts_of(9, 5), key=lambda cut: cut.at_event)
