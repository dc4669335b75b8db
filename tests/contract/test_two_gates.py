"""One truth table, run through both gates: what the carrier hands over and what the agency keeps.

The gates share types and no code. A row says what the carrier's scope gives of an event (`whole`, `metadata`, `-` for
nothing), what the collector makes of the same event delivered whole by a carrier that does not hold back, and what it
makes of what this carrier delivers. Where the two see different things the row names the asymmetry; every other row has
to agree.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, sms_tpdu, ts33128
from asn1.ps_common import ip_address
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_OK, TARGET_UNKNOWN, CinState
from mediation.law.exigent import deadline_us, late_approval
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Exigency,
    Jurisdiction,
    Liid,
    OrderId,
    OrderKind,
    OrderState,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import VerdictKind
from mediation.redact import message_without_text, signalling_only
from mediation.scope import Scope, ScopeEvent, allow

START = 1_750_000_000_000_000
END = START + 3_600_000_000
CUT = START + 1_800_000_000
HOUR = 3_600_000_000
DAY = 24 * HOUR
TIMES = {"before": START - 1, "start": START, "inside": CUT - 1, "cut": CUT, "last": END - 1, "end": END}
A, B = "12125550101", "12125550102"
HOST, VISITOR = "192.0.2.80", "198.51.100.7"
CANARY = b"CANARYwords"
POLICY = LinkPolicy(skew_us=0)
KEPT = {"accept", "accept_flagged"}

WARRANT = CourtOrder(
    OrderId("O-1"), 1, OrderKind.EAVESDROPPING, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(START, END),
    (Target(TargetKind.E164, A), Target(TargetKind.IPV4, HOST)), frozenset({Service.VOICE, Service.SMS}),
)  # fmt: skip
PRTT = replace(WARRANT, kind=OrderKind.PRTT, services=frozenset())
FEDERAL = replace(WARRANT, jurisdiction=Jurisdiction.FEDERAL)


def emergency(kind: OrderKind, activated_at_us: int, **acts: int) -> CourtOrder:
    services = PRTT.services if kind.metadata_only else WARRANT.services
    return replace(WARRANT, kind=kind, services=services, exigent=Exigency(activated_at_us, **acts))


ORDERS = {
    "warrant": WARRANT,
    "data-warrant": replace(WARRANT, services=frozenset({Service.DATA})),
    "state-emergency": replace(WARRANT, kind=OrderKind.EXIGENT_EAV_STATE),
    "prtt": PRTT,
    "exigent-prtt": replace(PRTT, kind=OrderKind.EXIGENT_PRTT),
    "listing-prtt": replace(PRTT, services=frozenset(Service)),
    "pen": replace(PRTT, direction=PrttDirection.PEN),
    "trap": replace(PRTT, direction=PrttDirection.TRAP),
    "draft": replace(WARRANT, state=OrderState.DRAFT),
    "lapsed": replace(WARRANT, state=OrderState.LAPSED),
    "terminated": replace(WARRANT, state=OrderState.TERMINATED),
    "expired": replace(WARRANT, state=OrderState.EXPIRED),
    "sealed": replace(WARRANT, state=OrderState.SEALED),
    "closed": replace(WARRANT, state=OrderState.CLOSED),
    "revoked": replace(WARRANT, state=OrderState.REVOKED),
    "revoked-at": replace(WARRANT, state=OrderState.REVOKED, revoked_at_us=CUT),
    "prtt-revoked-at": replace(PRTT, state=OrderState.REVOKED, revoked_at_us=CUT),
    "attained": replace(WARRANT, objective_attained_at_us=CUT),
    "terminated-at": replace(WARRANT, state=OrderState.TERMINATED, objective_attained_at_us=CUT),
    "place-prtt": replace(PRTT, location_authorised=True),
    "lapsing-state": emergency(OrderKind.EXIGENT_EAV_STATE, CUT - 24 * HOUR),
    "lapsing-federal": emergency(OrderKind.EXIGENT_EAV_FEDERAL, CUT - 48 * HOUR),
    "lapsing-prtt": emergency(OrderKind.EXIGENT_PRTT, CUT - 48 * HOUR),
    "approved-state": emergency(OrderKind.EXIGENT_EAV_STATE, CUT - 24 * HOUR, order_issued_at_us=CUT),
    "approved-federal": emergency(OrderKind.EXIGENT_EAV_FEDERAL, CUT - 48 * HOUR, order_issued_at_us=CUT),
    "approved-prtt": emergency(OrderKind.EXIGENT_PRTT, CUT - 48 * HOUR, order_issued_at_us=CUT),
    "approved-late": emergency(OrderKind.EXIGENT_PRTT, CUT - 48 * HOUR, order_issued_at_us=CUT + 1),
    "own-start": emergency(OrderKind.EXIGENT_EAV_STATE, START - 25 * HOUR, order_issued_at_us=START),
    "denied": emergency(OrderKind.EXIGENT_EAV_STATE, START, denied_at_us=CUT),
    "obtained": emergency(OrderKind.EXIGENT_PRTT, START, obtained_at_us=CUT),
    "emergency-over": emergency(OrderKind.EXIGENT_EAV_FEDERAL, START, order_issued_at_us=START, ended_at_us=CUT),
    "temporary": emergency(OrderKind.EXIGENT_EAV_STATE, START - HOUR, order_issued_at_us=CUT - 24 * HOUR),
    "use-lapsed": replace(emergency(OrderKind.EXIGENT_EAV_STATE, CUT - 24 * HOUR), state=OrderState.LAPSED),
    "federal-first": replace(FEDERAL, first_interception_us=CUT - 30 * DAY),
    "federal-entered": replace(FEDERAL, entered_at_us=CUT - 40 * DAY),
    "federal-extended": replace(FEDERAL, first_interception_us=CUT - 30 * DAY, extensions_us=(CUT,)),
    "federal-prtt": replace(PRTT, jurisdiction=Jurisdiction.FEDERAL, first_interception_us=CUT - 30 * DAY),
}
SERVICES = {
    "call": Service.VOICE, "answer": Service.VOICE, "sound": Service.VOICE, "text": Service.SMS, "sms": Service.SMS,
    "session": Service.DATA, "packet": Service.DATA, "visit": Service.DATA, "placed": Service.VOICE,
    "stranger": Service.VOICE, "mms": Service.MMS,
}  # fmt: skip
SIDES = {"from": True, "to": False, "?": None}

TABLE = """
order            record   time    side  carrier   whole       delivered  asymmetry

warrant          call     inside  from  whole     accept      accept
warrant          call     inside  to    whole     accept      accept
warrant          call     inside  ?     whole     accept      accept
warrant          sound    inside  from  whole     accept      accept
warrant          sound    inside  to    whole     accept      accept
warrant          sms      inside  from  whole     accept      accept
warrant          sms      inside  to    whole     accept      accept
warrant          text     inside  from  whole     accept      accept
warrant          session  inside  from  -         reject      -
warrant          packet   inside  from  -         reject      -
warrant          visit    inside  from  -         reject      -
data-warrant     session  inside  from  whole     accept      accept
data-warrant     packet   inside  to    whole     accept      accept
data-warrant     call     inside  from  -         reject      -
data-warrant     sound    inside  from  -         reject      -
data-warrant     sms      inside  to    -         reject      -
data-warrant     text     inside  from  -         reject      -
state-emergency  sound    inside  from  whole     accept      accept
state-emergency  packet   inside  from  -         reject      -

warrant          call     before  from  -         reject      -
warrant          call     start   from  whole     accept      accept
warrant          call     last    from  whole     accept      accept
warrant          call     end     from  -         reject      -
warrant          sound    before  from  -         reject      -
warrant          sound    start   from  whole     accept      accept
warrant          sound    last    from  whole     accept      accept
warrant          sound    end     from  -         reject      -
prtt             call     before  from  -         reject      -
prtt             call     start   from  metadata  mask        accept
prtt             call     last    from  metadata  mask        accept
prtt             call     end     from  -         reject      -

prtt             call     inside  from  metadata  mask        accept
prtt             call     inside  to    metadata  mask        accept
prtt             answer   inside  to    metadata  accept      accept
prtt             placed   inside  from  metadata  mask        accept
prtt             text     inside  from  metadata  mask        accept
prtt             sms      inside  from  metadata  mask        accept
prtt             sms      inside  to    metadata  mask        accept
prtt             session  inside  from  metadata  accept      accept
prtt             visit    inside  from  metadata  mask        accept
prtt             visit    inside  to    metadata  mask        accept
prtt             sound    inside  from  -         reject      -
prtt             packet   inside  to    -         reject      -
exigent-prtt     sms      inside  from  metadata  mask        accept
exigent-prtt     sound    inside  from  -         reject      -
listing-prtt     sound    inside  from  -         reject      -
listing-prtt     packet   inside  from  -         reject      -
listing-prtt     sms      inside  from  metadata  mask        accept

pen              call     inside  from  metadata  mask        accept
pen              call     inside  to    -         reject      -
trap             call     inside  from  -         reject      -
trap             call     inside  to    metadata  mask        accept
pen              answer   inside  to    metadata  accept      accept
trap             answer   inside  to    -         reject      -
pen              sms      inside  from  metadata  mask        accept
pen              sms      inside  to    -         reject      -
trap             sms      inside  to    metadata  mask        accept
trap             sms      inside  from  -         reject      -
pen              visit    inside  to    -         reject      -
trap             visit    inside  to    metadata  mask        accept
pen              sound    inside  from  -         reject      -
pen              call     inside  ?     -         mask        -          unsaid-side
trap             call     inside  ?     -         reject      -

draft            call     inside  from  -         reject      -
lapsed           call     inside  from  -         reject      -
terminated       call     inside  from  -         reject      -
expired          call     inside  from  whole     accept      accept
expired          sound    end     from  -         reject      -
sealed           call     inside  from  whole     accept      accept
closed           call     inside  from  -         accept      -          closed-books
revoked          call     inside  from  whole     reject      reject     untimed-revocation
revoked-at       call     inside  from  whole     accept      accept
revoked-at       sound    cut     from  -         reject      -
prtt-revoked-at  call     inside  from  metadata  mask        accept
prtt-revoked-at  call     cut     from  -         reject      -
attained         sound    inside  from  whole     accept      accept
attained         sound    cut     from  -         reject      -
terminated-at    sound    inside  from  -         accept      -          timed-termination
terminated-at    sound    cut     from  -         reject      -

warrant          stranger inside  from  whole     reject      reject     target-at-the-poi
prtt             stranger inside  from  metadata  reject      reject     target-at-the-poi
place-prtt       placed   inside  from  metadata  accept      accept
place-prtt       call     inside  from  metadata  mask        accept

lapsing-state    sound    inside  from  whole     accept      accept
lapsing-state    sound    cut     from  -         reject      -
lapsing-federal  call     inside  from  whole     accept      accept
lapsing-federal  call     cut     from  -         reject      -
lapsing-prtt     call     inside  from  metadata  mask        accept
lapsing-prtt     call     cut     from  -         reject      -
approved-state   sound    cut     from  whole     accept      accept
approved-federal sound    cut     from  whole     accept      accept
approved-prtt    sms      cut     from  metadata  mask        accept
approved-late    sms      inside  from  metadata  mask        accept
approved-late    sms      cut     from  -         reject      -
approved-late    sms      last    from  -         reject      -
own-start        sound    before  from  -         reject      -
own-start        sound    start   from  whole     accept      accept
denied           sound    inside  from  whole     accept      accept
denied           sound    cut     from  -         reject      -
obtained         sms      inside  to    metadata  mask        accept
obtained         sms      cut     to    -         reject      -
emergency-over   sound    inside  from  whole     accept      accept
emergency-over   sound    cut     from  -         reject      -
temporary        call     inside  from  whole     accept      accept
temporary        call     cut     from  -         reject      -
use-lapsed       sound    inside  from  -         quarantine  -          lapsed-use
use-lapsed       sound    cut     from  -         reject      -
federal-first    sound    inside  from  whole     accept      accept
federal-first    sound    cut     from  -         reject      -
federal-entered  sound    inside  from  whole     accept      accept
federal-entered  sound    cut     from  -         reject      -
federal-extended sound    cut     from  whole     accept      accept
federal-prtt     session  last    from  metadata  accept      accept
"""

ASYMMETRIES = {
    "unsaid-side": "The carrier withholds where its interception point did not say the direction; the agency also "
    "reads the parties of the record itself.",
    "closed-books": "The carrier stops for an order whose books are closed; the agency judges what was under way by "
    "its time, the window being what the court granted.",
    "untimed-revocation": "A revocation without its time: the carrier goes by the window until it is told a time, the "
    "agency refuses everything.",
    "timed-termination": "A terminated order with its time: the carrier stops at once, the agency still takes what was "
    "intercepted before that time and comes late.",
    "lapsed-use": "The carrier withholds all of a lapsed use; the agency seals for review what was intercepted "
    "before the lapse and comes after it.",
    "target-at-the-poi": "The carrier's scope relies on the task by which the interception point chose; the agency "
    "looks for the target in every record.",
}


class Row(NamedTuple):
    order: str
    record: str
    time: str
    side: str
    carrier: str
    whole: str
    delivered: str
    asymmetry: str = ""


ROWS = [Row(*line.split()) for line in TABLE.strip().splitlines()[1:] if line]


def header(time_us: int) -> PsHeader:
    return PsHeader(
        liid=b"LAB-1", operator_id=b"SIMOP", cin=1, sequence_number=0, time_us=time_us,
        time_qualifier="timeOfInterception",
    )  # fmt: skip


def sip(method: str, caller: str, callee: str, *more: str, body: bytes = b"") -> bytes:
    lines = (
        f"{method} sip:+{callee}@ims.invalid SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        f"From: <sip:+{caller}@ims.invalid>;tag=a",
        f"To: <sip:+{callee}@ims.invalid>" + (";tag=b" if method == "BYE" else ""),
        "Call-ID: 1@ims.invalid",
        f"CSeq: 1 {method}",
        *more,
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def udp(source: str, destination: str, payload: bytes) -> bytes:
    ends = bytes(int(part) for text in (source, destination) for part in text.split("."))
    head = b"\x45\0" + (28 + len(payload)).to_bytes(2, "big") + bytes(5) + b"\x11\0\0" + ends
    return head + b"\xc0\0\0\x50" + (8 + len(payload)).to_bytes(2, "big") + b"\0\0" + payload


def built(name: str, sends: bool | None, time_us: int, redacted: bool) -> bytes:
    """The record of one event as delivered: whole, or with what the carrier's `redact` leaves of it."""
    caller, callee = (B, A) if sends is False else (A, B)
    direction = {True: "fromTarget", False: "toTarget", None: None}[sends]
    contents: tuple[str, Any]
    if name == "sound":
        return cc_pdu(header(time_us), multimedia.ipmmcc(b"\x80\0" + CANARY, frame_type="rtpFrame"), direction)
    if name == "packet":
        return cc_pdu(header(time_us), ip.ipcc(udp(HOST, VISITOR, CANARY)), direction)
    if name in ("call", "answer", "text", "placed", "stranger"):
        octets = {
            "call": lambda: sip("INVITE", caller, callee, f"Subject: {CANARY.decode()}", body=CANARY),
            "answer": lambda: sip("BYE", caller, callee),
            "text": lambda: sip("MESSAGE", caller, callee, "Content-Type: text/plain", body=CANARY),
            "placed": lambda: sip("INVITE", caller, callee, "P-Access-Network-Info: 3GPP-NR;cell=CANARYwords"),
            "stranger": lambda: sip("INVITE", "12125550109", B, body=CANARY),
        }[name]()
        if redacted:
            kept = signalling_only(octets)
            assert kept is not None
            octets = kept
        contents = multimedia.sip_iri(bytes(4), bytes(4), octets, iri_only=redacted)
    elif name == "sms":
        assert direction is not None
        deliver = sms_tpdu.encode_deliver(CANARY.decode(), B, time_us)[0]
        event: dict[str, Any] = {
            "originatingSMSParty": {"gPSI": ("mSISDN", caller)},
            "terminatingSMSParty": {"gPSI": ("mSISDN", callee)},
            "direction": direction,
            "linkTransferStatus": "transferSucceeded",
            "sMSTPDUData": ("sMSTPDU", sms_tpdu.encode_submit(CANARY.decode(), B)[0] if sends else deliver),
        }
        event = message_without_text(event) if redacted else event
        contents = ("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", event)))
    elif name == "session":
        contents = ip.ipiri(
            {
                "accessEventType": "accessAccept", "targetUsername": b"user", "internetAccessType": "wireless-other",
                "iPVersion": "iPV4", "targetNetworkID": A, "targetIPAddress": ip_address(bytes([192, 0, 2, 80])),
            }
        )  # fmt: skip
    else:
        packet = udp(VISITOR, HOST, CANARY) if sends is False else udp(HOST, VISITOR, CANARY)
        contents = ip.packet_header_report(packet[:28] if redacted else packet)
    return iri_pdu(header(time_us), contents, "report", payload_direction=direction)


def carrier(order: CourtOrder, name: str, sends: bool | None, time_us: int) -> str:
    opens_sent = True if name == "answer" else sends
    event = ScopeEvent(time_us, SERVICES[name], name in ("sound", "packet"), sends, opens_sent)
    scope = allow(order, event).scope
    return "-" if scope is Scope.WITHHOLD else scope.value


def agency(order: CourtOrder, name: str, sends: bool | None, time_us: int, redacted: bool) -> str:
    """A BYE comes into the call that the target opened; content after the signalling that established its target."""
    octets = built(name, sends, time_us, redacted)
    cin = CinState(TARGET_OK, True) if name == "answer" else CinState()
    if name in ("sound", "packet"):
        cin = CinState(TARGET_OK, sends)
    verdict = decide((order,), facts_of(decode_ps_pdu(octets), time_us), POLICY, cin).verdict
    if verdict.kind in (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED) and order.kind.metadata_only:
        assert CANARY not in octets or (name == "placed" and order.location_authorised)
    return verdict.kind.name.lower()


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:4]) for row in ROWS])
def test_both_gates_say_what_the_table_says(row: Row) -> None:
    order, sends, time_us = ORDERS[row.order], SIDES[row.side], TIMES[row.time]
    assert carrier(order, row.record, sends, time_us) == row.carrier
    assert agency(order, row.record, sends, time_us, redacted=False) == row.whole
    if row.carrier != "-":
        assert agency(order, row.record, sends, time_us, redacted=row.carrier == "metadata") == row.delivered
    else:
        assert row.delivered == "-", "what is withheld cannot be judged"


def agrees(row: Row) -> bool:
    """Withheld and refused; whole and kept; metadata and kept, once whatever is content is out of it."""
    if row.carrier == "-":
        return row.whole == "reject"
    if row.carrier == "whole":
        return row.whole == "accept" == row.delivered
    return row.whole in ("mask", "accept") and row.delivered == "accept"


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:4]) for row in ROWS])
def test_the_gates_agree_but_for_the_asymmetries_that_are_written_down(row: Row) -> None:
    assert agrees(row) is (row.asymmetry == "")
    assert not row.asymmetry or row.asymmetry in ASYMMETRIES


def test_every_asymmetry_and_every_order_of_the_table_is_used() -> None:
    assert {row.asymmetry for row in ROWS} - {""} == set(ASYMMETRIES)
    assert {row.order for row in ROWS} == set(ORDERS) and {row.time for row in ROWS} == set(TIMES)
    assert {row.record for row in ROWS} == set(SERVICES) - {"mms"}
    assert len({row[:4] for row in ROWS}) == len(ROWS)
    assert all(re.fullmatch(r"[A-Z].*\.", said) for said in ASYMMETRIES.values())


def test_attack_no_row_lets_content_through_to_a_pen_register() -> None:
    for row in ROWS:
        if ORDERS[row.order].kind.metadata_only:
            assert row.carrier != "whole" and (row.record not in ("sound", "packet") or row.whole == "reject")


@pytest.mark.parametrize("record", ["call", "text", "sms", "visit", "sound", "packet"])
def test_attack_a_carrier_that_hands_over_too_much_gains_the_agency_nothing(record: str) -> None:
    """The training faults of the carrier: content it should withhold, records after the end."""
    event = ScopeEvent(CUT, SERVICES[record], record in ("sound", "packet"), True, True)
    assert allow(PRTT, event, overdeliver=True).scope is Scope.WHOLE
    assert agency(PRTT, record, True, CUT, redacted=False) in ("mask", "reject")
    late = event._replace(time_us=END)
    assert allow(PRTT, late, slack_us=1, overdeliver=True).scope is Scope.WHOLE
    assert agency(PRTT, record, True, END, redacted=False) == "reject"


def test_content_before_its_signalling_is_kept_by_both() -> None:
    """The agency flags it later (R-097); nothing of it is lost meanwhile."""
    octets = built("sound", True, CUT, False)
    verdict = decide((WARRANT,), facts_of(decode_ps_pdu(octets), CUT), POLICY, CinState(TARGET_UNKNOWN)).verdict
    assert verdict.kind is VerdictKind.ACCEPT and carrier(WARRANT, "sound", True, CUT) == "whole"


@pytest.mark.rule("R-041")
@pytest.mark.parametrize("name", ["lapsing-state", "lapsing-federal", "lapsing-prtt"])
def test_attack_a_carrier_that_buffers_until_the_use_has_lapsed_gains_the_agency_nothing(name: str) -> None:
    """The carrier hands over what it intercepted in time, whenever; the agency seals what comes after the lapse."""
    order = ORDERS[name]
    assert deadline_us(order) == CUT
    for late_us, kind in ((CUT, VerdictKind.ACCEPT), (CUT + 1, VerdictKind.QUARANTINE)):
        octets = built("answer", True, CUT - 1, redacted=order.kind.metadata_only)
        facts = facts_of(decode_ps_pdu(octets), late_us)
        assert decide((order,), facts, POLICY, CinState(TARGET_OK, True)).verdict.kind is kind
        assert carrier(order, "answer", True, CUT - 1) != "-"


def test_a_multimedia_event_that_names_nobody_goes_with_its_message_and_alone_is_set_apart() -> None:
    assert carrier(replace(WARRANT, services=frozenset({Service.MMS})), "mms", True, CUT) == "whole"
    event = ("mMSNotificationResponse", {"transactionID": "1", "version": {"majorVersion": 1, "minorVersion": 0},
                                         "direction": "fromTarget", "status": "retrieved"})  # fmt: skip
    contents = ("threeGPP33128DefinedIRI", ts33128.encode_iri(event))
    pdu = decode_ps_pdu(iri_pdu(header(CUT), contents, "report"))
    order, facts = replace(WARRANT, services=frozenset({Service.MMS})), facts_of(pdu, CUT)
    assert decide((order,), facts, POLICY, CinState()).verdict.kind is VerdictKind.QUARANTINE
    assert decide((order,), facts, POLICY, CinState(TARGET_OK)).verdict.kind is VerdictKind.ACCEPT


around = st.sampled_from([START, CUT, END]).flatmap(lambda at: st.integers(at - 2, at + 2))
acts = st.none() | around


@st.composite
def emergencies(draw: st.DrawFn) -> Exigency:
    """An activation whose deadline, of 24 or 48 hours, is near an edge or far away, and any acts."""
    begun = draw(around) - draw(st.sampled_from([0, 24, 48])) * HOUR
    issued = draw(acts | st.just(begun + 24 * HOUR) | st.just(begun + 24 * HOUR + 1) | st.just(CUT - 24 * HOUR))
    return Exigency(begun, issued, draw(acts), draw(acts), draw(acts))


orders = st.builds(
    replace,
    st.just(WARRANT),
    kind=st.sampled_from(OrderKind),
    services=st.frozensets(st.sampled_from([Service.VOICE, Service.SMS, Service.DATA])),
    direction=st.sampled_from(PrttDirection),
    state=st.sampled_from([OrderState.ISSUED, OrderState.ACTIVE, OrderState.EXPIRED, OrderState.SEALED]),
    revoked_at_us=acts,
    objective_attained_at_us=acts,
    jurisdiction=st.sampled_from(Jurisdiction),
    exigent=st.none() | emergencies(),
    entered_at_us=st.none() | around.map(lambda at: at - 40 * DAY),
    first_interception_us=st.none() | around.map(lambda at: at - 30 * DAY),
    extensions_us=st.just(()) | st.tuples(around),
)
NAMES = ("call", "text", "sms", "session", "visit", "sound", "packet", "placed")


@settings(max_examples=300, deadline=None)
@given(order=orders, name=st.sampled_from(NAMES), sends=st.booleans(), time_us=around)
def test_for_any_order_and_any_time_the_gates_agree(order: CourtOrder, name: str, sends: bool, time_us: int) -> None:
    """Of the target's own traffic whose direction is known: given means kept, withheld means refused."""
    given_out = carrier(order, name, sends, time_us)
    whole = agency(order, name, sends, time_us, redacted=False)
    if whole == "quarantine":
        # ASYMMETRIES["lapsed-use"]: before the own start of an order that came late.
        assert given_out == "-" and late_approval(order) and time_us < order.window.start_us
        return
    assert (given_out == "-") == (whole == "reject")
    if given_out == "whole":
        assert whole in KEPT and not order.kind.metadata_only
    if given_out == "metadata":
        assert order.kind.metadata_only and agency(order, name, sends, time_us, redacted=True) in KEPT
        assert CANARY not in built(name, sends, time_us, redacted=True)
