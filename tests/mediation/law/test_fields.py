"""Orders as plain values: what is written reads back, and what cannot be one is refused by name."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediation.law.entry import DocumentRefusedError
from mediation.law.fields import order_from_fields, order_to_fields
from mediation.law.orders import CourtOrder, Exigency, Jurisdiction, OrderKind

START = 1_780_318_800_000_000
HOUR = 3_600_000_000
PLAIN: dict[str, Any] = {
    "order_id": "O-1", "kind": "PRTT", "liid": "LAB-1", "targets": "+12125550100", "start": START, "days": 3,
}  # fmt: skip
EVERYTHING: dict[str, Any] = PLAIN | {
    "kind": "EXIGENT_EAV_FEDERAL", "services": ["VOICE"], "jurisdiction": "FEDERAL", "activated_at": START,
    "order_issued_at": START + HOUR, "denied_at": START + 5 * HOUR, "obtained_at": START + 6 * HOUR,
    "exigency_ended_at": START + 7 * HOUR, "issued_at": START + HOUR, "entered_at": START + HOUR,
    "terminate_on_first": True, "facilities": ["F2", "F1"], "presence": "rivera", "joint_with": ["LAB LEA 2"],
}  # fmt: skip


@pytest.mark.rule("R-001", "R-001.1")
@pytest.mark.parametrize(
    ("kind", "said"),
    [("WIRETAP", "kind: .*R-001"), ("prtt", "kind: .*R-001"), ("", "kind: missing"), (None, "kind: missing")],
)
def test_a_kind_that_does_not_exist_is_no_order(kind: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        order_from_fields(PLAIN | {"kind": kind})


def test_every_field_of_an_order_is_read() -> None:
    order = order_from_fields(EVERYTHING)
    assert order.jurisdiction is Jurisdiction.FEDERAL and order.federal
    assert order.exigent == Exigency(START, START + HOUR, START + 5 * HOUR, START + 6 * HOUR, START + 7 * HOUR)
    assert (order.issued_at_us, order.entered_at_us, order.terminate_on_first) == (START + HOUR, START + HOUR, True)
    assert order.facilities == {"F1", "F2"} and order.presence == {"rivera"} and order.joint_with == {"LAB LEA 2"}


@pytest.mark.parametrize("fields", [PLAIN, EVERYTHING])
def test_what_is_written_reads_back(fields: dict[str, Any]) -> None:
    order = order_from_fields(fields)
    assert order_from_fields(order_to_fields(order)) == order


def test_an_order_that_says_nothing_new_is_written_as_before() -> None:
    new = {"jurisdiction", "activated_at", "order_issued_at", "denied_at", "obtained_at", "exigency_ended_at"}
    new |= {"issued_at", "entered_at", "terminate_on_first", "facilities", "presence", "joint_with"}
    assert not new & set(order_to_fields(order_from_fields(PLAIN)))
    assert new <= set(order_to_fields(order_from_fields(EVERYTHING)))


def test_attack_the_agency_s_own_observation_never_enters_by_a_document() -> None:
    """R-008: the first interception is what the agency saw, not what a document says."""
    order = replace(order_from_fields(PLAIN), first_interception_us=START)
    assert "first_interception" not in str(order_to_fields(order))
    with pytest.raises(ValueError, match="first_interception: no such field"):
        order_from_fields(PLAIN | {"first_interception": START})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"jurisdiction": "LOCAL"}, "^jurisdiction: 'LOCAL' is none of STATE, FEDERAL"),
        ({"activated_at": None}, "^activated_at: missing; order_issued_at counts from"),
        ({"activated_at": "nine"}, "^activated_at: 'nine' is no ISO 8601"),
        ({"denied_at": "2026-06-01T09:00:00"}, "^denied_at: .* names no zone"),
        ({"terminate_on_first": "yes"}, "^terminate_on_first: 'yes' is neither"),
        ({"issued_at": -1}, "^issued_at: .* is not in the years"),
        ({"entered_at": True}, "^entered_at: "),
    ],
)
def test_a_field_that_cannot_be_read_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        order_from_fields(EVERYTHING | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"days": 0}, "^days: 0 is not in 1 to 366"),
        ({"days": None}, "^end: missing; give end or days"),
        ({"days": "many"}, "^days: 'many' is no whole number"),
        ({"version": True}, "^version: a whole number is needed"),
        ({"targets": "5550100"}, "^targets: .* is no telephone number .*R-021"),
        ({"targets": "imsi:12"}, "^targets: .* is no IMSI"),
        ({"targets": "sip:"}, "^targets: .* is no SIP URI"),
        ({"targets": "ipv4Address:192.0.2.256"}, "^targets: .* is no IPv4 address"),
        ({"targets": "ipv6Address:2001:db8::g"}, "^targets: .* is no IPv6 address"),
        ({"targets": "host:a b"}, "^targets: .* is no host name"),
        ({"start": "2026-06-01"}, "^start: .* names no zone"),
    ],
)
def test_what_an_order_cannot_be_made_of_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        order_from_fields(PLAIN | changes)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("tel:+1-212-555-0100", ("e164", "12125550100")),
        ("e164:2125550100", ("e164", "12125550100")),
        ("imsi:001012125550101", ("imsi", "001012125550101")),
        ("SIP:User@IMS.example.invalid", ("sipUri", "sip:user@ims.example.invalid")),
        ("ipv4Address:192.0.2.1", ("ipv4Address", "192.0.2.1")),
        ("ipv6Address:2001:DB8::1", ("ipv6Address", "2001:db8::1")),
        ("host:WWW.example.invalid.", ("host", "www.example.invalid")),
    ],
)
def test_a_target_is_kept_in_its_one_form(text: str, target: tuple[str, str]) -> None:
    (found,) = order_from_fields(PLAIN | {"targets": [text, text]}).targets
    assert (str(found.kind), found.value) == target


def test_times_are_taken_as_people_write_them() -> None:
    when = datetime(2026, 6, 1, 13, tzinfo=UTC)
    written = [when, "2026-06-01T13:00:00Z", "2026-06-01T09:00:00-04:00", int(when.timestamp()) * 1_000_000]
    assert {order_from_fields(PLAIN | {"start": one}).window.start_us for one in written} == {written[-1]}


@pytest.mark.parametrize("name", ["facilities", "presence", "joint_with"])
@pytest.mark.parametrize("bad", [[""], ["a\x07b"], ["x" * 65], [f"N{number}" for number in range(65)]])
def test_names_of_places_and_people_are_short_and_printable(name: str, bad: list[str]) -> None:
    with pytest.raises(DocumentRefusedError, match="R-028"):
        order_from_fields(PLAIN | {name: bad})


offsets = st.none() | st.integers(0, 40 * HOUR)


@given(
    kind=st.sampled_from([kind for kind in OrderKind if kind.exigent]),
    acts=st.fixed_dictionaries(dict.fromkeys(("denied_at", "obtained_at", "exigency_ended_at"), offsets)),
    issued=st.none() | st.integers(0, 20 * HOUR),
)
def test_any_emergency_reads_back(kind: OrderKind, acts: dict[str, int | None], issued: int | None) -> None:
    fields = PLAIN | {"kind": str(kind), "services": "VOICE", "activated_at": START, "end": START + 20 * HOUR}
    fields |= {name: None if at is None else START + at for name, at in acts.items()}
    fields["order_issued_at"] = None if issued is None else START + issued
    order = order_from_fields(fields)
    assert order_from_fields(order_to_fields(order)) == order


def test_no_field_of_an_order_is_forgotten() -> None:
    """Whoever adds one adds it to the reading and writing too, or says here why not."""
    written = order_to_fields(replace(order_from_fields(EVERYTHING), revoked_at_us=1, objective_attained_at_us=1))
    names = {field.name.removesuffix("_us") for field in fields_of(CourtOrder)}
    others = {"window", "exigent", "first_interception", "extensions", "trap_area"}
    assert names - others <= set(written)
