"""What a court does to an order after its issue: each act makes the next version, and says what the version must show.

    terminated, approved, denied, obtained, exigency_ended, released      (order, …) -> the next version
    check_act(action, order, …)         what a document of that action shows by itself
    check_successor(known, new, …)      whether it may follow the version right before it (R-009 to R-018)

`extensions.py` makes extensions and revocations. Ends are brought forward, never put off, and nothing but an extension
lengthens an order. Pure: instants come in as arguments.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from mediation.law.court_days import HOUR_US
from mediation.law.entry import DocumentRefusedError, check_order
from mediation.law.exigent import exigency_of
from mediation.law.extensions import check_extension
from mediation.law.hi1_workflows import ENDING, DocumentAction, check_follows
from mediation.law.orders import TEMPORARY_WARRANT_HOURS, CourtOrder, Exigency, OrderKind, OrderState, Window
from mediation.law.papers import Application, Papers
from mediation.law.phases import EVENTS, check_phase

DATA_KEY_OCTETS: Final = 32

_SHOWS: Final[dict[DocumentAction, tuple[str, str, str]]] = {
    DocumentAction.APPROVE: ("order_issued_at", "R-033", "order_issued_at_us"),
    DocumentAction.DENY: ("denied_at", "R-038", "denied_at_us"),
    DocumentAction.OBTAINED: ("obtained_at", "R-039", "obtained_at_us"),
    DocumentAction.ENDED: ("exigency_ended_at", "R-040", "ended_at_us"),
}
"""Acts on an emergency use: the field, the rule, the member of Exigency."""


def terminated(order: CourtOrder, at_us: int) -> CourtOrder:
    """The objective is attained: nothing from `at_us` on is covered (R-009, R-010)."""
    known_us = order.objective_attained_at_us
    if known_us is not None and at_us >= known_us:
        raise DocumentRefusedError("objective_attained_at", "R-009", "the objective was attained before that")
    at_us = max(at_us, order.window.start_us)
    return _next(replace(order, state=OrderState.TERMINATED, objective_attained_at_us=at_us))


def approved(order: CourtOrder, at_us: int) -> CourtOrder:
    """The emergency order was issued (R-033 to R-035). One that comes late is still an order: `check_next_version`
    of `extensions.py` says that it reopens nothing (R-042). A state's is a temporary warrant: an end that lies later
    than its own comes forward to it (R-043)."""
    exigent, window = replace(_exigency(order), order_issued_at_us=at_us), order.window
    if order.kind is OrderKind.EXIGENT_EAV_STATE:
        window = Window(window.start_us, min(window.end_us, at_us + TEMPORARY_WARRANT_HOURS * HOUR_US))
    return _next(replace(order, exigent=exigent, window=window))


def denied(order: CourtOrder, at_us: int) -> CourtOrder:
    """The emergency order was refused: the use ends then, although its hours are not over (R-038)."""
    return _next(replace(order, exigent=replace(_exigency(order), denied_at_us=at_us)))


def obtained(order: CourtOrder, at_us: int) -> CourtOrder:
    """The information sought was obtained (R-039)."""
    return _next(replace(order, exigent=replace(_exigency(order), obtained_at_us=at_us)))


def exigency_ended(order: CourtOrder, at_us: int) -> CourtOrder:
    """The emergency is over (R-040)."""
    return _next(replace(order, exigent=replace(_exigency(order), ended_at_us=at_us)))


def released(order: CourtOrder) -> CourtOrder:
    """The next version, which changes nothing: its document carries the data key of what was held (R-041)."""
    return _next(order)


def check_act(action: DocumentAction, order: CourtOrder, signed_at_us: int, data_key: bytes | None) -> None:
    """What a document of this action must show. Raises DocumentRefusedError for the first that it does not."""
    if action is DocumentAction.EXTEND:
        if not order.extensions_us:
            raise DocumentRefusedError("extensions", "R-014", "an extension says where it takes over")
        if signed_at_us >= order.extensions_us[-1]:
            raise DocumentRefusedError("extensions", "R-015", "the extension was granted after the order had ended")
    if action is DocumentAction.REVOKE and order.revoked_at_us is None:
        raise DocumentRefusedError("revoked_at", "R-019", "a revocation says from when on")
    if action is DocumentAction.TERMINATE and order.objective_attained_at_us is None:
        raise DocumentRefusedError(
            "objective_attained_at", "R-009", "a termination says when the objective was attained"
        )
    if action is DocumentAction.CUSTODY and order.state not in EVENTS:
        raise DocumentRefusedError("state", "R-027", f"a document that does {action} says how far the order came")
    if action in _SHOWS:
        item, rule, member = _SHOWS[action]
        at_us = getattr(order.exigent, member, None)
        if at_us is None:
            raise DocumentRefusedError(item, rule, f"a document that does {action} says when")
        if action is DocumentAction.APPROVE and at_us > signed_at_us:
            raise DocumentRefusedError(item, rule, "the emergency order is issued before its document is signed")
    wanted = DATA_KEY_OCTETS if action is DocumentAction.RELEASE else None
    if (None if data_key is None else len(data_key)) != wanted:
        raise DocumentRefusedError(
            "data_key", "R-041", f"a release carries the data key, of {DATA_KEY_OCTETS} octets; nothing else does"
        )


def check_successor(
    known: CourtOrder, new: CourtOrder, action: DocumentAction, signed_at_us: int, papers: Papers | None
) -> None:
    """Whether `new` may follow `known`, the version right before it. What holds between any two versions, and between
    orders, is `admission.admit`.

    Raises DocumentRefusedError for the first reason why not.
    """
    check_follows(known, action)
    if new.kind is not known.kind or new.agency != known.agency:
        raise DocumentRefusedError(
            "kind", "R-018", "an order keeps its kind and its agency; another one is a new order"
        )
    attained_us = known.objective_attained_at_us
    if attained_us is not None and (new.objective_attained_at_us is None or new.objective_attained_at_us > attained_us):
        raise DocumentRefusedError("objective_attained_at", "R-009", "no later version undoes that it was attained")
    if action in ENDING and replace(new, **_ends_of(known)) != known:
        raise DocumentRefusedError(
            "action", "R-028", "an end, which needs no papers of its own, changes nothing but when the order ends"
        )
    if action is DocumentAction.CUSTODY:
        check_phase(known, new, signed_at_us)
    elif action is DocumentAction.EXTEND:
        latest = papers.extensions[-1] if papers is not None and papers.extensions else Application()
        check_extension(
            known,
            new,
            # When it was applied for stands in no document: at the latest when it was granted.
            signed_at_us,
            signed_at_us,
            sworn=bool(latest.investigator_swore and latest.prosecutor_swore),
            results=latest.results or latest.explanation,
        )
    elif new.extensions_us != known.extensions_us:
        raise DocumentRefusedError("extensions", "R-014", "only an extension adds one, and nothing takes one away")
    elif new.window.end_us > known.window.end_us and new.window.start_us < known.effective_window.end_us:
        raise DocumentRefusedError("end", "R-014", "only an extension lengthens an order")
    elif new.window.start_us < known.window.start_us:
        raise DocumentRefusedError("start", "R-015", "no later version covers what lies before the order")
    if known.effective_window.end_us <= new.window.start_us < signed_at_us:
        raise DocumentRefusedError(
            "start", "R-015", "granted after the order had ended, it covers nothing before its grant"
        )


def _ends_of(order: CourtOrder) -> dict[str, Any]:
    """All that tells one version from another that ends earlier."""
    return {
        "version": order.version,
        "state": order.state,
        "exigent": order.exigent,
        "revoked_at_us": order.revoked_at_us,
        "objective_attained_at_us": order.objective_attained_at_us,
        "first_interception_us": order.first_interception_us,
    }


def _exigency(order: CourtOrder) -> Exigency:
    found = exigency_of(order)
    if found is None:
        raise DocumentRefusedError("kind", "R-030", f"an order of kind {order.kind} is no emergency use")
    return found


def _next(order: CourtOrder) -> CourtOrder:
    following = replace(order, version=order.version + 1)
    check_order(following)
    return following
