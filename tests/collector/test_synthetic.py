"""The book of open communications, and the close that an order's end puts to them."""

from __future__ import annotations

import json

from collector.synthetic import Communication, OpenBook, close_octets, read_close
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    OrderUid,
    Target,
    TargetKind,
    Window,
)

A, B = OrderUid(b"a" * 16), OrderUid(b"b" * 16)
ORDER = CourtOrder(
    OrderId("O-1"), 3, OrderKind.EAVESDROPPING, CaseId("C"), Liid("L"), "LEA", Window(0, 100),
    (Target(TargetKind.E164, "12125550101"),),
)  # fmt: skip


def test_a_close_says_that_the_order_cut_the_call() -> None:
    octets = close_octets(ORDER, "L", 7, 100)
    value = read_close(octets)
    assert value == {
        "synthetic": "close", "truncated_by_order": True, "order": "O-1", "version": 3, "liid": "L", "cin": 7,
        "event_us": 100,
    }  # fmt: skip
    assert octets == json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    assert read_close(b"\x30\x00") is None and read_close(b'{"masked":1}') is None and read_close(b"[]") is None


def test_open_until_the_carrier_ends_it_or_we_close_it() -> None:
    book = OpenBook()
    book.kept(1, 1, A, 10)
    book.kept(1, 2, A, 11)
    book.kept(1, 3, A, 12)
    book.kept(2, 1, B, 12)
    book.ended(1, 2, A, 20)
    assert book.open_of(A) == [Communication(1, 1), Communication(1, 3)] and book.open_of(B) == [Communication(2, 1)]
    book.close(1, 1, A, 100)
    assert book.open_of(A) == [Communication(1, 3)]
    # What was stamped before the end and comes late opens nothing again.
    book.kept(1, 1, A, 99)
    assert book.open_of(A) == [Communication(1, 3)]
    book.forget(1, 3)
    assert book.open_of(A) == [] and len(book) == 3


def test_what_goes_on_under_an_order_that_covers_more_is_open_again() -> None:
    book = OpenBook()
    for cin in (1, 2, 3):
        book.kept(1, cin, A, 10)
        book.close(1, cin, A, 100)
    book.refused_end(1, 3)
    book.kept(1, 1, B, 100)
    assert book.open_of(B) == [Communication(1, 1)]
    book.reopen(A, 100)
    assert book.open_of(A) == []
    book.reopen(A, 200)
    assert book.open_of(A) == [Communication(1, 2)]


def test_a_refused_end_of_an_open_communication_leaves_it_to_be_closed() -> None:
    book = OpenBook()
    book.kept(1, 1, A, 10)
    book.refused_end(1, 1)
    book.refused_end(1, 99)
    assert book.open_of(A) == [Communication(1, 1)]
