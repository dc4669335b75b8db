"""A capture file turned into the same events as simulated traffic, with the capture's own times.

One pass over the packets: fragments are joined, SIP is found on any UDP port and on TCP, media by what SDP announced,
RADIUS on its ports, and every other IP packet is data of its addresses. A packet is media of a call only by its whole
address pair, both hosts and both ports: two calls may share one port of the callee, and both may have the same SSRCs.
Before the answer has come, when half of the pair is unknown, the offered address alone must do, and only when no other
call offers it. RTCP (the next port, or what `a=rtcp` says) goes with its call.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from asn1.errors import DecodeError, LocalError
from asn1.packets import TCP, UDP, IpPacket, parse_ip
from asn1.radius import INTERIM, START, STOP, RadiusPacket, parse_radius
from asn1.sip import SipMessage, canonical_uri, looks_like_sip, number_of, parse_sdp, parse_sip, sdp_of, tries_again
from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.pcap import CaptureError, ip_of_frame, read_capture
from carrier_sim.pseudonyms import Pseudonyms
from carrier_sim.reassembly import Fragments, SipStreams
from carrier_sim.subscribers import Identity, Party, is_fictional_address

MAX_DIALOGUES: Final = 50_000
_MAX_MEDIA: Final = 200_000
_MAX_PAIRS: Final = 100_000
_AFTER_END_US: Final = 2_000_000
"""Media of a call that has ended still counts as its own for so long."""
_RADIUS_PORTS: Final = frozenset((1645, 1646, 1812, 1813))
_FICTIONAL_NUMBER: Final = re.compile(rb"1?([2-9]\d\d55501\d\d)")
_NO_PARTY: Final = Party(())


@dataclass(slots=True)
class ReplayCounts:
    """What became of the packets of the file; `ignored` are frames without IP, `broken` what did not parse."""

    packets: int = 0
    sip: int = 0
    media: int = 0
    radius: int = 0
    data: int = 0
    ignored: int = 0
    broken: int = 0


@dataclass(slots=True)
class _Dialogue:
    """One Call-ID. Endpoints are (RTP, RTCP) by media line, of the caller and of the callee, in real addresses."""

    correlation: int
    caller_tag: str | None
    caller: Party = _NO_PARTY
    callee: Party = _NO_PARTY
    endpoints: tuple[list[tuple[Address, Address]], list[tuple[Address, Address]]] = field(
        default_factory=lambda: ([], [])
    )
    answered: bool = False
    closed_us: int | None = None

    def ended(self, time_us: int) -> bool:
        return self.closed_us is not None and time_us > self.closed_us + _AFTER_END_US


class Replay:
    """One replay of one file. `next_correlation` numbers communications; `rebase_us` moves the first packet there."""

    def __init__(
        self,
        path: Path,
        next_correlation: Callable[[], int],
        rebase_us: int | None = None,
        keep_identities: bool = False,
    ) -> None:
        self._path = path
        self._next_correlation = next_correlation
        self._rebase_us = rebase_us
        self._keep = keep_identities
        self._pseudonyms = Pseudonyms(frozenset(), frozenset())
        self._fragments = Fragments()
        self._streams = SipStreams()
        self._dialogues: OrderedDict[str, _Dialogue] = OrderedDict()
        self._media: OrderedDict[tuple[Address, Address], tuple[_Dialogue, bool]] = OrderedDict()
        self._offers: dict[Address, list[_Dialogue]] = {}
        self._sessions: dict[str, tuple[Party, int]] = {}
        self._session_ids: dict[str, int] = {}
        self._pairs: OrderedDict[frozenset[str], int] = OrderedDict()
        self.counts = ReplayCounts()

    def prepare(self) -> None:
        """Read through the file once for the identities it uses itself; blocks as long as that takes.

        Raises `LocalError` when the file cannot be opened, `CaptureError` when it is no capture or damaged.
        """
        if not self._keep:
            self._pseudonyms = Pseudonyms(*_reserved(self._path))

    def events(self) -> Iterator[InterceptEvent]:
        """Events in file order, after `prepare`. Raises as `prepare` does, and `LocalError` out of pseudonyms."""
        shift_us: int | None = None
        for time_us, octets in _ip_packets(self._path, self.counts):
            if shift_us is None:
                shift_us = 0 if self._rebase_us is None else self._rebase_us - time_us
            yield from self._packet(time_us + shift_us, octets)

    def shown_number(self, digits: str) -> str:
        """The E.164 digits by which this replay calls a number of the capture; call it behind `events`."""
        return digits if self._keep else self._pseudonyms.number(digits)

    def _packet(self, time_us: int, octets: bytes) -> Iterator[InterceptEvent]:
        packet = parse_ip(octets)
        if packet is not None and packet.fragment:
            whole = self._fragments.add(time_us, packet, octets)
            if whole is None:
                return
            octets = whole
            packet = parse_ip(octets)
        if packet is None:
            self.counts.broken += 1
            return
        if packet.protocol == UDP and packet.source_port is not None:
            yield from self._udp(time_us, packet, octets)
        elif packet.protocol == TCP and (messages := self._streams.add(packet, octets)) is not None:
            for message in messages:
                yield from self._sip(time_us, packet, message)
        else:
            yield self._data(time_us, packet, octets)

    def _udp(self, time_us: int, packet: IpPacket, octets: bytes) -> Iterator[InterceptEvent]:
        source, destination = _ends(packet)
        found = self._dialogue_of_media(source, destination, time_us)
        if found is not None:
            dialogue, from_caller = found
            self.counts.media += 1
            yield self._media_event(time_us, packet, octets, dialogue, from_caller)
            return
        payload = packet.payload(octets)
        if looks_like_sip(payload):
            yield from self._sip(time_us, packet, payload)
            return
        if packet.destination_port in _RADIUS_PORTS and (event := self._radius(time_us, packet, payload)) is not None:
            yield event
            return
        yield self._data(time_us, packet, octets)

    # ---- SIP

    def _sip(self, time_us: int, packet: IpPacket, octets: bytes) -> Iterator[InterceptEvent]:
        try:
            real = parse_sip(octets)
            octets = octets[: real.octets_used].lstrip(b"\r\n")
            seen = octets if self._keep else self._pseudonyms.sip(real, octets)
            message = real if seen is octets else parse_sip(seen)
        except DecodeError:
            self.counts.broken += 1
            return
        call_id = real.call_id
        if call_id is None:
            self.counts.broken += 1
            return
        self.counts.sip += 1
        dialogue = self._dialogue(call_id, real)
        from_caller = (real.from_tag == dialogue.caller_tag) is (real.method is not None)
        self._learn_parties(dialogue, message, from_caller)
        if (body := sdp_of(real)) is not None:
            self._learn_media(dialogue, body, from_caller, real)
        phase = _phase(real)
        if phase is Phase.CLOSES:
            dialogue.closed_us = time_us
            self._forget_offers(dialogue)
        elif phase is Phase.OPENS:
            # Tried again under the same Call-ID after all.
            dialogue.closed_us = None
        source, destination = (self._shown(end) for end in _ends(packet))
        sender, receiver = (dialogue.caller, dialogue.callee) if from_caller else (dialogue.callee, dialogue.caller)
        yield InterceptEvent(
            time_us, EventKind.SIP, dialogue.correlation, seen, sender, receiver, source, destination, phase
        )

    def _dialogue(self, call_id: str, message: SipMessage) -> _Dialogue:
        dialogue = self._dialogues.get(call_id)
        if dialogue is None:
            dialogue = self._dialogues[call_id] = _Dialogue(self._next_correlation(), message.from_tag)
            if len(self._dialogues) > MAX_DIALOGUES:
                self._dialogues.popitem(last=False)
        return dialogue

    def _learn_parties(self, dialogue: _Dialogue, message: SipMessage, from_caller: bool) -> None:
        """Who is who, from the headers of the message as it is shown; what is known already stays."""
        origin, target = message.origin_uris, message.destination_uris
        requester_is_caller = from_caller is (message.method is not None)
        caller, callee = (origin, target) if requester_is_caller else (target, origin)
        dialogue.caller = _grown(dialogue.caller, caller)
        # REGISTER and its kind name one party twice: the far side is the network.
        if message.transaction_method not in ("REGISTER", "PUBLISH", "OPTIONS", "SUBSCRIBE"):
            dialogue.callee = _grown(dialogue.callee, callee)

    def _learn_media(self, dialogue: _Dialogue, body: bytes, from_caller: bool, message: SipMessage) -> None:
        own = []
        for line in parse_sdp(body):
            try:
                host = str(ip_address(line.address or ""))
            except ValueError:
                host = ""
            port = line.port if host else 0
            own.append((Address(host, port), Address(host, line.rtcp_port or (port + 1 if port else 0))))
        side = 0 if from_caller else 1
        dialogue.endpoints[side][:] = own
        if message.status is None and not dialogue.answered:
            for rtp, rtcp in own:
                for end in (rtp, rtcp):
                    self._offers.setdefault(end, []).append(dialogue) if end.port else None
        elif message.status is not None:
            dialogue.answered = dialogue.answered or 200 <= message.status < 300
            self._forget_offers(dialogue)
        for mine, theirs in zip(*dialogue.endpoints, strict=False):
            for near, far in zip(mine, theirs, strict=True):
                if near.port and far.port:
                    self._set_media(near, far, dialogue, True)
                    self._set_media(far, near, dialogue, False)

    def _set_media(self, source: Address, destination: Address, dialogue: _Dialogue, from_caller: bool) -> None:
        self._media[source, destination] = (dialogue, from_caller)
        self._media.move_to_end((source, destination))
        if len(self._media) > _MAX_MEDIA:
            self._media.popitem(last=False)

    def _forget_offers(self, dialogue: _Dialogue) -> None:
        for end in (end for pair in (*dialogue.endpoints[0], *dialogue.endpoints[1]) for end in pair):
            waiting = [one for one in self._offers.pop(end, []) if one is not dialogue]
            if waiting:
                self._offers[end] = waiting

    # ---- media

    def _dialogue_of_media(self, source: Address, destination: Address, time_us: int) -> tuple[_Dialogue, bool] | None:
        found = self._media.get((source, destination))
        if found is not None:
            return None if found[0].ended(time_us) else found
        for end, to_offerer in ((destination, True), (source, False)):
            waiting = self._offers.get(end, ())
            if len(waiting) == 1:
                offered_by_caller = any(end in pair for pair in waiting[0].endpoints[0])
                return waiting[0], offered_by_caller is not to_offerer
        return None

    def _media_event(
        self, time_us: int, packet: IpPacket, octets: bytes, dialogue: _Dialogue, from_caller: bool
    ) -> InterceptEvent:
        sender, receiver = (dialogue.caller, dialogue.callee) if from_caller else (dialogue.callee, dialogue.caller)
        source, destination = (self._shown(end) for end in _ends(packet))
        octets = octets if self._keep else self._pseudonyms.packet(packet, octets)
        return InterceptEvent(
            time_us, EventKind.MEDIA, dialogue.correlation, octets, sender, receiver, source, destination
        )

    # ---- sessions and data

    def _radius(self, time_us: int, packet: IpPacket, octets: bytes) -> InterceptEvent | None:
        try:
            real = parse_radius(octets)
        except DecodeError:
            self.counts.broken += 1
            return None
        session = real.text("Acct-Session-Id")
        if real.status_type not in (START, STOP, INTERIM) or session is None:
            return None
        shown = octets if self._keep else self._pseudonyms.radius(real, octets)
        party = _radius_party(real if shown is octets else parse_radius(shown))
        if session not in self._session_ids:
            self._session_ids[session] = self._next_correlation()
        correlation = self._session_ids[session]
        framed = real.text("Framed-IP-Address")
        if real.status_type == STOP:
            self._session_ids.pop(session)
            if framed is not None:
                self._sessions.pop(framed, None)
        elif framed is not None and len(self._sessions) < MAX_DIALOGUES:
            self._sessions[framed] = (party, correlation)
        self.counts.radius += 1
        source, destination = (self._shown(end) for end in _ends(packet))
        phase = {START: Phase.OPENS, STOP: Phase.CLOSES}.get(real.status_type, Phase.WITHIN)
        return InterceptEvent(time_us, EventKind.RADIUS, correlation, shown, party, None, source, destination, phase)

    def _data(self, time_us: int, packet: IpPacket, octets: bytes) -> InterceptEvent:
        self.counts.data += 1
        sending, receiving = self._sessions.get(packet.source), self._sessions.get(packet.destination)
        session = sending or receiving
        correlation = session[1] if session is not None else self._pair(packet)
        source, destination = (self._shown(end) for end in _ends(packet))
        return InterceptEvent(
            time_us,
            EventKind.DATA,
            correlation,
            octets if self._keep else self._pseudonyms.packet(packet, octets),
            sending[0] if sending else _address_party(source.host),
            receiving[0] if receiving else _address_party(destination.host),
            source,
            destination,
        )

    def _pair(self, packet: IpPacket) -> int:
        pair = frozenset((packet.source, packet.destination))
        if pair not in self._pairs:
            self._pairs[pair] = self._next_correlation()
            if len(self._pairs) > _MAX_PAIRS:
                self._pairs.popitem(last=False)
        return self._pairs[pair]

    def _shown(self, end: Address) -> Address:
        return end if self._keep else Address(self._pseudonyms.address(end.host), end.port)


def _ends(packet: IpPacket) -> tuple[Address, Address]:
    return (
        Address(packet.source, packet.source_port or 0),
        Address(packet.destination, packet.destination_port or 0),
    )


def _phase(message: SipMessage) -> Phase:
    method, status = message.transaction_method, message.status
    if method == "INVITE":
        opens = message.to_tag is None if status is None else 200 <= status < 300
        failed = status is not None and status >= 300 and not tries_again(status)
        return Phase.OPENS if opens else Phase.CLOSES if failed else Phase.WITHIN
    if method == "MESSAGE":
        return Phase.OPENS if status is None else Phase.CLOSES if status >= 200 else Phase.WITHIN
    return Phase.CLOSES if method == "BYE" and status is not None and status >= 200 else Phase.WITHIN


def _grown(party: Party, uris: tuple[str, ...]) -> Party:
    """`party` with the identities of `uris` added; the very same object when there is nothing new."""
    found: dict[Identity, None] = dict.fromkeys(party.identities)
    for uri in uris:
        if (number := number_of(uri)) is not None:
            found.setdefault(Identity("e164Number", number))
        if not uri.lower().startswith("tel:"):
            found.setdefault(Identity("sipUri", canonical_uri(uri)))
    return party if len(found) == len(party.identities) or len(found) > 64 else Party(tuple(found))


def _radius_party(packet: RadiusPacket) -> Party:
    found: list[Identity] = []
    if (number := packet.text("Calling-Station-Id")) and (digits := number_of(f"tel:{number}")):
        found.append(Identity("e164Number", digits))
    for name, kind in (("3GPP-IMSI", "imsi"), ("User-Name", "nai"), ("Framed-IP-Address", "ipv4Address")):
        if value := packet.text(name):
            found.append(Identity(kind, value.lower()))
    return Party(tuple(found))


def _address_party(host: str) -> Party:
    return Party((Identity("ipv6Address" if ":" in host else "ipv4Address", host),))


def _ip_packets(path: Path, counts: ReplayCounts | None = None) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as stream:
            for captured in read_capture(stream):
                octets = ip_of_frame(captured.link, captured.octets)
                if counts is not None:
                    counts.packets += 1
                    counts.ignored += octets is None
                if octets is not None:
                    yield captured.time_us, octets
    except OSError as error:
        raise LocalError(f"Cannot read the capture {path}: {error.strerror}.") from error
    except CaptureError as error:
        raise CaptureError(f"{path}: {error}") from error


def _reserved(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The fictional numbers and addresses that the capture uses itself: no pseudonym may be one of them."""
    numbers: set[str] = set()
    addresses: set[str] = set()
    for _, octets in _ip_packets(path):
        packet = parse_ip(octets)
        if packet is None:
            continue
        addresses.update(host for host in (packet.source, packet.destination) if is_fictional_address(host))
        if packet.protocol in (UDP, TCP):
            numbers.update("1" + found.decode() for found in _FICTIONAL_NUMBER.findall(octets))
    return frozenset(numbers), frozenset(addresses)
