"""The quick look at short messages of TS 33.128: the facts that `mobile.read_mobile` gives, of most of them.

Rules of this file. It answers only where it is sure: a message or the report on one that the quick walk reads, parties
by one number or name each, a TPDU that `plain_tpdu` is sure of, nothing beside them that has to be looked at. Every
other event is left to the reference by the answer None. What is answered is the reference's answer, to the last field;
a property test holds the one against the other. What is remembered from one message to the next are identities that
were found plain, never words. One source for two paths (ADR 0002, ADR 0051): `plain_messages.pxd` types it for Cython.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from asn1.table import plan_of
from asn1.ts33128 import IRI_PAYLOAD
from asn1.walk import UNSURE
from collector.facts import shapes
from collector.facts.mobile_parties import is_plain, keeps, target_of
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
    from cython.cimports.asn1.walk import walk
    from cython.cimports.collector.facts.plain_tpdu import skim
else:
    from asn1.walk import walk
    from collector.facts.plain_tpdu import skim

COMPILED: Final[bool] = cython.compiled

_REMEMBERED: Final = 2048
_SMS: Final = Service.SMS
_NO_DIGITS: Final = Digits.NONE
_NOBODY: Final[frozenset[Target]] = frozenset()
_SENDS: Final = {"fromTarget": True, "toTarget": False}
_PLAN: Final = plan_of(IRI_PAYLOAD)
_new = tuple.__new__


class _NotPlain(Exception):  # noqa: N818  not an error: it keeps what is not plain from being remembered
    pass


@lru_cache(_REMEMBERED)
def _person(form: str, value: str) -> frozenset[Target]:
    """What a person is known by; raises for what has not the shape of an identity, which so is not remembered."""
    if not is_plain(form, value):
        raise _NotPlain
    return target_of(form, value)


@lru_cache(_REMEMBERED)
def other_party(digits: str) -> frozenset[Target]:
    """The number inside a message. Anything in it is digits."""
    return shapes.number_targets("+" + digits)


def message_facts(
    octets: bytes,
    liid: str,
    cin: int | None,
    number: int,
    iri_type: str | None,
    event_us: int,
    qualifier: str | None,
    arrival_us: int,
    sends: bool | None,
) -> RecordFacts | None:
    """The facts of a record whose payload is this threeGPP33128DefinedIRI; None where the reference has to look."""
    value = walk(_PLAN, octets)
    if value is UNSURE or "targetIdentifiers" in value:
        return None
    name, event = value["event"]
    if name == "sMSMessage":
        said = _message(event)
    elif name == "sMSReport":
        said = _report(event)
    else:
        return None
    if said is None:
        return None
    if said[3] is not None:
        sends = said[3]
    facts: RecordFacts = _new(
        RecordFacts,
        (
            liid, cin, number, "iri", name, iri_type, _SMS, event_us, qualifier, arrival_us, said[0], said[1], said[2],
            name == "sMSMessage", sends, name == "sMSMessage", said[4], "location" in event, said[5], False, False,
            False, False, False, False, _NO_DIGITS, (), (), (), cin is None,
        ),
    )  # fmt: skip
    return facts


def _message(event: dict[str, Any]) -> tuple[Any, ...] | None:
    """Originators, recipients, parties, whether the target sends, content and permitted fields."""
    if "peerNFAddress" in event:
        return None
    origin, destination = _party(event["originatingSMSParty"]), _party(event["terminatingSMSParty"])
    if origin is None or destination is None:
        return None
    direction = event["direction"]
    sends = _SENDS.get(direction)
    content: tuple[str, ...] = ()
    time_us: int | None = None
    if "sMSTPDUData" in event:
        form, octets = event["sMSTPDUData"]
        if form != "sMSTPDU" and form != "redactedSMSTPDU":
            return None
        found = skim(octets, sends is True)
        if found is None:
            return None
        address = found.address
        if address is not None and address.isdigit():
            other = other_party(address)
            if sends:
                if not other <= destination:
                    destination = destination | other
            elif not other <= origin:
                origin = origin | other
        if found.words:
            content = ("sms_text",)
        time_us = found.said_us()
    permitted = [("direction", direction), ("from", _kept(origin)), ("to", _kept(destination))]
    _add(permitted, "message_type", event.get("messageType"))
    _add(permitted, "transfer_status", event.get("linkTransferStatus"))
    _add(permitted, "reference", event.get("rPMessageReference"))
    permitted.append(("segments", 1))
    permitted.append(("segment", 1))
    _add(permitted, "service_centre_us", time_us)
    return origin, destination, origin | destination, sends, content, tuple(permitted)


def _report(event: dict[str, Any]) -> tuple[Any, ...] | None:
    """As `_message`: a report names nobody."""
    kind = event["messageType"]
    form, octets = event["sMSTPDUData"]
    if form != "sMSTPDU" and form != "redactedSMSTPDU":
        return None
    found = skim(octets, type(kind) is str and kind.startswith("deliverReport"))
    if found is None:
        return None
    permitted = [("message_type", kind), ("reference", event["rPMessageReference"])]
    if found.cause >= 0:
        permitted.append(("failure_cause", found.cause))
    return _NOBODY, _NOBODY, _NOBODY, None, ("sms_text",) if found.words else (), tuple(permitted)


def _party(party: dict[str, Any]) -> frozenset[Target] | None:
    """What a party is known by; None where more than plain names are in it."""
    found: frozenset[Target] = _NOBODY
    for name, held in party.items():
        if name != "gPSI" and name != "sUPI":
            return None
        form, value = held
        try:
            known = _person(form, value)
        except (_NotPlain, TypeError):
            return None
        found = found | known if found else known
    return found


def _kept(targets: frozenset[Target]) -> list[str]:
    found = [target[1] for target in targets if keeps(target)]
    found.sort()
    return found


def _add(pairs: list[tuple[str, Any]], name: str, held: Any) -> None:  # noqa: ANN401  any value
    if held is not None:
        pairs.append((name, held))
