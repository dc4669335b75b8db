"""An ended order on its way out: the sealed copy, the hand-off with its manifest, the closed case.

    DATA/sealed/ORDER             the sealed copy, outside the store (R-131, R-144)
    DATA/handed-off/ORDER/        what was handed off; DATA/handed-off/ORDER.json its manifest

Neither is in the store, so neither goes with its oldest records (R-142). Each move is recorded before the court's
document follows. Nothing here decides: `mediation.law` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asn1.errors import RefusedError
from collector.custody.handing import HandOff, package_lacks, packed
from collector.custody.said import Said
from collector.custody.sealing import Sealing, copied, sealing_lacks
from lab.case_file import Docket, Verdict
from lab.exports import export_all, missing_of, sources_of
from mediation.law.access_facts import Answer, Circumstances
from mediation.law.actors import Action
from mediation.law.disclosure import Disposition, may_close, may_hand_off
from mediation.law.lifecycle import OrderEvent
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import Reason
from mediation.runtime.config import ConfigError

Made = dict[str, Any]


def seal(
    docket: Docket, order: CourtOrder, by: str, custody: str, direction_id: str, directory: Path | None
) -> tuple[Verdict, Made]:
    """Seal an ended order. The judge's direction is the document of the sealed version unless another one is named."""
    direction = direction_id.strip() or f"{order.order_id}.v{order.version + 1}"
    asked = docket.ask(by, Action.SEAL, order, "seal", Circumstances(judge_direction_id=direction))
    sources, name = sources_of(docket.data), str(order.order_id)
    target = (directory or docket.data / "sealed" / name).absolute()
    sealing = Sealing(order, by, direction, custody, docket.now_us)
    lacks = sealing_lacks(sealing, docket.state(order), target, sources)
    verdict = docket.judge("seal", by, order, asked, missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    if target.exists():
        raise ConfigError(f"{target} is there already; a sealed copy is never written over. Name another --directory.")
    docket.record("seal_started", {**sealing.fields(), "directory": str(target)})
    try:
        with docket.away():
            made_copy = copied(sealing, sources, target, missing_of(docket.data))
    except RefusedError as error:
        against = tuple(Said(Reason.SEAL_MISSING.name, rule, str(error)) for rule in ("R-041", "R-090"))
        docket.refuse("seal", by, order, against)
        return Verdict(verdict.event_id, against), {}
    made = {**sealing.fields(), **made_copy, "started_us": sealing.started_us}
    docket.record("seal", made)
    return verdict, {**made, "version": docket.follow(order).version}


def hand_off(docket: Docket, order: CourtOrder, by: str, to: str, need: str, receipt: str) -> tuple[Verdict, Made]:
    """Export a sealed order into a case-management system, with a manifest of every file."""
    facts = Circumstances(target_system=to, logged_reason=need)
    asked = docket.ask(by, Action.EXPORT_HAND_OFF, order, "hand-off", facts)
    known = may_hand_off(to, need, docket.desk.state.case_systems)
    lacks = docket.step_lacks(order, OrderEvent.HAND_OFF)
    verdict = docket.judge("hand off", by, order, asked, known, missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    order = docket.follow(order)
    sources, directory, name = sources_of(docket.data), docket.data / "handed-off", str(order.order_id)
    with docket.away():
        exports = export_all(sources, directory, [order], actor=by, reason=need, record=docket.record)
    asked_for = HandOff(order, by, to, need, receipt, docket.now_us)
    made = packed(asked_for, directory, exports, docket.log().seals[name], missing_of(docket.data))
    docket.record("export", made)
    return verdict, {**made, "version": docket.follow(order).version}


def close(docket: Docket, order: CourtOrder, by: str, disposition: Disposition) -> tuple[Verdict, Made]:
    """Close a case that was handed off; the technical unit's access ends with it (R-149)."""
    asked = docket.ask(by, Action.SEAL, order, "closing", Circumstances())
    lacks = docket.step_lacks(order, OrderEvent.CLOSE) or package_lacks_of(docket, order)
    verdict = docket.judge("close", by, order, asked, may_close(disposition), missing=lacks)
    if not verdict.allowed:
        return verdict, {}
    order = docket.follow(order)
    made = {
        "order_id": str(order.order_id),
        "case_id": order.case_id,
        "by": by,
        "outcome": str(disposition.outcome),
        "classification": disposition.classification,
    }
    docket.record("case_closed", made)
    return verdict, {**made, "version": docket.follow(order).version}


def copy(
    docket: Docket, order: CourtOrder, by: str, action: Action, facts: Circumstances, answers: tuple[Answer, ...],
    fields: Made,
) -> tuple[Verdict, Made]:  # fmt: skip
    """An export of the order into a directory of its own, once desk and law allow it; `fields` go on record with it."""
    asked = docket.ask(by, action, order, "copy", facts)
    verdict = docket.judge("copy", by, order, asked, *answers)
    if not verdict.allowed:
        return verdict, {}
    parent = docket.data / "copies"
    number = sum(1 for _ in parent.glob(f"{order.order_id}-*")) + 1 if parent.exists() else 1
    directory = parent / f"{order.order_id}-{number}"
    reason = str(fields["reason"])
    sources = sources_of(docket.data)
    with docket.away():
        exports = export_all(sources, directory, [order], actor=by, reason=reason, record=docket.record)
    made = {"order_id": str(order.order_id), "case_id": order.case_id, "by": by, **fields}
    made |= {"directory": str(directory), "files": len(exports.files), "withheld": exports.withheld}
    docket.record("copy", made)
    return verdict, made


def package_lacks_of(docket: Docket, order: CourtOrder) -> tuple[Missing, ...]:
    return package_lacks(docket.log().packages.get(str(order.order_id)), docket.data / "handed-off")
