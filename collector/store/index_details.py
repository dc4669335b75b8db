"""What a stored record of signalling says to the index: of an accepted one who took part, of a masked one what its
permitted fields say, of a quarantined one nothing.

Pure. What was withheld is not here to be told. It makes no difference whether a record was read from the store or comes
from who judged it (`collector.told`). One source for two paths (ADR 0002): `index_details.pxd` types it for Cython.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from asn1.sip import number_of
from collector.facts import RecordFacts
from collector.facts.stored import masked_identities, masked_service
from collector.store.index_tables import MAX_NAME
from mediation.law.orders import Service, Target, TargetKind

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

COMPILED: Final[bool] = cython.compiled

MAX_PARTIES: Final = 32
IMSI_DIGITS: Final = 15
_SERVICE_OF_PAYLOAD: Final = {
    "iPMMIRI": Service.VOICE,
    "iPIRI": Service.DATA,
    "iPIRIPacketReport": Service.DATA,
    "sMSMessage": Service.SMS,
}
_PARTY_FIELDS: Final = ("from", "to", "request_uri", "asserted", "user", "address", "source", "destination")
"""Of the permitted fields of a masked record, those that name somebody (see `collector.facts`)."""
_LAES_OPENS: Final = {"origination": True, "termAttempt": False, "terminationattempt": False}
"""The messages with which a call begins, and whether the subject does."""
_SENDS: Final = {"fromTarget": True, "toTarget": False}
_E164: Final = TargetKind.E164
_REMEMBERED: Final = 1024
_new = tuple.__new__


class Details(NamedTuple):
    """What one stored IRI record says, as far as it may be read. `caller` and `called` as names of one of each side."""

    payload: str | None = None
    service: str | None = None
    parties: tuple[str, ...] = ()
    caller: str | None = None
    called: str | None = None
    sends: bool | None = None
    opens: bool = False
    answers: bool = False
    closes: bool = False


NOTHING: Final = Details()
CLOSED: Final = Details(closes=True)


def details_of(said: RecordFacts | Mapping[str, Any], tag: int, laes: bool) -> Details:
    """Of the facts of a record that is kept as received, or the value of a masked one, as `mask.permitted_value` made
    it. `tag` is the row's content tag, `laes` whether it is one of a US dialect."""
    if isinstance(said, RecordFacts):
        return _accepted(said)
    return _masked_laes(tag, said) if laes else _masked(said)


def _accepted(facts: RecordFacts) -> Details:
    found: Details = _new(
        Details,
        (
            facts.payload, facts.service, _names(facts.parties), _side(facts.originators), _side(facts.recipients),
            facts.target_sends, facts.opens, facts.answers, False,
        ),
    )  # fmt: skip
    return found


def _names(parties: frozenset[Target]) -> tuple[str, ...]:
    if not parties:
        return ()
    found = [target[1] for target in parties]
    if len(found) > 1:
        found = sorted(set(found))
    return tuple(found[:MAX_PARTIES])


def _side(targets: frozenset[Target]) -> str | None:
    """One name of a side: its number where it has one."""
    if not targets:
        return None
    name: str | None = None
    number: str | None = None
    for one in targets:
        value = one[1]
        if one[0] is _E164:
            if number is None or value < number:
                number = value
        elif name is None or value < name:
            name = value
    return _plain(f"+{number}" if number is not None else name or "")


def _plain(text: str) -> str:
    """What every database takes as text, and every page shows on one line."""
    short = text[:MAX_NAME]
    if short.isprintable():
        return short
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short)


def _masked_laes(tag: int, value: Mapping[str, Any]) -> Details:
    payload, fields = value["payload"], value["fields"]
    parties = sorted(masked_identities(fields))
    service = masked_service(tag, payload)
    sends = _LAES_OPENS.get(payload)
    caller, called = (_laes_party(fields.get(name)) for name in ("calling", "called"))
    return Details(
        payload, service, tuple(parties[:MAX_PARTIES]), caller, called, sends, sends is not None, payload == "answer"
    )


def _laes_party(parties: Any) -> str | None:  # noqa: ANN401  a field of stored JSON
    found = masked_identities({"calling": parties}) if isinstance(parties, list) else []
    return party_name(found[0]) if found else None


@lru_cache(_REMEMBERED)
def party_name(text: str) -> str:
    """How lists name somebody: a number with a plus, whether it came bare or in a URI; anything else as it is."""
    number = number_of(text) if ":" in text else text if text.isascii() and text.isdigit() else None
    return f"+{number}" if number and len(number) != IMSI_DIGITS else _plain(text)


def _masked(value: Mapping[str, Any]) -> Details:
    return masked_details(value["payload"], value["fields"], value.get("iri_type"))


def masked_details(payload: str, fields: dict[str, Any], iri_type: str | None) -> Details:
    """Of a masked ETSI record, by what it keeps."""
    service = _SERVICE_OF_PAYLOAD.get(payload)
    transaction, status = fields.get("transaction"), fields.get("status")
    if transaction == "MESSAGE":
        service = Service.SMS
    parties: set[str] = set()
    for name in _PARTY_FIELDS:
        held = fields.get(name)
        if type(held) is str:
            if held:
                parties.add(held)
        elif held is not None:
            for one in held if isinstance(held, list | tuple) else (held,):
                if one:
                    parties.add(str(one))
    opens = fields.get("method") in ("INVITE", "MESSAGE") and (iri_type is None or iri_type in ("begin", "report"))
    answers = transaction == "INVITE" and isinstance(status, int) and 200 <= status < 300
    caller, called = _masked_side(fields, "from", "source"), _masked_side(fields, "to", "destination")
    sends = _SENDS.get(str(fields.get("direction")))
    short = tuple(sorted(parties)[:MAX_PARTIES])
    found: Details = _new(
        Details,
        (payload, service, short, caller, called, sends, opens or payload == "sMSMessage", answers, False),
    )
    return found


def _masked_side(fields: dict[str, Any], first: str, second: str) -> str | None:
    for name in (first, second):
        held = fields.get(name)
        text = held[0] if isinstance(held, list | tuple) and held else held
        if isinstance(text, str) and text:
            return party_name(text)
    return None
