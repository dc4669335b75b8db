"""The fault proxy of a run: every link goes through it and still ends at the collector."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.config import CollectorConfig
from lab.dialects import USUAL
from lab.faults.client import ask
from lab.faults.config import FaultsConfig
from lab.stack import Plan, Stack
from mediation.config import MediationConfig
from mediation.runtime.config import NotReadyError, load_config


@pytest.mark.parametrize("tls", [False, True])
def test_each_link_leads_to_the_proxy_and_on_to_the_collector(tmp_path: Path, tls: bool) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan(tls=tls, dialects=USUAL, faults=True))
    sender = load_config(run.paths.config("mediation"), MediationConfig)
    between = {one.name: one for one in load_config(run.paths.config("faults"), FaultsConfig).links}
    receiver = {one.name: one for one in load_config(run.paths.config("collector"), CollectorConfig).links}
    peers = {"hi2": sender.hi2.peers[0], "hi3": sender.hi3.peers[0]}
    for dialect, one in sender.laes.items():
        peers |= {f"cdc-{dialect}": one.cdc.peers[0]}
        assert one.ccc is not None and between[f"ccc-{dialect}"].listen.port == one.ccc.peers[0].port
    assert {name: peer.port for name, peer in peers.items()} == {
        name: between[name].listen.port for name in peers
    } and len(between) == 8
    ends = {f"{name}-1" if name.startswith("hi") else name: link.to.port for name, link in between.items()}
    assert ends == {name: link.listen.port for name, link in receiver.items()}
    assert all(one.spec.terminated == (tls and one.transport == "tcp") for one in between.values())


def test_the_word_is_made_once_and_is_its_owner_s(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan(faults=True))
    word = run.paths.faults_word.read_text()
    assert len(word) >= 32 and run.paths.faults_word.stat().st_mode & 0o077 == 0
    run.prepare(Plan(faults=True))
    assert run.paths.faults_word.read_text() == word
    assert word not in "".join(path.read_text() for path in (tmp_path / "var" / "config").iterdir())


def test_a_run_without_a_proxy_says_how_to_have_one(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="up --faults"):
        ask(Stack(tmp_path / "var"), "/faults")
