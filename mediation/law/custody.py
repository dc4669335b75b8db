"""What closes a warrant: the seal and its custody, what may leave with or without it, notice, destruction, trial.

R-131, R-134: the seal is directed by a judge and says where the original is kept. R-132: without a seal, or an
explanation for its lack, nothing goes into a package for proceedings; work copies do not depend on it (R-135). R-133:
originals stay ten years, and go only on the issuing judge's order. R-136, R-137: what notice says, and who may postpone
it. R-140: no use at trial before the defendant had the papers. R-148: what the log of an own device holds. Their clocks
are in `duties.py`. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from mediation.law.access_facts import Answer, Failures
from mediation.law.court_days import COURT_ZONE
from mediation.law.duties import Act, Duty, DutyKind, DutyState, duty, state_of
from mediation.law.missing import Lacks, Missing
from mediation.law.verdicts import Reason

KEEP_YEARS: Final = 10


@dataclass(frozen=True, slots=True)
class Seal:
    """`direction_id` is the judge's direction; `custody` the place where the judge ordered the original to be kept;
    `seal_id` names what was sealed, so that it can be verified."""

    order_id: str
    seal_id: str
    direction_id: str
    custody: str
    started_at_us: int | None
    finished_at_us: int | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What the person named in the warrant is told (R-136). `intercepted` is None while nobody says."""

    order_id: str
    recipient: str
    issued_at_us: int | None
    period_start_us: int | None
    period_end_us: int | None
    intercepted: bool | None
    written: bool = True


@dataclass(frozen=True, slots=True)
class PacketLog:
    """R-148: who installed and accessed the device, when, how it was configured, what it collected."""

    order_id: str
    installed_by: str
    accessed_by: tuple[str, ...]
    installed_at_us: int | None
    removed_at_us: int | None
    configuration: str
    collected: str


def missing_of_seal(seal: Seal | None) -> tuple[Missing, ...]:
    """What keeps a seal from being one (R-131, R-134)."""
    lacks = Lacks()
    lacks.need(seal, "seal", "R-131", "the recordings are sealed", Reason.SEAL_MISSING)
    if seal is None:
        return tuple(lacks.found)
    said = Lacks("seal.")
    said.need(seal.seal_id, "seal_id", "R-131", "what was sealed, by name", Reason.SEAL_MISSING)
    said.need(seal.direction_id, "direction_id", "R-131", "the judge directs the sealing", Reason.SEAL_MISSING)
    said.need(seal.custody, "custody", "R-134", "where the judge ordered the original to be kept", Reason.SEAL_MISSING)
    started_us, finished_us = seal.started_at_us, seal.finished_at_us
    said.need(started_us is not None, "started_at", "R-131", "when sealing began", Reason.SEAL_MISSING)
    in_order = finished_us is not None and (started_us is None or started_us <= finished_us)
    said.need(in_order, "finished_at", "R-131", "when it was finished, not before it began", Reason.SEAL_MISSING)
    return tuple(said.found)


class CopyUse(StrEnum):
    WORK = "investigation"
    PROCEEDINGS = "testimony and proceedings"


def may_copy(use: CopyUse, seal: Seal | None, explanation: str = "") -> Answer:
    """Whether contents, or what derives from them, may be copied for this use.

    For the investigation always, seal or not (R-135). For proceedings with a whole seal; without one a filed
    explanation opens it, and the answer then carries the rule, so that whoever acts on it audits that (R-132).
    """
    if use is CopyUse.WORK or not missing_of_seal(seal):
        return Answer(True)
    if explanation.strip():
        return Answer(True, (), ("R-132",))
    return Answer(False, (Reason.SEAL_MISSING,), ("R-132",))


def destruction_lacks(ended_us: int, now_us: int, destruction_order_id: str) -> tuple[Missing, ...]:
    """R-133: what stands against destroying an original: it takes ten years from the end, by the calendar, and the
    issuing judge's order."""
    lacks = Lacks()
    kept = now_us >= years_later(ended_us, KEEP_YEARS)
    lacks.need(kept, "ten_years", "R-133", f"originals are kept for {KEEP_YEARS} years")
    lacks.need(destruction_order_id, "destruction_order", "R-133", "only the issuing judge orders destruction")
    return tuple(lacks.found)


def years_later(from_us: int, years: int) -> int:
    """The same wall-clock time where the court sits; from 29 February to 1 March where there is none."""
    when = datetime.fromtimestamp(from_us // 1_000_000, UTC).astimezone(COURT_ZONE)
    try:
        later = when.replace(year=when.year + years)
    except ValueError:
        later = when.replace(year=when.year + years, month=3, day=1)
    return int(later.timestamp()) * 1_000_000 + from_us % 1_000_000


def missing_of_postponement(postponement_id: str) -> tuple[Missing, ...]:
    """R-137: only a judge postpones."""
    lacks = Lacks()
    lacks.need(postponement_id, "postponement_id", "R-137", "the order by which the judge postpones notice")
    return tuple(lacks.found)


def missing_of_notice(notice: Notice) -> tuple[Missing, ...]:
    """What a notice must state (R-136)."""
    said = Lacks("notice.")
    said.need(notice.written, "written", "R-136", "notice is in writing")
    said.need(notice.recipient, "recipient", "R-136", "the person it is served on")
    said.need(notice.issued_at_us is not None, "issued_at", "R-136", "the date the warrant was issued")
    period = notice.period_start_us is not None and notice.period_end_us is not None
    said.need(period, "period", "R-136", "the period of authorised interception")
    said.need(notice.intercepted is not None, "intercepted", "R-136", "whether communications were intercepted")
    return tuple(said.found)


def defendant_duty(case_id: str, arraigned_us: int) -> Duty:
    """R-140."""
    return duty(DutyKind.DEFENDANT_PAPERS, case_id, arraigned_us)


def may_use_at_trial(
    papers_due: Duty, acts: Sequence[Act], trial_us: int, now_us: int, extension_id: str = ""
) -> Answer:
    """R-140: the defendant had the papers within 15 days, or later where the court extended the time for good cause,
    and in any case before the trial."""
    state = state_of(papers_due, acts, now_us)
    before = [act for act in acts if act.kind is papers_due.kind and act.subject == papers_due.subject]
    had = any(act.at_us < trial_us and act.at_us <= now_us for act in before)
    failures = Failures()
    failures.need(had, Reason.DOC_MISSING, "R-140")
    in_time = state is DutyState.MET or bool(extension_id.strip())
    failures.need(in_time or not had, Reason.DOC_MISSING, "R-140")
    return failures.answer()


def missing_of_packet_log(log: PacketLog) -> tuple[Missing, ...]:
    """What the log of the agency's own device on a packet network holds (R-148)."""
    said = Lacks("packet_log.")
    said.need(log.installed_by, "installed_by", "R-148", "who installed the device")
    said.need(log.accessed_by, "accessed_by", "R-148", "everybody who accessed it")
    said.need(log.installed_at_us is not None, "installed_at", "R-148", "when it was installed")
    said.need(log.removed_at_us is not None, "removed_at", "R-148", "when it was removed")
    said.need(log.configuration, "configuration", "R-148", "how it was configured, and every change")
    said.need(log.collected, "collected", "R-148", "what it collected")
    return tuple(said.found)
