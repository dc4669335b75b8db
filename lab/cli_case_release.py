"""`calea-lab case copy | disclose | incident | disclosures`: what leaves, to whom, on what ground; what went wrong.

Copies for the investigation do not wait for the seal (R-135), those for proceedings do (R-132). `disclose` asks and
records; what is released is then copied or handed off. Whoever has an id may report an incident: that is a duty.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from collector.custody.said import said_of
from lab.case_file import Docket, Verdict
from lab.case_moves import copy as copy_order
from lab.cli_case import ByOption, OrderArgument, show
from lab.output import DEFAULT_DATA, DataOption, JsonOption, console, print_json
from lab.times import iso, when_us
from mediation.law.access_facts import Answer, Circumstances, Purpose
from mediation.law.actors import Action
from mediation.law.case_log import Fact
from mediation.law.court_days import COURT_ZONE
from mediation.law.custody import CopyUse, defendant_duty, may_copy, may_use_at_trial
from mediation.law.desk import UNKNOWN_USER, actor_at
from mediation.law.disclosure import (
    Disclosure,
    DisclosureGround,
    Form,
    Recipient,
    Source,
    may_disclose,
    quarterly_summary,
    to_be_told,
)
from mediation.law.duties import DutyKind, duty
from mediation.law.orders import Window
from mediation.law.verdicts import Reason
from mediation.runtime.config import ConfigError

Text = Annotated[str, typer.Option()]


class Use(StrEnum):
    WORK = "work"
    PROCEEDINGS = "proceedings"


_ROADS: Final = {
    Recipient.PROSECUTOR: Action.TURN_OVER_TO_PROSECUTOR,
    Recipient.DEFENCE: Action.DELIVER_TO_DEFENCE,
}
"""Who may let it go: every other road is the privacy officer's."""


def copy(
    order_id: OrderArgument,
    by: ByOption,
    use: Annotated[Use, typer.Option(help="work, or proceedings")] = Use.WORK,
    explanation: Annotated[str, typer.Option(help="filed with the court, for the lack of a seal")] = "",
    reason: Annotated[str, typer.Option(help="why, for the ledger")] = "copy of the case file",
    trial: Annotated[str | None, typer.Option("--trial-at", help="proceedings: for use at this trial")] = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="who asks was checked (R-151)")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Copy what an order brought, for the investigation or for proceedings (R-132, R-135, R-140)."""
    with Docket(data) as docket:
        order = docket.order(order_id)
        wanted = CopyUse.WORK if use is Use.WORK else CopyUse.PROCEEDINGS
        answers = [may_copy(wanted, docket.log().seals.get(order_id), explanation)]
        fields: dict[str, Any] = {"use": str(wanted), "reason": reason, "explanation": explanation}
        fields["rule_ids"] = list(answers[0].rules)
        if trial is not None:
            answers.append(_at_trial(docket, str(order.case_id), when_us(trial, docket.now_us, "--trial-at")))
        action = Action.TURN_OVER_TO_PROSECUTOR
        if wanted is CopyUse.WORK:
            action = Action.READ_CALL_IDENTIFYING if order.kind.metadata_only else Action.READ_CONTENT
        facts = Circumstances(logged_reason=reason, requester_confirmed=confirmed)
        verdict, made = copy_order(docket, order, by, action, facts, tuple(answers), fields)
    raise typer.Exit(show(verdict, made, as_json))


def _at_trial(docket: Docket, case_id: str, trial_us: int) -> Answer:
    """R-140; where nobody recorded an arraignment, the defendant had nothing."""
    log = docket.log()
    arraigned_us = log.arraigned_us(case_id)
    if arraigned_us is None:
        return Answer(False, (Reason.DOC_MISSING,), ("R-140",))
    causes = [one.value for one in log.facts if one.fact is Fact.GOOD_CAUSE and one.case_id == case_id]
    extension = causes[-1] if causes else ""
    return may_use_at_trial(defendant_duty(case_id, arraigned_us), log.acts, trial_us, docket.now_us, extension)


def disclose(
    order_id: OrderArgument,
    by: ByOption,
    recipient: Annotated[Recipient, typer.Option(help="to whom")],
    requester: Text = "",
    purpose: Annotated[str, typer.Option(help="one of the four")] = Purpose.CRIMINAL_INVESTIGATION,
    details: Text = "",
    ground: Annotated[int, typer.Option(min=0, max=7, help="R-152, 1 to 7; 0 none")] = 0,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="identity and affiliation were checked")] = False,
    jurisdiction: Annotated[bool, typer.Option("--jurisdiction", help="the prosecutor has it")] = False,
    form: Form = Form.PACKAGE,
    source: Source = Source.COLLECTION,
    approval: Annotated[str, typer.Option(help="the privacy officer's written one")] = "",
    city_approval: Text = "",
    routine: Text = "",
    crime: Annotated[str, typer.Option(help="reference of the crime")] = "",
    welfare: Annotated[str, typer.Option(help="reference of the concern")] = "",
    court_order: Annotated[str, typer.Option(help="that orders this disclosure")] = "",
    reviewed_by: Text = "",
    harm_likely: Annotated[bool, typer.Option("--harm-likely", help="those affected are told (R-155)")] = False,
    told_by_decision: Annotated[bool, typer.Option("--told-by-decision", help="they are told by decision")] = False,
    law_requires_telling: Annotated[bool, typer.Option("--law-requires-telling", help="they must be told")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Ask whether something may be disclosed, and record question and answer (R-150 to R-159)."""
    chosen = list(DisclosureGround)[ground - 1] if ground else None
    request = Disclosure(
        recipient, requester, purpose, details, confirmed, confirmed, jurisdiction, form, source, chosen, approval,
        city_approval, routine, crime, welfare, court_order, reviewed_by,
    )  # fmt: skip
    with Docket(data) as docket:
        order, log = docket.order(order_id), docket.log()
        facts = Circumstances(purpose=purpose, logged_reason=details, requester_confirmed=confirmed)
        action = _ROADS.get(recipient, Action.APPROVE_DISCLOSURE)
        asked = docket.ask(by, action, order, "disclosure", facts)
        verdict = docket.judge("disclose", by, order, asked, may_disclose(request))
        name = f"D-{len(log.disclosures) + 1}"
        made = {
            "disclosure_id": name,
            "order_id": order_id,
            "case_id": order.case_id,
            "by": by,
            "recipient": str(recipient),
            "requester": requester,
            "purpose": purpose,
            "ground": None if chosen is None else str(chosen),
            "harm_likely": harm_likely,
            "told_by_decision": told_by_decision,
            "law_requires_telling": law_requires_telling,
        }
        rules = [one.rule for one in verdict.against]
        docket.record("disclosure", {**made, "allowed": verdict.allowed, "rule_ids": rules})
    raise typer.Exit(show(verdict, made, as_json))


def incident(
    order_id: OrderArgument,
    by: ByOption,
    says: Annotated[str, typer.Option(help="what went out, in a few words")],
    aware: Annotated[str, typer.Option(help="when it became known: now, or ISO 8601")] = "now",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Record an improper disclosure; its report is due 24 hours after it became known (R-154)."""
    with Docket(data) as docket:
        order, now_us = docket.order(order_id), docket.now_us
        aware_us = when_us(aware, now_us, "--aware")
        if aware_us > now_us:
            raise ConfigError(f"--aware {aware!r} is still to come.")
        name = f"I-{len(docket.log().incidents) + 1}"
        verdict = Verdict("")
        made: dict[str, Any] = {}
        if actor_at(docket.desk.state, by, now_us) is None:
            verdict = Verdict("", said_of(UNKNOWN_USER))
            docket.refuse("incident", by, order, verdict.against)
        else:
            fields = {"incident_id": name, "order_id": order_id, "case_id": order.case_id, "by": by}
            docket.record("incident", {**fields, "aware_us": aware_us, "says": says})
            made = {**fields, "due": iso(duty(DutyKind.IMPROPER_DISCLOSURE, name, aware_us).due_us)}
            docket.raise_alarms([order])
    raise typer.Exit(show(verdict, made, as_json))


def disclosures(
    quarter: Annotated[str | None, typer.Option(help="2026-Q2; the present one when not given")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """The quarter in numbers without names, and which disclosures those affected still have to be told of (R-155)."""
    with Docket(data) as docket:
        log, now_us = docket.log(), docket.now_us
    year, number = quarter_of(quarter, now_us)
    counts = quarterly_summary(log.disclosures.values(), quarter_window(year, number))
    waiting = to_be_told(log.disclosures.values())
    names = [name for name, one in log.disclosures.items() if one in waiting]
    if as_json:
        print_json({"quarter": f"{year}-Q{number}", "summary": counts, "to_be_told": names})
        return
    out = console()
    out.print(f"Disclosures of {year}-Q{number}", markup=False)
    for road, count in counts.items():
        out.print(f"  {count}  {road}", markup=False)
    out.print(f"To be told: {', '.join(names) or 'nobody'}", markup=False)


def quarter_of(text: str | None, now_us: int) -> tuple[int, int]:
    """Year and number of a quarter; the one that `now_us` is in without a text."""
    if text is None:
        now = datetime.fromtimestamp(now_us // 1_000_000, UTC).astimezone(COURT_ZONE)
        return now.year, (now.month - 1) // 3 + 1
    found = re.fullmatch(r"(\d{4})-Q([1-4])", text)
    if found is None:
        raise ConfigError(f"{text!r} is no quarter: write 2026-Q2.")
    return int(found[1]), int(found[2])


def quarter_window(year: int, number: int) -> Window:
    """By the calendar where the court sits."""
    first = datetime(year, 3 * number - 2, 1, tzinfo=COURT_ZONE)
    after = datetime(year + number // 4, 3 * number % 12 + 1, 1, tzinfo=COURT_ZONE)
    return Window(int(first.timestamp()) * 1_000_000, int(after.timestamp()) * 1_000_000)
