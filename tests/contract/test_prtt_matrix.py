"""What may be delivered under a pen register and under a warrant, item by item, at both ends of the hand-over.

Each item of `tests/vectors/law/prtt_items.csv` is seen by a point of interception, redacted by the carrier where its
scope says so, and judged by the agency; then once more by a carrier that holds nothing back. Withheld means that the
words which stand for the item are in nothing that the carrier hands over and in nothing that the agency keeps.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import sms_tpdu, ts33128
from asn1.errors import DecodeError
from asn1.ps_pdu import PsHeader, cc_pdu, decode_ps_pdu, iri_pdu
from asn1.x2x3 import PayloadDirection, PayloadFormat, PduType, X2X3Pdu
from collector.facts import facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_OK, CinState
from collector.mask import permitted_octets
from mediation import convert
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Service, Target, TargetKind, Window
from mediation.law.verdicts import VerdictKind
from mediation.redact import NOTHING, granted, signalling_only
from mediation.scope import Scope, ScopeEvent, allow
from mediation.sequence import Communication

T = 1_750_000_000_000_000
A, B = "12125550100", "12125550123"
WORDS = "CANARYwords"
KEPT = (VerdictKind.ACCEPT, VerdictKind.ACCEPT_FLAGGED)
PRTT = CourtOrder(
    OrderId("O-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB", Window(T - 10**9, T + 10**9),
    (Target(TargetKind.E164, A), Target(TargetKind.IPV4, "203.0.113.80")),
)  # fmt: skip
WARRANT = replace(PRTT, kind=OrderKind.EAVESDROPPING, services=frozenset(Service))


class Item(NamedTuple):
    """One item as the point of interception sees it; `shows`: the words that stand for it, in one rendering each."""

    role: str
    pdu: X2X3Pdu
    shows: tuple[bytes, ...]


def pdu(form: PayloadFormat, octets: bytes, kind: PduType = PduType.X2) -> X2X3Pdu:
    return X2X3Pdu(kind, form, PayloadDirection.FROM_TARGET, bytes(16), 1, octets, timestamp_ns=T * 1000)


def sip(*more: str, start: str = "", to: str = f"<sip:+{B}@ims.invalid>", body: str = "", **other: str) -> bytes:
    start = start or f"INVITE sip:+{B}@ims.invalid SIP/2.0"
    lines = (
        start, "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        f"From: {other.get('name', '')}<sip:+{A}@ims.invalid>;tag=a",
        f"To: {to}", "Call-ID: c1@ims.invalid", f"CSeq: 1 {other.get('method') or start.partition(' ')[0]}", *more,
        f"Content-Length: {len(body)}", "", body,
    )  # fmt: skip
    return "\r\n".join(lines).encode()


def call(*more: str, shows: str = WORDS, **other: str) -> Item:
    return Item("voice", pdu(PayloadFormat.SIP, sip(*more, **other)), (shows.encode(),))


def conference(more: str, shows: str = WORDS) -> Item:
    body = (
        '<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="sip:conf-1@ims.invalid" state="full" '
        f'version="1"><users><user entity="sip:+12125550188@ims.invalid">{more}'
        '<endpoint entity="sip:+12125550188@ims.invalid"><status>connected</status></endpoint></user></users>'
        "</conference-info>"
    )
    headers = "Event: conference", "Subscription-State: active;expires=60"
    return call(*headers, "Content-Type: application/conference-info+xml", start=NOTIFY, body=body, shows=shows)


def event(name: str, value: dict[str, Any], *shows: bytes) -> Item:
    return Item("messaging", pdu(PayloadFormat.TS_33128, ts33128.encode_xiri((name, value))), shows)


def sms(text: str, *shows: bytes, **more: Any) -> Item:
    value = {
        "originatingSMSParty": {"gPSI": ("mSISDN", A)}, "terminatingSMSParty": {"gPSI": ("mSISDN", B)},
        "direction": "fromTarget", "linkTransferStatus": "transferSucceeded",
        "sMSTPDUData": ("sMSTPDU", sms_tpdu.encode_submit(text, B)[0]), **more,
    }  # fmt: skip
    return event("sMSMessage", value, *shows)


def mms(*shows: bytes, **more: Any) -> Item:
    sender, receiver = ({"mMSPartyIDs": [("e164Number", one)], "nonLocalID": "local"} for one in (A, B))
    value = {
        "transactionID": "T1", "version": {"majorVersion": 1, "minorVersion": 3}, "dateTime": T,
        "direction": "fromTarget", "originatingMMSParty": sender, "terminatingMMSParty": [receiver],
        "messageID": "m1@mms.invalid",
        "expiry": {"expiryPeriod": 60, "periodFormat": "relative"}, "contentType": "multipart/related",
        "responseStatus": "ok", **more,
    }  # fmt: skip
    return event("mMSSend", value, *shows)


def packet(payload: bytes, port: int = 80) -> bytes:
    size = 28 + len(payload)
    head = b"\x45\0" + size.to_bytes(2, "big") + bytes(5) + b"\x11\0\0" + bytes([203, 0, 113, 80, 198, 51, 100, 7])
    return head + b"\xc0\0" + port.to_bytes(2, "big") + (size - 20).to_bytes(2, "big") + b"\0\0" + payload


def visit(payload: bytes, *shows: bytes, port: int = 80) -> Item:
    return Item("web", pdu(PayloadFormat.IPV4, packet(payload, port)), shows)


def accounting() -> Item:
    name = f"{A}@ims.invalid".encode()
    attributes = bytes([1, 2 + len(name)]) + name + b"\x28\x06\0\0\0\1" + bytes([8, 6, 203, 0, 113, 80])
    octets = b"\x04\1" + (20 + len(attributes)).to_bytes(2, "big") + bytes(16) + attributes
    return Item("data", pdu(PayloadFormat.RADIUS, octets), (name,))


SOUND = b"\x80\0" + WORDS.encode()
DNS, TLS = b"\x0bCANARYwords\7invalid\0", b"\x16\3\1\0\x0bCANARYwords"
WEB = b"GET /CANARYwords HTTP/1.1\r\nHost: CANARYwords.invalid\r\n\r\n"
REFER, NOTIFY = (f"{method} sip:+{B}@ims.invalid SIP/2.0" for method in ("REFER", "NOTIFY"))
INFO = f"INFO sip:+{B}@ims.invalid SIP/2.0"
PACKED = sms_tpdu.encode_submit(WORDS, B)[0][-8:]
CELL = f"P-Access-Network-Info: 3GPP-NR;utran-cell-id-3gpp={WORDS}"
ENDS = bytes([203, 0, 113, 80, 198, 51, 100, 7])

ITEMS: dict[str, Callable[[], Item]] = {
    "number dialled to set up the call": lambda: call(shows=f"+{B}"),
    "calling number of an incoming call": lambda: call(shows=f"+{A}"),
    "number a call was redirected from": lambda: call(
        "Diversion: <sip:+12125550188@ims.invalid>;reason=no-answer", shows="12125550188"
    ),
    "answer and release of a call": lambda: call(start="SIP/2.0 200 OK", method="INVITE", shows="SIP/2.0 200"),
    "feature code to the network": lambda: call(start="INVITE sip:*66@ims.invalid SIP/2.0", shows="*66"),
    "digits keyed after the answer": lambda: call(
        "Content-Type: application/dtmf-relay", start=INFO, body="Signal=7\r\nDuration=160\r\n", shows="Signal=7"
    ),
    "digits behind the number": lambda: call(start=f"INVITE tel:+{B};postd=9988776 SIP/2.0", shows="9988776"),
    "ringing and busy": lambda: call(start="SIP/2.0 180 Ringing", method="INVITE", shows="SIP/2.0 180"),
    "name shown on the handset": lambda: call(name='"Alex Rivera" ', shows="Alex Rivera"),
    "free text shown on the handset": lambda: call(name='"CANARYwords at 5" '),
    "free text beside a status": lambda: call(start=f"SIP/2.0 480 {WORDS}", method="INVITE"),
    "parties and segments of a short message": lambda: sms("", B.encode()),
    "text of a short message": lambda: sms(WORDS, PACKED),
    "parties and size of a multimedia message": lambda: mms(B.encode()),
    "subject of a multimedia message": lambda: mms(WORDS.encode(), subject=WORDS),
    "status text of a multimedia message": lambda: mms(WORDS.encode(), responseStatusText=WORDS),
    "parts of a multimedia message": lambda: Item(
        "messaging",
        pdu(
            PayloadFormat.TS_33128,
            ts33128.encode_cc(
                ("mMSCCPDU", {"version": {"majorVersion": 1, "minorVersion": 3}, "transactionID": "T1",
                              "mMSContent": WORDS.encode()})
            ),
            PduType.X3,
        ),
        (WORDS.encode(),),
    ),
    "request line and parties of SIP": lambda: call(shows="c1@ims.invalid"),
    "session description of SIP": lambda: call("Content-Type: application/sdp", body=f"v=0\r\ns={WORDS}\r\n"),
    "body of a SIP MESSAGE": lambda: call(
        "Content-Type: text/plain", start=f"MESSAGE sip:+{B}@ims.invalid SIP/2.0", body=WORDS
    ),
    "subject line of SIP": lambda: call(f"Subject: {WORDS}"),
    "headers part of an address": lambda: call(f"Contact: <sip:a@192.0.2.1?body={WORDS}>"),
    "unknown parameter of an address": lambda: call(f"Contact: <sip:a@192.0.2.1;note={WORDS}>"),
    "voice": lambda: Item("voice", pdu(PayloadFormat.IPV4, packet(SOUND, 4000), PduType.X3), (SOUND,)),
    "user packet": lambda: Item("data", pdu(PayloadFormat.IPV4, packet(WEB), PduType.X3), (WEB,)),
    "headers of a packet": lambda: visit(b"", ENDS),
    "first octets behind the headers of a packet": lambda: visit(WORDS.encode(), WORDS.encode()),
    "DNS name that was asked for": lambda: visit(DNS, WORDS.encode(), port=53),
    "name in a TLS handshake": lambda: visit(TLS, WORDS.encode(), port=443),
    "host and path of a web request": lambda: visit(WEB, WORDS.encode()),
    "maker's words of a handset": lambda: call(f"User-Agent: {WORDS}"),
    "session of internet access": accounting,
    "cell of a call": lambda: call(CELL),
    "place of a short message": lambda: sms(
        "", WORDS.encode(), location={"locationInfo": {"timeZone": WORDS}}
    ),
    "number a call is sent on to": lambda: call(
        f"History-Info: <sip:+{B}@ims.invalid>;index=1",
        "History-Info: <sip:+12125550188@ims.invalid;cause=302>;index=1.1;mp=1",
        start="SIP/2.0 181 Call Is Being Forwarded", method="INVITE", shows="12125550188",
    ),
    "number a call is handed over to": lambda: call(
        "Refer-To: <sip:+12125550188@ims.invalid>", start=REFER, shows="12125550188"
    ),
    "who handed a call over": lambda: call("Referred-By: <sip:+12125550188@ims.invalid>", shows="12125550188"),
    "words beside a diversion": lambda: call(f"Diversion: <sip:+{B}@ims.invalid>;reason=no-answer;note={WORDS}"),
    "words inside a history of a call": lambda: call(
        f"History-Info: <sip:+{B}@ims.invalid?Reason=SIP%3Bcause%3D302%3Btext%3D{WORDS}>;index=1"
    ),
    "words sent along with a call": lambda: call(
        f"User-to-User: 04{WORDS.encode().hex()};encoding=hex;purpose=isdn-uui"
    ),
    "what came of a referral": lambda: call(
        "Event: refer", "Subscription-State: active;expires=60", "Content-Type: message/sipfrag;version=2.0",
        start=NOTIFY, body=f"SIP/2.0 100 {WORDS}\r\n",
    ),
    "words in a notice of a conference": lambda: conference(f"<display-text>{WORDS}</display-text>"),
    "who is in a conference": lambda: conference("", "12125550188"),
    "tone of a waiting call": lambda: call(
        "Alert-Info: <urn:alert:service:call-waiting>", start="SIP/2.0 180 Ringing", method="INVITE",
        shows="call-waiting",
    ),
    "picture shown with an alert": lambda: call(f"Alert-Info: <http://{WORDS}.invalid/picture.png>"),
}  # fmt: skip

ROWS = list(csv.DictReader((Path(__file__).parents[1] / "vectors/law/prtt_items.csv").open(encoding="utf-8")))
BY_NAME = {row["item"]: row for row in ROWS}


def header() -> PsHeader:
    return PsHeader(
        liid=b"LAB-1", operator_id=b"SIMOP", cin=1, sequence_number=0, time_us=T, time_qualifier="timeOfInterception"
    )


def handed_over(order: CourtOrder, item: Item, overdeliver: bool = False) -> bytes | None:
    """The carrier: scope, redaction, record."""
    content = item.pdu.pdu_type == PduType.X3
    seen = ScopeEvent(T, convert.service_of(item.role, item.pdu), content, True, True)
    scope = allow(order, seen, overdeliver=overdeliver).scope
    if scope is Scope.WITHHOLD:
        return None
    made = convert.product(item.role, item.pdu, Communication(1), scope is Scope.METADATA, granted(order))
    if made is None:
        return None
    if made.iri_type is None:
        return cc_pdu(header(), made.contents, made.direction)
    return iri_pdu(header(), made.contents, made.iri_type, payload_direction=made.direction)


def kept(order: CourtOrder, octets: bytes | None) -> tuple[VerdictKind, bytes]:
    """The agency, in a call that was answered a second ago: its verdict, and what of the record lies in its store."""
    if octets is None:
        return VerdictKind.REJECT, b""
    record = decode_ps_pdu(octets)
    facts = facts_of(record, T)
    verdict = decide((order,), facts, LinkPolicy(), CinState(TARGET_OK, True, None, T - 10**6)).verdict
    if verdict.kind in KEPT:
        return verdict.kind, octets
    return verdict.kind, permitted_octets(order, facts, record, bytes(32)) if verdict.kind is VerdictKind.MASK else b""


def shown(octets: bytes, item: Item) -> bool:
    return any(form in octets or form.hex().encode() in octets.lower() for form in item.shows)


def test_every_item_of_the_table_is_built_here() -> None:
    assert list(ITEMS) == [row["item"] for row in ROWS] and len(set(ITEMS)) == len(ROWS)
    assert {row["prtt"] for row in ROWS} == {"deliver", "withhold", "place"}
    assert {row["eavesdropping"] for row in ROWS} == {"deliver"}


@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.rule("R-110", "R-112", "R-113", "R-114")
def test_a_pen_register_yields_what_the_table_says_at_both_ends(name: str) -> None:
    item, delivered = ITEMS[name](), BY_NAME[name]["prtt"] == "deliver"
    sent = handed_over(PRTT, item)
    assert sent is None or shown(sent, item) is delivered
    assert sent is not None or not delivered
    verdict, stored = kept(PRTT, sent)
    assert verdict in KEPT or (sent is None and verdict is VerdictKind.REJECT), (
        "what the carrier redacts can be accepted"
    )
    assert shown(stored, item) is delivered


@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.rule("R-110", "R-112", "R-113", "R-114")
def test_attack_a_carrier_that_holds_nothing_back_gains_the_agency_nothing(name: str) -> None:
    item, delivered = ITEMS[name](), BY_NAME[name]["prtt"] == "deliver"
    sent = handed_over(PRTT, item, overdeliver=True)
    assert sent is not None
    verdict, stored = kept(PRTT, sent)
    assert shown(stored, item) is delivered
    assert (verdict in KEPT) is (delivered or not shown(sent, item))


@pytest.mark.parametrize("name", [name for name in ITEMS if BY_NAME[name]["prtt"] == "place"])
@pytest.mark.rule("R-112")
def test_an_order_that_names_location_yields_the_place_at_both_ends(name: str) -> None:
    item, order = ITEMS[name](), replace(PRTT, location_authorised=True)
    sent = handed_over(order, item)
    assert sent is not None and shown(sent, item)
    verdict, stored = kept(order, sent)
    assert verdict in KEPT and shown(stored, item)


@pytest.mark.rule("R-111")
def test_an_order_that_names_dialled_digits_yields_a_key_at_both_ends() -> None:
    item, order = ITEMS["digits keyed after the answer"](), replace(PRTT, pctdd_authorised=True)
    sent = handed_over(order, item)
    assert sent is not None and shown(sent, item)
    verdict, stored = kept(order, sent)
    assert verdict in KEPT and shown(stored, item)


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("name", ITEMS)
@pytest.mark.rule("R-116", "R-117")
def test_a_warrant_yields_what_it_lists_whole_at_both_ends(name: str, service: Service) -> None:
    item, listed = ITEMS[name](), BY_NAME[name]["service"] == service.value
    order = replace(WARRANT, services=frozenset({service}))
    sent = handed_over(order, item)
    assert (sent is not None) is listed
    verdict, stored = kept(order, sent)
    assert (verdict in KEPT) is listed
    if listed and item.role != "web":
        assert shown(stored, item)
    whole = handed_over(WARRANT, item)
    assert whole is not None and (kept(order, whole)[0] in KEPT) is listed


PLAIN = st.sampled_from(
    [
        f'P-Asserted-Identity: "Alex" <sip:+{A}@ims.invalid;user=phone>', "Contact: <sip:a@192.0.2.1:5060>;expires=60",
        "Supported: 100rel, timer, own-thing", 'Reason: Q.850;cause=16;text="CANARYwords"', "Allow: INVITE, OWN",
        "Session-Expires: 1800;refresher=uac;x=1", "User-Agent: CANARYwords",
        "History-Info: <sip:a@h.invalid?R=1>;index=1", "X: CANARYwords",
        "Route: <sip:p.invalid;lr>, <sip:q.invalid;lr>", "Date: CANARYwords", f"Diversion: <tel:+{B}>;reason=unknown",
        "Privacy: id; header", f"Refer-To: <sip:+{B}@ims.invalid;method=BYE?Replaces=x>", "Event: refer;id=CANARYwords",
        "Subscription-State: active;expires=60;x=CANARYwords", "Alert-Info: <http://h.invalid/CANARYwords>",
        "Alert-Info: <urn:alert:service:forward>", "Referred-By: <sip:a@h.invalid>;cid=CANARYwords",
        "Event: refer;id=7", "Require: CANARYwords", "To: CANARYwords", "Max-Forwards: 70 CANARYwords",
        "Subscription-State: terminated;reason=noresource", "P-Associated-URI: <sip:a@h.invalid>, <tel:+1>",
    ]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    headers=st.lists(
        PLAIN | st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=40), max_size=5
    ),
    start=st.sampled_from(["", "SIP/2.0 200 OK", "SIP/2.0 480 CANARYwords", INFO, "BYE urn:service:sos SIP/2.0"]),
    body=st.sampled_from(["", WORDS]),
)
def test_whatever_the_carrier_leaves_of_signalling_the_agency_takes_to_be_signalling(
    headers: list[str], start: str, body: str
) -> None:
    """Two readers of their own, one answer: what is redacted is accepted, and holds none of the words."""
    octets = sip(*headers, start=start, body=body, method="INVITE")
    redacted = signalling_only(octets, NOTHING)
    if redacted is None:
        return
    assert WORDS.encode() not in redacted
    item = Item("voice", pdu(PayloadFormat.SIP, redacted), ())
    try:
        facts = facts_of(decode_ps_pdu(handed_over(WARRANT, item) or b""), T)
    except DecodeError:
        pytest.fail(f"{redacted!r} cannot be read")
    assert facts.content == () and not facts.location
