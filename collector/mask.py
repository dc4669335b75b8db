"""What is kept of a masked record: the permitted fields as canonical JSON, and nothing else.

The fields come from the allow-list of `collector.facts`; withheld octets never pass through here. The HMAC and the
length of the original stand beside them, so that a withheld original can later be recognised, never recovered.

`permitted_value` says what is kept, `canonical` how it is written. `ordinary_octets` is both at once for the record
that has nothing beside its permitted fields; a test holds it against the two. One source for two paths (ADR 0002).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asn1.ps_pdu import PsPdu
from collector.facts import RecordFacts
from collector.json_text import Left, canonical
from mediation.law.orders import CourtOrder

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    from collector.json_text import text_of, write

COMPILED: Final[bool] = cython.compiled


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


def ordinary_octets(
    order_id: str,
    liid: str,
    cin: int,
    number: int,
    payload: str,
    iri_type: str | None,
    event_us: int,
    fields: dict[str, Any],
    withheld: list[str],
    original_octets: int,
    digest: bytes,
) -> bytes | None:
    """`canonical` of the `permitted_value` of an IRI record with these `fields`, of which `withheld`, in any order, was
    taken away; None where it is not written quickly."""
    out = [f'{{"cin":{cin},"event_us":{event_us},"fields":']
    try:
        write(fields, out, 1)
    except Left:
        return None
    kind = "null" if iri_type is None else text_of(iri_type)
    out.append(
        f',"iri_type":{kind},"kind":"iri","liid":{text_of(liid)},"masked":1,"number":{number},"order":'
        f'{text_of(order_id)},"original_hmac":"{digest.hex()}","original_octets":{original_octets},"payload":'
        f'{text_of(payload)},"withheld":'
    )
    write(withheld if len(withheld) < 2 else sorted(set(withheld)), out, 1)
    out.append("}")
    return "".join(out).encode()
