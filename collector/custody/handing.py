"""Handing a sealed order over to case management: the package, its manifest, and whether it is still whole.

    DIRECTORY/ORDER/          what was handed off, as `collector.export.orders` writes it
    DIRECTORY/ORDER.json      its manifest: every file with its SHA-256, the seal, to whom and why

The directory is outside the store, so nothing of it goes with the oldest records (R-142). What goes on record: `export`
with who and why before the first file is there, then `export` with `hand_off`, naming the manifest and its hash.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn1.hi1_walk import stamp
from collector.export.orders import Exports
from collector.store.private_files import sync_directory
from mediation.law.case_log import Package
from mediation.law.custody import Seal
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder

FORMAT: Final = "calea-lab hand-off 1"


class HandOff(NamedTuple):
    """What is asked for: into which configured system, why that needs it, what it answered."""

    order: CourtOrder
    by: str
    to: str
    need: str
    receipt: str
    at_us: int


def packed(
    asked: HandOff, directory: Path, exports: Exports, seal: Seal, missing: Sequence[str] = ()
) -> dict[str, Any]:
    """Write the manifest beside the files that were exported; the fields of the entry that says so. `missing`:
    sentences about what of a fleet is not in it. Blocks."""
    name = str(asked.order.order_id)
    files = sorted(path for path in (directory / name).rglob("*") if path.is_file())
    manifest = {
        "simulation": True,
        "format": FORMAT,
        "order": name,
        "uid": asked.order.uid.hex(),
        "case": asked.order.case_id,
        "to": asked.to,
        "need": asked.need,
        "receipt": asked.receipt,
        "by": asked.by,
        "at": stamp(asked.at_us),
        "seal": seal.seal_id,
        "custody": seal.custody,
        "communications": len(exports.communications),
        "withheld": exports.withheld,
        **({"missing": list(missing)} if missing else {}),
        "files": {str(path.relative_to(directory / name)): _sha256(path) for path in files},
    }
    path = directory / f"{name}.json"
    _put(path, json.dumps(manifest, sort_keys=True, indent=1).encode())
    return {
        "order_id": name,
        "case_id": str(asked.order.case_id),
        "hand_off": True,
        "by": asked.by,
        "to": asked.to,
        "reason": asked.need,
        "receipt": asked.receipt,
        "manifest": str(path.relative_to(directory.parent)),
        "sha256": _sha256(path),
        "files": len(files),
    }


def package_lacks(package: Package | None, directory: Path) -> tuple[Missing, ...]:
    """R-130, R-142: whether the package that was handed off is still the one on record. Blocks."""
    if package is None:
        return ()
    path = directory.parent / package.manifest
    files = path.with_suffix("")
    try:
        whole = _sha256(path) == package.sha256
        said = json.loads(path.read_bytes())["files"] if whole else {}
        whole = whole and all(_sha256(files / name) == digest for name, digest in said.items())
    except OSError:
        whole = False
    return () if whole else (Missing("hand_off_package", "R-130", "the package on record is not there, or changed"),)


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
