"""What the agency keeps of e-mail, messaging, circuit and packet-domain records, item by item.

The carrier here sends none of these, so each item of `tests/vectors/law/record_items.csv` comes from one that holds
nothing back. *deliver*: kept under a pen register; *withhold*: in nothing that is kept; *place*: kept where the order
names location. `service`: what a warrant has to list; empty where nobody can tell and a person has to look.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asn1 import sms_tpdu, tlv
from asn1.ps_common import ip_address
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, encode_ps_pdu, iri_pdu
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_OK, CinState
from collector.mask import permitted_octets
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.law.verdicts import VerdictKind

T = 1_750_000_000_000_000
A, B, C = "12125550100", "12125550123", "12125550188"
WORDS = "CANARY at five"
CANARY = WORDS.encode()
CLIENT = bytes((203, 0, 113, 80))
KEPT = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)
HEADER = PsHeader(
    liid=b"LAB-1", operator_id=b"SIMOP", cin=1, sequence_number=0, time_us=T, time_qualifier="timeOfInterception"
)
PRTT = CourtOrder(
    OrderId("O-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T - 10**9, T + 10**9),
    (
        Target(TargetKind.E164, A), Target(TargetKind.IPV4, "203.0.113.80"),
        Target(TargetKind.SIP_URI, "nai:alex@mail.invalid"),
    ),
)  # fmt: skip
Item = tuple[bytes, tuple[bytes, ...]]
"""The record, and the octets that stand for the item, in one rendering each."""


def number(digits: str) -> bytes:
    padded = digits + "f" * (len(digits) % 2)
    return b"\x91" + bytes(int(padded[at + 1] + padded[at], 16) for at in range(0, len(padded), 2))


def iri(name: str, value: Any, *shows: bytes, kind: str = "report") -> Item:
    return iri_pdu(HEADER, (name, value), kind), shows


def cc(name: str, value: Any) -> Item:
    return cc_pdu(HEADER, (name, value)), (CANARY,)


def email(*shows: bytes, event: str = "e-mail-send", **more: Any) -> Item:
    value = {
        "emailIRIObjId": "5.2.20.1", "eventType": event, "client-Address": ip_address(CLIENT), "server-Octets-Sent": 1,
        "client-Octets-Sent": 9, "protocol-ID": "smtp", "status": "operation-succeeded",
        "e-mail-Sender": "alex@mail.invalid", "e-mail-Recipients": ["sam@mail.invalid"],
    }  # fmt: skip
    return iri("emailIRI", value | {name.replace("_", "-"): held for name, held in more.items()}, *shows)


def messaging(*shows: bytes, category: Any = ("message", "deposit"), properties: Any = (), **more: Any) -> Item:
    parties = [
        {"party-qualifier": side, "party-identity": ("msisdn", number(digits))}
        for side, digits in (("originating-party", A), ("terminating-party", B))
    ]
    value = {
        "messaging-iri-obj-id": "5.2.20.3", "system-type": "unified-messaging", "category": category,
        "status": "operation-succeeded", "trigger": "user", "party-information": parties,
        "properties": list(properties),
    }  # fmt: skip
    return iri("messagingIRI", value | {name.replace("_", "-"): held for name, held in more.items()}, *shows)


def party(side: str, **identity: Any) -> dict[str, Any]:
    return {"party-Qualifier": side, "partyIdentity": identity}


FROM, TO = party("originating-Party", msISDN=number(A)), party("terminating-Party", msISDN=number(B))
PLACE = {
    "communication-Identity-Number": b"1",
    "network-Identifier": {"operator-Identifier": b"SIMOP"},
}


def call(*shows: bytes, parties: Any = (FROM, TO), **more: Any) -> Item:
    value = {
        "lawfulInterceptionIdentifier": b"LAB-1", "communicationIdentifier": PLACE, "timeStamp": ("utcTime", T),
        "intercepted-Call-Direct": "originating-Target", "intercepted-Call-State": "connected",
        "partyInformation": list(parties), "nature-Of-The-intercepted-call": "gSM-ISDN-PSTN-circuit-call",
    }  # fmt: skip
    value |= {name.replace("_", "-"): held for name, held in more.items()}
    record = ("iRIsContent", ("iRIContent", ("iRI-Continue-record", value)))
    return iri("eTSI671IRI", record, *shows, kind="continue")


def sms(*shows: bytes, text: str = "", **contents: Any) -> Item:
    held = {"initiator": "target", "content": sms_tpdu.encode_submit(text, B)[0]} | contents
    report = {"communicationIdentifier": PLACE, "timeStamp": ("utcTime", T), "sMS-Contents": held}
    return call(*shows, parties=(FROM,), nature_Of_The_intercepted_call="gSM-SMS-Message", sMS=report)


def eps(*shows: bytes, event: Any = "bearerActivation", **more: Any) -> Item:
    value = {
        "hi2epsDomainId": "0.4.0.2.2.4.8.15.5", "lawfulInterceptionIdentifier": b"LAB-1", "timeStamp": ("utcTime", T),
        "ePSevent": event, "partyInformation": [party("gPRSorEPS-Target", msISDN=number(A))],
    }  # fmt: skip
    value |= {name.replace("_", "-"): held for name, held in more.items()}
    return iri("ePSIRI", ("iRI-EPS-Parameters", value), *shows)


def media(*shows: bytes, **more: Any) -> Item:
    info = {"informationAppliesTo": {"payloadDirection": "fromTarget"}, "mediaFormat": 77} | more
    value = {"pstnIsdnIRIObjId": "5.6.6.1", "pstnIsdnIRIContents": ("supplementaryInfo", info)}
    return iri("pstnIsdnIRI", value, *shows)


def packet(*shows: bytes, **more: Any) -> Item:
    header = {"source": CLIENT, "destination": bytes((198, 51, 100, 7))} | more
    value = {
        "iPIRIOnlyObjId": "5.3.20.3", "iPInformation": ("iPv4Information", header),
        "protocolInformation": ("none", None),
    }  # fmt: skip
    return iri("iPIRIOnly", value, *shows)


def credentials(form: str, **more: Any) -> Item:
    return email(CANARY, event="e-mail-logon", aAAInformation=(form, {"username": "alex"} | more))


PACKED = sms_tpdu.encode_submit(WORDS, B)[0][-10:]
WITH_WORDS = FROM | {"services-Information": {"iSUP-parameters": [CANARY]}}
MAIL = {"emailCCObjId": "5.2.20.2", "email-Format": "application", "content": b"Subject: " + CANARY}

ITEMS: dict[str, Callable[[], Item]] = {
    "addresses of an e-mail": lambda: email(b"sam@mail.invalid"),
    "machine an e-mail was sent from": lambda: email(CLIENT, b"203.0.113.80"),
    "words where an e-mail address belongs": lambda: email(CANARY, e_mail_Recipients=[WORDS]),
    "words in the identifier of an e-mail": lambda: email(CANARY, message_ID=CANARY),
    "password of a mailbox": lambda: credentials("pOP3AAAInformation", password=WORDS),
    "answer to the challenge of a mail server": lambda: credentials("aSMTPAAAInformation", response=CANARY),
    "national octets of an e-mail": lambda: email(CANARY, nationalParameter=CANARY),
    "text and subject of an e-mail": lambda: cc("emailCC", MAIL),
    "e-mail as packets": lambda: cc("emailCC", MAIL | {"email-Format": "ip-packet"}),
    "parties of a voice mail": lambda: messaging(number(B), B.encode()),
    "voice mail": lambda: cc(
        "messagingCC",
        {"messaging-cc-obj-id": "5.2.20.4", "event-identifier": 1, "content-type": b"audio/basic", "content": CANARY},
    ),
    "subject of a message in a box": lambda: messaging(CANARY, properties=[("subject", WORDS)]),
    "pin of a message box": lambda: messaging(CANARY, properties=[("pincode", CANARY)]),
    "message that a notification repeats": lambda: messaging(
        CANARY, category=("message-notification", "mms"), original_message=CANARY
    ),
    "numbers of a circuit call": lambda: call(number(B), B.encode()),
    "duration of a circuit call": lambda: call(b"\0\x01\x42", b"00:01:42", conversationDuration=b"\0\x01\x42"),
    "number a circuit call was forwarded to": lambda: call(
        number(C), C.encode(), parties=(FROM, TO, party("forwarded-to-Party", msISDN=number(C)))
    ),
    "digits behind the number of a circuit call": lambda: call(
        b"9988776",
        parties=(
            FROM,
            party("terminating-Party", calledPartyNumber=("dSS1-Format", b"\x81" + B.encode() + b"9988776")),
        ),
    ),
    "words that the network passed along": lambda: call(CANARY, parties=(WITH_WORDS, TO)),
    "name on a circuit call": lambda: call(b"Sam", parties=(FROM, party("terminating-Party", alphanumeric="Sam"))),
    "words on a circuit call": lambda: call(
        b"CANARY at 5", parties=(FROM, party("terminating-Party", alphanumeric="CANARY at 5"))
    ),
    "cell of a circuit call": lambda: call(b"CANARY7", locationOfTheTarget={"globalCellID": b"CANARY7"}),
    "national octets of a circuit call": lambda: call(CANARY, national_Parameters=[CANARY]),
    "speech of a circuit call": lambda: cc("pstnIsdnCC", {"pstnIsdnCCObjId": "5.6.6.2", "pstnIsdnCCContents": CANARY}),
    "coding of the speech of a call": lambda: media(b"\x81\x01\x4d", b'"mediaFormat":77'),
    "session description of a circuit call": lambda: media(CANARY, copyOfSDPMessage=CANARY),
    "parties of a short message of HI2": lambda: sms(B.encode(), number(B)[1:]),
    "text of a short message of HI2": lambda: sms(PACKED, text=WORDS),
    "text of an enhanced short message": lambda: sms(
        CANARY, enhancedContent={"content": CANARY, "character-encoding": "utf-8"}
    ),
    "text of a short message of EPS": lambda: eps(
        PACKED,
        event="sMS",
        sMS={"sMS-Contents": {"sms-initiator": "target", "content": sms_tpdu.encode_submit(WORDS, B)[0]}},
    ),
    "session of a handset": lambda: eps(number(A), A.encode()),
    "node that serves a session": lambda: eps(b"CANARY", servingSGSN_number=b"CANARY"),
    "signalling inside a session": lambda: eps(CANARY, event=99, iMSevent="unfilteredSIPmessage", sIPMessage=CANARY),
    "packets of a session": lambda: cc("ePSCC", CANARY),
    "ends of a packet by the superseded report": lambda: packet(bytes((198, 51, 100, 7)), b"198.51.100.7"),
    "options of a packet by the superseded report": lambda: packet(CANARY, options=CANARY),
    "frame of layer two": lambda: iri("l2IRI", CANARY, CANARY),
}

ROWS = list(csv.DictReader((Path(__file__).parents[1] / "vectors/law/record_items.csv").open(encoding="utf-8")))
BY_NAME = {row["item"]: row for row in ROWS}


def judged(order: CourtOrder, octets: bytes) -> tuple[VerdictKind, bytes]:
    """The verdict in a call of the target, and what of the record lies in the store."""
    record = decode_ps_pdu(octets)
    facts = facts_of(record, T)
    verdict = decide((order,), facts, LinkPolicy(), CinState(TARGET_OK, True, None, T - 10**6)).verdict
    if verdict.kind in KEPT:
        return verdict.kind, octets
    return verdict.kind, permitted_octets(order, facts, record, bytes(32)) if verdict.kind is VerdictKind.MASK else b""


def shown(octets: bytes, shows: tuple[bytes, ...]) -> bool:
    return any(form in octets or form.hex().encode() in octets.lower() for form in shows)


def test_every_item_of_the_table_is_built_here() -> None:
    assert list(ITEMS) == [row["item"] for row in ROWS]
    assert {row["prtt"] for row in ROWS} == {"deliver", "withhold", "place"}


@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.rule("R-110", "R-112", "R-113", "R-114")
def test_attack_a_pen_register_keeps_of_a_record_what_the_table_says(name: str) -> None:
    octets, shows = ITEMS[name]()
    assert shown(octets, shows)
    delivered = BY_NAME[name]["prtt"] == "deliver"
    verdict, stored = judged(PRTT, octets)
    assert shown(stored, shows) is delivered
    assert (verdict in KEPT) is delivered


@pytest.mark.parametrize("name", [name for name in ITEMS if BY_NAME[name]["prtt"] == "place"])
@pytest.mark.rule("R-112")
def test_an_order_that_names_location_keeps_the_place(name: str) -> None:
    octets, shows = ITEMS[name]()
    verdict, stored = judged(replace(PRTT, location_authorised=True), octets)
    assert verdict in KEPT and shown(stored, shows)


@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.rule("R-116", "R-117")
def test_a_warrant_keeps_a_record_whole_where_it_lists_its_service(name: str) -> None:
    octets, shows = ITEMS[name]()
    for service in Service:
        order = replace(PRTT, kind=OrderKind.EAVESDROPPING, services=frozenset({service}))
        verdict, stored = judged(order, octets)
        if not BY_NAME[name]["service"]:
            assert verdict is VerdictKind.QUARANTINE, "of which service it is a person has to say"
        else:
            assert (verdict in KEPT) is (BY_NAME[name]["service"] == service.value)
            assert shown(stored, shows) is (verdict in KEPT)


NOTICE_TIME = ("utcTime", T)
NOTICES: dict[str, tuple[str, Any]] = {
    "words of an alarm": ("alarms-indicator", {"timeStamp": NOTICE_TIME, "alarm-information": CANARY}),
    "octets about the target": (
        "liActivated",
        {"lawfulInterceptionIdentifier": b"LAB-1", "timeStamp": NOTICE_TIME, "target-Information": CANARY},
    ),
    "time in words": (
        "liDeactivated",
        {
            "lawfulInterceptionIdentifier": b"LAB-1",
            "timeStamp": ("localTime", {"generalizedTime": WORDS, "winterSummerIndication": "notProvided"}),
        },
    ),
    "another LIID": ("liModified", {"lawfulInterceptionIdentifier": CANARY, "timeStamp": NOTICE_TIME}),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.rule("R-110")
def test_attack_a_notice_of_hi1_carries_no_words_past_a_pen_register(name: str) -> None:
    octets = encode_ps_pdu(HEADER, ("hI1-Operation", NOTICES[name]))
    assert shown(octets, (CANARY,))
    verdict, stored = judged(PRTT, octets)
    assert verdict is VerdictKind.MASK and not shown(stored, (CANARY,))
    assert NOTICES[name][0].encode() in stored, "that there was a notice is no content"
    assert judged(replace(PRTT, kind=OrderKind.EAVESDROPPING, services=frozenset(Service)), octets)[0] in KEPT


@pytest.mark.rule("R-110")
def test_attack_an_unknown_field_of_a_notice_hides_nothing() -> None:
    value = {"lawfulInterceptionIdentifier": b"LAB-1", "timeStamp": NOTICE_TIME}
    plain = encode_ps_pdu(HEADER, ("hI1-Operation", ("liModified", value)))
    assert judged(PRTT, plain)[0] in KEPT
    whole = tlv.read_tlv(plain, 0, len(plain))
    hidden = tlv.encode_tlv(tlv.CONTEXT, False, 29, CANARY)
    octets = tlv.encode_tlv(tlv.UNIVERSAL, True, 16, plain[whole.content : whole.content_end] + hidden)
    verdict, stored = judged(PRTT, octets)
    assert verdict not in KEPT and not shown(stored, (CANARY,))
