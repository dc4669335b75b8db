"""What the lane of the US dialects is made of, each by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asn1.errors import DecodeError
from asn1.laes.case_id import case_of
from asn1.laes.cc_apdu import CcApdu
from asn1.laes.describe import dialect_named
from asn1.laes.message import CdcMessage
from collector.facts.stored import (
    content_code,
    content_service,
    dialect_of,
    facts_of_stored,
    masked_identities,
    masked_service,
    message_code,
)
from collector.laes import naming
from collector.laes.announced import KEEP_US, LINGER_US, Announced, Claim, Owner
from collector.laes.content import CONTESTED, CONTRADICTED, whose_content
from collector.laes.hold import ROW_OCTETS, Hold, Waiting
from collector.laes.loss import MAX_STEP, MAX_STREAMS, Losses
from collector.laes.names import Names
from collector.laes.resend import ResendWindow
from mediation.law.orders import Service

VECTORS = Path(__file__).parents[2] / "vectors" / "us"
ONE, TWO = Owner("A", 1), Owner("B", 2)


# Codes in the store


def test_content_tags_are_numbers_that_etsi_never_has_and_read_back() -> None:
    assert message_code("t1678", "origination") == 1005 and message_code("pcesp", "[25]") == 2800
    assert [content_code("ias", ccc) for ccc in ("apdu", 4, 12, 20)] == [3900, 3904, 3912, 3920]
    assert [dialect_of(code) for code in (-1, 2, 127, 999, 1005, 2904, 3900, 4001)] == [
        None, None, None, None, "t1678", "pcesp", "ias", "jstd025",
    ]  # fmt: skip
    assert content_service(1904) is Service.VOICE and content_service(3904) is Service.DATA
    assert content_service(1005) is None and content_service(12) is None


def test_a_tag_of_a_dialect_that_is_not_known_here_is_a_decode_error() -> None:
    with pytest.raises(DecodeError, match="no dialect"):
        facts_of_stored(32_000, b"", 0, "A", -1)


def test_masked_fields_name_their_parties() -> None:
    fields = {
        "calling": [{"dn": "12125550101", "genericName": ["Bob"]}], "called": [{"uri": ["sip:x@y.invalid"]}],
        "redirectedFromInfo": {"lastRedirecting": {"dn": "12125550103"}, "numRedirections": 1},
        "subscriberIdentity": "nai@z.invalid", "iPAddress": {"address": "192.0.2.1", "allocation": "static"},
        "headerSet": {"sourceIPaddress": {"address": "192.0.2.2"}, "streamID": 1},
        "messages": [{"from": "sip:+12125550101@ims.invalid", "to": 5}], "callId": [{"main": "17"}],
    }  # fmt: skip
    assert masked_identities(fields) == [
        "12125550101", "sip:x@y.invalid", "12125550103", "nai@z.invalid", "192.0.2.1", "192.0.2.2",
        "sip:+12125550101@ims.invalid",
    ]  # fmt: skip
    assert masked_service(1005, "origination") is Service.VOICE and masked_service(1800, "[25]") is None


# Names


def test_every_vector_names_its_call_or_none() -> None:
    names = {}
    for path in sorted(VECTORS.glob("*.ber")):
        prefix = path.stem.split("_")[0]
        if prefix != "cc":
            dialect = {"vop": "t1678"}.get(prefix, prefix)
            names[path.stem] = naming.call_of(dialect_named(dialect).decode(path.read_bytes()))
    none = {stem for stem, name in names.items() if name is None}
    assert none == {
        "ias_access_attempt", "ias_access_failed", "ias_access_rejected", "ias_asmr", "ias_pds_failed", "pcesp_ccclose",
        "vop_conntest", "vop_featuremgmt", "vop_servingsystem", "vop_survstatus",
    }  # fmt: skip
    assert len({names[stem] for stem in ("vop_origination", "vop_answer", "vop_release")}) == 1


def test_numbers_and_channels_are_keyed_and_told_apart() -> None:
    names, other = Names(bytes(32)), Names(b"k" * 32)
    assert names.number(b"A", "call 1") == names.number(b"A", "call 1") != other.number(b"A", "call 1")
    assert names.number(b"AB", "C") != names.number(b"A", "BC")
    assert names.channel(("ccc", "X")) != names.channel(("content", "X"))
    assert names.own_number(b"A", "call 1") == names.number(b"A", "call 1") < 1 << 32


def test_attack_a_second_name_under_one_number_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(bytes(32))
    monkeypatch.setattr(names, "number", lambda liid, name: 7)
    assert [names.own_number(b"A", name) for name in ("x", "y", "x")] == [7, None, 7]
    assert names.own_number(b"B", "y") == 7, "another case counts by itself"


def test_a_case_in_content_agrees_by_its_first_eight_octets_in_a_datagram_alone() -> None:
    assert naming.agrees(None, "SIM-2026-000001", False) and naming.agrees("SIM-2026", "SIM-2026-000001", True)
    assert not naming.agrees("SIM-2026", "SIM-2026-000001", False)
    assert not naming.agrees("SIM-202", "SIM-2026-000001", True) and not naming.agrees("LAB-B", "LAB-A", True)


def test_the_case_of_every_vector_is_found_without_decoding_it() -> None:
    for path in VECTORS.glob("*.ber"):
        assert case_of(path.read_bytes()) == (None if path.stem == "cc_apdu" else "SIM-2026-000001"), path.stem


@given(st.binary(max_size=64), st.sampled_from(sorted(VECTORS.glob("*.ber"))), st.integers(0, 200), st.integers(0, 7))
def test_attack_the_case_of_any_octets_is_a_short_text_or_none(noise: bytes, path: Path, at: int, bit: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[at % len(octets)] ^= 1 << bit
    for one in (noise, bytes(octets), bytes(octets[:at])):
        found = case_of(one)
        assert found is None or (0 < len(found) <= 64 and found.isprintable() and found.isascii())


def test_what_a_message_announces_is_read_in_each_dialect(us: Any) -> None:
    call, cable, net = us.T1678Call("A", "17"), us.PcespCall("A", "5,1"), us.IasSession("A", "77")
    opened = naming.announcement_of(dialect_named("t1678").decode(call.opens()))
    assert opened is not None and [key for key, _ in opened.keys] == [
        ("content", 'call ["17"]'), ("address", "127.0.0.1:41818"),
    ]  # fmt: skip
    assert opened.subject == {us.SUBJECT}
    both = cable.opens(us.pair(5), {**cable.call, "systemidentity": "z"})
    paired = naming.announcement_of(dialect_named("pcesp").decode(both))
    assert paired is not None and paired.keys == ((("ccc", "0000000A"), 0), (("ccc", "0000000B"), 1))
    assert len(paired.calls) == 2
    started = naming.announcement_of(dialect_named("ias").decode(net.start(9)))
    assert started is not None and started.keys[1] == (("ccc", "00000009"), -1)
    assert naming.announcement_of(dialect_named("t1678").decode(call.answer())) is None


# Channels


def test_a_channel_is_one_call_s_until_another_claims_it() -> None:
    announced = Announced()
    announced.open(b"x", Claim(ONE, 0), 0)
    assert announced.claims(b"x", 10**12) == (Claim(ONE, 0),), "it does not end by itself"
    announced.open(b"x", Claim(TWO, 1), 5)
    assert len(announced.claims(b"x", 5)) == 2
    assert announced.close(b"x", "A", 10) == [ONE] and announced.close(b"x", "C", 10) == []
    assert len(announced.claims(b"x", 10 + LINGER_US)) == 2
    assert [one.owner for one in announced.claims(b"x", 11 + LINGER_US)] == [TWO]
    assert announced.claims(b"y", 0) == ()


def test_the_end_of_a_call_frees_its_channel_for_another_and_for_nobody_else() -> None:
    announced = Announced()
    announced.open(b"x", Claim(ONE, 0), 0)
    announced.over(ONE, 10)
    assert len(announced.claims(b"x", 10**12)) == 1
    announced.open(b"x", Claim(ONE, 0), 10**12)
    announced.over(ONE, 10**12)
    announced.open(b"x", Claim(TWO, 1), 10**12 + LINGER_US)
    assert len(announced.claims(b"x", 10**12 + LINGER_US)) == 2, "too early"
    announced.open(b"x", Claim(TWO, 1), 10**12 + LINGER_US + 1)
    assert [one.owner for one in announced.claims(b"x", 10**12 + LINGER_US + 1)] == [TWO]


def test_what_was_stamped_while_a_call_had_the_channel_is_its_own_however_late_it_comes() -> None:
    announced = Announced()
    announced.open(b"x", Claim(ONE, 0, since_us=100), 10**6)
    announced.close(b"x", "A", 10**6, at_us=5 * 10**6)
    late_us = 10**6 + KEEP_US
    inside, behind = 5 * 10**6 + LINGER_US, 5 * 10**6 + LINGER_US + 1
    assert [one.owner for one in announced.claims(b"x", late_us, inside)] == [ONE]
    assert announced.claims(b"x", late_us, behind) == () == announced.claims(b"x", late_us), "without a stamp: too late"
    announced.open(b"y", Claim(ONE, 0), late_us + 1)
    assert announced.claims(b"x", late_us + 1, inside) == (), "forgotten in the end"
    assert len(announced) == 1


def test_attack_a_channel_s_next_call_gets_nothing_of_the_last_one_s() -> None:
    """R-022: what the first left behind on its way comes when another case has the channel."""
    announced = Announced()
    announced.open(b"x", Claim(ONE, 0, since_us=0), 0)
    announced.over(ONE, 0, at_us=10**6)
    announced.open(b"x", Claim(TWO, 1, since_us=20 * 10**6), 20 * 10**6)
    now_us = 21 * 10**6
    assert [one.owner for one in announced.claims(b"x", now_us, 10**6)] == [ONE]
    assert [one.owner for one in announced.claims(b"x", now_us, 20 * 10**6)] == [TWO]
    announced.close(b"x", "B", now_us, at_us=now_us)
    announced.open(b"x", Claim(ONE, 0, since_us=now_us + 10**6), now_us + 10**6)
    both = announced.claims(b"x", now_us + 10**6, now_us)
    assert {one.owner for one in both} == {ONE, TWO}, "where two could have had it, it is nobody's"


def test_a_call_that_announces_its_channel_again_had_it_all_the_time() -> None:
    announced = Announced()
    announced.open(b"x", Claim(ONE, 0, since_us=0), 0)
    announced.open(b"x", Claim(ONE, 1, since_us=60 * 10**6), 60 * 10**6)
    assert announced.claims(b"x", 60 * 10**6, 1) == (Claim(ONE, 1, since_us=0),)


def test_attack_channels_and_claims_are_bounded() -> None:
    announced = Announced(limit=4)
    for number in range(10):
        announced.open(bytes([number]), Claim(ONE, 0), 0)
    assert len(announced) == 4 and announced.refused == 6
    for number in range(20):
        announced.open(b"\0", Claim(Owner("B", number), 0), 0)
    assert len(announced.claims(b"\0", 0)) == 8
    announced.over(ONE, 0)
    announced.open(b"new", Claim(TWO, 0), LINGER_US + 1)
    assert len(announced.claims(b"new", LINGER_US + 1)) == 1, "what is over makes room"
    announced.close(b"new", "B", LINGER_US + 2)
    announced.open(b"newer", Claim(TWO, 0), LINGER_US + 2)
    assert len(announced) == 4 and not announced.claims(b"new", LINGER_US + 2), "what is closed makes room at once"
    announced.close(b"\0", "B", LINGER_US + 3)
    for number in (1, 2):
        announced.open(b"\0", Claim(Owner("C", number), 0), LINGER_US + 3)
    had = [one.owner for one in announced.claims(b"\0", LINGER_US + 3)]
    assert len(had) == 8 and {Owner("C", 1), Owner("C", 2)} < set(had), "one that was closed made room for another"


def test_content_is_a_claim_s_only_where_nothing_speaks_against_it() -> None:
    def apdu(case: str | None) -> CcApdu:
        info = {"contentIdentifier": ("callID", {"main": "1"})} | ({} if case is None else {"caseId": case})
        return CcApdu({"correlationInfo": info}, b"")

    a, b, shared = Claim(ONE, 0), Claim(TWO, 1), Claim(Owner("A", -1), 0)
    assert whose_content(apdu("A"), (a,)) == ("A", a, None) == whose_content(apdu("A"), (a, b))
    assert whose_content(apdu(None), (a,)) == ("A", a, None)
    assert whose_content(apdu(None), (a, b)) == ("", None, CONTESTED)
    assert whose_content(apdu("A"), (a, Claim(Owner("A", 9), 0))) == ("A", None, CONTESTED)
    assert whose_content(apdu("A"), (shared,)) == ("A", None, CONTESTED)
    assert whose_content(apdu("C"), (a, b)) == ("C", None, CONTRADICTED)


# Windows and waiting


def test_a_window_ends_by_octets_and_by_time() -> None:
    window = ResendWindow(3 * (100 + 128), 1000)
    assert [window.again(bytes([n]), 100, n) for n in (1, 2, 3, 1)] == [False, False, False, True]
    assert window.again(b"\4", 100, 4) is False and window.again(b"\2", 100, 5) is True
    assert window.again(b"\1", 100, 5) is False, "pushed out by the fourth"
    assert len(window) == 3 and window.again(b"\4", 100, 1005) is False
    assert ResendWindow(0, 1000).again(b"x", 1, 0) is False


def test_what_waits_is_taken_by_its_channel_or_pushed_out_or_due() -> None:
    hold = Hold(3 * (10 + ROW_OCTETS), 100)
    pieces = [Waiting(bytes([n]) * 10, (bytes([n % 2]), b"z"), n) for n in range(4)]
    assert [hold.add(one) for one in pieces] == [[], [], [], [pieces[0]]]
    assert hold.take([b"\1"]) == [pieces[1], pieces[3]] and len(hold) == 1
    assert not hold.is_due(102) and hold.due(102) == []
    assert hold.is_due(103) and hold.due(103) == [pieces[2]] and hold.octets == 0 and not hold.is_due(10**9)
    assert hold.add(Waiting(b"x" * 5000, (), 0))[0].octets == b"x" * 5000
    hold.add(pieces[0])
    assert hold.rest() == [pieces[0]] and hold.take([b"z"]) == []


def test_losses_are_gaps_of_a_stream_and_streams_are_bounded(us: Any) -> None:
    losses = Losses()

    def piece(number: int) -> CcApdu:
        return CcApdu(None, us.rtp(number))

    assert [losses.seen(b"x", piece(number)) for number in (10, 11, 14, 13, 15, 5000)] == [0, 0, 2, -1, 0, 0]
    assert losses.missing == 1 and losses.seen(b"y", piece(9)) == 0
    assert losses.seen(b"x", CcApdu(None, b"\x45")) == 0
    for number in range(MAX_STREAMS + 5):
        losses.seen(number.to_bytes(4, "big"), piece(1))
    assert len(losses._last) == MAX_STREAMS


def test_a_packet_that_comes_twice_takes_no_loss_back(us: Any) -> None:
    def missing(*numbers: int) -> int:
        losses = Losses()
        for number in numbers:
            losses.seen(b"x", CcApdu(None, us.rtp(number % 65_536)))
        return losses.missing

    assert missing(1, 2, 4, 2) == 1 and missing(1, 2, 4, 2, 3) == 0 and missing(1, 4, 3, 3, 3) == 1
    assert missing(65_534, 65_535, 65_537, 65_535) == 1 and missing(65_534, 65_537, 65_536, 65_535) == 0
    assert missing(1, 4, 5_000, 3) == 2, "what lies behind a jump is no gap of this beginning"
    assert missing(1, 3, *range(4, 1_004), 2) == 1, "what is too late is lost"
    assert missing(1, 3, *range(4, 1_003), 2) == 0


def test_attack_gaps_do_not_grow_what_is_kept_of_a_stream(us: Any) -> None:
    losses = Losses()
    for number in range(1, 65_000, 900):
        losses.seen(b"x", CcApdu(None, us.rtp(number)))
    ((_, gaps),) = losses._last.values()
    assert gaps.bit_length() <= MAX_STEP + 1


def test_attack_an_alternative_that_no_row_describes_names_nothing() -> None:
    """In place of every CHOICE that a name is read from: a tag tree, as the decoders give it."""
    tree: Any = ("[7]", [("[0]", b"x")])
    for fields in (
        {"contentIdentifier": tree, "deliveryIdentifier": tree},
        {"contentIdentifier": tree, "deliveryIdentifier": ("cccId", tree)},
        {"deliveryIdentifier": ("ccAddress", {"leaIPAddress": tree, "leaPortNumber": 1}), "cCCId": tree},
        {"deliveryIdentifier": ("ccAddress", {"leaIPAddress": ("ipV4", b"12345"), "leaPortNumber": 1})},
        {"ccOpenOption": tree, "cCCId": tree, "subject": "no session"},
        {"subjectMedia": {"characteristics": tree}},
    ):
        found = naming.announcement_of(CdcMessage("ccOpen", fields))
        assert found is not None and (found.keys, found.subject) == ((), frozenset())
        assert naming.call_of(CdcMessage("ccOpen", fields)) is None
    assert naming.call_of(CdcMessage("packetDataSessionEnd", {"packetDataSessionID": tree})) is None
    apdu = CcApdu({"correlationInfo": {"contentIdentifier": tree}}, b"")
    assert naming.keys_of(apdu, ("127.0.0.1", 1)) == (("address", "127.0.0.1:1"),)


def test_a_message_that_carries_an_unknown_alternative_names_nothing() -> None:
    message = CdcMessage("[25]", {}, None)
    assert naming.call_of(message) is None and naming.announcement_of(message) is None
    assert naming.successor_of(message) is None and naming.media_sdp(message.fields) == []
