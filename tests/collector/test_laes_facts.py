"""Records of the US dialects under a pen register: every message of the vectors, every field that a message can have.

What is kept, what is taken out and what is refused is data (`tests/vectors/law/prtt_matrix.csv`), written from the
facts table and not from the code.
"""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asn1.laes import cc_apdu, ias, jstd025, pcesp, t1678
from asn1.laes.ccc import CccDatagram
from asn1.laes.message import CdcMessage
from asn1.table import Choice, Sequence, SequenceOf, Type
from asn1.table_types import (
    Boolean,
    Enumerated,
    GeneralizedTime,
    Integer,
    Null,
    OctetString,
    Oid,
    Text,
    Undescribed,
)
from collector.facts import Digits, RecordFacts, facts_of_laes
from collector.facts.laes_rows import ROWS
from collector.gate import LinkPolicy, decide
from collector.gate_scope import TARGET_MISMATCH, CinState
from collector.mask import permitted_octets
from mediation.law.orders import (
    CaseId,
    CourtOrder,
    Liid,
    OrderId,
    OrderKind,
    PrttDirection,
    Service,
    Target,
    TargetKind,
    Window,
)
from mediation.law.verdicts import Reason, Verdict, VerdictKind

VECTORS = Path(__file__).parents[1] / "vectors"
MODULES = {"t1678": t1678, "pcesp": pcesp, "ias": ias, "jstd025": jstd025}
PREFIXES = {"vop": "t1678", "pcesp": "pcesp", "ias": "ias", "cc": "t1678"}
T = 1_772_373_600_123_000
CASE = "SIM-2026-000001"
ORDER = CourtOrder(
    OrderId("P-1"), 1, OrderKind.PRTT, CaseId("C-1"), Liid(CASE), "LAB", Window(T - 10**9, T + 10**9),
    (
        Target(TargetKind.E164, "12125550100"),
        Target(TargetKind.SIP_URI, "sip:sim@example.invalid"),
        Target(TargetKind.SIP_URI, "nai:sim-user@example.invalid"),
    ),
)  # fmt: skip
WARRANT = replace(ORDER, kind=OrderKind.EAVESDROPPING)
ORDERS = {
    "prtt": ORDER,
    "place": replace(ORDER, location_authorised=True),
    "pctdd": replace(ORDER, pctdd_authorised=True),
    "voice": replace(WARRANT, services=frozenset({Service.VOICE})),
    "sms": replace(WARRANT, services=frozenset({Service.SMS})),
    "mms": replace(WARRANT, services=frozenset({Service.MMS})),
    "data": replace(WARRANT, services=frozenset({Service.DATA})),
    "all": replace(WARRANT, services=frozenset(Service)),
}
PLACES = {"location", "visitedSystemIdentity", "systemIdentity", "networkAddress", "networkAccessNodeIdentity"}


class Row:
    def __init__(self, line: dict[str, str]) -> None:
        self.keep, self.strip = set(line["keep"].split()), set(line["strip"].split())
        self.reject = line["reject"]


MATRIX = {
    (line["dialect"], line["message"]): Row(line)
    for line in csv.DictReader((VECTORS / "law/prtt_matrix.csv").open(encoding="utf-8"))
}
RECORDS = {path.stem: path.read_bytes() for path in sorted((VECTORS / "us").glob("*.ber"))}


def dialect_of(name: str) -> str:
    return PREFIXES[name.split("_")[0]]


def record_of(name: str) -> Any:
    octets = RECORDS[name]
    return cc_apdu.decode_apdu(octets) if name == "cc_apdu" else MODULES[dialect_of(name)].decode_message(octets)


def read(record: Any, dialect: str = "t1678", **more: Any) -> RecordFacts:
    return facts_of_laes(record, T + 1000, dialect, **more)


def judge(order: CourtOrder, facts: RecordFacts, cin: CinState = CinState()) -> Verdict:  # noqa: B008  a NamedTuple
    return decide((order,), facts, LinkPolicy(), cin).verdict


def kept(order: CourtOrder, facts: RecordFacts) -> dict[str, Any]:
    value = json.loads(permitted_octets(order, facts, b"octets", bytes(32)))
    assert value["original_octets"] == 6
    return dict(value["fields"])


# --- the table --------------------------------------------------------------------------------------------------------


def expected(order: CourtOrder, row: Row, fields: set[str], service: Service | None) -> VerdictKind:
    """The verdict by the table, for a message with these fields. It is asked nothing of the code under test."""
    if not order.kind.metadata_only:
        return VerdictKind.ACCEPT if service is None or service in order.services else VerdictKind.REJECT
    if row.reject == "always":
        return VerdictKind.REJECT
    if row.reject == "always but pctdd" and not order.pctdd_authorised:
        return VerdictKind.REJECT
    stripped = fields & row.strip
    if order.location_authorised:
        stripped -= PLACES
    return VerdictKind.MASK if stripped else VerdictKind.ACCEPT


SERVICE_OF = {"vop_uucontent": Service.SMS, "vop_conntest": None, "vop_survstatus": None}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", RECORDS)
def test_every_vector_is_judged_as_the_table_says(name: str, order: str) -> None:
    record, dialect = record_of(name), dialect_of(name)
    message = record.name if isinstance(record, CdcMessage) else "cc-APDU"
    row = MATRIX[dialect, message]
    facts = read(record, dialect)
    service = SERVICE_OF.get(name, Service.DATA if dialect == "ias" else Service.VOICE)
    fields = set(record.fields) if isinstance(record, CdcMessage) else set()
    found = judge(ORDERS[order], facts)
    assert found.kind is expected(ORDERS[order], row, fields, service), found
    if found.kind is VerdictKind.MASK:
        assert set(kept(ORDERS[order], facts)) <= row.keep | (PLACES if order == "place" else set())


@pytest.mark.parametrize("name", [name for name in RECORDS if name != "cc_apdu"])
def test_what_is_kept_of_a_vector_is_in_the_keep_column(name: str) -> None:
    facts = read(record_of(name), dialect_of(name))
    row = MATRIX[dialect_of(name), facts.payload]
    assert set(dict(facts.permitted)) <= row.keep
    assert (facts.liid, facts.event_us, facts.kind) == (CASE, T, "iri")


def test_the_table_has_every_message_and_every_field_is_in_it_or_known() -> None:
    digits, envelope = {"input", "digits"}, {
        "caseId", "iAPSystemId", "reportingSystemId", "accessingElementId", "timestamp", "eventTime", "reserved0",
        "reserved1", "signalingMsg",
    }  # fmt: skip
    for dialect in ("t1678", "pcesp", "ias"):
        messages = {row.name: row.type for row in MODULES[dialect].DIALECT.messages.fields}
        assert {name for found, name in MATRIX if found == dialect} >= set(messages)
        assert set(ROWS[dialect]) - {"packetEnvelope"} == set(messages)
        for name, kind in messages.items():
            row = MATRIX[dialect, name]
            if row.reject == "always" or not isinstance(kind, Sequence):
                continue
            missing = {field.name for field in kind.fields if field.name} - row.keep - row.strip - digits - envelope
            assert missing == set(), (dialect, name)


def test_every_message_of_the_three_modules_begins_with_its_case_and_its_time() -> None:
    """R-101: what is said of a message nobody knows rests on it."""
    for dialect in ("t1678", "pcesp", "ias"):
        for row in MODULES[dialect].DIALECT.messages.fields:
            names = {field.tag: field.name for field in row.type.fields}
            assert names[0] == "caseId" and names[2] in ("timestamp", "eventTime")


# --- content ----------------------------------------------------------------------------------------------------------

DATAGRAM = CccDatagram(10, T, CASE[:8].encode(), b"\x45" + bytes(30))


@pytest.mark.rule("R-110", "R-110.1")
@pytest.mark.parametrize("order", ["prtt", "place", "pctdd"])
@pytest.mark.parametrize(
    ("dialect", "record"),
    [
        ("pcesp", DATAGRAM),
        ("ias", DATAGRAM),
        ("t1678", record_of("cc_apdu")),
        ("ias", record_of("cc_apdu")),
        ("t1678", record_of("vop_ccopen_cccid")),
        ("t1678", record_of("vop_ccchange")),
        ("t1678", record_of("vop_ccclose_pair")),
        ("t1678", record_of("vop_ccunavailable")),
        ("pcesp", record_of("pcesp_ccopen")),
        ("t1678", record_of("vop_uucontent")),
        ("jstd025", CdcMessage("packetEnvelope", {"packetEnvelope": []})),
    ],
)
def test_attack_content_in_any_form_is_refused_and_nothing_of_it_is_kept(dialect: str, record: Any, order: str) -> None:
    facts = read(record, dialect, liid=CASE)
    if facts.event_us is None:
        facts = facts._replace(event_us=T)
    found = judge(ORDERS[order], facts)
    assert (found.kind, found.reasons[0]) == (VerdictKind.REJECT, Reason.SCOPE_CONTENT_ON_PRTT)
    assert facts.permitted == ()


def test_content_has_its_case_its_time_and_its_direction() -> None:
    facts = read(record_of("cc_apdu"))
    assert (facts.liid, facts.event_us, facts.number, facts.target_sends) == (CASE, T, 1, True)
    assert (facts.service, read(record_of("cc_apdu"), "ias").service) == (Service.VOICE, Service.DATA)
    bare = cc_apdu.CcApdu(None, b"x")
    assert read(bare, liid="L").liid == "L" and read(bare).event_us is None
    assert read(DATAGRAM, "pcesp").liid == CASE[:8]
    assert read(DATAGRAM._replace(case_id=None), "pcesp", liid="L").liid == "L"


@pytest.mark.rule("R-116", "R-116.1")
def test_a_warrant_takes_what_it_lists_and_nothing_else() -> None:
    text = read(record_of("vop_uucontent"))
    assert judge(ORDERS["voice"], text).reasons == (Reason.SCOPE_TYPE_NOT_AUTHORISED,)
    assert judge(ORDERS["sms"], text).kind is VerdictKind.ACCEPT


@pytest.mark.rule("R-117", "R-117.1")
def test_packets_need_a_warrant_that_names_network_traffic() -> None:
    packet = read(DATAGRAM, "ias", liid=CASE)
    packet = packet._replace(liid=CASE)
    for name in ("voice", "sms", "mms"):
        found = judge(ORDERS[name], packet)
        assert (found.kind, found.reasons) == (VerdictKind.REJECT, (Reason.SCOPE_TYPE_NOT_AUTHORISED,))
    assert judge(ORDERS["data"], packet).kind is VerdictKind.ACCEPT


# --- messages nobody described ----------------------------------------------------------------------------------------


def unknown_message() -> CdcMessage:
    octets = bytearray(RECORDS["vop_answer"])
    octets[octets.index(b"\x80\x0fSIM") - 2] = 0xB9
    return t1678.decode_message(bytes(octets))


@pytest.mark.rule("R-101", "R-101.1")
def test_a_message_of_an_unknown_tag_is_kept_flagged_and_cannot_be_read() -> None:
    message = unknown_message()
    assert message.name == "[25]"
    facts = read(message)
    found = judge(ORDERS["voice"], facts)
    assert (found.kind, found.reasons) == (VerdictKind.ACCEPT_FLAGGED, (Reason.PARSE_ERROR,))
    assert (facts.liid, facts.event_us, facts.permitted, facts.unknown_message) == (CASE, T, (), True)


@pytest.mark.rule("R-101")
def test_attack_an_unknown_message_keeps_nothing_on_a_pen_register() -> None:
    facts = read(unknown_message())
    found = judge(ORDER, facts)
    assert found.kind is VerdictKind.MASK and Reason.PARSE_ERROR in found.reasons and kept(ORDER, facts) == {}


def test_an_unknown_message_of_a_stranger_is_refused() -> None:
    facts = read(unknown_message())
    assert judge(ORDERS["voice"], facts, CinState(TARGET_MISMATCH)).reasons[0] is Reason.TARGET_MISMATCH


def test_an_unknown_message_without_a_readable_head_has_its_arrival_and_says_so() -> None:
    tag = unknown_message().unknown_tags[0]
    for octets in (b"\xb9\x02\x80", b"\xb9", b"\xb9\x03\x82\x01x"):
        facts = read(CdcMessage("[25]", {}, None, (tag._replace(octets=octets),)), liid=CASE)
        assert (facts.liid, facts.event_us, facts.qualifier) == (CASE, T + 1000, "arrival")
        found = judge(ORDERS["voice"], facts)
        assert found.kind is VerdictKind.ACCEPT_FLAGGED and Reason.NO_EVENT_TIME in found.reasons
    assert read(CdcMessage("[25]", {}), liid=CASE).liid == CASE


# --- dialled digits ---------------------------------------------------------------------------------------------------


def message(name: str, **fields: Any) -> CdcMessage:
    known = record_of(name)
    return known._replace(fields={**known.fields, **fields})


def answered(at_us: int) -> CinState:
    return CinState(answered_us=at_us)


@pytest.mark.rule("R-111", "R-111.1", "R-111.2", "R-111.3")
@pytest.mark.parametrize(
    ("cin", "refused"),
    [
        pytest.param(answered(T), True, id="at the answer"),
        pytest.param(answered(T - 1), True, id="after it"),
        pytest.param(answered(T + 1), False, id="before it"),
        pytest.param(CinState(), True, id="no answer seen"),
    ],
)
@pytest.mark.parametrize("where", ["signal", "input", "party"])
def test_digits_keyed_into_a_call_are_withheld(where: str, cin: CinState, refused: bool) -> None:
    fields: dict[str, Any] = {
        "signal": {"signal": {"dialedDigits": "4321"}, "input": ("userInput", ("generic", "4321"))},
        "input": {"signal": {}, "input": ("userInput", ("generic", "4321"))},
        "party": {"signal": {}, "input": ("userInput", ("specific", {"dn": "4321"}))},
    }[where]
    facts = read(message("vop_subjectsignal", **fields))
    assert facts.digits is Digits.KEYED and "4321" not in str(facts.permitted)
    found = judge(ORDER, facts, cin)
    assert found.kind is (VerdictKind.REJECT if refused else VerdictKind.ACCEPT)
    assert (found.reasons[0] is Reason.SCOPE_PCTDD) is refused
    assert judge(ORDERS["pctdd"], facts, cin).kind is VerdictKind.ACCEPT
    assert kept(ORDERS["pctdd"], facts)["digits"] == ["4321"] and "digits" not in kept(ORDER, facts)


@pytest.mark.rule("R-111")
def test_a_feature_code_is_signalling_until_the_call_is_answered() -> None:
    facts = read(record_of("vop_subjectsignal"))
    assert facts.digits is Digits.FEATURE and dict(facts.permitted)["keys"] == ["*66"]
    assert judge(ORDER, facts).kind is VerdictKind.ACCEPT
    assert judge(ORDER, facts, answered(T)).reasons == (Reason.SCOPE_PCTDD,)
    assert judge(ORDERS["pctdd"], facts, answered(T)).kind is VerdictKind.ACCEPT


@pytest.mark.parametrize("name", ["vop_dde", "pcesp_dde"])
@pytest.mark.rule("R-111")
def test_extracted_digits_are_withheld_whatever_their_time(name: str) -> None:
    facts = read(record_of(name), dialect_of(name))
    for cin in (CinState(), answered(T + 1), answered(T - 1)):
        assert judge(ORDER, facts, cin).reasons == (Reason.SCOPE_PCTDD,)
    assert judge(ORDERS["pctdd"], facts).kind is VerdictKind.ACCEPT
    assert kept(ORDERS["pctdd"], facts)["digits"] == ["123*4#"] and "digits" not in kept(ORDER, facts)


@pytest.mark.parametrize(
    "dialled", ["12125550123,,4321", "121255501234321", "12125550123#4321", "2125550123p44", "12125550123 4321 99", "x"]
)
def test_attack_digits_behind_the_number_of_an_origination_are_refused(dialled: str) -> None:
    """R-111: they would be sent once the call is up."""
    for name, held in (
        ("vop_origination", ("userInput", ("generic", dialled))),
        ("pcesp_origination", ("userinput", dialled)),
    ):
        facts = read(message(name, input=held), dialect_of(name))
        assert judge(ORDER, facts).kind is VerdictKind.REJECT and judge(ORDER, facts).reasons[0] is Reason.SCOPE_PCTDD
        assert dialled not in str(facts.permitted)


@pytest.mark.parametrize(
    "dialled",
    ["12125550123", "2125550123", "+12125550123", "*6712125550123", "911", "01144207946000", "10102882125550123"],
)
def test_the_digits_a_call_is_asked_for_with_are_kept(dialled: str) -> None:
    facts = read(message("vop_origination", input=("userInput", ("generic", dialled))))
    assert judge(ORDER, facts).kind is VerdictKind.ACCEPT and dict(facts.permitted)["input"] == [dialled]


FACTORY = "sip:conference-factory@ims.invalid"
ASKED = {
    "vop_origination": (
        {"uri": [("visibleString", FACTORY)]},
        lambda party, said: ("translationInput", ("specific", party)),
    ),
    "pcesp_origination": ({"genericAddress": FACTORY[:32]}, lambda party, said: ("translationinput", said)),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_call_asked_for_by_an_address_that_called_has_too_says_nothing_besides(name: str) -> None:
    called, form = ASKED[name]
    said = called.get("genericAddress", "")
    facts = read(message(name, called=called, input=form(called, said)), dialect_of(name))
    assert judge(ORDER, facts).kind is VerdictKind.ACCEPT and FACTORY[:20] in str(dict(facts.permitted)["called"])


@pytest.mark.parametrize("name", ASKED)
def test_attack_words_where_an_address_was_asked_for_are_withheld(name: str) -> None:
    called, form = ASKED[name]
    other = {field: [("visibleString", "meet me")] if field == "uri" else "meet me" for field in called}
    for there, party, said in ((called, other, "meet me"), (other, other, "meet me"), ({}, other, "meet me")):
        facts = read(message(name, called=there, input=form(party, said)), dialect_of(name))
        assert judge(ORDER, facts).kind is not VerdictKind.ACCEPT and "meet me" not in str(facts.permitted)
    keyed = "12125550123,,4321"
    facts = read(message("pcesp_origination", called={"genericAddress": keyed}, input=("userinput", keyed)), "pcesp")
    assert judge(ORDER, facts).kind is VerdictKind.REJECT


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("R-112", "R-112.1")
def test_a_place_is_stripped_and_the_record_kept_unless_the_order_names_it() -> None:
    where = {"locationType": "cell", "location": "001-01-77"}
    facts = read(message("vop_answer", location=where))
    found = judge(ORDER, facts)
    assert (found.kind, found.reasons) == (VerdictKind.MASK, (Reason.SCOPE_LOCATION,))
    assert "location" not in kept(ORDER, facts) and "answering" in kept(ORDER, facts)
    assert judge(ORDERS["place"], facts).kind is VerdictKind.ACCEPT
    mixed = read(message("vop_answer", location=where, answeringMedia={"characteristics": ("sdp", "v=0")}))
    assert judge(ORDERS["place"], mixed).kind is VerdictKind.MASK
    assert kept(ORDERS["place"], mixed)["location"] == where


def test_the_system_that_serves_somebody_is_a_place() -> None:
    facts = read(record_of("vop_servingsystem"))
    assert judge(ORDER, facts).reasons == (Reason.SCOPE_LOCATION,) and "systemIdentity" not in kept(ORDER, facts)
    assert judge(ORDERS["place"], facts).kind is VerdictKind.ACCEPT


# --- signalling carried whole -----------------------------------------------------------------------------------------

SIP = (
    b"MESSAGE sip:+12125550123@ims.invalid SIP/2.0\r\nFrom: <sip:+12125550100@ims.invalid>;tag=a\r\n"
    b"To: <sip:+12125550123@ims.invalid>\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\n\r\n"
)


def direct(*messages: tuple[str, bytes], **more: Any) -> RecordFacts:
    carried = [{"signalingProt": protocol, "sigMsg": octets} for protocol, octets in messages]
    return read(message("vop_dsr", signalingMsg=carried, **more))


def test_of_signalling_carried_whole_the_headers_are_kept_and_the_body_is_not() -> None:
    plain, spoken = direct(("SIP", SIP)), direct(("SIP", SIP + b"CANARY words"))
    assert judge(ORDER, plain).kind is VerdictKind.ACCEPT
    found = judge(ORDER, spoken)
    assert (found.kind, found.reasons) == (VerdictKind.MASK, (Reason.SCOPE_CONTENT_ON_PRTT,))
    (headers,) = kept(ORDER, spoken)["messages"]
    assert headers["from"] == "sip:+12125550100@ims.invalid" and headers["body_octets"] == 12
    assert "CANARY" not in str(spoken.permitted)


@pytest.mark.parametrize(
    "messages", [(), (("SIP", b"CANARY"),), (("H.323", SIP),), (("SIP", SIP), ("ISUP", b"CANARY"))]
)
def test_attack_signalling_that_cannot_be_parsed_is_refused_whole(messages: tuple[tuple[str, bytes], ...]) -> None:
    found = judge(ORDER, direct(*messages))
    assert (found.kind, found.reasons) == (VerdictKind.REJECT, (Reason.SCOPE_CONTENT_ON_PRTT,))


def test_a_stranger_s_signalling_is_refused() -> None:
    """R-022, R-122."""
    octets = SIP.replace(b"+12125550100", b"+12125550177")
    assert judge(ORDER, direct(("SIP", octets))).reasons[0] is Reason.TARGET_MISMATCH


def words(signalling: bytes | None, **more: Any) -> RecordFacts:
    """A UUContent of a warrant, with the signalling that brought it."""
    held = {} if signalling is None else {"signalingMsg": [{"signalingProt": "SIP", "sigMsg": signalling}]}
    body = ("sip", {"sipBody": {"sipBodyHeader": [], "sipBodyContents": b"words"}})
    head = {"caseId": CASE, "iAPSystemId": "ims-1", "timestamp": T, "callId": {"main": "17"}}
    return read(CdcMessage("uuContent", {**head, "content": body, **held, **more}, t1678.MODULE))


def test_attack_words_of_a_stranger_s_message_are_refused_by_the_signalling_that_brought_them() -> None:
    """R-022: nothing else in a UUContent says whose they are, and its call was never heard of."""
    warrant = replace(ORDER, kind=OrderKind.EAVESDROPPING, services=frozenset({Service.SMS, Service.VOICE}))
    ours, theirs = words(SIP), words(SIP.replace(b"+12125550100", b"+12125550177"))
    assert (ours.service, ours.parties_known, ours.inherits) == (Service.SMS, True, False)
    assert judge(warrant, ours).kind is VerdictKind.ACCEPT
    assert judge(warrant, theirs).reasons == (Reason.TARGET_MISMATCH,)
    for facts in (words(None), words(b"no SIP at all")):
        assert facts.inherits and judge(warrant, facts).kind is VerdictKind.ACCEPT
        assert judge(warrant, facts, CinState(TARGET_MISMATCH)).reasons == (Reason.TARGET_MISMATCH,)
    assert judge(ORDER, ours).kind is VerdictKind.REJECT, "a pen register has none of it"


# --- the target and its side ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vop_origination", "pcesp_origination", "vop_termattempt"])
def test_messages_that_name_the_subject_are_refused_for_another(name: str) -> None:
    subject = "called" if "term" in name else "calling"
    facts = read(message(name, **{subject: {"dn": "2125550101"}}), dialect_of(name))
    assert judge(ORDER, facts).reasons[0] is Reason.TARGET_MISMATCH


def test_a_message_that_need_not_name_the_subject_goes_with_its_call() -> None:
    facts = read(record_of("vop_answer"))
    assert facts.inherits and judge(ORDER, facts).kind is VerdictKind.ACCEPT
    assert judge(ORDER, facts, CinState(TARGET_MISMATCH)).reasons == (Reason.TARGET_MISMATCH,)


def test_who_called_follows_from_the_message_that_opens_the_call() -> None:
    pen, trap = (replace(ORDER, direction=one) for one in (PrttDirection.PEN, PrttDirection.TRAP))
    out, into = read(record_of("vop_origination")), read(record_of("vop_termattempt"))
    assert judge(pen, out).kind is judge(trap, into).kind is VerdictKind.ACCEPT
    assert judge(trap, out).reasons == judge(pen, into).reasons == (Reason.DIRECTION_NOT_AUTHORISED,)
    status = read(record_of("vop_survstatus"))
    assert judge(pen, status).kind is judge(trap, status).kind is VerdictKind.ACCEPT


def test_the_answer_of_a_call_is_its_answer() -> None:
    for name in ("vop_answer", "pcesp_answer"):
        facts = read(record_of(name), dialect_of(name))
        assert facts.answers and decide((ORDER,), facts, LinkPolicy(), CinState()).cin.answered_us == T


# --- a web address ----------------------------------------------------------------------------------------------------

WEB = replace(ORDER, targets=(Target(TargetKind.HOST, "sim.example.invalid"), Target(TargetKind.IPV4, "203.0.113.80")))


@pytest.mark.rule("R-115", "R-115.1")
@pytest.mark.parametrize("name", ["ias_header_report", "ias_summary_report"])
def test_visits_to_the_queried_host_are_kept_and_those_to_another_refused(name: str) -> None:
    visit = read(record_of(name), "ias")
    assert judge(WEB, visit).kind is VerdictKind.ACCEPT
    other = replace(WEB, targets=(WEB.targets[0], Target(TargetKind.IPV4, "203.0.113.81")))
    found = judge(other, visit)
    assert (found.kind, found.reasons) == (VerdictKind.REJECT, (Reason.SCOPE_TYPE_NOT_AUTHORISED,))


def test_attack_a_field_of_payload_in_a_packet_report_refuses_all_of_it() -> None:
    for name, field in (("ias_header_report", "headerSet"), ("ias_summary_report", "streamSet")):
        report = record_of(name)
        for extra in ({"streamID": ("stringUTF8", "CANARY words")}, {"sourcePortNumber": "GET /simcanary15"}):
            held = report._replace(fields={**report.fields, field: {**report.fields[field], **extra}})
            for order in (ORDER, WEB):
                found = judge(order, read(held, "ias"))
                assert found.kind is VerdictKind.REJECT and Reason.SCOPE_CONTENT_ON_PRTT in found.reasons
        grown = report._replace(unknown_tags=unknown_message().unknown_tags)
        assert judge(ORDER, read(grown, "ias")).kind is VerdictKind.REJECT


# --- a canary in every field that a message can have ------------------------------------------------------------------

CANARY = "CANARY 7f3a words"
FORMS = tuple(
    form.lower()
    for form in (CANARY, CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()[:-2], "CANARY%207f3a")
)


def least(kind: Type) -> Any:
    """A value of a type with nothing optional in it."""
    if isinstance(kind, Sequence):
        return {row.name: least(row.type) for row in kind.fields if not row.optional}
    if isinstance(kind, Choice):
        return (kind.fields[0].name, least(kind.fields[0].type))
    if isinstance(kind, SequenceOf):
        return [least(kind.item)]
    if isinstance(kind, Enumerated):
        return kind.rows[0][1]
    plain: tuple[tuple[type[Type], Any], ...] = (
        (Text, "1"), (OctetString, bytes(4)), (GeneralizedTime, T), (Integer, 1), (Boolean, True), (Null, None),
        (Oid, "1.2.3"), (Undescribed, b""),
    )  # fmt: skip
    return next(value for of, value in plain if isinstance(kind, of))


def hidden(kind: Type, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every value of a type with the canary in one place, by the path to that place."""
    if depth > 8:
        return
    if isinstance(kind, Sequence):
        for row in kind.fields:
            for path, value in hidden(row.type, depth + 1):
                yield f"{row.name}.{path}", {**least(kind), row.name: value}
    elif isinstance(kind, Choice):
        for row in kind.fields:
            for path, value in hidden(row.type, depth + 1):
                yield f"{row.name}.{path}", (row.name, value)
    elif isinstance(kind, SequenceOf):
        for path, value in hidden(kind.item, depth + 1):
            yield path, [least(kind.item), value]
    elif isinstance(kind, Text):
        yield "", CANARY
    elif isinstance(kind, OctetString):
        yield "", CANARY.encode()
    elif isinstance(kind, Undescribed):
        yield "", CANARY.encode()
        yield "", [("[0]", CANARY.encode())]
        yield "", CANARY


def paths(dialect: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = next(row.type for row in MODULES[dialect].DIALECT.messages.fields if row.name == name)
    for path, fields in hidden(kind):
        if isinstance(fields, dict) and not path.startswith("caseId"):
            yield path, fields


EVERY = [
    (dialect, row.name)
    for dialect, module in MODULES.items()
    for row in module.DIALECT.messages.fields
    if isinstance(row.type, Sequence)
]


def test_the_canary_goes_into_thousands_of_places() -> None:
    assert sum(1 for dialect, name in EVERY for _ in paths(dialect, name)) > 4000


@pytest.mark.rule("R-110")
@pytest.mark.parametrize(("dialect", "name"), EVERY)
def test_attack_words_in_any_field_of_any_message_are_kept_nowhere(dialect: str, name: str) -> None:
    """Not as received, since the record is masked or refused, and not in what is kept of it, in any rendering."""
    for path, fields in paths(dialect, name):
        facts = read(CdcMessage(name, {**fields, "caseId": CASE}), dialect)
        for order in (ORDER, ORDERS["pctdd"]):
            for cin in (CinState(), answered(T + 2)):
                found = judge(order, facts, cin)
                assert found.kind in (VerdictKind.MASK, VerdictKind.REJECT, VerdictKind.QUARANTINE), (path, found)
            leaf = permitted_octets(order, facts, b"", bytes(32)).decode().lower()
            assert not any(form in leaf for form in FORMS), (path, leaf)


def test_attack_words_in_an_extension_of_any_message_are_kept_nowhere() -> None:
    tags = tuple(one._replace(octets=CANARY.encode()) for one in unknown_message().unknown_tags)
    for name in RECORDS:
        if name == "cc_apdu":
            continue
        facts = read(record_of(name)._replace(unknown_tags=tags), dialect_of(name))
        assert judge(ORDER, facts).kind in (VerdictKind.MASK, VerdictKind.REJECT)
        assert b"CANARY" not in permitted_octets(ORDER, facts, b"", bytes(32))
