"""Ends of orders, repeats, pauses and commands over real sockets, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from collector.commands import sign_command
from collector.holding import Holds
from collector.rows import FORM_NOTICE, FORM_RECEIVED, FORM_SYNTHETIC
from collector.standing import State
from collector.store.audit_log import read_audit, verify_audit
from collector.store.keys import Keys, open_held
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from mediation.law.documents import DocumentAction, approved, released
from mediation.law.verdicts import Reason, VerdictKind, reasons_of
from mediation.runtime.clock import ClockHand, ClockSpec

S = 1_000_000
HOUR = 3600 * S
START = 1_780_000_000 * S
END = START + 2 * HOUR


@pytest.fixture
def hand(tmp_path: Any) -> ClockHand:
    return ClockHand(tmp_path / "clock", ClockSpec(0, START, 0.0))


@pytest.fixture
def start(lab: Any, hand: ClockHand, tmp_path: Any) -> Any:
    async def begin(**changes: Any) -> Any:
        return await lab.start(**{"clock": {"shared": str(tmp_path / "clock")}} | changes)

    return begin


def audited(lab: Any, kind: str) -> list[dict[str, Any]]:
    return [entry["fields"] for entry in read_audit(lab.data / "audit") if entry["kind"] == kind]


def stored(lab: Any) -> list[Any]:
    keys = Keys(lab.data / "keys")
    found = StoreReader(lab.data / "store", keys).records()
    return [one for one in found if one.form != FORM_NOTICE]


def sound(lab: Any) -> None:
    keys = Keys(lab.data / "keys")
    assert verify_store(lab.data / "store", keys.signing.public_key(), keys).ok
    assert verify_audit(lab.data / "audit", keys.signing.public_key()).ok


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  it looks at another task's work
            await asyncio.sleep(0.01)


async def post(port: int, path: str, body: bytes) -> tuple[int, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(rest)


@pytest.mark.rule("R-004", "R-004.1", "R-004.2")
async def test_a_call_that_outlives_its_order_is_cut_at_the_end_once(lab, records, connect, hand, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START, end=END)
    running = await start()
    hand.jump(END - 10 * S)
    client = await connect(running.ports["hi2"])
    inside = [records.sip("LAB-0001", 1, time_us=END - 10 * S)]
    inside += [records.rtp("LAB-0001", 1, time_us=END - 10 * S + n) for n in range(20)]
    await client.send(*inside)
    await client.barrier(records)
    hand.jump(END)
    last = records.rtp("LAB-0001", 1, time_us=END - 1)
    await client.send(
        last,
        records.rtp("LAB-0001", 1, time_us=END),
        records.sip("LAB-0001", 1, "end", method="BYE", to_tag="b", time_us=END + 7 * 60 * S),
    )
    await client.barrier(records)
    await until(lambda: running.order("O-1")["synthetic"] == 1)
    counts = running.order("O-1")
    assert (counts["delivered"], counts["rejected"]) == (24, 2) and counts["reasons"]["ORDER_EXPIRED"] == 2
    assert counts["state"] == "EXPIRED" and running.status()["balanced"]
    await client.close()
    await running.end()
    running = await start()
    assert running.order("O-1")["synthetic"] == 1 and running.status()["balanced"]
    await running.end()
    kept = stored(lab)
    assert len(kept) == 23 and last in {one.octets for one in kept}
    (close,) = [one for one in kept if one.form == FORM_SYNTHETIC]
    assert close.event_us == END and json.loads(close.octets)["truncated_by_order"] is True
    assert [one["cin"] for one in audited(lab, "synthetic_close")] == [1]
    for kind in ("order_started", "order_expired", "access_ended", "seal_due"):
        assert len(audited(lab, kind)) == 1 and audited(lab, kind)[0]["actor"] == "SYS"
    sound(lab)


@pytest.mark.rule("R-096", "R-096.1")
async def test_what_was_stamped_inside_is_taken_after_the_close(lab, records, connect, hand, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START, end=END)
    hand.jump(END - 60 * S)
    running = await start()
    client = await connect(running.ports["hi2"])
    await client.send(records.sip("LAB-0001", 1, time_us=END - 60 * S))
    await client.barrier(records)
    hand.jump(END + HOUR)
    await until(lambda: running.order("O-1")["synthetic"] == 1)
    await client.send(*(records.rtp("LAB-0001", 1, time_us=END - 50 * S + n) for n in range(5)))
    await client.barrier(records)
    counts = running.order("O-1")
    assert (counts["flagged"], counts["synthetic"]) == (5, 1) and counts["reasons"] == {"LATE_DELIVERY": 5}
    await client.close()
    await running.end()
    sound(lab)


def exigent(lab: Any, **fields: Any) -> None:
    lab.court.issue(
        "O-1", "LAB-0001", "EXIGENT_EAV_STATE", start=START, end=START + 24 * HOUR, services=["VOICE"],
        activated_at=START, **fields,
    )  # fmt: skip


@pytest.mark.rule("R-041", "R-041.1", "R-037")
async def test_a_lapse_holds_every_row_of_the_window_with_nobody_s_help(lab, records, connect, hand, start) -> None:
    exigent(lab)
    running = await start()
    hand.jump(START + HOUR)
    client = await connect(running.ports["hi2"])
    call = [records.sip("LAB-0001", 1, time_us=START + HOUR)]
    call += [records.rtp("LAB-0001", 1, time_us=START + HOUR + n) for n in range(10)]
    await client.send(*call)
    await client.barrier(records)
    assert running.order("O-1")["state"] == "ACTIVE" and running.order("O-1")["delivered"] == 11
    hand.jump(START + 24 * HOUR + 1)
    await until(lambda: running.order("O-1")["state"] == "LAPSED" and running.order("O-1")["synthetic"] == 1)
    await client.send(records.rtp("LAB-0001", 1, time_us=START + 2 * HOUR))
    await client.send(records.rtp("LAB-0001", 1, time_us=START + 24 * HOUR))
    await client.barrier(records)
    counts = running.order("O-1")
    assert (counts["quarantined"], counts["rejected"]) == (1, 1) and running.status()["balanced"]
    await client.close()
    await running.end()
    running = await start()
    await running.end()
    (lapse,) = audited(lab, "lapse")
    assert (lapse["actor"], lapse["at_us"]) == ("SYS", START + 24 * HOUR)
    assert [one["state"] for one in audited(lab, "standing")] == ["HELD"]
    keys = Keys(lab.data / "keys")
    reader = StoreReader(lab.data / "store", keys)
    rows = [one for one in reader.records() if one.form != FORM_NOTICE]
    standings = reader.standings()
    assert len(rows) == 13 and all(
        standings.of(one).state is State.HELD for one in rows if one.event_us < lapse["at_us"]
    )
    assert all(one.octets is None for one in rows) and keys.withdrawn(rows[0].uid)


@pytest.mark.rule("R-037", "R-041")
async def test_an_order_in_time_that_came_late_and_the_court_s_release_give_all_of_it_back(
    lab, records, connect, hand, start
) -> None:
    exigent(lab)
    running = await start()
    hand.jump(START + HOUR)
    client = await connect(running.ports["hi2"])
    begin = records.sip("LAB-0001", 1, time_us=START + HOUR)
    await client.send(begin)
    await client.barrier(records)
    hand.jump(START + 25 * HOUR)
    await until(lambda: audited(lab, "lapse"))
    uid = running.service._orders.of("O-1").uid
    keys = Keys(lab.data / "keys")
    await until(lambda: keys.withdrawn(uid))
    assert len(keys.held_boxes(uid)) == 1
    lapsed_order = running.service._registry.version("O-1", 1)
    # Issued at the deadline, which is in time; its paper comes an hour later.
    in_time = approved(lapsed_order, START + 24 * HOUR)
    lab.court.send(in_time, DocumentAction.APPROVE, START + 25 * HOUR)
    await until(lambda: audited(lab, "lapse_lifted"))
    assert keys.withdrawn(uid) and [one["state"] for one in audited(lab, "standing")] == ["HELD"]
    data_key = next(iter(open_held(box.read_bytes(), lab.court.quarantine) for box in keys.held_boxes(uid)))
    lab.court.send(released(in_time), DocumentAction.RELEASE, START + 25 * HOUR, data_key=data_key)
    await until(lambda: len(audited(lab, "standing")) == 2)
    await client.close()
    await running.end()
    running = await start()
    await running.end()
    assert [one["state"] for one in audited(lab, "standing")] == ["HELD", "RELEASED"]
    assert len(audited(lab, "key_restored")) == 1 and len(audited(lab, "lapse")) == 1
    keys = Keys(lab.data / "keys")
    reader = StoreReader(lab.data / "store", keys)
    (row,) = [one for one in reader.records() if one.form == FORM_RECEIVED]
    assert row.octets == begin and reader.standings().of(row).state is State.RELEASED


@pytest.mark.rule("R-093", "R-093.1", "R-093.2")
async def test_attack_another_record_under_a_number_that_was_delivered(lab, records, connect, hand, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start()
    client = await connect(running.ports["hi2"])
    first = records.sip("LAB-0001", 1, time_us=START)
    await client.send(first)
    await client.barrier(records)
    await client.send(first)
    await client.barrier(records)
    assert running.order("O-1")["duplicate"] == 1 and running.order("O-1")["quarantined"] == 0
    forged = records.sip("LAB-0001", 1, time_us=START, callee="12125550177", number=0)
    # Two more in one batch: the first of them is not durable when the second comes.
    second = records.rtp("LAB-0001", 1, time_us=START)
    altered = records.rtp("LAB-0001", 1, b"\x80\x00" + bytes(100), time_us=START, number=0)
    await client.send(forged, second, altered, second)
    await client.barrier(records)
    await until(lambda: running.service._engine.conflicts.fresh == [])
    counts = running.order("O-1")
    assert (counts["quarantined"], counts["duplicate"], counts["delivered"]) == (2, 2, 6)
    assert running.status()["balanced"]
    await client.close()
    await running.end()
    reader = StoreReader(lab.data / "store", Keys(lab.data / "keys"))
    standings = reader.standings()
    rows = [one for one in reader.records() if one.form != FORM_NOTICE]
    assert len(rows) == 4
    assert all(standings.of(one).state is State.HELD and standings.of(one).reason is Reason.TAMPERED for one in rows)
    apart = [one for one in rows if one.verdict == VerdictKind.QUARANTINE]
    assert all(reasons_of(one.reasons)[0] is Reason.TAMPERED for one in apart) and len(apart) == 2
    assert len([one for one in audited(lab, "standing") if one["reason"] == "TAMPERED"]) == 2
    sound(lab)


@pytest.mark.rule("R-094", "R-094.1", "R-095")
async def test_seven_before_six_is_kept_flagged_and_the_gap_closes(lab, records, connect, hand, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start()
    client = await connect(running.ports["hi2"])
    numbered = [records.sip("LAB-0001", 1, "begin" if n == 0 else "continue", time_us=START) for n in range(8)]
    await client.send(*numbered[:6], numbered[7])
    await client.barrier(records)
    await until(lambda: audited(lab, "gap_report"))
    await client.send(numbered[6])
    await client.barrier(records)
    await until(lambda: len(audited(lab, "gap_report")) == 2)
    counts = running.order("O-1")
    assert counts["reasons"] == {"GAP_DETECTED": 1, "OUT_OF_ORDER": 1} and counts["flagged"] == 2
    await client.close()
    await running.end()
    assert [(one["state"], one["count"]) for one in audited(lab, "gap_report")] == [("open", 1), ("closed", 1)]


@pytest.mark.rule("R-022", "R-022.1", "R-062")
async def test_a_wrong_number_pauses_the_link_until_a_supervisor_s_note(lab, records, connect, hand, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    links = [{"name": "hi2", "guard": {"mismatches": 3}}]
    running = await start(links=links)
    client = await connect(running.ports["hi2"])
    wrong = [records.sip("LAB-0001", n, caller="12125550111", callee="12125550177", time_us=START) for n in range(3)]
    await client.send(*wrong)
    await until(lambda: running.status()["links"][0]["paused"] and running.order("O-1")["rejected"] == 3)
    await until(lambda: audited(lab, "link_paused") and audited(lab, "carrier_report"))
    good = records.sip("LAB-0001", 9, time_us=START)
    await client.send(good)
    await asyncio.sleep(0.05)
    assert running.order("O-1")["delivered"] == 3
    control = running.ports["control"]
    assert (await post(control, "/links/hi2/resume", b'{"by":"okafor"}'))[0] == 403
    assert (await post(control, "/links/hi9/resume", b'{"by":"okafor","note":"mended"}'))[0] == 404
    assert (await post(control, "/links/hi2/resume", b"note"))[0] == 400
    await running.end()
    await client.close()
    running = await start(links=links)
    assert running.status()["links"][0]["paused"]
    client = await connect(running.ports["hi2"])
    await client.send(good)
    control = running.ports["control"]
    answer = await post(control, "/links/hi2/resume", b'{"by":"okafor","note":"carrier provisioned 0101 by a typo"}')
    assert answer[0] == 200
    await client.barrier(records)
    assert running.order("O-1")["accepted"] == 1
    await client.close()
    await running.end()
    assert stored(lab)[0].octets == good and len(stored(lab)) == 1
    assert [one["cause"] for one in audited(lab, "carrier_report")] == ["wrong number"]
    assert [one["order"] for one in audited(lab, "alarm") if one["reason"] == "TARGET_MISMATCH"] == ["O-1"]
    assert audited(lab, "link_resumed")[0]["by"] == "okafor"


@pytest.mark.rule("R-118", "R-093")
async def test_attack_audio_under_a_number_that_was_used_is_minimised_all_the_same(
    lab, records, connect, hand, start
) -> None:
    """A second record of a number is set apart; where nothing more may be stored it is not, not even sealed."""
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (lab.root / "desk.pub").write_bytes(pem)
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start(command_public_key=str(lab.root / "desk.pub"))
    client = await connect(running.ports["hi2"])
    await client.send(records.sip("LAB-0001", 1, time_us=START), records.rtp("LAB-0001", 1, time_us=START))
    await client.barrier(records)
    fields = {"liid": "LAB-0001", "cin": 1, "on": True, "mode": "live-only", "by": "rivera", "role": "INV"}
    assert (await post(running.ports["control"], "/minimise", sign_command("minimise", fields, key, START)))[0] == 200
    hand.jump(START + S)
    await client.send(records.rtp("LAB-0001", 1, b"\x80\x00" + bytes(100), time_us=START + S, number=0))
    await client.barrier(records)
    counts = running.order("O-1")
    assert (counts["rejected"], counts["quarantined"]) == (1, 0) and counts["reasons"]["MINIMISED"] == 1
    assert running.status()["balanced"]
    await client.close()
    await running.end()
    assert len(stored(lab)) == 2


@pytest.mark.rule("R-118", "R-118.1")
async def test_minimised_audio_is_not_stored_from_the_command_on(lab, records, connect, hand, start) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (lab.root / "desk.pub").write_bytes(pem)
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start(command_public_key=str(lab.root / "desk.pub"))
    client = await connect(running.ports["hi2"])
    call = [records.sip("LAB-0001", 1, time_us=START)] + [records.rtp("LAB-0001", 1, time_us=START) for _ in range(5)]
    await client.send(*call)
    await client.barrier(records)
    fields = {"liid": "LAB-0001", "cin": 1, "on": True, "mode": "live-only", "by": "rivera", "role": "INV"}
    body = sign_command("minimise", fields, key, START)
    control = running.ports["control"]
    assert (await post(control, "/minimise", body))[0] == 200
    assert (await post(control, "/minimise", body))[0] == 403
    hand.jump(START + S)
    await client.send(*(records.rtp("LAB-0001", 1, time_us=START + S) for _ in range(7)))
    await client.barrier(records)
    assert running.order("O-1")["rejected"] == 7 and running.order("O-1")["reasons"]["MINIMISED"] == 7
    off = sign_command("minimise", fields | {"on": False}, key, START + S)
    assert (await post(control, "/minimise", off))[0] == 200
    await client.send(*(records.rtp("LAB-0001", 1, time_us=START + S) for _ in range(3)))
    await client.barrier(records)
    counts = running.order("O-1")
    assert counts["delivered"] == 16 and counts["accepted"] == 9 and running.status()["balanced"]
    await client.close()
    await running.end()
    assert len(stored(lab)) == 9 and [one["on"] for one in audited(lab, "minimise")] == [True, False]
    assert len(audited(lab, "command_refused")) == 1


@pytest.mark.rule("R-098", "R-098.1", "R-098.2", "R-098.3", "R-099", "R-099.1", "R-099.2")
async def test_clocks_that_do_not_agree_over_the_wire(lab, records, connect, hand, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start()
    client = await connect(running.ports["hi2"])
    for cin, ahead_us in enumerate((200_000, 201_000, 6 * S)):
        await client.send(records.sip("LAB-0001", cin, time_us=START + ahead_us))
    await client.barrier(records)
    counts = running.order("O-1")
    assert (counts["accepted"], counts["flagged"], counts["quarantined"]) == (1, 1, 1)
    hand.jump(END - 100_000)
    await client.send(records.sip("LAB-0001", 5, time_us=END - 100_000), records.sip("LAB-0001", 6, time_us=END + 1000))
    await client.barrier(records)
    counts = running.order("O-1")
    assert (counts["flagged"], counts["rejected"]) == (2, 1) and counts["reasons"]["CLOCK_SKEW"] == 3
    await client.close()
    await running.end()
    (report,) = [one for one in audited(lab, "quality") if one["code"] == "CLOCK_SKEW"]
    assert report["max_ahead_us"] == 6 * S and report["thresholds"]["verified"] is False


@pytest.mark.rule("R-008")
async def test_the_first_interception_under_a_federal_warrant_is_remembered(lab, records, connect, hand, start) -> None:
    lab.court.issue(
        "O-1", "LAB-0001", start=START, end=START + 30 * 24 * HOUR, jurisdiction="FEDERAL", entered_at=START
    )
    running = await start()
    hand.jump(START + HOUR)
    client = await connect(running.ports["hi2"])
    await client.send(records.sip("LAB-0001", 1, time_us=START + HOUR))
    await client.barrier(records)
    order = running.service._orders.of("O-1")
    assert order is not None and order.first_interception_us == START + HOUR
    await client.close()
    await running.end()
    assert [one["event_us"] for one in audited(lab, "first_interception")] == [START + HOUR]
    running = await start()
    order = running.service._orders.of("O-1")
    assert order is not None and order.first_interception_us == START + HOUR
    await running.end()
    assert len(audited(lab, "first_interception")) == 1


async def test_another_configuration_is_put_on_record(lab, hand, start) -> None:
    for changes in ({}, {}, {"links": [{"name": "other"}]}):
        running = await start(**changes)
        await running.end()
    (change,) = audited(lab, "configuration_change")
    starts = [one["config_sha256"] for one in audited(lab, "start")]
    assert (change["before_sha256"], change["after_sha256"]) == (starts[1], starts[2])


async def ahead_of_its_signalling(lab, records, connect, start) -> Any:
    """Content of a communication, then the signalling that says whose it is: two strangers."""
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start()
    client = await connect(running.ports["hi2"])
    await client.send(*(records.rtp("LAB-0001", 7, time_us=START + n) for n in range(5)))
    await client.barrier(records)
    assert running.order("O-1")["accepted"] + running.order("O-1")["flagged"] == 5
    await client.send(records.sip("LAB-0001", 7, caller="12125550177", callee="12125550188", time_us=START))
    await client.barrier(records)
    assert running.order("O-1")["reasons"]["TARGET_MISMATCH"] == 1
    return running, client


def held(lab: Any) -> list[Any]:
    reader = StoreReader(lab.data / "store", Keys(lab.data / "keys"))
    standings = reader.standings()
    return [one for one in reader.records() if standings.of(one).reason is Reason.TARGET_MISMATCH]


@pytest.mark.rule("R-022", "R-122")
async def test_attack_content_sent_ahead_of_a_stranger_s_signalling_is_held(lab, records, connect, start) -> None:
    running, client = await ahead_of_its_signalling(lab, records, connect, start)
    await until(lambda: audited(lab, "standing"))
    await client.close()
    await running.end()
    running = await start()
    await running.end()
    assert [one.cin for one in held(lab)] == [7] * 5 and len(stored(lab)) == 5
    (entry,) = audited(lab, "standing")
    assert entry["rules"] == ["R-022", "R-122"] and (entry["cin"], entry["state"]) == (7, "HELD")
    sound(lab)


@pytest.mark.rule("R-122")
async def test_attack_a_crash_before_the_hold_does_not_undo_it(lab, records, connect, start, monkeypatch) -> None:
    monkeypatch.setattr(Holds, "strays", lambda self, found: found.clear())
    running, client = await ahead_of_its_signalling(lab, records, connect, start)
    await client.close()
    await running.end()
    monkeypatch.undo()
    assert not held(lab)
    running = await start()
    await until(lambda: audited(lab, "standing"))
    await running.end()
    assert len(held(lab)) == 5
    sound(lab)


async def test_the_target_s_own_signalling_holds_nothing(lab, records, connect, start) -> None:
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start()
    client = await connect(running.ports["hi2"])
    await client.send(*(records.rtp("LAB-0001", 7, time_us=START + n) for n in range(5)))
    await client.barrier(records)
    await client.send(records.sip("LAB-0001", 7, time_us=START))
    await client.barrier(records)
    await client.close()
    await running.end()
    assert not held(lab) and not audited(lab, "standing")


@pytest.mark.rule("R-022", "R-122")
async def test_attack_a_stranger_s_call_under_the_cin_of_the_target_s_own(lab, records, connect, start) -> None:
    """What the target said stays; what comes under its CIN once others have opened it is theirs, over a restart too."""
    lab.court.issue("O-1", "LAB-0001", start=START - HOUR, end=END)
    running = await start()
    client = await connect(running.ports["hi2"])
    await client.send(records.sip("LAB-0001", 7, time_us=START))
    await client.send(*(records.rtp("LAB-0001", 7, time_us=START + n) for n in range(1, 4)))
    await client.send(*(records.rtp("LAB-0001", 7, time_us=START + 60 * S + n) for n in range(2)))
    await client.send(records.sip("LAB-0001", 7, caller="12125550177", callee="12125550188", time_us=START + 30 * S))
    await client.send(records.rtp("LAB-0001", 7, time_us=START + 61 * S))
    await client.barrier(records)
    await until(lambda: audited(lab, "standing"))
    await client.close()
    await running.end()
    running = await start()
    client = await connect(running.ports["hi2"])
    await client.send(records.rtp("LAB-0001", 7, time_us=START + 62 * S))
    await client.barrier(records)
    assert running.order("O-1")["reasons"]["TARGET_MISMATCH"] == 3
    await client.close()
    await running.end()
    assert sorted(one.event_us - START - 60 * S for one in held(lab)) == [0, 1] and len(stored(lab)) == 6
    assert len(audited(lab, "standing")) == 1
    sound(lab)
