"""Orders as HI1 messages: nothing is lost, nothing is guessed, and of two answers none is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, RefusedError
from asn1.hi1 import build_message, parse_message
from asn1.hi1_messages import Create, Update
from asn1.hi1_objects import Authorisation, Document, LITask, merged
from lab.papers import lab_papers
from mediation.interception import xid_of
from mediation.law.fields import order_from_fields, order_to_fields
from mediation.law.hi1_orders import OrderMessage, message_of, read_message, task_id
from mediation.law.hi1_workflows import CONTENTS, LIFE, DocumentAction, Status, check_follows, status_of, workflow_of
from mediation.law.order_text import LISTS, TIMES, YES_OR_NO
from mediation.law.orders import CourtOrder, Exigency, OrderKind, OrderState, TargetKind

DAY = 86_400_000_000
START = 1_780_000_000_000_001
FIELDS: dict[str, Any] = {
    "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"], "start": START,
    "end": START + 10 * DAY, "services": ["VOICE"],
}  # fmt: skip
ORDER = order_from_fields(FIELDS)
FULL = order_from_fields(
    FIELDS | {
        "version": 3, "case_id": "C-7", "agency": "X & <Y>", "services": ["SMS", "DATA"], "direction": "TRAP",
        "state": "TERMINATED", "revoked_at": START + 5, "objective_attained_at": START + 6,
        "location_authorised": True, "pctdd_authorised": True, "extensions": [START + DAY, START + 2 * DAY],
        "trap_area": ["1212", "1646"], "terminate_on_first": True, "issued_at": START - 5,
        "jurisdiction": "FEDERAL", "entered_at": START, "facilities": ["F1", "F2"], "presence": ["rivera"],
        "joint_with": ["LAB-OTHER"],
        "targets": ["12125550101", "imsi:001012125550101", "sip:alex@ims.invalid", "ipv4Address:192.0.2.1",
                    "ipv6Address:2001:db8::1", "host:www.example.invalid"],
    }
)  # fmt: skip
EXIGENT = order_from_fields(
    FIELDS | {
        "kind": "EXIGENT_PRTT", "services": [], "activated_at": START, "order_issued_at": START + 1,
        "denied_at": START + 2, "obtained_at": START + 3, "exigency_ended_at": START + 4,
    }
)  # fmt: skip


def said(order: CourtOrder, action: DocumentAction = DocumentAction.ISSUE, **more: Any) -> OrderMessage:
    return OrderMessage(order, action, START, **more)


@pytest.mark.parametrize("order", [ORDER, FULL, EXIGENT], ids=["plain", "full", "exigent"])
def test_every_field_of_an_order_travels(order: CourtOrder) -> None:
    meant = said(order, papers=lab_papers(order), data_key=bytes(32))
    assert read_message(parse_message(build_message(message_of(meant)))) == meant


def test_no_kind_of_field_is_forgotten() -> None:
    """Lists, times and yes-or-no are known by name: a new field of an order is missed here first."""
    values = order_to_fields(FULL) | order_to_fields(EXIGENT)
    full = {name for name, value in values.items() if isinstance(value, list)} | {"services", "extensions"}
    assert full == LISTS
    assert {name for name, value in values.items() if isinstance(value, bool)} == YES_OR_NO
    whole = {name for name, value in values.items() if isinstance(value, int) and not isinstance(value, bool)}
    assert whole - {"format", "version"} | {"extensions"} == TIMES


TARGETS = {
    TargetKind.E164: "e164:12125550101", TargetKind.IMSI: "imsi:001012125550101",
    TargetKind.SIP_URI: "sip:alex@ims.invalid", TargetKind.HOST: "host:www.example.invalid",
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["PRTT", "EAVESDROPPING", "COVERT_AUDIO_WARRANT"]),
    liid=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=25),
    agency=st.text(st.characters(codec="utf-8"), min_size=1, max_size=64).filter(str.isprintable),
    days=st.integers(1, 29),
    start=st.integers(0, 4_000_000_000_000_000),
    version=st.integers(1, 1 << 30),
    targets=st.lists(st.sampled_from(list(TARGETS.values())), min_size=1, max_size=4),
    state=st.sampled_from(list(OrderState)),
    flags=st.tuples(st.booleans(), st.booleans()),
    area=st.lists(st.sampled_from(["1212", "1646", "44"]), max_size=3),
)
def test_any_order_reads_back_from_its_message(
    kind: str, liid: str, agency: str, days: int, start: int, version: int, targets: list[str], state: OrderState,
    flags: tuple[bool, bool], area: list[str],
) -> None:  # fmt: skip
    order = order_from_fields(
        FIELDS | {
            "kind": kind, "liid": liid, "agency": agency, "start": start, "end": start + days * DAY,
            "version": version, "targets": targets, "state": str(state), "location_authorised": flags[0],
            "pctdd_authorised": flags[1], "trap_area": area,
        }
    )  # fmt: skip
    meant = said(order)
    assert read_message(parse_message(build_message(message_of(meant)))) == meant


# --- what a reader sees who knows only the standard -------------------------------------------------------------------


def objects(meant: OrderMessage) -> tuple[Authorisation, LITask, Document]:
    one, two, three = (action.body.object for action in message_of(meant).requests)  # type: ignore[union-attr]
    assert isinstance(one, Authorisation) and isinstance(two, LITask) and isinstance(three, Document)
    return one, two, three


def test_the_standard_s_own_elements_never_say_more_than_the_order() -> None:
    authorisation, task, document = objects(said(replace(FULL, revoked_at_us=START + 5_500_000)))
    span = authorisation.timespan
    assert span is not None and span.start_us is not None and span.end_us is not None
    assert span.start_us >= FULL.window.start_us and span.end_us <= FULL.window.end_us
    assert span.start_us % 1_000_000 == 0 == span.end_us % 1_000_000
    assert authorisation.termination_us is not None and authorisation.termination_us <= START + 6
    assert task.timespan is not None and task.timespan.termination_us == authorisation.termination_us
    assert authorisation.status is None is task.status, "status belongs to the receiver"
    assert task.associated == document.associated == (authorisation.object_id,)


def test_the_task_is_the_one_that_x1_names() -> None:
    assert task_id(ORDER.order_id) == xid_of("O-1") == objects(said(ORDER))[1].object_id


@pytest.mark.parametrize(
    ("order", "delivery"), [(ORDER, "IRIandCC"), (replace(ORDER, kind=OrderKind.PRTT, services=frozenset()), "IRIOnly")]
)
def test_a_pen_register_asks_for_no_content(order: CourtOrder, delivery: str) -> None:
    entry = objects(said(order))[1].delivery_type
    assert entry is not None and entry.value == delivery


def test_a_first_version_creates_and_a_later_one_updates_with_every_member() -> None:
    """An UPDATE keeps what it does not name (6.4.7, third-party reading): ours names everything."""
    later = replace(ORDER, version=2, agency="LAB-LEA", location_authorised=True)
    verbs = [type(action.body) for action in message_of(said(later)).requests]
    assert verbs == [Update, Update, Create]
    assert [type(action.body) for action in message_of(said(ORDER)).requests] == [Create] * 3
    for before, after in zip(objects(said(ORDER))[:2], objects(said(later))[:2], strict=True):
        assert merged(before, after) == after


# --- contradictions -------------------------------------------------------------------------------------------------

XML = build_message(message_of(said(ORDER, papers=lab_papers(ORDER))))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"<task:Reference>LAB-1<", b"<task:Reference>LAB-2<", None),
        (b"<task:StartTime>2026", b"<task:StartTime>2025", "timespan"),
        (b">IRIandCC<", b">IRIOnly<", "delivery_type"),
        (b">Approved<", b">Cancelled<", "desired_status"),
        (b">NewAuthorisation<", b">AuthorisationExtension<", "workflow"),
        (b">calea-lab<", b">ETSI<", "legal_type"),
        (b"<lab:direction>BOTH</lab:direction>", b"", "direction"),
        (b"<lab:version>1<", b"<lab:version>2<", "LITask|Authorisation|Create"),
        (b"<lab:version>1<", b"<lab:version>1</lab:version><lab:version>1<", "twice"),
        (b"<lab:version>1<", b"<lab:liid>X</lab:liid><lab:version>1<", "liid"),
        (b"<lab:version>1<", b"<lab:services>VOICE</lab:services><lab:version>1<", "services"),
        (b"<lab:version>1<", b"<lab:odd>1</lab:odd><lab:version>1<", "odd"),
        (b"<lab:version>1<", b"<lab:version>01<", "national"),
        (b"<lab:state>ISSUED<", b"<lab:state>GONE<", "state"),
        (b"lab:OrderParameters", b"lab:OtherParameters", "OrderParameters"),
        (b"<lab:action>issue<", b"<lab:action>wish<", "action"),
        (b"<lab:action>issue</lab:action>", b"", "action"),
        (b"<lab:action>issue<", b"<lab:data_key>zz</lab:data_key><lab:action>issue<", "action"),
        (b"<task:FormatName>InternationalE164<", b"<task:FormatName>Telepathy<", "Telepathy"),
        (b"<task:FormatName>InternationalE164<", b"<task:FormatName>IMSI<", None),
        (b"<core:ExternalIdentifier>CASE-O-1<", b"<core:ExternalIdentifier><", "case_id"),
        (b"<doc:DocumentName>papers<", b"<doc:DocumentName>letters<", "name"),
        (b"<core:UniqueIdentifier>LAB-COURT<", b"<core:UniqueIdentifier>NOBODY<", "sender"),
        (b"<doc:Checksum>", b"<doc:Checksum>0", "checksum"),
        (b"<doc:Contents>", b"<doc:Contents>AAAA", "papers"),
        (b"</core:Payload>", b"</core:Payload><lab:More>1</lab:More>", "unknown"),
        (b"<core:ActionIdentifier>2<", b"<core:ActionIdentifier>1<", "ActionIdentifier"),
    ],
)
def test_attack_a_message_that_says_two_things_says_nothing(old: bytes, new: bytes, why: str | None) -> None:
    assert old in XML
    message = parse_message(XML.replace(old, new, 1))
    if why is None:
        # Another order, but one in itself: the signature is what protects against this.
        try:
            assert read_message(message).order != ORDER
        except RefusedError:
            return
    else:
        with pytest.raises(RefusedError, match=why):
            read_message(message)


def test_a_message_of_anything_else_is_no_order() -> None:
    message = message_of(said(ORDER))
    actions = message.requests
    for changed in (actions[:2], actions[1:], (*actions, replace(actions[2], identifier=3)), ()):
        body = replace(message.payload.body, actions=tuple(changed))
        with pytest.raises(RefusedError):
            read_message(replace(message, payload=replace(message.payload, body=body)))


@settings(max_examples=200, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=3))
def test_attack_any_octets_changed_are_an_order_or_refused(changes: list[tuple[int, int]]) -> None:
    octets = bytearray(XML)
    for at, value in changes:
        octets[at % len(octets)] = value
    try:
        read = read_message(parse_message(bytes(octets)))
    except (RefusedError, DecodeError):
        return
    assert parse_message(bytes(octets)) == message_of(read)


# --- workflows ------------------------------------------------------------------------------------------------------

STATUSES: dict[Status, CourtOrder] = {
    Status.AWAITING_APPROVAL: replace(ORDER, state=OrderState.DRAFT),
    Status.EMERGENCY_APPROVAL: replace(EXIGENT, exigent=Exigency(START)),
    Status.APPROVED: ORDER,
    Status.CANCELLED: replace(ORDER, state=OrderState.REVOKED, revoked_at_us=START + 1),
    Status.REJECTED: replace(EXIGENT, exigent=Exigency(START, denied_at_us=START + 1)),
    Status.EXPIRED: replace(ORDER, state=OrderState.EXPIRED),
}
ENDS = {"revoke", "terminate", "deny", "obtained", "ended"}
ALLOWED: dict[Status, set[str]] = {
    Status.AWAITING_APPROVAL: {"issue", "revoke"},
    Status.EMERGENCY_APPROVAL: {"issue", "approve", "release", "custody"} | ENDS,
    Status.APPROVED: {"issue", "extend", "release", "custody"} | ENDS,
    Status.CANCELLED: {"approve", "release", "custody"} | ENDS,
    Status.REJECTED: {"revoke", "release", "custody"},
    Status.EXPIRED: {"release", "custody"},
}


@pytest.mark.parametrize("action", DocumentAction)
@pytest.mark.parametrize("status", Status)
def test_every_act_in_every_status(status: Status, action: DocumentAction) -> None:
    order = STATUSES[status]
    assert status_of(order) is status
    if action.value in ALLOWED[status]:
        check_follows(order, action)
    else:
        with pytest.raises(RefusedError, match="R-027"):
            check_follows(order, action)
    assert set(LIFE) == set(Status)


def test_an_emergency_that_was_approved_is_like_any_other() -> None:
    assert status_of(replace(EXIGENT, exigent=Exigency(START, START + 1))) is Status.APPROVED
    assert status_of(replace(EXIGENT, exigent=None)) is Status.EMERGENCY_APPROVAL


@pytest.mark.parametrize("action", DocumentAction)
def test_every_action_has_a_workflow_and_its_contents(action: DocumentAction) -> None:
    assert workflow_of(action, 1) == "NewAuthorisation"
    expected = "AuthorisationCancellation" if action.value in ENDS else "AuthorisationExtension"
    assert workflow_of(action, 2) == expected
    order = replace(FULL, version=2)
    sent = [(type(one.body), type(one.body.object)) for one in message_of(said(order, action)).requests]  # type: ignore[union-attr]
    assert sent == [tuple(content) for content in CONTENTS[workflow_of(action, 2)]]
