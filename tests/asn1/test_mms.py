"""Multimedia message PDUs, WSP and MIME multiparts: golden octets, round trips, and octets that are no message."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1 import mime, mms, wsp
from asn1.errors import DecodeError, EncodeError
from asn1.mime import Part, parts_of
from asn1.mms import HEADERS, MmsPdu, decode_pdu, encode_pdu, read_content

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/mms/pdus.json").read_text())["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_golden(vector: dict[str, Any]) -> None:
    found, wanted = decode_pdu(bytes.fromhex(vector["hex"])), vector["expect"]
    assert found.message_type == wanted["message_type"] and found.content_type == wanted["content_type"]
    assert [list(one) for one in found.headers] == wanted["headers"]
    assert [[part.content_type, part.name, part.body.hex()] for part in found.parts] == wanted["parts"]
    assert read_content(bytes.fromhex(vector["hex"])) == found


def test_the_texts_of_parts_are_read_by_their_character_sets() -> None:
    related, _, single = (decode_pdu(bytes.fromhex(VECTORS[index]["hex"])) for index in (1, 2, 3))
    assert [part.text for part in related.parts] == [None, "text é", None]
    assert single.parts[0].text == "café" and related.texts("to") == ("+12125550102", "someone@ims.invalid")
    assert related.parts[2].header("x-own") == "value"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_attack_cut_anywhere_or_with_any_bit_turned_it_is_read_or_refused(vector: dict[str, Any]) -> None:
    octets = bytes.fromhex(vector["hex"])
    assert read_or_refused(b"") is None and read_or_refused(octets[:3]) is None
    for at in range(len(octets)):
        read_or_refused(octets[:at])
        for bit in (1, 0x40, 0x80):
            read_or_refused(octets[:at] + bytes([octets[at] ^ bit]) + octets[at + 1 :])


def read_or_refused(octets: bytes) -> MmsPdu | None:
    try:
        return read_content(octets)
    except DecodeError:
        return None


@given(st.binary(max_size=200))
def test_no_octets_raise_anything_else(octets: bytes) -> None:
    for head in (b"", b"\x8c\x80", b"\x8c\x84\x84\x1f", b"\x02", b"--x\r\n"):
        read_or_refused(head + octets)


def test_every_field_has_one_row_and_its_number_reads_back() -> None:
    assert len({row.number for row in HEADERS}) == len({row.name for row in HEADERS}) == len(HEADERS)
    samples: dict[str, mms.Value] = {
        "text": "T", "encoded": "Grüße", "date": 1_700_000_000, "long": 70_000, "version": "1.3", "until": "+60",
        "insert": "+12125550101/TYPE=PLMN",
    }  # fmt: skip
    written = 0
    for row in HEADERS:
        if row.name == "x-mms-message-type":
            continue
        value = samples.get(row.kind) or next(iter(mms._WORDS.get(row.kind, {}).values()), None)
        if value is None:
            with pytest.raises(EncodeError):
                encode_pdu("m-send-req", [(row.name, "x")])
            continue
        assert decode_pdu(encode_pdu("m-send-req", [(row.name, value)])).headers[1:] == ((row.name, value),)
        written += 1
    assert written > 45


PARTS = st.lists(
    st.builds(
        Part,
        st.sampled_from(["text/plain", "image/png", "application/smil", "audio/amr", "application/vnd.own"]),
        st.sampled_from([(), (("charset", "utf-8"),), (("name", "a b.txt"),), (("own", "x"),)]),
        st.sampled_from([(), (("content-id", "<1>"),), (("content-location", "é.png"), ("x-own", "y"))]),
        st.binary(max_size=300),
    ),
    max_size=5,
)


@given(PARTS, st.sampled_from(["application/vnd.wap.multipart.related", "application/vnd.wap.multipart.mixed"]))
def test_what_is_written_reads_back(parts: list[Part], kind: str) -> None:
    octets = encode_pdu("m-send-req", [("subject", "x")], (kind, (("start", "<1>"),)), parts)
    found = decode_pdu(octets)
    assert found.parts == tuple(parts) and (found.content_type, found.parameters) == (kind, (("start", "<1>"),))
    if parts:
        assert read_content(wsp.multipart(parts)).parts == tuple(parts)


def test_a_multipart_that_another_writer_made_is_read_as_it_meant_it() -> None:
    message = EmailMessage()
    message.set_content("Grüße --b1 in the text\n--not a boundary\n")
    message.add_alternative("<b>x</b>", subtype="html")
    message.add_attachment(bytes(range(256)), "image", "gif", filename="p.gif", cid="<p>")
    body = message.as_bytes().partition(b"\n\n")[2]
    kind = message["content-type"]
    for octets in (body, body.replace(b"\n", b"\r\n")):
        found = parts_of(kind, octets)
        assert [part.content_type for part in found] == ["text/plain", "text/html", "image/gif"]
        assert (found[0].text or "").splitlines() == ["Grüße --b1 in the text", "--not a boundary"]
        assert found[2].body == bytes(range(256)) and found[2].name == "p.gif" and found[2].content_id == "p"


def test_binary_parts_keep_every_octet_and_a_missing_end_costs_no_part() -> None:
    picture = b"\r\n--b not me\r\n\x00--b\xff" + bytes(range(256))
    body = b"preamble\r\n--b\r\nContent-Type: image/png\r\n\r\n" + picture + b"\r\n--b\r\n\r\nbare\r\n--b--\r\nepilogue"
    found = parts_of('multipart/mixed;boundary="b"', body)
    assert [(part.content_type, part.body) for part in found] == [("image/png", picture), ("text/plain", b"bare")]
    cut = parts_of("multipart/mixed; boundary=b", body[: body.index(b"bare") + 2])
    assert [part.body for part in cut] == [picture, b"ba"]
    assert parts_of("multipart/mixed", b"no boundary at all") == []


def test_attack_multiparts_without_end_are_refused() -> None:
    nested = b"x"
    for depth in range(10):
        mark = b"b%d" % depth
        nested = (
            b"--" + mark + b"\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (depth - 1)
            + nested + b"\r\n--" + mark + b"--"
        )  # fmt: skip
    with pytest.raises(DecodeError) as depth_error:
        parts_of("multipart/mixed; boundary=b9", nested)
    assert depth_error.value.code == DecodeError.TOO_DEEP
    with pytest.raises(DecodeError) as many:
        parts_of("multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * 1_000 + b"--b--")
    assert many.value.code == DecodeError.TOO_MANY
    with pytest.raises(DecodeError):
        read_content(b"\x8f\xff\x7f" + bytes(100))
    assert mime.MAX_PARTS == wsp.MAX_PARTS
