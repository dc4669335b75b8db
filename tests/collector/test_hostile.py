"""Bad input over a real socket: a coded error in status and audit each, all else goes on, memory stays bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from asn1.tlv import encode_tlv
from collector.store.audit_log import read_audit
from collector.store.keys import Keys
from collector.store.reader import StoreReader
from collector.store.verifier import verify_store
from mediation.runtime.config import NotReadyError


def stored(lab: Any) -> list[bytes | None]:
    return [one.octets for one in StoreReader(lab.data / "store", Keys(lab.data / "keys")).records()]


def audited(lab: Any, kind: str) -> list[dict[str, Any]]:
    return [entry["fields"] for entry in read_audit(lab.data / "audit") if entry["kind"] == kind]


def errors(running: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for link in running.status()["links"]:
        for code, count in (link["errors"] | link["closed"]).items():
            found[code] = found.get(code, 0) + count
    return found


async def gone(client: Any) -> bool:
    """Whether the collector closed the connection."""
    return await asyncio.wait_for(client.reader.read(1), 10) == b""


@pytest.fixture
async def running(lab: Any) -> Any:
    lab.court.issue("O-1", "LAB-0001")
    one = await lab.start(links=[{"name": "hi2", "record_s": 0.3, "idle_s": 0.6, "max_record_octets": 4096}])
    yield one
    if not one.task.done():
        await one.end()


async def test_a_malformed_record_is_sealed_and_those_around_it_are_stored(running, lab, records, connect) -> None:
    call = records.call("LAB-0001", 1, 20)
    begin = bytearray(records.sip("LAB-0001", 2))
    at = begin.index(b"INVITE")
    begin[at : at + 6] = b"\xff\x00\xff\x00\xff\x00"
    client = await connect(running.ports["hi2"])
    await client.send(*call[:10], bytes(begin), *call[10:])
    await client.barrier(records)
    counts = running.order("O-1")
    assert (counts["delivered"], counts["accepted"], counts["quarantined"]) == (23, 22, 1)
    assert running.status()["balanced"] and sum(errors(running).values()) == 1
    await client.close()
    await running.end()
    assert set(call) <= set(stored(lab)) and bytes(begin) not in stored(lab)
    assert audited(lab, "gate_refusals")[0]["verdicts"] == {"quarantined": 1}
    assert [entry["code"] for entry in audited(lab, "record_error")] == ["BAD_VALUE"]


async def test_a_record_with_a_broken_header_is_coded_and_the_next_is_taken(running, records, connect) -> None:
    broken = encode_tlv(0, True, 16, encode_tlv(2, True, 1, b"\x05\x00"))
    client = await connect(running.ports["hi2"])
    await client.send(broken, *records.call("LAB-0001", 1, 3))
    await client.barrier(records)
    assert running.order("O-1")["accepted"] == 5 and sum(errors(running).values()) == 1
    assert running.status()["unknown"]["rejected"] == 1 and running.status()["balanced"]
    await client.close()


@pytest.mark.parametrize(
    "octets",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), bytes(64)],
    ids=["HTTP", "TLS", "zeros"],
)
async def test_attack_a_stream_of_another_dialect(running, lab, records, connect, octets: bytes) -> None:
    honest, stranger = await connect(running.ports["hi2"]), await connect(running.ports["hi2"])
    await honest.send(*records.call("LAB-0001", 1, 3))
    await stranger.send(octets)
    assert await gone(stranger)
    await honest.barrier(records)
    assert running.order("O-1")["accepted"] == 5 and sum(errors(running).values()) >= 1
    await honest.close()
    await running.end()
    (entry,) = audited(lab, "connection_error")
    assert entry["link"] == "hi2" and entry["code"].isupper() and entry["count"] == 1


async def test_what_came_before_garbage_is_durable(running, lab, records, connect) -> None:
    client = await connect(running.ports["hi2"])
    call = records.call("LAB-0001", 1, 10)
    await client.send(*call, b"\xff\xff\xff garbage")
    assert await gone(client)
    await running.settled(len(call))
    await running.end()
    assert sorted(stored(lab)) == sorted(call)


async def test_an_oversized_record_is_passed_over_and_told(running, lab, records, connect) -> None:
    client = await connect(running.ports["hi2"])
    large = encode_tlv(0, True, 16, bytes(50_000))
    call = records.call("LAB-0001", 1, 3)
    await client.send(*call[:2], large, *call[2:])
    await client.barrier(records)
    assert running.order("O-1")["accepted"] == 5 and errors(running) == {"OVERSIZED": 1}
    await client.close()
    await running.end()
    assert audited(lab, "record_error") == [{"link": "hi2", "code": "OVERSIZED", "count": 1}]


async def test_records_for_nobody_s_order_are_counted_and_not_kept(running, lab, records, connect) -> None:
    client = await connect(running.ports["hi2"])
    await client.send(*records.call("LAB-STRANGER", 1, 5), *records.call("LAB-0001", 1, 2))
    await client.barrier(records)
    status = running.status()
    assert (status["unknown"]["delivered"], status["unknown"]["rejected"]) == (7, 7) and status["balanced"]
    await client.close()
    await running.end()
    assert len(stored(lab)) == 4 and not any(b"LAB-STRANGER" in (one or b"") for one in stored(lab))
    assert audited(lab, "gate_refusals")[-1]["reasons"]["NO_ORDER"] == 7


async def test_a_peer_that_stops_in_the_middle_of_a_record_is_let_go(running, lab, records, connect) -> None:
    client = await connect(running.ports["hi2"])
    begin = records.sip("LAB-0001", 1)
    await client.send(records.sip("LAB-0001", 2), begin[:20])
    assert await gone(client)
    assert running.order("O-1")["accepted"] == 1
    await running.end()
    assert audited(lab, "connection_error")[0]["count"] == 1


async def test_a_silent_peer_is_let_go(running, connect) -> None:
    client = await connect(running.ports["hi2"])
    assert await gone(client)


async def test_a_second_connection_counts_for_itself(running, records, connect) -> None:
    first, second = await connect(running.ports["hi2"]), await connect(running.ports["hi2"])
    call = records.call("LAB-0001", 1, 6)
    await asyncio.gather(first.send(*call), second.send(*call))
    await asyncio.gather(first.barrier(records), second.barrier(records))
    counts = running.order("O-1")
    assert (counts["delivered"], counts["duplicate"]) == (16, 8) and running.status()["balanced"]
    await asyncio.gather(first.close(), second.close())


async def test_attack_many_unfinished_records_take_bounded_memory(lab, records, connect) -> None:
    lab.court.issue("O-1", "LAB-0001")
    running = await lab.start(
        links=[{"name": "hi2", "max_record_octets": 1 << 20, "record_s": 30.0}],
        limits={"received_octets": 4 << 20},
        store={"capacity_octets": 32 << 20, "segment_octets": 8 << 20},
    )
    head = b"\x30\x84\x00\x0f\x00\x00" + records.sip("LAB-0001", 1)[4:60]
    clients = [await connect(running.ports["hi2"]) for _ in range(20)]
    for client in clients:
        client.writer.write(head + bytes(900_000))
    await asyncio.sleep(0)
    honest = await connect(running.ports["hi2"])
    await honest.send(*records.call("LAB-0001", 7, 3))
    await honest.barrier(records)
    receiver = running.service._receiver
    assert receiver.spilled <= receiver.spill_octets <= 4 << 20
    assert running.order("O-1")["accepted"] == 5
    await asyncio.gather(honest.close(), *(client.close() for client in clients))
    await running.end()
    keys = Keys(lab.data / "keys")
    assert verify_store(lab.data / "store", keys.signing.public_key(), keys).ok


@pytest.mark.parametrize("place", ["store", "audit", "keys"])
async def test_a_file_in_place_of_a_directory_is_one_sentence(lab, place: str) -> None:
    lab.data.mkdir()
    (lab.data / place).write_text("a file")
    with pytest.raises(NotReadyError, match=str(lab.data)) as failure:
        await lab.start()
    assert len(str(failure.value).splitlines()) == 1


async def test_a_busy_port_is_one_sentence(lab, busy_port: int) -> None:
    with pytest.raises(NotReadyError, match=str(busy_port)):
        await lab.start(links=[{"name": "hi2", "listen": {"host": "127.0.0.1", "port": busy_port}}])
