"""Segments: cut and followed, in bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import LocalError
from asn1.ip import ipcc
from asn1.multimedia import ipmmcc
from asn1.segments import MAX_OPEN, OPEN_US, Run, SegmentBook, content_of, cut, with_content

STREAM = (b"LAB-1", 1, 1, 0)


@given(content=st.binary(min_size=1, max_size=300), octets=st.integers(1, 301), media=st.booleans())
def test_segments_joined_are_the_content(content: bytes, octets: int, media: bool) -> None:
    contents = ipmmcc(content, frame_type="rtpFrame") if media else ipcc(content)
    pieces = [content_of(one) for one in cut(contents, octets)]
    assert b"".join(one for one in pieces if one is not None) == content
    assert all(one is not None and 0 < len(one) <= octets for one in pieces)
    assert with_content(cut(contents, octets)[0], content) == contents


def test_what_is_small_or_of_no_octets_stays_one() -> None:
    assert cut(ipcc(b"E" * 10), 10) == [ipcc(b"E" * 10)]
    other = ("uMTSCC", b"E" * 50)
    assert cut(other, 10) == [other] and content_of(other) is None
    with pytest.raises(LocalError):
        cut(ipcc(b"E"), 0)


def test_a_run_goes_from_the_first_flag_to_the_last_and_wraps() -> None:
    book = SegmentBook()
    book.first(STREAM, 0xFFFFFFFF, 0)
    book.first(STREAM, 0xFFFFFFFF, 5)  # sent again
    assert not book.later_segment(STREAM, 0xFFFFFFFF)
    assert book.later_segment(STREAM, 0) and not book.later_segment((b"LAB-2", 1, 1, 0), 0)
    assert book.last(STREAM, 1) == Run(0xFFFFFFFF, 1)
    assert not book.later_segment(STREAM, 1) and book.last(STREAM, 1) is None
    assert book.given_up == 0


def test_attack_a_flood_of_open_segments_is_bounded_in_number_time_and_records() -> None:
    book = SegmentBook()
    for stream in range(3 * MAX_OPEN):
        book.first((stream,), 0, stream)
    assert len(book) == MAX_OPEN and book.given_up == 2 * MAX_OPEN
    book.expire(OPEN_US + 3 * MAX_OPEN)
    assert len(book) == 0 and book.given_up == 3 * MAX_OPEN
    book.first(STREAM, 0, 0)
    assert not book.later_segment(STREAM, 1 << 20)
    assert book.last(STREAM, 1 << 20) is None
    book.first(STREAM, 4, 0)
    book.first(STREAM, 9, 0)
    assert book.last(STREAM, 9) == Run(9, 9)
    book.first(STREAM, 9, 0)
    assert book.last(STREAM, 8) is None
