"""Holds what a run left against what its scenario says: one named check an expectation, and those that always hold.

Always: every delivered record has exactly one verdict and the counts balance; what the mediation function made arrived;
the ledger, the records and the audit verify offline; no word of withheld content lies in any file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from asn1.columns import KIND_CC, KIND_IRI
from collector.accounts import FIELDS
from collector.export.sealed import verify_sealed
from collector.standing import Standings
from collector.store.epochs import read_trust
from collector.store.reader import StoredRecord
from lab import canary
from lab.cli_verify import check_store
from lab.console_client import Listening
from lab.play import Moment
from lab.results import Check
from lab.scenario.evidence import FORMS, Evidence, contains, matching
from lab.scenario.model import Expect, Heard, Masked, Records, Scenario, SealedCopy, Totals
from lab.scenario.queries import AuditQuery, Bounds
from lab.scenario.times import at_us
from mediation.law.verdicts import Reason, VerdictKind, reasons_of

_KINDS: Final = {"iri": KIND_IRI, "cc": KIND_CC}
Times = Mapping[str, int]


def checks_of(
    scenario: Scenario, evidence: Evidence, last: Moment, times: Times, heard: Mapping[str, Listening]
) -> list[Check]:
    """All checks of a finished run, those of the scenario first."""
    found = [
        _heard(one.says, one.heard, heard) if one.heard is not None else _check(one, evidence, times)
        for one in scenario.expect
    ]
    return [*found, *_always(scenario, evidence, last)]


def _always(scenario: Scenario, evidence: Evidence, last: Moment) -> Iterator[Check]:
    totals = evidence.totals
    rows = [*totals.orders.values(), *totals.unknown.values()]
    delivered = sum(one.delivered for one in rows)
    yield Check("every delivered record has exactly one verdict", totals.balanced, f"{delivered} delivered")
    by_liid: Counter[str] = Counter()
    for order, counts in totals.orders.items():
        by_liid[totals.liids[order]] += counts.delivered - counts.duplicate
    if any(one["kind"] == "eviction" for one in evidence.entries("collector")):
        # The sums of what was evicted went with it; the collector itself still knew.
        by_liid = Counter()
        for row in last.collector.get("orders", ()):
            by_liid[row["liid"]] += int(row["delivered"]) - int(row["duplicate"])
    sent = {
        liid: int(one["numbered"]) - int(one["dropped"]) + scenario.resent.get(liid, 0)
        for liid, one in last.mediation.get("per_liid", {}).items()
        if liid in by_liid or int(one["numbered"])
    }
    received = {liid: by_liid[liid] for liid in sent}
    yield Check("everything the mediation function made arrived", sent == received, f"sent {sent}, judged {received}")
    report = check_store(evidence.place)
    words = f"{report.records} records, {report.checkpoints} checkpoints, {report.audit.entries} audit entries"
    yield Check("ledger, records and audit verify offline", report.ok, words if report.ok else str(report.tampered[:3]))
    for word in scenario.canaries:
        found = list(canary.find(evidence.paths.data, canary.forms(word)))
        names = ", ".join(str(path.relative_to(evidence.paths.data)) for path in found)
        yield Check(f"{word} lies in no file", not found, names or "every file searched")


def _check(expect: Expect, evidence: Evidence, times: Times) -> Check:
    if expect.totals is not None:
        return _totals(expect.says, expect.totals, evidence)
    if expect.records is not None:
        return _records(expect.says, expect.records, evidence, times)
    if expect.masked is not None:
        return _masked(expect.says, expect.masked, evidence)
    if expect.sealed is not None:
        return _sealed(expect.says, expect.sealed, evidence)
    assert expect.audit is not None, "one of them"
    return _audit(expect.says, expect.audit, evidence, times)


def _fits(number: int, wanted: int | Bounds) -> bool:
    return number == wanted if isinstance(wanted, int) else wanted.least <= number <= wanted.most


def _totals(says: str, wanted: Totals, evidence: Evidence) -> Check:
    counts = evidence.counts(wanted.order)
    values = {name: getattr(counts, name) for name in ("delivered", *FIELDS)}
    ok = all(_fits(values[name], number) for name, number in wanted.counts.items())
    ok = ok and all(_fits(counts.reasons.get(name, 0), number) for name, number in wanted.reasons.items())
    return Check(says, ok, f"{ {name: value for name, value in values.items() if value} } {dict(counts.reasons)}")


def _records(says: str, wanted: Records, evidence: Evidence, times: Times) -> Check:
    since = None if wanted.since is None else at_us(wanted.since, times)
    until = None if wanted.until is None else at_us(wanted.until, times)
    reasons = frozenset(Reason[name] for name in wanted.reasons)
    standings = evidence.standings if wanted.standing is not None else None
    found = [
        one
        for one in evidence.records
        if one.liid == wanted.liid.encode()
        and (wanted.verdicts is None or VerdictKind(one.verdict).name in wanted.verdicts)
        and reasons <= frozenset(reasons_of(one.reasons))
        and (wanted.kind is None or one.kind == _KINDS[wanted.kind])
        and (wanted.form is None or one.form == FORMS[wanted.form])
        and (since is None or one.event_us >= since)
        and (until is None or one.event_us < until)
        and (standings is None or _standing(standings, one) == wanted.standing)
    ]
    return Check(says, _fits(len(found), wanted.count), f"{len(found)} records")


def _standing(standings: Standings, record: StoredRecord) -> str | None:
    state = standings.of(record).state
    return None if state is None else state.name


def _masked(says: str, wanted: Masked, evidence: Evidence) -> Check:
    found = [one for one in evidence.masked(wanted.liid) if one["payload"] == wanted.payload]
    good = [
        one for one in found if contains(one["fields"], wanted.fields) and not set(wanted.without) & set(one["fields"])
    ]
    seen: list[Any] = [one["fields"] for one in found[:2]]
    return Check(
        says, len(good) == len(found) and _fits(len(good), wanted.count), f"{len(good)} of {len(found)}: {seen}"
    )


def _sealed(says: str, wanted: SealedCopy, evidence: Evidence) -> Check:
    directory = evidence.paths.data / "sealed" / wanted.order
    report = verify_sealed(directory, read_trust(evidence.place.keys))
    words = f"{report.records} records" if report.ok else "; ".join(report.faults[:3])
    return Check(says, report.ok and _fits(report.records, wanted.count), words)


def _heard(says: str, wanted: Heard, heard: Mapping[str, Listening]) -> Check:
    one = heard.get(wanted.listening, Listening())
    ok = wanted.least_s <= one.seconds <= wanted.most_s
    if wanted.first_within_s is not None:
        ok = ok and one.first_s is not None and one.first_s <= wanted.first_within_s
    ok = ok and wanted.state in (None, one.state) and (wanted.why is None or wanted.why in one.why)
    waited = "no sound" if one.first_s is None else f"the first after {one.first_s:.2f} s"
    return Check(says, ok, f"{one.seconds:.1f} s heard, {waited}; {one.state or 'left'} {one.why}".rstrip())


def _audit(says: str, wanted: AuditQuery, evidence: Evidence, times: Times) -> Check:
    entries = evidence.entries(wanted.ledger)
    good = len(matching(entries, wanted, times))
    found = sum(one["kind"] == wanted.kind for one in entries)
    return Check(says, wanted.holds(good), f"{good} of {found} entries of kind {wanted.kind}")
