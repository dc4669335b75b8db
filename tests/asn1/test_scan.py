"""The scan, compiled and interpreted: what it reads, what it refuses, and that both paths say the same."""

from __future__ import annotations

import mmap
import random
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asn1.errors import DecodeError, LocalError

CODE = {name: 1 + index for index, name in enumerate(DecodeError.CODES)}
NO_TIME = -(1 << 63)
NOW_US = 1_750_000_000_123_456

FIELDS = (
    "offset",
    "length",
    "liid",
    "cin",
    "number",
    "time_us",
    "qualifier",
    "kind",
    "payload_tag",
    "content_tag",
    "direction",
    "iri_type",
    "payloads",
    "content_offset",
    "content_length",
    "authorization_country",
    "delivery_country",
    "operator_offset",
    "operator_length",
    "element_offset",
    "element_length",
    "status",
)

# A BER builder of the test's own, so that no encoder of the project checks itself.

OID = bytes.fromhex("04000202050128")


def length_octets(size: int, padding: int = 0) -> bytes:
    if padding:
        return bytes([0x80 | padding]) + size.to_bytes(padding, "big")
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def tlv(tag: int, *parts: bytes, padding: int = 0, indefinite: bool = False) -> bytes:
    body = b"".join(parts)
    if indefinite:
        return bytes([tag, 0x80]) + body + b"\0\0"
    return bytes([tag]) + length_octets(len(body), padding) + body


def number(tag: int, value: int) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def micro(tag: int, time_us: int) -> bytes:
    return tlv(tag, number(0x80, time_us // 1_000_000), number(0x81, time_us % 1_000_000))


def header(
    *,
    oid: bytes | None = OID,
    liid: bytes | None = b"LAB-0001",
    country: bytes | None = b"US",
    cin: int | None = 7,
    network: bytes | None = None,
    communication: bytes | None = None,
    sequence: int | None = 0,
    time: bytes = b"",
    extra: bytes = b"",
    **form: Any,
) -> bytes:
    if network is None:
        network = tlv(0xA0, tlv(0x80, b"LABOP"), tlv(0x81, b"ne-1"))
    if communication is None:
        inner = network + (b"" if cin is None else number(0x81, cin)) + tlv(0x82, b"CA")
        communication = tlv(0xA3, inner)
    return tlv(
        0xA1,
        b"" if oid is None else tlv(0x80, oid),
        b"" if liid is None else tlv(0x81, liid),
        b"" if country is None else tlv(0x82, country),
        communication,
        b"" if sequence is None else number(0x84, sequence),
        time,
        extra,
        **form,
    )


def ipmm_cc(content: bytes = b"rtp", direction: int = 0, extra: bytes = b"") -> bytes:
    contents = tlv(0xAC, tlv(0x80, bytes.fromhex("05051102")), tlv(0x81, content), number(0x82, 0), number(0x84, 0))
    return tlv(0x30, number(0x80, direction), tlv(0xA2, contents), extra)


def ip_cc(content: bytes = b"packet") -> bytes:
    contents = tlv(0xA2, tlv(0x80, bytes.fromhex("05031402")), tlv(0xA1, tlv(0x80, content)))
    return tlv(0x30, number(0x80, 1), tlv(0xA2, contents))


def iri(iri_type: int | None = 1, contents: bytes = b"", extra: bytes = b"") -> bytes:
    contents = contents or tlv(0xAB, tlv(0x80, bytes.fromhex("05051101")), tlv(0xA1, tlv(0x80, b"INVITE")))
    return tlv(0x30, b"" if iri_type is None else number(0x80, iri_type), tlv(0xA2, contents), extra)


def cc_payload(*items: bytes) -> bytes:
    return tlv(0xA2, tlv(0xA1, *items))


def iri_payload(*items: bytes) -> bytes:
    return tlv(0xA2, tlv(0xA0, *items))


def tri(alternative: bytes) -> bytes:
    return tlv(0xA2, tlv(0xA2, alternative))


def pdu(head: bytes, payload: bytes, **form: Any) -> bytes:
    return tlv(0x30, head, payload, **form)


def cc_record(sequence: int = 0, content: bytes = b"rtp", **fields: Any) -> bytes:
    fields.setdefault("time", micro(0xA7, NOW_US + sequence) + number(0x88, 1))
    return pdu(header(sequence=sequence, **fields), cc_payload(ipmm_cc(content)))


class Result:
    """Everything a scan answers, as plain values."""

    def __init__(
        self,
        kernels: SimpleNamespace,
        octets: Any,
        *,
        capacity: int = 64,
        limit: int = 4096,
        start: int = 0,
        stop: int | None = None,
        table: Any = None,
    ) -> None:
        self.octets = octets
        cols = kernels.columns.Columns(capacity)
        self.liids = table if table is not None else kernels.columns.LiidTable(seed=5)
        self.end = kernels.scan.scan(octets, start, len(octets) if stop is None else stop, cols, self.liids, limit)
        self.fatal, self.skip = cols.fatal, cols.skip
        self.rows = [{name: getattr(cols, name)[row] for name in FIELDS} for row in range(cols.n)]

    @property
    def row(self) -> dict[str, int]:
        assert (len(self.rows), self.fatal, self.end) == (1, 0, len(self.octets))
        return self.rows[0]

    def content(self, row: int = 0) -> bytes:
        at = self.rows[row]["content_offset"]
        return self.octets[at : at + self.rows[row]["content_length"]]

    def key(self) -> tuple[object, ...]:
        liids = [self.liids.octets(i) for i in range(len(self.liids))]
        return self.end, self.fatal, self.skip, liids, [tuple(row.values()) for row in self.rows]


def test_every_header_field_of_a_cc_record(kernels: SimpleNamespace) -> None:
    octets = cc_record(41, b"x" * 300)
    result = Result(kernels, octets)
    row = result.row
    assert row["status"] == 0
    assert (row["offset"], row["length"]) == (0, len(octets))
    assert result.liids.octets(row["liid"]) == b"LAB-0001"
    assert (row["cin"], row["number"], row["time_us"], row["qualifier"]) == (7, 41, NOW_US + 41, 1)
    assert (row["kind"], row["payload_tag"], row["content_tag"]) == (kernels.scan.KIND_CC, 1, 12)
    assert (row["direction"], row["iri_type"], row["payloads"]) == (0, -1, 1)
    assert row["authorization_country"] == int.from_bytes(b"US", "big")
    assert row["delivery_country"] == int.from_bytes(b"CA", "big")
    assert octets[row["operator_offset"] :][: row["operator_length"]] == b"LABOP"
    assert octets[row["element_offset"] :][: row["element_length"]] == b"ne-1"
    assert result.content() == b"x" * 300


def test_ip_content_is_the_packet_alone(kernels: SimpleNamespace) -> None:
    result = Result(kernels, pdu(header(), cc_payload(ip_cc(b"\x45packet"))))
    assert (result.row["status"], result.row["content_tag"], result.row["direction"]) == (0, 2, 1)
    assert result.content() == b"\x45packet"


def test_truncated_ip_packet_keeps_the_whole_alternative(kernels: SimpleNamespace) -> None:
    contents = tlv(0xA2, tlv(0x80, b"\5\3\x14\2"), tlv(0xA1, tlv(0xA1, tlv(0x80, b"cut"))))
    result = Result(kernels, pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, contents)))))
    assert result.row["status"] == 0
    assert result.content() == contents


def test_iri_record(kernels: SimpleNamespace) -> None:
    contents = tlv(0xB3, b"x")
    item = iri(3, contents, extra=number(0x85, 1))
    result = Result(kernels, pdu(header(time=micro(0xA7, NOW_US)), iri_payload(item)))
    row = result.row
    assert (row["status"], row["kind"], row["payload_tag"], row["content_tag"]) == (0, 0, 0, 19)
    assert (row["iri_type"], row["direction"], row["qualifier"]) == (3, 1, -1)
    assert result.content() == contents


def test_payload_direction_outranks_session_direction(kernels: SimpleNamespace) -> None:
    for extra in (number(0x85, 1) + number(0x86, 0), number(0x86, 0) + number(0x85, 1)):
        assert Result(kernels, pdu(header(), iri_payload(iri(1, extra=extra)))).row["direction"] == 0


@pytest.mark.parametrize("alternative", [0, 1, 3, 4, 5, 6, 7, 9, 12, 13])
def test_tri_alternatives(kernels: SimpleNamespace, alternative: int) -> None:
    inner = tlv(0x80 | alternative)
    result = Result(kernels, pdu(header(), tri(inner)))
    assert (result.row["status"], result.row["kind"], result.row["content_tag"]) == (0, 2, alternative)
    assert result.content() == inner


def test_hi1_encrypted_and_other_payloads(kernels: SimpleNamespace) -> None:
    scan = kernels.scan
    for tag, inner, kind, content_tag in (
        (0xA3, tlv(0xA1, b""), scan.KIND_HI1, 1),
        (0xA5, tlv(0xA2, b""), scan.KIND_HI1, 2),
        (0xA4, tlv(0x80, b"\4"), scan.KIND_ENCRYPTED, -1),
        (0xA6, b"", scan.KIND_OTHER, -1),
        (0xA7, b"", scan.KIND_OTHER, -1),
        (0xB0, b"", scan.KIND_OTHER, -1),
    ):
        result = Result(kernels, pdu(header(), tlv(0xA2, tlv(tag, inner))))
        assert (result.row["status"], result.row["kind"], result.row["content_tag"]) == (0, kind, content_tag)
        assert result.row["payload_tag"] == tag & 0x1F
        assert result.content() == (inner if kind == scan.KIND_HI1 else tlv(tag, inner))


def test_aggregated_payloads_are_counted(kernels: SimpleNamespace) -> None:
    timed = ipmm_cc(extra=micro(0xA3, NOW_US))
    result = Result(kernels, pdu(header(), cc_payload(timed, ip_cc(), ipmm_cc())))
    assert (result.row["status"], result.row["payloads"], result.row["content_tag"]) == (0, 3, 12)
    assert result.row["time_us"] == NO_TIME, "a time of one of several payloads is not the record's"
    assert Result(kernels, pdu(header(), cc_payload())).row["payloads"] == 0


def test_time_of_a_single_payload_outranks_the_headers(kernels: SimpleNamespace) -> None:
    item = ipmm_cc(extra=micro(0xA3, NOW_US) + number(0x84, 2))
    row = Result(kernels, pdu(header(), cc_payload(item))).row
    assert (row["time_us"], row["qualifier"]) == (NOW_US, 2)
    row = Result(kernels, pdu(header(time=micro(0xA7, 5)), cc_payload(item))).row
    assert (row["time_us"], row["qualifier"]) == (NOW_US, 2)
    unsaid = ipmm_cc(extra=micro(0xA3, NOW_US))
    row = Result(kernels, pdu(header(time=micro(0xA7, 5) + number(0x88, 1)), cc_payload(unsaid))).row
    assert (row["time_us"], row["qualifier"]) == (NOW_US, 1)
    row = Result(kernels, pdu(header(time=micro(0xA7, 5)), cc_payload(unsaid, unsaid))).row
    assert row["time_us"] == 5, "of several, the header's stands here; the careful lane has each one's own"
    item = tlv(0x30, tlv(0x81, b"19700101000001Z"), tlv(0xA2, tlv(0xAB)), micro(0xA3, 9))
    assert Result(kernels, pdu(header(), iri_payload(item))).row["time_us"] == 9


GENERALIZED = {
    b"20250615145320Z": 1_749_999_200_000_000,
    b"20250615145320.5Z": 1_749_999_200_500_000,
    b"20250615145320,123456789Z": 1_749_999_200_123_456,
    b"20250615165320.123+0200": 1_749_999_200_123_000,
    b"20250615095320-0500": 1_749_999_200_000_000,
    b"20250615172320+0230": 1_749_999_200_000_000,
    b"20250615165320+02": 1_749_999_200_000_000,
    b"20240229000000Z": 1_709_164_800_000_000,
    b"20000229235959Z": 951_868_799_000_000,
    b"19700101000000Z": 0,
    b"99991231235959.999999Z": 253_402_300_799_999_999,
}


@pytest.mark.parametrize(("text", "time_us"), GENERALIZED.items())
def test_generalized_times(kernels: SimpleNamespace, text: bytes, time_us: int) -> None:
    row = Result(kernels, pdu(header(time=tlv(0x85, text)), cc_payload(ipmm_cc()))).row
    assert (row["status"], row["time_us"]) == (0, time_us)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"20250615145320",
        b"20250615145320.Z",
        b"20250615145320.5",
        b"20250615145320ZZ",
        b"20250615145320+2",
        b"20250615145320+0260",
        b"20250615145320+2400",
        b"20250229145320Z",
        b"19000229000000Z",
        b"20251301000000Z",
        b"20250001000000Z",
        b"20250631000000Z",
        b"20250600000000Z",
        b"20250615240000Z",
        b"20250615236000Z",
        b"20250615235960Z",
        b"2025061514532xZ",
        b"2025061514Z",
        b"250615145320Z",
        b"20250615145320." + b"0" * 40 + b"Z",
    ],
)
def test_times_that_are_none(kernels: SimpleNamespace, text: bytes) -> None:
    row = Result(kernels, pdu(header(time=tlv(0x85, text)), cc_payload(ipmm_cc()))).row
    assert (row["status"], row["time_us"]) == (CODE["BAD_VALUE"], NO_TIME)


def test_microseconds_outrank_generalized_time(kernels: SimpleNamespace) -> None:
    both = tlv(0x85, b"20250615145320Z"), micro(0xA7, NOW_US)
    for time in (both[0] + both[1], both[1] + both[0]):
        assert Result(kernels, pdu(header(time=time), cc_payload(ipmm_cc()))).row["time_us"] == NOW_US


# Lengths as found in the field.


def every_form() -> Iterator[bytes]:
    """One record, its every constructed level in every legal form of length."""
    time = micro(0xA7, NOW_US) + number(0x88, 1)
    for outer in range(9):
        for indefinite in (False, True):
            form: dict[str, Any] = {"indefinite": True} if indefinite else {"padding": outer}
            if indefinite and outer:
                continue
            network = tlv(0xA0, tlv(0x80, b"LABOP"), **form)
            communication = tlv(0xA3, network, number(0x81, 7), **form)
            contents = tlv(0xAC, tlv(0x80, b"\5\5\x11\2"), tlv(0x81, b"rtp"), **form)
            item = tlv(0x30, number(0x80, 0), tlv(0xA2, contents, **form), **form)
            payload = tlv(0xA2, tlv(0xA1, item, **form), **form)
            yield pdu(header(communication=communication, time=time, **form), payload, **form)


def test_every_length_form_reads_the_same(kernels: SimpleNamespace) -> None:
    forms = list(every_form())
    assert len(set(forms)) == 10
    for octets in forms:
        result = Result(kernels, octets)
        row = result.row
        assert (row["status"], row["cin"], row["number"], row["time_us"]) == (0, 7, 0, NOW_US)
        assert (row["content_tag"], row["payloads"], result.content()) == (12, 1, b"rtp")


def test_all_forms_in_one_stream(kernels: SimpleNamespace) -> None:
    forms = list(every_form())
    result = Result(kernels, b"".join(forms))
    assert [row["status"] for row in result.rows] == [0] * len(forms)
    assert [row["length"] for row in result.rows] == [len(octets) for octets in forms]
    assert result.end == len(result.octets)


def test_padded_integers(kernels: SimpleNamespace) -> None:
    octets = pdu(header(sequence=None, extra=tlv(0x84, b"\0\0\0\0\xff\xff\xff\xff")), cc_payload(ipmm_cc()))
    assert Result(kernels, octets).row["number"] == 4_294_967_295


# Faults that mark a record and leave the stream alone.

BAD_RECORDS = {
    "no oid": ("MISSING_FIELD", pdu(header(oid=None), cc_payload(ipmm_cc()))),
    "no liid": ("MISSING_FIELD", pdu(header(liid=None), cc_payload(ipmm_cc()))),
    "no sequence number": ("MISSING_FIELD", pdu(header(sequence=None), cc_payload(ipmm_cc()))),
    "no communication identifier": ("MISSING_FIELD", pdu(header(communication=b""), cc_payload(ipmm_cc()))),
    "no network identifier": ("MISSING_FIELD", pdu(header(communication=tlv(0xA3)), cc_payload(ipmm_cc()))),
    "no operator": ("MISSING_FIELD", pdu(header(network=tlv(0xA0)), cc_payload(ipmm_cc()))),
    "no header": ("MISSING_FIELD", tlv(0x30, cc_payload(ipmm_cc()))),
    "no payload": ("MISSING_FIELD", tlv(0x30, header())),
    "nothing": ("MISSING_FIELD", tlv(0x30)),
    "empty payload": ("MISSING_FIELD", pdu(header(), tlv(0xA2))),
    "no contents": ("MISSING_FIELD", pdu(header(), cc_payload(tlv(0x30, number(0x80, 0))))),
    "empty contents": ("MISSING_FIELD", pdu(header(), cc_payload(tlv(0x30, tlv(0xA2))))),
    "no media": ("MISSING_FIELD", pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, tlv(0xAC, tlv(0x80, b"x"))))))),
    "no tri": ("MISSING_FIELD", pdu(header(), tri(b""))),
    "half a time": ("MISSING_FIELD", pdu(header(time=tlv(0xA7, number(0x80, 1))), cc_payload(ipmm_cc()))),
    "two headers": ("BAD_TAG", tlv(0x30, header(), header(), cc_payload(ipmm_cc()))),
    "two payloads": ("BAD_TAG", tlv(0x30, header(), cc_payload(ipmm_cc()), cc_payload(ipmm_cc()))),
    "two liids": ("BAD_TAG", pdu(header(extra=tlv(0x81, b"OTHER")), cc_payload(ipmm_cc()))),
    "two numbers": ("BAD_TAG", pdu(header(extra=number(0x84, 9)), cc_payload(ipmm_cc()))),
    "two seconds": ("BAD_TAG", pdu(header(time=tlv(0xA7, number(0x80, 1) * 2)), cc_payload(ipmm_cc()))),
    "two operators": ("BAD_TAG", pdu(header(network=tlv(0xA0, tlv(0x80, b"a") * 2)), cc_payload(ipmm_cc()))),
    "two media": (
        "BAD_TAG",
        pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, tlv(0xAC, tlv(0x81, b"a"), tlv(0x81, b"b")))))),
    ),
    "two contents": (
        "BAD_TAG",
        pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, tlv(0xAC, tlv(0x81, b"a"))) * 2))),
    ),
    "two alternatives": ("BAD_TAG", pdu(header(), tlv(0xA2, tlv(0xA1), tlv(0xA0)))),
    "two tri": ("BAD_TAG", pdu(header(), tri(tlv(0x83) + tlv(0x87)))),
    "constructed liid": ("BAD_TAG", pdu(header(liid=None, extra=tlv(0xA1, tlv(4, b"x"))), cc_payload(ipmm_cc()))),
    "constructed media": ("BAD_TAG", pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, tlv(0xAC, tlv(0xA1, b""))))))),
    "constructed packet": (
        "BAD_TAG",
        pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, tlv(0xA2, tlv(0xA1, tlv(0xA0, b""))))))),
    ),
    "primitive header": ("BAD_TAG", tlv(0x30, tlv(0x81), cc_payload(ipmm_cc()))),
    "primitive payload": ("BAD_TAG", pdu(header(), tlv(0xA2, tlv(0x81)))),
    "primitive media service": ("BAD_TAG", pdu(header(), cc_payload(tlv(0x30, tlv(0xA2, tlv(0x8C, b"x")))))),
    "no sequence of": ("BAD_TAG", pdu(header(), tlv(0xA2, tlv(0xA1, tlv(0x31))))),
    "empty liid": ("BAD_VALUE", pdu(header(liid=b""), cc_payload(ipmm_cc()))),
    "long liid": ("BAD_VALUE", pdu(header(liid=b"x" * 65), cc_payload(ipmm_cc()))),
    "long country": ("BAD_VALUE", pdu(header(country=b"USA"), cc_payload(ipmm_cc()))),
    "negative number": ("BAD_VALUE", pdu(header(sequence=None, extra=tlv(0x84, b"\xff")), cc_payload(ipmm_cc()))),
    "empty number": ("BAD_VALUE", pdu(header(sequence=None, extra=tlv(0x84)), cc_payload(ipmm_cc()))),
    "33-bit number": ("BAD_VALUE", pdu(header(sequence=1 << 32), cc_payload(ipmm_cc()))),
    "33-bit cin": ("BAD_VALUE", pdu(header(cin=1 << 32), cc_payload(ipmm_cc()))),
    "a million microseconds": (
        "BAD_VALUE",
        pdu(header(time=tlv(0xA7, number(0x80, 1), number(0x81, 1_000_000))), cc_payload(ipmm_cc())),
    ),
    "seconds beyond time": (
        "BAD_VALUE",
        pdu(header(time=tlv(0xA7, tlv(0x80, b"\x7f" * 8), number(0x81, 0))), cc_payload(ipmm_cc())),
    ),
    "field longer than its record": ("BAD_LENGTH", tlv(0x30, header(), b"\xa2\x05\xa1")),
    "field cut in its header": ("TRUNCATED", tlv(0x30, header(), b"\xa2")),
    "indefinite primitive": ("BAD_LENGTH", pdu(header(liid=None, extra=b"\x81\x80\0\0"), cc_payload(ipmm_cc()))),
    "open indefinite": ("TRUNCATED", tlv(0x30, header(), b"\xa2\x80\xa1\x00")),
    "endless tag": ("BAD_TAG", tlv(0x30, header(), b"\xbf" + b"\xff" * 8 + b"\0")),
}


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_bad_record_is_marked_and_the_next_one_read(kernels: SimpleNamespace, name: str) -> None:
    code, octets = BAD_RECORDS[name]
    good = cc_record(1)
    result = Result(kernels, good + octets + good)
    assert [row["status"] for row in result.rows] == [0, CODE[code], 0]
    assert (result.end, result.fatal) == (len(result.octets), 0)
    assert [row["offset"] for row in result.rows] == [0, len(good), len(good) + len(octets)]


def test_fields_before_the_fault_are_kept(kernels: SimpleNamespace) -> None:
    result = Result(kernels, pdu(header(sequence=12, extra=tlv(0x88, b"")), cc_payload(ipmm_cc())))
    assert (result.row["status"], result.row["number"], result.row["liid"]) == (CODE["BAD_VALUE"], 12, 0)


def test_unknown_fields_are_skipped_everywhere(kernels: SimpleNamespace) -> None:
    new = tlv(0x9E, b"new") + tlv(0xBE, tlv(0x80, b"x"), indefinite=True) + b"\x9f\x81\x01\x01x" + tlv(0x04, b"u")
    network = tlv(0xA0, new, tlv(0x80, b"LABOP"), new)
    communication = tlv(0xA3, new, network, number(0x81, 7), new)
    contents = tlv(0xAC, new, tlv(0x81, b"rtp"), new)
    payload = tlv(0xA2, tlv(0xA1, tlv(0x30, new, tlv(0xA2, contents), new)))
    time = tlv(0xA7, new, number(0x80, 3), new, number(0x81, 4), new)
    octets = tlv(0x30, new, header(communication=communication, time=time, extra=new), new, payload, new)
    result = Result(kernels, octets)
    assert (result.row["status"], result.row["cin"], result.row["time_us"]) == (0, 7, 3_000_004)
    assert result.content() == b"rtp"


def test_unknown_alternatives_have_numbers(kernels: SimpleNamespace) -> None:
    for alternative, expected in ((tlv(0x9E), 30), (b"\x9f\x1f\x00", 31), (b"\xbf\x7f\x00", 127)):
        result = Result(kernels, pdu(header(), iri_payload(tlv(0x30, tlv(0xA2, alternative)))))
        assert (result.row["status"], result.row["content_tag"]) == (0, expected)


# Framing.


@pytest.mark.parametrize("first", [0x00, 0x16, 0x31, 0xA1, 0xFF])
def test_other_dialect_is_fatal_where_it_starts(kernels: SimpleNamespace, first: int) -> None:
    good = cc_record()
    result = Result(kernels, good + bytes([first]) + good)
    assert (result.fatal, result.end, len(result.rows)) == (CODE["WRONG_DIALECT"], len(good), 1)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"\x30\x89" + b"\0" * 9, "BAD_LENGTH"),
        (b"\x30\xff", "BAD_LENGTH"),
        (b"\x30\x88\x7f" + b"\xff" * 7, "BAD_LENGTH"),
        (b"\x30\x84\xff\xff\xff\xff", "BAD_LENGTH"),
        (b"\x30\x80\x04\x80", "BAD_LENGTH"),
        (b"\x30\x80\x00\x01", "BAD_LENGTH"),
        (b"\x30" + b"\x80\x30" * 40, "TOO_DEEP"),
        (b"\x30\x80\x1f" + b"\xff" * 6, "BAD_TAG"),
    ],
)
def test_impossible_framing_is_fatal(kernels: SimpleNamespace, octets: bytes, code: str) -> None:
    good = cc_record()
    result = Result(kernels, good + octets + good)
    assert (result.fatal, result.end, len(result.rows)) == (CODE[code], len(good), 1)


def test_oversized_record_is_skipped(kernels: SimpleNamespace) -> None:
    good, big = cc_record(1), cc_record(2, b"x" * 500)
    whole = Result(kernels, good + big + good, limit=len(big) - 1)
    assert [row["status"] for row in whole.rows] == [0, CODE["OVERSIZED"], 0]
    assert (whole.skip, whole.end, whole.rows[1]["length"]) == (0, len(whole.octets), len(big))
    cut = Result(kernels, (good + big)[:-100], limit=len(big) - 1)
    assert [row["status"] for row in cut.rows] == [0, CODE["OVERSIZED"]]
    assert (cut.skip, cut.end) == (100, len(good) + len(big) - 100)
    assert Result(kernels, big, limit=len(big)).row["status"] == 0


def test_oversized_record_is_told_from_its_length_octets_alone(kernels: SimpleNamespace) -> None:
    result = Result(kernels, b"\x30\x84\x3b\x9a\xca\x00", limit=65_536)
    assert (result.skip, result.end, result.fatal) == (1_000_000_000, 6, 0)


def test_endless_indefinite_record_is_fatal(kernels: SimpleNamespace) -> None:
    result = Result(kernels, b"\x30\x80" + b"\x04\x02ab" * 100, limit=200)
    assert (result.fatal, result.end, result.rows) == (CODE["OVERSIZED"], 0, [])
    waiting = Result(kernels, b"\x30\x80" + b"\x04\x02ab" * 40, limit=200)
    assert (waiting.fatal, waiting.end) == (0, 0)


def test_full_columns_return_early(kernels: SimpleNamespace) -> None:
    octets = b"".join(cc_record(i) for i in range(5))
    first = Result(kernels, octets, capacity=3)
    assert ([row["number"] for row in first.rows], first.fatal) == ([0, 1, 2], 0)
    rest = Result(kernels, octets, capacity=3, start=first.end)
    assert ([row["number"] for row in rest.rows], rest.end) == ([3, 4], len(octets))


def test_nothing_is_read_beyond_stop(kernels: SimpleNamespace) -> None:
    octets = cc_record()
    assert Result(kernels, octets + octets, stop=len(octets) + 1).end == len(octets)
    assert Result(kernels, octets, start=3, stop=3).end == 3
    assert Result(kernels, b"").end == 0


def test_ranges_outside_the_buffer_are_misuse(kernels: SimpleNamespace) -> None:
    for start, stop in ((0, 11), (-1, 5), (6, 5)):
        with pytest.raises(LocalError):
            Result(kernels, b"0" * 10, start=start, stop=stop)
    with pytest.raises(LocalError):
        Result(kernels, b"0" * 10, limit=0)
    with pytest.raises(LocalError):
        kernels.columns.Columns(0)


def test_any_buffer_will_do(kernels: SimpleNamespace) -> None:
    octets = cc_record(3)
    expected = Result(kernels, octets).key()
    anonymous = mmap.mmap(-1, 4096)
    anonymous[: len(octets)] = octets
    for buffer in (bytearray(octets), memoryview(octets), memoryview(bytearray(octets))):
        assert Result(kernels, buffer).key() == expected
    assert Result(kernels, anonymous, stop=len(octets)).key() == expected


def test_memo_of_a_communication_is_not_taken_for_another(kernels: SimpleNamespace) -> None:
    """Records that share a header prefix up to a point, in an order that tempts a cache."""
    no_element = tlv(0xA0, tlv(0x80, b"LABOP"))
    records = [
        cc_record(0),
        cc_record(1),
        cc_record(2, cin=8),
        cc_record(3, liid=b"LAB-0002"),
        cc_record(4, network=no_element),
        cc_record(5, network=no_element),
        cc_record(6, country=b"CA"),
        pdu(header(sequence=None), cc_payload(ipmm_cc())),
        cc_record(7),
        cc_record(8),
    ]
    stream = Result(kernels, b"".join(records))
    for row, octets in zip(stream.rows, records, strict=True):
        alone = Result(kernels, octets).row
        for name in FIELDS:
            if name.endswith("_offset"):
                shift = row["offset"] if alone[name] >= 0 else 0
                assert row[name] == alone[name] + shift, name
            elif name not in ("offset", "liid"):
                assert row[name] == alone[name], name
    assert [row["liid"] for row in stream.rows] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_layouts_in_turn_are_each_read_as_they_are(kernels: SimpleNamespace) -> None:
    """Payloads that differ in one octet outside the content, sizes equal: nothing may be carried over wrongly."""
    rng = random.Random(3)
    items = [
        ipmm_cc(b"abc", direction=0),
        ipmm_cc(b"abc", direction=1),
        ip_cc(b"abcdefghi"),
        ipmm_cc(b"abc", direction=2),
        ipmm_cc(b"abcd"),
        ipmm_cc(b"abc", extra=micro(0xA3, NOW_US)),
        ipmm_cc(b"abc", extra=micro(0xA3, NOW_US + 1)),
        ipmm_cc(b"abc", extra=number(0x84, 1)),
        ipmm_cc(b"abc", extra=number(0x84, 2)),
        ipmm_cc(b"abc", extra=number(0x84, 2) * 2),
        iri(1),
        iri(2),
    ]
    records = []
    for _ in range(200):
        item = rng.choice(items)
        payload = iri_payload(item) if item in items[-2:] else cc_payload(*[item] * rng.choice((1, 1, 1, 2)))
        records.append(pdu(header(sequence=rng.randrange(200), liid=b"LAB-%04d" % rng.randrange(300)), payload))
    stream = Result(kernels, b"".join(records), capacity=200)
    for index, octets in enumerate(records):
        alone = Result(kernels, octets)
        assert stream.content(index) == alone.content()
        for name in FIELDS:
            if not name.endswith("offset") and name != "liid":
                assert stream.rows[index][name] == alone.row[name], name
    assert {row["status"] for row in stream.rows} == {0, CODE["BAD_TAG"]}


def test_constants_of_the_types_files_are_those_of_the_sources(interpreted: SimpleNamespace) -> None:
    """The compiler cannot see a Python constant, so `.pxd` repeats it; here the two are held together."""
    root = Path(interpreted.scan.__file__).parent.parent
    found = 0
    for module in vars(interpreted).values():
        types = (root / (module.__name__.replace(".", "/") + ".pxd")).read_text()
        values = {name: int(value) for name, value in re.findall(r"^    (_[A-Z_]+) = (\d+)$", types, re.M)}
        defines = dict(re.findall(r"#define (\w+) \(\(int64_t\)(\d+)\)", types)) | {"INT64_MIN": -(1 << 63)}
        for name, macro in re.findall(r'const int64_t (_[A-Z_]+) "(\w+)"', types):
            values[name] = int(defines[macro])
        for name, value in values.items():
            assert getattr(module, name) == value, f"{module.__name__}.{name}"
        found += len(values)
    assert found > 30
    ber, payload, scan, columns = (
        interpreted.scan_ber,
        interpreted.scan_payload,
        interpreted.scan,
        interpreted.columns,
    )
    assert [getattr(ber, f"_{code}") for code in DecodeError.CODES] == list(range(1, 10))
    for name in ("MAX_LENGTH", "MAX_DEPTH", "MAX_SECONDS"):
        assert getattr(ber, name) == getattr(ber, f"_{name}")
    assert ber._NO_TIME == columns.NO_TIME == scan.NO_TIME
    assert scan._MAX_LIID_OCTETS == columns.MAX_LIID_OCTETS == columns._ENTRY_OCTETS - columns._HEAD_OCTETS - 3
    assert (payload._SHAPE_SLOTS, payload._MEMO_SLOTS) == (columns.SHAPE_SLOTS, columns.MEMO_SLOTS)
    assert columns.MEMO_SLOTS == 256, "a slot of the memo is one octet"
    kinds = [scan.KIND_IRI, scan.KIND_CC, scan.KIND_TRI, scan.KIND_HI1, scan.KIND_ENCRYPTED, scan.KIND_OTHER]
    numbers = [payload._IRI, payload._CC, payload._TRI, payload._HI1, payload._ENCRYPTED, scan._OTHER]
    assert kinds == numbers == list(range(6))
    table = interpreted.stream_table
    for name in ("NOT_DATA", "NEW_STREAM", "GAP", "BELOW_MARK", "NO_NUMBER", "RESET", "NO_ROOM", "NEVER"):
        assert getattr(table, name) == getattr(table, f"_{name}")


# LIIDs.


def test_liid_table(kernels: SimpleNamespace) -> None:
    table = kernels.columns.LiidTable(seed=3)
    names = [f"LIID-{i}".encode() for i in range(1000)] + [b"x" * n for n in range(1, 65)]
    ids = [table.intern(name) for name in names]
    assert ids == list(range(len(names))) == [table.intern(name) for name in names]
    assert [table.octets(i) for i in ids] == names
    assert len(table) == len(names)
    for bad in (b"", b"x" * 65):
        with pytest.raises(DecodeError) as caught:
            table.intern(bad)
        assert caught.value.code == "BAD_VALUE"
    for bad_id in (-1, len(names)):
        with pytest.raises(LocalError):
            table.octets(bad_id)


def test_full_liid_table_marks_records(kernels: SimpleNamespace) -> None:
    table = kernels.columns.LiidTable(limit=2)
    octets = b"".join(cc_record(0, liid=name) for name in (b"a", b"b", b"c", b"a"))
    result = Result(kernels, octets, table=table)
    assert [row["status"] for row in result.rows] == [0, 0, CODE["TOO_MANY"], 0]
    assert [row["liid"] for row in result.rows] == [0, 1, -1, 0]
    with pytest.raises(DecodeError) as caught:
        table.intern(b"d")
    assert caught.value.code == "TOO_MANY"
    for limit in (0, 1 << 30):
        with pytest.raises(LocalError):
            kernels.columns.LiidTable(limit=limit)


def test_liids_differ_by_length_and_zero_octets(kernels: SimpleNamespace) -> None:
    names = [b"\0" * n for n in range(1, 20)] + [b"a" + b"\0" * n for n in range(20)]
    octets = b"".join(cc_record(0, liid=name) for name in names)
    result = Result(kernels, octets)
    assert [result.liids.octets(row["liid"]) for row in result.rows] == names


# Both paths say the same, whatever the octets.


def sample_stream(rng: random.Random, records: int = 6) -> bytes:
    forms = list(every_form())
    bad = [octets for _, octets in BAD_RECORDS.values()]
    parts: list[bytes] = []
    for index in range(records):
        kind = rng.randrange(8)
        if kind < 3:
            parts.append(cc_record(index, rng.randbytes(rng.randrange(300)), liid=b"L%d" % rng.randrange(3)))
        elif kind == 3:
            parts.append(rng.choice(forms))
        elif kind == 4:
            parts.append(rng.choice(bad))
        elif kind == 5:
            time = tlv(0x85, rng.choice(list(GENERALIZED)))
            parts.append(pdu(header(sequence=index, time=time), iri_payload(iri(rng.randrange(1, 5)))))
        elif kind == 6:
            parts.append(pdu(header(sequence=0), tri(tlv(0x80 | rng.randrange(14)))))
        else:
            parts.append(pdu(header(), cc_payload(ip_cc(), ipmm_cc()), indefinite=True))
    return b"".join(parts)


def assert_twins(compiled: SimpleNamespace, interpreted: SimpleNamespace, octets: bytes, **options: int) -> Result:
    one, other = Result(compiled, octets, **options), Result(interpreted, octets, **options)
    assert one.key() == other.key()
    assert 0 <= one.end <= len(octets)
    for row in one.rows:
        assert row["status"] >= 0
        assert row["offset"] + row["length"] <= one.end + one.skip
        if row["content_offset"] >= 0:
            assert row["content_offset"] + row["content_length"] <= row["offset"] + row["length"]
    return one


def test_paths_agree_on_mutated_streams(compiled: SimpleNamespace, interpreted: SimpleNamespace) -> None:
    rng = random.Random(20_260_101)
    for _ in range(1500):
        octets = bytearray(sample_stream(rng))
        for _ in range(rng.randrange(6)):
            at = rng.randrange(len(octets))
            change = rng.randrange(4)
            if change == 0:
                octets[at] ^= 1 << rng.randrange(8)
            elif change == 1:
                octets[at] = rng.choice((0, 0x30, 0x80, 0x84, 0x88, 0xA1, 0xFF))
            elif change == 2:
                del octets[at : at + rng.randrange(1, 4)]
            else:
                octets[at:at] = rng.randbytes(rng.randrange(1, 4))
            if not octets:
                octets = bytearray(b"0")
        assert_twins(compiled, interpreted, bytes(octets), limit=rng.choice((100, 400, 4096)))


def test_every_bit_flip_and_every_truncation(compiled: SimpleNamespace, interpreted: SimpleNamespace) -> None:
    octets = cc_record(5, b"abc") + pdu(
        header(time=tlv(0x85, b"20250615145320.5Z")), iri_payload(iri()), indefinite=True
    )
    for cut in range(len(octets) + 1):
        assert_twins(compiled, interpreted, octets[:cut])
    for bit in range(8 * len(octets)):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        assert_twins(compiled, interpreted, bytes(flipped))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(octets=st.binary(max_size=120))
def test_paths_agree_on_any_octets(compiled: SimpleNamespace, interpreted: SimpleNamespace, octets: bytes) -> None:
    assert_twins(compiled, interpreted, octets)
    assert_twins(compiled, interpreted, b"\x30\x80" + octets)
    assert_twins(compiled, interpreted, tlv(0x30, octets))
    assert_twins(compiled, interpreted, tlv(0x30, header(), octets))


def gathered(kernels: SimpleNamespace, octets: bytes, cuts: list[int], limit: int) -> tuple[object, ...]:
    """The stream fed piece by piece, as a receiver would: kept rows with absolute offsets, and how it ended."""
    table = kernels.columns.LiidTable(seed=5)
    cols = kernels.columns.Columns(4)
    rows: list[tuple[int, ...]] = []
    base = skip = 0
    held = b""
    previous = 0
    for cut in [*cuts, len(octets)]:
        piece, previous = octets[previous:cut], cut
        dropped = min(skip, len(piece))
        skip -= dropped
        if dropped:
            base += dropped
            piece = piece[dropped:]
        held += piece
        while True:
            end = kernels.scan.scan(held, 0, len(held), cols, table, limit)
            for i in range(cols.n):
                row = {name: getattr(cols, name)[i] for name in FIELDS}
                rows.append(tuple(v + base if n.endswith("offset") and v >= 0 else v for n, v in row.items()))
            if cols.fatal:
                return cols.fatal, base + end, rows
            base, held, skip = base + end, held[end:], cols.skip
            if cols.n < cols.capacity:
                break
    return 0, base, rows


def test_stream_split_anywhere_gives_the_same_records(kernels: SimpleNamespace) -> None:
    rng = random.Random(7)
    for limit in (4096, 150):
        octets = sample_stream(rng, 7)
        whole = gathered(kernels, octets, [], limit)
        for cut in range(len(octets)):
            assert gathered(kernels, octets, [cut], limit) == whole


def test_stream_octet_by_octet_gives_the_same_records(kernels: SimpleNamespace) -> None:
    octets = sample_stream(random.Random(11), 8)
    assert gathered(kernels, octets, list(range(len(octets))), 4096) == gathered(kernels, octets, [], 4096)


def test_columns_are_seen_by_numpy_without_a_copy(kernels: SimpleNamespace) -> None:
    numpy = pytest.importorskip("numpy")
    cols = kernels.columns.Columns(8)
    seen = {name: numpy.asarray(getattr(cols, name)) for name in FIELDS}
    octets = cc_record(1) + cc_record(2)
    kernels.scan.scan(octets, 0, len(octets), cols, kernels.columns.LiidTable(), 4096)
    assert seen["number"][:2].tolist() == [1, 2]
    assert seen["time_us"].dtype == numpy.int64
    assert seen["authorization_country"].dtype == numpy.uint16


def test_says_whether_it_is_compiled(compiled: SimpleNamespace, interpreted: SimpleNamespace) -> None:
    assert compiled.scan.COMPILED is True
    assert interpreted.scan.COMPILED is False
