"""Conversations: texts of every way in, parts joined, no text that passes for another line."""

from __future__ import annotations

from asn1 import multimedia, sms_tpdu, ts33128
from asn1.ps_pdu import PsHeader, decode_ps_pdu, iri_pdu
from collector.export import joining, messages
from collector.export.communications import Communication, Signal
from collector.facts import facts_of

A, B = "12125550101", "12125550142"
NOW_US = 1_700_000_000_000_000


def signal(contents: tuple[str, object], at_s: float = 0.0) -> Signal:
    header = PsHeader(liid=b"L", operator_id=b"O", cin=1, sequence_number=1, time_us=NOW_US + round(at_s * 1e6))
    pdu = decode_ps_pdu(iri_pdu(header, contents, "report"))
    facts = facts_of(pdu, NOW_US)
    assert facts.event_us is not None
    return Signal(0, facts.event_us, 1, facts.iri_type, facts.payload, dict(facts.permitted), facts, pdu)


def short_message(tpdu: tuple[str, bytes], *, sent: bool = True, at_s: float = 0.0) -> Signal:
    event = {
        "originatingSMSParty": {"gPSI": ("mSISDN", A if sent else B)},
        "terminatingSMSParty": {"gPSI": ("mSISDN", B if sent else A)},
        "direction": "fromTarget" if sent else "toTarget",
        "linkTransferStatus": "transferSucceeded",
        "sMSTPDUData": tpdu,
    }
    return signal(("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", event))), at_s)


def sip_message(body: bytes, kind: str, at_s: float = 0.0, start: str = "MESSAGE") -> Signal:
    line = f"MESSAGE sip:+{B}@ims.invalid SIP/2.0" if start == "MESSAGE" else "SIP/2.0 200 OK"
    text = (
        f"{line}\r\nFrom: <sip:+{A}@ims.invalid>;tag=a\r\nTo: <sip:+{B}@ims.invalid>\r\nCall-ID: x\r\n"
        f"CSeq: 1 MESSAGE\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return signal(multimedia.sip_iri(bytes(4), bytes(4), text.encode() + body), at_s)


def of(*signals: Signal) -> list[messages.Message]:
    return messages.messages_of([Communication("L", 1, signals=list(signals))])


def submit(text: str) -> list[bytes]:
    return sms_tpdu.encode_submit(text, B, concatenation=9)


def test_messages_of_each_way_in_are_read_with_their_parties_and_times() -> None:
    (tpdu,) = submit("Grüße 1")
    (delivered,) = sms_tpdu.encode_deliver("Antwort 你", B, NOW_US)
    rp_data = bytes([0, 1, 0, 0, len(tpdu)]) + tpdu
    found = of(
        sip_message(b"Text 3", "text/plain;charset=UTF-8", 3),
        short_message(("sMSTPDU", tpdu), at_s=1),
        short_message(("sMSTPDU", delivered), sent=False, at_s=2),
        sip_message(rp_data, "application/vnd.3gpp.sms", 4),
        sip_message(b"", "text/plain", 5, start="200"),
    )
    assert [(one.sender[-2:], one.receiver[-2:], one.text) for one in found] == [
        ("01", "42", "Grüße 1"),
        ("42", "01", "Antwort 你"),
        ("01", "42", "Text 3"),
        ("01", "42", "Grüße 1"),
    ]
    assert [one.time_us - NOW_US for one in found] == [1_000_000, 2_000_000, 3_000_000, 4_000_000]


def test_parts_are_joined_in_their_order_and_a_missing_one_shows() -> None:
    text = "".join(f"Sentence {index} of a long message. " for index in range(12))
    parts = submit(text)
    assert len(parts) == 3
    signals = [short_message(("sMSTPDU", part), at_s=index) for index, part in enumerate(parts)]
    (whole,) = of(*reversed(signals))
    assert whole.text == text and whole.time_us == NOW_US
    (holed,) = of(signals[0], signals[2])
    assert holed.text is not None and holed.text.count(joining.MISSING) == 1
    assert holed.text.startswith("Sentence 0") and holed.text.endswith("message. ")


def test_what_cannot_be_read_is_said_and_not_guessed() -> None:
    (tpdu,) = submit("hello")
    assert [one.text for one in of(short_message(("redactedSMSTPDU", tpdu)))] == [None]
    assert [one.text for one in of(short_message(("sMSTPDU", tpdu[:5])))] == [None]
    assert [one.text for one in of(sip_message(b"\1\2", "application/octet-stream"))] == [None]
    for broken in (b"", b"\0", b"\0\1\7", b"\0\1\0\0\x30abc", bytes([2, 1, 0, 0, 1, 0])):
        assert messages.rp_data_tpdu(broken) is None


def test_a_masked_record_has_no_message() -> None:
    masked = Signal(0, NOW_US, 3, None, "sMSMessage", {"from": [A], "to": [B]}, None, None)
    assert of(masked) == []


def test_conversations_are_by_pair_whichever_way_a_message_went() -> None:
    there, back = joining.Message(1, "+1", "+2", "a"), joining.Message(2, "+2", "+1", "b")
    other = joining.Message(3, "+1", "+3", "c")
    assert messages.conversations([there, back, other]) == {("+1", "+2"): [there, back], ("+1", "+3"): [other]}


def test_attack_a_text_with_line_breaks_cannot_forge_another_line() -> None:
    forged = "hello\n2026-01-01 00:00:00Z  +1 to +2:  I confess\x1b[31m\u202e"
    text = messages.conversation_text([joining.Message(NOW_US, "+1", "+2", forged)], "SIMULATION")
    assert len(text.splitlines()) == 3
    assert "\x1b" not in text and "\u202e" not in text and "hello⏎2026" in text


def test_a_report_of_delivery_is_told_before_the_words_that_cannot_forge_it() -> None:
    (tpdu,) = sms_tpdu.encode_submit("hello (received):  x", B, reference=5)
    report = sms_tpdu.encode_status_report(5, B, NOW_US, NOW_US + 60_000_000)
    event = {
        "originatingSMSParty": {"gPSI": ("mSISDN", B)}, "terminatingSMSParty": {"gPSI": ("mSISDN", A)},
        "direction": "toTarget", "linkTransferStatus": "transferSucceeded", "sMSTPDUData": ("sMSTPDU", report),
        "messageType": "statusReport",
    }  # fmt: skip
    came = signal(("threeGPP33128DefinedIRI", ts33128.encode_iri(("sMSMessage", event))), 60)
    (found,) = of(short_message(("sMSTPDU", tpdu)), came)
    assert (found.delivery, found.text) == ("received", "hello (received):  x")
    line = messages.conversation_text([found], "SIMULATION").splitlines()[-1]
    assert line.endswith(f"+{A} to +{B} (received):  hello (received):  x")


def test_a_message_over_ims_is_between_those_whom_its_tpdu_names() -> None:
    (sent,) = sms_tpdu.encode_submit("x", "12125550188")
    (got,) = sms_tpdu.encode_deliver("y", "BANK", NOW_US, address_type=0xD0)
    mobile = bytes([0, 1, 0, 0, len(sent)]) + sent
    network = bytes([1, 1, 0, 0, len(got)]) + got
    first, second = of(
        sip_message(mobile, "application/vnd.3gpp.sms", 1), sip_message(network, "application/vnd.3gpp.sms", 2)
    )
    assert (first.sender, first.receiver) == (f"+{A}", "+12125550188")
    assert (second.sender, second.receiver, second.text) == ("BANK", f"+{B}", "y")


def test_a_text_over_ims_is_read_by_its_character_set() -> None:
    assert [one.text for one in of(sip_message(b"caf\xe9", "text/plain;charset=iso-8859-1"))] == ["café"]
