"""What is wrong with a scenario's file, found without playing it: every sentence says where.

Beyond its shape: nobody's identity in it (`identities`), times that can be and only go forward, traffic that the
carrier would play and orders that the court would sign, faults, rules, reasons and commands that there are, names that
were kept before they are used; a briefing, and a key with the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from asn1.errors import LabError
from carrier_sim.config import TRAFFIC_ITEMS, CarrierFaults
from lab.court import order_and_papers
from lab.faults.model import FaultRequest
from lab.papers import lab_papers
from lab.scenario.catalogue import Source
from lab.scenario.identities import foreign
from lab.scenario.lesson import Answer
from lab.scenario.model import LinkFaultStep, OrderStep, Scenario, Step
from lab.scenario.queries import AuditQuery
from lab.scenario.reading import for_trainee, read
from lab.scenario.times import MARK, at_us, resolved, span_us
from lab.training.rubric import Trace
from mediation.config import FaultsModel
from mediation.faults import fault_request
from mediation.law.papers import papers_from_fields, papers_to_fields
from mediation.law.rules import RULES
from mediation.law.verdicts import Reason, VerdictKind

TIMES: Final = "times"
_KEPT: Final = re.compile(r"\$([A-Z][A-Z0-9_]*)")
_FILES: Final = frozenset({"--data", "--file", "--out", "--pin", "--bundle", "--papers", "--junit", "--certificate"})
_PLACES: Final = re.compile(
    r"(_dir|_directory|_url|_key|_file|_ca|_listen)$|^(listen|control|host|tls|exposed|file|hi[123])$"
)
_STANDINGS: Final = frozenset({"HELD", "PRIVILEGED", "MINIMISED", "RELEASED"})
Commands = Callable[[str], bool]
"""Whether `calea-lab` has a command of this name."""


def problems(source: Source, is_command: Commands) -> list[str]:
    """Every problem of a file in the form that is meant; none when it is sound."""
    try:
        raw = read(source.path)
        found = list(foreign(for_trainee(raw, None)))
        scenario = source.load()
    except LabError as error:
        return [str(error)]
    if not scenario.answers:
        found.append(f"{scenario.id}: it has no answers: say what is to be seen and decided, and by which rules")
    return found + [f"{scenario.id}: {one}" for one in _Reader(scenario, is_command).look()]


def of_scenario(scenario: Scenario) -> Iterator[str]:
    """What is wrong with a scenario that came from elsewhere, and was read already; it may lack a key."""
    yield from foreign(scenario.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    yield from _Reader(scenario, lambda _: True).look()


@dataclass
class _Reader:
    scenario: Scenario
    is_command: Commands
    times: dict[str, int] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    reached_us: int = 0
    heard: set[str] = field(default_factory=set)
    fills: bool = False
    """Whether names may stand that nothing here kept."""

    def look(self) -> Iterator[str]:
        scenario = self.scenario
        for name, text in scenario.times.items():
            yield from self._time(f"times.{name}", text, name)
        yield from self._forward("start", scenario.start, ordered=True)
        for index, answer in enumerate(scenario.answers):
            yield from self._answer(f"answers.{index}", answer)
        for index, order in enumerate(scenario.orders):
            yield from self._order(f"orders.{index}", order)
        yield from self._traffic("traffic", scenario.traffic)
        yield from _fits("faults.mediation", FaultsModel, self._resolved(scenario.faults.mediation))
        yield from _fits("faults.carrier", CarrierFaults, self._resolved(scenario.faults.carrier))
        for name, values in scenario.configuration.model_dump().items():
            yield from _reaches_out(f"configuration.{name}", values)
        yield from self._steps("steps", scenario.steps)
        cues = () if scenario.training is None else scenario.training.cues
        # A cue fills its card's names from the entry that it answers.
        by_cue = {one.plays for one in cues}
        for card in scenario.injects:
            self.fills = card.id in by_cue
            yield from self._steps(f"injects.{card.id}", card.steps, ordered=False)
        yield from self._expectations()
        yield from self._rubric()

    def _expectations(self) -> Iterator[str]:
        for index, one in enumerate(self.scenario.expect):
            at = f"expect.{index}"
            if one.totals is not None:
                yield from _named(f"{at}.totals.reasons", one.totals.reasons, Reason.__members__)
            if one.records is not None:
                wanted = one.records
                yield from _named(f"{at}.records.reasons", wanted.reasons, Reason.__members__)
                yield from _named(f"{at}.records.verdicts", wanted.verdicts or (), VerdictKind.__members__)
                yield from _named(f"{at}.records.standing", [wanted.standing] if wanted.standing else (), _STANDINGS)
                for name, text in (("since", wanted.since), ("until", wanted.until)):
                    yield from () if text is None else self._time(f"{at}.records.{name}", text)
            if one.audit is not None:
                yield from self._query(f"{at}.audit", one.audit)
            if one.heard is not None:
                yield from _named(f"{at}.heard.listening", [one.heard.listening], self.heard)

    def _rubric(self) -> Iterator[str]:
        for line in () if self.scenario.scoring is None else self.scenario.scoring.rubric:
            for trace in (*line.needs, *line.forbids):
                yield from self._trace(f"scoring.{line.id}", trace)

    def _trace(self, at: str, trace: Trace) -> Iterator[str]:
        for name, text in (("since", trace.since), ("until", trace.until)):
            yield from () if text is None else self._time(f"{at}.{name}", text)
        for other in (trace.after, trace.before, trace.about):
            yield from () if other is None else self._trace(at, other)

    def _steps(self, at: str, steps: list[Step], ordered: bool = True) -> Iterator[str]:
        for index, step in enumerate(steps, 1):
            place = f"{at}.{index}"
            if step.at is not None:
                yield from self._forward(place, step.at, ordered)
            yield from self._deed(place, step)

    def _forward(self, at: str, text: str, ordered: bool) -> Iterator[str]:
        wrong = list(self._time(at, text))
        yield from wrong
        if not wrong and ordered:
            to_us = at_us(text, self.times)
            if to_us < self.reached_us:
                yield f"{at}: {text} lies before what was reached: a run's clock goes forward only"
            self.reached_us = max(self.reached_us, to_us)

    def _deed(self, at: str, step: Step) -> Iterator[str]:
        if step.order is not None:
            yield from self._order(at, step.order)
        if step.inject is not None:
            yield from self._traffic(at, step.inject)
        if step.fault is not None and step.fault.process == "mediation":
            body = step.fault.body
            yield from _says(at, lambda _: FaultsModel.model_validate(fault_request(self._resolved(body)).set), "")
        if step.link_fault is not None:
            yield from _link_fault(at, step.link_fault)
        if step.play is not None:
            played = [one for card in self.scenario.injects if card.id == step.play for one in card.steps]
            self.kept |= {name for one in played for name in _keeps(one)}
            if not played:
                yield f"{at}: there is no inject {step.play}"
        if step.command is not None:
            if not self.is_command(step.command.words[0]):
                yield f"{at}: calea-lab has no command {step.command.words[0]}"
            yield from _outside(at, step.command.words)
            yield from self._words(at, step.command.words)
            self.kept |= set(step.command.keep)
        if step.visit is not None:
            yield from self._words(at, [step.visit.path, *(step.visit.form or {}).values()])
            self.kept |= set(step.visit.keep)
            for name, pattern in step.visit.keep.items():
                yield from _says(f"{at}.keep.{name}", _one_group, pattern)
        if step.listen is not None:
            yield from self._words(at, [step.listen.path])
            self.heard.add(step.listen.name)
        if step.silence is not None:
            yield from _named(at, [step.silence], self.heard)
        if step.awaits is not None and step.awaits.audit is not None:
            yield from self._query(at, step.awaits.audit)
        if step.run is not None:
            yield from _says(f"{at}.run.span", span_us, step.run.span)

    def _words(self, at: str, words: list[str]) -> Iterator[str]:
        for word in words:
            if word.startswith(MARK):
                yield from self._time(at, word[len(MARK) :])
            for name in _KEPT.findall(word):
                if name not in self.kept and not self.fills:
                    yield f"{at}: ${name} was not kept by any step before"

    def _answer(self, at: str, answer: Answer) -> Iterator[str]:
        yield from _named(f"{at}.rules", answer.rules, RULES)
        if answer.at is not None:
            yield from self._time(f"{at}.at", answer.at)

    def _order(self, at: str, order: OrderStep) -> Iterator[str]:
        try:
            fields = resolved(order.fields, self.times)
            made, _ = order_and_papers(fields)
            if order.papers:
                whole = papers_to_fields(lab_papers(made))
                papers_from_fields({**whole, **resolved(order.papers, self.times)})
        except (LabError, ValueError) as error:
            yield f"{at}: {order.fields.get('order_id')} cannot be signed: {error}"

    def _traffic(self, at: str, items: list[dict[str, Any]]) -> Iterator[str]:
        plain = [{key: value for key, value in one.items() if key != TIMES} for one in items]
        yield from _fits(at, TRAFFIC_ITEMS, self._resolved(plain))

    def _query(self, at: str, query: AuditQuery) -> Iterator[str]:
        yield from _says(f"{at}.fields", lambda _: resolved(query.fields, self.times), "")
        if query.at is not None:
            yield from self._time(f"{at}.at", query.at)

    def _resolved(self, value: Any) -> Any:  # noqa: ANN401  whatever YAML may hold
        """With its times; a time that cannot be stays as it is, for whoever reads it to refuse."""
        try:
            return resolved(value, self.times)
        except LabError:
            return value

    def _time(self, at: str, text: str, name: str = "") -> Iterator[str]:
        try:
            found = at_us(text, self.times)
        except (LabError, ValueError) as error:
            yield f"{at}: {error}"
        else:
            if name:
                self.times[name] = found


def _keeps(step: Step) -> Iterator[str]:
    for one in (step.command, step.visit):
        yield from () if one is None else one.keep


def _outside(at: str, words: list[str]) -> Iterator[str]:
    """A command works on the run, and on no file beside it."""
    for word in words:
        if word.startswith(("/", "~")) or ".." in word or word.partition("=")[0] in _FILES:
            yield f"{at}: {word} leads out of the run: a scenario's commands name no file and no --data"


def _reaches_out(at: str, value: Any) -> Iterator[str]:  # noqa: ANN401  whatever YAML may hold
    """Where a process listens, connects to and keeps its things is the lab's to say."""
    for name, one in value.items() if isinstance(value, Mapping) else ():
        if _PLACES.search(str(name)):
            yield f"{at}.{name} is the lab's to say: a scenario chooses no file, no address and no key"
        yield from _reaches_out(f"{at}.{name}", one)


def _named(at: str, wanted: Any, known: Any) -> Iterator[str]:  # noqa: ANN401  names, of whatever collection
    unknown = sorted(str(one) for one in wanted if one not in known)
    if unknown:
        yield f"{at}: there is no {', '.join(unknown)}"


def _says(at: str, read_it: Callable[[str], object], text: str) -> Iterator[str]:
    try:
        read_it(text)
    except (LabError, ValueError) as error:
        yield f"{at}: {error}"


def _one_group(pattern: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern} is no pattern: {error}") from error
    if groups != 1:
        raise ValueError(f"{pattern} has {groups} groups: what is kept is what one group finds")


def _link_fault(at: str, step: LinkFaultStep) -> Iterator[str]:
    if step.add is not None:
        yield from _fits(at, FaultRequest, step.add)


def _fits(at: str, model: Any, value: Any) -> Iterator[str]:  # noqa: ANN401  a model or an adapter of one
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        for one in error.errors()[:5]:
            place = ".".join(str(part) for part in one["loc"])
            yield f"{at}{f'.{place}' if place else ''}: {one['msg']}"
