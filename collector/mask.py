"""What is kept of a masked record: the permitted fields as canonical JSON, and nothing else.

The fields come from the allow-list of `facts.py`; withheld octets never pass through here. The HMAC and the length of
the original stand beside them, so that a withheld original can later be recognised, never recovered.
"""

from __future__ import annotations

import json

from asn1.ps_pdu import PsPdu
from collector.facts import RecordFacts
from mediation.law.orders import CourtOrder


def permitted_octets(order: CourtOrder, facts: RecordFacts, pdu: PsPdu, digest: bytes) -> bytes:
    """The leaf octets of a masked record. `digest` is the HMAC-SHA-256 of the octets received."""
    value = {
        "masked": 1,
        "order": order.order_id,
        "liid": facts.liid,
        "cin": facts.cin,
        "number": facts.number,
        "kind": facts.kind,
        "payload": facts.payload,
        "iri_type": facts.iri_type,
        "event_us": facts.event_us,
        "fields": dict(facts.permitted),
        "withheld": sorted({*facts.content, *(("location",) if facts.location else ())}),
        "original_octets": len(pdu.octets),
        "original_hmac": digest.hex(),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
