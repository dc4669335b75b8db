"""A fleet under test: some collectors, one PostgreSQL, orders for whoever sends; and the check of what it stored.

Each collector is a process with a directory of its own, on a port that stays its own when it is started again. What
they stored is read from their segments when none of them runs: over all of them, each record that was sent is there
once, octet for octet, voided records apart, and every ledger verifies.
"""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.errors import LabError
from collector.accounts import Totals
from collector.fleet.view import lost_of, read_catalogue
from collector.rows import FORM_NOTICE, FORM_SYNTHETIC
from collector.store.epochs import read_trust
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from lab import control, processes, toml
from lab.bench.records import TARGET, liid_of
from lab.fleet.of_run import names
from lab.ordeal.senders import digest_of
from lab.papers import lab_papers
from lab.paths import RunPaths
from lab.processes import Running
from mediation.law.documents import make_document, order_from_fields
from mediation.runtime.config import EXPOSED_WORDS, NotReadyError, Peer

LINK: Final = "hi"
HOST: Final = "127.0.0.1"
_HOUR_US: Final = 3_600_000_000
CAPACITY_OCTETS: Final = 2 << 30
SEGMENT_OCTETS: Final = 64 << 20
START_S: Final = 90.0
LISTED: Final = 10


There = Callable[[str, Callable[[], None]], None]


class Fleet:
    """`shards` collectors in `root`, which is empty, over the database at `url`; one alone without a fleet where there
    is no url."""

    def __init__(
        self,
        root: Path,
        shards: int,
        url: str | None,
        liids: int,
        hosts: Sequence[str] = (),
        there: There | None = None,
    ) -> None:
        """`hosts`: the addresses under which they are reached, where they are no processes of this machine; `there`
        does something where one of them lives."""
        self.paths = RunPaths(root)
        self.names = names(shards) if url is not None else ("collector",)
        self.url = url
        self._there = there or (lambda _, work: work())
        self._hosts = dict(zip(self.names, hosts or [HOST] * len(self.names), strict=True))
        self._running: dict[str, Running] = {}
        self._kept = [_bound() for _ in range(2 * len(self.names))]
        ports = [one.getsockname()[1] for one in self._kept]
        self._ports = dict(zip(self.names, zip(ports[::2], ports[1::2], strict=True), strict=True))
        self._prepare(liids)

    @property
    def peers(self) -> list[Peer]:
        return [Peer(host=self._hosts[name], port=listen) for name, (listen, _) in self._ports.items()]

    def start(self, name: str) -> None:
        """Raises LabError when it does not come up."""
        self._there(name, lambda: self._start(name, START_S))

    def _start(self, name: str, within_s: float) -> None:
        self._running[name] = processes.start(name, self.paths, "collector", within_s)

    def start_and_kill(self, name: str, after_s: float) -> None:
        """Kill it so long after it was started, whether it has got ready by then or not."""
        began_s = time.monotonic()
        # Who is not ready in time is killed by who waits for it.
        with contextlib.suppress(NotReadyError):
            self._start(name, after_s)
            time.sleep(max(after_s - (time.monotonic() - began_s), 0.0))
            self.kill(name)

    def kill(self, name: str) -> None:
        """As a power cut of the machine would end it; the disk keeps what it was given."""
        processes.kill(self._running.pop(name))

    def stop(self) -> bool:
        """All of them, in order; False when one had to be killed."""
        ended = [processes.stop(self._running.pop(name)) for name in tuple(self._running)]
        for one in self._kept:
            one.close()
        return all(ended)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def control_port(self, name: str) -> int:
        return self._running[name].control_port

    def alive(self, name: str) -> bool:
        return name in self._running and processes.alive(self._running[name])

    def status(self, name: str) -> dict[str, Any]:
        """Raises ControlError."""
        return control.get(self._running[name].control_port)

    def _prepare(self, liids: int) -> None:
        root = self.paths.data
        (root / "config").mkdir(parents=True)
        court, quarantine = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        for key, name in ((court, "court"), (quarantine, "quarantine")):
            (root / f"{name}.pub").write_bytes(
                key.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
        now_us = time.time_ns() // 1000
        documents = []
        for number in range(liids):
            order = order_from_fields(
                {
                    "order_id": f"ORDEAL-{number}", "liid": liid_of(number).decode(), "kind": "EAVESDROPPING",
                    "targets": [TARGET], "services": ["VOICE"], "start": now_us - _HOUR_US, "days": 10,
                }
            )  # fmt: skip
            documents.append(make_document(order, court, papers=lab_papers(order)))
        for name in self.names:
            inbox = self.paths.inbox(name)
            inbox.mkdir(parents=True)
            for number, octets in enumerate(documents):
                (inbox / f"{number:06d}.v1.json").write_bytes(octets)
            text = toml.dumps(self._config(name))
            self.paths.config(name).write_text(f"# SIMULATION. An ordeal.\n{text}")

    def _config(self, name: str) -> dict[str, Any]:
        root = self.paths.data.resolve()
        port, controlled = self._ports[name]
        listen: dict[str, Any] = {"host": self._hosts[name], "port": port}
        if self._hosts[name] != HOST:
            listen["exposed"] = EXPOSED_WORDS
        return {
            "data_dir": root / name,
            "court_public_key": root / "court.pub",
            "quarantine_public_key": root / "quarantine.pub",
            "pin_directory": root / "pins" / name,
            "control": {"port": controlled},
            "links": [
                {
                    "name": LINK, "interface": "both", "dialect": "etsi", "policy": {"late_us": _HOUR_US},
                    "listen": listen,
                }
            ],
            "store": {"capacity_octets": CAPACITY_OCTETS, "segment_octets": SEGMENT_OCTETS},
            **({} if self.url is None else {"fleet": {"database_url": self.url, "shard": name}}),
        }  # fmt: skip


def _bound() -> socket.socket:
    """Keeps a port for processes that listen with SO_REUSEADDR; it never listens itself."""
    one = socket.socket()
    one.bind((HOST, 0))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return one


@dataclass(slots=True)
class Found:
    """What a fleet stored. `lost`: sent, acknowledged and not there; `doubled`: there more than once; `strange`: there
    and never sent; `voided`: stored by one shard, and another's to have."""

    stored: int = 0
    voided: int = 0
    lost: int = 0
    doubled: int = 0
    strange: int = 0
    each: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.strange or self.wrong)

    def as_json(self) -> dict[str, Any]:
        return {
            "stored": self.stored, "voided": self.voided, "lost": self.lost, "doubled": self.doubled,
            "strange": self.strange, "stored_by_shard": self.each, "wrong": self.wrong[:LISTED],
        }  # fmt: skip


def check(fleet: Fleet, sent: Iterable[bytes]) -> Found:
    """Of a fleet that is stopped, all of whose senders have been told that everything is durable."""
    found = Found()
    there: Counter[bytes] = Counter()
    sizes: dict[str, int] = {}
    for name in fleet.names:
        directory = fleet.paths.data / name
        keys = Keys(directory / "keys")
        report = verify_store(directory / "store", read_trust(directory / "keys"), keys, None, directory / "audit")
        found.wrong += [f"{name}: {one}" for one in (*report.tampered, *report.audit.faults)]
        sizes[name] = report.size
        reader = StoreReader(directory / "store", keys)
        mine = 0
        for record in reader.records():
            if record.form in (FORM_NOTICE, FORM_SYNTHETIC):
                continue
            mine += 1
            if record.octets is None:
                found.wrong.append(f"{name}: record {record.sequence} cannot be read: {record.fault}")
            else:
                there[digest_of(record.octets)] += 1
        found.each[name] = mine
        found.stored += mine
        totals = Totals()
        kept = 0
        for commit in reader.commits():
            kept += sum(
                int((data.rows["form"] != FORM_NOTICE).sum() - (data.rows["form"] == FORM_SYNTHETIC).sum())
                for data in commit.data
            )
            for line in commit.records:
                totals.apply(json.loads(line))
        found.voided += kept - mine
        if not totals.balanced:
            found.wrong.append(f"{name}: its totals do not balance")
    owed = set(sent)
    found.lost = sum(one not in there for one in owed)
    found.doubled = sum(times - 1 for times in there.values())
    found.strange = sum(one not in owed for one in there)
    if fleet.url is not None:
        found.wrong += _unaccounted(fleet.url, sizes)
    return found


def _unaccounted(url: str, sizes: dict[str, int]) -> Sequence[str]:
    try:
        return [one.sentence() for one in lost_of(read_catalogue(url), sizes)]
    except LabError as error:
        return [str(error)]
