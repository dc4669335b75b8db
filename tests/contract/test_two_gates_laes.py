"""The truth table of the two gates again, over T1.678, PCESP and IAS: what the carrier tells, what the agency keeps.

A row is one event under one order. The carrier's scope decides how much of it is told and its converters write the
messages; the agency's lane judges each. `whole` is what becomes of the event when a carrier does not hold back,
`delivered` of what this carrier makes of it: the verdicts of all its records, the commonest words first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1.radius import ACCOUNTING_REQUEST, build_radius
from asn1.radius import START as BEGINS
from asn1.x2x3 import PayloadFormat, PduType, X2X3Pdu
from carrier_sim.subscribers import Identity
from collector.facts.stored import facts_of_stored
from mediation.laes import content
from mediation.laes.calls import Call
from mediation.laes.convert import TONGUES, tell
from mediation.laes.moment import Moment, Site
from mediation.law.exigent import late_approval
from mediation.law.orders import CourtOrder, Service
from mediation.law.verdicts import VerdictKind
from mediation.redact import granted
from mediation.scope import Scope, ScopeEvent, allow
from tests.collector.laes.conftest import Bench
from tests.contract.test_two_gates import CANARY, ORDERS, SIDES, TIMES, A, B, around, orders, sip, udp
from tests.mediation.laes import played

CIN = 17
FORMS = {"t1678": "apdu", "pcesp": "12", "ias": "20"}
SERVICES = {
    "call": Service.VOICE, "answer": Service.VOICE, "placed": Service.VOICE, "stranger": Service.VOICE,
    "text": Service.SMS, "sound": Service.VOICE, "session": Service.DATA, "packet": Service.DATA,
}  # fmt: skip
CONTENT = ("sound", "packet")
MOBILE, PEER = "192.0.2.80", "198.51.100.7"

TABLE = """
order         dialect record   time   side  carrier   whole                delivered

warrant       t1678   call     inside from  whole     accept               accept
warrant       t1678   call     inside to    whole     accept               accept
warrant       t1678   sound    inside from  whole     accept               accept
warrant       t1678   sound    inside to    whole     accept               accept
warrant       t1678   text     inside from  whole     accept               accept
warrant       pcesp   call     inside from  whole     accept               accept
warrant       pcesp   sound    inside to    whole     accept               accept
warrant       ias     session  inside from  -         reject               -
warrant       ias     packet   inside from  -         reject               -
data-warrant  ias     session  inside from  whole     accept               accept
data-warrant  ias     packet   inside from  whole     accept               accept
data-warrant  t1678   call     inside from  -         reject               -
data-warrant  pcesp   sound    inside from  -         reject               -

warrant       t1678   call     before from  -         reject               -
warrant       t1678   call     start  from  whole     accept               accept
warrant       t1678   call     last   from  whole     accept               accept
warrant       t1678   call     end    from  -         reject               -
warrant       t1678   sound    before from  -         reject               -
warrant       t1678   sound    end    from  -         reject               -
warrant       pcesp   sound    last   from  whole     accept               accept
prtt          t1678   call     before from  -         reject               -
prtt          t1678   call     last   from  metadata  reject               accept
prtt          t1678   call     end    from  -         reject               -

prtt          t1678   call     inside from  metadata  reject               accept
prtt          t1678   call     inside to    metadata  reject               accept
prtt          pcesp   call     inside from  metadata  accept               accept
prtt          t1678   placed   inside from  metadata  mask                 accept
prtt          t1678   text     inside from  metadata  reject               accept
prtt          ias     session  inside from  metadata  mask                 accept
prtt          t1678   sound    inside from  -         reject               -
prtt          pcesp   sound    inside from  -         reject               -
prtt          ias     packet   inside from  -         reject               -
listing-prtt  t1678   sound    inside from  -         reject               -
exigent-prtt  pcesp   sound    inside from  -         reject               -

pen           t1678   call     inside from  metadata  reject               accept
pen           t1678   call     inside to    -         reject               -
trap          t1678   call     inside to    metadata  reject               accept
trap          pcesp   call     inside from  -         reject               -

draft         t1678   call     inside from  -         reject               -
revoked-at    t1678   call     inside from  whole     accept               accept
revoked-at    t1678   sound    cut    from  -         reject               -
attained      pcesp   sound    cut    from  -         reject               -
lapsing-prtt  t1678   call     cut    from  -         reject               -
lapsing-state t1678   sound    inside from  whole     accept               accept
lapsing-state t1678   sound    cut    from  -         reject               -
"""


class Row(NamedTuple):
    order: str
    dialect: str
    record: str
    time: str
    side: str
    carrier: str
    whole: str
    delivered: str


ROWS = [Row(*line.split()) for line in TABLE.strip().splitlines()[1:] if line]


def pdu_of(name: str, sends: bool) -> tuple[str, X2X3Pdu]:
    """(role of the network function, the PDU of one event)."""
    caller, callee = (A, B) if sends else (B, A)
    if name in CONTENT:
        packet = udp(MOBILE, PEER, CANARY) if sends else udp(PEER, MOBILE, CANARY)
        role = "data" if name == "packet" else "voice"
        return role, X2X3Pdu(PduType.X3, PayloadFormat.IPV4, payload=packet)
    if name == "session":
        attributes = [("Acct-Status-Type", BEGINS), ("User-Name", A), ("Framed-IP-Address", MOBILE)]
        return "data", X2X3Pdu(
            PduType.X2, PayloadFormat.RADIUS, payload=build_radius(ACCOUNTING_REQUEST, 1, attributes)
        )
    octets = {
        "call": lambda: sip("INVITE", caller, callee, f"Subject: {CANARY.decode()}", body=CANARY),
        "placed": lambda: sip("INVITE", caller, callee, "P-Access-Network-Info: 3GPP-NR;cell=CANARYwords"),
        "text": lambda: sip("MESSAGE", caller, callee, "Content-Type: text/plain", body=CANARY),
        "stranger": lambda: sip("INVITE", "12125550109", B, body=CANARY),
    }[name]()
    return "voice", X2X3Pdu(PduType.X2, PayloadFormat.SIP, payload=octets)


def told(order: CourtOrder, dialect: str, name: str, sends: bool, time_us: int, whole: bool) -> Iterator[bytes | None]:
    """Call data first, then None, then content: how a carrier tells this event."""
    site, tongue = Site("mf-1", FORMS[dialect], b"\x7f\0\0\1", 41818), TONGUES[dialect]
    role, pdu = pdu_of(name, sends)
    at = Moment(
        site, order.liid, "poi-1", time_us, CIN, sends, Call(), place=granted(order).place or whole, content=whole
    )
    said = tell(tongue, role, pdu, at, granted(order), True)
    yield from (tongue.wire.encode(one) for one in said.messages)
    yield None
    if said.packet is not None:
        yield content.encode(at, said.packet, 0)


def carrier(order: CourtOrder, name: str, sends: bool, time_us: int) -> str:
    scope = allow(order, ScopeEvent(time_us, SERVICES[name], name in CONTENT, sends, sends)).scope
    return "-" if scope is Scope.WITHHOLD else scope.value


def agency(order: CourtOrder, dialect: str, name: str, sends: bool, time_us: int, whole: bool) -> str:
    """What becomes of an event's records, the most severe word. Content comes into a call whose target is known, so
    its opening stands before it."""
    bench = Bench(order)
    bench.link("cdc", dialect)
    ccc: Any = FORMS[dialect] if FORMS[dialect] == "apdu" else int(FORMS[dialect])
    bench.link("ccc", dialect, ccc)
    bench.now_us = time_us
    send = bench.cdc
    for octets in told(order, dialect, name, sends, time_us, whole):
        if octets is None:
            send = bench.ccc
        else:
            send(octets)
    bench.lane.waiting(time_us, everything=True)
    counts = bench.counts(order.order_id)
    said = [word for word in ("reject", "quarantine", "mask", "flag", "accept") if counts.get(_COUNTED[word])]
    for row in bench.rows():
        assert not order.kind.metadata_only or CANARY not in row.octets
        if row.verdict is VerdictKind.ACCEPT and order.kind.metadata_only:
            facts = facts_of_stored(row.code, row.octets, time_us, row.liid, row.cin)
            assert facts.kind == "iri" and not facts.content
    bench.close()
    return said[0]


_COUNTED = {
    "reject": "rejected", "quarantine": "quarantined", "mask": "masked", "flag": "flagged", "accept": "accepted"
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:5]) for row in ROWS])
def test_both_gates_say_what_the_table_says(row: Row) -> None:
    order, sends, time_us = ORDERS[row.order], SIDES[row.side], TIMES[row.time]
    assert sends is not None
    assert carrier(order, row.record, sends, time_us) == row.carrier
    assert agency(order, row.dialect, row.record, sends, time_us, whole=True) == row.whole
    if row.carrier == "-":
        assert row.delivered == "-", "what is withheld cannot be judged"
        return
    whole = row.carrier == "whole"
    assert agency(order, row.dialect, row.record, sends, time_us, whole=whole) == row.delivered


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:5]) for row in ROWS])
def test_the_gates_agree(row: Row) -> None:
    """Withheld and refused; whole and kept; metadata and kept, once whatever is content is out of it."""
    if row.carrier == "-":
        assert row.whole == "reject"
    else:
        assert row.delivered == "accept" and (row.carrier == "metadata" or row.whole == "accept")


NAMES = {"t1678": ("call", "text", "sound", "placed"), "pcesp": ("call", "sound"), "ias": ("session", "packet")}
DIALECTS = st.sampled_from([(dialect, name) for dialect, names in NAMES.items() for name in names])


@settings(max_examples=150, deadline=None)
@given(order=orders, what=DIALECTS, sends=st.booleans(), time_us=around)
def test_for_any_order_and_any_time_the_gates_agree(
    order: CourtOrder, what: tuple[str, str], sends: bool, time_us: int
) -> None:
    """Given means kept, withheld means refused, and nothing that a pen register withholds is anywhere."""
    dialect, name = what
    # An internet access has no direction of its own there: it is the target's, who attaches.
    sends = sends or dialect == "ias"
    given_out = carrier(order, name, sends, time_us)
    whole = agency(order, dialect, name, sends, time_us, whole=True)
    if whole == "quarantine":
        # As over ETSI: before the own start of an order that came late.
        assert given_out == "-" and late_approval(order)
        return
    if given_out == "-":
        assert whole == "reject"
        return
    kept = agency(order, dialect, name, sends, time_us, whole=given_out == "whole")
    assert kept in ("accept", "flag") and (given_out == "whole") != order.kind.metadata_only


@pytest.mark.parametrize("name", ["call", "text", "sound", "stranger"])
def test_attack_a_carrier_that_hands_over_too_much_gains_the_agency_nothing(name: str) -> None:
    """R-110, R-022: whole signalling, content, and calls in which the target takes no part, under a pen register."""
    order = replace(ORDERS["prtt"], targets=ORDERS["prtt"].targets[:1])
    assert agency(order, "t1678", name, True, TIMES["inside"], whole=True) in ("mask", "reject")


@pytest.mark.parametrize("dialect", ["t1678", "pcesp"])
@pytest.mark.parametrize("name", ["prtt", "warrant"])
def test_a_call_to_an_address_that_is_no_number_is_kept_by_both(name: str, dialect: str) -> None:
    order = ORDERS[name]
    assert carrier(order, "call", True, TIMES["inside"]) == ("metadata" if name == "prtt" else "whole")
    bench, message = opening_to("sip:alice@other.invalid", dialect, order)
    (row,) = bench.cdc(message)
    assert message.count(b"sip:alice@other.invalid") == 2 and row.octets == message
    assert row.verdict is VerdictKind.ACCEPT
    bench.close()


@pytest.mark.parametrize("said", ["sip:1;postd=4321", "meet me at noon", "call 4321", "alice@x.invalid 4321"])
def test_attack_words_in_the_place_of_that_address_are_kept_nowhere(said: str) -> None:
    order = ORDERS["prtt"]
    bench, message = opening_to("sip:alice@other.invalid", "pcesp", order)
    wire = TONGUES["pcesp"].wire
    told_so = wire.decode(message)
    (row,) = bench.cdc(wire.encode(told_so._replace(fields=told_so.fields | {"input": ("translationinput", said)})))
    assert row.verdict is VerdictKind.MASK and b"4321" not in row.octets and b"noon" not in row.octets
    bench.close()


@pytest.mark.parametrize(
    ("form", "said"),
    [("userinput", "meet me at noon"), ("userinput", "12125550102,4321"), ("translationinput", "12125550102,4321")],
)
def test_attack_digits_behind_a_number_and_words_for_digits_refuse_the_record_still(form: str, said: str) -> None:
    bench, message = opening_to("sip:alice@other.invalid", "pcesp", ORDERS["prtt"])
    wire = TONGUES["pcesp"].wire
    told_so = wire.decode(message)
    assert bench.cdc(wire.encode(told_so._replace(fields=told_so.fields | {"input": (form, said)}))) == []
    assert bench.counts("O-1").get("rejected") == 1
    bench.close()


def opening_to(address: str, dialect: str, order: CourtOrder) -> tuple[Bench, bytes]:
    """A bench for the order, and the Origination of the subject's call to an address, as this carrier tells it."""
    octets = sip("INVITE", A, B).replace(f"sip:+{B}@ims.invalid".encode(), address.encode())
    tongue, whole = TONGUES[dialect], not order.kind.metadata_only
    at = Moment(Site("mf-1"), order.liid, "poi-1", TIMES["inside"], CIN, True, Call(), content=whole)
    said = tell(tongue, "voice", X2X3Pdu(PduType.X2, PayloadFormat.SIP, payload=octets), at, granted(order), True)
    bench = Bench(order)
    bench.link("cdc", dialect)
    bench.now_us = TIMES["inside"]
    return bench, tongue.wire.encode(next(one for one in said.messages if one.name == "origination"))


ENDS = ("accepted", "rejected", "failed", "session_failed")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", ["prtt", "data-warrant"])
def test_every_end_of_asking_for_access_is_kept_by_both(name: str, end: str) -> None:
    """Call data of IAS: the carrier's converters and journal on the one side, the lane on the other."""
    order = ORDERS[name]
    items = [{"kind": "data", "subscriber": A, "packets": 14, "seconds": 1, "outcome": end, "access": True}]
    given_out = played.pdus(items, Identity("e164Number", A), content=False)
    shift_ns = TIMES["inside"] * 1000 - (given_out[0].timestamp_ns or 0)
    moved = [one._replace(timestamp_ns=(one.timestamp_ns or 0) + shift_ns) for one in given_out]
    records = played.convert("ias", moved, order, liids=[str(order.liid)])
    bench = Bench(order)
    bench.link("cdc", "ias")
    rows = []
    for message, octets in zip(records.messages, records.octets, strict=True):
        bench.now_us = message.fields["timestamp"]
        rows += bench.cdc(octets)
    assert len(rows) == len(records.octets) >= 2 and {row.verdict for row in rows} == {VerdictKind.ACCEPT}
    assert not order.kind.metadata_only or "accessSignalingMessageReport" not in records.names
    bench.close()
