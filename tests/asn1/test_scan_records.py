"""The scan says of every golden record what the decoder says: kind, service, type; compiled and interpreted alike."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from asn1.ps_pdu import decode_ps_pdu
from asn1.ps_tables import CC_CONTENTS, HI1_OPERATION, IRI_CONTENTS, PAYLOAD, THREE_GPP_HI1_OPERATION, TRI_PAYLOAD
from asn1.table import Choice
from tests.asn1.record_walk import vectors

RECORDS = {vector.name: vector.octets for vector in vectors() if vector.record == "ps_tables.PS_PDU"}
CHOICES = {
    "tRIPayload": TRI_PAYLOAD,
    "hI1-Operation": HI1_OPERATION,
    "threeGPP-HI1-Operation": THREE_GPP_HI1_OPERATION,
}
KINDS = {
    "iRIPayloadSequence": "KIND_IRI",
    "cCPayloadSequence": "KIND_CC",
    "tRIPayload": "KIND_TRI",
    "hI1-Operation": "KIND_HI1",
    "threeGPP-HI1-Operation": "KIND_HI1",
    "encryptionContainer": "KIND_ENCRYPTED",
}
IRI_TYPES = {None: -1, "iRI-Begin": 1, "iRI-End": 2, "iRI-Continue": 3, "iRI-Report": 4}


def tag_of(choice: Choice, name: str) -> int:
    """The number of an alternative; one that no row describes is its own number in brackets."""
    if name.startswith("["):
        return int(name[1:-1])
    return next(row.tag for row in choice.fields if row.name == name and row.tag is not None)


@pytest.mark.parametrize("name", RECORDS)
def test_scan_and_decoder_name_the_same_payload(kernels: SimpleNamespace, name: str) -> None:
    octets = RECORDS[name]
    cols, liids = kernels.columns.Columns(2), kernels.columns.LiidTable(seed=5)
    assert kernels.scan.scan(octets, 0, len(octets), cols, liids, 1 << 20) == len(octets)
    assert (cols.n, cols.status[0]) == (1, 0)
    payload, value = decode_ps_pdu(octets).payload
    assert cols.kind[0] == getattr(kernels.scan, KINDS.get(payload, "KIND_OTHER"))
    assert cols.payload_tag[0] == tag_of(PAYLOAD, payload)
    wanted = -1
    if payload in CHOICES:
        wanted = tag_of(CHOICES[payload], value[0])
    elif payload in ("iRIPayloadSequence", "cCPayloadSequence"):
        assert cols.payloads[0] == len(value)
        first = value[0]
        choice, contents = (
            (IRI_CONTENTS, first["iRIContents"]) if "iRIContents" in first else (CC_CONTENTS, first["cCContents"])
        )
        wanted = tag_of(choice, contents[0])
        if choice is IRI_CONTENTS:
            assert cols.iri_type[0] == IRI_TYPES[first.get("iRIType")]
    assert cols.content_tag[0] == wanted
