"""What the packet core and IMS report as TS 33.128 events, from the traffic item to what either order lets through."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from asn1.ts33128 import decode_iri, decode_xiri
from asn1.x2x3 import VERSION_5, VERSION_6, PayloadFormat, X2X3Pdu, decode_pdu
from carrier_sim.config import DataItem, RegisterItem, SmsItem, TrafficItem
from carrier_sim.network import Network, Schedule
from carrier_sim.poi import Delivers, Poi, Task
from carrier_sim.subscribers import Directory, Identity
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_OK, CinState
from collector.mask import permitted_octets
from mediation import convert
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.law.verdicts import VerdictKind
from mediation.scope import Scope, ScopeEvent, allow
from mediation.sequence import Communication

T = 1_750_000_000_000_000
A, B = "12125550101", "12125550102"
PRTT = CourtOrder(
    OrderId("O-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T - 10**9, T + 10**9),
    (Target(TargetKind.E164, A), Target(TargetKind.IMSI, "001012125550101")),
)  # fmt: skip
WARRANT = replace(PRTT, kind=OrderKind.EAVESDROPPING, services=frozenset(Service))
FUNCTIONS = {"ims-1": "voice", "upf-1": "data", "smf-1": "data", "amf-1": "data"}


def emitted(item: TrafficItem, late: int = 0, version: int = VERSION_5) -> list[X2X3Pdu]:
    """The PDUs of an item for a task on A; the task comes before event number `late`."""
    schedule = Schedule()
    silent: Any = None  # no call, no sound
    Network(1, T, Directory(1), silent, schedule).add(item, T)
    poi = Poi(version)
    poi.set_destination("d", Delivers.BOTH)
    task = Task("00000000-0000-0000-0000-000000000001", (Identity("e164Number", A),), Delivers.BOTH, ("d",))
    out: list[X2X3Pdu] = []
    for number, event in enumerate(schedule.due(T + 10**9, 10_000)):
        if number == late:
            poi.set_task(task)
        out += [decode_pdu(emission.octets) for emission in poi.handle(event)]
    return out


def records(item: TrafficItem, order: CourtOrder) -> list[bytes]:
    """What the mediation function hands over."""
    state, out = Communication(1), []
    for pdu in emitted(item):
        role = FUNCTIONS[str(pdu.nfid)]
        direction = convert.DIRECTIONS.get(pdu.payload_direction)
        sends = None if direction is None else direction == "fromTarget"
        time_us = pdu.time_us or 0
        event = ScopeEvent(time_us, convert.service_of(role, pdu), pdu.pdu_type == 2, sends, state.opens_sent)
        scope = allow(order, event).scope
        made = None if scope is Scope.WITHHOLD else convert.product(role, pdu, state, scope is Scope.METADATA)
        if made is None:
            continue
        convert.advance(pdu, state, made)
        header = PsHeader(
            liid=b"LAB-1", operator_id=b"OP", cin=1, sequence_number=len(out), time_us=time_us,
            time_qualifier="timeOfInterception",
        )  # fmt: skip
        if made.iri_type is None:
            out.append(cc_pdu(header, made.contents, made.direction))
        else:
            out.append(iri_pdu(header, made.contents, made.iri_type, payload_direction=made.direction))
    return out


def told(octets: list[bytes]) -> list[tuple[str, Any]]:
    payloads = [decode_ps_pdu(one).payload for one in octets]
    return [
        decode_iri(value[0]["iRIContents"][1])
        for name, value in payloads
        if name == "iRIPayloadSequence" and value[0]["iRIContents"][0] == "threeGPP33128DefinedIRI"
    ]


def judged(octets: bytes, order: CourtOrder) -> tuple[VerdictKind, str]:
    record = decode_ps_pdu(octets)
    facts = facts_of(record, (record.header.time_us or 0) + 5)
    verdict = decide((order,), facts, LinkPolicy(), CinState(TARGET_OK)).verdict.kind
    return verdict, permitted_octets(order, facts, octets, bytes(32)).decode().lower()


SESSION = DataItem(subscriber=A, report="smf", located=True, packets=16)
NAMES = ["pDUSessionEstablishment", "pDUSessionModification", "pDUSessionRelease"]


def test_a_session_told_by_the_smf_is_three_events_and_its_packets() -> None:
    pdus = emitted(SESSION)
    events = [decode_xiri(pdu.payload) for pdu in pdus if pdu.payload_format == PayloadFormat.TS_33128]
    assert [name for name, _ in events] == NAMES
    assert {pdu.nfid for pdu in pdus} == {"smf-1", "upf-1"}
    carried = sum(len(pdu.payload) for pdu in pdus if pdu.nfid == "upf-1")
    assert events[2][1]["uplinkVolume"] + events[2][1]["downlinkVolume"] == carried
    assert not any(pdu.payload_format == PayloadFormat.RADIUS for pdu in pdus)


def test_a_point_of_interception_speaks_the_version_it_is_told() -> None:
    for version in (VERSION_5, VERSION_6):
        pdus = emitted(SESSION, version=version)
        assert {pdu.version for pdu in pdus} == {version}
        assert [pdu._replace(version=VERSION_5) for pdu in pdus] == emitted(SESSION)


def test_a_late_task_gets_the_session_as_one_that_was_up() -> None:
    names = [decode_xiri(p.payload) for p in emitted(SESSION, late=5) if p.payload_format == PayloadFormat.TS_33128]
    assert [name for name, _ in names] == ["startOfInterceptionWithEstablishedPDUSession", *NAMES[1:]]
    assert names[0][1]["timeOfSessionEstablishment"] == T


def test_under_a_warrant_a_session_arrives_whole() -> None:
    handed = records(SESSION, WARRANT)
    assert [name for name, _ in told(handed)] == NAMES and len(handed) > 16
    types = [decode_ps_pdu(one).payload[1][0].get("iRIType") for one in handed]
    assert [one for one in types if one] == ["iRI-Begin", "iRI-Continue", "iRI-End"]
    assert all(judged(one, WARRANT)[0] is VerdictKind.ACCEPT for one in handed)


@pytest.mark.rule("R-112", "R-113")
def test_attack_a_pen_register_gets_no_place_of_a_session_from_either_end() -> None:
    handed = records(SESSION, PRTT)
    assert [name for name, _ in told(handed)] == NAMES and len(handed) == 3
    for octets in handed:
        assert judged(octets, PRTT)[0] is VerdictKind.ACCEPT and b"\x04\x00\x00\x01\x23\x40" not in octets
    for octets in records(SESSION, WARRANT):  # a carrier that holds nothing back
        verdict, kept = judged(octets, PRTT)
        assert verdict in (VerdictKind.MASK, VerdictKind.REJECT) and "nrcellid" not in kept and "000123" not in kept


@pytest.mark.parametrize(("expires_s", "name"), [(3_600, "registration"), (0, "deregistration")])
def test_a_registration_with_the_amf_arrives_under_either_order(expires_s: int, name: str) -> None:
    item = RegisterItem(subscriber=A, via="amf", expires_s=expires_s)
    for order in (WARRANT, PRTT):
        (octets,) = records(item, order)
        assert told([octets])[0][0] == name and judged(octets, order)[0] is VerdictKind.ACCEPT
    (placed,) = records(item.model_copy(update={"located": True}), PRTT)
    assert "location" not in told([placed])[0][1]
    (whole,) = records(item.model_copy(update={"located": True}), WARRANT)
    assert judged(whole, WARRANT)[0] is VerdictKind.QUARANTINE and judged(whole, PRTT)[0] is VerdictKind.MASK


@pytest.mark.rule("R-110")
@pytest.mark.parametrize(("ends", "direction"), [((A, B), "fromTarget"), ((B, A), "toTarget")])
def test_a_message_over_ims_told_as_an_event_keeps_its_words_for_a_warrant(
    ends: tuple[str, str], direction: str
) -> None:
    item = SmsItem.model_validate(
        {"from": ends[0], "to": ends[1], "text": "CANARY words", "via": "ims", "report": "xiri"}
    )
    whole = records(item, WARRANT)
    assert {name for name, _ in told(whole)} == {"iMSMessage"} and b"CANARY" in b"".join(whole)
    request, answer = (event["sessionDirection"] for _, event in told(whole))
    assert request == direction != answer
    assert {facts_of(decode_ps_pdu(one), T).service for one in whole} == {Service.SMS}
    handed = records(item, PRTT)
    assert len(handed) == len(whole) == 2 and b"CANARY" not in b"".join(handed)
    assert all(judged(one, PRTT)[0] is VerdictKind.ACCEPT for one in handed)
    only_voice = replace(WARRANT, services=frozenset({Service.VOICE}))
    assert records(item, only_voice) == [], "a message is none of the calls that the order lists"


@pytest.mark.parametrize("item", [{"report": "accounting"}, {}])
def test_accounting_tells_no_place(item: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="tells no place"):
        DataItem.model_validate({"subscriber": A, "located": True, **item})
    with pytest.raises(ValidationError, match="tells no place"):
        RegisterItem.model_validate({"subscriber": A, "located": True})
