"""A conference of three: the host holds one call, makes another, and has both join at a focus.

The host asks the conference factory (RFC 4579), which answers as the focus (`isfocus`); it subscribes to the conference
event package (RFC 4575) and sends a REFER into each call, upon which that party calls the focus and its old call ends.
Each party has a leg of its own to the focus, which mixes: what one hears are the two others. The signalling and the
media of a party's leg are that party's: the host's interception shows its own leg and, in the notices, who takes part.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from typing import Final

from carrier_sim.dialogue import Dialogue, Endpoint, handset, server
from carrier_sim.events import InterceptEvent, Phase
from carrier_sim.media import End, MediaPlan, media_events
from carrier_sim.mixing import conference_media
from carrier_sim.redirection import refer, referred_notice
from carrier_sim.speech import Clips
from carrier_sim.subscribers import IMS_DOMAIN, Party, Subscriber
from carrier_sim.voice import RINGING_US, CallPlan, answer_us, chance_of, reinvite, user_to_user

FACTORY: Final = f"sip:conference-factory@{IMS_DOMAIN}"
CONSULTED_US: Final = 2_500_000
"""From the hold of the first call to the hold of the second."""
_NOBODY: Final = Party(())
"""The focus is no subscriber, and nobody's task can name it."""
_JOIN_EVERY_US: Final = 400_000
_LAST_US: Final = 500_000
_CONFERENCE_INFO: Final = "application/conference-info+xml"


@dataclass(frozen=True, slots=True)
class ConferencePlan:
    """`call.caller` is the host, `call.callee` the first and `other` the second it joins; `at_s` after the answer the
    first is held. `call.seconds` is the whole of it; the second leaves half a second before the end."""

    call: CallPlan
    other: Subscriber
    at_s: float


class _Members:
    """Who is in the conference, as its notices say it."""

    def __init__(self, focus: str) -> None:
        self._focus = focus
        self._version = 0
        self.known: dict[str, tuple[str, str]] = {}

    def document(self) -> bytes:
        """The conference-info document of now (RFC 4575 section 5), each time the full state."""
        self._version += 1
        users = "".join(
            f'<user entity="{uri}"><display-text>{name}</display-text>'
            f'<endpoint entity="{uri}"><status>{status}</status></endpoint></user>'
            for uri, (name, status) in self.known.items()
        )
        inside = sum(1 for _, status in self.known.values() if status == "connected")
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\r\n'
            f'<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="{self._focus}" state="full" '
            f'version="{self._version}"><conference-state><user-count>{inside}</user-count></conference-state>'
            f"<users>{users}</users></conference-info>\r\n"
        ).encode()


class _Conference:
    """The messages of one conference; `messages` collects them, in no order yet."""

    def __init__(self, plan: ConferencePlan, correlation: int, chance: random.Random, clips: Clips) -> None:
        call = plan.call
        self.plan, self.correlation, self.chance, self.clips = plan, correlation, chance, clips
        self.host, self.first, self.second = (handset(one) for one in (call.caller, call.callee, plan.other))
        self.focus = server(f"sip:conf-{chance.getrandbits(32):08x}@{IMS_DOMAIN}", "Conference")
        self.messages: list[InterceptEvent] = []
        self.media: list[Iterator[InterceptEvent]] = []
        self._members = _Members(self.focus.uri)
        self._subscription = self.leg(self.host, self.focus)
        self._notices = 1

    def leg(self, caller: Endpoint, callee: Endpoint, addressed: str | None = None) -> Dialogue:
        codec = self.plan.call.codec
        return Dialogue(caller, callee, self.correlation, self.chance, codec, addressed=addressed)

    def establish(
        self, leg: Dialogue, start_us: int, at_us: int, extra: tuple[str, ...] = (), uri: str | None = None
    ) -> None:
        """INVITE at `start_us`, answered at `at_us`."""
        at_focus = leg.callee is self.focus
        contact = f"<{self.focus.uri}>;isfocus" if at_focus else None
        self.messages.append(
            leg.request(start_us, "INVITE", 1, uri=uri, sdp="sendrecv", extra=extra, phase=Phase.OPENS)
        )
        if not at_focus:
            ringing = min(start_us + RINGING_US, at_us - 10_000)
            self.messages.append(leg.response(ringing, "180 Ringing", 1, "INVITE"))
        self.messages += [
            leg.response(at_us, "200 OK", 1, "INVITE", sdp="sendrecv", contact=contact, phase=Phase.OPENS),
            leg.request(at_us + 20_000, "ACK", 1, answered=True, branch=1),
        ]

    def end(self, leg: Dialogue, at_us: int, sequence: int, phase: Phase = Phase.WITHIN) -> None:
        self.messages += [
            leg.request(at_us, "BYE", sequence, answered=True, branch=7),
            leg.response(at_us + 5_000, "200 OK", sequence, "BYE", phase=phase, branch=7),
        ]

    def subscribe(self, at_us: int) -> None:
        self.messages += [
            self._subscription.request(at_us, "SUBSCRIBE", 1, extra=("Event: conference", "Expires: 3600")),
            self._subscription.response(at_us + 5_000, "200 OK", 1, "SUBSCRIBE", extra=("Expires: 3600",)),
        ]

    def notify(self, at_us: int, who: Endpoint, status: str, *, last: bool = False) -> None:
        """Somebody's state has changed, and the host is told."""
        self._members.known[who.uri] = (who.name, status)
        state = "terminated;reason=noresource" if last else "active;expires=3600"
        extra = ("Event: conference", f"Subscription-State: {state}")
        sequence, self._notices = self._notices, self._notices + 1
        self.messages += [
            self._subscription.request(
                at_us, "NOTIFY", sequence, False, body=self._members.document(), content_type=_CONFERENCE_INFO,
                extra=extra, answered=True, branch=sequence,
            ),
            self._subscription.response(at_us + 5_000, "200 OK", sequence, "NOTIFY", False, branch=sequence),
        ]  # fmt: skip

    def talk(self, leg: Dialogue, from_us: int, to_us: int) -> None:
        """Speech between two handsets."""
        call = self.plan.call
        assert leg.caller.party is not None and leg.callee.party is not None
        ends = (
            End(leg.caller.party, leg.media[0], call.caller_text),
            End(leg.callee.party, leg.media[1], call.callee_text),
        )
        plan = MediaPlan(*ends, from_us + 40_000, to_us - 20_000, call.codec, call.sound)
        self.media.append(media_events(plan, self.correlation, self.chance, self.clips))

    def run(self) -> Iterator[InterceptEvent]:
        """Everything of it, in time order."""
        plan, call, chance, clips = self.plan, self.plan.call, self.chance, self.clips
        answer = answer_us(call, chance)
        release = answer + int(call.seconds * 1e6)
        first, second = self.leg(self.host, self.first), self.leg(self.host, self.second)
        self.establish(first, call.start_us, answer, user_to_user(call.uui))
        held = answer + int(plan.at_s * 1e6)
        self.messages += reinvite(first, held, 2, 3, "sendonly", "recvonly")
        consulted, held_too = held + 500_000, held + CONSULTED_US
        self.establish(second, held + 50_000, consulted)
        self.messages += reinvite(second, held_too, 2, 3, "sendonly", "recvonly")
        self.talk(first, answer, held)
        self.talk(second, consulted, held_too)
        own = self.leg(self.host, self.focus, addressed=FACTORY)
        opened = held_too + 200_000
        # The host asks the factory; the focus it gets is who answers.
        self.establish(own, held_too + 100_000, opened, uri=FACTORY)
        self.subscribe(opened + 40_000)
        self.notify(opened + 60_000, self.host, "connected")
        joined = []
        for index, (old, who) in enumerate(((first, self.first), (second, self.second))):
            referred = opened + 100_000 + index * _JOIN_EVERY_US
            self.messages += refer(old, referred, 3, True, self.focus.uri, self.host.uri)
            leg = self.leg(who, self.focus)
            self.establish(leg, referred + 50_000, referred + 110_000, (f"Referred-By: <{self.host.uri}>",))
            self.notify(referred + 130_000, who, "connected")
            self.messages += referred_notice(old, referred + 150_000, 3, False, "200 OK")
            self.end(old, referred + 200_000, 4)
            joined.append((leg, referred + 110_000))
        (leg_a, a_us), (leg_b, b_us) = joined
        left = release - _LAST_US
        spans = [(own, opened, release), (leg_a, a_us, release), (leg_b, b_us, left)]
        for number, (leg, from_us, to_us) in enumerate(spans):
            assert leg.caller.party is not None
            ends = End(leg.caller.party, leg.media[0]), End(_NOBODY, leg.media[1])
            between = from_us + 40_000, to_us - 20_000
            others = tuple(one for one in range(len(spans)) if one != number)
            form = call.codec, call.sound
            self.media.append(conference_media(ends, between, number, others, form, self.correlation, chance, clips))
        self.end(leg_b, left, 2)
        self.notify(left + 20_000, self.second, "disconnected")
        self.notify(release - 30_000, self.host, "disconnecting", last=True)
        self.end(own, release, 2)
        self.end(leg_a, release + 60_000, 2, Phase.CLOSES)
        self.messages.sort(key=lambda event: event.time_us)
        return merge(self.messages, *self.media, key=lambda event: event.time_us)


def conference_events(plan: ConferencePlan, correlation: int, seed: str, clips: Clips) -> Iterator[InterceptEvent]:
    """Every event of the conference and of the calls it is made of, in time order."""
    return _Conference(plan, correlation, chance_of(seed), clips).run()
