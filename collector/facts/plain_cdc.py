"""The quick look at call-data messages of the US dialects: the facts that `laes` gives, of the messages that most are.

Rules of this file. It answers only where it is sure: a message with a row, fields that the row keeps, calls by plain
names, parties by a number each, set-up digits that are the number called. Anything else (places, media, keys, words,
unknown tags) leaves the message to the reference by the answer None. What is answered is the reference's answer, to the
last field; a property test holds the one against the other. What is remembered from one message to the next are numbers
that were found plain, never words or keys. One source for two paths (ADR 0002, ADR 0051): `plain_cdc.pxd` types it for
Cython.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from collector.facts import shapes
from collector.facts.laes_fields import PARTIES
from collector.facts.laes_rows import ENVELOPE, Row
from collector.facts.record import Digits, RecordFacts
from mediation.law.orders import Target

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _ENVELOPE, _CALL, _PARTY, _WORD, _INPUT = range(5)
    _MAX_WORD = 128

COMPILED: Final[bool] = cython.compiled

_REMEMBERED: Final = 2048
_NO_DIGITS: Final = Digits.NONE
_NOBODY: Final[frozenset[Target]] = frozenset()
_WAYS: Final[dict[str, int]] = {
    **dict.fromkeys(ENVELOPE, 0),
    **dict.fromkeys(("callId", "newCallId"), 1),
    **dict.fromkeys(PARTIES, 2),
    **dict.fromkeys(("transitCarrierId", "originationCause"), 3),
    "input": 4,
}
"""How a field is looked at."""
_new = tuple.__new__


class _NotPlain(Exception):  # noqa: N818  not an error: it keeps what is not plain from being remembered
    pass


@lru_cache(_REMEMBERED)
def _number(text: str) -> frozenset[Target]:
    """What a number is known by; raises for what is no dialling string, which so is not remembered."""
    if not shapes.is_dial_string(text):
        raise _NotPlain
    return shapes.number_targets(text)


@lru_cache(_REMEMBERED)
def _asked(text: str) -> frozenset[Target]:
    """The number that was called, by the digits with which it was asked for; raises where they go on behind it."""
    if not shapes.is_dialled(text) or shapes.appended_digits(text, text):
        raise _NotPlain
    return shapes.number_targets(text)


def cdc_facts(name: str, fields: dict[str, Any], row: Row, arrival_us: int, liid: str) -> RecordFacts | None:
    """The facts of a message without unknown tags; `liid` is that of a message that names no case. None where the
    reference has to look."""
    if row.whole or row.signalling is not None:
        return None
    kept_fields, subject, sends = row.kept, row.subject, row.sends
    time_us = fields.get("timestamp")
    if time_us is None:
        time_us = fields.get("eventTime")
    permitted: list[tuple[str, Any]] = []
    parties, own, asked = _NOBODY, _NOBODY, _NOBODY
    dialled: list[str] | None = None
    for field, value in fields.items():
        way: int | None = _WAYS.get(field)
        if way is None:
            return None
        number: int = way
        if number == _ENVELOPE:
            if type(value) is str and field != "caseId" and not _is_word(value):
                return None
            continue
        if number == _INPUT:
            text = _set_up(name, value, fields)
            if text is None:
                return None
            try:
                asked = _asked(text)
            except _NotPlain:
                return None
            dialled = [text]
            continue
        if field not in kept_fields:
            return None
        if number == _PARTY:
            text = _only_number(value)
            if text is None:
                return None
            try:
                known = _number(text)
            except _NotPlain:
                return None
            permitted.append((field, [{"dn": text}]))
            parties = parties | known if parties else known
            if field == subject:
                own = known
            continue
        if number == _CALL:
            if type(value) is not dict or not _are_words(value):
                return None
        elif type(value) is not str or not _is_word(value):
            return None
        permitted.append((field, value))
    others = parties - own if own else _NOBODY
    if dialled is not None:
        permitted.append(("input", dialled))
        if not asked <= parties:
            parties = parties | asked
    originators, recipients = _NOBODY, _NOBODY
    if own:
        if sends is None:
            originators = own
        elif sends:
            originators, recipients = own, others
        else:
            originators, recipients = others, own
    service = row.service
    facts: RecordFacts = _new(
        RecordFacts,
        (
            str(fields.get("caseId", liid)), None, 0, "iri", name, row.iri_type, service, time_us, None, arrival_us,
            originators, recipients, parties, len(own) > 0, sends, sends is not None, (), False, tuple(permitted),
            len(own) == 0, name == "answer", service is None, name == "redirection", False, False, _NO_DIGITS, (), (),
            (), False,
        ),
    )  # fmt: skip
    return facts


def placed(facts: RecordFacts, cin: int | None) -> RecordFacts:
    """The facts of a message whose call has a number, or none."""
    values = list(facts)
    values[1] = cin
    values[29] = cin is None
    found: RecordFacts = _new(RecordFacts, values)
    return found


def _set_up(name: str, value: tuple[str, Any], fields: dict[str, Any]) -> str | None:
    """The digits with which a call was asked for, where they are the number that was called; None for any other."""
    form, held = value
    if type(held) is tuple:
        form, held = held
    if name != "origination" or form == "translationinput" or type(held) is not str:
        return None
    called = fields.get("called")
    if type(called) is not dict or called.get("dn") != held:
        return None
    text: str = held
    return text


def _only_number(party: Any) -> str | None:  # noqa: ANN401  a party, or a list of them
    """The number of a party that nothing else is known of."""
    if type(party) is not dict or len(party) != 1:
        return None
    text = party.get("dn")
    return text if type(text) is str else None


def _are_words(call: dict[str, Any]) -> bool:
    return all(not (type(value) is not str or not _is_word(value)) for value in call.values())


def _is_word(text: str) -> bool:
    """`shapes.is_identifier` of a text: printable ASCII without blanks."""
    if not text or len(text) > _MAX_WORD:
        return False
    for letter in text:  # noqa: SIM110  no generator: this is compiled
        if letter < "!" or letter > "~":
            return False
    return True
