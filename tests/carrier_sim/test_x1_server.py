"""X1 at the element: every message of the schema has its answer, every refusal its code, and certificates bind."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asn1 import x1
from asn1.x1_tables import HASHED, KINDS, REQUESTS
from asn1.x1_values import DestinationDetails, DestinationSetId, GenericObject, MediationDetails
from carrier_sim.delivery import DeliveryOptions
from carrier_sim.element import Element
from carrier_sim.provisioning import Provisioning
from carrier_sim.x1_server import HANDLERS, READING, X1Server

NOW = 1_750_000_000_000_000
XID, DID, OTHER, OBJECT = (uuid.UUID(int=number) for number in (2, 3, 9, 5))
TASK = x1.TaskDetails(XID, (("e164Number", "12125550101"),), "X2Only", (DID,))
DESTINATION = x1.ip_destination(DID, "X2andX3", "127.0.0.1", 9, "mediation")
HASHING = GenericObject(OBJECT, f"{{{HASHED}}}HashContext")
REPORTS = {"ReportTaskIssue", "ReportDestinationIssue", "ReportNEIssue"}
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "etsi" / "x1" / "messages.json").read_text("utf-8"))


class Asker:
    """One element and whoever asks it."""

    def __init__(self, **allowed: bool) -> None:
        self.element = Element(DeliveryOptions(1 << 16, retry_s=30.0))
        self.heard = 0
        provisioning = Provisioning(self.element, lambda: NOW, **allowed)
        self.server = X1Server(
            self.element, "ne-1", "admf-1", lambda: NOW, ("auditor",), provisioning, self._hear
        )  # fmt: skip

    def _hear(self) -> None:
        self.heard += 1

    def send(self, kind: str, certified: Any = None, admf: str = "admf-1", ne: str = "ne-1", **body: Any) -> x1.X1Reply:
        message = x1.X1Message(kind, admf, ne, uuid.UUID(int=1), NOW, **body)
        (reply,) = x1.parse_response(self.server.answer(x1.build_request([message]), certified))
        assert (reply.kind, reply.transaction_id, reply.ne_id) == (kind, message.transaction_id, "ne-1")
        return reply

    def code(self, kind: str, **body: Any) -> int:
        reply = self.send(kind, **body)
        return reply.error.code if reply.error is not None else 0


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    made = Asker()
    assert made.code("CreateDestination", destination=DESTINATION) == 0
    assert made.code("ActivateTask", task=TASK) == 0
    yield made
    await made.element.close()


def test_every_request_of_the_schema_is_handled_but_the_reports_that_go_the_other_way() -> None:
    assert set(HANDLERS) == set(REQUESTS) - REPORTS
    assert set(HANDLERS) > READING


@pytest.mark.parametrize("kind", KINDS)
async def test_every_request_of_the_vectors_is_answered_in_a_form_that_reads(asker: Asker, kind: str) -> None:
    for vector in (one for one in VECTORS if one["valid"] and (one["form"], one["kind"]) == ("request", kind)):
        octets = vector["xml"].replace("admf-sim-1", "admf-1").replace("ne-sim-1", "ne-1").encode()
        (reply,) = x1.parse_response(asker.server.answer(octets))
        assert reply.kind == kind
        assert reply.error is None or reply.error.code != x1.UNSUPPORTED_REQUEST or kind in REPORTS


async def test_what_is_provisioned_is_shown_as_it_was_said(asker: Asker) -> None:
    said = replace(TASK, mediation=(MediationDetails("LAB-1", "HI2Only"),), correlation_id=7, product_id=OTHER)
    assert asker.code("ModifyTask", task=said) == 0
    assert asker.code("CreateObject", object=HASHING) == 0
    shown = asker.send("GetTaskDetails", xid=XID).task
    assert shown is not None and shown.details == said
    assert (shown.status.provisioning, shown.status.modifications, shown.status.modified_us) == ("complete", 1, NOW)
    place = asker.send("GetDestinationDetails", did=DID).destination
    assert place is not None and place.details == DESTINATION and place.status.delivery == "deliveryFault"
    whole = asker.send("GetAllDetails")
    assert whole.tasks == (shown,) and whole.destinations == (place,)
    assert whole.objects is not None and whole.objects[0].object == HASHING
    assert whole.ne_status == asker.send("GetNEStatus").ne_status and whole.ne_status is not None
    assert whole.ne_status.status == "Faults" and whole.ne_status.faults[0].code == 9020
    assert asker.send("GetAllTaskDetails").tasks == (shown,)
    assert asker.send("GetAllDestinationDetails").destinations == (place,)
    listed = asker.send("ListAllDetails")
    assert (listed.xids, listed.dids) == ((XID,), (DID,))
    named = f"Q{{{HASHED}}}HashContext"
    assert asker.send("ListObjectsOfType", object_type=named).object_ids == (OBJECT,)
    assert asker.send("GetAllGenericObjectDetails", object_type="Q{urn:x}Y").objects == ()
    assert asker.send("GetObject", object_id=OBJECT).object == whole.objects[0]
    assert asker.element.tasks[str(XID)].product_id == str(OTHER)


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("ActivateTask", {"task": TASK}, 2010),
        ("ModifyTask", {"task": replace(TASK, xid=OTHER)}, 2020),
        ("DeactivateTask", {"xid": OTHER}, 2020),
        ("GetTaskDetails", {"xid": OTHER}, 2020),
        ("CreateDestination", {"destination": DESTINATION}, 2030),
        ("ModifyDestination", {"destination": replace(DESTINATION, did=OTHER)}, 2040),
        ("RemoveDestination", {"did": OTHER}, 2040),
        ("GetDestinationDetails", {"did": OTHER}, 2040),
        ("ModifyTask", {"task": replace(TASK, dids=(OTHER,))}, 2040),
        ("ModifyTask", {"task": replace(TASK, dids=(DID, DestinationSetId(int=9)))}, 2060),
        ("ModifyTask", {"task": replace(TASK, targets=(("vrf", "v"),))}, 3010),
        ("ModifyTask", {"task": replace(TASK, targets=(("tcpPort", 80),))}, 3010),
        ("ModifyTask", {"task": replace(TASK, service_types=("voice",))}, 3050),
        ("ModifyTask", {"task": replace(TASK, traffic_policies=(OBJECT,))}, 3001),
        ("ModifyDestination", {"destination": replace(DESTINATION, delivery_type="X3Only")}, 6001),
        ("CreateDestination", {"destination": DestinationDetails(OTHER, "X2Only", ("uri", "https://a.invalid"))}, 6020),
        ("RemoveDestination", {"did": DID}, 7010),
        ("RemoveAllDestinations", {}, 8020),
        ("GetObject", {"object_id": OBJECT}, 2060),
        ("ModifyObject", {"object": HASHING}, 2060),
        ("DeleteObject", {"object_id": OBJECT}, 2060),
        ("ReportNEIssue", {"report_type": "Warning", "issue_details": "x"}, 1080),
        ("Ping", {"admf": "admf-2"}, 1040),
        ("Ping", {"ne": "ne-2"}, 1060),
        ("Ping", {"version": "v2.1.1"}, 1020),
        ("Ping", {"certified": frozenset({"admf-2"})}, 1030),
        ("Ping", {"certified": frozenset()}, 1030),
    ],
)  # fmt: skip
async def test_every_refusal_has_the_code_of_the_table_and_changes_nothing(
    asker: Asker, kind: str, body: dict[str, Any], code: int
) -> None:
    before = asker.send("GetAllDetails")
    assert asker.code(kind, **body) == code
    assert asker.send("GetAllDetails") == before


async def test_the_sweeping_operations_are_done_where_they_are_on(asker: Asker) -> None:
    assert asker.code("DeactivateAllTasks") == 0 and not asker.element.tasks
    other = Asker(deactivate_all=False, remove_all=True)
    assert other.code("CreateDestination", destination=DESTINATION) == 0
    assert other.code("ActivateTask", task=TASK) == 0
    assert other.code("DeactivateAllTasks") == 5010 and other.code("RemoveAllDestinations") == 8010
    assert other.code("DeactivateTask", xid=XID) == 0
    assert other.code("RemoveAllDestinations") == 0 and not other.element.dids
    await other.element.close()


async def test_objects_are_made_changed_and_deleted_and_keep_their_type(asker: Asker) -> None:
    assert asker.code("CreateObject", object=HASHING) == 0 and asker.code("CreateObject", object=HASHING) == 2050
    assert asker.code("ModifyObject", object=replace(HASHING, type_name="{urn:x}Y")) == 8500
    assert asker.code("ModifyObject", object=HASHING) == 0
    assert asker.code("DeleteObject", object_id=OBJECT) == 0
    assert asker.code("CreateObject", object=HASHING) == 0 and asker.code("DeleteAllObjects") == 0
    assert asker.code("GetObject", object_id=OBJECT) == 2060


async def test_one_unsound_message_is_answered_for_itself_among_others(asker: Asker) -> None:
    head = ("admf-1", "ne-1", uuid.UUID(int=1), NOW)
    octets = x1.build_request([x1.X1Message("Ping", *head), x1.X1Message("DeactivateTask", *head, xid=XID)])
    octets = octets.replace(b"<xId>0000", b"<xId>zzzz")
    first, second = x1.parse_response(asker.server.answer(octets))
    assert first.error is None and second.error is not None and second.error.code == 1010
    assert asker.element.tasks


async def test_attack_an_element_of_a_later_schema_does_not_narrow_a_task_unseen(asker: Asker) -> None:
    """A condition that is not understood would be left out, and more intercepted than was meant."""
    head = ("admf-1", "ne-1", uuid.UUID(int=1), NOW)
    octets = x1.build_request([x1.X1Message("ModifyTask", *head, task=TASK)])
    octets = octets.replace(b"</taskDetails>", b"<onlyAtNight>true</onlyAtNight></taskDetails>")
    (reply,) = x1.parse_response(asker.server.answer(octets))
    assert reply.error is not None and reply.error.code == 3001


async def test_attack_a_certificate_for_the_auditor_tasks_nothing(asker: Asker) -> None:
    auditor = frozenset({"auditor"})
    assert asker.send("ListAllDetails", auditor, admf="auditor").xids == (XID,)
    assert asker.code("DeactivateTask", certified=auditor, admf="auditor", xid=XID) == 1040
    assert asker.code("DeactivateTask", certified=auditor, xid=XID) == 1030
    assert asker.code("Keepalive", certified=auditor, admf="auditor") == 1040
    heard = asker.heard
    asker.send("Ping", auditor, admf="auditor")
    assert asker.heard == heard and asker.element.tasks
