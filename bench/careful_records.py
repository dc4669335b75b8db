"""Signalling records for load on the careful lane: calls, messages and packet sessions as a carrier hands them over.

Four kinds of stream. `sip`: calls in SIP with session descriptions, as a carrier that withholds nothing delivers them
(TS 102 232-5), so that a pen register masks half of them. `sip-plain`: the same without bodies, all kept whole. `hi2`:
circuit calls and short messages of TS 33.108 and TS 101 671 (TS 102 232-7). `sms`: short messages and their reports of
TS 33.128. `t1678`: call data of T1.678. Nothing of a call repeats in another: Call-IDs, tags, branches, numbers of the
other party and times are each its own; what a target's equipment says of itself repeats, as it does in the field.
Fictional identities only; the same seed gives the same octets.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from asn1 import sms_tpdu, ts33128
from asn1.laes import t1678
from asn1.laes.message import CdcMessage
from asn1.multimedia import sip_iri
from asn1.ps_pdu import PsHeader, iri_pdu
from asn1.table import Value

_HOME = "ims.mnc001.mcc001.3gppnetwork.invalid"


def target_of(liid: int) -> str:
    """The number that the order of the LIID names."""
    return f"1212555{100 + liid % 100:04}" if liid < 100 else f"1{213 + liid // 100:03}555{100 + liid % 100:04}"


def liid_of(liid: int) -> str:
    return f"BENCH-{liid:05d}"


@dataclass
class Writer:
    """What the records of one run share: chance, numbers of streams, the time of the next event (microseconds)."""

    chance: random.Random
    time_us: int
    cin: int = 0
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)

    def header(self, liid: int, cin: int) -> PsHeader:
        number = self.numbers.get((liid, cin), 0)
        self.numbers[liid, cin] = number + 1
        self.time_us += 37
        return PsHeader(
            liid=liid_of(liid).encode(), authorization_country="US", delivery_country="US", operator_id=b"SIMOP",
            network_element_id=b"simmf-1", cin=cin, sequence_number=number, time_us=self.time_us,
            time_qualifier="timeOfInterception",
        )  # fmt: skip

    def word(self, octets: int = 8) -> str:
        return f"{self.chance.getrandbits(8 * octets):0{2 * octets}x}"


Record = tuple[int, bytes]
"""LIID's number and the octets."""


def sip_call(writer: Writer, liid: int, body: bool = True) -> Iterator[Record]:
    """INVITE, 100, 180, 200, ACK, BYE, 200: seven records."""
    chance = writer.chance
    writer.cin += 1
    cin = writer.cin
    target, other = target_of(liid), f"1646555{100 + chance.randrange(100):04}"
    outgoing = chance.random() < 0.5
    caller, callee = (target, other) if outgoing else (other, target)
    call_id = f"{writer.word(10)}@{chance.choice(('192.0.2.10', '198.51.100.7'))}"
    tags = (writer.word(5), writer.word(5))
    hosts = (f"192.0.2.{1 + chance.randrange(250)}", f"198.51.100.{1 + chance.randrange(250)}")

    def sdp(side: int) -> bytes:
        if not body:
            return b""
        port = 20_000 + 2 * chance.randrange(10_000)
        return (
            f"v=0\r\no=- {chance.getrandbits(31)} 1 IN IP4 {hosts[side]}\r\ns=-\r\nc=IN IP4 {hosts[side]}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 96 8 0 101\r\na=rtpmap:96 AMR-WB/16000\r\na=rtpmap:8 PCMA/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        ).encode()

    def message(start: str, method: str, sequence: int, from_caller: bool, tagged: bool, side: int | None) -> bytes:
        branch = f"z9hG4bK{writer.word(6)}"
        held = b"" if side is None else sdp(side)
        asker = hosts[0 if from_caller else 1]
        first, second = (caller, callee) if from_caller else (callee, caller)
        own, their = tags if from_caller else tags[::-1]
        lines = [
            start,
            f"Via: SIP/2.0/UDP {asker}:5060;branch={branch}",
            "Max-Forwards: 70",
            f"From: <sip:+{first}@{_HOME}>;tag={own}",
            f"To: <sip:+{second}@{_HOME}>" + (f";tag={their}" if tagged else ""),
            f"Call-ID: {call_id}",
            f"CSeq: {sequence} {method}",
        ]
        if method == "INVITE" and "100" not in start:
            shown = first if start.startswith("INVITE") else second
            where = asker if start.startswith("INVITE") else hosts[1]
            lines += [
                f"Contact: <sip:+{shown}@{where}:5060>",
                f"P-Asserted-Identity: <sip:+{shown}@{_HOME}>",
                "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, INFO, PRACK, UPDATE",
                "Supported: 100rel, timer, precondition",
            ]
        if held:
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(held)}", "", ""]
        return "\r\n".join(lines).encode() + held

    asked = f"sip:+{callee}@{_HOME}"
    flow = (
        (f"INVITE {asked} SIP/2.0", "INVITE", 1, True, False, 0, "begin"),
        ("SIP/2.0 100 Trying", "INVITE", 1, True, False, None, "continue"),
        ("SIP/2.0 180 Ringing", "INVITE", 1, True, True, None, "continue"),
        ("SIP/2.0 200 OK", "INVITE", 1, True, True, 1, "continue"),
        (f"ACK {asked} SIP/2.0", "ACK", 1, True, True, None, "continue"),
        (f"BYE {asked} SIP/2.0", "BYE", 2, True, True, None, "continue"),
        ("SIP/2.0 200 OK", "BYE", 2, True, True, None, "end"),
    )
    for start, method, sequence, from_caller, tagged, side, kind in flow:
        text = message(start, method, sequence, from_caller, tagged, side)
        contents = sip_iri(bytes((192, 0, 2, 10)), bytes((192, 0, 2, 20)), text)
        asks = not start.startswith("SIP")
        direction = "fromTarget" if outgoing is asks else "toTarget"
        yield liid, iri_pdu(writer.header(liid, cin), contents, kind, payload_direction=direction)


def sip_plain_call(writer: Writer, liid: int) -> Iterator[Record]:
    return sip_call(writer, liid, body=False)


def _map(digits: str) -> bytes:
    padded = digits + "f" * (len(digits) % 2)
    return b"\x91" + bytes(int(padded[at + 1] + padded[at], 16) for at in range(0, len(padded), 2))


def hi2_call(writer: Writer, liid: int) -> Iterator[Record]:
    """Set-up, answer, release of a circuit call, a short message and an attach: five records."""
    chance = writer.chance
    writer.cin += 1
    cin = writer.cin
    target, other = target_of(liid), f"1646555{100 + chance.randrange(100):04}"
    outgoing = chance.random() < 0.5
    parties = [
        {"party-Qualifier": "originating-Party", "partyIdentity": {"msISDN": _map(target if outgoing else other)}},
        {
            "party-Qualifier": "terminating-Party",
            "partyIdentity": {"calledPartyNumber": ("dSS1-Format", b"\x81" + (other if outgoing else target).encode())},
        },
    ]

    def fields(**more: Value) -> dict[str, Value]:
        value = {
            "lawfulInterceptionIdentifier": liid_of(liid).encode(),
            "communicationIdentifier": {
                "communication-Identity-Number": b"%d" % cin,
                "network-Identifier": {"operator-Identifier": b"SIMOP"},
            },
            "timeStamp": ("utcTime", (writer.time_us + 37) // 1_000_000 * 1_000_000),
            "intercepted-Call-Direct": "originating-Target" if outgoing else "terminating-Target",
        }
        return value | {name.replace("_", "-"): held for name, held in more.items()}

    circuit: dict[str, Value] = {
        "partyInformation": parties, "nature_Of_The_intercepted_call": "gSM-ISDN-PSTN-circuit-call"
    }  # fmt: skip
    tpdu = sms_tpdu.encode_submit(f"see you at {chance.randrange(24)}", other)[0]
    identifier = fields()["communicationIdentifier"]
    short = {
        "communicationIdentifier": identifier,
        "timeStamp": ("utcTime", (writer.time_us + 37) // 1_000_000 * 1_000_000),
        "sMS-Contents": {"initiator": "target", "transfer-status": "succeed-transfer", "content": tpdu},
    }
    sender = [{"party-Qualifier": "originating-Party", "partyIdentity": {"msISDN": _map(target)}}]
    attach = [{"party-Qualifier": "gPRSorEPS-Target", "partyIdentity": {"msISDN": _map(target)}}]
    flow = (
        ("iRI-Begin-record", fields(intercepted_Call_State="setUpInProcess", **circuit)),
        ("iRI-Continue-record", fields(intercepted_Call_State="connected", ringingDuration=b"\0\0\x08", **circuit)),
        ("iRI-End-record", fields(intercepted_Call_State="idle", conversationDuration=b"\0\x01\x12", **circuit)),
    )
    for kind, value in flow:
        contents = ("eTSI671IRI", ("iRIsContent", ("iRIContent", (kind, value))))
        yield liid, iri_pdu(writer.header(liid, cin), contents, None)
    writer.cin += 1
    message = {
        "lawfulInterceptionIdentifier": liid_of(liid).encode(), "nature-Of-The-intercepted-call": "gSM-SMS-Message",
        "timeStamp": ("utcTime", (writer.time_us + 37) // 1_000_000 * 1_000_000), "partyInformation": sender,
        "sMS": short, "intercepted-Call-Direct": "originating-Target", "communicationIdentifier": identifier,
    }  # fmt: skip
    contents = ("eTSI671IRI", ("iRIsContent", ("iRIContent", ("iRI-Report-record", message))))
    yield liid, iri_pdu(writer.header(liid, writer.cin), contents, None)
    writer.cin += 1
    eps = {
        "hi2epsDomainId": "0.4.0.2.2.4.8.15.5", "lawfulInterceptionIdentifier": liid_of(liid).encode(),
        "timeStamp": ("utcTime", (writer.time_us + 37) // 1_000_000 * 1_000_000), "initiator": "originating-Target",
        "ePSevent": "e-UTRANAttach", "partyInformation": attach,
    }  # fmt: skip
    contents = ("ePSIRI", ("epsIRIsContent", ("epsiRIContent", ("iRI-Report-record", eps))))
    yield liid, iri_pdu(writer.header(liid, writer.cin), contents, None)


def sms_33128(writer: Writer, liid: int) -> Iterator[Record]:
    """A message and the report on it: two records."""
    chance = writer.chance
    target, other = target_of(liid), f"1646555{100 + chance.randrange(100):04}"
    outgoing = chance.random() < 0.5
    sender, receiver = (target, other) if outgoing else (other, target)
    text = f"I will be there at {chance.randrange(24)}:{chance.randrange(60):02}, {writer.word(4)}"
    if outgoing:
        tpdu = sms_tpdu.encode_submit(text, receiver)[0]
    else:
        tpdu = sms_tpdu.encode_deliver(text, sender, writer.time_us)[0]
    writer.cin += 1
    cin = writer.cin
    message = {
        "originatingSMSParty": {"gPSI": ("mSISDN", sender)},
        "terminatingSMSParty": {"gPSI": ("mSISDN", receiver)},
        "direction": "fromTarget" if outgoing else "toTarget",
        "linkTransferStatus": "transferSucceeded",
        "sMSTPDUData": ("sMSTPDU", tpdu),
        "messageType": "submit" if outgoing else "deliver",
        "rPMessageReference": chance.randrange(256),
    }
    contents = ("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", message)))
    yield liid, iri_pdu(writer.header(liid, cin), contents, "report")
    report = {
        "messageType": "submitReportAck" if outgoing else "deliverReportAck",
        "rPMessageReference": message["rPMessageReference"],
        "sMSTPDUData": ("sMSTPDU", b"\x01\x00" + bytes.fromhex("62305041000000") if outgoing else b"\x00\x00"),
    }
    event = ts33128.encode_iri(("sMSReport", report))
    yield liid, iri_pdu(writer.header(liid, cin), ("threeGPP33128DefinedIRI", event), "report")


def t1678_call(writer: Writer, liid: int) -> Iterator[Record]:
    """Origination or TerminationAttempt, Answer, Release: three messages."""
    chance = writer.chance
    target, other = target_of(liid), f"1646555{100 + chance.randrange(100):04}"
    call = {"main": writer.word(6), "leg": "1"}

    def encode(name: str, **fields: Value) -> bytes:
        writer.time_us += 37
        head = {"caseId": liid_of(liid), "iAPSystemId": "ims-1", "timestamp": writer.time_us}
        return t1678.encode_message(CdcMessage(name, head | fields, t1678.MODULE))

    if chance.random() < 0.5:
        yield liid, encode(
            "origination", callId=call, calling={"dn": target}, called={"dn": other},
            input=("userInput", ("generic", other)), originationCause="call",
        )  # fmt: skip
        yield liid, encode("answer", callId=call, answering={"dn": other})
    else:
        yield liid, encode("termAttempt", callId=call, calling={"dn": other}, called={"dn": target})
        yield liid, encode("answer", callId=call, answering={"dn": target})
    yield liid, encode("release", callId=call)


FLOWS: dict[str, Callable[[Writer, int], Iterator[Record]]] = {
    "sip": sip_call,
    "sip-plain": sip_plain_call,
    "hi2": hi2_call,
    "sms": sms_33128,
    "t1678": t1678_call,
}


def stream(kind: str, records: int, liids: int, time_us: int, seed: int = 1, first_cin: int = 0) -> list[bytes]:
    """`records` records of one kind: calls of all LIIDs under way side by side, sixteen at a time."""
    writer = Writer(random.Random(seed), time_us, first_cin)
    out: list[bytes] = []
    open_flows: list[Iterator[Record]] = []
    turn = 0
    while len(out) < records:
        while len(open_flows) < 16:
            open_flows.append(FLOWS[kind](writer, turn % liids))
            turn += 1
        chosen = writer.chance.randrange(len(open_flows))
        step = next(open_flows[chosen], None)
        if step is None:
            del open_flows[chosen]
        else:
            out.append(step[1])
    return out
