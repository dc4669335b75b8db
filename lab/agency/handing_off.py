"""The hand-off over the border: an order's evidence bundle into record management, and its signed receipt back.

    DATA/handed-off/ORDER.bundle/         what went over, as it went; of a fleet a directory a collector in it
    DATA/handed-off/ORDER.receipt.json    record management's receipt, signed (R-130); ORDER.COLLECTOR.receipt.json

Rules. What stands against it is said before anything is made: not ended, not sealed, an unknown system, no need (R-130,
R-131, R-173). The bundle goes over TLS, with the certificate that record management knows; its receipt is checked
against the key it is known by, and only then is the order handed off on the desk's record and by the court's document
(`lab.case_moves.hand_off`). A bundle that went over and was not recorded goes again, to the same receipt.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import tarfile
import urllib.parse
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from asn1.errors import RefusedError
from collector.export.evidence import NothingStoredError, make_bundle
from collector.export.sources import Source
from collector.store.private_files import read_public_key
from lab.agency.records.packages import MAX_OCTETS
from lab.agency.records.receiving import receipt_holds
from lab.case_file import Docket, Verdict
from lab.case_moves import hand_off as record_hand_off
from lab.exports import sources_of
from lab.stack import HOST, Stack
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.disclosure import may_hand_off
from mediation.law.lifecycle import OrderEvent
from mediation.law.orders import CourtOrder
from mediation.runtime.config import NotReadyError, TlsConfig
from mediation.runtime.tls import client_context

PROCESS: Final = "records"
CERTIFICATE: Final = "hand-off"
_TIMEOUT_S: Final = 120.0
_MAX_ANSWER_OCTETS: Final = 1 << 20
Made = dict[str, Any]


def hand_over(
    docket: Docket, stack: Stack, order: CourtOrder, by: str, to: str, investigator: str, need: str
) -> tuple[Verdict, Made]:
    """Raises NotReadyError where record management does not answer, RefusedError where it does not take the package or
    signs no receipt for it."""
    facts = Circumstances(target_system=to, logged_reason=need)
    asked = docket.ask(by, Action.EXPORT_HAND_OFF, order, "hand-over", facts)
    known = may_hand_off(to, need, docket.desk.state.case_systems)
    verdict = docket.judge("hand over", by, order, asked, known, missing=docket.step_lacks(order, OrderEvent.HAND_OFF))
    if not verdict.allowed:
        return verdict, {}
    if PROCESS not in stack.alive:
        raise NotReadyError(f"No record management runs in {docket.data}: `calea-lab up --agency` starts it.")
    directory = docket.data / "handed-off" / f"{order.order_id}.bundle"
    sources = sources_of(docket.data)
    with docket.away():
        # One a collector, each under its own key; a collector that has nothing of the order has none.
        each = [_bundle(docket, one, directory, order, by, need) for one in sources]
        bundles = [one for one in each if one is not None]
        if not bundles:
            raise NothingStoredError(f"No record of {order.order_id} is stored: there is nothing to hand over.")
        said = {"by": by, "investigator": investigator, "need": need}
        receipts = [_receipt(docket, stack, one, said, to, order) for one in bundles]
    receipt_ids = ", ".join(str(one["receipt_id"]) for one in receipts)
    verdict, made = record_hand_off(docket, order, by, to, need, receipt_ids)
    if not made:
        return verdict, {}
    packages = ", ".join(str(one["package"]) for one in receipts)
    return verdict, {**made, "package": packages, "records": sum(int(one["records"]) for one in receipts)}


def _bundle(docket: Docket, source: Source, directory: Path, order: CourtOrder, by: str, need: str) -> Path | None:
    """The bundle out of one store, made where it is not there yet; None where that store has nothing of the order."""
    target = directory / source.name if source.name else directory
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            make_bundle(
                source.store, source.audit, source.keys, order, target, by=by, reason=need, now_us=docket.now_us,
                record=docket.record,
            )  # fmt: skip
        except NothingStoredError:
            return None
    return target


def _receipt(
    docket: Docket, stack: Stack, bundle: Path, said: dict[str, str], to: str, order: CourtOrder
) -> dict[str, Any]:
    """What record management signed for one bundle. Raises RefusedError."""
    signed = _sent(stack, bundle, said)
    key = read_public_key(docket.data / PROCESS / "keys" / "signing.pub")
    if not receipt_holds(signed, key, _sha256((bundle / "manifest.json").read_bytes())):
        raise RefusedError(f"{to} signed no receipt for this package: the order {order.order_id} is not handed off.")
    name = order.order_id if bundle.name.endswith(".bundle") else f"{order.order_id}.{bundle.name}"
    (docket.data / "handed-off" / f"{name}.receipt.json").write_text(json.dumps(signed, indent=1))
    found: dict[str, Any] = signed["receipt"]
    return found


def _sent(stack: Stack, directory: Path, said: dict[str, str]) -> dict[str, Any]:
    ca = stack.paths.ca
    context = client_context(
        TlsConfig(certificate=ca / f"{CERTIFICATE}.pem", key=ca / f"{CERTIFICATE}.key", ca=ca / "ca.pem")
    )
    port = stack.running[PROCESS].ports["https"]
    with TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w|") as archive:
            for path in sorted(one for one in directory.rglob("*") if one.is_file()):
                archive.add(path, path.relative_to(directory).as_posix(), recursive=False)
        size = file.tell()
        if size > MAX_OCTETS:
            raise RefusedError(f"The package has {size} octets; record management takes {MAX_OCTETS}.")
        file.seek(0)
        connection = http.client.HTTPSConnection(HOST, port, timeout=_TIMEOUT_S, context=context)
        try:
            headers = {"Content-Type": "application/x-tar", "Content-Length": str(size)}
            connection.request("POST", f"/api/v1/packages?{urllib.parse.urlencode(said)}", file, headers)
            answer = connection.getresponse()
            octets = answer.read(_MAX_ANSWER_OCTETS)
        except (OSError, http.client.HTTPException, ssl.SSLError) as error:
            raise NotReadyError(f"Record management does not take the package: {error}. Try again.") from error
        finally:
            connection.close()
    try:
        value = json.loads(octets)
    except ValueError as error:
        raise RefusedError(f"Record management answered {answer.status} without a receipt.") from error
    if answer.status != 200 or not isinstance(value, dict):
        why = value.get("error", "") if isinstance(value, dict) else ""
        raise RefusedError(f"Record management refused the package: {why}")
    return value


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
