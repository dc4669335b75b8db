"""What is brought in: hand-off packages, for which a receipt is signed, and what devices were read out into.

Rules. Who brings something shows a certificate of the lab's CA for it (`hand-off`, `devices`); nobody else is heard. A
package is taken whole and verified or not at all; one that is here already is answered with the receipt it had. A
receipt names the package by the hash of its manifest and is signed with this system's key, so that whoever handed over
can prove it (R-130). What is refused is on record too.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import insert

from asn1.errors import RefusedError
from lab.agency.records.office import Office
from lab.agency.records.packages import rows_of, unpack, verified
from lab.agency.records.tables import FOUND, ITEMS, PACKAGES

FORMAT: Final = "calea-lab receipt 1"
MAX_ITEM_OCTETS: Final = 64 << 20
KINDS: Final = frozenset({"image", "recording", "note"})
_ROWS_AT_ONCE: Final = 2000


class Receiving:
    def __init__(self, office: Office, key: Ed25519PrivateKey) -> None:
        self._office = office
        self._key = key

    def package(self, stream: BinaryIO, by: str, investigator: str, need: str) -> dict[str, Any]:
        """The receipt, signed. Raises RefusedError."""
        office = self._office
        arriving = office.place / "arriving" / uuid.uuid4().hex
        try:
            if not by.strip() or not need.strip():
                raise RefusedError("NEED_TO_KNOW_MISSING: a package comes from somebody, for a stated need (R-173).")
            unpack(stream, arriving)
            bundle = verified(arriving, office.collector_keys)
        except RefusedError as error:
            shutil.rmtree(arriving, ignore_errors=True)
            office.put("package_refused", {"by": by, "why": str(error), "rules": ["R-090", "R-173"]})
            raise
        there = office.place / "packages" / bundle.package_id
        if there.exists():
            shutil.rmtree(arriving)
            return self._receipt_of(there)
        there.parent.mkdir(parents=True, exist_ok=True)
        receipt = {
            "format": FORMAT,
            "simulation": True,
            "receipt_id": f"{office.name}/{bundle.package_id[:12]}",
            "system": office.name,
            "package": bundle.package_id,
            "order": bundle.order_id,
            "case": bundle.case_id,
            "records": bundle.report.records,
            "withheld": bundle.report.withheld,
            "brought_by": by,
            "received_us": office.now_us(),
        }
        signed = {"receipt": receipt, "signature": self._key.sign(_canonical(receipt)).hex()}
        row = {
            "package_id": bundle.package_id, "case_id": bundle.case_id, "order_id": bundle.order_id, "brought_by": by,
            "received_us": receipt["received_us"], "records": bundle.report.records,
            "withheld": bundle.report.withheld,
        }  # fmt: skip
        self._find(arriving, row)
        (there.parent / f"{bundle.package_id}.receipt.json").write_text(json.dumps(signed))
        arriving.rename(there)
        office.open_case(bundle.case_id, by, investigator, need)
        office.put(
            "package_received", {**receipt, "investigator": investigator, "need": need, "rules": ["R-130", "R-173"]}
        )
        return signed

    def _receipt_of(self, package: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(package.with_name(f"{package.name}.receipt.json").read_text())
        return found

    def _find(self, directory: Path, package: Mapping[str, Any]) -> None:
        """The package and what can be searched in it, together or not at all."""
        with self._office.database.writing() as connection:
            connection.execute(insert(PACKAGES), dict(package))
            common = {"case_id": package["case_id"], "source": package["package_id"]}
            rows: list[dict[str, Any]] = []
            for row in rows_of(directory):
                rows.append({**common, **row._asdict()})
                if len(rows) == _ROWS_AT_ONCE:
                    connection.execute(insert(FOUND), rows)
                    rows = []
            if rows:
                connection.execute(insert(FOUND), rows)

    def item(self, octets: bytes, said: Mapping[str, str]) -> dict[str, Any]:
        """What a device was read out into: an image, a recording made without a warrant, a note. Raises
        RefusedError."""
        office = self._office
        case_id, by, kind, device = (str(said.get(name, "")).strip() for name in ("case", "by", "kind", "device"))
        try:
            made_us = int(said.get("made_us", ""))
        except ValueError:
            made_us = -1
        whole = case_id and by and device and kind in KINDS and 0 <= made_us <= office.now_us()
        if not whole or not 0 < len(octets) <= MAX_ITEM_OCTETS:
            office.put("item_refused", {"by": by, "device": device, "kind": kind, "rules": ["R-150"]})
            raise RefusedError(
                "DOC_MISSING: an item has case, by, device, made_us in the past and a kind "
                f"({', '.join(sorted(KINDS))}), and 1 to {MAX_ITEM_OCTETS} octets."
            )
        item_id = hashlib.sha256(octets).hexdigest()
        row = {
            "item_id": item_id, "case_id": case_id, "kind": kind, "device": device, "made_us": made_us,
            "brought_by": by, "received_us": office.now_us(), "octets": len(octets),
        }  # fmt: skip
        there = office.database.one(ITEMS, item_id=item_id)
        if there is None:
            path = office.place / "items" / item_id
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(octets)
            with office.database.writing() as connection:
                connection.execute(insert(ITEMS), row)
                who = str(said.get("who", "")).strip() or device
                found = {"case_id": case_id, "source": item_id, "record": None, "kind": kind, "time_us": made_us}
                connection.execute(insert(FOUND), {**found, "who": who})
            office.open_case(case_id, by, by, f"read out of {device}")
            office.put("item_received", row)
        return {"item_id": item_id}


def receipt_holds(signed: Mapping[str, Any], key: Ed25519PublicKey, package_id: str) -> bool:
    """Whether a receipt is of this system, and for this package."""
    try:
        receipt = signed["receipt"]
        key.verify(bytes.fromhex(signed["signature"]), _canonical(receipt))
        return bool(receipt["format"] == FORMAT and receipt["package"] == package_id)
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
