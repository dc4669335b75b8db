"""What somebody with the disk in hand may do to a run, for stories about it: an octet of a record, a line of the audit
log, a checkpoint signed with a key that nobody knows. And the copy from which the run is mended.

Only while the collector is stopped: the point is what is found afterwards, not a race. Nothing here is reachable but
from a scenario's `damage` step, and what it changes lies inside the run's own directory.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, Literal

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.errors import LocalError
from collector.store import frames
from collector.store.walk import SegmentFile, segment_paths
from lab.cli_verify import StorePlace
from mediation.ledger.checkpoint import Checkpoint, Signer

Kind = Literal["record", "audit_line", "signature"]
_COPIES: Final = "sound-copy"
_STRANGER: Final = bytes(range(32))
"""Seed of a signing key that no collector has."""


def damage(place: StorePlace, kind: Kind, liid: str) -> str:
    """Change one thing; what, in words. The first change keeps a copy for `mend`. Raises LocalError when there is
    nothing of the kind to change."""
    copies = _copies(place)
    if not copies.exists():
        shutil.copytree(place.store, copies / "store")
        shutil.copytree(place.audit, copies / "audit")
    if kind == "record":
        return _flip_octet(place.store, liid.encode())
    return _drop_line(place.audit / "audit.jsonl") if kind == "audit_line" else _sign_anew(place.store)


def mend(place: StorePlace) -> None:
    """Everything as it was before the first change."""
    copies = _copies(place)
    for name, directory in (("store", place.store), ("audit", place.audit)):
        shutil.rmtree(directory)
        shutil.copytree(copies / name, directory)
    shutil.rmtree(copies)


def _copies(place: StorePlace) -> Path:
    return place.store.parent / _COPIES


def _flip_octet(store: Path, liid: bytes) -> str:
    for path in segment_paths(store):
        with SegmentFile(path) as file:
            for unit in file.units(file.header()):
                for frame in unit.data:
                    if liid not in frame.meta.liids:
                        continue
                    row = int(np.flatnonzero(frame.rows()["liid"] == frame.meta.liids.index(liid))[0])
                    at = frame.area_at + int(frame.rows()["length"][:row].sum())
                    _write(path, at, bytes([file.read(at, 1)[0] ^ 1]))
                    return f"record {frame.first_sequence + row}: octet {at} of {path.name}"
    raise LocalError(f"There is no record of {liid.decode()} to change.")


def _drop_line(log: Path) -> str:
    lines = log.read_bytes().splitlines(keepends=True)
    middle = len(lines) // 2
    log.write_bytes(b"".join(lines[:middle] + lines[middle + 1 :]))
    return f"entry {middle} of the audit log"


def _sign_anew(store: Path) -> str:
    """The newest checkpoint, and a checksum that fits it, with another signature."""
    path = segment_paths(store)[-1]
    with SegmentFile(path) as file:
        header = file.header()
        unit = list(file.units(header))[-1]
    stranger = Signer(header.origin, Ed25519PrivateKey.from_private_bytes(_STRANGER))
    said = (f"commits {unit.commit.chain.hex()}",)
    note = stranger.sign(Checkpoint(header.origin, unit.size, bytes(32), said))
    at = unit.data[-1].area_at + unit.data[-1].area_octets if unit.data else unit.offset
    frame = frames.build_commit_frame(header, unit.size, unit.commit._replace(note=note))
    _write(path, at, frame.ljust(unit.end - at, b"\0"))
    return f"the checkpoint of {unit.size} records in {path.name}"


def _write(path: Path, at: int, octets: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(octets)
