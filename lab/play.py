"""Playing traffic through the whole stack once, from the first process to the last acknowledged record.

    prepare and launch -> sign orders, send them both ways -> wait until carrier and agency hold them -> let the traffic
    go -> watch until nothing is under way any more -> end the processes

It decides nothing about results: those are read offline afterwards (`lab/results.py`). A stage that does not come about
in time is an error that names the stage and what the processes said last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.control import ControlError
from lab.fleet.merged import merged
from lab.processes import wait_for
from lab.stack import Plan, Stack
from mediation.law.orders import CourtOrder
from mediation.runtime.config import NotReadyError

LEAD_S = 1.5
"""Real seconds between the first order and the traffic: documents are looked for every 200 ms, then comes X1."""
TASKED_TIMEOUT_S = 20.0
QUIET_S = 0.6
"""The counters must stand still for so long: longer than any batch waits for company."""
DRAIN_TIMEOUT_S = 60.0
"""Without any progress: a busy machine takes as long as it takes."""
DRAIN_MOST_S = 300.0
GONE_TIMEOUT_S = 15.0
"""How long a process may be silent before the run is given up: time to start it again by hand."""
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Moment:
    """What the three processes said at one moment; a process that did not answer has an empty status."""

    stage: str
    carrier: Mapping[str, Any] = field(default_factory=dict)
    mediation: Mapping[str, Any] = field(default_factory=dict)
    collector: Mapping[str, Any] = field(default_factory=dict)

    @property
    def queued(self) -> int:
        """PDUs that the carrier has not written yet."""
        return sum(int(one["queued"]) for one in self.carrier.get("destinations", {}).values())

    @property
    def sent(self) -> int:
        """Different records that the mediation function made and did not have to drop, over all its lives."""
        per_liid = self.mediation.get("per_liid", {}).values()
        return sum(int(one["numbered"]) - int(one["dropped"]) for one in per_liid)

    def judged(self, name: str) -> int:
        """The collector's durable records of one verdict (`accepted`, … or `delivered` for all)."""
        rows = [*self.collector.get("orders", ()), self.collector.get("unknown", {})]
        return sum(int(row.get(name, 0)) for row in rows)

    def counters(self) -> dict[str, int]:
        return {
            "events": int(self.carrier.get("events_done", 0)),
            "queued": self.queued,
            "sent": self.sent,
            "unacknowledged": int(self.mediation.get("unacknowledged_total", 0)),
            "delivered": self.judged("delivered"),
            "pending": int(self.collector.get("pending_records", 0)),
        }


Watch = Callable[[Moment], None]


class Play:
    def __init__(self, stack: Stack, plan: Plan, watch: Watch = lambda _: None) -> None:
        self.stack = stack
        self._plan = plan
        self._watch = watch
        self.last = Moment("preparing")
        self._each: list[Mapping[str, Any]] = []
        """What each collector said last."""

    def open(self) -> None:
        """Everything up, nothing playing."""
        self._look("preparing")
        self.stack.prepare(self._plan)
        self.stack.launch(progress=lambda name: self._watch(Moment(f"starting {name}")))

    def start_us(self) -> int:
        """When the traffic will start, virtual time: soon enough to wait for, late enough for the orders to arrive."""
        return self.stack.clock.now_us() + round(LEAD_S * self._plan.clock.factor * 1e6)

    def send_orders(self, documents: list[dict[str, Any]]) -> list[CourtOrder]:
        """Sign and send, then wait until the carrier has its tasks and the agency its orders."""
        orders = [self.stack.court.issue(fields) for fields in documents]
        wanted = len(orders)
        if not wait_for(lambda: self._hold_orders(wanted), TASKED_TIMEOUT_S, _LOOK_EVERY_S):
            raise NotReadyError(
                f"{wanted} orders were sent; after {TASKED_TIMEOUT_S:.0f} s the carrier has "
                f"{self.last.carrier.get('active_tasks', 0)} tasks, the agency "
                f"{len(self.last.collector.get('orders', ()))} orders; "
                f"see {self.stack.paths.data / 'logs'}."
            )
        return orders

    def _hold_orders(self, wanted: int) -> bool:
        self._look("orders on their way")
        return int(self.last.carrier.get("active_tasks", 0)) >= wanted and all(
            len(one.get("orders", ())) >= wanted for one in self._each
        )

    def run(self, start_us: int) -> None:
        """Let the traffic go at `start_us` and watch until everything sent is delivered, judged and durable."""
        time.sleep(self.stack.clock.real_delay_s(start_us))
        self.stack.post("carrier_sim", "/start")
        heard_s = time.monotonic()
        while not (answered := self._look("playing")) or self.last.carrier.get("state") != "done":
            if answered:
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s > GONE_TIMEOUT_S:
                # Who was ended and started again by hand answers on the same port, under another number.
                silent = sorted(set(self.stack.running) - set(self.stack.alive)) or sorted(self.stack.running)
                raise NotReadyError(
                    f"{' or '.join(silent)} has not answered for {GONE_TIMEOUT_S:.0f} s in the middle of the traffic; "
                    f"see {self.stack.paths.data / 'logs'}."
                )
            time.sleep(_LOOK_EVERY_S)
        self.drain()

    def drain(self) -> None:
        """Wait until nothing is under way."""
        began_s = still_since = time.monotonic()
        before = self.last.counters()
        while time.monotonic() - still_since < QUIET_S or not self.idle():
            now_s = time.monotonic()
            if now_s - still_since > DRAIN_TIMEOUT_S or now_s - began_s > DRAIN_MOST_S:
                raise NotReadyError(
                    f"Not everything was delivered {now_s - began_s:.0f} s after the traffic "
                    f"({self.last.counters()}); see {self.stack.paths.data / 'logs'}."
                )
            time.sleep(_LOOK_EVERY_S)
            self._look("delivering the rest")
            now = self.last.counters()
            if now != before:
                still_since, before = time.monotonic(), now

    def close(self) -> None:
        self._watch(Moment("ending the processes", self.last.carrier, self.last.mediation, self.last.collector))
        self.stack.stop()

    def idle(self) -> bool:
        """Nothing is under way: no queue at the carrier, nothing unacknowledged, nothing judged and not yet durable."""
        now = self.last
        if not (now.carrier and now.mediation and now.collector):
            return False
        return not (now.queued or now.mediation["unacknowledged_total"] or now.collector["pending_records"])

    def _look(self, stage: str) -> bool:
        """Ask all; True when all three answered."""
        said = {}
        for name in self.stack.running:
            try:
                said[name] = self.stack.status(name)
            except ControlError:
                said[name] = {}
        self._each = [said.get(name, {}) for name in self._plan.collectors]
        carrier, mediation = (said.get(name, {}) for name in ("carrier_sim", "mediation"))
        self.last = Moment(stage, carrier, mediation, merged(self._each))
        self._watch(self.last)
        return all(said.values()) and bool(said)
