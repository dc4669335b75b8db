"""Whether a request may do an action: one function, `allowed`, asked for every route before its handler runs.

The answer is the law's (`mediation.law.access.may`, through the desk); this module only says who asks, from where, and
in which way the question is put (`Asks`). Rules. A case that somebody may not know of is answered exactly as one that
does not exist, for every route with a case and every reason (R-073). What is refused is on record before anybody sees
the refusal; what could not be recorded is not allowed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aiohttp import web

from collector.console.errors import DeniedError, NotFoundError, SignInFirstError
from collector.console.place import place_for
from collector.console.request_keys import SIGNED_IN, context_of, signed_in_of
from collector.console.route import Asks, Route
from collector.console.signed_in import SignedIn
from collector.desk.desk import Desk, Outcome
from mediation.law.access_facts import Answer, Circumstances
from mediation.law.actors import MATRIX, Action, Role
from mediation.law.desk import NOTHING, Decision, actor_at, decide
from mediation.law.verdicts import Reason

PAGE: Final = "page"
NARROWED: Final = "R-073"
"""What a token is not for is no task of whoever shows it."""


def facts_for(request: web.Request, facts: Circumstances = NOTHING) -> Circumstances:
    """`facts` with the place of this request."""
    context, signed_in = context_of(request), signed_in_of(request)
    place = place_for(
        signed_in.station, request.remote or "", context.config.segments, signed_in.role, signed_in.second_factor
    )
    return replace(facts, place=place)


def asked(request: web.Request, action: Action, case_id: str = "", facts: Circumstances = NOTHING) -> Decision:
    """What the law says, without a record: for showing or leaving out what somebody may not do anyway."""
    # A token for other actions narrows this answer like every other.
    decision, rule = _asked(request, action, case_id, facts), _narrower(signed_in_of(request), action, None)
    return _decision(decision, Asks.WHOLE, action, case_id, rule)


def _asked(request: web.Request, action: Action, case_id: str, facts: Circumstances) -> Decision:
    return context_of(request).desk.ask(signed_in_of(request).user_id, action, case_id, facts_for(request, facts))


async def allowed(
    request: web.Request,
    action: Action,
    case_id: str = "",
    facts: Circumstances = NOTHING,
    asks: Asks = Asks.WHOLE,
    about: tuple[str, str] = (PAGE, ""),
    route: Route | None = None,
) -> Outcome:
    """The answer, put on record as `asks` says. `about` is what it is about beside the case, type and name; `route`
    narrows the roles where it has a rule of its own."""
    signed_in = signed_in_of(request)
    context = context_of(request)
    whole = facts_for(request, facts)
    rule = _narrower(signed_in, action, route)

    def attempt(desk: Desk, now_us: int) -> Outcome:
        found = decide(desk.state, context.desk.orders, signed_in.user_id, action, case_id, now_us, whole)
        decision = _decision(found, asks, action, case_id, rule)
        return desk.attempt_decided(signed_in.user_id, action, case_id, now_us, decision, *about)

    if asks is not Asks.WHOLE:
        decision = _decision(_asked(request, action, case_id, facts), asks, action, case_id, rule)
        if decision.answer.allowed:
            return Outcome(decision.answer, "", entry={"order_id": decision.order_id})
    return await context.desk.act(attempt)


def raise_unless(outcome: Outcome, case_id: str) -> None:
    """Raises NotFoundError where the case is none that they may know of, else DeniedError."""
    if outcome.answer.allowed:
        return
    if case_id and not outcome.entry.get("order_id"):
        raise NotFoundError
    raise DeniedError(outcome)


def must_be_signed_in(request: web.Request) -> SignedIn:
    if SIGNED_IN not in request:
        raise SignInFirstError
    return signed_in_of(request)


def _narrower(signed_in: SignedIn, action: Action, route: Route | None) -> str:
    """The rule by which less is allowed than the table says: a token for other actions, a route for other roles."""
    if signed_in.actions is not None and action not in signed_in.actions:
        return NARROWED
    if route is not None and route.roles is not None and signed_in.role not in route.roles:
        return route.rule
    return ""


def _decision(decision: Decision, asks: Asks, action: Action, case_id: str, rule: str) -> Decision:
    """As the way of asking wants it: an act that the desk asks about itself needs the cell and the case only."""
    if rule:
        answer = decision.answer
        failed = Answer(False, (*answer.reasons, Reason.ACCESS_DENIED_ROLE), (*answer.rules, rule))
        return decision._replace(answer=failed)
    if asks is not Asks.CELL or decision.answer.allowed:
        return decision
    cell = decision.role != "" and MATRIX[action].get(Role(decision.role)) is not None
    known = not case_id or decision.order_id != ""
    stands = [
        (reason, number)
        for reason, number in zip(decision.answer.reasons, decision.answer.rules, strict=True)
        if number in _WHOEVER
    ]
    if not cell or not known:
        return decision
    return decision._replace(
        answer=Answer(not stands, tuple(one for one, _ in stands), tuple(two for _, two in stands))
    )


_WHOEVER: Final = frozenset({"R-071", "R-077", "R-078", "R-086", "R-087", "R-088", "R-169", "R-170", "R-171"})
"""What stands against a person or a device whatever the act is about; the rest is for the act's own attempt."""


def on_duty(request: web.Request) -> bool:
    """Whether they are anybody now: not suspended, not transferred away."""
    signed_in = signed_in_of(request)
    context = context_of(request)
    now_us = context.clock.now_us()
    actor = actor_at(context.desk.state, signed_in.user_id, now_us)
    if actor is None or actor.suspended:
        return False
    return actor.duties_end_us is None or now_us < actor.duties_end_us
