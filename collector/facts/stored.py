"""Records as they are stored: of which dialect each is, and its facts (docs/adr/0014-us-dialects-in-the-store.md).

A row says it in its content tag. ETSI's alternatives end at 127; from 1000 on the number is one of a US dialect:
1000 times the dialect's number, plus the tag of the message, or 800 for one that no row describes, or 900 for a
CC-APDU, or 900 and the octets of its header for a CCC datagram. 5900 is a piece of a covert recording (ADR 0038), in
the same row of numbers. The numbers are part of the store's format: add, never renumber.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from asn1.errors import DecodeError
from asn1.laes.cc_apdu import decode_apdu
from asn1.laes.ccc import HEADER_OCTETS, decode_datagram
from asn1.laes.describe import DIALECTS, dialect_named
from asn1.ps_pdu import decode_ps_pdu
from asn1.recording import decode_recording
from collector.facts.etsi import facts_of
from collector.facts.laes import Record, facts_of_laes
from collector.facts.laes_fields import PARTIES
from collector.facts.laes_parties import IDENTITIES
from collector.facts.laes_rows import ROWS
from collector.facts.record import RecordFacts
from collector.facts.recording import facts_of_recording
from mediation.law.orders import Service

SPAN: Final = 1000
UNDESCRIBED: Final = 800
CONTENT: Final = 900
RECORDER: Final = "recorder"
"""The dialect of covert recorders."""
_NUMBERS: Final = {"t1678": 1, "pcesp": 2, "ias": 3, "jstd025": 4, RECORDER: 5}
RECORDING: Final = SPAN * 5 + CONTENT
"""The content tag of a piece of a covert recording."""
_NAMES: Final = {number: name for name, number in _NUMBERS.items()}
_TAGS: Final = {
    name: {row.name: row.tag for row in dialect_named(name).messages.fields if row.tag is not None} for name in DIALECTS
}

Ccc = Literal["apdu", 4, 12, 20]
"""How content comes: as CC-APDUs, or behind a header of so many octets."""


def message_code(dialect: str, name: str) -> int:
    """The content tag of a call-data message."""
    return SPAN * _NUMBERS[dialect] + _TAGS[dialect].get(name, UNDESCRIBED)


def content_code(dialect: str, ccc: Ccc) -> int:
    """The content tag of content."""
    return SPAN * _NUMBERS[dialect] + CONTENT + (0 if ccc == "apdu" else ccc)


def dialect_of(code: int) -> str | None:
    """The dialect of a row by its content tag, a US one or `RECORDER`; None for ETSI's records and the store's own."""
    return _NAMES.get(code // SPAN) if code >= SPAN else None


def read_laes(code: int, octets: bytes) -> Record:
    """The record of a row of a US dialect. Raises DecodeError."""
    dialect, rest = _NAMES[code // SPAN], code % SPAN
    if rest == CONTENT:
        return decode_apdu(octets)
    if rest - CONTENT in HEADER_OCTETS:
        return decode_datagram(octets, rest - CONTENT)
    return dialect_named(dialect).decode(octets)


def facts_of_stored(code: int, octets: bytes, received_us: int, liid: str, cin: int) -> RecordFacts:
    """The facts of a stored record as they were when it was judged; `liid` and `cin` (-1 for none) are the row's.
    Raises DecodeError."""
    if code < SPAN:
        return facts_of(decode_ps_pdu(octets), received_us)
    dialect = dialect_of(code)
    if dialect is None:
        raise DecodeError(DecodeError.WRONG_DIALECT, f"content tag {code} is of no dialect that is known here")
    if dialect == RECORDER:
        facts = facts_of_recording(decode_recording(octets), received_us)
    else:
        facts = facts_of_laes(read_laes(code, octets), received_us, dialect, liid)
    return facts._replace(liid=liid, cin=None if cin < 0 else cin)


def content_service(code: int) -> Service | None:
    """Of which service content is, by its dialect alone; None for anything else."""
    dialect = dialect_of(code)
    if dialect is None or code % SPAN < CONTENT:
        return None
    return Service.DATA if dialect == "ias" else Service.VOICE


def masked_service(code: int, payload: str) -> Service | None:
    """Of which service a masked message of a US dialect is; None for what no row describes."""
    row = ROWS.get(dialect_of(code) or "", {}).get(payload)
    return None if row is None else row.service


def masked_identities(fields: Mapping[str, Any]) -> list[str]:
    """Everybody whom the permitted fields of a masked message of a US dialect name, each once, in order."""
    return list(dict.fromkeys(_identities(fields)))


def _identities(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, held in fields.items():
        if name in PARTIES or name in ("communicating", "removed", "joined"):
            yield from _of_parties(held)
        elif name == "redirectedFromInfo":
            yield from _of_parties([one for one in held.values() if isinstance(one, Mapping)])
        elif name == "subscriberIdentity":
            yield str(held)
        elif name == "iPAddress":
            yield held["address"]
        elif name in ("headerSet", "streamSet"):
            yield from (held[end]["address"] for end in ("sourceIPaddress", "destinationIPaddress") if end in held)
        elif name == "messages":
            yield from (one[end] for one in held for end in ("from", "to") if isinstance(one.get(end), str))


def _of_parties(parties: list[Mapping[str, Any]]) -> Iterator[str]:
    for party in parties:
        for name in IDENTITIES:
            held = party.get(name)
            yield from (held if isinstance(held, list) else [held] if held is not None else [])
