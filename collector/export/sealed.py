"""A sealed copy of an order's records: it stays provable when the store has long let them go (R-144).

    records.bin       the octets as the store keeps them, back to back
    records.jsonl     a record a line: sequence, envelope, where its octets are, its inclusion proof (hexadecimal)
    checkpoint.txt    the signed checkpoint that all proofs end in
    manifest.json     what this is a copy of, how many records, from which record of the ledger on, the SHA-256 of each
                      file, decisions about the records
    manifest.sig      Ed25519 of the collector over the manifest

Rules. Each record proves itself by its leaf, its path and the checkpoint; that none was left out is what the signed
manifest says. A copy lies outside the store and its first in, first out; it is made of the whole order or not at all,
and not while a hold or a broken seal keeps records of it unreadable (R-041, R-090). The files are in the clear: where
they lie is the court's seal.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from asn1.errors import LocalError, RefusedError
from collector.export.proven import Subtrees, canonical, of_order, record_line, sha256_of, sync_file
from collector.standing import Entry, State, entry_to_json
from collector.store.keys import Keys
from collector.store.pack import ENVELOPE
from collector.store.private_files import sync_directory
from collector.store.reader import StoreReader
from mediation.law.orders import OrderId, order_uid
from mediation.ledger.checkpoint import Trust, keys_of, parse_note, verify_note
from mediation.ledger.kernel import leaf_hash
from mediation.ledger.proofs import verify_inclusion

FORMAT: Final = "calea-lab sealed copy 1"
ORIGIN: Final = "calea-lab/collector"
_FILES: Final = ("records.bin", "records.jsonl", "checkpoint.txt")


class Sealed(NamedTuple):
    """What was made. `manifest_sha256` names the copy."""

    directory: Path
    records: int
    octets: int
    manifest_sha256: str


class SealedReport(NamedTuple):
    """`faults` are sentences; none when every record, the checkpoint and the manifest hold."""

    records: int
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.faults


def seal_order(
    reader: StoreReader,
    order_id: OrderId,
    directory: Path,
    *,
    keys: Keys,
    by: str,
    now_us: int,
    audit: Callable[[str, dict[str, Any]], None],
) -> Sealed:
    """Make the copy in a directory that is not there yet, then say so on record (`seal`).

    Raises RefusedError when records are held or cannot be read, LocalError when there is nothing to copy or the place
    is taken, IntegrityError, OSError.
    """
    if directory.exists():
        raise LocalError(f"{directory} is there already; a sealed copy is never written over. Name another directory.")
    uid = order_uid(order_id)
    wanted = partial(of_order, uid=uid)
    survey = reader.survey(b"", wanted)
    tree, standings = Subtrees(survey.leaves), survey.standings
    numbers = {entry: number for number, entry in standings.entries}
    temporary = directory.with_name(directory.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True, mode=0o700)
    count = octets = 0
    seen: dict[int, Entry] = {}
    with (temporary / _FILES[0]).open("xb") as area, (temporary / _FILES[1]).open("xb") as lines:
        for record in reader.records(wanted, survey):
            if record.sequence >= tree.size:
                break
            standing = standings.of(record)
            if record.octets is None or standing.state is State.HELD:
                shutil.rmtree(temporary)
                raise RefusedError(
                    f"Record {record.sequence} of {order_id} is not readable ({standing.says() or 'no data key'}): "
                    "what is held is sealed by the court that releases it."
                )
            if standing.entry is not None:
                seen[numbers[standing.entry]] = standing.entry
            area.write(record.octets)
            lines.write(canonical(record_line(record, octets, tree)) + b"\n")
            count, octets = count + 1, octets + len(record.octets)
    if not count:
        shutil.rmtree(temporary)
        raise LocalError(f"The store holds no record of {order_id}: there is nothing to seal.")
    (temporary / _FILES[2]).write_text(tree.note, "utf-8")
    origin = parse_note(tree.note).checkpoint.origin
    manifest = canonical(
        {
            "simulation": True,
            "format": FORMAT,
            "order": order_id,
            "uid": uid.hex(),
            "records": count,
            "octets": octets,
            **({"voided": survey.voided} if survey.voided else {}),
            "ledger": {"origin": origin, "first": tree.first, "size": tree.size},
            "sealed_by": by,
            "sealed_at_us": now_us,
            "files": {name: sha256_of(temporary / name) for name in _FILES},
            "decisions": [
                [number, json.loads(entry_to_json(entry))["standing"]] for number, entry in sorted(seen.items())
            ],
        }
    )
    (temporary / "manifest.json").write_bytes(manifest)
    (temporary / "manifest.sig").write_bytes(keys.sign_manifest(FORMAT, manifest, origin, tree.size))
    for path in temporary.iterdir():
        sync_file(path)
    sync_directory(temporary)
    temporary.rename(directory)
    sync_directory(directory.parent)
    digest = hashlib.sha256(manifest).hexdigest()
    audit("seal", {"order": order_id, "records": count, "octets": octets, "manifest_sha256": digest, "by": by})
    return Sealed(directory, count, octets, digest)


def verify_sealed(directory: Path, public_key: Trust, origin: str = ORIGIN) -> SealedReport:
    """Check a sealed copy with nothing but the collector's public key. Never raises for what it finds."""
    faults: list[str] = []
    try:
        records = _verify(directory, public_key, origin, faults)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        return SealedReport(0, (*faults, f"the copy cannot be read: {error}"))
    return SealedReport(records, tuple(faults))


def _verify(directory: Path, public_key: Trust, origin: str, faults: list[str]) -> int:
    manifest = (directory / "manifest.json").read_bytes()
    said = json.loads(manifest)
    signature = (directory / "manifest.sig").read_bytes()
    if not any(_holds(key, signature, manifest) for key in keys_of(public_key, origin, int(said["ledger"]["size"]))):
        faults.append("the manifest is not signed by this collector's key")
    faults += [
        f"{name} is not the one that was sealed"
        for name in _FILES
        if said["files"][name] != sha256_of(directory / name)
    ]
    checkpoint = verify_note((directory / "checkpoint.txt").read_bytes(), origin, public_key)
    if checkpoint is None:
        faults.append("the checkpoint is not signed by this collector's key")
        return 0
    uid, count, last = bytes.fromhex(said["uid"]), 0, -1
    area = (directory / "records.bin").read_bytes()
    for line in (directory / "records.jsonl").read_bytes().splitlines():
        one = json.loads(line)
        head, path = bytes.fromhex(one["envelope"]), [bytes.fromhex(node) for node in one["proof"]]
        octets = area[one["offset"] : one["offset"] + one["octets"]]
        fields = ENVELOPE.unpack(head)
        sequence = int(fields[6])
        leaf = leaf_hash(head + octets)
        if not verify_inclusion(leaf, sequence, checkpoint.size, path, checkpoint.root):
            faults.append(f"record {sequence} is not the one that the checkpoint proves")
        if sequence != one["sequence"] or sequence <= last or bytes(fields[9]) != uid:
            faults.append(f"record {sequence} is not where it belongs, or of another order")
        count, last = count + 1, sequence
    if count != said["records"]:
        faults.append(f"{said['records']} records were sealed, {count} are there")
    return count


def _holds(key: Ed25519PublicKey, signature: bytes, manifest: bytes) -> bool:
    try:
        key.verify(signature, _signed(manifest))
    except InvalidSignature:
        return False
    return True


def _signed(manifest: bytes) -> bytes:
    """Its own words before it: a signature over a manifest is one over nothing else."""
    return FORMAT.encode() + b"\n" + manifest
