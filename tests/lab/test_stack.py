"""The parts under a run: TOML, ports, processes that start, fail to start and end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lab import dialects, nursery, processes, stack, toml
from lab.desk import CAST, desk_pins, entries_of, open_desk
from lab.paths import RunPaths
from lab.processes import Running
from lab.stack import Plan, Stack, clear
from mediation.law.access_facts import DeviceClass
from mediation.runtime.config import ConfigError, NotReadyError


@pytest.fixture(autouse=True)
def started_as_a_person_s_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(nursery.WANTED)


def test_toml_reads_back() -> None:
    values = {
        "text": 'quote " and \\ and ü and \x7f and \n',
        "number": -3,
        "ratio": 2.5,
        "yes": True,
        "list": ["a", "b"],
        "none": [],
        "table": {"inner": {"deep": 1}, "hyphen-key": "x", "odd key": 2},
        "items": [{"kind": "call", "more": {"a": 1}}, {"kind": "sms"}],
    }
    assert tomllib.loads(toml.dumps({**values, "absent": None})) == values


def test_free_ports_are_different_and_a_busy_port_is_said() -> None:
    ports, held = stack._ports(None)
    assert len(set(ports.values())) == len(held) == len(stack.PORT_NAMES)
    stack._close(held)
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(NotReadyError, match=f"127.0.0.1:{port}"):
            stack._ports(port)


def test_a_reserved_port_is_nobody_else_s_and_our_processes_may_listen_on_it() -> None:
    ports, held = stack._ports(None)
    others = [stack._ports(None) for _ in range(20)]
    taken = {port for more, _ in others for port in more.values()}
    assert not taken & set(ports.values()) and len(taken) == 20 * len(stack.PORT_NAMES)
    with socket.socket() as plain, pytest.raises(OSError, match="in use"):
        plain.bind(("127.0.0.1", ports["x1"]))
    with socket.socket() as listener, socket.socket() as caller:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", ports["x1"]))
        listener.listen()
        caller.connect(("127.0.0.1", ports["x1"]))
    for _, more in [(ports, held), *others]:
        stack._close(more)


def test_a_port_base_without_room_is_a_usage_error() -> None:
    with pytest.raises(ConfigError, match="leaves no room"):
        stack._ports(65_534)


def test_prepare_writes_three_configurations_that_their_models_take(tmp_path: Path) -> None:
    from carrier_sim.config import CarrierConfig
    from collector.config import CollectorConfig
    from mediation.config import MediationConfig
    from mediation.runtime.config import load_config

    run = Stack(tmp_path / "var")
    run.prepare(Plan(tls=True))
    models = {"carrier_sim": CarrierConfig, "mediation": MediationConfig, "collector": CollectorConfig}
    loaded = {name: load_config(run.paths.config(name), model) for name, model in models.items()}
    assert loaded["mediation"].hi2.peers[0].port == loaded["collector"].links[0].listen.port
    assert loaded["mediation"].hi3.peers[0].port == loaded["collector"].links[1].listen.port
    assert loaded["mediation"].hi2.peers[0].tls is not None


def test_both_ends_of_every_us_dialect_fit_together(tmp_path: Path) -> None:
    from collector.config import CollectorConfig
    from mediation.config import MediationConfig
    from mediation.runtime.config import load_config

    run = Stack(tmp_path / "var")
    run.prepare(Plan(tls=True, dialects=tuple(dialects.FORMS)))
    sender = load_config(run.paths.config("mediation"), MediationConfig).laes
    links = {one.name: one for one in load_config(run.paths.config("collector"), CollectorConfig).links}
    assert set(sender) == {"t1678", "pcesp", "ias", "jstd025"} and len(links) == 10
    for dialect, one in sender.items():
        cdc, ccc = links[f"cdc-{dialect}"], links[f"ccc-{dialect}"]
        assert one.ccc is not None and one.cdc.peers[0].tls is not None and cdc.listen.tls is not None
        assert (cdc.dialect, cdc.listen.port, cdc.group) == (dialect, one.cdc.peers[0].port, ccc.group)
        assert (str(ccc.ccc), ccc.listen.port, ccc.transport) == (one.ccc.form, one.ccc.peers[0].port, "udp")
        assert one.takes(dialects.liid_for(dialect, None, "O-1"))
        assert one.resend_octets <= cdc.resend.octets and one.resend_s <= cdc.resend.seconds


def test_what_a_run_says_of_its_links_holds_on_us_links_too(tmp_path: Path) -> None:
    from collector.config import CollectorConfig
    from mediation.runtime.config import load_config

    run = Stack(tmp_path / "var")
    more = {"guard": {"mismatches": 5}, "max_record_octets": 8192, "time2_s": 3.0}
    run.prepare(Plan(dialects=("t1678",), link=more, policy={"late_us": 7}))
    links = load_config(run.paths.config("collector"), CollectorConfig).links
    assert {one.name for one in links} == {"hi2-1", "hi3-1", "cdc-t1678", "ccc-t1678"}
    for one in links:
        assert one.guard is not None and one.guard.mismatches == 5
        assert (one.max_record_octets, one.policy.late_us) == (8192, 7)
        assert one.time2_s == (3.0 if one.dialect == "etsi" else 30.0), "what only ETSI links know stays there"


@pytest.mark.parametrize(("dialect", "liid"), [("morse", None), ("t1678", "LAB-1"), ("ias", "PCESP-1")])
def test_a_liid_that_would_be_delivered_otherwise_is_refused_in_words(dialect: str, liid: str | None) -> None:
    with pytest.raises(ConfigError, match=dialect):
        dialects.liid_for(dialect, liid, "O-1")


def test_the_quarantine_key_is_not_with_the_collector(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    assert run.court.quarantine_key_path.exists()
    assert not list((tmp_path / "var" / "collector").rglob("quarantine.key"))


def test_only_our_own_directory_is_emptied(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(NotReadyError, match="no run of ours"):
        clear(tmp_path)
    assert (tmp_path / "letters.txt").exists()
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    with pytest.raises(NotReadyError, match="a run that stays"):
        clear(tmp_path / "var")
    run.prepare(Plan(disposable=True))
    clear(tmp_path / "var")
    assert not (tmp_path / "var").exists()
    clear(tmp_path / "var")


def test_a_stale_run_file_never_ends_a_stranger(tmp_path: Path) -> None:
    """Its number is alive, but the process is another one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        ticks = processes._started_ticks(stranger.pid)
        assert ticks is not None
        for wrong in (
            Running("mediation", stranger.pid, ticks + 1, "/x.toml", {}),
            Running("mediation", stranger.pid, ticks, "/x.toml", {}),
        ):
            assert not processes.alive(wrong)
            processes.stop(wrong, 0.1)
            processes.kill(wrong)
        assert stranger.poll() is None
        stranger.kill()
    assert not processes.alive(Running("mediation", 2**22 + 1, 1, "/x.toml", {}))
    assert processes._started_ticks(os.getpid()) is not None


@pytest.mark.parametrize(
    ("text", "error"), [("data_dir = [", ConfigError), ('data_dir = "x"\nbogus = 1\n', ConfigError)]
)
def test_a_broken_configuration_is_the_process_s_own_sentence(
    tmp_path: Path, text: str, error: type[Exception]
) -> None:
    paths = RunPaths(tmp_path)
    paths.config("carrier_sim").parent.mkdir()
    paths.config("carrier_sim").write_text(text)
    with pytest.raises(error, match=r"carrier_sim did not start: .*carrier_sim\.toml"):
        processes.start("carrier_sim", paths)


def test_a_busy_port_is_not_ready(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    config = run.paths.config("carrier_sim")
    port = tomllib.loads(config.read_text())["x1_listen"]["port"]
    with socket.socket() as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        busy.bind(("127.0.0.1", port))
        busy.listen()
        with pytest.raises(NotReadyError, match="Cannot listen"):
            run.launch(["carrier_sim"])
    assert not run.paths.run_file.exists()


class _Told:
    """A process that only tells what is asked of it."""

    def __init__(self, told: list[str], refuses: str, name: str) -> None:
        self._told, self._refuses, self._name = told, refuses, name
        told.append(f"{name} loads")

    def go(self) -> Running:
        self._told.append(f"{self._name} goes")
        if self._name == self._refuses:
            raise NotReadyError("no")
        return Running(self._name, 2**22 + 1, 1, "/x.toml", {})

    def drop(self) -> None:
        self._told.append(f"{self._name} dropped")


@pytest.mark.parametrize("refuses", ["", "carrier_sim"])
def test_all_load_at_once_and_go_in_their_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: str) -> None:
    told: list[str] = []
    monkeypatch.setattr(stack, "Loading", lambda name, *_: _Told(told, refuses, name))
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    names = ["collector", "carrier_sim", "mediation"]
    loads, goes = [f"{name} loads" for name in names], [f"{name} goes" for name in names]
    if not refuses:
        run.launch()
        assert told == loads + goes and list(run.running) == names
    else:
        with pytest.raises(NotReadyError):
            run.launch()
        assert told == [*loads, *goes[:2], "mediation dropped"] and not run.running


def test_who_is_dropped_while_it_loads_leaves_nothing(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    loading = processes.Loading("carrier_sim", run.paths)
    loading.drop()
    assert loading._child.poll() == -signal.SIGKILL
    assert not run.paths.log("carrier_sim").exists() and not run.paths.ready("carrier_sim").exists()


def test_one_process_starts_answers_and_ends(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan())
    run.launch(["carrier_sim"])
    try:
        assert Stack.load(tmp_path / "var").alive == ("carrier_sim",)
        assert run.status("carrier_sim")["state"] == "hold"
        assert json.loads(run.paths.ready("carrier_sim").read_text())["pid"] == run.running["carrier_sim"].pid
    finally:
        assert run.stop() == {"carrier_sim": True}
    assert not run.paths.ready("carrier_sim").exists()
    with pytest.raises(NotReadyError, match="calea-lab up"):
        Stack.load(tmp_path / "var")


def test_a_run_with_a_desk_makes_it_and_it_answers(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan(desk=True))
    run.launch(["desk"])
    try:
        assert Stack.load(tmp_path / "var").alive == ("desk",)
        status = run.status("desk")
        assert status["users"] == len(CAST) and status["simulation"] is True
        with open_desk(tmp_path / "var") as desk:
            desk.enter("rivera", "F2", DeviceClass.CALEA_STATION, run.clock.now_us())
    finally:
        assert run.stop() == {"desk": True}
    before = entries_of(tmp_path / "var")[1]
    run.prepare(Plan(desk=True))
    assert entries_of(tmp_path / "var")[1] == before, "a desk is never begun again"


def test_the_next_demonstration_takes_the_desks_pin_with_the_desk(tmp_path: Path) -> None:
    run = Stack(tmp_path / "var")
    run.prepare(Plan(desk=True, disposable=True))
    assert list(desk_pins(tmp_path / "var").iterdir())
    clear(tmp_path / "var")
    assert not desk_pins(tmp_path / "var").exists()
