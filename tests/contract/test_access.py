"""Asking for access to the internet, from the traffic item to what either order lets through, in both deliveries."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from asn1.ps_pdu import decode_ps_pdu
from asn1.radius import FAILED, parse_radius
from asn1.x2x3 import PayloadFormat
from carrier_sim.config import DataItem
from mediation.law.orders import CourtOrder
from mediation.law.verdicts import VerdictKind
from tests.contract.test_packet_core import PRTT, WARRANT, A, emitted, judged, records

OUTCOMES: dict[str, list[tuple[str, str]]] = {
    "accepted": [
        ("accessAttempt", "iRI-Report"), ("accessAccept", "iRI-Begin"), ("interimUpdate", "iRI-Continue"),
        ("interimUpdate", "iRI-Continue"), ("accessEnd", "iRI-End"),
    ],
    "rejected": [("accessAttempt", "iRI-Report"), ("accessReject", "iRI-Report")],
    "failed": [*[("accessAttempt", "iRI-Report")] * 3, ("accessFailed", "iRI-Report")],
    "session_failed": [
        ("accessAttempt", "iRI-Report"), ("accessAccept", "iRI-Begin"), ("accessFailed", "iRI-End"),
    ],
}  # fmt: skip


def asking(outcome: str) -> DataItem:
    return DataItem.model_validate({"subscriber": A, "packets": 14, "access": True, "outcome": outcome})


def sessions(octets: list[bytes]) -> list[tuple[str, str, dict[str, Any]]]:
    """(event, IRI type, contents) of every iPIRI."""
    found = []
    for one in octets:
        name, value = decode_ps_pdu(one).payload
        if name == "iRIPayloadSequence":
            contents = value[0]["iRIContents"][1]["iPIRIContents"]
            found.append((contents["accessEventType"], value[0]["iRIType"], contents))
    return found


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("order", [WARRANT, PRTT], ids=["warrant", "prtt"])
def test_every_end_of_asking_for_access_arrives_under_either_order(outcome: str, order: CourtOrder) -> None:
    handed = records(asking(outcome), order)
    told = sessions(handed)
    assert [(event, kind) for event, kind, _ in told] == OUTCOMES[outcome]
    assert len(handed) > len(told) if (outcome, order) == ("accepted", WARRANT) else len(handed) == len(told)
    # An answer of RADIUS names nobody: the point of interception did.
    assert {contents["targetUsername"] for *_, contents in told} == {told[0][2]["targetUsername"]} != {b""}
    assert {contents["targetNetworkID"] for *_, contents in told} == {A}
    assert all(judged(one, order)[0] is VerdictKind.ACCEPT for one in handed)


@pytest.mark.parametrize("outcome", ["rejected", "failed", "session_failed"])
def test_a_session_that_never_was_has_no_address_at_its_end_and_no_packet(outcome: str) -> None:
    pdus = emitted(asking(outcome))
    assert {pdu.payload_format for pdu in pdus} == {PayloadFormat.RADIUS}
    assert "targetIPAddress" not in sessions(records(asking(outcome), WARRANT))[-1][2]
    last = parse_radius(pdus[-1].payload)
    assert (last.status_type == FAILED) is (outcome != "rejected")


def test_answers_are_those_of_their_request_and_go_the_other_way() -> None:
    asked, answered = emitted(asking("rejected"))
    request, reply = parse_radius(asked.payload), parse_radius(answered.payload)
    assert (request.identifier, request.code, reply.code) == (reply.identifier, 1, 3)
    assert (asked.source_ipv4, asked.source_port) == (answered.destination_ipv4, answered.destination_port)
    repeated = emitted(asking("failed"))[:3]
    assert len({one.payload for one in repeated}) == 1 and len({one.time_us for one in repeated}) == 3


def test_without_asking_a_session_is_what_it_was() -> None:
    plain = DataItem(subscriber=A, packets=14)
    assert plain.access_outcome is None
    assert [event for event, *_ in sessions(records(plain, PRTT))] == ["accessAccept", "interimUpdate", "accessEnd"]
    # A task that comes behind the Access-Accept has the Start, and takes that for the beginning.
    late = emitted(asking("accepted"), late=4)
    codes = [parse_radius(pdu.payload).code for pdu in late if pdu.payload_format == PayloadFormat.RADIUS]
    assert codes == [4, 4, 4]


@pytest.mark.parametrize("more", [{"access": True}, {"outcome": "failed"}])
def test_the_smf_tells_nothing_of_radius(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="need report accounting"):
        DataItem.model_validate({"subscriber": A, "report": "smf", **more})


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_attack_the_password_reaches_no_record(outcome: str) -> None:
    password = parse_radius(emitted(asking(outcome))[0].payload).attributes["User-Password"]
    assert isinstance(password, bytes) and len(password) == 16
    for order in (WARRANT, PRTT):
        said = b"".join(records(asking(outcome), order))
        assert said and password not in said
