"""The quick look at records of TS 101 671 and TS 33.108: the facts that `hi2.read_hi2` gives, of most of them.

Rules of this file. It answers only where it is sure: one record, known parameters that are plain, parties by identities
that are plain, a short message that `plain_tpdu` is sure of. A parameter that has no way here, or is not plain, leaves
the record to the reference by the answer None. What is answered is the reference's answer, to the last field; a
property test holds the one against the other. What is remembered from one record to the next are identities that were
found plain, and names of the standard's own lists, never words. One source for two paths (ADR 0002, ADR 0051):
`plain_calls.pxd` types it for Cython.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from asn1.ps_pdu import liid_text
from collector.facts import hi2
from collector.facts.party_numbers import NotPlain, plain_identity
from collector.facts.plain_messages import other_party
from collector.facts.record import Digits, RecordFacts
from mediation.law.orders import Service, Target

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.collector.facts.plain_tpdu import skim
else:
    from collector.facts.plain_tpdu import skim

    _PLAIN, _KEPT, _PLACE, _LIID, _TIME, _COMMUNICATION, _DURATION, _RELEASE, _PARTIES, _MESSAGE = range(10)
    _SHORT, _ERROR, _NETWORK = 10, 11, 12
    _SHORT_OCTETS, _CIN_OCTETS, _OPERATOR_OCTETS = 8, 8, 5

COMPILED: Final[bool] = cython.compiled

_NO_DIGITS: Final = Digits.NONE
_NOBODY: Final[frozenset[Target]] = frozenset()
_KINDS: Final = {
    "iRI-Begin-record": "begin", "iRI-End-record": "end", "iRI-Continue-record": "continue",
    "iRI-Report-record": "report",
}  # fmt: skip
_WAYS: Final[dict[str, int]] = {
    **dict.fromkeys(("domainID", "hi2DomainId", "hi2CSDomainId", "hi2epsDomainId", "iRIversion"), 0),
    **dict.fromkeys(hi2.KEPT, 1),
    **dict.fromkeys(hi2.PLACES, 2),
    "lawfulInterceptionIdentifier": 3,
    "timeStamp": 4,
    "communicationIdentifier": 5,
    **dict.fromkeys(hi2.DURATIONS, 6),
    hi2.RELEASE: 7,
    "partyInformation": 8,
    "sMS": 9,
    "gPRSCorrelationNumber": 10,
    "ePSCorrelationNumber": 10,
    "gPRSOperationErrorCode": 11,
    "networkIdentifier": 12,
}
"""How a parameter is looked at."""
_ORDER: Final = (*hi2.KEPT, *hi2.DURATIONS, hi2.RELEASE)
"""In which what is kept of a record stands before its parties."""
_EVENTS: Final = hi2.EVENTS
_SIDES: Final = hi2.QUALIFIERS
_SENDS: Final[dict[Any, bool]] = {"originating-Target": True, "terminating-Target": False}
_new = tuple.__new__


@lru_cache(512)
def _meaning(
    message: bool, nature: str | int | None, multimedia: bool, state: bool, events: tuple[str | int, ...]
) -> tuple[Service | None, bool]:
    """Of which service a record with such parameters is, and whether it is a registration: the reference's answer,
    which follows from names of the standard's lists alone."""
    fields: dict[str, Any] = {} if nature is None else {"nature-Of-The-intercepted-call": nature}
    present = (("sMS", message), ("iMSevent", multimedia), ("intercepted-Call-State", state))
    fields |= {name: None for name, there in present if there}
    return hi2.service_of(fields, list(events))


class Found:
    """What the parameters of one record said, while they are looked at."""

    def __init__(self) -> None:
        self.originators = _NOBODY
        self.recipients = _NOBODY
        self.parties: dict[str, list[str]] = {}
        self.message: list[tuple[str, Any]] = []
        self.words = False
        self.place = False
        self.stamps: list[int] = []


def call_facts(
    contents: tuple[str, Any],
    liid: str,
    cin: int | None,
    number: int,
    payload: str,
    iri_type: str | None,
    event_us: int,
    qualifier: str | None,
    arrival_us: int,
    sends: bool | None,
) -> RecordFacts | None:
    """The facts of a record whose payload is this eTSI671IRI, uMTSIRI or ePSIRI; None where the reference has to
    look."""
    name, held = contents
    own: str | None = _KINDS.get(name)
    while own is None and type(held) is tuple:
        name, held = held
        own = _KINDS.get(name)
    if type(held) is not dict:
        return None
    fields: dict[str, Any] = held
    said = _SENDS.get(fields.get("intercepted-Call-Direct", fields.get("initiator")))
    found = Found()
    for name, value in fields.items():
        if not _is_plain(found, name, value, fields, liid, event_us, said):
            return None
    events = _events(fields)
    state = fields.get("intercepted-Call-State")
    message = "sMS" in fields
    service, registration = _meaning(
        message, fields.get("nature-Of-The-intercepted-call"), "iMSevent" in fields, state is not None, events
    )
    kind = own if iri_type is None else iri_type
    parties = found.originators
    if found.recipients is not parties:
        parties = parties | found.recipients
    facts: RecordFacts = _new(
        RecordFacts,
        (
            liid, cin, number, "iri", payload, kind, service, event_us, qualifier, arrival_us, found.originators,
            found.recipients, parties, len(parties) > 0, sends if said is None else said, kind == "begin" or message,
            ("sms_text",) if found.words else (), found.place, _permitted(fields, found),
            not parties and (kind == "continue" or kind == "end"), state == "connected" or "answer" in events,
            registration, False, False, False, _NO_DIGITS, (), (), tuple(sorted(set(found.stamps))), cin is None,
        ),
    )  # fmt: skip
    return facts


def _is_plain(
    found: Found,
    name: str,
    value: Any,  # noqa: ANN401  a decoded parameter
    fields: dict[str, Any],
    liid: str,
    event_us: int,
    said: bool | None,
) -> bool:
    """Takes one parameter; False leaves the record to the reference."""
    way: int | None = _WAYS.get(name)
    if way is None:
        return False
    number: int = way
    if number <= _KEPT:
        return True
    if number == _PLACE:
        found.place = True
        return True
    if number == _LIID:
        return liid_text(value) == liid
    if number == _TIME:
        return _time(found, value, event_us)
    if number == _COMMUNICATION:
        return _is_communication(value)
    if number == _DURATION:
        return _duration(value) is not None
    if number == _RELEASE:
        return len(value) == 2
    if number == _PARTIES:
        return all(_party(found, one, said) for one in value)
    if number == _MESSAGE:
        return _message(found, value, event_us)
    if number == _SHORT:
        return 1 <= len(value) <= _SHORT_OCTETS
    return _is_network(value) if number == _NETWORK else len(value) <= 2


def _time(found: Found, stamp: tuple[str, Any], event_us: int) -> bool:
    """A time of the record's own counts where it says its zone and is not the header's, less exactly."""
    form, time_us = stamp
    if form == "utcTime":
        if not time_us <= event_us < time_us + 1_000_000:
            found.stamps.append(time_us)
        return True
    return form == "localTime"


def _is_communication(value: dict[str, Any]) -> bool:
    number = value.get("communication-Identity-Number")
    if number is not None and not (number.isdigit() and len(number) <= _CIN_OCTETS):
        return False
    return _is_network(value["network-Identifier"])


def _is_network(value: dict[str, Any]) -> bool:
    if len(value) != 1:
        return False
    operator = value["operator-Identifier"]
    return len(operator) <= _OPERATOR_OCTETS and _is_word(operator)


def _is_word(octets: bytes) -> bool:
    """Printable ASCII without blanks, at least one."""
    for octet in octets:
        if octet < 0x21 or octet > 0x7E:
            return False
    return len(octets) > 0


def _duration(octets: bytes) -> str | None:
    """HHMMSS in semi-octets, as hours:minutes:seconds."""
    if len(octets) != 3:
        return None
    text = octets.hex()
    return f"{text[:2]}:{text[2:4]}:{text[4:]}" if text.isdigit() else None


def _party(found: Found, party: dict[str, Any], said: bool | None) -> bool:
    if len(party) != 2:
        return False
    side, name = _SIDES.get(party["party-Qualifier"], (None, "others"))
    if name == "identities":
        side = "to" if said is False else "from"
    kept: list[str] = []
    identities: dict[str, Any] = party["partyIdentity"]
    for field, held in identities.items():
        try:
            text, known = plain_identity(field, held)
        except (NotPlain, TypeError):
            return False
        if known:
            if side != "to":
                found.originators = found.originators | known if found.originators else known
            if side != "from":
                found.recipients = found.recipients | known if found.recipients else known
        if text is not None and field != "party-Validity":
            kept.append(text)
    if kept:
        before = found.parties.get(name)
        if before is None:
            found.parties[name] = kept
        else:
            before += kept
    return True


def _message(found: Found, report: dict[str, Any], event_us: int) -> bool:
    """A short message, the number inside it among its sides."""
    stamp = report.get("timeStamp")
    if stamp is not None and not _time(found, stamp, event_us):
        return False
    held: dict[str, Any] = report["sMS-Contents"]
    if "enhancedContent" in held:
        return False
    if "transfer-status" in held:
        found.message.append(("transfer-status", held["transfer-status"]))
    octets = held.get("content")
    if octets is None:
        return True
    from_mobile = held.get("initiator", held.get("sms-initiator")) == "target"
    tpdu = skim(octets, from_mobile)
    if tpdu is None:
        return False
    found.words = tpdu.words
    address = tpdu.address
    if address is not None and address.isdigit():
        found.message.append(("other_party", address))
        other = other_party(address)
        if from_mobile:
            found.recipients = found.recipients | other if found.recipients else other
        else:
            found.originators = found.originators | other if found.originators else other
    found.message.append(("segments", 1))
    found.message.append(("segment", 1))
    return True


def _events(fields: dict[str, Any]) -> tuple[str | int, ...]:
    found: tuple[str | int, ...] = ()
    for name in _EVENTS:
        event = fields.get(name)
        if event is not None:
            found = (*found, event)
    return found


def _permitted(fields: dict[str, Any], found: Found) -> tuple[tuple[str, Any], ...]:
    kept: list[tuple[str, Any]] = []
    for name in _ORDER:
        value = fields.get(name)
        if value is None:
            continue
        way = _WAYS[name]
        if way == _DURATION:
            value = _duration(value)
        elif way == _RELEASE:
            value = value.hex()
        kept.append((name, value))
    kept += found.parties.items()
    kept += found.message
    return tuple(kept)
