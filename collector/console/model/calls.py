"""The page of a call: who took part in which role, the ladder of its signalling, its media, the keys that were pressed.

Pure. Everything comes from a `Communication` that was put together for this reader: what is withheld is an arrow or a
line that says why, and nothing else. Lists are bounded; what is left out is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from asn1.packets import is_rtcp, parse_ip, parse_rtp
from collector.console.model.lists import EventRow
from collector.console.model.sound import Sound, ToneSpan
from collector.export.audio import EVENTS, STATIC_NAMES, rtp_octets
from collector.export.communications import (
    FROM_TARGET,
    SYNTHETIC,
    TO_TARGET,
    UNREADABLE,
    WITHHELD,
    Communication,
    Packet,
    Signal,
)
from collector.export.pressed import Press, presses
from collector.export.service import payload_names
from collector.facts.laes_parties import IDENTITIES
from collector.store.index_details import party_name
from collector.store.stores import record_name

MAX_ARROWS: Final = 500
MAX_PARTICIPANTS: Final = 64
MAX_STREAMS: Final = 64
MAX_DETAIL: Final = 200
NETWORK: Final = "network"
_ROLES: Final = (
    ("from", "caller"), ("to", "called"), ("asserted", "asserted by the network"),
    ("redirected_by", "redirected the call"), ("redirected_to", "redirected to"), ("refer_to", "referred to"),
    ("referred_by", "referred by"), ("diverted", "redirected the call"), ("user", "subscriber"),
    ("calling", "caller"), ("called", "called"), ("answering", "answered"), ("redirectedFrom", "redirected the call"),
    ("redirectedTo", "redirected to"), ("redirectedto", "redirected to"), ("redirectedfrom", "redirected the call"),
    ("connectedParties", "connected"), ("newParties", "joined"), ("removedParties", "removed"),
    ("communicatingParties", "in the conference"), ("joinedParties", "joined"), ("registering", "registered"),
    ("subscriberIdentity", "subscriber"),
)  # fmt: skip
"""What a field of signalling makes of whom it names."""


class Participant(NamedTuple):
    """`roles` in the order they were met; `shown_name` as the signalling itself calls them."""

    name: str
    roles: tuple[str, ...]
    is_target: bool
    shown_name: str = ""


class Arrow(NamedTuple):
    """One message. `kind`: request, response, message, call data, content, close; `withheld` says why the rest of it is
    blank."""

    sequence: int
    time_us: int
    source: str
    destination: str
    label: str
    detail: str
    kind: str
    withheld: str = ""


class Ladder(NamedTuple):
    """`lanes` from left to right in the order they were met; `cut` messages are not in it."""

    lanes: tuple[str, ...]
    arrows: tuple[Arrow, ...]
    cut: int


class MediaStream(NamedTuple):
    """RTP of one source and way. `lost` by its numbers; addresses "" where the packets came without."""

    ssrc: int
    direction: int
    codec: str
    packets: int
    lost: int
    first_us: int
    last_us: int
    source: str
    destination: str


class SoundInfo(NamedTuple):
    """What a page knows of a call's sound before it is played; `octets` of the WAV file."""

    seconds: float
    octets: int
    start_us: int | None
    tones: tuple[ToneSpan, ...]


class Withheld(NamedTuple):
    """So many records are there and not shown."""

    records: int
    why: str


class CallPage(NamedTuple):
    """`sound` None: there is none, or `sound_later` says that it is so long that it is made when it is asked for.
    `unreadable` records are there and cannot be read (sealed, or their key was withdrawn)."""

    row: EventRow
    participants: tuple[Participant, ...]
    dialled: tuple[Press, ...]
    ladder: Ladder
    streams: tuple[MediaStream, ...]
    sound: SoundInfo | None
    sound_later: bool
    withheld: tuple[Withheld, ...]
    unreadable: int
    truncated_by_order: str


def page_of(row: EventRow, communication: Communication, targets: frozenset[str], sound: Sound | None) -> CallPage:
    """`sound` None where the content was left out of `communication`, or is not for this reader."""
    later = sound is None and row.content_records > 0 and not communication.packets and not communication.silenced
    heard = [] if sound is None else list(sound.placed.keys)
    made = next((one.fields["truncated_by_order"] for one in communication.signals if one.payload == SYNTHETIC), "")
    return CallPage(
        row,
        tuple(participants(communication, targets)),
        tuple(presses(communication, heard)),
        ladder(communication),
        tuple(streams(communication)),
        None
        if sound is None or not sound.samples
        else SoundInfo(sound.seconds, sound.octets, sound.start_us, sound.tones),
        later,
        withheld(communication),
        communication.unreadable,
        str(made),
    )


def withheld(communication: Communication) -> tuple[Withheld, ...]:
    return tuple(Withheld(count, why) for why, count in sorted(communication.withheld.items()))


# Participants


def participants(communication: Communication, targets: frozenset[str]) -> list[Participant]:
    """Everybody whom readable signalling names, the first met first."""
    roles: dict[str, list[str]] = {}
    shown: dict[str, str] = {}
    for signal in communication.signals:
        for name, role in _named(signal.fields):
            if name not in roles and len(roles) >= MAX_PARTICIPANTS:
                continue
            held = roles.setdefault(name, [])
            if role not in held:
                held.append(role)
        caller = signal.fields.get("from")
        if isinstance(caller, str) and signal.fields.get("from_name"):
            shown.setdefault(party_name(caller), str(signal.fields["from_name"]))
    found = [Participant(name, tuple(held), name in targets, shown.get(name, "")) for name, held in roles.items()]
    return found or [Participant(name, (), name in targets) for name in communication.parties[:MAX_PARTICIPANTS]]


def _named(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, role in _ROLES:
        for text in _texts(fields.get(name)):
            yield party_name(text), role
    for text in _texts(fields.get("conference")):
        entity, _, status = text.partition(" ")
        yield party_name(entity), f"in the conference{f' ({status})' if status else ''}"
    for message in fields.get("messages", ()) if isinstance(fields.get("messages"), list) else ():
        yield from _named(message)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  a field of signalling
    """The identities in a field, whichever dialect wrote it."""
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, str) and one:
            yield one
        elif isinstance(one, Mapping):
            for name in IDENTITIES:
                yield from _texts(one.get(name))


# The ladder


def ladder(communication: Communication, beside: Iterable[Arrow] = ()) -> Ladder:
    """The signalling in the order of its times; `beside` are arrows of whoever knows of more (the carrier's side, in a
    lab)."""
    arrows = sorted([*map(arrow, communication.signals), *beside], key=lambda one: (one.time_us, one.sequence))
    cut = max(len(arrows) - MAX_ARROWS, 0)
    arrows = arrows[:MAX_ARROWS]
    ends = (end for one in arrows for end in (one.source, one.destination))
    return Ladder(tuple(dict.fromkeys(end for end in ends if end)), tuple(arrows), cut)


def arrow(signal: Signal) -> Arrow:
    where = signal.sequence, signal.event_us
    record = f"record {record_name(signal.sequence)}" + (
        f", iRI-{signal.iri_type.capitalize()}" if signal.iri_type else ""
    )
    if signal.payload == SYNTHETIC:
        said = f"closed by the end of {signal.fields.get('truncated_by_order', 'the order')} (R-004)"
        return Arrow(*where, "", "", said, record, "close")
    if signal.payload in (WITHHELD, UNREADABLE):
        said = signal.withheld or "cannot be read"
        return Arrow(*where, "", "", f"({'withheld' if signal.withheld else 'not readable'})", record, "message", said)
    method, status = signal.fields.get("method"), signal.fields.get("status")
    source, destination = _ends(signal)
    if isinstance(status, int):
        kind, label = "response", f"{status} {signal.fields.get('transaction') or ''}".strip()
        source, destination = (destination, source) if not _addresses(signal) else (source, destination)
    elif isinstance(method, str):
        kind, label = "request", method
    else:
        kind, label = ("call data" if signal.pdu is None and signal.facts is not None else "message"), signal.payload
    return Arrow(*where, source, destination, label[:MAX_DETAIL], _detail(signal, record), kind, signal.withheld)


def _detail(signal: Signal, record: str) -> str:
    media = signal.fields.get("media")
    told = [record]
    if isinstance(media, list) and media:
        ends = (f"{one.get('address', '?')}:{one.get('port', '?')}" for one in media if isinstance(one, Mapping))
        told.append(f"media {', '.join(ends)}")
    return "; ".join(told)[:MAX_DETAIL]


def _addresses(signal: Signal) -> tuple[str, str] | None:
    """Between which addresses a SIP message went, where its record says it."""
    if signal.pdu is None or signal.payload != "iPMMIRI":
        return None
    _, value = signal.pdu.payload[1][0]["iRIContents"]
    form, message = value["iPMMIRIContents"]
    if form != "sIPMessage":
        return None
    found = []
    for name in ("iPSourceAddress", "iPDestinationAddress"):
        octets = message[name]["iP-value"][1]
        text = address_name(octets) if isinstance(octets, bytes) else str(octets)
        found.append(text)
    return found[0], found[1]


def address_name(octets: bytes) -> str:
    """Four or sixteen octets as an address; anything else in hexadecimal."""
    if len(octets) == 4:
        return ".".join(map(str, octets))
    return ":".join(octets[at : at + 2].hex() for at in range(0, 16, 2)) if len(octets) == 16 else octets.hex()


def _ends(signal: Signal) -> tuple[str, str]:
    addresses = _addresses(signal)
    if addresses is not None:
        return addresses
    fields = signal.fields
    ends = [
        next(_texts(fields.get(one) or fields.get(other)), "") for one, other in (("from", "calling"), ("to", "called"))
    ]
    source, destination = (party_name(one) if one else "" for one in ends)
    if not source and not destination:
        return "", NETWORK
    return source or NETWORK, destination or NETWORK


# Media


def streams(communication: Communication) -> list[MediaStream]:
    """The RTP streams among the readable packets, by their first packet."""
    names = payload_names(communication)
    found: dict[tuple[int, int], _Counted] = {}
    for packet in communication.packets:
        octets = rtp_octets(packet)
        header = None if octets is None or is_rtcp(octets) else parse_rtp(octets)
        if header is None:
            continue
        key = (header.ssrc, packet.direction)
        counted = found.get(key)
        if counted is None:
            if len(found) >= MAX_STREAMS:
                continue
            counted = found[key] = _Counted(packet)
        name = names.get(header.payload_type) or STATIC_NAMES.get(header.payload_type, f"type {header.payload_type}")
        counted.add(packet, header.sequence_number, name)
    return [counted.stream(ssrc, direction) for (ssrc, direction), counted in found.items()]


class _Counted:
    def __init__(self, first: Packet) -> None:
        parsed = parse_ip(first.octets) if first.frame == "ipFrame" else None
        self._source = "" if parsed is None else f"{parsed.source}:{parsed.source_port}"
        self._destination = "" if parsed is None else f"{parsed.destination}:{parsed.destination_port}"
        self._first_us = self._last_us = first.event_us
        self._codec = ""
        self._packets = 0
        self._highest: int | None = None
        self._lowest = 0
        self._seen = 0
        self._recent: set[int] = set()

    def add(self, packet: Packet, number: int, name: str) -> None:
        self._packets += 1
        self._first_us, self._last_us = min(self._first_us, packet.event_us), max(self._last_us, packet.event_us)
        if name != EVENTS or not self._codec:
            self._codec = name
        whole = (
            number if self._highest is None else self._highest + ((number - self._highest + 0x8000) % 0x10000 - 0x8000)
        )
        if self._highest is None:
            self._highest = self._lowest = whole
        if whole not in self._recent:
            self._seen += 1
            self._recent.add(whole)
            if len(self._recent) > _RECENT:
                self._recent = {one for one in self._recent if one > whole - _RECENT // 2}
        self._highest, self._lowest = max(self._highest, whole), min(self._lowest, whole)

    def stream(self, ssrc: int, direction: int) -> MediaStream:
        lost = max((self._highest or 0) - self._lowest + 1 - self._seen, 0)
        return MediaStream(
            ssrc, direction, self._codec, self._packets, lost, self._first_us, self._last_us, self._source,
            self._destination,
        )  # fmt: skip


_RECENT: Final = 1_024
"""RTP numbers that are remembered, to know a packet that came twice."""
WAYS: Final = {FROM_TARGET: "from the target", TO_TARGET: "to the target"}
