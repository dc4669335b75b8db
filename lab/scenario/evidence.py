"""What a run left on disk, read offline for the expectations: totals, stored records, masked fields, ledgers.

Nothing here asks a process, and nothing decides: lists and numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from collector.accounts import Counts, Totals
from collector.rows import FORM_MASKED, FORM_NOTICE, FORM_QUARANTINED, FORM_RECEIVED, FORM_SYNTHETIC
from collector.standing import Standings
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from lab.cli_verify import StorePlace
from lab.paths import RunPaths
from lab.results import totals_of
from lab.scenario.queries import AuditQuery
from lab.scenario.times import at_us, resolved

FORMS: Final = {
    "received": FORM_RECEIVED,
    "masked": FORM_MASKED,
    "quarantined": FORM_QUARANTINED,
    "notice": FORM_NOTICE,
    "synthetic": FORM_SYNTHETIC,
}


def contains(found: Any, wanted: Any) -> bool:  # noqa: ANN401  JSON
    """Whether everything in `wanted` stands in `found`: of objects the named keys, of lists each element once."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and contains(found[key], one) for key, one in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(found, list) and all(any(contains(one, each) for one in found) for each in wanted)
    return bool(found == wanted)


def ledger_entries(paths: RunPaths, ledger: str) -> list[dict[str, Any]]:
    """Entries as `{"kind", "utc_us", "fields"}`, oldest first; none when the ledger is not there yet."""
    if ledger == "certifications":
        path = paths.data / "mediation" / "certifications.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [{"kind": "certification", "utc_us": 0, "fields": json.loads(line)} for line in lines]
    return read_audit(paths.ledger(ledger))


def matching(entries: list[dict[str, Any]], query: AuditQuery, times: Mapping[str, int]) -> list[dict[str, Any]]:
    """The entries that a query means."""
    wanted = resolved(query.fields, times)
    at = None if query.at is None else at_us(query.at, times)
    return [
        one
        for one in entries
        if one["kind"] == query.kind and contains(one["fields"], wanted) and (at is None or one["utc_us"] == at)
    ]


@dataclass(frozen=True)
class Evidence:
    """Read once, when first asked for."""

    paths: RunPaths
    place: StorePlace

    @cached_property
    def totals(self) -> Totals:
        return totals_of(self.place.store)

    @cached_property
    def records(self) -> tuple[StoredRecord, ...]:
        return tuple(StoreReader(self.place.store, Keys(self.place.keys)).records())

    @cached_property
    def standings(self) -> Standings:
        return StoreReader(self.place.store, Keys(self.place.keys)).standings()

    def counts(self, order: str | None) -> Counts:
        if order is None:
            return self.totals.unknown_counts
        return self.totals.orders.get(order, Counts())

    def masked(self, liid: str) -> Iterator[dict[str, Any]]:
        for record in self.records:
            if record.form == FORM_MASKED and record.liid == liid.encode() and record.octets is not None:
                yield json.loads(record.octets)

    def entries(self, ledger: str) -> list[dict[str, Any]]:
        return ledger_entries(self.paths, ledger)
