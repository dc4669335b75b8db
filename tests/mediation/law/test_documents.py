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
from mediation.law.documents import (
    MAX_DOCUMENT_OCTETS,
    CourtDocument,
    DocumentAction,
    DocumentRefusedError,
    add_court_days,
    extended,
    key_id,
    make_document,
    new_court_key,
    order_from_fields,
    order_to_fields,
    parse_document,
    read_document,
    revoked,
)
from mediation.law.orders import CourtOrder, OrderKind, OrderState, PrttDirection, Service, Target, TargetKind, Window

COURT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = COURT.public_key()
DAY, SECOND = 86_400_000_000, 1_000_000
START = 1_780_000_000 * SECOND
FIELDS: dict[str, Any] = {
    "order_id": "O-1", "kind": "EAVESDROPPING", "liid": "LAB-1", "targets": ["e164:12125550101"], "start": START,
    "end": START + 10 * DAY, "services": ["VOICE"],
}  # fmt: skip
ORDER = order_from_fields(FIELDS)


def signed(document: dict[str, Any], key: Ed25519PrivateKey = COURT) -> bytes:
    """Any document under a genuine signature: a court that signs what the law does not let in."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return json.dumps({"document": document, "signature": base64.b64encode(key.sign(text)).decode()}).encode()


def document(**changes: Any) -> dict[str, Any]:
    return order_to_fields(ORDER) | changes


# --- signing and reading --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issued_at_us", [None, START - DAY])
def test_what_the_court_signs_is_read_back_whole(issued_at_us: int | None) -> None:
    octets = make_document(ORDER, COURT, issued_at_us=issued_at_us)
    assert read_document(octets, PUBLIC) == CourtDocument(DocumentAction.ISSUE, ORDER, issued_at_us, key_id(PUBLIC))
    assert parse_document(octets, PUBLIC) == ORDER


def test_a_key_is_told_apart_by_eight_digits_and_trusted_for_nothing_they_say() -> None:
    assert len(key_id(PUBLIC)) == 8 and key_id(PUBLIC) != key_id(STRANGER.public_key())
    envelope = json.loads(make_document(ORDER, STRANGER)) | {"key_id": key_id(PUBLIC)}
    with pytest.raises(RefusedError, match="not signed by the court"):
        parse_document(json.dumps(envelope).encode(), PUBLIC)
    assert new_court_key().sign(b"x") != new_court_key().sign(b"x")


def test_the_form_of_the_text_does_not_matter_to_the_signature_only_what_it_says() -> None:
    envelope = json.loads(make_document(ORDER, COURT))
    turned = {name: envelope[name] for name in sorted(envelope, reverse=True)}
    turned["document"] = dict(reversed(list(envelope["document"].items())))
    assert parse_document(json.dumps(turned, indent=7).encode(), PUBLIC) == ORDER


@pytest.mark.parametrize("name", sorted({*order_to_fields(ORDER), "action"}))
def test_attack_no_field_can_be_changed_or_left_out_after_signing(name: str) -> None:
    envelope = json.loads(make_document(ORDER, COURT))
    for change in ("other", None):
        altered = dict(envelope["document"])
        if change is None:
            del altered[name]
        else:
            altered[name] = change
        with pytest.raises((RefusedError, DecodeError)):
            parse_document(json.dumps(envelope | {"document": altered}).encode(), PUBLIC)


@pytest.mark.parametrize("field", ["revoked_at", "objective_attained_at", "extensions", "pctdd_authorised"])
def test_attack_no_field_can_be_added_after_signing(field: str) -> None:
    envelope = json.loads(make_document(ORDER, COURT))
    envelope["document"][field] = True
    with pytest.raises(RefusedError):
        parse_document(json.dumps(envelope).encode(), PUBLIC)


def test_attack_the_signature_of_one_order_does_not_carry_another() -> None:
    one, other = (json.loads(make_document(replace(ORDER, version=n), COURT)) for n in (1, 2))
    with pytest.raises(RefusedError):
        parse_document(json.dumps(one | {"signature": other["signature"]}).encode(), PUBLIC)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", DecodeError.BAD_VALUE),
        (b"\xff\xfe", DecodeError.BAD_VALUE),
        (b"[" * 60_000, DecodeError.BAD_VALUE),
        (b"1" * 5000, DecodeError.BAD_VALUE),
        (b"null", DecodeError.BAD_VALUE),
        (b'{"document": {"format": 1}, "signature": "", "else": 1}', DecodeError.BAD_VALUE),
        (b'{"document": [], "signature": ""}', DecodeError.BAD_VALUE),
        (b'{"document": {"format": 2}, "signature": ""}', DecodeError.BAD_VALUE),
        (b'{"document": {"format": 1}}', DecodeError.MISSING_FIELD),
        (b'{"document": {"format": 1}, "signature": 7}', DecodeError.MISSING_FIELD),
        (b'{"document": {"format": 1}, "signature": "", "key_id": 7}', DecodeError.MISSING_FIELD),
        (b'{"document": {"format": 1}, "signature": "!!"}', DecodeError.BAD_VALUE),
        (b'{"document": {"format": 1}, "signature": "\xc3\xa4"}', DecodeError.BAD_VALUE),
        (b" " * (MAX_DOCUMENT_OCTETS + 1), DecodeError.OVERSIZED),
    ],
)
def test_what_is_no_document_is_told_with_its_code(octets: bytes, code: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read_document(octets, PUBLIC)
    assert caught.value.code == code


def test_the_largest_document_is_still_read() -> None:
    octets = make_document(ORDER, COURT)
    padded = octets + b" " * (MAX_DOCUMENT_OCTETS - len(octets))
    assert parse_document(padded, PUBLIC) == ORDER
    with pytest.raises(DecodeError):
        parse_document(padded + b" ", PUBLIC)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": ""}, "kind"),
        ({"kind": "WIRETAP"}, "R-001"),
        ({"targets": []}, "R-020"),
        ({"targets": None}, "R-020"),
        ({"services": []}, "R-116"),
        ({"services": ["FAX"]}, "services"),
        ({"end": START + 40 * DAY}, "R-006"),
        ({"end": START}, "R-002"),
        ({"kind": "PRTT", "end": START + 61 * DAY}, "R-005"),
        ({"location_authorised": "no"}, "location_authorised"),
        ({"version": 0}, "R-028"),
        ({"version": 1.5}, "version"),
        ({"start": "yesterday"}, "start"),
        ({"start": 1e300}, "start"),
        ({"surprise": 1}, "surprise"),
        ({"action": "EXTEND"}, "EXTEND"),
        ({"action": "extend"}, "R-014"),
        ({"action": "revoke"}, "R-019"),
        ({"signed_at": "soon"}, "signed_at"),
        ({"kind": "EXIGENT_EAV_STATE", "extensions": [START + DAY]}, "R-017"),
    ],
)
def test_attack_even_a_genuine_signature_lets_nothing_in_that_the_law_does_not(
    changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        read_document(signed(document(**changes)), PUBLIC)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted({*order_to_fields(ORDER), "action", "signed_at", "days", "extensions", "revoked_at"})),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=4,
        ),
        max_size=3,
    )
)
def test_any_signed_values_are_an_order_or_refused(changes: dict[str, Any]) -> None:
    try:
        octets = signed(document(**changes))
    except UnicodeEncodeError:
        return
    try:
        read = read_document(octets, PUBLIC)
    except (RefusedError, DecodeError):
        return
    assert read.order.targets and read.order.window.start_us < read.order.window.end_us


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_attack_a_document_with_any_octet_changed_says_the_same_or_nothing(data: st.DataObject) -> None:
    octets = bytearray(make_document(ORDER, COURT))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    try:
        read = read_document(bytes(octets), PUBLIC)
    except (RefusedError, DecodeError):
        return
    assert read.order == ORDER, "only key_id and white space are unsigned"


# --- making, extending, revoking ------------------------------------------------------------------------------------


def test_the_court_does_not_sign_what_it_would_not_let_in() -> None:
    for order, action in (
        (replace(ORDER, targets=()), DocumentAction.ISSUE),
        (ORDER, DocumentAction.EXTEND),
        (ORDER, DocumentAction.REVOKE),
    ):
        with pytest.raises(DocumentRefusedError):
            make_document(order, COURT, action)


def test_an_extension_takes_over_exactly_where_the_order_ends() -> None:
    """R-012, R-014."""
    end = add_court_days(ORDER.window.end_us, 30)
    longer = extended(ORDER, end, ORDER.window.end_us - 1)
    assert longer == replace(ORDER, version=2, window=Window(START, end), extensions_us=(ORDER.window.end_us,))
    assert longer.window.contains(ORDER.window.end_us) and longer.window.contains(ORDER.window.end_us - 1)
    octets = make_document(longer, COURT, DocumentAction.EXTEND, ORDER.window.end_us - 1)
    assert read_document(octets, PUBLIC).action is DocumentAction.EXTEND


@pytest.mark.parametrize("late_us", [0, 1, 5 * 60 * SECOND])
def test_an_extension_granted_at_the_end_or_later_is_refused(late_us: int) -> None:
    """R-012, R-015: applied at the end is too late."""
    granted = ORDER.window.end_us + late_us
    with pytest.raises(DocumentRefusedError, match="R-015"):
        extended(ORDER, granted + DAY, granted)
    longer = extended(ORDER, ORDER.window.end_us + DAY, ORDER.window.end_us - 1)
    with pytest.raises(DocumentRefusedError, match="R-015"):
        make_document(longer, COURT, DocumentAction.EXTEND, granted)
    backdated = signed(order_to_fields(longer) | {"action": "extend", "signed_at": granted})
    with pytest.raises(DocumentRefusedError, match="R-015"):
        read_document(backdated, PUBLIC)


def test_an_extension_is_no_longer_than_its_kind_may_last_and_no_shorter_than_nothing() -> None:
    """R-011, R-012."""
    end = ORDER.window.end_us
    with pytest.raises(DocumentRefusedError, match="R-006"):
        extended(ORDER, add_court_days(end, 30) + 1, end - 1)
    for shorter in (end, end - 1):
        with pytest.raises(DocumentRefusedError, match="R-014"):
            extended(ORDER, shorter, end - 1)
    register = replace(ORDER, kind=OrderKind.PRTT, services=frozenset())
    assert extended(register, add_court_days(end, 60), end - 1).window.end_us == add_court_days(end, 60)
    with pytest.raises(DocumentRefusedError, match="R-005"):
        extended(register, add_court_days(end, 60) + 1, end - 1)


def test_attack_an_emergency_order_cannot_be_extended() -> None:
    """R-017."""
    for kind in (OrderKind.EXIGENT_EAV_STATE, OrderKind.EXIGENT_EAV_FEDERAL):
        with pytest.raises(DocumentRefusedError, match="R-017"):
            extended(replace(ORDER, kind=kind), ORDER.window.end_us + 1, START)


def test_extensions_go_on_for_as_long_as_the_court_grants_them() -> None:
    """R-016."""
    order = ORDER
    for version in range(2, 8):
        order = extended(order, add_court_days(order.window.end_us, 30), order.window.end_us - 1)
        assert order.version == version and len(order.extensions_us) == version - 1
    assert parse_document(make_document(order, COURT, DocumentAction.EXTEND), PUBLIC) == order


def test_a_revoked_order_ends_at_that_instant_and_is_not_extended_afterwards() -> None:
    """R-019."""
    at = START + DAY
    ended = revoked(ORDER, at)
    assert (ended.version, ended.state, ended.effective_window) == (2, OrderState.REVOKED, Window(START, at))
    assert read_document(make_document(ended, COURT, DocumentAction.REVOKE), PUBLIC).order == ended
    with pytest.raises(DocumentRefusedError, match="R-015"):
        extended(ended, ORDER.window.end_us + DAY, at)


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
