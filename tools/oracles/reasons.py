"""Why an oracle refuses what we emit, in words. A refusal that no row here explains fails `make oracles`.

A row is narrow: the oracle, the kind, what the oracle said and where the record is from, as regular expressions. What
is explained is a limit of the oracle, or a vector that stands for what others send; a mistake of ours is mended, never
explained.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final, NamedTuple

from tools.oracles.record import Record


class Reason(NamedTuple):
    oracle: str
    kind: str
    said: str
    words: str
    source: str = ".*"
    read_by: str = ""


REASONS: Final = (
    Reason(
        r"pycrate|asn1tools|tshark",
        r"(X?IRI|CC|LINotification)Payload .*",
        "",
        "The oracle's module is of release 16 (pycrate) or 17, ours of release 19: it does not know a field or an "
        "event that came later, such as `e164Number` as the name of a target. The module of release 19 (pycrate, more "
        "modules) reads, with the same values, each of these very records that it was asked about.",
        read_by="pycrate, more modules",
    ),
    Reason(
        r"pycrate.*|asn1tools.*|tshark",
        r"X?IRIPayload .*",
        "",
        "A vector of what others may send: the event's inside is made up, to show that an event without description is "
        "kept as a tag tree.",
        r".*ts33128(_undescribed)?\.json (undescribed-event|uDM.*)",
    ),
    Reason(
        r"(pycrate|asn1tools), more modules",
        r"PS-PDU .*",
        r"",
        "A vector of what others may send: the inside of this record is made up, to show that a record without "
        "description is kept as a tag tree.",
        r".*(records_trees\.json|undescribed-service).*",
    ),
    Reason(
        r"(pycrate|asn1tools), more modules",
        r"PS-PDU iPMMIRI",
        r"iPMMIRIObjId: '0\.4\.0",
        "A vector of field practice: a whole object identifier stands where the module has a relative one. We read "
        "both; the published module reads other numbers.",
    ),
    Reason(
        r"asn1tools, more modules",
        r"PS-PDU .*",
        r"NoEndOfContentsTagError",
        "asn1tools does not read indefinite lengths inside each other. The vectors stand for encoders that write them.",
    ),
    Reason(
        r"tshark",
        r"X2 IPV4",
        r"total length exceeds packet length",
        "A packet header report carries the headers of a packet and not its payload, so the packet's own length is "
        "longer than what is there. That is its purpose.",
    ),
    Reason(
        r"tshark",
        r"X3 TS_33128",
        r"malformed BER Error",
        "Wireshark reads every payload of format 2 as an XIRIPayload. That content of MMS travels on X3 as a CCPayload "
        "is our assumption (`carrier_sim/mms.py`).",
    ),
    Reason(
        r"pycrate, more modules",
        r"PS-PDU (li.*|alarms-indicator|national-HI1-ASN1parameters)",
        r"domainID: OBJECT IDENTIFIER value out of constraint, \(0, 4, 0, 2, 2, 0, 1, 7\)",
        "The module of HI1 notifications constrains its own domain identifier to version 6, and these vectors say "
        "version 7. asn1tools, which checks no such constraint, reads the same values.",
    ),
    Reason(
        r"lxml HI1 XSD",
        r"HI1 .*",
        r"WorkflowIdentifier|GETCSPCONFIG|MaximumObjectCount",
        "The element came with a later version of TS 103 120 than the newest schema set a registry has (V1.15.1); our "
        "messages are V1.23.1.",
    ),
)


def reason_of(oracle: str, record: Record, said: str, refused_by: Container[str] = ()) -> int | None:
    """The row that explains a refusal, None when none does. `refused_by`: the oracles that refuse the same record; a
    row that rests on another oracle's word (`read_by`) does not hold where that one refuses too."""
    for number, reason in enumerate(REASONS):
        if (
            re.fullmatch(reason.oracle, oracle)
            and re.fullmatch(reason.kind, record.kind)
            and re.search(reason.said, said)
            and re.fullmatch(reason.source, record.source)
            and reason.read_by not in refused_by
        ):
            return number
    return None
