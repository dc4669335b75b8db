"""`demo --shards` and `replay --shards`, and what is asked of what they left: whole, in part, with a collector lost."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from collector.export.evidence import Bundle, make_bundle
from lab.court import Court
from lab.exports import sources_of
from lab.fleet.of_run import SHARDS_FILE, collectors_of
from lab.fleet.spanning import bundles_of
from lab.paths import RunPaths
from lab.scene import WARRANT
from mediation.law.orders import CourtOrder
from mediation.runtime.config import NotReadyError
from tests.e2e.test_demo import COUNTS, SIPP, calea_lab, object_of

pytestmark = pytest.mark.long
NAMES = ("collector-1", "collector-2")


class Demo(NamedTuple):
    state: Path
    data: Path
    said: dict[str, Any]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    place = tmp_path_factory.mktemp("demo")
    data = place / "var"
    return Demo(place, data, object_of(calea_lab(place, "demo", "--shards", "2", "--data", str(data), "--json")))


def order_of(data: Path) -> CourtOrder:
    return next(one for one in Court(RunPaths(data)).orders() if one.order_id == WARRANT)


def bundled(data: Path, target: Path) -> dict[str, Bundle]:
    sources = {one.name: one for one in sources_of(data)}
    order = order_of(data)

    def make(name: str, where: Path) -> Bundle:
        one = sources[name]
        record = partial(lambda kind, fields: None)
        who: dict[str, Any] = {"by": "rivera", "reason": "case file", "now_us": 1, "record": record}
        return make_bundle(one.store, one.audit, one.keys, order, where, **who)

    return bundles_of(data, target, make)


def test_a_demonstration_over_two_collectors_holds_all_that_one_over_one_does(demo: Demo) -> None:
    assert collectors_of(demo.data) == NAMES
    assert all(one["ok"] for one in demo.said["checks"]) and demo.said["ok"] and demo.said["balanced"]
    ledger = demo.said["ledger"]
    assert set(ledger["collectors"]) == set(NAMES) and ledger["lost"] == [] and "root" not in ledger
    kept = sum(row[name] for row in demo.said["orders"] for name in COUNTS[:3])
    assert ledger["records"] >= kept > 0
    assert all(one["records"] > 0 for one in ledger["collectors"].values()), "both took part"
    calls = [one for one in demo.said["communications"] if one["cc_from_target"] and one["iri"]]
    assert calls, "signalling of one and content of the other are one communication"


def test_verify_says_of_each_collector_and_of_the_fleet(demo: Demo) -> None:
    said = object_of(calea_lab(demo.state, "verify", str(demo.data), "--json"))
    assert said["ok"] and said["lost"] == [] and said["catalogue"] == "read" and set(said["shards"]) == set(NAMES)
    assert said["records"] == demo.said["ledger"]["records"] == sum(one["records"] for one in said["shards"].values())
    shown = calea_lab(demo.state, "verify", str(demo.data))
    assert shown.returncode == 0 and "2 collectors" in shown.stdout and "the fleet is whole" in shown.stdout
    refused = calea_lab(demo.state, "verify", str(demo.data), "--record", "3")
    assert refused.returncode == 2 and "collector-1" in refused.stderr
    one = object_of(calea_lab(demo.state, "verify", str(demo.data / "collector-2"), "--record", "3", "--json"))
    assert one["ok"] and one["sequence"] == 3


def test_evidence_is_a_bundle_a_collector_and_each_proves_itself(demo: Demo, tmp_path: Path) -> None:
    made = bundled(demo.data, tmp_path / "evidence")
    assert set(made) == set(NAMES)
    done = calea_lab(demo.state, "verify", "--bundle", str(tmp_path / "evidence"), "--json")
    said = object_of(done)
    assert said["ok"] and set(said["shards"]) == set(NAMES)
    swapped = tmp_path / "swapped"
    shutil.copytree(tmp_path / "evidence", swapped)
    shutil.rmtree(swapped / "collector-2")
    shutil.copytree(swapped / "collector-1", swapped / "collector-2")
    done = calea_lab(demo.state, "verify", "--bundle", str(swapped), "--json")
    assert done.returncode == 4 and SHARDS_FILE in done.stdout


def test_attack_a_collector_that_is_lost_is_named_with_its_records_and_nothing_passes_for_the_whole(
    demo: Demo, tmp_path: Path
) -> None:
    lost = demo.data / "collector-2"
    size = demo.said["ledger"]["collectors"]["collector-2"]["size"]
    lost.rename(tmp_path / "away")
    try:
        done = calea_lab(demo.state, "verify", str(demo.data))
        assert done.returncode == 4 and "THE FLEET IS NOT WHOLE" in done.stdout
        assert f"collector-2 is lost: records 0 to {size - 1}" in done.stdout
        with pytest.raises(NotReadyError, match="collector-2 is not in"):
            sources_of(demo.data)
    finally:
        (tmp_path / "away").rename(lost)
    assert calea_lab(demo.state, "verify", str(demo.data)).returncode == 0


def test_a_capture_is_replayed_over_two_collectors(tmp_path: Path) -> None:
    words = ("replay", str(SIPP), "--target", "+12125550101", "--shards", "2", "--data", str(tmp_path / "var"))
    said = object_of(calea_lab(tmp_path, *words, "--json"))
    assert said["ok"] and set(said["ledger"]["collectors"]) == set(NAMES)
