"""The facts of an ordinary ETSI record of signalling, made in one step from its octets.

Rules of this file. It answers only where the quick walk answers, one IRI payload came, and its time is the header's;
every other record is left to `facts_of`, by the answer None. What is answered is what `facts_of` answers, to the last
field; a property test holds the one against the other. So it may be left out at any time, and nothing changes but the
speed. One source for two paths (ADR 0002, ADR 0030): `ordinary.pxd` types it for Cython.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asn1.errors import DecodeError
from asn1.ps_pdu import MAX_SECONDS
from asn1.ps_tables import PS_PDU
from asn1.table import plan_of
from asn1.walk import UNSURE
from collector.facts.etsi import IRI_TYPES, READERS, SENDS
from collector.facts.record import Digits, RecordFacts
from mediation.law.orders import Target

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.asn1.walk import walk
    from cython.cimports.collector.facts.plain_sip import read_plain
else:
    from asn1.walk import walk
    from collector.facts.plain_sip import read_plain

COMPILED: Final[bool] = cython.compiled

_PLAN: Final = plan_of(PS_PDU)
_NO_DIGITS: Final = Digits.NONE
_MAX_SECONDS: Final = MAX_SECONDS
_new = tuple.__new__


def ordinary_facts(octets: bytes, liid: str, arrival_us: int) -> RecordFacts | None:
    """The facts of one record; `liid` is its LIID as text. None where the reference has to look."""
    value = walk(_PLAN, octets)
    if value is UNSURE:
        return None
    name, payloads = value["payload"]
    if name != "iRIPayloadSequence" or len(payloads) != 1:
        return None
    payload: dict[str, Any] = payloads[0]
    if "microSecondTimeStamp" in payload or "timeStamp" in payload or "timeStampQualifier" in payload:
        return None
    header: dict[str, Any] = value["pSHeader"]
    event_us = _time_of(header)
    if event_us is None:
        return None
    qualifier = header.get("timeStampQualifier")
    if qualifier is not None and type(qualifier) is not str:
        return None
    name, contents = payload["iRIContents"]
    iri_type = payload.get("iRIType")
    direction = payload.get("sessionDirection") or payload.get("payloadDirection")
    return _facts(
        liid, header, name, contents, None if iri_type is None else IRI_TYPES.get(iri_type), event_us, qualifier,
        arrival_us, None if direction is None else SENDS.get(direction),
    )  # fmt: skip


def _time_of(header: dict[str, Any]) -> int | None:
    """The header's time; None where it has none, or one beyond any clock."""
    micro = header.get("microSecondTimeStamp")
    if micro is None:
        generalized: int | None = header.get("timeStamp")
        return generalized
    seconds: int = micro["seconds"]
    if seconds > _MAX_SECONDS:
        return None
    micros: int = micro["microSeconds"]
    return seconds * 1_000_000 + micros


def _facts(
    liid: str,
    header: dict[str, Any],
    name: str,
    contents: Any,  # noqa: ANN401  a decoded payload
    iri_type: str | None,
    event_us: int,
    qualifier: str | None,
    arrival_us: int,
    sends: bool | None,
) -> RecordFacts | None:
    """By what the payload is: one SIP message, or whatever the reader of its kind says of it."""
    cin = header["communicationIdentifier"].get("communicationIdentityNumber")
    number = header["sequenceNumber"]
    if name == "iPMMIRI":
        kind, held = contents["iPMMIRIContents"]
        if kind == "sIPMessage" or kind == "iRIOnlySIPMessage":
            said = read_plain(held["sIPContent"])
            if said is None:
                return None
            parties = said[1] | said[2]
            content = said[5]
            if contents.get("additionalSignalling"):
                content = (*content, "additional_signalling")
            # In the order of the fields of RecordFacts, of `plain_sip` those of Signalling.
            return _new(
                RecordFacts,
                (
                    liid, cin, number, "iri", name, iri_type, said[0], event_us, qualifier, arrival_us, said[1],
                    said[2], parties, len(parties) > 0, sends, said[3], content,
                    said[6] or "targetLocation" in contents, said[7], False, said[4], False, False, False, False,
                    said[8], (), said[9], (), cin is None,
                ),
            )  # fmt: skip
    reader = READERS.get(name)
    if reader is None:
        return None
    nobody: frozenset[Target] = frozenset()
    facts = _new(
        RecordFacts,
        (
            liid, cin, number, "iri", name, iri_type, None, event_us, qualifier, arrival_us, nobody, nobody, nobody,
            False, sends, False, (), False, (), False, False, False, False, False, False, _NO_DIGITS, (), (), (),
            cin is None,
        ),
    )  # fmt: skip
    try:
        return reader(facts, contents)
    except DecodeError:
        return None
