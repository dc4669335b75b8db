"""The demonstration: four orders, synthetic traffic and a capture, everything verified offline at the end.

What has to hold is a list of named checks; the command ends with 0 only when each of them held.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asn1.columns import KIND_CC
from collector.export.orders import Exports
from collector.export.sources import Source, reading
from collector.rows import FORM_NOTICE, FORM_SYNTHETIC
from lab import canary, scene
from lab.desk import make_desk
from lab.exports import export_all, recorded_in, sources_of
from lab.play import Moment, Play, Watch
from lab.results import Check, balanced, order_rows, totals_of
from lab.stack import Plan, Stack, clear
from lab.verified import Verified, verify_run
from mediation.law.orders import CourtOrder
from mediation.runtime.clock import ClockSpec

FACTOR = 3.0
"""Virtual seconds a real second: the scene's minute takes a third of one."""
STORE = {"capacity_octets": 256 << 20, "segment_octets": 16 << 20}


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run left. `rows` as `order_rows`; `exports` as `export_all`."""

    rows: list[dict[str, Any]]
    exports: Exports
    report: Verified
    checks: list[Check]
    seconds: float

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The object of `demo --json` and `replay --json`."""
        return {
            "simulation": True,
            "orders": self.rows,
            "communications": self.exports.communications,
            "ledger": self.report.as_json(),
            "balanced": balanced(self.rows),
            "checks": [{"name": one.name, "ok": one.ok, "found": one.found} for one in self.checks],
            "exports": [str(path) for path in self.exports.files],
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
        }


def plan(factor: float = FACTOR, shards: int = 1) -> Plan:
    now_us = time.time_ns() // 1000
    return Plan(
        clock=ClockSpec(now_us, now_us, factor),
        carrier={"traffic": scene.traffic(), "replay": scene.replay(), "start": "hold"},
        mediation={"faults": scene.faults()},
        collector={"store": STORE},
        tls=True,
        disposable=True,
        dialects=("t1678",),
        shards=shards,
    )


def run(data: Path, watch: Watch, shards: int = 1) -> Result:
    """Play the scene in a fresh `data`, over so many collectors, and judge it. Raises `LabError` when the stack
    does not get through it."""
    began = time.monotonic()
    clear(data)
    play = Play(Stack(data), plan(shards=shards), watch)
    try:
        play.open()
        make_desk(data, play.stack.clock.now_us())
        start_us = play.start_us()
        orders = play.send_orders(scene.orders(start_us))
        play.run(start_us)
    finally:
        play.close()
    watch(Moment("verifying offline"))
    return judge(play, orders, start_us, began)


def judge(play: Play, orders: list[CourtOrder], start_us: int, began: float) -> Result:
    paths = play.stack.paths
    sources = sources_of(paths.data)
    report = verify_run(paths.data)
    rows = order_rows(totals_of(*(one.store for one in sources)), orders)
    record = recorded_in(paths.data, play.stack.clock.now_us())
    exports = export_all(sources, paths.exports, orders, actor="demo", reason="the scene's own check", record=record)
    checks = [
        *common_checks(play.last, rows, orders, report),
        *_scene_checks(rows, sources, start_us, exports),
        _nothing_withheld_is_there(paths.data, paths.config("carrier_sim")),
    ]
    return Result(rows, exports, report, checks, time.monotonic() - began)


def common_checks(
    last: Moment, rows: list[dict[str, Any]], orders: list[CourtOrder], report: Verified
) -> Iterator[Check]:
    """What has to hold for every run."""
    sums = ", ".join(f"{row['order'] or 'no order'} {row['delivered']}" for row in rows)
    yield Check("delivered = accepted + flagged + masked + quarantined + rejected + duplicate", balanced(rows), sums)
    by_liid = {row["liid"]: row["delivered"] - row["duplicate"] for row in rows}
    sent = {
        order.liid: int(one["numbered"]) - int(one["dropped"])
        for order in orders
        if (one := last.mediation.get("per_liid", {}).get(order.liid))
    }
    received = {liid: by_liid.get(liid, 0) for liid in sent}
    yield Check(
        "every record the mediation function made arrived once",
        bool(sent) and sent == received,
        f"{sum(sent.values())} sent, {sum(received.values())} judged",
    )
    waiting = int(last.mediation.get("unacknowledged_total", -1))
    yield Check("everything sent was acknowledged", waiting == 0, f"{waiting} waiting")
    unasked = sum(row["delivered"] for row in rows if row["order"] is None)
    yield Check("nothing came for a LIID without an order", unasked == 0, f"{unasked} records")
    yield Check("the store verifies offline", report.ok, report.words)


def _scene_checks(
    rows: list[dict[str, Any]], sources: list[Source], start_us: int, exports: Exports
) -> Iterator[Check]:
    by_name = {row["order"]: row for row in rows}
    stored = [one for one in reading(sources).records() if one.form != FORM_NOTICE]
    content = sum(one.liid == b"LAB-PRTT-1" and one.kind == KIND_CC for one in stored)
    prtt, warrant, expiring = (by_name[name] for name in (scene.PRTT, scene.WARRANT, scene.EXPIRING))
    yield Check(
        "the pen register has signalling and no content",
        prtt["delivered"] > 0 and content == 0,
        f"{prtt['masked']} masked, {prtt['accepted'] + prtt['flagged']} accepted, {content} content records stored",
    )
    got = warrant["accepted"] + warrant["flagged"]
    sent = warrant["delivered"] - warrant["duplicate"]
    yield Check("the warrant is delivered in full", got == sent > 0, f"{got} of {sent}")
    us = by_name[scene.US]
    got = us["accepted"] + us["flagged"]
    sent = us["delivered"] - us["duplicate"]
    yield Check("the order over T1.678 is delivered in full", got == sent > 0, f"{got} of {sent}")
    refused = expiring["reasons"].get("ORDER_EXPIRED", 0)
    yield Check(
        "what came after the order's end was refused",
        refused > 0 and expiring["accepted"] + expiring["flagged"] > 0,
        f"{expiring['accepted'] + expiring['flagged']} kept, {refused} refused",
    )
    end_us = start_us + round(scene.EXPIRES_S * 1e6)
    # The close that the collector itself makes at the end is no part of what was delivered.
    delivered = [one for one in stored if one.form != FORM_SYNTHETIC]
    late = sum(one.liid == b"LAB-EAV-2" and one.event_us >= end_us for one in delivered)
    yield Check("nothing after the order's end is stored", late == 0, f"{late} records")
    yield Check("a call can be heard", exports.audio_s > 1, f"{exports.audio_s:.1f} s of sound")
    yield Check("a conversation can be read", exports.messages >= 4, f"{exports.messages} messages")


def _nothing_withheld_is_there(data: Path, carrier_config: Path) -> Check:
    """The words of the pen register's target stand in the simulator's own script and nowhere else."""
    found = list(canary.find(data, canary.forms(scene.CANARY), [carrier_config]))
    names = ", ".join(str(path.relative_to(data)) for path in found)
    return Check("no word of the pen register's target lies in any file", not found, names or "every file searched")
