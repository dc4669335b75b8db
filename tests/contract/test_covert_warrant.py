"""A warrant for the agency's own recorder asks nothing of a carrier, and no carrier's record comes in under it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from collector.facts import RecordFacts
from collector.gate import LinkPolicy, bulk_terms, decide
from collector.gate_scope import TARGET_OK, CinState
from collector.reconcile.task_details import targets_of
from lab.court import Court
from lab.paths import RunPaths
from mediation.interception import identifiers
from mediation.law.fields import order_from_fields
from mediation.law.hi1_orders import FORMATS
from mediation.law.orders import CourtOrder, Service, Target, TargetKind
from mediation.law.verdicts import Reason, VerdictKind

T = 1_780_000_000_000_000
FIELDS = {
    "order_id": "O14", "kind": "COVERT_AUDIO_WARRANT", "case_id": "CASE-14", "liid": "LI-14", "targets": ["device:D1"],
    "services": ["VOICE"], "start": "2026-04-01T14:00:00Z", "end": "2026-04-01T14:10:00Z",
    "issued_at": "2026-04-01T13:00:00Z",
}  # fmt: skip


@pytest.fixture
def warrant() -> CourtOrder:
    return order_from_fields(FIELDS)


def test_its_target_is_the_device(warrant: CourtOrder) -> None:
    assert warrant.targets == (Target(TargetKind.DEVICE, "D1"),) and TargetKind.DEVICE in FORMATS
    with pytest.raises(ValueError, match="no device"):
        order_from_fields({**FIELDS, "targets": ["device:../x"]})


@pytest.mark.rule("R-162", "R-166")
@pytest.mark.parametrize("kind", ["iri", "cc"])
def test_attack_a_carriers_record_under_its_liid_is_refused_even_of_a_target(warrant: CourtOrder, kind: str) -> None:
    """Somebody names a telephone in a warrant for a device, or sends on its LIID: neither opens it to a tap."""
    line = Target(TargetKind.E164, "12125550100")
    order = replace(warrant, targets=(line,))
    at_us = warrant.window.start_us + 1
    facts = RecordFacts(
        "LI-14", 1, 0, kind, "iPMMCC", "begin", Service.VOICE, at_us, None, at_us, parties=frozenset({line}),
        originators=frozenset({line}), parties_known=True,
    )  # fmt: skip
    state = CinState(TARGET_OK, taking_part=frozenset({line}))
    verdict = decide((order,), facts, LinkPolicy(), state).verdict
    assert verdict.kind is VerdictKind.REJECT and Reason.SCOPE_TYPE_NOT_AUTHORISED in verdict.reasons
    assert bulk_terms(order) is None and identifiers(order) == ()


def test_the_reconciler_expects_no_task_for_it(warrant: CourtOrder) -> None:
    assert targets_of(warrant) == frozenset()


def test_the_court_tells_the_agency_and_no_carrier(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    Court(paths).issue(FIELDS)
    assert [len(list(paths.inbox(name).glob("*.json"))) for name in ("mediation", "collector", "reconciler")] == [
        0,
        1,
        1,
    ]
