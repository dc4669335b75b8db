"""The case file at hand: orders from the court's documents, the desk's ledger and what it says of cases.

Every question goes through `Docket.ask`, which records the attempt; every answer of the law that is no goes on record
too, with its rules (`case_refused`). The ledger says how far an order came; `follow` has the court sign what its
document does not say yet, so that a crash between the two is mended by the next command.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple

from collector.custody.said import Said, refusal_fields, said_of, said_of_missing
from collector.custody.steps import step_lacks
from collector.desk.desk import Desk, Outcome
from lab.cli_order import newest, now_of
from lab.court import Court
from lab.court_acts import follow
from lab.desk import entries_of, open_desk
from lab.paths import RunPaths
from mediation.law.access_facts import Answer, Circumstances
from mediation.law.actors import Action
from mediation.law.case_log import CaseLog, alarm_key, duties_for, read_log
from mediation.law.desk import order_state
from mediation.law.duties import DutyAlarm, alarms
from mediation.law.lifecycle import OrderEvent
from mediation.law.missing import Missing
from mediation.law.orders import CourtOrder, OrderState

_STRANGER: Final = frozenset({"R-072", "R-073", "R-080"})
"""Refused as somebody who may not know of the case."""


class Verdict(NamedTuple):
    """`event_id` is the attempt's entry; `against` is empty when it is allowed."""

    event_id: str
    against: tuple[Said, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.against


class Docket:
    """Open in a `with`: it holds the desk's lock. `now_us` is the run's clock at the opening."""

    def __init__(self, data: Path) -> None:
        """Raises ConfigError without a desk, IntegrityError when its ledger was changed."""
        self.data = data
        self.court = Court(RunPaths(data))
        self.now_us = now_of(data)
        self.desk: Desk = open_desk(data)
        self._away = False

    def __enter__(self) -> Docket:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.desk.close()

    def order(self, order_id: str) -> CourtOrder:
        """The newest version that the court signed. Raises ConfigError when there is none."""
        return newest(self.court, order_id, self.data)

    def orders(self) -> tuple[CourtOrder, ...]:
        """The newest version of every order."""
        return tuple({one.order_id: one for one in self.court.orders()}.values())

    def log(self) -> CaseLog:
        """What the ledger says now."""
        return read_log(entries_of(self.data)[1])

    def record(self, kind: str, fields: dict[str, Any]) -> None:
        now_us = max(self.now_us, now_of(self.data))
        if self._away:
            with open_desk(self.data) as desk:
                desk.record(kind, fields, now_us)
        else:
            self.desk.record(kind, fields, now_us)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Without the desk's lock: what takes long keeps nobody else from the desk."""
        self.desk.close()
        self._away = True
        try:
            yield
        finally:
            self.desk = open_desk(self.data)
            self._away = False

    def ask(
        self, by: str, action: Action, order: CourtOrder, about: str, circumstances: Circumstances
    ) -> Outcome:  # fmt: skip
        """Whether they may, at the desk; the attempt is on record before the answer is."""
        return self.desk.attempt(by, action, order.case_id, self.now_us, circumstances, about, order.order_id)

    def judge(
        self, act: str, by: str, order: CourtOrder, outcome: Outcome, *answers: Answer, missing: Iterable[Missing] = ()
    ) -> Verdict:
        """The desk's answer with those of the law; what the law refuses is recorded here, rule by rule. A stranger to
        the case is told nothing but that: for them it has no seal and no file."""
        own = [one for answer in answers for one in said_of(answer)]
        own += said_of_missing(missing)
        if not _STRANGER.isdisjoint(outcome.answer.rules):
            return Verdict(outcome.event_id, said_of(outcome.answer))
        if own:
            self.refuse(act, by, order, own)
        return Verdict(outcome.event_id, tuple(dict.fromkeys((*said_of(outcome.answer), *own))))

    def refuse(self, act: str, by: str, order: CourtOrder, against: Sequence[Said]) -> None:
        self.record("case_refused", refusal_fields(act, by, order, against))

    def state(self, order: CourtOrder) -> OrderState:
        """R-027, as the ledger and the clock have it."""
        return order_state(self.desk.state, order, self.now_us)

    def step_lacks(self, order: CourtOrder, event: OrderEvent) -> tuple[Missing, ...]:
        """What keeps an order from its next step: its end (R-131), its seal, its hand-off (R-027, R-130)."""
        return step_lacks(self.state(order), order, event, self.now_us)

    def follow(self, order: CourtOrder) -> CourtOrder:
        """The order as far as the ledger says it came, each step a version that the court signs."""
        reached = self.desk.state.phases.get(str(order.order_id))
        return follow(self.court, order, reached, max(self.now_us, now_of(self.data)))

    def raise_alarms(self, orders: Iterable[CourtOrder]) -> tuple[DutyAlarm, ...]:
        """Everything late or overdue by now; each is on record once."""
        log = self.log()
        duties = dict.fromkeys(one for order in orders for one in duties_for(order, log))
        found = alarms(duties, log.acts, self.now_us)
        for alarm in found:
            if alarm_key(alarm) not in log.told:
                self.record("duty_alarm", alarm_fields(alarm))
        return found


def alarm_fields(alarm: DutyAlarm) -> dict[str, Any]:
    one = alarm.duty
    return {
        "duty": one.kind.name,
        "subject": one.subject,
        "due_us": one.due_us,
        "state": str(alarm.state),
        "severity": str(alarm.severity),
        "rule": one.rule,
        "says": alarm.says,
    }
