"""The agency's registry behind HI1: the registry alone judges what the court sends, and its word is the answer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1.hi1 import build_message, parse_message
from asn1.hi1_messages import Created, HI1Message
from asn1.hi1_objects import Authorisation, LITask
from collector.hi1 import AgencyReceiver
from collector.registry import Registry
from lab.papers import lab_papers
from mediation.law.documents import DocumentAction, extended, make_document, order_from_fields
from mediation.law.hi1_envelope import split_envelope
from mediation.law.hi1_orders import SENDER, OrderMessage, message_of
from mediation.law.orders import CourtOrder
from mediation.law.papers import Papers
from mediation.runtime.clock import ManualClock
from mediation.runtime.hi1_front import Hi1Front

SECOND = 1_000_000
START = 1_750_000_000 * SECOND
COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def order(**changes: Any) -> CourtOrder:
    values: dict[str, Any] = {
        "order_id": "O-1", "kind": "PRTT", "liid": "LAB-1", "targets": ["e164:12125550101"], "start": START,
        "end": START + 86_400 * SECOND,
    }  # fmt: skip
    return order_from_fields(values | changes)


class Agency:
    def __init__(self, inbox: Path) -> None:
        self.inbox = inbox
        self.clock = ManualClock(START)
        self.registry = Registry(inbox, COURT.public_key(), self._report)
        self.receiver = AgencyReceiver(self.registry, self._reload, self.clock.now_us)
        issuers = {SENDER.identifier: "court"}
        self.front = Hi1Front(inbox, COURT.public_key(), self.receiver, issuers, self.clock.now_us)

    def _reload(self) -> None:
        self.registry.reload()

    def _report(self, kind: str, fields: dict[str, object]) -> None:
        self.receiver.heard(kind, fields)

    async def send(self, document: bytes) -> HI1Message:
        xml, key_id, signature = split_envelope(document)
        shown = f"{key_id}:{base64.b64encode(signature).decode()}"
        status, octets = await self.front.answer(xml, shown, frozenset({"court"}))
        assert status == 200
        return parse_message(octets)


@pytest.fixture
def agency(tmp_path: Path) -> Agency:
    return Agency(tmp_path)


async def test_an_order_comes_in_and_stands_for_its_period(agency: Agency) -> None:
    one = order(start=START + SECOND)
    answer = await agency.send(make_document(one, COURT, issued_at_us=START, papers=lab_papers(one)))
    authorisation, task, _ = (each.body for each in answer.responses)
    assert isinstance(authorisation, Created) and isinstance(authorisation.object, Authorisation)
    assert isinstance(task, Created) and isinstance(task.object, LITask) and task.object.status is not None
    assert task.object.status.value == "AwaitingProvisioning" and agency.registry.current() == (one,)
    agency.clock.advance(SECOND)
    held = agency.receiver.objects()[task.identifier]
    assert isinstance(held, LITask) and held.status is not None and held.status.value == "Active"


async def test_the_same_again_is_no_harm_and_what_is_refused_is_refused_again(agency: Agency) -> None:
    good = make_document(order(), COURT, papers=lab_papers(order()))
    first = await agency.send(good)
    assert (await agency.send(good)).payload == first.payload and len(agency.registry.documents("O-1")) == 1
    bare = order(order_id="O-2", liid="LAB-2")
    bad = make_document(bare, COURT, papers=Papers())
    for _ in range(2):
        answer = await agency.send(bad)
        assert answer.error is not None and "DOC_MISSING" in answer.error.description
    assert sorted(path.name for path in (agency.inbox / "refused").iterdir()) == ["O-2.v1.json"]


async def test_a_version_that_waits_for_another_is_taken_in_and_shows_nothing_yet(agency: Agency) -> None:
    longer = extended(extended(order(), START + 2 * 86_400 * SECOND, START), START + 3 * 86_400 * SECOND, START)
    document = make_document(longer, COURT, DocumentAction.EXTEND, START, lab_papers(longer))
    answer = await agency.send(document)
    assert answer.error is None and all(each.body.object is None for each in answer.responses)  # type: ignore[union-attr]
    assert agency.registry.current() == ()


async def test_attack_another_agency_s_label_is_refused_in_the_registry_s_words(agency: Agency) -> None:
    await agency.send(make_document(order(), COURT, papers=lab_papers(order())))
    other = order(order_id="O-9", agency="ANOTHER")
    answer = await agency.send(make_document(other, COURT, papers=lab_papers(other)))
    assert answer.error is not None and "R-026" in answer.error.description


async def test_a_message_that_the_court_did_not_write_as_a_document_is_none(agency: Agency) -> None:
    said = message_of(OrderMessage(order(), DocumentAction.ISSUE, START, lab_papers(order())))
    status, octets = await agency.front.answer(build_message(said), None, frozenset({"court"}))
    error = parse_message(octets).error
    assert status == 200 and error is not None and error.code == 3005 and not list(agency.inbox.iterdir())
