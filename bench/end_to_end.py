"""A first end-to-end figure: the collector as it is shipped takes content records over TCP, everything on.

    python -m bench.end_to_end [--records N] [--octets N] [--connections N] [--liids N] [--plain] [--date DAY]

Starts `python -m collector` with real orders, opens each communication with its IRI, then sends pre-encoded content
flat out over negotiated connections and waits until the last record is acknowledged. Figures are of the collector's CPU
time (user and system, all threads) and of wall time; sent = received = accepted is checked, else the run is void. The
sender runs in this process and is not counted. Result: bench/results/end_to_end.json with its environment card.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1 import scan
from asn1.handover import Acknowledged, HandoverConfig, MfSession, OptionsAgreed
from asn1.multimedia import sip_iri
from asn1.ps_pdu import PsHeader, iri_pdu
from bench.environment import environment_card
from bench.load import FIRST_NUMBER, Stream, content_stream
from collector.store import pack
from lab import toml
from lab.papers import lab_papers
from mediation.law.documents import make_document, order_from_fields

CHUNK_OCTETS = 1 << 20
TARGET = "+12125550101"
RESULT = Path(__file__).parent / "results" / "end_to_end.json"


def _pem(key: Any) -> bytes:  # noqa: ANN401  either kind of private key
    return bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def prepare(root: Path, liids: int, encryption: bool) -> Path:
    """Keys, orders and the configuration of one collector; the configuration's path."""
    court = Ed25519PrivateKey.generate()
    (root / "court.pub").write_bytes(_pem(court))
    (root / "quarantine.pub").write_bytes(_pem(X25519PrivateKey.generate()))
    inbox = root / "collector" / "hi1-inbox"
    inbox.mkdir(parents=True)
    now_us = time.time_ns() // 1000
    for number in range(liids):
        order = order_from_fields(
            {
                "order_id": f"BENCH-{number}",
                "kind": "EAVESDROPPING",
                "liid": f"BENCH-{number:05d}",
                "start": now_us - 3_600_000_000,
                "days": 10,
                "targets": [TARGET],
                "services": ["VOICE"],
            }
        )
        (inbox / f"{order.order_id}.v1.json").write_bytes(make_document(order, court, papers=lab_papers(order)))
    config = {
        "data_dir": str(root / "collector"),
        "court_public_key": str(root / "court.pub"),
        "quarantine_public_key": str(root / "quarantine.pub"),
        "links": [{"name": "hi", "interface": "both", "policy": {"late_us": 3_600_000_000}}],
        "store": {"capacity_octets": 8 << 30, "segment_octets": 256 << 20, "encryption": encryption},
    }
    path = root / "collector.toml"
    path.write_text(toml.dumps(config))
    return path


def opening(stream: Stream) -> bytes:
    """The IRI that establishes the communication: an INVITE of the target."""
    sip = (
        f"INVITE sip:+12125550102@ims.invalid SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
        f"From: <sip:{TARGET}@ims.invalid>;tag=1\r\nTo: <sip:+12125550102@ims.invalid>\r\n"
        f"Call-ID: {stream.cin}@bench.invalid\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    ).encode()
    header = PsHeader(
        liid=stream.liid, authorization_country="US", delivery_country="US", operator_id=b"LABOP",
        network_element_id=b"med-1", cin=stream.cin, sequence_number=0, time_us=stream.second * 1_000_000,
        time_qualifier="timeOfInterception",
    )  # fmt: skip
    contents = sip_iri(bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]), sip)
    return iri_pdu(header, contents, "begin", payload_direction="fromTarget")


class Sender:
    """One connection of a mediation function that sends prepared octets and waits for their acknowledgement."""

    def __init__(self, parts: list[bytes], records_per_part: int) -> None:
        self._parts = parts
        self._records = records_per_part

    async def run(self, port: int, head: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        session = MfSession(HandoverConfig(ack_every_records=1 << 30, ack_after_us=1_000_000))
        session.connected(_now_us())
        writer.write(session.outgoing())
        while not any(
            isinstance(event, OptionsAgreed) for event in session.receive(await reader.read(4096), _now_us())
        ):
            pass
        writer.write(session.outgoing() + head)
        await self._acknowledged(session, reader, writer, 0)
        for number, part in enumerate(self._parts):
            for at in range(0, len(part), CHUNK_OCTETS):
                writer.write(part[at : at + CHUNK_OCTETS])
                await writer.drain()
            session.sent(number + 1, _now_us())
        await self._acknowledged(session, reader, writer, len(self._parts))
        writer.close()

    @staticmethod
    async def _acknowledged(
        session: MfSession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, journal_id: int
    ) -> None:
        session.sent(journal_id, _now_us())
        session.timer(_now_us() + 1_000_000)
        writer.write(session.outgoing())
        while True:
            octets = await reader.read(4096)
            if not octets:
                raise SystemExit("the collector closed the connection; see its log")
            for event in session.receive(octets, _now_us()):
                if isinstance(event, Acknowledged) and event.journal_id >= journal_id:
                    return


def _now_us() -> int:
    return time.time_ns() // 1000


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=10) as answer:  # loopback only
        value: dict[str, Any] = json.load(answer)
        return value


async def measure(arguments: argparse.Namespace, root: Path) -> dict[str, Any]:
    config = prepare(root, arguments.liids, not arguments.plain)
    log = (root / "collector.log").open("wb")
    process = subprocess.Popen(  # noqa: ASYNC220  one start, before anything is measured
        [sys.executable, "-m", "collector", "--config", str(config)], stdout=log, stderr=log
    )
    try:
        ready = root / "collector" / "ready.json"
        for _ in range(600):
            if ready.exists() or process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        if not ready.exists():
            raise SystemExit(f"the collector did not start:\n{(root / 'collector.log').read_text()}")
        ports = json.loads(ready.read_text())["ports"]
        second = time.time_ns() // 1_000_000_000
        per_stream = arguments.records // (arguments.connections * arguments.liids)
        senders, heads = [], []
        for connection in range(arguments.connections):
            streams = [Stream(b"BENCH-%05d" % number, 1 + connection, second) for number in range(arguments.liids)]
            senders.append(
                Sender([content_stream(one, FIRST_NUMBER, per_stream, arguments.octets) for one in streams], per_stream)
            )
            heads.append(b"".join(opening(one) for one in streams))
        cpu_before, started = cpu_seconds(process.pid), time.perf_counter()
        await asyncio.gather(*(sender.run(ports["hi"], head) for sender, head in zip(senders, heads, strict=True)))
        seconds, cpu = time.perf_counter() - started, cpu_seconds(process.pid) - cpu_before
        seen = status(ports["control"])
    finally:
        process.terminate()
        process.wait()
    sent = per_stream * arguments.connections * arguments.liids
    orders = seen["orders"]
    accepted = sum(order["accepted"] + order["flagged"] for order in orders) - len(heads) * arguments.liids
    return {
        "profile": "cc200" if arguments.octets == 200 else f"cc{arguments.octets}",
        "dialect": "etsi",
        "octets": arguments.octets,
        "liids": arguments.liids,
        "connections": arguments.connections,
        "tls": False,
        "encryption_at_rest": not arguments.plain,
        "seconds": round(seconds, 3),
        "sent": sent,
        "received": sum(order["delivered"] for order in orders) - len(heads) * arguments.liids,
        "accepted": accepted,
        "rejected": sum(order["rejected"] for order in orders),
        "lost": sent - accepted,
        "records_per_s": round(sent / seconds),
        "collector_cpu_s": round(cpu, 3),
        "records_per_core_s": round(sent / cpu),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--octets", type=int, default=200)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--liids", type=int, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="encryption at rest off")
    parser.add_argument("--date", default=time.strftime("%Y-%m-%d", time.gmtime()))
    arguments = parser.parse_args()
    runs = []
    for _ in range(arguments.runs):
        with tempfile.TemporaryDirectory() as directory:
            runs.append(asyncio.run(measure(arguments, Path(directory))))
            print(json.dumps(runs[-1]))
    void = [run for run in runs if run["lost"] or run["received"] != run["sent"]]
    if void:
        raise SystemExit("a run is void: sent, received and accepted differ")
    middle = sorted(runs, key=lambda run: run["records_per_core_s"])[len(runs) // 2]
    result = {
        "what": "median of the runs by records per core-second",
        "result": middle,
        "runs": runs,
        "environment": environment_card(
            arguments.date, {"asn1.scan": scan.COMPILED, "collector.store.pack": pack.COMPILED}
        ),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(
        f"{RESULT.name}: {middle['records_per_core_s']} records per core-second, {middle['records_per_s']} per second"
    )


if __name__ == "__main__":
    main()
