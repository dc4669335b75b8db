"""Parts of long messages and reports of delivery: out of order, twice, missing, with references that come again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.sms_fields import Segment, SmsTpdu
from asn1.sms_tpdu import decode_tpdu, encode_deliver, encode_status_report, encode_submit
from collector.export.joining import JOIN_S, MISSING, Message, Piece, join

A, B = "+12125550101", "+12125550142"
NOW_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000


def pieces(text: str, at_us: int = NOW_US, concatenation: int = 9, **more: object) -> list[Piece]:
    octets = encode_submit(text, B[1:], concatenation=concatenation, **more)  # type: ignore[arg-type]
    return [
        Piece(Message(at_us + index, A, B, tpdu.text), tpdu)
        for index, tpdu in enumerate(decode_tpdu(one, True) for one in octets)
    ]


def texts(*held: Piece) -> list[str | None]:
    return [one.text for one in join(held)]


LONG = "".join(f"Sentence {index} of a long message. " for index in range(12))
OTHER = LONG.replace("long", "LONG")


@given(st.permutations(range(3)), st.lists(st.sampled_from(range(3)), max_size=3))
def test_parts_in_any_order_and_any_number_of_times_are_one_message(order: list[int], again: list[int]) -> None:
    parts = pieces(LONG)
    shuffled = [parts[index] for index in [*order, *again]]
    arrived = [piece._replace(message=piece.message._replace(time_us=NOW_US + at)) for at, piece in enumerate(shuffled)]
    assert texts(*arrived) == [LONG]


@pytest.mark.parametrize("gone", [(0,), (1,), (2,), (0, 2), (0, 1)])
def test_what_is_missing_shows_where_it_is_missing(gone: tuple[int, ...]) -> None:
    parts = pieces(LONG)
    (text,) = texts(*(part for index, part in enumerate(parts) if index not in gone))
    wanted = "".join(MISSING if index in gone else part.message.text or "" for index, part in enumerate(parts))
    assert text == wanted


def test_a_reference_that_comes_again_with_other_words_is_another_message() -> None:
    first, second = pieces(LONG), pieces(OTHER, NOW_US + HOUR_US)
    assert texts(*first, *second) == [LONG, OTHER]
    interleaved = [one for pair in zip(first, second, strict=True) for one in pair]
    assert texts(*interleaved) == [LONG, OTHER]
    late = pieces(LONG, NOW_US + (JOIN_S + 60) * 1_000_000)
    last = first[2].message.text or ""
    assert texts(*first[:2], *late[2:]) == [LONG.removesuffix(last) + MISSING, MISSING * 2 + last]


def test_an_empty_part_is_no_missing_part() -> None:
    parts = pieces(LONG)
    assert parts[1].tpdu is not None
    hollow = Piece(parts[1].message._replace(text=""), replace(parts[1].tpdu, text="", data=b""))
    (text,) = texts(parts[0], hollow, parts[2])
    assert text == (parts[0].message.text or "") + (parts[2].message.text or "")


def test_references_of_sixteen_bits_are_told_apart() -> None:
    """Octets written by hand after 9.2.3.24.8: an element 08 of four octets, reference 0x1234 and 0x0034."""

    def part(reference: int, number: int, text: bytes) -> bytes:
        header = bytes([6, 8, 4, reference >> 8, reference & 0xFF, 2, number])
        ends = b"\x41\x00\x0b\x91" + bytes.fromhex("2121550541f2")
        return ends + b"\x00\x08" + bytes([len(header + text)]) + header + text

    held = []
    for reference, words in ((0x1234, "ab"), (0x0034, "cd")):
        for number, letter in enumerate(words, 1):
            tpdu = decode_tpdu(part(reference, number, letter.encode("utf-16-be")), True)
            assert tpdu.segment == Segment(reference, 2, number)
            held.append(Piece(Message(NOW_US + number, A, B, tpdu.text), tpdu))
    assert sorted(text or "" for text in texts(*held)) == ["ab", "cd"]


def test_a_wide_character_that_was_cut_between_two_parts_is_one_again() -> None:
    octets = "😀".encode("utf-16-be")
    halves = [
        SmsTpdu("SMS-SUBMIT", B[1:], 0x91, octets[at : at + 2].decode("utf-16-be", "replace"), octets[at : at + 2],
                dcs=8, segment=Segment(1, 2, at // 2 + 1))
        for at in (0, 2)
    ]  # fmt: skip
    assert texts(*(Piece(Message(NOW_US, A, B, one.text), one) for one in halves)) == ["😀"]
    (text,) = texts(Piece(Message(NOW_US, A, B, halves[0].text), halves[0]))
    assert text is not None and text.endswith(MISSING)


@pytest.mark.parametrize("alphabet", ["gsm7", "ucs2"])
def test_signs_of_the_extension_table_and_beyond_survive_being_cut_into_parts(alphabet: str) -> None:
    text = "{[~^|€]}\\" * 40 if alphabet == "gsm7" else "😀Ω€" * 90
    assert texts(*pieces(text, alphabet=alphabet)) == [text]


def test_a_part_that_is_no_text_is_a_hole() -> None:
    parts = pieces(LONG)
    assert parts[1].tpdu is not None
    parts[1] = Piece(parts[1].message._replace(text=None), replace(parts[1].tpdu, text=None, dcs=4))
    (text,) = texts(*parts)
    assert text is not None and text.count(MISSING) == 1 and text.startswith("Sentence 0")


def report(reference: int, at_us: int, status: int = 0, number: str = B[1:]) -> Piece:
    octets = encode_status_report(reference, number, NOW_US, at_us, status)
    return Piece(Message(at_us, A, B, None), decode_tpdu(octets, False))


def deliveries(held: list[Piece], *reports: Piece) -> list[str]:
    return [one.delivery for one in join(held, reports)]


def test_a_report_stands_beside_the_message_that_it_reports() -> None:
    one = pieces("one", reference=7)
    two = pieces("two", NOW_US + HOUR_US, reference=8)
    assert deliveries([*one, *two], report(8, NOW_US + 2 * HOUR_US), report(7, NOW_US + 3 * HOUR_US, 0x41)) == [
        "not delivered, status 0x41", "received",
    ]  # fmt: skip
    assert deliveries([*one, *two], report(7, NOW_US + HOUR_US, 0x30)) == ["not yet delivered", ""]
    assert deliveries([*one, *two], report(7, NOW_US + HOUR_US, 0x30), report(7, NOW_US + 2 * HOUR_US)) == [
        "received", "",
    ]  # fmt: skip


def test_a_report_belongs_to_the_newest_message_with_its_reference_and_to_none_that_came_later() -> None:
    old, new = pieces("old", reference=7), pieces("new", NOW_US + HOUR_US, reference=7)
    assert deliveries([*old, *new], report(7, NOW_US + 2 * HOUR_US)) == ["", "received"]
    assert deliveries([*old, *new], report(7, NOW_US + HOUR_US // 2)) == ["received", ""]
    assert deliveries([*new], report(7, NOW_US)) == [""]
    assert deliveries([*old], report(7, NOW_US + 30 * 24 * HOUR_US)) == [""]
    assert deliveries([*old], report(7, NOW_US + HOUR_US, number="12125550999")) == [""]


def test_a_long_message_is_delivered_part_by_part_and_a_national_number_is_the_same_number() -> None:
    parts = pieces(LONG, reference=254)
    national = [report((254 + index) & 0xFF, NOW_US + HOUR_US, number=B[2:]) for index in range(3)]
    assert deliveries(parts, *national[:2]) == ["received 2 of 3 parts"]
    assert deliveries(parts, *national) == ["received 3 of 3 parts"]


def test_what_came_to_a_handset_has_no_report() -> None:
    tpdu = decode_tpdu(encode_deliver("x", A[1:], NOW_US)[0], False)
    assert deliveries([Piece(Message(NOW_US, A, B, "x"), tpdu)], report(0, NOW_US + 1)) == [""]
