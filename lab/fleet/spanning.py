"""What people ask of a whole run, asked of each of its collectors: whether they are whole, and an order's evidence.

Each store is judged by itself, as one that stands alone; what only the fleet knows comes from its catalogue
(`collector.fleet.view`). The run's own PostgreSQL need not run for that: it is started for the question.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from asn1.errors import LabError, LocalError
from collector.export.bundle_check import Report, check_bundle
from collector.export.evidence import Bundle, NothingStoredError
from collector.fleet.view import CataloguedShard, Lost, lost_of, read_catalogue
from collector.store.verifier import VerifyReport
from lab import postgres
from lab.fleet.of_run import POSTGRES, SHARDS_FILE, collectors_of
from lab.paths import RunPaths
from mediation.runtime.config import ConfigError


class FleetReport(NamedTuple):
    """`reports` by collector, of those whose store is there. `unknown` says why the catalogue could not be asked, empty
    when it could."""

    reports: Mapping[str, VerifyReport]
    lost: tuple[Lost, ...]
    unknown: str

    @property
    def ok(self) -> bool:
        return not self.lost and not self.unknown and all(one.ok for one in self.reports.values())

    def as_dict(self, seconds: float) -> dict[str, Any]:
        """As `verify --json` of one store, with sums, and each shard's own under `shards`."""
        each = {name: report.as_dict(seconds) for name, report in self.reports.items()}
        sums = ("records", "checkpoints", "evicted_with_notice", "missing", "size", "unreadable", "withdrawn")
        return {
            "ok": self.ok,
            **{key: sum(one[key] for one in each.values()) for key in sums},
            "tampered": [f"{name}: {fault}" for name, one in each.items() for fault in one["tampered"]],
            "seconds": round(seconds, 3),
            "shards": each,
            "lost": [one.as_dict() for one in self.lost],
            "catalogue": self.unknown or "read",
        }


def check_fleet(data: Path, check: Callable[[str], VerifyReport]) -> FleetReport:
    """`check` verifies the store of a collector, by its name. Raises ConfigError, NotReadyError."""
    present = [name for name in collectors_of(data) if (data / name / "store").is_dir()]
    reports = {name: check(name) for name in present}
    lost, unknown = lost_in(data, {name: report.size for name, report in reports.items()})
    return FleetReport(reports, lost, unknown)


def lost_in(data: Path, sizes: Mapping[str, int]) -> tuple[tuple[Lost, ...], str]:
    """What is lost of the run's fleet, and why that is not known, empty when it is."""
    try:
        with catalogue_of(data) as catalogue:
            lost = lost_of(catalogue, sizes)
    except LabError as error:
        gone = [Lost(name, (), "is lost") for name in collectors_of(data) if name not in sizes]
        return tuple(gone), str(error)
    known = {one.shard for one in catalogue}
    never = [Lost(name, (), "is lost") for name in collectors_of(data) if name not in sizes and name not in known]
    return (*lost, *never), ""


@contextlib.contextmanager
def catalogue_of(data: Path) -> Iterator[tuple[CataloguedShard, ...]]:
    """As the fleet's database has it; that of the run is started for it where it does not run. Raises NotReadyError,
    ConfigError."""
    url = _database_url(data)
    directory = postgres.lasting_directory(data / POSTGRES / "server")
    config = RunPaths(data).config(POSTGRES)
    with contextlib.ExitStack() as stack:
        if config.exists() and (directory / "data" / "PG_VERSION").exists():
            listen = tomllib.loads(config.read_text("utf-8"))["listen"]
            if postgres.find_server(listen["port"], (postgres.ROLE,)) is None:
                server = postgres.start_lasting(directory, listen["host"], listen["port"], 10)
                stack.callback(server.stop)
        yield read_catalogue(url)


def _database_url(data: Path) -> str:
    for name in collectors_of(data):
        config = RunPaths(data).config(name)
        try:
            return str(tomllib.loads(config.read_text("utf-8"))["fleet"]["database_url"])
        except (OSError, ValueError, KeyError):
            continue
    raise ConfigError(f"No configuration in {data / 'config'} says where the fleet's database is.")


def bundles_of(data: Path, target: Path, make: Callable[[str, Path], Bundle]) -> dict[str, Bundle]:
    """An order's evidence out of each collector's store, a bundle each under `target`, by collector, of those that hold
    any. Beside them stands what of the fleet is lost. Raises what `make` does, and NothingStoredError where no
    collector holds any."""
    if target.exists():
        raise LocalError(f"{target} is there already; a bundle is never written over. Name another directory.")
    names = [name for name in collectors_of(data) if (data / name / "store").is_dir()]
    target.mkdir(parents=True, mode=0o700)
    made = dict[str, Bundle]()
    for name in names:
        with contextlib.suppress(NothingStoredError):
            made[name] = make(name, target / name)
    if not made:
        target.rmdir()
        raise NothingStoredError(f"No collector in {data} holds a record of the order: there is nothing to export.")
    lost, unknown = lost_in(data, dict.fromkeys(names, 1 << 62))
    said = {
        "simulation": True,
        "collectors": names,
        "bundles": {name: bundle.manifest_sha256 for name, bundle in made.items()},
        "lost": [one.as_dict() for one in lost],
        "catalogue": unknown or "read",
    }
    (target / SHARDS_FILE).write_text(json.dumps(said, indent=2) + "\n")
    return made


def check_bundles(directory: Path) -> dict[str, Report]:
    """The bundles in a directory that `bundles_of` made, by collector, each under its own key; one that is not there,
    or is not the one that was made, is a fault. Raises ConfigError where it is not said which there are."""
    try:
        said = json.loads((directory / SHARDS_FILE).read_text("utf-8"))
        wanted, lost = dict(said["bundles"]), [Lost(**one) for one in said["lost"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{directory / SHARDS_FILE} cannot be read: it was damaged.") from error
    found = {}
    for name, digest in wanted.items():
        found[name] = report = check_bundle(directory / name)
        manifest = directory / name / "manifest.json"
        if manifest.exists() and hashlib.sha256(manifest.read_bytes()).hexdigest() != digest:
            report.faults.append(f"it is not the bundle that {SHARDS_FILE} names")
        report.said += [one.sentence() for one in lost if one.shard == name]
    for one in lost:
        found.setdefault(one.shard, Report()).said.append(one.sentence())
    return found
