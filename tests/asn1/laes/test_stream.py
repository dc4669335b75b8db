import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import tlv
from asn1.errors import DecodeError
from asn1.laes.stream import Framer

DIRECTORY = Path(__file__).parents[2] / "vectors/us"
VECTORS = {path.stem: path.read_bytes() for path in sorted(DIRECTORY.glob("*.ber"))}
VOICE = [octets for name, octets in VECTORS.items() if name.startswith("vop_")]
STARTS = b"\xa0\xa1"


def indefinite(octets):
    """The record with every constructed element in it closed by end-of-contents."""
    element = tlv.read_tlv(octets, 0, len(octets))
    if not element.constructed:
        return octets
    inside = b"".join(indefinite(octets[child.start : child.end]) for child in tlv.children(octets, element))
    return octets[:1] + b"\x80" + inside + b"\0\0"


STREAM = [form for octets in VOICE for form in (octets, indefinite(octets))]
WHOLE = b"".join(STREAM)


def told(frames):
    return [(frame.offset, frame.octets, frame.error and (frame.error.code, frame.error.offset)) for frame in frames]


def fed(pieces, starts=STARTS, limit=1 << 20):
    framer = Framer(starts, limit)
    frames = [frame for piece in pieces for frame in framer.feed(piece)]
    last = framer.finish()
    return told(frames + ([] if last is None else [last]))


def test_records_come_out_with_their_offsets():
    frames = fed([WHOLE])
    assert [octets for _, octets, _ in frames] == STREAM
    for offset, octets, error in frames:
        assert WHOLE[offset : offset + len(octets)] == octets
        assert error is None


def test_octet_by_octet_gives_the_same_records():
    assert fed([WHOLE[at : at + 1] for at in range(len(WHOLE))]) == fed([WHOLE])


def test_a_stream_cut_once_at_any_octet_gives_the_same_records():
    short = b"".join(STREAM[:4])
    wanted = fed([short])
    for at in range(len(short) + 1):
        assert fed([short[:at], short[at:]]) == wanted


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(0, len(WHOLE)), max_size=12), st.integers(60, 400))
def test_a_stream_cut_anywhere_with_any_limit_gives_the_same_records(cuts, limit):
    cuts = [0, *sorted(cuts), len(WHOLE)]
    pieces = [WHOLE[start:end] for start, end in itertools.pairwise(cuts)]
    assert fed(pieces, limit=limit) == fed([WHOLE], limit=limit)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.sampled_from([b"", b"\xa0", b"\xa0\x80", VOICE[0]]), st.binary(max_size=120), st.data())
def test_any_octets_give_the_same_frames_however_cut(start, rest, data):
    octets = start + rest
    at = data.draw(st.integers(0, len(octets)))
    frames = fed([octets], limit=100)
    assert fed([octets[:at], octets[at:]], limit=100) == frames
    assert all(len(held) <= 100 for _, held, error in frames if error is None)


def test_a_record_above_the_limit_is_passed_over_and_told():
    large = b"\xa1\x81\xc8" + bytes(200)
    for pieces in ([VOICE[0] + large + VOICE[1]], [VOICE[0] + large[:50], large[50:] + VOICE[1]]):
        first, second, third = fed(pieces, limit=150)
        assert first[1] == VOICE[0]
        assert second == (len(VOICE[0]), b"", (DecodeError.OVERSIZED, 0))
        assert third[:2] == (len(VOICE[0]) + len(large), VOICE[1])


def test_attack_a_record_that_announces_more_than_will_ever_come():
    framer = Framer(STARTS, 1000)
    assert [frame.error.code for frame in framer.feed(b"\xa0\x88" + b"\x7f" * 8)] == [DecodeError.OVERSIZED]
    for _ in range(100):
        assert framer.feed(bytes(1000)) == []
    assert len(framer._held) == 0
    assert framer.finish().error.code == DecodeError.TRUNCATED


def test_attack_an_indefinite_record_that_never_ends():
    framer = Framer(STARTS, 1000)
    frames = framer.feed(b"\xa0\x80")
    for _ in range(1000):
        frames += framer.feed(b"\x80\x01\x00")
    assert [frame.error.code for frame in frames] == [DecodeError.OVERSIZED]
    assert framer.lost
    assert framer.feed(VOICE[0]) == []
    assert framer.finish() is None


def test_attack_a_million_octets_of_open_records():
    framer = Framer(STARTS)
    assert [frame.error.code for frame in framer.feed(b"\xa0\x80" * 500_000)] == [DecodeError.TOO_DEEP]
    framer = Framer(STARTS)
    frames = framer.feed(b"\xa0\x80" + b"\x05\x00" * 500_000)
    assert [frame.error.code for frame in frames] == [DecodeError.TOO_MANY]


def test_a_large_record_coming_octet_by_octet_counts_as_one_element():
    octets = tlv.encode_tlv(tlv.CONTEXT, True, 0, tlv.encode_tlv(tlv.UNIVERSAL, False, 4, bytes(70_000)))
    framer = Framer(STARTS)
    frames = [frame for at in range(len(octets)) for frame in framer.feed(octets[at : at + 1])]
    assert told(frames) == [(0, octets, None)]


@pytest.mark.parametrize(
    ("octets", "code", "at"),
    [
        (b"\x30\x00", DecodeError.WRONG_DIALECT, 0),
        (b"\xa0\x89" + bytes(9), DecodeError.BAD_LENGTH, 0),
        (b"\xa0\x80\x04\x80", DecodeError.BAD_LENGTH, 2),
    ],
)
def test_where_framing_is_lost_nothing_more_is_read(octets, code, at):
    assert fed([VOICE[0] + octets, VOICE[1]])[1:] == [(len(VOICE[0]), b"", (code, at))]


@pytest.mark.parametrize("end", [1, 2, 50])
def test_a_stream_that_ends_inside_a_record_says_so(end):
    assert fed([VOICE[0], VOICE[1][:end]])[1] == (len(VOICE[0]), VOICE[1][:end], (DecodeError.TRUNCATED, 0))
