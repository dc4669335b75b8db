"""The page of a call: roles, ladder, streams, keys, sound; and what of it is not there for whom."""

from __future__ import annotations

from typing import Any

from collector.console.model import library as library_module
from collector.console.model.calls import MAX_ARROWS, Arrow, ladder
from collector.console.model.scope import NOT_FOR_THIS_READER
from collector.export.communications import Communication, Signal
from collector.standing import held, minimised, of_communication, of_order, of_sequences
from mediation.law.orders import OrderId, order_uid
from mediation.law.verdicts import Reason, VerdictKind

A, B = "+12125550101", "+12125550102"


async def test_a_call_has_its_parties_ladder_streams_and_sound(made: Any, sent: Any) -> None:
    case = await made(*sent)
    page = case.library.call_page(case.scope(), "LAB-0001", 1)
    assert [(one.name, one.roles, one.is_target) for one in page.participants] == [
        (A, ("caller",), True), (B, ("called",), False),
    ]  # fmt: skip
    assert page.ladder.lanes == ("192.0.2.1", "192.0.2.2")
    assert [(one.label, one.kind, one.source) for one in page.ladder.arrows] == [
        ("INVITE", "request", "192.0.2.1"), ("BYE", "request", "192.0.2.1"),
    ]  # fmt: skip
    assert [(one.direction, one.codec, one.packets) for one in page.streams] == [(1, "PCMA", 10), (0, "PCMA", 10)]
    assert page.sound is not None and page.sound.seconds > 0.2 and not page.sound_later
    assert (page.withheld, page.unreadable, page.dialled, page.truncated_by_order) == ((), 0, (), "")


async def test_a_pen_register_s_call_has_numbers_and_no_sound(made: Any, sent: Any) -> None:
    case = await made(*sent)
    page = case.library.call_page(case.scope(), "LAB-0002", 5)
    assert [one.name for one in page.participants] == [A, B] and page.sound is None and not page.sound_later
    assert [(one.source, one.destination, one.label) for one in page.ladder.arrows] == [(A, B, "INVITE")]
    assert b"WITHHELD" not in repr(page).encode()


async def test_a_long_call_s_sound_is_left_for_later(made: Any, sent: Any, monkeypatch: Any) -> None:
    case = await made(*sent)
    monkeypatch.setattr(library_module, "AT_ONCE", 5)
    page = case.library.call_page(case.scope(), "LAB-0001", 1)
    assert page.sound is None and page.sound_later and page.streams == () and len(page.ladder.arrows) == 2
    assert case.library.sound(case.scope(), "LAB-0001", 1).seconds > 0.2


async def test_minimised_content_is_a_tone_and_its_signalling_a_line_with_its_reason(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(minimised(of_communication(b"LAB-0001", 1), 5, "u1", "INV"))
    page = case.library.call_page(case.scope(), "LAB-0001", 1)
    assert [one.name for one in page.participants] == [A, B] and page.streams == ()
    assert all("MINIMISED (R-118)" in one.withheld for one in page.ladder.arrows)
    assert page.sound is not None and page.sound.tones and page.withheld[0].records == 22
    assert {one.channels for one in page.sound.tones} == {(0,), (1,)}


async def test_attack_of_a_held_call_not_even_a_name_or_a_tone_is_shown(made: Any, sent: Any) -> None:
    case = await made(*sent)
    case.decide(held(of_order(order_uid(OrderId("O-1"))), Reason.ORDER_LAPSED, 5))
    page = case.library.call_page(case.scope(), "LAB-0001", 1)
    assert page.participants == () and page.sound is None and page.row.parties == ()
    assert all((one.source, one.destination, one.label) == ("", "", "(withheld)") for one in page.ladder.arrows)
    assert "2125550101" not in repr(page)


async def test_attack_a_tampered_record_is_never_played(made: Any, sent: Any) -> None:
    case = await made(*sent)
    packets = case.library.communication(case.scope(), "LAB-0001", 1).packets
    case.decide(held(of_sequences([packets[3].sequence]), Reason.TAMPERED, 5))
    sound = case.library.sound(case.scope(), "LAB-0001", 1)
    assert sound.second_of(packets[3].sequence) is None and sound.second_of(packets[4].sequence) is not None
    assert not sound.tones and any(
        "R-093" in one.why for one in case.library.call_page(case.scope(), "LAB-0001", 1).withheld
    )


async def test_who_reads_call_identifying_information_alone_hears_nothing(made: Any, sent: Any) -> None:
    case = await made(*sent)
    page = case.library.call_page(case.scope(content=False), "LAB-0001", 1)
    assert page.streams == () and page.withheld[0].why == NOT_FOR_THIS_READER
    assert [one.name for one in page.participants] == [A, B]


def signal(at: int, **fields: Any) -> Signal:
    return Signal(at, at, VerdictKind.MASK, None, "iPMMIRI", fields, None, None)


def test_a_ladder_is_bounded_and_answers_go_back() -> None:
    call = Communication("L", 1)
    call.signals = [
        signal(0, method="INVITE", **{"from": f"sip:{A}@x.invalid", "to": f"sip:{B}@x.invalid"}),
        signal(1, status=200, transaction="INVITE", **{"from": f"sip:{A}@x.invalid", "to": f"sip:{B}@x.invalid"}),
    ]
    made = ladder(call, [Arrow(9, 0, "poi", "mediation", "X2", "", "message")])
    assert made.lanes == (A, B, "poi", "mediation")
    assert [(one.source, one.label) for one in made.arrows] == [(A, "INVITE"), ("poi", "X2"), (B, "200 INVITE")]
    call.signals = [signal(at, method="INFO") for at in range(MAX_ARROWS + 7)]
    assert (len(ladder(call).arrows), ladder(call).cut) == (MAX_ARROWS, 7)
