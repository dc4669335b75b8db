"""Call data decodes as whole calls of the target, each with a name of its own, at the time it is sent."""

from __future__ import annotations

from asn1.laes import t1678
from asn1.laes.stream import Framer
from lab.bench.call_data import CallData

SECOND = 1_764_000_000


def test_calls_of_three_messages_one_liid_after_another() -> None:
    source = CallData([b"BENCH-000000", b"BENCH-000001"], 0x2000_0000)
    octets = b""
    for size in (1, 4, 7):
        piece, records = source.next(size, SECOND)
        assert records == size
        octets += bytes(piece)
    frames = Framer(b"\xa0").feed(octets)
    messages = [t1678.decode_message(frame.octets) for frame in frames]
    assert [one.name for one in messages] == ["origination", "answer", "release"] * 4
    assert [one.fields["caseId"] for one in messages] == (["BENCH-000000"] * 3 + ["BENCH-000001"] * 3) * 2
    assert {one.fields["timestamp"] // 1_000_000 for one in messages} == {SECOND}
    calls = [one.fields["callId"]["main"] for one in messages]
    assert len(set(calls)) == 4 and calls[0::3] == calls[1::3] == calls[2::3]
    assert abs(source.record_octets - len(octets) / 12) < 2
