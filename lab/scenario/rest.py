"""Waiting for a run to come to rest, by what its processes say: nothing moves, every inbox was looked into.

Nothing sleeps and hopes: each wait has a condition and an end; an end that comes is an error that says where to look.
"""

from __future__ import annotations

import time
from typing import Any, Final

from lab.control import ControlError
from lab.play import Moment, Play
from lab.processes import wait_for
from lab.scenario.queries import StatusQuery
from mediation.runtime.config import NotReadyError

QUIET_S: Final = 0.35
"""Real seconds in which no counter moves: then what was sent has been judged and is durable."""
SETTLE_S: Final = 60.0
"""Real seconds without any progress after which a wait is given up: a busy machine is slow, and no error."""
MOST_S: Final = 300.0
"""Whatever moves by itself and never rests."""
LOOK_S: Final = 0.05
HEARERS: Final = ("mediation", "collector")


def until_heard(play: Play) -> None:
    """Until carrier and agency have both been round: inboxes read, tasks set, what the clock asks for done."""
    before = {name: _looks(play, name) for name in HEARERS}

    def twice() -> bool:
        # One look may have been under way when the document came.
        return all(_looks(play, name) >= before[name] + 2 for name in HEARERS if name in play.stack.alive)

    if not wait_for(twice, SETTLE_S, LOOK_S):
        raise NotReadyError(f"the inboxes are not looked into; see {play.stack.paths.data / 'logs'}.")


def until_quiet(play: Play) -> None:
    """Until nothing moves: no event due, no counter changing."""
    began_s = still_since = progress_s = time.monotonic()
    before: dict[str, Any] = {}
    while time.monotonic() - still_since < QUIET_S or not before:
        now = _counters(play)
        now_s = time.monotonic()
        if now != before:
            progress_s = now_s if _told(now) != _told(before) else progress_s
            still_since, before = now_s, now
        if now_s - progress_s > SETTLE_S or now_s - began_s > MOST_S:
            raise NotReadyError(f"the stack does not come to rest ({before}); see {play.stack.paths.data / 'logs'}.")
        time.sleep(LOOK_S)


def _counters(play: Play) -> dict[str, Any]:
    said: dict[str, Any] = {}
    silent = False
    alive = play.stack.alive
    for name in play.stack.running:
        try:
            said[name] = play.stack.status(name)
        except ControlError:
            said[name] = {}
            silent = silent or name in alive
    moment = Moment("", *(said.get(name, {}) for name in ("carrier_sim", "mediation", "collector")))
    next_us = moment.carrier.get("next_event_us")
    due = next_us is not None and next_us <= play.stack.clock.now_us()
    # What is due has to go before anything is at rest, and who is too busy to answer is not: each look is another.
    return {**moment.counters(), "moving": time.monotonic() if due or silent else None}


def _told(counters: dict[str, Any]) -> dict[str, Any]:
    """What moves only when something was done."""
    return {name: value for name, value in counters.items() if name != "moving"}


def _looks(play: Play, name: str) -> int:
    try:
        return int(play.stack.status(name).get("inbox_looks", 0))
    except (ControlError, KeyError):
        return 0


def status_of(play: Play, query: StatusQuery) -> tuple[object, bool]:
    """What a process says there now, and whether that is what the query wants."""
    try:
        found: Any = play.stack.status(query.process)
    except ControlError:
        return None, False
    for name in query.path.split("."):
        if isinstance(found, list):
            found = next((one for one in found if name in (one.get("name"), one.get("order"))), None)
        else:
            found = found.get(name) if isinstance(found, dict) else None
    if query.least is not None:
        return found, isinstance(found, int | float) and found >= query.least
    return found, bool(found == query.equals)
