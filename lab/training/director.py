"""The class as it goes: cards are played, cues are answered, marks are kept and gone back to.

Rules. One thread does everything here but the pace, one thing after the other; pages look at `view`, a value. The lab
acts through what people and machines have anyway: commands, control ports, court documents. What is done to a class is
told to `record` before it is done. Going back unsays nothing: the run that was stays as it is, and the next one begins
from the mark, in a directory of its own.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer

from asn1.errors import LabError, RefusedError
from collector.console.model.audit import AuditBook, AuditRow, LogReader
from lab.desk import open_desk
from lab.play import Play
from lab.scenario.engine import Engine
from lab.scenario.evidence import matching
from lab.scenario.model import Inject, Step
from lab.scenario.times import at_us
from lab.stack import Stack
from lab.training.opening import parts_of, plan_of, training_of
from lab.training.pace import Pace, Speed
from lab.training.room import START_MARK, Class, Mark, Room
from lab.training.setting import Cue
from mediation.runtime.clock import ClockHand
from mediation.runtime.config import ConfigError

WATCHED: Final = ("desk", "collector", "reconciler")
FEED_ROWS: Final = 200
MAX_PENDING: Final = 10_000
"""Entries that wait for their cue while the class is paused; more of them are looked at no more."""
MAX_SPEED: Final = 10_000.0
KEPT: Final = "$"
"""What a name begins with that stands for something a trainee's part of the story has kept."""
Record = Callable[[str, Mapping[str, Any]], None]


class View(NamedTuple):
    """The class at one moment. `busy` names the card that is being played; `failed` are cards that did not come about,
    with the sentence why."""

    held: Class
    state: str
    paused: bool
    busy: str
    played: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


class _Pending(NamedTuple):
    ledger: str
    entry: Mapping[str, Any]


class Director:
    """`app` gives the command line for a command, `record` keeps what was done in the trainer's ledger."""

    def __init__(self, room: Room, app: Callable[[str], typer.Typer], record: Record) -> None:
        self.room = room
        self._app = app
        self._record = record
        self._look = threading.Lock()
        self._played: list[str] = []
        self._failed: list[tuple[str, str]] = []
        self._state, self._busy = "loading", ""
        self._pace: Pace | None = None
        self._hand: ClockHand | None = None
        self._take(room.load())

    def _take(self, held: Class) -> None:
        """The run that `held` says goes on."""
        self._held = held
        self.stack = Stack(self.room.run(held.run))
        self._engines = parts_of(held, self.stack, self._app)
        self._plan = plan_of(self._engines, held.ports)
        self._play = Play(self.stack, self._plan)
        self._logs = {name: LogReader(self.stack.paths.ledger(name)) for name in WATCHED}
        self._pending: deque[_Pending] = deque(maxlen=MAX_PENDING)
        with self._look:
            self._book = AuditBook()

    # What pages look at

    @property
    def view(self) -> View:
        with self._look:
            return View(self._held, self._state, self._paused, self._busy, tuple(self._played), tuple(self._failed))

    def feed(self, rows: int = FEED_ROWS) -> tuple[AuditRow, ...]:
        """What the ledgers said, the newest first."""
        with self._look:
            found = list(self._book.rows())
        return tuple(found[: -rows - 1 : -1])

    @property
    def stories(self) -> tuple[Engine, ...]:
        """In the order of the trainees."""
        return tuple(self._engines)

    @property
    def now_us(self) -> int:
        return self.hand.clock.now_us()

    @property
    def hand(self) -> ClockHand:
        """Of the run that was launched last: while the class goes back, of the one that it leaves."""
        assert self._hand is not None, "a class that was launched has a clock"
        return self._hand

    @property
    def pace(self) -> Pace:
        assert self._pace is not None, "a class that was launched has a pace"
        return self._pace

    @property
    def _paused(self) -> bool:
        return self._pace is not None and self._pace.paused

    # The clock: at once, in whichever thread asks

    def pause(self, by: str) -> None:
        """Raises RefusedError when it is paused already."""
        self._tell("class_paused", {"by": by, "at_us": self.now_us})
        if not self.pace.pause():
            raise RefusedError("The class is paused already.")

    def resume(self, by: str) -> None:
        """Raises RefusedError when it is not paused."""
        self._tell("class_resumed", {"by": by, "at_us": self.now_us})
        if not self.pace.resume():
            raise RefusedError("The class is not paused.")

    def set_speed(self, speed: Speed, by: str) -> None:
        """Raises RefusedError for a speed that no clock has."""
        if speed != "max" and not 0 < speed <= MAX_SPEED:
            raise RefusedError(f"A speed is max, or a number from above 0 to {MAX_SPEED:g}.")
        self._tell("class_speed", {"by": by, "speed": str(speed), "at_us": self.now_us})
        self.pace.set(speed)
        self._keep(self._held.model_copy(update={"speed": speed}))
        for engine in self._engines:
            engine.scenario = engine.scenario.model_copy(update={"speed": speed})

    # The run

    def launch(self) -> None:
        """Start the run's processes. Raises ConfigError, NotReadyError, IntegrityError."""
        self.stack.prepare(self._plan)
        if not self._held.ports:
            # Chosen here, where they stay ours from now on, and the same for every run of the class.
            self._keep(self._held.model_copy(update={"ports": dict(self.stack.ports)}))
            self._plan = replace(self._plan, ports=self._held.ports)
        self.stack.launch()
        self._hand = self.stack.hand
        self._pace = Pace(self.hand, self._held.speed)

    def begin(self) -> None:
        """The court signs the orders, the cards that open the class are played, the clock goes."""
        self._set(state="beginning")
        for engine in self._engines:
            for order in engine.scenario.orders:
                engine.sign(self._play, order)
        for name in training_of(self._engines[0].scenario).opens:
            self._card(name, self._engines, "the class begins")
        self.pace.settle()
        self._set(state="going")

    def close(self) -> None:
        """End the run's processes; a card that waits for the clock waits no longer."""
        self._set(state="ended")
        self.stack.stop()
        if self._pace is not None:
            self._pace.resume()
            self.hand.go(MAX_SPEED)

    # What a trainer does

    def inject(self, name: str, user_id: str, by: str) -> None:
        """Play a card, for everybody or for one trainee. Raises ConfigError for a card or trainee there is none of."""
        self._engines[0].scenario.card(name)
        wanted = self._engines if not user_id else [self._engine(user_id)]
        self._card(name, wanted, by)

    def mark(self, name: str, by: str) -> None:
        """Keep the run as it is now: its processes end, are copied and begin again. Raises ConfigError."""
        held = self._held
        if any(one.name == name for one in held.marks):
            raise ConfigError(f"There is a mark {name} already: give another name.")
        made = Mark(name=name, run=held.run, at_us=self.now_us)
        self._tell("class_marked", {"mark": name, "by": by, "run": held.run, "at_us": made.at_us})
        with self._standing("keeping a mark"):
            self.stack.stop()
            self.room.keep(held.run, name)
            self._keep(held.model_copy(update={"marks": (*held.marks, made)}))
            self.stack.prepare(self._plan)
            self.stack.launch()

    def rewind(self, name: str, by: str) -> None:
        """Go back to a mark. Raises ConfigError when there is none of this name."""
        held, mark = self._held, self._held.mark(name)
        following = max(int(one.name) for one in self.room.run(held.run).parent.iterdir() if one.name.isdigit()) + 1
        said = {"mark": name, "by": by, "from_run": held.run, "to_run": following, "left_at_us": self.now_us}
        self._tell("class_rewound", said)
        self._set(state="going back")
        # Both ledgers say it: that which is left, and that which begins anew from the mark.
        self._note(self.room.run(held.run), said, self.now_us)
        self.stack.stop()
        self.room.begin_from(name, following)
        self._keep(held.model_copy(update={"run": following}))
        paused = self.pace.paused
        self._take(self._held)
        with self._look:
            self._played, self._failed = [], []
        self.launch()
        self._note(self.room.run(following), said, mark.at_us)
        for name_of_log, log in self._logs.items():
            # What was answered before the mark is answered.
            self._add(name_of_log, list(log.fresh()), pending=False)
        if paused:
            self.pace.pause()
        if name == START_MARK:
            self.begin()
        self.pace.settle()
        self._set(state="going")

    # Cues

    def tick(self) -> None:
        """Read what the ledgers say since, and answer it. While the class is paused nothing is answered."""
        for name, log in self._logs.items():
            self._add(name, list(log.fresh()), pending=True)
        while self._pending and not self.pace.paused and self._state == "going":
            ledger, entry = self._pending.popleft()
            for engine in self._engines:
                for cue in training_of(engine.scenario).cues:
                    if cue.when.ledger == ledger and matching([dict(entry)], cue.when, engine.times):
                        self._answer(engine, cue, entry)

    def _answer(self, engine: Engine, cue: Cue, entry: Mapping[str, Any]) -> None:
        fields = entry["fields"].items()
        engine.kept |= {name.upper(): str(value) for name, value in fields if isinstance(value, str | int)}
        self._card(cue.plays, [engine], cue.by)

    def _add(self, source: str, entries: Sequence[Mapping[str, Any]], pending: bool) -> None:
        with self._look:
            self._book.add(source, entries)
        if pending:
            self._pending.extend(_Pending(source, one) for one in entries)

    # Cards

    def _card(self, name: str, engines: Sequence[Engine], by: str) -> None:
        card = engines[0].scenario.card(name)
        if name in training_of(engines[0].scenario).marks and not any(one.name == name for one in self._held.marks):
            self.mark(name, by)
        users = [self._user_of(engine) for engine in engines]
        self._tell("class_card", {"card": name, "says": card.says, "by": by, "trainees": users})
        self._set(busy=card.says)
        try:
            self._steps([engine.scenario.card(name) for engine in engines], engines)
        except LabError as error:
            self._tell("class_card_failed", {"card": name, "trainees": users, "why": str(error)[:500]})
            with self._look:
                self._failed.append((name, str(error)))
        else:
            with self._look:
                self._played.append(name)
        finally:
            self._set(busy="")
            self.pace.settle()

    def _steps(self, cards: Sequence[Inject], engines: Sequence[Engine]) -> None:
        """Side by side: what is the same for all is done once, what is not, for one trainee after the other."""
        for column in zip(*(card.steps for card in cards), strict=True):
            first = column[0]
            if first.play is not None:
                self._steps([engine.scenario.card(first.play) for engine in engines], engines)
            elif _is_shared(column):
                self._perform(engines[0], first)
            else:
                for engine, step in zip(engines, column, strict=True):
                    self._perform(engine, step)

    def _perform(self, engine: Engine, step: Step) -> None:
        if step.at is not None and at_us(step.at, engine.times) <= self.now_us:
            # In a class the clock may have gone on by itself.
            if step.model_fields_set <= {"at", "only"}:
                return
            step = step.model_copy(update={"at": None})
        engine.perform(self._play, step)

    # Helpers

    def _engine(self, user_id: str) -> Engine:
        trainee = self._held.trainee(user_id)
        return self._engines[self._held.trainees.index(trainee)]

    def _user_of(self, engine: Engine) -> str:
        return self._held.trainees[self._engines.index(engine)].user_id

    def _tell(self, kind: str, fields: Mapping[str, Any]) -> None:
        self._record(kind, {"scenario": self._held.scenario, "run": self._held.run, **fields})

    @contextlib.contextmanager
    def _standing(self, state: str) -> Iterator[None]:
        """With the clock standing meanwhile."""
        was = self.pace.pause()
        self._set(state=state)
        try:
            yield
        finally:
            if was:
                self.pace.resume()
            self._set(state="going")

    @staticmethod
    def _note(data: Path, said: Mapping[str, Any], now_us: int) -> None:
        with open_desk(data) as desk:
            desk.record("class_rewound", dict(said), now_us)

    def _keep(self, held: Class) -> None:
        with self._look:
            self._held = held
        self.room.save(held)

    def _set(self, state: str | None = None, busy: str | None = None) -> None:
        with self._look:
            self._state = self._state if state is None else state
            self._busy = self._busy if busy is None else busy


def _is_shared(column: Sequence[Step]) -> bool:
    """Whether a step is one for all: the same for each, and about nothing that each keeps for themselves."""
    return all(one == column[0] for one in column) and KEPT not in column[0].model_dump_json()
