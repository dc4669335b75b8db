"""Multimedia messages over the MMS relay: what was signalled as TS 33.128 xIRI, what was sent as content.

As with a short message each leg is seen by itself, both with one correlation: the sender's `mMSSend`, then the
receiver's `mMSNotification` (which has the size and names no recipient) and `mMSRetrieval`. The message itself goes
beside each leg as an MMSCCPDU; that it travels on X3 as a CCPayload of TS 33.128, and that its content is the PDU of
the handset's interface, or where asked for a MIME multipart, are our assumptions. Sources: TS 33.128 (through
`asn1.ts33128`), OMA MMS Encapsulation (through `asn1.mms`), RFC 2387 (multipart/related), PNG (ISO/IEC 15948).
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from asn1.mime import Part
from asn1.mms import Value as Field
from asn1.mms import encode_pdu
from asn1.table import Value
from asn1.ts33128 import encode_cc, encode_xiri
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import Subscriber

Form = Literal["pdu", "mime"]
MMS_DOMAIN: Final = "mms.invalid"
MAX_MMS_OCTETS: Final = 300_000
"""What networks commonly let through; far below any limit on a record."""
_NOTICE_US: Final = 1_200_000
_RETRIEVAL_US: Final = 900_000
_EXPIRY_S: Final = 7 * 86_400
_VERSION: Final[dict[str, Value]] = {"majorVersion": 1, "minorVersion": 3}
_RELATED: Final = "application/vnd.wap.multipart.related"
_SHOWN: Final = {"text/plain": "text", "image/png": "img"}
_SIDE: Final = 16
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class MmsPlan:
    """`size_octets`: the whole message is made at least so large, by a part of the picture that shows nothing."""

    start_us: int
    sender: Subscriber
    receiver: Subscriber
    text: str = ""
    subject: str | None = None
    picture: bool = True
    size_octets: int = 0
    form: Form = "pdu"


def mms_events(plan: MmsPlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """Every event of one message in time order."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    message_id = f"{chance.getrandbits(64):016x}@{MMS_DOMAIN}"
    sent, fetched = f"T{chance.getrandbits(48):012x}", f"T{chance.getrandbits(48):012x}"
    made = mms_parts(plan, chance)
    if plan.form == "mime":
        content_type, body = mime_content(made, f"{chance.getrandbits(48):012x}")
        submitted_body = body
    else:
        content_type = _RELATED
        submitted_body = _pdu(plan, "m-send-req", sent, None, made)
        body = _pdu(plan, "m-retrieve-conf", fetched, message_id, made)
    sender, receiver = _party(plan.sender), _party(plan.receiver)
    subject: dict[str, Value] = {} if plan.subject is None else {"subject": plan.subject}
    common: dict[str, Value] = {"version": _VERSION, "originatingMMSParty": sender, **subject}
    expiry: dict[str, Value] = {"expiryPeriod": _EXPIRY_S, "periodFormat": "relative"}

    def event(at_us: int, name: str, value: dict[str, Value], phase: Phase) -> InterceptEvent:
        return _leg(at_us, correlation, EventKind.MMS, encode_xiri((name, value)), plan, name == "mMSSend", phase)

    def content(at_us: int, transaction: str, submitted: bool) -> InterceptEvent:
        pdu: dict[str, Value] = {"version": _VERSION, "transactionID": transaction}
        pdu["mMSContent"] = submitted_body if submitted else body
        octets = encode_cc(("mMSCCPDU", pdu))
        return _leg(at_us, correlation, EventKind.MMS_CONTENT, octets, plan, submitted, Phase.WITHIN)

    send: dict[str, Value] = {
        **common,
        "transactionID": sent,
        "dateTime": plan.start_us,
        "terminatingMMSParty": [receiver],
        "direction": "fromTarget",
        "messageClass": "personal",
        "expiry": expiry,
        "priority": "normal",
        "contentType": content_type,
        "responseStatus": "ok",
        "messageID": message_id,
    }
    yield event(plan.start_us, "mMSSend", send, Phase.OPENS)
    yield content(plan.start_us + 5_000, sent, submitted=True)
    notice_us = plan.start_us + _NOTICE_US
    notice: dict[str, Value] = {
        **common,
        "transactionID": fetched,
        "direction": "toTarget",
        "messageClass": "personal",
        "priority": "normal",
        "messageSize": len(body),
        "expiry": expiry,
    }
    yield event(notice_us, "mMSNotification", notice, Phase.OPENS)
    retrieved_us = notice_us + _RETRIEVAL_US
    retrieval: dict[str, Value] = {
        **common,
        "transactionID": fetched,
        "messageID": message_id,
        "dateTime": plan.start_us,
        "terminatingMMSParty": [receiver],
        "direction": "toTarget",
        "messageClass": "personal",
        "priority": "normal",
        "contentType": content_type,
    }
    yield event(retrieved_us, "mMSRetrieval", retrieval, Phase.WITHIN)
    yield content(retrieved_us + 5_000, fetched, submitted=False)._replace(phase=Phase.CLOSES)


def mms_parts(plan: MmsPlan, chance: random.Random) -> list[Part]:
    """The message: how it is shown (SMIL), its text and its picture."""
    parts: list[Part] = []
    if plan.text or not plan.picture:
        headers = (("content-id", "<text>"), ("content-location", "text.txt"))
        parts.append(Part("text/plain", (("charset", "utf-8"),), headers, plan.text.encode()))
    bare = sum(len(part.body) for part in parts)
    if plan.picture:
        headers = (("content-id", "<picture>"), ("content-location", "simulation.png"))
        parts.append(Part("image/png", (), headers, picture(chance, plan.size_octets - bare)))
    elif bare < plan.size_octets:
        padding = b" " * (plan.size_octets - bare)
        parts.append(Part("application/octet-stream", (), (("content-id", "<padding>"),), padding))
    shown = "".join(f'<{_SHOWN[part.content_type]} src="{part.name}" region="{_SHOWN[part.content_type]}"/>'
                    for part in parts if part.content_type in _SHOWN)  # fmt: skip
    smil = f'<smil><body><par dur="5000ms">{shown}</par></body></smil>'
    return [Part("application/smil", (("charset", "utf-8"),), (("content-id", "<smil>"),), smil.encode()), *parts]


def _pdu(plan: MmsPlan, kind: str, transaction: str, message_id: str | None, parts: list[Part]) -> bytes:
    """The PDU between handset and relay."""
    subject: list[tuple[str, Field]] = [] if plan.subject is None else [("subject", plan.subject)]
    headers: list[tuple[str, Field]] = [
        ("x-mms-transaction-id", transaction),
        ("x-mms-mms-version", "1.3"),
        *([] if message_id is None else [("message-id", message_id)]),
        ("date", plan.start_us // 1_000_000),
        ("from", f"+{plan.sender.number}/TYPE=PLMN"),
        ("to", f"+{plan.receiver.number}/TYPE=PLMN"),
        *subject,
        ("x-mms-message-class", "personal"),
        ("x-mms-priority", "normal"),
        ("x-mms-delivery-report", "no"),
    ]
    return encode_pdu(kind, headers, (_RELATED, (("type", "application/smil"), ("start", "<smil>"))), parts)


def mime_content(parts: list[Part], boundary: str) -> tuple[str, bytes]:
    """(content type, body) of the message as a multipart/related."""
    body = bytearray()
    for part in parts:
        parameters = "".join(f"; {name}={value}" for name, value in part.parameters)
        headers = "".join(f"{name}: {value}\r\n" for name, value in part.headers)
        head = f"--{boundary}\r\nContent-Type: {part.content_type}{parameters}\r\n{headers}\r\n"
        body += head.encode() + part.body + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f'multipart/related; boundary="{boundary}"', bytes(body)


def picture(chance: random.Random, size_octets: int = 0) -> bytes:
    """A small PNG of coloured squares that says it is a simulation, at least `size_octets` large."""
    rows = bytearray()
    for _ in range(_SIDE):
        rows.append(0)
        rows += chance.randbytes(3 * _SIDE)
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"tEXt", b"Comment\0calea-lab SIMULATION")
    data, end = _chunk(b"IDAT", zlib.compress(bytes(rows), 6)), _chunk(b"IEND", b"")
    missing = size_octets - len(_PNG) - len(chunks) - len(data) - len(end)
    if missing > 0:
        # A private ancillary chunk: readers pass it by.
        chunks += _chunk(b"siMu", bytes(max(0, missing - 12)))
    return _PNG + chunks + data + end


def _chunk(kind: bytes, octets: bytes) -> bytes:
    return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))


def _leg(
    at_us: int, correlation: int, kind: EventKind, octets: bytes, plan: MmsPlan, submitted: bool, phase: Phase
) -> InterceptEvent:
    sender, receiver = (plan.sender.party, None) if submitted else (None, plan.receiver.party)
    return InterceptEvent(at_us, kind, correlation, octets, sender, receiver, phase=phase)


def _party(subscriber: Subscriber) -> dict[str, Value]:
    return {"mMSPartyIDs": [("e164Number", subscriber.number)], "nonLocalID": "local"}
