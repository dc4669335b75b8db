"""What the quick looks at calls and short messages answer is what the readers say; all else they leave to them.

Records are made by chance from the descriptions themselves, out of values that are usual, unusual or hostile, and any
of them with an octet changed; on both paths. So is a TPDU, held against the decoder.
"""

from __future__ import annotations

import importlib
import random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import sms_tpdu
from asn1.errors import DecodeError
from asn1.ps_pdu import PsHeader
from asn1.ps_tables import EPSIRI, ETSI671IRI, PS_PDU, UMTSIRI
from asn1.table import (
    BitString,
    Boolean,
    Choice,
    Enumerated,
    Integer,
    Null,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    Type,
    Undescribed,
    UtcTime,
    encode,
)
from asn1.ts33128 import IRI_PAYLOAD
from collector.facts import hi2, plain_tpdu
from collector.facts.short_messages import has_words, read_tpdu
from lab.kernels import interpreted
from tests.collector.test_facts_every_field import T0, least, unbounded

HEADER = PsHeader(liid=b"LAB-1", operator_id=b"SIMOP")
MARK, ASKED = b"\x91\x21\x21\x55\x05\x01\xf1", b"\x81" + b"12125550102"
SUBMIT = sms_tpdu.encode_submit("at five", "12125550102")[0]
DELIVER = sms_tpdu.encode_deliver("at five", "12125550102", T0)[0]
TPDUS = (
    SUBMIT, DELIVER, b"\x00\x00", b"\x01\x00" + bytes.fromhex("62305041000000"), b"\x02\x01" + SUBMIT[2:10],
    sms_tpdu.encode_submit("at five " * 40, "12125550102")[1], sms_tpdu.encode_submit("\u20ac\u4e00", "1")[0],
    b"", b"words", DELIVER[:-1], b"\x04\x0b\xd0" + b"AbCdEf" + bytes(9), b"\x00\x80\x04\x00\x01a",
)  # fmt: skip
OCTETS = {
    "lawfulInterceptionIdentifier": (b"LAB-1", b"LAB-2", b"\x01", b""),
    "ringingDuration": (b"\0\0\x08", b"\0\0\xaa", b"\0", b"words"),
    "conversationDuration": (b"\0\x01\x12", b"\xff\0\0", b""),
    "release-Reason-Of-Intercepted-Call": (b"\x80\x90", b"\x80", b"words"),
    "communication-Identity-Number": (b"17", b"", b"at five", b"123456789"),
    "operator-Identifier": (b"SIMOP", b"SI M", b"SIMOPS", b"", b"\xe9"),
    "msISDN": (MARK, b"\x91", b"words", b"\x21\x21"),
    "imsi": (b"\x00\x01\x01\x21\x43\x65\x87\xf9", b"words", b""),
    "imei": (b"\x53\x78\x24\x10\x32\x54\x76\xf0", b"words"),
    "content": (*TPDUS,),
    "sMSTPDU": (*TPDUS,),
    "redactedSMSTPDU": (*TPDUS,),
    "gPRSCorrelationNumber": (bytes(8), b"", bytes(9)),
    "ePSCorrelationNumber": (bytes(4), bytes(20)),
    "gPRSOperationErrorCode": (b"\0\1", b"", b"words"),
    "sip-uri": (b"sip:+12125550102@ims.invalid", b"words", b"sip:at five@x"),
    "dSS1-Format": (ASKED, b"\x81", b"words"),
    "iSUP-Format": (b"\x83\x10\x21\x21\x55\x05\x10\x02", b"words"),
    "mAP-Format": (MARK, b"words"),
    "e164-Format": (b"\x04\x10\x21\x21\x55\x05\x10\x02", b"words"),
}
TEXTS = {
    "mSISDN": ("12125550102", "at five", "", "1"),
    "iMSI": ("001010123456789", "12", "words"),
    "nAI": ("alex@example.invalid", "at five", ""),
    "sIPURI": ("sip:+12125550102@ims.invalid", "sip:at five", "sip:a@b?x=y"),
    "tELURI": ("tel:+12125550102", "tel:words"),
}


class Maker:
    """Values of a type. `hostile` is how often one is any but the first of its kind; `fields` of a record that is
    usual come in three of ten cases, any other one by `hostile`."""

    def __init__(self, chance: random.Random, hostile: float) -> None:
        self.chance, self.hostile = chance, hostile

    def pick(self, values: Any) -> Any:
        return self.chance.choice(values) if self.chance.random() < self.hostile else values[0]

    def value(self, kind: Type, name: str = "") -> Any:
        chance = self.chance
        if isinstance(kind, Sequence):
            return {row.name: self.value(row.type, row.name) for row in kind.fields if self._comes(row)}
        if isinstance(kind, Choice):
            row = chance.choice(kind.fields)
            if (row.name.endswith("Sequence") or name == "sMSTPDUData") and chance.random() > self.hostile:
                row = kind.fields[0]
            return (row.name, self.value(row.type, row.name))
        if isinstance(kind, SequenceOf):
            return [self.value(kind.item) for _ in range(chance.choice((1, 1, 2, 0)))]
        if isinstance(kind, Enumerated):
            known = chance.choice(kind.rows)[1]
            return self.pick((known, 97, 2))
        if isinstance(kind, OctetString):
            return self.pick(OCTETS.get(name, (b"\1", b"at five", b"")))
        if isinstance(kind, Text):
            if kind.kind == "local-time":
                return "20250615145320"
            return self.pick(TEXTS.get(name, ("1", "12125550102", "")))
        if isinstance(kind, UtcTime):
            return self.pick((T0 // 1_000_000 * 1_000_000, T0 - 7_000_000, 0))
        if isinstance(kind, Boolean | Null | BitString | Undescribed):
            return least(kind)
        if isinstance(kind, Integer):
            low = 0 if kind.low is None else kind.low
            return self.pick((low, low + 1))
        return least(kind)

    def _comes(self, row: Any) -> bool:
        if not row.optional:
            return True
        if row.name in USUAL:
            return self.chance.random() < 0.4
        return self.chance.random() < self.hostile / 4


USUAL = frozenset(
    {
        "partyInformation", "sMS", "intercepted-Call-Direct", "intercepted-Call-State", "communicationIdentifier",
        "nature-Of-The-intercepted-call", "initiator", "ePSevent", "gPRSevent", "umts-Cs-Event", "ringingDuration",
        "conversationDuration", "locationOfTheTarget", "networkIdentifier", "iRIversion", "msISDN", "imsi", "content",
        "calledPartyNumber", "transfer-status", "communication-Identity-Number", "gPSI", "sUPI", "sMSTPDUData",
        "messageType", "rPMessageReference", "release-Reason-Of-Intercepted-Call", "ePSCorrelationNumber",
    }
)  # fmt: skip
CALLS = {"eTSI671IRI": ETSI671IRI, "uMTSIRI": UMTSIRI, "ePSIRI": EPSIRI}
MADE: dict[int, Type] = {}
RECORD = unbounded(PS_PDU, MADE)
EVENTS = unbounded(IRI_PAYLOAD, MADE)


def record(maker: Maker, kind: str) -> bytes:
    """One record of a kind: a name of CALLS, or an event of TS 33.128."""
    chance = maker.chance
    if kind in CALLS:
        name, contents = kind, maker.value(unbounded(CALLS[kind], MADE))
    else:
        # What a message of this name holds, as the description of the event says.
        rows = {row.name: row.type for row in next(one.type for one in EVENTS.fields if one.name == "event").fields}
        payload = {"iRIPayloadOID": "4.19.19.3.3", "event": (kind, maker.value(rows[kind]))}
        if chance.random() < maker.hostile / 4:
            payload["targetIdentifiers"] = [{"identifier": ("mSISDN", "12125550102")}]
        name, contents = "threeGPP33128DefinedIRI", encode(EVENTS, payload)
    header = {
        "li-psDomainId": HEADER.oid, "lawfulInterceptionIdentifier": HEADER.liid, "sequenceNumber": 3,
        "communicationIdentifier": {
            "networkIdentifier": {"operatorIdentifier": HEADER.operator_id}, "communicationIdentityNumber": 7
        },
        "microSecondTimeStamp": {"seconds": T0 // 1_000_000, "microSeconds": T0 % 1_000_000},
    }  # fmt: skip
    payloads: dict[str, Any] = {"iRIContents": (name, contents)}
    if chance.random() < 0.5:
        payloads["iRIType"] = chance.choice(("iRI-Begin", "iRI-End", "iRI-Continue", "iRI-Report"))
    octets = encode(RECORD, {"pSHeader": header, "payload": ("iRIPayloadSequence", [payloads])})
    if chance.random() < maker.hostile / 3:
        at = chance.randrange(60, len(octets))
        octets = octets[:at] + bytes([octets[at] ^ 1 << chance.randrange(8)]) + octets[at + 1 :]
    return octets


def alike(looks: SimpleNamespace, octets: bytes) -> bool:
    """Holds both against each other; whether the quick look was sure."""
    value = looks.walk.walk(looks.plan, octets)
    if value is looks.walk.UNSURE or "microSecondTimeStamp" not in value["pSHeader"]:
        return False
    header, (_, [payload, *more]) = value["pSHeader"], value["payload"]
    name, contents = payload["iRIContents"]
    if more:
        return False
    iri_type = {"iRI-Begin": "begin", "iRI-End": "end", "iRI-Continue": "continue", "iRI-Report": "report"}.get(
        payload.get("iRIType")
    )
    stamp = header["microSecondTimeStamp"]
    event_us = stamp["seconds"] * 1_000_000 + stamp["microSeconds"]
    place = (header["communicationIdentifier"].get("communicationIdentityNumber"), header["sequenceNumber"])
    rest = (iri_type, event_us, header.get("timeStampQualifier"), T0, None)
    try:
        expected = looks.facts_of(looks.decode(octets), T0)
    except DecodeError:
        expected = None
    liid = "LAB-1" if expected is None else expected.liid
    if name in CALLS:
        found = looks.calls.call_facts(contents, liid, *place, name, *rest)
    elif name == "threeGPP33128DefinedIRI":
        found = looks.messages.message_facts(contents, liid, *place, *rest)
    else:
        return False
    if found is None:
        return False
    assert expected is not None, octets.hex()
    assert tuple(found) == tuple(expected), octets.hex()
    assert [type(one) for one in found] == [type(one) for one in expected], octets.hex()
    assert repr(found.permitted) == repr(expected.permitted)
    return True


NAMES = (
    "asn1.walk", "asn1.table", "asn1.ps_tables", "asn1.ps_pdu", "collector.facts", "collector.facts.plain_tpdu",
    "collector.facts.plain_messages", "collector.facts.plain_calls",
)  # fmt: skip


@pytest.fixture(scope="module", params=["compiled", "interpreted"])
def looks(request: pytest.FixtureRequest) -> SimpleNamespace:
    """The quick looks, and all that they are held against, of one path."""
    wanted = request.param == "compiled"
    modules = tuple(map(importlib.import_module, NAMES)) if wanted else interpreted(*NAMES)
    walk, table, tables, pdu, facts, tpdu, messages, calls = modules
    if [one.COMPILED for one in (walk, tpdu, messages, calls)] != [wanted] * 4:
        pytest.fail("the quick looks are not compiled: run make, which builds them", pytrace=False)
    return SimpleNamespace(
        walk=walk, plan=table.plan_of(tables.PS_PDU), decode=pdu.decode_ps_pdu, facts_of=facts.facts_of, tpdu=tpdu,
        messages=messages, calls=calls, rounds=1200 if wanted else 300,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [*CALLS, "sMSMessage", "sMSReport"])
@pytest.mark.parametrize("hostile", [0.0, 0.15, 0.6])
def test_attack_no_record_is_read_otherwise_than_the_reader_reads_it(
    looks: SimpleNamespace, kind: str, hostile: float
) -> None:
    chance = random.Random(f"{kind} {hostile}")
    sure = sum(alike(looks, record(Maker(chance, hostile), kind)) for _ in range(looks.rounds))
    assert sure * 100 > looks.rounds * {0.0: 15, 0.15: 3}.get(hostile, -1), f"{sure} of {looks.rounds}"


def tpdu_alike(looks: SimpleNamespace, octets: bytes, from_mobile: bool) -> bool:
    found = looks.tpdu.skim(octets, from_mobile)
    if found is None:
        return False
    expected = read_tpdu(octets, from_mobile)
    assert expected is not None, octets.hex()
    assert found.address == expected.address and found.said_us() == expected.timestamp_us, octets.hex()
    assert found.words == has_words(expected) and expected.segment is None, octets.hex()
    assert found.cause == (-1 if expected.failure_cause is None else expected.failure_cause), octets.hex()
    return True


@pytest.mark.parametrize("from_mobile", [True, False])
def test_attack_no_tpdu_is_seen_otherwise_than_it_is_decoded(looks: SimpleNamespace, from_mobile: bool) -> None:
    chance, sure = random.Random(from_mobile), 0
    for _ in range(20 * looks.rounds):
        octets = bytearray(chance.choice(TPDUS[:7]))
        for _ in range(chance.randrange(3)):
            octets[chance.randrange(len(octets))] = chance.choice((0, 1, 7, 11, 0x91, 0x80, chance.randrange(256)))
        cut = chance.randrange(len(octets) + 1) if chance.random() < 0.2 else len(octets)
        sure += tpdu_alike(looks, bytes(octets[:cut]), from_mobile)
    assert sure > 2 * looks.rounds


@settings(deadline=None, max_examples=300)
@given(octets=st.binary(max_size=40), from_mobile=st.booleans())
def test_attack_any_octets_as_a_tpdu(octets: bytes, from_mobile: bool) -> None:
    tpdu_alike(SimpleNamespace(tpdu=plain_tpdu), octets, from_mobile)


@pytest.fixture
def ways(interpreted_twin: Any) -> dict[str, int]:
    """How parameters are looked at; compiled, that is nobody else's to see."""
    found: dict[str, int] = interpreted_twin("collector.facts.plain_calls")["collector.facts.plain_calls"]._WAYS
    return found


def test_a_parameter_has_one_type_in_all_modules(ways: dict[str, int]) -> None:
    """A way expects what the walk gives; a field of the same name and another type would be none of its values."""
    types: dict[str, set[type]] = {}
    for kind in CALLS.values():
        for row in _parameters(kind):
            types.setdefault(row.name, set()).add(type(row.type))
    for name, way in ways.items():
        assert len(types.get(name, {None})) == 1 or way <= 2, name


def _parameters(kind: Type) -> Any:
    """The fields of every record of a CHOICE."""
    if isinstance(kind, Choice):
        for row in kind.fields:
            yield from _parameters(row.type)
    elif isinstance(kind, SequenceOf):
        yield from _parameters(kind.item)
    elif isinstance(kind, Sequence):
        yield from kind.fields


def test_what_is_kept_or_a_place_has_its_way(ways: dict[str, int]) -> None:
    assert {*hi2.KEPT, *hi2.PLACES, *hi2.DURATIONS, hi2.RELEASE} <= set(ways)


def test_attack_words_are_not_remembered(looks: SimpleNamespace) -> None:
    """What is remembered from one record to the next are plain identities, and names of the standard's lists."""
    looks.messages._person.cache_clear()
    looks.calls._meaning.cache_clear()
    maker = Maker(random.Random(5), 1.0)
    for kind in (*CALLS, "sMSMessage"):
        for _ in range(200):
            alike(looks, record(maker, kind))
    for at in range(3):
        with pytest.raises(looks.messages._NotPlain):
            looks.messages._person("mSISDN", f"at five {at}")
    known = looks.messages._person.cache_info().currsize
    plain = {(form, text) for form, texts in TEXTS.items() for text in texts}
    assert known <= len(plain) + 3
