"""Whether something that goes on may go on: live rows, a sound, a plot. Looked at four times a second (R-074).

A watch over a case is a live session of the desk: it begins in the ledger, the desk's own process may cut it, and its
end is on record too. It is over when the law no longer allows the action, when the desk cut the session, or when the
sign-in it belongs to was revoked, waits for its password or is gone; `why` then says which, in a sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from aiohttp import web

from collector.console.access import asked, facts_for
from collector.console.errors import DeniedError, NotFoundError
from collector.console.request_keys import context_of, signed_in_of
from mediation.law.access_facts import Answer, Circumstances
from mediation.law.actors import Action
from mediation.law.desk import NOTHING
from mediation.law.rules import RULES
from mediation.runtime.logs import get_logger

if TYPE_CHECKING:
    from collector.desk.desk import Desk, Outcome

LOOK_S: Final = 0.25
"""R-074 as ours: what ends is silent within a second."""


class Watch:
    """`ended` is set when it may not go on."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.why = ""
        self.rules: tuple[str, ...] = ()

    def end(self, why: str, rules: tuple[str, ...] = ()) -> None:
        if not self.ended.is_set():
            self.why, self.rules = why, rules
            self.ended.set()


def says(answer: Answer) -> str:
    """A refusal in one sentence."""
    if not answer.rules:
        return "This has ended."
    number = answer.rules[0]
    return f"{RULES[number].statement} ({number}, {answer.reasons[0].name})"


@contextlib.asynccontextmanager
async def watching(
    request: web.Request, action: Action | None = None, case_id: str = "", facts: Circumstances = NOTHING
) -> AsyncIterator[Watch]:
    """Raises DeniedError or NotFoundError when it may not begin. Without an action only the sign-in is looked at.
    `facts`: what the answer rests on beside the place, as for the page itself (a logged reason)."""
    watch, session_id = Watch(), ""
    if action is not None:
        session_id = await _begin(request, action, case_id, facts)
    looker = asyncio.create_task(_look(request, watch, action, case_id, facts, session_id))
    try:
        yield watch
    finally:
        looker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looker
        if session_id:
            await asyncio.shield(_finish(request, session_id))


async def _begin(request: web.Request, action: Action, case_id: str, facts: Circumstances) -> str:
    user_id, whole = signed_in_of(request).user_id, facts_for(request, facts)

    def begin(desk: Desk, now_us: int) -> Outcome:
        return desk.begin_session(user_id, action, case_id, now_us, whole)

    outcome = await context_of(request).desk.act(begin)
    if not outcome.answer.allowed:
        if case_id and not outcome.entry.get("order_id"):
            raise NotFoundError
        raise DeniedError(outcome)
    return outcome.made


async def _finish(request: web.Request, session_id: str) -> None:
    def finish(desk: Desk, now_us: int) -> None:
        session = desk.state.sessions.get(session_id)
        if session is not None and session.ended_us is None:
            desk.end_session(session_id, now_us)

    await context_of(request).desk.act(finish)


async def _look(
    request: web.Request, watch: Watch, action: Action | None, case_id: str, facts: Circumstances, session_id: str
) -> None:
    context, signed_in = context_of(request), signed_in_of(request)
    try:
        while not watch.ended.is_set():
            await asyncio.sleep(LOOK_S)
            await context.desk.look()
            gone = await context.memory.ended(signed_in.session)
            if gone:
                watch.end(gone)
            elif action is not None:
                answer = asked(request, action, case_id, facts).answer
                session = context.desk.state.sessions.get(session_id)
                if not answer.allowed:
                    watch.end(says(answer), answer.rules)
                elif session is not None and session.ended_us is not None:
                    watch.end("The desk has ended this session.", ("R-074",))
    except Exception as error:
        # Who cannot be asked any more has no right to go on.
        get_logger("console").error("watch", error=repr(error))
        watch.end("It could not be made sure that this may go on.")
