"""An ended order on its way out: the sealed copy, the hand-off with its manifest, the closed case.

    DATA/sealed/ORDER             the sealed copy, outside the store (R-131, R-144)
    DATA/handed-off/ORDER/        what was handed off; DATA/handed-off/ORDER.json its manifest

Neither is in the store, so neither goes with its oldest records (R-142). Each move is recorded before the court's
document follows. Nothing here decides: `mediation.law` does.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Final

import numpy as np

from asn1.errors import RefusedError
from collector.export.sealed import seal_order
from collector.store.private_files import sync_directory
from collector.store.reader import DataView, StoreReader
from lab.case_file import Docket, Said, Verdict
from lab.cli_order import now_of
from lab.cli_verify import StorePlace, find_store
from lab.exports import export_all
from lab.times import iso
from mediation.law.access_facts import Answer, Circumstances
from mediation.law.actors import Action
from mediation.law.custody import Seal, missing_of_seal
from mediation.law.disclosure import Disposition, may_close, may_hand_off
from mediation.law.lifecycle import OrderEvent
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import Reason
from mediation.runtime.config import ConfigError

FORMAT: Final = "calea-lab hand-off 1"
NOTHING_SEALED: Final = "no record"
"""Names the seal of an order under which nothing was intercepted."""

Made = dict[str, Any]


def seal(
    docket: Docket, order: CourtOrder, by: str, custody: str, direction_id: str, directory: Path | None
) -> tuple[Verdict, Made]:
    """Seal an ended order. The judge's direction is the document of the sealed version unless another one is named."""
    direction = direction_id.strip() or f"{order.order_id}.v{order.version + 1}"
    asked = docket.ask(by, Action.SEAL, order, "seal", Circumstances(judge_direction_id=direction))
    place, name = find_store(docket.data), str(order.order_id)
    target = (directory or docket.data / "sealed" / name).absolute()
    now_us = docket.now_us
    drawn = Seal(name, name, direction, custody, now_us, now_us)
    lacks = [*docket.step_lacks(order, OrderEvent.SEAL), *missing_of_seal(drawn)]
    if target.is_relative_to(place.store.absolute()):
        lacks.append(Missing("directory", "R-144", "a sealed copy lies outside the store", Reason.SEAL_MISSING))
    verdict = docket.judge("seal", by, order, asked, missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    if target.exists():
        raise ConfigError(f"{target} is there already; a sealed copy is never written over. Name another --directory.")
    common = {"order_id": name, "case_id": order.case_id, "by": by, "direction_id": direction, "custody": custody}
    docket.record("seal_started", {**common, "directory": str(target)})
    try:
        with docket.away():
            copied = _copy(docket, order, place, target, by)
    except RefusedError as error:
        against = tuple(Said(Reason.SEAL_MISSING.name, rule, str(error)) for rule in ("R-041", "R-090"))
        docket.refuse("seal", by, order, against)
        return Verdict(verdict.event_id, against), {}
    made = {**common, **copied, "started_us": now_us}
    docket.record("seal", made)
    return verdict, {**made, "version": docket.follow(order).version}


def _copy(docket: Docket, order: CourtOrder, place: StorePlace, target: Path, by: str) -> Made:
    keys = place.signing_keys()
    reader = StoreReader(place.store, keys)
    if next(reader.records(lambda view: _rows_of(view, bytes(order.uid))), None) is None:
        return {"seal_id": NOTHING_SEALED, "records": 0, "octets": 0, "directory": ""}
    # What the copy says of itself is in the entry that says it was sealed.
    made = seal_order(
        reader, order.order_id, target, keys=keys, by=by, now_us=now_of(docket.data), audit=lambda kind, fields: None
    )
    return {
        "seal_id": made.manifest_sha256,
        "records": made.records,
        "octets": made.octets,
        "directory": str(made.directory),
    }


def _rows_of(view: DataView, uid: bytes) -> np.ndarray[Any, Any]:
    mask = np.zeros(len(view.rows), bool)
    for extent in view.extents:
        mask[extent.first_row : extent.first_row + extent.rows] |= extent.uid == uid
    return mask


def hand_off(docket: Docket, order: CourtOrder, by: str, to: str, need: str, receipt: str) -> tuple[Verdict, Made]:
    """Export a sealed order into a case-management system, with a manifest of every file."""
    facts = Circumstances(target_system=to, logged_reason=need)
    asked = docket.ask(by, Action.EXPORT_HAND_OFF, order, "hand-off", facts)
    known = may_hand_off(to, need, docket.desk.state.case_systems)
    lacks = docket.step_lacks(order, OrderEvent.HAND_OFF)
    verdict = docket.judge("hand off", by, order, asked, known, missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    order = docket.follow(order)
    place, directory, name = find_store(docket.data), docket.data / "handed-off", str(order.order_id)
    with docket.away():
        exports = export_all(place, directory, [order], actor=by, reason=need, record=docket.record)
    sealed = docket.log().seals[name]
    files = sorted(path for path in (directory / name).rglob("*") if path.is_file())
    manifest = {
        "simulation": True,
        "format": FORMAT,
        "order": name,
        "uid": order.uid.hex(),
        "case": order.case_id,
        "to": to,
        "need": need,
        "receipt": receipt,
        "by": by,
        "at": iso(docket.now_us),
        "seal": sealed.seal_id,
        "custody": sealed.custody,
        "communications": len(exports.communications),
        "withheld": exports.withheld,
        "files": {str(path.relative_to(directory / name)): _sha256(path) for path in files},
    }
    path = directory / f"{name}.json"
    _put(path, json.dumps(manifest, sort_keys=True, indent=1).encode())
    made = {
        "order_id": name,
        "case_id": order.case_id,
        "hand_off": True,
        "by": by,
        "to": to,
        "reason": need,
        "receipt": receipt,
        "manifest": str(path.relative_to(docket.data)),
        "sha256": _sha256(path),
        "files": len(files),
    }
    docket.record("export", made)
    return verdict, {**made, "version": docket.follow(order).version}


def package_lacks(docket: Docket, order: CourtOrder) -> tuple[Missing, ...]:
    """R-130, R-142: whether the package that was handed off is still the one on record."""
    package = docket.log().packages.get(str(order.order_id))
    if package is None:
        return ()
    path = docket.data / package.manifest
    files = path.with_suffix("")
    try:
        whole = _sha256(path) == package.sha256
        said = json.loads(path.read_bytes())["files"] if whole else {}
        whole = whole and all(_sha256(files / name) == digest for name, digest in said.items())
    except OSError:
        whole = False
    return () if whole else (Missing("hand_off_package", "R-130", "the package on record is not there, or changed"),)


def close(docket: Docket, order: CourtOrder, by: str, disposition: Disposition) -> tuple[Verdict, Made]:
    """Close a case that was handed off; the technical unit's access ends with it (R-149)."""
    asked = docket.ask(by, Action.SEAL, order, "closing", Circumstances())
    lacks = docket.step_lacks(order, OrderEvent.CLOSE) or package_lacks(docket, order)
    verdict = docket.judge("close", by, order, asked, may_close(disposition), missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    order = docket.follow(order)
    made = {
        "order_id": str(order.order_id),
        "case_id": order.case_id,
        "by": by,
        "outcome": str(disposition.outcome),
        "classification": disposition.classification,
    }
    docket.record("case_closed", made)
    return verdict, {**made, "version": docket.follow(order).version}


def copy(
    docket: Docket, order: CourtOrder, by: str, action: Action, facts: Circumstances, answers: tuple[Answer, ...],
    fields: Made,
) -> tuple[Verdict, Made]:  # fmt: skip
    """An export of the order into a directory of its own, once desk and law allow it; `fields` go on record with it."""
    asked = docket.ask(by, action, order, "copy", facts)
    verdict = docket.judge("copy", by, order, asked, *answers)
    if not verdict.allowed:
        return verdict, {}
    parent = docket.data / "copies"
    number = sum(1 for _ in parent.glob(f"{order.order_id}-*")) + 1 if parent.exists() else 1
    directory = parent / f"{order.order_id}-{number}"
    reason = str(fields["reason"])
    place = find_store(docket.data)
    with docket.away():
        exports = export_all(place, directory, [order], actor=by, reason=reason, record=docket.record)
    made = {"order_id": str(order.order_id), "case_id": order.case_id, "by": by, **fields}
    made |= {"directory": str(directory), "files": len(exports.files), "withheld": exports.withheld}
    docket.record("copy", made)
    return verdict, made


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _put(path: Path, octets: bytes) -> None:
    """Whole and durable, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as stream:
        stream.write(octets)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_directory(path.parent)
