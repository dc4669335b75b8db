"""A running collector and what comes beside records: ciphering, checks, segments, aggregation, LIID counting, TRIs."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from asn1 import ip, multimedia
from asn1.encryption import PROFILES, decipher, encrypt
from asn1.integrity import Chain, ChainWriter, IntegrityProfile
from asn1.ps_pdu import PsHeader, decode_ps_pdu, encode_ps_pdu, micro_stamp, tri_pdu
from collector.export.communications import gather
from collector.link_handover import MAX_UNTOLD, LinkHandover, message_text
from collector.rows import FORM_QUARANTINED, FORM_RECEIVED
from collector.standing import State
from collector.status import _Exposition
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from collector.store.reader import StoredRecord, StoreReader
from mediation.outgoing import Outgoing, Sender
from mediation.outgoing_config import OutgoingConfig
from mediation.runtime.handover_keys import KeyRing
from mediation.sequence import Counters

KEY, OTHER_KEY = bytes(range(24)), bytes(range(1, 25))
SIGNER = Ed25519PrivateKey.generate()
Lab = Any
Connect = Callable[[int], Any]


def ciphered(record: bytes, key: bytes = KEY, counter: int = 0) -> bytes:
    pdu = decode_ps_pdu(record)
    return encrypt(pdu.header, pdu.payload, PROFILES["nl"], key, counter).octets


def tri_of(record: bytes, name: str, value: Any = None, number: int | None = None) -> bytes:
    header = decode_ps_pdu(record).header
    return tri_pdu(header if number is None else header._replace(sequence_number=number), name, value)


def stored(lab: Lab) -> list[StoredRecord]:
    return [one for one in StoreReader(lab.data / "store", Keys(lab.data / "keys")).records() if one.liid == b"L"]


def reader(lab: Lab) -> StoreReader:
    return StoreReader(lab.data / "store", Keys(lab.data / "keys"))


def link(**options: Any) -> dict[str, Any]:
    return {"links": [{"name": "hi", "interface": "both", **options}]}


def keys_file(root: Path, key: bytes = KEY) -> str:
    path = root / "handover-keys.json"
    path.write_text(json.dumps({"default": key.hex()}))
    return str(path)


async def session(lab: Lab, connect: Connect, records: Any, sent: list[bytes], **options: Any) -> dict[str, Any]:
    """A collector with one link; what it says of itself when all of it is durable and its turn has come."""
    running = await lab.start(**link(**options))
    client = await connect(running.ports["hi"])
    await client.send(*sent)
    await client.barrier(records)
    running.service._turn()
    await asyncio.sleep(0.02)
    running.service._turn()
    status: dict[str, Any] = running.status()
    assert status["balanced"]
    await client.close()
    await running.end()
    return status


async def test_ciphered_records_are_judged_by_what_is_inside_and_stored_as_they_came(
    lab: Lab, connect: Connect, records: Any
) -> None:
    lab.court.issue("O-1", "L")
    lab.court.issue("P-1", "P", "PRTT")
    call = records.call("L", 1, 6)
    pen = records.call("P", 2, 2)
    sent = [ciphered(one) for one in (*call, *pen)]
    status = await session(lab, connect, records, sent, encryption={"keys_file": keys_file(lab.root)})
    by = {one["order"]: one for one in status["orders"]}
    assert by["O-1"]["accepted"] == 8 and by["P-1"]["accepted"] == 2 and by["P-1"]["rejected"] == 2
    found = stored(lab)
    assert [one.octets for one in found] == sent[:8] and {one.form for one in found} == {FORM_RECEIVED}
    assert [one.record for one in found] == [encode_ps_pdu(*decode_ps_pdu(one)[:2]) for one in call]
    (communication,) = gather(reader(lab), b"L")
    assert len(communication.packets) == 6 and communication.parties == ["+12125550101", "+12125550102"]
    assert communication.service == "VOICE" and communication.unreadable == 0
    assert communication.packets[0].octets == decode_ps_pdu(call[1]).payload[1][0]["cCContents"][1]["mMCCContents"]
    more = [ciphered(records.rtp("L", 1)) for _ in range(3)]
    status = await session(lab, connect, records, more, encryption={"keys_file": keys_file(lab.root)})
    assert status["links"][0]["bulk"] == 3, "what is opened is content like any other"
    log = b"".join(path.read_bytes() for path in (lab.data / "audit").rglob("*") if path.is_file())
    assert KEY.hex().encode() not in log and KEY not in log


async def test_attack_what_does_not_open_is_never_readable(lab: Lab, connect: Connect, records: Any) -> None:
    lab.court.issue("O-1", "L")
    lab.court.issue("P-1", "P", "PRTT")
    begin = ciphered(records.sip("L", 1))
    tampered = bytearray(ciphered(records.rtp("L", 1)))
    tampered[-20] ^= 1
    other = ciphered(records.rtp("L", 1), OTHER_KEY)
    foreign = decode_ps_pdu(other)
    national = encode_ps_pdu(
        foreign.header, ("encryptionContainer", {"encryptionType": "national-option", "encryptedPayload": b"x" * 32})
    )
    pen = ciphered(records.sip("P", 2), OTHER_KEY)
    sent = [begin, bytes(tampered), other, national, pen]
    status = await session(lab, connect, records, sent, encryption={"keys_file": keys_file(lab.root)})
    by = {one["order"]: one for one in status["orders"]}
    assert by["O-1"]["quarantined"] >= 2 and by["P-1"]["rejected"] == 1, by
    errors = status["links"][0]["errors"]
    assert errors["WRONG_KEY"] >= 2 and errors["NO_ALGORITHM"] == 1
    for one in stored(lab):
        assert one.form == FORM_QUARANTINED or one.octets in (begin, bytes(tampered))
        assert other not in (one.octets or b"")
    kinds = [entry["fields"].get("code") for entry in read_audit(lab.data / "audit") if entry["kind"] == "record_error"]
    assert "WRONG_KEY" in kinds


async def test_attack_words_of_a_notice_are_in_nothing_that_is_kept_under_a_pen_register(
    lab: Lab, connect: Connect, records: Any
) -> None:
    lab.court.issue("P-1", "P", "PRTT")
    begin = records.sip("P", 1)
    header = decode_ps_pdu(begin).header
    alarm = {"timeStamp": ("utcTime", header.time_us), "alarm-information": b"CANARY at five"}
    notice = encode_ps_pdu(header._replace(sequence_number=1), ("hI1-Operation", ("alarms-indicator", alarm)))
    sent = [begin, notice, ciphered(notice)]
    status = await session(lab, connect, records, sent, encryption={"keys_file": keys_file(lab.root)})
    (order,) = status["orders"]
    assert (order["accepted"], order["masked"]) == (1, 2), order
    for path in (lab.data / "store", lab.data / "audit"):
        assert not any(b"CANARY" in one.read_bytes() for one in path.rglob("*") if one.is_file())
    assert not any(b"CANARY" in (one.octets or b"") for one in reader(lab).records())
    assert sum(b"alarms-indicator" in (one.octets or b"") for one in reader(lab).records()) == 2


async def test_a_changed_key_leaves_what_was_stored_readable(lab: Lab, connect: Connect, records: Any) -> None:
    lab.court.issue("O-1", "L")
    await session(lab, connect, records, [ciphered(records.sip("L", 1))],
                  encryption={"keys_file": keys_file(lab.root)})  # fmt: skip
    await session(lab, connect, records, [ciphered(records.rtp("L", 1), OTHER_KEY)],
                  encryption={"keys_file": keys_file(lab.root, OTHER_KEY)})  # fmt: skip
    assert [decode_ps_pdu(one.record or b"").payload[0] for one in stored(lab)] == [
        "iRIPayloadSequence", "cCPayloadSequence",
    ]  # fmt: skip
    assert (lab.data / "keys" / "handover.json").stat().st_mode & 0o777 == 0o600


def checked(records: list[bytes], profile: IntegrityProfile, wrong: bool = False, sign: bool = False) -> list[bytes]:
    """The records of one communication, and behind them the checks of each of their streams."""
    writers: dict[int, ChainWriter] = {}
    for one in records:
        pdu = decode_ps_pdu(one)
        kind = int(pdu.payload[0] == "cCPayloadSequence")
        chain = Chain(pdu.header.liid, pdu.header.cin or 0, kind)
        writer = writers.setdefault(kind, ChainWriter(chain, profile, SIGNER if sign else None))
        writer.record(pdu.header.sequence_number, one + b"x" if wrong and kind else one, 0)
    out = list(records)
    for writer in writers.values():
        for check in (writer.hash(0), writer.signature()):
            if check is not None:
                out.append(tri_of(records[0], "integrityCheck", check.value, check.number))
    return out


async def test_right_checks_are_counted_and_hold_nothing(lab: Lab, connect: Connect, records: Any) -> None:
    lab.court.issue("O-1", "L")
    pem = SIGNER.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (lab.root / "signer.pub").write_bytes(pem)
    integrity = {"mode": "required", "verifier_file": str(lab.root / "signer.pub")}
    sent = checked(records.call("L", 1, 4), IntegrityProfile(), sign=True)
    # Checks first: they wait for their records.
    status = await session(lab, connect, records, [*sent[6:], *sent[:6]], integrity=integrity)
    handover = status["links"][0]["handover"]
    assert handover["tris"] == {"integrityCheck": 4}
    told = handover["integrity"]
    assert (told["records_checked"], told["hashes_right"], told["signatures_right"]) == (6, 2, 2)
    assert told["findings"] == {} and len(reader(lab).standings()) == 0


@pytest.mark.parametrize("mode", ["report", "required"])
async def test_attack_a_wrong_hash_is_found_and_holds_where_checks_are_required(
    lab: Lab, connect: Connect, records: Any, mode: str
) -> None:
    lab.court.issue("O-1", "L")
    sent = checked(records.call("L", 1, 4), IntegrityProfile(), wrong=True)
    status = await session(lab, connect, records, sent, integrity=mode)
    metrics = {name: family for family in _Exposition(lambda: status).collect() for name in (family.name,)}
    (sample,) = metrics["calea_collector_integrity_findings"].samples
    assert (sample.labels, sample.value) == ({"link": "hi", "fault": "wrong_hash"}, 1)
    (sample,) = metrics["calea_collector_link_tris"].samples
    assert (sample.labels, sample.value) == ({"link": "hi", "tri": "integrityCheck"}, 2)
    assert status["links"][0]["handover"]["integrity"]["findings"] == {"wrong_hash": 1}
    assert status["orders"][0]["accepted"] == 6, "a check never drops a record"
    standings = reader(lab).standings()
    held = [one for one in stored(lab) if standings.of(one).state is State.HELD]
    assert [one.kind for one in held] == ([1] * 4 if mode == "required" else [])
    said = [entry for entry in read_audit(lab.data / "audit") if entry["kind"] == "integrity_finding"]
    assert len(said) == 1 and said[0]["fields"]["held"] is (mode == "required")
    (communication,) = gather(reader(lab), b"L")
    assert len(communication.packets) == (0 if mode == "required" else 4)


async def test_attack_records_without_a_check_do_not_pass_where_it_is_required(
    lab: Lab, connect: Connect, records: Any
) -> None:
    lab.court.issue("O-1", "L")
    running = await lab.start(**link(integrity={"mode": "required", "check_s": 0.01, "data_s": 0.01}))
    client = await connect(running.ports["hi"])
    call = records.call("L", 1, 3)
    lonely = tri_of(call[0], "integrityCheck", {
        "includedSequenceNumbers": [7], "checkType": "hash", "dataType": "cC", "checkValue": bytes(32),
    }, 1)  # fmt: skip
    await client.send(*call, lonely)
    await client.barrier(records)
    await asyncio.sleep(0.03)
    running.service._turn()
    found = running.status()["links"][0]["handover"]["integrity"]["findings"]
    assert found == {"missing_check": 2, "missing_data": 1}
    await client.close()
    await running.end()
    standings = reader(lab).standings()
    assert {standings.of(one).state for one in stored(lab)} == {State.HELD}


async def test_attack_strangers_fill_no_memory_and_no_ledger_with_their_checks(
    lab: Lab, connect: Connect, records: Any
) -> None:
    lab.court.issue("O-1", "L")
    stranger = records.sip("STRANGER", 1)
    check = tri_of(stranger, "integrityCheck", {
        "includedSequenceNumbers": [5], "checkType": "hash", "dataType": "iRI", "checkValue": bytes(32),
    }, 1)  # fmt: skip
    options = {"integrity": {"mode": "required", "check_s": 0.001, "data_s": 0.001}}
    status = await session(lab, connect, records, [stranger, check], **options)
    told = status["links"][0]["handover"]["integrity"]
    assert told["pending"] == 0 and told["findings"] == {} and len(reader(lab).standings()) == 0


async def test_an_answer_that_is_owed_for_longer_than_time2_is_counted(
    lab: Lab, connect: Connect, records: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.court.issue("O-1", "L")
    running = await lab.start(**link(time2_s=0.001))
    client = await connect(running.ports["hi"])
    monkeypatch.setattr(running.service._engine.assembly, "touch", lambda: None)
    await client.send(records.sip("L", 1), records.keep_alive(1))
    async with asyncio.timeout(5):
        while not running.status()["pending_records"]:  # noqa: ASYNC110  yields to the loop
            await asyncio.sleep(0)
        await asyncio.sleep(0.005)
    running.service._turn()
    running.service._turn()
    assert running.status()["links"][0]["errors"] == {"ANSWER_OVERDUE": 1}, "told once"
    monkeypatch.undo()
    running.service._engine.assembly.flush()
    assert (await asyncio.wait_for(client.reader.readexactly(1), 5)) == b"0", "and answered when it is durable"
    await client.close()
    await running.end()


def pieces(records: Any, liid: str, cin: int, content: bytes, octets: int) -> list[bytes]:
    """One content in segments between its flags."""
    made = []
    for at in range(0, len(content), octets):
        header = records.header(liid, cin, "cc", None, None)
        payload = {"payloadDirection": "fromTarget", "cCContents": ip.ipcc(content[at : at + octets])}
        made.append(encode_ps_pdu(header, ("cCPayloadSequence", [payload])))
    return [tri_of(made[0], "firstSegmentFlag"), *made, tri_of(made[-1], "lastSegmentFlag")]


async def test_segments_are_stored_as_they_came_and_exported_whole(lab: Lab, connect: Connect, records: Any) -> None:
    lab.court.issue("O-1", "L")
    lab.court.issue("P-1", "P", "PRTT")
    content = bytes(range(200))
    whole, torn = pieces(records, "L", 1, content, 64), pieces(records, "L", 1, content, 64)
    pen = pieces(records, "P", 2, content, 64)
    sent = [records.sip("L", 1), *whole, *torn[:2], *torn[3:], records.sip("P", 2), *pen]
    status = await session(lab, connect, records, sent)
    by = {one["order"]: one for one in status["orders"]}
    assert by["P-1"]["rejected"] == 4, "no segment under a pen register is kept"
    assert by["O-1"]["accepted"] + by["O-1"]["flagged"] == 8
    assert status["links"][0]["handover"]["segments"] == {"open": 0, "given_up": 0}
    (communication,) = gather(reader(lab), b"L")
    assert [packet.octets for packet in communication.packets] == [content]
    assert communication.unreadable == 3, "a content with a segment missing is not shown as if it were whole"


async def test_attack_no_flag_makes_another_service_out_of_content(lab: Lab, connect: Connect, records: Any) -> None:
    """A warrant for data; speech between two flags behind a packet stays speech, and what cannot be read of a
    content of one payload is what its first segment was."""
    lab.court.issue("O-1", "L", services=["DATA"])
    begin = records.sip("L", 1)

    def content(contents: Any) -> bytes:
        payload = {"payloadDirection": "fromTarget", "cCContents": contents}
        return encode_ps_pdu(records.header("L", 1, "cc", None, None), ("cCPayloadSequence", [payload]))

    packet, speech = content(ip.ipcc(b"E" * 40)), content(multimedia.ipmmcc(b"\x80\0" + bytes(20)))
    sent = [begin, tri_of(packet, "firstSegmentFlag"), packet, speech, tri_of(speech, "lastSegmentFlag")]
    status = await session(lab, connect, records, sent)
    (order,) = status["orders"]
    assert order["reasons"].get("SCOPE_TYPE_NOT_AUTHORISED") in (1, 2), order
    kinds = [decode_ps_pdu(one.record or b"").payload[1][0]["cCContents"][0] for one in stored(lab)
             if one.form == FORM_RECEIVED and one.kind == 1]  # fmt: skip
    assert kinds == ["iPCC"]


async def test_each_aggregated_payload_is_judged_and_shown(lab: Lab, connect: Connect, records: Any) -> None:
    lab.court.issue("O-1", "L")
    begin = records.sip("L", 1)
    header: PsHeader = records.header("L", 1, "cc", None, None)
    assert header.time_us is not None
    own = [header.time_us - 3000, header.time_us - 2000]

    def aggregated(header: PsHeader, times: list[int]) -> bytes:
        payloads = [
            {
                "payloadDirection": direction, "microSecondTimeStamp": micro_stamp(at),
                "timeStampQualifier": "timeOfInterception",
                "cCContents": multimedia.ipmmcc(b"\x80\0" + bytes([at & 1] * 20), frame_type="rtpFrame"),
            }
            for at, direction in zip(times, ("fromTarget", "toTarget"), strict=True)
        ]  # fmt: skip
        return encode_ps_pdu(header._replace(time_qualifier="timeOfAggregation"), ("cCPayloadSequence", payloads))

    stray = aggregated(header._replace(sequence_number=1), [own[0], own[1] - 10 * 86_400_000_000])
    status = await session(lab, connect, records, [begin, aggregated(header, own), stray])
    (order,) = status["orders"]
    assert (order["accepted"], order["rejected"]) == (2, 1), "one payload before the window refuses the record"
    (communication,) = gather(reader(lab), b"L")
    assert [(one.event_us, one.direction) for one in communication.packets] == [(own[0], 0), (own[1], 1)]
    assert stored(lab)[1].event_us == own[0]


async def test_numbers_by_liid_are_followed_over_communications_and_a_restart(
    lab: Lab, connect: Connect, records: Any
) -> None:
    lab.court.issue("O-1", "L")
    call = [records.sip("L", 1, number=0), records.rtp("L", 1, number=1), records.sip("L", 2, number=2)]
    status = await session(lab, connect, records, call, sequence_scope="liid")
    assert status["orders"][0]["accepted"] == 3
    later = [*call[1:], records.rtp("L", 2, number=5), records.rtp("L", 2, number=4), records.rtp("L", 2, number=1)]
    status = await session(lab, connect, records, later, sequence_scope="liid")
    (order,) = status["orders"]
    assert (order["duplicate"], order["quarantined"]) == (2, 1)
    assert order["reasons"]["GAP_DETECTED"] == 1 and order["reasons"]["OUT_OF_ORDER"] == 1
    gaps = [entry["fields"] for entry in read_audit(lab.data / "audit") if entry["kind"] == "gap_report"]
    assert gaps[0]["gaps"][0] == {"liid": b"L".hex(), "cin": -2, "kind": 0, "epoch": 0, "first": 3, "last": 4}


async def test_a_reset_that_comes_again_behind_a_restart_makes_no_second_copies(
    lab: Lab, connect: Connect, records: Any
) -> None:
    lab.court.issue("O-1", "L")
    begin = records.sip("L", 1)
    again = records.sip("L", 1, "continue", number=0)
    reset = tri_of(again, "cINReset", None, 0)
    await session(lab, connect, records, [begin, reset, again])
    status = await session(lab, connect, records, [reset, again, records.sip("L", 1, "continue", number=1)])
    (order,) = status["orders"]
    assert (order["accepted"], order["duplicate"]) == (3, 1)
    assert [one.epoch for one in stored(lab)] == [0, 1, 1]


async def test_other_tris_are_counted_and_operator_messages_shown(lab: Lab, connect: Connect, records: Any) -> None:
    lab.court.issue("O-1", "L")
    begin = records.sip("L", 1)
    hostile = "\x1b[2J\x1b]0;owned\x07 all clear \u202egnp.exe\n".encode() + b"\xff"
    sent = [
        begin, tri_of(begin, "testPDU"), tri_of(begin, "paddingPDU", bytes(100)),
        tri_of(begin, "operatorLeaMessage", {"messagePriority": "error", "message": hostile}),
    ]  # fmt: skip
    status = await session(lab, connect, records, sent)
    handover = status["links"][0]["handover"]
    assert handover["tris"] == {"testPDU": 1, "paddingPDU": 1, "operatorLeaMessage": 1}
    (message,) = handover["messages"]
    assert message["priority"] == "error" and "all clear" in message["text"] and message["text"].isprintable()
    (said,) = [entry["fields"] for entry in read_audit(lab.data / "audit") if entry["kind"] == "operator_message"]
    assert said["link"] == "hi" and said["text"] == message["text"]
    (counted,) = [entry["fields"] for entry in read_audit(lab.data / "audit") if entry["kind"] == "tri_count"]
    assert counted == {"link": "hi", "tris": {"testPDU": 1, "paddingPDU": 1}}


def test_attack_an_operators_words_move_no_cursor_and_fill_no_log() -> None:
    for hostile in (
        b"\x1b[31m",
        "\u202e\u2066\u200b".encode(),
        b"\x00\x07\x9b\x7f",
        "\u2028".encode(),
        b"\xed\xa0\x80",
    ):
        assert message_text(b"a" + hostile + b"z").isprintable()
    assert len(message_text(b"x" * 1000)) == 255 and message_text("grüße".encode()) == "grüße"
    one = LinkHandover()
    header = PsHeader(liid=b"-", operator_id=b"OP", cin=0, sequence_number=1)
    value = {"messagePriority": "informational", "message": b"flood"}
    pdu = decode_ps_pdu(tri_pdu(header, "operatorLeaMessage", value))
    for _ in range(10 * MAX_UNTOLD):
        one.heard("operatorLeaMessage", pdu, 0)
    told = one.entries("hi")
    assert len(told) == MAX_UNTOLD + 1 and told[-1][1]["more"] == 9 * MAX_UNTOLD
    assert len(one.state()["messages"]) == 16 and one.entries("hi") == []


@pytest.mark.parametrize("scope", ["communication", "liid"])
@pytest.mark.parametrize(("profile", "signing", "flags"), [("nl", "openli", True), ("lab-256", "hashes", False)])
async def test_both_ends_agree_with_everything_on(
    lab: Lab, connect: Connect, records: Any, scope: str, profile: str, signing: str, flags: bool
) -> None:
    """The mediation function's sender against a running collector: aggregated, cut, ciphered, checked, signed, with an
    old module version and a reset, resent as after a reconnect."""
    lab.court.issue("O-1", "L")
    key = bytes(range(24 if profile == "nl" else 32))
    pem = SIGNER.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (lab.root / "signer.pub").write_bytes(pem)
    config = OutgoingConfig.model_validate({
        "sequence_scope": scope, "ps_module_version": 17, "segment_octets": 64,
        "aggregation": {"records": 2}, "encryption": {"keys_file": "k", "profile": profile, "tri": True},
        "integrity": {
            "signing": signing, "signer_file": "s", "hash_records": 2, "sign_hashes": 2, "digest_flags": flags,
        },
    })  # fmt: skip
    counters = Counters(config.sequence_scope, lost=True)
    sender = Sender(config, counters, KeyRing(key), SIGNER, lambda octets: bytes(range(octets)))
    sent: list[bytes] = []
    state = counters.communication("x", 1)
    begin = decode_ps_pdu(records.sip("L", state.cin))
    packets = [bytes([n]) * 40 for n in range(5)] + [bytes(range(200))]
    at_us = begin.header.time_us or 0

    def put(contents: Any, direction: str, iri_type: str | None) -> None:
        header = begin.header._replace(time_us=at_us + len(sent), time_qualifier="timeOfInterception")
        product = Outgoing("x", 1, state, header, contents, direction, iri_type)
        sent.extend(one.octets for one in sender.put(product, at_us + 1000, len(sent)))

    put(begin.payload[1][0]["iRIContents"], "fromTarget", "begin")
    for packet in packets[:4]:
        put(ip.ipcc(packet), "fromTarget", None)
    for packet in packets[4:]:
        # Alone: signalling lets nothing wait.
        put(ip.ipcc(packet), "toTarget", None)
        put(begin.payload[1][0]["iRIContents"], "fromTarget", "continue")
    sent += [one.octets for one in sender.due(at_us + 1000, 1 << 40, everything=True)]
    options = {
        "sequence_scope": scope, "encryption": {"keys_file": keys_file(lab.root, key), "profile": profile},
        "integrity": {
            "mode": "required", "signing": signing, "verifier_file": str(lab.root / "signer.pub"),
            "digest_flags": flags,
        },
    }  # fmt: skip
    status = await session(lab, connect, records, [*sent, *sent], **options)
    assert status["links"][0]["errors"].get("BYTE_COUNTER") == 2, "IRI and CC go back once, when they are sent again"
    handover = status["links"][0]["handover"]
    assert handover["integrity"]["findings"] == {} and handover["integrity"]["pending"] == 0, handover
    assert handover["integrity"]["signatures_right"] >= 2 and handover["tris"]["cINReset"] == 2
    (order,) = status["orders"]
    assert (order["accepted"] + order["flagged"], order["duplicate"]) == (10, 10), order
    assert len(reader(lab).standings()) == 0
    (communication,) = gather(reader(lab), b"L")
    assert sorted(one.octets for one in communication.packets) == sorted(packets) and communication.unreadable == 0
    assert all(record.octets != record.record for record in stored(lab))


def test_the_form_that_is_digested_comes_back_from_what_is_stored(records: Any) -> None:
    record = records.rtp("L", 1)
    sealed = ciphered(record)
    assert decipher(decode_ps_pdu(sealed), PROFILES["nl"], KEY).octets == encode_ps_pdu(*decode_ps_pdu(record)[:2])
