"""How an order itself stands, as the same steps as a record's: papers, versions, exigent clock, window. Pure.

The papers are those the court sent with the document; each missing item is a step of its own with the rule that asks
for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from collector.explain import FLAGS, HOLDS, REFUSES, Step, time_text
from mediation.law.desk import order_state
from mediation.law.desk_state import DeskState
from mediation.law.exigent import deadline_us, issued_in_time, lapse_us, lapsed, use_ends
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState
from mediation.law.rules import RULES

_IN_FORCE: Final = (OrderState.ISSUED, OrderState.ACTIVE)


def explain_order(
    order: CourtOrder,
    versions: Sequence[CourtOrder],
    missing: Sequence[Missing],
    now_us: int,
    desk: DeskState | None = None,
) -> tuple[Step, ...]:
    """The chain for the version in force. `missing` are the items its papers lack (`missing_papers`); `desk` knows how
    far an ended order came."""
    paper_rule = "R-051" if order.kind.exigent else "R-050"
    steps = [_step("papers", one.rule, f"{one.code}: {one.says}", REFUSES) for one in missing]
    if not missing:
        steps = [_step("papers", paper_rule, "complete", HOLDS)]
    numbers = ", ".join(str(one.version) for one in versions)
    steps.append(_step("versions", "R-027", f"signed {numbers}; version {order.version} is in force", HOLDS))
    window = order.effective_window
    fact = f"from {time_text(window.start_us)} to before {time_text(window.end_us)}"
    steps.append(_step("window", "R-002", fact, HOLDS))
    steps += _exigent(order, now_us)
    state = order_state(desk or DeskState(), order, now_us)
    steps.append(_step("standing", "R-027", f"state {state} at {time_text(now_us)}", _weight(state)))
    return tuple(steps)


def _exigent(order: CourtOrder, now_us: int) -> list[Step]:
    deadline = deadline_us(order)
    if deadline is None:
        return []
    timely = issued_in_time(order)
    over = lapsed(order, now_us)
    if timely:
        said = "the order was issued in time"
    else:
        said = f"no order {'in time' if over or now_us > deadline else 'yet'}; deadline {time_text(deadline)}"
    outcome = HOLDS if timely else REFUSES if over else FLAGS
    steps = [_step("exigent clock", "R-036", said, outcome)]
    for end in use_ends(order):
        if end.at_us > now_us:
            continue
        steps.append(_step("exigent clock", end.rule, f"{end.end}, {time_text(end.at_us)}", FLAGS))
    if over:
        at_us = lapse_us(order)
        steps.append(_step("exigent clock", "R-041", f"lapsed at {time_text(at_us or now_us)}", REFUSES))
    return steps


def _weight(state: OrderState) -> str:
    return HOLDS if state in _IN_FORCE else REFUSES


def _step(check: str, number: str, fact: str, outcome: str) -> Step:
    rule = RULES[number]
    return Step(check, fact, number, rule.statement, rule.source, outcome)
