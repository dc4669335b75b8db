"""The collector process over loopback: what is stored, counted, acknowledged and refused."""

from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store


def stored(lab):
    return list(StoreReader(lab.data / "store", Keys(lab.data / "keys")).records())


async def test_a_call_under_a_warrant_is_stored_once_and_acknowledged(lab, records, connect) -> None:
    lab.court.issue("O-1", "LAB-0001")
    running = await lab.start()
    client = await connect(running.ports["hi2"])
    call = records.call("LAB-0001", 1, 200)
    await client.send(*call)
    await client.barrier(records)
    counts = running.order("O-1")
    assert counts["delivered"] == counts["accepted"] == len(call)
    status = running.status()
    assert status["balanced"] and status["ledger"]["records"] == len(call)
    await client.close()
    await running.end()
    assert sorted(record.octets for record in stored(lab)) == sorted(call)
    keys = Keys(lab.data / "keys")
    report = verify_store(lab.data / "store", keys.signing.public_key(), keys)
    assert report.ok, report


async def test_what_is_sent_again_is_a_duplicate_also_after_a_restart(lab, records, connect) -> None:
    lab.court.issue("O-1", "LAB-0001")
    call = records.call("LAB-0001", 1, 50)
    for _ in range(2):
        running = await lab.start()
        for _ in range(2):
            client = await connect(running.ports["hi2"])
            await client.send(*call)
            await client.barrier(records)
            await client.close()
        await running.end()
    running = await lab.start()
    counts = running.order("O-1")
    assert counts["accepted"] == len(call)
    assert counts["duplicate"] == 3 * len(call)
    assert counts["delivered"] == 4 * len(call)
    assert running.status()["balanced"]
    await running.end()
    assert len(stored(lab)) == len(call)
