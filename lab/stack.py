"""One run: its data directory, its configuration files, its processes.

`prepare` writes what the processes need and chooses ports once, so that a process that died comes back on the same
port; `launch` starts them in order; `run.json` is the memory between two commands. The private half of the quarantine
key goes to the court's directory and never to the collector's.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from collector.store.private_files import own_signing_key
from lab import control, dialects, processes, toml
from lab.agency import stack as agency
from lab.agency.stack import Agency
from lab.court import Court
from lab.desk import desk_exists, desk_pins, make_desk
from lab.faults import of_run
from lab.fleet import of_run as fleet
from lab.hi1_client import COURT
from lab.paths import EVERY_RUN, MODULES, PROCESSES, RunPaths
from lab.pins import pin_directory
from lab.processes import Loading, Running
from mediation.runtime.clock import Clock, ClockHand, ClockSpec, LineClock
from mediation.runtime.config import EXPOSED_WORDS, ConfigError, NotReadyError
from mediation.runtime.tls import make_lab_ca

NE_ID = "ne-sim-1"
ADMF_ID = "admf-sim-1"
HOST = "127.0.0.1"
PORT_NAMES = (
    "x1", "carrier-control", "x2", "x3", "mediation-control", "hi2", "hi3", "collector-control", "reconciler-control",
    "desk-control", "admf", "hi1-carrier", "hi1-agency", "witness-control", "console", "console-control",
    "signer-control", "court_office-control",
)  # fmt: skip
RECONCILER_ID = "reconciler-sim-1"
CERTIFICATES = ("mediation", "collector", NE_ID, ADMF_ID, RECONCILER_ID, COURT, "console")
"""Whose certificates the lab's CA issues: of the ends of the handover links and of HI1, one an identity of X1, and the
console's."""
NETWORK_FUNCTIONS = {
    "ims-1": "voice", "upf-1": "data", "smf-1": "data", "amf-1": "data", "smsf-1": "messaging", "mmsc-1": "messaging",
    "web-1": "web",
}  # fmt: skip
SOCKET = "signer.sock"
RUN_FORMAT = 1
DISPOSABLE = "disposable\n"
"""What `.calea-lab` says in a directory that the next demonstration or replay may empty."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What distinguishes one run from another; everything else is the same for all."""

    clock: ClockSpec = field(default_factory=ClockSpec)
    shared_clock: bool = False
    """Whether the clock can be moved while the run goes on (`Stack.hand`)."""
    carrier: Mapping[str, Any] = field(default_factory=dict)
    mediation: Mapping[str, Any] = field(default_factory=dict)
    collector: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    """Of the collector's handover links, ETSI and US alike (`collector.config.PolicyConfig`)."""
    link: Mapping[str, Any] = field(default_factory=dict)
    """More of them (`collector.config.LinkConfig`); a US link has it but for what only ETSI links know."""
    reconcile: bool = False
    """Whether the reconciler runs too."""
    desk: bool = False
    """Whether the desk keeps time in the run; it is made, with its people and places, where there is none."""
    witness: bool = False
    """Whether a witness of the same machine follows the store."""
    console: bool = False
    """Whether the console is served; it works at the desk, which is made where there is none."""
    agency: Agency | None = None
    """The systems around the collector (`lab.agency`), where the run has them; they work with the desk."""
    signer: bool = False
    """Whether a process of its own has the collector's signing key."""
    faults: bool = False
    """Whether the handover links go through the fault proxy (`lab.faults`)."""
    shards: int = 1
    """How many collectors there are; several share one PostgreSQL (`lab.fleet`)."""
    fleet_database: str = ""
    """The URL of a PostgreSQL that is there; blank for a server of the run."""
    console_host: str = ""
    """The address of this machine under which the console is reached from others; loopback alone when blank."""
    disposable: bool = False
    """Whether the next demonstration or replay may empty the directory."""
    tls: bool = False
    dialects: tuple[str, ...] = ()
    """US dialects that orders may be delivered in, beside ETSI (`lab.dialects`)."""
    port_base: int | None = None
    """First of the ports in a row, those of `PORT_NAMES` and one more a dialect; None takes free ones."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """The ports of a run that has ended (`Stack.ports`), to be the same again."""

    @property
    def links(self) -> tuple[str, ...]:
        """Names of the ports where handover links come in."""
        return ("hi2", "hi3", *(dialects.port_name(one) for one in self.dialects))

    @property
    def port_names(self) -> tuple[str, ...]:
        more = (of_run.CONTROL_PORT, *map(of_run.proxied, self.links)) if self.faults else ()
        around = () if self.agency is None else agency.PORT_NAMES
        shards = fleet.ports(self.shards, self.links)
        return (*PORT_NAMES, *(dialects.port_name(one) for one in self.dialects), *more, *around, *shards)

    @property
    def collectors(self) -> tuple[str, ...]:
        return fleet.names(self.shards)

    @property
    def processes(self) -> tuple[str, ...]:
        """In the order in which they start."""
        more = {
            "postgres": self.shards > 1 and not self.fleet_database, "signer": self.signer,
            "reconciler": self.reconcile, "desk": self.desk, "witness": self.witness, "console": self.console,
            "court_office": self.console, "faults": self.faults,
            **dict.fromkeys(agency.PROCESSES, self.agency is not None),
        }  # fmt: skip
        several = ("collector", "witness")
        return tuple(
            one
            for name in PROCESSES
            if more.get(name, True)
            for one in (fleet.names(self.shards, name) if name in several else (name,))
        )


def real_time() -> ClockSpec:
    now_us = time.time_ns() // 1000
    return ClockSpec(now_us, now_us, 1.0)


class Stack:
    def __init__(self, data: Path) -> None:
        self.paths = RunPaths(data)
        self.court = Court(self.paths)
        self._clock = ClockSpec()
        self.hand: ClockHand | None = None
        """Moves the run's clock, where it can be moved."""
        self.ports: Mapping[str, int] = {}
        """By name, once it is prepared."""
        self._planned: tuple[str, ...] = EVERY_RUN
        self._running: dict[str, Running] = {}
        self._reserved: list[socket.socket] = []
        """Keep the run's ports ours while this process lives, so that an ended one finds its own again."""

    @classmethod
    def load(cls, data: Path) -> Stack:
        """The run that `run.json` tells of. Raises `NotReadyError` when there is none."""
        stack = cls(data)
        try:
            value = json.loads(stack.paths.run_file.read_text())
        except FileNotFoundError as error:
            raise NotReadyError(f"No run in {data}: start one with `calea-lab up --data {data}`.") from error
        except ValueError as error:
            raise NotReadyError(f"{stack.paths.run_file} is not readable: remove it and start again.") from error
        stack._clock = ClockSpec(**value["clock"])
        if value.get("shared_clock"):
            stack.hand = ClockHand(stack.paths.clock, stack._clock)
        stack._running = {one["name"]: Running.of_json(one) for one in value["processes"]}
        return stack

    @property
    def running(self) -> Mapping[str, Running]:
        """What was started, whether it lives or not."""
        return self._running

    @property
    def alive(self) -> tuple[str, ...]:
        return tuple(name for name, process in self._running.items() if processes.alive(process))

    @property
    def collectors(self) -> tuple[str, ...]:
        """The names of the run's collectors, those that do not run as well."""
        return fleet.collectors_of(self.paths.data)

    @property
    def clock(self) -> Clock:
        return LineClock(self._clock) if self.hand is None else self.hand.clock

    def prepare(self, plan: Plan) -> None:
        """Write configuration, certificates and keys. Existing keys stay. Raises ConfigError for what several
        collectors cannot have."""
        data = self.paths.data
        only_one = {"--signer": plan.signer, "--faults": plan.faults}
        fleet.check(data, plan.shards, only_one)
        inboxes = [self.paths.inbox(name) for name in ("reconciler", "mediation", *plan.collectors)]
        try:
            for directory in (data, self.paths.court, self.paths.exports, *inboxes, data / "config"):
                directory.mkdir(parents=True, exist_ok=True)
            self.paths.mark_file.write_text(DISPOSABLE if plan.disposable else "kept\n")
        except OSError as error:
            raise NotReadyError(
                f"Cannot write to {data}: {error.strerror}. Give another directory with --data."
            ) from error
        self._clock = plan.clock
        self.hand = ClockHand(self.paths.clock, plan.clock) if plan.shared_clock else None
        self._planned = plan.processes
        # TLS asks the machine what time it is, never the run's clock.
        exposed = {_console_certificate(plan): (plan.console_host,)} if plan.console_host else {}
        around = () if plan.agency is None else agency.CERTIFICATES
        numbered = plan.collectors if plan.shards > 1 else ()
        names = (*CERTIFICATES, *numbered, *around, *exposed)
        make_lab_ca(self.paths.ca, names, time.time_ns() // 1000, hosts=exposed)
        if plan.faults:
            of_run.prepare(self.paths)
        self.court.make_keys()
        if (plan.desk or plan.console or plan.agency is not None) and not desk_exists(data):
            make_desk(data, self.clock.now_us())
        if plan.console or plan.agency is not None:
            # The collector reads its public half before the console begins.
            own_signing_key(self.paths.console_keys, "console")
        _close(self._reserved)
        ports, self._reserved = _ports(plan.port_base, plan.port_names, plan.ports)
        self.ports = ports
        endpoints = {
            process: {"url": f"https://{HOST}:{ports[port]}", "name": process}
            for process, port in (
                ("mediation", "hi1-carrier"),
                *((name, fleet.port_of("hi1-agency", name)) for name in plan.collectors),
            )
        }
        self.paths.hi1_endpoints.write_text(json.dumps(endpoints, indent=2))
        for name, values in _configs(self.paths.data.resolve(), plan, ports).items():
            self.paths.config(name).write_text(f"# SIMULATION. Written by calea-lab.\n{toml.dumps(values)}")

    def launch(self, names: Iterable[str] = (), progress: Callable[[str], None] = lambda _: None) -> None:
        """Start processes (those of the plan, when none is named) and remember them; stops what it started when one of
        them fails. All load at once; each listens and connects in its turn, when those before it are ready."""
        loading: dict[str, Loading] = {}
        try:
            for name in names or self._planned:
                base = fleet.base(name)
                loading[name] = Loading(name, self.paths, MODULES.get(base, base))
            for name in tuple(loading):
                progress(name)
                self._running[name] = loading.pop(name).go()
                self._remember()
        except BaseException:
            for one in loading.values():
                one.drop()
            self.stop()
            raise

    def stop(self) -> dict[str, bool]:
        """End all, who connects before who listens; says for each whether it went by itself."""
        ended = {}
        for name in reversed(fleet.in_order(self._running)):
            ended[name] = processes.stop(self._running.pop(name))
        _close(self._reserved)
        self._reserved = []
        # An error in cleaning up must not hide the one that led here.
        with contextlib.suppress(OSError):
            self.paths.run_file.unlink(missing_ok=True)
        return ended

    def end(self, name: str) -> None:
        """Ask one process to end; `launch` starts it again."""
        processes.stop(self._running[name])

    def kill(self, name: str) -> None:
        """As a power cut would."""
        processes.kill(self._running[name])

    def status(self, name: str) -> dict[str, Any]:
        """The process's `/status`. Raises `ControlError` when it does not answer."""
        return control.get(self._running[name].control_port)

    def post(self, name: str, path: str, body: Mapping[str, Any] | list[Any] | None = None) -> dict[str, Any]:
        return control.post(self._running[name].control_port, path, body)

    def _remember(self) -> None:
        spec = self._clock
        value = {
            "format": RUN_FORMAT,
            "simulation": True,
            "clock": {"anchor_us": spec.anchor_us, "base_us": spec.base_us, "factor": spec.factor},
            "shared_clock": self.hand is not None,
            "processes": [process.as_json() for process in self._running.values()],
        }
        temporary = self.paths.run_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(value, indent=2))
        temporary.replace(self.paths.run_file)


def clear(data: Path) -> None:
    """Empty the data directory of an earlier demonstration or replay, ending what still runs in it.

    Raises `NotReadyError` for any other: what a run that stays has stored is never removed by a command.
    """
    if not data.exists() or not any(data.iterdir()):
        return
    mark = RunPaths(data).mark_file
    if not mark.exists():
        raise NotReadyError(f"{data} holds something that no run of ours made: give an empty directory with --data.")
    if mark.read_text() != DISPOSABLE:
        raise NotReadyError(
            f"{data} holds the orders or records of a run that stays: move it away, or give another directory with "
            "--data."
        )
    if RunPaths(data).run_file.exists() and (living := Stack.load(data).alive):
        raise NotReadyError(
            f"A run is going on in {data} ({', '.join(living)}): wait for its end, end it with "
            f"`calea-lab down --data {data}`, or give another directory."
        )
    from lab.postgres import lasting_directory  # as in `_configs`

    stores = [pin_directory(data / name / "store") for name in fleet.collectors_of(data)]
    for outside in (*stores, desk_pins(data), lasting_directory(data / fleet.POSTGRES / "server")):
        shutil.rmtree(outside, ignore_errors=True)
    shutil.rmtree(data)


def _ports(
    base: int | None, names: tuple[str, ...] = PORT_NAMES, known: Mapping[str, int] = MappingProxyType({})
) -> tuple[dict[str, int], list[socket.socket]]:
    """A port for each listener, free ones or all in a row, and the sockets that keep them ours: bound, never listening.
    For call data in a US dialect, the UDP port of the same number is free as well; it is not kept.

    Nobody else is given a port that is bound, and who listens with SO_REUSEADDR, as our processes do, may share it with
    a socket that has it too and does not listen. Raises `NotReadyError` when one of them is busy.
    """
    if base is not None and not 1024 <= base <= 65535 - len(names):
        raise ConfigError(f"--port-base {base} leaves no room: choose one from 1024 to {65535 - len(names)}.")
    held: list[socket.socket] = []
    try:
        for index, name in enumerate(names):
            one = socket.socket()
            held.append(one)
            port = known.get(name, 0 if base is None else base + index)
            if port:
                # What an earlier run left in TIME_WAIT does not matter.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((HOST, port))
                if "cdc-" in name:
                    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
                        datagrams.bind(one.getsockname())
            except OSError as error:
                raise NotReadyError(
                    f"Cannot listen on {HOST}:{port}: {error.strerror}. Stop what uses it or give another --port-base."
                ) from error
            # Only now: with it, a search for a free port may come upon one that is bound and shared.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except BaseException:
        _close(held)
        raise
    return {name: one.getsockname()[1] for name, one in zip(names, held, strict=True)}, held


def _close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


def _console_certificate(plan: Plan) -> str:
    """A host's own: the one for loopback stays as it is."""
    return f"console-{plan.console_host}" if plan.console_host else "console"


def _exposed(host: str) -> dict[str, str]:
    """What a listener says that is reached from other machines, in words."""
    return {"host": host, "exposed": EXPOSED_WORDS} if host else {}


def _configs(data: Path, plan: Plan, ports: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    clock: dict[str, Any] = {
        "anchor_us": plan.clock.anchor_us, "base_us": plan.clock.base_us, "factor": plan.clock.factor,
    }  # fmt: skip
    if plan.shared_clock:
        clock = {"shared": RunPaths(data).clock}
    court_key = data / "court" / "court.pub"

    def listen(name: str) -> dict[str, Any]:
        return {"host": HOST, "port": ports[name]}

    def tls(name: str) -> dict[str, Any]:
        ca = data / "ca"
        return {"tls": {"certificate": ca / f"{name}.pem", "key": ca / f"{name}.key", "ca": ca / "ca.pem"}}

    def handover(name: str, owner: str) -> dict[str, Any]:
        return listen(name) | (tls(owner) if plan.tls else {})

    # Where the mediation function finds the far end of a handover link.
    onward = {name: ports[of_run.proxied(name) if plan.faults else name] for name in plan.links}

    first, collectors = plan.collectors[0], plan.collectors
    url = fleet.database_url(plan.fleet_database, HOST, ports.get("postgres", 0))

    def peer(name: str, owner: str | None) -> dict[str, Any]:
        """Content goes without an owner: nobody shows a certificate for it."""
        one = (listen(name) if owner is None else handover(name, owner)) | {"port": onward[name]}
        if plan.shards == 1:
            return one
        peers = [one | {"port": ports[fleet.port_of(name, collector)]} for collector in collectors]
        return {"peers": fleet.rotated(peers, plan.links.index(name))}

    def collector(name: str) -> dict[str, Any]:
        def at(port: str) -> str:
            return fleet.port_of(port, name)

        links = [
            {
                "name": f"{interface}-1",
                "interface": interface.upper(),
                "dialect": "etsi",
                "listen": handover(at(interface), name),
                **({"policy": dict(plan.policy)} if plan.policy else {}),
                **plan.link,
            }
            for interface in ("hi2", "hi3")
        ]
        mine = {port: ports[at(port)] for port in plan.links}
        links += dialects.collector_links(
            plan.dialects, mine, HOST, lambda port: handover(at(port), name), plan.policy, plan.link
        )
        return {
            "data_dir": data / name,
            "clock": clock,
            "court_public_key": court_key,
            "hi1_inbox": data / name / "hi1-inbox",
            "hi1": {"listen": listen(at("hi1-agency")) | tls(name)},
            "quarantine_public_key": data / "court" / "quarantine.pub",
            "pin_directory": pin_directory(data / name / "store"),
            "links": links + ([] if around is None or name != first else around.links(tls(name))),
            "control": listen(at("collector-control")),
            **({"command_public_key": RunPaths(data).console_keys / "signing.pub"} if commands else {}),
            **({"signer": RunPaths(data).signer / SOCKET} if plan.signer else {}),
            **({"fleet": {"database_url": url, "shard": name}} if plan.shards > 1 else {}),
            **plan.collector,
        }

    def witness(name: str, of: str) -> dict[str, Any]:
        return {
            "data_dir": data / name,
            "clock": clock,
            "keys": data / of / "keys",
            "feed": {"store": data / of / "store", "pin_directory": pin_directory(data / of / "store")},
            "control": listen(fleet.port_of("witness-control", name)),
        }

    inboxes = {
        "hi1_inbox": data / first / "hi1-inbox",
        **({"more_inboxes": [data / name / "hi1-inbox" for name in collectors[1:]]} if plan.shards > 1 else {}),
    }

    def place(name: str) -> dict[str, Any]:
        """Where the console finds a collector."""
        return {
            "data_dir": data / name,
            "pin_directory": pin_directory(data / name / "store"),
            "control": {"host": HOST, "port": ports[fleet.port_of("collector-control", name)]},
        }

    def ledgers(name: str) -> dict[str, Any]:
        """What of a collector is watched."""
        directory = data / name
        return {
            "store": directory / "store",
            "audit": directory / "audit",
            "public_key": directory / "keys" / "signing.pub",
        }

    around = None if plan.agency is None else agency.Around(data, plan.agency, ports, HOST, clock, collectors)
    commands = plan.console or plan.agency is not None
    return {
        **({"faults": of_run.config(data, plan.dialects, ports, tls if plan.tls else None)} if plan.faults else {}),
        "carrier_sim": {
            "data_dir": data / "carrier_sim",
            "clock": clock,
            "x1_listen": listen("x1") | tls(NE_ID),
            "admf_url": f"https://{HOST}:{ports['admf']}/X1/ADMF",
            "control": listen("carrier-control"),
            "ne_id": NE_ID,
            "admf_id": ADMF_ID,
            "x1_readers": [RECONCILER_ID],
            **plan.carrier,
        },
        "mediation": {
            "data_dir": data / "mediation",
            "clock": clock,
            "court_public_key": court_key,
            "hi1_inbox": data / "mediation" / "hi1-inbox",
            "hi1": {"listen": listen("hi1-carrier") | tls("mediation")},
            "x1_url": f"https://{HOST}:{ports['x1']}/X1/NE",
            "x1_tls": tls(ADMF_ID)["tls"],
            "admf_listen": listen("admf") | tls(ADMF_ID),
            "ne_id": NE_ID,
            "admf_id": ADMF_ID,
            "x2_listen": listen("x2"),
            "x3_listen": listen("x3"),
            "hi2": peer("hi2", "mediation"),
            "hi3": peer("hi3", "mediation"),
            "control": listen("mediation-control"),
            "operator_id": "SIMOP",
            "network_element_id": "simmf-1",
            "authorization_country": "US",
            "delivery_country": "US",
            "network_functions": NETWORK_FUNCTIONS,
            "laes": dialects.mediation_links(
                plan.dialects, lambda name: peer(name, "mediation"), lambda name: peer(name, None), plan.clock.factor
            ),
            **plan.mediation,
        },
        **{name: collector(name) for name in collectors},
        "signer": {
            "data_dir": RunPaths(data).signer,
            "socket": RunPaths(data).signer / SOCKET,
            "control": listen("signer-control"),
        },
        "reconciler": {
            "data_dir": data / "reconciler",
            "clock": clock,
            "court_public_key": court_key,
            "hi1_inbox": data / "reconciler" / "hi1-inbox",
            "elements": [
                {"url": f"https://{HOST}:{ports['x1']}/X1/NE", "ne_id": NE_ID, "admf_id": RECONCILER_ID}
                | tls(RECONCILER_ID),
            ],
            **(
                {"collector": ledgers(first)}
                if plan.shards == 1
                else {"fleet": {name: ledgers(name) for name in collectors}}
            ),
            "control": listen("reconciler-control"),
        },
        "desk": {
            "data_dir": data / "desk",
            "clock": clock,
            "court_public_key": court_key,
            **inboxes,
            "pin_directory": desk_pins(data),
            # Who moves a clock in jumps does not wait a second for what they bring.
            "poll_s": 0.1 if plan.shared_clock else 1.0,
            "control": listen("desk-control"),
        },
        **{name: witness(name, of) for name, of in zip(fleet.names(plan.shards, "witness"), collectors, strict=True)},
        "court_office": {
            "data_dir": data / "court_office",
            "run": data,
            "clock": clock,
            "control": listen("court_office-control"),
            "command_public_key": RunPaths(data).console_keys / "signing.pub",
        },
        "console": {
            "data_dir": data / "console",
            "clock": clock,
            "listen": listen("console") | tls(_console_certificate(plan)) | _exposed(plan.console_host),
            "names": [plan.console_host] if plan.console_host else [],
            "control": listen("console-control"),
            "lab_ca": data / "ca" / "ca.pem",
            **({"faults": of_run.console_place(data, ports)} if plan.faults else {}),
            "sealed_dir": data / "sealed",
            "handed_off_dir": data / "handed-off",
            "court": {"host": HOST, "port": ports["court_office-control"]},
            "court_public_key": court_key,
            **inboxes,
            "desk": {"data_dir": data / "desk", "pin_directory": desk_pins(data)},
            **(
                {"collector": place(first)}
                if plan.shards == 1
                else {"fleet": {"database_url": url, "shards": {name: place(name) for name in collectors}}}
            ),
            "watched": {
                name: {"host": HOST, "port": ports[_control_port(name)]}
                for name, there in (
                    ("carrier_sim", True),
                    ("mediation", True),
                    *((name, True) for name in collectors),
                    ("postgres", plan.shards > 1 and not plan.fleet_database),
                    ("reconciler", plan.reconcile),
                    ("desk", plan.desk),
                    *((name, plan.witness) for name in fleet.names(plan.shards, "witness")),
                    ("signer", plan.signer),
                    ("faults", plan.faults),
                    ("court_office", True),
                )
                if there
            },
        },
        **({} if around is None else around.configs()),
        **({"postgres": _postgres(data, plan, ports)} if "postgres" in plan.processes else {}),
    }


def _postgres(data: Path, plan: Plan, ports: Mapping[str, int]) -> dict[str, Any]:
    from lab.postgres import lasting_directory  # as in `_configs`

    return {
        "data_dir": data / fleet.POSTGRES,
        "directory": lasting_directory(data / fleet.POSTGRES / "server"),
        "listen": {"host": HOST, "port": ports["postgres"]},
        "connections": fleet.CONNECTIONS_EACH * (plan.shards + 1),
        "control": {"host": HOST, "port": ports["postgres-control"]},
    }


def _control_port(name: str) -> str:
    return fleet.port_of("carrier-control" if name == "carrier_sim" else f"{fleet.base(name)}-control", name)
