"""Plays one scenario: processes up, the clock standing at its start, then step by step, then the proof.

The clock stands still but in `run` steps, so that a record can be stamped at the very end of an order and arrive at
that very instant, on any machine. Before the clock jumps, everything under way is delivered, judged and durable; what
the processes do of their own accord afterwards (a lapse, a task that ends) is waited for by name, never by a sleep.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer

from asn1.errors import LabError
from lab.agency.stack import Agency
from lab.cli_verify import find_store
from lab.control import ControlError
from lab.faults import client as faults
from lab.papers import lab_papers
from lab.play import Play
from lab.processes import wait_for
from lab.results import Check
from lab.scenario import damage
from lab.scenario.evidence import Evidence, ledger_entries, matching
from lab.scenario.expect import checks_of
from lab.scenario.model import AwaitStep, CommandStep, LinkFaultStep, OrderStep, PostStep, RunStep, Scenario, Step
from lab.scenario.people import People
from lab.scenario.queries import AuditQuery
from lab.scenario.rest import LOOK_S, status_of, until_heard, until_quiet
from lab.scenario.times import MARK, at_us, resolved, span_us
from lab.stack import Plan, Stack, clear
from lab.times import iso
from mediation.law.fields import order_from_fields
from mediation.law.papers import Papers, papers_from_fields, papers_to_fields
from mediation.runtime.clock import ClockHand, ClockSpec
from mediation.runtime.config import ConfigError, NotReadyError

STORE: Final = {"capacity_octets": 256 << 20, "segment_octets": 16 << 20}
DATAGRAMS_SPEED: Final = 6.0
"""Content over UDP is lost where a busy machine does not keep up, and nobody sends it again."""
STORY: Final = "scenario.json"
OUTCOME: Final = "outcome.json"
CLI: Final = "calea-lab"
SPEAKING: Final = ("order", "case")
"""Commands by which the court may have signed something."""
_KEPT: Final = re.compile(r"\$([A-Z][A-Z0-9_]*)")
"""A value that an earlier step kept."""
TIMES: Final = "times"
"""Of a traffic item: how often it happens, all at once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a played scenario came to. `checks`: each expectation and what holds for every run."""

    scenario: Scenario
    checks: list[Check]
    seconds: float
    data: Path

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "simulation": True,
            "scenario": self.scenario.id,
            "title": self.scenario.title,
            "seed": self.scenario.seed,
            "ok": self.ok,
            "seconds": round(self.seconds, 1),
            "checks": [{"name": one.name, "ok": one.ok, "found": one.found} for one in self.checks],
        }


Tell = Callable[[str], None]


@dataclass(slots=True)
class Engine:
    """`app` gives the command line for a command; its words are run as the shell would."""

    scenario: Scenario
    data: Path
    app: Callable[[str], typer.Typer]
    tell: Tell = lambda _: None
    times: dict[str, int] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    people: People = field(default_factory=People)

    def play(self) -> Outcome:
        """Raises LabError when the stack does not get through the story: a command that answers otherwise, a thing
        waited for that does not come."""
        began = time.monotonic()
        clear(self.data)
        scenario = self.scenario
        start_us = self.name_times()
        stack = Stack(self.data)
        play = Play(stack, self.plan(start_us))
        try:
            play.open()
            for order in scenario.orders:
                self.sign(play, order)
            for number, step in enumerate(scenario.steps, 1):
                try:
                    self.perform(play, step)
                except LabError as error:
                    raise NotReadyError(f"{scenario.id}, step {number}: {error}") from error
            until_quiet(play)
            play.drain()
        finally:
            self.people.leave()
            play.close()
        self.tell("reading what it left")
        evidence = Evidence(stack.paths, find_store(self.data))
        checks = checks_of(scenario, evidence, play.last, self.times, self.people.listenings)
        outcome = Outcome(scenario, checks, time.monotonic() - began, self.data)
        # With these two beside it a run can be bundled, and played again.
        (self.data / "scenario.json").write_text(
            scenario.model_dump_json(by_alias=True, exclude_defaults=True, indent=2)
        )
        (self.data / "outcome.json").write_text(json.dumps(outcome.as_json(), indent=2))
        return outcome

    def name_times(self) -> int:
        """Work out the story's times; its start. Raises ConfigError."""
        for name, text in self.scenario.times.items():
            self.times[name] = at_us(text, self.times)
        return at_us(self.scenario.start, self.times)

    def _around(self) -> Agency | None:
        """The systems around the collector, where the story has them."""
        own = self.scenario.agency
        return None if own is None else Agency(resolved(own.devices, self.times), resolved(own.records, self.times))

    def plan(self, start_us: int) -> Plan:
        """What the story's run is configured as; its times have been named (`name_times`)."""
        scenario, own = self.scenario, self.scenario.configuration
        known = [one.number for one in scenario.subscribers.values()]
        loads = [{"kind": "background", **one.model_dump(), "exclude": known} for one in scenario.loads]
        return Plan(
            clock=ClockSpec(start_us, start_us, 0.0),
            shared_clock=True,
            carrier={
                "start": "now",
                "seed": scenario.seed,
                "traffic": [*resolved(scenario.traffic, self.times), *loads],
                "faults": scenario.faults.carrier,
                **resolved(own.carrier, self.times),
            },
            mediation={
                "faults": resolved(scenario.faults.mediation, self.times),
                **resolved(own.mediation, self.times),
            },
            collector={"store": STORE, **resolved(own.collector, self.times)},
            policy=own.policy,
            link=own.link,
            reconcile=scenario.reconcile,
            desk=scenario.desk or scenario.console,
            console=scenario.console,
            agency=self._around(),
            dialects=tuple(scenario.dialects),
            faults=scenario.link_faults,
            disposable=True,
        )

    def perform(self, play: Play, step: Step) -> None:
        """One step, on a run that is up. Raises LabError when it does not come about."""
        if step.at is not None:
            self._go_to(play, at_us(step.at, self.times))
        if step.order is not None:
            self.sign(play, step.order)
        elif step.inject is not None:
            self._inject(play, step.inject)
        elif step.play is not None:
            card = self.scenario.card(step.play)
            self.tell(f"card {card.id}: {card.says}")
            for one in card.steps:
                self.perform(play, one)
        elif step.fault is not None:
            self._post(play, step.fault, "/fault")
        elif step.link_fault is not None:
            self._link_fault(play, step.link_fault)
        elif step.post is not None:
            self._post(play, step.post)
        elif step.command is not None:
            self._command(step.command)
            if step.command.words[0] in SPEAKING:
                until_heard(play)
        elif step.awaits is not None:
            self._await(play, step.awaits)
        elif step.run is not None:
            self._run(play, step.run)
        elif step.drain:
            until_quiet(play)
            play.drain()
        elif step.visit is not None:
            visit = step.visit
            self.tell(f"{visit.by} at {visit.facility}: {visit.path}")
            form = None if visit.form is None else {name: self._filled(one) for name, one in visit.form.items()}
            self.kept |= self.people.visit(play.stack, visit, self._filled(visit.path), form)
        elif step.listen is not None:
            self.tell(f"{step.listen.by} at {step.listen.facility} listens")
            self.people.listen(play.stack, step.listen, self._filled(step.listen.path))
        elif step.silence is not None:
            self.people.wait(step.silence)
        elif step.damage is not None:
            if "collector" in play.stack.alive:
                raise ConfigError("Stop the collector before the disk is changed behind its back.")
            told = damage.damage(find_store(self.data), step.damage.kind, step.damage.liid)
            self.tell(f"somebody changes {told}")
        elif step.mend:
            self.tell("the copy is brought back")
            damage.mend(find_store(self.data))
        elif step.stop is not None:
            until_quiet(play)
            play.stack.end(step.stop)
        elif step.start is not None:
            play.stack.launch([step.start])

    def sign(self, play: Play, order: OrderStep) -> None:
        """Have the court sign an order, and wait until carrier and agency have heard of it."""
        fields = resolved(order.fields, self.times)
        self.tell(f"the court signs {fields.get('order_id')}")
        overlay = resolved(order.papers, self.times)
        play.stack.court.issue(fields, self._papers(fields, overlay) if overlay else None)
        until_heard(play)

    @staticmethod
    def _papers(fields: dict[str, Any], overlay: dict[str, Any]) -> Papers:
        """The lab's complete papers for the order, with what the scenario says otherwise. Raises ConfigError."""
        try:
            whole = papers_to_fields(lab_papers(order_from_fields(fields)))
            return papers_from_fields({**whole, **overlay})
        except ValueError as error:
            raise ConfigError(f"The papers of {fields.get('order_id')} cannot be: {error}.") from error

    # Time

    def _go_to(self, play: Play, to_us: int) -> None:
        until_quiet(play)
        hand = play.stack.hand
        assert hand is not None, "a scenario's clock can be moved"
        self.tell(f"the clock goes to {iso(to_us)}")
        if self.scenario.speed == "max":
            hand.jump(to_us)
        else:
            self._pass(hand, to_us, self.scenario.speed)
        # What begins or ends by the clock has begun or ended, tasks at the element among it, before anything follows.
        until_heard(play)

    def _run(self, play: Play, step: RunStep) -> None:
        hand = play.stack.hand
        assert hand is not None, "a scenario's clock can be moved"
        until_us = hand.clock.now_us() + span_us(step.span)
        most = DATAGRAMS_SPEED if self.scenario.dialects else step.speed
        speed = min(step.speed, most, step.speed if self.scenario.speed == "max" else self.scenario.speed)
        self.tell(f"the clock runs to {iso(until_us)}, {speed:g} times as fast")
        self._pass(hand, until_us, speed)

    @staticmethod
    def _pass(hand: ClockHand, until_us: int, speed: float) -> None:
        """Let the clock run until then, and stand there to the microsecond: the last stretch is a jump, so that what
        is injected next has the same stamps in every run."""
        last_us = until_us - round(2 * LOOK_S * 1e6 * speed)
        hand.go(speed)
        try:
            while hand.clock.now_us() < last_us:
                time.sleep(min(LOOK_S, hand.clock.real_delay_s(last_us)))
        finally:
            hand.go(0.0)
        if hand.clock.now_us() < until_us:
            hand.jump(until_us)

    # Deeds

    def _inject(self, play: Play, items: list[dict[str, Any]]) -> None:
        self.tell(f"traffic: {', '.join(str(one.get('kind')) for one in items[:4])}")
        wanted: list[dict[str, Any]] = []
        for item in resolved(items, self.times):
            once = {key: value for key, value in item.items() if key != TIMES}
            wanted += [once] * int(item.get(TIMES, 1))
        play.stack.post("carrier_sim", "/inject", wanted)

    def _post(self, play: Play, step: PostStep, path: str | None = None) -> None:
        refused = ""
        try:
            play.stack.post(step.process, path or step.path, resolved(step.body, self.times))
        except ControlError as error:
            refused = str(error)
        if bool(refused) != (step.status == "refused"):
            raise NotReadyError(refused or f"POST {step.path} was accepted and had to be refused.")

    def _link_fault(self, play: Play, step: LinkFaultStep) -> None:
        if step.add is not None:
            self.tell(f"the line: {step.add.get('kind')}")
            faults.ask(play.stack, "/faults/add", {"fault": resolved(step.add, self.times)})
        else:
            self.tell(f"the line: no longer {step.clear}")
            faults.ask(play.stack, "/faults/clear", {"id": step.clear})

    def _command(self, step: CommandStep) -> None:
        words = [self._word(one) for one in step.words]
        self.tell(f"{CLI} {' '.join(words)}")
        as_json = ["--json"] if step.keep else []
        code, printed = run_command(self.app(words[0]), [*words, "--data", str(self.data), *as_json])
        if code != step.exit or (step.says is not None and step.says not in printed):
            wanted = f"exit code {step.exit}" + (f" and {step.says!r}" if step.says else "")
            raise NotReadyError(f"`{' '.join(words)}` gave exit code {code}, wanted {wanted}: {printed.strip()[-400:]}")
        answer = json.loads(printed) if step.keep else {}
        for name, key in step.keep.items():
            self.kept[name] = str(answer[key])

    def _word(self, word: str) -> str:
        if word.startswith(MARK):
            return iso(at_us(word[len(MARK) :], self.times))
        return self._filled(word)

    def _filled(self, text: str) -> str:
        """With what was kept in the place of its names. Raises ConfigError for a name that nothing was kept under."""

        def kept(found: re.Match[str]) -> str:
            if found[1] not in self.kept:
                raise ConfigError(f"{found[0]} was not kept by any step before.")
            return self.kept[found[1]]

        return _KEPT.sub(kept, text)

    def _await(self, play: Play, step: AwaitStep) -> None:
        seen: list[object] = []

        def holds() -> bool:
            found: object
            if step.audit is not None:
                found = len(matching(ledger_entries(play.stack.paths, step.audit.ledger), step.audit, self.times))
                good = step.audit.holds(found)
            else:
                assert step.status is not None, "one or the other"
                found, good = status_of(play, step.status)
            seen[:] = [found]
            return good

        query = step.audit or step.status
        self.tell(f"waiting for {query.kind if isinstance(query, AuditQuery) else query and query.path}")
        if not wait_for(holds, step.timeout_s, LOOK_S):
            raise NotReadyError(
                f"{query} did not come within {step.timeout_s:g} s; last seen {seen[0] if seen else '-'}."
            )


def run_command(app: typer.Typer, words: list[str]) -> tuple[int, str]:
    """A command in this process: its exit code and everything it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            answer = app(words, standalone_mode=False)
            code = answer if isinstance(answer, int) else 0
        except typer.Exit as error:
            code = error.exit_code
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except ConfigError as error:
            out.write(str(error))
            code = 2
        except LabError as error:
            from lab.cli import exit_code

            out.write(str(error))
            code = exit_code(error)
    return code, out.getvalue()
