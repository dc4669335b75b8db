"""What a fault does to the records of a stream, and what it leaves alone."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from asn1.errors import DecodeError
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, tri_pdu
from lab.faults.board import Board, LinkSpec
from lab.faults.flow import MAX_QUEUED_OCTETS, SUCCESSOR_US, TICK_US, Flow
from lab.faults.model import fault_request
from lab.faults.records import MAX_RECORD_OCTETS, Framing, Records, about, corrupted, with_number

LINK = LinkSpec("hi2", "ps-pdu")


def record(number: int, liid: bytes = b"LAB-1") -> bytes:
    header = PsHeader(liid=liid, operator_id=b"SIMOP", cin=7, sequence_number=number, time_us=1)
    return cc_pdu(header, ("iPMMCC", {"iPMMCCObjId": "5.5.17.2", "mMCCContents": b"x" * 30}), "fromTarget")


def tri(name: str, value: Any = None) -> bytes:
    return tri_pdu(PsHeader(liid=b"-", operator_id=b"SIMOP", cin=0, sequence_number=1, time_us=1), name, value)


RECORDS = [record(number) for number in range(20)]
CHECK = tri(
    "integrityCheck",
    {"includedSequenceNumbers": [1, 2], "checkType": "hash", "dataType": "iRI", "checkValue": b"\x01\x02"},
)


def through(octets: bytes, *faults: dict[str, Any], link: LinkSpec = LINK, direction: str = "up") -> list[bytes]:
    """What comes out at the end."""
    board = Board({link.name: link})
    for one in faults:
        board.add(fault_request({"link": link.name, **one}), 0)
    flow = Flow(board, link, direction)
    flow.feed(octets, 0)
    flow.end(0)
    return flow.due(1 << 60)


def numbers(octets: list[bytes]) -> list[int]:
    return [decode_ps_pdu(one).header.sequence_number for one in octets]


def test_without_faults_every_octet_goes_through_however_it_is_cut() -> None:
    stream = b"".join(RECORDS) + CHECK + b"\x30\x80\xa1\x00\x00\x00" + b"rest that is no record"
    board = Board({"hi2": LINK})
    for size in (1, 7, 64, len(stream)):
        flow = Flow(board, LINK, "up")
        out = b""
        for at in range(0, len(stream), size):
            flow.feed(stream[at : at + size], at)
            out += b"".join(flow.due(at))
        flow.end(len(stream))
        assert out + b"".join(flow.due(len(stream))) == stream


def test_lost_records_are_a_share_drawn_by_the_seed_and_bounded() -> None:
    stream = b"".join(RECORDS)
    fault = {"kind": "loss", "share": 0.5}
    kept = through(stream, fault)
    assert kept == through(stream, fault) and 3 < len(kept) < 17
    assert numbers(through(stream, {"kind": "loss", "skip": 3, "count": 2})) == [*range(3), *range(5, 20)]
    assert through(stream, {"kind": "loss", "liid": "OTHER"}) == RECORDS
    assert through(stream, {"kind": "loss", "direction": "down"}) == RECORDS


def test_data_and_transport_information_are_told_apart() -> None:
    stream = RECORDS[0] + tri("keep-alive") + CHECK + RECORDS[1]
    assert through(stream, {"kind": "loss"}) == [tri("keep-alive"), CHECK]
    assert through(stream, {"kind": "loss", "what": "tri"}) == RECORDS[:2]
    assert through(stream, {"kind": "loss", "what": "all"}) == []
    assert through(stream, {"kind": "missed_keepalive"}) == [RECORDS[0], CHECK, RECORDS[1]]
    answer = tri("keep-aliveResponse")
    assert through(answer, {"kind": "missed_keepalive"}, direction="down") == [answer]
    assert through(answer, {"kind": "missed_keepalive", "direction": "down"}, direction="down") == []


def test_a_record_leaves_behind_its_successor_or_after_a_while() -> None:
    fault = {"kind": "reorder", "skip": 1, "count": 1}
    assert numbers(through(b"".join(RECORDS[:4]), fault)) == [0, 2, 1, 3]
    board = Board({"hi2": LINK})
    board.add(fault_request({"link": "hi2", "kind": "reorder"}), 0)
    flow = Flow(board, LINK, "up")
    flow.feed(RECORDS[0], 0)
    assert flow.due(SUCCESSOR_US - 1) == [] and flow.next_us() == SUCCESSOR_US
    assert flow.due(SUCCESSOR_US) == [RECORDS[0]]


def test_copies_are_the_same_octets() -> None:
    stream = b"".join(RECORDS[:2])
    assert through(stream, {"kind": "duplicate", "count": 1}) == [RECORDS[0], RECORDS[0], RECORDS[1]]
    assert through(stream, {"kind": "flood", "count": 1, "copies": 50}) == [RECORDS[0]] * 51 + [RECORDS[1]]


def test_attack_a_flood_never_holds_more_than_a_link_may_wait_for() -> None:
    board = Board({"hi2": LINK})
    for _ in range(3):
        board.add(fault_request({"link": "hi2", "kind": "flood", "copies": 10_000}), 0)
    flow = Flow(board, LINK, "up")
    for _ in range(40):
        flow.feed(b"".join(RECORDS), 0)
    assert flow.full and flow.queued < MAX_QUEUED_OCTETS + 41 * len(b"".join(RECORDS))


def test_numbers_jump_once_and_stay_ahead_beyond_the_wrap() -> None:
    out = numbers(through(b"".join(RECORDS[:6]), {"kind": "sequence_jump", "skip": 2, "by": 1_000}))
    assert out == [0, 1, 1002, 1003, 1004, 1005]
    assert numbers(through(RECORDS[3], {"kind": "sequence_jump", "by": (1 << 32) - 1})) == [2]


@pytest.mark.parametrize("by", [1, 127, 128, 40_000, 1 << 31])
def test_a_new_number_changes_nothing_else(by: int) -> None:
    made = decode_ps_pdu(with_number(RECORDS[5], by))
    before = decode_ps_pdu(RECORDS[5])
    assert made.header == before.header._replace(sequence_number=5 + by) and made.payload == before.payload


def test_a_check_is_wrong_in_its_value_alone() -> None:
    (made,) = through(CHECK, {"kind": "bad_integrity"})
    tri_before, tri_after = decode_ps_pdu(CHECK).payload[1][1], decode_ps_pdu(made).payload[1][1]
    assert tri_after == {**tri_before, "checkValue": b"\x01\x03"}
    assert through(RECORDS[0], {"kind": "bad_integrity"}) == [RECORDS[0]]


def test_a_corrupt_record_has_one_bit_turned_where_it_was_asked() -> None:
    for place in ("payload", "header", "frame"):
        made = corrupted(RECORDS[0], place, Random(1))
        turned = int.from_bytes(made) ^ int.from_bytes(RECORDS[0])
        assert turned.bit_count() == 1 and made == corrupted(RECORDS[0], place, Random(1))
    (broken,) = through(RECORDS[0], {"kind": "corrupt", "place": "header"})
    with pytest.raises(DecodeError):
        decode_ps_pdu(broken)


def test_what_is_late_stays_in_order() -> None:
    board = Board({"hi2": LINK})
    board.add(fault_request({"link": "hi2", "kind": "delay", "milliseconds": 10, "jitter_ms": 50}), 0)
    flow = Flow(board, LINK, "up")
    for at, one in enumerate(RECORDS):
        flow.feed(one, at)
    assert not flow.due(9_999) and flow.next_us() is not None
    assert flow.due(60_000 + len(RECORDS)) == RECORDS


def test_a_slow_reader_reads_little_in_a_turn() -> None:
    board = Board({"hi2": LINK})
    flow = Flow(board, LINK, "up")
    assert not flow.slow and flow.read_octets() > 1000
    board.add(fault_request({"link": "hi2", "kind": "slow_reader", "octets_per_s": 1000}), 0)
    assert flow.slow and flow.read_octets() == 1000 * TICK_US // 1_000_000
    assert not Flow(board, LINK, "down").slow


def test_datagrams_are_records_as_they_are() -> None:
    link = LinkSpec("ccc", "none", datagrams=True)
    board = Board({"ccc": link})
    board.add(fault_request({"link": "ccc", "kind": "loss", "count": 1}), 0)
    board.add(fault_request({"link": "ccc", "kind": "reorder", "count": 1, "skip": 1}), 0)
    flow = Flow(board, link, "up")
    for one in (b"a", b"b", b"c", b"d"):
        flow.feed(one, 0)
    # The second that is seen at all is the one that waits.
    assert flow.due(0) == [b"c", b"b", b"d"]


@pytest.mark.parametrize("framing", ["ps-pdu", "ber", "x2x3"])
def test_attack_octets_without_framing_are_passed_on_and_never_hoarded(framing: Framing) -> None:
    cutter = Records(framing)
    noise = Random(3).randbytes(5_000)
    assert b"".join(piece.octets for piece in cutter.feed(noise)) + cutter.rest() == noise
    endless = Records(framing)
    head = b"\x30\x84\x7f\xff\xff\xff" if framing != "x2x3" else bytes.fromhex("000500020000002800100000")
    given = 0
    for _ in range(40):
        given += sum(len(piece.octets) for piece in endless.feed(head + bytes(65_536)))
        head = b""
        assert endless.held <= MAX_RECORD_OCTETS + 65_536
    assert given


def test_nothing_is_known_of_a_record_that_does_not_decode() -> None:
    assert about(RECORDS[0], "ps-pdu").liid == "LAB-1" and about(CHECK, "ps-pdu").tri == "integrityCheck"
    assert about(b"\x30\x00", "ps-pdu") == about(RECORDS[0], "ber") == ("", "")
