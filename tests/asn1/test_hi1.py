"""HI1 messages: vectors made by hand, every table row out and in again, what is not described is kept at its place."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asn1 import hi1, hi1_message_tables, hi1_object_tables, hi1_walk
from asn1.errors import DecodeError, EncodeError
from asn1.hi1_messages import (
    ActionRequest,
    Create,
    Created,
    CspConfig,
    Deliver,
    Delivered,
    Get,
    GetConfig,
    Got,
    Header,
    HI1Message,
    Listing,
    ListObjects,
    Payload,
    Requests,
    Update,
    Updated,
)
from asn1.hi1_objects import (
    Authorisation,
    DictionaryEntry,
    Document,
    EndpointId,
    ErrorInformation,
    HI1Object,
    LITask,
    NationalFields,
    OtherObject,
    Timespan,
    merged,
)
from asn1.hi1_walk import Leaf, Listed, Record
from asn1.hi1_xml import RawXml

VECTORS = Path(__file__).parents[1] / "vectors" / "etsi" / "hi1"
AUTHORISATION = uuid.UUID("11111111-1111-4111-8111-111111111111")
TASK = uuid.UUID("22222222-2222-4222-8222-222222222222")
HEADER = Header(EndpointId("XX", "LAB-COURT"), EndpointId("XX", "SIMOP"), uuid.UUID(int=7), 1_772_373_600_000_001)


def vector(name: str) -> HI1Message:
    return hi1.parse_message((VECTORS / f"{name}.xml").read_bytes())


# --- vectors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.xml")), ids=lambda path: path.stem)
def test_a_vector_says_where_it_comes_from_and_reads_the_same_after_writing(path: Path) -> None:
    octets = path.read_bytes()
    assert b"Source:" in octets
    message = hi1.parse_message(octets)
    assert message.header.time_us == 1_772_373_600_000_001
    assert message.header.sender == EndpointId("XX", "LAB-COURT") and message.header.version.etsi == "V1.23.1"
    assert hi1.parse_message(hi1.build_message(message)) == message


def test_a_created_authorisation_with_task_and_warrant_is_read_whole() -> None:
    message = vector("create_request")
    assert message.header.workflow == "NewAuthorisation" and hi1.unknown(message) == ()
    authorisation, task, document = (action.body.object for action in message.requests)  # type: ignore[union-attr]
    assert isinstance(authorisation, Authorisation) and isinstance(task, LITask) and isinstance(document, Document)
    assert (authorisation.reference, authorisation.external_id) == ("O-1", "CASE-1")
    assert authorisation.timespan == Timespan(1_772_373_600_000_000, 1_774_962_000_000_000)
    assert authorisation.desired_status == DictionaryEntry("ETSI", "AuthorisationDesiredStatus", "Approved")
    assert authorisation.approvals[0].approver is not None and authorisation.approvals[0].approver.name == "adair"
    assert authorisation.approvals[0].is_emergency is False and authorisation.csp_ids == (EndpointId("XX", "SIMOP"),)
    assert task.associated == (AUTHORISATION,) and task.reference == "LAB-0001" and task.target is not None
    assert [(one.format.name, one.value) for one in task.target.values or ()] == [("InternationalE164", "12125550101")]
    assert document.body is not None and document.body.contents == b"SIMULATED"


def test_get_and_list_are_read() -> None:
    one, other = vector("get_list_request").requests
    assert one == ActionRequest(0, Get(AUTHORISATION))
    assert isinstance(other.body, ListObjects) and other.body.maximum == 10
    assert other.body.last_changed_us == 1_772_323_200_000_000


def test_answers_are_read_each_by_its_kind() -> None:
    message = vector("responses")
    assert [type(one.body) for one in message.responses] == [Created, Updated, Got, Listing, ErrorInformation]
    assert message.requests == () and message.error is None
    refused = vector("refusal")
    assert refused.error == ErrorInformation(3020, "not valid") and refused.responses == ()


def test_what_a_receiver_takes_and_what_it_is_delivered_are_read() -> None:
    asked, delivered = (action.body for action in vector("config_request").requests)
    assert asked == GetConfig() and isinstance(delivered, Deliver) and delivered.identifier == TASK
    assert isinstance(delivered.object, OtherObject) and delivered.object.type_name.endswith("}DeliveryObject")
    config, done = (action.body for action in vector("config_response").responses)
    assert done == Delivered(TASK) and isinstance(config, CspConfig)
    assert hi1.unknown(vector("config_response")) == ()
    assert config.formats is not None and config.formats.formats[0].regex == "^SIM[0-9]{6}$"
    assert config.dictionaries is not None and config.dictionaries[0].words[0].meaning == "Calls of the lab"
    (targeting,) = config.targeting
    assert targeting.ld_subtypes == () and targeting.li_services is not None and len(targeting.li_services) == 1
    assert config.li_endpoints is not None and config.li_endpoints[0].url.endswith("/li/authorisation/new")
    assert (config.lp_endpoints, config.ld_endpoints) == ((), ())


def test_every_verb_and_answer_of_the_schema_has_a_vector() -> None:
    messages = [hi1.parse_message(path.read_bytes()) for path in VECTORS.glob("*.xml")]
    asked = {type(action.body) for one in messages for action in one.requests}
    answered = {type(action.body) for one in messages for action in one.responses}
    assert asked >= set(hi1_message_tables._REQUEST._choice_of)
    assert answered >= set(hi1_message_tables._RESPONSE._choice_of)


def test_what_nobody_describes_is_kept_and_named() -> None:
    message = vector("kept_request")
    assert hi1.unknown(message) == (
        "payload.body.actions.body.object.StatusReason",
        "Signature",
    )
    assert isinstance(message.requests[0].body, GetConfig)
    other = message.requests[1].body
    assert isinstance(other, Create) and isinstance(other.object, OtherObject)
    assert other.object.type_name.endswith("}LPTaskObject") and other.object.object_id == TASK


def test_the_three_shapes_of_a_message_are_built_as_they_are_read() -> None:
    for message in (
        hi1.request(HEADER, Get(TASK), Create(LITask(object_id=TASK))),
        hi1.response(HEADER, Created(TASK), ErrorInformation(3001, "no")),
        hi1.refusal(HEADER, ErrorInformation(3020, "no")),
    ):
        assert hi1.parse_message(hi1.build_message(message)) == message


# --- every row of every table ---------------------------------------------------------------------------------------

XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.just("\n"),
    max_size=12,
)
TIMES = st.integers(0, 253_000_000_000_000_000)
LEAVES: dict[int, st.SearchStrategy[Any]] = {
    id(hi1_walk.SHORT): XML_TEXT,
    id(hi1_walk.LONG): XML_TEXT,
    id(hi1_walk.UUID): st.uuids(),
    id(hi1_walk.MOMENT): TIMES,
    id(hi1_walk.MICRO): TIMES,
    id(hi1_walk.COUNT): st.integers(0, 10**18 - 1),
    id(hi1_walk.YES_NO): st.booleans(),
    id(hi1_walk.OCTETS): st.binary(max_size=20),
    id(hi1_object_tables.COUNTRY): st.sampled_from(["XX", "US"]),
    id(hi1_object_tables.LIID): st.sampled_from(["LAB-1", "ff" * 20]),
}
NATIONAL = st.builds(
    NationalFields,
    st.just("OrderParameters"),
    st.just("XX"),
    st.lists(st.tuples(st.sampled_from(["version", "start"]), XML_TEXT), max_size=3).map(tuple),
)


def opaque(tag: str) -> st.SearchStrategy[RawXml]:
    space, name = tag[1:].split("}")
    return st.just(RawXml(tag, f'<a:{name} xmlns:a="{space}"><b xmlns="urn:x">1</b></a:{name}>'.encode()))


def values(kind: Any, tag: str) -> st.SearchStrategy[Any]:
    if isinstance(kind, Listed):
        return st.lists(values(kind.kind, kind.item), min_size=kind.least, max_size=2).map(tuple)
    if isinstance(kind, Record):
        return records(kind)
    if isinstance(kind, Leaf):
        return LEAVES.get(id(kind), st.sampled_from(["V1.2.3"]) if "V[0-9]" in kind.what else st.integers(1, 99))
    if type(kind).__name__ == "_NationalParameters":
        return NATIONAL
    if type(kind).__name__ == "Opaque":
        return opaque(tag)
    return st.one_of([records(one) for one in hi1_object_tables.OBJECTS.values()])


def records(record: Record) -> st.SearchStrategy[Any]:
    found: dict[str, st.SearchStrategy[Any]] = {}
    for field in record.fields:
        one = values(field.kind, field.tag)
        if field.most > 1:
            found[field.attribute] = st.lists(one, min_size=field.least, max_size=2).map(tuple)
        else:
            found[field.attribute] = one if field.least else st.none() | one
    if record.choice:
        found["body"] = st.one_of([values(kind, tag) for tag, kind in record.choice.items()])
    return st.builds(record.cls, **found)


@settings(max_examples=60, deadline=None)
@given(message=records(hi1_message_tables.MESSAGE))
def test_any_message_is_read_back_as_it_was_written(message: HI1Message) -> None:
    octets = hi1.build_message(message)
    assert hi1.parse_message(octets) == message
    assert hi1.build_message(hi1.parse_message(octets)) == octets


# --- UPDATE ---------------------------------------------------------------------------------------------------------

FLAG = DictionaryEntry("ETSI", "AuthorisationFlag", "IsTest")


def test_an_update_replaces_what_is_there_and_keeps_what_is_absent() -> None:
    """Clause 6.4.7, third-party reading: lists are overwritten, never appended."""
    held = Authorisation(
        object_id=AUTHORISATION, reference="O-1", legal_entity="LAB-LEA", flags=(FLAG, FLAG), timespan=Timespan(1, 2)
    )
    changed = merged(held, Authorisation(object_id=AUTHORISATION, timespan=Timespan(1, 3), flags=(FLAG,)))
    assert (changed.reference, changed.legal_entity) == ("O-1", "LAB-LEA")
    assert (changed.timespan, changed.flags) == (Timespan(1, 3), (FLAG,))
    assert merged(held, Authorisation(object_id=AUTHORISATION)) == held
    assert merged(held, Authorisation(object_id=AUTHORISATION, flags=())).flags == (), "an empty list is a list"


def test_an_update_of_another_object_is_none() -> None:
    held = Authorisation(object_id=AUTHORISATION)
    other: HI1Object
    for other in (Authorisation(object_id=TASK), LITask(object_id=AUTHORISATION)):
        with pytest.raises(EncodeError):
            merged(held, other)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_update_twice_is_an_update_once(data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(list(hi1_object_tables.OBJECTS.values())))
    held, update = (merged_id(data.draw(records(record))) for _ in range(2))
    once = merged(held, update)
    assert merged(once, update) == once


def merged_id(one: HI1Object) -> HI1Object:
    return replace(one, object_id=TASK)


# --- what is not written --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        Create(LITask(object_id=TASK, reference="")),
        Create(LITask(object_id=TASK, reference="x" * 26)),
        Create(LITask(object_id=TASK, country="usa")),
        Create(LITask(object_id=TASK, generation=-1)),
        Create(LITask(object_id=TASK, flags=(FLAG,) * 1025)),
        Create(LITask(object_id=TASK, timespan=Timespan(start_us=-1))),
        Create(Authorisation(object_id=AUTHORISATION, reference="\x00")),
        Create(Authorisation(object_id=AUTHORISATION, csp_ids=())),
        Create(Authorisation(object_id=AUTHORISATION, national=NationalFields("P", "XX", (("a b", "1"),)))),
        Create(Authorisation(object_id=AUTHORISATION, national=RawXml("{urn:x}y", b"<y/>"))),
        Create(Authorisation(object_id=AUTHORISATION, unknown=(RawXml("x", b"<x/>", "LegalType"),))),
        Create(HI1Object(object_id=TASK)),
        RawXml("x", b"\xff"),
        Get("no identifier"),  # type: ignore[arg-type]
        Payload(Requests(())),
    ],
    ids=str,
)
def test_what_the_schema_has_no_place_for_is_not_written(body: Any) -> None:
    with pytest.raises(EncodeError):
        hi1.build_message(hi1.request(HEADER, body))


def test_a_message_without_actions_or_with_too_many_octets_is_not_written() -> None:
    with pytest.raises(EncodeError):
        hi1.build_message(HI1Message(HEADER, Payload(Requests(()))))
    long = RawXml("x", b"<x>" + b"a" * hi1.MAX_OCTETS + b"</x>")
    large = Create(Authorisation(object_id=AUTHORISATION, unknown=(long,)))
    with pytest.raises(EncodeError, match="at most"):
        hi1.build_message(hi1.request(HEADER, large))


def test_what_was_kept_is_read_where_it_stood() -> None:
    octets = hi1.build_message(hi1.request(HEADER, Update(LITask(object_id=TASK, reference="LAB-1"))))
    at = octets.index(b"<task:Reference>")
    kept = octets[:at] + b"<task:Odd>1</task:Odd>" + octets[at:]
    message = hi1.parse_message(kept)
    assert hi1.unknown(message) == ("payload.body.actions.body.object.Odd",)
    assert hi1.build_message(message).count(b"<task:Odd") == 1
    assert hi1.parse_message(hi1.build_message(message)) == message
    twice = octets[:at] + b"<task:Reference>LAB-2</task:Reference>" + octets[at:]
    with pytest.raises(DecodeError, match="repeated"):
        hi1.parse_message(twice)
