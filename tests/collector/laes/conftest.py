"""Calls of the US dialects as a delivery function writes them, and the lane with nothing around it."""

from __future__ import annotations

import socket
import struct
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from asn1.columns import LiidTable
from asn1.laes import cc_apdu, ias, pcesp, t1678
from asn1.laes.ccc import CccDatagram, ccc_text, encode_datagram
from asn1.laes.message import CdcMessage
from collector.accounts import BatchAccount
from collector.assembly import OrderSlots
from collector.careful import CarefulLane
from collector.conflicts import Conflicts
from collector.gate import LinkPolicy
from collector.gate_columns import GateLimits
from collector.keeping import Keeper
from collector.laes.lane import LaesLane
from collector.laes.link import Arrived
from collector.laes.terms import LaesTerms
from collector.minimise import Minimised, SpotChecks
from collector.pipeline import LinkState
from collector.rows import Rows
from collector.stream_table import StreamTable
from collector.verify import StreamBook
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason, VerdictKind, reasons_of

TARGET, OTHER = "12125550101", "12125550102"
T = 1_780_000_000_000_000
CANARY = "zebraxylophone"
SUBJECT, ASSOCIATE = ("192.0.2.1", 40000), ("192.0.2.2", 50000)
SDP = f"v=0\r\nc=IN IP4 {SUBJECT[0]}\r\nm=audio {SUBJECT[1]} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"


def ip_packet(source: tuple[str, int], destination: tuple[str, int], payload: bytes) -> bytes:
    """IPv4 and UDP without checksums, which nobody here looks at."""
    udp = struct.pack(">HHHH", source[1], destination[1], 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
    return head + socket.inet_aton(source[0]) + socket.inet_aton(destination[0]) + udp


def rtp(number: int, from_target: bool = True, payload: bytes = bytes(160)) -> bytes:
    """One packet of G.711 speech inside IP."""
    ends = (SUBJECT, ASSOCIATE) if from_target else (ASSOCIATE, SUBJECT)
    head = struct.pack(">BBHII", 0x80, 0, number & 0xFFFF, number * 160, 7 if from_target else 8)
    return ip_packet(*ends, head + payload)


class T1678Call:
    """One call of one case: `call` names it."""

    def __init__(self, liid: str, call: str, at_us: int = T, caller: str = TARGET, callee: str = OTHER) -> None:
        self.liid, self.call, self.at_us = liid, call, at_us
        self.caller, self.callee = caller, callee
        self.identifier: Any = ("callID", {"main": call})

    def encode(self, name: str, **fields: Any) -> bytes:
        head = {"caseId": self.liid, "iAPSystemId": "ims-1", "timestamp": self.at_us}
        return t1678.encode_message(CdcMessage(name, head | fields, t1678.MODULE))

    def origination(self, **more: Any) -> bytes:
        return self.encode(
            "origination", callId={"main": self.call, "leg": "1"}, calling={"dn": self.caller},
            called={"dn": self.callee}, input=("userInput", ("generic", self.callee)), originationCause="call", **more,
        )  # fmt: skip

    def answer(self) -> bytes:
        return self.encode("answer", callId={"main": self.call, "leg": "1"}, answering={"dn": self.callee})

    def release(self) -> bytes:
        return self.encode("release", callId={"main": self.call, "leg": "1"})

    def opens(self, ccc: Any = None, name: str = "ccOpen") -> bytes:
        delivery = ("ccAddress", {"leaIPAddress": ("ipV4", b"\x7f\0\0\1"), "leaPortNumber": 41818})
        form = ("cc-APDU", t1678.CC_DELIVERY_HEADER_MODULE)
        if ccc is not None:
            delivery, form = ("cccId", ccc), ("scte", "1")
        fields = {"contentIdentifier": self.identifier, "deliveryIdentifier": delivery}
        if name == "ccOpen":
            fields["ccDeliveryFormat"] = form
        media = {"characteristics": ("sdp", SDP)}
        return self.encode(name, **fields, **({} if name == "ccClose" else {"subjectMedia": media}))

    def closes(self, ccc: Any = None) -> bytes:
        return self.opens(ccc, "ccClose")

    def apdu(self, number: int, from_target: bool = True, **header: Any) -> bytes:
        info = {"caseId": self.liid, "iapId": "ims-1", "contentIdentifier": self.identifier} | header.pop("info", {})
        values = {
            "correlationInfo": {name: value for name, value in info.items() if value is not None},
            "timeStamp": self.at_us,
            "packetDirection": "fromSubject" if from_target else "toSubject",
            "sequenceNumber": number,
        } | header
        return cc_apdu.encode_apdu(cc_apdu.CcApdu(values, rtp(number, from_target)))


class PcespCall:
    """The same in PCESP, its content as datagrams."""

    def __init__(self, liid: str, call: str, at_us: int = T, caller: str = TARGET, callee: str = OTHER) -> None:
        self.liid, self.at_us, self.caller, self.callee = liid, at_us, caller, callee
        self.call = {"sequencenumber": call, "systemidentity": "cms-1"}

    def encode(self, name: str, **fields: Any) -> bytes:
        head = {"caseId": self.liid, "accessingElementId": "cms-1", "eventTime": self.at_us}
        return pcesp.encode_message(CdcMessage(name, head | fields, "v4"))

    def origination(self) -> bytes:
        return self.encode(
            "origination", callId=self.call, calling={"dn": self.caller}, called={"dn": self.callee},
            input=("userinput", self.callee), reserved0=None,
        )  # fmt: skip

    def release(self) -> bytes:
        return self.encode("release", callId=self.call)

    def opens(self, ccc: Any, *others: dict[str, str], flow: str = "downstream-and-upstream", **more: Any) -> bytes:
        calls = ("ccOpenTime", [self.call, *others])
        return self.encode("ccopen", ccOpenOption=calls, cCCId=ccc, flowDirection=flow, **more)

    def closes(self, ccc: Any) -> bytes:
        return self.encode("ccclose", cCCId=ccc, flowDirection="downstream-and-upstream")


def pair(k: int) -> Any:
    return ("sepCCCpair", {"sepXmitCCC": ccc_text(2 * k), "sepRecvCCC": ccc_text(2 * k + 1)})


def datagram(ccc_id: int, packet: bytes, header: int = 4, at_us: int | None = T, case: bytes | None = None) -> bytes:
    time_us = at_us if header >= 12 else None
    return encode_datagram(CccDatagram(ccc_id, time_us, case if header == 20 else None, packet), header)


class IasSession:
    """An internet access of the target's."""

    def __init__(self, liid: str, session: str, at_us: int = T) -> None:
        self.liid, self.session, self.at_us = liid, session, at_us
        self.identifier = ("correlationID", session.encode())

    def encode(self, name: str, **fields: Any) -> bytes:
        head = {"caseId": self.liid, "iAPSystemId": "upf-1", "timestamp": self.at_us}
        return ias.encode_message(CdcMessage(name, head | fields))

    def _named(self) -> dict[str, Any]:
        address = {"address": ("ipV4", bytes((192, 0, 2, 9))), "allocationMethod": ("dynamic", None)}
        return {
            "subscriberIdentity": ("stringVS", TARGET), "packetDataSessionID": ("stringVS", self.session),
            "iPAddress": address,
        }  # fmt: skip

    def start(self, ccc_id: int) -> bytes:
        delivery = {
            "contentIdentifier": self.identifier,
            "deliveryIdentifier": ("cccId", ("combCCC", ccc_text(ccc_id))),
            "ccDeliveryFormat": ("scteDatagram", None),
        }
        return self.encode("packetDataSessionStart", **self._named(), deliveryInformation=delivery)

    def end(self) -> bytes:
        return self.encode("packetDataSessionEnd", **self._named())


def order(liid: str, kind: OrderKind = OrderKind.EAVESDROPPING, **changes: Any) -> CourtOrder:
    services = frozenset() if kind.metadata_only else frozenset(Service)
    return CourtOrder(
        OrderId(f"O-{liid}"), 1, kind, CaseId("C-1"), Liid(liid), "LAB", Window(T - 10**9, T + 10**12),
        (Target(TargetKind.E164, TARGET),), changes.pop("services", services), **changes,
    )  # fmt: skip


@dataclass
class Row:
    """A row as it would be stored."""

    liid: str
    cin: int
    verdict: VerdictKind
    reasons: tuple[Reason, ...]
    form: int
    code: int
    direction: int
    event_us: int
    octets: bytes


@dataclass
class Orders:
    """The orders in force."""

    held: dict[str, tuple[CourtOrder, ...]] = field(default_factory=dict)
    first: list[tuple[str, int]] = field(default_factory=list)

    def orders_for(self, liid: str) -> tuple[CourtOrder, ...]:
        return self.held.get(liid, ())

    def kept(self, order: CourtOrder, event_us: int) -> None:
        self.first.append((order.order_id, event_us))


class Bench:
    """A lane, its links, and one batch that is never handed over. Records come at `now_us`."""

    def __init__(self, *orders: CourtOrder, hmac_key: bytes = bytes(32)) -> None:
        self.now_us = T + 1000
        self.orders = Orders({str(one.liid): (one,) for one in orders})
        self.hmac_key = hmac_key
        self.secret = X25519PrivateKey.generate()
        self.batch: Any = SimpleNamespace(account=BatchAccount(), rows=Rows(4), side=bytearray(), said={})
        octets: list[bytes] = []
        liids = LiidTable(1)

        def learn() -> None:
            octets.extend(liids.octets(number) for number in range(len(octets), len(liids)))

        self.octets = octets
        self.streams = StreamTable(1)
        self.minimised = Minimised(SpotChecks(0, 0))
        keeper = Keeper(OrderSlots(), hmac_key=hmac_key, quarantine=self.secret.public_key())
        self.careful = CarefulLane(
            self.orders, self.streams, StreamBook(), keeper, octets,
            conflicts=Conflicts(SimpleNamespace(find=lambda *_: None), hmac_key), minimised=self.minimised,
            forget_us=10**9,
        )  # fmt: skip
        self.lane = LaesLane(self.careful, self.streams, self.batch, liids, learn, self.minimised, hmac_key)
        self.links: dict[str, LinkState] = {}

    def link(self, name: str, dialect: str = "t1678", ccc: Any = None, group: str = "us", **terms: Any) -> LinkState:
        laes = LaesTerms(dialect, group, ccc, **terms)
        state = LinkState(name, LinkPolicy(skew_us=0), GateLimits(0, 0), 1 << 20, laes=laes)
        self.links[name] = state
        self.lane.add(state, laes)
        self.lane.listens(name, ("127.0.0.1", 41818))
        return state

    def cdc(self, *messages: bytes, name: str = "cdc") -> list[Row]:
        return self._sent(self.lane.message, messages, name)

    def ccc(self, *datagrams: bytes, name: str = "ccc") -> list[Row]:
        return self._sent(self.lane.content, datagrams, name)

    def _sent(self, way: Any, records: tuple[bytes, ...], name: str) -> list[Row]:
        before = self.batch.rows.n
        for octets in records:
            way(name, Arrived(octets, None, self.now_us), self.now_us)
        return self.rows(before)

    def wait(self, seconds: float) -> list[Row]:
        """Time passes."""
        before = self.batch.rows.n
        self.now_us += int(seconds * 1e6)
        self.lane.waiting(self.now_us)
        return self.rows(before)

    def rows(self, since: int = 0) -> list[Row]:
        rows, found = self.batch.rows, []
        for at in range(since, rows.n):
            start = rows.offset[at]
            found.append(
                Row(
                    self.octets[rows.liid[at]].decode(), rows.cin[at], VerdictKind(rows.verdict[at]),
                    reasons_of(rows.reasons[at]), rows.form[at], rows.content_tag[at], rows.direction[at],
                    rows.event_us[at], bytes(self.batch.side[start : start + rows.length[at]]),
                )
            )  # fmt: skip
        return found

    def counts(self, order_id: str) -> dict[str, int]:
        """What the account says of an order so far."""
        for (name, _, _), counts in self.batch.account._orders.items():
            if name == order_id:
                return {name: value for name, value in counts.values(sparse=True).items() if name != "reasons"}
        return {}

    def unknown(self) -> dict[str, int]:
        return {liid: counts.delivered for liid, counts in self.batch.account._unknown.items()}

    def close(self) -> bytes:
        """The account of the batch; raises when it does not balance."""
        self.batch.account.delivered = self.lane.taken()
        _, blob = self.batch.account.close(0, self.batch.rows.n)
        return blob


@pytest.fixture
def us() -> Any:
    """Everything of this file by name, for tests that are not imported from it."""
    return SimpleNamespace(**globals())


@pytest.fixture
def now_us() -> int:
    """Of the wall, as a collector that really listens has it."""
    return time.time_ns() // 1000


@pytest.fixture
def send_datagrams() -> Any:
    def send(port: int, *octets: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for one in octets:
                sender.sendto(one, ("127.0.0.1", port))

    return send
