"""Short messages: over the SMSF as TS 33.128 xIRI, one leg at a time, or over IMS as SIP MESSAGE.

Over the SMSF a message is seen twice, as a network sees it: from the sender as SMS-SUBMIT, then towards the receiver as
SMS-DELIVER, each leg an event of its own with the party of that leg only, both with one correlation. A long text gives
a pair a part, and where it asks for reports one a part back to the sender. Sources: TS 23.040 (through
`asn1.sms_tpdu`), TS 33.128 sMSMessage, RFC 3428 (MESSAGE).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from asn1.sms_fields import INTERNATIONAL, encode_address
from asn1.sms_tpdu import encode_deliver, encode_status_report, encode_submit
from asn1.table import Value
from asn1.ts33128 import encode_xiri
from carrier_sim.dialogue import BANNER, SIP_PORT, handset, sip_event
from carrier_sim.events import EventKind, InterceptEvent, Phase
from carrier_sim.subscribers import Subscriber

Via = Literal["smsf", "ims"]

_DELIVERY_US: Final = 1_400_000
_PART_US: Final = 250_000
_REPORT_US: Final = 300_000


@dataclass(frozen=True, slots=True)
class SmsPlan:
    start_us: int
    sender: Subscriber
    receiver: Subscriber
    text: str
    via: Via = "smsf"
    status_report: bool = False


def sms_events(plan: SmsPlan, correlation: int, seed: str) -> Iterator[InterceptEvent]:
    """Every event of one message in time order. Raises `EncodeError` for a text no message can carry."""
    chance = random.Random(seed)  # noqa: S311  a reproducible run, not a secret
    return _over_ims(plan, correlation, chance) if plan.via == "ims" else _over_smsf(plan, correlation, chance)


def _over_smsf(plan: SmsPlan, correlation: int, chance: random.Random) -> Iterator[InterceptEvent]:
    reference, concatenation = chance.randrange(256), chance.randrange(256)
    submits = encode_submit(
        plan.text,
        plan.receiver.number,
        reference=reference,
        concatenation=concatenation,
        status_report=plan.status_report,
    )
    service_us = plan.start_us + _DELIVERY_US
    delivers = encode_deliver(plan.text, plan.sender.number, service_us, concatenation=concatenation)
    legs = [
        (plan.start_us + index * _PART_US, "submit", tpdu, (reference + index) & 0xFF)
        for index, tpdu in enumerate(submits)
    ]
    legs += [
        (service_us + index * _PART_US, "deliver", tpdu, (concatenation + index) & 0xFF)
        for index, tpdu in enumerate(delivers)
    ]
    if plan.status_report:
        reported_us = service_us + len(delivers) * _PART_US + _REPORT_US
        legs += [
            (
                reported_us + index * _PART_US,
                "statusReport",
                encode_status_report((reference + index) & 0xFF, plan.receiver.number, plan.start_us, reported_us),
                (concatenation + len(delivers) + index) & 0xFF,
            )
            for index in range(len(submits))
        ]
    for at_us, kind, tpdu, rp_reference in sorted(legs, key=lambda leg: leg[0]):
        submitted = kind == "submit"
        # A report comes to who sent the message, and is about who got it.
        sender, receiver = (plan.receiver, plan.sender) if kind == "statusReport" else (plan.sender, plan.receiver)
        message: dict[str, Value] = {
            "originatingSMSParty": _party(sender),
            "terminatingSMSParty": _party(receiver),
            "direction": "fromTarget" if submitted else "toTarget",
            "linkTransferStatus": "transferSucceeded",
            "sMSTPDUData": ("sMSTPDU", tpdu),
            "messageType": kind,
            "rPMessageReference": rp_reference,
        }
        yield InterceptEvent(
            at_us,
            EventKind.SMS,
            correlation,
            encode_xiri(("sMSMessage", message)),
            sender.party if submitted else None,
            None if submitted else receiver.party,
        )


def _party(subscriber: Subscriber) -> dict[str, Value]:
    return {
        "sUPI": ("iMSI", subscriber.imsi),
        "gPSI": ("mSISDN", subscriber.number),
        "sMSAddress": encode_address(subscriber.number, INTERNATIONAL),
    }


def _over_ims(plan: SmsPlan, correlation: int, chance: random.Random) -> Iterator[InterceptEvent]:
    sender, receiver = plan.sender, plan.receiver
    call_id = f"{chance.getrandbits(64):016x}@{sender.ipv4}"
    branch, tag, answer_tag = (f"{chance.getrandbits(32):08x}" for _ in range(3))
    head = [
        f"Via: SIP/2.0/UDP {sender.ipv4}:{SIP_PORT};branch=z9hG4bK{branch}",
        f'From: "{sender.name}" <{sender.sip_uri}>;tag={tag}',
    ]
    request = [
        f"MESSAGE {receiver.sip_uri} SIP/2.0",
        *head,
        "Max-Forwards: 70",
        f"To: <{receiver.sip_uri}>",
        f"Call-ID: {call_id}",
        "CSeq: 1 MESSAGE",
        f"P-Asserted-Identity: <{sender.sip_uri}>",
        f"User-Agent: {sender.handset} ({BANNER})",
    ]
    response = [
        "SIP/2.0 200 OK",
        *head,
        f"To: <{receiver.sip_uri}>;tag={answer_tag}",
        f"Call-ID: {call_id}",
        "CSeq: 1 MESSAGE",
    ]
    yield sip_event(
        plan.start_us,
        correlation,
        request,
        plan.text.encode(),
        handset(sender),
        handset(receiver),
        True,
        Phase.OPENS,
        content_type="text/plain;charset=UTF-8",
    )
    yield sip_event(
        plan.start_us + 60_000, correlation, response, b"", handset(sender), handset(receiver), False, Phase.CLOSES
    )
