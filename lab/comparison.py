"""What a run came to, told without its times and ids, so that two runs can be held against each other.

Rules. An order is known by what it is (kind, targets, services), a communication by who took part and what was said:
names, LIIDs, numbers of records, keys and stamps are no difference. Flags about timing (`TIMING`) depend on how busy
the machine was and are left out unless they are asked for; a record they flag is taken like any other. Everything is
read offline, of what was withheld nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from collector.export.communications import Communication, gather
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from lab.cli_verify import StorePlace, find_store
from lab.court import Court
from lab.paths import RunPaths
from lab.results import totals_of
from mediation.law.orders import CourtOrder

TIMING: Final = frozenset({"CLOCK_SKEW", "LATE_DELIVERY"})
ROUTINE: Final = frozenset({"heartbeat", "start", "stop", "written", "gate_refusals"})
"""Entries that say that a process lives, that a row was written, or how many were refused since the last such entry,
which the orders' own counts say as well."""
LEDGERS: Final = ("collector", "desk", "reconciler")
_TELLING: Final = ("rule", "reason", "code", "action", "decision", "duty", "fact", "table")
"""Fields of an entry that say what kind of event it is."""
PARTS: Final = ("orders", "communications", "record")

Account = dict[str, Any]


class Difference(NamedTuple):
    """One thing that is not the same: where, and what each of the two has there."""

    part: str
    what: str
    here: Any
    there: Any


def account_of(data: Path, times: bool = False) -> Account:
    """What the run in this directory came to. Raises ConfigError when there is none, LocalError for one too large."""
    place, paths = find_store(data), RunPaths(data)
    orders = _orders(paths)
    return {
        "orders": _counted(place, orders, times),
        "communications": _communications(place, orders),
        "record": {name: _on_record(paths, name) for name in LEDGERS if paths.ledger(name).is_dir()},
    }


def differences(here: Account, there: Account) -> list[Difference]:
    """Everything that is not the same, part by part."""
    return [one for part in PARTS for one in _between(part, "", here.get(part), there.get(part))]


def _between(part: str, what: str, here: Any, there: Any) -> Iterator[Difference]:  # noqa: ANN401  JSON
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for name in sorted({*here, *there}):
            yield from _between(part, f"{what} {name}".strip(), here.get(name), there.get(name))
    elif here != there:
        yield Difference(part, what, here, there)


def _orders(paths: RunPaths) -> dict[str, tuple[str, CourtOrder]]:
    """By name: what the order is, and its newest version. Two that are alike are told apart by a number."""
    newest: dict[str, CourtOrder] = {}
    for order in Court(paths).orders():
        newest[str(order.order_id)] = order
    seen: Counter[str] = Counter()
    found = {}
    for name, order in newest.items():
        targets = ", ".join(sorted(f"{one.kind} {one.value}" for one in order.targets))
        services = " ".join(sorted(str(one) for one in order.services))
        label = " ".join(part for part in (str(order.kind), "of", targets, services) if part)
        seen[label] += 1
        found[name] = (label if seen[label] == 1 else f"{label} ({seen[label]})", order)
    return found


def _counted(place: StorePlace, orders: dict[str, tuple[str, CourtOrder]], times: bool) -> dict[str, Any]:
    totals = totals_of(place.store)
    found: dict[str, Any] = {}
    for name, (label, order) in orders.items():
        counts = totals.orders.get(name)
        found[label] = {"versions": order.version, **_told({} if counts is None else counts.values(), times)}
    if totals.unknown:
        found["no order"] = _told(totals.unknown_counts.values(), times)
    return found


def _told(values: Mapping[str, Any], times: bool) -> dict[str, Any]:
    reasons = {name: count for name, count in values.get("reasons", {}).items() if times or name not in TIMING}
    numbers = {name: count for name, count in values.items() if name != "reasons" and count}
    if not times:
        numbers["taken"] = numbers.pop("accepted", 0) + numbers.pop("flagged", 0)
    return {**numbers, **({"reasons": reasons} if reasons else {})}


def _communications(place: StorePlace, orders: dict[str, tuple[str, CourtOrder]]) -> dict[str, Any]:
    reader = StoreReader(place.store, Keys(place.keys))
    labels: dict[str, list[str]] = {}
    for label, order in orders.values():
        labels.setdefault(str(order.liid), []).append(label)
    found: dict[str, Any] = {}
    for liid, names in labels.items():
        told: Counter[str] = Counter(_one(one) for one in gather(reader, liid.encode()))
        found[" and ".join(names)] = dict(sorted(told.items()))
    return found


def _one(communication: Communication) -> str:
    """A communication in words; the digest is of what was said, packets in any order."""
    packets = sorted(
        hashlib.sha256(bytes([one.direction & 0xFF]) + one.octets).digest() for one in communication.packets
    )
    content = hashlib.sha256(b"".join(packets)).hexdigest()[:16] if packets else "nothing"
    parts = [
        communication.what,
        f"between {', '.join(sorted(communication.parties)) or 'nobody named'}",
        f"{communication.iri} of signalling",
        f"{communication.cc_from_target}+{communication.cc_to_target}+{communication.cc_other} of content: {content}",
        # Who decided and when stands behind the reason.
        *(f"{count} withheld: {why.partition(' by ')[0]}" for why, count in sorted(communication.withheld.items())),
    ]
    return "; ".join(parts)


def _on_record(paths: RunPaths, ledger: str) -> dict[str, int]:
    """Entries by what they tell; those that sum up say themselves how many they are."""
    found: Counter[str] = Counter()
    for entry in read_audit(paths.ledger(ledger)):
        fields = entry["fields"]
        if entry["kind"] in ROUTINE or fields.get("reason") in TIMING:
            continue
        telling = " ".join(str(fields[name]) for name in _TELLING if isinstance(fields.get(name), str))
        count = fields.get("count")
        found[f"{entry['kind']} {telling}".strip()] += count if isinstance(count, int) else 1
    return dict(sorted(found.items()))
