"""What must be done by when: one table of duties, their clocks, and the alarms. Clocks are recorded, and stop nothing.

    duties_of(order, facts) -> the duties of an order; duty(kind, subject, from_us) -> any one of the table
    state_of(duty, acts, now_us) -> DUE, MET, LATE or OVERDUE
    alarms(duties, acts, now_us) -> what is late or overdue, and whether that is an alarm or a violation

A duty runs from its trigger; an act at the last instant is in time (rules list, section 0). Hours are exact, days are
calendar days in New York. Acts before the trigger or after `now_us` do not count. What a duty's act must contain is in
`custody.py`. The numbers of R-131 are ours ("immediately" is the law's), like the hours of R-062. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count, takewhile
from typing import Final, NamedTuple

from asn1.errors import LocalError
from mediation.law.court_days import COURT_ZONE, HOUR_US, add_court_days
from mediation.law.exigent import TRANSCRIPT_HOURS
from mediation.law.orders import CourtOrder


class DutyKind(StrEnum):
    TRANSCRIPT = "transcript filed"
    PROGRESS_REPORT = "progress report"
    INSPECTION = "tour inspected"
    CARRIER_REPORT = "carrier report"
    SEAL_STARTED = "sealing started"
    SEAL_FINISHED = "sealing finished"
    NOTICE = "notice served"
    COURT_REPORT = "report to the courts"
    JANUARY_REPORT = "yearly report"
    DEFENDANT_PAPERS = "papers to the defendant"
    DEVICE_DISABLED = "device disabled"
    PACKET_LOG = "device log to the court"
    IMPROPER_DISCLOSURE = "improper disclosure reported"


class Severity(StrEnum):
    """ALARM: somebody must look. VIOLATION: a limit of the law, or our number for it, was broken."""

    ALARM = "ALARM"
    VIOLATION = "VIOLATION"


class DutyState(StrEnum):
    DUE = "DUE"
    MET = "MET"
    LATE = "LATE"
    OVERDUE = "OVERDUE"


class Row(NamedTuple):
    """`hours` or `days` from the trigger. With neither, whoever makes the duty says when it is due. `at_once`: undone
    at the due instant itself is overdue. `early`: doing it before the trigger counts too."""

    kind: DutyKind
    rule: str
    severity: Severity
    trigger: str
    says: str
    hours: int | None = None
    days: int | None = None
    at_once: bool = False
    early: bool = False


_ALARM, _VIOLATION = Severity.ALARM, Severity.VIOLATION

TABLE: Final[dict[DutyKind, Row]] = {
    row.kind: row
    for row in (
        Row(DutyKind.TRANSCRIPT, "R-044", _ALARM, "issue on oral application",
            "the transcript of the oral application is filed with the court in time", hours=TRANSCRIPT_HOURS),
        Row(DutyKind.CARRIER_REPORT, "R-062", _ALARM, "discovery",
            "the carrier reports what it discovered within a reasonable time", hours=24),
        Row(DutyKind.PROGRESS_REPORT, "R-067", _ALARM, "the judge's interval",
            "a progress report at each interval the judge set"),
        Row(DutyKind.INSPECTION, "R-084", _ALARM, "start of the tour",
            "the supervisor inspects all areas once in each tour"),
        Row(DutyKind.SEAL_STARTED, "R-131", _ALARM, "end of the warrant",
            "the recordings go to the justice for sealing at once", hours=24),
        Row(DutyKind.SEAL_FINISHED, "R-131", _VIOLATION, "end of the warrant",
            "the recordings are sealed", hours=48),
        Row(DutyKind.NOTICE, "R-136", _VIOLATION, "end of the last extension, or denial (R-138)",
            "written notice within 90 days", days=90),
        Row(DutyKind.COURT_REPORT, "R-139", _ALARM, "termination",
            "the report to the federal courts' administrative office within 30 days", days=30),
        Row(DutyKind.JANUARY_REPORT, "R-139", _ALARM, "termination",
            "the prosecutor's report in the January that follows"),
        Row(DutyKind.DEFENDANT_PAPERS, "R-140", _VIOLATION, "arraignment",
            "warrant and application to the defendant within 15 days, and before trial", days=15, early=True),
        Row(DutyKind.DEVICE_DISABLED, "R-146", _ALARM, "end of the order",
            "devices are removed or disabled as soon as the order ends", hours=0, at_once=True, early=True),
        Row(DutyKind.PACKET_LOG, "R-148", _ALARM, "end of the order",
            "the log of the agency's own packet device to the court, under seal, within 30 days", days=30),
        Row(DutyKind.IMPROPER_DISCLOSURE, "R-154", _VIOLATION, "awareness",
            "the privacy officer reports an improper disclosure within 24 hours", hours=24),
    )
}  # fmt: skip


class Duty(NamedTuple):
    """One thing to be done. `subject` tells equal kinds apart: an order, a tour, a device, `O-1/2` a second report."""

    kind: DutyKind
    subject: str
    from_us: int
    due_us: int
    rule: str


class Act(NamedTuple):
    """That it was done. `reference` is whatever proves it: a filing number, a name."""

    kind: DutyKind
    subject: str
    at_us: int
    reference: str = ""


class DutyAlarm(NamedTuple):
    duty: Duty
    state: DutyState
    severity: Severity
    says: str


def duty(kind: DutyKind, subject: str, from_us: int, due_us: int | None = None, rule: str | None = None) -> Duty:
    """A duty of the table from its trigger on. `due_us` where the table leaves it open; `rule` where another rule
    brings the same duty about (R-138). Raises LocalError when it is given and must not be, or the other way round."""
    row = TABLE[kind]
    by_table = row.hours is not None or row.days is not None
    if by_table == (due_us is not None):
        raise LocalError(f"The duty {kind!r} is due {'by the table' if by_table else 'when its maker says'}.")
    if due_us is None:
        due_us = from_us + row.hours * HOUR_US if row.hours is not None else add_court_days(from_us, row.days or 0)
    return Duty(kind, subject, from_us, due_us, rule or row.rule)


def progress_reports(order_id: str, start_us: int, end_us: int, every_days: int) -> tuple[Duty, ...]:
    """R-067: one duty an interval of the judge's while the warrant runs, counted from 1."""
    if every_days < 1:
        raise LocalError("Progress reports come at an interval of at least one day.")
    due = takewhile(lambda one: one[1] <= end_us, ((n, add_court_days(start_us, n * every_days)) for n in count(1)))
    return tuple(duty(DutyKind.PROGRESS_REPORT, f"{order_id}/{n}", start_us, due_us) for n, due_us in due)


def january_report(order_id: str, ended_us: int) -> Duty:
    """R-139: due when the January after the end is over, by the calendar where the court sits."""
    year = datetime.fromtimestamp(ended_us // 1_000_000, UTC).astimezone(COURT_ZONE).year + 1
    due_us = int(datetime(year, 2, 1, tzinfo=COURT_ZONE).timestamp()) * 1_000_000 - 1
    return duty(DutyKind.JANUARY_REPORT, order_id, ended_us, due_us)


def notice_duty(order: CourtOrder, ended_us: int, postponement_id: str | None = None) -> Duty | None:
    """The duty to serve notice, from the end of the last extension, or from the denial of emergency use (R-138).

    None for a pen register, which is sealed (R-147), and while a judge's postponement stands: then the 90 days do not
    run (R-137). A postponement without its order is none.
    """
    if order.kind.metadata_only or (postponement_id is not None and postponement_id.strip()):
        return None
    denied_us = None if order.exigent is None else order.exigent.denied_at_us
    if denied_us is not None:
        return duty(DutyKind.NOTICE, order.order_id, denied_us, rule="R-138")
    return duty(DutyKind.NOTICE, order.order_id, ended_us)


class OrderFacts(NamedTuple):
    """What an order's duties depend on besides the order: whether it was applied for orally, the judge's interval for
    progress reports (0: none), the order that postpones notice, devices put in, and an own device on a packet net."""

    oral: bool = False
    progress_every_days: int = 0
    postponement_id: str | None = None
    devices: tuple[str, ...] = ()
    own_packet_device: bool = False


def duties_of(order: CourtOrder, facts: OrderFacts) -> tuple[Duty, ...]:
    """Every duty that this order brings about, as the document stands: a revocation or a lapse moves its end."""
    window, name = order.effective_window, str(order.order_id)
    issued_us = order.exigent.order_issued_at_us if order.exigent is not None else order.issued_at_us
    found: list[Duty] = []
    if facts.oral and issued_us is not None:
        found.append(duty(DutyKind.TRANSCRIPT, name, issued_us))
    found += [duty(DutyKind.DEVICE_DISABLED, device, window.end_us) for device in facts.devices]
    if facts.own_packet_device:
        found.append(duty(DutyKind.PACKET_LOG, name, window.end_us))
    if order.kind.metadata_only:
        return tuple(found)
    if facts.progress_every_days:
        found += progress_reports(name, window.start_us, window.end_us, facts.progress_every_days)
    found += [duty(kind, name, window.end_us) for kind in (DutyKind.SEAL_STARTED, DutyKind.SEAL_FINISHED)]
    notice = notice_duty(order, window.end_us, facts.postponement_id)
    if notice is not None:
        found.append(notice)
    found += [duty(DutyKind.COURT_REPORT, name, window.end_us), january_report(name, window.end_us)]
    return tuple(found)


def state_of(duty: Duty, acts: Iterable[Act], now_us: int) -> DutyState:
    """By the first act that counts."""
    row = TABLE[duty.kind]
    mine = (act.at_us for act in acts if act.kind is duty.kind and act.subject == duty.subject)
    done_us = min((at_us for at_us in mine if at_us <= now_us and (row.early or at_us >= duty.from_us)), default=None)
    if done_us is not None:
        return DutyState.MET if done_us <= duty.due_us else DutyState.LATE
    return DutyState.OVERDUE if now_us > duty.due_us or (row.at_once and now_us == duty.due_us) else DutyState.DUE


def alarms(duties: Iterable[Duty], acts: Sequence[Act], now_us: int) -> tuple[DutyAlarm, ...]:
    """What was done late or is overdue, the earliest due first."""
    found = []
    for one in sorted(duties, key=lambda each: (each.due_us, each.kind, each.subject)):
        state = state_of(one, acts, now_us)
        if state in (DutyState.LATE, DutyState.OVERDUE):
            row = TABLE[one.kind]
            says = f"{one.subject}: {row.says} ({one.rule}): {state.lower()}"
            found.append(DutyAlarm(one, state, row.severity, says))
    return tuple(found)
