"""Canary: words hidden in every place of a pen register's records are in nothing that is kept of them."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import ip, multimedia, sms_tpdu, ts33128
from asn1.ps_pdu import PsHeader, PsPdu, cc_pdu, decode_ps_pdu, encode_ps_pdu, iri_pdu
from collector import mask
from collector.facts import LOCATION_SIP_HEADERS, PLAIN_SIP_HEADERS, RecordFacts, facts_of
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_OK, CinState
from collector.mask import permitted_octets
from mediation.law.orders import CaseId, CourtOrder, Liid, OrderId, OrderKind, Target, TargetKind, Window
from mediation.law.verdicts import Reason, VerdictKind

T0 = 1_750_000_000_000_000
A, B = "12125550101", "12125550102"
CANARY = "CANARYwords"
DIGEST = bytes(range(32))
ORDER = CourtOrder(
    OrderId("P-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid("LAB-1"), "LAB",
    Window(T0 - 10**9, T0 + 10**9), (Target(TargetKind.E164, A), Target(TargetKind.IPV4, "192.0.2.1")),
)  # fmt: skip
HEADER = PsHeader(
    liid=b"LAB-1", operator_id=b"SIMOP", cin=7, sequence_number=3, time_us=T0, time_qualifier="timeOfInterception"
)


FORMS = (
    CANARY.encode(),
    CANARY.encode().hex().encode(),
    CANARY.encode("utf-16-be"),
    base64.b64encode(CANARY.encode()).rstrip(b"=")[:-1],
    b"CANARY",
    b"CANARY".hex().encode(),
)


def sip(start: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [
        start,
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1",
        f"From: <sip:+{A}@ims.invalid>;tag=a",
        f"To: <sip:+{B}@ims.invalid>",
        "Call-ID: 77@ims.invalid",
        f"CSeq: 1 {start.partition(' ')[0]}",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


TEXTS = st.text(max_size=6)
FIELDS = st.dictionaries(
    TEXTS, st.one_of(TEXTS, st.integers(-9, 9), st.none(), st.lists(TEXTS, max_size=3)), max_size=4
)


@pytest.mark.parametrize("path", ["compiled", "interpreted"])
def test_the_quick_mask_is_the_reference_octet_by_octet(path: str, interpreted_twin: Any) -> None:
    module = mask
    if path == "interpreted":
        module = interpreted_twin("collector.json_text", "collector.mask")["collector.mask"]
    assert module.COMPILED is (path == "compiled"), "run make, which builds it"

    @settings(max_examples=150, deadline=None)
    @given(
        fields=FIELDS, content=st.lists(st.sampled_from(["sip_body", "reason_text", "a", "b"]), max_size=4),
        location=st.booleans(), cin=st.integers(0, 2**32 - 1), iri_type=st.one_of(st.none(), TEXTS), liid=TEXTS,
        payload=TEXTS, event_us=st.integers(-(2**60), 2**60),
    )  # fmt: skip
    def holds(
        fields: dict[str, Any], content: list[str], location: bool, cin: int, iri_type: str | None, liid: str,
        payload: str, event_us: int,
    ) -> None:  # fmt: skip
        facts = RecordFacts(
            liid, cin, 3, "iri", payload, iri_type, None, event_us, None, T0, content=tuple(content),
            location=location, permitted=tuple(fields.items()),
        )  # fmt: skip
        try:
            reference = permitted_octets(ORDER, facts, bytes(77), DIGEST)
        except UnicodeEncodeError:
            return
        withheld = [*content, *(["location"] if location else [])]
        assert reference == module.ordinary_octets(
            ORDER.order_id, liid, cin, 3, payload, iri_type, event_us, dict(fields), withheld, 77, DIGEST
        )

    holds()


INVITE = f"INVITE sip:+{B}@ims.invalid SIP/2.0"
MESSAGE = f"MESSAGE sip:+{B}@ims.invalid SIP/2.0"


def signalling(octets: bytes, **more: Any) -> bytes:
    name, value = multimedia.sip_iri(bytes(4), bytes(4), octets)
    return iri_pdu(HEADER, (name, value | more), "begin")


def message(direction: str, form: str, tpdu: bytes, **more: Any) -> bytes:
    event = {
        "originatingSMSParty": {"gPSI": ("mSISDN", A)},
        "terminatingSMSParty": {"gPSI": ("mSISDN", B)},
        "direction": direction,
        "linkTransferStatus": "transferSucceeded",
        "sMSTPDUData": (form, tpdu),
        **more,
    }
    return iri_pdu(HEADER, ("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", event))), "report")


def session(**more: Any) -> bytes:
    contents = {
        "accessEventType": "accessAccept", "targetUsername": f"{A}@ims.invalid".encode(),
        "internetAccessType": "wireless-other", "iPVersion": "iPV4", **more,
    }  # fmt: skip
    return iri_pdu(HEADER, ip.ipiri(contents), "begin")


def packet(protocol: int, rest: bytes) -> bytes:
    head = b"\x45\0" + (20 + len(rest)).to_bytes(2, "big") + bytes(5) + bytes([protocol, 0, 0])
    return head + bytes([192, 0, 2, 1, 198, 51, 100, 2]) + rest


def aggregated() -> bytes:
    one = {"iRIContents": multimedia.sip_iri(bytes(4), bytes(4), sip(MESSAGE, body=CANARY.encode()))}
    return encode_ps_pdu(HEADER, ("iRIPayloadSequence", [one, one]))


def with_unknown_field(octets: bytes) -> bytes:
    body = octets[4:] + b"\x9f\x50" + bytes([len(CANARY)]) + CANARY.encode()
    return b"\x30\x82" + len(body).to_bytes(2, "big") + body


WORDS = CANARY.encode()
UDP = bytes.fromhex("c000003500130000")
RECORDS: dict[str, bytes] = {
    "body of an INVITE": signalling(sip(INVITE, "Content-Type: application/sdp", body=b"v=0\r\ns=" + WORDS)),
    "body of a MESSAGE": signalling(sip(MESSAGE, "Content-Type: text/plain", body=WORDS)),
    "body longer than it says": signalling(sip(MESSAGE) + WORDS),
    "parts of a body": signalling(
        sip(MESSAGE, "Content-Type: multipart/mixed;boundary=x", body=b"--x\r\n\r\n" + WORDS)
    ),
    "subject": signalling(sip(INVITE, f"Subject: {CANARY}")),
    "subject in short form": signalling(sip(INVITE, f"s: {CANARY}")),
    "folded subject": signalling(sip(INVITE, f"Subject: a\r\n {CANARY}")),
    "header of one's own": signalling(sip(INVITE, f"X-Lunch: {CANARY}")),
    "user to user": signalling(sip(INVITE, f"User-To-User: {CANARY.encode().hex()};encoding=hex")),
    "place in a header": signalling(sip(INVITE, f"P-Access-Network-Info: 3GPP-NR;cell={CANARY}")),
    "headers part of an address": signalling(sip(INVITE, f"P-Asserted-Identity: <sip:x@h.invalid?body={CANARY}>")),
    "headers part of another scheme": signalling(sip(INVITE, f"P-Asserted-Identity: <im:x@h.invalid?body={CANARY}>")),
    "headers part of the request": signalling(sip(f"INVITE sip:+{B}@h.invalid?body={CANARY} SIP/2.0")),
    "name shown beside an address": signalling(sip(MESSAGE, f'P-Asserted-Identity: "{CANARY}" <tel:+{A}>', body=b"x")),
    "signalling beside the message": signalling(sip(INVITE), additionalSignalling=[("sipHeaderLine", WORDS)]),
    "location beside the message": signalling(
        sip(INVITE), targetLocation={"umtsHI2Location": {"operatorSpecificInfo": WORDS}}
    ),
    "whole packets of signalling": iri_pdu(
        HEADER,
        ("iPMMIRI", {"iPMMIRIObjId": multimedia.IPMMIRI_OBJ_ID, "iPMMIRIContents": ("originalIPMMMessage", WORDS)}),
        "begin",
    ),
    "text sent": message("fromTarget", "sMSTPDU", sms_tpdu.encode_submit(CANARY, B)[0]),
    "text sent in UCS-2": message("fromTarget", "sMSTPDU", sms_tpdu.encode_submit("見" + CANARY, B)[0]),
    "text sent in parts": message("fromTarget", "sMSTPDU", sms_tpdu.encode_submit(CANARY * 30, B, concatenation=3)[1]),
    "text received": message("toTarget", "sMSTPDU", sms_tpdu.encode_deliver(CANARY, B, T0)[0]),
    "text cut off": message("fromTarget", "truncatedSMSTPDU", WORDS),
    "text called redacted": message("fromTarget", "redactedSMSTPDU", sms_tpdu.encode_submit(CANARY, B)[0]),
    "text the wrong way round": message("toTarget", "sMSTPDU", sms_tpdu.encode_submit(CANARY, B)[0]),
    "text that cannot be read": message("fromTarget", "sMSTPDU", b"\x03" + WORDS),
    "text of another system": message("fromTarget", "threeGPP2SMSTPDU", WORDS),
    "place of a message": message(
        "fromTarget",
        "sMSTPDU",
        sms_tpdu.encode_submit("", B)[0],
        location={"positioningInfo": {"rawMLPResponse": ("mLPPositionData", CANARY)}},
    ),
    "raw accounting": session(rawAAAData=WORDS),
    "framed routes": session(framedRoutes=[("framedRoute", WORDS)]),
    "place of a session": session(targetLocation=CANARY),
    "packet behind its headers": iri_pdu(HEADER, ip.packet_header_report(packet(17, UDP + WORDS)), "report"),
    "packet of a protocol without ports": iri_pdu(HEADER, ip.packet_header_report(packet(1, WORDS)), "report"),
    "several reports in one": aggregated(),
    "report that nobody described": iri_pdu(HEADER, ("l2IRI", WORDS), "report"),
    "field that nobody described": with_unknown_field(signalling(sip(INVITE))),
    "sound": cc_pdu(HEADER, multimedia.ipmmcc(b"\x80\0" + WORDS, frame_type="rtpFrame"), "fromTarget"),
    "user packet": cc_pdu(HEADER, ip.ipcc(packet(17, UDP + WORDS)), "fromTarget"),
}


def masked(octets: bytes) -> tuple[VerdictKind, PsPdu, bytes]:
    pdu = decode_ps_pdu(octets)
    facts = facts_of(pdu, T0 + 1000)
    verdict = decide((ORDER,), facts, LinkPolicy(), CinState(TARGET_OK)).verdict
    return verdict.kind, pdu, permitted_octets(ORDER, facts, pdu, DIGEST)


def holds_canary(octets: bytes) -> bool:
    shown = octets + json.dumps(json.loads(octets)).encode()
    return any(form.lower() in shown.lower() for form in FORMS)


@pytest.mark.parametrize("name", RECORDS)
def test_attack_nothing_of_the_words_is_kept_of(name: str) -> None:
    """R-110, R-112 to R-115. Octets that hold words are never kept as received, and the mask lets none through."""
    octets = RECORDS[name]
    kind, pdu, kept = masked(octets)
    assert kind in (VerdictKind.MASK, VerdictKind.REJECT)
    assert not holds_canary(kept) and pdu.octets == octets
    value = json.loads(kept)
    assert value["withheld"], "something is withheld, and the record says so"
    assert (value["original_octets"], value["original_hmac"]) == (len(octets), DIGEST.hex())


def test_the_canary_would_be_found_if_it_were_there() -> None:
    for form in (CANARY, CANARY.lower(), "43414E415259", base64.b64encode(CANARY.encode()).decode()):
        assert holds_canary(json.dumps({"x": [form]}).encode())
    assert not holds_canary(b'{"x":"other"}')
    plain = [RECORDS[name] for name in RECORDS if CANARY.encode() in RECORDS[name]]
    assert len(plain) > len(RECORDS) // 2


@settings(max_examples=150, deadline=None)
@given(name=st.from_regex(r"[A-Za-z][A-Za-z-]{1,20}", fullmatch=True))
def test_attack_a_header_of_any_name_is_masked_unless_it_is_known_as_plain(name: str) -> None:
    if name.lower() in PLAIN_SIP_HEADERS:
        return
    kind, _, kept = masked(signalling(sip(INVITE, f"{name}: {CANARY}")))
    withheld = json.loads(kept)["withheld"]
    assert kind is VerdictKind.MASK and not holds_canary(kept)
    assert withheld == (["location"] if name.lower() in LOCATION_SIP_HEADERS else ["sip_headers"])


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), min_size=1, max_size=60))
def test_what_is_kept_of_a_message_does_not_depend_on_its_words(text: str) -> None:
    """Two messages that differ in words alone leave the same fields; only length and digest may differ."""
    parts = [sms_tpdu.encode_submit(words, B)[0] for words in (text, "x")]
    first, second = (json.loads(masked(message("fromTarget", "sMSTPDU", part))[2]) for part in parts)
    if first["fields"]["segments"] == 1:
        assert first | {"original_octets": 0} == second | {"original_octets": 0}


def test_the_fields_of_a_masked_call_are_exactly_the_permitted_ones() -> None:
    octets = RECORDS["body of an INVITE"]
    _, _, kept = masked(octets)
    assert json.loads(kept) == {
        "masked": 1, "order": "P-1", "liid": "LAB-1", "cin": 7, "number": 3, "kind": "iri", "payload": "iPMMIRI",
        "iri_type": "begin", "event_us": T0, "withheld": ["sip_body"], "original_octets": len(octets),
        "original_hmac": DIGEST.hex(),
        "fields": {
            "method": "INVITE", "transaction": "INVITE", "from": f"sip:+{A}@ims.invalid", "call_id": "77@ims.invalid",
            "to": f"sip:+{B}@ims.invalid", "request_uri": f"sip:+{B}@ims.invalid", "cseq": 1,
            "body_octets": len(b"v=0\r\ns=" + WORDS),
        },
    }  # fmt: skip


def test_what_is_kept_is_canonical_and_names_location_among_the_withheld() -> None:
    _, _, kept = masked(RECORDS["place in a header"])
    value = json.loads(kept)
    assert kept == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert value["withheld"] == ["location"]


def test_an_order_that_names_location_does_not_put_it_into_the_mask() -> None:
    pdu = decode_ps_pdu(signalling(sip(MESSAGE, f"Geolocation: <cid:{CANARY}@h.invalid>", body=WORDS)))
    facts = facts_of(pdu, T0)
    order = replace(ORDER, location_authorised=True)
    decision = decide((order,), facts, LinkPolicy(), CinState(TARGET_OK))
    assert decision.verdict.reasons == (Reason.SCOPE_CONTENT_ON_PRTT,)
    assert not holds_canary(permitted_octets(order, facts, pdu, DIGEST))
