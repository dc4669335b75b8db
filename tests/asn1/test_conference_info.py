"""Conference documents: who is in them, and whether anything else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.conference_info import MAX_USERS, NAMESPACE, User, parse_conference_info
from asn1.errors import DecodeError

A, B, FOCUS = "sip:+12125550101@ims.invalid", "sip:+12125550142@ims.invalid", "sip:conf-1@ims.invalid"


def document(users: str, root: str = "", inside: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n<conference-info xmlns="{NAMESPACE}" entity="{FOCUS}" '
        f'state="partial" version="3"{root}>{inside}<users>{users}</users></conference-info>\n'
    ).encode()


def user(entity: str, status: str = "connected", more: str = "") -> str:
    endpoint = f'<endpoint entity="{entity}"><status>{status}</status></endpoint>'
    return f'<user entity="{entity}" state="full">{more}{endpoint}</user>'


def test_who_is_in_it_and_how_they_stand() -> None:
    found = parse_conference_info(document(user(A) + user(B, "on-hold")))
    assert found.users == (User(A, ("connected",)), User(B, ("on-hold",)))
    assert (found.entity, found.state, found.version, found.more) == (FOCUS, "partial", 3, False)
    assert set(found.addresses) == {A, B, FOCUS}


@pytest.mark.parametrize(
    "octets",
    [
        document(user(A, "CANARY")),
        document(user(A, more="<display-text>CANARY</display-text>")),
        document(user(A), ' note="CANARY"'),
        document(user(A), ' xmlns:CANARY="urn:x"'),
        document(user(A), ' xml:lang="CANARY"'),
        document(user(A), inside="<!-- CANARY -->"),
        document(user(A), inside="<?CANARY?>"),
        document(user(A), inside="<![CDATA[CANARY]]>"),
        document(user(A), inside="<conference-state><user-count>CANARY</user-count></conference-state>"),
        document(user(A), inside="CANARY"),
        document(user(A)) + b"<!-- CANARY -->",
        document(user(A) + "<o:x xmlns:o='urn:o'>CANARY</o:x>"),
        document(user(A).replace("<status>", "<status >")),
        document(user(A).replace('state="full"', 'state="CANARY"')),
    ],
)
def test_attack_words_anywhere_in_it_are_more_than_parties(octets: bytes) -> None:
    found = parse_conference_info(octets)
    assert found.more and [one.entity for one in found.users] == [A]


def test_a_count_of_users_is_no_words() -> None:
    counted = "<conference-state><user-count>3</user-count></conference-state>"
    assert not parse_conference_info(document(user(A), inside=counted)).more


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<x/>", b"<conference-info/>", b"<!DOCTYPE x [<!ENTITY e 'x'>]>" + document(""),
        document(user(A) * (MAX_USERS + 1)), document(user("x" * 70_000)), document(user(A))[:-3],
        b"\xff\xfe" + document(""),
    ],
)  # fmt: skip
def test_attack_what_is_no_such_document_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_conference_info(octets)


@given(st.binary(max_size=80), st.integers(0, 200))
def test_no_octets_raise_anything_else(octets: bytes, at: int) -> None:
    whole = document(user(A))
    for one in (octets, whole[:at] + octets + whole[at:]):
        try:
            parse_conference_info(one)
        except DecodeError:
            continue
