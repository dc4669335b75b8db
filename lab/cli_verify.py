"""`calea-lab verify`: a whole store, one record or a bundle, offline, in words or as JSON. Exit code 4 on failure."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from collector.export.bundle_check import check_bundle
from collector.store.epochs import read_trust
from collector.store.keys import Keys, pin_name
from collector.store.private_files import read_public_key
from collector.store.record_check import RecordReport, verify_record
from collector.store.verifier import VerifyReport, Witnessed, verify_store
from lab.cli_order import now_of
from lab.desk import open_desk
from lab.fleet.of_run import COLLECTOR, SHARDS_FILE, collectors_of, is_fleet
from lab.output import DEFAULT_DATA, DataOption, JsonOption, banner, console, print_json
from lab.paths import RunPaths
from lab.pins import other_pins, pin_directory
from mediation.runtime.config import ConfigError
from mediation.runtime.process import EXIT_INTEGRITY

MAX_ALARMS: Final = 100
"""Of one look; the report lists all."""
WITNESS_PROCESS: Final = "witness"
WITNESS: Final = "calea-lab/witness"
"""The name of a run's own witness (`collector.witness.config`)."""


class StorePlace(NamedTuple):
    """The directories of one collector. `pin` lies outside them, so that a restored copy cannot hide a rollback;
    `signer` is the socket of the process that signs for it, where one does."""

    store: Path
    audit: Path
    keys: Path
    pin: Path
    signer: Path | None = None

    def signing_keys(self) -> Keys:
        """The keys of who signs, by itself or by its signer. Raises NotReadyError."""
        return Keys(self.keys, self.signer)


def find_stores(given: Path) -> list[StorePlace]:
    """As `find_store`; of a fleet's data directory every store that is there. Raises `ConfigError`."""
    if not is_fleet(given):
        return [find_store(given)]
    return [find_store(given / name) for name in collectors_of(given) if (given / name / "store").is_dir()]


def find_store(given: Path) -> StorePlace:
    """From a run's data directory, a collector's directory, or the store itself. Raises `ConfigError`."""
    if is_fleet(given):
        raise ConfigError(
            f"{given} is a fleet's, and this works on one collector: give the directory of one, as "
            f"{given / collectors_of(given)[0]}."
        )
    for collector in (given / "collector", given, given.parent):
        store = collector / "store"
        if store.is_dir() and (collector / "keys").is_dir():
            pin = pin_directory(store) / pin_name(read_public_key(collector / "keys" / "signing.pub"))
            return StorePlace(store, collector / "audit", collector / "keys", pin, _signer_of(collector))
    raise ConfigError(f"There is no store in {given}: give a data directory or its collector/store.")


def _signer_of(collector: Path) -> Path | None:
    """As the run's configuration has it. Raises ConfigError."""
    config = RunPaths(collector.parent).config(collector.name)
    if not config.exists():
        return None
    try:
        named = tomllib.loads(config.read_text("utf-8")).get("signer")
    except (OSError, ValueError) as error:
        raise ConfigError(f"Cannot read {config}: {error}.") from error
    return None if named is None else config.parent / str(named)


def check_store(place: StorePlace, pin: Path | None = None, with_keys: bool = True) -> VerifyReport:
    public_key = read_trust(place.keys)
    keys = Keys(place.keys) if with_keys else None
    return verify_store(place.store, public_key, keys, pin or place.pin, place.audit, witnessed=_witnessed(place))


def check_record(place: StorePlace, sequence: int, pin: Path | None = None, with_keys: bool = True) -> RecordReport:
    trust = read_trust(place.keys)
    keys = Keys(place.keys) if with_keys else None
    return verify_record(place.store, sequence, trust, keys, pin or place.pin, place.audit, witnessed=_witnessed(place))


def _witnessed(place: StorePlace) -> Witnessed | None:
    """What the run's own witness keeps, where it has one and saw anything."""
    collector = place.store.parent
    directory = collector.parent / collector.name.replace(COLLECTOR, WITNESS_PROCESS, 1)
    checkpoint = directory / "checkpoint"
    if not checkpoint.exists():
        return None
    return Witnessed(checkpoint.read_bytes(), WITNESS, read_public_key(directory / "keys" / "signing.pub"))


def verify(
    directory: Annotated[
        Path | None, typer.Argument(help="a data directory, or a store in it; --data when not given")
    ] = None,
    pin: Annotated[Path | None, typer.Option(help="newest checkpoint, kept elsewhere")] = None,
    bundle: Annotated[Path | None, typer.Option(help="an evidence bundle instead of a store")] = None,
    key: Annotated[Path | None, typer.Option(help="with --bundle: the collector's signing.pub as you know it")] = None,
    record: Annotated[int | None, typer.Option(min=0, help="only this record, by its sequence number")] = None,
    no_keys: Annotated[bool, typer.Option("--no-keys", help="without the data keys: hashes only, no octets")] = False,
    alarm: Annotated[
        str | None, typer.Option(metavar="USER", help="who looked: each finding becomes an alarm on the desk's ledger")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Check every signature, hash, notice of eviction and audit entry of a store; needs nothing running."""
    if bundle is not None:
        raise typer.Exit(_check_bundle(bundle, key, as_json))
    given = directory or data
    if is_fleet(given):
        if record is not None or pin is not None or alarm is not None:
            raise ConfigError(
                "--record, --pin and --alarm are about one store: give the directory of a collector, as "
                f"{given / collectors_of(given)[0]}."
            )
        raise typer.Exit(_check_fleet(given, not no_keys, as_json))
    place = find_store(given)
    if pin is not None and not pin.exists():
        raise ConfigError(f"There is no pinned checkpoint {pin}: give an existing file to --pin.")
    if record is not None:
        raise typer.Exit(_check_record(check_record(place, record, pin, with_keys=not no_keys), place, as_json))
    began = time.monotonic()
    report = check_store(place, pin, with_keys=not no_keys)
    seconds = time.monotonic() - began
    if alarm is not None:
        _raise_alarms(given, report, alarm)
    if as_json:
        print_json(report.as_dict(seconds))
    else:
        _explain(report, place, seconds, pinned=(pin or place.pin).exists())
    raise typer.Exit(0 if report.ok else EXIT_INTEGRITY)


def _check_fleet(data: Path, with_keys: bool, as_json: bool) -> int:
    from lab.fleet.spanning import check_fleet  # it asks a database, and who verifies one store needs none

    began = time.monotonic()
    places = {place.store.parent.name: place for place in find_stores(data)}
    report = check_fleet(data, lambda name: check_store(places[name], with_keys=with_keys))
    seconds = time.monotonic() - began
    if as_json:
        print_json(report.as_dict(seconds))
        return 0 if report.ok else EXIT_INTEGRITY
    out = console()
    for name, one in report.reports.items():
        _explain(one, places[name], seconds, pinned=places[name].pin.exists())
    for lost in report.lost:
        out.print(f"  - {lost.sentence()}", markup=False)
    if report.unknown:
        out.print(f"  - what a lost collector held cannot be told: {report.unknown}", markup=False)
    sums = f"{len(report.reports)} collectors, {sum(one.records for one in report.reports.values())} records"
    verdict = "the fleet is whole" if report.ok else "THE FLEET IS NOT WHOLE"
    out.print(f"{sums}: {verdict} ({seconds:.1f} s)", style="bold green" if report.ok else "bold red")
    return 0 if report.ok else EXIT_INTEGRITY


def _raise_alarms(data: Path, report: VerifyReport, by: str) -> None:
    """R-090, R-092: to the technical unit and to integrity control. The sentences name places and never content."""
    found = [("R-090", one) for one in report.tampered] + [("R-092", one) for one in report.audit.faults]
    with open_desk(data) as desk:
        if by not in desk.state.users:
            raise ConfigError(f"There is no user {by}: `calea-lab user show` lists them.")
        for rule, sentence in found[:MAX_ALARMS]:
            fields = {"rule": rule, "reason": "TAMPERED", "to": ["TARU", "ICO"], "found": sentence, "by": by}
            desk.record("alarm", fields, now_of(data))


def _check_bundle(bundle: Path, key: Path | None, as_json: bool) -> int:
    known = None if key is None else read_public_key(key).public_bytes_raw()
    if (bundle / SHARDS_FILE).exists():
        if known is not None:
            raise ConfigError(f"Each collector has a key of its own: give the bundle of one, in {bundle}.")
        return _check_bundles(bundle, as_json)
    if not (bundle / "manifest.json").exists():
        raise ConfigError(f"{bundle} is no evidence bundle: it has no manifest.json.")
    report = check_bundle(bundle, known)
    if as_json:
        print_json(report.as_dict())
    else:
        out = console()
        banner(out)
        for sentence in [*report.faults, *report.said]:
            out.print(f"  - {sentence}", markup=False)
        out.print("the bundle holds" if report.ok else "THE BUNDLE DOES NOT HOLD", markup=False)
    return 0 if report.ok else EXIT_INTEGRITY


def _check_bundles(directory: Path, as_json: bool) -> int:
    from lab.fleet.spanning import check_bundles

    reports = check_bundles(directory)
    ok = all(report.ok for report in reports.values())
    if as_json:
        print_json({"ok": ok, "shards": {name: report.as_dict() for name, report in reports.items()}})
        return 0 if ok else EXIT_INTEGRITY
    out = console()
    banner(out)
    for name, report in reports.items():
        for sentence in [*report.faults, *report.said]:
            out.print(f"  - {name}: {sentence}", markup=False)
    out.print(f"{len(reports)} collectors: the bundles {'hold' if ok else 'DO NOT HOLD'}", markup=False)
    return 0 if ok else EXIT_INTEGRITY


def _check_record(report: RecordReport, place: StorePlace, as_json: bool) -> int:
    if as_json:
        print_json(report.as_dict())
    else:
        out = console()
        banner(out)
        out.print(f"store {place.store}", markup=False)
        for sentence in [*report.faults, *report.said]:
            out.print(f"  - {sentence}", markup=False)
        verdict = str(report.state).replace("_", " ")
        out.print(verdict if report.ok else f"NOT PROVEN: {verdict}", style="bold green" if report.ok else "bold red")
    return 0 if report.ok else EXIT_INTEGRITY


def _explain(report: VerifyReport, place: StorePlace, seconds: float, pinned: bool) -> None:
    out = console()
    banner(out)
    out.print(f"store {place.store}", markup=False)
    out.print(f"  {report.records} records under {report.checkpoints} signed checkpoints, ledger size {report.size}")
    out.print(f"  {report.evicted_with_notice} evicted with notice, {report.missing} missing")
    out.print(f"  audit log: {report.audit.entries} entries, {'whole' if report.audit.ok else 'NOT WHOLE'}")
    out.print(f"  newest checkpoint {'compared with the pinned one' if pinned else 'not pinned anywhere'}")
    if earlier := other_pins(place.pin):
        out.print(
            f"  {earlier} earlier stores with other keys were pinned at this place: it was set up anew, or replaced"
        )
    if report.unreadable:
        out.print(f"  {report.unreadable} records proven by hash alone: their data keys are not here")
    for sentence in [*report.tampered, *report.findings]:
        out.print(f"  - {sentence}", markup=False)
    whole = "whole: every record is what was signed"
    if report.unreadable:
        whole = f"whole as far as it could be read: the octets of {report.unreadable} records were not checked"
    verdict = whole if report.ok else "NOT WHOLE"
    out.print(f"{verdict} ({seconds:.1f} s)", style="bold green" if report.ok else "bold red")
