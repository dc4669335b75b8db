"""X1 in both directions: what is built reads back, and nothing a peer can put into XML gets further than the parser."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from asn1.errors import DecodeError, EncodeError
from asn1.hi1_walk import Listed, Opaque, Record
from asn1.x1 import (
    MAX_MESSAGES,
    MAX_OCTETS,
    NO_XID,
    X1,
    XID_EXISTS,
    TaskDetails,
    TaskResponse,
    TaskStatus,
    Unsound,
    X1Error,
    X1Message,
    X1Reply,
    build_request,
    build_response,
    build_top_level_error,
    ip_destination,
    parse_request,
    parse_response,
    read_request,
)
from asn1.x1_tables import ERROR_RECORD, REQUEST_RECORDS, REQUESTS, RESPONSE_RECORDS, RESPONSES, TARGETS
from asn1.x1_values import DestinationSetId

XID, DID, DID2, TRANSACTION = (uuid.UUID(int=number) for number in (2, 3, 4, 1))
T0 = 1_750_000_000_123_456
TASK = TaskDetails(XID, (("e164Number", "12125550101"),), "X2andX3", (DID, DID2))
DESTINATION = ip_destination(DID, "X2Only", "127.0.0.1", 45_001, "mediation X2")
BODIES: dict[str, dict[str, object]] = {
    "ActivateTask": {"task": TASK},
    "ModifyTask": {"task": TASK},
    "DeactivateTask": {"xid": XID},
    "CreateDestination": {"destination": DESTINATION},
    "RemoveDestination": {"did": DID},
    "Ping": {},
    "ListAllDetails": {},
    "GetTaskDetails": {"xid": XID},
}
SPOKEN = tuple(BODIES)
VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "etsi" / "x1" / "messages.json").read_text("utf-8")
)
VALID = [one for one in VECTORS if one["valid"]]


def message(kind: str, **body: object) -> X1Message:
    return X1Message(kind, "admf-sim-1", "ne-sim-1", TRANSACTION, T0, **(body or BODIES[kind]))  # type: ignore[arg-type]


def reply(kind: str, **body: object) -> X1Reply:
    return X1Reply(kind, "admf-sim-1", "ne-sim-1", TRANSACTION, T0, **body)  # type: ignore[arg-type]


ACTIVATE = build_request([message("ActivateTask")])


def changed(octets: bytes, old: str, new: str) -> bytes:
    assert old.encode() in octets
    return octets.replace(old.encode(), new.encode(), 1)


def refused(octets: bytes, code: str | None = None) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        parse_request(octets)
    assert code is None or caught.value.code == code
    return caught.value


# --- round trips --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_request_reads_back_as_it_was_built(kind: str) -> None:
    assert parse_request(build_request([message(kind)])) == [message(kind)]


def test_one_request_carries_many_messages_in_order() -> None:
    messages = [message(kind) for kind in SPOKEN]
    assert parse_request(build_request(messages)) == messages


@pytest.mark.parametrize(
    "target",
    [
        ("e164Number", "12125550101"),
        ("imsi", "001010000000001"),
        ("sipUri", "sip:+12125550101@ims.invalid"),
        ("ipv4Address", "192.0.2.1"),
        ("ipv6Address", "2001:0db8:0000:0000:0000:0000:0000:0001"),
        ("nai", "user@example.invalid"),
        ("emailAddress", "a&b<c>@example.invalid"),
    ],
)
def test_every_target_identifier_reads_back(target: tuple[str, str]) -> None:
    task = TaskDetails(XID, (target, ("imsi", "001010000000002")), "X2Only", ())
    (read,) = parse_request(build_request([message("ActivateTask", task=task)]))
    assert read.task == task


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
@pytest.mark.parametrize("name", [None, "mediation", ""])
def test_every_destination_reads_back(address: str, name: str | None) -> None:
    destination = ip_destination(DID, "X3Only", address, 65_535, name)
    octets = build_request([message("CreateDestination", destination=destination)])
    assert parse_request(octets)[0].destination == destination
    assert (b"IPv6Address" in octets) is (":" in address)


@pytest.mark.parametrize("kind", SPOKEN)
def test_every_response_reads_back(kind: str) -> None:
    said = {
        "ListAllDetails": {"xids": (XID,), "dids": (DID, DID2)},
        "GetTaskDetails": {"task": TaskResponse(TASK, TaskStatus("complete"))},
    }.get(kind, {})
    assert parse_response(build_response([reply(kind, **said)])) == [reply(kind, **said)]


@pytest.mark.parametrize("kind", SPOKEN)
@pytest.mark.parametrize("error", [(XID_EXISTS, "the task is there"), (NO_XID, "<none> & nothing"), (-1, "x")])
def test_every_error_response_reads_back_with_the_kind_it_answers(kind: str, error: tuple[int, str]) -> None:
    octets = build_response([reply("Ping"), reply(kind, error=X1Error(*error))])
    assert parse_response(octets) == [reply("Ping"), reply(kind, error=X1Error(*error))]
    assert b'xsi:type="ErrorResponse"' in octets


def test_a_top_level_error_is_an_error_and_no_answer() -> None:
    octets = build_top_level_error("admf-sim-1", "ne-sim-1", T0)
    assert etree.fromstring(octets).tag == f"{{{X1}}}X1TopLevelErrorResponse"
    with pytest.raises(DecodeError):
        parse_response(octets)


def test_times_are_written_with_six_digits_and_read_with_any() -> None:
    assert b"2025-06-15T15:06:40.123456Z" in ACTIVATE
    others = {"2025-06-15T15:06:40Z": 1_750_000_000_000_000, "2025-06-15T17:06:40.5+02:00": 1_750_000_000_500_000}
    for stamp, time_us in others.items():
        assert parse_request(changed(ACTIVATE, "2025-06-15T15:06:40.123456Z", stamp))[0].time_us == time_us


def test_elements_stand_in_the_order_of_the_schema() -> None:
    def children(octets: bytes, path: str) -> list[str]:
        found = etree.fromstring(octets).find(f".//{{{X1}}}{path}")
        assert found is not None
        return [etree.QName(one).localname for one in found]

    head = ["admfIdentifier", "neIdentifier", "messageTimestamp", "version", "x1TransactionId"]
    assert children(ACTIVATE, "x1RequestMessage") == [*head, "taskDetails"]
    assert children(ACTIVATE, "taskDetails") == ["xId", "targetIdentifiers", "deliveryType", "listOfDIDs"]
    destination = build_request([message("CreateDestination")])
    assert children(destination, "destinationDetails") == ["dId", "friendlyName", "deliveryType", "deliveryAddress"]


def test_a_request_of_another_kind_comes_back_with_its_name_and_no_body() -> None:
    ping = build_request([message("Ping")])
    assert parse_request(changed(ping, "PingRequest", "GuessTargetRequest")) == [message("GuessTarget", xid=None)]
    other = changed(ping, 'xsi:type="PingRequest"', 'xmlns:o="urn:other" xsi:type="o:GuessRequest"')
    (read,) = parse_request(other)
    assert read.kind == "{urn:other}Guess" and parse_request(build_request([read])) == [read]
    (answer,) = parse_response(build_response([reply(read.kind, error=X1Error(1080, "not spoken"))]))
    assert answer.kind == "Guess" and answer.extension is not None and answer.error == X1Error(1080, "not spoken")


@pytest.mark.parametrize("kind", [kind for kind in SPOKEN if BODIES[kind]])
def test_a_message_without_its_body_is_not_built(kind: str) -> None:
    with pytest.raises(EncodeError):
        build_request([message(kind, xid=None)])


def test_what_is_no_request_of_the_lab_is_not_built() -> None:
    with pytest.raises(EncodeError):
        build_request([message("GuessTarget", xid=None)])
    with pytest.raises(EncodeError):
        build_request([message("ActivateTask", task=TaskDetails(XID, (("passport", "1"),), "X2Only", ()))])


@pytest.mark.parametrize(
    "vector", [one for one in VECTORS if one["valid"]], ids=lambda one: f"{one['form']} {one['name']}"
)
def test_every_vector_reads_and_is_written_again_as_it_stands(vector: dict[str, Any]) -> None:
    octets = vector["xml"].encode()
    if vector["form"] == "top level":
        assert build_top_level_error("admf-sim-1", "ne-sim-1", T0).partition(b"\n")[2] == octets
        return
    if vector["form"] == "request":
        assert build_request(parse_request(octets)).partition(b"\n")[2] == octets
    else:
        assert build_response(parse_response(octets)).partition(b"\n")[2] == octets


def test_every_message_and_every_target_identifier_of_the_schema_has_a_vector() -> None:
    assert {one["kind"] for one in VALID if one["form"] == "request"} == set(REQUESTS)
    assert {one["kind"] for one in VALID if one["form"] == "response"} >= set(RESPONSES)
    (whole,) = (one for one in VALID if one["name"] == "ActivateTask, everything")
    (read,) = parse_request(whole["xml"].encode())
    assert read.task is not None and {name for name, _ in read.task.targets} == set(TARGETS)
    unset = [name for name in TaskDetails.__slots__ if getattr(read.task, name) in (None, ())]
    assert unset == ["unknown"] and isinstance(read.task.dids[1], DestinationSetId)


@pytest.mark.parametrize("vector", [one for one in VECTORS if not one["valid"]], ids=lambda one: one["name"])
def test_what_the_schema_does_not_allow_is_refused(vector: dict[str, Any]) -> None:
    parse = parse_request if vector["form"] == "request" else parse_response
    with pytest.raises(DecodeError):
        parse(vector["xml"].encode())


def test_a_message_whose_body_alone_is_unsound_is_answered_for_itself() -> None:
    octets = build_request([message("Ping"), message("ActivateTask"), message("DeactivateTask")])
    octets = changed(octets, "<deliveryType>X2andX3", "<deliveryType>X4")
    first, second, third = read_request(octets)
    assert (first, third) == (message("Ping"), message("DeactivateTask"))
    assert isinstance(second, Unsound) and second.head == message("ActivateTask", xid=None)
    assert second.why.code == DecodeError.BAD_VALUE
    with pytest.raises(DecodeError):
        parse_request(octets)


def test_a_target_identifier_of_a_later_schema_is_kept_under_its_whole_name() -> None:
    octets = changed(ACTIVATE, "<e164Number>12125550101</e164Number>", "<palmVein>1</palmVein>")
    (read,) = parse_request(octets)
    assert read.task is not None
    ((name, held),) = read.task.targets
    assert name == held.name == f"{{{X1}}}palmVein"
    assert parse_request(build_request([read])) == [read]


def test_what_an_extension_holds_is_given_back_as_it_came() -> None:
    inside = '<l:note xmlns:l="urn:calea-lab:x1:1">SIMULATION</l:note>'
    extension = f"<taskDetailsExtensions><Owner>calea-lab</Owner>{inside}</taskDetailsExtensions>"
    (read,) = parse_request(changed(ACTIVATE, "</listOfDIDs>", f"</listOfDIDs>{extension}"))
    assert read.task is not None and read.task.extensions[0].owner == "calea-lab" and not read.task.unknown
    assert b"SIMULATION</l:note></taskDetailsExtensions>" in build_request([read])
    assert parse_request(build_request([read])) == [read]


def test_an_element_nobody_described_stays_at_its_place_and_out_of_our_namespace() -> None:
    octets = changed(ACTIVATE, "<deliveryType>", '<later xmlns=""><xId>1</xId></later><deliveryType>')
    (read,) = parse_request(octets)
    assert read.task is not None and [one.name for one in read.task.unknown] == ["later"]
    written = build_request([read])
    assert b'</targetIdentifiers><later xmlns=""><xId>1</xId></later><deliveryType>' in written
    assert parse_request(written) == [read]
    assert replace(read.task, unknown=()) == TASK


# --- what is not sound --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<xId>00000000-0000-0000-0000-000000000002", "<xId>nothing"),
        ("<xId>00000000-0000-0000-0000-000000000002", "<xId>"),
        ("<xId>00000000", "<xId>{0000000"),
        ("<dId>00000000-0000-0000-0000-000000000003", "<dId>00000000-0000-0000-0000-00000000000G"),
        ("X2andX3", "X2AndX3"),
        ("12125550101", "+12125550101"),
        ("12125550101", "1212555010112125"),
        ("12125550101", "١٢١٢٥٥٥٠١٠١"),
        ("<e164Number>12125550101</e164Number>", ""),
        ("2025-06-15T15:06:40.123456Z", "2025-06-15T15:06:40.123456"),
        ("2025-06-15T15:06:40.123456Z", "2025-13-15T15:06:40Z"),
        ("2025-06-15T15:06:40.123456Z", "yesterday"),
        ("<version>v1.6.1", "<version>2"),
        ("<version>v1.6.1", "<version>v1.999999.1"),
        ("x1TransactionId", "x1Transaction"),
        ('xsi:type="ActivateTaskRequest"', ""),
        ('xsi:type="ActivateTaskRequest"', 'xsi:type="Activate Task"'),
        (X1, "http://uri.etsi.org/03221/X1/2027/10"),
    ],
)
def test_a_request_with_one_wrong_part_is_refused(old: str, new: str) -> None:
    octets = ACTIVATE.replace(old.encode(), new.encode())
    assert octets != ACTIVATE
    refused(octets)


@pytest.mark.parametrize("port", ["0", "65536", "99999999999", "", "-1", "80.0", "²", "٨٠", "0x50"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    octets = build_request([message("CreateDestination")])
    refused(changed(octets, ">45001<", f">{port}<"))


@pytest.mark.parametrize("code", ["", "-", "--5", "²", "1e3", "999999999999999999999"])
def test_an_error_code_that_is_no_number_is_refused(code: str) -> None:
    octets = build_response([reply("Ping", error=X1Error(2010, "no"))])
    with pytest.raises(DecodeError):
        parse_response(changed(octets, ">2010<", f">{code}<"))


def test_every_missing_element_is_refused_or_harmless() -> None:
    """Each element taken out in turn: the parser answers DecodeError or a value, never anything else."""
    missing = 0
    for kind in SPOKEN:
        root = etree.fromstring(build_request([message(kind)]))
        for index in range(1, sum(1 for _ in root.iter())):
            copy = etree.fromstring(etree.tostring(root))
            gone = list(copy.iter())[index]
            parent = gone.getparent()
            assert parent is not None
            parent.remove(gone)
            try:
                parse_request(etree.tostring(copy))
            except DecodeError:
                missing += 1
    assert missing > 50


def test_a_request_without_messages_or_with_too_many_is_refused() -> None:
    refused(f'<X1Request xmlns="{X1}"/>'.encode(), DecodeError.TOO_MANY)
    ping = message("Ping")
    assert len(parse_request(build_request([ping] * MAX_MESSAGES))) == MAX_MESSAGES
    refused(build_request([ping] * (MAX_MESSAGES + 1)), DecodeError.TOO_MANY)


def test_a_response_is_no_request_and_the_other_way_round() -> None:
    refused(build_response([reply("Ping")]), DecodeError.BAD_TAG)
    with pytest.raises(DecodeError):
        parse_response(ACTIVATE)


# --- attacks ------------------------------------------------------------------------------------------------------


def with_dtd(dtd: str, reference: str) -> str:
    body = ACTIVATE.decode().partition("?>")[2].strip()
    return f'<?xml version="1.0"?>\n<!DOCTYPE X1Request [{dtd}]>{body.replace("12125550101", reference)}'


BOMB = '<!ENTITY a "1111111111">' + "".join(
    f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 10}">' for level in range(12)
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_billion_laughs_is_refused_without_being_expanded(encoding: str) -> None:
    refused(with_dtd(BOMB, "&m;").encode(encoding))
    refused(with_dtd(BOMB, "1").replace("<X1Request ", '<X1Request laugh="&m;" ').encode(encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_quadratic_blow_up_is_refused(encoding: str) -> None:
    refused(with_dtd(f'<!ENTITY a "{"1" * 50_000}">', "&a;" * 500).encode(encoding))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_external_entity_reads_no_file(encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("12125550199")
    for dtd in (f'<!ENTITY a SYSTEM "{secret.as_uri()}">', f'<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;'):
        error = refused(with_dtd(dtd, "&a;").encode(encoding))
        assert "12125550199" not in str(error)


def test_external_dtd_by_name_is_not_fetched() -> None:
    body = ACTIVATE.decode().partition("?>")[2]
    for name in ('SYSTEM "http://127.0.0.1:9/x.dtd"', 'PUBLIC "x" "http://127.0.0.1:9/x.dtd"'):
        for encoding in ENCODINGS:
            refused(f'<?xml version="1.0"?><!DOCTYPE X1Request {name}>{body}'.encode(encoding))


def test_harmless_document_type_is_refused_too_in_any_encoding() -> None:
    """Octets cannot be searched for DOCTYPE alone: UTF-16 hides the word from a search and not from a parser."""
    for encoding in ENCODINGS:
        refused(with_dtd("", "12125550101").encode(encoding))


def test_oversized_message_is_refused_before_it_is_parsed() -> None:
    octets = ACTIVATE + b" " * (MAX_OCTETS - len(ACTIVATE))
    assert parse_request(octets) == [message("ActivateTask")]
    refused(octets + b" ", DecodeError.OVERSIZED)
    with pytest.raises(DecodeError) as caught:
        parse_response(bytes(MAX_OCTETS + 1))
    assert caught.value.code == DecodeError.OVERSIZED


def test_nesting_without_end_is_refused() -> None:
    depth = 50_000
    inside = "<a>" * depth + "</a>" * depth
    refused(changed(ACTIVATE, "<version>", f"{inside}<version>"))


def test_processing_instructions_and_comments_are_not_read_as_values() -> None:
    for hidden in ("<?php x ?>", "<!-- x -->"):
        octets = changed(ACTIVATE, "<e164Number>", f"{hidden}<e164Number>")
        assert parse_request(octets) == [message("ActivateTask")]
    split = changed(ACTIVATE, "12125550101", "1212555<!-- -->0101")
    (read,) = parse_request(split)
    assert read.task is not None and read.task.targets == (("e164Number", "12125550101"),)


def test_xinclude_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("12125550199")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="{secret.as_uri()}"/>'
    refused(changed(ACTIVATE, "12125550101", include))


@settings(max_examples=200, deadline=None)
@given(octets=st.binary(max_size=300))
def test_any_octets_raise_decode_error_only(octets: bytes) -> None:
    for parse in (parse_request, parse_response):
        with pytest.raises(DecodeError):
            parse(octets)


SAMPLES = [build_request([message(kind)]) for kind in SPOKEN] + [
    build_response([reply("ListAllDetails", xids=(XID,), dids=(DID,)), reply("Ping", error=X1Error(2010, "no"))])
]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_text_put_in_place_of_any_value_raises_decode_error_only(data: st.DataObject) -> None:
    octets = data.draw(st.sampled_from(SAMPLES)).decode()
    places = [match.span(1) for match in re.finditer(r'>([^<>]+)<|xsi:type="(\w+)"', octets) if match.group(1)]
    start, end = data.draw(st.sampled_from(places))
    text = data.draw(
        st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30) | st.from_regex(r"[-²0-9٣]{1,8}")
    )
    for parse in (parse_request, parse_response):
        try:
            parse((octets[:start] + text + octets[end:]).encode())
        except DecodeError:
            continue


# --- every row of every table -------------------------------------------------------------------------------------


def drawn(kind: Any, vectors: dict[int, list[Any]]) -> st.SearchStrategy[Any]:
    """A value of this kind: composed ones from their rows, leaves from what the vectors hold at that place."""
    if isinstance(kind, Record):
        return st.builds(kind.cls, **{field.attribute: rowed(field, vectors) for field in kind.fields})
    if isinstance(kind, Listed):
        return st.lists(drawn(kind.kind, vectors), min_size=kind.least, max_size=2).map(tuple)
    return st.sampled_from(vectors[id(kind)])


def rowed(field: Any, vectors: dict[int, list[Any]]) -> st.SearchStrategy[Any]:
    if isinstance(field.kind, Opaque) and not field.least:
        return st.none()
    one = drawn(field.kind, vectors)
    if field.most > 1:
        return st.lists(one, min_size=field.least, max_size=2).map(tuple)
    return one if field.least else st.none() | one


def gathered() -> dict[int, list[Any]]:
    """Every value of the vectors by the kind that describes its place."""
    found: dict[int, list[Any]] = {}

    def walk(kind: Any, value: Any) -> None:
        if isinstance(kind, Record):
            for field in kind.fields:
                held = getattr(value, field.attribute)
                for one in held if field.most > 1 else () if held is None else (held,):
                    walk(field.kind, one)
        elif isinstance(kind, Listed):
            for one in value:
                walk(kind.kind, one)
        else:
            found.setdefault(id(kind), []).append(value)

    for vector in VALID:
        octets = vector["xml"].encode()
        if vector["form"] == "request":
            (message,) = parse_request(octets)
            walk(REQUEST_RECORDS[message.kind], message)
        elif vector["form"] == "response":
            (answer,) = parse_response(octets)
            if answer.kind in RESPONSE_RECORDS:
                walk(ERROR_RECORD if answer.error else RESPONSE_RECORDS[answer.kind], answer)
    return found


GATHERED = gathered()


@settings(max_examples=30, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(REQUESTS)))
def test_any_message_is_read_back_as_it_was_written(data: st.DataObject, kind: str) -> None:
    asked = replace(data.draw(drawn(REQUEST_RECORDS[kind], GATHERED)), kind=kind)
    assert parse_request(build_request([asked])) == [asked]
    said = replace(data.draw(drawn(RESPONSE_RECORDS[kind], GATHERED)), kind=kind)
    assert parse_response(build_response([said])) == [said]
