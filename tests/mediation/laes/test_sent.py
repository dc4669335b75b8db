"""What is sent in each US dialect: every message has a cause, every cause its message, and its octets are pinned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asn1.laes.cc_apdu import decode_apdu
from asn1.laes.ccc import decode_datagram
from asn1.laes.message import CdcMessage
from asn1.radius import parse_radius
from asn1.sip import parse_sip
from carrier_sim.subscribers import Identity
from mediation.laes.convert import TONGUES
from mediation.laes.moment import Cause
from mediation.scope import Scope
from tests.mediation.laes.played import (
    FORMS,
    SCENES,
    A,
    B,
    Played,
    T,
    convert,
    convert_in_parts,
    every_scene,
    order,
    pdus,
    play,
    radius,
)
from tests.mediation.laes.regenerate import DIRECTORY, goldens

DIALECTS = list(FORMS)
CONTENT = frozenset({
    "ccOpen", "ccClose", "ccChange", "ccUnavailable", "uuContent", "ccopen", "ccclose", "ccchange", "dialedDgtExtrn",
    "dialeddigitextraction", "mediareport", "mediaAndAddressReporting", "accessSignalingMessageReport",
})  # fmt: skip
CANARY = "CANARY-7731"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_message_has_a_cause_that_happens_or_a_reason_in_words(dialect: str) -> None:
    causes: dict[str, Cause] = TONGUES[dialect].causes
    assert set(causes) == {row.name for row in TONGUES[dialect].wire.messages.fields}
    assert all(one.evidence in ("fact", "assumed", "none") and len(one.words) > 10 for one in causes.values())
    sent = {name for played in every_scene(dialect).values() for name in played.names}
    assert sent == {name for name, one in causes.items() if one.evidence != "none"}


EXCHANGES = {
    "a data session that begins by asking for access": [
        "accessAttempt", "accessAccepted", "packetDataSessionStart", "accessSignalingMessageReport",
        "packetDataSessionEnd", "accessSessionEnd",
    ],
    "access that is refused": ["accessAttempt", "accessRejected"],
    "access that nobody answers": ["accessAttempt"] * 3 + ["accessFailed"],
    "access that is given, and no session set up": ["accessAttempt", "accessAccepted", "packetDataSessionFailed"],
}  # fmt: skip


@pytest.mark.parametrize(("scene", "names"), EXCHANGES.items())
def test_asking_for_access_and_its_failures_happen_in_the_simulated_network(scene: str, names: list[str]) -> None:
    played = play("ias", SCENES[scene])
    assert played.names == names
    assert {one.fields["subscriberIdentity"][1] for one in played.messages if "subscriberIdentity" in one.fields} == {T}
    under_a_pen_register = play("ias", SCENES[scene], order("PRTT")).names
    assert under_a_pen_register == [name for name in names if name not in CONTENT]
    for dialect in ("t1678", "pcesp", "jstd025"):
        assert play(dialect, SCENES[scene]).octets == []


def test_the_four_messages_of_access_have_their_cause_in_the_traffic_itself() -> None:
    sent = {name for items in SCENES.values() for name in play("ias", items).names}
    assert {"accessAttempt", "accessRejected", "accessFailed", "packetDataSessionFailed"} <= sent


def test_access_asked_for_again_leaves_the_session_up() -> None:
    again = [radius(4, Acct_Status_Type=1), radius(1), radius(2), radius(4, Acct_Status_Type=3)]
    assert convert("ias", again, order()).names == [
        "accessAccepted", "packetDataSessionStart", "accessAttempt", "accessAccepted", "accessSignalingMessageReport",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["EAVESDROPPING", "PRTT"])
def test_attack_the_password_that_access_is_asked_with_is_told_to_nobody(kind: str) -> None:
    (asked, *_) = pdus(SCENES["access that is refused"], Identity("e164Number", T))
    password = parse_radius(asked.payload).attributes["User-Password"]
    assert isinstance(password, bytes) and len(password) == 16 and password in asked.payload
    said = b"".join(play("ias", SCENES["access that is refused"], order(kind)).octets)
    assert said and password not in said and password.hex().encode() not in said.lower()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_octets_are_the_golden_ones(dialect: str) -> None:
    assert goldens(dialect) == json.loads((DIRECTORY / f"{dialect}.json").read_text())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_record_decodes_without_rest_and_names_case_point_and_time(dialect: str) -> None:
    for played in every_scene(dialect).values():
        for message in played.messages:
            assert message.unknown_tags == () and message.fields["caseId"] == "LAB-1"
            assert message.fields.get("timestamp", message.fields.get("eventTime"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_content_is_announced_once_before_and_closed_once_after(dialect: str) -> None:
    if dialect == "ias":
        return
    for name, played in every_scene(dialect).items():
        if "link" in name or not played.datagrams:
            assert not any(one.lower() == "ccopen" for one in played.names)
            continue
        said = [one.lower() for one in played.names if one.lower() in ("ccopen", "ccchange", "ccclose")]
        assert said[0] == "ccopen" and said[-1] == "ccclose" and set(said[1:-1]) <= {"ccchange"}


def test_apdus_are_numbered_and_directed_and_hold_the_packet_as_it_was() -> None:
    items = SCENES["a call that comes in"]
    seen = [pdu for pdu in pdus(items, Identity("e164Number", T)) if pdu.payload[:1] == b"\x45"]
    apdus = [decode_apdu(one) for one in play("t1678", items).datagrams]
    assert [one.payload for one in apdus] == [pdu.payload for pdu in seen]
    headers = [one.header or {} for one in apdus]
    assert [one["sequenceNumber"] for one in headers] == list(range(len(apdus)))
    assert {one["packetDirection"] for one in headers} == {"fromSubject", "toSubject"}


@pytest.mark.parametrize(("dialect", "form", "octets"), [("pcesp", "12", 12), ("jstd025", "4", 4)])
def test_a_header_names_the_channel_of_its_direction(dialect: str, form: str, octets: int) -> None:
    played = play(dialect, SCENES["a call that comes in"])
    opened = next(one for one in played.messages if one.name.lower() == "ccopen")
    pair = (opened.fields.get("cCCId") or opened.fields["deliveryIdentifier"][1])[1]
    found = [decode_datagram(one, octets) for one in played.datagrams]
    assert FORMS[dialect] == form and {f"{one.ccc_id:08X}" for one in found} == set(pair.values())
    assert all((one.time_us is None) == (form == "4") for one in found)


def digits_in(played: Played) -> str:
    return "".join(one.fields["digits"] for one in played.messages if one.name == "dialedDgtExtrn")


def test_keys_are_told_once_each_from_info_and_from_the_media_of_the_subject_alone() -> None:
    heard = {"kind": "call", "caller": T, "callee": A, "seconds": 3, "at_s": 1, "dtmf": "17*#", "sound": "tone"}
    assert digits_in(play("t1678", [heard])) == "17*#"
    assert digits_in(play("t1678", [{**heard, "caller": A, "callee": T}])) == ""
    assert digits_in(play("t1678", [{**heard, "dtmf": "", "info_digits": "90"}])) == "90"


def test_a_pen_register_that_names_digits_has_them_and_no_other_has() -> None:
    keyed = [{"kind": "call", "caller": T, "callee": A, "seconds": 3, "at_s": 1, "info_digits": "90", "sound": "tone"}]
    assert digits_in(play("t1678", keyed, order("PRTT"))) == ""
    assert digits_in(play("t1678", keyed, order("PRTT", pctdd_authorised=True))) == "90"


def test_a_forwarded_call_is_one_communication_in_two_legs() -> None:
    played = play("t1678", SCENES["a call that is forwarded"])
    moved = played.first("redirection").fields
    assert (moved["redirectedFrom"], moved["redirectedTo"]) == ({"dn": T}, {"dn": B})
    change = played.first("change").fields
    legs = [one["leg"] for one in change["resulting"]["call-identities"]]
    assert legs == ["1", "2"] and [one["leg"] for one in change["previous"]["call-identities"]] == ["1"]
    came = play("t1678", SCENES["a call that was forwarded to the subject"]).first("termAttempt").fields
    assert came["redirectedFromInfo"]["originalCalled"] == {"dn": B} and came["calling"] == {"dn": A}


def test_a_conference_tells_who_joins_and_who_leaves() -> None:
    played = play("t1678", SCENES["a conference"])
    changes = [one.fields for one in played.messages if one.name == "confPartyChange"]
    joined = [party["dn"] for one in changes for party in one.get("joinedParties", [])]
    left = [party["dn"] for one in changes for party in one.get("removedParties", [])]
    assert joined == [T, A, B] and left[:2] == [B, T]


def test_text_of_a_message_stands_in_its_own_message_alone() -> None:
    played = play("t1678", SCENES["a message over IMS"])
    assert played.names == ["directSignalReporting", "uuContent", "directSignalReporting"]
    direct, content, _ = played.messages
    beside = content.fields["signalingMsg"][0]["sigMsg"]
    assert content.fields["content"][1]["sipBody"]["sipBodyContents"] == b"SIMULATION"
    for octets in (direct.fields["signalingMsg"][0]["sigMsg"], beside):
        message = parse_sip(octets)
        assert message.method == "MESSAGE" and message.body == b"" and message.content_type == "text/plain"


def test_counts_of_a_flow_add_up_to_its_packets() -> None:
    by_header = every_scene("ias")["a visit to a host, by headers"].messages
    by_count = every_scene("ias")["a visit to a host, by counts"].messages
    counts = [one.fields["streamSet"]["packetCount"] for one in by_count]
    assert len(counts) == 2 and sum(counts) == len(by_header) > 6

    def ends(messages: list[CdcMessage], field: str) -> set[Any]:
        return {(one.fields[field]["streamID"], one.fields[field]["destinationPortNumber"]) for one in messages}

    assert ends(by_header, "headerSet") == ends(by_count, "streamSet")


def loaded_scenes() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every scene with words of the subject in each place that can hold some."""
    for name, items in SCENES.items():
        loud = []
        for item in items:
            more: dict[str, Any] = {}
            if item["kind"] == "call":
                more = {"uui": CANARY, "caller_text": CANARY, "callee_text": CANARY}
                if "conference_with" not in item and "transfer_to" not in item and "dtmf" not in item:
                    more |= {"dtmf": "551"}
            elif item["kind"] == "sms":
                more = {"text": CANARY}
            loud.append({**item, **more})
        yield name, loud


def test_the_words_looked_for_are_there_under_a_warrant() -> None:
    loud = dict(loaded_scenes())
    for name in ("a message over IMS", "a busy call"):
        assert words_in(b"".join(play("t1678", loud[name]).octets))


def words_in(octets: bytes) -> bool:
    """As they are, or in the hexadecimal of User-to-User."""
    return CANARY.encode() in octets or CANARY.encode().hex().encode() in octets.lower()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_attack_no_content_under_a_pen_register_even_when_the_element_delivers_all(dialect: str) -> None:
    for name, items in loaded_scenes():
        played = play(dialect, items, order("PRTT"))
        assert played.datagrams == [], name
        assert CONTENT.isdisjoint(played.names), name
        said = b"".join(played.octets)
        assert not words_in(said) and b"m=audio" not in said and b"User-to-User" not in said, name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_attack_content_handed_in_as_metadata_goes_nowhere(dialect: str) -> None:
    """The gate's answer is METADATA for packets of content, which it never says: nothing may come of them still."""
    items = [*SCENES["a call that comes in"], *SCENES["a data session"]]
    given = [pdu for pdu in pdus(items, Identity("e164Number", T)) if pdu.payload[:1] == b"\x45"]
    assert len(given) > 20
    played = convert(dialect, given, order("PRTT"), scope=Scope.METADATA)
    assert (played.octets, played.datagrams) == ([], [])


def test_without_a_link_for_content_it_is_said_to_be_unavailable_and_none_is_made() -> None:
    played = play("t1678", SCENES["a call that comes in"], ccc=None)
    assert played.datagrams == [] and played.names.count("ccUnavailable") == 1 and "ccOpen" not in played.names


def test_a_content_link_that_goes_down_in_a_call_is_told_once_and_announced_anew_when_it_is_up() -> None:
    given = pdus(SCENES["a call that comes in"], Identity("e164Number", T))
    speech = [index for index, pdu in enumerate(given) if pdu.payload[:1] == b"\x45"]
    down, again = speech[10], speech[20]
    parts = [(given[:down], True), (given[down:again], False), (given[again:], True)]
    played = convert_in_parts("t1678", parts, order())
    told = [name for name in played.names if name.startswith("cc")]
    assert told == ["ccOpen", "ccUnavailable", "ccOpen", "ccClose"]
    assert len(played.datagrams) == len(speech) - 10


def test_a_session_s_packets_are_not_announced_again_by_a_cut() -> None:
    """IAS has no message for content that is missing."""
    given = pdus(SCENES["a data session"], Identity("e164Number", T))
    packets = [index for index, pdu in enumerate(given) if pdu.payload[:1] == b"\x45"]
    down, again = packets[3], packets[6]
    parts = [(given[:down], True), (given[down:again], False), (given[again:], True)]
    whole = convert("ias", given, order())
    played = convert_in_parts("ias", parts, order())
    assert played.names == whole.names and len(played.datagrams) == len(whole.datagrams) - 3


def test_a_visit_to_a_host_is_told_once_a_packet_whatever_the_element_delivers() -> None:
    """A carrier that taps content too sends each packet on X2 and on X3: a header report for each would count twice."""
    items = [{"kind": "web", "visitors": [A], "at_s": 1}]
    target, on_host = Identity("ipv4Address", "192.0.2.80"), order("PRTT", "ipv4Address:192.0.2.80")
    headers = convert("ias", pdus(items, target, content=False), on_host)
    both = convert("ias", pdus(items, target), on_host)
    assert both.octets == headers.octets and len(set(headers.octets)) == len(headers.octets)
    assert set(headers.names) == {"packetDataHeaderReport"} and both.datagrams == []
    over = convert("ias", pdus(items, target), on_host, scope=Scope.WHOLE)
    assert over.names.count("packetDataHeaderReport") == len(headers.octets) == len(over.datagrams)


def test_the_page_tells_the_causes_as_they_are() -> None:
    page = (Path(__file__).parents[3] / "docs" / "us-dialects.md").read_text("utf-8")
    for dialect in DIALECTS:
        for name, cause in TONGUES[dialect].causes.items():
            word = "not sent" if cause.evidence == "none" else cause.evidence
            assert f"| `{name}` | {cause.words} | {word} |" in page, (dialect, name)
