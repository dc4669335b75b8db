"""The schedule: traffic items in, one stream of events in time order out.

Communications are generators, so that a day of traffic costs the memory of what is going on at one moment. The same
seed, items and start give the same octets: every communication draws from a generator of its own, seeded with its
place in the list, so that adding one does not change the others. Ties are settled by the order of scheduling.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush, heapreplace

from carrier_sim.conference import ConferencePlan, conference_events
from carrier_sim.config import (
    BackgroundItem,
    CallItem,
    DataItem,
    FeatureItem,
    MmsItem,
    RegisterItem,
    SmsItem,
    TrafficItem,
    WebItem,
)
from carrier_sim.events import InterceptEvent
from carrier_sim.features import FeaturePlan, feature_events
from carrier_sim.mms import MmsPlan, mms_events
from carrier_sim.packet_core import RegistrationPlan, ims_events, registration_events
from carrier_sim.redirection import ForwardPlan, TransferPlan, forward_events, transfer_events
from carrier_sim.registration import RegisterPlan, register_events
from carrier_sim.sessions import DataPlan, data_events
from carrier_sim.sms import SmsPlan, sms_events
from carrier_sim.speech import Clips
from carrier_sim.subscribers import HOSTS, Directory, Subscriber
from carrier_sim.voice import RINGING_US, CallPlan, call_events
from carrier_sim.web import WebPlan, web_events

_VISIT_EVERY_US = 500_000
_AFTER_RINGING_US = 60_000
"""A feature code of a call is dialled when it rings, before any answer."""
_TEXTS = (
    "Simulated message: the depot is closed.",
    "Simulation. See you at the bridge that does not exist.",
    "This text is part of a simulation and means nothing.",
)


class Schedule:
    """Streams of events merged by time; streams may be added while it runs."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, InterceptEvent, Iterator[InterceptEvent]]] = []
        self._added = 0
        self.done = 0

    def add(self, events: Iterable[InterceptEvent]) -> None:
        """Add a stream that is in time order itself."""
        iterator = iter(events)
        first = next(iterator, None)
        self._added += 1
        if first is not None:
            heappush(self._heap, (first.time_us, self._added, first, iterator))

    @property
    def empty(self) -> bool:
        return not self._heap

    @property
    def known(self) -> int:
        """Events done and the next one of every stream: streams are not unrolled to be counted."""
        return self.done + len(self._heap)

    @property
    def next_us(self) -> int | None:
        """The time of the next event, microseconds UTC; None when there is none."""
        return self._heap[0][0] if self._heap else None

    def due(self, now_us: int, limit: int) -> list[InterceptEvent]:
        """At most `limit` events with a time up to and including `now_us`, in order, taken off the schedule."""
        heap = self._heap
        out: list[InterceptEvent] = []
        while heap and heap[0][0] <= now_us and len(out) < limit:
            _, number, event, iterator = heap[0]
            out.append(event)
            following = next(iterator, None)
            if following is None:
                heappop(heap)
            else:
                heapreplace(heap, (following.time_us, number, following, iterator))
        self.done += len(out)
        return out


class Network:
    """Turns traffic items into streams on a schedule.

    A correlation is `epoch_us` in seconds (upper 32 bits) and a counter (lower 32 bits), so that a restarted
    simulator does not speak of old communications.
    """

    def __init__(self, seed: int, epoch_us: int, directory: Directory, clips: Clips, schedule: Schedule) -> None:
        self._seed = seed
        self._epoch_s = epoch_us // 1_000_000 & 0xFFFFFFFF
        self._directory = directory
        self._clips = clips
        self._schedule = schedule
        self._communications = 0
        self._backgrounds = 0

    @property
    def communications(self) -> int:
        """How many communications were scheduled so far."""
        return self._communications

    def next_correlation(self) -> int:
        self._communications += 1
        return self._epoch_s << 32 | self._communications

    def add(self, item: TrafficItem, from_us: int) -> None:
        """Schedule an item; its `at_s` counts from `from_us`. Raises `LabError`."""
        if item.at_us is not None:
            from_us = item.at_us
        if isinstance(item, BackgroundItem):
            for one in self._background(item):
                self.add(one, from_us)
            return
        start_us = from_us + round(item.at_s * 1e6)
        if isinstance(item, WebItem):
            for index, number in enumerate(item.visitors):
                visitor = self._directory.get(number)
                plan = WebPlan(start_us + index * _VISIT_EVERY_US, visitor, item.host, item.path)
                self._schedule.add(web_events(plan, self.next_correlation(), self._chance()))
            return
        self._schedule.add(self._events(item, start_us))
        if isinstance(item, CallItem) and item.feature:
            dialled_us = start_us + RINGING_US + _AFTER_RINGING_US
            feature = FeaturePlan(dialled_us, self._directory.get(item.caller), item.feature)
            self._schedule.add(feature_events(feature, self.next_correlation(), self._chance()))

    def _events(
        self, item: CallItem | RegisterItem | FeatureItem | SmsItem | MmsItem | DataItem, start_us: int
    ) -> Iterator[InterceptEvent]:
        get = self._directory.get
        correlation, seed = self.next_correlation(), self._chance()
        if isinstance(item, CallItem):
            return self._call(item, start_us, correlation, seed)
        if isinstance(item, RegisterItem) and item.via == "amf":
            registration = RegistrationPlan(start_us, get(item.subscriber), item.expires_s == 0, item.located)
            return registration_events(registration, correlation)
        if isinstance(item, RegisterItem):
            return register_events(RegisterPlan(start_us, get(item.subscriber), item.expires_s), correlation, seed)
        if isinstance(item, FeatureItem):
            code = item.code + (item.number or "")
            return feature_events(FeaturePlan(start_us, get(item.subscriber), code), correlation, seed)
        if isinstance(item, SmsItem):
            ends = get(item.sender), get(item.to)
            message = sms_events(SmsPlan(start_us, *ends, item.text, item.via, item.status_report), correlation, seed)
            return ims_events(message) if item.via == "ims" and item.report == "xiri" else message
        if isinstance(item, MmsItem):
            mms = MmsPlan(
                start_us,
                get(item.sender),
                get(item.to),
                item.text,
                item.subject,
                item.picture,
                item.size_octets,
                item.form,
            )
            return mms_events(mms, correlation, seed)
        data = DataPlan(
            start_us, get(item.subscriber), item.seconds, item.packets, item.ipv6, item.report, item.located,
            item.access_outcome,
        )  # fmt: skip
        return data_events(data, correlation, seed)

    def _call(self, item: CallItem, start_us: int, correlation: int, seed: str) -> Iterator[InterceptEvent]:
        get = self._directory.get
        call = CallPlan(
            start_us,
            get(item.caller),
            get(item.callee),
            item.seconds,
            item.outcome,
            item.codec,
            item.dtmf,
            item.caller_text,
            item.callee_text,
            item.ipv6,
            item.ring_s,
            item.sound,
            item.info_digits,
            None if item.hold_at_s is None else (item.hold_at_s, item.hold_s),
            None if item.update_at_s is None else (item.update_at_s, item.update),
            item.early_media,
            item.call_waiting,
            item.uui,
        )
        if item.forward_to is not None:
            forwarded = ForwardPlan(call, get(item.forward_to), item.forward)
            return forward_events(forwarded, correlation, seed, self._clips)
        if item.transfer_to is not None:
            transferred = TransferPlan(call, get(item.transfer_to), item.transfer_at_s, item.transfer_by)
            return transfer_events(transferred, correlation, seed, self._clips)
        if item.conference_with is not None:
            conference = ConferencePlan(call, get(item.conference_with), item.conference_at_s)
            return conference_events(conference, correlation, seed, self._clips)
        return call_events(call, correlation, seed, self._clips)

    def _chance(self) -> str:
        return f"{self._seed}/communication/{self._communications}"

    def _background(self, item: BackgroundItem) -> list[TrafficItem]:
        self._backgrounds += 1
        chance = random.Random(f"{self._seed}/background/{self._backgrounds}")  # noqa: S311  a reproducible run
        people = [one for one in self._directory.everyone if one.number not in item.exclude]
        out: list[TrafficItem] = []
        if len(people) < 2:
            return out

        def at() -> float:
            return round(item.at_s + chance.random() * item.seconds, 3)

        def pair() -> tuple[Subscriber, Subscriber]:
            first, second = chance.sample(people, 2)
            return first, second

        for _ in range(item.calls):
            caller, callee = pair()
            outcome = chance.choices(("answered", "no_answer", "busy", "not_found"), (80, 10, 7, 3))[0]
            codec = chance.choice(("PCMA", "PCMU"))
            seconds = round(2 + chance.random() * 10, 2)
            out.append(
                CallItem.model_validate(
                    {
                        "at_s": at(),
                        "caller": caller.number,
                        "callee": callee.number,
                        "seconds": seconds,
                        "outcome": outcome,
                        "codec": codec,
                    }
                )
            )
        for _ in range(item.sms):
            sender, receiver = pair()
            via: dict[str, object] = {"via": "ims" if chance.random() < 0.3 else "smsf"}
            out.append(
                SmsItem.model_validate(
                    {"at_s": at(), "from": sender.number, "to": receiver.number, "text": chance.choice(_TEXTS), **via}
                )
            )
        for _ in range(item.sessions):
            one = chance.choice(people)
            if chance.random() < 0.3:
                out.append(WebItem(at_s=at(), visitors=(one.number,), host=chance.choice(HOSTS)[0]))
            else:
                out.append(
                    DataItem(
                        at_s=at(),
                        subscriber=one.number,
                        seconds=round(3 + chance.random() * 12, 2),
                        packets=chance.randrange(15, 60),
                        ipv6=chance.random() < 0.3,
                    )
                )
        return out
