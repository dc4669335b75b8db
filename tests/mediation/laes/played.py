"""The simulated network, its points of interception and the converter, without a socket: scenes in, records out."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from asn1.laes.message import CdcMessage
from asn1.radius import ACCOUNTING_REQUEST, build_radius
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu, decode_pdu
from carrier_sim.config import TRAFFIC_ITEMS
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Interface, Poi, Task
from carrier_sim.speech import Clips
from carrier_sim.subscribers import Directory, Identity
from mediation import convert as etsi
from mediation.config import MediationConfig
from mediation.faults import Faults, FaultsModel
from mediation.laes.convert import TONGUES
from mediation.laes_records import LaesRecords
from mediation.law.documents import order_from_fields
from mediation.law.orders import CourtOrder
from mediation.scope import Scope, ScopeEvent, allow
from mediation.sequence import Counters

SECOND = 1_000_000
BASE = 1_750_000_000 * SECOND
T, A, B = "12125550100", "12125550144", "16465550122"
XID = "5f5d6e2a-0000-4000-8000-000000000001"
FUNCTIONS = {"ims-1": "voice", "upf-1": "data", "smsf-1": "messaging", "mmsc-1": "messaging", "web-1": "web"}
FORMS = {"t1678": "apdu", "pcesp": "12", "ias": "apdu", "jstd025": "4"}


def config(dialect: str, **more: Any) -> MediationConfig:
    one = {"liids": ["LAB-*"], "cdc": {"port": 1}, "ccc": {"port": 2, "form": FORMS[dialect]}, **more}
    return MediationConfig.model_validate({
        "data_dir": Path(), "court_public_key": Path(), "x1_url": "http://127.0.0.1:1/", "ne_id": "ne", "admf_id": "ad",
        "x1_plain": "yes, plain HTTP on loopback for a test", "hi2": {"port": 3}, "hi3": {"port": 4},
        "network_functions": FUNCTIONS, "network_element_id": "simmf-1", "laes": {dialect: one},
    })  # fmt: skip


def order(kind: str = "EAVESDROPPING", target: str = f"e164:{T}", **changes: Any) -> CourtOrder:
    values: dict[str, Any] = {
        "order_id": "O-1", "kind": kind, "liid": "LAB-1", "targets": [target], "start": BASE - 3_600 * SECOND,
        "end": BASE + 10 * 86_400 * SECOND,
    }  # fmt: skip
    if kind == "EAVESDROPPING":
        values["services"] = ["VOICE", "SMS", "MMS", "DATA"]
    return order_from_fields(values | changes)


@dataclass(frozen=True)
class Played:
    dialect: str
    octets: list[bytes]
    datagrams: list[bytes]

    @property
    def messages(self) -> list[CdcMessage]:
        return [TONGUES[self.dialect].wire.decode(one) for one in self.octets]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.messages]

    def first(self, name: str) -> CdcMessage:
        return next(one for one in self.messages if one.name == name)


@cache
def _clips() -> Clips:
    return Clips()


def pdus(items: list[dict[str, Any]], target: Identity, content: bool = True) -> list[X2X3Pdu]:
    """What a point of interception lets out of a scene for one target, in the order it happened."""
    return _pdus(json.dumps(items), target, content)


@cache
def _pdus(items: str, target: Identity, content: bool) -> list[X2X3Pdu]:
    schedule = Schedule()
    network = Network(1, BASE, Directory(1), _clips(), schedule)
    for item in TRAFFIC_ITEMS.validate_json(items):
        network.add(item, BASE)
    poi = Poi()
    poi.set_destination("d", Delivers.BOTH)
    delivers = Delivers.BOTH if content else Delivers.X2
    poi.set_task(Task(XID, (target,), delivers, ("d",)))
    out = []
    for event in schedule.due(1 << 62, 10**6):
        out += [decode_pdu(one.octets) for one in poi.handle(event) if content or one.interface is Interface.X2]
    return out


@dataclass
class Link:
    """What the records see of a link."""

    up: bool = True
    dropped: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    full: bool = False


def convert(
    dialect: str, given: list[X2X3Pdu], one: CourtOrder, up: bool = True, scope: Scope | None = None,
    known: tuple[LaesRecords, Counters, Link] | None = None, **settings: Any,
) -> Played:  # fmt: skip
    """The records of PDUs under an order, through the carrier's own gate (or under the `scope` given); from the start,
    or as what is `known` goes on."""
    made, faults = config(dialect, **settings), Faults(FaultsModel())
    records, counters, seen = known or (LaesRecords(made), Counters(), Link(up))
    link: Any = seen
    records.links[dialect] = (link, link if made.laes[dialect].ccc is not None else None)  # type: ignore[index]
    octets, datagrams = [], []
    for pdu in given:
        role = FUNCTIONS[pdu.nfid or ""]
        state = counters.communication(XID, pdu.correlation_id)
        direction = etsi.DIRECTIONS.get(int(pdu.payload_direction))
        sends = None if direction is None else direction == "fromTarget"
        event = ScopeEvent(
            (pdu.timestamp_ns or 0) // 1000, etsi.service_of(role, pdu), pdu.pdu_type == PduType.X3, sends,
            state.opens_sent,
        )  # fmt: skip
        said = allow(faults.as_judged(one), event).scope if scope is None else scope
        if said is Scope.WITHHOLD:
            continue
        octets += [entry.octets for entry in records.convert(role, pdu, one, XID, state, said is Scope.WHOLE).entries]
        datagrams += [packet.octets for packet in records.take()]
    octets += [entry.octets for entry in records.due(counters, 1 << 61, True)]
    return Played(dialect, octets, datagrams)


def convert_in_parts(dialect: str, parts: list[tuple[list[X2X3Pdu], bool]], one: CourtOrder) -> Played:
    """The same while the link for content goes up and down: PDUs, and whether it is up for them."""
    link = Link()
    octets, datagrams = [], []
    records, counters = LaesRecords(config(dialect)), Counters()
    for given, link.up in parts:
        said = convert(dialect, given, one, known=(records, counters, link))
        octets += said.octets
        datagrams += said.datagrams
    return Played(dialect, octets, datagrams)


def play(dialect: str, items: list[dict[str, Any]], one: CourtOrder | None = None, **more: Any) -> Played:
    return convert(dialect, pdus(items, Identity("e164Number", T)), order() if one is None else one, **more)


def radius(code: int, **attributes: Any) -> X2X3Pdu:
    """A RADIUS packet of the target that the simulated network never sends, as X2."""
    named = [(name.replace("_", "-"), value) for name, value in attributes.items()]
    octets = build_radius(ACCOUNTING_REQUEST, 7, [("User-Name", "one@data.invalid"), *named])
    octets = bytes([code]) + octets[1:]
    return X2X3Pdu(
        PduType.X2, PayloadFormat.RADIUS, PayloadDirection.NOT_APPLICABLE, uuid.UUID(XID).bytes, 77, octets,
        nfid="upf-1", ipid="upf-1-accounting", timestamp_ns=BASE * 1000,
    )  # fmt: skip


def _call(at_s: float = 1, **more: Any) -> dict[str, Any]:
    return {"kind": "call", "caller": T, "callee": A, "seconds": 2, "at_s": at_s, "sound": "tone", **more}


def _data(**more: Any) -> dict[str, Any]:
    return {"kind": "data", "subscriber": T, "seconds": 2, "packets": 14, "at_s": 1, **more}


SCENES: dict[str, list[dict[str, Any]]] = {
    "a call with keys, a hold and words along with it": [
        _call(dtmf="7", hold_at_s=0.5, hold_s=0.5, uui="SIMULATION", early_media=True)
    ],
    "a call with a key in an INFO and another codec": [_call(info_digits="9", update_at_s=0.5)],
    "a call that comes in": [_call(caller=A, callee=T)],
    "a call that is forwarded": [_call(caller=A, callee=T, forward_to=B, forward="no_answer")],
    "a call that the handset redirects": [_call(caller=A, callee=T, forward_to=B, forward="redirected")],
    "a call that was forwarded to the subject": [_call(caller=A, callee=B, forward_to=T)],
    "a busy call": [_call(outcome="busy")],
    "a call that nobody answers": [_call(caller=A, callee=T, outcome="no_answer")],
    "a transfer by the subject": [_call(caller=A, callee=T, seconds=5, transfer_to=B, transfer_at_s=1)],
    "a transfer by the other": [_call(seconds=5, transfer_to=B, transfer_at_s=1)],
    "a conference": [_call(seconds=12, conference_with=B, conference_at_s=1)],
    "a registration and its end": [
        {"kind": "register", "subscriber": T, "at_s": 1},
        {"kind": "register", "subscriber": T, "expires_s": 0, "at_s": 2},
    ],
    "feature codes": [
        {"kind": "feature", "subscriber": T, "code": "*72", "number": B, "at_s": 1},
        {"kind": "feature", "subscriber": T, "code": "*66", "at_s": 2},
    ],
    "a message over IMS": [{"kind": "sms", "from": T, "to": A, "text": "SIMULATION", "via": "ims", "at_s": 1}],
    "a data session": [_data()],
    "a data session that begins by asking for access": [_data(access=True)],
    "access that is refused": [_data(outcome="rejected")],
    "access that nobody answers": [_data(outcome="failed")],
    "access that is given, and no session set up": [_data(outcome="session_failed")],
}


def rare(dialect: str) -> dict[str, Played]:
    """Scenes that need more than the simulated network's traffic."""
    if dialect == "t1678":
        records, counters = LaesRecords(config(dialect)), Counters()
        state, one = counters.communication(XID, 0), order()
        octets = [records.status(one, XID, state, BASE, active).octets for active in (True, False)]
        octets.append(records.test(one, XID, state, BASE).octets)
        return {
            "the task of an order, and a test": Played(dialect, octets, []),
            "a call while the link for content is down": play(dialect, SCENES["a call that comes in"], up=False),
        }
    if dialect != "ias":
        return {}
    visit = pdus(
        [{"kind": "web", "visitors": [A], "at_s": 1}], Identity("ipv4Address", "192.0.2.80"), content=False
    )  # fmt: skip
    on_host = order("PRTT", "ipv4Address:192.0.2.80")
    return {
        "a session met in its middle": convert(dialect, [radius(4, Acct_Status_Type=3)], order()),
        "a visit to a host, by headers": convert(dialect, visit, on_host),
        "a visit to a host, by counts": convert(dialect, visit, on_host, reports="summary"),
    }


@cache
def every_scene(dialect: str) -> dict[str, Played]:
    return {name: play(dialect, items) for name, items in SCENES.items()} | rare(dialect)
