"""How the machine is: a fold over what its processes say of themselves, and what a page shows of it. Pure.

Whoever polls `/status` gives each answer, or None for none; series are rings of bounded length. An alarm is told from
the newest answers alone, under a name that stays the same while it lasts, so that it can be acknowledged; what the
audit logs say is in `audit`. Numbers that nobody said are None, never zero. Of a fleet each collector stands by itself,
and a series is of all of them together: None where one of them has not said its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

POINTS: Final = 720
"""An hour at one every five seconds."""
LATE_US: Final = 15_000_000
"""A process that has not answered for so long is alarmed."""
SOON_S: Final = 3_600.0
"""A store whose oldest segment goes within so many seconds is alarmed."""
LAG_RECORDS: Final = 100_000
COLLECTOR, RECONCILER, WITNESS = "collector", "reconciler", "witness"
MAX_ROWS: Final = 1_000
NO_ORDER: Final = "(no order)"
_SERIES: Final = ("records_per_s", "refused_per_s", "octets_per_s", "late_share", "index_lag", "store_share")
_WORST: Final = ("late_share", "store_share")
"""Shares: of several collectors the largest; of everything else the sum."""
_VERDICTS: Final = ("delivered", "accepted", "flagged", "masked", "quarantined", "rejected", "duplicate")


class ProcessRow(NamedTuple):
    """`answers`: whether the newest question was answered; `seen_us`: when one was last."""

    name: str
    answers: bool
    seen_us: int | None


class LinkRow(NamedTuple):
    """One link of the collector. `tris`: keep-alives and the other records of the transport itself. `late` and
    `measured` are of its signalling (R-097), `failed` whole samples."""

    name: str
    connections: int
    records: int
    octets: int
    records_per_s: float | None
    tris: int
    errors: tuple[tuple[str, int], ...]
    paused: bool
    measured: int
    late: int
    samples: int
    failed: int
    ahead: int
    integrity: tuple[tuple[str, int], ...]


class RefusalRow(NamedTuple):
    """Of one order since the start, by verdict; `unknown` LIIDs stand under "(no order)"."""

    order_id: str
    delivered: int
    accepted: int
    flagged: int
    masked: int
    quarantined: int
    rejected: int
    duplicate: int
    state: str


class StoreGauge(NamedTuple):
    """`eviction_s`: how long until the oldest segment goes, None while nothing comes."""

    used_octets: int
    capacity_octets: int
    records: int
    evicted: int
    octets_per_s: float
    eviction_s: float | None
    index_lag: int
    audit_entries: int
    blocked: bool

    @property
    def share(self) -> float:
        return self.used_octets / self.capacity_octets if self.capacity_octets else 0.0


class ShardRow(NamedTuple):
    """One collector of a fleet. `store` and what follows None until it has answered: `streams` that it has claimed,
    `lost` those that another took from it, `waiting` batches that are durable and not marked yet. `trouble`: what keeps
    it from its database, empty while nothing does."""

    name: str
    answers: bool
    store: StoreGauge | None
    incarnation: int | None
    streams: int | None
    lost: int | None
    waiting: int | None
    trouble: str


class HealthAlarm(NamedTuple):
    """`alarm_id` is the same while it lasts."""

    alarm_id: str
    severity: str
    says: str
    since_us: int


class Finding(NamedTuple):
    """What reconciliation found; `closed_us` None while it is open."""

    code: str
    subject: str
    sentence: str
    rules: tuple[str, ...]
    opened_us: int | None
    closed_us: int | None


class Series(NamedTuple):
    """As a plot takes it: seconds since 1970, and a value each (None: not known)."""

    times_s: tuple[float, ...]
    values: tuple[float | None, ...]


class HealthView(NamedTuple):
    """`store` of a collector that is of no fleet, `shards` of one that is."""

    processes: tuple[ProcessRow, ...]
    links: tuple[LinkRow, ...]
    refusals: tuple[RefusalRow, ...]
    store: StoreGauge | None
    shards: tuple[ShardRow, ...]
    alarms: tuple[HealthAlarm, ...]
    findings: tuple[Finding, ...]
    unseen: tuple[tuple[str, str], ...]
    latency: tuple[tuple[str, int], ...]
    series: Mapping[str, Series]


@dataclass(slots=True)
class _Process:
    status: Mapping[str, Any] | None = None
    answers: bool = False
    seen_us: int | None = None
    asked_us: int = 0
    before: tuple[int, Mapping[str, Any]] | None = None


@dataclass
class Health:
    """`points`: of each series; `collectors`: which processes are."""

    points: int = POINTS
    collectors: tuple[str, ...] = (COLLECTOR,)
    _processes: dict[str, _Process] = field(default_factory=dict)
    _series: dict[str, deque[tuple[int, float | None]]] = field(default_factory=dict)
    _since: dict[str, int] = field(default_factory=dict)
    _rates: dict[str, dict[str, float | None]] = field(default_factory=dict)
    """The newest point of each collector."""

    def fold(self, now_us: int, process: str, status: Mapping[str, Any] | None) -> None:
        """One answer of a process to `GET /status`; None: it gave none."""
        held = self._processes.setdefault(process, _Process())
        held.asked_us, held.answers = now_us, status is not None
        if status is not None:
            if held.status is not None and held.seen_us is not None and now_us > held.seen_us:
                held.before = held.seen_us, held.status
            held.status, held.seen_us = status, now_us
        if process in self.collectors:
            self._rates[process] = _rates(now_us, held if status is not None else None)
            if process == self.collectors[-1]:
                self._measure(now_us)
        found = {alarm_id for alarm_id, _, _ in self._wrong(now_us)}
        self._since = {one: self._since.get(one, now_us) for one in found}

    def view(self, now_us: int) -> HealthView:
        collectors = [now for name in self.collectors if (now := self._status(name))]
        alone = len(self.collectors) == 1
        alarms = tuple(
            HealthAlarm(alarm_id, severity, says, self._since.get(alarm_id, now_us))
            for alarm_id, severity, says in self._wrong(now_us)
        )
        reconciler = self._status(RECONCILER)
        unseen = tuple(sorted((str(source), str(why)) for source, why in dict(reconciler.get("unseen", {})).items()))
        return HealthView(
            tuple(ProcessRow(name, one.answers, one.seen_us) for name, one in sorted(self._processes.items())),
            tuple(row for name in self.collectors for row in self._links(name, "" if alone else f"{name}: ")),
            tuple(_refusals(collectors)),
            _gauge(self._status(self.collectors[0])) if alone else None,
            () if alone else tuple(self._shards()),
            alarms,
            tuple(_findings(reconciler)),
            unseen,
            _latency(collectors),
            {name: _series(ring) for name, ring in self._series.items()},
        )

    def _status(self, name: str) -> Mapping[str, Any]:
        held = self._processes.get(name)
        return {} if held is None or held.status is None else held.status

    # Series

    def _measure(self, now_us: int) -> None:
        each = [self._rates.get(one) or dict.fromkeys(_SERIES) for one in self.collectors]
        for name in _SERIES:
            values = [one[name] for one in each]
            known = [one for one in values if one is not None]
            together = max(known, default=None) if name in _WORST else sum(known)
            value = together if len(known) == len(values) else None
            self._series.setdefault(name, deque(maxlen=self.points)).append((now_us, value))

    # Rows

    def _shards(self) -> Iterator[ShardRow]:
        for name in self.collectors:
            held, now = self._processes.get(name), self._status(name)
            fleet = dict(now.get("fleet") or {})
            said = " ".join(str(one) for one in (fleet.get("error"), fleet.get("errands_error")) if one)
            yield ShardRow(
                name, held is not None and held.answers, _gauge(now), fleet.get("incarnation"), fleet.get("claimed"),
                fleet.get("lost"), fleet.get("waiting"), said,
            )  # fmt: skip

    def _links(self, name: str, before_name: str) -> Iterator[LinkRow]:
        held = self._processes.get(name)
        now = self._status(name)
        before = (
            {} if held is None or held.before is None else {one["name"]: one for one in held.before[1].get("links", ())}
        )
        for link in list(now.get("links", ()))[:MAX_ROWS]:
            quality, handover = dict(link.get("quality", {})), dict(link.get("handover", {}))
            integrity = dict((handover.get("integrity") or {}).get("findings", {}))
            rate = None
            if held is not None and held.before is not None and held.seen_us is not None and link["name"] in before:
                spent_s = (held.seen_us - held.before[0]) / 1e6
                rate = max(link["records"] - before[link["name"]]["records"], 0) / spent_s
            yield LinkRow(
                f"{before_name}{link['name']}",
                int(link["connections"]),
                int(link["records"]),
                int(link["octets"]),
                rate,
                int(link["tri"]),
                tuple(sorted({**link.get("errors", {}), **link.get("closed", {})}.items())),
                bool(link.get("paused")),
                int(quality.get("measured") or 0),
                int(quality.get("late") or 0),
                int(quality.get("samples") or 0),
                int(quality.get("failed") or 0),
                int(quality.get("ahead") or 0),
                tuple(sorted(integrity.items())),
            )

    # Alarms

    def _wrong(self, now_us: int) -> Iterator[tuple[str, str, str]]:
        for name, held in sorted(self._processes.items()):
            silent = held.seen_us is None or held.asked_us - held.seen_us >= LATE_US
            if not held.answers and silent:
                yield f"health/{name}/silent", "ALARM", f"{name} does not answer."
        alone = len(self.collectors) == 1
        for name in self.collectors:
            for alarm_id, severity, says in _wrong_collector(self._status(name)):
                if alone:
                    yield alarm_id, severity, says
                else:
                    yield f"{name}/{alarm_id}"[:120], severity, f"{name}: {says}"
        for name in sorted(self._processes):
            for one in self._status(name).get("alarms", ()) if name.partition("-")[0] == WITNESS else ():
                yield f"health/{name}/{one}"[:120], "VIOLATION", f"The {name} says: {one}"
        for finding in _findings(self._status(RECONCILER)):
            if finding.closed_us is None:
                yield f"finding/{finding.code}/{finding.subject}"[:120], "ALARM", finding.sentence


def _wrong_collector(now: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if not now:
        return
    if said := dict(now.get("fleet") or {}).get("error"):
        yield "health/collector/fleet", "VIOLATION", f"It cannot mark what it stores, and acknowledges nothing: {said}"
    name, store = "health/collector", now["store"]
    if not now["balanced"]:
        yield f"{name}/unbalanced", "VIOLATION", "The counts do not balance: delivered is not the sum of its verdicts."
    if now["index_error"]:
        yield f"{name}/index", "ALARM", f"Lists are not kept up: {now['index_error']}."
    elif now["index_lag_records"] > LAG_RECORDS:
        yield f"{name}/lag", "ALARM", f"Lists are {now['index_lag_records']} records behind the store."
    if store.get("blocked"):
        says = "The store is full and may evict nothing: nothing is acknowledged (R-143)."
        yield f"{name}/blocked", "VIOLATION", says
    eviction_s = store.get("eviction_s")
    if eviction_s is not None and eviction_s < SOON_S:
        says = f"The oldest records go in {eviction_s / 60:.0f} minutes at this rate (R-141)."
        yield f"{name}/eviction", "ALARM", says
    for link in now["links"]:
        of = f"health/link/{link['name']}"
        if link["paused"]:
            yield f"{of}/paused", "ALARM", f"Link {link['name']} is paused: records without their target (R-022)."
        failed = link["quality"]["failed"]
        if failed:
            yield f"{of}/late", "ALARM", f"Link {link['name']} delivered {failed} samples of signalling late (R-097)."


def _rates(now_us: int, held: _Process | None) -> dict[str, float | None]:
    """One point of each series."""
    if held is None or held.status is None:
        return dict.fromkeys(_SERIES)
    now = held.status
    store = now["store"]
    found: dict[str, float | None] = {
        "octets_per_s": float(store["octets_per_s"]),
        "index_lag": float(now["index_lag_records"]),
        "store_share": store["used_octets"] / store["capacity_octets"] if store["capacity_octets"] else 0.0,
        "records_per_s": None,
        "refused_per_s": None,
        "late_share": None,
    }
    if held.before is not None:
        spent_s = (now_us - held.before[0]) / 1e6
        old, new = _counts(held.before[1]), _counts(now)
        found["records_per_s"] = max(new["delivered"] - old["delivered"], 0) / spent_s
        found["refused_per_s"] = max(new["refused"] - old["refused"], 0) / spent_s
        measured = new["measured"] - old["measured"]
        found["late_share"] = max(new["late"] - old["late"], 0) / measured if measured > 0 else None
    return found


def _counts(status: Mapping[str, Any]) -> dict[str, int]:
    each = [*status["orders"], status["unknown"]]
    return {
        "delivered": sum(one["delivered"] for one in each),
        "refused": sum(one["rejected"] + one["quarantined"] for one in each),
        "measured": sum(link["quality"]["measured"] for link in status["links"]),
        "late": sum(link["quality"]["late"] for link in status["links"]),
    }


def _refusals(collectors: list[Mapping[str, Any]]) -> Iterator[RefusalRow]:
    """Sums over all collectors, of each order."""
    sums: dict[str, list[int]] = {}
    states: dict[str, str] = {}
    for now in collectors:
        each = [(str(one["order"]), str(one["state"] or ""), one) for one in now.get("orders", ())][:MAX_ROWS]
        for name, state, one in (*each, (NO_ORDER, "", now["unknown"])):
            counts = [int(one[verdict]) for verdict in _VERDICTS]
            sums[name] = [first + second for first, second in zip(sums.get(name, [0] * 7), counts, strict=True)]
            states[name] = states.get(name) or state
    if NO_ORDER in sums:
        sums[NO_ORDER] = sums.pop(NO_ORDER)
    for name, counts in sums.items():
        yield RefusalRow(order_id=name, state=states[name], **dict(zip(_VERDICTS, counts, strict=True)))


def _gauge(now: Mapping[str, Any]) -> StoreGauge | None:
    if not now:
        return None
    store = now["store"]
    return StoreGauge(
        int(store["used_octets"]), int(store["capacity_octets"]), int(now["ledger"]["records"]), int(store["evicted"]),
        float(store["octets_per_s"]), store["eviction_s"], int(now["index_lag_records"]), int(now["audit"]["entries"]),
        bool(store.get("blocked")),
    )  # fmt: skip


def _latency(collectors: list[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    """Signalling of all links by how late it came: the upper edge in seconds, `more` above the last."""
    total: dict[str, int] = {}
    for link in (link for now in collectors for link in now.get("links", ())):
        for edge, count in link["quality"]["histogram"].items():
            total[edge] = total.get(edge, 0) + count
    return tuple(sorted(total.items(), key=lambda one: float("inf") if one[0] == "more" else float(one[0])))


def _findings(now: Mapping[str, Any]) -> Iterator[Finding]:
    for name in ("findings", "closed"):
        for one in list(now.get(name, ()))[:MAX_ROWS]:
            yield Finding(
                str(one["code"]), str(one["subject"]), str(one["sentence"]), tuple(map(str, one["rules"])),
                one.get("opened_us"), one.get("closed_us"),
            )  # fmt: skip


def _series(ring: deque[tuple[int, float | None]]) -> Series:
    return Series(tuple(at / 1e6 for at, _ in ring), tuple(value for _, value in ring))
