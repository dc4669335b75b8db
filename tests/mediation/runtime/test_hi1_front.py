"""HI1 over HTTPS at a real ADMF: a document is stored, acted on and answered; who may not is told so, once is once."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.hi1 import build_message, parse_message, request
from asn1.hi1_messages import (
    Created,
    CspConfig,
    Deliver,
    Get,
    GetConfig,
    Got,
    Header,
    HI1Message,
    Listing,
    ListObjects,
    Update,
    Updated,
    Version,
)
from asn1.hi1_objects import (
    Authorisation,
    DictionaryEntry,
    Document,
    EndpointId,
    LITask,
    NationalFields,
    Notification,
    Timespan,
)
from lab.papers import lab_papers
from mediation.activation import ActivationState
from mediation.admf import Admf, Files
from mediation.config import ActivationModel, FaultsModel
from mediation.faults import Faults
from mediation.filing import Filing
from mediation.hi1 import CarrierReceiver
from mediation.law.documents import CourtDocument, DocumentAction, extended, make_document, order_from_fields, revoked
from mediation.law.hi1_envelope import SIGNATURE, split_envelope
from mediation.law.hi1_orders import RECEIVER, SENDER, OrderMessage, authorisation_id, message_of, task_id
from mediation.law.hi1_standing import TaskFacts, standing_objects
from mediation.law.hi1_workflows import PATHS, Workflow
from mediation.law.orders import CourtOrder, OrderId, Target, TargetKind
from mediation.law.papers import Papers
from mediation.notices import Notices
from mediation.runtime.clock import ManualClock
from mediation.runtime.config import Listen
from mediation.runtime.exchange import Endpoint, new_session
from mediation.runtime.hi1_front import Hi1Front
from mediation.runtime.status import start_http

SECOND = 1_000_000
START = 1_750_000_000 * SECOND
END = START + 10 * 86_400 * SECOND
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CERTIFIED = frozenset({"court"})


def order(**changes: Any) -> CourtOrder:
    values: dict[str, Any] = {
        "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"],
        "start": START, "end": END, "services": ["VOICE", "SMS"],
    }  # fmt: skip
    return order_from_fields(values | changes)


def signed(one: CourtOrder, action: DocumentAction = DocumentAction.ISSUE, key: Any = COURT) -> tuple[bytes, str]:
    xml, key_id, signature = split_envelope(make_document(one, key, action, START, lab_papers(one)))
    return xml, f"{key_id}:{base64.b64encode(signature).decode()}"


def sealed(message: HI1Message, key: Ed25519PrivateKey = COURT) -> tuple[bytes, str]:
    """Any message under the court's signature."""
    xml = build_message(message)
    _, key_id, _ = split_envelope(make_document(order(), key, papers=lab_papers(order())))
    return xml, f"{key_id}:{base64.b64encode(key.sign(b'calea-lab HI1 envelope 1' + bytes([10]) + xml)).decode()}"


class Carrier:
    """An ADMF without its element, and the front before it."""

    def __init__(self, directory: Path, mode: str = "standing") -> None:
        self.inbox = directory / "inbox"
        self.inbox.mkdir(exist_ok=True)
        self.clock = ManualClock(START)
        employee = "sato" if mode == "standing" else ""
        policy = ActivationModel.model_validate({"mode": mode, "employee": employee})
        faults = Faults(FaultsModel())
        element = Endpoint("http://127.0.0.1:1/X1/NE")
        files = Files.within(directory)
        self.admf = Admf(self.inbox, COURT.public_key(), element, "ne-1", "admf-1", self.clock, faults, files, policy)
        self.notices = Notices(self.admf, Filing(directory / "notices.jsonl"), self.clock.now_us)
        self.admf.tasks.told = self.notices.told
        receiver = CarrierReceiver(self.admf, self.notices, self.clock)
        issuers = {SENDER.identifier: "court"}
        self.front = Hi1Front(self.inbox, COURT.public_key(), receiver, issuers, self.clock.now_us)

    async def post(
        self, body: bytes, signature: str | None = None, path: str = "/", certified: frozenset[str] | None = CERTIFIED
    ) -> HI1Message:
        status, octets = await self.front.answer(body, signature, certified, path, "https://127.0.0.1:1")
        assert status == 200
        return parse_message(octets)

    async def ask(self, *bodies: Any) -> tuple[Any, ...]:
        header = Header(SENDER, RECEIVER, uuid.uuid4(), START)
        answer = await self.post(build_message(request(header, *bodies)))
        return tuple(one.body for one in answer.responses)

    async def standing(self, order_id: str = "O-1") -> tuple[str, str]:
        """Status of the authorisation and of its task."""
        one, other = await self.ask(Get(authorisation_id(OrderId(order_id))), Get(task_id(OrderId(order_id))))
        assert isinstance(one, Got) and isinstance(one.object, Authorisation) and one.object.status is not None
        assert isinstance(other, Got) and isinstance(other.object, LITask) and other.object.status is not None
        return one.object.status.value, other.object.status.value


@pytest.fixture
def carrier(tmp_path: Path) -> Carrier:
    return Carrier(tmp_path)


def code(answer: HI1Message) -> int:
    return 0 if answer.error is None else answer.error.code


async def test_a_document_is_stored_acted_on_and_answered_with_what_stands(carrier: Carrier) -> None:
    body, signature = signed(order())
    answer = await carrier.post(body, signature, PATHS[Workflow.NEW_AUTHORISATION])
    authorisation, task, document = (one.body for one in answer.responses)
    assert [one.identifier for one in answer.responses] == [0, 1, 2]
    assert isinstance(authorisation, Created) and isinstance(authorisation.object, Authorisation)
    assert isinstance(task, Created) and isinstance(task.object, LITask)
    assert isinstance(document, Created) and isinstance(document.object, Document)
    assert (authorisation.object.generation, authorisation.object.reference) == (1, "O-1")
    assert task.object.status == DictionaryEntry("ETSI", "TaskStatus", "AwaitingProvisioning")
    assert answer.header.transaction_id == parse_message(body).header.transaction_id
    assert answer.header.receiver == SENDER
    (path,) = carrier.inbox.iterdir()
    assert path.name == "O-1.v1.json" and split_envelope(path.read_bytes())[0] == body
    assert [str(one.order_id) for one in carrier.admf.orders.values()] == ["O-1"]


async def test_the_same_document_again_is_answered_again_and_does_nothing(carrier: Carrier, tmp_path: Path) -> None:
    body, signature = signed(order())
    first = await carrier.post(body, signature)
    before = carrier.admf.activations.copy()
    assert (await carrier.post(body, signature)).payload == first.payload
    assert carrier.admf.activations == before and len(list(carrier.inbox.iterdir())) == 1
    again = Carrier(tmp_path)
    assert (await again.post(body, signature)).payload == first.payload


async def test_status_follows_the_order_through_its_life(carrier: Carrier) -> None:
    first = order(start=START + SECOND)
    await carrier.post(*signed(first))
    assert await carrier.standing() == ("Approved", "AwaitingProvisioning")
    longer = extended(first, END + 86_400 * SECOND, START + 2 * SECOND)
    answer = await carrier.post(*signed(longer, DocumentAction.EXTEND), PATHS[Workflow.AUTHORISATION_EXTENSION])
    updated = answer.responses[0].body
    assert isinstance(updated, Updated) and updated.object is not None and updated.object.generation == 2
    carrier.clock.advance(END + 86_400 * SECOND - START)
    assert await carrier.standing() == ("Expired", "Expired")
    end = revoked(longer, START + 3 * SECOND)
    await carrier.post(*signed(end, DocumentAction.REVOKE), PATHS[Workflow.AUTHORISATION_CANCELLATION])
    assert await carrier.standing() == ("Cancelled", "Cancelled")
    (listing,) = await carrier.ask(ListObjects(DictionaryEntry("ETSI", "ObjectType", "Document")))
    assert len(listing.records) == 3


async def test_a_task_may_be_cancelled_by_its_own_workflow(carrier: Carrier) -> None:
    await carrier.post(*signed(order()))
    end = revoked(order(), START + SECOND)
    said = OrderMessage(end, DocumentAction.REVOKE, START, lab_papers(end))
    message = message_of(said, Workflow.TASK_CANCELLATION)
    answer = await carrier.post(*sealed(message), PATHS[Workflow.TASK_CANCELLATION])
    assert code(answer) == 0 and (await carrier.standing())[1] == "Cancelled"


async def test_a_change_of_delivery_and_an_added_task_are_amendments_and_another_liid_another_order(
    carrier: Carrier,
) -> None:
    await carrier.post(*signed(order()))
    less = replace(order(), version=2, services=frozenset(list(order().services)[:1]))
    said = OrderMessage(less, DocumentAction.ISSUE, START, lab_papers(less))
    answer = await carrier.post(*sealed(message_of(said, Workflow.CHANGE_OF_DELIVERY)), "/li/task/change-delivery")
    assert code(answer) == 0 and carrier.admf.documents("O-1")[-1].order.version == 2
    more = replace(order(), version=3, targets=(*order().targets, Target(TargetKind.E164, "16465550177")))
    said = OrderMessage(more, DocumentAction.ISSUE, START, lab_papers(more))
    answer = await carrier.post(*sealed(message_of(said, Workflow.TASK_ADDITION)), PATHS[Workflow.TASK_ADDITION])
    assert code(answer) == 0 and len(carrier.admf.documents("O-1")[-1].order.targets) == 2
    other = replace(parse_message(signed(order(order_id="O-2", liid="LAB-2"))[0]))
    other = replace(other, header=replace(other.header, workflow="TaskAddition"))
    assert code(await carrier.post(*sealed(other), PATHS[Workflow.TASK_ADDITION])) != 0
    assert [str(one.order_id) for one in carrier.admf.orders.values()] == ["O-1"]


async def test_notices_say_what_became_of_a_task_once(carrier: Carrier, tmp_path: Path) -> None:
    await carrier.post(*signed(order()))
    xid = task_id(OrderId("O-1"))
    carrier.admf.tasks._active[xid] = carrier.admf.tasks.details(xid, (("e164Number", "12125550101"),), True)
    carrier.admf.tasks._say("ActivateTask", xid)
    carrier.admf.tasks._say("ModifyTask", xid)
    assert await carrier.standing() == ("Approved", "Active")
    carrier.clock.advance(END - START)
    del carrier.admf.tasks._active[xid]
    carrier.admf.tasks._say("DeactivateTask", xid)
    (listing,) = await carrier.ask(ListObjects(DictionaryEntry("ETSI", "ObjectType", "Notification")))
    found = await carrier.ask(*(Get(one.identifier) for one in listing.records))
    notices = [one.object for one in found]
    assert all(isinstance(one, Notification) for one in notices)
    assert [one.statuses[0].status.value for one in notices] == ["Active", "Expired"]
    assert all(xid in one.associated and one.statuses[0].object_id == xid for one in notices)
    (task,) = await carrier.ask(Get(xid))
    assert (task.object.timespan.provisioning_us, task.object.timespan.deprovisioning_us) == (START, END)
    again = Carrier(tmp_path)
    assert list(again.notices.held) == [1, 2]


async def test_who_waits_for_an_employee_is_said_to(tmp_path: Path) -> None:
    carrier = Carrier(tmp_path, "manual")
    await carrier.post(*signed(order()))
    assert await carrier.standing() == ("Approved", "AwaitingApproval")
    carrier.admf.activate("O-1", "sato")
    assert carrier.admf.activations[task_id(OrderId("O-1"))].state is ActivationState.ENABLED
    assert await carrier.standing() == ("Approved", "AwaitingProvisioning")


async def test_what_is_taken_here_is_told_and_what_is_not_is_refused_by_itself(carrier: Carrier) -> None:
    nothing = uuid.UUID(int=9)
    task = LITask(object_id=nothing)
    config, missing, no, empty = await carrier.ask(GetConfig(), Get(nothing), Deliver(nothing, task), ListObjects())
    assert isinstance(config, CspConfig) and config.li_endpoints is not None
    urls = {one.workflow.value: one.url for one in config.li_endpoints}
    assert urls["NewAuthorisation"] == "https://127.0.0.1:1/li/authorisation/new"
    assert set(urls) == set(Workflow)
    assert ("InternationalE164", "ETSI") in {(one.format_name, one.format_owner) for one in config.targeting}
    assert (missing.code, no.code) == (3014, 3001) and empty == Listing()


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (ListObjects(), 6),
        (ListObjects(maximum=2), 2),
        (ListObjects(DictionaryEntry("ETSI", "ObjectType", "Task")), 2),
        (ListObjects(DictionaryEntry("other", "ObjectType", "Task")), 0),
        (ListObjects(status=DictionaryEntry("ETSI", "AuthorisationStatus", "Approved")), 2),
        (ListObjects(last_changed_us=START + SECOND), 0),
        (ListObjects(changed_within=Timespan(START, START)), 6),
        (ListObjects(changed_within=Timespan(end_us=START - SECOND)), 0),
        (ListObjects(country="US"), 0),
    ],
    ids=str,
)
async def test_a_list_is_what_was_asked_for(carrier: Carrier, asked: ListObjects, count: int) -> None:
    await carrier.post(*signed(order()))
    await carrier.post(*signed(order(order_id="O-2", liid="LAB-2")))
    (listing,) = await carrier.ask(asked)
    assert len(listing.records) == count


def changed(change: Callable[[HI1Message], HI1Message]) -> bytes:
    return build_message(change(request(Header(SENDER, RECEIVER, uuid.uuid4(), START), Get(uuid.UUID(int=1)))))


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (b"", 3020),
        (b"<html/>", 3020),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 3020),
        (b" " * ((4 << 20) + 1), 3022),
        (changed(lambda one: replace(one, header=replace(one.header, version=Version("V2.1.1")))), 3021),
        (changed(lambda one: replace(one, header=replace(one.header, receiver=EndpointId("XX", "OTHER")))), 3007),
    ],
)
async def test_a_message_that_may_not_come_in_is_refused_whole(carrier: Carrier, body: bytes, refused: int) -> None:
    assert code(await carrier.post(body)) == refused


async def test_actions_are_counted_and_none_twice(carrier: Carrier) -> None:
    body = build_message(request(Header(SENDER, RECEIVER, uuid.uuid4(), START), *[Get(uuid.UUID(int=1))] * 2))
    second = b"<core:ActionIdentifier>1<"
    assert code(await carrier.post(body.replace(second, second.replace(b"1", b"0")))) == 3002
    other = build_message(request(Header(SENDER, RECEIVER, uuid.uuid4(), START), *[Get(uuid.UUID(int=1))] * 2))
    assert code(await carrier.post(other.replace(second, second.replace(b"1", b"7")))) == 3020


async def test_attack_a_document_without_the_courts_signature_changes_nothing_and_is_not_stored(
    carrier: Carrier,
) -> None:
    body, signature = signed(order())
    _, forged = signed(order(), key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    cases = [(body, None, 3005), (body, forged, 3008), (body, "no", 3020), (body, f"{signature[:9]}!", 3020)]
    cases.append((body.replace(b"LAB-1", b"LAB-9"), signature, 3008))
    for octets, shown, refused in cases:
        carrier.front._transactions.clear()
        assert code(await carrier.post(octets, shown)) == refused
    assert not carrier.admf.orders and not list(carrier.inbox.iterdir())


async def test_attack_a_certificate_that_is_not_the_issuers_is_turned_away(carrier: Carrier) -> None:
    body, signature = signed(order())
    for certified in (frozenset[str](), frozenset({"mediation"}), frozenset({"LAB-COURT"})):
        assert await carrier.front.answer(body, signature, certified) == (403, b"")
    stranger = changed(lambda one: replace(one, header=replace(one.header, sender=EndpointId("XX", "ME"))))
    assert await carrier.front.answer(stranger, None, CERTIFIED) == (403, b"")
    assert not list(carrier.inbox.iterdir())


async def test_attack_another_version_under_the_same_number_takes_no_place(carrier: Carrier) -> None:
    body, signature = signed(order())
    await carrier.post(body, signature)
    other, its_signature = signed(order(targets=["e164:12125550199"]))
    carrier.front._transactions.clear()
    await carrier.post(other, its_signature)
    assert [one.order.targets[0].value for one in carrier.admf.documents("O-1")] == ["12125550101"]
    assert (carrier.inbox / "O-1.v1.json").exists()


async def test_attack_one_transaction_identifier_stands_for_one_message(carrier: Carrier) -> None:
    body, signature = signed(order())
    await carrier.post(body, signature)
    other, its_signature = signed(order(targets=["e164:12125550199"]))
    assert code(await carrier.post(other, its_signature)) == 3000


async def test_attack_papers_that_lack_something_are_refused_with_every_item(carrier: Carrier) -> None:
    bare = order()
    said = OrderMessage(bare, DocumentAction.ISSUE, START, Papers())
    answer = await carrier.post(*sealed(message_of(said)))
    assert code(answer) == 3005 and answer.error is not None and "DOC_MISSING" in answer.error.description
    assert not carrier.admf.orders


async def test_attack_a_document_with_a_question_or_at_another_place_is_refused(carrier: Carrier) -> None:
    body, signature = signed(order())
    assert code(await carrier.post(body, signature, PATHS[Workflow.AUTHORISATION_CANCELLATION])) == 3007
    message = parse_message(body)
    bodies = [one.body for one in message.requests]
    mixed = request(replace(message.header, transaction_id=uuid.uuid4()), *bodies, Get(uuid.UUID(int=1)))
    assert code(await carrier.post(*sealed(mixed))) != 0
    alone = request(replace(message.header, transaction_id=uuid.uuid4()), Update(LITask(object_id=uuid.UUID(int=1))))
    assert code(await carrier.post(*sealed(alone))) != 0
    assert not carrier.admf.orders and not list(carrier.inbox.iterdir())


async def test_attack_no_answer_holds_the_key_of_a_release(carrier: Carrier) -> None:
    held = CourtDocument(DocumentAction.RELEASE, order(), START, "00000000", None, b"KEY-OF-THE-ORDER")
    document = next(one for one in standing_objects([held], START, TaskFacts()) if isinstance(one, Document))
    assert isinstance(document.national, NationalFields)
    assert "data_key" not in dict(document.national.items) and b"KEY".hex() not in str(document)


async def test_over_http_json_is_no_encoding_here_and_large_is_too_large(carrier: Carrier) -> None:
    runner, port = await start_http(Listen(), carrier.front.routes(), 1 << 16)
    try:
        async with new_session() as session:
            url = f"http://127.0.0.1:{port}/"
            for headers, data, refused in (
                ({"Content-Type": "application/json"}, b"{}", 3019),
                ({"Content-Type": "application/xml"}, b" " * (1 << 17), 3022),
            ):
                async with session.post(url, data=data, headers=headers) as answer:
                    assert answer.status == 200 and code(parse_message(await answer.read())) == refused
            body, signature = signed(order())
            headers = {SIGNATURE: signature, "Content-Type": "application/xml"}
            async with session.post(f"{url}li/authorisation/new", data=body, headers=headers) as answer:
                assert code(parse_message(await answer.read())) == 0
    finally:
        await runner.cleanup()
