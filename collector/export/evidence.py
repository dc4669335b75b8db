"""An evidence bundle of one order: everything readable of it, as received and as people read it, with its proofs.

    index.html                open it in a browser, from wherever the bundle lies
    records/                  records.bin (octets as received), records.jsonl (envelope, place, proof), checkpoint.txt
    views/                    sound, packets, conversations, tables (`export.service`), decoded.jsonl (a record a line)
    audit/                    the entries that speak of the order, their proofs, the checkpoint they end in
    keys/                     signing.pub, and the certificates of later epochs
    manifest.json, .sig       what this is, the SHA-256 of each file; signed by the collector
    verify.py                 checks all of it, with Python and `cryptography` alone (`export.bundle_check`)

Rules. Nothing of another order is in it, though it share the LIID. What is held, privileged, minimised, quarantined,
or does not hold its seal is listed with its reason, and neither its octets nor its leaf are there: a leaf is a plain
hash, and short words could be guessed from it. The bundle proves itself when the store has long let its records go. It
is made whole or not at all, after the audit log was found whole and the export is on record.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from asn1 import view
from asn1.columns import KIND_CC, KIND_IRI
from asn1.errors import DecodeError, LocalError, RefusedError
from asn1.laes import describe as laes
from asn1.recording import decode_recording
from asn1.tlv import time_text
from collector.export import bundle_check
from collector.export.bundle_page import page
from collector.export.communications import put_together, shown
from collector.export.proven import Subtrees, canonical, of_order, record_line, sha256_of, sync_file
from collector.export.service import OrderExport, export_communications
from collector.facts.stored import RECORDER, dialect_of
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED
from collector.standing import Standings
from collector.store.audit_log import ORIGIN as AUDIT
from collector.store.audit_log import audit_lines, newest_note, verify_audit
from collector.store.keys import Keys
from collector.store.private_files import sync_directory
from collector.store.reader import LeafHashes, StoredRecord, StoreReader, Survey
from mediation.law.orders import CourtOrder
from mediation.ledger.checkpoint import parse_note
from mediation.ledger.kernel import leaf_hash
from mediation.runtime.process import IntegrityError

FORMAT: Final = bundle_check.FORMAT
QUARANTINED: Final = "quarantined: sealed to the court since its delivery"
NO_KEY: Final = "its order's data key is not here: it was withdrawn, and the court has it"
STORE: Final = bundle_check.STORE

Record = Callable[[str, dict[str, Any]], object]


class NothingStoredError(LocalError):
    """Not a record of the order is in the store."""


class Bundle(NamedTuple):
    """What was made. `manifest_sha256` names it."""

    directory: Path
    records: int
    withheld: int
    audit_entries: int
    files: int
    manifest_sha256: str


def make_bundle(
    store: Path,
    audit: Path,
    keys: Keys,
    order: CourtOrder,
    directory: Path,
    *,
    by: str,
    reason: str,
    now_us: int,
    record: Record,
) -> Bundle:
    """Make the bundle in a directory that is not there yet; `record` takes the audit entry of the export and has it
    durable when it returns.

    Raises RefusedError without a name or a reason, LocalError where the place is taken or nothing is stored,
    IntegrityError when the audit log or the store is not whole, OSError.
    """
    if not by.strip() or not reason.strip():
        raise RefusedError("An export says who makes it and why; one of them is missing.")
    if directory.exists():
        raise LocalError(f"{directory} is there already; a bundle is never written over. Name another directory.")
    report = verify_audit(audit, keys.trust, whole=False)
    if not report.ok:
        raise IntegrityError(f"The audit log {audit} was changed ({report.faults[0]}): nothing is exported.")
    reader = StoreReader(store, keys)
    survey = reader.survey(order.liid.encode(), partial(of_order, uid=order.uid))
    if not survey.wanted:
        also = f"; {survey.voided} were stored here and are another shard's" if survey.voided else ""
        raise NothingStoredError(f"The store holds no record of {order.order_id}{also}: there is nothing to export.")
    record("export", {"actor": by, "reason": reason, "orders": [str(order.order_id)], "form": "evidence bundle"})
    temporary = directory.with_name(directory.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True, mode=0o700)
    try:
        made = _fill(temporary, reader, survey, audit, keys, order, by, reason, now_us)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    temporary.rename(directory)
    sync_directory(directory.parent)
    return made._replace(directory=directory)


def _fill(
    place: Path,
    reader: StoreReader,
    survey: Survey,
    audit: Path,
    keys: Keys,
    order: CourtOrder,
    by: str,
    reason: str,
    now_us: int,
) -> Bundle:
    tree, views = Subtrees(survey.leaves), place / "views"
    views.mkdir()
    stored = reader.records(partial(of_order, uid=order.uid), survey)
    with _Records(place / "records", views / "decoded.jsonl", tree, survey.standings) as records:
        liid = order.liid.encode()
        talked = (one for one in records.taken(stored) if one.liid == liid and one.kind in (KIND_IRI, KIND_CC))
        standings = survey.standings
        communications = put_together(liid, talked, lambda one: shown(standings.of(one)), survey.segments)
    exported = export_communications(communications, views)
    entries = _audit(place / "audit", audit, order)
    _keys(place / "keys", keys)
    shutil.copyfile(Path(bundle_check.__file__), place / "verify.py")
    origin = parse_note(tree.note).checkpoint.origin
    said = {
        "simulation": True,
        "format": FORMAT,
        "order": order.order_id,
        "version": order.version,
        "kind": str(order.kind),
        "case": order.case_id,
        "liid": order.liid,
        "uid": order.uid.hex(),
        "records": records.given,
        "withheld": records.withheld,
        **({"voided": survey.voided} if survey.voided else {}),
        "audit_entries": entries,
        "ledger": {"origin": origin, "size": tree.size, "root": _root(tree)},
        "made_by": by,
        "reason": reason,
        "made_at_us": now_us,
    }
    (place / "index.html").write_text(page(said, _relative(exported, place)), "utf-8")
    files = sorted(path for path in place.rglob("*") if path.is_file())
    said["files"] = {str(path.relative_to(place)): sha256_of(path) for path in files}
    manifest = canonical(said)
    (place / "manifest.json").write_bytes(manifest)
    (place / "manifest.sig").write_bytes(keys.sign_manifest(FORMAT, manifest, origin, tree.size))
    for path in (*files, place / "manifest.json", place / "manifest.sig"):
        sync_file(path)
    for folder in sorted({path.parent for path in files} | {place}):
        sync_directory(folder)
    return Bundle(place, records.given, records.withheld, entries, len(files), hashlib.sha256(manifest).hexdigest())


def _root(tree: Subtrees) -> str:
    return parse_note(tree.note).checkpoint.root.hex()


def why_withheld(record: StoredRecord, standings: Standings) -> str | None:
    """Why a record is listed and not handed out, None when it is."""
    standing = standings.of(record)
    if standing.withheld:
        return standing.says()
    if record.form == FORM_QUARANTINED:
        return QUARANTINED
    return NO_KEY if record.octets is None else None


class _Records:
    """The records of the bundle, written down as they are gone through: octets, proofs, and one JSON line for each that
    is handed out, as `calea-lab decode` prints it (docs/decode.md)."""

    def __init__(self, place: Path, decoded: Path, tree: Subtrees, standings: Standings) -> None:
        place.mkdir()
        (place / "checkpoint.txt").write_text(tree.note, "utf-8")
        self.given = self.withheld = 0
        self._octets = 0
        self._tree, self._standings = tree, standings
        self._files = ExitStack()
        self._area = self._files.enter_context((place / "records.bin").open("xb"))
        self._lines = self._files.enter_context((place / "records.jsonl").open("xb"))
        self._decoded = self._files.enter_context(decoded.open("x", encoding="utf-8"))

    def __enter__(self) -> _Records:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def taken(self, records: Iterable[StoredRecord]) -> Iterator[StoredRecord]:
        """The records of the tree, each written down before it is handed on."""
        for record in records:
            if record.sequence >= self._tree.size:
                return
            why = why_withheld(record, self._standings)
            if why is None:
                self._give(record)
            else:
                self._lines.write(canonical({"sequence": record.sequence, "withheld": why}) + b"\n")
                self.withheld += 1
            yield record

    def _give(self, record: StoredRecord) -> None:
        assert record.octets is not None
        self._area.write(record.octets)
        self._lines.write(canonical(record_line(record, self._octets, self._tree)) + b"\n")
        self._decoded.write(json.dumps({"record": record.sequence, **_line(record)}, sort_keys=True) + "\n")
        self.given += 1
        self._octets += len(record.octets)


def _line(record: StoredRecord) -> dict[str, Any]:
    octets = record.record or b""
    if record.form == FORM_MASKED:
        return {"masked": json.loads(octets)}
    if record.form != FORM_RECEIVED:
        return {"collector": json.loads(octets)}
    dialect = dialect_of(record.content_tag)
    if dialect is None:
        return dict(view.describe(octets))
    if dialect == RECORDER:
        return _recording(octets)
    try:
        return dict(laes.describe(octets, dialect=dialect))
    except DecodeError as error:
        return {"error": {"code": error.code, "message": error.message}}


def _recording(octets: bytes) -> dict[str, Any]:
    """A covert recording in words: all but its sound, of which size and hash are told, as of other content."""
    try:
        held = decode_recording(octets)
    except DecodeError as error:
        return {"error": {"code": error.code, "message": error.message}}
    sound = held.sound
    return {
        "device": held.device,
        "liid": held.liid,
        "recording": held.recording,
        "piece": held.piece,
        "begins": time_text(held.begins_us),
        "live": held.live,
        "sound": {"code": sound.code, "samples": len(sound.octets), "sha256": hashlib.sha256(sound.octets).hexdigest()},
        "signature": held.signature.hex(),
    }


def _audit(place: Path, audit: Path, order: CourtOrder) -> int:
    """The entries that name the order, under the newest checkpoint."""
    place.mkdir()
    note = newest_note(audit)
    size = parse_note(note).checkpoint.size if note else 0
    lines = audit_lines(audit)[:size]
    tree = Subtrees(LeafHashes(0, (), b"".join(leaf_hash(line) for line in lines), note))
    names = {str(order.order_id), str(order.liid), order.uid.hex()}
    count = 0
    with (place / "entries.jsonl").open("xb") as entries, (place / "proofs.jsonl").open("xb") as proofs:
        for number, line in enumerate(lines):
            if names.isdisjoint(_words(json.loads(line))):
                continue
            entries.write(line + b"\n")
            proofs.write(canonical({"seq": number, "proof": [node.hex() for node in tree.proof(number)]}) + b"\n")
            count += 1
    (place / "checkpoint.txt").write_text(note or f"{AUDIT}\n0\n", "utf-8")
    return count


def _words(value: object) -> Iterable[str]:
    """Every text in an entry, names and values."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)
    elif isinstance(value, str):
        yield value


def _keys(place: Path, keys: Keys) -> None:
    place.mkdir()
    shutil.copyfile(keys.directory / "signing.pub", place / "signing.pub")
    for path in sorted((keys.directory / "epochs").glob("*.cert")):
        (place / "epochs").mkdir(exist_ok=True)
        shutil.copyfile(path, place / "epochs" / path.name)


def _relative(exported: OrderExport, place: Path) -> OrderExport:
    """The same with places as seen from the bundle's own directory."""
    for row in exported.rows:
        row["exports"] = [str(Path(path).relative_to(place)) for path in row["exports"]]
    exported.files = [path.relative_to(place) for path in exported.files]
    return exported
