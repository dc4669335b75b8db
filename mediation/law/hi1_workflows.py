"""What a court document does, which workflow of HI1 that is, and what may follow what.

    workflow_of, workflows_of(action, version)   the workflow a document names, and which it may name instead
    CONTENTS[workflow]                      what a message of that workflow carries; `check_contents` refuses the rest
    PATHS[workflow]                         where it is posted (table H.0b, third-party reading)
    status_of(order)                        what an order is, in the words of ETSI's AuthorisationStatus
    check_follows(former, action)           whether the action may follow; anything not in the table is refused

Contents are a third-party reading of H.5.3 to H.5.8, with one addition of ours: whatever changes an order carries its
authorisation, its task and a document, because every document is a whole version of its order (ADR 0008). So the
cancellation of a task is an end like that of its authorisation; a change of delivery and the addition of a task are
amendments, the task being the order's one task with what was added in it. An amendment has no workflow of its own in
Annex H and travels as an extension where it names none of these. The moves between the statuses are assumed: that
prose has not been read. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from asn1.hi1_messages import ActionRequest, Create, Update
from asn1.hi1_objects import Authorisation, Document, HI1Object, LITask
from mediation.law.entry import DocumentRefusedError
from mediation.law.orders import CourtOrder, OrderState


class DocumentAction(StrEnum):
    """What a document does. ISSUE is a first version or an amendment; TERMINATE is the objective attained (R-009),
    APPROVE the emergency order (R-033 to R-035), DENY its denial (R-038); RELEASE opens records that were held;
    CUSTODY says that an ended order was sealed, handed off or closed (R-130)."""

    ISSUE = "issue"
    EXTEND = "extend"
    REVOKE = "revoke"
    TERMINATE = "terminate"
    APPROVE = "approve"
    DENY = "deny"
    OBTAINED = "obtained"
    ENDED = "ended"
    RELEASE = "release"
    CUSTODY = "custody"


class Workflow(StrEnum):
    """The words of ETSI's dictionary LIWorkflowEndpoint."""

    NEW_AUTHORISATION = "NewAuthorisation"
    AUTHORISATION_EXTENSION = "AuthorisationExtension"
    AUTHORISATION_CANCELLATION = "AuthorisationCancellation"
    TASK_ADDITION = "TaskAddition"
    TASK_CANCELLATION = "TaskCancellation"
    CHANGE_OF_DELIVERY = "ChangeOfDelivery"


PATHS: Final[dict[Workflow, str]] = {
    Workflow.NEW_AUTHORISATION: "/li/authorisation/new",
    Workflow.AUTHORISATION_EXTENSION: "/li/authorisation/extension",
    Workflow.AUTHORISATION_CANCELLATION: "/li/authorisation/cancellation",
    Workflow.TASK_ADDITION: "/li/task/addition",
    Workflow.TASK_CANCELLATION: "/li/task/cancellation",
    Workflow.CHANGE_OF_DELIVERY: "/li/task/change-delivery",
}


class Status(StrEnum):
    """The words of ETSI's dictionary AuthorisationStatus that the lab uses."""

    AWAITING_APPROVAL = "AwaitingApproval"
    EMERGENCY_APPROVAL = "EmergencyApproval"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"


class Content(NamedTuple):
    """Exactly one of `kind`, under `verb`."""

    verb: type[Create] | type[Update]
    kind: type[HI1Object]


_CHANGE: Final = (Content(Update, Authorisation), Content(Update, LITask), Content(Create, Document))
CONTENTS: Final[dict[Workflow, tuple[Content, ...]]] = {
    Workflow.NEW_AUTHORISATION: (
        Content(Create, Authorisation),
        Content(Create, LITask),
        Content(Create, Document),
    ),
    Workflow.AUTHORISATION_EXTENSION: _CHANGE,
    Workflow.AUTHORISATION_CANCELLATION: _CHANGE,
    Workflow.TASK_ADDITION: _CHANGE,
    Workflow.TASK_CANCELLATION: _CHANGE,
    Workflow.CHANGE_OF_DELIVERY: _CHANGE,
}
ENDING: Final = frozenset(
    {
        DocumentAction.REVOKE,
        DocumentAction.TERMINATE,
        DocumentAction.DENY,
        DocumentAction.OBTAINED,
        DocumentAction.ENDED,
    }
)

"""Acts that end an order, at an instant that later versions may bring forward and never put off."""

_A: Final = DocumentAction
_ALWAYS: Final = frozenset({*ENDING, _A.RELEASE, _A.CUSTODY})
LIFE: Final[dict[Status, frozenset[DocumentAction]]] = {
    Status.AWAITING_APPROVAL: frozenset({_A.ISSUE, _A.REVOKE}),
    Status.EMERGENCY_APPROVAL: _ALWAYS | {_A.ISSUE, _A.APPROVE},
    Status.APPROVED: _ALWAYS | {_A.ISSUE, _A.EXTEND},
    # An emergency use that is over still needs its order in time, or is denied one.
    Status.CANCELLED: _ALWAYS | {_A.APPROVE},
    Status.REJECTED: frozenset({_A.REVOKE, _A.RELEASE, _A.CUSTODY}),
    Status.EXPIRED: frozenset({_A.RELEASE, _A.CUSTODY}),
}


def workflow_of(action: DocumentAction, version: int) -> Workflow:
    """The workflow of a document; a first version is always a new authorisation."""
    if version == 1:
        return Workflow.NEW_AUTHORISATION
    return Workflow.AUTHORISATION_CANCELLATION if action in ENDING else Workflow.AUTHORISATION_EXTENSION


def workflows_of(action: DocumentAction, version: int) -> tuple[Workflow, ...]:
    """Every workflow such a document may name, its usual one first."""
    usual = workflow_of(action, version)
    if version == 1:
        return (usual,)
    if action in ENDING:
        return usual, Workflow.TASK_CANCELLATION
    amends = action is DocumentAction.ISSUE
    return (usual, Workflow.CHANGE_OF_DELIVERY, Workflow.TASK_ADDITION) if amends else (usual,)


def path_of(named: str | None) -> str:
    """Where a message of this workflow is posted; without one, where everything may be."""
    return next((path for workflow, path in PATHS.items() if workflow == named), "/")


def check_contents(workflow: Workflow, actions: Sequence[ActionRequest]) -> None:
    """Refuses the whole message when it is not what its workflow carries."""
    if [action.identifier for action in actions] != list(range(len(actions))):
        raise DocumentRefusedError("ActionIdentifier", "R-028", "actions are counted 0, 1, 2 and so on")
    counts: Counter[tuple[type, type]] = Counter()
    for action in actions:
        if not isinstance(action.body, Create | Update):
            raise DocumentRefusedError("ActionRequest", "R-028", f"{workflow} creates and updates, nothing else")
        counts[type(action.body), type(action.body.object)] += 1
    for content in CONTENTS[workflow]:
        if counts.pop((content.verb, content.kind), 0) != 1:
            words = f"{content.verb.__name__} of {content.kind.__name__}"
            raise DocumentRefusedError(content.kind.__name__, "R-028", f"{workflow} has exactly one {words}")
    if counts:
        verb, kind = next(iter(counts))
        raise DocumentRefusedError(kind.__name__, "R-028", f"{workflow} has no {verb.__name__} of {kind.__name__}")


def status_of(order: CourtOrder) -> Status:
    """What a version of an order is as it stands; no clock is asked."""
    if order.state is OrderState.DRAFT:
        return Status.AWAITING_APPROVAL
    if order.state not in (OrderState.ISSUED, OrderState.ACTIVE, OrderState.REVOKED, OrderState.TERMINATED):
        return Status.EXPIRED
    exigency = order.exigent
    if exigency is not None and exigency.denied_at_us is not None:
        return Status.REJECTED
    if order.state in (OrderState.REVOKED, OrderState.TERMINATED) or end_us(order) is not None:
        return Status.CANCELLED
    if order.kind.exigent and (exigency is None or exigency.order_issued_at_us is None):
        return Status.EMERGENCY_APPROVAL
    return Status.APPROVED


def end_us(order: CourtOrder) -> int | None:
    """The instant at which somebody ended the order, exclusive; None when it only runs out."""
    exigency = order.exigent
    ends = [order.revoked_at_us, order.objective_attained_at_us]
    if exigency is not None:
        ends += [exigency.denied_at_us, exigency.obtained_at_us, exigency.ended_at_us]
    return min((at_us for at_us in ends if at_us is not None), default=None)


def check_follows(former: CourtOrder, action: DocumentAction) -> None:
    """Refuses an action that may not follow a version of that status."""
    status = status_of(former)
    if action not in LIFE[status]:
        possible = ", ".join(sorted(LIFE[status]))
        raise DocumentRefusedError("action", "R-027", f"nobody can {action} an order that is {status}; only {possible}")
