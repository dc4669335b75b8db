"""One SIP dialogue between two ends: their tags, their media, and its messages as events.

What a message says is decided by whoever makes the call; this file only knows how a message of a dialogue looks. The
point of interception sits in the IMS core of one operator that serves all parties, so each message is seen once.
Sources: RFC 3261, RFC 3264, RFC 3551, RFC 4733, RFC 3325 (P-Asserted-Identity).
"""

from __future__ import annotations

import random
from typing import Final, NamedTuple

from carrier_sim.events import Address, EventKind, InterceptEvent, Phase
from carrier_sim.media import PAYLOAD_TYPE, TELEPHONE_EVENT_TYPE, Codec
from carrier_sim.subscribers import Party, Subscriber

SIP_PORT: Final = 5060
BANNER: Final = "calea-lab SIMULATION"
SERVER_ADDRESS: Final = "192.0.2.30"
"""The application server of the network: feature codes, forwarding, conferences."""
_ANSWERED: Final = ("INVITE", "UPDATE")


class Endpoint(NamedTuple):
    """An end as a dialogue shows it. `number` is empty for a server; `party` is None where nobody is served there: the
    side that the network has to a leg it makes itself."""

    uri: str
    name: str
    number: str
    agent: str
    host: str
    party: Party | None

    @property
    def contact_user(self) -> str:
        return f"+{self.number}" if self.number else self.uri.removeprefix("sip:").partition("@")[0]


def handset(subscriber: Subscriber, ipv6: bool = False) -> Endpoint:
    host = host_of(subscriber, ipv6)
    return Endpoint(subscriber.sip_uri, subscriber.name, subscriber.number, subscriber.handset, host, subscriber.party)


def server(uri: str, name: str) -> Endpoint:
    """A server of the network under an address of its own."""
    return Endpoint(uri, name, "", "LabServer", SERVER_ADDRESS, None)


def host_of(party: Subscriber, ipv6: bool) -> str:
    return party.ipv6 if ipv6 else party.ipv4


def media_port(chance: random.Random) -> int:
    return 16_384 + 2 * chance.randrange(8_000)


class Dialogue:
    """`media` is where each side takes its media, caller first; `codec` what both speak; they may be changed between
    two messages. `addressed`: the address in To where that is not the callee's, in a call sent on by somebody else;
    the answering side then says in every message who it is. `stands_for`: on whose behalf the network made it."""

    def __init__(
        self,
        caller: Endpoint,
        callee: Endpoint,
        correlation: int,
        chance: random.Random,
        codec: Codec = "PCMA",
        *,
        addressed: str | None = None,
        call_id: str | None = None,
        from_tag: str | None = None,
        stands_for: Party | None = None,
    ) -> None:
        self.caller = caller
        self.callee = callee
        self.codec: Codec = codec
        self.call_id = call_id or f"{chance.getrandbits(64):016x}@{caller.host}"
        self._addressed = addressed or callee.uri
        self._sent_on = addressed is not None
        self._correlation = correlation
        self._stands_for = stands_for
        self._branch = f"z9hG4bK{chance.getrandbits(48):012x}"
        own_tag, their_tag = f"{chance.getrandbits(32):08x}", f"{chance.getrandbits(32):08x}"
        self.tags = (from_tag or own_tag, their_tag)
        self._session = chance.getrandbits(31)
        self.session_version = 0
        self.media = [Address(caller.host, media_port(chance)), Address(callee.host, media_port(chance))]

    def request(
        self,
        at_us: int,
        method: str,
        sequence: int,
        from_caller: bool = True,
        *,
        uri: str | None = None,
        sdp: str = "",
        body: bytes = b"",
        content_type: str = "application/sdp",
        extra: tuple[str, ...] = (),
        answered: bool = False,
        phase: Phase = Phase.WITHIN,
        branch: int = 0,
    ) -> InterceptEvent:
        """`uri` asks for another than the receiver; `sdp` is the direction of the media offered; `answered` puts the
        tag of the other side into To."""
        sender, receiver = (self.caller, self.callee) if from_caller else (self.callee, self.caller)
        lines = [
            f"{method} {uri or receiver.uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {_authority(sender)};branch={self._branch}{branch}",
            "Max-Forwards: 70",
            *self._from_to(from_caller, answered),
            f"Call-ID: {self.call_id}",
            f"CSeq: {sequence} {method}",
        ]
        if method == "INVITE":
            lines += [f"Contact: <sip:{sender.contact_user}@{_authority(sender)}>", *_asserted(sender, tel=True)]
        elif self._sent_on and not from_caller:
            lines += _asserted(sender)
        lines += [*extra, f"User-Agent: {sender.agent} ({BANNER})"]
        return self._event(at_us, lines, from_caller, self._sdp(from_caller, sdp) or body, phase, content_type)

    def response(
        self,
        at_us: int,
        status: str,
        sequence: int,
        method: str,
        to_caller: bool = True,
        *,
        sdp: str = "",
        extra: tuple[str, ...] = (),
        tagged: bool = True,
        asserted: Endpoint | None = None,
        contact: str | None = None,
        phase: Phase = Phase.WITHIN,
        branch: int = 0,
    ) -> InterceptEvent:
        """`asserted`: who really answered, where that is somebody else; `contact` in place of the responder's own."""
        responder, asker = (self.callee, self.caller) if to_caller else (self.caller, self.callee)
        lines = [
            f"SIP/2.0 {status}",
            f"Via: SIP/2.0/UDP {_authority(asker)};branch={self._branch}{branch}",
            *self._from_to(to_caller, tagged),
            f"Call-ID: {self.call_id}",
            f"CSeq: {sequence} {method}",
        ]
        opening = method in _ANSWERED and status[0] in "12" and tagged
        if opening or contact is not None:
            lines.append(f"Contact: {contact or f'<sip:{responder.contact_user}@{_authority(responder)}>'}")
        if opening or (self._sent_on and to_caller):
            lines += _asserted(asserted or responder)
        lines += extra
        return self._event(at_us, lines, not to_caller, self._sdp(not to_caller, sdp), phase)

    def refused(self, at_us: int, status: str) -> tuple[InterceptEvent, InterceptEvent]:
        """The final answer to the INVITE that ends it, and its ACK."""
        return (
            self.response(at_us, status, 1, "INVITE"),
            self.request(at_us + 5_000, "ACK", 1, answered=True, phase=Phase.CLOSES),
        )

    def _from_to(self, request_from_caller: bool, answered: bool) -> tuple[str, str]:
        called = f"<{self._addressed}>"
        parties = [
            (f'"{self.caller.name}" <{self.caller.uri}>', self.caller.uri, self.tags[0]),
            (called if self._sent_on else f'"{self.callee.name}" {called}', self._addressed, self.tags[1]),
        ]
        if not request_from_caller:
            parties.reverse()
        (sender, _, sender_tag), (_, receiver, receiver_tag) = parties
        to_tag = f";tag={receiver_tag}" if answered else ""
        return f"From: {sender};tag={sender_tag}", f"To: <{receiver}>{to_tag}"

    def _sdp(self, of_caller: bool, mode: str) -> bytes:
        if not mode:
            return b""
        address = self.media[0 if of_caller else 1]
        family = "IP6" if ":" in address.host else "IP4"
        number = PAYLOAD_TYPE[self.codec]
        return "".join(
            f"{line}\r\n"
            for line in (
                "v=0",
                f"o=- {self._session} {self._session + self.session_version} IN {family} {address.host}",
                f"s={BANNER}",
                f"c=IN {family} {address.host}",
                "t=0 0",
                f"m=audio {address.port} RTP/AVP {number} {TELEPHONE_EVENT_TYPE}",
                f"a=rtpmap:{number} {self.codec}/8000",
                f"a=rtpmap:{TELEPHONE_EVENT_TYPE} telephone-event/8000",
                f"a=fmtp:{TELEPHONE_EVENT_TYPE} 0-15",
                "a=ptime:20",
                f"a={mode}",
            )
        ).encode()

    def _event(
        self,
        at_us: int,
        lines: list[str],
        from_caller: bool,
        body: bytes,
        phase: Phase,
        content_type: str = "application/sdp",
    ) -> InterceptEvent:
        event = sip_event(
            at_us, self._correlation, lines, body, self.caller, self.callee, from_caller, phase, content_type
        )
        # What goes to the third, the redirecting party sends on; what the third answers comes to it.
        return event if self._stands_for is None else event._replace(behalf=(self._stands_for, from_caller))


def sip_event(
    at_us: int,
    correlation: int,
    lines: list[str],
    body: bytes,
    caller: Endpoint,
    callee: Endpoint,
    from_caller: bool,
    phase: Phase,
    content_type: str = "application/sdp",
) -> InterceptEvent:
    """A SIP message as an event; Content-Type and Content-Length are added here."""
    sender, receiver = (caller, callee) if from_caller else (callee, caller)
    lines = [*lines, *([f"Content-Type: {content_type}"] if body else []), f"Content-Length: {len(body)}", "", ""]
    return InterceptEvent(
        at_us,
        EventKind.SIP,
        correlation,
        "\r\n".join(lines).encode() + body,
        sender.party,
        receiver.party,
        Address(sender.host, SIP_PORT),
        Address(receiver.host, SIP_PORT),
        phase,
    )


def _asserted(who: Endpoint, tel: bool = False) -> list[str]:
    lines = [f"P-Asserted-Identity: <{who.uri}>"]
    return [*lines, f"P-Asserted-Identity: <tel:+{who.number}>"] if tel and who.number else lines


def _authority(end: Endpoint) -> str:
    return f"[{end.host}]:{SIP_PORT}" if ":" in end.host else f"{end.host}:{SIP_PORT}"
