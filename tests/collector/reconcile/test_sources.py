"""Orders and tasks as they are read, from a court and from elements that may say anything."""

import shutil
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from asn1 import x1
from asn1.errors import DecodeError, LabError, RefusedError
from collector.reconcile.compare import TaskFact
from collector.reconcile.config import ElementConfig
from collector.reconcile.sources import MAX_TASKS, QUESTIONS, ElementSource, OrderSource
from lab.papers import lab_papers
from mediation.interception import xid_of
from mediation.law.documents import DocumentAction, make_document, order_from_fields, revoked
from mediation.law.orders import OrderState
from mediation.runtime.config import PLAIN_WORDS, Listen
from mediation.runtime.exchange import new_session
from mediation.runtime.status import start_http

NOW = 1_750_000_000_000_000
DAY_US = 86_400_000_000
NUMBER = "12125550101"
Answer = Callable[[bytes], bytes | web.Response]


@pytest.fixture
async def element() -> Any:
    """`ask(answer)`: what is read from an element that answers so."""

    async def ask(answer: Answer) -> tuple[TaskFact, ...]:
        async def post(request: web.Request) -> web.Response:
            found = answer(await request.read())
            return found if isinstance(found, web.Response) else web.Response(body=found)

        runner, port = await start_http(Listen(), [web.post("/X1/NE", post)])
        url = f"http://127.0.0.1:{port}/X1/NE"
        config = ElementConfig(url=url, ne_id="ne-1", admf_id="admf-1", plain=PLAIN_WORDS)
        try:
            async with new_session() as session:
                return await ElementSource(config, lambda: NOW).read(session)
        finally:
            await runner.cleanup()

    return ask


def listing(octets: bytes, xids: tuple[uuid.UUID, ...], **changes: Any) -> bytes:
    (asked,) = x1.parse_request(octets)
    values = {"kind": asked.kind, "admf_id": "admf-1", "ne_id": "ne-1", "transaction_id": asked.transaction_id}
    return x1.build_response([x1.X1Reply(**(values | {"time_us": NOW, "xids": xids} | changes))])


def details(octets: bytes, other: uuid.UUID | None = None, gone: frozenset[uuid.UUID] = frozenset()) -> bytes:
    replies = []
    for asked in x1.parse_request(octets):
        head = ("GetTaskDetails", "admf-1", "ne-1", asked.transaction_id, NOW)
        if asked.xid in gone:
            replies.append(x1.X1Reply(*head, error=x1.X1Error(x1.NO_XID, "gone")))
            continue
        task = x1.TaskDetails(other or asked.xid, (("e164Number", NUMBER),), "X2Only", (uuid.UUID(int=9),))
        replies.append(x1.X1Reply(*head, task=x1.TaskResponse(task, x1.TaskStatus("complete"))))
    return x1.build_response(replies)


def honest(xids: tuple[uuid.UUID, ...], **changes: Any) -> Answer:
    return lambda octets: listing(octets, xids) if b"ListAll" in octets else details(octets, **changes)


XIDS = tuple(uuid.UUID(int=number) for number in range(1, 4))
SHOWN = frozenset({("e164Number", NUMBER)})


async def test_every_task_is_read_with_its_targets(element: Callable[[Answer], Awaitable[Any]]) -> None:
    assert await element(honest(XIDS)) == tuple(TaskFact("ne-1", str(xid), SHOWN) for xid in XIDS)
    assert await element(honest(())) == ()


async def test_many_tasks_are_asked_for_in_several_messages(element: Any) -> None:
    xids = tuple(uuid.UUID(int=number) for number in range(1, 2 * QUESTIONS + 10))
    asked: list[int] = []

    def answer(octets: bytes) -> bytes:
        asked.append(octets.count(b"<x1RequestMessage"))
        return honest(xids)(octets)

    assert len(await element(answer)) == len(xids)
    assert asked == [1, QUESTIONS, QUESTIONS, 9]


async def test_task_that_went_between_two_questions_is_left_out(element: Any) -> None:
    found = await element(honest(XIDS, gone=frozenset(XIDS[:1])))
    assert [one.xid for one in found] == [str(xid) for xid in XIDS[1:]]


async def test_element_that_does_not_speak_details_shows_its_tasks_without_targets(element: Any) -> None:
    xids = tuple(uuid.UUID(int=number) for number in range(1, QUESTIONS + 3))

    def answer(octets: bytes) -> bytes:
        if b"ListAll" in octets:
            return listing(octets, xids)
        error = x1.X1Error(x1.UNSUPPORTED_REQUEST, "not supported")
        return x1.build_response(
            [x1.X1Reply(one.kind, "admf-1", "ne-1", one.transaction_id, NOW, error) for one in x1.parse_request(octets)]
        )

    assert await element(answer) == tuple(TaskFact("ne-1", str(xid), None) for xid in xids)


async def test_answer_with_another_tasks_targets_is_refused(element: Any) -> None:
    with pytest.raises(DecodeError, match="another task"):
        await element(honest(XIDS, other=uuid.UUID(int=99)))


@pytest.mark.parametrize(
    "answer",
    [
        lambda octets: listing(octets, XIDS, transaction_id=uuid.UUID(int=5)),
        lambda octets: listing(octets, XIDS, ne_id="ne-2"),
        lambda octets: listing(octets, (), kind="Ping"),
        lambda octets: f'<X1Response xmlns="{x1.X1}"/>'.encode(),
        lambda octets: x1.build_top_level_error("admf-1", "ne-1", NOW),
        lambda octets: b" " * (x1.MAX_OCTETS + 1),
        lambda octets: web.Response(status=500),
        lambda octets: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}),
        lambda octets: listing(octets, tuple(uuid.UUID(int=number) for number in range(MAX_TASKS + 1))),
        lambda octets: listing(octets, XIDS, error=x1.X1Error(1040, "another ADMF")),
        lambda octets: listing(octets, XIDS) if b"ListAll" in octets else b"<nothing/>",
        lambda octets: listing(octets, XIDS) if b"ListAll" in octets else details(octets).replace(b"0", b"1"),
    ],
)
async def test_unsound_answers_make_an_element_unseen(element: Any, answer: Answer) -> None:
    with pytest.raises(LabError) as caught:
        await element(answer)
    assert isinstance(caught.value, DecodeError | RefusedError)


# Orders


def test_orders_are_the_newest_versions_with_what_they_name(lab: Any, tmp_path: Path) -> None:
    inbox, clock, news = tmp_path / "own", [NOW + 5], []
    inbox.mkdir()
    namespace = uuid.UUID("6f1c6f0e-6c61-5d0a-9a2e-63616c65612d")
    source = OrderSource(
        inbox, lab.court.key.public_key(), namespace, lambda: clock[0], lambda kind, fields: news.append(kind)
    )
    assert source.read() == ()
    fields = {"kind": "PRTT", "liid": "LAB-1", "start": NOW, "end": NOW + DAY_US, "targets": [f"e164:{NUMBER}"]}
    first = order_from_fields(fields | {"order_id": "O-1"})
    (inbox / "a.json").write_bytes(make_document(first, lab.court.key, papers=lab_papers(first)))
    (order,) = source.read()
    assert order.xid == str(xid_of("O-1")) and order.targets == SHOWN and order.seen_us == NOW + 5
    assert (order.start_us, order.end_us, order.former_targets) == (NOW, NOW + DAY_US, None)
    clock[0] += 100
    assert source.read() == (order,)
    end = revoked(first, NOW + 7)
    (inbox / "b.json").write_bytes(make_document(end, lab.court.key, DocumentAction.REVOKE, papers=lab_papers(end)))
    (inbox / "c.json").write_bytes(b"{}")
    (order,) = source.read()
    assert (order.state, order.end_us, order.seen_us, order.version) == (OrderState.REVOKED, NOW + 7, NOW + 105, 2)
    assert order.former_targets == SHOWN and not order.attained
    assert sorted(news) == ["order_entered", "order_entered", "order_refused"]
    shutil.rmtree(inbox)
    assert source.read() == (order,)
