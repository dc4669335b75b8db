"""Lines of X2/X3 streams: one a PDU, by the golden PDUs, in any pieces, and an error line for what is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.x2x3 import PayloadFormat, PduType, X2X3Pdu, encode_pdu, keepalive
from asn1.x2x3_view import describe, describe_stream

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/etsi/x2x3.json").read_text())["vectors"]
STREAM = b"".join(bytes.fromhex(vector["octets"]) for vector in VECTORS)
LINES = list(describe_stream([STREAM]))


@pytest.mark.parametrize("number", range(len(VECTORS)), ids=lambda number: VECTORS[number]["name"])
def test_every_golden_pdu_has_its_line(number: int) -> None:
    wanted, line = VECTORS[number]["fields"], LINES[number]
    assert line["octets"] == len(VECTORS[number]["octets"]) // 2 and line["dialect"] == "x2x3"
    assert line.get("sequence_number") == wanted.get("sequence_number")
    assert line["fields"]["version"] == f"0.{wanted['version']}"
    content = wanted["pdu_type"] == PduType.X3
    assert line.get("kind") == {1: "iri", 2: "cc"}.get(wanted["pdu_type"])
    assert line.get("content_octets") == (len(wanted["payload"]) // 2 or None)
    if content:
        assert wanted["payload"] not in json.dumps(line), "content is not repeated"
    json.dumps(line)


def test_an_event_is_shown_by_its_rows_and_sip_as_text() -> None:
    by_name = {vector["name"]: line for vector, line in zip(VECTORS, LINES, strict=True)}
    assert by_name["ts33128-x2-v5"]["fields"]["event"] == {
        "pDUSessionRelease": {"sUPI": {"iMSI": "001010000000001"}, "pDUSessionID": 7}
    }
    assert by_name["sip-x2-v6"]["fields"]["sip"].startswith("OPTIONS sip:")
    every = by_name["unknown-attribute-v6"]["fields"]
    assert every["attributes"] == [{"type": 99, "octets": "6e6577"}] and every["source_address"] == "192.0.2.1"
    assert (by_name["keepalive-v5"]["payload"], by_name["keepalive-ack-v6"]["payload"]) == ("keepalive", "keepaliveAck")


def test_lines_count_their_place_in_the_stream() -> None:
    assert [line["offset"] for line in LINES] == [
        sum(len(vector["octets"]) // 2 for vector in VECTORS[:number]) for number in range(len(VECTORS))
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 3_000), max_size=12))
def test_any_pieces_give_the_same_lines(cuts: list[int]) -> None:
    pieces, at = [], 0
    for cut in [*cuts, len(STREAM)]:
        pieces.append(STREAM[at : at + cut])
        at += cut
    assert list(describe_stream(pieces)) == LINES


def test_a_broken_pdu_is_an_error_line_and_the_next_follows() -> None:
    broken = bytearray(encode_pdu(keepalive(1)))
    broken[43] = 3
    lines = list(describe_stream([bytes(broken) + encode_pdu(keepalive(2))]))
    assert lines[0]["error"]["code"] == "BAD_LENGTH" and lines[1]["sequence_number"] == 2
    event = encode_pdu(X2X3Pdu(PduType.X2, PayloadFormat.TS_33128, 3, payload=b"no event"))
    assert "error" in describe(event, 7) and describe(event, 7)["offset"] == 7


def test_lost_framing_and_a_cut_end_are_the_last_line() -> None:
    good = encode_pdu(keepalive(1))
    lost = list(describe_stream([good + b"GET / HTTP/1.1" + bytes(40)]))
    assert len(lost) == 2 and lost[1]["error"] == {
        "code": "BAD_VALUE", "message": "version: major version 71, only 0 is known", "at": len(good),
    }  # fmt: skip
    cut = list(describe_stream([good + good[:30]]))
    assert cut[1]["error"]["code"] == "TRUNCATED" and cut[1]["offset"] == len(good)


@given(st.binary(max_size=200))
def test_noise_gives_lines_alone(octets: bytes) -> None:
    json.dumps(list(describe_stream([octets])))
