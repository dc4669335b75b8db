"""What the network hands over may be broken in any way: a converter answers with DecodeError, or with records."""

from __future__ import annotations

import contextlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, EncodeError
from asn1.x2x3 import PayloadFormat, X2X3Pdu
from carrier_sim.subscribers import Identity
from mediation.scope import Scope
from tests.mediation.laes.played import FORMS, SCENES, T, convert, order, pdus, radius

ODD = st.sampled_from(
    [b"", b"\r\n", b"\0", b"\xff\xfe", b"<", b"@", b";", b"sip:", b"*72", b"\xf0\x9f\x98\x80" * 9, b"9" * 40]
)


@cache
def signalling() -> list[X2X3Pdu]:
    found = [pdu for items in SCENES.values() for pdu in pdus(items, Identity("e164Number", T), content=False)]
    return [*found, radius(1), radius(4, Acct_Status_Type=15, Acct_Terminate_Cause=9), radius(4, Acct_Status_Type=3)]


@cache
def media() -> list[X2X3Pdu]:
    items = SCENES["a call with keys, a hold and words along with it"]
    return [pdu for pdu in pdus(items, Identity("e164Number", T)) if pdu.payload_format == PayloadFormat.IPV4]


@given(
    at=st.integers(0, 10_000), place=st.floats(0, 1), cut=st.integers(0, 8), odd=ODD, whole=st.booleans(),
    dialect=st.sampled_from(sorted(FORMS)), kind=st.booleans(),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_broken_octets_raise_nothing_but_what_is_counted(
    at: int, place: float, cut: int, odd: bytes, whole: bool, dialect: str, kind: bool
) -> None:
    given = signalling() if kind else media()
    pdu = given[at % len(given)]
    where = int(place * len(pdu.payload))
    broken = pdu._replace(payload=pdu.payload[:where] + odd + pdu.payload[where + cut :])
    scope = Scope.WHOLE if whole else Scope.METADATA
    with contextlib.suppress(DecodeError, EncodeError):
        convert(dialect, [pdu, broken, pdu], order() if whole else order("PRTT"), scope=scope)


@pytest.mark.parametrize("dialect", sorted(FORMS))
def test_names_that_no_field_holds_are_cut_or_marked(dialect: str) -> None:
    """A URI of a thousand octets, and letters outside ASCII."""
    (invite, *_) = [one for one in signalling() if one.payload.startswith(b"INVITE")]
    octets = invite.payload.replace(b"sip:+12125550144@", "sip:größe".encode() + b"x" * 1_000 + b"@")
    for one in convert(dialect, [invite._replace(payload=octets)], order(), scope=Scope.WHOLE).messages:
        assert one.fields["caseId"] == "LAB-1"
