"""Rows of communications that the index knows nothing of yet, as the driver binds them: each in three tables at once.

Nearly every communication of signalling is written once, in the transaction that met it first, and has nothing to be
merged with. What is said here of such a one is what `index_whole` says of the same row; a test holds the two against
each other. Pure. One source for two paths (ADR 0002, ADR 0051): `index_rows.pxd` types it for Cython.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from collector.store.index_details import IMSI_DIGITS, MAX_PARTIES, party_name
from collector.store.index_lists import write_list
from collector.store.index_tables import NO_BEGIN
from mediation.law.orders import Service

if TYPE_CHECKING:
    from asn1 import plain as cython
    from collector.store.index_events import CommunicationKey, CommunicationSum
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

COMPILED: Final[bool] = cython.compiled

_MOST: Final = MAX_PARTIES
_IMSI_DIGITS: Final = IMSI_DIGITS
_NO_BEGIN: Final = NO_BEGIN
_VOICE: Final = str(Service.VOICE)
_KINDS: Final = {str(Service.SMS): "SMS", str(Service.MMS): "MMS", str(Service.DATA): "DATA"}


class NewRows:
    """What is to be put: values in the order of the columns of COMMUNICATION, WHOLE and WHOLE_PARTY, and how many
    communications each LIID has more of each kind."""

    def __init__(self) -> None:
        self.communications: list[tuple[Any, ...]] = []
        self.wholes: list[tuple[Any, ...]] = []
        self.parties: list[tuple[Any, ...]] = []
        self.tally: dict[tuple[str, str], int] = {}


def kind_name(cin: int, service: str | None, content_service: str | None, opened: bool, content: bool) -> str:
    """The name of `index_whole.Kind` of a communication, by its service, whether a record says that it began, and
    whether there is content."""
    if cin < 0:
        return "TEST"
    known = service or content_service
    if known == _VOICE:
        return "CALL" if opened or content else "SIGNALLING"
    return _KINDS.get(known or "", "SIGNALLING")


def new_rows(sums: Iterable[tuple[CommunicationKey, CommunicationSum]]) -> NewRows:
    """Of communications in one segment each, of which there is no row yet."""
    rows = NewRows()
    for key, one in sums:
        _add(rows, key[0], key[1], key[2], one)
    return rows


def _add(rows: NewRows, generation: int, liid: str, cin: int, one: CommunicationSum) -> None:
    named: list[str] = []
    parties = "[]"
    if one.parties:
        known = sorted(one.parties)[:_MOST]
        parties = write_list(known)
        named = [_shown(text) for text in known]
        if len(named) > 1:
            named = sorted(set(named))
    service = None if one.service is None else str(one.service)
    begin_us, end_us = one.begin_us, one.end_us
    duration_us = 0
    if begin_us is not None and end_us is not None:
        duration_us = max(end_us - begin_us, 0)
    content = one.cc_from_target != 0 or one.cc_to_target != 0 or one.cc_other != 0
    kind = kind_name(cin, service, one.content_service, one.opened, content)
    sends = None if one.sends is None else int(one.sends)
    opened, ended = int(one.opened), int(one.ended)
    rows.communications.append(
        (
            generation, liid, cin, one.order_id, service, one.content_service, parties, one.caller, one.called, sends,
            opened, ended, one.answer_us, end_us, one.iri, one.cc_from_target, one.cc_to_target, one.cc_other,
            one.first_sequence, one.last_sequence, begin_us,
        )
    )  # fmt: skip
    listed_us = _NO_BEGIN if begin_us is None else begin_us
    rows.wholes.append(
        (
            liid, cin, generation, generation, kind, one.order_id, service, one.content_service, write_list(named),
            one.caller, one.called, sends, opened, ended, one.answer_us, end_us, one.iri, one.cc_from_target,
            one.cc_to_target, one.cc_other, one.first_sequence, one.last_sequence, listed_us, duration_us,
        )
    )  # fmt: skip
    for party in named:
        rows.parties.append((liid, party, kind, listed_us, cin))
    place = (liid, kind)
    rows.tally[place] = rows.tally.get(place, 0) + 1


def _shown(text: str) -> str:
    """As `party_name`, of which most are plain numbers."""
    if text.isascii() and text.isdigit() and len(text) != _IMSI_DIGITS:
        return f"+{text}"
    return party_name(text)
