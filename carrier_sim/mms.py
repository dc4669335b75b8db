"""Multimedia messages over the MMS relay: what was signalled as TS 33.128 xIRI, what was sent as content.

As with a short message each leg is seen by itself, both with one correlation: the sender's `mMSSend`, then the
receiver's `mMSNotification` (which has the size and names no recipient) and `mMSRetrieval`. The message itself goes
beside each leg as an MMSCCPDU; that it travels on X3 as a CCPayload of TS 33.128, and that its content is a MIME
multipart rather than the binary form of the handset, are our assumptions. Sources: TS 33.128 (through
`asn1.ts33128`), RFC 2387 (multipart/related), PNG (ISO/IEC 15948) for the picture.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from asn1.table import Value
from asn1.ts33128 import encode_cc, encode_xiri
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import Subscriber

MMS_DOMAIN: Final = "mms.invalid"
MAX_MMS_OCTETS: Final = 300_000
"""What networks commonly let through; far below any limit on a record."""
_NOTICE_US: Final = 1_200_000
_RETRIEVAL_US: Final = 900_000
_EXPIRY_S: Final = 7 * 86_400
_VERSION: Final[dict[str, Value]] = {"majorVersion": 1, "minorVersion": 3}
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


def mms_events(plan: MmsPlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """Every event of one message in time order."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    message_id = f"{chance.getrandbits(64):016x}@{MMS_DOMAIN}"
    sent, fetched = f"T{chance.getrandbits(48):012x}", f"T{chance.getrandbits(48):012x}"
    content_type, body = mms_content(plan, f"{chance.getrandbits(48):012x}", chance)
    sender, receiver = _party(plan.sender), _party(plan.receiver)
    subject: dict[str, Value] = {} if plan.subject is None else {"subject": plan.subject}
    common: dict[str, Value] = {"version": _VERSION, "originatingMMSParty": sender, **subject}
    expiry: dict[str, Value] = {"expiryPeriod": _EXPIRY_S, "periodFormat": "relative"}

    def event(at_us: int, name: str, value: dict[str, Value], phase: Phase) -> InterceptEvent:
        return _leg(at_us, correlation, EventKind.MMS, encode_xiri((name, value)), plan, name == "mMSSend", phase)

    def content(at_us: int, transaction: str, submitted: bool) -> InterceptEvent:
        pdu: dict[str, Value] = {"version": _VERSION, "transactionID": transaction, "mMSContent": body}
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


def mms_content(plan: MmsPlan, boundary: str, chance: random.Random) -> tuple[str, bytes]:
    """(content type, body) of the message: its text and its picture as the parts of a multipart/related."""
    parts: list[tuple[str, bytes]] = []
    if plan.text or not plan.picture:
        head = "Content-Type: text/plain; charset=utf-8\r\nContent-ID: <text>\r\n"
        parts.append((head, plan.text.encode()))
    if plan.picture:
        bare = sum(len(octets) for _, octets in parts)
        head = "Content-Type: image/png\r\nContent-ID: <picture>\r\nContent-Location: simulation.png\r\n"
        parts.append((head, picture(chance, plan.size_octets - bare)))
    elif len(plan.text.encode()) < plan.size_octets:
        padding = b" " * (plan.size_octets - len(plan.text.encode()))
        parts.append(("Content-Type: application/octet-stream\r\nContent-ID: <padding>\r\n", padding))
    body = bytearray()
    for head, octets in parts:
        body += f"--{boundary}\r\n{head}\r\n".encode() + octets + b"\r\n"
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
