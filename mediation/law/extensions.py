"""What may follow an order: extensions, revocation, next versions (R-011 to R-019, R-042).

An extension takes over exactly where the period before it ends (R-014) and is granted while that still runs; granted
later, it is a new order with a start of its own, and what lies between stays uncovered (R-015). Their number has no
limit (R-016), each is a new application with all its findings. What ends an emergency eavesdropping order is a new
ordinary warrant, never an extension (R-017, R-018). Pure: instants come in as arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mediation.law.entry import DocumentRefusedError, check_order
from mediation.law.exigent import deadline_us, late_approval
from mediation.law.orders import CourtOrder, Exigency, OrderKind, OrderState, Window

NEVER_EXTENDED: Final = (OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL)


def extended(order: CourtOrder, end_us: int, granted_at_us: int, applied_at_us: int | None = None) -> CourtOrder:
    """The next version of an order, with an extension from its end to `end_us` (R-014). Without `applied_at_us` it was
    applied for when it was granted.

    Raises DocumentRefusedError: too late (R-012, R-015), too long (R-006, R-011), or never to be extended (R-017).
    """
    _may_be_extended(order, granted_at_us if applied_at_us is None else applied_at_us, granted_at_us)
    longer = replace(
        order,
        version=order.version + 1,
        window=Window(order.window.start_us, end_us),
        extensions_us=(*order.extensions_us, order.effective_window.end_us),
    )
    check_order(longer)
    return longer


def check_extension(
    previous: CourtOrder,
    longer: CourtOrder,
    applied_at_us: int,
    granted_at_us: int,
    *,
    sworn: bool,
    missing_findings: Sequence[str] = (),
    results: str,
    strict_days: bool = False,
) -> None:
    """Whether `longer` is a lawful extension of `previous`. `missing_findings` names what the new application does not
    show; `results` is what the interception brought so far, or why it brought nothing (R-013).

    Raises DocumentRefusedError for the first that fails.
    """
    _may_be_extended(previous, applied_at_us, granted_at_us)
    if not sworn:
        raise DocumentRefusedError("sworn", "R-011", "an extension needs a new application, and that is sworn")
    if missing_findings:
        raise DocumentRefusedError(missing_findings[0], "R-011", "an extension repeats every finding (R-016)")
    if previous.kind is OrderKind.EAVESDROPPING and not results.strip():
        raise DocumentRefusedError("extension_results", "R-013", "the results so far, or an explanation of their lack")
    if granted_at_us < applied_at_us:
        raise DocumentRefusedError("granted_at", "R-011", "the extension was granted before anybody applied for it")
    end_us = previous.effective_window.end_us
    if longer.extensions_us[:-1] != previous.extensions_us or not _takes_over(previous, longer, end_us):
        raise DocumentRefusedError(
            "extensions", "R-014", "an extension begins exactly where the period before it ends: no gap, no overlap"
        )
    unchanged = replace(
        longer, version=previous.version, window=previous.window, extensions_us=previous.extensions_us,
        state=previous.state, first_interception_us=previous.first_interception_us,
    )  # fmt: skip
    if (
        unchanged != previous
        or longer.version <= previous.version
        or longer.window.start_us != previous.window.start_us
    ):
        raise DocumentRefusedError("extensions", "R-011", "an extension changes the end of an order and nothing else")
    check_order(longer, strict_days)


def check_next_version(known: CourtOrder, new: CourtOrder) -> None:
    """Whether a version may follow another of the same order, whoever signed it.

    Raises DocumentRefusedError: it would move the first activation (R-036), approve too late what has lapsed (R-042),
    or take back an end that was reached (R-019, R-038 to R-040).
    """
    if known.kind.exigent and new.kind is known.kind and deadline_us(new) != deadline_us(known):
        raise DocumentRefusedError("activated_at", "R-036", "no later version moves the first activation")
    if known.kind.exigent and late_approval(new) and not late_approval(known):
        raise DocumentRefusedError(
            "order_issued_at", "R-042", "a late approval reopens nothing; enter it as an order of its own"
        )
    if known.revoked_at_us is not None and (new.revoked_at_us is None or new.revoked_at_us > known.revoked_at_us):
        raise DocumentRefusedError("revoked_at", "R-019", "the order was revoked; no later version undoes that")
    for item, rule, before_us, after_us in _ends(known, new):
        if before_us is not None and (after_us is None or after_us > before_us):
            raise DocumentRefusedError(item, rule, "what ended the emergency use is not taken back")


def revoked(order: CourtOrder, at_us: int) -> CourtOrder:
    """The next version of an order, ended at `at_us`, exclusive (R-019)."""
    if order.revoked_at_us is not None and at_us >= order.revoked_at_us:
        raise DocumentRefusedError("revocation", "R-019", "the order was revoked before; no later time undoes that")
    at_us = max(at_us, order.window.start_us)
    ended = replace(order, version=order.version + 1, state=OrderState.REVOKED, revoked_at_us=at_us)
    check_order(ended)
    return ended


def _may_be_extended(order: CourtOrder, applied_at_us: int, granted_at_us: int) -> None:
    if order.kind in NEVER_EXTENDED:
        raise DocumentRefusedError("extensions", "R-017", "an emergency eavesdropping order cannot be extended")
    if not order.kind.metadata_only and applied_at_us >= order.effective_window.end_us:
        raise DocumentRefusedError("applied_at", "R-012", "an extension is applied for before the warrant ends")
    if granted_at_us >= order.effective_window.end_us:
        raise DocumentRefusedError("extension", "R-015", "the order has ended; what follows needs a start of its own")


def _takes_over(previous: CourtOrder, longer: CourtOrder, end_us: int) -> bool:
    """R-014. Where nobody here knows when a federal interception first came (R-008), its first period may have ended
    before the document's end: an earlier take-over is believed, and cut by who does know."""
    if not longer.extensions_us:
        return False
    open_end = (
        previous.federal
        and not previous.kind.metadata_only
        and previous.first_interception_us is None
        and not previous.extensions_us
    )
    return longer.extensions_us[-1] <= end_us if open_end else longer.extensions_us[-1] == end_us


def _ends(known: CourtOrder, new: CourtOrder) -> list[tuple[str, str, int | None, int | None]]:
    before, after = known.exigent or Exigency(0), new.exigent or Exigency(0)
    return [
        ("denied_at", "R-038", before.denied_at_us, after.denied_at_us),
        ("obtained_at", "R-039", before.obtained_at_us, after.obtained_at_us),
        ("exigency_ended_at", "R-040", before.ended_at_us, after.ended_at_us),
    ]
