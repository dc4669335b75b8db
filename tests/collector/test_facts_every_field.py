"""Every field of the described IRI records, found by walking the descriptions, with words in it.

None passes as signalling. A field that is added to a description is attacked by existing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from asn1 import ip, ip_headers
from asn1.email import EMAIL_IRI
from asn1.errors import DecodeError
from asn1.messaging import MESSAGING_IRI
from asn1.multimedia import IPMMIRI
from asn1.ps_pdu import PsHeader, decode_ps_pdu
from asn1.ps_tables import EPSIRI, ETSI671IRI, PS_PDU, UMTSIRI
from asn1.pstn_isdn import PSTN_ISDN_IRI
from asn1.table import (
    Bits,
    BitString,
    Boolean,
    Choice,
    Enumerated,
    GeneralizedTime,
    Integer,
    Null,
    OctetString,
    Oid,
    RelativeOid,
    Sequence,
    SequenceOf,
    Text,
    Type,
    Undescribed,
    UtcTime,
    encode,
)
from asn1.ts33128 import IRI_EVENT, IRI_PAYLOAD
from collector.facts import facts_of

T0 = 1_750_000_000_000_000
HEADER = PsHeader(liid=b"LAB-1", operator_id=b"SIMOP")
PLACES = 6
WORDS = "CANARY at five, by the harbour"


def unbounded(kind: Type, made: dict[int, Type]) -> Type:
    """The same description without sizes and alphabets: a reader does not check them, so they bind nobody who sends."""
    if id(kind) not in made:
        made[id(kind)] = kind
        if isinstance(kind, Sequence | Choice):
            rows = tuple(replace(row, type=unbounded(row.type, made)) for row in kind.fields)
            made[id(kind)] = type(kind)(kind.name, rows)
        elif isinstance(kind, SequenceOf):
            made[id(kind)] = SequenceOf(kind.name, unbounded(kind.item, made), kind.as_set)
        elif isinstance(kind, OctetString):
            made[id(kind)] = OctetString(kind.name)
        elif isinstance(kind, Text):
            made[id(kind)] = Text(kind.name, kind="ia5" if kind.kind == "numeric" else kind.kind)
    return made[id(kind)]


def least(kind: Type) -> Any:
    """The smallest value of a type."""
    if isinstance(kind, Sequence):
        return {row.name: least(row.type) for row in kind.fields if not row.optional}
    if isinstance(kind, Choice):
        return (kind.fields[0].name, least(kind.fields[0].type))
    if isinstance(kind, OctetString):
        return b"0" * max(kind.low, 1)
    if isinstance(kind, Text):
        return "20250615145320" if kind.kind == "local-time" else "0" * max(kind.low, 1)
    if isinstance(kind, Bits):
        return "0" * kind.low
    if isinstance(kind, Enumerated):
        return kind.rows[0][1]
    plain: list[tuple[type[Type], Any]] = [
        (SequenceOf, []), (Boolean, False), (Null, None), (Oid, "0.4.0.2.2.1.18"), (RelativeOid, "5.3.20.3"),
        (GeneralizedTime, T0), (UtcTime, T0), (BitString, []), (Undescribed, b""),
    ]  # fmt: skip
    if isinstance(kind, Integer):
        return max(kind.low or 0, 0)
    return next(value for form, value in plain if isinstance(kind, form))


def with_words(kind: Type) -> Iterator[tuple[str, Any]]:
    """A value for each field in which words can stand, and the path to it."""
    if isinstance(kind, Sequence):
        for row in kind.fields:
            for path, value in with_words(row.type):
                yield f"{row.name}.{path}", least(kind) | {row.name: value}
    elif isinstance(kind, Choice):
        for row in kind.fields:
            for path, value in with_words(row.type):
                yield f"{row.name}.{path}", (row.name, value)
    elif isinstance(kind, SequenceOf):
        for path, value in with_words(kind.item):
            yield path, [value]
    elif isinstance(kind, OctetString | Undescribed):
        yield "", WORDS.encode()
    elif isinstance(kind, Text):
        yield "", WORDS


ATTACKED = {
    "emailIRI": EMAIL_IRI,
    "messagingIRI": MESSAGING_IRI,
    "pstnIsdnIRI": PSTN_ISDN_IRI,
    "iPIRI": ip.IPIRI,
    "iPIRIOnly": ip_headers.IPIRI_ONLY,
    "iPIRIPacketReport": ip.IPIRI_PACKET_REPORT,
    "iPMMIRI": IPMMIRI,
    "eTSI671IRI": ETSI671IRI,
    "uMTSIRI": UMTSIRI,
    "ePSIRI": EPSIRI,
}


def attack(name: str, value: Any, path: str, record: Type) -> None:
    header = {
        "li-psDomainId": HEADER.oid, "lawfulInterceptionIdentifier": HEADER.liid, "sequenceNumber": 3,
        "communicationIdentifier": {"networkIdentifier": {"operatorIdentifier": HEADER.operator_id}},
    }  # fmt: skip
    payload = [{"iRIType": "iRI-Report", "iRIContents": (name, value)}]
    octets = encode(record, {"pSHeader": header, "payload": ("iRIPayloadSequence", payload)})
    try:
        facts = facts_of(decode_ps_pdu(octets), T0)
    except DecodeError:
        return  # SIP that is none: nothing is kept of what cannot be read
    assert facts.content or facts.location, f"{path} holds words and would be kept whole"
    shown = str(facts.permitted)
    assert "CANARY" not in shown and b"CANARY".hex() not in shown, path


@pytest.mark.parametrize("name", ATTACKED)
@pytest.mark.rule("R-110", "R-113", "R-114")
def test_attack_words_in_any_field_are_no_signalling(name: str) -> None:
    record = unbounded(PS_PDU, {})
    attacked = 0
    for path, value in with_words(ATTACKED[name]):
        attack(name, value, path, record)
        attacked += 1
    assert attacked >= 2


@pytest.mark.rule("R-110", "R-113", "R-114")
def test_attack_words_in_any_field_of_an_event_are_no_signalling() -> None:
    """TS 33.128: of every field of every described event the first few places in which words can stand."""
    record, payload = unbounded(PS_PDU, {}), unbounded(IRI_PAYLOAD, {})
    attacked = 0
    for event in IRI_EVENT.fields:
        if not isinstance(event.type, Sequence):
            continue
        for row in event.type.fields:
            for path, value in islice(with_words(row.type), PLACES):
                held = (event.name, least(event.type) | {row.name: value})
                octets = encode(payload, {"iRIPayloadOID": "4.19.19.3.3", "event": held})
                attack("threeGPP33128DefinedIRI", octets, f"{event.name}.{row.name}.{path}", record)
                attacked += 1
    assert attacked > 500
