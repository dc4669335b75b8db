"""What the desk's ledger says of a case besides access: seals, hand-offs, acts, what sets a clock running. Pure.

`read_log(entries)` folds the entries' plain values; `duties_for(order, log)` is every duty an order has by them. Kinds:
`seal_started`, `seal`, `export` with `hand_off`, `duty_act`, `case_fact`, `duty_alarm`, `disclosure`, `incident`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, NamedTuple

from mediation.law.custody import Seal, defendant_duty
from mediation.law.disclosure import DisclosureGround, DisclosureRecord, Recipient
from mediation.law.duties import Act, Duty, DutyAlarm, DutyKind, OrderFacts, duties_of, duty
from mediation.law.orders import CourtOrder


class Fact(StrEnum):
    """What sets a clock running or stops one. ORAL: applied for orally (R-044); INTERVAL: the judge's, in days (R-067);
    DEVICE, PACKET_DEVICE: put in by the agency (R-146, R-148); DISCOVERY: of what the carrier must report (R-062);
    GOOD_CAUSE: the court's extension for the defendant's papers (R-140); TOLD: those affected were (R-155)."""

    ORAL = "oral-application"
    INTERVAL = "progress-interval"
    POSTPONEMENT = "postponement"
    DEVICE = "device-installed"
    PACKET_DEVICE = "packet-device"
    DISCOVERY = "discovery"
    ARRAIGNMENT = "arraignment"
    GOOD_CAUSE = "good-cause"
    TOLD = "affected-told"


class CaseFact(NamedTuple):
    """`value` names what it is about: an order of the judge's, a device, a number of days."""

    fact: Fact
    order_id: str
    case_id: str
    at_us: int
    value: str = ""


class Package(NamedTuple):
    """A hand-off as it was recorded: the manifest's place and hash, the system it went to, what that answered."""

    manifest: str
    sha256: str
    to: str
    receipt: str


AlarmKey = tuple[str, str, int, str]


@dataclass(frozen=True)
class CaseLog:
    """`seals` and `packages` by order; `incidents` are their duties; `told` the alarms that are on record."""

    acts: tuple[Act, ...] = ()
    facts: tuple[CaseFact, ...] = ()
    seals: Mapping[str, Seal] = field(default_factory=dict)
    packages: Mapping[str, Package] = field(default_factory=dict)
    disclosures: Mapping[str, DisclosureRecord] = field(default_factory=dict)
    incidents: Mapping[str, tuple[str, Duty]] = field(default_factory=dict)
    told: frozenset[AlarmKey] = frozenset()

    def values(self, fact: Fact, order_id: str) -> tuple[str, ...]:
        return tuple(one.value for one in self.facts if one.fact is fact and one.order_id == order_id)

    def arraigned_us(self, case_id: str) -> int | None:
        """The first arraignment of the case."""
        found = (one.at_us for one in self.facts if one.fact is Fact.ARRAIGNMENT and one.case_id == case_id)
        return min(found, default=None)


def alarm_key(alarm: DutyAlarm) -> AlarmKey:
    """One alarm a duty and state: overdue is told, and that it was then done late."""
    return alarm.duty.kind.name, alarm.duty.subject, alarm.duty.due_us, str(alarm.state)


def read_log(entries: Iterable[Mapping[str, Any]]) -> CaseLog:
    """The fold of a verified ledger's entries (`kind`, `utc_us`, `fields`), oldest first."""
    acts: list[Act] = []
    facts: list[CaseFact] = []
    seals: dict[str, Seal] = {}
    packages: dict[str, Package] = {}
    disclosures: dict[str, DisclosureRecord] = {}
    incidents: dict[str, tuple[str, Duty]] = {}
    told: set[AlarmKey] = set()
    for entry in entries:
        at_us, said = int(entry["utc_us"]), entry["fields"]
        match entry["kind"]:
            case "seal_started":
                acts.append(Act(DutyKind.SEAL_STARTED, said["order_id"], at_us, said["direction_id"]))
            case "seal":
                acts.append(Act(DutyKind.SEAL_FINISHED, said["order_id"], at_us, str(said.get("seal_id", ""))))
                seals[said["order_id"]] = _seal(said, at_us)
            case "export" if said.get("hand_off") is True:
                packages[said["order_id"]] = Package(*(str(said.get(name, "")) for name in Package._fields))
            case "duty_act":
                acts.append(Act(DutyKind[said["duty"]], said["subject"], said["at_us"], said["reference"]))
            case "case_fact":
                fact = CaseFact(Fact(said["fact"]), said["order_id"], said["case_id"], said["at_us"], said["value"])
                facts.append(fact)
                if fact.fact is Fact.TOLD and fact.value in disclosures:
                    disclosures[fact.value] = replace(disclosures[fact.value], told_at_us=fact.at_us)
            case "disclosure":
                disclosures[said["disclosure_id"]] = _disclosure(said, at_us)
            case "incident":
                due = duty(DutyKind.IMPROPER_DISCLOSURE, said["incident_id"], said["aware_us"])
                incidents[said["incident_id"]] = said["order_id"], due
            case "duty_alarm":
                told.add((said["duty"], said["subject"], said["due_us"], said["state"]))
            case _:
                pass
    return CaseLog(tuple(acts), tuple(facts), seals, packages, disclosures, incidents, frozenset(told))


def _seal(said: Mapping[str, Any], at_us: int) -> Seal:
    seal_id, direction_id, custody = (str(said.get(name, "")) for name in ("seal_id", "direction_id", "custody"))
    return Seal(said["order_id"], seal_id, direction_id, custody, said.get("started_us"), at_us)


def _disclosure(said: Mapping[str, Any], at_us: int) -> DisclosureRecord:
    ground = None if said["ground"] is None else DisclosureGround(said["ground"])
    flags = {name: said[name] is True for name in TELLING}
    return DisclosureRecord(at_us, Recipient(said["recipient"]), ground, said["allowed"] is True, **flags)


TELLING: Final = ("harm_likely", "told_by_decision", "law_requires_telling")
"""R-155: why individuals affected are told; fields of `DisclosureRecord` and of its entry."""


def facts_of(log: CaseLog, order_id: str) -> OrderFacts:
    """What an order's duties depend on, as the ledger has it; the last interval and the last postponement count."""
    intervals = log.values(Fact.INTERVAL, order_id)
    postponements = log.values(Fact.POSTPONEMENT, order_id)
    return OrderFacts(
        oral=bool(log.values(Fact.ORAL, order_id)),
        progress_every_days=int(intervals[-1]) if intervals else 0,
        postponement_id=postponements[-1] if postponements else None,
        devices=tuple(dict.fromkeys(log.values(Fact.DEVICE, order_id))),
        own_packet_device=bool(log.values(Fact.PACKET_DEVICE, order_id)),
    )


def duties_for(order: CourtOrder, log: CaseLog) -> tuple[Duty, ...]:
    """Every duty of an order: by the order itself, and by what happened in its case."""
    name = str(order.order_id)
    found = list(duties_of(order, facts_of(log, name)))
    found += [
        duty(DutyKind.CARRIER_REPORT, one.value, one.at_us)
        for one in log.facts
        if one.fact is Fact.DISCOVERY and one.order_id == name
    ]
    arraigned_us = log.arraigned_us(str(order.case_id))
    if arraigned_us is not None:
        found.append(defendant_duty(str(order.case_id), arraigned_us))
    found += [due for of_order, due in log.incidents.values() if of_order == name]
    return tuple(dict.fromkeys(found))
