"""One run: a collector, a generator, and what both have to say of it afterwards.

    start the collector -> open every communication -> take both sides' counts -> go -> wait until all is acknowledged
    and the index has caught up -> counts again -> stop the collector -> count what its files hold -> the ledger

What it costs to start, to read orders and to open communications is outside the counts; what the collector does behind
the last acknowledgement (the index, the audit log) is inside. Against a foreign collector only the generator speaks.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from lab.bench.collector import MeasuredCollector
from lab.bench.generating import Generating
from lab.bench.ledger import Counted, Ledger
from lab.bench.plan import Loaded, Plan
from lab.bench.profiles import Profile
from lab.bench.schedule import Latencies
from lab.bench.usage import Usage, named_threads
from mediation.runtime.config import NotReadyError

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment of a run: seconds since its beginning, records so far, the collector's CPU seconds and memory."""

    at_s: float
    sent: int
    acknowledged: int
    cpu_s: float | None = None
    resident_octets: int | None = None

    def as_list(self) -> list[float | int | None]:
        return [self.at_s, self.sent, self.acknowledged, self.cpu_s, self.resident_octets]


class Watch(Protocol):
    """Whoever looks on."""

    def stage(self, words: str) -> None: ...

    def sample(self, profile: Profile, sample: Sample) -> None: ...


class Blind:
    def stage(self, words: str) -> None:
        pass

    def sample(self, profile: Profile, sample: Sample) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Measured:
    """Of a run against our own collector everything is there; against a foreign one `ledger` and `used` are None."""

    profile: Profile
    loaded: Loaded
    samples: tuple[Sample, ...]
    ledger: Ledger | None = None
    used: Usage | None = None
    threads: Mapping[str, float] = field(default_factory=dict)
    commits: int = 0
    pauses: int = 0
    stages: Mapping[str, Any] = field(default_factory=dict)
    verified: bool | None = None

    @property
    def faults(self) -> list[str]:
        """Why the run counts for nothing; empty when it counts."""
        found = [] if self.ledger is None else self.ledger.faults()
        if self.loaded.lost_links:
            found.append(f"{self.loaded.lost_links} connections were closed by the other side")
        if self.ledger is None and self.loaded.acknowledged not in (None, self.loaded.sent):
            found.append(f"sent: {self.loaded.sent}, acknowledged: {self.loaded.acknowledged}")
        if self.verified is False:
            found.append("the store does not verify")
        return found

    @property
    def latencies(self) -> Latencies:
        """Of the connections that keep to a schedule, where there are any."""
        group = "paced" if "paced" in self.loaded.latencies else "flood"
        return self.latencies_of(group)

    def latencies_of(self, group: str) -> Latencies:
        return Latencies(list(self.loaded.latencies.get(group, [])), self.loaded.largest_us.get(group, 0))

    @property
    def records_per_s(self) -> int:
        """Acknowledged, or sent where the dialect has no acknowledgements."""
        records = self.loaded.sent if self.loaded.acknowledged is None else self.loaded.acknowledged
        return round(records / self.loaded.seconds) if self.loaded.seconds else 0

    @property
    def records_per_core_s(self) -> int | None:
        if self.ledger is None or self.used is None or self.used.cpu_s <= 0:
            return None
        return round(self.ledger.counted.received / self.used.cpu_s)

    def as_dict(self) -> dict[str, Any]:
        """The object of `bench run --json` without peers and environment (design section 7)."""
        profile, loaded, ledger, used = self.profile, self.loaded, self.ledger, self.used
        verdicts = ledger.as_dict() if ledger is not None else {}
        return {
            "profile": profile.name,
            "dialect": profile.dialect,
            "kind": profile.kind,
            "octets": profile.octets,
            "octets_of": profile.octets_of,
            "record_octets": loaded.record_octets,
            "liids": profile.liids,
            "connections": profile.connections,
            "tls": profile.tls,
            "tls_version": loaded.tls_version,
            "negotiated_acknowledgement": loaded.acknowledging,
            "encryption_at_rest": profile.encryption,
            "interpreted": profile.interpreted,
            "refused_percent": profile.refused_percent,
            "rate_per_s": profile.rate_per_s,
            "seconds": round(loaded.seconds, 3),
            "sent": loaded.sent,
            "received": verdicts.get("received"),
            "accepted": verdicts.get("accepted"),
            "flagged": verdicts.get("flagged"),
            "masked": verdicts.get("masked"),
            "quarantined": verdicts.get("quarantined"),
            "rejected": verdicts.get("rejected"),
            "duplicate": verdicts.get("duplicate"),
            "stored": verdicts.get("stored"),
            "signed": verdicts.get("signed"),
            "acknowledged": loaded.acknowledged,
            "lost": verdicts.get("lost", 0 if loaded.acknowledged is None else loaded.sent - loaded.acknowledged),
            "records_per_s": self.records_per_s,
            "collector_cpu_s": None if used is None else round(used.cpu_s, 3),
            "records_per_core_s": self.records_per_core_s,
            "latency_ms": self.latencies.as_ms(),
            "latency_from": "schedule" if profile.rate_per_s is not None else "write",
            "latency_records": self.latencies.count,
            "latency_curve_ms": self.latencies.curve_ms(),
            "latency_flood_ms": self.latencies_of("flood").as_ms() if profile.flood else None,
            "behind_s": round(loaded.behind_s, 4),
            "unsent": loaded.unsent,
            "opened": loaded.opened,
            "balanced": not self.faults,
            "faults": self.faults,
            "verified": self.verified,
            "ledger": verdicts or None,
            "cpu": self._cpu(),
            "memory_mib": None if used is None else {
                "resident": round(used.resident_octets / MIB, 1), "peak": round(used.peak_octets / MIB, 1)
            },
            "commits": self.commits,
            "receiver_pauses": self.pauses,
            "stages": dict(self.stages),
            "generator": {
                "cpu_s": round(loaded.cpu_s, 3),
                "records_per_core_s": round(loaded.sent / loaded.cpu_s) if loaded.cpu_s else None,
            },
            "series": {
                "columns": ["at_s", "sent", "acknowledged", "cpu_s", "resident_octets"],
                "rows": [one.as_list() for one in self.samples],
            },
        }  # fmt: skip

    def _cpu(self) -> dict[str, Any] | None:
        if self.used is None:
            return None
        return {
            "user_s": round(self.used.user_s, 3),
            "system_s": round(self.used.system_s, 3),
            "threads_s": dict(self.threads),
        }


def measure(
    profile: Profile, data: Path, watch: Watch, *, keep: bool = False, verify: Callable[[Path], bool] | None = None
) -> Measured:
    """Run a profile against a collector of its own, in a new directory under `data`, which is removed afterwards unless
    `keep`. `verify`: also let the whole store be verified. Raises NotReadyError, ControlError."""
    root = _directory(data, profile.name)
    try:
        with MeasuredCollector(root, profile) as collector:
            watch.stage("starting")
            plan = Plan(profile, "127.0.0.1", collector.port, collector.tls)
            with Generating(plan, root) as generator:
                generator.ready()
                collector.settle()
                opened = collector.sums()
                before = collector.usage()
                watch.stage("running")
                loaded, samples = _listen(generator, profile, watch, collector.usage, before.cpu_s)
            watch.stage("settling")
            if not profile.acknowledges:
                waited_s = collector.until_received(int(opened["records"]["delivered"]) + loaded.sent)
                loaded = replace(loaded, seconds=loaded.seconds + waited_s)
            collector.settle()
            used = collector.usage().since(before)
            ended = collector.sums()
            threads = named_threads(used, collector.pid, ended["threads"])
            collector.stop()
            watch.stage("counting")
            kept = collector.kept()
            verified = verify(root) if verify is not None else None
        size = int(ended["ledger"]["size"]) - kept.own_leaves
        before_counts, after_counts = Counted.of_sums(opened["records"]), Counted.of_sums(ended["records"])
        return Measured(
            profile,
            loaded,
            samples,
            _ledger(loaded, before_counts, after_counts, kept.stored, size),
            used,
            threads,
            kept.commits,
            int(ended["pauses"]) - int(opened["pauses"]),
            _stages(opened.get("stages", {}), ended.get("stages", {})),
            verified,
        )
    finally:
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def measure_foreign(
    profile: Profile, data: Path, host: str, port: int, watch: Watch, tls: Mapping[str, str] | None, negotiate: bool
) -> Measured:
    """Load a collector that is not ours: only what the generator sees is known of it."""
    root = _directory(data, profile.name)
    try:
        with Generating(Plan(profile, host, port, tls, negotiate), root) as generator:
            watch.stage("opening")
            generator.ready()
            watch.stage("running")
            loaded, samples = _listen(generator, profile, watch)
        return Measured(profile, loaded, samples)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _listen(
    generator: Generating,
    profile: Profile,
    watch: Watch,
    usage: Callable[[], Usage] | None = None,
    cpu_before_s: float = 0.0,
) -> tuple[Loaded, tuple[Sample, ...]]:
    samples: list[Sample] = []
    for said in generator.go():
        if isinstance(said, Loaded):
            return said, tuple(samples)
        used = usage() if usage is not None else None
        sample = Sample(
            said["at_s"],
            said["sent"],
            said["acknowledged"],
            None if used is None else round(used.cpu_s - cpu_before_s, 3),
            None if used is None else used.resident_octets,
        )
        samples.append(sample)
        watch.sample(profile, sample)
    raise NotReadyError("The load generator ended without a result. Try again.")


def _ledger(loaded: Loaded, opened: Counted, ended: Counted, stored: int, signed: int) -> Ledger:
    """Of the run alone: what opened the communications is taken off everywhere."""
    return Ledger(loaded.sent, loaded.acknowledged, ended.since(opened), stored - opened.kept, signed - opened.kept)


def _stages(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Per-stage sums of the collector's status, those of the run alone."""
    found: dict[str, Any] = {}
    for name, value in after.items():
        was = before.get(name, {} if isinstance(value, Mapping) else 0)
        found[name] = _stages(was, value) if isinstance(value, Mapping) else value - was
    return found


def _directory(data: Path, name: str) -> Path:
    try:
        data.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"bench-{name}-", dir=data))
    except OSError as error:
        raise NotReadyError(f"Cannot write to {data}: {error.strerror}. Give another directory with --data.") from error
