"""Text and multimedia messages as conversations between two parties, with their pictures.

Who wrote to whom how often comes from the index alone; words and pictures are read for one conversation and one page
of it. Of a pen register's message there is who, when and which way, and never a word (R-113). Long messages are joined
within a page. Whatever a message says is text: SMIL and HTML too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from asn1.errors import DecodeError
from asn1.mms import MmsPdu, read_content
from collector.console.model.calls import Withheld
from collector.console.model.library import CaseLibrary
from collector.console.model.lists import EventRow, ListQuery
from collector.console.model.pictures import PICTURES, MediaPart, part_text, shown_part
from collector.console.model.scope import NotFoundError, Scope
from collector.export.communications import Communication, Packet, Signal
from collector.export.contents import MMS
from collector.export.messages import messages_of
from collector.export.multimedia import slides
from collector.store.index_details import party_name
from collector.store.index_whole import Kind

MAX_ROWS: Final = 2_000
"""Messages that the table of conversations is made of, the newest."""
PAGE: Final = 100
MAX_PARTS: Final = 64
KINDS: Final = (Kind.SMS, Kind.MMS)
UNKNOWN: Final = "(unknown)"
NOT_COLLECTED: Final = "not collected: a pen register takes no words (R-113)"


class ConversationRow(NamedTuple):
    """`first` and `second` in the order of their names; `withheld` of the messages are held."""

    first: str
    second: str
    messages: int
    newest_us: int | None


class Conversations(NamedTuple):
    """The newest first. `cut`: there are older messages that are not counted in. `withheld`: messages of which nothing
    is shown, and all communications that are held, whatever they are."""

    rows: tuple[ConversationRow, ...]
    cut: bool
    withheld: tuple[Withheld, ...]


class PartRow(NamedTuple):
    """A part of a multimedia message; `number` is its place in addresses, `slide` the slide that shows it, from 1.
    `text` is what of it is text."""

    number: int
    content_type: str
    octets: int
    picture: bool
    slide: int
    text: str | None


class ChatMessage(NamedTuple):
    """`text` None: `why` says why there is none. `delivery`: what reports say of it."""

    time_us: int
    sender: str
    receiver: str
    text: str | None
    why: str
    delivery: str
    subject: str
    parts: tuple[PartRow, ...]
    from_target: bool
    sequence: int
    liid: str
    cin: int


class Conversation(NamedTuple):
    """The newest messages, in the order of their times; `next` is the token of the page with older ones."""

    first: str
    second: str
    messages: tuple[ChatMessage, ...]
    withheld: tuple[Withheld, ...]
    unreadable: int
    next: str


def conversations(library: CaseLibrary, scope: Scope) -> Conversations:
    """Raises what `CaseLibrary.page` does."""
    pairs: dict[tuple[str, str], list[EventRow]] = {}
    why: dict[str, int] = {}
    query = ListQuery(KINDS, limit=200)
    cut = False
    for count in range(MAX_ROWS // query.limit):
        page = library.page(scope, query)
        for row in page.rows:
            if row.withheld:
                why[row.withheld] = why.get(row.withheld, 0) + 1
                continue
            pairs.setdefault(_pair(row), []).append(row)
        cut = bool(page.next) and count + 1 == MAX_ROWS // query.limit
        if not page.next:
            break
        query = query._replace(after=page.next)
    rows = [ConversationRow(*pair, len(held), held[0].begin_us) for pair, held in pairs.items()]
    withheld = tuple(Withheld(count, says) for says, count in sorted(why.items()))
    return Conversations(tuple(rows), cut, (*library.held(scope), *withheld))


def _pair(row: EventRow) -> tuple[str, str]:
    ends = (row.caller or UNKNOWN, row.called or next((one for one in row.parties if one != row.caller), UNKNOWN))
    first, second = sorted(ends)
    return first, second


def conversation(library: CaseLibrary, scope: Scope, first: str, second: str, before: str = "") -> Conversation:
    """One page of it. Raises NotFoundError when these two wrote nothing to each other that this reader may know of, and
    what `CaseLibrary.communication` does."""
    pair = tuple(sorted((first, second)))
    asked = next((one for one in pair if one != UNKNOWN), "")
    page = library.page(scope, ListQuery(KINDS, party=asked, after=before, limit=PAGE))
    rows = [row for row in page.rows if not row.withheld and _pair(row) == pair]
    if not rows and not before:
        raise NotFoundError("conversation")
    targets, why, unreadable = scope.targets, dict[str, int](), 0
    held: list[tuple[EventRow, Communication]] = []
    for row in rows:
        found = library.communication(scope, row.liid, row.cin)
        held.append((row, found))
        unreadable += found.unreadable
        for says, count in found.withheld.items():
            why[says] = why.get(says, 0) + count
    messages = sorted(_messages(held, targets), key=lambda one: (one.time_us, one.sequence))
    told = tuple(Withheld(count, says) for says, count in sorted(why.items()))
    return Conversation(pair[0], pair[1], tuple(messages), told, unreadable, page.next)


def _messages(held: list[tuple[EventRow, Communication]], targets: frozenset[str]) -> Iterator[ChatMessage]:
    places = {signal.sequence: row for row, one in held for signal in one.signals}
    told: set[int] = set()
    for message in messages_of(one for _, one in held):
        row = places[message.sequence]
        told.add(message.sequence)
        why = "" if message.text is not None else "cannot be read"
        yield ChatMessage(
            message.time_us, message.sender, message.receiver, message.text, why, message.delivery, "", (),
            message.sender in targets, message.sequence, row.liid, row.cin,
        )  # fmt: skip
    for row, communication in held:
        for packet in communication.packets:
            if packet.frame == MMS:
                yield _multimedia(row, packet, targets)
        shown = any(packet.frame == MMS for packet in communication.packets)
        for signal in communication.signals:
            if signal.sequence not in told and signal.facts is None and not shown and signal.fields:
                yield _wordless(row, signal, targets)


def _wordless(row: EventRow, signal: Signal, targets: frozenset[str]) -> ChatMessage:
    """Signalling without its words: masked, minimised, or not for this reader."""
    sender, receiver = (_side(signal.fields.get(name)) for name in ("from", "to"))
    sender, receiver = sender or row.caller or UNKNOWN, receiver or row.called or UNKNOWN
    return ChatMessage(
        signal.event_us, sender, receiver, None, signal.withheld or NOT_COLLECTED, "", "", (), sender in targets,
        signal.sequence, row.liid, row.cin,
    )  # fmt: skip


def _side(value: Any) -> str:  # noqa: ANN401  a field of signalling
    text = value[0] if isinstance(value, list) and value else value
    return party_name(text) if isinstance(text, str) and text else ""


def _multimedia(row: EventRow, packet: Packet, targets: frozenset[str]) -> ChatMessage:
    try:
        message = read_content(packet.octets)
    except DecodeError as error:
        message, why = None, f"the message cannot be read ({error.code})"
    else:
        why = ""
    headers = {} if message is None else {name: str(value) for name, value in message.headers}
    sender = _address(headers.get("from", "")) or row.caller or UNKNOWN
    receiver = _address(headers.get("to", "")) or row.called or UNKNOWN
    parts = () if message is None else parts_of(message)
    words = [part.text for part in parts if part.text is not None and part.slide]
    return ChatMessage(
        packet.event_us, sender, receiver, "\n".join(words) if message is not None else None, why, "",
        headers.get("subject", ""), parts, sender in targets, packet.sequence, row.liid, row.cin,
    )  # fmt: skip


def _address(text: str) -> str:
    """`+12125550101/TYPE=PLMN` names a number."""
    return party_name(text.partition("/")[0].strip().removeprefix("+")) if text else ""


def parts_of(message: MmsPdu) -> tuple[PartRow, ...]:
    """The parts, in the order in which they came."""
    shown = {index: number for number, slide in enumerate(slides(message.parts), 1) for index in slide}
    return tuple(
        PartRow(at, part.content_type, len(part.body), part.content_type in PICTURES, shown.get(at, 0), part_text(part))
        for at, part in enumerate(message.parts[:MAX_PARTS])
    )


def mms_part(library: CaseLibrary, scope: Scope, liid: str, cin: int, sequence: int, number: int) -> MediaPart:
    """A part of a multimedia message, made harmless. Raises NotFoundError for what is not there, or not for this
    reader."""
    communication = library.communication(scope, liid, cin)
    for packet in communication.packets:
        if packet.frame == MMS and packet.sequence == sequence:
            try:
                message = read_content(packet.octets)
            except DecodeError:
                break
            if 0 <= number < min(len(message.parts), MAX_PARTS):
                return shown_part(message.parts[number], f"mms-{cin}-{sequence}-{number}")
    raise NotFoundError("part of a message")
