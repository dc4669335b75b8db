"""The reconciler against a real X1 server and a real store: it finds what is wrong, within one cycle, and only that."""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from asn1 import x1
from collector.reconcile.config import ReconcileConfig
from collector.reconcile.service import Reconciler, run
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from mediation.interception import xid_of
from mediation.runtime.config import PLAIN_WORDS, ConfigError, load_config
from mediation.runtime.exchange import Endpoint
from mediation.runtime.process import IntegrityError

TARGET, OTHER = "12125550101", "12125550102"
HOUR_US = 3_600_000_000


async def collected(lab: Any, records: Any, connect: Any, *liids: str, packets: int = 5) -> None:
    """A collector's run in which a call comes under each LIID."""
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    for liid in liids:
        await client.send(*records.call(liid, 1, packets))
    await client.barrier(records)
    await client.close()
    await running.end()


@pytest.fixture
async def sound(lab: Any, records: Any, connect: Any, watch: Any) -> Any:
    """Order, task and stream agree."""
    lab.court.issue("O-1", "LAB-1")
    watch.receive_documents()
    await collected(lab, records, connect, "LAB-1")
    await watch.network.task("O-1", TARGET)
    return watch


async def test_what_agrees_gives_no_finding(sound: Any) -> None:
    reconciler = sound.open()
    assert await sound.cycle(reconciler) == []
    status = reconciler.status()
    assert (status["cycles"], status["orders"], status["tasks"], status["streams"]) == (1, 1, 1, 1)
    assert status["ledgers"]["store"]["size"] == 7 and status["ledgers"]["audit"]["size"] >= 2
    assert status["simulation"] is True and status["unseen"] == {}


async def test_shadow_task_is_found_within_one_cycle_and_closed_when_gone(sound: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    xid = await sound.network.task("shadow", TARGET)
    assert await sound.cycle(reconciler) == [("TASK_WITHOUT_ORDER", f"ne-1/{xid}")]
    await sound.network.untask("shadow")
    assert await sound.cycle(reconciler) == []
    (closed,) = reconciler.status()["closed"]
    assert closed["subject"] == f"ne-1/{xid}" and closed["closed_us"] > closed["opened_us"]


async def test_retargeted_task_is_found_within_one_cycle(sound: Any) -> None:
    reconciler = sound.open()
    await sound.network.task("O-1", TARGET, OTHER, kind="ModifyTask")
    assert await sound.cycle(reconciler) == [("WRONG_NUMBER", f"ne-1/{xid_of('O-1')}")]
    assert OTHER in reconciler.status()["findings"][0]["sentence"]
    await sound.network.task("O-1", TARGET, kind="ModifyTask")
    assert await sound.cycle(reconciler) == []


async def test_element_that_hides_its_targets_is_said_to(sound: Any) -> None:
    sound.network.server.shows = False
    assert await sound.cycle(sound.open()) == [("NUMBERS_UNSEEN", "ne-1")]


async def test_removed_task_is_found_when_the_grace_is_over(sound: Any) -> None:
    await sound.network.untask("O-1")
    reconciler = sound.open(grace_us=HOUR_US)
    assert await sound.cycle(reconciler) == []
    assert await sound.cycle(sound.open()) == [("ORDER_WITHOUT_TASK", "O-1")]


async def test_restart_closes_no_finding_by_its_new_grace(sound: Any) -> None:
    await sound.network.untask("O-1")
    reconciler = sound.open()
    await sound.cycle(reconciler)
    reconciler._record.close()
    again = sound.open(grace_us=HOUR_US)
    assert await sound.cycle(again) == [("ORDER_WITHOUT_TASK", "O-1")]
    again._record.close()
    await sound.network.task("O-1", TARGET)
    assert await sound.cycle(sound.open()) == []


async def test_task_that_outlives_its_order_is_found(sound: Any) -> None:
    days_us = 21 * 24 * HOUR_US
    assert ("TASK_OUTLIVES_ORDER", f"ne-1/{xid_of('O-1')}") in await sound.cycle(sound.open(days_us))


async def test_stream_that_no_order_names_is_found(lab: Any, sound: Any, records: Any, connect: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    await collected(lab, records, connect, "LAB-1", "GHOST-7")
    assert await sound.cycle(reconciler) == [("STREAM_WITHOUT_EITHER", "GHOST-7")]


async def test_order_that_only_the_collector_was_given_is_found(
    lab: Any, watch: Any, records: Any, connect: Any
) -> None:
    lab.court.issue("O-1", "LAB-1")
    watch.receive_documents()
    await watch.network.task("O-1", TARGET)
    lab.court.issue("O-2", "LAB-2", targets=[f"e164:{TARGET}"])
    await collected(lab, records, connect, "LAB-1", "LAB-2")
    assert await watch.cycle(watch.open()) == [("STREAM_WITHOUT_EITHER", "LAB-2")]


async def test_forged_order_in_the_inbox_counts_for_nothing(sound: Any) -> None:
    xid = await sound.network.task("O-9", OTHER)
    document = next(sound.inbox.glob("O-1*.json"))
    envelope = json.loads(document.read_bytes())
    xml = base64.b64decode(envelope["hi1"]).replace(b">O-1<", b">O-9<")
    forged = envelope | {"hi1": base64.b64encode(xml).decode()}
    (sound.inbox / "O-9.v1.json").write_text(json.dumps(forged, indent=1, sort_keys=True) + "\n")
    reconciler = sound.open()
    assert await sound.cycle(reconciler) == [("TASK_WITHOUT_ORDER", f"ne-1/{xid}")]
    assert (sound.inbox / "refused" / "O-9.v1.json").exists()


async def test_element_that_refuses_another_admf_is_unseen(sound: Any) -> None:
    elements = [{"url": sound.network.url, "ne_id": "ne-1", "admf_id": "reconciler", "plain": PLAIN_WORDS}]
    reconciler = sound.open(elements=elements)
    assert await sound.cycle(reconciler) == [("SOURCE_UNSEEN", "ne-1")]
    assert "1040" in reconciler.status()["findings"][0]["sentence"]


async def test_element_admits_the_reconciler_to_ask_under_its_own_name(sound: Any) -> None:
    elements = [{"url": sound.network.url, "ne_id": "ne-1", "admf_id": "reconciler-1", "plain": PLAIN_WORDS}]
    assert await sound.cycle(sound.open(elements=elements)) == []


async def test_attack_a_reader_tries_to_task_the_element(sound: Any) -> None:
    head = ("reconciler-1", "ne-1", uuid.uuid4(), 0)
    task = x1.TaskDetails(uuid.uuid4(), (("e164Number", TARGET),), "X2Only", (uuid.UUID(int=1),))
    asked = [x1.X1Message("ActivateTask", *head, task=task), x1.X1Message("DeactivateTask", *head, xid=xid_of("O-1"))]
    answers = x1.parse_response(sound.network.server.answer(x1.build_request(asked)))
    assert [answer.error.code for answer in answers] == [1040, 1040]
    assert list(sound.network.element.tasks) == [str(xid_of("O-1"))]


async def test_element_that_goes_dark_closes_no_finding(sound: Any) -> None:
    xid = await sound.network.task("shadow", TARGET)
    reconciler = sound.open()
    await sound.cycle(reconciler)
    dark = reconciler._elements[0]
    dark._to = Endpoint("http://127.0.0.1:9/X1/NE")
    codes = await sound.cycle(reconciler)
    assert set(codes) == {("TASK_WITHOUT_ORDER", f"ne-1/{xid}"), ("SOURCE_UNSEEN", "ne-1")}


async def test_audit_grown_beyond_its_bound_is_unseen_and_closes_nothing(sound: Any) -> None:
    reconciler = sound.open(HOUR_US)
    await sound.cycle(reconciler)
    path = sound.lab.data / "audit" / "audit.jsonl"
    with path.open("ab") as file:
        file.truncate((512 << 20) + 1)
    assert await sound.cycle(reconciler) == [("AUDIT_SILENCED", "audit"), ("SOURCE_UNSEEN", "audit")]


async def test_status_is_whole_before_the_first_cycle(sound: Any) -> None:
    before = sound.open().status()
    assert before["cycles"] == before["open"] == 0 and before["findings"] == [] and before["last_cycle_us"] is None


async def test_silenced_collector_is_found(sound: Any) -> None:
    assert await sound.cycle(sound.open(HOUR_US)) == [("AUDIT_SILENCED", "audit")]


async def test_truncated_audit_is_found(sound: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    path = sound.lab.data / "audit" / "audit.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert await sound.cycle(reconciler) == [("AUDIT_SILENCED", "audit")]


async def test_audit_entry_edited_in_place_is_found(sound: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    path = sound.lab.data / "audit" / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"kind":"order_entered"', b'"kind":"order_refused"'))
    assert await sound.cycle(reconciler) == [("AUDIT_SILENCED", "audit")]


async def test_forged_heartbeat_without_signature_is_no_sign_of_life(sound: Any) -> None:
    later_us = time.time_ns() // 1000 + HOUR_US
    directory = sound.lab.data / "audit"
    last = (directory / "audit.jsonl").read_bytes().splitlines()[-1]
    entry = {
        "seq": json.loads(last)["seq"] + 1, "utc_us": later_us, "kind": "heartbeat", "fields": {},
        "previous": hashlib.sha256(last).hexdigest(),
    }  # fmt: skip
    with (directory / "audit.jsonl").open("ab") as file:
        file.write(json.dumps(entry, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    assert await sound.cycle(sound.open(HOUR_US)) == [("AUDIT_SILENCED", "audit")]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("part", ["store", "audit"])
async def test_restored_old_copy_is_a_rollback(
    lab: Any, sound: Any, records: Any, connect: Any, part: str, restarted: bool
) -> None:
    shutil.copytree(lab.data / part, lab.root / "old")
    await collected(lab, records, connect, "LAB-1")
    reconciler = sound.open()
    for _ in range(2):
        assert await sound.cycle(reconciler) == []
    shutil.rmtree(lab.data / part)
    shutil.copytree(lab.root / "old", lab.data / part)
    if restarted:
        reconciler._remember(time.time_ns() // 1000, 0)
        reconciler._record.close()
        reconciler = sound.open()
    found = await sound.cycle(reconciler)
    assert ("ROLLBACK", part) in found
    assert set(found) <= {("ROLLBACK", part), ("AUDIT_SILENCED", "audit")}
    assert set(await sound.cycle(reconciler)) == set(found)


async def test_rolled_back_store_that_went_on_is_still_a_rollback(
    lab: Any, sound: Any, records: Any, connect: Any
) -> None:
    shutil.copytree(lab.data / "store", lab.root / "old")
    await collected(lab, records, connect, "LAB-1")
    reconciler = sound.open()
    await sound.cycle(reconciler)
    shutil.rmtree(lab.data / "store")
    shutil.copytree(lab.root / "old", lab.data / "store")
    for cin in range(3):
        records.counters.clear()
        running = await lab.start()
        client = await connect(running.ports["hi2"])
        await client.send(*records.call("LAB-1", 10 + cin, 30))
        await client.barrier(records)
        await client.close()
        await running.end()
    assert await sound.cycle(reconciler) == [("ROLLBACK", "store")]
    assert "went on differently" in reconciler.status()["findings"][0]["sentence"]
    assert await sound.cycle(reconciler) == [("ROLLBACK", "store")]


async def test_stream_that_came_and_went_while_nobody_watched_is_found_once(
    lab: Any, sound: Any, records: Any, connect: Any
) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    reconciler._remember(time.time_ns() // 1000, 0)
    reconciler._record.close()
    await collected(lab, records, connect, "GHOST-7")
    later = sound.open(HOUR_US, silence_us=2 * HOUR_US)
    assert await sound.cycle(later) == [("STREAM_WITHOUT_EITHER", "GHOST-7")]
    assert await sound.cycle(later) == []
    later._remember(time.time_ns() // 1000 + HOUR_US, 0)
    later._record.close()
    assert await sound.cycle(sound.open(HOUR_US, silence_us=2 * HOUR_US)) == []


async def test_deleted_store_is_a_rollback(lab: Any, sound: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    shutil.rmtree(lab.data / "store")
    assert await sound.cycle(reconciler) == [("ROLLBACK", "store")]


async def test_store_signed_anew_with_another_key_is_found(lab: Any, sound: Any, records: Any, connect: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    reconciler._record.close()
    shutil.rmtree(lab.data)
    await collected(lab, records, connect, "LAB-1", packets=50)
    assert Keys.exists(lab.data / "keys")
    found = await sound.cycle(sound.open())
    assert set(found) == {("ROLLBACK", "store"), ("AUDIT_SILENCED", "audit")}


async def test_a_cycle_reads_only_what_is_new(lab: Any, sound: Any, records: Any, connect: Any) -> None:
    reconciler = sound.open()
    await sound.cycle(reconciler)
    (before,) = reconciler._watched[0]._streams
    await sound.cycle(reconciler)
    (again,) = reconciler._watched[0]._streams
    assert before.fresh and not again.fresh and again.delivered == before.delivered == 7
    await collected(lab, records, connect, "LAB-1")
    await sound.cycle(reconciler)
    (more,) = reconciler._watched[0]._streams
    assert more.fresh and more.delivered == 14 and more.last_event_us > before.last_event_us


async def test_reconciler_that_starts_first_waits_for_the_collector(watch: Any) -> None:
    reconciler = watch.open()
    assert await watch.cycle(reconciler) == [("SOURCE_UNSEEN", "audit"), ("SOURCE_UNSEEN", "store")]
    running = await watch.lab.start()
    await running.end()
    assert await watch.cycle(reconciler) == []


async def test_the_process_serves_its_findings_and_keeps_them(sound: Any, http_status: Any) -> None:
    xid = await sound.network.task("shadow", TARGET)
    config = sound.config(cycle_s=0.01)
    stop, ports = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run(config, ports.set_result, stop))
    async with asyncio.timeout(10):
        port = (await ports)["control"]
        status = await http_status(port)
        while status["cycles"] < 3:
            status = await http_status(port)
    stop.set()
    await task
    assert [one["subject"] for one in status["findings"]] == [f"ne-1/{xid}"] and status["open"] == 1
    entries = read_audit(config.data_dir / "findings")
    kinds = [entry["kind"] for entry in entries]
    assert kinds[0] == "start" and kinds[-1] == "stop" and kinds.count("finding_opened") == 1
    assert {"watching", "seen", "order_entered"} <= set(kinds)
    again = Reconciler(config)
    assert [one.finding.subject for one in again._book.open] == [f"ne-1/{xid}"]
    again._record.close()


def test_the_process_says_when_it_is_ready_and_ends_cleanly(lab: Any) -> None:
    path = lab.root / "reconcile.toml"
    path.write_text(
        'data_dir = "reconcile"\ncourt_public_key = "court.pub"\n'
        '[collector]\nstore = "s"\naudit = "a"\npublic_key = "p"\n'
        '[[elements]]\nurl = "http://127.0.0.1:9/X1/NE"\nne_id = "n"\nadmf_id = "a"\n'
        f'plain = "{PLAIN_WORDS}"\n'
    )
    command = [sys.executable, "-m", "collector.reconcile", "--config", str(path), "--log", str(lab.root / "log")]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    ready = lab.root / "reconcile" / "ready.json"
    with subprocess.Popen(command, cwd=lab.root, env=environment) as process:
        until_s = time.monotonic() + 20
        while not ready.exists() and process.poll() is None and time.monotonic() < until_s:
            time.sleep(0.02)
        assert set(json.loads(ready.read_text())["ports"]) == {"control"}
        process.terminate()
        assert process.wait(10) == 0
    assert not ready.exists()


async def test_bent_findings_log_ends_the_process_before_it_starts(sound: Any) -> None:
    reconciler = sound.open()
    await sound.network.task("shadow", TARGET)
    await sound.cycle(reconciler)
    reconciler._record.close()
    path = sound.lab.root / "reconcile" / "findings" / "audit.jsonl"
    path.write_bytes(path.read_bytes().replace(b"TASK_WITHOUT_ORDER", b"NUMBERS_UNSEEN"))
    with pytest.raises(IntegrityError):
        sound.open()


def test_configuration_is_checked_in_words(tmp_path: Path) -> None:
    path = tmp_path / "reconcile.toml"
    path.write_text(
        'data_dir = "d"\ncourt_public_key = "k"\n[collector]\nstore = "s"\naudit = "a"\npublic_key = "p"\n'
        '[[elements]]\nurl = "https://127.0.0.1:1/X1/NE"\nne_id = "n"\nadmf_id = "a"\n'
    )
    with pytest.raises(ConfigError, match="tls"):
        load_config(path, ReconcileConfig)
    element = {"url": "http://127.0.0.1:1/X1/NE", "ne_id": "n", "admf_id": "a", "plain": PLAIN_WORDS}
    paths = {"store": "s", "audit": "a", "public_key": "p"}
    values = {"data_dir": "d", "court_public_key": "k", "collector": paths}
    fast = ReconcileConfig.model_validate(values | {"elements": [element], "clock": {"factor": 1000.0}, "grace_us": 7})
    assert fast.limits.grace_us == 7000 and fast.limits.silence_us == 1000 * fast.silence_us
    slow = ReconcileConfig.model_validate(values | {"elements": [element], "clock": {"factor": 0.1}, "grace_us": 7})
    assert slow.limits.grace_us == 7
    with pytest.raises(ValueError, match="ne_id of its own"):
        ReconcileConfig.model_validate(values | {"elements": [element, element]})
    with pytest.raises(ValueError, match="tls"):
        ReconcileConfig.model_validate(values | {"elements": [element | {"tls": {"certificate": "c", "key": "k"}}]})


async def test_several_collectors_are_watched_each_under_its_own_key(
    lab: Any, watch: Any, records: Any, connect: Any
) -> None:
    """What came under a LIID is of all of them; a rollback is one collector's, by name, and is remembered."""
    lab.court.issue("O-1", "LAB-1")
    watch.receive_documents()
    await watch.network.task("O-1", TARGET)
    names = ("collector-1", "collector-2")
    for name in names:
        running = await lab.start(data_dir=str(lab.root / name))
        client = await connect(running.ports["hi2"])
        await client.send(*records.call("LAB-1", 1, 5))
        await client.barrier(records)
        await client.close()
        await running.end()

    def paths(name: str) -> dict[str, Any]:
        place = lab.root / name
        return {"store": place / "store", "audit": place / "audit", "public_key": place / "keys" / "signing.pub"}

    fleet = {"collector": None, "fleet": {name: paths(name) for name in names}}
    reconciler = watch.open(**fleet)
    assert await watch.cycle(reconciler) == []
    said = reconciler.status()["ledgers"]
    assert set(said) == {f"{name}/{ledger}" for name in names for ledger in ("store", "audit")}
    assert all(one["size"] > 0 for one in said.values()) and reconciler.status()["streams"] == 1
    await watch.cycle(reconciler)
    # As its process does when it ends.
    reconciler._remember(time.time_ns() // 1000, 0)
    reconciler._record.close()

    (lab.root / "collector-2" / "store").rename(lab.root / "away")
    (lab.root / "collector-2" / "store").mkdir()
    reconciler = watch.open(**fleet)
    assert await watch.cycle(reconciler) == [("ROLLBACK", "collector-2/store")]
    (finding,) = reconciler.status()["findings"]
    assert "store of collector-2" in finding["sentence"]
    (lab.root / "collector-2" / "store").rmdir()
    assert ("ROLLBACK", "collector-2/store") in await watch.cycle(reconciler), "not closed for want of looking"
    (lab.root / "away").rename(lab.root / "collector-2" / "store")
    assert await watch.cycle(reconciler) == []


@pytest.mark.parametrize(
    "given", [{"collector": None}, {"fleet": {"a": {"store": "s", "audit": "a", "public_key": "k"}}}]
)
def test_one_collector_is_watched_or_several(watch: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="say one of the two"):
        watch.config(**given)
