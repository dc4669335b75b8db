"""The lane of the US dialects with nothing around it: every verdict, whose content is, and what would make it ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.facts.stored import CONTENT, SPAN, dialect_of, facts_of_stored
from collector.laes.content import CONTESTED, CONTRADICTED, MISSING, UNANNOUNCED
from collector.minimise import ALL_CINS, Mode
from collector.rows import FORM_MASKED, FORM_QUARANTINED, FORM_RECEIVED
from collector.seal import kept_digest, withheld_digest
from collector.stream_table import KIND_IRI, TARGET_MISMATCH, TARGET_OK
from mediation.law.orders import OrderKind, Service, Target, TargetKind
from mediation.law.verdicts import Reason, VerdictKind

VECTORS = Path(__file__).parents[2] / "vectors" / "us"
PREFIXES = {"vop": "t1678", "pcesp": "pcesp", "ias": "ias", "cc": "t1678"}
VECTOR_TARGETS = (
    Target(TargetKind.E164, "12125550100"),
    Target(TargetKind.SIP_URI, "sip:sim@example.invalid"),
    Target(TargetKind.SIP_URI, "nai:sim-user@example.invalid"),
)
A, B, P = "LAB-A", "LAB-B", "LAB-P"
MASKED, REJECTED = VerdictKind.MASK, VerdictKind.REJECT
ACCEPTED, APART, FLAGGED = VerdictKind.ACCEPT, VerdictKind.QUARANTINE, VerdictKind.ACCEPT_FLAGGED


@pytest.fixture
def bench(us: Any) -> Any:
    """Two warrants and a pen register; T.1678 with CC-APDUs, PCESP with headers of each size."""
    bench = us.Bench(us.order(A), us.order(B), us.order(P, OrderKind.PRTT))
    bench.link("cdc")
    bench.link("ccc", ccc="apdu")
    bench.link("pcdc", "pcesp", group="cable")
    for header in (4, 12, 20):
        bench.link(f"ccc{header}", "pcesp", header, "cable", arrival_stamps=header == 4)
    return bench


# The 51 vectors


@pytest.mark.parametrize("kind", [OrderKind.EAVESDROPPING, OrderKind.PRTT])
@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.ber")), ids=lambda path: path.stem)
def test_every_vector_gets_one_verdict_and_is_kept_as_it_says(us: Any, path: Path, kind: OrderKind) -> None:
    """Under a warrant as it was received, under a pen register its permitted fields or nothing."""
    octets, dialect = path.read_bytes(), PREFIXES[path.stem.split("_")[0]]
    case = "SIM-2026-000001"
    at_us = 1_772_373_600_123_000
    order = us.order(case, kind)
    bench = us.Bench(replace(order, targets=VECTOR_TARGETS, window=us.Window(at_us - 10**9, at_us + 10**10)))
    bench.now_us = at_us + 1000
    bench.link("cdc", dialect)
    [*rows] = [*bench.cdc(octets), *bench.wait(10)]
    blob = json.loads(bench.close())
    [counts] = [*blob["orders"], *blob.get("unknown", [])]
    assert counts["delivered"] == 1
    for row in rows:
        if row.verdict in (ACCEPTED, FLAGGED):
            assert row.octets == octets and row.form == FORM_RECEIVED
            facts = facts_of_stored(row.code, row.octets, bench.now_us, row.liid, row.cin)
            assert facts.liid == case and dialect_of(row.code) == dialect
            assert kind is OrderKind.EAVESDROPPING or not (facts.content or facts.location)
        elif row.verdict is MASKED:
            assert json.loads(row.octets)["original_hmac"] == withheld_digest(bench.hmac_key, octets).hex()
        else:
            assert row.verdict is APART and kept_digest(row.octets) == withheld_digest(bench.hmac_key, octets)
    if kind is OrderKind.PRTT:
        assert all(row.form != FORM_QUARANTINED for row in rows)
    elif path.stem != "cc_apdu":
        assert rows, "a warrant keeps it, whole or sealed"


# Calls


def test_a_call_is_accepted_from_its_first_message_to_its_last(us: Any, bench: Any) -> None:
    call = us.T1678Call(A, "17")
    messages = [call.origination(), call.opens(), call.answer()]
    rows = (
        bench.cdc(*messages) + bench.ccc(call.apdu(0), call.apdu(1, False)) + bench.cdc(call.closes(), call.release())
    )
    assert [row.verdict for row in rows] == [ACCEPTED] * 7
    assert len({row.cin for row in rows}) == 1 and rows[0].cin >= 0
    assert [row.direction for row in rows[3:5]] == [0, 1]
    assert [row.code for row in rows] == [1005, 1003, 1001, 1900, 1900, 1002, 1008]
    assert bench.orders.first[0] == (f"O-{A}", us.T)
    bench.close()


def test_the_number_of_a_call_is_the_same_after_a_restart_and_another_for_another_case(us: Any) -> None:
    def number(liid: str, call: str, key: bytes) -> int:
        bench = us.Bench(us.order(liid), hmac_key=key)
        bench.link("cdc")
        [row] = bench.cdc(us.T1678Call(liid, call).origination())
        return row.cin

    assert number(A, "17", bytes(32)) == number(A, "17", bytes(32))
    seen = {
        number(A, "17", bytes(32)),
        number(B, "17", bytes(32)),
        number(A, "18", bytes(32)),
        number(A, "17", b"k" * 32),
    }
    assert len(seen) == 4


@pytest.mark.rule("R-022")
def test_a_call_in_which_no_target_takes_part_is_refused_with_its_content(us: Any, bench: Any) -> None:
    """R-022: IRI establishes it, CC inherits it."""
    call = us.T1678Call(A, "17", caller="12125550188")
    assert bench.cdc(call.origination(), call.opens()) == []
    assert bench.ccc(call.apdu(0)) == []
    assert bench.counts(f"O-{A}") == {"delivered": 3, "rejected": 3}
    bench.close()


@pytest.mark.rule("R-122")
def test_content_taken_ahead_of_a_stranger_s_signalling_is_held_when_it_comes(us: Any, bench: Any) -> None:
    call = us.T1678Call(A, "17", caller="12125550188")
    [opened, content] = bench.cdc(call.opens()) + bench.ccc(call.apdu(0))
    assert content.verdict is ACCEPTED and opened.cin == content.cin
    assert bench.cdc(call.origination()) == []
    [stray] = bench.careful.strays
    assert (stray.liid, stray.cin) == (A.encode(), content.cin)


def test_a_redirected_call_goes_on_as_the_target_s(us: Any, bench: Any) -> None:
    """PCESP names the new call in the Redirection; its content is placed by a CCOpen that names both."""
    first, second = us.PcespCall(A, "5,1"), us.PcespCall(A, "5,2")
    redirection = first.encode(
        "redirection", old=first.call, redirectedto={"dn": us.OTHER}, reserved0=None, reserved1=None, new=second.call
    )
    bench.cdc(first.origination(), redirection, name="pcdc")
    slot = bench.streams.slot_of(0, bench.rows()[0].cin, KIND_IRI)
    assert bench.streams.target_state(slot) == TARGET_OK
    [opened] = bench.cdc(first.opens(us.pair(5), second.call), name="pcdc")
    [row] = bench.ccc(us.datagram(10, us.rtp(1), 12), name="ccc12")
    assert (row.verdict, row.cin, row.direction) == (ACCEPTED, opened.cin, 0)


def test_a_channel_of_two_calls_of_which_one_is_not_the_target_s_is_nobody_s(us: Any, bench: Any) -> None:
    first, other = us.PcespCall(A, "5,1"), us.PcespCall(A, "6,1", caller="12125550188")
    bench.cdc(first.origination(), other.origination(), first.opens(us.pair(5), other.call), name="pcdc")
    [row] = bench.ccc(us.datagram(10, us.rtp(1), 12), name="ccc12")
    assert (row.verdict, row.cin) == (APART, -1)


def test_a_release_ends_no_content_and_a_close_does(us: Any, bench: Any) -> None:
    call = us.T1678Call(A, "17")
    bench.cdc(call.origination(), call.opens(), call.release())
    assert [row.verdict for row in bench.wait(60) + bench.ccc(call.apdu(0, timeStamp=bench.now_us))] == [ACCEPTED]
    closed_us = call.at_us = bench.now_us
    bench.cdc(call.closes())
    bench.wait(300)
    late = [call.apdu(1, timeStamp=closed_us + 1), call.apdu(2, timeStamp=us.T)]
    assert [row.cin >= 0 for row in bench.ccc(*late)] == [True, True], "it was on its way, or was not read, for so long"
    assert bench.ccc(call.apdu(3, timeStamp=closed_us + 3_000_000)) == []
    [row] = bench.wait(9)
    assert (row.verdict, row.cin) == (APART, -1)


@pytest.mark.rule("R-022")
def test_attack_speech_of_a_closed_channel_lends_nothing_to_the_case_that_has_it_next(us: Any, bench: Any) -> None:
    """What the first call left on its way arrives when the channel is another case's."""
    first, second = us.PcespCall(A, "5,1"), us.PcespCall(B, "6,1", us.T + 60_000_000)
    bench.cdc(first.origination(), first.opens(us.pair(5)), first.closes(us.pair(5)), name="pcdc")
    bench.wait(60)
    bench.cdc(second.origination(), second.opens(us.pair(5)), name="pcdc")
    pieces = [us.datagram(10, us.rtp(n), 12, at_us) for n, at_us in enumerate((us.T + 1, us.T + 61_000_000))]
    assert [(row.liid, row.cin >= 0) for row in bench.ccc(*pieces, name="ccc12")] == [(A, True), (B, True)]
    bench.close()


def test_content_waits_while_call_data_of_its_group_is_not_read(us: Any, bench: Any) -> None:
    """However long: what announces it may lie there, on a busy machine or while a link is paused."""
    call = us.T1678Call(A, "17")
    assert bench.ccc(call.apdu(0)) == []
    asked: list[str] = []

    def unread(group: str) -> bool:
        asked.append(group)
        return True

    bench.now_us += 7_000_000
    bench.lane.waiting(bench.now_us, unread=unread)
    assert asked == [], "not before its time has come"
    bench.now_us += 3_600_000_000
    bench.lane.waiting(bench.now_us, unread=unread)
    assert asked == ["us"] and bench.rows() == []
    rows = bench.cdc(call.origination(), call.opens())
    assert [row.verdict for row in rows][2:] == [ACCEPTED] and rows[2].cin == rows[0].cin
    bench.close()


# What comes again


@pytest.mark.rule("R-093")
def test_equal_messages_within_the_window_are_duplicates_and_others_are_not(us: Any, bench: Any) -> None:
    call = us.T1678Call(A, "17")
    bench.cdc(call.origination(), call.origination(), call.answer(), us.T1678Call(A, "17", us.T + 1).origination())
    assert bench.counts(f"O-{A}") == {"delivered": 4, "accepted": 3, "duplicate": 1}
    bench.wait(3601)
    bench.cdc(call.origination())
    assert bench.counts(f"O-{A}")["duplicate"] == 1, "beyond the window it is taken for another"


def test_attack_a_flood_on_one_link_does_not_open_the_window_of_another(us: Any) -> None:
    bench = us.Bench(us.order(A))
    bench.link("cdc", resend_octets=20_000)
    bench.link("other", group="else", resend_octets=20_000)
    call = us.T1678Call(A, "17")
    bench.cdc(call.origination())
    bench.cdc(*(us.T1678Call(A, str(number)).release() for number in range(300)), name="other")
    bench.cdc(call.origination())
    assert bench.counts(f"O-{A}")["duplicate"] == 1


# Whose content is


def test_content_ahead_of_its_announcement_waits_and_is_placed(us: Any, bench: Any) -> None:
    call = us.PcespCall(A, "5,1")
    assert bench.ccc(us.datagram(10, us.rtp(1), 12), us.datagram(11, us.rtp(1, False), 12), name="ccc12") == []
    assert bench.counts(f"O-{A}") == {}, "what waits has no verdict yet"
    rows = bench.cdc(call.origination(), call.opens(us.pair(5)), name="pcdc")
    assert [(row.verdict, row.direction) for row in rows[2:]] == [(ACCEPTED, 0), (ACCEPTED, 1)]
    assert rows[2].octets == us.datagram(10, us.rtp(1), 12)
    bench.close()


def test_content_that_nobody_announces_is_set_apart_or_refused(us: Any, bench: Any) -> None:
    """It names a case with a warrant, one with a pen register, one that nobody has, or none at all."""
    for case in (A, P, "LAB-X", None):
        bench.ccc(us.T1678Call("x", "17").apdu(0, info={"caseId": case}))
    [row] = bench.wait(9)
    assert (row.liid, row.verdict, row.form, row.cin) == (A, APART, FORM_QUARANTINED, -1)
    assert bench.counts(f"O-{P}") == {"delivered": 1, "rejected": 1}
    assert bench.unknown() == {"LAB-X": 1, "": 1}
    assert bench.links["ccc"].errors[UNANNOUNCED] == 4
    bench.close()


def test_attack_what_finds_no_room_to_wait_is_judged_at_once_oldest_first(us: Any) -> None:
    bench = us.Bench(us.order(A))
    bench.link("cdc")
    bench.link("ccc", ccc="apdu", hold_octets=4096)
    call = us.T1678Call(A, "17")
    pushed = bench.ccc(*(call.apdu(number) for number in range(50)))
    assert pushed and pushed[0].octets != b"" and all(row.verdict is APART for row in pushed)
    rows = bench.cdc(call.origination(), call.opens())
    assert len(pushed) + len(rows) - 2 == 50
    assert {row.verdict for row in rows[2:]} == {ACCEPTED}
    bench.close()


@pytest.mark.rule("R-022")
def test_attack_a_channel_that_two_cases_claim_lends_its_target_to_neither(us: Any, bench: Any) -> None:
    """The pen register's call keeps talking on a channel that is then announced for a warrant."""
    watched, ours = us.PcespCall(P, "5,1"), us.PcespCall(A, "6,1")
    bench.cdc(watched.origination(), watched.opens(us.pair(5)), ours.origination(), ours.opens(us.pair(5)), name="pcdc")
    spoken = us.datagram(10, us.rtp(1, payload=us.CANARY.encode()), 12)
    assert bench.ccc(spoken, name="ccc12") == []
    assert bench.unknown() == {"": 1} and bench.links["ccc12"].errors[CONTESTED] == 1
    # Closed, the first one's last packets may still be on their way.
    bench.cdc(watched.closes(us.pair(5)), name="pcdc")
    assert bench.ccc(spoken, name="ccc12") == []
    bench.wait(3)
    assert [row.liid for row in bench.ccc(us.datagram(10, us.rtp(2), 12, us.T + 3_000_000), name="ccc12")] == [A]
    assert us.CANARY.encode() not in bytes(bench.batch.side)
    bench.close()


@pytest.mark.rule("R-022")
def test_attack_a_case_in_the_header_that_is_not_the_channel_s(us: Any, bench: Any) -> None:
    """R-022: a forged case of a warrant gets it sealed there, one of a pen register refused, and nothing goes to A."""
    call = us.PcespCall(A, "5,1")
    bench.cdc(call.origination(), call.opens(us.pair(5)), name="pcdc")
    before = bench.counts(f"O-{A}")
    for case in (B, P, "LAB-X"):
        bench.ccc(us.datagram(10, us.rtp(1), 20, case=case.encode().ljust(8, b"\0")), name="ccc20")
    assert bench.counts(f"O-{A}") == before
    assert bench.counts(f"O-{B}") == {"delivered": 1, "quarantined": 1}
    assert bench.counts(f"O-{P}") == {"delivered": 1, "rejected": 1} and bench.unknown() == {"LAB-X": 1}
    assert bench.links["ccc20"].errors[CONTRADICTED] == 3
    [row] = bench.ccc(us.datagram(10, us.rtp(1), 20, case=A.encode().ljust(8, b"\0")), name="ccc20")
    assert (row.verdict, row.code) == (ACCEPTED, 2920)


def test_attack_an_identifier_of_another_case_s_call_in_an_apdu(us: Any, bench: Any) -> None:
    """B's content under A's identifier: set apart under B; the same call of both cases is each one's own."""
    call, same = us.T1678Call(A, "17"), us.T1678Call(B, "17")
    bench.cdc(call.origination(), call.opens())
    [row] = bench.ccc(same.apdu(0))
    assert (row.liid, row.verdict) == (B, APART)
    bench.cdc(same.origination(), same.opens())
    rows = bench.ccc(call.apdu(0), same.apdu(1), call.apdu(2, info={"caseId": None}))
    assert [(row.liid, row.verdict) for row in rows] == [(A, ACCEPTED), (B, ACCEPTED)]
    assert bench.unknown() == {"": 1}, "without its case it is anybody's"


def test_attack_a_group_knows_nothing_of_another_s_channels(us: Any, bench: Any) -> None:
    call = us.PcespCall(A, "5,1")
    bench.cdc(call.origination(), call.opens(us.pair(5)), name="pcdc")
    bench.link("far", "pcesp", 12, "far")
    bench.ccc(us.datagram(10, us.rtp(1), 12), name="far")
    bench.wait(9)
    assert bench.unknown() == {"": 1}


def test_attack_two_names_with_one_number(us: Any, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By chance alone, since the number is keyed: the later call is of no communication, its content set apart."""
    monkeypatch.setattr(bench.lane._names, "number", lambda liid, name: 7)
    ours, strange = us.T1678Call(A, "17"), us.T1678Call(A, "18")
    bench.cdc(ours.origination(), strange.opens())
    [row] = bench.ccc(strange.apdu(0))
    assert (row.verdict, row.cin) == (APART, -1)


def test_ids_of_either_side_and_session_descriptions_tell_the_direction(us: Any, bench: Any) -> None:
    """Separate channels, one way channels, and the target's own address where the channel is both ways."""
    one, two, three = (us.PcespCall(A, f"{number},1") for number in (1, 2, 3))
    bench.cdc(one.origination(), one.opens(("combCCC", "0000000A"), flow="upstream"), name="pcdc")
    bench.cdc(two.origination(), two.opens(("combCCC", "0000000B"), subject=us.SDP), name="pcdc")
    bench.cdc(three.origination(), three.opens(("combCCC", "0000000C")), name="pcdc")
    rows = bench.ccc(
        us.datagram(10, us.rtp(1), 12), us.datagram(11, us.rtp(1), 12), us.datagram(11, us.rtp(1, False), 12),
        us.datagram(12, us.rtp(1), 12), name="ccc12",
    )  # fmt: skip
    assert [row.direction for row in rows] == [0, 0, 1, -1]


@pytest.mark.rule("R-003")
def test_content_without_a_time_follows_the_policy_of_its_link(us: Any, bench: Any) -> None:
    """R-003: judged by its arrival and flagged where the link says so, else set apart."""
    bench.link("plain", "pcesp", 4, "cable")
    call = us.PcespCall(A, "5,1")
    bench.cdc(call.origination(), call.opens(us.pair(5)), name="pcdc")
    [row] = bench.ccc(us.datagram(10, us.rtp(1)), name="ccc4")
    assert (row.verdict, row.reasons, row.event_us) == (FLAGGED, (Reason.NO_EVENT_TIME,), bench.now_us)
    [row] = bench.ccc(us.datagram(10, us.rtp(1)), name="plain")
    assert (row.verdict, row.reasons[0]) == (APART, Reason.NO_EVENT_TIME)


def test_what_is_lost_on_the_way_is_counted_by_the_numbers_inside(us: Any, bench: Any) -> None:
    cable, call = us.PcespCall(A, "5,1"), us.T1678Call(A, "17")
    bench.cdc(cable.origination(), cable.opens(us.pair(5)), name="pcdc")
    bench.cdc(call.origination(), call.opens())
    bench.ccc(*(us.datagram(10, us.rtp(number), 12) for number in (65534, 65535, 0, 3, 2, 4)), name="ccc12")
    bench.ccc(*(call.apdu(number) for number in (0, 1, 5, 90_000)))
    assert bench.links["ccc12"].errors[MISSING] == 1
    assert bench.links["ccc"].errors[MISSING] == 3, "a jump is another beginning"


def test_internet_access_announces_its_packets_by_their_session(us: Any) -> None:
    bench = us.Bench(us.order(A, services=frozenset({Service.DATA})))
    bench.link("cdc", "ias")
    bench.link("ccc", "ias", 12)
    session = us.IasSession(A, "77")
    report = session.encode(
        "packetDataHeaderReport", contentIdentifier=session.identifier,
        headerSet={
            "streamID": ("integer", 1),
            **{
                end: {"address": ("ipV4", bytes((192, 0, 2, 9))), "allocationMethod": ("unknown", None)}
                for end in ("sourceIPaddress", "destinationIPaddress")
            },
        },
    )  # fmt: skip
    rows = bench.cdc(session.start(9), report) + bench.ccc(us.datagram(9, us.rtp(1), 12)) + bench.cdc(session.end())
    assert [row.verdict for row in rows] == [ACCEPTED] * 4 and len({row.cin for row in rows}) == 1


# Restraint


@pytest.mark.rule("R-110")
def test_a_pen_register_keeps_nothing_of_content_from_either_link(us: Any, bench: Any) -> None:
    """R-110: whatever holds the words, they are in no row, no box and no account."""
    call = us.T1678Call(P, "17")
    text = {"sipBodyHeader": [], "sipBodyContents": us.CANARY.encode()}
    said = [{"signalingProt": "SIP", "sigMsg": us.CANARY.encode()}]
    rows = bench.cdc(
        call.origination(signalingMsg=said), call.opens(),
        call.encode("uuContent", callId={"main": "17"}, content=("sip", {"sipBody": text})),
        call.encode("dialedDgtExtrn", callId={"main": "17"}, digits="5551212"),
        call.encode("directSignalReporting", correlationID=b"x", signalingMsg=said),
        call.encode("networkSignal", callId={"main": "17"}, other=us.CANARY),
        call.answer(),
    )  # fmt: skip
    bench.ccc(call.apdu(0), call.apdu(1, info={"contentIdentifier": ("correlationID", us.CANARY.encode())}))
    bench.wait(9)
    assert [(row.verdict, json.loads(row.octets)["payload"]) for row in rows[:2]] == [
        (MASKED, "origination"), (MASKED, "networkSignal"),
    ]  # fmt: skip
    assert [row.octets for row in rows[2:]] == [call.answer()], "what is signalling alone stays as it is"
    assert bench.counts(f"O-{P}") == {"delivered": 9, "accepted": 1, "masked": 2, "rejected": 6}
    kept = bytes(bench.batch.side) + bench.close()
    assert us.CANARY.encode() not in kept and b"5551212" not in kept


@pytest.mark.rule("R-101")
def test_a_message_of_a_later_version_is_kept_under_a_warrant_and_withheld_under_a_pen_register(
    us: Any, bench: Any
) -> None:
    """R-101: its case and time are read, nothing else is."""
    for liid in (A, P):
        octets = us.T1678Call(liid, "17").release().replace(b"\xa8", b"\xb9", 1)
        bench.cdc(octets)
    kept, masked = bench.rows()
    assert (kept.liid, kept.verdict, kept.code, kept.cin) == (A, FLAGGED, 1800, -1)
    assert (masked.liid, masked.verdict, json.loads(masked.octets)["fields"]) == (P, MASKED, {})


@pytest.mark.rule("R-100")
def test_a_message_that_cannot_be_read_is_sealed_under_its_case_or_refused(us: Any, bench: Any) -> None:
    """R-100: a warrant's is set apart, a pen register's refused, and one that names no case as well."""
    for liid in (A, P):
        octets = bytearray(us.T1678Call(liid, "17").answer())
        octets[octets.index(b"17") - 1] = 0x7F
        bench.cdc(bytes(octets))
    bench.cdc(b"\xa1\x02\x05\x00")
    [row] = bench.rows()
    assert (row.liid, row.verdict, row.reasons, row.code) == (A, APART, (Reason.PARSE_ERROR,), -1)
    assert bench.counts(f"O-{P}") == {"delivered": 1, "rejected": 1} and bench.unknown() == {"": 1}
    bench.close()


def test_a_datagram_that_holds_no_packet_is_sealed_under_the_case_of_its_channel(us: Any, bench: Any) -> None:
    call = us.PcespCall(A, "5,1")
    bench.cdc(call.origination(), call.opens(us.pair(5)), name="pcdc")
    [row] = bench.ccc(b"\0\0\0\x0a" + bytes(20), b"", b"\0", name="ccc12")
    assert (row.liid, row.verdict) == (A, APART) and bench.unknown() == {"": 2}


@pytest.mark.rule("R-118")
def test_minimised_content_is_not_taken(us: Any, bench: Any) -> None:
    call = us.T1678Call(A, "17")
    bench.cdc(call.origination(), call.opens())
    bench.minimised.start(A, ALL_CINS, Mode.LIVE_ONLY, bench.now_us, "somebody")
    assert bench.ccc(call.apdu(0)) == []
    bench.minimised.stop(A, ALL_CINS)
    assert [row.verdict for row in bench.ccc(call.apdu(1))] == [ACCEPTED]


@pytest.mark.rule("R-002")
def test_what_happened_outside_the_window_is_refused(us: Any, bench: Any) -> None:
    """R-002, on event time, for call data and content alike."""
    early = us.T1678Call(A, "17", us.T - 2 * 10**9)
    bench.cdc(early.origination(), early.opens())
    bench.ccc(early.apdu(0))
    assert bench.counts(f"O-{A}") == {"delivered": 3, "rejected": 3}


@pytest.mark.rule("R-004")
def test_a_call_that_an_order_cuts_is_closed_by_the_collector(us: Any, bench: Any) -> None:
    """R-004."""
    bench.cdc(us.T1678Call(A, "17").origination(), us.T1678Call(A, "18").origination(), us.T1678Call(A, "18").release())
    order = bench.orders.held[A][0]
    closed = bench.careful.close_open(bench.batch, order, us.T + 500, bench.now_us)
    assert [one["cin"] for one in closed] == [bench.rows()[0].cin]


def test_what_a_restart_needs_stands_in_the_account(us: Any, bench: Any) -> None:
    """Marks say whose the calls are; channels are keyed digests, also where the order withholds them."""
    ours, strange = us.T1678Call(A, "17"), us.T1678Call(A, us.CANARY, caller="12125550188")
    pen = us.T1678Call(P, us.CANARY)
    bench.cdc(
        ours.origination(), ours.opens(), strange.origination(), pen.origination(), pen.opens(("combCCC", us.CANARY))
    )
    blob = bench.close()
    assert us.CANARY.encode() not in blob
    said = json.loads(blob)
    states = {cin: target for _, cin, _, _, _, target in said["marks"]}
    assert states[bench.rows()[0].cin] == TARGET_OK and TARGET_MISMATCH in states.values()
    again = us.Bench(us.order(A), us.order(P, OrderKind.PRTT))
    again.link("cdc")
    again.link("ccc", ccc="apdu")
    again.lane.restore_claims(said, again.now_us)
    [row] = again.ccc(ours.apdu(0))
    assert row.cin == bench.rows()[0].cin


# Anything at all


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_attack_any_octets_on_any_link_get_one_verdict_each(us: Any, data: st.DataObject) -> None:
    """Changed, cut and invented records, in any order: the account balances and nothing raises."""
    bench = us.Bench(us.order(A), us.order(P, OrderKind.PRTT))
    bench.link("t1678")
    bench.link("apdu", ccc="apdu")
    bench.link("pcesp", "pcesp", group="cable")
    bench.link("20", "pcesp", 20, "cable")
    bench.link("ias", "ias", group="net")
    call, cable, session = us.T1678Call(A, "17"), us.PcespCall(P, "5,1"), us.IasSession(A, "77")
    known = {
        "t1678": [call.origination(), call.opens(), call.apdu(0), call.closes(("combCCC", "0000000A"))],
        "apdu": [call.apdu(0), us.T1678Call(P, "1").apdu(1)],
        "pcesp": [cable.origination(), cable.opens(us.pair(5)), cable.closes(us.pair(5)), cable.release()],
        "20": [us.datagram(10, us.rtp(1), 20, case=b"LAB-A\0\0\0")],
        "ias": [session.start(9), session.end()],
    }
    for _ in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(sorted(known)))
        octets = bytearray(data.draw(st.sampled_from(known[name]) | st.binary(max_size=40)))
        for _ in range(data.draw(st.integers(0, 2)) if octets else 0):
            octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        octets = octets[: data.draw(st.integers(0, len(octets)) | st.just(len(octets)))]
        (bench.ccc if name in ("apdu", "20") else bench.cdc)(bytes(octets), name=name)
    bench.lane.waiting(bench.now_us, everything=True)
    bench.close()
    for row in bench.rows():
        if row.liid == P and row.form not in (FORM_MASKED, FORM_QUARANTINED):
            facts = facts_of_stored(row.code, row.octets, 0, P, row.cin)
            assert row.form == FORM_RECEIVED and not facts.content
        assert row.form != FORM_RECEIVED or row.code >= SPAN
        assert row.code % SPAN < CONTENT or row.verdict is not MASKED
