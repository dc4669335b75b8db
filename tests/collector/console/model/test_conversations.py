"""Messages as conversations: words where they may be read, pictures made harmless, no word of a pen register."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from asn1 import ps_pdu
from asn1.mime import Part
from asn1.mms import encode_pdu
from asn1.ts33128 import encode_cc, encode_iri
from collector.console.model.conversations import NOT_COLLECTED, conversation, conversations, mms_part
from collector.console.model.pictures import OCTETS, PNG, TEXT, redrawn, shown_part
from collector.console.model.scope import NOT_FOR_THIS_READER, NotFoundError
from collector.standing import held, minimised, of_communication, of_order
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason

A, B, C = "+12125550101", "+12125550102", "+12125550103"


def party(number: str) -> dict[str, Any]:
    return {"mMSPartyIDs": [("e164Number", number[1:])], "nonLocalID": "local"}


def picture(size: tuple[int, int] = (30, 20), form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 10, 10)).save(out, form)
    return out.getvalue()


VERSION = {"majorVersion": 1, "minorVersion": 0}
HTML = b"<script>alert(1)</script>"
SMIL = b'<smil><body><par><img src="a.png"/><text src="cid:t"/></par></body></smil>'
PARTS = [
    Part("application/smil", (), (), SMIL),
    Part("text/plain", (), (("content-id", "<t>"),), b"look <i>here</i>"),
    Part("image/png", (), (("content-location", "a.png"),), picture()),
    Part("text/html", (("name", "x.html"),), (), HTML),
    Part("application/x-sh", (("name", "run.sh"),), (), b"#!/bin/sh"),
]


@pytest.fixture
def mms(records: Any) -> bytes:
    headers = [("from", f"{A}/TYPE=PLMN"), ("to", f"{C}/TYPE=PLMN"), ("subject", "a <b>subject</b>")]
    message = encode_pdu("m-send-req", headers, ("application/vnd.wap.multipart.related", ()), PARTS)
    content = encode_cc(
        ("mMSCCPDU", {"version": {"majorVersion": 1, "minorVersion": 0}, "transactionID": "T", "mMSContent": message})
    )
    event = {
        "transactionID": "T", "version": VERSION, "dateTime": 1_700_000_000, "originatingMMSParty": party(A),
        "terminatingMMSParty": [party(C)], "direction": "fromTarget", "contentType": "multipart/related",
        "expiry": {"expiryPeriod": 60, "periodFormat": "relative"}, "responseStatus": "ok", "messageID": "m@x.invalid",
    }  # fmt: skip
    said = ("threeGPP33128DefinedIRI", encode_iri(("mMSSend", event)))
    iri = ps_pdu.iri_pdu(records.header("LAB-0001", 12, "iri", None, None), said, "report")
    header = records.header("LAB-0001", 12, "cc", None, None)
    return iri + ps_pdu.cc_pdu(header, ("threeGPP33128DefinedCC", content), "fromTarget")


@pytest.fixture
def talk(records: Any, sent: list[bytes], mms: bytes) -> list[bytes]:
    answers = [
        records.sms("LAB-0001", 8, "and <b>I</b> you", sender=B[1:], receiver=A[1:]),
        records.sms("LAB-0001", 9, "to somebody else", receiver=C[1:]),
    ]
    return [*sent, *answers, mms]


async def test_a_conversation_has_both_sides_in_the_order_of_their_times(made: Any, talk: Any) -> None:
    case = await made(*talk, services=["VOICE", "SMS", "MMS", "DATA"])
    rows = conversations(case.library, case.scope()).rows
    assert sorted((one.first, one.second, one.messages) for one in rows if one.first != "(unknown)") == [
        (A, B, 3), (A, C, 2),
    ]  # fmt: skip
    found = conversation(case.library, case.scope(), B, A)
    told = [(one.sender, one.text, one.from_target) for one in found.messages]
    assert told == [
        (A, "hello <b>you</b>", True), (A, None, True), (B, "and <b>I</b> you", False),
    ]  # fmt: skip
    assert found.messages[1].why == NOT_COLLECTED and found.next == ""
    with pytest.raises(NotFoundError):
        conversation(case.library, case.scope(), A, "+12125550199")


async def test_attack_a_pen_register_s_conversation_has_no_word(made: Any, talk: Any) -> None:
    case = await made(*talk, services=["VOICE", "SMS", "MMS", "DATA"])
    pen = case.scope(orders=tuple(one for one in case.scope().orders if one.order_id == "O-2"))
    (message,) = conversation(case.library, pen, A, B).messages
    assert (message.text, message.sender, message.receiver) == (None, A, B)
    assert "WITHHELD" not in repr(message)


async def test_what_is_minimised_or_held_or_not_for_the_reader_is_said_and_not_shown(made: Any, talk: Any) -> None:
    case = await made(*talk, services=["VOICE", "SMS", "MMS", "DATA"])
    plain = conversation(case.library, case.scope(content=False), A, B)
    assert all(one.text is None for one in plain.messages) and plain.withheld[0].why == NOT_FOR_THIS_READER
    case.decide(minimised(of_communication(b"LAB-0001", 2), 5, "u", "INV"))
    found = conversation(case.library, case.scope(), A, B)
    assert [one.text for one in found.messages] == [None, None, "and <b>I</b> you"]
    assert "R-118" in found.messages[0].why and "R-118" in found.withheld[0].why
    case.decide(held(of_order(order_uid(OrderId("O-1"))), Reason.ORDER_LAPSED, 6))
    rows = conversations(case.library, case.scope())
    assert [(one.first, one.second) for one in rows.rows] == [(A, B)] and rows.withheld[0].records >= 4
    assert [one.liid for one in conversation(case.library, case.scope(), A, B).messages] == ["LAB-0002"]


async def test_a_multimedia_message_has_its_parts_and_each_is_harmless(made: Any, talk: Any) -> None:
    case = await made(*talk, services=["VOICE", "SMS", "MMS", "DATA"])
    scope, library = case.scope(), case.library
    communication = library.communication(scope, "LAB-0001", 12)
    (packet,) = communication.packets
    names = {number: mms_part(library, scope, "LAB-0001", 12, packet.sequence, number) for number in range(5)}
    assert [names[number].content_type for number in range(5)] == [TEXT, TEXT, PNG, TEXT, OCTETS]
    assert names[3].octets == HTML and not names[4].inline and names[4].name.endswith(".bin")
    with Image.open(io.BytesIO(names[2].octets)) as drawn:
        assert drawn.size == (30, 20)
    for number in (-1, 5, 99):
        with pytest.raises(NotFoundError):
            mms_part(library, scope, "LAB-0001", 12, packet.sequence, number)
    with pytest.raises(NotFoundError):
        mms_part(library, scope, "LAB-0001", 12, packet.sequence + 1, 0)
    with pytest.raises(NotFoundError):
        mms_part(library, case.scope(content=False), "LAB-0001", 12, packet.sequence, 2)
    message = next(one for one in conversation(library, scope, A, C).messages if one.parts)
    assert (message.sender, message.receiver, message.subject) == (A, C, "a <b>subject</b>")
    assert message.text == "look <i>here</i>\n<script>alert(1)</script>", "text, whatever it says it is"
    assert [(part.picture, part.slide) for part in message.parts] == [
        (False, 0), (False, 1), (True, 1), (False, 2), (False, 2),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["JPEG", "GIF", "PNG"])
def test_a_picture_is_drawn_anew_and_nothing_behind_it_survives(form: str) -> None:
    octets = picture((20, 20), form) + b"<script>behind</script>"
    drawn = redrawn(octets)
    assert drawn is not None and drawn.startswith(b"\x89PNG") and b"script" not in drawn


@pytest.mark.parametrize(
    "octets", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(99), b"<svg onload='x'/>", picture()[:60]]
)
def test_attack_broken_pictures_are_octets(octets: bytes) -> None:
    assert redrawn(octets) is None
    shown = shown_part(Part("image/png", (("name", "../../x.png"),), (), octets), "mms-1-2-3")
    assert (shown.content_type, shown.inline, shown.name) == (OCTETS, False, "mms-1-2-3-x.bin")


def test_attack_a_picture_of_a_billion_dots_is_not_opened() -> None:
    head = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0" + bytes(4)
    assert redrawn(head + bytes(2_000)) is None
    assert redrawn(bytes(9 << 20)) is None


def test_a_large_picture_is_shown_smaller() -> None:
    drawn = redrawn(picture((3_000, 1_000)))
    assert drawn is not None
    with Image.open(io.BytesIO(drawn)) as shown:
        assert shown.size == (1_600, 533)
