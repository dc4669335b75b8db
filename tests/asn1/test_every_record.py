"""Every record type that a description of `asn1` knows has a golden vector, found by walking the descriptions.

A vector is added as data, in any file `tests/vectors/*/*.json` with a list `vectors`, and nothing else:

    {"name": "email-sent", "record": "ps_tables.PS_PDU", "source": "…", "clause": "…", "octets": "30…", "value": {…}}

`record` names the description by module and name; the file may name it once for all of its vectors. `octets` may be
`"file": "us/vop_answer.ber"` instead. `value` is what the octets mean: octets in hexadecimal, a CHOICE as an object
with one key, times in microseconds, as `record_walk.plain` writes it; without it they are decoded and encoded alone.
`not_minimal` says in words why we would write other octets (padded lengths, an extension this version does not know).
`source` says who made the octets: an encoder other than ours wherever there is one.
"""

from __future__ import annotations

import json
import random

import pytest

from asn1.errors import DecodeError
from asn1.table import decode, decode_reporting, encode
from tests.asn1.record_walk import Record, plain, record_types, records, roots, vectors, visited

RECORDS = records()
VECTORS = vectors()
TYPES = record_types(RECORDS)


def test_the_descriptions_are_found() -> None:
    wanted = {"ps_tables.PS_PDU", "ts33128.XIRI_PAYLOAD", "ts33128.CC_PAYLOAD", "laes.t1678.LAES_PROTOCOL"}
    assert wanted <= set(roots(RECORDS))
    names = set(TYPES.values())
    assert {"IRIContents.emailIRI", "TRIPayload.keep-alive", "HI1-Operation.liActivated"} <= names
    assert not any(name.startswith("IP-value") for name in names), "a choice of plain values makes no record types"


def test_every_record_type_has_a_vector() -> None:
    seen = set()
    for vector in VECTORS:
        record = RECORDS[vector.record]
        seen |= {("", None, id(record)), *visited(record, decode(record, vector.octets))}
    missing = sorted(name for kind, name in TYPES.items() if kind not in seen)
    assert not missing, f"{len(missing)} record types have no vector: {', '.join(missing)}"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_vector_means_what_it_says_and_is_what_we_write(vector) -> None:
    record: Record = RECORDS[vector.record]
    value, unknown = decode_reporting(record, vector.octets)
    assert vector.source, "a vector says where it comes from"
    if vector.value is not None:
        assert plain(record, value) == vector.value
    if vector.not_minimal:
        return
    assert unknown == ()
    assert encode(record, value) == vector.octets


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_cut_and_flipped_vectors_raise_decode_error_alone(vector) -> None:
    record, octets, chance = RECORDS[vector.record], vector.octets, random.Random(11)
    for end in {0, 1, len(octets) - 1, *(chance.randrange(len(octets)) for _ in range(12))}:
        with pytest.raises(DecodeError):
            decode(record, octets[:end])
    for _ in range(24):
        flipped = bytearray(octets)
        flipped[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
        try:
            json.dumps(plain(record, decode(record, flipped)))
        except DecodeError:
            continue
