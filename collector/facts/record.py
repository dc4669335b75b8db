"""The facts of one record, whatever its dialect, as the gate and the mask take them.

Nothing is decided here. `permitted` is an allow-list that is filled beside the code which knows each payload, so that
nothing gets in by being forgotten.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple

from mediation.law.orders import Service, Target


class Digits(Enum):
    """What a record says of keys that the subject pressed (R-111). Which side of the answer they lie on is the gate's
    to say; set-up digits, with which a call is asked for, are no digits of this kind."""

    NONE = "none"
    FEATURE = "feature"
    """A code to the network itself, such as *66: signalling, unless it was keyed into an answered call."""
    KEYED = "keyed"
    """Digits of a call under way."""
    EXTRACTED = "extracted"
    """Post-cut-through by what the record is, whenever it is stamped."""


class RecordFacts(NamedTuple):
    """`kind` is iri, cc, hi1, tri, encrypted or other; `payload` the standard's name of the contents.

    `originators` and `recipients` are the identities on each side; `parties` all, sides unknown included;
    `parties_known` is false where the payload is one we cannot read the target's part from. `inherits`: by its kind it
    need not name the target, so its communication answers for it, and its case where that is not known.
    `target_sends` is what the record says of its direction (None: nothing). `opens` marks the record that establishes
    who called whom, `answers` the one that answers. `administrative`: about the interception or a registration, and of
    no service. `redirects`: the target sends a call that came in on to somebody else.

    `content` names the items of content found; `all_content` says that there is nothing else in it worth keeping;
    `unknown_message` that no row describes it (R-101). `location` whether there is any. `permitted` is what a pen
    register keeps, `place` and `dialled` what it keeps besides where the order names location, or dialled digits.
    `stamps_us` are the payloads' own times where several came in one record: each of them counts. `unplaced`: a record
    that could name its communication and names none (an ETSI one without a CIN).
    """

    liid: str
    cin: int | None
    number: int
    kind: str
    payload: str
    iri_type: str | None
    service: Service | None
    event_us: int | None
    qualifier: str | None
    arrival_us: int
    originators: frozenset[Target] = frozenset()
    recipients: frozenset[Target] = frozenset()
    parties: frozenset[Target] = frozenset()
    parties_known: bool = False
    target_sends: bool | None = None
    opens: bool = False
    content: tuple[str, ...] = ()
    location: bool = False
    permitted: tuple[tuple[str, Any], ...] = ()
    inherits: bool = False
    answers: bool = False
    administrative: bool = False
    redirects: bool = False
    all_content: bool = False
    unknown_message: bool = False
    digits: Digits = Digits.NONE
    place: tuple[tuple[str, Any], ...] = ()
    dialled: tuple[tuple[str, Any], ...] = ()
    stamps_us: tuple[int, ...] = ()
    unplaced: bool = False


def present(pairs: list[tuple[str, Any]]) -> tuple[tuple[str, Any], ...]:
    """The fields that have a value; an empty list is none."""
    return tuple((key, held) for key, held in pairs if held is not None and held != [])
