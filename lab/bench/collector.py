"""The collector that is measured: a real process of its own, with real keys, real orders and a directory of its own.

It is configured as it ships; only what a run needs differs: room for the connections, a store that need not evict, and
a late-record allowance that lets a long run carry its own times.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from collector.rows import FORM_NOTICE, FORM_SYNTHETIC
from collector.store.reader import StoreReader
from lab import control, processes, toml
from lab.bench.profiles import Profile, Refusal
from lab.bench.records import TARGET, liid_of, refused_liid
from lab.bench.usage import Usage, usage_of
from lab.kernels import require_compiled
from lab.papers import lab_papers
from lab.paths import RunPaths
from lab.processes import Running
from mediation.law.documents import make_document, order_from_fields
from mediation.runtime.config import NotReadyError
from mediation.runtime.tls import make_lab_ca

LINK: Final = "hi"
CAPACITY_OCTETS: Final = 16 << 30
"""Of a run whose number of records is not known before."""
OVERHEAD_OCTETS: Final = 512
"""More than a record takes on disk beside its content."""
SEGMENT_OCTETS: Final = 256 << 20
HOUR_US: Final = 3_600_000_000
DAY_US: Final = 24 * HOUR_US
START_S: Final = 30.0
START_EACH_ORDER_S: Final = 0.02
"""A collector reads and checks every order before it listens."""
SETTLE_S: Final = 120.0
"""How long the index may lag behind at the end; its CPU time belongs to the run."""
LOOK_S: Final = 0.2
"""Between two looks whether it has: each costs the collector something, too."""
STALLED_S: Final = 10.0
"""Without acknowledgements: nothing more is under way when nothing came for so long."""
SERVER: Final = "collector"
CLIENT: Final = "mediation"


@dataclass(frozen=True, slots=True)
class Kept:
    """What the segments hold at the end, counted from the files."""

    stored: int
    own_leaves: int
    commits: int


class MeasuredCollector:
    """Its directory is `root`, which must be empty. A context: what was started is ended."""

    def __init__(self, root: Path, profile: Profile) -> None:
        self.paths = RunPaths(root)
        self.profile = profile
        self._running: Running | None = None

    def __enter__(self) -> MeasuredCollector:
        if not self.profile.interpreted:
            require_compiled()
        prepare(self.paths, self.profile)
        module = "lab.bench.interpreted" if self.profile.interpreted else None
        patience_s = START_S + START_EACH_ORDER_S * self.profile.liids * (10 if self.profile.interpreted else 1)
        self._running = processes.start("collector", self.paths, module, patience_s)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._running is not None:
            processes.stop(self._running)
            self._running = None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def port(self) -> int:
        return self._process.ports[LINK]

    @property
    def tls(self) -> Mapping[str, str] | None:
        """Of the side that connects."""
        return _tls(self.paths, CLIENT) if self.profile.tls else None

    @property
    def _process(self) -> Running:
        if self._running is None:
            raise NotReadyError("The collector of this run has ended; its log is " + str(self.paths.log("collector")))
        return self._running

    def usage(self) -> Usage:
        """Raises NotReadyError when it has ended."""
        try:
            return usage_of(self.pid)
        except OSError as error:
            raise NotReadyError(
                f"The collector ended during the run; its log is {self.paths.log('collector')}."
            ) from error

    def sums(self) -> dict[str, Any]:
        """Its counts of all orders together (`GET /sums`)."""
        return control.get(self._process.control_port, "/sums")

    def until_received(self, records: int) -> float:
        """Wait until so many were delivered and are durable, or until nothing more comes; seconds."""
        began_s = moved_s = time.monotonic()
        before = -1
        while (delivered := int(self.sums()["records"]["delivered"])) < records:
            if delivered != before:
                before, moved_s = delivered, time.monotonic()
            elif time.monotonic() - moved_s > STALLED_S:
                break
            time.sleep(0.1)
        return time.monotonic() - began_s

    def settle(self) -> None:
        """Wait until nothing is pending and the index has caught up, or until that takes too long."""
        until_s = time.monotonic() + SETTLE_S
        while time.monotonic() < until_s:
            pulse = control.get(self._process.control_port, "/pulse")
            if not pulse["pending_records"] and not pulse["index_lag_records"]:
                return
            time.sleep(LOOK_S)

    def kept(self) -> Kept:
        """After `stop`."""
        stored = own = commits = 0
        for commit in StoreReader(self.paths.store).commits():
            commits += 1
            for data in commit.data:
                ours = np.isin(data.rows["form"], (FORM_NOTICE, FORM_SYNTHETIC))
                own += int(ours.sum())
                stored += len(ours) - int(ours.sum())
        return Kept(stored, own, commits)


def prepare(paths: RunPaths, profile: Profile) -> None:
    """Keys, orders and the configuration of the collector of a run, in an empty directory."""
    for directory in (paths.data / "config", paths.inbox("collector")):
        directory.mkdir(parents=True)
    court = Ed25519PrivateKey.generate()
    _public(court, paths.data / "court.pub")
    # Nobody is to open what is set apart here, so the private half is not kept.
    _public(X25519PrivateKey.generate(), paths.data / "quarantine.pub")
    if profile.tls:
        make_lab_ca(paths.ca, (SERVER, CLIENT), time.time_ns() // 1000)
    for number, fields in enumerate(_orders(profile, time.time_ns() // 1000)):
        order = order_from_fields(fields)
        octets = make_document(order, court, papers=lab_papers(order))
        (paths.inbox("collector") / f"{number:06d}.v1.json").write_bytes(octets)
    paths.config("collector").write_text(f"# SIMULATION. A benchmark.\n{toml.dumps(_config(paths, profile))}")


def _orders(profile: Profile, now_us: int) -> list[dict[str, Any]]:
    common: dict[str, Any] = {"targets": [TARGET], "services": ["VOICE"], "start": now_us - HOUR_US}
    kind = {"kind": "PRTT", "direction": "BOTH", "days": 50} if profile.metadata_only else {"kind": "EAVESDROPPING"}
    found = [
        {"order_id": f"BENCH-{number}", "liid": liid_of(number).decode(), "days": 10, **common, **kind}
        for number in range(profile.liids)
    ]
    refused = {
        Refusal.EXPIRED: {"kind": "EAVESDROPPING", "start": now_us - 20 * DAY_US, "days": 10},
        Refusal.METADATA_ONLY: {"kind": "PRTT", "direction": "BOTH", "days": 50},
    }
    for refusal in profile.refusals if profile.refused_percent else ():
        if refusal in refused:
            label = {"order_id": f"BENCH-{refusal}", "liid": refused_liid(refusal).decode()}
            found.append({**label, **common, **refused[refusal]})
    return found


def _config(paths: RunPaths, profile: Profile) -> dict[str, Any]:
    root = paths.data.resolve()
    connections = profile.connections + 16
    listen = {"tls": _tls(paths, SERVER)} if profile.tls else {}
    capacity = CAPACITY_OCTETS
    if profile.records is not None:
        capacity = 4 * SEGMENT_OCTETS + profile.records * (profile.octets + OVERHEAD_OCTETS)
    return {
        "data_dir": root / "collector",
        "court_public_key": root / "court.pub",
        "quarantine_public_key": root / "quarantine.pub",
        "links": [
            {
                "name": LINK,
                "interface": "both",
                "dialect": profile.dialect,
                "max_connections": max(connections, 256),
                "policy": {"late_us": HOUR_US},
                "listen": listen,
            }
        ],
        "limits": {"connections": max(connections, 1024)},
        "store": {
            "capacity_octets": capacity,
            "segment_octets": SEGMENT_OCTETS,
            "encryption": profile.encryption,
        },
    }


def _tls(paths: RunPaths, name: str) -> dict[str, str]:
    ca = paths.ca.resolve()
    return {"certificate": str(ca / f"{name}.pem"), "key": str(ca / f"{name}.key"), "ca": str(ca / "ca.pem")}


def _public(key: Ed25519PrivateKey | X25519PrivateKey, path: Path) -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
