"""The records to be judged: what the real pieces emit in memory, and every golden vector.

What the carrier sends is in `carrier`; here are the two ends of a handover, X1 and HI1, and exports. Vectors are found
by walking tests/vectors: a file, or a vector in it, says of which record it is. The same octets are kept once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from asn1 import x1
from asn1.errors import DecodeError
from asn1.handover import NEGOTIATION_US, HandoverConfig, LemfSession, MfSession
from asn1.hi1 import build_message
from asn1.table import Type
from asn1.tlv import read_tlv
from collector.export.audio import render, wav
from collector.export.capture import Frame, pcapng
from collector.export.communications import Packet
from lab.papers import lab_papers
from mediation.law.documents import order_from_fields
from mediation.law.hi1_orders import OrderMessage, message_of
from mediation.law.hi1_workflows import DocumentAction
from tools.oracles.carrier import START_US, traffic
from tools.oracles.kinds import DESCRIBED, described_kind, kind_of, record_of
from tools.oracles.nested import unfold
from tools.oracles.record import Record

ROOT: Final = Path(__file__).resolve().parents[2]
VECTORS: Final = ROOT / "tests" / "vectors"
MAX_A_KIND: Final = 8
"""Records of one kind and source that are kept: every packet of a call says the same of its format."""

_PLACES: Final = {id(record): layer for layer, record in DESCRIBED.items()}
_TEXTS: Final = {"hi1": "hi1", "x1": "x1"}
"""XML vectors by their directory."""


def corpus() -> list[Record]:
    """Every record once, in a fixed order."""
    found: dict[tuple[str, bytes, str], Record] = {}
    counts: dict[tuple[str, str], int] = {}
    sent = list(traffic())
    for top in (*sent, *exports(sent), *triads(), *tasking(), *orders(), *vectors()):
        for record in unfold(top):
            key, kind = (record.layer, record.octets, record.hint), (record.kind, record.source)
            if key in found or (record.emitted and counts.get(kind, 0) >= MAX_A_KIND):
                continue
            found[key] = record
            counts[kind] = counts.get(kind, 0) + 1
    return sorted(found.values(), key=lambda record: (record.layer, record.kind))


# ---- what else is emitted


def exports(sent: list[Record]) -> Iterator[Record]:
    """What the collector writes for people's own tools: a call's sound, and packets for any analyser."""
    packets = [record.octets for top in sent for record in unfold(top) if record.layer == "ip"]
    held = [Packet(number, START_US + number * 20_000, 0, "ipFrame", octets) for number, octets in enumerate(packets)]
    yield record_of("wav", wav(render(held, {}), "SIMULATION"), "collector export")
    capture = pcapng([Frame(packet.event_us, packet.direction, packet.octets) for packet in held], "SIMULATION")
    yield record_of("pcapng", capture, "collector export")


def triads() -> Iterator[Record]:
    """What the two ends of a handover say to each other: negotiation, acknowledgement, keep-alive."""
    config = HandoverConfig(liid=b"LAB-1", ack_every_records=1)
    mf, lemf = MfSession(config), LemfSession(config)
    now_us = START_US
    mf.connected(now_us)
    lemf.connected(now_us)
    for turn in range(6):
        for octets in _whole(mf.outgoing()):
            yield record_of("ps-pdu", octets, "handover, mediation function's end")
            lemf.tri(octets, turn, now_us)
        lemf.durable(turn, now_us)
        answers = lemf.outgoing()
        for octets in _whole(answers):
            yield record_of("ps-pdu", octets, "handover, collector's end")
        mf.receive(answers, now_us)
        mf.sent(turn + 1, now_us)
        now_us += config.time1_us + NEGOTIATION_US
        mf.timer(now_us)
        lemf.timer(now_us)


def _whole(stream: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        end = read_tlv(stream, at, len(stream)).end
        yield stream[at:end]
        at = end


def orders() -> Iterator[Record]:
    """HI1 as the court writes it: an order and its change, under the usual workflows."""
    order = order_from_fields(
        {
            "order_id": "O-1",
            "kind": "EAVESDROPPING",
            "liid": "LAB-1",
            "targets": ["12125550101"],
            "services": ["VOICE", "SMS"],
            "start": START_US,
            "end": START_US + 10 * 86_400_000_000,
        }
    )
    for version, action in ((1, DocumentAction.ISSUE), (2, DocumentAction.EXTEND), (3, DocumentAction.TERMINATE)):
        one = replace(order, version=version)
        message = message_of(OrderMessage(one, action, START_US, lab_papers(one)))
        yield record_of("hi1", build_message(message), "court")


def tasking() -> Iterator[Record]:
    """X1 as the ADMF and the network element write it."""
    task = x1.TaskDetails(uuid.UUID(int=1), (("e164Number", "12125550101"),), "X2andX3", (uuid.UUID(int=2),))
    destination = x1.ip_destination(uuid.UUID(int=2), "X2andX3", "127.0.0.1", 5_000, "mediation")
    head = ("admf-sim-1", "ne-sim-1", uuid.UUID("00000000-0000-4000-8000-000000000003"), START_US)
    messages = [
        x1.X1Message("CreateDestination", *head, destination=destination),
        x1.X1Message("ActivateTask", *head, task=task),
        x1.X1Message("ModifyTask", *head, task=task),
        x1.X1Message("DeactivateTask", *head, xid=task.xid),
        x1.X1Message("RemoveDestination", *head, did=destination.did),
        x1.X1Message("Ping", *head),
        x1.X1Message("ListAllDetails", *head),
    ]
    for message in messages:
        yield record_of("x1", x1.build_request([message]), "X1 encoder, ADMF")
    for reply in (
        *(x1.X1Reply(message.kind, *head) for message in messages[:6]),
        x1.X1Reply("ActivateTask", *head, error=x1.X1Error(2010, "the XID exists")),
    ):
        yield record_of("x1", x1.build_response([reply]), "X1 encoder, network element")
    yield record_of("x1", x1.build_top_level_error("admf-sim-1", "ne-sim-1", START_US), "X1 encoder, network element")


# ---- golden vectors


def vectors() -> Iterator[Record]:
    """Every vector our own decoder reads whole; those it refuses or only half knows are what others may send."""
    for path in sorted(VECTORS.rglob("*")):
        source = f"vector {path.relative_to(VECTORS)}"
        if path.suffix == ".json":
            yield from _json_vectors(path, source)
        elif path.suffix == ".xml" and path.parent.name in _TEXTS:
            yield from _sound(_TEXTS[path.parent.name], path.read_bytes(), source)


def _json_vectors(path: Path, source: str) -> Iterator[Record]:
    held = json.loads(path.read_text("utf-8"))
    if not isinstance(held, dict):
        if path.parent.name in _TEXTS:
            for item in held:
                if item["valid"]:
                    yield from _sound(_TEXTS[path.parent.name], item["xml"].encode(), f"{source} {item['name']}")
        return
    for item in held.get("vectors", ()):
        name = f"{source} {item.get('name', '')}"
        place = item.get("record", held.get("record"))
        if place is not None:
            octets = (VECTORS / item["file"]).read_bytes() if "file" in item else bytes.fromhex(item["octets"])
            yield from _described(place, octets, name)
        elif path.parent.name == "mms":
            yield from _sound("mms", bytes.fromhex(item["hex"]), name)
        elif "from_mobile" in item:
            hint = "from mobile" if item["from_mobile"] else "to mobile"
            yield from _sound("tpdu", bytes.fromhex(item["octets"]), name, hint)


def _described(place: str, octets: bytes, source: str) -> Iterator[Record]:
    module, _, name = place.rpartition(".")
    record: Any = getattr(import_module(f"asn1.{module}"), name)
    if not isinstance(record, Type):
        raise ValueError(f"{source}: {place} is no record description")
    layer = _PLACES.get(id(record))
    if layer is not None:
        yield from _sound(layer, octets, source)
        return
    try:
        kind = described_kind(record, octets)
    except DecodeError:
        kind = None
    if kind is not None:
        yield Record(place, kind, octets, source, record)


def _sound(layer: str, octets: bytes, source: str, hint: str = "") -> Iterator[Record]:
    kind = kind_of(layer, octets, hint)
    if kind is not None:
        yield Record(layer, kind, octets, source, DESCRIBED.get(layer), False, hint)
