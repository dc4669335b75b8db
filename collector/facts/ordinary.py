"""The facts of an ordinary ETSI record of signalling, made in one step from its octets.

Rules of this file. It answers only where the quick walk is sure, one IRI payload came, and its time is the header's;
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
from asn1.walk import UNSURE, marked
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
    from cython.cimports.asn1.walk import Spans, check, number_at, walk
    from cython.cimports.collector.facts.plain_calls import call_facts
    from cython.cimports.collector.facts.plain_messages import message_facts
    from cython.cimports.collector.facts.plain_sip import read_plain
else:
    from asn1.walk import Spans, check, number_at, walk
    from collector.facts.plain_calls import call_facts
    from collector.facts.plain_messages import message_facts
    from collector.facts.plain_sip import read_plain

    _NUMBER, _CIN, _SECONDS, _MICROS, _STAMP, _QUALIFIER = 0, 1, 2, 3, 4, 5
    _ITEM, _OWN_TIME, _TYPE, _SESSION, _DIRECTION = 6, 7, 8, 9, 10
    _MULTIMEDIA, _SIP, _PLACE, _MORE = 11, 12, 13, 14
    _MULTIMEDIA_TAG = 11

COMPILED: Final[bool] = cython.compiled

_PLAN: Final = plan_of(PS_PDU)
_NO_DIGITS: Final = Digits.NONE
_MAX_SECONDS: Final = MAX_SECONDS
_PAYLOAD: Final = ("payload", "iRIPayloadSequence", "item")
_CONTENTS: Final = (*_PAYLOAD, "iRIContents", "iPMMIRI")
_MARKED: Final = marked(
    _PLAN,
    {
        ("pSHeader", "sequenceNumber"): 0,
        ("pSHeader", "communicationIdentifier", "communicationIdentityNumber"): 1,
        ("pSHeader", "microSecondTimeStamp", "seconds"): 2,
        ("pSHeader", "microSecondTimeStamp", "microSeconds"): 3,
        ("pSHeader", "timeStamp"): 4,
        ("pSHeader", "timeStampQualifier"): 5,
        _PAYLOAD: 6,
        **dict.fromkeys([(*_PAYLOAD, name) for name in ("timeStamp", "microSecondTimeStamp", "timeStampQualifier")], 7),
        (*_PAYLOAD, "iRIType"): 8,
        (*_PAYLOAD, "sessionDirection"): 9,
        (*_PAYLOAD, "payloadDirection"): 10,
        _CONTENTS: 11,
        (*_CONTENTS, "iPMMIRIContents", "sIPMessage", "sIPContent"): 12,
        (*_CONTENTS, "iPMMIRIContents", "iRIOnlySIPMessage", "sIPContent"): 12,
        (*_CONTENTS, "targetLocation"): 13,
        (*_CONTENTS, "additionalSignalling"): 14,
    },
)
"""A record of SIP, with what is asked of it marked."""


def _enumerated(path: tuple[str, ...]) -> dict[int, str]:
    """The names of an ENUMERATED by number."""
    plan = _PLAN
    for name in path:
        plan = next(row.plan for row in plan.rows if row is not None and row.name == name)
    return plan.names


_QUALIFIERS: Final = _enumerated(("pSHeader", "timeStampQualifier"))
_TYPES: Final = {
    number: IRI_TYPES[name] for number, name in _enumerated((*_PAYLOAD, "iRIType")).items() if name in IRI_TYPES
}
_SIDES: Final = {
    number: SENDS[name] for number, name in _enumerated((*_PAYLOAD, "payloadDirection")).items() if name in SENDS
}
_new = tuple.__new__


def ordinary_facts(octets: bytes, liid: str, arrival_us: int, tag: int = -1) -> RecordFacts | None:
    """The facts of one record; `liid` is its LIID as text, `tag` that of its contents where it is known. None where the
    reference has to look."""
    if tag == _MULTIMEDIA_TAG:
        spans = Spans()
        if not check(_MARKED, octets, spans):
            return None
        found = _sip_facts(octets, liid, arrival_us, spans)
        if found is not None:
            return found
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


def _sip_facts(octets: bytes, liid: str, arrival_us: int, spans: Spans) -> RecordFacts | None:
    """Those of a checked record that is one SIP message; None where more of it has to be read."""
    count, start, end = spans.count, spans.start, spans.end
    if count[_SIP] != 1 or count[_ITEM] != 1 or not count[_SECONDS]:
        return None
    if count[_OWN_TIME] or count[_STAMP] or count[_MORE]:
        return None
    if cython.compiled:  # noqa: SIM108  mypy passes over a branch, not over an expression
        buf = cython.cast("const unsigned char*", octets)
    else:
        buf = octets
    seconds = number_at(buf, start[_SECONDS], end[_SECONDS])
    if seconds > _MAX_SECONDS:
        return None
    event_us = seconds * 1_000_000 + number_at(buf, start[_MICROS], end[_MICROS])
    qualifier: str | None = None
    if count[_QUALIFIER]:
        qualifier = _QUALIFIERS.get(number_at(buf, start[_QUALIFIER], end[_QUALIFIER]))
        if qualifier is None:
            return None
    iri_type: str | None = None
    if count[_TYPE]:
        iri_type = _TYPES.get(number_at(buf, start[_TYPE], end[_TYPE]))
    sends: bool | None = None
    if count[_SESSION]:
        sends = _SIDES.get(number_at(buf, start[_SESSION], end[_SESSION]))
    elif count[_DIRECTION]:
        sends = _SIDES.get(number_at(buf, start[_DIRECTION], end[_DIRECTION]))
    cin: int | None = None
    if count[_CIN]:
        cin = number_at(buf, start[_CIN], end[_CIN])
    said = read_plain(octets[start[_SIP] : end[_SIP]])
    if said is None:
        return None
    return _of_sip(
        liid, cin, number_at(buf, start[_NUMBER], end[_NUMBER]), iri_type, event_us, qualifier, arrival_us, sends, said,
        said[5], count[_PLACE] > 0,
    )  # fmt: skip


def _of_sip(
    liid: str,
    cin: int | None,
    number: int,
    iri_type: str | None,
    event_us: int,
    qualifier: str | None,
    arrival_us: int,
    sends: bool | None,
    said: tuple[Any, ...],
    content: tuple[str, ...],
    place: bool,
) -> RecordFacts:
    """In the order of the fields of RecordFacts, of `plain_sip` those of Signalling."""
    parties = said[1] if said[1] is said[2] else said[1] | said[2]
    facts: RecordFacts = _new(
        RecordFacts,
        (
            liid, cin, number, "iri", "iPMMIRI", iri_type, said[0], event_us, qualifier, arrival_us, said[1], said[2],
            parties, len(parties) > 0, sends, said[3], content, said[6] or place, said[7], False, said[4], False,
            False, False, False, said[8], (), said[9], (), cin is None,
        ),
    )  # fmt: skip
    return facts


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
    """By what the payload is: one SIP message, a record of a call or a short message, or whatever the reader of its
    kind says of it."""
    cin = header["communicationIdentifier"].get("communicationIdentityNumber")
    number = header["sequenceNumber"]
    if name == "iPMMIRI":
        kind, held = contents["iPMMIRIContents"]
        if kind == "sIPMessage" or kind == "iRIOnlySIPMessage":
            said = read_plain(held["sIPContent"])
            if said is None:
                return None
            content = said[5]
            if contents.get("additionalSignalling"):
                content = (*content, "additional_signalling")
            return _of_sip(
                liid, cin, number, iri_type, event_us, qualifier, arrival_us, sends, said, content,
                "targetLocation" in contents,
            )  # fmt: skip
    quick: RecordFacts | None = None
    if name == "eTSI671IRI" or name == "ePSIRI" or name == "uMTSIRI":
        quick = call_facts(contents, liid, cin, number, name, iri_type, event_us, qualifier, arrival_us, sends)
    elif name == "threeGPP33128DefinedIRI":
        quick = message_facts(contents, liid, cin, number, iri_type, event_us, qualifier, arrival_us, sends)
    if quick is not None:
        return quick
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
