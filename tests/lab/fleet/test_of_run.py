"""A run of several collectors: names, ports, configurations that fit together, what is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.config import CollectorConfig
from collector.console.config import ConsoleConfig
from collector.desk.config import DeskConfig
from collector.reconcile.config import ReconcileConfig
from collector.witness.config import WitnessConfig
from lab.agency.records.config import RecordsConfig
from lab.agency.stack import LINK, Agency
from lab.court import Court
from lab.fleet import of_run
from lab.fleet.config import PostgresConfig
from lab.fleet.merged import merged
from lab.paths import RunPaths
from lab.stack import Plan, Stack
from mediation.config import MediationConfig
from mediation.runtime.config import ConfigError, load_config
from tests.lab.test_court import FIELDS

SHARDS = 3


@pytest.fixture
def fleet(tmp_path: Path) -> Stack:
    run = Stack(tmp_path / "var")
    run.prepare(Plan(tls=True, shards=SHARDS, dialects=("t1678",), console=True, desk=True, witness=True))
    return run


def test_one_collector_has_no_number_and_those_of_a_fleet_have() -> None:
    assert of_run.names(1) == ("collector",)
    assert of_run.names(2) == ("collector-1", "collector-2")
    assert [of_run.base(one) for one in ("collector-12", "witness-1", "collector", "collector-0", "console-1")] == [
        "collector", "witness", "collector", "collector-0", "console-1",
    ]  # fmt: skip
    assert of_run.in_order(["console", "collector-10", "collector-2", "postgres"]) == (
        "postgres", "collector-2", "collector-10", "console",
    )  # fmt: skip
    assert [of_run.port_of("hi2", one) for one in ("collector", "collector-1", "collector-2")] == [
        "hi2",
        "hi2",
        "hi2-2",
    ]


def test_every_process_of_a_fleet_has_a_configuration_that_its_model_takes(fleet: Stack) -> None:
    paths = fleet.paths
    collectors = [load_config(paths.config(name), CollectorConfig) for name in of_run.names(SHARDS)]
    database = load_config(paths.config("postgres"), PostgresConfig)
    shared = [one.fleet for one in collectors if one.fleet is not None]
    assert [one.shard for one in shared] == ["collector-1", "collector-2", "collector-3"]
    assert {one.database_url for one in shared} == {f"postgresql://calea@127.0.0.1:{database.listen.port}/fleet"}
    for what in ("data_dir", "inbox", "pin_directory", "database_url"):
        assert len({getattr(one, what) for one in collectors}) == SHARDS, what
    witnesses = [load_config(paths.config(name), WitnessConfig) for name in of_run.names(SHARDS, "witness")]
    assert [one.keys.parent.name for one in witnesses] == ["collector-1", "collector-2", "collector-3"]
    console = load_config(paths.config("console"), ConsoleConfig)
    assert console.collector is None and console.fleet is not None
    assert list(console.fleet.shards) == list(of_run.names(SHARDS)) and len(console.more_inboxes) == SHARDS - 1
    assert {"collector-1", "collector-2", "collector-3", "postgres", "witness-3"} <= set(console.watched)
    assert fleet.collectors == of_run.names(SHARDS) and of_run.is_fleet(paths.data)


def test_each_link_of_the_carrier_knows_every_collector_and_begins_at_another(fleet: Stack) -> None:
    sender = load_config(fleet.paths.config("mediation"), MediationConfig)
    links = [
        {link.name: link.listen for link in load_config(fleet.paths.config(name), CollectorConfig).links}
        for name in of_run.names(SHARDS)
    ]
    ends = {"hi2-1": sender.hi2.peers, "hi3-1": sender.hi3.peers, "cdc-t1678": sender.laes["t1678"].cdc.peers}
    for name, peers in ends.items():
        assert sorted(peer.port for peer in peers) == sorted(one[name].port for one in links)
        assert all(peer.tls is not None for peer in peers)
    firsts = [peers[0].port for peers in ends.values()]
    assert firsts == [links[at][name].port for at, name in enumerate(ends)]
    content = sender.laes["t1678"].ccc
    assert content is not None
    assert [peer.port for peer in content.peers] == [peer.port for peer in ends["cdc-t1678"]]
    assert {peer.tls for peer in content.peers} == {None}


def test_a_court_document_reaches_every_collector(fleet: Stack) -> None:
    court = Court(fleet.paths)
    order = court.issue(FIELDS)
    for name in of_run.names(SHARDS):
        assert (fleet.paths.inbox(name) / f"{order.order_id}.v1.json").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"shards": 0}, "1 to 64"),
        ({"shards": 65}, "1 to 64"),
        ({"shards": 2, "signer": True}, "--signer works with one collector"),
        ({"shards": 2, "faults": True}, "--faults works with one collector"),
    ],
)
def test_what_a_fleet_cannot_have_is_refused_in_words(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Stack(tmp_path / "var").prepare(Plan(**more))


def test_a_fleet_is_reconciled_and_has_the_systems_around_at_its_first_collector(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan(shards=2, reconcile=True, agency=Agency(), desk=True))
    watched = load_config(run.paths.config("reconciler"), ReconcileConfig)
    assert watched.collector is None and list(watched.fleet) == list(of_run.names(2))
    links = {
        name: {link.name for link in load_config(run.paths.config(name), CollectorConfig).links}
        for name in of_run.names(2)
    }
    assert LINK in links["collector-1"] and LINK not in links["collector-2"]
    records = load_config(run.paths.config("records"), RecordsConfig)
    assert [path.parts[-3] for path in records.collector_keys] == list(of_run.names(2))
    desk = load_config(run.paths.config("desk"), DeskConfig)
    assert [path.parts[-2] for path in (desk.hi1_inbox, *desk.more_inboxes)] == list(of_run.names(2))


def test_a_run_keeps_the_number_of_its_collectors(tmp_path: Path, fleet: Stack) -> None:
    with pytest.raises(ConfigError, match="fleet of 3 collectors"):
        Stack(fleet.paths.data).prepare(Plan(shards=4))
    with pytest.raises(ConfigError, match="fleet of 3 collectors"):
        Stack(fleet.paths.data).prepare(Plan())
    alone = tmp_path / "alone"
    (alone / "collector" / "store").mkdir(parents=True)
    with pytest.raises(ConfigError, match="collector alone"):
        Stack(alone).prepare(Plan(shards=2))


def test_a_fleet_that_shares_a_server_of_somebody_else_s_has_none_of_its_own(tmp_path: Path) -> None:
    url = "postgresql://lab@127.0.0.1:5433/calea"
    run = Stack(tmp_path / "var")
    run.prepare(Plan(shards=2, fleet_database=url))
    assert "postgres" not in Plan(shards=2, fleet_database=url).processes
    one = load_config(run.paths.config("collector-2"), CollectorConfig)
    assert one.fleet is not None and one.fleet.database_url == url


def test_what_the_collectors_say_is_summed_and_one_that_is_silent_makes_no_sum() -> None:
    def said(order: str, delivered: int, pending: int) -> dict[str, Any]:
        row = {"order": order, "delivered": delivered, "reasons": {"OK": delivered}, "state": "ACTIVE"}
        return {"orders": [row], "unknown": {"delivered": 1}, "pending_records": pending}

    both = merged([said("A", 3, 1), said("A", 4, 2), said("B", 5, 0)])
    assert both["orders"] == [
        {"order": "A", "delivered": 7, "reasons": {"OK": 7}, "state": "ACTIVE"},
        {"order": "B", "delivered": 5, "reasons": {"OK": 5}, "state": "ACTIVE"},
    ]
    assert both["unknown"] == {"delivered": 3} and both["pending_records"] == 3
    assert merged([said("A", 3, 1), {}]) == {} == merged([])
    assert merged([said("A", 3, 1)]) == said("A", 3, 1)


def test_the_paths_of_a_run_name_whoever_is_asked_for(tmp_path: Path) -> None:
    assert RunPaths(tmp_path).ready("collector-2") == tmp_path / "collector-2" / "ready.json"
    assert of_run.collectors_of(tmp_path) == ("collector",)
