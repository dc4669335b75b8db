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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from asn1 import view
from asn1.errors import DecodeError, LocalError, RefusedError
from asn1.laes import describe as laes
from collector.export import bundle_check
from collector.export.bundle_page import page
from collector.export.proven import Subtrees, canonical, of_order, record_line, sha256_of, sync_file
from collector.export.service import OrderExport, export_liid
from collector.facts.stored import dialect_of
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED
from collector.standing import Standings
from collector.store.audit_log import ORIGIN as AUDIT
from collector.store.audit_log import audit_lines, newest_note, verify_audit
from collector.store.keys import Keys
from collector.store.private_files import sync_directory
from collector.store.reader import DataView, LeafHashes, StoredRecord, StoreReader, Wanted
from mediation.law.orders import CourtOrder, OrderUid
from mediation.ledger.checkpoint import parse_note
from mediation.ledger.kernel import leaf_hash
from mediation.runtime.process import IntegrityError

FORMAT: Final = bundle_check.FORMAT
QUARANTINED: Final = "quarantined: sealed to the court since its delivery"
NO_KEY: Final = "its order's data key is not here: it was withdrawn, and the court has it"
STORE: Final = bundle_check.STORE

Record = Callable[[str, dict[str, Any]], object]


class Bundle(NamedTuple):
    """What was made. `manifest_sha256` names it."""

    directory: Path
    records: int
    withheld: int
    audit_entries: int
    files: int
    manifest_sha256: str


class OneOrder(StoreReader):
    """A reader that sees the records of one order and no other."""

    def __init__(self, directory: Path, keys: Keys, uid: OrderUid) -> None:
        super().__init__(directory, keys)
        self._uid = uid

    def records(self, wanted: Wanted | None = None) -> Any:  # noqa: ANN401  an iterator, as the reader's
        def ours(one: DataView) -> np.ndarray[Any, Any]:
            mask = of_order(one, self._uid)
            return mask if wanted is None else mask & wanted(one)

        return super().records(ours)


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
    reader = OneOrder(store, keys, order.uid)
    tree, standings = Subtrees(reader.leaf_hashes()), reader.standings()
    if next(iter(reader.records()), None) is None:
        raise LocalError(f"The store holds no record of {order.order_id}: there is nothing to export.")
    record("export", {"actor": by, "reason": reason, "orders": [str(order.order_id)], "form": "evidence bundle"})
    temporary = directory.with_name(directory.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True, mode=0o700)
    try:
        made = _fill(temporary, reader, tree, standings, audit, keys, order, by, reason, now_us)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    temporary.rename(directory)
    sync_directory(directory.parent)
    return made._replace(directory=directory)


def _fill(
    place: Path,
    reader: OneOrder,
    tree: Subtrees,
    standings: Standings,
    audit: Path,
    keys: Keys,
    order: CourtOrder,
    by: str,
    reason: str,
    now_us: int,
) -> Bundle:
    records, withheld = _records(place / "records", reader, tree, standings)
    views = place / "views"
    views.mkdir()
    exported = export_liid(reader, order.liid.encode(), views)
    _decoded(views / "decoded.jsonl", reader, tree.size, standings)
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
        "records": records,
        "withheld": withheld,
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
    return Bundle(place, records, withheld, entries, len(files), hashlib.sha256(manifest).hexdigest())


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


def _records(place: Path, reader: OneOrder, tree: Subtrees, standings: Standings) -> tuple[int, int]:
    place.mkdir()
    given = withheld = octets = 0
    with (place / "records.bin").open("xb") as area, (place / "records.jsonl").open("xb") as lines:
        for record in reader.records():
            if record.sequence >= tree.size:
                break
            why = why_withheld(record, standings)
            if why is not None:
                lines.write(canonical({"sequence": record.sequence, "withheld": why}) + b"\n")
                withheld += 1
                continue
            assert record.octets is not None
            area.write(record.octets)
            lines.write(canonical(record_line(record, octets, tree)) + b"\n")
            given, octets = given + 1, octets + len(record.octets)
    (place / "checkpoint.txt").write_text(tree.note, "utf-8")
    return given, withheld


def _decoded(path: Path, reader: OneOrder, size: int, standings: Standings) -> None:
    """One JSON line a record that is handed out, as `calea-lab decode` prints it (docs/decode.md)."""
    with path.open("x", encoding="utf-8") as lines:
        for record in reader.records():
            if record.sequence >= size or why_withheld(record, standings) is not None:
                continue
            lines.write(json.dumps({"record": record.sequence, **_line(record)}, sort_keys=True) + "\n")


def _line(record: StoredRecord) -> dict[str, Any]:
    octets = record.record or b""
    if record.form == FORM_MASKED:
        return {"masked": json.loads(octets)}
    if record.form != FORM_RECEIVED:
        return {"collector": json.loads(octets)}
    dialect = dialect_of(record.content_tag)
    if dialect is None:
        return dict(view.describe(octets))
    try:
        return dict(laes.describe(octets, dialect=dialect))
    except DecodeError as error:
        return {"error": {"code": error.code, "message": error.message}}


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
