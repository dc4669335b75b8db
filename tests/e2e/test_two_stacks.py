"""Two lab stacks with different settings: the carrier side of one delivers to the agency of the other.

They share a court and nothing else: other countries, operator and element, TLS on the handover in place of plain TCP,
the keep-alive as barrier in place of negotiated acknowledgement, an older module version, one number a LIID, integrity
checks, segments or aggregated content; and on another run what each has by default. All four
processes run in one here; between them are the sockets that are between them elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.ps_pdu import decode_ps_pdu
from carrier_sim.config import CarrierConfig
from carrier_sim.service import main as carrier_main
from collector.config import CollectorConfig
from collector.export.service import export_liid
from collector.service import Service
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from lab.papers import lab_papers
from mediation.config import MediationConfig
from mediation.law.documents import make_document, order_from_fields
from mediation.runtime.config import PLAIN_WORDS
from mediation.runtime.tls import make_lab_ca
from mediation.service import run

SECOND = 1_000_000
BASE = 1_750_000_000 * SECOND
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
T, A, C = "12125550100", "12125550144", "12125550188"
FUNCTIONS = {"ims-1": "voice", "upf-1": "data", "smsf-1": "messaging", "mmsc-1": "messaging", "web-1": "web"}
OTHER: dict[str, Any] = {
    "operator_id": "OTHER-OP",
    "network_element_id": "med-other",
    "authorization_country": "NL",
    "delivery_country": "DE",
    "handover": {"negotiate": False, "ack_every_records": 8, "ack_after_ms": 5},
    "ps_module_version": 15,
    "sequence_scope": "liid",
    "cin_reset": "restart",
    "segment_octets": 1_000,
    "integrity": {"hash_records": 10, "hash_s": 0.1},
}
AGGREGATING: dict[str, Any] = {**OTHER, "aggregation": {"records": 4, "us": 200_000}, "segment_octets": None}


class Both:
    def __init__(self, root: Path, service: Service, ports: dict[str, dict[str, int]]) -> None:
        self.root, self.service, self.ports = root, service, ports

    def counts(self) -> dict[str, Any]:
        return next(iter(self.service._status.status()["orders"]))

    async def ask(self, process: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self.ports[process]['control']}{path}"
        method = "GET" if body is None else "POST"
        async with aiohttp.request(method, url, json=body) as answer:
            return await answer.json()

    async def quiet(self) -> None:
        """Until what was played is delivered and acknowledged."""
        async with asyncio.timeout(20):
            while True:
                carrier, mediation = await self.ask("carrier", "/status"), await self.ask("mediation", "/status")
                taken = sum(one["x2_in"] + one["x3_in"] for one in mediation["per_liid"].values())
                emitted = sum(one["x2"] + one["x3"] for one in carrier["tasks"].values())
                if carrier["schedule_empty"] and emitted == taken and mediation["idle"]:
                    return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def stacks(root: Path, mediation: dict[str, Any], tls: bool) -> AsyncIterator[Both]:
    clock = {"anchor_us": time.time_ns() // 1_000, "base_us": BASE, "factor": 50.0}
    pem, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    quarantine = X25519PrivateKey.from_private_bytes(bytes(range(32)))
    (root / "court.pub").write_bytes(COURT.public_key().public_bytes(pem, form))
    (root / "quarantine.pub").write_bytes(quarantine.public_key().public_bytes(pem, form))
    order = order_from_fields(
        {"order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": [f"e164:{T}"],
         "start": BASE - 3_600 * SECOND, "end": BASE + 10 * 86_400 * SECOND, "services": ["VOICE", "SMS", "MMS"]}
    )  # fmt: skip
    document = make_document(order, COURT, papers=lab_papers(order))
    for side in ("carrier-side", "agency-side"):
        (root / side).mkdir()
        (root / side / "O-1.json").write_bytes(document)
    listen: dict[str, Any] = {}
    peer: dict[str, Any] = {}
    if tls:
        make_lab_ca(root / "ca", ("lemf", "mf"), time.time_ns() // 1_000)
        common = {"ca": root / "ca/ca.pem"}
        listen = {"tls": {"certificate": root / "ca/lemf.pem", "key": root / "ca/lemf.key", **common}}
        peer = {"tls": {"certificate": root / "ca/mf.pem", "key": root / "ca/mf.key", **common}}
    stop, tasks = asyncio.Event(), []

    async def launch(process: Any) -> dict[str, int]:
        ready: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(process(lambda ports: ready.set_result(dict(ports))))
        tasks.append(task)
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        return ready.result()

    try:
        collector = Service(
            CollectorConfig.model_validate(
                {"data_dir": root / "collector", "clock": clock, "court_public_key": root / "court.pub",
                 "quarantine_public_key": root / "quarantine.pub", "hi1_inbox": root / "agency-side",
                 "links": [{"name": "hi2", "interface": "HI2", "listen": listen},
                           {"name": "hi3", "interface": "HI3", "listen": listen}],
                 "store": {"capacity_octets": 16 << 20, "segment_octets": 8 << 20}}
            )
        )  # fmt: skip
        ports = {"collector": await launch(lambda ready: collector.run(ready, stop))}
        carrier = CarrierConfig.model_validate(
            {"data_dir": root / "carrier", "clock": clock, "retry_s": 0.01, "x1_plain": PLAIN_WORDS}
        )
        ports["carrier"] = await launch(lambda ready: carrier_main(carrier, ready, stop))
        values = {
            "data_dir": root / "mediation", "clock": clock, "court_public_key": root / "court.pub",
            "hi1_inbox": root / "carrier-side", "x1_plain": PLAIN_WORDS,
            "x1_url": f"http://127.0.0.1:{ports['carrier']['x1']}/X1/NE",
            "ne_id": "ne-sim-1", "admf_id": "admf-sim-1", "network_functions": FUNCTIONS, "reconnect_s": 0.02,
            "hi2": {"port": ports["collector"]["hi2"], **peer}, "hi3": {"port": ports["collector"]["hi3"], **peer},
            **mediation,
        }  # fmt: skip
        config = MediationConfig.model_validate(values)
        ports["mediation"] = await launch(lambda ready: run(config, ready, stop))
        yield Both(root, collector, ports)
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("mediation", "tls"),
    [(OTHER, True), (AGGREGATING, False), ({}, False)],
    ids=["other settings, TLS, keep-alive", "aggregated", "defaults"],
)
async def test_what_one_stack_intercepts_the_other_stack_holds(
    tmp_path: Path, mediation: dict[str, Any], tls: bool
) -> None:
    traffic = [
        {"kind": "call", "caller": A, "callee": T, "seconds": 2, "forward_to": C, "forward": "busy", "ring_s": 0.5},
        {"kind": "sms", "from": T, "to": A, "text": "SIMULATION between two stacks",
         "status_report": True},
        {"kind": "mms", "from": T, "to": A, "text": "SIMULATION", "size_octets": 3_000},
    ]  # fmt: skip
    async with stacks(tmp_path, mediation, tls) as both:
        async with asyncio.timeout(20):
            while (await both.ask("carrier", "/status"))["active_tasks"] != 1:  # noqa: ASYNC110  asked over a socket
                await asyncio.sleep(0.01)
        await both.ask("carrier", "/inject", traffic)
        await both.quiet()
        counts = both.counts()
        status = await both.ask("mediation", "/status")
        assert counts["delivered"] == status["per_liid"]["LAB-1"]["acknowledged"] > 50
        assert counts["accepted"] + counts["flagged"] == counts["delivered"], counts
        assert both.service._status.status()["balanced"]
    keys = Keys(tmp_path / "collector/keys")
    reader = StoreReader(tmp_path / "collector/store", keys)
    headers = [decode_ps_pdu(record.octets).header for record in reader.records() if record.octets]
    expected = (mediation.get("authorization_country", "US"), mediation.get("operator_id", "LABOP").encode())
    assert {header.oid for header in headers} == {f"0.4.0.2.2.5.1.{mediation.get('ps_module_version', 43)}"}
    assert {(header.authorization_country, header.operator_id) for header in headers} == {expected}
    export = export_liid(reader, b"LAB-1", tmp_path / "export")
    call = next(row for row in export.rows if row["service"] == "VOICE")
    assert call["parties"] == [f"+{number}" for number in sorted((T, A, C))]
    assert export.audio_s > 1.5 and export.messages == 1
    assert verify_store(tmp_path / "collector/store", keys.signing.public_key(), keys).ok
    (talk,) = (tmp_path / "export").glob("sms-*.txt")
    assert f"+{T} to +{A} (received):  SIMULATION between two stacks" in talk.read_text()
    (picture,) = (tmp_path / "export").glob("mms-*-simulation.png")
    assert picture.read_bytes().endswith(b"IEND\xae\x42\x60\x82")
    assert picture.read_bytes().startswith(b"\x89PNG") and b"calea-lab SIMULATION" in picture.read_bytes()
    (text,) = (tmp_path / "export").glob("mms-*-text.txt")
    assert export.multimedia == 1 and text.read_text() == "SIMULATION"
