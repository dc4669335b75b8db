"""Rows to what the index says: sums by communication, an event for each row of signalling and what it adds to the sum.

One pass over the sums of a frame, one over the columns of an extent. Nothing is read here: what a record says comes
with the row, or from whoever is asked for it. One source for two paths (ADR 0002): `index_events.pxd` types it for
Cython.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from collector.store.index_details import MAX_PARTIES, Details
from collector.store.index_lists import write_list

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _NO_TIME = -(1 << 63)
    _BEGIN, _END = 1, 2
    _RECEIVED, _MASKED = 0, 1
    _CC = 1
    _GROUP = 12
    _LATEST = (1 << 63) - 1

COMPILED: Final[bool] = cython.compiled

COLUMNS: Final = ("form", "content_tag", "liid", "cin", "event_us", "verdict", "iri_type", "direction")
"""The columns of an extent that an event is made of."""
CommunicationKey = tuple[int, str, int]
"""Generation of the segment, LIID, CIN."""
IRI_END: Final = 2
"""iRIType of an iRI-End record."""
_MOST: Final = MAX_PARTIES


class CommunicationSum:
    """What units add to one communication. `service` is what signalling says, `content_service` what the tag of
    content does: the first outranks the second, whichever came first. `iri_place` and `cc_place` are the highest places
    (epoch << 32 | number) of its streams, -1 where nothing is numbered."""

    def __init__(self) -> None:
        self.order_id: str | None = None
        self.service: str | None = None
        self.content_service: str | None = None
        self.parties: set[str] | None = None
        self.caller: str | None = None
        self.called: str | None = None
        self.sends: bool | None = None
        self.opened = False
        self.ended = False
        self.answer_us: int | None = None
        self.begin_us: int | None = None
        self.end_us: int | None = None
        self.iri = 0
        self.cc_from_target = 0
        self.cc_to_target = 0
        self.cc_other = 0
        self.first_sequence = 1 << 62
        self.last_sequence = -1
        self.iri_place = -1
        self.cc_place = -1
        self.newest: tuple[str, ...] = ()
        """The parties that were added last."""

    def span(self, first_us: int, last_us: int) -> None:
        self.begin_us = first_us if self.begin_us is None else min(self.begin_us, first_us)
        self.end_us = last_us if self.end_us is None else max(self.end_us, last_us)

    def told(self, said: Details, iri_type: int, event_us: int | None) -> None:
        """One record of signalling. Who called whom is what the first record says that says it."""
        # Several at once would go through an iterator, compiled.
        service, parties, caller, called = said[1], said[2], said[3], said[4]
        sends, opens, answers, closes = said[5], said[6], said[7], said[8]
        if parties is not self.newest:
            if self.parties is None:
                self.parties = set(parties)
            elif len(self.parties) < _MOST:
                self.parties.update(parties)
            self.newest = parties
        if service:
            self.service = service
        if not self.caller:
            self.caller = caller
        if not self.called:
            self.called = called
        if self.sends is None:
            self.sends = sends
        if opens or iri_type == _BEGIN:
            self.opened = True
        if closes or iri_type == _END:
            self.ended = True
        if answers and event_us is not None:
            self.answer_us = event_us if self.answer_us is None else min(self.answer_us, event_us)


def add_groups(
    groups: array[int],
    count: int,
    tags: list[int],
    of_tag: Callable[[int], tuple[bool, str | None]],
    liids: list[str],
    order_of: Callable[[int], str | None],
    generation: int,
    first_sequence: int,
    communications: dict[CommunicationKey, CommunicationSum],
) -> bool:
    """The sums of a frame, as `sums.sum_rows` gives them; whether there is signalling among them. `tags`: the content
    tag of each; `of_tag` says of a tag whether its records are numbered, and of which service its content is;
    `order_of` the order of an extent."""
    signalling = False
    for at in range(count):
        base = _GROUP * at
        liid, cin, kind = liids[groups[base]], groups[base + 1], groups[base + 2]
        key = (generation, liid, cin)
        one = communications.get(key)
        if one is None:
            one = communications[key] = CommunicationSum()
        if one.order_id is None:
            one.order_id = order_of(groups[base + 3])
        said = of_tag(tags[at])
        records, place = groups[base + 4], groups[base + 9]
        if kind == _CC:
            one.cc_from_target += groups[base + 5]
            one.cc_to_target += groups[base + 6]
            one.cc_other += records - groups[base + 5] - groups[base + 6]
            if one.content_service is None:
                one.content_service = said[1]
            if said[0] and place > one.cc_place:
                one.cc_place = place
        else:
            signalling = True
            one.iri += records
            if said[0] and place > one.iri_place:
                one.iri_place = place
        if groups[base + 7] != _LATEST:
            one.span(groups[base + 7], groups[base + 8])
        if first_sequence + groups[base + 10] < one.first_sequence:
            one.first_sequence = first_sequence + groups[base + 10]
        if first_sequence + groups[base + 11] > one.last_sequence:
            one.last_sequence = first_sequence + groups[base + 11]
    return signalling


def add_events(
    columns: list[list[int]],
    places: list[int],
    extents: list[int],
    first_sequence: int,
    generation: int,
    liids: list[str],
    order_of: Callable[[int], str | None],
    said: Mapping[int, Details],
    ask: Callable[[int, int, int, int, int, int], Details],
    communications: dict[CommunicationKey, CommunicationSum],
    events: list[tuple[Any, ...]],
) -> None:
    """The rows of signalling of a frame: `columns` by COLUMNS, `places` and `said` by the place in the frame, `extents`
    by number. `ask(place, extent, form, tag, LIID's number, CIN)` is for rows that nothing is said of. Every
    communication is there already."""
    forms, tags, numbers, cins, times, verdicts, iri_types, directions = columns
    # The records of a call name the same parties.
    lists: dict[tuple[str, ...], str] = {}
    extent = -1
    order_id: str | None = None
    for at in range(len(places)):
        place, form, number, cin, time_us = places[at], forms[at], numbers[at], cins[at], times[at]
        if extents[at] != extent:
            extent = extents[at]
            order_id = order_of(extent)
        found = said.get(place) if form in (_RECEIVED, _MASKED) else None
        if found is None:
            found = ask(place, extent, form, tags[at], number, cin)
        event_us = None if time_us == _NO_TIME else time_us
        liid, iri_type = liids[number], iri_types[at]
        one = communications[generation, liid, cin]
        one.told(found, iri_type, event_us)
        parties = found[2]
        text = lists.get(parties)
        if text is None:
            text = lists[parties] = write_list(parties)
        events.append(
            (
                first_sequence + place, generation, liid, cin, order_id, event_us, verdicts[at], iri_type,
                found[0], directions[at], text,
            )
        )  # fmt: skip
