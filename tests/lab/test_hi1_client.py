"""The court writes over HI1 to whom it reaches, and into the inbox of whom it does not; and it can ask what stands."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from typer.testing import CliRunner

from asn1.errors import RemoteError
from lab import cli_order_standing
from lab.cli import build
from lab.court import Court
from lab.hi1_client import Hi1Client
from lab.paths import RunPaths
from mediation.admf import Admf, Files
from mediation.config import ActivationModel, FaultsModel
from mediation.faults import Faults
from mediation.filing import Filing
from mediation.hi1 import CarrierReceiver
from mediation.law.papers import Papers
from mediation.notices import Notices
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import Listen
from mediation.runtime.exchange import Endpoint
from mediation.runtime.hi1_front import Hi1Config, Hi1Front
from mediation.runtime.status import start_http
from mediation.runtime.tls import make_lab_ca

START = 1_780_000_000_000_000
FIELDS: dict[str, Any] = {
    "order_id": "O-1", "kind": "PRTT", "liid": "LAB-1", "targets": ["12125550101"],
    "start": START, "end": START + 86_400_000_000,
}  # fmt: skip


@pytest.fixture
async def paths(tmp_path: Path) -> AsyncIterator[RunPaths]:
    """A run in which the carrier alone listens."""
    paths = RunPaths(tmp_path)
    make_lab_ca(paths.ca, ("mediation", "collector", "court"), time.time_ns() // 1_000)
    court = Court(paths)
    court.make_keys()
    key = serialization.load_pem_public_key(court.public_key_path.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    inbox = paths.inbox("mediation")
    inbox.mkdir(parents=True)
    clock = ManualClock(START)
    policy, element = ActivationModel(), Endpoint("http://127.0.0.1:1/X1/NE")
    files = Files.within(tmp_path)
    admf = Admf(inbox, key, element, "ne-1", "admf-1", clock, Faults(FaultsModel()), files, policy)
    notices = Notices(admf, Filing(tmp_path / "notices.jsonl"), clock.now_us)
    tls = {"certificate": paths.ca / "mediation.pem", "key": paths.ca / "mediation.key", "ca": paths.ca / "ca.pem"}
    config = Hi1Config(listen=Listen.model_validate({"tls": tls}))
    front = Hi1Front(inbox, key, CarrierReceiver(admf, notices, clock), config.issuers, clock.now_us)
    runner, port = await start_http(config.listen, front.routes())
    endpoint = {"url": f"https://127.0.0.1:{port}", "name": "mediation"}
    nobody = {"url": "https://127.0.0.1:9", "name": "collector"}
    paths.hi1_endpoints.write_text(json.dumps({"mediation": endpoint, "collector": nobody}))
    yield paths
    await runner.cleanup()


async def test_who_answers_is_written_to_and_who_does_not_finds_it_in_the_inbox(paths: RunPaths) -> None:
    court = Court(paths)
    await asyncio.to_thread(court.issue, FIELDS)
    assert court.refusals == {}
    carrier, agency = (paths.inbox(one) / "O-1.v1.json" for one in ("mediation", "collector"))
    assert carrier.read_bytes() == agency.read_bytes() == (paths.court / "O-1.v1.json").read_bytes()
    await asyncio.to_thread(court.issue, FIELDS | {"order_id": "O-2", "liid": "LAB-2"}, Papers())
    assert list(court.refusals) == ["mediation"] and "DOC_MISSING" in court.refusals["mediation"]


async def test_who_signs_is_told_at_once_what_a_receiver_has_against_it(paths: RunPaths) -> None:
    create = ["order", "create", "--kind", "PRTT", "--target", "+12125550101", "--days", "1", "--liid", "LAB-7"]
    for agency, told in (("ONE", 0), ("ANOTHER", 1)):
        command = [*create, "--id", f"O-{agency}", "--agency", agency, "--data", str(paths.data)]
        shown = await asyncio.to_thread(CliRunner().invoke, build("order"), command)
        assert shown.exit_code == 0, shown.output
        assert shown.output.count("mediation refuses it") == told and ("R-026" in shown.output) is bool(told)


async def test_the_court_is_told_what_stands(paths: RunPaths) -> None:
    await asyncio.to_thread(Court(paths).issue, FIELDS)
    rows = await asyncio.to_thread(cli_order_standing._of, Hi1Client(paths), "mediation", "O-1")
    assert rows == [
        {"at": "carrier", "order": "O-1", "version": 1, "authorisation": "Approved", "task": "AwaitingProvisioning",
         "provisioned": "-", "notices": []},
    ]  # fmt: skip
    assert await asyncio.to_thread(cli_order_standing._of, Hi1Client(paths), "mediation", "O-2") == []
    told = json.loads(paths.hi1_endpoints.read_text())
    paths.hi1_endpoints.write_text(json.dumps(dict.fromkeys(told, told["mediation"])))
    for form in ([], ["--json"]):
        command = ["order", "standing", "--data", str(paths.data), *form]
        shown = await asyncio.to_thread(CliRunner().invoke, build("order"), command)
        assert shown.exit_code == 0 and shown.output.count("AwaitingProvisioning") == 2, shown.output
    paths.hi1_endpoints.write_text(json.dumps(told))
    with pytest.raises(RemoteError, match="Nobody answers"):
        await asyncio.to_thread(cli_order_standing._of, Hi1Client(paths), "collector", None)


async def test_attack_who_shows_another_certificate_gets_no_document(paths: RunPaths) -> None:
    """The port of a carrier that is down, taken by another holder of a lab certificate."""
    told = json.loads(paths.hi1_endpoints.read_text())
    paths.hi1_endpoints.write_text(json.dumps(told | {"collector": told["mediation"] | {"name": "collector"}}))
    document = Court(paths)
    await asyncio.to_thread(document.issue, FIELDS)
    assert (paths.inbox("collector") / "O-1.v1.json").exists()
    sent = await asyncio.to_thread(Hi1Client(paths).send, "collector", (paths.court / "O-1.v1.json").read_bytes())
    assert sent is None
