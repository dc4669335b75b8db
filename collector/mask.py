"""What is kept of a masked record: the permitted fields as canonical JSON, and nothing else.

The fields come from the allow-list of `collector.facts`; withheld octets never pass through here. The HMAC and the
length of the original stand beside them, so that a withheld original can later be recognised, never recovered.
"""

from __future__ import annotations

from typing import Any

from asn1.ps_pdu import PsPdu
from collector.facts import RecordFacts
from collector.json_text import canonical
from mediation.law.orders import CourtOrder


def permitted_octets(order: CourtOrder, facts: RecordFacts, original: PsPdu | bytes, digest: bytes) -> bytes:
    """The leaf octets of a masked record: `permitted_value` as canonical JSON."""
    octets = original if isinstance(original, bytes) else original.octets
    return canonical(permitted_value(order, facts, len(octets), digest))


def permitted_value(order: CourtOrder, facts: RecordFacts, original_octets: int, digest: bytes) -> dict[str, Any]:
    """What is kept of a masked record of so many octets; `digest` is the HMAC-SHA-256 of the octets received. Place and
    dialled digits are kept where the order names them (R-111, R-112)."""
    fields = dict(facts.permitted)
    withheld = set(facts.content)
    if order.location_authorised:
        fields |= dict(facts.place)
    if order.pctdd_authorised:
        fields |= dict(facts.dialled)
    elif facts.dialled:
        withheld.add("digits")
    if facts.location and not (order.location_authorised and facts.place):
        withheld.add("location")
    return {
        "masked": 1,
        "order": order.order_id,
        "liid": facts.liid,
        "cin": facts.cin,
        "number": facts.number,
        "kind": facts.kind,
        "payload": facts.payload,
        "iri_type": facts.iri_type,
        "event_us": facts.event_us,
        "fields": fields,
        "withheld": sorted(withheld),
        "original_octets": original_octets,
        "original_hmac": digest.hex(),
    }
