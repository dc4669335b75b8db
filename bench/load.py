"""Pre-encoded content records for load: one PS-PDU template, the changing octets patched in bulk by numpy.

Every record has the same size, so that `records` numbers can be written into one octet matrix at once. Numbers and
times keep a constant encoded width: sequence numbers run from 65 536 to 8 388 607 (three content octets), microseconds
from 65 536 to 999 999 (three octets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asn1 import multimedia, ps_pdu

FIRST_NUMBER = 65_536
LAST_NUMBER = 8_388_607


@dataclass(frozen=True, slots=True)
class Stream:
    """One communication's content: LIID, CIN, and the event time of all its records."""

    liid: bytes
    cin: int
    second: int


def content_stream(stream: Stream, first_number: int, records: int, content_octets: int) -> bytes:
    """`records` PS-PDUs back to back, numbered from `first_number`, each with `content_octets` of media packet."""
    if not FIRST_NUMBER <= first_number <= LAST_NUMBER - records:
        raise ValueError(f"sequence numbers must stay within {FIRST_NUMBER}..{LAST_NUMBER} to keep their width")
    marker_number, marker_us = 0x5A5B5C, 0x0A5B5C
    template = _record(stream, marker_number, stream.second * 1_000_000 + marker_us, content_octets)
    number_at = _only(template, bytes([0x84, 3]) + marker_number.to_bytes(3, "big")) + 2
    time_at = _only(template, bytes([0x81, 3]) + marker_us.to_bytes(3, "big")) + 2
    matrix = np.tile(np.frombuffer(template, np.uint8), (records, 1))
    numbers = np.arange(first_number, first_number + records, dtype=np.uint32)
    micros = 65_536 + np.arange(records, dtype=np.uint32) % 900_000
    for octet in range(3):
        shift = 8 * (2 - octet)
        matrix[:, number_at + octet] = numbers >> shift & 0xFF
        matrix[:, time_at + octet] = micros >> shift & 0xFF
    return matrix.tobytes()


def _only(template: bytes, needle: bytes) -> int:
    if template.count(needle) != 1:
        raise ValueError("the template's marker is not unique; choose other marker values")
    return template.index(needle)


def _record(stream: Stream, number: int, time_us: int, content_octets: int) -> bytes:
    header = ps_pdu.PsHeader(
        oid=ps_pdu.PS_DOMAIN_OID,
        liid=stream.liid,
        authorization_country="US",
        cin=stream.cin,
        delivery_country="US",
        operator_id=b"LABOP",
        network_element_id=b"med-1",
        sequence_number=number,
        time_us=time_us,
        time_qualifier="timeOfInterception",
    )
    packet = bytes(i * 7 & 0xFF for i in range(content_octets))
    return ps_pdu.cc_pdu(header, multimedia.ipmmcc(packet), "fromTarget")
