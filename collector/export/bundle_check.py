"""Check an evidence bundle: each record, each file, the signatures behind them. Needs Python and `cryptography` alone.

    python verify.py [--key FILE] [--json]

This file lies in every bundle as `verify.py` and is what `calea-lab verify --bundle` runs: one source. It imports
nothing of calea-lab, so that whoever doubts us can read it from end to end.

What is proven: each record's octets and what was decided about it (its envelope) give a leaf; leaf and path give the
root of a checkpoint; the checkpoint is signed by the collector's key of that time. The same for each audit entry. All
other files are those that the signed manifest names. What is not: that nothing else was intercepted; and whose key it
is, unless `--key` says which one you know.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "calea-lab evidence 1"
STORE, AUDIT = "calea-lab/collector", "calea-lab/audit"
_EPOCHS, _ROOT = "calea-lab/epochs", "calea-lab/root"
_ENVELOPE = struct.Struct(">BBBBIQQqq16sII")
"""Format, verdict, form, 0, order version, reasons, sequence, received and event microseconds, order, octets, 0."""
_MANIFEST_FILES = ("manifest.json", "manifest.sig")
EXIT_FAILED = 4

Keys = list[tuple[dict[str, int], dict[str, int], bytes]]
"""By epoch: ledger name to the size it begins at, to the size it ends at, and the raw public key."""


class Report:
    """`faults` are sentences; `said` is what else there is to know."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.said: list[str] = []
        self.records = 0
        self.withheld = 0
        self.audit_entries = 0
        self.files = 0

    @property
    def ok(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "records": self.records,
            "withheld": self.withheld,
            "audit_entries": self.audit_entries,
            "files": self.files,
            "faults": self.faults,
            "said": self.said,
        }


def check_bundle(directory: Path, known: bytes | None = None) -> Report:
    """Check the bundle in `directory`; `known` is the raw public key of the collector's first epoch, where it is known
    from elsewhere. Never raises for what it finds in the files."""
    report = Report()
    try:
        _check(directory, known, report)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error) as error:
        report.faults.append(f"the bundle cannot be read: {type(error).__name__}: {error}")
    return report


def _check(directory: Path, known: bytes | None, report: Report) -> None:
    manifest_octets = (directory / "manifest.json").read_bytes()
    manifest = json.loads(manifest_octets)
    if manifest["format"] != FORMAT:
        report.faults.append(f"this is not of the format {FORMAT}")
        return
    identity = _public_key((directory / "keys" / "signing.pub").read_bytes())
    if known is not None and identity != known:
        report.faults.append("the bundle is of another collector than the key given: nothing in it is believed")
        return
    keys = _epochs(directory, identity, report)
    size = int(manifest["ledger"]["size"])
    signature = (directory / "manifest.sig").read_bytes()
    signed = FORMAT.encode() + b"\n" + manifest_octets
    if not any(_holds(key, signature, signed) for key in _keys_at(keys, STORE, size)):
        report.faults.append("manifest.json is not signed by the collector")
    _files(directory, manifest, report)
    _records(directory, manifest, keys, report)
    _audit(directory, keys, report)
    whose = "the key given" if known is not None else f"the key {identity.hex()[:16]}, taken from the bundle itself"
    report.said.append(f"{report.records} records of order {manifest['order']} proven under {whose}.")
    if report.withheld:
        report.said.append(f"{report.withheld} records are withheld and listed with the reason.")
    report.said.append(f"{report.audit_entries} audit entries proven; {report.files} files are those of the manifest.")


def _files(directory: Path, manifest: dict[str, Any], report: Report) -> None:
    named = dict(manifest["files"])
    there = {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for name in sorted(there - set(named) - set(_MANIFEST_FILES)):
        report.faults.append(f"{name} is in the bundle and not in its manifest")
    for name, digest in sorted(named.items()):
        path = directory / name
        if not path.resolve().is_relative_to(directory.resolve()) or not path.is_file():
            report.faults.append(f"{name} is missing")
        elif _sha256(path) != digest:
            report.faults.append(f"{name} was changed")
        report.files += 1


def _records(directory: Path, manifest: dict[str, Any], keys: Keys, report: Report) -> None:
    place = directory / "records"
    size, root = _checkpoint((place / "checkpoint.txt").read_text("utf-8"), STORE, keys, report)
    uid, last = bytes.fromhex(manifest["uid"]), -1
    area = (place / "records.bin").read_bytes()
    for text in (place / "records.jsonl").read_text("utf-8").splitlines():
        one = json.loads(text)
        sequence = int(one["sequence"])
        if sequence <= last:
            report.faults.append(f"record {sequence} stands behind record {last}")
        last = sequence
        if "withheld" in one:
            report.withheld += 1
            continue
        head = bytes.fromhex(one["envelope"])
        octets = area[int(one["offset"]) : int(one["offset"]) + int(one["octets"])]
        fields = _ENVELOPE.unpack(head)
        leaf = hashlib.sha256(b"\x00" + head + octets).digest()
        path = [bytes.fromhex(node) for node in one["proof"]]
        if root is None or not _included(leaf, sequence, size, path, root):
            report.faults.append(f"record {sequence} is not the one that was signed")
        elif fields[6] != sequence or fields[9] != uid or fields[10] != len(octets):
            report.faults.append(f"record {sequence} is of another order, or stands in the wrong place")
        report.records += 1
    counts = (report.records, report.withheld)
    if counts != (manifest["records"], manifest["withheld"]):
        report.faults.append(
            f"the manifest speaks of {manifest['records']} records and {manifest['withheld']} withheld"
        )


def _audit(directory: Path, keys: Keys, report: Report) -> None:
    place = directory / "audit"
    size, root = _checkpoint((place / "checkpoint.txt").read_text("utf-8"), AUDIT, keys, report)
    lines = (place / "entries.jsonl").read_bytes().splitlines()
    proofs = (place / "proofs.jsonl").read_text("utf-8").splitlines()
    for line, proof in zip(lines, proofs, strict=True):
        said = json.loads(proof)
        leaf = hashlib.sha256(b"\x00" + line).digest()
        path = [bytes.fromhex(node) for node in said["proof"]]
        if root is None or not _included(leaf, int(said["seq"]), size, path, root):
            report.faults.append(f"audit entry {said['seq']} is not the one that was signed")
        report.audit_entries += 1


# Signatures


def _public_key(pem: bytes) -> bytes:
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("the key is not Ed25519")
    return key.public_bytes_raw()


def _holds(key: bytes, signature: bytes, octets: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, octets)
    except InvalidSignature:
        return False
    return True


def _signature(note: str, name: str, key: bytes) -> bool:
    """Whether `key` signed the note (C2SP signed note) under this name."""
    body, gap, tail = note.partition("\n\n")
    hint = hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
    for line in tail.splitlines() if gap else ():
        words = line.split(" ")
        if len(words) != 3 or words[:2] != ["—", name]:
            continue
        try:
            blob = base64.b64decode(words[2], validate=True)
        except binascii.Error:
            continue
        if len(blob) == 68 and blob[:4] == hint and _holds(key, blob[4:], (body + "\n").encode()):
            return True
    return False


def _epochs(directory: Path, identity: bytes, report: Report) -> Keys:
    """Which key signs from which size on: one for good, or the certified epochs of an offline root."""
    paths = sorted((directory / "keys" / "epochs").glob("*.cert"))
    if not paths:
        return [({}, {}, identity)]
    found: Keys = []
    previous, root = base64.b64encode(bytes(32)).decode(), ""
    for number, path in enumerate(paths, 1):
        note = path.read_text("utf-8")
        body = note.partition("\n\n")[0]
        lines = body.split("\n")
        key = base64.b64decode(lines[2], validate=True)
        root = root or lines[3]
        sound = lines[:2] == [_EPOCHS, f"epoch {number}"] and lines[3] == root and lines[4] == previous
        sound = sound and _signature(note, _ROOT, base64.b64decode(root, validate=True))
        if number == 1:
            sound = sound and key == identity and _signature(note, _EPOCHS, key)
        if not sound:
            report.faults.append(f"the certificate of epoch {number} does not hold")
            break
        sizes = {line.split(" ")[0]: int(line.split(" ")[1]) for line in lines[5:]}
        if found:
            found[-1] = (found[-1][0], sizes, found[-1][2])
        found.append((sizes, {}, key))
        previous = base64.b64encode(hashlib.sha256((body + "\n").encode()).digest()).decode()
    return found


def _keys_at(keys: Keys, name: str, size: int) -> list[bytes]:
    return [key for begins, ends, key in keys if begins.get(name, 0) <= size <= ends.get(name, size)]


def _checkpoint(note: str, name: str, keys: Keys, report: Report) -> tuple[int, bytes | None]:
    """Size and root of a checkpoint; no root when it is not signed by the key of its time."""
    lines = note.split("\n")
    size = int(lines[1])
    if lines[0] != name or not any(_signature(note, name, key) for key in _keys_at(keys, name, size)):
        report.faults.append(f"the checkpoint of {name} is not signed by the collector")
        return size, None
    return size, base64.b64decode(lines[2], validate=True)


# RFC 6962, in the iterative form of RFC 9162 2.1.3.2


def _included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    node, last, here = leaf, size - 1, index
    for sibling in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not here & 1 and here:
                here >>= 1
                last >>= 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        here >>= 1
        last >>= 1
    return last == 0 and node == root


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="Check this evidence bundle (SIMULATION).")
    parser.add_argument("directory", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument(
        "--key", type=Path, help="the collector's public key (signing.pub) as you know it from elsewhere"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = check_bundle(given.directory, _public_key(given.key.read_bytes()) if given.key else None)
    if given.json:
        sys.stdout.write(json.dumps(report.as_dict(), indent=2) + "\n")
    else:
        for sentence in [*report.faults, *report.said]:
            sys.stdout.write(f"- {sentence}\n")
        sys.stdout.write("the bundle holds\n" if report.ok else "THE BUNDLE DOES NOT HOLD\n")
    return 0 if report.ok else EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
