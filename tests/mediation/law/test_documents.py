"""Court documents: only what the court signed is an order, whole, unaltered, and let in by the law.

Whatever octets come, reading answers a document, DecodeError or RefusedError, never anything else.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, RefusedError
from asn1.hi1 import build_message, parse_message
from lab.papers import lab_papers
from mediation.law.documents import (
    MAX_DOCUMENT_OCTETS,
    CourtDocument,
    DocumentAction,
    DocumentRefusedError,
    add_court_days,
    approved,
    denied,
    exigency_ended,
    extended,
    key_id,
    make_document,
    missing_in,
    new_court_key,
    obtained,
    order_from_fields,
    order_to_fields,
    parse_document,
    read_document,
    released,
    revoked,
    terminated,
)
from mediation.law.hi1_envelope import seal_envelope
from mediation.law.hi1_orders import OrderMessage, message_of
from mediation.law.missing import PapersRefusedError
from mediation.law.orders import CourtOrder, OrderState, PrttDirection, Service, Target, TargetKind, Window
from mediation.law.papers import Papers
from mediation.law.settings import LawSettings

COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = COURT.public_key()
DAY, SECOND = 86_400_000_000, 1_000_000
HOUR = 3600 * SECOND
START = 1_780_000_000 * SECOND
FIELDS: dict[str, Any] = {
    "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"], "start": START,
    "end": START + 10 * DAY, "services": ["VOICE"],
}  # fmt: skip
ORDER = order_from_fields(FIELDS)
PAPERS = lab_papers(ORDER)
EXIGENT = order_from_fields(FIELDS | {"kind": "EXIGENT_PRTT", "services": [], "activated_at": START})
KEY = bytes(range(32))


def document(order: CourtOrder = ORDER, action: DocumentAction = DocumentAction.ISSUE, **more: Any) -> bytes:
    """A complete document."""
    return make_document(order, COURT, action, more.pop("at", START), more.pop("papers", lab_papers(order)), **more)


def signed(order: CourtOrder, action: DocumentAction = DocumentAction.ISSUE, at: int = START, **more: Any) -> bytes:
    """Under a genuine signature, whatever the law says: a court that signs what it may not."""
    return seal_envelope(build_message(message_of(OrderMessage(order, action, at, **more))), COURT)


def altered(old: bytes, new: bytes, order: CourtOrder = ORDER, **more: Any) -> bytes:
    """A genuine signature over a message in which something else stands."""
    xml = base64.b64decode(json.loads(document(order, **more))["hi1"])
    assert old in xml
    return seal_envelope(xml.replace(old, new), COURT)


# --- signing and reading --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("papers", [None, PAPERS, Papers()])
def test_what_the_court_signs_is_read_back_whole(papers: Papers | None) -> None:
    octets = make_document(ORDER, COURT, issued_at_us=START - DAY, papers=papers)
    assert read_document(octets, PUBLIC) == CourtDocument(
        DocumentAction.ISSUE, ORDER, START - DAY, key_id(PUBLIC), papers
    )


def test_a_complete_document_is_an_order() -> None:
    assert parse_document(document(), PUBLIC) == ORDER


def test_a_first_version_without_a_time_was_signed_at_its_issue_or_when_it_begins() -> None:
    assert read_document(make_document(ORDER, COURT), PUBLIC).issued_at_us == START
    issued = replace(ORDER, issued_at_us=START - DAY)
    assert read_document(make_document(issued, COURT), PUBLIC).issued_at_us == START - DAY


def test_a_key_is_told_apart_by_eight_digits_and_trusted_for_nothing_they_say() -> None:
    assert len(key_id(PUBLIC)) == 8 and key_id(PUBLIC) != key_id(STRANGER.public_key())
    octets = make_document(ORDER, STRANGER)
    claimed = octets.replace(key_id(STRANGER.public_key()).encode(), key_id(PUBLIC).encode())
    with pytest.raises(RefusedError, match="not signed by the court"):
        read_document(claimed, PUBLIC)
    assert new_court_key().sign(b"x") != new_court_key().sign(b"x")


def test_a_document_that_names_another_key_than_it_is_signed_by_is_refused() -> None:
    octets = document().replace(key_id(PUBLIC).encode(), b"00000000")
    with pytest.raises(RefusedError, match="names another key"):
        read_document(octets, PUBLIC)


def test_other_courts_key_refused() -> None:
    with pytest.raises(RefusedError, match="not signed by the court"):
        parse_document(make_document(ORDER, STRANGER, papers=PAPERS), PUBLIC)


def test_unsigned_order_refused() -> None:
    for octets in (build_message(message_of(OrderMessage(ORDER, DocumentAction.ISSUE, START))), b"{}"):
        with pytest.raises(DecodeError):
            parse_document(octets, PUBLIC)
    envelope = json.loads(document())
    for signature in ("", base64.b64encode(bytes(64)).decode()):
        octets = json.dumps(envelope | {"signature": signature}, indent=1, sort_keys=True).encode() + b"\n"
        with pytest.raises(RefusedError, match="not signed by the court"):
            parse_document(octets, PUBLIC)


def test_attack_the_signature_of_one_order_does_not_carry_another() -> None:
    one, other = (json.loads(document(replace(ORDER, version=n))) for n in (1, 2))
    swapped = json.dumps(one | {"signature": other["signature"]}, indent=1, sort_keys=True).encode() + b"\n"
    with pytest.raises(RefusedError, match="not signed by the court"):
        parse_document(swapped, PUBLIC)


def test_attack_a_signature_made_for_another_purpose_carries_no_order() -> None:
    xml = base64.b64decode(json.loads(document())["hi1"])
    envelope = json.loads(document()) | {"signature": base64.b64encode(COURT.sign(xml)).decode()}
    with pytest.raises(RefusedError, match="not signed by the court"):
        read_document(json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n", PUBLIC)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", DecodeError.BAD_VALUE),
        (b"\xff\xfe", DecodeError.BAD_VALUE),
        (b"[" * 60_000, DecodeError.BAD_VALUE),
        (b"1" * 5000, DecodeError.BAD_VALUE),
        (b"null", DecodeError.BAD_VALUE),
        (b'{"document": {"format": 1}, "signature": ""}', DecodeError.BAD_VALUE),
        (b'{"hi1": 7, "key_id": "", "signature": "", "version": 1}', DecodeError.BAD_VALUE),
        (b'{"hi1": "!", "key_id": "", "signature": "", "version": 1}', DecodeError.BAD_VALUE),
        (b'{"hi1": "", "signature": "", "version": 1}', DecodeError.BAD_VALUE),
        (b'{"hi1": "", "key_id": "\\ud800", "signature": "", "version": 1}', DecodeError.BAD_VALUE),
        (b" " * (MAX_DOCUMENT_OCTETS + 1), DecodeError.OVERSIZED),
        (document() + b" ", DecodeError.BAD_VALUE),
        (document().replace(b'"version": 1', b'"version": 2'), DecodeError.BAD_VALUE),
        (document().replace(b'{\n "hi1"', b'{"more": 1, "hi1"'), DecodeError.BAD_VALUE),
        (seal_envelope(b"<no HI1/>", COURT), DecodeError.BAD_VALUE),
        (seal_envelope(b"<HI1Message/>", COURT), DecodeError.BAD_TAG),
    ],
)
def test_what_is_no_document_is_told_with_its_code(octets: bytes, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_document(octets, PUBLIC)
    assert caught.value.code == code


def test_a_document_too_large_to_be_read_is_not_signed() -> None:
    with pytest.raises(RefusedError, match="at most"):
        seal_envelope(b" " * MAX_DOCUMENT_OCTETS, COURT)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_attack_a_document_with_any_octet_changed_says_nothing(data: st.DataObject) -> None:
    octets = bytearray(document())
    at = data.draw(st.integers(0, len(octets) - 1))
    value = data.draw(st.integers(0, 255))
    if octets[at] == value:
        return
    octets[at] = value
    with pytest.raises((RefusedError, DecodeError)):
        read_document(bytes(octets), PUBLIC)


# --- what the law does not let in, although the court signed it -------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"services": frozenset()}, "R-116"),
        ({"window": Window(START, START + 40 * DAY)}, "R-006"),
        ({"window": Window(START, START)}, "R-002"),
        ({"version": 0}, "R-028"),
        ({"agency": ""}, "agency"),
    ],
)
def test_attack_even_a_genuine_signature_lets_nothing_in_that_the_law_does_not(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        read_document(signed(replace(ORDER, **changes)), PUBLIC)
    with pytest.raises(RefusedError, match=why):
        make_document(replace(ORDER, **changes), COURT)


@pytest.mark.rule("R-001", "R-001.1")
@pytest.mark.parametrize("kind", [b"", b"WIRETAP", b"prtt"])
def test_an_order_of_no_known_kind_is_refused_at_entry(kind: bytes) -> None:
    with pytest.raises(RefusedError, match="kind"):
        read_document(altered(b">EAVESDROPPING<", b">" + kind + b"<"), PUBLIC)


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (DocumentAction.EXTEND, "R-014"),
        (DocumentAction.REVOKE, "R-019"),
        (DocumentAction.TERMINATE, "R-009"),
        (DocumentAction.APPROVE, "R-033"),
        (DocumentAction.DENY, "R-038"),
        (DocumentAction.OBTAINED, "R-039"),
        (DocumentAction.ENDED, "R-040"),
        (DocumentAction.RELEASE, "R-041"),
    ],
)
def test_an_act_shows_what_it_does(action: DocumentAction, why: str) -> None:
    with pytest.raises(DocumentRefusedError, match=why):
        make_document(ORDER, COURT, action)
    with pytest.raises(DocumentRefusedError, match=why):
        read_document(signed(ORDER, action), PUBLIC)


# --- papers ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-050", "R-050.1")
def test_each_missing_paper_is_named() -> None:
    octets = document(papers=replace(PAPERS, complaint_number="", queried="", order_paper=None))
    with pytest.raises(PapersRefusedError) as caught:
        parse_document(octets, PUBLIC)
    assert [one.code for one in caught.value.missing] == [
        "DOC_MISSING:complaint_number",
        "DOC_MISSING:queried",
        "DOC_MISSING:order_paper",
    ]
    assert read_document(octets, PUBLIC).order == ORDER, "what is missing does not hide what is there"


@pytest.mark.rule("R-028", "R-028.1")
def test_an_order_without_papers_is_none_for_whoever_receives_it() -> None:
    with pytest.raises(PapersRefusedError, match="DOC_MISSING:complaint_number"):
        parse_document(make_document(ORDER, COURT), PUBLIC)


def test_an_emergency_order_may_follow_where_the_settings_say_so() -> None:
    papers = replace(lab_papers(EXIGENT), order_paper=None)
    octets = document(EXIGENT, papers=papers)
    assert parse_document(octets, PUBLIC) == EXIGENT
    with pytest.raises(PapersRefusedError, match="order_paper"):
        parse_document(octets, PUBLIC, LawSettings(order_may_follow=False))
    with pytest.raises(PapersRefusedError, match="order_paper"):
        parse_document(document(approved(EXIGENT, START), DocumentAction.APPROVE, papers=papers), PUBLIC)


def test_an_end_is_not_held_up_by_papers_and_a_first_version_is_no_end() -> None:
    ended = revoked(ORDER, START + DAY)
    assert parse_document(make_document(ended, COURT, DocumentAction.REVOKE), PUBLIC) == ended
    first = replace(ended, version=1)
    with pytest.raises(PapersRefusedError):
        parse_document(make_document(first, COURT, DocumentAction.REVOKE), PUBLIC)
    assert missing_in(read_document(document(), PUBLIC)) == ()


def test_order_with_swapped_papers_refused() -> None:
    """Papers of another order, put in by whoever holds the file, or by a court's clerk: the signature, or the targets
    that they name, do not fit."""
    other = order_from_fields(FIELDS | {"targets": ["12125550199"]})
    one, two = (base64.b64decode(json.loads(document(order))["hi1"]) for order in (ORDER, other))
    contents = [xml.split(b"<doc:DocumentBody>")[1].split(b"</doc:DocumentBody>")[0] for xml in (one, two)]
    swapped = one.replace(contents[0], contents[1])
    envelope = json.loads(document()) | {"hi1": base64.b64encode(swapped).decode()}
    with pytest.raises(RefusedError, match="not signed by the court"):
        parse_document(json.dumps(envelope, indent=1, sort_keys=True).encode() + b"\n", PUBLIC)
    with pytest.raises(PapersRefusedError, match="DOC_MISSING:queried"):
        parse_document(seal_envelope(swapped, COURT), PUBLIC)


# --- acts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "action"),
    [
        (extended(ORDER, START + 20 * DAY, START + DAY), DocumentAction.EXTEND),
        (revoked(ORDER, START + DAY), DocumentAction.REVOKE),
        (terminated(ORDER, START + DAY), DocumentAction.TERMINATE),
        (approved(EXIGENT, START + HOUR), DocumentAction.APPROVE),
        (denied(EXIGENT, START + HOUR), DocumentAction.DENY),
        (obtained(EXIGENT, START + HOUR), DocumentAction.OBTAINED),
        (exigency_ended(EXIGENT, START + HOUR), DocumentAction.ENDED),
    ],
    ids=str,
)
def test_each_act_is_a_version_of_its_own_that_is_read_back(order: CourtOrder, action: DocumentAction) -> None:
    read = read_document(document(order, action, at=START + DAY), PUBLIC)
    assert (read.action, read.order, read.order.version, read.issued_at_us) == (action, order, 2, START + DAY)
    assert parse_document(document(order, action, at=START + DAY), PUBLIC) == order


def test_a_release_carries_the_data_key_and_nothing_else_does() -> None:
    read = read_document(document(released(ORDER), DocumentAction.RELEASE, data_key=KEY), PUBLIC)
    assert read.data_key == KEY and read.order == replace(ORDER, version=2)
    for action, key in ((DocumentAction.RELEASE, KEY[:16]), (DocumentAction.ISSUE, KEY)):
        with pytest.raises(DocumentRefusedError, match="R-041"):
            document(released(ORDER), action, data_key=key)


def test_an_approval_is_not_signed_before_the_emergency_order_was_issued() -> None:
    with pytest.raises(DocumentRefusedError, match="R-033"):
        document(approved(EXIGENT, START + HOUR), DocumentAction.APPROVE, at=START + HOUR - 1)


def test_an_extension_granted_at_the_end_or_later_is_refused_at_entry() -> None:
    longer = extended(ORDER, ORDER.window.end_us + DAY, ORDER.window.end_us - 1)
    assert read_document(document(longer, DocumentAction.EXTEND, at=ORDER.window.end_us - 1), PUBLIC).order == longer
    for granted in (ORDER.window.end_us, ORDER.window.end_us + 5 * 60 * SECOND):
        with pytest.raises(DocumentRefusedError, match="R-015"):
            document(longer, DocumentAction.EXTEND, at=granted)
        with pytest.raises(DocumentRefusedError, match="R-015"):
            read_document(signed(longer, DocumentAction.EXTEND, granted), PUBLIC)


def test_only_an_emergency_is_approved_denied_or_over() -> None:
    for act in (approved, denied, obtained, exigency_ended):
        with pytest.raises(DocumentRefusedError, match="R-030"):
            act(ORDER, START)


def test_a_termination_is_brought_forward_and_never_put_off() -> None:
    ended = terminated(ORDER, START + DAY)
    assert (ended.state, ended.effective_window) == (OrderState.TERMINATED, Window(START, START + DAY))
    assert terminated(ended, START + HOUR).objective_attained_at_us == START + HOUR
    assert terminated(ORDER, START - DAY).objective_attained_at_us == START
    with pytest.raises(DocumentRefusedError, match="R-009"):
        terminated(ended, START + DAY)


def test_a_message_is_written_the_same_each_time() -> None:
    """Ed25519 is deterministic, identifiers are made from names: the same act is the same octets."""
    assert document() == document()
    xml = base64.b64decode(json.loads(document())["hi1"])
    assert build_message(parse_message(xml)) == xml


# --- fields ---------------------------------------------------------------------------------------------------------


def fields(**changes: Any) -> CourtOrder:
    return order_from_fields(FIELDS | changes)


def test_an_order_reads_back_from_its_own_fields() -> None:
    order = fields(
        version=3, case_id="C-7", agency="X", services=["SMS", "DATA"], direction="TRAP", state="ACTIVE",
        revoked_at=START + 5, objective_attained_at=START + 6, location_authorised=True, pctdd_authorised=True,
        extensions=[START + DAY], trap_area=["+1212", "1646"],
        targets=["12125550101", "imsi:001012125550101", "sip:alex@ims.invalid", "ipv4Address:192.0.2.1",
                 "ipv6Address:2001:db8::1", "host:www.example.invalid"],
    )  # fmt: skip
    assert order_from_fields(order_to_fields(order)) == order
    assert order.trap_area == {"1212", "1646"} and order.direction is PrttDirection.TRAP
    assert order.services == {Service.SMS, Service.DATA}


def test_what_is_not_said_is_the_narrow_reading() -> None:
    order = fields()
    assert (order.version, order.state, order.direction) == (1, OrderState.ISSUED, PrttDirection.BOTH)
    assert not order.location_authorised and not order.pctdd_authorised and order.revoked_at_us is None
    assert (order.case_id, order.agency) == ("CASE-O-1", "LAB-LEA")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2125550101", TargetKind.E164, "12125550101"),
        ("+1 212-555-0101", TargetKind.E164, "12125550101"),
        ("tel:+12125550101", TargetKind.E164, "12125550101"),
        ("e164:12125550101", TargetKind.E164, "12125550101"),
        ("SIP:Alex@IMS.invalid:5060;transport=tcp", TargetKind.SIP_URI, "sip:alex@ims.invalid"),
        ("sipUri:sip:alex@ims.invalid", TargetKind.SIP_URI, "sip:alex@ims.invalid"),
        ("ipv6Address:2001:0db8:0::1", TargetKind.IPV6, "2001:db8::1"),
        ("host:WWW.Example.Invalid.", TargetKind.HOST, "www.example.invalid"),
    ],
)
def test_targets_are_read_into_one_form(text: str, kind: TargetKind, value: str) -> None:
    """R-021."""
    assert fields(targets=[text]).targets == (Target(kind, value),)
    assert fields(targets=text).targets == fields(targets=[text, text]).targets, "named twice is named once"


@pytest.mark.parametrize(
    "text",
    [
        "22125550101", "hello", "", "imsi:12", "imsi:00101212555010x", "sip:", "ipv4Address:192.0.2.256",
        "ipv4Address:192.0.2.01", "ipv6Address:192.0.2.1", "host:", "host:a b", "host:http://x/", "tel:", "e164:+",
    ],
)  # fmt: skip
def test_a_target_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"^targets: "):
        fields(targets=[text])


@pytest.mark.parametrize("name", ["order_id", "kind", "liid", "start"])
def test_a_missing_field_is_named(name: str) -> None:
    for missing in (None, ""):
        with pytest.raises(ValueError, match=f"^{name}: missing"):
            fields(**{name: missing})


def test_an_end_is_given_as_a_time_or_as_days_of_the_court() -> None:
    assert fields(end=None, days=30).window.end_us == add_court_days(START, 30)
    assert fields(end=None, days="7").window.end_us == add_court_days(START, 7)
    for days in (0, -1, 367, True, "x", 1.5, None):
        with pytest.raises(ValueError, match="days"):
            fields(end=None, days=days)


@pytest.mark.parametrize(
    "value",
    [
        START,
        "2026-05-28T20:26:40Z",
        "2026-05-28T16:26:40-04:00",
        datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC),
        datetime(2026, 5, 28, 22, 26, 40, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_time_is_the_same_however_it_is_written(value: object) -> None:
    assert fields(start=value).window.start_us == START


@pytest.mark.parametrize("value", ["2026-05-28T20:26:40", datetime(2026, 5, 28), "never", -1, 1 << 62, True, 1.5])
def test_a_time_without_a_zone_or_of_no_age_is_no_time(value: object) -> None:
    with pytest.raises(ValueError, match=r"^start: "):
        fields(start=value)


@pytest.mark.parametrize("value", ["no", "false", 0, 1, "yes"])
@pytest.mark.parametrize("name", ["location_authorised", "pctdd_authorised"])
def test_attack_a_word_is_never_taken_for_an_authorisation(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        fields(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [("services", ["FAX"]), ("direction", "UP"), ("state", "OPEN"), ("kind", "prtt"), ("version", "one")],
)
def test_a_word_that_is_none_of_the_known_ones_is_told(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        fields(**{name: value})


def test_a_field_nobody_knows_is_told_and_not_ignored() -> None:
    with pytest.raises(ValueError, match=r"^retention: no such field"):
        fields(retention=1)
