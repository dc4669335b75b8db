"""One capture through the whole stack, for one target, under an order that is valid over the capture's own times.

The file is read once beforehand: which times it spans, and by which fictional number its target goes. The clock of the
run then reaches the capture's first packet when everything is up; a long capture is played faster, and the limits on
late delivery, which are virtual time, are stretched with it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from carrier_sim.events import InterceptEvent
from carrier_sim.replay import Replay
from lab.demo import Result, common_checks
from lab.exports import export_all, recorded_in, sources_of
from lab.play import Moment, Play, Watch
from lab.results import Check, order_rows, totals_of
from lab.stack import Plan, Stack, clear
from lab.verified import verify_run
from mediation.law.orders import CourtOrder, normalise_e164
from mediation.runtime.clock import ClockSpec
from mediation.runtime.config import ConfigError

ORDER: Final = "O-REPLAY"
LIID: Final = "LAB-REPLAY-1"
MARGIN_US: Final = 60_000_000
"""The order begins and ends so long before and after the capture."""
LEAD_S: Final = 6.0
"""Real seconds for the processes to come up and the order to reach carrier and agency."""
E164: Final = "e164Number"
WANTED_S: Final = 20.0
"""A capture that takes longer is played faster, up to `MAX_FACTOR`."""
MAX_FACTOR: Final = 200.0
LATE_S: Final = 8.0
STORE: Final = {"capacity_octets": 4 << 30, "segment_octets": 64 << 20}


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """`target` as the order names it; `first_us`, `last_us` the capture's own times."""

    capture: Path
    target: str
    services: tuple[str, ...]
    keep_identities: bool
    first_us: int
    last_us: int

    @property
    def seconds(self) -> float:
        return (self.last_us - self.first_us) / 1e6

    @property
    def factor(self) -> float:
        return min(max(1.0, self.seconds / WANTED_S), MAX_FACTOR)

    def order(self) -> dict[str, Any]:
        return {
            "order_id": ORDER,
            "liid": LIID,
            "kind": "EAVESDROPPING",
            "targets": [self.target],
            "services": list(self.services),
            "start": self.first_us - MARGIN_US,
            "end": self.last_us + MARGIN_US,
        }


def prepare(capture: Path, target: str, services: Sequence[str], keep_identities: bool) -> ReplayPlan:
    """Raises `ConfigError` for a target or service that cannot be, `LabError` for a file that is no capture."""
    chosen = tuple(one.upper() for one in services)
    if unknown := sorted(set(chosen) - {"VOICE", "SMS", "DATA"}):
        raise ConfigError(f"--service {unknown[0]}: give VOICE, SMS or DATA.")
    digits = normalise_e164(target)
    if digits is None:
        raise ConfigError(f"--target {target!r} is no telephone number: give it as +12125550101.")
    if not capture.is_file():
        raise ConfigError(f"There is no capture {capture}: give a pcap or pcapng file.")
    replay = Replay(capture, iter(range(1, 1 << 62)).__next__, keep_identities=keep_identities)
    replay.prepare()
    first_us = last_us = None
    seen: set[str] = set()
    for event in replay.events():
        first_us = event.time_us if first_us is None else first_us
        last_us = event.time_us
        seen |= _numbers(event)
    if first_us is None or last_us is None:
        raise ConfigError(f"{capture} holds no IP packet: nothing can be intercepted in it.")
    shown = replay.shown_number(digits)
    if shown not in seen:
        raise ConfigError(f"Nobody in {capture} has the number +{digits}: nothing would be intercepted.")
    return ReplayPlan(capture.resolve(), f"+{shown}", chosen, keep_identities, first_us, last_us)


def _numbers(event: InterceptEvent) -> set[str]:
    parties = [party for party in (event.sender, event.receiver) if party is not None]
    return {one.value for party in parties for one in party.identities if one.kind == E164}


def run(plan: ReplayPlan, data: Path, watch: Watch, shards: int = 1) -> Result:
    """Play the capture in a fresh `data`, over so many collectors, and judge it. Raises `LabError` when the stack
    does not get through it."""
    began = time.monotonic()
    clear(data)
    real_us = time.time_ns() // 1000
    clock = ClockSpec(real_us, plan.first_us - round(LEAD_S * plan.factor * 1e6), plan.factor)
    policy = {"late_us": round(LATE_S * plan.factor * 1e6), "cii_wait_us": round(LATE_S * plan.factor * 1e6)}
    capture = {"file": str(plan.capture), "keep_identities": plan.keep_identities}
    play = Play(
        Stack(data),
        Plan(
            clock=clock,
            carrier={"replay": capture, "start": "hold"},
            collector={"store": STORE},
            policy=policy,
            disposable=True,
            shards=shards,
        ),
        watch,
    )
    try:
        play.open()
        orders = play.send_orders([plan.order()])
        play.run(plan.first_us - round(plan.factor * 0.2e6))
    finally:
        play.close()
    watch(Moment("verifying offline"))
    return _judge(play, orders, began)


def _judge(play: Play, orders: list[CourtOrder], began: float) -> Result:
    sources = sources_of(play.stack.paths.data)
    report = verify_run(play.stack.paths.data)
    rows = order_rows(totals_of(*(one.store for one in sources)), orders)
    paths, reason = play.stack.paths, "what the replayed capture gave"
    record = recorded_in(paths.data, play.stack.clock.now_us())
    exports = export_all(sources, paths.exports, orders, actor="replay", reason=reason, record=record)
    got = sum(row["accepted"] + row["flagged"] for row in rows)
    played = play.last.carrier.get("replay", {})
    error = played.get("error")
    checks = [
        *common_checks(play.last, rows, orders, report),
        Check("the capture was played to its end", error is None, error or f"{played.get('packets', 0)} packets"),
        Check("the target was intercepted", got > 0, f"{got} records kept"),
    ]
    return Result(rows, exports, report, checks, time.monotonic() - began)
