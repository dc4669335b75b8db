"""The readers of facts and of a TPDU with the quick looks beside them: what a look answers is what the reader says.

Each raises DecodeError as its reader does, and RuntimeError where the two say different things.
"""

from __future__ import annotations

from typing import Final

from asn1 import sms_tpdu
from asn1.errors import DecodeError
from asn1.laes import cc_apdu
from asn1.laes.message import CdcMessage, Dialect
from asn1.ps_pdu import decode_ps_pdu
from collector.facts import RecordFacts, facts_of
from collector.facts.laes import facts_of_laes, read_reference
from collector.facts.laes_rows import ROWS
from collector.facts.ordinary import ordinary_facts
from collector.facts.plain_tpdu import skim
from collector.facts.short_messages import has_words

_ARRIVAL_US: Final = 1


def etsi_facts(octets: bytes) -> RecordFacts:
    try:
        facts = facts_of(decode_ps_pdu(octets), _ARRIVAL_US)
    except DecodeError:
        if ordinary_facts(octets, "", _ARRIVAL_US) is not None:
            raise RuntimeError("the quick look takes a record that the reader refuses") from None
        raise
    quick = ordinary_facts(octets, facts.liid, _ARRIVAL_US)
    if quick is not None and quick != facts:
        raise RuntimeError("the quick look says other facts of a record than the reader")
    return facts


def laes_facts(octets: bytes, dialect: Dialect) -> RecordFacts:
    record = cc_apdu.decode_apdu(octets) if dialect.is_apdu(octets) else dialect.decode(octets)
    facts = facts_of_laes(record, _ARRIVAL_US, dialect.name)
    row = ROWS[dialect.name].get(record.name) if isinstance(record, CdcMessage) else None
    if isinstance(record, CdcMessage) and row is not None and read_reference(record, row, _ARRIVAL_US, "") != facts:
        raise RuntimeError("the quick look says other facts of a message than the reader")
    return facts


def tpdu(octets: bytes, *, from_mobile: bool) -> sms_tpdu.SmsTpdu:
    seen = skim(octets, from_mobile)
    try:
        whole = sms_tpdu.decode_tpdu(octets, from_mobile)
    except DecodeError:
        if seen is not None:
            raise RuntimeError("the quick look takes a TPDU that the decoder refuses") from None
        raise
    if seen is not None:
        said = (seen.address, seen.said_us(), seen.words)
        if said != (whole.address, whole.timestamp_us, has_words(whole)) or whole.segment is not None:
            raise RuntimeError("the quick look sees another TPDU than the decoder")
    return whole
