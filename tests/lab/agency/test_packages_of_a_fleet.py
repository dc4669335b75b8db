"""What a fleet hands over is a package a collector, each proven under that collector's key and no other's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from asn1.errors import RefusedError
from collector.export.evidence import make_bundle
from collector.store.keys import Keys
from lab.agency.records.packages import rows_of, verified
from tests.collector.conftest import Court, Lab
from tests.collector.console.fleet_case import NAMES, collected


@pytest.fixture
async def packages(tmp_path: Path) -> dict[str, tuple[Path, bytes]]:
    """Of each collector its package of O-1, and its key."""
    lab = Lab(tmp_path, Court(tmp_path))
    registry = await collected(lab)
    order = next(one for one in registry.current() if one.order_id == "O-1")
    made: dict[str, tuple[Path, bytes]] = {}
    for name in NAMES:
        keys = Keys(tmp_path / name / "keys")
        who: dict[str, Any] = {"by": "rivera", "reason": "case file", "now_us": 1}
        place, target = tmp_path / name, tmp_path / f"{name}.bundle"
        make_bundle(place / "store", place / "audit", keys, order, target, **who, record=lambda kind, fields: None)
        made[name] = target, keys.identity.public_bytes_raw()
    return made


def test_each_package_is_taken_under_its_own_collector_s_key(packages: dict[str, tuple[Path, bytes]]) -> None:
    keys = [key for _, key in packages.values()]
    found = {name: verified(directory, keys) for name, (directory, _) in packages.items()}
    assert len({one.package_id for one in found.values()}) == 2
    assert {(one.order_id, one.case_id) for one in found.values()} == {("O-1", "C-1")}
    assert sum(one.report.records for one in found.values()) == 30
    for name, (directory, key) in packages.items():
        assert verified(directory, [key]).package_id == found[name].package_id
        assert next(iter(rows_of(directory))).record == 0


def test_attack_a_package_of_a_collector_that_record_management_does_not_know(
    packages: dict[str, tuple[Path, bytes]], tmp_path: Path
) -> None:
    (first, first_key), (second, second_key) = packages.values()
    with pytest.raises(RefusedError, match="does not prove itself"):
        verified(second, [first_key])
    mixed = tmp_path / "mixed"
    shutil.copytree(first, mixed)
    shutil.copy(second / "manifest.json", mixed / "manifest.json")
    with pytest.raises(RefusedError, match="does not prove itself"):
        verified(mixed, [first_key, second_key])
