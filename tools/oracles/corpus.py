"""The records to be judged: what the real pieces emit in memory, and every golden vector.

Traffic goes the way it goes in a run, without the sockets: simulated network -> POI -> X2/X3 PDU -> conversion ->
PS-PDU. Vectors are found by walking tests/vectors: a file, or a vector in it, says of which record it is. The same
octets are kept once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from asn1 import x1, x2x3
from asn1.errors import DecodeError
from asn1.handover import NEGOTIATION_US, HandoverConfig, LemfSession, MfSession
from asn1.laes.ccc import HEADER_OCTETS, CccDatagram, encode_datagram
from asn1.ps_pdu import PsHeader, iri_pdu
from asn1.table import Type
from asn1.tlv import read_tlv
from carrier_sim.config import CallItem, DataItem, MmsItem, RegisterItem, SmsItem, WebItem
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Poi, Task
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity
from collector.export.audio import render, wav
from collector.export.capture import Frame, pcapng
from collector.export.communications import Packet
from lab.stack import NETWORK_FUNCTIONS
from mediation import convert
from mediation.sequence import Communication
from mediation.templates import Templates
from tools.oracles.kinds import DESCRIBED, described_kind, kind_of
from tools.oracles.nested import unfold
from tools.oracles.record import Record

ROOT: Final = Path(__file__).resolve().parents[2]
VECTORS: Final = ROOT / "tests" / "vectors"
START_US: Final = 1_767_600_000_000_000
SEED: Final = 1
CALLER, CALLEE, HOST = "+12125550101", "+12125550102", "192.0.2.80"
MAX_A_KIND: Final = 40
"""Records of one kind that are kept of the traffic: every packet of a call says the same of its format."""

_PLACES: Final = {id(record): layer for layer, record in DESCRIBED.items()}
_TEXTS: Final = {"hi1": "hi1", "x1": "x1"}
"""XML vectors by their directory."""


def corpus() -> list[Record]:
    """Every record once, in a fixed order."""
    found: dict[tuple[str, bytes, str], Record] = {}
    counts: dict[str, int] = {}
    sent = list(traffic())
    for top in (*sent, *exports(sent), *triads(), *datagrams(), *tasking(), *vectors()):
        for record in unfold(top):
            key = record.layer, record.octets, record.hint
            if key in found or (record.emitted and counts.get(record.kind, 0) >= MAX_A_KIND):
                continue
            found[key] = record
            counts[record.kind] = counts.get(record.kind, 0) + 1
    return sorted(found.values(), key=lambda record: (record.layer, record.kind))


def _record(layer: str, octets: bytes, source: str, emitted: bool = True, hint: str = "") -> Record:
    kind = kind_of(layer, octets, hint)
    if kind is None:
        raise ValueError(f"{source}: our own decoder does not read this {layer}: {octets[:40].hex()}…")
    return Record(layer, kind, octets, source, DESCRIBED.get(layer), emitted, hint)


# ---- traffic


def traffic() -> Iterator[Record]:
    """Calls, messages, data and web visits of one target, as X2/X3 PDUs and as PS-PDUs; every packet on the way."""
    schedule = Schedule()
    network = Network(SEED, START_US, Directory(SEED), Clips(), schedule)
    for item in (
        CallItem(caller=CALLER, callee=CALLEE, seconds=0.3, dtmf="1"),
        CallItem(caller=CALLEE, callee=CALLER, seconds=0.1, codec="PCMU"),
        CallItem(caller=CALLER, callee=CALLEE, outcome="busy"),
        CallItem(caller=CALLER, callee=CALLEE, outcome="no_answer"),
        SmsItem(sender=CALLER, to=CALLEE, text="A simulated message."),
        SmsItem(sender=CALLEE, to=CALLER, text="Ein Gruß aus der Übung 🙂 " * 8),
        SmsItem(sender=CALLEE, to=CALLER, text="By SIP.", via="ims"),
        MmsItem(sender=CALLER, to=CALLEE, text="A simulated picture.", subject="Picture"),
        MmsItem(sender=CALLEE, to=CALLER, text="No picture.", picture=False),
        DataItem(subscriber=CALLER, seconds=1, packets=4),
        DataItem(subscriber=CALLER, seconds=1, packets=4, ipv6=True),
        DataItem(subscriber=CALLER, seconds=1, packets=4, report="smf", located=True),
        RegisterItem(subscriber=CALLER, via="amf"),
        RegisterItem(subscriber=CALLER, via="amf", expires_s=0),
        SmsItem(sender=CALLEE, to=CALLER, text="By SIP, told as an event.", via="ims", report="xiri"),
        WebItem(visitors=(CALLEE,)),
    ):
        network.add(item, START_US)
    events = schedule.due(1 << 62, 2_000)
    mediation = _Mediation()
    for version in (x2x3.VERSION_5, x2x3.VERSION_6):
        poi = Poi(version)
        poi.set_destination("did-1", Delivers.BOTH)
        targets = (Identity("e164Number", CALLER.removeprefix("+")), Identity("ipv4Address", HOST))
        poi.set_task(Task(str(uuid.UUID(int=SEED)), targets, Delivers.BOTH, ("did-1",)))
        for event in events:
            for emission in poi.handle(event):
                yield _record("x2x3", emission.octets, "simulated network, POI")
                yield from mediation.records(emission.octets)
    pdu = x2x3.keepalive(1)
    yield _record("x2x3", x2x3.encode_pdu(pdu), "X2/X3 link")
    yield _record("x2x3", x2x3.encode_pdu(x2x3.keepalive_ack(pdu)), "X2/X3 link")


class _Mediation:
    """The pure part of the mediation function: what one PDU becomes under a warrant for everything."""

    def __init__(self) -> None:
        self._states: dict[int, Communication] = {}
        self._templates = Templates()

    def records(self, octets: bytes) -> Iterator[Record]:
        pdu = x2x3.decode_pdu(octets)
        state = self._states.setdefault(pdu.correlation_id, Communication(cin=len(self._states) + 1))
        made = convert.product(NETWORK_FUNCTIONS[pdu.nfid or ""], pdu, state, metadata_only=False)
        if made is None:
            return
        header = PsHeader(
            liid=b"LAB-1",
            authorization_country="US",
            delivery_country="US",
            operator_id=b"LABOP",
            network_element_id=b"med-1",
            cin=state.cin,
            time_us=pdu.time_us,
            time_qualifier="timeOfInterception",
            extended_interception_point_id=pdu.ipid.encode() if pdu.ipid else None,
            network_function_id=pdu.nfid.encode() if pdu.nfid else None,
        )
        if made.iri_type is None:
            record = self._templates.encode(header, made.contents, made.direction)
        else:
            record = iri_pdu(header, made.contents, made.iri_type, payload_direction=made.direction)
        convert.advance(pdu, state, made)
        yield _record("ps-pdu", record, "simulated network, mediation")


def exports(sent: list[Record]) -> Iterator[Record]:
    """What the collector writes for people's own tools: a call's sound, and packets for any analyser."""
    packets = [record.octets for top in sent for record in unfold(top) if record.layer == "ip"]
    held = [Packet(number, START_US + number * 20_000, 0, "ipFrame", octets) for number, octets in enumerate(packets)]
    yield _record("wav", wav(render(held, {}), "SIMULATION"), "collector export")
    capture = pcapng([Frame(packet.event_us, packet.direction, packet.octets) for packet in held], "SIMULATION")
    yield _record("pcapng", capture, "collector export")


def triads() -> Iterator[Record]:
    """What the two ends of a handover say to each other: negotiation, acknowledgement, keep-alive."""
    config = HandoverConfig(liid=b"LAB-1", ack_every_records=1)
    mf, lemf = MfSession(config), LemfSession(config)
    now_us = START_US
    mf.connected(now_us)
    lemf.connected(now_us)
    for turn in range(6):
        for octets in _whole(mf.outgoing()):
            yield _record("ps-pdu", octets, "handover, mediation function's end")
            lemf.tri(octets, turn, now_us)
        lemf.durable(turn, now_us)
        answers = lemf.outgoing()
        for octets in _whole(answers):
            yield _record("ps-pdu", octets, "handover, collector's end")
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


def datagrams() -> Iterator[Record]:
    """Content datagrams of each header generation, around a packet of the simulated network."""
    packet = bytes.fromhex("4500001c000100004011f7c5c0000201c63364011388138800080000")
    for header_octets in HEADER_OCTETS:
        stamp = START_US if header_octets > 4 else None
        case_id = b"SIM-0001" if header_octets > 12 else None
        octets = encode_datagram(CccDatagram(10, stamp, case_id, packet), header_octets)
        yield _record("ccc", octets, "CCC encoder", hint=str(header_octets))


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
        yield _record("x1", x1.build_request([message]), "X1 encoder, ADMF")
    for reply in (
        *(x1.X1Reply(message.kind, *head) for message in messages[:6]),
        x1.X1Reply("ActivateTask", *head, error=x1.X1Error(2010, "the XID exists")),
    ):
        yield _record("x1", x1.build_response([reply]), "X1 encoder, network element")
    yield _record("x1", x1.build_top_level_error("admf-sim-1", "ne-sim-1", START_US), "X1 encoder, network element")


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
