"""The thread that keeps a shard's marks: takes claims and batches from the event loop, asks the database, answers.

Rules. The database is asked by this thread alone. In a turn all batches that wait go into one transaction, then all new
claims into another, so neither waits for more than one of the other kind; what a claim finds is never older than a
batch that was handed over before it. Turns begin at least `GATHER_S` apart (ADR 0053): a transaction costs nearly the
same for one batch as for many. Who comes behind a pause is served at once. While the database is away everything waits
in its order and is asked again, the same; that is said once when it begins and once when it ends, and is no failure.
What is one, a fenced shard or a defect, ends the keeper with a sentence, and nothing is answered any more: the
collector stops, and what waits was never acknowledged.

A claim whose streams another shard has just taken waits, and is tried again as a whole: two claims that hold halves of
each other's streams would go on taking them from each other.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from asn1.errors import LabError
from collector.databases import sentence
from collector.fleet.names import MAX_NAMES, Claimed, FencedError, Known, MarkBatch, Marked, MarksState, StreamName
from collector.fleet.shared import AwayError, SharedMarks

MAX_BATCHES: Final = 256
"""Batches of one transaction. Their streams are bounded too, by MAX_NAMES; a single batch goes whatever it has."""
TRIES_A_TURN: Final = 16
"""Claims that wait for another shard, tried again in one turn: each costs a question."""
GATHER_S: Final = 0.01
"""From the begin of one turn to the next, at least: what comes meanwhile is asked for together."""
BACK_OFF_S: Final = (0.05, 2.0)
"""The first wait for a database that is away, and the longest; each is twice the one before."""
NEWS_S: Final = 0.2
"""How old news of communications may be while batches are marked; else they come with the sign of life."""
GRACE_S: Final = 5.0
"""How long an orderly end waits for batches to be marked."""

ClaimDone = Callable[[list[Claimed]], None]
MarkDone = Callable[[Marked], None]


class KeeperHooks(NamedTuple):
    """All are called in the event loop's thread. `on_link`: False with a sentence when the database went away, True
    when it is back. `on_learned`: of communications that this shard has, or had, a stream of."""

    on_failure: Callable[[str], None]
    on_link: Callable[[bool, str], None]
    on_learned: Callable[[tuple[Known, ...]], None]


class _Claim:
    """`after`: so many batches were handed over before it. `due_s`: when it is tried again."""

    def __init__(self, names: tuple[StreamName, ...], done: ClaimDone, after: int) -> None:
        self.names = names
        self.done = done
        self.after = after
        self.due_s = 0.0


class MarkKeeper:
    """`shared` is registered already, and nobody else asks it from `start` on. `call` is the loop's
    `call_soon_threadsafe`. `turn` is what the thread does, for who wants to do it without one."""

    def __init__(
        self,
        shared: SharedMarks,
        call: Callable[[Callable[[], None]], object],
        hooks: KeeperHooks,
        marked_commit: int = -1,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._call = call
        self._hooks = hooks
        self._monotonic_s = monotonic_s
        self._retry_s = max(0.01, shared.limits.hold_ms / 5000)
        self._wake = threading.Condition()
        self._ending = threading.Event()
        # Shared with the loop's thread, under `_wake`.
        self._batches: deque[tuple[MarkBatch, MarkDone]] = deque()
        self._claims: deque[_Claim] = deque()
        self._handed = 0
        self._settled = -1
        self._about: dict[str, Any] | None = None
        self._stopping = False
        # The thread's own; read for the status.
        self._waiting: deque[_Claim] = deque()
        self._error = ""
        self._failed = False
        self._back_off_s = 0.0
        self._not_before_s = 0.0
        self._settled_told = -1
        self._marked = 0
        self._marked_since_news = False
        now_s = monotonic_s()
        self._beat_s = now_s
        self._news_s = now_s
        self._tidy_s = now_s + shared.limits.tidy_s
        self._counts = {"marked_commit": marked_commit, "claimed": 0, "lost": 0, "twice": 0}
        self._thread = threading.Thread(target=self._run, name="marks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def claim(self, names: Sequence[StreamName], done: ClaimDone) -> None:
        if not 0 < len(names) <= MAX_NAMES:
            raise LabError(f"{len(names)} streams are claimed at once: 1 to {MAX_NAMES}")
        with self._wake:
            self._claims.append(_Claim(tuple(names), done, self._handed))
            self._wake.notify()

    def mark(self, batch: MarkBatch, done: MarkDone) -> None:
        with self._wake:
            self._batches.append((batch, done))
            self._handed += 1
            self._wake.notify()

    def settled(self, commit: int) -> None:
        """All that was lost or stored twice in commits up to this one is voided, and that is durable."""
        with self._wake:
            self._settled = max(self._settled, commit)

    def tell(self, about: dict[str, Any]) -> None:
        """What the fleet's catalogue shows of this shard, with the next sign of life."""
        with self._wake:
            self._about = about

    @property
    def state(self) -> MarksState:
        with self._wake:
            waiting, claiming = len(self._batches), len(self._claims) + len(self._waiting)
        return MarksState(not self._error, waiting, claiming, error=self._error, **self._counts)

    def stop(self) -> None:
        """Ends the thread, orderly: what waits is marked if the database is there, for GRACE_S at most."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        until_s: float | None = None
        while not self._failed:
            began_s = self._monotonic_s()
            wait_s = self.turn()
            rest_s = began_s + GATHER_S - self._monotonic_s()
            if rest_s > 0 and not self._ending.wait(rest_s):
                wait_s -= rest_s
            with self._wake:
                if self._stopping:
                    until_s = until_s or self._monotonic_s() + GRACE_S
                    if not self._batches or self._monotonic_s() > until_s:
                        break
                if self._batches or self._claims:
                    wait_s = min(wait_s, max(0.0, self._not_before_s - self._monotonic_s()))
                if wait_s > 0:
                    self._wake.wait(wait_s)
        self._leave()

    def turn(self) -> float:
        """Does what is to be done now; answers after how many seconds there is more to do by itself."""
        now_s = self._monotonic_s()
        if self._failed:
            return GRACE_S
        if now_s < self._not_before_s:
            return self._not_before_s - now_s
        try:
            self._mark()
            self._claim()
            self._try_again(now_s)
            self._regular(now_s)
        except AwayError as error:
            self._away(str(error))
        except LabError as error:
            self._fail(str(error))
        except Exception as error:
            # Whatever it is, nothing may be acknowledged any more.
            self._fail(f"The fleet's marks cannot be kept any more: {type(error).__name__}: {sentence(error)}.")
        else:
            self._back()
        if self._error:
            return max(0.0, self._not_before_s - self._monotonic_s())
        due = [self._beat_s, *([self._waiting[0].due_s] if self._waiting else [])]
        if self._marked_since_news:
            due.append(self._news_s)
        return max(0.0, min(due) - self._monotonic_s())

    def _mark(self) -> None:
        with self._wake:
            taken: list[tuple[MarkBatch, MarkDone]] = []
            streams = 0
            for one in self._batches:
                streams += len(one[0].moved)
                if taken and (len(taken) == MAX_BATCHES or streams > MAX_NAMES):
                    break
                taken.append(one)
            settled = self._settled
        if settled > self._settled_told:
            self._shared.settle(settled)
            self._settled_told = settled
        if not taken:
            return
        answers = self._shared.mark([batch for batch, _ in taken])
        with self._wake:
            for _ in taken:
                self._batches.popleft()
        self._marked += len(taken)
        self._counts["marked_commit"] = answers[-1].commit
        self._counts["lost"] += sum(len(answer.lost) for answer in answers)
        self._counts["twice"] += sum(len(answer.twice) for answer in answers)
        self._marked_since_news = True
        for (_, done), answer in zip(taken, answers, strict=True):
            self._answer(done, answer)

    def _claim(self) -> None:
        with self._wake:
            taken: list[_Claim] = []
            names: dict[StreamName, None] = {}
            for one in self._claims:
                if one.after > self._marked or (taken and len(names) + len(one.names) > MAX_NAMES):
                    break
                names.update(dict.fromkeys(one.names))
                taken.append(one)
        if not taken:
            return
        claimed, waiting = self._shared.claim(list(names))
        by_name = {one.name: one for one in claimed}
        held = set(waiting)
        with self._wake:
            for one in taken:
                self._claims.popleft()
                if held.intersection(one.names):
                    one.due_s = self._monotonic_s() + self._retry_s
                    self._waiting.append(one)
        for one in taken:
            if not held.intersection(one.names):
                self._claimed(one, [by_name[name] for name in dict.fromkeys(one.names)])

    def _try_again(self, now_s: float) -> None:
        for _ in range(min(TRIES_A_TURN, len(self._waiting))):
            one = self._waiting[0]
            if one.due_s > now_s:
                return
            claimed, waiting = self._shared.claim(one.names, whole=True)
            with self._wake:
                self._waiting.popleft()
                if waiting:
                    one.due_s = self._monotonic_s() + self._retry_s
                    self._waiting.append(one)
            if not waiting:
                self._claimed(one, claimed)

    def _regular(self, now_s: float) -> None:
        limits = self._shared.limits
        if now_s >= self._beat_s or (self._marked_since_news and now_s >= self._news_s):
            news = tuple(self._shared.news())
            self._marked_since_news = False
            self._news_s = self._monotonic_s() + NEWS_S
            if news:
                self._answer(self._hooks.on_learned, news)
        if now_s >= self._beat_s:
            with self._wake:
                about = self._about
            self._shared.beat(about)
            with self._wake:
                if self._about is about:
                    self._about = None
            self._beat_s = self._monotonic_s() + limits.lease_s / 3
        if now_s >= self._tidy_s:
            self._shared.tidy()
            self._tidy_s = self._monotonic_s() + limits.tidy_s

    def _claimed(self, one: _Claim, claimed: list[Claimed]) -> None:
        self._counts["claimed"] += len(claimed)
        self._answer(one.done, claimed)

    def _answer(self, done: Callable[[Any], None], answer: object) -> None:
        self._call(lambda: done(answer))

    def _away(self, error: str) -> None:
        first, longest = BACK_OFF_S
        self._back_off_s = min(longest, max(first, 2 * self._back_off_s))
        self._not_before_s = self._monotonic_s() + self._back_off_s
        said = f"The fleet's database cannot be asked: {error}. Acknowledging waits for it."
        if not self._error:
            self._call(lambda: self._hooks.on_link(False, said))
        self._error = said

    def _back(self) -> None:
        if self._error:
            self._error = ""
            self._call(lambda: self._hooks.on_link(True, "The fleet's database answers again."))
        self._back_off_s = 0.0

    def _fail(self, said: str) -> None:
        self._failed = True
        self._error = said
        self._call(lambda: self._hooks.on_failure(said))

    def _leave(self) -> None:
        if not self._failed:
            # Where it cannot be said, the lease says it.
            with contextlib.suppress(AwayError, FencedError):
                self._shared.leave()
        self._shared.close()
