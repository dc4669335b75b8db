"""What stands, in the words of HI1: the objects of an order with the status that the receiver gives them.

Who ordered an interception sees what became of it: an Authorisation, its LITask and one Document a version. Status is
the receiver's own word (H.5.2, third-party reading): what the court wants stays beside it as the desired one. A data
key that came with a release is in no answer. Pure: times are arguments.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeVar

from asn1.hi1_messages import Create, Update
from asn1.hi1_objects import (
    ETSI,
    Authorisation,
    DictionaryEntry,
    Document,
    HI1Object,
    LITask,
    Notification,
    ObjectStatus,
    Timespan,
)
from mediation.law.documents import CourtDocument
from mediation.law.hi1_orders import NAMESPACE, OrderMessage, authorisation_id, message_of, task_id
from mediation.law.hi1_workflows import Status, status_of
from mediation.law.orders import CourtOrder, OrderId

_SECOND_US: Final = 1_000_000
_Object = TypeVar("_Object", bound=HI1Object)


class TaskFacts(NamedTuple):
    """What only the receiver knows of a task: whether an employee's act is still awaited, whether it is provisioned
    (None where nobody here provisions: the agency), and when it was provisioned and taken away again."""

    awaits_act: bool = False
    provisioned: bool | None = None
    provisioned_us: int | None = None
    deprovisioned_us: int | None = None


class Notice(NamedTuple):
    """Something that happened to a task: `status` in the words of TaskStatus."""

    number: int
    order_id: str
    status: str
    time_us: int
    details: str


def authorisation_status(order: CourtOrder, now_us: int) -> str:
    """In the words of AuthorisationStatus."""
    status = status_of(order)
    lapsed = now_us >= order.effective_window.end_us and status in (Status.APPROVED, Status.EMERGENCY_APPROVAL)
    return str(Status.EXPIRED if lapsed else status)


def task_status(order: CourtOrder, now_us: int, facts: TaskFacts) -> str:
    """In the words of TaskStatus."""
    status = authorisation_status(order, now_us)
    if status not in (Status.APPROVED, Status.EMERGENCY_APPROVAL):
        return status
    if facts.awaits_act:
        return "AwaitingApproval"
    begun = order.effective_window.start_us <= now_us
    active = begun if facts.provisioned is None else facts.provisioned
    return "Active" if active else "AwaitingProvisioning"


def standing_objects(documents: Sequence[CourtDocument], now_us: int, facts: TaskFacts) -> tuple[HI1Object, ...]:
    """The objects of one order, from all its versions, lowest first; none without a version."""
    if not documents:
        return ()
    newest = documents[-1]
    authorisation, task, _ = _written(newest)
    span = task.timespan or Timespan()
    order = newest.order
    found: list[HI1Object] = [
        replace(
            _stamped(authorisation, newest, order.version),
            status=entry("AuthorisationStatus", authorisation_status(order, now_us)),
            served_us=_seconds(documents[0].issued_at_us),
        ),
        replace(
            _stamped(task, newest, order.version),
            status=entry("TaskStatus", task_status(order, now_us, facts)),
            timespan=replace(
                span,
                provisioning_us=None if facts.provisioned_us is None else _seconds(facts.provisioned_us),
                deprovisioning_us=None if facts.deprovisioned_us is None else _seconds(facts.deprovisioned_us),
            ),
        ),
    ]
    for document in documents:
        _, _, written = _written(document)
        found.append(replace(_stamped(written, document, 1), status=entry("DocumentStatus", "Approved")))
    return tuple(found)


def notification(notice: Notice) -> Notification:
    """The Notification object of something that happened."""
    task, time_us = task_id(OrderId(notice.order_id)), _seconds(notice.time_us)
    return Notification(
        object_id=uuid.uuid5(NAMESPACE, f"notification:{notice.number}"),
        generation=1,
        associated=(authorisation_id(OrderId(notice.order_id)), task),
        last_changed_us=time_us,
        details=notice.details,
        kind=entry("NotificationType", "General"),
        is_new=True,
        time_us=time_us,
        statuses=(ObjectStatus(task, entry("TaskStatus", notice.status)),),
    )


def entry(dictionary: str, value: str) -> DictionaryEntry:
    return DictionaryEntry(ETSI, dictionary, value)


def _written(document: CourtDocument) -> tuple[Authorisation, LITask, Document]:
    """The objects as the court wrote them, without a key."""
    said = OrderMessage(document.order, document.action, document.issued_at_us, document.papers)
    bodies = [action.body for action in message_of(said).requests]
    objects = [body.object for body in bodies if isinstance(body, Create | Update)]
    authorisation, task, paper = objects
    assert isinstance(authorisation, Authorisation) and isinstance(task, LITask) and isinstance(paper, Document)
    return authorisation, task, paper


def _stamped(one: _Object, document: CourtDocument, generation: int) -> _Object:
    return replace(one, generation=generation, last_changed_us=_seconds(document.issued_at_us))


def _seconds(time_us: int) -> int:
    """The schema's times of objects have no fraction."""
    return time_us // _SECOND_US * _SECOND_US
