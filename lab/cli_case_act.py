"""`calea-lab case act ORDER KIND`: what was done, against the duty that asks for it; what sets a clock running.

A notice and a device log must have their contents (R-136, R-148), a postponement the judge's order (R-137). Sealing is
no act to be claimed: `case seal` does it. Papers to the court come from whoever may draft requests, devices are the
technical unit's, disclosures the privacy officer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import typer

from lab.case_file import Docket
from lab.cli_case import ByOption, OrderArgument, show
from lab.output import DEFAULT_DATA, DataOption, JsonOption
from lab.times import when_us
from mediation.law.access_facts import Circumstances
from mediation.law.actors import Action
from mediation.law.case_log import CaseLog, Fact
from mediation.law.custody import (
    Notice,
    PacketLog,
    missing_of_notice,
    missing_of_packet_log,
    missing_of_postponement,
)
from mediation.law.duties import DutyKind
from mediation.law.missing import Lacks, Missing
from mediation.law.orders import CourtOrder
from mediation.runtime.config import ConfigError

_PAPERS, _DEVICES, _PRIVACY = Action.DRAFT_REQUEST, Action.PROVISION_CARRIER, Action.APPROVE_DISCLOSURE
KINDS: Final[dict[str, tuple[DutyKind | Fact, Action]]] = {
    "transcript": (DutyKind.TRANSCRIPT, _PAPERS),
    "progress-report": (DutyKind.PROGRESS_REPORT, _PAPERS),
    "notice": (DutyKind.NOTICE, _PAPERS),
    "court-report": (DutyKind.COURT_REPORT, _PAPERS),
    "january-report": (DutyKind.JANUARY_REPORT, _PAPERS),
    "defendant-papers": (DutyKind.DEFENDANT_PAPERS, _PAPERS),
    "carrier-report": (DutyKind.CARRIER_REPORT, _DEVICES),
    "device-disabled": (DutyKind.DEVICE_DISABLED, _DEVICES),
    "packet-log": (DutyKind.PACKET_LOG, _DEVICES),
    "improper-disclosure": (DutyKind.IMPROPER_DISCLOSURE, _PRIVACY),
    Fact.ORAL: (Fact.ORAL, _PAPERS),
    Fact.INTERVAL: (Fact.INTERVAL, _PAPERS),
    Fact.POSTPONEMENT: (Fact.POSTPONEMENT, _PAPERS),
    Fact.ARRAIGNMENT: (Fact.ARRAIGNMENT, _PAPERS),
    Fact.GOOD_CAUSE: (Fact.GOOD_CAUSE, _PAPERS),
    Fact.DEVICE: (Fact.DEVICE, _DEVICES),
    Fact.PACKET_DEVICE: (Fact.PACKET_DEVICE, _DEVICES),
    Fact.DISCOVERY: (Fact.DISCOVERY, _DEVICES),
    Fact.TOLD: (Fact.TOLD, _PRIVACY),
}
INSPECTION: Final = "inspection"
_NAMED: Final = {
    DutyKind.DEVICE_DISABLED: "R-146",
    DutyKind.CARRIER_REPORT: "R-062",
    DutyKind.IMPROPER_DISCLOSURE: "R-154",
    Fact.DEVICE: "R-146",
    Fact.DISCOVERY: "R-062",
    Fact.GOOD_CAUSE: "R-140",
    Fact.TOLD: "R-155",
}
"""Kinds that say of what: which device, which discovery, incident or disclosure, which order of the court."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a notice or a device log says, as given on the command line."""

    recipient: str = ""
    intercepted: bool | None = None
    issued_us: int | None = None
    installed_by: str = ""
    accessed_by: tuple[str, ...] = ()
    installed_us: int | None = None
    removed_us: int | None = None
    configuration: str = ""
    collected: str = ""


def act(
    order_id: OrderArgument,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=", ".join([*KINDS, INSPECTION]))],
    by: ByOption,
    at: Annotated[str, typer.Option(help="when it was done: now, or ISO 8601 with a zone")] = "now",
    subject: Annotated[
        str, typer.Option(help="which one: O-1/2 the second report, a device, an incident, a facility")
    ] = "",
    reference: Annotated[str, typer.Option(help="what proves it: a filing number, an order; days of an interval")] = "",
    recipient: Annotated[str, typer.Option(help="notice: whom it was served on")] = "",
    intercepted: Annotated[
        bool | None, typer.Option("--intercepted/--not-intercepted", help="notice: whether anything was")
    ] = None,
    issued: Annotated[str | None, typer.Option(help="notice: the date of issue; the order's own if it has one")] = None,
    installed_by: Annotated[str, typer.Option(help="packet-log")] = "",
    accessed_by: Annotated[list[str] | None, typer.Option(help="packet-log; repeatable")] = None,
    installed: Annotated[str | None, typer.Option(help="packet-log: when")] = None,
    removed: Annotated[str | None, typer.Option(help="packet-log: when")] = None,
    configuration: Annotated[str, typer.Option(help="packet-log")] = "",
    collected: Annotated[str, typer.Option(help="packet-log: what the device collected")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Record that something was done, or what sets a clock running."""
    if kind not in KINDS and kind != INSPECTION:
        raise ConfigError(f"{kind!r} is no act: {', '.join([*KINDS, INSPECTION])}.")
    with Docket(data) as docket:
        order, now_us = docket.order(order_id), docket.now_us
        at_us = when_us(at, now_us, "--at")
        if at_us > now_us:
            raise ConfigError(f"--at {at!r} is still to come: an act is recorded when it was done.")
        if kind == INSPECTION:
            # A round is of a facility; the desk knows who may make one.
            docket.desk.inspect(by, subject, now_us)
            raise typer.Exit(0)

        def us(text: str | None, option: str) -> int | None:
            return None if text is None else when_us(text, now_us, option)

        contents = Contents(
            recipient, intercepted, us(issued, "--issued"), installed_by, tuple(accessed_by or ()),
            us(installed, "--installed"), us(removed, "--removed"), configuration, collected,
        )  # fmt: skip
        what, action = KINDS[kind]
        named = subject.strip() or _default(what, order, docket.log())
        lacks = _lacks(what, order, named, reference, contents)
        asked = docket.ask(by, action, order, kind, Circumstances(requester_confirmed=True))
        verdict = docket.judge(f"act {kind}", by, order, asked, missing=lacks)
        made: dict[str, Any] = {}
        if verdict.allowed:
            made = {"order_id": order_id, "case_id": order.case_id, "by": by, "at_us": at_us}
            if isinstance(what, Fact):
                made |= {"fact": str(what), "value": named or reference}
                docket.record("case_fact", made)
            else:
                said = _said(what, order, contents)
                made |= {"duty": what.name, "subject": named, "reference": reference, "contents": said}
                docket.record("duty_act", made)
            docket.raise_alarms([order])
    raise typer.Exit(show(verdict, made, as_json))


def _default(what: DutyKind | Fact, order: CourtOrder, log: CaseLog) -> str:
    """The subject where none is given: the order, its case, the next report."""
    if what is DutyKind.PROGRESS_REPORT:
        prefix = f"{order.order_id}/"
        done = {one.subject for one in log.acts if one.kind is what and one.subject.startswith(prefix)}
        return f"{prefix}{len(done) + 1}"
    if what is DutyKind.DEFENDANT_PAPERS:
        return str(order.case_id)
    return "" if what in _NAMED or isinstance(what, Fact) else str(order.order_id)


def _lacks(
    what: DutyKind | Fact, order: CourtOrder, named: str, reference: str, contents: Contents
) -> Sequence[Missing]:
    if what is DutyKind.NOTICE:
        return missing_of_notice(_notice(order, contents))
    if what is DutyKind.PACKET_LOG:
        return missing_of_packet_log(_packet_log(order, contents))
    if what is Fact.POSTPONEMENT:
        return missing_of_postponement(reference)
    lacks = Lacks()
    if what is Fact.INTERVAL:
        days = reference.isdecimal() and int(reference) >= 1
        lacks.need(days, "reference", "R-067", "the judge's interval in whole days")
    elif what in _NAMED:
        lacks.need(named or (reference if isinstance(what, Fact) else ""), "subject", _NAMED[what], "which one")
    return lacks.found


def _notice(order: CourtOrder, contents: Contents) -> Notice:
    window = order.effective_window
    issued_us = contents.issued_us if contents.issued_us is not None else order.issued_at_us
    if issued_us is None and order.exigent is not None:
        issued_us = order.exigent.order_issued_at_us
    name = str(order.order_id)
    return Notice(name, contents.recipient, issued_us, window.start_us, window.end_us, contents.intercepted)


def _packet_log(order: CourtOrder, contents: Contents) -> PacketLog:
    return PacketLog(
        str(order.order_id), contents.installed_by, contents.accessed_by, contents.installed_us, contents.removed_us,
        contents.configuration, contents.collected,
    )  # fmt: skip


def _said(what: DutyKind, order: CourtOrder, contents: Contents) -> dict[str, Any]:
    """What goes on record of a notice or a log; nothing of other acts."""
    if what is DutyKind.NOTICE:
        notice = _notice(order, contents)
        return {
            "recipient": notice.recipient,
            "issued_us": notice.issued_at_us,
            "period_us": [notice.period_start_us, notice.period_end_us],
            "intercepted": notice.intercepted,
        }
    if what is DutyKind.PACKET_LOG:
        log = _packet_log(order, contents)
        return {
            "installed_by": log.installed_by,
            "accessed_by": list(log.accessed_by),
            "installed_us": log.installed_at_us,
            "removed_us": log.removed_at_us,
            "configuration": log.configuration,
            "collected": log.collected,
        }
    return {}
